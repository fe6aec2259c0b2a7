//! # Heart, breath and blood oxygen of a day
//!
//! *What it measures*: resting heart rate, nocturnal heart rate and its dip, heart rate variability,
//! respiratory rate asleep, and oxygen saturation.
//!
//! *Inputs and units*: raw samples of heart rate (/min), the device's resting heart rate (/min), SDNN
//! and RMSSD (ms), respiratory rate (/min) and oxygen saturation (%); the main sleep's time asleep;
//! the spans of the day. A sample stands at its midpoint. Aggregated samples and heart rates marked
//! as measured in motion are not used asleep.
//!
//! *Method*: heart rates asleep are averaged in slots of [`SLOT_US`] from onset, so that bursts do
//! not weigh more.
//! - Resting: the lowest mean of six consecutive slots of which at least [`WINDOW_SLOTS_MIN`] have
//!   data. Without one, the last value of the day that the device itself calls resting.
//! - Nocturnal mean and minimum: over the slots. Dip: `100·(wake − night) / wake`, with the wake mean
//!   over the slots of the [`WAKE_US`] before onset that were not asleep.
//! - SDNN and RMSSD: means of the device's values, during the main sleep and over the day; two quantities, never mixed.
//!   SDNN grows with the length of what it is computed on, so only values of one kind of length enter a mean: spots of
//!   less than [`SPOT_US`] (a watch's minute, and values that do not say how long), without any the short-term
//!   ones up to [`SHORT_TERM_US`] (five minutes are the standard), without any the longer. Values of the other kinds are
//!   `left_out`, and the kind is part of the method's name, so that no trend mixes them.
//! - Respiratory rate: mean and sample standard deviation `√(Σ(x−x̄)² / (n−1))` asleep, of the samples of one source:
//!   the best-ranked that measured asleep. Devices find it in different ways (movement of the wrist, the heart, a mat),
//!   so their values are not averaged; the others are `left_out` and named, and the source is named beside the method.
//! - Oxygen saturation: mean, minimum and share of samples below 90 % over the day; T90 is the share
//!   of slots asleep whose mean is below 90 %. The desaturation index counts falls of 3 points and more per
//!   hour asleep ([`crate::heart::saturation`]) on samples set on their usual distance.
//! - Recovery: the last value of the day that a device computed one minute after effort. Beats: [`super::beats`].
//!
//! *Population*: rules without constants that were fitted; the values are as good as the device. The dip of the heart
//! rate was related to mortality in people referred for ambulatory blood pressure (Ben-Dov 2007), the limits of oxygen
//! saturation are those of sleep laboratories, at the finger.
//!
//! *Missing samples*: a slot without a sample takes no part in means and windows; nothing is filled in.
//!
//! *Validity*: rates outside [`RATE_MIN`]–[`RATE_MAX`] are ignored; a night needs data in at least
//! [`NIGHT_SLOTS_MIN`] slots, T90 in half of them, a spread [`SPREAD_N_MIN`] samples. Coverage is the share of
//! slots with data.
//!
//! *Versions*: means of SDNN 2 (1 took values of any length together), respiratory rate 2 (1 took all sources together),
//! the others 1.
//!
//! *References*: Task Force of the ESC and NASPE, Circulation 1996, 10.1161/01.CIR.93.5.1043 (SDNN,
//! RMSSD; that SDNN of recordings of different length must not be compared); Ben-Dov et al., Arch Intern Med 167:2116, 2007, 10.1001/archinte.167.19.2116 (dip of the heart
//! rate). Slots and limits are the project's own.

mod breaths;
mod oxygen;

use model::sample::{Flags, HOUR_US, MINUTE_US, SECOND_US, Sample};
use model::source::Source;
use model::zone::Span;
use serde::{Deserialize, Serialize};

use self::breaths::Breaths;
use super::beats::{self, Beats};
use super::cardio::oxygen::{desaturations, t90};
use super::measure::{Measure, Method};
use super::rank::Ranks;
use super::series::{
    holds, in_order, is_aggregated, is_extreme, is_usable, known_at, without_duplicates,
};

/// Width of a slot: 5 min, the interval at which watches measure asleep.
pub const SLOT_US: i64 = 5 * MINUTE_US;
/// Slots of the resting window: 30 min.
const WINDOW_SLOTS: usize = 6;
/// Slots of a resting window that need data: 20 of 30 min.
pub const WINDOW_SLOTS_MIN: usize = 4;
/// Slots of a night that need data: 1 h.
pub const NIGHT_SLOTS_MIN: usize = 12;
/// Wakefulness before onset that the night is compared with: 16 h.
pub const WAKE_US: i64 = 16 * HOUR_US;
/// Lower heart rates are artefacts: 25 /min.
pub const RATE_MIN: f64 = 25.0;
/// Higher heart rates are artefacts: 230 /min.
pub const RATE_MAX: f64 = 230.0;
/// Samples that a standard deviation needs.
pub const SPREAD_N_MIN: usize = 3;
/// SDNN of less than this is a spot: 2.5 min, half of the standard five.
pub const SPOT_US: i64 = 150 * SECOND_US;
/// SDNN of up to this is short-term: 10 min, twice the standard five.
pub const SHORT_TERM_US: i64 = 10 * MINUTE_US;
/// Oxygen saturation below this counts as low: 90 %.
const SATURATION_LOW: f64 = 90.0;

const RESTING_ASLEEP: Method = method("resting_heart_rate.lowest_30_min_asleep", "/min");
const RESTING_DEVICE: Method = method("resting_heart_rate.device", "/min");
const NIGHT_MEAN: Method = method("nocturnal_heart_rate.slot_mean", "/min");
const NIGHT_MIN: Method = method("nocturnal_heart_rate.slot_min", "/min");
const DIP: Method = method("heart_rate_dip.night_to_wake", "%");
const SDNN_ASLEEP: OfLengths = [
    of_length("hrv_sdnn.mean_asleep"),
    of_length("hrv_sdnn.mean_asleep_short_term"),
    of_length("hrv_sdnn.mean_asleep_long_term"),
];
const SDNN_DAY: OfLengths = [
    of_length("hrv_sdnn.mean_day"),
    of_length("hrv_sdnn.mean_day_short_term"),
    of_length("hrv_sdnn.mean_day_long_term"),
];
const RMSSD_ASLEEP: Method = method("hrv_rmssd.mean_asleep", "ms");
const RMSSD_DAY: Method = method("hrv_rmssd.mean_day", "ms");
const RESPIRATION_MEAN: Method = of_one_source("respiratory_rate.mean_asleep");
const RESPIRATION_SD: Method = of_one_source("respiratory_rate.sd_asleep");
const OXYGEN_MEAN: Method = method("oxygen_saturation.mean_day", "%");
const OXYGEN_MIN: Method = method("oxygen_saturation.min_day", "%");
const OXYGEN_LOW: Method = method("oxygen_saturation.share_of_samples_below_90", "%");
const OXYGEN_T90: Method = method("oxygen_saturation.t90_asleep", "%");
const OXYGEN_ODI: Method = method("oxygen_saturation.odi3_asleep", "/h");
const RECOVERY: Method = method("heart_rate_recovery.device_60_s", "/min");
const ODI_DEPTH: f64 = 3.0; // fall in percent points that the desaturation index counts (AASM 2012)

const fn method(id: &'static str, unit: &'static str) -> Method {
    Method {
        id,
        version: 1,
        unit,
    }
}

const fn of_one_source(id: &'static str) -> Method {
    Method {
        id,
        version: 2,
        unit: "/min",
    }
}

/// Methods for values of spots, of the short term and of longer.
type OfLengths = [Method; 3];

const fn of_length(id: &'static str) -> Method {
    Method {
        id,
        version: 2,
        unit: "ms",
    }
}

/// What the methods read.
#[derive(Debug, Clone, Copy)]
pub struct CardioInput<'a> {
    /// Spans of the local day.
    pub day: &'a [Span],
    /// Time asleep of the main sleep, in order; empty without one.
    pub asleep: &'a [Span],
    /// Onset to offset of every sleep in the loaded window.
    pub sleeps: &'a [Span],
    /// Heart rate.
    pub heart_rate: &'a [Sample],
    /// Resting heart rate as the device computed it.
    pub resting_heart_rate: &'a [Sample],
    /// Standard deviation of beat intervals.
    pub hrv_sdnn: &'a [Sample],
    /// Root mean square of successive differences.
    pub hrv_rmssd: &'a [Sample],
    /// Respiratory rate.
    pub respiratory_rate: &'a [Sample],
    /// The order of its sources.
    pub respiratory_ranks: &'a Ranks,
    /// The person's sources, for their names.
    pub sources: &'a [Source],
    /// Oxygen saturation in percent.
    pub oxygen_saturation: &'a [Sample],
    /// Heart rate recovery one minute after effort, as the device computed it.
    pub heart_rate_recovery: &'a [Sample],
    /// Beats that devices recorded.
    pub beats: Beats<'a>,
}

/// The cardiovascular and respiratory measures of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the module's Method section defines each field"
)]
pub struct Cardio {
    pub resting_heart_rate: Measure,
    pub nocturnal_heart_rate_mean: Measure,
    pub nocturnal_heart_rate_min: Measure,
    pub heart_rate_dip: Measure,
    pub hrv_sdnn_asleep: Measure,
    pub hrv_sdnn_day: Measure,
    pub hrv_rmssd_asleep: Measure,
    pub hrv_rmssd_day: Measure,
    pub respiratory_rate_asleep: Measure,
    pub respiratory_rate_spread: Measure,
    pub oxygen_saturation_mean: Measure,
    pub oxygen_saturation_min: Measure,
    pub oxygen_saturation_low: Measure,
    pub oxygen_saturation_t90: Measure,
    #[serde(default = "odi_unknown")]
    pub oxygen_desaturation_index: Measure,
    #[serde(default = "recovery_unknown")]
    pub heart_rate_recovery: Measure,
    #[serde(default = "beats::unknown_rmssd")]
    pub beats_rmssd_asleep: Measure,
    #[serde(default = "beats::unknown_sdnn")]
    pub beats_sdnn_asleep: Measure,
}

/// What documents say that were written before the measure existed.
fn odi_unknown() -> Measure {
    Measure::missing(OXYGEN_ODI, "not_computed_yet", 0)
}

/// What documents say that were written before the measure existed.
fn recovery_unknown() -> Measure {
    Measure::missing(RECOVERY, "not_computed_yet", 0)
}

/// Computes every measure of a day.
pub fn cardio(input: &CardioInput<'_>) -> Cardio {
    let rates = |sample: &Sample| (RATE_MIN..=RATE_MAX).contains(&sample.value);
    let still = |sample: &Sample| rates(sample) && !sample.flags.contains(Flags::ACTIVE);
    let night = input.night().map(|span| {
        let asleep = |at_us| is_within(input.asleep, at_us);
        Slots::of(input.heart_rate, span, asleep, still)
    });
    let mean_asleep = |method, samples| mean_of(method, &asleep_values(samples, input));
    let day_mean = |method, samples| mean_of(method, &day_values(samples, input.day));
    let breaths = Breaths::of(input);
    let oxygen = day_values(input.oxygen_saturation, input.day);
    let beats = beats::asleep(input.beats, input.asleep);
    Cardio {
        resting_heart_rate: resting(input, night.as_ref()),
        nocturnal_heart_rate_mean: nocturnal(NIGHT_MEAN, night.as_ref(), Slots::mean),
        nocturnal_heart_rate_min: nocturnal(NIGHT_MIN, night.as_ref(), Slots::min),
        heart_rate_dip: dip(input, night.as_ref(), rates),
        hrv_sdnn_asleep: sdnn(SDNN_ASLEEP, input.hrv_sdnn, |samples| {
            asleep_values(samples, input)
        }),
        hrv_sdnn_day: sdnn(SDNN_DAY, input.hrv_sdnn, |samples| {
            day_values(samples, input.day)
        }),
        hrv_rmssd_asleep: mean_asleep(RMSSD_ASLEEP, input.hrv_rmssd),
        hrv_rmssd_day: day_mean(RMSSD_DAY, input.hrv_rmssd),
        respiratory_rate_asleep: breaths.named(mean_of(RESPIRATION_MEAN, &breaths.values)),
        respiratory_rate_spread: breaths.named(spread_of(RESPIRATION_SD, &breaths.values)),
        oxygen_saturation_mean: mean_of(OXYGEN_MEAN, &oxygen),
        oxygen_saturation_min: min_of(OXYGEN_MIN, &oxygen),
        oxygen_saturation_low: low_of(OXYGEN_LOW, &oxygen),
        oxygen_saturation_t90: t90(input),
        oxygen_desaturation_index: desaturations(input),
        heart_rate_recovery: measure(
            RECOVERY,
            &day_values(input.heart_rate_recovery, input.day),
            1,
            |values| values.last().copied().unwrap_or(f64::NAN),
        ),
        beats_rmssd_asleep: beats.rmssd,
        beats_sdnn_asleep: beats.sdnn,
    }
}

impl CardioInput<'_> {
    /// Onset to offset of the main sleep.
    fn night(&self) -> Option<Span> {
        Some(Span {
            start_us: self.asleep.first()?.start_us,
            end_us: self.asleep.last()?.end_us,
        })
    }
}

/// The values that answer one question, where they were looked for, and why there may be none.
struct Values {
    found: Vec<f64>,
    span: Option<Span>,
    reason: &'static str,
}

fn mid_us(sample: &Sample) -> i64 {
    sample.start_us + (sample.end_us - sample.start_us) / 2
}

fn is_within(spans: &[Span], at_us: i64) -> bool {
    let next = spans.partition_point(|span| span.end_us <= at_us);
    spans.get(next).is_some_and(|span| span.start_us <= at_us)
}

/// Raw distinct samples of a slice in order.
fn raw(samples: &[Sample]) -> impl Iterator<Item = &Sample> {
    without_duplicates(
        samples
            .iter()
            .filter(|sample| is_usable(sample) && !is_aggregated(sample)),
    )
}

fn asleep_values(samples: &[Sample], input: &CardioInput<'_>) -> Values {
    let samples = in_order(samples);
    let found: Vec<f64> = raw(&samples)
        .filter(|sample| is_within(input.asleep, mid_us(sample)))
        .map(|sample| sample.value)
        .collect();
    Values {
        found,
        span: input.night(),
        reason: if input.asleep.is_empty() {
            "no_main_sleep"
        } else {
            "no_samples_asleep"
        },
    }
}

/// Values of the day, in order; values an app had averaged only when there are no others.
fn day_values(samples: &[Sample], day: &[Span]) -> Values {
    let samples = in_order(samples);
    let here: Vec<&Sample> = without_duplicates(samples.iter().filter(|sample| is_usable(sample)))
        .filter(|sample| holds(day, known_at(sample)) && !is_extreme(sample))
        .collect();
    let only_aggregated = here.iter().all(|sample| is_aggregated(sample));
    let found = here
        .iter()
        .filter(|sample| is_aggregated(sample) == only_aggregated)
        .map(|sample| sample.value)
        .collect();
    let span = day.first().zip(day.last()).map(|(first, last)| Span {
        start_us: first.start_us,
        end_us: last.end_us,
    });
    Values {
        found,
        span,
        reason: "no_samples",
    }
}

/// Reports what `formula` makes of the values, or that there are fewer than `n_min`.
fn measure(
    method: Method,
    found: &Values,
    n_min: usize,
    formula: impl FnOnce(&[f64]) -> f64,
) -> Measure {
    let values = found.found.as_slice();
    let measure = match values.len() {
        0 => Measure::missing(method, found.reason, 0),
        n if n < n_min => Measure::missing(method, "too_few_samples", n),
        n => Measure::of(method, formula(values), n),
    };
    match found.span {
        Some(span) => measure.on(span),
        None => measure,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn mean_of(method: Method, found: &Values) -> Measure {
    measure(method, found, 1, mean)
}

/// The mean of the values of the first kind of length that there are any of.
fn sdnn(methods: OfLengths, samples: &[Sample], choose: impl Fn(&[Sample]) -> Values) -> Measure {
    let of_kind = |kind: usize| {
        let samples = samples.iter();
        let samples = samples.filter(|sample| kind_of_length(sample) == kind);
        choose(&samples.copied().collect::<Vec<_>>())
    };
    let found: [Values; 3] = std::array::from_fn(of_kind);
    let kind = found.iter().position(|values| !values.found.is_empty());
    let kind = kind.unwrap_or(0);
    let others = found.iter().enumerate().filter(|(other, _)| *other != kind);
    let left_out = others.map(|(_, values)| values.found.len()).sum();
    mean_of(methods[kind], &found[kind]).leaving_out(left_out)
}

/// A mean that an app made spans what it averaged, which is not the length of a measurement: it is of spots.
fn kind_of_length(sample: &Sample) -> usize {
    match sample.end_us - sample.start_us {
        length_us if length_us < SPOT_US || is_aggregated(sample) => 0,
        length_us if length_us <= SHORT_TERM_US => 1,
        _ => 2,
    }
}

fn min_of(method: Method, found: &Values) -> Measure {
    measure(method, found, 1, |values| {
        values.iter().copied().fold(f64::INFINITY, f64::min)
    })
}

fn spread_of(method: Method, found: &Values) -> Measure {
    measure(method, found, SPREAD_N_MIN, |values| {
        let mean = mean(values);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (values.len() - 1) as f64).sqrt()
    })
}

fn low_of(method: Method, found: &Values) -> Measure {
    measure(method, found, 1, |values| {
        let low = values
            .iter()
            .filter(|value| **value < SATURATION_LOW)
            .count();
        100.0 * low as f64 / values.len() as f64
    })
}

/// Means of consecutive slots of 5 min; slots outside the person's state are not looked at.
struct Slots {
    span: Span,
    means: Vec<Option<f64>>,
    eligible: usize,
    n: usize,
}

impl Slots {
    /// Slots that one window may hold: four days. No main sleep or waking time is longer.
    const MAX: usize = 4 * 24 * 12;

    fn of(
        samples: &[Sample],
        span: Span,
        in_state: impl Fn(i64) -> bool,
        accept: impl Fn(&Sample) -> bool,
    ) -> Self {
        let len = usize::try_from((span.end_us - span.start_us + SLOT_US - 1) / SLOT_US);
        let len = len.unwrap_or(0).min(Self::MAX);
        let mut sums = vec![(0.0, 0_usize); len];
        let mut n = 0;
        let samples = in_order(samples);
        for sample in raw(&samples) {
            let at_us = mid_us(sample);
            if at_us < span.start_us || at_us >= span.end_us || !in_state(at_us) || !accept(sample)
            {
                continue;
            }
            let slot = usize::try_from((at_us - span.start_us) / SLOT_US).ok();
            if let Some((sum, count)) = slot.and_then(|slot| sums.get_mut(slot)) {
                *sum += sample.value;
                *count += 1;
                n += 1;
            }
        }
        let means: Vec<Option<f64>> = sums
            .into_iter()
            .map(|(sum, count)| (count > 0).then(|| sum / count as f64))
            .collect();
        let middles = (0_i64..).map(|slot| span.start_us + slot * SLOT_US + SLOT_US / 2);
        let eligible = means
            .iter()
            .zip(middles)
            .filter(|(mean, middle_us)| mean.is_some() || in_state(*middle_us))
            .count();
        Self {
            span,
            means,
            eligible,
            n,
        }
    }

    fn filled(&self) -> impl Iterator<Item = f64> {
        self.means.iter().copied().flatten()
    }

    fn mean(&self) -> f64 {
        self.filled().sum::<f64>() / self.filled().count() as f64
    }

    fn min(&self) -> f64 {
        self.filled().fold(f64::INFINITY, f64::min)
    }

    fn coverage(&self) -> f64 {
        if self.eligible == 0 {
            return 0.0;
        }
        self.filled().count() as f64 / self.eligible as f64
    }

    /// The lowest mean of 30 consecutive minutes with enough data.
    fn lowest_window(&self) -> Option<f64> {
        self.means
            .windows(WINDOW_SLOTS)
            .filter_map(|window| {
                let filled: Vec<f64> = window.iter().copied().flatten().collect();
                (filled.len() >= WINDOW_SLOTS_MIN).then(|| mean(&filled))
            })
            .reduce(f64::min)
    }

    fn lacks_data(&self) -> bool {
        self.filled().count() < NIGHT_SLOTS_MIN
    }

    /// Puts interval and coverage beside a value.
    fn around(&self, measure: Measure) -> Measure {
        measure.on(self.span).covering(self.coverage())
    }
}

fn resting(input: &CardioInput<'_>, night: Option<&Slots>) -> Measure {
    if let Some(night) = night
        && let Some(lowest) = night.lowest_window()
    {
        return night.around(Measure::of(RESTING_ASLEEP, lowest, night.n));
    }
    let device = day_values(input.resting_heart_rate, input.day);
    let Some(last) = device.found.last() else {
        let reason = match night {
            Some(_) => "too_few_samples_asleep",
            None => "no_main_sleep",
        };
        return Measure::missing(RESTING_ASLEEP, reason, night.map_or(0, |night| night.n));
    };
    let measure = Measure::of(RESTING_DEVICE, *last, device.found.len());
    match device.span {
        Some(span) => measure.on(span),
        None => measure,
    }
}

fn nocturnal(method: Method, night: Option<&Slots>, formula: fn(&Slots) -> f64) -> Measure {
    match night {
        None => Measure::missing(method, "no_main_sleep", 0),
        Some(night) if night.lacks_data() => {
            night.around(Measure::missing(method, "too_few_samples_asleep", night.n))
        }
        Some(night) => night.around(Measure::of(method, formula(night), night.n)),
    }
}

fn dip(
    input: &CardioInput<'_>,
    night: Option<&Slots>,
    accept: impl Fn(&Sample) -> bool,
) -> Measure {
    let Some(night) = night else {
        return Measure::missing(DIP, "no_main_sleep", 0);
    };
    let before = Span {
        start_us: night.span.start_us - WAKE_US,
        end_us: night.span.start_us,
    };
    let awake = |at_us| !holds(input.sleeps, at_us);
    let wake = Slots::of(input.heart_rate, before, awake, accept);
    let n = night.n + wake.n;
    let measure = if night.lacks_data() {
        Measure::missing(DIP, "too_few_samples_asleep", n)
    } else if wake.lacks_data() {
        Measure::missing(DIP, "too_few_samples_awake", n)
    } else {
        Measure::of(DIP, 100.0 * (wake.mean() - night.mean()) / wake.mean(), n)
    };
    let whole = Span {
        start_us: before.start_us,
        end_us: night.span.end_us,
    };
    measure
        .on(whole)
        .covering(night.coverage().min(wake.coverage()))
}
