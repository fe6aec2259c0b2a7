//! # Nights from activity
//!
//! *What it measures*: the main sleep and the naps of a local date from a worn device's activity, where
//! no device stated sleep.
//!
//! *Inputs and units*: activity counts of the source that recorded most of the window; a preferred
//! scorer. Minutes as in [`super::sleep`].
//!
//! *Method*:
//! 1. The window is the local day, the [`BEFORE_US`] before it and the [`AFTER_US`] after it, in elapsed
//!    minutes, so that clock changes and travel neither stretch nor cut a night.
//! 2. What the rule of Choi 2011 with its wrist constants (180 minutes, [`choi::WRIST`]) marks as not worn is missing, as
//!    in the [report](../report/night.md) on a recording.
//! 3. Minutes are scored asleep or awake. Customary is Cole-Kripke (1992) with `ActiLife`'s scaling and
//!    Webster's rules on `ActiGraph` counts, and Oakley (1997) at threshold 40 on the counts of other devices,
//!    whose scale Cole-Kripke's weights were not made for: unscaled they find one of the fifteen nights of two
//!    Actiwatch recordings, Oakley finds all. By preference Cole-Kripke on any counts, Sadeh (1994), or Oakley
//!    with the threshold taken from the recording.
//! 4. Sleep periods follow Tudor-Locke (2014): from 5 minutes asleep to 10 minutes awake, at least 160
//!    minutes. A gap of [`GAP_MIN`] minutes ends a period like wakefulness.
//! 5. Asleep and awake minutes of the periods then make episodes, nights and naps by the rules of
//!    [`super::sleep`]. Time in bed is the period from its bedtime to its wake time, unless in-bed samples
//!    exist; latency is then missing, because that bedtime is the first minute asleep.
//! 6. A period or an episode of more than [`LONGEST_MIN`] minutes, and an episode of which less than two thirds of the
//!    minutes were scored, is no sleep that was measured: it is set aside with the reason, and the others are
//!    joined without it.
//!
//! *Missing minutes*: never scored; scorers read them as stillness in the minutes around, as published.
//!
//! *Population*: nobody of its own. The scorers were fitted on the people of their papers, Choi's rule at the hip
//! ([there](../wear/choi.md)); the nights of a device are as good as the scorer on its counts.
//!
//! *Validity*: a scorer with limits in counts refuses an activity of which most minutes with movement have less than four
//! counts: its unit is another. A date with a main sleep stated by a device is never scored; elsewhere a period that lies nearer
//! than an episode's gap to such a sleep is dropped. At least [`PRESENT_MIN`] minutes must be present. A period
//! still open when the window ends belongs to the next date. Stages are unknown.
//!
//! *Versions*: 3 (2 took stillness alone for a device that is not worn, and kept long sleeps of joined periods and sleeps
//! that were scored in part; 1 took periods of up to a day for sleep).
//!
//! *References*: Cole et al. 1992, 10.1093/sleep/15.5.461; Webster et al. 1982, 10.1093/sleep/5.4.389;
//! Sadeh et al. 1994, 10.1093/sleep/17.3.201; Oakley 1997; Tudor-Locke et al. 2014,
//! 10.1139/apnm-2013-0173; Choi et al. 2011, 10.1249/MSS.0b013e3181ed61a3. Window and gap are the project's own.

use model::category::SleepStage;
use model::sample::{Flags, HOUR_US, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::Span;
use serde::{Deserialize, Serialize};

use super::epochs::{Grid, Minute, best_source, of_source};
use super::measure::Text;
use super::night::name_of;
use super::rank::Ranks;
use super::sleep::{self, EPISODE_GAP_US, Episode, NightFound, SetAside, SleepInput};
use crate::maths::run::{Run, runs};
use crate::outcome::Insufficient;
use crate::report::scorer::{self, ActivityScale};
use crate::score::scored::{Scored, State, counted};
use crate::score::{cole_kripke, periods, webster};
use crate::series::{MINUTE_S, Series};
use crate::wear::choi;

/// Time before the day in which its night may begin: from about noon.
pub const BEFORE_US: i64 = 12 * HOUR_US;
/// Time after the day that is looked at to see whether a sleep ended in it.
pub const AFTER_US: i64 = 30 * MINUTE_US;
/// Missing minutes that end a sleep period: as many as minutes awake do.
pub const GAP_MIN: usize = 10;
/// Minutes of the window that must be present: 6 h.
pub const PRESENT_MIN: usize = 360;

/// The longest sleep: 16 h; longer ones are illness, or a device that nobody wears.
pub const LONGEST_MIN: usize = 960;
/// Share of the minutes of a sleep that must be scored, as in the report on a recording.
const SCORED_SHARE: (usize, usize) = (2, 3);

/// Why a sleep of more than [`LONGEST_MIN`] is set aside.
const TOO_LONG: &str = "sleep_period_too_long";
/// Why a sleep that was scored in part is set aside.
const MOSTLY_UNSCORED: &str = "sleep_period_mostly_unscored";

/// Version of the rules above.
pub const VERSION: u16 = 3;

/// Metrics that can be scored, best first.
pub const METRICS: [&str; 3] = [
    "activity_count",
    "actigraph_count",
    "actigraph_vector_magnitude",
];

/// Which published scorer judges a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// What is customary for the counts: Cole-Kripke as `ActiLife` applies it on `ActiGraph` counts, Oakley at
    /// threshold 40 as Actiware does on others.
    #[default]
    Customary,
    /// Cole-Kripke with Webster's rules.
    ColeKripke,
    /// Sadeh.
    Sadeh,
    /// Oakley at threshold 40.
    Oakley,
    /// Oakley with the threshold taken from the recording, for counts of any scale.
    OakleyAutomatic,
}

impl Scorer {
    /// The scorer with its settings for the counts of a metric.
    fn applied_to(self, metric: &str) -> &'static scorer::Scorer {
        let is_actigraph = metric != "activity_count";
        let id = match self {
            Self::Customary | Self::ColeKripke if is_actigraph => "cole_kripke_actilife",
            Self::ColeKripke => "cole_kripke",
            Self::Sadeh if is_actigraph => "sadeh_actilife",
            Self::Sadeh => "sadeh",
            Self::Oakley | Self::Customary => "oakley",
            Self::OakleyAutomatic => "oakley_automatic",
        };
        scorer::named(id).expect("every name above is in the list of scorers")
    }
}

/// How a sleep came out of activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredBy {
    /// The scorer.
    pub scorer: Text,
    /// Version of the scorer.
    pub scorer_version: u32,
    /// Rules applied to the scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescored: Option<Text>,
    /// What found the sleep period.
    pub period: Text,
    /// The metric that was scored.
    pub metric: Text,
    /// Share of the minutes from onset to offset that were recorded.
    pub coverage: f64,
    /// Version of the rules that make a night.
    pub version: u16,
}

/// The activity around a date.
#[derive(Debug, Clone, Copy)]
pub struct Activity<'a> {
    /// Its metric, one of [`METRICS`].
    pub metric: &'static str,
    /// Samples of every source.
    pub samples: &'a [Sample],
    /// The order of sources.
    pub ranks: &'a Ranks,
}

/// Fills a date without main sleep from activity. `sleep` is what devices said and `found` what came
/// of it; answers that, with a reason, when activity shows no main sleep either.
pub fn fill(
    sleep: &SleepInput<'_>,
    mut found: NightFound,
    activity: &Activity<'_>,
    scorer: Scorer,
) -> NightFound {
    if found.night.main.is_some() {
        return found;
    }
    let spans = sleep.zones.day(sleep.date);
    let Some(day) = spans.first().zip(spans.last()) else {
        return found;
    };
    let window = Span {
        start_us: day.0.start_us - BEFORE_US,
        end_us: day.1.end_us + AFTER_US,
    };
    match Scoring::of(activity, window, scorer, &found.sleeps) {
        Err(reason) => {
            found.night.scoring_reason = Some(Text::Borrowed(reason));
            found
        }
        Ok(scoring) => scoring.night(sleep, found),
    }
}

/// The scored minutes of a window and the sleep periods among them.
struct Scoring<'a> {
    activity: &'a Activity<'a>,
    scorer: Scorer,
    source: SourceNo,
    grid: Grid,
    states: Vec<Option<State>>,
    periods: Vec<Run<()>>,
}

impl<'a> Scoring<'a> {
    fn of(
        activity: &'a Activity<'a>,
        window: Span,
        scorer: Scorer,
        stated: &[Span],
    ) -> Result<Self, &'static str> {
        let source =
            best_source(activity.samples, activity.ranks, window).ok_or("no_activity_recorded")?;
        let grid = Grid::around(window);
        let counts = of_source(activity.samples, source, grid, Minute::Sum);
        let series = Series::new(0, MINUTE_S, counts);
        let off =
            choi::nonwear(&series, &choi::WRIST).map_err(|_| "too_little_activity_recorded")?;
        let worn = series.without(&off.value);
        if worn.present() < PRESENT_MIN {
            return Err("too_little_activity_recorded");
        }
        // Every scorer of the server has its limits in counts.
        counted(&worn).map_err(|_| "activity_not_in_counts")?;
        let states = states(&worn, scorer, activity.metric).map_err(|_| "scorer_needs_more")?;
        let apart = |run: &Run<()>| {
            let span = span_of(grid, run.from, run.until);
            stated.iter().all(|sleep| {
                span.end_us + EPISODE_GAP_US <= sleep.start_us
                    || sleep.end_us + EPISODE_GAP_US <= span.start_us
            })
        };
        let mut periods = sleep_periods(&states, &worn);
        periods.retain(apart);
        if periods.is_empty() {
            return Err("no_sleep_period_found");
        }
        Ok(Self {
            activity,
            scorer,
            source,
            grid,
            states,
            periods,
        })
    }

    /// The night with the sleeps of the periods in it; what is no sleep that was measured is set aside.
    fn night(mut self, sleep: &SleepInput<'_>, mut stated: NightFound) -> NightFound {
        let mut aside = self.take_long(sleep);
        let mut found = loop {
            let found = self.joined(sleep);
            let mut episodes = found.night.main.iter().chain(&found.night.naps);
            let Some(refused) = episodes.find_map(|episode| self.refused(episode)) else {
                break found;
            };
            // An episode is refused only where a period lies in it, so the periods grow fewer.
            let span = Span {
                start_us: refused.start_us,
                end_us: refused.end_us,
            };
            let grid = self.grid;
            let outside =
                |period: &Run<()>| overlap_us(span_of(grid, period.from, period.until), span) <= 0;
            self.periods.retain(outside);
            aside.push(refused);
        };
        let on_date = |aside: &&SetAside| sleep.zones.date_at(aside.end_us) == sleep.date;
        if found.night.main.is_none() {
            let is_empty = self.periods.is_empty();
            let only = aside.iter().find(|_| is_empty);
            let reason = aside.iter().find(on_date).or(only);
            let reason = reason.map(|aside| aside.reason.clone());
            stated.night.scoring_reason =
                Some(reason.unwrap_or(Text::Borrowed("no_main_sleep_found")));
            found = stated;
        }
        let aside = aside.iter().filter(on_date).cloned();
        found.night.set_aside.extend(aside);
        found
    }

    /// Takes the periods out that are too long for a sleep.
    fn take_long(&mut self, sleep: &SleepInput<'_>) -> Vec<SetAside> {
        let source = name_of(self.source, sleep);
        let is_long = |period: &Run<()>| period.len() > LONGEST_MIN;
        let long = self.periods.iter().filter(|period| is_long(period));
        let aside = long.map(|period| {
            let span = self.span(period);
            set_aside(span, source.clone(), TOO_LONG)
        });
        let aside = aside.collect();
        self.periods.retain(|period| !is_long(period));
        aside
    }

    /// The sleep, where it was scored and is too long or was scored in part only.
    fn refused(&self, episode: &Episode) -> Option<SetAside> {
        let span = of_episode(episode);
        if !self.has_scored(span) {
            return None;
        }
        let inside = self.states_of(span);
        let scored = inside.iter().flatten().count();
        let (part, of) = SCORED_SHARE;
        let reason = if inside.len() > LONGEST_MIN {
            TOO_LONG
        } else if scored * of < inside.len() * part {
            MOSTLY_UNSCORED
        } else {
            return None;
        };
        Some(set_aside(span, episode.source.clone(), reason))
    }

    /// The sleeps that the periods and what devices said make together.
    fn joined(&self, sleep: &SleepInput<'_>) -> NightFound {
        let (samples, bedded) = self.samples(sleep);
        let mut found = sleep::night(&SleepInput {
            samples: &samples,
            ..*sleep
        });
        let episodes = found.night.main.iter_mut().chain(&mut found.night.naps);
        for episode in episodes {
            let span = of_episode(episode);
            if self.has_scored(span) {
                if bedded.iter().any(|bed| overlap_us(*bed, span) > 0) {
                    episode.latency_min = None;
                    episode.in_bed_reason = Some(Text::Borrowed("bedtime_is_first_sleep"));
                }
                if episode.stages_min.awake <= 0.0 {
                    episode.leave_gaps_open();
                }
                episode.scored_by = Some(self.label(span));
            }
        }
        found
    }

    /// What devices said and the states of the periods, with the stays in bed that the periods stand for.
    fn samples(&self, sleep: &SleepInput<'_>) -> (Vec<Sample>, Vec<Span>) {
        let in_bed = |sample: &&Sample| sample.value.to_bits() == code(SleepStage::InBed).to_bits();
        let beds: Vec<Span> = sleep.samples.iter().filter(in_bed).map(whole).collect();
        let mut samples = sleep.samples.to_vec();
        let mut bedded = Vec::new();
        for period in &self.periods {
            let span = self.span(period);
            for run in runs(&self.states[period.from..period.until]) {
                let stage = match run.value {
                    Some(State::Sleep) => SleepStage::Unspecified,
                    Some(State::Wake) => SleepStage::Awake,
                    None => continue,
                };
                let (from, until) = (period.from + run.from, period.from + run.until);
                samples.push(self.sample(span_of(self.grid, from, until), stage));
            }
            let has_bed = beds.iter().any(|bed| overlap_us(*bed, span) > 0);
            if !has_bed {
                samples.push(self.sample(span, SleepStage::InBed));
                bedded.push(span);
            }
        }
        (samples, bedded)
    }

    fn has_scored(&self, span: Span) -> bool {
        let mut periods = self.periods.iter();
        periods.any(|period| overlap_us(self.span(period), span) > 0)
    }

    /// The states of the minutes of a span.
    fn states_of(&self, span: Span) -> &[Option<State>] {
        let index = |at_us: i64| usize::try_from((at_us - self.grid.start_us) / MINUTE_US);
        let from = index(span.start_us).unwrap_or(0);
        let until = index(span.end_us).unwrap_or(0).max(from + 1);
        self.states.get(from..until).unwrap_or_default()
    }

    fn label(&self, sleep: Span) -> ScoredBy {
        let inside = self.states_of(sleep);
        let scorer = self.scorer.applied_to(self.activity.metric);
        let is_rescored = is_rescored(scorer);
        ScoredBy {
            scorer: Text::Borrowed(scorer.id),
            scorer_version: scorer.method.version,
            rescored: is_rescored.then_some(Text::Borrowed(webster::WEBSTER.id)),
            period: Text::Borrowed(periods::TUDOR_LOCKE.id),
            metric: Text::Borrowed(self.activity.metric),
            coverage: inside.iter().flatten().count() as f64 / inside.len().max(1) as f64,
            version: VERSION,
        }
    }

    fn span(&self, period: &Run<()>) -> Span {
        span_of(self.grid, period.from, period.until)
    }

    fn sample(&self, span: Span, stage: SleepStage) -> Sample {
        Sample {
            start_us: span.start_us,
            end_us: span.end_us,
            value: code(stage),
            zone_offset_min: None,
            source: self.source,
            uid: None,
            flags: Flags::NONE,
        }
    }
}

fn code(stage: SleepStage) -> f64 {
    f64::from(stage.code())
}

const fn whole(sample: &Sample) -> Span {
    Span {
        start_us: sample.start_us,
        end_us: sample.end_us,
    }
}

const fn of_episode(episode: &Episode) -> Span {
    Span {
        start_us: episode.onset_us,
        end_us: episode.offset_us,
    }
}

fn set_aside(span: Span, source: String, reason: &'static str) -> SetAside {
    SetAside {
        start_us: span.start_us,
        end_us: span.end_us,
        source,
        reason: Text::Borrowed(reason),
    }
}

fn span_of(grid: Grid, from: usize, until: usize) -> Span {
    Span {
        start_us: grid.at(from),
        end_us: grid.at(until),
    }
}

fn overlap_us(a: Span, b: Span) -> i64 {
    a.end_us.min(b.end_us) - a.start_us.max(b.start_us)
}

/// The runs of one state.
fn bare(states: &[Option<State>], wanted: Option<State>) -> Vec<Run<()>> {
    let of_state = runs(states).into_iter().filter(|run| run.value == wanted);
    of_state
        .map(|run| Run {
            from: run.from,
            until: run.until,
            value: (),
        })
        .collect()
}

/// Whether Webster's rules follow a scorer, as they do in Cole's paper.
fn is_rescored(scorer: &scorer::Scorer) -> bool {
    scorer.method.id == cole_kripke::COLE_KRIPKE.id
}

/// The states of minutes; those that are missing have none.
fn states(
    minutes: &Series,
    scorer: Scorer,
    metric: &str,
) -> Result<Vec<Option<State>>, Insufficient> {
    let scorer = scorer.applied_to(metric);
    let mut scored = scorer.judge(minutes, ActivityScale::Counts)?.value;
    if is_rescored(scorer) {
        scored = webster::rescored(&scored)?;
    }
    let present = minutes.values().iter().map(|value| !value.is_nan());
    let states = scored.states().iter().zip(present);
    Ok(states
        .map(|(state, is_present)| state.filter(|_| is_present))
        .collect())
}

/// Sleep periods; long gaps count as wakefulness.
fn sleep_periods(states: &[Option<State>], minutes: &Series) -> Vec<Run<()>> {
    let mut closed = states.to_vec();
    for gap in bare(states, None).iter().filter(|gap| gap.len() >= GAP_MIN) {
        closed[gap.from..gap.until].fill(Some(State::Wake));
    }
    let scored = Scored::like(minutes, closed);
    let found = periods::periods(&scored, minutes, &periods::TUDOR_LOCKE_2014);
    let found = found.map(|found| found.value).unwrap_or_default();
    found
        .iter()
        .map(|period| Run {
            from: period.from,
            until: period.until,
            value: (),
        })
        .collect()
}
