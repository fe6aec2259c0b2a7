//! Erasing, copying, and what the files hold.

use std::collections::BTreeMap;

use model::ids::{
    AnalysisId, ApiKeyId, DeviceId, EntryId, ErasureId, GoalId, GrantId, InsightId, JobId,
    SessionId, UserId,
};
use model::metric::MetricNo;
use model::sample::{HOUR_US, Uid};
use store::api_keys::{self, NewApiKey};
use store::days::DayRow;
use store::devices::{self, NewDevice, SECRET_BYTES, Scope};
use store::docs::{self, DocName, Expected};
use store::embeddings::{Kind, StoredEmbedding};
use store::entries::Filed;
use store::grants::NewGrant;
use store::insights::StoredInsight;
use store::jobs::{JobKind, NewJob};
use store::sessions::NewSession;
use store::{
    Error, PersonKey, Scrubbed, Store, Target, Tx, Vault, audit, blocks, copy, days, embeddings,
    entries, erase, erasures, goals, grants, idempotency, insights, invitations, jobs,
};
use store::{people, samples, sessions, storage};

use crate::fixture::{
    House, NOW_US, create_database, database_url, drop_database, execute, folded, on_both,
    postgres, sample, uuid, with_uid,
};

const METRIC: MetricNo = MetricNo(20_001);
const DAMAGED: MetricNo = MetricNo(20_003);

/// Gives a person a row in every table.
async fn fill(house: &House, number: u128) -> UserId {
    let user = house.person(number).await;
    let key = house.key(user).await;
    let upload = house.upload(user, Some(NOW_US)).await;
    let all: Vec<_> = (1..50)
        .map(|at: i64| {
            with_uid(
                sample(NOW_US + at * HOUR_US, NOW_US + at * HOUR_US, 71.5),
                at.unsigned_abs(),
            )
        })
        .collect();
    house.merge(user, upload, METRIC, &all).await;
    set_aside(house, user).await;
    let mut tx = house.write().await;
    let gone = [(Uid::new(1).expect("not zero"), None)];
    samples::delete_by_uid(&mut tx, &key, user, &gone, NOW_US)
        .await
        .expect("a write");
    let record = model::record::Record {
        start_us: NOW_US,
        end_us: NOW_US,
        zone: None,
        source: model::source::SourceNo(1),
        uid: None,
        identity: "x".to_owned(),
        body: model::record::Body::Workout(model::record::Workout::default()),
    };
    let origin = crate::fixture::origin(upload, &[]);
    store::records::put(&mut tx, &key, user, origin, vec![record])
        .await
        .expect("a write");
    for name in DocName::ALL {
        docs::put(&mut tx, &key, user, name, b"canary-doc", Expected::Any)
            .await
            .expect("a write");
    }
    fill_account(&mut tx, house, &key, number).await;
    audit::append(&mut tx, &house.vault, user, &[b"canary-access"])
        .await
        .expect("a write");
    audit::checkpoint(&mut tx, &house.vault, "account", NOW_US, &Signer)
        .await
        .expect("a write");
    folded(&mut tx, &key, number, b"canary-account").await;
    tx.commit().await.expect("a commit");
    user
}

/// Signs nothing that anybody checks here.
struct Signer;

impl audit::Seals for Signer {
    fn key_id(&self) -> &'static str {
        "test"
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        message.to_vec()
    }

    fn is_signed(&self, _: &str, message: &[u8], signature: &[u8]) -> bool {
        message == signature
    }
}

/// A chunk that was damaged and is in the way of another upload.
async fn set_aside(house: &House, user: UserId) {
    let upload = house.upload(user, None).await;
    let one = [sample(NOW_US, NOW_US, 1.0)];
    house.merge(user, upload, DAMAGED, &one).await;
    let mut tx = house.write().await;
    let damage = format!(
        "UPDATE chunks SET sealed = substr(sealed, 1, 9) WHERE metric = {}",
        DAMAGED.0
    );
    execute(&mut tx, &damage).await;
    tx.commit().await.expect("a commit");
    house.merge(user, upload, DAMAGED, &one).await;
}

/// The rows that are not about measurements.
async fn fill_account(tx: &mut Tx, house: &House, key: &PersonKey, number: u128) {
    let user = key.user();
    let session = NewSession {
        session: SessionId::from_uuid(uuid(900 + number)),
        refresh_hash: [u8::try_from(number).expect("small"); 32],
        now_us: NOW_US,
        expires_us: NOW_US + 1,
        label: "canary-label",
    };
    sessions::create(tx, &house.vault, key, user, &session)
        .await
        .expect("a write");
    let device = NewDevice {
        id: DeviceId::from_uuid(uuid(950 + number)),
        scope: Scope::Write,
        secret: &[3; SECRET_BYTES],
        name: "canary-device",
        now_us: NOW_US,
    };
    let created = devices::create(tx, &house.vault, key, user, &device, 9).await;
    assert!(created.expect("a write"));
    let invitation = (format!("canary-code-{number}"), NOW_US + 1);
    let code = (invitation.0.as_str(), invitation.1);
    let invited = invitations::put(tx, &house.vault, user, device.id, code).await;
    assert!(invited.expect("a write"));
    fill_shared(tx, house, key, number).await;
    let erasure = erasures::Erasure {
        id: ErasureId::from_uuid(uuid(990 + number)),
        user,
        what: "health_data".to_owned(),
        erased_us: NOW_US,
        done_us: None,
        account: b"canary-account".to_vec(),
    };
    erasures::note(tx, &house.vault, &erasure)
        .await
        .expect("a write");
    let request = idempotency::Request {
        key_hash: [1; 32],
        content_hash: [2; 32],
    };
    idempotency::keep(tx, key, user, &request, b"canary-answer", NOW_US)
        .await
        .expect("a write");
    let today = model::zone::Zone::utc().date_at(NOW_US);
    days::mark(tx, user, &[today], NOW_US)
        .await
        .expect("a write");
    let row = DayRow {
        day: today,
        document: b"canary-day",
        minutes: Some(b"canary-minutes"),
        methods: 1,
    };
    days::put_rows(tx, key, user, &[row])
        .await
        .expect("a write");
    blocks::put(tx, key, user, (today, b"canary-block"))
        .await
        .expect("a write");
    let job = NewJob {
        id: JobId::from_uuid(uuid(700 + number)),
        user,
        kind: JobKind::new("derive"),
        run_at_us: 1,
        now_us: NOW_US,
    };
    jobs::enqueue(tx, &job).await.expect("a write");
    fill_derived(tx, key, number, today).await;
}

/// The key of a program, and what somebody may read.
async fn fill_shared(tx: &mut Tx, house: &House, key: &PersonKey, number: u128) {
    let user = key.user();
    let program = NewApiKey {
        id: ApiKeyId::from_uuid(uuid(980 + number)),
        scopes: "sleep",
        secret: &[4; api_keys::SECRET_BYTES],
        name: "canary-program",
        now_us: NOW_US,
        expires_us: NOW_US + 1,
    };
    let made = api_keys::create(tx, &house.vault, key, user, &program, 9).await;
    assert!(made.expect("a write"));
    let secret = b"canary-second-factor";
    let stored = store::mfa::put(tx, &house.vault, user, secret, NOW_US).await;
    stored.expect("a write");
    let codes = [zeroize::Zeroizing::new("canary-recovery".to_owned())];
    let stored = store::mfa::put_codes(tx, &house.vault, user, &codes).await;
    stored.expect("a write");
    // To themselves: a test fills one person's tables.
    let grant = NewGrant {
        id: GrantId::from_uuid(uuid(970 + number)),
        reader: user,
        scopes: "sleep",
        now_us: NOW_US,
        expires_us: NOW_US + 1,
        words: b"canary-purpose",
    };
    let granted = grants::create(tx, &house.vault, key, user, &grant, 9).await;
    assert!(granted.expect("a write"));
}

/// What was made of days.
async fn fill_derived(tx: &mut Tx, key: &PersonKey, number: u128, today: jiff::civil::Date) {
    let user = key.user();
    let insight = StoredInsight {
        id: InsightId::from_uuid(uuid(800 + number)),
        kind: "daily".to_owned(),
        day: today,
        source: "rules".to_owned(),
        bytes: b"canary-insight".to_vec(),
        now_us: NOW_US,
        methods: 1,
    };
    insights::put(tx, key, user, &insight)
        .await
        .expect("a write");
    let goal = (GoalId::from_uuid(uuid(1_000 + number)), NOW_US);
    let made = goals::create(tx, key, user, goal, b"canary-goal", 9).await;
    assert!(made.expect("a write"));
    let filed = Filed {
        kind: "metric",
        metric: Some(METRIC),
        at_us: NOW_US,
    };
    let entry = (EntryId::from_uuid(uuid(1_100 + number)), filed);
    entries::create(tx, key, user, entry, b"canary-entry", 9)
        .await
        .expect("a write");
    let embedding = StoredEmbedding {
        id: AnalysisId::from_uuid(uuid(900 + number)),
        week: today,
        model: "00ff".to_owned(),
        input: key.identity(b"canary-input"),
        bytes: b"canary-embedding".to_vec(),
        now_us: NOW_US,
        methods: 1,
    };
    embeddings::put(tx, key, user, Kind::Weekly, &embedding)
        .await
        .expect("a write");
}

/// Rows of every table that the database knows.
async fn rows(tx: &mut Tx) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    for (table, _) in columns(tx).await {
        let text = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count = match tx {
            Tx::Sqlite(tx) => {
                sqlx::query_scalar::<_, i64>(text)
                    .fetch_one(&mut **tx)
                    .await
            }
            Tx::Postgres(tx) => {
                sqlx::query_scalar::<_, i64>(text)
                    .fetch_one(&mut **tx)
                    .await
            }
        };
        rows.insert(table, count.expect("a count"));
    }
    rows
}

/// Columns of every table that the database knows, in order of name.
async fn columns(tx: &mut Tx) -> BTreeMap<String, Vec<String>> {
    let found: Vec<(String, String)> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table'",
        )
        .fetch_all(&mut **tx)
        .await
        .expect("tables"),
        Tx::Postgres(tx) => sqlx::query_as(
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = 'public'",
        )
        .fetch_all(&mut **tx)
        .await
        .expect("tables"),
    };
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in found {
        if !table.starts_with("_sqlx") && !table.starts_with("sqlite_") {
            columns.entry(table).or_default().push(column);
        }
    }
    for columns in columns.values_mut() {
        columns.sort();
    }
    columns
}

#[test]
fn every_table_is_copied() {
    on_both(|house| async move {
        let mut tx = house.read().await;
        let copied: BTreeMap<String, Vec<String>> = copy::tables()
            .into_iter()
            .map(|(table, columns)| {
                let mut columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
                columns.sort();
                (table.to_owned(), columns)
            })
            .collect();
        assert_eq!(copied, columns(&mut tx).await);
    });
}

#[test]
fn what_a_person_holds_is_counted_by_kind() {
    on_both(|house| async move {
        let ada = fill(&house, 1).await;
        let bob = house.person(2).await;
        let mut tx = house.write().await;
        let held = storage::of_person(&mut tx, ada).await.expect("a read");
        assert_eq!(held.len(), 6);
        for one in &held {
            assert!(one.count > 0 && one.bytes > 0, "{one:?}");
        }
        let none = storage::of_person(&mut tx, bob).await.expect("a read");
        assert!(
            none.iter().all(|one| (one.count, one.bytes) == (0, 0)),
            "{none:?}"
        );
    });
}

#[test]
fn an_erased_person_leaves_no_row() {
    on_both(|house| async move {
        let mut tx = house.read().await;
        let empty = rows(&mut tx).await;
        drop(tx);
        let user = fill(&house, 1).await;
        let mut tx = house.read().await;
        for (table, count) in rows(&mut tx).await {
            assert!(count > 0, "the test fills {table}");
        }
        drop(tx);
        let stale = house.key(user).await;
        let mut tx = house.write().await;
        let erased = erase::person(&mut tx, user).await.expect("a write");
        tx.commit().await.expect("a commit");
        let count = |name| {
            erased
                .counts
                .iter()
                .find(|(of, _)| *of == name)
                .map(|(_, n)| *n)
        };
        assert_eq!(count("chunks"), Some(49));
        assert_eq!(count("persons"), Some(1));
        let mut tx = house.write().await;
        let mut left = rows(&mut tx).await;
        // That something was erased is known for longer.
        assert_eq!(left.insert("erasures".to_owned(), 0), Some(1));
        // And how far the log went, without what it said.
        let signed = left.insert("audit_checkpoints".to_owned(), 0);
        assert_eq!(signed, Some(1));
        assert_eq!(left, empty);
        let gone = docs::put(&mut tx, &stale, user, DocName::Profile, b"x", Expected::Any).await;
        assert!(matches!(gone, Err(Error::PersonUnknown)));
        assert!(matches!(
            erase::person(&mut tx, user).await,
            Err(Error::PersonUnknown)
        ));
    });
}

#[test]
fn erasing_health_data_keeps_the_account_under_a_new_key() {
    on_both(|house| async move {
        let user = fill(&house, 1).await;
        let stale = house.key(user).await;
        let mut tx = house.write().await;
        let erased = erase::health_data(&mut tx, &house.vault, user)
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        assert!(erased.counts.contains(&("docs", 4)));
        let mut tx = house.write().await;
        let left: Vec<String> = rows(&mut tx)
            .await
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(table, _)| table)
            .collect();
        assert_eq!(
            left,
            [
                "audit_checkpoints",
                "audit_heads",
                "counters",
                "docs",
                "erasures",
                "meta",
                "persons",
                "recovery_codes",
                "session_tokens",
                "sessions",
                "totp"
            ]
        );
        let late = docs::put(&mut tx, &stale, user, DocName::Profile, b"x", Expected::Any).await;
        assert!(matches!(late, Err(Error::KeyStale)));
        let key = house
            .vault
            .person_key(&mut tx, user)
            .await
            .expect("the new key");
        let doc = docs::get(&mut tx, &key, user, DocName::Preferences)
            .await
            .expect("a read");
        assert_eq!(doc.expect("a document").bytes, b"canary-doc");
        let sessions = sessions::list(&mut tx, &key, user).await.expect("a read");
        assert_eq!(sessions[0].label, "canary-label");
        let sealed = stale.seal(b"x", b"y");
        assert!(key.open(b"x", &sealed).is_err(), "the key is another one");
        let person = people::by_id(&mut tx, &house.vault, user)
            .await
            .expect("a read");
        assert_eq!(person.expect("the person").email, "person1@example.org");
    });
}

#[test]
fn everything_is_copied_to_the_other_database_and_back() {
    on_both(|house| async move {
        let users = [fill(&house, 1).await, fill(&house, 2).await];
        let expected = house.all(users[0], METRIC).await;
        let middle = Store::open(&Target::SqliteTemporary)
            .await
            .expect("a database");
        middle.migrate().await.expect("tables");
        let counts = copy::all(&house.store, &middle).await.expect("a copy");
        assert!(
            counts
                .iter()
                .all(|(table, count)| *count > 0 || *table == "meta")
        );
        assert!(matches!(
            copy::all(&house.store, &middle).await,
            Err(Error::TargetNotEmpty)
        ));
        let mut tx = house.read().await;
        let before = rows(&mut tx).await;
        drop(tx);
        let vault = Vault::open(&middle, &house.key_file())
            .await
            .expect("the same key");
        let mut tx = middle.read().await.expect("a transaction");
        assert_eq!(rows(&mut tx).await, before);
        let key = vault.person_key(&mut tx, users[0]).await.expect("a key");
        let copied = samples::starting_in(&mut tx, &key, users[0], METRIC, crate::fixture::EVER);
        assert_eq!(copied.await.expect("a read"), expected);
        drop(tx);
        if let Some(server) = postgres() {
            let name = create_database(&server).await;
            let url = database_url(&server, &name);
            let end = Store::open(&Target::Postgres { url })
                .await
                .expect("a database");
            end.migrate().await.expect("tables");
            copy::all(&middle, &end).await.expect("a copy");
            let mut tx = end.read().await.expect("a transaction");
            assert_eq!(rows(&mut tx).await, before);
            let key = vault.person_key(&mut tx, users[1]).await.expect("a key");
            let span = crate::fixture::EVER;
            let copied = samples::starting_in(&mut tx, &key, users[1], METRIC, span).await;
            assert_eq!(copied.expect("a read"), expected);
            drop(tx);
            end.close().await;
            drop_database(&server, &name).await;
        }
    });
}

#[test]
fn the_files_tell_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("clarity.db");
        let house = House::open(&Target::Sqlite { path }).await;
        let user = fill(&house, 1).await;
        assert!(!occurs(folder.path(), b"canary"));
        assert!(!occurs(folder.path(), b"person1@"));
        assert!(!occurs(folder.path(), &71.5_f64.to_le_bytes()));
        let id = user.uuid();
        assert!(
            occurs(folder.path(), id.as_bytes()),
            "the search itself works"
        );
        let mut tx = house.write().await;
        erase::person(&mut tx, user).await.expect("a write");
        tx.commit().await.expect("a commit");
        let scrubbed = house.store.scrub().await.expect("a checkpoint");
        assert_eq!(scrubbed, Scrubbed::Clean);
        house.store.close().await;
        assert!(
            !occurs(folder.path(), b"$argon2id$hash"),
            "nor does the row remain"
        );
    });
}

/// Whether any file of a folder holds these bytes.
fn occurs(folder: &std::path::Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .any(|path| {
            let bytes = std::fs::read(path).expect("a file");
            bytes.windows(needle.len()).any(|window| window == needle)
        })
}
