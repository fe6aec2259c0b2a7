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
            .map(|&(hour, mean)| Circle::new((hour / TICK_H, mean), 7, ACTIVITY.filled()));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of an attribute of every element of a kind.
    fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
        let wanted = format!(" {attribute}=\"");
        svg.split(&format!("<{element} "))
            .skip(1)
            .filter_map(|rest| {
                let tag = format!(" {}", rest.split('>').next()?);
                let value = tag.split_once(&wanted)?.1;
                value.split('"').next()?.parse().ok()
            })
            .collect()
    }

    #[test]
    fn the_dots_stand_at_the_hours_of_their_means_on_the_axis_of_the_curve() {
        // Eight days that are active from 7 to 23.
        let level = |minute: u32| match (minute / 60) % 24 {
            7..23 => 300.0 + f64::from(minute % 41),
            _ => f64::from(minute % 3),
        };
        let activity = Series::new(12 * 3_600, 60, (720..720 + 8 * 1_440).map(level).collect());
        let drawn = draw(&activity).expect("drawn").expect("a fit");
        let mut dots = numbers(&drawn, "circle", "cx");
        dots.sort_by(f64::total_cmp);
        assert_eq!(dots.len(), 24);
        // The curve is the line with the most points.
        let lines = drawn.split("points=\"").skip(1);
        let lines = lines.filter_map(|rest| rest.split('"').next());
        let curve = lines.max_by_key(|line| line.len()).expect("a curve");
        let xs: Vec<f64> = curve
            .split(' ')
            .filter_map(|point| point.split_once(',')?.0.parse().ok())
            .collect();
        let (from, until) = (xs[0], xs[xs.len() - 1]);
        for (hour, dot) in dots.iter().enumerate() {
            let expect =
                from + (until - from) * (f64::from(u32::try_from(hour).expect("few")) + 0.5) / 24.0;
            assert!(
                (dot - expect).abs() <= 2.0,
                "{hour}:30 stands at {dot}, not {expect}"
            );
        }
    }
}
