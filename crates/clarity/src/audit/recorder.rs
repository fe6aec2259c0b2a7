//! Where accesses are recorded: what is folded, and the queue of entries that wait for the commit that holds them.
//!
//! The other side of the queue, which writes many at a time, is in `writer.rs`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::ids::UserId;
use tokio::sync::{mpsc, oneshot};

use crate::audit::entry::{Entry, Note};
use crate::audit::folds::{Folds, Wanted};

/// Nothing takes longer to be committed.
const COMMIT_US: i64 = 60 * 1_000_000;
/// Entries that wait; more are held back, which slows down who asks.
const QUEUE_MAX: usize = 1_024;

/// Why an access was not recorded, and therefore must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecorded {
    /// The database cannot write now.
    #[error("the audit log cannot be written now")]
    Unavailable,
    /// The person's log is not what was written.
    #[error("the audit log of this person is damaged")]
    Damaged,
    /// The person was erased meanwhile.
    #[error("the person was erased")]
    Erased,
}

/// How a change is in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// With an entry of its own, in its transaction.
    Entry,
    /// It is counted with one that has.
    Counted,
}

/// An entry and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) user: UserId,
    pub(super) bytes: Vec<u8>,
    pub(super) reply: oneshot::Sender<Result<(), Unrecorded>>,
}

/// The receiving end, for the task that writes.
pub struct Queue(pub(super) mpsc::Receiver<Waiting>);

/// What one process records.
#[derive(Debug)]
pub struct Recorder {
    folds: Mutex<Folds>,
    queue: mpsc::Sender<Waiting>,
    checkpoint_us: AtomicI64,
}

impl Recorder {
    /// An empty one with its queue.
    pub fn new() -> (Self, Queue) {
        let (queue, receiver) = mpsc::channel(QUEUE_MAX);
        let folds = Mutex::default();
        let recorder = Self {
            folds,
            queue,
            checkpoint_us: AtomicI64::new(i64::MIN),
        };
        (recorder, Queue(receiver))
    }

    /// Records an access; once this returns it is durable, or counted with one that is.
    pub async fn record(&self, note: &Note, now_us: i64) -> Result<(), Unrecorded> {
        if self.folds().count(note, now_us) == Wanted::Counted {
            return Ok(());
        }
        let (reply, written) = oneshot::channel();
        let waiting = Waiting {
            user: note.user,
            bytes: note.at(now_us).bytes(),
            reply,
        };
        let sent = self.queue.send(waiting).await;
        sent.map_err(|_| Unrecorded::Unavailable)?;
        written.await.unwrap_or(Err(Unrecorded::Unavailable))?;
        self.folds().open(note, now_us);
        Ok(())
    }

    /// What is folded.
    pub(super) fn folds(&self) -> MutexGuard<'_, Folds> {
        self.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a change that is about to be committed wants an entry of its own.
    pub(crate) fn wanted(&self, note: &Note, now_us: i64) -> Recorded {
        // Not so late that its while is over before it is committed.
        if self.folds().is_open(note, now_us + COMMIT_US) {
            Recorded::Counted
        } else {
            Recorded::Entry
        }
    }

    /// A change was committed: with an entry, after which those like it are counted, or to be counted itself.
    pub(crate) fn committed(&self, note: &Note, recorded: Recorded, now_us: i64) {
        match recorded {
            Recorded::Entry => self.folds().open(note, now_us),
            Recorded::Counted => drop(self.folds().count(note, now_us)),
        }
    }

    /// Whether so long passed since this was last asked and so.
    pub(super) fn is_due(&self, now_us: i64, after_us: i64) -> bool {
        let last_us = self.checkpoint_us.load(Ordering::Relaxed);
        let is_due = now_us >= last_us.saturating_add(after_us);
        if is_due {
            self.checkpoint_us.store(now_us, Ordering::Relaxed);
        }
        is_due
    }

    /// What was counted of a person so far.
    pub(super) fn counted(&self, user: UserId) -> Vec<(UserId, Entry)> {
        self.folds().counted_of(user)
    }

    /// Forgets a person whose data was erased.
    pub fn forget(&self, user: UserId) {
        self.folds().forget(user);
    }
}
