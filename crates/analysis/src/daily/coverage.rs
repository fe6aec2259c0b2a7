//! Coverage: the share of a day's hours that hold data.
//!
//! One definition serves dense and sparse metrics: the hours are counted from the start of each of
//! the day's spans, an hour has data when a sample touches it, and a shorter last hour weighs what it
//! lasts. It must never be read as wear time: a person who sits still has hours without steps.

use model::sample::HOUR_US;
use model::zone::Span;

/// Hours a mask can hold; a local day is at most 50 hours long (both sides of the date line).
const HOURS_MAX: i64 = 128;

/// Which hours of a day hold data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HourMask(u128);

impl HourMask {
    /// Marks the hours that `[from_us, until_us)` touches; an empty interval touches its instant's.
    pub(super) fn mark(&mut self, spans: &[Span], from_us: i64, until_us: i64) {
        let last_us = if until_us > from_us {
            until_us - 1
        } else {
            from_us
        };
        let mut first_hour = 0;
        for span in spans {
            let (low, high) = (from_us.max(span.start_us), last_us.min(span.end_us - 1));
            if low <= high {
                let hours = (low - span.start_us) / HOUR_US..=(high - span.start_us) / HOUR_US;
                for hour in hours {
                    self.0 |= 1 << (first_hour + hour).min(HOURS_MAX - 1);
                }
            }
            first_hour += hours_of(*span);
        }
    }

    /// The share of the day's length whose hours are marked.
    pub(super) fn share(self, spans: &[Span]) -> f64 {
        let mut first_hour = 0;
        let (mut marked_us, mut total_us) = (0, 0);
        for span in spans {
            for hour in 0..hours_of(*span) {
                let start_us = span.start_us + hour * HOUR_US;
                let length_us = (span.end_us - start_us).min(HOUR_US);
                total_us += length_us;
                if self.0 >> (first_hour + hour).min(HOURS_MAX - 1) & 1 == 1 {
                    marked_us += length_us;
                }
            }
            first_hour += hours_of(*span);
        }
        if total_us == 0 {
            return 0.0;
        }
        marked_us as f64 / total_us as f64
    }
}

/// The number of hours, a shorter last one included. Spans beyond the mask share its last bit.
fn hours_of(span: Span) -> i64 {
    let length_us = (span.end_us - span.start_us).clamp(0, HOURS_MAX * HOUR_US);
    (length_us + HOUR_US - 1) / HOUR_US
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(from: i64, until: i64) -> Span {
        Span {
            start_us: from * HOUR_US,
            end_us: until * HOUR_US,
        }
    }

    #[test]
    fn hours_with_data_are_counted_once() {
        let day = [hour(0, 24)];
        let mut mask = HourMask::default();
        mask.mark(&day, HOUR_US / 2, HOUR_US / 2);
        mask.mark(&day, 0, HOUR_US);
        mask.mark(&day, 23 * HOUR_US, 26 * HOUR_US);
        mask.mark(&day, -HOUR_US, 0);
        assert!((mask.share(&day) - 2.0 / 24.0).abs() < 1e-12);
    }

    #[test]
    fn days_of_several_spans_keep_their_hours_apart() {
        let day = [hour(0, 2), hour(10, 11)];
        let mut mask = HourMask::default();
        mask.mark(&day, HOUR_US, 11 * HOUR_US);
        assert!((mask.share(&day) - 2.0 / 3.0).abs() < 1e-12);
        assert!(HourMask::default().share(&[]).abs() < 1e-12);
    }
}
