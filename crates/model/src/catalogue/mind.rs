//! Sleep as samples and as summaries, mood, stress and the like.
//!
//! One row per metric. A number is never changed or used again; a new metric takes the next free one.

use crate::metric::Metric;
use crate::unit::Unit;

pub(super) const METRICS: &[Metric] = &[
    Metric::category(700, "sleep_analysis", "Stages of sleep, as intervals.")
        .healthkit("HKCategoryTypeIdentifierSleepAnalysis")
        .health_connect("SleepSession.stages.stage")
        .range(0.0, 5.0)
        .aliases(&["sleep", "sleep_session", "sleep_stage", "sleep_stages"]),
    Metric::category(
        701,
        "mindful_session",
        "A session of mindfulness, as an interval.",
    )
    .healthkit("HKCategoryTypeIdentifierMindfulSession")
    .health_connect("MindfulnessSession")
    .aliases(&["mindfulness_session", "mindfulness"]),
    Metric::cumulative(
        702,
        "sleep_duration",
        Unit::Minute,
        "Time asleep, as a summary of an interval.",
    )
    .loinc("93832-4")
    .range(0.0, 2_880.0)
    .aliases(&[
        "sleep_hours",
        "total_sleep_minutes",
        "total_sleep",
        "sleep_total_min",
        "sleep_minutes",
        "sleep_time",
    ]),
    Metric::cumulative(
        703,
        "time_in_bed",
        Unit::Minute,
        "Time in bed, as a summary of an interval.",
    )
    .range(0.0, 2_880.0)
    .aliases(&["time_in_bed_minutes", "in_bed"]),
    Metric::cumulative(
        704,
        "sleep_awake_duration",
        Unit::Minute,
        "Time awake between falling asleep and getting up, as a summary.",
    )
    .range(0.0, 2_880.0)
    .aliases(&["awake_minutes", "sleep_awake"]),
    Metric::cumulative(
        705,
        "sleep_light_duration",
        Unit::Minute,
        "Time in light sleep, as a summary.",
    )
    .loinc("93830-8")
    .range(0.0, 2_880.0)
    .aliases(&[
        "light_sleep_minutes",
        "sleep_core_duration",
        "sleep_light",
        "core_sleep",
    ]),
    Metric::cumulative(
        706,
        "sleep_deep_duration",
        Unit::Minute,
        "Time in deep sleep, as a summary.",
    )
    .loinc("93831-6")
    .range(0.0, 2_880.0)
    .aliases(&["deep_sleep_minutes", "sleep_deep", "deep_sleep"]),
    Metric::cumulative(
        707,
        "sleep_rem_duration",
        Unit::Minute,
        "Time in REM sleep, as a summary.",
    )
    .loinc("93829-0")
    .range(0.0, 2_880.0)
    .aliases(&["rem_sleep_minutes", "sleep_rem", "rem_sleep"]),
    Metric::cumulative(
        708,
        "sleep_unspecified_duration",
        Unit::Minute,
        "Time asleep in an unknown stage, as a summary.",
    )
    .range(0.0, 2_880.0)
    .aliases(&["asleep_unspecified_minutes", "sleep_unspecified"]),
    Metric::discrete(
        709,
        "sleep_efficiency",
        Unit::Percent,
        "Share of the time in bed that was slept.",
    )
    .range(0.0, 100.0),
    Metric::discrete(
        710,
        "sleep_latency",
        Unit::Minute,
        "Time from lying down to falling asleep.",
    )
    .range(0.0, 1_440.0)
    .aliases(&[
        "time_to_sleep",
        "time_to_sleep_minutes",
        "sleep_onset_latency",
    ]),
    Metric::discrete(
        711,
        "wake_count",
        Unit::Count,
        "Times woken up during a night.",
    )
    .range(0.0, 1_000.0)
    .aliases(&["awakenings", "sleep_interruptions", "interruptions"]),
    Metric::discrete(
        712,
        "sleep_score",
        Unit::Score,
        "A device's own rating of a night.",
    )
    .range(0.0, 100.0)
    .aliases(&["sleep_quality"]),
    Metric::discrete(
        713,
        "sleep_duration_goal",
        Unit::Minute,
        "How long the person means to sleep.",
    )
    .healthkit("HKDataTypeSleepDurationGoal")
    .range(0.0, 1_440.0)
    .aliases(&["sleep_goal"]),
    Metric::discrete(
        714,
        "mood_score",
        Unit::Score,
        "Mood, from 1 (very low) to 5 (excellent).",
    )
    .range(1.0, 5.0)
    .aliases(&["mood", "mood_assessment"]),
    Metric::discrete(
        715,
        "stress_level",
        Unit::Score,
        "Stress the person feels, 1 to 10.",
    )
    .range(1.0, 10.0)
    .aliases(&["stress", "stress_indicators"]),
    Metric::discrete(
        716,
        "anxiety_level",
        Unit::Score,
        "Anxiety the person feels, 1 to 10.",
    )
    .range(1.0, 10.0)
    .aliases(&["anxiety"]),
    Metric::discrete(
        717,
        "energy_level",
        Unit::Score,
        "Energy the person feels, 1 to 10.",
    )
    .range(1.0, 10.0),
    Metric::discrete(
        718,
        "focus_rating",
        Unit::Score,
        "How well the person can concentrate, 1 to 10.",
    )
    .range(1.0, 10.0)
    .aliases(&["focus", "cognitive_metrics"]),
    Metric::cumulative(
        719,
        "social_interaction_minutes",
        Unit::Minute,
        "Minutes with other people.",
    )
    .range(0.0, 1_440.0)
    .aliases(&["social_interaction", "social_minutes"]),
    Metric::cumulative(
        720,
        "meditation_minutes",
        Unit::Minute,
        "Minutes of meditation.",
    )
    .range(0.0, 480.0)
    .aliases(&["mindful_minutes", "meditation"]),
    Metric::discrete(
        721,
        "stress_score",
        Unit::Score,
        "A device's own stress score, 0 to 100.",
    )
    .range(0.0, 100.0)
    .dense(),
    Metric::discrete(
        722,
        "recovery_score",
        Unit::Score,
        "A device's own rating of recovery, 0 to 100.",
    )
    .range(0.0, 100.0)
    .aliases(&["readiness_score", "readiness", "recovery"]),
    Metric::discrete(
        723,
        "body_battery",
        Unit::Score,
        "A device's own estimate of energy left, 0 to 100.",
    )
    .range(0.0, 100.0)
    .dense(),
    Metric::discrete(
        724,
        "phq9_score",
        Unit::Score,
        "Answers to the PHQ-9 questionnaire, summed.",
    )
    .loinc("44261-6")
    .range(0.0, 27.0)
    .aliases(&["phq_9", "hkscoredassessmenttypeidentifierphq9"]),
    Metric::discrete(
        725,
        "gad7_score",
        Unit::Score,
        "Answers to the GAD-7 questionnaire, summed.",
    )
    .loinc("70274-6")
    .range(0.0, 21.0)
    .aliases(&["gad_7", "hkscoredassessmenttypeidentifiergad7"]),
];
