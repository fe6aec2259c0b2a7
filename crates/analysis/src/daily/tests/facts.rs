//! Facts against baselines by hand.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::metric::Kind;
use model::source::SourceNo;

use super::{after, close, home, sources};
use crate::daily::anomaly::examine;
use crate::daily::beats::Beats;
use crate::daily::document::{DayDocument, DayInput, day_document};
use crate::daily::facts::{BASELINE_DAYS_MIN, Fact, Part, Query, facts};
use crate::daily::measure::{Measure, Method};
use crate::daily::rank::Ranks;
use crate::daily::reconcile::KnownOfPhone;
use crate::daily::scored::Scorer;
use crate::daily::summary::MetricSamples;
use crate::daily::trend::trend;

/// A day with so many steps and a night that began so many minutes after midnight.
fn document(on: Date, steps: Option<f64>, onset_min: Option<i64>) -> DayDocument {
    let zones = home("UTC");
    let from_us = zones.day(on)[0].start_us;
    let ranks = Ranks::default();
    let steps: Vec<_> = steps
        .map(|steps| after(from_us, 600, 700, steps, 0))
        .into_iter()
        .collect();
    let sleep: Vec<_> = onset_min
        .map(|onset| after(from_us, onset, onset + 420, 3.0, 0))
        .into_iter()
        .collect();
    let metric = |id, kind, samples| MetricSamples {
        id,
        unit: "1",
        kind,
        samples,
        ranks: &ranks,
    };
    day_document(&DayInput {
        beats: Beats::All(&[]),
        date: on,
        zones: &zones,
        sources: &sources(),
        metrics: &[
            metric("step_count", Kind::Cumulative, &steps),
            metric("sleep_analysis", Kind::Category, &sleep),
        ],
        scorer: Scorer::ColeKripke,
        phone: KnownOfPhone::default(),
    })
}

const TODAY: Date = date(2026, 5, 31);

fn named<'a>(found: &'a [Fact], id: &str) -> &'a Fact {
    found.iter().find(|fact| fact.id == id).expect("the fact")
}

/// Days before today, the nearest first.
fn history(
    days: i32,
    steps: impl Fn(i32) -> f64,
    onset_min: impl Fn(i32) -> i64,
) -> Vec<DayDocument> {
    (1..=days)
        .map(|ago| {
            let on = TODAY.checked_sub(ago.days()).expect("a date");
            document(on, Some(steps(ago)), Some(onset_min(ago)))
        })
        .collect()
}

/// A day with a resting heart rate by a method.
fn resting(on: Date, rate: f64, method: &'static str) -> DayDocument {
    let mut day = document(on, None, None);
    let method = Method {
        id: method,
        version: 1,
        unit: "/min",
    };
    day.cardio.resting_heart_rate = Measure::of(method, rate, 9);
    day
}

/// Weeks of nights, weeks without, and nights again: 46 asleep and 59 by the device are no change of the person.
#[test]
fn a_resting_heart_rate_is_compared_with_its_own_method() {
    let (asleep, device) = ("lowest_30_min_asleep", "device");
    let ago = |days: i32| TODAY.checked_sub(days.days()).expect("a date");
    let day = |days: i32| {
        let spread = f64::from(days % 3);
        if (5..15).contains(&days) {
            resting(ago(days), 59.0 + spread, device)
        } else {
            resting(ago(days), 46.0 + spread, asleep)
        }
    };
    let mut documents: Vec<DayDocument> = (1..=28).map(day).collect();
    documents.push(resting(TODAY, 48.0, asleep));
    let found = facts(TODAY, &documents);
    let fact = named(&found, "resting_heart_rate");
    let baseline = fact.baseline.as_ref().expect("a baseline");
    assert_eq!(baseline.n, 18);
    close(baseline.median, 47.0);
    assert!(fact.robust_z.expect("a z").abs() < 2.0, "{fact:?}");
    let until = TODAY.checked_add(1.days()).expect("a date");
    let found = trend("resting_heart_rate", &documents, until, 29);
    assert_eq!(found.points.len(), 19);
    assert!(found.points.iter().all(|point| point.value < 50.0));
    assert!(found.outliers.is_empty(), "{:?}", found.outliers);
    let examined = examine(&documents, ago(27), until);
    assert!(examined.days.iter().all(|day| day.contributing.is_empty()));
    // The device's value today has no baseline: ten days are too few.
    documents.pop();
    documents.push(resting(TODAY, 59.0, device));
    let found = facts(TODAY, &documents);
    let fact = named(&found, "resting_heart_rate");
    assert_eq!((fact.value, fact.robust_z), (Some(59.0), None));
    assert_eq!(fact.baseline_reason.as_deref(), Some("too_few_valid_days"));
}

/// A day on which each of some scales measured a mass.
fn weighed(on: Date, masses: &[(u16, f64)]) -> DayDocument {
    let zones = home("UTC");
    let from_us = zones.day(on)[0].start_us;
    let ranks = Ranks::in_order(&[SourceNo(0), SourceNo(1)]);
    let masses = masses.iter();
    let samples: Vec<_> = masses
        .map(|(source, mass)| after(from_us, 400, 400, *mass, *source))
        .collect();
    day_document(&DayInput {
        beats: Beats::All(&[]),
        date: on,
        zones: &zones,
        sources: &sources(),
        metrics: &[MetricSamples {
            id: "body_mass",
            unit: "kg",
            kind: Kind::Discrete,
            samples: &samples,
            ranks: &ranks,
        }],
        scorer: Scorer::ColeKripke,
        phone: KnownOfPhone::default(),
    })
}

/// A scale at home and one two kilograms above it elsewhere: for three weeks the one, then the other, then both.
/// Nobody's weight changed.
#[test]
fn two_scales_are_not_one_series() {
    let ago = |days: i32| TODAY.checked_sub(days.days()).expect("a date");
    let noise = |days: i32| 0.1 * f64::from(days * 7 % 5);
    let day = |days: i32| {
        let (home, away) = (80.0 + noise(days), 82.0 + noise(days));
        match days {
            22.. => weighed(ago(days), &[(0, home)]),
            6..22 => weighed(ago(days), &[(1, away)]),
            _ => weighed(ago(days), &[(1, away), (0, home)]),
        }
    };
    let documents: Vec<DayDocument> = (0..57).map(day).collect();
    let until = TODAY.checked_add(1.days()).expect("a date");
    let found = trend("body_mass", &documents, until, 28);
    assert_eq!(found.source.as_deref(), Some(&*sources()[0].name));
    for (name, length) in [
        ("body_mass", 28),
        ("body_mass", 57),
        ("weight_body_mass", 57),
    ] {
        let found = trend(name, &documents, until, length);
        assert!(
            found.points.iter().all(|point| point.value < 81.0),
            "{name}"
        );
        let p = found.test.map_or(1.0, |test| test.p);
        assert!(p > 0.2, "{name} over {length} days: {p}");
        assert!(found.outliers.is_empty(), "{:?}", found.outliers);
        assert!(found.levels.map_or(1, |levels| levels.len()) == 1);
    }
    let examined = examine(&documents, ago(56), until);
    for day in &examined.days {
        assert!(!day.is_unusual(), "{day:?}");
    }
    // Today's is the better-ranked of the two, and compared with its own days only.
    let found = facts(TODAY, &documents);
    let fact = named(&found, "body_mass");
    assert_eq!(fact.source.as_deref(), Some(&*sources()[0].name));
    assert_eq!((fact.value, fact.difference), (Some(80.0), None));
}

#[test]
fn steps_beside_their_baseline() {
    let mut documents = history(40, |ago| 5000.0 + 100.0 * f64::from(ago), |_| 0);
    documents.push(document(TODAY, Some(9675.0), Some(0)));
    let found = facts(TODAY, &documents);
    let steps = named(&found, "steps");
    let baseline = steps.baseline.as_ref().expect("a baseline");
    // Medians of 5100, 5200 … 7800, and of their distances 50, 50, 150, 150 … 1350.
    close(baseline.median, 6450.0);
    close(baseline.mad, 700.0);
    assert_eq!(baseline.n, 28);
    close(steps.difference.expect("a difference"), 3225.0);
    close(steps.difference_percent.expect("a percentage"), 50.0);
    close(steps.robust_z.expect("a z"), 3225.0 / (1.4826 * 700.0));
    let query = |from, until| Query {
        part: Part::Metrics,
        members: &["step_count", "value"],
        from,
        until,
    };
    assert_eq!(steps.query, query(TODAY, date(2026, 6, 1)));
    assert_eq!(baseline.query, query(date(2026, 5, 3), TODAY));
}

#[test]
fn a_baseline_needs_fourteen_days() {
    let check = |days: i32, has_baseline: bool| {
        let mut documents = history(days, |_| 5000.0, |_| 0);
        documents.push(document(TODAY, Some(6000.0), None));
        let found = facts(TODAY, &documents);
        let steps = named(&found, "steps");
        assert_eq!(steps.baseline.is_some(), has_baseline);
        assert_eq!(steps.baseline_reason.is_none(), has_baseline);
        // Days that are all alike have no spread to measure by.
        assert_eq!(steps.robust_z, None);
    };
    let days = i32::try_from(BASELINE_DAYS_MIN).expect("a small number");
    check(days, true);
    check(days - 1, false);
}

#[test]
fn bedtimes_are_compared_on_the_circle() {
    // Ten minutes before and after midnight in turn; today half past one.
    let mut documents = history(28, |_| 1.0, |ago| if ago % 2 == 0 { -10 } else { 10 });
    documents.push(document(TODAY, None, Some(90)));
    let found = facts(TODAY, &documents);
    let bedtime = named(&found, "bedtime");
    close(bedtime.value.expect("a bedtime"), 90.0);
    let median = bedtime.baseline.as_ref().expect("a baseline").median;
    assert!(median.min(1440.0 - median) < 1e-6, "{median}");
    assert!((bedtime.difference.expect("a difference") - 90.0).abs() < 1e-6);
    assert_eq!(bedtime.difference_percent, None);
    let regularity = named(&found, "bedtime_regularity");
    assert_eq!(regularity.n, 29);
    let spread = regularity.value.expect("a spread");
    assert!((10.0..25.0).contains(&spread), "{spread}");
    assert_eq!(named(&found, "steps").reason.as_deref(), Some("no_samples"));
}

#[test]
fn missing_data_makes_no_facts() {
    assert!(facts(TODAY, &[]).is_empty());
    assert!(facts(TODAY, &[document(TODAY, None, None)]).is_empty());
    let found = facts(TODAY, &[document(TODAY, Some(10.0), None)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].value, Some(10.0));
    let yesterday = TODAY.checked_sub(1.day()).expect("a date");
    let found = facts(TODAY, &[document(yesterday, Some(10.0), Some(0))]);
    assert_eq!(
        named(&found, "steps").reason.as_deref(),
        Some("no_document")
    );
    assert_eq!(named(&found, "sleep_duration").value, None);
}
