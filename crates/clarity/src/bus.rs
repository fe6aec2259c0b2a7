//! Live events: what a person's devices are told while they are connected to this process. What other processes
//! have to tell comes by way of the database (`relay.rs`).
//!
//! Events are hints with ids, a convenience on top of the durable state; nothing may depend on one
//! arriving. A person's events are only ever handed to that person.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::ids::UserId;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc};

/// Events kept per person for `Last-Event-ID`: a few minutes of a busy import.
const REPLAY_MAX: usize = 256;
/// Events a slow listener may lag behind before it is told to start over.
const LAG_MAX: usize = 256;
/// People whose events are kept at once; the one that was quiet longest makes room.
const PEOPLE_MAX: usize = 10_000;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An upload or import moved on.
    Processing,
    /// Days were recomputed.
    Summary,
    /// An insight was made.
    Insight,
}

impl EventKind {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Summary => "summary",
            Self::Insight => "insight",
        }
    }
}

/// One event of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose it is.
    pub user: UserId,
    /// Rises with every event; the `id` of a server-sent event.
    pub seq: u64,
    /// What it is about.
    pub kind: EventKind,
    /// The id of the upload, day or insight that it is about.
    pub id: String,
    /// The JSON that clients get.
    pub payload: String,
}

/// What a listener starts with.
#[derive(Debug)]
pub struct Subscription {
    /// Events after the one that the listener saw last, oldest first.
    pub missed: Vec<Arc<Event>>,
    /// Whether events in between are gone: the listener should read the durable state again.
    pub gap: Gap,
    /// Events from now on.
    pub live: broadcast::Receiver<Arc<Event>>,
}

/// Whether a resumed stream is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Nothing is missing.
    None,
    /// Events were dropped before the listener came back.
    Lost,
}

#[derive(Debug)]
struct Room {
    recent: VecDeque<Arc<Event>>,
    dropped_up_to: u64,
    live: broadcast::Sender<Arc<Event>>,
    last_used: u64,
}

#[derive(Debug)]
struct Rooms {
    by_user: HashMap<UserId, Room>,
    seq: u64,
    first_seq: u64,
}

/// The switchboard.
#[derive(Debug)]
pub struct Bus {
    rooms: Mutex<Rooms>,
    /// Where other processes are told of what happens here.
    others: OnceLock<mpsc::Sender<Arc<Event>>>,
}

impl Bus {
    /// Numbers events from `now_us` on, so that numbers keep rising over a restart.
    pub fn new(now_us: i64) -> Self {
        let seq = u64::try_from(now_us).unwrap_or(0);
        Self {
            rooms: Mutex::new(Rooms {
                by_user: HashMap::new(),
                seq,
                first_seq: seq,
            }),
            others: OnceLock::new(),
        }
    }

    /// From now on everything that is published goes there too.
    pub(crate) fn copy_to(&self, others: mpsc::Sender<Arc<Event>>) {
        // A process has one teller.
        drop(self.others.set(others));
    }

    /// Tells a person's listeners, here and at other processes, and keeps the event for those who come back.
    pub fn publish(&self, user: UserId, kind: EventKind, id: String, payload: String) -> u64 {
        let event = self.publish_here(user, kind, id, payload);
        if let Some(others) = self.others.get()
            && others.try_send(Arc::clone(&event)).is_err()
        {
            metrics::counter!("clarity_events_lost_total").increment(1);
        }
        event.seq
    }

    /// The same, without other processes: they know already.
    pub(crate) fn publish_here(
        &self,
        user: UserId,
        kind: EventKind,
        id: String,
        payload: String,
    ) -> Arc<Event> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.seq += 1;
        let seq = rooms.seq;
        let event = Arc::new(Event {
            user,
            seq,
            kind,
            id,
            payload,
        });
        let room = rooms.room(user);
        if room.recent.len() == REPLAY_MAX
            && let Some(oldest) = room.recent.pop_front()
        {
            room.dropped_up_to = oldest.seq;
        }
        room.recent.push_back(Arc::clone(&event));
        // An error means that nobody listens at the moment.
        drop(room.live.send(Arc::clone(&event)));
        event
    }

    /// Listens to a person's events, from after `last_seen` if that is still known.
    pub fn subscribe(&self, user: UserId, last_seen: Option<u64>) -> Subscription {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.room(user);
        let live = room.live.subscribe();
        let Some(last_seen) = last_seen else {
            return Subscription {
                missed: Vec::new(),
                gap: Gap::None,
                live,
            };
        };
        let missed = room.recent.iter().filter(|event| event.seq > last_seen);
        let missed = missed.cloned().collect();
        let gap = if last_seen < room.dropped_up_to {
            Gap::Lost
        } else {
            Gap::None
        };
        Subscription { missed, gap, live }
    }
}

impl Rooms {
    fn room(&mut self, user: UserId) -> &mut Room {
        if !self.by_user.contains_key(&user) && self.by_user.len() >= PEOPLE_MAX {
            self.make_room();
        }
        // A person without a room may have had one before a restart or an eviction.
        let (seq, dropped_up_to) = (self.seq, self.first_seq);
        let room = self.by_user.entry(user).or_insert_with(|| Room {
            recent: VecDeque::new(),
            dropped_up_to,
            live: broadcast::channel(LAG_MAX).0,
            last_used: seq,
        });
        room.last_used = seq;
        room
    }

    /// Forgets the person that was quiet longest; people who listen right now stay.
    fn make_room(&mut self) {
        let quiet = self.by_user.iter();
        let quiet = quiet.filter(|(_, room)| room.live.receiver_count() == 0);
        if let Some(user) = quiet
            .min_by_key(|(_, room)| room.last_used)
            .map(|(user, _)| *user)
        {
            self.by_user.remove(&user);
            self.first_seq = self.seq;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn tell(bus: &Bus, user: UserId, id: usize) -> u64 {
        bus.publish(user, EventKind::Summary, id.to_string(), "{}".to_owned())
    }

    #[test]
    fn a_listener_that_comes_back_gets_what_it_missed() {
        let bus = Bus::new(100);
        let first = tell(&bus, user(1), 1);
        tell(&bus, user(2), 2);
        let third = tell(&bus, user(1), 3);
        let back = bus.subscribe(user(1), Some(first));
        let seqs: Vec<u64> = back.missed.iter().map(|event| event.seq).collect();
        assert_eq!((seqs, back.gap), (vec![third], Gap::None));
    }

    #[test]
    fn events_reach_only_their_person() {
        let bus = Bus::new(0);
        let mut other = bus.subscribe(user(2), None);
        tell(&bus, user(1), 1);
        assert!(other.live.try_recv().is_err());
    }

    #[test]
    fn lost_events_are_admitted() {
        let bus = Bus::new(0);
        let first = tell(&bus, user(1), 0);
        for id in 0..=REPLAY_MAX {
            tell(&bus, user(1), id);
        }
        let back = bus.subscribe(user(1), Some(first));
        assert_eq!((back.missed.len(), back.gap), (REPLAY_MAX, Gap::Lost));
        let before_a_restart = Bus::new(1_000).subscribe(user(1), Some(7));
        assert_eq!(before_a_restart.gap, Gap::Lost);
    }
}
