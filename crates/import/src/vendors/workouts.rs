//! Sends a workout of a file of a device: its points as samples, its path as a route, and itself as a record.

use std::io::Read;

use model::record::{Body, Record};
use model::sample::uid_of;
use model::source::{SourceClass, SourceNo};

use crate::batch::Position;
use crate::live::{Interval, Place, zone_of};
use crate::session::{self, Heading};
use crate::track::Track;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, Member, One, Reader, VendorError};

type ReadTracks = fn(&mut dyn Read, &mut Desk<'_, '_, '_>) -> Result<Vec<Track>, VendorError>;

/// Reads files that hold workouts and nothing else.
#[derive(Debug)]
pub(crate) struct Files {
    /// The kind of file.
    pub(crate) kind: &'static str,
    /// Reads the workouts of one.
    pub(crate) tracks: ReadTracks,
}

impl Reader for Files {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let source = desk.service();
        for track in (self.tracks)(input, desk)? {
            let spot = Spot {
                kind: self.kind,
                position: Position::Byte(0),
            };
            send(&track, source, spot, desk)?;
        }
        Ok(())
    }
}

impl Desk<'_, '_, '_> {
    /// The vendor's account, where what it hands out was measured by others: it comes after what they hand out.
    pub(crate) fn service(&mut self) -> SourceNo {
        self.source("", SourceClass::App).unwrap_or_default()
    }
}

/// Adds the samples of the points and the route.
pub(crate) fn send_points(
    track: &Track,
    source: SourceNo,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    for (metric, at_us, value) in track.samples() {
        let one = One::at(metric, "", value, at_us, source).offset(track.offset_min);
        desk.put(spot, one);
        desk.flush_when_full()?;
    }
    Ok(())
}

/// Adds the path alone, of a workout whose record follows later.
pub(crate) fn send_route(
    track: &Track,
    source: SourceNo,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let Some(route) = track.route("") else { return };
    let (Some(first), Some(last)) = (route.at_us.first(), route.at_us.last()) else {
        return;
    };
    let (start_us, end_us) = (*first.min(last), *first.max(last));
    let key = desk.intake.source_key(source);
    let record = Record {
        start_us,
        end_us,
        zone: zone_of(track.offset_min),
        source,
        uid: None,
        // As of a route that comes with its workout.
        identity: format!("inline|{start_us}|{end_us}|{key}"),
        body: Body::Route(route),
    };
    if let Err(why) = desk.intake.add_record(record) {
        desk.refuse(spot, "route", None, why);
    }
}

/// Adds the record of the workout and its route.
pub(crate) fn send_record(
    track: &Track,
    source: SourceNo,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let heading = Heading {
        at: Interval {
            start_us: track.start_us,
            end_us: track.end_us,
        },
        zone: zone_of(track.offset_min),
        source,
        uid: track.id.as_deref().map(uid_of),
    };
    let place = Place {
        array: spot.kind,
        index: 0,
    };
    let route = track.route("");
    session::send(heading, track.workout(), route, place, &mut desk.intake);
}

/// Adds all of a workout.
pub(crate) fn send(
    track: &Track,
    source: SourceNo,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    send_points(track, source, spot, desk)?;
    send_record(track, source, spot, desk);
    desk.flush_when_full()
}
