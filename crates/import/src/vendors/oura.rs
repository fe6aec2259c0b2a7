//! Oura: `App Data` of the membership hub (tables with semicolons and JSON in their cells), and documents of the API.
//!
//! Both have the same fields. Every time has its offset; a day's score of sleep and of oxygen is placed on the long
//! sleep of that day. Walking that would cost the same energy is no distance and is not read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use model::record::Workout;
use model::sample::{SECOND_US, uid_of};

use crate::batch::Position;
use crate::json::Json;
use crate::live::{self, Interval, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::table::{self, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

use self::fields::Fields;

mod fields;

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "oura",
    about: "Oura: the export of the membership hub, or documents of the API as JSON",
    title: "Oura",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Oura::default()),
};

const DELETED: &str = "nights that the person deleted";
const ABSENT: &str = "records without a value";

/// Length of a phase of sleep.
const PHASE_US: i64 = 300 * SECOND_US;

/// Phases of one night; more are no night.
const PHASES_MAX: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sleep,
    Activity,
    Readiness,
    DailySleep,
    Oxygen,
    HeartRate,
    Temperature,
    Workout,
    Vo2Max,
    Tag,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Activity => "daily activity",
            Self::Readiness => "daily readiness",
            Self::DailySleep => "daily sleep",
            Self::Oxygen => "daily SpO2",
            Self::HeartRate => "heart rate",
            Self::Temperature => "temperature",
            Self::Workout => "workout",
            Self::Vo2Max => "VO2 max",
            Self::Tag => "tag",
        }
    }
}

/// Fields of which each kind has all, the most specific first.
const KINDS: [(Kind, &[&str]); 10] = [
    (
        Kind::Sleep,
        &["bedtime_start", "bedtime_end", "sleep_phase_5_min"],
    ),
    (
        Kind::Activity,
        &["active_calories", "total_calories", "steps", "day"],
    ),
    (Kind::Readiness, &["temperature_deviation", "score", "day"]),
    (Kind::Oxygen, &["spo2_percentage", "day"]),
    (
        Kind::Workout,
        &["activity", "start_datetime", "end_datetime"],
    ),
    (Kind::Vo2Max, &["vo2_max", "day", "timestamp"]),
    (Kind::Tag, &["tag_type_code", "start_time"]),
    (
        Kind::DailySleep,
        &["contributors", "score", "day", "timestamp"],
    ),
    (Kind::HeartRate, &["bpm", "source", "timestamp"]),
    (Kind::Temperature, &["skin_temp", "timestamp"]),
];

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    if is_document(member) {
        let holds = |name: &&str| member.has_member(name);
        let found = KINDS.iter().find(|(_, fields)| fields.iter().all(&holds))?;
        return Some(found.0);
    }
    let line = String::from_utf8_lossy(member.first_line()).to_lowercase();
    if !line.contains(';') {
        return None;
    }
    let columns: Vec<&str> = line
        .split(';')
        .map(|cell| cell.trim_matches(['"', ' ']))
        .collect();
    let has = |name: &&str| columns.contains(name);
    let found = KINDS.iter().find(|(_, fields)| fields.iter().all(&has))?;
    Some(found.0)
}

/// `{"data": […]}`, as the API gives it.
fn is_document(member: &Member<'_>) -> bool {
    let text = member.text();
    let rest = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| rest.starts_with(b"\"data\""))
}

/// The long sleep of a day.
#[derive(Debug, Clone, Copy)]
struct Night {
    start_us: i64,
    end_us: i64,
    offset_min: Option<i16>,
    has_deviation: bool,
}

/// A figure of a day that belongs to its night.
#[derive(Debug)]
struct OfNight {
    metric: &'static str,
    unit: &'static str,
    value: f64,
    day: i32,
    id: String,
    kind: Kind,
    position: Position,
}

/// Figures of days that are held: a few for each day of a life.
const KEPT_MAX: usize = 200_000;

/// The reader.
#[derive(Debug, Default)]
struct Oura {
    nights: BTreeMap<i32, Night>,
    of_nights: Vec<OfNight>,
}

impl Reader for Oura {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(kind) = kind_of(member) else {
            return Ok(());
        };
        desk.count_member(kind.name());
        if is_document(member) {
            let what = (kind.name(), Which::Named("data"));
            return elements::trees(input, what, desk, &mut |spot, element, desk| {
                self.take(kind, &Fields::Json(element), spot, desk);
                Ok(())
            });
        }
        let shape = Shape {
            separator: b';',
            ..Shape::plain(kind.name())
        };
        table::rows(input, shape, desk, &mut |row, desk| {
            self.take(kind, &Fields::Row(row), row.spot(), desk);
            Ok(())
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let source = desk.account();
        for of_night in std::mem::take(&mut self.of_nights) {
            let spot = Spot {
                kind: of_night.kind.name(),
                position: of_night.position,
            };
            let one = One::at(of_night.metric, of_night.unit, of_night.value, 0, source);
            let one = one.id(&of_night.id);
            match self.nights.get(&of_night.day) {
                Some(night)
                    if of_night.metric == "skin_temperature_delta" && night.has_deviation => {}
                Some(night) => {
                    let at = Interval {
                        start_us: night.start_us,
                        end_us: night.end_us,
                    };
                    desk.put(spot, One { at, ..one }.offset(night.offset_min));
                }
                None => desk.total(of_night.day, one),
            }
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

/// The id of a part of a record.
fn part(id: &str, part: &str) -> String {
    if id.is_empty() {
        String::new()
    } else {
        format!("oura/{id}/{part}")
    }
}

impl Oura {
    fn take(
        &mut self,
        kind: Kind,
        fields: &Fields<'_>,
        spot: Spot<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) {
        let source = desk.account();
        match kind {
            Kind::Sleep => self.sleep(fields, spot, desk),
            Kind::Workout => workout(fields, spot, desk),
            Kind::Tag => tag(fields, spot, desk),
            Kind::HeartRate => reading(fields, ("bpm", "heart_rate", "/min"), spot, desk),
            Kind::Temperature => {
                reading(fields, ("skin_temp", "skin_temperature", "Cel"), spot, desk);
            }
            Kind::Activity | Kind::Readiness | Kind::DailySleep | Kind::Oxygen | Kind::Vo2Max => {
                let Some(day) = clock::day(&fields.text("day")) else {
                    return desk.refuse(spot, "day", None, TIME_MISSING);
                };
                let id = fields.text("id");
                let of_day = |desk: &mut Desk<'_, '_, '_>, name, metric, unit| {
                    if let Some(value) = fields.number(name) {
                        let one = One::at(metric, unit, value, 0, source).id(&part(&id, "day"));
                        desk.total(day, one);
                    }
                };
                match kind {
                    Kind::Activity => {
                        of_day(desk, "steps", "step_count", "1");
                        of_day(desk, "active_calories", "active_energy_burned", "kcal");
                        of_day(desk, "total_calories", "total_energy_burned", "kcal");
                    }
                    Kind::Readiness => {
                        of_day(desk, "score", "recovery_score", "");
                        self.of_night(
                            kind,
                            fields,
                            ("temperature_deviation", "skin_temperature_delta", "K"),
                            day,
                            spot,
                        );
                    }
                    Kind::DailySleep => {
                        self.of_night(kind, fields, ("score", "sleep_score", ""), day, spot);
                    }
                    Kind::Vo2Max => of_day(desk, "vo2_max", "vo2_max", "mL/(kg.min)"),
                    Kind::Oxygen => self.oxygen(fields, day, spot, desk),
                    Kind::Sleep
                    | Kind::HeartRate
                    | Kind::Temperature
                    | Kind::Workout
                    | Kind::Tag => {}
                }
            }
        }
    }

    fn of_night(
        &mut self,
        kind: Kind,
        fields: &Fields<'_>,
        (name, metric, unit): (&'static str, &'static str, &'static str),
        day: i32,
        spot: Spot<'_>,
    ) {
        if let Some(value) = fields.number(name) {
            self.push(kind, (metric, unit, value), (day, &fields.text("id")), spot);
        }
    }

    fn push(
        &mut self,
        kind: Kind,
        (metric, unit, value): (&'static str, &'static str, f64),
        (day, id): (i32, &str),
        spot: Spot<'_>,
    ) {
        if self.of_nights.len() < KEPT_MAX {
            self.of_nights.push(OfNight {
                metric,
                unit,
                value,
                day,
                id: part(id, "night"),
                kind,
                position: spot.position,
            });
        }
    }

    fn oxygen(
        &mut self,
        fields: &Fields<'_>,
        day: i32,
        spot: Spot<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) {
        let mut percent = fields.number("spo2_percentage");
        fields.tree("spo2_percentage", &mut |json| {
            percent = percent.or_else(|| plain(json.get("average")));
        });
        let index = fields.number("breathing_disturbance_index");
        if percent.is_none() && index.is_none() {
            desk.leave("daily SpO2", ABSENT);
        }
        let id = fields.text("id");
        if let Some(percent) = percent {
            self.push(
                Kind::Oxygen,
                ("oxygen_saturation", "%", percent),
                (day, &id),
                spot,
            );
        }
        if let Some(index) = index {
            let value = ("apple_sleeping_breathing_disturbances", "1", index);
            self.push(Kind::Oxygen, value, (day, &id), spot);
        }
    }

    fn sleep(&mut self, fields: &Fields<'_>, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) {
        let start = desk.moment(&fields.text("bedtime_start"));
        let end = desk.moment(&fields.text("bedtime_end"));
        let (Some((start_us, offset_min)), Some((end_us, _))) = (start, end) else {
            return desk.refuse(spot, "bedtime_start", None, TIME_MISSING);
        };
        let id = fields.text("id").into_owned();
        if fields.text("type") == "deleted" {
            desk.leave("sleep", DELETED);
            return delete(&id, end_us - start_us, desk);
        }
        let is_main = fields.text("type") == "long_sleep";
        let at = (start_us, end_us);
        let source = desk.account();
        let put = |desk: &mut Desk<'_, '_, '_>, metric, unit, value: Option<f64>| {
            if let Some(value) = value {
                let one = One::over(metric, unit, value, at, source).id(&part(&id, "sleep"));
                desk.put(spot, one.offset(offset_min));
            }
        };
        put(
            desk,
            "respiratory_rate",
            "/min",
            fields.number("average_breath"),
        );
        put(desk, "sleep_efficiency", "%", fields.number("efficiency"));
        put(desk, "sleep_latency", "s", fields.number("latency"));
        let mut deviation = None;
        if is_main {
            put(
                desk,
                "resting_heart_rate",
                "/min",
                fields.number("lowest_heart_rate"),
            );
            fields.tree("readiness", &mut |json| {
                deviation = plain(json.get("temperature_deviation"));
            });
            put(desk, "skin_temperature_delta", "K", deviation);
        }
        if let Some(day) = clock::day(&fields.text("day")).filter(|_| is_main) {
            let night = Night {
                start_us,
                end_us,
                offset_min,
                has_deviation: deviation.is_some(),
            };
            self.nights.insert(day, night);
        }
        phases(
            &fields.text("sleep_phase_5_min"),
            (start_us, end_us, offset_min),
            &id,
            spot,
            desk,
        );
        series(fields, ("heart_rate", "heart_rate", "/min"), spot, desk);
        series(
            fields,
            ("hrv", "heart_rate_variability_rmssd", "ms"),
            spot,
            desk,
        );
    }
}

/// A night that was deleted takes an earlier import of it along.
fn delete(id: &str, length_us: i64, desk: &mut Desk<'_, '_, '_>) {
    if id.is_empty() {
        return;
    }
    for metric in [
        "respiratory_rate",
        "sleep_efficiency",
        "sleep_latency",
        "resting_heart_rate",
        "skin_temperature_delta",
    ] {
        desk.intake
            .delete(uid_of(&format!("{}/{metric}", part(id, "sleep"))), None);
    }
    let phases = usize::try_from(length_us / PHASE_US)
        .unwrap_or(0)
        .min(PHASES_MAX);
    for index in 0..=phases {
        let phase = part(id, &index.to_string());
        desk.intake
            .delete(uid_of(&format!("{phase}/sleep_analysis")), None);
    }
}

/// A letter for every five minutes; the last is cut at the end of the night.
fn phases(
    letters: &str,
    (start_us, end_us, offset_min): (i64, i64, Option<i16>),
    id: &str,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let source = desk.account();
    let letters: Vec<u8> = letters.bytes().take(PHASES_MAX).collect();
    let mut from = 0;
    for run in letters.chunk_by(|a, b| a == b) {
        let index = from;
        from += run.len();
        let code = match run.first() {
            Some(b'1') => 4.0,
            Some(b'2') => 3.0,
            Some(b'3') => 5.0,
            Some(b'4') => 2.0,
            _ => {
                desk.refuse(spot, "sleep_phase_5_min", None, NOT_A_VALUE);
                continue;
            }
        };
        let at = |phase: usize| {
            let phase = i64::try_from(phase).unwrap_or(0);
            (start_us + phase * PHASE_US).min(end_us)
        };
        let span = (at(index), at(from));
        if span.0 < span.1 {
            let one = One::over("sleep_analysis", "", code, span, source);
            desk.put(
                spot,
                one.offset(offset_min).id(&part(id, &index.to_string())),
            );
        }
    }
}

/// `{interval, items, timestamp}`.
fn series(
    fields: &Fields<'_>,
    (name, metric, unit): (&'static str, &'static str, &'static str),
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let source = desk.account();
    fields.tree(name, &mut |json| {
        let start = json
            .get("timestamp")
            .text()
            .and_then(|text| desk.moment(text));
        let interval_s = plain(json.get("interval")).filter(|s| (1.0..=86_400.0).contains(s));
        let (Some((start_us, offset_min)), Some(interval_s)) = (start, interval_s) else {
            return;
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most a day of seconds")]
        let interval_us = (interval_s * 1e6) as i64;
        for (index, item) in (0_i64..).zip(json.get("items").elements()) {
            if let Some(value) = plain(item) {
                let from_us = start_us + index * interval_us;
                let one = One::over(
                    metric,
                    unit,
                    value,
                    (from_us, from_us + interval_us),
                    source,
                );
                desk.put(spot, one.offset(offset_min));
            }
        }
    });
}

/// A reading of an instant; a UTC time says nothing about the place.
fn reading(
    fields: &Fields<'_>,
    (name, metric, unit): (&'static str, &'static str, &'static str),
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let Some((at_us, offset_min)) = desk.moment(&fields.text("timestamp")) else {
        return desk.refuse(spot, "timestamp", None, TIME_MISSING);
    };
    match fields.number(name) {
        Some(value) => {
            let source = desk.account();
            desk.put(
                spot,
                One::at(metric, unit, value, at_us, source).offset(offset_min),
            );
        }
        None => desk.refuse(spot, name, None, NOT_A_VALUE),
    }
}

fn workout(fields: &Fields<'_>, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) {
    let start = desk.moment(&fields.text("start_datetime"));
    let end = desk.moment(&fields.text("end_datetime"));
    let (Some((start_us, offset_min)), Some((end_us, _))) = (start, end) else {
        return desk.refuse(spot, "start_datetime", None, TIME_MISSING);
    };
    let id = fields.text("id");
    let activity = Json::Text(Cow::Owned(fields.text("activity").into_owned()));
    let told = [
        ("intensity", "intensity"),
        ("label", "label"),
        ("source", "entered"),
    ];
    let metadata = told.into_iter().filter_map(|(name, key)| {
        let text = fields.text(name);
        (!text.is_empty()).then(|| (key.to_owned(), text.into_owned()))
    });
    let workout = Workout {
        activity: session::activity(&activity).unwrap_or_else(|| "other".to_owned()),
        active_energy_kcal: fields.number("calories"),
        distance_m: fields.number("distance").filter(|metres| *metres > 0.0),
        metadata: metadata.collect(),
        ..Workout::default()
    };
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: live::zone_of(offset_min),
        source: desk.account(),
        uid: (!id.is_empty()).then(|| uid_of(&format!("oura/{id}"))),
    };
    desk.workout(spot, heading, workout);
}

/// A tag is kept as it came.
fn tag(fields: &Fields<'_>, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some((start_us, _)) = desk.moment(&fields.text("start_time")) else {
        return desk.refuse(spot, "start_time", None, TIME_MISSING);
    };
    let end_us = desk
        .moment(&fields.text("end_time"))
        .map_or(start_us, |(end_us, _)| end_us);
    let source = desk.account();
    desk.other(
        ("oura_tag", fields.as_text()),
        Interval { start_us, end_us },
        source,
        spot,
    );
}
