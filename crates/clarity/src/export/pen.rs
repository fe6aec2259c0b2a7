//! What writes the parts of an export: the lines of this program, or a format that others define.

use std::collections::BTreeSet;

use ::export::{Damage, Row, Topic};
use model::metric::{self, MetricNo};
use model::record::Record;
use model::sample::Sample;
use model::source::{Source, SourceNo};

use crate::export::lines::{Layout, Writer};
use crate::export::{Exported, Format};
use crate::person::dossier::{Described, Dossier};
use crate::person::measured::DamagedPart;

/// Writes the parts of an export in their order.
#[derive(Debug)]
pub(super) enum Pen {
    /// Lines, a document or a table of this program, and how much was written.
    Own(Writer, Exported),
    /// A format that others define.
    Foreign(Box<::export::Writer>),
}

impl Default for Pen {
    /// What stands in its place while it is away to write.
    fn default() -> Self {
        Self::new(Format::default())
    }
}

impl Pen {
    /// Writes in this format.
    pub(super) fn new(format: Format) -> Self {
        let foreign = match format {
            Format::Ndjson => return Self::own(Layout::Ndjson),
            Format::Json => return Self::own(Layout::Json),
            // Days are written without it, and a bundle by the formats in it.
            Format::Csv | Format::Daily | Format::Bundle => return Self::own(Layout::Csv),
            Format::Fhir => ::export::Format::FhirBundle,
            Format::FhirNdjson => ::export::Format::FhirLines,
            Format::OpenMhealth => ::export::Format::OpenMhealth,
            Format::Arrow => ::export::Format::Arrow,
            Format::Parquet => ::export::Format::Parquet,
        };
        Self::Foreign(Box::new(::export::Writer::new(foreign)))
    }

    fn own(layout: Layout) -> Self {
        Self::Own(Writer::new(layout), Exported::default())
    }

    /// The head, and the beginning of the samples.
    pub(super) fn begin(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Own(writer, _) => writer.begin(out),
            Self::Foreign(writer) => out.append(&mut writer.take()),
        }
    }

    /// Samples of one metric, or of two that are one measurement, over one stretch of time.
    pub(super) fn series(
        &mut self,
        out: &mut Vec<u8>,
        dossier: &Dossier,
        series: Vec<(MetricNo, Vec<Sample>)>,
    ) {
        let unknown = Source::named(UNKNOWN);
        let described = series.into_iter().filter_map(|(metric, samples)| {
            let described = dossier.describe(metric)?;
            Some((metric, described, in_order(dossier, samples)))
        });
        let series: Vec<(MetricNo, Described, Vec<Sample>)> = described.collect();
        let source = |sample: &Sample| dossier.dictionary().source(sample.source);
        match self {
            Self::Own(writer, exported) => {
                for (_, about, samples) in &series {
                    exported.samples += samples.len() as u64;
                    for sample in samples {
                        let name = source(sample).map_or(UNKNOWN, |source| source.name.as_str());
                        writer.sample(out, (&about.id, &about.unit), sample, name);
                    }
                }
            }
            Self::Foreign(writer) => {
                let parts = series.iter().map(|(no, about, samples)| {
                    let topic = Topic {
                        id: &about.id,
                        unit: &about.unit,
                        metric: metric::by_no(*no),
                    };
                    let rows = samples.iter().map(|sample| Row {
                        sample,
                        source: source(sample).unwrap_or(&unknown),
                    });
                    (topic, rows.collect::<Vec<Row<'_>>>())
                });
                let parts: Vec<(Topic<'_>, Vec<Row<'_>>)> = parts.collect();
                match parts.as_slice() {
                    [(high, above), (low, below)] => writer.pressures((high, above), (low, below)),
                    alone => alone
                        .iter()
                        .for_each(|(topic, rows)| writer.samples(topic, rows)),
                }
                out.append(&mut writer.take());
            }
        }
    }

    /// The end of the samples and the beginning of the records.
    pub(super) fn begin_records(&mut self, out: &mut Vec<u8>) {
        if let Self::Own(writer, _) = self {
            writer.begin_records(out);
        }
    }

    /// One record.
    pub(super) fn record(
        &mut self,
        out: &mut Vec<u8>,
        kind: &str,
        record: &Record,
        dossier: &Dossier,
    ) {
        match self {
            Self::Own(writer, exported) => {
                exported.records += 1;
                writer.record(out, kind, record, dossier.source_name(record.source));
            }
            Self::Foreign(writer) => {
                let unknown = Source::named(UNKNOWN);
                let source = dossier.dictionary().source(record.source);
                writer.record(record, source.unwrap_or(&unknown));
                out.append(&mut writer.take());
            }
        }
    }

    /// The sources that were named; other formats print them where they are named first.
    pub(super) fn sources(
        &mut self,
        out: &mut Vec<u8>,
        dossier: &Dossier,
        used: &BTreeSet<SourceNo>,
    ) {
        if let Self::Own(writer, _) = self {
            writer.sources(out, dossier, used);
        }
    }

    /// What is missing because it could not be opened, and the end.
    pub(super) fn end(&mut self, out: &mut Vec<u8>, damaged: &BTreeSet<DamagedPart>) {
        match self {
            Self::Own(writer, _) => writer.end(out, damaged),
            Self::Foreign(writer) => {
                let parts = damaged.iter().map(|part| Damage {
                    metric: &part.metric,
                    first_day: &part.first_day,
                    last_day: &part.last_day,
                    samples: part.samples,
                });
                writer.end(&parts.collect::<Vec<Damage<'_>>>());
                out.append(&mut writer.take());
            }
        }
    }

    /// How much was written.
    pub(super) fn exported(self) -> Exported {
        match self {
            Self::Own(_, exported) => exported,
            Self::Foreign(writer) => {
                let report = writer.report().clone();
                Exported {
                    samples: report.samples,
                    records: report.records,
                    days: 0,
                    left_out: report.left_out,
                }
            }
        }
    }
}

/// The name of a source that nobody knows any more.
const UNKNOWN: &str = "unknown";

/// Samples by start, end, source name and value. Numbers of sources differ between databases.
fn in_order(dossier: &Dossier, mut samples: Vec<Sample>) -> Vec<Sample> {
    samples.sort_by(|a, b| {
        let name = |sample: &Sample| dossier.source_name(sample.source);
        (a.start_us, a.end_us, name(a))
            .cmp(&(b.start_us, b.end_us, name(b)))
            .then_with(|| a.value.total_cmp(&b.value))
            .then_with(|| (a.flags, a.uid).cmp(&(b.flags, b.uid)))
    });
    samples
}
