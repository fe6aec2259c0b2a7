//! Prints instants as RFC 3339 text with the offset that the person's clock had at that time.
//!
//! Series print tens of thousands of instants, so the offset and the date are looked up once per
//! change and not once per instant. It must never read a clock.

use jiff::civil::Date;
use model::sample::{DAY_US, MINUTE_US, SECOND_US};
use model::zone::{Zone, ZoneHistory, timestamp};

/// An instant in UTC, such as `2026-11-20T07:30:00Z`.
pub(crate) fn rfc3339(at_us: i64) -> String {
    timestamp(at_us).to_string()
}

/// Prints instants of one person, best in the order of time.
#[derive(Debug)]
pub(crate) struct Instants<'a> {
    history: &'a ZoneHistory,
    from_us: i64,
    until_us: i64,
    offset_min: i32,
    day: i64,
    date: String,
}

impl<'a> Instants<'a> {
    /// Prints with the zones of this history.
    pub(crate) const fn of(history: &'a ZoneHistory) -> Self {
        Self {
            history,
            from_us: 0,
            until_us: 0,
            offset_min: 0,
            day: i64::MIN,
            date: String::new(),
        }
    }

    /// The offset of the person's clock from UTC.
    pub(crate) fn offset_min(&mut self, at_us: i64) -> i32 {
        if !(self.from_us..self.until_us).contains(&at_us) {
            let zone = self.history.zone_at(at_us);
            self.offset_min = zone.offset_min(at_us);
            self.from_us = at_us;
            self.until_us = next_change(self.history, zone, at_us);
        }
        self.offset_min
    }

    /// The instant with the offset of the person's clock.
    pub(crate) fn text(&mut self, at_us: i64) -> String {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out, at_us, None);
        String::from_utf8(out).expect("digits and signs are text")
    }

    /// Writes the instant without quotes; `told_min` is the sample's own offset, when it has one.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, at_us: i64, told_min: Option<i16>) {
        let offset_min = told_min.map_or_else(|| self.offset_min(at_us), i32::from);
        let at_us = timestamp(at_us).as_microsecond();
        let local_us = at_us.saturating_add(i64::from(offset_min) * MINUTE_US);
        let day = local_us.div_euclid(DAY_US);
        if day != self.day {
            self.day = day;
            self.date = date_of(day).to_string();
        }
        out.extend_from_slice(self.date.as_bytes());
        let in_day_us = local_us.rem_euclid(DAY_US);
        let second = in_day_us / SECOND_US;
        for (mark, number) in [
            (b'T', second / 3600),
            (b':', second / 60 % 60),
            (b':', second % 60),
        ] {
            out.push(mark);
            two_digits(out, number);
        }
        fraction(out, in_day_us % SECOND_US);
        if offset_min == 0 {
            out.push(b'Z');
            return;
        }
        out.push(if offset_min < 0 { b'-' } else { b'+' });
        let minutes = i64::from(offset_min.abs());
        two_digits(out, minutes / 60);
        out.push(b':');
        two_digits(out, minutes % 60);
    }
}

/// Until when the offset holds: the next change of zone or of the zone's rules.
fn next_change(history: &ZoneHistory, zone: &Zone, at_us: i64) -> i64 {
    let changes = history.changes();
    let after = changes.partition_point(|(from_us, _)| *from_us <= at_us);
    let moved_us = changes.get(after).map_or(i64::MAX, |(from_us, _)| *from_us);
    let rules = zone.rules().following(timestamp(at_us)).next();
    rules.map_or(moved_us, |change| {
        change.timestamp().as_microsecond().min(moved_us)
    })
}

fn date_of(day: i64) -> Date {
    Zone::utc().date_at(day.saturating_mul(DAY_US))
}

fn two_digits(out: &mut Vec<u8>, number: i64) {
    let digit = |number: i64| b'0' + u8::try_from(number % 10).unwrap_or(0);
    out.extend_from_slice(&[digit(number / 10), digit(number)]);
}

/// Milliseconds where they suffice, else microseconds; nothing for a whole second.
fn fraction(out: &mut Vec<u8>, us: i64) {
    let text = match (us, us % 1_000) {
        (0, _) => return,
        (_, 0) => format!(".{:03}", us / 1_000),
        (_, _) => format!(".{us:06}"),
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>()
            .expect("a timestamp")
            .as_microsecond()
    }

    #[test]
    fn instants_carry_the_offset_of_their_time() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let new_york = Zone::parse("America/New_York").expect("a zone");
        let observations = vec![(at("2026-05-03T12:00:00Z"), new_york)];
        let history = ZoneHistory::from_observations(berlin, observations);
        let mut instants = Instants::of(&history);
        let mut check = |text: &str, expect: &str| assert_eq!(instants.text(at(text)), expect);
        check("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00");
        check("2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00");
        check("2026-05-03T11:59:59.5Z", "2026-05-03T13:59:59.500+02:00");
        check(
            "2026-05-03T12:00:00.000001Z",
            "2026-05-03T08:00:00.000001-04:00",
        );
        check("2026-05-04T02:00:00Z", "2026-05-03T22:00:00-04:00");
        check("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00");
    }

    #[test]
    fn the_offset_that_a_sample_told_wins() {
        let history = ZoneHistory::fixed(Zone::utc());
        let mut out = Vec::new();
        Instants::of(&history).write(&mut out, at("2026-05-04T22:00:00Z"), Some(345));
        assert_eq!(out, b"2026-05-05T03:45:00+05:45");
    }
}
