//! What `expected.json` beside a sample says, and the comparison with what came out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::record::Workout;
use model::sample::MINUTE_US;
use model::zone::Zone;
use serde_json::Value;

use crate::support::Got;

/// Metrics whose samples of zero say nothing.
const ADDITIVE: [&str; 6] = [
    "step_count",
    "distance_walking_running",
    "active_energy_burned",
    "total_energy_burned",
    "flights_climbed",
    "elevation_gained",
];

fn us(value: &Value) -> i64 {
    let text = value.as_str().expect("a time");
    let at: Timestamp = text.parse().expect("a time of RFC 3339");
    at.as_microsecond()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1e-3)
}

fn list<'v>(expected: &'v Value, name: &str) -> &'v [Value] {
    expected[name].as_array().map_or(&[], Vec::as_slice)
}

type Key = (String, i64, i64);

/// Everything in which the two differ, one line each.
pub(crate) fn differences(got: &Got, expected: &Value) -> Vec<String> {
    let mut lines = samples(got, expected);
    lines.extend(workouts(got, expected));
    lines.extend(nights(got, expected));
    lines.extend(steps(got, expected));
    lines
}

fn samples(got: &Got, expected: &Value) -> Vec<String> {
    let is_told = |metric: &str, value: f64| value != 0.0 || !ADDITIVE.contains(&metric);
    let mut wanted: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for one in list(expected, "samples") {
        let metric = one["metric"].as_str().expect("a metric");
        let value = one["value"].as_f64().expect("a number");
        if is_told(metric, value) {
            let key = (metric.to_owned(), us(&one["start"]), us(&one["end"]));
            wanted.entry(key).or_default().push(value);
        }
    }
    let mut seen: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for one in &got.samples {
        if is_told(&one.metric, one.value) {
            let key = (one.metric.clone(), one.start_us, one.end_us);
            let values = seen.entry(key).or_default();
            if !values.iter().any(|value| near(*value, one.value)) {
                values.push(one.value);
            }
        }
    }
    let print = |(metric, start, end): &Key, value: f64| {
        let at = |us: i64| Timestamp::from_microsecond(us).expect("a time");
        format!("{metric} {} {} {value}", at(*start), at(*end))
    };
    let lacks = |there: &BTreeMap<Key, Vec<f64>>, key: &Key, value: f64| {
        let values = there.get(key).map_or(&[][..], Vec::as_slice);
        !values.iter().any(|other| near(*other, value))
    };
    let mut lines = Vec::new();
    for (key, values) in &wanted {
        for value in values.iter().filter(|value| lacks(&seen, key, **value)) {
            lines.push(format!("missing: {}", print(key, *value)));
        }
    }
    for (key, values) in &seen {
        for value in values.iter().filter(|value| lacks(&wanted, key, **value)) {
            lines.push(format!("surplus: {}", print(key, *value)));
        }
    }
    lines
}

fn workouts(got: &Got, expected: &Value) -> Vec<String> {
    let wanted = list(expected, "workouts");
    let mut lines = Vec::new();
    if wanted.len() != got.workouts.len() {
        let count = got.workouts.len();
        lines.push(format!("{count} workouts for {}", wanted.len()));
    }
    for one in wanted {
        let (start, end) = (us(&one["start"]), us(&one["end"]));
        let found = got
            .workouts
            .iter()
            .find(|(s, e, _)| (*s, *e) == (start, end));
        let Some((_, _, workout)) = found else {
            lines.push(format!("missing: workout {} {}", one["start"], one["end"]));
            continue;
        };
        if workout.activity != one["activity"].as_str().expect("an activity") {
            lines.push(format!(
                "workout: {} for {}",
                workout.activity, one["activity"]
            ));
        }
        for (name, value) in figures(workout) {
            let Some(wanted) = one[name].as_f64() else {
                continue;
            };
            if !value.is_some_and(|value| near(value, wanted)) {
                lines.push(format!("workout: {name} {value:?} for {wanted}"));
            }
        }
    }
    lines
}

/// The figures of a workout by the names of `expected.json`.
fn figures(workout: &Workout) -> Vec<(&'static str, Option<f64>)> {
    let statistic = |id: &str| workout.statistics.iter().find(|one| one.metric == id);
    let sum = |id| statistic(id).and_then(|one| one.sum);
    vec![
        (
            "active_s",
            workout.duration_min.map(|minutes| minutes * 60.0),
        ),
        ("distance_m", workout.distance_m),
        (
            "energy_kcal",
            workout
                .active_energy_kcal
                .or_else(|| sum("total_energy_burned")),
        ),
        ("steps", sum("step_count")),
        ("ascent_m", sum("elevation_gained")),
        (
            "heart_rate_avg",
            statistic("heart_rate").and_then(|one| one.mean),
        ),
        (
            "heart_rate_max",
            statistic("heart_rate").and_then(|one| one.max),
        ),
    ]
}

fn nights(got: &Got, expected: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for night in list(expected, "nights") {
        let within = us(&night["start"])..=us(&night["end"]);
        let minutes = |codes: &[f64]| {
            let stages = got.of("sleep_analysis").into_iter();
            let of_night = stages.filter(|one| {
                codes.contains(&one.value)
                    && within.contains(&one.start_us)
                    && within.contains(&one.end_us)
            });
            let lengths = of_night.map(|one| (one.end_us - one.start_us) as f64 / MINUTE_US as f64);
            lengths.sum::<f64>()
        };
        if got.of("sleep_analysis").is_empty() {
            continue;
        }
        let stages: [(&str, &[f64]); 5] = [
            ("asleep_min", &[1.0, 3.0, 4.0, 5.0]),
            ("awake_min", &[2.0]),
            ("light_min", &[3.0]),
            ("deep_min", &[4.0]),
            ("rem_min", &[5.0]),
        ];
        for (name, codes) in stages {
            let Some(wanted) = night[name].as_f64() else {
                continue;
            };
            let seen = minutes(codes);
            if (seen - wanted).abs() > 0.51 {
                lines.push(format!(
                    "night {}: {name} {seen} for {wanted}",
                    night["date"]
                ));
            }
        }
    }
    lines
}

/// Steps by the local day on which they begin. Where what is expected overlaps, the order of sources decides, which
/// no reader does.
fn steps(got: &Got, expected: &Value) -> Vec<String> {
    let zone = expected["person_zone"].as_str().expect("a zone");
    let zone = Zone::parse(zone).expect("a zone");
    let mut by_day: BTreeMap<String, f64> = BTreeMap::new();
    let mut last = (0, 0);
    for one in got.of("step_count") {
        if (one.start_us, one.end_us) != last {
            *by_day
                .entry(zone.date_at(one.start_us).to_string())
                .or_default() += one.value;
        }
        last = (one.start_us, one.end_us);
    }
    let Some(days) = expected["days"].as_object() else {
        return Vec::new();
    };
    let mut spans: Vec<(i64, i64)> = list(expected, "samples")
        .iter()
        .filter(|one| one["metric"] == "step_count")
        .map(|one| (us(&one["start"]), us(&one["end"])))
        .collect();
    spans.sort_unstable();
    if spans
        .array_windows()
        .any(|[before, after]| after.0 < before.1)
    {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for (day, wanted) in days {
        let Some(wanted) = wanted["step_count"].as_f64() else {
            continue;
        };
        let seen = by_day.get(day).copied().unwrap_or(0.0);
        if !near(seen, wanted) {
            lines.push(format!("{day}: {seen} steps for {wanted}"));
        }
    }
    lines
}
