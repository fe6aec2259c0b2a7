//! Matrices that are multiplied once, when weights are loaded, instead of with every week.
//!
//! Keys and values are as wide as the embedding, so with x the tokens of a block, head h scores
//! (x·Wq + bq)·(x·Wk + bk)ᵀ/√96. Softmax forgets what all keys of a query share, which leaves
//! (x·A + a)·xᵀ with A = Wq·Wkᵀ/√96 and a = bq·Wkᵀ/√96; log₂e goes in as well, so that the softmax
//! is one of powers of two. Likewise the output is Σ P·x·B + c with B = Wv·Wo and, since the rows of
//! P sum to 1, c = bo + Σ bv·Wo. Products are summed in f64 and rounded once.
//!
//! It must never depend on the input.

use std::f64::consts::LOG2_E;

use crate::weights::BlockWeights;
use crate::{HIDDEN, WIDTH};

/// What a head multiplies by.
pub(super) struct Head {
    /// A: from a token to what its scores are, a column for each number of the other token.
    pub(super) score: Vec<f32>,
    /// a: what is added to it.
    pub(super) score_bias: [f32; WIDTH],
    /// B: from the weighted mean of the tokens to the output.
    pub(super) output: Vec<f32>,
}

/// Scale and shift of a layer norm.
pub(super) struct Norm {
    pub(super) gamma: [f32; WIDTH],
    pub(super) beta: [f32; WIDTH],
}

/// A block with its matrices folded.
pub(super) struct Folded {
    pub(super) heads: Vec<Head>,
    pub(super) attention_bias: [f32; WIDTH],
    pub(super) norm_1: Norm,
    pub(super) feed_1: Vec<f32>,
    pub(super) feed_1_bias: [f32; HIDDEN],
    pub(super) feed_2: Vec<f32>,
    pub(super) feed_2_bias: [f32; WIDTH],
    pub(super) norm_2: Norm,
}

/// Folds the matrices of a block.
pub(super) fn block(weights: &BlockWeights<'_>) -> Folded {
    let count = weights.query[0].len() / (WIDTH * WIDTH);
    Folded {
        heads: (0..count)
            .map(|index| head(weights, index, count))
            .collect(),
        attention_bias: attention_bias(weights),
        norm_1: norm(weights.norm_1),
        feed_1: weights.feed_1[0].to_vec(),
        feed_1_bias: copied(weights.feed_1[1]),
        feed_2: weights.feed_2[0].to_vec(),
        feed_2_bias: copied(weights.feed_2[1]),
        norm_2: norm(weights.norm_2),
    }
}

fn head(weights: &BlockWeights<'_>, index: usize, count: usize) -> Head {
    let scale = LOG2_E / (WIDTH as f64).sqrt();
    let query = slice_of_head(weights.query[0], index, count);
    let key = transposed(&slice_of_head(weights.key[0], index, count));
    let value = slice_of_head(weights.value[0], index, count);
    let output = square(&weights.output[0][index * WIDTH * WIDTH..]);
    let mut score_bias = [[0.0; WIDTH]];
    let bias = [widened(&weights.query[1][index * WIDTH..])];
    multiply(&bias, &key, &mut score_bias);
    Head {
        score: rounded(&product(&query, &key), scale),
        score_bias: score_bias[0].map(|sum| single(sum * scale)),
        output: rounded(&product(&value, &output), 1.0),
    }
}

type Matrix = Vec<[f64; WIDTH]>;

/// The columns of one head out of an array of (96, heads, 96).
fn slice_of_head(array: &[f32], index: usize, count: usize) -> Matrix {
    let rows = array.chunks_exact(count * WIDTH);
    rows.map(|row| widened(&row[index * WIDTH..])).collect()
}

fn square(array: &[f32]) -> Matrix {
    array.chunks_exact(WIDTH).take(WIDTH).map(widened).collect()
}

fn widened(row: &[f32]) -> [f64; WIDTH] {
    std::array::from_fn(|index| f64::from(row[index]))
}

fn copied<const LENGTH: usize>(values: &[f32]) -> [f32; LENGTH] {
    std::array::from_fn(|index| values[index])
}

fn transposed(matrix: &Matrix) -> Matrix {
    let column = |index: usize| std::array::from_fn(|row| matrix[row][index]);
    (0..WIDTH).map(column).collect()
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    let mut out = vec![[0.0; WIDTH]; WIDTH];
    multiply(left, right, &mut out);
    out
}

/// Adds `left · right` to `out`, eight columns at a time, which stay in registers.
fn multiply(left: &[[f64; WIDTH]], right: &Matrix, out: &mut [[f64; WIDTH]]) {
    const COLUMNS: usize = 8;
    for (factors, sums) in left.iter().zip(out) {
        for from in (0..WIDTH).step_by(COLUMNS) {
            let mut kept = [0.0; COLUMNS];
            for (factor, row) in factors.iter().zip(right) {
                for (sum, value) in kept.iter_mut().zip(&row[from..from + COLUMNS]) {
                    *sum += factor * value;
                }
            }
            for (sum, value) in sums[from..].iter_mut().zip(kept) {
                *sum += value;
            }
        }
    }
}

fn attention_bias(weights: &BlockWeights<'_>) -> [f32; WIDTH] {
    let [kernel, bias] = weights.output;
    let mut sums = widened(bias);
    for (&factor, row) in weights.value[1].iter().zip(kernel.chunks_exact(WIDTH)) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += f64::from(factor) * f64::from(value);
        }
    }
    sums.map(single)
}

fn norm([gamma, beta]: [&[f32]; 2]) -> Norm {
    Norm {
        gamma: copied(gamma),
        beta: copied(beta),
    }
}

fn rounded(matrix: &Matrix, scale: f64) -> Vec<f32> {
    matrix
        .iter()
        .flatten()
        .map(|value| single(value * scale))
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "weights are kept as f32")]
fn single(value: f64) -> f32 {
    value as f32
}
