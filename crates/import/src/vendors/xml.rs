//! The texts of elements of an XML file, with the elements around them, for files of routes and workouts.
//!
//! It reads forward over the scanner of health exports, which goes on where a file is not well-formed; text of an
//! element is bounded, and so is nesting. Names come without the prefix of their namespace.

use std::io::Read;

use crate::apple::scan::{Event, Scanner, Tag};
use crate::apple::text::decode;
use crate::batch::Position;
use crate::vendors::{Desk, VendorError};

/// Bytes of the text of one element that are kept.
const TEXT_BYTES_MAX: usize = 1 << 10;

/// Elements around each other that are followed; deeper ones are passed over.
const DEPTH_MAX: usize = 24;

/// What takes the parts of a document.
pub(crate) trait Elements {
    /// An element begins, inside `around`.
    fn open(&mut self, tag: &Tag<'_>, name: &str, around: &[String]);
    /// An element ends: its name, its own text, and what is around it.
    fn close(
        &mut self,
        name: &str,
        text: &str,
        around: &[String],
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError>;
}

/// Reads a document. One that ends early is reported; what came before was taken.
pub(crate) fn read(
    input: &mut dyn Read,
    kind: &str,
    root: &str,
    elements: &mut dyn Elements,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let mut scanner = Scanner::new(input);
    let mut around: Vec<String> = Vec::new();
    let mut too_deep = 0_usize;
    let mut text = Vec::new();
    let mut is_whole = false;
    scanner.want_text(true);
    loop {
        match scanner.next()? {
            Event::Open(tag) => {
                text.clear();
                let name = local(tag.name);
                if around.len() >= DEPTH_MAX {
                    too_deep += usize::from(!tag.empty);
                    continue;
                }
                elements.open(&tag, &name, &around);
                if tag.empty {
                    elements.close(&name, "", &around, desk)?;
                } else {
                    around.push(name);
                }
            }
            Event::Text(piece) => {
                if text.len() + piece.len() <= TEXT_BYTES_MAX {
                    text.extend_from_slice(piece);
                }
            }
            Event::Close(name) => {
                if too_deep > 0 {
                    too_deep -= 1;
                    continue;
                }
                let name = local(name);
                // An end that fits nothing closes nothing; one that fits closes what was left open.
                if let Some(at) = around.iter().rposition(|open| *open == name) {
                    around.truncate(at);
                    is_whole |= at == 0 && name == root;
                    elements.close(&name, decode(&text).trim(), &around, desk)?;
                }
                text.clear();
            }
            Event::Refused { position, .. } => {
                let message = format!("{kind}: a tag cannot be read");
                desk.intake.damage(Position::Byte(position), &message);
            }
            Event::End { position, .. } => {
                if !is_whole {
                    let message = format!("{kind}: the file ends early; what came before was read");
                    desk.intake.damage(Position::Byte(position), &message);
                }
                return Ok(());
            }
        }
        scanner.want_text(true);
    }
}

/// The name without its prefix.
fn local(name: &[u8]) -> String {
    let name = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
    String::from_utf8_lossy(name).into_owned()
}

/// A time with its place, as these files print it: in UTC where they do not say so.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let parsed = crate::clock::parse(text.trim().as_bytes())?;
    let offset_us = i64::from(parsed.offset.unwrap_or(0)) * 60_000_000;
    (!parsed.is_date).then_some(parsed.local_us - offset_us)
}

/// A number; not a number where the text is none.
pub(crate) fn number(text: &str) -> f64 {
    fast_float2::parse(text.trim()).unwrap_or(f64::NAN)
}
