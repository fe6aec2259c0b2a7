//! Values that stand for missing ones: what the quantity of a channel cannot be, and the numbers that programs
//! write in place of a value.
//!
//! It works on whole recordings, so that every format is treated alike. It must never change a value into another,
//! and tells with a note what it took for missing.

use super::{Channel, Damage, Damages, Quantity, Recording};

/// Numbers that programs write for "no value", from 999 to the largest of 16 and 32 bits.
const MARKERS: [f64; 9] = [
    999.0,
    9_999.0,
    99_999.0,
    999_999.0,
    9_999_999.0,
    32_767.0,
    65_535.0,
    2_147_483_647.0,
    4_294_967_295.0,
];

/// A marker is at least so many times the next lower value; counts between are what people do.
const MARKER_AHEAD: f64 = 2.0;

/// A marker below this must stand more than once: one such count may be one.
const LONE_MARKER_MIN: f64 = 10_000.0;

/// Heart rates of living people, per minute.
const HEART_RATE: std::ops::RangeInclusive<f64> = 20.0..=250.0;

/// Temperatures of a device that somebody wears or lost, in degrees Celsius. Sensors report -127 or 999.
const TEMPERATURE_CEL: std::ops::RangeInclusive<f64> = -40.0..=85.0;

/// Steps per second; the fastest runners make five.
const STEPS_PER_S_MAX: f64 = 10.0;

/// Makes what stands for a missing value missing, with a note for each channel.
pub(crate) fn clear(recording: &mut Recording) {
    for channel in &mut recording.channels {
        clear_channel(channel, &mut recording.damages);
    }
}

fn clear_channel(channel: &mut Channel, damages: &mut Damages) {
    let marker = marker(channel);
    let steps_max = STEPS_PER_S_MAX * f64::from(channel.epoch_s);
    let quantity = channel.quantity;
    let cannot_be = |value: f64| match quantity {
        Quantity::Activity | Quantity::Light | Quantity::LightBand => value < 0.0,
        Quantity::Steps => value < 0.0 || value > steps_max,
        Quantity::HeartRate => !HEART_RATE.contains(&value),
        Quantity::Temperature => !TEMPERATURE_CEL.contains(&value),
        Quantity::DeviceScore | Quantity::Event | Quantity::WearSensor | Quantity::Other => false,
    };
    let mut count = 0_u64;
    for value in &mut channel.values {
        let is_marker = marker.is_some_and(|marker| *value >= marker);
        if !value.is_nan() && (is_marker || cannot_be(*value)) {
            *value = f64::NAN;
            count += 1;
        }
    }
    if count == 0 {
        return;
    }
    damages.push(Damage {
        code: "not_a_value",
        byte: 0,
        line: None,
        message: format!(
            "{count} values of the column {} cannot be what it measures, or are a number that stands for missing; \
             they were taken as missing",
            channel.name
        ),
    });
}

/// The number that stands for a missing value in a channel of amounts, if there is one.
fn marker(channel: &Channel) -> Option<f64> {
    let is_count = matches!(channel.quantity, Quantity::Activity | Quantity::Steps);
    let is_light = matches!(channel.quantity, Quantity::Light | Quantity::LightBand);
    if !(is_count || is_light) {
        return None;
    }
    let (mut most, mut next, mut times) = (f64::NEG_INFINITY, f64::NEG_INFINITY, 0_u64);
    for value in channel
        .values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
    {
        if value > most {
            (next, most, times) = (most, value, 1);
        } else if value.total_cmp(&most).is_eq() {
            times += 1;
        } else if value > next {
            next = value;
        }
    }
    // A sensor of light may well end at the largest number of its bits.
    let is_known =
        MARKERS.contains(&most) && !(is_light && [32_767.0, 65_535.0, 999.0].contains(&most));
    let is_ahead = next > f64::NEG_INFINITY && most >= MARKER_AHEAD * next.max(1.0);
    let is_sure = times > 1 || most >= LONE_MARKER_MIN;
    (is_known && is_ahead && is_sure).then_some(most)
}
