//! The keys that sign access tokens, as a list in time: which one signs, which are still accepted, which are only known.
//!
//! A new key is known for a while before it signs, so that every process and every other service has read it by then.
//! One that was replaced is accepted until the last token that it signed has ended; then its secret half is forgotten,
//! and its public half stays to prove receipts. Nothing here may read a clock or the store.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How long a new key is known before it signs: other processes read it within seconds, other services within a minute.
pub const KNOWN_BEFORE_US: i64 = 120 * 1_000_000;
/// Clocks of two nodes may differ by this much.
pub const SKEW_S: i64 = 60;
/// Keys with a secret half at the same time: a rotation a week, while browsers stay signed in for a month.
const LIVE_MAX: usize = 8;
/// Bytes of a key's digest that name it.
const NAME_BYTES: usize = 12;

/// A key as it is stored, sealed with the others.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    /// The public half.
    pub(super) public: String,
    /// The secret half, until nothing that it signed is accepted any more.
    pub(super) seed: Option<String>,
    pub(super) created_us: i64,
    /// From when on it signs.
    pub(super) signs_us: i64,
    /// Seconds that the longest token lasts which it may have signed.
    pub(super) longest_s: i64,
    /// Until when what it signed is accepted; none while it was not replaced.
    pub(super) until_us: Option<i64>,
    /// When somebody said that it may be known to others.
    pub(super) revoked_us: Option<i64>,
}

impl Drop for Record {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.seed);
    }
}

/// Why the keys were not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    /// A new key is on its way; it signs from then on.
    Underway(i64),
    /// Too many keys are still accepted.
    TooMany,
    /// There is no such key, or it was revoked before.
    Unknown,
}

impl Record {
    /// A key that signs from `signs_us` on.
    pub(super) fn new(seed: &[u8; 32], now_us: i64, signs_us: i64, longest_s: i64) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self {
            public: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            seed: Some(URL_SAFE_NO_PAD.encode(seed)),
            created_us: now_us,
            signs_us,
            longest_s,
            until_us: None,
            revoked_us: None,
        })
    }

    const fn is_live(&self) -> bool {
        self.seed.is_some() && self.revoked_us.is_none()
    }

    /// Whether nothing replaced it so far.
    const fn is_latest(&self) -> bool {
        self.is_live() && self.until_us.is_none()
    }

    fn id(&self) -> Option<String> {
        Some(key_id(&URL_SAFE_NO_PAD.decode(&self.public).ok()?))
    }
}

/// The name of a key.
fn key_id(public: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public);
    let short: Vec<u8> = digest.as_ref().iter().take(NAME_BYTES).copied().collect();
    URL_SAFE_NO_PAD.encode(short)
}

/// Adds a key that replaces the one that signs now.
pub(super) fn rotate(
    records: &mut Vec<Record>,
    seed: &[u8; 32],
    now_us: i64,
    longest_s: i64,
) -> Result<(), Unchanged> {
    let underway = records
        .iter()
        .find(|one| one.is_latest() && one.signs_us > now_us);
    if let Some(underway) = underway {
        return Err(Unchanged::Underway(underway.signs_us));
    }
    if records.iter().filter(|one| one.is_live()).count() >= LIVE_MAX {
        return Err(Unchanged::TooMany);
    }
    add(records, seed, (now_us, now_us + KNOWN_BEFORE_US), longest_s);
    Ok(())
}

fn add(records: &mut Vec<Record>, seed: &[u8; 32], times_us: (i64, i64), longest_s: i64) {
    let (now_us, signs_us) = times_us;
    let new = Record::new(seed, now_us, signs_us, longest_s).expect("a seed is any 32 bytes");
    for one in records.iter_mut().filter(|one| one.is_live()) {
        // One that was to be replaced by a key that is revoked now signs on until this one does.
        let is_signing = one.until_us.is_none_or(|until_us| until_us > now_us);
        if is_signing {
            let last_us = signs_us + (one.longest_s + SKEW_S) * 1_000_000;
            one.until_us = one.until_us.max(Some(last_us));
        }
    }
    records.push(new);
}

/// Takes a key back: what it signed is refused from now on. `seed` is for the key that takes its place where none is left.
pub(super) fn revoke(
    records: &mut Vec<Record>,
    key_id: &str,
    seed: &[u8; 32],
    now_us: i64,
    longest_s: i64,
) -> Result<(), Unchanged> {
    let found = records
        .iter_mut()
        .find(|one| one.revoked_us.is_none() && one.id().as_deref() == Some(key_id));
    let found = found.ok_or(Unchanged::Unknown)?;
    found.revoked_us = Some(now_us);
    zeroize::Zeroize::zeroize(&mut found.seed);
    found.seed = None;
    let signs = records.iter().any(|one| {
        one.is_live() && one.signs_us <= now_us && one.until_us.is_none_or(|until| until > now_us)
    });
    match records.iter_mut().find(|one| one.is_latest()) {
        // Nobody signs: the one that waits does at once.
        Some(latest) if !signs => latest.signs_us = latest.signs_us.min(now_us),
        Some(_) => {}
        None => {
            let signs_us = if signs {
                now_us + KNOWN_BEFORE_US
            } else {
                now_us
            };
            add(records, seed, (now_us, signs_us), longest_s);
        }
    }
    Ok(())
}

/// Forgets the secret half of keys of which no token is accepted any more. Returns whether there was one.
pub(super) fn forget(records: &mut [Record], now_us: i64) -> bool {
    let mut forgot = false;
    for one in records {
        if one.seed.is_some() && one.until_us.is_some_and(|until_us| until_us <= now_us) {
            zeroize::Zeroize::zeroize(&mut one.seed);
            one.seed = None;
            forgot = true;
        }
    }
    forgot
}

/// Notes how long tokens last from now on. Returns whether that is longer than before.
pub(super) fn lengthen(records: &mut [Record], longest_s: i64) -> bool {
    let mut longer = false;
    for one in records.iter_mut().filter(|one| one.is_latest()) {
        longer |= one.longest_s < longest_s;
        one.longest_s = one.longest_s.max(longest_s);
    }
    longer
}

/// Whether the key that signs is older than this and no other is on its way.
pub(super) fn is_due(records: &[Record], age_us: i64, now_us: i64) -> bool {
    let mut latest = records.iter().filter(|one| one.is_latest());
    latest.all(|one| one.signs_us.max(one.created_us) + age_us <= now_us)
}

/// What a key does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It is known and will sign.
    Waits,
    /// It signs.
    Signs,
    /// It was replaced; what it signed is accepted.
    Accepted,
    /// It only proves receipts and checkpoints that it signed.
    Proves,
    /// It was taken back.
    Revoked,
}

/// What can be said of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// Its name.
    pub key_id: String,
    /// What it does.
    pub doing: Doing,
    /// When it was made.
    pub created_us: i64,
    /// From when on it signs.
    pub signs_us: i64,
    /// Until when what it signed is accepted; none while it was not replaced.
    pub until_us: Option<i64>,
}

/// The secret half of a key, opened.
struct Secret {
    pair: Ed25519KeyPair,
    encoding: EncodingKey,
}

/// A key, opened.
pub(super) struct Opened {
    pub(super) id: String,
    pub(super) public: Vec<u8>,
    pub(super) decoding: DecodingKey,
    secret: Option<Secret>,
    record: Record,
}

impl Opened {
    fn of(record: &Record) -> Option<Self> {
        let public = URL_SAFE_NO_PAD.decode(&record.public).ok()?;
        let secret = record.seed.as_ref().map(|seed| Secret::of(seed));
        if secret.as_ref().is_some_and(Option::is_none) {
            return None;
        }
        Some(Self {
            id: key_id(&public),
            decoding: DecodingKey::from_ed_der(&public),
            public,
            secret: secret.flatten(),
            record: record.clone(),
        })
    }

    fn doing(&self, now_us: i64, signer: &str) -> Doing {
        if self.record.revoked_us.is_some() {
            Doing::Revoked
        } else if self.id == signer {
            Doing::Signs
        } else if self.record.until_us.is_some_and(|until| until <= now_us) {
            Doing::Proves
        } else if self.record.signs_us > now_us {
            Doing::Waits
        } else {
            Doing::Accepted
        }
    }

    /// What it signs with, for a key that signs.
    pub(super) fn encoding(&self) -> Option<&EncodingKey> {
        self.secret.as_ref().map(|secret| &secret.encoding)
    }

    /// Signs a message; nothing for a key whose secret half is forgotten.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let secret = self.secret.as_ref()?;
        Some(secret.pair.sign(message).as_ref().to_vec())
    }

    /// Whether it signed a message.
    pub(super) fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&ED25519, self.public.as_slice());
        public.verify(message, signature).is_ok()
    }
}

impl Secret {
    fn of(seed: &str) -> Option<Self> {
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(seed).ok()?);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let document = pair.to_pkcs8v1().ok()?;
        Some(Self {
            encoding: EncodingKey::from_ed_der(document.as_ref()),
            pair,
        })
    }
}

/// All keys, opened, oldest first.
pub(super) struct Ring(Vec<Opened>);

impl Ring {
    /// Opens the keys; `None` where one is damaged or none can sign.
    pub(super) fn of(records: &[Record]) -> Option<Self> {
        let keys: Option<Vec<Opened>> = records.iter().map(Opened::of).collect();
        let ring = Self(keys?);
        ring.signing(i64::MAX).is_some().then_some(ring)
    }

    fn signing(&self, now_us: i64) -> Option<&Opened> {
        let mut able = self.0.iter().filter(|one| one.record.is_live());
        let due = able.clone().rfind(|one| one.record.signs_us <= now_us);
        // A clock that was set back: the oldest one signed already.
        due.or_else(|| able.next())
    }

    /// The key that signs.
    pub(super) fn signer(&self, now_us: i64) -> &Opened {
        self.signing(now_us).expect("a ring has a key that signs")
    }

    /// The key of this name, where what it signed is accepted.
    pub(super) fn accepted(&self, key_id: &str, now_us: i64) -> Option<&Opened> {
        let found = self.0.iter().find(|one| one.id == key_id)?;
        let until_us = found.record.until_us;
        let counts = found.record.is_live() && until_us.is_none_or(|until_us| now_us < until_us);
        counts.then_some(found)
    }

    /// The key of this name, for what it signed at whatever time. One that was taken back still proves the log's
    /// checkpoints, each of which holds the one before.
    pub(super) fn known(&self, key_id: &str) -> Option<&Opened> {
        self.0.iter().find(|one| one.id == key_id)
    }

    /// The keys that prove something to others.
    pub(super) fn proving(&self) -> impl Iterator<Item = &Opened> {
        let all = self.0.iter();
        all.filter(|one| one.record.revoked_us.is_none())
    }

    /// What can be said of each key, newest first.
    pub(super) fn states(&self, now_us: i64) -> Vec<KeyState> {
        let signer = &self.signer(now_us).id;
        let all = self.0.iter().rev();
        all.map(|one| KeyState {
            key_id: one.id.clone(),
            doing: one.doing(now_us, signer),
            created_us: one.record.created_us,
            signs_us: one.record.signs_us,
            until_us: one.record.revoked_us.or(one.record.until_us),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_S: i64 = 86_400;
    const S: i64 = 1_000_000;

    fn first() -> Vec<Record> {
        vec![Record::new(&[1; 32], 0, 0, DAY_S).expect("a key")]
    }

    fn doings(records: &[Record], now_us: i64) -> Vec<Doing> {
        let ring = Ring::of(records).expect("a ring");
        ring.states(now_us).iter().map(|one| one.doing).collect()
    }

    fn id(records: &[Record], at: usize) -> String {
        records[at].id().expect("an id")
    }

    #[test]
    fn a_key_waits_signs_is_accepted_and_only_proves() {
        let mut records = first();
        rotate(&mut records, &[2; 32], 100 * S, DAY_S).expect("rotated");
        let signs_us = 100 * S + KNOWN_BEFORE_US;
        assert_eq!(doings(&records, signs_us - 1), [Doing::Waits, Doing::Signs]);
        assert_eq!(doings(&records, signs_us), [Doing::Signs, Doing::Accepted]);
        // The last token of the old key was signed a moment before, on a clock that may be behind.
        let until_us = signs_us + (DAY_S + SKEW_S) * S;
        let old = id(&records, 0);
        let ring = Ring::of(&records).expect("a ring");
        assert!(ring.accepted(&old, until_us - 1).is_some());
        assert!(ring.accepted(&old, until_us).is_none());
        assert!(!forget(&mut records, until_us - 1));
        assert!(forget(&mut records, until_us));
        assert!(records[0].seed.is_none());
        assert_eq!(doings(&records, until_us), [Doing::Signs, Doing::Proves]);
        let ring = Ring::of(&records).expect("a ring");
        assert_eq!(ring.proving().count(), 2);
        assert!(ring.known(&old).expect("known").sign(b"x").is_none());
    }

    #[test]
    fn one_rotation_at_a_time_and_a_bound_on_keys() {
        let mut records = first();
        rotate(&mut records, &[2; 32], 0, DAY_S).expect("rotated");
        let again = rotate(&mut records, &[3; 32], KNOWN_BEFORE_US - 1, DAY_S);
        assert_eq!(again, Err(Unchanged::Underway(KNOWN_BEFORE_US)));
        let mut now_us = KNOWN_BEFORE_US;
        for byte in 3..=8 {
            rotate(&mut records, &[byte; 32], now_us, DAY_S).expect("rotated");
            now_us += KNOWN_BEFORE_US;
        }
        let more = rotate(&mut records, &[9; 32], now_us, DAY_S);
        assert_eq!(more, Err(Unchanged::TooMany));
    }

    #[test]
    fn longer_tokens_are_accepted_longer() {
        let mut records = first();
        assert!(lengthen(&mut records, 2 * DAY_S));
        assert!(!lengthen(&mut records, DAY_S), "what was signed stays");
        rotate(&mut records, &[2; 32], 0, DAY_S).expect("rotated");
        let until_us = KNOWN_BEFORE_US + (2 * DAY_S + SKEW_S) * S;
        assert_eq!(records[0].until_us, Some(until_us));
    }

    #[test]
    fn a_revoked_key_is_refused_and_replaced_at_once() {
        let mut records = first();
        let (old, seed) = (id(&records, 0), [2; 32]);
        let unknown = revoke(&mut records, "nothing", &seed, 5 * S, DAY_S);
        assert_eq!(unknown, Err(Unchanged::Unknown));
        revoke(&mut records, &old, &seed, 5 * S, DAY_S).expect("revoked");
        assert_eq!(doings(&records, 5 * S), [Doing::Signs, Doing::Revoked]);
        let ring = Ring::of(&records).expect("a ring");
        assert!(ring.accepted(&old, 5 * S).is_none());
        assert_eq!(ring.proving().count(), 1);
        let twice = revoke(&mut records, &old, &seed, 5 * S, DAY_S);
        assert_eq!(twice, Err(Unchanged::Unknown));
    }

    #[test]
    fn revoking_the_key_that_waits_leaves_the_other_to_sign() {
        let mut records = first();
        rotate(&mut records, &[2; 32], 0, DAY_S).expect("rotated");
        let waiting = id(&records, 1);
        revoke(&mut records, &waiting, &[3; 32], 10 * S, DAY_S).expect("revoked");
        assert_eq!(
            doings(&records, 10 * S),
            [Doing::Waits, Doing::Revoked, Doing::Signs]
        );
        let signs_us = 10 * S + KNOWN_BEFORE_US;
        assert_eq!(records[0].until_us, Some(signs_us + (DAY_S + SKEW_S) * S));
    }

    #[test]
    fn revoking_the_key_that_signs_hastens_the_one_that_waits() {
        let mut records = first();
        rotate(&mut records, &[2; 32], 0, DAY_S).expect("rotated");
        let signing = id(&records, 0);
        revoke(&mut records, &signing, &[3; 32], 10 * S, DAY_S).expect("revoked");
        assert_eq!(doings(&records, 10 * S), [Doing::Signs, Doing::Revoked]);
        assert_eq!(records.len(), 2);
    }

    #[test]
    fn keys_are_due_by_age() {
        let mut records = first();
        let age_us = 90 * DAY_S * S;
        assert!(!is_due(&records, age_us, age_us - 1));
        assert!(is_due(&records, age_us, age_us));
        rotate(&mut records, &[2; 32], age_us, DAY_S).expect("rotated");
        assert!(!is_due(&records, age_us, age_us));
    }
}
