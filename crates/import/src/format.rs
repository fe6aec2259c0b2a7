//! The front door: one table of everything that can be read, and one rule that tells which of it a
//! file is.
//!
//! Recordings of worn devices, files and live forms are rows of the same table. A file's own signature
//! decides before its text does, text before the members of a JSON object, and a table of lines is the
//! last guess. This module chooses; it must never read further than needed to choose.

use std::io::{self, Read};

use crate::archive::Limits;
use crate::batch::{Batch, Sink};
use crate::budget::{self, Full, Holding};
use crate::form::{Document, Form};
use crate::json::ReadError;
use crate::live::{Context, Summary};
use crate::recording::front;
use crate::unpack::{self, UNPACKED_BYTES_MAX};
use crate::vendors::{self, Vendor, VendorError, door};
use crate::{apple, foreign, forms, lines};

/// The name of the format that is found by looking at the content.
pub const AUTO: &str = "auto";

/// Largest document that is read whole: a week of workouts with a point a second has 15 MB.
pub const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// Memory for each byte of a document that is read whole: itself, and what is made of it.
const BYTES_PER_BYTE: usize = 2;

/// Why a file was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No format has this name.
    #[error("unknown format {name:?}; the formats are {AUTO}, {}", names())]
    UnknownFormat {
        /// What was asked for.
        name: String,
    },
    /// The first bytes fit no format.
    #[error(
        "the file is of no known format; the formats are {}; or declare the columns of a table",
        names()
    )]
    Unrecognised,
    /// The file is of a kind that everybody knows and nobody here reads.
    #[error("the file is {what}; {advice}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to send in its place.
        advice: &'static str,
    },
    /// A packed file ends early or is damaged.
    #[error("the file is damaged or ends early; make it again")]
    CutOff,
    /// The file unfolds into more than is read.
    #[error("the file unpacks to more than {UNPACKED_BYTES_MAX} bytes; send it in parts")]
    Bomb,
    /// The file could not be read.
    #[error("cannot read the file")]
    Io(#[source] io::Error),
    /// The reader of Apple Health exports refused it.
    #[error(transparent)]
    Apple(#[from] apple::ReadError),
    /// The reader of vendors' exports refused it.
    #[error(transparent)]
    Vendor(VendorError),
    /// A JSON document or a table of text was refused.
    #[error(transparent)]
    Document(#[from] ReadError),
    /// The document is too large to be read whole.
    #[error("the document is larger than {DOCUMENT_BYTES_MAX} bytes; send it in parts")]
    TooLarge,
    /// It holds more memory than it may.
    #[error(transparent)]
    Memory(Full),
    /// A recording has a reader of its own: it brings epochs, not samples.
    #[error("the file is a recording of a worn device")]
    Recording,
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        if let Some(full) = Full::of(&error) {
            Self::Memory(full)
        } else if unpack::is_bomb(&error) {
            Self::Bomb
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::CutOff
        } else {
            Self::Io(error)
        }
    }
}

impl From<VendorError> for FileError {
    fn from(error: VendorError) -> Self {
        match error {
            VendorError::Memory(full) => Self::Memory(full),
            VendorError::Io(error) | VendorError::Apple(apple::ReadError::Io(error)) => {
                error.into()
            }
            VendorError::Apple(error) => Self::Apple(error),
            VendorError::Archive(_)
            | VendorError::Nothing
            | VendorError::Nested
            | VendorError::Stopped(_) => Self::Vendor(error),
        }
    }
}

/// A format of files that bring samples.
#[derive(Debug)]
pub struct File {
    name: &'static str,
    about: &'static str,
    is_meant: fn(&[u8]) -> bool,
    read: fn(&mut dyn Read, &Context<'_>, &mut Sink<'_>) -> Result<(), FileError>,
}

const FILES: &[File] = &[
    File {
        name: "export",
        about: "A zip archive of an export: of any vendor listed here, of several, or of Apple Health",
        is_meant: |head| head.starts_with(door::ZIP),
        read: |input, context, sink| Ok(door::read_archive(input, None, context, sink)?),
    },
    File {
        name: "apple_health",
        about: "Apple Health export: export.zip as the phone shares it, or the bare export.xml",
        is_meant: |head| head.starts_with(b"PK\x03\x04") || begins(head, b"<"),
        read: |input, context, sink| {
            let options = apple::Options {
                now_us: context.now_us,
                limits: Limits::STANDARD,
            };
            apple::read(input, &options, sink)
                .map(drop)
                .map_err(|error| {
                    if let apple::ReadError::Io(error) = error {
                        error.into()
                    } else {
                        FileError::Apple(error)
                    }
                })
        },
    },
    File {
        name: "json",
        about: "A JSON document in any of the live forms",
        is_meant: |head| begins(head, b"{") || begins(head, b"["),
        read: |input, context, sink| {
            let (bytes, _holding) = whole(input)?;
            let document = Document::of(&bytes)?;
            forms::of(&document)?.read(&document, context, sink)?;
            Ok(())
        },
    },
    File {
        name: "lines",
        about: "Lines of text under a heading: a date and a column for each type, or type, start, end, value, unit",
        is_meant: lines::is_meant,
        read: |input, context, sink| {
            let (bytes, _holding) = whole(input)?;
            lines::read(&bytes, context, sink)?;
            Ok(())
        },
    },
];

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    /// A recording of a worn device.
    Recording(&'static front::Format),
    /// A file that brings samples.
    File(&'static File),
    /// What a vendor hands out.
    Vendor(&'static Vendor),
    /// The JSON payload of an app.
    Form(&'static Form),
}

impl Format {
    /// The name that commands and requests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recording(format) => format.name,
            Self::File(format) => format.name,
            Self::Vendor(vendor) => vendor.name,
            Self::Form(form) => form.name,
        }
    }

    /// One line about it.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Recording(format) => format.about,
            Self::File(format) => format.about,
            Self::Vendor(vendor) => vendor.about,
            Self::Form(form) => form.about,
        }
    }

    /// Whether the first bytes of a file look like it. A form has no first bytes of its own: its JSON
    /// is read whole, and its members decide.
    fn is_meant(self, head: &[u8]) -> bool {
        match self {
            Self::Recording(format) => (format.is_meant)(head),
            Self::File(format) => (format.is_meant)(head),
            Self::Vendor(_) | Self::Form(_) => false,
        }
    }
}

/// The table, in the order in which its rows are tried.
pub fn all() -> impl Iterator<Item = Format> {
    let recordings = front::ALL.iter().map(Format::Recording);
    let files = FILES.iter().map(Format::File);
    let vendors = vendors::ALL.iter().map(Format::Vendor);
    let forms = forms::ALL.iter().map(Format::Form);
    recordings.chain(files).chain(vendors).chain(forms)
}

/// The row of a name.
pub fn by_name(name: &str) -> Result<Format, FileError> {
    let unknown = || FileError::UnknownFormat {
        name: name.to_owned(),
    };
    all()
        .find(|format| format.name() == name)
        .ok_or_else(unknown)
}

/// Every name, for messages.
pub fn names() -> String {
    let names: Vec<&str> = all().map(Format::name).collect();
    names.join(", ")
}

/// A file whose format is known, without gzip and UTF-16 around it.
pub struct Opened<'r> {
    /// Its format.
    pub format: Format,
    /// Its content.
    pub input: Box<dyn Read + 'r>,
}

/// Finds the format of a file: the one of this name, or by its content where the name is [`AUTO`].
pub fn open<'r>(name: &str, input: &'r mut dyn Read) -> Result<Opened<'r>, FileError> {
    let named = match name {
        AUTO => None,
        _ => Some(by_name(name)?),
    };
    let (head, input) = unpack::open(input, HEAD_BYTES)?;
    let (head, input) = door::with_schema(head, input)?;
    let format = match named {
        Some(format) => format,
        None => sniff(&head)?,
    };
    Ok(Opened { format, input })
}

/// First bytes of a file by which its format is recognised: with a few members of an archive in them.
const HEAD_BYTES: usize = 64 << 10;

/// The format that the first bytes of an unpacked file have. What a vendor hands out is asked about first: a table
/// of a vendor is also a table of text.
fn sniff(head: &[u8]) -> Result<Format, FileError> {
    let text = head.strip_prefix(MARK).unwrap_or(head);
    if let Some((what, advice)) = foreign::known(text) {
        return Err(FileError::Foreign { what, advice });
    }
    if door::is_of_vendor(head) {
        return by_name("export");
    }
    if let Some(vendor) = door::of_file(text) {
        return Ok(Format::Vendor(vendor));
    }
    let text = text.get(..front::HEAD_BYTES).unwrap_or(text);
    all()
        .find(|format| format.is_meant(text))
        .ok_or(FileError::Unrecognised)
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

fn begins(head: &[u8], with: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(with)
}

impl Opened<'_> {
    /// Reads a file that brings samples and hands them over.
    pub fn read(mut self, context: &Context<'_>, sink: &mut Sink<'_>) -> Result<(), FileError> {
        match self.format {
            Format::Recording(_) => Err(FileError::Recording),
            Format::File(format) => (format.read)(&mut self.input, context, sink),
            Format::Vendor(vendor) => self.read_vendor(vendor, context, sink),
            Format::Form(form) => {
                let (bytes, _holding) = whole(&mut self.input)?;
                form.read(&Document::of(&bytes)?, context, sink)?;
                Ok(())
            }
        }
    }
}

impl Opened<'_> {
    /// Reads a vendor's file, or an archive in which only that vendor's files are looked for.
    fn read_vendor(
        mut self,
        vendor: &'static Vendor,
        context: &Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), FileError> {
        let mut head = Vec::new();
        let magic = door::ZIP.len() as u64;
        (&mut self.input).take(magic).read_to_end(&mut head)?;
        let is_archive = head.starts_with(door::ZIP);
        let mut input = io::Cursor::new(head).chain(self.input);
        if is_archive {
            door::read_archive(&mut input, Some(vendor), context, sink)?;
        } else {
            door::read_file(&mut input, vendor, context, sink)?;
        }
        Ok(())
    }
}

/// Reads a body of any form into one batch: JSON by its members, or lines of text.
pub fn read_body(body: &[u8], context: &Context<'_>) -> Result<(Batch, Summary), ReadError> {
    let text = body.strip_prefix(MARK).unwrap_or(body);
    let is_json = begins(text, b"{") || begins(text, b"[");
    if !is_json && lines::is_meant(text) {
        return lines::read_body(body, context);
    }
    let document = Document::of(body)?;
    forms::of(&document)?.read_whole(&document, context)
}

/// The bytes of a document, and the memory that it needs while it is read.
fn whole(input: &mut dyn Read) -> Result<(Vec<u8>, Holding), FileError> {
    let (bytes, holding) = budget::read_to_end(input, DOCUMENT_BYTES_MAX + 1, BYTES_PER_BYTE)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > DOCUMENT_BYTES_MAX {
        return Err(FileError::TooLarge);
    }
    Ok((bytes, holding))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use model::zone::{Zone, ZoneHistory};

    use super::*;

    fn check(name: &str, bytes: &[u8], expect: &str) {
        let mut sink = |_| ControlFlow::Continue(());
        let zones = ZoneHistory::fixed(Zone::utc());
        let context = Context {
            now_us: 0,
            zones: &zones,
            aggregation: None,
            source: "",
        };
        let mut bytes = bytes;
        let opened = open(name, &mut bytes);
        let error = opened
            .and_then(|opened| opened.read(&context, &mut sink))
            .expect_err("nothing to read");
        assert!(error.to_string().contains(expect), "{error}");
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        check("auto", b"\x00\x01\x02", "the formats are gt3x");
        check("lotus", b"PK\x03\x04", "unknown format \"lotus\"");
        check(
            "auto",
            b"<?xml version='1.0'?><a/>",
            "holds no Apple Health export",
        );
        check("auto", b"{\"a\": 1}", "none of the forms");
        check("healthkit", b"{\"a\": 1}", "quantity_samples");
    }

    #[test]
    fn files_of_other_programs_are_named() {
        check("auto", b"7z\xbc\xaf\x27\x1c\0\x04", "7-Zip");
        check("auto", b"<!DOCTYPE html><html></html>", "web page");
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check("auto", &tar, "tar");
    }

    #[test]
    fn names_are_of_one_format_each() {
        let mut names: Vec<&str> = all().map(Format::name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(!names.contains(&AUTO));
    }
}
