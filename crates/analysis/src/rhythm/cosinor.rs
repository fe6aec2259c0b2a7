//! # Cosinor
//!
//! **What it measures.** The cosine of a known period that fits a series best: its level (mesor),
//! half its swing (amplitude) and the time of its peak (acrophase).
//!
//! **Inputs and units.** Any series; mesor and amplitude have its unit, times are hours after
//! midnight of the first day.
//!
//! **Method.** y = M + Σₖ Aₖ cos(2πkt/T + φₖ) with t in hours since midnight of the first day is
//! linear in M, βₖ = Aₖ cos φₖ and γₖ = −Aₖ sin φₖ: ordinary least squares. F = ((TSS − RSS)/2K) /
//! (RSS/(n − 1 − 2K)) tests that all amplitudes are zero. Intervals are 95 % by the delta method
//! from s²(XᵀX)⁻¹. [`free_period`] also lets T vary, descending from a start (Levenberg-Marquardt).
//!
//! **Missing epochs.** Missing epochs are left out.
//!
//! **Validity.** More epochs than coefficients, spread over at least one period (a day for the columns of
//! results). Activity is far from a sinusoid with independent errors: intervals and p values are optimistic,
//! and R² says how much of the shape is caught.
//!
//! **Versions.** Cosinor 2 (the columns of results were computed from a part of a day, too, in 1), free period 1.
//!
//! **References.** Cornelissen G 2014, Theor Biol Med Model 11:16, doi:10.1186/1742-4682-11-16.
//! Nelson W et al. 1979, Chronobiologia 6:305.

use std::f64::consts::TAU;

use crate::maths::describe;
use crate::maths::distribution::{f_tail, student_quantile};
use crate::maths::least_squares;
use crate::maths::minimise::{Residuals, descend};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::Series;

/// Cosinor with a fixed period.
pub const COSINOR: Analysis = Analysis {
    id: "cosinor",
    version: 2,
    unit: "input",
    title: "Cosinor",
};
/// Cosinor whose period is estimated too.
pub const COSINOR_FREE_PERIOD: Analysis = Analysis {
    id: "cosinor_free_period",
    version: 1,
    unit: "h",
    title: "Cosinor with free period",
};

const CONFIDENCE_TAIL: f64 = 0.05; // two-sided tail outside the intervals

/// A fitted cosine and its harmonics.
#[derive(Debug, Clone, PartialEq)]
pub struct Cosinor {
    /// Period of the first harmonic in hours.
    pub period_h: f64,
    /// Level around which the curve swings.
    pub mesor: f64,
    /// Standard error of the mesor.
    pub mesor_error: f64,
    /// Harmonics 1, 2, ….
    pub harmonics: Vec<Harmonic>,
    /// Residual sum of squares.
    pub rss: f64,
    /// Share of the variance explained.
    pub r_squared: f64,
    /// Zero-amplitude F statistic.
    pub f: f64,
    /// Probability of that F or more without rhythm.
    pub p: f64,
    /// Number of epochs used.
    pub count: usize,
}

/// One cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Harmonic {
    /// Coefficient of cos(2πkt/T).
    pub beta_cos: f64,
    /// Coefficient of sin(2πkt/T).
    pub beta_sin: f64,
    /// Half the swing.
    pub amplitude: f64,
    /// 95 % interval of the amplitude.
    pub amplitude_interval: (f64, f64),
    /// Standard error of the amplitude.
    pub amplitude_error: f64,
    /// φ in (−π, π].
    pub acrophase_rad: f64,
    /// Standard error of the acrophase in radians.
    pub acrophase_error: f64,
    /// First peak after midnight in hours, less than a period.
    pub peak_h: f64,
    /// Half the width of the 95 % interval of the peak in hours.
    pub peak_margin_h: f64,
}

/// Fits `harmonics` cosines of period `period_h`.
pub fn fit(series: &Series, period_h: f64, harmonics: usize) -> Outcome<Cosinor> {
    let (times, values) = observations(series);
    let fitted = fit_points(&times, &values, period_h, harmonics)?;
    Ok(Measured::new(fitted, series.coverage()))
}

/// Times in hours after midnight of the first day, and values, of the epochs present.
pub fn observations(series: &Series) -> (Vec<f64>, Vec<f64>) {
    let first = f64::from(series.clock_s(0));
    let step = f64::from(series.step_s());
    let present = series
        .values()
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_nan());
    present
        .map(|(index, &value)| ((first + index as f64 * step) / 3600.0, value))
        .unzip()
}

/// Fits `harmonics` cosines of period `period_h` to timed values.
pub fn fit_points(
    times_h: &[f64],
    values: &[f64],
    period_h: f64,
    harmonics: usize,
) -> Result<Cosinor, Insufficient> {
    let columns = 1 + 2 * harmonics;
    Insufficient::unless("epochs that are present", columns + 1, values.len())?;
    let total = describe::squared_deviation(values);
    if total <= 0.0 {
        return Err(Insufficient::constant());
    }
    let row = |index: usize, out: &mut [f64]| {
        out[0] = 1.0;
        for harmonic in 0..harmonics {
            let angle = TAU * (harmonic + 1) as f64 * times_h[index] / period_h;
            let (sine, cosine) = angle.sin_cos();
            out[1 + 2 * harmonic] = cosine;
            out[2 + 2 * harmonic] = sine;
        }
    };
    let solved = least_squares::fit(values, columns, row).ok_or(Insufficient::new(
        "epochs spread over a period",
        columns as f64 + 1.0,
        0.0,
    ))?;
    let freedom = (values.len() - columns) as f64;
    let variance = solved.rss / freedom;
    let margin = student_quantile(CONFIDENCE_TAIL, freedom);
    let f = (total - solved.rss) / (2 * harmonics) as f64 / variance;
    Ok(Cosinor {
        period_h,
        mesor: solved.coefficients[0],
        mesor_error: (variance * solved.inverse[0]).sqrt(),
        harmonics: (0..harmonics)
            .map(|k| harmonic(&solved, columns, k, variance, margin, period_h))
            .collect(),
        rss: solved.rss,
        r_squared: 1.0 - solved.rss / total,
        f,
        p: f_tail(f, (2 * harmonics) as f64, freedom),
        count: values.len(),
    })
}

fn harmonic(
    solved: &least_squares::Fit,
    columns: usize,
    index: usize,
    variance: f64,
    margin: f64,
    period_h: f64,
) -> Harmonic {
    let (c, s) = (1 + 2 * index, 2 + 2 * index);
    let (beta, gamma) = (solved.coefficients[c], solved.coefficients[s]);
    let covariance = |i: usize, j: usize| variance * solved.inverse[i * columns + j];
    let (vcc, vss, vcs) = (covariance(c, c), covariance(s, s), covariance(c, s));
    let amplitude = beta.hypot(gamma);
    let square = amplitude * amplitude;
    let along = (beta * beta * vcc + 2.0 * beta * gamma * vcs + gamma * gamma * vss) / square;
    let across = (gamma * gamma * vcc - 2.0 * beta * gamma * vcs + beta * beta * vss) / square;
    let amplitude_error = along.max(0.0).sqrt();
    let acrophase_error = across.max(0.0).sqrt() / amplitude;
    let own_period = period_h / (index + 1) as f64;
    let acrophase_rad = (-gamma).atan2(beta);
    Harmonic {
        beta_cos: beta,
        beta_sin: gamma,
        amplitude,
        amplitude_interval: (
            amplitude - margin * amplitude_error,
            amplitude + margin * amplitude_error,
        ),
        amplitude_error,
        acrophase_rad,
        acrophase_error,
        peak_h: (-acrophase_rad / TAU * own_period).rem_euclid(own_period),
        peak_margin_h: margin * acrophase_error / TAU * own_period,
    }
}

/// Fits a single cosine whose period is free, descending from `start_h`.
pub fn free_period(series: &Series, start_h: f64) -> Outcome<Cosinor> {
    let (times, values) = observations(series);
    let start = fit_points(&times, &values, start_h, 1)?;
    // Time is centred so that period and phase are nearly uncorrelated and the descent is short.
    let centre = f64::midpoint(times[0], times[times.len() - 1]);
    let first = start.harmonics[0];
    let rate = TAU / start_h;
    let (sine, cosine) = (rate * centre).sin_cos();
    let model = FreePeriod {
        times: &times,
        values: &values,
        centre,
    };
    let seed = [
        start.mesor,
        first.beta_cos * cosine + first.beta_sin * sine,
        first.beta_sin * cosine - first.beta_cos * sine,
        rate,
    ];
    let minimum = descend(&model, seed);
    let fitted = fit_points(&times, &values, TAU / minimum.parameters[3], 1)?;
    Ok(Measured::new(fitted, series.coverage()))
}

struct FreePeriod<'a> {
    times: &'a [f64],
    values: &'a [f64],
    centre: f64,
}

impl Residuals<4> for FreePeriod<'_> {
    fn each(&self, parameters: &[f64; 4], mut take: impl FnMut(f64, [f64; 4])) {
        let [mesor, beta, gamma, rate] = *parameters;
        for (time, value) in self.times.iter().zip(self.values) {
            let time = time - self.centre;
            let (sine, cosine) = (rate * time).sin_cos();
            let turn = time * (gamma * cosine - beta * sine);
            take(
                mesor + beta * cosine + gamma * sine - value,
                [1.0, cosine, sine, turn],
            );
        }
    }

    fn bounds(&self) -> [(f64, f64); 4] {
        let any = (f64::NEG_INFINITY, f64::INFINITY);
        [any, any, any, (1e-6, f64::INFINITY)]
    }
}
