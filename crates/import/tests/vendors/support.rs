//! Reads uploads through the front door and keeps what came out.

use std::ops::ControlFlow;

use import::batch::{Batch, Fact, Meaning};
use import::format::{self, FileError};
use import::live::Context;
use model::metric;
use model::record::{Body, Workout};
use model::zone::{Zone, ZoneHistory};

/// A time after every sample.
pub(crate) const NOW_US: i64 = 1_800_000_000_000_000;

/// A sample, by the id of its metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) metric: String,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) value: f64,
    pub(crate) source: String,
}

/// What an upload brought.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) samples: Vec<Seen>,
    pub(crate) workouts: Vec<(i64, i64, Workout)>,
    pub(crate) records: usize,
    pub(crate) sources: Vec<String>,
    pub(crate) rejected: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    types: Vec<String>,
}

impl Got {
    fn take(&mut self, batch: Batch) {
        for name in &batch.new_types {
            self.types.push(match &name.meaning {
                Meaning::Known(no) => metric::by_no(*no).expect("a metric").id.to_owned(),
                Meaning::Unknown { .. } => name.name.clone(),
            });
        }
        let sources = batch.new_sources.iter();
        self.sources.extend(sources.map(|source| {
            format!(
                "{} {}",
                source.name,
                source.device.clone().unwrap_or_default()
            )
        }));
        for incoming in &batch.samples {
            let type_index = usize::try_from(incoming.type_index).expect("small");
            let source = self.sources.get(usize::from(incoming.sample.source.0));
            self.samples.push(Seen {
                metric: self.types.get(type_index).expect("announced").clone(),
                start_us: incoming.sample.start_us,
                end_us: incoming.sample.end_us,
                value: incoming.sample.value,
                source: source.expect("announced").clone(),
            });
        }
        self.records += batch.records.len();
        for record in batch.records {
            if let Body::Workout(workout) = record.body {
                self.workouts
                    .push((record.start_us, record.end_us, workout));
            }
        }
        let rejections = batch.rejections.iter();
        self.rejected
            .extend(rejections.map(|one| format!("{} {}", one.field, one.message)));
        self.facts.extend(batch.facts);
    }

    /// The samples of a metric, in time.
    pub(crate) fn of(&self, metric: &str) -> Vec<&Seen> {
        let mut found: Vec<&Seen> = self
            .samples
            .iter()
            .filter(|one| one.metric == metric)
            .collect();
        found.sort_by_key(|one| (one.start_us, one.end_us));
        found
    }
}

/// Reads an upload of somebody who lives in a zone.
pub(crate) fn read(bytes: &[u8], zone: &str) -> Result<Got, FileError> {
    read_as(format::AUTO, bytes, zone)
}

/// Reads an upload whose format is named.
pub(crate) fn read_as(name: &str, bytes: &[u8], zone: &str) -> Result<Got, FileError> {
    let zones = ZoneHistory::fixed(Zone::parse(zone).expect("a zone"));
    read_of(name, bytes, &zones)
}

/// Reads an upload of somebody who was in several zones.
pub(crate) fn read_in(bytes: &[u8], zones: &ZoneHistory) -> Result<Got, FileError> {
    read_of(format::AUTO, bytes, zones)
}

fn read_of(name: &str, bytes: &[u8], zones: &ZoneHistory) -> Result<Got, FileError> {
    let context = Context {
        now_us: NOW_US,
        zones,
        aggregation: None,
        source: "",
    };
    let mut got = Got::default();
    let mut input = bytes;
    let opened = format::open(name, &mut input)?;
    opened.read(&context, &mut |batch| {
        got.take(batch);
        ControlFlow::Continue(())
    })?;
    Ok(got)
}
