//! Symptoms that the person logs; the value is the severity.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;

pub(super) const METRICS: &[Metric] = &[
    Metric::category(
        1000,
        "abdominal_cramps",
        "Cramps of the abdomen, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierAbdominalCramps"),
    Metric::category(1001, "acne", "Acne, by severity.").healthkit("HKCategoryTypeIdentifierAcne"),
    Metric::category(1002, "appetite_changes", "A change of appetite.")
        .healthkit("HKCategoryTypeIdentifierAppetiteChanges"),
    Metric::category(
        1003,
        "bladder_incontinence",
        "Loss of bladder control, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierBladderIncontinence"),
    Metric::category(1004, "bloating", "Bloating, by severity.")
        .healthkit("HKCategoryTypeIdentifierBloating"),
    Metric::category(1005, "breast_pain", "Breast pain, by severity.")
        .healthkit("HKCategoryTypeIdentifierBreastPain"),
    Metric::category(
        1006,
        "chest_tightness_or_pain",
        "Tightness or pain of the chest, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierChestTightnessOrPain")
    .aliases(&["chest_pain"]),
    Metric::category(1007, "chills", "Chills, by severity.")
        .healthkit("HKCategoryTypeIdentifierChills"),
    Metric::category(1008, "constipation", "Constipation, by severity.")
        .healthkit("HKCategoryTypeIdentifierConstipation"),
    Metric::category(1009, "coughing", "Coughing, by severity.")
        .healthkit("HKCategoryTypeIdentifierCoughing")
        .aliases(&["cough"]),
    Metric::category(1010, "diarrhea", "Diarrhoea, by severity.")
        .healthkit("HKCategoryTypeIdentifierDiarrhea")
        .aliases(&["diarrhoea"]),
    Metric::category(1011, "dizziness", "Dizziness, by severity.")
        .healthkit("HKCategoryTypeIdentifierDizziness"),
    Metric::category(1012, "dry_skin", "Dry skin, by severity.")
        .healthkit("HKCategoryTypeIdentifierDrySkin"),
    Metric::category(1013, "fainting", "Fainting, by severity.")
        .healthkit("HKCategoryTypeIdentifierFainting"),
    Metric::category(1014, "fatigue", "Fatigue, by severity.")
        .healthkit("HKCategoryTypeIdentifierFatigue"),
    Metric::category(1015, "fever", "Fever, by severity.")
        .healthkit("HKCategoryTypeIdentifierFever"),
    Metric::category(
        1016,
        "generalized_body_ache",
        "Aching all over, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierGeneralizedBodyAche")
    .aliases(&["body_and_muscle_ache", "body_ache"]),
    Metric::category(1017, "hair_loss", "Hair loss, by severity.")
        .healthkit("HKCategoryTypeIdentifierHairLoss"),
    Metric::category(1018, "headache", "Headache, by severity.")
        .healthkit("HKCategoryTypeIdentifierHeadache"),
    Metric::category(1019, "heartburn", "Heartburn, by severity.")
        .healthkit("HKCategoryTypeIdentifierHeartburn"),
    Metric::category(1020, "hot_flashes", "Hot flushes, by severity.")
        .healthkit("HKCategoryTypeIdentifierHotFlashes")
        .aliases(&["hot_flushes"]),
    Metric::category(1021, "loss_of_smell", "Loss of smell, by severity.")
        .healthkit("HKCategoryTypeIdentifierLossOfSmell"),
    Metric::category(1022, "loss_of_taste", "Loss of taste, by severity.")
        .healthkit("HKCategoryTypeIdentifierLossOfTaste"),
    Metric::category(
        1023,
        "lower_back_pain",
        "Pain of the lower back, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierLowerBackPain")
    .aliases(&["back_pain"]),
    Metric::category(1024, "memory_lapse", "Lapses of memory, by severity.")
        .healthkit("HKCategoryTypeIdentifierMemoryLapse"),
    Metric::category(1025, "mood_changes", "A change of mood.")
        .healthkit("HKCategoryTypeIdentifierMoodChanges"),
    Metric::category(1026, "nausea", "Nausea, by severity.")
        .healthkit("HKCategoryTypeIdentifierNausea"),
    Metric::category(1027, "night_sweats", "Night sweats, by severity.")
        .healthkit("HKCategoryTypeIdentifierNightSweats"),
    Metric::category(1028, "pelvic_pain", "Pain of the pelvis, by severity.")
        .healthkit("HKCategoryTypeIdentifierPelvicPain"),
    Metric::category(
        1029,
        "rapid_pounding_or_fluttering_heartbeat",
        "A racing or fluttering heart, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierRapidPoundingOrFlutteringHeartbeat"),
    Metric::category(1030, "runny_nose", "Runny nose, by severity.")
        .healthkit("HKCategoryTypeIdentifierRunnyNose"),
    Metric::category(
        1031,
        "shortness_of_breath",
        "Shortness of breath, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierShortnessOfBreath"),
    Metric::category(
        1032,
        "sinus_congestion",
        "Congestion of the sinuses, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierSinusCongestion"),
    Metric::category(
        1033,
        "skipped_heartbeat",
        "Skipped heart beats, by severity.",
    )
    .healthkit("HKCategoryTypeIdentifierSkippedHeartbeat"),
    Metric::category(1034, "sleep_changes", "A change of sleep.")
        .healthkit("HKCategoryTypeIdentifierSleepChanges"),
    Metric::category(1035, "sore_throat", "Sore throat, by severity.")
        .healthkit("HKCategoryTypeIdentifierSoreThroat"),
    Metric::category(1036, "vaginal_dryness", "Vaginal dryness, by severity.")
        .healthkit("HKCategoryTypeIdentifierVaginalDryness"),
    Metric::category(1037, "vomiting", "Vomiting, by severity.")
        .healthkit("HKCategoryTypeIdentifierVomiting"),
    Metric::category(1038, "wheezing", "Wheezing, by severity.")
        .healthkit("HKCategoryTypeIdentifierWheezing"),
];
