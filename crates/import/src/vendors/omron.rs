//! The table of OMRON connect: blood pressure and pulse.
//!
//! Times are of the person's clock; rows come newest first, and repeat where reports overlap.

use std::io::Read;

use model::source::SourceClass;
use rustc_hash::FxHashSet;

use crate::live::NOT_A_VALUE;
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::strava::english;
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "omron",
    about: "OMRON connect report: blood pressure and pulse",
    title: "OMRON",
    is_meant: |member| {
        let line = String::from_utf8_lossy(member.first_line()).replace('"', "");
        line.starts_with("Date,Time,Systolic (mmHg),Diastolic (mmHg)")
    },
    open: || Box::new(Omron::default()),
};

const KIND: &str = "omron report";

/// Rows that are remembered, so that repeated ones are found: ten a day for fifty years.
const ROWS_MAX: usize = 200_000;

#[derive(Debug, Default)]
struct Omron {
    seen: FxHashSet<(i64, u64, u64)>,
}

impl Reader for Omron {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member(KIND);
        table::rows(input, Shape::plain(KIND), desk, &mut |row, desk| {
            self.row(row, desk);
            Ok(())
        })
    }
}

impl Omron {
    fn row(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        let (date, time) = (row.get("date"), row.get("time"));
        let printed = format!("{date} {time}");
        let wall_us = english(&printed).or_else(|| {
            let iso = printed.replacen('/', "-", 2);
            clock::wall(&iso)
        });
        let at_us = wall_us.and_then(|wall_us| desk.local(wall_us));
        let Some(at_us) = at_us else {
            desk.refuse(row.spot(), "Date", None, TIME_MISSING);
            return;
        };
        let number = |name| table::number(row.get(name)).filter(|value| *value > 0.0);
        let pressure = number("systolic (mmhg)").zip(number("diastolic (mmhg)"));
        let pulse = number("pulse (bpm)");
        let bits = |value: Option<f64>| value.map_or(0, f64::to_bits);
        let key = (
            at_us,
            bits(pressure.map(|(systolic, _)| systolic)),
            bits(pulse),
        );
        if self.seen.contains(&key) {
            desk.leave("rows", "they repeat an earlier row");
            return;
        }
        if self.seen.len() < ROWS_MAX {
            self.seen.insert(key);
        }
        if pressure.is_none() && pulse.is_none() {
            desk.refuse(row.spot(), "Systolic", None, NOT_A_VALUE);
            return;
        }
        let Some(source) = desk.source("", SourceClass::App) else {
            return;
        };
        let figures = [
            (
                "blood_pressure_systolic",
                pressure.map(|(systolic, _)| systolic),
            ),
            (
                "blood_pressure_diastolic",
                pressure.map(|(_, diastolic)| diastolic),
            ),
            ("heart_rate", pulse),
        ];
        for (metric, value) in figures {
            if let Some(value) = value {
                desk.put(row.spot(), One::at(metric, "", value, at_us, source));
            }
        }
    }
}
