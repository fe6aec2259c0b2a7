//! The tables of a page: nights, other rest, days, and every measure.

use analysis::outcome::Insufficient;
use analysis::report::Report;
use analysis::report::column::{Cell, Column, ColumnValue, Field};
use analysis::report::day::{self, Day};
use analysis::report::groups::{self, GROUPS};
use analysis::report::night::{self, Role, SleepWindow};

use super::glossary::Glossary;
use crate::examine::Wanted;
use crate::report::{Head, Row, Section, Table, words};

/// Columns of a night in the order of a sleep laboratory, with the measure of the recording that is their mean.
const NIGHT: &[(&str, &str)] = &[
    ("date", ""),
    ("window_source", ""),
    ("in_bed", ""),
    ("onset", "sleep_onset"),
    ("offset", "sleep_offset"),
    ("out_of_bed", ""),
    ("midpoint", "sleep_midpoint"),
    ("time_in_bed_min", "time_in_bed_min"),
    ("sleep_period_min", "sleep_period_min"),
    ("total_sleep_min", "total_sleep_min"),
    ("sleep_efficiency", "sleep_efficiency"),
    ("sleep_latency_min", "sleep_latency_min"),
    ("wake_after_onset_min", "wake_after_onset_min"),
    ("wake_after_onset_aasm_min", "wake_after_onset_aasm_min"),
    ("awakenings", "awakenings"),
    ("coverage", ""),
];
/// Columns of other rest.
const REST: &[(&str, &str)] = &[
    ("date", ""),
    ("window_source", ""),
    ("in_bed", ""),
    ("out_of_bed", ""),
    ("time_in_bed_min", ""),
    ("total_sleep_min", ""),
    ("sleep_efficiency", ""),
    ("coverage", ""),
];
/// A day of which less is there says so.
const WHOLE_DAY: f64 = 0.9;
/// As many measures of a group that lack the same are said in one line.
const FOLDED: usize = 3;
/// The column of the latency, which says something only where somebody said when the night began.
const LATENCY: &str = "sleep_latency_min";

/// Whether somebody said when the windows begin: a diary, or the device's program.
pub(super) fn is_stated(report: &Report<'_>) -> bool {
    let mut found = report.nights().iter().peekable();
    found.peek().is_some() && found.all(SleepWindow::is_stated)
}

/// The windows of a role.
pub(super) fn nights(
    report: &Report<'_>,
    role: Role,
    is_stated: bool,
    glossary: &mut Glossary,
) -> Table {
    let of_role = || report.nights().iter().filter(|night| night.role == role);
    if of_role().next().is_none() {
        return Table::default();
    }
    // Where all come from one source, the settings say which.
    let mut sources = of_role().map(|night| night.source);
    let first = sources.next();
    let is_mixed = sources.any(|source| Some(source) != first);
    let columns = match role {
        Role::Night => NIGHT,
        Role::Other => REST,
    };
    let shown: Vec<(&Field<SleepWindow>, &str)> = columns
        .iter()
        .filter(|(id, _)| is_stated || *id != LATENCY)
        .filter(|(id, _)| *id != "window_source" || is_mixed)
        .filter_map(|(id, mean)| Some((night::FIELDS.iter().find(|field| field.id == *id)?, *mean)))
        .collect();
    let heading = shown
        .iter()
        .map(|(field, _)| heading(field, is_stated, glossary));
    let heading = heading.collect();
    let row = |night: &SleepWindow| Row {
        head: None,
        cells: shown
            .iter()
            .map(|(field, _)| of_night(field, night))
            .collect(),
        note: match &night.endpoints {
            Ok(_) => String::new(),
            Err(none) => format!("In no mean: {}.", words::reason(&none.to_string())),
        },
    };
    Table {
        rows: of_role().map(row).collect(),
        foot: match role {
            Role::Night => vec![mean(report, &shown)],
            Role::Other => Vec::new(),
        },
        heading,
    }
}

fn heading(field: &Field<SleepWindow>, is_stated: bool, glossary: &mut Glossary) -> Head {
    let name = match (field.id, is_stated) {
        ("in_bed", false) => "Rest from",
        ("out_of_bed", false) => "Rest until",
        ("in_bed", true) => "In bed",
        ("out_of_bed", true) => "Out of bed",
        ("time_in_bed_min", false) => "Rest",
        _ => return glossary.field("night", field, ""),
    };
    let unit = match field.unit {
        "min" => "min",
        _ => "clock time",
    };
    glossary.named(name, unit, field.about)
}

fn of_night(field: &Field<SleepWindow>, night: &SleepWindow) -> String {
    match (field.id, (field.of)(night)) {
        ("window_source", cell) => words::name("source", &cell.text()),
        (_, Cell::Instant(time_s)) => words::clock_of(time_s),
        (id, cell) => rounded(id, &cell),
    }
}

/// A cell of the nights, whose minutes are whole.
fn rounded(id: &str, cell: &Cell) -> String {
    match cell {
        Cell::Number(minutes) if id.ends_with("_min") => format!("{minutes:.0}"),
        Cell::Missing
        | Cell::Number(_)
        | Cell::Whole(_)
        | Cell::Clock(_)
        | Cell::Instant(_)
        | Cell::Day(_)
        | Cell::Text(_) => words::value(id, cell),
    }
}

/// The means of the nights, as the measures have them.
fn mean(report: &Report<'_>, shown: &[(&Field<SleepWindow>, &str)]) -> Row {
    let measured = |id: &str| {
        let column = groups::all().find(|column| column.id == id)?;
        Some((column.id, report.measure(column)))
    };
    let cells = shown
        .iter()
        .enumerate()
        .map(|(place, (_, id))| match measured(id) {
            Some((id, found)) => rounded(id, &found.cell()),
            None if place == 0 => "Mean".to_owned(),
            None => String::new(),
        });
    let lacking = measured("total_sleep_min").and_then(|(_, found)| found.outcome.err());
    Row {
        head: None,
        cells: cells.collect(),
        note: lacking.map_or_else(String::new, |none| {
            format!("No means: {}.", words::reason(&none.to_string()))
        }),
    }
}

/// The calendar days; columns without any value are left out.
pub(super) fn days(report: &Report<'_>, input: &str, glossary: &mut Glossary) -> Table {
    let days = report.days();
    let has_value = |field: &&Field<Day>| {
        !field.id.ends_with("reason") && days.iter().any(|day| (field.of)(day) != Cell::Missing)
    };
    let shown: Vec<&Field<Day>> = day::FIELDS.iter().filter(has_value).collect();
    let mut heading = Vec::new();
    for field in &shown {
        let mut head = glossary.field("day", field, input);
        if is_wear(field.id) {
            "h".clone_into(&mut head.unit);
        }
        if field.id == "total" {
            head.unit = words::unit("adat", "input per day", input);
        }
        heading.push(head);
    }
    let row = |day: &Day| Row {
        head: None,
        cells: shown.iter().map(|field| of_day(field, day)).collect(),
        note: String::new(),
    };
    Table {
        heading,
        rows: days.iter().map(row).collect(),
        foot: Vec::new(),
    }
}

fn is_wear(id: &str) -> bool {
    matches!(id, "wear_min" | "nonwear_min")
}

fn of_day(field: &Field<Day>, day: &Day) -> String {
    let cell = (field.of)(day);
    match (field.id, &cell) {
        (id, Cell::Number(minutes)) if is_wear(id) => format!("{:.1}", minutes / 60.0),
        ("date", _) if day.coverage < WHOLE_DAY => {
            format!("{}, in part", words::value(field.id, &cell))
        }
        ("total", Cell::Number(total)) => words::tidy(total.round()),
        ("relative_amplitude", Cell::Number(share)) => format!("{share:.3}"),
        (id, Cell::Number(value)) if field.unit == "input" || id.starts_with("light_mean") => {
            words::tidy(*value)
        }
        (id, _) => words::value(id, &cell),
    }
}

fn reason_of(none: &Insufficient) -> String {
    words::reason(&none.to_string())
}

/// The reasons that many measures of a group share, with the names of these.
fn lacking(of_group: &[(&'static Column, ColumnValue)]) -> Vec<(String, Vec<String>)> {
    let mut lacking: Vec<(String, Vec<String>)> = Vec::new();
    for (column, measure) in of_group {
        let Err(none) = &measure.outcome else {
            continue;
        };
        let (reason, name) = (reason_of(none), words::name("", column.id));
        match lacking.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => lacking.push((reason, vec![name])),
        }
    }
    lacking.retain(|(_, names)| names.len() >= FOLDED);
    lacking
}

/// Every measure that was wanted, in its group; a measure without a value says why.
pub(super) fn measures(
    report: &Report<'_>,
    wanted: &Wanted,
    input: &str,
    glossary: &mut Glossary,
) -> Vec<Section> {
    let head = |text: &str| Head {
        text: text.to_owned(),
        ..Head::default()
    };
    let mut sections = Vec::new();
    for (group, columns) in GROUPS {
        let of_group = wanted
            .columns
            .iter()
            .filter(|column| columns.iter().any(|one| one.id == column.id));
        let of_group: Vec<_> = of_group
            .map(|column| (*column, report.measure(column)))
            .collect();
        let lacking = lacking(&of_group);
        let mut rows = Vec::new();
        for (column, measure) in of_group {
            let reason = measure.outcome.as_ref().err().map(reason_of);
            if reason.is_some_and(|reason| lacking.iter().any(|(known, _)| *known == reason)) {
                continue;
            }
            let mut name = glossary.measure(column, input);
            let unit = std::mem::take(&mut name.unit);
            let (coverage, from) = match measure.outcome {
                Ok(found) => (
                    // A number of nights is not covered in part.
                    if words::is_count(column.id) {
                        String::new()
                    } else {
                        words::percent(found.coverage)
                    },
                    format!("{} {}", column.method.title, column.method.version),
                ),
                Err(none) => (String::new(), words::reason(&none.to_string())),
            };
            rows.push(Row {
                head: Some(name),
                cells: vec![
                    words::with_unit(column.id, &measure.cell(), &unit),
                    coverage,
                    from,
                ],
                note: String::new(),
            });
        }
        rows.extend(lacking.into_iter().map(|(reason, names)| Row {
            head: None,
            cells: vec![names.join("; "), "–".to_owned(), String::new(), reason],
            note: String::new(),
        }));
        if !rows.is_empty() {
            let heading = [
                "Measure",
                "Value",
                "Coverage",
                "Method and version, or why there is no value",
            ];
            sections.push(Section {
                title: words::name("group", group),
                table: Table {
                    heading: heading.map(head).to_vec(),
                    rows,
                    foot: Vec::new(),
                },
            });
        }
    }
    sections
}

/// Why days have no most and least active hours, where the kinds of reasons are few.
pub(super) fn day_notes(report: &Report<'_>) -> Vec<String> {
    let lacking = report.days().iter().filter_map(|day| day.contrast.err());
    let mut notes: Vec<String> = Vec::new();
    for none in lacking {
        let note = format!("A day without L5 and M10 lacks {}.", none.of);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let unworn = report.days().iter().filter(|day| {
        let has = day.efforts.as_ref().err();
        has.is_some_and(|none| none.needs > 1.0)
    });
    let unworn = unworn.count();
    if unworn > 0 {
        let noun = if unworn == 1 { "day has" } else { "days have" };
        notes.push(format!(
            "{unworn} {noun} fewer than ten hours worn and awake, and so no minutes by intensity."
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use analysis::report::column::Kind;

    use super::*;

    #[test]
    fn every_column_of_the_page_is_a_column_of_the_results() {
        for (id, mean) in NIGHT.iter().chain(REST) {
            let field = night::FIELDS.iter().find(|field| field.id == *id);
            assert!(
                field.is_some_and(|field| field.kind != Kind::Whole || *id == "awakenings"),
                "{id}"
            );
            let is_column = groups::all().any(|column| column.id == *mean);
            assert!(mean.is_empty() || is_column, "{mean}");
        }
    }
}
