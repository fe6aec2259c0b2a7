//! Bodies that mean harm: nothing panics, nothing grows, and what cannot be read says why.

use import::form::Form;
use import::forms::{
    self, batch, health_auto_export, health_connect_webhook, healthkit, open_wearables, simple,
    upload,
};
use import::json::ReadError;
use proptest::prelude::*;

use crate::support::{form_of, read, try_read};

/// One small body of each form.
const BODIES: [(&Form, &str); 7] = [
    (
        &healthkit::FORM,
        r#"{"quantity_samples":[{"identifier":"heart_rate","value":{"value":60},"unit":"bpm","start_date":"2026-03-08T08:00:00Z"}],
        "workouts":[{"type":"running","start":"2026-03-08T08:00:00Z","duration":60}]}"#,
    ),
    (
        &upload::FORM,
        r#"{"metrics":[{"metric_type":"heart_rate","biometric_data":{"heart_rate":60},"recorded_at":"2026-03-08T08:00:00Z"}]}"#,
    ),
    (
        &batch::FORM,
        r#"{"records":[{"data_type":"steps","value":5,"recorded_at":"2026-03-08T08:00:00Z"}]}"#,
    ),
    (
        &health_auto_export::FORM,
        r#"{"data":{"metrics":[{"name":"step_count","units":"count","data":[{"date":"2026-03-08 08:00:00 -0400","qty":412,"source":"a|b"}]}]}}"#,
    ),
    (
        &open_wearables::FORM,
        r#"{"provider":"apple","data":{"records":[{"id":"1","type":"HEART_RATE","startDate":"2026-03-08T08:00:00Z","value":60,"unit":"bpm"}]}}"#,
    ),
    (
        &health_connect_webhook::FORM,
        r#"{"timestamp":"2026-03-08T08:00:00Z","app_version":"1","heart_rate":[{"bpm":61,"time":"2026-03-08T08:00:00Z"}]}"#,
    ),
    (
        &simple::FORM,
        r#"[{"type":"steps","start":"2026-03-08T08:00:00Z","value":412}]"#,
    ),
];

#[test]
fn the_bodies_here_are_good_ones() {
    for (form, body) in BODIES {
        assert_eq!(form_of(body), Ok(form));
        let read = read(form, body);
        assert_eq!(read.refusals(), [], "{}", form.name);
        assert!(read.summary.samples > 0, "{}", form.name);
        assert_eq!(read.batch.bytes_read, body.len() as u64);
    }
}

#[test]
fn a_cut_body_is_refused_wherever_it_is_cut() {
    for (form, body) in BODIES {
        for length in 0..body.trim_end().len() {
            let refused = try_read(form, &body.as_bytes()[..length]).expect_err("cut");
            assert!(
                matches!(refused, ReadError::NotJson { .. }),
                "{}: {refused}",
                form.name
            );
        }
    }
}

#[test]
fn a_body_that_is_not_text_is_refused() {
    for (form, body) in BODIES {
        let mut bytes = body.as_bytes().to_vec();
        let at = bytes
            .iter()
            .rposition(|byte| *byte == b'2')
            .expect("a digit");
        bytes[at] = 0xff;
        assert_eq!(
            try_read(form, &bytes).expect_err("bad"),
            ReadError::NotText { byte: at as u64 }
        );
    }
}

#[test]
fn deep_nesting_is_refused_before_it_is_followed() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (form, body) in BODIES {
        let body = body.replacen(':', &format!(":{deep},\"x\":"), 1);
        let refused = try_read(form, body.as_bytes()).expect_err("too deep");
        assert!(
            matches!(
                refused,
                ReadError::TooDeep {
                    max_allowed: 20,
                    ..
                }
            ),
            "{refused}"
        );
    }
}

#[test]
fn no_number_or_time_breaks_a_reader() {
    let numbers = [
        "1e999",
        "-1e999",
        "1e-999",
        "123456789012345678901234567890",
        "-0",
        "null",
        "true",
        "\"\"",
        "\"NaN\"",
        "\"inf\"",
        "{}",
        "[]",
        "[[1]]",
        "{\"value\":{\"value\":1}}",
        "\"\\ud800\"",
    ];
    let times = [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "",
        "-1",
        "2026-02-30",
        "\\u0000",
    ];
    for (form, body) in BODIES {
        for number in numbers {
            for from in ["60", "5", "412", "61"] {
                let body = body.replacen(&format!(":{from}"), &format!(":{number}"), 1);
                let _ = try_read(form, body.as_bytes());
            }
        }
        for time in times {
            let body = body
                .replace("2026-03-08T08:00:00Z", time)
                .replace("2026-03-08 08:00:00 -0400", time);
            if let Ok(read) = try_read(form, body.as_bytes()) {
                assert_eq!(read.summary.samples, 0, "{} took {time}", form.name);
            }
        }
    }
}

#[test]
fn many_members_are_read_in_one_go() {
    let many = |name: &str, value: &str| vec![format!("\"{name}\":{value}"); 45_000].join(",");
    let numbered: Vec<String> = (0..45_000).map(|n| format!("\"k{n}\":[1]")).collect();
    let webhook = format!(
        r#"{{"timestamp":"x","app_version":"1",{},{}}}"#,
        numbered.join(","),
        many("heart_rate", "[1]")
    );
    let read_webhook = read(&health_connect_webhook::FORM, &webhook);
    assert_eq!(read_webhook.refusals().len(), 1);
    let night = format!(
        r#"{{"metrics":[{{"metric_type":"sleep_analysis","recorded_at":"2026-03-08T08:00:00Z",
        "sleep_data":{{"sleep_stages":{{{}}}}}}}]}}"#,
        many("deep", "80")
    );
    assert_eq!(
        read(&upload::FORM, &night).values("sleep_deep_duration"),
        [80.0]
    );
}

#[test]
fn refusals_do_not_grow_without_end() {
    let body = format!("[{}5]", "5,".repeat(300_000));
    let read = read(&simple::FORM, &body);
    assert_eq!(read.summary.rejected, 300_001);
    assert_eq!(
        read.batch.rejections.len() as u64,
        import::live::REJECTIONS_MAX
    );
}

#[test]
fn reading_twice_gives_the_same() {
    for (form, body) in BODIES {
        let (first, second) = (read(form, body), read(form, body));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}

/// Names that readers look for.
const NAMES: &[&str] = &[
    "quantity_samples",
    "workouts",
    "metrics",
    "records",
    "data",
    "sleep",
    "values",
    "value",
    "type",
    "identifier",
    "name",
    "units",
    "unit",
    "date",
    "start",
    "end",
    "startDate",
    "start_date",
    "recorded_at",
    "time",
    "source",
    "metadata",
    "sleep_data",
    "biometric_data",
    "metric_type",
    "heart_rate",
    "qty",
    "Avg",
    "stages",
    "stage",
    "provider",
    "timestamp",
    "app_version",
    "duration",
    "route",
    "statistics",
    "sleepStart",
    "sleepEnd",
    "HKTimeZone",
];

/// Values that readers look for, and others.
fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_filter_map("finite", |n| n.is_finite().then(|| n.to_string())),
        prop::sample::select(vec![
            "\"heart_rate\"",
            "\"sleep_analysis\"",
            "\"2026-03-08T08:00:00Z\"",
            "\"bpm\"",
            "\"%\"",
            "\"blood_pressure\"",
            "\"120/80\"",
            "\"2026-03-08 08:00:00 -0400\"",
            "60",
            "\"running\"",
            "\"Europe/Berlin\"",
            "true",
            "\"a|b\"",
            "1e999",
            "\"\\ud800\"",
            "1772957100",
        ])
        .prop_map(str::to_owned),
        "[a-z%/ ]{0,12}".prop_map(|text| format!("\"{text}\"")),
    ]
}

/// JSON of the shapes that readers look into.
fn json() -> impl Strategy<Value = String> {
    let name = prop::sample::select(NAMES);
    leaf().prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec((name.clone(), inner), 0..7).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for form in forms::ALL {
            let _ = try_read(form, &body);
        }
    }

    #[test]
    fn no_json_panics(body in json()) {
        for form in forms::ALL {
            if let Ok(read) = try_read(form, body.as_bytes()) {
                for incoming in &read.batch.samples {
                    prop_assert!(incoming.sample.value.is_finite());
                    prop_assert!(incoming.sample.start_us <= incoming.sample.end_us);
                    let types = read.batch.new_types.len();
                    prop_assert!(usize::try_from(incoming.type_index).expect("small") < types);
                    let sources = read.batch.new_sources.len();
                    prop_assert!(usize::from(incoming.sample.source.0) < sources);
                }
            }
        }
    }

    #[test]
    fn no_change_of_a_good_body_panics(which in 0..BODIES.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (form, body) = BODIES[which];
        let mut body = body.as_bytes().to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = try_read(form, &body);
    }
}
