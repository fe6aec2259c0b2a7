//! Tables of MyFitnessPal: nutrients of meals, and weight.
//!
//! A meal has a day and no time: its nutrients are of that day. Vitamins A and C, calcium and iron are parts of a daily
//! value and no masses. A weight has no unit: it is read only under the name of a format that says which it is.
//! Exercises have no time of day and repeat what other apps measured.

use std::io::Read;

use model::sample::Flags;
use model::source::{SourceClass, SourceNo};

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::live::{NOT_A_VALUE, refusal};
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::nutrition::{self, Food, Nutrient};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "myfitnesspal",
    about: "MyFitnessPal export: meals; weights need the unit of the account, as in the two formats below",
    title: "MyFitnessPal",
    is_meant,
    open: || Box::new(MyFitnessPal { weight: None }),
};

pub(crate) const KILOGRAMS: Vendor = Vendor {
    name: "myfitnesspal_kg",
    about: "MyFitnessPal export of an account in kilograms: meals and weights",
    title: "MyFitnessPal",
    is_meant,
    open: || Box::new(MyFitnessPal { weight: Some("kg") }),
};

pub(crate) const POUNDS: Vendor = Vendor {
    name: "myfitnesspal_lb",
    about: "MyFitnessPal export of an account in pounds: meals and weights",
    title: "MyFitnessPal",
    is_meant,
    open: || Box::new(MyFitnessPal { weight: Some("lb") }),
};

/// Why a weight is not read.
const UNIT_UNTOLD: Refusal = refusal(
    RejectCode::UnitUnknown,
    "the file does not say the unit of a weight; import it again as format myfitnesspal_kg or myfitnesspal_lb",
);

/// Columns that are parts of a daily value.
const PERCENTS: [&str; 4] = ["vitamin a", "vitamin c", "calcium", "iron"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Meals,
    Measurements,
    Exercises,
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let line = String::from_utf8_lossy(member.first_line()).replace('"', "");
    let file = member.file().to_ascii_lowercase();
    if line.starts_with("Date,Meal,Calories") {
        Some(Kind::Meals)
    } else if line.starts_with("Date,Exercise,Type,Exercise Calories") {
        Some(Kind::Exercises)
    } else if line.trim_end() == "Date,Weight" || file.starts_with("measurement-summary") {
        Some(Kind::Measurements)
    } else {
        None
    }
}

fn is_meant(member: &Member<'_>) -> bool {
    kind_of(member).is_some()
}

#[derive(Debug)]
struct MyFitnessPal {
    /// The unit of weights, where it was said.
    weight: Option<&'static str>,
}

impl Reader for MyFitnessPal {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(source) = desk.source("", SourceClass::App) else {
            return Ok(());
        };
        match kind_of(member) {
            Some(Kind::Meals) => {
                desk.count_member("meals");
                let mut nutrients: Option<Vec<Nutrient>> = None;
                table::rows(input, Shape::plain("meals"), desk, &mut |row, desk| {
                    let nutrients = nutrients.get_or_insert_with(|| {
                        let named = row.heading().names().enumerate();
                        named
                            .filter(|(_, name)| !PERCENTS.contains(name))
                            .filter_map(|(column, heading)| Nutrient::of(column, heading))
                            .collect()
                    });
                    meal(row, nutrients, source, desk);
                    Ok(())
                })
            }
            Some(Kind::Measurements) => {
                desk.count_member("measurements");
                let shape = Shape::plain("measurements");
                table::rows(input, shape, desk, &mut |row, desk| {
                    self.measurement(row, source, desk);
                    Ok(())
                })
            }
            Some(Kind::Exercises) => {
                desk.leave("exercises", "no time of day, and mirrors of other apps");
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// A number whose thousands are parted by commas.
fn number(text: &str) -> Option<f64> {
    table::number(&text.replace(',', ""))
}

fn meal(row: &Row<'_>, nutrients: &[Nutrient], source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let date = row.get("date");
    if date.eq_ignore_ascii_case("totals") {
        desk.leave("meals", "a row of totals");
        return;
    }
    let Some(at) = clock::day(date).and_then(|day| desk.day(day)) else {
        desk.refuse(row.spot(), "Date", None, TIME_MISSING);
        return;
    };
    let name = row.get("meal");
    let food = Food {
        name,
        told: &[("meal", name)],
        at,
        source,
    };
    let value = |column| number(row.cell(column));
    if nutrition::add(food, nutrients, &value, row.spot(), desk) == 0 {
        desk.leave("meals", "without a nutrient");
    }
}

impl MyFitnessPal {
    fn measurement(&self, row: &Row<'_>, source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
        let noon_us = clock::day(row.get("date"))
            .map(|day| (i64::from(day) * 24 + 12) * 3_600_000_000)
            .and_then(|wall_us| desk.local(wall_us));
        let Some(at_us) = noon_us else {
            desk.refuse(row.spot(), "Date", None, TIME_MISSING);
            return;
        };
        let printed = row.get("weight");
        if printed.is_empty() {
            desk.leave("measurements", "no weight");
            return;
        }
        match (number(printed), self.weight) {
            (Some(value), Some(unit)) => {
                let one = One::at("body_mass", unit, value, at_us, source);
                desk.put(row.spot(), one.flags(Flags::MANUAL));
            }
            (Some(_), None) => desk.refuse(row.spot(), "Weight", None, UNIT_UNTOLD),
            (None, _) => desk.refuse(row.spot(), "Weight", None, NOT_A_VALUE),
        }
    }
}
