//! The smallest archive: deflated files, with their sizes in the headers.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// An archive of files by name.
///
/// # Panics
/// Panics on files of 4 GB and more and on names of 64 KB.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let (common, packed) = packed(name, content);
        let offset = length(&out);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, disk 0, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset);
        directory.extend(name.as_bytes());
    }
    let start = length(&out);
    let count = u16::try_from(files.len()).expect("few files").to_le_bytes();
    out.extend(&directory);
    out.extend([b"PK\x05\x06".as_slice(), &[0; 4], &count, &count].concat());
    out.extend(length(&directory));
    out.extend(start);
    out.extend([0, 0]);
    out
}

/// What the header before a file and the directory at the end share, and the deflated file: version, flags (the
/// name is UTF-8), deflate, time, date, checksum, sizes, length of the name, no extra field.
fn packed(name: &str, content: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("a vector");
    let packed = encoder.finish().expect("a vector");
    let mut crc = Crc::new();
    crc.update(content);
    let mut common = Vec::new();
    for half in [20_u16, 0x0800, 8, 0, 0x21] {
        common.extend(half.to_le_bytes());
    }
    common.extend(crc.sum().to_le_bytes());
    common.extend(length(&packed));
    common.extend(length(content));
    let name = u16::try_from(name.len()).expect("a short name");
    common.extend(name.to_le_bytes());
    common.extend([0, 0]);
    (common, packed)
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len())
        .expect("a small file")
        .to_le_bytes()
}
