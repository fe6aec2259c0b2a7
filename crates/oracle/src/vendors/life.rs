//! The person: where they were, and what they did, in whole seconds. On the days around a journey nothing was worn.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::export::Chance;

/// Whom to invent.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The same seed gives the same person.
    pub seed: u64,
    /// Where they live, and where they are from later dates on, by IANA names.
    pub places: &'a [(Date, &'a str)],
    /// First local day.
    pub start: Date,
    /// Local days.
    pub days: u16,
}

/// A stage of sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Awake.
    Awake,
    /// Light sleep.
    Light,
    /// Slow-wave sleep.
    Deep,
    /// Rapid-eye-movement sleep.
    Rem,
}

/// A part of a night.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// Its stage.
    pub stage: Stage,
    /// Its length in seconds.
    pub length_s: i64,
}

/// A night without gaps.
#[derive(Debug, Clone)]
pub struct Night {
    /// When it begins.
    pub start_s: i64,
    /// Its parts, end to end.
    pub pieces: Vec<Piece>,
}

impl Night {
    /// When it ends.
    pub fn end_s(&self) -> i64 {
        self.start_s + self.pieces.iter().map(|piece| piece.length_s).sum::<i64>()
    }

    /// Its parts with beginning and end.
    pub fn spans(&self) -> Vec<(Stage, i64, i64)> {
        let mut at_s = self.start_s;
        let spans = self.pieces.iter().map(|piece| {
            let from_s = at_s;
            at_s += piece.length_s;
            (piece.stage, from_s, at_s)
        });
        spans.collect()
    }
}

/// A run.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// When it begins.
    pub start_s: i64,
    /// Its length in seconds.
    pub length_s: i64,
    /// Its distance in metres.
    pub distance_m: u32,
    /// Its energy in kilocalories.
    pub energy_kcal: u32,
    /// Its mean heart rate.
    pub rate: u32,
}

/// A person who does not exist.
#[derive(Debug)]
pub struct Life {
    /// The seed.
    pub seed: u64,
    /// From when on they were where; the first place holds before.
    places: Vec<(i64, String, TimeZone)>,
    /// Local days, in order, and the one after.
    pub days: Vec<Date>,
    /// Steps of minutes by their beginning, in order.
    pub steps: BTreeMap<i64, u32>,
    /// Heart rates of instants, in order.
    pub beats: Vec<(i64, u32)>,
    /// Hundredths of a kilocalorie of minutes by their beginning, in order.
    pub energy: Vec<(i64, u32)>,
    /// Weights in grams.
    pub weights: Vec<(i64, u32)>,
    /// Nights, in order.
    pub nights: Vec<Night>,
    /// Runs, in order.
    pub runs: Vec<Run>,
}

impl Life {
    /// Invents a person.
    ///
    /// # Panics
    /// Panics on a zone that nobody knows, or without a place.
    pub fn of(plan: &Plan<'_>) -> Self {
        let zone = |name: &str| TimeZone::get(name).expect("a zone of the IANA database");
        let changes = plan.places.iter().map(|(date, name)| {
            let noon = date.yesterday().expect("a day before").at(12, 0, 0, 0);
            let noon = noon.to_zoned(TimeZone::UTC).expect("a time");
            (noon.timestamp().as_second(), (*name).to_owned(), zone(name))
        });
        let mut life = Self {
            seed: plan.seed,
            places: changes.collect(),
            days: Vec::new(),
            steps: BTreeMap::new(),
            beats: Vec::new(),
            energy: Vec::new(),
            weights: Vec::new(),
            nights: Vec::new(),
            runs: Vec::new(),
        };
        let mut chance = Chance(plan.seed);
        let mut was_worn = false;
        for number in 0..plan.days {
            let date = plan.start + i64::from(number).days();
            let journeys = plan.places.iter().skip(1);
            let is_worn = journeys.map(|(day, _)| *day).all(|day| {
                let away = (date - day).get_days();
                !(-3..=2).contains(&away)
            });
            life.days.push(date);
            if is_worn {
                life.day(date, was_worn, &mut chance);
            }
            was_worn = is_worn;
        }
        // A day that the last walk may reach into.
        life.days.push(plan.start + i64::from(plan.days).days());
        life
    }

    fn place(&self, at_s: i64) -> &(i64, String, TimeZone) {
        let until = self.places.partition_point(|(from_s, ..)| *from_s <= at_s);
        let place = self.places.get(until.saturating_sub(1));
        place.expect("there is a first place")
    }

    /// Instants from which on the person was in a zone, by its name; the first holds before too.
    pub fn whereabouts(&self) -> Vec<(i64, &str)> {
        let places = self.places.iter();
        places
            .map(|(from_s, name, _)| (*from_s, name.as_str()))
            .collect()
    }

    /// What the person's clock showed.
    pub fn local(&self, at_s: i64) -> DateTime {
        self.place(at_s).2.to_datetime(stamp(at_s))
    }

    /// The person's date.
    pub fn date(&self, at_s: i64) -> Date {
        self.local(at_s).date()
    }

    /// Minutes east of UTC.
    pub fn offset_min(&self, at_s: i64) -> i32 {
        self.place(at_s).2.to_offset(stamp(at_s)).seconds() / 60
    }

    /// The offset as `+02:00`.
    pub fn offset(&self, at_s: i64) -> String {
        let minutes = self.offset_min(at_s);
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// The instant at which the person's clock shows a time of a day on which they were in one place.
    ///
    /// # Panics
    /// Panics on a date beyond the calendar.
    pub fn at(&self, local: DateTime) -> i64 {
        let noon = local.date().at(12, 0, 0, 0);
        let utc = noon.to_zoned(TimeZone::UTC).expect("a time").timestamp();
        let (_, _, zone) = self.place(utc.as_second());
        let zoned = local.to_zoned(zone.clone()).expect("a time");
        zoned.timestamp().as_second()
    }

    /// Steps of each local day.
    pub fn steps_by_day(&self) -> BTreeMap<Date, f64> {
        let mut days: BTreeMap<Date, f64> = BTreeMap::new();
        for (at_s, steps) in &self.steps {
            *days.entry(self.date(*at_s)).or_default() += f64::from(*steps);
        }
        days
    }

    /// Minutes of each stage by the local day of waking.
    pub fn nights_by_day(&self) -> BTreeMap<Date, BTreeMap<Stage, f64>> {
        let mut days: BTreeMap<Date, BTreeMap<Stage, f64>> = BTreeMap::new();
        for night in &self.nights {
            let stages = days.entry(self.date(night.end_s())).or_default();
            for piece in &night.pieces {
                *stages.entry(piece.stage).or_default() += piece.length_s as f64 / 60.0;
            }
        }
        days
    }

    fn day(&mut self, date: Date, was_worn: bool, chance: &mut Chance) {
        let low = |limit: u32, chance: &mut Chance| i64::from(chance.below(limit));
        let midnight_s = self.at(date.at(0, 0, 0, 0));
        let next_s = self.at(date.tomorrow().expect("a day after").at(0, 0, 0, 0));
        for hour in [7, 9, 12, 14, 18, 20] {
            if chance.below(4) > 0 {
                let from_s = self.at(date.at(hour, 0, 0, 0)) + 60 * low(40, chance);
                self.walk(from_s, 1 + low(19, chance), chance);
            }
        }
        // Through every hour of a short or long night, and over midnight.
        if next_s - midnight_s != 86_400 {
            self.walk(midnight_s + 3_600, 240, chance);
        } else if chance.below(6) == 0 {
            self.walk(next_s - 600, 20, chance);
        }
        let mut at_s = midnight_s;
        while at_s < next_s {
            self.beats
                .push((at_s + low(60, chance), 50 + chance.below(90)));
            self.energy.push((at_s, 100 + chance.below(400)));
            at_s += 1_800;
        }
        if chance.below(3) == 0 {
            let start_s = self.at(date.at(16, 0, 0, 0)) + low(600, chance);
            let length_s = 1_200 + low(2_000, chance);
            self.runs.push(Run {
                start_s,
                length_s,
                distance_m: 3_000 + chance.below(9_000),
                energy_kcal: 200 + chance.below(600),
                rate: 120 + chance.below(50),
            });
        }
        if chance.below(5) == 0 {
            let at_s = self.at(date.at(6, 45, 0, 0)) + low(600, chance);
            self.weights.push((at_s, 60_000 + chance.below(20_000)));
        }
        if was_worn && chance.below(12) > 0 {
            self.night(date, chance);
        }
    }

    fn walk(&mut self, from_s: i64, minutes: i64, chance: &mut Chance) {
        for minute in 0..minutes {
            if chance.below(5) > 0 {
                let steps = 1 + chance.below(130);
                self.steps.insert(from_s + 60 * minute, steps);
            }
        }
    }

    fn night(&mut self, date: Date, chance: &mut Chance) {
        const CYCLE: [Stage; 6] = [
            Stage::Light,
            Stage::Deep,
            Stage::Light,
            Stage::Rem,
            Stage::Awake,
            Stage::Light,
        ];
        let bed = date.yesterday().expect("a day before").at(22, 20, 0, 0);
        let start_s = self.at(bed) + 60 * i64::from(chance.below(90));
        let mut left_s = 30 * (760 + i64::from(chance.below(240)));
        let mut pieces = Vec::new();
        for stage in CYCLE.into_iter().cycle() {
            let most = if stage == Stage::Awake { 18 } else { 90 };
            let length_s = (120 + 30 * i64::from(chance.below(most))).min(left_s);
            pieces.push(Piece { stage, length_s });
            left_s -= length_s;
            if left_s == 0 {
                break;
            }
        }
        self.nights.push(Night { start_s, pieces });
    }
}

/// The instant.
pub(crate) fn stamp(at_s: i64) -> Timestamp {
    Timestamp::from_second(at_s).expect("a time of these years")
}
