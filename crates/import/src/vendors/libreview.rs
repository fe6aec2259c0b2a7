//! The table of LibreView: glucose of sensors and strips, insulin and carbohydrates.
//!
//! Headings follow the language of the account, so that columns count by their place. A date may have its day or its
//! month first; the first one whose numbers say it decides for the file, and until then rows wait. Where none does, a
//! clock of twelve hours goes with the month first and another with the day first. Readings of two sensors of one time
//! both stay: they are two sources.

use std::io::Read;

use model::record::{Body, Other, Record};
use model::sample::{Flags, uid_of};
use model::source::{SourceClass, SourceNo};

use crate::batch::Position;
use crate::budget::Holding;
use crate::clock::local::{self, Order};
use crate::live::{NAMES_FULL, NOT_A_VALUE};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::dexcom::limited;
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "libreview",
    about: "LibreView export: glucose of sensors and strips, insulin, carbohydrates",
    title: "LibreView",
    is_meant,
    open: || Box::new(LibreView::default()),
};

const KIND: &str = "libreview table";

/// What a sensor measures, in mg/dL and mmol/L.
const LIMITS_MG_DL: (f64, f64) = (40.0, 500.0);
const LIMITS_MMOL_L: (f64, f64) = (2.2, 27.8);

/// Rows that wait for a date that says its order: more than two months of a sensor have at one a minute.
const WAITING_MAX: usize = 100_000;

/// Columns by place.
const DEVICE: usize = 0;
const SERIAL: usize = 1;
const TIME: usize = 2;
const TYPE: usize = 3;
const HISTORIC: usize = 4;
const SCAN: usize = 5;
const RAPID: usize = 7;
const CARBS: usize = 9;
const LONG: usize = 12;
const STRIP: usize = 14;
const KETONE: usize = 15;

fn is_meant(member: &Member<'_>) -> bool {
    let text = String::from_utf8_lossy(member.text());
    let mut lines = text.lines();
    let (first, second) = (lines.next(), lines.next());
    let is_titled = first.is_some_and(|line| line.replace('"', "").starts_with("Glucose Data,"));
    let is_headed = second.is_some_and(|line| {
        line.replace('"', "")
            .starts_with("Device,Serial Number,Device Timestamp")
    });
    // In other languages: a title of few cells, then nineteen columns, then rows whose fourth cell is a small number.
    let is_short = first.is_some_and(|line| (3..=6).contains(&line.split(',').count()));
    let is_wide = second.is_some_and(|line| line.split(',').count() == 19);
    let is_typed = lines.next().is_some_and(|line| {
        let kind = line.split(',').nth(TYPE).unwrap_or_default();
        matches!(kind, "0" | "1" | "2" | "3" | "4" | "5" | "6")
    });
    is_titled && is_headed || is_short && is_wide && is_typed
}

/// A row, with its time as printed.
#[derive(Debug)]
struct Waiting {
    time: String,
    source: SourceNo,
    line: u64,
    what: What,
}

/// What a row holds.
#[derive(Debug, Clone, Copy)]
enum What {
    Glucose(f64, Flags, bool),
    Insulin(f64, &'static str),
    Carbs(f64),
    Ketone(f64),
}

#[derive(Debug, Default)]
struct LibreView {
    waiting: Vec<Waiting>,
    order: Order,
    has_halves: bool,
    holding: Holding,
}

impl Reader for LibreView {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member(KIND);
        *self = Self::default();
        let shape = Shape {
            lines_before: 1,
            ..Shape::plain(KIND)
        };
        table::rows(input, shape, desk, &mut |row, desk| self.row(row, desk))?;
        if self.order == Order::Unknown {
            let (order, how) = if self.has_halves {
                (
                    Order::MonthFirst,
                    "the month first, as with a clock of twelve hours",
                )
            } else {
                (
                    Order::DayFirst,
                    "the day first, as with a clock of twenty-four hours",
                )
            };
            self.order = order;
            let message =
                format!("no date says whether its day or its month is first; taken as {how}");
            desk.intake.note(KIND, message);
        }
        self.send(desk)
    }
}

impl LibreView {
    fn row(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let time = row.cell(TIME);
        if time.is_empty() {
            desk.refuse(row.spot(), "Device Timestamp", None, TIME_MISSING);
            return Ok(());
        }
        if self.order == Order::Unknown {
            self.order = local::evidence(time).unwrap_or_default();
        }
        self.has_halves |= time.ends_with(['M', 'm']);
        let Some(what) = what(row, desk) else {
            return Ok(());
        };
        // Two sensors of one kind are two sources; a serial number leads to a person, a part of its hash does not.
        let mark = uid_of(&format!("libre {}", row.cell(SERIAL))).get() & 0xFFFF;
        let device = format!("{} {mark:04x}", row.cell(DEVICE));
        let Some(source) = desk.source(&device, SourceClass::App) else {
            desk.refuse(row.spot(), "Device", None, NAMES_FULL);
            return Ok(());
        };
        let Position::Line(line) = row.spot().position else {
            return Ok(());
        };
        self.holding.grow(size_of::<Waiting>() + time.len())?;
        self.waiting.push(Waiting {
            time: time.to_owned(),
            source,
            line,
            what,
        });
        if self.order != Order::Unknown || self.waiting.len() >= WAITING_MAX {
            return self.send(desk);
        }
        Ok(())
    }

    fn send(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let order = self.order;
        for row in std::mem::take(&mut self.waiting) {
            let spot = Spot {
                kind: KIND,
                position: Position::Line(row.line),
            };
            let context = desk.intake.context();
            let moment = context.placed(|zone| crate::clock::read_ordered(&row.time, zone, order));
            let Some(moment) = moment else {
                desk.refuse(spot, "Device Timestamp", None, TIME_MISSING);
                continue;
            };
            let at = |metric, unit, value| One::at(metric, unit, value, moment.at_us, row.source);
            let one = match row.what {
                What::Glucose(value, flags, is_mmol) => {
                    let unit = if is_mmol { "mmol/L" } else { "mg/dL" };
                    at("blood_glucose", unit, value).flags(flags)
                }
                What::Insulin(value, kind) => {
                    let flags = Flags::MANUAL.with(Flags::variant_named(kind));
                    at("insulin_delivery", "", value).flags(flags)
                }
                What::Carbs(value) => at("dietary_carbohydrates", "", value).flags(Flags::MANUAL),
                What::Ketone(value) => {
                    ketone(value, moment.at_us, row.source, spot, desk);
                    continue;
                }
            };
            desk.put(spot, one);
            desk.flush_when_full()?;
        }
        self.holding = Holding::default();
        Ok(())
    }
}

/// Ketones are no metric here: they are kept as a record.
fn ketone(value: f64, at_us: i64, source: SourceNo, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) {
    let key = desk.intake.source_key(source);
    let record = Record {
        start_us: at_us,
        end_us: at_us,
        zone: None,
        source,
        uid: None,
        identity: format!("blood_ketones|{at_us}|{key}"),
        body: Body::Other(Other {
            name: "blood_ketones".to_owned(),
            json: format!("{{\"value\":{value},\"unit\":\"mmol/L\"}}"),
        }),
    };
    if let Err(why) = desk.intake.add_record(record) {
        desk.refuse(spot, "Ketone", None, why);
    }
}

fn what(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<What> {
    let number = |column| table::number(&row.cell(column).replace(',', "."));
    let mut glucose = |column: usize, kind: &str| {
        let is_mmol = row
            .heading()
            .names()
            .nth(column)
            .is_some_and(|name| name.contains("mmol"));
        let limits = if is_mmol { LIMITS_MMOL_L } else { LIMITS_MG_DL };
        let found = limited(row.cell(column), limits);
        if found.is_none() {
            desk.refuse(row.spot(), kind, None, NOT_A_VALUE);
        }
        // A scan and a reading of one time are two readings.
        let variant = match column {
            HISTORIC => Flags::NONE,
            _ => Flags::variant_named(kind),
        };
        found.map(|(value, mark)| What::Glucose(value, mark.with(variant), is_mmol))
    };
    match row.cell(TYPE) {
        "0" => glucose(HISTORIC, "Historic Glucose"),
        "1" => glucose(SCAN, "Scan Glucose"),
        "2" => glucose(STRIP, "Strip Glucose"),
        "3" => number(KETONE).map(What::Ketone),
        "4" => match (number(RAPID), number(LONG)) {
            (Some(dose), _) => Some(What::Insulin(dose, "rapid")),
            (None, Some(dose)) => Some(What::Insulin(dose, "long")),
            (None, None) => {
                desk.leave("insulin", "without a number");
                None
            }
        },
        "5" => {
            let carbs = number(CARBS);
            if carbs.is_none() {
                desk.leave("food", "without a number");
            }
            carbs.map(What::Carbs)
        }
        "6" => {
            desk.leave("notes", "free text");
            None
        }
        _ => {
            desk.leave("rows of another type", "not known");
            None
        }
    }
}
