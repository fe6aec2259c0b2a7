//! API keys: how they are written, made, and what they open.
//!
//! A key acts for its person and does what its scopes say and nothing else: it reads by the same table as those who were
//! allowed to read, and sends where a device may. It is looked up for each request, so that revoking one takes effect at
//! once and everywhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ids::{ApiKeyId, UserId};
use store::api_keys::{KeyHolder, NewApiKey, SECRET_BYTES, StoredApiKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::access::scope::{Scope, Scopes};
use crate::app::App;
use crate::audit::writer;
use crate::auth::Caller;
use crate::auth::device::{self, DeviceKey, PREFIX};
use crate::auth::pairing::Named;
use crate::problem::{Code, Problem};

/// Keys of one person: more would be a script that makes one each day and revokes none.
const KEYS_MAX: i64 = 20;
/// The first byte of what a key says, which the key of a device does not have.
const KIND: u8 = 1;
const ID_BYTES: usize = 16;
/// How old the last known use may become.
const USE_STEP_US: i64 = 60 * 1_000_000;

/// An API key.
pub struct ApiKey {
    /// Which one.
    pub id: ApiKeyId,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKey({}, ***)", self.id)
    }
}

impl ApiKey {
    fn new(app: &App) -> Self {
        let id = app.ids.api_key(app.clock.now_us());
        Self::of(id, Zeroizing::new(app.ids.bytes()))
    }

    /// The key with these parts.
    pub const fn of(id: ApiKeyId, secret: Zeroizing<[u8; SECRET_BYTES]>) -> Self {
        Self { id, secret }
    }

    /// Reads a key; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(PREFIX)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (&kind, rest) = bytes.split_first()?;
        let (id, secret) = rest.split_first_chunk::<ID_BYTES>()?;
        let secret = Zeroizing::new(<[u8; SECRET_BYTES]>::try_from(secret).ok()?);
        let id = ApiKeyId::from_uuid(Uuid::from_bytes(*id));
        (kind == KIND).then_some(Self { id, secret })
    }

    /// The key as people and programs hold it.
    pub fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + ID_BYTES + SECRET_BYTES));
        bytes.push(KIND);
        bytes.extend_from_slice(self.id.uuid().as_bytes());
        bytes.extend_from_slice(self.secret.as_slice());
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 66));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        text
    }
}

/// The key in the place of a key.
#[derive(Debug)]
pub enum GivenKey {
    /// Of a device.
    Device(DeviceKey),
    /// Of a program.
    Program(ApiKey),
}

impl GivenKey {
    /// Reads a key of either kind: their lengths differ.
    pub fn parse(text: &str) -> Option<Self> {
        let device = DeviceKey::parse(text).map(Self::Device);
        device.or_else(|| ApiKey::parse(text).map(Self::Program))
    }
}

/// Whose key it is now.
pub async fn check(app: &App, key: &ApiKey) -> Result<KeyHolder, Problem> {
    let now_us = app.clock.now_us();
    let mut tx = app.store.read().await?;
    let holder = store::api_keys::holder(&mut tx, &app.vault, key.id, &key.secret, now_us).await?;
    holder.ok_or_else(device::invalid)
}

/// That a key may do what was asked, and that it was used, to the minute.
pub async fn opens(app: &App, holder: &KeyHolder, wanted: &[Scope]) -> Result<(), Problem> {
    let missing = Scopes::read(&holder.scopes).missing(wanted);
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|scope| scope.name()).collect();
        let detail = format!(
            "the key has no scope {}; make another one",
            names.join(", ")
        );
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let now_us = app.clock.now_us();
    if holder
        .used_us
        .is_some_and(|used_us| now_us - used_us < USE_STEP_US)
    {
        return Ok(());
    }
    let mut tx = app.store.begin("note the use of an API key").await?;
    store::api_keys::used(&mut tx, holder.user, holder.key, now_us).await?;
    tx.commit().await?;
    Ok(())
}

/// A key to make.
#[derive(Debug)]
pub struct KeyWish {
    /// What the person calls it.
    pub name: Named,
    /// What it may do.
    pub scopes: Scopes,
    /// The first instant at which it opens nothing more.
    pub expires_us: i64,
}

/// Makes a key; its text is nowhere else.
pub async fn add(
    app: &App,
    caller: Caller,
    wanted: &KeyWish,
) -> Result<(StoredApiKey, Zeroizing<String>), Problem> {
    let key = ApiKey::new(app);
    let now_us = app.clock.now_us();
    let scopes = wanted.scopes.text();
    let new = NewApiKey {
        id: key.id,
        scopes: &scopes,
        secret: &key.secret,
        name: wanted.name.as_str(),
        now_us,
        expires_us: wanted.expires_us,
    };
    let mut tx = app.store.begin("make an API key").await?;
    let person = app.vault.person_key(&mut tx, caller.user).await?;
    let made =
        store::api_keys::create(&mut tx, &app.vault, &person, caller.user, &new, KEYS_MAX).await?;
    if !made {
        let detail = format!("there are {KEYS_MAX} keys; revoke one that is not used any more");
        return Err(Problem::new(Code::Conflict, detail));
    }
    writer::within(app, &mut tx, &caller.does("create_api_key")).await?;
    tx.commit().await?;
    let stored = StoredApiKey {
        id: key.id,
        name: wanted.name.as_str().to_owned(),
        scopes,
        created_us: now_us,
        expires_us: wanted.expires_us,
        used_us: None,
    };
    Ok((stored, key.text()))
}

/// The keys of a person, newest first.
pub async fn list(app: &App, user: UserId) -> Result<Vec<StoredApiKey>, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    Ok(store::api_keys::list(&mut tx, &key, user).await?)
}

/// Revokes a key. Returns whether there was one.
pub async fn revoke(app: &App, caller: Caller, id: ApiKeyId) -> Result<bool, Problem> {
    let mut tx = app.store.begin("revoke an API key").await?;
    let revoked = store::api_keys::revoke(&mut tx, caller.user, id).await?;
    if revoked {
        writer::within(app, &mut tx, &caller.does("revoke_api_key")).await?;
    }
    tx.commit().await?;
    Ok(revoked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back_and_are_none_of_a_device() {
        let key = ApiKey {
            id: ApiKeyId::from_uuid(Uuid::from_u128(7)),
            secret: Zeroizing::new([0xa5; SECRET_BYTES]),
        };
        let text = key.text();
        let read = ApiKey::parse(&text).expect("a key");
        assert_eq!((read.id, &read.secret), (key.id, &key.secret));
        assert!(!format!("{read:?}").contains("pa"), "{read:?}");
        assert!(matches!(GivenKey::parse(&text), Some(GivenKey::Program(_))));
        assert!(DeviceKey::parse(&text).is_none());
        let device = DeviceKey::of(
            model::ids::DeviceId::from_uuid(Uuid::from_u128(7)),
            Zeroizing::new([1; 32]),
        );
        let text = device.text();
        assert!(ApiKey::parse(&text).is_none());
        assert!(matches!(GivenKey::parse(&text), Some(GivenKey::Device(_))));
        let other_kind = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([2; 49]));
        for wrong in ["", "clk_", &text[1..], &other_kind] {
            assert!(GivenKey::parse(wrong).is_none(), "{wrong}");
        }
    }
}
