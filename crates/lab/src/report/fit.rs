//! The fitted 24-hour cosine over the hourly means that it was fitted to.
//!
//! It must never draw a curve other than the fit on the epochs, which the measures hold.

use analysis::rhythm::cosinor::{self, Cosinor};
use analysis::rhythm::profile;
use analysis::series::{HOUR_S, Series};
use plotters::prelude::{Circle, Color, LineSeries};

use super::ReportError;
use super::actogram::binned;
use super::figure::{self, ACTIVITY, Axes, FITTED, TICK_H};

const PERIOD_H: f64 = 24.0; // hours
const HEIGHT: u32 = 400; // pixels at twice the size
const POINTS: u32 = 145; // of the curve, ten minutes apart

/// The figure, or the reason there is none.
pub(super) fn draw(activity: &Series) -> Result<Result<String, String>, ReportError> {
    let fitted = match cosinor::fit(activity, PERIOD_H, 1) {
        Ok(fitted) => fitted.value,
        Err(lacking) => return Ok(Err(lacking.to_string())),
    };
    let hourly = match profile::average_day(&binned(activity, HOUR_S)) {
        Ok(found) => found.value,
        Err(lacking) => return Ok(Err(lacking.to_string())),
    };
    let means: Vec<(f64, f64)> = hourly
        .values
        .iter()
        .enumerate()
        .filter(|(_, mean)| !mean.is_nan())
        .map(|(slot, &mean)| (f64::from(hourly.clock_s(slot)) / 3600.0 + 0.5, mean))
        .collect();
    let curve: Vec<(f64, f64)> = (0..POINTS)
        .map(|index| {
            let hour = PERIOD_H * f64::from(index) / f64::from(POINTS - 1);
            (hour, value(&fitted, hour))
        })
        .collect();
    let held = || means.iter().chain(&curve).map(|point| point.1);
    let top = held().fold(0.0, f64::max).max(1e-12) * 1.05;
    let foot = held().fold(0.0, f64::min) * 1.05;
    let label = "Hourly means by clock time with the fitted 24-hour cosine";
    figure::draw("cosinor", label, HEIGHT, |area| {
        let axes = Axes {
            across: 9,
            up: 4,
            label: &figure::clock_label,
        };
        let mut chart = figure::chart(area, 0.0..PERIOD_H / TICK_H, foot..top, &axes)?;
        let dots = means
            .iter()
            .map(|&at| Circle::new(at, 7, ACTIVITY.filled()));
        chart.draw_series(dots)?;
        let curve = curve.iter().map(|&(hour, level)| (hour / TICK_H, level));
        chart.draw_series(LineSeries::new(curve, FITTED.stroke_width(4)))?;
        Ok(())
    })
    .map(Ok)
}

/// The fit at an hour after midnight.
fn value(fitted: &Cosinor, hour: f64) -> f64 {
    let angle = std::f64::consts::TAU * hour / fitted.period_h;
    fitted.harmonics.first().map_or(fitted.mesor, |harmonic| {
        fitted.mesor + harmonic.beta_cos * angle.cos() + harmonic.beta_sin * angle.sin()
    })
}
