//! Codes of category samples. A code is the raw value of the HealthKit enumeration, so that live
//! samples and exports agree whatever name a version of the phone prints.

use serde::{Deserialize, Serialize};

/// What a sleep sample says (HealthKit `HKCategoryValueSleepAnalysis`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SleepStage {
    /// In bed, awake or asleep: the phone's schedule or an app.
    InBed,
    /// Asleep, stage not known. Older phones print it as `Asleep`.
    Unspecified,
    /// Awake during the night.
    Awake,
    /// Light sleep (N1 and N2).
    Core,
    /// Slow-wave sleep (N3).
    Deep,
    /// Rapid-eye-movement sleep.
    Rem,
}

impl SleepStage {
    /// Every stage, in the order of its code.
    pub const ALL: [Self; 6] = [
        Self::InBed,
        Self::Unspecified,
        Self::Awake,
        Self::Core,
        Self::Deep,
        Self::Rem,
    ];

    /// The stored code.
    pub const fn code(self) -> u8 {
        match self {
            Self::InBed => 0,
            Self::Unspecified => 1,
            Self::Awake => 2,
            Self::Core => 3,
            Self::Deep => 4,
            Self::Rem => 5,
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: f64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|stage| f64::from(stage.code()).to_bits() == code.to_bits())
    }

    /// Whether the person slept.
    pub const fn is_asleep(self) -> bool {
        matches!(
            self,
            Self::Unspecified | Self::Core | Self::Deep | Self::Rem
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for stage in SleepStage::ALL {
            assert_eq!(SleepStage::from_code(f64::from(stage.code())), Some(stage));
        }
        assert_eq!(SleepStage::from_code(6.0), None);
        assert_eq!(SleepStage::from_code(0.5), None);
    }
}
