//! What processes tell each other, and rows of persons that somebody else changed.

use model::ids::UserId;
use store::people::{self, Found};
use store::{Tx, events};

use crate::fixture::{House, NOW_US, execute, on_both, uuid};

/// Two processes.
const HERE: i64 = 11;
const THERE: i64 = -12;

async fn tell(house: &House, number: u128, origin: i64, text: &str, now_us: i64) {
    let user = UserId::from_uuid(uuid(number));
    let key = house.key(user).await;
    let mut tx = house.write().await;
    events::put(&mut tx, &key, user, origin, text.as_bytes(), now_us)
        .await
        .expect("a write");
    tx.commit().await.expect("a commit");
}

async fn heard(house: &House, tx: &mut Tx, seq: i64, origin: i64) -> Vec<(i64, Option<Vec<u8>>)> {
    let told = events::after(tx, &house.vault, seq, origin, 10).await;
    let told = told.expect("a read").into_iter();
    told.map(|one| (one.seq, one.bytes)).collect()
}

#[test]
fn other_processes_hear_in_order_and_only_what_is_new() {
    on_both(|house| async move {
        house.person(1).await;
        house.person(2).await;
        let mut tx = house.read().await;
        assert_eq!(events::newest(&mut tx).await.expect("a read"), 0);
        tx.rollback().await.expect("an end");
        let mut signal = house.store.signal().await.expect("a signal");
        tell(&house, 1, HERE, "one", NOW_US).await;
        tell(&house, 2, THERE, "two", NOW_US + 1).await;
        tell(&house, 1, HERE, "three", NOW_US + 2).await;
        signal.wait().await.expect("it was told");
        let mut tx = house.write().await;
        let some = |text: &str| Some(text.as_bytes().to_vec());
        let told = heard(&house, &mut tx, 0, THERE).await;
        assert_eq!(told, [(1, some("one")), (3, some("three"))]);
        assert_eq!(heard(&house, &mut tx, 1, THERE).await, [(3, some("three"))]);
        assert_eq!(heard(&house, &mut tx, 0, HERE).await, [(2, some("two"))]);
        assert_eq!(events::newest(&mut tx).await.expect("a read"), 3);
        // Nothing of somebody else's opens, whoever moves the row.
        execute(&mut tx, "UPDATE events SET person = 2 WHERE seq = 1").await;
        assert_eq!(heard(&house, &mut tx, 0, THERE).await[0], (1, None));
        let gone = events::expire(&mut tx, NOW_US + 2).await;
        assert_eq!(gone.expect("a write"), 2);
        assert_eq!(heard(&house, &mut tx, 0, THERE).await, [(3, some("three"))]);
        // Numbers go on when all were forgotten.
        events::expire(&mut tx, i64::MAX).await.expect("a write");
        tx.commit().await.expect("a commit");
        tell(&house, 1, HERE, "four", NOW_US).await;
        let mut tx = house.read().await;
        assert_eq!(heard(&house, &mut tx, 3, THERE).await, [(4, some("four"))]);
    });
}

#[test]
fn one_damaged_account_does_not_hide_the_others() {
    on_both(|house| async move {
        for number in 1..=4 {
            house.person(number).await;
        }
        let mut tx = house.write().await;
        execute(&mut tx, "UPDATE persons SET role = 'admin' WHERE no = 2").await;
        let list = people::list(&mut tx, &house.vault).await.expect("a list");
        let is_damaged = |found: &Found| matches!(found, Found::Damaged(_));
        let damaged: Vec<bool> = list.iter().map(is_damaged).collect();
        assert_eq!(damaged, [false, true, false, false]);
        let page = people::page(&mut tx, &house.vault, Some(1), 2).await;
        let page = page.expect("a page");
        let numbers: Vec<i64> = page.iter().map(|(no, _)| *no).collect();
        assert_eq!(
            numbers,
            [2, 3],
            "a page counts it, so that the walk goes on"
        );
        let Found::Damaged(named) = page[0].1 else {
            panic!("it is damaged");
        };
        assert!(people::by_id(&mut tx, &house.vault, named).await.is_err());
        assert_eq!(list.into_iter().filter_map(Found::account).count(), 3);
    });
}
