//! `clarity audit`: whether the audit log is what was written, and the log of a person.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ids::UserId;
use serde_json::json;
use store::audit::{Broken, Verified, Why};

use crate::app::App;
use crate::audit::entry::Entry;
use crate::cli::args::Global;
use crate::cli::args::audit::{AuditCommand, AuditExport};
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::erasure;
use crate::instant::rfc3339;

/// Entries that are read at a time.
const PAGE: u32 = 1_000;

/// Runs a command on the log.
pub(super) async fn audit(global: &Global, wanted: AuditCommand) -> Result<(), Failure> {
    match wanted {
        AuditCommand::Verify => verify(global).await,
        AuditCommand::Export(wanted) => export(global, &wanted).await,
    }
}

async fn verify(global: &Global) -> Result<(), Failure> {
    let found = household::with(global, async |app| {
        let read = async {
            let mut tx = app.store.read().await?;
            let signer = app.keys.signer(app.clock.now_us());
            store::audit::verify(&mut tx, &app.vault, erasure::ACCOUNT, &signer).await
        };
        Ok(read.await.context("reading the audit log")?)
    })
    .await?;
    if global.json {
        output::json(&described(&found))?;
    } else {
        output::line(&summary(&found))?;
        for broken in &found.broken {
            output::line(&sentence(broken))?;
        }
    }
    if found.broken.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(anyhow::anyhow!(
        "the audit log is not what was written; a backup from before has it as it was"
    )))
}

fn summary(found: &Verified) -> String {
    let latest = found.latest.as_ref().map_or_else(
        || "no checkpoint yet".to_owned(),
        |(no, at_us, hash)| {
            let hash = hex(hash);
            format!("checkpoint {no} of {} with hash {hash}", rfc3339(*at_us))
        },
    );
    format!(
        "entries {}, persons {}, checkpoints {}; {latest}",
        output::grouped(found.entries),
        output::grouped(found.chains),
        output::grouped(found.checkpoints)
    )
}

fn hex(bytes: &[u8]) -> String {
    crate::audit::words::hex(bytes)
}

fn sentence(broken: &Broken) -> String {
    let what = match broken.why {
        Why::Changed => "is not what was written",
        Why::Missing => "was removed",
        Why::Added => "was never written there",
        Why::Head => "is where the end of the chain was changed",
        Why::Behind => "is not what the latest checkpoint saw",
        Why::Unsigned => "is not signed by this server",
    };
    match broken.user {
        Some(user) => format!("person {user}: entry {} {what}", broken.seq),
        None => format!("checkpoint {} {what}", broken.seq),
    }
}

fn described(found: &Verified) -> serde_json::Value {
    let broken = found.broken.iter().map(|broken| {
        json!({
            "user_id": broken.user,
            "number": broken.seq,
            "text": sentence(broken),
        })
    });
    json!({
        "entries": found.entries,
        "persons": found.chains,
        "checkpoints": found.checkpoints,
        "latest": found.latest.as_ref().map(|(no, at_us, hash)| json!({
            "number": no, "at": rfc3339(*at_us), "hash": hex(hash),
        })),
        "broken": broken.collect::<Vec<_>>(),
    })
}

async fn export(global: &Global, wanted: &AuditExport) -> Result<(), Failure> {
    household::with(global, async |app| {
        let user = household::read_by_operator(app, &wanted.email, "list_audit").await?;
        let entries = entries(app, user).await.context("reading the audit log")?;
        for stored in entries.iter().rev() {
            output::line(&line(stored))?;
        }
        Ok(())
    })
    .await
}

/// The whole log of a person, newest first.
async fn entries(app: &App, user: UserId) -> Result<Vec<store::audit::Entry>, store::Error> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = store::audit::page(&mut tx, &key, user, before, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        before = Some(last.seq);
        all.extend(page);
    }
}

fn line(stored: &store::audit::Entry) -> String {
    let entry = Entry::read(&stored.bytes);
    let document = json!({
        "number": stored.seq,
        "at": entry.as_ref().map(|entry| rfc3339(entry.at_us)),
        "entry": entry,
        "hash": URL_SAFE_NO_PAD.encode(&stored.hash),
    });
    document.to_string()
}
