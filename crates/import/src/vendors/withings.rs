//! Withings: raw series as arrays laid end to end, measurements of scales and cuffs in tables, and summaries.
//!
//! Raw rows have an offset; the tables of scales are of the person's clock. Phone and watch write into one raw file
//! without saying which, so of rows that overlap the larger is kept. Summaries are only used where there is no raw.

use std::io::Read;

use model::record::Workout;
use model::sample::SECOND_US;
use model::source::SourceClass;

use crate::json::Json;
use crate::live::{self, Interval, MALFORMED, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::elements::plain;
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "withings",
    about: "Withings: \"download my data\" of Health Mate",
    title: "Withings",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Withings::default()),
};

const MUSCLE: &str = "mass of all muscles, which no metric has";
const EMPTY: &str = "rows without a value";
const PLACES: &str = "positions, which are not read";
const NO_METRIC: &str = "series that no metric has";
const SUMMARY: &str = "summaries of what the export has in detail";

/// Items of one row: a day of seconds.
const ITEMS_MAX: usize = 86_400;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Name, metric, unit, how far it is believed.
    Raw(&'static str, &'static str, &'static str, u8),
    States(&'static str),
    Places,
    Unread,
    Weight,
    Pressure,
    Height,
    Sleep,
    Activities,
    /// Metric and unit of daily sums.
    Days(&'static str, &'static str),
}

/// Raw files by the end of their name.
const RAW: [(&str, Kind); 12] = [
    (
        "tracker_steps",
        Kind::Raw("raw_tracker_steps", "step_count", "1", 0),
    ),
    (
        "tracker_distance",
        Kind::Raw("raw_tracker_distance", "distance_walking_running", "m", 0),
    ),
    (
        "tracker_calories-earned",
        Kind::Raw(
            "raw_tracker_calories-earned",
            "active_energy_burned",
            "kcal",
            0,
        ),
    ),
    (
        "tracker_elevation",
        Kind::Raw("raw_tracker_elevation", "elevation_gained", "m", 0),
    ),
    ("raw_hr_hr", Kind::Raw("raw_hr_hr", "heart_rate", "/min", 0)),
    (
        "raw_bed_hr",
        Kind::Raw("raw_bed_hr", "heart_rate", "/min", 1),
    ),
    (
        "spo2_auto_spo2",
        Kind::Raw("raw_spo2_auto_spo2", "oxygen_saturation", "%", 0),
    ),
    (
        "raw_bed_respiratory-rate",
        Kind::Raw("raw_bed_respiratory-rate", "respiratory_rate", "/min", 0),
    ),
    (
        "core_body_temperature",
        Kind::Raw("raw_core_body_temperature", "body_temperature", "Cel", 0),
    ),
    (
        "tracker_sleep-state",
        Kind::States("raw_tracker_sleep-state"),
    ),
    ("bed_sleep-state", Kind::States("raw_bed_sleep-state")),
    ("location", Kind::Places),
];

/// Daily sums by the end of their name.
const DAYS: [(&str, Kind); 4] = [
    ("aggregates_steps", Kind::Days("step_count", "1")),
    (
        "aggregates_distance",
        Kind::Days("distance_walking_running", "m"),
    ),
    (
        "aggregates_calories_earned",
        Kind::Days("active_energy_burned", "kcal"),
    ),
    ("aggregates_elevation", Kind::Days("elevation_gained", "m")),
];

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let line = String::from_utf8_lossy(member.first_line()).to_lowercase();
    let file = member.file().to_lowercase();
    let stem = file.strip_suffix(".csv").unwrap_or(&file);
    let columns = line.split(',').count();
    if line == "start,duration,value" {
        let found = RAW.iter().find(|(end, _)| stem.contains(end));
        return Some(found.map_or(Kind::Unread, |(_, kind)| *kind));
    }
    if let Some((_, kind)) = DAYS
        .iter()
        .find(|(end, _)| stem.ends_with(end) && columns == 2)
    {
        return Some(*kind);
    }
    let has_mass = line.contains("(kg)") || line.contains("(lb");
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    Some(match stem {
        _ if begins(&["date,"]) && has_mass && columns == 7 => Kind::Weight,
        _ if begins(&["date,heart rate,systolic"]) => Kind::Pressure,
        "bp" if begins(&["date,"]) && columns == 5 => Kind::Pressure,
        "height" if begins(&["date,"]) && columns == 3 => Kind::Height,
        "sleep" if columns > 10 && line.contains("(s)") => Kind::Sleep,
        _ if begins(&["from,to,from (manual),"]) => Kind::Activities,
        "activities" if columns == 9 => Kind::Activities,
        _ => return None,
    })
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Raw(name, ..) | Self::States(name) => name,
            Self::Places => "raw_location",
            Self::Unread => "raw",
            Self::Weight => "weight",
            Self::Pressure => "bp",
            Self::Height => "height",
            Self::Sleep => "sleep",
            Self::Activities => "activities",
            Self::Days(..) => "aggregates",
        }
    }
}

/// A night of the summary, until it is known whether there are stages.
#[derive(Debug)]
struct Night {
    at: (i64, i64),
    line: crate::batch::Position,
    ones: Vec<One>,
}

/// The reader.
#[derive(Debug, Default)]
struct Withings {
    /// Intervals of which stages were read.
    staged: Vec<(i64, i64)>,
    nights: Vec<Night>,
}

impl Reader for Withings {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(kind) = kind_of(member) else {
            return Ok(());
        };
        if kind == Kind::Places {
            desk.leave(kind.name(), PLACES);
            return Ok(());
        }
        if kind == Kind::Unread {
            desk.leave(kind.name(), NO_METRIC);
            return Ok(());
        }
        desk.count_member(kind.name());
        let mut unit = "kg";
        let line = String::from_utf8_lossy(member.first_line()).to_lowercase();
        if line.contains("(lb") {
            unit = "[lb_av]";
        }
        table::rows(input, Shape::plain(kind.name()), desk, &mut |row, desk| {
            match kind {
                Kind::Raw(_, metric, of_metric, rank) => raw(row, (metric, of_metric, rank), desk)?,
                Kind::States(name) => self.states(row, name, desk),
                Kind::Weight => weight(row, unit, desk),
                Kind::Pressure => pressure(row, desk),
                Kind::Height => height(row, desk),
                Kind::Sleep => self.night(row, desk),
                Kind::Activities => activity(row, desk),
                Kind::Days(metric, of_metric) => day(row, (metric, of_metric), desk),
                Kind::Places | Kind::Unread => {}
            }
            Ok(())
        })
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        self.staged.sort_unstable();
        for night in std::mem::take(&mut self.nights) {
            let until = self
                .staged
                .partition_point(|(start, _)| *start < night.at.1);
            let last = until.checked_sub(1).and_then(|at| self.staged.get(at));
            if last.is_some_and(|(_, end)| *end > night.at.0) {
                desk.leave("sleep", SUMMARY);
                continue;
            }
            let spot = crate::vendors::desk::Spot {
                kind: "sleep",
                position: night.line,
            };
            for one in night.ones {
                desk.put(spot, one);
            }
        }
        Ok(())
    }
}

/// `[a,b,…]` of numbers; anything else is none.
fn list(cell: &str) -> Option<Vec<f64>> {
    let inside = cell.strip_prefix('[')?.strip_suffix(']')?;
    let numbers = inside.split(',').take(ITEMS_MAX).map(table::number);
    numbers.collect()
}

/// Intervals of a row with their values, and the row's offset.
type Pieces = (Vec<((i64, i64), f64)>, Option<i16>);

fn pieces(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<Pieces> {
    let Some((start_us, offset_min)) = desk.moment(row.get("start")) else {
        desk.refuse(row.spot(), "start", None, TIME_MISSING);
        return None;
    };
    let (lengths, values) = (list(row.get("duration")), list(row.get("value")));
    let (Some(lengths), Some(values)) = (lengths, values) else {
        desk.refuse(row.spot(), "value", None, MALFORMED);
        return None;
    };
    let mut from_us = start_us;
    let mut pieces = Vec::with_capacity(values.len());
    for (seconds, value) in lengths.into_iter().zip(values) {
        if !(0.0..=604_800.0).contains(&seconds) {
            desk.refuse(row.spot(), "duration", None, NOT_A_VALUE);
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most a week of seconds")]
        let end_us = from_us + seconds as i64 * SECOND_US;
        pieces.push(((from_us, end_us), value));
        from_us = end_us;
    }
    Some((pieces, offset_min))
}

fn raw(
    row: &Row<'_>,
    (metric, unit, rank): (&'static str, &'static str, u8),
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let Some((pieces, offset_min)) = pieces(row, desk) else {
        return Ok(());
    };
    let source = desk.account();
    for (at, value) in pieces {
        if value > 0.0 {
            let one = One::over(metric, unit, value, at, source);
            desk.witness(rank, one.offset(offset_min))?;
        }
    }
    Ok(())
}

impl Withings {
    fn states(&mut self, row: &Row<'_>, name: &str, desk: &mut Desk<'_, '_, '_>) {
        let Some((pieces, offset_min)) = pieces(row, desk) else {
            return;
        };
        let device = if name.contains("bed") {
            "sleep mat"
        } else {
            ""
        };
        let source = desk.source(device, SourceClass::Watch).unwrap_or_default();
        for (at, state) in pieces {
            let code = match state.to_bits() {
                bits if bits == 0.0_f64.to_bits() => 2.0,
                bits if bits == 1.0_f64.to_bits() => 3.0,
                bits if bits == 2.0_f64.to_bits() => 4.0,
                bits if bits == 3.0_f64.to_bits() => 5.0,
                _ => {
                    desk.refuse(row.spot(), "value", None, NOT_A_VALUE);
                    continue;
                }
            };
            self.staged.push(at);
            let one = One::over("sleep_analysis", "", code, at, source);
            desk.put(row.spot(), one.offset(offset_min));
        }
    }

    fn night(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        let start = desk.moment(row.cell(0));
        let end = desk.moment(row.cell(1));
        let (Some((start_us, offset_min)), Some((end_us, _))) = (start, end) else {
            return desk.refuse(row.spot(), "from", None, TIME_MISSING);
        };
        let at = (start_us, end_us);
        let source = desk.account();
        let seconds = |column: usize| table::number(row.cell(column));
        let (light, deep, rem, awake) = (seconds(2), seconds(3), seconds(4), seconds(5));
        let asleep = match (light, deep) {
            (Some(light), Some(deep)) => Some(light + deep + rem.unwrap_or(0.0)),
            _ => None,
        };
        let stated = [
            ("sleep_duration", asleep),
            ("sleep_light_duration", light),
            ("sleep_deep_duration", deep),
            ("sleep_rem_duration", rem),
            ("sleep_awake_duration", awake),
        ];
        let ones = stated.into_iter().filter_map(|(metric, value)| {
            Some(One::over(metric, "s", value?, at, source).offset(offset_min))
        });
        self.nights.push(Night {
            at,
            line: row.spot().position,
            ones: ones.collect(),
        });
    }
}

/// The instant of the first cell, by the person's clock.
fn date(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<i64> {
    let at = desk.moment(row.cell(0));
    if at.is_none() {
        desk.refuse(row.spot(), "Date", None, TIME_MISSING);
    }
    at.map(|(at_us, _)| at_us)
}

fn put_cells(
    row: &Row<'_>,
    at_us: i64,
    columns: &[(usize, &'static str, &'static str)],
    desk: &mut Desk<'_, '_, '_>,
) {
    let source = desk.account();
    let mut is_any = false;
    for (column, metric, unit) in columns {
        match table::number(row.cell(*column)) {
            Some(value) => {
                is_any = true;
                desk.put(row.spot(), One::at(metric, unit, value, at_us, source));
            }
            None if row.cell(*column).is_empty() => {}
            None => desk.refuse(row.spot(), metric, None, NOT_A_VALUE),
        }
    }
    if !is_any {
        desk.leave("measurements", EMPTY);
    }
}

fn weight(row: &Row<'_>, unit: &'static str, desk: &mut Desk<'_, '_, '_>) {
    let Some(at_us) = date(row, desk) else { return };
    let columns = [
        (1, "body_mass", unit),
        (2, "body_fat_mass", unit),
        (3, "bone_mass", unit),
        (5, "body_water_mass", unit),
    ];
    if !row.cell(4).is_empty() {
        desk.leave("weight", MUSCLE);
    }
    put_cells(row, at_us, &columns, desk);
}

fn pressure(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(at_us) = date(row, desk) else { return };
    let columns = [
        (1, "heart_rate", "/min"),
        (2, "blood_pressure_systolic", "mm[Hg]"),
        (3, "blood_pressure_diastolic", "mm[Hg]"),
    ];
    put_cells(row, at_us, &columns, desk);
}

/// Metres, or feet and inches as `5' 10.0''`.
fn height(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    const INCH_M: f64 = 0.0254;
    let Some(at_us) = date(row, desk) else { return };
    let text = row.cell(1);
    let metres = match text.split_once('\'') {
        Some((feet, inches)) => {
            let inches = table::number(inches.trim().trim_end_matches(['\'', '"']));
            table::number(feet)
                .zip(inches)
                .map(|(feet, inches)| (feet * 12.0 + inches) * INCH_M)
        }
        None => table::number(text),
    };
    match metres {
        Some(metres) => {
            let source = desk.account();
            desk.put(row.spot(), One::at("height", "m", metres, at_us, source));
        }
        None => desk.refuse(row.spot(), "Height", None, NOT_A_VALUE),
    }
}

fn day(row: &Row<'_>, (metric, unit): (&'static str, &'static str), desk: &mut Desk<'_, '_, '_>) {
    let Some(day) = clock::day(row.cell(0)) else {
        return desk.refuse(row.spot(), "date", None, TIME_MISSING);
    };
    match table::number(row.cell(1)) {
        Some(value) if value > 0.0 => {
            let source = desk.account();
            desk.total(day, One::at(metric, unit, value, 0, source));
        }
        Some(_) => desk.leave(metric, "days of zero"),
        None => desk.refuse(row.spot(), "value", None, NOT_A_VALUE),
    }
}

fn activity(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let start = desk.moment(row.cell(0));
    let end = desk.moment(row.cell(1));
    let (Some((start_us, offset_min)), Some((end_us, _))) = (start, end) else {
        return desk.refuse(row.spot(), "from", None, TIME_MISSING);
    };
    let data = serde_json::from_str::<Json<'_>>(row.cell(6)).unwrap_or_default();
    let number = |name: &str| plain(data.get(name)).filter(|value| *value > 0.0);
    let mut rate = session::statistic(session::known("heart_rate"));
    rate.mean = number("hr_average");
    rate.max = number("hr_max");
    rate.min = number("hr_min");
    let mut steps = session::statistic(session::known("step_count"));
    steps.sum = number("steps");
    let workout = Workout {
        activity: session::activity(&Json::Text(row.cell(5).into()))
            .unwrap_or_else(|| "other".to_owned()),
        duration_min: number("effduration").map(|seconds| seconds / 60.0),
        active_energy_kcal: number("calories"),
        distance_m: number("distance"),
        statistics: [rate, steps]
            .into_iter()
            .filter(|one| one.mean.or(one.max).or(one.sum).is_some())
            .collect(),
        ..Workout::default()
    };
    let zone = row.cell(4);
    let named = desk
        .intake
        .seen_zone(start_us, zone)
        .map(|_| zone.to_owned());
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: named.or_else(|| live::zone_of(offset_min)),
        source: desk.account(),
        uid: None,
    };
    desk.workout(row.spot(), heading, workout);
}
