//! # An encoder that has learned nothing
//!
//! **What it measures.** Nothing: it is the baseline that a trained encoder has to beat. What a head
//! reads from random weights was in the recording, not in the training.
//!
//! **Inputs and units.** A size and a seed.
//!
//! **Method.** The starting point of training as Keras has it: kernels uniform within
//! ±√(6 / (fan in + fan out)), where the fans of a kernel of three dimensions count all but the last two
//! as its receptive field; biases and β 0; γ 1.
//!
//! **Missing epochs.** Not concerned.
//!
//! **Validity.** The same size and seed give the same weights on every machine.
//!
//! **Versions.** 1.
//!
//! **References.** Glorot X, Bengio Y 2010, AISTATS 9:249.

use model::tensor::Tensor;

use crate::weights::{Expected, layout};
use crate::{Projection, Size};
use analysis::maths::chance::Chance;

/// Arrays of an encoder with a linear projection, before any training.
pub fn weights(size: Size, seed: u64) -> Vec<Tensor> {
    let mut chance = Chance::new(seed);
    layout(size, Projection::Linear)
        .into_iter()
        .map(|array| {
            let values = begin(&array, &mut chance);
            Tensor::new(array.name, array.shape, values).expect("one value for each place")
        })
        .collect()
}

fn begin(array: &Expected, chance: &mut Chance) -> Vec<f32> {
    let count = array.count();
    if array.name.ends_with("gamma:0") {
        return vec![1.0; count];
    }
    let [field @ .., inward, outward] = array.shape.as_slice() else {
        return vec![0.0; count];
    };
    if !array.name.ends_with("kernel:0") {
        return vec![0.0; count];
    }
    let field: usize = field.iter().product();
    let limit = (6.0 / (field * (inward + outward)) as f64).sqrt();
    (0..count)
        .map(|_| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "weights are single precision"
            )]
            let value = (limit * (2.0 * chance.share() - 1.0)) as f32;
            value
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::Encoder;

    #[test]
    fn a_seed_makes_an_encoder() {
        let first = weights(Size::Small, 1);
        assert_eq!(first, weights(Size::Small, 1));
        assert_ne!(first, weights(Size::Small, 2));
        assert_eq!(
            Encoder::from_tensors(&first).expect("an encoder").size(),
            Size::Small
        );
        let kernel = &first[0];
        let limit = (6.0_f32 / (18.0 + 96.0)).sqrt();
        let largest = kernel
            .values()
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest <= limit && largest > 0.95 * limit, "{largest}");
    }
}
