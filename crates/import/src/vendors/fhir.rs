//! FHIR R4: bundles, single resources, and one resource on each line, as clinics and programs hand them out.
//!
//! Observations of a known LOINC code become samples, by their UCUM unit; every other resource is kept as it came.
//! Who the patient is must never be read. What was entered in error was never measured, and takes an earlier import of
//! the same resource back. Exports of this program say more, which `own` reads.

mod own;

use std::io::Read;

use model::metric::{self, Metric};
use model::record::{Body, ClinicalRecord, Record};
use model::sample::{Flags, MINUTE_US, Uid, uid_of};
use model::source::{SourceClass, SourceNo};

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::clock;
use crate::json::Json;
use crate::live::{
    self, Measurement, NAMES_FULL, NOT_A_VALUE, TIME_INVALID, Use, VALUE_MISSING, refusal,
};
use crate::vendors::desk::Spot;
use crate::vendors::elements::{self, Which};
use crate::vendors::{Desk, Member, Reader, Vendor, VendorError, lines};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "fhir",
    about: "FHIR R4: a bundle, a resource, or one on each line; observations become samples, the rest is kept",
    title: "FHIR",
    is_meant: |member| member.begins("{") && member.holds("\"resourceType\""),
    open: || Box::new(Fhir::default()),
};

const LOINC: &str = "http://loinc.org";

/// Codes beside those of the catalogue.
const CODES: &[(&str, &str)] = &[
    ("15074-8", "blood_glucose"),
    ("2339-0", "blood_glucose"),
    ("41950-7", "step_count"),
    ("2708-6", "oxygen_saturation"),
    ("3141-9", "body_mass"),
    ("8310-5", "body_temperature"),
];

/// Values of one resource with sampled data: a day at 25 a second.
const VALUES_MAX: usize = 2_160_000;

/// The code of a blood pressure, which has its two values as components.
const NOT_KNOWN: Refusal = refusal(
    RejectCode::TypeMissing,
    "the resource has no type; a FHIR resource names its resourceType",
);

#[derive(Debug, Default)]
struct Fhir {
    sources: own::Sources,
}

impl Reader for Fhir {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let mut take = |spot: Spot<'_>, one: &Json<'_>, desk: &mut Desk<'_, '_, '_>| {
            self.sources.resource(spot, one, desk);
            Ok(())
        };
        if is_bundle(member) {
            desk.count_member("bundle");
            let which = Which::Named("entry");
            return elements::trees(input, ("bundle", which), desk, &mut |spot, one, desk| {
                take(spot, one.get("resource"), desk)
            });
        }
        if lines::is_lines(member) {
            desk.count_member("resources");
            return lines::each(input, "resources", desk, &mut take);
        }
        desk.count_member("resource");
        elements::document(input, "resource", desk, &mut |json, desk| {
            let spot = Spot {
                kind: "resource",
                position: crate::batch::Position::Index(0),
            };
            self.sources.resource(spot, json, desk);
            Ok(())
        })
    }
}

/// Whether a document is a bundle: the first resource that it names is one, or its entries come before.
fn is_bundle(member: &Member<'_>) -> bool {
    let find = |what: &[u8]| memchr::memmem::find(member.head, what);
    let Some(at) = find(b"\"resourceType\"") else {
        return false;
    };
    let named = member.head.get(at + 14..).unwrap_or_default();
    let named = named.trim_ascii_start().strip_prefix(b":").unwrap_or(named);
    let is_named = named.trim_ascii_start().starts_with(b"\"Bundle\"");
    is_named || find(b"\"entry\"").is_some_and(|entry| entry < at)
}

impl own::Sources {
    fn resource(&mut self, spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
        match json.get("resourceType").text() {
            None => desk.refuse(spot, "resourceType", None, NOT_KNOWN),
            Some("Patient" | "Person" | "RelatedPerson" | "Practitioner") => {
                desk.leave("people", "who somebody is, and no measurement");
            }
            Some("Bundle") => {
                for entry in json.get("entry").elements() {
                    if entry.get("resource").get("resourceType").text() != Some("Bundle") {
                        self.resource(spot, entry.get("resource"), desk);
                    }
                }
            }
            Some("OperationOutcome") => {
                desk.leave("messages of a server", "no resources of a person");
            }
            Some("Observation") => self.observation(spot, json, desk),
            Some("Device") if self.device(json, desk) => {}
            Some("DocumentReference") if own::is_record(json) => {
                self.record(spot, json, desk);
            }
            Some(_) => keep(spot, json, desk),
        }
    }
}

/// What a coded thing is.
#[derive(Debug, Clone, Copy)]
enum What<'j> {
    /// A metric of the catalogue.
    Known(&'static Metric),
    /// A type that an export of this program names.
    Named(&'j str),
}

impl What<'_> {
    const fn id(&self) -> &str {
        match self {
            Self::Known(metric) => metric.id,
            Self::Named(name) => name,
        }
    }

    fn meaning(self, unit: &str, desk: &mut Desk<'_, '_, '_>) -> Option<Use> {
        match self {
            Self::Known(metric) => desk.intake.meaning_of(metric, unit),
            Self::Named(name) => desk.intake.meaning(name, unit),
        }
    }
}

fn what_of<'j>(code: &'j Json<'_>) -> Option<What<'j>> {
    if let Some(what) = own::what_of(code) {
        return Some(what);
    }
    let metric = code.get("coding").elements().iter().find_map(|coding| {
        if coding.get("system").text() != Some(LOINC) {
            return None;
        }
        let code = coding.get("code").text()?;
        let listed = CODES.iter().find(|(known, _)| *known == code);
        match listed {
            Some((_, id)) => metric::by_id(id),
            None => metric::CATALOGUE.iter().find(|row| row.loinc == Some(code)),
        }
    });
    metric.map(What::Known)
}

/// When something was: start, end, and the offset that was printed.
fn span(json: &Json<'_>, desk: &Desk<'_, '_, '_>) -> Option<(i64, i64, Option<i16>)> {
    let at = |text: &Json<'_>| instant(text.text()?, desk);
    let period = json.get("effectivePeriod");
    if !period.is_null() {
        let (start_us, offset_min) = at(period.get("start"))?;
        let end_us = at(period.get("end")).map_or(start_us, |(end_us, _)| end_us);
        return Some((start_us, end_us, offset_min));
    }
    let names = [
        "effectiveDateTime",
        "effectiveInstant",
        "authoredOn",
        "recordedDate",
        "occurrenceDateTime",
        "performedDateTime",
        "onsetDateTime",
        "date",
        "issued",
    ];
    let (at_us, offset_min) = names.iter().find_map(|name| at(json.get(name)))?;
    Some((at_us, at_us, offset_min))
}

/// A time with its offset; a date without a time is at noon of the person's day.
fn instant(text: &str, desk: &Desk<'_, '_, '_>) -> Option<(i64, Option<i16>)> {
    let parsed = clock::parse(text.trim().as_bytes())?;
    if parsed.is_date {
        let noon_us = parsed.local_us + 12 * 60 * MINUTE_US;
        return Some((desk.local(noon_us)?, None));
    }
    desk.moment(text)
}

struct About {
    id: String,
    source: SourceNo,
    at: (i64, i64),
    offset_min: Option<i16>,
}

impl own::Sources {
    fn observation(&mut self, spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
        let id = elements::id(json.get("id"));
        let components = json.get("component").elements();
        let parts: Vec<(What<'_>, &Json<'_>)> = if components.is_empty() {
            let what = what_of(json.get("code"));
            what.map(|what| (what, json)).into_iter().collect()
        } else {
            let known = components.iter();
            known
                .filter_map(|part| Some((what_of(part.get("code"))?, part)))
                .collect()
        };
        let status = json.get("status").text();
        if matches!(status, Some("entered-in-error" | "cancelled")) {
            desk.leave("observations", "entered in error or cancelled");
            take_back(&id, &parts, desk);
            return;
        }
        if parts.is_empty() {
            keep(spot, json, desk);
            return;
        }
        let Some((start_us, end_us, offset_min)) = span(json, desk) else {
            desk.refuse(spot, "effectiveDateTime", None, TIME_INVALID);
            return;
        };
        if !components.is_empty() && parts.len() < components.len() {
            desk.leave("components of observations", "no metric has their code");
        }
        let Some(source) = self.of(json.get("device"), desk) else {
            desk.refuse(spot, "device", None, NAMES_FULL);
            return;
        };
        let about = About {
            id,
            source,
            at: (start_us, end_us),
            offset_min: own::offset(json, offset_min),
        };
        for (what, part) in parts {
            let result = value(what, part, &about, desk);
            if let Err((field, why)) = result {
                desk.refuse(spot, field, None, why);
            }
        }
    }
}

fn take_back(id: &str, parts: &[(What<'_>, &Json<'_>)], desk: &mut Desk<'_, '_, '_>) {
    for (what, _) in parts {
        if let What::Known(metric) = what
            && !id.is_empty()
        {
            let uid = uid_of(&format!("{id}/{}", metric.id));
            desk.intake.delete(uid, Some(metric.no));
        }
    }
}

type Refused = (&'static str, Refusal);

/// Adds the value of an observation or of one of its components.
fn value(
    what: What<'_>,
    part: &Json<'_>,
    about: &About,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), Refused> {
    let marks = own::marks(part).unwrap_or_else(|| own::Marks {
        uid: (!about.id.is_empty()).then(|| uid_of(&format!("{}/{}", about.id, what.id()))),
        ..own::Marks::default()
    });
    let sampled = part.get("valueSampledData");
    if !sampled.is_null() {
        return series(what, sampled, (about, &marks), desk);
    }
    let quantity = part.get("valueQuantity");
    let number = elements::plain(quantity.get("value"))
        .or_else(|| elements::plain(part.get("valueInteger")))
        .or_else(|| own::category(part.get("valueCodeableConcept")));
    let number = number.ok_or(("valueQuantity", VALUE_MISSING))?;
    let to = meaning(what, quantity, desk)?;
    let what = Measured {
        at: about.at,
        uid: marks.uid,
        flags: marks.flags,
    };
    add(to, number, what, about, desk)
}

fn meaning(
    what: What<'_>,
    quantity: &Json<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<Use, Refused> {
    let unit = match what {
        What::Known(_) => unit_of(quantity),
        What::Named(_) => quantity.get("unit").text().unwrap_or_default().to_owned(),
    };
    what.meaning(&unit, desk).ok_or(("code", NAMES_FULL))
}

/// What a value has beside what its observation has.
#[derive(Debug, Clone, Copy)]
struct Measured {
    at: (i64, i64),
    uid: Option<Uid>,
    flags: Flags,
}

fn add(
    to: Use,
    value: f64,
    one: Measured,
    about: &About,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), Refused> {
    let what = Measurement {
        start_us: one.at.0,
        end_us: one.at.1,
        value,
        zone_offset_min: about.offset_min,
        source: about.source,
        uid: one.uid,
        flags: one.flags,
    };
    desk.intake.add(to, what).map_err(|why| {
        let names = [
            "effectivePeriod/start",
            "effectivePeriod/end",
            "valueQuantity/code",
            "valueQuantity/value",
        ];
        (live::blamed(why, names), why)
    })
}

/// The unit of a quantity: its code, else its text. What is in braces is a remark.
fn unit_of(quantity: &Json<'_>) -> String {
    let text = quantity.get("code").text().or(quantity.get("unit").text());
    let mut plain = String::new();
    let mut is_remark = false;
    for letter in text.unwrap_or_default().chars() {
        match letter {
            '{' => is_remark = true,
            '}' => is_remark = false,
            letter if !is_remark => plain.push(letter),
            _ => {}
        }
    }
    // `{steps}/min` and `/min` are one.
    plain
}

/// Values of equal distance: the origin and a multiple of each number. Letters are no values.
fn series(
    what: What<'_>,
    sampled: &Json<'_>,
    (about, marks): (&About, &own::Marks),
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), Refused> {
    const DATA: &str = "valueSampledData";
    let number = |name: &str| elements::plain(sampled.get(name));
    let origin =
        elements::plain(sampled.get("origin").get("value")).ok_or((DATA, VALUE_MISSING))?;
    let period_ms = number("period").filter(|ms| *ms > 0.0);
    let period_ms = period_ms.ok_or((DATA, NOT_A_VALUE))?;
    let factor = number("factor").unwrap_or(1.0);
    let is_flat = number("dimensions").is_none_or(|count| count.to_bits() == 1.0_f64.to_bits());
    let data = sampled.get("data").text().ok_or((DATA, VALUE_MISSING))?;
    if !is_flat {
        return Err((DATA, NOT_A_VALUE));
    }
    let to = meaning(what, sampled.get("origin"), desk)?;
    let mut result = Ok(());
    let words = data.split_ascii_whitespace().take(VALUES_MAX);
    for (word, index) in words.zip(0_u32..) {
        let Some(multiple) = crate::vendors::table::number(word) else {
            desk.leave("sampled data", "no value, or beyond what is measured");
            continue;
        };
        let at_us = crate::track::after_seconds(about.at.0, f64::from(index) * period_ms / 1_000.0);
        let one = Measured {
            at: (at_us, at_us.saturating_add(marks.length_us)),
            uid: None,
            flags: marks.flags,
        };
        let added = add(to, origin + factor * multiple, one, about, desk);
        result = result.and(added);
    }
    result
}

/// Keeps a resource as it came, under its own date or else the time of the import.
fn keep(spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(source) = desk.source("", SourceClass::App) else {
        return;
    };
    let now_us = desk.intake.context().now_us;
    let (start_us, end_us, _) = span(json, desk).unwrap_or((now_us, now_us, None));
    let kind = json
        .get("resourceType")
        .text()
        .unwrap_or_default()
        .to_owned();
    let id = elements::id(json.get("id"));
    let text = json.to_string();
    let identity = if id.is_empty() {
        format!("{kind}|{:016x}", uid_of(&text))
    } else {
        format!("{kind}|{id}")
    };
    let record = Record {
        start_us,
        end_us,
        zone: None,
        source,
        uid: None,
        identity,
        body: Body::ClinicalRecord(ClinicalRecord {
            resource: kind,
            identifier: id,
            fhir_version: "4.0.1".to_owned(),
            path: String::new(),
            source_url: String::new(),
            json: Some(text),
        }),
    };
    if let Err(why) = desk.intake.add_record(record) {
        desk.refuse(spot, "date", None, why);
    }
}
