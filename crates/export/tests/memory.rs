//! Memory does not grow with an export: what is held after half of it is held at its end. Each format is measured in a
//! process of its own, or in one after the others, so that nothing else is measured.

use std::fs;
use std::sync::{Mutex, PoisonError};

use export::{Format, Row, Topic, Writer};
use model::metric;
use model::sample::{DAY_US, Flags, MINUTE_US, Sample, Uid};
use model::source::{Source, SourceNo};
use oracle::absence::{Absent, skip};

/// Samples of a day, which is a slab.
const MINUTES: i64 = 400;
/// What may be added between the middle and the end; what is written meanwhile is several times as much.
const GROWTH_MAX_KB: u64 = 3 << 10;

static ONE: Mutex<()> = Mutex::new(());

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

/// How much was written in the second half, and by how much memory grew meanwhile.
fn written(format: Format, days: i64) -> (u64, u64) {
    let source = Source::named("Watch");
    let metric = metric::by_id("heart_rate").expect("a metric");
    let topic = Topic {
        id: metric.id,
        unit: metric.unit.ucum(),
        metric: Some(metric),
    };
    let mut writer = Writer::new(format);
    let (mut bytes, mut early_kb) = (0, 0);
    for number in 0..days {
        let samples = day(number);
        let rows = samples.iter().map(|sample| Row {
            sample,
            source: &source,
        });
        writer.samples(&topic, &rows.collect::<Vec<Row<'_>>>());
        bytes += writer.take().len() as u64;
        if number == days / 2 {
            (bytes, early_kb) = (0, held_kb().unwrap_or(0));
        }
    }
    writer.end(&[]);
    bytes += writer.take().len() as u64;
    assert_eq!(writer.report().samples, (days * MINUTES).unsigned_abs());
    let grown_kb = held_kb().unwrap_or(0).saturating_sub(early_kb);
    (bytes, grown_kb)
}

fn is_held_in_part(format: Format, days: i64) {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if held_kb().is_none() {
        return skip(Absent::Platform("/proc/self/status"));
    }
    let (bytes, grown_kb) = written(format, days);
    // A table packs its columns; what it would hold of them is not packed.
    let rows = (days / 2 * MINUTES).unsigned_abs() * 64;
    let kept_kb = bytes.max(rows) >> 10;
    assert!(kept_kb > 3 * GROWTH_MAX_KB, "{format:?}: {kept_kb} KB");
    assert!(
        grown_kb <= GROWTH_MAX_KB,
        "{format:?} grew by {grown_kb} KB of {kept_kb} KB"
    );
}

#[test]
fn a_bundle_of_fhir_is_held_in_part() {
    is_held_in_part(Format::FhirBundle, 160);
}

#[test]
fn fhir_on_lines_is_held_in_part() {
    is_held_in_part(Format::FhirLines, 160);
}

#[test]
fn open_mhealth_is_held_in_part() {
    is_held_in_part(Format::OpenMhealth, 160);
}

#[test]
fn a_table_of_arrow_is_held_in_part() {
    is_held_in_part(Format::Arrow, 1_000);
}

#[test]
fn a_table_of_parquet_is_held_in_part() {
    is_held_in_part(Format::Parquet, 1_000);
}
