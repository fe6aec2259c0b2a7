//! Ranges of days, trends and unusual days by hand.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::metric::Kind;
use model::sample::{MINUTE_US, Sample};

use super::{after, close, home, sources, us};
use crate::daily::anomaly;
use crate::daily::beats::Beats;
use crate::daily::document::{DayDocument, DayInput, day, day_document};
use crate::daily::minutes::DayMinutes;
use crate::daily::range::{ALL, USUAL, is_name, join};
use crate::daily::rank::Ranks;
use crate::daily::reconcile::KnownOfPhone;
use crate::daily::scored::Scorer;
use crate::daily::summary::MetricSamples;
use crate::daily::trend::{self, trend};
use crate::report::{Input, Report};
use crate::score::scored::State;
use crate::series::Series;

const FIRST: Date = date(2026, 5, 3);

fn metric<'a>(id: &'a str, samples: &'a [Sample], ranks: &'a Ranks) -> MetricSamples<'a> {
    MetricSamples {
        id,
        unit: "1",
        kind: Kind::Cumulative,
        samples,
        ranks,
    }
}

fn minutes_of(id: &str, samples: &[Sample], days: i64) -> Vec<DayMinutes> {
    let (zones, ranks) = (home("Europe/Berlin"), Ranks::default());
    let found = (0..days).filter_map(|at| {
        day(&DayInput {
            beats: Beats::All(&[]),
            date: FIRST.checked_add(at.days()).expect("a date"),
            zones: &zones,
            sources: &sources(),
            metrics: &[metric(id, samples, &ranks)],
            scorer: Scorer::ColeKripke,
            phone: KnownOfPhone::default(),
        })
        .minutes
    });
    found
        .map(|minutes| DayMinutes::from_bytes(&minutes.to_bytes()).expect("what was written"))
        .collect()
}

/// Counts from noon of the first day, still from 23:00 to 07:00.
fn counts(minutes: i64) -> Vec<f64> {
    (0..minutes)
        .map(|minute| {
            let clock = (minute + 720) % 1440;
            let busy = f64::from(i32::try_from(100 + minute * 37 % 211).expect("small"));
            match clock {
                420..1380 => busy,
                _ if clock % 29 == 0 => 4.0,
                _ => 0.0,
            }
        })
        .collect()
}

fn recorded(values: &[f64]) -> Vec<Sample> {
    let from_us = us("2026-05-03T10:00:00Z");
    (0_i64..)
        .zip(values)
        .map(|(minute, value)| after(from_us, minute, minute + 1, *value, 0))
        .collect()
}

#[test]
fn the_joined_days_are_the_series_that_was_recorded() {
    let values = counts(7 * 1440);
    let minutes = minutes_of("activity_count", &recorded(&values), 9);
    let range = join(&minutes, FIRST, date(2026, 5, 20));
    let activity = range.activity.as_ref().expect("activity");
    let start_s = us("2026-05-03T12:00:00Z") / 1_000_000;
    let series = Series::new(start_s, 60, values);
    assert_eq!(activity.series, series);
    assert_eq!((activity.days, activity.is_proxy), (8, false));
    let report = Report::new(Input::new(&series));
    let found = range.measures(&[ALL]);
    assert!(found.len() > 25);
    for measure in &found {
        let columns = crate::report::groups::named(measure.id);
        let column = columns.iter().find(|column| column.id == measure.id);
        if let Some(column) = column.filter(|_| measure.id != "sleep_regularity_index") {
            assert_eq!(
                measure.outcome,
                report.measure(column).outcome,
                "{}",
                measure.id
            );
        }
    }
    assert_eq!(range.nights.get("cole_kripke"), Some(&7));
    let asleep = |time: &str| {
        let at = (us(time) / 1_000_000 - range.states.start_s()) / 60;
        range.states.states()[usize::try_from(at).expect("inside")]
    };
    assert_eq!(asleep("2026-05-05T03:00:00Z"), Some(State::Sleep));
    assert_eq!(asleep("2026-05-05T15:00:00Z"), Some(State::Wake));
    assert_eq!(asleep("2026-05-03T03:00:00Z"), None, "before the recording");
    let regularity = found
        .iter()
        .find(|found| found.id == "sleep_regularity_index");
    let value = regularity
        .expect("a measure")
        .outcome
        .expect("a value")
        .value;
    assert!(value > 98.0, "{value}");
}

#[test]
fn what_was_measured_goes_before_what_stands_in() {
    let mut minutes = minutes_of("step_count", &recorded(&counts(4 * 1440)), 6);
    assert!(
        join(&minutes, FIRST, date(2026, 5, 9))
            .activity
            .expect("steps")
            .is_proxy
    );
    let measured = minutes_of("activity_count", &recorded(&counts(1440)), 1);
    minutes.retain(|day| day.date != FIRST);
    minutes.extend(measured);
    let activity = join(&minutes, FIRST, date(2026, 5, 9))
        .activity
        .expect("activity");
    assert_eq!((activity.days, activity.is_proxy), (1, false));
    let nothing = join(&[], FIRST, date(2026, 5, 9));
    for measure in nothing.measures(&USUAL) {
        assert!(measure.outcome.is_err(), "{}", measure.id);
    }
    assert!(USUAL.iter().all(|name| is_name(name)) && !is_name("happiness"));
}

/// Days with so many steps each, and asleep from so many minutes after midnight UTC.
fn documents(steps: &[f64], onsets_min: &[i64]) -> Vec<DayDocument> {
    let (zones, ranks) = (home("UTC"), Ranks::default());
    let midnight_us = us("2026-05-03T00:00:00Z");
    let one = |(at, steps): (i64, &f64)| {
        let from_us = midnight_us + at * 1440 * MINUTE_US;
        let walk = [after(from_us, 600, 660, *steps, 0)];
        let index = usize::try_from(at).expect("small");
        let sleep: Vec<Sample> = onsets_min
            .get(index)
            .map(|onset| after(from_us, *onset, onset + 300, 3.0, 0))
            .into_iter()
            .collect();
        let sleep = MetricSamples {
            kind: Kind::Category,
            ..metric("sleep_analysis", &sleep, &ranks)
        };
        day_document(&DayInput {
            beats: Beats::All(&[]),
            date: FIRST.checked_add(at.days()).expect("a date"),
            zones: &zones,
            sources: &sources(),
            metrics: &[metric("step_count", &walk, &ranks), sleep],
            scorer: Scorer::ColeKripke,
            phone: KnownOfPhone::default(),
        })
    };
    (0_i64..).zip(steps).map(one).collect()
}

#[test]
fn a_rising_value_has_its_slope_and_its_change() {
    let steps: Vec<f64> = (0..28).map(|day| 1000.0 + 50.0 * f64::from(day)).collect();
    let documents = documents(&steps, &[]);
    for name in ["steps", "step_count"] {
        let found = trend(name, &documents, date(2026, 5, 31), 14);
        let slope = found.slope.expect("a slope");
        close(slope.per_day, 50.0);
        close(slope.interval.0, 50.0);
        assert!(found.test.expect("a test").p < 0.01);
        let change = found.change.expect("a change");
        close(change.previous, 1325.0);
        close(change.difference, 700.0);
        close(
            change.percent.expect("a percentage"),
            100.0 * 700.0 / 1325.0,
        );
        assert_eq!(
            (found.points.len(), found.points[0].date),
            (14, date(2026, 5, 17))
        );
    }
    let short = trend("steps", &documents, date(2026, 5, 5), 7);
    assert_eq!(short.slope.expect_err("two days").of, "days with a value");
    assert!(short.change.is_err());
    assert!(trend::is_name("heart_rate") && !trend::is_name("sleep_analysis"));
}

#[test]
fn clock_times_have_a_trend_across_midnight() {
    let onsets: Vec<i64> = (0..28).map(|day| -60 + 5 * day).collect();
    let documents = documents(&[100.0; 28], &onsets);
    let found = trend("bedtime", &documents, date(2026, 5, 31), 14);
    close(found.slope.expect("a slope").per_day, 5.0);
    let change = found.change.expect("a change");
    close(change.difference, 70.0);
    assert_eq!(change.percent, None);
    close(change.previous, 1412.5);
    assert!(
        found
            .points
            .iter()
            .all(|point| (0.0..1440.0).contains(&point.value))
    );
}

#[test]
fn a_day_unlike_the_others_names_what_differs() {
    let mut steps: Vec<f64> = (0..30)
        .map(|day| 5000.0 + 100.0 * f64::from(day % 5))
        .collect();
    steps[29] = 30_000.0;
    let documents = documents(&steps, &[]);
    let examined = anomaly::examine(&documents, date(2026, 5, 4), date(2026, 6, 10));
    assert_eq!(examined.joint.expect("thirty days").value, ["steps"]);
    let found = examined.days;
    assert_eq!(found.len(), 29);
    assert_eq!(
        (found[0].judged, found[0].score),
        (0, None),
        "no baseline yet"
    );
    let last = found.last().expect("a day");
    assert_eq!(last.contributing[0].id, "steps");
    assert!(last.score.is_some_and(|score| score > anomaly::Z_MIN));
    let joint = last.joint.as_ref().expect("a judgement");
    assert!(joint.adjusted_p < anomaly::LEVEL && joint.contributions[0].0 == "steps");
    let usual = &found[20];
    assert!(!usual.is_unusual() && usual.judged == 1, "{usual:?}");
}
