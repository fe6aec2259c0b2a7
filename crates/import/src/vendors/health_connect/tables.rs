//! The tables of a backup: which column is which metric, and the unit in which the platform stores it.
//!
//! Masses are in grams, energies in calories (not kilocalories, not joules), metabolic rates in watts, volumes in
//! litres, glucose in millimoles per litre. `field` is the name under which apps that forward Health Connect print the
//! same value, so that a record is one through both doors.

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: &'static str,
    /// The metric.
    pub(super) metric: &'static str,
    /// The unit after multiplying by `factor`.
    pub(super) unit: &'static str,
    /// Of the stored number.
    pub(super) factor: f64,
    /// The name in identities.
    pub(super) field: &'static str,
}

const fn column(
    name: &'static str,
    metric: &'static str,
    unit: &'static str,
    field: &'static str,
) -> Column {
    Column {
        name,
        metric,
        unit,
        factor: 1.0,
        field,
    }
}

const fn scaled(column: Column, factor: f64) -> Column {
    Column { factor, ..column }
}

/// Calories in kilocalories.
const CAL: f64 = 1e-3;
/// A watt in kilocalories per day: 86,400 s/d over 4,184 J/kcal.
const WATT: f64 = 86_400.0 / 4_184.0;

/// Tables of instants.
pub(super) const INSTANTS: &[(&str, &[Column])] = &[
    (
        "weight_record_table",
        &[column("weight", "body_mass", "g", "kilograms")],
    ),
    (
        "height_record_table",
        &[column("height", "height", "m", "meters")],
    ),
    (
        "body_fat_record_table",
        &[column(
            "percentage",
            "body_fat_percentage",
            "%",
            "percentage",
        )],
    ),
    (
        "body_water_mass_record_table",
        &[column(
            "body_water_mass",
            "body_water_mass",
            "g",
            "kilograms",
        )],
    ),
    (
        "bone_mass_record_table",
        &[column("mass", "bone_mass", "g", "kilograms")],
    ),
    (
        "lean_body_mass_record_table",
        &[column("mass", "lean_body_mass", "g", "kilograms")],
    ),
    (
        "basal_metabolic_rate_record_table",
        &[scaled(
            column(
                "basal_metabolic_rate",
                "basal_metabolic_rate",
                "kcal/d",
                "watts",
            ),
            WATT,
        )],
    ),
    (
        "resting_heart_rate_record_table",
        &[column(
            "beats_per_minute",
            "resting_heart_rate",
            "/min",
            "bpm",
        )],
    ),
    (
        "heart_rate_variability_rmssd_record_table",
        &[column(
            "heart_rate_variability_millis",
            "heart_rate_variability_rmssd",
            "ms",
            "rmssd_millis",
        )],
    ),
    (
        "oxygen_saturation_record_table",
        &[column("percentage", "oxygen_saturation", "%", "percentage")],
    ),
    (
        "respiratory_rate_record_table",
        &[column("rate", "respiratory_rate", "/min", "rate")],
    ),
    (
        "body_temperature_record_table",
        &[column("temperature", "body_temperature", "Cel", "celsius")],
    ),
    (
        "basal_body_temperature_record_table",
        &[column(
            "temperature",
            "basal_body_temperature",
            "Cel",
            "celsius",
        )],
    ),
    (
        "blood_glucose_record_table",
        &[column("level", "blood_glucose", "mmol/L", "mmol_per_liter")],
    ),
    (
        "blood_pressure_record_table",
        &[
            column("systolic", "blood_pressure_systolic", "mm[Hg]", "systolic"),
            column(
                "diastolic",
                "blood_pressure_diastolic",
                "mm[Hg]",
                "diastolic",
            ),
        ],
    ),
    (
        "vo2_max_record_table",
        &[column(
            "vo2_milliliters_per_minute_kilogram",
            "vo2_max",
            "mL/(kg.min)",
            "ml_per_kg_per_min",
        )],
    ),
];

/// Tables of intervals.
pub(super) const INTERVALS: &[(&str, Column)] = &[
    (
        "steps_record_table",
        column("count", "step_count", "1", "count"),
    ),
    (
        "distance_record_table",
        column("distance", "distance_walking_running", "m", "meters"),
    ),
    (
        "active_calories_burned_record_table",
        scaled(
            column("energy", "active_energy_burned", "kcal", "calories"),
            CAL,
        ),
    ),
    (
        "total_calories_burned_record_table",
        scaled(
            column("energy", "total_energy_burned", "kcal", "calories"),
            CAL,
        ),
    ),
    (
        "floors_climbed_record_table",
        column("floors", "flights_climbed", "1", "floors"),
    ),
    (
        "elevation_gained_record_table",
        column("elevation", "elevation_gained", "m", "meters"),
    ),
    (
        "wheelchair_pushes_record_table",
        column("count", "push_count", "1", "count"),
    ),
    (
        "hydration_record_table",
        column("volume", "dietary_water", "L", "liters"),
    ),
];

/// Codes of the platform and of Clarity.
type Codes = &'static [(i64, f64)];

/// Tables of categories: the column, the metric, and the codes; without codes the record itself says it.
pub(super) const CATEGORIES: &[(&str, &str, &str, Codes)] = &[
    (
        "menstruation_flow_record_table",
        "flow",
        "menstrual_flow",
        &[(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)],
    ),
    (
        "menstruation_period_record_table",
        "",
        "menstruation_period",
        &[],
    ),
    (
        "intermenstrual_bleeding_record_table",
        "",
        "intermenstrual_bleeding",
        &[],
    ),
    (
        "ovulation_test_record_table",
        "result",
        "ovulation_test_result",
        &[(0, 3.0), (1, 2.0), (2, 4.0), (3, 1.0)],
    ),
    (
        "cervical_mucus_record_table",
        "appearance",
        "cervical_mucus_quality",
        &[(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (5, 5.0)],
    ),
    ("sexual_activity_record_table", "", "sexual_activity", &[]),
    (
        "mindfulness_session_record_table",
        "",
        "mindful_session",
        &[],
    ),
];

/// A table of points below records.
#[derive(Debug)]
pub(super) struct Series {
    /// The records.
    pub(super) parent: &'static str,
    /// Their points.
    pub(super) child: &'static str,
    /// The value of a point.
    pub(super) column: &'static str,
    /// The metric.
    pub(super) metric: &'static str,
    /// Its unit.
    pub(super) unit: &'static str,
}

const fn series(
    parent: &'static str,
    child: &'static str,
    column: &'static str,
    metric: &'static str,
    unit: &'static str,
) -> Series {
    Series {
        parent,
        child,
        column,
        metric,
        unit,
    }
}

/// Tables of points.
pub(super) const SERIES: &[Series] = &[
    series(
        "heart_rate_record_table",
        "heart_rate_record_series_table",
        "beats_per_minute",
        "heart_rate",
        "/min",
    ),
    series(
        "skin_temperature_record_table",
        "skin_temperature_delta_table",
        "delta",
        "skin_temperature_delta",
        "K",
    ),
    series(
        "SpeedRecordTable",
        "speed_record_table",
        "speed",
        "speed",
        "m/s",
    ),
    series(
        "PowerRecordTable",
        "power_record_table",
        "power",
        "power",
        "W",
    ),
    series(
        "StepsCadenceRecordTable",
        "steps_cadence_record_table",
        "rate",
        "steps_cadence",
        "/min",
    ),
    series(
        "CyclingPedalingCadenceRecordTable",
        "cycling_pedaling_cadence_record_table",
        "revolutions_per_minute",
        "cycling_cadence",
        "/min",
    ),
];

/// Nutrients; the stored unit is the gram.
pub(super) const NUTRIENTS: &[Column] = &[
    scaled(
        column("energy", "dietary_energy_consumed", "kcal", "calories"),
        CAL,
    ),
    scaled(
        column(
            "energy_from_fat",
            "dietary_energy_from_fat",
            "kcal",
            "energy_from_fat",
        ),
        CAL,
    ),
    column("protein", "dietary_protein", "g", "protein_grams"),
    column(
        "total_carbohydrate",
        "dietary_carbohydrates",
        "g",
        "carbs_grams",
    ),
    column("total_fat", "dietary_fat_total", "g", "fat_grams"),
    column("sugar", "dietary_sugar", "g", "sugar_grams"),
    column("sodium", "dietary_sodium", "g", "sodium_grams"),
    column("dietary_fiber", "dietary_fiber", "g", "dietary_fiber_grams"),
    column(
        "saturated_fat",
        "dietary_fat_saturated",
        "g",
        "saturated_fat",
    ),
    column(
        "unsaturated_fat",
        "dietary_fat_unsaturated",
        "g",
        "unsaturated_fat",
    ),
    column(
        "monounsaturated_fat",
        "dietary_fat_monounsaturated",
        "g",
        "monounsaturated_fat",
    ),
    column(
        "polyunsaturated_fat",
        "dietary_fat_polyunsaturated",
        "g",
        "polyunsaturated_fat",
    ),
    column("trans_fat", "dietary_fat_trans", "g", "trans_fat"),
    column("cholesterol", "dietary_cholesterol", "g", "cholesterol"),
    column("caffeine", "dietary_caffeine", "g", "caffeine"),
    column("potassium", "dietary_potassium", "g", "potassium"),
    column("calcium", "dietary_calcium", "g", "calcium"),
    column("iron", "dietary_iron", "g", "iron"),
    column("magnesium", "dietary_magnesium", "g", "magnesium"),
    column("phosphorus", "dietary_phosphorus", "g", "phosphorus"),
    column("zinc", "dietary_zinc", "g", "zinc"),
    column("copper", "dietary_copper", "g", "copper"),
    column("manganese", "dietary_manganese", "g", "manganese"),
    column("selenium", "dietary_selenium", "g", "selenium"),
    column("chromium", "dietary_chromium", "g", "chromium"),
    column("molybdenum", "dietary_molybdenum", "g", "molybdenum"),
    column("iodine", "dietary_iodine", "g", "iodine"),
    column("chloride", "dietary_chloride", "g", "chloride"),
    column("biotin", "dietary_biotin", "g", "biotin"),
    column("folate", "dietary_folate", "g", "folate"),
    column("niacin", "dietary_niacin", "g", "niacin"),
    column(
        "pantothenic_acid",
        "dietary_pantothenic_acid",
        "g",
        "pantothenic_acid",
    ),
    column("riboflavin", "dietary_riboflavin", "g", "riboflavin"),
    column("thiamin", "dietary_thiamin", "g", "thiamin"),
    column("vitamin_a", "dietary_vitamin_a", "g", "vitamin_a"),
    column("vitamin_b12", "dietary_vitamin_b12", "g", "vitamin_b12"),
    column("vitamin_b6", "dietary_vitamin_b6", "g", "vitamin_b6"),
    column("vitamin_c", "dietary_vitamin_c", "g", "vitamin_c"),
    column("vitamin_d", "dietary_vitamin_d", "g", "vitamin_d"),
    column("vitamin_e", "dietary_vitamin_e", "g", "vitamin_e"),
    column("vitamin_k", "dietary_vitamin_k", "g", "vitamin_k"),
];

/// Tables that other files of this reader read.
const OTHERS: [&str; 3] = [
    "nutrition_record_table",
    "sleep_session_record_table",
    "exercise_session_record_table",
];

/// Whether a table is read.
pub(super) fn is_known(name: &str) -> bool {
    INSTANTS.iter().any(|(known, _)| *known == name)
        || INTERVALS.iter().any(|(known, _)| *known == name)
        || CATEGORIES.iter().any(|(known, ..)| *known == name)
        || SERIES
            .iter()
            .any(|series| series.parent == name || series.child == name)
        || OTHERS.contains(&name)
}

/// Activities by the platform's numbers of exercises, which are not those of the Jetpack library.
pub(super) const EXERCISES: &[(i64, &str)] = &[
    (1, "badminton"),
    (2, "baseball"),
    (3, "basketball"),
    (4, "cycling"),
    (5, "cycling"),
    (6, "mixed_cardio"),
    (7, "boxing"),
    (8, "functional_strength_training"),
    (9, "cricket"),
    (10, "dance"),
    (11, "mixed_cardio"),
    (12, "fencing"),
    (13, "american_football"),
    (14, "australian_football"),
    (15, "disc_sports"),
    (16, "golf"),
    (17, "mind_and_body"),
    (18, "gymnastics"),
    (19, "handball"),
    (20, "high_intensity_interval_training"),
    (21, "hiking"),
    (22, "hockey"),
    (23, "skating_sports"),
    (24, "martial_arts"),
    (25, "paddle_sports"),
    (27, "pilates"),
    (28, "racquetball"),
    (29, "climbing"),
    (30, "hockey"),
    (31, "rowing"),
    (32, "rugby"),
    (33, "running"),
    (34, "running"),
    (35, "sailing"),
    (36, "underwater_diving"),
    (37, "skating_sports"),
    (38, "downhill_skiing"),
    (39, "snowboarding"),
    (40, "hiking"),
    (41, "soccer"),
    (42, "softball"),
    (43, "squash"),
    (44, "stair_climbing"),
    (45, "traditional_strength_training"),
    (46, "flexibility"),
    (47, "surfing_sports"),
    (48, "swimming"),
    (49, "swimming"),
    (50, "table_tennis"),
    (51, "tennis"),
    (52, "volleyball"),
    (53, "walking"),
    (54, "water_polo"),
    (55, "traditional_strength_training"),
    (56, "wheelchair_walk_pace"),
    (57, "yoga"),
    (59, "stairs"),
    (60, "elliptical"),
    (61, "rowing"),
];

/// Exercises that happen indoors, and outdoors.
pub(super) const INDOORS: [i64; 5] = [5, 34, 49, 59, 61];
pub(super) const OUTDOORS: [i64; 1] = [48];
