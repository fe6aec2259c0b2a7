//! Xiaomi's Mi Fitness: one table of everything, its values as JSON in a cell; workouts and daily reports beside it.
//!
//! Times are seconds since 1970. `Sid` is the witness: a device has a number, apps have names, and the same minutes
//! come from several; one is believed for each minute.

use std::io::Read;

use model::record::Workout;
use model::sample::{MINUTE_US, SECOND_US};
use model::source::{SourceClass, SourceNo};
use model::workout;
use rustc_hash::FxHashSet;

use crate::json::Json;
use crate::live::{Interval, MALFORMED, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::elements::plain;
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "mi_fitness",
    about: "Mi Fitness of Xiaomi: the tables of a data copy",
    title: "Mi Fitness",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(MiFitness::default()),
};

const REPEATED: &str = "nights that were told before";
const NO_METRIC: &str = "keys that no metric has";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rows,
    Sports,
    Days,
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let line = member.first_line();
    if line.starts_with(b"Uid,Sid,Key,Time,Category,") {
        Some(Kind::Sports)
    } else if line.starts_with(b"Uid,Sid,Key,Time,Value") {
        Some(Kind::Rows)
    } else if line.starts_with(b"Uid,Sid,Tag,Key,Time,") {
        Some(Kind::Days)
    } else {
        None
    }
}

/// Readings of an instant: key, field, metric, unit.
const READINGS: [(&str, &str, &str, &str); 9] = [
    ("heart_rate", "bpm", "heart_rate", "/min"),
    ("single_heart_rate", "bpm", "heart_rate", "/min"),
    ("resting_heart_rate", "bpm", "resting_heart_rate", "/min"),
    ("spo2", "spo2", "oxygen_saturation", "%"),
    ("single_spo2", "spo2", "oxygen_saturation", "%"),
    ("stress", "stress", "stress_score", ""),
    ("single_stress", "stress", "stress_score", ""),
    ("weight", "weight", "body_mass", "kg"),
    (
        "body_temperature",
        "body_temperature",
        "body_temperature",
        "Cel",
    ),
];

/// The reader.
#[derive(Debug, Default)]
struct MiFitness {
    nights: FxHashSet<(i64, i64)>,
}

impl Reader for MiFitness {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(kind) = kind_of(member) else {
            return Ok(());
        };
        let name = match kind {
            Kind::Rows => "fitness_data",
            Kind::Sports => "sport_record",
            Kind::Days => "aggregated_fitness_data",
        };
        desk.count_member(name);
        table::rows(input, Shape::plain(name), desk, &mut |row, desk| {
            let Ok(value) = serde_json::from_str::<Json<'_>>(row.get("value")) else {
                desk.refuse(row.spot(), "Value", None, MALFORMED);
                return Ok(());
            };
            match kind {
                Kind::Rows => self.row(row, &value, desk),
                Kind::Sports => {
                    sport(row, &value, desk);
                    Ok(())
                }
                Kind::Days => {
                    day(row, &value, desk);
                    Ok(())
                }
            }
        })
    }
}

fn seconds_us(number: Option<f64>) -> Option<i64> {
    let seconds = number.filter(|seconds| (0.0..1e11).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "below 1e11")]
    let seconds = seconds as i64;
    Some(seconds * SECOND_US)
}

/// A device has a number; apps are believed less.
fn rank_of(sid: &str) -> u8 {
    if sid.bytes().all(|byte| byte.is_ascii_digit()) {
        0
    } else if sid == "hlth" {
        1
    } else {
        2
    }
}

fn source_of(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
    let sid = row.get("sid");
    let class = if rank_of(sid) == 0 {
        SourceClass::Watch
    } else {
        SourceClass::Phone
    };
    desk.source(sid, class).unwrap_or_default()
}

impl MiFitness {
    fn row(
        &mut self,
        row: &Row<'_>,
        value: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(at_us) = seconds_us(row.number("time")) else {
            desk.refuse(row.spot(), "Time", None, TIME_MISSING);
            return Ok(());
        };
        // Some exports print an underscore as UTF-7 does.
        let key = row.get("key").replace("+AF8-", "_");
        let source = source_of(row, desk);
        if key == "steps" {
            let at = (at_us, at_us + MINUTE_US);
            let parts = [
                ("steps", "step_count", "1"),
                ("distance", "distance_walking_running", "m"),
            ];
            for (field, metric, unit) in parts {
                if let Some(value) = plain(value.get(field)).filter(|value| *value > 0.0) {
                    let one = One::over(metric, unit, value, at, source);
                    desk.witness(rank_of(row.get("sid")), one)?;
                }
            }
            return Ok(());
        }
        if key.ends_with("sleep") {
            self.night(row, value, source, desk);
            return Ok(());
        }
        let Some((_, field, metric, unit)) = READINGS.iter().find(|(known, ..)| *known == key)
        else {
            desk.leave("fitness_data", NO_METRIC);
            return Ok(());
        };
        match plain(value.get(field)) {
            Some(value) if value > 0.0 => {
                desk.put(row.spot(), One::at(metric, unit, value, at_us, source));
            }
            Some(_) => desk.leave(metric, "zeros"),
            None => desk.refuse(row.spot(), "Value", None, NOT_A_VALUE),
        }
        Ok(())
    }

    fn night(
        &mut self,
        row: &Row<'_>,
        value: &Json<'_>,
        source: SourceNo,
        desk: &mut Desk<'_, '_, '_>,
    ) {
        let at = |json: &Json<'_>, name: &str| seconds_us(plain(json.get(name)));
        let span = at(value, "bedtime").zip(at(value, "wake_up_time"));
        let Some(span) = span else {
            return desk.refuse(row.spot(), "bedtime", None, TIME_MISSING);
        };
        if !self.nights.insert(span) {
            return desk.leave("nights", REPEATED);
        }
        let items = value.get("items").elements();
        if items.is_empty() {
            return desk.put(
                row.spot(),
                One::over("sleep_analysis", "", 1.0, span, source),
            );
        }
        for item in items {
            let span = at(item, "start_time").zip(at(item, "end_time"));
            let code = match plain(item.get("state")) {
                Some(2.0) => Some(4.0),
                Some(3.0) => Some(3.0),
                Some(4.0) => Some(5.0),
                Some(5.0) => Some(2.0),
                _ => None,
            };
            match span.zip(code) {
                Some((span, code)) => {
                    desk.put(
                        row.spot(),
                        One::over("sleep_analysis", "", code, span, source),
                    );
                }
                None => desk.refuse(row.spot(), "items", None, NOT_A_VALUE),
            }
        }
    }
}

/// A total that the app reported for a day.
fn day(row: &Row<'_>, value: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(at_us) = seconds_us(row.number("time")) else {
        return desk.refuse(row.spot(), "Time", None, TIME_MISSING);
    };
    let is_day = row.get("tag") == "daily_report" && row.get("key") == "steps";
    let steps = plain(value.get("steps")).filter(|steps| *steps > 0.0 && is_day);
    if let (Some(day), Some(steps)) = (clock::day_of_wall(desk.wall(at_us)), steps) {
        let source = source_of(row, desk);
        desk.total(day, One::at("step_count", "1", steps, 0, source));
    }
}

fn sport(row: &Row<'_>, value: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let number = |name: &str| plain(value.get(name)).filter(|number| *number > 0.0);
    let span = seconds_us(number("start_time")).zip(seconds_us(number("end_time")));
    let Some((start_us, end_us)) = span else {
        return desk.refuse(row.spot(), "start_time", None, TIME_MISSING);
    };
    let name = row.get("key").replace("+AF8-", "_");
    let plain_name = name
        .trim_start_matches("outdoor_")
        .trim_start_matches("indoor_");
    let found = workout::by_name(&name).or_else(|| workout::by_name(plain_name));
    let mut rate = session::statistic(session::known("heart_rate"));
    rate.mean = number("avg_hrm");
    rate.max = number("max_hrm");
    rate.min = number("min_hrm");
    let workout = Workout {
        activity: found.map_or_else(|| name.clone(), |found| found.id.to_owned()),
        duration_min: number("duration").map(|seconds| seconds / 60.0),
        active_energy_kcal: number("calories"),
        distance_m: number("distance"),
        indoor: workout::indoor_in_name(&name),
        statistics: if rate.mean.or(rate.max).is_some() {
            vec![rate]
        } else {
            Vec::new()
        },
        ..Workout::default()
    };
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: None,
        source: source_of(row, desk),
        uid: None,
    };
    desk.workout(row.spot(), heading, workout);
}
