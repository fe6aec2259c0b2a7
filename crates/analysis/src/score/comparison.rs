//! # Agreement of a scoring with another
//!
//! **What it measures.** How well a sleep/wake scoring reproduces one that is taken for the truth, such
//! as polysomnography.
//!
//! **Inputs and units.** Two scorings of the same epochs, or a number per epoch that grows with wakefulness
//! beside the truth. Shares from 0 to 1; κ from −1 to 1.
//!
//! **Method.** Sensitivity = share of true sleep scored sleep; specificity = share of true wake scored wake;
//! balanced accuracy = their mean; accuracy = share of epochs equal; Cohen's κ = (accuracy − chance) / (1
//! − chance) with chance from the margins. [`area`] is the probability that a wake epoch has a
//! higher number than a sleep epoch, ties half (area under the ROC curve). [`best_threshold`] is
//! the number from which on epochs are called wake so that balanced accuracy is highest; of
//! equals the lowest.
//!
//! **Missing epochs.** An epoch that either scoring leaves open is not compared; the coverage says so.
//!
//! **Validity.** Both states must occur in the truth. Nights are nearly all sleep, so accuracy is high for a
//! scorer that calls everything sleep; balanced accuracy and κ are not.
//!
//! **Versions.** 1.
//!
//! **References.** Cohen J 1960, doi:10.1177/001316446002000104. Menghini L et al. 2021,
//! doi:10.1093/sleep/zsaa170.

use super::scored::State;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::stats::kendall::ranks;

/// Agreement of two scorings.
pub const SCORING_AGREEMENT: Analysis = Analysis {
    id: "scoring_agreement",
    version: 1,
    unit: "1",
    title: "Agreement of a scoring with another",
};

/// Epochs by truth and scoring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Table {
    /// True sleep scored sleep.
    pub sleep_as_sleep: usize,
    /// True sleep scored wake.
    pub sleep_as_wake: usize,
    /// True wake scored sleep.
    pub wake_as_sleep: usize,
    /// True wake scored wake.
    pub wake_as_wake: usize,
}

/// How well a scoring does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Share of true sleep scored sleep.
    pub sensitivity: f64,
    /// Share of true wake scored wake.
    pub specificity: f64,
    /// Mean of the two.
    pub balanced_accuracy: f64,
    /// Share of epochs scored as they are.
    pub accuracy: f64,
    /// Cohen's κ.
    pub kappa: f64,
}

impl Table {
    /// Counts the epochs of two scorings.
    pub fn of(truth: &[Option<State>], scored: &[Option<State>]) -> Self {
        let mut table = Self::default();
        for pair in truth.iter().zip(scored) {
            match pair {
                (Some(State::Sleep), Some(State::Sleep)) => table.sleep_as_sleep += 1,
                (Some(State::Sleep), Some(State::Wake)) => table.sleep_as_wake += 1,
                (Some(State::Wake), Some(State::Sleep)) => table.wake_as_sleep += 1,
                (Some(State::Wake), Some(State::Wake)) => table.wake_as_wake += 1,
                (None, _) | (_, None) => {}
            }
        }
        table
    }

    /// The epochs of both tables.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            sleep_as_sleep: self.sleep_as_sleep + other.sleep_as_sleep,
            sleep_as_wake: self.sleep_as_wake + other.sleep_as_wake,
            wake_as_sleep: self.wake_as_sleep + other.wake_as_sleep,
            wake_as_wake: self.wake_as_wake + other.wake_as_wake,
        }
    }

    /// Number of epochs compared.
    pub fn epochs(&self) -> usize {
        self.sleep_as_sleep + self.sleep_as_wake + self.wake_as_sleep + self.wake_as_wake
    }

    /// The measures of agreement.
    pub fn agreement(&self) -> Result<Agreement, Insufficient> {
        let sleep = self.sleep_as_sleep + self.sleep_as_wake;
        let wake = self.wake_as_sleep + self.wake_as_wake;
        Insufficient::unless("epochs of true sleep and of true wake", 1, sleep.min(wake))?;
        let all = self.epochs() as f64;
        let sensitivity = self.sleep_as_sleep as f64 / sleep as f64;
        let specificity = self.wake_as_wake as f64 / wake as f64;
        let accuracy = (self.sleep_as_sleep + self.wake_as_wake) as f64 / all;
        let called_sleep = (self.sleep_as_sleep + self.wake_as_sleep) as f64 / all;
        let true_sleep = sleep as f64 / all;
        let chance = called_sleep * true_sleep + (1.0 - called_sleep) * (1.0 - true_sleep);
        Ok(Agreement {
            sensitivity,
            specificity,
            balanced_accuracy: f64::midpoint(sensitivity, specificity),
            accuracy,
            kappa: (accuracy - chance) / (1.0 - chance),
        })
    }
}

/// Agreement of a scoring with the truth.
pub fn agreement(truth: &[Option<State>], scored: &[Option<State>]) -> Outcome<Agreement> {
    let table = Table::of(truth, scored);
    let coverage = table.epochs() as f64 / truth.len().max(1) as f64;
    Ok(Measured::new(table.agreement()?, coverage))
}

/// Area under the ROC curve of a number that grows with wakefulness; NaN is left out.
pub fn area(truth: &[State], number: &[f64]) -> Result<f64, Insufficient> {
    let (held, values) = present(truth, number);
    let wake = held.iter().filter(|state| **state == State::Wake).count();
    let sleep = held.len() - wake;
    Insufficient::unless("epochs of true sleep and of true wake", 1, sleep.min(wake))?;
    let ranks = ranks(&values);
    let of_wake = held
        .iter()
        .zip(&ranks)
        .filter(|(state, _)| **state == State::Wake);
    let total: f64 = of_wake.map(|(_, rank)| rank).sum();
    let (wake, sleep) = (wake as f64, sleep as f64);
    Ok((total - wake * (wake + 1.0) / 2.0) / (wake * sleep))
}

/// The number from which on calling epochs wake is most accurate on balance.
pub fn best_threshold(truth: &[State], number: &[f64]) -> Result<f64, Insufficient> {
    let (held, values) = present(truth, number);
    let wake = held.iter().filter(|state| **state == State::Wake).count();
    let sleep = held.len() - wake;
    Insufficient::unless("epochs of true sleep and of true wake", 1, sleep.min(wake))?;
    let mut order: Vec<usize> = (0..held.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut below_sleep, mut below_wake) = (0.0, 0.0);
    let (mut best, mut best_at) = (f64::NEG_INFINITY, values[order[0]]);
    for (place, &index) in order.iter().enumerate() {
        let starts = place == 0 || values[order[place - 1]] < values[index];
        let balanced = below_sleep / sleep as f64 + 1.0 - below_wake / wake as f64;
        if starts && balanced > best + 1e-12 {
            (best, best_at) = (balanced, values[index]);
        }
        match held[index] {
            State::Sleep => below_sleep += 1.0,
            State::Wake => below_wake += 1.0,
        }
    }
    Ok(best_at)
}

fn present(truth: &[State], number: &[f64]) -> (Vec<State>, Vec<f64>) {
    let pairs = truth.iter().copied().zip(number.iter().copied());
    pairs.filter(|(_, value)| !value.is_nan()).unzip()
}

#[cfg(test)]
mod tests {
    use super::State::{Sleep, Wake};
    use super::*;

    /// By hand: 45 and 5 of 50 sleep epochs, 6 and 4 of 10 wake epochs; chance is (5/6)(49/60) +
    /// (1/6)(11/60), accuracy 51/60.
    #[test]
    fn a_table_gives_the_textbook_figures() {
        let table = Table {
            sleep_as_sleep: 45,
            sleep_as_wake: 5,
            wake_as_sleep: 4,
            wake_as_wake: 6,
        };
        let found = table.agreement().unwrap();
        let chance = 5.0 / 6.0 * 49.0 / 60.0 + 11.0 / 360.0;
        assert!((found.sensitivity - 0.9).abs() < 1e-12);
        assert!((found.specificity - 0.6).abs() < 1e-12);
        assert!((found.balanced_accuracy - 0.75).abs() < 1e-12);
        assert!((found.kappa - (0.85 - chance) / (1.0 - chance)).abs() < 1e-12);
        assert_eq!(table.and(&table).epochs(), 120);
    }

    #[test]
    fn open_epochs_are_not_compared() {
        let truth = [Some(Sleep), Some(Wake), None, Some(Sleep)];
        let scored = [Some(Sleep), Some(Wake), Some(Sleep), None];
        let found = agreement(&truth, &scored).unwrap();
        assert!((found.value.kappa - 1.0).abs() < 1e-12);
        assert!((found.coverage - 0.5).abs() < 1e-12);
        assert!(agreement(&truth[..1], &scored[..1]).is_err());
    }

    /// By hand: of the six pairs wake is higher in four and equal in one.
    #[test]
    fn the_area_counts_pairs() {
        let truth = [Sleep, Sleep, Wake, Sleep, Wake];
        let number = [0.0, 1.0, 1.0, 2.0, 5.0];
        assert!((area(&truth, &number).unwrap() - 4.5 / 6.0).abs() < 1e-12);
        // From 1 on: one of three asleep, both awake, 2/3 on balance; from 5: 3/3 and 1/2.
        assert!((best_threshold(&truth, &number).unwrap() - 5.0).abs() < 1e-12);
        assert!(area(&truth[..2], &number[..2]).is_err());
    }
}
