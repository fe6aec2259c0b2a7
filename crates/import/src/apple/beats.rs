//! Beat times of a heart-rate-variability sample, placed into its interval.
//!
//! The file prints a wall clock without date, in the format of the phone's locale and in a zone that
//! may differ from the one of all other dates: by an hour of daylight saving, or by a journey. But all
//! zones differ by multiples of fifteen minutes, and a sample lasts one minute: the time within a
//! quarter of an hour places a beat exactly, across any hour, midnight or clock change.

use model::record::HeartbeatSeries;
use model::sample::SECOND_US;

/// All zones in use differ from UTC by a multiple of this.
const QUARTER_US: i64 = 15 * 60 * SECOND_US;

/// The sample's bounds are printed in whole seconds; a beat may lie a fraction outside.
const SLACK_US: i64 = 1_500_000;

/// Beats of one sample. A minute has a hundred; a tachogram of an hour ten thousand.
pub(crate) const BEATS_MAX: usize = 50_000;

/// A beat as printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Beat {
    rate_bpm: f64,
    clock_us: i64,
}

impl Beat {
    /// Reads a beat; `None` when either part cannot be read.
    pub(crate) fn read(rate: &[u8], time: &str) -> Option<Self> {
        let rate_bpm: f64 = fast_float2::parse(rate).ok()?;
        (rate_bpm.is_finite() && rate_bpm > 0.0).then_some(())?;
        Some(Self {
            rate_bpm,
            clock_us: clock(time)?,
        })
    }
}

/// Microseconds since some hour of `7:47:41.86 PM`, `00:20:37,80`, `20.37.12,80` or the like.
fn clock(time: &str) -> Option<i64> {
    let mut parts = time
        .split(|c: char| digit(c).is_none())
        .filter(|part| !part.is_empty())
        .take(4);
    let _hour = number(parts.next()?)?;
    let minute = number(parts.next()?).filter(|minute| *minute < 60)?;
    let second = number(parts.next()?).filter(|second| *second < 61)?;
    let fraction_us = match parts.next() {
        Some(text) => {
            let len = u32::try_from(text.chars().count())
                .ok()
                .filter(|len| *len <= 6)?;
            number(text)? * 10_i64.pow(6 - len)
        }
        None => 0,
    };
    Some((minute * 60 + second) * SECOND_US + fraction_us)
}

fn number(text: &str) -> Option<i64> {
    text.chars()
        .take(9)
        .try_fold(0_i64, |sum, c| Some(sum * 10 + i64::from(digit(c)?)))
}

/// Some locales print their own digits.
fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

/// Places beats into the interval of their sample. Beats that do not fit in are left out.
pub(crate) fn place(beats: &[Beat], start_us: i64, end_us: i64) -> HeartbeatSeries {
    let mut series = HeartbeatSeries::default();
    let mut previous: Option<(i64, i64)> = None;
    for beat in beats {
        let at_us = match previous {
            None => {
                let earliest_us = start_us - SLACK_US;
                earliest_us + (beat.clock_us - earliest_us).rem_euclid(QUARTER_US)
            }
            Some((at_us, clock_us)) => {
                let ahead = (beat.clock_us - clock_us).rem_euclid(QUARTER_US);
                at_us
                    + if ahead > QUARTER_US / 2 {
                        ahead - QUARTER_US
                    } else {
                        ahead
                    }
            }
        };
        if at_us < start_us - SLACK_US || at_us > end_us + SLACK_US {
            continue;
        }
        previous = Some((at_us, beat.clock_us));
        series.at_us.push(at_us);
        series.rate_bpm.push(beat.rate_bpm);
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>()
            .expect("a timestamp")
            .as_microsecond()
    }

    fn check(start: &str, end: &str, times: &[&str], expect: &[&str]) {
        let beats: Vec<Beat> = times
            .iter()
            .map(|time| Beat::read(b"61", time).expect("a beat"))
            .collect();
        let placed = place(&beats, us(start), us(end)).at_us;
        let expect: Vec<i64> = expect.iter().map(|text| us(text)).collect();
        assert_eq!(placed, expect, "{times:?}");
    }

    #[test]
    fn clocks_of_all_locales_find_their_place() {
        let (start, end) = ("2026-01-10T00:47:40Z", "2026-01-10T00:48:41Z");
        let beat = ["2026-01-10T00:47:41.86Z"];
        check(start, end, &["7:47:41.86 PM"], &beat);
        check(start, end, &["7:47:41.86\u{202f}PM"], &beat);
        check(start, end, &["19:47:41,86"], &beat);
        check(start, end, &["19.47.41,86"], &beat);
        check(start, end, &["下午7:47:41.86"], &beat);
        check(start, end, &["٧:٤٧:٤١٫٨٦ م"], &beat);
        // Daylight saving, and zones of half and quarter hours.
        check(start, end, &["8:47:41.86 PM"], &beat);
        check(start, end, &["06:17:41.86"], &beat);
        check(start, end, &["06:32:41.86"], &beat);
    }

    #[test]
    fn beats_cross_hours_and_midnight() {
        check(
            "2026-01-09T23:59:30Z",
            "2026-01-10T00:00:31Z",
            &["11:59:58.10 PM", "11:59:59.20 PM", "12:00:00.30 AM"],
            &[
                "2026-01-09T23:59:58.1Z",
                "2026-01-09T23:59:59.2Z",
                "2026-01-10T00:00:00.3Z",
            ],
        );
        // The clock goes back in the middle.
        check(
            "2026-10-25T00:59:30Z",
            "2026-10-25T01:00:31Z",
            &["02:59:59,50", "02:00:00,50"],
            &["2026-10-25T00:59:59.5Z", "2026-10-25T01:00:00.5Z"],
        );
    }

    #[test]
    fn a_beat_outside_the_sample_is_left_out() {
        check(
            "2026-01-10T00:47:40Z",
            "2026-01-10T00:48:41Z",
            &["00:47:41.00", "00:50:00.00", "00:47:43.00"],
            &["2026-01-10T00:47:41Z", "2026-01-10T00:47:43Z"],
        );
    }

    #[test]
    fn rubbish_is_no_beat() {
        for (rate, time) in [
            ("", "7:47:41"),
            ("61", "7:47"),
            ("61", "7:61:00"),
            ("nan", "7:47:41"),
        ] {
            assert_eq!(Beat::read(rate.as_bytes(), time), None);
        }
    }
}
