//! Two sources of one night: the best-ranked one that states stages sets it. What others say fills only what it
//! did not watch, long gaps and the hours after a battery ran empty, and is listed beside it; it neither widens a
//! night nor makes one of two.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::category::SleepStage;
use model::source::SourceNo;
use model::zone::Span;

use super::night::{Nights, Segment, clusters, hull};
use super::rank::Ranks;
use super::series::union_us;
use super::sleep::{EPISODE_GAP_US, NIGHT_GAP_US};

/// A night with the source that sets it.
struct Staged {
    span: Span,
    setter: SourceNo,
    /// When the setter was watching: its record, joined over short gaps.
    watched: Vec<Span>,
}

/// What a source said of a night that another one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) source: SourceNo,
    pub(super) span: Span,
    pub(super) asleep_us: i64,
}

/// What is left of the segments, and what became of the rest.
#[derive(Default)]
pub(super) struct Bounded {
    /// What counts, in order.
    pub(super) kept: Vec<Segment>,
    /// Segments that would have joined two nights.
    pub(super) joins: Vec<Segment>,
    /// What others said beside a night.
    pub(super) beside: Vec<Beside>,
}

/// Bounds segments, sorted by start, by the staged nights around them.
pub(super) fn by_stages(segments: Vec<Segment>, nights: &Nights<'_>, ranks: &Ranks) -> Bounded {
    let of_stages: Vec<Segment> = segments
        .iter()
        .copied()
        .filter(|segment| is_stage(segment.stage))
        .collect();
    let staged = nights.of(&of_stages);
    let staged: Vec<Staged> = staged
        .iter()
        .filter_map(|night| Staged::of(night, &segments, ranks))
        .collect();
    if staged.is_empty() {
        return Bounded {
            kept: segments,
            ..Bounded::default()
        };
    }
    let mut found = Bounded::default();
    let mut sources: Vec<_> = segments.iter().map(|segment| segment.source).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let own: Vec<Segment> = segments
            .iter()
            .copied()
            .filter(|segment| segment.source == source)
            .collect();
        for run in clusters(&own, EPISODE_GAP_US) {
            bound(&run, &staged, &mut found);
        }
    }
    found
        .kept
        .sort_by_key(|segment| (segment.span.start_us, segment.span.end_us, segment.source));
    found
}

const fn is_stage(stage: SleepStage) -> bool {
    matches!(stage, SleepStage::Core | SleepStage::Deep | SleepStage::Rem)
}

impl Staged {
    /// The night that staged segments make: set by the best-ranked of the sources that staged at least half as
    /// much as the one that staged most.
    fn of(night: &[Segment], all: &[Segment], ranks: &Ranks) -> Option<Self> {
        let mut spans: BTreeMap<SourceNo, Vec<Span>> = BTreeMap::new();
        for segment in night {
            spans.entry(segment.source).or_default().push(segment.span);
        }
        let lengths = spans
            .into_iter()
            .map(|(source, spans)| (source, union_us(spans)));
        let lengths: Vec<(SourceNo, i64)> = lengths.collect();
        let most = lengths.iter().map(|(_, length_us)| *length_us).max()?;
        let setter = lengths
            .iter()
            .filter(|(_, length_us)| 2 * length_us >= most)
            .min_by_key(|(source, length_us)| (ranks.of(*source), Reverse(*length_us), *source))?
            .0;
        let of_setter = |segment: &&Segment| segment.source == setter;
        let own: Vec<Segment> = night
            .iter()
            .copied()
            .filter(|one| of_setter(&one))
            .collect();
        let span = hull(&own);
        let record: Vec<Segment> = all.iter().copied().filter(|one| of_setter(&one)).collect();
        let watched = clusters(&record, EPISODE_GAP_US);
        let watched = watched.iter().map(|block| hull(block));
        let watched = watched.filter(|block| intersection(*block, span).is_some());
        Some(Self {
            span,
            setter,
            watched: watched.collect(),
        })
    }

    /// What another source's run may fill: where the setter did not watch inside the night, and beyond an end of
    /// its record by more than three hours when the run overlaps this night alone.
    fn open(&self, run: Span, is_alone: bool) -> Vec<Span> {
        let gaps = self.watched.iter().zip(self.watched.iter().skip(1));
        let gaps = gaps.map(|(before, after)| Span {
            start_us: before.end_us,
            end_us: after.start_us,
        });
        let mut open: Vec<Span> = gaps.collect();
        let ends = self.watched.first().zip(self.watched.last());
        if let Some((first, last)) = ends.filter(|_| is_alone) {
            if first.start_us - run.start_us > NIGHT_GAP_US {
                open.push(Span {
                    start_us: run.start_us,
                    end_us: first.start_us,
                });
            }
            if run.end_us - last.end_us > NIGHT_GAP_US {
                open.push(Span {
                    start_us: last.end_us,
                    end_us: run.end_us,
                });
            }
        }
        open
    }
}

/// Bounds what one source says in one go.
fn bound(run: &[Segment], staged: &[Staged], found: &mut Bounded) {
    let span = hull(run);
    let overlaps = |night: &&Staged| intersection(night.span, span).is_some();
    let overlapped: Vec<&Staged> = staged.iter().filter(overlaps).collect();
    let sets = |segment: &Segment| {
        overlapped
            .iter()
            .any(|night| night.setter == segment.source)
    };
    if overlapped.is_empty() || run.iter().any(sets) {
        found.kept.extend_from_slice(run);
        return;
    }
    let is_alone = overlapped.len() == 1;
    let open = overlapped
        .iter()
        .flat_map(|night| night.open(span, is_alone));
    let open: Vec<Span> = open.collect();
    for segment in run {
        let across = overlapped
            .iter()
            .filter(|night| intersection(segment.span, night.span).is_some());
        if across.count() > 1 {
            found.joins.push(*segment);
        }
        for window in &open {
            if let Some(span) = intersection(segment.span, *window) {
                found.kept.push(Segment { span, ..*segment });
            }
        }
    }
    let asleep = run.iter().filter(|segment| segment.stage.is_asleep());
    let asleep: Vec<Segment> = asleep.copied().collect();
    if let (true, Some(first)) = (is_alone, asleep.first()) {
        found.beside.push(Beside {
            source: first.source,
            span: hull(&asleep),
            asleep_us: union_us(asleep.iter().map(|segment| segment.span).collect()),
        });
    }
}

fn intersection(a: Span, b: Span) -> Option<Span> {
    let both = Span {
        start_us: a.start_us.max(b.start_us),
        end_us: a.end_us.min(b.end_us),
    };
    (both.start_us < both.end_us).then_some(both)
}
