//! Messages of a stream of Apache Arrow, cut out of its bytes and decoded.
//!
//! Lengths are checked before anything of that length is held.

use std::io::{self, Read};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::{DataType, TimeUnit};

use crate::budget::Holding;

/// What each message begins with.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// Bytes of what describes a message: seventeen columns take two thousand.
const HEAD_BYTES_MAX: usize = 1 << 20;

/// Bytes of a batch: 16,384 rows with long documents.
const BODY_BYTES_MAX: i64 = 64 << 20;

/// Rows of a batch: what is written here has 16,384.
const ROWS_MAX: i64 = 1 << 20;

/// The next message.
pub(super) enum Next {
    /// Rows.
    Batch(RecordBatch),
    /// There is no more.
    End,
    /// The columns are not of the kinds that are written here.
    Foreign,
    /// What comes is no message, or longer than any that is written here.
    Damaged,
}

/// Messages of a stream.
pub(super) struct Frames<'r> {
    input: &'r mut dyn Read,
    decoder: StreamDecoder,
    byte: u64,
}

impl<'r> Frames<'r> {
    pub(super) fn new(input: &'r mut dyn Read) -> Self {
        Self {
            input,
            decoder: StreamDecoder::new(),
            byte: 0,
        }
    }

    /// Where the last message that was begun begins.
    pub(super) const fn byte(&self) -> u64 {
        self.byte
    }

    /// Reads up to the next batch of rows.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        loop {
            let mut holding = Holding::new();
            let Some(message) = self.message(&mut holding)? else {
                return Ok(Next::Damaged);
            };
            if message.is_empty() {
                return Ok(Next::End);
            }
            self.byte += message.len() as u64;
            let mut bytes = Buffer::from_vec(message);
            while !bytes.is_empty() {
                match self.decoder.decode(&mut bytes) {
                    Ok(Some(batch)) => return Ok(Next::Batch(batch)),
                    Ok(None) => {}
                    Err(_) => return Ok(Next::Damaged),
                }
                // Columns of other kinds are decoded in other ways, of which nothing was looked at.
                let schema = self.decoder.schema();
                if schema.is_some_and(|schema| {
                    !schema
                        .fields()
                        .iter()
                        .all(|field| is_plain(field.data_type()))
                }) {
                    return Ok(Next::Foreign);
                }
            }
        }
    }

    /// The bytes of the next message; empty at the end of the stream, `None` for what is none or is cut.
    fn message(&mut self, holding: &mut Holding) -> io::Result<Option<Vec<u8>>> {
        let mut start = [0; 8];
        match filled(self.input, &mut start)? {
            8 => {}
            // A stream that is whole says where it ends.
            _ => return Ok(None),
        }
        let (mark, length) = start.split_at(4);
        let length = <[u8; 4]>::try_from(length).map_or(-1, i32::from_le_bytes);
        let head_bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if mark != CONTINUATION || head_bytes > HEAD_BYTES_MAX {
            return Ok(None);
        }
        if head_bytes == 0 {
            return Ok(Some(Vec::new()));
        }
        let mut head = vec![0; head_bytes];
        if filled(self.input, &mut head)? < head_bytes {
            return Ok(None);
        }
        let stated = root_as_message(&head).ok();
        let Some(body_bytes) = stated.and_then(|message| sound_body(&message)) else {
            return Ok(None);
        };
        // The bytes, and the rows that are decoded of them.
        holding.grow(2 * body_bytes)?;
        let mut message = Vec::with_capacity(start.len() + head_bytes + body_bytes);
        message.extend_from_slice(&start);
        message.append(&mut head);
        let before = message.len();
        message.resize(before + body_bytes, 0);
        let body = message.get_mut(before..).unwrap_or_default();
        let read = filled(self.input, body)?;
        Ok((read == body_bytes).then_some(message))
    }
}

const fn is_plain(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8
            | DataType::Int32
            | DataType::Float64
            | DataType::Timestamp(TimeUnit::Microsecond, _)
    )
}

/// The bytes of a message's body, where all that it states lies within them: the library believes it. Only what describes
/// the columns and rows of plain columns are written here.
fn sound_body(message: &Message<'_>) -> Option<usize> {
    let body_bytes = message.bodyLength();
    if !(0..=BODY_BYTES_MAX).contains(&body_bytes) {
        return None;
    }
    let is_sound = match message.header_type() {
        MessageHeader::Schema => true,
        MessageHeader::RecordBatch => {
            let batch = message.header_as_record_batch()?;
            let is_within = |start: i64, length: i64| {
                start >= 0 && length >= 0 && start.checked_add(length) <= Some(body_bytes)
            };
            let mut nodes = batch.nodes()?.iter();
            let mut buffers = batch.buffers()?.iter();
            (0..=ROWS_MAX).contains(&batch.length())
                && nodes.all(|node| {
                    node.length() == batch.length()
                        && (0..=node.length()).contains(&node.null_count())
                })
                && buffers.all(|buffer| is_within(buffer.offset(), buffer.length()))
        }
        _ => false,
    };
    usize::try_from(body_bytes).ok().filter(|_| is_sound)
}

/// Reads until the buffer is full or the input ends; returns how much there was.
fn filled(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while let Some(rest) = buffer.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => at += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}
