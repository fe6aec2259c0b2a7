//! Points of streams by the type of their data, and heart rates of the tracks of activities.

use std::io::{BufReader, Read};

use model::source::SourceNo;

use crate::batch::Position;
use crate::json::Json;
use crate::live::NOT_A_VALUE;
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::plain;
use crate::vendors::table;
use crate::vendors::{Desk, One, VendorError};

/// What a type of data is.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    /// Metrics and units of the values of a point, in order.
    Values(&'static [(&'static str, &'static str)]),
    Stages,
    Meal,
}

/// A stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    meaning: Meaning,
    /// None for the merged stream; for others how far it is believed.
    rank: Option<u8>,
}

/// Types of data.
const TYPES: [(&str, Meaning); 13] = [
    (
        "com.google.step_count.delta",
        Meaning::Values(&[("step_count", "1")]),
    ),
    (
        "com.google.distance.delta",
        Meaning::Values(&[("distance_walking_running", "m")]),
    ),
    (
        "com.google.calories.expended",
        Meaning::Values(&[("total_energy_burned", "kcal")]),
    ),
    (
        "com.google.heart_rate.bpm",
        Meaning::Values(&[("heart_rate", "/min")]),
    ),
    ("com.google.weight", Meaning::Values(&[("body_mass", "kg")])),
    ("com.google.height", Meaning::Values(&[("height", "m")])),
    (
        "com.google.body.fat.percentage",
        Meaning::Values(&[("body_fat_percentage", "%")]),
    ),
    (
        "com.google.oxygen_saturation",
        Meaning::Values(&[("oxygen_saturation", "%")]),
    ),
    (
        "com.google.blood_glucose",
        Meaning::Values(&[("blood_glucose", "mmol/L")]),
    ),
    (
        "com.google.blood_pressure",
        Meaning::Values(&[
            ("blood_pressure_systolic", "mm[Hg]"),
            ("blood_pressure_diastolic", "mm[Hg]"),
        ]),
    ),
    (
        "com.google.hydration",
        Meaning::Values(&[("dietary_water", "L")]),
    ),
    ("com.google.sleep.segment", Meaning::Stages),
    ("com.google.nutrition", Meaning::Meal),
];

/// Nutrients by their name in a point.
const NUTRIENTS: [(&str, &str, &str); 14] = [
    ("calories", "dietary_energy_consumed", "kcal"),
    ("fat.total", "dietary_fat_total", "g"),
    ("fat.saturated", "dietary_fat_saturated", "g"),
    ("protein", "dietary_protein", "g"),
    ("carbs.total", "dietary_carbohydrates", "g"),
    ("dietary_fiber", "dietary_fiber", "g"),
    ("sugar", "dietary_sugar", "g"),
    ("cholesterol", "dietary_cholesterol", "mg"),
    ("sodium", "dietary_sodium", "mg"),
    ("potassium", "dietary_potassium", "mg"),
    ("fat.trans", "dietary_fat_trans", "g"),
    ("fat.polyunsaturated", "dietary_fat_polyunsaturated", "g"),
    ("fat.monounsaturated", "dietary_fat_monounsaturated", "g"),
    ("fat.unsaturated", "dietary_fat_unsaturated", "g"),
];

impl Stream {
    /// The stream that the head of a file names; none where no metric has its type.
    pub(super) fn of(head: &str) -> Option<Self> {
        let (_, after) = head.split_once("\"Data Source\"")?;
        let name = after.split('"').nth(1)?;
        let mut parts = name.split(':');
        let kind = parts.next()?;
        let data_type = parts.next()?;
        let (_, meaning) = TYPES.iter().find(|(known, _)| *known == data_type)?;
        let last = name.rsplit(':').next().unwrap_or_default();
        let rank = match kind {
            "derived" if last.starts_with("merge") => None,
            "raw" => Some(1),
            _ => Some(2),
        };
        Some(Self {
            meaning: *meaning,
            rank,
        })
    }

    fn put(
        &self,
        one: One,
        spot: Spot<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        match self.rank {
            None => {
                desk.cover(one.metric, one.at.start_us);
                desk.put(spot, one);
                Ok(())
            }
            Some(rank) => desk.witness(rank, one),
        }
    }
}

/// Adds what a point holds.
pub(super) fn put_point(
    stream: &Stream,
    element: &Json<'_>,
    (at, source): ((i64, i64), SourceNo),
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let values = element.get("fitValue").elements();
    let number = |index: usize| {
        let value = values.get(index)?.get("value");
        plain(value.first_of(&["fpVal", "intVal"]))
    };
    match stream.meaning {
        Meaning::Values(metrics) => {
            for (index, (metric, unit)) in metrics.iter().enumerate() {
                match number(index) {
                    Some(0.0) => desk.leave(metric, "zeros"),
                    Some(value) => {
                        stream.put(One::over(metric, unit, value, at, source), spot, desk)?;
                    }
                    None => desk.refuse(spot, "fitValue", None, NOT_A_VALUE),
                }
            }
        }
        Meaning::Stages => {
            let code = number(0).and_then(|number| {
                let codes = [
                    (1.0, 2.0),
                    (2.0, 1.0),
                    (3.0, 2.0),
                    (4.0, 3.0),
                    (5.0, 4.0),
                    (6.0, 5.0),
                ];
                let is_it = |(fit, _): &&(f64, f64)| (fit - number).abs() < 0.5;
                codes.iter().find(is_it).map(|(_, code)| *code)
            });
            match code {
                Some(code) => stream.put(
                    One::over("sleep_analysis", "", code, at, source),
                    spot,
                    desk,
                )?,
                None => desk.refuse(spot, "fitValue", None, NOT_A_VALUE),
            }
        }
        Meaning::Meal => {
            for value in values {
                for entry in value.get("value").get("mapVal").elements() {
                    let name = entry.get("key").text().unwrap_or_default();
                    let amount = plain(entry.get("value").get("fpVal"));
                    let known = NUTRIENTS.iter().find(|(key, ..)| *key == name);
                    if let (Some((_, metric, unit)), Some(amount)) = (known, amount) {
                        stream.put(One::over(metric, unit, amount, at, source), spot, desk)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Bytes between two points of a track; a lap has some hundred.
const BETWEEN_MAX: usize = 1 << 20;

/// Heart rates of a track. Its laps repeat the session, which is read from JSON, and its places are not read.
pub(super) fn track(input: &mut dyn Read, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    const END: &[u8] = b"</Trackpoint>";
    let mut input = BufReader::new(input);
    let source = desk.account();
    let (mut held, mut index) = (Vec::new(), 0_u64);
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = input.read(&mut chunk)?;
        held.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let mut from = 0;
        while let Some(len) = memchr::memmem::find(held.get(from..).unwrap_or_default(), END) {
            let point = held.get(from..from + len).unwrap_or_default();
            from += len + END.len();
            let spot = Spot {
                kind: "Activities",
                position: Position::Index(index),
            };
            index += 1;
            let rate = between(point, b"<HeartRateBpm", b"</HeartRateBpm>");
            let rate = rate.and_then(|inside| between(inside, b"<Value>", b"</Value>"));
            let Some(rate) = rate.and_then(number) else {
                continue;
            };
            let time = between(point, b"<Time>", b"</Time>");
            let at = time.and_then(|text| desk.moment(std::str::from_utf8(text).ok()?));
            match at {
                Some((at_us, _)) => {
                    desk.put(spot, One::at("heart_rate", "/min", rate, at_us, source));
                }
                None => desk.refuse(spot, "Time", None, TIME_MISSING),
            }
            desk.flush_when_full()?;
        }
        held.drain(..from);
        if read == 0 {
            return Ok(());
        }
        if held.len() > BETWEEN_MAX {
            desk.intake
                .damage(Position::Index(index), "Activities: a point is too long");
            return Ok(());
        }
    }
}

fn between<'b>(bytes: &'b [u8], from: &[u8], to: &[u8]) -> Option<&'b [u8]> {
    let start = memchr::memmem::rfind(bytes, from)? + from.len();
    let rest = bytes.get(start..)?;
    rest.get(..memchr::memmem::find(rest, to)?)
}

fn number(bytes: &[u8]) -> Option<f64> {
    table::number(std::str::from_utf8(bytes).ok()?)
}
