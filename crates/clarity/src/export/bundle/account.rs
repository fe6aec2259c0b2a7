//! What is kept about the account, and about uploads, as JSON. Hashes, secrets and keys are in neither.

use model::ids::UserId;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use store::api_keys::StoredApiKey;
use store::devices::Device;
use store::docs::DocName;
use store::grants::StoredGrant;
use store::people::Factor;
use store::sessions::Session;
use store::uploads::Upload;
use store::{Error, PersonKey, Tx};

use crate::app::App;
use crate::audit::entry::Granted;
use crate::auth::behalf;
use crate::export::ExportError;
use crate::instant::rfc3339;

/// Everything about the account as one document.
pub(super) async fn whole(
    tx: &mut Tx,
    app: &App,
    key: &PersonKey,
    user: UserId,
) -> Result<Vec<u8>, ExportError> {
    let person = store::people::by_id(tx, &app.vault, user).await?;
    let person = person.ok_or(ExportError::Overtaken)?;
    let sessions = store::sessions::list(tx, key, user).await?;
    let codes_left = store::mfa::codes_left(tx, user).await?;
    let devices = store::devices::list(tx, key, user).await?;
    let keys = store::api_keys::list(tx, key, user).await?;
    let given = store::grants::given(tx, &app.vault, user).await?;
    let received = store::grants::received(tx, &app.vault, user).await?;
    let mut documents = Map::new();
    for name in DocName::ALL {
        if let Some(doc) = store::docs::get(tx, key, user, name).await? {
            let content: Value = serde_json::from_slice(&doc.bytes)
                .map_err(|_| Error::Damaged { what: "document" })?;
            documents.insert(name.as_str().to_owned(), content);
        }
    }
    let given = given.iter().map(|one| {
        let words = behalf::readable(key, one)?;
        grant(one, words.as_ref())
    });
    let received = received.iter().map(|one| grant(one, None));
    let whole = json!({
        "id": user.to_string(),
        "email": person.email,
        "role": person.role,
        "created_at": rfc3339(person.created_us),
        "second_factor": {
            "totp": person.factor == Factor::Totp,
            "recovery_codes_left": codes_left,
        },
        "documents": documents,
        "sessions": sessions.iter().map(session).collect::<Vec<Value>>(),
        "devices": devices.iter().map(device).collect::<Vec<Value>>(),
        "api_keys": keys.iter().map(api_key).collect::<Vec<Value>>(),
        "grants": given.collect::<Result<Vec<Value>, Error>>()?,
        "grants_received": received.collect::<Result<Vec<Value>, Error>>()?,
    });
    serde_json::to_vec_pretty(&whole).map_err(|_| ExportError::Compute)
}

fn session(one: &Session) -> Value {
    json!({
        "id": one.id.to_string(),
        "label": one.label,
        "created_at": rfc3339(one.created_us),
        "used_at": rfc3339(one.used_us),
        "expires_at": rfc3339(one.expires_us),
    })
}

fn device(one: &Device) -> Value {
    json!({
        "id": one.id.to_string(),
        "name": one.name,
        "scope": one.scope.name(),
        "created_at": rfc3339(one.created_us),
        "used_at": one.used_us.map(rfc3339),
    })
}

fn api_key(one: &StoredApiKey) -> Value {
    json!({
        "id": one.id.to_string(),
        "name": one.name,
        "scopes": one.scopes,
        "created_at": rfc3339(one.created_us),
        "expires_at": rfc3339(one.expires_us),
        "used_at": one.used_us.map(rfc3339),
    })
}

/// A grant; what its owner said of it is readable to the owner alone.
fn grant(one: &StoredGrant, words: Option<&Granted>) -> Result<Value, Error> {
    let words = words.map(serde_json::to_value).transpose();
    Ok(json!({
        "id": one.id.to_string(),
        "owner": one.owner.to_string(),
        "reader": one.reader.to_string(),
        "scopes": one.scopes,
        "created_at": rfc3339(one.created_us),
        "expires_at": rfc3339(one.expires_us),
        "words": words.map_err(|_| Error::Damaged { what: "grant" })?,
    }))
}

/// An upload and what became of it.
pub(super) fn upload(upload: &Upload) -> Vec<u8> {
    let detail: Option<&RawValue> = serde_json::from_slice(&upload.detail).ok();
    let line = UploadLine {
        id: upload.id.to_string(),
        kind: &upload.kind,
        status: upload.status.as_str(),
        accepted: upload.accepted,
        duplicates: upload.duplicates,
        rejected: upload.rejected,
        exported_at: upload.exported_us.map(rfc3339),
        created_at: rfc3339(upload.created_us),
        updated_at: rfc3339(upload.updated_us),
        damaged: upload.is_damaged,
        detail,
    };
    serde_json::to_vec(&line).expect("plain JSON")
}

#[derive(Serialize)]
struct UploadLine<'a> {
    id: String,
    kind: &'a str,
    status: &'a str,
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    exported_at: Option<String>,
    created_at: String,
    updated_at: String,
    damaged: bool,
    detail: Option<&'a RawValue>,
}
