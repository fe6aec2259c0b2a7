//! The documents of persons whose data was read a moment ago, so that a request that only reads does
//! not open and parse them again.
//!
//! An entry counts only while each of its documents has the version that the database holds, which
//! every reading asks first, and while the person has the same key: an erasure begins the versions anew
//! under another. So a change by any process takes effect at once. Only what a reading
//! transaction saw is remembered: what a writing one sees may never be committed. It holds opened
//! documents, never a key, no longer than [`IDLE`] after their last use.

use std::sync::Arc;
use std::time::Duration;

use model::ids::UserId;
use moka::sync::Cache;
use store::docs::DocName;
use store::{Tx, Vault};

use crate::person::document::DocumentError;
use crate::person::dossier::{Dossier, Known};

/// How long documents that nobody asks for are kept.
const IDLE: Duration = Duration::from_mins(10);
/// Bytes of remembered documents, about: some thousand persons.
const BYTES_MAX: u64 = 32 << 20;

/// What the key of a person makes of this text says which key it is, and nothing else.
const KEY_TEXT: &[u8] = b"remembered documents";

/// The memory of this process.
#[derive(Debug)]
pub struct Memory {
    known: Cache<UserId, Remembered>,
}

/// Documents, and which key they were sealed with.
#[derive(Debug, Clone)]
struct Remembered {
    key: [u8; 16],
    known: Arc<Known>,
}

impl Default for Memory {
    fn default() -> Self {
        let known = Cache::builder()
            .weigher(|_, remembered: &Remembered| remembered.known.size())
            .max_capacity(BYTES_MAX)
            .time_to_idle(IDLE)
            .build();
        Self { known }
    }
}

impl Memory {
    /// What is known about a person, for a transaction that only reads.
    pub(crate) async fn load(
        &self,
        tx: &mut Tx,
        vault: &Vault,
        user: UserId,
    ) -> Result<Dossier, DocumentError> {
        let key = vault.person_key(tx, user).await?;
        let stored = store::docs::versions(tx, &key, user).await?;
        let key_mark = key.identity(KEY_TEXT);
        let is_current = |remembered: &Remembered| {
            let held = |name: &DocName| stored.get(name).copied().unwrap_or(0);
            let mut versions = remembered.known.versions().into_iter();
            remembered.key == key_mark && versions.all(|(name, version)| version == held(&name))
        };
        if let Some(remembered) = self.known.get(&user).filter(is_current) {
            count("hit");
            return Ok(Dossier::of(key, user, remembered.known));
        }
        count("miss");
        let known = Arc::new(Known::read(tx, &key, user).await?);
        let remembered = Remembered {
            key: key_mark,
            known: Arc::clone(&known),
        };
        self.known.insert(user, remembered);
        Ok(Dossier::of(key, user, known))
    }

    /// Forgets a person who was erased.
    pub(crate) fn forget(&self, user: UserId) {
        self.known.invalidate(&user);
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("clarity_cache_total", "cache" => "person", "outcome" => outcome)
        .increment(1);
}
