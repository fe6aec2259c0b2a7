//! Nonlinear least squares after Levenberg (1944) and Marquardt (1963), within a box.

use super::least_squares::{cholesky, solve};

const MOST_STEPS: usize = 500; // bound on accepted and refused steps together
const CONVERGED: f64 = 1e-15; // relative fall of the residual sum at which the search ends

/// A model whose residuals are to be made small.
pub trait Residuals {
    /// Number of observations.
    fn count(&self) -> usize;
    /// Writes prediction − observation at `index` and its derivatives by each parameter.
    fn at(&self, index: usize, parameters: &[f64], gradient: &mut [f64]) -> f64;
    /// Moves parameters back into their permitted region.
    fn restrict(&self, parameters: &mut [f64]);
}

/// Parameters of a local minimum and its residual sum of squares.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Parameter values.
    pub parameters: Vec<f64>,
    /// Residual sum of squares there.
    pub rss: f64,
}

/// Descends from `start` to a local minimum.
pub fn descend(model: &dyn Residuals, start: &[f64]) -> Minimum {
    let size = start.len();
    let mut parameters = start.to_vec();
    model.restrict(&mut parameters);
    let mut damping = 1e-3;
    let mut state = linearise(model, &parameters);
    let mut settled = 0;
    for _ in 0..MOST_STEPS {
        let mut damped = state.normal.clone();
        for i in 0..size {
            damped[i * size + i] *= 1.0 + damping;
            damped[i * size + i] += 1e-300;
        }
        let Some(factor) = cholesky(&damped, size) else {
            damping *= 10.0;
            if damping > 1e16 {
                break;
            }
            continue;
        };
        let step = solve(&factor, &state.gradient, size);
        let mut candidate: Vec<f64> = parameters
            .iter()
            .zip(&step)
            .map(|(value, change)| value - change)
            .collect();
        model.restrict(&mut candidate);
        let next = linearise(model, &candidate);
        if next.rss <= state.rss {
            let fall = (state.rss - next.rss) / state.rss.max(f64::MIN_POSITIVE);
            parameters = candidate;
            state = next;
            damping = (damping / 10.0).max(1e-12);
            settled = if fall < CONVERGED { settled + 1 } else { 0 };
            if settled >= 3 {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e16 {
                break;
            }
        }
    }
    Minimum {
        parameters,
        rss: state.rss,
    }
}

struct Linearised {
    rss: f64,
    gradient: Vec<f64>,
    normal: Vec<f64>,
}

fn linearise(model: &dyn Residuals, parameters: &[f64]) -> Linearised {
    let size = parameters.len();
    let mut derivative = vec![0.0; size];
    let mut state = Linearised {
        rss: 0.0,
        gradient: vec![0.0; size],
        normal: vec![0.0; size * size],
    };
    for index in 0..model.count() {
        let residual = model.at(index, parameters, &mut derivative);
        state.rss += residual * residual;
        for i in 0..size {
            state.gradient[i] += derivative[i] * residual;
            for j in 0..=i {
                state.normal[i * size + j] += derivative[i] * derivative[j];
            }
        }
    }
    state
}
