//! The server's own secrets: the key that signs access tokens and receipts, and the one that signs
//! cursors. Made on the first start and kept sealed in the database; never logged.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use model::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use store::{Store, Vault};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::clock::Ids;

/// Where the sealed secrets are kept.
const META: &str = "server_keys";
/// Clocks of two nodes may differ by this much.
const SKEW_S: i64 = 60;

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

#[derive(Serialize, Deserialize)]
struct Stored {
    seed: String,
    cursor: String,
}

impl Drop for Stored {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.seed);
        zeroize::Zeroize::zeroize(&mut self.cursor);
    }
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
    pair: Ed25519KeyPair,
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    cursor: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerKeys")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl ServerKeys {
    /// Reads the secrets, or makes them on the first start.
    pub async fn open(store: &Store, vault: &Vault, ids: &Ids) -> Result<Self, KeysError> {
        let mut tx = store.read().await?;
        let found = store::meta::get(&mut tx, META).await?;
        tx.rollback().await?;
        if let Some(sealed) = found {
            return Self::unseal(vault, &sealed);
        }
        let mut tx = store.begin("create server keys").await?;
        // Another process may have made them meanwhile.
        if let Some(sealed) = store::meta::get(&mut tx, META).await? {
            return Self::unseal(vault, &sealed);
        }
        if store::people::count(&mut tx).await? > 0 {
            // The first start makes them before there can be an account.
            metrics::counter!("clarity_rows_refused_total", "table" => "meta").increment(1);
            tracing::error!(
                "the server's own keys were removed from the database; new ones are made: everybody signs in \
                 again, and receipts that were signed before are no longer proved by /.well-known/jwks.json"
            );
        }
        let stored = Stored {
            seed: URL_SAFE_NO_PAD.encode(ids.bytes::<32>()),
            cursor: URL_SAFE_NO_PAD.encode(ids.bytes::<32>()),
        };
        let bytes = serde_json::to_vec(&stored).map_err(|_| KeysError::Damaged)?;
        let sealed = vault.seal_server(META, &Zeroizing::new(bytes));
        store::meta::put(&mut tx, META, &sealed).await?;
        tx.commit().await?;
        Self::from_stored(&stored)
    }

    fn unseal(vault: &Vault, sealed: &[u8]) -> Result<Self, KeysError> {
        let bytes = vault.open_server(META, sealed)?;
        let stored = serde_json::from_slice(&bytes).map_err(|_| KeysError::Damaged)?;
        Self::from_stored(&stored)
    }

    /// Reads the sealed secrets once more: database, tables and master key still work together.
    pub async fn check(&self, store: &Store, vault: &Vault) -> Result<(), KeysError> {
        let mut tx = store.read().await?;
        let sealed = store::meta::get(&mut tx, META)
            .await?
            .ok_or(KeysError::Damaged)?;
        vault.open_server(META, &sealed)?;
        Ok(tx.rollback().await?)
    }

    fn from_stored(stored: &Stored) -> Result<Self, KeysError> {
        let bytes = |text: &str| -> Result<Zeroizing<[u8; 32]>, KeysError> {
            let bytes = URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| KeysError::Damaged)?;
            let array = bytes.try_into().map_err(|_| KeysError::Damaged)?;
            Ok(Zeroizing::new(array))
        };
        let seed = bytes(&stored.seed)?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| KeysError::Damaged)?;
        let document = pair.to_pkcs8v1().map_err(|_| KeysError::Damaged)?;
        let public = pair.public_key().as_ref();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public);
        let kid = digest
            .as_ref()
            .iter()
            .take(12)
            .copied()
            .collect::<Vec<u8>>();
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(kid),
            encoding: EncodingKey::from_ed_der(document.as_ref()),
            decoding: DecodingKey::from_ed_der(public),
            cursor: bytes(&stored.cursor)?,
            pair,
        })
    }

    /// Signs an access token.
    pub fn issue(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }

    /// Reads an access token of `issuer` that is valid now.
    pub fn verify(&self, token: &str, issuer: &str, now_us: i64) -> Result<Claims, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?;
        if header.alg != Algorithm::EdDSA || header.kid.as_deref() != Some(self.kid.as_str()) {
            return Err(Refused::Invalid);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would read the machine's clock; the times are checked below.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_issuer(&[issuer]);
        let token = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
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

    /// The public keys under which tokens and receipts can be checked.
    pub fn public(&self) -> Vec<Jwk> {
        vec![Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: self.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref()),
        }]
    }

    /// The id of the signing key.
    pub fn key_id(&self) -> &str {
        &self.kid
    }

    /// Signs a document of the server (receipts) with Ed25519.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// Whether the key of this name signed a document of the server.
    pub fn is_signed(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        let public = self.pair.public_key().as_ref();
        key_id == self.kid
            && UnparsedPublicKey::new(&ED25519, public)
                .verify(message, signature)
                .is_ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> ServerKeys {
        let secret = URL_SAFE_NO_PAD.encode([byte; 32]);
        let stored = Stored {
            seed: secret.clone(),
            cursor: secret,
        };
        ServerKeys::from_stored(&stored).expect("keys")
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
        let header = format!("{{\"alg\":\"none\",\"kid\":\"{}\"}}", ours.kid);
        let payload = signed.split_once('.').expect("two parts").1;
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(
            ours.verify(&unsigned, "clarity", now_us),
            Err(Refused::Invalid)
        );
        let cut = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64]));
        assert_eq!(ours.verify(&cut, "clarity", now_us), Err(Refused::Invalid));
    }
}
