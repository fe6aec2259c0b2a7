//! TCX files: workouts with laps, and points with heart rate, cadence, power and place.

use std::io::Read;

use crate::apple::scan::Tag;
use crate::batch::Position;
use crate::live::MALFORMED;
use crate::track::{Figures, Lap, PARTS_MAX, POINTS_MAX, Point, Track, after_seconds};
use crate::vendors::desk::Spot;
use crate::vendors::workouts::Files;
use crate::vendors::xml::{self, Elements};
use crate::vendors::{Desk, Member, Vendor, VendorError};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "tcx",
    about: "TCX file of a workout: laps, heart rate, cadence, power and path",
    title: "TCX",
    is_meant: |member| is_tcx(member),
    open: || Box::new(Files { kind: KIND, tracks }),
};

const KIND: &str = "tcx";

/// Whether a member is a TCX file. Some services put blanks before its first letter.
pub(crate) fn is_tcx(member: &Member<'_>) -> bool {
    member.begins("<") && member.holds("<TrainingCenterDatabase")
}

/// The workouts of a file.
pub(crate) fn tracks(
    input: &mut dyn Read,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<Vec<Track>, VendorError> {
    desk.count_member(KIND);
    let mut tcx = Tcx::default();
    xml::read(input, KIND, "TrainingCenterDatabase", &mut tcx, desk)?;
    tcx.end_lap();
    tcx.end_activity();
    if tcx.left_out > 0 {
        let what = "points without a time, or more than are kept";
        desk.leave("points of a track", what);
    }
    if tcx.tracks.is_empty() {
        let spot = Spot {
            kind: KIND,
            position: Position::Byte(0),
        };
        desk.refuse(spot, "Activity", None, MALFORMED);
    }
    Ok(tcx.tracks)
}

/// A file while it is read.
#[derive(Debug, Default)]
struct Tcx {
    tracks: Vec<Track>,
    open: Track,
    /// The lap that is read: its start, what its timer says, its figures.
    lap: Option<(i64, Figures)>,
    point: Option<Point>,
    left_out: u64,
}

impl Elements for Tcx {
    fn open(&mut self, tag: &Tag<'_>, name: &str, _around: &[String]) {
        let attribute =
            |name: &[u8]| String::from_utf8_lossy(tag.get(name).unwrap_or_default()).into_owned();
        match name {
            "Activity" => {
                self.open = Track {
                    activity: activity(&attribute(b"Sport")),
                    ..Track::default()
                };
            }
            "Lap" => {
                self.lap = xml::instant(&attribute(b"StartTime"))
                    .map(|start_us| (start_us, Figures::default()));
            }
            "Trackpoint" => self.point = Some(Point::at(i64::MIN)),
            _ => {}
        }
    }

    fn close(
        &mut self,
        name: &str,
        text: &str,
        around: &[String],
        _desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let parent = around.last().map_or("", String::as_str);
        if self.point.is_some() {
            self.in_point(name, text, parent);
        } else if self.lap.is_some() && name != "Lap" {
            self.in_lap(name, text, parent);
        } else if name == "Lap" {
            self.end_lap();
        } else if name == "Activity" {
            self.end_activity();
        }
        Ok(())
    }
}

impl Tcx {
    fn in_point(&mut self, name: &str, text: &str, parent: &str) {
        let Some(point) = &mut self.point else { return };
        match (name, parent) {
            ("Time", _) => point.at_us = xml::instant(text).unwrap_or(i64::MIN),
            ("LatitudeDegrees", _) => point.latitude_deg = xml::number(text),
            ("LongitudeDegrees", _) => point.longitude_deg = xml::number(text),
            ("AltitudeMeters", _) => point.elevation_m = xml::number(text),
            ("DistanceMeters", _) => point.distance_m = xml::number(text),
            ("Value", "HeartRateBpm") => point.heart_rate = xml::number(text),
            ("Cadence" | "RunCadence", _) => point.cadence = xml::number(text),
            ("Watts", _) => point.power_w = xml::number(text),
            ("Speed", _) => point.speed_m_s = xml::number(text),
            ("Trackpoint", _) => {
                let point = *point;
                self.point = None;
                if point.at_us == i64::MIN || self.open.points.len() >= POINTS_MAX {
                    self.left_out += 1;
                } else {
                    self.open.points.push(point);
                }
            }
            _ => {}
        }
    }

    fn in_lap(&mut self, name: &str, text: &str, parent: &str) {
        let Some((_, figures)) = &mut self.lap else {
            return;
        };
        let value = Some(xml::number(text)).filter(|value| value.is_finite() && *value >= 0.0);
        let above = value.filter(|value| *value > 0.0);
        match (name, parent) {
            ("TotalTimeSeconds", _) => figures.active_s = value,
            ("DistanceMeters", "Lap") => figures.distance_m = value,
            ("Calories", _) => figures.energy_kcal = value,
            ("MaximumSpeed", _) => figures.speed_max_m_s = value,
            ("AvgSpeed", _) => figures.speed_mean_m_s = value,
            ("Value", "AverageHeartRateBpm") => figures.heart_rate_mean = above,
            ("Value", "MaximumHeartRateBpm") => figures.heart_rate_max = above,
            ("Cadence", "Lap") => figures.cadence_mean = value,
            ("MaxBikeCadence", _) => figures.cadence_max = value,
            // Strides of two steps.
            ("AvgRunCadence", _) => figures.cadence_mean = value.map(|each| 2.0 * each),
            ("MaxRunCadence", _) => figures.cadence_max = value.map(|each| 2.0 * each),
            ("AvgWatts", _) => figures.power_mean_w = value,
            ("MaxWatts", _) => figures.power_max_w = value,
            ("Steps", _) => figures.steps = value,
            _ => {}
        }
    }

    fn end_lap(&mut self) {
        let Some((start_us, figures)) = self.lap.take() else {
            return;
        };
        let last_us = self
            .open
            .points
            .last()
            .map_or(start_us, |point| point.at_us);
        let told_us = after_seconds(start_us, figures.active_s.unwrap_or_default());
        if self.open.laps.len() >= PARTS_MAX {
            self.left_out += 1;
            return;
        }
        self.open.laps.push(Lap {
            start_us,
            end_us: last_us.max(told_us),
            figures,
        });
    }

    fn end_activity(&mut self) {
        let mut track = std::mem::take(&mut self.open);
        if track.laps.is_empty() && track.points.is_empty() {
            return;
        }
        track.points.sort_by_key(|point| point.at_us);
        if let (Some(start), Some(end)) = (
            track.laps.iter().map(|lap| lap.start_us).min(),
            track.laps.iter().map(|lap| lap.end_us).max(),
        ) {
            (track.start_us, track.end_us) = (start, end);
        }
        track.figures = together(&track.laps);
        track.complete();
        self.tracks.push(track);
    }
}

/// The figures of all laps together: sums, extremes, and means by the time of each lap.
fn together(laps: &[Lap]) -> Figures {
    let sum = |of: fn(&Figures) -> Option<f64>| {
        let told: Vec<f64> = laps.iter().filter_map(|lap| of(&lap.figures)).collect();
        // A total of some laps is none of all.
        (told.len() == laps.len() && !told.is_empty()).then(|| told.iter().sum())
    };
    let most = |of: fn(&Figures) -> Option<f64>| {
        let told = laps.iter().filter_map(|lap| of(&lap.figures));
        told.max_by(f64::total_cmp)
    };
    let mean = |of: fn(&Figures) -> Option<f64>| {
        let mut total = 0.0;
        let mut length = 0.0;
        for lap in laps {
            let (value, active_s) = (of(&lap.figures)?, lap.figures.active_s?);
            total += value * active_s;
            length += active_s;
        }
        (length > 0.0).then(|| total / length)
    };
    Figures {
        active_s: sum(|of| of.active_s),
        distance_m: sum(|of| of.distance_m),
        energy_kcal: sum(|of| of.energy_kcal),
        steps: sum(|of| of.steps),
        heart_rate_mean: mean(|of| of.heart_rate_mean),
        heart_rate_max: most(|of| of.heart_rate_max),
        speed_max_m_s: most(|of| of.speed_max_m_s),
        cadence_mean: mean(|of| of.cadence_mean),
        cadence_max: most(|of| of.cadence_max),
        power_mean_w: mean(|of| of.power_mean_w),
        power_max_w: most(|of| of.power_max_w),
        ..Figures::default()
    }
}

fn activity(sport: &str) -> String {
    let known = model::workout::by_name(sport);
    known.map_or_else(|| "other".to_owned(), |known| known.id.to_owned())
}
