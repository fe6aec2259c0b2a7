//! `Workout` elements: totals as attributes (until iOS 15) or as statistics, events, parts, routes.
//!
//! The statistics of a part are contained in those of its workout; they are never added up.

use model::record::{
    Body, Metadata, Route, Workout, WorkoutActivity, WorkoutEvent, WorkoutStatistic,
};

use crate::apple::gpx::{POINTS_MAX, Point, push_point, route_record};
use crate::apple::reading::{Heading, Reading, identity};
use crate::apple::scan::Tag;
use crate::apple::text::{decode, snake_case};
use crate::apple::types::metric;

const ACTIVE_ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";
const DISTANCE: &str = "HKQuantityTypeIdentifierDistanceWalkingRunning";
const DISTANCES: &str = "HKQuantityTypeIdentifierDistance";

/// Attributes of a workout that have a field of their own or tell nothing of the workout.
const READ: [&[u8]; 14] = [
    b"workoutActivityType",
    b"duration",
    b"durationUnit",
    b"totalDistance",
    b"totalDistanceUnit",
    b"totalEnergyBurned",
    b"totalEnergyBurnedUnit",
    b"sourceName",
    b"sourceVersion",
    b"device",
    b"creationDate",
    b"startDate",
    b"endDate",
    b"sourceRevision",
];

/// A workout whose end is to come.
#[derive(Debug)]
pub(crate) struct OpenWorkout {
    heading: Option<Heading>,
    zone: Option<String>,
    workout: Workout,
    total_energy_kcal: Option<f64>,
    total_distance_m: Option<f64>,
    route: Option<Route>,
    inside: Vec<Inside>,
}

/// Which child element is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Activity,
    Event,
    Route,
}

impl Inside {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Activity => b"WorkoutActivity",
            Self::Event => b"WorkoutEvent",
            Self::Route => b"WorkoutRoute",
        }
    }
}

impl OpenWorkout {
    pub(crate) fn begin(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Self {
        let heading = Heading::read(tag, reading);
        let activity = decode(tag.get(b"workoutActivityType").unwrap_or_default());
        let rest = tag.attributes().filter(|(name, _)| !READ.contains(name));
        let metadata = rest.map(|(name, value)| pair(name, value)).collect();
        Self {
            heading,
            zone: None,
            workout: Workout {
                activity: activity_name(&activity),
                duration_min: minutes(tag),
                metadata,
                ..Workout::default()
            },
            total_energy_kcal: total(
                tag,
                b"totalEnergyBurned",
                b"totalEnergyBurnedUnit",
                ACTIVE_ENERGY,
            ),
            total_distance_m: total(tag, b"totalDistance", b"totalDistanceUnit", DISTANCE),
            route: None,
            inside: Vec::new(),
        }
    }

    pub(crate) const fn heading(&self) -> Option<Heading> {
        self.heading
    }

    /// Takes in a child element; false when it is not known.
    pub(crate) fn child(&mut self, tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> bool {
        match tag.name {
            b"MetadataEntry" => self.metadata(tag, reading),
            b"WorkoutStatistics" => self.statistic(tag),
            b"WorkoutEvent" => {
                let event = event(tag, reading);
                match (self.inside.last(), self.workout.activities.last_mut()) {
                    (Some(Inside::Activity), Some(activity)) => activity.events.extend(event),
                    _ => self.workout.events.extend(event),
                }
                self.enter(Inside::Event, tag);
            }
            b"WorkoutActivity" => {
                self.workout.activities.extend(activity(tag, reading));
                self.enter(Inside::Activity, tag);
            }
            b"WorkoutRoute" => {
                self.enter(Inside::Route, tag);
            }
            b"FileReference" => {
                if let Some(path) = tag.get(b"path") {
                    self.workout.routes.push(archive_path(&decode(path)));
                }
            }
            b"Location" => self.location(tag, reading),
            _ => return false,
        }
        true
    }

    /// Leaves a child element.
    pub(crate) fn close(&mut self, name: &[u8], reading: &mut Reading<'_, '_>) {
        if let Some(at) = self.inside.iter().rposition(|inside| inside.name() == name) {
            if self.inside.get(at) == Some(&Inside::Route) {
                self.send_route(reading);
            }
            self.inside.truncate(at);
        }
    }

    fn enter(&mut self, inside: Inside, tag: &Tag<'_>) {
        // Real ones nest two deep; a deeper one tells nothing.
        if !tag.empty && self.inside.len() < 8 {
            self.inside.push(inside);
        }
    }

    fn metadata(&mut self, tag: &Tag<'_>, reading: &mut Reading<'_, '_>) {
        let (key, value) = (
            tag.get(b"key").unwrap_or_default(),
            tag.get(b"value").unwrap_or_default(),
        );
        match self.inside.last() {
            None => match key {
                b"HKTimeZone" => {
                    let at_us = self.heading.map_or(0, |heading| heading.start_us);
                    let zone = reading.zone(value, at_us);
                    self.zone = zone.map(|zone| zone.name().to_owned());
                }
                b"HKIndoorWorkout" if value == b"1" => self.workout.indoor = Some(true),
                b"HKIndoorWorkout" if value == b"0" => self.workout.indoor = Some(false),
                _ => self.workout.metadata.push(pair(key, value)),
            },
            Some(Inside::Activity) => {
                if let Some(activity) = self.workout.activities.last_mut() {
                    activity.metadata.push(pair(key, value));
                }
            }
            Some(Inside::Event | Inside::Route) => {}
        }
    }

    fn statistic(&mut self, tag: &Tag<'_>) {
        let Some((identifier, statistic)) = statistic(tag) else {
            return;
        };
        match (self.inside.last(), self.workout.activities.last_mut()) {
            (None, _) => {
                if let Some(sum) = statistic.sum {
                    if identifier == ACTIVE_ENERGY {
                        add(&mut self.workout.active_energy_kcal, sum);
                    } else if identifier.starts_with(DISTANCES) && statistic.unit == "m" {
                        add(&mut self.workout.distance_m, sum);
                    }
                }
                self.workout.statistics.push(statistic);
            }
            (Some(Inside::Activity), Some(activity)) => activity.statistics.push(statistic),
            (Some(_), _) => {}
        }
    }

    /// A point of a route as iOS printed it before it wrote files.
    fn location(&mut self, tag: &Tag<'_>, reading: &mut Reading<'_, '_>) {
        let number = |name: &[u8]| tag.get(name).and_then(|text| fast_float2::parse(text).ok());
        let at = tag.get(b"date").and_then(|text| reading.dates.read(text));
        let route = self.route.get_or_insert_default();
        let (Some(at), Some(latitude_deg), Some(longitude_deg)) =
            (at, number(b"latitude"), number(b"longitude"))
        else {
            return;
        };
        if route.at_us.len() < POINTS_MAX {
            push_point(
                route,
                Point {
                    at_us: at.at_us,
                    latitude_deg,
                    longitude_deg,
                    elevation_m: number(b"altitude"),
                    speed_m_s: number(b"speed"),
                    course_deg: number(b"course"),
                    horizontal_accuracy_m: number(b"horizontalAccuracy"),
                    vertical_accuracy_m: number(b"verticalAccuracy"),
                },
            );
        }
    }

    fn send_route(&mut self, reading: &mut Reading<'_, '_>) {
        let (Some(route), Some(heading)) = (self.route.take(), self.heading) else {
            return;
        };
        let source = reading.sources.key(heading.source).to_owned();
        if let Some(mut record) = route_record(route, heading.source) {
            record.identity = identity(&[
                "inline",
                &record.start_us.to_string(),
                &record.end_us.to_string(),
                &source,
            ]);
            reading.record(heading.position, record);
        }
    }

    /// Sends the workout.
    pub(crate) fn finish(mut self, reading: &mut Reading<'_, '_>) {
        self.send_route(reading);
        let Some(heading) = self.heading else {
            return;
        };
        let mut workout = self.workout;
        workout.active_energy_kcal = workout.active_energy_kcal.or(self.total_energy_kcal);
        workout.distance_m = workout.distance_m.or(self.total_distance_m);
        let identity = identity(&[
            &workout.activity,
            &heading.start_us.to_string(),
            &heading.end_us.to_string(),
            reading.sources.key(heading.source),
        ]);
        let mut record = heading.record(identity, Body::Workout(workout));
        record.zone = self.zone;
        reading.record(heading.position, record);
    }
}

fn activity_name(printed: &str) -> String {
    if let Some(activity) = model::workout::by_name(printed) {
        return activity.id.to_owned();
    }
    snake_case(
        printed
            .strip_prefix("HKWorkoutActivityType")
            .unwrap_or(printed),
    )
}

fn add(total: &mut Option<f64>, value: f64) {
    *total = Some(total.unwrap_or(0.0) + value);
}

fn pair(key: &[u8], value: &[u8]) -> (String, String) {
    (decode(key).into_owned(), decode(value).into_owned())
}

/// The attributes of an element as metadata.
pub(crate) fn pairs<'t>(attributes: impl Iterator<Item = (&'t [u8], &'t [u8])>) -> Metadata {
    attributes.map(|(key, value)| pair(key, value)).collect()
}

/// A path inside the archive without the folder that holds the export, whose name is localised and
/// which a re-packed archive may lack: the last folder and the file.
pub(crate) fn archive_path(path: &str) -> String {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some(file), Some(folder)) => format!("{folder}/{file}"),
        (Some(file), None) => file.to_owned(),
        (None, _) => String::new(),
    }
}

fn finite(text: &[u8]) -> Option<f64> {
    fast_float2::parse(text.trim_ascii())
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// The duration of a tag in minutes.
fn minutes(tag: &Tag<'_>) -> Option<f64> {
    let value = finite(tag.get(b"duration")?)?;
    let scale = match tag.get(b"durationUnit").unwrap_or(b"min") {
        b"min" | b"" => 1.0,
        b"s" | b"sec" => 1.0 / 60.0,
        b"ms" => 1.0 / 60_000.0,
        b"hr" | b"h" => 60.0,
        b"d" => 1_440.0,
        _ => return None,
    };
    Some(value * scale)
}

/// A total printed as two attributes, in the canonical unit of its metric.
fn total(tag: &Tag<'_>, value: &[u8], unit: &[u8], identifier: &str) -> Option<f64> {
    let value = finite(tag.get(value)?)?;
    let conversion = metric(identifier)?
        .conversion(&decode(tag.get(unit)?))
        .ok()?;
    Some(conversion.apply(value))
}

/// A statistic in the canonical unit of its metric, or as printed when there is none.
fn statistic(tag: &Tag<'_>) -> Option<(String, WorkoutStatistic)> {
    let identifier = decode(tag.get(b"type")?).into_owned();
    let unit = decode(tag.get(b"unit").unwrap_or_default());
    let known = metric(&identifier).and_then(|metric| {
        metric
            .conversion(&unit)
            .ok()
            .map(|conversion| (metric, conversion))
    });
    let number = |name: &[u8]| {
        let value = finite(tag.get(name)?)?;
        Some(known.map_or(value, |(_, conversion)| conversion.apply(value)))
    };
    let statistic = WorkoutStatistic {
        sum: number(b"sum"),
        mean: number(b"average"),
        min: number(b"minimum"),
        max: number(b"maximum"),
        metric: known.map_or_else(|| identifier.clone(), |(metric, _)| metric.id.to_owned()),
        unit: known.map_or_else(
            || unit.into_owned(),
            |(metric, _)| metric.unit.ucum().to_owned(),
        ),
    };
    Some((identifier, statistic))
}

fn event(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Option<WorkoutEvent> {
    let name = decode(tag.get(b"type").unwrap_or_default());
    let name = name.strip_prefix("HKWorkoutEventType").unwrap_or(&name);
    Some(WorkoutEvent {
        event: snake_case(name),
        at_us: reading.dates.read(tag.get(b"date")?)?.at_us,
        duration_min: minutes(tag),
    })
}

fn activity(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Option<WorkoutActivity> {
    let end = tag
        .get(b"endDate")
        .and_then(|text| reading.dates.read(text));
    Some(WorkoutActivity {
        uuid: tag.get(b"uuid").map(|text| decode(text).into_owned()),
        start_us: reading.dates.read(tag.get(b"startDate")?)?.at_us,
        end_us: end.map(|end| end.at_us),
        duration_min: minutes(tag),
        ..WorkoutActivity::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_the_export_folder() {
        let check = |path, expect: &str| assert_eq!(archive_path(path), expect);
        check("/workout-routes/route_1.gpx", "workout-routes/route_1.gpx");
        check(
            "apple_health_export/workout-routes/route_1.gpx",
            "workout-routes/route_1.gpx",
        );
        check("workout-routes/route_1.gpx", "workout-routes/route_1.gpx");
        check("route_1.gpx", "route_1.gpx");
        check("", "");
    }
}
