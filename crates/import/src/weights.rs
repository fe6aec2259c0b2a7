//! Files of trained weights: bytes in, named arrays out, under the names of the published encoders.
//!
//! Four layouts hold the same network: what Keras 2 writes with `save_weights` (the published files),
//! a whole model of Keras 2, the `.weights.h5` of Keras 3, and safetensors. Whatever the layout, an
//! array comes out under its path in the published files (`dense/dense/kernel:0`,
//! `encoder_layer_1_transformer/encoder_layer_1_norm1/gamma:0`), sorted by that name.
//!
//! A reader here must never guess: what it does not know is refused with the place and the reason.
//! It must never allocate more than the file has bytes, and never follow a link out of the file.
//! Whether the arrays make a network is for the builder of the network to say.

mod hdf5;
mod names;
mod safetensors;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiny;

use model::tensor::Tensor;

pub use safetensors::write as to_safetensors;

/// The largest file that is read; the largest published encoder has 8 MB, a whole model three times that.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// The most arrays in one file; the largest published encoder has 66, an optimiser two more for each.
pub const ARRAYS_MAX: usize = 1024;
/// The most dimensions of an array; kernels of attention have three.
pub(crate) const DIMENSIONS_MAX: usize = 8;

/// Which of the known ways of writing weights a file follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// HDF5 by `save_weights` of Keras 2: one group per layer. The published files are of this kind.
    Keras2Weights,
    /// HDF5 by `save` of Keras 2: the same under `/model_weights`, beside the optimiser.
    Keras2Model,
    /// HDF5 by `save_weights` of Keras 3: layers numbered by class, arrays numbered within a layer.
    Keras3Weights,
    /// Safetensors, with the names of the published files.
    Safetensors,
}

impl Layout {
    /// The layout in words, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keras2Weights => "Keras 2 weights (HDF5)",
            Self::Keras2Model => "Keras 2 model (HDF5)",
            Self::Keras3Weights => "Keras 3 weights (HDF5)",
            Self::Safetensors => "safetensors",
        }
    }
}

/// What a file of weights holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// How the file was written.
    pub layout: Layout,
    /// Its arrays, sorted by name.
    pub tensors: Vec<Tensor>,
}

/// Why a file was not read as weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// More bytes than any encoder has.
    #[error("the file has {bytes} bytes; weights of up to {FILE_BYTES_MAX} bytes are read")]
    TooLarge {
        /// Size of the file.
        bytes: usize,
    },
    /// It begins like no file of weights.
    #[error(
        "the file is neither HDF5 nor safetensors; give the weights as they were published (PAT-*_weights.h5)"
    )]
    UnknownFormat,
    /// A structure of the file contradicts itself or the file ends within it.
    #[error("the file is damaged at byte {at}: {why}; fetch it again")]
    Damaged {
        /// Position of the structure.
        at: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Valid as far as can be told, but written in a way that is not read here.
    #[error(
        "byte {at} of the file: {what} not supported; save it again with Keras's save_weights or as safetensors"
    )]
    Unsupported {
        /// Position of the structure.
        at: u64,
        /// The feature, with its verb (`"compressed arrays are"`).
        what: &'static str,
    },
    /// One array or group cannot be taken.
    #[error("{path}: {why}")]
    Item {
        /// Its path in the file.
        path: String,
        /// Why not.
        why: String,
    },
    /// A limit of this reader.
    #[error("the file holds more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Structurally sound, and nothing in it.
    #[error("the file holds no arrays")]
    Empty,
}

impl WeightsError {
    pub(crate) fn item(path: &str, why: impl Into<String>) -> Self {
        Self::Item {
            path: path.to_owned(),
            why: why.into(),
        }
    }
}

/// Reads a file of weights.
pub fn read(bytes: &[u8]) -> Result<Weights, WeightsError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(WeightsError::TooLarge { bytes: bytes.len() });
    }
    let (layout, mut tensors) = if bytes.starts_with(&hdf5::SIGNATURE) {
        let arrays = hdf5::arrays(bytes)?;
        let (layout, named) = names::published(&arrays)?;
        let tensors = named
            .into_iter()
            .map(|(name, array)| {
                array
                    .values(bytes)
                    .and_then(|v| tensor(name, &array.shape, v))
            })
            .collect::<Result<Vec<_>, _>>()?;
        (layout, tensors)
    } else if bytes.get(8) == Some(&b'{') {
        (Layout::Safetensors, safetensors::read(bytes)?)
    } else {
        return Err(WeightsError::UnknownFormat);
    };
    if tensors.is_empty() {
        return Err(WeightsError::Empty);
    }
    tensors.sort_by(|left, right| left.name().cmp(right.name()));
    if let Some(name) = first_repeated(&tensors) {
        return Err(WeightsError::item(name, "the name is used twice"));
    }
    Ok(Weights { layout, tensors })
}

fn first_repeated(sorted: &[Tensor]) -> Option<&str> {
    let twice = sorted
        .array_windows()
        .find(|[left, right]| left.name() == right.name());
    twice.map(|[left, _]| left.name())
}

/// An array whose numbers are all numbers.
pub(crate) fn tensor(
    name: String,
    shape: &[usize],
    values: Vec<f32>,
) -> Result<Tensor, WeightsError> {
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        let why = format!("value {index} is not a finite number");
        return Err(WeightsError::item(&name, why));
    }
    let path = name.clone();
    Tensor::new(name, shape.to_vec(), values)
        .ok_or_else(|| WeightsError::item(&path, "the shape does not fit the values"))
}

/// Little-endian `f32`s.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

/// The bytes that an array of `f32` of this shape takes.
pub(crate) fn bytes_of(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(4_usize, |bytes, &length| bytes.checked_mul(length))
}
