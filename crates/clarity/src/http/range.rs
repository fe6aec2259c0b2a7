//! `?start=&end=`: a half-open range of time, as instants (RFC 3339) or local dates.
//!
//! A date means the first instant of that local day; the end is exclusive, so one day is
//! `start=2026-05-04&end=2026-05-05`. Every range has a named longest length, so that one request
//! never reads years of samples.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use model::sample::DAY_US;
use model::zone::{Span, ZoneHistory};
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::problem::{FieldError, Problem};

/// Dates outside these years are refused: nothing was measured then.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// Which time.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// First instant (RFC 3339 with offset) or first local date.
    #[param(example = "2026-05-01", value_type = Option<DateOrInstant>, inline)]
    pub start: Option<String>,
    /// End, exclusive: an instant or a local date.
    #[param(example = "2026-06-01", value_type = Option<DateOrInstant>, inline)]
    pub end: Option<String>,
}

/// A local date, or an instant with its offset, as the document describes it.
struct DateOrInstant;

impl ToSchema for DateOrInstant {}

impl PartialSchema for DateOrInstant {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .format(Some(SchemaFormat::KnownFormat(format)))
        };
        let either = AnyOfBuilder::new()
            .item(text(KnownFormat::Date))
            .item(text(KnownFormat::DateTime));
        Schema::AnyOf(either.build()).into()
    }
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Day(Date),
    Instant(i64),
}

/// A range as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    start: Option<Bound>,
    end: Option<Bound>,
}

/// How long a range is when an end is missing, and at most.
#[derive(Debug, Clone, Copy)]
pub struct Lengths {
    /// Days when the client names no start.
    pub default_days: i32,
    /// Most days.
    pub max_days: i32,
}

impl RangeQuery {
    /// Reads both ends.
    pub fn parse(&self) -> Result<Range, Problem> {
        let read = |name, text: &Option<String>| match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => bound(name, text).map(Some),
        };
        Ok(Range {
            start: read("start", &self.start)?,
            end: read("end", &self.end)?,
        })
    }
}

impl Range {
    /// Whether both ends are dates, so that no zone has to be known.
    pub const fn as_dates(self) -> Option<(Date, Date)> {
        match (self.start, self.end) {
            (Some(Bound::Day(start)), Some(Bound::Day(end))) => Some((start, end)),
            _ => None,
        }
    }

    /// The local days `[from, until)` that the range touches. Without an end it ends with the day of
    /// `now_us`.
    pub fn days(
        self,
        history: &ZoneHistory,
        now_us: i64,
        lengths: Lengths,
    ) -> Result<(Date, Date), Problem> {
        let until = match self.end {
            Some(Bound::Day(date)) => date,
            Some(Bound::Instant(at_us)) => day_after(history.date_at(at_us.saturating_sub(1))),
            None => day_after(history.date_at(now_us)),
        };
        let from = match self.start {
            Some(Bound::Day(date)) => date,
            Some(Bound::Instant(at_us)) => history.date_at(at_us),
            None => earlier(until, lengths.default_days),
        };
        checked_days(from, until, lengths.max_days)
    }

    /// The instants of the range, within `lengths`.
    pub fn span(
        self,
        history: &ZoneHistory,
        now_us: i64,
        lengths: Lengths,
    ) -> Result<Span, Problem> {
        let end_us = self.end.map_or(now_us, |end| instant(history, end));
        let default_us = i64::from(lengths.default_days) * DAY_US;
        let start_us = self
            .start
            .map_or(end_us - default_us, |start| instant(history, start));
        let span = ordered(start_us, end_us)?;
        // A local day may have 25 hours, and a traveller's even more.
        if span.end_us - span.start_us > i64::from(lengths.max_days) * DAY_US + DAY_US {
            return Err(too_long(lengths.max_days));
        }
        Ok(span)
    }

    /// The instants of the range, open where the client named no end.
    pub fn unbounded(self, history: &ZoneHistory) -> Result<Span, Problem> {
        let start_us = self.start.map_or(i64::MIN, |start| instant(history, start));
        let end_us = self.end.map_or(i64::MAX, |end| instant(history, end));
        ordered(start_us, end_us)
    }
}

/// Refuses an empty or backward range, and one longer than `max_days`.
pub fn checked_days(from: Date, until: Date, max_days: i32) -> Result<(Date, Date), Problem> {
    if until <= from {
        return Err(backward());
    }
    if earlier(until, max_days) > from {
        return Err(too_long(max_days));
    }
    Ok((from, until))
}

fn ordered(start_us: i64, end_us: i64) -> Result<Span, Problem> {
    if end_us <= start_us {
        return Err(backward());
    }
    Ok(Span { start_us, end_us })
}

fn backward() -> Problem {
    Problem::invalid(vec![FieldError::new(
        "end",
        "range_empty",
        "the end is exclusive and must be after the start",
    )])
}

fn too_long(max_days: i32) -> Problem {
    Problem::invalid(vec![FieldError::new(
        "end",
        "range_too_long",
        format!("one request covers at most {max_days} days; ask for several ranges"),
    )])
}

fn bound(name: &str, text: &str) -> Result<Bound, Problem> {
    let wrong = || {
        Problem::parameter(
            name,
            "must be a date (2026-05-04) or an instant (2026-05-04T08:00:00Z)",
        )
    };
    let bound = if text.len() <= 10 {
        Bound::Day(text.parse().map_err(|_| wrong())?)
    } else {
        // An unescaped + in a query reads as a space; no instant holds another one there.
        let text = match text.rsplit_once(' ') {
            Some((time, offset)) if time.contains(['T', 't']) => format!("{time}+{offset}"),
            Some(_) | None => text.to_owned(),
        };
        let at: Timestamp = text.parse().map_err(|_| wrong())?;
        Bound::Instant(at.as_microsecond())
    };
    let year = match bound {
        Bound::Day(date) => date.year(),
        Bound::Instant(at_us) => model::zone::Zone::utc().date_at(at_us).year(),
    };
    if YEARS.contains(&year) {
        Ok(bound)
    } else {
        Err(wrong())
    }
}

fn instant(history: &ZoneHistory, bound: Bound) -> i64 {
    match bound {
        Bound::Instant(at_us) => at_us,
        Bound::Day(date) => start_of_day(history, date),
    }
}

/// The first instant of a local day; of a day that a traveller skipped, of the next one.
pub fn start_of_day(history: &ZoneHistory, date: Date) -> i64 {
    let spans = history.day(date);
    spans
        .first()
        .map_or_else(|| history.home().start_of(date), |span| span.start_us)
}

fn day_after(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(Date::MAX)
}

fn earlier(date: Date, days: i32) -> Date {
    date.checked_sub(days.days()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::zone::Zone;

    use super::*;

    const LENGTHS: Lengths = Lengths {
        default_days: 30,
        max_days: 400,
    };

    fn berlin() -> ZoneHistory {
        ZoneHistory::fixed(Zone::parse("Europe/Berlin").expect("a zone"))
    }

    fn range(start: &str, end: &str) -> Result<Range, Problem> {
        let text = |text: &str| Some(text.to_owned());
        RangeQuery {
            start: text(start),
            end: text(end),
        }
        .parse()
    }

    #[test]
    fn dates_and_instants_mean_local_days() {
        let check = |start: &str, end: &str, expect: (Date, Date)| {
            let days = range(start, end)
                .expect("a range")
                .days(&berlin(), 0, LENGTHS);
            assert_eq!(days.expect("days"), expect, "{start} {end}");
        };
        let may = |day| date(2026, 5, day);
        check("2026-05-04", "2026-05-06", (may(4), may(6)));
        check(
            "2026-05-03T22:00:00Z",
            "2026-05-04T22:00:00Z",
            (may(4), may(5)),
        );
        check(
            "2026-05-04T00:00:00 02:00",
            "2026-05-05T00:00:01+02:00",
            (may(4), may(6)),
        );
        let now_us = "2026-05-31T23:00:00Z"
            .parse::<Timestamp>()
            .expect("now")
            .as_microsecond();
        let days = range("", "")
            .expect("a range")
            .days(&berlin(), now_us, LENGTHS)
            .expect("days");
        assert_eq!(days, (date(2026, 5, 3), date(2026, 6, 2)));
    }

    #[test]
    fn wrong_ranges_are_refused() {
        let status = |start: &str, end: &str| {
            let days = range(start, end).and_then(|range| range.days(&berlin(), 0, LENGTHS));
            days.expect_err("a problem").code.status().as_u16()
        };
        assert_eq!(status("2026-05-04", "2026-05-04"), 422);
        assert_eq!(status("2026-05-04", "2026-05-03"), 422);
        assert_eq!(status("2025-01-01", "2026-05-03"), 422);
        assert_eq!(status("yesterday", "2026-05-03"), 400);
        assert_eq!(status("2026-02-30", "2026-05-03"), 400);
        assert_eq!(status("0001-01-01", "2026-05-03"), 400);
        assert_eq!(status("2026-05-03T10:00:00", "2026-05-04"), 400);
    }

    #[test]
    fn a_span_of_dates_is_cut_at_local_midnights() {
        let range = range("2026-03-29", "2026-03-30").expect("a range");
        let span = range.span(&berlin(), 0, LENGTHS).expect("a span");
        assert_eq!(span.end_us - span.start_us, 23 * model::sample::HOUR_US);
    }
}
