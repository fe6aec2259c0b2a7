//! Equal accesses within a while are folded: the first has an entry of its own before it is answered, the others are
//! counted here and written as one entry when the while is over. What is counted here is lost when the process is
//! killed; that the access happens in that while is not.
//!
//! A person has a bounded number of folds: past it the days and the metric that were asked for count for nothing.

use std::collections::HashMap;

use model::ids::UserId;

use crate::audit::entry::{By, Entry, Note, Repeats};

const MINUTE_US: i64 = 60 * 1_000_000;
/// What a person does with their own data is folded for so long: an open page asks again with every change.
const OWN_US: i64 = 6 * 60 * MINUTE_US;
/// What a device sends: some do every minute, and each upload has an account of its own.
const DEVICE_US: i64 = 24 * 60 * MINUTE_US;
/// Folds of one person that keep days and metrics apart.
const FINE_MAX: usize = 64;
/// Folds of one person at all. There are as many kinds of access, times those who have a right to it; what comes past
/// this is an entry each time.
const FOLDS_MAX: usize = 4_096;
/// Folds of everybody, some 200 bytes each.
const ALL_MAX: usize = 200_000;

/// Accesses like the first.
#[derive(Debug, Clone)]
struct Fold {
    like: Note,
    since_us: i64,
    ends_us: i64,
    last_us: i64,
    /// Those that are not written yet.
    more: u64,
}

/// The accesses of a while.
#[derive(Debug, Default)]
pub struct Folds {
    of: HashMap<UserId, Vec<Fold>>,
    count: usize,
}

/// Whether an access has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It was counted with those before.
    Counted,
    /// It wants an entry.
    Entry,
}

impl Folds {
    /// Counts an access, if one like it has an entry.
    pub fn count(&mut self, note: &Note, now_us: i64) -> Wanted {
        let Some(fold) = self.find(note, now_us) else {
            return Wanted::Entry;
        };
        fold.more += 1;
        fold.last_us = fold.last_us.max(now_us);
        Wanted::Counted
    }

    /// Whether an access like it has an entry.
    pub fn is_open(&mut self, note: &Note, now_us: i64) -> bool {
        self.find(note, now_us).is_some()
    }

    /// From now on those like it are counted: it has its entry.
    pub fn open(&mut self, note: &Note, now_us: i64) {
        let while_us = match note.author.by {
            By::Device(_) => DEVICE_US,
            By::Own(_) | By::Key(_) | By::Grant(_) | By::Operator => OWN_US,
        };
        if self.find(note, now_us).is_some() || self.count >= ALL_MAX {
            return;
        }
        let folds = self.of.entry(note.user).or_default();
        if folds.len() >= FOLDS_MAX {
            return;
        }
        let like = if folds.len() < FINE_MAX {
            note.clone()
        } else {
            coarse(note)
        };
        folds.push(Fold {
            like,
            since_us: now_us,
            ends_us: now_us + while_us,
            last_us: now_us,
            more: 0,
        });
        self.count += 1;
    }

    fn find(&mut self, note: &Note, now_us: i64) -> Option<&mut Fold> {
        let folds = self.of.get_mut(&note.user)?;
        let is_full = folds.len() >= FINE_MAX;
        let coarse = is_full.then(|| coarse(note));
        let is_like = |fold: &Fold| {
            let like = &fold.like;
            // From wherever: an entry says where the first came from.
            let is_same = |other: &Note| {
                other.what == like.what
                    && other.author.by == like.author.by
                    && other.metric == like.metric
                    && other.period == like.period
            };
            now_us < fold.ends_us && (is_same(note) || coarse.as_ref().is_some_and(is_same))
        };
        folds.iter_mut().find(|fold| is_like(fold))
    }

    /// The entries of what was counted and whose while is over; they are forgotten.
    pub fn ended(&mut self, now_us: i64) -> Vec<(UserId, Entry)> {
        let mut entries = Vec::new();
        let mut count = 0;
        self.of.retain(|user, folds| {
            folds.retain_mut(|fold| {
                if now_us < fold.ends_us {
                    return true;
                }
                entries.extend(repeats(fold).map(|entry| (*user, entry)));
                false
            });
            count += folds.len();
            !folds.is_empty()
        });
        self.count = count;
        entries
    }

    /// The entries of what was counted of a person; counting begins anew.
    pub fn counted_of(&mut self, user: UserId) -> Vec<(UserId, Entry)> {
        let folds = self.of.get_mut(&user).into_iter().flatten();
        let counted = folds.filter_map(repeats);
        counted.map(|entry| (user, entry)).collect()
    }

    /// The entries of what was counted of everybody; counting begins anew.
    pub fn counted(&mut self) -> Vec<(UserId, Entry)> {
        let people: Vec<UserId> = self.of.keys().copied().collect();
        let counted = people.into_iter().flat_map(|user| self.counted_of(user));
        counted.collect()
    }

    /// Forgets a person whose data was erased.
    pub fn forget(&mut self, user: UserId) {
        let folds = self.of.remove(&user);
        self.count -= folds.map_or(0, |folds| folds.len());
    }
}

/// An access with less said of it.
fn coarse(note: &Note) -> Note {
    Note {
        metric: None,
        period: None,
        ..note.clone()
    }
}

/// The entry of what was counted.
fn repeats(fold: &mut Fold) -> Option<Entry> {
    let count = std::mem::take(&mut fold.more);
    (count > 0).then(|| Entry {
        repeats: Some(Repeats {
            count,
            since_us: fold.since_us,
        }),
        ..fold.like.at(fold.last_us)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use model::ids::SessionId;
    use uuid::Uuid;

    use super::*;
    use crate::audit::entry::Author;
    use crate::auth::network::Network;

    fn note(what: &str, session: u128) -> Note {
        let author = Author {
            by: By::Own(Some(SessionId::from_uuid(Uuid::from_u128(session)))),
            network: Network::UNKNOWN,
        };
        author.does(what, UserId::from_uuid(Uuid::from_u128(1)))
    }

    #[test]
    fn equal_accesses_are_counted_until_their_while_is_over() {
        let mut folds = Folds::default();
        let (nights, days) = (note("list_nights", 1), note("get_days", 1));
        assert_eq!(folds.count(&nights, 0), Wanted::Entry);
        folds.open(&nights, 0);
        for at_us in [1, 2, 3] {
            assert_eq!(folds.count(&nights, at_us), Wanted::Counted);
        }
        for other in [&days, &note("list_nights", 2)] {
            assert_eq!(folds.count(other, 3), Wanted::Entry, "{other:?}");
        }
        assert!(folds.ended(OWN_US - 1).is_empty());
        let ended = folds.ended(OWN_US);
        let repeats = ended.iter().map(|(_, entry)| (entry.at_us, entry.repeats));
        let expected = Repeats {
            count: 3,
            since_us: 0,
        };
        assert_eq!(repeats.collect::<Vec<_>>(), [(3, Some(expected))]);
        assert_eq!(folds.count(&nights, OWN_US), Wanted::Entry);
        assert_eq!(folds.count, 0);
    }

    #[test]
    fn whoever_asks_for_everything_has_few_folds() {
        let mut folds = Folds::default();
        let mut entries = 0;
        for day in 0..10_000_i64 {
            let from = Date::constant(2000, 1, 1);
            let from = from.saturating_add(jiff::Span::new().days(day % 9_000));
            let asked = Note {
                period: Some((from, from)),
                ..note("list_nights", 1)
            };
            if folds.count(&asked, day) == Wanted::Entry {
                entries += 1;
                folds.open(&asked, day);
            }
        }
        assert_eq!(entries, FINE_MAX + 1);
        let counted: u64 = folds
            .counted()
            .iter()
            .filter_map(|(_, entry)| entry.repeats)
            .map(|repeats| repeats.count)
            .sum();
        assert_eq!(counted, 10_000 - entries as u64, "none is lost");
    }
}
