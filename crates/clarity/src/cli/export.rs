//! Writes everything of a person to a file or to standard output, in the clear.
//!
//! The file appears under its name when it is complete, readable for its owner only: a cut export must
//! never pass for a whole one.

use std::path::Path;

use anyhow::Context;
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
    let to_file = wanted.out.as_os_str() != STANDARD_OUTPUT;
    let exported = household::with(global, async |app| {
        if to_file {
            write_file(app, &wanted).await
        } else {
            write(app, &wanted, &mut tokio::io::stdout()).await
        }
    })
    .await?;
    let (samples, records) = (exported.samples, exported.records);
    if !to_file {
        // Standard output is the export itself. Of one that nobody read to its end, that was said.
        if exported != Exported::default() {
            output::note(&format!("exported {samples} samples and {records} records"));
        }
        return Ok(());
    }
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
    let exported = write(app, wanted, &mut file).await?;
    file.sync_all()
        .await
        .with_context(|| format!("writing {}", part.display()))?;
    Ok(exported)
}

async fn write(
    app: &App,
    wanted: &Export,
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, Failure> {
    let user = household::person(app, &wanted.user).await?.id;
    let exported = match wanted.format {
        Format::Ndjson => export::ndjson(app, user, out).await,
        Format::Csv => export::csv(app, user, out).await,
    };
    // Whoever reads only the beginning (`| head`) has what they wanted.
    if let Err(ExportError::Write(error)) = &exported
        && error.kind() == std::io::ErrorKind::BrokenPipe
    {
        output::note("the reader ended before the export did");
        return Ok(Exported::default());
    }
    Ok(exported.context("exporting")?)
}
