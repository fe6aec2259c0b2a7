//! Answers that take long to compute and stay the same until one of the person's days is computed again.
//!
//! An answer is kept under the person's key, the number of changes of their days and everything that it was asked
//! with; so a change by any process makes another answer, and an erasure all of them. Requests that ask for
//! the same at the same time wait for one computation. Opened answers are kept
//! no longer than five minutes without a reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::ids::UserId;
use moka::sync::Cache;
use store::{PersonKey, Tx};
use tokio::sync::OnceCell;

/// How long an answer that nobody asks for is kept.
const IDLE: Duration = Duration::from_mins(5);
/// All answers that are kept take no more than this, so that some thousands of people find theirs.
const ROOM: u64 = 64 << 20;
/// Larger answers are computed each time.
const BYTES_MAX: usize = 64 << 10;
/// What an answer takes beside its text.
const OVERHEAD: usize = 256;
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
    made: AtomicU64,
}

impl Default for Answers {
    fn default() -> Self {
        let kept = Cache::builder()
            .max_capacity(ROOM)
            .weigher(weight)
            .time_to_idle(IDLE)
            .build();
        Self {
            kept,
            made: AtomicU64::new(0),
        }
    }
}

impl Answers {
    /// How many answers were made, rather than found.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

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
        let mut is_new = false;
        let make = async {
            let made = make.await;
            is_new = true;
            self.made.fetch_add(1, Ordering::Relaxed);
            made
        };
        let made = cell.get_or_try_init(|| make).await?.clone();
        if made.len() > BYTES_MAX {
            self.kept.invalidate(&asked);
        } else if is_new {
            // Weighed when it was empty; from now on with what is in it.
            self.kept.insert(asked, cell);
        }
        Ok(made)
    }
}

fn weight(asked: &Asked, answer: &Arc<OnceCell<Vec<u8>>>) -> u32 {
    let text = answer.get().map_or(0, Vec::len);
    u32::try_from(OVERHEAD + asked.question.len() + text).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use uuid::Uuid;

    use super::*;

    fn asked(number: u32) -> Asked {
        Asked {
            user: UserId::from_uuid(Uuid::from_u128(u128::from(number))),
            key: [0; 16],
            changes: 1,
            question: "trends".to_owned(),
        }
    }

    /// Asks once; says whether it had to be made.
    async fn ask(answers: &Answers, number: u32, size: usize) -> bool {
        let mut is_made = false;
        let make = async {
            is_made = true;
            Ok::<_, Infallible>(vec![0; size])
        };
        let Ok(answer) = answers.get(asked(number), make).await;
        assert_eq!(answer.len(), size);
        is_made
    }

    #[tokio::test]
    async fn answers_are_kept_by_what_they_weigh() {
        let answers = Answers::default();
        for expect in [true, false] {
            for number in 0..3_000 {
                assert_eq!(ask(&answers, number, 4_000).await, expect, "{number}");
            }
        }
        assert!(ask(&answers, 5_000, BYTES_MAX + 1).await);
        assert!(
            ask(&answers, 5_000, BYTES_MAX + 1).await,
            "too large to keep"
        );
        for number in 10_000..14_000 {
            ask(&answers, number, BYTES_MAX).await;
        }
        answers.kept.run_pending_tasks();
        assert!(answers.kept.weighted_size() <= ROOM);
        assert!(answers.kept.entry_count() < 1_100);
    }
}
