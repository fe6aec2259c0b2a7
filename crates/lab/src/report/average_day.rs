//! The average day with its least active five and most active ten hours.
//!
//! The curve is drawn in bins of ten minutes; the windows are those of the measures, found on the
//! epochs. It must never draw a window that the measures do not hold.

use analysis::rhythm::extremes::{self, Contrast};
use analysis::rhythm::profile::{self, Profile};
use analysis::series::{HOUR_S, Series};
use plotters::prelude::{AreaSeries, Color, LineSeries, Rectangle};

use super::ReportError;
use super::actogram::binned;
use super::figure::{self, ACTIVITY, Axes, LEAST, MOST, TICK_H};

const BIN_S: u32 = 600; // seconds
const HEIGHT: u32 = 480; // pixels at twice the size
const DAY_H: f64 = 24.0;

/// Draws the average day, or nothing when there is none.
pub(super) fn draw(activity: &Series) -> Result<Option<String>, ReportError> {
    let Ok(found) = profile::average_day(&binned(activity, BIN_S)) else {
        return Ok(None);
    };
    let curve = points(&found.value);
    let top = curve.iter().map(|point| point.1).fold(0.0, f64::max);
    if curve.is_empty() || top <= 0.0 {
        return Ok(None);
    }
    let windows = extremes::contrast(activity).ok().map(|found| found.value);
    let ticks = curve.iter().map(|&(hour, level)| (hour / TICK_H, level));
    let label = "Average day: mean activity by clock time with L5 and M10";
    figure::draw("average day", label, HEIGHT, |area| {
        let axes = Axes {
            across: 9,
            up: 5,
            label: &figure::clock_label,
        };
        let mut chart = figure::chart(area, 0.0..DAY_H / TICK_H, 0.0..top * 1.05, &axes)?;
        for (from, until, color) in windows.iter().flat_map(bands) {
            let band = [(from / TICK_H, 0.0), (until / TICK_H, top * 1.05)];
            chart.draw_series(std::iter::once(Rectangle::new(band, color.filled())))?;
        }
        chart.draw_series(AreaSeries::new(
            ticks.clone(),
            0.0,
            ACTIVITY.mix(0.2).filled(),
        ))?;
        chart.draw_series(LineSeries::new(ticks, ACTIVITY.stroke_width(3)))?;
        Ok(())
    })
    .map(Some)
}

/// The curve as points at the middle of the bins, by clock time.
fn points(profile: &Profile) -> Vec<(f64, f64)> {
    let half_h = f64::from(profile.step_s) / f64::from(HOUR_S) / 2.0;
    let mut points: Vec<(f64, f64)> = profile
        .values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_nan())
        .map(|(slot, &value)| {
            let from_h = f64::from(profile.clock_s(slot)) / f64::from(HOUR_S);
            (from_h + half_h, value)
        })
        .collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    points
}

/// The windows as stretches of the clock, cut in two where they pass midnight.
fn bands(windows: &Contrast) -> Vec<(f64, f64, plotters::prelude::RGBColor)> {
    let mut bands = Vec::new();
    for (onset_s, length_h, color) in [
        (windows.m10.onset_s, 10.0, MOST),
        (windows.l5.onset_s, 5.0, LEAST),
    ] {
        let from_h = f64::from(onset_s) / f64::from(HOUR_S);
        let until_h = from_h + length_h;
        bands.push((from_h, until_h.min(DAY_H), color));
        if until_h > DAY_H {
            bands.push((0.0, until_h - DAY_H, color));
        }
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::rhythm::extremes::Extremum;

    #[test]
    fn a_window_past_midnight_is_two_bands() {
        let at = |onset_s| Extremum {
            level: 1.0,
            onset_s,
            slot: 0,
        };
        let windows = Contrast {
            l5: at(22 * HOUR_S),
            m10: at(9 * HOUR_S),
            relative_amplitude: None,
        };
        let spans: Vec<(f64, f64)> = bands(&windows).iter().map(|b| (b.0, b.1)).collect();
        assert_eq!(spans, [(9.0, 19.0), (22.0, 24.0), (0.0, 3.0)]);
    }
}
