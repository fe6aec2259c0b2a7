//! Stages of sleep as summaries of IEEE 1752.1: stages of one source that follow each other are one point. Stays in
//! bed are points of their own.

use model::category::SleepStage;
use model::sample::HOUR_US;
use serde_json::{Value, json};

use crate::Row;
use crate::open_mhealth::point::{Marks, Schema, Stretch, frame, header, marks};

const SUMMARY: Schema = Schema::ieee("sleep-stage-summary");
const IN_BED: Schema = Schema::ieee("time-in-bed");

/// Stages farther apart are not of one sleep.
const GAP_MAX_US: i64 = HOUR_US;

/// A point, and how many samples are in it.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) header: Value,
    pub(crate) body: Value,
    pub(crate) samples: u64,
    pub(crate) end_us: i64,
}

/// Points of stages and stays, which are in the order of time.
pub(crate) fn points(rows: &[Row<'_>]) -> Vec<Point> {
    let mut points = Vec::new();
    let mut open: Vec<Vec<Row<'_>>> = Vec::new();
    for row in rows {
        if stage(row) == SleepStage::InBed {
            points.push(in_bed(row));
            continue;
        }
        let place = open.iter().position(|night| follows(night, row));
        match place.and_then(|place| open.get_mut(place)) {
            Some(night) => night.push(*row),
            None => open.push(vec![*row]),
        }
    }
    points.extend(open.iter().filter_map(|night| summary(night)));
    points
}

/// The stage of a sample; a code that is none is a sleep of which the stage is not known.
fn stage(row: &Row<'_>) -> SleepStage {
    SleepStage::from_code(row.sample.value).unwrap_or(SleepStage::Unspecified)
}

/// Whether a sample goes on where a night of the same source ended.
fn follows(night: &[Row<'_>], row: &Row<'_>) -> bool {
    night.last().is_some_and(|last| {
        let gap_us = row.sample.start_us - last.sample.end_us;
        last.sample.source == row.sample.source
            && last.sample.zone_offset_min == row.sample.zone_offset_min
            && (0..=GAP_MAX_US).contains(&gap_us)
    })
}

fn minutes(rows: &[Row<'_>], is_meant: impl Fn(SleepStage) -> bool) -> Value {
    let lengths = rows.iter().filter(|row| is_meant(stage(row)));
    let us: i64 = lengths
        .map(|row| row.sample.end_us - row.sample.start_us)
        .sum();
    json!({ "value": us as f64 / 60_000_000.0, "unit": "min" })
}

fn summary(night: &[Row<'_>]) -> Option<Point> {
    let (first, last) = (night.first()?, night.last()?);
    let episodes = night.iter().map(|row| {
        json!({
            "sleep_stage_state": state(stage(row)),
            "sleep_stage_time_frame": frame(row.sample, Stretch::Interval),
            "x_clarity": Marks::of_sample(row.sample),
        })
    });
    let mut whole = *first.sample;
    whole.end_us = last.sample.end_us;
    let row = Row {
        sample: &whole,
        source: first.source,
    };
    let only = |wanted: SleepStage| minutes(night, move |stage| stage == wanted);
    let body = json!({
            "sleep_stage_summary": {
                "total_sleep_time": minutes(night, SleepStage::is_asleep),
                "light_sleep_duration": only(SleepStage::Core),
                "deep_sleep_duration": only(SleepStage::Deep),
                "rem_sleep_duration": only(SleepStage::Rem),
                "awake_duration": only(SleepStage::Awake),
            },
            "sleep_stage_episodes": episodes.collect::<Vec<Value>>(),
            "effective_time_frame": frame(&whole, Stretch::Interval),
    });
    Some(Point {
        header: header(SUMMARY, &row, &marks(&row)),
        body,
        samples: night.len() as u64,
        end_us: whole.end_us,
    })
}

fn in_bed(row: &Row<'_>) -> Point {
    let body = json!({
        "time_in_bed": minutes(&[*row], |_| true),
        "effective_time_frame": frame(row.sample, Stretch::Interval),
    });
    Point {
        header: header(IN_BED, row, &marks(row)),
        body,
        samples: 1,
        end_us: row.sample.end_us,
    }
}

/// The name of a stage in the standard.
const fn state(stage: SleepStage) -> &'static str {
    match stage {
        SleepStage::InBed | SleepStage::Unspecified => "Unknown_sleep",
        SleepStage::Awake => "Awake",
        SleepStage::Core => "Light_sleep",
        SleepStage::Deep => "Deep_sleep",
        SleepStage::Rem => "REM_sleep",
    }
}
