//! The document of a day as a whole.

use jiff::civil::date;
use model::metric::Kind;
use model::sample::{MINUTE_US, Sample};
use model::source::SourceNo;

use super::{after, close, home, sources, traveller, us};
use crate::daily::beats::Beats;
use crate::daily::document::{DayDocument, DayInput, DayView, day_document};
use crate::daily::rank::Ranks;
use crate::daily::reconcile::KnownOfPhone;
use crate::daily::scored::Scorer;
use crate::daily::summary::{MetricSamples, MetricSummary};

fn metric<'a>(
    id: &'a str,
    unit: &'a str,
    kind: Kind,
    samples: &'a [Sample],
    ranks: &'a Ranks,
) -> MetricSamples<'a> {
    MetricSamples {
        id,
        unit,
        kind,
        samples,
        ranks,
    }
}

/// A day in Berlin: 10 May 2026, midnight at 22:00 UTC.
fn document() -> DayDocument {
    let from_us = us("2026-05-09T22:00:00Z");
    let ranks = Ranks::in_order(&[SourceNo(0), SourceNo(1)]);
    let steps = [
        after(from_us, 600, 610, 900.0, 0),
        after(from_us, 605, 625, 800.0, 1),
        after(from_us, 1435, 1445, 50.0, 1),
    ];
    let sleep = [
        after(from_us, -60, 240, 3.0, 0),
        after(from_us, 240, 360, 5.0, 0),
    ];
    let rates: Vec<Sample> = (-60..360)
        .step_by(5)
        .map(|minute| after(from_us, minute, minute, 55.0 + 0.1, 0))
        .collect();
    let stood = [
        after(from_us, 600, 660, 0.0, 0),
        after(from_us, 660, 720, 1.0, 0),
    ];
    let effort = [
        after(from_us, 600, 620, 4.0, 0),
        after(from_us, 620, 630, 7.5, 0),
    ];
    let sound = [after(from_us, 700, 760, 71.5, 1)];
    let own = [after(from_us, 800, 800, 0.3, 1)];
    let metrics = [
        metric("step_count", "1", Kind::Cumulative, &steps, &ranks),
        metric("sleep_analysis", "1", Kind::Category, &sleep, &ranks),
        metric("heart_rate", "/min", Kind::TimeWeighted, &rates, &ranks),
        metric("apple_stand_hour", "1", Kind::Category, &stood, &ranks),
        metric(
            "physical_effort",
            "kcal/kg/h",
            Kind::Discrete,
            &effort,
            &ranks,
        ),
        metric(
            "environmental_audio_exposure",
            "dB",
            Kind::EquivalentLevel,
            &sound,
            &ranks,
        ),
        metric("FancyNewType", "furlongs", Kind::Discrete, &own, &ranks),
        metric("body_mass", "kg", Kind::Discrete, &[], &ranks),
    ];
    day_document(&DayInput {
        beats: Beats::All(&[]),
        date: date(2026, 5, 10),
        zones: &home("Europe/Berlin"),
        sources: &sources(),
        metrics: &metrics,
        scorer: Scorer::ColeKripke,
        phone: KnownOfPhone::default(),
    })
}

#[test]
fn summaries_have_the_shape_of_answers() {
    let json: serde_json::Value = serde_json::from_slice(&document().to_bytes()).expect("JSON");
    let steps = &json["metrics"]["step_count"];
    assert_eq!(steps["kind"], "cumulative");
    // 900 by the watch, 15 of 20 minutes by the phone, half of the sample across midnight.
    assert_eq!(steps["value"], 900.0 + 600.0 + 25.0);
    assert_eq!(
        (&steps["unit"], &steps["samples"]),
        (&"1".into(), &3.into())
    );
    assert_eq!(steps["by_source"][0]["source"], "Apple Watch");
    assert_eq!(steps["by_source"][1]["value"], 625.0);
    let rate = &json["metrics"]["heart_rate"];
    assert_eq!(
        (&rate["kind"], &rate["n"]),
        (&"discrete".into(), &72.into())
    );
    assert_eq!(rate["min"], 55.1);
    assert_eq!(rate["first"]["at"], "2026-05-10T00:00:00+02:00");
    assert_eq!(json["metrics"]["FancyNewType"]["unit"], "furlongs");
    assert_eq!(
        json["metrics"]["environmental_audio_exposure"]["equivalent_level"],
        71.5
    );
    assert_eq!(json["metrics"]["apple_stand_hour"]["codes"][0]["n"], 1);
    assert!(json["metrics"].get("body_mass").is_none());
    assert_eq!(
        (&json["date"], &json["zone"]),
        (&"2026-05-10".into(), &"Europe/Berlin".into())
    );
    assert_eq!(json["night"]["main"]["stages_min"]["core"], 300.0);
}

#[test]
fn measures_carry_their_origin_or_a_reason() {
    let document = document();
    let activity = &document.activity;
    assert_eq!(activity.stand_hours.value, Some(1.0));
    assert_eq!(activity.moderate_minutes.value, Some(20.0));
    assert_eq!(activity.vigorous_minutes.value, Some(10.0));
    assert_eq!(activity.exercise_minutes.value, None);
    assert_eq!(
        activity.exercise_minutes.reason.as_deref(),
        Some("no_samples")
    );
    close(
        document.cardio.resting_heart_rate.value.expect("a rate"),
        55.1,
    );
    close(document.night.main.expect("a main sleep").asleep_min, 420.0);
}

#[test]
fn documents_round_trip_and_can_be_passed_on() {
    let document = document();
    let bytes = document.to_bytes();
    assert_eq!(
        DayDocument::from_bytes(&bytes).expect("a document"),
        document
    );
    assert_eq!(bytes, super::document::document().to_bytes());
    let view = DayView::from_bytes(&bytes).expect("a document");
    assert_eq!((view.date, view.zone), (document.date, "Europe/Berlin"));
    assert_eq!(
        view.metrics.get(),
        serde_json::to_string(&document.metrics).expect("JSON")
    );
    assert!(DayDocument::from_bytes(b"{}").is_err());
}

#[test]
fn an_empty_day_says_so() {
    let empty = day_document(&DayInput {
        beats: Beats::All(&[]),
        date: date(2026, 5, 10),
        zones: &home("UTC"),
        sources: &[],
        metrics: &[],
        scorer: Scorer::ColeKripke,
        phone: KnownOfPhone::default(),
    });
    assert!(empty.metrics.is_empty());
    assert_eq!(empty.night.reason.as_deref(), Some("no_sleep_data"));
    assert_eq!(empty.activity.steps.reason.as_deref(), Some("no_samples"));
    assert_eq!(
        DayDocument::from_bytes(&empty.to_bytes()).expect("a document"),
        empty
    );
}

#[test]
fn a_day_of_travel_is_thirty_hours_long() {
    let landed_us = us("2026-05-04T18:00:00Z");
    let ranks = Ranks::default();
    // Before landing at 23:30 in Berlin's evening, and at 23:30 in New York: one date.
    let steps = [
        after(landed_us, -60, -50, 10.0, 0),
        after(landed_us, 9 * 60, 9 * 60 + 10, 20.0, 0),
        after(landed_us, 10 * 60, 10 * 60 + 10, 40.0, 0),
    ];
    let metrics = [metric("step_count", "1", Kind::Cumulative, &steps, &ranks)];
    let document = day_document(&DayInput {
        beats: Beats::All(&[]),
        date: date(2026, 5, 4),
        zones: &traveller(),
        sources: &sources(),
        metrics: &metrics,
        scorer: Scorer::ColeKripke,
        phone: KnownOfPhone::default(),
    });
    assert_eq!(document.zone, "America/New_York");
    assert_eq!(document.activity.steps.value, Some(30.0));
    let hours = document.activity.steps.end_us.expect("an end")
        - document.activity.steps.start_us.expect("a start");
    assert_eq!(hours, 30 * 60 * MINUTE_US);
    let Some(MetricSummary::Cumulative(total)) = document.metrics.get("step_count") else {
        panic!("steps are cumulative");
    };
    close(total.coverage, 2.0 / 30.0);
}
