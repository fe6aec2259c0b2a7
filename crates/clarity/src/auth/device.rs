//! Keys of devices: how they are written, in which headers they come, and whose they are.
//!
//! A key is looked up for each request, so that revoking one takes effect at once and everywhere. Its text
//! is also the secret of signatures, for apps that send nothing else. It never comes in an address: those are
//! kept in logs.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use model::ids::DeviceId;
use store::devices::{Holder, SECRET_BYTES};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::apikey::GivenKey;
use crate::problem::{Code, Problem};

/// What every key begins with, so that people and scanners of leaks recognise one.
pub const PREFIX: &str = "clk_";
/// Headers that hold nothing but a key.
const KEY_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-open-wearables-api-key"),
];
/// The header of signed bodies: `sha256=` and the hex digits of HMAC-SHA256 over the body.
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");
const ID_BYTES: usize = 16;
/// How old the last known use may become: one write a minute is enough to say when a device was heard.
const USE_STEP_US: i64 = 60 * 1_000_000;

/// The key of a device.
pub struct DeviceKey {
    /// Which device.
    pub id: DeviceId,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKey({}, ***)", self.id)
    }
}

impl DeviceKey {
    /// A new key.
    pub fn new(app: &App) -> Self {
        Self::of(
            app.ids.device(app.clock.now_us()),
            Zeroizing::new(app.ids.bytes()),
        )
    }

    /// The key with these parts.
    pub const fn of(id: DeviceId, secret: Zeroizing<[u8; SECRET_BYTES]>) -> Self {
        Self { id, secret }
    }

    /// Reads a key; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(PREFIX)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (id, secret) = bytes.split_first_chunk::<ID_BYTES>()?;
        let secret = Zeroizing::new(<[u8; SECRET_BYTES]>::try_from(secret).ok()?);
        let id = DeviceId::from_uuid(Uuid::from_bytes(*id));
        Some(Self { id, secret })
    }

    /// The key as people and apps hold it.
    pub fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; ID_BYTES + SECRET_BYTES]);
        let (id, secret) = bytes.split_at_mut(ID_BYTES);
        id.copy_from_slice(self.id.uuid().as_bytes());
        secret.copy_from_slice(self.secret.as_slice());
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 64));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        text
    }

    /// The secret part.
    pub fn secret(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }

    /// Whether a signature in hex digits is that of the body by this key; how long it takes says nothing.
    fn signed(&self, body: &[u8], signature: &str) -> bool {
        let Some(signature) = unhex(signature) else {
            return false;
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.text().as_bytes());
        hmac::verify(&key, body, &signature).is_ok()
    }
}

/// The key that the headers hold. More than one, or something in the place of a key that is none, is
/// refused: nobody would know which one counts.
pub fn given(headers: &HeaderMap) -> Result<Option<GivenKey>, Problem> {
    let mut texts: Vec<Zeroizing<String>> = Vec::new();
    for name in &KEY_HEADERS {
        for value in headers.get_all(name) {
            let text = value.to_str().unwrap_or_default().trim();
            texts.push(Zeroizing::new(text.to_owned()));
        }
    }
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        match in_authorization(text) {
            Some(text) => texts.push(text),
            None if texts.is_empty() => {}
            None => return Err(invalid()),
        }
    }
    texts.dedup();
    match texts.as_slice() {
        [] => Ok(None),
        [text] => GivenKey::parse(text).map(Some).ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

/// The key in an `Authorization` header: as bearer, as the password of basic, or bare.
fn in_authorization(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim();
    let key = |text: &str| {
        text.starts_with(PREFIX)
            .then(|| Zeroizing::new(text.to_owned()))
    };
    let Some((scheme, rest)) = text.split_once(' ') else {
        return key(text);
    };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return key(rest);
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = Zeroizing::new(STANDARD.decode(rest).ok()?);
        let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        return key(password);
    }
    None
}

pub(super) fn invalid() -> Problem {
    Problem::new(
        Code::TokenInvalid,
        "the key is not valid; it may have been revoked or have expired, then make another one",
    )
}

/// Whose key it is.
pub async fn check(app: &App, key: &DeviceKey) -> Result<Holder, Problem> {
    let mut tx = app.store.read().await?;
    let holder = store::devices::holder(&mut tx, &app.vault, key.id, key.secret()).await?;
    holder.ok_or_else(invalid)
}

/// The signature that came with a request.
pub fn signature(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(SIGNATURE)?;
    Some(value.to_str().unwrap_or_default())
}

/// What signed a body.
#[derive(Debug)]
pub struct Signer {
    /// Whose key it is.
    pub holder: Holder,
    key: DeviceKey,
}

impl Signer {
    /// The signature of an answer by which Life Dashboard Companion recognises its server: under a key that is
    /// derived from the device's, so that no request can pass as an answer.
    pub fn signs_reply(&self, answer: &[u8]) -> String {
        reply_signature(self.key.text().as_bytes(), answer)
    }
}

/// What the key of replies is derived from, in the words of the app.
const REPLY: &[u8] = b"life-dashboard-response-v1";

fn reply_signature(secret: &[u8], answer: &[u8]) -> String {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), REPLY);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()), answer);
    let digits: Vec<String> = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256={}", digits.concat())
}

/// Whose key signed a body. Without a right signature it is nobody's, whether the device exists or not.
pub async fn check_signed(
    app: &App,
    id: DeviceId,
    body: &[u8],
    signature: &str,
) -> Result<Signer, Problem> {
    let refused = || {
        Problem::new(
            Code::TokenInvalid,
            "the signature is not that of this body by the key of this device",
        )
    };
    let mut tx = app.store.read().await?;
    let signer = store::devices::signer(&mut tx, &app.vault, id).await?;
    tx.rollback().await?;
    let digits = signature.trim().strip_prefix("sha256=");
    let (Some((holder, secret)), Some(digits)) = (signer, digits) else {
        return Err(refused());
    };
    let key = DeviceKey::of(id, secret);
    if key.signed(body, digits) {
        Ok(Signer { holder, key })
    } else {
        Err(refused())
    }
}

/// Remembers that a key was used, to the minute.
pub(super) async fn note_use(app: &App, holder: Holder) -> Result<(), Problem> {
    let now_us = app.clock.now_us();
    let is_known = holder
        .used_us
        .is_some_and(|used_us| now_us - used_us < USE_STEP_US);
    if is_known {
        return Ok(());
    }
    let mut tx = app.store.begin("note the use of a device").await?;
    store::devices::used(&mut tx, holder.user, holder.device, now_us).await?;
    tx.commit().await?;
    Ok(())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key() -> DeviceKey {
        let id = DeviceId::from_uuid(Uuid::from_u128(7));
        DeviceKey::of(id, Zeroizing::new([0xa5; SECRET_BYTES]))
    }

    #[test]
    fn keys_are_read_back_and_nothing_else_is_one() {
        let text = key().text();
        let read = DeviceKey::parse(&text).expect("a key");
        assert_eq!((read.id, read.secret()), (key().id, key().secret()));
        assert!(!format!("{read:?}").contains("pa"), "{read:?}");
        assert_eq!(text.len(), PREFIX.len() + 64);
        for wrong in [
            "",
            "clk_",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{}A", *text),
            &text.replace("clk_", "clj_"),
        ] {
            assert!(DeviceKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_comes_in_the_header_of_each_sender() {
        let text = key().text();
        let basic = |pair: String| format!("Basic {}", STANDARD.encode(pair));
        let check = |headers: &[(&str, &str)], expect: Result<bool, ()>| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                map.append(name, HeaderValue::from_str(value).expect("a value"));
            }
            let found = given(&map).map(|key| key.is_some()).map_err(drop);
            assert_eq!(found, expect, "{headers:?}");
        };
        let bearer = format!("Bearer {}", *text);
        check(&[], Ok(false));
        check(&[("x-api-key", &text)], Ok(true));
        check(&[("x-open-wearables-api-key", &text)], Ok(true));
        check(&[("authorization", &bearer)], Ok(true));
        check(&[("authorization", &text)], Ok(true));
        check(
            &[("authorization", &basic(format!("anyone:{}", *text)))],
            Ok(true),
        );
        check(
            &[("authorization", &bearer), ("x-api-key", &text)],
            Ok(true),
        );
        // A token of a session is no key, and neither is a password.
        check(&[("authorization", "Bearer x.y.z")], Ok(false));
        check(&[("authorization", &basic("a:b".to_owned()))], Ok(false));
        check(&[("authorization", &basic(text.to_string()))], Ok(false));
        // Something else where a key belongs, and two that differ.
        check(&[("x-api-key", "")], Err(()));
        check(&[("x-api-key", "clk_x")], Err(()));
        check(&[("authorization", "Bearer clk_x")], Err(()));
        check(
            &[("authorization", "Bearer x.y.z"), ("x-api-key", &text)],
            Err(()),
        );
    }

    /// The vector is the app's: invented secret, its ping and the answer that confirms it.
    #[test]
    fn replies_are_signed_as_the_app_expects() {
        let answer = concat!(
            r#"{"life_dashboard":{"version":"1.0","writeback":1},"writeback":{"in_reply_to":"#,
            r#""sha256=ac1a331cce55ab99b1c934d0adc753eb349669d6277e4256ee472d9481337f28","#,
            r#""issued_at":"2026-05-12T09:00:00Z","configured":[]}}"#,
        );
        assert_eq!(
            reply_signature(b"invented-secret-1f0a", answer.as_bytes()),
            "sha256=d0e6525d6c92917ebd96f3b14a1b8acf9b35eb92934f455be50f89073fc4e1a3"
        );
    }

    #[test]
    fn signatures_hold_for_the_body_and_the_key_that_made_them() {
        // By hmac.new(key, b"{}", "sha256").hexdigest() of Python.
        const RIGHT: &str = "7f638b87761c833cad1727a5b4ff009d1b7bde89a087b5d428bc1ea0ee9a3ef6";
        assert!(key().signed(b"{}", RIGHT));
        assert!(key().signed(b"{}", &RIGHT.to_uppercase()));
        assert!(!key().signed(b"{ }", RIGHT));
        assert!(!key().signed(b"{}", &RIGHT[2..]));
        assert!(!key().signed(b"{}", ""));
        assert!(!key().signed(b"{}", "zz"));
    }
}
