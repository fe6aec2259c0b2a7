//! Memory does not grow with an export: what is held after half of it is held at its end. One test in a process of
//! its own, so that nothing else is measured.

use std::fs;

use export::{Format, Row, Topic, Writer};
use model::metric;
use model::sample::{DAY_US, Flags, MINUTE_US, Sample, Uid};
use model::source::{Source, SourceNo};
use oracle::absence::{Absent, skip};

/// Days of the export, a slab each.
const DAYS: i64 = 160;
/// Samples of a day.
const MINUTES: i64 = 400;
/// What may be added between the middle and the end; what is written meanwhile is several times as much.
const GROWTH_MAX_KB: u64 = 3 << 10;

/// Most that the process held; `None` where the system does not say.
fn held_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// A day of samples of one source at uneven times, every other one with an id: nothing of it is a series.
fn day(number: i64) -> Vec<Sample> {
    let start_us = 1_400_000_000_000_000 + number * DAY_US;
    let minutes = 0..MINUTES;
    minutes
        .map(|minute| {
            let at_us = start_us + minute * MINUTE_US + (minute * minute) % 7_919;
            Sample {
                start_us: at_us,
                end_us: at_us,
                value: (55 + (minute * number) % 70) as f64,
                zone_offset_min: Some(60),
                source: SourceNo(0),
                uid: u64::try_from(minute % 2).ok().and_then(Uid::new),
                flags: Flags::NONE,
            }
        })
        .collect()
}

fn written(format: Format) -> (u64, u64) {
    let source = Source::named("Watch");
    let metric = metric::by_id("heart_rate").expect("a metric");
    let topic = Topic {
        id: metric.id,
        unit: metric.unit.ucum(),
        metric: Some(metric),
    };
    let mut writer = Writer::new(format);
    let (mut bytes, mut early_kb) = (0, 0);
    for number in 0..DAYS {
        let samples = day(number);
        let rows = samples.iter().map(|sample| Row {
            sample,
            source: &source,
        });
        writer.samples(&topic, &rows.collect::<Vec<Row<'_>>>());
        bytes += writer.take().len() as u64;
        if number == DAYS / 2 {
            early_kb = held_kb().unwrap_or(0);
        }
    }
    writer.end(&[]);
    bytes += writer.take().len() as u64;
    assert_eq!(writer.report().samples, (DAYS * MINUTES).unsigned_abs());
    let grown_kb = held_kb().unwrap_or(0).saturating_sub(early_kb);
    (bytes, grown_kb)
}

#[test]
fn an_export_of_any_length_is_held_in_part() {
    if held_kb().is_none() {
        return skip(Absent::Platform("/proc/self/status"));
    }
    let formats = [
        Format::Parquet,
        Format::Arrow,
        Format::FhirLines,
        Format::FhirBundle,
        Format::OpenMhealth,
    ];
    for format in formats {
        let (bytes, grown_kb) = written(format);
        assert!(bytes > 100_000, "{format:?}: {bytes} bytes");
        assert!(
            grown_kb <= GROWTH_MAX_KB,
            "{format:?} grew by {grown_kb} KB"
        );
    }
}
