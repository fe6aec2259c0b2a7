//! Codes of what is measured: LOINC where the catalogue has one, the profiles of US Core (8.0) for vital signs.

use std::borrow::Cow;

use model::category::category_name;
use model::metric::Metric;

use crate::Topic;
use crate::fhir::resource::{Coding, Concept};

/// The panel of a blood pressure and its two values.
pub(crate) const PRESSURE: &str = "85354-9";
pub(crate) const SYSTOLIC: &str = "8480-6";
pub(crate) const DIASTOLIC: &str = "8462-4";
pub(crate) const PRESSURE_PROFILE: &str =
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure";

/// A vital sign of US Core.
#[derive(Debug)]
pub(crate) struct Vital {
    metric: &'static str,
    /// The unit that its profile asks for.
    pub(crate) unit: &'static str,
    /// Address of the profile.
    pub(crate) profile: &'static str,
    /// The code that the profile fixes.
    loinc: &'static str,
    /// One more code that it fixes.
    beside: Option<&'static str>,
}

const VITALS: &[Vital] = &[
    Vital {
        metric: "heart_rate",
        unit: "/min",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-heart-rate",
        loinc: "8867-4",
        beside: None,
    },
    Vital {
        metric: "respiratory_rate",
        unit: "/min",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-respiratory-rate",
        loinc: "9279-1",
        beside: None,
    },
    Vital {
        metric: "oxygen_saturation",
        unit: "%",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-pulse-oximetry",
        loinc: "59408-5",
        beside: Some("2708-6"),
    },
    Vital {
        metric: "body_temperature",
        unit: "Cel",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-body-temperature",
        loinc: "8310-5",
        beside: None,
    },
    Vital {
        metric: "height",
        unit: "cm",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-body-height",
        loinc: "8302-2",
        beside: None,
    },
    Vital {
        metric: "body_mass",
        unit: "kg",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-body-weight",
        loinc: "29463-7",
        beside: None,
    },
    Vital {
        metric: "body_mass_index",
        unit: "kg/m2",
        profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-bmi",
        loinc: "39156-5",
        beside: None,
    },
];

/// Single values of a blood pressure, which is a vital sign although it has no profile of its own.
const PRESSURES: [&str; 2] = ["blood_pressure_systolic", "blood_pressure_diastolic"];

/// What people do, by the beginning of the metric's id.
const ACTIVITIES: [&str; 6] = [
    "step_count",
    "distance_",
    "flights_climbed",
    "active_energy",
    "basal_energy",
    "apple_exercise",
];

/// The vital sign that a metric is.
pub(crate) fn vital(topic: &Topic<'_>) -> Option<&'static Vital> {
    let metric = topic.metric?;
    VITALS.iter().find(|vital| vital.metric == metric.id)
}

/// The category of a metric's observations, where there is one.
pub(crate) fn category(topic: &Topic<'_>) -> Option<Concept> {
    let metric = topic.metric?;
    let is_vital = vital(topic).is_some() || PRESSURES.contains(&metric.id);
    let is_activity = ACTIVITIES.iter().any(|start| metric.id.starts_with(start));
    match (is_vital, is_activity) {
        (true, _) => Some(Concept::category("vital-signs")),
        (false, true) => Some(Concept::category("activity")),
        (false, false) => (metric.id == "blood_glucose").then(|| Concept::category("laboratory")),
    }
}

/// What is measured: the codes of others first, then the id that reads back.
pub(crate) fn code(topic: &Topic<'_>) -> Concept {
    let Some(metric) = topic.metric else {
        return Concept {
            coding: vec![Coding::own("type", "own")],
            text: Some(Cow::Owned(topic.id.to_owned())),
        };
    };
    let mut coding = Vec::new();
    match (vital(topic), metric.loinc) {
        (Some(vital), _) => {
            coding.push(Coding::loinc(vital.loinc));
            coding.extend(vital.beside.map(Coding::loinc));
        }
        // Parts of LOINC stand for no observation.
        (None, Some(loinc)) if !loinc.starts_with("LP") => coding.push(Coding::loinc(loinc)),
        (None, _) => coding.extend(metric.healthkit.map(Coding::healthkit)),
    }
    coding.push(Coding::own("metric", metric.id));
    Concept {
        coding,
        text: Some(Cow::Owned(metric.id.replace('_', " "))),
    }
}

/// The value of a category: its code, and its name where it has one.
pub(crate) fn of_category(metric: &Metric, value: f64) -> Concept {
    let mut coding = Coding::own("category", &crate::fhir::runs::decimal(value));
    coding.display = category_name(metric, value).map(Cow::Borrowed);
    Concept {
        coding: vec![coding],
        text: None,
    }
}
