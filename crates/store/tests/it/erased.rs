//! What was erased is gone from the bytes of file and log, and nobody says so before.

use std::path::Path;

use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::HOUR_US;
use store::{Scrubbed, Store, Target, Tx, erase};

use crate::fixture::{House, NOW_US, sample};

/// More than fit on one page, so that the table was split.
const PEOPLE: u128 = 150;
const METRIC: MetricNo = MetricNo(20_001);

async fn house_in(folder: &Path) -> House {
    let path = folder.join("raw.db");
    House::open(&Target::Sqlite { path }).await
}

async fn bytes_of(tx: &mut Tx, text: &'static str) -> Vec<Vec<u8>> {
    let Tx::Sqlite(transaction) = tx else {
        unreachable!("a file");
    };
    let rows = sqlx::query_scalar(text).fetch_all(&mut **transaction).await;
    rows.expect("rows")
}

/// How often bytes are in file and log.
fn found(folder: &Path, wanted: &[u8]) -> usize {
    let mut count = 0;
    for name in ["raw.db", "raw.db-wal"] {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        let mut windows = bytes.windows(wanted.len());
        count += windows.by_ref().filter(|window| *window == wanted).count();
    }
    count
}

async fn fill(house: &House, number: u128) -> UserId {
    let user = house.person(number).await;
    let upload = house.upload(user, None).await;
    let all: Vec<_> = (0..200)
        .map(|at| sample(NOW_US + at * HOUR_US, NOW_US + at * HOUR_US, 71.5))
        .collect();
    house.merge(user, upload, METRIC, &all).await;
    user
}

#[tokio::test]
async fn no_copy_of_a_key_stays_in_a_gap_of_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = house_in(folder.path()).await;
    for number in 0..PEOPLE {
        let user = house.person(number).await;
        // Rows that grow and shrink leave gaps.
        if number % 5 == 0 {
            let mut tx = house.write().await;
            let hash = "x".repeat(usize::try_from(number).expect("small"));
            store::people::set_password_hash(&mut tx, &house.vault, user, &hash)
                .await
                .expect("a write");
            tx.commit().await.expect("a commit");
        }
    }
    let mut tx = house.read().await;
    let keys = bytes_of(&mut tx, "SELECT key_wrapped FROM persons ORDER BY no").await;
    drop(tx);
    for number in (0..PEOPLE).step_by(2) {
        let user = UserId::from_uuid(crate::fixture::uuid(number));
        let mut tx = house.write().await;
        erase::person(&mut tx, user).await.expect("a write");
        tx.commit().await.expect("a commit");
    }
    assert_eq!(
        house.store.scrub().await.expect("scrubbed"),
        Scrubbed::Clean
    );
    for (number, key) in keys.iter().enumerate() {
        let expect = number % 2;
        assert_eq!(
            found(folder.path(), key),
            expect,
            "the key of person {number}"
        );
    }
    // What refers to a person was not taken along.
    let mut tx = house.read().await;
    let left = store::people::count(&mut tx).await.expect("a count");
    assert_eq!(u128::try_from(left).expect("positive"), PEOPLE / 2);
}

#[tokio::test]
async fn while_somebody_reads_nothing_is_gone_and_nobody_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = house_in(folder.path()).await;
    let (ada, bea) = (fill(&house, 1).await, fill(&house, 2).await);
    let path = folder.path().join("raw.db");
    let other = Store::open(&Target::Sqlite { path }).await.expect("a file");
    let mut reader = other.read().await.expect("a reader");
    let wanted = "SELECT key_wrapped FROM persons WHERE no = 1
                  UNION ALL SELECT sealed FROM chunks WHERE person = 1";
    let erased = bytes_of(&mut reader, wanted).await;
    assert!(erased.len() > 1, "a key and a chunk");
    let mut tx = house.write().await;
    erase::health_data(&mut tx, &house.vault, ada)
        .await
        .expect("a write");
    tx.commit().await.expect("a commit");
    assert_eq!(house.store.scrub().await.expect("a try"), Scrubbed::InUse);
    // Whoever writes does not wait for the reader, which goes on.
    fill(&house, 3).await;
    assert!(
        found(folder.path(), &erased[0]) > 0,
        "the reader still has it"
    );
    drop(reader);
    other.close().await;
    assert_eq!(house.store.scrub().await.expect("a try"), Scrubbed::Clean);
    for bytes in &erased {
        assert_eq!(found(folder.path(), bytes), 0);
    }
    assert_eq!(house.all(bea, METRIC).await.len(), 200);
}

#[tokio::test]
async fn pages_that_an_older_version_left_free_are_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = house_in(folder.path()).await;
    let mut tx = house.write().await;
    for statement in [
        "PRAGMA secure_delete = FAST",
        "CREATE TABLE older (bytes BYTEA)",
        "INSERT INTO older VALUES (CAST(printf('%.*c', 900000, 'q') AS BLOB))",
        "DROP TABLE older",
        "PRAGMA secure_delete = ON",
    ] {
        crate::fixture::execute(&mut tx, statement).await;
    }
    tx.commit().await.expect("a commit");
    let ada = fill(&house, 1).await;
    let mut tx = house.write().await;
    erase::person(&mut tx, ada).await.expect("a write");
    tx.commit().await.expect("a commit");
    assert!(
        found(folder.path(), &[b'q'; 1_000]) > 0,
        "it is there before"
    );
    assert_eq!(
        house.store.scrub().await.expect("scrubbed"),
        Scrubbed::Clean
    );
    assert_eq!(found(folder.path(), &[b'q'; 1_000]), 0);
}
