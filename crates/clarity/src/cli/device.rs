//! Keys of devices from the command line. The key is the answer to `add`, and is printed nowhere else.

use model::ids::DeviceId;
use serde_json::json;
use store::devices::Device;

use crate::audit::entry::Author;
use crate::auth::invitation;
use crate::auth::pairing::{self, Named};
use crate::cli::args::{DeviceAdd, DeviceInvite, DeviceList, DeviceRevoke, Global};
use crate::cli::failure::Failure;
use crate::cli::user::refused;
use crate::cli::{household, output};
use crate::instant::rfc3339;

/// Adds a device and prints its key.
pub(super) async fn add(global: &Global, wanted: DeviceAdd) -> Result<(), Failure> {
    let name = Named::parse(&wanted.name)
        .map_err(|wrong| Failure::usage(format!("the name {}", wrong.message)))?;
    let (device, pairing) = household::with(global, async |app| {
        let user = household::person(app, &wanted.user).await?.id;
        let added = pairing::add(app, (user, Author::OPERATOR), &name, None).await;
        added.map_err(|problem| refused(&problem))
    })
    .await?;
    if global.json {
        return output::json(&json!({
            "device_id": device.id, "name": device.name, "key": *pairing.key,
            "url": pairing.url, "qr_text": *pairing.text,
        }));
    }
    output::note("the key is shown once; it sends health data and reads nothing");
    output::line(&format!("device  {}", device.id))?;
    output::line(&format!("key     {}", *pairing.key))?;
    output::line(&format!("url     {}", pairing.url))?;
    output::line(&format!("qr      {}", *pairing.text))
}

/// Invites a device and prints the code.
pub(super) async fn invite(global: &Global, wanted: DeviceInvite) -> Result<(), Failure> {
    let id = parsed(&wanted.device)?;
    let invitation = household::with(global, async |app| {
        let user = household::person(app, &wanted.user).await?.id;
        if !pairing::list(app, user)
            .await
            .map_err(|problem| refused(&problem))?
            .iter()
            .any(|device| device.id == id)
        {
            return Err(unknown());
        }
        let invited = invitation::invite(app, (user, Author::OPERATOR), id).await;
        invited.map_err(|problem| refused(&problem))
    })
    .await?;
    let until = rfc3339(invitation.expires_us);
    if global.json {
        return output::json(&json!({ "code": *invitation.code, "expires_at": until }));
    }
    output::note("the code is shown once; whoever types it into the app sends for this device");
    output::line(&format!("code   {}", *invitation.code))?;
    output::line(&format!("until  {until}"))
}

fn parsed(id: &str) -> Result<DeviceId, Failure> {
    id.parse()
        .map_err(|wrong: model::ids::InvalidId| Failure::usage(wrong.to_string()))
}

fn unknown() -> Failure {
    Failure::Failed(anyhow::anyhow!(
        "this person has no such device; `clarity device list` shows them"
    ))
}

/// Lists the devices of a person.
pub(super) async fn list(global: &Global, wanted: DeviceList) -> Result<(), Failure> {
    let devices = household::with(global, async |app| {
        let user = household::person(app, &wanted.user).await?.id;
        let listed = pairing::list(app, user).await;
        listed.map_err(|problem| refused(&problem))
    })
    .await?;
    if global.json {
        let devices: Vec<_> = devices.iter().map(described).collect();
        return output::json(&devices);
    }
    let row = |device: &Device| {
        let used = device.used_us.map_or_else(|| "never".to_owned(), rfc3339);
        vec![
            device.name.clone(),
            rfc3339(device.created_us),
            used,
            device.id.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = devices.iter().map(row).collect();
    output::table(&["name", "since", "used", "id"], &rows)
}

fn described(device: &Device) -> serde_json::Value {
    json!({
        "device_id": device.id,
        "name": device.name,
        "scope": device.scope.name(),
        "created_at": rfc3339(device.created_us),
        "used_at": device.used_us.map(rfc3339),
    })
}

/// Revokes the key of a device.
pub(super) async fn revoke(global: &Global, wanted: DeviceRevoke) -> Result<(), Failure> {
    let id = parsed(&wanted.device)?;
    household::with(global, async |app| {
        let user = household::person(app, &wanted.user).await?.id;
        let revoked = pairing::revoke(app, (user, Author::OPERATOR), id).await;
        if revoked.map_err(|problem| refused(&problem))? {
            return Ok(());
        }
        Err(unknown())
    })
    .await?;
    if global.json {
        return output::json(&json!({ "device_id": id, "revoked": true }));
    }
    output::line(&format!("revoked {id}; what it sent stays"))
}
