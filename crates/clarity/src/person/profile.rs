//! What a person says about themselves, and how they want their data read: two sealed documents.
//!
//! They are written by `ingest::edit`, which marks the days whose meaning changes with them.

use std::collections::BTreeMap;

use analysis::daily::scored::Scorer;
use jiff::civil::Date;
use model::ids::UserId;
use model::zone::Zone;
use serde::{Deserialize, Serialize};
use store::docs::DocName;
use store::{PersonKey, Tx};
use utoipa::ToSchema;

use crate::person::document::{self, Document, DocumentError};
use crate::problem::FieldError;

/// Sources in one order, and orders in one document.
const SOURCES_MAX: usize = 200;
/// Characters of a name or other short text.
const SHORT_TEXT_MAX: usize = 200;
/// Characters of the medical history.
const LONG_TEXT_MAX: usize = 20_000;
/// The order that holds for metrics without their own.
pub(crate) const EVERY_METRIC: &str = "*";

/// Sex as recorded, in the words of HealthKit's characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Neither.
    Other,
}

/// Units in which texts for people are written; the API itself always uses UCUM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Units {
    /// Kilograms, metres, degrees Celsius.
    #[default]
    Metric,
    /// Pounds, feet, degrees Fahrenheit.
    Imperial,
}

/// Which local days a traveller's data is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DayZone {
    /// Where the person was.
    #[default]
    Travel,
    /// Always at home.
    Home,
}

/// Which published scorer classifies sleep and wake where only activity was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SleepScorer {
    /// What is customary for the counts: Cole-Kripke as `ActiLife` applies it on `ActiGraph` counts, Oakley at
    /// threshold 40 on the counts of other devices.
    #[default]
    Customary,
    /// Cole-Kripke 1992 with Webster's rules; with `ActiLife`'s scaling on `ActiGraph` counts.
    ColeKripke,
    /// Sadeh 1994.
    Sadeh,
    /// Oakley 1997 at threshold 40, as Actiware's medium.
    Oakley,
    /// Oakley 1997 with the threshold taken from the recording, for counts of any scale.
    OakleyAutomatic,
}

impl From<SleepScorer> for Scorer {
    fn from(wanted: SleepScorer) -> Self {
        match wanted {
            SleepScorer::Customary => Self::Customary,
            SleepScorer::ColeKripke => Self::ColeKripke,
            SleepScorer::Sadeh => Self::Sadeh,
            SleepScorer::Oakley => Self::Oakley,
            SleepScorer::OakleyAutomatic => Self::OakleyAutomatic,
        }
    }
}

/// What a person entered about themselves. Every field is optional; null means not entered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Profile {
    /// A name to be greeted with.
    pub(crate) username: Option<String>,
    /// Date of birth.
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) birth_date: Option<Date>,
    /// Sex.
    pub(crate) sex: Option<Sex>,
    /// Height in centimetres.
    #[schema(minimum = 30, maximum = 300)]
    pub(crate) height_cm: Option<f64>,
    /// Home time zone: an IANA name or an offset such as `+02:00`.
    pub(crate) time_zone: Option<String>,
    /// Language: a BCP 47 tag. Insights are written in it where it is `en`, `de`, `es`, `fr`, `pt` or `zh`, whatever
    /// the region, and in English otherwise; the window writes numbers and dates by it.
    pub(crate) language: Option<String>,
    /// Units of the window and of insights.
    pub(crate) units: Option<Units>,
    /// Anything medical that the person wants considered.
    pub(crate) medical_history: Option<String>,
    /// Occupation; shift work changes what sleep means.
    pub(crate) occupation: Option<String>,
}

/// How a person wants their data read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Preferences {
    /// Source names, best first, by metric id; `*` for every metric without its own order. Sources
    /// that are not named follow in the usual order.
    pub(crate) source_order: BTreeMap<String, Vec<String>>,
    /// Which local days data is cut into.
    pub(crate) day_zone: DayZone,
    /// What scores sleep and wake where only activity was recorded.
    pub(crate) sleep_scorer: SleepScorer,
    /// Language, before the profile's and with the same effect.
    pub(crate) language: Option<String>,
    /// Units, before the profile's and with the same effect.
    pub(crate) units: Option<Units>,
}

/// The person's profile.
pub(crate) async fn load(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
) -> Result<Document<Profile>, DocumentError> {
    document::read(tx, key, user, DocName::Profile).await
}

/// The person's preferences.
pub(crate) async fn load_preferences(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
) -> Result<Document<Preferences>, DocumentError> {
    document::read(tx, key, user, DocName::Preferences).await
}

impl Profile {
    /// Checks a profile from outside and brings its zone into the form that is read back.
    pub(crate) fn check(&mut self, today: Date) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Some(text) = &self.time_zone {
            match Zone::parse(text) {
                Ok(zone) => self.time_zone = Some(zone.name().to_owned()),
                Err(unknown) => {
                    let error = FieldError::new("/time_zone", "unknown_zone", unknown.to_string());
                    errors.push(error);
                }
            }
        }
        if self
            .birth_date
            .is_some_and(|date| date > today || date.year() < 1880)
        {
            let message = "must be between 1880 and today";
            errors.push(FieldError::new("/birth_date", "out_of_range", message));
        }
        if self
            .height_cm
            .is_some_and(|height_cm| !(30.0..=300.0).contains(&height_cm))
        {
            let message = "must be between 30 and 300 centimetres";
            errors.push(FieldError::new("/height_cm", "out_of_range", message));
        }
        check_language(self.language.as_deref(), &mut errors);
        check_length(
            "/username",
            self.username.as_deref(),
            SHORT_TEXT_MAX,
            &mut errors,
        );
        check_length(
            "/occupation",
            self.occupation.as_deref(),
            SHORT_TEXT_MAX,
            &mut errors,
        );
        let history = self.medical_history.as_deref();
        check_length("/medical_history", history, LONG_TEXT_MAX, &mut errors);
        errors
    }
}

impl Preferences {
    /// Checks preferences from outside.
    pub(crate) fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        check_language(self.language.as_deref(), &mut errors);
        for (metric, sources) in &self.source_order {
            let pointer = format!(
                "/source_order/{}",
                metric.replace('~', "~0").replace('/', "~1")
            );
            let known = metric == EVERY_METRIC
                || model::metric::CATALOGUE
                    .iter()
                    .any(|known| known.id == metric);
            if !known {
                let message = "is not a metric id; see GET /metric-types";
                errors.push(FieldError::new(pointer, "unknown_metric", message));
            } else if sources.len() > SOURCES_MAX {
                let message = format!("holds more than {SOURCES_MAX} sources");
                errors.push(FieldError::new(pointer, "too_many_items", message));
            } else if sources.iter().any(|name| name.trim().is_empty()) {
                errors.push(FieldError::new(
                    pointer,
                    "empty",
                    "holds an empty source name",
                ));
            }
        }
        errors
    }
}

/// Letters, digits and hyphens: what every BCP 47 tag is made of.
fn check_language(language: Option<&str>, errors: &mut Vec<FieldError>) {
    let well_formed = |tag: &str| {
        (2..=35).contains(&tag.len())
            && tag.starts_with(|first: char| first.is_ascii_alphabetic())
            && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if language.is_some_and(|tag| !well_formed(tag)) {
        let message = "is not a language tag such as en or pt-BR";
        errors.push(FieldError::new("/language", "invalid_language", message));
    }
}

fn check_length(pointer: &str, text: Option<&str>, most: usize, errors: &mut Vec<FieldError>) {
    if text.is_some_and(|text| text.chars().count() > most) {
        let message = format!("must not exceed {most} characters");
        errors.push(FieldError::new(pointer, "too_long", message));
    }
}
