//! The stored form of day documents and minutes: compressed JSON.

use analysis::daily::document::DayDocument;

/// Compression of day documents: more costs time on every change and saves little.
const PACK_LEVEL: i32 = 6;
/// A day document is some ten kilobytes; one that claims more than this is damaged.
const UNPACKED_MAX: usize = 8 << 20;

/// The stored form of a day's document.
pub(crate) fn pack(document: &DayDocument) -> Vec<u8> {
    packed(&document.to_bytes())
}

/// Compresses a document.
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, PACK_LEVEL)
        .expect("compressing to memory has nothing that can fail")
}

/// The JSON text of a stored document; `None` when it is damaged.
pub(crate) fn unpack(stored: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::decompress(stored, UNPACKED_MAX).ok()
}
