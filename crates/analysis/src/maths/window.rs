//! Sliding means and medians in linear or near-linear time.

/// Mean of the values present in each window `[index − before, index + after]`, cut at the ends.
///
/// NaN counts as absent; a window with fewer than `least` present values yields NaN.
pub fn moving_mean(values: &[f64], before: usize, after: usize, least: usize) -> Vec<f64> {
    let count = values.len();
    let mut totals = Vec::with_capacity(count + 1);
    let mut counts = Vec::with_capacity(count + 1);
    let (mut total, mut present) = (Exact::default(), 0_usize);
    totals.push(0.0);
    counts.push(0);
    for &value in values {
        if !value.is_nan() {
            total.add(value);
            present += 1;
        }
        totals.push(total.value());
        counts.push(present);
    }
    (0..count)
        .map(|index| {
            let from = index.saturating_sub(before);
            let until = (index + after + 1).min(count);
            let present = counts[until] - counts[from];
            if present < least.max(1) {
                f64::NAN
            } else {
                (totals[until] - totals[from]) / present as f64
            }
        })
        .collect()
}

/// A running sum that carries its rounding error (Neumaier 1974), so that differences of prefix
/// sums stay as good as direct sums.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exact {
    total: f64,
    lost: f64,
}

impl Exact {
    /// Adds one value.
    pub fn add(&mut self, value: f64) {
        let next = self.total + value;
        self.lost += if self.total.abs() >= value.abs() {
            (self.total - next) + value
        } else {
            (value - next) + self.total
        };
        self.total = next;
    }

    /// The sum so far.
    pub fn value(&self) -> f64 {
        self.total + self.lost
    }
}

/// A multiset of values by rank that answers the median, for windows that slide over a series.
///
/// Values are ranked once; a Fenwick tree over the ranks counts the members, so adding, removing
/// and the median cost O(log n) whatever the window length.
pub struct RankWindow<'a> {
    ordered: &'a [f64],
    tree: Vec<u32>,
    members: usize,
    top: usize,
}

/// Distinct present values in order, and for each epoch its rank (None where it is NaN).
pub fn ranks(values: &[f64]) -> (Vec<f64>, Vec<Option<usize>>) {
    let mut ordered = super::describe::present(values);
    ordered.sort_unstable_by(f64::total_cmp);
    ordered.dedup();
    let rank = values
        .iter()
        .map(|value| (!value.is_nan()).then(|| ordered.partition_point(|other| other < value)))
        .collect();
    (ordered, rank)
}

impl<'a> RankWindow<'a> {
    /// Starts an empty window over values in ascending order.
    pub fn new(ordered: &'a [f64]) -> Self {
        let top = ordered.len().next_power_of_two();
        Self {
            ordered,
            tree: vec![0; ordered.len() + 1],
            members: 0,
            top,
        }
    }

    /// Adds a value by rank.
    pub fn insert(&mut self, rank: usize) {
        let mut node = rank + 1;
        while node < self.tree.len() {
            self.tree[node] += 1;
            node += node & node.wrapping_neg();
        }
        self.members += 1;
    }

    /// Removes a value by rank; it must be a member.
    pub fn remove(&mut self, rank: usize) {
        let mut node = rank + 1;
        while node < self.tree.len() {
            self.tree[node] -= 1;
            node += node & node.wrapping_neg();
        }
        self.members -= 1;
    }

    /// Number of values in the window.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Value of the member with 0-based position `index` in ascending order.
    fn nth(&self, index: usize) -> f64 {
        let mut left = index;
        let mut node = 0;
        let mut step = self.top;
        while step > 0 {
            let next = node + step;
            if next < self.tree.len() && self.tree[next] as usize <= left {
                node = next;
                left -= self.tree[next] as usize;
            }
            step /= 2;
        }
        self.ordered[node]
    }

    /// Median of the members, or NaN when there are none.
    pub fn median(&self) -> f64 {
        match self.members {
            0 => f64::NAN,
            odd if odd % 2 == 1 => self.nth(odd / 2),
            even => f64::midpoint(self.nth(even / 2 - 1), self.nth(even / 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::describe::{mean, median, present};

    #[test]
    fn sliding_median_and_mean_equal_the_naive_ones() {
        let values: Vec<f64> = (0..200_u32)
            .map(|i| {
                if i % 17 == 3 {
                    f64::NAN
                } else {
                    f64::from(i * 7919 % 101)
                }
            })
            .collect();
        let (ordered, rank) = ranks(&values);
        let fast_mean = moving_mean(&values, 4, 2, 3);
        for half in [0, 3, 10] {
            let mut window = RankWindow::new(&ordered);
            for index in 0..values.len() + half {
                if let Some(Some(added)) = rank.get(index) {
                    window.insert(*added);
                }
                if index > 2 * half
                    && let Some(Some(gone)) = rank.get(index - 2 * half - 1)
                {
                    window.remove(*gone);
                }
                if index >= half {
                    let centre = index - half;
                    let from = centre.saturating_sub(half);
                    let until = (centre + half + 1).min(values.len());
                    let naive = median(&present(&values[from..until]));
                    assert_eq!(naive.to_bits(), window.median().to_bits());
                }
            }
        }
        for (index, &fast) in fast_mean.iter().enumerate() {
            let slice = &values[index.saturating_sub(4)..(index + 3).min(values.len())];
            let naive = present(slice);
            if naive.len() < 3 {
                assert!(fast.is_nan());
            } else {
                assert!((fast - mean(&naive)).abs() < 1e-12);
            }
        }
    }
}
