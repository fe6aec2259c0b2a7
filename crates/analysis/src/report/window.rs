//! Windows of rest: where they are found, and where they end.
//!
//! A diary and the rest intervals of a device are taken at their word. What is found in the recording never lasts over noon for days, and ends
//! where nobody wore the device.

use crate::maths::run::runs;
use crate::outcome::Insufficient;
use crate::report::night::Source;
use crate::report::wear::Unworn;
use crate::report::{Report, Span};
use crate::score::scored::{Scored, State};
use crate::score::{angle, crespo};
use crate::series::{DAY_S, MINUTE_S, Series};

const NOON_S: i64 = 12 * 3600;
const EVENING_S: i64 = 18 * 3600; // noon of people who sleep by day
const LATE_S: i64 = 3600; // before noon: a sleep that ends so late may have been cut there
const GONE_S: u32 = 90 * MINUTE_S; // shortest non-wear of Choi 2011, and longest gap inside a night
const PIECE_S: i64 = 3600; // shorter rests beside non-wear are nothing that anybody could judge

/// A window of rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// From where to where.
    pub(super) span: Span,
    /// Whether it begins or ends where the device was gone, so that it may be what is left of a longer rest.
    pub(super) is_beside_gone: bool,
}

/// The windows of a recording and who found them.
pub(super) fn found(report: &Report<'_>) -> (Vec<Window>, Source) {
    let input = report.input();
    for (spans, source) in [(input.diary, Source::Diary), (input.rests, Source::Device)] {
        if !spans.is_empty() {
            let stated = spans.iter().map(|&span| Window {
                span,
                is_beside_gone: false,
            });
            return (stated.collect(), source);
        }
    }
    let beside = |spans: Vec<Span>, series: &Series, gone: &[bool]| {
        let window = |span| Window {
            span,
            is_beside_gone: is_beside(span, series, gone),
        };
        spans.into_iter().map(window).collect()
    };
    if let Some(series) = input.angle {
        let gone = long(off_at(report, series), series.step_s());
        let spans = periods_of_angle(series, &gone);
        return (beside(spans, series, &gone), Source::Angle);
    }
    let series = report.activity();
    let missing = series.values().iter().map(|value| value.is_nan()).collect();
    let gone = long(missing, series.step_s());
    let rests = rests(series).into_iter().flat_map(within_days);
    let spans = rests
        .flat_map(|span| without(span, series, &gone))
        .collect();
    (beside(spans, series, &gone), Source::Crespo)
}

/// Why rest cannot be sought in the recording at all, when it cannot.
pub(super) fn refusal(report: &Report<'_>) -> Option<Insufficient> {
    let input = report.input();
    if !input.diary.is_empty() || !input.rests.is_empty() || input.angle.is_some() {
        return None;
    }
    crespo::score(report.activity(), crespo::Zeros::Minutes).err()
}

/// Whether the device was gone within the hour before or after a window.
fn is_beside(span: Span, series: &Series, gone: &[bool]) -> bool {
    let around = [
        (span.from_s - PIECE_S, span.from_s),
        (span.until_s, span.until_s + PIECE_S),
    ];
    around.into_iter().any(|(from_s, until_s)| {
        let part = gone.get(series.index_at(from_s)..series.index_at(until_s));
        part.unwrap_or_default().contains(&true)
    })
}

/// Sustained inactivity inside each stretch from noon to noon; a stretch with a gap and what was not worn
/// are not scored.
pub(super) fn still_arm(report: &Report<'_>, series: &Series) -> Scored {
    let mut states = vec![None; series.len()];
    for part in parts(series, NOON_S) {
        if let Ok(found) = angle::sustained_inactivity(&part) {
            let from = series.index_at(part.start_s());
            states[from..from + part.len()].copy_from_slice(found.value.states());
        }
    }
    for (state, off) in states.iter_mut().zip(off_at(report, series)) {
        *state = state.filter(|_| !off);
    }
    Scored::like(series, states)
}

/// Crespo's rest periods that begin and end between the first and the last epoch that is present: what lies on
/// a table before or after has no part in the recording.
fn rests(series: &Series) -> Vec<Span> {
    let held = |value: &f64| !value.is_nan();
    let first = series.values().iter().position(held).unwrap_or(0);
    let last = series.values().iter().rposition(held);
    let used = series.part(first, last.map_or(0, |last| last + 1));
    let Ok(scored) = crespo::score(&used, crespo::Zeros::Minutes) else {
        return Vec::new();
    };
    let scored = scored.value;
    let ends = scored.onsets(State::Wake);
    let begins = scored.onsets(State::Sleep).into_iter();
    begins
        .filter_map(|from| {
            let until = *ends.get(ends.partition_point(|&end| end <= from))?;
            Some(Span {
                from_s: scored.time_s(from),
                until_s: scored.time_s(until),
            })
        })
        .collect()
}

/// A rest as it is when it lies between two noons, or between two evenings as that of somebody who sleeps by
/// day; else cut at the noons.
fn within_days(span: Span) -> Vec<Span> {
    let day = i64::from(DAY_S);
    let number = |time_s: i64, turn_s: i64| (time_s - turn_s).div_euclid(day);
    let lies = |turn_s| number(span.from_s, turn_s) == number(span.until_s - 1, turn_s);
    if lies(NOON_S) || lies(EVENING_S) {
        return vec![span];
    }
    let (first, last) = (
        number(span.from_s, NOON_S),
        number(span.until_s - 1, NOON_S),
    );
    let piece = |number: i64| Span {
        from_s: span.from_s.max(number * day + NOON_S),
        until_s: span.until_s.min((number + 1) * day + NOON_S),
    };
    (first..=last).map(piece).collect()
}

/// What is left of a rest before, between and after what is gone.
fn without(span: Span, series: &Series, gone: &[bool]) -> Vec<Span> {
    let (from, until) = (series.index_at(span.from_s), series.index_at(span.until_s));
    let inside = gone.get(from..until).unwrap_or_default();
    if !inside.contains(&true) {
        return vec![span];
    }
    let pieces = runs(inside).into_iter().filter(|run| !run.value);
    let pieces = pieces.map(|run| Span {
        from_s: series.time_s(from + run.from),
        until_s: series.time_s(from + run.until),
    });
    pieces
        .filter(|piece| piece.until_s - piece.from_s >= PIECE_S)
        .collect()
}

/// Only the stretches that are long enough to end a window.
fn long(mut mask: Vec<bool>, step_s: u32) -> Vec<bool> {
    let least = usize::try_from(GONE_S.div_ceil(step_s)).expect("a number of epochs");
    for run in runs(&mask.clone()) {
        if run.value && run.len() < least {
            mask[run.from..run.until].fill(false);
        }
    }
    mask
}

/// Whether each epoch of another series lies in what was left out as not worn.
fn off_at(report: &Report<'_>, series: &Series) -> Vec<bool> {
    let off = match report.input().unworn {
        Unworn::LeftOut => report.nonwear().unwrap_or_default(),
        Unworn::Kept => &[],
    };
    let activity = report.input().activity;
    let epoch = |index: usize| {
        let after = activity.index_at(series.time_s(index) + 1);
        off.get(after.saturating_sub(1)).copied().unwrap_or(false)
    };
    (0..series.len()).map(epoch).collect()
}

/// The sleep period of each stretch from noon to noon that the angle covers without a gap; it does not reach
/// into what is gone. One that ends in the hour before noon goes on in the stretch from 18 to 18 o'clock.
fn periods_of_angle(series: &Series, gone: &[bool]) -> Vec<Span> {
    let of = |part: &Series| {
        let from = series.index_at(part.start_s());
        let gone = gone.get(from..from + part.len()).unwrap_or_default();
        let period = angle::sleep_period_worn(part, gone).ok()?.value;
        Some(Span {
            from_s: part.time_s(period.from),
            until_s: part.time_s(period.until),
        })
    };
    let mut found: Vec<Span> = Vec::new();
    for part in parts(series, NOON_S) {
        let Some(mut span) = of(&part) else { continue };
        let noon = (part.start_s() - NOON_S).div_euclid(i64::from(DAY_S)) + 1;
        let noon_s = noon * i64::from(DAY_S) + NOON_S;
        if span.until_s > noon_s - LATE_S {
            let evenings = parts(series, EVENING_S);
            let late = evenings
                .iter()
                .filter_map(of)
                .find(|late| late.from_s < span.until_s && span.from_s < late.until_s);
            span = late
                .filter(|late| late.until_s > span.until_s)
                .unwrap_or(span);
        }
        // What the evening's stretch contains is not found again after noon.
        if found.last().is_none_or(|last| last.until_s <= span.from_s) {
            found.push(span);
        }
    }
    found
}

/// Stretches from one time of day to the same on the next day, without what is missing at their ends.
fn parts(series: &Series, turn_s: i64) -> Vec<Series> {
    let day = i64::from(DAY_S);
    let mut from_s = (series.start_s() - turn_s).div_euclid(day) * day + turn_s;
    let end = series.time_s(series.len());
    let mut found = Vec::new();
    while from_s < end {
        let part = series.part(series.index_at(from_s), series.index_at(from_s + day));
        let held = |value: &f64| !value.is_nan();
        let first = part.values().iter().position(held);
        let last = part.values().iter().rposition(held);
        if let (Some(first), Some(last)) = (first, last) {
            found.push(part.part(first, last + 1));
        }
        from_s += day;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    #[test]
    fn a_rest_is_cut_at_noons_only_when_it_fits_no_day() {
        let check = |from_h: i64, until_h: i64, expect: &[(i64, i64)]| {
            let pieces = within_days(Span {
                from_s: from_h * HOUR,
                until_s: until_h * HOUR,
            });
            let hours = pieces
                .iter()
                .map(|piece| (piece.from_s / HOUR, piece.until_s / HOUR));
            assert_eq!(hours.collect::<Vec<_>>(), expect);
        };
        check(23, 31, &[(23, 31)]);
        check(12, 36, &[(12, 36)]);
        // A night worker's sleep, over noon.
        check(33, 41, &[(33, 41)]);
        check(35, 43, &[(35, 36), (36, 43)]);
        check(23, 90, &[(23, 36), (36, 60), (60, 84), (84, 90)]);
        check(-20, -3, &[(-20, -12), (-12, -3)]);
    }

    #[test]
    fn a_window_ends_where_the_device_was_gone() {
        let series = Series::new(0, 60, vec![0.0; 1440]);
        let mut off = vec![false; 1440];
        off[120..150].fill(true);
        off[300..600].fill(true);
        let gone = long(off, 60);
        let span = Span {
            from_s: HOUR,
            until_s: 11 * HOUR,
        };
        let expect = |from_min: i64, until_min: i64| Span {
            from_s: from_min * 60,
            until_s: until_min * 60,
        };
        assert_eq!(
            without(span, &series, &gone),
            [expect(60, 300), expect(600, 660)]
        );
    }
}
