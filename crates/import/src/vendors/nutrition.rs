//! Foods as diaries of nutrition print them: nutrients by the heading of their column, and a record for each food.

use model::record::{Body, Correlation, CorrelationMember, Record};
use model::sample::{Flags, uid_of};
use model::source::SourceNo;

use crate::session::known;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, One};

/// Names of nutrients in headings, in lower case and without units, and their metrics.
const NUTRIENTS: &[(&str, &str)] = &[
    ("energy", "dietary_energy_consumed"),
    ("calories", "dietary_energy_consumed"),
    ("caffeine", "dietary_caffeine"),
    ("water", "dietary_water"),
    ("carbs", "dietary_carbohydrates"),
    ("carbohydrates", "dietary_carbohydrates"),
    ("fiber", "dietary_fiber"),
    ("sugars", "dietary_sugar"),
    ("sugar", "dietary_sugar"),
    ("fat", "dietary_fat_total"),
    ("saturated", "dietary_fat_saturated"),
    ("saturated fat", "dietary_fat_saturated"),
    ("monounsaturated", "dietary_fat_monounsaturated"),
    ("monounsaturated fat", "dietary_fat_monounsaturated"),
    ("polyunsaturated", "dietary_fat_polyunsaturated"),
    ("polyunsaturated fat", "dietary_fat_polyunsaturated"),
    ("trans-fats", "dietary_fat_trans"),
    ("trans fat", "dietary_fat_trans"),
    ("protein", "dietary_protein"),
    ("cholesterol", "dietary_cholesterol"),
    ("sodium", "dietary_sodium"),
    ("potassium", "dietary_potassium"),
    ("calcium", "dietary_calcium"),
    ("iron", "dietary_iron"),
    ("magnesium", "dietary_magnesium"),
    ("zinc", "dietary_zinc"),
    ("copper", "dietary_copper"),
    ("manganese", "dietary_manganese"),
    ("phosphorus", "dietary_phosphorus"),
    ("selenium", "dietary_selenium"),
    ("iodine", "dietary_iodine"),
    ("chromium", "dietary_chromium"),
    ("molybdenum", "dietary_molybdenum"),
    ("chloride", "dietary_chloride"),
    ("vitamin a", "dietary_vitamin_a"),
    ("vitamin c", "dietary_vitamin_c"),
    ("vitamin d", "dietary_vitamin_d"),
    ("vitamin e", "dietary_vitamin_e"),
    ("vitamin k", "dietary_vitamin_k"),
    ("b1 (thiamine)", "dietary_thiamin"),
    ("b2 (riboflavin)", "dietary_riboflavin"),
    ("b3 (niacin)", "dietary_niacin"),
    ("b5 (pantothenic acid)", "dietary_pantothenic_acid"),
    ("b6 (pyridoxine)", "dietary_vitamin_b6"),
    ("b12 (cobalamin)", "dietary_vitamin_b12"),
    ("folate", "dietary_folate"),
    ("biotin", "dietary_biotin"),
];

/// Micrograms of vitamin D in an international unit.
const VITAMIN_D_UG: f64 = 0.025;

/// A column of a nutrient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nutrient {
    pub(crate) column: usize,
    pub(crate) metric: &'static str,
    unit: &'static str,
    factor: f64,
}

impl Nutrient {
    /// The nutrient of a heading such as `sodium (mg)`; without a unit in it, the metric's own.
    pub(crate) fn of(column: usize, heading: &str) -> Option<Self> {
        let (name, unit) = match heading.rsplit_once(" (") {
            Some((name, unit)) if unit_of(unit.trim_end_matches(')')).is_some() => {
                (name, unit.trim_end_matches(')'))
            }
            _ => (heading, ""),
        };
        let name = name.trim();
        let (_, metric) = NUTRIENTS.iter().find(|(known, _)| *known == name)?;
        let (unit, factor) = match (unit, *metric) {
            // Other vitamins have no one size of a unit.
            ("iu", "dietary_vitamin_d") => ("ug", VITAMIN_D_UG),
            ("iu", _) => return None,
            // A gram of water is a millilitre.
            ("g", "dietary_water") => ("mL", 1.0),
            (unit, _) => (unit_of(unit)?, 1.0),
        };
        Some(Self {
            column,
            metric,
            unit,
            factor,
        })
    }
}

impl Nutrient {
    /// A value of the column as a measurement.
    pub(crate) fn one(&self, value: f64, at: (i64, i64), source: SourceNo) -> One {
        One::over(self.metric, self.unit, value * self.factor, at, source)
    }
}

fn unit_of(text: &str) -> Option<&'static str> {
    Some(match text {
        "" => "",
        "kcal" => "kcal",
        "kj" => "kJ",
        "g" => "g",
        "mg" => "mg",
        "ml" => "mL",
        "µg" | "μg" | "ug" | "mcg" => "ug",
        "iu" => "IU",
        _ => return None,
    })
}

/// A food or a meal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Food<'f> {
    /// What it is called: of two foods of one time and equal energy it says which is which.
    pub(crate) name: &'f str,
    /// The meal and the amount, where they are known.
    pub(crate) told: &'f [(&'static str, &'f str)],
    pub(crate) at: (i64, i64),
    pub(crate) source: SourceNo,
}

/// Adds the nutrients of a food, and the food as a record; returns how many there were.
pub(crate) fn add(
    food: Food<'_>,
    nutrients: &[Nutrient],
    value: &dyn Fn(usize) -> Option<f64>,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> usize {
    let mut members = Vec::new();
    let flags = Flags::MANUAL.with(Flags::variant_named(food.name));
    for nutrient in nutrients {
        let Some(value) = value(nutrient.column).filter(|value| *value > 0.0) else {
            continue;
        };
        let one = nutrient.one(value, food.at, food.source);
        let value = one.value;
        desk.put(spot, one.flags(flags));
        let metric = known(nutrient.metric);
        let unit = if nutrient.unit.is_empty() {
            metric.unit.ucum()
        } else {
            nutrient.unit
        };
        if let Ok(conversion) = metric.conversion(unit) {
            members.push(CorrelationMember {
                metric: metric.id.to_owned(),
                value: conversion.apply(value),
                unit: metric.unit.ucum().to_owned(),
                start_us: food.at.0,
                end_us: food.at.1,
            });
        }
    }
    let count = members.len();
    if count > 0 {
        record(food, members, spot, desk);
    }
    count
}

fn record(
    food: Food<'_>,
    members: Vec<CorrelationMember>,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let key = desk.intake.source_key(food.source);
    let (start_us, end_us) = food.at;
    let told = food.told.iter().filter(|(_, value)| !value.is_empty());
    let mut metadata = vec![("food".to_owned(), food.name.to_owned())];
    metadata.extend(told.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    metadata.retain(|(_, value)| !value.is_empty());
    let content: Vec<&str> = metadata.iter().map(|(_, value)| value.as_str()).collect();
    let content = content.join("|");
    let record = Record {
        start_us,
        end_us,
        zone: None,
        source: food.source,
        uid: None,
        identity: format!("food|{start_us}|{end_us}|{key}|{:016x}", uid_of(&content)),
        body: Body::Correlation(Correlation {
            correlation: "food".to_owned(),
            members,
            metadata,
        }),
    };
    if let Err(why) = desk.intake.add_record(record) {
        desk.refuse(spot, "food", None, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_say_nutrient_and_unit() {
        let check = |heading: &str, expect: Option<(&str, &str)>| {
            let found = Nutrient::of(0, heading);
            let found = found.map(|nutrient| (nutrient.metric, nutrient.unit));
            assert_eq!(found, expect, "{heading}");
        };
        check("sodium (mg)", Some(("dietary_sodium", "mg")));
        check("vitamin a (µg)", Some(("dietary_vitamin_a", "ug")));
        check("vitamin a (μg)", Some(("dietary_vitamin_a", "ug")));
        check("vitamin a (iu)", None);
        check("vitamin d (iu)", Some(("dietary_vitamin_d", "ug")));
        check("b12 (cobalamin) (µg)", Some(("dietary_vitamin_b12", "ug")));
        check("energy (kj)", Some(("dietary_energy_consumed", "kJ")));
        check("saturated fat", Some(("dietary_fat_saturated", "")));
        check("alcohol (g)", None);
    }

    #[test]
    fn every_metric_is_one_of_the_catalogue() {
        for (_, metric) in NUTRIENTS {
            assert_eq!(known(metric).id, *metric);
        }
    }
}
