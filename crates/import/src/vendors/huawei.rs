//! Huawei Health, "request your data": minutes of sport, points of health, and tracks of workouts, as JSON.
//!
//! Times are milliseconds since 1970, the offset stands on the record. Several devices report the same minute, each is
//! a source of its own; a record that comes twice has one id. Stages of sleep come by the minute and are joined.

use std::collections::BTreeMap;
use std::io::Read;

use model::record::Workout;
use model::source::SourceClass;
use rustc_hash::FxHashSet;

use crate::batch::Position;
use crate::budget::Holding;
use crate::json::Json;
use crate::live::{self, Interval, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock, table};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "huawei_health",
    about: "Huawei Health: the folder of a data request, opened with its password",
    title: "Huawei Health",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Huawei::default()),
};

const NO_READING: &str = "values that stand for no reading";
const NO_METRIC: &str = "keys that no metric has";
const REPEATED: &str = "records that were told before";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Minutes,
    Points,
    Tracks,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Minutes => "sport per minute",
            Self::Points => "health detail",
            Self::Tracks => "motion path detail",
        }
    }
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let holds = |names: &[&str]| names.iter().all(|name| member.has_member(name));
    if !member.begins("[") && !member.begins("{") {
        None
    } else if holds(&["sportDataUserData"]) {
        Some(Kind::Minutes)
    } else if holds(&["samplePoints", "type"]) {
        Some(Kind::Points)
    } else if holds(&["totalDistance", "totalTime", "sportType"]) {
        Some(Kind::Tracks)
    } else {
        None
    }
}

/// Points of an instant by their key.
const POINTS: [(&str, &str, &str); 5] = [
    ("DATA_POINT_DYNAMIC_HEARTRATE", "heart_rate", "/min"),
    ("DATA_POINT_REST_HEARTRATE", "resting_heart_rate", "/min"),
    (
        "DATA_POINT_NEW_REST_HEARTRATE",
        "resting_heart_rate",
        "/min",
    ),
    ("BLOOD_OXYGEN_SATURATION", "oxygen_saturation", "%"),
    ("DATA_POINT_STRESS", "stress_score", ""),
];

/// Codes of the stages of a minute.
const STAGES: [(&str, f64); 8] = [
    ("PROFESSIONAL_SLEEP_SHALLOW", 3.0),
    ("PROFESSIONAL_SLEEP_DEEP", 4.0),
    ("PROFESSIONAL_SLEEP_DREAM", 5.0),
    ("PROFESSIONAL_SLEEP_WAKE", 2.0),
    ("PROFESSIONAL_SLEEP_NOON", 1.0),
    ("SLEEP_LIGHT", 3.0),
    ("SLEEP_DEEP", 4.0),
    ("SLEEP_AWAKE", 2.0),
];

/// The reader.
#[derive(Debug, Default)]
struct Huawei {
    seen: FxHashSet<u64>,
    /// Stages by their start: end, code, offset.
    stages: BTreeMap<i64, (i64, f64, Option<i16>)>,
    holding: Holding,
}

impl Reader for Huawei {
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
        elements::trees(
            input,
            (kind.name(), Which::First),
            desk,
            &mut |spot, element, desk| {
                let zone = element.get("timeZone").text();
                let offset_min = zone.and_then(clock::offset);
                match kind {
                    Kind::Minutes => {
                        for minute in element.get("sportDataUserData").elements() {
                            self.minute(minute, offset_min, spot, desk)?;
                        }
                    }
                    Kind::Points => {
                        for point in element.get("samplePoints").elements() {
                            self.point(point, offset_min, spot, desk)?;
                        }
                    }
                    Kind::Tracks => track(element, offset_min, spot, desk),
                }
                Ok(())
            },
        )
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let spot = Spot {
            kind: Kind::Points.name(),
            position: Position::Index(0),
        };
        let source = desk.account();
        let mut run: Option<(i64, i64, f64, Option<i16>)> = None;
        let put = |(from_us, to_us, code, offset_min), desk: &mut Desk<'_, '_, '_>| {
            let one = One::over("sleep_analysis", "", code, (from_us, to_us), source);
            desk.put(spot, one.offset(offset_min));
        };
        for (from_us, (to_us, code, offset_min)) in std::mem::take(&mut self.stages) {
            match &mut run {
                Some((_, end_us, of, _))
                    if *end_us == from_us && of.to_bits() == code.to_bits() =>
                {
                    *end_us = to_us;
                }
                _ => {
                    if let Some(run) = run.replace((from_us, to_us, code, offset_min)) {
                        put(run, desk);
                    }
                }
            }
            desk.flush_when_full()?;
        }
        if let Some(run) = run {
            put(run, desk);
        }
        Ok(())
    }
}

fn millis_us(json: &Json<'_>) -> Option<i64> {
    let ms = plain(json).filter(|ms| (0.0..1e14).contains(ms))?;
    #[expect(clippy::cast_possible_truncation, reason = "below 1e14")]
    let us = ms as i64 * 1_000;
    Some(us)
}

fn span(json: &Json<'_>) -> Option<(i64, i64)> {
    let start_us = millis_us(json.get("startTime"))?;
    Some((start_us, millis_us(json.get("endTime")).unwrap_or(start_us)))
}

impl Huawei {
    fn minute(
        &mut self,
        minute: &Json<'_>,
        offset_min: Option<i16>,
        spot: Spot<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(at) = span(minute) else {
            desk.refuse(spot, "startTime", None, TIME_MISSING);
            return Ok(());
        };
        let id = elements::id(minute.get("dataId"));
        if let Ok(number) = id.parse() {
            self.holding.grow(16)?;
            if !self.seen.insert(number) {
                desk.leave("sport per minute", REPEATED);
                return Ok(());
            }
        }
        let device = elements::id(minute.get("deviceCode"));
        let source = desk.source(&device, SourceClass::Watch).unwrap_or_default();
        let parts = [
            ("steps", "step_count", "1"),
            ("distance", "distance_walking_running", "m"),
            ("floor", "flights_climbed", "1"),
        ];
        for basics in minute.get("sportBasicInfos").elements() {
            for (name, metric, unit) in parts {
                if let Some(value) = plain(basics.get(name)).filter(|value| *value > 0.0) {
                    let one = One::over(metric, unit, value, at, source).offset(offset_min);
                    desk.put(spot, one);
                }
            }
        }
        Ok(())
    }

    fn point(
        &mut self,
        point: &Json<'_>,
        offset_min: Option<i16>,
        spot: Spot<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(at) = span(point) else {
            desk.refuse(spot, "startTime", None, TIME_MISSING);
            return Ok(());
        };
        let key = point.get("key").text().unwrap_or_default();
        if let Some((_, code)) = STAGES.iter().find(|(known, _)| *known == key) {
            if at.0 < at.1 {
                self.holding.grow(96)?;
                self.stages.entry(at.0).or_insert((at.1, *code, offset_min));
            }
            return Ok(());
        }
        let source = desk.account();
        if key == "WEIGHT_BODYFAT_BROAD" {
            let told = point.get("value");
            let text = told.text().unwrap_or_default();
            let inner = serde_json::from_str::<Json<'_>>(text).unwrap_or_default();
            let value = if inner.is_null() { told } else { &inner };
            let weight = value.first_of(&["bodyWeight", "weight", "WEIGHT"]);
            let fat = value.first_of(&["bodyFatRate", "bodyFat", "BODY_FAT", "fat"]);
            let parts = [
                (weight, "body_mass", "kg"),
                (fat, "body_fat_percentage", "%"),
            ];
            for (part, metric, unit) in parts {
                if let Some(value) = plain(part).filter(|value| *value > 0.0) {
                    let one = One::over(metric, unit, value, at, source);
                    desk.put(spot, one.offset(offset_min));
                }
            }
            return Ok(());
        }
        let Some((_, metric, unit)) = POINTS.iter().find(|(known, ..)| *known == key) else {
            desk.leave("health detail", NO_METRIC);
            return Ok(());
        };
        match plain(point.get("value")) {
            Some(value) if value > 0.0 => {
                let one = One::over(metric, unit, value, at, source);
                desk.put(spot, one.offset(offset_min));
            }
            Some(_) => desk.leave(metric, NO_READING),
            None => desk.refuse(spot, "value", None, NOT_A_VALUE),
        }
        Ok(())
    }
}

fn track(element: &Json<'_>, offset_min: Option<i16>, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some((start_us, end_us)) = span(element) else {
        return desk.refuse(spot, "startTime", None, TIME_MISSING);
    };
    let attribute = element.get("attribute").text().unwrap_or_default();
    let simple = attribute
        .split_once("HW_EXT_TRACK_SIMPLIFY@is")
        .map_or("", |(_, json)| json);
    let simple = serde_json::from_str::<Json<'_>>(simple.trim()).unwrap_or_default();
    let number = |name: &'static str| {
        let number = plain(simple.get(name)).or_else(|| plain(element.get(name)));
        number.filter(|number| *number > 0.0)
    };
    let activity = match elements::id(element.get("sportType")).as_str() {
        "4" | "258" | "101" | "264" => "running",
        "5" | "257" => "walking",
        "3" | "259" => "cycling",
        "102" | "262" | "104" => "swimming",
        "282" => "hiking",
        _ => "other",
    };
    let indoor = match elements::id(element.get("sportType")).as_str() {
        "101" | "264" | "102" | "262" => Some(true),
        "104" | "258" | "259" | "282" => Some(false),
        _ => None,
    };
    let mut rate = session::statistic(session::known("heart_rate"));
    rate.mean = number("avgHeartRate");
    rate.max = number("maxHeartRate");
    let mut steps = session::statistic(session::known("step_count"));
    steps.sum = number("totalSteps");
    let workout = Workout {
        activity: activity.to_owned(),
        duration_min: number("totalTime").map(|ms| ms / 60_000.0),
        active_energy_kcal: number("totalCalories").map(|calories| calories / 1e3),
        distance_m: number("totalDistance"),
        indoor,
        statistics: [rate, steps]
            .into_iter()
            .filter(|one| one.mean.or(one.max).or(one.sum).is_some())
            .collect(),
        ..Workout::default()
    };
    let source = desk.account();
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: live::zone_of(offset_min),
        source,
        uid: None,
    };
    desk.workout(spot, heading, workout);
    // `tp=h-r;k=…;v=…;`; places are not read.
    for line in attribute.split("tp=h-r;").skip(1) {
        let field = |name: &str| {
            let mut fields = line.split([';', '\n']);
            fields.find_map(|field| table::number(field.strip_prefix(name)?))
        };
        if let (Some(ms), Some(rate)) = (field("k="), field("v=").filter(|rate| *rate > 0.0))
            && let Some(at_us) = millis_us(&Json::Number(ms))
        {
            let one = One::at("heart_rate", "/min", rate, at_us, source);
            desk.put(spot, one.offset(offset_min));
        }
    }
}
