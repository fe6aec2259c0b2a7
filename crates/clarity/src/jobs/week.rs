//! Weeks of local days, and whether there is a model to embed them with.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use lab::models::Phase;

use crate::app::App;

/// Names under which a model for the pipeline is looked for: the most capable that is installed.
pub(super) const PREFERRED: [&str; 3] = ["latest", "stable", "fast"];

/// Whether the pipeline may have a model to embed with.
pub(crate) fn has_model(app: &App) -> bool {
    PREFERRED
        .iter()
        .any(|name| app.models.status(name).phase != Phase::Absent)
}

/// The Monday on which the week of a day begins.
pub(crate) fn monday(day: Date) -> Date {
    let since = day.weekday().since(Weekday::Monday);
    day.saturating_sub(i64::from(since).days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_begin_on_mondays() {
        for (day, expected) in [
            (date(2026, 5, 4), date(2026, 5, 4)),
            (date(2026, 5, 10), date(2026, 5, 4)),
            (date(2026, 5, 11), date(2026, 5, 11)),
            (date(2027, 1, 1), date(2026, 12, 28)),
        ] {
            assert_eq!(monday(day), expected);
        }
    }
}
