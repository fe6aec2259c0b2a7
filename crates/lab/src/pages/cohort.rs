//! The page of a cohort, made from the documents of its recordings.

mod strips;

use std::collections::BTreeMap;
use std::path::Path;

use analysis::heart::variability;
use analysis::report::column::{Cell, Column, Kind};
use serde_json::Value;

use super::glossary::Glossary;
use super::{file_name, program};
use crate::beats;
use crate::journal::Journal;
use crate::load;
use crate::report::{Cohort, Head, Labelled, Member, Row, Table, cohort, words};
use crate::results::{Line, cell};

/// Measures that the page spreads out.
const SHOWN: &[&str] = &[
    "interdaily_stability",
    "intradaily_variability",
    "relative_amplitude",
    "l5",
    "l5_onset",
    "m10",
    "m10_onset",
    "sleep_regularity_index",
    "time_in_bed_min",
    "total_sleep_min",
    "sleep_efficiency",
    "wake_after_onset_min",
    "sleep_onset",
    "sleep_midpoint",
    "sleep_offset",
    "mvpa_min",
];
/// Measures of beat intervals that the page shows.
const BEATS: &[&str] = &[
    "heart_rate_mean",
    "rmssd",
    "sdnn",
    "lf",
    "hf",
    "sample_entropy",
    "dfa_alpha1",
];

/// What the page is made from, filled recording by recording.
#[derive(Default)]
struct Gathered {
    members: Vec<Member>,
    why: Vec<String>,
    kinds: Vec<String>,
    /// By measure: kind of recording, unit of its activity and value.
    values: BTreeMap<&'static str, Vec<(String, String, f64)>>,
    left_out: BTreeMap<String, (usize, usize)>,
    nights: usize,
    /// Scorers, rules of non-wear and numbers of nights that means need, each once.
    settings: [Vec<String>; 3],
    /// Measures that no recording has.
    unknown: Vec<String>,
}

/// Writes the page.
pub(super) fn html(
    lines: &[Line],
    journal: &mut Journal,
    columns: &[&'static Column],
) -> anyhow::Result<String> {
    let shown: Vec<&'static Column> = columns
        .iter()
        .copied()
        .filter(|column| SHOWN.contains(&column.id))
        .collect();
    let mut gathered = Gathered::default();
    let (mut failed, mut of_beats) = (Vec::new(), Vec::new());
    for line in lines {
        match &line.outcome {
            Ok(key) => {
                let entry = journal.entry(key)?;
                for document in &entry.recordings {
                    let document: Value = serde_json::from_str(document.get())?;
                    gathered.take(&line.path, &entry.sha256, &document, &shown);
                }
                for document in &entry.beats {
                    of_beats.push(beats_row(
                        &line.path,
                        &serde_json::from_str(document.get())?,
                    ));
                }
            }
            Err(error) => failed.push(row(vec![line.path.clone(), error.clone()])),
        }
    }
    let mut glossary = Glossary::default();
    // A measure that no recording has says so once.
    let is_there = |column: &&'static Column| gathered.values.contains_key(column.id);
    let (known, unknown): (Vec<_>, Vec<_>) = shown.iter().copied().partition(is_there);
    gathered.keep(&shown, &known);
    gathered.renumber();
    gathered.unknown = unknown.iter().map(|one| words::name("", one.id)).collect();
    let headings = headings(&known, &mut glossary);
    let facts = gathered.facts(failed.len(), of_beats.len());
    let strips = gathered.strips(&shown);
    let left_out = gathered.table_of_left_out();
    let html = cohort(&Cohort {
        facts: &facts,
        headings: &headings,
        members: &gathered.members,
        why: &gathered.why,
        left_out: &left_out,
        strips: &strips,
        beats: &Table {
            heading: beats_heading(),
            rows: of_beats,
            foot: Vec::new(),
        },
        failed: &Table {
            heading: ["File", "Why"].map(head).to_vec(),
            rows: failed,
            foot: Vec::new(),
        },
        terms: &glossary.into_terms(),
        origin: &format!("{}.", program()),
    })?;
    Ok(html)
}

/// The columns of the table of beat intervals: the measures of [`BEATS`] with their units.
fn beats_heading() -> Vec<Head> {
    let measures = BEATS.iter().filter_map(|id| {
        let measure = variability::ALL.iter().find(|one| one.id == *id)?;
        Some(match measure.unit {
            "1" => measure.title.to_owned(),
            unit => format!("{}, {unit}", measure.title),
        })
    });
    let facts = ["File", "Minutes without a pause", "Beats put right"];
    let facts = facts.map(str::to_owned).into_iter();
    facts.chain(measures).map(|text| head(&text)).collect()
}

/// A file of beat intervals; a measure without a value is a dash.
fn beats_row(path: &str, document: &Value) -> Row {
    let number = |at: &str| document.pointer(at).and_then(Value::as_f64);
    let minutes = number("/stretch/duration_s").unwrap_or_default() / 60.0;
    let share = number("/artefacts/share").map_or_else(|| "–".to_owned(), words::percent);
    let measures = BEATS.iter().map(|id| {
        let measure = variability::ALL.iter().find(|one| one.id == *id);
        let found = measure.and_then(|measure| beats::line_of(document, measure));
        let value = found.and_then(|found| found.get("value")?.as_f64());
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
    });
    let name = load::name(Path::new(path), None);
    let facts = [name, format!("{minutes:.1}"), share].into_iter();
    row(facts.chain(measures).collect())
}

fn head(text: &str) -> Head {
    Head {
        text: text.to_owned(),
        ..Head::default()
    }
}

fn row(cells: Vec<String>) -> Row {
    Row {
        head: None,
        cells,
        note: String::new(),
    }
}

fn headings(shown: &[&'static Column], glossary: &mut Glossary) -> Vec<Head> {
    let facts = [
        (
            "Device",
            "Model of the device, or format of the file where it names none.",
        ),
        ("From", "Beginning of the recording, local time."),
        ("Days", "Length of the recording."),
        (
            "Used",
            "Share of the time that was recorded and not left out as not worn.",
        ),
        (
            "Nights",
            "Nights that could be described, and how many more could not.",
        ),
        ("Lost", "Places of the file that could not be read."),
    ];
    let mut headings = vec![head("Recording")];
    headings.extend(facts.map(|(name, about)| glossary.named(name, "", about)));
    headings.extend(shown.iter().map(|column| Head {
        text: words::name("cohort", column.id),
        ..glossary.measure(column, "unit of its activity")
    }));
    headings
}

fn text<'a>(document: &'a Value, id: &str) -> &'a str {
    document.get(id).and_then(Value::as_str).unwrap_or_default()
}

impl Gathered {
    fn take(&mut self, path: &str, sha256: &str, document: &Value, shown: &[&'static Column]) {
        let number = document.get("member").and_then(Value::as_str);
        let epoch_s = document.get("epoch_s").and_then(Value::as_u64).unwrap_or(0);
        let unit = words::activity(text(document, "unit"), u32::try_from(epoch_s).unwrap_or(0));
        let device = match text(document, "device") {
            "" => words::format(text(document, "format")),
            device => device.to_owned(),
        };
        let channel = words::name("", text(document, "channel")).to_lowercase();
        let kind = format!("{device} ({channel}, {unit})");
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind.clone());
        }
        self.note_settings(document);
        let mut cells = self.facts_of(document, &device);
        for column in shown {
            let measure = document.get("measures").and_then(|all| all.get(column.id));
            let found = cell(
                column.kind,
                measure.and_then(|measure| measure.get("value")),
            );
            let reason = measure
                .and_then(|measure| measure.get("reason"))
                .and_then(Value::as_str);
            cells.push(match (&found, reason) {
                (Cell::Missing, Some(reason)) => self.footnote(reason),
                _ => words::value(column.id, &found),
            });
            if let Some(value) = plain(&found) {
                let of = self.values.entry(column.id).or_default();
                of.push((kind.clone(), unit.clone(), value));
            }
        }
        let path = Path::new(path);
        self.members.push(Member {
            name: load::name(path, number),
            page: file_name(path, number, sha256),
            shown: cells,
        });
    }

    /// Leaves the cells of some measures only, behind the facts of each recording.
    fn keep(&mut self, shown: &[&'static Column], kept: &[&'static Column]) {
        for member in &mut self.members {
            let facts = member.shown.len() - shown.len();
            let cells = std::mem::take(&mut member.shown);
            let is_kept = |place: usize| {
                let column = place.checked_sub(facts).and_then(|at| shown.get(at));
                column.is_none_or(|column| kept.iter().any(|one| one.id == column.id))
            };
            let cells = cells.into_iter().enumerate();
            member.shown = cells
                .filter(|(place, _)| is_kept(*place))
                .map(|(_, cell)| cell)
                .collect();
        }
    }

    /// Forgets reasons that no cell refers to any more, and numbers the others anew.
    fn renumber(&mut self) {
        let mut kept = Vec::new();
        for (place, why) in std::mem::take(&mut self.why).into_iter().enumerate() {
            let (old, new) = (mark(place), mark(kept.len()));
            let cells = self.members.iter_mut().flat_map(|member| &mut member.shown);
            let mut is_used = false;
            for cell in cells.filter(|cell| **cell == old) {
                cell.clone_from(&new);
                is_used = true;
            }
            if is_used {
                kept.push(why);
            }
        }
        self.why = kept;
    }

    /// How a recording was analysed.
    fn note_settings(&mut self, document: &Value) {
        let least = document.get("least_nights").and_then(Value::as_u64);
        let said = [
            match text(document, "scorer") {
                "" => String::new(),
                scorer => words::name("", scorer),
            },
            words::rule(text(document, "nonwear")),
            least.map(|nights| nights.to_string()).unwrap_or_default(),
        ];
        for (known, said) in self.settings.iter_mut().zip(said) {
            if !said.is_empty() && !known.contains(&said) {
                known.push(said);
            }
        }
    }

    /// What stands before the measures.
    fn facts_of(&mut self, document: &Value, device: &str) -> Vec<String> {
        let number = |id: &str| document.get(id).and_then(Value::as_f64).unwrap_or_default();
        let days = number("epochs") * number("epoch_s") / f64::from(analysis::series::DAY_S);
        let lost = document.pointer("/damages/lost").and_then(Value::as_u64);
        let (described, left_out) = self.count_nights(document);
        let nights = match left_out {
            0 => described.to_string(),
            left_out => format!("{described} (+{left_out} left out)"),
        };
        vec![
            device.to_owned(),
            words::value("start", &cell(Kind::Instant, document.get("start"))),
            format!("{days:.1}"),
            words::percent(number("coverage")),
            nights,
            lost.unwrap_or_default().to_string(),
        ]
    }

    /// Counts the nights of a recording, and those in no mean by their reason.
    fn count_nights(&mut self, document: &Value) -> (usize, usize) {
        let listed = document.get("nights").and_then(Value::as_array);
        let main = listed.into_iter().flatten();
        let main: Vec<&Value> = main
            .filter(|night| text(night, "role") == "night")
            .collect();
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for night in &main {
            if let Some(reason) = night.get("reason").and_then(Value::as_str) {
                *reasons.entry(needed(reason)).or_default() += 1;
            }
        }
        let left_out = reasons.values().sum();
        for (reason, count) in reasons {
            let (nights, recordings) = self.left_out.entry(reason).or_default();
            *nights += count;
            *recordings += 1;
        }
        let described = main.len() - left_out;
        self.nights += described;
        (described, left_out)
    }

    /// A missing value with the number of its reason.
    fn footnote(&mut self, reason: &str) -> String {
        let reason = needed(reason);
        let known = self.why.iter().position(|why| *why == reason);
        let place = known.unwrap_or_else(|| {
            self.why.push(reason);
            self.why.len() - 1
        });
        mark(place)
    }

    fn facts(&self, failed: usize, of_beats: usize) -> Vec<Labelled> {
        let left_out: usize = self.left_out.values().map(|(nights, _)| nights).sum();
        let facts = [
            ("Recordings", self.members.len().to_string()),
            ("Files of beat intervals", of_beats.to_string()),
            ("Files that failed", failed.to_string()),
            ("Devices", self.kinds.join("; ")),
            ("Nights described", self.nights.to_string()),
            ("Nights in no mean", left_out.to_string()),
            ("Sleep and wake", self.settings[0].join("; ")),
            ("Left out as not worn", self.settings[1].join("; ")),
            ("Means need, in nights", self.settings[2].join("; ")),
            ("Without a value", self.unknown.join("; ")),
        ];
        let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
        let facts = facts.map(|(label, text)| Labelled {
            label: label.to_owned(),
            text,
        });
        facts.collect()
    }

    fn table_of_left_out(&self) -> Table {
        let rows = self.left_out.iter().map(|(reason, (nights, recordings))| {
            row(vec![
                reason.clone(),
                nights.to_string(),
                recordings.to_string(),
            ])
        });
        Table {
            heading: ["Why", "Nights", "Recordings"].map(head).to_vec(),
            rows: rows.collect(),
            foot: Vec::new(),
        }
    }
}

/// A missing value whose reason stands at this place of the list.
fn mark(place: usize) -> String {
    format!("– ({})", place + 1)
}

/// What a reason asks for, without what there is: reasons of one kind are one.
fn needed(reason: &str) -> String {
    match reason.rsplit_once(", has ") {
        Some((needs, has)) if needs.starts_with("needs 1 ") && has == "0" => words::reason(reason),
        Some((needs, _)) => needs.to_owned(),
        None => reason.to_owned(),
    }
}

/// A number of an axis; clock times in hours.
fn plain(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(value) => Some(*value),
        Cell::Clock(seconds) => Some(seconds / 3600.0),
        Cell::Missing | Cell::Whole(_) | Cell::Instant(_) | Cell::Day(_) | Cell::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use analysis::report::groups;
    use serde_json::json;

    use super::*;
    use crate::report::{Axis, Strip};

    fn document(device: &str, unit: &str, l5: f64, efficiency: f64) -> Value {
        json!({
            "format": "awd", "device": device, "channel": "activity", "unit": unit, "epoch_s": 60,
            "epochs": 2880, "coverage": 0.9, "start": "2026-05-03T12:00:00", "damages": { "lost": 2 },
            "nights": [
                { "role": "night", "reason": null },
                { "role": "night", "reason": "needs 16 hours or fewer from here to there, has 18.25" },
                { "role": "night", "reason": "needs 16 hours or fewer from here to there, has 20" },
                { "role": "other", "reason": "needs 1 sleep epochs in the interval, has 0" },
            ],
            "measures": {
                "l5": { "value": l5 },
                "sleep_efficiency": { "value": efficiency },
                "sleep_midpoint": { "value": "02:54:00" },
                "interdaily_stability": { "value": null, "reason": "needs 3 days, has 2" },
            },
        })
    }

    fn gathered() -> (Gathered, Vec<&'static Column>) {
        let shown: Vec<&'static Column> = groups::all()
            .filter(|column| {
                let wanted = [
                    "l5",
                    "sleep_efficiency",
                    "sleep_midpoint",
                    "interdaily_stability",
                ];
                wanted.contains(&column.id)
            })
            .collect();
        let mut gathered = Gathered::default();
        for (name, device, unit, l5) in [
            ("a.awd", "One", "{count}", 10.0),
            ("b.awd", "One", "{count}", 12.0),
            ("c.bba", "Two", "mg", 3.0),
            ("d.bba", "Two", "mg", 4.0),
        ] {
            gathered.take(name, "0123456789", &document(device, unit, l5, 0.9), &shown);
        }
        (gathered, shown)
    }

    #[test]
    fn what_counts_differently_has_an_axis_of_its_own() {
        let (gathered, shown) = gathered();
        let strips = gathered.strips(&shown);
        let l5: Vec<&Strip> = strips
            .iter()
            .filter(|strip| strip.name.starts_with("L5"))
            .collect();
        assert_eq!(l5.len(), 2, "one for counts, one for thousandths of g");
        assert_eq!(l5[0].lanes[0].values, [10.0, 12.0]);
        assert_eq!(
            (l5[0].unit.as_str(), l5[1].unit.as_str()),
            ("counts per minute", "mg")
        );
        let share = strips
            .iter()
            .find(|strip| strip.name.starts_with("Sleep eff"))
            .expect("a strip");
        assert_eq!(share.lanes.len(), 2, "devices are rows of one axis");
        assert_eq!((share.lanes[0].values[0], share.unit.as_str()), (90.0, "%"));
        let clock = strips
            .iter()
            .find(|strip| strip.name.starts_with("Midpoint"))
            .expect("a strip");
        assert_eq!(clock.axis, Axis::Clock);
    }

    #[test]
    fn a_measure_that_no_recording_has_leaves_no_column_and_no_reason() {
        let (mut gathered, shown) = gathered();
        let before = gathered.members[0].shown.len();
        let known: Vec<&'static Column> = shown
            .iter()
            .copied()
            .filter(|column| gathered.values.contains_key(column.id))
            .collect();
        assert_eq!(known.len() + 1, shown.len(), "no stability in two days");
        gathered.keep(&shown, &known);
        gathered.renumber();
        assert_eq!(gathered.members[0].shown.len() + 1, before);
        assert!(gathered.why.is_empty(), "{:?}", gathered.why);
    }

    #[test]
    fn nights_in_no_mean_are_counted_by_reason_and_missing_values_say_why() {
        let (gathered, _) = gathered();
        let table = gathered.table_of_left_out();
        assert_eq!(table.rows.len(), 1, "one kind of reason");
        assert_eq!(
            table.rows[0].cells,
            ["needs 16 hours or fewer from here to there", "8", "4"]
        );
        assert_eq!(gathered.why, ["needs 3 days"]);
        let shown = gathered.members[0].shown.join("|");
        assert!(
            shown.contains("– (1)") && shown.contains("1 (+2 left out)"),
            "{shown}"
        );
        assert!(shown.contains("02:54"), "{shown}");
    }
}
