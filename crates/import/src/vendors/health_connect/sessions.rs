//! Exercise sessions, and the distances that lie inside them.

use model::record::Workout;
use model::sample::uid_of;

use crate::live::Interval;
use crate::session::Heading;
use crate::vendors::{Desk, VendorError};

use super::tables::{EXERCISES, INDOORS, OUTDOORS};
use super::{Book, When};

/// Exercises by the metric of their distance, in the order of their start.
pub(super) type Sessions = Vec<(Interval, &'static str)>;

/// Metrics of distances by activity; all others walk or run.
const DISTANCES: [(&str, &str); 6] = [
    ("cycling", "distance_cycling"),
    ("swimming", "distance_swimming"),
    ("rowing", "distance_rowing"),
    ("paddle_sports", "distance_paddle_sports"),
    ("skating_sports", "distance_skating_sports"),
    ("wheelchair_walk_pace", "distance_wheelchair"),
];

/// Sends every exercise, and gives those whose distance is not walked.
pub(super) fn read(book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<Sessions, VendorError> {
    let mut sessions = Vec::new();
    book.rows("exercise_session_record_table", desk, &mut |row, desk| {
        let Some(at) = row.interval(desk) else {
            return Ok(());
        };
        let code = row.integer("exercise_type").unwrap_or(0);
        let known = EXERCISES.iter().find(|(number, _)| *number == code);
        let activity = known.map_or("other", |(_, activity)| *activity);
        let indoor = if INDOORS.contains(&code) {
            Some(true)
        } else {
            OUTDOORS.contains(&code).then_some(false)
        };
        let mut metadata = Vec::new();
        for (column, name) in [("title", "title"), ("notes", "notes")] {
            if let Some(text) = row.text(column) {
                metadata.push((name.to_owned(), text.chars().take(1_000).collect()));
            }
        }
        if let Some(effort) = row.recorded("session_rate_of_perceived_exertion", desk) {
            metadata.push(("perceived_exertion".to_owned(), effort.to_string()));
        }
        let interval = Interval {
            start_us: at.start_us,
            end_us: at.end_us,
        };
        if let Some((_, metric)) = DISTANCES.iter().find(|(kind, _)| *kind == activity) {
            sessions.push((interval, *metric));
        }
        let heading = Heading {
            at: interval,
            zone: crate::live::zone_of(at.offset_min),
            source: row.source(desk),
            uid: row.uuid().map(|id| uid_of(&id)),
        };
        let workout = Workout {
            activity: activity.to_owned(),
            indoor,
            metadata,
            ..Workout::default()
        };
        desk.workout(row.spot(), heading, workout);
        Ok(())
    })?;
    sessions.sort_by_key(|(at, _)| at.start_us);
    Ok(sessions)
}

/// The metric of a distance: the one of the exercise in which it lies.
pub(super) fn metric_within(sessions: &Sessions, metric: &'static str, at: When) -> &'static str {
    if metric != "distance_walking_running" {
        return metric;
    }
    let until = sessions.partition_point(|(session, _)| session.start_us <= at.start_us);
    let around = until.checked_sub(1).and_then(|before| sessions.get(before));
    around
        .filter(|(session, _)| at.end_us <= session.end_us)
        .map_or(metric, |(_, found)| *found)
}
