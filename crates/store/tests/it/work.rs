//! Days, jobs, insights and embeddings.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::ids::{AnalysisId, InsightId, JobId, UserId};
use store::days::DayRow;
use store::embeddings::{self, Kind, StoredEmbedding};
use store::insights::{self, StoredInsight};
use store::jobs::{self, JobKind, NewJob};
use store::{Tx, blocks, days};

use crate::fixture::{House, NOW_US, on_both, uuid};

const DERIVE: JobKind = JobKind::new("derive");
const INSIGHT: JobKind = JobKind::new("insight");

#[test]
fn a_day_marked_again_still_waits_for_its_first_mark() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let mut tx = house.write().await;
        let day = date(2026, 3, 1);
        for expect in [1, 2] {
            let seq = days::mark(&mut tx, user, &[day], NOW_US)
                .await
                .expect("a write");
            assert_eq!(seq, expect);
        }
        let done = days::analysed_up_to(&mut tx, user).await.expect("a read");
        assert_eq!(done, 0, "the first mark was never computed");
        days::clear(&mut tx, user, &[(day, 1)])
            .await
            .expect("a write");
        let done = days::analysed_up_to(&mut tx, user).await.expect("a read");
        assert_eq!(done, 1, "the second mark came while the first was computed");
    });
}

#[test]
fn a_day_waits_since_its_first_mark_until_it_is_computed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let other = house.person(2).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let (a, b, c) = (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3));
        let mark = days::mark(&mut tx, user, &[a, b], NOW_US).await;
        let first = mark.expect("a write");
        let mark = days::mark(&mut tx, user, &[b, c], NOW_US + 1).await;
        let second = mark.expect("a write");
        let all = (a, date(2026, 4, 1));
        let waiting = days::waiting(&mut tx, user, all).await.expect("a read");
        let (then, later) = (Some(NOW_US), Some(NOW_US + 1));
        assert_eq!(waiting, [(a, then), (b, then), (c, later)]);
        let some = days::waiting(&mut tx, user, (b, c)).await.expect("a read");
        assert_eq!(some, [(b, then)]);
        days::clear(&mut tx, user, &[(a, first), (b, first), (c, second)])
            .await
            .expect("a write");
        let waiting = days::waiting(&mut tx, user, all).await.expect("a read");
        assert_eq!(waiting, [(b, then)], "what came meanwhile still waits");
        days::clear(&mut tx, user, &[(b, second)])
            .await
            .expect("a write");
        days::put_rows(&mut tx, &key, user, &[made(a, b"doc", 1)])
            .await
            .expect("a write");
        let mark = days::mark_all(&mut tx, user, NOW_US + 2).await;
        mark.expect("a write");
        let waiting = days::waiting(&mut tx, user, all).await.expect("a read");
        assert_eq!(waiting, [(a, Some(NOW_US + 2))]);
        let waiting = days::waiting(&mut tx, other, all).await.expect("a read");
        assert_eq!(waiting, [], "nobody else's");
    });
}

#[test]
fn days_are_marked_cleared_and_kept() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let (a, b, c) = (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3));
        let mark = async |tx: &mut Tx, dates: &[Date]| {
            let seq = days::mark(tx, user, dates, NOW_US).await;
            seq.expect("a write")
        };
        assert_eq!(mark(&mut tx, &[a, b, a]).await, 1);
        assert_eq!(mark(&mut tx, &[b, c]).await, 2);
        assert_eq!(mark(&mut tx, &[]).await, 2);
        let dirty = days::dirty(&mut tx, user, 10).await.expect("a read");
        assert_eq!(dirty, [(c, 2), (b, 2), (a, 1)]);
        assert_eq!(
            days::dirty(&mut tx, user, 1).await.expect("a read").len(),
            1
        );
        assert_eq!(
            days::analysed_up_to(&mut tx, user).await.expect("a read"),
            0
        );
        days::clear(&mut tx, user, &[(a, 1), (b, 1)])
            .await
            .expect("a write");
        let dirty = days::dirty(&mut tx, user, 10).await.expect("a read");
        assert_eq!(dirty, [(c, 2), (b, 2)], "b was marked again since");
        assert_eq!(
            days::analysed_up_to(&mut tx, user).await.expect("a read"),
            1
        );
        days::clear(&mut tx, user, &dirty).await.expect("a write");
        assert_eq!(days::dirty_count(&mut tx, user).await.expect("a read"), 0);
        assert_eq!(
            days::analysed_up_to(&mut tx, user).await.expect("a read"),
            2
        );

        assert_eq!(days::bounds(&mut tx, user).await.expect("a read"), None);
        let put = async |tx: &mut Tx, rows: &[DayRow<'_>]| {
            let stored = days::put_rows(tx, &key, user, rows).await;
            stored.expect("a write");
        };
        put(&mut tx, &[made(a, b"first", 1)]).await;
        let many: Vec<DayRow<'_>> = (1..90).map(|at| made(day(at), b"doc", 1)).collect();
        put(&mut tx, &many).await;
        put(&mut tx, &[made(a, b"second", 1)]).await;
        let got = days::get(&mut tx, &key, user, a, c).await.expect("a read");
        assert_eq!(got[0], (a, b"second".to_vec()));
        assert_eq!(got.len(), 2);
        let bounds = days::bounds(&mut tx, user).await.expect("a read");
        assert_eq!(bounds, Some((a, day(89))));
        let dates: Vec<Date> = many.iter().map(|row| row.day).collect();
        assert_eq!(
            days::mark_all(&mut tx, user, NOW_US)
                .await
                .expect("a write"),
            3
        );
        assert_eq!(days::dirty_count(&mut tx, user).await.expect("a read"), 90);
        days::remove(&mut tx, user, &dates).await.expect("a write");
        assert_eq!(
            days::bounds(&mut tx, user).await.expect("a read"),
            Some((a, a))
        );
    });
}

fn made(day: Date, document: &[u8], methods: i64) -> DayRow<'_> {
    DayRow {
        day,
        document,
        minutes: None,
        methods,
    }
}

#[test]
fn minutes_lie_beside_their_day_and_go_with_it() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let row = |minutes| DayRow {
            day: day(3),
            document: b"document",
            minutes,
            methods: 1,
        };
        let held = async |tx: &mut Tx| {
            let found = days::minutes(tx, &key, user, day(0), day(90)).await;
            found.expect("a read")
        };
        assert_eq!(held(&mut tx).await, []);
        days::put_rows(&mut tx, &key, user, &[row(Some(b"minutes"))])
            .await
            .expect("a write");
        assert_eq!(held(&mut tx).await, [(day(3), b"minutes".to_vec())]);
        days::put_rows(&mut tx, &key, user, &[row(None)])
            .await
            .expect("a write");
        assert_eq!(held(&mut tx).await, []);
        days::put_rows(&mut tx, &key, user, &[row(Some(b"minutes"))])
            .await
            .expect("a write");
        days::remove(&mut tx, user, &[day(3)])
            .await
            .expect("a write");
        assert_eq!(held(&mut tx).await, []);
    });
}

#[test]
fn a_block_of_days_is_gone_as_soon_as_one_of_them_changes() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let other = house.person(2).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let start = |block: i64| blocks::start_of(day(64 * block));
        let held = async |tx: &mut Tx| {
            let found = blocks::get(tx, &key, user, start(0), start(3)).await;
            let found = found.expect("a read").into_iter();
            found.map(|(first, _)| first).collect::<Vec<_>>()
        };
        let fill = async |tx: &mut Tx| {
            for block in 0..4 {
                let put = blocks::put(tx, &key, user, (start(block), b"block")).await;
                put.expect("a write");
            }
        };
        fill(&mut tx).await;
        assert_eq!(held(&mut tx).await, [start(0), start(1), start(2)]);
        let one = blocks::get(
            &mut tx,
            &key,
            user,
            start(1),
            start(1).saturating_add(1.day()),
        );
        assert_eq!(one.await.expect("a read").len(), 1);

        days::put_rows(&mut tx, &key, user, &[made(start(1), b"doc", 1)])
            .await
            .expect("a write");
        assert_eq!(held(&mut tx).await, [start(0), start(2)]);
        fill(&mut tx).await;
        let last = start(2).saturating_add(63.days());
        days::remove(&mut tx, user, &[last]).await.expect("a write");
        assert_eq!(held(&mut tx).await, [start(0), start(1)]);

        let taken = blocks::take(&mut tx, &key, user, &[start(0), start(2)]).await;
        assert_eq!(taken.expect("a write"), [(start(0), b"block".to_vec())]);
        assert_eq!(held(&mut tx).await, [start(1)]);
        days::remove(&mut tx, other, &[start(1)])
            .await
            .expect("a write");
        assert_eq!(held(&mut tx).await, [start(1)], "another person's days");
        assert!(
            blocks::get(&mut tx, &key, other, start(0), start(3))
                .await
                .is_err()
        );
    });
}

fn day(at: i64) -> Date {
    date(2026, 3, 1)
        .checked_add(jiff::Span::new().days(at))
        .expect("a date")
}

fn job(number: u128, user: UserId, kind: JobKind, run_at_us: i64) -> NewJob {
    NewJob {
        id: JobId::from_uuid(uuid(number)),
        user,
        kind,
        run_at_us,
        now_us: NOW_US,
    }
}

async fn enqueue(tx: &mut Tx, job: NewJob) {
    jobs::enqueue(tx, &job).await.expect("a write");
}

async fn claim(tx: &mut Tx, worker: &str, now_us: i64) -> Option<jobs::Claimed> {
    jobs::claim(tx, worker, now_us, 100).await.expect("a write")
}

#[test]
fn jobs_coalesce_and_are_claimed_in_order() {
    on_both(|house| async move {
        let (one, two) = (house.person(1).await, house.person(2).await);
        let mut tx = house.write().await;
        enqueue(&mut tx, job(1, one, DERIVE, 50)).await;
        enqueue(&mut tx, job(2, one, DERIVE, 20)).await;
        enqueue(&mut tx, job(3, one, DERIVE, 80)).await;
        enqueue(&mut tx, job(4, two, DERIVE, 30)).await;
        let counts = jobs::counts(&mut tx).await.expect("a read");
        assert_eq!((counts.len(), counts[0].count), (1, 2));
        assert_eq!(jobs::oldest_due(&mut tx, 10).await.expect("a read"), None);
        assert_eq!(
            jobs::oldest_due(&mut tx, 40).await.expect("a read"),
            Some(20)
        );
        assert_eq!(jobs::next_due(&mut tx).await.expect("a read"), Some(20));
        assert_eq!(claim(&mut tx, "w1", 10).await, None);
        let first = claim(&mut tx, "w1", 40).await.expect("a job");
        assert_eq!(
            (first.id, first.user, first.attempt),
            (JobId::from_uuid(uuid(1)), one, 1)
        );
        assert_eq!(first.kind, DERIVE);
        // While it runs, another may be queued but not run.
        enqueue(&mut tx, job(5, one, DERIVE, 0)).await;
        let second = claim(&mut tx, "w2", 40).await.expect("a job");
        assert_eq!(second.user, two);
        assert_eq!(claim(&mut tx, "w2", 40).await, None);
        assert!(
            jobs::finish(&mut tx, first.id, "w1")
                .await
                .expect("a write")
        );
        assert!(
            !jobs::finish(&mut tx, first.id, "w1")
                .await
                .expect("a write")
        );
        let third = claim(&mut tx, "w2", 40).await.expect("a job");
        assert_eq!(third.id, JobId::from_uuid(uuid(5)));
    });
}

#[test]
fn leases_run_out_and_are_renewed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let mut tx = house.write().await;
        enqueue(&mut tx, job(1, user, INSIGHT, 0)).await;
        let held = claim(&mut tx, "w1", 0).await.expect("a job");
        assert_eq!(claim(&mut tx, "w2", 99).await, None);
        assert!(
            jobs::renew(&mut tx, held.id, "w1", 200)
                .await
                .expect("a write")
        );
        assert_eq!(claim(&mut tx, "w2", 199).await, None);
        assert_eq!(jobs::next_due(&mut tx).await.expect("a read"), Some(200));
        let taken = claim(&mut tx, "w2", 200).await.expect("a job");
        assert_eq!((taken.id, taken.attempt), (held.id, 2));
        assert!(
            !jobs::renew(&mut tx, held.id, "w1", 900)
                .await
                .expect("a write")
        );
        assert!(!jobs::finish(&mut tx, held.id, "w1").await.expect("a write"));
        assert!(
            !jobs::retry(&mut tx, held.id, "w1", 900, "x")
                .await
                .expect("a write")
        );
        assert!(
            !jobs::bury(&mut tx, held.id, "w1", "x")
                .await
                .expect("a write")
        );
    });
}

#[test]
fn jobs_are_retried_buried_and_revived() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let mut tx = house.write().await;
        enqueue(&mut tx, job(1, user, DERIVE, 0)).await;
        let held = claim(&mut tx, "w", 0).await.expect("a job");
        assert!(
            jobs::retry(&mut tx, held.id, "w", 500, "busy")
                .await
                .expect("a write")
        );
        assert_eq!(claim(&mut tx, "w", 499).await, None);
        let again = claim(&mut tx, "w", 500).await.expect("a job");
        assert_eq!(again.attempt, 2);
        // One that was queued meanwhile takes over.
        enqueue(&mut tx, job(2, user, DERIVE, 510)).await;
        assert!(
            jobs::retry(&mut tx, held.id, "w", 700, "busy")
                .await
                .expect("a write")
        );
        assert_eq!(claim(&mut tx, "w", 699).await, None, "it waits as long");
        let other = claim(&mut tx, "w", 700).await.expect("a job");
        assert_eq!((other.id, other.attempt), (JobId::from_uuid(uuid(2)), 3));
        assert!(
            jobs::bury(&mut tx, other.id, "w", "broken")
                .await
                .expect("a write")
        );
        let dead = jobs::dead(&mut tx, 10).await.expect("a read");
        assert_eq!((dead.len(), dead[0].error_code.as_str()), (1, "broken"));
        assert!(jobs::revive(&mut tx, other.id, 800).await.expect("a write"));
        assert!(!jobs::revive(&mut tx, other.id, 800).await.expect("a write"));
        let revived = claim(&mut tx, "w", 800).await.expect("a job");
        assert!(
            jobs::bury(&mut tx, revived.id, "w", "broken")
                .await
                .expect("a write")
        );
        assert!(jobs::drop_dead(&mut tx, other.id).await.expect("a write"));
        assert!(jobs::counts(&mut tx).await.expect("a read").is_empty());
    });
}

#[test]
fn two_workers_never_hold_one_job() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let mut tx = house.write().await;
        enqueue(&mut tx, job(1, user, DERIVE, 0)).await;
        tx.commit().await.expect("a commit");
        let one = try_claim(&house, "w1");
        let two = try_claim(&house, "w2");
        let (one, two) = tokio::join!(one, two);
        assert_eq!(usize::from(one) + usize::from(two), 1);
    });
}

async fn try_claim(house: &House, worker: &str) -> bool {
    let mut tx = house.write().await;
    let claimed = claim(&mut tx, worker, 10).await;
    tokio::task::yield_now().await;
    tx.commit().await.expect("a commit");
    claimed.is_some()
}

fn insight(number: u128, kind: &str, at: i64, now_us: i64) -> StoredInsight {
    StoredInsight {
        id: InsightId::from_uuid(uuid(number)),
        kind: kind.to_owned(),
        day: day(at),
        source: "rules".to_owned(),
        bytes: b"text".to_vec(),
        now_us,
        methods: 1,
    }
}

#[test]
fn insights_are_found_by_day_and_listed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let all = [
            insight(1, "daily", 1, 10),
            insight(2, "daily", 1, 20),
            insight(3, "weekly", 1, 30),
            insight(4, "daily", 2, 30),
        ];
        for insight in &all {
            insights::put(&mut tx, &key, user, insight)
                .await
                .expect("a write");
        }
        let latest = insights::latest(&mut tx, &key, user, "daily", day(1)).await;
        assert_eq!(latest.expect("a read").as_ref(), Some(&all[1]));
        let none = insights::latest(&mut tx, &key, user, "daily", day(9)).await;
        assert_eq!(none.expect("a read"), None);
        let found = insights::by_id(&mut tx, &key, user, all[0].id).await;
        assert_eq!(found.expect("a read").as_ref(), Some(&all[0]));
        let first = insights::list(&mut tx, &key, user, None, 2)
            .await
            .expect("a read");
        assert_eq!(first, [all[3].clone(), all[2].clone()]);
        let after = insights::After {
            created_us: first[1].now_us,
            id: first[1].id,
        };
        let rest = insights::list(&mut tx, &key, user, Some(after), 9)
            .await
            .expect("a read");
        assert_eq!(rest, [all[1].clone(), all[0].clone()]);
        let changed = StoredInsight {
            bytes: b"other".to_vec(),
            ..all[0].clone()
        };
        insights::put(&mut tx, &key, user, &changed)
            .await
            .expect("a write");
        let found = insights::by_id(&mut tx, &key, user, all[0].id).await;
        assert_eq!(found.expect("a read"), Some(changed));
    });
}

#[test]
fn embeddings_are_found_by_week_and_by_input() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let other = house.person(2).await;
        let (key, other_key) = (house.key(user).await, house.key(other).await);
        let made = |number: u128, week, input: &[u8], now_us| StoredEmbedding {
            id: AnalysisId::from_uuid(uuid(number)),
            week: day(week),
            model: if week == 14 { "other" } else { "model" }.to_owned(),
            input: key.identity(input),
            bytes: format!("embedding {number}").into_bytes(),
            now_us,
            methods: 3,
        };
        let mut tx = house.write().await;
        let weeks = [
            made(1, 0, b"a", 5),
            made(2, 7, b"b", 6),
            made(3, 14, b"c", 7),
        ];
        for week in &weeks {
            embeddings::put(&mut tx, &key, user, Kind::Weekly, week)
                .await
                .expect("a write");
        }
        let asked = made(4, 7, b"b", 8);
        embeddings::put(&mut tx, &key, user, Kind::Asked, &asked)
            .await
            .expect("a write");
        let asked_for = |until| embeddings::Weeks {
            model: "model",
            from: day(0),
            until: day(until),
        };
        for (until, expected) in [(99, &weeks[..2]), (7, &weeks[..1])] {
            let until = asked_for(until);
            let found = embeddings::in_weeks(&mut tx, &key, user, Kind::Weekly, until).await;
            assert_eq!(found.expect("a read"), expected);
        }
        let again = made(5, 7, b"d", 9);
        embeddings::put(&mut tx, &key, user, Kind::Weekly, &again)
            .await
            .expect("a write");
        let latest =
            embeddings::latest_of_weeks(&mut tx, &key, user, Kind::Weekly, day(7), day(99)).await;
        assert_eq!(latest.expect("a read"), [again, weeks[2].clone()]);
        for (methods, expected) in [(3, vec![day(0), day(7)]), (4, Vec::new())] {
            let by = ("model", methods);
            let held = embeddings::held(&mut tx, &key, user, Kind::Weekly, by).await;
            assert_eq!(held.expect("a read"), expected);
        }
        for (kind, expected) in [(Kind::Weekly, &weeks[1]), (Kind::Asked, &asked)] {
            let input = key.identity(b"b");
            let found = embeddings::by_input(&mut tx, &key, user, kind, (input, 3)).await;
            assert_eq!(found.expect("a read").as_ref(), Some(expected));
            let newer = embeddings::by_input(&mut tx, &key, user, kind, (input, 4)).await;
            assert_eq!(newer.expect("a read"), None);
        }
        let found = embeddings::by_id(&mut tx, &key, user, asked.id).await;
        assert_eq!(found.expect("a read").as_ref(), Some(&asked));
        let foreign = embeddings::by_id(&mut tx, &other_key, other, asked.id).await;
        assert_eq!(foreign.expect("a read"), None);
        let removed = embeddings::remove(&mut tx, &key, user, Kind::Weekly, day(7), day(99)).await;
        assert_eq!(removed.expect("a write"), 3);
        let left = asked_for(99);
        let left = embeddings::in_weeks(&mut tx, &key, user, Kind::Weekly, left).await;
        assert_eq!(left.expect("a read"), weeks[..1]);
    });
}
