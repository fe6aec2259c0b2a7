//! Size, composition and temperature of the body, and what surrounds it.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::discrete(300, "body_mass", Unit::Kilogram, "Body weight.")
        .healthkit("HKQuantityTypeIdentifierBodyMass")
        .health_connect("Weight.weight")
        .loinc("29463-7")
        .range(0.2, 1_000.0)
        .aliases(&["weight", "weight_body_mass", "body_weight", "weight_kg"]),
    Metric::discrete(301, "height", Unit::Metre, "Body height.")
        .healthkit("HKQuantityTypeIdentifierHeight")
        .health_connect("Height.height")
        .loinc("8302-2")
        .range(0.2, 3.0)
        .aliases(&["body_height", "height_cm"]),
    Metric::discrete(
        302,
        "body_mass_index",
        Unit::KilogramPerSquareMetre,
        "Weight relative to height.",
    )
    .healthkit("HKQuantityTypeIdentifierBodyMassIndex")
    .loinc("39156-5")
    .range(3.0, 300.0)
    .aliases(&["bmi"]),
    Metric::discrete(
        303,
        "body_fat_percentage",
        Unit::Percent,
        "Share of fat in the body.",
    )
    .healthkit("HKQuantityTypeIdentifierBodyFatPercentage")
    .health_connect("BodyFat.percentage")
    .loinc("41982-0")
    .range(0.0, 100.0)
    .aliases(&["body_fat"]),
    Metric::discrete(
        304,
        "lean_body_mass",
        Unit::Kilogram,
        "Body weight without fat.",
    )
    .healthkit("HKQuantityTypeIdentifierLeanBodyMass")
    .health_connect("LeanBodyMass.mass")
    .loinc("91557-9")
    .range(0.2, 500.0),
    Metric::discrete(
        305,
        "waist_circumference",
        Unit::Metre,
        "Girth of the waist.",
    )
    .healthkit("HKQuantityTypeIdentifierWaistCircumference")
    .loinc("8280-0")
    .range(0.1, 5.0)
    .aliases(&["waist"]),
    Metric::discrete(
        306,
        "body_temperature",
        Unit::Celsius,
        "Temperature of the body.",
    )
    .healthkit("HKQuantityTypeIdentifierBodyTemperature")
    .health_connect("BodyTemperature.temperature")
    .loinc("8310-5")
    .range(25.0, 45.0)
    .aliases(&["temperature", "core_body_temperature"]),
    Metric::discrete(
        307,
        "basal_body_temperature",
        Unit::Celsius,
        "Temperature of the body on waking.",
    )
    .healthkit("HKQuantityTypeIdentifierBasalBodyTemperature")
    .health_connect("BasalBodyTemperature.temperature")
    .range(25.0, 45.0),
    Metric::discrete(
        308,
        "apple_sleeping_wrist_temperature",
        Unit::Celsius,
        "Temperature of the wrist during sleep.",
    )
    .healthkit("HKQuantityTypeIdentifierAppleSleepingWristTemperature")
    .range(10.0, 50.0)
    .aliases(&["sleeping_wrist_temperature", "wrist_temperature"]),
    Metric::discrete(
        309,
        "water_temperature",
        Unit::Celsius,
        "Temperature of the water around a swimmer.",
    )
    .healthkit("HKQuantityTypeIdentifierWaterTemperature")
    .range(-5.0, 100.0)
    .aliases(&["under_water_temperature"]),
    Metric::equivalent_level(
        310,
        "environmental_audio_exposure",
        Unit::Decibel,
        "Loudness of the surroundings.",
    )
    .healthkit("HKQuantityTypeIdentifierEnvironmentalAudioExposure")
    .range(0.0, 250.0)
    .dense()
    .aliases(&["environmental_audio", "environmental_sound_level"]),
    Metric::equivalent_level(
        311,
        "headphone_audio_exposure",
        Unit::Decibel,
        "Loudness of headphones.",
    )
    .healthkit("HKQuantityTypeIdentifierHeadphoneAudioExposure")
    .range(0.0, 250.0)
    .aliases(&["headphone_audio", "headphone_audio_levels"]),
    Metric::equivalent_level(
        312,
        "environmental_sound_reduction",
        Unit::Decibel,
        "Loudness that earphones kept away.",
    )
    .healthkit("HKQuantityTypeIdentifierEnvironmentalSoundReduction")
    .range(0.0, 250.0),
    Metric::discrete(313, "uv_exposure", Unit::Count, "Ultraviolet index.")
        .healthkit("HKQuantityTypeIdentifierUVExposure")
        .range(0.0, 100.0)
        .aliases(&["uv_index"]),
    Metric::cumulative(
        314,
        "number_of_alcoholic_beverages",
        Unit::Count,
        "Alcoholic drinks.",
    )
    .healthkit("HKQuantityTypeIdentifierNumberOfAlcoholicBeverages")
    .range(0.0, 100.0)
    .aliases(&["alcoholic_beverages", "alcohol_consumption"]),
    Metric::discrete(315, "body_water_mass", Unit::Kilogram, "Water in the body.")
        .health_connect("BodyWaterMass.mass")
        .range(0.0, 500.0)
        .aliases(&["body_water"]),
    Metric::discrete(316, "bone_mass", Unit::Kilogram, "Mineral in the bones.")
        .health_connect("BoneMass.mass")
        .range(0.0, 100.0),
    Metric::discrete(
        317,
        "skeletal_muscle_mass",
        Unit::Kilogram,
        "Mass of the skeletal muscles.",
    )
    .range(0.0, 300.0)
    .aliases(&["muscle_mass"]),
    Metric::discrete(
        318,
        "body_fat_mass",
        Unit::Kilogram,
        "Mass of fat in the body.",
    )
    .range(0.0, 800.0)
    .aliases(&["fat_mass"]),
    Metric::discrete(
        319,
        "basal_metabolic_rate",
        Unit::KilocaloriePerDay,
        "Energy the body needs in a day at rest.",
    )
    .health_connect("BasalMetabolicRate.basalMetabolicRate")
    .range(0.0, 20_000.0)
    .aliases(&["bmr"]),
    Metric::discrete(
        320,
        "skin_temperature",
        Unit::Celsius,
        "Temperature of the skin.",
    )
    .range(10.0, 50.0),
    Metric::discrete(
        321,
        "skin_temperature_delta",
        Unit::KelvinDifference,
        "Difference of the skin temperature from its usual value.",
    )
    .health_connect("SkinTemperature.deltas.delta")
    .range(-20.0, 20.0)
    .aliases(&["skin_temperature_deviation", "temperature_deviation"]),
    Metric::discrete(
        322,
        "ambient_temperature",
        Unit::Celsius,
        "Temperature of the air.",
    )
    .range(-100.0, 100.0)
    .aliases(&["weather_temperature", "air_temperature"]),
    Metric::discrete(
        323,
        "relative_humidity",
        Unit::Percent,
        "Humidity of the air.",
    )
    .range(0.0, 100.0)
    .aliases(&["weather_humidity", "humidity"]),
    Metric::discrete(
        324,
        "ambient_light",
        Unit::Lux,
        "Light falling on the sensor.",
    )
    .range(0.0, 300_000.0)
    .dense()
    .aliases(&["illuminance"]),
    Metric::discrete(
        325,
        "air_quality_index",
        Unit::Score,
        "Air quality on a national index.",
    )
    .range(0.0, 1_000.0)
    .aliases(&["aqi", "air_quality"]),
];
