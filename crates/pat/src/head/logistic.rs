//! # Logistic regression with an L2 penalty
//!
//! **What it measures.** The log-odds of a label as a weighted sum of features.
//!
//! **Inputs and units.** Standardised features, labels; weights have no unit.
//!
//! **Method.** Minimises Σ ln(1 + e^{η}) − y·η + (λ/2)·|w|², η = b + w·x, with the intercept b free of
//! penalty, by Newton's method (iteratively reweighted least squares) with halved steps until the
//! gradient is below 1e-9 of the number of rows.
//!
//! **Validity.** λ > 0; both labels present.
//!
//! **Versions.** 1.
//!
//! **References.** le Cessie S, van Houwelingen JC 1992, doi:10.2307/2347628.

use serde::{Deserialize, Serialize};

use super::{loss, sigmoid};
use analysis::maths::least_squares::{cholesky, dot, solve};
use analysis::outcome::Insufficient;

const STEPS_MAX: usize = 100; // Newton needs under twenty; this ends what cannot converge
const HALVINGS_MAX: usize = 30; // a step this small changes nothing
const GRADIENT: f64 = 1e-9; // per row

/// A fitted regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Log-odds where every feature is at its mean.
    intercept: f64,
    /// Change of the log-odds for each deviation of a feature.
    weights: Vec<f64>,
}

impl Logistic {
    /// Log-odds of the label.
    pub fn log_odds(&self, features: &[f64]) -> f64 {
        self.intercept + dot(&self.weights, features)
    }

    /// The weights of the standardised features.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    fn cost(&self, features: &[Vec<f64>], labels: &[bool], penalty: f64) -> f64 {
        let fit: f64 = features
            .iter()
            .zip(labels)
            .map(|(row, &label)| loss(self.log_odds(row), label))
            .sum();
        fit + penalty / 2.0 * dot(&self.weights, &self.weights)
    }
}

/// Fits standardised features to labels.
pub fn train(
    features: &[Vec<f64>],
    labels: &[bool],
    penalty: f64,
) -> Result<Logistic, Insufficient> {
    let positive = labels.iter().filter(|&&label| label).count();
    Insufficient::unless("rows with the label", 1, positive)?;
    Insufficient::unless("rows without the label", 1, labels.len() - positive)?;
    let width = features[0].len();
    let share = positive as f64 / labels.len() as f64;
    let mut model = Logistic {
        intercept: (share / (1.0 - share)).ln(),
        weights: vec![0.0; width],
    };
    let mut cost = model.cost(features, labels, penalty);
    for _ in 0..STEPS_MAX {
        let (gradient, curvature) = slopes(&model, features, labels, penalty);
        let steepest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        if steepest <= GRADIENT * labels.len() as f64 {
            break;
        }
        let Some(factor) = cholesky(&curvature, width + 1) else {
            break;
        };
        let step = solve(&factor, &gradient, width + 1);
        let Some((better, lower)) = along(&model, &step, cost, &|model| {
            model.cost(features, labels, penalty)
        }) else {
            break;
        };
        model = better;
        cost = lower;
    }
    Ok(model)
}

/// The first of ever smaller steps that lowers the cost.
fn along(
    model: &Logistic,
    step: &[f64],
    cost: f64,
    measure: &dyn Fn(&Logistic) -> f64,
) -> Option<(Logistic, f64)> {
    let mut share = 1.0;
    for _ in 0..HALVINGS_MAX {
        let moved = Logistic {
            intercept: model.intercept - share * step[0],
            weights: model
                .weights
                .iter()
                .zip(&step[1..])
                .map(|(weight, step)| weight - share * step)
                .collect(),
        };
        let lower = measure(&moved);
        if lower < cost {
            return Some((moved, lower));
        }
        share /= 2.0;
    }
    None
}

/// Gradient and lower triangle of the second derivatives; the intercept comes first.
fn slopes(
    model: &Logistic,
    features: &[Vec<f64>],
    labels: &[bool],
    penalty: f64,
) -> (Vec<f64>, Vec<f64>) {
    let size = model.weights.len() + 1;
    let mut gradient = vec![0.0; size];
    let mut curvature = vec![0.0; size * size];
    let mut row = vec![1.0; size];
    for (features, &label) in features.iter().zip(labels) {
        row[1..].copy_from_slice(features);
        let probability = sigmoid(model.log_odds(features));
        let error = probability - f64::from(u8::from(label));
        let weight = (probability * (1.0 - probability)).max(1e-12);
        for i in 0..size {
            gradient[i] += error * row[i];
            let scaled = weight * row[i];
            for (sum, value) in curvature[i * size..=i * size + i].iter_mut().zip(&row) {
                *sum += scaled * value;
            }
        }
    }
    for (i, weight) in model.weights.iter().enumerate() {
        gradient[i + 1] += penalty * weight;
        curvature[(i + 1) * size + i + 1] += penalty;
    }
    (gradient, curvature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_an_independent_fit() {
        // scikit-learn 1.9.1: LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-14); C = 1/λ.
        let x = [
            [0.5, 1.2],
            [-1.0, 0.3],
            [1.5, -0.7],
            [0.2, 0.1],
            [-0.4, -1.1],
            [2.0, 0.9],
            [-1.3, -0.2],
            [0.9, 0.4],
        ];
        let features: Vec<Vec<f64>> = x.iter().map(|row| row.to_vec()).collect();
        let labels = [true, false, true, false, false, true, false, true];
        let model = train(&features, &labels, 2.0).expect("both labels");
        let found = [model.intercept, model.weights[0], model.weights[1]];
        let expected = [
            -0.301_345_294_705_625_8,
            0.879_267_409_719_152_3,
            0.344_720_518_531_436_4,
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn separable_rows_do_not_run_away() {
        let features: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i) - 9.5]).collect();
        let labels: Vec<bool> = (0..20).map(|i| i >= 10).collect();
        let model = train(&features, &labels, 1.0).expect("both labels");
        assert!(model.weights[0] > 0.0 && model.weights[0].is_finite());
        let strong = train(&features, &labels, 1e6).expect("both labels");
        assert!(strong.weights[0].abs() < 1e-3);
    }

    #[test]
    fn one_label_alone_is_refused() {
        assert!(train(&[vec![1.0], vec![2.0]], &[true, true], 1.0).is_err());
    }
}
