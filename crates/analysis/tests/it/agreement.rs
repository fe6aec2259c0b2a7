//! The table of agreement: what was compared, how far apart it was, and what cannot agree and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use analysis::outcome::Insufficient;
use serde_json::Value;

use crate::pages;

/// Relative differences below this are rounding and shown as such, so that the page is the same
/// on every machine.
const ROUNDING: f64 = 1e-9;

/// A value that is always there, as an outcome.
pub(crate) const OK: fn(f64) -> Result<f64, Insufficient> = Ok;

/// A comparison that cannot agree, with the reason from the two definitions.
pub(crate) struct Difference {
    /// The method whose row it excuses.
    pub(crate) method: &'static str,
    /// The recordings it concerns; empty for all.
    pub(crate) recordings: &'static [&'static str],
    /// Why the two definitions differ.
    pub(crate) reason: &'static str,
}

/// Everything one test compared.
pub(crate) struct Table {
    title: &'static str,
    differences: &'static [Difference],
    rows: BTreeMap<(String, String), Row>,
}

#[derive(Default)]
struct Row {
    compared: usize,
    worst: f64,
    tolerance: f64,
    beyond: Vec<String>,
    shown: Pair,
}

/// Our value and the reference's, as the page shows them.
#[derive(Default, Clone)]
struct Pair {
    ours: String,
    reference: String,
}

impl Pair {
    fn new(ours: impl Into<String>, reference: impl Into<String>) -> Self {
        Self {
            ours: ours.into(),
            reference: reference.into(),
        }
    }
}

impl Table {
    pub(crate) fn new(title: &'static str, differences: &'static [Difference]) -> Self {
        Self {
            title,
            differences,
            rows: BTreeMap::new(),
        }
    }

    /// Compares a number with a reference value; a missing or null reference compares nothing.
    pub(crate) fn number(
        &mut self,
        method: &str,
        recording: &str,
        ours: Result<f64, Insufficient>,
        reference: Option<&Value>,
        tolerance: f64,
    ) {
        let Some(expect) = reference.and_then(Value::as_f64) else {
            return;
        };
        let (difference, exact, shown) = match &ours {
            Ok(value) => {
                // Near zero the difference is absolute; an exact comparison has no such floor.
                let floor = if tolerance > 0.0 {
                    1e-12 / tolerance
                } else {
                    1e-300
                };
                let scale = expect.abs().max(floor);
                let difference = (value - expect).abs() / scale;
                (difference, value.to_string(), figure(*value))
            }
            Err(reason) => (f64::INFINITY, reason.to_string(), reason.to_string()),
        };
        let pair = Pair::new(shown, figure(expect));
        self.enter(method, recording, difference, tolerance, pair, || {
            format!("reference {expect}, ours {exact}")
        });
    }

    /// Compares a list of numbers element by element.
    pub(crate) fn numbers(
        &mut self,
        method: &str,
        recording: &str,
        ours: &[f64],
        reference: Option<&Value>,
        tolerance: f64,
    ) {
        let Some(expect) = reference.and_then(Value::as_array) else {
            return;
        };
        if ours.len() != expect.len() {
            let pair = Pair::new(count(ours.len()), count(expect.len()));
            self.enter(method, recording, f64::INFINITY, tolerance, pair, || {
                format!("reference has {} values, ours {}", expect.len(), ours.len())
            });
            return;
        }
        let size = expect
            .iter()
            .filter_map(Value::as_f64)
            .map(f64::abs)
            .fold(0.0, f64::max);
        let mut worst = (0.0, String::new());
        let first = expect.first().and_then(Value::as_f64).unwrap_or(f64::NAN);
        let mut pair = Pair::new(
            format!("{} …", figure(ours.first().copied().unwrap_or(f64::NAN))),
            format!("{} …", figure(first)),
        );
        for (index, (value, expect)) in ours.iter().zip(expect).enumerate() {
            let Some(expect) = expect.as_f64() else {
                continue;
            };
            let scale = expect.abs().max(size * 1e-3).max(1e-300);
            let difference = (value - expect).abs() / scale;
            if difference > worst.0 || difference.is_nan() {
                worst = (
                    if difference.is_nan() {
                        f64::INFINITY
                    } else {
                        difference
                    },
                    format!("element {index}: reference {expect}, ours {value}"),
                );
                if worst.0 >= ROUNDING {
                    let ours = format!("[{index}] {}", figure(*value));
                    pair = Pair::new(ours, figure(expect));
                }
            }
        }
        self.enter(method, recording, worst.0, tolerance, pair, || worst.1);
    }

    /// Compares scored epochs; the difference is the share of epochs that differ.
    pub(crate) fn epochs(&mut self, method: &str, recording: &str, ours: &str, reference: &str) {
        let length = reference.len().max(1);
        let differ = ours
            .bytes()
            .zip(reference.bytes())
            .filter(|(a, b)| a != b)
            .count()
            + ours.len().abs_diff(reference.len());
        let share = differ as f64 / length as f64;
        let pair = Pair::new(
            format!("{} of {length} epochs equal", length - differ),
            format!("{length} epochs"),
        );
        self.enter(method, recording, share, 0.0, pair, || {
            let mut pairs = ours.bytes().zip(reference.bytes());
            let first = pairs.position(|(a, b)| a != b);
            format!("{differ} of {length} epochs differ, the first at {first:?}")
        });
    }

    /// Compares anything that is either equal or not.
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(
        &mut self,
        method: &str,
        recording: &str,
        ours: &T,
        reference: &T,
    ) {
        let difference = if ours == reference { 0.0 } else { 1.0 };
        let pair = Pair::new(short(ours, 28), short(reference, 28));
        self.enter(method, recording, difference, 0.0, pair, || {
            format!(
                "reference {}, ours {}",
                short(reference, 160),
                short(ours, 160)
            )
        });
    }

    fn enter(
        &mut self,
        method: &str,
        recording: &str,
        difference: f64,
        tolerance: f64,
        pair: Pair,
        describe: impl FnOnce() -> String,
    ) {
        let row = self
            .rows
            .entry((method.to_owned(), recording.to_owned()))
            .or_default();
        if row.compared == 0 || (difference > row.worst && difference >= ROUNDING) {
            row.shown = pair;
        }
        row.compared += 1;
        row.tolerance = row.tolerance.max(tolerance);
        row.worst = row.worst.max(difference);
        if difference > tolerance || difference.is_nan() {
            row.beyond.push(describe());
        }
    }

    fn excuse(&self, method: &str, recording: &str) -> Option<&'static Difference> {
        let concerns = |difference: &&Difference| {
            difference.method == method
                && (difference.recordings.is_empty() || difference.recordings.contains(&recording))
        };
        self.differences.iter().find(concerns)
    }

    /// Prints the table and fails beyond tolerance, and where an excuse is no longer needed.
    pub(crate) fn finish(self) {
        println!(
            "\n{}\n{:<44}{:>11}{:>9}{:>12}  worst at",
            self.title, "method", "recordings", "values", "worst"
        );
        let mut methods: BTreeMap<&str, Vec<(&str, &Row)>> = BTreeMap::new();
        for ((method, recording), row) in &self.rows {
            methods.entry(method).or_default().push((recording, row));
        }
        let mut failures = Vec::new();
        for (method, rows) in &methods {
            let agreeing: Vec<_> = rows
                .iter()
                .filter(|(recording, _)| self.excuse(method, recording).is_none())
                .collect();
            let values: usize = agreeing.iter().map(|(_, row)| row.compared).sum();
            let worst = agreeing
                .iter()
                .max_by(|a, b| a.1.worst.total_cmp(&b.1.worst));
            let (at, size) = worst.map_or(("", 0.0), |(recording, row)| (recording, row.worst));
            println!(
                "{method:<44}{:>11}{values:>9}{size:>12.1e}  {at}",
                agreeing.len()
            );
            for (recording, row) in &agreeing {
                failures.extend(
                    row.beyond
                        .iter()
                        .map(|what| format!("{method} × {recording}: {what}")),
                );
            }
        }
        for difference in self.differences {
            let rows: Vec<&Row> = self
                .rows
                .iter()
                .filter(|((method, recording), _)| {
                    self.excuse(method, recording)
                        .is_some_and(|known| std::ptr::eq(known, difference))
                })
                .map(|(_, row)| row)
                .collect();
            let worst = rows.iter().map(|row| row.worst).fold(0.0, f64::max);
            let beyond: usize = rows.iter().map(|row| row.beyond.len()).sum();
            println!(
                "differs: {} ({} recordings, {beyond} values, up to {worst:.1e}): {}",
                difference.method,
                rows.len(),
                difference.reason
            );
            if !rows.is_empty() && beyond == 0 && oracle::data::has_both() {
                failures.push(format!("{} agrees and needs no excuse", difference.method));
            }
        }
        for failure in failures.iter().take(80) {
            println!("BEYOND {failure}");
        }
        assert!(
            failures.is_empty(),
            "{}: {} comparisons beyond tolerance",
            self.title,
            failures.len()
        );
        let values = self.rows.values().map(|row| row.compared).sum();
        oracle::tally::compared(self.title, values);
        if !self.rows.is_empty() {
            pages::validated(self.title, &self.section());
        }
    }

    /// The part of the validation page that this table writes.
    fn section(&self) -> String {
        let mut text = "| method | recording | values | ours | reference | difference |\n\
                        |---|---|--:|---|---|--:|\n"
            .to_owned();
        for ((method, recording), row) in &self.rows {
            let excused = self.excuse(method, recording).is_some() && !row.beyond.is_empty();
            let excused = if excused { " ¹" } else { "" };
            let difference = match row.worst {
                0.0 if row.tolerance == 0.0 => "0".to_owned(),
                worst if worst < ROUNDING => "< 1e-9".to_owned(),
                worst if worst.is_finite() => format!("{worst:.0e}"),
                _ => "no value".to_owned(),
            };
            let Pair { ours, reference } = &row.shown;
            writeln!(
                text,
                "| {method} | {recording} | {} | {ours} | {reference} | {difference}{excused} |",
                row.compared
            )
            .unwrap();
        }
        for difference in self.differences {
            let on = if difference.recordings.is_empty() {
                "all recordings".to_owned()
            } else {
                difference.recordings.join(", ")
            };
            let Difference { method, reason, .. } = difference;
            write!(text, "\n¹ {method} ({on}): {reason}.\n").unwrap();
        }
        text
    }
}

/// A number with six significant digits.
fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if (1e-4..1e9).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

fn count(values: usize) -> String {
    format!("{values} values")
}

fn short(value: &impl std::fmt::Debug, length: usize) -> String {
    let text = format!("{value:?}").replace('|', "/");
    let cut: String = text.chars().take(length).collect();
    if cut.len() < text.len() {
        format!("{cut}…")
    } else {
        cut
    }
}
