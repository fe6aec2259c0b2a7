//! GPX files of workout routes, as the phone writes them and as other programs do.

use std::io::Read;

use model::record::{Body, Record, Route};
use model::source::SourceNo;

use crate::apple::ReadError;
use crate::apple::reading::Reading;
use crate::apple::scan::{Event, Scanner, Tag};
use crate::apple::text::decode;
use crate::batch::RejectCode;

use super::reading::refusal;

/// Points of one route: four days at one a second. More are left out and told.
pub(crate) const POINTS_MAX: usize = 345_600;

/// Bytes of the text of one element; longer text is no number or time.
const TEXT_BYTES_MAX: usize = 256;

/// One point of a route.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Point {
    pub(crate) at_us: i64,
    pub(crate) latitude_deg: f64,
    pub(crate) longitude_deg: f64,
    pub(crate) elevation_m: Option<f64>,
    pub(crate) speed_m_s: Option<f64>,
    pub(crate) course_deg: Option<f64>,
    pub(crate) horizontal_accuracy_m: Option<f64>,
    pub(crate) vertical_accuracy_m: Option<f64>,
}

/// Adds a point whose place is on Earth. Negative speed, course and accuracy mean "not known".
pub(crate) fn push_point(route: &mut Route, point: Point) {
    let known = |value: Option<f64>| value.filter(|value| value.is_finite() && *value >= 0.0);
    if !(-90.0..=90.0).contains(&point.latitude_deg)
        || !(-180.0..=180.0).contains(&point.longitude_deg)
    {
        return;
    }
    route.at_us.push(point.at_us);
    route.latitude_deg.push(point.latitude_deg);
    route.longitude_deg.push(point.longitude_deg);
    route
        .elevation_m
        .push(point.elevation_m.filter(|value| value.is_finite()));
    route.speed_m_s.push(known(point.speed_m_s));
    route.course_deg.push(known(point.course_deg));
    route
        .horizontal_accuracy_m
        .push(known(point.horizontal_accuracy_m));
    route
        .vertical_accuracy_m
        .push(known(point.vertical_accuracy_m));
}

/// The record of a route; `None` when it has no point.
pub(crate) fn route_record(route: Route, source: SourceNo) -> Option<Record> {
    Some(Record {
        start_us: *route.at_us.iter().min()?,
        end_us: *route.at_us.iter().max()?,
        zone: None,
        source,
        uid: None,
        identity: route.path.clone(),
        body: Body::Route(route),
    })
}

/// A point being read.
#[derive(Default)]
struct OpenPoint {
    point: Point,
    timed: bool,
    placed: bool,
}

/// Reads one file and sends its route.
pub(crate) fn read(
    input: &mut dyn Read,
    path: &str,
    reading: &mut Reading<'_, '_>,
) -> Result<(), ReadError> {
    let mut scanner = Scanner::new(input);
    let mut route = Route {
        path: path.to_owned(),
        ..Route::default()
    };
    let mut open: Option<OpenPoint> = None;
    let mut text: Vec<u8> = Vec::new();
    let mut left_out = 0_u64;
    let mut closed = false;
    loop {
        let wants_text = match scanner.next()? {
            Event::Open(tag) => {
                text.clear();
                if local(tag.name) == b"trkpt" {
                    // Without content it has no time.
                    left_out += u64::from(tag.empty);
                    open = (!tag.empty).then(|| begin(&tag));
                }
                open.is_some() && !tag.empty
            }
            Event::Text(piece) => {
                if text.len() + piece.len() <= TEXT_BYTES_MAX {
                    text.extend_from_slice(piece);
                }
                true
            }
            Event::Close(name) => {
                match (local(name), &mut open) {
                    (b"trkpt", _) => {
                        if route.at_us.len() >= POINTS_MAX || !send(open.as_ref(), &mut route) {
                            left_out += 1;
                        }
                        open = None;
                    }
                    (b"gpx", _) => closed = true,
                    (name, Some(point)) => point.set(name, &decode(&text)),
                    (_, None) => {}
                }
                text.clear();
                open.is_some()
            }
            Event::Refused { position, .. } => {
                reading.damage(position, "a tag of the route cannot be read");
                false
            }
            Event::End { position, .. } => {
                if !closed {
                    reading.damage(position, "the route is cut off; what came before was read");
                }
                break;
            }
        };
        scanner.want_text(wants_text);
    }
    let position = scanner.position();
    finish(route, left_out, position, reading)
}

fn finish(
    route: Route,
    left_out: u64,
    position: u64,
    reading: &mut Reading<'_, '_>,
) -> Result<(), ReadError> {
    if left_out > 0 {
        reading.damage(
            position,
            "points of the route were left out: no time, no place, or too many",
        );
    }
    let source = reading.exporter();
    match source.and_then(|source| route_record(route, source)) {
        Some(record) => reading.record(position, record),
        None => reading.reject(
            None,
            position,
            "trkpt",
            refusal(
                RejectCode::Malformed,
                "the route has no point with time and place",
            ),
        ),
    }
    reading.flush_when_full()
}

/// The name without its namespace prefix.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or(name)
}

fn begin(tag: &Tag<'_>) -> OpenPoint {
    let degrees =
        |name: &[u8]| -> Option<f64> { fast_float2::parse(tag.get(name)?.trim_ascii()).ok() };
    match (degrees(b"lat"), degrees(b"lon")) {
        (Some(latitude_deg), Some(longitude_deg)) => OpenPoint {
            point: Point {
                latitude_deg,
                longitude_deg,
                ..Point::default()
            },
            timed: false,
            placed: true,
        },
        _ => OpenPoint::default(),
    }
}

impl OpenPoint {
    fn set(&mut self, name: &[u8], text: &str) {
        let text = text.trim();
        let number = || fast_float2::parse(text).ok();
        match name {
            b"time" => {
                if let Ok(at) = text.parse::<jiff::Timestamp>() {
                    self.point.at_us = at.as_microsecond();
                    self.timed = true;
                }
            }
            b"ele" => self.point.elevation_m = number(),
            b"speed" => self.point.speed_m_s = number(),
            b"course" => self.point.course_deg = number(),
            b"hAcc" => self.point.horizontal_accuracy_m = number(),
            b"vAcc" => self.point.vertical_accuracy_m = number(),
            _ => {}
        }
    }
}

fn send(open: Option<&OpenPoint>, route: &mut Route) -> bool {
    match open {
        Some(OpenPoint {
            point,
            timed: true,
            placed: true,
        }) => {
            let before = route.at_us.len();
            push_point(route, *point);
            route.at_us.len() > before
        }
        Some(_) | None => false,
    }
}
