//! Writes everything a person measured into one stream: as lines of JSON, one JSON document, or CSV.
//!
//! Order and formatting depend on the content alone, so two databases with the same content give
//! equal bytes. Only raw data is written: samples, records and the sources they name; what was
//! derived can be derived again. Never holds more than one slab of samples, and keeps no transaction
//! open while the receiver is slow; so the person's key is compared at every step, and an export that an
//! erasure overtakes breaks off instead of ending early.

pub(crate) mod lines;

use std::collections::BTreeSet;
use std::io;

use model::ids::UserId;
use model::metric::{Density, MetricNo};
use model::sample::{DAY_US, Sample};
use model::source::SourceNo;
use model::zone::{Span, Zone};
use serde::Deserialize;
use store::records::{After, Order, Page, StoredRecord};
use store::samples::Held;
use store::{PersonKey, Tx};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use utoipa::ToSchema;

use crate::app::App;
use crate::export::lines::Writer;
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
}

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Samples.
    pub samples: u64,
    /// Records.
    pub records: u64,
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

/// Writes one JSON object per line.
pub(crate) async fn ndjson(
    app: &App,
    user: UserId,
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, ExportError> {
    write(app, user, Format::Ndjson, out).await
}

/// Writes one table.
pub(crate) async fn csv(
    app: &App,
    user: UserId,
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, ExportError> {
    write(app, user, Format::Csv, out).await
}

/// Writes everything that a person measured, in this format.
pub async fn write(
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
        key_mark: key.identity(KEY_TEXT),
        writer: Writer::new(format),
        used: BTreeSet::new(),
        damaged: BTreeSet::new(),
        out,
    };
    let mut text = Vec::new();
    export.writer.begin(&mut text);
    export.send(&mut text).await?;
    let samples = export.samples().await?;
    export.writer.begin_records(&mut text);
    export.send(&mut text).await?;
    let records = export.records().await?;
    let dossier = export.dossier().await?;
    export.writer.sources(&mut text, &dossier, &export.used);
    export.writer.end(&mut text, &export.damaged);
    export.send(&mut text).await?;
    export.out.flush().await?;
    Ok(Exported { samples, records })
}

struct Export<'a> {
    app: &'a App,
    user: UserId,
    /// Which key the export began with.
    key_mark: [u8; 16],
    writer: Writer,
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
    async fn samples(&mut self) -> Result<u64, ExportError> {
        let mut tx = self.app.store.read().await?;
        let dossier = self.known(&mut tx).await?;
        let held = store::samples::held(&mut tx, self.user).await?;
        drop(tx);
        let described = held.into_iter().filter_map(|held| {
            let described = dossier.describe(held.metric)?;
            Some((described.id, described.unit, held))
        });
        let mut metrics: Vec<(String, String, Held)> = described.collect();
        metrics.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let mut count = 0;
        for (id, unit, held) in metrics {
            for span in slabs(held) {
                count += self.slab(&id, &unit, held.metric, span).await?;
            }
        }
        Ok(count)
    }

    async fn slab(
        &mut self,
        id: &str,
        unit: &str,
        metric: MetricNo,
        span: Span,
    ) -> Result<u64, ExportError> {
        let mut tx = self.app.store.read().await?;
        // Loaded with the samples: a source that came meanwhile has its name.
        let dossier = self.known(&mut tx).await?;
        let read =
            store::samples::readable_in(&mut tx, &dossier.key, self.user, metric, span).await?;
        drop(tx);
        self.damaged.extend(
            read.damaged
                .iter()
                .map(|chunk| DamagedPart::of(&dossier, chunk)),
        );
        let samples = read.samples;
        if samples.is_empty() {
            return Ok(0);
        }
        self.used.extend(samples.iter().map(|sample| sample.source));
        let count = samples.len() as u64;
        let (id, unit, mut writer) = (id.to_owned(), unit.to_owned(), self.writer);
        let (mut text, writer) = self
            .app
            .compute(move || {
                let mut text = Vec::new();
                let samples = in_order(&dossier, samples);
                for (sample, source) in &samples {
                    writer.sample(&mut text, (&id, &unit), sample, source);
                }
                (text, writer)
            })
            .await?;
        self.writer = writer;
        self.send(&mut text).await?;
        Ok(count)
    }

    /// Records by kind, start and identity.
    async fn records(&mut self) -> Result<u64, ExportError> {
        let mut tx = self.app.store.read().await?;
        self.known(&mut tx).await?;
        let kinds = store::records::count_by_kind(&mut tx, self.user).await?;
        drop(tx);
        let mut count = 0;
        for (kind, _) in kinds {
            count += self.records_of(&kind).await?;
        }
        Ok(count)
    }

    async fn records_of(&mut self, kind: &str) -> Result<u64, ExportError> {
        let (mut after, mut count) = (None, 0);
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
                count += 1;
                let starts = same_start.first().map(|first| first.record.start_us);
                if starts.is_some_and(|start_us| start_us != record.record.start_us) {
                    self.send_records(kind, &mut same_start).await?;
                }
                same_start.push(record);
            }
        }
        self.send_records(kind, &mut same_start).await?;
        Ok(count)
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
            let source = dossier.source_name(record.record.source);
            self.writer.record(&mut text, kind, &record.record, source);
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
fn slabs(held: Held) -> impl Iterator<Item = Span> {
    let density = model::metric::by_no(held.metric).map_or(Density::Sparse, |row| row.density);
    let width_us = match density {
        Density::Dense => DENSE_DAYS * DAY_US,
        Density::Sparse => SPARSE_DAYS * DAY_US,
    };
    let utc = Zone::utc();
    let first = utc.start_of(held.first_day).div_euclid(width_us);
    let last = utc.start_of(held.last_day).div_euclid(width_us);
    (first..=last).map(move |number| Span {
        start_us: number * width_us,
        end_us: (number + 1) * width_us,
    })
}

/// Samples by start, end, source name and value. Numbers of sources differ between databases.
fn in_order(dossier: &Dossier, samples: Vec<Sample>) -> Vec<(Sample, String)> {
    let named = samples.into_iter().map(|sample| {
        let source = dossier.source_name(sample.source).to_owned();
        (sample, source)
    });
    let mut named: Vec<(Sample, String)> = named.collect();
    named.sort_by(|(a, a_source), (b, b_source)| {
        (a.start_us, a.end_us, a_source)
            .cmp(&(b.start_us, b.end_us, b_source))
            .then_with(|| a.value.total_cmp(&b.value))
            .then_with(|| (a.flags, a.uid).cmp(&(b.flags, b.uid)))
    });
    named
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
        let found: Vec<Span> = slabs(held).collect();
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
