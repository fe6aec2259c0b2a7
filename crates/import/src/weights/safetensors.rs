//! Safetensors: the length of a JSON header, the header, the numbers.
//!
//! The header gives each array's type, shape and place. The places must cover the numbers exactly,
//! without gap and without overlap, so that no byte has two meanings and none has none.

use std::collections::BTreeMap;

use model::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::weights::{ARRAYS_MAX, DIMENSIONS_MAX, WeightsError, bytes_of, floats, tensor};

/// The most bytes of a header: a thousand arrays with names of a kilobyte.
const HEADER_BYTES_MAX: usize = 1 << 20;
/// The member of the header that is no array.
const METADATA: &str = "__metadata__";

#[derive(Deserialize, Serialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    _metadata: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    entries: BTreeMap<String, Entry>,
}

/// Reads the arrays, in the order of their names.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Tensor>, WeightsError> {
    let damaged = |at, why| WeightsError::Damaged { at, why };
    let (length, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or(damaged(0, "the length of the header is missing"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > HEADER_BYTES_MAX {
        return Err(damaged(
            0,
            "the header is longer than any header of weights",
        ));
    }
    let (header, numbers) = rest
        .split_at_checked(length)
        .ok_or(damaged(0, "the file ends within the header"))?;
    let header: Header = serde_json::from_slice(header)
        .map_err(|_| damaged(8, "the header is not the JSON of safetensors"))?;
    if header.entries.len() > ARRAYS_MAX {
        return Err(WeightsError::TooMany {
            what: "arrays",
            limit: ARRAYS_MAX,
        });
    }
    check_places(&header.entries, numbers.len())?;
    header
        .entries
        .into_iter()
        .map(|(name, entry)| take(name, &entry, numbers))
        .collect()
}

fn check_places(entries: &BTreeMap<String, Entry>, bytes: usize) -> Result<(), WeightsError> {
    let mut places: Vec<_> = entries
        .iter()
        .map(|(name, entry)| (entry.data_offsets, name))
        .collect();
    places.sort_unstable();
    let mut covered = 0;
    for ((from, until), name) in places {
        if from != covered || until < from || until > bytes {
            let why = format!(
                "its numbers are said to be bytes {from} to {until}, but the array before ends at {covered} and the file at {bytes}"
            );
            return Err(WeightsError::item(name, why));
        }
        covered = until;
    }
    if covered != bytes {
        return Err(WeightsError::Damaged {
            at: u64::try_from(covered).unwrap_or(u64::MAX),
            why: "numbers that belong to no array",
        });
    }
    Ok(())
}

fn take(name: String, entry: &Entry, numbers: &[u8]) -> Result<Tensor, WeightsError> {
    if entry.dtype != "F32" {
        let why = format!("numbers of type {:?}; only F32 is read", entry.dtype);
        return Err(WeightsError::item(&name, why));
    }
    if entry.shape.len() > DIMENSIONS_MAX {
        return Err(WeightsError::item(
            &name,
            "more dimensions than any weight has",
        ));
    }
    let (from, until) = entry.data_offsets;
    let own = numbers
        .get(from..until)
        .filter(|own| bytes_of(&entry.shape) == Some(own.len()))
        .ok_or_else(|| {
            let why = format!(
                "shape {:?} does not fit the {} bytes of its numbers",
                entry.shape,
                until.saturating_sub(from)
            );
            WeightsError::item(&name, why)
        })?;
    tensor(name, &entry.shape, floats(own))
}

/// Writes arrays as safetensors, with words about them (`metadata`) in the header.
///
/// The same arrays and words give the same bytes.
pub fn write(tensors: &[Tensor], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    if !metadata.is_empty() {
        header.insert(METADATA.to_owned(), serde_json::json!(metadata));
    }
    let mut from = 0;
    for tensor in tensors {
        let until = from + 4 * tensor.values().len();
        let entry = Entry {
            dtype: "F32".to_owned(),
            shape: tensor.shape().to_vec(),
            data_offsets: (from, until),
        };
        header.insert(tensor.name().to_owned(), serde_json::json!(entry));
        from = until;
    }
    let mut header = serde_json::Value::Object(header).to_string();
    // Numbers begin at a multiple of eight, so that a reader may map the file.
    header.extend(std::iter::repeat_n(' ', (8 - header.len() % 8) % 8));
    let mut bytes = Vec::with_capacity(8 + header.len() + from);
    let length = u64::try_from(header.len()).expect("a header in memory has a length of 64 bits");
    bytes.extend(length.to_le_bytes());
    bytes.extend(header.into_bytes());
    for tensor in tensors {
        bytes.extend(tensor.values().iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}
