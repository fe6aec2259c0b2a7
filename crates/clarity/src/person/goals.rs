//! What a person wants to reach: the document of a goal, what may be in it, and in which order goals are listed.
//!
//! It must never measure: where a goal stands is computed from the days, when somebody looks.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::FieldError;

/// Goals of one person.
pub(crate) const GOALS_MAX: i64 = 200;
/// Characters of the description.
const DESCRIPTION_MAX: usize = 2_000;
/// Characters of a unit.
const UNIT_MAX: usize = 32;
/// A value beyond this is a slip of the keyboard.
const VALUE_MAX: f64 = 1e9;
/// Years ahead that a target may lie.
const YEARS_AHEAD: i16 = 100;

/// What a goal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoalType {
    /// To weigh less.
    WeightLoss,
    /// To sleep longer, better or more regularly.
    BetterSleep,
    /// To move more.
    MoreExercise,
    /// To be less tense.
    StressReduction,
    /// To eat better.
    BetterNutrition,
    /// To have a blood pressure.
    BloodPressure,
    /// To have a blood glucose.
    BloodGlucose,
    /// Anything else.
    Custom,
}

/// How much a goal matters, most first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoalPriority {
    /// Before the others.
    High,
    /// As usual.
    #[default]
    Medium,
    /// After the others.
    Low,
}

/// What became of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoalStatus {
    /// The person is at it.
    #[default]
    Active,
    /// It was reached.
    Completed,
    /// It was given up.
    Abandoned,
}

/// A goal as its person writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Goal {
    /// What it is about.
    #[serde(rename = "goal_type")]
    pub(crate) kind: GoalType,
    /// What measures it: a metric (any of its names) or a fact of the day, as for `GET /trends`. With one,
    /// the days say where it stands, and `current_value` is ignored.
    #[serde(default)]
    #[schema(example = "steps")]
    pub(crate) metric: Option<String>,
    /// In the person's own words.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) description: Option<String>,
    /// Where it began, in the unit. Without it the way to the target has no beginning, and so no progress.
    #[serde(default)]
    pub(crate) start_value: Option<f64>,
    /// Where it shall end.
    #[serde(default)]
    pub(crate) target_value: Option<f64>,
    /// Where it stands, for a goal that no metric measures.
    #[serde(default)]
    pub(crate) current_value: Option<f64>,
    /// The unit of the values; with a metric it must be that of the metric, or be left out.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub(crate) unit: Option<String>,
    /// The day by which it shall be reached.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) target_date: Option<Date>,
    /// How much it matters.
    #[serde(default)]
    pub(crate) priority: GoalPriority,
    /// What became of it.
    #[serde(default)]
    pub(crate) status: GoalStatus,
}

impl Goal {
    /// Checks a goal from outside; `unit_of` returns the unit of what days have a value of, by its name.
    pub(crate) fn check(
        &self,
        unit_of: impl Fn(&str) -> Option<&'static str>,
        today: Date,
    ) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Some(name) = self.metric.as_deref() {
            let found = unit_of(name);
            if found.is_none() {
                let message = "must be a metric that is a quantity (see GET /metric-types) or a fact of the day";
                errors.push(FieldError::new("/metric", "unknown_metric", message));
            }
            if let (Some(unit), Some(entered)) = (found, self.unit.as_deref())
                && unit != entered
            {
                let message = format!("must be {unit}, the unit of the metric, or left out");
                errors.push(FieldError::new("/unit", "unit_mismatch", message));
            }
        }
        for (pointer, value) in [
            ("/start_value", self.start_value),
            ("/target_value", self.target_value),
            ("/current_value", self.current_value),
        ] {
            if value.is_some_and(|value| value.abs() > VALUE_MAX) {
                let message = "must lie between -1000000000 and 1000000000";
                errors.push(FieldError::new(pointer, "out_of_range", message));
            }
        }
        let texts = [
            ("/description", &self.description, DESCRIPTION_MAX),
            ("/unit", &self.unit, UNIT_MAX),
        ];
        for (pointer, text, most) in texts {
            let characters = text.as_deref().map_or(0, |text| text.chars().count());
            if characters > most {
                let message = format!("must not exceed {most} characters");
                errors.push(FieldError::new(pointer, "too_long", message));
            }
        }
        let last = today.year().saturating_add(YEARS_AHEAD);
        if self
            .target_date
            .is_some_and(|date| date.year() < 1900 || date.year() > last)
        {
            let message = format!("must be a year between 1900 and {last}");
            errors.push(FieldError::new("/target_date", "out_of_range", message));
        }
        errors
    }

    /// Where a goal stands in a list: by priority, then by target date, those without one last.
    pub(crate) fn place(&self) -> (GoalPriority, Date) {
        (self.priority, self.target_date.unwrap_or(Date::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(json: &str) -> Goal {
        serde_json::from_str(json).expect("a goal")
    }

    fn codes(json: &str) -> Vec<(String, String)> {
        let unit_of = |name: &str| (name == "steps").then_some("1");
        let errors = goal(json).check(unit_of, jiff::civil::date(2026, 5, 4));
        errors
            .into_iter()
            .map(|one| (one.pointer, one.code))
            .collect()
    }

    #[test]
    fn each_field_has_its_bounds() {
        assert!(
            codes(r#"{"goal_type":"more_exercise","metric":"steps","target_value":1e4}"#)
                .is_empty()
        );
        assert!(codes(r#"{"goal_type":"custom","unit":"x","current_value":3}"#).is_empty());
        for (json, pointer, code) in [
            (
                r#"{"goal_type":"custom","metric":"steps","unit":"km"}"#,
                "/unit",
                "unit_mismatch",
            ),
            (
                r#"{"goal_type":"custom","metric":"luck"}"#,
                "/metric",
                "unknown_metric",
            ),
            (
                r#"{"goal_type":"custom","start_value":1e10}"#,
                "/start_value",
                "out_of_range",
            ),
            (
                r#"{"goal_type":"custom","target_date":"1850-01-01"}"#,
                "/target_date",
                "out_of_range",
            ),
        ] {
            assert_eq!(
                codes(json),
                [(pointer.to_owned(), code.to_owned())],
                "{json}"
            );
        }
        let long = format!(r#"{{"goal_type":"custom","unit":"{}"}}"#, "x".repeat(33));
        assert_eq!(codes(&long)[0].1, "too_long");
    }

    #[test]
    fn the_most_important_and_the_nearest_come_first() {
        let mut goals = [
            goal(r#"{"goal_type":"custom","priority":"low"}"#),
            goal(r#"{"goal_type":"custom"}"#),
            goal(r#"{"goal_type":"custom","target_date":"2026-07-01"}"#),
            goal(r#"{"goal_type":"custom","priority":"high","target_date":"2027-01-01"}"#),
        ];
        goals.sort_by_key(Goal::place);
        let dates = goals.map(|goal| goal.target_date.map(jiff::civil::Date::year));
        assert_eq!(dates, [Some(2027), Some(2026), None, None]);
    }
}
