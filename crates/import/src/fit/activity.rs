//! Activities of FIT files: records, laps, lengths, sessions and pauses.
//!
//! The sport of the records is said at the end of a file, so that its points are held until then, in a bounded number.
//! A file that ends early has no session: what its records say is a workout all the same.

use model::sample::SECOND_US;

use crate::budget::{Full, Holding};
use crate::fit::{Message, instant_us, sport};
use crate::track::{
    Figures, Lap, PARTS_MAX, POINTS_MAX, Point, Track, after_seconds, event, is_on_foot,
};

pub(crate) const SPORT: u16 = 12;
pub(crate) const SESSION: u16 = 18;
pub(crate) const LAP: u16 = 19;
pub(crate) const RECORD: u16 = 20;
pub(crate) const EVENT: u16 = 21;
pub(crate) const ACTIVITY: u16 = 34;
pub(crate) const HRV: u16 = 78;
pub(crate) const LENGTH: u16 = 101;
pub(crate) const BEAT_INTERVALS: u16 = 290;

const TIMER: i64 = 0;
/// Kinds of events that start and stop the timer.
const START: i64 = 0;
const STOPS: [i64; 4] = [1, 4, 8, 9];

/// Degrees of a semicircle.
const DEGREES_PER_SEMICIRCLE: f64 = 180.0 / 2_147_483_648.0;

/// Beats that are kept: two days at 100 a minute.
const BEATS_MAX: usize = 288_000;

/// An interval between beats that is no number.
const NO_INTERVAL: i64 = 0xFFFF;

/// Beats drift from the records by less, unless some are missing.
const DRIFT_MAX_US: i64 = 10 * SECOND_US;

/// Strokes of one length of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) strokes: f64,
}

/// A session, or what stands for it.
#[derive(Debug)]
struct Session {
    start_us: i64,
    end_us: i64,
    sport: Option<i64>,
    kind: Option<i64>,
    name: Option<String>,
    figures: Figures,
}

/// What the messages of one file say about activities.
#[derive(Debug, Default)]
pub(crate) struct Activities {
    points: Vec<Point>,
    sessions: Vec<Session>,
    laps: Vec<Lap>,
    lengths: Vec<Length>,
    /// Times at which the timer started and stopped.
    timer: Vec<(i64, bool)>,
    sport: (Option<i64>, Option<i64>),
    offset_min: Option<i16>,
    /// The distance that short messages count on.
    counted: Counted,
    beats: Beats,
    /// Points, laps and beats beyond what is kept.
    left_out: u64,
    holding: Holding,
}

/// A counter of twelve bits that overflows.
#[derive(Debug, Default)]
struct Counted {
    last: Option<u32>,
    total: u32,
}

impl Counted {
    fn add(&mut self, raw: u32) -> u32 {
        let passed = self.last.map_or(raw, |last| raw.wrapping_sub(last) & 0xFFF);
        self.last = Some(raw);
        self.total = self.total.wrapping_add(passed);
        self.total
    }
}

/// Beats, placed after each other from the time of the message before them.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    pub(crate) at_us: Vec<i64>,
    pub(crate) interval_ms: Vec<f64>,
    cursor_us: Option<i64>,
    now_us: Option<i64>,
}

impl Activities {
    /// Takes a message; those of other kinds are none of this.
    pub(crate) fn take(&mut self, message: &Message<'_>) -> Result<(), Full> {
        if let Some(stamp) = message.stamp {
            self.beats.now_us = Some(instant_us(stamp));
        }
        match message.number() {
            RECORD => self.record(message)?,
            SESSION => self.session(message),
            LAP => self.lap(message),
            LENGTH => self.length(message),
            EVENT => self.event(message),
            SPORT => self.sport = (message.integer(0), message.integer(1)),
            ACTIVITY => self.offset_min = offset_of(message.time(5), message.stamp),
            HRV => self.beats(message, 0)?,
            BEAT_INTERVALS => self.beats(message, 1)?,
            _ => {}
        }
        Ok(())
    }

    /// Minutes east of UTC, where the file says so.
    pub(crate) const fn offset_min(&self) -> Option<i16> {
        self.offset_min
    }

    fn record(&mut self, message: &Message<'_>) -> Result<(), Full> {
        let Some(stamp) = message.stamp else {
            return Ok(());
        };
        if self.points.len() >= POINTS_MAX {
            self.left_out += 1;
            return Ok(());
        }
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let place = |field| number(message.scaled(field, 1.0)) * DEGREES_PER_SEMICIRCLE;
        let speed = message.scaled(73, 1_000.0).or(message.scaled(6, 1_000.0));
        let height = message.scaled(78, 5.0).or(message.scaled(2, 5.0));
        let mut point = Point {
            latitude_deg: place(0),
            longitude_deg: place(1),
            elevation_m: number(height) - 500.0,
            speed_m_s: number(speed),
            distance_m: number(message.scaled(5, 100.0)),
            heart_rate: number(message.scaled(3, 1.0)),
            cadence: number(message.scaled(4, 1.0)) + message.scaled(53, 128.0).unwrap_or_default(),
            power_w: number(message.scaled(7, 1.0)),
            ..Point::at(instant_us(stamp))
        };
        self.unpack(message, &mut point);
        // Two messages of one second complete each other; of what both say, the later holds.
        match self.points.last_mut() {
            Some(last) if last.at_us == point.at_us => {
                point.complete(last);
                *last = point;
            }
            _ => {
                self.holding.grow(size_of::<Point>())?;
                self.points.push(point);
            }
        }
        Ok(())
    }

    /// Speed and distance of twelve bits each, in three bytes.
    fn unpack(&mut self, message: &Message<'_>, point: &mut Point) {
        let Some(values) = message.values(8) else {
            return;
        };
        let bytes: Vec<u32> = values
            .filter_map(|value| u32::try_from(value?.integer()?).ok())
            .collect();
        let &[a, b, c] = bytes.as_slice() else { return };
        let packed = a | b << 8 | c << 16;
        let distance = self.counted.add(packed >> 12);
        if point.speed_m_s.is_nan() {
            point.speed_m_s = f64::from(packed & 0xFFF) / 100.0;
        }
        if point.distance_m.is_nan() {
            point.distance_m = f64::from(distance) / 16.0;
        }
    }

    fn session(&mut self, message: &Message<'_>) {
        let Some((start_us, end_us)) = span(message) else {
            return;
        };
        if self.sessions.len() >= PARTS_MAX {
            self.left_out += 1;
            return;
        }
        let sport = message.integer(5).or(self.sport.0);
        let (activity, _) = sport::activity(sport, message.integer(6));
        let figures = Figures {
            heart_rate_min: message.scaled(64, 1.0),
            ..figures(
                message,
                activity,
                &[14, 15, 16, 17, 18, 19, 20, 21, 22, 124, 125, 92, 93, 57],
            )
        };
        self.sessions.push(Session {
            start_us,
            end_us,
            sport,
            kind: message.integer(6).or(self.sport.1),
            name: message.text(110),
            figures,
        });
    }

    fn lap(&mut self, message: &Message<'_>) {
        let Some((start_us, end_us)) = span(message) else {
            return;
        };
        if self.laps.len() >= PARTS_MAX {
            self.left_out += 1;
            return;
        }
        let sport = message.integer(25).or(self.sport.0);
        let (activity, _) = sport::activity(sport, message.integer(39));
        self.laps.push(Lap {
            start_us,
            end_us,
            figures: Figures {
                heart_rate_min: message.scaled(63, 1.0),
                ..figures(
                    message,
                    activity,
                    &[13, 14, 15, 16, 17, 18, 19, 20, 21, 110, 111, 80, 81, 50],
                )
            },
        });
    }

    /// A length of a pool: its strokes.
    fn length(&mut self, message: &Message<'_>) {
        let strokes = message.scaled(5, 1.0).filter(|strokes| *strokes > 0.0);
        let (Some((start_us, end_us)), Some(strokes)) = (span(message), strokes) else {
            return;
        };
        if self.lengths.len() >= PARTS_MAX {
            self.left_out += 1;
            return;
        }
        self.lengths.push(Length {
            start_us,
            end_us,
            strokes,
        });
    }

    fn event(&mut self, message: &Message<'_>) {
        let kind = message.integer(1);
        let is_start = kind == Some(START);
        let is_stop = kind.is_some_and(|kind| STOPS.contains(&kind));
        let (Some(TIMER), Some(stamp), true) =
            (message.integer(0), message.stamp, is_start || is_stop)
        else {
            return;
        };
        if is_stop {
            self.beats.cursor_us = None;
        }
        if self.timer.len() >= PARTS_MAX {
            self.left_out += 1;
            return;
        }
        self.timer.push((instant_us(stamp), is_start));
    }

    fn beats(&mut self, message: &Message<'_>, field: u8) -> Result<(), Full> {
        let Some(values) = message.values(field) else {
            return Ok(());
        };
        for value in values {
            let interval_ms = value.and_then(super::Value::integer);
            let Some(interval_ms) = interval_ms.filter(|ms| (1..NO_INTERVAL).contains(ms)) else {
                continue;
            };
            let beats = &mut self.beats;
            let Some(now_us) = beats.now_us else { continue };
            let near = beats
                .cursor_us
                .filter(|cursor| (cursor - now_us).abs() < DRIFT_MAX_US);
            let at_us = near.unwrap_or(now_us) + interval_ms * 1_000;
            beats.cursor_us = Some(at_us);
            if beats.at_us.len() >= BEATS_MAX {
                self.left_out += 1;
                continue;
            }
            self.holding.grow(size_of::<(i64, f64)>())?;
            beats.at_us.push(at_us);
            beats.interval_ms.push(interval_ms as f64);
        }
        Ok(())
    }

    /// The workouts of the file, its lengths, its beats, and how much was left out. A session of several sports has
    /// one workout for each.
    pub(crate) fn finish(mut self) -> Found {
        self.points.sort_by_key(|point| point.at_us);
        if self.sessions.is_empty()
            && let (Some(first), Some(last)) = (self.points.first(), self.points.last())
        {
            self.sessions.push(Session {
                start_us: first.at_us,
                end_us: last.at_us,
                sport: self.sport.0,
                kind: self.sport.1,
                name: None,
                figures: Figures::default(),
            });
        }
        self.sessions.sort_by_key(|session| session.start_us);
        let sessions = std::mem::take(&mut self.sessions);
        let count = sessions.len();
        let tracks = sessions
            .into_iter()
            .zip(1..)
            .map(|(session, number)| self.track(session, number == count))
            .collect();
        Found {
            tracks,
            lengths: self.lengths,
            beats: self.beats,
            offset_min: self.offset_min,
            left_out: self.left_out,
            _holding: self.holding,
        }
    }

    fn track(&mut self, session: Session, is_last: bool) -> Track {
        let (activity, indoor) = sport::activity(session.sport, session.kind);
        let (start_us, end_us) = (session.start_us, session.end_us);
        // Points before and after belong to the session beside them.
        let until = if is_last {
            self.points.len()
        } else {
            self.points.partition_point(|point| point.at_us < end_us)
        };
        let points = self.points.drain(..until).collect();
        let within = |at_us: i64| (start_us..=end_us).contains(&at_us);
        let mut track = Track {
            activity: activity.to_owned(),
            indoor,
            start_us,
            end_us,
            offset_min: self.offset_min,
            figures: session.figures,
            laps: Vec::new(),
            events: Vec::new(),
            points,
            metadata: Vec::new(),
            id: None,
        };
        for lap in &self.laps {
            if within(lap.start_us) && lap.end_us <= end_us {
                track.laps.push(*lap);
            }
        }
        track.events = self.pauses(start_us, end_us);
        let of_track = self.lengths.iter().filter(|length| within(length.start_us));
        for length in of_track {
            let length_s = (length.end_us - length.start_us) as f64 / SECOND_US as f64;
            track
                .events
                .push(event("segment", length.start_us, Some(length_s)));
        }
        if let Some(name) = session.name {
            track.metadata.push(("sport".to_owned(), name));
        }
        track.complete();
        track
    }

    /// Stops of the timer that are followed by a start.
    fn pauses(&self, start_us: i64, end_us: i64) -> Vec<model::record::WorkoutEvent> {
        let mut events = Vec::new();
        let mut stopped = None;
        for &(at_us, is_start) in &self.timer {
            if !is_start {
                stopped = stopped.or(Some(at_us));
                continue;
            }
            let Some(from_us) = stopped.take() else {
                continue;
            };
            if from_us >= start_us && at_us <= end_us && from_us < at_us {
                events.push(event("pause", from_us, None));
                events.push(event("resume", at_us, None));
            }
        }
        events
    }
}

/// What a file says about activities.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) tracks: Vec<Track>,
    pub(crate) lengths: Vec<Length>,
    pub(crate) beats: Beats,
    pub(crate) offset_min: Option<i16>,
    pub(crate) left_out: u64,
    _holding: Holding,
}

/// Minutes between a local time stamp and the one in UTC; clocks of watches are some seconds apart.
pub(crate) fn offset_of(local: Option<u32>, stamp: Option<u32>) -> Option<i16> {
    let apart_s = i64::from(local?) - i64::from(stamp?);
    let quarters = (apart_s as f64 / 900.0).round() * 15.0;
    #[expect(clippy::cast_possible_truncation, reason = "its range is checked")]
    (quarters.abs() <= 14.0 * 60.0).then_some(quarters as i16)
}

/// Start and end of a session, lap or length: the end is the start and what elapsed, or else the time stamp.
fn span(message: &Message<'_>) -> Option<(i64, i64)> {
    let is_length = message.number() == LENGTH;
    let start_us = instant_us(message.time(2)?);
    let elapsed = message.scaled(if is_length { 3 } else { 7 }, 1_000.0);
    let end_us = match (elapsed, message.stamp) {
        (Some(seconds), _) => after_seconds(start_us, seconds),
        (None, Some(stamp)) => instant_us(stamp),
        (None, None) => return None,
    };
    Some((start_us, end_us.max(start_us)))
}

/// Figures of a session or lap. Both have the same ones under other numbers: mean and largest speed, heart rate,
/// cadence and power, ascent, speeds of more bits, parts of cadences, temperature.
fn figures(message: &Message<'_>, activity: &str, fields: &[u8; 14]) -> Figures {
    let &[
        speed,
        speed_max,
        rate,
        rate_max,
        cadence,
        cadence_max,
        power,
        power_max,
        ascent,
        wide_speed,
        wide_speed_max,
        part,
        part_max,
        temperature,
    ] = fields;
    let plain = |field| message.scaled(field, 1.0);
    let speed_of = |wide, narrow| {
        message
            .scaled(wide, 1_000.0)
            .or(message.scaled(narrow, 1_000.0))
    };
    let is_on_foot = is_on_foot(activity);
    // Feet are counted in strides of two steps.
    let steps_each = if is_on_foot { 2.0 } else { 1.0 };
    let cadence_of = |whole, part| {
        let cadence = plain(whole)? + message.scaled(part, 128.0).unwrap_or_default();
        Some(cadence * steps_each)
    };
    let cycles = plain(10);
    Figures {
        active_s: message.scaled(8, 1_000.0),
        distance_m: message.scaled(9, 100.0),
        energy_kcal: plain(11),
        heart_rate_mean: plain(rate).filter(|rate| *rate > 0.0),
        heart_rate_max: plain(rate_max).filter(|rate| *rate > 0.0),
        heart_rate_min: None,
        ascent_m: plain(ascent),
        steps: cycles.filter(|_| is_on_foot).map(|cycles| cycles * 2.0),
        strokes: cycles.filter(|_| activity == "swimming"),
        speed_mean_m_s: speed_of(wide_speed, speed),
        speed_max_m_s: speed_of(wide_speed_max, speed_max),
        cadence_mean: cadence_of(cadence, part),
        cadence_max: cadence_of(cadence_max, part_max),
        power_mean_w: plain(power),
        power_max_w: plain(power_max),
        temperature_cel: plain(temperature),
    }
}
