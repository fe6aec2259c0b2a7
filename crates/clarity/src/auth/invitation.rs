//! Signing an app in by an invitation: a code of eight characters that is typed into the app once, for the key of a
//! device.
//!
//! The tokens that such apps ask for are the key itself. It does not expire and is not renewed, so that no answer
//! that got lost takes the connection away; revoking the device ends it.

use model::ids::{DeviceId, UserId};
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::entry::{Author, By};
use crate::audit::writer;
use crate::auth::device::{self, DeviceKey};
use crate::auth::network::Network;
use crate::problem::{Code, Problem};

/// What codes are made of: letters and digits that are not mistaken for each other, five bits each.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Forty bits: at ten tries a minute, guessing one of a thousand open ones takes a century.
const CODE_LETTERS: usize = 8;
/// How long a code can be used: a weekend, until the phone is at hand.
const OPEN_US: i64 = 3 * 86_400 * 1_000_000;

/// An invitation.
#[derive(Debug)]
pub struct Invitation {
    /// The code.
    pub code: Zeroizing<String>,
    /// Until when it can be used.
    pub expires_us: i64,
}

/// Invites a device; an invitation that it had is over.
pub async fn invite(
    app: &App,
    (user, author): (UserId, Author),
    device: DeviceId,
) -> Result<Invitation, Problem> {
    let code = code(app);
    let expires_us = app.clock.now_us() + OPEN_US;
    let mut tx = app.store.begin("invite a device").await?;
    let what = (code.as_str(), expires_us);
    if !store::invitations::put(&mut tx, &app.vault, user, device, what).await? {
        return Err(Problem::not_found());
    }
    writer::within(app, &mut tx, &author.does("invite_device", user)).await?;
    tx.commit().await?;
    Ok(Invitation { code, expires_us })
}

fn code(app: &App) -> Zeroizing<String> {
    let chance: Zeroizing<[u8; 32]> = Zeroizing::new(app.ids.bytes());
    let letters = chance.iter().take(CODE_LETTERS);
    let letters = letters.filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    Zeroizing::new(letters.copied().map(char::from).collect())
}

/// The key of the device that a code invites. The code is used up.
pub async fn redeem(app: &App, code: &str, network: Network) -> Result<DeviceKey, Problem> {
    let refused = || {
        Problem::new(
            Code::TokenInvalid,
            "the code is not valid; it was used, or is older than three days: make another one",
        )
    };
    let code = Zeroizing::new(code.trim().to_ascii_uppercase());
    let is_code = code.len() == CODE_LETTERS && code.bytes().all(|byte| LETTERS.contains(&byte));
    if !is_code {
        return Err(refused());
    }
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("redeem an invitation").await?;
    let device = store::invitations::take(&mut tx, &app.vault, &code, now_us).await?;
    let device = device.ok_or_else(refused)?;
    let signer = store::devices::signer(&mut tx, &app.vault, device).await?;
    let (holder, secret) = signer.ok_or_else(refused)?;
    let author = Author {
        by: By::Device(device),
        network,
    };
    writer::within(app, &mut tx, &author.does("redeem_invitation", holder.user)).await?;
    tx.commit().await?;
    Ok(DeviceKey::of(device, secret))
}

/// The key that an app shows to have its tokens renewed.
pub async fn renew(app: &App, text: &str) -> Result<DeviceKey, Problem> {
    let key = DeviceKey::parse(text.trim()).ok_or_else(device::invalid)?;
    device::check(app, &key).await?;
    Ok(key)
}

/// Revokes the device whose key an app gives back. One that is no key any more is given back already.
pub async fn give_back(app: &App, text: &str, network: Network) -> Result<(), Problem> {
    let Some(key) = DeviceKey::parse(text.trim()) else {
        return Ok(());
    };
    let Ok(holder) = device::check(app, &key).await else {
        return Ok(());
    };
    let author = Author {
        by: By::Device(holder.device),
        network,
    };
    super::pairing::revoke(app, (holder.user, author), holder.device).await?;
    Ok(())
}
