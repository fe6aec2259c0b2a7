//! The header and the times of a data point.

use std::fmt::Write as _;

use model::sample::{Flags, Sample, uid_of};
use model::source::{Source, SourceClass};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Row;
use crate::text::{instant, is_printable};

/// A published schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    namespace: &'static str,
    name: &'static str,
    version: &'static str,
}

impl Schema {
    pub(crate) const fn omh(name: &'static str, version: &'static str) -> Self {
        Self {
            namespace: "omh",
            name,
            version,
        }
    }

    pub(crate) const fn ieee(name: &'static str) -> Self {
        Self {
            namespace: "ieee",
            name,
            version: "1.0",
        }
    }
}

/// Which times a schema takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// An instant or an interval.
    Any,
    /// An interval, also of no length.
    Interval,
}

/// The source of a point as it reads back.
#[derive(Debug, Clone, Serialize)]
struct Origin {
    name: String,
    class: SourceClass,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
}

/// What the standard has no member for.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Marks {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    /// Where the text of a time does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset_min: Option<i16>,
    /// Marks of the second value of a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beside: Option<Box<Marks>>,
    /// The whole record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Value>,
}

impl Marks {
    /// Marks without a source.
    pub(crate) fn of_sample(sample: &Sample) -> Self {
        let offset = sample.zone_offset_min;
        Self {
            flags: Some(sample.flags.bits()).filter(|bits| *bits != 0),
            uid: sample.uid.map(|uid| format!("{uid:016x}")),
            offset_min: offset.filter(|minutes| *minutes == 0 || !is_printable(offset)),
            ..Self::default()
        }
    }
}

/// What the standard has no member for, of a sample and its source.
pub(crate) fn marks(row: &Row<'_>) -> Marks {
    Marks {
        source: Some(origin(row.source)),
        ..Marks::of_sample(row.sample)
    }
}

fn origin(source: &Source) -> Origin {
    Origin {
        name: source.name.clone(),
        class: source.class,
        device: source.device.clone(),
        app_id: source.app_id.clone(),
    }
}

/// The header of a point.
pub(crate) fn header(schema: Schema, row: &Row<'_>, marks: &Marks) -> Value {
    let sample = row.sample;
    let is_manual = sample.flags.contains(Flags::MANUAL);
    let content = format!(
        "{}|{}|{}|{}|{}",
        schema.name,
        sample.start_us,
        sample.end_us,
        sample.value,
        serde_json::to_string(marks).unwrap_or_default()
    );
    json!({
        "uuid": uuid(&content),
        "schema_id": schema_id(schema),
        "source_creation_date_time": instant(sample.end_us, sample.zone_offset_min),
        "modality": if is_manual { "self-reported" } else { "sensed" },
        "external_datasheets": [{
            "datasheet_type": "source",
            "datasheet_reference": reference(&row.source.name),
        }],
        "x_clarity": marks,
    })
}

/// The header of the point that ends an export.
pub(crate) fn report_header(at_us: i64) -> Value {
    let schema = Schema {
        namespace: "x-clarity",
        name: "export-report",
        version: "1.0",
    };
    json!({
        "uuid": uuid(&format!("export-report|{at_us}")),
        "schema_id": schema_id(schema),
        "source_creation_date_time": instant(at_us, None),
    })
}

fn schema_id(schema: Schema) -> Value {
    let Schema {
        namespace,
        name,
        version,
    } = schema;
    json!({ "namespace": namespace, "name": name, "version": version })
}

/// When a sample was.
pub(crate) fn frame(sample: &Sample, stretch: Stretch) -> Value {
    let text = |at_us| instant(at_us, sample.zone_offset_min);
    if sample.start_us == sample.end_us && stretch == Stretch::Any {
        return json!({ "date_time": text(sample.start_us) });
    }
    json!({
        "time_interval": {
            "start_date_time": text(sample.start_us),
            "end_date_time": text(sample.end_us),
        }
    })
}

/// A name as a reference, which the standard wants as an IRI.
fn reference(name: &str) -> String {
    let mut iri = "urn:x-clarity:source:".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            iri.push(char::from(byte));
        } else {
            let _ = write!(iri, "%{byte:02X}");
        }
    }
    iri
}

/// A UUID (version 8) that follows from content.
fn uuid(content: &str) -> String {
    let high = uid_of(content).get();
    let low = uid_of(&format!("{content}|")).get();
    let high = (high & !0xf000) | 0x8000;
    let low = (low & !(3 << 62)) | (1 << 63);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_content() {
        let id = uuid("a");
        assert_eq!(id, uuid("a"));
        assert_ne!(id, uuid("b"));
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'8');
        assert!(
            matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
            "{id}"
        );
    }

    #[test]
    fn references_are_plain() {
        assert_eq!(
            reference("Max’s W"),
            "urn:x-clarity:source:Max%E2%80%99s%20W"
        );
    }
}
