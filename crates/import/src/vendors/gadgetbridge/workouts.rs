//! Workouts of Gadgetbridge: what the number of an activity means, and the totals of its summary.

use model::record::{Workout, WorkoutStatistic};

use crate::json::Json;
use crate::session::{known, statistic};
use crate::vendors::elements::plain;

/// Kinds of activities, by the numbers of the app.
const KINDS: &[(i64, &str)] = &[
    (16, "running"),
    (32, "walking"),
    (64, "swimming"),
    (128, "cycling"),
    (256, "running"),
    (512, "other"),
    (1_024, "swimming"),
    (2_048, "cycling"),
    (4_096, "elliptical"),
    (8_192, "jump_rope"),
    (16_384, "yoga"),
    (32_768, "soccer"),
    (65_536, "rowing"),
    (131_072, "cricket"),
    (262_144, "basketball"),
    (524_288, "table_tennis"),
    (1_048_576, "badminton"),
    (2_097_152, "traditional_strength_training"),
    (4_194_304, "hiking"),
    (8_388_608, "climbing"),
];

/// A workout, with the totals that its summary names; each is a number, or a number with its unit.
pub(super) fn workout(kind: Option<i64>, summary: &str) -> Workout {
    let summary = serde_json::from_str::<Json<'_>>(summary).unwrap_or_default();
    let number = |name: &str| {
        let value = plain(summary.get(name).unwrapped(&["value"]))?;
        (value > 0.0).then_some(value)
    };
    let rate = WorkoutStatistic {
        mean: number("averageHR"),
        min: number("minHR"),
        max: number("maxHR"),
        ..statistic(known("heart_rate"))
    };
    let steps = WorkoutStatistic {
        sum: number("steps"),
        ..statistic(known("step_count"))
    };
    let ascent = WorkoutStatistic {
        sum: number("ascentMeters").or(number("ascentDistance")),
        ..statistic(known("elevation_gained"))
    };
    let mut statistics = vec![rate, steps, ascent];
    statistics.retain(|of| of.sum.is_some() || of.mean.is_some() || of.max.is_some());
    let activity = KINDS.iter().find(|(number, _)| Some(*number) == kind);
    Workout {
        activity: activity
            .map_or("other", |(_, activity)| *activity)
            .to_owned(),
        duration_min: number("activeSeconds").map(|seconds| seconds / 60.0),
        active_energy_kcal: number("activeCalories").or(number("caloriesBurnt")),
        distance_m: number("distanceMeters"),
        statistics,
        ..Workout::default()
    }
}
