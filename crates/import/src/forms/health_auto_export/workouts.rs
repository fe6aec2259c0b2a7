//! Workouts of both versions, with their routes and heart rates.

use model::record::{Workout, WorkoutStatistic};
use model::sample::{Flags, uid_of};
use model::workout;

use crate::entry;
use crate::forms::health_auto_export::period::{self, Period};
use crate::forms::health_auto_export::series::{self, add, extremes};
use crate::json::Json;
use crate::live::{
    Intake, Interval, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID, TYPE_MISSING, VALUE_MISSING,
    zone_of,
};
use crate::session::{self, Heading, known};

/// Which number of a metric a field is.
#[derive(Clone, Copy)]
enum Slot {
    Sum,
    Mean,
    Most,
}

/// Fields with a quantity: the app's name, the metric, which number, and the unit where none is told.
const FIELDS: [(&str, &str, Slot, &str); 16] = [
    ("intensity", "physical_effort", Slot::Mean, "MET"),
    ("elevationUp", "elevation_gained", Slot::Sum, "m"),
    ("avgHeartRate", "heart_rate", Slot::Mean, "bpm"),
    ("maxHeartRate", "heart_rate", Slot::Most, "bpm"),
    ("temperature", "ambient_temperature", Slot::Mean, "degC"),
    ("humidity", "relative_humidity", Slot::Mean, "%"),
    ("speed", "speed", Slot::Mean, "km/hr"),
    ("avgSpeed", "speed", Slot::Mean, "km/hr"),
    ("maxSpeed", "speed", Slot::Most, "km/hr"),
    ("stepCadence", "steps_cadence", Slot::Mean, "spm"),
    ("stepCount", "step_count", Slot::Sum, "count"),
    ("flightsClimbed", "flights_climbed", Slot::Sum, "count"),
    (
        "totalSwimmingStrokeCount",
        "swimming_stroke_count",
        Slot::Sum,
        "count",
    ),
    ("swimStrokes", "swimming_stroke_count", Slot::Sum, "count"),
    ("totalEnergy", "total_energy_burned", Slot::Sum, "kcal"),
    (
        "basalEnergyBurned",
        "basal_energy_burned",
        Slot::Sum,
        "kcal",
    ),
];

/// Takes a workout in.
pub(super) fn take(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let Some(name) = element.get("name").text() else {
        return intake.reject(place, "name", None, TYPE_MISSING);
    };
    let Some(start) = intake.moment(element.get("start")) else {
        return intake.reject(place, "start", None, TIME_INVALID);
    };
    let Some(end) = intake.moment(element.get("end")) else {
        return intake.reject(place, "end", None, TIME_INVALID);
    };
    let told = element.get("source").text().unwrap_or_default();
    let Some(source) = intake.source_named(told) else {
        return intake.reject(place, "source", None, NAMES_FULL);
    };
    let found = workout::by_name(name);
    let indoor = element.get("isIndoor").truth();
    let mut workout = Workout {
        activity: found.map_or(name, |found| found.id).to_owned(),
        duration_min: total(
            element,
            &["duration"],
            "apple_exercise_time",
            "s",
            place,
            intake,
        ),
        active_energy_kcal: total(
            element,
            &["activeEnergyBurned", "activeEnergy"],
            "active_energy_burned",
            "kcal",
            place,
            intake,
        ),
        distance_m: total(
            element,
            &["distance"],
            "distance_walking_running",
            "km",
            place,
            intake,
        ),
        indoor: indoor.or_else(|| workout::indoor_in_name(name)),
        statistics: statistics(element, place, intake),
        ..Workout::default()
    };
    for name in ["name", "location"] {
        if let Some(text) = element.get(name).text() {
            workout.metadata.push((name.to_owned(), text.to_owned()));
        }
    }
    let heading = Heading {
        at: Interval {
            start_us: start.at_us,
            end_us: end.at_us,
        },
        zone: zone_of(start.offset_min),
        source,
        uid: element.get("id").text().map(uid_of),
    };
    let route = session::route(element.get("route"), intake);
    session::send(heading, workout, route, place, intake);
    for list in ["heartRateData", "heartRateRecovery"] {
        heart_rates(element, list, place, intake);
    }
}

/// A quantity, or the sum of a list of them.
fn quantity(json: &Json<'_>, metric: &'static str, unit: &str) -> Option<f64> {
    let metric = known(metric);
    let Json::List(points) = json else {
        return session::quantity(json, metric, unit);
    };
    let parts = points
        .iter()
        .map(|point| session::quantity(point, metric, unit));
    let parts: Option<Vec<f64>> = parts.collect();
    parts
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.iter().sum())
}

fn total(
    element: &Json<'_>,
    names: &[&'static str],
    metric: &'static str,
    unit: &str,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Option<f64> {
    let (name, json) = element.named(names)?;
    let total = quantity(json, metric, unit).filter(|total| *total >= 0.0);
    let is_empty = matches!(json, Json::List(points) if points.is_empty());
    if total.is_none() && !is_empty {
        intake.reject(place, name, None, NOT_A_VALUE);
    }
    total
}

fn statistics(
    element: &Json<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Vec<WorkoutStatistic> {
    let mut statistics: Vec<WorkoutStatistic> = Vec::new();
    let mut put = |metric: &'static str, slot: Slot, value: f64| {
        let at = statistics.iter().position(|of| of.metric == metric);
        let at = at.unwrap_or_else(|| {
            statistics.push(session::statistic(known(metric)));
            statistics.len() - 1
        });
        let statistic = statistics.get_mut(at).expect("found or pushed above");
        match slot {
            Slot::Sum => statistic.sum = Some(value),
            Slot::Mean => statistic.mean = Some(value),
            Slot::Most => statistic.max = Some(value),
        }
    };
    for (name, metric, slot, unit) in FIELDS {
        // A list of means has no place here: its points are not of one length.
        let is_list = matches!(element.get(name), Json::List(_));
        if is_list && !matches!(slot, Slot::Sum) {
            continue;
        }
        if let Some(value) = total(element, &[name], metric, unit, place, intake) {
            put(metric, slot, value);
        }
    }
    let elevation = element.get("elevation");
    let unit = elevation.get("units").text().unwrap_or("m");
    if let Some(ascent) = quantity(elevation.get("ascent"), "elevation_gained", unit) {
        put("elevation_gained", Slot::Sum, ascent);
    }
    let heart_rate = element.get("heartRate");
    for (name, slot) in [("avg", Slot::Mean), ("max", Slot::Most)] {
        if let Some(value) = quantity(heart_rate.get(name), "heart_rate", "bpm") {
            put("heart_rate", slot, value);
        }
    }
    if let Some(least) = quantity(heart_rate.get("min"), "heart_rate", "bpm")
        && let Some(statistic) = statistics.iter_mut().find(|of| of.metric == "heart_rate")
    {
        statistic.min = Some(least);
    }
    statistics
}

/// Heart rates of a workout: raw with `qty`, merged with `Min`, `Avg` and `Max`.
fn heart_rates(
    element: &Json<'_>,
    list: &'static str,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let points = element.get(list).elements();
    let period = period::of_points(points, intake.context());
    for (index, point) in points.iter().enumerate() {
        if let Err((field, type_index, why)) = heart_rate(point, period, intake) {
            intake.reject(place, &format!("{list}/{index}/{field}"), type_index, why);
        }
    }
}

fn heart_rate(
    point: &Json<'_>,
    period: Option<Period>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let unit = point.get("units").text().unwrap_or("bpm");
    let to = intake
        .meaning_of(known("heart_rate"), unit)
        .ok_or(("units", None, NAMES_FULL))?;
    let type_index = Some(to.type_index);
    let is_merged = point.named(&["Avg", "Min", "Max"]).is_some();
    let period = period.filter(|_| is_merged);
    let frame = series::frame(point, period, intake).map_err(|(field, why)| (field, None, why))?;
    if is_merged {
        return extremes(point, to, frame, intake);
    }
    let value = point
        .get("qty")
        .number()
        .ok_or(("qty", type_index, VALUE_MISSING))?;
    add(to, value, frame, Flags::NONE, intake).map_err(|why| ("qty", type_index, why))
}
