//! What an export says about the person: characteristics, the rings of a day, a logged mood.

use model::record::{ActivitySummary, Body, Characteristics, Record, StateOfMind};
use model::sample::DAY_US;

use crate::apple::dates;
use crate::apple::reading::{Heading, Reading, identity, refusal};
use crate::apple::scan::Tag;
use crate::apple::text::{decode, snake_case};
use crate::apple::types::metric;
use crate::batch::RejectCode;
use crate::check;

const CHARACTERISTIC: &str = "HKCharacteristicTypeIdentifier";
const ACTIVE_ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";

/// Characteristics kept. HealthKit has seven.
const CHARACTERISTICS_MAX: usize = 64;

/// The `Me` element, whose answers are attributes, or child elements in files of other programs.
#[derive(Debug, Default)]
pub(crate) struct OpenMe {
    position: u64,
    characteristics: Characteristics,
}

impl OpenMe {
    pub(crate) fn begin(tag: &Tag<'_>) -> Self {
        let mut me = Self {
            position: tag.position,
            ..Self::default()
        };
        for (name, value) in tag.attributes() {
            me.answer(name, value);
        }
        me
    }

    /// Takes in one answer; "not set" is no answer.
    pub(crate) fn answer(&mut self, name: &[u8], value: &[u8]) {
        let (name, value) = (decode(name), decode(value));
        let value = value.trim();
        let Some(name) = name.strip_prefix(CHARACTERISTIC) else {
            return;
        };
        if value.is_empty()
            || value.ends_with("NotSet")
            || self.characteristics.entries.len() >= CHARACTERISTICS_MAX
        {
            return;
        }
        self.characteristics
            .entries
            .push((snake_case(name), value.to_owned()));
    }

    pub(crate) fn finish(self, reading: &mut Reading<'_, '_>) {
        let Some(source) = reading.exporter() else {
            return;
        };
        if self.characteristics.entries.is_empty() {
            return;
        }
        let at_us = reading.exported_us.unwrap_or(reading.now_us);
        let record = Record {
            start_us: at_us,
            end_us: at_us,
            zone: None,
            source,
            uid: None,
            identity: "characteristics".to_owned(),
            body: Body::Characteristics(self.characteristics),
        };
        reading.record(self.position, record);
    }
}

/// Sends the rings of one day.
pub(crate) fn activity_summary(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) {
    let date = tag.get(b"dateComponents").unwrap_or_default();
    let day = <&[u8; 10]>::try_from(date).ok().and_then(dates::day);
    let Some(day) = day else {
        let refused = refusal(RejectCode::TimeInvalid, "the date cannot be read");
        reading.reject(None, tag.position, "dateComponents", refused);
        return;
    };
    let number = |name: &[u8]| -> Option<f64> {
        fast_float2::parse(tag.get(name)?.trim_ascii())
            .ok()
            .filter(|number: &f64| number.is_finite())
    };
    let unit = decode(tag.get(b"activeEnergyBurnedUnit").unwrap_or_default());
    let conversion = metric(ACTIVE_ENERGY).and_then(|metric| metric.conversion(&unit).ok());
    let energy = |name: &[u8]| Some(conversion?.apply(number(name)?));
    let summary = ActivitySummary {
        date: decode(date).into_owned(),
        active_energy_kcal: energy(b"activeEnergyBurned"),
        active_energy_goal_kcal: energy(b"activeEnergyBurnedGoal"),
        move_min: number(b"appleMoveTime"),
        move_goal_min: number(b"appleMoveTimeGoal"),
        exercise_min: number(b"appleExerciseTime"),
        exercise_goal_min: number(b"appleExerciseTimeGoal"),
        stand_hours: number(b"appleStandHours"),
        stand_goal_hours: number(b"appleStandHoursGoal"),
    };
    if day * DAY_US < check::EARLIEST_US && is_empty(&summary) {
        return reading.skip_padding("ActivitySummary");
    }
    let Some(source) = reading.exporter() else {
        return;
    };
    // The date is local and its zone is not told: it is filed under the same date of UTC.
    let record = Record {
        start_us: day * DAY_US,
        end_us: (day + 1) * DAY_US,
        zone: None,
        source,
        uid: None,
        identity: summary.date.clone(),
        body: Body::ActivitySummary(summary),
    };
    // East of UTC today's date may end more than a day from now; its beginning may not.
    match check::interval(record.start_us, record.start_us, reading.now_us) {
        Ok(()) => reading.outbox.record(record),
        Err(refused) => reading.reject(None, tag.position, "dateComponents", refused),
    }
}

/// Whether a summary says nothing: phones put such ones before their first day.
fn is_empty(summary: &ActivitySummary) -> bool {
    let numbers = [
        summary.active_energy_kcal,
        summary.active_energy_goal_kcal,
        summary.move_min,
        summary.move_goal_min,
        summary.exercise_min,
        summary.exercise_goal_min,
        summary.stand_hours,
        summary.stand_goal_hours,
    ];
    numbers.into_iter().flatten().all(|number| number == 0.0)
}

/// Reads a logged mood. No export seen so far has this element; its attributes are those of the
/// phone's own type, and one without them is kept as it came.
pub(crate) fn state_of_mind(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> bool {
    let valence: Option<f64> = tag
        .get(b"valence")
        .and_then(|text| fast_float2::parse(text).ok());
    let Some(valence) = valence.filter(|valence| (-1.0..=1.0).contains(valence)) else {
        return false;
    };
    let Some(heading) = Heading::read(tag, reading) else {
        return true;
    };
    let words = |name: &[u8]| -> Vec<String> {
        let text = decode(tag.get(name).unwrap_or_default());
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.map(snake_case).collect()
    };
    let state = decode(
        tag.get(b"kind")
            .or_else(|| tag.get(b"type"))
            .unwrap_or_default(),
    );
    let mind = StateOfMind {
        state: snake_case(&state),
        valence,
        labels: words(b"labels"),
        associations: words(b"associations"),
    };
    let source = reading.sources.key(heading.source);
    let identity = identity(&[&heading.start_us.to_string(), source, &mind.state]);
    reading.record(
        heading.position,
        heading.record(identity, Body::StateOfMind(mind)),
    );
    true
}
