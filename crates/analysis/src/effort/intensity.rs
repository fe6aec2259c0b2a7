//! # Intensity of movement by cut points
//!
//! **What it measures.** Minutes of a day spent sedentary and in light, moderate and vigorous movement, and
//! how much of it came in bouts.
//!
//! **Inputs and units.** One value per minute of worn, waking time: counts per minute, or mean acceleration in
//! milli-g. Minutes.
//!
//! **Method.** A minute belongs to the level whose range contains its value; the cut points are those of a
//! publication for a device and a place on the body and mean nothing for another ([`ALL`]). A bout of
//! moderate to vigorous movement (MVPA) has 10 minutes or more, of which at most 2 below the cut point,
//! neither the first nor the last (Troiano 2008); its minutes count whole. A sedentary bout has 30
//! consecutive sedentary minutes or more.
//!
//! **Missing epochs.** A missing minute is in no level and ends a bout.
//!
//! **Validity.** Ten hours of wear make a valid day by custom. Cut points of different papers differ by a
//! factor of two in the same minutes; only results by the same ones can be compared. Those for
//! acceleration were derived on seconds and are applied to minutes here, so short bursts are averaged away.
//!
//! **Population.** Adult counts at the hip: 50 young adults on a treadmill (Freedson 1998), `ActiGraph` 7164; three
//! axes: 50 young adults on a treadmill (Sasaki 2011); NHANES: a mean of several calibrations, adults (Troiano 2008).
//! Acceleration: 30 adults and 30 children of 7 to 11 years in the laboratory, `ActiGraph` and `GENEActiv`, hip and
//! wrist, with cut points of their own for each (Hildebrand 2014). Old people reach the same effort at lower counts,
//! and cycling, carrying and slopes are missed by all of them.
//!
//! **Versions.** 2 (means over days needed one valid day in 1, and need three, or as many as are asked for, now).
//!
//! **References.** Freedson PS et al. 1998, doi:10.1097/00005768-199805000-00021. Matthews CE et al. 2008,
//! doi:10.1093/aje/kwm390 (sedentary below 100 counts per minute). Troiano RP et al. 2008,
//! doi:10.1249/mss.0b013e31815a51b3. Sasaki JE et al. 2011, doi:10.1016/j.jsams.2011.04.003. Hildebrand M et al.
//! 2014, doi:10.1249/MSS.0000000000000289. Hildebrand M et al. 2017, doi:10.1111/sms.12795 (sedentary).

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::series::{MINUTE_S, Series};

/// Minutes by intensity.
pub const INTENSITY: Analysis = Analysis {
    id: "intensity_minutes",
    version: 2,
    unit: "min",
    title: "Minutes by intensity of movement",
};

const BOUT_MIN: usize = 10; // minutes of a bout of moderate to vigorous movement (Troiano 2008)
const BELOW_MAX: usize = 2; // of them below the cut point (Troiano 2008)
const SEDENTARY_BOUT_MIN: usize = 30; // minutes; the project's own choice among 10 to 60

/// What the values of minutes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Counts, summed over a minute.
    Counts,
    /// Acceleration without gravity (ENMO) in milli-g, averaged over a minute.
    MilliG,
}

/// Where levels begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutPoints {
    /// Stable name.
    pub id: &'static str,
    /// Device, place on the body, people and paper.
    pub about: &'static str,
    /// What they are for.
    pub scale: Scale,
    /// Light movement begins here.
    pub light: f64,
    /// Moderate movement (3 MET) begins here.
    pub moderate: f64,
    /// Vigorous movement (6 MET) begins here.
    pub vigorous: f64,
}

/// `ActiGraph` counts of the vertical axis at the hip as NHANES uses them.
pub const TROIANO_2008: CutPoints = CutPoints {
    id: "troiano_2008",
    about: "ActiGraph counts of the vertical axis at the hip, adults (Troiano 2008; sedentary: Matthews 2008).",
    scale: Scale::Counts,
    light: 100.0,
    moderate: 2_020.0,
    vigorous: 5_999.0,
};

/// ENMO of the wrist that is not dominant.
pub const HILDEBRAND_WRIST_ACTIGRAPH: CutPoints = CutPoints {
    id: "hildebrand_wrist_actigraph",
    about: "ENMO in mg of an ActiGraph at the wrist, adults (Hildebrand 2014; sedentary: Hildebrand 2017).",
    scale: Scale::MilliG,
    light: 44.8,
    moderate: 100.6,
    vigorous: 428.8,
};

/// Every set of cut points.
pub const ALL: &[CutPoints] = &[
    TROIANO_2008,
    CutPoints {
        id: "freedson_1998",
        about: "ActiGraph counts of the vertical axis at the hip, adults (Freedson 1998; sedentary: Matthews 2008).",
        scale: Scale::Counts,
        light: 100.0,
        moderate: 1_952.0,
        vigorous: 5_725.0,
    },
    CutPoints {
        id: "sasaki_2011",
        about: "ActiGraph vector magnitude at the hip, adults (Sasaki 2011; sedentary below 200: Aguilar-Farías 2014).",
        scale: Scale::Counts,
        light: 200.0,
        moderate: 2_690.0,
        vigorous: 6_167.0,
    },
    HILDEBRAND_WRIST_ACTIGRAPH,
    CutPoints {
        id: "hildebrand_wrist_geneactiv",
        about: "ENMO in mg of a GENEActiv at the wrist, adults (Hildebrand 2014; sedentary: Hildebrand 2017).",
        scale: Scale::MilliG,
        light: 45.8,
        moderate: 93.2,
        vigorous: 418.3,
    },
    CutPoints {
        id: "hildebrand_hip_actigraph",
        about: "ENMO in mg of an ActiGraph at the hip, adults (Hildebrand 2014; sedentary: Hildebrand 2017).",
        scale: Scale::MilliG,
        light: 47.4,
        moderate: 69.1,
        vigorous: 258.7,
    },
    CutPoints {
        id: "hildebrand_hip_geneactiv",
        about: "ENMO in mg of a GENEActiv at the hip, adults (Hildebrand 2014; sedentary: Hildebrand 2017).",
        scale: Scale::MilliG,
        light: 46.9,
        moderate: 68.7,
        vigorous: 266.8,
    },
];

/// The cut points of a name.
pub fn named(id: &str) -> Option<&'static CutPoints> {
    ALL.iter().find(|points| points.id == id)
}

/// Minutes by level.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Minutes {
    /// Below light.
    pub sedentary: f64,
    /// Light.
    pub light: f64,
    /// Moderate.
    pub moderate: f64,
    /// Vigorous.
    pub vigorous: f64,
    /// In bouts of moderate to vigorous movement.
    pub in_bouts: f64,
    /// In sedentary bouts.
    pub in_sedentary_bouts: f64,
}

/// Divides the minutes that are present into levels and bouts.
pub fn minutes(series: &Series, points: &CutPoints) -> Outcome<Minutes> {
    if series.step_s() != MINUTE_S {
        let of = "seconds per epoch, exactly";
        return Err(Insufficient::new(of, 60.0, f64::from(series.step_s())));
    }
    Insufficient::unless("minutes that are present", 1, series.present())?;
    let values = series.values();
    let mut found = Minutes::default();
    for &value in values.iter().filter(|value| !value.is_nan()) {
        let level = if value >= points.vigorous {
            &mut found.vigorous
        } else if value >= points.moderate {
            &mut found.moderate
        } else if value >= points.light {
            &mut found.light
        } else {
            &mut found.sedentary
        };
        *level += 1.0;
    }
    found.in_bouts = in_bouts(values, points.moderate) as f64;
    let still: Vec<bool> = values.iter().map(|value| *value < points.light).collect();
    let runs = still.split(|still| !still).map(<[bool]>::len);
    found.in_sedentary_bouts = runs
        .filter(|&length| length >= SEDENTARY_BOUT_MIN)
        .sum::<usize>() as f64;
    Ok(Measured::new(found, series.coverage()))
}

/// Minutes in bouts at or above a cut point, each as long as it can be.
fn in_bouts(values: &[f64], from: f64) -> usize {
    let (mut total, mut start) = (0, 0);
    while start < values.len() {
        if values[start].is_nan() || values[start] < from {
            start += 1;
            continue;
        }
        let (mut end, mut below) = (start, 0);
        for (index, value) in values.iter().enumerate().skip(start) {
            if value.is_nan() {
                break;
            } else if *value >= from {
                end = index + 1;
            } else if below == BELOW_MAX {
                break;
            } else {
                below += 1;
            }
        }
        if end - start >= BOUT_MIN {
            total += end - start;
            start = end;
        } else {
            start += 1;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: Vec<f64>) -> Minutes {
        minutes(&Series::new(0, 60, values), &TROIANO_2008)
            .unwrap()
            .value
    }

    #[test]
    fn a_minute_is_in_the_level_that_begins_at_its_value() {
        let values = vec![
            0.0,
            99.0,
            100.0,
            2_019.0,
            2_020.0,
            5_998.0,
            5_999.0,
            f64::NAN,
        ];
        let found = of(values);
        let levels = (found.sedentary, found.light, found.moderate, found.vigorous);
        assert_eq!(levels, (2.0, 2.0, 2.0, 1.0));
        assert!(minutes(&Series::new(0, 30, vec![1.0]), &TROIANO_2008).is_err());
        assert!(minutes(&Series::new(0, 60, vec![f64::NAN]), &TROIANO_2008).is_err());
    }

    /// By hand: eight minutes, two below, three more are a bout of thirteen; a third one below ends it.
    #[test]
    fn a_bout_may_be_interrupted_for_two_minutes() {
        let brisk = |count| vec![3_000.0; count];
        let slow = |count| vec![500.0; count];
        let joined = |parts: &[Vec<f64>]| of(parts.concat()).in_bouts;
        assert!((joined(&[brisk(8), slow(2), brisk(3), slow(9)]) - 13.0).abs() < 1e-12);
        assert!((joined(&[brisk(8), slow(3), brisk(3)]) - 0.0).abs() < 1e-12);
        assert!((joined(&[brisk(9)]) - 0.0).abs() < 1e-12);
        assert!((joined(&[brisk(10), slow(1)]) - 10.0).abs() < 1e-12);
        assert!((joined(&[brisk(6), vec![f64::NAN], brisk(6)]) - 0.0).abs() < 1e-12);
        // With its first minute there are three below; from the fourth on it is a bout of fourteen.
        assert!((joined(&[brisk(1), slow(2), brisk(1), slow(1), brisk(12)]) - 14.0).abs() < 1e-12);
    }

    #[test]
    fn sedentary_bouts_have_half_an_hour() {
        let values = [
            vec![0.0; 29],
            vec![150.0],
            vec![0.0; 31],
            vec![f64::NAN],
            vec![0.0; 30],
        ];
        let found = of(values.concat());
        assert!((found.in_sedentary_bouts - 61.0).abs() < 1e-12);
        assert!((found.sedentary - 90.0).abs() < 1e-12);
    }

    #[test]
    fn levels_rise_and_names_are_their_own() {
        for (index, points) in ALL.iter().enumerate() {
            assert!(points.light < points.moderate && points.moderate < points.vigorous);
            assert_eq!(named(points.id), Some(&ALL[index]));
        }
    }
}
