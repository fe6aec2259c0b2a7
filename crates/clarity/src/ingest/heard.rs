//! What the apps of a person's phones have said, where the order of what they say matters: bodies come late, twice,
//! and overtaken by later ones. Rules over a small sealed document, whose every list is bounded; no IO.
//!
//! Of two totals of one day the one that was made later holds. The late measurements of a bucket are added to it
//! once. A window says which objects there are, and what was made before it does not bring others back.

use std::collections::{BTreeMap, HashMap};

use import::batch::Window;
use model::ids::DeviceId;
use model::metric::MetricNo;
use model::sample::{Sample, Uid};
use model::source::SourceNo;
use serde::{Deserialize, Serialize};

/// Phones that are remembered; the one that was silent longest is forgotten first.
const PHONES_MAX: usize = 16;
/// Runs of numbers of bodies: as many gaps as there are bodies that an app still has to send.
const RUNS_MAX: usize = 256;
/// Totals of days that are remembered: 40 days of six metrics. An app keeps what it could not send for a week.
const TOTALS_MAX: usize = 256;
/// Buckets that are remembered: a week of quarters of three metrics.
const BUCKETS_MAX: usize = 2_048;
/// Windows that are remembered.
const WINDOWS_MAX: usize = 32;
/// Objects of a window whose last body has not come yet.
const OBJECTS_MAX: usize = 20_000;

/// The document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heard {
    phones: BTreeMap<String, Phone>,
}

/// A body as its sender counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// When it was made.
    pub(crate) at_us: i64,
    /// Its number, where the sender counts.
    pub(crate) sequence: Option<u64>,
}

impl Told {
    /// What tells it from others of the same phone.
    fn number(self) -> u64 {
        self.sequence.unwrap_or(self.at_us.unsigned_abs())
    }
}

/// A bucket or a total, as it is known among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Slot(MetricNo, SourceNo, i64, i64);

impl Slot {
    /// The slot of an aggregate; its source is the person's number.
    pub(crate) fn of(metric: MetricNo, sample: &Sample) -> Self {
        Self(metric, sample.source, sample.start_us, sample.end_us)
    }
}

/// What one phone said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Phone {
    told_us: i64,
    /// Numbers of the bodies whose buckets were taken in: first and last of each run, in order.
    bodies: Vec<(u64, u64)>,
    /// When each total was made.
    totals: Recent<i64, TOTALS_MAX>,
    /// How many measurements each bucket holds.
    buckets: Recent<u32, BUCKETS_MAX>,
    /// Windows that are complete, the latest last.
    windows: Vec<Closed>,
    open: Option<Open>,
}

/// What was noted last for each of some slots. A body may have very many: each is found by its slot, and only the
/// latest `MAX` are written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(Slot, T)>", into = "Vec<(Slot, T)>")]
struct Recent<T: Clone, const MAX: usize> {
    of: HashMap<Slot, (u64, T)>,
    next: u64,
}

impl<T: Clone, const MAX: usize> Recent<T, MAX> {
    fn get(&self, slot: Slot) -> Option<&T> {
        self.of.get(&slot).map(|(_, value)| value)
    }

    fn note(&mut self, slot: Slot, value: T) {
        self.of.insert(slot, (self.next, value));
        self.next += 1;
    }
}

impl<T: Clone, const MAX: usize> From<Vec<(Slot, T)>> for Recent<T, MAX> {
    fn from(list: Vec<(Slot, T)>) -> Self {
        let mut recent = Self {
            of: HashMap::new(),
            next: 0,
        };
        for (slot, value) in list {
            recent.note(slot, value);
        }
        recent
    }
}

impl<T: Clone, const MAX: usize> From<Recent<T, MAX>> for Vec<(Slot, T)> {
    fn from(recent: Recent<T, MAX>) -> Self {
        let mut list: Vec<(Slot, (u64, T))> = recent.of.into_iter().collect();
        list.sort_unstable_by_key(|(_, (order, _))| *order);
        let old = list.len().saturating_sub(MAX);
        let latest = list.into_iter().skip(old);
        latest.map(|(slot, (_, value))| (slot, value)).collect()
    }
}

/// A window of which everything came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Closed {
    start_us: i64,
    end_us: i64,
    told_us: i64,
    metrics: Vec<MetricNo>,
}

/// A window of which more will come, with the objects so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    start_us: i64,
    end_us: i64,
    objects: Vec<Uid>,
    /// Whether there may be more than these.
    is_unsure: bool,
}

impl Heard {
    /// The phone with this key; those without one are one phone.
    pub(crate) fn phone(&mut self, device: Option<DeviceId>) -> &mut Phone {
        let name = device.map_or_else(String::new, |device| device.to_string());
        if !self.phones.contains_key(&name) && self.phones.len() >= PHONES_MAX {
            let silent = self.phones.iter().min_by_key(|(_, phone)| phone.told_us);
            if let Some(silent) = silent.map(|(name, _)| name.clone()) {
                self.phones.remove(&silent);
            }
        }
        self.phones.entry(name).or_default()
    }
}

impl Phone {
    /// Notes a body. False when its buckets were taken in before.
    pub(crate) fn hears(&mut self, told: Told) -> bool {
        self.told_us = self.told_us.max(told.at_us);
        let number = told.number();
        let at = self.bodies.partition_point(|(_, last)| *last < number);
        if self
            .bodies
            .get(at)
            .is_some_and(|(first, _)| *first <= number)
        {
            return false;
        }
        self.bodies.insert(at, (number, number));
        join_runs(&mut self.bodies);
        true
    }

    /// Notes a total. False when a later one is known.
    pub(crate) fn takes_total(&mut self, slot: Slot, told: Told) -> bool {
        if self.is_told_later(slot, told) {
            return false;
        }
        if self.totals.get(slot) != Some(&told.at_us) {
            self.totals.note(slot, told.at_us);
        }
        true
    }

    /// Whether a later total is known.
    pub(crate) fn is_told_later(&self, slot: Slot, told: Told) -> bool {
        let known = self.totals.get(slot);
        known.is_some_and(|told_us| *told_us > told.at_us)
    }

    /// How many measurements of a bucket came from this phone.
    pub(crate) fn count(&self, slot: Slot) -> Option<u32> {
        self.buckets.get(slot).copied()
    }

    /// Notes how many measurements a bucket holds.
    pub(crate) fn counted(&mut self, slot: Slot, count: u32) {
        self.buckets.note(slot, count);
    }

    /// Takes a window in with the objects of the body. Returns the objects that there are when it is the last body
    /// of the window, and none where it may hold more than came.
    pub(crate) fn takes_window(
        &mut self,
        window: &Window,
        told: Told,
        objects: Result<&[Uid], Unsure>,
    ) -> Option<Result<Vec<Uid>, Unsure>> {
        let span = (window.start_us, window.end_us);
        let is_of_span = |known: &&Closed| (known.start_us, known.end_us) == span;
        let known = self.windows.iter().find(is_of_span);
        if known.is_some_and(|known| known.told_us > told.at_us) {
            return None;
        }
        let before = self
            .open
            .take_if(|open| (open.start_us, open.end_us) == span);
        let mut open = before.unwrap_or(Open {
            start_us: span.0,
            end_us: span.1,
            objects: Vec::new(),
            is_unsure: false,
        });
        match objects {
            Ok(objects)
                if window.is_complete || open.objects.len() + objects.len() <= OBJECTS_MAX =>
            {
                open.objects.extend(objects);
            }
            Ok(_) | Err(Unsure) => {
                open.is_unsure = true;
                open.objects = Vec::new();
            }
        }
        if !window.is_complete {
            self.open = Some(open);
            return None;
        }
        if open.is_unsure {
            return Some(Err(Unsure));
        }
        let closed = Closed {
            start_us: span.0,
            end_us: span.1,
            told_us: told.at_us,
            metrics: window.metrics.clone(),
        };
        self.windows
            .retain(|known| (known.start_us, known.end_us) != span);
        push(&mut self.windows, closed, WINDOWS_MAX);
        Some(Ok(open.objects))
    }

    /// The latest time at which a window said which objects there are of a metric at an instant.
    pub(crate) fn settled(&self, metric: MetricNo, at_us: i64) -> Option<i64> {
        let over = self.windows.iter().filter(|window| {
            (window.start_us..window.end_us).contains(&at_us) && window.metrics.contains(&metric)
        });
        over.map(|window| window.told_us).max()
    }
}

/// A window may hold more objects than are known: too many came, or some were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsure;

/// Joins runs that touch; where there are too many, the oldest gap counts as filled, so that nothing is ever added
/// twice.
fn join_runs(runs: &mut Vec<(u64, u64)>) {
    runs.dedup_by(|next, run| {
        let touches = next.0 <= run.1.saturating_add(1);
        if touches {
            run.1 = run.1.max(next.1);
        }
        touches
    });
    if runs.len() > RUNS_MAX
        && let [first, second, ..] = runs.as_mut_slice()
    {
        second.0 = first.0;
        runs.remove(0);
    }
}

fn push<T>(list: &mut Vec<T>, one: T, max: usize) {
    if list.len() >= max {
        list.drain(..=list.len() - max);
    }
    list.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sequence: u64) -> Told {
        Told {
            at_us: i64::try_from(sequence).expect("small"),
            sequence: Some(sequence),
        }
    }

    fn slot(start_us: i64) -> Slot {
        Slot(MetricNo(1), SourceNo(1), start_us, start_us + 1)
    }

    #[test]
    fn a_body_is_heard_once_in_whatever_order_bodies_come() {
        for step in [1_u64, 3, 7, 11, 13] {
            let mut phone = Phone::default();
            for n in 0..100 {
                assert!(phone.hears(told(n * step % 101)), "{n} {step}");
                assert!(!phone.hears(told(n * step % 101)), "{n} {step}");
            }
            assert!(phone.bodies.len() <= 2, "{:?}", phone.bodies);
        }
    }

    #[test]
    fn nothing_grows_and_what_is_forgotten_is_not_added_again() {
        let mut phone = Phone::default();
        for n in 0..10_000_u64 {
            assert!(phone.hears(told(n * 2)));
            assert!(phone.takes_total(slot(i64::try_from(n).expect("small")), told(n)));
            phone.counted(slot(i64::try_from(n).expect("small")), 1);
        }
        assert_eq!(phone.bodies.len(), RUNS_MAX);
        // What is read back are the latest, in their order.
        let text = serde_json::to_string(&phone).expect("JSON");
        let mut phone: Phone = serde_json::from_str(&text).expect("the same");
        assert_eq!(phone.totals.of.len(), TOTALS_MAX);
        assert_eq!(phone.buckets.of.len(), BUCKETS_MAX);
        assert_eq!(phone.count(slot(9_999)), Some(1));
        assert_eq!(phone.count(slot(9_999 - 2_048)), None);
        assert_eq!(serde_json::to_string(&phone).expect("JSON"), text);
        // A gap that was given up counts as heard.
        assert!(!phone.hears(told(1)));
        let mut heard = Heard::default();
        for n in 0..100_u128 {
            let device = DeviceId::from_uuid(uuid::Uuid::from_u128(n));
            heard.phone(Some(device)).told_us = i64::try_from(n).expect("small");
        }
        assert_eq!(heard.phones.len(), PHONES_MAX);
    }

    #[test]
    fn of_two_totals_the_later_holds() {
        let mut phone = Phone::default();
        assert!(phone.takes_total(slot(0), told(5)));
        assert!(!phone.takes_total(slot(0), told(4)));
        assert!(phone.takes_total(slot(0), told(5)));
        assert!(phone.takes_total(slot(0), told(6)));
        assert!(phone.takes_total(slot(9), told(4)));
    }

    #[test]
    fn a_window_ends_with_its_last_body() {
        let uid = |n| Uid::new(n).expect("not 0");
        let mut window = Window {
            start_us: 0,
            end_us: 100,
            metrics: vec![MetricNo(1)],
            is_complete: false,
        };
        let mut phone = Phone::default();
        assert_eq!(phone.takes_window(&window, told(1), Ok(&[uid(1)])), None);
        assert_eq!(phone.settled(MetricNo(1), 50), None);
        window.is_complete = true;
        let last = phone.takes_window(&window, told(2), Ok(&[uid(2)]));
        assert_eq!(last, Some(Ok(vec![uid(1), uid(2)])));
        assert_eq!(phone.settled(MetricNo(1), 50), Some(2));
        assert_eq!(phone.settled(MetricNo(1), 100), None);
        assert_eq!(phone.settled(MetricNo(2), 50), None);
        // One of more objects than are remembered is not applied in part.
        window.is_complete = false;
        let many: Vec<Uid> = (1..=15_000).map(uid).collect();
        assert_eq!(phone.takes_window(&window, told(3), Ok(&many)), None);
        assert_eq!(phone.takes_window(&window, told(4), Ok(&many)), None);
        window.is_complete = true;
        assert_eq!(
            phone.takes_window(&window, told(5), Ok(&[])),
            Some(Err(Unsure))
        );
        // Nor is one of which an object was refused, whichever body had it.
        window.is_complete = false;
        assert_eq!(phone.takes_window(&window, told(6), Err(Unsure)), None);
        assert_eq!(phone.takes_window(&window, told(7), Ok(&[uid(1)])), None);
        window.is_complete = true;
        let last = phone.takes_window(&window, told(8), Ok(&[uid(2)]));
        assert_eq!(last, Some(Err(Unsure)));
    }
}
