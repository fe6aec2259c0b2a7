//! Where a person has been seen, as stays: stretches of time in which no other zone was seen. Ten years
//! in one zone are one stay, however often the zone was seen; the zone history follows from them.
//!
//! A named zone (`HKTimeZone`) is taken as it is. An offset is weaker: it only counts when it differs
//! from what the history says at that time, and then as a zone the person has been in before if one
//! fits, because phones print offsets, not places.
//!
//! A stay keeps its first and last instant and the UTC days between on which the zone was seen, not the
//! instants of those days. So what is learnt late about the middle of a stay splits it at whole days: the
//! zone of an observation holds at that observation whatever came before or after it, as long as no other
//! zone was seen on its day (the decision about stays on the map has the reasons).

use std::collections::{BTreeMap, BTreeSet};

use import::batch::{ZoneEvidence, ZoneSeen};
use model::sample::DAY_US;
use model::zone::{Span, Zone, ZoneHistory};
use serde::{Deserialize, Serialize};

use crate::person::day_runs::DayRuns;

/// A stretch of time in which one zone was seen and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stay {
    zone: String,
    /// First and last instant at which the zone was seen.
    first_us: i64,
    last_us: i64,
    /// UTC days on which it was seen.
    days: DayRuns,
}

/// The stays, in the order of time.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub(crate) struct Whereabouts {
    stays: Vec<Stay>,
    /// Whether it was read from what an older version wrote.
    #[serde(skip)]
    is_of_older_form: bool,
}

/// What the database holds: stays, or from older versions for each zone and UTC day the earliest and
/// latest time the zone was seen.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    stays: Vec<Stay>,
    #[serde(default)]
    zones: BTreeMap<String, BTreeMap<i64, (i64, i64)>>,
}

impl From<Stored> for Whereabouts {
    fn from(stored: Stored) -> Self {
        let mut whereabouts = Self {
            stays: stored.stays,
            is_of_older_form: !stored.zones.is_empty(),
        };
        let mut seen: Vec<(i64, &str)> = Vec::new();
        for (zone, days) in &stored.zones {
            for (first_us, last_us) in days.values() {
                seen.push((*first_us, zone));
                seen.push((*last_us, zone));
            }
        }
        whereabouts.see_all(seen);
        whereabouts
    }
}

impl Whereabouts {
    /// Takes observations in; true when they said anything new.
    pub(crate) fn observe(&mut self, seen: &[ZoneSeen], home: &Zone) -> bool {
        let named = seen
            .iter()
            .filter(|one| one.evidence == ZoneEvidence::Named);
        let named = named.map(|one| (one.at_us, one.zone.as_str())).collect();
        let mut changed = self.see_all(named);
        let offsets = seen
            .iter()
            .filter(|one| one.evidence == ZoneEvidence::Offset);
        let mut history = None;
        for one in offsets {
            let Ok(given) = Zone::parse(&one.zone) else {
                continue;
            };
            let current = history.get_or_insert_with(|| self.history(home.clone()));
            let offset_min = given.offset_min(one.at_us);
            if current.zone_at(one.at_us).offset_min(one.at_us) == offset_min {
                continue;
            }
            let name = self.place_with_offset(home, one.at_us, offset_min);
            let name = name.unwrap_or_else(|| given.name().to_owned());
            changed |= self.see(&name, one.at_us);
            history = None;
        }
        changed
    }

    /// Whether the next write replaces the form of an older version.
    pub(crate) const fn is_of_older_form(&self) -> bool {
        self.is_of_older_form
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> u32 {
        u32::try_from(self.entries().saturating_mul(64)).unwrap_or(u32::MAX)
    }

    /// Stays and runs of days: what reading it costs.
    fn entries(&self) -> usize {
        self.stays.iter().map(|stay| 1 + stay.days.entries()).sum()
    }

    fn place_with_offset(&self, home: &Zone, at_us: i64, offset_min: i32) -> Option<String> {
        if home.offset_min(at_us) == offset_min {
            return Some(home.name().to_owned());
        }
        let names: BTreeSet<&str> = self.stays.iter().map(|stay| stay.zone.as_str()).collect();
        let mut known = names.into_iter().filter_map(|name| Zone::parse(name).ok());
        known
            .find(|zone| zone.offset_min(at_us) == offset_min)
            .map(|zone| zone.name().to_owned())
    }

    /// Observations in any order. In the order of time each one only lengthens the last stay.
    fn see_all(&mut self, mut seen: Vec<(i64, &str)>) -> bool {
        seen.sort_unstable();
        let mut changed = false;
        for (at_us, zone) in seen {
            changed |= self.see(zone, at_us);
        }
        changed
    }

    /// One observation; false when it changes nothing.
    fn see(&mut self, zone: &str, at_us: i64) -> bool {
        let day = at_us.div_euclid(DAY_US);
        let at = self.stays.partition_point(|stay| stay.last_us < at_us);
        let until = self.stays.partition_point(|stay| stay.first_us <= at_us);
        let around = self.stays.get_mut(at..until).unwrap_or_default();
        if let Some(same) = around.iter_mut().find(|stay| stay.zone == zone) {
            return same.days.insert(day);
        }
        let Some(other) = around.last().cloned() else {
            self.see_between(at, zone, at_us);
            return true;
        };
        let (before, after) = other.split(zone, at_us);
        let between = [before, Some(Stay::at(zone, at_us)), after];
        self.stays
            .splice(until - 1..until, between.into_iter().flatten());
        true
    }

    /// An observation after the stay before `at` and before the one there.
    fn see_between(&mut self, at: usize, zone: &str, at_us: i64) {
        let day = at_us.div_euclid(DAY_US);
        let before = at.checked_sub(1).and_then(|at| self.stays.get_mut(at));
        if let Some(stay) = before.filter(|stay| stay.zone == zone) {
            stay.last_us = at_us;
            stay.days.insert(day);
        } else if let Some(stay) = self.stays.get_mut(at).filter(|stay| stay.zone == zone) {
            stay.first_us = at_us;
            stay.days.insert(day);
        } else {
            self.stays.insert(at, Stay::at(zone, at_us));
        }
    }

    /// The zone seen on most days.
    pub(crate) fn most_seen(&self) -> Option<Zone> {
        let mut days: BTreeMap<&str, (i64, Option<i64>)> = BTreeMap::new();
        for stay in &self.stays {
            let (count, last) = days.entry(&stay.zone).or_default();
            // A day on which the person left and came back is one day.
            let is_counted = last.is_some() && *last == stay.days.first();
            *count += stay.days.count() - i64::from(is_counted);
            *last = stay.days.last();
        }
        // Ties go to the alphabetically last name: any rule will do, but it must be one.
        let (name, _) = days.into_iter().max_by_key(|(_, (count, _))| *count)?;
        Zone::parse(name).ok()
    }

    /// The history that the stays make, with `home` before the first.
    pub(crate) fn history(&self, home: Zone) -> ZoneHistory {
        let mut zones: BTreeMap<&str, Option<Zone>> = BTreeMap::new();
        let mut begins = Vec::with_capacity(self.stays.len());
        for stay in &self.stays {
            let zone = zones
                .entry(&stay.zone)
                .or_insert_with(|| Zone::parse(&stay.zone).ok());
            begins.extend(zone.clone().map(|zone| (stay.first_us, zone)));
        }
        // Stays that begin at one instant keep their order: a day whose instants are not known any more may
        // count from an instant at which another zone was seen, and that one holds from there on.
        ZoneHistory::from_ordered(home, begins)
    }
}

impl Stay {
    fn at(zone: &str, at_us: i64) -> Self {
        let mut days = DayRuns::default();
        days.insert(at_us.div_euclid(DAY_US));
        Self {
            zone: zone.to_owned(),
            first_us: at_us,
            last_us: at_us,
            days,
        }
    }

    /// What of the stay lies before and after the instant at which another zone was seen. Where the
    /// instants of a day are not known any more, the day counts from its start or to its end.
    fn split(self, other: &str, at_us: i64) -> (Option<Self>, Option<Self>) {
        // What was seen at one instant is in the order of names.
        let is_later = self.first_us == at_us && other < self.zone.as_str();
        if is_later {
            return (None, Some(self));
        }
        if self.last_us == at_us && other > self.zone.as_str() {
            return (Some(self), None);
        }
        let day = at_us.div_euclid(DAY_US);
        let (until, mut from) = self.days.split_after(day);
        let last_day = until.last().unwrap_or(day);
        let last_us = if last_day == day {
            last_day * DAY_US
        } else {
            (last_day + 1) * DAY_US - 1
        };
        let first_us = match from.first() {
            Some(first_day) => first_day * DAY_US,
            None => self.last_us,
        };
        from.insert(self.last_us.div_euclid(DAY_US));
        let before = Self {
            zone: self.zone.clone(),
            first_us: self.first_us,
            last_us: last_us.max(self.first_us),
            days: until,
        };
        let after = Self {
            zone: self.zone,
            first_us,
            last_us: self.last_us,
            days: from,
        };
        let is_after = after.last_us > at_us || (after.last_us == at_us && before.last_us < at_us);
        (Some(before), is_after.then_some(after))
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
    use model::sample::HOUR_US;
    use proptest::prelude::*;

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

    #[test]
    fn ten_years_in_one_zone_are_one_stay() {
        let check = |days: i64, expect: usize| {
            let mut book = Whereabouts::default();
            for day in 0..days {
                let night = seen(10_000 + day, "Europe/Berlin", ZoneEvidence::Named);
                assert!(book.observe(&[night], &berlin()));
            }
            assert_eq!(book.entries(), expect, "{days} days");
            let json = serde_json::to_vec(&book).expect("plain JSON");
            assert!(json.len() < 120, "{} bytes", json.len());
            assert_eq!(book.stays[0].days.count(), days);
        };
        check(365, 2);
        check(3_650, 2);
    }

    #[test]
    fn what_an_older_version_wrote_is_read_and_replaced() {
        let text = r#"{"zones":{"America/New_York":{"20005":[1728432000000000,1728450000000000]},
            "Europe/Berlin":{"20004":[1728345600000000,1728360000000000],
                "20006":[1728518400000000,1728520000000000],"20007":[1728604800000000,1728604800000000]}}}"#;
        let old: Whereabouts = serde_json::from_str(text).expect("the older form");
        assert!(old.is_of_older_form());
        let history = old.history(Zone::utc());
        let changes = history.changes().iter();
        let changes: Vec<(i64, &str)> =
            changes.map(|(at_us, zone)| (*at_us, zone.name())).collect();
        let expect = [
            (1_728_345_600_000_000, "Europe/Berlin"),
            (1_728_432_000_000_000, "America/New_York"),
            (1_728_518_400_000_000, "Europe/Berlin"),
        ];
        assert_eq!(changes, expect);
        assert_eq!(old.most_seen().expect("seen").name(), "Europe/Berlin");
        let text = serde_json::to_string(&old).expect("plain JSON");
        assert!(!text.contains("zones"), "{text}");
        let new: Whereabouts = serde_json::from_str(&text).expect("the form of now");
        assert!(!new.is_of_older_form());
        assert_eq!(new.stays, old.stays);
    }

    const ZONES: [&str; 3] = ["America/New_York", "Asia/Tokyo", "Europe/Berlin"];

    fn named(hour: i64, zone: usize) -> ZoneSeen {
        ZoneSeen {
            at_us: 20_000 * DAY_US + hour * HOUR_US,
            zone: ZONES[zone].to_owned(),
            evidence: ZoneEvidence::Named,
        }
    }

    #[test]
    fn a_stay_that_begins_where_another_was_cut_holds() {
        let seen = [
            (0, 0),
            (258, 1),
            (0, 2),
            (240, 2),
            (192, 2),
            (192, 1),
            (216, 1),
            (1, 0),
        ];
        let mut book = Whereabouts::default();
        for (hour, zone) in seen {
            book.observe(&[named(hour, zone)], &berlin());
        }
        // Of the tenth day only one zone is known.
        let at_us = named(216, 1).at_us;
        assert_eq!(book.history(berlin()).zone_at(at_us).name(), "Asia/Tokyo");
    }

    proptest! {
        /// The naive twin keeps every observation.
        #[test]
        fn in_the_order_of_time_nothing_is_lost(
            seen in prop::collection::vec((0_i64..480, 0_usize..3), 1..60),
        ) {
            let mut all: Vec<ZoneSeen> = seen.iter().map(|(hour, zone)| named(*hour, *zone)).collect();
            all.sort_by(|a, b| (a.at_us, &a.zone).cmp(&(b.at_us, &b.zone)));
            let mut book = Whereabouts::default();
            for one in &all {
                book.observe(std::slice::from_ref(one), &berlin());
            }
            let zone = |one: &ZoneSeen| (one.at_us, Zone::parse(&one.zone).expect("a zone"));
            let naive = ZoneHistory::from_observations(berlin(), all.iter().map(zone).collect());
            prop_assert_eq!(book.history(berlin()), naive);
        }

        #[test]
        fn in_any_order_a_day_of_one_zone_has_that_zone(
            seen in prop::collection::vec((0_i64..480, 0_usize..3), 1..60),
        ) {
            let all: Vec<ZoneSeen> = seen.iter().map(|(hour, zone)| named(*hour, *zone)).collect();
            let mut book = Whereabouts::default();
            for one in &all {
                book.observe(std::slice::from_ref(one), &berlin());
            }
            let history = book.history(berlin());
            let day = |one: &ZoneSeen| one.at_us.div_euclid(DAY_US);
            for one in &all {
                let others = all.iter().filter(|other| day(other) == day(one));
                if others.clone().all(|other| other.zone == one.zone) {
                    prop_assert_eq!(history.zone_at(one.at_us).name(), one.zone.as_str());
                }
            }
            let mut counts: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
            for one in &all {
                counts.entry(one.zone.as_str()).or_default().insert(day(one));
            }
            let (name, _) = counts.iter().max_by_key(|(_, days)| days.len()).expect("seen");
            let most = book.most_seen().expect("seen");
            prop_assert_eq!(most.name(), *name);
            // The same once more may say more about days of several zones, and then nothing.
            book.observe(&all, &berlin());
            book.observe(&all, &berlin());
            prop_assert!(!book.observe(&all, &berlin()), "it comes to rest");
            prop_assert!(book.stays.windows(2).all(|pair| pair[0].last_us <= pair[1].first_us));
        }
    }
}
