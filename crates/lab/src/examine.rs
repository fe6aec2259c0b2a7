//! From a recording to its document: measures, nights, days and scores in the shape of the results.
//!
//! The document is made once; every form of output is written from it, so that all of them hold the same
//! numbers.

use std::collections::BTreeMap;

use analysis::accel;
use analysis::accel::calibration::Found;
use analysis::effort::intensity::CutPoints;
use analysis::outcome::Insufficient;
use analysis::report::column::{Cell, Column, ColumnValue, Field, civil};
use analysis::report::scorer::{
    ActivityScale, COLE_KRIPKE_ACTILIFE_WEBSTER, OAKLEY, OAKLEY_AUTOMATIC, ROENNEBERG, SCORERS,
    Scorer,
};
use analysis::report::wear::{Unworn, Wear};
use analysis::report::{Input, Least, Report, Span, day, epoch, night};
use analysis::rhythm::timing;
use analysis::series::{MINUTE_S, Series};
use jiff::civil::Date;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::cut_points;
use crate::load::{LoadError, Loaded, Place};

/// What to leave out of the activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveOut {
    /// Nothing but what a diary says was not worn.
    Kept,
    /// Non-wear by Choi 2011, of 90 minutes at the hip and of 180 elsewhere.
    Choi,
    /// Non-wear by Choi 2011 as published, of 90 minutes wherever the device was worn.
    ChoiPublished,
    /// Non-wear by Troiano 2008.
    Troiano,
    /// Two hours or more without any movement.
    Stillness,
    /// What the device's off-wrist sensor finds, and what its program excluded.
    Device,
}

/// Where windows of rest come from when no diary gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Windows {
    /// They are found in the recording.
    Found,
    /// The rest intervals that the device's program states.
    Device,
}

/// What to compute of each recording.
#[derive(Debug)]
pub struct Wanted {
    /// The measures, in the order of the columns.
    pub columns: Vec<&'static Column>,
    /// Whether the nights are listed.
    pub nights: Listed,
    /// Whether the days are listed.
    pub days: Listed,
    /// Whether the scores of every scorer are given epoch by epoch.
    pub scores: Listed,
    /// Whether the epochs are listed.
    pub epochs: Listed,
    /// The scorer; the one that fits the device without.
    pub scorer: Option<&'static Scorer>,
    /// What to leave out.
    pub nonwear: LeaveOut,
    /// Where windows of rest come from.
    pub windows: Windows,
    /// How many nights and days means need.
    pub least: Least,
    /// The cut points of intensity; those that fit the recording without.
    pub cut_points: Option<&'static CutPoints>,
}

impl Wanted {
    /// An error when a recording does not say what is wanted of it.
    pub fn check(&self, loaded: &Loaded) -> Result<(), LoadError> {
        if self.windows == Windows::Device && loaded.own.rests.is_none() {
            return Err(LoadError::NoRests);
        }
        if self.nonwear == LeaveOut::Device && !loaded.own.knows_wear() {
            return Err(LoadError::NoSensor);
        }
        Ok(())
    }
}

/// Whether a part of the document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// What people wrote about a recording.
#[derive(Debug, Default)]
pub struct Written {
    /// Times in bed.
    pub bed: Vec<Span>,
    /// Times when the device was taken off.
    pub not_worn: Vec<Span>,
    /// The part to be used; all of it without one.
    pub used: Option<Span>,
    /// Days that the person calls work or free.
    pub calendar: Vec<(Date, timing::Kind)>,
}

/// The scorer for the counts of a device: what its maker's program applies, else the one whose threshold comes
/// from the recording; for what is not counted, and for epochs that the others were not made for, the one that needs
/// neither.
pub(crate) fn scorer_of(format: &str, scale: ActivityScale, step_s: u32) -> &'static Scorer {
    let scorer = of_maker(format, scale);
    let has_minutes = MINUTE_S.is_multiple_of(step_s);
    let has_own_weights = scorer.method.id == OAKLEY.method.id && step_s == 2 * MINUTE_S;
    if has_minutes || has_own_weights {
        scorer
    } else {
        &ROENNEBERG
    }
}

fn of_maker(format: &str, scale: ActivityScale) -> &'static Scorer {
    match format {
        _ if scale == ActivityScale::Other => &ROENNEBERG,
        // As the nights of the server: Cole applied Webster's rules to the scores, and so does this.
        "agd" | "actigraph_csv" | "gt3x" => &COLE_KRIPKE_ACTILIFE_WEBSTER,
        "awd" | "respironics_csv" | "motionwatch" | "motionware" => &OAKLEY,
        _ => &OAKLEY_AUTOMATIC,
    }
}

/// A recording cut to the part to be used and without what was not worn by the diary.
pub struct Prepared {
    activity: Series,
    light: Option<Series>,
    angle: Option<Series>,
    off: Option<Vec<bool>>,
    off_by_device: Option<Vec<bool>>,
    rests: Vec<Span>,
    bed: Vec<Span>,
    not_worn: Vec<Span>,
    calendar: Vec<(Date, timing::Kind)>,
    cut_points: Option<&'static CutPoints>,
    device: Place,
}

impl Prepared {
    /// Applies what people wrote.
    pub fn new(loaded: &Loaded, written: &Written) -> Self {
        let cut = |series: &Series| match written.used {
            Some(used) => series.part(series.index_at(used.from_s), series.index_at(used.until_s)),
            None => series.clone(),
        };
        let mut activity = cut(&loaded.activity);
        if !written.not_worn.is_empty() {
            let mut mask = vec![false; activity.len()];
            for span in &written.not_worn {
                let (from, until) = (
                    activity.index_at(span.from_s),
                    activity.index_at(span.until_s),
                );
                if let Some(places) = mask.get_mut(from..until) {
                    places.fill(true);
                }
            }
            activity = activity.without(&mask);
        }
        let off = loaded.nonwear.as_ref();
        Self {
            off: off.map(|nonwear| accel::nonwear::mask(nonwear, &activity)),
            off_by_device: loaded.own.unworn(&activity),
            rests: within(loaded.own.rests.as_deref().unwrap_or_default(), &activity),
            activity,
            light: loaded.light.as_ref().map(cut),
            angle: loaded.angle.as_ref().map(cut),
            bed: written.bed.clone(),
            not_worn: written.not_worn.clone(),
            calendar: written.calendar.clone(),
            cut_points: cut_points::of(loaded),
            device: Place::of(loaded),
        }
    }

    /// When the device was taken off, as people wrote.
    pub fn not_worn(&self) -> &[Span] {
        &self.not_worn
    }

    /// The report on it.
    pub fn report(&self, format: &str, wanted: &Wanted) -> Report<'_> {
        Report::new(Input {
            activity: &self.activity,
            light: self.light.as_ref(),
            angle: self.angle.as_ref(),
            diary: &self.bed,
            rests: match wanted.windows {
                Windows::Found => &[],
                Windows::Device => &self.rests,
            },
            calendar: &self.calendar,
            scale: self.device.scale(),
            scorer: wanted
                .scorer
                .unwrap_or_else(|| scorer_of(format, self.device.scale(), self.activity.step_s())),
            wear: self.wear(wanted.nonwear),
            unworn: match wanted.nonwear {
                LeaveOut::Kept => Unworn::Kept,
                LeaveOut::Choi
                | LeaveOut::ChoiPublished
                | LeaveOut::Troiano
                | LeaveOut::Stillness
                | LeaveOut::Device => Unworn::LeftOut,
            },
            least: wanted.least,
            cut_points: wanted.cut_points.or(self.cut_points),
        })
    }

    /// How it is known whether the device was worn: raw acceleration shows it best, and counts only.
    fn wear(&self, wanted: LeaveOut) -> Wear<'_> {
        if let (LeaveOut::Device, Some(off)) = (wanted, &self.off_by_device) {
            return Wear::Device(off);
        }
        match (&self.off, self.device, wanted) {
            (Some(off), ..) => Wear::Seen(off),
            (None, Place::NoCounts, _) => Wear::Unknown,
            (None, _, LeaveOut::Troiano) => Wear::Troiano,
            (None, _, LeaveOut::Stillness) => Wear::Stillness,
            (None, Place::Hip, _) | (None, _, LeaveOut::ChoiPublished) => Wear::Choi,
            (None, Place::Elsewhere, LeaveOut::Choi | LeaveOut::Kept | LeaveOut::Device) => {
                Wear::ChoiLong
            }
        }
    }
}

/// The spans that lie in a series, wholly or in part.
fn within(spans: &[Span], series: &Series) -> Vec<Span> {
    let end_s = series.time_s(series.len());
    let touches = |span: &&Span| span.until_s > series.start_s() && span.from_s < end_s;
    spans.iter().filter(touches).copied().collect()
}

/// The document of one recording, without its path and digest.
pub fn document(
    loaded: &Loaded,
    report: &Report<'_>,
    wanted: &Wanted,
) -> serde_json::Result<Box<RawValue>> {
    let series = report.activity();
    let measures = wanted.columns.iter().map(|column| report.measure(column));
    let nights = match wanted.nights {
        Listed::Yes => report.nights(),
        Listed::No => &[],
    };
    let days = match wanted.days {
        Listed::Yes => report.days(),
        Listed::No => &[],
    };
    let scores = match wanted.scores {
        Listed::Yes => Some(scores(series, report.input().scale)),
        Listed::No => None,
    };
    let document = Document {
        member: loaded.member.as_deref(),
        format: loaded.header.format,
        device: loaded.header.device.as_deref(),
        serial: loaded.header.serial.as_deref(),
        channel: &loaded.channel,
        unit: loaded.unit,
        start: civil(series.start_s()).to_string(),
        epoch_s: series.step_s(),
        epochs: series.len(),
        coverage: series.coverage(),
        calibration: calibration(loaded.calibration.as_ref()),
        nonwear: report.left_out(),
        nonwear_reason: report.nonwear().err().map(|none| none.to_string()),
        least_nights: report.input().least.nights,
        least_days: report.input().least.days,
        scorer: report.input().scorer.id,
        cut_points: report.input().cut_points.map(|points| points.id),
        damages: Damaged {
            count: loaded.damages.count,
            lost: loaded.damages.lost,
            first: loaded.damages.first.iter().map(damage).collect(),
        },
        measures: Measures(measures.collect()),
        nights: nights.iter().map(|row| Row(night::FIELDS, row)).collect(),
        days: days.iter().map(|row| Row(day::FIELDS, row)).collect(),
        epoch_table: match wanted.epochs {
            Listed::Yes => Some(EpochTable::of(report)),
            Listed::No => None,
        },
        scores: scores.as_ref().map(|scores| &scores.0),
        score_epochs: scores.as_ref().map(|scores| &scores.1),
    };
    serde_json::value::to_raw_value(&document)
}

#[derive(serde::Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
    format: &'a str,
    device: Option<&'a str>,
    serial: Option<&'a str>,
    channel: &'a str,
    unit: &'a str,
    start: String,
    epoch_s: u32,
    epochs: usize,
    coverage: f64,
    #[serde(flatten)]
    calibration: Calibrated,
    nonwear: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonwear_reason: Option<String>,
    least_nights: usize,
    least_days: usize,
    scorer: &'a str,
    cut_points: Option<&'static str>,
    damages: Damaged,
    measures: Measures,
    nights: Vec<Row<'a, night::SleepWindow>>,
    days: Vec<Row<'a, day::Day>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch_table: Option<EpochTable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<&'a BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_epochs: Option<&'a BTreeMap<&'static str, ScoreEpochs>>,
}

/// Whether raw acceleration was calibrated, and how far from 1 g it was at rest.
#[derive(Default, serde::Serialize)]
struct Calibrated {
    calibration: Option<String>,
    calibration_before_mg: Option<f64>,
    calibration_after_mg: Option<f64>,
}

fn calibration(found: Option<&Result<Found, Insufficient>>) -> Calibrated {
    match found {
        None => Calibrated::default(),
        Some(Err(none)) => Calibrated {
            calibration: Some(format!("none: {none}")),
            ..Calibrated::default()
        },
        Some(Ok(found)) => Calibrated {
            calibration: Some(
                if found.is_accepted() {
                    "applied"
                } else {
                    "none: no improvement, or more than 10 mg left"
                }
                .to_owned(),
            ),
            calibration_before_mg: Some(1e3 * found.error_before_g),
            calibration_after_mg: Some(1e3 * found.error_after_g),
        },
    }
}

/// The epochs as rows under their columns.
#[derive(serde::Serialize)]
struct EpochTable {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Shown>>,
}

impl EpochTable {
    fn of(report: &Report<'_>) -> Self {
        let epochs = epoch::of(report);
        let row = |one: &epoch::Epoch| {
            let cells = epoch::FIELDS.iter();
            cells.map(|field| Shown((field.of)(one))).collect()
        };
        Self {
            columns: epoch::FIELDS.iter().map(|field| field.id).collect(),
            rows: epochs.iter().map(row).collect(),
        }
    }
}

#[derive(serde::Serialize)]
struct Damaged {
    count: u64,
    /// Those with which something of the file is lost.
    lost: u64,
    first: Vec<serde_json::Value>,
}

fn damage(damage: &import::recording::Damage) -> serde_json::Value {
    serde_json::json!({
        "code": damage.code, "byte": damage.byte, "line": damage.line, "message": damage.message,
    })
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum ScoreEpochs {
    Scored {
        start: String,
        epoch_s: u32,
        method: &'static str,
        version: u32,
    },
    Not {
        reason: String,
    },
}

type Scores = (
    BTreeMap<&'static str, String>,
    BTreeMap<&'static str, ScoreEpochs>,
);

/// The epochs of every scorer, and where and how long they are; a scorer without an answer has a reason.
fn scores(series: &Series, scale: ActivityScale) -> Scores {
    let mut strings = BTreeMap::new();
    let mut epochs = BTreeMap::new();
    for scorer in SCORERS {
        let told = match scorer.judge(series, scale) {
            Ok(found) => {
                strings.insert(scorer.id, found.value.text());
                ScoreEpochs::Scored {
                    start: civil(found.value.start_s()).to_string(),
                    epoch_s: found.value.step_s(),
                    method: scorer.method.id,
                    version: scorer.method.version,
                }
            }
            Err(none) => ScoreEpochs::Not {
                reason: none.to_string(),
            },
        };
        epochs.insert(scorer.id, told);
    }
    (strings, epochs)
}

/// Measures as an object in the order of the columns.
pub struct Measures(pub Vec<ColumnValue>);

impl Serialize for Measures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for measure in &self.0 {
            let value = match measure.outcome {
                Ok(found) => Told::Value {
                    value: Shown(measure.cell()),
                    coverage: found.coverage,
                    method: measure.column.method.id,
                    version: measure.column.method.version,
                },
                Err(none) => Told::Null {
                    value: (),
                    reason: none.to_string(),
                },
            };
            map.serialize_entry(measure.column.id, &value)?;
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Told {
    Value {
        value: Shown,
        coverage: f64,
        method: &'static str,
        version: u32,
    },
    Null {
        value: (),
        reason: String,
    },
}

/// A row of nights or days as an object.
struct Row<'a, R: 'static>(&'static [Field<R>], &'a R);

impl<R> Serialize for Row<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            map.serialize_entry(field.id, &Shown((field.of)(self.1)))?;
        }
        map.end()
    }
}

/// A cell as JSON: numbers as numbers, times as text, nothing as null.
struct Shown(Cell);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Cell::Missing => serializer.serialize_unit(),
            Cell::Number(value) => serializer.serialize_f64(*value),
            Cell::Whole(value) => serializer.serialize_i64(*value),
            cell @ (Cell::Clock(_) | Cell::Instant(_) | Cell::Day(_) | Cell::Text(_)) => {
                serializer.serialize_str(&cell.text())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_scored_by_the_scorer_of_their_device() {
        let check = |format, scale, step_s, expect| {
            assert_eq!(scorer_of(format, scale, step_s).id, expect, "{format}");
        };
        let counts = ActivityScale::Counts;
        // What the nights of the server are scored by, on the counts of an ActiGraph.
        for format in ["agd", "actigraph_csv", "gt3x"] {
            check(format, counts, 60, "cole_kripke_actilife_webster");
        }
        check("awd", counts, 60, "oakley");
        check("awd", counts, 120, "oakley");
        check("csv", counts, 60, "oakley_automatic");
        check("gt3x", ActivityScale::Other, 60, "roenneberg");
        check("agd", counts, 40, "roenneberg");
    }
}
