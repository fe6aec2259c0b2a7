//! What Life Dashboard Companion posts: both phones, edits, deletions, buckets and the phone's own totals.

use import::forms::life_dashboard;
use model::sample::{DAY_US, Flags, HOUR_US, MINUTE_US, uid_of};

use crate::support::{Read, form_of, near, read, us};

fn body(source: &str, more: &str) -> Read {
    let body = format!(
        r#"{{"timestamp":"2026-03-08T14:00:00Z","app_version":"1.22.0","source":"{source}","sequence":41{more}}}"#
    );
    assert_eq!(form_of(&body), Ok(&life_dashboard::FORM));
    read(&life_dashboard::FORM, &body)
}

fn android(more: &str) -> Read {
    body("health_connect", more)
}

#[test]
fn records_of_an_android_phone() {
    let read = android(
        r#","heart_rate":[{"bpm":61,"time":"2026-03-08T06:00:00.5Z","source":"com.example.watch","uuid":"h1#1"}],
        "heart_rate_variability":[{"heart_rate_variability_millis":42.5,"time":"2026-03-08T05:00:00Z","uuid":"v1"}],
        "basal_metabolic_rate":[{"kilocalories_per_day":1650,"time":"2026-03-08T05:00:00Z","uuid":"b1"}],
        "vo2_max":[{"vo2_ml_per_min_per_kg":42.5,"time":"2026-03-08T07:10:00Z","uuid":"o1"}],
        "nutrition":[{"calories":450,"protein_grams":25,"dietary_fibre_g":6.2,"sodium_mg":180,"vitamin_d_mcg":2.5,
          "name":"meal","start_time":"2026-03-08T06:40:00Z","end_time":"2026-03-08T06:50:00Z","uuid":"n1"}],
        "weight":[{"kilograms":71,"time":"2026-03-08T05:00:00Z","source":"com.owen282000.lifedashboard"}]"#,
    );
    assert_eq!(read.refusals(), []);
    assert_eq!(read.values("heart_rate"), [61.0]);
    assert_eq!(read.values("heart_rate_variability_rmssd"), [42.5]);
    near(read.one("basal_metabolic_rate").value, 1_650.0);
    near(read.one("vo2_max").value, 42.5);
    near(read.one("dietary_fiber").value, 6.2);
    near(read.one("dietary_sodium").value, 180.0);
    near(read.one("dietary_vitamin_d").value, 2.5);
    // What the app itself wrote on the phone came from here.
    assert!(read.values("body_mass").is_empty());
}

#[test]
fn an_iphone_means_another_variability_and_its_ids_are_healthkits() {
    let read = body(
        "healthkit_ios",
        r#","heart_rate_variability":[{"heart_rate_variability_millis":61,"time":"2026-03-08T05:00:00Z",
        "uuid":"6B1D7B5E-0000-4000-8000-000000000001","source":"Watch"}],
        "distance":[{"meters":900,"start_time":"2026-03-08T05:00:00Z","end_time":"2026-03-08T06:00:00Z","uuid":"d"}],
        "sleep":[{"session_end_time":"2026-03-08T07:00:00Z","duration_seconds":28800,"uuid":"s","source":"Watch","stages":[
          {"stage":"in_bed","start_time":"2026-03-07T23:00:00Z","end_time":"2026-03-08T07:00:00Z","uuid":"s"},
          {"stage":"deep","start_time":"2026-03-07T23:30:00Z","end_time":"2026-03-08T06:30:00Z","uuid":"t"},
          {"stage":"unknown","start_time":"2026-03-08T06:30:00Z","end_time":"2026-03-08T06:40:00Z","uuid":"u"}]}]"#,
    );
    assert_eq!(read.refusals(), []);
    let sdnn = read.one("heart_rate_variability_sdnn");
    assert_eq!(sdnn.value, 61.0);
    assert_eq!(
        sdnn.uid,
        Some(uid_of("6B1D7B5E-0000-4000-8000-000000000001"))
    );
    assert_eq!(read.values("sleep_analysis"), [0.0, 4.0]);
    assert_eq!(read.samples("sleep_analysis")[1].uid, Some(uid_of("t")));
    assert!(read.values("distance_walking_running").is_empty());
}

#[test]
fn what_is_deleted_is_what_was_brought() {
    let meal = r#""nutrition":[{"calories":450,"sodium_mg":180,"start_time":"2026-03-08T06:40:00Z",
        "end_time":"2026-03-08T06:50:00Z","uuid":"n1"}]"#;
    let others = r#""steps":[{"count":10,"start_time":"2026-03-08T06:00:00Z","end_time":"2026-03-08T06:30:00Z","uuid":"p1"}],
        "blood_pressure":[{"systolic":120,"diastolic":80,"time":"2026-03-08T06:00:00Z","uuid":"q1"}],
        "sleep":[{"session_end_time":"2026-03-08T07:00:00Z","duration_seconds":3600,"uuid":"s1","stages":[
          {"stage":"light","start_time":"2026-03-08T06:00:00Z","end_time":"2026-03-08T07:00:00Z"}]}]"#;
    let gone = r#""deleted_records":[{"type":"nutrition","uuid":"n1"},{"type":"steps","uuid":"p1"},
        {"type":"blood_pressure","uuid":"q1"},{"type":"sleep","uuid":"s1"}]"#;
    let brought = android(&format!(",{meal},{others}"));
    let deleted = android(&format!(",{gone}"));
    assert_eq!((brought.refusals(), deleted.refusals()), (vec![], vec![]));
    let uids: Vec<_> = deleted
        .batch
        .deletions
        .iter()
        .map(|gone| gone.uid)
        .collect();
    assert_eq!(brought.batch.samples.len(), 7);
    for incoming in &brought.batch.samples {
        let uid = incoming.sample.uid.expect("every record has an id");
        assert!(uids.contains(&uid), "{incoming:?}");
    }
    // A record that comes again under its id in the same body was rewritten.
    let both = android(&format!(",{meal},{gone}"));
    let kept = brought.samples("dietary_sodium")[0].uid.expect("an id");
    let uids: Vec<_> = both.batch.deletions.iter().map(|gone| gone.uid).collect();
    assert!(!uids.contains(&kept) && !uids.is_empty());
    // A deletion that does not say of what is refused, and the rest is kept.
    let odd = android(r#","deleted_records":[{"type":"steps"},{"type":"steps","uuid":"p1"}]"#);
    assert_eq!(odd.refusals().len(), 1);
    assert!(!odd.batch.deletions.is_empty());
}

#[test]
fn buckets_and_totals_of_days_are_aggregates() {
    let read = android(
        r#","respiratory_rate":[{"bucket_start":"2026-03-07T01:00:00Z","bucket_end":"2026-03-07T01:15:00Z","sample_count":3,
          "avg":14,"min":13,"max":15,"sources":["com.example.watch"]}],
        "steps":[{"bucket_start":"2026-03-07T10:00:00Z","bucket_end":"2026-03-07T11:00:00Z","sample_count":4,"total":900}],
        "_resolutions":{"respiratory_rate":"15m"},
        "daily_totals":[{"date":"2026-03-07","steps":8123,"distance_meters":5000,"active_calories":410.5},
          {"date":"2026-03-08"}]"#,
    );
    assert_eq!(read.refusals(), []);
    let breath = read.samples("respiratory_rate");
    assert_eq!(breath.len(), 3);
    assert!(
        breath
            .iter()
            .all(|one| one.flags.contains(Flags::AGGREGATED))
    );
    assert_eq!(read.source(breath[0]), "com.example.watch");
    let steps = read.samples("step_count");
    assert_eq!(read.values("step_count"), [900.0, 8_123.0]);
    assert_eq!(steps[0].end_us - steps[0].start_us, HOUR_US);
    // The day of the person's zone.
    assert_eq!(steps[1].start_us, us("2026-03-07T05:00:00Z"));
    assert_eq!(steps[1].end_us - steps[1].start_us, DAY_US);
    assert!(
        steps
            .iter()
            .all(|one| one.flags.contains(Flags::AGGREGATED))
    );
    assert_eq!(read.values("active_energy_burned"), [410.5]);
    // The day of the clock change has 23 hours.
    let short = android(r#","daily_totals":[{"date":"2026-03-08","steps":5}]"#).one("step_count");
    assert_eq!(short.end_us - short.start_us, 23 * 60 * MINUTE_US);
}

#[test]
fn pings_and_times_before_a_screen_bring_nothing_and_say_so() {
    let ping = android(r#","test":true"#);
    assert_eq!((ping.summary.samples, ping.summary.rejected), (0, 0));
    let screen = body(
        "screen_time",
        r#","screen_time":[{"date":"2026-03-07","total_screen_time_minutes":120,"apps":[]}]"#,
    );
    assert_eq!((screen.summary.samples, screen.summary.rejected), (0, 0));
    assert!(format!("{:?}", screen.batch.facts).contains("not stored"));
}
