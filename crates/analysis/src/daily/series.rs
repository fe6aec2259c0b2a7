//! Small readings of sorted sample slices that every daily method shares: canonical order, usable
//! values, the day a sample belongs to. It must never change a value.

use std::borrow::Cow;
use std::cmp::Ordering;

use model::sample::{Flags, Sample};
use model::zone::Span;

/// Larger magnitudes are damage, not measurements; sums of them would leave the range of `f64`.
const MAGNITUDE_MAX: f64 = 1e100;

/// Flags that make equal values different statements: the value itself, a mean, a minimum, a maximum, and which
/// of several objects it is.
const KIND: u16 = Flags::AGGREGATED
    .with(Flags::MINIMUM)
    .with(Flags::MAXIMUM)
    .with(Flags::VARIANT)
    .bits();

/// The canonical order: start, end, source, value, and then flags such that what repeats a sample
/// stands right beside it, entries made by hand first.
pub(super) fn compare(a: &Sample, b: &Sample) -> Ordering {
    let flags = |sample: &Sample| {
        let bits = sample.flags.bits();
        (bits & KIND, !sample.flags.contains(Flags::MANUAL), bits)
    };
    (a.start_us, a.end_us, a.source)
        .cmp(&(b.start_us, b.end_us, b.source))
        .then_with(|| a.value.total_cmp(&b.value))
        .then_with(|| a.uid.cmp(&b.uid))
        .then_with(|| flags(a).cmp(&flags(b)))
}

/// The samples in canonical order; borrowed when they already are.
pub(super) fn in_order(samples: &[Sample]) -> Cow<'_, [Sample]> {
    if samples.is_sorted_by(|a, b| compare(a, b) != Ordering::Greater) {
        return Cow::Borrowed(samples);
    }
    let mut sorted = samples.to_vec();
    sorted.sort_by(compare);
    Cow::Owned(sorted)
}

/// Instants further from 1970 than 3,000 years are damage; lengths of time stay inside `i64`.
const INSTANT_MAX_US: i64 = 100_000_000_000_000_000;

/// Whether value and interval can be used at all.
pub(super) fn is_usable(sample: &Sample) -> bool {
    sample.value.abs() <= MAGNITUDE_MAX
        && -INSTANT_MAX_US <= sample.start_us
        && sample.start_us <= sample.end_us
        && sample.end_us <= INSTANT_MAX_US
}

/// Whether an app aggregated several samples into this one.
pub(super) fn is_aggregated(sample: &Sample) -> bool {
    sample.flags.contains(Flags::AGGREGATED)
}

/// Whether the value is only the smallest or largest of its interval.
pub(super) fn is_extreme(sample: &Sample) -> bool {
    sample.flags.contains(Flags::MINIMUM) || sample.flags.contains(Flags::MAXIMUM)
}

/// Whether two samples are the same measurement stored twice.
pub(super) fn is_same(a: &Sample, b: &Sample) -> bool {
    (
        a.start_us,
        a.end_us,
        a.source,
        a.value.to_bits(),
        a.flags.bits() & KIND,
        a.uid,
    ) == (
        b.start_us,
        b.end_us,
        b.source,
        b.value.to_bits(),
        b.flags.bits() & KIND,
        b.uid,
    )
}

/// The instant that decides to which day a measurement belongs: its last one. A night-long
/// measurement so belongs to the day of waking, and each sample to exactly one day.
pub(super) fn known_at(sample: &Sample) -> i64 {
    if sample.end_us > sample.start_us {
        sample.end_us - 1
    } else {
        sample.start_us
    }
}

/// Whether one of the spans holds the instant.
pub(super) fn holds(spans: &[Span], at_us: i64) -> bool {
    spans
        .iter()
        .any(|span| span.start_us <= at_us && at_us < span.end_us)
}

/// The samples that can touch `spans`: of a slice in order, those that start before the last span
/// ends and do not end before the first one starts.
pub(super) fn touching<'a>(
    samples: &'a [Sample],
    spans: &[Span],
) -> impl Iterator<Item = &'a Sample> + use<'a> {
    let start_us = spans.first().map_or(i64::MAX, |span| span.start_us);
    let end_us = spans.last().map_or(i64::MIN, |span| span.end_us);
    let until = samples.partition_point(|sample| sample.start_us < end_us);
    samples
        .iter()
        .take(until)
        .filter(move |sample| sample.end_us >= start_us && is_usable(sample))
}

/// Drops what repeats its predecessor in canonical order.
pub(super) fn without_duplicates<'a>(
    samples: impl Iterator<Item = &'a Sample>,
) -> impl Iterator<Item = &'a Sample> {
    let mut kept: Option<&Sample> = None;
    samples.filter(move |sample| {
        let repeated = kept.is_some_and(|last| is_same(last, sample));
        kept = Some(sample);
        !repeated
    })
}

/// Total length of the union of spans in any order.
pub(super) fn union_us(mut spans: Vec<Span>) -> i64 {
    spans.sort_unstable();
    let mut total_us = 0;
    let mut reached_us = i64::MIN;
    for span in spans {
        let from_us = span.start_us.max(reached_us);
        if span.end_us > from_us {
            total_us += span.end_us - from_us;
            reached_us = span.end_us;
        }
    }
    total_us
}

/// The part of a span inside `[start_us, end_us)`, when it is not empty.
pub(super) fn cut(span: Span, within: Span) -> Option<Span> {
    let start_us = span.start_us.max(within.start_us);
    let end_us = span.end_us.min(within.end_us);
    (start_us < end_us).then_some(Span { start_us, end_us })
}

/// Minutes in a length of time.
pub(super) fn minutes(length_us: i64) -> f64 {
    length_us as f64 / model::sample::MINUTE_US as f64
}
