//! Steps that a watch and a telephone count of the same walks with different slices, and their merged total
//! of each local day: every second belongs to the first source that covers it.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{House, KIND, PHONE, Record, WATCH};

/// Every printed length divides it, so that shares of a record are whole numbers of this part.
const PARTS: i64 = 1800;
const LENGTHS_S: [i64; 5] = [60, 120, 300, 600, 900];

struct Slice {
    start_s: i64,
    length_s: i64,
    steps: i64,
}

/// Prints the records of both and returns the merged steps by date.
pub(super) fn print(house: &mut House<'_>) -> BTreeMap<String, Value> {
    let walks = walks(house);
    let watch = slices(house, &walks, 5);
    let phone = slices(house, &walks, 3);
    let kind = format!("{KIND}StepCount");
    for (source, slices) in [(WATCH, &watch), (PHONE, &phone)] {
        for slice in slices {
            let record = Record {
                kind: &kind,
                source,
                unit: Some("count"),
                value: &slice.steps.to_string(),
                start_s: slice.start_s,
                end_s: slice.start_s + slice.length_s,
            };
            house.record(&record, &[]);
        }
    }
    merged(house, &[watch, phone])
}

/// Beginnings and ends of walks; one on every fourth day passes midnight.
fn walks(house: &mut House<'_>) -> Vec<(i64, i64)> {
    let mut walks = Vec::new();
    for day in 0..house.person.days {
        let date = house.person.start + i64::from(day).days();
        for hour in [7, 9, 12, 15, 18] {
            if house.chance.below(4) > 0 {
                let start_s =
                    house.at(date.at(hour, 0, 0, 0)) + i64::from(house.chance.below(1500));
                walks.push((start_s, start_s + 300 + i64::from(house.chance.below(2400))));
            }
        }
        if day % 4 == 1 && day + 1 < house.person.days {
            let start_s = house.at(date.at(23, 50, 0, 0)) + i64::from(house.chance.below(300));
            walks.push((start_s, start_s + 1500));
        }
    }
    walks
}

/// A source counts most of a walk, in slices that do not overlap.
fn slices(house: &mut House<'_>, walks: &[(i64, i64)], kept_of_six: u32) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    for &(start_s, end_s) in walks {
        let mut at_s = start_s + i64::from(house.chance.below(40));
        if let Some(last) = slices.last() {
            at_s = at_s.max(last.start_s + last.length_s);
        }
        while at_s < end_s {
            let pick = house.chance.below(5) as usize;
            let length_s = LENGTHS_S.get(pick).copied().unwrap_or(60);
            let steps = 1 + i64::from(house.chance.below(120)) * length_s / 60;
            if house.chance.below(6) < kept_of_six {
                slices.push(Slice {
                    start_s: at_s,
                    length_s,
                    steps,
                });
            }
            at_s += length_s + i64::from(house.chance.below(30));
        }
    }
    slices
}

/// Counts the seconds of each record that no better source covers, day by day.
fn merged(house: &House<'_>, sources: &[Vec<Slice>]) -> BTreeMap<String, Value> {
    let all = || sources.iter().flatten();
    let Some(first_s) = all().map(|slice| slice.start_s).min() else {
        return BTreeMap::new();
    };
    let last_s = all().map(|slice| slice.start_s + slice.length_s).max();
    let seconds = usize::try_from(last_s.unwrap_or(first_s) - first_s).expect("some weeks");
    let mut covered = vec![false; seconds];
    let mut parts: BTreeMap<Date, i64> = BTreeMap::new();
    for slices in sources {
        for slice in slices {
            let begin = usize::try_from(slice.start_s - first_s).expect("after the first");
            let length = usize::try_from(slice.length_s).expect("some minutes");
            let seconds = covered.get_mut(begin..begin + length).expect("within");
            for (at_s, taken) in (slice.start_s..).zip(seconds) {
                if !*taken {
                    let share = slice.steps * (PARTS / slice.length_s);
                    *parts.entry(house.date(at_s)).or_default() += share;
                    *taken = true;
                }
            }
        }
    }
    let days = parts.into_iter().map(|(date, parts)| {
        let exact = format!("{parts}/{PARTS}");
        (
            date.to_string(),
            json!({"interval_priority": {"exact": exact}}),
        )
    });
    days.collect()
}
