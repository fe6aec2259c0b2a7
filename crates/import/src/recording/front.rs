//! The front door of recordings: tells the format by the first bytes, unpacks gzip, calls the reader.
//!
//! A new format is one line in [`ALL`]. This module chooses and measures; it must never look at a value
//! of a recording.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::{Bomb, EPOCH_S_MAX, Error, UNPACKED_BYTES_MAX};
use super::options::Options;
use super::wide::{Endian, Wide};
use super::{
    Blocks, Content, agd, awd, bba, condor, cwa, daqtometer, declared, depresjon, geneactiv, gt3x,
    lines, motionwatch, nhanes, rpx, tempatilumi,
};

/// First bytes that every format may look at to tell whether a file is meant for it.
pub const HEAD_BYTES: usize = 4096;

/// Buffer before the unpacker.
const PACKED_BUFFER_BYTES: usize = 64 << 10;

/// A format of recordings.
#[derive(Debug)]
pub struct Format {
    /// The name that commands and requests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether the first [`HEAD_BYTES`] bytes (fewer in a short file, and without a byte order mark)
    /// look like it.
    pub(crate) is_meant: fn(&[u8]) -> bool,
    /// Reads a file from its first byte.
    pub(crate) read: Reader,
}

/// Reads a whole file; raw acceleration goes to the blocks, epochs come back.
pub(crate) type Reader = fn(&mut dyn Read, &Options<'_>, &mut Blocks<'_>) -> Result<Content, Error>;

/// Every format, in the order in which they are tried: those with a signature first.
pub const ALL: &[Format] = &[
    Format {
        name: gt3x::NAME,
        about: "ActiGraph GT3X: a zip archive of info.txt and log.bin, or of activity.bin as first models wrote",
        is_meant: gt3x::is_meant,
        read: |input, _, blocks| gt3x::read(input, blocks).map(Content::Raw),
    },
    Format {
        name: cwa::NAME,
        about: "Axivity CWA of AX3 and AX6: sectors of packed or plain samples",
        is_meant: cwa::is_meant,
        read: |input, _, blocks| cwa::read(input, blocks).map(Content::Raw),
    },
    Format {
        name: geneactiv::NAME,
        about: "GENEActiv .bin: pages of 300 samples in hexadecimal",
        is_meant: geneactiv::is_meant,
        read: |input, _, blocks| geneactiv::read(input, blocks).map(Content::Raw),
    },
    Format {
        name: agd::NAME,
        about: "ActiGraph AGD: epochs of ActiLife in an SQLite file",
        is_meant: agd::is_meant,
        read: |input, options, _| agd::read(input, options).map(Content::Epochs),
    },
    Format {
        name: rpx::NAME,
        about: "Respironics Actiware export: CSV with sections, in English, French or German",
        is_meant: rpx::is_meant,
        read: |input, options, _| rpx::read(input, options).map(Content::Epochs),
    },
    Format {
        name: condor::NAME,
        about: "Condor ActTrust and ActLumus report: lines of KEY : value, then a table with semicolons",
        is_meant: condor::is_meant,
        read: |input, options, _| condor::read(input, options).map(Content::Epochs),
    },
    Format {
        name: motionwatch::NAME,
        about: "MotionWatch 8 .mtn: XML with a series for each channel",
        is_meant: motionwatch::is_meant,
        read: |input, options, _| motionwatch::read(input, options).map(Content::Epochs),
    },
    Format {
        name: daqtometer::NAME,
        about: "Daqtometer CSV: Start, End and channels, then rows with times",
        is_meant: daqtometer::is_meant,
        read: |input, options, _| daqtometer::read(input, options).map(Content::Epochs),
    },
    Format {
        name: tempatilumi::NAME,
        about: "Tempatilumi text: a table under Data; Hora; …; Atividade",
        is_meant: tempatilumi::is_meant,
        read: |input, options, _| tempatilumi::read(input, options).map(Content::Epochs),
    },
    Format {
        name: bba::NAME,
        about: "biobankAccelerometerAnalysis timeSeries.csv, in its newer or older layout",
        is_meant: bba::is_meant,
        read: |input, options, _| bba::read(input, options).map(Content::Epochs),
    },
    Format {
        name: depresjon::NAME,
        about: "A line # start=… epoch_seconds=…, then a count per line",
        is_meant: depresjon::is_meant,
        read: |input, options, _| depresjon::read(input, options).map(Content::Epochs),
    },
    Format {
        name: nhanes::NAME,
        about: "NHANES minutes of many people: seqn, a day or weekday, and all counts in one column",
        is_meant: nhanes::is_meant,
        read: |input, options, _| nhanes::read(input, options),
    },
    Format {
        name: awd::NAME,
        about: "Actiwatch AWD: seven lines of header, then a count per line (also AWI, AWL, AWT, AW7)",
        is_meant: awd::is_meant,
        read: |input, options, _| awd::read(input, options).map(Content::Epochs),
    },
    Format {
        name: declared::NAME,
        about: "A table with a column of times and one of activity, by plain headings or declared",
        is_meant: declared::is_meant,
        read: |input, options, _| declared::read(input, options).map(Content::Epochs),
    },
];

/// Whether the first bytes of a file (up to [`HEAD_BYTES`]) look like a recording. Gzip does: nothing
/// else that is read here comes packed in it.
pub fn is_recording(head: &[u8]) -> bool {
    head.starts_with(&GZIP) || ALL.iter().any(|format| (format.is_meant)(head))
}

/// Reads a recording: epochs come back, raw acceleration is handed over in blocks.
///
/// Gzip is unpacked transparently. What cannot be read inside a file is told by its
/// [`super::Damages`]; an error means that nothing of it could be used.
pub fn read(
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    if let Some(epoch_s) = options.epoch_s
        && !(1..=EPOCH_S_MAX).contains(&i64::from(epoch_s))
    {
        return Err(Error::EpochLength { epoch_s });
    }
    let head = head(input)?;
    let mut whole = head.as_slice().chain(input);
    if !head.starts_with(&GZIP) {
        return read_plain(&head, &mut whole, options, blocks);
    }
    let mut unpacked = Unpacked {
        inner: MultiGzDecoder::new(io::BufReader::with_capacity(
            PACKED_BUFFER_BYTES,
            &mut whole,
        )),
        left: UNPACKED_BYTES_MAX,
        is_broken: false,
    };
    let head = self::head(&mut unpacked)?;
    let mut whole = head.as_slice().chain(unpacked);
    read_plain(&head, &mut whole, options, blocks)
}

fn read_plain(
    head: &[u8],
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    let Some(endian) = Endian::of(head) else {
        let format = choose(head, options)?;
        return (format.read)(input, options, blocks);
    };
    let mut text = Wide::new(input, endian);
    let head = self::head(&mut text)?;
    let format = choose(&head, options)?;
    (format.read)(&mut head.as_slice().chain(text), options, blocks)
}

/// The first two bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn choose(head: &[u8], options: &Options<'_>) -> Result<&'static Format, Error> {
    let known = || {
        let names: Vec<&str> = ALL.iter().map(|format| format.name).collect();
        names.join(", ")
    };
    let head = head.strip_prefix(lines::MARK).unwrap_or(head);
    let declared = options.columns.map(|_| declared::NAME);
    match options.format.or(declared) {
        Some(name) => ALL
            .iter()
            .find(|format| format.name == name)
            .ok_or_else(|| Error::UnknownFormat {
                name: name.to_owned(),
                known: known(),
            }),
        None => ALL
            .iter()
            .find(|format| (format.is_meant)(head))
            .ok_or_else(|| Error::Unrecognised { known: known() }),
    }
}

/// Reads the head; a broken archive gives a short one, whose reader meets the break again.
fn head(input: &mut dyn Read) -> Result<Vec<u8>, Error> {
    let limit = u64::try_from(HEAD_BYTES).expect("a few KiB");
    let mut head = Vec::new();
    match input.take(limit).read_to_end(&mut head) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
        _ => Ok(head),
    }
}

/// Unpacks with a bound; whatever is broken inside reads as an unexpected end, so that readers keep
/// what came before.
struct Unpacked<R> {
    inner: R,
    left: u64,
    is_broken: bool,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = self.inner.read(buffer).map_err(|error| {
            self.is_broken = matches!(
                error.kind(),
                io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::UnexpectedEof
            );
            if self.is_broken {
                io::Error::new(io::ErrorKind::UnexpectedEof, error)
            } else {
                error
            }
        })?;
        let taken = u64::try_from(count).expect("a length in memory");
        self.left = self
            .left
            .checked_sub(taken)
            .ok_or_else(|| io::Error::other(Bomb))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacking_ends_at_its_bound() {
        let mut unpacked = Unpacked {
            inner: io::repeat(b'0'),
            left: 10_000,
            is_broken: false,
        };
        let error = io::copy(&mut unpacked, &mut io::sink()).expect_err("a bomb");
        assert!(matches!(Error::from(error), Error::TooLarge { .. }));
    }
}
