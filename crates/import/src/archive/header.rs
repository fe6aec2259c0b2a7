//! The local header before each entry.

use super::window::Window;
use super::{ArchiveError, NAME_BYTES_MAX};

const HEADER_BYTES: usize = 30;

/// What an archive says of an entry's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
}

/// A local header.
pub(super) struct Header {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) declared: Declared,
    pub(super) wide: bool,
    pub(super) name: String,
    pub(super) name_cut: bool,
}

impl Header {
    /// Reads a local header, whose signature is already known to be there.
    pub(super) fn read(window: &mut Window<'_>) -> Result<Option<Self>, ArchiveError> {
        let Some(fixed) = window.peek(HEADER_BYTES)? else {
            return Ok(None);
        };
        let field = |at| u16_at(fixed, at).unwrap_or_default();
        let (flags, method) = (field(6), field(8));
        let (name_len, extra_len) = (usize::from(field(26)), usize::from(field(28)));
        let size = |at| u32_at(fixed, at).unwrap_or_default();
        let (crc, packed, unpacked) = (size(14), size(18), size(22));
        // Both lengths have 16 bits, so the whole header fits into the window.
        let Some(whole) = window.peek(HEADER_BYTES + name_len + extra_len)? else {
            return Ok(None);
        };
        let name = whole
            .get(HEADER_BYTES..HEADER_BYTES + name_len.min(NAME_BYTES_MAX))
            .unwrap_or_default();
        let extra = whole.get(HEADER_BYTES + name_len..).unwrap_or_default();
        let (declared, wide) = widen(crc, packed, unpacked, extra);
        let header = Self {
            flags,
            method,
            declared,
            wide,
            name: String::from_utf8_lossy(name).into_owned(),
            name_cut: name_len > NAME_BYTES_MAX,
        };
        window.consume(HEADER_BYTES + name_len + extra_len);
        Ok(Some(header))
    }
}

/// Takes sizes from the ZIP64 field where the header says that they are there.
fn widen(crc: u32, packed: u32, unpacked: u32, extra: &[u8]) -> (Declared, bool) {
    let mut declared = Declared {
        crc,
        packed: u64::from(packed),
        unpacked: u64::from(unpacked),
    };
    let mut rest = extra;
    while let (Some(tag), Some(len)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let field = rest.get(4..4 + usize::from(len)).unwrap_or_default();
        if tag == 1 {
            let mut at = 0;
            if unpacked == u32::MAX {
                declared.unpacked = u64_at(field, at).unwrap_or(declared.unpacked);
                at += 8;
            }
            if packed == u32::MAX {
                declared.packed = u64_at(field, at).unwrap_or(declared.packed);
            }
            return (declared, true);
        }
        rest = rest.get(4 + usize::from(len)..).unwrap_or_default();
    }
    (declared, false)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|b| u16::from_le_bytes(*b))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|b| u32::from_le_bytes(*b))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|b| u64::from_le_bytes(*b))
}
