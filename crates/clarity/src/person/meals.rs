//! What a person eats and drinks: the document of a meal, the samples that it stands for, and how a meal that an
//! import brought is read in the same terms.
//!
//! It must never store anything, and never make an amount up: what nobody said is unknown and not zero.

use jiff::Timestamp;
use model::metric;
use model::record::Correlation;
use model::sample::Flags;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::person::entries::{Measure, NOTES_MAX, checked_time, too_long};
use crate::problem::FieldError;

/// Characters of what a meal is called.
const DESCRIPTION_MAX: usize = 500;
/// What records of food are called.
pub(crate) const FOOD: &str = "food";
/// Under which keys imports say what a food is called.
const NAME_KEYS: [&str; 2] = ["food", "HKFoodType"];
/// Under which keys imports say which meal it was.
const MEAL_KEYS: [&str; 3] = ["meal", "meal_type", "HKFoodMeal"];

/// Which meal of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MealType {
    /// In the morning.
    Breakfast,
    /// At noon.
    Lunch,
    /// In the evening.
    Dinner,
    /// In between.
    Snack,
}

impl MealType {
    /// Reads what a diary prints: `Breakfast`, `Snacks`.
    fn printed(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().trim_end_matches('s') {
            "breakfast" => Some(Self::Breakfast),
            "lunch" => Some(Self::Lunch),
            "dinner" | "supper" => Some(Self::Dinner),
            "snack" => Some(Self::Snack),
            _ => None,
        }
    }
}

/// What was in something, as far as it is known. Every amount is a metric of the catalogue in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct Amounts {
    /// Energy in kilocalories.
    pub(crate) calories: Option<f64>,
    /// Protein in grams.
    pub(crate) protein_grams: Option<f64>,
    /// Carbohydrates in grams.
    pub(crate) carbs_grams: Option<f64>,
    /// Fat in grams.
    pub(crate) fat_grams: Option<f64>,
    /// Fibre in grams.
    pub(crate) fibre_grams: Option<f64>,
    /// Sugar in grams.
    pub(crate) sugar_grams: Option<f64>,
    /// Sodium in milligrams.
    pub(crate) sodium_mg: Option<f64>,
    /// Water in millilitres.
    pub(crate) water_intake_ml: Option<f64>,
}

impl Amounts {
    /// Reads each amount by the id of its metric.
    pub(crate) fn of(value: impl Fn(&str) -> Option<f64>) -> Self {
        Self {
            calories: value("dietary_energy_consumed"),
            protein_grams: value("dietary_protein"),
            carbs_grams: value("dietary_carbohydrates"),
            fat_grams: value("dietary_fat_total"),
            fibre_grams: value("dietary_fiber"),
            sugar_grams: value("dietary_sugar"),
            sodium_mg: value("dietary_sodium"),
            water_intake_ml: value("dietary_water"),
        }
    }

    /// Each amount with the member that says it and the id of its metric.
    fn all(&self) -> [(&'static str, &'static str, Option<f64>); 8] {
        [
            ("/calories", "dietary_energy_consumed", self.calories),
            ("/protein_grams", "dietary_protein", self.protein_grams),
            ("/carbs_grams", "dietary_carbohydrates", self.carbs_grams),
            ("/fat_grams", "dietary_fat_total", self.fat_grams),
            ("/fibre_grams", "dietary_fiber", self.fibre_grams),
            ("/sugar_grams", "dietary_sugar", self.sugar_grams),
            ("/sodium_mg", "dietary_sodium", self.sodium_mg),
            ("/water_intake_ml", "dietary_water", self.water_intake_ml),
        ]
    }

    /// What all of them have together; unknown where none of them knows it.
    pub(crate) fn total(all: &[Self]) -> Self {
        Self::of(|id| {
            let values = all.iter().flat_map(Self::all);
            let known = values.filter(|(_, metric, _)| *metric == id);
            known
                .filter_map(|(.., value)| value)
                .reduce(|sum, value| sum + value)
        })
    }

    fn check(&self) -> Vec<FieldError> {
        let wrong = self.all().into_iter().filter_map(|(pointer, id, value)| {
            let metric = metric::by_id(id)?;
            let (least, most) = metric.range?;
            if metric.is_plausible(value?) {
                return None;
            }
            let message = format!("must lie between {least} and {most} {}", metric.unit.ucum());
            Some(FieldError::new(pointer, "out_of_range", message))
        });
        wrong.collect()
    }
}

/// A meal as its person enters it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(crate) struct Meal {
    /// Which meal it was.
    pub(crate) meal_type: MealType,
    /// What it was.
    #[serde(default)]
    #[schema(max_length = 500, example = "Porridge with apple")]
    pub(crate) meal_description: Option<String>,
    /// When it was eaten, with its offset from UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T07:30:00Z")]
    pub(crate) logged_at: Timestamp,
    /// Energy in kilocalories; unknown without it, as with every other amount.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50000)]
    pub(crate) calories: Option<f64>,
    /// Protein in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) protein_grams: Option<f64>,
    /// Carbohydrates in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) carbs_grams: Option<f64>,
    /// Fat in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) fat_grams: Option<f64>,
    /// Fibre in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) fibre_grams: Option<f64>,
    /// Sugar in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) sugar_grams: Option<f64>,
    /// Sodium in milligrams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub(crate) sodium_mg: Option<f64>,
    /// Water in millilitres.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50000)]
    pub(crate) water_intake_ml: Option<f64>,
    /// In the person's own words.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) notes: Option<String>,
}

impl Meal {
    /// A meal of which the amounts are known.
    pub(crate) fn with(
        (meal_type, logged_at): (MealType, Timestamp),
        meal_description: Option<String>,
        amounts: Amounts,
        notes: Option<String>,
    ) -> Self {
        Self {
            meal_type,
            meal_description,
            logged_at,
            calories: amounts.calories,
            protein_grams: amounts.protein_grams,
            carbs_grams: amounts.carbs_grams,
            fat_grams: amounts.fat_grams,
            fibre_grams: amounts.fibre_grams,
            sugar_grams: amounts.sugar_grams,
            sodium_mg: amounts.sodium_mg,
            water_intake_ml: amounts.water_intake_ml,
            notes,
        }
    }

    /// The instant at which it was eaten.
    pub(crate) fn at_us(&self) -> i64 {
        self.logged_at.as_microsecond()
    }

    /// What was in it.
    pub(crate) fn amounts(&self) -> Amounts {
        Amounts {
            calories: self.calories,
            protein_grams: self.protein_grams,
            carbs_grams: self.carbs_grams,
            fat_grams: self.fat_grams,
            fibre_grams: self.fibre_grams,
            sugar_grams: self.sugar_grams,
            sodium_mg: self.sodium_mg,
            water_intake_ml: self.water_intake_ml,
        }
    }

    /// What it says, as measurements; or everything that is wrong with it.
    pub(crate) fn measures(&self, now_us: i64) -> Result<Vec<Measure>, Vec<FieldError>> {
        let amounts = self.amounts();
        let description = self.meal_description.as_deref();
        let mut errors = checked_time("/logged_at", self.logged_at, now_us);
        errors.extend(amounts.check());
        errors.extend(too_long("/meal_description", description, DESCRIPTION_MAX));
        errors.extend(too_long("/notes", self.notes.as_deref(), NOTES_MAX));
        if !errors.is_empty() {
            return Err(errors);
        }
        let at_us = self.at_us();
        // As the diaries of others: the name says which of two foods of one instant and equal energy it is.
        let flags = Flags::MANUAL.with(Flags::variant_named(description.unwrap_or_default()));
        let measures = amounts.all().into_iter().filter_map(|(_, id, value)| {
            Some(Measure {
                metric: metric::by_id(id)?,
                value: value?,
                start_us: at_us,
                end_us: at_us,
                flags,
            })
        });
        Ok(measures.collect())
    }
}

/// A meal that an import brought, in the terms of those that are entered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BroughtMeal {
    /// Which meal it was, where the import says it.
    pub(crate) meal_type: Option<MealType>,
    /// What it was, where the import says it.
    pub(crate) description: Option<String>,
    /// What was in it.
    pub(crate) amounts: Amounts,
}

impl BroughtMeal {
    /// Reads a record; `None` where it is about something else.
    pub(crate) fn of(correlation: &Correlation) -> Option<Self> {
        if correlation.correlation != FOOD {
            return None;
        }
        let told = |keys: &[&str]| {
            let mut metadata = correlation.metadata.iter();
            let found = metadata.find(|(key, _)| keys.contains(&key.as_str()));
            found.map(|(_, value)| value.clone())
        };
        let of_metric = |id: &str| {
            let members = correlation.members.iter();
            let values = members.filter(|member| member.metric == id);
            values
                .map(|member| member.value)
                .reduce(|sum, value| sum + value)
        };
        Some(Self {
            meal_type: told(&MEAL_KEYS).and_then(|text| MealType::printed(&text)),
            description: told(&NAME_KEYS),
            amounts: Amounts::of(of_metric),
        })
    }
}

/// Something that is eaten again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Favourite {
    /// Which meal it usually is.
    pub(crate) meal_type: MealType,
    /// What it is.
    #[schema(min_length = 1, max_length = 500, example = "Porridge with apple")]
    pub(crate) meal_description: String,
    /// Energy in kilocalories; unknown without it, as with every other amount.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50000)]
    pub(crate) calories: Option<f64>,
    /// Protein in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) protein_grams: Option<f64>,
    /// Carbohydrates in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) carbs_grams: Option<f64>,
    /// Fat in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) fat_grams: Option<f64>,
    /// Fibre in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) fibre_grams: Option<f64>,
    /// Sugar in grams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub(crate) sugar_grams: Option<f64>,
    /// Sodium in milligrams.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub(crate) sodium_mg: Option<f64>,
    /// Water in millilitres.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50000)]
    pub(crate) water_intake_ml: Option<f64>,
}

impl Favourite {
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Vec<FieldError> {
        let amounts = Amounts {
            calories: self.calories,
            protein_grams: self.protein_grams,
            carbs_grams: self.carbs_grams,
            fat_grams: self.fat_grams,
            fibre_grams: self.fibre_grams,
            sugar_grams: self.sugar_grams,
            sodium_mg: self.sodium_mg,
            water_intake_ml: self.water_intake_ml,
        };
        let mut errors = amounts.check();
        let description = self.meal_description.as_str();
        errors.extend(too_long(
            "/meal_description",
            Some(description),
            DESCRIPTION_MAX,
        ));
        if description.trim().is_empty() {
            let message = "must say what it is";
            errors.push(FieldError::new("/meal_description", "required", message));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use model::record::CorrelationMember;

    use super::*;

    const NOW: &str = "2026-11-20T08:00:00Z";

    fn meal(more: &str) -> Meal {
        let json = format!(r#"{{"meal_type": "lunch", "logged_at": "{NOW}"{more}}}"#);
        serde_json::from_str(&json).expect("a meal")
    }

    fn now_us() -> i64 {
        meal("").at_us()
    }

    #[test]
    fn a_meal_stands_for_what_is_known_of_it() {
        let eaten = meal(r#", "meal_description": "Soup", "calories": 0, "sodium_mg": 800"#);
        let measures = eaten.measures(now_us()).expect("measures");
        let found: Vec<(&str, f64)> = measures
            .iter()
            .map(|one| (one.metric.id, one.value))
            .collect();
        // What was said to be nothing is nothing; what nobody said is not there.
        let expect = [("dietary_energy_consumed", 0.0), ("dietary_sodium", 800.0)];
        assert_eq!(found, expect);
        assert!(measures[0].flags.contains(Flags::MANUAL) && measures[0].flags.variant() != 0);
        assert_eq!(meal("").measures(now_us()).expect("none"), []);
        // The members of a meal and of what it stands for are the same in both directions.
        let all = meal(
            r#", "calories": 1, "protein_grams": 2, "carbs_grams": 3, "fat_grams": 4,
            "fibre_grams": 5, "sugar_grams": 6, "sodium_mg": 7, "water_intake_ml": 8"#,
        );
        let measures = all.measures(now_us()).expect("measures");
        let of = |id: &str| {
            let found = measures.iter().find(|one| one.metric.id == id);
            found.map(|one| one.value)
        };
        assert_eq!((measures.len(), Amounts::of(of)), (8, all.amounts()));
    }

    #[test]
    fn each_field_has_its_bounds() {
        let check = |more: &str, pointer: &str, code: &str| {
            let errors = meal(more).measures(now_us()).expect_err(more);
            let found: Vec<(&str, &str)> = errors
                .iter()
                .map(|one| (one.pointer.as_str(), one.code.as_str()))
                .collect();
            assert_eq!(found, [(pointer, code)], "{more}");
        };
        check(r#", "calories": -1"#, "/calories", "out_of_range");
        check(r#", "calories": 50001"#, "/calories", "out_of_range");
        check(
            r#", "water_intake_ml": 1e9"#,
            "/water_intake_ml",
            "out_of_range",
        );
        let long = "x".repeat(DESCRIPTION_MAX + 1);
        check(
            &format!(r#", "meal_description": "{long}""#),
            "/meal_description",
            "too_long",
        );
    }

    #[test]
    fn what_nobody_knows_has_no_total() {
        let (a, b) = (
            meal(r#", "calories": 300"#),
            meal(r#", "calories": 200, "fat_grams": 3"#),
        );
        let total = Amounts::total(&[a.amounts(), b.amounts()]);
        assert_eq!(
            (total.calories, total.fat_grams, total.sodium_mg),
            (Some(500.0), Some(3.0), None)
        );
    }

    #[test]
    fn meals_of_imports_are_read_in_the_same_terms() {
        let member = |metric: &str, value: f64| CorrelationMember {
            metric: metric.to_owned(),
            value,
            ..CorrelationMember::default()
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let food = Correlation {
            correlation: FOOD.to_owned(),
            members: vec![
                member("dietary_energy_consumed", 250.0),
                member("dietary_iron", 2.0),
            ],
            metadata: vec![pair("food", "Oats"), pair("meal", "Snacks")],
        };
        let found = BroughtMeal::of(&food).expect("a meal");
        assert_eq!(found.description.as_deref(), Some("Oats"));
        assert_eq!(found.meal_type, Some(MealType::Snack));
        assert_eq!(
            (found.amounts.calories, found.amounts.fat_grams),
            (Some(250.0), None)
        );
        let pressure = Correlation {
            correlation: "blood_pressure".to_owned(),
            ..food
        };
        assert_eq!(BroughtMeal::of(&pressure), None);
    }
}
