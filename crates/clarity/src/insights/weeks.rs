//! The checker over generated person-weeks in every language: what the templates write passes, what is planted is found.
//!
//! `make texts` counts 10,000 person-weeks; the test of every day takes fewer.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use analysis::daily::facts::Statement;

use crate::insights::check::{self, Fault, Support};
use crate::insights::cite::CitedFact;
use crate::insights::daily::{self, WORDINGS};
use crate::insights::examples::fact;
use crate::insights::language::{Language, Writing};
use crate::insights::support;
use crate::insights::written::Quantity;
use crate::person::profile::Units;

/// Person-weeks where nothing says how many.
const WEEKS: u64 = 40;
/// Days of a week.
const DAYS: u64 = 7;

/// Numbers that look random and are the same every time (splitmix64; Steele, Lea and Flood 2014,
/// 10.1145/2660193.2660195).
struct Draw(u64);

impl Draw {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }
}

/// What people have of a quantity: the least and most of their middles, and how far their days spread.
const fn of_people(quantity: Quantity) -> (f64, f64, f64) {
    match quantity {
        Quantity::Duration => (20.0, 560.0, 60.0),
        Quantity::Clock => (1_260.0, 1_560.0, 60.0),
        Quantity::Steps => (200.0, 25_000.0, 3_000.0),
        Quantity::Rate => (40.0, 90.0, 5.0),
        Quantity::Breaths => (11.0, 19.0, 1.5),
        Quantity::Energy => (50.0, 1_900.0, 200.0),
        Quantity::Milliseconds => (12.0, 110.0, 15.0),
        Quantity::Percent => (92.0, 98.0, 1.0),
        Quantity::Mass => (45.0, 140.0, 1.5),
    }
}

fn statement(id: &str) -> Statement {
    let mut all = analysis::daily::facts::all();
    let found = all.find(|(known, _)| *known == id);
    found.expect("every wording is of a fact").1
}

/// The facts of one day of a person: some without a value, some without a baseline, some far out.
fn day(draw: &mut Draw) -> Vec<CitedFact> {
    let mut facts = Vec::new();
    for wording in WORDINGS {
        if draw.share() < 0.2 {
            continue;
        }
        let (least, most, spread) = of_people(wording.quantity);
        let middle = draw.between(least, most);
        let low = (middle - draw.between(0.0, spread)).max(0.0);
        let high = middle + draw.between(0.0, spread);
        let wide = if draw.share() < 0.5 { 0.6 } else { 3.0 };
        let value = middle + draw.between(-wide, wide) * spread;
        let is_clock = wording.quantity == Quantity::Clock;
        let of_day = |value: f64| {
            if is_clock {
                value.rem_euclid(1_440.0)
            } else {
                value.max(0.0)
            }
        };
        let usual = [low, middle, high].map(of_day);
        let z = (value - middle) / spread * 2.0;
        let mut one = fact(wording.id, statement(wording.id), of_day(value), usual, z);
        one.difference = Some(value - middle);
        if draw.share() < 0.1 {
            (one.baseline, one.difference, one.robust_z) = (None, None, None);
        }
        facts.push(one);
    }
    facts
}

/// Faults that are planted in a text, and whether each is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Plant {
    WrongNumber,
    FlippedDirection,
    LeftPlaceholder,
}

/// What was counted in a language.
#[derive(Debug, Default)]
struct Counts {
    texts: u64,
    titles: u64,
    faults: BTreeMap<Fault, u64>,
    planted: BTreeMap<Plant, (u64, u64)>,
}

impl Counts {
    fn plant(&mut self, plant: Plant, found: Option<Fault>, expect: Fault) {
        let (planted, caught) = self.planted.entry(plant).or_default();
        *planted += 1;
        *caught += u64::from(found == Some(expect));
    }

    /// The faults that a text has as it is written, and those that are planted in it.
    fn sentence(&mut self, writing: Writing, fact: &CitedFact) {
        let text = daily::sentence(writing, fact).expect("every fact with a value has a sentence");
        let support = support(writing, fact);
        self.texts += 1;
        if let Some(fault) = check::fault(writing.language, &text, &support) {
            *self.faults.entry(fault).or_default() += 1;
        }
        self.wrong_number(writing, fact, &support);
        self.flipped(writing, fact, &support);
        let quantity = daily::wording_of(&fact.id).expect("a wording").quantity;
        let value = fact.value.and_then(|value| quantity.full(writing, value));
        let left = text.replacen(&value.expect("a written value"), "{ $value }", 1);
        let found = check::fault(writing.language, &left, &support);
        self.plant(Plant::LeftPlaceholder, found, Fault::Placeholder);
    }

    /// The text of another value held against the facts of this one.
    fn wrong_number(&mut self, writing: Writing, fact: &CitedFact, support: &Support) {
        let (_, most, _) = of_people(daily::wording_of(&fact.id).expect("a wording").quantity);
        let mut other = fact.clone();
        // Farther than rounding, and than any end of a usual range: 7 of 10 hours are no hour more, either.
        other.value = fact.value.map(|value| value + 2.0 * most + 17.0);
        if other.statement == Statement::ClockTime {
            let ends = fact.baseline.as_ref().and_then(|usual| usual.high);
            let after = ends.or(fact.value).expect("a time");
            let far = after.max(fact.value.expect("a time")) + 247.0;
            other.value = Some(far.rem_euclid(1_440.0));
        }
        let text = daily::sentence(writing, &other).expect("a sentence");
        let found = check::fault(writing.language, &text, support);
        self.plant(Plant::WrongNumber, found, Fault::Number);
    }

    /// A text that says the other side, its numbers all being of the facts.
    fn flipped(&mut self, writing: Writing, fact: &CitedFact, support: &Support) {
        let side = daily::side_of(writing, fact).filter(|side| side.is_ne());
        let (Some(side), Some(usual)) = (side, fact.baseline.as_ref()) else {
            return;
        };
        let (low, high) = (usual.low.expect("an end"), usual.high.expect("an end"));
        let flipped = match (fact.statement, side) {
            (Statement::ClockTime, Ordering::Less) => (high + 200.0).rem_euclid(1_440.0),
            (Statement::ClockTime, _) => (low - 200.0).rem_euclid(1_440.0),
            (_, Ordering::Less) => 2.0 * high + 10.0,
            (_, _) => low / 2.0,
        };
        let mut other = fact.clone();
        other.value = Some(flipped);
        if daily::side_of(writing, &other) != Some(side.reverse()) {
            return;
        }
        let text = daily::sentence(writing, &other).expect("a sentence");
        let mut support = support.clone();
        let quantity = daily::wording_of(&fact.id).expect("a wording").quantity;
        support.add(quantity, writing.units, flipped);
        let found = check::fault(writing.language, &text, &support);
        self.plant(Plant::FlippedDirection, found, Fault::Direction);
    }

    fn title(&mut self, writing: Writing, chosen: &[&CitedFact]) {
        let title = daily::title(writing, chosen).expect("a headline");
        let mut support = Support::default();
        let first = chosen
            .first()
            .and_then(|fact| daily::side_of(writing, fact));
        let is_news = ["title-none", "title-numbers"].iter().all(|id| {
            crate::insights::words::say(writing.language, id, &[]).as_deref() != Some(&title)
        });
        support.sides.extend(first.filter(|_| is_news));
        self.titles += 1;
        if let Some(fault) = check::fault(writing.language, &title, &support) {
            *self.faults.entry(fault).or_default() += 1;
        }
    }
}

fn weeks() -> u64 {
    let asked = std::env::vars().find(|(name, _)| name == "CLARITY_PERSON_WEEKS");
    let asked = asked.map(|(_, count)| count.parse().expect("a number of person-weeks"));
    asked.unwrap_or(WEEKS)
}

#[test]
fn every_number_and_direction_of_generated_weeks_is_of_its_facts() {
    let weeks = weeks();
    let mut counts: BTreeMap<Language, Counts> = BTreeMap::new();
    for week in 0..weeks {
        let mut draw = Draw(week);
        let units = if week % 3 == 0 {
            Units::Imperial
        } else {
            Units::Metric
        };
        for _ in 0..DAYS {
            let facts = day(&mut draw);
            for language in Language::ALL {
                let writing = Writing { language, units };
                let counts = counts.entry(language).or_default();
                let chosen = daily::choose(writing, &facts);
                for fact in &chosen {
                    counts.sentence(writing, fact);
                }
                counts.title(writing, &chosen);
            }
        }
    }
    println!("{weeks} person-weeks");
    for (language, counts) in &counts {
        println!("{}: {counts:?}", language.tag());
        assert!(counts.texts > 20 * weeks, "there were texts");
        assert_eq!(counts.faults, BTreeMap::new(), "{language:?}");
        assert_eq!(counts.planted.len(), 3, "{language:?}: {counts:?}");
        for (plant, (planted, caught)) in &counts.planted {
            assert_eq!(planted, caught, "{language:?}: {plant:?}");
            assert!(*planted > weeks, "{plant:?} was planted");
        }
    }
}
