//! Oxygen saturation asleep: the desaturation index, and the share of the night below 90 %.

use model::sample::{SECOND_US, Sample};

use super::{
    CardioInput, ODI_DEPTH, OXYGEN_ODI, OXYGEN_T90, SATURATION_LOW, Slots, is_within, mid_us, raw,
};
use crate::daily::measure::Measure;
use crate::daily::series::in_order;
use crate::heart::saturation;
use crate::maths::describe;
use crate::series::Series;

/// Desaturations per hour of the main sleep, where saturation was sampled every few seconds.
pub(super) fn desaturations(input: &CardioInput<'_>) -> Measure {
    let Some(night) = input.night() else {
        return Measure::missing(OXYGEN_ODI, "no_main_sleep", 0);
    };
    let samples = in_order(input.oxygen_saturation);
    let asleep: Vec<&Sample> = raw(&samples)
        .filter(|sample| is_within(input.asleep, mid_us(sample)))
        .collect();
    let steps: Vec<f64> = asleep
        .windows(2)
        .map(|pair| (mid_us(pair[1]) - mid_us(pair[0])) as f64 / SECOND_US as f64)
        .collect();
    if asleep.is_empty() {
        return Measure::missing(OXYGEN_ODI, "no_samples_asleep", 0).on(night);
    }
    let step_s = u32::try_from(describe::round_to_whole(describe::median(&steps)).max(1));
    let Ok(step_s) = step_s else {
        return Measure::missing(OXYGEN_ODI, "sampling_too_sparse", asleep.len()).on(night);
    };
    let step_us = i64::from(step_s) * SECOND_US;
    let epochs = usize::try_from((night.end_us - night.start_us) / step_us).unwrap_or(0) + 1;
    let mut values = vec![f64::NAN; epochs];
    for sample in &asleep {
        let index = usize::try_from((mid_us(sample) - night.start_us) / step_us);
        if let Some(slot) = index.ok().and_then(|index| values.get_mut(index)) {
            *slot = sample.value;
        }
    }
    let series = Series::new(0, step_s, values);
    let measure = match saturation::desaturation_index(&series, ODI_DEPTH) {
        Ok(found) => Measure::of(OXYGEN_ODI, found.value, asleep.len()).covering(found.coverage),
        Err(lacking) if lacking.of.starts_with("seconds") => {
            Measure::missing(OXYGEN_ODI, "sampling_too_sparse", asleep.len())
        }
        Err(_) => Measure::missing(OXYGEN_ODI, "too_few_samples", asleep.len()),
    };
    measure.on(night)
}

/// Share of the slots asleep with low saturation.
pub(super) fn t90(input: &CardioInput<'_>) -> Measure {
    let Some(span) = input.night() else {
        return Measure::missing(OXYGEN_T90, "no_main_sleep", 0);
    };
    let asleep = |at_us| is_within(input.asleep, at_us);
    let slots = Slots::of(input.oxygen_saturation, span, asleep, |_| true);
    let measure = if slots.n == 0 {
        Measure::missing(OXYGEN_T90, "no_samples_asleep", 0)
    } else if slots.lacks_data() || slots.coverage() < 0.5 {
        Measure::missing(OXYGEN_T90, "sampling_too_sparse", slots.n)
    } else {
        let low = slots
            .filled()
            .filter(|value| *value < SATURATION_LOW)
            .count();
        Measure::of(
            OXYGEN_T90,
            100.0 * low as f64 / slots.filled().count() as f64,
            slots.n,
        )
    };
    slots.around(measure)
}
