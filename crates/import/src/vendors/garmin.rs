//! The account export of Garmin Connect: workouts, days and nights as JSON, and every FIT file of its devices.
//!
//! The JSON of a workout and its FIT file are one workout: figures from the JSON, points and laps from the file. Days
//! are totals for the time that no monitoring file covers. Members are found by the right end of their names, which
//! contain addresses of people and must never be reported.

use std::collections::BTreeMap;
use std::io::Read;

use model::sample::{MINUTE_US, SECOND_US};
use model::source::SourceNo;
use model::workout;

use crate::batch::Position;
use crate::budget::Holding;
use crate::json::Json;
use crate::live::TIME_INVALID;
use crate::track::{Figures, Track, after_seconds};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock, fit, workouts};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "garmin",
    about: "Garmin account export: workouts, days, nights and all FIT files, as the archive comes",
    title: "Garmin",
    is_meant,
    open: || Box::new(Garmin::default()),
};

/// Kilojoules of a kilocalorie.
const KJ_PER_KCAL: f64 = 4.184;

/// Metres of a floor, as Garmin counts floors.
const METRES_PER_FLOOR: f64 = 3.048;

/// Two tellings of one workout begin within so much of each other.
const APART_MAX_US: i64 = 2 * MINUTE_US;

/// Workouts that are held until the last file: one a day for a hundred years.
const WORKOUTS_MAX: usize = 40_000;

/// What a JSON file of the export holds, by the right end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Activities,
    Days,
    Nights,
    Health,
    Fit,
    Other,
}

fn kind_of(member: &Member<'_>) -> Kind {
    let file = member.file();
    let ends = |with: &str| file.ends_with(with);
    if crate::fit::is_fit(member.head) {
        Kind::Fit
    } else if !member.begins("[") && !member.begins("{") {
        Kind::Other
    } else if member.holds("\"summarizedActivitiesExport\"") {
        Kind::Activities
    } else if ends("_sleepData.json") || member.holds("\"sleepStartTimestampGMT\"") {
        Kind::Nights
    } else if ends("_healthStatusData.json") {
        Kind::Health
    } else if file.starts_with("UDSFile_") || member.holds("\"bmrKilocalories\"") {
        Kind::Days
    } else {
        Kind::Other
    }
}

fn is_meant(member: &Member<'_>) -> bool {
    let is_within = member.is_within("DI_CONNECT");
    match kind_of(member) {
        Kind::Activities | Kind::Nights | Kind::Days | Kind::Health => true,
        // Other programs keep FIT files too.
        Kind::Fit => is_within,
        Kind::Other => is_within && member.begins("["),
    }
}

/// A workout as JSON or a file describes it.
#[derive(Debug)]
struct Told {
    source: SourceNo,
    track: Track,
    /// Seconds without pauses and stops, which only the JSON says.
    moving_s: Option<f64>,
}

/// The upload while it is read.
#[derive(Debug, Default)]
struct Garmin {
    files: fit::Files,
    /// Workouts of the JSON and of files.
    listed: Vec<Told>,
    recorded: Vec<Told>,
    /// Nights by the date of waking: start and end.
    nights: BTreeMap<i32, (i64, i64)>,
    /// Means of variability by the date of waking.
    variability: BTreeMap<i32, f64>,
    holding: Holding,
}

impl Reader for Garmin {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        match kind_of(member) {
            Kind::Fit => self.file(input, desk),
            Kind::Activities => {
                let which = Which::Named("summarizedActivitiesExport");
                desk.count_member("activities");
                elements::trees(
                    input,
                    ("activities", which),
                    desk,
                    &mut |spot, one, desk| self.activity(spot, one, desk),
                )
            }
            Kind::Days => {
                desk.count_member("days");
                elements::trees(
                    input,
                    ("days", Which::First),
                    desk,
                    &mut |spot, one, desk| {
                        day(spot, one, desk);
                        Ok(())
                    },
                )
            }
            Kind::Nights => {
                desk.count_member("nights");
                let which = Which::First;
                elements::trees(input, ("nights", which), desk, &mut |spot, one, desk| {
                    self.night(spot, one, desk);
                    Ok(())
                })
            }
            Kind::Health => {
                desk.count_member("health status");
                let which = Which::First;
                let kind = "health status";
                elements::trees(input, (kind, which), desk, &mut |spot, one, desk| {
                    self.status(spot, one, desk);
                    Ok(())
                })
            }
            Kind::Other => {
                desk.leave("json", "a part of the export that holds nothing to read");
                Ok(())
            }
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        self.files.release(desk)?;
        self.variability(desk);
        self.join();
        let spot = Spot {
            kind: "activities",
            position: Position::Index(0),
        };
        for told in std::mem::take(&mut self.listed) {
            workouts::send_record(&told.track, told.source, spot, desk);
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

impl Garmin {
    fn file(
        &mut self,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member("fit");
        let spot = Spot {
            kind: "fit",
            position: Position::Byte(0),
        };
        for (source, mut track) in self.files.take(input, None, desk)? {
            workouts::send_points(&track, source, spot, desk)?;
            workouts::send_route(&track, source, spot, desk);
            track.points = Vec::new();
            self.hold(true, Told::of(source, track), desk)?;
        }
        Ok(())
    }

    fn hold(
        &mut self,
        is_recorded: bool,
        told: Told,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let list = if is_recorded {
            &mut self.recorded
        } else {
            &mut self.listed
        };
        if list.len() >= WORKOUTS_MAX {
            desk.leave("workouts", "more than are kept");
            return Ok(());
        }
        self.holding
            .grow(size_of::<Told>() + told.track.laps.len() * size_of::<crate::track::Lap>())?;
        list.push(told);
        Ok(())
    }

    /// Distances and heights are in centimetres, times in milliseconds, energy in kilojoules, speed in tenths of
    /// metres per millisecond.
    fn activity(
        &mut self,
        spot: Spot<'_>,
        json: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let number = |name: &str| elements::plain(json.get(name));
        let above = |name: &str| number(name).filter(|value| *value > 0.0);
        let start = number("startTimeGmt").or(number("beginTimestamp"));
        let Some(start_us) = start.and_then(milliseconds) else {
            desk.refuse(spot, "startTimeGmt", None, TIME_INVALID);
            return Ok(());
        };
        let local = number("startTimeLocal").and_then(milliseconds);
        let seconds = |name: &str| above(name).map(|ms| ms / 1_000.0);
        let active_s = seconds("duration");
        let lasted_s = seconds("elapsedDuration").or(active_s).unwrap_or_default();
        let kind = json.get("activityType").unwrapped(&["typeKey"]);
        let kind = kind.text().unwrap_or_default();
        let (activity, indoor) = activity_of(kind);
        let is_on_foot = crate::track::is_on_foot(&activity);
        let strides = |name: &str| above(name).map(|strides| 2.0 * strides);
        let figures = Figures {
            active_s,
            distance_m: above("distance").map(|cm| cm / 100.0),
            energy_kcal: above("calories").map(|kj| kj / KJ_PER_KCAL),
            heart_rate_mean: above("avgHr"),
            heart_rate_max: above("maxHr"),
            ascent_m: above("elevationGain").map(|cm| cm / 100.0),
            steps: above("steps").filter(|_| is_on_foot),
            strokes: above("strokes").filter(|_| activity == "swimming"),
            speed_mean_m_s: above("avgSpeed").map(|speed| 10.0 * speed),
            speed_max_m_s: above("maxSpeed").map(|speed| 10.0 * speed),
            cadence_mean: strides("avgRunCadence").or(above("avgBikeCadence")),
            cadence_max: strides("maxRunCadence").or(above("maxBikeCadence")),
            power_mean_w: above("avgPower"),
            power_max_w: above("maxPower"),
            ..Figures::default()
        };
        let id = elements::id(json.get("activityId"));
        let source = desk.account();
        let track = Track {
            activity,
            indoor,
            start_us,
            end_us: after_seconds(start_us, lasted_s),
            offset_min: local.and_then(|local| quarters(local - start_us)),
            figures,
            id: (!id.is_empty()).then(|| format!("garmin activity {id}")),
            ..Track::default()
        };
        if let Some(capacity) = above("vO2MaxValue") {
            let one = One::at("vo2_max", "", capacity, start_us, source);
            desk.put(spot, one.offset(track.offset_min));
        }
        let told = Told {
            moving_s: seconds("movingDuration"),
            ..Told::of(source, track)
        };
        self.hold(false, told, desk)
    }

    /// A night: lengths of its stages. Nights off the wrist have none.
    fn night(&mut self, spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
        let wall = |name: &str| json.get(name).text().and_then(clock::wall);
        let date = json.get("calendarDate").text().and_then(clock::day);
        let number = |name: &str| elements::plain(json.get(name));
        let stages = [
            ("sleep_deep_duration", number("deepSleepSeconds")),
            ("sleep_light_duration", number("lightSleepSeconds")),
            ("sleep_rem_duration", number("remSleepSeconds")),
        ];
        let asleep_s: f64 = stages.iter().filter_map(|(_, seconds)| *seconds).sum();
        let start = wall("sleepStartTimestampGMT");
        let end = wall("sleepEndTimestampGMT");
        if date.is_none() || asleep_s <= 0.0 {
            desk.leave("nights", "a stub without date or durations: off the wrist");
            return;
        }
        let (Some(date), Some(start_us), Some(end_us)) = (date, start, end) else {
            desk.refuse(spot, "sleepStartTimestampGMT", None, TIME_MISSING);
            return;
        };
        self.nights.insert(date, (start_us, end_us));
        let source = desk.account();
        let scores = json.get("sleepScores");
        let oxygen = json.get("spo2SleepSummary");
        let minutes = |seconds: Option<f64>| seconds.map(|seconds| seconds / 60.0);
        let above = |value: Option<f64>| value.filter(|value| *value > 0.0);
        let mut figures: Vec<(&'static str, Option<f64>)> = vec![
            ("sleep_duration", Some(asleep_s / 60.0)),
            ("sleep_awake_duration", minutes(number("awakeSleepSeconds"))),
            ("wake_count", number("awakeCount")),
            ("respiratory_rate", above(number("averageRespiration"))),
            (
                "oxygen_saturation",
                above(elements::plain(oxygen.get("averageSPO2"))),
            ),
            (
                "sleep_score",
                above(elements::plain(scores.get("overallScore"))),
            ),
        ];
        figures.extend(stages.map(|(metric, seconds)| (metric, minutes(seconds))));
        for (metric, value) in figures {
            if let Some(value) = value {
                let one = One::over(metric, "", value, (start_us, end_us), source);
                desk.put(spot, one);
            }
        }
    }

    /// Means of a night that stand nowhere else.
    fn status(&mut self, spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
        let Some(date) = json.get("calendarDate").text().and_then(clock::day) else {
            desk.refuse(spot, "calendarDate", None, TIME_MISSING);
            return;
        };
        for metric in json.get("metrics").elements() {
            let value = elements::plain(metric.get("value")).filter(|value| *value > 0.0);
            match (metric.get("type").text(), value) {
                (Some("HRV"), Some(value)) => {
                    self.variability.insert(date, value);
                }
                (_, None) => desk.leave("health status", "no reading"),
                (_, Some(_)) => desk.leave("health status", "it repeats the night or the day"),
            }
        }
    }

    /// The variability of each night, over the night where it is known and over the day else.
    fn variability(&mut self, desk: &mut Desk<'_, '_, '_>) {
        let spot = Spot {
            kind: "health status",
            position: Position::Index(0),
        };
        let source = desk.account();
        for (date, value) in std::mem::take(&mut self.variability) {
            let at = self.nights.get(&date).copied().or_else(|| desk.day(date));
            if let Some(at) = at {
                let one = One::over("heart_rate_variability_rmssd", "", value, at, source);
                desk.put(spot, one);
            }
        }
    }

    /// Joins the two tellings of each workout. A workout of several sports is listed with its parts, which are what
    /// counts.
    fn join(&mut self) {
        self.listed.sort_by_key(|told| told.track.start_us);
        let mut alone = Vec::new();
        for recorded in std::mem::take(&mut self.recorded) {
            let start_us = recorded.track.start_us;
            let from = self
                .listed
                .partition_point(|told| told.track.start_us < start_us - APART_MAX_US);
            let near = self.listed.get_mut(from..).unwrap_or_default();
            let twin = near
                .iter_mut()
                .take_while(|told| told.track.start_us <= start_us + APART_MAX_US)
                .find(|told| told.is_twin_of(&recorded));
            match twin {
                Some(twin) => twin.join(recorded),
                None => alone.push(recorded),
            }
        }
        for told in &mut self.listed {
            if let Some(moving_s) = told.moving_s {
                let told_as = ("moving_seconds".to_owned(), moving_s.to_string());
                told.track.metadata.push(told_as);
            }
        }
        self.listed.append(&mut alone);
    }
}

impl Told {
    fn of(source: SourceNo, track: Track) -> Self {
        Self {
            source,
            track,
            moving_s: None,
        }
    }

    fn is_twin_of(&self, other: &Self) -> bool {
        let (own, other) = (&self.track, &other.track);
        let is_any = |activity: &str| activity == "other";
        own.activity == other.activity || is_any(&own.activity) || is_any(&other.activity)
    }

    /// Takes over what the file says.
    fn join(&mut self, recorded: Self) {
        let (own, file) = (&mut self.track, recorded.track);
        own.figures.complete(&file.figures);
        own.laps = file.laps;
        own.events = file.events;
        own.indoor = own.indoor.or(file.indoor);
        own.offset_min = own.offset_min.or(file.offset_min);
        if own.activity == "other" {
            own.activity = file.activity;
        }
    }
}

/// The totals of a day, as the app shows them.
fn day(spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let date = json.get("calendarDate").text().and_then(clock::day);
    let Some(date) = date else {
        desk.refuse(spot, "calendarDate", None, TIME_MISSING);
        return;
    };
    let Some((start_us, end_us)) = desk.day(date) else {
        desk.refuse(spot, "calendarDate", None, TIME_INVALID);
        return;
    };
    let number = |name: &str| elements::plain(json.get(name));
    let above = |value: Option<f64>| value.filter(|value| *value > 0.0);
    let listed = |list: &Json<'_>, kind: (&str, &str), value: &str| {
        let mut all = list.elements().iter();
        let found = all.find(|one| one.get(kind.0).text() == Some(kind.1))?;
        elements::plain(found.get(value))
    };
    let stress = listed(
        json.get("allDayStress").get("aggregatorList"),
        ("type", "TOTAL"),
        "averageStressLevel",
    );
    let battery = listed(
        json.get("bodyBattery").get("bodyBatteryStatList"),
        ("bodyBatteryStatType", "HIGHEST"),
        "statsValue",
    );
    let floors = number("floorsAscendedInMeters").map(|metres| metres / METRES_PER_FLOOR);
    let figures = [
        ("step_count", number("totalSteps")),
        ("distance_walking_running", number("totalDistanceMeters")),
        ("active_energy_burned", number("activeKilocalories")),
        ("basal_energy_burned", above(number("bmrKilocalories"))),
        ("flights_climbed", floors),
        // The other resting heart rate is a mean of seven days.
        (
            "resting_heart_rate",
            above(number("currentDayRestingHeartRate")),
        ),
        ("stress_score", above(stress)),
        ("body_battery", above(battery)),
    ];
    let source = desk.account();
    for (metric, value) in figures {
        if let Some(value) = value.filter(|value| *value >= 0.0) {
            let one = One::over(metric, "", value, (start_us, end_us), source);
            desk.total(date, one);
        }
    }
}

/// Milliseconds since 1970 as microseconds.
fn milliseconds(ms: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "its range is checked")]
    (ms.abs() < 9e15 && ms > 0.0).then_some(ms as i64 * 1_000)
}

/// How far a wall clock is from UTC, in minutes.
fn quarters(ahead_us: i64) -> Option<i16> {
    let minutes = (ahead_us + 450 * SECOND_US).div_euclid(900 * SECOND_US) * 15;
    i16::try_from(minutes)
        .ok()
        .filter(|min| min.abs() <= 14 * 60)
}

/// The activity of a type of the app.
fn activity_of(kind: &str) -> (String, Option<bool>) {
    let kind = kind.trim().to_ascii_lowercase();
    let indoor = workout::indoor_in_name(&kind);
    let has = |word: &str| kind.contains(word);
    let activity = if let Some(known) = workout::by_name(&kind) {
        known.id
    } else if has("running") || has("run") {
        "running"
    } else if has("cycling") || has("biking") || has("bike") || has("ride") {
        "cycling"
    } else if has("swimming") {
        "swimming"
    } else if has("walking") {
        "walking"
    } else if has("hiking") {
        "hiking"
    } else if has("strength") {
        "traditional_strength_training"
    } else if has("rowing") {
        "rowing"
    } else if has("cardio") {
        "mixed_cardio"
    } else if has("skiing") && has("cross_country") {
        "cross_country_skiing"
    } else if has("skiing") {
        "downhill_skiing"
    } else {
        "other"
    };
    (activity.to_owned(), indoor)
}
