//! The whole path from a file of weights to an embedding, against what `TensorFlow` 2.15 recorded.
//!
//! The oracle is `reference/pat`: random weights in the published layout, four weeks, and the result
//! of every stage. Tolerances are those of its README: 2e-5 with the recorded table of positions;
//! 3e-4 and 1e-5 root mean square with our own, as the recorded table carries the rounding of
//! `f32` arguments of sine and cosine.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use pat::Size;
use pat::encoder::{Embedding, Encoder, Stages, Workspace};
use pat::head::network::Network;
use pat::head::sigmoid;
use pat::week::WEEK_MIN;

const GIVEN_TABLE_MAX: f64 = 2e-5;
const OWN_TABLE_MAX: f64 = 3e-4;
const OWN_TABLE_RMS: f64 = 1e-5;

/// A folder of the references.
struct Reference {
    folder: PathBuf,
    size: Size,
    weights: &'static str,
}

impl Reference {
    /// Every size, or nothing where the references are not at hand.
    fn all() -> Vec<Self> {
        let Some(root) = oracle::data::beside("pat") else {
            return Vec::new();
        };
        let files = [
            (Size::Small, "PAT-S_random_seed11_weights.h5"),
            (Size::Medium, "PAT-M_random_seed12_weights.h5"),
            (Size::Large, "PAT-L_random_seed13_weights.h5"),
        ];
        files
            .into_iter()
            .map(|(size, weights)| Self {
                folder: root.join(size.name()),
                size,
                weights,
            })
            .collect()
    }

    fn array(&self, name: &str) -> Vec<f32> {
        let bytes = std::fs::read(self.folder.join(name)).expect(name);
        import::npy::read(&bytes).expect(name).values.into_f32()
    }

    fn weeks(&self) -> Vec<f32> {
        self.array("../inputs.npy")
    }

    fn encoder(&self) -> Encoder {
        let bytes = std::fs::read(self.folder.join(self.weights)).expect(self.weights);
        let weights = import::weights::read(&bytes).expect(self.weights);
        let encoder = Encoder::from_tensors(&weights.tensors).expect(self.weights);
        assert_eq!(encoder.size(), self.size);
        encoder
    }
}

fn workspace(threads: usize) -> Workspace {
    Workspace::new(NonZeroUsize::new(threads).expect("at least one"))
}

/// The largest difference and the root of the mean square of all.
fn differences(found: &[f32], expected: &[f32]) -> (f64, f64) {
    assert_eq!(found.len(), expected.len());
    let mut largest = 0.0_f64;
    let mut squares = 0.0_f64;
    for (found, expected) in found.iter().zip(expected) {
        let difference = (f64::from(*found) - f64::from(*expected)).abs();
        assert!(difference.is_finite());
        largest = largest.max(difference);
        squares += difference * difference;
    }
    (largest, (squares / found.len() as f64).sqrt())
}

/// The part of an array that belongs to one of `count` inputs.
fn part(array: &[f32], index: usize, count: usize) -> &[f32] {
    let length = array.len() / count;
    &array[index * length..(index + 1) * length]
}

/// What to do with a stage: its name, what was found, what is expected.
type Check<'a> = &'a mut dyn FnMut(&str, &[f32], &[f32]);

/// Every stage of every input.
fn compare(reference: &Reference, encoder: &Encoder, check: Check<'_>) -> Vec<Stages> {
    let weeks = reference.weeks();
    let count = weeks.len() / WEEK_MIN;
    let output = reference.array("encoder_output.npy");
    let pooled = reference.array("pooled_mean.npy");
    let profile = reference.array("attention_profile.npy");
    let mut space = workspace(1);
    let mut all = Vec::new();
    for (index, week) in weeks.chunks_exact(WEEK_MIN).enumerate() {
        let stages = encoder.stages(week, &mut space).expect("a whole week");
        let last = stages.blocks.last().expect("a block");
        check("encoder output", last, part(&output, index, count));
        check(
            "pooled mean",
            &stages.embedding.mean,
            part(&pooled, index, count),
        );
        let attention = stages.embedding.attention.concat();
        check(
            "attention profile",
            &attention,
            part(&profile, index, count),
        );
        all.push(stages);
    }
    check(
        "patch embedding",
        &all[0].patches,
        &reference.array("input0_patch_embedding.npy"),
    );
    let positions: Vec<f32> = all[3]
        .positioned
        .iter()
        .zip(&all[3].patches)
        .map(|(a, b)| a - b)
        .collect();
    check(
        "positions",
        &positions,
        &reference.array("positional_embeddings.npy"),
    );
    if reference.size == Size::Medium {
        let blocks = reference.array("input0_block_outputs_except_last.npy");
        check("first block", &all[0].blocks[0], &blocks);
    }
    all
}

#[test]
fn every_stage_agrees_with_the_recorded_table_of_positions() {
    for reference in Reference::all() {
        let table = reference.array("positional_embeddings.npy");
        let encoder = reference
            .encoder()
            .with_positions(table)
            .expect("a row for each patch");
        let mut most = 0.0_f64;
        compare(&reference, &encoder, &mut |what, found, expected| {
            let (largest, _) = differences(found, expected);
            most = most.max(largest);
            assert!(
                largest <= GIVEN_TABLE_MAX,
                "{} {what}: {largest:e}",
                reference.size
            );
        });
        let (size, set) = (reference.size, encoder.instructions().name());
        eprintln!("{size}, {set}, recorded table: at most {most:.1e}");
    }
}

#[test]
fn every_stage_agrees_with_our_own_table_of_positions() {
    for reference in Reference::all() {
        let mut most = (0.0_f64, 0.0_f64);
        compare(
            &reference,
            &reference.encoder(),
            &mut |what, found, expected| {
                let (largest, rms) = differences(found, expected);
                most = (most.0.max(largest), most.1.max(rms));
                assert!(
                    largest <= OWN_TABLE_MAX,
                    "{} {what}: {largest:e}",
                    reference.size
                );
                assert!(
                    rms <= OWN_TABLE_RMS,
                    "{} {what}: {rms:e} rms",
                    reference.size
                );
            },
        );
        let (size, (largest, rms)) = (reference.size, most);
        eprintln!("{size}, own table: at most {largest:.1e}, {rms:.1e} root mean square");
    }
}

#[test]
fn batches_and_threads_change_no_bit() {
    for reference in Reference::all() {
        let encoder = reference.encoder();
        let weeks = reference.weeks();
        let batch = 32;
        let weeks: Vec<f32> = weeks
            .iter()
            .copied()
            .cycle()
            .take(batch * WEEK_MIN)
            .collect();
        let one_by_one: Vec<Embedding> = weeks
            .chunks_exact(WEEK_MIN)
            .take(4)
            .flat_map(|week| encoder.embed(week, &mut workspace(1)).expect("a week"))
            .collect();
        let expected: Vec<&Embedding> = one_by_one.iter().cycle().take(batch).collect();
        for (count, threads) in [(3, 1), (3, 2), (batch, 1), (batch, 2)] {
            let some = &weeks[..count * WEEK_MIN];
            let found = encoder
                .embed(some, &mut workspace(threads))
                .expect("whole weeks");
            let found: Vec<&Embedding> = found.iter().collect();
            assert!(
                found == expected[..count],
                "{} {count} weeks, {threads} threads",
                reference.size
            );
        }
    }
}

/// Mean of the patches, 128 rectified units, sigmoid: the probabilities that the head of the
/// references gives.
#[test]
fn the_head_agrees() {
    for reference in Reference::all() {
        let wide = |name: &str| -> Vec<f64> {
            let values = reference.array(&format!("head_{name}.npy"));
            values.into_iter().map(f64::from).collect()
        };
        // The reference holds a column for each unit, the network a row.
        let kernel = wide("dense_128_kernel");
        let hidden: Vec<f64> = (0..kernel.len())
            .map(|place| kernel[place % 96 * 128 + place / 96])
            .collect();
        let output = wide("output_kernel");
        let bias = wide("output_bias")[0];
        let head = Network::from_parts(&hidden, &wide("dense_128_bias"), &output, bias);
        let head = head.expect("96 features and 128 units");
        let recorded = std::fs::read(reference.folder.join("reference.json")).expect("beside");
        let recorded: serde_json::Value = serde_json::from_slice(&recorded).expect("JSON");
        let found = reference
            .encoder()
            .embed(&reference.weeks(), &mut workspace(2))
            .expect("whole weeks");
        let expected = recorded["head_probabilities"].as_array().expect("a list");
        assert_eq!(found.len(), expected.len());
        for (embedding, expected) in found.iter().zip(expected) {
            let features: Vec<f64> = embedding.mean.iter().map(|&v| f64::from(v)).collect();
            let difference = sigmoid(head.log_odds(&features)) - expected.as_f64().expect("one");
            assert!(
                difference.abs() <= GIVEN_TABLE_MAX,
                "{}: {difference:e}",
                reference.size
            );
        }
    }
}

/// Two arrays of one shape with each other's name cannot be told apart; all other swaps can.
#[test]
fn arrays_that_make_no_encoder_are_refused_by_name() {
    let Some(reference) = Reference::all().into_iter().nth(1) else {
        return;
    };
    let bytes = std::fs::read(reference.folder.join(reference.weights)).expect("weights");
    let tensors = import::weights::read(&bytes).expect("weights").tensors;
    let renamed = |from: &str, to: &str| {
        let swap = |name: &str| match name {
            name if name == from => to.to_owned(),
            name if name == to => from.to_owned(),
            name => name.to_owned(),
        };
        let swapped = tensors.iter().map(|tensor| {
            let (shape, values) = (tensor.shape().to_vec(), tensor.values().to_vec());
            model::tensor::Tensor::new(swap(tensor.name()), shape, values).expect("the same shape")
        });
        swapped.collect::<Vec<_>>()
    };
    let check = |tensors: &[model::tensor::Tensor], expect: &str| {
        let refused = Encoder::from_tensors(tensors)
            .expect_err("refused")
            .to_string();
        assert!(refused.contains(expect), "{refused}");
    };
    let block = "encoder_layer_2_transformer/encoder_layer_2";
    let query = format!("{block}_attention/query/kernel:0");
    let output = format!("{block}_attention/attention_output/kernel:0");
    check(&renamed(&query, &output), &query);
    check(&renamed(&query, "another/kernel:0"), &query);
    check(&tensors[1..], tensors[0].name());
    let extra = model::tensor::Tensor::new("dense_1/bias:0".to_owned(), vec![1], vec![0.0]);
    let mut more = tensors.clone();
    more.extend(extra);
    check(&more, "dense_1/bias:0");
    more.pop();
    more.push(tensors[5].clone());
    check(&more, tensors[5].name());
}
