//! FHIR R4: samples as Observations, dense series as `SampledData`, records as `DocumentReferences`.
//!
//! Vital signs carry the codes and profiles of US Core where their values fit. What FHIR has no element for (which of
//! several sources, marks, the provider's id) is in extensions and identifiers of the system `urn:x-clarity`, so that
//! it reads back. Identifiers of resources follow from their content. It must never name a person.

mod codes;
mod resource;
mod runs;

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::metric::Kind;
use model::record::{Body, Record};
use model::sample::{Flags, Sample, uid_of};
use model::source::Source;
use serde::Serialize;

use crate::text::{instant, is_printable, milliseconds};
use crate::{Damage, Pair, Row, Topic};
use resource::{
    Attachment, Coding, Component, Concept, Content, Device, DeviceName, DocumentReference,
    Extension, Identifier, Issue, Meta, Observation, OperationOutcome, Patient, Period, Quantity,
    Reference, Related, SampledData,
};

/// Where a bundle or lines of resources stand.
#[derive(Debug)]
pub(crate) struct Fhir {
    layout: Layout,
    /// Devices that were written.
    devices: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Lines,
    /// One document; the first entry has no comma before it.
    Bundle {
        is_empty: bool,
    },
}

/// A record beside its resource's own elements.
#[derive(Serialize)]
struct Document<'a> {
    start_us: i64,
    end_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    identity: &'a str,
    record: &'a Body,
}

impl Fhir {
    pub(crate) fn bundle(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
        Self::begun(Layout::Bundle { is_empty: true }, out)
    }

    pub(crate) fn lines(out: &mut Vec<u8>) -> Self {
        Self::begun(Layout::Lines, out)
    }

    fn begun(layout: Layout, out: &mut Vec<u8>) -> Self {
        let mut fhir = Self {
            layout,
            devices: BTreeSet::new(),
        };
        fhir.put(out, &Patient::UNNAMED);
        fhir
    }

    /// Writes a resource.
    fn put<T: Serialize>(&mut self, out: &mut Vec<u8>, resource: &T) {
        if let Layout::Bundle { is_empty } = &mut self.layout {
            let before: &[u8] = if std::mem::take(is_empty) {
                b"\n{\"resource\":"
            } else {
                b",\n{\"resource\":"
            };
            out.extend_from_slice(before);
        }
        serde_json::to_writer(&mut *out, resource)
            .expect("a resource has text keys and goes to memory");
        out.push(match self.layout {
            Layout::Lines => b'\n',
            Layout::Bundle { .. } => b'}',
        });
    }

    pub(crate) fn samples(&mut self, out: &mut Vec<u8>, topic: &Topic<'_>, rows: &[Row<'_>]) {
        for part in runs::parts(rows) {
            match part {
                runs::Part::One(row) => {
                    let one = self.observation(out, topic, &row);
                    self.put(out, &one);
                }
                runs::Part::Run(run) => {
                    let series = self.series(out, topic, &run);
                    self.put(out, &series);
                }
            }
        }
    }

    pub(crate) fn pressures(&mut self, out: &mut Vec<u8>, pairs: &[Pair<'_>]) {
        for (high, low) in pairs {
            let device = self.device(out, high.source);
            let parts = [
                (codes::SYSTOLIC, "blood_pressure_systolic", high),
                (codes::DIASTOLIC, "blood_pressure_diastolic", low),
            ];
            let component = parts.map(|(code, id, row)| Component {
                extension: extensions(row.sample, Uid::Here),
                code: Concept {
                    coding: vec![Coding::loinc(code), Coding::own("metric", id)],
                    text: None,
                },
                value_quantity: Quantity::of(row.sample.value, "mm[Hg]"),
            });
            let mut panel = Observation {
                id: id_of(&[&"bp", &place(high), &place(low), &device]),
                meta: Some(Meta::profile(codes::PRESSURE_PROFILE)),
                category: vec![Concept::category("vital-signs")],
                code: Concept {
                    coding: vec![Coding::loinc(codes::PRESSURE)],
                    text: None,
                },
                device: Some(Reference::to_device(&device)),
                component: component.into(),
                ..Observation::of_patient()
            };
            panel.at(high.sample);
            self.put(out, &panel);
        }
    }

    pub(crate) fn record(&mut self, out: &mut Vec<u8>, record: &Record, source: &Source) {
        let device = self.device(out, source);
        let document = Document {
            start_us: record.start_us,
            end_us: record.end_us,
            zone: record.zone.as_deref(),
            uid: record.uid.map(|uid| format!("{uid:016x}")),
            identity: &record.identity,
            record: &record.body,
        };
        let text = serde_json::to_vec(&document).expect("a record is plain JSON");
        let kind = record.body.kind();
        let reference = DocumentReference {
            resource_type: "DocumentReference",
            id: id_of(&[&kind, &record.identity, &record.uid, &record.start_us]),
            status: "current",
            kind: Concept {
                coding: vec![Coding::own("record", kind)],
                text: Some(kind.replace('_', " ").into()),
            },
            subject: Reference::PATIENT,
            date: instant(record.start_us, None),
            author: vec![Reference::to_device(&device)],
            content: vec![Content {
                attachment: Attachment {
                    content_type: "application/json",
                    data: STANDARD.encode(text),
                },
            }],
            context: Related {
                period: Period {
                    start: instant(record.start_us, None),
                    end: instant(record.end_us, None),
                },
            },
        };
        self.put(out, &reference);
    }

    pub(crate) fn end(&mut self, out: &mut Vec<u8>, damaged: &[Damage<'_>]) {
        if !damaged.is_empty() {
            let issue = damaged.iter().map(|part| Issue {
                severity: "warning",
                code: "incomplete",
                diagnostics: format!(
                    "{} samples of {} from {} to {} are stored and cannot be opened",
                    part.samples, part.metric, part.first_day, part.last_day
                ),
            });
            let outcome = OperationOutcome {
                resource_type: "OperationOutcome",
                issue: issue.collect(),
            };
            self.put(out, &outcome);
        }
        if let Layout::Bundle { .. } = self.layout {
            out.extend_from_slice(b"\n]}\n");
        }
    }

    /// The id of a source's resource, which is written before the first one that names it.
    fn device(&mut self, out: &mut Vec<u8>, source: &Source) -> String {
        let device = id_of(&[&source.name, &source.class, &source.device, &source.app_id]);
        if self.devices.insert(device.clone()) {
            let class = serde_json::to_value(source.class).ok();
            let class = class
                .as_ref()
                .and_then(|class| class.as_str().map(str::to_owned));
            let mut extension = Vec::new();
            extension.extend(class.map(|class| Extension::code("class", class)));
            let texts = [("device", &source.device), ("app", &source.app_id)];
            extension.extend(texts.into_iter().filter_map(|(name, text)| {
                let text = text.as_ref().filter(|text| !text.is_empty())?;
                Some(Extension::text(name, text.clone()))
            }));
            let resource = Device {
                resource_type: "Device",
                id: device.clone(),
                extension,
                identifier: vec![Identifier::own("source", source.name.clone())],
                names: vec![DeviceName {
                    name: source.name.clone(),
                    kind: "user-friendly-name",
                }],
            };
            self.put(out, &resource);
        }
        device
    }

    fn observation(
        &mut self,
        out: &mut Vec<u8>,
        topic: &Topic<'_>,
        row: &Row<'_>,
    ) -> Observation<'static> {
        let sample = row.sample;
        let device = self.device(out, row.source);
        let vital = codes::vital(topic);
        let quantity = Quantity::in_profile(topic, sample.value);
        let is_category = topic
            .metric
            .is_some_and(|metric| metric.kind == Kind::Category);
        let fits = vital.filter(|vital| quantity.code.as_deref() == Some(vital.unit));
        let mut one = Observation {
            id: id_of(&[&topic.id, &topic.unit, &place(row), &device]),
            meta: fits.map(|vital| Meta::profile(vital.profile)),
            extension: extensions(sample, Uid::Elsewhere),
            identifier: sample
                .uid
                .map(|uid| Identifier::own("uid", format!("{uid:016x}")))
                .into_iter()
                .collect(),
            category: codes::category(topic).into_iter().collect(),
            code: codes::code(topic),
            device: Some(Reference::to_device(&device)),
            value_quantity: (!is_category).then_some(quantity),
            value_codeable_concept: topic
                .metric
                .filter(|_| is_category)
                .map(|metric| codes::of_category(metric, sample.value)),
            ..Observation::of_patient()
        };
        one.at(sample);
        one
    }

    /// Values of equal distance as one resource.
    fn series(
        &mut self,
        out: &mut Vec<u8>,
        topic: &Topic<'_>,
        run: &runs::Run<'_>,
    ) -> Observation<'static> {
        let first = run.first();
        let device = self.device(out, first.source);
        let data: Vec<String> = run.values().map(runs::decimal).collect();
        let data = data.join(" ");
        let mut extension = extensions(first.sample, Uid::Elsewhere);
        let length_us = first.sample.end_us - first.sample.start_us;
        if length_us > 0 {
            extension.push(Extension::decimal("length-ms", milliseconds(length_us)));
        }
        let offset = first.sample.zone_offset_min;
        Observation {
            id: id_of(&[
                &topic.id,
                &topic.unit,
                &place(&first),
                &run.period_us(),
                &data,
                &device,
            ]),
            extension,
            category: codes::category(topic).into_iter().collect(),
            code: codes::code(topic),
            device: Some(Reference::to_device(&device)),
            effective_period: Some(Period {
                start: instant(first.sample.start_us, offset),
                end: instant(run.last().sample.end_us, offset),
            }),
            value_sampled_data: Some(SampledData {
                origin: Quantity::of(0.0, topic.unit).in_words(topic),
                period: milliseconds(run.period_us()),
                dimensions: 1,
                data,
            }),
            ..Observation::of_patient()
        }
    }
}

/// Where the provider's id of a sample is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uid {
    /// Among the extensions.
    Here,
    /// As an identifier of the resource, or there is none.
    Elsewhere,
}

/// What FHIR has no element for.
fn extensions(sample: &Sample, uid: Uid) -> Vec<Extension> {
    let mut extensions = Vec::new();
    if sample.flags != Flags::NONE {
        extensions.push(Extension::integer("flags", i64::from(sample.flags.bits())));
    }
    if let Some(minutes) = sample.zone_offset_min
        && !is_printable(sample.zone_offset_min)
    {
        extensions.push(Extension::integer("offset-min", i64::from(minutes)));
    }
    if let Some(id) = sample.uid
        && uid == Uid::Here
    {
        extensions.push(Extension::text("uid", format!("{id:016x}")));
    }
    extensions
}

/// What distinguishes a sample from others of its metric and source.
fn place(row: &Row<'_>) -> (i64, i64, u64, u16, Option<u64>, Option<i16>) {
    let sample = row.sample;
    (
        sample.start_us,
        sample.end_us,
        sample.value.to_bits(),
        sample.flags.bits(),
        sample.uid.map(std::num::NonZero::get),
        sample.zone_offset_min,
    )
}

/// The id of a resource, which follows from its content.
fn id_of(parts: &[&dyn std::fmt::Debug]) -> String {
    let text: Vec<String> = parts.iter().map(|part| format!("{part:?}")).collect();
    format!("{:016x}", uid_of(&text.join("|")))
}
