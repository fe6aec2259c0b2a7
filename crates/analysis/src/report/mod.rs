//! The report on one recording: the list of measures, the nights and the days.
//!
//! One table of columns drives everything: what is computed, the header of a result file, the
//! documents of the API and the data dictionary. Nothing here reads files, knows a person, or
//! computes by a formula of its own: it asks the methods of the other modules with the settings that
//! are written here, and passes on the reason where one of them has no answer.

pub mod column;
pub mod day;
pub mod groups;
pub mod intensity;
pub mod night;
pub mod rest;
pub mod rhythm;
pub mod scorer;
pub mod sleep;
pub mod structure;

use std::cell::OnceCell;

use crate::effort::intensity::{CutPoints, Minutes};
use crate::maths::describe;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::column::{Column, ColumnValue};
use crate::report::day::Day;
use crate::report::night::SleepWindow;
use crate::report::scorer::Scorer;
use crate::rhythm::{
    antilogistic, cosinor, extremes, fluctuation, level, light, periodogram, profile, stability,
    turn,
};
use crate::score::roenneberg;
use crate::score::scored::Scored;
use crate::series::{Combine, Ends, HOUR_S, MINUTE_S, Origin, Series};
use crate::wear::{choi, inactivity, troiano};

/// Light at or above this counts as time in light, lux.
pub const LIGHT_LUX: f64 = 500.0; // Reid 2014, MLiT500
const STILL_S: u32 = 2 * HOUR_S; // customary length of a spurious stillness
const TEN_MINUTES_S: u32 = 600;
const FIVE_MINUTES_S: u32 = 300;
const HALF: f64 = 0.5; // share of a bin that must be present
const TURN_SLOTS: usize = 12; // an hour of five-minute slots on each side of a turn
const PERIODS_H: (f64, f64) = (20.0, 28.0);
const PERIODS: usize = 97; // every five minutes from 20 to 28 hours
const PERIOD_ALPHA: f64 = 0.01;
const SCALES_MIN: (usize, usize) = (4, 1440);
const SCALES: usize = 20;

/// Epochs that are left out because nobody wore the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Nonwear<'a> {
    /// None: the measures take the recording as it is, like the tools they are compared with.
    Kept,
    /// Those that the rule of Choi 2011 marks.
    Choi,
    /// Those that the rule of Troiano 2008 marks.
    Troiano,
    /// Two hours or more below one count.
    Stillness,
    /// Those of a mask on the epochs of the activity.
    Given(&'a [bool]),
}

/// From going to bed until getting up, as a diary or a device says, in local civil seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When the person went to bed.
    pub from_s: i64,
    /// When the person got up.
    pub until_s: i64,
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Activity on the epoch of the recording.
    pub activity: &'a Series,
    /// Light in lux.
    pub light: Option<&'a Series>,
    /// Angle of the forearm in degrees, five-second epochs, from raw acceleration.
    pub angle: Option<&'a Series>,
    /// Nights of a diary; they go before windows found in the recording.
    pub diary: &'a [Span],
    /// What scores sleep and wake inside the nights.
    pub scorer: &'static Scorer,
    /// What is left out of the activity.
    pub nonwear: Nonwear<'a>,
    /// Marks the epochs of the activity at which the device was seen not worn by other means than the
    /// counts, as in raw acceleration; without it wear follows Choi 2011.
    pub off: Option<&'a [bool]>,
    /// What divides the activity into intensities; none where no publication fits it.
    pub cut_points: Option<&'static CutPoints>,
}

impl<'a> Input<'a> {
    /// Activity alone, nothing left out, scored by Oakley with the automatic threshold.
    pub const fn new(activity: &'a Series) -> Self {
        Self {
            activity,
            light: None,
            angle: None,
            diary: &[],
            scorer: &scorer::OAKLEY_AUTOMATIC,
            nonwear: Nonwear::Kept,
            off: None,
            cut_points: None,
        }
    }
}

/// A recording with what several measures share, each computed when first asked for.
pub struct Report<'a> {
    input: Input<'a>,
    masked: Option<Series>,
    contrast: OnceCell<Outcome<extremes::Contrast>>,
    multiscale: OnceCell<Outcome<(f64, f64)>>,
    level: OnceCell<Outcome<level::Level>>,
    cosinor: OnceCell<Outcome<cosinor::Cosinor>>,
    extended: OnceCell<Outcome<antilogistic::Antilogistic>>,
    fluctuation: OnceCell<Outcome<fluctuation::Fluctuation>>,
    turns: OnceCell<Outcome<(u32, u32)>>,
    exposure: OnceCell<Outcome<light::Exposure>>,
    bouts: OnceCell<Outcome<Scored>>,
    worn: OnceCell<Outcome<Series>>,
    nights: OnceCell<Vec<SleepWindow>>,
    days: OnceCell<Vec<Day>>,
    scored: OnceCell<Result<Scored, Insufficient>>,
    shares: OnceCell<Outcome<(f64, f64)>>,
    efforts: OnceCell<Result<Vec<Option<Minutes>>, Insufficient>>,
}

impl<'a> Report<'a> {
    /// Prepares a report; nothing is computed yet but the mask.
    pub fn new(input: Input<'a>) -> Self {
        Self {
            masked: without_nonwear(&input),
            input,
            contrast: OnceCell::new(),
            multiscale: OnceCell::new(),
            level: OnceCell::new(),
            cosinor: OnceCell::new(),
            extended: OnceCell::new(),
            fluctuation: OnceCell::new(),
            turns: OnceCell::new(),
            exposure: OnceCell::new(),
            bouts: OnceCell::new(),
            worn: OnceCell::new(),
            nights: OnceCell::new(),
            days: OnceCell::new(),
            scored: OnceCell::new(),
            shares: OnceCell::new(),
            efforts: OnceCell::new(),
        }
    }

    /// The activity that the measures see: the input without what was not worn.
    pub fn activity(&self) -> &Series {
        self.masked.as_ref().unwrap_or(self.input.activity)
    }

    /// What the report is made from.
    pub const fn input(&self) -> &Input<'a> {
        &self.input
    }

    /// One measure.
    pub fn measure(&self, column: &'static Column) -> ColumnValue {
        ColumnValue {
            column,
            outcome: (column.of)(self).and_then(finite),
        }
    }

    /// The nights and other sleep windows, in order.
    pub fn nights(&self) -> &[SleepWindow] {
        self.nights.get_or_init(|| night::of(self))
    }

    /// The calendar days, in order.
    pub fn days(&self) -> &[Day] {
        self.days.get_or_init(|| day::of(self))
    }

    /// Sleep inside the windows by the scorer of the nights, wake outside; None where nobody could score.
    pub fn asleep(&self) -> Option<Scored> {
        night::asleep(self)
    }

    /// Sleep and wake by the scorer of the nights, over all of the recording.
    pub(crate) fn scored(&self) -> &Result<Scored, Insufficient> {
        self.scored
            .get_or_init(|| night::scored(self.input.scorer, self.activity()))
    }

    /// What `compute` makes of the components of the series, once.
    pub(crate) fn shares(
        &self,
        compute: impl FnOnce() -> Outcome<(f64, f64)>,
    ) -> &Outcome<(f64, f64)> {
        self.shares.get_or_init(compute)
    }

    /// What `compute` makes of the intensity of each day, once.
    pub(crate) fn efforts(
        &self,
        compute: impl FnOnce() -> Result<Vec<Option<Minutes>>, Insufficient>,
    ) -> &Result<Vec<Option<Minutes>>, Insufficient> {
        self.efforts.get_or_init(compute)
    }

    /// Marks the epochs of the input that were recorded and not worn; None where wear cannot be determined.
    pub fn nonwear(&self) -> Option<Vec<bool>> {
        if let Some(off) = self.input.off {
            return Some(off.to_vec());
        }
        let worn = &self.worn().as_ref().ok()?.value;
        let off: Vec<bool> = worn.values().iter().map(|&worn| worn < 0.5).collect();
        Some(on_epochs(self.input.activity, worn.start_s(), &off))
    }

    /// Roenneberg's sleep bouts, which need no scale of the counts.
    pub fn bouts(&self) -> &Outcome<Scored> {
        self.bouts
            .get_or_init(|| roenneberg::score(self.activity()))
    }

    /// L5, M10 and relative amplitude of the average day.
    pub fn contrast(&self) -> &Outcome<extremes::Contrast> {
        self.contrast
            .get_or_init(|| extremes::contrast(self.activity()))
    }

    /// The cosine of 24 hours that fits best.
    pub fn cosinor(&self) -> &Outcome<cosinor::Cosinor> {
        self.cosinor
            .get_or_init(|| cosinor::fit(self.activity(), 24.0, 1))
    }

    /// The antilogistic curve of 24 hours that fits means of ten minutes best; on the epochs of
    /// the recording the descent takes ten times as long.
    pub fn extended(&self) -> &Outcome<antilogistic::Antilogistic> {
        self.extended.get_or_init(|| {
            let series = self.activity();
            if series.days() < 2.0 {
                return Err(Insufficient::new("days", 2.0, series.days()));
            }
            let bins = series.resampled(
                TEN_MINUTES_S,
                Origin::Midnight,
                Ends::Partial,
                Combine::MeanWhere(HALF),
            )?;
            let (mut times, values) = cosinor::observations(&bins);
            // A mean stands in the middle of its epochs, which begin from 0 to almost 10 minutes later.
            let middle_h = f64::from(TEN_MINUTES_S - series.step_s()) / 2.0 / f64::from(HOUR_S);
            for time in &mut times {
                *time += middle_h;
            }
            let found = antilogistic::fit(&times, &values)?;
            Ok(Measured::new(found, series.coverage()))
        })
    }

    /// Fluctuations on scales of four minutes to a day, or to a quarter of a shorter recording.
    pub fn fluctuation(&self) -> &Outcome<fluctuation::Fluctuation> {
        self.fluctuation.get_or_init(|| {
            let series = self.activity();
            let scales = scales(series)?;
            fluctuation::of_series(series, &scales, fluctuation::Missing::Mean)
        })
    }

    /// The average day on the epoch of the recording.
    pub fn profile(&self) -> Outcome<profile::Profile> {
        profile::average_day(self.activity())
    }

    /// Chi-square periodogram of ten-minute sums.
    pub fn chi_square(&self) -> Outcome<periodogram::Periodogram> {
        let (from, until) = PERIODS_H;
        periodogram::by_chi_square(&self.ten_minutes()?, from, until, PERIOD_ALPHA)
    }

    /// Lomb-Scargle periodogram of ten-minute sums.
    pub fn lomb_scargle(&self) -> Outcome<periodogram::Periodogram> {
        let (from, until) = PERIODS_H;
        periodogram::by_lomb_scargle(&self.ten_minutes()?, from, until, PERIODS)
    }

    pub(crate) fn multiscale(&self) -> &Outcome<(f64, f64)> {
        self.multiscale
            .get_or_init(|| stability::multiscale(self.activity(), &stability::WITTING))
    }

    pub(crate) fn level(&self) -> &Outcome<level::Level> {
        self.level.get_or_init(|| level::level(self.activity()))
    }

    pub(crate) fn exposure(&self) -> &Outcome<light::Exposure> {
        self.exposure.get_or_init(|| {
            let none = Insufficient::new("channels of light", 1.0, 0.0);
            light::exposure(self.input.light.ok_or(none)?, LIGHT_LUX)
        })
    }

    /// Seconds after midnight of activity onset and offset on the average day.
    pub(crate) fn turns(&self) -> &Outcome<(u32, u32)> {
        self.turns.get_or_init(|| {
            let series = self.activity();
            let bins = series.resampled(
                FIVE_MINUTES_S,
                Origin::Midnight,
                Ends::Partial,
                Combine::MeanWhere(HALF),
            )?;
            let day = profile::average_day(&bins)?;
            let found = turn::turns(&day.value, TURN_SLOTS, turn::Shape::Circle)?;
            let clock = |slot| day.value.clock_s(slot);
            Ok(Measured::new(
                (clock(found.onset), clock(found.offset)),
                series.coverage(),
            ))
        })
    }

    /// One-minute series of the clock: 1 worn, 0 not worn, missing where nothing was recorded.
    pub(crate) fn worn(&self) -> &Outcome<Series> {
        self.worn.get_or_init(|| {
            if let Some(off) = self.input.off {
                let worn = worn_unless(off, self.input.activity)?;
                let coverage = self.input.activity.coverage();
                return Ok(Measured::new(worn, coverage));
            }
            let minutes = minutes(self.input.activity)?;
            Insufficient::unless("minutes that are present", 1, minutes.present())?;
            let nonwear = choi::nonwear(&minutes, &choi::CHOI_2011)?;
            let worn = minutes.values().iter().zip(&nonwear.value);
            let values = worn.map(|(value, &off)| match value {
                missing if missing.is_nan() => f64::NAN,
                _ => f64::from(u8::from(!off)),
            });
            Ok(Measured::new(
                Series::new(minutes.start_s(), MINUTE_S, values.collect()),
                minutes.coverage(),
            ))
        })
    }

    fn ten_minutes(&self) -> Result<Series, Insufficient> {
        self.activity().resampled(
            TEN_MINUTES_S,
            Origin::FirstEpoch,
            Ends::Complete,
            Combine::SumWhere(HALF),
        )
    }
}

/// A method that returned no number after all has no answer.
fn finite(measured: Measured<f64>) -> Outcome<f64> {
    if measured.value.is_finite() {
        Ok(measured)
    } else {
        Err(Insufficient::new("values that define it", 1.0, 0.0))
    }
}

fn minutes(series: &Series) -> Result<Series, Insufficient> {
    series.resampled(
        MINUTE_S,
        Origin::Midnight,
        Ends::Partial,
        Combine::SumWhere(HALF),
    )
}

/// The activity without what was not worn, or None when nothing is left out. A rule that cannot be
/// applied to the epoch leaves nothing out.
fn without_nonwear(input: &Input<'_>) -> Option<Series> {
    let series = input.activity;
    let by_minute = |rule: fn(&Series) -> Outcome<Vec<bool>>| {
        let minutes = minutes(series).ok()?;
        let mask = rule(&minutes).ok()?.value;
        Some(on_epochs(series, minutes.start_s(), &mask))
    };
    let mask = match input.nonwear {
        Nonwear::Kept => None,
        Nonwear::Choi => by_minute(|minutes| choi::nonwear(minutes, &choi::CHOI_2011)),
        Nonwear::Troiano => by_minute(|minutes| troiano::nonwear(minutes, &troiano::TROIANO_2008)),
        Nonwear::Stillness => {
            let least = series.epochs_in(STILL_S).ok()?;
            Some(inactivity::mask(series, least, 1.0))
        }
        Nonwear::Given(mask) => Some(mask.to_vec()),
    }?;
    Some(series.without(&mask))
}

/// Minutes of the clock: 1 where at least half of the epochs present were worn, else 0.
fn worn_unless(off: &[bool], series: &Series) -> Result<Series, Insufficient> {
    let epochs = series.values().iter().zip(off);
    let worn = epochs.map(|(value, &off)| match value {
        missing if missing.is_nan() => f64::NAN,
        _ => f64::from(u8::from(!off)),
    });
    let worn = Series::new(series.start_s(), series.step_s(), worn.collect());
    let minutes = worn.resampled(
        MINUTE_S,
        Origin::Midnight,
        Ends::Partial,
        Combine::MeanWhere(HALF),
    )?;
    Insufficient::unless("minutes that are present", 1, minutes.present())?;
    Ok(minutes.map(|share| match share {
        missing if missing.is_nan() => missing,
        share => f64::from(u8::from(share >= HALF)),
    }))
}

/// A mask of minutes from `start_s` on the epochs of a series.
fn on_epochs(series: &Series, start_s: i64, minutes: &[bool]) -> Vec<bool> {
    let minute_of = |index| (series.time_s(index) - start_s) / i64::from(MINUTE_S);
    let marked = (0..series.len()).map(|index| {
        let minute = usize::try_from(minute_of(index)).ok();
        minute
            .and_then(|minute| minutes.get(minute))
            .copied()
            .unwrap_or(false)
    });
    marked.collect()
}

fn scales(series: &Series) -> Result<Vec<usize>, Insufficient> {
    let minutes = series.len() as f64 * f64::from(series.step_s()) / 60.0;
    let (shortest, longest) = SCALES_MIN;
    let longest = longest.min(describe::floor_index(minutes / 4.0));
    Insufficient::unless("minutes that fit four times", 60, longest)?;
    let step_min = f64::from(series.step_s()) / 60.0;
    let epochs = |scale: usize| describe::floor_index(scale as f64 / step_min);
    let mut scales: Vec<usize> = fluctuation::geometric_scales(shortest, longest, SCALES)
        .into_iter()
        .map(epochs)
        .filter(|&scale| scale >= shortest)
        .collect();
    scales.dedup();
    Ok(scales)
}
