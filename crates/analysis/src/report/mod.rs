//! The report on one recording: the list of measures, the nights and the days.
//!
//! One table of columns drives everything: what is computed, the header of a result file, the
//! documents of the API and the data dictionary. Nothing here reads files, knows a person, or
//! computes by a formula of its own: it asks the methods of the other modules with the settings that
//! are written here, and passes on the reason where one of them has no answer.

pub mod column;
pub mod day;
pub mod epoch;
pub mod groups;
pub mod intensity;
pub mod night;
pub mod rest;
pub mod rhythm;
pub mod scorer;
pub mod sleep;
pub mod structure;
pub mod wear;
pub mod window;

use std::cell::OnceCell;

use crate::effort::intensity::{CutPoints, Minutes};
use crate::maths::describe;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::column::{Column, ColumnValue};
use crate::report::day::Day;
use crate::report::night::SleepWindow;
use crate::report::scorer::{ActivityScale, Scorer};
use crate::report::wear::{Unworn, Wear};
use crate::rhythm::timing::Kind;
use crate::rhythm::{
    antilogistic, cosinor, extremes, fluctuation, level, light, periodogram, profile, stability,
    turn,
};
use crate::score::roenneberg;
use crate::score::scored::Scored;
use crate::series::{Combine, Ends, MINUTE_S, Origin, Series};

/// Light at or above this counts as time in light, lux.
pub const LIGHT_LUX: f64 = 500.0; // Reid 2014, MLiT500
const TEN_MINUTES_S: u32 = 600;
const FIVE_MINUTES_S: u32 = 300;
const HALF: f64 = 0.5; // share of a bin that must be present
const TURN_SLOTS: usize = 12; // an hour of five-minute slots on each side of a turn
const PERIODS_H: (f64, f64) = (20.0, 28.0);
const PERIODS: usize = 97; // every five minutes from 20 to 28 hours
const PERIOD_ALPHA: f64 = 0.01;
const SCALES_MIN: (usize, usize) = (4, 1440);
const SCALES: usize = 20;

/// From going to bed until getting up, as a diary or a device says, in local civil seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When the person went to bed.
    pub from_s: i64,
    /// When the person got up.
    pub until_s: i64,
}

/// How many nights and days a mean over them needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Least {
    /// Nights that could be described.
    pub nights: usize,
    /// Days with ten hours of wear.
    pub days: usize,
}

impl Least {
    /// Three nights (72 hours; Smith 2018, doi:10.5664/jcsm.7230) and three days (three to five, Trost
    /// 2005, doi:10.1249/01.mss.0000185657.86065.98).
    pub const CUSTOMARY: Self = Self { nights: 3, days: 3 };
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Activity on the epoch of the recording.
    pub activity: &'a Series,
    /// What it counts.
    pub scale: ActivityScale,
    /// Light in lux.
    pub light: Option<&'a Series>,
    /// Angle of the forearm in degrees, five-second epochs, from raw acceleration.
    pub angle: Option<&'a Series>,
    /// Nights of a diary; they go before windows found in the recording.
    pub diary: &'a [Span],
    /// Rest intervals that the device's program states; they go before windows found in the recording.
    pub rests: &'a [Span],
    /// Days that the person calls work or free; by weekday where a day has no entry.
    pub calendar: &'a [(jiff::civil::Date, Kind)],
    /// What scores sleep and wake inside the nights.
    pub scorer: &'static Scorer,
    /// How it is known that nobody wore the device.
    pub wear: Wear<'a>,
    /// What becomes of the epochs at which nobody did.
    pub unworn: Unworn,
    /// How many nights and days means need.
    pub least: Least,
    /// What divides the activity into intensities; none where no publication fits it.
    pub cut_points: Option<&'static CutPoints>,
}

impl<'a> Input<'a> {
    /// Activity at the hip alone, nothing left out, scored by Oakley with the automatic threshold.
    pub const fn new(activity: &'a Series) -> Self {
        Self {
            activity,
            scale: ActivityScale::Counts,
            light: None,
            angle: None,
            diary: &[],
            rests: &[],
            calendar: &[],
            scorer: &scorer::OAKLEY_AUTOMATIC,
            wear: Wear::Choi,
            unworn: Unworn::Kept,
            least: Least::CUSTOMARY,
            cut_points: None,
        }
    }
}

/// The minutes by intensity of each day, or why there are none.
type Efforts = Result<Vec<Result<Minutes, Insufficient>>, Insufficient>;

/// A recording with what several measures share, each computed when first asked for.
pub struct Report<'a> {
    input: Input<'a>,
    off: Result<Vec<bool>, Insufficient>,
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
    efforts: OnceCell<Efforts>,
}

impl<'a> Report<'a> {
    /// Prepares a report; nothing is computed yet but the mask.
    pub fn new(input: Input<'a>) -> Self {
        let off = wear::mask(&input);
        let masked = match (input.unworn, &off) {
            (Unworn::LeftOut, Ok(off)) => Some(input.activity.without(off)),
            (Unworn::Kept, _) | (_, Err(_)) => None,
        };
        Self {
            off,
            masked,
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
            .get_or_init(|| night::scored(&self.input, self.activity()))
    }

    /// What `compute` makes of the components of the series, once.
    pub(crate) fn shares(
        &self,
        compute: impl FnOnce() -> Outcome<(f64, f64)>,
    ) -> &Outcome<(f64, f64)> {
        self.shares.get_or_init(compute)
    }

    /// What `compute` makes of the intensity of each day, once.
    pub(crate) fn efforts(&self, compute: impl FnOnce() -> Efforts) -> &Efforts {
        self.efforts.get_or_init(compute)
    }

    /// Marks the epochs of the activity that were recorded and not worn, or why that cannot be known.
    pub fn nonwear(&self) -> Result<&[bool], Insufficient> {
        self.off.as_deref().map_err(|none| *none)
    }

    /// What was left out of the activity: the name of the rule, or `kept` where nothing is.
    pub const fn left_out(&self) -> &'static str {
        if self.masked.is_some() {
            self.input.wear.name()
        } else {
            "kept"
        }
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
        self.cosinor.get_or_init(|| {
            self.spans(1.0)?;
            cosinor::fit(self.activity(), 24.0, 1)
        })
    }

    /// The antilogistic curve of 24 hours that fits best: on means of minutes, or on longer epochs as they are.
    pub fn extended(&self) -> &Outcome<antilogistic::Antilogistic> {
        self.extended.get_or_init(|| {
            let series = self.activity();
            if series.days() < 2.0 {
                return Err(Insufficient::new("days", 2.0, series.days()));
            }
            let minutes = series.resampled(
                MINUTE_S,
                Origin::Midnight,
                Ends::Partial,
                Combine::MeanWhere(HALF),
            );
            let found = antilogistic::fit_series(minutes.as_ref().unwrap_or(series))?;
            Ok(Measured::new(found.value, series.coverage()))
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
            self.varies()?;
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

    /// Minutes of the clock (longer epochs as they are): 1 worn, 0 not worn, missing where nothing was
    /// recorded.
    pub(crate) fn worn(&self) -> &Outcome<Series> {
        self.worn.get_or_init(|| {
            let worn = wear::worn_unless(self.nonwear()?, self.input.activity)?;
            let coverage = self.input.activity.coverage();
            Ok(Measured::new(worn, coverage))
        })
    }

    /// An error unless the activity goes on for so many days, gaps included.
    pub(crate) fn spans(&self, days: f64) -> Result<(), Insufficient> {
        let series = self.activity();
        let held = |value: &f64| !value.is_nan();
        let first = series.values().iter().position(held);
        let last = series.values().iter().rposition(held);
        let has = first
            .zip(last)
            .map_or(0.0, |(first, last)| series.part(first, last + 1).days());
        if has < days {
            return Err(Insufficient::new(
                "days from the first to the last epoch",
                days,
                has,
            ));
        }
        Ok(())
    }

    /// An error when the activity is the same all the time: then nothing is more active than another.
    pub(crate) fn varies(&self) -> Result<(), Insufficient> {
        let mut held = self
            .activity()
            .values()
            .iter()
            .filter(|value| !value.is_nan());
        let first = held.next();
        let other = held.find(|&value| Some(value) != first);
        other.map(|_| ()).ok_or(Insufficient::constant())
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
