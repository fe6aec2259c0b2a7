//! Reads bytes and keeps everything that comes out, for comparison.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;

use import::apple::{Options, ReadError, Summary, read};
use import::archive::Limits;
use import::batch::{
    Batch, Fact, Incoming, Meaning, Printed, RejectCode, Rejection, TypeName, ZoneSeen,
};
use model::record::{Body, Record};
use model::source::Source;

/// Everything that came out of one import.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) types: Vec<TypeName>,
    pub(crate) sources: Vec<Source>,
    pub(crate) samples: Vec<Incoming>,
    pub(crate) records: Vec<Record>,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) zones: Vec<ZoneSeen>,
    pub(crate) bytes_read: Vec<u64>,
}

impl Got {
    fn take(&mut self, batch: Batch) {
        self.types.extend(batch.new_types);
        self.sources.extend(batch.new_sources);
        for incoming in &batch.samples {
            let type_index = usize::try_from(incoming.type_index).expect("a small index");
            assert!(
                type_index < self.types.len(),
                "the type was announced before"
            );
            let source = usize::from(incoming.sample.source.0);
            assert!(
                source < self.sources.len(),
                "the source was announced before"
            );
        }
        for record in &batch.records {
            assert!(usize::from(record.source.0) < self.sources.len());
        }
        self.samples.extend(batch.samples);
        self.records.extend(batch.records);
        self.rejections.extend(batch.rejections);
        self.facts.extend(batch.facts);
        self.zones.extend(batch.zones);
        self.bytes_read.push(batch.bytes_read);
    }

    pub(crate) fn type_name(&self, index: u32) -> &TypeName {
        &self.types[usize::try_from(index).expect("a small index")]
    }

    pub(crate) fn source_name(&self, sample: &Incoming) -> &str {
        &self.sources[usize::from(sample.sample.source.0)].name
    }

    /// Samples printed on their own, by identifier.
    pub(crate) fn top_level(&self) -> BTreeMap<&str, Vec<&Incoming>> {
        let mut by_type: BTreeMap<&str, Vec<&Incoming>> = BTreeMap::new();
        for sample in &self.samples {
            if sample.printed == Printed::TopLevel {
                by_type
                    .entry(&self.type_name(sample.type_index).name)
                    .or_default()
                    .push(sample);
            }
        }
        by_type
    }

    pub(crate) fn rejected(&self) -> BTreeMap<&str, usize> {
        let mut by_type = BTreeMap::new();
        for rejection in &self.rejections {
            let name = rejection
                .type_index
                .map_or("", |index| &self.type_name(index).name);
            *by_type.entry(name).or_default() += 1;
        }
        by_type
    }

    pub(crate) fn codes(&self) -> Vec<RejectCode> {
        self.rejections
            .iter()
            .map(|rejection| rejection.code)
            .collect()
    }

    pub(crate) fn kind(&self, kind: &str) -> Vec<&Record> {
        self.records
            .iter()
            .filter(|record| record.body.kind() == kind)
            .collect()
    }

    pub(crate) fn body(&self, kind: &str) -> &Body {
        &self.kind(kind).first().expect("a record of this kind").body
    }

    pub(crate) fn damages(&self) -> Vec<&str> {
        fn damage(fact: &Fact) -> Option<&str> {
            match fact {
                Fact::Damage { message, .. } => Some(message.as_str()),
                Fact::Snapshot { .. }
                | Fact::Told { .. }
                | Fact::MoreRejected { .. }
                | Fact::Unnamed { .. }
                | Fact::Noted { .. }
                | Fact::Recorded(_)
                | Fact::Skipped { .. } => None,
            }
        }
        self.facts.iter().filter_map(damage).collect()
    }

    pub(crate) fn skipped(&self) -> Vec<&str> {
        fn skipped(fact: &Fact) -> Option<&str> {
            match fact {
                Fact::Skipped { name, .. } => Some(name.as_str()),
                Fact::Snapshot { .. }
                | Fact::Told { .. }
                | Fact::MoreRejected { .. }
                | Fact::Unnamed { .. }
                | Fact::Noted { .. }
                | Fact::Recorded(_)
                | Fact::Damage { .. } => None,
            }
        }
        self.facts.iter().filter_map(skipped).collect()
    }

    pub(crate) fn is_unknown(&self, index: u32) -> bool {
        matches!(self.type_name(index).meaning, Meaning::Unknown { .. })
    }
}

/// 2026-12-31T00:00:00Z, after every date in the sample files but those that lie.
pub(crate) const NOW_US: i64 = 1_798_675_200 * 1_000_000;

pub(crate) const OPTIONS: Options = Options {
    now_us: NOW_US,
    limits: Limits::STANDARD,
};

/// Reads, and returns what came out even when the input is refused in the end.
pub(crate) fn try_read(
    input: &mut dyn Read,
    options: &Options,
) -> (Got, Result<Summary, ReadError>) {
    let mut got = Got::default();
    let summary = read(input, options, &mut |batch| {
        got.take(batch);
        ControlFlow::Continue(())
    });
    if let Ok(summary) = &summary {
        let nested = got
            .samples
            .iter()
            .filter(|sample| sample.printed == Printed::InCorrelation);
        let nested = nested.count() as u64;
        assert_eq!(summary.sent.nested_samples, nested);
        assert_eq!(summary.sent.samples, got.samples.len() as u64 - nested);
        assert_eq!(summary.sent.records, got.records.len() as u64);
        assert_eq!(summary.sent.rejections, got.rejections.len() as u64);
        assert!(got.bytes_read.is_sorted());
    }
    (got, summary)
}

/// Reads bytes that are an export.
pub(crate) fn read_bytes(bytes: &[u8]) -> Got {
    let (got, summary) = try_read(&mut &*bytes, &OPTIONS);
    summary.expect("an export");
    got
}

/// Puts elements into the smallest export.
pub(crate) fn document(elements: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"2026-06-30 09:00:00 -0400\"/>\n{elements}\n</HealthData>\n"
    )
}

/// A folder of shared data beside the project, or `None` with a line that says so.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    oracle::data::shared(path)
}

pub(crate) fn us(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>()
        .expect("a timestamp")
        .as_microsecond()
}
