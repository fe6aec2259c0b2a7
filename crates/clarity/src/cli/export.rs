//! Writes everything of a person to a file or to standard output, in the clear.
//!
//! The file appears under its name when it is complete, readable for its owner only: a cut export must
//! never pass for a whole one.

use std::path::Path;

use anyhow::Context;
use model::ids::UserId;
use serde_json::json;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWrite;

use crate::app::App;
use crate::cli::args::{Export, Format, Global};
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
            Some(Exported { samples, records }) => {
                output::note(&format!("exported {samples} samples and {records} records"));
            }
            None => output::note("the reader ended before the export did"),
        }
        return Ok(());
    }
    let exported = household::with(global, async |app| write_file(app, &wanted).await).await?;
    let (samples, records) = (exported.samples, exported.records);
    if global.json {
        return output::json(&json!({ "samples": samples, "records": records, "out": wanted.out }));
    }
    output::line(&format!(
        "exported {} samples and {} records to {}, in the clear",
        output::grouped(samples),
        output::grouped(records),
        wanted.out.display()
    ))
}

/// Writes to standard output; nothing is returned where its reader ended first. Whoever reads only the beginning
/// (`| head`) has what they wanted.
async fn to_standard_output(app: &App, wanted: &Export) -> Result<Option<Exported>, Failure> {
    let user = household::read_by_operator(app, &wanted.user, "export_health_data").await?;
    match write(app, (user, &wanted.format), &mut tokio::io::stdout()).await {
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
    let exported = write(app, (user, &wanted.format), &mut file).await;
    let exported = exported.context("exporting")?;
    file.sync_all()
        .await
        .with_context(|| format!("writing {}", part.display()))?;
    Ok(exported)
}

async fn write(
    app: &App,
    (user, format): (UserId, &Format),
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, ExportError> {
    match format {
        Format::Ndjson => export::ndjson(app, user, out).await,
        Format::Csv => export::csv(app, user, out).await,
    }
}
