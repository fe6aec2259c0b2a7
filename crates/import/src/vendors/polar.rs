//! Polar Flow, "download all your data": JSON documents side by side.
//!
//! Days and the pulse around the clock are of the person's clock, training has its offset beside it, nights have it in
//! their times. Minutes of steps are used, and their sum only where there are none.

use std::collections::BTreeMap;
use std::io::Read;

use model::record::Workout;
use model::sample::{MINUTE_US, SECOND_US, uid_of};

use crate::batch::Position;
use crate::json::Json;
use crate::live::{self, Interval, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock, table};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "polar",
    about: "Polar Flow: the documents of \"download all your data\"",
    title: "Polar",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Polar::default()),
};

/// Values of one series of a training: three days of seconds.
const VALUES_MAX: usize = 259_200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Day,
    Training,
    Pulse,
    Night,
    Score,
    Recovery,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Day => "activity",
            Self::Training => "training-session",
            Self::Pulse => "247ohr",
            Self::Night => "sleep_result",
            Self::Score => "sleep_score",
            Self::Recovery => "nightly_recovery",
        }
    }
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let holds = |names: &[&str]| names.iter().all(|name| member.has_member(name));
    if member.begins("[") {
        return if holds(&["night", "hypnogram"]) {
            Some(Kind::Night)
        } else if holds(&["night", "sleepScoreResult"]) {
            Some(Kind::Score)
        } else if holds(&["night", "meanNightlyRecoveryRmssd"]) {
            Some(Kind::Recovery)
        } else {
            None
        };
    }
    if !member.begins("{") {
        None
    } else if holds(&["deviceDays"]) {
        Some(Kind::Pulse)
    } else if holds(&["startTime", "stopTime", "durationMillis", "sport"]) {
        Some(Kind::Training)
    } else if holds(&["exportVersion", "date", "summary"]) && holds(&["stepCount"]) {
        Some(Kind::Day)
    } else {
        None
    }
}

/// A figure of a night: metric, unit, value.
type Figure = (&'static str, &'static str, f64);

/// The reader.
#[derive(Debug, Default)]
struct Polar {
    /// Nights by their date.
    nights: BTreeMap<i32, ((i64, i64), Option<i16>)>,
    figures: Vec<(i32, Kind, u64, Figure)>,
}

impl Reader for Polar {
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
        match kind {
            Kind::Day => elements::document(input, kind.name(), desk, &mut |json, desk| {
                day(json, desk);
                Ok(())
            }),
            Kind::Training => elements::document(input, kind.name(), desk, &mut |json, desk| {
                training(json, desk);
                Ok(())
            }),
            Kind::Pulse => {
                let what = (kind.name(), Which::Named("deviceDays"));
                elements::trees(input, what, desk, &mut |spot, element, desk| {
                    pulse(spot, element, desk);
                    Ok(())
                })
            }
            Kind::Night | Kind::Score | Kind::Recovery => {
                let what = (kind.name(), Which::First);
                elements::trees(input, what, desk, &mut |spot, element, desk| {
                    self.night(kind, spot, element, desk);
                    Ok(())
                })
            }
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let source = desk.account();
        for (day, kind, index, (metric, unit, value)) in std::mem::take(&mut self.figures) {
            let spot = Spot {
                kind: kind.name(),
                position: Position::Index(index),
            };
            match self.nights.get(&day) {
                Some((at, offset_min)) => {
                    let one = One::over(metric, unit, value, *at, source);
                    desk.put(spot, one.offset(*offset_min));
                }
                None => desk.total(day, One::at(metric, unit, value, 0, source)),
            }
        }
        Ok(())
    }
}

const WHOLE: Position = Position::Index(0);

fn day(json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let spot = Spot {
        kind: Kind::Day.name(),
        position: WHOLE,
    };
    let date = json.get("date").text().unwrap_or_default();
    let Some(day) = clock::day(date) else {
        return desk.refuse(spot, "date", None, TIME_MISSING);
    };
    let source = desk.account();
    let summary = json.get("summary");
    let totals = [
        ("stepCount", "step_count", "1"),
        ("calories", "total_energy_burned", "kcal"),
    ];
    for (name, metric, unit) in totals {
        if let Some(value) = plain(summary.get(name)).filter(|value| *value > 0.0) {
            desk.total(day, One::at(metric, unit, value, 0, source));
        }
    }
    let mut last = None;
    let minutes = json.get("samples").get("steps").elements();
    for (index, minute) in (0..).zip(minutes) {
        let spot = Spot {
            kind: "activity/samples/steps",
            position: Position::Index(index),
        };
        let time = minute.get("localTime").text().unwrap_or_default();
        let wall_us = clock::wall(&format!("{date}T{time}"));
        let Some(at_us) = wall_us.and_then(|wall_us| desk.local_in_order(wall_us, &mut last))
        else {
            desk.refuse(spot, "localTime", None, TIME_MISSING);
            continue;
        };
        match plain(minute.get("value")) {
            Some(steps) if steps > 0.0 => {
                let at = (at_us, at_us + MINUTE_US);
                desk.put(spot, One::over("step_count", "1", steps, at, source));
            }
            Some(_) => {}
            None => desk.refuse(spot, "value", None, NOT_A_VALUE),
        }
    }
}

/// The pulse of days, in seconds of the person's clock from midnight.
fn pulse(spot: Spot<'_>, element: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(midnight_us) = element.get("date").text().and_then(clock::wall) else {
        return desk.refuse(spot, "date", None, TIME_MISSING);
    };
    let source = desk.account();
    let mut last = None;
    for sample in element.get("samples").elements() {
        let seconds =
            plain(sample.get("secondsFromDayStart")).filter(|s| (0.0..90_000.0).contains(s));
        #[expect(clippy::cast_possible_truncation, reason = "below 90,000")]
        let wall_us = seconds.map(|seconds| midnight_us + seconds as i64 * SECOND_US);
        let at_us = wall_us.and_then(|wall_us| desk.local_in_order(wall_us, &mut last));
        match (at_us, plain(sample.get("heartRate"))) {
            (Some(at_us), Some(rate)) if rate > 0.0 => {
                desk.put(spot, One::at("heart_rate", "/min", rate, at_us, source));
            }
            (Some(_), Some(_)) => desk.leave("heart_rate", "zeros"),
            (None, _) => desk.refuse(spot, "secondsFromDayStart", None, TIME_MISSING),
            (_, None) => desk.refuse(spot, "heartRate", None, NOT_A_VALUE),
        }
    }
}

fn training(json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let spot = Spot {
        kind: Kind::Training.name(),
        position: WHOLE,
    };
    let span = |part: &Json<'_>| {
        let minutes = plain(part.get("timezoneOffsetMinutes")).filter(|m| m.abs() <= 1_080.0);
        #[expect(clippy::cast_possible_truncation, reason = "at most 18 hours")]
        let offset_min = minutes.map(|minutes| minutes as i16);
        let at = |name: &str| {
            let wall_us = part.get(name).text().and_then(clock::wall)?;
            match offset_min {
                Some(minutes) => Some(wall_us - i64::from(minutes) * MINUTE_US),
                None => desk.local(wall_us),
            }
        };
        Some((at("startTime")?, at("stopTime")?, offset_min))
    };
    let Some((start_us, end_us, offset_min)) = span(json) else {
        return desk.refuse(spot, "startTime", None, TIME_MISSING);
    };
    let exercises: Vec<(i64, &Json<'_>)> = json
        .get("exercises")
        .elements()
        .iter()
        .map(|exercise| {
            (
                span(exercise).map_or(start_us, |(start_us, ..)| start_us),
                exercise,
            )
        })
        .collect();
    let number = |name: &str| plain(json.get(name)).filter(|value| *value > 0.0);
    let mut rate = session::statistic(session::known("heart_rate"));
    rate.mean = number("hrAvg");
    rate.max = number("hrMax");
    let mut energy = session::statistic(session::known("total_energy_burned"));
    energy.sum = number("calories");
    let id = elements::id(json.get("identifier").get("id"));
    let sport = elements::id(json.get("sport").get("id"));
    let workout = Workout {
        activity: session::activity(json.get("name")).unwrap_or_else(|| "other".to_owned()),
        duration_min: number("durationMillis").map(|ms| ms / 60_000.0),
        distance_m: number("distanceMeters"),
        statistics: [rate, energy]
            .into_iter()
            .filter(|one| one.mean.or(one.max).or(one.sum).is_some())
            .collect(),
        metadata: vec![("sport_id".to_owned(), sport)],
        ..Workout::default()
    };
    let source = desk.account();
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: live::zone_of(offset_min),
        source,
        uid: (!id.is_empty()).then(|| uid_of(&format!("polar/{id}"))),
    };
    desk.workout(spot, heading, workout);
    for (start_us, exercise) in exercises {
        for series in exercise.get("samples").get("samples").elements() {
            if series.get("type").text() == Some("HEART_RATE") {
                rates(series, (start_us, offset_min), desk);
            }
        }
    }
}

fn rates(
    series: &Json<'_>,
    (start_us, offset_min): (i64, Option<i16>),
    desk: &mut Desk<'_, '_, '_>,
) {
    let spot = Spot {
        kind: "training-session/samples",
        position: WHOLE,
    };
    let interval =
        plain(series.get("intervalMillis")).filter(|ms| (1.0..=3_600_000.0).contains(ms));
    let Some(interval_ms) = interval else {
        return desk.refuse(spot, "intervalMillis", None, NOT_A_VALUE);
    };
    #[expect(clippy::cast_possible_truncation, reason = "at most an hour")]
    let interval_us = (interval_ms * 1e3) as i64;
    let source = desk.account();
    let values = series.get("values").elements().iter().take(VALUES_MAX);
    for (index, value) in (0_i64..).zip(values) {
        match plain(value).filter(|rate| *rate > 0.0) {
            Some(rate) => {
                let at_us = start_us + index * interval_us;
                let one = One::at("heart_rate", "/min", rate, at_us, source);
                desk.put(spot, one.offset(offset_min));
            }
            None => desk.leave("heart_rate", "moments without a reading"),
        }
    }
}

/// Seconds of `PT3000S`, `PT7H`, `PT1H2M3.5S`.
fn duration_us(text: &str) -> Option<i64> {
    let mut rest = text.trim().strip_prefix("PT")?;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (digits, tail) = rest.split_at_checked(end)?;
        let unit = match tail.get(..1)? {
            "H" => 3_600.0,
            "M" => 60.0,
            "S" => 1.0,
            _ => return None,
        };
        seconds += table::number(digits)? * unit;
        rest = tail.get(1..)?;
    }
    let is_possible = (0.0..=172_800.0).contains(&seconds);
    #[expect(clippy::cast_possible_truncation, reason = "at most two days")]
    let us = (seconds * 1e6) as i64;
    is_possible.then_some(us)
}

impl Polar {
    fn night(
        &mut self,
        kind: Kind,
        spot: Spot<'_>,
        element: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) {
        let Some(day) = element.get("night").text().and_then(clock::day) else {
            return desk.refuse(spot, "night", None, TIME_MISSING);
        };
        let Position::Index(index) = spot.position else {
            return;
        };
        let mut figure = |metric, unit, value: Option<f64>| {
            // A handful for each night of a lifetime.
            const FIGURES_MAX: usize = 100_000;
            if let Some(value) = value.filter(|value| *value > 0.0)
                && self.figures.len() < FIGURES_MAX
            {
                self.figures.push((day, kind, index, (metric, unit, value)));
            }
        };
        match kind {
            Kind::Score => {
                let score = element.get("sleepScoreResult").get("sleepScore");
                figure("sleep_score", "", plain(score));
            }
            Kind::Recovery => {
                let rmssd = plain(element.get("meanNightlyRecoveryRmssd"));
                figure("heart_rate_variability_rmssd", "ms", rmssd);
                let breath_ms = plain(element.get("meanNightlyRecoveryRespirationInterval"));
                let breaths = breath_ms.filter(|ms| *ms > 0.0).map(|ms| 60_000.0 / ms);
                figure("respiratory_rate", "/min", breaths);
            }
            Kind::Night => self.stages(day, spot, element, desk),
            Kind::Day | Kind::Training | Kind::Pulse => {}
        }
    }

    fn stages(
        &mut self,
        day: i32,
        spot: Spot<'_>,
        element: &Json<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) {
        let night = element.get("sleepResult").get("hypnogram");
        let at = |name: &str| night.get(name).text().and_then(|text| desk.moment(text));
        let (Some((start_us, offset_min)), Some((end_us, end_offset))) =
            (at("sleepStart"), at("sleepEnd"))
        else {
            return desk.refuse(spot, "sleepStart", None, TIME_MISSING);
        };
        // On the night of a clock change only its ends say which offset held.
        let offset_min = offset_min.filter(|_| offset_min == end_offset);
        self.nights.insert(day, ((start_us, end_us), offset_min));
        let changes = night.get("sleepStateChanges").elements();
        let source = desk.account();
        for (index, change) in changes.iter().enumerate() {
            let from = |change: &Json<'_>| {
                let offset_us = change.get("offsetFromStart").text().and_then(duration_us)?;
                Some((start_us + offset_us).min(end_us))
            };
            let code = match change.get("state").text() {
                Some("WAKE") => 2.0,
                Some("REM") => 5.0,
                Some("NONREM1" | "NONREM2") => 3.0,
                Some("NONREM3") => 4.0,
                Some("UNKNOWN") => 1.0,
                _ => {
                    desk.refuse(spot, "state", None, NOT_A_VALUE);
                    continue;
                }
            };
            let until = changes.get(index + 1).map_or(Some(end_us), from);
            let (Some(from_us), Some(to_us)) = (from(change), until) else {
                desk.refuse(spot, "offsetFromStart", None, TIME_MISSING);
                continue;
            };
            if from_us < to_us {
                let one = One::over("sleep_analysis", "", code, (from_us, to_us), source);
                desk.put(spot, one.offset(offset_min));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_polar_prints_them() {
        assert_eq!(duration_us("PT3000S"), Some(3_000 * SECOND_US));
        assert_eq!(duration_us("PT7H"), Some(25_200 * SECOND_US));
        assert_eq!(duration_us("PT1H2M3.5S"), Some(3_723_500_000));
        assert_eq!(duration_us("P1D"), None);
        assert_eq!(duration_us("PTS"), None);
    }
}
