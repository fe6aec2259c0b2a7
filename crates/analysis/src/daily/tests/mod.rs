//! Tests of days as a whole, and what the unit tests share.

mod cardio;
mod copies;
mod document;
mod facts;
mod generated;
mod merge;
mod nights;
mod range;
mod reconcile;
mod scored;
mod sleep;

use jiff::Timestamp;
use model::sample::{DAY_US, Flags, MINUTE_US, Sample};
use model::source::{Source, SourceNo};
use model::zone::{Span, Zone, ZoneHistory};

/// A raw sample.
pub(crate) fn sample(start_us: i64, end_us: i64, value: f64, source: u16) -> Sample {
    Sample {
        start_us,
        end_us,
        value,
        zone_offset_min: None,
        source: SourceNo(source),
        uid: None,
        flags: Flags::NONE,
    }
}

/// The first UTC day of 1970.
pub(crate) fn day() -> Vec<Span> {
    vec![Span {
        start_us: 0,
        end_us: DAY_US,
    }]
}

/// An instant from its text.
pub(crate) fn us(text: &str) -> i64 {
    text.parse::<Timestamp>()
        .expect("a timestamp")
        .as_microsecond()
}

/// A person who stays in one zone.
pub(crate) fn home(zone: &str) -> ZoneHistory {
    ZoneHistory::fixed(Zone::parse(zone).expect("a zone"))
}

/// A person who flies from Berlin to New York and lands at 18:00 UTC on 4 May 2026.
pub(crate) fn traveller() -> ZoneHistory {
    ZoneHistory::from_observations(
        Zone::parse("Europe/Berlin").expect("a zone"),
        vec![(
            us("2026-05-04T18:00:00Z"),
            Zone::parse("America/New_York").expect("a zone"),
        )],
    )
}

/// Watch, phone and app.
pub(crate) fn sources() -> Vec<Source> {
    ["Apple Watch", "iPhone", "Pace"]
        .map(Source::named)
        .to_vec()
}

/// A sample given in minutes after an instant.
pub(crate) fn after(from_us: i64, start_min: i64, end_min: i64, value: f64, source: u16) -> Sample {
    sample(
        from_us + start_min * MINUTE_US,
        from_us + end_min * MINUTE_US,
        value,
        source,
    )
}

/// Compares with a tolerance relative to the larger magnitude above one.
#[track_caller]
pub(crate) fn close(found: f64, expect: f64) {
    let tolerance = 1e-9 * found.abs().max(expect.abs()).max(1.0);
    assert!(
        (found - expect).abs() <= tolerance,
        "found {found}, expected {expect}"
    );
}
