//! Labels of people, as a researcher keeps them: a CSV with a line for each recording or week.
//!
//! Columns: `recording` (or `path`), optionally `person` (several recordings of one) and `week` (for
//! arrays of weeks), and the target: 1 or 0, true or false, yes or no; empty where it is not known.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use pat::head::Row;

use crate::diary;

/// The labels of a target.
#[derive(Debug)]
pub struct Labels {
    entries: HashMap<(String, Option<usize>), (usize, bool)>,
    /// Names of recordings that have a label, in lower case.
    names: HashSet<String>,
    /// Recordings in the order of the file.
    recordings: Vec<String>,
    folder: PathBuf,
}

/// The places of the columns.
struct Columns {
    recording: usize,
    person: Option<usize>,
    week: Option<usize>,
    target: usize,
}

impl Labels {
    /// Reads the column `target` of a file.
    pub fn read(path: &Path, target: &str) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .with_context(|| format!("reading {}", path.display()))?;
        let columns =
            Columns::of(reader.headers()?, target).with_context(|| path.display().to_string())?;
        let mut labels = Self {
            entries: HashMap::new(),
            names: HashSet::new(),
            recordings: Vec::new(),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        };
        let mut people: HashMap<String, usize> = HashMap::new();
        for (index, line) in reader.records().enumerate() {
            let line = line.with_context(|| path.display().to_string())?;
            let place = || format!("{}, line {}", path.display(), index + 2);
            let cell = |at: usize| line.get(at).unwrap_or_default();
            let recording = cell(columns.recording);
            let Some(label) = truth(cell(columns.target)).with_context(place)? else {
                continue;
            };
            let week = columns.week.map(cell).filter(|week| !week.is_empty());
            let week = week
                .map(|week| {
                    week.parse()
                        .with_context(|| format!("{}: week {week:?}", place()))
                })
                .transpose()?;
            let person = columns.person.map_or(recording, cell);
            let next = people.len();
            let person = *people.entry(person.to_owned()).or_insert(next);
            labels.recordings.push(recording.to_owned());
            labels.names.insert(recording.to_lowercase());
            let key = (recording.to_lowercase(), week);
            if labels.entries.insert(key, (person, label)).is_some() {
                bail!("{}: {recording} is labelled twice", place());
            }
        }
        Ok(labels)
    }

    /// Person and label of a week of a recording, by any of the names that the file goes by.
    pub fn of(&self, path: &str, week: usize) -> Option<(usize, bool)> {
        // A file of several people names each of them behind a #.
        let names = diary::names(Path::new(path));
        names
            .iter()
            .map(|name| name.to_lowercase())
            .find_map(|name| {
                let of_week = self.entries.get(&(name.clone(), Some(week)));
                of_week.or_else(|| self.entries.get(&(name, None))).copied()
            })
    }

    /// Whether any week of a file has a label.
    pub fn knows(&self, path: &Path) -> bool {
        let names = diary::names(path);
        names
            .iter()
            .any(|name| self.names.contains(&name.to_lowercase()))
    }

    /// A row of features with the label of its week, if it has one.
    pub fn row(&self, path: &str, week: usize, features: Vec<f64>) -> Option<Row> {
        let (person, label) = self.of(path, week)?;
        Some(Row {
            person,
            features,
            label,
        })
    }

    /// The recordings as paths, for labels that name files: beside the labels unless absolute.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self
            .recordings
            .iter()
            .map(|name| self.folder.join(name))
            .collect();
        paths.dedup();
        paths
    }
}

impl Columns {
    fn of(headings: &csv::StringRecord, target: &str) -> anyhow::Result<Self> {
        let at = |name: &str| headings.iter().position(|heading| heading == name);
        Ok(Self {
            recording: at("recording")
                .or_else(|| at("path"))
                .context("the labels need a column recording or path")?,
            person: at("person"),
            week: at("week"),
            target: at(target).with_context(|| format!("the labels have no column {target}"))?,
        })
    }
}

fn truth(cell: &str) -> anyhow::Result<Option<bool>> {
    match cell.to_lowercase().as_str() {
        "" => Ok(None),
        "1" | "true" | "yes" => Ok(Some(true)),
        "0" | "false" | "no" => Ok(Some(false)),
        _ => bail!("a label is 1 or 0, true or false, yes or no, not {cell:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Labels> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text).expect("written");
        Labels::read(&path, "ill")
    }

    #[test]
    fn recordings_are_known_by_name_and_people_by_theirs() {
        let labels =
            read("recording,person,ill\na,ada,1\nB.awd,ada,yes\nc,cy,0\nd,dan,\n").expect("labels");
        assert_eq!(labels.of("there/A.txt.gz", 3), Some((0, true)));
        assert_eq!(labels.of("b.awd", 0), Some((0, true)));
        assert_eq!(labels.of("c.awd", 0), Some((1, false)));
        assert_eq!(labels.of("d.awd", 0), None);
        let weeks = read("path,week,ill\nx.npy,0,1\nx.npy,1,0\n").expect("labels");
        assert_eq!(weeks.of("x.npy", 1).map(|(_, label)| label), Some(false));
        assert_eq!(weeks.of("x.npy", 2), None);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let check = |text: &str, expect: &str| {
            let refused = format!("{:#}", read(text).expect_err("refused"));
            assert!(refused.contains(expect), "{refused}");
        };
        check("recording,sick\na,1\n", "no column ill");
        check("name,ill\na,1\n", "need a column recording or path");
        check("recording,ill\na,1\nb,maybe\n", "line 3");
        check("recording,ill\na,1\na,0\n", "a is labelled twice");
    }
}
