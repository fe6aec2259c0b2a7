//! Where readers of vendors' files put what they read: samples, records, refusals and counts of what was left out.
//!
//! It holds the rules that every vendor shares: the local day of a total, one witness for each stretch of time, a
//! daily total only for days without intervals, the vendor in the name of a source. It must never know a format,
//! and never report a path or a value.

use std::cell::Cell;
use std::collections::BTreeMap;

use model::maker::Maker;
use model::metric::Kind;
use model::record::Workout;
use model::sample::{Flags, HOUR_US, MINUTE_US, Uid, uid_of};
use model::source::{Source, SourceClass, SourceNo};
use model::unit::Percent;

use crate::batch::{Position, RejectCode};
use crate::check::Refusal;
use crate::clock;
use crate::live::{self, Context, Intake, Interval, Measurement, NAMES_FULL, Place, Use, refusal};
use crate::session::{self, Heading};
use crate::tables::Outbox;
use crate::vendors::VendorError;
use crate::vendors::days::Days;
use crate::vendors::witnesses::{Rank, Witnesses};

/// Different kinds of parts left out that are named; a file of rubbish has no more than its extensions.
const KINDS_MAX: usize = 200;

/// A time that stands on no clock of the years that are read.
pub(crate) const TIME_MISSING: Refusal = refusal(
    RejectCode::TimeInvalid,
    "the time is missing or is not printed as this format prints times",
);

/// Where something stands: the kind of its file, and which record of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'p> {
    /// The kind of file, in the vendor's words.
    pub(crate) kind: &'p str,
    /// The record.
    pub(crate) position: Position,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct One {
    /// Id of its metric.
    pub(crate) metric: &'static str,
    /// Unit of the value; empty for the metric's own.
    pub(crate) unit: &'static str,
    /// The value in that unit.
    pub(crate) value: f64,
    /// When it began and ended.
    pub(crate) at: Interval,
    /// Minutes east of UTC, where the record says so.
    pub(crate) offset_min: Option<i16>,
    /// Who measured it.
    pub(crate) source: SourceNo,
    /// The vendor's id of it.
    pub(crate) uid: Option<Uid>,
    /// What is known about it.
    pub(crate) flags: Flags,
}

impl One {
    /// A measurement of an instant.
    pub(crate) fn at(
        metric: &'static str,
        unit: &'static str,
        value: f64,
        at_us: i64,
        source: SourceNo,
    ) -> Self {
        Self::over(metric, unit, value, (at_us, at_us), source)
    }

    /// A measurement of an interval.
    pub(crate) fn over(
        metric: &'static str,
        unit: &'static str,
        value: f64,
        (start_us, end_us): (i64, i64),
        source: SourceNo,
    ) -> Self {
        Self {
            metric,
            unit,
            value,
            at: Interval { start_us, end_us },
            offset_min: None,
            source,
            uid: None,
            flags: Flags::NONE,
        }
    }

    /// With the offset that its record states.
    pub(crate) fn offset(self, offset_min: Option<i16>) -> Self {
        Self { offset_min, ..self }
    }

    /// With the id that the vendor gave it, of which there is one for each metric.
    pub(crate) fn id(self, id: &str) -> Self {
        let uid = (!id.is_empty()).then(|| uid_of(&format!("{id}/{}", self.metric)));
        Self { uid, ..self }
    }

    /// With flags.
    pub(crate) fn flags(self, flags: Flags) -> Self {
        let flags = self.flags.with(flags);
        Self { flags, ..self }
    }
}

/// What is held of one vendor until its last member was read.
#[derive(Debug, Default)]
struct Held {
    days: Days,
    witnesses: Witnesses,
}

/// Takes what readers read.
pub(crate) struct Desk<'c, 's, 'f> {
    /// What the live forms use too: names, checks, batches.
    pub(crate) intake: Intake<'c, 's, 'f>,
    consumed: &'c Cell<u64>,
    title: &'static str,
    held: Held,
    aside: BTreeMap<&'static str, Held>,
    uses: Vec<(&'static str, &'static str, Use)>,
    left_out: BTreeMap<(String, &'static str), u64>,
    members: BTreeMap<String, u64>,
}

impl<'c, 's, 'f> Desk<'c, 's, 'f> {
    /// An empty desk.
    pub(crate) fn new(
        context: &'c Context<'c>,
        outbox: Outbox<'s, 'f>,
        consumed: &'c Cell<u64>,
    ) -> Self {
        Self {
            intake: Intake::new(context, outbox, Percent::Points),
            consumed,
            title: "",
            held: Held::default(),
            aside: BTreeMap::new(),
            uses: Vec::new(),
            left_out: BTreeMap::new(),
            members: BTreeMap::new(),
        }
    }

    /// Turns to another vendor: its sources have this name, and what is held of the others stays aside.
    pub(crate) fn turn_to(&mut self, title: &'static str) {
        if title != self.title {
            let held = self.aside.remove(title).unwrap_or_default();
            let former = std::mem::replace(&mut self.held, held);
            self.aside.insert(self.title, former);
            self.title = title;
        }
    }

    /// A source of this vendor: a device of its own, or the vendor's account where none is named.
    pub(crate) fn source(&mut self, device: &str, class: SourceClass) -> Option<SourceNo> {
        let title = self.title;
        if let Some(no) = self.intake.known_source(title, device) {
            return Some(no);
        }
        let source = Source {
            class,
            device: (!device.is_empty()).then(|| device.to_owned()),
            file_of: Maker::of_files(title),
            ..Source::named(title)
        };
        self.intake.source(device, source)
    }

    /// The vendor's account, in which devices worn on the body and others are merged.
    pub(crate) fn account(&mut self) -> SourceNo {
        self.source("", SourceClass::Watch).unwrap_or_default()
    }

    /// The instant at which a clock of the person showed this.
    pub(crate) fn local(&self, wall_us: i64) -> Option<i64> {
        let context = self.intake.context();
        let moment = context.placed(|zone| clock::local(wall_us, zone));
        moment.map(|moment| moment.at_us)
    }

    /// [`Desk::local`] of times that a file prints in order: the second pass of an hour that a clock change
    /// repeats is known by what came before it.
    pub(crate) fn local_in_order(&self, wall_us: i64, last: &mut Option<i64>) -> Option<i64> {
        let first = self.local(wall_us)?;
        let again = first + HOUR_US;
        let shown = |at_us| self.wall(at_us);
        let is_second =
            last.is_some_and(|last| last > first && last <= again) && shown(again) == wall_us;
        let at_us = if is_second { again } else { first };
        *last = Some(at_us);
        Some(at_us)
    }

    /// What the person's clock showed at an instant.
    pub(crate) fn wall(&self, at_us: i64) -> i64 {
        let zone = self.intake.context().zones.zone_at(at_us);
        at_us + i64::from(zone.offset_min(at_us)) * MINUTE_US
    }

    /// Notes that a merged stream covers the local day of an instant, also where it has nothing but zeros.
    pub(crate) fn cover(&mut self, metric: &'static str, at_us: i64) {
        let zones = self.intake.context().zones;
        self.held
            .days
            .cover(session::known(metric).no, at_us, zones);
    }

    /// A time as printed: with its offset where it has one, or else of the person's clock.
    pub(crate) fn moment(&self, text: &str) -> Option<(i64, Option<i16>)> {
        let text = text.trim();
        let parsed = clock::parse(text.as_bytes())?;
        match parsed.offset {
            None => Some((self.local(parsed.local_us)?, None)),
            Some(minutes) => {
                let at_us = parsed.local_us - i64::from(minutes) * 60_000_000;
                Some((at_us, (minutes != 0).then_some(minutes)))
            }
        }
    }

    /// The first and the first instant after a day of the person, counted from 1970-01-01.
    pub(crate) fn day(&self, day: i32) -> Option<(i64, i64)> {
        Days::span(day, self.intake.context().zones)
    }

    /// Adds a measurement, or notes why not.
    pub(crate) fn put(&mut self, spot: Spot<'_>, one: One) {
        if let Err((field, type_index, why)) = self.add(one) {
            self.refuse(spot, field, type_index, why);
        }
    }

    fn add(&mut self, one: One) -> Result<(), (&'static str, Option<u32>, Refusal)> {
        let to = self.meaning(&one).ok_or(("type", None, NAMES_FULL))?;
        let what = Measurement {
            start_us: one.at.start_us,
            end_us: one.at.end_us,
            value: one.value,
            zone_offset_min: one.offset_min,
            source: one.source,
            uid: one.uid,
            flags: one.flags,
        };
        self.intake.add(to, what).map_err(|why| {
            let field = live::blamed(why, ["start", "end", "unit", "value"]);
            (field, Some(to.type_index), why)
        })?;
        let cumulative = to.metric.filter(|metric| metric.kind == Kind::Cumulative);
        if let Some(metric) = cumulative
            && !one.flags.contains(Flags::AGGREGATED)
        {
            let zones = self.intake.context().zones;
            self.held.days.cover(metric.no, one.at.start_us, zones);
        }
        Ok(())
    }

    fn meaning(&mut self, one: &One) -> Option<Use> {
        let is_it = |metric: &str, unit: &str| {
            std::ptr::eq(metric, one.metric) && std::ptr::eq(unit, one.unit)
        };
        if let Some((.., found)) = self.uses.iter().find(|(m, u, _)| is_it(m, u)) {
            return Some(*found);
        }
        let metric = session::known(one.metric);
        let found = self.intake.meaning_of(metric, one.unit)?;
        self.uses.push((one.metric, one.unit, found));
        Some(found)
    }

    /// Adds the total of a local day, counted from 1970-01-01, unless the vendor has intervals of that day or
    /// a larger total.
    pub(crate) fn total(&mut self, day: i32, one: One) {
        self.held.days.total(session::known(one.metric), day, one);
    }

    /// Holds a measurement of which others may have seen the same minutes: of those that overlap, the one of the
    /// best rank is kept, and none on days of which the vendor's merged stream was read.
    pub(crate) fn witness(&mut self, rank: Rank, one: One) -> Result<(), VendorError> {
        let no = session::known(one.metric).no;
        let zones = self.intake.context().zones;
        if self.held.days.is_covered(no, one.at.start_us, zones) {
            return Ok(());
        }
        Ok(self.held.witnesses.hold(no, rank, one)?)
    }

    /// Adds a workout.
    pub(crate) fn workout(&mut self, spot: Spot<'_>, heading: Heading, workout: Workout) {
        let index = match spot.position {
            Position::Index(at) | Position::Byte(at) | Position::Line(at) => at,
        };
        let place = Place {
            array: spot.kind,
            index,
        };
        session::send(heading, workout, None, place, &mut self.intake);
    }

    /// Adds a record that cannot be read further, as it came.
    pub(crate) fn other(
        &mut self,
        (name, json): (&str, String),
        at: Interval,
        source: SourceNo,
        spot: Spot<'_>,
    ) {
        let record = self.intake.other(name, json, at, source);
        if let Err(why) = self.intake.add_record(record) {
            self.refuse(spot, "start", None, why);
        }
    }

    /// Notes that a record, or a part of it, was refused.
    pub(crate) fn refuse(
        &mut self,
        spot: Spot<'_>,
        field: &str,
        type_index: Option<u32>,
        why: Refusal,
    ) {
        let slash = if field.is_empty() { "" } else { "/" };
        let field = format!("{}{slash}{field}", spot.kind);
        self.intake.reject_at(field, spot.position, type_index, why);
    }

    /// Counts something that is no reading, or that is left out on purpose.
    pub(crate) fn leave(&mut self, what: &str, reason: &'static str) {
        let is_known = |(kind, why): &(String, &'static str)| kind == what && *why == reason;
        if self.left_out.len() < KINDS_MAX || self.left_out.keys().any(is_known) {
            let count = self.left_out.entry((what.to_owned(), reason)).or_default();
            *count += 1;
        }
    }

    /// Counts a member that was read.
    pub(crate) fn count_member(&mut self, kind: &str) {
        if self.members.len() < KINDS_MAX {
            *self.members.entry(kind.to_owned()).or_default() += 1;
        }
    }

    /// Hands over what is enough for a batch.
    pub(crate) fn flush_when_full(&mut self) -> Result<(), VendorError> {
        Ok(self.intake.flush_when_full(self.consumed.get())?)
    }

    /// Adds what was held of this vendor: witnesses first, then totals of days that nothing else covers.
    pub(crate) fn release(&mut self) -> Result<(), VendorError> {
        let spot = Spot {
            kind: "intervals",
            position: Position::Index(0),
        };
        let zones = self.intake.context().zones;
        let witnesses = std::mem::take(&mut self.held.witnesses);
        let before = self.held.days.clone();
        let mut is_covered = |metric, start_us| before.is_covered_at(metric, start_us, zones);
        let stray = witnesses.resolve(&mut is_covered, &mut |one| {
            self.put(spot, one);
            self.flush_when_full()
        })?;
        if stray > 0 {
            let message = format!(
                "{stray} measurements of minutes that a better source covers were left out"
            );
            self.intake.note(self.title, message);
        }
        let totals = self.held.days.totals(zones);
        let spot = Spot {
            kind: "days",
            ..spot
        };
        for one in totals {
            self.put(spot, one);
            self.flush_when_full()?;
        }
        Ok(())
    }

    /// Reports the counts: what was read, and what was left out.
    pub(crate) fn tell_counts(&mut self) {
        for (kind, count) in std::mem::take(&mut self.members) {
            let files = if count == 1 { "file" } else { "files" };
            self.intake.note(&kind, format!("{count} {files} read"));
        }
        for (name, reason) in self.left_out() {
            self.intake.left_out(name, reason);
        }
    }

    /// What was left out, with counts.
    pub(crate) fn left_out(&mut self) -> Vec<(String, &'static str)> {
        let left_out = std::mem::take(&mut self.left_out);
        let told = left_out.into_iter().map(|((what, reason), count)| {
            let name = if count == 1 {
                what
            } else {
                format!("{what} ({count})")
            };
            (name, reason)
        });
        told.collect()
    }

    /// Hands over the rest.
    pub(crate) fn close(self) {
        let bytes = usize::try_from(self.consumed.get()).unwrap_or(usize::MAX);
        self.intake.finish(bytes);
    }
}
