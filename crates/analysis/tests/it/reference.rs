//! Reads the reference recordings and their JSON.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use analysis::score::scored::Scored;
use analysis::series::Series;
use serde_json::Value;

/// One recording with what the tools made of it.
pub(crate) struct Recording {
    pub(crate) id: String,
    /// Whether it is part of the project.
    pub(crate) is_own: bool,
    pub(crate) series: Series,
    pub(crate) light: Vec<(String, Series)>,
    pub(crate) device: Option<Vec<Option<bool>>>,
    pub(crate) reference: Value,
    pub(crate) r: Value,
    pub(crate) scoring: Value,
    pub(crate) textbook: Value,
}

impl Recording {
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.reference.pointer(pointer)
    }

    /// A scoring of the reference, as sleep = 1.
    pub(crate) fn scored(&self, name: &str) -> Option<Scored> {
        let entry = self.scoring.get(name)?;
        let text = entry.get("scores")?.as_str()?;
        let start = civil(entry.get("start")?.as_str()?);
        let step = whole(entry.get("epoch_seconds")?.as_f64()?);
        let flipped = entry.get("one").and_then(Value::as_str) == Some("active");
        let text: String = text
            .chars()
            .map(|c| match (c, flipped) {
                ('0', true) => '1',
                ('1', true) => '0',
                (other, _) => other,
            })
            .collect();
        Some(Scored::read(start, step, &text))
    }
}

/// A folder of the references beside the project, or a printed line when it is absent.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    oracle::data::beside(name)
}

/// Every recording of `actigraphy`, read once.
pub(crate) fn recordings() -> &'static [Recording] {
    static ALL: OnceLock<Vec<Recording>> = OnceLock::new();
    ALL.get_or_init(|| {
        let entries = oracle::data::entries("actigraphy");
        entries.values().map(|path| recording(path)).collect()
    })
}

fn recording(path: &Path) -> Recording {
    let text = oracle::data::text(&path.join("input.csv"));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let start = civil(rows[0][0]);
    let step = u32::try_from(civil(rows[1][0]) - start).unwrap();
    let column = |index: usize| {
        let value = |row: &Vec<&str>| row[index].parse().unwrap_or(f64::NAN);
        Series::new(start, step, rows.iter().map(value).collect())
    };
    let light = header
        .iter()
        .enumerate()
        .filter_map(|(index, name)| Some((name.strip_prefix("light_")?.to_owned(), column(index))))
        .collect();
    let device = header
        .iter()
        .position(|name| *name == "device_sleep_wake")
        .map(|index| {
            let state = |row: &Vec<&str>| match row[index].parse::<f64>() {
                Ok(value) => Some(value > 0.5),
                Err(_) => None,
            };
            rows.iter().map(state).collect()
        });
    Recording {
        id: path.file_name().unwrap().to_string_lossy().into_owned(),
        is_own: oracle::data::is_own(path),
        series: column(1),
        light,
        device,
        reference: json(&path.join("reference.json")),
        r: optional(&path.join("reference_r.json")),
        scoring: optional(&path.join("scoring.json")),
        textbook: optional(&path.join("scoring_textbook.json")),
    }
}

/// Parses a JSON file.
pub(crate) fn json(path: &Path) -> Value {
    oracle::data::json(path).unwrap()
}

/// The same, empty where the tools were not run on a recording.
fn optional(path: &Path) -> Value {
    oracle::data::json(path).unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

/// One column of a CSV file with a header.
pub(crate) fn column(path: &Path, name: &str) -> Vec<String> {
    let text = oracle::data::text(path);
    let mut lines = text.lines();
    let index = lines
        .next()
        .unwrap()
        .split(',')
        .position(|field| field == name)
        .unwrap();
    lines
        .map(|line| line.split(',').nth(index).unwrap().to_owned())
        .collect()
}

/// Local civil seconds of `YYYY-MM-DDTHH:MM:SS`.
pub(crate) fn civil(text: &str) -> i64 {
    let time: jiff::civil::DateTime = text
        .trim_end_matches('Z')
        .replace(' ', "T")
        .parse()
        .unwrap();
    time.to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp()
        .as_second()
}

/// Seconds of `HH:MM:SS`.
pub(crate) fn clock(text: &str) -> u32 {
    text.split(':')
        .fold(0, |total, part| total * 60 + part.parse::<u32>().unwrap())
}

/// A JSON number that is a whole number of seconds.
pub(crate) fn whole(value: f64) -> u32 {
    u32::try_from(analysis::maths::describe::round_to_whole(value)).unwrap()
}

/// The numbers of a JSON list; NaN for null.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_f64().unwrap_or(f64::NAN))
        .collect()
}
