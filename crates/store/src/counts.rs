//! How many samples there are of each metric: kept beside the chunks by every write of them.
//!
//! A count is the sum over the chunks of its metric, always; it must never be set from anything else.

use std::collections::BTreeMap;

use model::ids::UserId;
use model::metric::MetricNo;

use crate::chunk::Place;
use crate::database::{Tx, rows_statement, statement_slices};
use crate::error::Error;
use crate::samples::metric_no;

/// By how much counts change.
#[derive(Debug, Default)]
pub(crate) struct Change(BTreeMap<MetricNo, i64>);

impl Change {
    /// Takes into account that a chunk will have this many samples.
    pub(crate) fn add(&mut self, metric: MetricNo, samples: i64) {
        *self.0.entry(metric).or_default() += samples;
    }

    /// Takes into account that chunks are about to be replaced or to go: what they count now.
    pub(crate) async fn replace(
        &mut self,
        tx: &mut Tx,
        person: i64,
        places: &[Place],
    ) -> Result<(), Error> {
        for slice in statement_slices(places) {
            let text = rows_statement(
                "WITH places (of_person, of_metric, of_bucket) AS (VALUES",
                3,
                slice.len(),
                ") SELECT metric, samples FROM places JOIN chunks
                    ON person = of_person AND metric = of_metric AND bucket = of_bucket",
            );
            let rows = run!(tx, connection => {
                let mut query = sqlx::query_as::<_, (i64, i64)>(text);
                for place in slice {
                    query = query
                        .bind(person)
                        .bind(i64::from(place.metric.0))
                        .bind(place.bucket);
                }
                query.fetch_all(connection).await
            })?;
            for (metric, samples) in rows {
                self.add(metric_no(metric)?, -samples);
            }
        }
        Ok(())
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
