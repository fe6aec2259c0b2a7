//! # Angle of the arm
//!
//! **What it measures.** The angle between the device's z axis (at the wrist: perpendicular to the
//! skin) and the horizontal plane; it changes when the posture of the arm does.
//!
//! **Inputs and units.** Calibrated raw acceleration in g; degrees in [−90, 90], one per epoch.
//!
//! **Method.** φ = (180/π) atan(z / √(x² + y²)). `angle_z` is the epoch's mean of the samples'
//! angles; `angle_z_of_medians` the angle of the epoch's median of each axis, which single knocks do
//! not move. The arc tangent is a rational approximation after reduction to |t| ≤ tan(π/8)
//! (error below 1e-15), so that it runs in vectors.
//!
//! **Missing epochs.** An epoch with less than the stated share of its samples, or with a sample of
//! exactly no acceleration on all three axes, is missing.
//!
//! **Validity.** While the device accelerates much the angle is not that of gravity. Sustained
//! inactivity and the sleep period ([`crate::score::angle`]) want 5-second epochs.
//!
//! **Versions.** 1. `angle_z` equals scikit-digital-health 0.17. van Hees 2015 and GGIR take a rolling
//! 5-second median of each axis before the angle of each sample; with 5-second epochs
//! `angle_z_of_medians` is its value at the middle of the epoch.
//!
//! **References.** van Hees VT et al. 2015, `PLoS` ONE 10:e0142533, doi:10.1371/journal.pone.0142533.
//! Moshier SL 1989, Methods and Programs for Mathematical Functions (arc tangent).

use crate::method::Analysis;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// Mean of the samples' angles.
pub const ANGLE_Z: Analysis = Analysis {
    id: "angle_z",
    version: 1,
    unit: "deg",
    title: "Angle of the z axis to the horizontal",
};
/// Angle of the median axes.
pub const ANGLE_Z_OF_MEDIANS: Analysis = Analysis {
    id: "angle_z_of_medians",
    version: 1,
    unit: "deg",
    title: "Angle of the z axis from the medians of the axes",
};

const LANES: usize = 8;

/// Mean over an epoch of the samples' angles in degrees.
pub fn angle_deg(x: &[f64], y: &[f64], z: &[f64]) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let (xs, x_rest) = x.as_chunks::<LANES>();
    let (ys, y_rest) = y.as_chunks::<LANES>();
    let (zs, z_rest) = z.as_chunks::<LANES>();
    for ((x, y), z) in xs.iter().zip(ys).zip(zs) {
        for k in 0..LANES {
            lanes[k] += elevation(x[k], y[k], z[k]);
        }
    }
    let mut total: f64 = lanes.iter().sum();
    for ((&x, &y), &z) in x_rest.iter().zip(y_rest).zip(z_rest) {
        total += elevation(x, y, z);
    }
    (total / z.len() as f64).to_degrees()
}

/// Angle in degrees of the medians of an epoch's axes.
pub fn angle_of_medians_deg(x: &[f64], y: &[f64], z: &[f64]) -> f64 {
    let mut held = Vec::with_capacity(x.len());
    let mut median = |axis: &[f64]| {
        held.clear();
        held.extend_from_slice(axis);
        let half = held.len() / 2;
        let (below, &mut upper, _) = held.select_nth_unstable_by(half, f64::total_cmp);
        if axis.len().is_multiple_of(2) {
            let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            f64::midpoint(lower, upper)
        } else {
            upper
        }
    };
    let (x, y, z) = (median(x), median(y), median(z));
    (z / x.hypot(y)).atan().to_degrees()
}

/// The angle of one sample in radians; NaN where there is no acceleration at all.
#[inline]
fn elevation(x: f64, y: f64, z: f64) -> f64 {
    let level = (x * x + y * y).sqrt();
    let rise = z.abs();
    let (low, high) = (rise.min(level), rise.max(level));
    let angle = atan_of_ratio(low, high);
    let angle = if rise > level {
        FRAC_PI_2 - angle
    } else {
        angle
    };
    angle.copysign(z)
}

/// atan(low / high) for 0 ≤ low ≤ high.
#[inline]
fn atan_of_ratio(low: f64, high: f64) -> f64 {
    const TAN_PI_8: f64 = 0.414_213_562_373_095_03;
    let steep = low > TAN_PI_8 * high;
    // tan(a − π/4) = (low − high) / (low + high)
    let (top, bottom) = if steep {
        (low - high, low + high)
    } else {
        (low, high)
    };
    let base = if steep { FRAC_PI_4 } else { 0.0 };
    let t = top / bottom;
    let s = t * t;
    // Rational approximation of Cephes (Moshier 1989) on |t| ≤ tan(π/8).
    let p = (((-8.750_608_600_031_904e-1 * s - 1.615_753_718_733_365_2e1) * s
        - 7.500_855_792_314_705e1)
        * s
        - 1.228_866_684_490_136_1e2)
        * s
        - 6.485_021_904_942_025e1;
    let q = ((((s + 2.485_846_490_142_306_4e1) * s + 1.650_270_098_316_988_7e2) * s
        + 4.328_810_604_912_903e2)
        * s
        + 4.853_903_996_359_137e2)
        * s
        + 1.945_506_571_482_614e2;
    base + (t + t * (s * p / q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_angle_is_the_arc_tangent() {
        for step in -4000_i32..=4000 {
            let turn = f64::from(step) * FRAC_PI_2 / 4000.0;
            let (level, z) = (2.0 * turn.cos(), 2.0 * turn.sin());
            let plain = (z / (level * level).sqrt()).atan();
            let found = elevation(level * 0.6, level * 0.8, z);
            assert!(
                (found - plain).abs() < 4e-16 * (1.0 + 4.0 * plain.abs()),
                "{turn}"
            );
        }
        assert!(elevation(0.0, 0.0, 0.0).is_nan());
        assert!(elevation(0.0, 0.0, -1.0) + FRAC_PI_2 == 0.0);
    }

    #[test]
    fn medians_ignore_a_knock() {
        let mut z = vec![1.0; 500];
        z[77] = -8.0;
        let angle = angle_of_medians_deg(&vec![0.0; 500], &vec![0.0; 500], &z);
        assert!((angle - 90.0).abs() < 1e-12);
        assert!(angle_deg(&vec![1e-9; 500], &vec![0.0; 500], &z) < 89.7);
    }
}
