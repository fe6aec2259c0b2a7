//! Elements of a JSON array, one at a time, from a stream of any length.
//!
//! Only brackets and strings are followed here; each element is parsed by whoever takes it, so that a bad one costs
//! only itself. Elements and nesting are bounded.

use std::io::Read;

use crate::batch::Position;
use crate::budget;
use crate::json::Json;
use crate::live::MALFORMED;
use crate::vendors::desk::Spot;
use crate::vendors::{Desk, VendorError, table};

/// Bytes of one element: a night with a heart rate for each second has 3 MB.
const ELEMENT_BYTES_MAX: usize = 8 << 20;

/// Bytes of a document that is read whole: a workout with a point a second for a day has 20 MB.
const DOCUMENT_BYTES_MAX: u64 = 32 << 20;

/// Nesting beyond this is no export's.
const DEPTH_MAX: usize = 64;

/// Bytes of the name of a member; longer ones are not looked for.
const NAME_BYTES_MAX: usize = 64;

const CHUNK_BYTES: usize = 64 << 10;

/// Which array is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'n> {
    /// The document itself, or its first array.
    First,
    /// Every array that is a member of this name.
    Named(&'n str),
}

/// Hands over every element as a tree.
pub(crate) fn trees(
    input: &mut dyn Read,
    (kind, which): (&str, Which<'_>),
    desk: &mut Desk<'_, '_, '_>,
    take: &mut dyn FnMut(Spot<'_>, &Json<'_>, &mut Desk<'_, '_, '_>) -> Result<(), VendorError>,
) -> Result<(), VendorError> {
    texts(
        input,
        (kind, which),
        desk,
        &mut |spot, text, desk| match serde_json::from_slice::<Json<'_>>(text) {
            Ok(element) if !element.members().is_empty() => take(spot, &element, desk),
            Ok(_) | Err(_) => {
                desk.refuse(spot, "", None, MALFORMED);
                Ok(())
            }
        },
    )
}

/// Hands over a whole document as a tree; one that is no JSON or too large is reported.
pub(crate) fn document(
    input: &mut dyn Read,
    kind: &str,
    desk: &mut Desk<'_, '_, '_>,
    take: &mut dyn FnMut(&Json<'_>, &mut Desk<'_, '_, '_>) -> Result<(), VendorError>,
) -> Result<(), VendorError> {
    let (bytes, _holding) = budget::read_to_end(input, DOCUMENT_BYTES_MAX + 1, 2)?;
    let is_small = u64::try_from(bytes.len()).is_ok_and(|len| len <= DOCUMENT_BYTES_MAX);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match serde_json::from_slice::<Json<'_>>(text) {
        Ok(json) if is_small => take(&json, desk),
        Ok(_) | Err(_) => {
            let message = if is_small {
                format!("{kind}: the file is no whole JSON document")
            } else {
                format!("{kind}: the file is larger than {DOCUMENT_BYTES_MAX} bytes")
            };
            desk.intake.damage(Position::Byte(0), &message);
            Ok(())
        }
    }
}

/// Takes the text of an element.
type TakesText<'t> =
    dyn FnMut(Spot<'_>, &[u8], &mut Desk<'_, '_, '_>) -> Result<(), VendorError> + 't;

/// Hands over every element as text.
pub(crate) fn texts(
    input: &mut dyn Read,
    (kind, which): (&str, Which<'_>),
    desk: &mut Desk<'_, '_, '_>,
    take: &mut TakesText<'_>,
) -> Result<(), VendorError> {
    let mut scan = Scan::new(which);
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let mut byte = 0_u64;
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        let mut rest = chunk.get(..read).unwrap_or_default();
        while !rest.is_empty() {
            let (used, step) = scan.advance(rest);
            byte += used as u64;
            rest = rest.get(used..).unwrap_or_default();
            match step {
                Step::More => {}
                Step::Element => {
                    let spot = Spot {
                        kind,
                        position: Position::Index(scan.index),
                    };
                    scan.index += 1;
                    if scan.is_oversized {
                        desk.refuse(spot, "", None, MALFORMED);
                    } else {
                        take(spot, &scan.element, desk)?;
                    }
                    scan.clear();
                    desk.flush_when_full()?;
                }
                Step::TooDeep => {
                    let message = format!("{kind}: nested deeper than {DEPTH_MAX} levels");
                    desk.intake.damage(Position::Byte(byte), &message);
                    return Ok(());
                }
            }
        }
    }
    if scan.depth > 0 {
        let message = format!("{kind}: the file ends inside its JSON");
        desk.intake.damage(Position::Byte(byte), &message);
    }
    Ok(())
}

/// A number, also where it is printed as text with a point.
pub(crate) fn plain(json: &Json<'_>) -> Option<f64> {
    match json {
        Json::Number(number) => Some(*number).filter(|number| number.is_finite()),
        Json::Text(text) => table::number(text),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// The id of an object, which some print as text and some as a number.
pub(crate) fn id(json: &Json<'_>) -> String {
    match json {
        Json::Text(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => String::new(),
    }
}

enum Step {
    /// All of the bytes were followed.
    More,
    /// An element is complete.
    Element,
    TooDeep,
}

/// Where in a document the bytes stand.
struct Scan<'n> {
    which: Which<'n>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The depth of the array whose elements are handed over, while it is open.
    within: Option<usize>,
    /// The last string outside elements, by which a member is known.
    name: Vec<u8>,
    element: Vec<u8>,
    is_oversized: bool,
    index: u64,
}

impl<'n> Scan<'n> {
    fn new(which: Which<'n>) -> Self {
        Self {
            which,
            depth: 0,
            in_string: false,
            escaped: false,
            within: None,
            name: Vec::new(),
            element: Vec::new(),
            is_oversized: false,
            index: 0,
        }
    }

    fn clear(&mut self) {
        self.element.clear();
        self.is_oversized = false;
    }

    /// Follows bytes up to the end of an element; says how many.
    fn advance(&mut self, bytes: &[u8]) -> (usize, Step) {
        let mut kept = 0;
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            at += 1;
            if self.in_string {
                self.letter(byte);
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.name.clear();
                }
                b'[' | b'{' => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return (at, Step::TooDeep);
                    }
                    if byte == b'[' && self.within.is_none() && self.is_meant() {
                        self.within = Some(self.depth);
                        kept = at;
                    }
                }
                b',' if self.within == Some(self.depth) => {
                    return self.end(bytes, (kept, at));
                }
                b']' | b'}' => {
                    let was_within = self.within == Some(self.depth);
                    self.depth = self.depth.saturating_sub(1);
                    if was_within {
                        self.within = None;
                        return self.end(bytes, (kept, at));
                    }
                }
                _ => {}
            }
        }
        if self.within.is_some() {
            self.keep(bytes.get(kept..).unwrap_or_default());
        }
        (bytes.len(), Step::More)
    }

    fn letter(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            return;
        }
        if self.within.is_none() && self.name.len() <= NAME_BYTES_MAX {
            self.name.push(byte);
        }
    }

    fn is_meant(&self) -> bool {
        match self.which {
            Which::First => self.index == 0,
            Which::Named(name) => self.name == name.as_bytes(),
        }
    }

    /// The element before a comma or the end of the array; an empty array has none.
    fn end(&mut self, bytes: &[u8], (kept, at): (usize, usize)) -> (usize, Step) {
        self.keep(bytes.get(kept..at - 1).unwrap_or_default());
        if self.element.trim_ascii().is_empty() && !self.is_oversized {
            self.clear();
            // The array ended or had nothing between two commas; what follows comes next.
            return (at, Step::More);
        }
        (at, Step::Element)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.element.len() + bytes.len() > ELEMENT_BYTES_MAX {
            self.is_oversized = true;
            self.element.clear();
        }
        if !self.is_oversized {
            self.element.extend_from_slice(bytes);
        }
    }
}
