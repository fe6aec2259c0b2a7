//! A request body as something that a reading thread can block on.
//!
//! A body that breaks off is an error and never looks like its end: a cut file would otherwise pass
//! for a whole one.

use std::io::{self, Read};
use std::sync::Arc;

use axum::body::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

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

/// The turn of somebody who reads. Others have it while they wait for bytes, so that a client that sends hardly any
/// holds no place.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    runtime: Handle,
}

impl Turn {
    /// Waits for a turn.
    pub(crate) async fn of(turns: &Arc<Semaphore>) -> Self {
        Self {
            turns: Arc::clone(turns),
            held: Arc::clone(turns).acquire_owned().await.ok(),
            runtime: Handle::current(),
        }
    }

    fn pass_on(&mut self) {
        self.held = None;
    }

    fn take_again(&mut self) {
        let next = Arc::clone(&self.turns).acquire_owned();
        self.held = self.runtime.block_on(next).ok();
    }
}

/// Reads pieces as one stream of bytes.
#[derive(Debug)]
pub(crate) struct PieceReader {
    pieces: mpsc::Receiver<Piece>,
    turn: Turn,
    current: Bytes,
    at_end: bool,
}

impl PieceReader {
    /// Reads what is sent through the channel, on a thread that may wait.
    pub(crate) const fn new(pieces: mpsc::Receiver<Piece>, turn: Turn) -> Self {
        Self {
            pieces,
            turn,
            current: Bytes::new(),
            at_end: false,
        }
    }

    fn next(&mut self) -> Option<Piece> {
        match self.pieces.try_recv() {
            Ok(piece) => Some(piece),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                self.turn.pass_on();
                let piece = self.pieces.blocking_recv();
                self.turn.take_again();
                piece
            }
        }
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.at_end {
            match self.next() {
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

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
    }

    fn read(pieces: Vec<Piece>) -> io::Result<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.try_send(piece).expect("room");
        }
        drop(sender);
        let turn = runtime().block_on(Turn::of(&Arc::new(Semaphore::new(1))));
        let mut out = Vec::new();
        PieceReader::new(receiver, turn).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn who_waits_for_bytes_holds_no_turn() {
        let runtime = runtime();
        let turns = Arc::new(Semaphore::new(1));
        let (sender, receiver) = mpsc::channel(8);
        let mut slow = PieceReader::new(receiver, runtime.block_on(Turn::of(&turns)));
        assert_eq!(turns.available_permits(), 0);
        let reading = std::thread::spawn(move || {
            let mut out = Vec::new();
            slow.read_to_end(&mut out).map(|_| (out, slow))
        });
        // It has nothing to read: somebody else gets the turn, and it waits for them.
        let other = runtime.block_on(Turn::of(&turns));
        for piece in [Piece::Bytes(Bytes::from_static(b"ab")), Piece::End] {
            sender.try_send(piece).expect("room");
        }
        drop(other);
        let (out, slow) = reading.join().expect("no panic").expect("a whole body");
        assert_eq!(out, b"ab");
        assert_eq!(turns.available_permits(), 0, "held to the end of its work");
        drop(slow);
        assert_eq!(turns.available_permits(), 1);
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
