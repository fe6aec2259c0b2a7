//! A backup of Health Connect, into which a band, a phone and a pedometer wrote the same walks. The truth is the
//! phone's own rule: of each piece of time the record of the app that is first in the order counts, of one app the one
//! that was changed later, and an app outside the order does not count.

use std::collections::BTreeMap;

use super::Made;
use super::life::{Life, Night, Stage};
use crate::export::Chance;
use crate::sqlite::{self, Cell};

/// How the file states a table: a part of the format, which nobody executes.
const STATEMENT: &str = concat!("CREATE", " TABLE");
/// Columns that every record has, before its own.
const COMMON: &str = "row_id INTEGER PRIMARY KEY AUTOINCREMENT, uuid BLOB NOT NULL UNIQUE, last_modified_time INTEGER, \
                      device_info_id INTEGER, app_info_id INTEGER, recording_method INTEGER";
const INTERVAL: &str =
    "start_time INTEGER, start_zone_offset INTEGER, end_time INTEGER, end_zone_offset INTEGER";
const INSTANT: &str = "time INTEGER, zone_offset INTEGER";

const APPS: &str = "row_id INTEGER PRIMARY KEY, package_name TEXT, app_name TEXT";
const DEVICES: &str =
    "row_id INTEGER PRIMARY KEY, manufacturer TEXT, model TEXT, device_type INTEGER";
const ORDER: &str = "row_id INTEGER PRIMARY KEY AUTOINCREMENT, health_data_category INTEGER UNIQUE, \
                     app_id_priority_order TEXT";
const POINTS: &str = "parent_key INTEGER, beats_per_minute INTEGER, epoch_millis INTEGER";
const STAGES: &str =
    "parent_key INTEGER, stage_start_time INTEGER, stage_end_time INTEGER, stage_type INTEGER";

const FIT: i64 = 1;
const FITBIT: i64 = 2;
const SCALE: i64 = 3;
const PEDOMETER: i64 = 4;

const PHONE: i64 = 2;
const BAND: i64 = 3;

/// A record of steps.
#[derive(Debug, Clone, Copy)]
struct Walk {
    app: i64,
    device: i64,
    modified_s: i64,
    start_s: i64,
    end_s: i64,
    steps: u32,
}

/// Prints a person as a database.
pub fn print(life: &Life) -> Made {
    let mut pen = Pen {
        life,
        made: Made::default(),
        chance: Chance(life.seed ^ 0x0EC0),
        records: 0,
    };
    let walks = pen.walks();
    let steps = pen.steps(&walks);
    let (parents, points) = pen.beats();
    let (sessions, stages) = pen.nights();
    let exercises = pen.exercises();
    let weights = pen.weights();
    let record = |more: &str| format!("{COMMON}, {INTERVAL}{more}");
    let tables: Vec<(&str, String, Vec<Vec<Cell>>)> = vec![
        ("application_info_table", APPS.to_owned(), apps()),
        ("device_info_table", DEVICES.to_owned(), devices()),
        (
            "health_data_category_priority_table",
            ORDER.to_owned(),
            vec![vec![Cell::Null, Cell::Integer(1), text("2,1")]],
        ),
        ("steps_record_table", record(", count INTEGER"), steps),
        ("heart_rate_record_table", record(""), parents),
        ("heart_rate_record_series_table", POINTS.to_owned(), points),
        (
            "sleep_session_record_table",
            record(", title TEXT"),
            sessions,
        ),
        ("sleep_stages_table", STAGES.to_owned(), stages),
        (
            "exercise_session_record_table",
            record(", exercise_type INTEGER"),
            exercises,
        ),
        (
            "weight_record_table",
            format!("{COMMON}, {INSTANT}, weight REAL"),
            weights,
        ),
    ];
    let tables: Vec<(&str, String, Vec<Vec<Cell>>)> = tables
        .into_iter()
        .map(|(name, columns, rows)| (name, format!("{STATEMENT} {name} ({columns})"), rows))
        .collect();
    let tables: Vec<sqlite::Table<'_>> = tables
        .iter()
        .map(|(name, sql, rows)| (*name, sql.as_str(), rows.clone()))
        .collect();
    let mut made = pen.made;
    made.file("health_connect_export.db", sqlite::file(4_096, &tables));
    made.truth.nights = life.nights_by_day();
    made.truth.workouts = life
        .runs
        .iter()
        .map(|run| (run.start_s, run.start_s + run.length_s))
        .collect();
    made
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn apps() -> Vec<Vec<Cell>> {
    let apps = [
        ("com.google.android.apps.fitness", "Fit"),
        ("com.fitbit.FitbitMobile", "Fitbit"),
        ("com.sample.scale", "Scale"),
        ("com.sample.pedometer", "Pedometer"),
    ];
    let rows = apps
        .iter()
        .map(|(package, name)| vec![Cell::Null, text(package), text(name)]);
    rows.collect()
}

fn devices() -> Vec<Vec<Cell>> {
    vec![
        vec![Cell::Null, Cell::Null, Cell::Null, Cell::Integer(0)],
        vec![
            Cell::Null,
            text("Google"),
            text("Pixel 8"),
            Cell::Integer(2),
        ],
        vec![
            Cell::Null,
            text("Fitbit"),
            text("Charge 6"),
            Cell::Integer(1),
        ],
    ]
}

/// The name of a source as a person sees it.
fn source(app: i64, device: i64) -> String {
    let app = match app {
        FIT => "Fit",
        FITBIT => "Fitbit",
        SCALE => "Scale",
        _ => "Pedometer",
    };
    let device = if device == BAND {
        "Fitbit Charge 6"
    } else {
        "Google Pixel 8"
    };
    format!("{app} {device}")
}

struct Pen<'l> {
    life: &'l Life,
    made: Made,
    chance: Chance,
    records: u64,
}

impl Pen<'_> {
    /// The columns that every record has.
    fn common(&mut self, (app, device): (i64, i64), modified_s: i64) -> Vec<Cell> {
        self.records += 1;
        let mut uuid = [0_u8; 16];
        let (seed, number) = uuid.split_at_mut(8);
        seed.copy_from_slice(&self.life.seed.to_be_bytes());
        number.copy_from_slice(&self.records.to_be_bytes());
        vec![
            Cell::Null,
            Cell::Blob(uuid.to_vec()),
            Cell::Integer(modified_s * 1_000),
            Cell::Integer(device),
            Cell::Integer(app),
            Cell::Integer(2),
        ]
    }

    fn interval(
        &mut self,
        who: (i64, i64),
        modified_s: i64,
        (from_s, until_s): (i64, i64),
    ) -> Vec<Cell> {
        let mut row = self.common(who, modified_s);
        for at_s in [from_s, until_s] {
            row.push(Cell::Integer(at_s * 1_000));
            row.push(Cell::Integer(i64::from(self.life.offset_min(at_s)) * 60));
        }
        row
    }

    /// Records of all apps: the band in quarters of an hour, sometimes written twice, the phone in hours.
    fn walks(&mut self) -> Vec<Walk> {
        let mut walks: Vec<Walk> = Vec::new();
        let steps: Vec<(i64, u32)> = self
            .life
            .steps
            .iter()
            .map(|(at, count)| (*at, *count))
            .collect();
        for minutes in steps.chunk_by(|a, b| a.0 / 900 == b.0 / 900) {
            let (Some((from_s, _)), Some((last_s, _))) = (minutes.first(), minutes.last()) else {
                continue;
            };
            let sum: u32 = minutes.iter().map(|(_, count)| count).sum();
            let band = Walk {
                app: FITBIT,
                device: BAND,
                modified_s: last_s + 3_600,
                start_s: *from_s,
                end_s: last_s + 60,
                steps: sum,
            };
            if self.chance.below(4) == 0 {
                // The same app's count of the phone, written before.
                let steps = sum / 2 + 1;
                let modified_s = band.modified_s - 60;
                walks.push(Walk {
                    device: PHONE,
                    steps,
                    modified_s,
                    ..band
                });
            }
            walks.push(band);
        }
        for minutes in steps.chunk_by(|a, b| a.0 / 3_600 == b.0 / 3_600) {
            let sum: u32 = minutes.iter().map(|(_, count)| count).sum();
            let Some((at_s, _)) = minutes.first() else {
                continue;
            };
            let start_s = at_s / 3_600 * 3_600;
            let hour = Walk {
                app: FIT,
                device: PHONE,
                modified_s: start_s + 7_200,
                start_s,
                end_s: start_s + 3_600,
                steps: sum * 4 / 5 + 1,
            };
            walks.push(hour);
            if self.chance.below(9) == 0 {
                walks.push(Walk {
                    app: PEDOMETER,
                    steps: 250,
                    ..hour
                });
            }
        }
        walks
    }

    fn steps(&mut self, walks: &[Walk]) -> Vec<Vec<Cell>> {
        /// Whose record counts in a minute, the smallest first, and what it gives.
        type Claim = ((i64, i64), f64);
        let mut minutes: BTreeMap<i64, Claim> = BTreeMap::new();
        let mut rows = Vec::new();
        for walk in walks {
            let at = (walk.start_s, walk.end_s);
            let mut row = self.interval((walk.app, walk.device), walk.modified_s, at);
            row.push(Cell::Integer(i64::from(walk.steps)));
            rows.push(row);
            let by_source = &mut self.made.truth.by_source;
            *by_source.entry(source(walk.app, walk.device)).or_default() += f64::from(walk.steps);
            let place = match walk.app {
                FITBIT => 0,
                FIT => 1,
                _ => continue,
            };
            let each = f64::from(walk.steps) * 60.0 / (walk.end_s - walk.start_s) as f64;
            for minute in walk.start_s / 60..walk.end_s / 60 {
                let claim = ((place, -walk.modified_s), each);
                let known = minutes.entry(minute).or_insert(claim);
                if claim.0 < known.0 {
                    *known = claim;
                }
            }
        }
        for (minute, (_, each)) in minutes {
            let date = self.life.date(minute * 60);
            *self.made.truth.steps.entry(date).or_default() += each;
        }
        self.made.truth.count("step_count", rows.len());
        rows
    }

    /// A parent a day and its points.
    fn beats(&mut self) -> (Vec<Vec<Cell>>, Vec<Vec<Cell>>) {
        let (mut parents, mut series) = (Vec::new(), Vec::new());
        let life = self.life;
        for beats in life.beats.chunk_by(|a, b| a.0 / 86_400 == b.0 / 86_400) {
            let (Some((from_s, _)), Some((until_s, _))) = (beats.first(), beats.last()) else {
                continue;
            };
            parents.push(self.interval((FITBIT, BAND), *until_s, (*from_s, *until_s)));
            let parent = i64::try_from(parents.len()).expect("few days");
            series.extend(beats.iter().map(|(at_s, rate)| {
                let rate = Cell::Integer(i64::from(*rate));
                vec![Cell::Integer(parent), rate, Cell::Integer(at_s * 1_000)]
            }));
        }
        self.made.truth.count("heart_rate", series.len());
        (parents, series)
    }

    /// Sessions with stages; of some nights also what was written while they grew, and what another app wrote.
    fn nights(&mut self) -> (Vec<Vec<Cell>>, Vec<Vec<Cell>>) {
        let (mut sessions, mut stages) = (Vec::new(), Vec::new());
        let life = self.life;
        for night in &life.nights {
            let (from_s, until_s) = (night.start_s, night.end_s());
            if self.chance.below(4) == 0 {
                let early_s = from_s + (until_s - from_s) / 3;
                sessions.push(self.session((FITBIT, BAND), (from_s, early_s)));
            }
            sessions.push(self.session((FITBIT, BAND), (from_s, until_s)));
            let parent = i64::try_from(sessions.len()).expect("few nights");
            stages.extend(staged(night, parent));
            self.made.truth.count("sleep_analysis", night.pieces.len());
            if self.chance.below(5) == 0 {
                sessions.push(self.session((FIT, PHONE), (from_s + 600, until_s)));
                self.made.truth.count("sleep_analysis", 1);
            }
        }
        (sessions, stages)
    }

    fn session(&mut self, who: (i64, i64), at: (i64, i64)) -> Vec<Cell> {
        let mut row = self.interval(who, at.1 + 600, at);
        row.push(Cell::Null);
        row
    }

    fn exercises(&mut self) -> Vec<Vec<Cell>> {
        const RUNNING: i64 = 33;
        let life = self.life;
        let rows = life.runs.iter().map(|run| {
            let end_s = run.start_s + run.length_s;
            let mut row = self.interval((FITBIT, BAND), end_s, (run.start_s, end_s));
            row.push(Cell::Integer(RUNNING));
            row
        });
        rows.collect()
    }

    fn weights(&mut self) -> Vec<Vec<Cell>> {
        let life = self.life;
        self.made.truth.count("body_mass", life.weights.len());
        let rows = life.weights.iter().map(|(at_s, grams)| {
            let mut row = self.common((SCALE, 1), *at_s);
            row.push(Cell::Integer(at_s * 1_000));
            row.push(Cell::Integer(i64::from(life.offset_min(*at_s)) * 60));
            row.push(Cell::Real(f64::from(*grams)));
            row
        });
        rows.collect()
    }
}

fn staged(night: &Night, parent: i64) -> Vec<Vec<Cell>> {
    let spans = night.spans();
    let rows = spans.iter().map(|(stage, from_s, until_s)| {
        let stage = match stage {
            Stage::Awake => 1,
            Stage::Light => 4,
            Stage::Deep => 5,
            Stage::Rem => 6,
        };
        let cells = [parent, from_s * 1_000, until_s * 1_000, stage];
        cells.map(Cell::Integer).to_vec()
    });
    rows.collect()
}
