//! Until when something is allowed: a grant, the key of a program.

use jiff::Timestamp;

use crate::problem::FieldError;

/// What is allowed ends within a year: what is still wanted then is allowed again.
const LONGEST_US: i64 = 366 * 86_400 * 1_000_000;
const POINTER: &str = "/expires_at";

/// Reads the first instant at which something is allowed no more, as `expires_at` states it.
pub fn end(text: &str, now_us: i64) -> Result<i64, FieldError> {
    let wrong = |message| FieldError::new(POINTER, "invalid_time", message);
    let read = text.parse::<Timestamp>();
    let read = read.map_err(|_| wrong("must be an RFC 3339 time with an offset"))?;
    let expires_us = read.as_microsecond();
    if expires_us <= now_us {
        return Err(wrong("must be later than now"));
    }
    if expires_us > now_us.saturating_add(LONGEST_US) {
        return Err(wrong(
            "must be within 366 days; allow what is still wanted again then",
        ));
    }
    Ok(expires_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_near_and_ahead() {
        let now_us = 1_795_176_000_000_000;
        let at = |us: i64| Timestamp::from_microsecond(now_us + us).expect("a time");
        let read = |us| end(&at(us).to_string(), now_us).map(|end| end - now_us);
        assert_eq!(read(1), Ok(1));
        assert_eq!(read(LONGEST_US), Ok(LONGEST_US));
        for wrong in [0, -1, LONGEST_US + 1] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(end("soon", now_us).is_err());
        assert!(end("2026-12-20T12:00:00", now_us).is_err(), "no offset");
    }
}
