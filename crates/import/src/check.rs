//! The rules that every sample must pass, whatever format brought it.
//!
//! A refused sample is told why and what to do; the text must never hold a value of the input.

use model::metric::Metric;
use model::sample::DAY_US;

use crate::batch::RejectCode;

/// 1990-01-01T00:00:00Z: before any device that sends samples here.
pub const EARLIEST_US: i64 = 631_152_000 * 1_000_000;

/// How far ahead of now a sample may end: clocks of devices differ, zones do not count.
pub const AHEAD_MAX_US: i64 = DAY_US;

/// Why a sample is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: RejectCode,
    /// For people.
    pub message: &'static str,
}

const fn refusal(code: RejectCode, message: &'static str) -> Refusal {
    Refusal { code, message }
}

/// Checks the interval of a sample or record.
pub const fn interval(start_us: i64, end_us: i64, now_us: i64) -> Result<(), Refusal> {
    if end_us < start_us {
        return Err(refusal(
            RejectCode::IntervalNegative,
            "the end is before the start; send the start first",
        ));
    }
    if start_us < EARLIEST_US {
        return Err(refusal(
            RejectCode::TimeTooEarly,
            "the start is before 1990; check the clock of the device",
        ));
    }
    if end_us > now_us.saturating_add(AHEAD_MAX_US) {
        return Err(refusal(
            RejectCode::TimeInFuture,
            "the end is more than a day ahead; check the clock of the device",
        ));
    }
    Ok(())
}

/// Checks a value in the canonical unit of its metric.
pub fn value(metric: &Metric, value: f64) -> Result<(), Refusal> {
    if !value.is_finite() {
        return Err(refusal(
            RejectCode::ValueInvalid,
            "the value is not a finite number",
        ));
    }
    match metric.range {
        Some((low, high)) if value < low || value > high => Err(refusal(
            RejectCode::ValueOutOfRange,
            "the value is outside what is physically possible; check its unit",
        )),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_bounds() {
        let now_us = 1_800_000_000 * 1_000_000;
        let check = |start_us, end_us, expect: Option<RejectCode>| {
            assert_eq!(
                interval(start_us, end_us, now_us)
                    .err()
                    .map(|refused| refused.code),
                expect
            );
        };
        check(now_us - 1, now_us, None);
        check(now_us, now_us, None);
        check(now_us, now_us - 1, Some(RejectCode::IntervalNegative));
        check(0, 0, Some(RejectCode::TimeTooEarly));
        check(EARLIEST_US, EARLIEST_US, None);
        check(now_us, now_us + DAY_US, None);
        check(now_us, now_us + DAY_US + 1, Some(RejectCode::TimeInFuture));
    }
}
