//! # Merge of overlapping sources
//!
//! *What it measures*: totals of cumulative metrics (steps, energy, distance) per local day, each
//! instant counted once however many devices recorded it.
//!
//! *Inputs and units*: samples of one metric in its canonical unit; source ranks; the spans of each
//! local day. Totals are in the same unit.
//!
//! *Method*: exact duplicates are dropped first. A sample contributes
//! `value × u / d`, with `d` its length and `u` the part of it that no sample of a higher-ranked
//! layer covers, spread evenly over the uncovered time and cut at the borders of the days. Layers,
//! best first: entries made by hand, then raw samples by the rank of their source, then samples that an app
//! had already aggregated, the shorter before the longer (by powers of two of a minute) and again by rank. A
//! source names one device. Samples of one source never hide each other, but what lies inside another of its
//! samples counts once: the longer one contributes what those inside it, each the more of its own value and
//! what lies inside it, did not give; of equal intervals the largest value counts. What lies inside two that
//! overlap is taken from the one that begins later. A total that may be of a part of its interval counts as any
//! other, so that the largest that is known of the interval holds. An aggregate only fills what raw samples leave open, and
//! nothing when that is no more than what they give in the second before it and the second after. A
//! sample of zero length counts fully when no better sample covers its instant, and hides nothing. All
//! lengths are whole microseconds; one multiplication and one division round.
//!
//! Before all layers, two kinds of samples are set aside, which then hide nothing and add nothing. Those of a
//! source of which nothing counts: a phone that keeps the records of apps counts no app outside its order. And of a
//! copy, which is what the app of a maker wrote into the store of a phone while the maker's own file is here too,
//! those that touch a stretch of the file: from one of its raw samples to the next, unless they are further apart
//! than 12 h.
//!
//! *Missing samples*: time without a sample adds nothing to a total.
//!
//! *Validity*: any samples with `end ≥ start` and a finite value; others are ignored. A sample that began
//! before the loaded window is missed. Coverage is the share of the day's hours touched by a sample, hidden or
//! not.
//!
//! *Versions*: 5. Version 1 let an aggregate add its value times the uncovered part of its time; version 2
//! added up what one source had sent in two groupings; version 3 left out totals of a part of an interval;
//! version 4 shared time between a file and coarser copies of it.
//!
//! *References*: Apple, "Manage Health data on your iPhone, iPad, or Apple Watch" (source order, 2023);
//! the exact rule is the project's own (`docs/ARCHITECTURE.md`, samples and chunks).

use std::cmp::Reverse;

use model::sample::{Flags, MINUTE_US, SECOND_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::copies;
use super::coverage::HourMask;
use super::given::{Contribution, Given};
use super::rank::Ranks;
use super::series::{cut, in_order, is_aggregated, is_extreme, is_same, is_usable};

/// What one source gave to a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceTotal {
    /// The source.
    pub source: SourceNo,
    /// Its part of the merged total.
    pub merged: f64,
    /// Its own sum, as if it were alone (aggregated samples that its raw ones hide included).
    pub plain: f64,
    /// How many of its samples touch the day.
    pub samples: u32,
}

/// The merged total of one day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DayTotal {
    /// Every instant once.
    pub total: f64,
    /// Distinct samples that touch the day, hidden or not.
    pub samples: u32,
    /// Share of the day's hours with a sample.
    pub coverage: f64,
    /// Per source, best-ranked first.
    pub by_source: Vec<SourceTotal>,
}

/// Merges samples of one metric over days, each given by its spans in order of time. Samples should
/// come sorted by start; others are sorted first. Answers one total per day, in the order of `days`.
pub fn by_priority(samples: &[Sample], ranks: &Ranks, days: &[Vec<Span>]) -> Vec<DayTotal> {
    let samples = in_order(samples);
    let (samples, aside) = copies::apart(samples, ranks);
    let layers = layers_of(&samples, ranks);
    let borders = borders_of(days);
    let mut open: Vec<OpenDay<'_>> = days
        .iter()
        .map(|spans| OpenDay {
            spans,
            mask: HourMask::default(),
            parts: Vec::new(),
        })
        .collect();
    let mut covered: Vec<Span> = Vec::new();
    let mut given: Vec<Contribution> = Vec::new();
    let raw = layers.partition_point(|layer| !layer.class.is_aggregated());
    for (index, layer) in layers.iter().enumerate() {
        if layer.class.is_aggregated() {
            add_aggregates(layer, &covered, &mut given, &borders, &mut open);
        } else {
            let own;
            let mut above = &covered;
            if layers.iter().take(index).any(|other| layer.spares(other)) {
                own = cover_without_own(&layers, index);
                above = &own;
            }
            add_layer(layer, above, &borders, &mut open);
            if raw < layers.len() {
                note(layer, above, &mut given);
            }
        }
        if index + 1 < layers.len() {
            covered = union(&covered, &layer.pieces);
        }
    }
    add_aside(&layers_of(&aside, ranks), &borders, &mut open);
    open.into_iter().map(OpenDay::close).collect()
}

/// Adds what was set aside, which gives nothing, to what is said of days that have a total without it.
fn add_aside(layers: &[Layer], borders: &[Border], days: &mut [OpenDay<'_>]) {
    let everything = [Span {
        start_us: i64::MIN,
        end_us: i64::MAX,
    }];
    let counted: Vec<Border> = borders
        .iter()
        .filter(|border| {
            days.get(border.day)
                .is_some_and(|day| !day.parts.is_empty())
        })
        .copied()
        .collect();
    for layer in layers {
        add_layer(layer, &everything, &counted, days);
    }
}

/// How a sample ranks before the rank of its source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Manual,
    Raw,
    Aggregated(Length),
}

impl Class {
    const fn is_aggregated(self) -> bool {
        matches!(self, Self::Aggregated(_))
    }
}

/// How long the interval of an aggregate is, as the power of two of a minute that it does not exceed;
/// finer ones count first. Days of 23 and 25 hours are of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Length(u32);

impl Length {
    fn of(length_us: i64) -> Self {
        let minutes = length_us
            .max(1)
            .unsigned_abs()
            .div_ceil(MINUTE_US.unsigned_abs());
        Self(minutes.next_power_of_two().trailing_zeros())
    }
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    span: Span,
    value: f64,
}

impl Piece {
    const fn has_length(&self) -> bool {
        self.span.start_us < self.span.end_us
    }
}

/// Samples that do not hide each other.
#[derive(Debug)]
struct Layer {
    class: Class,
    rank: u16,
    source: SourceNo,
    pieces: Vec<Piece>,
}

impl Layer {
    /// Whether this layer is not hidden by `above` although that ranks higher.
    fn spares(&self, above: &Self) -> bool {
        self.source == above.source && self.class == Class::Raw
    }
}

/// Sorts distinct samples into layers, best first. `samples` are in canonical order, so that what
/// repeats a sample stands right beside it.
fn layers_of(samples: &[Sample], ranks: &Ranks) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut previous: Option<(&Sample, usize)> = None;
    for sample in samples {
        if !is_usable(sample) || (is_extreme(sample) && !is_bound(sample)) {
            continue;
        }
        if let Some((last, _)) = previous
            && is_same(last, sample)
        {
            continue;
        }
        let class = class_of(sample);
        let near = previous.map_or(0, |(_, at)| at);
        let matches = |layer: &Layer| layer.source == sample.source && layer.class == class;
        let at = if layers.get(near).is_some_and(matches) {
            near
        } else if let Some(at) = layers.iter().position(matches) {
            at
        } else {
            layers.push(Layer {
                class,
                rank: ranks.of(sample.source),
                source: sample.source,
                pieces: Vec::new(),
            });
            layers.len() - 1
        };
        if let Some(layer) = layers.get_mut(at) {
            layer.pieces.push(Piece {
                span: Span {
                    start_us: sample.start_us,
                    end_us: sample.end_us,
                },
                value: sample.value,
            });
        }
        previous = Some((sample, at));
    }
    for layer in &mut layers {
        count_once(&mut layer.pieces);
    }
    layers.sort_by_key(|layer| (layer.class, layer.rank, layer.source));
    layers
}

/// Leaves of each piece what those inside it did not give. Pieces are sorted by start; those of zero length
/// stay as they are.
fn count_once(pieces: &mut [Piece]) {
    let mut end_us = i64::MIN;
    let mut overlap = false;
    for piece in pieces.iter().filter(|piece| piece.has_length()) {
        overlap |= piece.span.start_us < end_us;
        end_us = end_us.max(piece.span.end_us);
    }
    if !overlap {
        return;
    }
    let mut long: Vec<&mut Piece> = pieces
        .iter_mut()
        .filter(|piece| piece.has_length())
        .collect();
    long.sort_by(|a, b| {
        let place = |piece: &Piece| (piece.span.start_us, Reverse(piece.span.end_us));
        place(a).cmp(&place(b)).then(b.value.total_cmp(&a.value))
    });
    // The piece around each one. An open piece that ends before a later one is around nothing that the
    // later one is not around too.
    let mut around: Vec<Option<usize>> = Vec::with_capacity(long.len());
    let mut open: Vec<(usize, i64)> = Vec::new();
    for (at, piece) in long.iter().enumerate() {
        while open
            .pop_if(|(_, end_us)| *end_us < piece.span.end_us)
            .is_some()
        {}
        around.push(open.last().map(|(outer, _)| *outer));
        open.push((at, piece.span.end_us));
    }
    let mut inside = vec![0.0; long.len()];
    for (at, piece) in long.iter_mut().enumerate().rev() {
        let given = inside.get(at).copied().unwrap_or(0.0);
        let total = piece.value.max(given);
        if given > 0.0 {
            piece.value = (piece.value - given).max(0.0);
        }
        let outer = around.get(at).copied().flatten();
        if let Some(sum) = outer.and_then(|outer| inside.get_mut(outer)) {
            *sum += total;
        }
    }
}

/// Whether a total may be of a part of its interval: the interval had at least so much.
const fn is_bound(sample: &Sample) -> bool {
    sample.flags.contains(Flags::AT_LEAST) && !sample.flags.contains(Flags::MAXIMUM)
}

fn class_of(sample: &Sample) -> Class {
    if is_aggregated(sample) {
        Class::Aggregated(Length::of(sample.end_us - sample.start_us))
    } else if sample.flags.contains(Flags::MANUAL) {
        Class::Manual
    } else {
        Class::Raw
    }
}

/// A span of a day and the index of the day.
#[derive(Debug, Clone, Copy)]
struct Border {
    span: Span,
    day: usize,
}

fn borders_of(days: &[Vec<Span>]) -> Vec<Border> {
    let mut borders: Vec<Border> = days
        .iter()
        .enumerate()
        .flat_map(|(day, spans)| spans.iter().map(move |span| Border { span: *span, day }))
        .collect();
    borders.sort_by_key(|border| border.span);
    borders
}

/// What covers layer `index`, without the layers of its own source.
fn cover_without_own(layers: &[Layer], index: usize) -> Vec<Span> {
    let Some(layer) = layers.get(index) else {
        return Vec::new();
    };
    layers
        .iter()
        .take(index)
        .filter(|above| !layer.spares(above))
        .fold(Vec::new(), |covered, above| union(&covered, &above.pieces))
}

/// The union of disjoint sorted spans and the pieces of a layer sorted by start. Pieces of zero
/// length cover nothing.
fn union(covered: &[Span], pieces: &[Piece]) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::with_capacity(covered.len() + pieces.len());
    let mut left = covered.iter().copied().peekable();
    let mut right = pieces
        .iter()
        .map(|piece| piece.span)
        .filter(|span| span.start_us < span.end_us)
        .peekable();
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if a.start_us <= b.start_us => left.next(),
            (Some(_), None) => left.next(),
            (_, Some(_)) => right.next(),
            (None, None) => return out,
        };
        let Some(span) = next else { return out };
        match out.last_mut() {
            Some(last) if span.start_us <= last.end_us => {
                last.end_us = last.end_us.max(span.end_us);
            }
            Some(_) | None => out.push(span),
        }
    }
}

/// A day while its layers are added up.
struct OpenDay<'a> {
    spans: &'a [Span],
    mask: HourMask,
    parts: Vec<SourceTotal>,
}

impl OpenDay<'_> {
    fn close(self) -> DayTotal {
        DayTotal {
            total: self.parts.iter().map(|part| part.merged).sum(),
            samples: self.parts.iter().map(|part| part.samples).sum(),
            coverage: self.mask.share(self.spans),
            by_source: self.parts,
        }
    }
}

/// Adds what a layer contributes where `above` leaves it uncovered. Pieces are sorted by start, so
/// the first border and the first cover that matter only move forward.
fn add_layer(layer: &Layer, above: &[Span], borders: &[Border], days: &mut [OpenDay<'_>]) {
    let (mut first_border, mut first_cover) = (0, 0);
    for piece in &layer.pieces {
        let Span { start_us, end_us } = piece.span;
        first_border += passed(borders.get(first_border..), |border| {
            border.span.end_us <= start_us
        });
        first_cover += passed(above.get(first_cover..), |cover| cover.end_us <= start_us);
        let covers = above.get(first_cover..).unwrap_or_default();
        for border in borders.get(first_border..).unwrap_or_default() {
            let Some(share) = Share::of(piece.span, border.span, covers) else {
                break;
            };
            let Some(day) = days.get_mut(border.day) else {
                continue;
            };
            day.mask.mark(day.spans, start_us, end_us);
            if let Some(part) = part_of(&mut day.parts, layer.source) {
                part.merged += piece.value * share.open;
                part.plain += piece.value * share.inside;
                part.samples += 1;
            }
        }
    }
}

/// Notes what the pieces of a layer give where `above` leaves them uncovered.
fn note(layer: &Layer, above: &[Span], given: &mut Vec<Contribution>) {
    let mut first_cover = 0;
    for piece in &layer.pieces {
        let Span { start_us, end_us } = piece.span;
        first_cover += passed(above.get(first_cover..), |cover| cover.end_us <= start_us);
        let covers = above.get(first_cover..).unwrap_or_default();
        if start_us == end_us {
            let is_hidden = covers
                .first()
                .is_some_and(|cover| cover.start_us <= start_us);
            if !is_hidden {
                given.push(Contribution::new(piece.span, piece.value));
            }
            continue;
        }
        let length = (end_us - start_us) as f64;
        for open in gaps(piece.span, covers) {
            let share = (open.end_us - open.start_us) as f64 / length;
            given.push(Contribution::new(open, piece.value * share));
        }
    }
}

/// Adds what aggregates contain beyond what finer and better samples gave inside their intervals.
fn add_aggregates(
    layer: &Layer,
    covered: &[Span],
    given: &mut Vec<Contribution>,
    borders: &[Border],
    days: &mut [OpenDay<'_>],
) {
    let before = Given::of(given);
    let (mut first_border, mut first_cover) = (0, 0);
    for piece in &layer.pieces {
        let Span { start_us, end_us } = piece.span;
        first_border += passed(borders.get(first_border..), |border| {
            border.span.end_us <= start_us
        });
        first_cover += passed(covered.get(first_cover..), |cover| cover.end_us <= start_us);
        let covers = covered.get(first_cover..).unwrap_or_default();
        let mut places = gaps(piece.span, covers);
        let is_covered = covers
            .first()
            .is_some_and(|cover| cover.start_us <= start_us);
        let rest = match start_us == end_us {
            true if is_covered => 0.0,
            true => piece.value,
            false => surplus(piece, &before),
        };
        if places.is_empty() {
            places.push(piece.span);
        }
        let room_us: i64 = places
            .iter()
            .map(|place| place.end_us - place.start_us)
            .sum();
        let part_in = |within: Span| {
            if room_us == 0 {
                return 1.0;
            }
            let inside = places.iter().filter_map(|place| cut(*place, within));
            let inside_us: i64 = inside.map(|place| place.end_us - place.start_us).sum();
            inside_us as f64 / room_us as f64
        };
        for border in borders.get(first_border..).unwrap_or_default() {
            let Some(share) = Share::of(piece.span, border.span, &[]) else {
                break;
            };
            let Some(day) = days.get_mut(border.day) else {
                continue;
            };
            day.mask.mark(day.spans, start_us, end_us);
            if let Some(part) = part_of(&mut day.parts, layer.source) {
                part.merged += rest * part_in(border.span);
                part.plain += piece.value * share.inside;
                part.samples += 1;
            }
        }
        given.extend(places.iter().map(|place| {
            let share = part_in(*place);
            Contribution::new(*place, rest * share)
        }));
    }
}

/// What an aggregate contains beyond what was given inside it. What the second around it gave may be its own:
/// doors print the times of one sample with and without fractions.
fn surplus(piece: &Piece, given: &Given) -> f64 {
    let Span { start_us, end_us } = piece.span;
    let inside = given.inside(piece.span);
    let around = given.inside(Span {
        start_us: start_us - SECOND_US,
        end_us: end_us + SECOND_US,
    });
    let more = piece.value - inside;
    if more <= around - inside {
        0.0
    } else {
        more.max(0.0)
    }
}

/// The parts of a piece that no cover touches; the first cover ends after the piece's start.
fn gaps(piece: Span, covers: &[Span]) -> Vec<Span> {
    let mut open = Vec::new();
    let mut from_us = piece.start_us;
    for cover in covers
        .iter()
        .take_while(|cover| cover.start_us < piece.end_us)
    {
        if from_us < cover.start_us {
            open.push(Span {
                start_us: from_us,
                end_us: cover.start_us,
            });
        }
        from_us = from_us.max(cover.end_us);
    }
    if from_us < piece.end_us {
        open.push(Span {
            start_us: from_us,
            end_us: piece.end_us,
        });
    }
    open
}

/// Which share of a piece lies inside a span, and which of it nobody covers.
struct Share {
    inside: f64,
    open: f64,
}

impl Share {
    /// Nothing when the piece ends before the span. The span ends after the piece's start, and
    /// so does the first of `covers`.
    fn of(piece: Span, span: Span, covers: &[Span]) -> Option<Self> {
        let low_us = piece.start_us.max(span.start_us);
        let high_us = piece.end_us.min(span.end_us);
        if piece.start_us == piece.end_us {
            let is_hidden = covers
                .first()
                .is_some_and(|cover| cover.start_us <= piece.start_us);
            return (span.start_us <= piece.start_us).then_some(Self {
                inside: 1.0,
                open: if is_hidden { 0.0 } else { 1.0 },
            });
        }
        let covered_us: i64 = covers
            .iter()
            .take_while(|cover| cover.start_us < high_us)
            .map(|cover| (cover.end_us.min(high_us) - cover.start_us.max(low_us)).max(0))
            .sum();
        let length = (piece.end_us - piece.start_us) as f64;
        (low_us < high_us).then(|| Self {
            inside: (high_us - low_us) as f64 / length,
            open: (high_us - low_us - covered_us) as f64 / length,
        })
    }
}

fn passed<T>(rest: Option<&[T]>, is_over: impl Fn(&T) -> bool) -> usize {
    rest.unwrap_or_default()
        .iter()
        .take_while(|item| is_over(item))
        .count()
}

/// The source's part of a day; a new one when the source has none yet.
fn part_of(parts: &mut Vec<SourceTotal>, source: SourceNo) -> Option<&mut SourceTotal> {
    let known = parts.iter().position(|part| part.source == source);
    if known.is_none() {
        parts.push(SourceTotal {
            source,
            merged: 0.0,
            plain: 0.0,
            samples: 0,
        });
    }
    match known {
        Some(at) => parts.get_mut(at),
        None => parts.last_mut(),
    }
}
