//! Collections of Nightscout, as its interface returns them: readings of sensors and meters, and treatments.
//!
//! Two programs often upload the same reading seconds apart. One is kept for each reading: the one whose time is
//! first. Readings below 39 are errors of the sensor, 39 and 401 are the ends of what it measures.

use std::io::Read;

use model::sample::{Flags, SECOND_US};
use model::source::{SourceClass, SourceNo};

use crate::batch::Position;
use crate::budget::Holding;
use crate::json::Json;
use crate::live::{NAMES_FULL, NOT_A_VALUE};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "nightscout",
    about: "Nightscout entries and treatments as JSON: glucose, insulin, carbohydrates",
    title: "Nightscout",
    is_meant,
    open: || Box::new(Nightscout::default()),
};

/// The smallest reading that is one.
const READING_MIN: f64 = 39.0;
/// What stands for a reading above the largest.
const READING_HIGH: f64 = 401.0;

/// Readings come every five minutes, or every minute; those of another program within so much are the same.
const SAME_US: i64 = 150 * SECOND_US;

fn is_meant(member: &Member<'_>) -> bool {
    let is_entries = member.holds("\"sgv\"") || member.holds("\"mbg\"");
    let is_treatments = member.holds("\"eventType\"") && member.holds("\"created_at\"");
    member.begins("[") && (is_entries && member.holds("\"date\"") || is_treatments)
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    at_us: i64,
    value: f64,
    source: SourceNo,
    offset_min: Option<i16>,
}

#[derive(Debug, Default)]
struct Nightscout {
    readings: Vec<Reading>,
    holding: Holding,
}

impl Reader for Nightscout {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let kind = if member.holds("\"eventType\"") {
            "treatments"
        } else {
            "entries"
        };
        desk.count_member(kind);
        elements::trees(input, (kind, Which::First), desk, &mut |spot, one, desk| {
            if one.get("eventType").is_null() {
                self.entry(spot, one, desk)?;
            } else {
                treatment(spot, one, desk);
            }
            Ok(())
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let mut readings = std::mem::take(&mut self.readings);
        readings.sort_by_key(|reading| (reading.at_us, reading.source));
        let spot = Spot {
            kind: "entries",
            position: Position::Index(0),
        };
        let mut last: Option<Reading> = None;
        for reading in readings {
            let is_same = last.is_some_and(|last| {
                last.source != reading.source && reading.at_us - last.at_us < SAME_US
            });
            if is_same {
                desk.leave("entries", "the same reading by a second program");
                continue;
            }
            last = Some(reading);
            let mark = if reading.value <= READING_MIN {
                Flags::MAXIMUM
            } else if reading.value >= READING_HIGH {
                Flags::MINIMUM
            } else {
                Flags::NONE
            };
            let one = One::at(
                "blood_glucose",
                "",
                reading.value,
                reading.at_us,
                reading.source,
            );
            desk.put(spot, one.offset(reading.offset_min).flags(mark));
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

/// When an entry or a treatment was.
fn instant(
    json: &Json<'_>,
    names: [&'static str; 3],
    desk: &Desk<'_, '_, '_>,
) -> Option<(i64, Option<i16>)> {
    let told = elements::plain(json.get("utcOffset")).filter(|min| min.abs() <= 840.0);
    #[expect(clippy::cast_possible_truncation, reason = "its range is checked")]
    let told = told
        .map(|minutes| minutes as i16)
        .filter(|minutes| *minutes != 0);
    let moment = desk.intake.moment(json.first_of(&names))?;
    Some((moment.at_us, told.or(moment.offset_min)))
}

impl Nightscout {
    fn entry(
        &mut self,
        spot: Spot<'_>,
        json: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let kind = json.get("type").text().unwrap_or("sgv");
        if !matches!(kind, "sgv" | "mbg") {
            desk.leave("entries of another type", "no readings");
            return Ok(());
        }
        let names = ["date", "dateString", "sysTime"];
        let Some((at_us, offset_min)) = instant(json, names, desk) else {
            desk.refuse(spot, "date", None, TIME_MISSING);
            return Ok(());
        };
        let Some(value) = elements::plain(json.get(if kind == "mbg" { "mbg" } else { "sgv" }))
        else {
            desk.refuse(spot, "sgv", None, NOT_A_VALUE);
            return Ok(());
        };
        let device = json.get("device").text().unwrap_or_default();
        let Some(source) = desk.source(device, SourceClass::App) else {
            desk.refuse(spot, "device", None, NAMES_FULL);
            return Ok(());
        };
        if kind == "mbg" {
            let flags = Flags::MANUAL.with(Flags::variant_named("meter"));
            let one = One::at("blood_glucose", "", value, at_us, source);
            desk.put(spot, one.offset(offset_min).flags(flags));
        } else if value < READING_MIN {
            desk.leave("entries", "an error code of the sensor");
        } else {
            self.holding.grow(size_of::<Reading>())?;
            self.readings.push(Reading {
                at_us,
                value,
                source,
                offset_min,
            });
        }
        Ok(())
    }
}

/// Insulin, carbohydrates and a glucose of a meter. A rate of insulin may be cut short by what follows: it is no dose.
fn treatment(spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some((at_us, offset_min)) = instant(json, ["created_at", "timestamp", "date"], desk) else {
        desk.refuse(spot, "created_at", None, TIME_MISSING);
        return;
    };
    let number = |name: &str| elements::plain(json.get(name)).filter(|value| *value > 0.0);
    let is_sensor = json
        .get("glucoseType")
        .text()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("sensor"));
    let is_mmol = json
        .get("units")
        .text()
        .is_some_and(|units| units.to_ascii_lowercase().starts_with("mmol"));
    let unit = if is_mmol { "mmol/L" } else { "mg/dL" };
    let figures = [
        ("insulin_delivery", "", number("insulin")),
        ("dietary_carbohydrates", "", number("carbs")),
        (
            "blood_glucose",
            unit,
            number("glucose").filter(|_| !is_sensor),
        ),
    ];
    if figures.iter().all(|(.., value)| value.is_none()) {
        desk.leave("treatments", "without a dose, carbohydrates or a reading");
        return;
    }
    let by = json.first_of(&["enteredBy", "device"]).text();
    let Some(source) = desk.source(by.unwrap_or_default(), SourceClass::App) else {
        desk.refuse(spot, "enteredBy", None, NAMES_FULL);
        return;
    };
    let id = elements::id(json.get("_id"));
    for (metric, unit, value) in figures {
        if let Some(value) = value {
            let one = One::at(metric, unit, value, at_us, source);
            desk.put(spot, one.offset(offset_min).flags(Flags::MANUAL).id(&id));
        }
    }
}
