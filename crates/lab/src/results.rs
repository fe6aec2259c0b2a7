//! Writes the results of a batch from its journal: one JSON document, or tables of recordings, nights
//! and days.
//!
//! Recordings stand in the order of the files, whatever order they were finished in. One of them at a
//! time is in memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use analysis::report::column::{Cell, Column, Kind, read_clock};
use analysis::report::{day, epoch, night};
use anyhow::Context;
use jiff::civil::{Date, DateTime};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::beats;
use crate::examine::{Listed, Wanted};
use crate::journal::{Entry, Journal};
use crate::table::{Form, Heading, Writer};

/// A column that every table of recordings has.
pub(crate) struct FileColumn {
    /// Its name, and its name in the document of a recording.
    pub id: &'static str,
    /// What its cells are.
    pub kind: Kind,
    /// Its unit.
    pub unit: &'static str,
    /// What it says, in a sentence.
    pub about: &'static str,
}

const fn column(
    id: &'static str,
    kind: Kind,
    unit: &'static str,
    about: &'static str,
) -> FileColumn {
    FileColumn {
        id,
        kind,
        unit,
        about,
    }
}

/// What tables of nights and days begin with.
pub(crate) const NAMING: &[FileColumn] = &[
    column("path", Kind::Text, "", "The file, as it was given."),
    column(
        "member",
        Kind::Text,
        "",
        "Number of the person in a file that holds several, else empty.",
    ),
];

/// What the table of recordings begins with, after those.
pub(crate) const FILE_COLUMNS: &[FileColumn] = &[
    column(
        "sha256",
        Kind::Text,
        "",
        "SHA-256 of the content of the file.",
    ),
    column(
        "format",
        Kind::Text,
        "",
        "Format that the file was read as.",
    ),
    column(
        "device",
        Kind::Text,
        "",
        "Model of the device, where the file says it.",
    ),
    column(
        "serial",
        Kind::Text,
        "",
        "Serial number of the device, where the file says it.",
    ),
    column("channel", Kind::Text, "", "Channel that is the activity."),
    column(
        "unit",
        Kind::Text,
        "",
        "Unit of the activity, the `input` of other units.",
    ),
    column(
        "start",
        Kind::Instant,
        "",
        "Beginning of the first epoch, local time.",
    ),
    column("epoch_s", Kind::Whole, "s", "Length of an epoch."),
    column(
        "epochs",
        Kind::Whole,
        "1",
        "Epochs from the first to the last, missing ones included.",
    ),
    column(
        "coverage",
        Kind::Number,
        "1",
        "Share of the epochs that were recorded and not left out as not worn.",
    ),
    column(
        "calibration",
        Kind::Text,
        "",
        "Whether raw acceleration was calibrated by its moments at rest (van Hees 2014): `applied`, or `none` with the \
         reason. Empty for counts.",
    ),
    column(
        "calibration_before_mg",
        Kind::Number,
        "mg",
        "Mean distance from 1 g at rest, as recorded.",
    ),
    column(
        "calibration_after_mg",
        Kind::Number,
        "mg",
        "The same calibrated.",
    ),
    column(
        "nonwear",
        Kind::Text,
        "",
        "Rule by which time was left out as not worn: `choi_90` or `choi_180` (Choi 2011 with so many minutes), \
         `troiano`, `stillness`, `van_hees_2013` (raw acceleration), `device` (off-wrist sensor and exclusions), or `kept` where nothing was.",
    ),
    column(
        "least_nights",
        Kind::Whole,
        "1",
        "Nights that a mean over nights needs (`--min-nights`).",
    ),
    column(
        "least_days",
        Kind::Whole,
        "1",
        "Valid days that a mean over days needs (`--min-days`).",
    ),
    column(
        "scorer",
        Kind::Text,
        "",
        "Scorer that classified sleep and wake in the nights.",
    ),
    column(
        "damages",
        Kind::Whole,
        "1",
        "Places of the file that could not be read.",
    ),
];

/// What the table of recordings ends with.
pub(crate) const LAST_COLUMNS: &[FileColumn] = &[
    column(
        "reasons",
        Kind::Text,
        "",
        "Why measures are missing: `measure: reason`, separated by semicolons.",
    ),
    column(
        "versions",
        Kind::Text,
        "",
        "Method and version behind each measure: `measure=method@version`, separated by spaces.",
    ),
];

/// A file of the batch and what came of it.
#[derive(Debug)]
pub struct Line {
    /// The path as results show it.
    pub path: String,
    /// Its key in the journal, or why it failed.
    pub outcome: Result<String, String>,
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// One JSON document.
    Json(PathBuf),
    /// Three tables, and one of epochs where it is wanted.
    Tables(Form, PathBuf),
}

impl Output {
    /// The output of a file's extension.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json(path.to_owned())),
            "csv" => Some(Self::Tables(Form::Csv, path.to_owned())),
            "parquet" => Some(Self::Tables(Form::Parquet, path.to_owned())),
            _ => None,
        }
    }
}

/// The table of `what` beside the table of recordings: `results.csv` has `results.nights.csv`.
pub fn beside(path: &Path, what: &str) -> PathBuf {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_extension(format!("{what}.{extension}"))
}

/// Writes the output; it appears under its name when it is whole.
pub fn write(
    output: &Output,
    lines: &[Line],
    journal: &mut Journal,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    match output {
        Output::Json(path) => write_json(path, lines, journal),
        Output::Tables(form, path) => write_tables(*form, path, lines, journal, wanted),
    }
    .context("writing the results")
}

fn write_json(path: &Path, lines: &[Line], journal: &mut Journal) -> anyhow::Result<()> {
    let unfinished = path.with_extension("json.part");
    let file =
        File::create(&unfinished).with_context(|| format!("creating {}", unfinished.display()))?;
    let mut out = BufWriter::new(file);
    out.write_all(b"{\"recordings\":[")?;
    write_list(&mut out, lines, journal, |entry| &entry.recordings)?;
    out.write_all(b"\n],\"beats\":[")?;
    write_list(&mut out, lines, journal, |entry| &entry.beats)?;
    out.write_all(b"\n],\"failed\":")?;
    let failed = lines.iter().filter_map(|line| {
        let error = line.outcome.as_ref().err()?;
        Some(serde_json::json!({ "path": line.path, "error": error }))
    });
    serde_json::to_writer(&mut out, &failed.collect::<Vec<Value>>())?;
    out.write_all(b"}\n")?;
    out.into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()?;
    std::fs::rename(&unfinished, path).with_context(|| format!("naming {}", path.display()))
}

/// The documents of a list with their files, in the order of the files.
fn write_list(
    out: &mut impl Write,
    lines: &[Line],
    journal: &mut Journal,
    of: fn(&Entry) -> &[Box<RawValue>],
) -> anyhow::Result<()> {
    let mut separator: &[u8] = b"\n";
    for line in lines {
        let Ok(key) = &line.outcome else { continue };
        let entry = journal.entry(key)?;
        for document in of(&entry) {
            let head = format!(
                "{{\"path\":{},\"sha256\":{}",
                serde_json::to_string(&line.path)?,
                serde_json::to_string(&entry.sha256)?
            );
            let rest = document.get().trim_start().trim_start_matches('{');
            out.write_all(separator)?;
            out.write_all(head.as_bytes())?;
            out.write_all(b",")?;
            out.write_all(rest.as_bytes())?;
            separator = b",\n";
        }
    }
    Ok(())
}

/// Headings of the table of recordings.
pub(crate) fn headings(columns: &[&'static Column]) -> Vec<Heading> {
    let of = |columns: &[FileColumn]| -> Vec<Heading> {
        let heading = |column: &FileColumn| Heading::new(column.id, column.kind);
        columns.iter().map(heading).collect()
    };
    let mut headings = of(NAMING);
    headings.extend(of(FILE_COLUMNS));
    headings.extend(
        columns
            .iter()
            .map(|column| Heading::new(column.id, column.kind)),
    );
    let coverage = |column: &&Column| Heading::new(coverage_of(column.id), Kind::Number);
    headings.extend(columns.iter().map(coverage));
    headings.extend(of(LAST_COLUMNS));
    headings
}

/// Name of the column of a measure's coverage.
pub(crate) fn coverage_of(id: &str) -> String {
    format!("{id}_coverage")
}

fn write_tables(
    form: Form,
    path: &Path,
    lines: &[Line],
    journal: &mut Journal,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let columns = &wanted.columns;
    let mut recordings = Writer::create(path, form, headings(columns))?;
    let of_nights: Vec<(&str, Kind)> = night::FIELDS.iter().map(|f| (f.id, f.kind)).collect();
    let of_days: Vec<(&str, Kind)> = day::FIELDS.iter().map(|f| (f.id, f.kind)).collect();
    let mut nights = Writer::create(&beside(path, "nights"), form, listed(&of_nights))?;
    let mut days = Writer::create(&beside(path, "days"), form, listed(&of_days))?;
    let of_epochs: Vec<(&str, Kind)> = epoch::FIELDS.iter().map(|f| (f.id, f.kind)).collect();
    let mut epochs = match wanted.epochs {
        Listed::Yes => Some(Writer::create(
            &beside(path, "epochs"),
            form,
            listed(&of_epochs),
        )?),
        Listed::No => None,
    };
    for line in lines {
        let Ok(key) = &line.outcome else { continue };
        let entry = journal.entry(key)?;
        for document in &entry.recordings {
            let document: Value = serde_json::from_str(document.get())?;
            recordings.row(row(&line.path, &entry, &document, columns))?;
            for (table, name, fields) in [
                (&mut nights, "nights", &of_nights),
                (&mut days, "days", &of_days),
            ] {
                let rows = document.get(name).and_then(Value::as_array);
                for listed in rows.into_iter().flatten() {
                    let mut cells = naming(&line.path, &document);
                    cells.extend(fields.iter().map(|(id, kind)| cell(*kind, listed.get(id))));
                    table.row(cells)?;
                }
            }
            if let Some(table) = &mut epochs {
                let rows = document.pointer("/epoch_table/rows");
                for row in rows.and_then(Value::as_array).into_iter().flatten() {
                    let mut cells = naming(&line.path, &document);
                    let values = of_epochs.iter().enumerate();
                    cells.extend(values.map(|(index, (_, kind))| cell(*kind, row.get(index))));
                    table.row(cells)?;
                }
            }
        }
    }
    recordings.finish()?;
    nights.finish()?;
    days.finish()?;
    epochs.map_or(Ok(()), Writer::finish)?;
    beats::write(form, path, lines, journal)
}

fn listed(fields: &[(&str, Kind)]) -> Vec<Heading> {
    let named = NAMING.iter().map(|column| (column.id, column.kind));
    named
        .chain(fields.iter().copied())
        .map(|(id, kind)| Heading::new(id, kind))
        .collect()
}

fn naming(path: &str, document: &Value) -> Vec<Cell> {
    vec![
        Cell::Text(path.to_owned()),
        cell(Kind::Text, document.get("member")),
    ]
}

fn row(path: &str, entry: &Entry, document: &Value, columns: &[&'static Column]) -> Vec<Cell> {
    let mut cells = naming(path, document);
    for column in FILE_COLUMNS {
        cells.push(match column.id {
            "sha256" => Cell::Text(entry.sha256.clone()),
            "damages" => cell(column.kind, document.pointer("/damages/count")),
            id => cell(column.kind, document.get(id)),
        });
    }
    let measures = document.get("measures");
    let part = |id: &str, part: &str| measures?.get(id)?.get(part);
    let mut reasons = Vec::new();
    let mut versions = Vec::new();
    for column in columns {
        cells.push(cell(column.kind, part(column.id, "value")));
        if let Some(reason) = part(column.id, "reason").and_then(Value::as_str) {
            reasons.push(format!("{}: {reason}", column.id));
        }
        if let (Some(method), Some(version)) = (
            part(column.id, "method").and_then(Value::as_str),
            part(column.id, "version"),
        ) {
            versions.push(format!("{}={method}@{version}", column.id));
        }
    }
    for column in columns {
        cells.push(cell(Kind::Number, part(column.id, "coverage")));
    }
    cells.push(Cell::Text(reasons.join("; ")));
    cells.push(Cell::Text(versions.join(" ")));
    cells
}

/// A value of a document as a cell.
pub fn cell(kind: Kind, value: Option<&Value>) -> Cell {
    let found = value.and_then(|value| match kind {
        Kind::Number => value.as_f64().map(Cell::Number),
        Kind::Whole => value.as_i64().map(Cell::Whole),
        Kind::Clock => read_clock(value.as_str()?).map(Cell::Clock),
        Kind::Instant => instant(value.as_str()?).map(Cell::Instant),
        Kind::Day => value.as_str()?.parse::<Date>().ok().map(Cell::Day),
        Kind::Text => value.as_str().map(|text| Cell::Text(text.to_owned())),
    });
    found.unwrap_or(Cell::Missing)
}

fn instant(text: &str) -> Option<i64> {
    let time: DateTime = text.parse().ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}
