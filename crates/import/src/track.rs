//! A workout as files of devices describe it: points in time, laps, pauses and totals. The readers of FIT, GPX and TCX
//! files fill it; nothing here knows any of them.

use model::record::{Route, Workout, WorkoutActivity, WorkoutEvent, WorkoutStatistic};
use model::sample::{MINUTE_US, SECOND_US};

use crate::session::{known, statistic};

/// Points of one workout that are kept: four days at one a second.
pub(crate) const POINTS_MAX: usize = 345_600;

/// Laps and pauses of one workout that are kept: one a minute for two weeks.
pub(crate) const PARTS_MAX: usize = 20_000;

/// The radius of a sphere as large as the Earth.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// One point in time of a workout. What is not known is not a number, so that a point stays small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) at_us: i64,
    pub(crate) latitude_deg: f64,
    pub(crate) longitude_deg: f64,
    pub(crate) elevation_m: f64,
    pub(crate) speed_m_s: f64,
    pub(crate) distance_m: f64,
    pub(crate) heart_rate: f64,
    /// Revolutions, strides or strokes each minute.
    pub(crate) cadence: f64,
    pub(crate) power_w: f64,
}

impl Point {
    /// A point of which only the time is known.
    pub(crate) const fn at(at_us: i64) -> Self {
        Self {
            at_us,
            latitude_deg: f64::NAN,
            longitude_deg: f64::NAN,
            elevation_m: f64::NAN,
            speed_m_s: f64::NAN,
            distance_m: f64::NAN,
            heart_rate: f64::NAN,
            cadence: f64::NAN,
            power_w: f64::NAN,
        }
    }

    fn has_place(&self) -> bool {
        (-90.0..=90.0).contains(&self.latitude_deg)
            && (-180.0..=180.0).contains(&self.longitude_deg)
    }

    /// Takes over what this point does not know.
    pub(crate) fn complete(&mut self, other: &Self) {
        let pairs = [
            (&mut self.latitude_deg, other.latitude_deg),
            (&mut self.longitude_deg, other.longitude_deg),
            (&mut self.elevation_m, other.elevation_m),
            (&mut self.speed_m_s, other.speed_m_s),
            (&mut self.distance_m, other.distance_m),
            (&mut self.heart_rate, other.heart_rate),
            (&mut self.cadence, other.cadence),
            (&mut self.power_w, other.power_w),
        ];
        for (own, other) in pairs {
            if own.is_nan() {
                *own = other;
            }
        }
    }
}

/// The number, where it is one.
pub(crate) fn known_number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Figures of a workout or of a part of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Without pauses.
    pub(crate) active_s: Option<f64>,
    pub(crate) distance_m: Option<f64>,
    pub(crate) energy_kcal: Option<f64>,
    pub(crate) heart_rate_mean: Option<f64>,
    pub(crate) heart_rate_min: Option<f64>,
    pub(crate) heart_rate_max: Option<f64>,
    pub(crate) ascent_m: Option<f64>,
    pub(crate) steps: Option<f64>,
    pub(crate) strokes: Option<f64>,
    pub(crate) speed_mean_m_s: Option<f64>,
    pub(crate) speed_max_m_s: Option<f64>,
    pub(crate) cadence_mean: Option<f64>,
    pub(crate) cadence_max: Option<f64>,
    pub(crate) power_mean_w: Option<f64>,
    pub(crate) power_max_w: Option<f64>,
    pub(crate) temperature_cel: Option<f64>,
}

impl Figures {
    /// Takes over what these do not know.
    pub(crate) fn complete(&mut self, other: &Self) {
        *self = Self {
            active_s: self.active_s.or(other.active_s),
            distance_m: self.distance_m.or(other.distance_m),
            energy_kcal: self.energy_kcal.or(other.energy_kcal),
            heart_rate_mean: self.heart_rate_mean.or(other.heart_rate_mean),
            heart_rate_min: self.heart_rate_min.or(other.heart_rate_min),
            heart_rate_max: self.heart_rate_max.or(other.heart_rate_max),
            ascent_m: self.ascent_m.or(other.ascent_m),
            steps: self.steps.or(other.steps),
            strokes: self.strokes.or(other.strokes),
            speed_mean_m_s: self.speed_mean_m_s.or(other.speed_mean_m_s),
            speed_max_m_s: self.speed_max_m_s.or(other.speed_max_m_s),
            cadence_mean: self.cadence_mean.or(other.cadence_mean),
            cadence_max: self.cadence_max.or(other.cadence_max),
            power_mean_w: self.power_mean_w.or(other.power_mean_w),
            power_max_w: self.power_max_w.or(other.power_max_w),
            temperature_cel: self.temperature_cel.or(other.temperature_cel),
        };
    }

    /// The statistics of a record; the activity says which metric a cadence or a power is of.
    fn statistics(&self, activity: &str) -> Vec<WorkoutStatistic> {
        let sum = |metric, sum: Option<f64>| WorkoutStatistic {
            sum,
            ..statistic(known(metric))
        };
        let levels = |metric, mean, min, max| WorkoutStatistic {
            mean,
            min,
            max,
            ..statistic(known(metric))
        };
        let mut all = vec![
            levels(
                "heart_rate",
                self.heart_rate_mean,
                self.heart_rate_min,
                self.heart_rate_max,
            ),
            sum("step_count", self.steps),
            sum("swimming_stroke_count", self.strokes),
            sum("elevation_gained", self.ascent_m),
            levels("speed", self.speed_mean_m_s, None, self.speed_max_m_s),
            levels("ambient_temperature", self.temperature_cel, None, None),
            levels(
                power_metric(activity),
                self.power_mean_w,
                None,
                self.power_max_w,
            ),
        ];
        if let Some(metric) = cadence_metric(activity) {
            all.push(levels(metric, self.cadence_mean, None, self.cadence_max));
        }
        all.retain(|of| {
            [of.sum, of.mean, of.min, of.max]
                .iter()
                .any(Option::is_some)
        });
        all
    }
}

/// A part of a workout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lap {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) figures: Figures,
}

/// A workout.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track {
    pub(crate) activity: String,
    pub(crate) indoor: Option<bool>,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) offset_min: Option<i16>,
    pub(crate) figures: Figures,
    pub(crate) laps: Vec<Lap>,
    pub(crate) events: Vec<WorkoutEvent>,
    pub(crate) points: Vec<Point>,
    /// What a person would look for and no member of the record holds.
    pub(crate) metadata: Vec<(String, String)>,
    /// The vendor's id of it.
    pub(crate) id: Option<String>,
}

/// Whether steps are what the feet of an activity do.
pub(crate) fn is_on_foot(activity: &str) -> bool {
    matches!(activity, "running" | "walking" | "hiking")
}

/// The metric of a cadence.
pub(crate) fn cadence_metric(activity: &str) -> Option<&'static str> {
    match activity {
        "cycling" | "hand_cycling" => Some("cycling_cadence"),
        _ if is_on_foot(activity) => Some("steps_cadence"),
        _ => None,
    }
}

/// The metric of a power.
pub(crate) fn power_metric(activity: &str) -> &'static str {
    match activity {
        "cycling" | "hand_cycling" => "cycling_power",
        "running" => "running_power",
        _ => "power",
    }
}

impl Track {
    /// The samples of the points: metric, instant, value.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (&'static str, i64, f64)> + '_ {
        // A cadence of feet stays in the totals: it is half of the steps of a minute in some files and all of them
        // in others.
        let cadence = cadence_metric(&self.activity).filter(|metric| *metric == "cycling_cadence");
        let power = power_metric(&self.activity);
        self.points.iter().flat_map(move |point| {
            let values = [
                (Some("heart_rate"), point.heart_rate),
                (cadence, point.cadence),
                (Some(power), point.power_w),
            ];
            let at_us = point.at_us;
            values.into_iter().filter_map(move |(metric, value)| {
                // Sensors that measure nothing send 0 as a heart rate.
                let is_none = value == 0.0 && metric == Some("heart_rate");
                let value = known_number(value).filter(|_| !is_none)?;
                Some((metric?, at_us, value))
            })
        })
    }

    /// The path; `None` where no point has a place.
    pub(crate) fn route(&self, path: &str) -> Option<Route> {
        let mut route = Route {
            path: path.to_owned(),
            ..Route::default()
        };
        for point in self.points.iter().filter(|point| point.has_place()) {
            route.at_us.push(point.at_us);
            route.latitude_deg.push(point.latitude_deg);
            route.longitude_deg.push(point.longitude_deg);
            route.elevation_m.push(known_number(point.elevation_m));
            let speed = known_number(point.speed_m_s).filter(|speed| *speed >= 0.0);
            route.speed_m_s.push(speed);
            route.course_deg.push(None);
            route.horizontal_accuracy_m.push(None);
            route.vertical_accuracy_m.push(None);
        }
        (!route.at_us.is_empty()).then_some(route)
    }

    /// The record.
    pub(crate) fn workout(&self) -> Workout {
        let figures = &self.figures;
        // One lap is the workout itself.
        let laps = self.laps.get(..).filter(|laps| laps.len() > 1);
        let laps = laps.unwrap_or_default();
        let mut events = self.events.clone();
        events.extend(laps.iter().map(|lap| WorkoutEvent {
            event: "lap".to_owned(),
            at_us: lap.start_us,
            duration_min: Some((lap.end_us - lap.start_us) as f64 / MINUTE_US as f64),
        }));
        events.sort_by_key(|event| event.at_us);
        Workout {
            activity: self.activity.clone(),
            duration_min: figures.active_s.map(|seconds| seconds / 60.0),
            active_energy_kcal: figures.energy_kcal,
            distance_m: figures.distance_m,
            indoor: self.indoor,
            statistics: figures.statistics(&self.activity),
            events,
            activities: laps.iter().map(|lap| self.part(lap)).collect(),
            routes: Vec::new(),
            metadata: self.metadata.clone(),
        }
    }

    fn part(&self, lap: &Lap) -> WorkoutActivity {
        let mut statistics = lap.figures.statistics(&self.activity);
        let distance = distance_metric(&self.activity).zip(lap.figures.distance_m);
        if let Some((metric, distance_m)) = distance {
            statistics.push(WorkoutStatistic {
                sum: Some(distance_m),
                ..statistic(known(metric))
            });
        }
        if let Some(energy_kcal) = lap.figures.energy_kcal {
            statistics.push(WorkoutStatistic {
                sum: Some(energy_kcal),
                ..statistic(known("active_energy_burned"))
            });
        }
        WorkoutActivity {
            uuid: None,
            start_us: lap.start_us,
            end_us: Some(lap.end_us),
            duration_min: lap.figures.active_s.map(|seconds| seconds / 60.0),
            statistics,
            events: Vec::new(),
            metadata: vec![("part".to_owned(), "lap".to_owned())],
        }
    }

    /// Works out from the points what no total says: start and end, distance, heart rate, energy of laps.
    pub(crate) fn complete(&mut self) {
        let times = self.points.iter().map(|point| point.at_us);
        let (first, last) = (times.clone().min(), times.max());
        if let (Some(first), Some(last)) = (first, last)
            && self.end_us <= self.start_us
        {
            (self.start_us, self.end_us) = (first, last);
        }
        if self.figures.distance_m.is_none() {
            let (distance, from) = self.measured();
            self.figures.distance_m = distance;
            if let Some(from) = distance.and(from) {
                let told = ("distance_from".to_owned(), from.to_owned());
                self.metadata.push(told);
            }
        }
        let rates = || {
            let rates = self.points.iter().map(|point| point.heart_rate);
            rates.filter(|rate| rate.is_finite() && *rate > 0.0)
        };
        let count = rates().count();
        if count > 0 {
            let derived = Figures {
                heart_rate_mean: Some(rates().sum::<f64>() / count as f64),
                heart_rate_min: rates().min_by(f64::total_cmp),
                heart_rate_max: rates().max_by(f64::total_cmp),
                ..Figures::default()
            };
            let min = self.figures.heart_rate_min;
            self.figures.complete(&derived);
            // Points may be thinned out; only what a device says itself is its smallest.
            self.figures.heart_rate_min = min;
        }
    }

    /// The distance by the device's own counter, or else along the route.
    fn measured(&self) -> (Option<f64>, Option<&'static str>) {
        let counted = self.points.iter().map(|point| point.distance_m);
        if let Some(counted) = counted.filter(|m| m.is_finite()).max_by(f64::total_cmp) {
            return (Some(counted), None);
        }
        let placed: Vec<&Point> = self.points.iter().filter(|p| p.has_place()).collect();
        let along = placed.array_windows().map(|[a, b]| metres(a, b)).sum();
        ((placed.len() > 1).then_some(along), Some("route"))
    }
}

/// The metric of a distance.
pub(crate) fn distance_metric(activity: &str) -> Option<&'static str> {
    Some(match activity {
        "cycling" | "hand_cycling" => "distance_cycling",
        "swimming" => "distance_swimming",
        "rowing" => "distance_rowing",
        "paddle_sports" => "distance_paddle_sports",
        "cross_country_skiing" => "distance_cross_country_skiing",
        "downhill_skiing" | "snowboarding" => "distance_downhill_snow_sports",
        "skating_sports" => "distance_skating_sports",
        _ if is_on_foot(activity) => "distance_walking_running",
        _ => return None,
    })
}

/// The distance of two places on a sphere (haversine formula).
fn metres(a: &Point, b: &Point) -> f64 {
    let (lat_a, lat_b) = (a.latitude_deg.to_radians(), b.latitude_deg.to_radians());
    let across = (b.longitude_deg - a.longitude_deg).to_radians();
    let half = ((lat_b - lat_a) / 2.0).sin().powi(2)
        + lat_a.cos() * lat_b.cos() * (across / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_M * half.sqrt().min(1.0).asin()
}

/// An instant some seconds later.
pub(crate) fn after_seconds(start_us: i64, seconds: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond the range becomes its end, which no sample may have"
    )]
    let length_us = (seconds * SECOND_US as f64).round() as i64;
    start_us.saturating_add(length_us)
}

/// An event of a workout.
pub(crate) fn event(name: &str, at_us: i64, duration_s: Option<f64>) -> WorkoutEvent {
    WorkoutEvent {
        event: name.to_owned(),
        at_us,
        duration_min: duration_s.map(|seconds| seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A degree of a great circle of this sphere is 111 195.08 m.
    #[test]
    fn distances_are_along_great_circles() {
        let place = |latitude_deg, longitude_deg| Point {
            latitude_deg,
            longitude_deg,
            ..Point::at(0)
        };
        let check = |a, b, expect: f64| {
            let found = metres(&a, &b);
            assert!((found - expect).abs() < 0.01, "{found} {expect}");
        };
        check(place(0.0, 0.0), place(1.0, 0.0), 111_195.08);
        check(place(0.0, 179.5), place(0.0, -179.5), 111_195.08);
        check(place(60.0, 0.0), place(60.0, 0.0), 0.0);
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        let mut track = Track {
            activity: "running".to_owned(),
            points: vec![Point::at(1), Point::at(2)],
            ..Track::default()
        };
        track.complete();
        let workout = track.workout();
        assert_eq!((track.start_us, track.end_us), (1, 2));
        assert_eq!(workout.distance_m, None);
        assert!(workout.statistics.is_empty() && track.route("").is_none());
        assert_eq!(track.samples().count(), 0);
    }
}
