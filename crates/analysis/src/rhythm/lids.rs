//! # Locomotor inactivity during sleep (LIDS)
//!
//! **What it measures.** The ultradian rhythm of stillness within a sleep bout, a shadow of the
//! NREM-REM cycle.
//!
//! **Inputs and units.** Activity counts of one sleep bout in ten-minute sums; the period is
//! minutes, the rhythmicity index has the unit of LIDS (0 to 100).
//!
//! **Method.** LIDS = 100 / (x + 1) of each ten-minute sum, smoothed by a centred mean of three
//! bins (shorter at the ends). For every period T a cosine o + A cos(2πt/T + φ) is fitted; the
//! Munich rhythmicity index is r · 2A with r the correlation of fit and data. The period with the
//! greatest index is reported.
//!
//! **Missing epochs.** A missing epoch counts as still, so bouts with gaps should not be given.
//!
//! **Validity.** Bouts of 3 to 12 hours. A fit whose crest exceeds 100 is impossible and is held at 100.
//!
//! **Population.** More than 16,000 sleep bouts of 573 people in daily life, wrist devices, shift workers among them
//! (Winnebeck 2018). Age and shift work changed amplitude and decline, not the period; sleep disorders were not
//! studied.
//!
//! **Versions.** 2 (1 took other nights: see nights).
//!
//! **References.** Winnebeck EC et al. 2018, Curr Biol 28:49, doi:10.1016/j.cub.2017.11.063.

use std::f64::consts::TAU;

use crate::maths::describe;
use crate::maths::least_squares;
use crate::maths::window::moving_mean;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{Combine, Ends, MINUTE_S, Origin, Series};

/// Locomotor inactivity during sleep.
pub const LIDS: Analysis = Analysis {
    id: "lids_period",
    version: 2,
    unit: "min",
    title: "Ultradian period of inactivity in sleep",
};

/// Length of a bin in minutes.
pub const BIN_MIN: u32 = 10;
const SMOOTH_EACH_SIDE: usize = 1; // three bins, half an hour
const CREST: f64 = 100.0; // the greatest value LIDS can have
const GOLDEN: f64 = 0.618_033_988_749_894_8; // share of a golden section
const SECTIONS: u32 = 80; // as many leave nothing of the range but rounding

/// A cosine fitted to the inactivity of a bout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Period in minutes.
    pub period_min: f64,
    /// Half the swing.
    pub amplitude: f64,
    /// Phase at the first bin in (−π, π].
    pub phase_rad: f64,
    /// Level.
    pub offset: f64,
    /// Correlation of fit and data.
    pub correlation: f64,
    /// Munich rhythmicity index.
    pub rhythmicity: f64,
}

/// Inactivity of a bout in ten-minute bins of the clock, smoothed.
pub fn inactivity(bout: &Series) -> Outcome<Vec<f64>> {
    let binned = bout.resampled(
        BIN_MIN * MINUTE_S,
        Origin::Midnight,
        Ends::Partial,
        Combine::SumMissingAsZero,
    )?;
    let raw: Vec<f64> = binned
        .values()
        .iter()
        .map(|sum| 100.0 / (sum + 1.0))
        .collect();
    let smooth = moving_mean(&raw, SMOOTH_EACH_SIDE, SMOOTH_EACH_SIDE, 1);
    Ok(Measured::new(smooth, bout.coverage()))
}

/// The cosine with the greatest rhythmicity among periods `[from, until)` minutes in steps.
pub fn rhythm(
    inactivity: &[f64],
    from_min: u32,
    until_min: u32,
    step_min: u32,
) -> Result<Rhythm, Insufficient> {
    Insufficient::unless("ten-minute bins", 18, inactivity.len())?;
    if describe::squared_deviation(inactivity) <= 0.0 {
        return Err(Insufficient::constant());
    }
    let mut best: Option<Rhythm> = None;
    let mut period = from_min;
    while period < until_min {
        if let Some(found) = at_period(inactivity, f64::from(period))
            && best.is_none_or(|known| found.rhythmicity > known.rhythmicity)
        {
            best = Some(found);
        }
        period += step_min.max(1);
    }
    best.ok_or(Insufficient::new("periods to try", 1.0, 0.0))
}

fn at_period(values: &[f64], period_min: f64) -> Option<Rhythm> {
    let turn = TAU * f64::from(BIN_MIN) / period_min;
    let circle: Vec<(f64, f64)> = (0..values.len())
        .map(|index| (turn * index as f64).sin_cos())
        .collect();
    let row = |index: usize, out: &mut [f64]| {
        let (sine, cosine) = circle[index];
        out.copy_from_slice(&[1.0, cosine, sine]);
    };
    let solved = least_squares::fit(values, 3, row)?;
    let mut offset = solved.coefficients[0];
    let mut amplitude = solved.coefficients[1].hypot(solved.coefficients[2]);
    let mut phase = (-solved.coefficients[2]).atan2(solved.coefficients[1]);
    if offset + amplitude > CREST {
        (offset, amplitude, phase) = held_at_crest(values, &circle, phase)?;
    }
    let curve: Vec<f64> = shifted(&circle, phase)
        .map(|cosine| offset + amplitude * cosine)
        .collect();
    let correlation = describe::line(values, &curve).correlation;
    Some(Rhythm {
        period_min,
        amplitude,
        phase_rad: phase,
        offset,
        correlation,
        rhythmicity: correlation * 2.0 * amplitude,
    })
}

/// cos(angle + phase) of every bin, from the sines and cosines of the angles.
fn shifted(circle: &[(f64, f64)], phase: f64) -> impl Iterator<Item = f64> {
    let (sine_of_phase, cosine_of_phase) = phase.sin_cos();
    circle
        .iter()
        .map(move |(sine, cosine)| cosine * cosine_of_phase - sine * sine_of_phase)
}

/// The best cosine whose crest is exactly 100: for a given phase the amplitude is closed form, the
/// phase is found by golden section around the free optimum.
fn held_at_crest(values: &[f64], circle: &[(f64, f64)], phase: f64) -> Option<(f64, f64, f64)> {
    let mut dips = vec![0.0; values.len()];
    let mut solve = |phase: f64| {
        let (mut top, mut bottom) = (0.0, 0.0);
        for ((dip, cosine), value) in dips.iter_mut().zip(shifted(circle, phase)).zip(values) {
            *dip = 1.0 - cosine;
            top += *dip * (CREST - value);
            bottom += *dip * *dip;
        }
        let amplitude = top / bottom;
        let square = |(dip, value): (&f64, &f64)| (CREST - amplitude * dip - value).powi(2);
        let rss: f64 = dips.iter().zip(values).map(square).sum();
        (rss, amplitude)
    };
    let (mut low, mut high) = (phase - 1.0, phase + 1.0);
    for _ in 0..SECTIONS {
        let left = high - GOLDEN * (high - low);
        let right = low + GOLDEN * (high - low);
        if solve(left).0 < solve(right).0 {
            high = right;
        } else {
            low = left;
        }
    }
    let phase = f64::midpoint(low, high);
    let (rss, amplitude) = solve(phase);
    rss.is_finite()
        .then_some((CREST - amplitude, amplitude, phase))
}
