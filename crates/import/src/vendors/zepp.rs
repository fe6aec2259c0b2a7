//! Zepp, Zepp Life and Mi Fit: a folder with one table for each kind of record.
//!
//! Stamps with an offset are UTC, dates with a time beside them are of the person's clock, and `null` is no value.
//! Minutes of sleep carry the date of a night, not their own: each is placed inside the night that `SLEEP` states.

use std::collections::BTreeMap;
use std::io::Read;

use model::record::Workout;
use model::sample::{DAY_US, MINUTE_US};

use crate::batch::Position;
use crate::budget::Holding;
use crate::live::{Interval, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "zepp",
    about: "Zepp, Zepp Life and Mi Fit: the folders of a data export, opened with its password",
    title: "Zepp",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Zepp::default()),
};

const NOT_WORN: &str = "days of zeros";
const PLACEHOLDER: &str = "nights that begin when they end";
const NO_READING: &str = "values that stand for no reading";
const REPEATED: &str = "minutes that were told before";
const OUTSIDE: &str = "minutes outside every night";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Activity,
    ActivityMinute,
    HeartRate,
    HeartRateAuto,
    Body,
    Sleep,
    SleepMinute,
    Sport,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Activity => "ACTIVITY",
            Self::ActivityMinute => "ACTIVITY_MINUTE",
            Self::HeartRate => "HEARTRATE",
            Self::HeartRateAuto => "HEARTRATE_AUTO",
            Self::Body => "BODY",
            Self::Sleep => "SLEEP",
            Self::SleepMinute => "SLEEP_MINUTE",
            Self::Sport => "SPORT",
        }
    }
}

/// Columns of which each kind has all; their order differs between exports.
const KINDS: [(Kind, &[&str]); 8] = [
    (
        Kind::Sleep,
        &["date", "deepsleeptime", "shallowsleeptime", "start", "stop"],
    ),
    (Kind::SleepMinute, &["date", "time", "stage"]),
    (Kind::Sport, &["type", "starttime", "sporttime(s)"]),
    (Kind::Body, &["time", "weight", "fatrate", "bodywaterrate"]),
    (
        Kind::Activity,
        &["date", "steps", "distance", "rundistance", "calories"],
    ),
    (Kind::ActivityMinute, &["date", "time", "steps"]),
    (Kind::HeartRateAuto, &["date", "time", "heartrate"]),
    (Kind::HeartRate, &["time", "heartrate"]),
];

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let line = String::from_utf8_lossy(member.first_line()).to_lowercase();
    let columns: Vec<&str> = line.split(',').map(str::trim).collect();
    let has = |names: &[&str]| names.iter().all(|name| columns.contains(name));
    let found = KINDS.iter().find(|(_, names)| has(names))?;
    let is_small = !matches!(
        found.0,
        Kind::HeartRate | Kind::HeartRateAuto | Kind::ActivityMinute
    );
    (is_small || columns.len() == found.1.len()).then_some(found.0)
}

/// A night of `SLEEP`.
#[derive(Debug)]
struct Night {
    start_us: i64,
    end_us: i64,
    minutes: [Option<f64>; 4],
    line: u64,
    codes: BTreeMap<i64, f64>,
}

/// The reader.
#[derive(Debug, Default)]
struct Zepp {
    /// By the date that the export gives them.
    nights: BTreeMap<i32, Night>,
    /// Day, minutes of the day, and code.
    minutes: Vec<(i32, i32, u8)>,
    holding: Holding,
}

impl Reader for Zepp {
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
        let mut last = None;
        table::rows(input, Shape::plain(kind.name()), desk, &mut |row, desk| {
            match kind {
                Kind::Activity => activity(row, desk),
                Kind::ActivityMinute => steps(row, &mut last, desk)?,
                Kind::HeartRate => rate(row, desk.moment(row.get("time")).map(|(at, _)| at), desk),
                Kind::HeartRateAuto => {
                    let at = local(row, &mut last, desk);
                    rate(row, at, desk);
                }
                Kind::Body => body(row, desk),
                Kind::Sleep => self.night(row, desk)?,
                Kind::SleepMinute => self.minute(row, desk)?,
                Kind::Sport => sport(row, desk),
            }
            Ok(())
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        for (day, minute, code) in std::mem::take(&mut self.minutes) {
            self.place(day, minute, f64::from(code), desk);
        }
        for night in std::mem::take(&mut self.nights).into_values() {
            night.put(desk);
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

/// What `date` and `time` show.
fn wall(row: &Row<'_>) -> Option<i64> {
    clock::wall(&format!("{}T{}", row.get("date"), row.get("time")))
}

fn local(row: &Row<'_>, last: &mut Option<i64>, desk: &mut Desk<'_, '_, '_>) -> Option<i64> {
    wall(row).and_then(|wall_us| desk.local_in_order(wall_us, last))
}

/// A number that is there and not zero.
fn number(row: &Row<'_>, name: &str) -> Option<f64> {
    row.number(name).filter(|number| *number > 0.0)
}

fn activity(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(day) = clock::day(row.get("date")) else {
        return desk.refuse(row.spot(), "date", None, TIME_MISSING);
    };
    let source = desk.account();
    let columns = [
        ("steps", "step_count", "1"),
        ("distance", "distance_walking_running", "m"),
        ("calories", "active_energy_burned", "kcal"),
    ];
    let mut is_any = false;
    for (column, metric, unit) in columns {
        if let Some(value) = number(row, column) {
            is_any = true;
            desk.total(day, One::at(metric, unit, value, 0, source));
        }
    }
    if !is_any {
        desk.leave("ACTIVITY", NOT_WORN);
    }
}

fn steps(
    row: &Row<'_>,
    last: &mut Option<i64>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let Some(at_us) = local(row, last, desk) else {
        desk.refuse(row.spot(), "time", None, TIME_MISSING);
        return Ok(());
    };
    match row.number("steps") {
        Some(0.0) => Ok(()),
        Some(steps) => {
            let source = desk.account();
            let at = (at_us, at_us + MINUTE_US);
            desk.witness(0, One::over("step_count", "1", steps, at, source))
        }
        None => {
            desk.refuse(row.spot(), "steps", None, NOT_A_VALUE);
            Ok(())
        }
    }
}

fn rate(row: &Row<'_>, at_us: Option<i64>, desk: &mut Desk<'_, '_, '_>) {
    /// A rate from here on is a filler.
    const FILLER: f64 = 255.0;
    let Some(at_us) = at_us else {
        return desk.refuse(row.spot(), "time", None, TIME_MISSING);
    };
    match row.number("heartrate") {
        Some(rate) if rate > 0.0 && rate < FILLER => {
            let source = desk.account();
            desk.put(
                row.spot(),
                One::at("heart_rate", "/min", rate, at_us, source),
            );
        }
        Some(_) => desk.leave("heart_rate", NO_READING),
        None => desk.refuse(row.spot(), "heartRate", None, NOT_A_VALUE),
    }
}

fn body(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some((at_us, _)) = desk.moment(row.get("time")) else {
        return desk.refuse(row.spot(), "time", None, TIME_MISSING);
    };
    let source = desk.account();
    let columns = [
        ("weight", "body_mass", "kg"),
        ("fatrate", "body_fat_percentage", "%"),
        ("bonemass", "bone_mass", "kg"),
        ("metabolism", "basal_metabolic_rate", "kcal/d"),
    ];
    for (column, metric, unit) in columns {
        if let Some(value) = number(row, column) {
            desk.put(row.spot(), One::at(metric, unit, value, at_us, source));
        }
    }
}

fn sport(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let start = desk.moment(row.get("starttime"));
    let (Some((start_us, _)), Some(seconds)) = (start, number(row, "sporttime(s)")) else {
        return desk.refuse(row.spot(), "startTime", None, TIME_MISSING);
    };
    let code = row.get("type");
    let activity = match code {
        "1" => "running",
        "6" => "walking",
        "9" => "cycling",
        _ => "other",
    };
    let workout = Workout {
        activity: activity.to_owned(),
        duration_min: Some(seconds / 60.0),
        active_energy_kcal: number(row, "calories(kcal)"),
        distance_m: number(row, "distance(m)"),
        metadata: vec![("type".to_owned(), code.to_owned())],
        ..Workout::default()
    };
    let end_us = session::after(start_us, seconds / 60.0);
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: None,
        source: desk.account(),
        uid: None,
    };
    desk.workout(row.spot(), heading, workout);
}

impl Zepp {
    fn night(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let start = desk.moment(row.get("start"));
        let end = desk.moment(row.get("stop"));
        let day = clock::day(row.get("date"));
        let (Some((start_us, _)), Some((end_us, _)), Some(day)) = (start, end, day) else {
            desk.refuse(row.spot(), "start", None, TIME_MISSING);
            return Ok(());
        };
        if start_us >= end_us {
            desk.leave("SLEEP", PLACEHOLDER);
            return Ok(());
        }
        self.holding.grow(256)?;
        let names = ["deepsleeptime", "shallowsleeptime", "remtime", "waketime"];
        let line = match row.spot().position {
            Position::Line(line) | Position::Index(line) | Position::Byte(line) => line,
        };
        let night = Night {
            start_us,
            end_us,
            minutes: names.map(|name| row.number(name)),
            line,
            codes: BTreeMap::new(),
        };
        self.nights.entry(day).or_insert(night);
        Ok(())
    }

    fn minute(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let code = match row.get("stage").to_ascii_uppercase().as_str() {
            "LIGHT" => 3,
            "DEEP" => 4,
            "REM" => 5,
            "WAKE" | "AWAKE" => 2,
            _ => {
                desk.refuse(row.spot(), "stage", None, NOT_A_VALUE);
                return Ok(());
            }
        };
        let wall_us = wall(row);
        let day = wall_us.and_then(clock::day_of_wall);
        let (Some(wall_us), Some(day)) = (wall_us, day) else {
            desk.refuse(row.spot(), "time", None, TIME_MISSING);
            return Ok(());
        };
        let minute = i32::try_from(wall_us.rem_euclid(DAY_US) / MINUTE_US).unwrap_or(0);
        self.holding.grow(24)?;
        self.minutes.push((day, minute, code));
        Ok(())
    }

    /// Puts a minute into the night whose date it has, or a neighbour's: on the day before, the day itself or another
    /// that lies inside.
    fn place(&mut self, day: i32, minute: i32, code: f64, desk: &mut Desk<'_, '_, '_>) {
        let at = |shift: i32| {
            let minutes = i64::from(day + shift) * (DAY_US / MINUTE_US) + i64::from(minute);
            desk.local(minutes * MINUTE_US)
        };
        let places: Vec<i64> = [0, -1, 1, -2].into_iter().filter_map(at).collect();
        for label in [day, day + 1, day - 1] {
            let Some(night) = self.nights.get_mut(&label) else {
                continue;
            };
            let within = night.start_us..night.end_us;
            if let Some(at_us) = places.iter().find(|at_us| within.contains(at_us)) {
                if night.codes.contains_key(at_us) {
                    desk.leave("SLEEP_MINUTE", REPEATED);
                } else {
                    night.codes.insert(*at_us, code);
                }
                return;
            }
        }
        desk.leave("SLEEP_MINUTE", OUTSIDE);
    }
}

impl Night {
    fn put(&self, desk: &mut Desk<'_, '_, '_>) {
        let spot = Spot {
            kind: "SLEEP",
            position: Position::Line(self.line),
        };
        let source = desk.account();
        let mut run: Option<(i64, i64, f64)> = None;
        let mut put = |(from_us, to_us, code): (i64, i64, f64)| {
            desk.put(
                spot,
                One::over("sleep_analysis", "", code, (from_us, to_us), source),
            );
        };
        for (at_us, code) in &self.codes {
            match &mut run {
                Some((_, to_us, of)) if to_us == at_us && of.to_bits() == code.to_bits() => {
                    *to_us += MINUTE_US;
                }
                _ => {
                    if let Some(run) = run.take() {
                        put(run);
                    }
                    run = Some((*at_us, at_us + MINUTE_US, *code));
                }
            }
        }
        if let Some(run) = run {
            return put(run);
        }
        let [deep, light, rem, awake] = self.minutes;
        let asleep = deep
            .zip(light)
            .map(|(deep, light)| deep + light + rem.unwrap_or(0.0));
        let totals = [
            ("sleep_duration", asleep),
            ("sleep_deep_duration", deep),
            ("sleep_light_duration", light),
            ("sleep_rem_duration", rem),
            ("sleep_awake_duration", awake),
        ];
        for (metric, minutes) in totals {
            if let Some(minutes) = minutes {
                let at = (self.start_us, self.end_us);
                desk.put(spot, One::over(metric, "min", minutes, at, source));
            }
        }
    }
}
