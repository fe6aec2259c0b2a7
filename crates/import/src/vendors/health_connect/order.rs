//! By which app the phone itself counts: the order that the person gave it, and within an app the records that were
//! changed later.
//!
//! Of each piece of time the first app of the order counts, and an app outside it does not. A source is an app and a
//! device, so that which device of an app goes first is found by comparing records of both that overlap.

use std::collections::{BTreeMap, VecDeque};

use model::source::Place;

use crate::vendors::{Desk, VendorError};

use super::Book;

const TABLE: &str = "health_data_category_priority_table";

/// The category of steps, distances and energy.
const ACTIVITY: i64 = 1;

/// Records of an app that a record is compared with: those that were written before it.
const COMPARED: usize = 64;

/// Devices of one app that have a place of their own.
const DEVICES_MAX: u16 = 64;

/// The order of a phone.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Numbers of apps, the first first; empty where the phone has no order.
    apps: Vec<i64>,
    /// Devices of each app, the one whose records were changed later first.
    devices: BTreeMap<i64, Vec<i64>>,
    /// Overlapping records that say otherwise.
    mixed: u64,
}

/// A record of steps, as far as its place in an order goes.
#[derive(Debug, Clone, Copy)]
struct Walk {
    device: i64,
    start_ms: i64,
    end_ms: i64,
    modified_ms: i64,
}

/// How often records of one device were changed later than overlapping ones of another.
type Later = BTreeMap<(i64, i64), u64>;

impl Order {
    /// Reads the order, and compares the devices of each app.
    pub(super) fn of(book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<Self, VendorError> {
        let mut apps = Vec::new();
        book.rows(TABLE, desk, &mut |row, _| {
            if row.integer("health_data_category") == Some(ACTIVITY)
                && let Some(order) = row.text("app_id_priority_order")
            {
                apps = order
                    .split(',')
                    .filter_map(|id| id.trim().parse().ok())
                    .collect();
            }
            Ok(())
        })?;
        let mut order = Self {
            apps,
            ..Self::default()
        };
        if order.apps.is_empty() {
            return Ok(order);
        }
        let mut later: BTreeMap<i64, Later> = BTreeMap::new();
        let mut recent: BTreeMap<i64, VecDeque<Walk>> = BTreeMap::new();
        book.rows("steps_record_table", desk, &mut |row, _| {
            let app = row.integer("app_info_id").unwrap_or(0);
            let walk = Walk {
                device: row.integer("device_info_id").unwrap_or(0),
                start_ms: row.integer("start_time").unwrap_or(0),
                end_ms: row.integer("end_time").unwrap_or(0),
                modified_ms: row.integer("last_modified_time").unwrap_or(0),
            };
            if order.apps.contains(&app) {
                let recent = recent.entry(app).or_default();
                walk.compare(recent, later.entry(app).or_default());
                if recent.len() >= COMPARED {
                    recent.pop_front();
                }
                recent.push_back(walk);
            }
            Ok(())
        })?;
        for (app, later) in later {
            order.sort(app, &later);
        }
        Ok(order)
    }

    /// Puts the devices of an app in order, the one that is later most often first.
    fn sort(&mut self, app: i64, later: &Later) {
        let mut devices: Vec<i64> = later.keys().flat_map(|(a, b)| [*a, *b]).collect();
        devices.sort_unstable();
        devices.dedup();
        let count = |pair: (i64, i64)| later.get(&pair).copied().unwrap_or(0);
        let wins = |device: &i64| {
            let others = devices.iter().filter(|other| *other != device);
            let won = others.filter(|other| count((*device, **other)) > count((**other, *device)));
            won.count()
        };
        let mut ordered = devices.clone();
        ordered.sort_by_key(|device| std::cmp::Reverse(wins(device)));
        for (at, first) in ordered.iter().enumerate() {
            let behind = ordered.iter().skip(at + 1);
            self.mixed += behind.map(|second| count((*second, *first))).sum::<u64>();
        }
        self.devices.insert(app, ordered);
    }

    /// The place of a source, or none where the phone has no order.
    pub(super) fn place(&self, app: i64, device: i64) -> Option<Place> {
        if self.apps.is_empty() {
            return None;
        }
        let Some(at) = self.apps.iter().position(|known| *known == app) else {
            return Some(Place::LeftOut);
        };
        let devices = self.devices.get(&app);
        let within = devices.and_then(|devices| devices.iter().position(|known| *known == device));
        let within = within.and_then(|at| u16::try_from(at).ok());
        // A device that overlaps with no other may have any place behind them.
        let within = within.unwrap_or(DEVICES_MAX).min(DEVICES_MAX);
        let at = u16::try_from(at).unwrap_or(u16::MAX);
        Some(Place::At(
            at.saturating_mul(DEVICES_MAX + 1).saturating_add(within),
        ))
    }

    /// Reports by which order the phone counts.
    pub(super) fn note(&self, book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) {
        let names = self
            .apps
            .iter()
            .filter_map(|app| book.sources.app_name(*app));
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return;
        }
        let message = format!(
            "the phone ranks {} for activity, and counts no other app; totals follow it unless the person has set an \
             order of sources",
            names.join(", then ")
        );
        desk.intake.note(TABLE, message);
        if self.mixed > 0 {
            let message = format!(
                "{} records of a device were changed later than those of another device of the same app that is mostly \
                 later; the phone's totals of their time may differ",
                self.mixed
            );
            desk.intake.note(TABLE, message);
        }
    }
}

impl Walk {
    /// Notes whether this or the others of another device, where they overlap, were changed later.
    fn compare(self, recent: &VecDeque<Self>, later: &mut Later) {
        for other in recent {
            let overlaps = other.start_ms < self.end_ms && self.start_ms < other.end_ms;
            if other.device == self.device || !overlaps || other.modified_ms == self.modified_ms {
                continue;
            }
            let pair = if self.modified_ms > other.modified_ms {
                (self.device, other.device)
            } else {
                (other.device, self.device)
            };
            *later.entry(pair).or_default() += 1;
        }
    }
}
