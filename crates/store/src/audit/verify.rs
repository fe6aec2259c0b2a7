//! Reading the whole log again: whether every entry is where it was written, as it was written. Names the first entry of
//! each chain that is not.

use futures::TryStreamExt;
use model::ids::UserId;
use uuid::Uuid;

use crate::database::Tx;
use crate::erasures;
use crate::error::Error;
use crate::vault::Vault;

use super::checkpoint::{Row, Seals};
use super::{Head, link, row_name};

/// Entries that are held in memory at a time.
const ENTRIES_AT_ONCE: i64 = 1_000;
/// Chains whose heads are held in memory at a time.
const CHAINS_AT_ONCE: i64 = 500;

/// What a look at the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Chains that were read.
    pub chains: u64,
    /// Entries that were read.
    pub entries: u64,
    /// Checkpoints that were read.
    pub checkpoints: u64,
    /// When the latest checkpoint was made, with its number and hash.
    pub latest: Option<(i64, i64, Vec<u8>)>,
    /// What is broken: the first place of each chain.
    pub broken: Vec<Broken>,
}

/// A place where the log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Whose chain it is; `None` for the checkpoints.
    pub user: Option<UserId>,
    /// The entry, or the number of the checkpoint.
    pub seq: i64,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong at a place of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is not what was written there.
    Changed,
    /// It was removed.
    Missing,
    /// It was never written there.
    Added,
    /// What says how far the chain goes was changed or removed.
    Head,
    /// The chain ends before the latest checkpoint, or says something else there.
    Behind,
    /// The signature is not the server's.
    Unsigned,
}

/// Reads everything. `erased` is what erasures of whole persons are called.
pub async fn verify(
    tx: &mut Tx,
    vault: &Vault,
    erased: &str,
    seals: &dyn Seals,
) -> Result<Verified, Error> {
    let mut found = Verified::default();
    let mut after = i64::MIN;
    loop {
        let chains = chains(tx, after).await?;
        let Some(last) = chains.last() else { break };
        after = last.person;
        for chain in chains {
            found.chains += 1;
            let broken = read(tx, vault, &chain, &mut found.entries).await?;
            found.broken.extend(broken);
        }
    }
    check_checkpoints(tx, vault, erased, seals, &mut found).await?;
    Ok(found)
}

/// A person who has entries or a head.
#[derive(sqlx::FromRow)]
struct Chain {
    person: i64,
    id: Uuid,
    first: Option<i64>,
    base: Option<Vec<u8>>,
    seq: Option<i64>,
    hash: Option<Vec<u8>>,
    bound: Option<Vec<u8>>,
}

impl Chain {
    fn head(&self) -> Option<Head> {
        Some(Head {
            first: self.first?,
            base: self.base.clone()?,
            seq: self.seq?,
            hash: self.hash.clone()?,
            bound: self.bound.clone()?,
        })
    }
}

async fn chains(tx: &mut Tx, after: i64) -> Result<Vec<Chain>, Error> {
    Ok(run!(tx, connection => sqlx::query_as::<_, Chain>(
        "SELECT p.no AS person, p.id, h.first, h.base, h.seq, h.hash, h.bound
         FROM persons p LEFT JOIN audit_heads h ON h.person = p.no
         WHERE p.no > $1 AND (h.person IS NOT NULL
            OR EXISTS (SELECT 1 FROM audit a WHERE a.person = p.no))
         ORDER BY p.no LIMIT $2",
    )
    .bind(after)
    .bind(CHAINS_AT_ONCE)
    .fetch_all(connection)
    .await)?)
}

/// The first broken place of one chain.
async fn read(
    tx: &mut Tx,
    vault: &Vault,
    chain: &Chain,
    entries: &mut u64,
) -> Result<Option<Broken>, Error> {
    let user = UserId::from_uuid(chain.id);
    let broken = |seq, why| {
        Ok(Some(Broken {
            user: Some(user),
            seq,
            why,
        }))
    };
    let Some(head) = chain.head() else {
        return broken(0, Why::Head);
    };
    let is_bound = head.is_bound(vault, user);
    let key = vault.person_key(tx, user).await?;
    let (mut next, mut before) = (head.first, head.base.clone());
    let mut after = i64::MIN;
    loop {
        let rows = page(tx, chain.person, after).await?;
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        for (seq, sealed, hash) in rows {
            *entries += 1;
            if seq > next {
                let past = is_bound && next > head.seq;
                return broken(next, if past { Why::Added } else { Why::Missing });
            }
            if seq < next {
                return broken(seq, Why::Added);
            }
            let is_whole = link(&before, user, seq, &sealed) == hash
                && key.open(&row_name(&key, seq), &sealed).is_ok();
            if !is_whole {
                return broken(seq, Why::Changed);
            }
            if is_bound && seq > head.seq {
                return broken(seq, Why::Added);
            }
            (next, before) = (seq + 1, hash);
        }
    }
    if !is_bound {
        return broken(head.seq, Why::Head);
    }
    if next <= head.seq {
        return broken(next, Why::Missing);
    }
    if before != head.hash {
        return broken(head.seq, Why::Head);
    }
    Ok(None)
}

type Stored = (i64, Vec<u8>, Vec<u8>);

async fn page(tx: &mut Tx, person: i64, after: i64) -> Result<Vec<Stored>, Error> {
    Ok(run!(tx, connection => sqlx::query_as::<_, Stored>(
        "SELECT seq, sealed, hash FROM audit WHERE person = $1 AND seq > $2
         ORDER BY seq LIMIT $3",
    )
    .bind(person)
    .bind(after)
    .bind(ENTRIES_AT_ONCE)
    .fetch_all(connection)
    .await)?)
}

async fn check_checkpoints(
    tx: &mut Tx,
    vault: &Vault,
    erased: &str,
    seals: &dyn Seals,
    found: &mut Verified,
) -> Result<(), Error> {
    let (mut next, mut before) = (1, Vec::new());
    let mut latest = None;
    let mut wrong = None;
    run!(&mut *tx, connection => {
        let mut rows = sqlx::query_as::<_, Row>(
            "SELECT no, at_us, heads, digest, hash, key_id, signature FROM audit_checkpoints
             ORDER BY no",
        )
        .fetch(connection);
        while let Some(row) = rows.try_next().await? {
            found.checkpoints += 1;
            let why = if row.no != next {
                Some((next, Why::Missing))
            } else if row.link(&before) != row.hash {
                Some((row.no, Why::Changed))
            } else if !seals.is_signed(&row.key_id, &row.hash, &row.signature) {
                Some((row.no, Why::Unsigned))
            } else {
                None
            };
            if why.is_some() {
                wrong = why;
                break;
            }
            (next, before) = (row.no + 1, row.hash.clone());
            latest = Some(row);
        }
    });
    if let Some((seq, why)) = wrong {
        found.broken.push(Broken {
            user: None,
            seq,
            why,
        });
        return Ok(());
    }
    let Some(latest) = latest else { return Ok(()) };
    found
        .broken
        .extend(behind(tx, vault, erased, &latest).await?);
    found.latest = Some((latest.no, latest.at_us, latest.hash));
    Ok(())
}

/// The first chain that is not where a checkpoint saw it, or beyond.
pub(super) async fn behind(
    tx: &mut Tx,
    vault: &Vault,
    erased: &str,
    latest: &Row,
) -> Result<Option<Broken>, Error> {
    let Some(marks) = latest.marks() else {
        // Only the latest one keeps the heads: one that has none was not the latest.
        return Ok(Some(Broken {
            user: None,
            seq: latest.no,
            why: if latest.heads.is_some() {
                Why::Changed
            } else {
                Why::Missing
            },
        }));
    };
    for mark in marks {
        let seen = run!(&mut *tx, connection => sqlx::query_as::<_, (Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>)>(
            "SELECT h.first, h.base, (SELECT a.hash FROM audit a WHERE a.person = p.no AND a.seq = $2)
             FROM persons p LEFT JOIN audit_heads h ON h.person = p.no WHERE p.id = $1",
        )
        .bind(mark.user.uuid())
        .bind(mark.seq)
        .fetch_optional(connection)
        .await)?;
        let is_there = match seen {
            None => erasures::is_noted(tx, vault, mark.user, erased).await?,
            Some((Some(first), Some(base), hash)) => {
                let is_base = mark.seq + 1 == first && base == mark.hash;
                mark.seq + 1 < first || is_base || hash.as_ref() == Some(&mark.hash)
            }
            Some(_) => false,
        };
        if !is_there {
            return Ok(Some(Broken {
                user: Some(mark.user),
                seq: mark.seq,
                why: Why::Behind,
            }));
        }
    }
    Ok(None)
}
