//! FIT files: activities, monitoring, sleep, heart-rate variability and weight of watches, bicycle computers and scales.
//!
//! The container is read in `crate::fit`; here its messages become samples and records. Times are UTC; a file states
//! how far its clock was from UTC in its activity or monitoring message, and other files are placed in the person's
//! zone. Places, names and serial numbers of people's devices must never be reported.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;

use model::maker::Maker;
use model::record::{Body, HeartbeatSeries, Record};
use model::sample::{Flags, uid_of};
use model::source::{Source, SourceClass, SourceNo};
use model::zone::Zone;

use crate::batch::Position;
use crate::fit::activity::{Activities, Beats};
use crate::fit::monitoring::{Clock, Counters, MONITORING, MONITORING_INFO};
use crate::fit::{self, Message, Step, instant_us};
use crate::live::Interval;
use crate::track::Track;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, workouts};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "fit",
    about: "FIT files of watches, bicycle computers and scales: activities, monitoring, sleep, HRV, weight",
    title: "FIT",
    is_meant: |member| fit::is_fit(member.head),
    open: || Box::new(Files::default()),
};

const KIND: &str = "fit";

const FILE_ID: u16 = 0;
const WEIGHT_SCALE: u16 = 30;
const BLOOD_PRESSURE: u16 = 51;
const EVENT: u16 = 21;
const MONITORING_HR: u16 = 211;
const STRESS: u16 = 227;
const SPO2: u16 = 269;
const SLEEP_LEVEL: u16 = 275;
const RESPIRATION: u16 = 297;
const SLEEP_ASSESSMENT: u16 = 346;
const HRV_SUMMARY: u16 = 370;
const HRV_VALUE: u16 = 371;

/// The event that frames a night.
const NIGHT: i64 = 74;

/// Makers by their number, and whether what they make is worn.
const MAKERS: &[(i64, &str, SourceClass)] = &[
    (1, "Garmin", SourceClass::Watch),
    (23, "Suunto", SourceClass::Watch),
    (32, "Wahoo", SourceClass::App),
    (123, "Polar", SourceClass::Watch),
    (260, "Zwift", SourceClass::App),
    (265, "Strava", SourceClass::App),
    (267, "Bryton", SourceClass::App),
    (289, "Hammerhead", SourceClass::App),
    (294, "COROS", SourceClass::Watch),
];

/// Codes of levels of sleep; one that could not be measured is none.
const LEVELS: [Option<f64>; 5] = [None, Some(2.0), Some(3.0), Some(4.0), Some(5.0)];

/// The FIT files of an upload.
#[derive(Debug, Default)]
pub(crate) struct Files {
    counters: Counters,
}

impl Reader for Files {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(0),
        };
        desk.count_member(KIND);
        for (source, track) in self.take(input, None, desk)? {
            workouts::send(&track, source, spot, desk)?;
        }
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        self.release(desk)
    }
}

impl Files {
    /// Reads files that follow each other: samples are sent, workouts returned with their sources. `account` is the
    /// source of a service that keeps the files of devices.
    pub(crate) fn take(
        &mut self,
        input: &mut dyn Read,
        account: Option<SourceNo>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<Vec<(SourceNo, Track)>, VendorError> {
        let mut reader = fit::Reader::new(input);
        let mut tracks = Vec::new();
        let mut open = Open::new(account);
        loop {
            match reader.advance()? {
                Step::File => {
                    let before = std::mem::replace(&mut open, Open::new(account));
                    before.close(desk, &mut tracks)?;
                }
                Step::Message(message) => {
                    open.message(&message, &mut self.counters, desk)?;
                    desk.flush_when_full()?;
                }
                Step::Damage(damage) => {
                    let position = Position::Byte(damage.byte);
                    desk.intake.damage(position, damage.message);
                }
                Step::End => break,
            }
        }
        open.close(desk, &mut tracks)?;
        Ok(tracks)
    }

    /// Sends what was done between the counters of all files.
    pub(crate) fn release(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let counters = std::mem::take(&mut self.counters);
        for _ in 0..counters.left_out.min(1) {
            desk.leave("monitoring", "more counters than are kept");
        }
        let spot = Spot {
            kind: "monitoring",
            position: Position::Index(0),
        };
        let zones = desk.intake.context().zones;
        let mut result = Ok(());
        counters.done(zones, &mut |done| {
            let at = (done.start_us, done.end_us);
            let one = One::over(done.metric, "", done.value, at, done.source)
                .offset(done.offset_min)
                .flags(done.flags);
            desk.put(spot, one);
            if result.is_ok() {
                result = desk.flush_when_full();
            }
        });
        result
    }
}

/// The file that is being read.
#[derive(Debug)]
struct Open {
    account: Option<SourceNo>,
    source: Option<SourceNo>,
    clock: Clock,
    activities: Activities,
    night: Night,
    /// Resting heart rates by the day that they are of.
    resting: BTreeMap<(i64, i64), f64>,
}

/// The night of the file.
#[derive(Debug, Default)]
struct Night {
    start_us: Option<i64>,
    end_us: Option<i64>,
    last_us: Option<i64>,
    score: Option<f64>,
    awakenings: Option<f64>,
}

impl Open {
    fn new(account: Option<SourceNo>) -> Self {
        Self {
            account,
            source: None,
            clock: Clock::default(),
            activities: Activities::default(),
            night: Night::default(),
            resting: BTreeMap::new(),
        }
    }

    fn source(&mut self, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
        *self
            .source
            .get_or_insert_with(|| self.account.unwrap_or_else(|| desk.account()))
    }

    fn message(
        &mut self,
        message: &Message<'_>,
        counters: &mut Counters,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let number = message.number();
        if number == FILE_ID {
            self.source = self.account.or_else(|| device(message, desk));
            return Ok(());
        }
        self.activities.take(message)?;
        if number == STRESS {
            // Its time has a field of its own.
            if let Some(stamp) = message.time(1) {
                self.note(message, instant_us(stamp), desk);
            }
            return Ok(());
        }
        if number == SLEEP_ASSESSMENT {
            self.night.score = message.scaled(6, 1.0);
            self.night.awakenings = message.scaled(11, 1.0);
            return Ok(());
        }
        let Some(stamp) = self.clock.stamp(message) else {
            return Ok(());
        };
        let at_us = instant_us(stamp);
        let source = self.source(desk);
        match number {
            MONITORING_INFO => {
                self.clock.info(message);
                self.note(message, at_us, desk);
            }
            MONITORING => {
                counters.take(message, at_us, source, &mut self.clock)?;
                self.note(message, at_us, desk);
            }
            EVENT if message.integer(0) == Some(NIGHT) => self.night.frame(message, at_us),
            SLEEP_LEVEL => self.level(message, at_us, desk),
            MONITORING_HR => self.resting(message, at_us, desk),
            _ => self.note(message, at_us, desk),
        }
        Ok(())
    }

    /// A message whose fields are samples of its instant.
    fn note(&mut self, message: &Message<'_>, at_us: i64, desk: &mut Desk<'_, '_, '_>) {
        let source = self.source(desk);
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(message.byte),
        };
        let offset_min = self.clock.offset_min;
        let plain = |field| message.scaled(field, 1.0);
        let above = |field, scale| message.scaled(field, scale).filter(|value| *value > 0.0);
        let values: Vec<(&'static str, Option<f64>)> = match message.number() {
            MONITORING_INFO => vec![("basal_metabolic_rate", above(5, 1.0))],
            MONITORING => vec![("heart_rate", plain(27))],
            STRESS => vec![("stress_score", plain(0))],
            RESPIRATION => vec![("respiratory_rate", message.scaled(0, 100.0))],
            SPO2 => vec![("oxygen_saturation", above(0, 1.0))],
            HRV_VALUE => vec![("heart_rate_variability_rmssd", above(0, 128.0))],
            HRV_SUMMARY => {
                self.summary(message, at_us, desk);
                return;
            }
            WEIGHT_SCALE => {
                // The largest number but one says that the scale is still at it.
                let weight = message.integer(0).filter(|raw| *raw < 0xFFFE);
                vec![
                    ("body_mass", weight.map(|raw| raw as f64 / 100.0)),
                    ("body_fat_percentage", above(1, 100.0)),
                    ("bone_mass", above(4, 100.0)),
                    ("basal_metabolic_rate", above(7, 4.0)),
                    ("body_mass_index", above(13, 10.0)),
                ]
            }
            BLOOD_PRESSURE => vec![
                (
                    "blood_pressure_systolic",
                    above(0, 1.0).and(above(1, 1.0)).and(above(0, 1.0)),
                ),
                ("blood_pressure_diastolic", above(0, 1.0).and(above(1, 1.0))),
                ("heart_rate", above(6, 1.0)),
            ],
            _ => Vec::new(),
        };
        for (metric, value) in values {
            // Zero and what is below stand for a sensor that measured nothing.
            let is_none = match metric {
                "stress_score" => value.is_some_and(|value| value < 0.0),
                _ => value.is_some_and(|value| value <= 0.0),
            };
            if is_none {
                desk.leave(metric, "no reading");
            } else if let Some(value) = value {
                let one = One::at(metric, "", value, at_us, source);
                desk.put(spot, one.offset(offset_min));
            }
        }
    }

    /// What a watch makes of the variability of a week, kept as it is said.
    fn summary(&mut self, message: &Message<'_>, at_us: i64, desk: &mut Desk<'_, '_, '_>) {
        let names = [
            "weekly_average_ms",
            "last_night_average_ms",
            "last_night_5_min_high_ms",
            "baseline_low_upper_ms",
            "baseline_balanced_lower_ms",
            "baseline_balanced_upper_ms",
        ];
        let told = names.into_iter().zip(0_u8..).filter_map(|(name, field)| {
            let value = message.scaled(field, 128.0)?;
            Some(format!("\"{name}\":{value}"))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            return;
        }
        let json = format!("{{{}}}", told.join(","));
        let at = Interval {
            start_us: at_us,
            end_us: at_us,
        };
        let source = self.source(desk);
        let record = desk
            .intake
            .other("heart_rate_variability_status", json, at, source);
        send_record(record, message.byte, desk);
    }

    /// A level of sleep is of the time up to its stamp.
    fn level(&mut self, message: &Message<'_>, at_us: i64, desk: &mut Desk<'_, '_, '_>) {
        let from_us = self.night.last_us.or(self.night.start_us);
        self.night.last_us = Some(at_us);
        let level = message
            .integer(0)
            .and_then(|level| usize::try_from(level).ok());
        let code = level.and_then(|level| LEVELS.get(level).copied().flatten());
        let (Some(from_us), Some(code)) = (from_us, code) else {
            desk.leave("sleep level", "not measured, or without a beginning");
            return;
        };
        let source = self.source(desk);
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(message.byte),
        };
        let one = One::over("sleep_analysis", "", code, (from_us, at_us), source);
        desk.put(spot, one.offset(self.clock.offset_min));
    }

    /// The resting heart rate of a day; the last of a day holds.
    fn resting(&mut self, message: &Message<'_>, at_us: i64, desk: &Desk<'_, '_, '_>) {
        // The other field is a mean of seven days.
        let Some(rate) = message.scaled(1, 1.0).filter(|rate| *rate > 0.0) else {
            return;
        };
        let fixed = self
            .clock
            .offset_min
            .and_then(|min| Zone::fixed(i32::from(min)));
        let zones = desk.intake.context().zones;
        let zone = fixed.as_ref().unwrap_or_else(|| zones.zone_at(at_us));
        let date = zone.date_at(at_us - 1);
        let Ok(next) = date.tomorrow() else { return };
        let day = (zone.start_of(date), zone.start_of(next));
        self.resting.insert(day, rate);
    }

    /// Sends what is said at the end of a file.
    fn close(
        mut self,
        desk: &mut Desk<'_, '_, '_>,
        tracks: &mut Vec<(SourceNo, Track)>,
    ) -> Result<(), VendorError> {
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(0),
        };
        let offset_min = self.clock.offset_min.or(self.activities.offset_min());
        if !self.resting.is_empty() {
            let source = self.source(desk);
            for (day, rate) in std::mem::take(&mut self.resting) {
                let one = One::over("resting_heart_rate", "", rate, day, source);
                desk.put(spot, one.offset(offset_min).flags(Flags::AGGREGATED));
            }
        }
        let night = std::mem::take(&mut self.night);
        let until_us = night.end_us.or(night.last_us);
        if let (Some(from_us), Some(until_us)) = (night.start_us, until_us) {
            let source = self.source(desk);
            let figures = [
                ("sleep_score", night.score),
                ("wake_count", night.awakenings),
            ];
            for (metric, value) in figures {
                if let Some(value) = value {
                    let one = One::over(metric, "", value, (from_us, until_us), source);
                    desk.put(spot, one.offset(offset_min));
                }
            }
        }
        let found = std::mem::take(&mut self.activities).finish();
        if found.left_out > 0 {
            desk.leave("points of a workout", "more than are kept");
        }
        if found.tracks.is_empty() && found.beats.at_us.is_empty() {
            return Ok(());
        }
        let source = self.source(desk);
        for length in &found.lengths {
            let at = (length.start_us, length.end_us);
            let one = One::over("swimming_stroke_count", "", length.strokes, at, source);
            desk.put(spot, one.offset(found.offset_min));
        }
        send_beats(&found.beats, source, desk);
        tracks.extend(found.tracks.into_iter().map(|track| (source, track)));
        desk.flush_when_full()
    }
}

impl Night {
    fn frame(&mut self, message: &Message<'_>, at_us: i64) {
        match message.integer(1) {
            Some(0) => self.start_us = Some(at_us),
            Some(1) => self.end_us = Some(at_us),
            _ => {}
        }
    }
}

/// Beats as a series.
fn send_beats(beats: &Beats, source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let (Some(first), Some(last)) = (beats.at_us.iter().min(), beats.at_us.iter().max()) else {
        return;
    };
    let key = desk.intake.source_key(source);
    let record = Record {
        start_us: *first,
        end_us: *last,
        zone: None,
        source,
        uid: None,
        identity: format!("beats|{first}|{last}|{key}"),
        body: Body::HeartbeatSeries(HeartbeatSeries {
            at_us: beats.at_us.clone(),
            rate_bpm: beats.interval_ms.iter().map(|ms| 60_000.0 / ms).collect(),
        }),
    };
    send_record(record, 0, desk);
}

fn send_record(record: Record, byte: u64, desk: &mut Desk<'_, '_, '_>) {
    if let Err(why) = desk.intake.add_record(record) {
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(byte),
        };
        desk.refuse(spot, "timestamp", None, why);
    }
}

/// The device that wrote a file: its maker, its model as a number, and a mark that differs between two of one model.
fn device(message: &Message<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<SourceNo> {
    let maker = message.integer(1);
    let known = MAKERS.iter().find(|(number, ..)| Some(*number) == maker);
    let (name, class) = known.map_or(("FIT", SourceClass::App), |(_, name, class)| {
        (*name, *class)
    });
    let mut device = name.to_owned();
    if let Some(product) = message.integer(2) {
        let _ = write!(device, " {product}");
    }
    if let Some(serial) = message.integer(3) {
        // Four digits of a hash: a serial number leads to a person.
        let mark = uid_of(&format!("fit {serial}")).get() & 0xFFFF;
        let _ = write!(device, " {mark:04x}");
    }
    let source = Source {
        class,
        device: Some(device.clone()),
        file_of: Maker::of_files(name),
        ..Source::named(name)
    };
    desk.intake.source(&device, source)
}
