//! The measures of rest beside the length of the nights: naps, the rhythm within sleep, and how the scorer
//! agrees with the diary.

use crate::maths::describe::mean;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::Report;
use crate::report::column::Column;
use crate::report::night::{Role, SleepWindow};
use crate::report::rhythm::number;
use crate::report::scorer::ActivityScale;
use crate::rhythm::lids;
use crate::score::comparison::{self, Agreement};
use crate::score::diary::{Diary, Stay};
use crate::score::naps::{self, Nap};
use crate::score::scored::{Scored, State};
use crate::series::{DAY_S, HOUR_S, Series};

const POSITIVE: (Option<f64>, Option<f64>) = (Some(0.0), None);
const SHARE: (Option<f64>, Option<f64>) = (Some(0.0), Some(1.0));
const KAPPA: (Option<f64>, Option<f64>) = (Some(-1.0), Some(1.0));
const BOUT_H: (i64, i64) = (3, 12); // hours of a bout (Winnebeck 2018)
const PERIODS_MIN: (u32, u32, u32) = (30, 181, 5); // from, until, step: half an hour to three hours

/// Naps, rhythm within sleep, agreement with the diary.
pub const COLUMNS: &[Column] = &[
    number(
        "naps_per_day",
        "1/d",
        POSITIVE,
        &naps::NAPS,
        "Nap candidates over the days recorded: 15 minutes or more asleep, an hour or more from a night. \
         Sitting still looks alike.",
        |report| naps_of(report, |naps, days| naps.len() as f64 / days),
    ),
    number(
        "nap_min_per_day",
        "min/d",
        POSITIVE,
        &naps::NAPS,
        "Minutes asleep in nap candidates over the days recorded.",
        |report| {
            naps_of(report, |naps, days| {
                naps.iter().map(|nap| nap.asleep_min).sum::<f64>() / days
            })
        },
    ),
    number(
        "lids_period_min",
        "min",
        (Some(30.0), Some(180.0)),
        &lids::LIDS,
        "Mean over the nights of the period of inactivity within sleep that is most rhythmic, of 30 to 180 \
         minutes; nights of 3 to 12 hours without a gap.",
        |report| within_sleep(report, |found| found.period_min),
    ),
    number(
        "lids_rhythmicity",
        "1",
        (None, None),
        &lids::LIDS,
        "Mean over the nights of the Munich rhythmicity index at that period; depends on the scale of the \
         counts.",
        |report| within_sleep(report, |found| found.rhythmicity),
    ),
    number(
        "diary_sensitivity",
        "1",
        SHARE,
        &comparison::SCORING_AGREEMENT,
        "Share of the epochs in bed by the diary that the scorer calls sleep, from the first going to bed \
         to the last rising.",
        |report| with_diary(report, |found| found.sensitivity),
    ),
    number(
        "diary_specificity",
        "1",
        SHARE,
        &comparison::SCORING_AGREEMENT,
        "Share of the epochs out of bed by the diary that the scorer calls wake, over the same time.",
        |report| with_diary(report, |found| found.specificity),
    ),
    number(
        "diary_kappa",
        "1",
        KAPPA,
        &comparison::SCORING_AGREEMENT,
        "Cohen's kappa of the scorer's sleep and the time in bed by the diary, over the same time.",
        |report| with_diary(report, |found| found.kappa),
    ),
];

/// The nap candidates of a recording on the epochs of its scores.
fn naps_of(report: &Report<'_>, of: fn(&[Nap], f64) -> f64) -> Outcome<f64> {
    let scored = report.scored().as_ref().map_err(|none| *none)?;
    let nights = report
        .nights()
        .iter()
        .filter(|night| night.role == Role::Night);
    let main: Vec<(usize, usize)> = nights.map(|night| epochs(scored, night)).collect();
    Insufficient::unless("nights, to tell naps from them", 1, main.len())?;
    let off = report.nonwear().ok();
    let activity = report.input().activity;
    let worn: Vec<bool> = (0..scored.len())
        .map(|epoch| {
            let at = activity.index_at(scored.time_s(epoch));
            off.is_none_or(|off| !off.get(at).copied().unwrap_or(true))
        })
        .collect();
    let found = naps::naps(scored, &main, &worn)?;
    let days = scored.states().iter().flatten().count() as f64 * f64::from(scored.step_s())
        / f64::from(DAY_S);
    Ok(found.map(|naps| of(&naps, days)))
}

fn epochs(scored: &Scored, night: &SleepWindow) -> (usize, usize) {
    let step = i64::from(scored.step_s());
    let at = |time_s: i64| {
        let epoch = (time_s - scored.start_s()).div_euclid(step);
        usize::try_from(epoch).unwrap_or(0).min(scored.len())
    };
    (at(night.from_s), at(night.until_s))
}

/// The mean over the nights of something of the rhythm of inactivity within sleep.
fn within_sleep(report: &Report<'_>, of: fn(&lids::Rhythm) -> f64) -> Outcome<f64> {
    if report.input().scale != ActivityScale::Counts {
        return Err(Insufficient::new(
            "activity in counts, not acceleration",
            1.0,
            0.0,
        ));
    }
    let series = report.activity();
    let nights = report
        .nights()
        .iter()
        .filter(|night| night.role == Role::Night);
    let mut windows = 0;
    let mut found = Vec::new();
    for night in nights {
        windows += 1;
        let Some((onset_s, offset_s)) = night.onset_s().zip(night.offset_s()) else {
            continue;
        };
        let hours = (offset_s - onset_s) / i64::from(HOUR_S);
        let bout = series.part(series.index_at(onset_s), series.index_at(offset_s));
        let is_whole = bout.present() == bout.len();
        if hours < BOUT_H.0 || hours >= BOUT_H.1 || !is_whole {
            continue;
        }
        let (from, until, step) = PERIODS_MIN;
        let rhythm = lids::inactivity(&bout)
            .and_then(|values| lids::rhythm(&values.value, from, until, step));
        found.extend(rhythm.ok().map(|rhythm| of(&rhythm)));
    }
    Insufficient::unless("nights of 3 to 12 hours without a gap", 1, found.len())?;
    Ok(Measured::new(
        mean(&found),
        found.len() as f64 / f64::from(windows),
    ))
}

/// Agreement of the scorer with the diary's time in bed.
fn with_diary(report: &Report<'_>, of: fn(&Agreement) -> f64) -> Outcome<f64> {
    let scored = report.scored().as_ref().map_err(|none| *none)?;
    let stays = report.input().diary.iter();
    let stays: Vec<Stay> = stays
        .filter_map(|span| Stay::new(span.from_s, span.until_s).ok())
        .collect();
    Insufficient::unless("nights of a diary", 1, stays.len())?;
    let diary = Diary::new(stays)?;
    let clock = Series::new(scored.start_s(), scored.step_s(), vec![0.0; scored.len()]);
    let intervals = diary.intervals(&clock);
    let ends = intervals.first().zip(intervals.last());
    let none = Insufficient::new("nights of the diary within the recording", 1.0, 0.0);
    let (&(from, _), &(_, until)) = ends.ok_or(none)?;
    let truth: Vec<Option<State>> = diary.mask(&clock)[from..until]
        .iter()
        .map(|&in_bed| Some(if in_bed { State::Sleep } else { State::Wake }))
        .collect();
    let found = comparison::agreement(&truth, &scored.states()[from..until])?;
    Ok(found.map(|found| of(&found)))
}
