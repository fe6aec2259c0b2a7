//! What a question costs must not grow with the years behind it. Counted in the steps of SQLite's machine,
//! which are the same in every run; `PostgreSQL` has the same indexes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::ids::{JobId, UploadId, UserId};
use model::sample::DAY_US;
use model::zone::Zone;
use store::docs::{DocName, Expected};
use store::{PersonKey, Store, Tx, counts, days, docs, jobs, samples, uploads};

use crate::fixture::{House, NOW_US, on_both, sample, uuid};

/// The first day of everyone.
const FIRST: Date = date(2015, 3, 1);

/// Questions that requests, uploads and jobs ask again and again.
#[derive(Debug, Clone, Copy)]
enum Question {
    Held,
    Counts,
    Bounds,
    Extent,
    AnalysedUpTo,
    Exports,
    Documents,
    Completed,
    Sync,
}

const QUESTIONS: [Question; 9] = [
    Question::Held,
    Question::Counts,
    Question::Bounds,
    Question::Extent,
    Question::AnalysedUpTo,
    Question::Exports,
    Question::Documents,
    Question::Completed,
    Question::Sync,
];

#[test]
fn ten_years_cost_no_more_steps_than_one() {
    on_both(|house| async move {
        if !matches!(house.store, Store::Sqlite(_)) {
            return;
        }
        let young = lived(&house, 1, 365).await;
        let old = lived(&house, 2, 3_650).await;
        for question in QUESTIONS {
            let young = steps(&house, young, question).await;
            let old = steps(&house, old, question).await;
            println!("{question:?}: {young} steps for one year, {old} for ten");
            assert!(young > 0, "{question:?} was not counted");
            assert!(
                old * 10 <= young * 11 + 200,
                "{question:?}: {young} steps for one year, {old} for ten"
            );
        }
    });
}

/// A person with two metrics, a computed day and an upload on each of so many days; one upload is an
/// export.
async fn lived(house: &House, number: u128, count: i64) -> UserId {
    let user = house.person(number).await;
    let export = house.upload(user, Some(NOW_US)).await;
    let metrics: Vec<_> = model::metric::CATALOGUE
        .iter()
        .filter(|metric| metric.density.bucket_days() == 1)
        .take(2)
        .collect();
    let start_us = Zone::utc().start_of(FIRST);
    for metric in metrics {
        let found: Vec<_> = (0..count)
            .map(|day| sample(start_us + day * DAY_US, start_us + day * DAY_US + 1, 1.0))
            .collect();
        house.merge(user, export, metric.no, &found).await;
    }
    let key = house.key(user).await;
    let mut tx = house.write().await;
    let dates: Vec<Date> = (0..count)
        .map(|day| FIRST.saturating_add(day.days()))
        .collect();
    let rows: Vec<days::DayRow<'_>> = dates
        .iter()
        .map(|day| days::DayRow {
            day: *day,
            document: b"a day",
            minutes: None,
            methods: 1,
        })
        .collect();
    days::put_rows(&mut tx, &key, user, &rows)
        .await
        .expect("days");
    docs::put(&mut tx, &key, user, DocName::Zones, b"{}", Expected::Any)
        .await
        .expect("a document");
    for day in 0..u128::try_from(count).expect("days") {
        let upload = uploads::NewUpload {
            id: UploadId::from_uuid(uuid(number * 100_000 + 5_000_000 + day)),
            kind: "test",
            now_us: NOW_US,
        };
        uploads::begin(&mut tx, &key, user, &upload)
            .await
            .expect("an upload");
    }
    tx.commit().await.expect("a commit");
    user
}

async fn steps(house: &House, user: UserId, question: Question) -> u64 {
    let key = house.key(user).await;
    let mut tx = house.write().await;
    let count = Arc::new(AtomicU64::new(0));
    counting(&mut tx, &count).await;
    match question {
        Question::Held => {
            let held = samples::held(&mut tx, user).await.expect("a read");
            assert_eq!(held.len(), 2);
            assert_eq!(held.first().expect("a metric").first_day, FIRST);
        }
        Question::Counts => {
            let found = counts::of_person(&mut tx, user).await.expect("a read");
            assert_eq!(found.len(), 2);
        }
        Question::Bounds => {
            let found = days::bounds(&mut tx, user).await.expect("a read");
            assert_eq!(found.expect("days").0, FIRST);
        }
        Question::Extent => {
            let found = days::extent(&mut tx, user).await.expect("a read");
            assert_eq!(found.expect("days").0, FIRST);
        }
        Question::AnalysedUpTo => {
            days::analysed_up_to(&mut tx, user).await.expect("a read");
        }
        Question::Exports => {
            let found = uploads::snapshots(&mut tx, user).await.expect("a read");
            assert_eq!(found.len(), 1);
        }
        Question::Documents => {
            let found = docs::versions(&mut tx, &key, user).await.expect("a read");
            assert_eq!(found.len(), 1);
        }
        Question::Completed => {
            let found = uploads::complete_up_to(&mut tx, user, 9, NOW_US).await;
            assert!(found.expect("a write").is_empty());
        }
        Question::Sync => sync(&mut tx, &key, user).await,
    }
    uncount(&mut tx).await;
    count.load(Ordering::Relaxed)
}

async fn uncount(tx: &mut Tx) {
    let Tx::Sqlite(transaction) = tx else { return };
    let mut handle = transaction.lock_handle().await.expect("the connection");
    handle.remove_progress_handler();
}

/// An upload of nothing new, with its account.
async fn sync(tx: &mut Tx, key: &PersonKey, user: UserId) {
    let id = UploadId::from_uuid(uuid(9_900_000));
    let upload = uploads::NewUpload {
        id,
        kind: "test",
        now_us: NOW_US,
    };
    uploads::begin(tx, key, user, &upload)
        .await
        .expect("an upload");
    let state = uploads::UploadState {
        status: uploads::UploadStatus::Processing,
        stage: "",
        progress: 0.5,
        accepted: 1,
        duplicates: 0,
        rejected: 0,
        detail: b"{}",
        dirty_seq: 1,
        now_us: NOW_US,
    };
    uploads::save(tx, key, user, id, &state)
        .await
        .expect("a state");
    let done = uploads::complete_up_to(tx, user, 1, NOW_US).await;
    assert_eq!(done.expect("a write"), [id]);
}

#[test]
fn a_claim_costs_the_same_however_many_jobs_wait() {
    on_both(|house| async move {
        if !matches!(house.store, Store::Sqlite(_)) {
            return;
        }
        let mut costs = Vec::new();
        let mut people = 0;
        for count in [100, 2_000] {
            while people < count {
                people += 1;
                let user = house.person(people).await;
                let mut tx = house.write().await;
                let job = jobs::NewJob {
                    id: JobId::from_uuid(uuid(7_000_000 + people)),
                    user,
                    kind: jobs::JobKind::new("recompute"),
                    run_at_us: NOW_US,
                    now_us: NOW_US,
                };
                jobs::enqueue(&mut tx, &job).await.expect("a write");
                tx.commit().await.expect("a commit");
            }
            let mut tx = house.write().await;
            let steps = Arc::new(AtomicU64::new(0));
            counting(&mut tx, &steps).await;
            let next = jobs::next_due(&mut tx).await.expect("a read");
            assert_eq!(next, Some(NOW_US));
            let none = jobs::bury_lost(&mut tx, 8, "lost", NOW_US).await;
            assert!(none.expect("a write").is_empty());
            let claimed = jobs::claim(&mut tx, "worker", NOW_US, 1).await;
            assert!(claimed.expect("a write").is_some());
            costs.push(steps.load(Ordering::Relaxed));
            uncount(&mut tx).await;
            tx.rollback().await.expect("undone");
        }
        assert!(
            costs[0] > 0 && costs[1] * 10 <= costs[0] * 12,
            "{costs:?} steps"
        );
    });
}

/// Counts the steps of what the transaction asks from now on.
async fn counting(tx: &mut Tx, count: &Arc<AtomicU64>) {
    let Tx::Sqlite(transaction) = tx else { return };
    let counter = Arc::clone(count);
    let mut handle = transaction.lock_handle().await.expect("the connection");
    handle.set_progress_handler(1, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        true
    });
}
