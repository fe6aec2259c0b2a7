//! Compares two groups of recordings, measure by measure.
//!
//! It reads results that `analyze` wrote and a table of labels, pairs them by name, and asks `analysis`
//! for the comparison. It must never choose the groups by itself when there are more than two.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use analysis::report::column::{Column, Kind, clock_text, read_clock};
use analysis::report::groups;
use analysis::series::DAY_S;
use analysis::stats::two_groups::{self, Comparison};
use analysis::stats::{circular, multiplicity};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

use crate::diary::names;
use crate::load;

/// Why groups could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A file could not be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A column is not there.
    #[error("{} has no column {column:?}; its columns are {known}", path.display())]
    Column {
        /// Which file.
        path: PathBuf,
        /// What was sought.
        column: String,
        /// What there is.
        known: String,
    },
    /// The labels make no two groups.
    #[error("the column makes the groups {found}; name two of them with --between")]
    Groups {
        /// What there is.
        found: String,
    },
    /// A group that was asked for is not there.
    #[error("no recording has the label {wanted:?}; the labels are {found}")]
    NoGroup {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
}

/// One line of the comparison.
#[derive(Debug)]
pub struct Compared {
    /// Which measure.
    pub column: &'static Column,
    /// What distinguishes the groups, or why that cannot be known.
    pub outcome: Result<Comparison, String>,
    /// Adjusted probability over all measures that were compared.
    pub q: f64,
}

/// The comparison of two groups.
#[derive(Debug)]
pub struct Compare {
    /// Labels of the first and the second group.
    pub labels: (String, String),
    /// Recordings in each.
    pub counts: (usize, usize),
    /// Recordings without a label.
    pub unlabelled: Vec<String>,
    /// The measures.
    pub lines: Vec<Compared>,
}

/// A recording's measures by name.
struct Measured {
    path: String,
    /// The person, in a file that holds several.
    member: Option<String>,
    values: HashMap<String, f64>,
}

/// Compares the recordings of `results` by the column `by` of `labels`.
pub fn compare(
    results: &Path,
    labels: &Path,
    by: &str,
    between: Option<(&str, &str)>,
    columns: &[&'static Column],
) -> Result<Compare, CompareError> {
    let recordings = read_results(results)?;
    let labels = read_labels(labels, by)?;
    let mut groups: BTreeMap<String, Vec<&Measured>> = BTreeMap::new();
    let mut unlabelled = Vec::new();
    for recording in &recordings {
        let names = names_of(recording);
        match names
            .iter()
            .find_map(|name| labels.get(&name.to_lowercase()))
        {
            Some(label) => groups.entry(label.clone()).or_default().push(recording),
            None => unlabelled.push(recording.path.clone()),
        }
    }
    let found = groups.keys().cloned().collect::<Vec<_>>().join(", ");
    let (first, second) = match between {
        Some((first, second)) => (first.to_owned(), second.to_owned()),
        None => match groups.keys().collect::<Vec<_>>().as_slice() {
            [first, second] => ((*first).clone(), (*second).clone()),
            _ => return Err(CompareError::Groups { found }),
        },
    };
    let group = |wanted: &String| {
        groups.get(wanted).ok_or_else(|| CompareError::NoGroup {
            wanted: wanted.clone(),
            found: found.clone(),
        })
    };
    let (ours, theirs) = (group(&first)?, group(&second)?);
    let mut lines: Vec<Compared> = columns
        .iter()
        .map(|column| one(column, ours, theirs))
        .collect();
    let p: Vec<f64> = lines
        .iter()
        .map(|line| line.outcome.as_ref().map_or(f64::NAN, |found| found.p))
        .collect();
    for (line, q) in lines.iter_mut().zip(multiplicity::adjusted(&p)) {
        line.q = q;
    }
    Ok(Compare {
        counts: (ours.len(), theirs.len()),
        labels: (first, second),
        unlabelled,
        lines,
    })
}

fn one(column: &'static Column, ours: &[&Measured], theirs: &[&Measured]) -> Compared {
    let of = |group: &[&Measured]| -> Vec<f64> {
        let values = group
            .iter()
            .filter_map(|recording| recording.values.get(column.id));
        values.copied().collect()
    };
    let (ours, theirs) = (of(ours), of(theirs));
    let outcome = match column.kind {
        Kind::Clock => clocks(&ours, &theirs),
        Kind::Number | Kind::Whole | Kind::Instant | Kind::Day | Kind::Text => {
            two_groups::compare(&ours, &theirs).map_err(|none| none.to_string())
        }
    };
    Compared {
        column,
        outcome,
        q: f64::NAN,
    }
}

/// Times of day are compared as differences from the circular mean of both groups together, so that
/// midnight tears nothing apart; medians are put back on the clock.
fn clocks(ours: &[f64], theirs: &[f64]) -> Result<Comparison, String> {
    let day = f64::from(DAY_S);
    let pooled: Vec<f64> = ours.iter().chain(theirs).copied().collect();
    let centre = circular::mean(&pooled, day).map_err(|none| none.to_string())?;
    let around = |times: &[f64]| -> Vec<f64> {
        let apart = times
            .iter()
            .map(|&time| circular::difference(time, centre, day));
        apart.collect()
    };
    let found = two_groups::compare(&around(ours), &around(theirs));
    let mut found = found.map_err(|none| none.to_string())?;
    let back = |apart: f64| (centre + apart).rem_euclid(day);
    found.medians = (back(found.medians.0), back(found.medians.1));
    Ok(found)
}

/// A value as the comparison prints it.
pub fn shown(column: &Column, value: f64) -> String {
    match column.kind {
        Kind::Clock => clock_text(value),
        Kind::Number | Kind::Whole | Kind::Instant | Kind::Day | Kind::Text => {
            format!("{value:.4}")
        }
    }
}

/// The names under which a recording may be labelled.
fn names_of(recording: &Measured) -> Vec<String> {
    let path = Path::new(&recording.path);
    match &recording.member {
        Some(member) => vec![member.clone(), load::name(path, Some(member))],
        None => names(path),
    }
}

fn read_results(path: &Path) -> Result<Vec<Measured>, CompareError> {
    let is = |wanted: &str| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
    };
    if is("json") {
        from_json(path)
    } else if is("parquet") {
        from_parquet(path)
    } else {
        from_csv(path)
    }
}

fn from_parquet(path: &Path) -> Result<Vec<Measured>, CompareError> {
    let refused = |error: &dyn std::fmt::Display| CompareError::Read {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(|error| refused(&error))?;
    let reader = SerializedFileReader::new(file).map_err(|error| refused(&error))?;
    let rows = reader.get_row_iter(None).map_err(|error| refused(&error))?;
    let columns: HashMap<&str, &'static Column> =
        groups::all().map(|column| (column.id, column)).collect();
    let mut found = Vec::new();
    for row in rows {
        let row = row.map_err(|error| refused(&error))?;
        let mut measured = Measured {
            path: String::new(),
            member: None,
            values: HashMap::new(),
        };
        for (name, field) in row.get_column_iter() {
            match (name.as_str(), field) {
                ("path", Field::Str(text)) => measured.path.clone_from(text),
                ("member", Field::Str(text)) => measured.member = filled(text),
                (name, field) => {
                    let column = columns.get(name);
                    if let Some(value) = column.and_then(|column| number(column, field)) {
                        measured.values.insert(name.to_owned(), value);
                    }
                }
            }
        }
        found.push(measured);
    }
    if found.iter().any(|measured| measured.path.is_empty()) {
        return Err(refused(
            &"it has no column path, so analyze did not write it",
        ));
    }
    Ok(found)
}

/// A cell of a Parquet file as a number.
fn number(column: &Column, field: &Field) -> Option<f64> {
    if let Field::Str(text) = field {
        return read_clock(text).filter(|_| column.kind == Kind::Clock);
    }
    // Numbers print as what they are.
    matches!(field, Field::Double(_) | Field::Long(_) | Field::Int(_))
        .then(|| field.to_string().parse().ok())
        .flatten()
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn from_json(path: &Path) -> Result<Vec<Measured>, CompareError> {
    let refused = |reason: String| CompareError::Read {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    let document: Value =
        serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
    let recordings = document.get("recordings").and_then(Value::as_array);
    let recordings = recordings.ok_or_else(|| refused("it has no recordings".to_owned()))?;
    let measured = |recording: &Value| {
        let value = |column: &'static Column| {
            let value = recording.get("measures")?.get(column.id)?.get("value")?;
            let number = match column.kind {
                Kind::Clock => read_clock(value.as_str()?)?,
                Kind::Number | Kind::Whole | Kind::Instant | Kind::Day | Kind::Text => {
                    value.as_f64()?
                }
            };
            Some((column.id.to_owned(), number))
        };
        Measured {
            path: recording
                .get("path")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            member: recording
                .get("member")
                .and_then(Value::as_str)
                .and_then(filled),
            values: groups::all().filter_map(value).collect(),
        }
    };
    Ok(recordings.iter().map(measured).collect())
}

fn from_csv(path: &Path) -> Result<Vec<Measured>, CompareError> {
    let refused = |error: csv::Error| CompareError::Read {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut rows = csv::Reader::from_path(path).map_err(refused)?;
    let headings = rows.headers().map_err(refused)?.clone();
    let at = position(path, &headings, "path")?;
    let of_member = headings.iter().position(|name| name == "member");
    let places: Vec<(usize, &'static Column)> = groups::all()
        .filter_map(|column| Some((headings.iter().position(|name| name == column.id)?, column)))
        .collect();
    let mut found = Vec::new();
    for row in rows.records() {
        let row = row.map_err(refused)?;
        let value = |(place, column): &(usize, &'static Column)| {
            let text = row.get(*place)?;
            let number = match column.kind {
                Kind::Clock => read_clock(text)?,
                Kind::Number | Kind::Whole | Kind::Instant | Kind::Day | Kind::Text => {
                    text.parse().ok()?
                }
            };
            Some((column.id.to_owned(), number))
        };
        found.push(Measured {
            path: row.get(at).unwrap_or_default().to_owned(),
            member: of_member.and_then(|at| row.get(at)).and_then(filled),
            values: places.iter().filter_map(value).collect(),
        });
    }
    Ok(found)
}

/// Labels by the name in the first column.
fn read_labels(path: &Path, by: &str) -> Result<HashMap<String, String>, CompareError> {
    let refused = |error: csv::Error| CompareError::Read {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut rows = csv::Reader::from_path(path).map_err(refused)?;
    let headings = rows.headers().map_err(refused)?.clone();
    let at = position(path, &headings, by)?;
    let mut labels = HashMap::new();
    for row in rows.records() {
        let row = row.map_err(refused)?;
        if let (Some(name), Some(label)) = (row.get(0), row.get(at))
            && !label.is_empty()
        {
            labels.insert(name.to_lowercase(), label.to_owned());
        }
    }
    Ok(labels)
}

fn position(
    path: &Path,
    headings: &csv::StringRecord,
    column: &str,
) -> Result<usize, CompareError> {
    let at = headings.iter().position(|name| name == column);
    at.ok_or_else(|| CompareError::Column {
        path: path.to_owned(),
        column: column.to_owned(),
        known: headings.iter().collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn groups_are_paired_by_name_and_clock_times_wrap_at_midnight() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let mut results = "path,l5,l5_onset\n".to_owned();
        let mut labels = "id,group\n".to_owned();
        let onsets = [
            "23:50:00", "23:55:00", "00:00:00", "00:05:00", "00:10:00", "00:15:00",
        ];
        for (index, onset) in onsets.iter().enumerate() {
            writeln!(results, "data/p{index}.csv.gz,{index}.5,{onset}").expect("a String");
            let group = if index < 3 { "early" } else { "late" };
            writeln!(labels, "P{index},{group}").expect("a String");
        }
        results += "data/unknown.csv,1,01:00:00\n";
        std::fs::write(at("r.csv"), results).expect("a file");
        std::fs::write(at("labels.csv"), labels).expect("a file");
        let columns: Vec<_> = ["l5", "l5_onset"]
            .into_iter()
            .flat_map(groups::named)
            .collect();
        let compared = compare(&at("r.csv"), &at("labels.csv"), "group", None, &columns);
        let compared = compared.expect("two groups");
        assert_eq!(compared.counts, (3, 3));
        assert_eq!(compared.unlabelled, ["data/unknown.csv"]);
        for line in &compared.lines {
            let found = line.outcome.as_ref().expect("a comparison");
            assert!(found.auc.abs() < 1e-12, "{}", line.column.id);
            assert!((line.q - found.p).abs() < 1e-12);
        }
        let onset = compared
            .lines
            .iter()
            .find(|line| line.column.kind == Kind::Clock);
        let onset = onset
            .and_then(|line| line.outcome.as_ref().ok())
            .expect("a comparison");
        assert_eq!(clock_text(onset.medians.0), "23:55:00");
        assert_eq!(clock_text(onset.medians.1), "00:10:00");
        let none = compare(&at("r.csv"), &at("labels.csv"), "colour", None, &columns);
        assert!(
            none.expect_err("no such column")
                .to_string()
                .contains("id, group")
        );
    }
}
