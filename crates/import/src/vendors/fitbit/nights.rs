//! Nights: stages in JSON by the clock that the person saw, and the tables beside it that state offsets.
//!
//! A night is placed by its start, and everything in it by the seconds since: on the night of a clock change the
//! printed times jump, the seconds do not.

use std::collections::BTreeMap;
use std::io::Read;

use model::sample::{MINUTE_US, SECOND_US};
use rustc_hash::FxHashSet;

use crate::batch::Position;
use crate::budget::Holding;
use crate::json::Json;
use crate::live::NOT_A_VALUE;
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::table::Row;
use crate::vendors::{Desk, One, VendorError, clock};

const REPEATED: &str = "the same readings as another file of the export";

/// How far the starts of one night may be apart in two files.
const SAME_US: i64 = 2 * MINUTE_US;

/// Nights that wait for the end of the export.
#[derive(Debug, Default)]
pub(super) struct Nights {
    seen: FxHashSet<String>,
    told: Vec<Night>,
    sessions: BTreeMap<String, Session>,
    stages: Vec<Stage>,
    holding: Holding,
}

/// A night of the JSON; times are of the clock that was seen.
#[derive(Debug)]
struct Night {
    id: String,
    index: u64,
    wall_us: i64,
    pieces: Vec<Piece>,
    wakes: Vec<Piece>,
}

/// From the start of the night.
#[derive(Debug, Clone, Copy)]
struct Piece {
    wall_us: i64,
    from_s: i64,
    length_s: i64,
    code: f64,
}

/// A row of `UserSleeps`.
#[derive(Debug)]
struct Session {
    start_us: i64,
    end_us: i64,
    offset_min: Option<i16>,
    asleep_min: Option<f64>,
    line: u64,
}

/// A row of `UserSleepStages`.
#[derive(Debug)]
struct Stage {
    session: String,
    start_us: i64,
    end_us: i64,
    code: f64,
    offset_min: Option<i16>,
    line: u64,
}

/// Clarity's code of being awake.
const AWAKE: f64 = 2.0;

/// Clarity's code of a level.
fn code_of(level: &str) -> Option<f64> {
    Some(match level.to_ascii_lowercase().as_str() {
        "wake" | "awake" | "restless" => AWAKE,
        "light" => 3.0,
        "deep" => 4.0,
        "rem" => 5.0,
        "asleep" => 1.0,
        _ => return None,
    })
}

impl Nights {
    pub(super) fn read_json(
        &mut self,
        input: &mut dyn Read,
        kind: &str,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        elements::trees(
            input,
            (kind, Which::First),
            desk,
            &mut |spot, element, desk| {
                let id = elements::id(element.get("logId"));
                if !id.is_empty() && !self.seen.insert(id.clone()) {
                    desk.leave("nights", REPEATED);
                    return Ok(());
                }
                let wall_us = element.get("startTime").text().and_then(clock::wall);
                let Some(wall_us) = wall_us else {
                    desk.refuse(spot, "startTime", None, TIME_MISSING);
                    return Ok(());
                };
                let levels = element.get("levels");
                let pieces = pieces(levels.get("data"), spot, desk);
                let wakes = pieces_of_wake(levels.get("shortData"), spot, desk);
                self.holding
                    .grow(256 + (pieces.len() + wakes.len()) * size_of::<Piece>())?;
                let Position::Index(index) = spot.position else {
                    return Ok(());
                };
                self.told.push(Night {
                    id,
                    index,
                    wall_us,
                    pieces,
                    wakes,
                });
                Ok(())
            },
        )
    }

    pub(super) fn session(
        &mut self,
        row: &Row<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let start = desk.moment(row.get("sleep_start"));
        let end = desk.moment(row.get("sleep_end"));
        let (Some((start_us, _)), Some((end_us, _))) = (start, end) else {
            desk.refuse(row.spot(), "sleep_start", None, TIME_MISSING);
            return Ok(());
        };
        self.holding.grow(256)?;
        let session = Session {
            start_us,
            end_us,
            offset_min: clock::offset(row.get("start_utc_offset")),
            asleep_min: row.number("minutes_asleep"),
            line: line_of(row),
        };
        self.sessions
            .insert(row.get("sleep_id").to_owned(), session);
        Ok(())
    }

    pub(super) fn stage(
        &mut self,
        row: &Row<'_>,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let start = desk.moment(row.get("sleep_stage_start"));
        let end = desk.moment(row.get("sleep_stage_end"));
        let (Some((start_us, _)), Some((end_us, _))) = (start, end) else {
            desk.refuse(row.spot(), "sleep_stage_start", None, TIME_MISSING);
            return Ok(());
        };
        let Some(code) = code_of(row.get("sleep_stage_type")) else {
            desk.refuse(row.spot(), "sleep_stage_type", None, NOT_A_VALUE);
            return Ok(());
        };
        self.holding.grow(128)?;
        self.stages.push(Stage {
            session: row.get("sleep_id").to_owned(),
            start_us,
            end_us,
            code,
            offset_min: clock::offset(row.get("start_utc_offset")),
            line: line_of(row),
        });
        Ok(())
    }

    pub(super) fn finish(self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let mut placed = Vec::new();
        let (mut by_row, mut by_person) = (0_u64, 0_u64);
        for night in &self.told {
            let offset_min = self.offset_of(night.wall_us);
            let start_us = match offset_min {
                Some(minutes) => Some(night.wall_us - i64::from(minutes) * MINUTE_US),
                None => desk.local(night.wall_us),
            };
            let Some(start_us) = start_us else { continue };
            by_row += u64::from(offset_min.is_some());
            by_person += u64::from(offset_min.is_none());
            placed.push(start_us);
            night.put(start_us, offset_min, desk);
            desk.flush_when_full()?;
        }
        if by_row + by_person > 0 {
            let message = format!(
                "{by_row} nights placed by the offset that UserSleeps states, {by_person} by the person's zone"
            );
            desk.intake.note("sleep json", message);
        }
        placed.sort_unstable();
        self.put_sessions(&placed, desk)
    }

    /// The offset that the tables state for the night that began when a clock showed this.
    fn offset_of(&self, wall_us: i64) -> Option<i16> {
        let is_it = |session: &&Session| {
            let minutes = i64::from(session.offset_min.unwrap_or(0));
            let shown_us = session.start_us + minutes * MINUTE_US;
            session.offset_min.is_some() && (shown_us - wall_us).abs() <= SAME_US
        };
        self.sessions.values().find(is_it)?.offset_min
    }

    /// Nights that only the tables have.
    fn put_sessions(&self, placed: &[i64], desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let source = desk.account();
        let is_placed = |start_us: i64| {
            let from = placed.partition_point(|other| *other < start_us - SAME_US);
            placed
                .get(from)
                .is_some_and(|other| *other <= start_us + SAME_US)
        };
        let open: BTreeMap<&str, &Session> = self
            .sessions
            .iter()
            .filter(|(_, session)| !is_placed(session.start_us))
            .map(|(id, session)| (id.as_str(), session))
            .collect();
        let mut staged = FxHashSet::default();
        for stage in &self.stages {
            if !open.contains_key(stage.session.as_str()) {
                desk.leave("stages", REPEATED);
                continue;
            }
            staged.insert(stage.session.as_str());
            let spot = Spot {
                kind: "UserSleepStages csv",
                position: Position::Line(stage.line),
            };
            let at = (stage.start_us, stage.end_us);
            let one = One::over("sleep_analysis", "", stage.code, at, source);
            desk.put(spot, one.offset(stage.offset_min));
            desk.flush_when_full()?;
        }
        for (id, session) in open {
            let Some(asleep_min) = session.asleep_min.filter(|_| !staged.contains(id)) else {
                continue;
            };
            let spot = Spot {
                kind: "UserSleeps csv",
                position: Position::Line(session.line),
            };
            let at = (session.start_us, session.end_us);
            let one = One::over("sleep_duration", "min", asleep_min, at, source);
            desk.put(spot, one.offset(session.offset_min));
        }
        Ok(())
    }
}

fn line_of(row: &Row<'_>) -> u64 {
    match row.spot().position {
        Position::Line(line) | Position::Index(line) | Position::Byte(line) => line,
    }
}

/// `data`: pieces end to end from the start of the night.
fn pieces(list: &Json<'_>, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) -> Vec<Piece> {
    let mut from_s = 0;
    let mut pieces = Vec::new();
    for element in list.elements() {
        if let Some(piece) = piece(element, from_s, spot, desk) {
            pieces.push(piece);
            from_s += piece.length_s;
        }
    }
    pieces
}

/// `shortData`: wakes that lie over the pieces.
fn pieces_of_wake(list: &Json<'_>, spot: Spot<'_>, desk: &mut Desk<'_, '_, '_>) -> Vec<Piece> {
    let wakes = list.elements().iter();
    wakes
        .filter_map(|element| piece(element, 0, spot, desk))
        .collect()
}

fn piece(
    element: &Json<'_>,
    from_s: i64,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) -> Option<Piece> {
    let wall_us = element.get("dateTime").text().and_then(clock::wall);
    let code = element.get("level").text().and_then(code_of);
    let seconds =
        plain(element.get("seconds")).filter(|seconds| (0.0..=172_800.0).contains(seconds));
    let (Some(wall_us), Some(code), Some(seconds)) = (wall_us, code, seconds) else {
        desk.refuse(spot, "levels", None, NOT_A_VALUE);
        return None;
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most two days of seconds"
    )]
    let length_s = seconds.round() as i64;
    Some(Piece {
        wall_us,
        from_s,
        length_s,
        code,
    })
}

impl Night {
    fn put(&self, start_us: i64, offset_min: Option<i16>, desk: &mut Desk<'_, '_, '_>) {
        let spot = Spot {
            kind: "sleep json",
            position: Position::Index(self.index),
        };
        let source = desk.account();
        let mut wakes: Vec<(i64, i64)> = self
            .wakes
            .iter()
            .filter_map(|wake| {
                let from_s = self.seconds_to(wake.wall_us)?;
                Some((from_s, from_s + wake.length_s))
            })
            .collect();
        wakes.sort_unstable();
        let mut put = |(from_s, to_s): (i64, i64), code: f64| {
            if from_s >= to_s {
                return;
            }
            let at = (start_us + from_s * SECOND_US, start_us + to_s * SECOND_US);
            let one = One::over("sleep_analysis", "", code, at, source);
            let part = if self.id.is_empty() {
                String::new()
            } else {
                format!("fitbit/{}/{from_s}", self.id)
            };
            desk.put(spot, one.offset(offset_min).id(&part));
        };
        for piece in &self.pieces {
            let mut from_s = piece.from_s;
            let end_s = piece.from_s + piece.length_s;
            if piece.code.to_bits() != AWAKE.to_bits() {
                for (wake_from, wake_to) in &wakes {
                    let (wake_from, wake_to) = ((*wake_from).max(from_s), (*wake_to).min(end_s));
                    if wake_from < wake_to {
                        put((from_s, wake_from), piece.code);
                        put((wake_from, wake_to), AWAKE);
                        from_s = wake_to;
                    }
                }
            }
            put((from_s, end_s), piece.code);
        }
    }

    /// Seconds from the start of the night to what the clock showed, by the piece in which it lies.
    fn seconds_to(&self, wall_us: i64) -> Option<i64> {
        let is_within = |piece: &&Piece| {
            let from_us = wall_us - piece.wall_us;
            (0..piece.length_s * SECOND_US).contains(&from_us)
        };
        let piece = self.pieces.iter().find(is_within)?;
        Some(piece.from_s + (wall_us - piece.wall_us) / SECOND_US)
    }
}
