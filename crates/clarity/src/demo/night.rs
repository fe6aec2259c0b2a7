//! The demo person's sleep: stages of a night and of naps, and what the watch measures meanwhile.

use model::category::SleepStage;
use model::sample::{HOUR_US, MINUTE_US};

use crate::demo::body::{basal, hour_of};
use crate::demo::chance::Chance;
use crate::demo::days::{Day, Stretch, Worn};
use crate::demo::pen::{Device, Pen};

/// Minutes from the start of one sleep cycle to the next.
const CYCLE_MIN: i64 = 92;

/// The night between two days, and the naps of the second.
pub(super) fn sleep(pen: &mut Pen, evening: &Day, day: &Day) {
    let mut chance = Chance::of(day.date, "night", day.who);
    if evening.worn != Worn::Nothing && day.worn != Worn::Nothing {
        let in_bed = (
            evening.bed_us,
            day.wake_us + chance.whole(2, 12) * MINUTE_US,
        );
        stage(pen, Device::Phone, in_bed, SleepStage::InBed);
    }
    let worn_at_night = |day: &Day| day.worn == Worn::Both;
    if worn_at_night(evening) && worn_at_night(day) {
        let onset_us = evening.bed_us + chance.whole(6, 24) * MINUTE_US;
        stages(pen, &mut chance, Device::Watch, (onset_us, day.wake_us));
        if evening.second_watch && day.second_watch {
            // Another watch of the same night: it notices sleep later and waking earlier.
            let mut other = Chance::of(day.date, "band", day.who);
            let seen = (onset_us + 11 * MINUTE_US, day.wake_us - 6 * MINUTE_US);
            stages(pen, &mut other, Device::Band, seen);
        }
        vitals(pen, &mut chance, (onset_us, day.wake_us), day);
        let first_us = hour_of(evening.bed_us - 1) + HOUR_US;
        for hour_us in every(60, (first_us, hour_of(day.wake_us))) {
            basal(pen, hour_us);
        }
        // Sleep is the one thing that the phone prints with the name of its zone.
        pen.seen(day.wake_us, &day.morning);
        pen.seen(onset_us, &evening.evening);
    }
    if let Some((start_us, end_us)) = day.nap
        && matches!(day.worn, Worn::Both | Worn::WatchByDay)
    {
        let falling_us = start_us + chance.whole(3, 9) * MINUTE_US;
        stage(pen, Device::Watch, (falling_us, end_us), SleepStage::Core);
        for at_us in every(5, (falling_us, end_us)) {
            let rate_bpm = chance.around(57.0, 2.0).round();
            pen.sample("heart_rate", Device::Watch, (at_us, at_us), rate_bpm);
        }
    }
}

/// Stages until waking: deep sleep early, more dreaming late, short wakes between cycles.
fn stages(pen: &mut Pen, chance: &mut Chance, device: Device, (onset_us, wake_us): Stretch) {
    let mut at_us = onset_us;
    let mut cycle = 0;
    while at_us < wake_us {
        let deep_min = (36 - 11 * cycle).max(0) + chance.whole(0, 8);
        let rem_min = 9 + 7 * cycle + chance.whole(0, 9);
        let awake_min = if cycle > 0 { chance.whole(0, 6) } else { 0 };
        let core_min = (CYCLE_MIN - deep_min - rem_min - awake_min).max(20);
        let plan = [
            (SleepStage::Awake, awake_min),
            (SleepStage::Core, core_min / 2),
            (SleepStage::Deep, deep_min),
            (SleepStage::Core, core_min - core_min / 2),
            (SleepStage::Rem, rem_min),
        ];
        for (kind, minutes) in plan {
            let end_us = (at_us + minutes * MINUTE_US).min(wake_us);
            if end_us > at_us {
                stage(pen, device, (at_us, end_us), kind);
            }
            at_us = end_us;
        }
        cycle += 1;
    }
}

fn stage(pen: &mut Pen, device: Device, stretch: Stretch, stage: SleepStage) {
    pen.sample("sleep_analysis", device, stretch, f64::from(stage.code()));
}

/// Heart, breathing, oxygen and skin while asleep.
fn vitals(pen: &mut Pen, chance: &mut Chance, asleep: Stretch, day: &Day) {
    let length = (asleep.1 - asleep.0).max(1) as f64;
    let fever = if day.ill { 1.0 } else { 0.0 };
    for at_us in every(5, asleep) {
        let through = (at_us - asleep.0) as f64 / length;
        // Falls towards the last third of the night and rises before waking.
        let dip = 5.0 * (std::f64::consts::PI * through.powf(1.4)).sin();
        let rate_bpm = chance.around(58.0 + fever * 9.0 - dip, 2.5).round();
        pen.sample("heart_rate", Device::Watch, (at_us, at_us), rate_bpm);
    }
    for at_us in every(15, asleep) {
        let breaths = tenths(chance.around(14.6 + fever * 2.1, 0.8));
        pen.sample(
            "respiratory_rate",
            Device::Watch,
            (at_us, at_us + MINUTE_US),
            breaths,
        );
    }
    for at_us in every(30, asleep) {
        let percent = chance.around(96.4, 1.0).round().min(100.0);
        pen.sample("oxygen_saturation", Device::Watch, (at_us, at_us), percent);
    }
    for at_us in every(110, asleep) {
        let sdnn_ms = tenths(chance.around(58.0 - fever * 19.0, 11.0));
        let minute = (at_us, at_us + MINUTE_US);
        pen.sample(
            "heart_rate_variability_sdnn",
            Device::Watch,
            minute,
            sdnn_ms,
        );
    }
    let celsius = (chance.around(35.6 + fever * 0.9, 0.25) * 100.0).round() / 100.0;
    pen.sample(
        "apple_sleeping_wrist_temperature",
        Device::Watch,
        asleep,
        celsius,
    );
    // The watch sums the rest of the body up in the morning, from the night before.
    let resting_bpm = chance.around(56.0 + fever * 9.0, 1.8).round();
    let summed = (day.wake_us, day.wake_us + HOUR_US);
    pen.sample("resting_heart_rate", Device::Watch, summed, resting_bpm);
}

/// Instants every so many minutes within a stretch.
pub(super) fn every(minutes: i64, (start_us, end_us): Stretch) -> impl Iterator<Item = i64> {
    let step_us = minutes * MINUTE_US;
    let count = ((end_us - start_us) / step_us).max(0);
    (0..count).map(move |index| start_us + index * step_us)
}

/// Rounds to one decimal, as devices print.
pub(super) fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
