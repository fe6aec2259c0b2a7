//! Google Fit in Takeout: streams of points, sessions, and daily tables that repeat both.
//!
//! A stream says what it is (`Data Source`); names of files are cut. The stream that Fit merged is the right one; raw
//! and estimated ones are the same minutes before merging, and count only on days that the merged one lacks. Energy
//! contains the basal part. A daily table is used for days without any stream.

use std::io::Read;

use model::record::Workout;
use model::sample::MINUTE_US;
use model::source::{SourceClass, SourceNo};
use rustc_hash::FxHashSet;

use crate::json::Json;
use crate::live::{Interval, NOT_A_VALUE};
use crate::session::{self, Heading};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

use self::points::{Stream, put_point};

mod points;

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "google_fit",
    about: "Google Fit in Google Takeout",
    title: "Google Fit",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(GoogleFit::default()),
};

const STREAMS: &str = "days and quarter hours of days that have streams";
const NO_METRIC: &str = "streams that no metric has";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stream,
    Session,
    Days,
    Quarters,
    Track,
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    if member.begins("{") {
        if member.holds("\"Data Source\"") && member.holds("\"Data Points\"") {
            return Some(Kind::Stream);
        }
        let is_session = member.holds("\"fitnessActivity\"") && member.holds("\"startTime\"");
        return is_session.then_some(Kind::Session);
    }
    let line = member.first_line();
    if line.starts_with(b"Date,Move Minutes count") {
        return Some(Kind::Days);
    }
    if line.starts_with(b"Start time,End time,Move Minutes count") {
        return Some(Kind::Quarters);
    }
    let is_track = member.is_within("Fit") && member.holds("<TrainingCenterDatabase");
    is_track.then_some(Kind::Track)
}

/// What a daily table is called, its metric and unit.
const COLUMNS: [(&str, &str, &str); 3] = [
    ("step count", "step_count", "1"),
    ("distance (m)", "distance_walking_running", "m"),
    ("calories (kcal)", "total_energy_burned", "kcal"),
];

/// The reader.
#[derive(Debug, Default)]
struct GoogleFit {
    /// Local days that a stream has something of.
    streamed: FxHashSet<i32>,
    days: Vec<(i32, One)>,
    quarters: Vec<(i32, One)>,
}

impl Reader for GoogleFit {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        match kind_of(member) {
            None => Ok(()),
            Some(Kind::Stream) => self.stream(member, input, desk),
            Some(Kind::Session) => {
                desk.count_member("All Sessions");
                elements::document(input, "All Sessions", desk, &mut |json, desk| {
                    session_of(json, desk);
                    Ok(())
                })
            }
            Some(Kind::Days) => {
                desk.count_member("Daily activity metrics");
                let shape = Shape::plain("Daily activity metrics");
                table::rows(input, shape, desk, &mut |row, desk| {
                    self.day(row, desk);
                    Ok(())
                })
            }
            Some(Kind::Quarters) => {
                desk.count_member("quarter hours of a day");
                let Some(day) = clock::day(member.file()) else {
                    desk.leave(
                        "quarter hours of a day",
                        "files without a date in their name",
                    );
                    return Ok(());
                };
                let date = member.file().get(..10).unwrap_or_default().to_owned();
                let shape = Shape::plain("quarter hours of a day");
                table::rows(input, shape, desk, &mut |row, desk| {
                    self.quarter(row, (day, &date), desk);
                    Ok(())
                })
            }
            Some(Kind::Track) => {
                desk.count_member("Activities");
                points::track(input, desk)
            }
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        for (day, one) in std::mem::take(&mut self.quarters) {
            if self.streamed.contains(&day) {
                desk.leave("quarter hours", STREAMS);
            } else {
                desk.witness(3, one)?;
            }
        }
        for (day, one) in std::mem::take(&mut self.days) {
            if self.streamed.contains(&day) {
                desk.leave("days", STREAMS);
            } else {
                desk.total(day, one);
            }
        }
        Ok(())
    }
}

/// Rows that wait for the end: a metric for each day of a lifetime, and quarter hours of ten years.
const WAITING_MAX: usize = 1_000_000;

impl GoogleFit {
    fn stream(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let head = String::from_utf8_lossy(member.head);
        let stream = Stream::of(&head);
        let Some(stream) = stream else {
            desk.leave("All Data", NO_METRIC);
            return Ok(());
        };
        desk.count_member("All Data");
        let what = ("All Data", Which::Named("Data Points"));
        elements::trees(input, what, desk, &mut |spot, element, desk| {
            let start_us = nanos(element.get("startTimeNanos"));
            let end_us = nanos(element.get("endTimeNanos"));
            let Some((start_us, end_us)) = start_us.zip(end_us) else {
                desk.refuse(spot, "startTimeNanos", None, TIME_MISSING);
                return Ok(());
            };
            if let Some(day) = clock::day_of_wall(desk.wall(start_us)) {
                self.streamed.insert(day);
            }
            let source = origin(
                element.get("originDataSourceId").text().unwrap_or_default(),
                desk,
            );
            put_point(&stream, element, ((start_us, end_us), source), spot, desk)
        })
    }

    fn day(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        let Some(day) = clock::day(row.get("date")) else {
            return desk.refuse(row.spot(), "Date", None, TIME_MISSING);
        };
        let source = desk.account();
        for (column, metric, unit) in COLUMNS {
            if let Some(value) = row.number(column).filter(|value| *value > 0.0)
                && self.days.len() < WAITING_MAX
            {
                self.days
                    .push((day, One::at(metric, unit, value, 0, source)));
            }
        }
    }

    fn quarter(&mut self, row: &Row<'_>, (day, date): (i32, &str), desk: &mut Desk<'_, '_, '_>) {
        let at = |name: &str| desk.moment(&format!("{date}T{}", row.get(name)));
        let (Some((start_us, offset_min)), Some((end_us, _))) = (at("start time"), at("end time"))
        else {
            return desk.refuse(row.spot(), "Start time", None, TIME_MISSING);
        };
        // The last quarter of a day ends at midnight.
        let end_us = if end_us < start_us {
            start_us + 15 * MINUTE_US
        } else {
            end_us
        };
        let source = desk.account();
        for (column, metric, unit) in COLUMNS {
            if let Some(value) = row.number(column).filter(|value| *value > 0.0)
                && self.quarters.len() < WAITING_MAX
            {
                let one = One::over(metric, unit, value, (start_us, end_us), source);
                self.quarters.push((day, one.offset(offset_min)));
            }
        }
    }
}

/// Nanoseconds since 1970, as text or number, in microseconds.
fn nanos(json: &Json<'_>) -> Option<i64> {
    match json {
        Json::Text(text) => text.trim().parse::<i64>().ok().map(|nanos| nanos / 1_000),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time beyond the range is refused"
        )]
        Json::Number(number) => Some((number / 1e3) as i64),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// `raw:com.google.step_count.delta:com.fossil:watch`, or `…:Google:Pixel 8:abc:Step Counter`.
fn origin(text: &str, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
    let parts: Vec<&str> = text.split(':').skip(2).collect();
    let (device, class) = match parts.as_slice() {
        [] | [""] => (String::new(), SourceClass::Phone),
        [app] if app.starts_with("com.google.android") => (String::new(), SourceClass::Phone),
        [app, ..] if app.starts_with("com.google.android") => (String::new(), SourceClass::Phone),
        [app, name, ..] if app.contains('.') => (format!("{app} {name}"), SourceClass::App),
        [app] => ((*app).to_owned(), SourceClass::App),
        [maker, model, ..] => (format!("{maker} {model}"), SourceClass::Phone),
    };
    desk.source(device.trim(), class).unwrap_or_default()
}

fn session_of(json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let spot = Spot {
        kind: "All Sessions",
        position: crate::batch::Position::Index(0),
    };
    let moment = |name: &str| json.get(name).text().and_then(|text| desk.moment(text));
    let (Some((start_us, _)), Some((end_us, _))) = (moment("startTime"), moment("endTime")) else {
        return desk.refuse(spot, "startTime", None, TIME_MISSING);
    };
    let activity = session::activity(json.get("fitnessActivity"));
    let Some(activity) = activity.filter(|activity| !activity.starts_with("sleep")) else {
        return desk.refuse(spot, "fitnessActivity", None, NOT_A_VALUE);
    };
    let aggregate = |name: &str| {
        let aggregates = json.get("aggregate").elements().iter();
        let mut named = aggregates.filter(|one| one.get("metricName").text() == Some(name));
        let found = named.next()?;
        plain(found.first_of(&["floatValue", "intValue"])).filter(|value| *value > 0.0)
    };
    let mut steps = session::statistic(session::known("step_count"));
    steps.sum = aggregate("com.google.step_count.delta");
    let mut energy = session::statistic(session::known("total_energy_burned"));
    energy.sum = aggregate("com.google.calories.expended");
    let length = json
        .get("duration")
        .text()
        .and_then(|text| table::number(text.trim_end_matches('s')));
    let workout = Workout {
        activity,
        duration_min: length.map(|seconds| seconds / 60.0),
        distance_m: aggregate("com.google.distance.delta"),
        statistics: [steps, energy]
            .into_iter()
            .filter(|one| one.sum.is_some())
            .collect(),
        ..Workout::default()
    };
    let heading = Heading {
        at: Interval { start_us, end_us },
        zone: None,
        source: desk.account(),
        uid: None,
    };
    desk.workout(spot, heading, workout);
}
