//! The backup of Android's Health Connect: one SQLite file with a table for each type of record.
//!
//! The file is packed in memory while it is read and never written anywhere. Columns are found by name, tables that a
//! phone lacks are no fault, and whatever is not in [`tables`] is counted. Every app and device is a source of its
//! own, with the place that the phone gives it, so that overlapping records are settled where all overlaps are settled,
//! and none are added here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;

use model::sample::{Flags, uid_of};
use model::source::{Source, SourceClass, SourceNo};
use rustc_hash::FxHashMap;

use crate::batch::Position;
use crate::budget::Holding;
use crate::live::NOT_A_VALUE;
use crate::sqlite::{self, Database, Value};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, database};

mod meals;
mod order;
mod sessions;
mod sleep;
mod tables;

use self::order::Order;
use self::tables::{CATEGORIES, Column, INSTANTS, INTERVALS, SERIES, Series};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "health_connect",
    about: "Health Connect backup of Android: health_connect_export.db, or the zip around it",
    title: "Health Connect",
    is_meant: |member| {
        member.head.starts_with(sqlite::MAGIC)
            && member.holds("application_info_table")
            && member.holds("steps_record_table")
    },
    open: || Box::new(Backup),
};

/// Numbers as small as this stand for "not recorded": the smallest that the platform can print, wide or narrow.
const SMALLEST: f64 = 1e-40;

const NOT_RECORDED: &str = "numbers that stand for a value that was not recorded";

struct Backup;

impl Reader for Backup {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(database) = database::open(input, desk)? else {
            return Ok(());
        };
        desk.count_member("health_connect_export.db");
        let book = Book {
            database: &database,
            sources: Sources::of(&database, desk)?,
        };
        read_all(&book, desk)
    }
}

fn read_all(book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    let sessions = sessions::read(book, desk)?;
    for (name, columns) in INSTANTS {
        book.rows(name, desk, &mut |row, desk| {
            let Some(at) = row.instant(desk) else {
                return Ok(());
            };
            columns.iter().for_each(|column| row.put(column, at, desk));
            Ok(())
        })?;
    }
    for (name, column) in INTERVALS {
        book.rows(name, desk, &mut |row, desk| {
            let Some(at) = row.interval(desk) else {
                return Ok(());
            };
            let metric = sessions::metric_within(&sessions, column.metric, at);
            row.put(&Column { metric, ..*column }, at, desk);
            Ok(())
        })?;
    }
    for (name, column, metric, codes) in CATEGORIES {
        book.rows(name, desk, &mut |row, desk| {
            category(row, (column, metric, codes), desk);
            Ok(())
        })?;
    }
    for series in SERIES {
        read_series(book, series, desk)?;
    }
    meals::read(book, desk)?;
    sleep::read(book, desk)?;
    book.sources.order.note(book, desk);
    tell_unknown(book, desk);
    Ok(())
}

/// The database and who wrote into it.
struct Book<'d> {
    database: &'d Database<'d>,
    sources: Sources,
}

/// A digit of sixteen.
fn digit(four_bits: u8) -> char {
    char::from_digit(u32::from(four_bits), 16).unwrap_or('0')
}

/// A row of a table by the names of its columns.
#[derive(Clone, Copy)]
struct Row<'r> {
    columns: &'r [String],
    values: &'r [Value],
    table: &'r str,
    number: u64,
    sources: &'r Sources,
}

/// Where a record stands in time.
#[derive(Debug, Clone, Copy)]
struct When {
    start_us: i64,
    end_us: i64,
    offset_min: Option<i16>,
}

impl Book<'_> {
    /// Hands over the rows of a table, if the phone has it.
    fn rows(
        &self,
        table: &str,
        desk: &mut Desk<'_, '_, '_>,
        take: &mut dyn FnMut(&Row<'_>, &mut Desk<'_, '_, '_>) -> Result<(), VendorError>,
    ) -> Result<(), VendorError> {
        let mut faults = BTreeMap::new();
        let mut note = |fault: sqlite::Fault, byte: u64| {
            faults.entry(byte).or_insert(fault);
        };
        let Some(found) = self.database.table(table, &mut note) else {
            return Ok(());
        };
        let mut result = Ok(());
        let mut number = 0;
        self.database.rows(&found, &mut note, &mut |_, values| {
            number += 1;
            if result.is_ok() {
                let row = Row {
                    columns: &found.columns,
                    values,
                    table,
                    number,
                    sources: &self.sources,
                };
                result = take(&row, desk).and_then(|()| desk.flush_when_full());
            }
        });
        for (byte, fault) in faults {
            let what = match fault {
                sqlite::Fault::Page => "a page cannot be read",
                sqlite::Fault::Row => "a row cannot be read",
            };
            let message = format!("{table}: {what}");
            desk.intake.damage(Position::Byte(byte), &message);
        }
        result
    }
}

impl Row<'_> {
    fn value(&self, column: &str) -> &Value {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| self.values.get(at))
            .unwrap_or(&Value::Nothing)
    }

    fn number(&self, column: &str) -> Option<f64> {
        match self.value(column) {
            Value::Text(text) => text.trim().parse().ok(),
            value @ (Value::Integer(_) | Value::Real(_) | Value::Blob(_) | Value::Nothing) => {
                value.number()
            }
        }
    }

    fn integer(&self, column: &str) -> Option<i64> {
        match self.value(column) {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Real(_) | Value::Blob(_) | Value::Nothing => None,
        }
    }

    fn text(&self, column: &str) -> Option<&str> {
        match self.value(column) {
            Value::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Value::Integer(_) | Value::Real(_) | Value::Blob(_) | Value::Nothing => None,
        }
    }

    /// A number that was recorded.
    fn recorded(&self, column: &str, desk: &mut Desk<'_, '_, '_>) -> Option<f64> {
        let number = self.number(column)?;
        if number != 0.0 && number.abs() < SMALLEST {
            desk.leave(self.table, NOT_RECORDED);
            return None;
        }
        Some(number)
    }

    fn spot(&self) -> Spot<'_> {
        Spot {
            kind: self.table,
            position: Position::Index(self.number - 1),
        }
    }

    fn millis_us(&self, column: &str) -> Option<i64> {
        self.integer(column)?.checked_mul(1_000)
    }

    fn offset_min(&self, column: &str) -> Option<i16> {
        let seconds = self.integer(column)?;
        i16::try_from(seconds / 60)
            .ok()
            .filter(|minutes| minutes.abs() <= 18 * 60)
    }

    fn instant(&self, desk: &mut Desk<'_, '_, '_>) -> Option<When> {
        let at_us = self.millis_us("time");
        if at_us.is_none() {
            desk.refuse(self.spot(), "time", None, TIME_MISSING);
        }
        at_us.map(|at_us| When {
            start_us: at_us,
            end_us: at_us,
            offset_min: self.offset_min("zone_offset"),
        })
    }

    fn interval(&self, desk: &mut Desk<'_, '_, '_>) -> Option<When> {
        let at = self.millis_us("start_time").zip(self.millis_us("end_time"));
        if at.is_none() {
            desk.refuse(self.spot(), "start_time", None, TIME_MISSING);
        }
        at.map(|(start_us, end_us)| When {
            start_us,
            end_us,
            offset_min: self.offset_min("start_zone_offset"),
        })
    }

    fn source(&self, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
        let app = self.integer("app_info_id").unwrap_or(0);
        let device = self.integer("device_info_id").unwrap_or(0);
        self.sources.get(app, device, desk)
    }

    fn flags(&self) -> Flags {
        const MANUAL: i64 = 3;
        if self.integer("recording_method") == Some(MANUAL) {
            Flags::MANUAL
        } else {
            Flags::NONE
        }
    }

    /// The record's id as apps print it.
    fn uuid(&self) -> Option<String> {
        let Value::Blob(bytes) = self.value("uuid") else {
            return None;
        };
        let bytes: [u8; 16] = bytes.as_slice().try_into().ok()?;
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.into_iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push(digit(byte >> 4));
            text.push(digit(byte & 0xf));
        }
        Some(text)
    }

    /// Adds a value of this row.
    fn put(&self, column: &Column, at: When, desk: &mut Desk<'_, '_, '_>) {
        if matches!(self.value(column.name), Value::Nothing) {
            return;
        }
        let Some(value) = self.recorded(column.name, desk) else {
            if self.number(column.name).is_none() {
                desk.refuse(self.spot(), column.name, None, NOT_A_VALUE);
            }
            return;
        };
        let source = self.source(desk);
        let uid = self.uuid().map(|id| format!("{id}/{}", column.field));
        let one = One {
            uid: uid.map(|id| uid_of(&id)),
            ..One::over(
                column.metric,
                column.unit,
                value * column.factor,
                (at.start_us, at.end_us),
                source,
            )
        };
        desk.put(self.spot(), one.offset(at.offset_min).flags(self.flags()));
    }
}

fn category(
    row: &Row<'_>,
    (column, metric, codes): (&str, &'static str, &[(i64, f64)]),
    desk: &mut Desk<'_, '_, '_>,
) {
    let at = if row.integer("time").is_some() {
        row.instant(desk)
    } else {
        row.interval(desk)
    };
    let Some(at) = at else { return };
    let code = if codes.is_empty() {
        Some(0.0)
    } else {
        let told = row.integer(column);
        codes
            .iter()
            .find(|(code, _)| Some(*code) == told)
            .map(|(_, code)| *code)
    };
    let Some(code) = code else {
        return desk.refuse(row.spot(), column, None, NOT_A_VALUE);
    };
    let source = row.source(desk);
    let one = One {
        uid: row.uuid().map(|id| uid_of(&id)),
        ..One::over(metric, "", code, (at.start_us, at.end_us), source)
    };
    desk.put(row.spot(), one.offset(at.offset_min).flags(row.flags()));
}

/// Points of series: the parent says who and in which zone, and its window is no measurement.
fn read_series(
    book: &Book<'_>,
    series: &Series,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let mut parents: FxHashMap<i64, (SourceNo, Option<i16>, Flags)> = FxHashMap::default();
    let mut holding = Holding::new();
    book.rows(series.parent, desk, &mut |row, desk| {
        if let Some(id) = row.integer("row_id") {
            holding.grow(64)?;
            let offset_min = row.offset_min("start_zone_offset");
            let parent = (row.source(desk), offset_min, row.flags());
            parents.insert(id, parent);
        }
        Ok(())
    })?;
    book.rows(series.child, desk, &mut |row, desk| {
        let Some(at_us) = row.millis_us("epoch_millis") else {
            desk.refuse(row.spot(), "epoch_millis", None, TIME_MISSING);
            return Ok(());
        };
        let Some(value) = row.recorded(series.column, desk) else {
            if row.number(series.column).is_none() {
                desk.refuse(row.spot(), series.column, None, NOT_A_VALUE);
            }
            return Ok(());
        };
        let parent = row.integer("parent_key").and_then(|id| parents.get(&id));
        let (source, offset_min, flags) = match parent {
            Some(parent) => *parent,
            None => (desk.account(), None, Flags::NONE),
        };
        let one = One::at(series.metric, series.unit, value, at_us, source);
        desk.put(row.spot(), one.offset(offset_min).flags(flags));
        Ok(())
    })
}

/// Counts tables of records that are not read.
fn tell_unknown(book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) {
    let names = book.database.names(&mut |_, _| {});
    for name in names {
        let lower = name.to_ascii_lowercase();
        let is_record = lower.ends_with("_record_table") || lower.ends_with("recordtable");
        if is_record && !tables::is_known(&name) {
            desk.leave(&name, "a type of record that is not read");
        }
    }
}

/// Apps and devices by the numbers of their rows.
#[derive(Default)]
struct Sources {
    apps: BTreeMap<i64, (String, String)>,
    devices: BTreeMap<i64, (String, SourceClass)>,
    order: Order,
    /// Those that were announced, by app and device.
    known: RefCell<FxHashMap<(i64, i64), SourceNo>>,
}

impl Sources {
    /// Of rows that cannot be read the desk has a damage; their records are then of a source without a name.
    fn of(database: &Database<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<Self, VendorError> {
        let book = Book {
            database,
            sources: Self::default(),
        };
        let order = Order::of(&book, desk)?;
        let (mut apps, mut devices) = (BTreeMap::new(), BTreeMap::new());
        book.rows("application_info_table", desk, &mut |row, _| {
            let package = row.text("package_name").unwrap_or_default();
            let name = row.text("app_name").unwrap_or(package);
            if let Some(id) = row.integer("row_id") {
                apps.insert(id, (name.to_owned(), package.to_owned()));
            }
            Ok(())
        })?;
        book.rows("device_info_table", desk, &mut |row, _| {
            let parts = [row.text("manufacturer"), row.text("model")];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            // The platform's kinds of devices.
            let class = match row.integer("device_type") {
                Some(1 | 4..=7) => SourceClass::Watch,
                Some(2) => SourceClass::Phone,
                _ => SourceClass::App,
            };
            if let Some(id) = row.integer("row_id") {
                devices.insert(id, (parts.join(" "), class));
            }
            Ok(())
        })?;
        Ok(Self {
            apps,
            devices,
            order,
            known: RefCell::default(),
        })
    }

    fn app_name(&self, id: i64) -> Option<&str> {
        self.apps.get(&id).map(|(name, _)| name.as_str())
    }

    fn get(&self, app: i64, number: i64, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
        if let Some(no) = self.known.borrow().get(&(app, number)) {
            return *no;
        }
        let (name, package) = match self.apps.get(&app) {
            Some((name, package)) if !name.is_empty() => (name.as_str(), package.as_str()),
            _ => (VENDOR.title, ""),
        };
        let (device, class) = match self.devices.get(&number) {
            Some((device, class)) => (device.as_str(), *class),
            None => ("", SourceClass::App),
        };
        let source = Source {
            class,
            device: (!device.is_empty()).then(|| device.to_owned()),
            app_id: (!package.is_empty()).then(|| package.to_owned()),
            place: self.order.place(app, number),
            ..Source::named(name)
        };
        // The file of an app's maker may lie in the same archive, and is another source.
        let spelling = format!("{device} of {}", VENDOR.name);
        let no = desk.intake.source(&spelling, source).unwrap_or_default();
        self.known.borrow_mut().insert((app, number), no);
        no
    }
}
