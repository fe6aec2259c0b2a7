//! The transformer against the plain formula in `f64`, with weights made up here.

use std::num::NonZeroUsize;

use model::tensor::Tensor;
use pat::encoder::{Encoder, Stages, WeekError, Workspace};
use pat::kernel::Instructions;
use pat::week::WEEK_MIN;
use pat::weights::{WeightsError, layout};
use pat::{HIDDEN, Projection, Size, WIDTH};

/// Numbers between -1 and 1 that follow from the seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(self.0 >> 48).unwrap()) / 32_768.0 - 1.0
    }

    fn take(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.next() * scale).collect()
    }
}

/// Weights of about the spread that training starts from.
fn weights(size: Size, projection: Projection) -> Vec<Tensor> {
    let mut numbers = Numbers(7);
    let tensor = |array: pat::weights::Expected| {
        let scale = if array.name.ends_with("kernel:0") {
            0.15
        } else {
            0.3
        };
        let mut values = numbers.take(array.count(), scale);
        if array.name.ends_with("gamma:0") {
            for value in &mut values {
                *value += 1.0;
            }
        }
        Tensor::new(array.name, array.shape, values).unwrap()
    };
    layout(size, projection).into_iter().map(tensor).collect()
}

fn weeks(count: usize) -> Vec<f32> {
    Numbers(11).take(count * WEEK_MIN, 1.7)
}

fn workspace(threads: usize) -> Workspace {
    Workspace::new(NonZeroUsize::new(threads).unwrap())
}

/// The plain formula in `f64`, for some of the patches after the first block.
struct Oracle<'a>(&'a [Tensor]);

impl Oracle<'_> {
    fn array(&self, end: &str) -> Vec<f64> {
        let tensor = self
            .0
            .iter()
            .find(|tensor| tensor.name().ends_with(end))
            .unwrap();
        tensor
            .values()
            .iter()
            .map(|&value| f64::from(value))
            .collect()
    }

    /// Queries, keys or values of a head for every token.
    fn projected(
        &self,
        part: &str,
        tokens: &[Vec<f64>],
        head: usize,
        heads: usize,
    ) -> Vec<Vec<f64>> {
        let kernel = self.array(&format!("layer_1_attention/{part}/kernel:0"));
        let bias = self.array(&format!("layer_1_attention/{part}/bias:0"));
        let number = |token: &[f64], at: usize| {
            let product = |index: usize| token[index] * kernel[(index * heads + head) * WIDTH + at];
            (0..WIDTH).map(product).sum::<f64>() + bias[head * WIDTH + at]
        };
        let row = |token: &Vec<f64>| (0..WIDTH).map(|at| number(token, at)).collect();
        tokens.iter().map(row).collect()
    }

    fn norm(&self, which: &str, token: &[f64]) -> Vec<f64> {
        let gamma = self.array(&format!("layer_1_{which}/gamma:0"));
        let beta = self.array(&format!("layer_1_{which}/beta:0"));
        let mean = token.iter().sum::<f64>() / WIDTH as f64;
        let squares = token
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>();
        let deviation = (squares / WIDTH as f64 + 1e-6).sqrt();
        let scaled = |at: usize| (token[at] - mean) / deviation * gamma[at] + beta[at];
        (0..WIDTH).map(scaled).collect()
    }

    fn dense(&self, which: &str, input: &[f64], width: usize) -> Vec<f64> {
        let kernel = self.array(&format!("layer_1_{which}/kernel:0"));
        let bias = self.array(&format!("layer_1_{which}/bias:0"));
        let product = |at: usize, index: usize| input[index] * kernel[index * width + at];
        let number = |at: usize| {
            (0..input.len())
                .map(|index| product(at, index))
                .sum::<f64>()
                + bias[at]
        };
        (0..width).map(number).collect()
    }

    /// The first block: what it makes of the wanted patches, and the attention that each receives.
    fn block(
        &self,
        size: Size,
        tokens: &[Vec<f64>],
        wanted: &[usize],
    ) -> (Vec<Vec<f64>>, Vec<f64>) {
        let heads = size.heads();
        let output = self.array("layer_1_attention/attention_output/kernel:0");
        let output_bias = self.array("layer_1_attention/attention_output/bias:0");
        let mut attended = vec![output_bias; wanted.len()];
        let mut received = vec![0.0; tokens.len()];
        for head in 0..heads {
            let [queries, keys, values] =
                ["query", "key", "value"].map(|part| self.projected(part, tokens, head, heads));
            for (at, query) in queries.iter().enumerate() {
                let shares = softmax(query, &keys);
                for (sum, share) in received.iter_mut().zip(&shares) {
                    *sum += share / (heads * tokens.len()) as f64;
                }
                let Some(place) = wanted.iter().position(|&patch| patch == at) else {
                    continue;
                };
                for index in 0..WIDTH {
                    let context: f64 = shares.iter().zip(&values).map(|(p, v)| p * v[index]).sum();
                    for (sum, weight) in attended[place]
                        .iter_mut()
                        .zip(&output[(head * WIDTH + index) * WIDTH..])
                    {
                        *sum += context * weight;
                    }
                }
            }
        }
        let rows = wanted.iter().zip(attended).map(|(&patch, attended)| {
            let first = self.norm("norm1", &sum(&tokens[patch], &attended));
            let hidden: Vec<f64> = self
                .dense("ff1", &first, HIDDEN)
                .iter()
                .map(|value| value.max(0.0))
                .collect();
            self.norm("norm2", &sum(&first, &self.dense("ff2", &hidden, WIDTH)))
        });
        (rows.collect(), received)
    }
}

fn sum(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter()
        .zip(other)
        .map(|(one, other)| one + other)
        .collect()
}

fn softmax(query: &[f64], keys: &[Vec<f64>]) -> Vec<f64> {
    let score = |key: &Vec<f64>| {
        let product: f64 = query.iter().zip(key).map(|(query, key)| query * key).sum();
        (product / (WIDTH as f64).sqrt()).exp()
    };
    let powers: Vec<f64> = keys.iter().map(score).collect();
    let total: f64 = powers.iter().sum();
    powers.iter().map(|power| power / total).collect()
}

fn largest_difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs
        .map(|(&found, expected)| (f64::from(found) - expected).abs())
        .fold(0.0, f64::max)
}

fn stages(size: Size, projection: Projection) -> (Vec<Tensor>, Stages) {
    let tensors = weights(size, projection);
    let encoder = Encoder::from_tensors(&tensors).unwrap();
    assert_eq!((encoder.size(), encoder.projection()), (size, projection));
    let stages = encoder.stages(&weeks(1), &mut workspace(2)).unwrap();
    (tensors, stages)
}

#[test]
fn a_block_is_the_plain_formula() {
    let (tensors, stages) = stages(Size::Small, Projection::Linear);
    let tokens: Vec<Vec<f64>> = stages
        .positioned
        .chunks_exact(WIDTH)
        .map(|token| token.iter().map(|&value| f64::from(value)).collect())
        .collect();
    let wanted = [0, 1, 47, 48, 300, 559];
    let (rows, received) = Oracle(&tensors).block(Size::Small, &tokens, &wanted);
    for (patch, row) in wanted.into_iter().zip(rows) {
        let off = largest_difference(&stages.blocks[0][patch * WIDTH..][..WIDTH], &row);
        assert!(off < 2e-5, "patch {patch} is off by {off}");
    }
    let off = largest_difference(&stages.embedding.attention[0], &received);
    assert!(off < 1e-7, "the attention profile is off by {off}");
}

#[test]
fn patches_are_projected_and_placed() {
    let (tensors, stages) = stages(Size::Large, Projection::Linear);
    let week = weeks(1);
    let (kernel, bias) = (tensors[0].values(), tensors[1].values());
    for patch in [0, 17, 1119] {
        let expected: Vec<f64> = (0..WIDTH)
            .map(|at| {
                let product = |minute: usize| {
                    f64::from(week[patch * 9 + minute]) * f64::from(kernel[minute * WIDTH + at])
                };
                f64::from(bias[at]) + (0..9).map(product).sum::<f64>()
            })
            .collect();
        assert!(largest_difference(&stages.patches[patch * WIDTH..][..WIDTH], &expected) < 1e-6);
        let placed: Vec<f64> = (0..WIDTH)
            .map(|at| {
                let rate = (-2.0 * (at % 48) as f64 * 10_000_f64.ln() / 96.0).exp() * patch as f64;
                let wave = if at < 48 { rate.sin() } else { rate.cos() };
                f64::from(stages.patches[patch * WIDTH + at]) + wave
            })
            .collect();
        assert!(largest_difference(&stages.positioned[patch * WIDTH..][..WIDTH], &placed) < 2e-4);
    }
}

#[test]
fn a_convolution_is_averaged_within_its_patch() {
    let (tensors, stages) = stages(Size::Medium, Projection::Convolution);
    let week = weeks(1);
    let (kernel, bias) = (tensors[0].values(), tensors[1].values());
    let value = |minute: usize, tap: usize| {
        let at = (minute + tap).checked_sub(1).and_then(|at| week.get(at));
        at.map_or(0.0, |&value| f64::from(value))
    };
    for patch in [0, 5, 559] {
        let expected: Vec<f64> = (0..WIDTH)
            .map(|at| {
                let minute = |minute: usize| {
                    let sum: f64 = (0..3)
                        .map(|tap| value(minute, tap) * f64::from(kernel[tap * WIDTH + at]))
                        .sum();
                    (sum + f64::from(bias[at])).max(0.0)
                };
                (patch * 18..(patch + 1) * 18).map(minute).sum::<f64>() / 18.0
            })
            .collect();
        assert!(largest_difference(&stages.patches[patch * WIDTH..][..WIDTH], &expected) < 2e-6);
    }
}

#[test]
fn neither_batch_nor_threads_change_a_bit() {
    let weeks = weeks(5);
    for size in Size::ALL {
        let encoder = Encoder::from_tensors(&weights(size, Projection::Linear)).unwrap();
        let count = if size == Size::Large { 2 } else { 5 };
        let weeks = &weeks[..count * WEEK_MIN];
        let together = encoder.embed(weeks, &mut workspace(2)).unwrap();
        let mut alone = workspace(1);
        for (week, expected) in weeks.chunks_exact(WEEK_MIN).zip(&together) {
            assert_eq!(
                &encoder.embed(week, &mut alone).unwrap()[0],
                expected,
                "{size}"
            );
        }
        assert_eq!(
            encoder.embed(weeks, &mut workspace(3)).unwrap(),
            together,
            "{size}"
        );
    }
}

#[test]
fn instruction_sets_agree() {
    let tensors = weights(Size::Small, Projection::Linear);
    let week = weeks(1);
    let all = Instructions::supported().into_iter().map(|instructions| {
        let encoder = Encoder::from_tensors(&tensors)
            .unwrap()
            .with_instructions(instructions);
        encoder.embed(&week, &mut workspace(1)).unwrap().remove(0)
    });
    let all: Vec<_> = all.collect();
    for other in &all[1..] {
        let pairs = all[0].mean.iter().zip(other.mean);
        assert!(pairs.clone().all(|(one, other)| (one - other).abs() < 1e-5));
    }
}

#[test]
fn a_workspace_serves_any_size() {
    let mut shared = workspace(2);
    let week = weeks(1);
    for size in [Size::Small, Size::Large, Size::Small, Size::Medium] {
        let encoder = Encoder::from_tensors(&weights(size, Projection::Linear)).unwrap();
        let expected = encoder.embed(&week, &mut workspace(1)).unwrap();
        assert_eq!(encoder.embed(&week, &mut shared).unwrap(), expected);
    }
}

#[test]
fn odd_weeks_are_refused() {
    let encoder = Encoder::from_tensors(&weights(Size::Small, Projection::Linear)).unwrap();
    let mut space = workspace(1);
    let mut two = weeks(2);
    let refusal = encoder.embed(&two[1..], &mut space).unwrap_err();
    assert_eq!(
        refusal,
        WeekError::Length {
            values: 2 * WEEK_MIN - 1
        }
    );
    assert_eq!(encoder.embed(&[], &mut space), Ok(vec![]));
    two[WEEK_MIN + 3] = f32::NAN;
    let refusal = encoder.embed(&two, &mut space).unwrap_err();
    assert_eq!(refusal, WeekError::NotFinite { week: 1, minute: 3 });
    two[WEEK_MIN + 3] = f32::MAX;
    assert_eq!(
        encoder.embed(&two, &mut space),
        Err(WeekError::Overflow { week: 1 })
    );
}

/// Weights of the small encoder after one change, and what is said about them.
fn refusal(change: impl FnOnce(&mut Vec<Tensor>)) -> WeightsError {
    let mut tensors = weights(Size::Small, Projection::Linear);
    change(&mut tensors);
    Encoder::from_tensors(&tensors).unwrap_err()
}

#[test]
fn the_first_array_that_does_not_fit_is_named() {
    let name = "encoder_layer_1_transformer/encoder_layer_1_ff1/bias:0";
    let place = |tensors: &[Tensor]| {
        tensors
            .iter()
            .position(|tensor| tensor.name() == name)
            .unwrap()
    };
    let owned = || name.to_owned();

    let missing = refusal(|tensors| drop(tensors.remove(place(tensors))));
    assert_eq!(missing, WeightsError::Missing { name: owned() });
    let shape = refusal(|tensors| {
        let at = place(tensors);
        tensors[at] = Tensor::new(owned(), vec![16, 16], vec![0.0; 256]).unwrap();
    });
    assert_eq!(
        shape,
        WeightsError::Shape {
            name: owned(),
            expected: vec![256],
            found: vec![16, 16]
        }
    );
    let value = refusal(|tensors| {
        let at = place(tensors);
        let mut values = vec![0.0; 256];
        values[9] = f32::INFINITY;
        tensors[at] = Tensor::new(owned(), vec![256], values).unwrap();
    });
    assert_eq!(
        value,
        WeightsError::NotFinite {
            name: owned(),
            index: 9
        }
    );
    let twice = refusal(|tensors| tensors.push(tensors[place(tensors)].clone()));
    assert_eq!(twice, WeightsError::Repeated { name: owned() });
    let extra =
        refusal(|tensors| tensors.push(Tensor::new("head".to_owned(), vec![], vec![1.0]).unwrap()));
    assert_eq!(
        extra,
        WeightsError::Unexpected {
            name: "head".to_owned()
        }
    );
    assert_eq!(
        extra.to_string(),
        "weights hold head, which is no part of the encoder"
    );
    let nothing = refusal(Vec::clear);
    assert_eq!(nothing.to_string(), "weights lack dense/dense/kernel:0");
}

#[test]
fn a_block_too_few_or_too_many_is_named() {
    let medium = weights(Size::Medium, Projection::Linear);
    let first_block: Vec<Tensor> = medium[..18].to_vec();
    let name = "encoder_layer_2_transformer/encoder_layer_2_attention/query/kernel:0".to_owned();
    assert_eq!(
        Encoder::from_tensors(&first_block).unwrap_err(),
        WeightsError::Missing { name: name.clone() }
    );
    let mut third = medium.clone();
    third.extend(medium[18..].iter().map(|tensor| {
        let name = tensor.name().replace("layer_2", "layer_3");
        Tensor::new(name, tensor.shape().to_vec(), tensor.values().to_vec()).unwrap()
    }));
    let name = name.replace("layer_2", "layer_3");
    assert_eq!(
        Encoder::from_tensors(&third).unwrap_err(),
        WeightsError::Unexpected { name }
    );
}
