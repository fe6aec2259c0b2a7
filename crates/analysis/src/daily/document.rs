//! The document of one local day: every metric's summary, the night, heart and breath, activity.
//!
//! It is a pure function of samples, zones and source order: it can be deleted and computed again, and equal input gives
//! equal bytes. It must never hold identities beyond source names.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::sample::Sample;
use model::source::Source;
use model::zone::ZoneHistory;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::activity::{Activity, ActivityInput, activity};
use super::beats::Beats;
use super::cardio::{Cardio, CardioInput, cardio};
use super::minutes::{self, DayMinutes};
use super::rank::Ranks;
use super::reconcile::{KnownOfPhone, Reconciled, Reconciling, reconcile};
use super::scored::{self, Scorer};
use super::sleep::{self, Night, NightFound, SleepInput, Totals};
use super::summary::{DayFrame, MetricSamples, MetricSummary, summarise};

/// Version of the document; a reader that finds another one asks for a new computation.
pub const VERSION: u16 = 1;

/// What a day is computed from.
#[derive(Debug, Clone, Copy)]
pub struct DayInput<'a> {
    /// The local date.
    pub date: Date,
    /// Where the person was.
    pub zones: &'a ZoneHistory,
    /// The person's sources; a number is a position.
    pub sources: &'a [Source],
    /// Every metric with samples between 36 h before the day's start and 36 h after its end.
    pub metrics: &'a [MetricSamples<'a>],
    /// Beats that devices recorded over the same time.
    pub beats: Beats<'a>,
    /// What judges minutes of activity where no device stated sleep.
    pub scorer: Scorer,
    /// What the totals are compared with.
    pub phone: KnownOfPhone<'a>,
}

/// A day in both of its forms.
#[derive(Debug, Clone, PartialEq)]
pub struct DayFound {
    /// Everything derived.
    pub document: DayDocument,
    /// The day by the minute; nothing when neither activity nor sleep is known.
    pub minutes: Option<DayMinutes>,
}

/// Everything derived for one local day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayDocument {
    /// Version of the document.
    pub version: u16,
    /// The local date.
    pub date: Date,
    /// The zone the person was in when the day ended.
    pub zone: String,
    /// Summaries by metric id; metrics without samples are absent.
    pub metrics: BTreeMap<String, MetricSummary>,
    /// The sleep that ended on the date.
    pub night: Night,
    /// Heart and breath.
    pub cardio: Cardio,
    /// Movement.
    pub activity: Activity,
    /// Totals beside the phone's own numbers.
    #[serde(default)]
    pub reconciliation: Vec<Reconciled>,
}

/// A document of which the parts stay JSON text: for answers that pass them on.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct DayView<'a> {
    /// Version of the document.
    pub version: u16,
    /// The local date.
    pub date: Date,
    /// The zone the person was in when the day ended.
    #[serde(borrow)]
    pub zone: &'a str,
    /// Summaries by metric id.
    #[serde(borrow)]
    pub metrics: &'a RawValue,
    /// The sleep that ended on the date.
    #[serde(borrow)]
    pub night: &'a RawValue,
    /// Heart and breath.
    #[serde(borrow)]
    pub cardio: &'a RawValue,
    /// Movement.
    #[serde(borrow)]
    pub activity: &'a RawValue,
    /// Totals beside the phone's own numbers; absent from days of an earlier version.
    #[serde(borrow, default)]
    pub reconciliation: Option<&'a RawValue>,
}

/// The stored bytes are not a day document of this version.
#[derive(Debug)]
pub struct UnreadableDay(serde_json::Error);

impl std::fmt::Display for UnreadableDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot read a day document")
    }
}

impl std::error::Error for UnreadableDay {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl DayDocument {
    /// The bytes to store: JSON, for the caller to compress and seal.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a document holds text keys and finite numbers only")
    }

    /// Reads stored bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadableDay> {
        serde_json::from_slice(bytes).map_err(UnreadableDay)
    }
}

impl<'a> DayView<'a> {
    /// Reads stored bytes without reading their parts.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, UnreadableDay> {
        serde_json::from_slice(bytes).map_err(UnreadableDay)
    }
}

/// Computes the document of a day.
pub fn day_document(input: &DayInput<'_>) -> DayDocument {
    day(input).document
}

/// Computes the document of a day and its minutes.
pub fn day(input: &DayInput<'_>) -> DayFound {
    let spans = input.zones.day(input.date);
    let frame = DayFrame {
        spans: &spans,
        zones: input.zones,
        sources: input.sources,
    };
    let metrics: BTreeMap<String, MetricSummary> = input
        .metrics
        .iter()
        .filter_map(|metric| Some((metric.id.to_owned(), summarise(metric, &frame)?)))
        .collect();
    let unranked = Ranks::default();
    let found = input.night(&unranked);
    let samples = |id| input.find(id, &unranked).0;
    let (breaths, breath_ranks) = input.find("respiratory_rate", &unranked);
    let cardio = cardio(&CardioInput {
        day: &spans,
        asleep: &found.asleep,
        sleeps: &found.sleeps,
        heart_rate: samples("heart_rate"),
        resting_heart_rate: samples("resting_heart_rate"),
        hrv_sdnn: samples("heart_rate_variability_sdnn"),
        hrv_rmssd: samples("heart_rate_variability_rmssd"),
        respiratory_rate: breaths,
        respiratory_ranks: breath_ranks,
        sources: input.sources,
        oxygen_saturation: samples("oxygen_saturation"),
        heart_rate_recovery: samples("heart_rate_recovery_one_minute"),
        beats: input.beats,
    });
    let (efforts, effort_ranks) = input.find("physical_effort", &unranked);
    let activity = activity(&ActivityInput {
        day: &spans,
        metrics: &metrics,
        physical_effort: efforts,
        ranks: effort_ranks,
    });
    let zone = spans.last().map_or(input.zones.home(), |span| {
        input.zones.zone_at(span.end_us - 1)
    });
    let minutes = minutes::minutes(input, &found);
    let document = DayDocument {
        version: VERSION,
        date: input.date,
        zone: zone.name().to_owned(),
        metrics,
        night: found.night,
        cardio,
        activity,
        reconciliation: reconcile(&Reconciling {
            date: input.date,
            zones: input.zones,
            sources: input.sources,
            known: input.phone,
        }),
    };
    DayFound { document, minutes }
}

impl<'a> DayInput<'a> {
    /// The sleep of the date: as devices stated it, else from activity.
    fn night(&self, unranked: &'a Ranks) -> NightFound {
        let (samples, ranks) = self.find("sleep_analysis", unranked);
        let stated = SleepInput {
            date: self.date,
            zones: self.zones,
            samples,
            totals: self.totals(unranked),
            ranks,
            sources: self.sources,
        };
        let found = sleep::night(&stated);
        let activity = scored::METRICS.iter().find_map(|metric| {
            let (samples, ranks) = self.find(metric, unranked);
            (!samples.is_empty()).then_some(scored::Activity {
                metric,
                samples,
                ranks,
            })
        });
        match activity {
            Some(activity) => scored::fill(&stated, found, &activity, self.scorer),
            None => found,
        }
    }

    fn totals(&self, unranked: &'a Ranks) -> Totals<'a> {
        let samples = |id| self.find(id, unranked).0;
        Totals {
            asleep: samples("sleep_duration"),
            core: samples("sleep_light_duration"),
            deep: samples("sleep_deep_duration"),
            rem: samples("sleep_rem_duration"),
            awake: samples("sleep_awake_duration"),
        }
    }

    /// The samples and the source order of a metric; none when it was not loaded.
    pub(super) fn find(&self, id: &str, unranked: &'a Ranks) -> (&'a [Sample], &'a Ranks) {
        self.metrics
            .iter()
            .find(|metric| metric.id == id)
            .map_or((&[], unranked), |metric| (metric.samples, metric.ranks))
    }
}
