//! Copies that an app wrote into the store of a phone, beside the file of its maker, and sources that do not count.

use model::sample::{DAY_US, Flags, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::Span;

use super::sample;
use crate::daily::merge::by_priority;
use crate::daily::rank::{Copies, Ranks};

const FILE: SourceNo = SourceNo(0);
const COPY: SourceNo = SourceNo(1);
const OTHER: SourceNo = SourceNo(2);

fn ranks() -> Ranks {
    let copies = Copies {
        copies: vec![COPY],
        of: vec![FILE],
    };
    Ranks::in_order(&[FILE, COPY, OTHER]).knowing(vec![copies], Vec::new())
}

fn walk(source: SourceNo, from_min: i64, length_min: i64, value: f64) -> Sample {
    let until_min = from_min + length_min;
    sample(from_min * MINUTE_US, until_min * MINUTE_US, value, source.0)
}

fn days() -> [Vec<Span>; 2] {
    [0, 1].map(|day| {
        vec![Span {
            start_us: day * DAY_US,
            end_us: (day + 1) * DAY_US,
        }]
    })
}

fn totals(samples: &[Sample], ranks: &Ranks) -> Vec<f64> {
    let found = by_priority(samples, ranks, &days());
    vec![found[0].total, found[1].total]
}

#[test]
fn a_coarse_copy_of_fine_minutes_adds_nothing() {
    // Twenty minutes of an hour have steps; the app wrote the hour.
    let mut samples: Vec<Sample> = (0..20)
        .map(|minute| walk(FILE, 620 + minute, 1, 10.0))
        .collect();
    samples.push(walk(COPY, 600, 60, 200.0));
    assert_eq!(totals(&samples, &ranks()), [200.0, 0.0]);
    // Without knowing it, two thirds of the hour count again.
    let plain = Ranks::in_order(&[FILE, COPY, OTHER]);
    assert!(totals(&samples, &plain)[0] > 330.0);
    // What the copy has in the pauses of the file is in the file already.
    samples.push(walk(FILE, 900, 1, 7.0));
    samples.push(walk(COPY, 720, 60, 33.0));
    assert_eq!(totals(&samples, &ranks()), [207.0, 0.0]);
    // The day still says how much it was.
    let day = by_priority(&samples, &ranks(), &days()).remove(0);
    let copy = day
        .by_source
        .iter()
        .find(|part| part.source == COPY)
        .expect("a part");
    assert_eq!((copy.merged, copy.plain, copy.samples), (0.0, 233.0, 2));
}

#[test]
fn a_copy_counts_where_the_file_ends() {
    let samples = [
        walk(FILE, 600, 5, 50.0),
        walk(FILE, 700, 5, 50.0),
        walk(COPY, 720, 60, 80.0),
        walk(COPY, 540, 30, 20.0),
    ];
    assert_eq!(totals(&samples, &ranks()), [200.0, 0.0]);
    // A pause of more than twelve hours is none: the file may lack what is in it.
    let far = [
        walk(FILE, 60, 5, 50.0),
        walk(COPY, 600, 60, 80.0),
        walk(FILE, 1_000, 5, 50.0),
    ];
    assert_eq!(totals(&far, &ranks()), [180.0, 0.0]);
}

#[test]
fn a_copy_over_midnight_is_judged_as_a_whole() {
    let samples = [walk(FILE, 1_430, 5, 50.0), walk(COPY, 1_420, 40, 60.0)];
    assert_eq!(totals(&samples, &ranks()), [50.0, 0.0]);
}

#[test]
fn totals_of_whole_days_leave_copies_as_they_are() {
    let total = Sample {
        flags: Flags::AGGREGATED,
        ..walk(FILE, 0, 1_440, 500.0)
    };
    let samples = [
        total,
        walk(COPY, 600, 60, 300.0),
        walk(COPY, 700, 60, 200.0),
    ];
    assert_eq!(totals(&samples, &ranks()), [500.0, 0.0]);
}

#[test]
fn a_source_of_which_nothing_counts_hides_nothing() {
    let ranks = Ranks::in_order(&[OTHER, FILE]).knowing(Vec::new(), vec![OTHER]);
    let samples = [walk(OTHER, 600, 60, 900.0), walk(FILE, 600, 60, 100.0)];
    assert_eq!(totals(&samples, &ranks), [100.0, 0.0]);
    // Alone it makes no day.
    let day = by_priority(&samples[..1], &ranks, &days()).remove(0);
    assert_eq!((day.total, day.samples), (0.0, 0));
}
