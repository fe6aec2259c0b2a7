//! What the body does: steps, distance, energy, effort, workouts.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::cumulative(1, "step_count", Unit::Count, "Steps taken.")
        .healthkit("HKQuantityTypeIdentifierStepCount")
        .health_connect("Steps.count")
        .loinc("55423-8")
        .range(0.0, 100_000.0)
        .dense()
        .aliases(&["steps", "total_steps", "daily_steps", "step_counts"]),
    Metric::cumulative(
        2,
        "distance_walking_running",
        Unit::Metre,
        "Distance walked or run.",
    )
    .healthkit("HKQuantityTypeIdentifierDistanceWalkingRunning")
    .health_connect("Distance.distance")
    .range(0.0, 500_000.0)
    .dense()
    .aliases(&[
        "distance",
        "walking_running_distance",
        "walking_distance",
        "distance_walked",
    ]),
    Metric::cumulative(3, "distance_cycling", Unit::Metre, "Distance cycled.")
        .healthkit("HKQuantityTypeIdentifierDistanceCycling")
        .range(0.0, 2_000_000.0)
        .dense()
        .aliases(&["cycling_distance"]),
    Metric::cumulative(4, "distance_swimming", Unit::Metre, "Distance swum.")
        .healthkit("HKQuantityTypeIdentifierDistanceSwimming")
        .loinc("93816-7")
        .range(0.0, 200_000.0)
        .aliases(&["swimming_distance"]),
    Metric::cumulative(
        5,
        "distance_wheelchair",
        Unit::Metre,
        "Distance covered in a wheelchair.",
    )
    .healthkit("HKQuantityTypeIdentifierDistanceWheelchair")
    .range(0.0, 500_000.0)
    .aliases(&["wheelchair_distance"]),
    Metric::cumulative(
        6,
        "distance_downhill_snow_sports",
        Unit::Metre,
        "Distance covered downhill on snow.",
    )
    .healthkit("HKQuantityTypeIdentifierDistanceDownhillSnowSports")
    .range(0.0, 500_000.0)
    .aliases(&["downhill_snow_sports", "downhill_snow_sports_distance"]),
    Metric::cumulative(
        7,
        "distance_cross_country_skiing",
        Unit::Metre,
        "Distance skied cross-country.",
    )
    .healthkit("HKQuantityTypeIdentifierDistanceCrossCountrySkiing")
    .range(0.0, 500_000.0)
    .aliases(&["cross_country_skiing_distance"]),
    Metric::cumulative(
        8,
        "distance_paddle_sports",
        Unit::Metre,
        "Distance paddled.",
    )
    .healthkit("HKQuantityTypeIdentifierDistancePaddleSports")
    .range(0.0, 500_000.0)
    .aliases(&["paddle_sports_distance"]),
    Metric::cumulative(9, "distance_rowing", Unit::Metre, "Distance rowed.")
        .healthkit("HKQuantityTypeIdentifierDistanceRowing")
        .range(0.0, 500_000.0)
        .aliases(&["rowing_distance"]),
    Metric::cumulative(
        10,
        "distance_skating_sports",
        Unit::Metre,
        "Distance skated.",
    )
    .healthkit("HKQuantityTypeIdentifierDistanceSkatingSports")
    .range(0.0, 500_000.0)
    .aliases(&["skating_sports_distance"]),
    Metric::cumulative(
        11,
        "active_energy_burned",
        Unit::Kilocalorie,
        "Energy burned by activity, above rest.",
    )
    .healthkit("HKQuantityTypeIdentifierActiveEnergyBurned")
    .health_connect("ActiveCaloriesBurned.energy")
    .loinc("41981-2")
    .range(0.0, 20_000.0)
    .dense()
    .aliases(&[
        "active_energy",
        "active_calories",
        "active_calories_burned",
        "active_energy_kcal",
    ]),
    Metric::cumulative(
        12,
        "basal_energy_burned",
        Unit::Kilocalorie,
        "Energy burned at rest.",
    )
    .healthkit("HKQuantityTypeIdentifierBasalEnergyBurned")
    .range(0.0, 20_000.0)
    .dense()
    .aliases(&[
        "basal_energy",
        "resting_energy",
        "basal_calories",
        "resting_calories",
    ]),
    Metric::cumulative(
        13,
        "apple_exercise_time",
        Unit::Minute,
        "Minutes of exercise at or above a brisk walk.",
    )
    .healthkit("HKQuantityTypeIdentifierAppleExerciseTime")
    .range(0.0, 1_440.0)
    .aliases(&[
        "exercise_time",
        "exercise",
        "exercise_minutes",
        "exercise_duration",
    ]),
    Metric::cumulative(14, "apple_move_time", Unit::Minute, "Minutes of movement.")
        .healthkit("HKQuantityTypeIdentifierAppleMoveTime")
        .range(0.0, 1_440.0)
        .aliases(&["move_time", "move_minutes"]),
    Metric::cumulative(15, "apple_stand_time", Unit::Minute, "Minutes stood.")
        .healthkit("HKQuantityTypeIdentifierAppleStandTime")
        .range(0.0, 1_440.0)
        .aliases(&["stand_time", "stand_minutes"]),
    Metric::cumulative(
        16,
        "flights_climbed",
        Unit::Count,
        "Flights of stairs climbed.",
    )
    .healthkit("HKQuantityTypeIdentifierFlightsClimbed")
    .health_connect("FloorsClimbed.floors")
    .loinc("100304-5")
    .range(0.0, 2_000.0)
    .aliases(&["floors_climbed", "floors"]),
    Metric::cumulative(17, "push_count", Unit::Count, "Pushes of a wheelchair.")
        .healthkit("HKQuantityTypeIdentifierPushCount")
        .health_connect("WheelchairPushes.count")
        .loinc("96502-0")
        .range(0.0, 100_000.0)
        .aliases(&["wheelchair_push_count", "wheelchair_pushes"]),
    Metric::cumulative(
        18,
        "swimming_stroke_count",
        Unit::Count,
        "Swimming strokes.",
    )
    .healthkit("HKQuantityTypeIdentifierSwimmingStrokeCount")
    .range(0.0, 100_000.0)
    .aliases(&["swim_stroke_count", "swimming_strokes"]),
    Metric::cumulative(
        19,
        "nike_fuel",
        Unit::Count,
        "Points of a discontinued product.",
    )
    .healthkit("HKQuantityTypeIdentifierNikeFuel")
    .range(0.0, 1_000_000.0),
    Metric::discrete(
        20,
        "physical_effort",
        Unit::KilocaloriePerKilogramHour,
        "Intensity of effort, as metabolic equivalents.",
    )
    .healthkit("HKQuantityTypeIdentifierPhysicalEffort")
    .range(0.0, 100.0)
    .dense()
    .aliases(&["average_met", "average_mets", "met"]),
    Metric::discrete(
        21,
        "workout_effort_score",
        Unit::Score,
        "How hard the person found a workout, 1 to 10.",
    )
    .healthkit("HKQuantityTypeIdentifierWorkoutEffortScore")
    .range(0.0, 10.0),
    Metric::discrete(
        22,
        "estimated_workout_effort_score",
        Unit::Score,
        "How hard the watch estimates a workout was, 1 to 10.",
    )
    .healthkit("HKQuantityTypeIdentifierEstimatedWorkoutEffortScore")
    .range(0.0, 10.0),
    Metric::discrete(
        23,
        "vo2_max",
        Unit::MillilitrePerKilogramMinute,
        "Estimated maximal oxygen uptake.",
    )
    .healthkit("HKQuantityTypeIdentifierVO2Max")
    .health_connect("Vo2Max.vo2MillilitersPerMinuteKilogram")
    .range(5.0, 100.0)
    .aliases(&["cardio_fitness"]),
    Metric::discrete(
        24,
        "six_minute_walk_test_distance",
        Unit::Metre,
        "Estimated distance of a six-minute walk.",
    )
    .healthkit("HKQuantityTypeIdentifierSixMinuteWalkTestDistance")
    .range(0.0, 2_000.0)
    .aliases(&["six_minute_walking_test_distance", "six_minute_walk"]),
    Metric::discrete(
        25,
        "walking_speed",
        Unit::MetrePerSecond,
        "Speed of walking on level ground.",
    )
    .healthkit("HKQuantityTypeIdentifierWalkingSpeed")
    .range(0.0, 10.0),
    Metric::discrete(
        26,
        "walking_step_length",
        Unit::Metre,
        "Length of a step while walking.",
    )
    .healthkit("HKQuantityTypeIdentifierWalkingStepLength")
    .range(0.0, 3.0)
    .aliases(&["step_length"]),
    Metric::discrete(
        27,
        "walking_asymmetry_percentage",
        Unit::Percent,
        "Share of asymmetric steps while walking.",
    )
    .healthkit("HKQuantityTypeIdentifierWalkingAsymmetryPercentage")
    .range(0.0, 100.0)
    .aliases(&["walking_asymmetry"]),
    Metric::discrete(
        28,
        "walking_double_support_percentage",
        Unit::Percent,
        "Share of a step with both feet on the ground.",
    )
    .healthkit("HKQuantityTypeIdentifierWalkingDoubleSupportPercentage")
    .range(0.0, 100.0)
    .aliases(&["walking_double_support", "double_support_time"]),
    Metric::discrete(
        29,
        "apple_walking_steadiness",
        Unit::Percent,
        "Stability of walking.",
    )
    .healthkit("HKQuantityTypeIdentifierAppleWalkingSteadiness")
    .range(0.0, 100.0)
    .aliases(&["walking_steadiness"]),
    Metric::discrete(
        30,
        "stair_ascent_speed",
        Unit::MetrePerSecond,
        "Speed up stairs.",
    )
    .healthkit("HKQuantityTypeIdentifierStairAscentSpeed")
    .range(0.0, 10.0)
    .aliases(&["stair_speed_up"]),
    Metric::discrete(
        31,
        "stair_descent_speed",
        Unit::MetrePerSecond,
        "Speed down stairs.",
    )
    .healthkit("HKQuantityTypeIdentifierStairDescentSpeed")
    .range(0.0, 10.0)
    .aliases(&["stair_speed_down"]),
    Metric::discrete(
        32,
        "running_speed",
        Unit::MetrePerSecond,
        "Speed of running.",
    )
    .healthkit("HKQuantityTypeIdentifierRunningSpeed")
    .range(0.0, 20.0)
    .dense()
    .aliases(&["average_running_speed"]),
    Metric::discrete(33, "running_power", Unit::Watt, "Power of running.")
        .healthkit("HKQuantityTypeIdentifierRunningPower")
        .range(0.0, 3_000.0)
        .dense()
        .aliases(&["average_running_power"]),
    Metric::discrete(
        34,
        "running_stride_length",
        Unit::Metre,
        "Length of a stride while running.",
    )
    .healthkit("HKQuantityTypeIdentifierRunningStrideLength")
    .range(0.0, 5.0)
    .dense()
    .aliases(&["average_running_stride_length", "stride_length"]),
    Metric::discrete(
        35,
        "running_vertical_oscillation",
        Unit::Centimetre,
        "Height of the bounce while running.",
    )
    .healthkit("HKQuantityTypeIdentifierRunningVerticalOscillation")
    .range(0.0, 100.0)
    .dense()
    .aliases(&["average_vertical_oscillation", "vertical_oscillation"]),
    Metric::discrete(
        36,
        "running_ground_contact_time",
        Unit::Millisecond,
        "Time a foot is on the ground while running.",
    )
    .healthkit("HKQuantityTypeIdentifierRunningGroundContactTime")
    .range(0.0, 5_000.0)
    .dense()
    .aliases(&["average_ground_contact_time", "ground_contact_time"]),
    Metric::time_weighted(
        37,
        "cycling_speed",
        Unit::MetrePerSecond,
        "Speed of cycling.",
    )
    .healthkit("HKQuantityTypeIdentifierCyclingSpeed")
    .range(0.0, 50.0)
    .dense(),
    Metric::time_weighted(38, "cycling_power", Unit::Watt, "Power of cycling.")
        .healthkit("HKQuantityTypeIdentifierCyclingPower")
        .range(0.0, 5_000.0)
        .dense(),
    Metric::time_weighted(
        39,
        "cycling_cadence",
        Unit::PerMinute,
        "Revolutions of the pedals.",
    )
    .healthkit("HKQuantityTypeIdentifierCyclingCadence")
    .health_connect("CyclingPedalingCadence.samples.revolutionsPerMinute")
    .range(0.0, 300.0)
    .dense()
    .aliases(&["cycling_pedaling_cadence"]),
    Metric::discrete(
        40,
        "cycling_functional_threshold_power",
        Unit::Watt,
        "Highest power that can be held for an hour.",
    )
    .healthkit("HKQuantityTypeIdentifierCyclingFunctionalThresholdPower")
    .range(0.0, 1_000.0)
    .aliases(&["functional_threshold_power", "ftp"]),
    Metric::discrete(41, "rowing_speed", Unit::MetrePerSecond, "Speed of rowing.")
        .healthkit("HKQuantityTypeIdentifierRowingSpeed")
        .range(0.0, 20.0)
        .dense(),
    Metric::discrete(
        42,
        "paddle_sports_speed",
        Unit::MetrePerSecond,
        "Speed of paddling.",
    )
    .healthkit("HKQuantityTypeIdentifierPaddleSportsSpeed")
    .range(0.0, 20.0)
    .dense(),
    Metric::discrete(
        43,
        "cross_country_skiing_speed",
        Unit::MetrePerSecond,
        "Speed of cross-country skiing.",
    )
    .healthkit("HKQuantityTypeIdentifierCrossCountrySkiingSpeed")
    .range(0.0, 50.0)
    .dense(),
    Metric::discrete(44, "underwater_depth", Unit::Metre, "Depth under water.")
        .healthkit("HKQuantityTypeIdentifierUnderwaterDepth")
        .range(0.0, 1_000.0)
        .dense(),
    Metric::cumulative(45, "number_of_times_fallen", Unit::Count, "Hard falls.")
        .healthkit("HKQuantityTypeIdentifierNumberOfTimesFallen")
        .range(0.0, 1_000.0)
        .aliases(&["number_of_time_fallen", "falls"]),
    Metric::cumulative(46, "time_in_daylight", Unit::Minute, "Minutes in daylight.")
        .healthkit("HKQuantityTypeIdentifierTimeInDaylight")
        .range(0.0, 1_440.0)
        .aliases(&["daylight_minutes"]),
    Metric::cumulative(
        47,
        "total_energy_burned",
        Unit::Kilocalorie,
        "Energy burned, at rest and by activity together.",
    )
    .health_connect("TotalCaloriesBurned.energy")
    .range(0.0, 50_000.0)
    .dense()
    .aliases(&["total_calories", "total_calories_burned", "total_energy"]),
    Metric::cumulative(
        48,
        "active_minutes",
        Unit::Minute,
        "Minutes of activity of any intensity.",
    )
    .range(0.0, 1_440.0)
    .aliases(&["active_time", "active_duration"]),
    Metric::cumulative(49, "elevation_gained", Unit::Metre, "Height climbed.")
        .health_connect("ElevationGained.elevation")
        .range(0.0, 100_000.0)
        .aliases(&["elevation_ascended", "elevation_gain", "altitude_gain"]),
    Metric::discrete(
        50,
        "speed",
        Unit::MetrePerSecond,
        "Speed of movement of any kind.",
    )
    .health_connect("Speed.samples.speed")
    .range(0.0, 500.0)
    .dense(),
    Metric::discrete(51, "power", Unit::Watt, "Power of an exercise of any kind.")
        .health_connect("Power.samples.power")
        .range(0.0, 10_000.0)
        .dense(),
    Metric::discrete(52, "steps_cadence", Unit::PerMinute, "Steps per minute.")
        .health_connect("StepsCadence.samples.rate")
        .range(0.0, 500.0)
        .dense()
        .aliases(&["cadence", "step_cadence", "running_cadence"]),
    Metric::cumulative(
        53,
        "stand_hours",
        Unit::Count,
        "Hours of a day with at least a minute stood.",
    )
    .range(0.0, 24.0)
    .aliases(&["apple_stand_hours"]),
    Metric::discrete(
        54,
        "activity_level",
        Unit::Score,
        "Level of activity on the scale of the client that reports it.",
    )
    .range(0.0, 10.0)
    .aliases(&["activity_score"]),
];
