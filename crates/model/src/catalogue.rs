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

use crate::metric::Metric;

/// The parts, lowest numbers first.
const PARTS: [&[Metric]; 8] = [
    activity::METRICS,
    heart::METRICS,
    body::METRICS,
    nutrition::METRICS,
    mind::METRICS,
    symptoms::METRICS,
    events::METRICS,
    wrist::METRICS,
];

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
        total += PARTS[part].len();
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
    let mut rows = [PARTS[0][0]; COUNT];
    let (mut part, mut at) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].len() {
            rows[at] = PARTS[part][row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    rows
}
