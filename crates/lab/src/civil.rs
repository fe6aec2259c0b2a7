//! Puts a recording on the clock of a place.
//!
//! Devices know no zone: their clock was set once and runs on. With a zone, the first epoch is read as
//! the time of that place (or the file's own offset from UTC is used), every later epoch lies its whole
//! number of seconds after it, and each is put on the local clock it was recorded at. Where clocks go
//! forward the hour that nobody lived is missing; where they go back, the two epochs of an hour that was
//! lived twice become their mean. It must never be used on a file whose own times already jump.

use analysis::series::Series;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Clock changes that are followed within one recording; ten years have twenty.
const CHANGES_MAX: usize = 1_000;

/// A series on the local clock of a zone. `None` when the times lie beyond the calendar.
pub(crate) fn on_local_clock(
    series: &Series,
    device_offset_s: Option<i32>,
    zone: &TimeZone,
) -> Option<Series> {
    let step = i64::from(series.step_s());
    let first = civil(series.start_s())?;
    let device_offset_s = if let Some(offset_s) = device_offset_s {
        i64::from(offset_s)
    } else {
        let first = zone.to_ambiguous_zoned(first).compatible().ok()?;
        i64::from(first.offset().seconds())
    };
    let pieces = pieces(series, device_offset_s, zone)?;
    let begin = pieces.iter().map(|piece| piece.local_s).min()?;
    let length = pieces
        .iter()
        .map(|piece| slot(piece.local_s - begin, step) + piece.until - piece.from)
        .max()?;
    let mut values = vec![f64::NAN; length];
    for piece in &pieces {
        let at = slot(piece.local_s - begin, step);
        let held = series.values().get(piece.from..piece.until)?;
        let places = values.get_mut(at..at + held.len())?;
        for (place, value) in places.iter_mut().zip(held) {
            *place = match (place.is_nan(), value.is_nan()) {
                (true, _) => *value,
                (false, true) => *place,
                (false, false) => f64::midpoint(*place, *value),
            };
        }
    }
    Some(Series::new(begin, series.step_s(), values))
}

/// Consecutive epochs between two clock changes.
struct Piece {
    from: usize,
    until: usize,
    local_s: i64,
}

fn pieces(series: &Series, device_offset_s: i64, zone: &TimeZone) -> Option<Vec<Piece>> {
    let step = i64::from(series.step_s());
    let start_s = series.start_s() - device_offset_s;
    let start = Timestamp::from_second(start_s).ok()?;
    let mut changes: Vec<i64> = Vec::new();
    let end_s = start_s + i64::try_from(series.len()).ok()? * step;
    for change in zone.following(start).take(CHANGES_MAX) {
        if change.timestamp().as_second() >= end_s {
            break;
        }
        changes.push(change.timestamp().as_second());
    }
    changes.push(end_s);
    let mut pieces = Vec::new();
    let mut from = 0;
    for change_s in changes {
        let until = slot(change_s - start_s + step - 1, step).min(series.len());
        if until > from {
            let at_s = start_s + i64::try_from(from).ok()? * step;
            let offset = zone.to_offset(Timestamp::from_second(at_s).ok()?);
            pieces.push(Piece {
                from,
                until,
                local_s: at_s + i64::from(offset.seconds()),
            });
        }
        from = until.max(from);
    }
    Some(pieces)
}

fn slot(seconds: i64, step: i64) -> usize {
    usize::try_from(seconds / step).unwrap_or(0)
}

fn civil(time_s: i64) -> Option<DateTime> {
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    epoch
        .checked_add(jiff::SignedDuration::from_secs(time_s))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> i64 {
        let time: DateTime = text.parse().expect("a time");
        let zoned = time.to_zoned(TimeZone::UTC).expect("a time of UTC");
        zoned.timestamp().as_second()
    }

    fn oslo() -> TimeZone {
        TimeZone::get("Europe/Oslo").expect("a known zone")
    }

    #[test]
    fn the_hour_that_spring_takes_is_missing() {
        // Clocks in Oslo went from 02:00 to 03:00 on 2003-03-30.
        let values: Vec<f64> = (0..6).map(f64::from).collect();
        let series = Series::new(local("2003-03-30T00:00:00"), 1800, values);
        let moved = on_local_clock(&series, None, &oslo()).expect("a series");
        assert_eq!(moved.start_s(), series.start_s());
        assert_eq!(moved.len(), 8);
        let expect = [0.0, 1.0, 2.0, 3.0, f64::NAN, f64::NAN, 4.0, 5.0];
        for (value, expect) in moved.values().iter().zip(expect) {
            assert!(value.total_cmp(&expect).is_eq(), "{:?}", moved.values());
        }
    }

    #[test]
    fn the_hour_that_autumn_repeats_is_averaged() {
        // Clocks in Oslo went from 03:00 back to 02:00 on 2003-10-26.
        let values: Vec<f64> = (0..5).map(f64::from).collect();
        let series = Series::new(local("2003-10-26T01:00:00"), 3600, values);
        let moved = on_local_clock(&series, None, &oslo()).expect("a series");
        assert_eq!(moved.values(), [0.0, 1.5, 3.0, 4.0]);
        let twice = Series::new(local("2003-10-26T02:30:00"), 1800, vec![1.0, 2.0, 3.0]);
        let moved = on_local_clock(&twice, None, &oslo()).expect("a series");
        assert_eq!(moved.start_s(), local("2003-10-26T02:00:00"));
        assert_eq!(moved.values(), [2.0, 2.0]);
    }

    #[test]
    fn an_offset_of_the_file_moves_the_recording() {
        let series = Series::new(local("2020-01-01T12:00:00"), 60, vec![1.0; 10]);
        let moved = on_local_clock(&series, Some(0), &oslo()).expect("a series");
        assert_eq!(moved.start_s(), local("2020-01-01T13:00:00"));
        assert_eq!(moved.values(), series.values());
    }
}
