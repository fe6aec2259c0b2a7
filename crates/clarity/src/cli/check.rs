//! Looks at everything a start needs and names a remedy for what is wrong. It must change nothing.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Serialize;
use store::{Store, Target, Vault};

use crate::cli::args::Global;
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::config::Config;

/// How a finding turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// In order.
    Ok,
    /// Works, and is worth knowing.
    Note,
    /// Will not work.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    state: State,
    code: &'static str,
    message: String,
    remedy: &'static str,
}

impl Finding {
    fn ok(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            code,
            message: message.into(),
            remedy: "",
        }
    }

    fn note(code: &'static str, message: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            state: State::Note,
            code,
            message: message.into(),
            remedy,
        }
    }

    fn failed(code: &'static str, message: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            state: State::Failed,
            code,
            message: message.into(),
            remedy,
        }
    }
}

/// Prints what was found; fails when anything would keep the server from working.
pub(super) async fn check(global: &Global) -> Result<(), Failure> {
    let mut findings = Vec::new();
    match household::settings(global, &[]) {
        Ok(config) => {
            findings.push(Finding::ok("CONFIG_OK", "the settings are valid"));
            findings.push(folder(&config.data_dir));
            findings.push(key_file(&config.key_file()));
            findings.push(database(&config).await);
            findings.push(address(&config));
        }
        Err(refused) => findings.push(Finding::failed(
            refused.code,
            refused.message,
            refused.remedy,
        )),
    }
    if global.json {
        output::json(&findings)?;
    } else {
        output::table(&["state", "code", "finding", "remedy"], &rows(&findings))?;
    }
    let failed = findings
        .iter()
        .filter(|finding| finding.state == State::Failed)
        .count();
    if failed > 0 {
        return Err(Failure::Failed(anyhow::anyhow!(
            "{failed} of the checks failed"
        )));
    }
    Ok(())
}

fn rows(findings: &[Finding]) -> Vec<Vec<String>> {
    let row = |finding: &Finding| {
        let state = match finding.state {
            State::Ok => "ok",
            State::Note => "note",
            State::Failed => "FAILED",
        };
        [state, finding.code, &finding.message, finding.remedy]
            .map(ToOwned::to_owned)
            .to_vec()
    };
    findings.iter().map(row).collect()
}

fn folder(path: &Path) -> Finding {
    if !path.exists() {
        let message = format!("{} does not exist yet", path.display());
        return Finding::note("RES_DATA_DIR_NEW", message, "the first start creates it");
    }
    let probe = path.join(format!(".clarity-check-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            drop(std::fs::remove_file(&probe));
            Finding::ok(
                "RES_DATA_DIR",
                format!("{} can be written to", path.display()),
            )
        }
        Err(error) => Finding::failed(
            "RES_DATA_DIR",
            format!("{} cannot be written to: {error}", path.display()),
            "give the account that runs the server the folder, or choose another with --data-dir",
        ),
    }
}

fn key_file(path: &Path) -> Finding {
    let Ok(metadata) = path.metadata() else {
        let message = format!("there is no key file {} yet", path.display());
        return Finding::note(
            "CRED_KEY_NEW",
            message,
            "the first start creates it; keep a copy",
        );
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        return Finding::failed(
            "CRED_KEY_MODE",
            format!("others can read the key file {}", path.display()),
            "chmod 600 the key file",
        );
    }
    Finding::ok(
        "CRED_KEY_FILE",
        format!("the key file is {}; keep a copy of it", path.display()),
    )
}

async fn database(config: &Config) -> Finding {
    const UNREACHABLE: &str = "check database.url, that the server runs, and its password";
    let target = match config.sqlite_file() {
        Some(path) if !path.exists() => {
            let message = format!("there is no database {} yet", path.display());
            return Finding::note("DEP_DATABASE_NEW", message, "the first start creates it");
        }
        Some(path) => Target::Sqlite { path },
        None => Target::Postgres {
            url: config.database.url.clone(),
        },
    };
    let store = match Store::open(&target).await {
        Ok(store) => store,
        Err(error) => {
            return Finding::failed("DEP_DATABASE", output::causes(&error.into()), UNREACHABLE);
        }
    };
    let found = opened(&store, &config.key_file()).await;
    store.close().await;
    found
}

async fn opened(store: &Store, key_file: &Path) -> Finding {
    const TABLES: &str = "start the server once: it creates the tables and brings them up to date";
    const KEY: &str = "put back the key file that was there when the database was made";
    let people = async {
        let mut tx = store.read().await?;
        store::people::count(&mut tx).await
    };
    let people = match people.await {
        Ok(people) => people,
        Err(error) => {
            return Finding::note("DEP_DATABASE_TABLES", output::causes(&error.into()), TABLES);
        }
    };
    if !key_file.exists() {
        let message = "the database was set up with a key file that is not there";
        return Finding::failed("CRED_KEY_MISSING", message, KEY);
    }
    match Vault::open(store, key_file).await {
        Ok(_) => Finding::ok(
            "DEP_DATABASE",
            format!("the key opens the database; accounts: {people}"),
        ),
        Err(error) => Finding::failed("CRED_KEY_WRONG", output::causes(&error.into()), KEY),
    }
}

fn address(config: &Config) -> Finding {
    match TcpListener::bind(config.listen) {
        Ok(_) => Finding::ok("NET_LISTEN", format!("{} is free", config.listen)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::note(
            "NET_LISTEN_IN_USE",
            format!("something listens on {}", config.listen),
            "fine if it is this server; otherwise choose another with --listen",
        ),
        Err(error) => Finding::failed(
            "NET_LISTEN",
            format!("cannot listen on {}: {error}", config.listen),
            "choose an address of this machine with --listen",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("master.key");
        assert_eq!(key_file(&path).state, State::Note);
        std::fs::write(&path, "x").expect("a file");
        let check = |mode, expect| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).expect("my own file");
            assert_eq!(key_file(&path).state, expect, "{mode:o}");
        };
        check(0o644, State::Failed);
        check(0o600, State::Ok);
    }

    #[test]
    fn a_taken_address_is_noted() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = taken.local_addr().expect("an address");
        let config = Config {
            listen,
            ..Config::default()
        };
        assert_eq!(address(&config).code, "NET_LISTEN_IN_USE");
        drop(taken);
        assert_eq!(address(&config).state, State::Ok);
    }
}
