//! JSON objects, one on each line, from a stream of any length; each line is bounded.

use std::io::{BufRead, BufReader, Read};

use crate::batch::Position;
use crate::json::Json;
use crate::live::MALFORMED;
use crate::vendors::desk::Spot;
use crate::vendors::table::skip_line;
use crate::vendors::{Desk, Member, VendorError};

/// Bytes of one line: a resource with a picture in it is no reading.
const LINE_BYTES_MAX: usize = 8 << 20;

/// Whether a file that begins with `{` has an object on each line: its first line is more than a bracket.
pub(crate) fn is_lines(member: &Member<'_>) -> bool {
    member.begins("{") && member.first_line().trim_ascii().len() > 1
}

/// Hands over every line as a tree, with the bytes of the line.
pub(crate) fn each(
    input: &mut dyn Read,
    kind: &str,
    desk: &mut Desk<'_, '_, '_>,
    take: &mut dyn FnMut(Spot<'_>, &Json<'_>, &mut Desk<'_, '_, '_>) -> Result<(), VendorError>,
) -> Result<(), VendorError> {
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        number += 1;
        let spot = Spot {
            kind,
            position: Position::Line(number),
        };
        let limit = LINE_BYTES_MAX as u64 + 1;
        if (&mut input).take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() > LINE_BYTES_MAX && !line.ends_with(b"\n") {
            desk.refuse(spot, "", None, MALFORMED);
            skip_line(&mut input)?;
            continue;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match serde_json::from_slice::<Json<'_>>(text) {
            Ok(json) if !json.members().is_empty() => take(spot, &json, desk)?,
            Ok(_) | Err(_) => desk.refuse(spot, "", None, MALFORMED),
        }
        desk.flush_when_full()?;
    }
}
