//! The demo person's waking hours: walks that two devices count, heart rate, energy, sport, weight.

use jiff::civil::Weekday;
use model::record::{Body, Workout, WorkoutStatistic};
use model::sample::{HOUR_US, MINUTE_US, SECOND_US};

use crate::demo::chance::Chance;
use crate::demo::days::{Day, Sport, Stretch, Worn, at, zone_at};
use crate::demo::night::{every, tenths};
use crate::demo::pen::{Device, Pen};
use crate::demo::route::route;

/// Length of a slot in which the person does one thing.
const SLOT_MIN: i64 = 5;
/// Metres per step.
const STRIDE_M: f64 = 0.74;
/// Active energy of a step, kilocalories.
const STEP_KCAL: f64 = 0.041;
/// Energy at rest, kilocalories per hour.
const BASAL_KCAL_PER_HOUR: f64 = 71.5;
/// Steps in an hour from which the person counts as having stood.
const STANDING_STEPS: f64 = 60.0;

/// From waking to going to bed.
pub(super) fn day(pen: &mut Pen, day: &Day) {
    if day.worn == Worn::Nothing {
        return;
    }
    let watch = day.worn != Worn::PhoneOnly;
    let mut chance = Chance::of(day.date, "day", day.who);
    let mut hour = Hour::default();
    for slot_us in every(SLOT_MIN, (day.wake_us, day.bed_us)) {
        let steps = steps_in(day, slot_us, &mut chance);
        walk(pen, &mut chance, slot_us, steps, watch);
        if watch && day.second_watch && steps >= 1.0 {
            // It counts a little more, and a little later.
            let stretch = seconds(slot_us, 25, 230);
            count(pen, Device::Band, stretch, (steps * 1.06).round());
        }
        if watch {
            hour.add(pen, slot_us, steps);
        }
        if watch && !in_sport(day, slot_us) && !within(day.nap, slot_us) {
            heart(pen, &mut chance, slot_us, (day, steps));
        }
    }
    if watch {
        hour.write(pen);
        sport(pen, &mut chance, day);
        slow_measures(pen, &mut chance, day);
        light(pen, &mut Chance::of(day.date, "light", day.who), day);
    }
    if let Some(landing_us) = day.landing_us {
        pen.seen(landing_us, &day.evening);
    }
    if day.date.weekday() == Weekday::Monday {
        let at_us = at(&day.morning, day.date, 7 * 60 + 20);
        let kilograms = tenths(chance.around(74.2, 0.5));
        pen.sample("body_mass", Device::Hand, (at_us, at_us), kilograms);
    }
}

/// How many steps the person takes in a slot.
fn steps_in(day: &Day, slot_us: i64, chance: &mut Chance) -> f64 {
    let stroll = chance.between(20.0, 150.0);
    let idle = !chance.happens(if day.ill { 0.09 } else { 0.32 });
    let pace = chance.around(1.0, 0.04);
    if within(day.seated, slot_us) || within(day.nap, slot_us) {
        return 0.0;
    }
    if in_sport(day, slot_us) {
        let running = matches!(day.workout, Some((Sport::Running, _)));
        return if running {
            (160.0 * pace * SLOT_MIN as f64).round()
        } else {
            0.0
        };
    }
    let zone = zone_at(day, slot_us);
    let minute = (slot_us - at(zone, zone.date_at(slot_us), 0)).max(0) / MINUTE_US;
    let working = !day.touring
        && !day.ill
        && !matches!(day.date.weekday(), Weekday::Saturday | Weekday::Sunday)
        && day.seated.is_none();
    let per_minute = match minute {
        490..515 | 1_040..1_065 if working => 104.0,
        750..770 if working => 82.0,
        600..1_080 if day.touring => return (stroll * 2.6 * pace).round(),
        _ if idle => 0.0,
        _ => return stroll.round(),
    };
    (per_minute * pace * SLOT_MIN as f64).round()
}

/// Both devices count a walk, each a little differently and not at the very same seconds.
fn walk(pen: &mut Pen, chance: &mut Chance, slot_us: i64, steps: f64, watch: bool) {
    let (delay_s, length_s) = (chance.whole(0, 40), chance.whole(170, 255));
    let (phone_delay_s, phone_length_s) = (chance.whole(0, 40), chance.whole(150, 255));
    let (in_pocket, share) = (chance.happens(0.8), chance.between(0.86, 1.0));
    if steps < 1.0 {
        return;
    }
    if watch {
        count(
            pen,
            Device::Watch,
            seconds(slot_us, delay_s, length_s),
            steps,
        );
    }
    if in_pocket || !watch {
        let steps = (steps * share).round().max(1.0);
        count(
            pen,
            Device::Phone,
            seconds(slot_us, phone_delay_s, phone_length_s),
            steps,
        );
    }
}

fn seconds(slot_us: i64, delay_s: i64, length_s: i64) -> Stretch {
    let start_us = slot_us + delay_s * SECOND_US;
    (start_us, start_us + length_s * SECOND_US)
}

fn count(pen: &mut Pen, device: Device, stretch: Stretch, steps: f64) {
    pen.sample("step_count", device, stretch, steps);
    pen.sample(
        "distance_walking_running",
        device,
        stretch,
        tenths(steps * STRIDE_M),
    );
}

fn heart(pen: &mut Pen, chance: &mut Chance, slot_us: i64, (day, steps): (&Day, f64)) {
    let at_us = slot_us + chance.whole(0, 60) * SECOND_US;
    let fever_bpm = if day.ill { 9.0 } else { 0.0 };
    let rate_bpm = chance.around(68.0 + fever_bpm + 0.07 * steps, 5.0).round();
    pen.sample("heart_rate", Device::Watch, (at_us, at_us), rate_bpm);
    let slot = (slot_us, slot_us + SLOT_MIN * MINUTE_US);
    let active_kcal = tenths(0.4 + steps * STEP_KCAL);
    pen.sample("active_energy_burned", Device::Watch, slot, active_kcal);
}

/// Energy at rest over an hour.
pub(super) fn basal(pen: &mut Pen, hour_us: i64) {
    let hour = (hour_us, hour_us + HOUR_US);
    pen.sample(
        "basal_energy_burned",
        Device::Watch,
        hour,
        BASAL_KCAL_PER_HOUR,
    );
}

/// The hour that an instant is in.
pub(super) const fn hour_of(at_us: i64) -> i64 {
    at_us - at_us.rem_euclid(HOUR_US)
}

/// Sums an hour up, as the watch does for energy and standing.
#[derive(Default)]
struct Hour {
    start_us: Option<i64>,
    steps: f64,
}

impl Hour {
    fn add(&mut self, pen: &mut Pen, slot_us: i64, steps: f64) {
        let start_us = hour_of(slot_us);
        match self.start_us {
            Some(current_us) if current_us == start_us => self.steps += steps,
            Some(_) | None => {
                self.write(pen);
                (self.start_us, self.steps) = (Some(start_us), steps);
            }
        }
    }

    fn write(&self, pen: &mut Pen) {
        let Some(start_us) = self.start_us else {
            return;
        };
        basal(pen, start_us);
        let hour = (start_us, start_us + HOUR_US);
        // HealthKit's codes: 0 stood, 1 idle.
        let code = if self.steps >= STANDING_STEPS {
            0.0
        } else {
            1.0
        };
        pen.sample("apple_stand_hour", Device::Watch, hour, code);
    }
}

/// What the watch measures now and then.
fn slow_measures(pen: &mut Pen, chance: &mut Chance, day: &Day) {
    for at_us in every(190, (day.wake_us + HOUR_US, day.bed_us)) {
        let minute = (at_us, at_us + MINUTE_US);
        let usual_ms = if day.ill { 29.0 } else { 44.0 };
        let sdnn_ms = tenths(chance.around(usual_ms, 9.0));
        pen.sample(
            "heart_rate_variability_sdnn",
            Device::Watch,
            minute,
            sdnn_ms,
        );
        let percent = chance.around(97.4, 0.8).round().min(100.0);
        pen.sample("oxygen_saturation", Device::Watch, (at_us, at_us), percent);
    }
}

/// Light where the watch is: by day as the sun stands, in the evening a lamp.
fn light(pen: &mut Pen, chance: &mut Chance, day: &Day) {
    for at_us in every(15, (day.wake_us, day.bed_us)) {
        let zone = zone_at(day, at_us);
        let minute = (at_us - at(zone, zone.date_at(at_us), 0)) / MINUTE_US;
        let sun = (std::f64::consts::PI * (minute - 450) as f64 / 600.0)
            .sin()
            .max(0.0);
        let outdoors = chance.happens(if day.ill { 0.02 } else { 0.25 });
        let lux = if outdoors { 9_000.0 } else { 320.0 } * sun + 60.0;
        let lux = chance.around(lux, 0.2 * lux).round();
        pen.sample("ambient_light", Device::Watch, (at_us, at_us), lux);
    }
}

/// A workout: heart rate every twenty seconds, energy, exercise minutes and the record.
fn sport(pen: &mut Pen, chance: &mut Chance, day: &Day) {
    let Some((kind, stretch)) = day.workout else {
        return;
    };
    let (start_us, end_us) = stretch;
    let minutes = ((end_us - start_us) / MINUTE_US) as f64;
    let (activity, effort_bpm, kcal_per_min, metres_per_min, distance) = match kind {
        Sport::Running => ("running", 152.0, 11.2, 166.0, "distance_walking_running"),
        Sport::Cycling => ("cycling", 134.0, 8.4, 355.0, "distance_cycling"),
    };
    let mut rates = Vec::new();
    let mut at_us = start_us;
    while at_us < end_us {
        let warmed = ((at_us - start_us) as f64 / (6 * MINUTE_US) as f64).min(1.0);
        let rate_bpm = chance
            .around(88.0 + (effort_bpm - 88.0) * warmed, 4.0)
            .round();
        pen.sample("heart_rate", Device::Watch, (at_us, at_us), rate_bpm);
        rates.push(rate_bpm);
        at_us += 20 * SECOND_US;
    }
    for minute_us in every(1, stretch) {
        let minute = (minute_us, minute_us + MINUTE_US);
        let kcal = tenths(chance.around(kcal_per_min, 0.6));
        pen.sample("active_energy_burned", Device::Watch, minute, kcal);
        pen.sample("apple_exercise_time", Device::Watch, minute, 1.0);
        if kind == Sport::Cycling {
            let metres = tenths(chance.around(metres_per_min, 20.0));
            pen.sample("distance_cycling", Device::Watch, minute, metres);
        }
    }
    let energy_kcal = (kcal_per_min * minutes).round();
    let distance_m = (metres_per_min * minutes).round();
    let workout = Workout {
        activity: activity.to_owned(),
        duration_min: Some(minutes),
        active_energy_kcal: Some(energy_kcal),
        distance_m: Some(distance_m),
        indoor: Some(false),
        statistics: vec![
            statistic(distance, "m", Some(distance_m), &[]),
            statistic("heart_rate", "/min", None, &rates),
        ],
        ..Workout::default()
    };
    let zone = zone_at(day, start_us);
    pen.record(stretch, zone, Body::Workout(workout));
    let mut way = Chance::of(day.date, "route", day.who);
    route(pen, &mut way, zone, (stretch, metres_per_min / 60.0));
}

fn statistic(metric: &str, unit: &str, sum: Option<f64>, values: &[f64]) -> WorkoutStatistic {
    let count = values.len() as f64;
    let mean = (!values.is_empty()).then(|| tenths(values.iter().sum::<f64>() / count));
    WorkoutStatistic {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        sum,
        mean,
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
    }
}

fn in_sport(day: &Day, at_us: i64) -> bool {
    within(day.workout.map(|(_, stretch)| stretch), at_us)
}

fn within(stretch: Option<Stretch>, at_us: i64) -> bool {
    stretch.is_some_and(|(start_us, end_us)| (start_us..end_us).contains(&at_us))
}
