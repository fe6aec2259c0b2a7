//! Samsung Health, "download personal data": a table for each kind of record, and JSON beside them.
//!
//! The first line names the table, rows have one field more than the heading. Times are text without zone and an offset
//! beside it; whether the text is UTC or local differs between exports, so it is found out once by comparing rows
//! with their JSON, which counts milliseconds. Everything with such a time waits for that.

use std::collections::BTreeMap;
use std::io::Read;

use model::record::Workout;
use rustc_hash::FxHashMap;

use crate::batch::{Position, RejectCode};
use crate::budget::Holding;
use crate::check::Refusal;
use crate::live::{NOT_A_VALUE, refusal};
use crate::session;
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock, door};

use self::waiting::Night;

mod waiting;

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "samsung_health",
    about: "Samsung Health: the folder of \"download personal data\", zipped",
    title: "Samsung Health",
    is_meant,
    open: || Box::new(Samsung::default()),
};

const NOT_READ: &str = "not a part of the export that is read";
const ABSENT: &str = "zeros that stand for a value that was not measured";
const MEANS: &str = "hourly means of readings that the export has one by one";
const DEVICES: &str = "days of single devices, of which the export has the merged day";
const REPEATED: &str = "nights that another record with stages covers";

const CLOCKS_DIFFER: Refusal = refusal(
    RejectCode::TimeInvalid,
    "the times of the tables agree neither with UTC nor with the local clock of their JSON",
);

/// Columns of a value: name, metric, unit.
type Columns = &'static [(&'static str, &'static str, &'static str)];

/// Tables whose rows are values.
const VALUES: &[(&str, Columns)] = &[
    (
        "health.weight",
        &[
            ("weight", "body_mass", "kg"),
            ("height", "height", "cm"),
            ("body_fat", "body_fat_percentage", "%"),
            ("skeletal_muscle_mass", "skeletal_muscle_mass", "kg"),
            ("total_body_water", "body_water_mass", "kg"),
            ("basal_metabolic_rate", "basal_metabolic_rate", "kcal/d"),
        ],
    ),
    (
        "shealth.weight",
        &[
            ("weight", "body_mass", "kg"),
            ("body_fat", "body_fat_percentage", "%"),
        ],
    ),
    (
        "blood_pressure",
        &[
            ("systolic", "blood_pressure_systolic", "mm[Hg]"),
            ("diastolic", "blood_pressure_diastolic", "mm[Hg]"),
            ("pulse", "heart_rate", "/min"),
        ],
    ),
    ("blood_glucose", &[("glucose", "blood_glucose", "mmol/L")]),
    ("water_intake", &[("amount", "dietary_water", "mL")]),
    (
        "food_intake",
        &[("calorie", "dietary_energy_consumed", "kcal")],
    ),
    ("floors_climbed", &[("floor", "flights_climbed", "1")]),
    ("oxygen_saturation", &[("spo2", "oxygen_saturation", "%")]),
    (
        "body_temperature",
        &[("temperature", "body_temperature", "Cel")],
    ),
    (
        "skin_temperature",
        &[("temperature", "skin_temperature", "Cel")],
    ),
    (
        "respiratory_rate",
        &[("average", "respiratory_rate", "/min")],
    ),
    ("shealth.stress", &[("score", "stress_score", "")]),
];

fn is_meant(member: &Member<'_>) -> bool {
    let line = member.first_line();
    let numbers = line.rsplitn(3, |byte| *byte == b',').take(2);
    let is_table = line.starts_with(b"com.samsung.")
        && numbers
            .into_iter()
            .all(|part| part.trim_ascii().iter().all(u8::is_ascii_digit));
    is_table || is_json(member)
}

fn is_json(member: &Member<'_>) -> bool {
    let mut folders = member.path.rsplit('/').skip(1);
    member.begins("[") && folders.any(|folder| folder.starts_with("com.samsung."))
}

/// The name of a table without what all begin with.
fn table_of(member: &Member<'_>) -> String {
    let line = String::from_utf8_lossy(member.first_line());
    let name = line.split(',').next().unwrap_or_default();
    name.trim_start_matches("com.samsung.").to_owned()
}

/// A time as text, and the offset beside it.
#[derive(Debug, Clone, Copy)]
struct When {
    wall_us: i64,
    end_wall_us: i64,
    offset_min: i16,
}

/// What waits for the clock.
#[derive(Debug)]
enum Waiting {
    Value(One),
    Workout(Box<(Workout, String)>),
    Stage { night: String, code: f64 },
    Night(Night),
}

/// The reader.
#[derive(Debug, Default)]
struct Samsung {
    waiting: Vec<(When, u64, &'static str, Waiting)>,
    /// Rows of which the JSON has the readings, by the name of the file.
    binned: FxHashMap<String, (When, u64, f64)>,
    /// When the JSON of a file begins.
    bins: FxHashMap<String, i64>,
    /// Steps and metres of a day, and how far they are believed.
    days: BTreeMap<i32, (u8, f64, f64)>,
    holding: Holding,
}

/// Kinds of files, for positions.
const KINDS: [&str; 20] = [
    "health.weight",
    "shealth.weight",
    "blood_pressure",
    "blood_glucose",
    "water_intake",
    "food_intake",
    "floors_climbed",
    "oxygen_saturation",
    "body_temperature",
    "skin_temperature",
    "respiratory_rate",
    "shealth.stress",
    "tracker.heart_rate",
    "step_daily_trend",
    "pedometer_day_summary",
    "shealth.sleep",
    "sleep_stage",
    "shealth.exercise",
    "bins of heart rate",
    "bins of stress",
];

impl Reader for Samsung {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        if is_json(member) {
            return self.json(member, input, desk);
        }
        let table = table_of(member);
        // `shealth.exercise.weather` and the like are beside a workout, and none themselves.
        let kind = KINDS.iter().find(|kind| {
            table == **kind || (!kind.starts_with("shealth.exercise") && table.ends_with(**kind))
        });
        let Some(kind) = kind.copied() else {
            desk.leave(&door::extension(member.path), NOT_READ);
            return Ok(());
        };
        desk.count_member(kind);
        let shape = Shape {
            lines_before: 1,
            is_joined: true,
            ..Shape::plain(kind)
        };
        let columns = VALUES.iter().find(|(name, _)| *name == kind);
        table::rows(input, shape, desk, &mut |row, desk| match (kind, columns) {
            (_, Some((_, columns))) => self.values(row, (kind, columns), desk),
            ("tracker.heart_rate", _) => self.heart_rate(row, desk),
            ("step_daily_trend", _) => {
                self.day(row, desk);
                Ok(())
            }
            ("pedometer_day_summary", _) => {
                self.device_day(row, desk);
                Ok(())
            }
            ("shealth.sleep", _) => self.night(row, desk),
            ("sleep_stage", _) => self.stage(row, desk),
            ("shealth.exercise", _) => self.exercise(row, desk),
            _ => Ok(()),
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let is_local = self.calibrate(desk);
        for (name, (when, line, rate)) in std::mem::take(&mut self.binned) {
            if self.bins.contains_key(&name) {
                desk.leave("heart_rate", MEANS);
                continue;
            }
            let one = One::at("heart_rate", "/min", rate, 0, desk.account());
            self.waiting
                .push((when, line, "tracker.heart_rate", Waiting::Value(one)));
        }
        self.put_days(desk);
        let Some(is_local) = is_local else {
            for (_, line, kind, _) in std::mem::take(&mut self.waiting) {
                let position = Position::Line(line);
                desk.refuse(Spot { kind, position }, "start_time", None, CLOCKS_DIFFER);
            }
            return Ok(());
        };
        self.put_waiting(is_local, desk)
    }
}

fn when(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<When> {
    let start = clock::wall(row.get("start_time"));
    let end = clock::wall(row.get("end_time"));
    let Some(wall_us) = start else {
        desk.refuse(row.spot(), "start_time", None, TIME_MISSING);
        return None;
    };
    Some(When {
        wall_us,
        end_wall_us: end.unwrap_or(wall_us),
        offset_min: clock::offset(row.get("time_offset")).unwrap_or(0),
    })
}

fn line_of(row: &Row<'_>) -> u64 {
    match row.spot().position {
        Position::Line(line) | Position::Index(line) | Position::Byte(line) => line,
    }
}

impl Samsung {
    fn wait(
        &mut self,
        when: When,
        (line, kind): (u64, &'static str),
        what: Waiting,
    ) -> Result<(), VendorError> {
        self.holding.grow(384)?;
        self.waiting.push((when, line, kind, what));
        Ok(())
    }

    fn values(
        &mut self,
        row: &Row<'_>,
        (kind, columns): (&'static str, Columns),
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(when) = when(row, desk) else {
            return Ok(());
        };
        let source = desk.account();
        let id = row.get("datauuid");
        let mut is_any = false;
        for (column, metric, unit) in columns {
            match row.number(column) {
                Some(0.0) => desk.leave(metric, ABSENT),
                Some(value) => {
                    is_any = true;
                    let one = One::at(metric, unit, value, 0, source);
                    let one = if id.is_empty() {
                        one
                    } else {
                        one.id(&format!("samsung/{id}"))
                    };
                    self.wait(when, (line_of(row), kind), Waiting::Value(one))?;
                }
                None if row.get(column).is_empty() => {}
                None => desk.refuse(row.spot(), column, None, NOT_A_VALUE),
            }
        }
        if !is_any {
            desk.leave(kind, "rows without a value");
        }
        Ok(())
    }

    fn heart_rate(
        &mut self,
        row: &Row<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(when) = when(row, desk) else {
            return Ok(());
        };
        let Some(rate) = row.number("heart_rate").filter(|rate| *rate > 0.0) else {
            desk.refuse(row.spot(), "heart_rate", None, NOT_A_VALUE);
            return Ok(());
        };
        let bins = row.get("binning_data");
        if bins.is_empty() {
            let one = One::at("heart_rate", "/min", rate, 0, desk.account());
            return self.wait(
                when,
                (line_of(row), "tracker.heart_rate"),
                Waiting::Value(one),
            );
        }
        self.holding.grow(256)?;
        self.binned
            .insert(bins.to_owned(), (when, line_of(row), rate));
        Ok(())
    }

    /// A day of the merged table.
    fn day(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        let rank = if row.get("source_type") == "-2" { 2 } else { 1 };
        self.take_day(row, ("count", rank), desk);
    }

    /// A day of one device.
    fn device_day(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        self.take_day(row, ("step_count", 0), desk);
    }

    fn take_day(&mut self, row: &Row<'_>, (column, rank): (&str, u8), desk: &mut Desk<'_, '_, '_>) {
        let text = row.get("day_time");
        let counted = text
            .parse::<i64>()
            .ok()
            .and_then(|ms| ms.checked_mul(1_000));
        let day = counted
            .and_then(clock::day_of_wall)
            .or_else(|| clock::day(text));
        let Some(day) = day else {
            return desk.refuse(row.spot(), "day_time", None, TIME_MISSING);
        };
        let Some(steps) = row.number(column) else {
            return desk.refuse(row.spot(), column, None, NOT_A_VALUE);
        };
        let metres = row.number("distance").unwrap_or(0.0);
        match self.days.get_mut(&day) {
            None => {
                self.days.insert(day, (rank, steps, metres));
            }
            Some(kept) => {
                desk.leave("days", DEVICES);
                if (rank, steps) > (kept.0, kept.1) {
                    *kept = (rank, steps, metres);
                }
            }
        }
    }

    fn put_days(&mut self, desk: &mut Desk<'_, '_, '_>) {
        let source = desk.account();
        for (day, (_, steps, metres)) in std::mem::take(&mut self.days) {
            desk.total(day, One::at("step_count", "1", steps, 0, source));
            if metres > 0.0 {
                desk.total(
                    day,
                    One::at("distance_walking_running", "m", metres, 0, source),
                );
            }
        }
    }

    fn night(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let Some(when) = when(row, desk) else {
            return Ok(());
        };
        let number = |name| row.number(name).filter(|value| *value > 0.0);
        let night = Waiting::Night(Night {
            id: row.get("datauuid").to_owned(),
            efficiency: number("efficiency").or(number("original_efficiency")),
            score: number("sleep_score"),
        });
        self.wait(when, (line_of(row), "shealth.sleep"), night)
    }

    fn stage(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let Some(when) = when(row, desk) else {
            return Ok(());
        };
        let code = match row.get("stage") {
            "40001" => 2.0,
            "40002" => 3.0,
            "40003" => 4.0,
            "40004" => 5.0,
            _ => {
                desk.refuse(row.spot(), "stage", None, NOT_A_VALUE);
                return Ok(());
            }
        };
        let night = row.get("sleep_id").to_owned();
        self.wait(
            when,
            (line_of(row), "sleep_stage"),
            Waiting::Stage { night, code },
        )
    }

    fn exercise(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let Some(when) = when(row, desk) else {
            return Ok(());
        };
        let number = |name| row.number(name).filter(|value| *value > 0.0);
        let mut rate = session::statistic(session::known("heart_rate"));
        rate.mean = number("mean_heart_rate");
        rate.max = number("max_heart_rate");
        let mut energy = session::statistic(session::known("total_energy_burned"));
        energy.sum = number("calorie");
        let code = row.get("exercise_type");
        let known = EXERCISES.iter().find(|(number, _)| *number == code);
        let workout = Workout {
            activity: known.map_or("other", |(_, activity)| *activity).to_owned(),
            duration_min: number("duration").map(|ms| ms / 60_000.0),
            distance_m: number("distance"),
            statistics: [rate, energy]
                .into_iter()
                .filter(|one| one.mean.or(one.sum).or(one.max).is_some())
                .collect(),
            metadata: vec![("exercise_type".to_owned(), code.to_owned())],
            ..Workout::default()
        };
        let what = Waiting::Workout(Box::new((workout, row.get("datauuid").to_owned())));
        self.wait(when, (line_of(row), "shealth.exercise"), what)
    }

    /// Readings one by one, in milliseconds since 1970.
    fn json(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let (kind, field, metric, unit) = if member.holds("\"heart_rate\"") {
            ("bins of heart rate", "heart_rate", "heart_rate", "/min")
        } else if member.holds("\"score\"") && member.path.contains("stress") {
            ("bins of stress", "score", "stress_score", "")
        } else {
            desk.leave("json", NOT_READ);
            return Ok(());
        };
        desk.count_member(kind);
        let name = member.file().to_owned();
        let source = desk.account();
        elements::trees(
            input,
            (kind, Which::First),
            desk,
            &mut |spot, element, desk| {
                let millis = |name: &str| plain(element.get(name)).map(|ms| ms * 1e3);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a time beyond the range is refused"
                )]
                let start = millis("start_time").map(|us| us as i64);
                let Some(start_us) = start else {
                    desk.refuse(spot, "start_time", None, TIME_MISSING);
                    return Ok(());
                };
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a time beyond the range is refused"
                )]
                let end_us = millis("end_time").map_or(start_us, |us| us as i64);
                if !self.bins.contains_key(&name) {
                    self.holding.grow(160)?;
                }
                let first = self.bins.entry(name.clone()).or_insert(start_us);
                *first = (*first).min(start_us);
                match plain(element.get(field)) {
                    Some(value) if value > 0.0 => {
                        let at = (start_us, end_us);
                        desk.put(spot, One::over(metric, unit, value, at, source));
                    }
                    Some(_) => desk.leave(metric, ABSENT),
                    None => desk.leave(metric, "readings of another kind in the same file"),
                }
                Ok(())
            },
        )
    }
}

/// Activities by Samsung's numbers, as far as they are known.
const EXERCISES: [(&str, &str); 4] = [
    ("1001", "walking"),
    ("1002", "running"),
    ("11007", "cycling"),
    ("14001", "swimming"),
];
