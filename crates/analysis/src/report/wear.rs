//! Worn or not: the rule of a report, its mask on the epochs of the activity, and what it is called.
//!
//! One rule decides what is left out of the measures, where windows of rest end and which minutes count as
//! worn, so that all of them agree. The rules themselves are in [`crate::wear`] and [`crate::accel`].

use crate::outcome::{Insufficient, Outcome};
use crate::report::{HALF, Input};
use crate::series::{Combine, Ends, HOUR_S, MINUTE_S, Origin, Series};
use crate::wear::{choi, inactivity, troiano};

const STILL_S: u32 = 2 * HOUR_S; // customary length of a spurious stillness

/// How it is known that nobody wore the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wear<'a> {
    /// By the rule of Choi 2011, which was made for counts at the hip.
    Choi,
    /// By the rule of Choi with 180 minutes: asleep, a wrist is often still for 90.
    ChoiLong,
    /// By the rule of Troiano 2008.
    Troiano,
    /// Two hours or more without any movement.
    Stillness,
    /// By a mask on the epochs of the activity, as the stillness of raw acceleration gives it.
    Seen(&'a [bool]),
    /// By a mask on the epochs of the activity of what the device's own sensor or its program says.
    Device(&'a [bool]),
    /// Not at all: no rule fits what the activity measures.
    Unknown,
}

impl Wear<'_> {
    /// Name of the rule in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Choi => "choi_90",
            Self::ChoiLong => "choi_180",
            Self::Troiano => "troiano",
            Self::Stillness => "stillness",
            Self::Seen(_) => "van_hees_2013",
            Self::Device(_) => "device",
            Self::Unknown => "unknown",
        }
    }
}

/// What becomes of the epochs at which the device was not worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unworn {
    /// They are missing for every measure.
    LeftOut,
    /// They stay: the measures take the recording as it is, like the tools they are compared with.
    Kept,
}

/// Marks the epochs that were recorded and not worn.
pub(super) fn mask(input: &Input<'_>) -> Result<Vec<bool>, Insufficient> {
    let series = input.activity;
    let by = |rule: fn(&Series) -> Outcome<Vec<bool>>| match minutes(series) {
        Ok(minutes) => {
            Insufficient::unless("minutes that are present", 1, minutes.present())?;
            let marked = rule(&minutes)?.value;
            Ok(on_epochs(series, minutes.start_s(), &marked))
        }
        // Epochs that do not divide a minute are judged as they are.
        Err(_) => Ok(rule(series)?.value),
    };
    match input.wear {
        Wear::Choi => by(|minutes| choi::nonwear(minutes, &choi::CHOI_2011)),
        Wear::ChoiLong => by(|minutes| choi::nonwear(minutes, &choi::WRIST)),
        Wear::Troiano => by(|minutes| troiano::nonwear(minutes, &troiano::TROIANO_2008)),
        Wear::Stillness => {
            let least = series.epochs_in(STILL_S)?;
            Ok(inactivity::mask(series, least, f64::MIN_POSITIVE))
        }
        Wear::Seen(off) | Wear::Device(off) => Ok(off.to_vec()),
        Wear::Unknown => {
            let of = "rule of wear that fits what the activity measures";
            Err(Insufficient::new(of, 1.0, 0.0))
        }
    }
}

/// Minutes of the clock, or the epochs where they do not divide a minute: 1 where at least half of what
/// is present was worn, else 0, missing where nothing was recorded.
pub(super) fn worn_unless(off: &[bool], series: &Series) -> Result<Series, Insufficient> {
    let epochs = series.values().iter().zip(off);
    let worn = epochs.map(|(value, &off)| match value {
        missing if missing.is_nan() => f64::NAN,
        _ => f64::from(u8::from(!off)),
    });
    let worn = Series::new(series.start_s(), series.step_s(), worn.collect());
    let minutes = worn.resampled(
        MINUTE_S,
        Origin::Midnight,
        Ends::Partial,
        Combine::MeanWhere(HALF),
    );
    let worn = minutes.unwrap_or(worn);
    Insufficient::unless("minutes that are present", 1, worn.present())?;
    Ok(worn.map(|share| match share {
        missing if missing.is_nan() => missing,
        share => f64::from(u8::from(share >= HALF)),
    }))
}

/// Sums of the minutes of the clock; of those cut by the ends too.
pub(super) fn minutes(series: &Series) -> Result<Series, Insufficient> {
    series.resampled(
        MINUTE_S,
        Origin::Midnight,
        Ends::Partial,
        Combine::SumWhere(HALF),
    )
}

/// A mask of minutes from `start_s` on the epochs of a series.
fn on_epochs(series: &Series, start_s: i64, minutes: &[bool]) -> Vec<bool> {
    let minute_of = |index| (series.time_s(index) - start_s) / i64::from(MINUTE_S);
    let marked = (0..series.len()).map(|index| {
        let minute = usize::try_from(minute_of(index)).ok();
        minute
            .and_then(|minute| minutes.get(minute))
            .copied()
            .unwrap_or(false)
    });
    marked.collect()
}
