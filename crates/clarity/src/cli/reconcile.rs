//! Totals of days beside the phone's own numbers, and why they differ.

use analysis::daily::reconcile::Cause;

use crate::cli::args::{Global, Reconcile};
use crate::cli::failure::Failure;
use crate::cli::user::refused;
use crate::cli::{household, output};
use crate::http::range::RangeQuery;
use crate::http::reconciliation::{self, ReconciledTotal};

/// Prints a line for each day and metric of which the phone has a number.
pub(super) async fn reconcile(global: &Global, wanted: Reconcile) -> Result<(), Failure> {
    let range = RangeQuery {
        start: wanted.start,
        end: wanted.end,
    };
    let (found, waiting) = household::with(global, async |app| {
        let user = household::read_by_operator(app, &wanted.user, "list_reconciled_totals").await?;
        let metrics = wanted.metrics.as_deref();
        let compared = reconciliation::compared(app, user, &range, metrics).await;
        let found = compared.map_err(|problem| refused(&problem))?;
        let mut tx = app.store.read().await.map_err(anyhow::Error::from)?;
        let waiting = store::days::dirty_count(&mut tx, user).await;
        Ok((found, waiting.map_err(anyhow::Error::from)?))
    })
    .await?;
    if waiting > 0 {
        output::note(&format!(
            "{} days of this person wait to be computed; `clarity serve` or `clarity worker` does it",
            output::grouped(waiting)
        ));
    }
    if global.json {
        return output::json(&found);
    }
    let differing = found.data.iter().filter(|row| row.cause.is_some()).count();
    output::note(&format!(
        "{} of {} totals differ from the phone's, {} to {}",
        differing,
        found.data.len(),
        found.start,
        found.end
    ));
    if !found.stale.is_empty() {
        output::note(&format!(
            "{} days were computed by an earlier version and are being computed again",
            found.stale.len()
        ));
    }
    let shown = found.data.iter();
    let shown = shown.filter(|row| !wanted.differing || row.cause.is_some());
    let rows: Vec<Vec<String>> = shown.map(line).collect();
    output::table(
        &[
            "date",
            "metric",
            "ours",
            "phone",
            "difference",
            "unit",
            "cause",
        ],
        &rows,
    )
}

fn line(row: &ReconciledTotal) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), printed);
    vec![
        row.date.to_string(),
        row.metric.clone(),
        number(row.ours),
        printed(row.phone),
        number(row.difference),
        row.unit.clone(),
        causes(row),
    ]
}

/// Why, and why else.
fn causes(row: &ReconciledTotal) -> String {
    let first = row.cause;
    let first = first.map(|cause| why(cause, row.about.as_deref(), row.samples));
    let second = row.second.as_ref();
    let second = second.map(|other| why(other.cause, other.about.as_deref(), other.samples));
    let both: Vec<String> = first.into_iter().chain(second).collect();
    both.join(" and ")
}

/// A value with as many digits as anybody reads.
fn printed(value: f64) -> String {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    format!("{rounded}")
}

fn why(cause: Cause, about: Option<&str>, samples: Option<u32>) -> String {
    let word = match cause {
        Cause::SourceOrder => "source order",
        Cause::Deletion => "deletion",
        Cause::LateSample => "late sample",
        Cause::Zone => "zone",
        Cause::Coverage => "coverage",
        Cause::SecondDevice => "second device",
        Cause::Unexplained => "unexplained",
    };
    match (about, samples) {
        (Some(about), _) => format!("{word} ({about})"),
        (None, Some(1)) => format!("{word} (1 sample)"),
        (None, Some(count)) => format!("{word} ({count} samples)"),
        (None, None) => word.to_owned(),
    }
}
