//! # Variability of the beats of a night
//!
//! *What it measures*: heart-rate variability asleep, from the beats that a device recorded: RMSSD and SDNN.
//!
//! *Inputs and units*: series of beats (instants) with their sources; the main sleep's time asleep. Results are
//! milliseconds.
//!
//! *Method*: only beats asleep count. A series ends where sleep does and at a pause of more than 5 s, and is cut
//! into segments of five minutes. Faulty beats of a segment are put right
//! ([`BEAT_CORRECTION`](crate::heart::correction::BEAT_CORRECTION)); RMSSD and SDNN
//! ([`RMSSD`](crate::heart::time::RMSSD), [`SDNN`](crate::heart::time::SDNN)) are means over the segments, so that
//! SDNN is the SDNN index of the night. Without any segment of five minutes, series of [`SPOT_S`] and more, such as
//! a watch's minute, are segments as they are; the method then ends in `_spot`, because SDNN grows with the length of
//! what it is computed on. Of several sources the one with the most segments of the better kind is used.
//!
//! *Missing beats*: an interval across a pause takes no part; what no segment covers is not measured, as the
//! coverage says.
//!
//! *Validity*: a segment of which more than 5 % of the beats were put right is left out. `left_out` counts it,
//! and the segments of another kind or source. Coverage is the share of the time asleep that lies in the
//! segments used. A spot of 30 s agrees with five minutes in RMSSD; for SDNN it is too short to be compared
//! with any other length. Chest straps measure beats; from the pulse at the wrist RMSSD is a little higher.
//!
//! *Population*: 3,387 adults at rest and awake (Munoz 2015); sleep, children and atrial fibrillation were not studied.
//!
//! *Versions*: 1.
//!
//! *References*: Task Force of the ESC and NASPE, Circulation 1996, 10.1161/01.CIR.93.5.1043 (five minutes, SDNN
//! index); Munoz et al., `PLoS` ONE 10:e0138921, 2015, 10.1371/journal.pone.0138921 (30 s for RMSSD). The choice of segments is the
//! project's own.

use std::collections::BTreeMap;

use model::source::SourceNo;
use model::zone::Span;

use super::measure::{Measure, Method};
use crate::heart::time::time_domain;
use crate::heart::variability::{CORRECTED_SHARE_MAX, Treatment, between, stretches};

/// Length of a segment: the standard five minutes (Task Force 1996).
const SEGMENT_MS: f64 = 300_000.0;
/// The shortest series that is a segment, in seconds (Munoz 2015).
pub const SPOT_S: u32 = 30;
const SPOT_MS: f64 = SPOT_S as f64 * 1000.0;

const RMSSD: OfLengths = [
    method("hrv_rmssd.beats_asleep"),
    method("hrv_rmssd.beats_asleep_spot"),
];
const SDNN: OfLengths = [
    method("hrv_sdnn.beats_asleep"),
    method("hrv_sdnn.beats_asleep_spot"),
];

/// Methods for segments of five minutes and for spots.
type OfLengths = [Method; 2];

const fn method(id: &'static str) -> Method {
    Method {
        id,
        version: 1,
        unit: "ms",
    }
}

/// Beats that a device recorded one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatSeries {
    /// Who recorded them.
    pub source: SourceNo,
    /// When each was.
    pub at_us: Vec<i64>,
}

/// The beats around a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beats<'a> {
    /// All of them.
    All(&'a [BeatSeries]),
    /// More than are looked at.
    TooMany,
}

/// Variability of the beats asleep.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NightBeats {
    /// Root mean square of successive differences.
    pub(super) rmssd: Measure,
    /// Standard deviation of the intervals.
    pub(super) sdnn: Measure,
}

/// What documents say that were written before the measures existed.
pub(super) fn unknown_rmssd() -> Measure {
    Measure::missing(RMSSD[0], "not_computed_yet", 0)
}

/// What documents say that were written before the measures existed.
pub(super) fn unknown_sdnn() -> Measure {
    Measure::missing(SDNN[0], "not_computed_yet", 0)
}

/// What a source has for one kind of segment.
#[derive(Debug, Default)]
struct Segments {
    rmssd_ms: Vec<f64>,
    sdnn_ms: Vec<f64>,
    duration_ms: f64,
    faulty: usize,
}

impl Segments {
    fn push(&mut self, intervals_ms: &[f64]) {
        let Ok((corrected, changes)) = Treatment::Beats.of(intervals_ms) else {
            self.faulty += 1;
            return;
        };
        let is_sound = changes
            .share()
            .is_some_and(|share| share <= CORRECTED_SHARE_MAX);
        match time_domain(&corrected) {
            Ok(found) if is_sound => {
                self.rmssd_ms.push(found.rmssd_ms);
                self.sdnn_ms.push(found.sdnn_ms);
                self.duration_ms += intervals_ms.iter().sum::<f64>();
            }
            Ok(_) | Err(_) => self.faulty += 1,
        }
    }
}

/// The variability of the main sleep from the beats in it.
pub(super) fn asleep(beats: Beats<'_>, asleep: &[Span]) -> NightBeats {
    let (Some(first), Some(last)) = (asleep.first(), asleep.last()) else {
        return missing("no_main_sleep", 0);
    };
    let night = Span {
        start_us: first.start_us,
        end_us: last.end_us,
    };
    let series = match beats {
        Beats::All(series) => series,
        Beats::TooMany => return missing("too_many_beats", 0).on(night),
    };
    let (mut found, mut count) = (BTreeMap::new(), 0);
    for one in series {
        for intervals in intervals_within(&one.at_us, asleep) {
            count += intervals.len();
            for stretch in stretches(&intervals) {
                let of_source: &mut [Segments; 2] = found.entry(one.source).or_default();
                cut(stretch, of_source);
            }
        }
    }
    let asleep_us: i64 = asleep.iter().map(|span| span.end_us - span.start_us).sum();
    let asleep_ms = asleep_us as f64 / 1000.0;
    chosen(&found, count, asleep_ms).on(night)
}

/// The measures of the source and the kind of segment that have the most.
fn chosen(found: &BTreeMap<SourceNo, [Segments; 2]>, count: usize, asleep_ms: f64) -> NightBeats {
    let all = || found.values().flatten();
    let whole: usize = all().map(|segments| segments.rmssd_ms.len()).sum();
    let faulty: usize = all().map(|segments| segments.faulty).sum();
    for (kind, methods) in RMSSD.into_iter().zip(SDNN).enumerate() {
        let of_kind = found.values().map(|segments| &segments[kind]);
        let best = of_kind.rev().max_by_key(|segments| segments.rmssd_ms.len());
        let Some(best) = best.filter(|segments| !segments.rmssd_ms.is_empty()) else {
            continue;
        };
        let n = best.rmssd_ms.len();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
        let measure = |method, values| {
            let share = (best.duration_ms / asleep_ms).min(1.0);
            let measure = Measure::of(method, mean(values), n).covering(share);
            measure.leaving_out(whole + faulty - n)
        };
        return NightBeats {
            rmssd: measure(methods.0, &best.rmssd_ms),
            sdnn: measure(methods.1, &best.sdnn_ms),
        };
    }
    match (count, faulty) {
        (0, _) => missing("no_beats_asleep", 0),
        (_, 0) => missing("too_few_beats_asleep", count),
        (..) => missing("beats_too_faulty", count),
    }
}

/// Adds the segments of a stretch without a pause to those of five minutes and of less.
fn cut(stretch: &[f64], [whole, spots]: &mut [Segments; 2]) {
    let (mut from, mut length_ms) = (0, 0.0);
    for (index, interval) in stretch.iter().enumerate() {
        length_ms += interval;
        if length_ms >= SEGMENT_MS {
            whole.push(&stretch[from..=index]);
            (from, length_ms) = (index + 1, 0.0);
        }
    }
    if length_ms >= SPOT_MS {
        spots.push(&stretch[from..]);
    }
}

/// The intervals between beats of one stretch of sleep each.
fn intervals_within(at_us: &[i64], asleep: &[Span]) -> Vec<Vec<f64>> {
    let of_span = |span: &Span| {
        let beats = at_us.iter().copied();
        let within: Vec<i64> = beats
            .filter(|at_us| span.start_us <= *at_us && *at_us < span.end_us)
            .collect();
        between(&within)
    };
    let (Some(first), Some(last)) = (at_us.iter().min(), at_us.iter().max()) else {
        return Vec::new();
    };
    let touched = asleep
        .iter()
        .filter(|span| span.start_us <= *last && *first < span.end_us);
    touched
        .map(of_span)
        .filter(|intervals| !intervals.is_empty())
        .collect()
}

fn missing(reason: &'static str, count: usize) -> NightBeats {
    NightBeats {
        rmssd: Measure::missing(RMSSD[0], reason, count),
        sdnn: Measure::missing(SDNN[0], reason, count),
    }
}

impl NightBeats {
    fn on(self, span: Span) -> Self {
        Self {
            rmssd: self.rmssd.on(span),
            sdnn: self.sdnn.on(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::sample::SECOND_US;

    use crate::heart::time;
    use crate::maths::chance::Chance;

    use super::*;

    const WATCH: SourceNo = SourceNo(0);
    const STRAP: SourceNo = SourceNo(1);

    /// Beats from an instant on, about one a second.
    fn beats(source: SourceNo, from_s: i64, count: usize, seed: u64) -> BeatSeries {
        let mut chance = Chance::new(seed);
        let mut at_us = vec![from_s * SECOND_US];
        for _ in 1..count {
            let interval_ms = 1_000.0 + 30.0 * chance.normal();
            let step_us = crate::maths::describe::round_to_whole(interval_ms * 1000.0);
            at_us.push(at_us.last().expect("it has one") + step_us);
        }
        BeatSeries { source, at_us }
    }

    fn span(from_s: i64, until_s: i64) -> Span {
        Span {
            start_us: from_s * SECOND_US,
            end_us: until_s * SECOND_US,
        }
    }

    fn check(found: &NightBeats, method: &str, n: u32, left_out: u32) {
        assert_eq!(found.rmssd.method, format!("hrv_rmssd.{method}"));
        assert_eq!(found.sdnn.method, format!("hrv_sdnn.{method}"));
        for measure in [&found.rmssd, &found.sdnn] {
            assert!(measure.value.is_some() && measure.reason.is_none());
            assert_eq!((measure.n, measure.left_out), (n, left_out));
        }
    }

    #[test]
    fn a_night_of_a_strap_is_the_mean_of_its_five_minutes() {
        let night = [span(1_000, 5_000), span(6_000, 9_000)];
        let strap = beats(STRAP, 0, 10_000, 3);
        let found = asleep(Beats::All(std::slice::from_ref(&strap)), &night);
        // Each segment ends with the beat that completes its 300 s, so 4,000 s and 3,000 s hold 13 and 9; what is left
        // of each is a spot.
        check(&found, "beats_asleep", 22, 2);
        assert!((found.rmssd.coverage.unwrap() - 22.0 * 300.0 / 7_000.0).abs() < 0.01);
        let mut means = Vec::new();
        for part in &night {
            let within = strap.at_us.iter().copied();
            let within: Vec<i64> = within
                .filter(|at| part.start_us <= *at && *at < part.end_us)
                .collect();
            let (mut segment, mut length_ms) = (Vec::new(), 0.0);
            for interval in between(&within) {
                segment.push(interval);
                length_ms += interval;
                if length_ms >= 300_000.0 {
                    means.push(time::rmssd(&segment).unwrap());
                    (segment, length_ms) = (Vec::new(), 0.0);
                }
            }
        }
        let expect = means.iter().sum::<f64>() / means.len() as f64;
        // The correction changes a beat in a hundred at most.
        assert!((found.rmssd.value.unwrap() - expect).abs() < 1.0);
    }

    #[test]
    fn minutes_of_a_watch_are_spots_and_never_joined() {
        let night = [span(0, 30_000)];
        let minutes: Vec<BeatSeries> = (0..5)
            .map(|index| beats(WATCH, 100 + index * 4_000, 61, 7 + index.unsigned_abs()))
            .collect();
        let found = asleep(Beats::All(&minutes), &night);
        check(&found, "beats_asleep_spot", 5, 0);
        let mut both = minutes.clone();
        both.push(beats(STRAP, 20_000, 700, 1));
        check(&asleep(Beats::All(&both), &night), "beats_asleep", 2, 6);
        // The same, whatever the order.
        both.reverse();
        check(&asleep(Beats::All(&both), &night), "beats_asleep", 2, 6);
    }

    #[test]
    fn without_usable_beats_there_is_a_reason() {
        let night = [span(0, 30_000)];
        let reason = |series: &[BeatSeries], night: &[Span]| {
            let found = asleep(Beats::All(series), night);
            assert!(found.rmssd.value.is_none() && found.sdnn.value.is_none());
            assert_eq!(found.rmssd.reason, found.sdnn.reason);
            found.rmssd.reason.unwrap().into_owned()
        };
        let minute = beats(WATCH, 100, 61, 1);
        assert_eq!(reason(std::slice::from_ref(&minute), &[]), "no_main_sleep");
        assert_eq!(reason(&[], &night), "no_beats_asleep");
        assert_eq!(
            reason(&[beats(WATCH, 40_000, 61, 1)], &night),
            "no_beats_asleep"
        );
        assert_eq!(
            reason(&[beats(WATCH, 100, 20, 1)], &night),
            "too_few_beats_asleep"
        );
        assert_eq!(
            reason(&[beats(WATCH, 29_990, 61, 1)], &night),
            "too_few_beats_asleep"
        );
        let mut faulty = beats(WATCH, 100, 120, 1);
        let mut nth = 0;
        faulty.at_us.retain(|_| {
            nth += 1;
            nth % 9 != 0
        });
        assert_eq!(reason(&[faulty], &night), "beats_too_faulty");
        let many = asleep(Beats::TooMany, &night);
        assert_eq!(many.sdnn.reason.as_deref(), Some("too_many_beats"));
    }
}
