//! What goes wrong around the store: requests that come twice, processes that die, writers that collide,
//! a disk that is full.

use std::sync::atomic::{AtomicUsize, Ordering};

use model::ids::{JobId, UploadId};
use store::idempotency::{self, Known, Request};
use store::jobs::{self, JobKind, NewJob};
use store::uploads::{self, NewUpload, UploadState, UploadStatus};
use store::{Error, Tx, meta};

use crate::fixture::{NOW_US, on_both, uuid};

#[test]
fn a_repeated_request_gets_the_first_answer() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let other = house.person(2).await;
        let (key, other_key) = (house.key(user).await, house.key(other).await);
        let mut tx = house.write().await;
        let request = |content| Request {
            key_hash: [1; 32],
            content_hash: [content; 32],
        };
        let begin = async |tx: &mut Tx, content| {
            idempotency::begin(tx, &key, user, &request(content))
                .await
                .expect("a read")
        };
        assert_eq!(begin(&mut tx, 7).await, Known::New);
        assert_eq!(begin(&mut tx, 8).await, Known::New, "nothing was done yet");
        for (content, answer, is_first) in [
            (7, b"answer", true),
            (7, b"second", false),
            (8, b"others", false),
        ] {
            let kept =
                idempotency::keep(&mut tx, &key, user, &request(content), answer, NOW_US).await;
            assert_eq!(kept.expect("a write"), is_first, "the first answer stays");
        }
        let first = Known::Answered(b"answer".to_vec());
        assert_eq!(begin(&mut tx, 7).await, first);
        assert_eq!(begin(&mut tx, 8).await, Known::Conflict);
        let same = request(7);
        let begun = idempotency::begin(&mut tx, &other_key, other, &same);
        assert_eq!(begun.await.expect("a read"), Known::New);
        for (before_us, expired) in [(NOW_US, 0), (NOW_US + 1, 1)] {
            let count = idempotency::expire(&mut tx, before_us).await;
            assert_eq!(count.expect("a write"), expired);
        }
        assert_eq!(begin(&mut tx, 8).await, Known::New);
    });
}

#[test]
fn a_job_that_takes_its_process_along_is_set_aside() {
    const TRIES: u32 = 3;
    const LEASE_US: i64 = 1_000;
    on_both(|house| async move {
        let user = house.person(1).await;
        let mut tx = house.write().await;
        let job = NewJob {
            id: JobId::from_uuid(uuid(1)),
            user,
            kind: JobKind::new("recompute"),
            run_at_us: NOW_US,
            now_us: NOW_US,
        };
        jobs::enqueue(&mut tx, &job).await.expect("a write");
        let mut now_us = NOW_US;
        for attempt in 1..=TRIES {
            let lost = jobs::bury_lost(&mut tx, TRIES, "process_died", now_us).await;
            assert_eq!(lost.expect("a write"), [], "before try {attempt}");
            let claimed = jobs::claim(&mut tx, "worker", now_us, LEASE_US).await;
            let claimed = claimed.expect("a write").expect("a job");
            assert_eq!((claimed.id, claimed.attempt), (job.id, attempt));
            // Nobody ever says how it ended.
            now_us += LEASE_US;
        }
        let early = jobs::bury_lost(&mut tx, TRIES, "process_died", now_us - 1).await;
        assert_eq!(
            early.expect("a write"),
            [],
            "the last try may still end well"
        );
        let lost = jobs::bury_lost(&mut tx, TRIES, "process_died", now_us).await;
        let lost = lost.expect("a write");
        assert_eq!(lost.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
        let next = jobs::claim(&mut tx, "worker", now_us, LEASE_US).await;
        assert_eq!(next.expect("a write"), None);
        let dead = jobs::dead(&mut tx, 10).await.expect("a read");
        assert_eq!(dead.len(), 1);
        assert_eq!(
            (dead[0].attempt, dead[0].error_code.as_str()),
            (TRIES, "process_died")
        );
    });
}

#[test]
fn an_upload_that_is_read_no_more_is_found() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let ids: Vec<UploadId> = (1..=3).map(|n| UploadId::from_uuid(uuid(n))).collect();
        for id in &ids {
            let new = NewUpload {
                id: *id,
                kind: "import",
                now_us: NOW_US,
            };
            uploads::begin(&mut tx, &key, user, &new)
                .await
                .expect("a write");
        }
        // The second one gives a sign of life, the third is read to its end.
        uploads::touch(&mut tx, user, ids[1], NOW_US + 50)
            .await
            .expect("a write");
        let state = UploadState {
            status: UploadStatus::Completed,
            stage: "done",
            progress: 1.0,
            accepted: 0,
            duplicates: 0,
            rejected: 0,
            detail: b"",
            dirty_seq: 0,
            now_us: NOW_US,
        };
        uploads::save(&mut tx, &key, user, ids[2], &state)
            .await
            .expect("a write");
        uploads::touch(&mut tx, user, ids[2], NOW_US + 70)
            .await
            .expect("a write");
        let silent = uploads::silent(&mut tx, NOW_US + 10, 10)
            .await
            .expect("a read");
        assert_eq!(silent, [(user, ids[0])]);
        let done = uploads::by_id(&mut tx, &key, user, ids[2])
            .await
            .expect("a read");
        assert_eq!(
            done.expect("an upload").updated_us,
            NOW_US,
            "it is read already"
        );
    });
}

#[test]
fn a_transaction_that_collides_is_begun_again() {
    on_both(|house| async move {
        let calls = AtomicUsize::new(0);
        // A key that was replaced meanwhile asks for a new try, as a busy database does.
        let done = house
            .store
            .transact("test", &calls, |tx, calls| {
                Box::pin(async move {
                    let call = calls.fetch_add(1, Ordering::SeqCst);
                    meta::put(tx, &format!("call-{call}"), b"x").await?;
                    if call < 2 {
                        Err(Error::KeyStale)
                    } else {
                        Ok(call)
                    }
                })
            })
            .await;
        assert_eq!(done.expect("the third try"), 2);
        let mut tx = house.store.read().await.expect("a transaction");
        for (name, expect) in [("call-0", false), ("call-1", false), ("call-2", true)] {
            let found = meta::get(&mut tx, name).await.expect("a read");
            assert_eq!(found.is_some(), expect, "{name}");
        }
    });
}

#[test]
fn a_full_disk_does_not_end_the_writer() {
    on_both(|house| async move {
        let Some(pages) = house.store.pages().await.expect("a read") else {
            return; // PostgreSQL has its own connections and its own disk.
        };
        house.store.limit_pages(pages).await.expect("a limit");
        let big = vec![7; 1 << 20];
        for _ in 0..3 {
            let mut tx = house.write().await;
            let refused = meta::put(&mut tx, "big", &big).await.expect_err("no room");
            assert!(refused.is_unavailable(), "{refused:?}");
            // As the committer does; there may be no savepoint any more.
            drop(tx.rollback_to().await);
            drop(tx);
            let read = house.store.read().await.expect("a transaction");
            drop(read);
        }
        house.store.limit_pages(0).await.expect("a limit");
        let mut tx = house.write().await;
        meta::put(&mut tx, "big", &big).await.expect("room again");
        tx.commit().await.expect("a commit");
    });
}
