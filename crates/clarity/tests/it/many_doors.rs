//! Two days of a person who is generated from a seed. What the person corrects or deletes is a later version of
//! those days.

/// 2026-11-17T23:00:00Z: midnight of the 18th in Berlin.
pub(crate) const MIDNIGHT_MS: i64 = 1_794_956_400_000;
pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Numbers that follow from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = i64::try_from(self.0 >> 33).expect("31 bits");
        high % bound
    }
}

/// What HealthKit holds about one measurement.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) uuid: String,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) value: i64,
}

/// Two days of a person, as their phone has them.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) steps: Vec<Fact>,
    pub(crate) water: Vec<Fact>,
    pub(crate) heart: Vec<Fact>,
    pub(crate) night: Vec<Fact>,
    pub(crate) workout: Option<Fact>,
    /// Objects that are gone, each with what Life Dashboard calls its kind.
    pub(crate) gone: Vec<(&'static str, String)>,
    /// How often something was changed.
    pub(crate) version: i64,
}

/// How the phone keeps a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correction {
    /// The object is deleted and another one written.
    AnotherObject,
    /// The object has another value.
    AnotherValue,
}

impl Life {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut uuid = 0;
        let mut fact = |start_ms, length_ms, value| {
            uuid += 1;
            Fact {
                uuid: format!("{seed:08X}-0000-4000-8000-{uuid:012X}"),
                start_ms,
                end_ms: start_ms + length_ms,
                value,
            }
        };
        let workout = fact(MIDNIGHT_MS + 17 * HOUR_MS + 437, 31 * MINUTE_MS + 475, 0);
        let mut life = Self {
            steps: Vec::new(),
            water: Vec::new(),
            heart: Vec::new(),
            night: Vec::new(),
            workout: Some(workout),
            gone: Vec::new(),
            version: 0,
        };
        for day in 0..2 {
            let mut at_ms = MIDNIGHT_MS + day * DAY_MS + 7 * HOUR_MS + dice.below(HOUR_MS);
            while at_ms < MIDNIGHT_MS + day * DAY_MS + 22 * HOUR_MS {
                let length_ms = 20_000 + dice.below(9 * MINUTE_MS);
                life.steps.push(fact(at_ms, length_ms, 1 + dice.below(900)));
                at_ms += length_ms + 3_000 + dice.below(HOUR_MS);
            }
            for hour in [8, 13, 19] {
                let at_ms = MIDNIGHT_MS + day * DAY_MS + hour * HOUR_MS + dice.below(HOUR_MS);
                life.water.push(fact(at_ms, 0, 200 + 50 * dice.below(3)));
                life.heart.push(fact(at_ms, 0, 55 + dice.below(60)));
            }
        }
        // From 23:30 on the first day until the morning of the second.
        let mut at_ms = MIDNIGHT_MS + 23 * HOUR_MS + 30 * MINUTE_MS + 437;
        for stage in [3, 4, 3, 5, 3, 4, 5, 3] {
            let length_ms = (20 + dice.below(60)) * MINUTE_MS;
            life.night.push(fact(at_ms, length_ms, stage));
            at_ms += length_ms;
        }
        life
    }

    /// These days after some measurements of the second one were corrected to more, or to less.
    pub(crate) fn corrected(&self, how: Correction, by: i64) -> Self {
        let mut life = self.clone();
        life.version += 1;
        let lists = [
            ("steps", &mut life.steps),
            ("hydration", &mut life.water),
            ("heart_rate", &mut life.heart),
        ];
        for (kind, facts) in lists {
            let second_day = facts
                .iter()
                .position(|fact| fact.start_ms >= MIDNIGHT_MS + DAY_MS)
                .expect("a second day");
            for fact in facts.iter_mut().skip(second_day).step_by(2) {
                // A heart rate stays one that somebody can have.
                let by = if kind == "heart_rate" {
                    by.signum()
                } else {
                    by
                };
                fact.value = (fact.value + by).max(1);
                if how == Correction::AnotherObject {
                    life.gone.push((kind, fact.uuid.clone()));
                    fact.uuid
                        .replace_range(9..13, &format!("{:04X}", life.version));
                }
            }
        }
        life
    }

    /// These days after the fourth walk, the second glass and the run were deleted.
    pub(crate) fn without_some(&self) -> Self {
        let mut life = self.clone();
        life.version += 1;
        life.gone.push(("steps", life.steps.remove(3).uuid));
        life.gone.push(("hydration", life.water.remove(1).uuid));
        let run = life.workout.take().expect("nobody deleted it yet");
        life.gone.push(("exercise", run.uuid));
        life
    }

    /// A day's sums of some facts, as whole numbers.
    pub(crate) fn days(facts: &[Fact]) -> Vec<(i64, i64)> {
        sums(facts, DAY_MS)
            .into_iter()
            .map(|(at_ms, sum)| (at_ms, whole(sum)))
            .collect()
    }

    /// When the phone says it: later versions later.
    pub(crate) fn told_ms(&self, at_ms: i64) -> i64 {
        at_ms + self.version * 10 * MINUTE_MS
    }
}

pub(crate) fn whole(sum: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
    let whole = sum.round() as i64;
    whole
}

/// What of some facts lies inside a time: the part of each by its length.
pub(crate) fn inside(facts: &[Fact], from_ms: i64, until_ms: i64) -> f64 {
    let part = |fact: &Fact| {
        let length_ms = fact.end_ms - fact.start_ms;
        if length_ms == 0 {
            return f64::from(u8::from((from_ms..until_ms).contains(&fact.start_ms)));
        }
        let shared = fact.end_ms.min(until_ms) - fact.start_ms.max(from_ms);
        shared.max(0) as f64 / length_ms as f64
    };
    let parts = facts.iter().map(|fact| fact.value as f64 * part(fact));
    parts.sum()
}

/// What a phone says about each interval that has something.
pub(crate) fn sums(facts: &[Fact], unit_ms: i64) -> Vec<(i64, f64)> {
    (0..2 * DAY_MS / unit_ms)
        .map(|at| MIDNIGHT_MS + at * unit_ms)
        .map(|from_ms| (from_ms, inside(facts, from_ms, from_ms + unit_ms)))
        .filter(|(_, sum)| *sum > 0.0)
        .collect()
}
