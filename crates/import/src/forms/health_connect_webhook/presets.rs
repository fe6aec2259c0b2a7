//! The other two ways in which the app spells its payload: every name in camelCase, and one list of records whose
//! `type` is the name of their array. Only names differ; what they say is the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::days::Days;
use super::{TYPE_UNKNOWN, is_known, is_total, take};
use crate::form::{self, Document};
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{ELEMENTS_MAX, Intake, TYPE_MISSING};

/// What the list of records is called, in the words of its sender.
const SYNCED: &str = "health_data.synced";
/// Names of unknown types that are said once each.
const NAMES_MAX: usize = 100;

/// How a payload spells its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As the arrays are called here.
    Plain,
    /// In camelCase.
    Camel,
}

impl Spelling {
    pub(super) fn of(document: &Document<'_>) -> Self {
        if document.has("app_version") {
            Self::Plain
        } else {
            Self::Camel
        }
    }

    /// A name as the arrays are called here.
    pub(super) fn name(self, spelt: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => spelt.into(),
            Self::Camel => snake(spelt).into(),
        }
    }

    /// A record with such names.
    pub(super) fn record<'r, 'a>(self, record: &'r Json<'a>) -> Cow<'r, Json<'a>> {
        match self {
            Self::Plain => Cow::Borrowed(record),
            Self::Camel => Cow::Owned(snaked(record)),
        }
    }
}

/// Whether a body is one list of records.
pub(super) fn is_synced(document: &Document<'_>) -> bool {
    let kind = document.fields().and_then(|fields| fields.json(&["type"]));
    kind.is_some_and(|kind| kind.text() == Some(SYNCED)) && document.has("data")
}

/// Reads one list of records.
pub(super) fn read_synced(
    fields: &Fields<'_>,
    sent_us: Option<i64>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    const EXPECTED: &str = "data with an array of records";
    let wrong = ReadError::WrongShape { expected: EXPECTED };
    let data = Fields::of(fields.get("data").ok_or(wrong.clone())?, EXPECTED)?;
    let records = data.get("records").ok_or(wrong)?;
    let pointer = "/data/records";
    let mut days: BTreeMap<String, Days> = BTreeMap::new();
    json::each(records, pointer, ELEMENTS_MAX, &mut |_,
                                                     record: Option<
        Json<'_>,
    >| {
        let Some(record) = record.as_ref().map(snaked) else {
            return;
        };
        if let Some(name) = name_of(&record).filter(|name| is_total(name)) {
            days.entry(name)
                .or_default()
                .look(&record, intake.context());
        }
    })?;
    let mut unknown: FxHashSet<String> = FxHashSet::default();
    let none = Days::default();
    form::objects(
        records,
        pointer,
        ELEMENTS_MAX,
        intake,
        &mut |record, place, intake| {
            let mut record = snaked(record);
            let Some(name) = name_of(&record) else {
                return intake.reject(place, "type", None, TYPE_MISSING);
            };
            if !is_known(&name) {
                if unknown.len() < NAMES_MAX && unknown.insert(name.clone()) {
                    intake.skip(&name, TYPE_UNKNOWN);
                }
                return;
            }
            if let Json::Object(members) = &mut record {
                // It names the array; of an exercise it is not the kind.
                members.retain(|(member, _)| member != "type");
            }
            let days = days.get(&name).unwrap_or(&none);
            take((&name, sent_us, days), &record, place, intake);
        },
    )
}

fn name_of(record: &Json<'_>) -> Option<String> {
    record.get("type").text().map(snake)
}

/// A value whose members are spelt as the arrays of the plain payload spell theirs.
fn snaked<'a>(json: &Json<'a>) -> Json<'a> {
    match json {
        Json::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (snake(name).into(), snaked(value)));
            Json::Object(members.collect())
        }
        Json::List(elements) => Json::List(elements.iter().map(snaked).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => json.clone(),
    }
}

/// `heartRate` as `heart_rate`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_plain_payload() {
        let check = |name: &str, expect: &str| assert_eq!(snake(name), expect);
        check("heartRate", "heart_rate");
        check("vo2Max", "vo2_max");
        check("mlPerKgPerMin", "ml_per_kg_per_min");
        check("resting_heart_rate", "resting_heart_rate");
        check("steps", "steps");
    }
}
