//! The Takeout of a Fitbit account. Of some days the reconciled stream is missing; the tables beside it then have the
//! minutes of the band, of the phone, and of a mirror in another app.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::life::{Life, Night, Stage, stamp};
use super::{Made, Truth};
use crate::export::Chance;

/// What the account prints beside the nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Takeout: the tables of Google, with the offset of each night.
    Takeout,
    /// The older archive of fitbit.com: nights of the person's clock, without any table.
    Archive,
}

/// Days of one file.
const FILE_DAYS: usize = 30;
/// Workouts of one page.
const PAGE: usize = 100;

const ACCOUNT: &str = "Fitbit";
const BAND: &str = "Fitbit Charge 6";
const PHONE: &str = "Fitbit MobileTrack";

/// Prints a person.
pub fn print(life: &Life, form: Account) -> Made {
    let mut made = Made::default();
    let mut pen = Pen {
        life,
        form,
        made: &mut made,
        chance: Chance(life.seed ^ 0x00F1_7B17),
    };
    pen.minutes();
    pen.beats();
    pen.nights();
    pen.runs();
    pen.rest();
    let truth = &mut made.truth;
    truth.steps = life.steps_by_day();
    truth.nights = life.nights_by_day();
    truth.workouts = life
        .runs
        .iter()
        .map(|run| (run.start_s, run.start_s + run.length_s))
        .collect();
    made
}

struct Pen<'p> {
    life: &'p Life,
    form: Account,
    made: &'p mut Made,
    chance: Chance,
}

fn utc(at_s: i64) -> DateTime {
    TimeZone::UTC.to_datetime(stamp(at_s))
}

/// `03/28/26 07:00:00`.
fn short(at: DateTime) -> String {
    let (year, month, day) = (at.year() % 100, at.month(), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{month:02}/{day:02}/{year:02} {hour:02}:{minute:02}:{second:02}")
}

fn stated(at: DateTime, value: &str) -> String {
    let at = short(at);
    format!("{{\n    \"dateTime\" : \"{at}\",\n    \"value\" : \"{value}\"\n}}")
}

fn list(elements: &[String]) -> String {
    format!("[{}]", elements.join(","))
}

impl Pen<'_> {
    fn truth(&mut self) -> &mut Truth {
        &mut self.made.truth
    }

    /// A file of `Global Export Data`, or of the folder of the older archive.
    fn global(&mut self, folder: &str, name: &str, content: String) {
        let path = match self.form {
            Account::Takeout => format!("Takeout/Fitbit/Global Export Data/{name}"),
            Account::Archive => format!("MyFitbitData/Somebody/{folder}/{name}"),
        };
        self.made.file(path, content);
    }

    fn table(&mut self, name: &str, content: String) {
        let path = format!("Takeout/Fitbit/Physical Activity_GoogleData/{name}");
        self.made.file(path, content);
    }

    /// Steps, distances and energy.
    fn minutes(&mut self) {
        let life = self.life;
        let is_takeout = self.form == Account::Takeout;
        for days in life.days.chunks(FILE_DAYS) {
            let (mut steps, mut distances, mut energy) = (Vec::new(), Vec::new(), Vec::new());
            let mut rows = "timestamp,steps,data source\n".to_owned();
            for date in days {
                let is_lost = is_takeout && self.chance.below(6) == 0;
                let (from_s, until_s) = span(life, *date);
                for (at_s, count) in life.steps.range(from_s..until_s) {
                    if is_lost {
                        self.witnesses(*at_s, *count, &mut rows);
                        continue;
                    }
                    self.account(*count);
                    steps.push(stated(utc(*at_s), &count.to_string()));
                    distances.push(stated(utc(*at_s), &(count * 75).to_string()));
                    if is_takeout {
                        let _ = writeln!(rows, "{}Z,{},Charge 6", utc(*at_s), count + 1);
                    }
                }
            }
            let spans = days.iter().map(|date| span(life, *date));
            for (from_s, until_s) in spans {
                let within = |(at_s, _): &&(i64, u32)| (from_s..until_s).contains(at_s);
                energy.extend(life.energy.iter().filter(within).map(|(at_s, hundredths)| {
                    let value = f64::from(*hundredths) / 100.0;
                    stated(life.local(*at_s), &value.to_string())
                }));
            }
            let Some(first) = days.first() else { continue };
            let truth = self.truth();
            truth.count("distance_walking_running", distances.len());
            truth.count("total_energy_burned", energy.len());
            for (family, elements) in [
                ("steps", &steps),
                ("distance", &distances),
                ("calories", &energy),
            ] {
                let name = format!("{family}-{first}.json");
                self.global("Physical Activity", &name, list(elements));
            }
            if is_takeout {
                self.table(&format!("steps_{first}.csv"), rows);
            }
        }
    }

    fn account(&mut self, count: u32) {
        let truth = self.truth();
        truth.count("step_count", 1);
        *truth.by_source.entry(ACCOUNT.to_owned()).or_default() += f64::from(count);
    }

    /// A minute as its witnesses print it: of some only the phone saw the steps.
    fn witnesses(&mut self, at_s: i64, count: u32, rows: &mut String) {
        let is_phone = self.chance.below(8) == 0;
        let at = utc(at_s);
        let source = if is_phone { PHONE } else { BAND };
        let phone = if is_phone { count } else { count / 2 + 1 };
        let _ = writeln!(rows, "{at}Z,{phone},MobileTrack");
        if !is_phone {
            let _ = writeln!(rows, "{at}Z,{count},Charge 6");
        }
        let _ = writeln!(rows, "{at}Z,{count},Fit Health Connect");
        let truth = self.truth();
        truth.count("step_count", 1);
        *truth.by_source.entry(source.to_owned()).or_default() += f64::from(count);
    }

    /// A file a day; what has no confidence is a filler.
    fn beats(&mut self) {
        let life = self.life;
        let by_day = |a: &(i64, u32), b: &(i64, u32)| utc(a.0).date() == utc(b.0).date();
        for beats in life.beats.chunk_by(by_day) {
            let mut elements = Vec::new();
            for (at_s, rate) in beats {
                let is_filler = self.chance.below(10) == 0;
                let (rate, confidence) = if is_filler { (70, 0) } else { (*rate, 2) };
                self.truth().count("heart_rate", usize::from(!is_filler));
                elements.push(format!(
                    "{{\"dateTime\" : \"{}\", \"value\" : {{\"bpm\" : {rate}, \"confidence\" : {confidence}}}}}",
                    short(utc(*at_s))
                ));
            }
            let Some((at_s, _)) = beats.first() else {
                continue;
            };
            let name = format!("heart_rate-{}.json", utc(*at_s).date());
            self.global("Physical Activity", &name, list(&elements));
        }
    }

    /// Files of thirty nights, the newest first, of which neighbours share one.
    fn nights(&mut self) {
        let life = self.life;
        let mut rows = "sleep_id,sleep_type,minutes_asleep,start_utc_offset,sleep_start,end_utc_offset,sleep_end,\
                        data_source\n"
            .to_owned();
        for (number, nights) in life.nights.chunks(FILE_DAYS).enumerate() {
            let shared = life.nights.get((number + 1) * FILE_DAYS);
            let mut elements: Vec<String> = nights
                .iter()
                .chain(shared)
                .map(|night| self.night(night))
                .collect();
            elements.reverse();
            let Some(first) = nights.first() else {
                continue;
            };
            let name = format!("sleep-{}.json", life.date(first.end_s()));
            self.global("Sleep", &name, list(&elements));
        }
        for night in &life.nights {
            let (from_s, until_s) = (night.start_s, night.end_s());
            let _ = writeln!(
                rows,
                "73400{from_s},STAGES,400,{},{}Z,{},{}Z,CHARGE_6",
                life.offset(from_s),
                utc(from_s),
                life.offset(until_s),
                utc(until_s)
            );
            self.made.truth.count("sleep_analysis", night.pieces.len());
        }
        if self.form == Account::Takeout {
            let path = "Takeout/Fitbit/Health Fitness Data_GoogleData/UserSleeps_2026-03-01.csv";
            self.made.file(path, rows);
        }
    }

    fn night(&self, night: &Night) -> String {
        let spans = night.spans();
        let levels: Vec<String> = spans
            .iter()
            .map(|(stage, from_s, until_s)| {
                let level = match stage {
                    Stage::Awake => "wake",
                    Stage::Light => "light",
                    Stage::Deep => "deep",
                    Stage::Rem => "rem",
                };
                let at = self.life.local(*from_s);
                let seconds = until_s - from_s;
                format!("{{\"dateTime\" : \"{at}.000\", \"level\" : \"{level}\", \"seconds\" : {seconds}}}")
            })
            .collect();
        let (from_s, until_s) = (night.start_s, night.end_s());
        let (start, end) = (self.life.local(from_s), self.life.local(until_s));
        format!(
            "{{\"logId\" : {}, \"dateOfSleep\" : \"{}\", \"startTime\" : \"{start}.000\", \"endTime\" : \"{end}.000\", \
             \"duration\" : {}, \"type\" : \"stages\", \"levels\" : {{\"data\" : [{}], \"shortData\" : []}}}}",
            44_000_000_000 + from_s,
            end.date(),
            (until_s - from_s) * 1_000,
            levels.join(",")
        )
    }

    fn runs(&mut self) {
        let life = self.life;
        for (page, runs) in life.runs.chunks(PAGE).enumerate() {
            let elements: Vec<String> = runs
                .iter()
                .map(|run| {
                    format!(
                        "{{\"logId\" : {}, \"activityName\" : \"Run\", \"averageHeartRate\" : {}, \"calories\" : {}, \
                         \"distance\" : {}, \"distanceUnit\" : \"Kilometer\", \"duration\" : {}, \
                         \"activeDuration\" : {}, \"startTime\" : \"{}\"}}",
                        384_000_000_000 + run.start_s,
                        run.rate,
                        run.energy_kcal,
                        f64::from(run.distance_m) / 1_000.0,
                        run.length_s * 1_000,
                        run.length_s * 1_000,
                        short(utc(run.start_s))
                    )
                })
                .collect();
            let name = format!("exercise-{}.json", page * PAGE);
            self.global("Physical Activity", &name, list(&elements));
        }
    }

    /// Weights, and what is no part of a body.
    fn rest(&mut self) {
        self.made.file(
            "Takeout/Fitbit/Your Profile/Profile.csv",
            "id,full_name\n1,Somebody\n",
        );
        self.made
            .file("Takeout/Fitbit/Biometrics/Glucose 202603.csv", "no data");
        if self.form == Account::Takeout {
            let mut rows = "timestamp,weight grams,data source\n".to_owned();
            for (at_s, grams) in &self.life.weights {
                let _ = writeln!(rows, "{}Z,{grams},Google Health App", utc(*at_s));
            }
            let count = self.life.weights.len();
            self.truth().count("body_mass", count);
            self.table("weight.csv", rows);
        }
    }
}

/// The first instant of a local day, and that of the next.
pub(super) fn span(life: &Life, date: Date) -> (i64, i64) {
    let start = |date: Date| life.at(date.at(0, 0, 0, 0));
    (start(date), start(date.tomorrow().expect("a day after")))
}
