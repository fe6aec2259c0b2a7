//! # Nights of a recording
//!
//! **What it measures.** The windows in which the person slept, and how they went.
//!
//! **Inputs and units.** Activity counts, and where there are any a diary or the angle of the forearm;
//! lengths are minutes, times local civil seconds.
//!
//! **Method.** Windows: those of the diary; else, where wanted, the rest intervals that the device's
//! program states, which are taken at their word like a diary; else, with an angle, the sleep period of each noon to noon
//! (van Hees 2018), sought again from 18 to 18 o'clock where it ends in the hour before noon, as that of somebody
//! who sleeps by day does; else each rest period of Crespo 2012 from its onset to the next onset of activity. A rest
//! period that fits neither from noon to noon nor, as of somebody who sleeps by day, from 18 to 18 o'clock is
//! cut at the noons. What was found ends where the device was not worn or nothing was recorded for 90 minutes;
//! beside such a stretch less than an hour is no window.
//!
//! Inside a window the chosen scorer (sustained inactivity with an angle) classifies sleep and wake, on
//! minute sums where it refuses the epoch of the recording, and [`endpoints`] describes the window. A window belongs to the date of its end. The longest window
//! of a date that could be described, if it lasts three hours, is its night; the others are naps or other
//! rest. A window of more than 16 hours, or with less than two thirds of its epochs scored, is not described:
//! its values are null with the reason, and it is in no mean. Neither is one within an hour of where the device
//! was gone that is scored asleep for less than half: where somebody takes the device off for the night, the
//! stillest of what is left is no sleep. The half is this project's own.
//!
//! **Missing epochs.** A stretch from noon to noon whose angle has a gap, other than at its ends, has no
//! window. An epoch that is missing in the recording or was not worn is neither sleep nor wake; the coverage
//! of the night says how many were scored. A rest period that begins before or ends after the recording
//! is left out.
//!
//! **Population.** As those of what finds the windows ([crespo](../score/crespo.md), [angle](../score/angle.md)) and of
//! the scorer in them: adults with one long sleep a day. The bounds of 3 and 16 hours, two thirds and a half are
//! conventions of this project and fitted on nobody; people who sleep in pieces, infants and patients in bed all day
//! are described badly by them.
//!
//! **Validity.** A scorer with limits in counts refuses a recording in which most epochs with movement have less than a
//! count per 15 seconds, as Oakley's automatic threshold does: its unit is another. Thousandths of a count look like
//! much movement and are not noticed. Rest is not sleep: without a diary, efficiency depends on where the rest
//! period was found, and there is no latency: a rest that was found begins when movement ends. Crespo's levels are quantiles of all the activity that is left, so what is left out as not worn
//! moves them: of four nights in bed from 23 to 7 o'clock and four days of zeros after the device was taken off, the mean
//! window has 480 minutes and 467.5 of sleep without the zeros, and 511 minutes with 484 of sleep where they are kept as
//! activity, because zeros lower the level and the windows reach into evening and morning.
//!
//! **Versions.** 5 (4 gave a latency where nobody said when the night began; 3 let scorers with fixed limits judge counts of any unit; 2 sought no rest on epochs that do not divide a minute, such as 40 or 120 seconds; 1 knew no longest window, did not end it at non-wear, and described it however little was
//! scored).
//!
//! **References.** Crespo C et al. 2012, doi:10.1007/s11517-012-0875-y. van Hees VT et al. 2018,
//! doi:10.1038/s41598-018-31266-z.

use jiff::civil::Date;

use crate::maths::describe;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Outcome};
use crate::report::column::{Cell, Field, Kind, civil};
use crate::report::wear::minutes;
use crate::report::window::{self, Window};
use crate::report::{Input, Report};
use crate::score::scored::{Scored, State};
use crate::score::{angle, endpoints};
use crate::series::Series;

/// Nights of a recording.
pub const NIGHTS: Analysis = Analysis {
    id: "nights",
    version: 5,
    unit: "min",
    title: "Nights of a recording",
};

const SHORTEST_NIGHT_S: i64 = 3 * 3600; // shorter rest is not the main sleep of a day
const LONGEST_NIGHT_H: f64 = 16.0; // longer rest is illness, or a device that nobody wears
const REMNANT: &str = "epochs asleep in a window beside unworn time";
const LONGEST: &str = "hours or fewer from the beginning to the end of the window";

/// Who said when a window begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The diary.
    Diary,
    /// The rest intervals of the device's program.
    Device,
    /// The sleep period of the arm angle (HDCZA).
    Angle,
    /// Crespo's rest periods.
    Crespo,
}

impl Source {
    /// The source in a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Diary => "diary",
            Self::Device => "device",
            Self::Angle => "hdcza",
            Self::Crespo => "crespo",
        }
    }
}

/// What a window is to its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The main sleep.
    Night,
    /// Any other rest.
    Other,
}

/// One sleep window.
#[derive(Debug, Clone, PartialEq)]
pub struct SleepWindow {
    /// Local date of the end of the window.
    pub date: Date,
    /// Whether it is the main sleep of its date.
    pub role: Role,
    /// Who found the window.
    pub source: Source,
    /// Name of the scorer inside it.
    pub scorer: &'static str,
    /// Local civil second at which it begins.
    pub from_s: i64,
    /// Local civil second at which it ends.
    pub until_s: i64,
    /// How it went.
    pub endpoints: Outcome<endpoints::Endpoints>,
    /// Length of a scored epoch in seconds.
    pub epoch_s: u32,
    /// Local civil second at which scored epoch 0 begins.
    pub start_s: i64,
}

impl SleepWindow {
    /// Whether somebody said when the window begins: a diary, or the device's program.
    pub const fn is_stated(&self) -> bool {
        matches!(self.source, Source::Diary | Source::Device)
    }

    /// Local civil second of sleep onset.
    pub fn onset_s(&self) -> Option<i64> {
        Some(self.at(self.endpoints.ok()?.value.onset))
    }

    /// Local civil second at which sleep ends for the last time.
    pub fn offset_s(&self) -> Option<i64> {
        Some(self.at(self.endpoints.ok()?.value.offset))
    }

    /// Local civil second halfway between onset and offset.
    pub fn midpoint_s(&self) -> Option<i64> {
        Some(i64::midpoint(self.onset_s()?, self.offset_s()?))
    }

    fn at(&self, epoch: usize) -> i64 {
        self.start_s + describe::signed(epoch) * i64::from(self.epoch_s)
    }

    fn of(&self, value: fn(&endpoints::Endpoints) -> f64) -> Cell {
        match &self.endpoints {
            Ok(found) => Cell::number(value(&found.value)),
            Err(_) => Cell::Missing,
        }
    }
}

/// The windows of a recording, in order.
pub(super) fn of(report: &Report<'_>) -> Vec<SleepWindow> {
    let input = report.input();
    let (windows, source) = window::found(report);
    let mut nights = match input.angle.filter(|_| source == Source::Angle) {
        Some(series) => {
            let scored = Ok(window::still_arm(report, series));
            described(&scored, &windows, source, angle::SUSTAINED_INACTIVITY.id)
        }
        None => described(report.scored(), &windows, source, input.scorer.id),
    };
    // In order of their ends, so that their dates ascend even where diary entries overlap.
    nights.sort_by_key(|night| (night.until_s, night.from_s));
    choose(&mut nights);
    nights
}

/// Sleep inside the windows that could be described, wake outside.
pub(super) fn asleep(report: &Report<'_>) -> Option<Scored> {
    let scored = judged(report)?;
    let mut states = vec![Some(State::Wake); scored.len()];
    let described = |night: &&SleepWindow| night.endpoints.is_ok();
    for night in report.nights().iter().filter(described) {
        let (from, until) = (
            epoch_at(&scored, night.from_s),
            epoch_at(&scored, night.until_s),
        );
        if from < until {
            states[from..until].copy_from_slice(&scored.states()[from..until]);
        }
    }
    for (state, judged) in states.iter_mut().zip(scored.states()) {
        *state = state.filter(|_| judged.is_some());
    }
    Some(Scored::new(scored.start_s(), scored.step_s(), states))
}

/// Sleep and wake by what scores inside the windows.
pub(super) fn judged(report: &Report<'_>) -> Option<Scored> {
    let input = report.input();
    match input.angle {
        Some(series) if input.diary.is_empty() && input.rests.is_empty() => {
            Some(window::still_arm(report, series))
        }
        _ => report.scored().as_ref().ok().cloned(),
    }
}

/// The scores on the epoch of the recording, or on minute sums where the scorer refuses that epoch. A scorer
/// that was made for counts refuses every other scale, and a unit in which most movement is less than a count.
pub(super) fn scored(input: &Input<'_>, series: &Series) -> Result<Scored, Insufficient> {
    let scorer = input.scorer;
    let native = scorer.judge(series, input.scale);
    if native.is_err()
        && let Ok(minutes) = minutes(series)
        && let Ok(scored) = scorer.judge(&minutes, input.scale)
    {
        return masked(Ok(scored), &minutes);
    }
    masked(native, series)
}

/// The scores without those of epochs that are missing in the recording: some scorers take what is
/// missing for still.
fn masked(scored: Outcome<Scored>, series: &Series) -> Result<Scored, Insufficient> {
    let scored = scored?.value;
    let width = usize::try_from(scored.step_s() / series.step_s()).unwrap_or(1);
    let states = scored.states().iter().enumerate().map(|(index, &state)| {
        let from = series.index_at(scored.time_s(index));
        let until = (from + width.max(1)).min(series.len());
        let held = series.values()[from.min(until)..until]
            .iter()
            .any(|value| !value.is_nan());
        state.filter(|_| held)
    });
    Ok(Scored::new(
        scored.start_s(),
        scored.step_s(),
        states.collect(),
    ))
}

fn described(
    scored: &Result<Scored, Insufficient>,
    windows: &[Window],
    source: Source,
    scorer: &'static str,
) -> Vec<SleepWindow> {
    let night = |window: &Window| {
        let span = window.span;
        let endpoints = scored.as_ref().map_err(|none| *none).and_then(|scored| {
            let from = epoch_at(scored, span.from_s);
            let until = epoch_at(scored, span.until_s).max(from);
            let hours = (span.until_s - span.from_s) as f64 / 3600.0;
            if hours > LONGEST_NIGHT_H {
                return Err(Insufficient::new(LONGEST, LONGEST_NIGHT_H, hours));
            }
            let found = endpoints::night(scored, from, until)?;
            let inside = scored.states().get(from..until).unwrap_or_default();
            let least = (2 * inside.len()).div_ceil(3);
            let judged = inside.iter().flatten().count();
            Insufficient::unless("scored epochs of the window", least, judged)?;
            if window.is_beside_gone {
                let asleep = inside.iter().flatten();
                let asleep = asleep.filter(|&&state| state == State::Sleep).count();
                Insufficient::unless(REMNANT, judged.div_ceil(2), asleep)?;
            }
            Ok(found)
        });
        let (start_s, epoch_s) = scored
            .as_ref()
            .map_or((0, 1), |scored| (scored.start_s(), scored.step_s()));
        SleepWindow {
            date: civil(span.until_s).date(),
            role: Role::Other,
            source,
            scorer,
            from_s: span.from_s,
            until_s: span.until_s,
            endpoints,
            epoch_s,
            start_s,
        }
    };
    windows.iter().map(night).collect()
}

/// First scored epoch that begins at or after a local civil second.
fn epoch_at(scored: &Scored, time_s: i64) -> usize {
    let step = i64::from(scored.step_s());
    let epochs = (time_s - scored.start_s() + step - 1).div_euclid(step);
    usize::try_from(epochs).unwrap_or(0).min(scored.len())
}

/// Makes the longest window of each date its night; what could be described goes before what could not.
fn choose(nights: &mut [SleepWindow]) {
    for index in 0..nights.len() {
        let length = |night: &SleepWindow| night.until_s - night.from_s;
        let worth = |night: &SleepWindow| {
            let is_described = night.endpoints.is_ok() && length(night) >= SHORTEST_NIGHT_S;
            (is_described, length(night))
        };
        let mine = worth(&nights[index]);
        let beaten = nights.iter().enumerate().any(|(other, night)| {
            night.date == nights[index].date
                && (worth(night) > mine || (worth(night) == mine && other < index))
        });
        if mine.1 >= SHORTEST_NIGHT_S && !beaten {
            nights[index].role = Role::Night;
        }
    }
}

fn instant(time_s: Option<i64>) -> Cell {
    time_s.map_or(Cell::Missing, Cell::Instant)
}

/// The columns of the table of nights.
pub const FIELDS: &[Field<SleepWindow>] = &[
    Field::new(
        "date",
        "",
        Kind::Day,
        "Date on which the window ends.",
        |night| Cell::Day(night.date),
    ),
    Field::new(
        "role",
        "",
        Kind::Text,
        "`night` for the longest window of its date that could be described (three hours at least), `other` for \
         the rest.",
        |night| {
            let word = match night.role {
                Role::Night => "night",
                Role::Other => "other",
            };
            Cell::Text(word.to_owned())
        },
    ),
    Field::new(
        "window_source",
        "",
        Kind::Text,
        "Who found the window: `diary`, `device` (rest intervals of the device's program), `hdcza` (arm angle) or \
         `crespo` (activity).",
        |night| Cell::Text(night.source.word().to_owned()),
    ),
    Field::new(
        "scorer",
        "",
        Kind::Text,
        "What scored sleep and wake inside the window.",
        |night| Cell::Text(night.scorer.to_owned()),
    ),
    Field::new(
        "in_bed",
        "",
        Kind::Instant,
        "Beginning of the window.",
        |night| Cell::Instant(night.from_s),
    ),
    Field::new(
        "out_of_bed",
        "",
        Kind::Instant,
        "End of the window.",
        |night| Cell::Instant(night.until_s),
    ),
    Field::new("onset", "", Kind::Instant, "First sleep epoch.", |night| {
        instant(night.onset_s())
    }),
    Field::new(
        "offset",
        "",
        Kind::Instant,
        "End of the last sleep epoch.",
        |night| instant(night.offset_s()),
    ),
    Field::new(
        "midpoint",
        "",
        Kind::Instant,
        "Halfway between onset and offset.",
        |night| instant(night.midpoint_s()),
    ),
    Field::new(
        "time_in_bed_min",
        "min",
        Kind::Number,
        "TIB: minutes of the window that were scored; the window itself is from `in_bed` to `out_of_bed`.",
        |night| night.of(|found| found.in_bed_min),
    ),
    Field::new(
        "sleep_period_min",
        "min",
        Kind::Number,
        "SPT: from onset to offset, whether scored or not.",
        |night| night.of(|found| found.period_min),
    ),
    Field::new(
        "total_sleep_min",
        "min",
        Kind::Number,
        "TST: sleep epochs.",
        |night| night.of(|found| found.asleep_min),
    ),
    Field::new(
        "sleep_efficiency",
        "1",
        Kind::Number,
        "SE: total sleep over scored time in bed.",
        |night| night.of(|found| found.efficiency),
    ),
    Field::new(
        "sleep_maintenance",
        "1",
        Kind::Number,
        "Total sleep over the scored part of the sleep period.",
        |night| night.of(|found| found.maintenance),
    ),
    Field::new(
        "sleep_latency_min",
        "min",
        Kind::Number,
        "SOL: from the beginning of the window to onset. Empty where the window was found in the recording, as nobody \
         said when lights were out.",
        |night| {
            if night.is_stated() {
                night.of(|found| found.latency_min)
            } else {
                Cell::Missing
            }
        },
    ),
    Field::new(
        "wake_after_onset_min",
        "min",
        Kind::Number,
        "WASO of actigraphy: wake between onset and offset.",
        |night| night.of(|found| found.awake_min),
    ),
    Field::new(
        "wake_after_onset_aasm_min",
        "min",
        Kind::Number,
        "WASO of the AASM: wake from onset to the end of the window, terminal wake included.",
        |night| night.of(|found| found.awake_to_end_min),
    ),
    Field::new(
        "terminal_wake_min",
        "min",
        Kind::Number,
        "From offset to the end of the window.",
        |night| night.of(|found| found.terminal_wake_min),
    ),
    Field::new(
        "awakenings",
        "1",
        Kind::Whole,
        "Runs of wake between onset and offset.",
        |night| {
            night
                .endpoints
                .map_or(Cell::Missing, |found| Cell::count(found.value.awakenings))
        },
    ),
    Field::new(
        "coverage",
        "1",
        Kind::Number,
        "Share of the epochs of the window that were scored.",
        |night| {
            night
                .endpoints
                .map_or(Cell::Missing, |found| Cell::number(found.coverage))
        },
    ),
    Field::new(
        "reason",
        "",
        Kind::Text,
        "Why the window could not be described, empty when it was.",
        |night| match night.endpoints {
            Ok(_) => Cell::Missing,
            Err(none) => Cell::Text(none.to_string()),
        },
    ),
];
