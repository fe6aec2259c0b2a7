//! The Lomb-Scargle periodogram between 12 and 36 hours, with the period that the measures found.
//!
//! Computed on ten-minute means; it must never be drawn for a recording too short for its periods.

use analysis::rhythm::periodogram::{self, Periodogram};
use analysis::series::Series;
use plotters::prelude::{Color, LineSeries, PathElement};

use super::ReportError;
use super::actogram::binned;
use super::figure::{self, ACTIVITY, Axes, FITTED};

const BIN_S: u32 = 600; // seconds
const FROM_H: f64 = 12.0; // shortest period, hours
const UNTIL_H: f64 = 36.0; // longest period, hours
const PERIODS: usize = 289; // five minutes apart
const HEIGHT: u32 = 400; // pixels at twice the size

/// The figure with a line at a period in hours, or the reason there is none.
pub(super) fn draw(
    activity: &Series,
    period_h: Option<f64>,
) -> Result<Result<String, String>, ReportError> {
    let bins = binned(activity, BIN_S);
    match periodogram::by_lomb_scargle(&bins, FROM_H, UNTIL_H, PERIODS) {
        Ok(found) => Ok(Ok(paint(&found.value, period_h)?)),
        Err(lacking) => Ok(Err(lacking.to_string())),
    }
}

fn paint(found: &Periodogram, period_h: Option<f64>) -> Result<String, ReportError> {
    let top = found.power.iter().copied().fold(0.0, f64::max).max(1e-12);
    let curve = found
        .period_h
        .iter()
        .copied()
        .zip(found.power.iter().copied());
    let label = "Lomb-Scargle periodogram: power against period in hours";
    figure::draw("periodogram", label, HEIGHT, |area| {
        let axes = Axes {
            across: 13,
            up: 4,
            label: &|period| format!("{period:.0} h"),
        };
        let mut chart = figure::chart(area, FROM_H..UNTIL_H, 0.0..top * 1.05, &axes)?;
        let lines = period_h.map(|period_h| {
            let line = [(period_h, 0.0), (period_h, top * 1.05)];
            PathElement::new(line, FITTED.stroke_width(3))
        });
        chart.draw_series(lines)?;
        chart.draw_series(LineSeries::new(curve, ACTIVITY.stroke_width(3)))?;
        Ok(())
    })
}
