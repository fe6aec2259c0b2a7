//! The key figures of a recording: the means of its nights and days, the rhythm, and what was published beside them.
//!
//! What a publication recommends is quoted, never compared: the page does not know whose night it was.

use analysis::maths::describe;
use analysis::report::Report;
use analysis::report::column::Cell;
use analysis::report::groups;
use analysis::report::night::{self, Role, SleepWindow};

use super::glossary::Glossary;
use crate::report::{Head, Row, Section, Table, words};

/// A figure: its measure, the measure of its spread, and what was published of it.
type Figure = (&'static str, Option<&'static str>, &'static str);

const SLEEP: &[Figure] = &[
    ("time_in_bed_min", None, ""),
    (
        "total_sleep_min",
        Some("total_sleep_sd_min"),
        "420–540\u{a0}min, adults¹",
    ),
    ("sleep_efficiency", None, "85\u{a0}% and more²"),
    ("sleep_latency_min", None, "30\u{a0}min and less²"),
    ("wake_after_onset_min", None, "20\u{a0}min and less²"),
    ("wake_after_onset_aasm_min", None, ""),
    ("awakenings", None, ""),
    ("sleep_onset", Some("sleep_onset_sd_h"), ""),
    ("sleep_offset", None, ""),
    ("sleep_midpoint", Some("sleep_midpoint_sd_h"), ""),
    ("sleep_regularity_index", None, ""),
    ("social_jetlag_h", None, ""),
];
const RHYTHM: &[Figure] = &[
    ("interdaily_stability", None, ""),
    ("intradaily_variability", None, ""),
    ("relative_amplitude", None, ""),
    ("l5", None, ""),
    ("l5_onset", None, ""),
    ("m10", None, ""),
    ("m10_onset", None, ""),
    ("cosinor_acrophase_h", None, ""),
    ("activity_mean", None, ""),
    ("mvpa_min", None, ""),
    ("sedentary_min", None, ""),
    ("who_equivalent_min", None, "150\u{a0}min and more, adults³"),
    ("light_mean", None, ""),
    ("light_time_above_min", None, ""),
];
/// What the marks behind the published figures stand for.
const PUBLISHED: [(char, &str); 3] = [
    (
        '¹',
        "¹ Recommended from 18 to 64 years; 420–480 from 65 (Hirshkowitz 2015, doi:10.1016/j.sleh.2014.12.010).",
    ),
    (
        '²',
        "² Good sleep quality of adults by consensus, not from actigraphy (Ohayon 2017, doi:10.1016/j.sleh.2016.11.006).",
    ),
    (
        '³',
        "³ Target of the WHO for adults (Bull 2020, doi:10.1136/bjsports-2020-102955).",
    ),
];
/// Measures whose lack says no more than that the file has no such channel or no cut points fit.
const OPTIONAL: &[&str] = &[
    "light_mean",
    "light_time_above_min",
    "mvpa_min",
    "sedentary_min",
    "who_equivalent_min",
];

/// Key figures and what is said below them.
pub(super) struct Key {
    /// Sleep, and rhythm.
    pub(super) sections: Vec<Section>,
    /// What the marks stand for.
    pub(super) notes: Vec<String>,
}

/// The key figures; the latency only where somebody said when the night began.
pub(super) fn figures(
    report: &Report<'_>,
    input: &str,
    is_stated: bool,
    glossary: &mut Glossary,
) -> Key {
    let mut shown: Vec<Figure> = SLEEP.to_vec();
    shown.retain(|figure| is_stated || figure.0 != "sleep_latency_min");
    let mut maker = Maker {
        report,
        input,
        glossary,
        lacks: Vec::new(),
    };
    let sleep = maker.table(&shown);
    let nights = described(report).count();
    let rhythm = maker.table(RHYTHM);
    let quotes = |mark: char| {
        let mut rows = sleep.rows.iter().chain(&rhythm.rows);
        rows.any(|row| row.cells.iter().any(|cell| cell.contains(mark)))
    };
    let published = PUBLISHED.iter().filter(|(mark, _)| quotes(*mark));
    let mut notes: Vec<String> = published.map(|(_, note)| (*note).to_owned()).collect();
    let lacks = maker.lacks.iter().enumerate();
    notes.extend(lacks.map(|(place, lack)| format!("({}) {lack}.", letter(place))));
    if !is_stated && nights > 0 {
        notes.push(
            "Nobody said when the person was in bed: the window of rest that was found stands for it, and the efficiency is \
             over that window."
                .to_owned(),
        );
    }
    let section = |title: &str, table| Section {
        title: title.to_owned(),
        table,
    };
    Key {
        sections: vec![
            section(&format!("Sleep: means of {nights} nights"), sleep),
            section("Rhythm, activity and light", rhythm),
        ],
        notes,
    }
}

/// The nights that could be described.
fn described<'a>(report: &'a Report<'_>) -> impl Iterator<Item = &'a SleepWindow> {
    let main = report.nights().iter();
    main.filter(|night| night.role == Role::Night && night.endpoints.is_ok())
}

/// The standard deviation over the nights of a measure that is their mean, where the table of nights has it as a number.
fn deviation(report: &Report<'_>, id: &str) -> Option<f64> {
    let field = night::FIELDS.iter().find(|field| field.id == id)?;
    let values: Vec<f64> = described(report)
        .filter_map(|night| match (field.of)(night) {
            Cell::Number(value) => Some(value),
            Cell::Whole(count) => Some(count as f64),
            Cell::Missing | Cell::Clock(_) | Cell::Instant(_) | Cell::Day(_) | Cell::Text(_) => {
                None
            }
        })
        .collect();
    (values.len() > 1).then(|| describe::standard_deviation(&values, 1))
}

/// The mark of a reason; there are fewer than letters.
fn letter(place: usize) -> char {
    ('a'..='z').nth(place).unwrap_or('z')
}

/// Makes the tables, and remembers why values are missing.
struct Maker<'a> {
    report: &'a Report<'a>,
    input: &'a str,
    glossary: &'a mut Glossary,
    lacks: Vec<String>,
}

impl Maker<'_> {
    fn table(&mut self, figures: &[Figure]) -> Table {
        let head = |text: &str| Head {
            text: text.to_owned(),
            ..Head::default()
        };
        let rows = figures.iter().filter_map(|figure| self.row(figure));
        let mut rows: Vec<Row> = rows.collect();
        let mut heading = vec![head("Measure"), head("Value")];
        // A column in which nothing stands says nothing.
        let mut kept = vec![0];
        for (place, name) in [(1, "SD"), (2, "Recommended")] {
            let is_said = |row: &Row| row.cells.get(place).is_some_and(|cell| !cell.is_empty());
            if rows.iter().any(is_said) {
                kept.push(place);
                heading.push(head(name));
            }
        }
        for row in &mut rows {
            let cells = kept
                .iter()
                .filter_map(|place| row.cells.get(*place).cloned());
            row.cells = cells.collect();
        }
        Table {
            heading,
            rows,
            foot: Vec::new(),
        }
    }

    fn row(&mut self, (id, spread, published): &Figure) -> Option<Row> {
        let column = groups::all().find(|column| column.id == *id)?;
        let measure = self.report.measure(column);
        let value = match measure.outcome {
            Err(_) if OPTIONAL.contains(id) => return None,
            Err(none) => format!("– ({})", self.lack(words::reason(&none.to_string()))),
            Ok(_) => {
                let unit = words::unit(id, column.unit, self.input);
                words::with_unit(id, &measure.cell(), &unit)
            }
        };
        let spread = spread.and_then(|spread| {
            let column = groups::all().find(|column| column.id == spread)?;
            let cell = self.report.measure(column).cell();
            let unit = words::unit(spread, column.unit, self.input);
            // Of times of day too, in minutes.
            if let (Cell::Number(hours), "h") = (&cell, unit.as_str()) {
                return Some(format!("{:.0}\u{a0}min", 60.0 * hours));
            }
            (cell != Cell::Missing).then(|| words::with_unit(spread, &cell, &unit))
        });
        let spread = spread.or_else(|| {
            let own = deviation(self.report, id).filter(|_| measure.outcome.is_ok())?;
            let unit = words::unit(id, column.unit, self.input);
            Some(words::with_unit(id, &Cell::Number(own), &unit))
        });
        let mut head = self.glossary.measure(column, self.input);
        head.unit = String::new();
        Some(Row {
            head: Some(head),
            cells: vec![value, spread.unwrap_or_default(), (*published).to_owned()],
            note: String::new(),
        })
    }

    /// The mark of a reason.
    fn lack(&mut self, reason: String) -> char {
        let known = self.lacks.iter().position(|lack| *lack == reason);
        letter(known.unwrap_or_else(|| {
            self.lacks.push(reason);
            self.lacks.len() - 1
        }))
    }
}
