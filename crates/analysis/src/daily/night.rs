//! The steps behind [`super::sleep`]: samples into episodes, episodes into reports. The rules and
//! their reasons stand there; this file must never know about dates.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::category::SleepStage;
use model::sample::{HOUR_US, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::{Span, ZoneHistory};

use super::bounded::{self, Beside};
use super::measure::Text;
use super::series::{in_order, is_aggregated, is_usable, minutes, union_us, without_duplicates};
use super::sleep::{
    AWAKENING_MIN_US, EPISODE_GAP_US, Episode, IN_BED_GAP_US, MAIN_MIN_US, MAIN_NIGHT_MIN_US,
    NIGHT_GAP_US, OtherSleep, SAMPLE_MAX_US, SetAside, SleepInput, StageMinutes, Stay,
};
use super::stated;
use super::timeline::{Claim, resolve};

/// Hours of local clock time between which a midpoint makes a sleep nocturnal: 21:00 to 09:00.
const NIGHT_FROM_H: i64 = 21;
/// See [`NIGHT_FROM_H`].
const NIGHT_UNTIL_H: i64 = 9;

/// Everything found in the loaded window.
pub(super) struct Window {
    /// Sleeps in order of time.
    pub(super) episodes: Vec<Found>,
    /// Stays in bed that overlap no sleep.
    pub(super) unclaimed: Vec<InBed>,
    /// Samples that were not believed.
    pub(super) set_aside: Vec<SetAside>,
}

/// A stretch of one stage from one source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) span: Span,
    pub(super) stage: SleepStage,
    pub(super) source: SourceNo,
    pub(super) aggregated: bool,
}

/// A sleep: its stages in order of time and the time in bed around it.
pub(super) struct Found {
    segments: Vec<Segment>,
    onset_us: i64,
    offset_us: i64,
    in_bed: Vec<Span>,
    beside: Vec<Beside>,
}

/// Joined in-bed samples.
pub(super) struct InBed {
    samples: Vec<Span>,
    end_us: i64,
}

/// Reads all sleeps of the window.
pub(super) fn episodes(input: &SleepInput<'_>) -> Window {
    let samples = in_order(input.samples);
    let mut staged = Vec::new();
    let mut in_bed = Vec::new();
    let mut set_aside = Vec::new();
    for sample in without_duplicates(samples.iter().filter(|sample| is_usable(sample))) {
        if sample.end_us == sample.start_us {
            continue;
        }
        let Some(stage) = SleepStage::from_code(sample.value) else {
            continue;
        };
        let segment = Segment {
            span: whole(sample),
            stage,
            source: sample.source,
            aggregated: is_aggregated(sample),
        };
        if sample.end_us - sample.start_us > SAMPLE_MAX_US {
            set_aside.push(aside(&segment, "longer_than_a_day", input));
        } else if stage == SleepStage::InBed {
            in_bed.push(segment);
        } else {
            staged.push(segment);
        }
    }
    let staged = without_condensed(staged, EPISODE_GAP_US);
    let in_bed = without_condensed(in_bed, 0);
    let stays: Vec<Span> = clusters(&in_bed, IN_BED_GAP_US)
        .iter()
        .map(|stay| hull(stay))
        .collect();
    let nights = Nights {
        stays: &stays,
        zones: input.zones,
    };
    let bounded = bounded::by_stages(staged, &nights, input.ranks);
    let joins = bounded.joins.iter();
    set_aside.extend(joins.map(|one| aside(one, "joins_nights", input)));
    let mut episodes: Vec<Found> = nights
        .of(&bounded.kept)
        .into_iter()
        .filter_map(|cluster| Found::from_cluster(&cluster, input))
        .collect();
    tell_beside(&mut episodes, &bounded.beside);
    let unclaimed = give_beds(&mut episodes, &in_bed);
    Window {
        episodes,
        unclaimed,
        set_aside,
    }
}

impl Window {
    /// Stays in bed without sleep that ended when `ended` says so.
    pub(super) fn stays_that_ended(&self, ended: impl Fn(i64) -> bool) -> Vec<Stay> {
        self.unclaimed
            .iter()
            .filter(|stay| ended(stay.span().end_us))
            .map(InBed::report)
            .collect()
    }

    /// Samples that were not believed and ended when `ended` says so.
    pub(super) fn set_aside_on(&self, ended: impl Fn(i64) -> bool) -> Vec<SetAside> {
        self.set_aside
            .iter()
            .filter(|aside| ended(aside.end_us))
            .cloned()
            .collect()
    }
}

fn aside(segment: &Segment, reason: &'static str, input: &SleepInput<'_>) -> SetAside {
    SetAside {
        start_us: segment.span.start_us,
        end_us: segment.span.end_us,
        source: name_of(segment.source, input),
        reason: Text::Borrowed(reason),
    }
}

/// The name of a source.
pub(super) fn name_of(source: SourceNo, input: &SleepInput<'_>) -> String {
    input.sources.get(usize::from(source.0)).map_or_else(
        || format!("source {}", source.0),
        |source| source.name.clone(),
    )
}

/// What makes one night of segments with gaps.
pub(super) struct Nights<'a> {
    stays: &'a [Span],
    zones: &'a ZoneHistory,
}

impl Nights<'_> {
    /// Joins segments, sorted by start, into nights and naps.
    pub(super) fn of(&self, segments: &[Segment]) -> Vec<Vec<Segment>> {
        let mut joined: Vec<Vec<Segment>> = Vec::new();
        for cluster in clusters(segments, EPISODE_GAP_US) {
            match joined.last_mut() {
                Some(before) if self.are_one(hull(before), hull(&cluster)) => {
                    before.extend(cluster);
                }
                Some(_) | None => joined.push(cluster),
            }
        }
        joined
    }

    fn are_one(&self, before: Span, after: Span) -> bool {
        let next = self
            .stays
            .partition_point(|stay| stay.end_us < after.start_us);
        let in_one_stay = self
            .stays
            .get(next)
            .is_some_and(|stay| stay.start_us <= before.end_us);
        let is_short = after.start_us - before.end_us < NIGHT_GAP_US;
        let at_night = |span: Span| is_nocturnal(midpoint_us(span), self.zones);
        in_one_stay || (is_short && at_night(before) && at_night(after))
    }
}

const fn midpoint_us(span: Span) -> i64 {
    span.start_us + (span.end_us - span.start_us) / 2
}

fn is_nocturnal(at_us: i64, zones: &ZoneHistory) -> bool {
    let offset_us = i64::from(zones.zone_at(at_us).offset_min(at_us)) * MINUTE_US;
    let hour = (at_us + offset_us).div_euclid(HOUR_US).rem_euclid(24);
    !(NIGHT_UNTIL_H..NIGHT_FROM_H).contains(&hour)
}

const fn whole(sample: &Sample) -> Span {
    Span {
        start_us: sample.start_us,
        end_us: sample.end_us,
    }
}

/// Drops aggregated segments that lie nearer than `gap_us` to raw ones.
fn without_condensed(segments: Vec<Segment>, gap_us: i64) -> Vec<Segment> {
    if !segments.iter().any(|segment| segment.aggregated) {
        return segments;
    }
    let raw: Vec<Segment> = segments
        .iter()
        .copied()
        .filter(|segment| !segment.aggregated)
        .collect();
    let hulls: Vec<Span> = clusters(&raw, gap_us)
        .iter()
        .map(|cluster| hull(cluster))
        .collect();
    let is_near = |span: Span| {
        let next = hulls.partition_point(|hull| hull.end_us + gap_us <= span.start_us);
        hulls
            .get(next)
            .is_some_and(|hull| hull.start_us < span.end_us + gap_us)
    };
    segments
        .into_iter()
        .filter(|segment| !segment.aggregated || !is_near(segment.span))
        .collect()
}

/// Joins segments, sorted by start, while the gaps are at most `gap_us`.
pub(super) fn clusters(segments: &[Segment], gap_us: i64) -> Vec<Vec<Segment>> {
    let mut clusters: Vec<Vec<Segment>> = Vec::new();
    let mut reached_us = i64::MIN;
    for segment in segments {
        match clusters.last_mut() {
            Some(cluster) if segment.span.start_us - reached_us <= gap_us => cluster.push(*segment),
            Some(_) | None => {
                clusters.push(vec![*segment]);
                reached_us = segment.span.end_us;
            }
        }
        reached_us = reached_us.max(segment.span.end_us);
    }
    clusters
}

pub(super) fn hull(cluster: &[Segment]) -> Span {
    Span {
        start_us: cluster
            .iter()
            .map(|segment| segment.span.start_us)
            .min()
            .unwrap_or(0),
        end_us: cluster
            .iter()
            .map(|segment| segment.span.end_us)
            .max()
            .unwrap_or(0),
    }
}

/// Gives what other sources said of a night to the sleep that it overlaps most.
fn tell_beside(episodes: &mut [Found], beside: &[Beside]) {
    for told in beside {
        let overlap = |episode: &Found| {
            episode.offset_us.min(told.span.end_us) - episode.onset_us.max(told.span.start_us)
        };
        let nearest = episodes.iter_mut().max_by_key(|episode| overlap(episode));
        if let Some(episode) = nearest.filter(|episode| overlap(episode) > 0) {
            episode.beside.push(*told);
        }
    }
}

/// Gives each stay in bed to the sleep it overlaps most; answers the stays that overlap none.
fn give_beds(episodes: &mut [Found], in_bed: &[Segment]) -> Vec<InBed> {
    let mut unclaimed = Vec::new();
    for stay in clusters(in_bed, IN_BED_GAP_US) {
        let span = hull(&stay);
        let overlap = |episode: &Found| {
            episode.offset_us.min(span.end_us) - episode.onset_us.max(span.start_us)
        };
        let mut best: Option<(i64, &mut Found)> = None;
        for episode in &mut *episodes {
            let length_us = overlap(episode);
            if length_us > best.as_ref().map_or(0, |(best_us, _)| *best_us) {
                best = Some((length_us, episode));
            }
        }
        let samples = stay.iter().map(|segment| segment.span);
        match best {
            Some((_, episode)) => episode.in_bed.extend(samples),
            None => unclaimed.push(InBed {
                samples: samples.collect(),
                end_us: span.end_us,
            }),
        }
    }
    unclaimed
}

impl InBed {
    /// First to last sample.
    pub(super) fn span(&self) -> Span {
        Span {
            start_us: self
                .samples
                .first()
                .map_or(self.end_us, |span| span.start_us),
            end_us: self.end_us,
        }
    }

    /// The stay as answers print it.
    pub(super) fn report(&self) -> Stay {
        let span = self.span();
        Stay {
            start_us: span.start_us,
            end_us: span.end_us,
            in_bed_min: minutes(union_us(self.samples.clone())),
        }
    }
}

impl Found {
    /// Decides who holds each instant of a cluster; nothing when nobody says asleep.
    fn from_cluster(cluster: &[Segment], input: &SleepInput<'_>) -> Option<Self> {
        let states_stages = |source: SourceNo| {
            cluster.iter().any(|segment| {
                segment.source == source
                    && matches!(
                        segment.stage,
                        SleepStage::Core | SleepStage::Deep | SleepStage::Rem
                    )
            })
        };
        let mut staged: BTreeMap<SourceNo, bool> = BTreeMap::new();
        let claims: Vec<_> = cluster
            .iter()
            .map(|segment| {
                let source = segment.source;
                let staged = *staged
                    .entry(source)
                    .or_insert_with(|| states_stages(source));
                Claim {
                    span: segment.span,
                    priority: (
                        Reverse(staged),
                        input.ranks.of(source),
                        source,
                        Reverse(segment.span.start_us),
                        segment.span.end_us,
                        Reverse(segment.stage),
                    ),
                }
            })
            .collect();
        let segments: Vec<Segment> = resolve(&claims)
            .into_iter()
            .filter_map(|held| {
                cluster.get(held.claim).map(|segment| Segment {
                    span: held.span,
                    ..*segment
                })
            })
            .collect();
        let mut asleep = segments.iter().filter(|segment| segment.stage.is_asleep());
        let first = asleep.next()?;
        let (onset_us, offset_us) = (
            first.span.start_us,
            asleep.next_back().unwrap_or(first).span.end_us,
        );
        Some(Self {
            segments,
            onset_us,
            offset_us,
            in_bed: Vec::new(),
            beside: Vec::new(),
        })
    }

    /// Onset to offset.
    pub(super) const fn span(&self) -> Span {
        Span {
            start_us: self.onset_us,
            end_us: self.offset_us,
        }
    }

    /// Time asleep, joined, in order.
    pub(super) fn asleep(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for segment in self
            .segments
            .iter()
            .filter(|segment| segment.stage.is_asleep())
        {
            match spans.last_mut() {
                Some(last) if last.end_us == segment.span.start_us => {
                    last.end_us = segment.span.end_us;
                }
                Some(_) | None => spans.push(segment.span),
            }
        }
        spans
    }

    /// Length of the time asleep.
    pub(super) fn asleep_us(&self) -> i64 {
        self.asleep()
            .iter()
            .map(|span| span.end_us - span.start_us)
            .sum()
    }

    /// Whether the sleep is long enough, for its hour, to be the main sleep of a date.
    pub(super) fn can_be_main(&self, zones: &ZoneHistory) -> bool {
        let needs_us = if is_nocturnal(self.midpoint_us(), zones) {
            MAIN_NIGHT_MIN_US
        } else {
            MAIN_MIN_US
        };
        self.asleep_us() >= needs_us
    }

    const fn midpoint_us(&self) -> i64 {
        midpoint_us(self.span())
    }

    fn stages(&self) -> StageMinutes {
        let total = |stage| {
            let lengths = self
                .segments
                .iter()
                .filter(|segment| segment.stage == stage);
            minutes(
                lengths
                    .map(|segment| segment.span.end_us - segment.span.start_us)
                    .sum(),
            )
        };
        StageMinutes {
            core: total(SleepStage::Core),
            deep: total(SleepStage::Deep),
            rem: total(SleepStage::Rem),
            unspecified: total(SleepStage::Unspecified),
            awake: total(SleepStage::Awake),
        }
    }

    /// The source that holds most of the time asleep, and whether it had aggregated its samples.
    fn source(&self) -> Option<(SourceNo, bool)> {
        let mut lengths: BTreeMap<(SourceNo, bool), i64> = BTreeMap::new();
        for segment in self
            .segments
            .iter()
            .filter(|segment| segment.stage.is_asleep())
        {
            *lengths
                .entry((segment.source, segment.aggregated))
                .or_default() += segment.span.end_us - segment.span.start_us;
        }
        lengths
            .into_iter()
            .max_by_key(|(source, length_us)| (*length_us, Reverse(*source)))
            .map(|(source, _)| source)
    }

    /// The sleep as answers print it.
    pub(super) fn report(&self, input: &SleepInput<'_>) -> Episode {
        let asleep = self.asleep();
        let recorded_us: i64 = asleep.iter().map(|span| span.end_us - span.start_us).sum();
        let (source, aggregated) = self.source().unwrap_or_default();
        let stated = aggregated
            .then(|| stated::of(&input.totals, source, self.span()))
            .flatten();
        let asleep_us = stated.map_or(recorded_us, |stated| stated.asleep_us);
        let span_us = self.offset_us - self.onset_us;
        let wakes = self.wakes(&asleep);
        let awake_us = match stated {
            // Totals do not say when; what is not sleep is wakefulness.
            Some(stated) => span_us - stated.asleep_us,
            None => wakes.iter().sum(),
        };
        let awakenings = wakes.iter().filter(|us| **us >= AWAKENING_MIN_US).count();
        let unrecorded_us = span_us - asleep_us - awake_us;
        let bed = self.bed();
        Episode {
            onset_us: self.onset_us,
            offset_us: self.offset_us,
            asleep_min: minutes(asleep_us),
            in_bed_min: bed.map(|bed| minutes(bed.in_bed_us)),
            in_bed_recorded_min: bed.map(|bed| minutes(bed.recorded_us)),
            in_bed_start_us: bed.map(|bed| bed.span.start_us),
            in_bed_end_us: bed.map(|bed| bed.span.end_us),
            stages_min: stated.map_or_else(|| self.stages(), |stated| stated.stages_min),
            efficiency: bed.map(|bed| asleep_us as f64 / (bed.in_bed_us - unrecorded_us) as f64),
            maintenance: asleep_us as f64 / (span_us - unrecorded_us) as f64,
            latency_min: bed
                .filter(|bed| bed.span.start_us <= self.onset_us)
                .map(|bed| minutes(self.onset_us - bed.span.start_us)),
            in_bed_reason: match bed {
                None => Some(Text::Borrowed("no_in_bed_samples")),
                Some(bed) if bed.span.start_us > self.onset_us => {
                    Some(Text::Borrowed("in_bed_starts_after_onset"))
                }
                Some(_) => None,
            },
            waso_min: minutes(awake_us),
            unrecorded_min: minutes(unrecorded_us),
            awakenings: (!aggregated).then(|| u32::try_from(awakenings).unwrap_or(u32::MAX)),
            midpoint_us: self.midpoint_us(),
            source: name_of(source, input),
            aggregated,
            scored_by: None,
            others: self
                .beside
                .iter()
                .map(|told| OtherSleep {
                    source: name_of(told.source, input),
                    onset_us: told.span.start_us,
                    offset_us: told.span.end_us,
                    asleep_min: minutes(told.asleep_us),
                })
                .collect(),
        }
    }

    /// The wakefulness of each interruption of the time asleep: what is recorded of it, or, where nothing in the
    /// episode is recorded as awake, all of it.
    fn wakes(&self, asleep: &[Span]) -> Vec<i64> {
        let stages = self.segments.iter();
        let awake: Vec<Span> = stages
            .filter(|segment| segment.stage == SleepStage::Awake)
            .map(|segment| segment.span)
            .collect();
        let between = |before: &Span, after: &Span| {
            if awake.is_empty() {
                return after.start_us - before.end_us;
            }
            let first = awake.partition_point(|wake| wake.start_us < before.end_us);
            let inside = awake.iter().skip(first);
            inside
                .take_while(|wake| wake.end_us <= after.start_us)
                .map(|wake| wake.end_us - wake.start_us)
                .sum()
        };
        let gaps = asleep.iter().zip(asleep.iter().skip(1));
        gaps.map(|(before, after)| between(before, after)).collect()
    }

    fn bed(&self) -> Option<Bed> {
        let start_us = self.in_bed.iter().map(|span| span.start_us).min()?;
        let end_us = self.in_bed.iter().map(|span| span.end_us).max()?;
        let with_sleep = self.in_bed.iter().copied().chain([self.span()]).collect();
        Some(Bed {
            span: Span { start_us, end_us },
            recorded_us: union_us(self.in_bed.clone()),
            in_bed_us: union_us(with_sleep),
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Bed {
    span: Span,
    recorded_us: i64,
    in_bed_us: i64,
}
