//! A PostgreSQL database of a test's own, where `CLARITY_TEST_POSTGRES` names a server.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use store::{Store, Target};

/// A database that exists for one test.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// An empty database; none without a server, and without the client that can create one.
    pub(crate) fn create() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "the switch of these tests")]
        let server = std::env::var("CLARITY_TEST_POSTGRES").ok()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("clarity_story_{}_{number}", std::process::id());
        let created = psql(&server, &format!("CREATE DATABASE {name}"));
        created.then_some(Self { server, name })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        let (address, options) = match self.server.split_once('?') {
            Some((address, options)) => (address, format!("?{options}")),
            None => (self.server.as_str(), String::new()),
        };
        let root = match address.rsplit_once('/') {
            Some((root, _)) if address.matches('/').count() > 2 => root,
            _ => address,
        };
        format!("{root}/{}{options}", self.name)
    }

    /// Ends every connection to it.
    pub(crate) fn end_connections(&self) {
        let statement = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        psql(&self.server, &statement);
    }

    /// Opens it.
    pub(crate) async fn store(&self) -> Store {
        let url = self.url();
        Store::open(&Target::Postgres { url })
            .await
            .expect("a database")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        psql(
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

/// Whether the statement was done.
fn psql(server: &str, statement: &str) -> bool {
    let done = Command::new("psql")
        .args([
            server,
            "--quiet",
            "--output",
            "/dev/null",
            "--command",
            statement,
        ])
        .status();
    done.is_ok_and(|status| status.success())
}
