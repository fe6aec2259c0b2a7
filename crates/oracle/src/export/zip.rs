//! The smallest archive: one deflated file, with its sizes in the header.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

pub(super) fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("a vector");
    let packed = encoder.finish().expect("a vector");
    let mut crc = Crc::new();
    crc.update(content);
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len())
            .expect("a small export")
            .to_le_bytes()
    };
    // Shared by the header before the file and the directory at the end: version, flags (the name is
    // UTF-8), deflate, time, date, checksum, sizes, length of the name, no extra field.
    let mut common = Vec::new();
    for half in [20_u16, 0x0800, 8, 0, 0x21] {
        common.extend(half.to_le_bytes());
    }
    common.extend(crc.sum().to_le_bytes());
    common.extend(length(&packed));
    common.extend(length(content));
    common.extend(
        u16::try_from(name.len())
            .expect("a short name")
            .to_le_bytes(),
    );
    common.extend([0, 0]);

    let mut out = b"PK\x03\x04".to_vec();
    out.extend(&common);
    out.extend(name.as_bytes());
    out.extend(&packed);
    let mut directory = b"PK\x01\x02\x14\x00".to_vec();
    directory.extend(&common);
    // No comment, disk 0, no attributes, and the file begins at 0.
    directory.extend([0; 14]);
    directory.extend(name.as_bytes());
    let end = [b"PK\x05\x06".as_slice(), &[0; 4], &[1, 0, 1, 0]].concat();
    let start = length(&out);
    out.extend(&directory);
    out.extend(end);
    out.extend(length(&directory));
    out.extend(start);
    out.extend([0, 0]);
    out
}
