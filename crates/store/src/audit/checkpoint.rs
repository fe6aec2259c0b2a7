//! Signed checkpoints: what the server says, under its own key, of how far the chains of all persons go. With one, a
//! chain cannot be put back to an earlier state, or go missing, unnoticed.

use aws_lc_rs::digest::{Context, SHA256};
use model::ids::UserId;
use uuid::Uuid;

use crate::database::Tx;
use crate::error::Error;

use super::verify::{Broken, behind};

/// Bytes of one head: whose, how far, and the hash there.
const HEAD_BYTES: usize = 16 + 8 + 32;

/// Who signs checkpoints, and who checks what was signed.
pub trait Seals: Sync {
    /// The name of the key that signs now.
    fn key_id(&self) -> &str;
    /// Signs a message.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
    /// Whether the key of this name signed a message.
    fn is_signed(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool;
}

/// What became of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkpointed {
    /// It was made: its number and its hash.
    Made(i64, Vec<u8>),
    /// Nothing happened since the latest one.
    Unchanged,
    /// A chain does not reach back to the latest one, so none was made.
    Broken(Broken),
}

/// How far the chain of a person went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) user: UserId,
    pub(super) seq: i64,
    pub(super) hash: Vec<u8>,
}

/// A stored checkpoint.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) no: i64,
    pub(super) at_us: i64,
    pub(super) heads: Option<Vec<u8>>,
    pub(super) digest: Vec<u8>,
    pub(super) hash: Vec<u8>,
    pub(super) key_id: String,
    pub(super) signature: Vec<u8>,
}

impl Row {
    /// What was signed.
    pub(super) fn link(&self, before: &[u8]) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        for part in [
            b"clarity audit checkpoint".as_slice(),
            before,
            &self.no.to_le_bytes(),
            &self.at_us.to_le_bytes(),
            &self.digest,
        ] {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }

    /// The heads that this checkpoint kept; `None` where they are not what its digest says.
    pub(super) fn marks(&self) -> Option<Vec<Mark>> {
        let heads = self.heads.as_deref()?;
        if digest(heads) != self.digest {
            return None;
        }
        heads.chunks(HEAD_BYTES).map(mark).collect()
    }
}

fn mark(bytes: &[u8]) -> Option<Mark> {
    let (user, rest) = bytes.split_first_chunk::<16>()?;
    let (seq, hash) = rest.split_first_chunk::<8>()?;
    Some(Mark {
        user: UserId::from_uuid(Uuid::from_bytes(*user)),
        seq: i64::from_le_bytes(*seq),
        hash: hash.to_vec(),
    })
}

pub(super) fn digest(bytes: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    context.finish().as_ref().to_vec()
}

/// Signs how far all chains go, unless nothing happened since the latest time. `erased` is what erasures of whole
/// persons are called.
pub async fn checkpoint(
    tx: &mut Tx,
    vault: &crate::vault::Vault,
    erased: &str,
    now_us: i64,
    seals: &dyn Seals,
) -> Result<Checkpointed, Error> {
    let latest = run!(tx, connection => sqlx::query_as::<_, Row>(
        "SELECT no, at_us, heads, digest, hash, key_id, signature FROM audit_checkpoints
         ORDER BY no DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await)?;
    let heads = heads(tx).await?;
    let digest = digest(&heads);
    let before = latest
        .as_ref()
        .map_or_else(Vec::new, |row| row.hash.clone());
    if let Some(latest) = latest.as_ref() {
        if latest.digest == digest {
            return Ok(Checkpointed::Unchanged);
        }
        if let Some(broken) = behind(tx, vault, erased, latest).await? {
            return Ok(Checkpointed::Broken(broken));
        }
    }
    let mut row = Row {
        no: latest.map_or(1, |latest| latest.no + 1),
        at_us: now_us,
        heads: Some(heads),
        digest,
        hash: Vec::new(),
        key_id: seals.key_id().to_owned(),
        signature: Vec::new(),
    };
    row.hash = row.link(&before);
    row.signature = seals.sign(&row.hash);
    let (no, hash) = (row.no, row.hash.clone());
    if insert(tx, row).await? {
        Ok(Checkpointed::Made(no, hash))
    } else {
        // Another process made it meanwhile.
        Ok(Checkpointed::Unchanged)
    }
}

/// The heads of all chains, in the order of persons.
async fn heads(tx: &mut Tx) -> Result<Vec<u8>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (Uuid, i64, Vec<u8>)>(
        "SELECT p.id, h.seq, h.hash FROM audit_heads h JOIN persons p ON p.no = h.person
         ORDER BY h.person",
    )
    .fetch_all(connection)
    .await)?;
    let mut heads = Vec::with_capacity(rows.len() * HEAD_BYTES);
    for (user, seq, hash) in rows {
        heads.extend_from_slice(user.as_bytes());
        heads.extend_from_slice(&seq.to_le_bytes());
        heads.extend_from_slice(&hash);
    }
    Ok(heads)
}

async fn insert(tx: &mut Tx, row: Row) -> Result<bool, Error> {
    let made = run!(tx, connection => sqlx::query(
        "INSERT INTO audit_checkpoints (no, at_us, heads, digest, hash, key_id, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (no) DO NOTHING",
    )
    .bind(row.no)
    .bind(row.at_us)
    .bind(row.heads)
    .bind(row.digest)
    .bind(row.hash)
    .bind(row.key_id)
    .bind(row.signature)
    .execute(connection)
    .await
    .map(|done| done.rows_affected()))?;
    if made == 0 {
        return Ok(false);
    }
    run!(tx, connection => sqlx::query(
        "UPDATE audit_checkpoints SET heads = NULL WHERE no < $1 AND heads IS NOT NULL",
    )
    .bind(row.no)
    .execute(connection)
    .await
    .map(drop))?;
    Ok(true)
}
