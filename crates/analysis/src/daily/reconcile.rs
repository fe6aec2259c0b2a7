//! # Reconciliation with the phone's own numbers
//!
//! *What it measures*: whether the total of a day is the one that the phone itself states (the activity rings
//! of an export, an app's or a platform's total of the day), and where it is not, which cause makes the two
//! equal.
//!
//! *Inputs and units*: the samples of one cumulative metric around the local day with the number of the upload
//! that brought each, the samples of it that were deleted, the source order, the zone history, and the rings.
//! Values are in the metric's canonical unit; of `apple_stand_hour` the hours stood are counted.
//!
//! *Method*: the phone's number is the latest that was uploaded: an aggregate of 23 to 25 hours whose middle
//! lies in the day, or a ring above zero. Ours is the merged total (method `daily/merge`) without any aggregate
//! of a day or longer. They agree when they differ by less than one unit of the last place in which the phone's
//! number is printed. Otherwise the day is merged again under one supposition after the other, and the first
//! that gives the phone's number is the cause: the borders that the phone's total states (`zone`); deleted
//! samples put back (`deletion`); samples left out that were uploaded after the phone's number, or in the last
//! uploads (`late_sample`; `second_device` when they are all that one device sent and another of its class
//! counts); the borders of another zone in which the person or a sample was (`zone`); one source moved in the
//! order (`source_order`); one source left out, or alone (`second_device`); the borders of any other offset
//! from UTC (`zone`); one sample left out (`deletion`: the phone no longer has it). When none does, two of
//! different causes are supposed at once, of which one at least is a matter of record (borders, deletions,
//! uploads, zones); the one that alone changes the total more is the cause, the other the second. When no two do,
//! a phone's number that is larger on a day with hours without samples is `coverage`, and anything else
//! `unexplained`.
//!
//! *Missing samples*: a day without samples of its own is compared with rings only.
//!
//! *Validity*: two causes per day and metric at most; three at once are `coverage` or `unexplained`. Two
//! suppositions can give one number, most often by a single sample left out, which is tried last. A ring of
//! zero says nothing: phones print it where nothing measures it.
//!
//! *Versions*: 2. Version 1 looked for one cause only.
//!
//! *References*: none; the rule is the project's own (decision 23).

use jiff::civil::Date;
use model::metric::Kind;
use model::record::ActivitySummary;
use model::sample::{HOUR_US, Sample};
use model::source::{Source, SourceNo};
use model::zone::{Span, ZoneHistory};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::copies;
use super::measure::Text;
use super::merge::{self, DayTotal};
use super::rank::Ranks;
use super::series::{holds, is_aggregated, is_extreme, is_usable};
use super::sleep;
use suppositions::Case;

mod pairs;
mod suppositions;

/// Local days are 23, 24 or 25 hours long.
const DAY_LENGTHS_US: std::ops::RangeInclusive<i64> = 23 * HOUR_US..=25 * HOUR_US;
/// The metrics with a ring.
const RINGS: [Ring; 4] = [
    Ring {
        metric: "active_energy_burned",
        unit: "kcal",
        value: |rings| rings.active_energy_kcal,
    },
    Ring {
        metric: "apple_exercise_time",
        unit: "min",
        value: |rings| rings.exercise_min,
    },
    Ring {
        metric: "apple_move_time",
        unit: "min",
        value: |rings| rings.move_min,
    },
    Ring {
        metric: STAND_HOUR,
        unit: "h",
        value: |rings| rings.stand_hours,
    },
];
/// The category of hours with and without standing.
const STAND_HOUR: &str = "apple_stand_hour";
/// `apple_stand_hour`: the person stood.
const STOOD: f64 = 0.0;

/// Whether the phone may have a number of its own of a metric.
pub fn is_compared(id: &str, kind: Kind) -> bool {
    id == STAND_HOUR || (kind == Kind::Cumulative && !sleep::TOTALS.contains(&id))
}

/// One metric with everything that may explain a difference.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The metric's id.
    pub id: &'a str,
    /// Its unit as answers print it.
    pub unit: &'a str,
    /// Samples that overlap the day and 36 h around it, sorted by start.
    pub samples: &'a [Sample],
    /// The number of the upload that brought each of them first.
    pub uploads: &'a [u32],
    /// Samples that were deleted, the latest deletion first.
    pub deleted: &'a [Sample],
    /// The order of its sources.
    pub ranks: &'a Ranks,
}

/// The rings of the day.
#[derive(Debug, Clone, Copy)]
pub struct Rings<'a> {
    /// What they say.
    pub summary: &'a ActivitySummary,
    /// Who printed them.
    pub source: SourceNo,
    /// The number of the latest upload that contains them.
    pub upload: u32,
}

/// What is known of the phone's numbers of a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownOfPhone<'a> {
    /// Every metric that may have one, as [`is_compared`] says.
    pub evidence: &'a [Evidence<'a>],
    /// The rings, when an export contains them.
    pub rings: Option<Rings<'a>>,
}

/// A day to be compared.
#[derive(Debug, Clone, Copy)]
pub struct Reconciling<'a> {
    /// The local date.
    pub date: Date,
    /// Where the person was.
    pub zones: &'a ZoneHistory,
    /// The person's sources; a number is a position.
    pub sources: &'a [Source],
    /// What is known of the phone's numbers.
    pub known: KnownOfPhone<'a>,
}

/// A metric of which rings state the day's total.
struct Ring {
    metric: &'static str,
    unit: &'static str,
    value: fn(&ActivitySummary) -> Option<f64>,
}

/// Who says how much a day was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaidBy {
    /// The activity rings of an export.
    ActivityRings,
    /// An app's or a platform's total of the day.
    DayTotal,
}

/// Why two numbers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The phone believes another source where sources overlap.
    SourceOrder,
    /// A sample is deleted here and not in the phone's number, or there and not here.
    Deletion,
    /// Samples came after the phone had made its number.
    LateSample,
    /// The phone's day begins at another time than ours.
    Zone,
    /// The phone's number covers hours of which there are no samples here.
    Coverage,
    /// The phone does not count a device that is counted here, or counts one alone.
    SecondDevice,
    /// No cause gives the phone's number, and no two.
    Unexplained,
}

/// One metric of one day: our total, the phone's, and why they differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reconciled {
    /// The metric's id.
    pub metric: String,
    /// Unit (UCUM) of the values; of stand hours `h`.
    #[schema(value_type = String)]
    pub unit: Text,
    /// The merged total of samples shorter than a day; null when there are none.
    pub ours: Option<f64>,
    /// The phone's own number.
    pub phone: f64,
    /// Ours less the phone's: 0 when the rounding of the phone's number is all there is, null without
    /// samples of ours.
    pub difference: Option<f64>,
    /// Why they differ; null when they agree.
    pub cause: Option<Cause>,
    /// The source or zone that the cause is about.
    pub about: Option<String>,
    /// How many samples it is about: put back or left out.
    pub samples: Option<u32>,
    /// What explains the rest, where two causes together give the phone's number; null where one does.
    #[serde(default)]
    pub second: Option<SecondCause>,
    /// What the phone's number is.
    pub said_by: SaidBy,
    /// The source that said it.
    pub source: String,
}

/// The cause of what another one leaves of a difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SecondCause {
    /// Why.
    pub cause: Cause,
    /// The source or zone that it is about.
    pub about: Option<String>,
    /// How many samples it is about.
    pub samples: Option<u32>,
}

/// The phone's number of one metric.
#[derive(Debug, Clone, Copy)]
struct Said {
    value: f64,
    by: SaidBy,
    source: SourceNo,
    upload: u32,
    /// The borders that it states.
    span: Option<Span>,
}

/// Compares every metric of which the phone has a number, in the order of their ids.
pub fn reconcile(day: &Reconciling<'_>) -> Vec<Reconciled> {
    let spans = day.zones.day(day.date);
    let mut rows: Vec<Reconciled> = day
        .known
        .evidence
        .iter()
        .filter_map(|evidence| day.row(evidence, &spans))
        .collect();
    for Ring { metric, unit, .. } in RINGS {
        let mut known = day.known.evidence.iter();
        let is_unknown = !known.any(|evidence| evidence.id == metric);
        if is_unknown && let Some(said) = day.ring(metric) {
            rows.push(day.alone(metric, unit, said));
        }
    }
    rows.sort_by(|a, b| a.metric.cmp(&b.metric));
    rows
}

impl Reconciling<'_> {
    fn row(&self, evidence: &Evidence<'_>, spans: &[Span]) -> Option<Reconciled> {
        let said = self.said(evidence, spans)?;
        let finer = Finer::of(evidence);
        let total = total(&finer.samples, evidence.ranks, spans);
        if total.samples == 0 {
            let is_ring = said.by == SaidBy::ActivityRings;
            return is_ring.then(|| self.alone(evidence.id, evidence.unit, said));
        }
        let mut row = self.alone(evidence.id, evidence.unit, said);
        row.ours = Some(total.total);
        row.difference = Some(0.0);
        row.cause = None;
        let tolerance = tolerance(said.value, evidence.unit);
        if (total.total - said.value).abs() > tolerance {
            let case = Case {
                day: self,
                spans,
                finer: &finer,
                deleted: evidence.deleted,
                ranks: evidence.ranks,
                said,
                total: &total,
                tolerance,
            };
            let found = case.explain();
            row.difference = Some(total.total - said.value);
            row.cause = Some(found.first.cause);
            row.about = found.first.about;
            row.samples = found.first.samples;
            row.second = found.second.map(|found| SecondCause {
                cause: found.cause,
                about: found.about,
                samples: found.samples,
            });
        }
        Some(row)
    }

    /// The phone's number where there is none of ours.
    fn alone(&self, metric: &str, unit: &str, said: Said) -> Reconciled {
        Reconciled {
            metric: metric.to_owned(),
            unit: Text::Owned(unit.to_owned()),
            ours: None,
            phone: said.value,
            difference: None,
            cause: Some(Cause::Coverage),
            about: None,
            samples: None,
            second: None,
            said_by: said.by,
            source: self.name(said.source),
        }
    }

    /// The latest number of the phone; of several in one upload the largest.
    fn said(&self, evidence: &Evidence<'_>, spans: &[Span]) -> Option<Said> {
        let mut said = self.ring(evidence.id);
        if evidence.id == STAND_HOUR {
            return said;
        }
        let totals = evidence.samples.iter().zip(evidence.uploads);
        for (sample, upload) in totals.filter(|(sample, _)| is_day_total(sample)) {
            let middle_us = sample.start_us + (sample.end_us - sample.start_us) / 2;
            let is_later =
                said.is_none_or(|said| (*upload, sample.value) > (said.upload, said.value));
            if is_later && holds(spans, middle_us) {
                said = Some(Said {
                    value: sample.value,
                    by: SaidBy::DayTotal,
                    source: sample.source,
                    upload: *upload,
                    span: Some(Span {
                        start_us: sample.start_us,
                        end_us: sample.end_us,
                    }),
                });
            }
        }
        said
    }

    fn ring(&self, id: &str) -> Option<Said> {
        let rings = self.known.rings?;
        let ring = RINGS.iter().find(|ring| ring.metric == id)?;
        let value = (ring.value)(rings.summary).filter(|value| *value > 0.0)?;
        Some(Said {
            value,
            by: SaidBy::ActivityRings,
            source: rings.source,
            upload: rings.upload,
            span: None,
        })
    }

    fn name(&self, source: SourceNo) -> String {
        self.sources.get(usize::from(source.0)).map_or_else(
            || format!("source {}", source.0),
            |source| source.name.clone(),
        )
    }
}

/// An app's total of one day.
fn is_day_total(sample: &Sample) -> bool {
    is_usable(sample)
        && is_aggregated(sample)
        && !is_extreme(sample)
        && DAY_LENGTHS_US.contains(&(sample.end_us - sample.start_us))
}

/// The samples that ours is made of, with the uploads that brought them.
struct Finer {
    samples: Vec<Sample>,
    uploads: Vec<u32>,
}

impl Finer {
    fn of(evidence: &Evidence<'_>) -> Self {
        let is_whole = |sample: &Sample| {
            is_aggregated(sample) && sample.end_us - sample.start_us >= *DAY_LENGTHS_US.start()
        };
        let kept = evidence.samples.iter().zip(evidence.uploads);
        let kept = kept.filter(|(sample, _)| is_usable(sample) && !is_whole(sample));
        let (samples, uploads) = if evidence.id == STAND_HOUR {
            kept.filter(|(sample, _)| sample.value == STOOD)
                .map(|(sample, upload)| (stood(sample), *upload))
                .unzip()
        } else {
            kept.map(|(sample, upload)| (*sample, *upload)).unzip()
        };
        Self { samples, uploads }
    }
}

/// An hour stood, as one that counts.
fn stood(sample: &Sample) -> Sample {
    Sample {
        value: 1.0,
        ..*sample
    }
}

/// The merged total of a day, from the samples that touch it.
fn total(samples: &[Sample], ranks: &Ranks, spans: &[Span]) -> DayTotal {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return DayTotal::default();
    };
    let reach_us = copies::reach_us(ranks);
    let (from_us, until_us) = (first.start_us - reach_us, last.end_us + reach_us);
    let near: Vec<Sample> = samples
        .iter()
        .filter(|sample| sample.start_us < until_us && sample.end_us >= from_us)
        .copied()
        .collect();
    let found = merge::by_priority(&near, ranks, &[spans.to_vec()]).pop();
    found.unwrap_or_default()
}

/// How far a total may be from the phone's number because that was rounded or cut off: less than one unit of
/// the last place in which it is printed. Distances are often printed in hundredths of a kilometre.
fn tolerance(phone: f64, unit: &str) -> f64 {
    let coarsest = i32::from(unit == "m");
    let is_whole = |step: &f64| ((phone / step).round() * step - phone).abs() <= 1e-9 * phone.abs();
    let steps = (-3..=coarsest).rev().map(|power| 10_f64.powi(power));
    let step = steps.into_iter().find(is_whole).unwrap_or(0.0);
    // What units converted back and forth and printed with a few digits lose.
    let converted = (1e-3 * phone.abs()).min(0.005).max(1e-6 * phone.abs());
    (step * (1.0 - 1e-6)).max(converted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_below_the_last_printed_place_is_rounding() {
        let check = |phone: f64, unit: &str, ours: f64, expect: bool| {
            let agrees = (ours - phone).abs() <= tolerance(phone, unit);
            assert_eq!(agrees, expect, "{ours} beside {phone} {unit}");
        };
        check(8_000.0, "{count}", 8_000.9, true);
        check(8_000.0, "{count}", 8_001.0, false);
        check(3.0, "{count}", 4.0, false);
        check(412.25, "kcal", 412.254, true);
        check(412.25, "kcal", 412.27, false);
        check(5_230.0, "m", 5_234.9, true);
        check(5_230.0, "m", 5_241.0, false);
        check(0.25, "g", 0.26, false);
        check(412.345_219, "kcal", 412.348, true);
    }
}
