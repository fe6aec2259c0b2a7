//! Totals beside the phone's own numbers: generated days without faults agree, and of days with one fault the
//! cause that is named is the fault.

use std::collections::BTreeMap;

use jiff::civil::date;
use model::record::ActivitySummary;
use model::sample::{DAY_US, Flags, HOUR_US, MINUTE_US, Sample, uid_of};
use model::source::{Source, SourceNo};
use model::zone::{Span, Zone, ZoneHistory};

use super::{home, sample};
use crate::daily::merge::by_priority;
use crate::daily::rank::Ranks;
use crate::daily::reconcile::{
    Cause, Evidence, KnownOfPhone, Reconciled, Reconciling, Rings, SaidBy, reconcile,
};

/// Midnight of 18 November 2026 in UTC.
const DAY: i64 = 1_794_960_000_000_000;
const WATCH: u16 = 0;
const PHONE: u16 = 1;
const OTHER_PHONE: u16 = 2;
const APP: u16 = 3;
/// The upload that brought the phone's own number.
const TOLD_BY: u32 = 20;

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(i64::try_from(of.len()).expect("few"));
        of.get(usize::try_from(at).expect("in range"))
            .expect("not empty")
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    None,
    WrongRank,
    LateSamples,
    DeletedHere,
    DeletedThere,
    MissingZone,
    OtherBorders,
    SecondPhone,
    SecondPhoneLate,
    NotSynced,
}

impl Fault {
    const ALL: [Self; 10] = [
        Self::None,
        Self::WrongRank,
        Self::LateSamples,
        Self::DeletedHere,
        Self::DeletedThere,
        Self::MissingZone,
        Self::OtherBorders,
        Self::SecondPhone,
        Self::SecondPhoneLate,
        Self::NotSynced,
    ];

    const fn cause(self) -> Option<Cause> {
        match self {
            Self::None => None,
            Self::WrongRank => Some(Cause::SourceOrder),
            Self::LateSamples => Some(Cause::LateSample),
            Self::DeletedHere | Self::DeletedThere => Some(Cause::Deletion),
            Self::MissingZone | Self::OtherBorders => Some(Cause::Zone),
            Self::SecondPhone | Self::SecondPhoneLate => Some(Cause::SecondDevice),
            Self::NotSynced => Some(Cause::Coverage),
        }
    }
}

/// Three days of a person around the day that is looked at, and the uploads that brought them.
struct Life {
    samples: Vec<(Sample, u32)>,
    deleted: Vec<Sample>,
    order: Vec<SourceNo>,
}

impl Life {
    /// Watch and phone all day, now and then an app; `offset_min` is where the person lives.
    fn of(dice: &mut Dice, offset_min: i64) -> Self {
        let mut life = Self {
            samples: Vec::new(),
            deleted: Vec::new(),
            order: [WATCH, PHONE, OTHER_PHONE, APP].map(SourceNo).to_vec(),
        };
        for day in -1..=1 {
            let midnight = DAY + day * DAY_US - offset_min * MINUTE_US;
            // People walk a little around midnight, too.
            for source in [WATCH, PHONE, APP] {
                let rests = match source {
                    WATCH => 40 * MINUTE_US,
                    PHONE => 90 * MINUTE_US,
                    _ => 500 * MINUTE_US,
                };
                let mut at_us = midnight + 5 * MINUTE_US + dice.below(rests);
                while at_us < midnight + 23 * HOUR_US + 50 * MINUTE_US {
                    let length_us = MINUTE_US + dice.below(9 * MINUTE_US);
                    life.walk(dice, (at_us, length_us), source);
                    at_us += length_us + dice.below(rests);
                }
            }
        }
        life.samples
            .sort_by_key(|(sample, _)| (sample.start_us, sample.end_us, sample.source));
        life
    }

    fn walk(&mut self, dice: &mut Dice, (at_us, length_us): (i64, i64), source: u16) {
        let upload = u32::try_from(1 + dice.below(6)).expect("small");
        let steps = 1 + dice.below(length_us / MINUTE_US * 110 + 40);
        let uid = uid_of(&format!("{at_us} {source}"));
        let walked = Sample {
            uid: Some(uid),
            ..sample(at_us, at_us + length_us, steps as f64, source)
        };
        self.samples.push((walked, upload));
    }

    fn only(&self, keep: impl Fn(&Sample, u32) -> bool) -> Vec<Sample> {
        let kept = self
            .samples
            .iter()
            .filter(|(sample, upload)| keep(sample, *upload));
        kept.map(|(sample, _)| *sample).collect()
    }

    /// Places of samples of the day with more than a few steps.
    fn of_day(&self, span: Span) -> Vec<usize> {
        let inside = |sample: &Sample| {
            span.start_us <= sample.start_us && sample.end_us <= span.end_us && sample.value > 20.0
        };
        let places = self.samples.iter().enumerate();
        places
            .filter(|(_, (sample, _))| inside(sample))
            .map(|(at, _)| at)
            .collect()
    }
}

/// What the phone shows: Apple's order, its own day, whole steps.
fn phone_total(samples: &[Sample], order: &[SourceNo], span: Span) -> f64 {
    let total = by_priority(samples, &Ranks::in_order(order), &[vec![span]]);
    total.first().map_or(0.0, |day| day.total.round())
}

/// A day with a fault, and what is found.
struct Scene {
    life: Life,
    zones: ZoneHistory,
    /// The order that is used here.
    order: Vec<SourceNo>,
    phone: f64,
    /// The borders that the phone's total states; none for rings.
    stated: Option<Span>,
}

fn local_day(offset_min: i64) -> Span {
    let start_us = DAY - offset_min * MINUTE_US;
    Span {
        start_us,
        end_us: start_us + DAY_US,
    }
}

impl Scene {
    fn with(fault: Fault, dice: &mut Dice) -> Self {
        let away = *dice.pick(&[-480, -300, -180, 120, 330, 540, 600]);
        let is_away = matches!(fault, Fault::MissingZone | Fault::OtherBorders);
        let (offset_min, zones) = if is_away {
            (away, ZoneHistory::fixed(Zone::utc()))
        } else {
            (60, home("Europe/Berlin"))
        };
        let span = local_day(offset_min);
        let life = Life::of(dice, offset_min);
        let order = life.order.clone();
        let mut scene = Self {
            phone: phone_total(&life.only(|_, _| true), &order, span),
            life,
            zones,
            order,
            stated: (fault != Fault::MissingZone).then_some(span),
        };
        scene.inject(fault, span, dice);
        scene
    }

    fn inject(&mut self, fault: Fault, span: Span, dice: &mut Dice) {
        let order = self.life.order.clone();
        match fault {
            Fault::None | Fault::MissingZone | Fault::OtherBorders => {}
            Fault::WrongRank => self.order.swap(0, 1),
            Fault::LateSamples => {
                for _ in 0..=dice.below(5) {
                    let late = *dice.pick(&self.life.of_day(span));
                    if let Some((_, upload)) = self.life.samples.get_mut(late) {
                        *upload = TOLD_BY + 1 + u32::try_from(dice.below(3)).expect("small");
                    }
                }
                let known = self.life.only(|_, upload| upload < TOLD_BY);
                self.phone = phone_total(&known, &order, span);
            }
            Fault::DeletedHere => {
                for _ in 0..=dice.below(2) {
                    let gone = *dice.pick(&self.life.of_day(span));
                    let (gone, _) = self.life.samples.remove(gone);
                    self.life.deleted.insert(0, gone);
                }
                // Something of another day was deleted since.
                let (other, _) = self.life.samples.remove(0);
                self.life.deleted.insert(0, other);
            }
            Fault::DeletedThere => {
                let gone = *dice.pick(&self.life.of_day(span));
                let (gone, _) = *self.life.samples.get(gone).expect("in range");
                let known = self.life.only(|sample, _| *sample != gone);
                self.phone = phone_total(&known, &order, span);
            }
            Fault::SecondPhone | Fault::SecondPhoneLate => {
                for _ in 0..3 + dice.below(6) {
                    let at_us = span.start_us + dice.below(23 * HOUR_US);
                    let length_us = MINUTE_US + dice.below(20 * MINUTE_US);
                    self.life.walk(dice, (at_us, length_us), OTHER_PHONE);
                    if fault == Fault::SecondPhoneLate
                        && let Some((_, upload)) = self.life.samples.last_mut()
                    {
                        *upload = TOLD_BY + 1;
                    }
                }
                self.life.samples.sort_by_key(|(sample, _)| sample.start_us);
            }
            Fault::NotSynced => {
                let from_us = span.start_us + 8 * HOUR_US + dice.below(8 * HOUR_US);
                let until_us = from_us + 3 * HOUR_US;
                self.life
                    .samples
                    .retain(|(sample, _)| sample.end_us <= from_us || until_us <= sample.start_us);
            }
        }
    }

    fn find(&self) -> Option<Reconciled> {
        let mut parts = self.life.samples.clone();
        if let Some(span) = self.stated {
            let told = Sample {
                flags: Flags::AGGREGATED,
                ..sample(span.start_us, span.end_us, self.phone, APP)
            };
            parts.push((told, TOLD_BY));
        }
        parts.sort_by_key(|(sample, _)| (sample.start_us, sample.end_us, sample.source));
        let (samples, uploads): (Vec<Sample>, Vec<u32>) = parts.into_iter().unzip();
        // Rings do not count steps; they stand for a number of which only the date is known.
        let id = match self.stated {
            Some(_) => "step_count",
            None => "active_energy_burned",
        };
        let summary = ActivitySummary {
            active_energy_kcal: self.stated.is_none().then_some(self.phone),
            ..ActivitySummary::default()
        };
        let sources = ["Apple Watch", "iPhone", "Work iPhone", "Pace"].map(Source::named);
        let evidence = [Evidence {
            id,
            unit: "1",
            samples: &samples,
            uploads: &uploads,
            deleted: &self.life.deleted,
            ranks: &Ranks::in_order(&self.order),
        }];
        let rows = reconcile(&Reconciling {
            date: date(2026, 11, 18),
            zones: &self.zones,
            sources: &sources,
            known: KnownOfPhone {
                evidence: &evidence,
                rings: Some(Rings {
                    summary: &summary,
                    source: SourceNo(PHONE),
                    upload: TOLD_BY,
                }),
            },
        });
        rows.into_iter().find(|row| row.metric == id)
    }
}

#[test]
fn the_cause_of_a_difference_is_the_fault() {
    let mut named: BTreeMap<(Fault, Option<Cause>), u32> = BTreeMap::new();
    for seed in 0..150 {
        for fault in Fault::ALL {
            let mut dice = Dice(seed * 31 + 7);
            let scene = Scene::with(fault, &mut dice);
            let row = scene.find().expect("the phone has a number");
            if fault == Fault::None {
                assert_eq!((row.difference, row.cause), (Some(0.0), None), "{row:?}");
            } else if row.difference == Some(0.0) {
                // What was late or deleted lay below something else.
                assert_eq!(row.cause, None, "{row:?}");
                continue;
            }
            assert!(row.second.is_none() || row.cause.is_some(), "{row:?}");
            // A second cause beside the right one is wrong too.
            let cause = row.cause.filter(|_| row.second.is_none());
            *named.entry((fault, cause)).or_default() += 1;
        }
    }
    let shown = format!("{named:#?}");
    for fault in Fault::ALL {
        let all: u32 = named
            .iter()
            .filter(|((of, _), _)| *of == fault)
            .map(|(_, count)| count)
            .sum();
        let right = named.get(&(fault, fault.cause())).copied().unwrap_or(0);
        assert!(all >= 100, "{fault:?} made a difference {all} times");
        assert!(
            f64::from(right) >= 0.95 * f64::from(all),
            "{fault:?}: {right} of {all} are right\n{shown}"
        );
    }
}

/// Faults at once, in the order in which they are made: what is late is not in the phone's number, what is
/// deleted here is.
const TWO: [[Fault; 2]; 6] = [
    [Fault::LateSamples, Fault::DeletedHere],
    [Fault::LateSamples, Fault::WrongRank],
    [Fault::DeletedHere, Fault::WrongRank],
    [Fault::OtherBorders, Fault::LateSamples],
    [Fault::OtherBorders, Fault::DeletedHere],
    [Fault::OtherBorders, Fault::WrongRank],
];

#[test]
fn of_two_faults_at_once_both_are_named() {
    let (mut right, mut all, mut wrong) = (0_u32, 0_u32, BTreeMap::new());
    for seed in 0..60 {
        for faults in TWO {
            let mut dice = Dice(seed * 53 + 11);
            let [first, second] = faults;
            let mut scene = Scene::with(first, &mut dice);
            let span = scene.stated.expect("stated borders");
            let before = scene.find().and_then(|row| row.ours);
            scene.inject(second, span, &mut dice);
            let row = scene.find().expect("the phone has a number");
            // Only where each of them makes a difference are there two.
            if before == row.ours && second != Fault::LateSamples {
                continue;
            }
            let expect = [first.cause(), second.cause()];
            let named = [row.cause, row.second.as_ref().map(|second| second.cause)];
            let is_one = row.second.is_none();
            if row.difference == Some(0.0) || (is_one && expect.contains(&row.cause)) {
                // One of the two lay below something else.
                continue;
            }
            all += 1;
            if named == expect || named == [expect[1], expect[0]] {
                right += 1;
            } else {
                *wrong.entry((faults, named)).or_insert(0_u32) += 1;
            }
        }
    }
    assert!(all >= 150, "{all} days had two causes");
    assert!(
        f64::from(right) >= 0.9 * f64::from(all),
        "{right} of {all}: {wrong:#?}"
    );
}

/// What is found of one metric of a day in UTC.
fn one(samples: &[Sample], rings: Option<&ActivitySummary>, id: &str) -> Option<Reconciled> {
    let uploads = vec![1; samples.len()];
    let sources = ["Apple Watch", "iPhone", "Work iPhone", "Pace"].map(Source::named);
    let evidence = [Evidence {
        id,
        unit: "1",
        samples,
        uploads: &uploads,
        deleted: &[],
        ranks: &Ranks::in_order(&[SourceNo(WATCH), SourceNo(PHONE)]),
    }];
    let rows = reconcile(&Reconciling {
        date: date(2026, 11, 18),
        zones: &home("UTC"),
        sources: &sources,
        known: KnownOfPhone {
            evidence: if samples.is_empty() { &[] } else { &evidence },
            rings: rings.map(|summary| Rings {
                summary,
                source: SourceNo(PHONE),
                upload: 1,
            }),
        },
    });
    rows.into_iter().find(|row| row.metric == id)
}

#[test]
fn rings_are_compared_and_a_ring_of_zero_says_nothing() {
    let rings = ActivitySummary {
        active_energy_kcal: Some(400.0),
        exercise_min: Some(0.0),
        stand_hours: Some(3.0),
        ..ActivitySummary::default()
    };
    // Two watches saw the person stand in the same hour, and one saw an hour without.
    let hour = |at: i64, code: f64, source| {
        sample(DAY + at * HOUR_US, DAY + (at + 1) * HOUR_US, code, source)
    };
    let stood = [
        hour(8, 0.0, WATCH),
        hour(8, 0.0, APP),
        hour(9, 0.0, WATCH),
        hour(10, 1.0, WATCH),
        hour(11, 0.0, WATCH),
    ];
    let found = one(&stood, Some(&rings), "apple_stand_hour").expect("a ring");
    assert_eq!((found.ours, found.cause), (Some(3.0), None), "{found:?}");
    assert_eq!(found.said_by, SaidBy::ActivityRings);
    let found = one(&[], Some(&rings), "active_energy_burned").expect("a ring");
    assert_eq!(
        (found.ours, found.difference, found.cause),
        (None, None, Some(Cause::Coverage)),
        "nothing is missing, not zero"
    );
    assert_eq!(one(&[], Some(&rings), "apple_exercise_time"), None);
    assert_eq!(one(&stood, None, "apple_stand_hour"), None);
}

#[test]
fn a_total_of_the_day_is_not_a_part_of_what_it_is_compared_with() {
    let walk = sample(DAY + 8 * HOUR_US, DAY + 9 * HOUR_US, 900.0, WATCH);
    let told = Sample {
        flags: Flags::AGGREGATED,
        ..sample(DAY, DAY + DAY_US, 2_000.0, APP)
    };
    let found = one(&[told, walk], None, "step_count").expect("a total");
    assert_eq!(
        (found.ours, found.phone, found.difference, found.cause),
        (Some(900.0), 2_000.0, Some(-1_100.0), Some(Cause::Coverage))
    );
    assert_eq!((&*found.source, found.said_by), ("Pace", SaidBy::DayTotal));
    // Without anything finer there is nothing to compare.
    assert_eq!(one(&[told], None, "step_count"), None);
    // More than the phone has, and no reason for it.
    let less = Sample {
        value: 100.0,
        ..told
    };
    let found = one(&[less, walk], None, "step_count").expect("a total");
    assert_eq!(found.cause, Some(Cause::Unexplained));
}
