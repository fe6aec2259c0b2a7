//! Sleep sessions and their stages.
//!
//! Some trackers write a night again and again while it grows, and some write one session with stages and one
//! without: of sessions of one app with one start the longest counts, and one with stages before one without.

use std::collections::BTreeMap;

use model::sample::{Flags, uid_of};
use model::source::SourceNo;
use rustc_hash::FxHashMap;

use crate::batch::Position;
use crate::budget::Holding;
use crate::live::NOT_A_VALUE;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, One, VendorError};

use super::{Book, When};

const SNAPSHOT: &str = "sessions of a night that a longer session of the same app repeats";
const TABLE: &str = "sleep_session_record_table";

#[derive(Debug)]
struct Night {
    id: i64,
    app: i64,
    at: When,
    end_offset_min: Option<i16>,
    modified_ms: i64,
    source: SourceNo,
    flags: Flags,
    uuid: Option<String>,
    number: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stage {
    start_us: i64,
    end_us: i64,
    code: f64,
}

/// Clarity's code of a stage.
fn code_of(stage: i64) -> Option<f64> {
    Some(match stage {
        0 | 2 => 1.0,
        1 | 3 | 7 => 2.0,
        4 => 3.0,
        5 => 4.0,
        6 => 5.0,
        _ => return None,
    })
}

/// Sends every night.
pub(super) fn read(book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    let mut holding = Holding::new();
    let mut nights = Vec::new();
    book.rows(TABLE, desk, &mut |row, desk| {
        let Some(at) = row.interval(desk) else {
            return Ok(());
        };
        holding.grow(256)?;
        nights.push(Night {
            id: row.integer("row_id").unwrap_or(0),
            app: row.integer("app_info_id").unwrap_or(0),
            at,
            end_offset_min: row.offset_min("end_zone_offset"),
            modified_ms: row.integer("last_modified_time").unwrap_or(0),
            source: row.source(desk),
            flags: row.flags(),
            uuid: row.uuid(),
            number: row.number - 1,
        });
        Ok(())
    })?;
    let stages = stages(book, &mut holding, desk)?;
    let all = nights.len();
    let nights = chosen(nights, &stages);
    for _ in nights.len()..all {
        desk.leave("sleep sessions", SNAPSHOT);
    }
    for night in &nights {
        night.put(stages.get(&night.id).map_or(&[], Vec::as_slice), desk);
        desk.flush_when_full()?;
    }
    Ok(())
}

fn stages(
    book: &Book<'_>,
    holding: &mut Holding,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<FxHashMap<i64, Vec<Stage>>, VendorError> {
    let mut stages: FxHashMap<i64, Vec<Stage>> = FxHashMap::default();
    book.rows("sleep_stages_table", desk, &mut |row, desk| {
        let at = row
            .millis_us("stage_start_time")
            .zip(row.millis_us("stage_end_time"));
        let code = row.integer("stage_type").and_then(code_of);
        let (Some((start_us, end_us)), Some(code)) = (at, code) else {
            desk.refuse(row.spot(), "stage_type", None, NOT_A_VALUE);
            return Ok(());
        };
        holding.grow(2 * size_of::<Stage>())?;
        let stage = Stage {
            start_us,
            end_us,
            code,
        };
        let parent = row.integer("parent_key").unwrap_or(0);
        stages.entry(parent).or_default().push(stage);
        Ok(())
    })?;
    Ok(stages)
}

/// One session of each night of an app.
fn chosen(nights: Vec<Night>, stages: &FxHashMap<i64, Vec<Stage>>) -> Vec<Night> {
    let is_staged = |night: &Night| stages.contains_key(&night.id);
    let mut by_start: BTreeMap<(i64, i64), Night> = BTreeMap::new();
    for night in nights {
        let key = (night.app, night.at.start_us);
        let rank = |night: &Night| (is_staged(night), night.at.end_us, night.modified_ms);
        let is_better = by_start
            .get(&key)
            .is_none_or(|kept| rank(&night) > rank(kept));
        if is_better {
            by_start.insert(key, night);
        }
    }
    let staged: Vec<(i64, i64, i64)> = by_start
        .values()
        .filter(|night| is_staged(night))
        .map(|night| (night.app, night.at.start_us, night.at.end_us))
        .collect();
    let repeats = |night: &Night| {
        let overlaps = |(app, start_us, end_us): &(i64, i64, i64)| {
            *app == night.app && *start_us < night.at.end_us && night.at.start_us < *end_us
        };
        !is_staged(night) && near(&staged, night).iter().any(overlaps)
    };
    let mut kept: Vec<Night> = by_start.into_values().collect();
    kept.retain(|night| !repeats(night));
    kept
}

/// Of staged sessions in order, those of the app that may overlap: the one before and the next few.
fn near<'s>(staged: &'s [(i64, i64, i64)], night: &Night) -> &'s [(i64, i64, i64)] {
    let key = (night.app, night.at.start_us, i64::MIN);
    let from = staged.partition_point(|one| *one < key).saturating_sub(1);
    let until = staged.len().min(from + 8);
    staged.get(from..until).unwrap_or_default()
}

impl Night {
    fn put(&self, stages: &[Stage], desk: &mut Desk<'_, '_, '_>) {
        let spot = Spot {
            kind: TABLE,
            position: Position::Index(self.number),
        };
        let whole = Stage {
            start_us: self.at.start_us,
            end_us: self.at.end_us,
            code: 1.0,
        };
        let pieces = if stages.is_empty() { &[whole] } else { stages };
        let change = self.end_offset_min != self.at.offset_min;
        for piece in pieces {
            let at = (piece.start_us, piece.end_us);
            let one = One {
                uid: self
                    .uuid
                    .as_ref()
                    .map(|id| uid_of(&format!("{id}/{}", piece.start_us))),
                ..One::over("sleep_analysis", "", piece.code, at, self.source)
            };
            // On the night of a clock change the record says only where it began and ended.
            let offset_min = if change { None } else { self.at.offset_min };
            desk.put(spot, one.offset(offset_min).flags(self.flags));
        }
    }
}
