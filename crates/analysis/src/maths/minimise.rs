//! Nonlinear least squares after Levenberg (1944) and Marquardt (1963), within a box.

use super::least_squares::{cholesky, solve};

const MOST_STEPS: usize = 500; // bound on accepted and refused steps together
const CONVERGED: f64 = 1e-15; // relative fall of the residual sum at which the search ends

/// A model of N parameters whose residuals are to be made small.
pub trait Residuals<const N: usize> {
    /// Gives prediction − observation of every observation in turn, and its derivatives by each parameter.
    fn each(&self, parameters: &[f64; N], take: impl FnMut(f64, [f64; N]));
    /// Least and greatest value of each parameter.
    fn bounds(&self) -> [(f64, f64); N];
}

/// Parameters of a local minimum and its residual sum of squares.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum<const N: usize> {
    /// Parameter values.
    pub parameters: [f64; N],
    /// Residual sum of squares there.
    pub rss: f64,
}

/// Descends from `start` to a local minimum. A parameter at a bound over which the descent leads is held there, so
/// that the others go on.
pub fn descend<const N: usize>(model: &impl Residuals<N>, start: [f64; N]) -> Minimum<N> {
    let bounds = model.bounds();
    let within = |parameters: [f64; N]| -> [f64; N] {
        std::array::from_fn(|i| parameters[i].clamp(bounds[i].0, bounds[i].1))
    };
    let mut parameters = within(start);
    let mut damping = 1e-3;
    let mut state = linearise(model, &parameters);
    let mut settled = 0;
    for _ in 0..MOST_STEPS {
        let mut damped = state.normal;
        let is_held: [bool; N] = std::array::from_fn(|i| {
            let leads_down = parameters[i] <= bounds[i].0 && state.gradient[i] > 0.0;
            leads_down || (parameters[i] >= bounds[i].1 && state.gradient[i] < 0.0)
        });
        for (i, row) in damped.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                if is_held[i] || is_held[j] {
                    *value = f64::from(u8::from(i == j));
                }
            }
            row[i] *= 1.0 + damping;
            row[i] += 1e-300;
        }
        let Some(factor) = cholesky(damped.as_flattened(), N) else {
            damping *= 10.0;
            if damping > 1e16 {
                break;
            }
            continue;
        };
        let slope: [f64; N] =
            std::array::from_fn(|i| if is_held[i] { 0.0 } else { state.gradient[i] });
        let step = solve(&factor, &slope, N);
        let candidate = within(std::array::from_fn(|i| parameters[i] - step[i]));
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

struct Linearised<const N: usize> {
    rss: f64,
    gradient: [f64; N],
    normal: [[f64; N]; N],
}

fn linearise<const N: usize>(model: &impl Residuals<N>, parameters: &[f64; N]) -> Linearised<N> {
    let mut state = Linearised {
        rss: 0.0,
        gradient: [0.0; N],
        normal: [[0.0; N]; N],
    };
    model.each(parameters, |residual, derivative| {
        state.rss += residual * residual;
        for i in 0..N {
            state.gradient[i] += derivative[i] * residual;
            for j in 0..=i {
                state.normal[i][j] += derivative[i] * derivative[j];
            }
        }
    });
    state
}
