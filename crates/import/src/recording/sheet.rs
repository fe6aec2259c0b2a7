//! A spreadsheet with a recording of another format in its first table.
//!
//! It must never know what the table says.

use std::io::Read;

use super::error::{Error, Place};
use super::front;
use super::options::Options;
use super::{Blocks, Content};
use crate::{budget, spreadsheet};

/// Name of the format.
pub(crate) const NAME: &str = "spreadsheet";

/// Whether the bytes begin like a spreadsheet.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    spreadsheet::is_one(head)
}

/// Reads the recording of the first table.
pub(crate) fn read(
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    let inner = Options {
        format: options.format.filter(|format| *format != NAME),
        ..options.clone()
    };
    let most = u64::try_from(spreadsheet::BYTES_MAX).expect("a constant");
    let (bytes, _holding) = budget::read_to_end(input, most + 1, 1)?;
    let text = spreadsheet::text(bytes).map_err(|refused| match refused {
        spreadsheet::Refused::Memory(full) => Error::Memory(full),
        spreadsheet::Refused::TooLarge { what, limit } => Error::TooLarge { what, limit },
        spreadsheet::Refused::Unreadable(_) => Error::Malformed {
            format: NAME,
            place: Place::Byte(0),
            message: refused.to_string(),
        },
    })?;
    front::read(&mut text.as_bytes(), &inner, blocks)
}
