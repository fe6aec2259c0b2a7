//! Adding and revoking devices, and what a device needs to connect.

use model::ids::{DeviceId, UserId};
use store::devices::{Device, NewDevice, Scope};
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::entry::Author;
use crate::audit::writer;
use crate::auth::device::DeviceKey;
use crate::config::{Config, Environment};
use crate::problem::{Code, FieldError, Problem};

/// Devices of one person: more would be a script that adds one each day and revokes none.
const DEVICES_MAX: i64 = 50;
/// Characters of a name.
const NAME_MAX: usize = 64;
/// How long a key that was not used yet is shown in the pairing text.
const SHOWN_US: i64 = 15 * 60 * 1_000_000;

/// What a person calls a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(String);

impl Named {
    /// Takes a name that a list can show.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let length = text.chars().count();
        if (1..=NAME_MAX).contains(&length) && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("must be 1 to {NAME_MAX} characters that can be printed");
        Err(FieldError::new("/name", "invalid_name", message))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a device needs to connect.
#[derive(Debug)]
pub struct Pairing {
    /// The key.
    pub key: Zeroizing<String>,
    /// The address of the device.
    pub url: String,
    /// The text of a QR code.
    pub text: Zeroizing<String>,
}

impl Pairing {
    fn of(config: &Config, host: Option<&str>, (key, name): (&DeviceKey, &str)) -> Self {
        let url = format!("{}/api/v1/hooks/{}", base(config, host), key.id);
        let key = key.text();
        // The form that Life Dashboard Companion scans. It names no web page, so that no page sees the key.
        let text = format!(
            "lifedashboard://pair#v=1&url={}&secret={}&name={}",
            escaped(&url),
            *key,
            escaped(name)
        );
        Self {
            key,
            url,
            text: Zeroizing::new(text),
        }
    }
}

/// Adds a device; its key is in the pairing.
pub async fn add(
    app: &App,
    (user, author): (UserId, Author),
    name: &Named,
    host: Option<&str>,
) -> Result<(Device, Pairing), Problem> {
    let key = DeviceKey::new(app);
    let now_us = app.clock.now_us();
    let new = NewDevice {
        id: key.id,
        scope: Scope::Write,
        secret: key.secret(),
        name: &name.0,
        now_us,
    };
    let mut tx = app.store.begin("add a device").await?;
    let person = app.vault.person_key(&mut tx, user).await?;
    let created =
        store::devices::create(&mut tx, &app.vault, &person, user, &new, DEVICES_MAX).await?;
    if !created {
        return Err(Problem::new(
            Code::Conflict,
            format!("there are {DEVICES_MAX} devices; revoke one that is not used any more"),
        ));
    }
    writer::within(app, &mut tx, &author.does("add_device", user)).await?;
    tx.commit().await?;
    let device = Device {
        id: key.id,
        name: name.0.clone(),
        scope: new.scope,
        created_us: now_us,
        used_us: None,
    };
    Ok((device, Pairing::of(&app.config, host, (&key, &name.0))))
}

/// The devices of a person, newest first.
pub async fn list(app: &App, user: UserId) -> Result<Vec<Device>, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    Ok(store::devices::list(&mut tx, &key, user).await?)
}

/// Revokes the key of a device. Returns whether there was one.
pub async fn revoke(
    app: &App,
    (user, author): (UserId, Author),
    device: DeviceId,
) -> Result<bool, Problem> {
    let mut tx = app.store.begin("revoke a device").await?;
    let revoked = store::devices::revoke(&mut tx, user, device).await?;
    if revoked {
        writer::within(app, &mut tx, &author.does("revoke_device", user)).await?;
    }
    tx.commit().await?;
    Ok(revoked)
}

/// How to connect a device whose key was not used yet.
pub async fn pairing(
    app: &App,
    user: UserId,
    device: DeviceId,
    host: Option<&str>,
) -> Result<Pairing, Problem> {
    let mut tx = app.store.read().await?;
    let person = app.vault.person_key(&mut tx, user).await?;
    let found = store::devices::by_id(&mut tx, &person, user, device).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let is_fresh = app.clock.now_us() - found.created_us < SHOWN_US;
    if found.used_us.is_some() || !is_fresh {
        return Err(Problem::new(
            Code::Conflict,
            "the key is not shown any more; revoke it and add the device again",
        ));
    }
    let signer = store::devices::signer(&mut tx, &app.vault, device).await?;
    let (_, secret) = signer
        .filter(|(holder, _)| holder.user == user)
        .ok_or_else(Problem::not_found)?;
    let key = DeviceKey::of(device, secret);
    Ok(Pairing::of(&app.config, host, (&key, &found.name)))
}

/// Where devices reach this server: the setting, else the name by which the request did.
fn base(config: &Config, host: Option<&str>) -> String {
    let set = config.public_url.trim_end_matches('/');
    if !set.is_empty() {
        return set.to_owned();
    }
    let is_name = |host: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
        !host.is_empty() && host.bytes().all(plain)
    };
    let host = host.filter(is_name);
    let host = host.map_or_else(|| config.listen.to_string(), str::to_owned);
    match config.environment {
        Environment::Production => format!("https://{host}"),
        Environment::Development => format!("http://{host}"),
    }
}

/// Percent-encoded but for what RFC 3986 reserves for nothing.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes every text");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_pairing_names_where_the_server_is_reached() {
        let key = DeviceKey::of(
            DeviceId::from_uuid(Uuid::from_u128(7)),
            Zeroizing::new([1; 32]),
        );
        let check = |public_url: &str, environment, host: Option<&str>, expect: &str| {
            let config = Config {
                public_url: public_url.to_owned(),
                environment,
                ..Config::default()
            };
            let pairing = Pairing::of(&config, host, (&key, "Ada’s phone"));
            let expect = format!("{expect}/api/v1/hooks/{}", key.id);
            assert_eq!(pairing.url, expect);
            let text = format!(
                "lifedashboard://pair#v=1&url={}&secret={}&name=Ada%E2%80%99s%20phone",
                escaped(&expect),
                *key.text()
            );
            assert_eq!(*pairing.text, text);
        };
        let (desk, house) = (Environment::Development, Environment::Production);
        let set = "https://health.example.org/";
        check(set, desk, Some("other"), "https://health.example.org");
        check("", desk, Some("desk.local:8080"), "http://desk.local:8080");
        check("", house, Some("h.example.org"), "https://h.example.org");
        check("", desk, Some("a b\"c"), "http://127.0.0.1:8080");
        check("", desk, None, "http://127.0.0.1:8080");
    }

    #[test]
    fn names_can_be_printed() {
        let check = |text: &str, expect: bool| {
            assert_eq!(Named::parse(text).is_ok(), expect, "{text}");
        };
        check(" My phone ", true);
        check("", false);
        check("a\nb", false);
        check(&"ä".repeat(64), true);
        check(&"ä".repeat(65), false);
    }
}
