//! Named transactions: timed, counted, and begun again when another writer was in the way.
//!
//! Work that is retried must have no effect outside its transaction. What it needs is handed to it each
//! time (`context`). A name is a short constant that says what is written; it is a label of the metrics,
//! so it never depends on data.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;

use crate::database::{Store, Tx};
use crate::error::Error;

/// Tries of one transaction. A collision is over in milliseconds; after this many the caller learns
/// that the database is busy.
const TRIES_MAX: u32 = 4;
/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(20);

/// An error that may come from the store.
pub trait FromStore: From<Error> {
    /// The store's error that it stems from, if it does.
    fn of_store(&self) -> Option<&Error>;
}

impl FromStore for Error {
    fn of_store(&self) -> Option<&Error> {
        Some(self)
    }
}

impl Store {
    /// Begins a transaction of this name that may write, for work that cannot be run twice. Where another
    /// process holds the only place to write, begins again; from then on nobody is in the way on SQLite.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, Error> {
        let started = Instant::now();
        let mut tries = 1;
        let outcome = loop {
            let outcome = self.write().await;
            let again = outcome.as_ref().is_err_and(Error::is_transient);
            if !again || tries == TRIES_MAX {
                break outcome;
            }
            pause(name, tries).await;
            tries += 1;
        };
        metrics::histogram!("clarity_db_wait_seconds", "transaction" => name)
            .record(started.elapsed().as_secs_f64());
        outcome
    }

    /// Runs `work` in a transaction of this name and commits. Where another writer was in the way,
    /// everything is undone and `work` runs again.
    pub async fn transact<C: ?Sized, T, E>(
        &self,
        name: &'static str,
        context: &C,
        work: impl for<'a> Fn(&'a mut Tx, &'a C) -> BoxFuture<'a, Result<T, E>>,
    ) -> Result<T, E>
    where
        E: FromStore,
    {
        let started = Instant::now();
        let mut tries = 1;
        let outcome = loop {
            let outcome = self.once(context, &work).await;
            let again = match &outcome {
                Ok(_) => false,
                Err(error) => error.of_store().is_some_and(Error::is_transient),
            };
            if !again || tries == TRIES_MAX {
                break outcome;
            }
            pause(name, tries).await;
            tries += 1;
        };
        let result = if outcome.is_ok() {
            "committed"
        } else {
            "failed"
        };
        metrics::histogram!(
            "clarity_db_transaction_seconds", "transaction" => name, "result" => result
        )
        .record(started.elapsed().as_secs_f64());
        outcome
    }

    async fn once<C: ?Sized, T, E: FromStore>(
        &self,
        context: &C,
        work: &impl for<'a> Fn(&'a mut Tx, &'a C) -> BoxFuture<'a, Result<T, E>>,
    ) -> Result<T, E> {
        let mut tx = self.write().await?;
        match work(&mut tx, context).await {
            Ok(done) => {
                tx.commit().await?;
                Ok(done)
            }
            Err(error) => {
                // The first error says what happened; one of the rollback closes the connection.
                drop(tx.rollback().await);
                Err(error)
            }
        }
    }
}

/// Counts a try that met another writer, and waits before the next.
async fn pause(name: &'static str, tries: u32) {
    metrics::counter!("clarity_db_retries_total", "transaction" => name).increment(1);
    tokio::time::sleep(PAUSE * (1 << (tries - 1))).await;
}
