//! Exports in the form of Apple Health with exact ground truth: a person who does not exist, made from a
//! seed. What is printed and what is true are written down side by side, without any code under test: steps
//! are merged second by second, in whole numbers.
//!
//! The truth is JSON: `counts` by type and element, `steps_merged` by local day as a fraction, `sleep_nights`
//! by the local day of waking, `workouts`.

mod night;
mod steps;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

/// Whom to invent, and how the telephone prints it.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The same seed gives the same person.
    pub seed: u64,
    /// IANA name of the zone at home.
    pub home: &'a str,
    /// First local day.
    pub start: Date,
    /// Local days.
    pub days: u16,
    /// The form of the printed document.
    pub form: Form,
}

/// How a release prints sleep and the totals of workouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Until iOS 15: one stage of sleep, totals as attributes.
    Old,
    /// Since iOS 16: stages, totals as elements.
    Staged,
}

/// An export and what is true of it.
#[derive(Debug)]
pub struct Export {
    /// The document.
    pub xml: String,
    /// What is true of it.
    pub truth: Value,
}

impl Export {
    /// The document in an archive, as a telephone shares it.
    pub fn zip(&self) -> Vec<u8> {
        crate::zip::archive(&[("apple_health_export/export.xml", self.xml.as_bytes())])
    }
}

const WATCH: &str = "Ada’s Apple\u{a0}Watch";
const PHONE: &str = "Ada’s iPhone";
const KIND: &str = "HKQuantityTypeIdentifier";

/// Invents a person and prints them.
///
/// # Panics
///
/// When the zone is unknown.
pub fn generate(person: &Person<'_>) -> Export {
    let mut house = House::new(person);
    for day in 0..person.days {
        let date = person.start + i64::from(day).days();
        house.heart(date);
        house.summary(date);
        if house.chance.below(3) == 0 {
            house.workout(date);
        }
        if house.chance.below(4) == 0 {
            house.blood_pressure(date);
        }
    }
    let steps = steps::print(&mut house);
    let nights = night::print(&mut house);
    house.oddities();
    let truth = json!({
        "xml": {"home_tz": person.home},
        "counts": {
            "types": house.counts,
            "elements": house.elements,
            "rejected": house.rejected,
        },
        "oddities": ["an unknown type", "a value that is no number", "an end before its start"],
        "steps_merged": {"source_priority": [WATCH, PHONE], "days": steps},
        "sleep_nights": {"nights": nights},
        "workouts": house.workouts,
    });
    Export {
        xml: house.finish(),
        truth,
    }
}

/// What is printed so far, and what is true of it.
struct House<'a> {
    person: &'a Person<'a>,
    zone: TimeZone,
    chance: Chance,
    body: String,
    counts: BTreeMap<String, Value>,
    elements: BTreeMap<&'static str, u64>,
    rejected: u64,
    workouts: Vec<Value>,
}

/// One printed record.
struct Record<'a> {
    kind: &'a str,
    source: &'a str,
    unit: Option<&'a str>,
    value: &'a str,
    start_s: i64,
    end_s: i64,
}

impl<'a> House<'a> {
    fn new(person: &'a Person<'a>) -> Self {
        Self {
            person,
            zone: TimeZone::get(person.home).expect("a zone of the IANA database"),
            chance: Chance(person.seed),
            body: String::new(),
            counts: BTreeMap::new(),
            elements: BTreeMap::new(),
            rejected: 0,
            workouts: Vec::new(),
        }
    }

    /// The instant of a local time, in seconds; where the clocks jump over it, the instant after.
    fn at(&self, local: DateTime) -> i64 {
        let zoned = local.to_zoned(self.zone.clone()).expect("a date of today");
        zoned.timestamp().as_second()
    }

    fn date(&self, at_s: i64) -> Date {
        stamp(at_s).to_zoned(self.zone.clone()).date()
    }

    /// Every date of a document has one offset, that of the telephone at the time of the export.
    fn printed(&self, at_s: i64) -> String {
        let end = self.person.start + i64::from(self.person.days).days();
        let export = end.at(9, 0, 0, 0).to_zoned(self.zone.clone());
        let offset = export.expect("a date of today").offset();
        let local = offset.to_datetime(stamp(at_s));
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let (date, time) = (local.date(), local.time().strftime("%H:%M:%S"));
        format!("{date} {time} {sign}{hours:02}{rest:02}")
    }

    /// Prints a record at the top level, with its metadata, and counts it.
    fn record(&mut self, record: &Record<'_>, metadata: &[(&str, &str)]) {
        let line = self.line(record);
        if metadata.is_empty() {
            writeln!(self.body, " {line}/>").expect("a string");
        } else {
            writeln!(self.body, " {line}>").expect("a string");
            for (key, value) in metadata {
                writeln!(
                    self.body,
                    "  <MetadataEntry key=\"{key}\" value=\"{value}\"/>"
                )
                .expect("a string");
            }
            self.body.push_str(" </Record>\n");
        }
        self.count(record.kind, "top_level");
    }

    fn line(&self, record: &Record<'_>) -> String {
        let (start, end) = (self.printed(record.start_s), self.printed(record.end_s));
        let created = self.printed(record.start_s.max(record.end_s) + 2);
        let unit = record.unit.map(|unit| format!(" unit=\"{unit}\""));
        let (kind, source, value) = (record.kind, record.source, record.value);
        format!(
            "<Record type=\"{kind}\" sourceName=\"{source}\" sourceVersion=\"1\"{} creationDate=\"{created}\" \
             startDate=\"{start}\" endDate=\"{end}\" value=\"{value}\"",
            unit.unwrap_or_default()
        )
    }

    fn count(&mut self, kind: &str, field: &str) {
        let row = self.counts.entry(kind.to_owned()).or_insert_with(
            || json!({"top_level": 0, "nested_in_correlation": 0, "exact_duplicates": 0}),
        );
        if let Some(count) = row.get_mut(field) {
            *count = json!(count.as_u64().unwrap_or_default() + 1);
        }
    }

    fn element(&mut self, name: &'static str) {
        *self.elements.entry(name).or_default() += 1;
    }

    /// Some beats per minute over the day; now and then the same record twice.
    fn heart(&mut self, date: Date) {
        let kind = format!("{KIND}HeartRate");
        for _ in 0..6 {
            let minute = self.chance.below(23 * 60);
            let at_s = self.at(date.at(0, 30, 0, 0)) + i64::from(minute) * 60;
            let value = (52 + self.chance.below(70)).to_string();
            let record = Record {
                kind: &kind,
                source: WATCH,
                unit: Some("count/min"),
                value: &value,
                start_s: at_s,
                end_s: at_s,
            };
            let again = self.chance.below(20) == 0;
            self.record(&record, &[]);
            if again {
                self.record(&record, &[]);
                self.count(&kind, "exact_duplicates");
            }
        }
    }

    fn summary(&mut self, date: Date) {
        let (energy, exercise) = (200 + self.chance.below(500), self.chance.below(90));
        writeln!(
            self.body,
            " <ActivitySummary dateComponents=\"{date}\" activeEnergyBurned=\"{energy}\" \
             activeEnergyBurnedGoal=\"450\" activeEnergyBurnedUnit=\"kcal\" appleMoveTime=\"0\" \
             appleMoveTimeGoal=\"0\" appleExerciseTime=\"{exercise}\" appleExerciseTimeGoal=\"30\" \
             appleStandHours=\"10\" appleStandHoursGoal=\"12\"/>"
        )
        .expect("a string");
        self.element("ActivitySummary");
    }

    fn workout(&mut self, date: Date) {
        let start_s = self.at(date.at(17, 10, 0, 0)) + i64::from(self.chance.below(3000));
        let minutes = 15 + self.chance.below(60);
        let end_s = start_s + i64::from(minutes) * 60;
        let energy = (90 + self.chance.below(500)).to_string();
        let distance = format!(
            "{}.{:02}",
            1 + self.chance.below(11),
            self.chance.below(100)
        );
        let (start, end) = (self.printed(start_s), self.printed(end_s));
        let head = format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"{minutes}\" \
             durationUnit=\"min\""
        );
        let tail = format!(
            "sourceName=\"{WATCH}\" sourceVersion=\"1\" creationDate=\"{end}\" startDate=\"{start}\" \
             endDate=\"{end}\""
        );
        let printed = if self.person.form == Form::Old {
            format!(
                " {head} totalDistance=\"{distance}\" totalDistanceUnit=\"km\" totalEnergyBurned=\"{energy}\" \
                 totalEnergyBurnedUnit=\"kcal\" {tail}/>\n"
            )
        } else {
            let total = |kind: &str, sum: &str, unit: &str| {
                format!(
                    "  <WorkoutStatistics type=\"{KIND}{kind}\" startDate=\"{start}\" endDate=\"{end}\" \
                     sum=\"{sum}\" unit=\"{unit}\"/>\n"
                )
            };
            let energy = total("ActiveEnergyBurned", &energy, "kcal");
            let distance = total("DistanceWalkingRunning", &distance, "km");
            format!(" {head} {tail}>\n{energy}{distance} </Workout>\n")
        };
        self.body.push_str(&printed);
        self.element("Workout");
        self.workouts.push(json!({
            "start_utc": stamp(start_s).to_string(), "end_utc": stamp(end_s).to_string(),
            "energy": energy, "energy_unit": "kcal", "distance": distance, "distance_unit": "km",
        }));
    }

    /// Both pressures, once within their correlation and once more at the top level, as Apple prints them.
    fn blood_pressure(&mut self, date: Date) {
        let at_s = self.at(date.at(8, 15, 0, 0)) + i64::from(self.chance.below(1200));
        let (upper, lower) = (105 + self.chance.below(40), 62 + self.chance.below(25));
        let when = self.printed(at_s);
        let correlation = "HKCorrelationTypeIdentifierBloodPressure";
        writeln!(
            self.body,
            " <Correlation type=\"{correlation}\" sourceName=\"{PHONE}\" sourceVersion=\"1\" \
             creationDate=\"{when}\" startDate=\"{when}\" endDate=\"{when}\">"
        )
        .expect("a string");
        let pressures = [("Systolic", upper), ("Diastolic", lower)]
            .map(|(which, value)| (format!("{KIND}BloodPressure{which}"), value.to_string()));
        let records = pressures.each_ref().map(|(kind, value)| Record {
            kind,
            source: PHONE,
            unit: Some("mmHg"),
            value,
            start_s: at_s,
            end_s: at_s,
        });
        for record in &records {
            let line = self.line(record);
            writeln!(self.body, "  {line}/>").expect("a string");
            self.count(record.kind, "nested_in_correlation");
        }
        self.body.push_str(" </Correlation>\n");
        self.element("Correlation");
        for record in &records {
            self.record(record, &[]);
        }
    }

    /// What a reader must keep under an unknown name, and what it must refuse.
    fn oddities(&mut self) {
        let noon_s = self.at(self.person.start.at(12, 0, 0, 0));
        let heart = format!("{KIND}HeartRate");
        for (kind, value, length_s) in [
            ("HKQuantityTypeIdentifierFutureMetricNobodyKnows", "3", 0),
            (heart.as_str(), "quick", 0),
            (heart.as_str(), "61", -600),
        ] {
            let record = Record {
                kind,
                source: WATCH,
                unit: Some("count/min"),
                value,
                start_s: noon_s,
                end_s: noon_s + length_s,
            };
            self.record(&record, &[]);
        }
        self.rejected += 2;
    }

    fn finish(self) -> String {
        let end = self.person.start + i64::from(self.person.days).days();
        let export = self.printed(self.at(end.at(9, 0, 0, 0)));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
             <ExportDate value=\"{export}\"/>\n{}</HealthData>\n",
            self.body
        )
    }
}

fn stamp(at_s: i64) -> Timestamp {
    Timestamp::from_second(at_s).expect("an instant of today")
}

/// Numbers that follow from the seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A whole number below the limit.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from(((bits >> 32) * u64::from(limit)) >> 32).expect("below the limit")
    }
}
