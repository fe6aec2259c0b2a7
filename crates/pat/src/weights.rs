//! Which arrays an encoder is made of, and the check that a file holds exactly those.
//!
//! It must never fill in, rename, reshape or skip an array: the first that does not fit is named.
//! Names are those of the published files (Keras 2 `save_weights`) without the leading slash.

use std::collections::HashMap;

use model::tensor::Tensor;

use crate::{CONVOLUTION_TAPS, HIDDEN, Projection, Size, WIDTH};

/// An array that an encoder needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its name in the published files.
    pub name: String,
    /// The length of each dimension, slowest first.
    pub shape: Vec<usize>,
}

impl Expected {
    fn new(name: String, shape: &[usize]) -> Self {
        let shape = shape.to_vec();
        Self { name, shape }
    }

    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Why arrays are not the weights of an encoder: the first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeightsError {
    /// An array that the encoder needs is not there.
    Missing {
        /// The array.
        name: String,
    },
    /// Two arrays have one name.
    Repeated {
        /// The name.
        name: String,
    },
    /// An array has another shape than the encoder needs.
    Shape {
        /// The array.
        name: String,
        /// What the encoder needs.
        expected: Vec<usize>,
        /// What was given.
        found: Vec<usize>,
    },
    /// An array is no part of the encoder.
    Unexpected {
        /// The array.
        name: String,
    },
    /// A weight is infinite or not a number.
    NotFinite {
        /// The array.
        name: String,
        /// Where in it, counted in the order of the file from 0.
        index: usize,
    },
}

impl std::fmt::Display for WeightsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { name } => write!(formatter, "weights lack {name}"),
            Self::Repeated { name } => write!(formatter, "weights hold {name} twice"),
            Self::Shape {
                name,
                expected,
                found,
            } => write!(
                formatter,
                "weights {name} have shape {found:?}, the encoder needs {expected:?}"
            ),
            Self::Unexpected { name } => {
                write!(
                    formatter,
                    "weights hold {name}, which is no part of the encoder"
                )
            }
            Self::NotFinite { name, index } => {
                write!(
                    formatter,
                    "weights {name} hold no finite number at index {index}"
                )
            }
        }
    }
}

impl std::error::Error for WeightsError {}

/// The arrays of an encoder, in the order in which they are checked.
pub fn layout(size: Size, projection: Projection) -> Vec<Expected> {
    let mut arrays = Vec::from(projection_layout(size, projection));
    for number in 1..=size.blocks() {
        arrays.extend(block_layout(size, number));
    }
    arrays
}

fn projection_layout(size: Size, projection: Projection) -> [Expected; 2] {
    let (layer, kernel) = match projection {
        Projection::Linear => ("dense", vec![size.patch_minutes(), WIDTH]),
        Projection::Convolution => ("conv1d", vec![CONVOLUTION_TAPS, 1, WIDTH]),
    };
    [
        Expected::new(format!("{layer}/{layer}/kernel:0"), &kernel),
        Expected::new(format!("{layer}/{layer}/bias:0"), &[WIDTH]),
    ]
}

/// Attention, two norms and the feed-forward network of block `number`, counted from 1.
fn block_layout(size: Size, number: usize) -> Vec<Expected> {
    let heads = size.heads();
    let layer = format!("encoder_layer_{number}");
    let root = format!("{layer}_transformer/{layer}");
    let array = |end: &str, shape: &[usize]| Expected::new(format!("{root}_{end}"), shape);
    let mut arrays = Vec::with_capacity(16);
    for part in ["query", "key", "value"] {
        arrays.push(array(
            &format!("attention/{part}/kernel:0"),
            &[WIDTH, heads, WIDTH],
        ));
        arrays.push(array(&format!("attention/{part}/bias:0"), &[heads, WIDTH]));
    }
    arrays.push(array(
        "attention/attention_output/kernel:0",
        &[heads, WIDTH, WIDTH],
    ));
    arrays.push(array("attention/attention_output/bias:0", &[WIDTH]));
    arrays.push(array("norm1/gamma:0", &[WIDTH]));
    arrays.push(array("norm1/beta:0", &[WIDTH]));
    arrays.push(array("ff1/kernel:0", &[WIDTH, HIDDEN]));
    arrays.push(array("ff1/bias:0", &[HIDDEN]));
    arrays.push(array("ff2/kernel:0", &[HIDDEN, WIDTH]));
    arrays.push(array("ff2/bias:0", &[WIDTH]));
    arrays.push(array("norm2/gamma:0", &[WIDTH]));
    arrays.push(array("norm2/beta:0", &[WIDTH]));
    arrays
}

/// The patch projection as the file has it.
pub(super) struct ProjectionWeights<'a> {
    pub(super) kind: Projection,
    pub(super) kernel: &'a [f32],
    pub(super) bias: &'a [f32],
}

/// The arrays of a block as the file has them.
pub(super) struct BlockWeights<'a> {
    pub(super) query: [&'a [f32]; 2],
    pub(super) key: [&'a [f32]; 2],
    pub(super) value: [&'a [f32]; 2],
    pub(super) output: [&'a [f32]; 2],
    pub(super) norm_1: [&'a [f32]; 2],
    pub(super) feed_1: [&'a [f32]; 2],
    pub(super) feed_2: [&'a [f32]; 2],
    pub(super) norm_2: [&'a [f32]; 2],
}

/// Arrays that were checked, one by one, to be an encoder.
pub(super) struct Weights<'a> {
    pub(super) size: Size,
    pub(super) projection: ProjectionWeights<'a>,
    pub(super) blocks: Vec<BlockWeights<'a>>,
}

/// Finds the size of the encoder and checks every array against it.
pub(super) fn checked(tensors: &[Tensor]) -> Result<Weights<'_>, WeightsError> {
    let named = by_name(tensors)?;
    let (size, projection) = kind(&named)?;
    let expected = layout(size, projection);
    let arrays: Vec<&[f32]> = expected
        .iter()
        .map(|expected| find(&named, expected))
        .collect::<Result<_, _>>()?;
    if let Some(extra) = tensors
        .iter()
        .find(|tensor| !expected.iter().any(|array| array.name == tensor.name()))
    {
        let name = extra.name().to_owned();
        return Err(WeightsError::Unexpected { name });
    }
    let (first, rest) = arrays.split_at(2);
    Ok(Weights {
        size,
        projection: ProjectionWeights {
            kind: projection,
            kernel: first[0],
            bias: first[1],
        },
        blocks: rest.chunks_exact(16).map(block).collect(),
    })
}

/// Names the arrays of a block, which come in the order of its layout.
fn block<'a>(arrays: &[&'a [f32]]) -> BlockWeights<'a> {
    let pair = |index: usize| [arrays[index], arrays[index + 1]];
    BlockWeights {
        query: pair(0),
        key: pair(2),
        value: pair(4),
        output: pair(6),
        norm_1: pair(8),
        feed_1: pair(10),
        feed_2: pair(12),
        norm_2: pair(14),
    }
}

fn by_name(tensors: &[Tensor]) -> Result<HashMap<&str, &Tensor>, WeightsError> {
    let mut named = HashMap::with_capacity(tensors.len());
    for tensor in tensors {
        if named.insert(tensor.name(), tensor).is_some() {
            let name = tensor.name().to_owned();
            return Err(WeightsError::Repeated { name });
        }
    }
    Ok(named)
}

/// Tells the size from the shapes that differ between sizes; what does not fit comes out later.
fn kind(named: &HashMap<&str, &Tensor>) -> Result<(Size, Projection), WeightsError> {
    let query = "encoder_layer_1_transformer/encoder_layer_1_attention/query/kernel:0";
    let shape = |name: &str| {
        let missing = || WeightsError::Missing {
            name: name.to_owned(),
        };
        named
            .get(name)
            .map(|tensor| tensor.shape())
            .ok_or_else(missing)
    };
    let projection = if named.contains_key("conv1d/conv1d/kernel:0") {
        Projection::Convolution
    } else {
        Projection::Linear
    };
    let large = match projection {
        Projection::Linear => {
            shape("dense/dense/kernel:0")?.first() == Some(&Size::Large.patch_minutes())
        }
        // The kernel of a convolution has one shape for all sizes.
        Projection::Convolution => named
            .keys()
            .any(|name| name.starts_with("encoder_layer_4_")),
    };
    let small = shape(query)?.get(1) == Some(&Size::Small.heads());
    let size = match (large, small) {
        (true, _) => Size::Large,
        (false, true) => Size::Small,
        (false, false) => Size::Medium,
    };
    Ok((size, projection))
}

fn find<'a>(
    named: &HashMap<&str, &'a Tensor>,
    expected: &Expected,
) -> Result<&'a [f32], WeightsError> {
    let name = || expected.name.clone();
    let tensor = named
        .get(expected.name.as_str())
        .ok_or_else(|| WeightsError::Missing { name: name() })?;
    if tensor.shape() != expected.shape {
        return Err(WeightsError::Shape {
            name: name(),
            expected: expected.shape.clone(),
            found: tensor.shape().to_vec(),
        });
    }
    match tensor.values().iter().position(|value| !value.is_finite()) {
        Some(index) => Err(WeightsError::NotFinite {
            name: name(),
            index,
        }),
        None => Ok(tensor.values()),
    }
}
