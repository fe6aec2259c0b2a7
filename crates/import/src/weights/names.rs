//! From paths in a file to the names of the published files.
//!
//! *Keras 2* names a group after each layer. The layer that projects patches is called `dense`, or
//! `dense_7` when the notebook had built other layers before; the counter says nothing and is dropped.
//!
//! *Keras 3* numbers layers by class in the order of the model, so the place tells the part: under
//! `layers/functional` (the first block; `functional_1` the second) `multi_head_attention` is the
//! attention, `layer_normalization` and `layer_normalization_1` the first and second norm, `dense` and
//! `dense_1` the feed-forward layers; within a layer `vars/0` is kernel or gamma, `vars/1` bias or beta.
//!
//! *Convolutional variants*: nobody here has seen a published file. The layout assumed is the same with
//! the layer `conv1d` (kernel 3 × 1 × 96, bias 96) in the place of `dense`; pooling has no weights.

use crate::weights::hdf5::Array;
use crate::weights::{Layout, WeightsError};

/// The layers that may project patches.
const PROJECTIONS: [&str; 2] = ["dense", "conv1d"];
/// Groups of a whole model that are not the network: state of the optimiser.
const OPTIMISER: [&str; 2] = ["optimizer_weights", "optimizer"];
/// State of random dropout, which a saved network of Keras 3 carries and inference does not need.
const SEED: &str = "seed_generator";

/// Arrays under their published names.
pub(crate) type Named<'a> = Vec<(String, &'a Array)>;

/// Finds out who wrote the file and names its arrays as the published files do.
pub(crate) fn published(arrays: &[Array]) -> Result<(Layout, Named<'_>), WeightsError> {
    let layout = layout_of(arrays);
    let mut named = Vec::with_capacity(arrays.len());
    for array in arrays {
        let parts: Vec<&str> = array.path.split('/').collect();
        let name = match (layout, parts.as_slice()) {
            (Layout::Keras2Model | Layout::Keras3Weights, [first, ..])
                if OPTIMISER.contains(first) =>
            {
                continue;
            }
            (Layout::Keras2Model, ["model_weights", rest @ ..]) if !rest.is_empty() => {
                Some(keras2(rest))
            }
            (Layout::Keras3Weights, ["layers", rest @ ..]) => {
                if rest.contains(&SEED) {
                    continue;
                }
                keras3(rest)
            }
            (Layout::Keras2Weights, parts) => Some(keras2(parts)),
            _ => None,
        };
        let name = name.ok_or_else(|| {
            let why = format!("no array of an encoder, as far as {} go", layout.name());
            WeightsError::item(&array.path, why)
        })?;
        named.push((name, array));
    }
    Ok((layout, named))
}

fn layout_of(arrays: &[Array]) -> Layout {
    let under = |group: &str| {
        arrays
            .iter()
            .any(|array| array.path.split('/').next() == Some(group))
    };
    if under("model_weights") {
        Layout::Keras2Model
    } else if under("layers") {
        Layout::Keras3Weights
    } else {
        Layout::Keras2Weights
    }
}

fn keras2(parts: &[&str]) -> String {
    let [outer, inner, rest @ ..] = parts else {
        return parts.join("/");
    };
    match projection(outer) {
        Some(layer) if outer == inner => {
            let mut parts = vec![layer, layer];
            parts.extend(rest);
            parts.join("/")
        }
        _ => parts.join("/"),
    }
}

/// `dense_7` → `dense`.
fn projection(layer: &str) -> Option<&'static str> {
    PROJECTIONS
        .into_iter()
        .find(|known| number_after(layer, known).is_some())
}

/// The counter that Keras puts behind a class: 0 for `dense`, 7 for `dense_7`.
fn number_after(layer: &str, class: &str) -> Option<usize> {
    match layer.strip_prefix(class)? {
        "" => Some(0),
        rest => rest
            .strip_prefix('_')?
            .parse()
            .ok()
            .filter(|&number| number > 0),
    }
}

fn keras3(parts: &[&str]) -> Option<String> {
    if let [layer @ ("dense" | "conv1d"), "vars", variable] = *parts {
        let variable = pick(variable, ["kernel:0", "bias:0"])?;
        return Some(format!("{layer}/{layer}/{variable}"));
    }
    let [block, "layers", rest @ ..] = parts else {
        return None;
    };
    let number = number_after(block, "functional")?.checked_add(1)?;
    let part = match *rest {
        ["multi_head_attention", projection, "vars", variable] => {
            let projection = match projection {
                "query_dense" => "query",
                "key_dense" => "key",
                "value_dense" => "value",
                "output_dense" => "attention_output",
                _ => return None,
            };
            format!(
                "attention/{projection}/{}",
                pick(variable, ["kernel:0", "bias:0"])?
            )
        }
        [layer, "vars", variable] => {
            let (part, variables) = match layer {
                "layer_normalization" => ("norm1", ["gamma:0", "beta:0"]),
                "layer_normalization_1" => ("norm2", ["gamma:0", "beta:0"]),
                "dense" => ("ff1", ["kernel:0", "bias:0"]),
                "dense_1" => ("ff2", ["kernel:0", "bias:0"]),
                _ => return None,
            };
            format!("{part}/{}", pick(variable, variables)?)
        }
        _ => return None,
    };
    Some(format!(
        "encoder_layer_{number}_transformer/encoder_layer_{number}_{part}"
    ))
}

fn pick(variable: &str, names: [&'static str; 2]) -> Option<&'static str> {
    match variable {
        "0" => Some(names[0]),
        "1" => Some(names[1]),
        _ => None,
    }
}
