//! Copies a whole database into an empty one, sealed rows as they are: the key file stays the same.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::json;
use store::{Store, Target};

use crate::cli::args::{Copy, Global};
use crate::cli::failure::Failure;
use crate::cli::{household, output};

/// Copies and returns how many rows there were.
pub(super) async fn copy(global: &Global, wanted: Copy) -> Result<(), Failure> {
    let (from, to) = (
        household::target(&wanted.from),
        household::target(&wanted.to),
    );
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
