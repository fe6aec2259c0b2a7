//! Grants: who may read what, until when, and that nobody who can write to the database can change that.

use model::ids::{GrantId, UserId};
use store::grants::{self, NewGrant, StoredGrant};
use store::people::{self, Access};
use store::{Error, erase};

use crate::fixture::{House, NOW_US, execute, on_both, uuid};

const MOST: i64 = 2;
const END_US: i64 = NOW_US + 60_000_000;

fn id(number: u128) -> GrantId {
    GrantId::from_uuid(uuid(600 + number))
}

async fn give(house: &House, number: u128, owner: UserId, reader: UserId) -> bool {
    let key = house.key(owner).await;
    let mut tx = house.write().await;
    let grant = NewGrant {
        id: id(number),
        reader,
        scopes: "heart,sleep",
        now_us: NOW_US,
        expires_us: END_US,
        words: b"canary-purpose",
    };
    let made = grants::create(&mut tx, &house.vault, &key, owner, &grant, MOST).await;
    tx.commit().await.expect("a commit");
    made.expect("a write")
}

async fn between(house: &House, owner: UserId, reader: UserId, at_us: i64) -> Vec<StoredGrant> {
    let mut tx = house.read().await;
    let found = grants::between(&mut tx, &house.vault, owner, reader, at_us).await;
    found.expect("a read")
}

#[test]
fn a_grant_opens_one_person_to_one_reader_until_it_ends() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        let (bob, eve) = (house.person(2).await, house.person(3).await);
        assert!(give(&house, 1, ada, bob).await);
        let held = between(&house, ada, bob, END_US - 1).await;
        assert_eq!(held.len(), 1);
        let grant = held.first().expect("a grant");
        assert_eq!((grant.id, grant.owner, grant.reader), (id(1), ada, bob));
        assert_eq!(grant.scopes, "heart,sleep");
        assert!(!format!("{grant:?}").contains("canary"));
        let key = house.key(ada).await;
        assert_eq!(grant.words(&key).expect("words"), b"canary-purpose");
        let foreign = grant.words(&house.key(bob).await);
        assert!(matches!(foreign, Err(Error::KeyOfAnother)));
        assert!(between(&house, ada, bob, END_US).await.is_empty());
        for (owner, reader) in [(bob, ada), (ada, eve), (eve, bob), (ada, ada), (bob, bob)] {
            let found = between(&house, owner, reader, NOW_US).await;
            assert!(found.is_empty(), "{owner:?} {reader:?}");
        }
        assert!(give(&house, 2, ada, eve).await);
        assert!(!give(&house, 3, ada, eve).await, "no more than {MOST}");
        let mut tx = house.read().await;
        let given = grants::given(&mut tx, &house.vault, ada)
            .await
            .expect("a read");
        assert_eq!(given.len(), 2);
        let received = grants::received(&mut tx, &house.vault, bob).await;
        assert_eq!(received.expect("a read").len(), 1);
    });
}

#[test]
fn a_grant_ends_with_its_owner_its_reader_and_either_of_their_accounts() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        let (bob, eve) = (house.person(2).await, house.person(3).await);
        assert!(give(&house, 1, ada, bob).await);
        let mut tx = house.write().await;
        let foreign = grants::revoke(&mut tx, eve, id(1)).await;
        assert_eq!(foreign.expect("a write"), None);
        let unknown = grants::by_id(&mut tx, &house.vault, eve, id(1)).await;
        assert_eq!(unknown.expect("a read"), None);
        tx.commit().await.expect("a commit");
        for who in [ada, bob] {
            let mut tx = house.write().await;
            let revoked = grants::revoke(&mut tx, who, id(1)).await;
            assert_eq!(revoked.expect("a write"), Some(ada));
            tx.commit().await.expect("a commit");
            assert!(between(&house, ada, bob, NOW_US).await.is_empty());
            assert!(give(&house, 1, ada, bob).await);
        }
        for who in [ada, bob] {
            for (access, count) in [(Access::Disabled, 0), (Access::Enabled, 1)] {
                let mut tx = house.write().await;
                let set = people::set_access(&mut tx, &house.vault, who, access).await;
                assert!(set.expect("a write"));
                tx.commit().await.expect("a commit");
                let held = between(&house, ada, bob, NOW_US).await;
                assert_eq!(held.len(), count, "{who:?} {access:?}");
            }
        }
        assert!(give(&house, 2, ada, eve).await);
        let mut tx = house.write().await;
        erase::person(&mut tx, bob).await.expect("a write");
        tx.commit().await.expect("a commit");
        let mut tx = house.read().await;
        let given = grants::given(&mut tx, &house.vault, ada)
            .await
            .expect("a read");
        assert_eq!(given.len(), 1, "the other reader's stays");
        drop(tx);
        let mut tx = house.write().await;
        let expired = grants::expire(&mut tx, END_US).await.expect("a write");
        assert_eq!(expired, 0);
        erase::health_data(&mut tx, &house.vault, ada)
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        let mut tx = house.read().await;
        let received = grants::received(&mut tx, &house.vault, eve).await;
        assert!(received.expect("a read").is_empty());
    });
}

/// What somebody who can write to the database, but has no master key, might do to a row.
#[test]
fn a_row_that_was_invented_widened_moved_or_lengthened_opens_nothing() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        let (bob, eve) = (house.person(2).await, house.person(3).await);
        for (forged, owner, reader) in [
            ("UPDATE grants SET scopes = 'everything'", ada, bob),
            ("UPDATE grants SET expires_us = expires_us + 1", ada, bob),
            ("UPDATE grants SET created_us = created_us + 1", ada, bob),
            ("UPDATE grants SET reader = 3", ada, eve),
            ("UPDATE grants SET person = 3", eve, bob),
            (
                "UPDATE grants SET person = reader, reader = person",
                bob,
                ada,
            ),
        ] {
            assert!(give(&house, 1, ada, bob).await);
            let mut tx = house.write().await;
            execute(&mut tx, forged).await;
            tx.commit().await.expect("a commit");
            let held = between(&house, owner, reader, NOW_US).await;
            assert!(held.is_empty(), "{forged}");
            let mut tx = house.write().await;
            execute(&mut tx, "DELETE FROM grants").await;
            tx.commit().await.expect("a commit");
        }
    });
}
