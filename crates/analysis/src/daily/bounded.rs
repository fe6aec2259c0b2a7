//! What sources without stages may add to nights that another source staged: they fill gaps, and go on where
//! the staged record broke off; they neither widen a night nor make one of two.

use model::category::SleepStage;
use model::zone::Span;

use super::night::{Nights, Segment, clusters, hull};
use super::sleep::EPISODE_GAP_US;

/// A night that somebody staged.
struct Staged {
    span: Span,
    segments: Vec<Segment>,
}

impl Staged {
    fn is_by(&self, segment: &Segment) -> bool {
        self.segments
            .iter()
            .any(|staged| staged.source == segment.source)
    }
}

/// Bounds segments, sorted by start, by the staged nights around them. Returns them sorted, and those that
/// would have joined two nights.
pub(super) fn by_stages(
    segments: Vec<Segment>,
    nights: &Nights<'_>,
) -> (Vec<Segment>, Vec<Segment>) {
    let of_stages: Vec<Segment> = segments
        .iter()
        .copied()
        .filter(|segment| is_stage(segment.stage))
        .collect();
    let staged: Vec<Staged> = nights
        .of(&of_stages)
        .into_iter()
        .map(|segments| Staged {
            span: hull(&segments),
            segments,
        })
        .collect();
    if staged.is_empty() {
        return (segments, Vec::new());
    }
    let mut kept = Vec::with_capacity(segments.len());
    let mut joins = Vec::new();
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
            bound(&run, &staged, &mut kept, &mut joins);
        }
    }
    kept.sort_by_key(|segment| (segment.span.start_us, segment.span.end_us, segment.source));
    (kept, joins)
}

const fn is_stage(stage: SleepStage) -> bool {
    matches!(stage, SleepStage::Core | SleepStage::Deep | SleepStage::Rem)
}

/// Bounds what one source says in one go.
fn bound(run: &[Segment], staged: &[Staged], kept: &mut Vec<Segment>, joins: &mut Vec<Segment>) {
    let span = hull(run);
    let first = staged.partition_point(|night| night.span.end_us <= span.start_us);
    let overlapped: Vec<&Staged> = staged
        .iter()
        .skip(first)
        .take_while(|night| night.span.start_us < span.end_us)
        .collect();
    let states_stages = |segment: &Segment| overlapped.iter().any(|night| night.is_by(segment));
    if overlapped.is_empty() || run.iter().any(states_stages) {
        kept.extend_from_slice(run);
        return;
    }
    let windows: Vec<Span> = match overlapped.as_slice() {
        [night] => vec![window(span, night.span)],
        several => several.iter().map(|night| night.span).collect(),
    };
    for segment in run {
        let across = windows
            .iter()
            .filter(|window| intersection(segment.span, **window).is_some());
        if across.count() > 1 {
            joins.push(*segment);
        }
        for window in &windows {
            if let Some(span) = intersection(segment.span, *window) {
                kept.push(Segment { span, ..*segment });
            }
        }
    }
}

/// The part of a run that may count beside the one night it overlaps.
const fn window(run: Span, night: Span) -> Span {
    Span {
        start_us: if night.start_us - run.start_us > EPISODE_GAP_US {
            run.start_us
        } else {
            night.start_us
        },
        end_us: if run.end_us - night.end_us > EPISODE_GAP_US {
            run.end_us
        } else {
            night.end_us
        },
    }
}

fn intersection(a: Span, b: Span) -> Option<Span> {
    let both = Span {
        start_us: a.start_us.max(b.start_us),
        end_us: a.end_us.min(b.end_us),
    };
    (both.start_us < both.end_us).then_some(both)
}
