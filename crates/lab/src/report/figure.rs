//! One way to draw: colours that the page's style sheet can change, one size of letters, one error.
//!
//! The drawing library writes a colour into each shape. The colours here are names rather than
//! colours: the style sheet of the page finds them by their attribute and gives each its meaning in
//! light, dark and print. A figure must never depend on what these numbers look like.

use std::fmt::Write;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea,
    IntoFont, RGBColor, SVGBackend, TextStyle,
};

use super::ReportError;

/// What a figure draws on.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What drawing returns.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Letters, axes.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
/// Lines of the grid.
pub(super) const GRID: RGBColor = RGBColor(2, 2, 2);
/// Recorded activity.
pub(super) const ACTIVITY: RGBColor = RGBColor(3, 3, 3);
/// The least active five hours.
pub(super) const LEAST: RGBColor = RGBColor(6, 6, 6);
/// The most active ten hours.
pub(super) const MOST: RGBColor = RGBColor(7, 7, 7);
/// A fitted curve, a peak.
pub(super) const FITTED: RGBColor = RGBColor(8, 8, 8);

/// Each colour with its name in the style sheet.
const NAMED: [(RGBColor, &str); 6] = [
    (INK, "ink"),
    (GRID, "grid"),
    (ACTIVITY, "activity"),
    (LEAST, "least"),
    (MOST, "most"),
    (FITTED, "fitted"),
];

/// Pixels are whole numbers in the drawing library: figures are drawn at twice their size.
const WIDTH: u32 = 1_920;

const LETTERS: i32 = 26; // pixels; 13 as shown

/// A figure with numbers on both axes.
pub(super) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// How many labels the axes have, and what those of the horizontal one say.
pub(super) struct Axes<'a> {
    /// Labels of the horizontal axis.
    pub(super) across: usize,
    /// Labels of the vertical axis.
    pub(super) up: usize,
    /// The label of a place on the horizontal axis.
    pub(super) label: &'a dyn Fn(f64) -> String,
}

/// A chart with room for its labels, axes drawn.
pub(super) fn chart<'a, 'b>(
    area: &'a Area<'b>,
    x: std::ops::Range<f64>,
    y: std::ops::Range<f64>,
    axes: &Axes<'_>,
) -> Result<Chart<'a, 'b>, DrawingAreaErrorKind<std::io::Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(48)
        .x_label_area_size(48)
        .y_label_area_size(120)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(axes.across)
        .y_labels(axes.up)
        .x_label_formatter(&|place| (axes.label)(*place))
        .y_label_formatter(&|level| number(*level))
        .label_style(letters())
        .axis_style(INK)
        .bold_line_style(GRID)
        .light_line_style(GRID)
        .max_light_lines(1)
        .draw()?;
    Ok(chart)
}

/// The label of a clock axis whose unit is [`TICK_H`] hours.
pub(super) fn clock_label(tick: f64) -> String {
    clock(tick * TICK_H)
}

/// The letters of axes and labels.
pub(super) fn letters() -> TextStyle<'static> {
    TextStyle::from(("sans-serif", LETTERS).into_font()).color(&INK)
}

/// Draws an SVG figure of a height; `label` says what it shows to those who cannot see it.
pub(super) fn draw(
    figure: &'static str,
    label: &str,
    height: u32,
    paint: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, ReportError> {
    let mut drawn = String::new();
    {
        let area = SVGBackend::with_string(&mut drawn, (WIDTH, height)).into_drawing_area();
        paint(&area)
            .and_then(|()| area.present())
            .map_err(|error| ReportError::Figure {
                figure,
                reason: error.to_string(),
            })?;
    }
    let opening = format!("<svg width=\"{WIDTH}\" height=\"{height}\" ");
    let named = format!(
        "<svg role=\"img\" aria-label=\"{}\" ",
        minijinja::HtmlEscape(label)
    );
    Ok(drawn.replacen(&opening, &named, 1))
}

/// The rules of the style sheet that give every colour its name.
pub(super) fn style() -> String {
    let mut rules = String::new();
    for (RGBColor(red, green, blue), name) in NAMED {
        for property in ["fill", "stroke"] {
            // Writing to a string cannot fail.
            let _ = writeln!(
                rules,
                "svg [{property}=\"#{red:02X}{green:02X}{blue:02X}\"]{{{property}:var(--{name})}}"
            );
        }
    }
    rules
}

/// Hours of one unit of a clock axis: the library labels whole units, and people read 03:00, 06:00.
pub(super) const TICK_H: f64 = 3.0;

/// A number of an axis in three significant digits, without a tail of zeros.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 || value == 0.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        trimmed(&format!("{value:.1}"))
    } else {
        trimmed(&format!("{value:.4}"))
    }
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A clock time of an axis in hours as people write it; hours beyond a day begin again.
#[expect(
    clippy::cast_possible_truncation,
    reason = "minutes of a few days fit, and a fraction of one is not shown"
)]
pub(super) fn clock(hours: f64) -> String {
    let minutes = (hours * 60.0).round() as i64;
    format!(
        "{:02}:{:02}",
        minutes.div_euclid(60).rem_euclid(24),
        minutes.rem_euclid(60)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_read_well() {
        assert_eq!(clock(0.0), "00:00");
        assert_eq!(clock(24.0), "00:00");
        assert_eq!(clock(25.5), "01:30");
        assert_eq!(number(1200.0), "1200");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(2.5), "2.5");
        assert_eq!(number(0.025), "0.025");
        assert_eq!(number(-3.0), "-3");
    }
}
