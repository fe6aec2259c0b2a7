//! What watches of one maker note all day: counters of steps and distance, and what comes beside them.
//!
//! A counter is of one kind of movement and goes up from the person's midnight on: what was done in between is the
//! difference to the one before. Files of one day follow each other, in any order inside an export, so that counters
//! are gathered over all files and worked out at the end. A file may begin in the middle of a day; what was done
//! before it is then known as a sum only.

use std::borrow::Cow;

use jiff::civil::Date;
use model::sample::{Flags, MINUTE_US};
use model::source::SourceNo;
use model::zone::{Zone, ZoneHistory};

use crate::budget::{Full, Holding};
use crate::fit::activity::offset_of;
use crate::fit::{Message, instant_us};

pub(crate) const MONITORING: u16 = 55;
pub(crate) const MONITORING_INFO: u16 = 103;

/// Kinds of movement.
const RUNNING: u8 = 1;
const CYCLING: u8 = 2;
const SWIMMING: u8 = 5;
const WALKING: u8 = 6;

/// Counters of all files of an export that are kept: one every five minutes for ten years.
const COUNTERS_MAX: usize = 1_200_000;

/// A counter as a message states it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Counter {
    source: SourceNo,
    kind: u8,
    at_us: i64,
    /// From when on the file knows everything.
    from_us: i64,
    offset_min: Option<i16>,
    /// Since midnight; not a number where the message does not say it.
    steps: f64,
    distance_m: f64,
}

/// Something done between two counters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Done {
    pub(crate) metric: &'static str,
    pub(crate) source: SourceNo,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) value: f64,
    pub(crate) offset_min: Option<i16>,
    pub(crate) flags: Flags,
}

/// The counters of all files.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    all: Vec<Counter>,
    holding: Holding,
    /// Those beyond what is kept.
    pub(crate) left_out: u64,
}

/// What the file that is being read says about its time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    /// The last full time stamp, on which short ones count.
    last: Option<u32>,
    from_us: Option<i64>,
    pub(crate) offset_min: Option<i16>,
    /// The kind of movement that was said last in full.
    kind: Option<u8>,
}

impl Clock {
    /// The time of a message of this file: its own, or the sixteen bits that count on the last one.
    pub(crate) fn stamp(&mut self, message: &Message<'_>) -> Option<u32> {
        let full = message.stamp;
        let short = || {
            let short = u32::try_from(message.integer(26)?).ok()?;
            let last = self.last?;
            Some(last.wrapping_add(short.wrapping_sub(last) & 0xFFFF))
        };
        let stamp = match (message.number(), full) {
            (MONITORING, None) => short(),
            (_, full) => full,
        }?;
        if message.number() == MONITORING || message.number() == MONITORING_INFO {
            self.last = Some(stamp);
        }
        Some(stamp)
    }

    /// Takes what a file says of itself.
    pub(crate) fn info(&mut self, message: &Message<'_>) {
        self.offset_min = offset_of(message.time(0), message.stamp).or(self.offset_min);
        self.from_us = self.from_us.or(message.stamp.map(instant_us));
    }
}

impl Counters {
    /// Takes the counters of a message.
    pub(crate) fn take(
        &mut self,
        message: &Message<'_>,
        at_us: i64,
        source: SourceNo,
        clock: &mut Clock,
    ) -> Result<(), Full> {
        let packed = message.integer(24).map(|packed| packed & 0x1F);
        let kind = message.integer(5).or(packed);
        let kind = kind.and_then(|kind| u8::try_from(kind).ok());
        let Some(kind) = kind.or(clock.kind) else {
            return Ok(());
        };
        clock.kind = Some(kind);
        let is_on_foot = matches!(kind, RUNNING | WALKING);
        // Steps are counted one by one; other movements in halves of cycles, which are none.
        let steps = message.scaled(3, 1.0).filter(|_| is_on_foot);
        let distance_m = message.scaled(2, 100.0);
        if steps.is_none() && distance_m.is_none() {
            return Ok(());
        }
        if self.all.len() >= COUNTERS_MAX {
            self.left_out += 1;
            return Ok(());
        }
        self.holding.grow(size_of::<Counter>())?;
        self.all.push(Counter {
            source,
            kind,
            at_us,
            from_us: clock.from_us.unwrap_or(at_us),
            offset_min: clock.offset_min,
            steps: steps.unwrap_or(f64::NAN),
            distance_m: distance_m.unwrap_or(f64::NAN),
        });
        Ok(())
    }

    /// What was done between the counters, of each device and kind of movement.
    pub(crate) fn done(mut self, zones: &ZoneHistory, each: &mut dyn FnMut(Done)) {
        self.all
            .sort_by_key(|counter| (counter.source, counter.kind, counter.at_us));
        // A file that comes twice says the same; of two counters of one time the larger one is later.
        self.all.dedup_by(|later, kept| {
            let is_same =
                (later.source, later.kind, later.at_us) == (kept.source, kept.kind, kept.at_us);
            if is_same {
                kept.steps = kept.steps.max(later.steps);
                kept.distance_m = kept.distance_m.max(later.distance_m);
                kept.from_us = kept.from_us.min(later.from_us);
            }
            is_same
        });
        let of_kind = |a: &Counter, b: &Counter| (a.source, a.kind) == (b.source, b.kind);
        for run in self.all.chunk_by(of_kind) {
            let of_day = |a: &Counter, b: &Counter| a.date(zones) == b.date(zones);
            for today in run.chunk_by(of_day) {
                if let Some(first) = today.first() {
                    first.day(zones).between(today, each);
                }
            }
        }
    }
}

impl Counter {
    /// The zone of its device: the person's, unless the file says that the clock stood elsewhere. The file says it of
    /// its beginning; the clock may change in the middle of a day.
    fn zone<'z>(&self, zones: &'z ZoneHistory) -> Cow<'z, Zone> {
        let named = zones.zone_at(self.at_us);
        let told = self.offset_min.map(i32::from);
        let is_there = |at_us, min: i32| zones.zone_at(at_us).offset_min(at_us) == min;
        let is_elsewhere = |min: &i32| !is_there(self.at_us, *min) && !is_there(self.from_us, *min);
        match told.filter(is_elsewhere) {
            Some(minutes) => Zone::fixed(minutes).map_or(Cow::Borrowed(named), Cow::Owned),
            None => Cow::Borrowed(named),
        }
    }

    /// The day that it counts; one at midnight closes the day before.
    fn date(&self, zones: &ZoneHistory) -> Date {
        self.zone(zones).date_at(self.at_us - 1)
    }

    fn day(&self, zones: &ZoneHistory) -> Day {
        let zone = self.zone(zones);
        Day {
            start_us: zone.start_of(zone.date_at(self.at_us - 1)),
        }
    }
}

/// A day on the clock of the device.
struct Day {
    start_us: i64,
}

impl Day {
    fn between(&self, today: &[Counter], each: &mut dyn FnMut(Done)) {
        let from_us = today.iter().map(|counter| counter.from_us).min();
        let is_whole = from_us.is_some_and(|from| from <= self.start_us + MINUTE_US);
        let Some(kind) = today.first().map(|counter| counter.kind) else {
            return;
        };
        let distance = match kind {
            RUNNING | WALKING => Some("distance_walking_running"),
            CYCLING => Some("distance_cycling"),
            SWIMMING => Some("distance_swimming"),
            _ => None,
        };
        let steps = today.iter().map(|counter| (counter, counter.steps));
        self.differences("step_count", steps, is_whole, each);
        if let Some(metric) = distance {
            let metres = today.iter().map(|counter| (counter, counter.distance_m));
            self.differences(metric, metres, is_whole, each);
        }
    }

    fn differences<'c>(
        &self,
        metric: &'static str,
        counted: impl Iterator<Item = (&'c Counter, f64)>,
        is_whole: bool,
        each: &mut dyn FnMut(Done),
    ) {
        let mut before = (self.start_us, 0.0);
        let mut is_first = true;
        for (counter, value) in counted.filter(|(_, value)| value.is_finite()) {
            // A counter that falls began anew.
            let since = if value < before.1 { 0.0 } else { before.1 };
            // What came before the file is a sum over a time that other files may state in parts.
            let flags = if is_first && !is_whole {
                Flags::AGGREGATED
            } else {
                Flags::NONE
            };
            is_first = false;
            if value > since && counter.at_us > before.0 {
                each(Done {
                    metric,
                    source: counter.source,
                    start_us: before.0,
                    end_us: counter.at_us,
                    value: value - since,
                    offset_min: counter.offset_min,
                    flags,
                });
            }
            before = (counter.at_us, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 60 * MINUTE_US;

    fn counter(at_h: i64, from_h: i64, kind: u8, steps: f64) -> Counter {
        Counter {
            source: SourceNo(0),
            kind,
            at_us: at_h * HOUR_US,
            from_us: from_h * HOUR_US,
            offset_min: Some(0),
            steps,
            distance_m: f64::NAN,
        }
    }

    fn check(all: Vec<Counter>, expect: &[(i64, i64, f64, bool)]) {
        let counters = Counters {
            all,
            ..Counters::default()
        };
        let mut found = Vec::new();
        let zones = ZoneHistory::fixed(Zone::utc());
        counters.done(&zones, &mut |done| {
            let is_sum = done.flags.contains(Flags::AGGREGATED);
            let hour = |at_us: i64| at_us / HOUR_US;
            found.push((hour(done.start_us), hour(done.end_us), done.value, is_sum));
        });
        assert_eq!(found, expect);
    }

    #[test]
    fn counters_become_what_was_done_between_them() {
        // Midnight closes the day before; the next day begins at zero.
        let day = vec![
            counter(6, 0, WALKING, 600.0),
            counter(24, 0, WALKING, 2_650.0),
            counter(31, 24, WALKING, 300.0),
        ];
        let expect = [
            (0, 6, 600.0, false),
            (6, 24, 2_050.0, false),
            (24, 31, 300.0, false),
        ];
        check(day.clone(), &expect);
        // In any order, and twice.
        let twice = day.iter().rev().chain(&day).copied().collect();
        check(twice, &expect);
    }

    /// On the day of 25 hours the file states the offset of its beginning, which no longer holds in the evening.
    #[test]
    fn an_autumn_evening_is_of_its_own_day() {
        let zone = Zone::parse("Europe/Berlin").expect("a zone");
        let date = Date::constant(2026, 10, 25);
        let start_h = zone.start_of(date) / HOUR_US;
        let zones = ZoneHistory::fixed(zone);
        let all = [(8, 500.0), (25, 900.0), (26, 30.0)].map(|(hours, steps)| Counter {
            offset_min: Some(if hours > 25 { 60 } else { 120 }),
            ..counter(
                start_h + hours,
                start_h + if hours > 25 { 25 } else { 0 },
                WALKING,
                steps,
            )
        });
        let counters = Counters {
            all: all.to_vec(),
            ..Counters::default()
        };
        let mut found = Vec::new();
        counters.done(&zones, &mut |done| {
            found.push((done.start_us / HOUR_US - start_h, done.value));
        });
        assert_eq!(found, [(0, 500.0), (8, 400.0), (25, 30.0)]);
    }

    #[test]
    fn resets_and_late_files_are_not_counted_twice() {
        let reset = vec![
            counter(6, 0, WALKING, 600.0),
            counter(8, 0, WALKING, 50.0),
            counter(9, 0, WALKING, 80.0),
        ];
        let expect = [
            (0, 6, 600.0, false),
            (6, 8, 50.0, false),
            (8, 9, 30.0, false),
        ];
        check(reset, &expect);
        // A file that begins at noon knows the morning as a sum.
        let late = vec![
            counter(13, 12, WALKING, 900.0),
            counter(14, 12, WALKING, 950.0),
        ];
        check(late, &[(0, 13, 900.0, true), (13, 14, 50.0, false)]);
        // Running and walking count for themselves.
        let kinds = vec![counter(6, 0, RUNNING, 100.0), counter(6, 0, WALKING, 40.0)];
        check(kinds, &[(0, 6, 100.0, false), (0, 6, 40.0, false)]);
    }
}
