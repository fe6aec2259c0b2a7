//! Notices of devices, cycle tracking and habits: things that happen rather than are measured.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::category(
        1200,
        "apple_stand_hour",
        "Whether the person stood at least a minute in an hour.",
    )
    .healthkit("HKCategoryTypeIdentifierAppleStandHour")
    .aliases(&["stand_hour"]),
    Metric::category(
        1201,
        "apple_walking_steadiness_event",
        "A notice of low walking steadiness.",
    )
    .healthkit("HKCategoryTypeIdentifierAppleWalkingSteadinessEvent")
    .aliases(&["walking_steadiness_event"]),
    Metric::category(
        1202,
        "audio_exposure_event",
        "A notice of loud surroundings, older phones.",
    )
    .healthkit("HKCategoryTypeIdentifierAudioExposureEvent"),
    Metric::category(
        1203,
        "environmental_audio_exposure_event",
        "A notice of loud surroundings.",
    )
    .healthkit("HKCategoryTypeIdentifierEnvironmentalAudioExposureEvent"),
    Metric::category(
        1204,
        "headphone_audio_exposure_event",
        "A notice of loud headphones.",
    )
    .healthkit("HKCategoryTypeIdentifierHeadphoneAudioExposureEvent"),
    Metric::category(
        1205,
        "high_heart_rate_event",
        "A notice of a high heart rate at rest.",
    )
    .healthkit("HKCategoryTypeIdentifierHighHeartRateEvent")
    .aliases(&["high_heart_rate"]),
    Metric::category(
        1206,
        "low_heart_rate_event",
        "A notice of a low heart rate.",
    )
    .healthkit("HKCategoryTypeIdentifierLowHeartRateEvent")
    .aliases(&["low_heart_rate"]),
    Metric::category(
        1207,
        "irregular_heart_rhythm_event",
        "A notice of an irregular rhythm.",
    )
    .healthkit("HKCategoryTypeIdentifierIrregularHeartRhythmEvent")
    .aliases(&["irregular_heart_rhythm", "irregular_rhythm"]),
    Metric::category(
        1208,
        "low_cardio_fitness_event",
        "A notice of low cardiorespiratory fitness.",
    )
    .healthkit("HKCategoryTypeIdentifierLowCardioFitnessEvent"),
    Metric::category(
        1209,
        "hypertension_event",
        "A notice of possible high blood pressure.",
    )
    .healthkit("HKCategoryTypeIdentifierHypertensionEvent"),
    Metric::category(
        1210,
        "sleep_apnea_event",
        "A notice of possible sleep apnoea.",
    )
    .healthkit("HKCategoryTypeIdentifierSleepApneaEvent"),
    Metric::category(1211, "handwashing_event", "Washing hands, as an interval.")
        .healthkit("HKCategoryTypeIdentifierHandwashingEvent"),
    Metric::category(
        1212,
        "toothbrushing_event",
        "Brushing teeth, as an interval.",
    )
    .healthkit("HKCategoryTypeIdentifierToothbrushingEvent"),
    Metric::category(
        1213,
        "bleeding_after_pregnancy",
        "Bleeding after a pregnancy, by amount.",
    )
    .healthkit("HKCategoryTypeIdentifierBleedingAfterPregnancy"),
    Metric::category(
        1214,
        "bleeding_during_pregnancy",
        "Bleeding during a pregnancy, by amount.",
    )
    .healthkit("HKCategoryTypeIdentifierBleedingDuringPregnancy"),
    Metric::category(
        1215,
        "cervical_mucus_quality",
        "Appearance of cervical mucus.",
    )
    .healthkit("HKCategoryTypeIdentifierCervicalMucusQuality")
    .health_connect("CervicalMucus.appearance")
    .aliases(&["cervical_mucus"]),
    Metric::category(1216, "contraceptive", "Contraceptive in use.")
        .healthkit("HKCategoryTypeIdentifierContraceptive")
        .aliases(&["contraceptive_use"]),
    Metric::category(
        1217,
        "infrequent_menstrual_cycles",
        "A notice of infrequent cycles.",
    )
    .healthkit("HKCategoryTypeIdentifierInfrequentMenstrualCycles"),
    Metric::category(1218, "intermenstrual_bleeding", "Bleeding between periods.")
        .healthkit("HKCategoryTypeIdentifierIntermenstrualBleeding")
        .health_connect("IntermenstrualBleeding")
        .aliases(&["spotting"]),
    Metric::category(
        1219,
        "irregular_menstrual_cycles",
        "A notice of irregular cycles.",
    )
    .healthkit("HKCategoryTypeIdentifierIrregularMenstrualCycles"),
    Metric::category(1220, "lactation", "A time of breast-feeding.")
        .healthkit("HKCategoryTypeIdentifierLactation"),
    Metric::category(1221, "menstrual_flow", "Menstrual bleeding, by amount.")
        .healthkit("HKCategoryTypeIdentifierMenstrualFlow")
        .health_connect("MenstruationFlow.flow")
        .aliases(&["menstruation_flow", "menstruation"]),
    Metric::category(
        1222,
        "ovulation_test_result",
        "Result of an ovulation test.",
    )
    .healthkit("HKCategoryTypeIdentifierOvulationTestResult")
    .health_connect("OvulationTest.result")
    .aliases(&["ovulation_test"]),
    Metric::category(
        1223,
        "persistent_intermenstrual_bleeding",
        "A notice of persistent bleeding between periods.",
    )
    .healthkit("HKCategoryTypeIdentifierPersistentIntermenstrualBleeding"),
    Metric::category(1224, "pregnancy", "A time of pregnancy.")
        .healthkit("HKCategoryTypeIdentifierPregnancy"),
    Metric::category(1225, "pregnancy_test_result", "Result of a pregnancy test.")
        .healthkit("HKCategoryTypeIdentifierPregnancyTestResult")
        .aliases(&["pregnancy_test"]),
    Metric::category(
        1226,
        "progesterone_test_result",
        "Result of a progesterone test.",
    )
    .healthkit("HKCategoryTypeIdentifierProgesteroneTestResult")
    .aliases(&["progesterone_test"]),
    Metric::category(
        1227,
        "prolonged_menstrual_periods",
        "A notice of prolonged periods.",
    )
    .healthkit("HKCategoryTypeIdentifierProlongedMenstrualPeriods"),
    Metric::category(1228, "sexual_activity", "Sexual activity.")
        .healthkit("HKCategoryTypeIdentifierSexualActivity")
        .health_connect("SexualActivity.protectionUsed"),
    Metric::category(
        1229,
        "menstruation_period",
        "A menstrual period, as an interval.",
    )
    .health_connect("MenstruationPeriod"),
    Metric::cumulative(
        1230,
        "handwashing_duration",
        Unit::Minute,
        "Time spent washing hands.",
    )
    .range(0.0, 1_440.0)
    .aliases(&["handwashing"]),
    Metric::cumulative(
        1231,
        "toothbrushing_duration",
        Unit::Minute,
        "Time spent brushing teeth.",
    )
    .range(0.0, 1_440.0)
    .aliases(&["toothbrushing"]),
];
