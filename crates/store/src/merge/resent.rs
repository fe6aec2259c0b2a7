//! Forms without object ids send a total again when it has grown: of one source the later version of an
//! interval replaces the earlier one.
//!
//! Only rows without an object id that no snapshot contains are replaced, never those of the same upload: two
//! values of one instant in one body are two values. Nor are amounts at an instant: two glasses of water at
//! ten o'clock are two. A total of a shorter interval that comes late changes nothing.

use model::metric::Kind;
use model::sample::{Flags, Sample};
use model::source::SourceNo;

use super::{Bringer, Fate, push_hours, twin};
use crate::codec::Stored;

/// Rows of one start that are looked at: more versions of one interval than any sender keeps.
const LOOKED_AT_MAX: usize = 512;

/// Takes out the rows whose later version comes in. Returns whether there were any.
pub(super) fn take_replaced(
    stored: &mut Vec<Stored>,
    incoming: &[Sample],
    fates: &mut [Fate],
    (kind, bringer): (Kind, &Bringer),
    hours: &mut Vec<i32>,
) -> bool {
    if bringer.snapshot || kind == Kind::Category {
        return false;
    }
    let mut gone = vec![false; stored.len()];
    let mut is_any_gone = false;
    let mut from = 0;
    for (sample, fate) in incoming.iter().zip(fates) {
        if *fate != Fate::Open || !is_nameless(sample) {
            continue;
        }
        // Samples come sorted by start, so the rows of one start only move forward.
        from += stored
            .iter()
            .skip(from)
            .take_while(|row| row.sample.start_us < sample.start_us)
            .count();
        let rows = stored.iter().enumerate().skip(from).take(LOOKED_AT_MAX);
        for (at, row) in rows.take_while(|(_, row)| row.sample.start_us == sample.start_us) {
            match of_versions(&row.sample, sample, kind) {
                _ if row.seen != 0 || bringer.has_brought(row) || !is_nameless(&row.sample) => {}
                Version::Later if !is_in(&row.sample, incoming) => {
                    *fate = Fate::Replacing;
                    if let Some(gone) = gone.get_mut(at) {
                        *gone = true;
                    }
                    is_any_gone = true;
                    push_hours(hours, &row.sample);
                }
                Version::Earlier => {
                    *fate = Fate::Known;
                    break;
                }
                Version::Later | Version::Other => {}
            }
        }
    }
    if is_any_gone {
        let mut gone = gone.into_iter();
        stored.retain(|_| gone.next() != Some(true));
    }
    is_any_gone
}

/// Whether only its source and its interval say which measurement this is.
fn is_nameless(sample: &Sample) -> bool {
    sample.uid.is_none() && !sample.flags.contains(Flags::AGGREGATED)
}

enum Version {
    /// Of another measurement, or the same version.
    Other,
    /// What comes in was measured before.
    Earlier,
    /// What comes in was measured later.
    Later,
}

fn of_versions(row: &Sample, sample: &Sample, kind: Kind) -> Version {
    let place = |sample: &Sample| -> (i64, SourceNo, u16) {
        let variant = sample.flags.variant();
        (sample.start_us, sample.source, variant)
    };
    if place(row) != place(sample) {
        return Version::Other;
    }
    let is_amount = kind == Kind::Cumulative && sample.end_us <= sample.start_us;
    if row.end_us == sample.end_us {
        if is_amount || twin::is_same_value(row.value, sample.value) {
            return Version::Other;
        }
        return Version::Later;
    }
    // A total grows with its interval, which never begins as an instant.
    let is_total = kind == Kind::Cumulative && !is_amount && row.end_us > row.start_us;
    if !is_total {
        Version::Other
    } else if sample.end_us > row.end_us && sample.value >= row.value {
        Version::Later
    } else if sample.end_us < row.end_us && sample.value <= row.value {
        Version::Earlier
    } else {
        Version::Other
    }
}

/// Whether the same version comes in too, with others of its interval.
fn is_in(row: &Sample, incoming: &[Sample]) -> bool {
    let of = |sample: &Sample| (sample.start_us, sample.end_us, sample.source);
    let at = incoming.partition_point(|sample| of(sample) < of(row));
    incoming
        .iter()
        .skip(at)
        .take_while(|sample| of(sample) == of(row))
        .any(|sample| twin::is_same_value(sample.value, row.value))
}
