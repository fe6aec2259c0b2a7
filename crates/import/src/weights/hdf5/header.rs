//! An object's header: the messages that say whether it is a group or an array, and of what.
//!
//! It must never read the numbers themselves: an array says where they are, and whoever wants them
//! asks. So an array that nobody wants (the step counter of an optimiser) may be of any type.

use std::ops::Range;

use crate::weights::hdf5::{File, UNDEFINED, as_u64, damaged, place, unsupported};
use crate::weights::{DIMENSIONS_MAX, WeightsError, bytes_of};

/// The most blocks that a header is scattered over; HDF5 itself rarely makes three.
const BLOCKS_MAX: usize = 32;
/// The most messages in a header; layers with many attributes have some twenty.
const MESSAGES_MAX: usize = 4096;

const DATASPACE: u16 = 0x01;
const LINK_TABLE: u16 = 0x02;
const DATATYPE: u16 = 0x03;
const LINK: u16 = 0x06;
const EXTERNAL: u16 = 0x07;
const PLACE: u16 = 0x08;
const FILTERS: u16 = 0x0b;
const CONTINUATION: u16 = 0x10;
const SYMBOLS: u16 = 0x11;

/// A type message of `f32`, little-endian, as IEEE 754 has it: class and version, three bytes of flags
/// (low byte first, the sign at bit 31), size, then where exponent and mantissa lie, and the bias.
const F32: [u8; 20] = [
    0x11, 0x20, 0x1f, 0x00, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0,
];

/// What an object is.
pub(super) enum Object {
    /// A group, with the places of its index and of its names.
    Group { tree: u64, heap: u64 },
    /// An array, with the place of its numbers, or why they cannot be had.
    Array {
        shape: Vec<usize>,
        place: Result<Range<usize>, String>,
    },
}

/// A message of a header.
struct Message<'a> {
    kind: u16,
    at: u64,
    body: File<'a>,
}

/// Reads the header at `at`.
pub(super) fn read(file: File<'_>, at: u64, path: &str) -> Result<Object, WeightsError> {
    let messages = messages(file, at)?;
    let find = |kind| messages.iter().find(|message| message.kind == kind);
    if let Some(symbols) = find(SYMBOLS) {
        return Ok(Object::Group {
            tree: symbols.body.number(0)?,
            heap: symbols.body.number(8)?,
        });
    }
    if let Some(newer) = find(LINK_TABLE).or(find(LINK)) {
        return Err(unsupported(newer.at, "groups of the newer kind are"));
    }
    let (Some(space), Some(of), Some(layout)) = (find(DATASPACE), find(DATATYPE), find(PLACE))
    else {
        return Err(WeightsError::item(path, "neither a group nor an array"));
    };
    let shape = shape(space).map_err(|why| WeightsError::item(path, why))?;
    let place = if of.body.bytes.get(..F32.len()) != Some(&F32) {
        Err("its numbers are not little-endian f32".to_owned())
    } else if find(FILTERS).is_some() {
        Err("compressed arrays are not read".to_owned())
    } else if find(EXTERNAL).is_some() {
        Err("its numbers are in another file".to_owned())
    } else {
        numbers(file, layout, &shape)
    };
    Ok(Object::Array { shape, place })
}

/// Collects the messages of a header of version 1, over all its blocks.
fn messages(file: File<'_>, at: u64) -> Result<Vec<Message<'_>>, WeightsError> {
    if file.slice(at, 4)? == *b"OHDR" {
        return Err(unsupported(at, "object headers of version 2 are"));
    }
    if file.byte(at)? != 1 {
        return Err(damaged(at, "no object begins there"));
    }
    let count = usize::from(file.short(at.saturating_add(2))?).min(MESSAGES_MAX);
    let first_bytes = u64::from(file.word(at.saturating_add(8))?);
    let mut blocks = vec![(at.saturating_add(16), first_bytes)];
    let mut messages = Vec::new();
    let mut next = 0;
    while let Some(&(from, length)) = blocks.get(next) {
        next += 1;
        let block = File {
            bytes: file.slice(from, length)?,
        };
        let mut position = 0;
        while position + 8 <= length && messages.len() < count {
            let message = message(block, from, position)?;
            position += 8 + as_u64(message.body.bytes.len());
            if message.kind == CONTINUATION {
                if blocks.len() == BLOCKS_MAX {
                    return Err(damaged(message.at, "an object is scattered without end"));
                }
                blocks.push((message.body.number(0)?, message.body.number(8)?));
            }
            messages.push(message);
        }
    }
    if messages.len() < count {
        return Err(damaged(at, "an object has fewer messages than it says"));
    }
    Ok(messages)
}

fn message(block: File<'_>, from: u64, position: u64) -> Result<Message<'_>, WeightsError> {
    let at = from.saturating_add(position);
    let within = |_| damaged(at, "a message is longer than its object");
    let kind = block.short(position).map_err(within)?;
    let length = block.short(position + 2).map_err(within)?;
    let flags = block.byte(position + 4).map_err(within)?;
    let body = block
        .slice(position + 8, u64::from(length))
        .map_err(within)?;
    let matters = matches!(kind, DATASPACE | DATATYPE | PLACE | SYMBOLS | CONTINUATION);
    if matters && flags & 2 != 0 {
        return Err(unsupported(at, "types shared between arrays are"));
    }
    Ok(Message {
        kind,
        at,
        body: File { bytes: body },
    })
}

fn shape(space: &Message<'_>) -> Result<Vec<usize>, String> {
    let cut = |_| "its shape is cut".to_owned();
    let body = space.body;
    let rank = usize::from(body.byte(1).map_err(cut)?);
    if rank > DIMENSIONS_MAX {
        return Err(format!(
            "it has {rank} dimensions; weights have at most {DIMENSIONS_MAX}"
        ));
    }
    let from = match body.byte(0).map_err(cut)? {
        1 => 8,
        2 => 4,
        version => return Err(format!("its shape is of unknown version {version}")),
    };
    let lengths = body.slice(from, as_u64(8 * rank)).map_err(cut)?;
    let (lengths, _) = lengths.as_chunks::<8>();
    let shape = lengths
        .iter()
        .map(|length| usize::try_from(u64::from_le_bytes(*length)))
        .collect::<Result<Vec<_>, _>>();
    shape.map_err(|_| "a dimension is longer than memory".to_owned())
}

fn numbers(file: File<'_>, layout: &Message<'_>, shape: &[usize]) -> Result<Range<usize>, String> {
    let cut = |_| "the place of its numbers is cut".to_owned();
    let body = layout.body;
    let version = body.byte(0).map_err(cut)?;
    let class = body.byte(1).map_err(cut)?;
    match (version, class) {
        (3 | 4, 1) => {}
        (3 | 4, _) => return Err("only arrays in one piece are read".to_owned()),
        _ => {
            return Err(format!(
                "the place of its numbers is of unknown version {version}"
            ));
        }
    }
    let at = body.number(2).map_err(cut)?;
    let length = body.number(10).map_err(cut)?;
    if at == UNDEFINED {
        return Err("its numbers were never written".to_owned());
    }
    let wanted = bytes_of(shape).map(as_u64);
    if wanted != Some(length) {
        return Err(format!(
            "shape {shape:?} does not fit the {length} bytes of its numbers"
        ));
    }
    place(at, length, file.bytes.len())
        .ok_or_else(|| "its numbers lie behind the end of the file".to_owned())
}
