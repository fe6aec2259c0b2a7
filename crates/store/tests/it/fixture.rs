//! A fresh store on each database, people in it, and samples.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use model::ids::{UploadId, UserId};
use model::metric::MetricNo;
use model::sample::{Flags, Sample, Uid};
use model::source::SourceNo;
use oracle::absence::Absent;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::samples::{Group, Origin, Snapshot};
use store::uploads::{self, NewUpload, UploadNo, UploadState, UploadStatus};
use store::{PersonKey, Store, Target, Tx, Vault, events, people};
use uuid::Uuid;

pub(crate) const NOW_US: i64 = 1_780_000_000_000_000;

/// A migrated store with a vault; what it needs is removed when it is dropped.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    folder: tempfile::TempDir,
}

/// Runs a test on every database that is at hand.
pub(crate) fn on_both<F>(test: impl Fn(House) -> F)
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        test(House::open(&Target::SqliteTemporary).await).await;
        match postgres() {
            Some(server) => {
                let name = create_database(&server).await;
                let url = database_url(&server, &name);
                let house = House::open(&Target::Postgres { url }).await;
                let store = house.store.clone();
                test(house).await;
                store.close().await;
                drop_database(&server, &name).await;
            }
            None => skip_postgres(),
        }
    });
}

/// The server on which databases may be created, when there is one.
pub(crate) fn postgres() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the switch of these tests")]
    std::env::var("CLARITY_TEST_POSTGRES").ok()
}

/// Says once that a database was skipped.
fn skip_postgres() {
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| oracle::absence::skip(Absent::Service("PostgreSQL")));
}

/// The address of another database of the test server.
pub(crate) fn database_url(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let slashes = address.matches('/').count();
    let root = match address.rsplit_once('/') {
        Some((root, _)) if slashes > 2 => root,
        _ => address,
    };
    format!("{root}/{name}{options}")
}

/// Creates an empty database on the test server.
pub(crate) async fn create_database(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("clarity_test_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(server).await.expect("a server");
    let text = format!("CREATE DATABASE {name}");
    sqlx::query(AssertSqlSafe(text))
        .execute(&mut connection)
        .await
        .expect("a new database");
    name
}

/// Drops a database of the test server.
pub(crate) async fn drop_database(server: &str, name: &str) {
    let mut connection = PgConnection::connect(server).await.expect("a server");
    let text = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(text))
        .execute(&mut connection)
        .await
        .expect("the database goes");
}

/// A version 7 id that is the same in every run.
pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_a6e0_7c1a_7000_8000_0000_0000_0000 + number)
}

impl House {
    pub(crate) async fn open(target: &Target) -> Self {
        let store = Store::open(target).await.expect("a database");
        store.migrate().await.expect("tables");
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::open(&store, &folder.path().join("keys/master.key"))
            .await
            .expect("a vault");
        Self {
            store,
            vault: Arc::new(vault),
            folder,
        }
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys/master.key")
    }

    pub(crate) async fn write(&self) -> Tx {
        self.store.write().await.expect("a transaction")
    }

    pub(crate) async fn read(&self) -> Tx {
        self.store.read().await.expect("a transaction")
    }

    /// Creates a person.
    pub(crate) async fn person(&self, number: u128) -> UserId {
        let user = UserId::from_uuid(uuid(number));
        let mut tx = self.write().await;
        people::create(
            &mut tx,
            &self.vault,
            &people::NewPerson {
                id: user,
                email: &format!("person{number}@example.org"),
                password_hash: "$argon2id$hash",
                role: "patient",
                now_us: NOW_US,
            },
        )
        .await
        .expect("a person");
        tx.commit().await.expect("a commit");
        user
    }

    pub(crate) async fn key(&self, user: UserId) -> PersonKey {
        let mut tx = self.read().await;
        self.vault
            .person_key(&mut tx, user)
            .await
            .expect("the person's key")
    }

    /// Begins an upload, a snapshot when `exported_us` is given.
    pub(crate) async fn upload(&self, user: UserId, exported_us: Option<i64>) -> UploadNo {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let key = self.key(user).await;
        let mut tx = self.write().await;
        let upload = NewUpload {
            id: UploadId::from_uuid(uuid(1_000_000 + u128::from(number))),
            kind: "test",
            now_us: NOW_US,
        };
        let no = uploads::begin(&mut tx, &key, user, &upload)
            .await
            .expect("an upload");
        if let Some(exported_us) = exported_us {
            uploads::set_snapshot(&mut tx, user, no, exported_us)
                .await
                .expect("a snapshot");
        }
        tx.commit().await.expect("a commit");
        no
    }

    /// Merges samples of one metric in a transaction of its own.
    pub(crate) async fn merge(
        &self,
        user: UserId,
        upload: UploadNo,
        metric: MetricNo,
        samples: &[Sample],
    ) -> store::samples::Merged {
        let key = self.key(user).await;
        let mut tx = self.write().await;
        let snapshots = uploads::snapshots(&mut tx, user).await.expect("snapshots");
        let origin = origin(upload, &snapshots);
        let group = Group {
            metric,
            samples: samples.to_vec(),
        };
        let merged = store::samples::merge(&mut tx, &key, user, origin, vec![group])
            .await
            .expect("a merge");
        tx.commit().await.expect("a commit");
        merged
    }

    /// Every sample of a metric.
    pub(crate) async fn all(&self, user: UserId, metric: MetricNo) -> Vec<Sample> {
        let key = self.key(user).await;
        let mut tx = self.read().await;
        let stored = store::samples::footprint(&mut tx, user).await;
        let stored: Vec<_> = stored
            .expect("a read")
            .iter()
            .map(|one| (one.metric, one.samples))
            .collect();
        let counted = store::counts::of_person(&mut tx, user).await;
        assert_eq!(counted.expect("a read"), stored, "what is counted is there");
        store::samples::starting_in(&mut tx, &key, user, metric, EVER)
            .await
            .expect("samples")
    }
}

/// A span that contains every test sample.
pub(crate) const EVER: model::zone::Span = model::zone::Span {
    start_us: 0,
    end_us: 4_000_000_000_000_000,
};

/// The origin of an upload, a snapshot when it is among them.
pub(crate) fn origin(upload: UploadNo, snapshots: &[(UploadNo, i64)]) -> Origin<'_> {
    let snapshot = snapshots
        .iter()
        .find(|(no, _)| *no == upload)
        .map(|(_, exported_us)| Snapshot {
            exported_us: *exported_us,
        });
    Origin {
        upload,
        snapshot,
        snapshots,
    }
}

/// A sample of source 1.
pub(crate) fn sample(start_us: i64, end_us: i64, value: f64) -> Sample {
    Sample {
        start_us,
        end_us,
        value,
        zone_offset_min: None,
        source: SourceNo(1),
        uid: None,
        flags: Flags::NONE,
    }
}

/// The same with an object id.
pub(crate) fn with_uid(sample: Sample, uid: u64) -> Sample {
    Sample {
        uid: Uid::new(uid),
        ..sample
    }
}

/// Runs a statement that the store itself would never run.
pub(crate) async fn execute(tx: &mut Tx, text: &str) {
    let text = sqlx::AssertSqlSafe(text.to_owned());
    match tx {
        Tx::Sqlite(transaction) => {
            let done = sqlx::query(text).execute(&mut **transaction).await;
            done.expect("a statement");
        }
        Tx::Postgres(transaction) => {
            let done = sqlx::query(text).execute(&mut **transaction).await;
            done.expect("a statement");
        }
    }
}

/// Old accounts of uploads in one row, and an event that another process told.
pub(crate) async fn folded(tx: &mut Tx, key: &PersonKey, number: u128, detail: &[u8]) {
    let user = key.user();
    for each in 0..u128::try_from(uploads::FOLD).expect("few") {
        let id = UploadId::from_uuid(uuid(10_000_000 + number * 1_000 + each));
        let new = NewUpload {
            id,
            kind: "test",
            now_us: 1,
        };
        uploads::begin(tx, key, user, &new)
            .await
            .expect("an upload");
        let state = UploadState {
            status: UploadStatus::Completed,
            stage: "done",
            progress: 1.0,
            accepted: 1,
            duplicates: 0,
            rejected: 0,
            detail,
            dirty_seq: 0,
            now_us: 1,
        };
        uploads::save(tx, key, user, id, &state)
            .await
            .expect("a state");
    }
    let folded = uploads::fold(tx, key, user, 2).await;
    assert_eq!(folded.expect("a write"), uploads::FOLD);
    events::put(tx, key, user, 7, detail, NOW_US)
        .await
        .expect("an event");
}
