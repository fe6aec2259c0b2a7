//! Writes everything a person measured into one stream: as lines of JSON, one JSON document, CSV, a table of days, or
//! in a format that others define (`crates/export`).
//!
//! Order and formatting depend on the content alone, so two databases with the same content give
//! equal bytes. But for the table of days, only raw data is written: samples, records and the sources they
//! name; what was derived can be derived again. Never holds more than one slab of samples, and keeps no transaction
//! open while the receiver is slow; so the person's key is compared at every step, and an export that an
//! erasure overtakes breaks off instead of ending early.

mod bundle;
mod days;
pub(crate) mod lines;
mod pen;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use model::ids::UserId;
use model::metric::{Density, MetricNo};
use model::sample::DAY_US;
use model::source::SourceNo;
use model::zone::{Span, Zone};
use serde::Deserialize;
use store::records::{After, Order, Page, StoredRecord};
use store::samples::Held;
use store::{PersonKey, Tx};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use utoipa::ToSchema;

use crate::app::App;
use crate::export::pen::Pen;
use crate::person::document::DocumentError;
use crate::person::dossier::Dossier;
use crate::person::measured::DamagedPart;
use crate::problem::Problem;

/// Days of a dense metric written at once: some 60,000 samples and ten megabytes of text.
const DENSE_DAYS: i64 = 4;
/// Days of a sparse metric written at once; a multiple of its buckets.
const SPARSE_DAYS: i64 = 960;
/// Records opened at once; a route is some hundred kilobytes.
const RECORDS_AT_ONCE: u32 = 20;

/// What a person's key makes of this text says which key it is, and nothing else.
const KEY_TEXT: &[u8] = b"export";

/// What the stream looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object per line.
    #[default]
    Ndjson,
    /// One JSON document.
    Json,
    /// One table with a header.
    Csv,
    /// A flat table of local days, one column for each metric; derived, so it does not read back.
    Daily,
    /// FHIR R4, one Bundle.
    Fhir,
    /// FHIR R4, one resource per line.
    FhirNdjson,
    /// Data points of Open mHealth and IEEE 1752.1, one per line.
    OpenMhealth,
    /// One table, as a stream of Apache Arrow.
    Arrow,
    /// One table, as a file of Apache Parquet.
    Parquet,
    /// Everything that is kept about the person as one zip archive: this data, what was made of it, the account, the log.
    Bundle,
}

impl Format {
    /// Media type of the bytes.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson | Self::OpenMhealth => "application/x-ndjson",
            Self::Json => "application/json",
            Self::Csv | Self::Daily => "text/csv; charset=utf-8",
            Self::Fhir => "application/fhir+json",
            Self::FhirNdjson => "application/fhir+ndjson",
            Self::Arrow => ::export::table::arrow::MEDIA_TYPE,
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Bundle => "application/zip",
        }
    }

    /// Name of a file that contains it.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Ndjson => "health-data.ndjson",
            Self::Json => "health-data.json",
            Self::Csv => "health-data.csv",
            Self::Daily => "health-data-daily.csv",
            Self::Fhir => "health-data.fhir.json",
            Self::FhirNdjson => "health-data.fhir.ndjson",
            Self::OpenMhealth => "health-data.omh.ndjson",
            Self::Arrow => "health-data.arrows",
            Self::Parquet => "health-data.parquet",
            Self::Bundle => "my-data.zip",
        }
    }

    /// How many parts a slab is cut into: a sample takes several times as many bytes in some formats.
    const fn parts(self) -> i64 {
        match self {
            Self::Ndjson
            | Self::Json
            | Self::Csv
            | Self::Daily
            | Self::Arrow
            | Self::Parquet
            | Self::Bundle => 1,
            Self::Fhir | Self::FhirNdjson | Self::OpenMhealth => 4,
        }
    }
}

/// How much was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    /// Samples.
    pub samples: u64,
    /// Records.
    pub records: u64,
    /// Rows of a table of days.
    pub days: u64,
    /// What the format has no place for: samples by metric, records by kind.
    pub left_out: BTreeMap<String, u64>,
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store refused.
    #[error("reading the data to export")]
    Store(#[from] store::Error),
    /// A document of the person could not be read.
    #[error(transparent)]
    Dossier(#[from] DocumentError),
    /// The receiver is gone or full.
    #[error("writing the export")]
    Write(#[from] io::Error),
    /// What was read before and what is there now are not one export.
    #[error("the data was erased or its key replaced while it was exported; export again")]
    Overtaken,
    /// The computation did not finish.
    #[error("formatting the export")]
    Compute,
}

impl From<Problem> for ExportError {
    fn from(_: Problem) -> Self {
        Self::Compute
    }
}

/// Writes everything that a person measured, in this format.
pub async fn write(
    app: &App,
    user: UserId,
    format: Format,
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, ExportError> {
    if format == Format::Bundle {
        return Box::pin(bundle::write(app, user, out)).await;
    }
    Box::pin(plain(app, user, format, out)).await
}

/// The same for the formats that are one file.
async fn plain(
    app: &App,
    user: UserId,
    format: Format,
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, ExportError> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    drop(tx);
    let mut export = Export {
        app,
        user,
        format,
        key_mark: key.identity(KEY_TEXT),
        pen: Pen::new(format),
        used: BTreeSet::new(),
        damaged: BTreeSet::new(),
        out,
    };
    if format == Format::Daily {
        let days = export.days().await?;
        export.out.flush().await?;
        return Ok(Exported {
            days,
            ..Exported::default()
        });
    }
    let mut text = Vec::new();
    export.pen.begin(&mut text);
    export.send(&mut text).await?;
    export.samples().await?;
    export.pen.begin_records(&mut text);
    export.send(&mut text).await?;
    export.records().await?;
    let dossier = export.dossier().await?;
    export.pen.sources(&mut text, &dossier, &export.used);
    export.pen.end(&mut text, &export.damaged);
    export.send(&mut text).await?;
    export.out.flush().await?;
    Ok(export.pen.exported())
}

struct Export<'a> {
    app: &'a App,
    user: UserId,
    format: Format,
    /// Which key the export began with.
    key_mark: [u8; 16],
    pen: Pen,
    used: BTreeSet<SourceNo>,
    /// What could not be read.
    damaged: BTreeSet<DamagedPart>,
    out: &'a mut (dyn AsyncWrite + Send + Unpin),
}

impl Export<'_> {
    async fn send(&mut self, text: &mut Vec<u8>) -> Result<(), ExportError> {
        self.out.write_all(text).await?;
        text.clear();
        Ok(())
    }

    /// What is known about the person, seen with the data of this step.
    async fn known(&mut self, tx: &mut Tx) -> Result<Dossier, ExportError> {
        let people = &self.app.people;
        let dossier = people.load(tx, &self.app.vault, self.user).await?;
        self.is_same(&dossier.key)?;
        Ok(dossier)
    }

    fn is_same(&self, key: &PersonKey) -> Result<(), ExportError> {
        if key.identity(KEY_TEXT) == self.key_mark {
            Ok(())
        } else {
            Err(ExportError::Overtaken)
        }
    }

    async fn dossier(&mut self) -> Result<Dossier, ExportError> {
        let mut tx = self.app.store.read().await?;
        self.known(&mut tx).await
    }

    /// Samples by metric id, then in the order of time.
    async fn samples(&mut self) -> Result<(), ExportError> {
        let mut tx = self.app.store.read().await?;
        let dossier = self.known(&mut tx).await?;
        let held = store::samples::held(&mut tx, self.user).await?;
        drop(tx);
        let held = if self.format.joins_pressures() {
            joined(held)
        } else {
            held
        };
        let described = held.into_iter().filter_map(|held| {
            let described = dossier.describe(held.metric)?;
            Some((described.id, described.unit, held))
        });
        let mut metrics: Vec<(String, String, Held)> = described.collect();
        metrics.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        for (_, _, held) in metrics {
            for span in slabs(held, self.format.parts()) {
                self.slab(held.metric, span).await?;
            }
        }
        Ok(())
    }

    async fn slab(&mut self, metric: MetricNo, span: Span) -> Result<(), ExportError> {
        let mut tx = self.app.store.read().await?;
        // Loaded with the samples: a source that came meanwhile has its name.
        let dossier = self.known(&mut tx).await?;
        let mut series = Vec::new();
        for metric in self.format.together(metric) {
            let read =
                store::samples::readable_in(&mut tx, &dossier.key, self.user, metric, span).await?;
            self.damaged.extend(
                read.damaged
                    .iter()
                    .map(|chunk| DamagedPart::of(&dossier, chunk)),
            );
            self.used
                .extend(read.samples.iter().map(|sample| sample.source));
            series.push((metric, read.samples));
        }
        drop(tx);
        if series.iter().all(|(_, samples)| samples.is_empty()) {
            return Ok(());
        }
        let mut pen = std::mem::take(&mut self.pen);
        let (mut text, pen) = self
            .app
            .compute(move || {
                let mut text = Vec::new();
                pen.series(&mut text, &dossier, series);
                (text, pen)
            })
            .await?;
        self.pen = pen;
        self.send(&mut text).await
    }

    /// Records by kind, start and identity.
    async fn records(&mut self) -> Result<(), ExportError> {
        let mut tx = self.app.store.read().await?;
        self.known(&mut tx).await?;
        let kinds = store::records::count_by_kind(&mut tx, self.user).await?;
        drop(tx);
        for (kind, _) in kinds {
            self.records_of(&kind).await?;
        }
        Ok(())
    }

    async fn records_of(&mut self, kind: &str) -> Result<(), ExportError> {
        let mut after = None;
        // Records that start at one instant are put in order together.
        let mut same_start: Vec<StoredRecord> = Vec::new();
        loop {
            let mut tx = self.app.store.read().await?;
            let key = self.app.vault.person_key(&mut tx, self.user).await?;
            self.is_same(&key)?;
            let page = Page {
                order: Order::OldestFirst,
                after,
                limit: RECORDS_AT_ONCE,
            };
            let found =
                store::records::in_span(&mut tx, &key, self.user, kind, ALL_TIME, page).await?;
            drop(tx);
            let Some(last) = found.last() else { break };
            after = Some(After {
                start_us: last.record.start_us,
                id: last.id,
            });
            for record in found {
                let starts = same_start.first().map(|first| first.record.start_us);
                if starts.is_some_and(|start_us| start_us != record.record.start_us) {
                    self.send_records(kind, &mut same_start).await?;
                }
                same_start.push(record);
            }
        }
        self.send_records(kind, &mut same_start).await
    }

    async fn send_records(
        &mut self,
        kind: &str,
        records: &mut Vec<StoredRecord>,
    ) -> Result<(), ExportError> {
        if records.is_empty() {
            return Ok(());
        }
        records.sort_by(|a, b| {
            (&a.record.identity, a.record.uid).cmp(&(&b.record.identity, b.record.uid))
        });
        let dossier = self.dossier().await?;
        let mut text = Vec::new();
        for record in records.drain(..) {
            self.used.insert(record.record.source);
            self.pen.record(&mut text, kind, &record.record, &dossier);
        }
        self.send(&mut text).await
    }
}

/// Longer than anybody measured, and far from where time overflows.
const ALL_TIME: Span = Span {
    start_us: -200 * 366 * DAY_US,
    end_us: 400 * 366 * DAY_US,
};

/// Stretches of time that are written at once, aligned to the stored buckets.
fn slabs(held: Held, parts: i64) -> impl Iterator<Item = Span> {
    let density = model::metric::by_no(held.metric).map_or(Density::Sparse, |row| row.density);
    let width_us = match density {
        Density::Dense => DENSE_DAYS * DAY_US / parts,
        Density::Sparse => SPARSE_DAYS * DAY_US / parts,
    };
    let utc = Zone::utc();
    let first = utc.start_of(held.first_day).div_euclid(width_us);
    let last = utc.start_of(held.last_day).div_euclid(width_us);
    (first..=last).map(move |number| Span {
        start_us: number * width_us,
        end_us: (number + 1) * width_us,
    })
}

impl Format {
    /// Whether both values of a blood pressure are one thing.
    const fn joins_pressures(self) -> bool {
        match self {
            Self::Ndjson
            | Self::Json
            | Self::Csv
            | Self::Daily
            | Self::Arrow
            | Self::Parquet
            | Self::Bundle => false,
            Self::Fhir | Self::FhirNdjson | Self::OpenMhealth => true,
        }
    }

    /// The metrics that are written together with one, which is the first of them.
    fn together(self, metric: MetricNo) -> Vec<MetricNo> {
        let [systolic, diastolic] = pressures();
        if self.joins_pressures() && metric == systolic {
            vec![systolic, diastolic]
        } else {
            vec![metric]
        }
    }
}

fn pressures() -> [MetricNo; 2] {
    ["blood_pressure_systolic", "blood_pressure_diastolic"]
        .map(|id| model::metric::by_id(id).expect("in the catalogue").no)
}

/// Both values of blood pressures as one, which is held where either is.
fn joined(held: Vec<Held>) -> Vec<Held> {
    let [systolic, diastolic] = pressures();
    let is_pressure = |held: &Held| held.metric == systolic || held.metric == diastolic;
    let (parts, mut others): (Vec<Held>, Vec<Held>) = held.into_iter().partition(is_pressure);
    let whole = parts.into_iter().reduce(|a, b| Held {
        first_day: a.first_day.min(b.first_day),
        last_day: a.last_day.max(b.last_day),
        ..a
    });
    others.extend(whole.map(|held| Held {
        metric: systolic,
        ..held
    }));
    others
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn slabs_hold_every_day_once() {
        let heart_rate = model::metric::by_id("heart_rate")
            .expect("in the catalogue")
            .no;
        let held = Held {
            metric: heart_rate,
            first_day: date(2026, 1, 1),
            last_day: date(2026, 2, 1),
        };
        for parts in [1, 4] {
            check(held, parts);
        }
    }

    fn check(held: Held, parts: i64) {
        let found: Vec<Span> = slabs(held, parts).collect();
        assert!(
            found
                .windows(2)
                .all(|pair| pair[0].end_us == pair[1].start_us)
        );
        let utc = Zone::utc();
        assert!(found[0].start_us <= utc.start_of(held.first_day));
        assert!(found[found.len() - 1].end_us >= utc.start_of(held.last_day) + DAY_US);
    }
}
