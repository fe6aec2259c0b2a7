//! What is done when the clock of the tables is known: values are placed, and nights get their stages.

use model::sample::{MINUTE_US, SECOND_US, uid_of};
use rustc_hash::FxHashSet;

use crate::batch::Position;
use crate::live::{self, Interval};
use crate::session::Heading;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, One, VendorError};

use super::{REPEATED, Samsung, Waiting, When};

/// A night as its table states it.
#[derive(Debug)]
pub(super) struct Night {
    /// The id by which its stages name it.
    pub(super) id: String,
    /// Percent.
    pub(super) efficiency: Option<f64>,
    /// Of a hundred.
    pub(super) score: Option<f64>,
}

/// Nights of which there are stages: their ids, and what they cover by the clock of the tables.
struct Staged {
    ids: FxHashSet<String>,
    spans: Vec<(i64, i64)>,
}

impl Staged {
    fn of(waiting: &[(When, u64, &'static str, Waiting)]) -> Self {
        let mut staged = Self {
            ids: FxHashSet::default(),
            spans: Vec::new(),
        };
        for (.., what) in waiting {
            if let Waiting::Stage { night, .. } = what {
                staged.ids.insert(night.clone());
            }
        }
        for (when, _, _, what) in waiting {
            if let Waiting::Night(night) = what
                && staged.ids.contains(&night.id)
            {
                staged.spans.push((when.wall_us, when.end_wall_us));
            }
        }
        staged.spans.sort_unstable();
        staged
    }

    /// Whether another night covers a part of this one. Nights follow each other, so only neighbours may.
    fn covers(&self, when: When) -> bool {
        let until = self
            .spans
            .partition_point(|(start, _)| *start < when.end_wall_us);
        let before = self.spans.get(until.saturating_sub(2)..until);
        let mut near = before.unwrap_or_default().iter();
        near.any(|(_, end)| *end > when.wall_us)
    }
}

impl Samsung {
    /// Whether text is local time; none when rows and JSON agree in neither way.
    pub(super) fn calibrate(&self, desk: &mut Desk<'_, '_, '_>) -> Option<bool> {
        let (mut utc, mut local, mut all) = (0_u64, 0_u64, 0_u64);
        for (name, (when, _, _)) in &self.binned {
            let Some(first_us) = self.bins.get(name) else {
                continue;
            };
            if when.offset_min == 0 {
                continue;
            }
            let span = when.wall_us..=when.end_wall_us + SECOND_US;
            let ahead_us = i64::from(when.offset_min) * MINUTE_US;
            all += 1;
            utc += u64::from(span.contains(first_us));
            local += u64::from(span.contains(&(first_us + ahead_us)));
        }
        let (is_local, how) = if all == 0 {
            (
                Some(false),
                "no row to compare with; taken as UTC".to_owned(),
            )
        } else if utc * 10 >= all * 9 && utc >= local {
            (
                Some(false),
                format!("UTC, by {utc} of {all} rows that JSON repeats"),
            )
        } else if local * 10 >= all * 9 {
            (
                Some(true),
                format!("local, by {local} of {all} rows that JSON repeats"),
            )
        } else {
            (
                None,
                format!("mixed: {utc} of {all} rows are UTC, {local} are local"),
            )
        };
        desk.intake.note("times of tables", how);
        is_local
    }

    /// Places everything that waited.
    pub(super) fn put_waiting(
        &mut self,
        is_local: bool,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let waiting = std::mem::take(&mut self.waiting);
        let staged = Staged::of(&waiting);
        let source = desk.account();
        for (when, line, kind, what) in waiting {
            let at = when.placed(is_local);
            let position = Position::Line(line);
            let spot = Spot { kind, position };
            let offset_min = Some(when.offset_min);
            match what {
                Waiting::Value(one) => desk.put(spot, One { at, ..one }.offset(offset_min)),
                Waiting::Stage { code, .. } => {
                    let span = (at.start_us, at.end_us);
                    let one = One::over("sleep_analysis", "", code, span, source);
                    desk.put(spot, one.offset(offset_min));
                }
                Waiting::Workout(workout) => {
                    let (workout, id) = *workout;
                    let heading = Heading {
                        at,
                        zone: live::zone_of(offset_min),
                        source,
                        uid: (!id.is_empty()).then(|| uid_of(&format!("samsung/{id}"))),
                    };
                    desk.workout(spot, heading, workout);
                }
                Waiting::Night(night) => put_night(&night, (when, at), &staged, spot, desk),
            }
            desk.flush_when_full()?;
        }
        Ok(())
    }
}

impl When {
    fn placed(self, is_local: bool) -> Interval {
        let behind_us = if is_local {
            i64::from(self.offset_min) * MINUTE_US
        } else {
            0
        };
        Interval {
            start_us: self.wall_us - behind_us,
            end_us: self.end_wall_us - behind_us,
        }
    }
}

fn put_night(
    night: &Night,
    (when, at): (When, Interval),
    staged: &Staged,
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let is_staged = staged.ids.contains(&night.id);
    if !is_staged && staged.covers(when) {
        return desk.leave("nights", REPEATED);
    }
    let source = desk.account();
    let figures = [
        ("sleep_analysis", "", (!is_staged).then_some(1.0)),
        ("sleep_efficiency", "%", night.efficiency),
        ("sleep_score", "", night.score),
    ];
    for (metric, unit, value) in figures {
        if let Some(value) = value {
            let one = One::over(metric, unit, value, (at.start_us, at.end_us), source);
            desk.put(spot, one.offset(Some(when.offset_min)));
        }
    }
}
