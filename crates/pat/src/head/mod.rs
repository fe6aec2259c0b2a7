//! # Heads on frozen embeddings
//!
//! **What it measures.** How well a label of a person can be told from the person's weeks, and the
//! small model that tells it.
//!
//! **Inputs and units.** One row of features for each week (an embedding, or plain rhythm measures),
//! the person it belongs to and the person's label; the result is a probability from 0 to 1.
//!
//! **Method.** Features are standardised on the training rows. [`logistic`]: logistic regression with
//! an L2 penalty. [`network`]: dropout, 128 rectified units, one sigmoid unit, as the paper's head.
//! A person's probability is the sigmoid of the mean log-odds of the person's weeks.
//! [`evaluate`] measures by nested cross-validation with people, never weeks, kept apart.
//!
//! **Missing epochs.** Weeks that are `Insufficient` have no row. A row with a missing feature is
//! refused.
//!
//! **Validity.** Ten people of each label at least. The figures hold for people like those measured,
//! with the same device, place of wear and scaler. A head is no diagnosis.
//!
//! **Versions.** 1.
//!
//! **References.** Ruan FY et al. 2024, arXiv:2411.15240. Hoerl AE, Kennard RW 1970,
//! doi:10.1080/00401706.1970.10488634 (the penalty). Kingma DP, Ba J 2014, arXiv:1412.6980 (the
//! optimiser of the network). Varma S, Simon R 2006, doi:10.1186/1471-2105-7-91 (nested
//! cross-validation).

pub mod evaluate;
pub mod folds;
pub mod logistic;
pub mod network;

use serde::{Deserialize, Serialize};

use analysis::outcome::Insufficient;

/// People of each label that a head needs.
pub const PEOPLE: usize = 10;

/// One week of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the person; weeks of one person share it and their label.
    pub person: usize,
    /// The features; of the same length in every row.
    pub features: Vec<f64>,
    /// Whether the person has the label.
    pub label: bool,
}

/// Which head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Logistic regression.
    Logistic,
    /// The small network of the paper.
    Network,
}

/// Mean and deviation of each feature over the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standard {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// A trained head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    standard: Standard,
    model: Model,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Model {
    Logistic(logistic::Logistic),
    Network(network::Network),
}

impl Head {
    /// Trains a head on rows; `penalty` is the L2 penalty, `seed` decides what is chance in it.
    pub fn train(rows: &[&Row], kind: Kind, penalty: f64, seed: u64) -> Result<Self, Insufficient> {
        let first = rows
            .first()
            .ok_or_else(|| Insufficient::new("rows", 1.0, 0.0))?;
        let width = first.features.len();
        let whole = rows.iter().filter(|row| {
            row.features.len() == width && row.features.iter().all(|value| value.is_finite())
        });
        Insufficient::unless("rows without missing features", rows.len(), whole.count())?;
        let standard = Standard::of(rows, width);
        let features: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| standard.apply(&row.features))
            .collect();
        let labels: Vec<bool> = rows.iter().map(|row| row.label).collect();
        let model = match kind {
            Kind::Logistic => Model::Logistic(logistic::train(&features, &labels, penalty)?),
            Kind::Network => Model::Network(network::train(&features, &labels, penalty, seed)),
        };
        Ok(Self { standard, model })
    }

    /// Log-odds of the label for one row of features; None unless it has as many as the head.
    pub fn log_odds(&self, features: &[f64]) -> Option<f64> {
        if features.len() != self.standard.mean.len() || features.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let scaled = self.standard.apply(features);
        Some(match &self.model {
            Model::Logistic(model) => model.log_odds(&scaled),
            Model::Network(model) => model.log_odds(&scaled),
        })
    }

    /// Number of features that the head reads.
    pub fn width(&self) -> usize {
        self.standard.mean.len()
    }

    /// Which head it is.
    pub const fn kind(&self) -> Kind {
        match self.model {
            Model::Logistic(_) => Kind::Logistic,
            Model::Network(_) => Kind::Network,
        }
    }
}

impl Standard {
    fn of(rows: &[&Row], width: usize) -> Self {
        let count = rows.len() as f64;
        let mut mean = vec![0.0; width];
        for row in rows {
            for (mean, value) in mean.iter_mut().zip(&row.features) {
                *mean += value / count;
            }
        }
        let mut deviation = vec![0.0; width];
        for row in rows {
            for ((square, value), mean) in deviation.iter_mut().zip(&row.features).zip(&mean) {
                *square += (value - mean).powi(2) / count;
            }
        }
        for value in &mut deviation {
            *value = value.sqrt();
        }
        Self { mean, deviation }
    }

    /// Standardises; a feature that never varied is 0.
    fn apply(&self, features: &[f64]) -> Vec<f64> {
        features
            .iter()
            .zip(&self.mean)
            .zip(&self.deviation)
            .map(|((value, mean), &deviation)| {
                // Relative to its size, what is left of a constant is rounding.
                if deviation > 1e-12 * mean.abs().max(1e-300) {
                    (value - mean) / deviation
                } else {
                    0.0
                }
            })
            .collect()
    }
}

/// 1 / (1 + e^−x).
pub fn sigmoid(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + (-log_odds).exp())
    } else {
        let odds = log_odds.exp();
        odds / (1.0 + odds)
    }
}

/// ln(1 + e^x) − y·x: the loss of one prediction.
fn loss(log_odds: f64, label: bool) -> f64 {
    let softplus = log_odds.max(0.0) + (-log_odds.abs()).exp().ln_1p();
    softplus - if label { log_odds } else { 0.0 }
}
