//! Writes values as JSON text, for answers and files that are too large to build as values.

/// Writes a value as JSON.
pub(crate) fn write<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("a Vec takes every byte, and the value is plain JSON");
}

/// The word that a value is in JSON, without quotes; empty for what is no text.
pub(crate) fn word<T: serde::Serialize + ?Sized>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
