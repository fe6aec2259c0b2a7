//! Codes of category samples. A code is the raw value of the HealthKit enumeration, so that live
//! samples and exports agree whatever name a version of the phone prints.

use serde::{Deserialize, Serialize};

use crate::metric::{Kind, Metric, squashed};

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

/// The code that a printed value has for a category metric: a HealthKit constant
/// (`HKCategoryValueSeverityMild`), its last words as apps print them (`Mild`, `In Bed`), or the code
/// in digits. `None` when the metric has no such value.
pub fn category_code(metric: &Metric, printed: &str) -> Option<f64> {
    let values = values_of(metric)?;
    let printed = printed.trim();
    if let Ok(code) = printed.parse::<f64>() {
        return is_category_code(metric, code).then_some(code);
    }
    let mut buffer = [0; NAME_MAX];
    let name = squashed(printed, &mut buffer)?;
    let name = name.strip_prefix(b"hkcategoryvalue").unwrap_or(name);
    if name == b"notapplicable" && values.without_value {
        return Some(0.0);
    }
    let name = name.strip_prefix(values.prefix.as_bytes()).unwrap_or(name);
    // Newer phones print the values of menstrual flow as vaginal bleeding.
    let name = name.strip_prefix(b"vaginalbleeding").unwrap_or(name);
    values
        .names
        .iter()
        .find(|(known, _)| known.as_bytes() == name)
        .map(|(_, code)| f64::from(*code))
}

/// Whether a category metric has this code.
pub fn is_category_code(metric: &Metric, code: f64) -> bool {
    let is = |known: u8| f64::from(known).to_bits() == code.to_bits();
    values_of(metric).is_some_and(|values| {
        (values.without_value && is(0)) || values.names.iter().any(|(_, known)| is(*known))
    })
}

/// The name of a code (`mild`), for people; `None` when the code has none.
pub fn category_name(metric: &Metric, code: f64) -> Option<&'static str> {
    let values = values_of(metric)?;
    let named = values
        .names
        .iter()
        .find(|(_, known)| f64::from(*known).to_bits() == code.to_bits());
    named.map(|(name, _)| *name)
}

/// The code of a sample that was printed without a value: zero for metrics that are only ever an
/// interval (`HKCategoryValueNotApplicable`), none for the others.
pub fn category_code_when_absent(metric: &Metric) -> Option<f64> {
    let values = values_of(metric)?;
    (values.without_value && values.names.is_empty()).then_some(0.0)
}

/// The values of one HealthKit enumeration, squashed: lower case, no separators.
struct Values {
    /// What HealthKit prints between `HKCategoryValue` and the name.
    prefix: &'static str,
    /// Names and codes; the first name of a code is the one for people.
    names: &'static [(&'static str, u8)],
    /// Whether samples may say `HKCategoryValueNotApplicable`, code 0.
    without_value: bool,
}

/// No known name is longer, squashed.
const NAME_MAX: usize = 96;

static NOT_APPLICABLE: Values = Values {
    prefix: "",
    names: &[],
    without_value: true,
};

const fn values(prefix: &'static str, names: &'static [(&'static str, u8)]) -> Values {
    Values {
        prefix,
        names,
        without_value: false,
    }
}

static SEVERITY: Values = values(
    "severity",
    &[
        ("unspecified", 0),
        ("notpresent", 1),
        ("mild", 2),
        ("moderate", 3),
        ("severe", 4),
        ("present", 0),
    ],
);
const BLEEDING: &[(&str, u8)] = &[
    ("unspecified", 1),
    ("light", 2),
    ("medium", 3),
    ("heavy", 4),
    ("none", 5),
];
const SLEEP: Values = values(
    "sleepanalysis",
    &[
        ("inbed", 0),
        ("asleep", 1),
        ("asleepunspecified", 1),
        ("unspecified", 1),
        ("sleeping", 1),
        ("unknown", 1),
        ("awake", 2),
        ("awakeinbed", 2),
        ("outofbed", 2),
        ("asleepcore", 3),
        ("core", 3),
        ("light", 3),
        ("asleepdeep", 4),
        ("deep", 4),
        ("asleeprem", 5),
        ("rem", 5),
    ],
);

/// Enumerations by the id of their metric.
static VALUES: [(&str, Values); 18] = [
    ("sleep_analysis", SLEEP),
    (
        "apple_stand_hour",
        values("applestandhour", &[("stood", 0), ("idle", 1)]),
    ),
    (
        "apple_walking_steadiness_event",
        values(
            "applewalkingsteadinessevent",
            &[
                ("initiallow", 1),
                ("initialverylow", 2),
                ("repeatlow", 3),
                ("repeatverylow", 4),
            ],
        ),
    ),
    (
        "audio_exposure_event",
        values("audioexposureevent", &[("loudenvironment", 1)]),
    ),
    (
        "environmental_audio_exposure_event",
        values("environmentalaudioexposureevent", &[("momentarylimit", 1)]),
    ),
    (
        "headphone_audio_exposure_event",
        values("headphoneaudioexposureevent", &[("sevendaylimit", 1)]),
    ),
    (
        "low_cardio_fitness_event",
        values("lowcardiofitnessevent", &[("lowfitness", 1)]),
    ),
    (
        "appetite_changes",
        values(
            "appetitechanges",
            &[
                ("unspecified", 0),
                ("nochange", 1),
                ("decreased", 2),
                ("increased", 3),
            ],
        ),
    ),
    (
        "mood_changes",
        values("presence", &[("present", 0), ("notpresent", 1)]),
    ),
    (
        "sleep_changes",
        values("presence", &[("present", 0), ("notpresent", 1)]),
    ),
    (
        "bleeding_after_pregnancy",
        values("vaginalbleeding", BLEEDING),
    ),
    (
        "bleeding_during_pregnancy",
        values("vaginalbleeding", BLEEDING),
    ),
    ("menstrual_flow", values("menstrualflow", BLEEDING)),
    (
        "cervical_mucus_quality",
        values(
            "cervicalmucusquality",
            &[
                ("dry", 1),
                ("sticky", 2),
                ("creamy", 3),
                ("watery", 4),
                ("eggwhite", 5),
            ],
        ),
    ),
    (
        "contraceptive",
        values(
            "contraceptive",
            &[
                ("unspecified", 1),
                ("implant", 2),
                ("injection", 3),
                ("intrauterinedevice", 4),
                ("intravaginalring", 5),
                ("oral", 6),
                ("patch", 7),
            ],
        ),
    ),
    (
        "ovulation_test_result",
        values(
            "ovulationtestresult",
            &[
                ("negative", 1),
                ("luteinizinghormonesurge", 2),
                ("positive", 2),
                ("indeterminate", 3),
                ("estrogensurge", 4),
            ],
        ),
    ),
    (
        "pregnancy_test_result",
        values("pregnancytestresult", TEST_RESULT),
    ),
    (
        "progesterone_test_result",
        values("progesteronetestresult", TEST_RESULT),
    ),
];

/// The values of a category metric; `None` for other metrics. Symptoms are severities, and what is
/// not named in a table is an interval without a value.
fn values_of(metric: &Metric) -> Option<&'static Values> {
    if metric.kind != Kind::Category {
        return None;
    }
    if let Some((_, values)) = VALUES.iter().find(|(id, _)| *id == metric.id) {
        return Some(values);
    }
    Some(if SYMPTOMS.contains(&metric.no.0) {
        &SEVERITY
    } else {
        &NOT_APPLICABLE
    })
}

/// The numbers of the symptoms in the catalogue.
const SYMPTOMS: std::ops::Range<u16> = 1_000..1_200;

const TEST_RESULT: &[(&str, u8)] = &[("negative", 1), ("positive", 2), ("indeterminate", 3)];

#[cfg(test)]
mod tests {
    use crate::metric;

    use super::*;

    #[test]
    fn codes_round_trip() {
        for stage in SleepStage::ALL {
            assert_eq!(SleepStage::from_code(f64::from(stage.code())), Some(stage));
        }
        assert_eq!(SleepStage::from_code(6.0), None);
        assert_eq!(SleepStage::from_code(0.5), None);
    }

    #[test]
    fn printed_values_have_the_codes_of_healthkit() {
        let check = |id: &str, printed: &str, expect: Option<f64>| {
            let metric = metric::by_id(id).expect("a metric");
            assert_eq!(category_code(metric, printed), expect, "{id} {printed}");
        };
        check(
            "sleep_analysis",
            "HKCategoryValueSleepAnalysisAsleep",
            Some(1.0),
        );
        check(
            "sleep_analysis",
            "HKCategoryValueSleepAnalysisAsleepUnspecified",
            Some(1.0),
        );
        check(
            "sleep_analysis",
            "HKCategoryValueSleepAnalysisAsleepREM",
            Some(5.0),
        );
        check("sleep_analysis", "In Bed", Some(0.0));
        check("sleep_analysis", "Core", Some(3.0));
        check("sleep_analysis", "light", Some(3.0));
        check("sleep_analysis", "4", Some(4.0));
        check("sleep_analysis", "6", None);
        check("sleep_analysis", "Dreaming", None);
        check("headache", "HKCategoryValueSeverityMild", Some(2.0));
        check("headache", "HKCategoryValueSeveritySevere", Some(4.0));
        check("headache", "Not Present", Some(1.0));
        check("mood_changes", "HKCategoryValuePresencePresent", Some(0.0));
        check(
            "apple_stand_hour",
            "HKCategoryValueAppleStandHourIdle",
            Some(1.0),
        );
        check(
            "apple_stand_hour",
            "HKCategoryValueAppleStandHourStood",
            Some(0.0),
        );
        check("mindful_session", "HKCategoryValueNotApplicable", Some(0.0));
        check(
            "menstrual_flow",
            "HKCategoryValueMenstrualFlowHeavy",
            Some(4.0),
        );
        check(
            "menstrual_flow",
            "HKCategoryValueVaginalBleedingHeavy",
            Some(4.0),
        );
        check("step_count", "HKCategoryValueNotApplicable", None);
        check(
            "headphone_audio_exposure_event",
            "HKCategoryValueHeadphoneAudioExposureEventSevenDayLimit",
            Some(1.0),
        );
        check("headache", &"x".repeat(500), None);
    }

    #[test]
    fn only_bare_intervals_have_a_code_without_a_value() {
        let absent = |id: &str| category_code_when_absent(metric::by_id(id).expect("a metric"));
        assert_eq!(absent("high_heart_rate_event"), Some(0.0));
        assert_eq!(absent("sleep_analysis"), None);
        assert_eq!(absent("headache"), None);
    }

    #[test]
    fn every_name_leads_back_to_its_code() {
        for metric in metric::CATALOGUE {
            for code in 0..10 {
                let code = f64::from(code);
                if let Some(name) = category_name(metric, code) {
                    assert!(is_category_code(metric, code));
                    assert_eq!(
                        category_code(metric, name),
                        Some(code),
                        "{} {name}",
                        metric.id
                    );
                }
            }
        }
    }
}
