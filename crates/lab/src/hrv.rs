//! Heart-rate variability of files of beat intervals: `clarity hrv`.
//!
//! One document per file: what was read, what the correction changed, every measure with its value or
//! the reason there is none. It must never correct without saying so, never compute across a pause, and
//! never print a value of a stretch that is too short for it.

use std::fs::File;
use std::path::Path;

use analysis::heart::variability::{
    self, CORRECTED_SHARE_MAX, Changes, Treatment, Variability, alpha1_windows, stretches,
};
use analysis::outcome::Insufficient;
use import::intervals::{self, IntervalUnit, Intervals, IntervalsError};
use import::recording::Damages;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// What to compute of each file.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// What is done about faulty beats.
    pub treatment: Treatment,
    /// Length of the windows of DFA alpha 1 in seconds; none without.
    pub window_s: Option<u32>,
}

/// Why a file has no document.
#[derive(Debug, thiserror::Error)]
pub enum HrvError {
    /// It could not be opened.
    #[error("cannot open the file")]
    Open(#[source] std::io::Error),
    /// It holds no intervals.
    #[error(transparent)]
    Read(#[from] IntervalsError),
}

/// The document of a file.
#[derive(Debug, Serialize)]
pub struct Document {
    /// What was read.
    pub input: Input,
    /// The stretch that the measures are of: the longest without a pause.
    pub stretch: Stretch,
    /// What the correction changed, or why it could not be done.
    pub artefacts: Artefacts,
    /// Every measure.
    pub measures: Vec<Line>,
    /// DFA alpha 1 of consecutive windows; empty where none were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowLine>,
}

/// What was read of a file.
#[derive(Debug, Serialize)]
pub struct Input {
    /// The way of writing: `column`, `table` or `polar_hrm`.
    pub format: &'static str,
    /// `ms` or `s`, as the file has it.
    pub unit: &'static str,
    /// Beat intervals.
    pub intervals: usize,
    /// Lines without a usable interval.
    pub lines_without: u64,
    /// The first of them, counted from 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first_lines_without: Vec<u64>,
}

/// A part of a recording without a pause.
#[derive(Debug, Serialize)]
pub struct Stretch {
    /// Beat intervals in it, before correction.
    pub intervals: usize,
    /// How long it lasts.
    pub duration_s: f64,
    /// Its share of all intervals of the file.
    pub share: f64,
    /// Stretches of the file.
    pub stretches: usize,
}

/// What was done about faulty beats.
#[derive(Debug, Serialize)]
pub struct Artefacts {
    /// The method, null where beats were kept as they are.
    pub method: Option<&'static str>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Ectopic beats.
    pub ectopic: usize,
    /// Beats that were not detected.
    pub missed: usize,
    /// Beats that were detected though there were none.
    pub extra: usize,
    /// Intervals too long, too short, or too far from the median.
    pub long_short: usize,
    /// Share of beats changed.
    pub share: Option<f64>,
    /// Whether so much was changed (more than 5 %) that the values should not be used.
    pub too_many: bool,
    /// Why nothing was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A measure with its value, or the reason there is none.
#[derive(Debug)]
pub struct Line {
    /// Which measure.
    pub measure: &'static Variability,
    /// Its value.
    pub value: Result<f64, Insufficient>,
}

/// DFA alpha 1 of a window.
#[derive(Debug, Serialize)]
pub struct WindowLine {
    /// Seconds from the first beat of the stretch.
    pub start_s: f64,
    /// Beat intervals in it.
    pub intervals: usize,
    /// The exponent; null with a reason.
    pub dfa_alpha1: Option<f64>,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("measure", self.measure.id)?;
        map.serialize_entry("value", &self.value.as_ref().ok())?;
        map.serialize_entry("unit", self.measure.unit)?;
        map.serialize_entry("method", self.measure.analysis.id)?;
        map.serialize_entry("version", &self.measure.analysis.version)?;
        if let Err(reason) = &self.value {
            map.serialize_entry("reason", &reason.to_string())?;
        }
        map.end()
    }
}

/// The document of one file.
pub fn of_file(path: &Path, wanted: &Wanted) -> Result<Document, HrvError> {
    let mut file = File::open(path).map_err(HrvError::Open)?;
    Ok(document(&intervals::read(&mut file)?, wanted))
}

/// The document of what was read.
pub fn document(read: &Intervals, wanted: &Wanted) -> Document {
    let parts: Vec<&[f64]> = read
        .stretches_ms
        .iter()
        .flat_map(|stretch| stretches(stretch))
        .collect();
    let count: usize = read.stretches_ms.iter().map(Vec::len).sum();
    let mut longest: &[f64] = &[];
    for part in &parts {
        if part.len() > longest.len() {
            longest = part;
        }
    }
    let treated = wanted.treatment.of(longest);
    let value = |measure: &'static Variability| Line {
        measure,
        value: match &treated {
            Ok((intervals, _)) => (measure.of)(intervals),
            Err(reason) => Err(*reason),
        },
    };
    let windows = match (&treated, wanted.window_s) {
        (Ok((intervals, _)), Some(length_s)) => alpha1_windows(intervals, f64::from(length_s)),
        _ => Vec::new(),
    };
    Document {
        input: input(read, count),
        stretch: Stretch {
            intervals: longest.len(),
            duration_s: longest.iter().sum::<f64>() / 1000.0,
            share: longest.len() as f64 / count.max(1) as f64,
            stretches: parts.len(),
        },
        artefacts: artefacts(
            wanted.treatment,
            treated.as_ref().map(|(_, changes)| *changes),
        ),
        measures: variability::ALL.iter().map(value).collect(),
        windows: windows
            .into_iter()
            .map(|window| WindowLine {
                start_s: window.start_s,
                intervals: window.count,
                dfa_alpha1: window.alpha1.ok(),
                reason: window.alpha1.err().map(|reason| reason.to_string()),
            })
            .collect(),
    }
}

fn input(read: &Intervals, count: usize) -> Input {
    let Damages {
        first, count: lost, ..
    } = &read.damages;
    Input {
        format: read.format,
        unit: match read.unit {
            IntervalUnit::Milliseconds => "ms",
            IntervalUnit::Seconds => "s",
        },
        intervals: count,
        lines_without: *lost,
        first_lines_without: first.iter().filter_map(|damage| damage.line).collect(),
    }
}

fn artefacts(treatment: Treatment, changes: Result<Changes, &Insufficient>) -> Artefacts {
    let method = treatment.analysis();
    let found = changes.unwrap_or_default();
    let share = found.share();
    Artefacts {
        method: method.map(|analysis| analysis.id),
        version: method.map(|analysis| analysis.version),
        ectopic: found.ectopic,
        missed: found.missed,
        extra: found.extra,
        long_short: found.long_short,
        share: method.and(share),
        too_many: share.is_some_and(|share| share > CORRECTED_SHARE_MAX),
        reason: changes.err().map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Document {
        let wanted = Wanted {
            treatment: Treatment::Beats,
            window_s: Some(120),
        };
        document(
            &intervals::read(&mut text.as_bytes()).expect("intervals"),
            &wanted,
        )
    }

    /// Intervals around a second that are never all the same.
    fn beats(count: u32) -> String {
        let lines: Vec<String> = (0..count)
            .map(|index| (1000 + index * 37 % 61).to_string() + "\n")
            .collect();
        lines.concat()
    }

    #[test]
    fn every_measure_has_a_value_or_a_reason() {
        for count in [1, 20, 100, 2_000] {
            let json = serde_json::to_value(of(&beats(count))).expect("a document");
            let measures = json["measures"].as_array().expect("a list");
            assert_eq!(measures.len(), variability::ALL.len());
            for line in measures {
                assert_ne!(line["value"].is_null(), line["reason"].is_null(), "{line}");
            }
        }
    }

    #[test]
    fn the_longest_stretch_is_measured_and_its_share_stated() {
        let text = format!("{}9000\n{}lost\n{}", beats(50), beats(400), beats(30));
        let found = of(&text);
        assert_eq!(found.stretch.intervals, 400);
        assert_eq!(found.stretch.stretches, 3);
        assert_eq!(found.input.intervals, 481);
        assert_eq!(found.input.first_lines_without, [452]);
        let expected = of(&beats(400));
        for (found, expected) in found.measures.iter().zip(&expected.measures) {
            assert_eq!(found.value, expected.value, "{}", found.measure.id);
        }
        assert_eq!(found.windows.len(), 3);
    }

    #[test]
    fn what_was_not_judged_says_why() {
        let found = of(&beats(10));
        assert!(found.artefacts.reason.is_some() && found.artefacts.share.is_none());
        assert!(found.measures.iter().all(|line| line.value.is_err()));
    }
}
