//! Compares an import with the truth file that the generator writes beside an export.

use std::collections::{BTreeMap, BTreeSet};

use model::metric::by_name;
use model::record::Body;
use serde_json::Value;

use crate::harness::{Got, us};

const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";

/// Checks everything the truth tells about the XML; `xml` is the same document as text.
pub(crate) fn check(name: &str, got: &Got, truth: &Value, xml: &[u8]) {
    check_counts(name, got, truth);
    check_sums(name, got, truth, &units(xml));
    check_elements(name, got, truth);
    check_workouts(name, got, truth);
    check_sleep(name, got, truth);
    check_oddities(name, got, truth);
}

fn breaks(truth: &Value) -> Vec<&str> {
    truth["args"]["brk"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

fn check_counts(name: &str, got: &Got, truth: &Value) {
    let (accepted, rejected) = (got.top_level(), got.rejected());
    let types = truth["counts"]["types"].as_object().expect("types");
    let mut nested = 0;
    for (type_name, expect) in types {
        let accepted = accepted.get(type_name.as_str()).map_or(0, Vec::len);
        let rejected = rejected
            .get(type_name.as_str())
            .copied()
            .unwrap_or_default();
        let mut expect_count = expect["top_level"].as_u64().expect("a count");
        if type_name == STEPS {
            // Written on purpose with a broken attribute, and not in the generator's own count.
            let odd = |broken: &&&str| matches!(**broken, "amp" | "lt" | "vt" | "utf8");
            expect_count += breaks(truth).iter().filter(odd).count() as u64;
        }
        assert_eq!(
            (accepted + rejected) as u64,
            expect_count,
            "{name}: {type_name}"
        );
        nested += expect["nested_in_correlation"].as_u64().expect("a count");
        check_bounds(name, type_name, got, expect, rejected);
    }
    let known: BTreeSet<&str> = types.keys().map(String::as_str).collect();
    let found: BTreeSet<&str> = accepted.keys().copied().collect();
    assert!(found.is_subset(&known), "{name}: {found:?}");
    let total = got.samples.len() - accepted.values().map(Vec::len).sum::<usize>();
    assert_eq!(total as u64, nested, "{name}: samples in correlations");
}

fn check_bounds(name: &str, type_name: &str, got: &Got, expect: &Value, rejected: usize) {
    if rejected > 0 {
        return;
    }
    let top_level = got.top_level();
    let Some(samples) = top_level.get(type_name) else {
        return;
    };
    if let Some(first) = expect["min_start_utc"].as_str() {
        let found = samples.iter().map(|sample| sample.sample.start_us).min();
        assert_eq!(found, Some(us(first)), "{name}: first {type_name}");
    }
    if let Some(last) = expect["max_end_utc"].as_str()
        && type_name != STEPS
    {
        let found = samples.iter().map(|sample| sample.sample.end_us).max();
        assert_eq!(found, Some(us(last)), "{name}: last {type_name}");
    }
}

/// The unit that each type is printed in, read line by line without the reader under test; types
/// with several are left out.
fn units(xml: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(xml);
    let mut units: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let attribute = |name: &str| {
            let after = line.split_once(&format!(" {name}=\""))?.1;
            Some(
                after
                    .split_once('"')?
                    .0
                    .replace("&lt;", "<")
                    .replace("&gt;", ">"),
            )
        };
        if line.trim_start().starts_with("<Record ")
            && let (Some(type_name), Some(unit)) = (attribute("type"), attribute("unit"))
        {
            units.entry(type_name).or_default().insert(unit);
        }
    }
    let single = units.into_iter().filter(|(_, units)| units.len() == 1);
    single
        .map(|(name, units)| (name, units.into_iter().collect()))
        .collect()
}

fn check_sums(name: &str, got: &Got, truth: &Value, units: &BTreeMap<String, String>) {
    let rejected = got.rejected();
    let mut compared = 0;
    for (type_name, samples) in got.top_level() {
        let expect = &truth["counts"]["types"][type_name];
        let (Some(sum), Some(unit)) = (
            expect["sum_of_printed_values_top_level"].as_str(),
            units.get(type_name),
        ) else {
            continue;
        };
        if rejected.contains_key(type_name) || (type_name == STEPS && !breaks(truth).is_empty()) {
            continue;
        }
        let sum: f64 = sum.parse().expect("a number");
        let expect = by_name(type_name).map_or(sum, |metric| {
            let conversion = metric.conversion(unit).expect("a known unit");
            conversion.apply(sum) + (samples.len() as f64 - 1.0) * conversion.apply(0.0)
        });
        let found: f64 = samples.iter().map(|sample| sample.sample.value).sum();
        let tolerance = 1e-9 * expect.abs().max(1.0);
        assert!(
            (found - expect).abs() <= tolerance,
            "{name}: {type_name}: {found} {expect}"
        );
        compared += 1;
    }
    assert!(compared >= 15, "{name}: only {compared} sums compared");
}

fn check_elements(name: &str, got: &Got, truth: &Value) {
    let elements = &truth["counts"]["elements"];
    let count = |element: &str| {
        let count = elements[element].as_u64().unwrap_or_default();
        usize::try_from(count).expect("a small count")
    };
    for (kind, element) in [
        ("correlation", "Correlation"),
        ("workout", "Workout"),
        ("activity_summary", "ActivitySummary"),
        ("audiogram", "Audiogram"),
        ("vision_prescription", "VisionPrescription"),
        ("heartbeat_series", "HeartRateVariabilityMetadataList"),
    ] {
        assert_eq!(got.kind(kind).len(), count(element), "{name}: {kind}");
    }
    let elements = got.kind("clinical_record").into_iter().filter(
        |record| matches!(&record.body, Body::ClinicalRecord(clinical) if clinical.json.is_none()),
    );
    assert_eq!(
        elements.count(),
        count("ClinicalRecord"),
        "{name}: clinical records"
    );
    let mut beats = 0;
    for record in got.kind("heartbeat_series") {
        let Body::HeartbeatSeries(series) = &record.body else {
            unreachable!("of this kind");
        };
        assert!(series.at_us.is_sorted(), "{name}: beats in order");
        beats += series.at_us.len();
    }
    assert_eq!(
        beats,
        count("InstantaneousBeatsPerMinute"),
        "{name}: every beat has its place"
    );
}

fn check_workouts(name: &str, got: &Got, truth: &Value) {
    let expect = truth["workouts"].as_array().expect("workouts");
    let records = got.kind("workout");
    assert_eq!(records.len(), expect.len(), "{name}: workouts");
    for (record, expect) in records.iter().zip(expect) {
        let Body::Workout(workout) = &record.body else {
            unreachable!("of this kind");
        };
        let text = |key: &str| expect[key].as_str();
        let activity = text("type")
            .and_then(model::workout::by_name)
            .expect("a known activity");
        assert_eq!(workout.activity, activity.id, "{name}");
        assert_eq!(
            record.start_us,
            us(text("start_utc").expect("a time")),
            "{name}"
        );
        assert_eq!(
            record.end_us,
            us(text("end_utc").expect("a time")),
            "{name}"
        );
        assert_eq!(record.zone.as_deref(), text("tz"), "{name}");
        let minutes: f64 = text("duration_min")
            .expect("a number")
            .parse()
            .expect("a number");
        close(name, workout.duration_min, Some(minutes));
        let total = |value: &str, unit: &str, metric: &str| {
            let value: f64 = text(value)?.parse().expect("a number");
            let metric = by_name(metric).expect("a metric");
            Some(metric.conversion(text(unit)?).expect("a unit").apply(value))
        };
        let energy = total("energy", "energy_unit", "active_energy_burned");
        close(name, workout.active_energy_kcal, energy);
        let distance = total("distance", "distance_unit", "distance_walking_running");
        close(name, workout.distance_m, distance);
        let routes: Vec<&str> = text("route")
            .map(|path| path.trim_start_matches('/'))
            .into_iter()
            .collect();
        assert_eq!(workout.routes, routes, "{name}");
        if let Some(heart) = workout
            .statistics
            .iter()
            .find(|known| known.metric == "heart_rate")
        {
            close(name, heart.min, expect["hr_min"].as_f64());
            close(name, heart.max, expect["hr_max"].as_f64());
        }
        let paused = expect["paused_seconds"].as_i64().expect("a number");
        let at = |event: &str| workout.events.iter().find(|known| known.event == event);
        assert_eq!(at("pause").is_some(), paused > 0, "{name}");
        if let (Some(pause), Some(resume)) = (at("pause"), at("resume")) {
            assert_eq!((resume.at_us - pause.at_us) / 1_000_000, paused, "{name}");
        }
    }
}

fn close(name: &str, found: Option<f64>, expect: Option<f64>) {
    match (found, expect) {
        (Some(found), Some(expect)) => {
            assert!(
                (found - expect).abs() <= 1e-9 * expect.abs().max(1.0),
                "{name}: {found} {expect}"
            );
        }
        (found, expect) => assert_eq!(found, expect, "{name}"),
    }
}

/// Seconds by night, source and stage, byte-identical repeats removed.
type Nights = BTreeMap<(String, String, String), i64>;

fn check_sleep(name: &str, got: &Got, truth: &Value) {
    let mut expect = Nights::new();
    for (night, row) in truth["sleep_nights"]["nights"].as_object().expect("nights") {
        for (source, stages) in row["minutes_by_source"].as_object().expect("sources") {
            for (stage, minutes) in stages.as_object().expect("stages") {
                let seconds = minutes.as_f64().expect("a number") * 60.0;
                #[expect(clippy::cast_possible_truncation, reason = "some hours")]
                let seconds = seconds.round() as i64;
                expect.insert((night.clone(), source.clone(), stage.clone()), seconds);
            }
        }
    }
    // On days of arrival the evening before was in another zone, and the hour that parts two nights
    // is not known.
    let travels = |night: &str| {
        truth["trips"]
            .as_array()
            .expect("trips")
            .iter()
            .any(|trip| {
                [0, 1]
                    .iter()
                    .any(|at| trip[*at].as_str().is_some_and(|day| near(day, night)))
            })
    };
    let home = truth["xml"]["home_tz"].as_str().expect("a zone");
    let mut found = found_nights(got, home);
    found.retain(|(night, _, _), _| !travels(night));
    expect.retain(|(night, _, _), _| !travels(night));
    assert_eq!(found, expect, "{name}: sleep");
}

fn near(a: &str, b: &str) -> bool {
    let date = |text: &str| text.parse::<jiff::civil::Date>().expect("a date");
    (date(a) - date(b)).get_days().abs() <= 1
}

fn found_nights(got: &Got, home: &str) -> Nights {
    const STAGES: [&str; 6] = [
        "InBed",
        "AsleepUnspecified",
        "Awake",
        "AsleepCore",
        "AsleepDeep",
        "AsleepREM",
    ];
    let home = model::zone::Zone::parse(home).expect("a zone");
    let mut seen = BTreeSet::new();
    let mut nights = Nights::new();
    for incoming in got.top_level().get(SLEEP).into_iter().flatten() {
        let sample = incoming.sample;
        let stage = STAGES
            .iter()
            .enumerate()
            .find(|(code, _)| (*code as f64).to_bits() == sample.value.to_bits());
        let stage = stage.expect("a known stage").1;
        let source = got.source_name(incoming);
        if !seen.insert((sample.start_us, sample.end_us, stage, source)) {
            continue;
        }
        let offset_min = sample
            .zone_offset_min
            .map_or_else(|| home.offset_min(sample.start_us), i32::from);
        let local_us = sample.start_us + (i64::from(offset_min) + 6 * 60) * 60_000_000;
        let night = model::zone::Zone::utc().date_at(local_us).to_string();
        let key = (night, source.to_owned(), (*stage).to_owned());
        *nights.entry(key).or_default() += (sample.end_us - sample.start_us) / 1_000_000;
    }
    nights
}

fn check_oddities(name: &str, got: &Got, truth: &Value) {
    use import::batch::RejectCode as Code;

    if truth["args"]["malform"].as_u64() == Some(0) {
        assert!(got.rejections.is_empty(), "{name}: {:?}", got.rejections);
        return;
    }
    let mut codes = got.codes();
    codes.sort_unstable();
    let mut expect = vec![
        Code::IntervalNegative,
        Code::TimeTooEarly,
        Code::TimeInFuture,
        Code::ValueMissing,
        Code::ValueMissing,
    ];
    expect.sort_unstable();
    assert_eq!(codes, expect, "{name}");
    let unknown = got.top_level();
    let unknown = &unknown["HKQuantityTypeIdentifierFutureMetricNobodyKnows"];
    assert_eq!(unknown.len(), 1, "{name}");
    assert_eq!(
        unknown[0].sample.value.to_bits(),
        42.5_f64.to_bits(),
        "{name}"
    );
    assert!(got.is_unknown(unknown[0].type_index), "{name}");
}
