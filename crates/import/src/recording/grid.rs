//! Rows with times become a regular grid of epochs for each person; where no row was, the values are missing.
//!
//! Rows are held as they come and are put in the order of their times when the last one has come, so that no row
//! is trusted for standing first. Where a clock was set in between, the part with the most rows is the recording.
//! The epoch's length is the stated one or the most frequent step. A row between two epochs belongs to the
//! nearer one. It must never average, interpolate or move a second row aside: two rows in one epoch keep the
//! first, and the other is lost.

mod part;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use self::part::{Part, in_order};
use super::error::{EPOCH_S_MAX, Error, VALUES_MAX};
use super::lines::Spot;
use super::numbers::Marks;
use super::stamp::{self, Moment};
use super::{Damage, Damages};

/// A row later than this after the one before is of another setting of the clock: no battery lasts as long.
const GAP_S_MAX: i64 = 400 * stamp::DAY_S;

/// Seconds by which clocks are set back in autumn.
const HOUR_S: i64 = 3_600;

/// Values that one run costs.
const RUN_VALUES: usize = 6;

/// Times that the bound of a gap is lowered to keep a recording within memory.
const TRIALS_MAX: usize = 16;

/// Rows that follow each other in the file at one step, of one person and one date.
#[derive(Debug, Clone, Copy)]
struct Run {
    person: u32,
    first: Moment,
    step_s: i64,
    count: usize,
    row: usize,
    spot: Spot,
}

impl Run {
    /// Takes a row that continues it.
    fn extend(&mut self, person: u32, at: Moment, spot: Spot) -> bool {
        let behind = u64::try_from(self.count).unwrap_or(u64::MAX);
        let is_next = person == self.person
            && at.date == self.first.date
            && spot.line == self.spot.line.saturating_add(behind);
        let step_s = at.second - self.first.second;
        let is_even = match i64::try_from(self.count) {
            Ok(1) => true,
            Ok(count) => step_s == count.saturating_mul(self.step_s),
            Err(_) => false,
        };
        if !(is_next && is_even) {
            return false;
        }
        if self.count == 1 {
            self.step_s = step_s;
        }
        self.count += 1;
        true
    }
}

/// Rows while they come.
pub(crate) struct Grid {
    epoch_s: Option<i64>,
    runs: Vec<Run>,
    columns: Vec<Vec<f64>>,
    rows: usize,
}

/// A finished grid of one person.
pub(crate) struct Placed {
    pub(crate) person: u32,
    pub(crate) start_s: i64,
    pub(crate) epoch_s: u32,
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) damages: Damages,
    /// Rows without a place: of another setting of the clock, or second in an epoch.
    pub(crate) lost: usize,
}

impl Grid {
    /// An empty grid of `width` columns.
    pub(crate) fn new(width: usize, epoch_s: Option<u32>) -> Self {
        Self {
            epoch_s: epoch_s.map(i64::from),
            runs: Vec::new(),
            columns: vec![Vec::new(); width],
            rows: 0,
        }
    }

    /// Takes a row, one value for each column.
    pub(crate) fn push(
        &mut self,
        spot: Spot,
        person: u32,
        at: Moment,
        row: &[f64],
    ) -> Result<(), Error> {
        let is_continued = self
            .runs
            .last_mut()
            .is_some_and(|run| run.extend(person, at, spot));
        if !is_continued {
            self.runs.push(Run {
                person,
                first: at,
                step_s: 0,
                count: 1,
                row: self.rows,
                spot,
            });
        }
        self.rows += 1;
        let values = self.rows.saturating_mul(self.columns.len());
        Error::check_values(values.saturating_add(self.runs.len().saturating_mul(RUN_VALUES)))?;
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(*value);
        }
        Ok(())
    }

    /// The rows that came.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Puts the numbers of each column right by what all its cells look like.
    pub(crate) fn settle(&mut self, marks: &[Marks]) {
        for (column, marks) in self.columns.iter_mut().zip(marks) {
            marks.settle(column);
        }
    }

    /// Gives all rows to one person.
    pub(crate) fn join(&mut self) {
        for run in &mut self.runs {
            run.person = 0;
        }
    }

    /// Rows of another person than the row before, at a later time: of nearly every row where what was taken
    /// for the number of a person is the number of a row.
    pub(crate) fn changes_with_time(&self) -> usize {
        let pairs = self.runs.iter().zip(self.runs.iter().skip(1));
        pairs
            .filter(|(before, after)| {
                let last = i64::try_from(before.count).unwrap_or(i64::MAX) - 1;
                let until_s = before.first.second + last.saturating_mul(before.step_s);
                let is_later = after.first.date > before.first.date
                    || (after.first.date == before.first.date && after.first.second > until_s);
                after.person != before.person && is_later
            })
            .count()
    }

    /// The grids of all people in the order in which they came, each within memory; those without two rows
    /// and a stated length have none. `days` are the day numbers of the dates.
    pub(crate) fn finish(self, days: &[Option<i64>]) -> Result<(Vec<Placed>, Undated), Error> {
        let mut parts: Vec<Vec<Part>> = Vec::new();
        let mut numbers: FxHashMap<u32, usize> = FxHashMap::default();
        let mut undated = Undated::default();
        for run in &self.runs {
            let Some(day) = days.get(run.first.date as usize).copied().flatten() else {
                undated.take(run);
                continue;
            };
            let index = *numbers.entry(run.person).or_insert_with(|| {
                parts.push(Vec::new());
                parts.len() - 1
            });
            if let Some(parts) = parts.get_mut(index) {
                parts.push(Part::of(run, day * stamp::DAY_S + run.first.second));
            }
        }
        let mut people: Vec<u32> = vec![0; parts.len()];
        for (person, index) in numbers {
            if let Some(slot) = people.get_mut(index) {
                *slot = person;
            }
        }
        let mut left = VALUES_MAX;
        let mut all = Vec::with_capacity(parts.len());
        for (person, parts) in people.into_iter().zip(parts) {
            let Some(plan) = Plan::of(parts, self.epoch_s, &self.columns, left)? else {
                continue;
            };
            left -= plan.epochs * self.columns.len();
            all.push((person, plan));
        }
        Ok((placed(all, self.columns), undated))
    }
}

/// Rows whose date is none in the order of day and month that the others show.
#[derive(Default)]
pub(crate) struct Undated {
    pub(crate) damages: Damages,
    pub(crate) rows: usize,
}

impl Undated {
    fn take(&mut self, run: &Run) {
        self.rows += run.count;
        for _ in 0..run.count {
            let message = "the date is none in the order of day and month of the other dates";
            self.damages
                .push(run.spot.damage("malformed_line", message));
        }
    }
}

/// Puts the values where the plans say; a column at a time is in memory twice.
fn placed(plans: Vec<(u32, Plan)>, columns: Vec<Vec<f64>>) -> Vec<Placed> {
    let mut all: Vec<(Placed, Plan)> = plans
        .into_iter()
        .map(|(person, mut plan)| {
            let placed = Placed {
                person,
                start_s: plan.start_s,
                epoch_s: u32::try_from(plan.epoch_s).expect("at most a day"),
                columns: Vec::with_capacity(columns.len()),
                damages: std::mem::take(&mut plan.damages),
                lost: plan.lost,
            };
            (placed, plan)
        })
        .collect();
    for column in columns {
        for (placed, plan) in &mut all {
            placed.columns.push(plan.values(&column));
        }
    }
    all.into_iter().map(|(placed, _)| placed).collect()
}

/// Where the rows of a person go.
struct Plan {
    parts: Vec<Part>,
    start_s: i64,
    last_s: i64,
    epoch_s: i64,
    epochs: usize,
    /// Rows that found their epoch taken, in the order of time.
    skipped: Vec<usize>,
    damages: Damages,
    lost: usize,
}

impl Plan {
    fn of(
        parts: Vec<Part>,
        stated_s: Option<i64>,
        columns: &[Vec<f64>],
        values_max: usize,
    ) -> Result<Option<Self>, Error> {
        let Some(epoch_s) = stated_s.or_else(|| most_frequent_step(&parts)) else {
            return Ok(None);
        };
        let width = columns.len().max(1);
        let mut gap_s = GAP_S_MAX;
        for _ in 0..TRIALS_MAX {
            let Some(most) = Stretch::longest(&parts, gap_s) else {
                return Ok(None);
            };
            let epochs = (most.last_s - most.start_s + epoch_s / 2).div_euclid(epoch_s) + 1;
            let fits = |epochs: &usize| {
                epochs
                    .checked_mul(width)
                    .is_some_and(|all| all <= values_max)
            };
            let Some(epochs) = usize::try_from(epochs).ok().filter(fits) else {
                if most.gap_s <= epoch_s {
                    break;
                }
                gap_s = most.gap_s - 1;
                continue;
            };
            let mut plan = Self {
                parts,
                start_s: most.start_s,
                last_s: most.last_s,
                epoch_s,
                epochs,
                skipped: Vec::new(),
                damages: Damages::default(),
                lost: 0,
            };
            plan.check(columns);
            return Ok(Some(plan));
        }
        Err(Error::too_many_values())
    }

    fn index(&self, second: i64) -> usize {
        let since_start = second - self.start_s + self.epoch_s / 2;
        usize::try_from(since_start.div_euclid(self.epoch_s)).unwrap_or(0)
    }

    fn holds(&self, second: i64) -> bool {
        (self.start_s..=self.last_s).contains(&second)
    }

    /// Finds the rows without a place, and those that stood out of order.
    fn check(&mut self, columns: &[Vec<f64>]) {
        let again = self.hours_again();
        let mut found: Vec<Damage> = Vec::new();
        let (mut skipped, mut lost) = (Vec::new(), 0);
        let mut before: Option<(usize, usize)> = None;
        let is_empty = |row: usize| {
            let mut values = columns.iter().filter_map(|column| column.get(row));
            values.all(|value| value.is_nan())
        };
        let mut damages = Damages::default();
        in_order(&self.parts, |part| {
            for offset in 0..part.count {
                let (second, row, spot) = part.at(offset);
                if !self.holds(second) {
                    let message = "the time is too far from that of most rows";
                    damages.push(spot.damage("time_jump", message));
                    lost += 1;
                    continue;
                }
                let index = self.index(second);
                match before {
                    Some((taken, other)) if taken == index => {
                        if is_empty(other) {
                            skipped.push(other);
                            before = Some((index, row));
                            continue;
                        }
                        skipped.push(row);
                        let is_hour = again.iter().any(|(from_s, first)| {
                            (*from_s..from_s + HOUR_S).contains(&second) && row >= *first
                        });
                        if is_hour {
                            found.push(spot.damage("repeated_hour", ""));
                        } else {
                            damages
                                .push(spot.damage("repeated_time", "the epoch has a row already"));
                            lost += 1;
                        }
                    }
                    _ => before = Some((index, row)),
                }
            }
        });
        if let Some(first) = found.first() {
            let message = format!(
                "the clock was set back an hour: {} rows repeat its times, and the first of each is kept; write \
                 the offset from UTC behind the times to keep both",
                found.len()
            );
            damages.push(Damage {
                message,
                ..first.clone()
            });
        }
        self.damages = damages;
        self.skipped = skipped;
        self.lost = lost;
        self.tell_disorder(again.is_empty());
    }

    /// One note about rows that stand behind later ones.
    fn tell_disorder(&mut self, is_unexplained: bool) {
        let mut until_s = i64::MIN;
        let mut behind: Option<(usize, Spot)> = None;
        for part in self.parts.iter().filter(|part| self.holds(part.second)) {
            if part.is_reversed || part.second < until_s {
                let (count, spot) = behind.unwrap_or((0, part.spot));
                behind = Some((count + part.count, spot));
            }
            until_s = until_s.max(part.last_s());
        }
        if let Some((count, spot)) = behind.filter(|_| is_unexplained) {
            let message = format!("{count} rows stood behind later ones and were sorted");
            self.damages.push(spot.damage("out_of_order", message));
        }
    }

    /// The hours that clocks repeat in autumn: the second that comes again, and the first row of the second time.
    /// Rows stand before and behind such an hour; two people at one time have none of either.
    fn hours_again(&self) -> Vec<(i64, usize)> {
        let pairs = self.parts.iter().zip(self.parts.iter().skip(1)).enumerate();
        let within = self.start_s..=self.last_s - HOUR_S;
        pairs
            .filter(|(index, (before, after))| {
                let is_forward = !before.is_reversed && !after.is_reversed;
                let is_inside = within.contains(&after.second) && self.start_s < after.second;
                let is_hour = after.second - before.last_s() == self.epoch_s - HOUR_S;
                is_forward && is_inside && is_hour && self.is_lived_twice(index + 1)
            })
            .map(|(_, (_, after))| (after.second, after.row))
            .collect()
    }

    /// Whether the rows on both sides of a step back in time go on in order for the hour, and are at least half of its
    /// epochs. Rows of a shuffled file make such a step by chance; nothing follows in order there.
    fn is_lived_twice(&self, index: usize) -> bool {
        let (first, again) = self.parts.split_at(index);
        let (Some(last), Some(begin)) = (first.last(), again.first()) else {
            return false;
        };
        let (from_s, until_s) = (begin.second, last.last_s());
        let least = usize::try_from(HOUR_S / self.epoch_s / 2).unwrap_or(0);
        let mut rows = last.count;
        let mut reached_s = last.second;
        for part in first.iter().rev().skip(1) {
            if reached_s <= from_s || part.last_s() > reached_s {
                break;
            }
            rows += part.count;
            reached_s = part.second;
        }
        if reached_s > from_s || rows < least {
            return false;
        }
        let mut rows = begin.count;
        let mut reached_s = begin.last_s();
        for part in again.iter().skip(1) {
            if reached_s >= until_s || part.second < reached_s {
                break;
            }
            rows += part.count;
            reached_s = part.last_s();
        }
        reached_s >= until_s && rows >= least
    }

    /// One column on the grid.
    fn values(&self, column: &[f64]) -> Vec<f64> {
        let mut values = vec![f64::NAN; self.epochs];
        let mut skipped = self.skipped.iter().peekable();
        in_order(&self.parts, |part| {
            for offset in 0..part.count {
                let (second, row, _) = part.at(offset);
                if !self.holds(second) || skipped.next_if(|skipped| **skipped == row).is_some() {
                    continue;
                }
                if let (Some(slot), Some(value)) =
                    (values.get_mut(self.index(second)), column.get(row))
                {
                    *slot = *value;
                }
            }
        });
        values
    }
}

/// The most frequent step between rows in the order of time; the smaller of two equally frequent ones, for gaps
/// are longer than epochs.
fn most_frequent_step(parts: &[Part]) -> Option<i64> {
    let mut counts: FxHashMap<i64, usize> = FxHashMap::default();
    let mut count = |step_s: i64, times: usize| {
        if times > 0 && (1..=EPOCH_S_MAX).contains(&step_s) {
            *counts.entry(step_s).or_default() += times;
        }
    };
    let mut before = None;
    in_order(parts, |part| {
        if let Some(before_s) = before {
            count(part.second - before_s, 1);
        }
        count(part.step_s, part.count - 1);
        before = Some(part.last_s());
    });
    let most = counts
        .into_iter()
        .max_by_key(|(step_s, times)| (*times, Reverse(*step_s)));
    most.map(|(step_s, _)| step_s)
}

/// Rows without a gap that is too long among them.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start_s: i64,
    last_s: i64,
    rows: usize,
    /// The longest gap in it.
    gap_s: i64,
}

impl Stretch {
    /// The stretch with the most rows.
    fn longest(parts: &[Part], gap_max_s: i64) -> Option<Self> {
        let (mut most, mut now): (Option<Self>, Option<Self>) = (None, None);
        let more = |left: Option<Self>, right: Option<Self>| match (left, right) {
            (Some(left), Some(right)) if right.rows > left.rows => Some(right),
            (None, right) => right,
            (left, _) => left,
        };
        in_order(parts, |part| {
            let inner = if part.count > 1 { part.step_s } else { 0 };
            match &mut now {
                Some(stretch) if part.second - stretch.last_s <= gap_max_s => {
                    let gap_s = part.second - stretch.last_s;
                    stretch.gap_s = stretch.gap_s.max(gap_s).max(inner);
                    stretch.last_s = stretch.last_s.max(part.last_s());
                    stretch.rows += part.count;
                }
                _ => {
                    most = more(most, now);
                    now = Some(Self {
                        start_s: part.second,
                        last_s: part.last_s(),
                        rows: part.count,
                        gap_s: inner,
                    });
                }
            }
        });
        more(most, now)
    }
}
