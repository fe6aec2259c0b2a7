//! The double-plotted actogram: each row is a day and the day after it.
//!
//! Activity is drawn in bins of five minutes, cut at the 99th percentile of the bins; the caption of
//! the page says both. It must never fill a gap: a bin without an epoch is marked as not recorded.

use analysis::score::scored::{Scored, State};
use analysis::series::{Combine, DAY_S, Ends, HOUR_S, Origin, Series};
use plotters::prelude::{AreaSeries, ChartBuilder, Color, IntoTextStyle, Rectangle, Text};

use super::ReportError;
use super::figure::{self, ACTIVITY, Area, Drawn, GRID, NONWEAR, SLEEP};

/// Length of a bin.
pub(super) const BIN_S: u32 = 300;
/// Longer recordings show their first days: a page is for looking at.
pub(super) const DAYS_MAX: usize = 62;

const ROW: u32 = 72; // pixels of a day at twice the size
const FOOT: u32 = 60; // pixels below the last day
const LEFT: u32 = 190; // pixels for the dates
const CUT_QUANTILE: f64 = 0.99; // bins above are drawn at the height of this one

/// A stretch of one state in hours after the first midnight.
struct Stretch {
    from_h: f64,
    until_h: f64,
}

/// Draws the rows, or nothing when no bin has a value.
pub(super) fn draw(
    activity: &Series,
    asleep: Option<&Scored>,
    nonwear: &[bool],
) -> Result<Option<String>, ReportError> {
    let bins = binned(activity, BIN_S);
    let Some(cut) = cut(bins.values()) else {
        return Ok(None);
    };
    let midnight_s = bins.start_s().div_euclid(i64::from(DAY_S)) * i64::from(DAY_S);
    let days = days_shown(&bins, midnight_s);
    let sleeping = asleep.map(|scored| sleep(scored, midnight_s));
    let missing = unworn(activity, nonwear, midnight_s);
    let height = ROW * u32::try_from(days).unwrap_or(u32::MAX) + FOOT;
    let label = "Double-plotted actogram: activity by clock time, two days in each row";
    figure::draw("actogram", label, height, |area| {
        let (rows, foot) = area.split_vertically(height - FOOT);
        for (day, row) in rows.split_evenly((days, 1)).iter().enumerate() {
            let first_h = day as f64 * 24.0;
            let seen = Row {
                first_s: midnight_s + i64::from(DAY_S) * i64::try_from(day).unwrap_or(0),
                first_h,
                date: date(midnight_s, day),
                cut,
            };
            seen.paint(row, &bins, midnight_s, sleeping.as_deref(), &missing)?;
        }
        clock_axis(&foot)
    })
    .map(Some)
}

/// Means of bins of a length from midnight; the epochs themselves where they are longer or do not fit.
pub(super) fn binned(activity: &Series, bin_s: u32) -> Series {
    let mean = Combine::MeanWhere(0.0);
    activity
        .resampled(bin_s, Origin::Midnight, Ends::Partial, mean)
        .unwrap_or_else(|_| activity.clone())
}

/// How many days the recording has and the figure shows.
pub(super) fn days(activity: &Series) -> (usize, usize) {
    let day = i64::from(DAY_S);
    let first = activity.start_s().div_euclid(day);
    let last = (activity.time_s(activity.len()) - 1).div_euclid(day);
    let all = usize::try_from(last - first + 1).unwrap_or(0);
    (all, all.min(DAYS_MAX))
}

fn days_shown(bins: &Series, midnight_s: i64) -> usize {
    let covered = bins.time_s(bins.len()) - midnight_s;
    let days = (covered + i64::from(DAY_S) - 1) / i64::from(DAY_S);
    usize::try_from(days).unwrap_or(1).clamp(1, DAYS_MAX)
}

/// The height of a row: the 99th percentile of the bins that hold something.
fn cut(values: &[f64]) -> Option<f64> {
    let mut held: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    held.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is an index"
    )]
    let index = ((held.len() as f64 - 1.0).max(0.0) * CUT_QUANTILE) as usize;
    let height = *held.get(index)?;
    let most = *held.last()?;
    Some(if height > 0.0 { height } else { most.max(1.0) })
}

fn hours(time_s: i64, midnight_s: i64) -> f64 {
    (time_s - midnight_s) as f64 / f64::from(HOUR_S)
}

fn sleep(scored: &Scored, midnight_s: i64) -> Vec<Stretch> {
    scored
        .bouts()
        .iter()
        .filter(|bout| bout.value == Some(State::Sleep))
        .map(|bout| Stretch {
            from_h: hours(scored.time_s(bout.from), midnight_s),
            until_h: hours(scored.time_s(bout.until), midnight_s),
        })
        .collect()
}

/// Epochs that were not worn or not recorded, joined into stretches.
fn unworn(activity: &Series, nonwear: &[bool], midnight_s: i64) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut open = None;
    for index in 0..=activity.len() {
        let out = activity
            .values()
            .get(index)
            .is_some_and(|value| value.is_nan() || nonwear.get(index).copied().unwrap_or_default());
        match (out, open) {
            (true, None) => open = Some(index),
            (false, Some(from)) => {
                found.push(Stretch {
                    from_h: hours(activity.time_s(from), midnight_s),
                    until_h: hours(activity.time_s(index), midnight_s),
                });
                open = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    found
}

fn date(midnight_s: i64, day: usize) -> String {
    let days = midnight_s.div_euclid(i64::from(DAY_S)) + i64::try_from(day).unwrap_or(0);
    super::page::date_of_day(days)
}

/// One row of the figure.
struct Row {
    first_s: i64,
    first_h: f64,
    date: String,
    cut: f64,
}

impl Row {
    fn paint(
        &self,
        area: &Area<'_>,
        bins: &Series,
        midnight_s: i64,
        sleeping: Option<&[Stretch]>,
        missing: &[Stretch],
    ) -> Drawn {
        let style = figure::letters();
        area.draw(&Text::new(self.date.clone(), (8, 20), style))?;
        let until_h = self.first_h + 48.0;
        let mut chart = ChartBuilder::on(area)
            .margin_top(4)
            .margin_right(8)
            .margin_left(LEFT)
            .build_cartesian_2d(self.first_h..until_h, 0.0..self.cut)?;
        let band = |stretch: &Stretch, color| {
            let from = stretch.from_h.max(self.first_h);
            let until = stretch.until_h.min(until_h);
            (until > from).then(|| Rectangle::new([(from, 0.0), (until, self.cut)], color))
        };
        let asleep = sleeping.unwrap_or_default().iter();
        chart.draw_series(asleep.filter_map(|stretch| band(stretch, SLEEP.filled())))?;
        let absent = missing.iter();
        chart.draw_series(absent.filter_map(|stretch| band(stretch, NONWEAR.filled())))?;
        for stretch in self.held(bins, midnight_s) {
            chart.draw_series(AreaSeries::new(stretch, 0.0, ACTIVITY.filled()))?;
        }
        let ends = [(self.first_h, 0.0), (until_h, 0.0)];
        chart.draw_series(std::iter::once(plotters::prelude::PathElement::new(
            ends, GRID,
        )))?;
        Ok(())
    }

    /// The bins of the row as steps, broken where nothing was recorded.
    fn held(&self, bins: &Series, midnight_s: i64) -> Vec<Vec<(f64, f64)>> {
        let step_h = f64::from(bins.step_s()) / f64::from(HOUR_S);
        let mut stretches = vec![Vec::new()];
        let first = bins.index_at(self.first_s);
        let count = usize::try_from(2 * DAY_S / bins.step_s()).unwrap_or(0);
        let shown = bins.values().get(first..).unwrap_or_default();
        for (index, &value) in shown.iter().take(count).enumerate() {
            if value.is_nan() {
                stretches.push(Vec::new());
                continue;
            }
            let from_h = hours(bins.time_s(first + index), midnight_s);
            let height = value.min(self.cut);
            if let Some(open) = stretches.last_mut() {
                open.push((from_h, height));
                open.push((from_h + step_h, height));
            }
        }
        stretches.retain(|stretch| !stretch.is_empty());
        stretches
    }
}

fn clock_axis(area: &Area<'_>) -> Drawn {
    let (width, _) = area.dim_in_pixel();
    let span = f64::from(width - LEFT - 8);
    for six in 0..=8_u32 {
        let hour = six * 6;
        let style = figure::letters();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a place inside the figure in whole pixels"
        )]
        let x = (f64::from(LEFT) + span * f64::from(hour) / 48.0) as i32;
        let label = figure::clock(f64::from(hour));
        area.draw(&Text::new(
            label,
            ((x - 30).min(i32::try_from(width).unwrap_or(0) - 70), 10),
            style.into_text_style(area),
        ))?;
    }
    Ok(())
}
