//! Authenticated encryption and keyed hashes with keys derived from one secret. The only place that
//! touches a cipher for stored bytes.

use aws_lc_rs::{hkdf, hmac, rand};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Thirty-two secret bytes.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Fresh secret bytes from the operating system.
pub(crate) fn random_key() -> Key {
    let mut key = Key::default();
    rand::fill(key.as_mut_slice()).expect("the operating system gives random bytes");
    key
}

/// A key for one purpose, derived from a secret.
pub(crate) fn derive(secret: &[u8; 32], purpose: &str) -> Key {
    let mut key = Key::default();
    let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, b"clarity").extract(secret);
    pseudorandom
        .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .expect("32 bytes is a length that HKDF-SHA256 gives");
    key
}

/// Keyed hash of several parts; each is preceded by its length, so parts cannot run into each other.
pub(crate) fn keyed_hash(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

/// XChaCha20-Poly1305 with a random nonce per message.
pub(crate) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(crate) fn new(key: &Key) -> Self {
        Self(XChaCha20Poly1305::new((&**key).into()))
    }

    /// `format byte, nonce, ciphertext, tag`.
    pub(crate) fn seal(&self, aad: &[u8], bytes: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce).expect("the operating system gives random bytes");
        let payload = Payload { msg: bytes, aad };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .expect("messages are far below the cipher's 256 GiB");
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// The bytes, or `None` when anything about them or their name differs.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (&format, rest) = sealed.split_first()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if format != FORMAT {
            return None;
        }
        let payload = Payload {
            msg: ciphertext,
            aad,
        };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok()
    }
}
