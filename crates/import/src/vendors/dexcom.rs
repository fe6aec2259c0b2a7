//! The table of Dexcom Clarity: readings of a glucose sensor, calibrations, insulin, meals and exercise.
//!
//! Rows without a time are about the person and the alarms. Times are of the display, without a zone; the seconds of
//! the transmitter, which never go back, say which of the two passes of an autumn hour a reading is of. `Low` and
//! `High` are readings beyond what the sensor measures: they are kept at the limit with a mark.

use std::io::Read;

use model::record::Workout;
use model::sample::{Flags, HOUR_US, SECOND_US};
use model::source::{SourceClass, SourceNo};
use rustc_hash::FxHashMap;

use crate::live::{Interval, NAMES_FULL, NOT_A_VALUE};
use crate::session::Heading;
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "dexcom",
    about: "Dexcom Clarity export: glucose, calibrations, insulin, carbohydrates, exercise",
    title: "Dexcom",
    is_meant: |member| {
        let line = String::from_utf8_lossy(member.first_line()).replace('"', "");
        line.starts_with("Index,Timestamp (")
    },
    open: || Box::new(Dexcom::default()),
};

const KIND: &str = "clarity table";

/// Beyond these a sensor says only `Low` or `High`, in mg/dL and mmol/L.
const LIMITS_MG_DL: (f64, f64) = (40.0, 400.0);
const LIMITS_MMOL_L: (f64, f64) = (2.2, 22.2);

/// Transmitters whose clocks are remembered.
const TRANSMITTERS_MAX: usize = 1_000;

/// Readings of a transmitter further apart than this say nothing about each other's clock.
const NEAR_S: i64 = 12 * 3_600;

#[derive(Debug, Default)]
struct Dexcom {
    /// For each transmitter its seconds and the instant of its last reading.
    transmitters: FxHashMap<String, (i64, i64)>,
    /// What the last reading's clock showed, and its instant.
    last: Option<(i64, i64)>,
}

impl Reader for Dexcom {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member(KIND);
        self.last = None;
        table::rows(input, Shape::plain(KIND), desk, &mut |row, desk| {
            self.row(row, desk);
            Ok(())
        })
    }
}

/// The cell of the column whose name begins like this.
fn beginning<'r>(row: &Row<'r>, with: &str) -> (&'r str, bool) {
    let named = row.heading().names().enumerate();
    let found = named
        .into_iter()
        .find(|(_, name)| name.starts_with(with))
        .map(|(column, name)| (row.cell(column), name.contains("mmol")));
    found.unwrap_or(("", false))
}

impl Dexcom {
    fn row(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        let (printed, _) = beginning(row, "timestamp");
        let event = row.get("event type");
        if printed.is_empty() {
            desk.leave("rows about the person and the alarms", "no readings");
            return;
        }
        let Some(wall_us) = clock::wall(printed) else {
            desk.refuse(row.spot(), "Timestamp", None, TIME_MISSING);
            return;
        };
        let Some(at_us) = self.instant(row, event, wall_us, desk) else {
            desk.refuse(row.spot(), "Timestamp", None, TIME_MISSING);
            return;
        };
        let device = row.get("source device id");
        let Some(source) = desk.source(device, SourceClass::App) else {
            desk.refuse(row.spot(), "Source Device ID", None, NAMES_FULL);
            return;
        };
        let kind = row.get("event subtype");
        match event.to_ascii_lowercase().as_str() {
            "egv" => glucose(row, at_us, source, Flags::NONE, desk),
            "calibration" => {
                let flags = Flags::MANUAL.with(Flags::variant_named(event));
                glucose(row, at_us, source, flags, desk);
            }
            "insulin" => {
                let dose = table::number(beginning(row, "insulin value").0);
                let flags = Flags::MANUAL.with(Flags::variant_named(kind));
                put(
                    row,
                    ("insulin_delivery", dose),
                    (at_us, source, flags),
                    desk,
                );
            }
            "carbs" => {
                let carbs = table::number(beginning(row, "carb value").0);
                let to = (at_us, source, Flags::MANUAL);
                put(row, ("dietary_carbohydrates", carbs), to, desk);
            }
            "exercise" => exercise(row, at_us, source, desk),
            _ => desk.leave("rows of other events", "nothing that is measured"),
        }
    }

    /// The instant of what the display showed.
    fn instant(
        &mut self,
        row: &Row<'_>,
        event: &str,
        wall_us: i64,
        desk: &Desk<'_, '_, '_>,
    ) -> Option<i64> {
        let first_us = desk.local(wall_us)?;
        let (counter, _) = beginning(row, "transmitter time");
        let counter = table::number(counter).map(f64::round);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds of a life of a transmitter"
        )]
        let counter_s = counter.filter(|s| s.abs() < 1e12).map(|s| s as i64);
        let id = beginning(row, "transmitter id").0;
        let is_reading = event.eq_ignore_ascii_case("egv");
        let mut at_us = first_us;
        if let Some(second_us) = second_pass(wall_us, first_us, desk) {
            let known = self.transmitters.get(id).copied();
            let expected = counter_s.zip(known).and_then(|(now_s, (then_s, then_us))| {
                let passed_s = now_s - then_s;
                (passed_s.abs() < NEAR_S).then(|| then_us + passed_s * SECOND_US)
            });
            let is_second = match (expected, self.last) {
                (Some(expected), _) => (expected - second_us).abs() < (expected - first_us).abs(),
                // Readings come in order; a clock that goes back passes the hour again.
                (None, Some((last_wall, last_us))) if is_reading => {
                    wall_us <= last_wall || last_us > first_us
                }
                (None, _) => false,
            };
            if is_second {
                at_us = second_us;
            }
        }
        if is_reading {
            self.last = Some((wall_us, at_us));
            let is_known = self.transmitters.contains_key(id);
            if let Some(counter_s) = counter_s
                && (is_known || self.transmitters.len() < TRANSMITTERS_MAX)
            {
                self.transmitters.insert(id.to_owned(), (counter_s, at_us));
            }
        }
        Some(at_us)
    }
}

/// The later instant at which the person's clock showed the same, in the hour that it repeats.
fn second_pass(wall_us: i64, first_us: i64, desk: &Desk<'_, '_, '_>) -> Option<i64> {
    let zones = desk.intake.context().zones;
    let later_us = first_us + HOUR_US;
    let offset_min = zones.zone_at(later_us).offset_min(later_us);
    let shown_us = later_us + i64::from(offset_min) * 60 * SECOND_US;
    (shown_us == wall_us).then_some(later_us)
}

fn put(
    row: &Row<'_>,
    (metric, value): (&'static str, Option<f64>),
    (at_us, source, flags): (i64, SourceNo, Flags),
    desk: &mut Desk<'_, '_, '_>,
) {
    match value {
        Some(value) => desk.put(
            row.spot(),
            One::at(metric, "", value, at_us, source).flags(flags),
        ),
        None => desk.refuse(row.spot(), metric, None, NOT_A_VALUE),
    }
}

fn glucose(row: &Row<'_>, at_us: i64, source: SourceNo, flags: Flags, desk: &mut Desk<'_, '_, '_>) {
    let (printed, is_mmol) = beginning(row, "glucose value");
    let limits = if is_mmol { LIMITS_MMOL_L } else { LIMITS_MG_DL };
    let unit = if is_mmol { "mmol/L" } else { "mg/dL" };
    match limited(printed, limits) {
        Some((value, mark)) => {
            let one = One::at("blood_glucose", unit, value, at_us, source);
            desk.put(row.spot(), one.flags(flags).flags(mark));
        }
        None => desk.refuse(row.spot(), "Glucose Value", None, NOT_A_VALUE),
    }
}

/// A value that may be beyond what a sensor measures: the limit, marked as the largest or the smallest that it can be.
pub(crate) fn limited(printed: &str, (low, high): (f64, f64)) -> Option<(f64, Flags)> {
    match printed.trim().to_ascii_lowercase().as_str() {
        "low" | "lo" => Some((low, Flags::MAXIMUM)),
        "high" | "hi" => Some((high, Flags::MINIMUM)),
        _ => {
            let value = table::number(&printed.replace(',', "."))?;
            Some((value, Flags::NONE))
        }
    }
}

/// Exercise that was noted: how long, and how hard.
fn exercise(row: &Row<'_>, start_us: i64, source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let (printed, _) = beginning(row, "duration");
    let parts: Vec<Option<f64>> = printed.split(':').map(table::number).collect();
    let [Some(hours), Some(minutes), Some(seconds)] = parts.as_slice() else {
        desk.refuse(row.spot(), "Duration", None, NOT_A_VALUE);
        return;
    };
    let length_s = hours * 3_600.0 + minutes * 60.0 + seconds;
    let intensity = row.get("event subtype").to_lowercase();
    let workout = Workout {
        activity: "other".to_owned(),
        duration_min: Some(length_s / 60.0),
        metadata: vec![("intensity".to_owned(), intensity)],
        ..Workout::default()
    };
    let heading = Heading {
        at: Interval {
            start_us,
            end_us: crate::track::after_seconds(start_us, length_s),
        },
        zone: None,
        source,
        uid: None,
    };
    desk.workout(row.spot(), heading, workout);
}
