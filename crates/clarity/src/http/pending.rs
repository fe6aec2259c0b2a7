//! Which days wait to be computed, and since when: a part of every response that is made of days.
//!
//! A waiting day is returned as it was computed last, or not at all before it was computed once.

use jiff::ToSpan;
use jiff::civil::Date;
use model::ids::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::rfc3339;
use crate::problem::Problem;

/// Days one after the other that wait to be computed, for the first time or again, since the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PendingDays {
    /// The first of them.
    #[schema(value_type = String, format = Date)]
    start: Date,
    /// The day after the last one.
    #[schema(value_type = String, format = Date)]
    end: Date,
    /// When the change came that they are computed for; null where an earlier version took it in.
    #[schema(format = DateTime)]
    since: Option<String>,
}

/// The days of a range that wait, oldest first.
pub(crate) async fn in_range(
    tx: &mut store::Tx,
    user: UserId,
    range: (Date, Date),
) -> Result<Vec<PendingDays>, Problem> {
    Ok(joined(store::days::waiting(tx, user, range).await?))
}

fn joined(waiting: Vec<(Date, Option<i64>)>) -> Vec<PendingDays> {
    let mut found: Vec<PendingDays> = Vec::new();
    let mut last_us = None;
    for (date, since_us) in waiting {
        let end = date.checked_add(1.day()).unwrap_or(Date::MAX);
        match found.last_mut() {
            Some(last) if last.end == date && last_us == since_us => last.end = end,
            _ => found.push(PendingDays {
                start: date,
                end,
                since: since_us.map(rfc3339),
            }),
        }
        last_us = since_us;
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_since_the_same_moment_are_one_row() {
        let day = |number| date(2026, 3, number);
        let found = joined(vec![
            (day(1), Some(0)),
            (day(2), Some(0)),
            (day(3), Some(60_000_000)),
            (day(5), Some(60_000_000)),
            (day(6), None),
        ]);
        let row = |start, end, since: Option<&str>| PendingDays {
            start: day(start),
            end: day(end),
            since: since.map(str::to_owned),
        };
        assert_eq!(
            found,
            [
                row(1, 3, Some("1970-01-01T00:00:00Z")),
                row(3, 4, Some("1970-01-01T00:01:00Z")),
                row(5, 6, Some("1970-01-01T00:01:00Z")),
                row(6, 7, None),
            ]
        );
        assert_eq!(joined(Vec::new()), []);
    }
}
