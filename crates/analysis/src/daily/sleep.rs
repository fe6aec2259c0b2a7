//! # Nights and naps from stages
//!
//! *What it measures*: the main sleep that ended on a local date, the naps of that date, and for each
//! the minutes per stage, efficiency, latency, wake after onset, awakenings and midpoint.
//!
//! *Inputs and units*: sleep samples (`in_bed`, `unspecified`, `awake`, `core`, `deep`, `rem`), source
//! ranks and zone history. Minutes; shares from 0 to 1; instants in microseconds.
//!
//! *Method*:
//! 1. Asleep and awake intervals of all sources are joined into one episode while the gaps are at most
//!    [`EPISODE_GAP_US`]; also over a gap that one stay in bed covers, and over one shorter than
//!    [`NIGHT_GAP_US`] between two that are both at night: a broken night is one night. Aggregated samples are
//!    used only where no raw ones are near. Samples longer than [`SAMPLE_MAX_US`] are set aside.
//!    One source sets a staged night: of those that staged at least half as much as the one that staged most, the
//!    best-ranked. What the others say, stages or not, fills only what it did not watch: gaps of its record longer
//!    than [`EPISODE_GAP_US`] (shorter ones are wakefulness that it does not state), and what lies beyond an end of
//!    its record by more than [`NIGHT_GAP_US`] (a battery that ran empty). It never joins two staged nights: then it
//!    is set aside but for such gaps. What a source said of a night that another one set is listed beside it.
//! 2. Each instant of an episode is held by one source: sources that state stages in this episode before
//!    those that only say asleep, then by rank. Of one source the interval that begins last holds
//!    (the shorter on a tie), so that stages inside a session's frame are read as stages.
//! 3. Onset and offset are the first and last instant asleep. WASO is the wakefulness between them, an awakening a
//!    stretch of it of at least [`AWAKENING_MIN_US`]. Where wakefulness is recorded in the episode, that is all of it,
//!    and what nobody recorded between onset and offset is `unrecorded_min`, neither sleep nor wake: a watch that was
//!    taken off. Sources that only say asleep leave wakefulness out; where none is recorded, the gaps are it.
//!    `stages_min.awake` holds all recorded wakefulness of the episode.
//! 4. The episode belongs to the local date of its offset, in the zone the person was in then. The main
//!    sleep is the one with most time asleep among those of the date with at least [`MAIN_MIN_US`]
//!    asleep at any hour, or [`MAIN_NIGHT_MIN_US`] with a midpoint between 21:00 and 09:00; the
//!    others are naps.
//! 5. In bed is a statement of its own: in-bed samples, joined over gaps of at most [`IN_BED_GAP_US`],
//!    belong to the episode that they overlap most. Time in bed is their union with the episode from onset to
//!    offset; latency is onset − first in-bed sample; efficiency is asleep / (time in bed − unrecorded time).
//!    `maintenance`, asleep / (offset − onset − unrecorded time), needs no in-bed samples.
//! 6. A night that came summarised (when it began and ended, and totals) keeps its totals: they are the time
//!    asleep and the minutes per stage where they fit into the night, and awakenings are not known.
//!
//! *Missing samples*: what nobody recorded between onset and offset is `unrecorded_min` where wakefulness is
//! recorded in the sleep, else wakefulness.
//!
//! *Validity*: without in-bed samples, time in bed, efficiency and latency are missing with a reason. Stages
//! are the device's own estimate.
//!
//! *Versions*: 4. Version 3 took what nobody recorded inside a night for wakefulness. Version 2 added what sources without stages said to every gap of a staged night, and of two staged
//! sources the longer night. Version 1 joined by gaps alone, let any sample widen a night, and took a summarised night to be
//! asleep from its beginning to its end.
//!
//! *References*: Iber et al., AASM manual (2007) for the definitions of WASO, latency and efficiency;
//! the rules for episodes, sources and dates are the project's own.

use jiff::civil::Date;
use model::sample::{HOUR_US, MINUTE_US, SECOND_US, Sample};
use model::source::Source;
use model::zone::{Span, ZoneHistory};
use serde::{Deserialize, Serialize};

use super::measure::Text;
use super::night;
use super::rank::Ranks;
use super::scored::ScoredBy;

/// Episodes further apart than this are different sleeps: 90 min, longer than awakenings inside a
/// night usually are, shorter than the time between getting up and a nap.
pub const EPISODE_GAP_US: i64 = 90 * MINUTE_US;

/// Episodes nearer than this are one night when both are at night: 3 h, the longest that people who lie awake
/// still call the same night.
pub const NIGHT_GAP_US: i64 = 3 * HOUR_US;

/// No person sleeps longer in one piece than 24 h, so no longer sample is of sleep.
pub const SAMPLE_MAX_US: i64 = 24 * HOUR_US;

/// In-bed samples further apart than this are different stays: 30 min.
pub const IN_BED_GAP_US: i64 = 30 * MINUTE_US;

/// Shorter wake stretches are not awakenings: 30 s, one epoch of a sleep laboratory.
pub const AWAKENING_MIN_US: i64 = 30 * SECOND_US;

/// Time asleep that makes an episode a main sleep at any hour (shift work, travel): 3 h.
pub const MAIN_MIN_US: i64 = 3 * HOUR_US;

/// Time asleep that makes an episode a main sleep at night: 1 h.
pub const MAIN_NIGHT_MIN_US: i64 = HOUR_US;

/// Version of the rules above.
pub const VERSION: u16 = 4;

/// What is needed to find the sleep of one local date.
#[derive(Debug, Clone, Copy)]
pub struct SleepInput<'a> {
    /// The local date of waking.
    pub date: Date,
    /// Where the person was.
    pub zones: &'a ZoneHistory,
    /// Sleep samples that overlap the date and 36 h around it.
    pub samples: &'a [Sample],
    /// Totals of summarised nights around it.
    pub totals: Totals<'a>,
    /// The order of sources for sleep.
    pub ranks: &'a Ranks,
    /// The person's sources, for their names.
    pub sources: &'a [Source],
}

/// Metrics that are totals of a whole night: each belongs to the date of waking, as the night does.
pub const TOTALS: [&str; 7] = [
    "sleep_duration",
    "time_in_bed",
    "sleep_awake_duration",
    "sleep_light_duration",
    "sleep_deep_duration",
    "sleep_rem_duration",
    "sleep_unspecified_duration",
];

/// What summaries of whole nights state, in minutes; each sample spans its night.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals<'a> {
    /// Time asleep.
    pub asleep: &'a [Sample],
    /// Light sleep.
    pub core: &'a [Sample],
    /// Slow-wave sleep.
    pub deep: &'a [Sample],
    /// Rapid-eye-movement sleep.
    pub rem: &'a [Sample],
    /// Recorded as awake.
    pub awake: &'a [Sample],
}

/// Minutes per stage.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct StageMinutes {
    /// Light sleep.
    pub core: f64,
    /// Slow-wave sleep.
    pub deep: f64,
    /// Rapid-eye-movement sleep.
    pub rem: f64,
    /// Asleep, stage not known.
    pub unspecified: f64,
    /// Recorded as awake.
    pub awake: f64,
}

/// One sleep: the main sleep of a date or a nap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// First instant asleep.
    pub onset_us: i64,
    /// Last instant asleep.
    pub offset_us: i64,
    /// Time asleep.
    pub asleep_min: f64,
    /// Time in bed; null without in-bed samples.
    pub in_bed_min: Option<f64>,
    /// The union of the in-bed samples alone.
    pub in_bed_recorded_min: Option<f64>,
    /// Start of the first in-bed sample.
    pub in_bed_start_us: Option<i64>,
    /// End of the last in-bed sample.
    pub in_bed_end_us: Option<i64>,
    /// Minutes per stage.
    pub stages_min: StageMinutes,
    /// Time asleep as a share of the recorded time in bed.
    pub efficiency: Option<f64>,
    /// Time asleep as a share of the recorded time from onset to offset.
    pub maintenance: f64,
    /// From the first in-bed sample to onset.
    pub latency_min: Option<f64>,
    /// Why efficiency, time in bed or latency are null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_bed_reason: Option<Text>,
    /// Time awake between onset and offset.
    pub waso_min: f64,
    /// Time between onset and offset of which nobody recorded whether it was sleep.
    #[serde(default)]
    pub unrecorded_min: f64,
    /// Number of wake stretches between onset and offset; null for a night that came summarised.
    pub awakenings: Option<u32>,
    /// Halfway between onset and offset.
    pub midpoint_us: i64,
    /// The source that held most of the time asleep.
    pub source: String,
    /// Whether that source's samples had been aggregated before they were sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aggregated: bool,
    /// How the sleep came out of activity; absent for one that a device stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored_by: Option<ScoredBy>,
    /// What other sources said of this sleep, which do not count in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherSleep>,
}

impl Episode {
    /// Takes the gaps of a sleep without any wakefulness for what they are in scores: not scored.
    pub(super) fn leave_gaps_open(&mut self) {
        self.unrecorded_min += std::mem::take(&mut self.waso_min);
        self.awakenings = Some(0);
        self.maintenance = 1.0;
        let in_bed_min = self.in_bed_min.map(|in_bed| in_bed - self.unrecorded_min);
        self.efficiency = in_bed_min.map(|in_bed| self.asleep_min / in_bed);
    }
}

/// What a source said of a sleep that another source set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherSleep {
    /// Who said it.
    pub source: String,
    /// First instant asleep by it.
    pub onset_us: i64,
    /// Last instant asleep by it.
    pub offset_us: i64,
    /// Time asleep by it.
    pub asleep_min: f64,
}

/// A stay in bed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stay {
    /// Start of the first sample.
    pub start_us: i64,
    /// End of the last sample.
    pub end_us: i64,
    /// Union of the samples.
    pub in_bed_min: f64,
}

/// A sample that says asleep or in bed and cannot be right, or a sleep that activity shows and that is set aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// Start of the sample.
    pub start_us: i64,
    /// End of the sample.
    pub end_us: i64,
    /// Who wrote it.
    pub source: String,
    /// `longer_than_a_day`, `joins_nights` for one that spans nights that another source staged; of sleep scored from
    /// activity `sleep_period_too_long` for one of more than 16 hours, `sleep_period_mostly_unscored` for one of which
    /// less than two thirds were scored.
    pub reason: Text,
}

/// The sleep of one local date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Night {
    /// The date of waking.
    pub date: Date,
    /// The zone on waking, or at the end of the date.
    pub zone: String,
    /// The main sleep; null with a reason.
    pub main: Option<Episode>,
    /// Every other sleep that ended on the date.
    pub naps: Vec<Episode>,
    /// Stays in bed that ended on the date and overlap no sleep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_bed_only: Vec<Stay>,
    /// Samples and scored sleeps that ended on the date and were not believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAside>,
    /// Why there is no main sleep: `no_sleep_data`, `in_bed_only`, `naps_only` or `date_skipped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Why activity, where it was recorded, shows no main sleep either: `no_activity_recorded`,
    /// `too_little_activity_recorded`, `activity_not_in_counts`, `scorer_needs_more`, `no_sleep_period_found`,
    /// `sleep_period_too_long`, `sleep_period_mostly_unscored` or `no_main_sleep_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring_reason: Option<Text>,
    /// Version of the method.
    pub version: u16,
}

/// The night and what other methods need to know of the sleep around it.
#[derive(Debug, Clone, PartialEq)]
pub struct NightFound {
    /// The sleep of the date.
    pub night: Night,
    /// Time asleep during the main sleep, in order.
    pub asleep: Vec<Span>,
    /// Onset to offset of every sleep in the loaded window, in order.
    pub sleeps: Vec<Span>,
    /// Time asleep of every sleep that ended on the date, in order.
    pub ended: Vec<Span>,
}

/// Finds the night and the naps of a date.
pub fn night(input: &SleepInput<'_>) -> NightFound {
    let found = night::episodes(input);
    let sleeps = found.episodes.iter().map(night::Found::span).collect();
    let on_date = |at_us| input.zones.date_at(at_us) == input.date;
    let ended: Vec<&night::Found> = found
        .episodes
        .iter()
        .filter(|episode| on_date(episode.span().end_us))
        .collect();
    let main = ended
        .iter()
        .copied()
        .filter(|episode| episode.can_be_main(input.zones))
        .reduce(|best, next| {
            if next.asleep_us() > best.asleep_us() {
                next
            } else {
                best
            }
        });
    let naps: Vec<Episode> = ended
        .iter()
        .filter(|episode| main.is_none_or(|main| main.span() != episode.span()))
        .map(|episode| episode.report(input))
        .collect();
    let in_bed_only = found.stays_that_ended(on_date);
    let spans = input.zones.day(input.date);
    let reason = match (
        main,
        spans.is_empty(),
        naps.is_empty(),
        in_bed_only.is_empty(),
    ) {
        (Some(_), ..) => None,
        (None, true, ..) => Some("date_skipped"),
        (None, _, false, _) => Some("naps_only"),
        (None, _, true, false) => Some("in_bed_only"),
        (None, _, true, true) => Some("no_sleep_data"),
    };
    let zone_us = main
        .map(|main| main.span().end_us)
        .or(spans.last().map(|span| span.end_us - 1));
    let night = Night {
        date: input.date,
        zone: zone_us.map_or_else(
            || input.zones.home().name().to_owned(),
            |at_us| input.zones.zone_at(at_us).name().to_owned(),
        ),
        main: main.map(|main| main.report(input)),
        naps,
        in_bed_only,
        set_aside: found.set_aside_on(on_date),
        reason: reason.map(Text::Borrowed),
        scoring_reason: None,
        version: VERSION,
    };
    NightFound {
        night,
        asleep: main.map(night::Found::asleep).unwrap_or_default(),
        sleeps,
        ended: ended.iter().flat_map(|sleep| sleep.asleep()).collect(),
    }
}
