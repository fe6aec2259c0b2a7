//! # Cadence bands
//!
//! **What it measures.** How a day's minutes divide into bands of walking cadence, and the best
//! minutes of walking.
//!
//! **Inputs and units.** Steps per minute, one value per minute. Minutes; steps per minute.
//!
//! **Method.** Bands: 0 none, 1–19 incidental, 20–39 sporadic, 40–59 purposeful, 60–79 slow, 80–99
//! medium, 100–119 brisk, 120 and more faster. From 100 steps/min walking is moderate (3 MET), from
//! 130 vigorous (6 MET) in adults (Tudor-Locke 2018). Peak cadence of n minutes = mean of the n
//! highest minutes, not necessarily consecutive (Tudor-Locke 2012).
//!
//! **Missing epochs.** They are in no band; a minute with a device and without steps must be 0.
//!
//! **Validity.** Minutes that were counted, not spread out: samples of a phone that cover several
//! minutes have no cadence. A peak of n minutes needs n minutes present, bands one; ten hours of
//! wear are customary. The limits of 100 and 130 are for adults of 21 to 60 years on the flat.
//!
//! **Population.** Adults walking in laboratories, most of them healthy and young or middle-aged (Tudor-Locke 2018);
//! the bands of daily life come from NHANES 2005-2006 at the hip (Tudor-Locke 2011). Old people, short legs and
//! walking aids reach the same effort at other cadences.
//!
//! **Versions.** 1.
//!
//! **References.** Tudor-Locke C et al. 2011, doi:10.1016/j.ypmed.2011.06.004. Tudor-Locke C et al.
//! 2012, doi:10.1123/jpah.9.8.1125. Tudor-Locke C et al. 2018,
//! doi:10.1136/bjsports-2017-097628.

use crate::maths::describe::{mean, present};
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{MINUTE_S, Series};

/// Minutes in cadence bands.
pub const CADENCE_BANDS: Analysis = Analysis {
    id: "cadence_bands",
    version: 1,
    unit: "min",
    title: "Minutes in cadence bands",
};
/// Peak cadence.
pub const PEAK_CADENCE: Analysis = Analysis {
    id: "peak_cadence",
    version: 1,
    unit: "steps/min",
    title: "Peak cadence",
};

/// Steps per minute at which each band after the first begins.
pub const BAND_STARTS: [f64; 7] = [1.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0];
const MODERATE: f64 = 100.0; // steps/min, 3 MET
const VIGOROUS: f64 = 130.0; // steps/min, 6 MET

/// Minutes of a day by cadence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// Minutes without steps, incidental, sporadic, purposeful, slow, medium, brisk and faster.
    pub minutes: [u32; 8],
    /// Minutes from 100 up to 130 steps.
    pub moderate: u32,
    /// Minutes of 130 steps and more.
    pub vigorous: u32,
}

/// Divides minutes into bands.
pub fn bands(steps: &Series) -> Outcome<Bands> {
    let held = minutes(steps, 1)?;
    let mut bands = Bands {
        minutes: [0; 8],
        moderate: 0,
        vigorous: 0,
    };
    for cadence in held {
        bands.minutes[BAND_STARTS.partition_point(|&from| from <= cadence)] += 1;
        bands.moderate += u32::from((MODERATE..VIGOROUS).contains(&cadence));
        bands.vigorous += u32::from(cadence >= VIGOROUS);
    }
    Ok(Measured::new(bands, steps.coverage()))
}

/// Mean of the `count` minutes with most steps (1, 30 and 60 are customary).
pub fn peak(steps: &Series, count: usize) -> Outcome<f64> {
    let mut held = minutes(steps, count.max(1))?;
    held.sort_unstable_by(|a, b| b.total_cmp(a));
    Ok(Measured::new(mean(&held[..count.max(1)]), steps.coverage()))
}

fn minutes(steps: &Series, least: usize) -> Result<Vec<f64>, Insufficient> {
    if steps.step_s() != MINUTE_S {
        let of = "seconds per epoch, exactly";
        return Err(Insufficient::new(of, 60.0, f64::from(steps.step_s())));
    }
    let held = present(steps.values());
    Insufficient::unless("minutes with a step count", least, held.len())?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_fall_into_their_band() {
        let values = [
            0.0,
            1.0,
            19.0,
            20.0,
            59.0,
            60.0,
            79.0,
            99.0,
            100.0,
            119.0,
            120.0,
            129.0,
            130.0,
            f64::NAN,
        ];
        let series = Series::new(0, 60, values.to_vec());
        let found = bands(&series).unwrap();
        assert_eq!(found.value.minutes, [1, 2, 1, 1, 2, 1, 2, 3]);
        assert_eq!((found.value.moderate, found.value.vigorous), (4, 1));
        assert!((found.coverage - 13.0 / 14.0).abs() < 1e-12);
        // By hand: (130 + 129 + 120) / 3.
        let best = peak(&series, 3).unwrap().value;
        assert!((best - 379.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn other_epochs_and_too_few_minutes_are_refused() {
        assert!(bands(&Series::new(0, 30, vec![50.0; 10])).is_err());
        assert!(bands(&Series::new(0, 60, vec![f64::NAN; 10])).is_err());
        assert!(peak(&Series::new(0, 60, vec![50.0; 29]), 30).is_err());
    }
}
