//! The data dictionary: every column of the result tables, from the tables that make them.

use std::fmt::Write;

use analysis::heart::variability;
use analysis::report::column::{Column, Field, Kind};
use analysis::report::groups::GROUPS;
use analysis::report::scorer::SCORERS;
use analysis::report::{day, epoch, night};

use crate::beats;
use crate::results::{FILE_COLUMNS, FileColumn, LAST_COLUMNS, NAMING};

/// The dictionary as Markdown.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Columns of the results\n\n\
         What `clarity analyze` writes, column by column. `results.csv` has one row per recording,\n\
         `results.nights.csv` one per night or other rest, `results.days.csv` one per calendar day; Parquet\n\
         has the same three tables, and `results.json` holds them as `measures`, `nights` and `days` of each\n\
         recording. The unit `input` is that of the activity. A value that is missing is empty in CSV and null\n\
         in Parquet and JSON. The page is written by `clarity columns`.\n\n",
    );
    let mut section = |title: &str, text: String| {
        writeln!(out, "## {title}\n\n{text}").expect("a String takes every text");
    };
    let all = NAMING.iter().chain(FILE_COLUMNS);
    section("Recordings", file_columns(all));
    for (group, columns) in GROUPS {
        let about = format!("Measures of the group `{group}` (`--methods {group}`).\n\n");
        section(&format!("Recordings: {group}"), about + &measures(columns));
    }
    let rest = format!(
        "Each measure has a column `<measure>_coverage`: the share of the epochs, or nights, behind it \
         that was not missing.\n\n{}",
        file_columns(LAST_COLUMNS.iter())
    );
    section("Recordings: coverage, reasons and versions", rest);
    section(
        "Nights",
        format!(
            "Beginning with `path` and `member`.\n\n{}",
            fields(night::FIELDS)
        ),
    );
    section(
        "Days",
        format!(
            "Beginning with `path` and `member`.\n\n{}",
            fields(day::FIELDS)
        ),
    );
    section(
        "Epochs",
        format!(
            "With `--epochs`: `results.epochs.csv`, or `epoch_table` of each recording in JSON, one row per epoch. \
             Beginning with `path` and `member`.\n\n{}",
            fields(epoch::FIELDS)
        ),
    );
    section("Beats", beats());
    section("Scorers", scorers());
    out.trim_end().to_owned() + "\n"
}

fn table(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
    let mut out = line(&heading);
    out.push_str(&"|---".repeat(heading.len()));
    out.push_str("|\n");
    rows.for_each(|row| out.push_str(&line(&row)));
    out
}

/// The table of files of beat intervals.
fn beats() -> String {
    let row = |id: &str, kind: Kind, unit: &str, method: String, about: &str| {
        let id = format!("`{id}`");
        let kind = kind.word().to_owned();
        vec![id, kind, unit.to_owned(), method, about.to_owned()]
    };
    let before = beats::COLUMNS.iter();
    let before = before.map(|column| {
        row(
            column.id,
            column.kind,
            column.unit,
            String::new(),
            column.about,
        )
    });
    let measures = variability::ALL.iter().map(|measure| {
        let method = format!("`{}` {}", measure.analysis.id, measure.analysis.version);
        let about = format!("{}.", measure.title);
        row(measure.id, Kind::Number, measure.unit, method, &about)
    });
    let last = beats::last().into_iter();
    let last = last.map(|(id, about)| row(id, Kind::Text, "", String::new(), about));
    let heading = ["column", "kind", "unit", "method, version", "what it says"];
    format!(
        "Files of beat intervals in the batch (Polar, Elite HRV, Kubios, FIT; `--format beats` where a column has no \
         heading that says so): `results.beats.csv`, or `beats` in JSON with the documents of `clarity hrv`. The \
         measures are those of the longest stretch without a pause, with faulty beats put right.\n\n{}",
        table(&heading, before.chain(measures).chain(last))
    )
}

fn file_columns<'a>(columns: impl Iterator<Item = &'a FileColumn>) -> String {
    let row = |column: &FileColumn| {
        vec![
            format!("`{}`", column.id),
            column.kind.word().to_owned(),
            column.unit.to_owned(),
            column.about.to_owned(),
        ]
    };
    table(
        &["column", "kind", "unit", "what it says"],
        columns.map(row),
    )
}

fn measures(columns: &[Column]) -> String {
    let row = |column: &Column| {
        vec![
            format!("`{}`", column.id),
            column.kind.word().to_owned(),
            column.unit.to_owned(),
            range(column.range),
            format!("`{}` {}", column.method.id, column.method.version),
            column.about.to_owned(),
        ]
    };
    let heading = [
        "column",
        "kind",
        "unit",
        "range",
        "method, version",
        "what it says",
    ];
    table(&heading, columns.iter().map(row))
}

fn fields<R>(fields: &[Field<R>]) -> String {
    let row = |field: &Field<R>| {
        vec![
            format!("`{}`", field.id),
            field.kind.word().to_owned(),
            field.unit.to_owned(),
            field.about.to_owned(),
        ]
    };
    table(
        &["column", "kind", "unit", "what it says"],
        fields.iter().map(row),
    )
}

fn scorers() -> String {
    let row = |scorer: &analysis::report::scorer::Scorer| {
        vec![
            format!("`{}`", scorer.id),
            format!("`{}` {}", scorer.method.id, scorer.method.version),
            scorer.about.to_owned(),
        ]
    };
    let intro = "Names for `--scorer`, and the entries of `scores` in JSON (`1` sleep or rest, `0` wake, \
                 `n` not scored; one character per epoch of `score_epochs`). Without `--scorer`, the one \
                 that the maker's program applies is used: `cole_kripke_actilife_webster` for ActiGraph (with \
                 Webster's rules, as Cole applied them and as nights of the server are scored), `oakley` \
                 for Actiwatch and MotionWatch, `oakley_automatic` for all other counts, and `roenneberg` for \
                 acceleration and steps, whose scale the others refuse, and for epochs that neither divide a minute \
                 nor are of two minutes with `oakley`.\n\n";
    intro.to_owned()
        + &table(
            &["scorer", "method, version", "what it does"],
            SCORERS.iter().map(row),
        )
}

fn range(range: (Option<f64>, Option<f64>)) -> String {
    match range {
        (None, None) => String::new(),
        (Some(least), None) => format!("≥ {least}"),
        (None, Some(most)) => format!("≤ {most}"),
        (Some(least), Some(most)) => format!("{least} – {most}"),
    }
}

#[cfg(test)]
mod tests {
    use analysis::report::groups;

    use super::*;

    #[test]
    fn the_page_is_what_the_program_prints() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/methods/columns.md");
        let page = std::fs::read_to_string(path).expect("the page is in the project");
        assert!(
            page == markdown(),
            "docs/methods/columns.md is stale: run make docs"
        );
    }

    #[test]
    fn every_column_is_in_the_dictionary() {
        let text = markdown();
        let row = |id: &str| text.contains(&format!("| `{id}` |"));
        assert!(groups::all().all(|column| row(column.id)));
        assert!(night::FIELDS.iter().all(|field| row(field.id)));
        assert!(day::FIELDS.iter().all(|field| row(field.id)));
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            assert!(line.ends_with(" |"), "{line}");
        }
    }
}
