//! Runs of equal values and sets of epochs: the vocabulary of scorers and wear detection.

/// A half-open range of epochs with the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<T> {
    /// First epoch.
    pub from: usize,
    /// One past the last epoch.
    pub until: usize,
    /// The value all of them share.
    pub value: T,
}

impl<T> Run<T> {
    /// Number of epochs.
    pub fn len(&self) -> usize {
        self.until - self.from
    }

    /// Whether the run holds no epoch; runs made by [`runs`] never do.
    pub fn is_empty(&self) -> bool {
        self.until == self.from
    }
}

/// Splits a slice into maximal runs of equal values.
pub fn runs<T: Copy + PartialEq>(values: &[T]) -> Vec<Run<T>> {
    let mut found = Vec::new();
    let mut from = 0;
    for (index, pair) in values.windows(2).enumerate() {
        if pair[0] != pair[1] {
            found.push(Run {
                from,
                until: index + 1,
                value: pair[0],
            });
            from = index + 1;
        }
    }
    if let Some(&value) = values.last() {
        found.push(Run {
            from,
            until: values.len(),
            value,
        });
    }
    found
}

/// Flat dilation, then erosion, by a centred window of `length` epochs (odd): fills short gaps.
///
/// Outside the slice everything counts as `false` for both steps, as in image processing.
pub fn closing(values: &[bool], length: usize) -> Vec<bool> {
    erosion(&dilation(values, length), length)
}

/// Erosion, then dilation, by a centred window of `length` epochs (odd): drops short islands.
pub fn opening(values: &[bool], length: usize) -> Vec<bool> {
    dilation(&erosion(values, length), length)
}

fn dilation(values: &[bool], length: usize) -> Vec<bool> {
    window_counts(values, length)
        .map(|(count, _)| count > 0)
        .collect()
}

fn erosion(values: &[bool], length: usize) -> Vec<bool> {
    window_counts(values, length)
        .map(|(count, _)| count == length)
        .collect()
}

/// Number of `true` in the centred window around each epoch, with the number inside the slice.
fn window_counts(values: &[bool], length: usize) -> impl Iterator<Item = (usize, usize)> {
    let half = length / 2;
    let count = values.len();
    let mut before = Vec::with_capacity(count + 1);
    before.push(0_usize);
    for &value in values {
        before.push(before[before.len() - 1] + usize::from(value));
    }
    (0..count).map(move |index| {
        let from = index.saturating_sub(half);
        let until = (index + length - half).min(count);
        (before[until] - before[from], until - from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_the_slice() {
        let found = runs(&[1, 1, 0, 2, 2, 2]);
        let lengths: Vec<usize> = found.iter().map(Run::len).collect();
        assert_eq!(lengths, [2, 1, 3]);
        assert_eq!(
            found[2],
            Run {
                from: 3,
                until: 6,
                value: 2
            }
        );
        assert!(runs::<u8>(&[]).is_empty());
    }

    #[test]
    fn closing_fills_gaps_shorter_than_the_window() {
        let text = |values: Vec<bool>| -> String {
            values
                .iter()
                .map(|&value| if value { '1' } else { '0' })
                .collect()
        };
        let values: Vec<bool> = "0001100110000".chars().map(|c| c == '1').collect();
        assert_eq!(text(closing(&values, 3)), "0001111110000");
        assert_eq!(text(opening(&values, 3)), "0000000000000");
    }
}
