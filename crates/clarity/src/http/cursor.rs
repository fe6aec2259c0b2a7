//! Opaque positions in a list: sealed, and bound to the person and the query they came from.
//!
//! A cursor names the last row that was shown, never an offset, so a walk sees each row once while
//! rows are being inserted. What it says cannot be read: addresses are logged by proxies, and a position can be
//! a time or a value. A cursor that was changed, or is used by someone else or with another query, is refused.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ids::UserId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::{Code, Problem};

/// Bytes of a position; a row key is far smaller.
const POSITION_MAX: usize = 512;
/// Positions are filled up with spaces to a multiple of this, so that their length says nothing either.
const PADDED_BYTES: usize = 64;

/// What a cursor is bound to: the list's name and every parameter that selects or orders its rows.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Whose rows.
    pub user: UserId,
    /// Which list: the canonical path.
    pub list: &'a str,
    /// The parameters that select rows, as sent; `limit` and `cursor` are not among them.
    pub filter: &'a str,
}

/// Seals the position after which the next page begins.
pub fn seal<P: Serialize>(app: &App, query: Query<'_>, position: &P) -> String {
    let mut bytes = serde_json::to_vec(position).expect("a position is plain JSON");
    bytes.resize(bytes.len().next_multiple_of(PADDED_BYTES), b' ');
    let nonce = key(app)
        .seal_in_place_append_tag(Aad::from(bound(query)), &mut bytes)
        .expect("a position can be sealed");
    let mut cursor = nonce.as_ref().to_vec();
    cursor.extend_from_slice(&bytes);
    URL_SAFE_NO_PAD.encode(cursor)
}

/// Reads a position back, if it was sealed for this person and query.
pub fn open<P: DeserializeOwned>(app: &App, query: Query<'_>, cursor: &str) -> Result<P, Problem> {
    let invalid = || {
        Problem::new(
            Code::InvalidCursor,
            "the cursor does not belong to this query; start again without it",
        )
    };
    if cursor.len() > 2 * POSITION_MAX {
        return Err(invalid());
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let (nonce, sealed) = bytes
        .split_first_chunk_mut::<NONCE_LEN>()
        .ok_or_else(invalid)?;
    let position = key(app)
        .open_in_place(Nonce::from(&*nonce), Aad::from(bound(query)), sealed)
        .map_err(|_| invalid())?;
    serde_json::from_slice(position).map_err(|_| invalid())
}

/// The key of cursors, apart from what else the server's secret is used for.
fn key(app: &App) -> RandomizedNonceKey {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, app.keys.cursor_key());
    let key = hmac::sign(&secret, b"sealed cursors");
    RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).expect("AES-256 takes 32 bytes")
}

/// Every part is preceded by its length, so that no two queries are bound to the same bytes.
fn bound(query: Query<'_>) -> Vec<u8> {
    let user = query.user.uuid();
    let parts = [
        user.as_bytes().as_slice(),
        query.list.as_bytes(),
        query.filter.as_bytes(),
    ];
    let mut bound = Vec::new();
    for part in parts {
        bound.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}
