//! Reads the times that clients print: RFC 3339 and what comes close, twelve-hour clocks, dates, and
//! numbers since 1970 or 2001. Times as other countries print them are in `clock/local.rs`.
//!
//! A time without offset is a local time and needs the person's zone. This never uses the server's
//! clock in place of a time that is missing.

pub(crate) mod local;

use jiff::civil;
use model::zone::Zone;

use crate::check;
use crate::clock::local::Order;
use crate::json::Json;

/// An instant and what its text said about the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) at_us: i64,
    /// Minutes east of UTC, when the text had an offset other than zero: `Z` and `+00:00` say how
    /// the client prints, not where the person is.
    pub(crate) offset_min: Option<i16>,
    /// Whether it is a whole day: a date without a clock.
    pub(crate) is_date: bool,
}

/// Reads a time from a JSON value; `zone` is for local times without offset.
pub(crate) fn read_json(json: &Json<'_>, zone: &Zone, now_us: i64) -> Option<Moment> {
    match json {
        Json::Text(text) => read(text, zone).or_else(|| counted(text.trim().parse().ok()?, now_us)),
        Json::Number(number) => counted(*number, now_us),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// Seconds from 1970-01-01 to 2001-01-01, where clocks of Apple's programs begin.
const SECONDS_1970_TO_2001: f64 = 978_307_200.0;

/// 2004-03-03 in seconds since 2001: anything smaller is a counter that was never set.
const SINCE_2001_MIN: f64 = 1e8;

/// Seconds, milliseconds or microseconds since 1970, told apart by size: as seconds, the smallest
/// number of milliseconds that is taken would be the year 5138. Seconds that would be a time before
/// 2001 count from 2001, unless that is still to come: no phone kept anything before it.
fn counted(number: f64, now_us: i64) -> Option<Moment> {
    let scale = match number {
        n if !(0.0..1e18).contains(&n) => return None,
        n if n < 1e11 => 1e6,
        n if n < 1e14 => 1e3,
        _ => 1.0,
    };
    let latest_s = now_us.saturating_add(check::AHEAD_MAX_US) as f64 / 1e6;
    let is_since_2001 = (SINCE_2001_MIN..SECONDS_1970_TO_2001).contains(&number)
        && number + SECONDS_1970_TO_2001 <= latest_s;
    let number = if is_since_2001 {
        number + SECONDS_1970_TO_2001
    } else {
        number
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 1e18, which is checked above"
    )]
    let at_us = (number * scale).round() as i64;
    Some(Moment {
        at_us,
        offset_min: None,
        is_date: false,
    })
}

/// Reads a time; `zone` is for local times without offset.
pub(crate) fn read(text: &str, zone: &Zone) -> Option<Moment> {
    let text = text.trim();
    match parse(text.as_bytes()) {
        Some(parsed) => parsed.moment(zone),
        None => other(text, zone, Order::Unknown),
    }
}

/// Reads a time whose day and month stand in this order, where their numbers do not say it.
pub(crate) fn read_ordered(text: &str, zone: &Zone, order: Order) -> Option<Moment> {
    let text = text.trim();
    match parse(text.as_bytes()) {
        Some(parsed) => parsed.moment(zone),
        None => other(text, zone, order),
    }
}

impl Parsed {
    fn moment(self, zone: &Zone) -> Option<Moment> {
        let Some(offset_min) = self.offset else {
            let at = local(self.local_us, zone)?;
            return Some(Moment {
                is_date: self.is_date,
                ..at
            });
        };
        Some(Moment {
            at_us: self.local_us - i64::from(offset_min) * 60_000_000,
            offset_min: (offset_min != 0).then_some(offset_min),
            is_date: false,
        })
    }
}

/// Whether an instant is where a day begins: at its own offset, or else in the zone.
pub(crate) fn is_start_of_day(at: Moment, zone: &Zone) -> bool {
    let offset_min = at
        .offset_min
        .map_or_else(|| zone.offset_min(at.at_us), i32::from);
    let local_us = at.at_us + i64::from(offset_min) * 60_000_000;
    local_us.rem_euclid(86_400_000_000) == 0
}

/// The end of the day that begins at an instant.
pub(crate) fn end_of_day(start_us: i64, zone: &Zone) -> Option<i64> {
    let start = jiff::Timestamp::from_microsecond(start_us).ok()?;
    let next = start.to_zoned(zone.rules().clone()).tomorrow().ok()?;
    Some(next.start_of_day().ok()?.timestamp().as_microsecond())
}

/// Shapes that are rare: those of other countries, and what is left to the library (names of zones,
/// RFC 2822).
#[cold]
fn other(text: &str, zone: &Zone, order: Order) -> Option<Moment> {
    if text.len() > 120 {
        return None;
    }
    let western = local::western(text, order);
    if let Some(parsed) = western.and_then(|text| parse(text.as_bytes())) {
        return parsed.moment(zone);
    }
    if let Ok(zoned) = text.parse::<jiff::Zoned>() {
        let minutes = i16::try_from(zoned.offset().seconds() / 60).ok()?;
        return Some(Moment {
            at_us: zoned.timestamp().as_microsecond(),
            offset_min: (minutes != 0).then_some(minutes),
            is_date: false,
        });
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Moment {
        at_us: at.timestamp().as_microsecond(),
        offset_min: None,
        is_date: false,
    })
}

/// The instant of a local time; in the hour that a clock change skips, the one before the change
/// counts on, and in the hour that it repeats, the first one is taken.
pub(crate) fn local(local_us: i64, zone: &Zone) -> Option<Moment> {
    let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let clock = epoch
        .checked_add(jiff::SignedDuration::from_micros(local_us))
        .ok()?;
    let at = zone.rules().to_timestamp(clock).ok()?;
    Some(Moment {
        at_us: at.as_microsecond(),
        offset_min: None,
        is_date: false,
    })
}

/// What a text says of a time, before anybody says where its clock stood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parsed {
    /// Microseconds from 1970-01-01T00:00 to what the clock showed.
    pub(crate) local_us: i64,
    /// Minutes east of UTC, where the text has them.
    pub(crate) offset: Option<i16>,
    /// Whether it is a date without a clock.
    pub(crate) is_date: bool,
}

/// `2026-03-08`, then a clock, then an offset; the parts after the date may be missing.
pub(crate) fn parse(text: &[u8]) -> Option<Parsed> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let day_us = day(date)? * 86_400_000_000;
    let Some((separator, rest)) = rest.split_first() else {
        return Some(Parsed {
            local_us: day_us,
            offset: None,
            is_date: true,
        });
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (clock_us, rest) = clock(rest)?;
    let offset = if rest.is_empty() {
        None
    } else {
        Some(offset(rest)?)
    };
    Some(Parsed {
        local_us: day_us + clock_us,
        offset,
        is_date: false,
    })
}

/// Days since 1970-01-01 of `2026-03-08`.
fn day(text: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years are counted from March, so that a leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(year * 365 + leap_days + day_of_year - 719_468)
}

/// Microseconds of the day, and what follows the clock.
fn clock(text: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, rest) = match *text {
        [h1, h2, b':', ref rest @ ..] => (two(h1, h2)?, rest),
        [h, b':', ref rest @ ..] => (two(b'0', h)?, rest),
        _ => return None,
    };
    let [m1, m2, ref rest @ ..] = *rest else {
        return None;
    };
    let minute = two(m1, m2)?;
    let (second, rest) = match *rest {
        [b':', s1, s2, ref rest @ ..] => (two(s1, s2)?, rest),
        _ => (0, rest),
    };
    let (fraction_us, rest) = fraction(rest);
    let (half, rest) = half_of_day(rest);
    let hour = match half {
        None if hour < 24 => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        None | Some(_) => return None,
    };
    if minute > 59 || second > 60 {
        return None;
    }
    // A leap second is the second before it, as on the clocks of the devices.
    let seconds = hour * 3_600 + minute * 60 + second.min(59);
    Some((seconds * 1_000_000 + fraction_us, rest))
}

/// The fraction of a second in microseconds; further digits are cut off.
fn fraction(text: &[u8]) -> (i64, &[u8]) {
    let Some((b'.' | b',', digits)) = text.split_first() else {
        return (0, text);
    };
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let mut fraction_us = 0;
    for at in 0..6 {
        let digit = digits.get(at).filter(|_| at < count);
        fraction_us = fraction_us * 10 + digit.map_or(0, |digit| i64::from(digit - b'0'));
    }
    (fraction_us, digits.get(count..).unwrap_or_default())
}

/// Hours to add for `AM` or `PM`, after any kind of space.
fn half_of_day(text: &[u8]) -> (Option<i64>, &[u8]) {
    let after_space = skip_space(text);
    let Some((letters, rest)) = after_space.split_first_chunk::<2>() else {
        return (None, text);
    };
    match letters.map(|byte| byte.to_ascii_uppercase()) {
        [b'A', b'M'] => (Some(0), rest),
        [b'P', b'M'] => (Some(12), rest),
        _ => (None, text),
    }
}

/// Phones with a twelve-hour clock print a narrow no-break space (U+202F).
fn skip_space(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [b' ', rest @ ..] | [0xc2, 0xa0, rest @ ..] | [0xe2, 0x80, 0xaf, rest @ ..] => rest,
            _ => return text,
        };
    }
}

/// Minutes east of UTC.
fn offset(text: &[u8]) -> Option<i16> {
    let (sign, digits) = match skip_space(text) {
        [b'Z' | b'z'] | b"UTC" | b"GMT" => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match *digits {
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (two(h1, h2)?, two(m1, m2)?),
        [h1, h2] => (two(h1, h2)?, 0),
        _ => return None,
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    i16::try_from(sign * (hours * 60 + minutes)).ok()
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Reads an offset that a client sends on its own (`+01:00`).
pub(crate) fn read_offset(text: &str) -> Option<i16> {
    offset(text.trim().as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, oracle: &str, offset_min: Option<i16>) {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let expect: jiff::Timestamp = oracle.parse().expect("a timestamp");
        let moment = read(text, &berlin).unwrap_or_else(|| panic!("{text} is a time"));
        assert_eq!(moment.at_us, expect.as_microsecond(), "{text}");
        assert_eq!(moment.offset_min, offset_min, "{text}");
    }

    #[test]
    fn times_agree_with_a_library() {
        check("2026-03-08T09:31:05Z", "2026-03-08T09:31:05Z", None);
        check("2026-03-08T09:31:05+00:00", "2026-03-08T09:31:05Z", None);
        check("2026-03-08T09:31:05.123Z", "2026-03-08T09:31:05.123Z", None);
        check(
            "2025-07-12T15:55:45.425124+00:00",
            "2025-07-12T15:55:45.425124Z",
            None,
        );
        check(
            "2026-03-08T09:31:05.123456789-04:00",
            "2026-03-08T13:31:05.123456Z",
            Some(-240),
        );
        check(
            "2026-03-08 09:31:05 -0400",
            "2026-03-08T13:31:05Z",
            Some(-240),
        );
        check(
            "2026-03-08 8:00:05 AM -0400",
            "2026-03-08T12:00:05Z",
            Some(-240),
        );
        check(
            "2026-03-08 8:00:05\u{202f}PM -0400",
            "2026-03-09T00:00:05Z",
            Some(-240),
        );
        check(
            "2026-03-08 12:00:05\u{202f}AM +0545",
            "2026-03-07T18:15:05Z",
            Some(345),
        );
        check("2026-03-08T09:31+02", "2026-03-08T07:31:00Z", Some(120));
        check("2026-03-08T09:31:60Z", "2026-03-08T09:31:59Z", None);
    }

    #[test]
    fn local_times_are_in_the_persons_zone() {
        check("2026-03-08T09:31:05", "2026-03-08T08:31:05Z", None);
        check("2026-07-08 09:31", "2026-07-08T07:31:00Z", None);
        check("2026-03-08", "2026-03-07T23:00:00Z", None);
        check("2026-03-29T02:30:00", "2026-03-29T01:30:00Z", None);
    }

    #[test]
    fn rarer_forms_are_read_too() {
        check(
            "2026-03-08T09:31:05-04:00[America/New_York]",
            "2026-03-08T13:31:05Z",
            Some(-240),
        );
        check(
            "Sun, 8 Mar 2026 09:31:05 +0000",
            "2026-03-08T09:31:05Z",
            None,
        );
    }

    #[test]
    fn numbers_count_from_1970_or_2001() {
        let utc = Zone::utc();
        let now_us = 1_779_000_000_000_000;
        let read =
            |number| read_json(&Json::Number(number), &utc, now_us).map(|moment| moment.at_us);
        assert_eq!(read(1_772_962_265.0), Some(1_772_962_265_000_000));
        assert_eq!(read(1_772_962_265_123.0), Some(1_772_962_265_123_000));
        assert_eq!(read(1_772_962_265_123_456.0), Some(1_772_962_265_123_456));
        // 2026-05-01T08:00:00.5Z as Apple's programs count, and times that cannot be so.
        assert_eq!(read(799_315_200.5), Some(1_777_622_400_500_000));
        assert_eq!(read(883_612_800.0), Some(883_612_800_000_000));
        assert_eq!(read(0.0), Some(0));
        assert_eq!(read(-5.0), None);
        assert_eq!(read(f64::NAN), None);
    }

    #[test]
    fn numbers_are_read_from_text_too() {
        let utc = Zone::utc();
        let read = |text: &str| {
            let json = Json::Text(text.into());
            read_json(&json, &utc, i64::MAX / 2).map(|moment| moment.at_us)
        };
        assert_eq!(read("1772962265"), Some(1_772_962_265_000_000));
        assert_eq!(read(" 1772962265.5 "), Some(1_772_962_265_500_000));
        assert_eq!(read("NaN"), None);
        assert_eq!(read("inf"), None);
    }

    #[test]
    fn a_date_without_a_clock_is_a_day() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let length_h = |text: &str| {
            let at = read(text, &berlin).filter(|at| at.is_date).expect("a day");
            (end_of_day(at.at_us, &berlin).expect("an end") - at.at_us) / 3_600_000_000
        };
        assert_eq!(length_h("2026-05-01"), 24);
        assert_eq!(length_h("2026-03-29"), 23);
        assert_eq!(length_h("25.10.2026"), 25);
        let with_clock = read("2026-05-01 00:00", &berlin).expect("a time");
        assert!(!with_clock.is_date);
    }

    #[test]
    fn rubbish_is_no_time() {
        let utc = Zone::utc();
        for text in [
            "",
            "now",
            "2026-02-30T00:00:00Z",
            "2026-13-01",
            "2026-01-01T24:00:00Z",
            "NaN",
            "2026-01-01T00:00:00+19:00",
            "2026-01-01 13:00 PM",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:61:00Z",
            "26-01-01",
            "2026-01-01X00:00:00Z",
        ] {
            assert_eq!(read(text, &utc), None, "{text}");
        }
        assert!(read("0000-01-01T00:00:00Z", &utc).is_some());
        assert!(read("9999-12-31T23:59:59Z", &utc).is_some());
    }

    proptest! {
        #[test]
        fn every_instant_is_read_back(at_us in 0_i64..4_102_444_800_000_000) {
            let at = jiff::Timestamp::from_microsecond(at_us).expect("in range");
            prop_assert_eq!(read(&at.to_string(), &Zone::utc()).map(|moment| moment.at_us), Some(at_us));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-0-9T:. APMZ+\u{202f}]{0,40}") {
            let _ = read(&text, &Zone::utc());
        }
    }
}
