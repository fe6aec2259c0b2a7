//! A set of days, kept as runs of consecutive ones: years of days without a gap are one entry.

use serde::{Deserialize, Serialize};

/// The days; each run is its first day and how many follow each other, the first included.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DayRuns(Vec<(i64, i64)>);

impl DayRuns {
    /// Adds a day; false when it was there.
    pub(crate) fn insert(&mut self, day: i64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= day);
        let joins_next = self
            .0
            .get(after)
            .is_some_and(|(first, _)| *first == day + 1);
        let before = after.checked_sub(1).and_then(|at| self.0.get_mut(at));
        match before {
            Some((first, count)) if day < *first + *count => return false,
            Some((first, count)) if day == *first + *count => {
                *count += 1;
                if joins_next {
                    let (_, more) = self.0.remove(after);
                    if let Some((_, count)) = self.0.get_mut(after - 1) {
                        *count += more;
                    }
                }
            }
            Some(_) | None => match self.0.get_mut(after) {
                Some((first, count)) if joins_next => {
                    *first = day;
                    *count += 1;
                }
                Some(_) | None => self.0.insert(after, (day, 1)),
            },
        }
        true
    }

    /// Splits into the days up to and including `day`, and those after it.
    pub(crate) fn split_after(self, day: i64) -> (Self, Self) {
        let (mut until, mut after) = (Self::default(), Self::default());
        for (first, count) in self.0 {
            let before = (day + 1 - first).clamp(0, count);
            if before > 0 {
                until.0.push((first, before));
            }
            if before < count {
                after.0.push((first + before, count - before));
            }
        }
        (until, after)
    }

    /// The first day.
    pub(crate) fn first(&self) -> Option<i64> {
        self.0.first().map(|(first, _)| *first)
    }

    /// The last day.
    pub(crate) fn last(&self) -> Option<i64> {
        self.0.last().map(|(first, count)| first + count - 1)
    }

    /// How many days.
    pub(crate) fn count(&self) -> i64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many entries they take.
    pub(crate) fn entries(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn listed(runs: &DayRuns) -> Vec<i64> {
        let days = |(first, count): &(i64, i64)| *first..*first + *count;
        runs.0.iter().flat_map(days).collect()
    }

    proptest! {
        #[test]
        fn runs_hold_what_a_set_of_days_holds(
            days in prop::collection::vec(-40_i64..40, 0..120),
            cut in -45_i64..45,
        ) {
            let (mut runs, mut set) = (DayRuns::default(), BTreeSet::new());
            for day in days {
                prop_assert_eq!(runs.insert(day), set.insert(day));
            }
            let all: Vec<i64> = set.iter().copied().collect();
            prop_assert_eq!(listed(&runs), all);
            prop_assert_eq!(runs.count(), i64::try_from(set.len()).expect("few"));
            prop_assert_eq!(runs.first(), set.first().copied());
            prop_assert_eq!(runs.last(), set.last().copied());
            let touching = runs.0.windows(2).any(|pair| pair[0].0 + pair[0].1 >= pair[1].0);
            prop_assert!(!touching, "runs that touch are one run");
            let (until, after) = runs.split_after(cut);
            prop_assert!(listed(&until).iter().all(|day| *day <= cut));
            prop_assert!(listed(&after).iter().all(|day| *day > cut));
            prop_assert_eq!(until.count() + after.count(), i64::try_from(set.len()).expect("few"));
        }
    }
}
