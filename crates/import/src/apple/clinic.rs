//! Hearing tests, prescriptions of glasses, and documents of clinics.
//!
//! A clinic's document is announced by a `ClinicalRecord` element and lies beside it as a file. The
//! order of the two in an archive is not fixed, so each becomes a record of its own; they are joined
//! by their equal [`ClinicalRecord::path`]. The element has no `json`, the file no `identifier`.

use std::io::Read;

use model::record::{
    Audiogram, Body, ClinicalRecord, Metadata, Record, SensitivityPoint, VisionPrescription,
};
use model::sample::DAY_US;

use crate::apple::ReadError;
use crate::apple::dates;
use crate::apple::reading::{Heading, Reading, SourceTag, identity, refusal};
use crate::apple::scan::Tag;
use crate::apple::text::{decode, snake_case};
use crate::apple::workout::{archive_path, pairs};
use crate::batch::{Fact, RejectCode};

/// Bytes of one document of a clinic; larger ones hold scans.
const DOCUMENT_BYTES_MAX: u64 = 4 << 20;

/// A hearing test or prescription whose end is to come.
#[derive(Debug)]
pub(crate) enum OpenClinic {
    Audiogram(Option<Heading>, Audiogram),
    Vision(Option<Heading>, VisionPrescription),
}

impl OpenClinic {
    pub(crate) fn audiogram(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Self {
        Self::Audiogram(Heading::read(tag, reading), Audiogram::default())
    }

    pub(crate) fn vision(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Self {
        let other = tag.attributes().filter(|(name, value)| {
            !value.is_empty()
                && !matches!(
                    *name,
                    b"type" | b"dateIssued" | b"sourceName" | b"sourceVersion" | b"device"
                )
        });
        let vision = VisionPrescription {
            prescription: snake_case(&decode(tag.get(b"type").unwrap_or_default())),
            metadata: pairs(other),
            ..VisionPrescription::default()
        };
        Self::Vision(vision_heading(tag, reading), vision)
    }

    pub(crate) const fn heading(&self) -> Option<Heading> {
        match self {
            Self::Audiogram(heading, _) | Self::Vision(heading, _) => *heading,
        }
    }

    pub(crate) fn child(&mut self, tag: &Tag<'_>) -> bool {
        match (self, tag.name) {
            (Self::Audiogram(_, audiogram), b"SensitivityPoint") => {
                audiogram.points.extend(sensitivity(tag));
            }
            (
                Self::Audiogram(_, Audiogram { metadata, .. })
                | Self::Vision(_, VisionPrescription { metadata, .. }),
                b"MetadataEntry",
            ) => {
                let value = |name: &[u8]| tag.get(name).unwrap_or_default();
                metadata.extend(pairs([(value(b"key"), value(b"value"))].into_iter()));
            }
            (Self::Vision(_, vision), b"RightEye") => vision.right_eye = eye(tag),
            (Self::Vision(_, vision), b"LeftEye") => vision.left_eye = eye(tag),
            (Self::Vision(_, vision), b"Attachment") => {
                vision.metadata.extend(pairs(tag.attributes()));
            }
            _ => return false,
        }
        true
    }

    pub(crate) fn finish(self, reading: &mut Reading<'_, '_>) {
        let (heading, body, name) = match self {
            Self::Audiogram(heading, audiogram) => {
                (heading, Body::Audiogram(audiogram), String::new())
            }
            Self::Vision(heading, vision) => {
                let name = vision.prescription.clone();
                (heading, Body::VisionPrescription(vision), name)
            }
        };
        let Some(heading) = heading else {
            return;
        };
        let source = reading.sources.key(heading.source);
        let identity = identity(&[&heading.start_us.to_string(), source, &name]);
        reading.record(heading.position, heading.record(identity, body));
    }
}

/// A prescription has a date instead of an interval, and names no source.
fn vision_heading(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Option<Heading> {
    let position = tag.position;
    let issued = tag.get(b"dateIssued").unwrap_or_default();
    let Some(at_us) = day_or_date(issued, reading) else {
        let refused = refusal(RejectCode::TimeInvalid, "the date cannot be read");
        reading.reject(None, position, "dateIssued", refused);
        return None;
    };
    let source = match tag.get(b"sourceName") {
        Some(name) => reading.source(&SourceTag {
            name,
            ..SourceTag::default()
        }),
        None => reading.exporter(),
    };
    Some(Heading {
        position,
        start_us: at_us,
        end_us: at_us,
        source: source?,
    })
}

fn day_or_date(text: &[u8], reading: &mut Reading<'_, '_>) -> Option<i64> {
    match <&[u8; 10]>::try_from(text) {
        Ok(day) => dates::day(day).map(|day| day * DAY_US),
        Err(_) => reading.dates.read(text).map(|printed| printed.at_us),
    }
}

fn number(tag: &Tag<'_>, name: &[u8]) -> Option<f64> {
    fast_float2::parse(tag.get(name)?.trim_ascii())
        .ok()
        .filter(|number: &f64| number.is_finite())
}

fn sensitivity(tag: &Tag<'_>) -> Option<SensitivityPoint> {
    let scale = match tag.get(b"frequencyUnit").unwrap_or(b"Hz") {
        b"Hz" | b"" => 1.0,
        b"kHz" => 1_000.0,
        _ => return None,
    };
    let level = |value: &[u8], unit: &[u8]| match tag.get(unit) {
        None | Some(b"dBHL" | b"") => number(tag, value),
        Some(_) => None,
    };
    let other = tag.attributes().filter(|(name, value)| {
        !value.is_empty()
            && (name.ends_with(b"Masked") || name.windows(8).any(|part| part == b"Clamping"))
    });
    Some(SensitivityPoint {
        frequency_hz: number(tag, b"frequencyValue")? * scale,
        left_dbhl: level(b"leftEarValue", b"leftEarUnit"),
        right_dbhl: level(b"rightEarValue", b"rightEarUnit"),
        metadata: pairs(other),
    })
}

/// Each value of an eye with the unit that stands beside it.
fn eye(tag: &Tag<'_>) -> Metadata {
    let mut values = Metadata::new();
    for (name, value) in tag.attributes() {
        let name = decode(name);
        if value.is_empty() || name.ends_with("Unit") {
            continue;
        }
        let unit = tag
            .get(format!("{name}Unit").as_bytes())
            .unwrap_or_default();
        let value = format!("{} {}", decode(value), decode(unit));
        values.push((snake_case(&name), value.trim_end().to_owned()));
    }
    values
}

/// Sends the element that announces a clinic's document.
pub(crate) fn clinical_record(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) {
    let text = |name: &[u8]| decode(tag.get(name).unwrap_or_default()).into_owned();
    let received = tag
        .get(b"receivedDate")
        .and_then(|text| reading.dates.read(text));
    let Some(received) = received else {
        let refused = refusal(RejectCode::TimeInvalid, "the time cannot be read");
        reading.reject(None, tag.position, "receivedDate", refused);
        return;
    };
    let print = SourceTag {
        name: tag.get(b"sourceName").unwrap_or_default(),
        ..SourceTag::default()
    };
    let Some(source) = reading.source(&print) else {
        let refused = refusal(RejectCode::TextTooLong, "the source's name is too long");
        reading.reject(None, tag.position, "sourceName", refused);
        return;
    };
    let clinical = ClinicalRecord {
        resource: text(b"type"),
        identifier: text(b"identifier"),
        fhir_version: text(b"fhirVersion"),
        path: archive_path(&text(b"resourceFilePath")),
        source_url: text(b"sourceURL"),
        json: None,
    };
    let record = Record {
        start_us: received.at_us,
        end_us: received.at_us,
        zone: None,
        source,
        uid: None,
        identity: clinical.identifier.clone(),
        body: Body::ClinicalRecord(clinical),
    };
    reading.record(tag.position, record);
}

/// Dates of a FHIR resource, most telling first.
const RESOURCE_DATES: [&str; 7] = [
    "effectiveDateTime",
    "occurrenceDateTime",
    "performedDateTime",
    "authoredOn",
    "recordedDate",
    "issued",
    "date",
];

fn resource_at_us(resource: &serde_json::Map<String, serde_json::Value>) -> Option<i64> {
    RESOURCE_DATES.iter().find_map(|name| {
        let text = resource.get(*name)?.as_str()?;
        let at = text
            .parse::<jiff::Timestamp>()
            .ok()
            .map(jiff::Timestamp::as_microsecond);
        at.or_else(|| Some(dates::day(text.as_bytes().first_chunk()?)? * DAY_US))
    })
}

/// Reads a file of a clinic and sends it, filed under the resource's own date, or under the export's
/// when it has none.
pub(crate) fn read_file(
    input: &mut dyn Read,
    path: &str,
    reading: &mut Reading<'_, '_>,
) -> Result<(), ReadError> {
    let mut bytes = Vec::new();
    input.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        let reason = "a clinic's document larger than 4 MiB";
        reading.outbox.fact(Fact::Skipped {
            name: path.to_owned(),
            reason,
        });
        return Ok(());
    }
    let text = String::from_utf8_lossy(&bytes);
    let Ok(resource) = serde_json::from_str::<serde_json::Map<_, _>>(&text) else {
        let refused = refusal(
            RejectCode::Malformed,
            "the clinic's document is not a FHIR resource",
        );
        reading.reject(None, 0, "", refused);
        return Ok(());
    };
    let Some(source) = reading.exporter() else {
        return Ok(());
    };
    let at_us = resource_at_us(&resource)
        .or(reading.exported_us)
        .unwrap_or(reading.now_us);
    let clinical = ClinicalRecord {
        resource: resource
            .get("resourceType")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        path: path.to_owned(),
        json: Some(text.into_owned()),
        ..ClinicalRecord::default()
    };
    let record = Record {
        start_us: at_us,
        end_us: at_us,
        zone: None,
        source,
        uid: None,
        identity: identity(&["file", path]),
        body: Body::ClinicalRecord(clinical),
    };
    // A vaccination may be older than any device: its date is not checked like a sample's.
    reading.outbox.record(record);
    reading.flush_when_full()
}
