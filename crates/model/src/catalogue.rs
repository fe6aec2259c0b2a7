//! The rows of the metric catalogue, by subject, joined in the order of their numbers.
//!
//! Nothing here is computed at run time, and no row is ever taken out: its number is in the stores of
//! people.

mod activity;
mod body;
mod events;
mod heart;
mod mind;
mod nutrition;
mod symptoms;
mod wrist;

use crate::metric::{Metric, Subject};

/// The parts, lowest numbers first, with what they are about; sleep is among what is of the mind.
const PARTS: [(Subject, &[Metric]); 8] = [
    (Subject::Activity, activity::METRICS),
    (Subject::Heart, heart::METRICS),
    (Subject::Body, body::METRICS),
    (Subject::Nutrition, nutrition::METRICS),
    (Subject::Mind, mind::METRICS),
    (Subject::Symptoms, symptoms::METRICS),
    (Subject::Symptoms, events::METRICS),
    (Subject::Activity, wrist::METRICS),
];

/// What the part of a metric is about.
pub(crate) fn subject(metric: &Metric) -> Subject {
    let is_in = |part: &&(Subject, &[Metric])| part.1.iter().any(|row| row.no == metric.no);
    let part = PARTS.iter().find(is_in);
    part.map_or(Subject::Symptoms, |(subject, _)| *subject)
}

const COUNT: usize = count();

/// Every row, ordered by number.
pub(crate) static ROWS: [Metric; COUNT] = joined();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses an index out of bounds"
)]
const fn count() -> usize {
    let mut total = 0;
    let mut part = 0;
    while part < PARTS.len() {
        total += PARTS[part].1.len();
        part += 1;
    }
    total
}

#[expect(
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    reason = "evaluated by the compiler, which refuses an index out of bounds and has the room"
)]
const fn joined() -> [Metric; COUNT] {
    let mut rows = [PARTS[0].1[0]; COUNT];
    let (mut part, mut at) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].1.len() {
            rows[at] = PARTS[part].1[row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    rows
}
