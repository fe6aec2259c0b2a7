//! Answers that take long to compute and stay the same until one of the person's days is computed again.
//!
//! An answer is kept under the person's key, the number of changes of their days and everything that it was asked
//! with; so a change by any process makes another answer, and an erasure all of them. Requests that ask for
//! the same at the same time wait for one computation. Opened answers are kept
//! no longer than five minutes without a reader.

use std::sync::Arc;
use std::time::Duration;

use model::ids::UserId;
use moka::sync::Cache;
use store::{PersonKey, Tx};
use tokio::sync::OnceCell;

/// How long an answer that nobody asks for is kept.
const IDLE: Duration = Duration::from_mins(5);
/// Answers kept at once.
const ANSWERS_MAX: u64 = 1_000;
/// Larger answers are computed each time, so that all of them take at most 64 MB.
const BYTES_MAX: usize = 64 << 10;
/// What the key of a person makes of this text says which key it is, and nothing else.
const KEY_TEXT: &[u8] = b"kept answers";

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    user: UserId,
    key: [u8; 16],
    changes: i64,
    question: String,
}

impl Asked {
    /// A question about the days of a person as a transaction sees them.
    pub(crate) async fn of(
        tx: &mut Tx,
        key: &PersonKey,
        user: UserId,
        question: String,
    ) -> Result<Self, store::Error> {
        Ok(Self {
            user,
            key: key.identity(KEY_TEXT),
            changes: store::days::changes(tx, key, user).await?,
            question,
        })
    }
}

/// The answers of this process.
#[derive(Debug)]
pub struct Answers {
    kept: Cache<Asked, Arc<OnceCell<Vec<u8>>>>,
}

impl Default for Answers {
    fn default() -> Self {
        let kept = Cache::builder()
            .max_capacity(ANSWERS_MAX)
            .time_to_idle(IDLE)
            .build();
        Self { kept }
    }
}

impl Answers {
    /// The answer to a question, made once for everybody who asks it meanwhile.
    pub(crate) async fn get<E>(
        &self,
        asked: Asked,
        make: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Vec<u8>, E> {
        let cell = self.kept.get_with(asked.clone(), Arc::default);
        let outcome = if cell.initialized() { "hit" } else { "miss" };
        metrics::counter!("clarity_cache_total", "cache" => "answer", "outcome" => outcome)
            .increment(1);
        let made = cell.get_or_try_init(|| make).await?;
        if made.len() > BYTES_MAX {
            self.kept.invalidate(&asked);
        }
        Ok(made.clone())
    }
}
