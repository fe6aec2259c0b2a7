//! Speed of the reader of live HealthKit samples: bodies of 2,000 samples as apps post them.

use std::fmt::Write;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use import::forms::healthkit;
use import::live::Context;
use model::zone::{Zone, ZoneHistory};

/// Samples of one body.
const SAMPLES: u32 = 2_000;

fn main() {
    divan::main();
}

/// Heart rates and steps with ids, sources and metadata, some 300 bytes each.
fn body() -> String {
    let mut body = r#"{"user_id":"bench","quantity_samples":["#.to_owned();
    for n in 0..SAMPLES {
        let (hour, minute, second) = (n / 3_600 % 24, n / 60 % 60, n % 60);
        let (identifier, value, unit) = if n % 4 == 0 {
            (
                "HKQuantityTypeIdentifierStepCount",
                f64::from(n % 97),
                "count",
            )
        } else {
            (
                "HKQuantityTypeIdentifierHeartRate",
                50.0 + f64::from(n % 400) / 8.0,
                "count/min",
            )
        };
        let comma = if n == 0 { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"uuid":"550E8400-E29B-41D4-A716-{n:012}","type":"quantity",
            "identifier":"{identifier}","value":{value},"unit":"{unit}",
            "start_date":"2026-03-08T{hour:02}:{minute:02}:{second:02}Z",
            "end_date":"2026-03-08T{hour:02}:{minute:02}:{second:02}.500Z",
            "source_name":"Max’s Apple Watch","device":{{}},"metadata":{{"HKMetadataKeyHeartRateMotionContext":1}}}}"#
        )
        .expect("writing to a string");
    }
    body.push_str("]}");
    body
}

#[divan::bench]
fn healthkit_samples(bencher: Bencher<'_, '_>) {
    let body = body();
    let zones = ZoneHistory::fixed(Zone::utc());
    let context = Context {
        now_us: 1_773_000_000_000_000,
        zones: &zones,
        aggregation: None,
        source: "",
    };
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .counter(BytesCount::of_str(&body))
        .bench(|| {
            let read = healthkit::FORM.read_body(body.as_bytes(), &context);
            let (batch, summary) = read.expect("a good body");
            assert_eq!((summary.samples, summary.rejected), (u64::from(SAMPLES), 0));
            batch
        });
}
