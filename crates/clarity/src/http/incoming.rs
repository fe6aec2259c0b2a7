//! The body of an import on its way from the network to its reader, and what it was, for a client that
//! sends it again under the same key.

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::app::App;
use crate::http::idempotency::IdempotencyKey;
use crate::http::pieces::{Cut, Piece};
use crate::problem::{Code, Problem};

/// A client may be as slow as it likes for this long.
const PATIENCE: Duration = Duration::from_mins(1);
/// After that it brings at least this on average: less than the slowest line.
const BYTES_PER_S_MIN: u64 = 2_048;

/// A body that is read once, from its beginning to its end.
pub(crate) struct Incoming {
    body: Body,
    idle: Duration,
    /// How long the client was waited for, and what it brought meanwhile.
    waited: Duration,
    brought: u64,
    /// Of everything that was read; kept only where a client may come again.
    digest: Option<Context>,
}

/// What comes next.
enum Next {
    Bytes(Bytes),
    End,
    Cut(Cut),
}

impl Incoming {
    /// The body of a request.
    pub(crate) fn new(app: &App, body: Body, key: IdempotencyKey) -> Self {
        Self {
            body,
            idle: Duration::from_secs(app.config.limits.import_idle_s),
            waited: Duration::ZERO,
            brought: 0,
            digest: key.is_given().then(|| Context::new(&SHA256)),
        }
    }

    /// Sends the body to the reader, piece by piece, as fast as that takes them. An end that is not the
    /// end of the body is named as such. A reader that stopped early says why through its outcome.
    pub(crate) async fn pump(&mut self, pieces: mpsc::Sender<Piece>) -> Result<(), Problem> {
        loop {
            let (piece, ended) = match self.next().await {
                Next::Bytes(bytes) => (Piece::Bytes(bytes), None),
                Next::End => (Piece::End, Some(Ok(()))),
                Next::Cut(cut) => (Piece::Cut(cut), Some(Err(self.cut(cut)))),
            };
            if pieces.send(piece).await.is_err() {
                return Ok(());
            }
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Reads what is left and says what the whole body was.
    pub(crate) async fn digest(mut self) -> Result<[u8; 32], Problem> {
        loop {
            match self.next().await {
                Next::Bytes(_) => {}
                Next::End => break,
                Next::Cut(cut) => return Err(self.cut(cut)),
            }
        }
        let mut hash = [0; 32];
        if let Some(digest) = self.digest {
            hash.copy_from_slice(digest.finish().as_ref());
        }
        Ok(hash)
    }

    async fn next(&mut self) -> Next {
        loop {
            let started = Instant::now();
            let frame = tokio::time::timeout(self.idle, self.body.frame()).await;
            self.waited += started.elapsed();
            if self.is_slow() {
                return Next::Cut(Cut::Idle);
            }
            return match frame {
                Err(_) => Next::Cut(Cut::Idle),
                Ok(Some(Err(_))) => Next::Cut(Cut::Broken),
                Ok(None) => Next::End,
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => {
                        if let Some(digest) = &mut self.digest {
                            digest.update(&bytes);
                        }
                        self.brought += bytes.len() as u64;
                        Next::Bytes(bytes)
                    }
                    // Trailers.
                    Err(_) => continue,
                },
            };
        }
    }

    /// Whether so little comes that others would wait for the place of this import for ever.
    fn is_slow(&self) -> bool {
        let seconds = self.waited.as_secs();
        self.waited > PATIENCE && self.brought < seconds.saturating_mul(BYTES_PER_S_MIN)
    }

    fn cut(&self, cut: Cut) -> Problem {
        match cut {
            Cut::Idle => Problem::new(
                Code::MalformedBody,
                format!(
                    "no byte arrived for {} seconds, or hardly any for a minute; what was read is kept, send the file again",
                    self.idle.as_secs()
                ),
            ),
            Cut::Broken => Problem::new(
                Code::MalformedBody,
                "the body ended early or could not be decompressed; what was read is kept, send the file again",
            ),
        }
    }
}
