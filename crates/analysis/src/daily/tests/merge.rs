//! The merge rule: cases by hand, properties, and a slow oracle that looks at every elementary
//! interval by itself.

use jiff::civil::date;
use model::sample::{DAY_US, Flags, HOUR_US, MINUTE_US, SECOND_US, Sample};
use model::source::SourceNo;
use model::zone::Span;
use proptest::prelude::*;

use super::{close, day, home, sample, traveller, us};
use crate::daily::merge::{DayTotal, by_priority};
use crate::daily::rank::Ranks;

fn ranks() -> Ranks {
    Ranks::in_order(&[SourceNo(0), SourceNo(1), SourceNo(2)])
}

fn one_day(samples: &[Sample]) -> DayTotal {
    by_priority(samples, &ranks(), &[day()]).remove(0)
}

fn flagged(sample: Sample, flags: Flags) -> Sample {
    Sample { flags, ..sample }
}

#[test]
fn a_phone_counts_only_where_the_watch_does_not() {
    let watch = sample(0, 10 * MINUTE_US, 1000.0, 0);
    let phone = sample(5 * MINUTE_US, 25 * MINUTE_US, 800.0, 1);
    let total = one_day(&[watch, phone, phone]);
    close(total.total, 1000.0 + 800.0 * 15.0 / 20.0);
    assert_eq!(total.samples, 2);
    let parts: Vec<_> = total
        .by_source
        .iter()
        .map(|part| (part.source.0, part.plain))
        .collect();
    assert_eq!(parts, [(0, 1000.0), (1, 800.0)]);
    close(total.coverage, 1.0 / 24.0);
}

#[test]
fn samples_of_one_source_count_once_where_one_lies_inside_another() {
    let check = |samples: &[Sample], expect| {
        close(one_day(samples).total, expect);
        let backwards: Vec<Sample> = samples.iter().rev().copied().collect();
        close(one_day(&backwards).total, expect);
        let plain: f64 = one_day(samples)
            .by_source
            .iter()
            .map(|part| part.plain)
            .sum();
        close(plain, expect);
    };
    let quarter = |at: i64, value| {
        let start_us = at * 15 * MINUTE_US;
        sample(start_us, start_us + 15 * MINUTE_US, value, 1)
    };
    let hour = |value| sample(0, HOUR_US, value, 1);
    // Equal intervals: the larger. Beside each other and overlapping: both.
    check(&[hour(10.0), hour(20.0)], 20.0);
    check(
        &[hour(10.0), sample(HOUR_US / 2, 2 * HOUR_US, 20.0, 1)],
        30.0,
    );
    // Quarters beside their hour, all of them or some; more than the hour says, and an hour in a day.
    let quarters: Vec<Sample> = (0..4).map(|at| quarter(at, 250.0)).collect();
    check(&[quarters.as_slice(), &[hour(1_000.0)]].concat(), 1_000.0);
    check(&[quarter(1, 250.0), hour(1_000.0)], 1_000.0);
    check(
        &[quarter(1, 250.0), quarter(2, 900.0), hour(1_000.0)],
        1_150.0,
    );
    let whole_day = sample(0, DAY_US, 5_000.0, 1);
    check(&[quarter(1, 1_200.0), hour(1_000.0), whole_day], 5_000.0);
    // A total that grows without an id, and amounts at an instant, which add up.
    let grown = |hours: i64, value| sample(0, hours * HOUR_US, value, 1);
    check(
        &[grown(8, 1_000.0), grown(12, 4_000.0), grown(20, 7_639.0)],
        7_639.0,
    );
    let drunk = |value| sample(HOUR_US / 2, HOUR_US / 2, value, 1);
    check(&[drunk(250.0), drunk(300.0), hour(0.0)], 550.0);
}

#[test]
fn instants_count_when_uncovered_and_hide_nothing() {
    let samples = [
        sample(0, HOUR_US, 100.0, 0),
        sample(0, 0, 1.0, 1),
        sample(HOUR_US, HOUR_US, 2.0, 1),
        sample(HOUR_US, HOUR_US, 4.0, 0),
        sample(HOUR_US, 2 * HOUR_US, 8.0, 2),
    ];
    close(one_day(&samples).total, 100.0 + 2.0 + 4.0 + 8.0);
}

#[test]
fn entries_by_hand_come_first_and_aggregates_give_what_is_missing() {
    let watch = sample(0, HOUR_US, 600.0, 0);
    let by_hand = flagged(sample(0, HOUR_US / 2, 50.0, 2), Flags::MANUAL);
    let condensed = flagged(sample(0, 2 * HOUR_US, 1000.0, 0), Flags::AGGREGATED);
    close(one_day(&[watch, by_hand]).total, 50.0 + 300.0);
    close(one_day(&[watch, condensed]).total, 1000.0);
    let less = Sample {
        value: 400.0,
        ..condensed
    };
    close(one_day(&[watch, less]).total, 600.0);
    let extreme = flagged(condensed, Flags::AGGREGATED.with(Flags::MAXIMUM));
    close(one_day(&[watch, extreme]).total, 600.0);
    let own = flagged(sample(0, HOUR_US / 2, 50.0, 0), Flags::MANUAL);
    close(one_day(&[watch, own]).total, 650.0);
    let twice = [
        watch,
        flagged(watch, Flags::MANUAL),
        flagged(watch, Flags::ACTIVE),
    ];
    close(one_day(&twice).total, 600.0);
}

#[test]
fn a_day_contains_its_hours_and_they_their_minutes() {
    let total = |start_us, end_us, value, source| {
        flagged(sample(start_us, end_us, value, source), Flags::AGGREGATED)
    };
    // A raw sample, its minute, its hour and the day of other apps: all the same steps.
    let raw = sample(HOUR_US, HOUR_US + MINUTE_US, 100.0, 0);
    let minute = total(HOUR_US, HOUR_US + MINUTE_US, 100.0, 1);
    let hour = total(HOUR_US, 2 * HOUR_US, 700.0, 2);
    let day_total = total(0, DAY_US, 8_000.0, 3);
    let all = [raw, minute, hour, day_total];
    for last in 1..=all.len() {
        let expect = [100.0, 100.0, 700.0, 8_000.0][last - 1];
        close(one_day(&all[..last]).total, expect);
    }
    // The hour counts without what the minutes gave, and the rest of the day lies outside it.
    let hours: Vec<Vec<Span>> = (0..24)
        .map(|at| {
            vec![Span {
                start_us: at * HOUR_US,
                end_us: (at + 1) * HOUR_US,
            }]
        })
        .collect();
    let found = by_priority(&all, &ranks(), &hours);
    close(found[1].total, 700.0);
    close(found[0].total, 7_300.0 / 23.0);
    close(found.iter().map(|hour| hour.total).sum(), 8_000.0);
}

#[test]
fn a_total_that_may_be_cut_never_makes_a_day_less() {
    let whole = flagged(sample(0, DAY_US, 8_000.0, 0), Flags::AGGREGATED);
    let cut = flagged(sample(0, DAY_US, 2_600.0, 0), Flags::AT_LEAST);
    close(one_day(&[cut]).total, 2_600.0);
    close(one_day(&[whole, cut]).total, 8_000.0);
    // Beside a total that was still growing, it says more.
    let growing = Sample {
        value: 1_000.0,
        ..whole
    };
    close(one_day(&[growing, cut]).total, 2_600.0);
    let watch = sample(HOUR_US, 2 * HOUR_US, 3_000.0, 1);
    close(one_day(&[watch, cut]).total, 3_000.0);
}

#[test]
fn a_minute_is_not_more_for_want_of_fractions() {
    // Steps from 10.7 s before a minute until 10.7 s after it, printed without fractions.
    let at = |tenths: i64| HOUR_US + tenths * SECOND_US / 10;
    let printed = sample(at(-110), at(100), 210.0, 0);
    let minute = |start_us, value| {
        flagged(
            sample(start_us, start_us + MINUTE_US, value, 1),
            Flags::AGGREGATED,
        )
    };
    let minutes = [minute(HOUR_US - MINUTE_US, 105.0), minute(HOUR_US, 105.0)];
    close(one_day(&[&[printed][..], &minutes].concat()).total, 210.0);
    // What is more than a second's worth is missing.
    close(
        one_day(&[printed, minute(HOUR_US, 150.0)]).total,
        210.0 + 50.0,
    );
}

#[test]
fn odd_samples_are_ignored() {
    let samples = [
        sample(HOUR_US, 0, 5.0, 0),
        sample(0, HOUR_US, f64::NAN, 0),
        sample(0, HOUR_US, f64::INFINITY, 0),
        sample(0, i64::MAX, 0.0, 1),
        sample(0, HOUR_US, 7.0, 2),
    ];
    close(one_day(&samples).total, 7.0);
    assert_eq!(one_day(&samples[..4]), DayTotal::default());
    assert!(by_priority(&samples, &ranks(), &[]).is_empty());
    assert_eq!(
        by_priority(&samples, &ranks(), &[vec![]]),
        [DayTotal::default()]
    );
}

#[test]
fn a_sample_across_midnight_is_cut() {
    let zones = home("Europe/Berlin");
    let days = [
        zones.day(date(2026, 3, 28)),
        zones.day(date(2026, 3, 29)),
        zones.day(date(2026, 3, 30)),
    ];
    let night = sample(
        us("2026-03-28T22:30:00Z"),
        us("2026-03-28T23:30:00Z"),
        60.0,
        0,
    );
    // Local midnight of the 30th is at 22:00 UTC, an hour earlier than on the days before.
    let spring = sample(
        us("2026-03-29T21:30:00Z"),
        us("2026-03-29T23:30:00Z"),
        120.0,
        0,
    );
    let totals = by_priority(&[night, spring], &ranks(), &days);
    close(totals[0].total, 30.0);
    close(totals[1].total, 30.0 + 30.0);
    close(totals[2].total, 90.0);
}

#[test]
fn days_of_23_25_and_30_hours_hold_all_their_time() {
    let berlin = home("Europe/Berlin");
    let check = |spans: Vec<Span>, hours: f64| {
        let from_us = spans[0].start_us - 3 * HOUR_US;
        let steady = sample(from_us, from_us + 60 * HOUR_US, 60.0, 0);
        let total = by_priority(&[steady], &ranks(), &[spans]).remove(0);
        close(total.total, hours);
        close(total.coverage, 1.0);
    };
    check(berlin.day(date(2026, 3, 29)), 23.0);
    check(berlin.day(date(2026, 10, 25)), 25.0);
    check(traveller().day(date(2026, 5, 4)), 30.0);
}

/// Values, source, class and interval; intervals begin and end on few instants, so that they touch.
fn any_sample() -> impl Strategy<Value = Sample> {
    let instant = prop_oneof![
        (-4_i64..30).prop_map(|hour| hour * HOUR_US),
        -2 * HOUR_US..26 * HOUR_US,
        Just(DAY_US - 1),
        Just(DAY_US + 1),
    ];
    let length = prop_oneof![
        Just(0_i64),
        Just(1),
        1..90 * MINUTE_US,
        (1_i64..9).prop_map(|hours| hours * HOUR_US),
    ];
    let flags = prop_oneof![
        6 => Just(Flags::NONE),
        1 => Just(Flags::MANUAL),
        2 => Just(Flags::AGGREGATED),
    ];
    (instant, length, 0_u16..4, 0_u32..2000, flags).prop_map(
        |(start_us, length_us, source, value, flags)| Sample {
            flags,
            ..sample(start_us, start_us + length_us, f64::from(value), source)
        },
    )
}

fn class(sample: &Sample) -> u8 {
    if sample.flags.contains(Flags::AGGREGATED) {
        2
    } else {
        u8::from(!sample.flags.contains(Flags::MANUAL))
    }
}

/// The samples without repetitions; of equal ones an entry by hand is kept.
fn distinct(samples: &[Sample]) -> Vec<Sample> {
    let identity = |sample: &Sample| {
        (
            (sample.start_us, sample.end_us, sample.source),
            sample.value.to_bits(),
            class(sample) == 2,
        )
    };
    let mut by_hand_first = samples.to_vec();
    by_hand_first.sort_by_key(class);
    let mut distinct: Vec<Sample> = Vec::new();
    for sample in by_hand_first {
        if !distinct
            .iter()
            .any(|other| identity(other) == identity(&sample))
        {
            distinct.push(sample);
        }
    }
    distinct
}

/// A minute, two, four and so on: the finer counts first.
fn length_class(sample: &Sample) -> usize {
    let length_us = sample.end_us - sample.start_us;
    (0..63)
        .take_while(|power| MINUTE_US << power < length_us)
        .count()
}

/// The samples of a layer with what those inside them did not give: each is asked which one is around it.
fn counted_once(layer: &[Sample]) -> Vec<Sample> {
    let (mut long, mut rest): (Vec<Sample>, Vec<Sample>) = layer
        .iter()
        .partition(|sample| sample.start_us < sample.end_us);
    long.sort_by(|a, b| {
        let place = |sample: &Sample| (sample.start_us, -sample.end_us);
        place(a).cmp(&place(b)).then(b.value.total_cmp(&a.value))
    });
    let mut inside = vec![0.0; long.len()];
    for at in (0..long.len()).rev() {
        let (value, given) = (long[at].value, inside[at]);
        let around = (0..at)
            .rev()
            .find(|other| long[*other].end_us >= long[at].end_us);
        if let Some(around) = around {
            inside[around] += f64::max(value, given);
        }
        long[at].value = if given > 0.0 {
            f64::max(value - given, 0.0)
        } else {
            value
        };
    }
    rest.append(&mut long);
    rest
}

/// Time cut at every instant that matters, and what each cell and each instant was given.
#[derive(Clone)]
struct Cells {
    cuts: Vec<i64>,
    held: Vec<f64>,
    instants: Vec<f64>,
}

impl Cells {
    fn length(&self, cell: usize) -> f64 {
        (self.cuts[cell + 1] - self.cuts[cell]) as f64
    }

    fn of(&self, sample: &Sample) -> Vec<usize> {
        let within = |cell: &usize| {
            sample.start_us <= self.cuts[*cell] && self.cuts[*cell + 1] <= sample.end_us
        };
        (0..self.held.len()).filter(within).collect()
    }

    /// What cells and instants from one instant until another hold.
    fn between(&self, start_us: i64, end_us: i64) -> f64 {
        let holds = |at: &usize| start_us <= self.cuts[*at] && self.cuts[*at] < end_us;
        let cells = (0..self.held.len()).filter(holds).map(|at| self.held[at]);
        let cuts = (0..self.instants.len())
            .filter(holds)
            .map(|at| self.instants[at]);
        cells.chain(cuts).sum()
    }

    /// Adds a sample; `before` is what stood when its layer began.
    fn add(&mut self, sample: &Sample, covered: &dyn Fn(i64) -> bool, before: &Self) {
        if sample.start_us == sample.end_us {
            let at = self.cuts.binary_search(&sample.start_us).expect("a cut");
            self.instants[at] += if covered(sample.start_us) {
                0.0
            } else {
                sample.value
            };
            return;
        }
        let own = self.of(sample);
        let open: Vec<usize> = own
            .iter()
            .copied()
            .filter(|at| !covered(self.cuts[*at]))
            .collect();
        let whole = (sample.end_us - sample.start_us) as f64;
        let (places, rest, room) = if class(sample) == 2 {
            let given = before.between(sample.start_us, sample.end_us);
            let around =
                before.between(sample.start_us - SECOND_US, sample.end_us + SECOND_US) - given;
            let more = sample.value - given;
            let rest = if more <= around { 0.0 } else { more.max(0.0) };
            let places = if open.is_empty() { own } else { open };
            let room = places.iter().map(|at| self.length(*at)).sum();
            (places, rest, room)
        } else {
            (open, sample.value, whole)
        };
        for at in places {
            self.held[at] += rest * self.length(at) / room;
        }
    }
}

/// The rule, said once more without any cleverness: each layer fills the cells in turn.
fn oracle(samples: &[Sample], ranks: &Ranks, days: &[Vec<Span>]) -> Vec<f64> {
    let mut distinct = distinct(samples);
    let key = |sample: &Sample| {
        let fine = if class(sample) == 2 {
            length_class(sample)
        } else {
            0
        };
        (class(sample), fine, ranks.of(sample.source), sample.source)
    };
    distinct.sort_by_key(key);
    let mut cuts: Vec<i64> = distinct
        .iter()
        .flat_map(|sample| {
            let (start_us, end_us) = (sample.start_us, sample.end_us);
            [start_us - SECOND_US, start_us, end_us, end_us + SECOND_US]
        })
        .chain(
            days.iter()
                .flatten()
                .flat_map(|span| [span.start_us, span.end_us]),
        )
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut cells = Cells {
        held: vec![0.0; cuts.len() - 1],
        instants: vec![0.0; cuts.len()],
        cuts,
    };
    // Pieces of one layer do not see each other: they add to what stood before the layer.
    for layer in distinct.chunk_by(|a, b| key(a) == key(b)) {
        let before = cells.clone();
        for below in &counted_once(layer) {
            let hides = |above: &Sample, at: i64| {
                key(above) < key(below)
                    && (above.source != below.source || class(below) == 2)
                    && above.start_us <= at
                    && at < above.end_us
            };
            let covered = |at: i64| distinct.iter().any(|above| hides(above, at));
            cells.add(below, &covered, &before);
        }
    }
    let total = |spans: &Vec<Span>| {
        let parts = spans
            .iter()
            .map(|span| cells.between(span.start_us, span.end_us));
        parts.sum()
    };
    days.iter().map(total).collect()
}

fn two_days() -> Vec<Vec<Span>> {
    let next = Span {
        start_us: DAY_US,
        end_us: 2 * DAY_US,
    };
    vec![day(), vec![next]]
}

proptest! {
    #[test]
    fn the_sweep_agrees_with_the_oracle(
        samples in prop::collection::vec(any_sample(), 0..24),
        order in Just(vec![0_u16, 1, 2]).prop_shuffle(),
    ) {
        let order: Vec<SourceNo> = order.into_iter().map(SourceNo).collect();
        let ranks = Ranks::in_order(&order);
        let found = by_priority(&samples, &ranks, &two_days());
        for (found, expect) in found.iter().zip(oracle(&samples, &ranks, &two_days())) {
            prop_assert!((found.total - expect).abs() < 1e-6, "{} is not {expect}", found.total);
        }
    }

    #[test]
    fn the_order_of_samples_does_not_matter(
        samples in prop::collection::vec(any_sample(), 0..20),
        by in any::<prop::sample::Index>(),
    ) {
        let mut shuffled = samples.clone();
        shuffled.reverse();
        if !shuffled.is_empty() {
            shuffled.rotate_left(by.index(samples.len()));
        }
        let once = by_priority(&samples, &ranks(), &two_days());
        prop_assert_eq!(once, by_priority(&shuffled, &ranks(), &two_days()));
    }

    #[test]
    fn a_total_is_never_more_than_all_sources_together(
        samples in prop::collection::vec(any_sample(), 0..20),
    ) {
        let always = vec![Span { start_us: -DAY_US, end_us: 4 * DAY_US }];
        let whole = by_priority(&samples, &ranks(), &[always]).remove(0);
        let plain: f64 = whole.by_source.iter().map(|part| part.plain).sum();
        prop_assert!(whole.total <= plain + 1e-6);
        for total in by_priority(&samples, &ranks(), &two_days()) {
            let merged: f64 = total.by_source.iter().map(|part| part.merged).sum();
            prop_assert!((total.total - merged).abs() < 1e-6);
            prop_assert!((0.0..=1.0).contains(&total.coverage));
        }
    }

    #[test]
    fn one_source_alone_is_its_plain_sum(samples in prop::collection::vec(any_sample(), 0..20)) {
        let alone: Vec<Sample> = samples
            .iter()
            .map(|found| Sample { source: SourceNo(1), flags: Flags::NONE, ..*found })
            .collect();
        for total in by_priority(&alone, &ranks(), &two_days()) {
            let plain: f64 = total.by_source.iter().map(|part| part.plain).sum();
            prop_assert!((total.total - plain).abs() < 1e-6);
        }
    }

    #[test]
    fn days_add_up_to_the_span_they_divide(
        samples in prop::collection::vec(any_sample(), 0..20),
        border in 1..2 * DAY_US,
    ) {
        let span = |start_us, end_us| vec![Span { start_us, end_us }];
        let halves = [span(0, border), span(border, 2 * DAY_US)];
        let parts = by_priority(&samples, &ranks(), &halves);
        let whole = by_priority(&samples, &ranks(), &[span(0, 2 * DAY_US)]);
        let sum: f64 = parts.iter().map(|part| part.total).sum();
        prop_assert!((sum - whole[0].total).abs() < 1e-6);
    }
}
