//! A transformer block for the tokens of one panel.
//!
//! It must never let a token's result depend on which panel, thread or batch it is computed in.

use crate::fold::{Folded, Head, Norm};
use crate::kernel::{Instructions, Left, Onto, PANEL, Row};
use crate::workspace::Scratch;
use crate::{HIDDEN, WIDTH};

/// Keys whose scores are turned into powers and summed at a time: the scores of a panel (21 KB) stay
/// in the nearest cache between the two, and short sums keep rounding small. Divides 560 and 1120.
const KEYS: usize = 112;
/// Added to the variance of a layer norm.
const EPSILON: f32 = 1e-6;

/// The tokens of a week as a block reads them, and the panel of them to compute.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a> {
    pub(super) tokens: &'a [f32],
    /// The first token of the panel.
    pub(super) first: usize,
}

/// Where the results of a panel go.
pub(super) struct Results<'a> {
    /// A row of 96 for each token of the panel.
    pub(super) tokens: &'a mut [f32],
    /// For every token of the week, how much attention the panel pays it, summed over heads.
    pub(super) received: &'a mut [f32],
}

impl Folded {
    /// Computes the block for one panel.
    pub(super) fn panel(
        &self,
        instructions: Instructions,
        panel: Panel<'_>,
        scratch: &mut Scratch,
        results: &mut Results<'_>,
    ) {
        let count = results.tokens.len() / WIDTH;
        let own = &panel.tokens[panel.first * WIDTH..][..count * WIDTH];
        into_rows(own, &mut scratch.inputs);
        let residual = scratch.inputs.iter().zip(&self.attention_bias);
        for (sum, (row, &bias)) in scratch.sums.iter_mut().zip(residual) {
            *sum = Row(row.0.map(|value| value + bias));
        }
        results.received.fill(0.0);
        for head in &self.heads {
            attend(
                head,
                instructions,
                panel.tokens,
                count,
                scratch,
                results.received,
            );
        }
        normalise(&mut scratch.sums, &self.norm_1);
        self.feed_forward(instructions, count, scratch);
        normalise(&mut scratch.sums, &self.norm_2);
        into_tokens(&scratch.sums, results.tokens);
    }

    /// Adds the feed-forward network of the sums to them.
    fn feed_forward(&self, instructions: Instructions, count: usize, scratch: &mut Scratch) {
        let Scratch { sums, hidden, .. } = scratch;
        fill(hidden, &self.feed_1_bias);
        let first = Left::Columns(&self.feed_1, HIDDEN);
        instructions.multiply(hidden, first, sums, count, Onto::Sum);
        for row in hidden.iter_mut() {
            row.0 = row.0.map(|value| value.max(0.0));
        }
        for (row, &bias) in sums.iter_mut().zip(&self.feed_2_bias) {
            row.0 = row.0.map(|value| value + bias);
        }
        let second = Left::Columns(&self.feed_2, WIDTH);
        instructions.multiply(sums, second, hidden, count, Onto::Sum);
    }
}

/// Adds one head's share to the sums, and its attention to what each token received.
fn attend(
    head: &Head,
    instructions: Instructions,
    tokens: &[f32],
    count: usize,
    scratch: &mut Scratch,
    received: &mut [f32],
) {
    let Scratch {
        inputs,
        query,
        scores,
        context,
        sums,
        ..
    } = scratch;
    fill(query, &head.score_bias);
    let score = Left::Columns(&head.score, WIDTH);
    instructions.multiply(query, score, inputs, count, Onto::Sum);

    let mut largest = Row::of(f32::NEG_INFINITY);
    for (keys, scores) in tokens
        .chunks_exact(KEYS * WIDTH)
        .zip(scores.chunks_exact_mut(KEYS))
    {
        instructions.multiply(scores, Left::Rows(keys), query, count, Onto::Nothing);
        instructions.maximum(scores, &mut largest, count);
    }

    let mut totals = Row::of(0.0);
    context.fill(Row::of(0.0));
    for (keys, scores) in tokens
        .chunks_exact(KEYS * WIDTH)
        .zip(scores.chunks_exact_mut(KEYS))
    {
        instructions.powers(scores, &largest, &mut totals, count);
        instructions.multiply(
            context,
            Left::Columns(keys, WIDTH),
            scores,
            count,
            Onto::Sum,
        );
    }

    let shares = Row(totals.0.map(|total| 1.0 / total));
    for row in context.iter_mut() {
        for (value, share) in row.0.iter_mut().zip(shares.0) {
            *value *= share;
        }
    }
    let output = Left::Columns(&head.output, WIDTH);
    instructions.multiply(sums, output, context, count, Onto::Sum);
    instructions.across(scores, &shares, received, count);
}

/// Turns tokens, each a row of 96, into 96 rows with a token per lane; spare lanes become 0.
fn into_rows(tokens: &[f32], rows: &mut [Row]) {
    let count = tokens.len() / WIDTH;
    for (index, row) in rows.iter_mut().enumerate() {
        for (token, lane) in row.0.iter_mut().enumerate() {
            *lane = if token < count {
                tokens[token * WIDTH + index]
            } else {
                0.0
            };
        }
    }
}

fn into_tokens(rows: &[Row], tokens: &mut [f32]) {
    for (token, values) in tokens.chunks_exact_mut(WIDTH).enumerate() {
        for (value, row) in values.iter_mut().zip(rows) {
            *value = row.0[token];
        }
    }
}

fn fill(rows: &mut [Row], values: &[f32]) {
    for (row, &value) in rows.iter_mut().zip(values) {
        *row = Row::of(value);
    }
}

/// Layer norm of every token: mean 0 and variance 1 over its 96 numbers, then scale and shift.
fn normalise(rows: &mut [Row], norm: &Norm) {
    let mut means = [0.0; PANEL];
    for row in &*rows {
        add(&mut means, &row.0);
    }
    let means = means.map(|sum| sum / WIDTH as f32);
    let mut squares = [0.0; PANEL];
    for row in &mut *rows {
        for ((value, mean), sum) in row.0.iter_mut().zip(&means).zip(&mut squares) {
            *value -= mean;
            *sum += *value * *value;
        }
    }
    let factors = squares.map(|sum| 1.0 / (sum / WIDTH as f32 + EPSILON).sqrt());
    for ((row, &gamma), &beta) in rows.iter_mut().zip(&norm.gamma).zip(&norm.beta) {
        for (value, factor) in row.0.iter_mut().zip(&factors) {
            *value = *value * factor * gamma + beta;
        }
    }
}

fn add(sums: &mut [f32; PANEL], values: &[f32; PANEL]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
