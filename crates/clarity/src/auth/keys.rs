//! The server's own secrets: the keys that sign access tokens and receipts, and the one that signs
//! cursors. Made on the first start and kept sealed in the database; never logged.
//!
//! Every process reads them again within seconds of a change ([`super::rotation`]).

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation};
use model::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use store::audit::Seals;
use store::{Store, Tx, Vault};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::auth::ring::{self, KeyState, Record, Ring, SKEW_S};
use crate::clock::Ids;

/// Where the sealed secrets are kept.
const META: &str = "server_keys";

/// Why the secrets are not available.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store failed.
    #[error("could not read the server's keys")]
    Store(#[from] store::Error),
    /// What was stored is not what this program stores.
    #[error("the server's keys are not readable")]
    Damaged,
}

/// The secrets as they are sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    /// The one key of versions that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    cursor: String,
    /// The keys that sign, oldest first.
    #[serde(default)]
    pub(super) keys: Vec<Record>,
}

impl Drop for Stored {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.seed);
        zeroize::Zeroize::zeroize(&mut self.cursor);
    }
}

impl Stored {
    fn new(ids: &Ids, longest_s: i64, now_us: i64) -> Self {
        let seed = Zeroizing::new(ids.bytes::<32>());
        Self {
            seed: None,
            cursor: URL_SAFE_NO_PAD.encode(ids.bytes::<32>()),
            // It signs from the beginning of time: no clock can be before it.
            keys: Record::new(&seed, now_us, 0, longest_s)
                .into_iter()
                .collect(),
        }
    }

    /// Reads the secrets in the transaction; `None` where there are none. What several processes may change is kept
    /// from the others until the transaction ends.
    pub(super) async fn locked(tx: &mut Tx, vault: &Vault) -> Result<Option<Self>, KeysError> {
        let sealed = store::meta::locked(tx, META).await?;
        sealed.map(|sealed| Self::open(vault, &sealed)).transpose()
    }

    fn open(vault: &Vault, sealed: &[u8]) -> Result<Self, KeysError> {
        let bytes = vault.open_server(META, sealed)?;
        let mut stored: Self = serde_json::from_slice(&bytes).map_err(|_| KeysError::Damaged)?;
        if let Some(seed) = stored.seed.take() {
            let seed = Zeroizing::new(seed);
            let seed = bytes_of(&seed)?;
            // How long its tokens last is noted at this start.
            let record = Record::new(&seed, 0, 0, 0).ok_or(KeysError::Damaged)?;
            stored.keys.insert(0, record);
        }
        Ok(stored)
    }

    pub(super) async fn put(&self, tx: &mut Tx, vault: &Vault) -> Result<(), KeysError> {
        let bytes = serde_json::to_vec(self).map_err(|_| KeysError::Damaged)?;
        let sealed = vault.seal_server(META, &Zeroizing::new(bytes));
        Ok(store::meta::put(tx, META, &sealed).await?)
    }
}

fn bytes_of(text: &str) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let bytes = Zeroizing::new(
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| KeysError::Damaged)?,
    );
    let array = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeysError::Damaged)?;
    Ok(Zeroizing::new(array))
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The person.
    pub sub: UserId,
    /// The session: ending it ends the token.
    pub sid: SessionId,
    /// The role at the time of signing, for clients; the server looks it up.
    pub role: String,
    /// Seconds since 1970 when it was signed.
    pub iat: i64,
    /// Seconds since 1970 when it ends.
    pub exp: i64,
}

/// Why an access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not one of ours, or changed.
    Invalid,
    /// Its time is over.
    Expired,
}

/// A public key as clients and other services read it (RFC 8037).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    /// The key id in the header of tokens.
    kid: String,
    /// The public key.
    x: String,
}

/// The server's secrets, opened.
pub struct ServerKeys {
    ring: RwLock<Arc<Ring>>,
    cursor: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKeys(***)")
    }
}

/// What signs documents of the server (receipts, checkpoints) at one time.
pub struct DocumentSigner {
    ring: Arc<Ring>,
    now_us: i64,
}

impl ServerKeys {
    /// Reads the secrets, or makes them on the first start. Tokens last `longest_s` seconds at most.
    pub async fn open(
        store: &Store,
        vault: &Vault,
        ids: &Ids,
        longest_s: i64,
        now_us: i64,
    ) -> Result<Self, KeysError> {
        let mut tx = store.read().await?;
        let found = store::meta::get(&mut tx, META).await?;
        tx.rollback().await?;
        if let Some(sealed) = found {
            let mut stored = Stored::open(vault, &sealed)?;
            if !ring::lengthen(&mut stored.keys, longest_s) {
                return Self::of(&stored);
            }
        }
        let mut tx = store.begin("create server keys").await?;
        let mut stored = match Stored::locked(&mut tx, vault).await? {
            // Another process may have made them meanwhile.
            Some(stored) => stored,
            None => Self::make(&mut tx, ids, longest_s, now_us).await?,
        };
        ring::lengthen(&mut stored.keys, longest_s);
        stored.put(&mut tx, vault).await?;
        tx.commit().await?;
        Self::of(&stored)
    }

    async fn make(
        tx: &mut Tx,
        ids: &Ids,
        longest_s: i64,
        now_us: i64,
    ) -> Result<Stored, KeysError> {
        if store::people::count(tx).await? > 0 {
            // The first start makes them before there can be an account.
            metrics::counter!("clarity_rows_refused_total", "table" => "meta").increment(1);
            tracing::error!(
                "the server's own keys were removed from the database; new ones are made: everybody signs in \
                 again, and receipts that were signed before are no longer proved by /.well-known/jwks.json"
            );
        }
        Ok(Stored::new(ids, longest_s, now_us))
    }

    fn of(stored: &Stored) -> Result<Self, KeysError> {
        let ring = Ring::of(&stored.keys).ok_or(KeysError::Damaged)?;
        Ok(Self {
            ring: RwLock::new(Arc::new(ring)),
            cursor: bytes_of(&stored.cursor)?,
        })
    }

    /// Reads the sealed secrets once more: database, tables and master key still work together. From now on the keys
    /// are those that are stored.
    pub async fn check(&self, store: &Store, vault: &Vault) -> Result<(), KeysError> {
        let mut tx = store.read().await?;
        let sealed = store::meta::get(&mut tx, META).await?;
        tx.rollback().await?;
        let sealed = sealed.ok_or(KeysError::Damaged)?;
        self.take(&Stored::open(vault, &sealed)?)
    }

    /// Goes on with keys that were just read or stored.
    pub(super) fn take(&self, stored: &Stored) -> Result<(), KeysError> {
        let ring = Ring::of(&stored.keys).ok_or(KeysError::Damaged)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs an access token with the key that signs at its `iat`.
    pub fn issue(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let ring = self.ring();
        let key = ring.signer(claims.iat.saturating_mul(1_000_000));
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.id.clone());
        let encoding = key.encoding().expect("a key that signs has a secret half");
        jsonwebtoken::encode(&header, claims, encoding)
    }

    /// Reads an access token of `issuer` that is valid now.
    pub fn verify(&self, token: &str, issuer: &str, now_us: i64) -> Result<Claims, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(Refused::Invalid);
        }
        let ring = self.ring();
        let key = header.kid.and_then(|kid| ring.accepted(&kid, now_us));
        let key = key.ok_or(Refused::Invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would read the machine's clock; the times are checked below.
        validation.validate_exp = false;
        // No token of ours names an audience: one that does was made for somebody else.
        validation.validate_aud = true;
        validation.set_issuer(&[issuer]);
        let token = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|_| Refused::Invalid)?;
        let now_s = now_us.div_euclid(1_000_000);
        if token.claims.iat > now_s + SKEW_S {
            return Err(Refused::Invalid);
        }
        if token.claims.exp <= now_s {
            return Err(Refused::Expired);
        }
        Ok(token.claims)
    }

    /// The public keys under which tokens and receipts can be checked, newest last.
    pub fn public(&self) -> Vec<Jwk> {
        let ring = self.ring();
        let keys = ring.proving().map(|key| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: key.id.clone(),
            x: URL_SAFE_NO_PAD.encode(&key.public),
        });
        keys.collect()
    }

    /// What can be said of each key, newest first.
    pub fn states(&self, now_us: i64) -> Vec<KeyState> {
        self.ring().states(now_us)
    }

    /// What signs documents of the server now.
    pub fn signer(&self, now_us: i64) -> DocumentSigner {
        DocumentSigner {
            ring: self.ring(),
            now_us,
        }
    }

    /// The code with which the first account of this server is created: 50 bits in letters and digits that are
    /// not mistaken for each other.
    pub fn setup_code(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.cursor.as_slice());
        let tag = hmac::sign(&key, b"first account");
        let letter = |byte: &u8| {
            LETTERS
                .get(usize::from(byte % 32))
                .map(|&letter| char::from(letter))
        };
        let mut code: String = tag.as_ref().iter().take(10).filter_map(letter).collect();
        code.insert(5, '-');
        code
    }

    /// The key of cursors.
    pub fn cursor_key(&self) -> &[u8] {
        self.cursor.as_slice()
    }
}

impl Seals for DocumentSigner {
    fn key_id(&self) -> &str {
        &self.ring.signer(self.now_us).id
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signed = self.ring.signer(self.now_us).sign(message);
        signed.expect("a key that signs has a secret half")
    }

    fn is_signed(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        let key = self.ring.known(key_id);
        key.is_some_and(|key| key.is_signed(message, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> ServerKeys {
        let stored = Stored {
            seed: None,
            cursor: URL_SAFE_NO_PAD.encode([byte; 32]),
            keys: Record::new(&[byte; 32], 0, 0, 900).into_iter().collect(),
        };
        ServerKeys::of(&stored).expect("keys")
    }

    fn claims() -> Claims {
        Claims {
            iss: "clarity".to_owned(),
            sub: UserId::from_uuid(uuid::Uuid::from_u128(1)),
            sid: SessionId::from_uuid(uuid::Uuid::from_u128(2)),
            role: "patient".to_owned(),
            iat: 1_000,
            exp: 1_900,
        }
    }

    #[test]
    fn tokens_are_read_back_until_they_expire() {
        let keys = keys(1);
        let token = keys.issue(&claims()).expect("a token");
        let check = |now_s: i64, expect| {
            assert_eq!(
                keys.verify(&token, "clarity", now_s * 1_000_000),
                expect,
                "{now_s}"
            );
        };
        check(1_000, Ok(claims()));
        check(1_899, Ok(claims()));
        check(1_900, Err(Refused::Expired));
        check(900, Err(Refused::Invalid));
        assert_eq!(
            keys.verify(&token, "another", 1_000_000_000),
            Err(Refused::Invalid)
        );
    }

    #[test]
    fn foreign_changed_and_unsigned_tokens_are_refused() {
        let (ours, theirs) = (keys(1), keys(2));
        let token = theirs.issue(&claims()).expect("a token");
        let now_us = 1_000_000_000;
        assert_eq!(
            ours.verify(&token, "clarity", now_us),
            Err(Refused::Invalid)
        );
        let token = ours.issue(&claims()).expect("a token");
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        let header = format!(
            "{{\"alg\":\"none\",\"kid\":\"{}\"}}",
            ours.signer(0).key_id()
        );
        let payload = signed.split_once('.').expect("two parts").1;
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(
            ours.verify(&unsigned, "clarity", now_us),
            Err(Refused::Invalid)
        );
        let cut = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64]));
        assert_eq!(ours.verify(&cut, "clarity", now_us), Err(Refused::Invalid));
    }

    #[test]
    fn the_one_key_of_older_versions_goes_on() {
        let secret = URL_SAFE_NO_PAD.encode([7; 32]);
        let older = serde_json::json!({"seed": secret, "cursor": secret});
        let mut stored: Stored = serde_json::from_value(older).expect("read");
        let seed = stored.seed.take().expect("a seed");
        let seed = bytes_of(&seed).expect("32 bytes");
        stored.keys.extend(Record::new(&seed, 0, 0, 0));
        let goes_on = ServerKeys::of(&stored).expect("keys");
        let token = keys(7).issue(&claims()).expect("a token");
        assert!(goes_on.verify(&token, "clarity", 1_000_000_000).is_ok());
    }

    #[test]
    fn a_token_for_somebody_else_is_refused() {
        let keys = keys(1);
        let mut named = serde_json::to_value(claims()).expect("claims");
        named["aud"] = "another".into();
        let ring = keys.ring();
        let key = ring.signer(0);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.id.clone());
        let encoding = key.encoding().expect("a secret");
        let token = jsonwebtoken::encode(&header, &named, encoding).expect("a token");
        assert_eq!(
            keys.verify(&token, "clarity", 1_000_000_000),
            Err(Refused::Invalid)
        );
    }
}
