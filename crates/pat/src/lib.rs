//! The Pretrained Actigraphy Transformer: a week of minutes in, a vector of 96 numbers out.
//!
//! It must never ship, guess or repair weights, and never turn an embedding into a diagnosis.
//! The only library with `unsafe`: the vector instructions of its kernel.

#![expect(
    clippy::indexing_slicing,
    reason = "panels and patches index by construction; shapes are checked at each entrance"
)]

pub mod drift;
pub mod encoder;
pub mod head;
pub mod kernel;
pub mod novelty;
pub mod random;
pub mod scaler;
pub mod week;
pub mod weights;

mod block;
mod fold;
mod positions;
mod workspace;

/// Revision of all that is kept of a week: the grid, the scalers, the encoder and what is compared. It grows
/// with every change of a result.
pub const REVISION: u32 = 2;

/// Numbers that stand for a patch, and for a week.
pub const WIDTH: usize = 96;
/// Width of the hidden layer of the feed-forward network.
pub const HIDDEN: usize = 256;
/// Weights of a convolution that look at one minute: the one before, itself, and the one after.
pub const CONVOLUTION_TAPS: usize = 3;

/// The published sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Size {
    /// One block of 6 heads over patches of 18 minutes.
    Small,
    /// Two blocks of 12 heads over patches of 18 minutes.
    Medium,
    /// Four blocks of 12 heads over patches of 9 minutes.
    Large,
}

/// How the minutes of a patch become its first 96 numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {
    /// One matrix over the minutes of the patch.
    Linear,
    /// A convolution over all minutes, rectified, then averaged within the patch.
    Convolution,
}

impl Size {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The name by which people ask for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// Minutes in a patch.
    pub const fn patch_minutes(self) -> usize {
        match self {
            Self::Small | Self::Medium => 18,
            Self::Large => 9,
        }
    }

    /// Patches in a week.
    pub const fn patches(self) -> usize {
        week::WEEK_MIN / self.patch_minutes()
    }

    /// Attention heads of a block, each as wide as the embedding.
    pub const fn heads(self) -> usize {
        match self {
            Self::Small => 6,
            Self::Medium | Self::Large => 12,
        }
    }

    /// Transformer blocks one after the other.
    pub const fn blocks(self) -> usize {
        match self {
            Self::Small => 1,
            Self::Medium => 2,
            Self::Large => 4,
        }
    }

    /// Multiplications and additions that a week takes after folding, each counted as one.
    ///
    /// Counts the matrix products only: exponentials, norms and the patch projection are left out.
    pub const fn operations(self) -> u64 {
        let tokens = self.patches() as u64;
        let width = WIDTH as u64;
        let attention = self.heads() as u64 * (2 * width + 2 * tokens);
        let feed_forward = 2 * HIDDEN as u64;
        self.blocks() as u64 * 2 * tokens * width * (attention + feed_forward)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_whole_patches() {
        for size in Size::ALL {
            assert_eq!(size.patches() * size.patch_minutes(), week::WEEK_MIN);
        }
    }

    #[test]
    fn parameters_are_the_published_counts() {
        let counts = [274_720, 993_440, 1_984_192];
        for (size, count) in Size::ALL.into_iter().zip(counts) {
            let shapes = weights::layout(size, Projection::Linear);
            let total: usize = shapes.iter().map(weights::Expected::count).sum();
            assert_eq!(total, count, "{size}");
        }
    }
}
