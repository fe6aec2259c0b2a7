//! GPX files: the path of a workout with what other sensors saw beside it.
//!
//! Every track is a workout. Points without a time are left out; a file whose points have none is a plan and no
//! workout. Heart rate, cadence and power come in extensions under the names that most programs share. Names of
//! tracks may name places, so they are never kept.

use std::io::Read;

use model::workout;

use crate::apple::scan::Tag;
use crate::batch::Position;
use crate::live::MALFORMED;
use crate::track::{POINTS_MAX, Point, Track};
use crate::vendors::desk::Spot;
use crate::vendors::workouts::Files;
use crate::vendors::xml::{self, Elements};
use crate::vendors::{Desk, Member, Vendor, VendorError};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "gpx",
    about: "GPX file of a workout: its path, heart rate, cadence and power",
    title: "GPX",
    is_meant: |member| is_gpx(member),
    open: || Box::new(Files { kind: KIND, tracks }),
};

const KIND: &str = "gpx";

/// Whether a member is a GPX file.
pub(crate) fn is_gpx(member: &Member<'_>) -> bool {
    member.begins("<") && member.holds("<gpx")
}

/// The tracks of a file.
pub(crate) fn tracks(
    input: &mut dyn Read,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<Vec<Track>, VendorError> {
    desk.count_member(KIND);
    let mut gpx = Gpx::default();
    xml::read(input, KIND, "gpx", &mut gpx, desk)?;
    gpx.end_track();
    if gpx.left_out > 0 {
        let what = "points without a time or a place, or more than are kept";
        desk.leave("points of a track", what);
    }
    if gpx.tracks.is_empty() {
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(0),
        };
        desk.refuse(spot, "trkpt/time", None, MALFORMED);
    }
    Ok(gpx.tracks)
}

/// A file while it is read.
#[derive(Debug, Default)]
struct Gpx {
    tracks: Vec<Track>,
    open: Track,
    point: Option<Point>,
    left_out: u64,
}

impl Elements for Gpx {
    fn open(&mut self, tag: &Tag<'_>, name: &str, _around: &[String]) {
        if name == "trkpt" {
            let degrees = |name: &[u8]| {
                let text = String::from_utf8_lossy(tag.get(name).unwrap_or_default());
                xml::number(&text)
            };
            self.point = Some(Point {
                latitude_deg: degrees(b"lat"),
                longitude_deg: degrees(b"lon"),
                ..Point::at(i64::MIN)
            });
        }
    }

    fn close(
        &mut self,
        name: &str,
        text: &str,
        around: &[String],
        _desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        match (&mut self.point, name) {
            (Some(point), "time") => point.at_us = xml::instant(text).unwrap_or(i64::MIN),
            (Some(point), "ele") => point.elevation_m = xml::number(text),
            (Some(point), "speed") => point.speed_m_s = xml::number(text),
            (Some(point), "hr" | "heartrate") => point.heart_rate = xml::number(text),
            (Some(point), "cad" | "cadence") => point.cadence = xml::number(text),
            (Some(point), "power" | "PowerInWatts") => point.power_w = xml::number(text),
            (Some(_), "trkpt") => self.end_point(),
            (None, "type") if around.last().is_some_and(|name| name == "trk") => {
                self.open.activity = activity(text);
                self.open.indoor = workout::indoor_in_name(text);
            }
            (None, "trk") => self.end_track(),
            _ => {}
        }
        Ok(())
    }
}

impl Gpx {
    fn end_point(&mut self) {
        let Some(point) = self.point.take() else {
            return;
        };
        if point.at_us == i64::MIN || self.open.points.len() >= POINTS_MAX {
            self.left_out += 1;
            return;
        }
        self.open.points.push(point);
    }

    fn end_track(&mut self) {
        let mut track = std::mem::take(&mut self.open);
        if track.points.is_empty() {
            return;
        }
        if track.activity.is_empty() {
            "other".clone_into(&mut track.activity);
        }
        track.points.sort_by_key(|point| point.at_us);
        track.complete();
        self.tracks.push(track);
    }
}

/// The activity of a type as programs write it; one service writes numbers of its own.
fn activity(text: &str) -> String {
    let text = text.trim();
    match text {
        "1" => return "cycling".to_owned(),
        "9" => return "running".to_owned(),
        _ => {}
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let found = workout::by_name(text).filter(|_| !is_number);
    found.map_or_else(
        || {
            if is_number {
                "other".to_owned()
            } else {
                text.to_lowercase()
            }
        },
        |known| known.id.to_owned(),
    )
}
