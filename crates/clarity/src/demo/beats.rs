//! The demo person's heart beat by beat: an electrocardiogram on Mondays and Thursdays, and each night a minute of
//! beats. The shape of a beat is a sum of five bells (after `McSharry` et al. 2003); it is drawn, not measured.

use jiff::civil::Weekday;
use model::record::{Body, Ecg, HeartbeatSeries};
use model::sample::{MINUTE_US, SECOND_US};

use crate::demo::chance::Chance;
use crate::demo::days::{Day, Worn, at};
use crate::demo::pen::Pen;

/// Voltages per second, as watches record them.
const SAMPLING_HZ: i64 = 512;
/// Length of an electrocardiogram.
const ECG_S: i64 = 30;
/// Breaths per second, with which the heart quickens and slows.
const BREATHS_PER_S: f64 = 0.24;
/// The waves of a beat: place in seconds from the R peak, height in microvolts, width in seconds.
const WAVES: [(f64, f64, f64); 5] = [
    (-0.17, 110.0, 0.024),  // P
    (-0.035, -90.0, 0.009), // Q
    (0.0, 950.0, 0.010),    // R
    (0.032, -210.0, 0.010), // S
    (0.25, 240.0, 0.055),   // T
];

/// What was recorded beat by beat on a day.
pub(super) fn of_day(pen: &mut Pen, day: &Day) {
    let mut chance = Chance::of(day.date, "beats", day.who);
    if matches!(day.worn, Worn::Both | Worn::WatchByDay)
        && matches!(day.date.weekday(), Weekday::Monday | Weekday::Thursday)
    {
        ecg(pen, &mut chance, day);
    }
    if day.worn == Worn::Both {
        minute(pen, &mut chance, day);
    }
}

fn ecg(pen: &mut Pen, chance: &mut Chance, day: &Day) {
    let start_us = at(&day.morning, day.date, 9 * 60 + chance.whole(0, 40));
    let rate_bpm = if day.ill { 78.0 } else { 66.0 } + chance.around(0.0, 4.0);
    let peaks_s = beats(chance, rate_bpm, ECG_S as f64 + 1.0);
    let voltage_uv = (0..ECG_S * SAMPLING_HZ).map(|index| {
        let time_s = index as f64 / SAMPLING_HZ as f64;
        let beat: f64 = peaks_s.iter().map(|peak_s| wave(time_s - peak_s)).sum();
        // The arm moves a little, and the sensor rustles.
        let drift = 22.0 * (std::f64::consts::TAU * 0.11 * time_s).sin();
        ((beat + drift + chance.around(0.0, 6.0)) * 1_000.0).round() / 1_000.0
    });
    let body = Ecg {
        classification: Some("Sinus Rhythm".to_owned()),
        sampling_hz: SAMPLING_HZ as f64,
        lead: Some("I".to_owned()),
        heart_rate_bpm: Some(rate_bpm.round()),
        voltage_uv: voltage_uv.collect(),
        ..Ecg::default()
    };
    let stretch = (start_us, start_us + ECG_S * SECOND_US);
    pen.record(stretch, &day.morning, Body::Ecg(body));
}

/// A minute of beats, an hour before waking.
fn minute(pen: &mut Pen, chance: &mut Chance, day: &Day) {
    let start_us = day.wake_us - 60 * MINUTE_US;
    let rate_bpm = if day.ill { 64.0 } else { 54.0 } + chance.around(0.0, 2.0);
    let beats_s = beats(chance, rate_bpm, 60.0);
    let at_us = |beat_s: &f64| start_us + hundredths(*beat_s) * (SECOND_US / 100);
    let rates = beats_s.windows(2).filter_map(|pair| match pair {
        [before, after] => Some(60.0 / (after - before)),
        _ => None,
    });
    let mut series = HeartbeatSeries {
        at_us: beats_s.iter().map(at_us).collect(),
        rate_bpm: rates.map(f64::round).collect(),
    };
    let last = series.rate_bpm.last().copied().unwrap_or(rate_bpm.round());
    series.rate_bpm.push(last);
    let stretch = (start_us, start_us + MINUTE_US);
    pen.record(stretch, &day.morning, Body::HeartbeatSeries(series));
}

/// Hundredths of a second, as watches print them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a minute has six thousand of them"
)]
fn hundredths(seconds: f64) -> i64 {
    (seconds * 100.0).round() as i64
}

/// Seconds of the beats before `length_s`.
fn beats(chance: &mut Chance, rate_bpm: f64, length_s: f64) -> Vec<f64> {
    let mut found = Vec::new();
    let mut at_s = chance.between(0.2, 0.7);
    while at_s < length_s {
        found.push(at_s);
        let breath = (std::f64::consts::TAU * BREATHS_PER_S * at_s).sin();
        at_s += 60.0 / rate_bpm * (1.0 + 0.045 * breath + chance.around(0.0, 0.012));
    }
    found
}

/// Microvolts at a time from the R peak.
fn wave(from_peak_s: f64) -> f64 {
    if from_peak_s.abs() > 0.6 {
        return 0.0;
    }
    let bell = |(place_s, height_uv, width_s): (f64, f64, f64)| {
        let far = (from_peak_s - place_s) / width_s;
        height_uv * (-0.5 * far * far).exp()
    };
    WAVES.into_iter().map(bell).sum()
}
