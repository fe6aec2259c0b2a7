//! Times and cells as text.
//!
//! It must never round a time, and never let a cell become a formula.

use jiff::tz::Offset;
use model::sample::MINUTE_US;
use model::zone::timestamp;

/// The farthest that a clock is from UTC in formats that bound it: 14 hours.
const OFFSET_MIN_MAX: i16 = 14 * 60;

/// An instant as RFC 3339, to the microsecond: with the offset of the person's clock where it is known, else with
/// `Z`. An offset of zero is printed as `+00:00`, so that it is not taken for an unknown one.
pub fn instant(at_us: i64, offset_min: Option<i16>) -> String {
    let at = timestamp(at_us);
    match offset_min.filter(|minutes| minutes.abs() <= OFFSET_MIN_MAX) {
        None => at.to_string(),
        Some(minutes) => {
            let offset = Offset::from_seconds(i32::from(minutes) * 60);
            at.display_with_offset(offset.unwrap_or(Offset::UTC))
                .to_string()
        }
    }
}

/// Whether an offset can be printed beside a time.
pub(crate) fn is_printable(offset_min: Option<i16>) -> bool {
    offset_min.is_none_or(|minutes| minutes.abs() <= OFFSET_MIN_MAX)
}

/// Microseconds as milliseconds, exactly.
pub(crate) fn milliseconds(us: i64) -> f64 {
    us as f64 / (MINUTE_US / 60_000) as f64
}

/// One line of a table (RFC 4180).
pub fn cells<T: AsRef<str>>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = T>) {
    for (at, field) in fields.into_iter().enumerate() {
        let field = field.as_ref();
        if at > 0 {
            out.push(b',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            out.push(b'"');
            out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(field.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_offset_that_is_known() {
        let at_us = 1_700_000_000_250_000;
        let check = |offset, expect| assert_eq!(instant(at_us, offset), expect);
        check(None, "2023-11-14T22:13:20.25Z");
        check(Some(0), "2023-11-14T22:13:20.25+00:00");
        check(Some(-210), "2023-11-14T18:43:20.25-03:30");
        check(Some(900), "2023-11-14T22:13:20.25Z");
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        cells(&mut out, ["a", "b, \"c\"", ""]);
        assert_eq!(out, b"a,\"b, \"\"c\"\"\",\r\n");
    }
}
