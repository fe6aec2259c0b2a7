//! Documents that the program writes about itself: settings, API, metrics.
//!
//! `docs/generated` holds these documents; a check compares them. Nothing here may depend on the machine,
//! the data folder or the time.

use std::fmt::Write;

use anyhow::Context;
use model::metric::{CATALOGUE, Kind, Metric};
use serde_json::{Value, json};

use crate::cli::args::Global;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::Config;
use crate::http;

/// Prints every setting with its default.
pub(super) fn config(global: &Global) -> Result<(), Failure> {
    if global.json {
        return output::json(&Config::default());
    }
    output::text(&Config::commented())
}

/// Prints the OpenAPI document.
pub(super) fn openapi() -> Result<(), Failure> {
    let (_, document) = http::documented();
    let document = document
        .to_pretty_json()
        .context("writing the OpenAPI document")?;
    output::line(&numbers_on_one_line(&document))
}

/// Indented JSON with each list of plain numbers on one line: an example of a week has 7,200.
fn numbers_on_one_line(json: &str) -> String {
    let is_number = |line: &str| {
        let item = line.trim().trim_end_matches(',');
        item.parse::<f64>().is_ok()
    };
    let mut out = String::with_capacity(json.len());
    let mut lines = json.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        let opens = line.ends_with('[') && lines.peek().is_some_and(|next| is_number(next));
        if opens {
            let mut gap = "";
            while let Some(number) = lines.next_if(|next| is_number(next)) {
                out.push_str(gap);
                out.push_str(number.trim());
                gap = " ";
            }
            // Text among the numbers goes on below; otherwise this is the bracket that closes.
            if let Some(close) = lines.next_if(|next| next.trim_start().starts_with(']')) {
                out.push_str(close.trim());
            }
        }
        out.push('\n');
    }
    out.pop();
    out
}

/// Prints the catalogue of metrics.
pub(super) fn metrics(global: &Global) -> Result<(), Failure> {
    if global.json {
        let rows: Vec<Value> = CATALOGUE.iter().map(row).collect();
        return output::json(&rows);
    }
    output::text(&catalogue())
}

fn row(metric: &Metric) -> Value {
    json!({
        "id": metric.id,
        "kind": kind(metric.kind),
        "unit": metric.unit.ucum(),
        "range": metric.range.map(|(least, most)| [least, most]),
        "healthkit": metric.healthkit,
        "health_connect": metric.health_connect,
        "loinc": metric.loinc,
        "aliases": metric.aliases,
        "description": metric.sentence,
    })
}

fn catalogue() -> String {
    let mut out = String::from(
        "# Metrics\n\n\
         What Clarity knows how to read, check and combine. A type that is not here is kept as it comes.\n\
         Values are stored in the unit named here, whatever unit they came in; a value outside the range is\n\
         rejected. The table is written by `clarity metrics`.\n\n\
         | id | combined as | unit | range | HealthKit | Health Connect | LOINC | what it is |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for metric in CATALOGUE {
        let range = metric
            .range
            .map(|(least, most)| format!("{least} – {most}"));
        let cells = [
            format!("`{}`", metric.id),
            kind(metric.kind).to_owned(),
            metric.unit.ucum().replace('|', "\\|"),
            range.unwrap_or_default(),
            metric.healthkit.unwrap_or_default().to_owned(),
            metric.health_connect.unwrap_or_default().to_owned(),
            metric.loinc.unwrap_or_default().to_owned(),
            metric.sentence.to_owned(),
        ];
        writeln!(out, "| {} |", cells.join(" | ")).expect("a String takes every text");
    }
    out
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Cumulative => "total",
        Kind::Discrete => "mean",
        Kind::TimeWeighted => "mean over time",
        Kind::EquivalentLevel => "equivalent level",
        Kind::Category => "code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_one_row_of_eight_cells() {
        let table = catalogue();
        let rows: Vec<&str> = table
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        assert_eq!(rows.len(), CATALOGUE.len());
        for row in rows {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 9, "{row}");
        }
    }
}
