//! The resources and types of FHIR R4 that an export has, element by element in the order of the specification.

use std::borrow::Cow;

use model::sample::Sample;
use serde::Serialize;

use crate::Topic;
use crate::text::instant;

/// The system of what others have no code for; `:` and a name follow.
const OWN: &str = "urn:x-clarity";
const UCUM: &str = "http://unitsofmeasure.org";

type Text = Cow<'static, str>;

fn own(name: &str) -> Text {
    Cow::Owned(format!("{OWN}:{name}"))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Patient {
    pub(crate) resource_type: &'static str,
    id: &'static str,
}

impl Patient {
    /// Whose data it is, without saying who.
    pub(crate) const UNNAMED: Self = Self {
        resource_type: "Patient",
        id: "self",
    };
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) resource_type: &'static str,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) extension: Vec<Extension>,
    pub(crate) identifier: Vec<Identifier>,
    #[serde(rename = "deviceName")]
    pub(crate) names: Vec<DeviceName>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DeviceName {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observation<'a> {
    pub(crate) resource_type: &'static str,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<Meta>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) extension: Vec<Extension>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) identifier: Vec<Identifier>,
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) category: Vec<Concept>,
    pub(crate) code: Concept,
    pub(crate) subject: Reference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effective_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effective_period: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_codeable_concept: Option<Concept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_sampled_data: Option<SampledData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) component: Vec<Component>,
}

impl Observation<'_> {
    /// A final observation of the person, without time and value yet.
    pub(crate) fn of_patient() -> Self {
        Self {
            resource_type: "Observation",
            id: String::new(),
            meta: None,
            extension: Vec::new(),
            identifier: Vec::new(),
            status: "final",
            category: Vec::new(),
            code: Concept::default(),
            subject: Reference::PATIENT,
            effective_date_time: None,
            effective_period: None,
            value_quantity: None,
            value_codeable_concept: None,
            value_sampled_data: None,
            device: None,
            component: Vec::new(),
        }
    }

    /// Sets when it was: an instant, or an interval.
    pub(crate) fn at(&mut self, sample: &Sample) {
        let text = |at_us| instant(at_us, sample.zone_offset_min);
        if sample.start_us == sample.end_us {
            self.effective_date_time = Some(text(sample.start_us));
        } else {
            self.effective_period = Some(Period {
                start: text(sample.start_us),
                end: text(sample.end_us),
            });
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Meta {
    profile: [&'static str; 1],
}

impl Meta {
    pub(crate) const fn profile(address: &'static str) -> Self {
        Self { profile: [address] }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extension {
    url: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_integer: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_decimal: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_string: Option<String>,
}

impl Extension {
    fn named(name: &str) -> Self {
        Self {
            url: own(name),
            value_integer: None,
            value_decimal: None,
            value_code: None,
            value_string: None,
        }
    }

    pub(crate) fn integer(name: &str, value: i64) -> Self {
        Self {
            value_integer: Some(value),
            ..Self::named(name)
        }
    }

    pub(crate) fn decimal(name: &str, value: f64) -> Self {
        Self {
            value_decimal: Some(value),
            ..Self::named(name)
        }
    }

    pub(crate) fn code(name: &str, value: String) -> Self {
        Self {
            value_code: Some(value),
            ..Self::named(name)
        }
    }

    pub(crate) fn text(name: &str, value: String) -> Self {
        Self {
            value_string: Some(value),
            ..Self::named(name)
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Identifier {
    system: Text,
    value: String,
}

impl Identifier {
    pub(crate) fn own(name: &str, value: String) -> Self {
        Self {
            system: own(name),
            value,
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Concept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) coding: Vec<Coding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Text>,
}

impl Concept {
    /// A category of observations.
    pub(crate) fn category(code: &'static str) -> Self {
        Self {
            coding: vec![Coding {
                system: Cow::Borrowed("http://terminology.hl7.org/CodeSystem/observation-category"),
                code: Cow::Borrowed(code),
                display: None,
            }],
            text: None,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Coding {
    system: Text,
    code: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) display: Option<Text>,
}

impl Coding {
    /// A code of LOINC.
    pub(crate) const fn loinc(code: &'static str) -> Self {
        Self {
            system: Cow::Borrowed("http://loinc.org"),
            code: Cow::Borrowed(code),
            display: None,
        }
    }

    /// A type of HealthKit.
    pub(crate) const fn healthkit(identifier: &'static str) -> Self {
        Self {
            system: Cow::Borrowed("http://developer.apple.com/documentation/healthkit"),
            code: Cow::Borrowed(identifier),
            display: None,
        }
    }

    /// A code of this program.
    pub(crate) fn own(name: &str, code: &str) -> Self {
        Self {
            system: own(name),
            code: Cow::Owned(code.to_owned()),
            display: None,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Reference<'a> {
    reference: Cow<'a, str>,
}

impl Reference<'_> {
    /// The person.
    pub(crate) const PATIENT: Self = Self {
        reference: Cow::Borrowed("Patient/self"),
    };

    pub(crate) fn to_device(id: &str) -> Self {
        Self {
            reference: Cow::Owned(format!("Device/{id}")),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Period {
    pub(crate) start: String,
    pub(crate) end: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Quantity {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Text>,
}

impl Quantity {
    /// A value in a UCUM unit.
    pub(crate) fn of(value: f64, ucum: &str) -> Self {
        let unit: Text = Cow::Owned(ucum.to_owned());
        Self {
            value,
            unit: Some(unit.clone()),
            system: Some(UCUM),
            code: Some(unit),
        }
    }

    /// A value of a metric in the unit that its profile asks for, where it converts there and back without loss.
    pub(crate) fn in_profile(topic: &Topic<'_>, value: f64) -> Self {
        if topic.metric.is_some_and(|metric| metric.id == "height")
            && let Some(centimetres) = hundredfold(value)
        {
            return Self::of(centimetres, "cm");
        }
        Self::of(value, topic.unit).in_words(topic)
    }

    /// The same, whose unit is only a text for a type that the catalogue does not know.
    pub(crate) fn in_words(self, topic: &Topic<'_>) -> Self {
        if topic.metric.is_some() {
            return self;
        }
        Self {
            system: None,
            code: None,
            unit: self.unit.filter(|unit| !unit.is_empty()),
            ..self
        }
    }
}

/// A hundred times a value, where a hundredth of it is the value again.
fn hundredfold(value: f64) -> Option<f64> {
    let near = value * 100.0;
    let tries = [
        near,
        (near * 1e6).round() / 1e6,
        near.next_up(),
        near.next_down(),
    ];
    tries
        .into_iter()
        .find(|tried| (tried / 100.0).to_bits() == value.to_bits())
}

#[derive(Debug, Serialize)]
pub(crate) struct SampledData {
    pub(crate) origin: Quantity,
    pub(crate) period: f64,
    pub(crate) dimensions: u32,
    pub(crate) data: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Component {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) extension: Vec<Extension>,
    pub(crate) code: Concept,
    pub(crate) value_quantity: Quantity,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentReference<'a> {
    pub(crate) resource_type: &'static str,
    pub(crate) id: String,
    pub(crate) status: &'static str,
    #[serde(rename = "type")]
    pub(crate) kind: Concept,
    pub(crate) subject: Reference<'a>,
    pub(crate) date: String,
    pub(crate) author: Vec<Reference<'a>>,
    pub(crate) content: Vec<Content>,
    pub(crate) context: Related,
}

#[derive(Debug, Serialize)]
pub(crate) struct Content {
    pub(crate) attachment: Attachment,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attachment {
    pub(crate) content_type: &'static str,
    pub(crate) data: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Related {
    pub(crate) period: Period,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationOutcome {
    pub(crate) resource_type: &'static str,
    pub(crate) issue: Vec<Issue>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Issue {
    pub(crate) severity: &'static str,
    pub(crate) code: &'static str,
    pub(crate) diagnostics: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_in_centimetres_are_the_same_heights() {
        let mut kept = 0;
        for millimetres in 400..2_500 {
            let metres = f64::from(millimetres) / 1_000.0;
            if let Some(centimetres) = hundredfold(metres) {
                assert_eq!((centimetres / 100.0).to_bits(), metres.to_bits());
                kept += 1;
            }
        }
        // The others stay in metres: a number that reads back otherwise would be another height.
        assert!(kept > 1_800, "{kept} of 2,100");
    }
}
