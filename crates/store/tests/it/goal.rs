//! Goals: whose they are, and which version is written over.

use model::ids::{GoalId, UserId};
use store::docs::Expected;
use store::error::Error;
use store::goals;

use crate::fixture::{House, NOW_US, on_both, uuid};

const MOST: i64 = 2;

fn id(number: u128) -> GoalId {
    GoalId::from_uuid(uuid(600 + number))
}

async fn make(house: &House, user: UserId, number: u128) -> bool {
    let key = house.key(user).await;
    let mut tx = house.write().await;
    let at_us = NOW_US + i64::try_from(number).expect("a small number");
    let made = goals::create(&mut tx, &key, user, (id(number), at_us), b"first", MOST).await;
    tx.commit().await.expect("a commit");
    made.expect("a write")
}

#[test]
fn goals_are_their_owners_and_few() {
    on_both(|house| async move {
        let (ada, bea) = (house.person(1).await, house.person(2).await);
        assert!(make(&house, ada, 1).await && make(&house, ada, 2).await);
        assert!(!make(&house, ada, 3).await, "no more than {MOST}");
        assert!(make(&house, bea, 4).await, "each person has their own");
        let (key, other) = (house.key(ada).await, house.key(bea).await);
        let mut tx = house.write().await;
        let listed = goals::list(&mut tx, &key, ada).await.expect("a read");
        let ids: Vec<GoalId> = listed.iter().map(|goal| goal.id).collect();
        assert_eq!(ids, [id(2), id(1)], "newest first");
        let foreign = goals::by_id(&mut tx, &other, bea, id(1)).await;
        assert_eq!(foreign.expect("a read"), None);
        let removed = goals::remove(&mut tx, &other, bea, id(1)).await;
        assert!(!removed.expect("a write"));
        let removed = goals::remove(&mut tx, &key, ada, id(1)).await;
        assert!(removed.expect("a write"));
        let removed = goals::remove(&mut tx, &key, ada, id(1)).await;
        assert!(!removed.expect("a write"));
    });
}

#[test]
fn a_version_that_is_gone_is_not_written_over() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        assert!(make(&house, ada, 1).await);
        let key = house.key(ada).await;
        let mut tx = house.write().await;
        let mut put = async |bytes: &[u8], expected| {
            goals::replace(&mut tx, &key, ada, id(1), bytes, expected).await
        };
        let second = put(b"second", Expected::Version(1)).await;
        assert_eq!(second.expect("a write"), Some(2));
        let late = put(b"late", Expected::Version(1)).await;
        assert!(matches!(
            late,
            Err(Error::VersionConflict { current: Some(2) })
        ));
        assert!(put(b"new", Expected::Absent).await.is_err());
        let third = put(b"third", Expected::Any).await;
        assert_eq!(third.expect("a write"), Some(3));
        let found = goals::by_id(&mut tx, &key, ada, id(1)).await;
        let found = found.expect("a read").expect("a goal");
        assert_eq!(
            (found.version, found.bytes.as_slice()),
            (3, b"third".as_slice())
        );
        let none = goals::replace(&mut tx, &key, ada, id(9), b"none", Expected::Any).await;
        assert_eq!(none.expect("a write"), None);
    });
}
