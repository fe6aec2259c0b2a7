//! The double-plotted actogram: each row is a day and the day after it.
//!
//! A day is drawn once and shown twice, so that a year of days stays a small page. Activity is drawn in bins, cut at
//! the 99th percentile of the bins; the caption of the page says both. It must never fill a gap: a bin without an
//! epoch is marked as not recorded.

use std::fmt::Write as _;

use analysis::report::Span;
use analysis::score::scored::{Scored, State};
use analysis::series::{Combine, DAY_S, Ends, Origin, Series};

use super::{figure, words};

/// Longer recordings show their first days: a page is for looking at.
pub(super) const DAYS_MAX: usize = 400;

/// Days up to which a row is high and a bin short, the height of a row and the seconds of a bin.
const SIZES: [(usize, u32, u32); 3] = [(31, 72, 300), (62, 44, 300), (DAYS_MAX, 26, 900)];
const WIDE: i64 = 864; // units of a day: a hundred seconds each
const LEFT: i64 = 212; // units for the dates
const RIGHT: i64 = 12; // units after the second day
const GAP: i64 = 5; // units between two rows
const AXIS: i64 = 40; // units for the clock above and below
const SHEET: i64 = 2_500; // units that a sheet of A4 is high, where the figure is as wide as its text
const LIGHT_STRIP: i64 = 7; // units at the top of a row
const CUT_QUANTILE: f64 = 0.99; // bins above are drawn at the height of this one
/// Illuminance from which the shades of the strip of light begin, lux: a decade each.
const SHADES_LX: [f64; 3] = [10.0, 100.0, 1_000.0];

/// What an actogram shows.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The activity as it was recorded, what is not used included.
    pub activity: &'a Series,
    /// Light in lux.
    pub light: Option<&'a Series>,
    /// Sleep and wake, where a scorer ran.
    pub asleep: Option<&'a Scored>,
    /// Epochs of the activity that were not worn.
    pub nonwear: &'a [bool],
    /// Windows of rest that were described.
    pub windows: &'a [Span],
    /// Windows of rest that could not be described.
    pub undescribed: &'a [Span],
    /// Stretches that a diary or the device's program leaves out.
    pub excluded: &'a [Span],
    /// Local seconds at which the button was pressed.
    pub markers: &'a [i64],
}

/// The figure and what its caption says.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Actogram {
    /// The drawing in parts that fit a sheet of paper; the first has what all of them show.
    #[serde(skip)]
    pub(super) parts: Vec<String>,
    /// Minutes of a bin.
    pub(super) bin_min: u32,
    /// Days of the recording, and how many of them are shown.
    pub(super) days: usize,
    pub(super) days_shown: usize,
}

/// Draws the rows, or nothing when no bin has a value.
pub(super) fn draw(seen: &Seen<'_>) -> Option<Actogram> {
    let days = days(seen.activity);
    let days_shown = days.min(DAYS_MAX);
    let (_, row, bin_s) = SIZES.into_iter().find(|size| days_shown <= size.0)?;
    let bins = binned(seen.activity, bin_s);
    let cut = cut(bins.values())?;
    let midnight_s = bins.start_s().div_euclid(i64::from(DAY_S)) * i64::from(DAY_S);
    let light = seen.light.map(|light| binned(light, bin_s));
    let drawing = Drawing {
        seen,
        layers: layers(seen, bin_s),
        bins,
        light,
        cut,
        row: i64::from(row),
        midnight_s,
    };
    Some(Actogram {
        parts: drawing.parts(days_shown),
        bin_min: bin_s / 60,
        days,
        days_shown,
    })
}

/// Means of bins of a length from midnight; the epochs themselves where they are longer or do not fit.
pub(super) fn binned(activity: &Series, bin_s: u32) -> Series {
    let mean = Combine::MeanWhere(0.0);
    activity
        .resampled(bin_s, Origin::Midnight, Ends::Partial, mean)
        .unwrap_or_else(|_| activity.clone())
}

/// How many calendar days the recording touches.
fn days(activity: &Series) -> usize {
    let day = i64::from(DAY_S);
    let first = activity.start_s().div_euclid(day);
    let last = (activity.time_s(activity.len()) - 1).div_euclid(day);
    usize::try_from(last - first + 1).unwrap_or(0)
}

/// The height of a row: the 99th percentile of the bins that have a value.
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

/// The stretches behind the activity, each over those before it, by the class that the style sheet colours.
fn layers(seen: &Seen<'_>, bin_s: u32) -> Vec<(&'static str, Vec<Span>)> {
    let asleep = seen.asleep.map(|scored| {
        let bouts = scored.bouts().into_iter();
        let sleeping = bouts.filter(|bout| bout.value == Some(State::Sleep));
        let spans = sleeping.map(|bout| Span {
            from_s: scored.time_s(bout.from),
            until_s: scored.time_s(bout.until),
        });
        joined(spans, i64::from(bin_s) / 5)
    });
    let activity = seen.activity;
    let missing = marked(activity, |index| {
        activity
            .values()
            .get(index)
            .is_none_or(|value| value.is_nan())
    });
    let unworn = marked(activity, |index| {
        seen.nonwear.get(index).copied().unwrap_or_default()
            && activity
                .values()
                .get(index)
                .is_some_and(|value| !value.is_nan())
    });
    vec![
        ("gap", missing),
        ("off", unworn),
        ("out", seen.excluded.to_vec()),
        ("bed", seen.windows.to_vec()),
        ("bed0", seen.undescribed.to_vec()),
        ("zz", asleep.unwrap_or_default()),
    ]
}

/// Spans in order, those that are nearer to each other than `near_s` as one.
fn joined(spans: impl Iterator<Item = Span>, near_s: i64) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for span in spans {
        match found.last_mut() {
            Some(last) if span.from_s - last.until_s < near_s => last.until_s = span.until_s,
            _ => found.push(span),
        }
    }
    found
}

/// The epochs of a kind, joined into stretches.
fn marked(series: &Series, is: impl Fn(usize) -> bool) -> Vec<Span> {
    let epochs = (0..series.len()).filter(|&index| is(index));
    let spans = epochs.map(|index| Span {
        from_s: series.time_s(index),
        until_s: series.time_s(index + 1),
    });
    joined(spans, 1)
}

struct Drawing<'a> {
    seen: &'a Seen<'a>,
    layers: Vec<(&'static str, Vec<Span>)>,
    bins: Series,
    light: Option<Series>,
    cut: f64,
    row: i64,
    midnight_s: i64,
}

impl Drawing<'_> {
    fn parts(&self, days: usize) -> Vec<String> {
        let rows = i64::try_from(days).unwrap_or(0);
        let of_part = (SHEET - 2 * AXIS) / (self.row + GAP);
        let mut parts = Vec::new();
        let mut first = 0;
        while first < rows {
            let last = (first + of_part).min(rows);
            parts.push(self.part(first, last, rows));
            first = last;
        }
        parts
    }

    /// The rows of some days with the clock above and below.
    fn part(&self, first: i64, last: i64, rows: i64) -> String {
        let (width, pitch) = (LEFT + 2 * WIDE + RIGHT, self.row + GAP);
        let height = 2 * AXIS + (last - first) * pitch;
        let mut out = format!(
            "<svg role=\"img\" aria-label=\"Double-plotted actogram: activity by clock time, two days in each row\" \
             class=\"actogram\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\">"
        );
        if first == 0 {
            out.push_str(&self.definitions(rows));
        }
        for day in first..last {
            let y = AXIS + (day - first) * pitch;
            let label = words::date_of_day(self.midnight_s / i64::from(DAY_S) + day);
            let base = y + self.row / 2 + 8;
            // Writing to a string cannot fail.
            let _ = write!(out, "<text x=\"4\" y=\"{base}\">{label}</text>");
            let _ = write!(out, "<use href=\"#d{day}\" x=\"{LEFT}\" y=\"{y}\"/>");
            if day + 1 < rows {
                let next = day + 1;
                let x = LEFT + WIDE;
                let _ = write!(out, "<use href=\"#d{next}\" x=\"{x}\" y=\"{y}\"/>");
            }
            let foot = y + self.row;
            let _ = write!(
                out,
                "<path class=\"rule\" d=\"M{LEFT} {foot}h{}\"/>",
                2 * WIDE
            );
        }
        out.push_str(&clock_axes(height));
        out.push_str("</svg>");
        out
    }

    /// The days, to be shown twice.
    fn definitions(&self, rows: i64) -> String {
        let mut out = "<defs><pattern id=\"hatch\" width=\"10\" height=\"10\" patternUnits=\"userSpaceOnUse\">\
                       <path class=\"hatch\" d=\"M0 10L10 0\"/></pattern>"
            .to_owned();
        for day in 0..rows {
            let _ = write!(out, "<g id=\"d{day}\">{}</g>", self.day(day));
        }
        out + "</defs>"
    }

    /// Everything of a day, its midnight at 0.
    fn day(&self, day: i64) -> String {
        let from_s = self.midnight_s + day * i64::from(DAY_S);
        let mut out = String::new();
        for (class, spans) in &self.layers {
            let path = self.bands(spans, from_s);
            if !path.is_empty() {
                let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
            }
        }
        out.push_str(&self.lit(from_s));
        let bars = self.bars(from_s);
        if !bars.is_empty() {
            let _ = write!(out, "<path class=\"act\" d=\"{bars}\"/>");
        }
        let mut pressed = String::new();
        for at in self.seen.markers {
            if (from_s..from_s + i64::from(DAY_S)).contains(at) {
                let _ = write!(pressed, "M{} 12l-7-12h14z", x_of(at - from_s));
            }
        }
        if !pressed.is_empty() {
            let _ = write!(out, "<path class=\"press\" d=\"{pressed}\"/>");
        }
        out
    }

    /// The parts of spans that lie in a day, as boxes over the whole height.
    fn bands(&self, spans: &[Span], from_s: i64) -> String {
        let end_s = from_s + i64::from(DAY_S);
        let mut path = String::new();
        for span in spans {
            let (from, until) = (span.from_s.max(from_s), span.until_s.min(end_s));
            if from < until {
                let x = x_of(from - from_s);
                let wide = (x_of(until - from_s) - x).max(1);
                let _ = write!(path, "M{x} 0h{wide}v{}h-{wide}z", self.row);
            }
        }
        path
    }

    /// The strip of light of a day in shades.
    fn lit(&self, from_s: i64) -> String {
        let Some(light) = &self.light else {
            return String::new();
        };
        let mut out = String::new();
        for (shade, least) in SHADES_LX.iter().enumerate() {
            let mut path = String::new();
            for (x, wide, level) in in_day(light, from_s) {
                let above = SHADES_LX.get(shade + 1).is_some_and(|next| level >= *next);
                if level >= *least && !above {
                    let _ = write!(path, "M{x} 0h{wide}v{LIGHT_STRIP}h-{wide}z");
                }
            }
            if !path.is_empty() {
                let _ = write!(out, "<path class=\"lux{}\" d=\"{path}\"/>", shade + 1);
            }
        }
        out
    }

    /// The activity of a day as bars; neighbours of one height are one.
    fn bars(&self, from_s: i64) -> String {
        let strip = if self.light.is_some() {
            LIGHT_STRIP + 1
        } else {
            0
        };
        let room = (self.row - strip) as f64;
        let mut path = String::new();
        let mut open: Option<(i64, i64, i64)> = None; // x, width, height
        let mut close = |bar: Option<(i64, i64, i64)>| {
            if let Some((x, wide, high)) = bar {
                let _ = write!(path, "M{x} {}v-{high}h{wide}v{high}z", self.row);
            }
        };
        for (x, wide, level) in in_day(&self.bins, from_s) {
            #[expect(clippy::cast_possible_truncation, reason = "a height inside a row")]
            let high = (room * (level / self.cut).clamp(0.0, 1.0)).round() as i64;
            match &mut open {
                Some(bar) if bar.2 == high && bar.0 + bar.1 == x => bar.1 += wide,
                _ => close(open.replace((x, wide, high))),
            }
            open = open.filter(|bar| bar.2 > 0);
        }
        close(open);
        path
    }
}

/// The bins of a day that have a value: where they begin, how wide they are and their level.
fn in_day(bins: &Series, from_s: i64) -> impl Iterator<Item = (i64, i64, f64)> + '_ {
    let end_s = from_s + i64::from(DAY_S);
    let range = bins.index_at(from_s)..bins.index_at(end_s);
    let first = range.start;
    let held = bins.values().get(range).unwrap_or_default();
    held.iter()
        .enumerate()
        .filter(|(_, level)| !level.is_nan())
        .map(move |(index, &level)| {
            let x = x_of(bins.time_s(first + index) - from_s);
            let until = x_of((bins.time_s(first + index + 1) - from_s).min(i64::from(DAY_S)));
            (x, (until - x).max(1), level)
        })
}

/// The place of a second after midnight.
fn x_of(second: i64) -> i64 {
    second * WIDE / i64::from(DAY_S)
}

/// The hours above and below, and their lines.
fn clock_axes(height: i64) -> String {
    let mut out = String::new();
    for hour in (0..=48_i64).step_by(6) {
        let x = LEFT + hour * WIDE / 24;
        let class = if hour % 24 == 0 { "day" } else { "six" };
        let span = height - 2 * AXIS;
        let _ = write!(out, "<path class=\"{class}\" d=\"M{x} {AXIS}v{span}\"/>");
        let label = figure::clock(hour as f64);
        let anchor = if hour == 48 {
            " text-anchor=\"end\""
        } else {
            " text-anchor=\"middle\""
        };
        let at = if hour == 48 { x + RIGHT } else { x };
        for y in [AXIS - 12, height - AXIS + 28] {
            let _ = write!(out, "<text x=\"{at}\" y=\"{y}\"{anchor}>{label}</text>");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(activity: &Series) -> Seen<'_> {
        Seen {
            activity,
            light: None,
            asleep: None,
            nonwear: &[],
            windows: &[],
            undescribed: &[],
            excluded: &[],
            markers: &[],
        }
    }

    #[test]
    fn gaps_windows_presses_and_light_stand_where_they_were() {
        let mut values = vec![10.0; 2 * 1_440];
        values[600..660].fill(f64::NAN);
        let activity = Series::new(0, 60, values);
        let light = Series::new(0, 60, vec![200.0; 2 * 1_440]);
        let windows = [Span {
            from_s: 23 * 3_600,
            until_s: 31 * 3_600,
        }];
        let drawn = draw(&Seen {
            light: Some(&light),
            windows: &windows,
            markers: &[12 * 3_600],
            ..seen(&activity)
        })
        .expect("a figure");
        // Ten o'clock is unit 360 of 864, an hour 36 units.
        assert!(
            drawn.parts[0].contains("class=\"gap\" d=\"M360 0h36v72h-36z\""),
            "{}",
            drawn.parts[0]
        );
        assert!(drawn.parts[0].contains("class=\"bed\" d=\"M828 0h36v72h-36z\""));
        assert!(drawn.parts[0].contains("class=\"bed\" d=\"M0 0h252v72h-252z\""));
        assert!(drawn.parts[0].contains("class=\"press\" d=\"M432 12"));
        assert!(drawn.parts[0].contains("class=\"lux2\""));
        assert_eq!(
            drawn.parts[0].matches("<use ").count(),
            3,
            "the second day stands twice"
        );
        assert_eq!((drawn.days, drawn.days_shown, drawn.bin_min), (2, 2, 5));
    }

    #[test]
    fn bars_of_one_height_are_one_and_zeros_are_none() {
        let mut values = vec![0.0; 288];
        values[12..24].fill(8.0);
        values[24..36].fill(4.0);
        let activity = Series::new(0, 300, values);
        let drawn = draw(&seen(&activity)).expect("a figure");
        assert!(
            drawn.parts[0].contains("class=\"act\" d=\"M36 72v-72h36v72zM72 72v-36h36v36z\""),
            "{}",
            drawn.parts[0]
        );
    }

    #[test]
    fn a_year_is_drawn_in_parts_that_fit_a_sheet_and_every_day_stands_once() {
        let activity = Series::new(0, 900, vec![1.0; 365 * 96]);
        let drawn = draw(&seen(&activity)).expect("a figure");
        assert_eq!(drawn.parts.len(), 5);
        let all = drawn.parts.concat();
        assert_eq!(all.matches("<g id=").count(), 365);
        assert_eq!(all.matches("<text x=\"4\"").count(), 365);
        assert_eq!(all.matches("<use ").count(), 2 * 365 - 1);
    }

    #[test]
    fn nothing_recorded_has_no_figure() {
        assert!(draw(&seen(&Series::new(0, 60, vec![f64::NAN; 100]))).is_none());
    }
}
