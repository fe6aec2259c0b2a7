//! What an upgrade needs of the store: finding what is older, promotion of a person's own types, and the
//! copy that is set aside.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::ids::{InsightId, UserId};
use model::metric::MetricNo;
use model::sample::{DAY_US, Sample};
use store::days::{self, DayRow};
use store::insights::{self, StoredInsight};
use store::promote::{Move, Promoted, promote};
use store::revisions::{self, Derived, Turn};
use store::{Error, Store, Target, Tx, erase, samples};

use crate::fixture::{EVER, House, NOW_US, execute, on_both, sample, uuid, with_uid};

/// A row of the catalogue with a chunk for each day: heart rate.
const DENSE: MetricNo = MetricNo(200);
/// One with a chunk for thirty days: body mass.
const SPARSE: MetricNo = MetricNo(300);
const OWN: MetricNo = MetricNo(20_003);

fn day(at: i64) -> Date {
    date(2026, 1, 1).checked_add(at.days()).expect("a date")
}

async fn put(house: &House, user: UserId, rows: &[(i64, i64)]) {
    let key = house.key(user).await;
    let rows: Vec<DayRow<'_>> = rows
        .iter()
        .map(|(at, methods)| DayRow {
            day: day(*at),
            document: b"document",
            minutes: None,
            methods: *methods,
        })
        .collect();
    let mut tx = house.write().await;
    let stored = days::put_rows(&mut tx, &key, user, &rows).await;
    stored.expect("a write");
    tx.commit().await.expect("a commit");
}

async fn older(tx: &mut Tx, user: UserId, current: i64, limit: u32) -> Vec<Date> {
    let ever = (day(0), day(1_000));
    let found = revisions::older(tx, user, Derived::Days, current, ever, limit).await;
    found.expect("a read")
}

#[test]
fn what_is_older_is_found_newest_first_and_person_by_person() {
    on_both(|house| async move {
        let [ada, bea, cyd] = [
            house.person(1).await,
            house.person(2).await,
            house.person(3).await,
        ];
        put(&house, ada, &[(0, 1), (1, 0), (2, 2), (3, 1), (4, 3)]).await;
        put(&house, bea, &[(0, 3)]).await;
        put(&house, cyd, &[(7, 2)]).await;
        let mut tx = house.read().await;
        assert_eq!(older(&mut tx, ada, 3, 99).await, [3, 2, 1, 0].map(day));
        assert_eq!(older(&mut tx, ada, 3, 2).await, [day(3), day(2)]);
        assert_eq!(older(&mut tx, ada, 1, 99).await, [day(1)]);
        assert_eq!(
            older(&mut tx, bea, 3, 99).await,
            [],
            "a current day is not older"
        );
        assert_eq!(older(&mut tx, bea, 4, 99).await, [day(0)]);
        let some = (day(1), day(3));
        let found = revisions::older(&mut tx, ada, Derived::Days, 3, some, 99).await;
        assert_eq!(
            found.expect("a read"),
            [day(2), day(1)],
            "only of the range"
        );
        let mut round = Vec::new();
        let mut turn = Turn::default();
        while let Some((user, at)) = revisions::next_person(&mut tx, Derived::Days, 3, turn)
            .await
            .expect("a read")
        {
            round.push(user);
            turn = at;
        }
        assert_eq!(round, [ada, cyd]);
        for (current, most, expect) in [(3, 99, 5), (3, 4, 4), (0, 99, 0)] {
            let count = revisions::count(&mut tx, Derived::Days, current, most).await;
            assert_eq!(count.expect("a read"), expect);
        }
    });
}

#[test]
fn insights_carry_a_revision_and_can_be_removed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        for (number, methods) in [(1, 1), (2, 2)] {
            let insight = StoredInsight {
                id: InsightId::from_uuid(uuid(number)),
                kind: "daily".to_owned(),
                day: day(i64::try_from(number).expect("small")),
                source: "template".to_owned(),
                bytes: b"text".to_vec(),
                now_us: NOW_US,
                methods,
            };
            insights::put(&mut tx, &key, user, &insight)
                .await
                .expect("a write");
        }
        let ever = (day(0), day(9));
        let found = revisions::older(&mut tx, user, Derived::Insights, 2, ever, 9).await;
        assert_eq!(found.expect("a read"), [day(1)]);
        insights::remove(&mut tx, &key, user, "daily", day(1))
            .await
            .expect("a write");
        let next = revisions::next_person(&mut tx, Derived::Insights, 2, Turn::default()).await;
        assert_eq!(next.expect("a read"), None);
        let left = insights::latest(&mut tx, &key, user, "daily", day(2)).await;
        assert_eq!(left.expect("a read").map(|found| found.methods), Some(2));
    });
}

#[test]
fn every_question_about_revisions_is_answered_from_an_index() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let house = House::open(&Target::SqliteTemporary).await;
        let mut tx = house.read().await;
        for query in revisions::statements() {
            let Tx::Sqlite(transaction) = &mut tx else {
                panic!("a SQLite database");
            };
            let text = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
            let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(text)
                .fetch_all(&mut **transaction)
                .await
                .expect("a plan");
            for (.., step) in plan {
                let whole = step.starts_with("SCAN") && !step.starts_with("SCAN older");
                let whole = whole || step.contains("PRIMARY KEY (no>?)");
                assert!(!whole, "{query}\n{step}");
            }
        }
    });
}

/// Everything under a number, with the object ids.
async fn all(tx: &mut Tx, house: &House, user: UserId, metric: MetricNo) -> Vec<Sample> {
    let key = house.key(user).await;
    let found = samples::starting_in(tx, &key, user, metric, EVER).await;
    found.expect("samples")
}

async fn moved(house: &House, user: UserId, to: MetricNo) -> Promoted {
    let key = house.key(user).await;
    let mut tx = house.write().await;
    let value = |value: f64| (value < 500.0).then_some(value * 2.0);
    let moves = [Move {
        from: OWN,
        to,
        value: &value,
    }];
    let promoted = promote(&mut tx, &key, user, &moves).await;
    tx.commit().await.expect("a commit");
    promoted.expect("a promotion")
}

#[test]
fn a_persons_own_type_moves_to_the_row_with_everything_it_knows() {
    on_both(|house| async move {
        for (number, to) in [(1, DENSE), (2, SPARSE)] {
            let user = house.person(number).await;
            let upload = house.upload(user, None).await;
            let days = 0..70;
            let own: Vec<Sample> = days
                .map(|at| {
                    let start_us = 20_000 * DAY_US + at * DAY_US;
                    let object = 1 + at.unsigned_abs();
                    let value = if at == 5 { 999.0 } else { 40.0 + at as f64 };
                    with_uid(sample(start_us, start_us, value), object)
                })
                .collect();
            house.merge(user, upload, OWN, &own).await;
            // The same object came in as the row meanwhile, edited, and one sample of another object.
            let (start_us, end_us) = (20_010 * DAY_US, 20_010 * DAY_US);
            let newer = with_uid(sample(start_us, end_us, 77.0), 11);
            let other = with_uid(sample(start_us + 1, end_us + 1, 78.0), 500);
            house.merge(user, upload, to, &[newer, other]).await;

            let promoted = moved(&house, user, to).await;
            assert_eq!((promoted.moved, promoted.kept), (69, 1));
            assert!(promoted.changed.iter().any(|(metric, _)| metric == to));
            assert!(promoted.changed.iter().any(|(metric, _)| metric == OWN));
            let mut tx = house.read().await;
            assert_eq!(
                all(&mut tx, &house, user, OWN).await,
                [own[5]],
                "what does not fit stays"
            );
            let found = all(&mut tx, &house, user, to).await;
            let mut expect: Vec<Sample> = own
                .iter()
                .filter(|one| one.value < 500.0 && one.uid != newer.uid)
                .map(|one| Sample {
                    value: one.value * 2.0,
                    ..*one
                })
                .chain([newer, other])
                .collect();
            expect.sort_by_key(|one| one.start_us);
            assert_eq!(found, expect);
            drop(tx);
            let again = moved(&house, user, to).await;
            assert_eq!(
                (again.moved, again.kept),
                (0, 1),
                "there is nothing left to move"
            );

            // Its upload still owns it.
            let key = house.key(user).await;
            let mut tx = house.write().await;
            let removed = samples::remove_upload(&mut tx, &key, user, upload).await;
            let removed: u64 = removed
                .expect("a removal")
                .by_metric
                .iter()
                .map(|(_, n)| n)
                .sum();
            assert_eq!(removed, 71);
        }
    });
}

#[test]
fn a_deleted_object_of_an_own_type_stays_deleted_under_the_row() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let upload = house.upload(user, None).await;
        let start_us = 20_000 * DAY_US;
        let deleted = with_uid(sample(start_us, start_us, 40.0), 9);
        house.merge(user, upload, OWN, &[deleted]).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let objects = [(deleted.uid.expect("an object"), Some(OWN))];
        samples::delete_by_uid(&mut tx, &key, user, &objects, NOW_US)
            .await
            .expect("a deletion");
        tx.commit().await.expect("a commit");
        moved(&house, user, SPARSE).await;
        // An older export holds the sample without its object id, in the unit of the row.
        let export = house.upload(user, Some(NOW_US - 1)).await;
        let copy = sample(start_us, start_us, 80.0);
        let merged = house.merge(user, export, SPARSE, &[copy]).await;
        assert_eq!(merged.total().refused_deleted, 1);
    });
}

async fn open(path: &Path) -> Store {
    let path = path.to_owned();
    Store::open(&Target::Sqlite { path })
        .await
        .expect("a database")
}

/// The migrations of an older version.
const OLDER: [&str; 5] = [
    include_str!("../../migrations/both/0001_house.sql"),
    include_str!("../../migrations/both/0002_minutes.sql"),
    include_str!("../../migrations/both/0003_embeddings.sql"),
    include_str!("../../migrations/both/0006_life.sql"),
    include_str!("../../migrations/both/0007_uploads_being_read.sql"),
];
const OLDER_NO: i64 = 7;

/// Tables and columns, and what makes each index, of a SQLite file.
#[derive(Default)]
struct Shape {
    columns: BTreeSet<(String, String)>,
    indexes: BTreeMap<String, String>,
}

impl Shape {
    async fn of(tx: &mut Tx) -> Self {
        let Tx::Sqlite(tx) = tx else {
            panic!("a SQLite file")
        };
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
        )
        .fetch_all(&mut **tx)
        .await
        .expect("columns");
        let indexes: Vec<(String, String)> = sqlx::query_as(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        )
        .fetch_all(&mut **tx)
        .await
        .expect("indexes");
        Self {
            columns: columns.into_iter().collect(),
            indexes: indexes.into_iter().collect(),
        }
    }

    fn tables(&self) -> BTreeSet<&str> {
        self.columns
            .iter()
            .map(|(table, _)| table.as_str())
            .collect()
    }
}

/// The shape that the older version gave a file.
async fn older_shape(folder: &Path) -> Shape {
    let store = open(&folder.join("older.db")).await;
    let mut tx = store.write().await.expect("a transaction");
    for migration in OLDER {
        for statement in migration.split(";\n") {
            execute(&mut tx, statement).await;
        }
    }
    Shape::of(&mut tx).await
}

/// Takes back what migrations have added since, as a file of the older version would be.
async fn age(store: &Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let older = older_shape(folder.path()).await;
    let mut tx = store.write().await.expect("a transaction");
    let now = Shape::of(&mut tx).await;
    let mut texts = Vec::new();
    for (index, _) in now
        .indexes
        .iter()
        .filter(|now| older.indexes.get(now.0) != Some(now.1))
    {
        texts.push(format!("DROP INDEX {index}"));
    }
    for table in now.tables().difference(&older.tables()) {
        texts.push(format!("DROP TABLE {table}"));
    }
    for (table, column) in now.columns.difference(&older.columns) {
        if older.tables().contains(table.as_str()) {
            texts.push(format!("ALTER TABLE {table} DROP COLUMN {column}"));
        }
    }
    for (_, text) in older
        .indexes
        .iter()
        .filter(|older| now.indexes.get(older.0) != Some(older.1))
    {
        texts.push(text.clone());
    }
    assert!(!texts.is_empty(), "no migration is newer");
    for text in texts {
        execute(&mut tx, &text).await;
    }
    execute(
        &mut tx,
        &format!("DELETE FROM _sqlx_migrations WHERE version > {OLDER_NO}"),
    )
    .await;
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn a_file_is_set_aside_before_its_tables_change_and_only_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clarity.db");
    let house = House::open(&Target::Sqlite { path: path.clone() }).await;
    assert_eq!(
        house.store.copies_aside().expect("a look"),
        Vec::<std::path::PathBuf>::new()
    );
    let user = house.person(1).await;
    house.person(2).await;
    age(&house.store).await;
    house.store.close().await;

    let store = open(&path).await;
    let aside = store.migrate().await.expect("an upgrade").expect("a copy");
    let mode = std::fs::metadata(&aside)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(store.migrate().await.expect("nothing to do"), None);
    assert_eq!(
        store.copies_aside().expect("a look"),
        std::slice::from_ref(&aside)
    );
    store.close().await;
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .collect();
    assert_eq!(left.len(), 2, "no half-made copy: {left:?}");

    // The copy is the database of before: put back, it opens and is upgraded again.
    let kept = std::fs::read(&aside).expect("a file");
    std::fs::rename(&aside, &path).expect("my own file");
    let store = open(&path).await;
    assert_eq!(
        store.migrate().await.expect("an upgrade"),
        Some(aside.clone())
    );
    assert!(kept.len() > 16_384);
    let mut tx = store.read().await.expect("a transaction");
    assert_eq!(store::people::count(&mut tx).await.expect("a read"), 2);
    drop(tx);

    // Erasing somebody reaches the copy too.
    assert_eq!(erase::in_copies(&store, user).await.expect("an erasure"), 1);
    store.close().await;
    let copy = std::fs::read(&aside).expect("a file");
    let id = user.uuid();
    let gone = !copy.windows(16).any(|window| window == id.as_bytes());
    assert!(gone, "the copy still knows the person");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clarity.db");
    let house = House::open(&Target::Sqlite { path: path.clone() }).await;
    let mut tx = house.write().await;
    execute(
        &mut tx,
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 8",
    )
    .await;
    tx.commit().await.expect("a commit");
    let refused = house.store.migrate().await.expect_err("a later version");
    assert!(
        matches!(refused, Error::Later { found: 9999 }),
        "{refused:?}"
    );
}
