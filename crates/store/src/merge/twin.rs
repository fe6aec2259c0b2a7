//! One measurement through two doors: an export prints whole seconds and no object ids, an app sends
//! fractions and ids, each under the name it has for the source.
//!
//! A sample and a row are twins when they have the same value and their starts and ends lie within the
//! printed second. Each row is the twin of at most one sample of an upload, nothing that one upload brought
//! is a twin of something else in it, and objects of different ids are never twins. What twins know adds up
//! whichever came first: the finer times, the object id, and the source as the latest export prints it.

use model::sample::{Flags, SECOND_US, Sample};
use rustc_hash::FxHashMap;

use super::{Bringer, Fate, identity, least, push_hours, same_objects, value_rank};
use crate::codec::Stored;

/// Values closer than this, relative to the larger, differ by conversions of units only.
const VALUE_TOLERANCE: f64 = 1e-9;
/// Two prints of one instant in milliseconds, one cut off and one rounded.
const FRACTION_TOLERANCE_US: i64 = 1_000;
/// Rows looked at before and after an instant: five hundred a second is more than any door delivers.
const LOOKED_AT_MAX: usize = 512;

/// Whether two values are the same number, converted back and forth at most.
pub(crate) fn is_same_value(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a - b).abs() <= VALUE_TOLERANCE * a.abs().max(b.abs())
}

/// Whether two times can be prints of one instant.
pub(crate) fn is_same_instant(a_us: i64, b_us: i64) -> bool {
    match (is_whole(a_us), is_whole(b_us)) {
        (true, true) => a_us == b_us,
        (false, false) => (a_us.saturating_sub(b_us)).abs() <= FRACTION_TOLERANCE_US,
        (true, false) => prints_as(b_us, a_us),
        (false, true) => prints_as(a_us, b_us),
    }
}

const fn is_whole(at_us: i64) -> bool {
    at_us.rem_euclid(SECOND_US) == 0
}

/// Whether an instant, cut off or rounded, is this whole second.
fn prints_as(fine_us: i64, whole_us: i64) -> bool {
    let past_us = fine_us.saturating_sub(whole_us);
    (-SECOND_US / 2..SECOND_US).contains(&past_us)
}

/// Whether two samples of one metric can be one measurement, by their content alone.
pub(crate) fn is_twin(a: &Sample, b: &Sample) -> bool {
    if a.flags.with(b.flags).contains(Flags::AGGREGATED)
        || !is_same_value(a.value, b.value)
        || !Flags::are_one_variant(a.flags, b.flags)
    {
        return false;
    }
    let pairs = [(a.start_us, b.start_us), (a.end_us, b.end_us)];
    if has_same_uid(a, b) {
        // Of one object, two doors can print neighbouring seconds: one cuts off, one rounds.
        return pairs
            .iter()
            .all(|(a_us, b_us)| a_us.abs_diff(*b_us) <= SECOND_US.unsigned_abs());
    }
    (a.uid.is_none() || b.uid.is_none())
        && pairs
            .iter()
            .all(|(a_us, b_us)| is_same_instant(*a_us, *b_us))
}

/// Gives the samples that have no row of their own to the rows that are their twins.
pub(super) fn adopt(
    stored: &mut Vec<Stored>,
    incoming: &[Sample],
    fates: &mut [Fate],
    bringer: &Bringer,
    hours: &mut Vec<i32>,
) -> Adopted {
    let mut adopted = Adopted::default();
    let pairs = pairs(stored, incoming, fates, bringer);
    let mut is_moved = false;
    for (at, row) in pairs {
        let (Some(sample), Some(fate), Some(row)) =
            (incoming.get(at), fates.get_mut(at), stored.get_mut(row))
        else {
            continue;
        };
        *fate = Fate::Known;
        adopted.count += 1;
        let known = together(row, sample, bringer);
        if same_objects(&known, row) {
            continue;
        }
        adopted.written = true;
        if is_measured_differently(&known.sample, &row.sample) {
            push_hours(hours, &row.sample);
            push_hours(hours, &known.sample);
        }
        is_moved |= identity(&known.sample) != identity(&row.sample);
        *row = known;
    }
    if is_moved {
        super::in_order(stored);
    }
    adopted
}

/// How many samples were given to rows, and whether any of those changed.
#[derive(Debug, Default)]
pub(super) struct Adopted {
    pub(super) count: u64,
    pub(super) written: bool,
}

/// Which sample is given to which row.
fn pairs(
    stored: &[Stored],
    incoming: &[Sample],
    fates: &[Fate],
    bringer: &Bringer,
) -> Vec<(usize, usize)> {
    let Some(first) = incoming.first() else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    let from = stored.partition_point(|row| identity(&row.sample) < identity(first));
    let (taken, open) = match_exactly(stored, incoming, fates, from);
    if open.is_empty() {
        return pairs;
    }
    let mut taken = taken;
    let mut near = from;
    let mut last: Option<(usize, Option<usize>)> = None;
    for at in open {
        let Some(sample) = incoming.get(at) else {
            continue;
        };
        // A sample printed twice is one sample.
        let repeated = last.filter(|(before, _)| {
            let before = incoming.get(*before);
            before.is_some_and(|before| identity(before) == identity(sample))
        });
        let found = if let Some((_, found)) = repeated {
            found
        } else {
            near += stored
                .iter()
                .skip(near)
                .take_while(|row| row.sample.start_us < sample.start_us)
                .count();
            nearest(stored, near, &taken, sample, bringer)
        };
        if let Some(row) = found {
            if let Some(taken) = taken.get_mut(row) {
                *taken = true;
            }
            pairs.push((at, row));
        }
        last = Some((at, found));
    }
    pairs
}

/// Which rows have the identity of a sample, and which samples have no such row.
fn match_exactly(
    stored: &[Stored],
    incoming: &[Sample],
    fates: &[Fate],
    from: usize,
) -> (Vec<bool>, Vec<usize>) {
    let mut taken = vec![false; stored.len()];
    let mut open = Vec::new();
    let mut at_row = from;
    for (at, (sample, fate)) in incoming.iter().zip(fates).enumerate() {
        // An object with another value can be what a later export has printed already.
        if *fate == Fate::Known || sample.flags.contains(Flags::AGGREGATED) {
            continue;
        }
        let own = identity(sample);
        while stored
            .get(at_row)
            .is_some_and(|row| identity(&row.sample) < own)
        {
            at_row += 1;
        }
        match (stored.get(at_row), taken.get_mut(at_row)) {
            (Some(row), Some(taken)) if identity(&row.sample) == own => *taken = true,
            _ => open.push(at),
        }
    }
    (taken, open)
}

/// The best twin of a sample among the free rows around its start.
fn nearest(
    stored: &[Stored],
    near: usize,
    taken: &[bool],
    sample: &Sample,
    bringer: &Bringer,
) -> Option<usize> {
    let (before, after) = stored.split_at_checked(near)?;
    let earlier = (0..near).rev().zip(before.iter().rev());
    let earlier = earlier
        .take(LOOKED_AT_MAX)
        .take_while(|(_, row)| sample.start_us.saturating_sub(row.sample.start_us) <= SECOND_US);
    let later = (near..).zip(after);
    let later = later
        .take(LOOKED_AT_MAX)
        .take_while(|(_, row)| row.sample.start_us.saturating_sub(sample.start_us) <= SECOND_US);
    earlier
        .chain(later)
        .filter(|(at, row)| {
            taken.get(*at) == Some(&false)
                && is_twin(&row.sample, sample)
                && (has_same_uid(&row.sample, sample)
                    || !bringer.has_brought(row)
                    || is_repeat(&row.sample, sample))
        })
        .min_by_key(|(at, row)| {
            let row = &row.sample;
            (
                !has_same_uid(row, sample),
                row.source != sample.source,
                row.start_us.abs_diff(sample.start_us),
                row.end_us.abs_diff(sample.end_us),
                *at,
            )
        })
        .map(|(at, _)| at)
}

/// Whether a sample says nothing that the row does not: what an upload prints again, as the child of a
/// correlation, without the name that it had.
fn is_repeat(row: &Sample, sample: &Sample) -> bool {
    sample.uid.is_none()
        && sample.flags.variant() == 0
        && (row.start_us, row.end_us, row.source) == (sample.start_us, sample.end_us, sample.source)
}

fn has_same_uid(a: &Sample, b: &Sample) -> bool {
    a.uid.is_some() && a.uid == b.uid
}

/// What a row and a twin of it know together.
fn together(row: &Stored, sample: &Sample, bringer: &Bringer) -> Stored {
    let seen = bringer.seen();
    let is_later = seen != 0 && bringer.rank(seen) > bringer.rank(row.seen);
    let print = if row.seen == 0 && seen == 0 {
        least_print(&row.sample, sample)
    } else if is_later {
        sample
    } else {
        &row.sample
    };
    Stored {
        sample: both(&row.sample, sample, print),
        origin: row.origin,
        seen: if is_later { seen } else { row.seen },
    }
}

/// Joins rows that are twins though they were stored apart. Returns how many went.
pub(crate) fn settle(rows: &mut Vec<Stored>, bringer: &Bringer) -> u64 {
    let mut kept: Vec<Stored> = Vec::with_capacity(rows.len());
    // Which uploads brought what a row was joined from, where there are several.
    let mut brought: FxHashMap<usize, Vec<Brought>> = FxHashMap::default();
    for row in rows.iter() {
        let near = kept.iter().enumerate().rev().take(LOOKED_AT_MAX);
        let near =
            near.take_while(|(_, other)| row.sample.start_us - other.sample.start_us <= SECOND_US);
        let found = near
            .filter(|(at, other)| {
                let own = [Brought::of(other)];
                let brought = brought.get(at).map_or(own.as_slice(), Vec::as_slice);
                is_twin(&other.sample, &row.sample)
                    && (has_same_uid(&other.sample, &row.sample)
                        || !brought.iter().any(|other| other.is_with(Brought::of(row))))
            })
            .min_by_key(|(_, other)| {
                let other = &other.sample;
                (
                    !has_same_uid(other, &row.sample),
                    other.source != row.sample.source,
                    other.start_us.abs_diff(row.sample.start_us),
                    other.end_us.abs_diff(row.sample.end_us),
                )
            });
        let found = found.map(|(at, _)| at);
        match found.and_then(|at| Some((at, kept.get_mut(at)?))) {
            Some((at, other)) => {
                let of = brought
                    .entry(at)
                    .or_insert_with(|| vec![Brought::of(other)]);
                of.push(Brought::of(row));
                *other = join(other, row, bringer);
            }
            None => kept.push(*row),
        }
    }
    let joined = rows.len() - kept.len();
    if joined > 0 {
        *rows = kept;
        super::in_order(rows);
    }
    joined as u64
}

/// Takes out the rows that an export printed before their object was deleted through another door: one for each
/// object. Returns them.
pub(crate) fn take_deleted(
    rows: &mut Vec<Stored>,
    deleted: &[(Sample, i64)],
    bringer: &Bringer,
) -> Vec<Stored> {
    let mut gone = Vec::new();
    for (sample, deleted_us) in deleted {
        let from_us = sample.start_us.saturating_sub(SECOND_US);
        let first = rows.partition_point(|row| row.sample.start_us < from_us);
        let near = rows
            .iter()
            .skip(first)
            .take_while(|row| row.sample.start_us.saturating_sub(sample.start_us) <= SECOND_US);
        let is_it = |row: &Stored| {
            row.sample.uid.is_none()
                && row.seen != 0
                && bringer.rank(row.seen).0 < *deleted_us
                && is_twin(&row.sample, sample)
        };
        let found = near.zip(first..).find(|(row, _)| is_it(row));
        if let Some(at) = found.map(|(_, at)| at) {
            gone.push(rows.remove(at));
        }
    }
    gone
}

/// With what a row came.
#[derive(Debug, Clone, Copy)]
struct Brought {
    origin: u32,
    seen: u32,
}

impl Brought {
    const fn of(row: &Stored) -> Self {
        Self {
            origin: row.origin,
            seen: row.seen,
        }
    }

    /// Whether one upload contains both.
    const fn is_with(self, other: Self) -> bool {
        self.origin == other.origin || (self.seen != 0 && self.seen == other.seen)
    }
}

/// What two stored twins know together.
fn join(row: &Stored, other: &Stored, bringer: &Bringer) -> Stored {
    let is_later = bringer.rank(other.seen) > bringer.rank(row.seen);
    let print = if row.seen == other.seen {
        least_print(&row.sample, &other.sample)
    } else if is_later {
        &other.sample
    } else {
        &row.sample
    };
    Stored {
        sample: both(&row.sample, &other.sample, print),
        origin: row.origin.min(other.origin),
        seen: if is_later { other.seen } else { row.seen },
    }
}

/// What two samples know together, under the name that one of them has.
fn both(a: &Sample, b: &Sample, print: &Sample) -> Sample {
    let start_us = finer(a.start_us, b.start_us);
    Sample {
        start_us,
        end_us: finer(a.end_us, b.end_us).max(start_us),
        value: print.value,
        zone_offset_min: least(a.zone_offset_min, b.zone_offset_min),
        source: print.source,
        uid: least(a.uid, b.uid),
        flags: a.flags.with(b.flags),
    }
}

/// Of two live prints the one of the source that was known first.
fn least_print<'s>(a: &'s Sample, b: &'s Sample) -> &'s Sample {
    let rank = |sample: &Sample| (sample.source, value_rank(sample.value));
    if rank(b) < rank(a) { b } else { a }
}

/// Of two prints of one instant the one that knows more.
pub(crate) fn finer(a_us: i64, b_us: i64) -> i64 {
    match (is_whole(a_us), is_whole(b_us)) {
        (true, false) => b_us,
        (false, true) => a_us,
        (true, true) | (false, false) => a_us.min(b_us),
    }
}

fn is_measured_differently(a: &Sample, b: &Sample) -> bool {
    let of = |sample: &Sample| {
        let zone = sample.zone_offset_min;
        (
            sample.start_us,
            sample.end_us,
            sample.source,
            sample.flags,
            zone,
        )
    };
    of(a) != of(b) || a.value.to_bits() != b.value.to_bits()
}
