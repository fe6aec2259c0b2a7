//! Workouts as live bodies tell them: the parts that several formats share, and the form that apps
//! post beside HealthKit samples.
//!
//! A total that cannot be read is left out with a note; the workout itself is kept.

use model::metric::{self, Metric};
use model::record::{Body, Record, Route, Workout, WorkoutEvent, WorkoutStatistic};
use model::sample::{MINUTE_US, Uid, uid_of};
use model::source::SourceNo;
use model::unit::Percent;
use model::workout;

use crate::batch::RejectCode;
use crate::json::Json;
use crate::live::{
    Intake, Interval, MALFORMED, NAMES_FULL, NOT_A_VALUE, Place, TIME_INVALID, TYPE_MISSING,
    metadata, refusal, zone_of,
};

/// Points of a route: a point a second for two days.
const POINTS_MAX: usize = 200_000;

/// What every form of a workout begins with.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub(crate) at: Interval,
    pub(crate) zone: Option<String>,
    pub(crate) source: SourceNo,
    pub(crate) uid: Option<Uid>,
}

/// Adds a workout and its route.
pub(crate) fn send(
    heading: Heading,
    workout: Workout,
    route: Option<Route>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    let key = intake.source_key(heading.source);
    let Interval { start_us, end_us } = heading.at;
    let record = Record {
        start_us,
        end_us,
        zone: heading.zone.clone(),
        source: heading.source,
        uid: heading.uid,
        identity: format!("{}|{start_us}|{end_us}|{key}", workout.activity),
        body: Body::Workout(workout),
    };
    if let Err(why) = intake.add_record(record) {
        return intake.reject(place, "start", None, why);
    }
    let Some(route) = route else { return };
    let (Some(first), Some(last)) = (route.at_us.first(), route.at_us.last()) else {
        return;
    };
    let (start_us, end_us) = (*first.min(last), *first.max(last));
    let record = Record {
        start_us,
        end_us,
        zone: heading.zone,
        source: heading.source,
        uid: None,
        identity: format!("inline|{start_us}|{end_us}|{key}"),
        body: Body::Route(route),
    };
    if let Err(why) = intake.add_record(record) {
        intake.reject(place, "route", None, why);
    }
}

/// A quantity in the canonical unit of a metric: a number, or an object with its unit.
/// `unit` is the one of a bare number.
pub(crate) fn quantity(json: &Json<'_>, metric: &Metric, unit: &str) -> Option<f64> {
    let value = json.unwrapped(&["qty", "value", "quantity", "sum"]);
    let unit = json.first_of(&["units", "unit"]).text().unwrap_or(unit);
    let conversion = metric.conversion_with(unit, Percent::Points).ok()?;
    let value = conversion.apply(value.number()?);
    value.is_finite().then_some(value)
}

/// What a workout says about a metric of the catalogue; the values are canonical.
pub(crate) fn statistic(metric: &Metric) -> WorkoutStatistic {
    WorkoutStatistic {
        metric: metric.id.to_owned(),
        unit: metric.unit.ucum().to_owned(),
        ..WorkoutStatistic::default()
    }
}

/// The metric with an id that this program names itself.
pub(crate) fn known(id: &'static str) -> &'static Metric {
    metric::by_id(id).expect("the id of a row of the catalogue")
}

/// The activity's id, or the text as it came.
pub(crate) fn activity(json: &Json<'_>) -> Option<String> {
    let number = json.number().map(|raw| raw.to_string());
    let text = json.text().map(str::to_owned).or(number)?;
    let kinds = ["workout", "HKWorkoutTypeIdentifier"];
    let found = workout::by_name(&text).map(|activity| activity.id.to_owned());
    let is_kind = kinds.contains(&text.as_str());
    (!is_kind).then(|| found.unwrap_or(text))
}

/// The points of a route; those without place or time are left out.
pub(crate) fn route(points: &Json<'_>, intake: &Intake<'_, '_, '_>) -> Option<Route> {
    let mut route = Route::default();
    for point in points.elements().iter().take(POINTS_MAX) {
        let number = |names: &[&'static str]| {
            let number = point.first_of(names).number();
            number.filter(|number| number.is_finite())
        };
        let latitude = number(&["latitude", "lat"]).filter(|deg| deg.abs() <= 90.0);
        let longitude = number(&["longitude", "lon", "lng"]).filter(|deg| deg.abs() <= 180.0);
        let at = intake.moment(point.first_of(&["timestamp", "time", "date"]));
        let (Some(latitude), Some(longitude), Some(at)) = (latitude, longitude, at) else {
            continue;
        };
        route.at_us.push(at.at_us);
        route.latitude_deg.push(latitude);
        route.longitude_deg.push(longitude);
        route
            .elevation_m
            .push(number(&["altitude", "altitudeM", "elevation"]));
        route.speed_m_s.push(number(&["speed", "speedMS"]));
        route.course_deg.push(number(&["course", "bearing"]));
        let horizontal = number(&[
            "horizontalAccuracy",
            "horizontalAccuracyM",
            "horizontal_accuracy",
        ]);
        route.horizontal_accuracy_m.push(horizontal);
        let vertical = number(&["verticalAccuracy", "verticalAccuracyM", "vertical_accuracy"]);
        route.vertical_accuracy_m.push(vertical);
    }
    (!route.at_us.is_empty()).then_some(route)
}

const ACTIVITY: [&str; 9] = [
    "workout_activity_type",
    "workoutActivityType",
    "activity_type",
    "activityType",
    "workout_type",
    "workoutType",
    "identifier",
    "name",
    "type",
];
const START: [&str; 4] = ["start_date", "startDate", "start_time", "start"];
const END: [&str; 4] = ["end_date", "endDate", "end_time", "end"];
const ENERGY: [&str; 6] = [
    "total_energy_burned",
    "totalEnergyBurned",
    "active_energy_burned",
    "activeEnergyBurned",
    "energy_burned",
    "calories",
];
const DISTANCE: [&str; 3] = ["total_distance", "totalDistance", "distance"];

/// Takes a workout of the HealthKit form: durations in seconds, energy in kilocalories and distances
/// in metres where no unit is named.
pub(crate) fn take(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    if element.members().is_empty() {
        return intake.reject(place, "", None, MALFORMED);
    }
    let named = ACTIVITY.iter().find_map(|name| activity(element.get(name)));
    let Some(activity) = named else {
        return intake.reject(place, "workout_activity_type", None, TYPE_MISSING);
    };
    let Some(start) = intake.moment(element.first_of(&START)) else {
        return intake.reject(place, "start_date", None, TIME_INVALID);
    };
    let duration = read_duration(element, place, intake);
    let end = element.first_of(&END);
    let end_us = match (intake.moment(end), duration) {
        (Some(end), _) => end.at_us,
        (None, Some(duration_min)) if end.is_null() => after(start.at_us, duration_min),
        (None, _) => return intake.reject(place, "end_date", None, TIME_INVALID),
    };
    let source = element.first_of(&["source_name", "sourceName", "source"]);
    let name = source
        .unwrapped(&["name", "source_name"])
        .text()
        .unwrap_or_default();
    let Some(source) = intake.source_named(name) else {
        return intake.reject(place, "source", None, NAMES_FULL);
    };
    let told = element.get("metadata");
    let zone = told.get("HKTimeZone").text().map(str::to_owned);
    let zone = zone.filter(|zone| intake.seen_zone(start.at_us, zone).is_some());
    let zone = zone.or_else(|| zone_of(start.offset_min));
    let workout = content(element, activity, duration, place, intake);
    let id = element.first_of(&["uuid", "UUID", "id"]).text();
    let heading = Heading {
        at: Interval {
            start_us: start.at_us,
            end_us,
        },
        zone,
        source,
        uid: id.map(uid_of),
    };
    let route = route(element.first_of(&["route", "locations"]), intake);
    send(heading, workout, route, place, intake);
}

/// What the element says about the workout itself.
fn content(
    element: &Json<'_>,
    activity: String,
    duration_min: Option<f64>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Workout {
    let told = element.get("metadata");
    let indoor = told.get("HKIndoorWorkout").truth();
    Workout {
        activity,
        duration_min,
        active_energy_kcal: total(
            element,
            &ENERGY,
            "active_energy_burned",
            "kcal",
            place,
            intake,
        ),
        distance_m: total(
            element,
            &DISTANCE,
            "distance_walking_running",
            "m",
            place,
            intake,
        ),
        indoor: element
            .first_of(&["is_indoor", "isIndoor", "indoor"])
            .truth()
            .or(indoor),
        statistics: statistics(element.get("statistics"), place, intake),
        events: events(
            element.first_of(&["workout_events", "workoutEvents", "events"]),
            intake,
        ),
        metadata: metadata(told),
        ..Workout::default()
    }
}

/// The instant some minutes later.
pub(crate) fn after(start_us: i64, minutes: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond the range becomes its end, which no sample may have"
    )]
    let length_us = (minutes * MINUTE_US as f64).round() as i64;
    start_us.saturating_add(length_us)
}

fn read_duration(
    element: &Json<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Option<f64> {
    let minutes = ["duration_min", "duration_minutes", "durationMinutes"];
    let (name, json, unit) = if let Some((name, json)) = element.named(&minutes) {
        (name, json, "min")
    } else {
        let (name, json) = element.named(&["duration", "duration_seconds", "durationSeconds"])?;
        let unit = element.first_of(&["duration_unit", "durationUnit"]);
        (name, json, unit.text().unwrap_or("s"))
    };
    let duration = quantity(json, known("apple_exercise_time"), unit).filter(|min| *min >= 0.0);
    if duration.is_none() {
        intake.reject(place, name, None, NOT_A_VALUE);
    }
    duration
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
    let beside = [format!("{name}_unit"), format!("{name}Unit")];
    let beside = beside.iter().find_map(|name| element.get(name).text());
    let total = quantity(json, known(metric), beside.unwrap_or(unit)).filter(|total| *total >= 0.0);
    if total.is_none() {
        let why = refusal(
            RejectCode::ValueInvalid,
            "the total is not a number in a unit that measures it; the workout was kept without it",
        );
        intake.reject(place, name, None, why);
    }
    total
}

/// `[{type, sum, average, minimum, maximum, unit}]`, or an object of such by type.
fn statistics(
    json: &Json<'_>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Vec<WorkoutStatistic> {
    let by_type = json
        .members()
        .iter()
        .map(|(name, value)| (Some(name.as_ref()), value));
    let listed = json.elements().iter().map(|value| {
        let name = value.first_of(&["type", "identifier", "quantity_type"]);
        (name.text(), value)
    });
    let mut statistics = Vec::new();
    for (name, value) in by_type.chain(listed) {
        let unit = value
            .first_of(&["unit", "units"])
            .text()
            .unwrap_or_default();
        let Some(metric) = name.and_then(metric::by_name) else {
            continue;
        };
        let unit = if unit.is_empty() {
            metric.unit.ucum()
        } else {
            unit
        };
        let Ok(conversion) = metric.conversion(unit) else {
            intake.reject(place, "statistics", None, crate::live::UNIT_UNKNOWN);
            continue;
        };
        let number = |names: &[&'static str]| {
            let number = value.first_of(names).number()?;
            Some(conversion.apply(number)).filter(|number| number.is_finite())
        };
        let mut of_metric = statistic(metric);
        of_metric.sum = number(&["sum", "total"]);
        of_metric.mean = number(&["average", "avg", "mean"]);
        of_metric.min = number(&["minimum", "min"]);
        of_metric.max = number(&["maximum", "max"]);
        statistics.push(of_metric);
    }
    statistics
}

fn events(json: &Json<'_>, intake: &Intake<'_, '_, '_>) -> Vec<WorkoutEvent> {
    let read = |event: &Json<'_>| {
        let kind = event.first_of(&["type", "event", "event_type"]);
        let by_raw = kind.number().and_then(event_of_raw).map(str::to_owned);
        let kind = by_raw.or_else(|| kind.text().map(event_of_name))?;
        let at = intake.moment(event.first_of(&["date", "start_date", "startDate", "start"]))?;
        Some(WorkoutEvent {
            event: kind,
            at_us: at.at_us,
            duration_min: quantity(event.get("duration"), known("apple_exercise_time"), "s"),
        })
    };
    json.elements().iter().filter_map(read).collect()
}

/// The raw values of HealthKit's `HKWorkoutEventType`.
fn event_of_raw(raw: f64) -> Option<&'static str> {
    const EVENTS: [&str; 8] = [
        "pause",
        "resume",
        "lap",
        "marker",
        "motion_paused",
        "motion_resumed",
        "segment",
        "pause_or_resume_request",
    ];
    let codes = (1_u8..).zip(EVENTS);
    codes
        .into_iter()
        .find(|(code, _)| f64::from(*code).to_bits() == raw.to_bits())
        .map(|(_, event)| event)
}

/// `HKWorkoutEventTypeMotionPaused` is `motion_paused`.
fn event_of_name(name: &str) -> String {
    let name = name.trim_start_matches("HKWorkoutEventType");
    let mut event = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() && !event.is_empty() && !event.ends_with('_') {
            event.push('_');
        }
        event.extend(c.to_lowercase());
    }
    event
}
