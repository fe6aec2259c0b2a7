//! The path of a workout as responses print it: columns of equal length.

use model::record::{Body, Record};
use model::zone::ZoneHistory;
use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::Instants;

/// A path, in columns of equal length; null where a point has no value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RouteAnswer {
    /// Time of the first point.
    start: String,
    /// Time of the last point.
    end: String,
    /// Time of each point.
    at: Vec<String>,
    /// Degrees north.
    latitude_deg: Vec<f64>,
    /// Degrees east.
    longitude_deg: Vec<f64>,
    /// Metres above sea level.
    elevation_m: Vec<Option<f64>>,
    /// Metres per second.
    speed_m_s: Vec<Option<f64>>,
    /// Degrees from north.
    course_deg: Vec<Option<f64>>,
    /// Horizontal accuracy in metres.
    horizontal_accuracy_m: Vec<Option<f64>>,
    /// Vertical accuracy in metres.
    vertical_accuracy_m: Vec<Option<f64>>,
}

/// Prints a path on the clock of `zone`; nothing for a record of another kind.
pub(crate) fn print_route(record: &Record, zone: &ZoneHistory) -> Option<RouteAnswer> {
    let Body::Route(route) = &record.body else {
        return None;
    };
    let mut instants = Instants::of(zone);
    Some(RouteAnswer {
        start: instants.text(record.start_us),
        end: instants.text(record.end_us),
        at: route
            .at_us
            .iter()
            .map(|at_us| instants.text(*at_us))
            .collect(),
        latitude_deg: route.latitude_deg.clone(),
        longitude_deg: route.longitude_deg.clone(),
        elevation_m: route.elevation_m.clone(),
        speed_m_s: route.speed_m_s.clone(),
        course_deg: route.course_deg.clone(),
        horizontal_accuracy_m: route.horizontal_accuracy_m.clone(),
        vertical_accuracy_m: route.vertical_accuracy_m.clone(),
    })
}
