//! Records.

use model::metric::MetricNo;
use model::record::{Body, Ecg, Record, Route, Workout};
use model::sample::{DAY_US, HOUR_US, Uid};
use model::source::SourceNo;
use model::zone::Span;
use store::records::{self, After, Order, Page, RecordsPut};
use store::uploads::{self, UploadNo};
use store::{PersonKey, samples};

use crate::fixture::{EVER, House, NOW_US, on_both, origin};

fn workout(at: i64, activity: &str) -> Record {
    let start_us = NOW_US + at * HOUR_US;
    Record {
        start_us,
        end_us: start_us + HOUR_US,
        zone: Some("Europe/Berlin".to_owned()),
        source: SourceNo(3),
        uid: None,
        identity: format!("workout at {at}"),
        body: Body::Workout(Workout {
            activity: activity.to_owned(),
            distance_m: Some(0.1 + 0.2),
            ..Workout::default()
        }),
    }
}

async fn put(house: &House, key: &PersonKey, upload: UploadNo, records: Vec<Record>) -> RecordsPut {
    let mut tx = house.write().await;
    let snapshots = uploads::snapshots(&mut tx, key.user())
        .await
        .expect("a read");
    let origin = origin(upload, &snapshots);
    let put = records::put(&mut tx, key, key.user(), origin, records)
        .await
        .expect("a write");
    tx.commit().await.expect("a commit");
    put
}

const ALL: Page = Page {
    order: Order::OldestFirst,
    after: None,
    limit: 1_000,
};

async fn all(house: &House, key: &PersonKey, kind: &str) -> Vec<records::StoredRecord> {
    let mut tx = house.read().await;
    records::in_span(&mut tx, key, key.user(), kind, EVER, ALL)
        .await
        .expect("a read")
}

#[test]
fn records_are_stored_once_and_replaced_when_changed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        let first = put(&house, &key, upload, vec![workout(0, "running")]).await;
        assert_eq!(first.by_kind[0].0, "workout");
        assert_eq!(first.by_kind[0].1.added, 1);
        assert!(!first.changed.is_empty());
        let again = put(&house, &key, upload, vec![workout(0, "running")]).await;
        assert_eq!((again.by_kind[0].1.duplicates, again.changed.len()), (1, 0));
        let stored = all(&house, &key, "workout").await;
        assert_eq!(stored[0].record, workout(0, "running"));
        let edited = workout(0, "walking");
        let changed = put(
            &house,
            &key,
            upload,
            vec![workout(0, "rowing"), edited.clone()],
        )
        .await;
        assert_eq!(
            (
                changed.by_kind[0].1.replaced,
                changed.by_kind[0].1.duplicates
            ),
            (1, 1)
        );
        let replaced = all(&house, &key, "workout").await;
        assert_eq!((replaced[0].id, replaced[0].version), (stored[0].id, 2));
        assert_eq!(replaced[0].record, edited);
        let mut tx = house.read().await;
        let found = records::by_id(&mut tx, &key, user, stored[0].id).await;
        assert_eq!(found.expect("a read").as_ref(), replaced.first());
        let counts = records::count_by_kind(&mut tx, user).await.expect("a read");
        assert_eq!(counts, [("workout".to_owned(), 1)]);
    });
}

#[test]
fn records_are_listed_in_parts() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        let many: Vec<Record> = (0..100)
            .rev()
            .map(|at| workout(at * 7, "running"))
            .collect();
        put(&house, &key, upload, many).await;
        let mut tx = house.read().await;
        let mut page = Page {
            order: Order::NewestFirst,
            after: None,
            limit: 30,
        };
        let mut starts = Vec::new();
        loop {
            let part = records::in_span(&mut tx, &key, user, "workout", EVER, page)
                .await
                .expect("a read");
            let Some(last) = part.last() else {
                break;
            };
            page.after = Some(After {
                start_us: last.record.start_us,
                id: last.id,
            });
            starts.extend(part.iter().map(|stored| stored.record.start_us));
        }
        let expected: Vec<i64> = (0..100).rev().map(|at| NOW_US + at * 7 * HOUR_US).collect();
        assert_eq!(starts, expected);
        let newest = records::newest(&mut tx, &key, user, "workout", 3)
            .await
            .expect("a read");
        assert_eq!(newest.len(), 3);
        assert_eq!(newest[0].record.start_us, expected[0]);
        let span = Span {
            start_us: NOW_US,
            end_us: NOW_US + 7 * HOUR_US + 1,
        };
        let two = records::in_span(&mut tx, &key, user, "workout", span, ALL).await;
        assert_eq!(two.expect("a read").len(), 2);
        let none = records::newest(&mut tx, &key, user, "ecg", 3).await;
        assert!(none.expect("a read").is_empty());
    });
}

#[test]
fn an_older_snapshot_does_not_replace_a_record() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let newer = house.upload(user, Some(NOW_US)).await;
        put(&house, &key, newer, vec![workout(0, "new")]).await;
        let older = house.upload(user, Some(NOW_US - DAY_US)).await;
        let kept = put(
            &house,
            &key,
            older,
            vec![workout(0, "old"), workout(1, "both")],
        )
        .await;
        assert_eq!(
            (kept.by_kind[0].1.duplicates, kept.by_kind[0].1.added),
            (1, 1)
        );
        assert_eq!(
            all(&house, &key, "workout").await[0].record,
            workout(0, "new")
        );
        let newest = house.upload(user, Some(NOW_US + 1)).await;
        let seen = put(&house, &key, newest, vec![workout(1, "both")]).await;
        assert_eq!(seen.by_kind[0].1.duplicates, 1);
        // What the newest has too stays when the older goes.
        let mut tx = house.write().await;
        let removed = records::remove_upload(&mut tx, &key, user, older)
            .await
            .expect("a write");
        assert!(removed.by_kind.is_empty());
        let removed = records::remove_upload(&mut tx, &key, user, newer)
            .await
            .expect("a write");
        assert_eq!(removed.by_kind, [("workout".to_owned(), 1)]);
        assert!(!removed.changed.is_empty());
        let removed = records::remove_upload(&mut tx, &key, user, newest)
            .await
            .expect("a write");
        assert_eq!(removed.by_kind, [("workout".to_owned(), 1)]);
        assert!(
            records::count_by_kind(&mut tx, user)
                .await
                .expect("a read")
                .is_empty()
        );
    });
}

#[test]
fn a_deleted_record_stays_deleted() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        let uid = Uid::new(77).expect("not zero");
        let record = Record {
            uid: Some(uid),
            ..workout(0, "running")
        };
        put(&house, &key, upload, vec![record.clone()]).await;
        let mut tx = house.write().await;
        let removed = records::delete_by_uid(&mut tx, &key, user, &[uid])
            .await
            .expect("a write");
        assert_eq!(removed.by_kind, [("workout".to_owned(), 1)]);
        let objects = [(uid, None::<MetricNo>)];
        samples::delete_by_uid(&mut tx, &key, user, &objects, NOW_US)
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        let refused = put(&house, &key, upload, vec![record]).await;
        assert_eq!(refused.by_kind[0].1.refused_deleted, 1);
        assert!(all(&house, &key, "workout").await.is_empty());
    });
}

#[test]
fn large_and_odd_bodies() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let upload = house.upload(user, None).await;
        let voltages: Vec<f64> = (0..15_360).map(|at| f64::from(at % 997) / 3.0).collect();
        let ecg = Record {
            body: Body::Ecg(Ecg {
                sampling_hz: 512.0,
                voltage_uv: voltages,
                ..Ecg::default()
            }),
            ..workout(0, "")
        };
        let route = |latitude: f64| Record {
            body: Body::Route(Route {
                at_us: vec![NOW_US],
                latitude_deg: vec![latitude],
                longitude_deg: vec![13.4],
                elevation_m: vec![None],
                speed_m_s: vec![None],
                course_deg: vec![None],
                horizontal_accuracy_m: vec![None],
                vertical_accuracy_m: vec![None],
                ..Route::default()
            }),
            ..workout(1, "")
        };
        let done = put(
            &house,
            &key,
            upload,
            vec![ecg.clone(), route(52.5), route(f64::NAN)],
        )
        .await;
        assert_eq!(done.unstorable, 1);
        assert_eq!(all(&house, &key, "ecg").await[0].record, ecg);
        assert_eq!(all(&house, &key, "route").await[0].record, route(52.5));
    });
}
