//! Writes everything of a person to a file or to standard output, in the clear.
//!
//! The file appears under its name when it is complete, readable for its owner only: a cut export must
//! never pass for a whole one.

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use tokio::fs::OpenOptions;

use crate::app::App;
use crate::cli::args::Global;
use crate::cli::args::export::{Export, Format};
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::export::{self, ExportError, Exported};

/// The file name that means standard output.
const STANDARD_OUTPUT: &str = "-";

/// Exports and returns how much there was.
pub(super) async fn export(global: &Global, wanted: Export) -> Result<(), Failure> {
    if wanted.out.as_os_str() == STANDARD_OUTPUT {
        let exported = household::with(global, async |app| to_standard_output(app, &wanted).await);
        // Standard output is the export itself.
        match exported.await? {
            Some(exported) => output::note(&format!("exported {}", in_words(&exported))),
            None => output::note("the reader ended before the export did"),
        }
        return Ok(());
    }
    let exported = household::with(global, async |app| write_file(app, &wanted).await).await?;
    if global.json {
        return output::json(&json!({
            "samples": exported.samples,
            "records": exported.records,
            "days": exported.days,
            "left_out": exported.left_out,
            "out": wanted.out,
        }));
    }
    output::line(&format!(
        "exported {} to {}, in the clear",
        in_words(&exported),
        wanted.out.display()
    ))
}

/// How much was written, and what the format had no place for.
fn in_words(exported: &Exported) -> String {
    if exported.days > 0 {
        return format!("{} days", output::grouped(exported.days));
    }
    let mut words = format!(
        "{} samples and {} records",
        output::grouped(exported.samples),
        output::grouped(exported.records)
    );
    if !exported.left_out.is_empty() {
        let parts = exported.left_out.iter();
        let parts = parts.map(|(what, count)| format!("{what} {}", output::grouped(*count)));
        words.push_str(" (the format has no place for ");
        words.push_str(&parts.collect::<Vec<String>>().join(", "));
        words.push(')');
    }
    words
}

/// Writes to standard output; nothing is returned where its reader ended first. Whoever reads only the beginning
/// (`| head`) has what they wanted.
async fn to_standard_output(app: &App, wanted: &Export) -> Result<Option<Exported>, Failure> {
    let user = household::read_by_operator(app, &wanted.user, "export_health_data").await?;
    match export::write(app, user, wanted.format.into(), &mut tokio::io::stdout()).await {
        Err(ExportError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Ok(None)
        }
        exported => Ok(Some(exported.context("exporting")?)),
    }
}

async fn write_file(app: &App, wanted: &Export) -> Result<Exported, Failure> {
    let shown = wanted.out.display();
    let name = wanted.out.file_name();
    let name = name.ok_or_else(|| Failure::usage(format!("{shown} does not name a file")))?;
    let mut part_name = name.to_owned();
    part_name.push(format!(".{}.part", std::process::id()));
    let part = wanted.out.with_file_name(part_name);
    let written = write_part(app, wanted, &part).await;
    if written.is_err() {
        // What is half written must not stay; the error that matters is the other one.
        drop(std::fs::remove_file(&part));
    }
    let exported = written?;
    let renamed = std::fs::rename(&part, &wanted.out);
    renamed.with_context(|| format!("naming the finished export {shown}"))?;
    Ok(exported)
}

async fn write_part(app: &App, wanted: &Export, part: &Path) -> Result<Exported, Failure> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(part)
        .await;
    let mut file = file.with_context(|| format!("creating {}", part.display()))?;
    let user = household::read_by_operator(app, &wanted.user, "export_health_data").await?;
    let exported = export::write(app, user, wanted.format.into(), &mut file).await;
    let exported = exported.context("exporting")?;
    file.sync_all()
        .await
        .with_context(|| format!("writing {}", part.display()))?;
    Ok(exported)
}

impl From<Format> for export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Ndjson => Self::Ndjson,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Daily => Self::Daily,
            Format::Fhir => Self::Fhir,
            Format::FhirNdjson => Self::FhirNdjson,
            Format::OpenMhealth => Self::OpenMhealth,
            Format::Arrow => Self::Arrow,
            Format::Parquet => Self::Parquet,
            Format::Bundle => Self::Bundle,
        }
    }
}
