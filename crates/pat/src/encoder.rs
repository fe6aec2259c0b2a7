//! The encoder of the Pretrained Actigraphy Transformer.
//!
//! **What it measures.** Nothing by itself: it places a week of movement in a space of 96 numbers in
//! which similar weeks are close. What a place means, a head trained on labelled weeks has to say.
//!
//! **Inputs and units.** Weeks of 10,080 one-minute values from a local midnight, scaled to about
//! mean 0 and deviation 1; and weights of the published layout.
//!
//! **Method.** A week is cut into P patches of p minutes; a linear map (or a convolution, rectified
//! and averaged within the patch) takes each to 96 numbers, to which a fixed table of sines and
//! cosines is added. L blocks follow: attention of H heads, each 96 wide, with softmax(QKᵀ/√96)·V;
//! add; layer norm (ε = 1e-6); a network 96 → 256 → 96 with a rectifier; add; layer norm. The
//! embedding is the mean over patches. The attention profile of a block is, for each patch, the
//! attention that it receives, summed over queries, averaged over heads and normalised to sum to 1,
//! as the authors' explainability notebook computes it. All in `f32`.
//!
//! **Missing epochs.** There are none: whoever scales the week decides what stands for them. A value
//! that is not finite is refused.
//!
//! **Validity.** Outputs agree with `TensorFlow` 2.15 within 2e-5 when the table of positions is the
//! same. On one set of instructions they are the same bit by bit whatever the batch, the number of
//! threads and the order of weeks; between sets they differ by rounding.
//!
//! **Versions.** PAT-S, PAT-M and PAT-L and their convolutional variants.
//!
//! **References.** Ruan FY, Zhang A, Oh JY, Jin S, Jacobson NC (2024). AI foundation models for
//! wearable movement data in mental health research. arXiv:2411.15240. Vaswani A et al (2017).
//! Attention is all you need. arXiv:1706.03762.
//!
//! It must never answer from a week it was not given whole.

use model::tensor::Tensor;

use crate::block::{Panel, Results};
use crate::fold::{self, Folded};
use crate::kernel::{Instructions, PANEL};
use crate::week::WEEK_MIN;
use crate::weights::{self, ProjectionWeights, WeightsError};
use crate::workspace::{Scratch, State, share};
use crate::{CONVOLUTION_TAPS, Projection, Size, WIDTH, positions};

pub use crate::workspace::Workspace;

/// An encoder, ready to embed weeks.
pub struct Encoder {
    size: Size,
    projection: Projection,
    kernel: Vec<f32>,
    bias: Vec<f32>,
    positions: Vec<f32>,
    blocks: Vec<Folded>,
    instructions: Instructions,
}

/// What an encoder says about a week.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// The mean over all patches.
    pub mean: [f32; WIDTH],
    /// For each block, the share of attention that each patch receives.
    pub attention: Vec<Vec<f32>>,
}

/// Every intermediate result for a week, a row of 96 for each patch, for comparison with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    /// The patches after the projection.
    pub patches: Vec<f32>,
    /// The same with their positions added.
    pub positioned: Vec<f32>,
    /// What comes out of each block; the last is the output of the encoder.
    pub blocks: Vec<Vec<f32>>,
    /// What [`Encoder::embed`] answers.
    pub embedding: Embedding,
}

/// Why weeks cannot be embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeekError {
    /// The values are not whole weeks of 10,080 minutes.
    Length {
        /// How many values there are.
        values: usize,
    },
    /// A value is infinite or not a number.
    NotFinite {
        /// The week, counted from 0.
        week: usize,
        /// Its minute, counted from 0.
        minute: usize,
    },
    /// Values are so large that the arithmetic overflows.
    Overflow {
        /// The week, counted from 0.
        week: usize,
    },
}

impl std::fmt::Display for WeekError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length { values } => write!(
                formatter,
                "{values} values are not whole weeks of {WEEK_MIN} minutes"
            ),
            Self::NotFinite { week, minute } => {
                write!(
                    formatter,
                    "week {week} has no finite value at minute {minute}"
                )
            }
            Self::Overflow { week } => {
                write!(
                    formatter,
                    "week {week} has values too large to embed: scale it first"
                )
            }
        }
    }
}

impl std::error::Error for WeekError {}

impl Encoder {
    /// Builds an encoder from the arrays of a weights file; the size follows from their shapes.
    pub fn from_tensors(tensors: &[Tensor]) -> Result<Self, WeightsError> {
        let weights = weights::checked(tensors)?;
        let ProjectionWeights { kind, kernel, bias } = weights.projection;
        Ok(Self {
            size: weights.size,
            projection: kind,
            kernel: kernel.to_vec(),
            bias: bias.to_vec(),
            positions: positions::table(weights.size.patches()),
            blocks: weights.blocks.iter().map(fold::block).collect(),
            instructions: Instructions::fastest(),
        })
    }

    /// The size that the shapes of the weights told.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// How patches are projected.
    pub const fn projection(&self) -> Projection {
        self.projection
    }

    /// The instructions in use.
    pub const fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// Uses other instructions than the fastest, to compare them.
    #[must_use]
    pub fn with_instructions(mut self, instructions: Instructions) -> Self {
        self.instructions = instructions;
        self
    }

    /// Uses a recorded table of positions, to compare the rest; `None` unless it has the right length.
    #[must_use]
    pub fn with_positions(mut self, table: Vec<f32>) -> Option<Self> {
        (table.len() == self.positions.len()).then(|| {
            self.positions = table;
            self
        })
    }

    /// Embeds weeks of 10,080 values, one after the other.
    ///
    /// Each thread of the workspace takes whole weeks; the weeks left over when their number is no
    /// multiple of the threads are shared between all. With one thread, and once the workspace has
    /// grown, memory is taken for the answer only.
    pub fn embed(
        &self,
        weeks: &[f32],
        workspace: &mut Workspace,
    ) -> Result<Vec<Embedding>, WeekError> {
        let count = checked_weeks(weeks)?;
        workspace.fit(self.size);
        let mut out: Vec<Embedding> = (0..count).map(|_| Embedding::empty(self.size)).collect();
        let alone = count - count % workspace.threads();
        let (weeks_alone, weeks_shared) = weeks.split_at(alone * WEEK_MIN);
        let (out_alone, out_shared) = out.split_at_mut(alone);

        let Workspace { states, scratches } = workspace;
        if alone > 0 {
            share(
                weeks_alone.chunks_exact(WEEK_MIN).zip(out_alone),
                states.iter_mut().zip(scratches.iter_mut()),
                |(week, out), (state, scratch)| {
                    self.week(week, state, std::slice::from_mut(scratch), out, |_| ());
                },
            );
        }
        for (week, out) in weeks_shared.chunks_exact(WEEK_MIN).zip(out_shared) {
            self.week(week, &mut states[0], scratches, out, |_| ());
        }
        match out.iter().position(|out| !out.is_finite()) {
            Some(week) => Err(WeekError::Overflow { week }),
            None => Ok(out),
        }
    }

    /// Embeds one week and keeps every intermediate result.
    pub fn stages(&self, week: &[f32], workspace: &mut Workspace) -> Result<Stages, WeekError> {
        if checked_weeks(week)? != 1 {
            return Err(WeekError::Length { values: week.len() });
        }
        workspace.fit(self.size);
        let Workspace { states, scratches } = workspace;
        let mut embedding = Embedding::empty(self.size);
        let mut seen = Vec::new();
        self.week(week, &mut states[0], scratches, &mut embedding, |tokens| {
            seen.push(tokens.to_vec());
        });
        if !embedding.is_finite() {
            return Err(WeekError::Overflow { week: 0 });
        }
        let blocks = seen.split_off(2);
        let positioned = seen.split_off(1).remove(0);
        let patches = seen.remove(0);
        Ok(Stages {
            patches,
            positioned,
            blocks,
            embedding,
        })
    }

    /// Takes one week through all stages, with one thread for each scratch.
    fn week(
        &self,
        week: &[f32],
        state: &mut State,
        scratches: &mut [Scratch],
        out: &mut Embedding,
        mut see: impl FnMut(&[f32]),
    ) {
        match self.projection {
            Projection::Linear => self.project(week, &mut state.tokens),
            Projection::Convolution => self.convolve(week, &mut state.tokens),
        }
        see(&state.tokens);
        for (value, position) in state.tokens.iter_mut().zip(&self.positions) {
            *value += position;
        }
        see(&state.tokens);
        for (block, attention) in self.blocks.iter().zip(&mut out.attention) {
            self.block(block, state, scratches);
            profile(&state.received, attention);
            std::mem::swap(&mut state.tokens, &mut state.next);
            see(&state.tokens);
        }
        out.mean = mean(&state.tokens);
    }

    fn block(&self, block: &Folded, state: &mut State, scratches: &mut [Scratch]) {
        let State {
            tokens,
            next,
            received,
        } = state;
        let tokens: &[f32] = tokens;
        let panels = next
            .chunks_mut(PANEL * WIDTH)
            .zip(received.chunks_exact_mut(self.size.patches()));
        share(
            panels.enumerate(),
            scratches.iter_mut(),
            |(index, (next, received)), scratch| {
                let panel = Panel {
                    tokens,
                    first: index * PANEL,
                };
                let mut results = Results {
                    tokens: next,
                    received,
                };
                block.panel(self.instructions, panel, scratch, &mut results);
            },
        );
    }

    /// A matrix over the minutes of each patch.
    fn project(&self, week: &[f32], tokens: &mut [f32]) {
        let patches = week.chunks_exact(self.size.patch_minutes());
        for (minutes, token) in patches.zip(tokens.chunks_exact_mut(WIDTH)) {
            token.copy_from_slice(&self.bias);
            for (&minute, row) in minutes.iter().zip(self.kernel.chunks_exact(WIDTH)) {
                add_scaled(token, row, minute);
            }
        }
    }

    /// A convolution over the minutes (0 before the first and after the last), rectified, and its
    /// mean over each patch.
    fn convolve(&self, week: &[f32], tokens: &mut [f32]) {
        let minutes = self.size.patch_minutes();
        let mut row = [0.0; WIDTH];
        for (patch, token) in tokens.chunks_exact_mut(WIDTH).enumerate() {
            token.fill(0.0);
            for minute in patch * minutes..(patch + 1) * minutes {
                row.copy_from_slice(&self.bias);
                for tap in 0..CONVOLUTION_TAPS {
                    let Some(&value) = (minute + tap).checked_sub(1).and_then(|at| week.get(at))
                    else {
                        continue;
                    };
                    add_scaled(&mut row, &self.kernel[tap * WIDTH..][..WIDTH], value);
                }
                for (sum, value) in token.iter_mut().zip(row) {
                    *sum += value.max(0.0);
                }
            }
            for sum in token {
                *sum /= minutes as f32;
            }
        }
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            size,
            projection,
            instructions,
            ..
        } = self;
        write!(
            formatter,
            "Encoder {size} {projection:?} on {}",
            instructions.name()
        )
    }
}

impl Embedding {
    fn empty(size: Size) -> Self {
        let attention = vec![vec![0.0; size.patches()]; size.blocks()];
        Self {
            mean: [0.0; WIDTH],
            attention,
        }
    }

    fn is_finite(&self) -> bool {
        self.mean.iter().all(|value| value.is_finite())
    }
}

/// How many weeks these values are.
fn checked_weeks(weeks: &[f32]) -> Result<usize, WeekError> {
    if !weeks.len().is_multiple_of(WEEK_MIN) {
        let values = weeks.len();
        return Err(WeekError::Length { values });
    }
    match weeks.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let (week, minute) = (at / WEEK_MIN, at % WEEK_MIN);
            Err(WeekError::NotFinite { week, minute })
        }
        None => Ok(weeks.len() / WEEK_MIN),
    }
}

fn add_scaled(sums: &mut [f32], values: &[f32], factor: f32) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

/// Adds up what the panels paid each patch, in their order, and makes it sum to 1.
fn profile(received: &[f32], shares: &mut [f32]) {
    shares.fill(0.0);
    for panel in received.chunks_exact(shares.len()) {
        add_scaled(shares, panel, 1.0);
    }
    let total: f64 = shares.iter().map(|&share| f64::from(share)).sum();
    for share in shares {
        *share = single(f64::from(*share) / total);
    }
}

fn mean(tokens: &[f32]) -> [f32; WIDTH] {
    let mut sums = [0.0; WIDTH];
    for token in tokens.chunks_exact(WIDTH) {
        for (sum, &value) in sums.iter_mut().zip(token) {
            *sum += f64::from(value);
        }
    }
    let patches = (tokens.len() / WIDTH) as f64;
    sums.map(|sum| single(sum / patches))
}

#[expect(clippy::cast_possible_truncation, reason = "results are f32")]
fn single(value: f64) -> f32 {
    value as f32
}
