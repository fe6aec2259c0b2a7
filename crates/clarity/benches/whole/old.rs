//! What long use costs: a sync of somebody with 200,000 uploads behind them beside one with 100, and the claims of
//! 10,000 people's jobs beside those of 1,000. Ratios, so that they mean the same on every machine. On SQLite, and
//! on the empty PostgreSQL database that `CLARITY_BENCH_POSTGRES` names.

use std::path::Path;
use std::time::{Duration, Instant};

use model::ids::{JobId, UploadId, UserId};
use store::uploads::{FOLD, NewUpload, UploadState, UploadStatus};
use store::{PersonKey, Store, Target, Tx, Vault, days, jobs, people, uploads};
use uuid::Uuid;

use crate::{Outcome, Table, percentile};

const FEW: u64 = 100;
const MANY: u64 = 200_000;
/// Uploads of one transaction while the past is made up.
const AT_ONCE: u64 = 2_000;
/// Syncs that are measured.
const SYNCS: u64 = 400;
/// After this long PostgreSQL has cleaned up by itself: it looks every minute.
const VACUUMED: Duration = Duration::from_secs(90);
const NOW_US: i64 = 1_780_000_000_000_000;
/// The few before and after the many.
const JOBS: [u64; 3] = [1_000, 10_000, 1_000];

/// Adds the ratios.
pub(crate) fn measure(table: &mut Table, folder: &Path) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let sqlite = Target::Sqlite {
        path: folder.join("old.db"),
    };
    runtime.block_on(on(table, &sqlite, &folder.join("old.key"), "SQLite"))?;
    #[expect(clippy::disallowed_methods, reason = "the switch of this benchmark")]
    let Ok(url) = std::env::var("CLARITY_BENCH_POSTGRES") else {
        println!("without PostgreSQL: CLARITY_BENCH_POSTGRES names no empty database");
        return Ok(());
    };
    let target = Target::Postgres { url };
    runtime.block_on(on(
        table,
        &target,
        &folder.join("postgres.key"),
        "PostgreSQL",
    ))
}

async fn on(table: &mut Table, target: &Target, key: &Path, name: &str) -> Outcome<()> {
    let store = Store::open(target).await?;
    store.migrate().await?;
    let vault = Vault::open(&store, key).await?;
    let mut lives = Vec::new();
    for (number, count) in [(1, FEW), (2, MANY)] {
        let user = person(&store, &vault, number).await?;
        let mut tx = store.read().await?;
        let key = vault.person_key(&mut tx, user).await?;
        drop(tx);
        lived(&store, &key, user, count).await?;
        lives.push((user, key, count, Vec::new()));
    }
    if name == "PostgreSQL" {
        // What took years in life took a minute here: rows that were folded are still in the indexes.
        tokio::time::sleep(VACUUMED).await;
    }
    // In turns: a disk that is slow for a while is slow for both.
    for sync in 0..SYNCS {
        for (user, key, count, times) in &mut lives {
            let begun = Instant::now();
            synced(&store, key, *user, *count + sync).await?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let mut medians = lives
        .iter_mut()
        .map(|(_, _, _, times)| percentile(times, 0.5));
    let (few, many) = (
        medians.next().unwrap_or(f64::NAN),
        medians.next().unwrap_or(f64::NAN),
    );
    let limit = format!("{many:.3} ms / {few:.3} ms");
    table.add(
        &format!("{name}: sync after 200,000 uploads / 100"),
        many / few,
        "×",
        "≤ 1.3",
        &limit,
    );
    let mut each = Vec::new();
    let mut people = 10;
    for count in JOBS {
        while people < 10 + count {
            person(&store, &vault, u128::from(people)).await?;
            people += 1;
        }
        each.push(drained(&store, count).await?);
    }
    let [before, many, after] = each[..] else {
        return Err("three rounds of jobs".into());
    };
    let few = f64::midpoint(before, after);
    let limit = format!("{many:.3} ms / {few:.3} ms for each");
    table.add(
        &format!("{name}: a job of 10,000 / of 1,000"),
        many / few,
        "×",
        "≤ 1.3",
        &limit,
    );
    store.close().await;
    Ok(())
}

fn id(high: u128, number: u64) -> Uuid {
    let millis = 1_700_000_000_000 + u128::from(number) * 1_000;
    Uuid::from_u128(millis << 80 | 7 << 76 | 2 << 62 | high << 40 | u128::from(number))
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(id(number, 0))
}

async fn person(store: &Store, vault: &Vault, number: u128) -> Outcome<UserId> {
    let new = people::NewPerson {
        id: user(number),
        email: &format!("{number}@old.invalid"),
        password_hash: "none",
        role: "patient",
        now_us: NOW_US,
    };
    let mut tx = store.write().await?;
    people::create(&mut tx, vault, &new).await?;
    tx.commit().await?;
    Ok(user(number))
}

async fn add(tx: &mut Tx, key: &PersonKey, user: UserId, number: u64) -> Outcome<()> {
    let upload = UploadId::from_uuid(id(9, number));
    let new = NewUpload {
        id: upload,
        kind: "healthkit",
        now_us: NOW_US,
    };
    uploads::begin(tx, key, user, &new).await?;
    let detail = format!(
        "{{\"accepted\":{number},\"by_type\":{{\"HKQuantityTypeIdentifierHeartRate\":{{\"accepted\":{number}}}}},\"errors\":[]}}"
    );
    let state = UploadState {
        status: UploadStatus::Processing,
        stage: "analysing",
        progress: 0.5,
        accepted: number,
        duplicates: 0,
        rejected: 0,
        detail: detail.as_bytes(),
        dirty_seq: i64::try_from(number)? + 1,
        now_us: NOW_US,
    };
    uploads::save(tx, key, user, upload, &state).await?;
    Ok(())
}

/// Makes up uploads of the past, folded as jobs fold them.
async fn lived(store: &Store, key: &PersonKey, user: UserId, count: u64) -> Outcome<()> {
    let mut number = 0;
    while number < count {
        let mut tx = store.write().await?;
        for _ in 0..AT_ONCE.min(count - number) {
            add(&mut tx, key, user, number).await?;
            number += 1;
        }
        uploads::complete_up_to(&mut tx, user, i64::MAX, NOW_US).await?;
        while uploads::fold(&mut tx, key, user, i64::MAX).await? == FOLD {}
        tx.commit().await?;
    }
    Ok(())
}

/// What an upload and its job ask of the account, committed.
async fn synced(store: &Store, key: &PersonKey, user: UserId, number: u64) -> Outcome<()> {
    let mut tx = store.write().await?;
    add(&mut tx, key, user, number).await?;
    uploads::snapshots(&mut tx, user).await?;
    tx.commit().await?;
    let mut tx = store.write().await?;
    days::analysed_up_to(&mut tx, user).await?;
    uploads::complete_up_to(&mut tx, user, i64::MAX, NOW_US).await?;
    uploads::fold(&mut tx, key, user, NOW_US).await?;
    tx.commit().await?;
    let mut tx = store.read().await?;
    uploads::by_id(&mut tx, key, user, UploadId::from_uuid(id(9, number))).await?;
    uploads::list(&mut tx, key, user, None, 50).await?;
    Ok(())
}

/// Milliseconds for each of so many jobs, from its claim to its end.
async fn drained(store: &Store, count: u64) -> Outcome<f64> {
    let mut tx = store.write().await?;
    for number in 0..count {
        let job = jobs::NewJob {
            id: JobId::from_uuid(id(8, number)),
            user: user(u128::from(10 + number)),
            kind: jobs::JobKind::new("recompute"),
            run_at_us: NOW_US,
            now_us: NOW_US,
        };
        jobs::enqueue(&mut tx, &job).await?;
    }
    tx.commit().await?;
    let begun = Instant::now();
    let mut done = 0;
    loop {
        let mut tx = store.write().await?;
        let Some(job) = jobs::claim(&mut tx, "bench", NOW_US, 1_000_000_000).await? else {
            break;
        };
        tx.commit().await?;
        let mut tx = store.write().await?;
        jobs::finish(&mut tx, job.id, "bench").await?;
        tx.commit().await?;
        done += 1;
    }
    if done != count {
        return Err(format!("{done} of {count} jobs were claimed").into());
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3 / count as f64)
}
