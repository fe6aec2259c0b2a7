//! Weighings: the table in grams, and the JSON in the unit of the account, which it does not say.
//!
//! A JSON row is only used where the table has none of that minute. Its unit follows from its body mass index: of the
//! heights that pounds and kilograms lead to, one is a person's. Where both are, nothing is guessed.

use std::io::Read;

use model::sample::MINUTE_US;

use crate::batch::Position;
use crate::live::NOT_A_VALUE;
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::table::Row;
use crate::vendors::{Desk, One, VendorError, clock};

/// Kilograms of a pound (international avoirdupois).
const POUND_KG: f64 = 0.453_592_37;

/// Heights of adults and youths in metres, wide enough for nearly all and narrow enough that pounds read as
/// kilograms fall outside.
const HEIGHTS_M: std::ops::RangeInclusive<f64> = 1.35..=2.15;

/// How far a height may be from one that was measured.
const HEIGHT_TOLERANCE_M: f64 = 0.08;

const REPEATED: &str = "the same readings as another file of the export";
const UNIT: &str = "weights whose unit the file does not say and nothing else tells";

/// Weighings that wait for the end of the export.
#[derive(Debug, Default)]
pub(super) struct Weights {
    in_table: Vec<i64>,
    in_json: Vec<Weighing>,
    height_m: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Weighing {
    at_us: i64,
    weight: f64,
    index: Option<f64>,
}

impl Weights {
    pub(super) fn read_json(
        &mut self,
        input: &mut dyn Read,
        kind: &str,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        elements::trees(
            input,
            (kind, Which::First),
            desk,
            &mut |spot, element, desk| {
                let day = element.get("date").text().unwrap_or_default();
                let time = element.get("time").text().unwrap_or("00:00:00");
                let wall_us = clock::short_american(&format!("{day} {time}"));
                let Some(at_us) = wall_us.and_then(|wall_us| desk.local(wall_us)) else {
                    desk.refuse(spot, "date", None, TIME_MISSING);
                    return Ok(());
                };
                let Some(weight) = plain(element.get("weight")) else {
                    desk.refuse(spot, "weight", None, NOT_A_VALUE);
                    return Ok(());
                };
                let source = desk.account();
                if let Some(fat) = plain(element.get("fat")).filter(|fat| *fat > 0.0) {
                    desk.put(
                        spot,
                        One::at("body_fat_percentage", "%", fat, at_us, source),
                    );
                }
                self.in_json.push(Weighing {
                    at_us,
                    weight,
                    index: plain(element.get("bmi")).filter(|index| *index > 0.0),
                });
                Ok(())
            },
        )
    }

    pub(super) fn row(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        match (
            desk.moment(row.get("timestamp")),
            row.number("weight grams"),
        ) {
            (Some((at_us, _)), Some(grams)) => {
                self.in_table.push(at_us);
                let source = desk.account();
                desk.put(row.spot(), One::at("body_mass", "g", grams, at_us, source));
            }
            (None, _) => desk.refuse(row.spot(), "timestamp", None, TIME_MISSING),
            (_, None) => desk.refuse(row.spot(), "weight grams", None, NOT_A_VALUE),
        }
    }

    pub(super) fn height(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        match (
            desk.moment(row.get("timestamp")),
            row.number("height millimeters"),
        ) {
            (Some((at_us, _)), Some(millimetres)) => {
                self.height_m = Some(millimetres / 1_000.0);
                let source = desk.account();
                let one = One::at("height", "m", millimetres / 1_000.0, at_us, source);
                desk.put(row.spot(), one);
            }
            (None, _) => desk.refuse(row.spot(), "timestamp", None, TIME_MISSING),
            (_, None) => desk.refuse(row.spot(), "height millimeters", None, NOT_A_VALUE),
        }
    }

    pub(super) fn finish(mut self, desk: &mut Desk<'_, '_, '_>) {
        self.in_table.sort_unstable();
        let kg = self.unit_kg();
        let source = desk.account();
        for (index, weighing) in (0..).zip(&self.in_json) {
            if self.is_in_table(weighing.at_us) {
                desk.leave("weight", REPEATED);
                continue;
            }
            let Some(kg) = kg else {
                desk.leave("weight", UNIT);
                continue;
            };
            let spot = Spot {
                kind: "weight json",
                position: Position::Index(index),
            };
            let one = One::at(
                "body_mass",
                "kg",
                weighing.weight * kg,
                weighing.at_us,
                source,
            );
            desk.put(spot, one);
        }
    }

    fn is_in_table(&self, at_us: i64) -> bool {
        let from = self
            .in_table
            .partition_point(|other| *other < at_us - MINUTE_US);
        let next = self.in_table.get(from);
        next.is_some_and(|other| *other <= at_us + MINUTE_US)
    }

    /// Kilograms of the account's unit.
    fn unit_kg(&self) -> Option<f64> {
        let units = [1.0, POUND_KG];
        let fits = |kg: f64| {
            let with_index = self.in_json.iter().filter_map(|one| {
                let index = one.index?;
                Some((one.weight * kg / index).sqrt())
            });
            let is_height = |height_m: f64| match self.height_m {
                Some(known) => (height_m - known).abs() <= HEIGHT_TOLERANCE_M,
                None => HEIGHTS_M.contains(&height_m),
            };
            let (mut all, mut good) = (0_u64, 0_u64);
            for height_m in with_index {
                all += 1;
                good += u64::from(is_height(height_m));
            }
            all > 0 && good * 10 >= all * 9
        };
        let mut fitting = units.into_iter().filter(|kg| fits(*kg));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }
}
