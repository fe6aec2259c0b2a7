//! The smallest archive: deflated files, with their sizes in the headers.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// An archive of files by name.
///
/// # Panics
/// Panics on files of 4 GB and more and on names of 64 KB.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (name, content) in files {
        writer.file(name, content).expect("a vector");
    }
    writer.finish().expect("a vector")
}

/// Writes an archive file by file, with a directory of the small kind: at most 65,535 files and 4 GB.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    bytes: u64,
    count: u16,
    directory: Vec<u8>,
}

impl<W: std::io::Write> Writer<W> {
    /// An empty archive.
    pub const fn new(out: W) -> Self {
        Self {
            out,
            bytes: 0,
            count: 0,
            directory: Vec::new(),
        }
    }

    /// Adds a file.
    ///
    /// # Panics
    /// Panics on files of 4 GB and more and on names of 64 KB.
    pub fn file(&mut self, name: &str, content: &[u8]) -> std::io::Result<()> {
        let (common, packed) = packed(name, content);
        let offset = u32::try_from(self.bytes).expect("a small archive");
        for part in [b"PK\x03\x04", common.as_slice(), name.as_bytes(), &packed] {
            self.out.write_all(part)?;
            self.bytes += part.len() as u64;
        }
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(&common);
        // No comment, disk 0, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count = self.count.checked_add(1).expect("few files");
        Ok(())
    }

    /// Writes the directory.
    ///
    /// # Panics
    /// Panics on archives of 4 GB and more.
    pub fn finish(mut self) -> std::io::Result<W> {
        let start = u32::try_from(self.bytes).expect("a small archive");
        self.out.write_all(&self.directory)?;
        let count = self.count.to_le_bytes();
        let end = [b"PK\x05\x06".as_slice(), &[0; 4], &count, &count].concat();
        self.out.write_all(&end)?;
        self.out.write_all(&length(&self.directory))?;
        self.out.write_all(&start.to_le_bytes())?;
        self.out.write_all(&[0, 0])?;
        Ok(self.out)
    }
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
