//! Which reader takes a file: by its name, or by its first bytes.
//!
//! A new format is one line in [`ALL`]. This module chooses; it must never read further than needed
//! to choose.

use std::io::{self, Read};

use crate::apple;
use crate::archive::Limits;
use crate::batch::Sink;

/// First bytes that are looked at to tell a format.
const HEAD_BYTES: usize = 1024;

/// What every reader of files is told.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The time now; samples far ahead of it are refused.
    pub now_us: i64,
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
}

/// A format of files.
#[derive(Debug)]
pub struct Format {
    /// The name that commands and requests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    is_meant: fn(&[u8]) -> bool,
    read: fn(&mut dyn Read, Context, &mut Sink<'_>) -> Result<(), FileError>,
}

/// Every format, in the order in which they are tried.
pub const ALL: &[Format] = &[Format {
    name: "apple_health",
    about: "Apple Health export: export.zip as the phone shares it, or the bare export.xml",
    is_meant: |head| head.starts_with(b"PK\x03\x04") || is_xml(head),
    read: |input, context, sink| {
        let options = apple::Options { now_us: context.now_us, limits: Limits::STANDARD };
        apple::read(input, &options, sink).map(drop).map_err(FileError::Apple)
    },
}];

/// Reads a file of the named format, or of the one that its first bytes tell when the name is `auto`.
pub fn read(
    name: &str,
    input: &mut dyn Read,
    context: Context,
    sink: &mut Sink<'_>,
) -> Result<(), FileError> {
    let head = head(input)?;
    let known = || ALL.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
    let format = if name == "auto" {
        let found = ALL.iter().find(|format| (format.is_meant)(&head));
        found.ok_or_else(|| FileError::Unrecognised { known: known() })?
    } else {
        let found = ALL.iter().find(|format| format.name == name);
        found.ok_or_else(|| FileError::UnknownFormat { name: name.to_owned(), known: known() })?
    };
    (format.read)(&mut head.as_slice().chain(input), context, sink)
}

fn head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let limit = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    input.take(limit).read_to_end(&mut head)?;
    Ok(head)
}

fn is_xml(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    text.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn check(name: &str, bytes: &[u8], expect: &str) {
        let mut sink = |_| ControlFlow::Continue(());
        let context = Context { now_us: 0 };
        let error = read(name, &mut &*bytes, context, &mut sink).expect_err("nothing to read");
        assert!(error.to_string().contains(expect), "{error}");
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        check("auto", b"\x00\x01\x02", "the formats are apple_health");
        check("lotus", b"PK\x03\x04", "unknown format \"lotus\"");
        check("auto", b"<html></html>", "holds no Apple Health export");
    }
}
