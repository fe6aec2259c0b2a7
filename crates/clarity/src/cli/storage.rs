//! Prints what a person's samples cost on disk, sealed, without the database's own share.

use serde::Serialize;

use crate::cli::args::Global;
use crate::cli::failure::Failure;
use crate::cli::{household, output};
use crate::person::dossier::Dossier;

/// One metric's cost.
#[derive(Debug, Serialize)]
struct Cost {
    metric: String,
    samples: u64,
    bytes: u64,
    bytes_per_sample: f64,
}

/// Prints a line per metric, the costliest first.
pub(super) async fn storage(global: &Global, email: &str) -> Result<(), Failure> {
    household::with(global, async |app| {
        let user = household::person(app, email).await?.id;
        let mut tx = app.store.read().await.map_err(anyhow::Error::from)?;
        let dossier = Dossier::load(&mut tx, &app.vault, user)
            .await
            .map_err(anyhow::Error::from)?;
        let found = store::samples::footprint(&mut tx, user)
            .await
            .map_err(anyhow::Error::from)?;
        let mut costs: Vec<Cost> = found
            .into_iter()
            .filter_map(|found| {
                Some(Cost {
                    metric: dossier.describe(found.metric)?.id,
                    samples: found.samples,
                    bytes: found.bytes,
                    bytes_per_sample: found.bytes as f64 / found.samples.max(1) as f64,
                })
            })
            .collect();
        costs.sort_by_key(|cost| std::cmp::Reverse(cost.bytes));
        if global.json {
            return output::json(&costs);
        }
        let rows: Vec<Vec<String>> = costs
            .iter()
            .map(|cost| {
                vec![
                    cost.metric.clone(),
                    output::grouped(cost.samples),
                    output::grouped(cost.bytes),
                    format!("{:.1}", cost.bytes_per_sample),
                ]
            })
            .collect();
        output::table(&["metric", "samples", "bytes", "bytes per sample"], &rows)
    })
    .await
}
