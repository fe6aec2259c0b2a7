//! A request body as something that a reading thread can block on.
//!
//! A body that breaks off is an error and never looks like its end: a cut file would otherwise pass
//! for a whole one.

use std::io::{self, Read};

use axum::body::Bytes;
use tokio::sync::mpsc;

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// No byte arrived for too long.
    Idle,
    /// The connection broke, or the body could not be decompressed.
    Broken,
}

/// What goes from the network to the reader.
#[derive(Debug)]
pub(crate) enum Piece {
    /// More of the body.
    Bytes(Bytes),
    /// The body is complete.
    End,
    /// The body will not be complete.
    Cut(Cut),
}

/// Reads pieces as one stream of bytes.
#[derive(Debug)]
pub(crate) struct PieceReader {
    pieces: mpsc::Receiver<Piece>,
    current: Bytes,
    at_end: bool,
}

impl PieceReader {
    /// Reads what is sent through the channel.
    pub(crate) const fn new(pieces: mpsc::Receiver<Piece>) -> Self {
        Self {
            pieces,
            current: Bytes::new(),
            at_end: false,
        }
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.at_end {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.at_end = true,
                Some(Piece::Cut(Cut::Idle)) => return Err(aborted("no more of it arrived")),
                // Without a word: the request is gone.
                Some(Piece::Cut(Cut::Broken)) | None => return Err(aborted("it was cut off")),
            }
        }
        let count = self.current.len().min(buffer.len());
        if let Some(target) = buffer.get_mut(..count) {
            target.copy_from_slice(&self.current.split_to(count));
        }
        Ok(count)
    }
}

/// Not `UnexpectedEof`: readers take that for a truncated file, whose content is kept as far as it
/// goes. This file goes on; it just did not get here.
fn aborted(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        format!("the upload is not complete: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: Vec<Piece>) -> io::Result<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.try_send(piece).expect("room");
        }
        drop(sender);
        let mut out = Vec::new();
        PieceReader::new(receiver).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn pieces_are_one_stream() {
        let bytes = |text: &'static str| Piece::Bytes(Bytes::from_static(text.as_bytes()));
        let whole = read(vec![bytes("ab"), bytes(""), bytes("c"), Piece::End]);
        assert_eq!(whole.expect("a whole body"), b"abc");
    }

    #[test]
    fn a_cut_body_is_an_error() {
        let bytes = || Piece::Bytes(Bytes::from_static(b"ab"));
        for pieces in [
            vec![bytes()],
            vec![bytes(), Piece::Cut(Cut::Idle)],
            vec![bytes(), Piece::Cut(Cut::Broken)],
        ] {
            let error = read(pieces).expect_err("a cut body");
            assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        }
    }
}
