//! A fair share of what everybody needs: turns to compute, room for answers that are not sent yet, imports and
//! exports at a time.
//!
//! A turn is taken before anything is loaded, and kept until the computation it was taken for has really ended,
//! also when nobody waits for it any more. Whoever has their share waits for themselves, never for a place of
//! somebody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::ids::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Computations at a time for each processor: some of each wait for the disk.
const TURNS_PER_CPU: usize = 2;
/// A person may have this part of all turns.
const TURNS_SHARE: usize = 2;
/// Whoever would wait longer is refused, and may come again.
const QUEUE: Duration = Duration::from_secs(1);
/// Kilobytes of answers of one person that are computed and not sent: one of the largest, and some usual ones.
const UNSENT_KB: usize = 24 << 10;
/// The same for all persons together.
const UNSENT_ALL_KB: usize = 160 << 10;
/// Kilobytes of bodies of one person that are being received or worked on: the largest that there is, and some usual
/// ones. What nobody is known for shares one such part.
const BODIES_KB: usize = 72 << 10;
/// The same for all persons together.
const BODIES_ALL_KB: usize = 192 << 10;
/// Uploads of one person that wait for their commit: others' go between them.
const UPLOADS: usize = 4;
/// Each that is begun of so many bytes takes one of these turns: what is read of a body takes many times its bytes.
const UPLOAD_BYTES: usize = 2 << 20;
/// Exports of one person at a time; each holds a slab of some ten megabytes.
const EXPORTS: usize = 2;
/// Imports of one person at a time, so that there is a place for the next one.
const IMPORTS: usize = 1;
/// Imports of one person that are sent at a time: one is read, the others wait with what came of them so far.
const IMPORT_REQUESTS: usize = 4;
/// Persons whose shares are kept; those that use nothing make room.
const PERSONS_MAX: usize = 10_000;

tokio::task_local! {
    static TURN: Arc<Turn>;
}

/// What one person may use.
#[derive(Debug)]
pub(crate) struct Share {
    turns: Arc<Semaphore>,
    unsent: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    /// Turn of a body that is larger than most.
    pub(crate) large_bodies: Arc<Semaphore>,
    /// Turns to wait for a commit.
    pub(crate) uploads: Arc<Semaphore>,
    /// Turns of exports.
    pub(crate) exports: Arc<Semaphore>,
    /// Turns of imports.
    pub(crate) imports: Arc<Semaphore>,
    /// Places for imports that wait for their turn.
    pub(crate) import_requests: Arc<Semaphore>,
}

/// A turn to compute; dropping it lets the next one have it.
#[derive(Debug)]
pub(crate) struct Turn {
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// Room for an answer until it is sent, or for a part of a body until it is done with.
#[derive(Debug)]
pub(crate) struct Room {
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// What everybody shares.
#[derive(Debug)]
pub struct Shares {
    turns: Arc<Semaphore>,
    of_person: usize,
    unsent: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    persons: Mutex<HashMap<UserId, Arc<Share>>>,
}

impl Default for Shares {
    fn default() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = cpus * TURNS_PER_CPU;
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            of_person: (turns / TURNS_SHARE).max(1),
            unsent: Arc::new(Semaphore::new(UNSENT_ALL_KB)),
            bodies: Arc::new(Semaphore::new(BODIES_ALL_KB)),
            persons: Mutex::default(),
        }
    }
}

impl Shares {
    /// The share of a person.
    pub(crate) fn of(&self, user: UserId) -> Arc<Share> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        if persons.len() >= PERSONS_MAX {
            persons.retain(|_, share| share.is_used());
        }
        let share = persons.entry(user).or_insert_with(|| {
            let semaphore = |count| Arc::new(Semaphore::new(count));
            Arc::new(Share {
                turns: semaphore(self.of_person),
                unsent: semaphore(UNSENT_KB),
                bodies: semaphore(BODIES_KB),
                large_bodies: semaphore(1),
                uploads: semaphore(UPLOADS),
                exports: semaphore(EXPORTS),
                imports: semaphore(IMPORTS),
                import_requests: semaphore(IMPORT_REQUESTS),
            })
        });
        Arc::clone(share)
    }

    /// The share of a person, or the one of all who are not known yet.
    pub(crate) fn of_anybody(&self, user: Option<UserId>) -> Arc<Share> {
        self.of(user.unwrap_or(UserId::from_uuid(uuid::Uuid::nil())))
    }

    /// A turn to compute; none when it would take too long to get one.
    pub(crate) async fn turn(&self, user: UserId) -> Option<Turn> {
        let share = self.of(user);
        let wait = async {
            let own = Arc::clone(&share.turns).acquire_owned().await.ok()?;
            let of_all = Arc::clone(&self.turns).acquire_owned().await.ok()?;
            Some(Turn {
                _own: own,
                _of_all: of_all,
            })
        };
        tokio::time::timeout(QUEUE, wait).await.ok().flatten()
    }

    /// Room for an answer of so many bytes; none when the person has too much that they do not read.
    pub(crate) fn room(&self, user: UserId, bytes: u64) -> Option<Room> {
        // A single answer always fits.
        let most = u32::try_from(UNSENT_KB).unwrap_or(u32::MAX);
        let count = u32::try_from(bytes / 1_024).unwrap_or(most).min(most);
        Room::of(&self.of(user).unsent, &self.unsent, count)
    }

    /// Room for so many kilobytes more of a body; none when the person, or all together, send too much at once.
    /// Who cannot have it gives back what they have: nobody waits with a part of it.
    pub(crate) fn body(&self, user: Option<UserId>, kilobytes: u32) -> Option<Room> {
        Room::of(&self.of_anybody(user).bodies, &self.bodies, kilobytes)
    }
}

impl Room {
    fn of(own: &Arc<Semaphore>, of_all: &Arc<Semaphore>, count: u32) -> Option<Self> {
        let own = Arc::clone(own).try_acquire_many_owned(count);
        let of_all = Arc::clone(of_all).try_acquire_many_owned(count);
        Some(Self {
            _own: own.ok()?,
            _of_all: of_all.ok()?,
        })
    }
}

impl Share {
    /// Whether something of it is in use or waited for.
    fn is_used(self: &Arc<Self>) -> bool {
        let permits = [
            &self.turns,
            &self.unsent,
            &self.bodies,
            &self.large_bodies,
            &self.uploads,
            &self.exports,
            &self.imports,
            &self.import_requests,
        ];
        Arc::strong_count(self) > 1 || permits.iter().any(|one| Arc::strong_count(one) > 1)
    }
}

/// How many of a person's turns to upload a body of so many bytes takes.
pub(crate) fn upload_turns(bytes: usize) -> u32 {
    let parts = (bytes / UPLOAD_BYTES + 1).min(UPLOADS);
    u32::try_from(parts).unwrap_or(1)
}

/// Runs a request in its turn.
pub(crate) async fn in_turn<T>(turn: Turn, request: impl Future<Output = T>) -> T {
    TURN.scope(Arc::new(turn), request).await
}

/// The turn of the request that runs, to be held by what it starts.
pub(crate) fn current() -> Option<Arc<Turn>> {
    TURN.try_with(Arc::clone).ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn whoever_has_their_share_does_not_take_that_of_others() {
        let shares = Shares::default();
        let mut held = Vec::new();
        for _ in 0..shares.of_person {
            held.push(shares.turn(user(1)).await.expect("a turn"));
        }
        assert!(shares.turn(user(1)).await.is_none(), "that is all");
        assert!(shares.turn(user(2)).await.is_some(), "for somebody else");
        held.pop();
        assert!(shares.turn(user(1)).await.is_some(), "one is free again");
    }

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_what_it_was_taken_for() {
        let shares = Shares::default();
        let turn = shares.turn(user(1)).await.expect("a turn");
        let held = in_turn(turn, async { current() }).await;
        let all = shares.of(user(1)).turns.available_permits();
        assert_eq!(all, shares.of_person - 1);
        drop(held);
        let all = shares.of(user(1)).turns.available_permits();
        assert_eq!(all, shares.of_person);
        assert!(current().is_none());
    }

    #[test]
    fn bodies_have_room_for_everybody() {
        let shares = Shares::default();
        let mut held = Vec::new();
        while let Some(room) = shares.body(Some(user(1)), 1 << 10) {
            held.push(room);
        }
        assert_eq!(held.len(), 72, "a person's share in megabytes");
        let other = shares.body(Some(user(2)), 64 << 10);
        assert!(other.is_some(), "the largest body of somebody else");
        assert!(shares.body(None, 32 << 10).is_some(), "of nobody known");
        drop(held);
        assert!(shares.body(Some(user(1)), 64 << 10).is_some());
    }

    #[test]
    fn a_large_body_takes_more_turns_and_never_more_than_there_are() {
        assert_eq!(upload_turns(0), 1);
        assert_eq!(upload_turns(UPLOAD_BYTES), 2);
        assert_eq!(upload_turns(64 << 20), 4);
    }

    #[test]
    fn unread_answers_have_an_end() {
        let shares = Shares::default();
        let huge = shares.room(user(1), u64::MAX).expect("a single one fits");
        assert!(shares.room(user(1), 2_048).is_none());
        assert!(shares.room(user(2), 2_048).is_some());
        drop(huge);
        assert!(shares.room(user(1), 2_048).is_some());
    }
}
