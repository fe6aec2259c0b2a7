//! Workouts, as pages of JSON.

use model::record::Workout;
use model::sample::uid_of;

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::json::Json;
use crate::live::{Interval, refusal};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, plain};
use crate::vendors::{Desk, clock};

const NO_LENGTH: Refusal = refusal(RejectCode::ValueMissing, "the workout has no duration");

/// A workout: the start is in UTC, distances in the unit that stands beside them, and the energy is the total.
pub(super) fn exercise(spot: Spot<'_>, element: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let start_us = element
        .get("startTime")
        .text()
        .and_then(clock::short_american);
    let Some(start_us) = start_us else {
        desk.refuse(spot, "startTime", None, TIME_MISSING);
        return;
    };
    let Some(length_ms) = plain(element.get("duration")) else {
        desk.refuse(spot, "duration", None, NO_LENGTH);
        return;
    };
    let active_ms = plain(element.get("activeDuration"));
    let metres = match element.get("distanceUnit").text() {
        Some("Kilometer") => Some(1_000.0),
        Some("Mile") => Some(1_609.344),
        Some("Meter") => Some(1.0),
        _ => None,
    };
    let number = |name: &str| plain(element.get(name)).filter(|value| *value > 0.0);
    let mut energy = session::statistic(session::known("total_energy_burned"));
    energy.sum = number("calories");
    let mut rate = session::statistic(session::known("heart_rate"));
    rate.mean = number("averageHeartRate");
    let mut steps = session::statistic(session::known("step_count"));
    steps.sum = number("steps");
    let statistics = [energy, rate, steps].into_iter();
    let workout = Workout {
        activity: session::activity(element.get("activityName"))
            .unwrap_or_else(|| "other".to_owned()),
        duration_min: active_ms.or(Some(length_ms)).map(|ms| ms / 60_000.0),
        distance_m: plain(element.get("distance"))
            .zip(metres)
            .map(|(distance, metres)| distance * metres)
            .filter(|distance| *distance > 0.0),
        statistics: statistics
            .filter(|one| one.sum.or(one.mean).is_some())
            .collect(),
        ..Workout::default()
    };
    let end_us = session::after(start_us, length_ms / 60_000.0);
    let id = elements::id(element.get("logId"));
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: None,
        source: desk.account(),
        uid: (!id.is_empty()).then(|| uid_of(&format!("fitbit/{id}"))),
    };
    desk.workout(spot, heading, workout);
}
