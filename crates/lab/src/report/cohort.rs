//! The page of a cohort: every recording with its main measures, and how the measures are spread.
//!
//! It must never judge a value; it shows where each recording lies among the others.

use minijinja::value::Serde;
use minijinja::{Value, context};
use plotters::prelude::{ChartBuilder, Circle, Color, PathElement};
use serde::Serialize;

use super::ReportError;
use super::figure::{self, ACTIVITY, FITTED, GRID, INK};
use super::page::{Labelled, Table, render};

const HEIGHT: u32 = 150; // pixels of one strip at twice the size

/// One recording of the cohort.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Name as shown.
    pub name: String,
    /// File of its page, relative to the cohort's.
    pub page: String,
    /// Its values as words, one for each measure of the cohort.
    pub shown: Vec<String>,
    /// Its values, where there are any.
    #[serde(skip)]
    pub values: Vec<Option<f64>>,
}

/// All that the page of a cohort shows.
#[derive(Debug)]
pub struct Cohort<'a> {
    /// Facts above the table.
    pub facts: &'a [Labelled],
    /// Names of the measures with their units.
    pub measures: &'a [String],
    /// The recordings.
    pub members: &'a [Member],
    /// Files that failed: path and error.
    pub failed: &'a Table,
}

#[derive(Serialize)]
struct Strip {
    name: String,
    count: usize,
    median: String,
    figure: Value,
}

/// Writes the page.
pub fn cohort(content: &Cohort<'_>) -> Result<String, ReportError> {
    let mut strips = Vec::new();
    for (index, name) in content.measures.iter().enumerate() {
        let mut values: Vec<f64> = content
            .members
            .iter()
            .filter_map(|member| member.values.get(index).copied().flatten())
            .filter(|value| value.is_finite())
            .collect();
        values.sort_by(f64::total_cmp);
        if let Some(median) = median(&values) {
            strips.push(Strip {
                name: name.clone(),
                count: values.len(),
                median: format!("{median:.4}"),
                figure: Value::from_safe_string(strip(name, &values, median)?),
            });
        }
    }
    render(
        "cohort.html",
        &context! {
            title => "Cohort",
            facts => Value::from(Serde(content.facts)),
            measures => Value::from(Serde(content.measures)),
            members => Value::from(Serde(content.members)),
            failed => Value::from(Serde(content.failed)),
            strips => Value::from(Serde(&strips)),
        },
    )
}

/// The middle of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// Every value as a dot on one axis, in three rows so that neighbours stay apart.
fn strip(name: &str, sorted: &[f64], median: f64) -> Result<String, ReportError> {
    let first = sorted.first().copied().unwrap_or_default();
    let last = sorted.last().copied().unwrap_or_default();
    let margin = ((last - first) * 0.03).max(last.abs() * 1e-6).max(1e-9);
    let label = format!("{name}: each recording as a dot, the median as a line");
    figure::draw("cohort strip", &label, HEIGHT, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(60)
            .x_label_area_size(48)
            .build_cartesian_2d(first - margin..last + margin, 0.0..4.0)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .disable_y_axis()
            .x_labels(9)
            .x_label_formatter(&|value| figure::number(*value))
            .label_style(figure::letters())
            .axis_style(INK)
            .bold_line_style(GRID)
            .draw()?;
        let dots = sorted.iter().enumerate().map(|(index, &value)| {
            let row = u32::try_from(index % 3).map_or(1.0, |row| f64::from(row) + 1.0);
            Circle::new((value, row), 7, ACTIVITY.mix(0.6).filled())
        });
        chart.draw_series(dots)?;
        let line = [(median, 0.0), (median, 4.0)];
        chart.draw_series(std::iter::once(PathElement::new(
            line,
            FITTED.stroke_width(4),
        )))?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cohort_lists_members_strips_and_failures() {
        let member = |name: &str, value: Option<f64>| Member {
            name: name.to_owned(),
            page: format!("{name}.html"),
            shown: vec![value.map_or_else(|| "–".to_owned(), |value| value.to_string())],
            values: vec![value],
        };
        let written = cohort(&Cohort {
            facts: &[],
            measures: &["IS".to_owned()],
            members: &[
                member("a", Some(0.5)),
                member("b", None),
                member("c", Some(0.7)),
            ],
            failed: &Table {
                heading: vec!["File".to_owned(), "Error".to_owned()],
                rows: vec![vec!["d.awd".to_owned(), "truncated <here>".to_owned()]],
            },
        })
        .expect("the page is written");
        assert!(written.contains("href=\"a.html\""));
        assert!(written.contains("0.6000"), "the median of the two values");
        assert!(written.contains("truncated &lt;here&gt;"));
        assert_eq!(written.matches("<svg").count(), 1);
    }

    #[test]
    fn equal_values_are_drawn_too() {
        assert!(strip("IS", &[0.5, 0.5], 0.5).is_ok());
        assert!(strip("IS", &[0.0], 0.0).is_ok());
        assert_eq!(median(&[]), None);
    }
}
