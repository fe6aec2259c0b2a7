//! Copies a whole database into an empty one, sealed rows as they are: the key file stays the same.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::json;
use store::{Store, Target};

use crate::cli::args::{Copy, Global};
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::{config, private};

/// What stands for an address in a variable, so that no password is among the arguments.
const VARIABLE: &str = "env:";

/// The address that an argument gives or names. One with a password is refused: by now it was seen, and
/// whoever typed it should change it.
fn address(argument: &str) -> Result<String, Failure> {
    if let Some(name) = argument.strip_prefix(VARIABLE) {
        return config::variable(name)
            .ok_or_else(|| Failure::usage(format!("there is no variable {name}")));
    }
    let credentials = argument
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'));
    let has_password = credentials.is_some_and(|(before, _)| before.contains(':'))
        || argument.contains("password=");
    if has_password {
        return Err(Failure::usage(
            "arguments are seen by every process of this machine: put the address with its password in a \
             variable and give env:NAME, or leave the password to PGPASSWORD or ~/.pgpass; nothing was copied",
        ));
    }
    Ok(argument.to_owned())
}

/// Copies and returns how many rows there were.
pub(super) async fn copy(global: &Global, wanted: Copy) -> Result<(), Failure> {
    let (from, to) = (
        household::target(&address(&wanted.from)?),
        household::target(&address(&wanted.to)?),
    );
    // What is copied is as private as what it is copied from.
    private::keep();
    if let Target::Sqlite { path } = &from
        && !path.exists()
    {
        return Err(Failure::usage(format!(
            "there is no database {}",
            path.display()
        )));
    }
    if let Target::Sqlite { path } = &to
        && let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
    {
        household::prepare_folder(folder)?;
    }
    let from = Store::open(&from)
        .await
        .context("opening the database to copy from")?;
    // Both sides have the tables of this version: what an earlier one wrote is upgraded where it lies,
    // after a copy of it was set aside.
    if let Some(aside) = from
        .migrate()
        .await
        .context("upgrading the tables to copy from")?
    {
        tracing::warn!(copy = %aside.display(), "the database was upgraded; a copy of it as it was before lies beside it");
    }
    let to = Store::open(&to)
        .await
        .context("opening the database to copy to")?;
    to.migrate().await.context("creating the tables")?;
    let copied = store::copy::all(&from, &to).await.context("copying")?;
    from.close().await;
    to.close().await;
    if global.json {
        let by_table: BTreeMap<&str, u64> = copied.into_iter().collect();
        return output::json(&json!({ "rows": by_table }));
    }
    let rows: u64 = copied.iter().map(|(_, rows)| rows).sum();
    output::line(&format!(
        "copied {} rows; the key file stays the same",
        output::grouped(rows)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_an_argument() {
        for seen in [
            "postgres://a:secret@host/c",
            "postgresql://a:s@cret@host:5432/c",
            "postgres://host/c?user=a&password=secret",
        ] {
            let refused = address(seen).expect_err("refused");
            assert!(matches!(refused, Failure::Usage(_)));
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
        for plain in [
            "there",
            "a:b/c.db",
            "postgres://a@host:5432/c",
            "postgres://host:5432/c",
        ] {
            assert_eq!(address(plain).expect("taken"), plain);
        }
        assert!(address("env:CLARITY_NOT_THERE").is_err());
        assert!(address("env:PATH").is_ok());
    }
}
