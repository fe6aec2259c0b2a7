//! # Average day
//!
//! **What it measures.** The typical course of a day: the mean value at each clock time.
//!
//! **Inputs and units.** Any series whose epoch divides a day; the result has the unit of the
//! input.
//!
//! **Method.** p(c) = mean over days of x at clock time c. Slot k of the result is the clock time
//! `offset + k·step`, where `offset` is what is left of the start after whole epochs from midnight.
//!
//! **Missing epochs.** A missing epoch takes no part in the mean of its slot; a slot without any is missing.
//!
//! **Validity.** One epoch suffices.
//!
//! **Versions.** 1.
//!
//! **References.** Van Someren EJW et al. 1999, doi:10.3109/07420529908998724.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{DAY_S, Series};

/// Mean value at each clock time.
pub const AVERAGE_DAY: Analysis = Analysis {
    id: "average_day",
    version: 1,
    unit: "input",
    title: "Average day",
};

/// A day of means.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Seconds after midnight at which slot 0 begins; less than a step.
    pub offset_s: u32,
    /// Length of a slot in seconds.
    pub step_s: u32,
    /// Mean of each slot; NaN where no day has it.
    pub values: Vec<f64>,
    /// Number of days behind each slot.
    pub days: Vec<u32>,
}

impl Profile {
    /// Clock time of a slot in seconds after midnight.
    pub fn clock_s(&self, slot: usize) -> u32 {
        let slot = u32::try_from(slot).expect("a day has fewer slots than seconds");
        (self.offset_s + slot * self.step_s) % DAY_S
    }
}

/// The average day of a series on its own epoch.
pub fn average_day(series: &Series) -> Outcome<Profile> {
    Insufficient::unless("epochs that are present", 1, series.present())?;
    let slots = series.epochs_per_day()?;
    let step_s = series.step_s();
    let mut values = vec![0.0; slots];
    let mut days = vec![0_u32; slots];
    let first = usize::try_from(series.clock_s(0) / step_s).expect("slots of a day fit an index");
    for chunk in Laps::new(series.values(), first, slots) {
        for ((&value, total), count) in chunk
            .values
            .iter()
            .zip(&mut values[chunk.slot..])
            .zip(&mut days[chunk.slot..])
        {
            if !value.is_nan() {
                *total += value;
                *count += 1;
            }
        }
    }
    for (value, &count) in values.iter_mut().zip(&days) {
        *value = if count == 0 {
            f64::NAN
        } else {
            *value / f64::from(count)
        };
    }
    let offset_s = series.clock_s(0) % step_s;
    Ok(Measured::new(
        Profile {
            offset_s,
            step_s,
            values,
            days,
        },
        series.coverage(),
    ))
}

/// Splits a series at the midnights, so that the inner loop needs no remainder.
struct Laps<'a> {
    rest: &'a [f64],
    slot: usize,
    slots: usize,
}

struct Lap<'a> {
    values: &'a [f64],
    slot: usize,
}

impl<'a> Laps<'a> {
    fn new(values: &'a [f64], slot: usize, slots: usize) -> Self {
        Self {
            rest: values,
            slot,
            slots,
        }
    }
}

impl<'a> Iterator for Laps<'a> {
    type Item = Lap<'a>;

    fn next(&mut self) -> Option<Lap<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (values, rest) = self
            .rest
            .split_at((self.slots - self.slot).min(self.rest.len()));
        let lap = Lap {
            values,
            slot: self.slot,
        };
        self.rest = rest;
        self.slot = 0;
        Some(lap)
    }
}
