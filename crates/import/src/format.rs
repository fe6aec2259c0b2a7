//! Which reader takes a file: by its name, or by its first bytes.
//!
//! A new format is one line in [`ALL`]. This module chooses; it must never read further than needed
//! to choose.

use std::io::{self, Read};

use model::zone::Zone;

use crate::archive::Limits;
use crate::batch::{Batch, Sink};
use crate::forms::Form;
use crate::simple::Lines;
use crate::{apple, json, live, simple};

/// First bytes that are looked at to tell a format.
const HEAD_BYTES: usize = 1024;

/// Largest JSON document taken as a file: it is read whole, and a month of a busy phone is a tenth.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// The name of the source where a file names none.
const UNNAMED_SOURCE: &str = "Import";

/// What every reader of files is told.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time now; samples far ahead of it are refused.
    pub now_us: i64,
    /// The person's zone, for local times that come without offset.
    pub zone: &'a Zone,
}

/// Why a file was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No format has this name.
    #[error("unknown format {name:?}; the formats are auto, {known}")]
    UnknownFormat {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The first bytes fit no format.
    #[error("the file is of no known format; the formats are {known}")]
    Unrecognised {
        /// What there is.
        known: String,
    },
    /// The file could not be read.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// The reader of Apple Health exports refused it.
    #[error(transparent)]
    Apple(#[from] apple::ReadError),
    /// A JSON document or a table of text was refused.
    #[error(transparent)]
    Document(#[from] json::ReadError),
    /// The document is too large to be read whole.
    #[error("the document is larger than {limit} bytes; send it in parts")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
}

/// A format of files.
#[derive(Debug)]
pub struct Format {
    /// The name that commands and requests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    is_meant: fn(&[u8]) -> bool,
    read: fn(&mut dyn Read, Context<'_>, &mut Sink<'_>) -> Result<(), FileError>,
}

/// Every format, in the order in which they are tried.
pub const ALL: &[Format] = &[
    Format {
        name: "apple_health",
        about: "Apple Health export: export.zip as the phone shares it, or the bare export.xml",
        is_meant: |head| head.starts_with(b"PK\x03\x04") || is_xml(head),
        read: |input, context, sink| {
            let options = apple::Options {
                now_us: context.now_us,
                limits: Limits::STANDARD,
            };
            apple::read(input, &options, sink)
                .map(drop)
                .map_err(FileError::Apple)
        },
    },
    Format {
        name: "json",
        about: "A JSON document in one of the live forms: HealthKit, uploads, Health Auto Export, Open Wearables, HC Webhook, simple",
        is_meant: |head| matches!(text(head).trim_ascii_start().first(), Some(b'{' | b'[')),
        read: |input, context, sink| {
            document(input, context, sink, |bytes, live, batch| {
                Form::of(bytes)?.read(bytes, live, batch).map(drop)
            })
        },
    },
    Format {
        name: "lines",
        about: "Lines of text whose heading names the columns: type, start, end, value, unit",
        is_meant: |head| {
            let line = text(head)
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            line.contains(&b',') && line.iter().all(|byte| *byte >= b' ' || *byte == b'\r')
        },
        read: |input, context, sink| {
            document(input, context, sink, |bytes, live, batch| {
                simple::read_lines(bytes, Lines::default(), live, batch).map(drop)
            })
        },
    },
];

/// Reads a document whole and hands its one batch over.
fn document(
    input: &mut dyn Read,
    context: Context<'_>,
    sink: &mut Sink<'_>,
    read: impl FnOnce(&[u8], &live::Context<'_>, &mut Batch) -> Result<(), json::ReadError>,
) -> Result<(), FileError> {
    let mut bytes = Vec::new();
    input.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > DOCUMENT_BYTES_MAX {
        return Err(FileError::TooLarge {
            limit: DOCUMENT_BYTES_MAX,
        });
    }
    let live = live::Context {
        now_us: context.now_us,
        zone: context.zone,
        aggregation: None,
        source: UNNAMED_SOURCE,
    };
    let mut batch = Batch::default();
    read(&bytes, &live, &mut batch)?;
    batch.bytes_read = length;
    // The receiver knows best whether it wants more; there is none.
    let _ = sink(batch);
    Ok(())
}

/// Reads a file of the named format, or of the one that its first bytes tell when the name is `auto`.
pub fn read(
    name: &str,
    input: &mut dyn Read,
    context: Context<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), FileError> {
    let head = head(input)?;
    let known = || {
        ALL.iter()
            .map(|format| format.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let format = if name == "auto" {
        let found = ALL.iter().find(|format| (format.is_meant)(&head));
        found.ok_or_else(|| FileError::Unrecognised { known: known() })?
    } else {
        let found = ALL.iter().find(|format| format.name == name);
        found.ok_or_else(|| FileError::UnknownFormat {
            name: name.to_owned(),
            known: known(),
        })?
    };
    (format.read)(&mut head.as_slice().chain(input), context, sink)
}

fn head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let limit = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    input.take(limit).read_to_end(&mut head)?;
    Ok(head)
}

/// Without a byte order mark.
fn text(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)
}

fn is_xml(head: &[u8]) -> bool {
    text(head).trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn check(name: &str, bytes: &[u8], expect: &str) {
        let mut sink = |_| ControlFlow::Continue(());
        let zone = Zone::utc();
        let context = Context {
            now_us: 0,
            zone: &zone,
        };
        let error = read(name, &mut &*bytes, context, &mut sink).expect_err("nothing to read");
        assert!(error.to_string().contains(expect), "{error}");
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        check("auto", b"\x00\x01\x02", "the formats are apple_health");
        check("lotus", b"PK\x03\x04", "unknown format \"lotus\"");
        check("auto", b"<html></html>", "holds no Apple Health export");
        check("auto", b"{\"a\": 1}", "is not");
    }
}
