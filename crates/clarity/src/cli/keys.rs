//! `clarity keys`: the keys that sign access tokens, replaced while servers run.

use serde_json::json;

use crate::auth::ring::{Doing, KeyState};
use crate::auth::rotation;
use crate::cli::args::Global;
use crate::cli::args::keys::KeysCommand;
use crate::cli::failure::Failure;
use crate::cli::user::refused;
use crate::cli::{household, output};
use crate::instant::rfc3339;

/// Runs a command on the keys.
pub(super) async fn keys(global: &Global, wanted: KeysCommand) -> Result<(), Failure> {
    household::with(global, async |app| {
        let states = match wanted {
            KeysCommand::List => app.keys.states(app.clock.now_us()),
            KeysCommand::Rotate => {
                let rotated = rotation::rotate(app, None).await;
                rotated.map_err(|problem| refused(&problem))?
            }
            KeysCommand::Revoke { key } => {
                let revoked = rotation::revoke(app, &key, None).await;
                revoked.map_err(|problem| refused(&problem))?
            }
        };
        print(global, &states)
    })
    .await
}

fn print(global: &Global, states: &[KeyState]) -> Result<(), Failure> {
    // The first key signs whatever the clock says.
    let time = |us: i64| (us > 0).then(|| rfc3339(us));
    if global.json {
        let keys = states.iter().map(|one| {
            json!({
                "key_id": one.key_id,
                "state": word(one.doing),
                "created_at": time(one.created_us),
                "signs_from": time(one.signs_us),
                "accepted_until": one.until_us.map(rfc3339),
            })
        });
        return output::json(&json!({ "data": keys.collect::<Vec<_>>() }));
    }
    let text = |one: &KeyState| {
        vec![
            one.key_id.clone(),
            word(one.doing).to_owned(),
            time(one.signs_us).unwrap_or_else(|| "always".to_owned()),
            one.until_us.map(rfc3339).unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = states.iter().map(text).collect();
    output::table(&["key", "state", "signs from", "accepted until"], &rows)
}

const fn word(doing: Doing) -> &'static str {
    match doing {
        Doing::Waits => "waiting",
        Doing::Signs => "signing",
        Doing::Accepted => "accepted",
        Doing::Proves => "retired",
        Doing::Revoked => "revoked",
    }
}
