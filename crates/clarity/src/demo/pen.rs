//! Writes down what the demo person's devices measure, as the batch of an upload.
//!
//! Only what has ended by now is written; an object's id follows from what and when it is, so that the same
//! measurement is recognised when it comes again.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use import::batch::{Batch, Incoming, Meaning, Printed, TypeName, ZoneEvidence, ZoneSeen};
use jiff::civil::Date;
use model::record::{ActivitySummary, Body, Record};
use model::sample::{DAY_US, Flags, Sample, Uid};
use model::source::{Source, SourceClass, SourceNo};
use model::zone::{Span, Zone};

use crate::demo::chance::digest;
use crate::demo::who::Who;

/// Who measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    /// On the wrist.
    Watch,
    /// In the pocket.
    Phone,
    /// Typed in by the person.
    Hand,
    /// A second watch on the other wrist.
    Band,
}

impl Device {
    const fn no(self) -> SourceNo {
        match self {
            Self::Watch => SourceNo(0),
            Self::Phone => SourceNo(1),
            Self::Hand => SourceNo(2),
            Self::Band => SourceNo(3),
        }
    }

    fn source(self, who: Who) -> Source {
        let own = |what: &str| format!("{}\u{2019}s {what}", who.name());
        let (name, class, device) = match self {
            Self::Watch => (own("Watch"), SourceClass::Watch, Some("Watch")),
            Self::Phone => (own("Phone"), SourceClass::Phone, Some("Phone")),
            Self::Band => (own("Band"), SourceClass::Watch, Some("Band")),
            Self::Hand => ("Health".to_owned(), SourceClass::Manual, None),
        };
        Source {
            class,
            device: device.map(ToOwned::to_owned),
            app_id: Some("invalid.clarity.demo".to_owned()),
            ..Source::named(&name)
        }
    }
}

/// Collects the batch.
pub(super) struct Pen {
    now_us: i64,
    who: Who,
    batch: Batch,
    types: BTreeMap<&'static str, u32>,
}

impl Pen {
    /// A pen that writes nothing that ends after `now_us`.
    pub(super) fn new(now_us: i64, who: Who) -> Self {
        let sources = [Device::Watch, Device::Phone, Device::Hand, Device::Band];
        let batch = Batch {
            new_sources: sources.map(|device| device.source(who)).to_vec(),
            ..Batch::default()
        };
        Self {
            now_us,
            who,
            batch,
            types: BTreeMap::new(),
        }
    }

    /// Who is written about.
    pub(super) const fn who(&self) -> Who {
        self.who
    }

    /// Writes a sample of a metric by its id.
    pub(super) fn sample(
        &mut self,
        metric: &'static str,
        device: Device,
        (start_us, end_us): (i64, i64),
        value: f64,
    ) {
        if end_us > self.now_us {
            return;
        }
        let type_index = self.type_index(metric);
        let sample = Sample {
            start_us,
            end_us,
            value,
            zone_offset_min: None,
            source: device.no(),
            uid: Some(uid(self.who, metric, device, (start_us, value))),
            flags: if device == Device::Hand {
                Flags::MANUAL
            } else {
                Flags::NONE
            },
        };
        self.batch.samples.push(Incoming {
            type_index,
            printed: Printed::TopLevel,
            sample,
        });
    }

    /// Writes the rings of a day, as exports file them: under the same date of UTC.
    pub(super) fn rings(&mut self, date: Date, span: Span, rings: ActivitySummary) {
        if span.end_us > self.now_us {
            return;
        }
        let start_us = Zone::utc().start_of(date);
        self.batch.records.push(Record {
            start_us,
            end_us: start_us + DAY_US,
            zone: None,
            source: Device::Phone.no(),
            uid: None,
            identity: rings.date.clone(),
            body: Body::ActivitySummary(rings),
        });
    }

    /// What was written of a metric.
    pub(super) fn written(&self, metric: &'static str) -> Vec<Sample> {
        let Some(index) = self.types.get(metric) else {
            return Vec::new();
        };
        let of_metric = self.batch.samples.iter();
        let of_metric = of_metric.filter(|one| one.type_index == *index);
        of_metric.map(|one| one.sample).collect()
    }

    /// Writes a record of the watch.
    pub(super) fn record(&mut self, (start_us, end_us): (i64, i64), zone: &Zone, body: Body) {
        if end_us > self.now_us {
            return;
        }
        let kind = body.kind();
        self.batch.records.push(Record {
            start_us,
            end_us,
            zone: Some(zone.name().to_owned()),
            source: Device::Watch.no(),
            uid: Some(uid(self.who, kind, Device::Watch, (start_us, 0.0))),
            identity: format!("demo {kind} {start_us}"),
            body,
        });
    }

    /// Notes that the person is in a zone.
    pub(super) fn seen(&mut self, at_us: i64, zone: &Zone) {
        if at_us <= self.now_us {
            let zone = zone.name().to_owned();
            self.batch.zones.push(ZoneSeen {
                at_us,
                zone,
                evidence: ZoneEvidence::Named,
            });
        }
    }

    /// The finished batch.
    pub(super) fn finish(self) -> Batch {
        self.batch
    }

    fn type_index(&mut self, metric: &'static str) -> u32 {
        if let Some(index) = self.types.get(metric) {
            return *index;
        }
        let row = model::metric::by_id(metric).expect("the demo uses metrics of the catalogue");
        let index = u32::try_from(self.types.len()).expect("the demo uses a dozen metrics");
        self.types.insert(metric, index);
        self.batch.new_types.push(TypeName {
            name: row.healthkit.unwrap_or(row.id).to_owned(),
            meaning: Meaning::Known(row.no),
        });
        index
    }
}

fn uid(who: Who, what: &str, device: Device, (start_us, value): (i64, f64)) -> Uid {
    let device = device.no().0.to_le_bytes();
    let value = value.to_bits().to_le_bytes();
    let hash = digest(&[
        who.name().as_bytes(),
        what.as_bytes(),
        &device,
        &start_us.to_le_bytes(),
        &value,
    ]);
    NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN)
}
