//! Rows with times become a regular grid of epochs; where no row was, the values are missing.
//!
//! The epoch's length is the stated one or the most frequent step of the first rows. A row between two
//! epochs belongs to the nearer one. It must never average, interpolate or move a second row aside: two
//! rows in one epoch keep the first, and the other is told as a damage.

use super::error::{EPOCH_S_MAX, Error, VALUES_MAX};
use super::lines::Spot;
use super::{Damages, stamp};

/// Rows that are held back to find the most frequent step.
const ROWS_HELD_MAX: usize = 1_024;

/// A row later than this after the last one is a wrong date, not a gap: no battery lasts as long.
const GAP_S_MAX: i64 = 400 * stamp::DAY_S;

/// A grid while rows come.
pub(crate) struct Grid {
    epoch_s: Option<i64>,
    first_s: i64,
    held: Vec<(Spot, i64)>,
    held_values: Vec<f64>,
    columns: Vec<Vec<f64>>,
    rows: usize,
    lost: usize,
}

/// A finished grid.
pub(crate) struct Placed {
    pub(crate) start_s: i64,
    pub(crate) epoch_s: u32,
    pub(crate) columns: Vec<Vec<f64>>,
    /// Rows that came, also those without a readable time.
    pub(crate) rows: usize,
    /// Rows without a place: no readable time, before the first row, too long after the row before, or second in
    /// an epoch.
    pub(crate) lost: usize,
}

impl Grid {
    /// An empty grid of `width` columns.
    pub(crate) fn new(width: usize, epoch_s: Option<u32>) -> Self {
        Self {
            epoch_s: epoch_s.map(i64::from),
            first_s: 0,
            held: Vec::new(),
            held_values: Vec::new(),
            columns: vec![Vec::new(); width],
            rows: 0,
            lost: 0,
        }
    }

    /// Counts a row whose time could not be read.
    pub(crate) fn lose_row(&mut self) {
        self.rows += 1;
        self.lost += 1;
    }

    /// Takes a row, one value for each column.
    pub(crate) fn push(
        &mut self,
        spot: Spot,
        second: i64,
        row: &[f64],
        damages: &mut Damages,
    ) -> Result<(), Error> {
        self.rows += 1;
        if let Some(epoch_s) = self.epoch_s {
            return self.place(spot, second, row, epoch_s, damages);
        }
        self.held.push((spot, second));
        self.held_values.extend_from_slice(row);
        if self.held.len() < ROWS_HELD_MAX {
            return Ok(());
        }
        self.settle(damages)
    }

    /// The grid, or `None` when there was no row or a single one without a stated length.
    pub(crate) fn finish(mut self, damages: &mut Damages) -> Result<Option<Placed>, Error> {
        self.settle(damages)?;
        let is_empty = self.columns.first().is_none_or(Vec::is_empty);
        let Some(epoch_s) = self.epoch_s.filter(|_| !is_empty) else {
            return Ok(None);
        };
        Ok(Some(Placed {
            start_s: self.first_s,
            epoch_s: u32::try_from(epoch_s).expect("at most a day"),
            columns: self.columns,
            rows: self.rows,
            lost: self.lost,
        }))
    }

    /// Places the rows that were held back, once the step is known.
    fn settle(&mut self, damages: &mut Damages) -> Result<(), Error> {
        let Some(epoch_s) = self.epoch_s.or_else(|| self.most_frequent_step()) else {
            return Ok(());
        };
        self.epoch_s = Some(epoch_s);
        let held = std::mem::take(&mut self.held);
        let values = std::mem::take(&mut self.held_values);
        let rows = values.chunks_exact(self.columns.len().max(1));
        for ((spot, second), row) in held.into_iter().zip(rows) {
            self.place(spot, second, row, epoch_s, damages)?;
        }
        Ok(())
    }

    fn most_frequent_step(&self) -> Option<i64> {
        let mut steps: Vec<i64> = self
            .held
            .iter()
            .zip(self.held.iter().skip(1))
            .map(|((_, before), (_, after))| after - before)
            .filter(|step| (1..=EPOCH_S_MAX).contains(step))
            .collect();
        steps.sort_unstable();
        // The smaller of two equally frequent steps: gaps are longer than epochs.
        let runs = steps.chunk_by(|left, right| left == right);
        let longest = runs.rev().max_by_key(|run| run.len())?;
        longest.first().copied()
    }

    fn place(
        &mut self,
        spot: Spot,
        second: i64,
        row: &[f64],
        epoch_s: i64,
        damages: &mut Damages,
    ) -> Result<(), Error> {
        let count = self.columns.first().map_or(0, Vec::len);
        if count == 0 {
            self.first_s = second;
        }
        let since_first = second - self.first_s + epoch_s / 2;
        let Ok(index) = usize::try_from(since_first.div_euclid(epoch_s)) else {
            damages.push(spot.damage("out_of_order", "the time is before the first epoch"));
            self.lost += 1;
            return Ok(());
        };
        if index < count {
            self.fill(spot, index, row, damages);
            return Ok(());
        }
        let is_next = index == count;
        let gap_s = i64::try_from(index - count)
            .unwrap_or(i64::MAX)
            .saturating_mul(epoch_s);
        let is_too_large = index
            .checked_add(1)
            .and_then(|epochs| epochs.checked_mul(self.columns.len()))
            .is_none_or(|values| values > VALUES_MAX);
        if is_next && is_too_large {
            return Err(Error::too_many_values());
        }
        if gap_s > GAP_S_MAX || is_too_large {
            let message = "the time is too long after the epoch before";
            damages.push(spot.damage("time_jump", message));
            self.lost += 1;
            return Ok(());
        }
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.resize(index, f64::NAN);
            column.push(*value);
        }
        Ok(())
    }

    /// Puts a late row into its epoch where nothing is yet.
    fn fill(&mut self, spot: Spot, index: usize, row: &[f64], damages: &mut Damages) {
        let is_free = self
            .columns
            .iter()
            .all(|column| column.get(index).is_none_or(|value| value.is_nan()));
        if !is_free {
            damages.push(spot.damage("repeated_time", "the epoch has a row already"));
            self.lost += 1;
            return;
        }
        damages.push(spot.damage("out_of_order", "the time is before the epoch before"));
        for (column, value) in self.columns.iter_mut().zip(row) {
            if let Some(slot) = column.get_mut(index) {
                *slot = *value;
            }
        }
    }
}
