//! What was eaten and drunk.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::cumulative(
        500,
        "dietary_energy_consumed",
        Unit::Kilocalorie,
        "Energy eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryEnergyConsumed")
    .health_connect("Nutrition.energy")
    .loinc("9052-2")
    .range(0.0, 50_000.0)
    .aliases(&[
        "calories",
        "dietary_energy",
        "calories_consumed",
        "energy_consumed",
    ]),
    Metric::cumulative(501, "dietary_water", Unit::Millilitre, "Water drunk.")
        .healthkit("HKQuantityTypeIdentifierDietaryWater")
        .health_connect("Hydration.volume")
        .range(0.0, 50_000.0)
        .aliases(&["water_intake_ml", "water", "water_intake", "hydration"]),
    Metric::cumulative(
        502,
        "dietary_carbohydrates",
        Unit::Gram,
        "Carbohydrates eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryCarbohydrates")
    .health_connect("Nutrition.totalCarbohydrate")
    .range(0.0, 10_000.0)
    .aliases(&["carbohydrates", "carbs", "carbs_grams"]),
    Metric::cumulative(503, "dietary_fiber", Unit::Gram, "Fibre eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryFiber")
        .health_connect("Nutrition.dietaryFiber")
        .loinc("LP203183-1")
        .range(0.0, 10_000.0)
        .aliases(&["fiber", "fibre", "fibre_grams", "dietary_fiber_grams"]),
    Metric::cumulative(504, "dietary_sugar", Unit::Gram, "Sugar eaten.")
        .healthkit("HKQuantityTypeIdentifierDietarySugar")
        .health_connect("Nutrition.sugar")
        .range(0.0, 10_000.0)
        .aliases(&["sugar", "sugar_grams"]),
    Metric::cumulative(505, "dietary_fat_total", Unit::Gram, "Fat eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryFatTotal")
        .health_connect("Nutrition.totalFat")
        .range(0.0, 10_000.0)
        .aliases(&["total_fat", "fat_grams"]),
    Metric::cumulative(
        506,
        "dietary_fat_saturated",
        Unit::Gram,
        "Saturated fat eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryFatSaturated")
    .health_connect("Nutrition.saturatedFat")
    .range(0.0, 10_000.0)
    .aliases(&["saturated_fat"]),
    Metric::cumulative(
        507,
        "dietary_fat_monounsaturated",
        Unit::Gram,
        "Monounsaturated fat eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryFatMonounsaturated")
    .health_connect("Nutrition.monounsaturatedFat")
    .range(0.0, 10_000.0)
    .aliases(&["monounsaturated_fat", "monosaturated_fat"]),
    Metric::cumulative(
        508,
        "dietary_fat_polyunsaturated",
        Unit::Gram,
        "Polyunsaturated fat eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryFatPolyunsaturated")
    .health_connect("Nutrition.polyunsaturatedFat")
    .range(0.0, 10_000.0)
    .aliases(&["polyunsaturated_fat"]),
    Metric::cumulative(509, "dietary_protein", Unit::Gram, "Protein eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryProtein")
        .health_connect("Nutrition.protein")
        .range(0.0, 10_000.0)
        .aliases(&["protein", "protein_grams"]),
    Metric::cumulative(
        510,
        "dietary_cholesterol",
        Unit::Milligram,
        "Cholesterol eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryCholesterol")
    .health_connect("Nutrition.cholesterol")
    .range(0.0, 1_000_000.0)
    .aliases(&["cholesterol"]),
    Metric::cumulative(511, "dietary_sodium", Unit::Milligram, "Sodium eaten.")
        .healthkit("HKQuantityTypeIdentifierDietarySodium")
        .health_connect("Nutrition.sodium")
        .range(0.0, 1_000_000.0)
        .aliases(&["sodium"]),
    Metric::cumulative(
        512,
        "dietary_potassium",
        Unit::Milligram,
        "Potassium eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryPotassium")
    .health_connect("Nutrition.potassium")
    .range(0.0, 1_000_000.0)
    .aliases(&["potassium"]),
    Metric::cumulative(513, "dietary_calcium", Unit::Milligram, "Calcium eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryCalcium")
        .health_connect("Nutrition.calcium")
        .range(0.0, 1_000_000.0)
        .aliases(&["calcium"]),
    Metric::cumulative(514, "dietary_iron", Unit::Milligram, "Iron eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryIron")
        .health_connect("Nutrition.iron")
        .range(0.0, 1_000_000.0)
        .aliases(&["iron"]),
    Metric::cumulative(
        515,
        "dietary_magnesium",
        Unit::Milligram,
        "Magnesium eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryMagnesium")
    .health_connect("Nutrition.magnesium")
    .range(0.0, 1_000_000.0)
    .aliases(&["magnesium"]),
    Metric::cumulative(
        516,
        "dietary_phosphorus",
        Unit::Milligram,
        "Phosphorus eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryPhosphorus")
    .health_connect("Nutrition.phosphorus")
    .range(0.0, 1_000_000.0)
    .aliases(&["phosphorus"]),
    Metric::cumulative(517, "dietary_zinc", Unit::Milligram, "Zinc eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryZinc")
        .health_connect("Nutrition.zinc")
        .range(0.0, 1_000_000.0)
        .aliases(&["zinc"]),
    Metric::cumulative(518, "dietary_copper", Unit::Milligram, "Copper eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryCopper")
        .health_connect("Nutrition.copper")
        .range(0.0, 1_000_000.0)
        .aliases(&["copper"]),
    Metric::cumulative(
        519,
        "dietary_manganese",
        Unit::Milligram,
        "Manganese eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryManganese")
    .health_connect("Nutrition.manganese")
    .range(0.0, 1_000_000.0)
    .aliases(&["manganese"]),
    Metric::cumulative(520, "dietary_chloride", Unit::Milligram, "Chloride eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryChloride")
        .health_connect("Nutrition.chloride")
        .range(0.0, 1_000_000.0)
        .aliases(&["chloride"]),
    Metric::cumulative(521, "dietary_selenium", Unit::Microgram, "Selenium eaten.")
        .healthkit("HKQuantityTypeIdentifierDietarySelenium")
        .health_connect("Nutrition.selenium")
        .range(0.0, 1_000_000_000.0)
        .aliases(&["selenium"]),
    Metric::cumulative(522, "dietary_chromium", Unit::Microgram, "Chromium eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryChromium")
        .health_connect("Nutrition.chromium")
        .range(0.0, 1_000_000_000.0)
        .aliases(&["chromium"]),
    Metric::cumulative(
        523,
        "dietary_molybdenum",
        Unit::Microgram,
        "Molybdenum eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryMolybdenum")
    .health_connect("Nutrition.molybdenum")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["molybdenum"]),
    Metric::cumulative(524, "dietary_iodine", Unit::Microgram, "Iodine eaten.")
        .healthkit("HKQuantityTypeIdentifierDietaryIodine")
        .health_connect("Nutrition.iodine")
        .range(0.0, 1_000_000_000.0)
        .aliases(&["iodine"]),
    Metric::cumulative(
        525,
        "dietary_vitamin_a",
        Unit::Microgram,
        "Vitamin A eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminA")
    .health_connect("Nutrition.vitaminA")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["vitamin_a"]),
    Metric::cumulative(
        526,
        "dietary_vitamin_b6",
        Unit::Milligram,
        "Vitamin B6 eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminB6")
    .health_connect("Nutrition.vitaminB6")
    .range(0.0, 1_000_000.0)
    .aliases(&["vitamin_b6"]),
    Metric::cumulative(
        527,
        "dietary_vitamin_b12",
        Unit::Microgram,
        "Vitamin B12 eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminB12")
    .health_connect("Nutrition.vitaminB12")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["vitamin_b12"]),
    Metric::cumulative(
        528,
        "dietary_vitamin_c",
        Unit::Milligram,
        "Vitamin C eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminC")
    .health_connect("Nutrition.vitaminC")
    .range(0.0, 1_000_000.0)
    .aliases(&["vitamin_c"]),
    Metric::cumulative(
        529,
        "dietary_vitamin_d",
        Unit::Microgram,
        "Vitamin D eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminD")
    .health_connect("Nutrition.vitaminD")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["vitamin_d"]),
    Metric::cumulative(
        530,
        "dietary_vitamin_e",
        Unit::Milligram,
        "Vitamin E eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminE")
    .health_connect("Nutrition.vitaminE")
    .range(0.0, 1_000_000.0)
    .aliases(&["vitamin_e"]),
    Metric::cumulative(
        531,
        "dietary_vitamin_k",
        Unit::Microgram,
        "Vitamin K eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryVitaminK")
    .health_connect("Nutrition.vitaminK")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["vitamin_k"]),
    Metric::cumulative(
        532,
        "dietary_thiamin",
        Unit::Milligram,
        "Thiamin (vitamin B1) eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryThiamin")
    .health_connect("Nutrition.thiamin")
    .range(0.0, 1_000_000.0)
    .aliases(&["thiamin"]),
    Metric::cumulative(
        533,
        "dietary_riboflavin",
        Unit::Milligram,
        "Riboflavin (vitamin B2) eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryRiboflavin")
    .health_connect("Nutrition.riboflavin")
    .range(0.0, 1_000_000.0)
    .aliases(&["riboflavin"]),
    Metric::cumulative(
        534,
        "dietary_niacin",
        Unit::Milligram,
        "Niacin (vitamin B3) eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryNiacin")
    .health_connect("Nutrition.niacin")
    .range(0.0, 1_000_000.0)
    .aliases(&["niacin"]),
    Metric::cumulative(
        535,
        "dietary_pantothenic_acid",
        Unit::Milligram,
        "Pantothenic acid (vitamin B5) eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryPantothenicAcid")
    .health_connect("Nutrition.pantothenicAcid")
    .range(0.0, 1_000_000.0)
    .aliases(&["pantothenic_acid"]),
    Metric::cumulative(
        536,
        "dietary_biotin",
        Unit::Microgram,
        "Biotin (vitamin B7) eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryBiotin")
    .health_connect("Nutrition.biotin")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["biotin"]),
    Metric::cumulative(
        537,
        "dietary_folate",
        Unit::Microgram,
        "Folate (vitamin B9) eaten.",
    )
    .healthkit("HKQuantityTypeIdentifierDietaryFolate")
    .health_connect("Nutrition.folate")
    .range(0.0, 1_000_000_000.0)
    .aliases(&["folate"]),
    Metric::cumulative(538, "dietary_caffeine", Unit::Milligram, "Caffeine taken.")
        .healthkit("HKQuantityTypeIdentifierDietaryCaffeine")
        .health_connect("Nutrition.caffeine")
        .range(0.0, 1_000_000.0)
        .aliases(&["caffeine"]),
    Metric::cumulative(539, "dietary_fat_trans", Unit::Gram, "Trans fat eaten.")
        .health_connect("Nutrition.transFat")
        .range(0.0, 10_000.0)
        .aliases(&["trans_fat"]),
    Metric::cumulative(
        540,
        "dietary_fat_unsaturated",
        Unit::Gram,
        "Unsaturated fat eaten.",
    )
    .health_connect("Nutrition.unsaturatedFat")
    .range(0.0, 10_000.0)
    .aliases(&["unsaturated_fat"]),
    Metric::cumulative(
        541,
        "dietary_energy_from_fat",
        Unit::Kilocalorie,
        "Energy eaten as fat.",
    )
    .health_connect("Nutrition.energyFromFat")
    .range(0.0, 50_000.0)
    .aliases(&["energy_from_fat"]),
];
