//! Writes values as JSON text, for answers and files that are too large to build as values.

/// Writes a value as JSON.
pub(crate) fn write<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("a Vec takes every byte, and the value is plain JSON");
}
