//! Dates as an export prints them (`2026-03-08 09:31:05 -0400`), read by hand.
//!
//! All dates of a file carry the offset that the phone had when it exported. The offset makes the
//! instant; it says nothing about where the person was and is not kept with samples.

/// An instant and the offset it was printed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Printed {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) at_us: i64,
    /// Minutes east of UTC.
    pub(crate) offset_min: i16,
}

/// Reads dates, remembering the last day: records of one type are mostly of one day.
#[derive(Debug)]
pub(crate) struct Dates {
    day_text: [u8; 10],
    day: i64,
    offset_text: [u8; 6],
    offset_min: i16,
}

impl Default for Dates {
    fn default() -> Self {
        Self {
            day_text: *b"1970-01-01",
            day: 0,
            offset_text: *b" +0000",
            offset_min: 0,
        }
    }
}

impl Dates {
    /// Reads a date; `None` when it is none.
    #[inline]
    pub(crate) fn read(&mut self, text: &[u8]) -> Option<Printed> {
        let Ok(text) = <&[u8; 25]>::try_from(text) else {
            return read_other(text);
        };
        let (day_text, rest) = text.split_first_chunk::<10>()?;
        let (clock, offset_text) = rest.split_first_chunk::<9>()?;
        let offset_text: &[u8; 6] = offset_text.first_chunk()?;
        if self.day_text != *day_text {
            self.day = day(day_text)?;
            self.day_text = *day_text;
        }
        if self.offset_text != *offset_text {
            self.offset_min = offset(*offset_text)?;
            self.offset_text = *offset_text;
        }
        let second = self.day * 86_400 + second_of_day(clock)? - i64::from(self.offset_min) * 60;
        Some(Printed {
            at_us: second * 1_000_000,
            offset_min: self.offset_min,
        })
    }
}

/// Other writers print RFC 3339.
#[cold]
fn read_other(text: &[u8]) -> Option<Printed> {
    let text = std::str::from_utf8(text.get(..40.min(text.len()))?)
        .ok()?
        .trim();
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Printed {
        at_us: at.as_microsecond(),
        offset_min: 0,
    })
}

/// Reads a calendar date (`2026-03-08`) as days since 1970-01-01.
pub(crate) fn day(text: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else {
        return None;
    };
    let year = i64::from(two(y1, y2)?) * 100 + i64::from(two(y3, y4)?);
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > last {
        return None;
    }
    // Years are counted from March, so that a leap day is the last of its year.
    let (month, year) = (i64::from(month), if month <= 2 { year - 1 } else { year });
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
            - 719_468,
    )
}

fn second_of_day(clock: &[u8; 9]) -> Option<i64> {
    let [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *clock else {
        return None;
    };
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    (hour < 24 && minute < 60 && second < 61)
        .then(|| i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second.min(59)))
}

fn offset(text: [u8; 6]) -> Option<i16> {
    let [b' ', sign @ (b'+' | b'-'), h1, h2, m1, m2] = text else {
        return None;
    };
    let (hours, minutes) = (i16::from(two(h1, h2)?), i16::from(two(m1, m2)?));
    let size = (hours <= 18 && minutes < 60).then_some(hours * 60 + minutes)?;
    Some(if sign == b'-' { -size } else { size })
}

#[inline]
const fn two(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return None;
    }
    Some(tens * 10 + ones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_a_library() {
        let mut dates = Dates::default();
        for (text, oracle) in [
            ("2026-03-08 09:31:05 -0400", "2026-03-08T09:31:05-04:00"),
            ("2024-02-29 23:59:59 +0545", "2024-02-29T23:59:59+05:45"),
            ("1970-01-01 00:00:00 +0000", "1970-01-01T00:00:00Z"),
            ("2100-03-01 00:00:00 -0930", "2100-03-01T00:00:00-09:30"),
            ("1999-12-31 12:00:00 +1400", "1999-12-31T12:00:00+14:00"),
        ] {
            let expect: jiff::Timestamp = oracle.parse().expect("a timestamp");
            let printed = dates.read(text.as_bytes()).expect("a date");
            assert_eq!(printed.at_us, expect.as_microsecond(), "{text}");
        }
        let start = jiff::civil::date(1, 1, 1);
        for days in (0..3_600_000).step_by(97) {
            let date = start
                .checked_add(jiff::Span::new().days(days))
                .expect("a date");
            let expect = i64::from(days) - 719_162;
            assert_eq!(
                day(date
                    .to_string()
                    .as_bytes()
                    .first_chunk()
                    .expect("ten bytes")),
                Some(expect)
            );
        }
    }

    #[test]
    fn rubbish_is_no_date() {
        let mut dates = Dates::default();
        for text in [
            "",
            "2026-03-08",
            "2026-13-01 00:00:00 +0000",
            "2026-02-29 00:00:00 +0000",
            "2026-01-01 24:00:00 +0000",
            "2026-01-01 00:60:00 +0000",
            "2026-01-01 00:00:00 *0000",
            "20150616071916-0700",
            "2026-01-01 00:00:00 +9999",
            "////-//-// //:://:// +0000",
        ] {
            assert_eq!(dates.read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_failed_day_is_not_remembered() {
        let mut dates = Dates::default();
        assert!(dates.read(b"2026-02-30 00:00:00 +0000").is_none());
        assert!(dates.read(b"2026-02-30 00:00:00 +0000").is_none());
    }
}
