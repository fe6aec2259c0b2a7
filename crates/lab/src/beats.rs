//! Files of beat intervals in a batch of recordings: `results.beats.csv`, or `beats` in JSON.
//!
//! A file is one of beats when it says so: by its heading, its format, or whoever names the format `beats`. A bare
//! column of numbers may be counts of activity, and is never taken for beats by itself.

use std::fs::File;
use std::path::Path;

use analysis::heart::variability::{self, Treatment, Variability};
use analysis::report::column::{Cell, Kind};
use import::intervals::{self, Intervals, Named};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::hrv::{self, HrvError, Wanted};
use crate::journal::{Entry, Journal};
use crate::load::{self, LoadError, Losses};
use crate::results::{Line, beside, cell};
use crate::table::{Form, Heading, Writer};

/// What `--format` calls files of beat intervals.
pub const FORMAT: &str = "beats";
/// What is computed: faulty beats are put right, and nothing is windowed.
const WANTED: Wanted = Wanted {
    treatment: Treatment::Beats,
    window_s: None,
};

/// A column of the table: its name, its kind, its unit, where its cells stand in the document, what it says.
pub(crate) struct Column {
    pub(crate) id: &'static str,
    pub(crate) kind: Kind,
    pub(crate) unit: &'static str,
    at: &'static str,
    pub(crate) about: &'static str,
}

const fn column(
    id: &'static str,
    kind: Kind,
    unit: &'static str,
    at: &'static str,
    about: &'static str,
) -> Column {
    Column {
        id,
        kind,
        unit,
        at,
        about,
    }
}

/// What stands before the measures.
pub(crate) const COLUMNS: &[Column] = &[
    column("path", Kind::Text, "", "", "The file, as it was given."),
    column(
        "sha256",
        Kind::Text,
        "",
        "",
        "SHA-256 of the content of the file.",
    ),
    column(
        "format",
        Kind::Text,
        "",
        "/input/format",
        "How the file is written: `column`, `table`, `polar_hrm` or `fit`.",
    ),
    column(
        "intervals",
        Kind::Whole,
        "1",
        "/input/intervals",
        "Beat intervals in the file.",
    ),
    column(
        "lines_without",
        Kind::Whole,
        "1",
        "/input/lines_without",
        "Lines or places without a usable interval; each ends a stretch.",
    ),
    column(
        "stretch_intervals",
        Kind::Whole,
        "1",
        "/stretch/intervals",
        "Intervals in the longest stretch without a pause, which the measures are of.",
    ),
    column(
        "stretch_s",
        Kind::Number,
        "s",
        "/stretch/duration_s",
        "How long it lasts.",
    ),
    column(
        "corrected_share",
        Kind::Number,
        "1",
        "/artefacts/share",
        "Share of its beats that were put right; with more than 0.05 the values should not be used.",
    ),
];

/// What stands behind the measures.
const LAST: [(&str, &str); 2] = [
    (
        "reasons",
        "Why measures are missing: `measure: reason`, separated by semicolons.",
    ),
    (
        "versions",
        "Method and version behind each measure: `measure=method@version`, separated by spaces.",
    ),
];

/// The columns behind the measures, with what they say.
pub(crate) const fn last() -> [(&'static str, &'static str); 2] {
    LAST
}

/// The digest and the document of a file that says that it holds beat intervals, after it was read as a recording in
/// vain: `why` says why.
pub fn stated(
    path: &Path,
    losses: Losses,
    why: LoadError,
) -> anyhow::Result<(String, Box<RawValue>)> {
    let read = match File::open(path) {
        Ok(mut file) => intervals::read(&mut file).ok(),
        Err(_) => None,
    };
    match read {
        Some(read) if read.named == Named::ByFile => found(path, &read, losses),
        Some(_) => Err(anyhow::anyhow!(
            "{why}; if its numbers are beat intervals, give the file with --format {FORMAT}"
        )),
        None => Err(why.into()),
    }
}

/// The digest and the document of a file that somebody says holds beat intervals.
pub fn declared(path: &Path, losses: Losses) -> anyhow::Result<(String, Box<RawValue>)> {
    let mut file = File::open(path).map_err(HrvError::Open)?;
    found(path, &intervals::read(&mut file)?, losses)
}

fn found(path: &Path, read: &Intervals, losses: Losses) -> anyhow::Result<(String, Box<RawValue>)> {
    let lost = read.damages.count;
    anyhow::ensure!(
        lost == 0 || losses == Losses::Counted,
        "{lost} lines or places have no beat interval, which --strict refuses"
    );
    let document = serde_json::value::to_raw_value(&hrv::document(read, &WANTED))?;
    Ok((load::sha256(path)?, document))
}

/// Writes the table beside that of recordings, where any file holds beats.
pub(crate) fn write(
    form: Form,
    path: &Path,
    lines: &[Line],
    journal: &mut Journal,
) -> anyhow::Result<()> {
    let mut table = None;
    for line in lines {
        let Ok(key) = &line.outcome else { continue };
        let entry = journal.entry(key)?;
        for document in &entry.beats {
            let document: Value = serde_json::from_str(document.get())?;
            let table = match &mut table {
                Some(table) => table,
                none => none.insert(Writer::create(&beside(path, "beats"), form, headings())?),
            };
            table.row(row(&line.path, &entry, &document))?;
        }
    }
    table.map_or(Ok(()), Writer::finish)
}

fn headings() -> Vec<Heading> {
    let before = COLUMNS.iter().map(|column| (column.id, column.kind));
    let measures = variability::ALL
        .iter()
        .map(|measure| (measure.id, Kind::Number));
    let last = LAST.iter().map(|(id, _)| (*id, Kind::Text));
    let all = before.chain(measures).chain(last);
    all.map(|(id, kind)| Heading::new(id, kind)).collect()
}

fn row(path: &str, entry: &Entry, document: &Value) -> Vec<Cell> {
    let mut cells: Vec<Cell> = COLUMNS
        .iter()
        .map(|column| match column.id {
            "path" => Cell::Text(path.to_owned()),
            "sha256" => Cell::Text(entry.sha256.clone()),
            _ => cell(column.kind, document.pointer(column.at)),
        })
        .collect();
    let (mut reasons, mut versions) = (Vec::new(), Vec::new());
    for measure in variability::ALL {
        let line = line_of(document, measure);
        cells.push(cell(Kind::Number, line.and_then(|line| line.get("value"))));
        let reason = line.and_then(|line| line.get("reason")?.as_str());
        match reason {
            Some(reason) => reasons.push(format!("{}: {reason}", measure.id)),
            None => versions.push(format!(
                "{}={}@{}",
                measure.id, measure.analysis.id, measure.analysis.version
            )),
        }
    }
    cells.push(Cell::Text(reasons.join("; ")));
    cells.push(Cell::Text(versions.join(" ")));
    cells
}

/// A measure of a document.
pub(crate) fn line_of<'d>(document: &'d Value, measure: &Variability) -> Option<&'d Value> {
    let mut measures = document.get("measures")?.as_array()?.iter();
    measures.find(|line| line.get("measure").and_then(Value::as_str) == Some(measure.id))
}
