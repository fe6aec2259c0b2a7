//! The database of Gadgetbridge: minutes, nights and measurements of many makers' devices.
//!
//! Tables of minutes have one shape and two meanings: most count the steps of their minute, some the steps of the day so
//! far. Every device is a source of its own. Codes below zero, zero and all bits set stand for a heart rate that nobody
//! measured.

use std::collections::BTreeMap;
use std::io::Read;

use model::sample::{DAY_US, MINUTE_US, SECOND_US, uid_of};
use model::source::{Source, SourceClass, SourceNo};

use crate::batch::Position;
use crate::live::Interval;
use crate::session::Heading;
use crate::sqlite::{self, Database, Value};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, database};

mod workouts;

pub(crate) const VENDOR: Vendor = Vendor {
    name: "gadgetbridge",
    about: "Gadgetbridge database: minutes, sleep, measurements and workouts of its devices",
    title: "Gadgetbridge",
    is_meant: |member| {
        member.head.starts_with(sqlite::MAGIC)
            && member.holds("BASE_ACTIVITY_SUMMARY")
            && member.holds("DEVICE")
    },
    open: || Box::new(Book),
};

/// Devices of one person.
const DEVICES_MAX: usize = 1_000;

/// Rows of nights and of counters that wait for the next one.
const NIGHTS_MAX: usize = 100_000;

/// Tables of minutes whose steps and distances count up from midnight.
const CUMULATIVE: [&str; 2] = ["GARMIN_ACTIVITY_SAMPLE", "COLMI_ACTIVITY_SAMPLE"];

/// Ends of names of tables with one measurement in a row: column, metric.
const MEASUREMENTS: &[(&str, &str, &str)] = &[
    ("_HRV_VALUE_SAMPLE", "VALUE", "heart_rate_variability_rmssd"),
    ("_SPO2_SAMPLE", "SPO2", "oxygen_saturation"),
    ("_STRESS_SAMPLE", "STRESS", "stress_score"),
    ("_TEMPERATURE_SAMPLE", "TEMPERATURE", "skin_temperature"),
    ("_WEIGHT_SAMPLE", "WEIGHT_KG", "body_mass"),
    (
        "_HEART_RATE_RESTING_SAMPLE",
        "HEART_RATE",
        "resting_heart_rate",
    ),
    (
        "_RESPIRATORY_RATE_SAMPLE",
        "RESPIRATORY_RATE",
        "respiratory_rate",
    ),
];

/// Kinds of minutes of one maker: asleep, and not worn.
const ASLEEP: i64 = 120;
const NOT_WORN: i64 = 115;
/// Seven bits of what that maker notes for a minute of sleep, and from where on it is of a stage.
const SEVEN_BITS: i64 = 127;
const REM_FROM: i64 = 55;
const DEEP_FROM: i64 = 42;

const NO_READING: &str = "no reading";

struct Book;

impl Reader for Book {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(database) = database::open(input, desk)? else {
            return Ok(());
        };
        desk.count_member("database");
        let tables = Tables {
            devices: devices(&database, desk)?,
            database: &database,
        };
        for name in database.names(&mut |_, _| {}) {
            tables.read(&name, desk)?;
        }
        Ok(())
    }
}

/// The database and its devices.
struct Tables<'d> {
    database: &'d Database<'d>,
    devices: BTreeMap<i64, SourceNo>,
}

/// A row by the names of its columns.
#[derive(Clone, Copy)]
struct Row<'r> {
    columns: &'r [String],
    values: &'r [Value],
    kind: &'r str,
    number: u64,
}

impl Row<'_> {
    fn value(&self, column: &str) -> &Value {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| self.values.get(at))
            .unwrap_or(&Value::Nothing)
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    fn number(&self, column: &str) -> Option<f64> {
        self.value(column).number()
    }

    fn integer(&self, column: &str) -> Option<i64> {
        match self.value(column) {
            Value::Integer(number) => Some(*number),
            Value::Real(_) | Value::Text(_) | Value::Blob(_) | Value::Nothing => None,
        }
    }

    fn text(&self, column: &str) -> &str {
        match self.value(column) {
            Value::Text(text) => text,
            Value::Real(_) | Value::Integer(_) | Value::Blob(_) | Value::Nothing => "",
        }
    }

    fn spot(&self) -> Spot<'_> {
        Spot {
            kind: self.kind,
            position: Position::Index(self.number),
        }
    }
}

/// Hands over the rows of a table.
fn rows(
    database: &Database<'_>,
    name: &str,
    desk: &mut Desk<'_, '_, '_>,
    take: &mut dyn FnMut(&Row<'_>, &mut Desk<'_, '_, '_>) -> Result<(), VendorError>,
) -> Result<(), VendorError> {
    let mut faults = BTreeMap::new();
    let mut note = |fault: sqlite::Fault, byte: u64| {
        faults.entry(byte).or_insert(fault);
    };
    let Some(table) = database.table(name, &mut note) else {
        return Ok(());
    };
    let mut result = Ok(());
    let mut number = 0;
    database.rows(&table, &mut note, &mut |_, values| {
        if result.is_ok() {
            let row = Row {
                columns: &table.columns,
                values,
                kind: name,
                number,
            };
            result = take(&row, desk).and_then(|()| desk.flush_when_full());
        }
        number += 1;
    });
    for byte in faults.into_keys() {
        let message = format!("{name}: a page or a row cannot be read");
        desk.intake.damage(Position::Byte(byte), &message);
    }
    result
}

/// The devices by their number. Two of one name differ by a part of the hash of their address.
fn devices(
    database: &Database<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<BTreeMap<i64, SourceNo>, VendorError> {
    let mut devices = BTreeMap::new();
    rows(database, "DEVICE", desk, &mut |row, desk| {
        let Some(id) = row.integer("_id") else {
            return Ok(());
        };
        if devices.len() >= DEVICES_MAX {
            return Ok(());
        }
        let name = row.text("NAME");
        let mark = uid_of(&format!("gadgetbridge {}", row.text("IDENTIFIER"))).get() & 0xFFFF;
        let device = format!("{name} {mark:04x}");
        let source = Source {
            class: SourceClass::Watch,
            device: Some(device.clone()),
            ..Source::named(if name.is_empty() {
                "Gadgetbridge"
            } else {
                name
            })
        };
        if let Some(no) = desk.intake.source(&device, source) {
            devices.insert(id, no);
        }
        Ok(())
    })?;
    Ok(devices)
}

/// A counter of the day so far.
#[derive(Debug, Clone, Copy)]
struct Counted {
    at_us: i64,
    steps: Option<f64>,
    metres: Option<f64>,
}

/// Which counter.
type Of = fn(&Counted) -> Option<f64>;

/// A stage that holds until the next row.
#[derive(Debug, Clone, Copy)]
struct Stage {
    at_us: i64,
    code: f64,
    source: SourceNo,
}

impl Tables<'_> {
    fn source(&self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
        let device = row.integer("DEVICE_ID");
        let known = device.and_then(|id| self.devices.get(&id).copied());
        known.unwrap_or_else(|| desk.account())
    }

    fn read(&self, name: &str, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        if CUMULATIVE.contains(&name) {
            return self.counters(name, desk);
        }
        if name.ends_with("_ACTIVITY_SAMPLE") {
            return self.minutes(name, desk);
        }
        if name == "XIAOMI_SLEEP_STAGE_SAMPLE" {
            return self.nights(name, desk);
        }
        if name == "BASE_ACTIVITY_SUMMARY" {
            return self.workouts(name, desk);
        }
        let measured = MEASUREMENTS.iter().find(|(end, ..)| name.ends_with(end));
        if let Some((_, column, metric)) = measured {
            return self.measurements(name, (column, metric), desk);
        }
        Ok(())
    }

    /// Rows of one minute each.
    fn minutes(&self, name: &str, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        rows(self.database, name, desk, &mut |row, desk| {
            let Some(at_us) = row.integer("TIMESTAMP").and_then(seconds) else {
                desk.refuse(row.spot(), "TIMESTAMP", None, TIME_MISSING);
                return Ok(());
            };
            let source = self.source(row, desk);
            let is_off_minute = at_us.rem_euclid(MINUTE_US) != 0;
            if is_off_minute && row.integer("RAW_INTENSITY") == Some(-1) {
                desk.leave(name, "a counter of the day that stands between the minutes");
                return Ok(());
            }
            let kind = row.integer("RAW_KIND");
            if kind == Some(NOT_WORN) && row.has("REM_SLEEP") {
                desk.leave(name, "a minute in which the device was not worn");
                return Ok(());
            }
            let span = (at_us, at_us + MINUTE_US);
            if let Some(steps) = row.number("STEPS").filter(|steps| *steps > 0.0) {
                let one = One::over("step_count", "", steps, span, source);
                desk.put(row.spot(), one);
            }
            beside(row, at_us, source, desk);
            if kind == Some(ASLEEP) && row.has("REM_SLEEP") {
                let bits = |column| row.integer(column).map_or(0, |bits| bits & SEVEN_BITS);
                let code = if bits("REM_SLEEP") > REM_FROM {
                    5.0
                } else if bits("DEEP_SLEEP") > DEEP_FROM {
                    4.0
                } else {
                    3.0
                };
                let one = One::over("sleep_analysis", "", code, span, source);
                desk.put(row.spot(), one);
            }
            Ok(())
        })
    }

    /// Rows whose steps and distance are those of the day so far.
    fn counters(&self, name: &str, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let mut by_source: BTreeMap<SourceNo, Vec<Counted>> = BTreeMap::new();
        let mut count = 0_usize;
        rows(self.database, name, desk, &mut |row, desk| {
            let Some(at_us) = row.integer("TIMESTAMP").and_then(seconds) else {
                desk.refuse(row.spot(), "TIMESTAMP", None, TIME_MISSING);
                return Ok(());
            };
            let source = self.source(row, desk);
            beside(row, at_us, source, desk);
            let steps = row.number("STEPS").filter(|steps| *steps >= 0.0);
            let metres = row.number("DISTANCE_CM").filter(|cm| *cm >= 0.0);
            if steps.is_none() && metres.is_none() {
                return Ok(());
            }
            count += 1;
            if count > 100 * NIGHTS_MAX {
                desk.leave(name, "more rows than are kept");
                return Ok(());
            }
            by_source.entry(source).or_default().push(Counted {
                at_us,
                steps,
                metres: metres.map(|cm| cm / 100.0),
            });
            Ok(())
        })?;
        let spot = Spot {
            kind: name,
            position: Position::Index(0),
        };
        for (source, mut counted) in by_source {
            counted.sort_by_key(|counter| counter.at_us);
            let figures: [(&'static str, Of); 2] = [
                ("step_count", |counter| counter.steps),
                ("distance_walking_running", |counter| counter.metres),
            ];
            for (metric, of) in figures {
                let told = counted.iter().filter_map(|one| Some((one.at_us, of(one)?)));
                for (span, value) in differences(told, desk) {
                    desk.put(spot, One::over(metric, "", value, span, source));
                    desk.flush_when_full()?;
                }
            }
        }
        Ok(())
    }

    fn measurements(
        &self,
        name: &str,
        (column, metric): (&str, &'static str),
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        rows(self.database, name, desk, &mut |row, desk| {
            let Some(at_us) = row.integer("TIMESTAMP").and_then(milliseconds) else {
                desk.refuse(row.spot(), "TIMESTAMP", None, TIME_MISSING);
                return Ok(());
            };
            let source = self.source(row, desk);
            match row.number(column).filter(|value| *value > 0.0) {
                Some(value) => desk.put(row.spot(), One::at(metric, "", value, at_us, source)),
                None => desk.leave(name, NO_READING),
            }
            Ok(())
        })
    }

    /// Nights of each device: when they began and when the person woke.
    fn wakings(
        &self,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<BTreeMap<SourceNo, Vec<(i64, i64)>>, VendorError> {
        let mut wakings: BTreeMap<SourceNo, Vec<(i64, i64)>> = BTreeMap::new();
        let times = "XIAOMI_SLEEP_TIME_SAMPLE";
        let mut count = 0;
        rows(self.database, times, desk, &mut |row, desk| {
            let start = row.integer("TIMESTAMP").and_then(milliseconds);
            let end = row.integer("WAKEUP_TIME").and_then(milliseconds);
            if let (Some(start), Some(end)) = (start, end)
                && count < NIGHTS_MAX
            {
                count += 1;
                let source = self.source(row, desk);
                wakings.entry(source).or_default().push((start, end));
            }
            Ok(())
        })?;
        Ok(wakings)
    }

    /// A stage holds until the next row; the last one of a night until the person woke.
    fn nights(&self, name: &str, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let wakings = self.wakings(desk)?;
        let mut stages: Vec<Stage> = Vec::new();
        rows(self.database, name, desk, &mut |row, desk| {
            let at_us = row.integer("TIMESTAMP").and_then(milliseconds);
            let (Some(at_us), Some(stage)) = (at_us, row.integer("STAGE")) else {
                desk.refuse(row.spot(), "TIMESTAMP", None, TIME_MISSING);
                return Ok(());
            };
            if stages.len() >= 20 * NIGHTS_MAX {
                desk.leave(name, "more rows than are kept");
                return Ok(());
            }
            let code = match stage {
                2 => 4.0,
                3 => 3.0,
                4 => 5.0,
                _ => 2.0,
            };
            let source = self.source(row, desk);
            stages.push(Stage {
                at_us,
                code,
                source,
            });
            Ok(())
        })?;
        stages.sort_by_key(|stage| (stage.source, stage.at_us));
        let spot = Spot {
            kind: name,
            position: Position::Index(0),
        };
        for (at, stage) in stages.iter().enumerate() {
            let of_source = wakings.get(&stage.source).map_or(&[][..], Vec::as_slice);
            let night = of_source
                .iter()
                .filter(|(start, end)| (*start..*end).contains(&stage.at_us))
                .map(|(_, end)| *end)
                .min();
            let next = stages
                .get(at + 1)
                .filter(|next| next.source == stage.source);
            let next = next.map(|next| next.at_us);
            let end_us = match (next, night) {
                (Some(next), Some(night)) => next.min(night),
                // Without a night, a stage that lasts for half a day is the end of one.
                (Some(next), None) if next - stage.at_us < DAY_US / 2 => next,
                (None, Some(night)) => night,
                (Some(_) | None, None) => {
                    desk.leave(name, "a last stage without a time of waking");
                    continue;
                }
            };
            let span = (stage.at_us, end_us);
            desk.put(
                spot,
                One::over("sleep_analysis", "", stage.code, span, stage.source),
            );
            desk.flush_when_full()?;
        }
        Ok(())
    }

    fn workouts(&self, name: &str, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        rows(self.database, name, desk, &mut |row, desk| {
            let start = row.integer("START_TIME").and_then(milliseconds);
            let end = row.integer("END_TIME").and_then(milliseconds);
            let (Some(start_us), Some(end_us)) = (start, end) else {
                desk.refuse(row.spot(), "START_TIME", None, TIME_MISSING);
                return Ok(());
            };
            let source = self.source(row, desk);
            let kind = row.integer("ACTIVITY_KIND");
            let heading = Heading {
                at: Interval { start_us, end_us },
                zone: None,
                source,
                uid: None,
            };
            let workout = workouts::workout(kind, row.text("SUMMARY_DATA"));
            desk.workout(row.spot(), heading, workout);
            Ok(())
        })
    }
}

/// What a row of a minute says beside its steps.
fn beside(row: &Row<'_>, at_us: i64, source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    match row.integer("HEART_RATE") {
        Some(-1 | 0 | 255) => desk.leave("heart rate", NO_READING),
        Some(rate) => desk.put(
            row.spot(),
            One::at("heart_rate", "", rate as f64, at_us, source),
        ),
        None => {}
    }
    for (column, metric) in [("STRESS", "stress_score"), ("SPO2", "oxygen_saturation")] {
        let value = row
            .integer(column)
            .filter(|value| !matches!(value, 0 | -1 | 255));
        if let Some(value) = value {
            desk.put(row.spot(), One::at(metric, "", value as f64, at_us, source));
        }
    }
}

/// Intervals and what was done in them, of counters that begin at zero at the person's midnight.
fn differences(
    told: impl Iterator<Item = (i64, f64)>,
    desk: &Desk<'_, '_, '_>,
) -> Vec<((i64, i64), f64)> {
    let zones = desk.intake.context().zones;
    let mut done = Vec::new();
    let mut before: Option<(i64, f64)> = None;
    for (at_us, value) in told {
        // A row at midnight closes the day before.
        let zone = zones.zone_at(at_us);
        let midnight_us = zone.start_of(zone.date_at(at_us - SECOND_US));
        let (from_us, since) = match before {
            Some((from_us, since)) if from_us >= midnight_us => {
                (from_us, if value < since { 0.0 } else { since })
            }
            _ => (midnight_us, 0.0),
        };
        if value > since && at_us > from_us {
            done.push(((from_us, at_us), value - since));
        }
        before = Some((at_us, value));
    }
    done
}

/// Seconds since 1970.
fn seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(SECOND_US).filter(|at| *at > 0)
}

/// Milliseconds since 1970.
fn milliseconds(ms: i64) -> Option<i64> {
    ms.checked_mul(1_000).filter(|at| *at > 0)
}
