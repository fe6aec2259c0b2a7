//! WHOOP: four tables, in the language of the account.
//!
//! Times are of the clock that the row's zone states, for the whole row, also when the night had a clock change: then
//! the time in bed says how long it was. A cycle runs from one sleep to the next and is no day. `sleeps` repeats the
//! nights of `physiological_cycles` and adds naps, so nights come from there, where it is.

use std::collections::BTreeMap;
use std::io::Read;

use model::record::Workout;
use model::sample::{Flags, HOUR_US, MINUTE_US};

use crate::batch::Position;
use crate::json::Json;
use crate::live::{self, Interval};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "whoop",
    about: "WHOOP: the tables of my_whoop_data, in English or another language of the same columns",
    title: "WHOOP",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Whoop::default()),
};

/// What each table begins with, in the languages that were seen.
const FIRST: [&str; 2] = [
    "cycle start time,cycle end time,",
    "hora de inicio del ciclo,",
];

/// Columns in their order, which is the same in every language.
const CYCLES: [&str; 26] = [
    "cycle start time",
    "cycle end time",
    "cycle timezone",
    "recovery score %",
    "resting heart rate (bpm)",
    "heart rate variability (ms)",
    "skin temp (celsius)",
    "blood oxygen %",
    "day strain",
    "energy burned (cal)",
    "max hr (bpm)",
    "average hr (bpm)",
    "sleep onset",
    "wake onset",
    "sleep performance %",
    "respiratory rate (rpm)",
    "asleep duration (min)",
    "in bed duration (min)",
    "light sleep duration (min)",
    "deep (sws) duration (min)",
    "rem duration (min)",
    "awake duration (min)",
    "sleep need (min)",
    "sleep debt (min)",
    "sleep efficiency %",
    "sleep consistency %",
];
const SLEEPS: [&str; 18] = [
    "cycle start time",
    "cycle end time",
    "cycle timezone",
    "sleep onset",
    "wake onset",
    "sleep performance %",
    "respiratory rate (rpm)",
    "asleep duration (min)",
    "in bed duration (min)",
    "light sleep duration (min)",
    "deep (sws) duration (min)",
    "rem duration (min)",
    "awake duration (min)",
    "sleep need (min)",
    "sleep debt (min)",
    "sleep efficiency %",
    "sleep consistency %",
    "nap",
];
const WORKOUTS: [&str; 17] = [
    "cycle start time",
    "cycle end time",
    "cycle timezone",
    "workout start time",
    "workout end time",
    "duration (min)",
    "activity name",
    "activity strain",
    "energy burned (cal)",
    "max hr (bpm)",
    "average hr (bpm)",
    "hr zone 1 %",
    "hr zone 2 %",
    "hr zone 3 %",
    "hr zone 4 %",
    "hr zone 5 %",
    "gps enabled",
];
const JOURNAL: [&str; 6] = [
    "cycle start time",
    "cycle end time",
    "cycle timezone",
    "question text",
    "answered yes",
    "notes",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cycles,
    Sleeps,
    Workouts,
    Journal,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Cycles => "physiological_cycles",
            Self::Sleeps => "sleeps",
            Self::Workouts => "workouts",
            Self::Journal => "journal_entries",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Cycles => &CYCLES,
            Self::Sleeps => &SLEEPS,
            Self::Workouts => &WORKOUTS,
            Self::Journal => &JOURNAL,
        }
    }
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let line = String::from_utf8_lossy(member.first_line()).to_lowercase();
    if !FIRST.iter().any(|first| line.starts_with(first)) {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let count = line.split(',').count();
    Some(if says(&["question text"]) {
        Kind::Journal
    } else if says(&["workout start time"]) {
        Kind::Workouts
    } else if says(&["recovery score"]) {
        Kind::Cycles
    } else if says(&["sleep onset"]) {
        Kind::Sleeps
    } else {
        let kinds = [Kind::Cycles, Kind::Sleeps, Kind::Workouts, Kind::Journal];
        kinds
            .into_iter()
            .find(|kind| kind.columns().len() == count)?
    })
}

/// A row by the English names of its columns.
struct Named<'r> {
    row: &'r Row<'r>,
    kind: Kind,
}

impl<'r> Named<'r> {
    fn get(&self, name: &str) -> &'r str {
        let is_english = self.row.heading().column("cycle start time").is_some();
        if is_english {
            return self.row.get(name);
        }
        let at = self
            .kind
            .columns()
            .iter()
            .position(|column| *column == name);
        at.map_or("", |at| self.row.cell(at))
    }

    fn number(&self, name: &str) -> Option<f64> {
        table::number(self.get(name))
    }

    fn offset_min(&self) -> Option<i16> {
        let text = self.get("cycle timezone");
        (!text.is_empty()).then(|| clock::offset(text)).flatten()
    }

    fn at_us(&self, name: &str, desk: &Desk<'_, '_, '_>) -> Option<i64> {
        let wall_us = clock::wall(self.get(name))?;
        match self.offset_min() {
            Some(minutes) => Some(wall_us - i64::from(minutes) * MINUTE_US),
            None => desk.local(wall_us),
        }
    }

    /// The night of the row.
    fn night(&self, desk: &Desk<'_, '_, '_>) -> Option<(i64, i64)> {
        let start_us = self.at_us("sleep onset", desk)?;
        let end_us = self.at_us("wake onset", desk)?;
        let Some(in_bed) = self.number("in bed duration (min)") else {
            return Some((start_us, end_us));
        };
        // The clock changed in the night where the two differ by an hour.
        let by_bed_us = session::after(start_us, in_bed);
        let change_us = end_us - by_bed_us;
        let is_change = (change_us.abs() - HOUR_US).abs() <= 3 * MINUTE_US;
        let hour_us = change_us.signum() * HOUR_US;
        Some((start_us, if is_change { end_us - hour_us } else { end_us }))
    }
}

/// Figures of a sleep: column, metric, unit.
const OF_SLEEP: [(&str, &str, &str); 9] = [
    ("sleep performance %", "sleep_score", ""),
    ("respiratory rate (rpm)", "respiratory_rate", "/min"),
    ("asleep duration (min)", "sleep_duration", "min"),
    ("in bed duration (min)", "time_in_bed", "min"),
    ("light sleep duration (min)", "sleep_light_duration", "min"),
    ("deep (sws) duration (min)", "sleep_deep_duration", "min"),
    ("rem duration (min)", "sleep_rem_duration", "min"),
    ("awake duration (min)", "sleep_awake_duration", "min"),
    ("sleep efficiency %", "sleep_efficiency", "%"),
];

/// Figures of a cycle that belong to its night.
const OF_NIGHT: [(&str, &str, &str); 5] = [
    ("recovery score %", "recovery_score", ""),
    ("resting heart rate (bpm)", "resting_heart_rate", "/min"),
    (
        "heart rate variability (ms)",
        "heart_rate_variability_rmssd",
        "ms",
    ),
    ("skin temp (celsius)", "skin_temperature", "Cel"),
    ("blood oxygen %", "oxygen_saturation", "%"),
];

/// Figures of a cycle that no metric has.
const KEPT: [&str; 5] = [
    "day strain",
    "max hr (bpm)",
    "average hr (bpm)",
    "sleep need (min)",
    "sleep debt (min)",
];

/// Nights that are held: those of fifty years.
const NIGHTS_MAX: usize = 20_000;

/// The reader.
#[derive(Debug, Default)]
struct Whoop {
    /// Nights of cycles by their start, until it is known whether `sleeps` has them.
    nights: BTreeMap<i64, (u64, Vec<One>)>,
    sleeps: Vec<i64>,
}

impl Reader for Whoop {
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
        table::rows(input, Shape::plain(kind.name()), desk, &mut |row, desk| {
            let named = Named { row, kind };
            match kind {
                Kind::Cycles => self.cycle(&named, desk),
                Kind::Sleeps => self.sleep(&named, desk),
                Kind::Workouts => workout(&named, desk),
                Kind::Journal => journal(&named, desk),
            }
            Ok(())
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        for (start_us, (line, ones)) in std::mem::take(&mut self.nights) {
            if self.sleeps.contains(&start_us) {
                continue;
            }
            let spot = Spot {
                kind: Kind::Cycles.name(),
                position: Position::Line(line),
            };
            for one in ones {
                desk.put(spot, one);
            }
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

/// The measurements of a row, over one interval.
fn ones(
    named: &Named<'_>,
    columns: &[(&'static str, &'static str, &'static str)],
    at: (i64, i64),
    desk: &mut Desk<'_, '_, '_>,
) -> Vec<One> {
    let source = desk.account();
    let offset_min = named.offset_min();
    let stated = columns.iter().filter_map(|(column, metric, unit)| {
        let value = named.number(column)?;
        Some(One::over(metric, unit, value, at, source).offset(offset_min))
    });
    stated.collect()
}

impl Whoop {
    fn cycle(&mut self, named: &Named<'_>, desk: &mut Desk<'_, '_, '_>) {
        let spot = named.row.spot();
        let Some(night) = named.night(desk) else {
            return desk.refuse(spot, "sleep onset", None, TIME_MISSING);
        };
        for one in ones(named, &OF_NIGHT, night, desk) {
            desk.put(spot, one);
        }
        if self.nights.len() < NIGHTS_MAX
            && let Position::Line(line) = spot.position
        {
            let of_sleep = ones(named, &OF_SLEEP, night, desk);
            self.nights.insert(night.0, (line, of_sleep));
        }
        let start_us = named.at_us("cycle start time", desk);
        let end_us = named.at_us("cycle end time", desk);
        let Some((start_us, end_us)) = start_us.zip(end_us) else {
            return;
        };
        let at = (start_us, end_us);
        let energy = [("energy burned (cal)", "total_energy_burned", "kcal")];
        for one in ones(named, &energy, at, desk) {
            desk.put(spot, one.flags(Flags::AGGREGATED));
        }
        let kept = KEPT.iter().filter_map(|name| {
            let value = named.number(name)?;
            Some(format!("\"{name}\":{value}"))
        });
        let kept: Vec<String> = kept.collect();
        if !kept.is_empty() {
            let json = format!("{{{}}}", kept.join(","));
            let source = desk.account();
            desk.other(
                ("whoop_cycle", json),
                Interval { start_us, end_us },
                source,
                spot,
            );
        }
    }

    fn sleep(&mut self, named: &Named<'_>, desk: &mut Desk<'_, '_, '_>) {
        let spot = named.row.spot();
        let Some(night) = named.night(desk) else {
            return desk.refuse(spot, "sleep onset", None, TIME_MISSING);
        };
        self.sleeps.push(night.0);
        for one in ones(named, &OF_SLEEP, night, desk) {
            desk.put(spot, one);
        }
    }
}

fn workout(named: &Named<'_>, desk: &mut Desk<'_, '_, '_>) {
    let spot = named.row.spot();
    let start_us = named.at_us("workout start time", desk);
    let end_us = named.at_us("workout end time", desk);
    let Some((start_us, end_us)) = start_us.zip(end_us) else {
        return desk.refuse(spot, "workout start time", None, TIME_MISSING);
    };
    let mut rate = session::statistic(session::known("heart_rate"));
    rate.mean = named.number("average hr (bpm)");
    rate.max = named.number("max hr (bpm)");
    let mut energy = session::statistic(session::known("total_energy_burned"));
    energy.sum = named.number("energy burned (cal)");
    let zones = (1..=5).map(|zone| format!("hr zone {zone} %"));
    let told = zones.chain(std::iter::once("activity strain".to_owned()));
    let metadata = told.filter_map(|name| {
        let text = named.get(&name);
        (!text.is_empty()).then(|| (name.replace(' ', "_"), text.to_owned()))
    });
    let text = named.get("activity name");
    let activity = session::activity(&Json::Text(text.into()));
    let workout = Workout {
        activity: activity.unwrap_or_else(|| "other".to_owned()),
        duration_min: named.number("duration (min)"),
        distance_m: table::number(named.row.get("distance (meters)"))
            .filter(|metres| *metres > 0.0),
        statistics: [rate, energy]
            .into_iter()
            .filter(|one| one.mean.or(one.max).or(one.sum).is_some())
            .collect(),
        metadata: metadata.collect(),
        ..Workout::default()
    };
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: live::zone_of(named.offset_min()),
        source: desk.account(),
        uid: None,
    };
    desk.workout(spot, heading, workout);
}

/// What the person noted about a day is kept as it came.
fn journal(named: &Named<'_>, desk: &mut Desk<'_, '_, '_>) {
    let spot = named.row.spot();
    let Some(start_us) = named.at_us("cycle start time", desk) else {
        return desk.refuse(spot, "cycle start time", None, TIME_MISSING);
    };
    let fields = ["question text", "answered yes", "notes"].map(|name| {
        let text = serde_json::to_string(named.get(name)).unwrap_or_default();
        format!("\"{name}\":{text}")
    });
    let json = format!("{{{}}}", fields.join(","));
    let source = desk.account();
    let end_us = named.at_us("cycle end time", desk).unwrap_or(start_us);
    desk.other(
        ("whoop_journal", json),
        Interval { start_us, end_us },
        source,
        spot,
    );
}
