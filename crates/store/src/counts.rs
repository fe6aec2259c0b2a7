//! How many samples there are of each metric: kept beside the chunks by every write of them.
//!
//! A count is the sum over the chunks of its metric, always; it must never be set from anything else.

use std::collections::BTreeMap;

use model::ids::UserId;
use model::metric::MetricNo;

use crate::database::{Tx, rows_statement, statement_slices};
use crate::error::Error;
use crate::samples::metric_no;

/// By how much counts change.
#[derive(Debug, Default)]
pub(crate) struct Change(BTreeMap<MetricNo, i64>);

impl Change {
    /// Takes into account that a chunk goes from so many samples to so many.
    pub(crate) fn add(&mut self, metric: MetricNo, from: usize, to: usize) {
        let size = |samples| i64::try_from(samples).unwrap_or(i64::MAX);
        *self.0.entry(metric).or_default() += size(to) - size(from);
    }

    /// Writes the new counts.
    pub(crate) async fn keep(self, tx: &mut Tx, person: i64) -> Result<(), Error> {
        let changed: Vec<(MetricNo, i64)> = self.0.into_iter().filter(|(_, by)| *by != 0).collect();
        for slice in statement_slices(&changed) {
            let text = rows_statement(
                "INSERT INTO metric_counts (person, metric, samples) VALUES",
                3,
                slice.len(),
                "ON CONFLICT (person, metric) DO UPDATE SET
                    samples = metric_counts.samples + excluded.samples",
            );
            run!(tx, connection => {
                let mut query = sqlx::query(text);
                for (metric, by) in slice {
                    query = query.bind(person).bind(i64::from(metric.0)).bind(*by);
                }
                query.execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}

/// How many samples there are of every metric, in the order of its number: one row for each, however long
/// the history is.
pub async fn of_person(tx: &mut Tx, user: UserId) -> Result<Vec<(MetricNo, u64)>, Error> {
    let rows = run!(tx, connection => sqlx::query_as::<_, (i64, i64)>(
        "SELECT metric, samples FROM metric_counts
         WHERE person = (SELECT no FROM persons WHERE id = $1) AND samples > 0 ORDER BY metric",
    )
    .bind(user.uuid())
    .fetch_all(connection)
    .await)?;
    rows.into_iter()
        .map(|(metric, samples)| Ok((metric_no(metric)?, samples.unsigned_abs())))
        .collect()
}
