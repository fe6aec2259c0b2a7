//! The four inner loops of the encoder, for whatever instructions this processor has.
//!
//! All of them work on a panel: up to 48 tokens side by side, one per lane, so that a row holds one
//! number of each token. Sums over keys, norms and softmax then need no shuffling, and a lane's
//! result depends on nothing but that lane: it is the same bit by bit whatever shares the panel.
//!
//! It must never let a caller reach an instruction that the processor does not have: a value of
//! [`Instructions`] can only be had after asking.

mod simd;
#[cfg(test)]
mod tests;

/// Tokens in a full panel: three vectors of 16, six of 8, twelve of 4.
pub const PANEL: usize = 48;
/// Tokens that a panel is filled up to a multiple of.
pub const PANEL_STEP: usize = 16;
/// Numbers in a row of [`Left::Rows`].
pub const LEFT_WIDTH: usize = crate::WIDTH;
/// The number of rows of a product is a multiple of this, so that no kernel has a tail.
pub const ROWS_STEP: usize = 8;

/// One number of each token of a panel, on a boundary of cache lines.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Row(pub [f32; PANEL]);

impl Row {
    /// The same number for every token.
    pub const fn of(value: f32) -> Self {
        Self([value; PANEL])
    }
}

/// The left factor of a product, whose numbers are the same for all tokens of the panel.
#[derive(Debug, Clone, Copy)]
pub enum Left<'a> {
    /// Row after row, each of [`LEFT_WIDTH`] numbers.
    Rows(&'a [f32]),
    /// Column after column: the first number of each column, then the distance between columns.
    Columns(&'a [f32], usize),
}

/// What a product does with what its destination holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onto {
    /// Overwrites it.
    Nothing,
    /// Adds to it.
    Sum,
}

/// A set of instructions that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instructions(simd::Set);

impl Instructions {
    /// All that this processor has, fastest first; the last one is portable.
    pub fn supported() -> Vec<Self> {
        simd::supported().into_iter().map(Self).collect()
    }

    /// The fastest that this processor has.
    pub fn fastest() -> Self {
        Self(simd::supported()[0])
    }

    /// Its name (`avx512`, `avx2`, `portable`).
    pub const fn name(self) -> &'static str {
        self.0.name()
    }

    /// Computes `left · right` for the first `tokens` of a panel (a multiple of [`PANEL_STEP`]).
    ///
    /// Each number is one chain of fused multiply-adds in the order of the rows of `right`.
    ///
    /// # Panics
    /// Panics when the shapes do not fit.
    pub fn multiply(
        self,
        out: &mut [Row],
        left: Left<'_>,
        right: &[Row],
        tokens: usize,
        onto: Onto,
    ) {
        assert_panel(tokens);
        assert!(
            out.len().is_multiple_of(ROWS_STEP),
            "rows of a product come in eights"
        );
        let (rows, depth) = (out.len(), right.len());
        let fits = match left {
            Left::Rows(left) => depth <= LEFT_WIDTH && left.len() >= rows * LEFT_WIDTH,
            Left::Columns(left, step) => step >= rows && left.len() >= depth * step,
        };
        assert!(fits, "the factors of a product fit each other");
        simd::multiply(self.0, out, left, right, tokens, onto);
    }

    /// Raises each token of `largest` to the largest of its numbers in `rows`.
    ///
    /// # Panics
    /// Panics when `tokens` is no width of a panel.
    pub fn maximum(self, rows: &[Row], largest: &mut Row, tokens: usize) {
        assert_panel(tokens);
        simd::maximum(self.0, rows, largest, tokens);
    }

    /// Replaces each number by two to the power of how far it lies under `largest`, and adds it to
    /// the sum of its token.
    ///
    /// # Panics
    /// Panics when `tokens` is no width of a panel.
    pub fn powers(self, rows: &mut [Row], largest: &Row, sums: &mut Row, tokens: usize) {
        assert_panel(tokens);
        simd::powers(self.0, rows, largest, sums, tokens);
    }

    /// Adds to each of `sums` the numbers of a row, each times the factor of its token.
    ///
    /// # Panics
    /// Panics when the shapes do not fit.
    pub fn across(self, rows: &[Row], factors: &Row, sums: &mut [f32], tokens: usize) {
        assert_panel(tokens);
        assert_eq!(rows.len(), sums.len(), "a sum for each row");
        simd::across(self.0, rows, factors, sums, tokens);
    }
}

fn assert_panel(tokens: usize) {
    assert!(
        tokens <= PANEL && tokens.is_multiple_of(PANEL_STEP),
        "a panel is 16, 32 or 48 tokens wide"
    );
}
