//! Old accounts of uploads take little room, and nothing of them is lost.

use model::ids::{UploadId, UserId};
use store::uploads::{self, FOLD, NewUpload, Upload, UploadNo, UploadState, UploadStatus};
use store::{PersonKey, Store, Tx};

use crate::fixture::{House, NOW_US, on_both};

/// What an account says, as large as those of a phone's uploads.
fn detail(number: u64) -> String {
    let lists = "\"errors\":[],\"damage\":[],\"renamed\":[],\"unknown_types\":[],\"snapshot\":{\"superseded\":0,\"absent\":0,\"removed\":0}";
    format!(
        "{{\"accepted\":{number},\"by_type\":{{\"HKQuantityTypeIdentifierHeartRate\":{{\"accepted\":{number},\"duplicates\":{}}}}},{lists}}}",
        number % 7
    )
}

/// An id as the program makes them: it rises with time.
fn id(number: u64) -> UploadId {
    let millis = u128::from(1_700_000_000_000 + number * 300_000);
    UploadId::from_uuid(uuid::Uuid::from_u128(
        millis << 80
            | 7 << 76
            | 2 << 62
            | u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2),
    ))
}

async fn add(tx: &mut Tx, key: &PersonKey, user: UserId, number: u64, status: UploadStatus) {
    let new = NewUpload {
        id: id(number),
        kind: if number.is_multiple_of(9) {
            "import"
        } else {
            "healthkit"
        },
        now_us: NOW_US,
    };
    uploads::begin(tx, key, user, &new)
        .await
        .expect("an upload");
    let detail = detail(number);
    let state = UploadState {
        status,
        stage: "completed",
        progress: 1.0,
        accepted: number,
        duplicates: number % 7,
        rejected: 0,
        detail: detail.as_bytes(),
        dirty_seq: i64::try_from(number).expect("small"),
        now_us: NOW_US + i64::try_from(number).expect("small"),
    };
    uploads::save(tx, key, user, id(number), &state)
        .await
        .expect("a state");
}

/// Every upload, in pages of an odd size.
async fn walk(tx: &mut Tx, key: &PersonKey, user: UserId) -> Vec<Upload> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = uploads::list(tx, key, user, before, 37)
            .await
            .expect("a read");
        let Some(last) = page.last() else { return all };
        before = Some(last.no);
        all.extend(page);
    }
}

async fn lived(house: &House, count: u64) -> UserId {
    let user = house.person(1).await;
    let key = house.key(user).await;
    let mut tx = house.write().await;
    for number in 1..=count {
        let status = match number {
            // One whose days are still computed, one that failed, and one that is read.
            40 => UploadStatus::Processing,
            41 => UploadStatus::Failed,
            42 => UploadStatus::Received,
            43 => UploadStatus::RequiresReview,
            _ => UploadStatus::Completed,
        };
        add(&mut tx, &key, user, number, status).await;
    }
    uploads::set_snapshot(&mut tx, user, UploadNo(50), NOW_US)
        .await
        .expect("an export");
    tx.commit().await.expect("a commit");
    user
}

#[test]
fn folded_accounts_are_listed_read_and_taken_back_as_before() {
    on_both(|house| async move {
        let count = 2 * FOLD as u64 + 60;
        let user = lived(&house, count).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let before = walk(&mut tx, &key, user).await;
        assert_eq!(before.len() as u64, count);
        let young_us = NOW_US + i64::try_from(count - 20).expect("small");
        let mut folds = 0;
        while uploads::fold(&mut tx, &key, user, young_us)
            .await
            .expect("a write")
            == FOLD
        {
            folds += 1;
        }
        assert_eq!(folds, 2);
        assert_eq!(walk(&mut tx, &key, user).await, before);
        for upload in &before {
            let found = uploads::by_id(&mut tx, &key, user, upload.id).await;
            assert_eq!(found.expect("a read").as_ref(), Some(upload));
        }
        let processing = uploads::processing(&mut tx, user, 9).await.expect("a read");
        assert_eq!(processing, [id(40)], "what may change is not folded");
        let exports = uploads::snapshots(&mut tx, user).await.expect("a read");
        assert_eq!(exports, [(UploadNo(50), NOW_US)]);
        for gone in [1, 200, count] {
            assert!(
                uploads::delete(&mut tx, &key, user, id(gone))
                    .await
                    .expect("a write")
            );
            assert!(
                !uploads::delete(&mut tx, &key, user, id(gone))
                    .await
                    .expect("a write")
            );
            let found = uploads::by_id(&mut tx, &key, user, id(gone)).await;
            assert_eq!(found.expect("a read"), None);
        }
        let kept = |upload: &&Upload| ![id(1), id(200), id(count)].contains(&upload.id);
        let kept: Vec<Upload> = before.iter().filter(kept).cloned().collect();
        assert_eq!(walk(&mut tx, &key, user).await, kept);
    });
}

#[test]
fn a_young_account_and_another_persons_stay_as_they_are() {
    on_both(|house| async move {
        let user = lived(&house, FOLD as u64 + 10).await;
        let key = house.key(user).await;
        let other = house.person(2).await;
        let others = house.key(other).await;
        let mut tx = house.write().await;
        add(&mut tx, &others, other, 9_000, UploadStatus::Completed).await;
        let none = uploads::fold(&mut tx, &key, user, NOW_US).await;
        assert_eq!(none.expect("a write"), 0, "all are young");
        let folded = uploads::fold(&mut tx, &key, user, i64::MAX).await;
        assert_eq!(folded.expect("a write"), FOLD);
        let few = uploads::fold(&mut tx, &others, other, i64::MAX).await;
        assert_eq!(few.expect("a write"), 0, "there are too few");
        for number in [1, 9_000] {
            let found = uploads::by_id(&mut tx, &others, other, id(number)).await;
            assert_eq!(found.expect("a read").is_some(), number == 9_000);
        }
        let strange = uploads::fold(&mut tx, &others, user, i64::MAX).await;
        assert!(strange.is_err(), "the key is another's");
    });
}

#[test]
fn a_folded_account_takes_a_tenth_of_its_room() {
    on_both(|house| async move {
        let count = 4 * FOLD as u64 + 60;
        let user = lived(&house, count).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let folded = 4 * FOLD as u64;
        while uploads::fold(&mut tx, &key, user, i64::MAX)
            .await
            .expect("a write")
            == FOLD
        {}
        let text = "SELECT CAST(SUM(LENGTH(sealed)) AS BIGINT), CAST(SUM(uploads) AS BIGINT) FROM upload_folds";
        let (bytes, uploads): (i64, i64) = match &mut tx {
            Tx::Sqlite(one) => sqlx::query_as(text).fetch_one(&mut **one).await,
            Tx::Postgres(one) => sqlx::query_as(text).fetch_one(&mut **one).await,
        }
        .expect("a read");
        assert_eq!(uploads.unsigned_abs(), folded);
        let each = bytes.unsigned_abs() / folded;
        let kind = match house.store {
            Store::Sqlite(_) => "SQLite",
            Store::Postgres(_) => "PostgreSQL",
        };
        println!("{kind}: {each} bytes for a folded account");
        assert!(each <= 60, "{each} bytes for each");
    });
}
