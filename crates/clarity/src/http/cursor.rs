//! Opaque positions in a list: signed, and bound to the person and the query they came from.
//!
//! A cursor names the last row that was shown, never an offset, so a walk sees each row once while
//! rows are being inserted. A cursor that was changed, or is used by someone else or with another
//! query, is refused.

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
const TAG_BYTES: usize = 16;

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

/// Signs the position after which the next page begins.
pub fn seal<P: Serialize>(app: &App, query: Query<'_>, position: &P) -> String {
    let mut bytes = serde_json::to_vec(position).expect("a position is plain JSON");
    let tag = tag(app, query, &bytes);
    bytes.extend_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(bytes)
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
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let cut = bytes.len().checked_sub(TAG_BYTES).ok_or_else(invalid)?;
    let (position, given) = bytes.split_at_checked(cut).ok_or_else(invalid)?;
    let expected = tag(app, query, position);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_slice(), given)) {
        return Err(invalid());
    }
    serde_json::from_slice(position).map_err(|_| invalid())
}

/// Every part is preceded by its length, so that no two queries sign the same bytes.
fn tag(app: &App, query: Query<'_>, position: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app.keys.cursor_key());
    let mut context = hmac::Context::with_key(&key);
    let user = query.user.uuid();
    let parts = [
        user.as_bytes().as_slice(),
        query.list.as_bytes(),
        query.filter.as_bytes(),
        position,
    ];
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    let mut tag = context.sign().as_ref().to_vec();
    tag.truncate(TAG_BYTES);
    tag
}
