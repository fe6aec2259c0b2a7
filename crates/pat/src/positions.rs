//! The table that tells a patch where in the week it is.
//!
//! It must never be computed more exactly than `TensorFlow` did when the weights were trained: the
//! encoder learned with frequencies and angles rounded to `f32`.

use crate::WIDTH;

/// Sines and cosines of each position: the row of a patch is 48 sines, then 48 cosines.
pub(super) fn table(patches: usize) -> Vec<f32> {
    let frequencies = frequencies();
    let mut table = Vec::with_capacity(patches * WIDTH);
    for patch in 0..patches {
        let angles = frequencies.map(|frequency| f64::from(patch as f32 * frequency));
        table.extend(angles.iter().map(|angle| single(angle.sin())));
        table.extend(angles.iter().map(|angle| single(angle.cos())));
    }
    table
}

/// `exp(−2k·ln(10000)/96)` for k = 0…47, rounded to `f32` at each step.
fn frequencies() -> [f32; WIDTH / 2] {
    let step = -(single(10_000_f64.ln()) / WIDTH as f32);
    std::array::from_fn(|index| single(f64::from((2 * index) as f32 * step).exp()))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to f32 is the point"
)]
fn single(value: f64) -> f32 {
    value as f32
}
