//! What a person enters by hand about their body: the document, and the measurements that it stands for.
//!
//! It must never store anything, and never guess: a name that no metric has is refused with the nearest one that has,
//! a value outside the range of its metric with the range.

use std::fmt;

use jiff::Timestamp;
use model::category::{category_code, category_code_when_absent, category_name};
use model::metric::{self, Kind, Metric};
use model::sample::{Flags, MINUTE_US};
use model::unit::Percent;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::FieldError;

/// Characters of notes.
pub(crate) const NOTES_MAX: usize = 2_000;
/// Characters of a value that is a text.
const TEXT_MAX: usize = 100;
/// Minutes that what was entered may last: a day.
const DURATION_MIN_MAX: f64 = 1_440.0;
/// How far the clock of whoever enters may run ahead.
const AHEAD_US: i64 = 5 * MINUTE_US;
/// Nothing was measured before this year.
const YEAR_FIRST: i16 = 1900;
/// The two metrics that are entered as one text.
const BLOOD_PRESSURES: [&str; 2] = ["blood_pressure_systolic", "blood_pressure_diastolic"];

/// Finds the id of the metric whose name is nearest to one that no metric has.
pub(crate) type Nearest = fn(&str) -> Option<&'static str>;

/// A number, or a text: `120/80`, `mild`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum EntryValue {
    /// A number in the unit.
    Number(f64),
    /// Two numbers with a slash between them, or the name of a code.
    Text(String),
}

impl<'de> Deserialize<'de> for EntryValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberOrText)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = EntryValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_f64<E>(self, value: f64) -> Result<EntryValue, E> {
        Ok(EntryValue::Number(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<EntryValue, E> {
        let value = i32::try_from(value).map_err(|_| E::custom("too large"))?;
        Ok(EntryValue::Number(f64::from(value)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<EntryValue, E> {
        let value = u32::try_from(value).map_err(|_| E::custom("too large"))?;
        Ok(EntryValue::Number(f64::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<EntryValue, E> {
        Ok(EntryValue::Text(value.to_owned()))
    }
}

impl ToSchema for EntryValue {}

impl PartialSchema for EntryValue {
    fn schema() -> RefOr<Schema> {
        let of = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind));
        let either = AnyOfBuilder::new()
            .item(of(Type::Number))
            .item(of(Type::String));
        Schema::AnyOf(either.build()).into()
    }
}

/// How hard something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryIntensity {
    /// Talking is easy.
    Light,
    /// Talking is possible.
    Moderate,
    /// Talking is hard.
    Vigorous,
}

/// Where the person read the value that they enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntrySource {
    /// Anywhere.
    #[default]
    Manual,
    /// In Apple Health.
    AppleHealth,
    /// On something that they wear.
    Wearable,
    /// In another program.
    Integration,
}

/// A measurement as its person enters it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Entry {
    /// What was measured: any name of a metric (see `GET /metric-types`), or `blood_pressure`.
    #[schema(example = "weight")]
    pub(crate) metric_type: String,
    /// The value in the unit; `120/80` for `blood_pressure`; of a symptom or an event the name of a code (`mild`) or
    /// the code. It may be left out where the metric has no codes and only ever says that something took place.
    #[serde(default)]
    #[schema(inline)]
    pub(crate) value: Option<EntryValue>,
    /// The unit of the value, such as `lb`; the metric's own without it.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) unit: Option<String>,
    /// When it was measured or began, with its offset from UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T07:30:00Z")]
    pub(crate) recorded_at: Timestamp,
    /// Minutes that it lasted; it took place at an instant without them.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1440)]
    pub(crate) duration_min: Option<f64>,
    /// How hard it was.
    #[serde(default)]
    pub(crate) intensity: Option<EntryIntensity>,
    /// Where the person read the value. Whoever read it: the person entered it, and so its samples are theirs.
    #[serde(default)]
    pub(crate) source: EntrySource,
    /// In the person's own words.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) notes: Option<String>,
}

/// A measurement that an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    /// The metric.
    pub(crate) metric: &'static Metric,
    /// In its canonical unit, or the code.
    pub(crate) value: f64,
    /// The first instant.
    pub(crate) start_us: i64,
    /// The end; the same as the start for an instant.
    pub(crate) end_us: i64,
    /// What distinguishes it from others of its content.
    pub(crate) flags: Flags,
}

impl Entry {
    /// The instant that it is about.
    pub(crate) fn at_us(&self) -> i64 {
        self.recorded_at.as_microsecond()
    }

    /// What it says, as measurements; or everything that is wrong with it.
    pub(crate) fn measures(
        &self,
        now_us: i64,
        nearest: Nearest,
    ) -> Result<Vec<Measure>, Vec<FieldError>> {
        let mut errors = checked_time("/recorded_at", self.recorded_at, now_us);
        if self
            .duration_min
            .is_some_and(|min| !(0.0..=DURATION_MIN_MAX).contains(&min))
        {
            let message = format!("must lie between 0 and {DURATION_MIN_MAX} minutes");
            errors.push(FieldError::new("/duration_min", "out_of_range", message));
        }
        errors.extend(too_long("/notes", self.notes.as_deref(), NOTES_MAX));
        let metrics = metrics_of(&self.metric_type, nearest);
        let values = metrics.and_then(|metrics| self.values(&metrics));
        let values = match values {
            Ok(values) if errors.is_empty() => values,
            Ok(_) => return Err(errors),
            Err(error) => {
                errors.push(error);
                return Err(errors);
            }
        };
        let start_us = self.at_us();
        let measure = |(metric, value)| Measure {
            metric,
            value,
            start_us,
            end_us: start_us + minutes_us(self.duration_min.unwrap_or(0.0)),
            flags: Flags::MANUAL,
        };
        Ok(values.into_iter().map(measure).collect())
    }

    fn values(
        &self,
        metrics: &[&'static Metric],
    ) -> Result<Vec<(&'static Metric, f64)>, FieldError> {
        let [metric] = metrics else {
            return self.pair(metrics);
        };
        let value = if metric.kind == Kind::Category {
            self.code(metric)?
        } else {
            let Some(EntryValue::Number(value)) = &self.value else {
                return Err(wrong_value("must be a number"));
            };
            self.quantity(metric, *value)?
        };
        Ok(vec![(*metric, value)])
    }

    /// Two numbers with a slash between them, one for each metric.
    fn pair(&self, metrics: &[&'static Metric]) -> Result<Vec<(&'static Metric, f64)>, FieldError> {
        let wrong =
            || wrong_value("must be two numbers with a slash between them, such as \"120/80\"");
        let Some(EntryValue::Text(text)) = &self.value else {
            return Err(wrong());
        };
        let numbers: Result<Vec<f64>, _> =
            text.split('/').map(|part| part.trim().parse()).collect();
        let numbers = numbers.map_err(|_| wrong())?;
        if numbers.len() != metrics.len() {
            return Err(wrong());
        }
        let pairs = metrics.iter().zip(numbers);
        let pairs = pairs.map(|(metric, value)| Ok((*metric, self.quantity(metric, value)?)));
        let pairs: Vec<(&'static Metric, f64)> = pairs.collect::<Result<_, _>>()?;
        if let [(_, above), (_, below)] = pairs.as_slice()
            && above <= below
        {
            return Err(wrong_value(
                "the first of the two numbers must be the larger one",
            ));
        }
        Ok(pairs)
    }

    fn quantity(&self, metric: &Metric, value: f64) -> Result<f64, FieldError> {
        let implied = metric::implied_unit(&self.metric_type);
        let unit = self.unit.as_deref().or(implied);
        let unit = unit.unwrap_or(metric.unit.ucum());
        let conversion = metric.conversion_with(unit, Percent::Points).map_err(|_| {
            let own = metric.unit.ucum();
            let message = format!("is no unit of {}, whose own is {own}", metric.id);
            FieldError::new("/unit", "unit_mismatch", message)
        })?;
        let canonical = conversion.apply(value);
        if canonical.is_finite() && metric.is_plausible(canonical) {
            return Ok(canonical);
        }
        let range = metric.range.unwrap_or((f64::MIN, f64::MAX));
        let [least, most] = [range.0, range.1].map(|bound| rounded(conversion.invert(bound)));
        let message = format!("must lie between {least} and {most} {unit}");
        Err(FieldError::new("/value", "out_of_range", message))
    }

    fn code(&self, metric: &Metric) -> Result<f64, FieldError> {
        let code = match &self.value {
            None => category_code_when_absent(metric),
            Some(EntryValue::Number(code)) => category_code(metric, &code.to_string()),
            Some(EntryValue::Text(name)) if name.len() <= TEXT_MAX => category_code(metric, name),
            Some(EntryValue::Text(_)) => None,
        };
        code.ok_or_else(|| {
            let names: Vec<&str> = (0..=u8::MAX)
                .filter_map(|code| category_name(metric, f64::from(code)))
                .collect();
            let message = if names.is_empty() {
                "must be left out: this metric only says that something took place".to_owned()
            } else {
                format!("must be one of {}", names.join(", "))
            };
            FieldError::new("/value", "unknown_value", message)
        })
    }
}

/// The metrics that a name stands for: one, or the two of a blood pressure.
pub(crate) fn metrics_of(name: &str, nearest: Nearest) -> Result<Vec<&'static Metric>, FieldError> {
    let plain = name.replace(['_', '-', ' '], "");
    if plain.eq_ignore_ascii_case("bloodpressure") || plain.eq_ignore_ascii_case("bp") {
        return Ok(BLOOD_PRESSURES
            .iter()
            .filter_map(|id| metric::by_id(id))
            .collect());
    }
    if let Some(metric) = metric::by_name(name) {
        return Ok(vec![metric]);
    }
    let message = match nearest(name) {
        Some(id) => format!("there is no such metric; did you mean `{id}`?"),
        None => "there is no such metric; see GET /metric-types".to_owned(),
    };
    Err(FieldError::new("/metric_type", "unknown_metric", message))
}

/// What is wrong with the time of an entry.
pub(crate) fn checked_time(pointer: &str, at: Timestamp, now_us: i64) -> Vec<FieldError> {
    if at.as_microsecond() > now_us + AHEAD_US {
        let message = "must not lie in the future";
        return vec![FieldError::new(pointer, "in_future", message)];
    }
    if model::zone::Zone::utc().date_at(at.as_microsecond()).year() < YEAR_FIRST {
        let message = format!("must not lie before {YEAR_FIRST}");
        return vec![FieldError::new(pointer, "out_of_range", message)];
    }
    Vec::new()
}

/// What is wrong with a text that has too many characters.
pub(crate) fn too_long(pointer: &str, text: Option<&str>, most: usize) -> Option<FieldError> {
    let characters = text.map_or(0, |text| text.chars().count());
    let message = || format!("must not exceed {most} characters");
    (characters > most).then(|| FieldError::new(pointer, "too_long", message()))
}

fn wrong_value(message: &str) -> FieldError {
    FieldError::new("/value", "invalid", message)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "at most a day, as was checked"
)]
fn minutes_us(minutes: f64) -> i64 {
    (minutes * MINUTE_US as f64).round() as i64
}

/// A bound as people read it.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T08:00:00Z";

    fn no_name(_: &str) -> Option<&'static str> {
        None
    }

    fn weight(name: &str) -> Option<&'static str> {
        name.contains('w').then_some("body_mass")
    }

    fn now_us() -> i64 {
        NOW.parse::<Timestamp>()
            .expect("an instant")
            .as_microsecond()
    }

    fn entry(json: &str) -> Entry {
        let mut value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let members = value.as_object_mut().expect("an object");
        members.entry("recorded_at").or_insert_with(|| NOW.into());
        serde_json::from_value(value).expect("an entry")
    }

    #[test]
    fn entries_stand_for_measurements_in_the_units_of_their_metrics() {
        let check = |json: &str, expect: &[(&str, f64)]| {
            let found = entry(json).measures(now_us(), no_name).expect("measures");
            let found: Vec<(&str, f64)> = found
                .iter()
                .map(|one| (one.metric.id, (one.value * 1e6).round() / 1e6))
                .collect();
            assert_eq!(found, expect, "{json}");
        };
        check(
            r#"{"metric_type": "weight", "value": 80}"#,
            &[("body_mass", 80.0)],
        );
        // A pound is 0.45359237 kg exactly.
        check(
            r#"{"metric_type": "Weight", "value": 180, "unit": "lb"}"#,
            &[("body_mass", 81.646_627)],
        );
        check(
            r#"{"metric_type": "water", "value": 0.25, "unit": "L"}"#,
            &[("dietary_water", 250.0)],
        );
        check(
            r#"{"metric_type": "hydration", "value": 1.5}"#,
            &[("dietary_water", 1500.0)],
        );
        check(
            r#"{"metric_type": "blood_oxygen", "value": 97, "unit": "%"}"#,
            &[("oxygen_saturation", 97.0)],
        );
        check(
            r#"{"metric_type": "blood_pressure", "value": "120/80"}"#,
            &[
                ("blood_pressure_systolic", 120.0),
                ("blood_pressure_diastolic", 80.0),
            ],
        );
        check(
            r#"{"metric_type": "headache", "value": "Mild"}"#,
            &[("headache", 2.0)],
        );
        check(
            r#"{"metric_type": "headache", "value": 4}"#,
            &[("headache", 4.0)],
        );
        check(
            r#"{"metric_type": "mood", "value": 4}"#,
            &[("mood_score", 4.0)],
        );
        let sat = entry(r#"{"metric_type": "mindful_session", "duration_min": 12.5}"#);
        let sat = sat.measures(now_us(), no_name).expect("measures");
        assert_eq!(sat[0].end_us - sat[0].start_us, 750_000_000);
    }

    #[test]
    fn each_field_has_its_bounds() {
        let check = |json: &str, pointer: &str, code: &str, message: &str| {
            let errors = entry(json).measures(now_us(), weight).expect_err(json);
            let [error] = errors.as_slice() else {
                panic!("{json}: {errors:?}");
            };
            assert_eq!(
                (error.pointer.as_str(), error.code.as_str()),
                (pointer, code),
                "{json}"
            );
            assert!(error.message.contains(message), "{json}: {}", error.message);
        };
        let (value, range) = ("/value", "out_of_range");
        check(
            r#"{"metric_type": "wieght", "value": 80}"#,
            "/metric_type",
            "unknown_metric",
            "did you mean `body_mass`?",
        );
        check(
            r#"{"metric_type": "mood", "value": 6}"#,
            value,
            range,
            "between 1 and 5",
        );
        check(
            r#"{"metric_type": "weight", "value": -180, "unit": "lb"}"#,
            value,
            range,
            "lb",
        );
        check(
            r#"{"metric_type": "weight", "value": "80"}"#,
            value,
            "invalid",
            "a number",
        );
        check(r#"{"metric_type": "weight"}"#, value, "invalid", "a number");
        check(
            r#"{"metric_type": "weight", "value": 80, "unit": "km"}"#,
            "/unit",
            "unit_mismatch",
            "whose own is kg",
        );
        for text in ["120", "120/80/60", "a/b", "120/"] {
            let json = format!(r#"{{"metric_type": "blood_pressure", "value": "{text}"}}"#);
            check(&json, value, "invalid", "120/80");
        }
        let turned = r#"{"metric_type": "blood_pressure", "value": "80/120"}"#;
        check(turned, value, "invalid", "larger");
        let severity = r#"{"metric_type": "headache", "value": "awful"}"#;
        check(severity, value, "unknown_value", "mild");
        let whole = r#"{"metric_type": "mindful_session", "value": 7}"#;
        check(whole, value, "unknown_value", "left out");
        let ahead = r#"{"metric_type": "mood", "value": 3, "recorded_at": "2026-11-20T08:05:01Z"}"#;
        check(ahead, "/recorded_at", "in_future", "future");
        let old = r#"{"metric_type": "mood", "value": 3, "recorded_at": "1899-12-31T23:00:00Z"}"#;
        check(old, "/recorded_at", range, "1900");
        for minutes in ["-1", "1441", "1e300"] {
            let json =
                format!(r#"{{"metric_type": "mood", "value": 3, "duration_min": {minutes}}}"#);
            check(&json, "/duration_min", range, "1440");
        }
        let notes = "x".repeat(NOTES_MAX + 1);
        let json = format!(r#"{{"metric_type": "mood", "value": 3, "notes": "{notes}"}}"#);
        check(&json, "/notes", "too_long", "2000");
    }
}
