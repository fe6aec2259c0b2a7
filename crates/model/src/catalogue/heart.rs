//! Heart, blood, breathing, oxygen.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::time_weighted(
        200,
        "heart_rate",
        Unit::PerMinute,
        "Heart beats per minute.",
    )
    .healthkit("HKQuantityTypeIdentifierHeartRate")
    .health_connect("HeartRate.samples.beatsPerMinute")
    .loinc("8867-4")
    .range(20.0, 300.0)
    .dense()
    .aliases(&["heart_rate_bpm", "pulse", "bpm"]),
    Metric::time_weighted(
        201,
        "resting_heart_rate",
        Unit::PerMinute,
        "Heart rate at complete rest.",
    )
    .healthkit("HKQuantityTypeIdentifierRestingHeartRate")
    .health_connect("RestingHeartRate.beatsPerMinute")
    .loinc("40443-4")
    .range(20.0, 150.0)
    .aliases(&["resting_hr", "rhr"]),
    Metric::time_weighted(
        202,
        "walking_heart_rate_average",
        Unit::PerMinute,
        "Mean heart rate while walking.",
    )
    .healthkit("HKQuantityTypeIdentifierWalkingHeartRateAverage")
    .range(20.0, 300.0)
    .aliases(&["walking_heart_rate"]),
    Metric::discrete(
        203,
        "heart_rate_recovery_one_minute",
        Unit::PerMinute,
        "Fall of the heart rate one minute after exercise.",
    )
    .healthkit("HKQuantityTypeIdentifierHeartRateRecoveryOneMinute")
    .range(-100.0, 200.0)
    .aliases(&["cardio_recovery", "heart_rate_recovery"]),
    Metric::discrete(
        204,
        "heart_rate_variability_sdnn",
        Unit::Millisecond,
        "Standard deviation of the intervals between normal beats.",
    )
    .healthkit("HKQuantityTypeIdentifierHeartRateVariabilitySDNN")
    .loinc("80404-7")
    .range(0.0, 500.0)
    .aliases(&["heart_rate_variability", "hrv", "hrv_sdnn", "sdnn"]),
    Metric::time_weighted(
        205,
        "atrial_fibrillation_burden",
        Unit::Percent,
        "Share of time with signs of atrial fibrillation.",
    )
    .healthkit("HKQuantityTypeIdentifierAtrialFibrillationBurden")
    .range(0.0, 100.0),
    Metric::discrete(
        206,
        "blood_pressure_systolic",
        Unit::MillimetreOfMercury,
        "Highest pressure in the arteries during a beat.",
    )
    .healthkit("HKQuantityTypeIdentifierBloodPressureSystolic")
    .health_connect("BloodPressure.systolic")
    .loinc("8480-6")
    .range(50.0, 300.0)
    .aliases(&["systolic", "systolic_blood_pressure", "bp_systolic"]),
    Metric::discrete(
        207,
        "blood_pressure_diastolic",
        Unit::MillimetreOfMercury,
        "Lowest pressure in the arteries between beats.",
    )
    .healthkit("HKQuantityTypeIdentifierBloodPressureDiastolic")
    .health_connect("BloodPressure.diastolic")
    .loinc("8462-4")
    .range(20.0, 200.0)
    .aliases(&["diastolic", "diastolic_blood_pressure", "bp_diastolic"]),
    Metric::discrete(
        208,
        "oxygen_saturation",
        Unit::Percent,
        "Share of haemoglobin that carries oxygen.",
    )
    .healthkit("HKQuantityTypeIdentifierOxygenSaturation")
    .health_connect("OxygenSaturation.percentage")
    .loinc("59408-5")
    .range(50.0, 100.0)
    .aliases(&["blood_oxygen", "spo2", "blood_oxygen_saturation"]),
    Metric::discrete(
        209,
        "peripheral_perfusion_index",
        Unit::Percent,
        "Strength of the pulse at the finger.",
    )
    .healthkit("HKQuantityTypeIdentifierPeripheralPerfusionIndex")
    .loinc("61006-3")
    .range(0.0, 100.0)
    .aliases(&["perfusion_index"]),
    Metric::discrete(
        210,
        "respiratory_rate",
        Unit::PerMinute,
        "Breaths per minute.",
    )
    .healthkit("HKQuantityTypeIdentifierRespiratoryRate")
    .health_connect("RespiratoryRate.rate")
    .loinc("9279-1")
    .range(3.0, 80.0)
    .aliases(&["breathing_rate", "respiration_rate"]),
    Metric::discrete(
        211,
        "blood_glucose",
        Unit::MilligramPerDecilitre,
        "Sugar in the blood.",
    )
    .healthkit("HKQuantityTypeIdentifierBloodGlucose")
    .health_connect("BloodGlucose.level")
    .loinc("41653-7")
    .range(10.0, 1_000.0)
    .dense()
    .aliases(&["glucose", "blood_sugar"]),
    Metric::discrete(
        212,
        "blood_alcohol_content",
        Unit::Percent,
        "Alcohol in the blood.",
    )
    .healthkit("HKQuantityTypeIdentifierBloodAlcoholContent")
    .loinc("74859-0")
    .range(0.0, 10.0)
    .aliases(&["bac"]),
    Metric::discrete(
        213,
        "forced_vital_capacity",
        Unit::Litre,
        "Air that can be breathed out after a deep breath.",
    )
    .healthkit("HKQuantityTypeIdentifierForcedVitalCapacity")
    .loinc("19870-5")
    .range(0.0, 20.0)
    .aliases(&["fvc"]),
    Metric::discrete(
        214,
        "forced_expiratory_volume_1",
        Unit::Litre,
        "Air breathed out in the first second.",
    )
    .healthkit("HKQuantityTypeIdentifierForcedExpiratoryVolume1")
    .loinc("20150-9")
    .range(0.0, 20.0)
    .aliases(&["forced_expiratory_volume", "fev1"]),
    Metric::discrete(
        215,
        "peak_expiratory_flow_rate",
        Unit::LitrePerMinute,
        "Fastest flow of breathing out.",
    )
    .healthkit("HKQuantityTypeIdentifierPeakExpiratoryFlowRate")
    .loinc("19935-6")
    .range(0.0, 2_000.0)
    .aliases(&["pef", "peak_flow"]),
    Metric::cumulative(216, "inhaler_usage", Unit::Count, "Puffs of an inhaler.")
        .healthkit("HKQuantityTypeIdentifierInhalerUsage")
        .range(0.0, 1_000.0),
    Metric::cumulative(
        217,
        "insulin_delivery",
        Unit::InternationalUnit,
        "Insulin delivered.",
    )
    .healthkit("HKQuantityTypeIdentifierInsulinDelivery")
    .range(0.0, 1_000.0)
    .dense()
    .aliases(&["insulin"]),
    Metric::discrete(
        218,
        "electrodermal_activity",
        Unit::Microsiemens,
        "Electrical conductance of the skin.",
    )
    .healthkit("HKQuantityTypeIdentifierElectrodermalActivity")
    .range(0.0, 1_000.0)
    .aliases(&["eda", "skin_conductance"]),
    Metric::discrete(
        219,
        "apple_sleeping_breathing_disturbances",
        Unit::Count,
        "Breathing disturbances during sleep.",
    )
    .healthkit("HKQuantityTypeIdentifierAppleSleepingBreathingDisturbances")
    .range(0.0, 1_000.0)
    .aliases(&["breathing_disturbances", "sleeping_breathing_disturbances"]),
    Metric::discrete(
        220,
        "heart_rate_variability_rmssd",
        Unit::Millisecond,
        "Root mean square of successive differences between beats; never mixed with SDNN.",
    )
    .health_connect("HeartRateVariabilityRmssd.heartRateVariabilityMillis")
    .range(0.0, 500.0)
    .dense()
    .aliases(&["hrv_rmssd", "rmssd"]),
    Metric::discrete(
        221,
        "pulse_wave_velocity",
        Unit::MetrePerSecond,
        "Speed of the pressure wave along the arteries.",
    )
    .range(1.0, 30.0)
    .aliases(&["pwv"]),
];
