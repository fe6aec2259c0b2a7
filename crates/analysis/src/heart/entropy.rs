//! # Sample and approximate entropy
//!
//! **What it measures.** How unpredictable the sequence of intervals is.
//!
//! **Inputs and units.** Any gapless sequence; the result is in nats.
//!
//! **Method.** Templates of m values match when all their values lie within r (0.2 sample standard
//! deviations by custom) of each other. `SampEn` = −ln(A/B): B counts the matching pairs of m values
//! among the first n − m templates, A those that still match with the next value; a template never
//! matches itself. `ApEn` = φₘ − φₘ₊₁ with φ the mean log share of matches, itself included.
//!
//! Matches are counted on ranks: the values within r of one are a range of ranks, so pairs whose first
//! values are far apart are never looked at; the counts are those of the definition.
//!
//! **Missing beats.** A pause ends the series beforehand; no value is filled in.
//!
//! **Validity.** About 100 to 20,000 values, all of them finite; the cost grows with the square, a twentieth of
//! the pairs being looked at for the customary tolerance. Without any match of length m + 1 the entropy is
//! undefined.
//!
//! **Versions.** 1.
//!
//! **References.** Richman JS, Moorman JR 2000, doi:10.1152/ajpheart.2000.278.6.H2039. Pincus SM
//! 1991, doi:10.1073/pnas.88.6.2297.

use crate::maths::describe::standard_deviation;
use crate::method::Analysis;
use crate::outcome::Insufficient;

/// Sample entropy.
pub const SAMPLE_ENTROPY: Analysis = Analysis {
    id: "sample_entropy",
    version: 1,
    unit: "nat",
    title: "Sample entropy",
};
/// Approximate entropy.
pub const APPROXIMATE_ENTROPY: Analysis = Analysis {
    id: "approximate_entropy",
    version: 1,
    unit: "nat",
    title: "Approximate entropy",
};

/// Values up to which entropies are computed: their ranks have 16 bits, and the cost grows with the square.
pub const VALUES_MAX: usize = 65_000;

/// The customary tolerance: 0.2 sample standard deviations.
pub fn customary_tolerance(values: &[f64]) -> f64 {
    0.2 * standard_deviation(values, 1)
}

/// Sample entropy of templates of `length` values within `tolerance`.
pub fn sample_entropy(values: &[f64], length: usize, tolerance: f64) -> Result<f64, Insufficient> {
    Insufficient::unless("values", length + 2, values.len())?;
    let near = Neighbours::new(values, tolerance)?;
    let (shorter, longer) = near.pairs(length);
    if longer == 0 || shorter == 0 {
        return Err(Insufficient::new("matching templates", 1.0, 0.0));
    }
    Ok(-(longer as f64 / shorter as f64).ln())
}

/// Approximate entropy of templates of `length` values within `tolerance`.
pub fn approximate_entropy(
    values: &[f64],
    length: usize,
    tolerance: f64,
) -> Result<f64, Insufficient> {
    Insufficient::unless("values", length + 2, values.len())?;
    let near = Neighbours::new(values, tolerance)?;
    let (shorter, longer) = near.matches(length);
    // A template matches itself, so that no logarithm is of zero.
    let mean_log_share = |matches: &[u32]| {
        let templates = matches.len() as f64;
        let share = |&count: &u32| (f64::from(count + 1) / templates).ln();
        matches.iter().map(share).sum::<f64>() / templates
    };
    Ok(mean_log_share(&shorter) - mean_log_share(&longer))
}

/// Which values lie within the tolerance of which, as ranges of ranks.
///
/// Differences from a value grow with the distance in rank, rounding included, so the values close to
/// one are a range of ranks. A comparison of two templates is then one of whole numbers, and only
/// templates whose first values are close are looked at.
struct Neighbours {
    /// Indices of the values in their order.
    order: Vec<usize>,
    /// Rank of each value.
    rank: Vec<u16>,
    /// First rank of the range of each value.
    first: Vec<u16>,
    /// Ranks in the range of each value.
    width: Vec<u16>,
}

impl Neighbours {
    fn new(values: &[f64], tolerance: f64) -> Result<Self, Insufficient> {
        let finite = values.iter().filter(|value| value.is_finite()).count();
        Insufficient::unless("values that are finite", values.len(), finite)?;
        let count = values.len();
        if count > VALUES_MAX {
            let (most, has) = (VALUES_MAX as f64, count as f64);
            return Err(Insufficient::new("values at most", most, has));
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut near = Self {
            rank: vec![0; count],
            first: vec![0; count],
            width: vec![0; count],
            order,
        };
        let whole = |rank: usize| u16::try_from(rank).expect("at most VALUES_MAX values");
        let (mut from, mut until) = (0, 0);
        for (rank, &index) in near.order.iter().enumerate() {
            let apart = |other: usize| (values[near.order[other]] - values[index]).abs();
            while apart(from) > tolerance {
                from += 1;
            }
            until = until.max(rank + 1);
            while until < count && apart(until) <= tolerance {
                until += 1;
            }
            near.rank[index] = whole(rank);
            near.first[index] = whole(from);
            near.width[index] = whole(until - from);
        }
        Ok(near)
    }

    /// Pairs of templates of `length` and of `length + 1` values that match, among the first n − length.
    fn pairs(&self, length: usize) -> (u64, u64) {
        let (mut shorter, mut longer) = (0, 0);
        self.each(length, self.rank.len() - length, |_, _, matches| {
            shorter += u64::from(matched(matches.shorter));
            longer += u64::from(matched(matches.longer));
        });
        (shorter, longer)
    }

    /// For each template of `length` and of `length + 1` values how many others it matches.
    fn matches(&self, length: usize) -> (Vec<u32>, Vec<u32>) {
        let templates = self.rank.len() - length + 1;
        let (mut shorter, mut longer) = (vec![0_u32; templates], vec![0_u32; templates]);
        let add = |counts: &mut [u32], place: usize, after: &[u16]| {
            let (own, others) = counts[place..].split_first_mut().expect("a template");
            for (count, &near) in others.iter_mut().zip(after) {
                *count += u32::from(near);
            }
            *own += matched(after);
        };
        let mut last = 0;
        self.each(length, templates, |place, index, matches| {
            add(&mut shorter, place, matches.shorter);
            add(&mut longer, place, matches.longer);
            if index + 1 == templates {
                last = place;
            }
        });
        // The last template has no value after it.
        longer.remove(last);
        (shorter, longer)
    }

    /// Looks at the first `templates` templates in the order of their first value: its place, its index, and
    /// for each of those after it in its range whether it matches.
    fn each(
        &self,
        length: usize,
        templates: usize,
        mut look: impl FnMut(usize, usize, &Matches<'_>),
    ) {
        let starts: Vec<usize> = self
            .order
            .iter()
            .copied()
            .filter(|&i| i < templates)
            .collect();
        // A template without a value at an offset has a rank that no range contains.
        let at_offset = |offset: usize| -> Vec<u16> {
            let rank = |&start: &usize| self.rank.get(start + offset).copied().unwrap_or(u16::MAX);
            starts.iter().map(rank).collect()
        };
        let columns: Vec<Vec<u16>> = (0..=length).map(at_offset).collect();
        let (mut shorter, mut longer) = (Vec::new(), Vec::new());
        let mut until = 0;
        for (place, &start) in starts.iter().enumerate() {
            let end = self.first[start] + self.width[start];
            until = until.max(place + 1);
            until += columns[0][until..]
                .iter()
                .take_while(|&&rank| rank < end)
                .count();
            let after = place + 1..until;
            shorter.clear();
            shorter.resize(after.len(), 1);
            for (offset, column) in columns.iter().enumerate().take(length).skip(1) {
                self.keep(start + offset, &column[after.clone()], &mut shorter);
            }
            longer.clone_from(&shorter);
            self.keep(start + length, &columns[length][after], &mut longer);
            let matches = Matches {
                shorter: &shorter,
                longer: &longer,
            };
            look(place, start, &matches);
        }
    }

    /// Sets to 0 what is not within the range of the value at `index`; all of it past the end.
    fn keep(&self, index: usize, ranks: &[u16], near: &mut [u16]) {
        let first = self.first.get(index).copied().unwrap_or(0);
        let width = self.width.get(index).copied().unwrap_or(0);
        for (near, rank) in near.iter_mut().zip(ranks) {
            *near &= u16::from(rank.wrapping_sub(first) < width);
        }
    }
}

/// How many are marked.
fn matched(near: &[u16]) -> u32 {
    near.iter().map(|&near| u32::from(near)).sum()
}

/// Whether the templates after one match it: 1 where they do.
struct Matches<'a> {
    shorter: &'a [u16],
    longer: &'a [u16],
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Richman and Moorman's definition, word by word.
    fn naive(values: &[f64], length: usize, tolerance: f64) -> f64 {
        let templates = values.len() - length;
        let (mut shorter, mut longer) = (0, 0);
        for i in 0..templates {
            for j in 0..templates {
                if i == j {
                    continue;
                }
                let near = |k: usize| (values[i + k] - values[j + k]).abs() <= tolerance;
                if (0..length).all(near) {
                    shorter += 1;
                    longer += u64::from(near(length));
                }
            }
        }
        -(longer as f64 / f64::from(shorter)).ln()
    }

    #[test]
    fn the_fast_count_equals_the_definition() {
        let values: Vec<f64> = (0..150_u32).map(|i| f64::from(i * 7919 % 61)).collect();
        for length in [1, 2, 3] {
            let fast = sample_entropy(&values, length, 9.0).unwrap();
            assert!((fast - naive(&values, length, 9.0)).abs() < 1e-12);
        }
    }

    /// Pincus's definition, word by word.
    fn naive_approximate(values: &[f64], length: usize, tolerance: f64) -> f64 {
        let phi = |length: usize| {
            let templates = values.len() - length + 1;
            let near = |i: usize, j: usize| {
                (0..length).all(|k| (values[i + k] - values[j + k]).abs() <= tolerance)
            };
            let share = |i: usize| {
                let matches = (0..templates).filter(|&j| near(i, j)).count();
                (matches as f64 / templates as f64).ln()
            };
            (0..templates).map(share).sum::<f64>() / templates as f64
        };
        phi(length) - phi(length + 1)
    }

    /// Ties, values exactly at the tolerance, tolerances of nothing and of everything.
    #[test]
    fn both_entropies_equal_their_definitions_on_any_values() {
        let mut chance = crate::maths::chance::Chance::new(11);
        for round in 0..60_u32 {
            let count = usize::try_from(5 + round * 3).expect("small");
            let coarse = f64::from(1 + round % 7);
            let values: Vec<f64> = (0..count)
                .map(|_| (chance.normal() * 10.0 / coarse).round() * coarse / 10.0)
                .collect();
            for tolerance in [0.0, 0.2, 0.5, customary_tolerance(&values), 100.0] {
                for length in [1, 2, 3] {
                    let expect = naive(&values, length, tolerance);
                    match sample_entropy(&values, length, tolerance) {
                        Ok(found) => assert!((found - expect).abs() < 1e-12, "{found} {expect}"),
                        Err(_) => assert!(!expect.is_finite(), "{expect}"),
                    }
                    let found = approximate_entropy(&values, length, tolerance).unwrap();
                    let expect = naive_approximate(&values, length, tolerance);
                    assert!((found - expect).abs() < 1e-12, "{found} {expect}");
                }
            }
        }
    }

    #[test]
    fn a_value_that_is_none_is_refused() {
        let mut values = vec![1.0, 2.0, 1.5, 2.5, 1.0, 2.0, 1.0, 2.0];
        values[3] = f64::NAN;
        assert!(sample_entropy(&values, 2, 0.5).is_err());
        assert!(approximate_entropy(&values, 2, 0.5).is_err());
        values[3] = f64::INFINITY;
        assert!(sample_entropy(&values, 2, 0.5).is_err());
    }
}
