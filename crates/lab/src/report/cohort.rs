//! The page of a cohort: every recording with its main measures, and how the measures are spread.
//!
//! What devices count differently never shares an axis. It must never judge a value; it shows where each recording
//! lies among the others.

use analysis::report::column::Cell;
use minijinja::value::Serde;
use minijinja::{Value, context};
use plotters::prelude::{ChartBuilder, Circle, Color, PathElement, Text};
use serde::Serialize;

use super::ReportError;
use super::figure::{self, ACTIVITY, FITTED, GRID, INK};
use super::page::{Head, Labelled, Table, Term, printed, render};
use super::words;

const LANE: u32 = 96; // pixels of a lane at twice the size
const FOOT: u32 = 64; // pixels of the axis
const DAY_H: f64 = 24.0;
const LABELS: usize = 9; // labels of an axis at most
const LEAST_CLOCK_H: f64 = 0.25; // hours of a clock axis at least: its labels are minutes

/// One recording of the cohort.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Name as shown.
    pub name: String,
    /// File of its page, relative to the cohort's.
    pub page: String,
    /// The other cells of its row, in words.
    pub shown: Vec<String>,
}

/// How a measure is spread.
#[derive(Debug, Clone)]
pub struct Strip {
    /// Its identifier.
    pub id: &'static str,
    /// Its name.
    pub name: String,
    /// Its unit in words, empty without one.
    pub unit: String,
    /// What its numbers are.
    pub axis: Axis,
    /// The recordings of each kind that may share the axis.
    pub lanes: Vec<Lane>,
}

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Numbers.
    Numbers,
    /// Hours after midnight: the axis begins where nobody is.
    Clock,
}

/// Recordings that count alike.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Device, channel and epoch.
    pub label: String,
    /// The values.
    pub values: Vec<f64>,
}

/// All that the page of a cohort shows.
#[derive(Debug)]
pub struct Cohort<'a> {
    /// Facts above the table.
    pub facts: &'a [Labelled],
    /// The columns of the table of recordings.
    pub headings: &'a [Head],
    /// The recordings.
    pub members: &'a [Member],
    /// The reasons that the table refers to by number.
    pub why: &'a [String],
    /// Nights that are in no mean, by reason.
    pub left_out: &'a Table,
    /// How the measures are spread.
    pub strips: &'a [Strip],
    /// Files of beat intervals.
    pub beats: &'a Table,
    /// Files that failed: path and error.
    pub failed: &'a Table,
    /// Definitions of the columns.
    pub terms: &'a [Term],
    /// Where the numbers come from.
    pub origin: &'a str,
}

#[derive(Serialize)]
struct Drawn {
    name: String,
    caption: String,
    figure: Value,
}

/// Writes the page.
pub fn cohort(content: &Cohort<'_>) -> Result<String, ReportError> {
    let mut strips = Vec::new();
    for strip in content.strips {
        let lanes: Vec<Sorted<'_>> = sorted(strip);
        if lanes.is_empty() {
            continue;
        }
        let caption: Vec<String> = lanes.iter().map(|lane| lane.said(strip)).collect();
        strips.push(Drawn {
            name: strip.name.clone(),
            caption: caption.join("; "),
            figure: Value::from_safe_string(drawn(strip, &lanes)?),
        });
    }
    render(
        "cohort.html",
        &context! {
            title => "Cohort",
            kind => "cohort",
            printed => printed("Cohort"),
            origin => content.origin,
            facts => Value::from(Serde(content.facts)),
            headings => Value::from(Serde(content.headings)),
            members => Value::from(Serde(content.members)),
            why => Value::from(Serde(content.why)),
            left_out => Value::from(Serde(content.left_out)),
            beats => Value::from(Serde(content.beats)),
            failed => Value::from(Serde(content.failed)),
            strips => Value::from(Serde(&strips)),
            terms => Value::from(Serde(content.terms)),
        },
    )
}

/// The values of a lane in order, with their middle.
struct Sorted<'a> {
    label: &'a str,
    values: Vec<f64>,
    median: f64,
}

impl Sorted<'_> {
    /// The lane in words.
    fn said(&self, strip: &Strip) -> String {
        let median = match strip.axis {
            Axis::Clock => figure::clock(self.median),
            // As the table above has it.
            Axis::Numbers if words::is_percent(strip.id) => {
                words::value(strip.id, &Cell::Number(self.median / 100.0))
            }
            Axis::Numbers => words::value(strip.id, &Cell::Number(self.median)),
        };
        let unit = match strip.unit.as_str() {
            "" | "clock time" => String::new(),
            unit => format!("\u{a0}{unit}"),
        };
        let count = self.values.len();
        let noun = if count == 1 {
            "recording"
        } else {
            "recordings"
        };
        format!("{}: {count} {noun}, median {median}{unit}", self.label)
    }
}

/// The lanes that have a value; times of day from where the clock is emptiest.
fn sorted(strip: &Strip) -> Vec<Sorted<'_>> {
    let finite = |lane: &Lane| {
        let held = lane.values.iter().copied();
        held.filter(|value| value.is_finite()).collect::<Vec<f64>>()
    };
    let all: Vec<f64> = strip.lanes.iter().flat_map(&finite).collect();
    let from_h = match strip.axis {
        Axis::Clock => emptiest(&all),
        Axis::Numbers => 0.0,
    };
    let placed = |value: f64| match strip.axis {
        Axis::Clock if value < from_h => value + DAY_H,
        Axis::Clock | Axis::Numbers => value,
    };
    let lane = |lane: &'_ Lane| {
        let mut values: Vec<f64> = finite(lane).into_iter().map(placed).collect();
        values.sort_by(f64::total_cmp);
        median(&values).map(|median| (values, median))
    };
    let found = strip.lanes.iter().filter_map(|one| {
        let (values, median) = lane(one)?;
        Some(Sorted {
            label: &one.label,
            values,
            median,
        })
    });
    found.collect()
}

/// The hour at which a clock axis begins: the end of the longest stretch without a value.
fn emptiest(hours: &[f64]) -> f64 {
    let mut sorted = hours.to_vec();
    sorted.sort_by(f64::total_cmp);
    let after = sorted.iter().cycle().skip(1);
    let gaps = sorted.iter().zip(after).map(|(one, next)| {
        let gap = (next - one).rem_euclid(DAY_H);
        (if sorted.len() == 1 { DAY_H } else { gap }, *next)
    });
    let widest = gaps.max_by(|one, other| one.0.total_cmp(&other.0));
    widest.map_or(0.0, |(_, next)| next)
}

/// The middle of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// The decimals at which the labels of an axis of this length differ.
fn decimals_of(length: f64) -> usize {
    let (mut step, mut decimals) = (length / LABELS as f64, 0);
    while step < 1.0 && decimals < 6 {
        step *= 10.0;
        decimals += 1;
    }
    decimals
}

/// Every value as a dot on one axis, a lane for each kind, in three rows so that neighbours stay apart.
fn drawn(strip: &Strip, lanes: &[Sorted<'_>]) -> Result<String, ReportError> {
    let all = || lanes.iter().flat_map(|lane| lane.values.iter().copied());
    let first = all().fold(f64::INFINITY, f64::min);
    let last = all().fold(f64::NEG_INFINITY, f64::max);
    let margin = if last > first {
        (last - first) * 0.03
    } else {
        (last.abs() * 0.1).max(0.5)
    };
    let margin = match strip.axis {
        // Each label is a minute of its own.
        Axis::Clock => margin.max((LEAST_CLOCK_H - (last - first)) / 2.0),
        Axis::Numbers => margin,
    };
    let decimals = decimals_of(last - first + 2.0 * margin);
    let count = u32::try_from(lanes.len()).unwrap_or(1);
    let label = format!(
        "{}: each recording as a dot, the median as a line",
        strip.name
    );
    let axis = |value: &f64| match strip.axis {
        Axis::Clock => figure::clock(*value),
        Axis::Numbers => format!("{value:.decimals$}"),
    };
    figure::draw("cohort strip", &label, LANE * count + FOOT, |area| {
        let top = f64::from(4 * count);
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(60)
            .x_label_area_size(48)
            .build_cartesian_2d(first - margin..last + margin, 0.0..top)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .disable_y_axis()
            .x_labels(LABELS)
            .x_label_formatter(&axis)
            .label_style(figure::letters())
            .axis_style(INK)
            .bold_line_style(GRID)
            .draw()?;
        for (place, lane) in (0_u32..count).zip(lanes) {
            let foot = top - f64::from(4 * (place + 1));
            if count > 1 {
                let at = (first - margin, foot + 3.9);
                let name = Text::new(lane.label.to_owned(), at, figure::letters());
                chart.draw_series(std::iter::once(name))?;
            }
            let dots = lane.values.iter().enumerate().map(|(index, &value)| {
                let row = u32::try_from(index % 3).map_or(1.0, |row| f64::from(row) * 0.8 + 0.7);
                Circle::new((value, foot + row), 7, ACTIVITY.mix(0.6).filled())
            });
            chart.draw_series(dots)?;
            let line = [(lane.median, foot + 0.2), (lane.median, foot + 2.8)];
            let line = PathElement::new(line, FITTED.stroke_width(4));
            chart.draw_series(std::iter::once(line))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Row;

    fn strip(axis: Axis, lanes: &[(&str, &[f64])]) -> Strip {
        Strip {
            id: "a_measure",
            name: "a measure".to_owned(),
            unit: String::new(),
            axis,
            lanes: lanes
                .iter()
                .map(|(label, values)| Lane {
                    label: (*label).to_owned(),
                    values: values.to_vec(),
                })
                .collect(),
        }
    }

    #[test]
    fn labels_of_an_axis_differ() {
        for (first, length) in [
            (463.25, 4.25),
            (0.987, 0.002),
            (1.3, 1.5),
            (90.0, 15.0),
            (2e4, 9e4),
        ] {
            let decimals = decimals_of(length);
            let step = length / LABELS as f64;
            let labels: Vec<String> = (0..=LABELS)
                .map(|place| format!("{:.decimals$}", first + step * place as f64))
                .collect();
            assert!(
                labels.windows(2).all(|pair| pair[0] != pair[1]),
                "{labels:?}"
            );
        }
        // Nights that begin within two minutes of each other.
        let close: &[f64] = &[23.05, 23.08];
        let clock = strip(Axis::Clock, &[("x", close)]);
        let svg = drawn(&clock, &sorted(&clock)).unwrap();
        let labels: Vec<&str> = svg
            .split(['>', '<'])
            .map(str::trim)
            .filter(|text| text.len() == 5 && text.as_bytes()[2] == b':')
            .collect();
        assert!(labels.len() > 2, "{svg}");
        assert!(
            labels.windows(2).all(|pair| pair[0] != pair[1]),
            "{labels:?}"
        );
    }

    #[test]
    fn a_cohort_lists_members_strips_and_failures() {
        let member = |name: &str| Member {
            name: name.to_owned(),
            page: format!("{name}.html"),
            shown: vec!["–".to_owned()],
        };
        let cell = |text: &str| text.to_owned();
        let failed = Table {
            rows: vec![Row {
                head: None,
                cells: vec![cell("d.awd"), cell("truncated <here>")],
                note: String::new(),
            }],
            ..Table::default()
        };
        let written = cohort(&Cohort {
            facts: &[],
            headings: &[Head::default()],
            members: &[member("a"), member("b"), member("c")],
            why: &["no nights".to_owned()],
            left_out: &Table::default(),
            beats: &Table::default(),
            strips: &[
                strip(Axis::Numbers, &[("one", &[0.5, 0.7]), ("two", &[f64::NAN])]),
                strip(Axis::Numbers, &[("one", &[])]),
            ],
            failed: &failed,
            terms: &[],
            origin: "",
        })
        .expect("the page is written");
        assert!(written.contains("href=\"a.html\""));
        assert!(
            written.contains("one: 2 recordings, median 0.6000"),
            "{written}"
        );
        assert!(!written.contains("two:"), "a lane without a value is none");
        assert!(written.contains("truncated &lt;here&gt;"));
        assert_eq!(written.matches("<svg").count(), 1);
    }

    #[test]
    fn equal_values_are_drawn_too() {
        for values in [&[0.5, 0.5][..], &[0.0]] {
            let strip = strip(Axis::Numbers, &[("one", values)]);
            assert!(drawn(&strip, &sorted(&strip)).is_ok());
        }
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn the_middle_of_times_around_midnight_is_not_noon() {
        let check = |hours: &[f64], expect: &str| {
            let strip = strip(Axis::Clock, &[("one", hours)]);
            let lanes = sorted(&strip);
            assert_eq!(figure::clock(lanes[0].median), expect, "{hours:?}");
        };
        check(&[23.0, 1.0, 0.5], "00:30");
        check(&[2.9058], "02:54");
        check(&[11.0, 13.0, 12.0], "12:00");
    }
}
