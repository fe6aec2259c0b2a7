//! # The small network
//!
//! **What it measures.** The log-odds of a label by one hidden layer.
//!
//! **Inputs and units.** Standardised features, labels; weights have no unit.
//!
//! **Method.** Dropout of a tenth of the features, 128 rectified units, one linear unit whose sigmoid
//! is the probability; cross-entropy with weight decay λ/n, minimised by Adam (Kingma and Ba 2014: step
//! 1e-3, β 0.9 and 0.999, ε 1e-8) over 60 rounds of batches of 16 in seeded order. Weights begin as He
//! et al. 2015 propose.
//!
//! **Validity.** As [`super`]; dropout is for training only.
//!
//! **Versions.** 1.
//!
//! **References.** Kingma DP, Ba J 2014, arXiv:1412.6980. Srivastava N et al. 2014, J Mach Learn Res
//! 15:1929 (dropout). He K et al. 2015, doi:10.1109/ICCV.2015.123.

use serde::{Deserialize, Serialize};

use super::sigmoid;
use analysis::maths::chance::Chance;
use analysis::maths::least_squares::dot;

const HIDDEN: usize = 128; // units
const DROPOUT: f64 = 0.1; // share of the features left out of each training row
const ROUNDS: usize = 60; // times that every row is seen
const BATCH: usize = 16; // rows
const STEP: f64 = 1e-3; // Adam
const BETA_MEAN: f64 = 0.9; // Adam
const BETA_SQUARE: f64 = 0.999; // Adam
const EPSILON: f64 = 1e-8; // Adam

/// A trained network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    width: usize,
    /// One value for each of: hidden weights (unit by unit), hidden biases, output weights, output bias.
    parameters: Vec<f64>,
}

impl Network {
    /// A network that was trained elsewhere: the weights of 128 hidden units (unit by unit), their
    /// biases, the weights of the output and its bias; None unless they fit together.
    pub fn from_parts(hidden: &[f64], biases: &[f64], output: &[f64], bias: f64) -> Option<Self> {
        let fits = biases.len() == HIDDEN && output.len() == HIDDEN;
        if !fits || hidden.is_empty() || !hidden.len().is_multiple_of(HIDDEN) {
            return None;
        }
        Some(Self {
            width: hidden.len() / HIDDEN,
            parameters: [hidden, biases, output, &[bias]].concat(),
        })
    }

    /// Log-odds of the label.
    pub fn log_odds(&self, features: &[f64]) -> f64 {
        self.forward(features, &mut vec![0.0; HIDDEN])
    }

    fn forward(&self, features: &[f64], hidden: &mut [f64]) -> f64 {
        let (weights, rest) = self.parameters.split_at(HIDDEN * self.width);
        let (biases, output) = rest.split_at(HIDDEN);
        let mut log_odds = output[HIDDEN];
        for unit in 0..HIDDEN {
            let inputs = &weights[unit * self.width..(unit + 1) * self.width];
            hidden[unit] = (dot(inputs, features) + biases[unit]).max(0.0);
            log_odds += hidden[unit] * output[unit];
        }
        log_odds
    }

    /// Adds the gradient of one row's loss.
    fn backward(&self, features: &[f64], hidden: &[f64], error: f64, gradient: &mut [f64]) {
        let weights = HIDDEN * self.width;
        let output = weights + HIDDEN;
        gradient[output + HIDDEN] += error;
        for unit in 0..HIDDEN {
            gradient[output + unit] += error * hidden[unit];
            if hidden[unit] <= 0.0 {
                continue;
            }
            let share = error * self.parameters[output + unit];
            gradient[weights + unit] += share;
            let inputs = &mut gradient[unit * self.width..(unit + 1) * self.width];
            for (slope, value) in inputs.iter_mut().zip(features) {
                *slope += share * value;
            }
        }
    }
}

/// Trains on standardised features.
pub fn train(features: &[Vec<f64>], labels: &[bool], penalty: f64, seed: u64) -> Network {
    let mut chance = Chance::new(seed);
    let width = features.first().map_or(0, Vec::len);
    let mut network = begin(width, &mut chance);
    let decay = penalty / labels.len().max(1) as f64;
    let mut moments = Moments::new(network.parameters.len());
    let mut order: Vec<usize> = (0..labels.len()).collect();
    let mut hidden = vec![0.0; HIDDEN];
    let mut gradient = vec![0.0; network.parameters.len()];
    for _ in 0..ROUNDS {
        chance.shuffle(&mut order);
        for batch in order.chunks(BATCH) {
            gradient.fill(0.0);
            for &row in batch {
                let seen = dropped(&features[row], &mut chance);
                let log_odds = network.forward(&seen, &mut hidden);
                let error = sigmoid(log_odds) - f64::from(u8::from(labels[row]));
                network.backward(&seen, &hidden, error / batch.len() as f64, &mut gradient);
            }
            for (slope, weight) in gradient.iter_mut().zip(&network.parameters) {
                *slope += decay * weight;
            }
            moments.step(&mut network.parameters, &gradient);
        }
    }
    network
}

fn begin(width: usize, chance: &mut Chance) -> Network {
    let into_hidden = (2.0 / width.max(1) as f64).sqrt();
    let into_output = (2.0 / HIDDEN as f64).sqrt();
    let mut parameters = Vec::with_capacity(HIDDEN * (width + 2) + 1);
    parameters.extend((0..HIDDEN * width).map(|_| chance.normal() * into_hidden));
    parameters.extend([0.0; HIDDEN]);
    parameters.extend((0..HIDDEN).map(|_| chance.normal() * into_output));
    parameters.push(0.0);
    Network { width, parameters }
}

/// The row with a tenth of its features left out, the others raised to make up for it.
fn dropped(features: &[f64], chance: &mut Chance) -> Vec<f64> {
    features
        .iter()
        .map(|value| {
            if chance.share() < DROPOUT {
                0.0
            } else {
                value / (1.0 - DROPOUT)
            }
        })
        .collect()
}

/// The running moments of Adam.
struct Moments {
    mean: Vec<f64>,
    square: Vec<f64>,
    steps: i32,
}

impl Moments {
    fn new(count: usize) -> Self {
        Self {
            mean: vec![0.0; count],
            square: vec![0.0; count],
            steps: 0,
        }
    }

    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.steps += 1;
        let mean_bias = 1.0 - BETA_MEAN.powi(self.steps);
        let square_bias = 1.0 - BETA_SQUARE.powi(self.steps);
        for (((parameter, slope), mean), square) in parameters
            .iter_mut()
            .zip(gradient)
            .zip(&mut self.mean)
            .zip(&mut self.square)
        {
            *mean = BETA_MEAN * *mean + (1.0 - BETA_MEAN) * slope;
            *square = BETA_SQUARE * *square + (1.0 - BETA_SQUARE) * slope * slope;
            *parameter -= STEP * (*mean / mean_bias) / ((*square / square_bias).sqrt() + EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::loss;
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let mut chance = Chance::new(5);
        let network = begin(3, &mut chance);
        let row = [0.3, -1.2, 0.7];
        let mut hidden = vec![0.0; HIDDEN];
        let log_odds = network.forward(&row, &mut hidden);
        let mut gradient = vec![0.0; network.parameters.len()];
        network.backward(&row, &hidden, sigmoid(log_odds) - 1.0, &mut gradient);
        for index in (0..network.parameters.len()).step_by(17) {
            let cost = |by: f64| {
                let mut moved = network.clone();
                moved.parameters[index] += by;
                loss(moved.log_odds(&row), true)
            };
            let slope = (cost(1e-6) - cost(-1e-6)) / 2e-6;
            assert!((slope - gradient[index]).abs() < 1e-6, "parameter {index}");
        }
    }

    #[test]
    fn learns_what_no_line_can_separate() {
        let mut chance = Chance::new(11);
        let features: Vec<Vec<f64>> = (0..400)
            .map(|_| vec![chance.normal(), chance.normal()])
            .collect();
        let labels: Vec<bool> = features.iter().map(|row| row[0] * row[1] > 0.0).collect();
        let network = train(&features, &labels, 1e-3, 2);
        let right = features
            .iter()
            .zip(&labels)
            .filter(|(row, label)| (network.log_odds(row) > 0.0) == **label)
            .count();
        assert!(right > 360, "{right} of 400");
        assert_eq!(
            network,
            train(&features, &labels, 1e-3, 2),
            "the seed decides"
        );
    }
}
