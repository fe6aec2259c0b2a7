//! Where a person has been seen: observations of a zone at a time, thinned so that years of nightly
//! sleep records stay small, and the zone history that follows.
//!
//! A named zone (`HKTimeZone`) is taken as it is. An offset is weaker: it only counts when it differs
//! from what the history says at that time, and then as a zone the person has been in before if one
//! fits, because phones print offsets, not places.

use std::collections::BTreeMap;

use import::batch::{ZoneEvidence, ZoneSeen};
use model::sample::DAY_US;
use model::zone::{Span, Zone, ZoneHistory};
use serde::{Deserialize, Serialize};

/// Observations by zone name: for each UTC day the earliest and latest time the zone was seen.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Whereabouts {
    zones: BTreeMap<String, BTreeMap<i64, (i64, i64)>>,
}

impl Whereabouts {
    /// Takes observations in; true when they said anything new.
    pub(crate) fn observe(&mut self, seen: &[ZoneSeen], home: &Zone) -> bool {
        let mut changed = false;
        for one in seen
            .iter()
            .filter(|one| one.evidence == ZoneEvidence::Named)
        {
            changed |= self.insert(&one.zone, one.at_us);
        }
        let offsets = seen
            .iter()
            .filter(|one| one.evidence == ZoneEvidence::Offset);
        let mut history = None;
        for one in offsets {
            let Ok(told) = Zone::parse(&one.zone) else {
                continue;
            };
            let current = history.get_or_insert_with(|| self.history(home.clone()));
            let offset_min = told.offset_min(one.at_us);
            if current.zone_at(one.at_us).offset_min(one.at_us) == offset_min {
                continue;
            }
            let name = self.place_with_offset(home, one.at_us, offset_min);
            changed |= self.insert(&name.unwrap_or_else(|| told.name().to_owned()), one.at_us);
            history = None;
        }
        changed
    }

    fn place_with_offset(&self, home: &Zone, at_us: i64, offset_min: i32) -> Option<String> {
        if home.offset_min(at_us) == offset_min {
            return Some(home.name().to_owned());
        }
        let mut known = self.zones.keys().filter_map(|name| Zone::parse(name).ok());
        known
            .find(|zone| zone.offset_min(at_us) == offset_min)
            .map(|zone| zone.name().to_owned())
    }

    fn insert(&mut self, zone: &str, at_us: i64) -> bool {
        let days = self.zones.entry(zone.to_owned()).or_default();
        let entry = days
            .entry(at_us.div_euclid(DAY_US))
            .or_insert((i64::MAX, i64::MIN));
        let before = *entry;
        *entry = (entry.0.min(at_us), entry.1.max(at_us));
        *entry != before
    }

    /// The zone seen on most days.
    pub(crate) fn most_seen(&self) -> Option<Zone> {
        // Ties go to the alphabetically last name: any rule will do, but it must be one.
        let (name, _) = self.zones.iter().max_by_key(|(_, days)| days.len())?;
        Zone::parse(name).ok()
    }

    /// The history that the observations tell, with `home` before the first.
    pub(crate) fn history(&self, home: Zone) -> ZoneHistory {
        let mut observations = Vec::new();
        for (name, days) in &self.zones {
            let Ok(zone) = Zone::parse(name) else {
                continue;
            };
            for (first_us, last_us) in days.values() {
                observations.push((*first_us, zone.clone()));
                observations.push((*last_us, zone.clone()));
            }
        }
        ZoneHistory::from_observations(home, observations)
    }
}

/// The spans of time in which two histories disagree, inside `bounds`.
pub(crate) fn differences(old: &ZoneHistory, new: &ZoneHistory, bounds: Span) -> Vec<Span> {
    let mut cuts = vec![bounds.start_us, bounds.end_us];
    let changes = old.changes().iter().chain(new.changes());
    cuts.extend(
        changes
            .map(|(at_us, _)| *at_us)
            .filter(|at| (bounds.start_us..bounds.end_us).contains(at)),
    );
    cuts.sort_unstable();
    cuts.dedup();
    let pairs = cuts.iter().zip(cuts.iter().skip(1));
    let spans = pairs.map(|(start_us, end_us)| Span {
        start_us: *start_us,
        end_us: *end_us,
    });
    spans
        .filter(|span| old.zone_at(span.start_us).name() != new.zone_at(span.start_us).name())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at_day: i64, zone: &str, evidence: ZoneEvidence) -> ZoneSeen {
        ZoneSeen {
            at_us: at_day * DAY_US,
            zone: zone.to_owned(),
            evidence,
        }
    }

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").expect("a zone")
    }

    #[test]
    fn the_order_of_observations_does_not_matter() {
        let all = [
            seen(20_001, "Europe/Berlin", ZoneEvidence::Named),
            seen(20_005, "America/New_York", ZoneEvidence::Named),
            seen(20_009, "Europe/Berlin", ZoneEvidence::Named),
        ];
        let mut forward = Whereabouts::default();
        assert!(forward.observe(&all, &berlin()));
        assert!(
            !forward.observe(&all, &berlin()),
            "nothing new the second time"
        );
        let mut backward = Whereabouts::default();
        for one in all.iter().rev() {
            backward.observe(std::slice::from_ref(one), &berlin());
        }
        assert_eq!(forward, backward);
        assert_eq!(forward.history(berlin()).changes().len(), 2);
        assert_eq!(forward.most_seen().expect("seen").name(), "Europe/Berlin");
    }

    #[test]
    fn an_offset_that_fits_home_says_nothing() {
        let mut book = Whereabouts::default();
        let summer = seen(20_640, "+02:00", ZoneEvidence::Offset);
        assert!(
            !book.observe(&[summer], &berlin()),
            "Berlin is at +02:00 in July"
        );
        assert!(book.observe(&[seen(20_640, "-04:00", ZoneEvidence::Offset)], &berlin()));
        assert_eq!(book.history(berlin()).changes()[0].1.name(), "-04:00");
    }

    #[test]
    fn histories_differ_where_a_trip_was_added() {
        let old = ZoneHistory::fixed(berlin());
        let mut book = Whereabouts::default();
        book.observe(
            &[seen(20_005, "America/New_York", ZoneEvidence::Named)],
            &berlin(),
        );
        let new = book.history(berlin());
        let bounds = Span {
            start_us: 20_000 * DAY_US,
            end_us: 20_010 * DAY_US,
        };
        let expect = [Span {
            start_us: 20_005 * DAY_US,
            end_us: 20_010 * DAY_US,
        }];
        assert_eq!(differences(&old, &new, bounds), expect);
    }
}
