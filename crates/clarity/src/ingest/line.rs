//! The line of uploads before the one place to write: who wrote much lately goes behind who did not.
//!
//! Uploads of one person stay in their order. It must never let anybody wait for ever: what somebody wrote is
//! forgotten at a fixed rate, whatever others do.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use model::ids::UserId;
use tokio::sync::mpsc;

use crate::ingest::committer::Waiting;

/// Uploads in one commit: enough to hide the disk at high load.
const GROUP_UPLOADS_MAX: usize = 64;
/// Samples in one commit, for the same reason as [`GROUP_UPLOADS_MAX`].
const GROUP_SAMPLES_MAX: usize = 100_000;
/// Uploads that are looked at for their order; further ones wait in the channel.
const LENGTH_MAX: usize = 256;
/// Of each second that passes, so much of the time that somebody wrote is forgotten.
const FORGOTTEN: f64 = 0.25;
/// Times are told apart by this much: below it uploads are served as they came.
const STEP: Duration = Duration::from_millis(50);
/// People whose time is remembered; those that owe nothing make room.
const PEOPLE_MAX: usize = 10_000;

/// Time that somebody wrote, as of a moment.
#[derive(Debug, Clone, Copy)]
struct Debt {
    time: Duration,
    at: Instant,
}

impl Debt {
    fn now(self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at);
        self.time.saturating_sub(passed.mul_f64(FORGOTTEN))
    }
}

/// Uploads that wait to be written.
pub(super) struct Line {
    channel: mpsc::Receiver<Waiting>,
    waiting: VecDeque<Waiting>,
    debts: HashMap<UserId, Debt>,
}

impl Line {
    /// The line of what comes through a channel.
    pub(super) fn new(channel: mpsc::Receiver<Waiting>) -> Self {
        Self {
            channel,
            waiting: VecDeque::new(),
            debts: HashMap::new(),
        }
    }

    /// Whether nothing waits that was looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes nothing more than what was handed over already.
    pub(super) fn close(&mut self) {
        self.channel.close();
    }

    /// Waits for an upload; false when none will come. Cancelling it loses nothing.
    pub(super) async fn wait(&mut self) -> bool {
        match self.channel.recv().await {
            Some(first) => {
                self.waiting.push_back(first);
                true
            }
            None => false,
        }
    }

    /// The uploads of the next commit.
    pub(super) fn group(&mut self, now: Instant) -> Vec<Waiting> {
        while self.waiting.len() < LENGTH_MAX {
            let Ok(next) = self.channel.try_recv() else {
                break;
            };
            self.waiting.push_back(next);
        }
        self.debts.retain(|_, debt| !debt.now(now).is_zero());
        if !self.debts.is_empty() {
            let debts = &self.debts;
            let owed = |waiting: &Waiting| {
                let debt = debts.get(&waiting.upload.user);
                debt.map_or(0, |debt| debt.now(now).as_millis() / STEP.as_millis())
            };
            self.waiting.make_contiguous().sort_by_key(owed);
        }
        let mut group = Vec::new();
        let mut samples = 0;
        while group.len() < GROUP_UPLOADS_MAX && (group.is_empty() || samples < GROUP_SAMPLES_MAX) {
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            samples += next.upload.batch.samples.len();
            group.push(next);
        }
        group
    }

    /// Notes how long an upload of somebody held the place to write.
    pub(super) fn charge(&mut self, user: UserId, took: Duration) {
        let now = Instant::now();
        if self.debts.len() >= PEOPLE_MAX && !self.debts.contains_key(&user) {
            return;
        }
        let debt = self.debts.entry(user).or_insert(Debt {
            time: Duration::ZERO,
            at: now,
        });
        *debt = Debt {
            time: debt.now(now) + took,
            at: now,
        };
    }

    /// Puts uploads back for which there was no time, before all others.
    pub(super) fn put_back(&mut self, rest: Vec<Waiting>) {
        for waiting in rest.into_iter().rev() {
            self.waiting.push_front(waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use import::batch::Batch;
    use model::ids::UploadId;
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;
    use crate::audit::entry::Author;
    use crate::ingest::committer::{LiveUpload, Review};

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn upload(of: u128, id: u128) -> Waiting {
        let upload = LiveUpload {
            user: user(of),
            id: UploadId::from_uuid(Uuid::from_u128(id)),
            device: None,
            author: Author::OPERATOR,
            kind: "test",
            batch: Batch::default(),
            review: Review::NotNeeded,
            repeat: None,
        };
        Waiting {
            upload,
            reply: oneshot::channel().0,
        }
    }

    fn ids(group: &[Waiting]) -> Vec<u128> {
        let id = |waiting: &Waiting| waiting.upload.id.uuid().as_u128();
        group.iter().map(id).collect()
    }

    #[tokio::test]
    async fn who_wrote_much_goes_behind_and_everybody_keeps_their_order() {
        let (sender, receiver) = mpsc::channel(100);
        let mut line = Line::new(receiver);
        for (of, id) in [(1, 1), (1, 2), (2, 3), (1, 4), (2, 5)] {
            sender.send(upload(of, id)).await.expect("room");
        }
        assert!(line.wait().await);
        let now = Instant::now();
        let group = line.group(now);
        assert_eq!(ids(&group), [1, 2, 3, 4, 5], "as they came");
        line.put_back(group);
        line.charge(user(1), Duration::from_secs(1));
        let group = line.group(Instant::now());
        assert_eq!(ids(&group), [3, 5, 1, 2, 4]);
        line.put_back(group);
        // A quarter of the time that passes is forgotten.
        let later = Instant::now() + Duration::from_secs(5);
        sender.send(upload(2, 6)).await.expect("room");
        sender.send(upload(1, 7)).await.expect("room");
        assert_eq!(ids(&line.group(later)), [3, 5, 1, 2, 4, 6, 7]);
        assert!(line.debts.is_empty());
        assert!(line.is_empty());
        drop(sender);
        assert!(!line.wait().await);
    }

    #[tokio::test]
    async fn a_group_has_an_end() {
        let (sender, receiver) = mpsc::channel(100);
        let mut line = Line::new(receiver);
        for id in 0..100 {
            sender.send(upload(1, id)).await.expect("room");
        }
        assert_eq!(line.group(Instant::now()).len(), GROUP_UPLOADS_MAX);
        assert_eq!(line.group(Instant::now()).len(), 100 - GROUP_UPLOADS_MAX);
    }
}
