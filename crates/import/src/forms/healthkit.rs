//! Samples that an app reads from HealthKit and posts as they are: `{quantity_samples, category_samples,
//! workouts, correlation_samples, deleted_objects}`.
//!
//! Apps spell the members differently, so every spelling seen is taken. The two large arrays are read
//! in one pass without a tree; nothing is copied but what the batch keeps.

use std::fmt;

use model::category;
use model::metric::{Kind, Metric};
use model::record::{Body, Correlation, CorrelationMember, Record};
use model::sample::{Flags, Uid, uid_of};
use model::source::{Source, SourceNo};
use model::unit::Percent;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::batch::{Printed, RejectCode};
use crate::check::Refusal;
use crate::form::{self, Document, Form};
use crate::json::{self, Json, Name, ReadError};
use crate::live::{
    self, Intake, MALFORMED, Measurement, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID,
    TYPE_MISSING, Use, VALUE_MISSING, metadata, refusal,
};
use crate::session;

/// Samples in each array of one request.
pub const SAMPLES_MAX: u64 = 10_000;

const EXPECTED: &str = "an object with quantity_samples, category_samples, workouts, \
                        correlation_samples or deleted_objects";

const ARRAYS: [&str; 5] = [
    "quantity_samples",
    "category_samples",
    "workouts",
    "correlation_samples",
    "deleted_objects",
];

/// The form.
pub const FORM: Form = Form {
    name: "healthkit",
    about: "Samples, workouts and deletions that an app reads from HealthKit",
    source: "HealthKit",
    expected: EXPECTED,
    percent: Percent::Fraction,
    is_meant,
    read,
};

/// Whether a body has the members of this form.
fn is_meant(document: &Document<'_>) -> bool {
    // A null or empty array says what the body is as well as a full one.
    let fields = document.fields();
    fields.is_some_and(|fields| fields.names().any(|name| ARRAYS.contains(&name)))
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let fields = document.fields().filter(|_| is_meant(document));
    let fields = fields.ok_or(FORM.refusal())?;
    // A sample takes some 250 bytes of JSON.
    intake.reserve(document.text().len() / 250);
    for array in ["quantity_samples", "category_samples"] {
        let Some(raw) = fields.get(array) else {
            continue;
        };
        let pointer = format!("/{array}");
        json::each(raw, &pointer, SAMPLES_MAX, &mut |index, sample| {
            let place = Place {
                array: &pointer,
                index,
            };
            let Some(Some(sample)) = sample.map(|sample: Element<'_>| sample.0) else {
                return intake.reject(place, "", None, MALFORMED);
            };
            if let Err(refused) = take(&sample, Printed::TopLevel, intake) {
                intake.reject(place, refused.field, refused.type_index, refused.refusal);
            }
        })?;
    }
    for (array, take) in [
        (
            "workouts",
            session::take as fn(&Json<'_>, Place<'_>, &mut Intake<'_, '_, '_>),
        ),
        ("correlation_samples", take_correlation),
        ("deleted_objects", take_deletion),
    ] {
        if let Some(raw) = fields.get(array) {
            form::elements(raw, &format!("/{array}"), SAMPLES_MAX, intake, &mut {
                take
            })?;
        }
    }
    Ok(())
}

/// Takes a sample that another form prints as apps print those of HealthKit.
pub(super) fn take_object(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    if let Err(refused) = take(&printout(element), Printed::TopLevel, intake) {
        intake.reject(place, refused.field, refused.type_index, refused.refusal);
    }
}

/// A sample as it stands in the body.
#[derive(Debug, Default)]
struct Printout<'a> {
    identifier: Json<'a>,
    kind: Json<'a>,
    value: Json<'a>,
    unit: Json<'a>,
    start: Json<'a>,
    end: Json<'a>,
    source: Json<'a>,
    source_name: Json<'a>,
    bundle: Json<'a>,
    id: Json<'a>,
    device: Json<'a>,
    metadata: Json<'a>,
    zone: Json<'a>,
}

impl<'a> Printout<'a> {
    #[inline]
    fn member(&mut self, name: &str) -> Option<&mut Json<'a>> {
        Some(match name {
            "identifier" | "type_identifier" | "typeIdentifier" | "quantity_type"
            | "quantityType" | "category_type" | "categoryType" | "sample_type" | "sampleType" => {
                &mut self.identifier
            }
            "type" => &mut self.kind,
            "value" | "quantity" => &mut self.value,
            "unit" | "units" => &mut self.unit,
            "start_date" | "startDate" | "start_time" | "startTime" | "start" | "date"
            | "timestamp" => &mut self.start,
            "end_date" | "endDate" | "end_time" | "endTime" | "end" => &mut self.end,
            "source" | "source_revision" | "sourceRevision" => &mut self.source,
            "source_name" | "sourceName" => &mut self.source_name,
            "bundle_identifier" | "bundleIdentifier" | "source_bundle_id" => &mut self.bundle,
            "uuid" | "UUID" | "id" | "sample_id" => &mut self.id,
            "device" => &mut self.device,
            "metadata" => &mut self.metadata,
            "time_zone" | "timeZone" | "timezone" => &mut self.zone,
            _ => return None,
        })
    }

    /// The type; `type` is the kind of object in some bodies and the identifier in others.
    fn type_name(&self) -> Option<&str> {
        let kind = || {
            let kinds = ["quantity", "category", "workout", "correlation", "sample"];
            self.kind.text().filter(|text| !kinds.contains(text))
        };
        self.identifier.text().or_else(kind)
    }
}

/// One element of an array of samples; `None` when it is not an object.
struct Element<'a>(Option<Printout<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut printout = Printout::default();
        while let Some(Name(name)) = map.next_key()? {
            match printout.member(&name) {
                // The first spelling that says something wins over later ones that do not.
                Some(member) if member.is_null() => *member = map.next_value()?,
                Some(_) | None => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        Ok(Element(Some(printout)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Element(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Element(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Element(None))
    }
}

/// Why a sample is refused, and which of its members is to blame.
struct Refused {
    field: &'static str,
    type_index: Option<u32>,
    refusal: Refusal,
}

const fn refused(field: &'static str, type_index: Option<u32>, refusal: Refusal) -> Refused {
    Refused {
        field,
        type_index,
        refusal,
    }
}

/// Takes a sample in and tells what it was, for correlations.
fn take(
    sample: &Printout<'_>,
    printed: Printed,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(Use, Measurement), Refused> {
    let name = sample
        .type_name()
        .ok_or(refused("identifier", None, TYPE_MISSING))?;
    let unit = unit_text(sample);
    let to = intake
        .meaning(name, unit)
        .ok_or(refused("identifier", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let start =
        intake
            .moment(&sample.start)
            .ok_or(refused("start_date", type_index, TIME_INVALID))?;
    let end = if sample.end.is_null() {
        Some(start)
    } else {
        intake.moment(&sample.end)
    };
    let end = end.ok_or(refused("end_date", type_index, TIME_INVALID))?;
    let value = value(sample, to.metric).map_err(|why| refused("value", type_index, why))?;
    let source = source(sample, intake).ok_or(refused("source", type_index, NAMES_FULL))?;
    let uid: Option<Uid> = sample.id.text().map(uid_of);
    let named_zone = match sample.zone.text() {
        Some(zone) => Some(zone),
        None => sample.metadata.get("HKTimeZone").text(),
    };
    let zone_offset_min = named_zone
        .and_then(|zone| intake.seen_zone(start.at_us, zone))
        .or(start.offset_min);
    let what = Measurement {
        start_us: start.at_us,
        end_us: end.at_us,
        value,
        zone_offset_min,
        source,
        uid,
        flags: flags(&sample.metadata),
    };
    match intake.add_printed(to, what, printed) {
        Ok(()) => Ok((to, what)),
        Err(why) => {
            let field = live::blamed(why, ["start_date", "end_date", "unit", "value"]);
            Err(refused(field, type_index, why))
        }
    }
}

/// The unit stands beside the value or inside its object, bare or in an object of its own.
fn unit_text<'s>(sample: &'s Printout<'_>) -> &'s str {
    let bare = |json: &'s Json<'_>| {
        let inner = json.first_of(&["unit_string", "unitString", "symbol"]);
        json.text().or_else(|| inner.text())
    };
    bare(&sample.unit)
        .or_else(|| bare(sample.value.first_of(&["unit", "units"])))
        .unwrap_or_default()
}

fn value(sample: &Printout<'_>, metric: Option<&'static Metric>) -> Result<f64, Refusal> {
    let names = ["value", "quantity", "qty", "doubleValue", "double_value"];
    let value = sample.value.unwrapped(&names);
    let category = metric.filter(|metric| metric.kind == Kind::Category);
    let Some(category) = category else {
        let missing = if value.is_null() {
            VALUE_MISSING
        } else {
            NOT_A_VALUE
        };
        return value.number().ok_or(missing);
    };
    match value {
        Json::Null => category::category_code_when_absent(category).ok_or(VALUE_MISSING),
        Json::Number(code) if category::is_category_code(category, *code) => Ok(*code),
        Json::Text(text) => category::category_code(category, text).ok_or(NOT_A_VALUE),
        Json::Number(_) | Json::Bool(_) | Json::List(_) | Json::Object(_) => Err(NOT_A_VALUE),
    }
}

fn source(sample: &Printout<'_>, intake: &mut Intake<'_, '_, '_>) -> Option<SourceNo> {
    let inner = sample.source.get("source");
    let app = if inner.members().is_empty() {
        &sample.source
    } else {
        inner
    };
    let name = [
        &sample.source_name,
        &sample.source,
        app.first_of(&["name", "source_name", "sourceName"]),
        sample.device.get("name"),
    ];
    let name = name.into_iter().find_map(Json::text).unwrap_or_default();
    let bundle = app.first_of(&["bundle_identifier", "bundleIdentifier", "bundle_id"]);
    let app_id = sample.bundle.text().or(bundle.text());
    let is_plain = app_id.is_none() && sample.device.members().is_empty();
    if is_plain || name.is_empty() {
        return intake.source_named(name);
    }
    let device = device_text(&sample.device);
    let told = device.as_deref().unwrap_or_default();
    if let Some(no) = intake.known_source(name, told) {
        return Some(no);
    }
    let source = Source {
        app_id: app_id.map(str::to_owned),
        device: device.clone(),
        ..Source::named(name)
    };
    intake.source(told, source)
}

/// Manufacturer, model and hardware; never the software version, which changes with every update.
pub(crate) fn device_text(device: &Json<'_>) -> Option<String> {
    let parts = [
        device.get("manufacturer"),
        device.get("model"),
        device.first_of(&["hardware", "hardware_version", "hardwareVersion"]),
    ];
    let parts: Vec<&str> = parts.into_iter().filter_map(Json::text).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Metadata that changes how a sample is read.
fn flags(metadata: &Json<'_>) -> Flags {
    let mut flags = Flags::NONE;
    for (name, value) in metadata.members() {
        let code = value.number();
        let is = |expected: f64| code.is_some_and(|code| code.to_bits() == expected.to_bits());
        let flag = match name
            .trim_start_matches("HKMetadataKey")
            .trim_start_matches("HK")
        {
            "WasUserEntered" if value.truth() == Some(true) => Flags::MANUAL,
            "HeartRateMotionContext" if is(1.0) => Flags::SEDENTARY,
            "HeartRateMotionContext" if is(2.0) => Flags::ACTIVE,
            "FoodType" => Flags::variant_named(value.text().unwrap_or_default()),
            "BloodGlucoseMealTime" if is(1.0) => Flags::BEFORE_MEAL,
            "BloodGlucoseMealTime" if is(2.0) => Flags::AFTER_MEAL,
            _ => Flags::NONE,
        };
        flags = flags.with(flag);
    }
    flags
}

/// A member that was taken in: how it is read, what it measured, the type as printed.
type Member = (Use, Measurement, String);

/// A correlation: its members are samples, and the record keeps them together.
fn take_correlation(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let heading = printout(element);
    let Some(name) = heading.type_name().map(correlation_id) else {
        return intake.reject(place, "identifier", None, TYPE_MISSING);
    };
    let taken = take_members(element, &heading, place, intake);
    let Some((_, first, _)) = taken.first().cloned() else {
        let nothing = refusal(
            RejectCode::ValueMissing,
            "the correlation has no readable member",
        );
        return intake.reject(place, "objects", None, nothing);
    };
    let start_us = intake
        .moment(&heading.start)
        .map_or(first.start_us, |at| at.at_us);
    let end_us = intake
        .moment(&heading.end)
        .map_or(first.end_us, |at| at.at_us);
    let members = taken.into_iter().filter_map(|taken| member(taken, intake));
    let members: Vec<CorrelationMember> = members.collect();
    let key = intake.source_key(first.source);
    let values = members
        .iter()
        .map(|member| format!("{}={}", member.metric, member.value));
    let values: Vec<String> = values.collect();
    let record = Record {
        start_us,
        end_us,
        zone: None,
        source: first.source,
        uid: heading.id.text().map(uid_of),
        identity: format!("{name}|{start_us}|{end_us}|{key}|{}", values.join("|")),
        body: Body::Correlation(Correlation {
            correlation: name,
            members,
            metadata: metadata(&heading.metadata),
        }),
    };
    if let Err(why) = intake.add_record(record) {
        intake.reject(place, "start_date", None, why);
    }
}

/// The members of a correlation; what they do not say themselves is the correlation's.
fn take_members(
    element: &Json<'_>,
    heading: &Printout<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Vec<Member> {
    let names = [
        "objects",
        "samples",
        "correlated_objects",
        "quantity_samples",
    ];
    let (name, members) = element.named(&names).unwrap_or(("objects", &Json::Null));
    let array = format!("{}/{}/{name}", place.array, place.index);
    let mut taken = Vec::new();
    for (index, member) in (0_u64..).zip(members.elements()) {
        let mut sample = printout(member);
        for (own, shared) in [
            (&mut sample.start, &heading.start),
            (&mut sample.end, &heading.end),
            (&mut sample.source, &heading.source),
            (&mut sample.source_name, &heading.source_name),
        ] {
            if own.is_null() {
                own.clone_from(shared);
            }
        }
        match take(&sample, Printed::InCorrelation, intake) {
            Ok((to, what)) => {
                taken.push((to, what, sample.type_name().unwrap_or_default().to_owned()));
            }
            Err(why) => {
                let place = Place {
                    array: &array,
                    index,
                };
                intake.reject(place, why.field, why.type_index, why.refusal);
            }
        }
    }
    taken
}

fn member((to, what, printed): Member, intake: &Intake<'_, '_, '_>) -> Option<CorrelationMember> {
    Some(CorrelationMember {
        metric: to.metric.map_or(printed, |metric| metric.id.to_owned()),
        value: intake.canonical(to, what.value).ok()?,
        unit: to
            .metric
            .map_or_else(String::new, |metric| metric.unit.ucum().to_owned()),
        start_us: what.start_us,
        end_us: what.end_us,
    })
}

fn correlation_id(identifier: &str) -> String {
    match identifier {
        "HKCorrelationTypeIdentifierBloodPressure" | "blood_pressure" => "blood_pressure",
        "HKCorrelationTypeIdentifierFood" | "food" => "food",
        other => other,
    }
    .to_owned()
}

/// The members of an element that is already a tree.
fn printout<'a>(element: &Json<'a>) -> Printout<'a> {
    let mut printout = Printout::default();
    for (name, value) in element.members() {
        if let Some(member) = printout.member(name)
            && member.is_null()
        {
            member.clone_from(value);
        }
    }
    printout
}

/// A deleted object: its id, alone or with its type.
fn take_deletion(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let printout = printout(element);
    let Some(id) = element.text().or_else(|| printout.id.text()) else {
        return intake.reject(place, "uuid", None, MALFORMED);
    };
    let metric = printout.type_name().and_then(model::metric::by_name);
    intake.delete(uid_of(id), metric.map(|metric| metric.no));
}
