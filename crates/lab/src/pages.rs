//! The pages of a batch: one for each recording while it is analysed, one for the cohort at the end.
//!
//! Numbers become words here, once for all pages. It must never compute what the results do not hold.

use std::path::{Path, PathBuf};

use analysis::report::Report;
use analysis::report::column::{Cell, Column, Field, Kind, clock_text};
use analysis::report::night;
use anyhow::Context;

use crate::examine::Wanted;
use crate::journal::Journal;
use crate::load::{self, Loaded};
use crate::report::{Cohort, Labelled, Member, Page, Table, cohort, page};
use crate::results::{Line, cell};

/// Significant digits of a number on a page; results hold all of them.
const DIGITS: i32 = 4;
/// Measures that the cohort page spreads out.
const SHOWN: &[&str] = &[
    "interdaily_stability",
    "intradaily_variability",
    "relative_amplitude",
    "l5",
    "m10",
    "sleep_regularity_index",
    "total_sleep_min",
    "sleep_efficiency",
    "sleep_midpoint",
];

/// Name of a recording's page; the digest keeps files of one name apart.
pub fn file_name(path: &Path, member: Option<&str>, sha256: &str) -> String {
    let name: String = load::name(path, member)
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let digest: String = sha256.chars().take(8).collect();
    format!("{name}-{digest}.html")
}

/// Writes the page of a recording.
pub fn write(
    folder: &Path,
    path: &Path,
    sha256: &str,
    loaded: &Loaded,
    report: &Report<'_>,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let series = report.activity();
    let asleep = report.asleep();
    let member = loaded.member.as_deref();
    let nonwear = report.nonwear().unwrap_or_default();
    let html = page(&Page {
        title: &load::name(path, member),
        facts: &facts(loaded, report),
        activity: series,
        unit: loaded.unit,
        asleep: asleep.as_ref(),
        scorer: asleep.as_ref().map(|_| report.input().scorer.id),
        nonwear,
        measures: &measures(report, wanted),
        nights: &nights(report),
        remarks: &remarks(loaded),
    })?;
    let target = folder.join(file_name(path, member, sha256));
    std::fs::write(&target, html).with_context(|| format!("writing {}", target.display()))
}

fn facts(loaded: &Loaded, report: &Report<'_>) -> Vec<Labelled> {
    let series = report.activity();
    let fact = |label: &str, text: String| Labelled {
        label: label.to_owned(),
        text,
    };
    let mut facts = vec![fact("Format", loaded.header.format.to_owned())];
    if let Some(device) = &loaded.header.device {
        facts.push(fact("Device", device.clone()));
    }
    if let Some(serial) = &loaded.header.serial {
        facts.push(fact("Serial number", serial.clone()));
    }
    facts.push(fact("Start", Cell::Instant(series.start_s()).text()));
    facts.push(fact("Epoch", format!("{} s", series.step_s())));
    facts.push(fact("Days", format!("{:.1}", series.days())));
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let recorded = report.input().activity.coverage();
    facts.push(fact("Recorded", percent(recorded)));
    let worn = match report.nonwear() {
        Ok(off) => {
            let off = off.iter().filter(|&&off| off).count() as f64;
            let all = series.len().max(1) as f64;
            let rule = report.input().wear.name();
            format!("{} by {rule}", percent(recorded - off / all))
        }
        Err(none) => none.to_string(),
    };
    facts.push(fact("Worn", worn));
    facts.push(fact("Left out as not worn", report.left_out().to_owned()));
    facts.push(fact("Used", percent(series.coverage())));
    let least = report.input().least;
    let least = format!("{} nights, {} days", least.nights, least.days);
    facts.push(fact("Means need", least));
    facts
}

fn measures(report: &Report<'_>, wanted: &Wanted) -> Table {
    let row = |column: &&'static Column| {
        let measure = report.measure(column);
        let told = match measure.outcome {
            Ok(_) => format!("{} {}", column.method.title, column.method.version),
            Err(none) => none.to_string(),
        };
        vec![
            column.id.to_owned(),
            words(&measure.cell()),
            column.unit.to_owned(),
            told,
        ]
    };
    Table {
        heading: heading(&["measure", "value", "unit", "method and version, or reason"]),
        rows: wanted.columns.iter().map(row).collect(),
    }
}

fn nights(report: &Report<'_>) -> Table {
    let shown: Vec<&Field<night::SleepWindow>> = night::FIELDS
        .iter()
        .filter(|field| field.kind != Kind::Day && field.id != "reason")
        .collect();
    let row = |night: &night::SleepWindow| {
        shown
            .iter()
            .map(|field| words(&(field.of)(night)))
            .collect()
    };
    Table {
        heading: shown.iter().map(|field| field.id.to_owned()).collect(),
        rows: report.nights().iter().map(row).collect(),
    }
}

fn remarks(loaded: &Loaded) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for damage in &loaded.damages.first {
        let place = match damage.line {
            Some(line) => format!("line {line}"),
            None => format!("byte {}", damage.byte),
        };
        let what = if damage.is_loss() { "Lost" } else { "Noted" };
        remarks.push(format!("{what} at {place}: {}.", damage.message));
    }
    let told = u64::try_from(remarks.len()).unwrap_or(u64::MAX);
    if loaded.damages.count > told {
        let more = loaded.damages.count - told;
        remarks.push(format!(
            "{more} more places could not be read or were set right."
        ));
    }
    if loaded.header.has_invented_dates {
        remarks
            .push("The file gives days without dates; the dates shown are stand-ins.".to_owned());
    }
    remarks
}

/// Writes the page of the cohort, `index.html`.
pub fn write_cohort(
    folder: &Path,
    lines: &[Line],
    journal: &mut Journal,
    columns: &[&'static Column],
) -> anyhow::Result<PathBuf> {
    let shown: Vec<&Column> = columns
        .iter()
        .copied()
        .filter(|column| SHOWN.contains(&column.id))
        .collect();
    let mut members = Vec::new();
    let mut failed = Table {
        heading: heading(&["path", "error"]),
        rows: Vec::new(),
    };
    for line in lines {
        match &line.outcome {
            Ok(key) => {
                let entry = journal.entry(key)?;
                for document in &entry.recordings {
                    let document: serde_json::Value = serde_json::from_str(document.get())?;
                    members.push(member(&line.path, &entry.sha256, &document, &shown));
                }
            }
            Err(error) => failed.rows.push(vec![line.path.clone(), error.clone()]),
        }
    }
    let facts = [("Recordings", members.len()), ("Failed", failed.rows.len())];
    let facts = facts.map(|(label, count)| Labelled {
        label: label.to_owned(),
        text: count.to_string(),
    });
    let unit = |column: &&Column| match column.unit {
        "1" => column.id.to_owned(),
        unit => format!("{} ({unit})", column.id),
    };
    let html = cohort(&Cohort {
        facts: &facts,
        measures: &shown.iter().map(unit).collect::<Vec<String>>(),
        members: &members,
        failed: &failed,
    })?;
    let target = folder.join("index.html");
    std::fs::write(&target, html).with_context(|| format!("writing {}", target.display()))?;
    Ok(target)
}

fn member(path: &str, sha256: &str, document: &serde_json::Value, shown: &[&Column]) -> Member {
    let number = document.get("member").and_then(serde_json::Value::as_str);
    let path = Path::new(path);
    let cells: Vec<Cell> = shown
        .iter()
        .map(|column| {
            let measure = document.get("measures").and_then(|all| all.get(column.id));
            cell(
                column.kind,
                measure.and_then(|measure| measure.get("value")),
            )
        })
        .collect();
    Member {
        name: load::name(path, number),
        page: file_name(path, number, sha256),
        shown: cells.iter().map(words).collect(),
        values: cells.iter().map(value).collect(),
    }
}

fn value(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(value) => Some(*value),
        Cell::Clock(seconds) => Some(seconds / 3600.0),
        Cell::Missing | Cell::Whole(_) | Cell::Instant(_) | Cell::Day(_) | Cell::Text(_) => None,
    }
}

fn heading(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A cell as a page shows it.
fn words(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "–".to_owned(),
        Cell::Number(value) => digits(*value),
        Cell::Clock(seconds) => clock_text(*seconds),
        Cell::Instant(_) => cell.text().replace('T', " "),
        Cell::Whole(_) | Cell::Day(_) | Cell::Text(_) => cell.text(),
    }
}

/// A number with four significant digits, without an exponent between a millionth and ten million.
fn digits(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let mut decimals = 0;
    let mut scale = size;
    while decimals < 9 && scale < 10_f64.powi(DIGITS - 1) {
        scale *= 10.0;
        decimals += 1;
    }
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_four_digits() {
        let check = |value, expect: &str| assert_eq!(digits(value), expect);
        check(0.0, "0");
        check(0.123_456, "0.1235");
        check(-12.345_6, "-12.35");
        check(123_456.7, "123457");
        check(0.000_000_012_3, "1.230e-8");
    }

    #[test]
    fn pages_of_one_name_are_kept_apart() {
        let page = |sha256| file_name(Path::new("a b/übung 1.csv.gz"), None, sha256);
        assert_eq!(page("0123456789"), "übung_1-01234567.html");
        assert_ne!(page("0123456789"), page("1123456789"));
    }
}
