//! Sleep as Android: `sleep-export.csv`, with a heading before each record whose columns of time differ.
//!
//! Events are exact (`LABEL-milliseconds`), `From` and `To` are of the clock of the record's zone. Lines with an empty
//! first cell are movement and noise and belong to the record before them.

use std::io::Read;

use model::zone::Zone;

use crate::clock;
use crate::live::NOT_A_VALUE;
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock as texts};

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "sleep_as_android",
    about: "Sleep as Android: sleep-export.csv, or the zip around it",
    title: "Sleep as Android",
    is_meant: is_one,
    open: || Box::new(SleepAsAndroid),
};

fn is_one(member: &Member<'_>) -> bool {
    let line = String::from_utf8_lossy(member.first_line()).replace('"', "");
    line.starts_with("Id,Tz,From,To,Sched,Hours")
}

/// Cells before those of times and events.
const CELLS: usize = 15;

struct SleepAsAndroid;

impl Reader for SleepAsAndroid {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member("sleep-export");
        table::rows(
            input,
            Shape::plain("sleep-export"),
            desk,
            &mut |row, desk| {
                if !row.cell(0).is_empty() && row.cell(0) != "Id" {
                    night(row, desk);
                }
                Ok(())
            },
        )
    }
}

/// What `28. 03. 2026 23:04` shows.
fn wall(text: &str) -> Option<i64> {
    let numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    let numbers: Vec<&str> = numbers.collect();
    let [day, month, year, hour, minute] = numbers.as_slice() else {
        return None;
    };
    texts::wall(&format!(
        "{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}:00"
    ))
}

fn night(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let start_us = row
        .cell(0)
        .parse::<i64>()
        .ok()
        .and_then(|ms| ms.checked_mul(1_000));
    let Some(start_us) = start_us else {
        return desk.refuse(row.spot(), "Id", None, TIME_MISSING);
    };
    let zone = row.cell(1);
    // Says where the person was; a zone of no name is the person's.
    let _ = desk.intake.seen_zone(start_us, zone);
    let end_us = wall(row.cell(3)).and_then(|wall_us| match Zone::parse(zone) {
        Ok(zone) => clock::local(wall_us, &zone).map(|moment| moment.at_us),
        Err(_) => desk.local(wall_us),
    });
    let source = desk.account();
    let mut open: [Option<i64>; 4] = [None; 4];
    let mut is_staged = false;
    for cell in CELLS..row.len() {
        let Some((stage, is_start, at_us)) = event(row.cell(cell)) else {
            continue;
        };
        let Some(begun) = open.get_mut(stage) else {
            continue;
        };
        if is_start {
            *begun = Some(at_us);
            continue;
        }
        let Some(from_us) = begun.take() else {
            desk.refuse(row.spot(), "Event", None, NOT_A_VALUE);
            continue;
        };
        is_staged = true;
        let code = STAGES.get(stage).map_or(1.0, |(_, code)| *code);
        let one = One::over("sleep_analysis", "", code, (from_us, at_us), source);
        desk.put(row.spot(), one);
    }
    if is_staged {
        return;
    }
    match end_us {
        Some(end_us) => {
            let one = One::over("sleep_analysis", "", 1.0, (start_us, end_us), source);
            desk.put(row.spot(), one);
        }
        None => desk.refuse(row.spot(), "To", None, TIME_MISSING),
    }
}

/// Labels of stages and their codes.
const STAGES: [(&str, f64); 4] = [("LIGHT", 3.0), ("DEEP", 4.0), ("REM", 5.0), ("AWAKE", 2.0)];

/// The stage of an event, whether it begins there, and when.
fn event(cell: &str) -> Option<(usize, bool, i64)> {
    let mut parts = cell.split('-');
    let label = parts.next()?;
    let at_us = parts.next()?.parse::<i64>().ok()?.checked_mul(1_000)?;
    let (label, is_start) = match label.strip_suffix("_START") {
        Some(label) => (label, true),
        None => (label.strip_suffix("_END")?, false),
    };
    let stage = STAGES.iter().position(|(known, _)| *known == label)?;
    Some((stage, is_start, at_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_events_as_the_app_prints_them() {
        assert_eq!(wall("29. 03. 2026 6:21"), texts::wall("2026-03-29T06:21"));
        assert_eq!(wall("29. 03. 2026"), None);
        assert_eq!(
            event("DEEP_END-1774743240000"),
            Some((1, false, 1_774_743_240_000_000))
        );
        assert_eq!(event("LUX-1774735500000-12.0"), None);
        assert_eq!(event("DEEP_START-x"), None);
    }
}
