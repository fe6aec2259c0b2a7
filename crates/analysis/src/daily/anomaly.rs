//! # Days unlike the others
//!
//! *What it measures*: which days differ from what is usual for the person, and in which measures.
//!
//! *Inputs and units*: the documents of the days and of the 28 before the first of them.
//!
//! *Method*: each fact of a day has a robust z against the 28 days before it ([`super::facts`]). A measure
//! contributes when its magnitude reaches [`Z_MIN`], the cut of Iglewicz and Hoaglin for modified z
//! scores; a day is unusual when at least one contributes. Its score is the largest magnitude. Beside
//! that the measures are judged together by robust distance ([`crate::stats::anomaly`]): those facts in the
//! order of the list that leave days enough to judge them by, without clock times and what hardly varies. A
//! day is unusual too when its adjusted probability is below [`LEVEL`].
//!
//! *Missing days*: a baseline needs 14 valid days; without one a measure is not judged. The coverage of
//! a day is the share of its measures that were judged.
//!
//! *Validity*: some days in a hundred are
//! unusual by chance alone; an unusual day is not an ill one.
//!
//! *Versions*: 3 (2 took the mean over all sources of a day, and found an odd day too often in few days; 1 judged values of different methods together).
//!
//! *References*: Iglewicz B, Hoaglin DC 1993, How to detect and handle outliers, ASQC.

use jiff::ToSpan;
use jiff::civil::Date;

use super::document::DayDocument;
use super::facts::{self, BASELINE_DAYS, Fact, Statement, facts_among};
use crate::maths::describe;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::stats::anomaly;

/// Magnitude of a robust z from which a measure is unlike itself.
pub const Z_MIN: f64 = 3.5;

/// Adjusted probability below which all measures together make a day unusual.
pub const LEVEL: f64 = 0.05;
/// Days that a joint judgement needs, and how many for each measure.
const JOINT_DAYS: (usize, usize) = (28, 5);

/// Version of the rule.
pub const VERSION: u16 = 3;

/// What is known of a day beside what is usual.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// The local date.
    pub date: Date,
    /// Largest magnitude of a robust z; none when nothing could be judged.
    pub score: Option<f64>,
    /// Measures beyond [`Z_MIN`], farthest first.
    pub contributing: Vec<Fact>,
    /// Measures with a value.
    pub measured: usize,
    /// Of those, how many have a baseline to be judged by.
    pub judged: usize,
    /// All measures together; none when they could not be judged so.
    pub joint: Option<JointDay>,
}

impl Examined {
    /// Whether the day is unlike the others in one measure or in all together.
    pub fn is_unusual(&self) -> bool {
        let is_joint = |joint: &JointDay| joint.adjusted_p < LEVEL;
        !self.contributing.is_empty() || self.joint.as_ref().is_some_and(is_joint)
    }
}

/// A day in all measures together.
#[derive(Debug, Clone, PartialEq)]
pub struct JointDay {
    /// Squared robust distance.
    pub distance_squared: f64,
    /// Probability of that distance or more on a usual day, adjusted for the number of days.
    pub adjusted_p: f64,
    /// How much of the squared distance vanishes without each measure, most first.
    pub contributions: Vec<(&'static str, f64)>,
}

/// What came of an examination.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// The days, oldest first.
    pub days: Vec<Examined>,
    /// Measures that were judged together, with the share of days that have all of them, or what lacks.
    pub joint: Outcome<Vec<&'static str>>,
}

/// Examines every date of `[from, until)` that has a document.
pub fn examine(documents: &[DayDocument], from: Date, until: Date) -> Examination {
    let mut ordered: Vec<&DayDocument> = documents.iter().collect();
    ordered.sort_by_key(|document| document.date);
    let (joint, mut judged) = joint(&ordered);
    let days = ordered
        .iter()
        .enumerate()
        .filter(|(_, day)| from <= day.date && day.date < until)
        .map(|(index, day)| Examined {
            joint: judged.get_mut(index).and_then(Option::take),
            ..examine_one(&ordered, day.date)
        })
        .collect();
    Examination { days, joint }
}

/// Judges the days in all measures together.
fn joint(ordered: &[&DayDocument]) -> (Outcome<Vec<&'static str>>, Vec<Option<JointDay>>) {
    let measures = jointly(ordered);
    let mut rows: Vec<Vec<f64>> = ordered
        .iter()
        .map(|_| Vec::with_capacity(measures.len()))
        .collect();
    for id in &measures {
        for (row, value) in rows.iter_mut().zip(read(id, ordered)) {
            row.push(value);
        }
    }
    let found = if measures.is_empty() {
        let least = JOINT_DAYS.0 as f64;
        let complete = ordered.len() as f64;
        Err(Insufficient::new(
            "days with a measure that varies",
            least,
            complete,
        ))
    } else {
        anomaly::anomalies(&rows, measures.len())
    };
    match found {
        Err(lacking) => (Err(lacking), Vec::new()),
        Ok(found) => {
            let days = found.value.into_iter();
            let days = days.map(|day| day.map(|day| described(day, &measures)));
            let days = days.collect();
            (Ok(Measured::new(measures, found.coverage)), days)
        }
    }
}

fn described(day: anomaly::Day, measures: &[&'static str]) -> JointDay {
    let mut contributions: Vec<(&'static str, f64)> = measures
        .iter()
        .copied()
        .zip(day.contributions)
        .filter(|(_, part)| !part.is_nan())
        .collect();
    contributions.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    JointDay {
        distance_squared: day.distance_squared,
        adjusted_p: day.adjusted_p,
        contributions,
    }
}

/// The facts that can be judged together: each one more must leave enough days that have all of them.
fn jointly(ordered: &[&DayDocument]) -> Vec<&'static str> {
    let (least, for_each) = JOINT_DAYS;
    let mut complete = vec![true; ordered.len()];
    let mut chosen = Vec::new();
    for (id, statement) in facts::all() {
        if statement == Statement::ClockTime {
            continue;
        }
        let values = read(id, ordered);
        let with: Vec<bool> = complete
            .iter()
            .zip(&values)
            .map(|(&held, value)| held && !value.is_nan())
            .collect();
        let count = with.iter().filter(|held| **held).count();
        if count >= least.max(for_each * (chosen.len() + 1)) && varies(&values) {
            chosen.push(id);
            complete = with;
        }
    }
    chosen
}

/// The values of the days by one method, NaN where there is none.
fn read(id: &str, days: &[&DayDocument]) -> Vec<f64> {
    let known = facts::series_of(id, days).into_iter();
    known
        .map(|known| known.map_or(f64::NAN, |known| known.value))
        .collect()
}

/// Whether more than half of the values differ from their median.
fn varies(values: &[f64]) -> bool {
    let held = describe::present(values);
    let centre = describe::median(&held);
    let apart: Vec<f64> = held.iter().map(|value| (value - centre).abs()).collect();
    describe::median(&apart) > 0.0
}

fn examine_one(ordered: &[&DayDocument], date: Date) -> Examined {
    let first = date.checked_sub(BASELINE_DAYS.days()).unwrap_or(Date::MIN);
    let begin = ordered.partition_point(|day| day.date < first);
    let end = ordered.partition_point(|day| day.date <= date);
    let told: Vec<Fact> = facts_among(date, ordered[begin..end].iter().copied())
        .into_iter()
        .filter(|fact| fact.value.is_some())
        .collect();
    let magnitude = |fact: &Fact| fact.robust_z.map(f64::abs);
    let judged = told.iter().filter(|fact| fact.robust_z.is_some()).count();
    let measured = told.len();
    let score = told.iter().filter_map(magnitude).fold(None, |best, z| {
        Some(best.map_or(z, |best: f64| best.max(z)))
    });
    let mut contributing: Vec<Fact> = told
        .into_iter()
        .filter(|fact| magnitude(fact).is_some_and(|z| z >= Z_MIN))
        .collect();
    contributing.sort_by(|a, b| {
        let key = |fact: &Fact| magnitude(fact).unwrap_or(0.0);
        key(b).total_cmp(&key(a)).then_with(|| a.id.cmp(&b.id))
    });
    Examined {
        date,
        score,
        contributing,
        measured,
        judged,
        joint: None,
    }
}
