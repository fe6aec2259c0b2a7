//! Keys of programs: whose they are, until when, and that nobody who can write to the database can change that.

use model::ids::{ApiKeyId, UserId};
use store::api_keys::{self, KeyHolder, NewApiKey, SECRET_BYTES};
use store::erase;
use store::people::{self, Access};

use crate::fixture::{House, NOW_US, execute, on_both, uuid};

const SECRET: [u8; SECRET_BYTES] = [7; SECRET_BYTES];
const MOST: i64 = 2;
const END_US: i64 = NOW_US + 60_000_000;

fn id(number: u128) -> ApiKeyId {
    ApiKeyId::from_uuid(uuid(650 + number))
}

async fn add(house: &House, user: UserId, number: u128) -> bool {
    let key = house.key(user).await;
    let mut tx = house.write().await;
    let new = NewApiKey {
        id: id(number),
        scopes: "sleep",
        secret: &SECRET,
        name: "canary-program",
        now_us: NOW_US,
        expires_us: END_US,
    };
    assert!(!format!("{new:?}").contains("canary"));
    let made = api_keys::create(&mut tx, &house.vault, &key, user, &new, MOST).await;
    tx.commit().await.expect("a commit");
    made.expect("a write")
}

async fn holder(house: &House, number: u128, secret: &[u8; SECRET_BYTES]) -> Option<KeyHolder> {
    at(house, number, secret, NOW_US).await
}

async fn at(
    house: &House,
    number: u128,
    secret: &[u8; SECRET_BYTES],
    now_us: i64,
) -> Option<KeyHolder> {
    let mut tx = house.read().await;
    let found = api_keys::holder(&mut tx, &house.vault, id(number), secret, now_us).await;
    found.expect("a read")
}

#[test]
fn a_program_key_is_its_owners_until_it_ends_or_is_revoked() {
    on_both(|house| async move {
        let (ada, bea) = (house.person(1).await, house.person(2).await);
        assert!(add(&house, ada, 1).await);
        assert!(add(&house, ada, 2).await);
        assert!(!add(&house, ada, 3).await, "no more than {MOST}");
        assert!(add(&house, bea, 4).await, "each person has their own");
        let found = holder(&house, 1, &SECRET).await.expect("the holder");
        assert_eq!((found.user, found.scopes.as_str()), (ada, "sleep"));
        assert_eq!((found.used_us, found.expires_us), (None, END_US));
        assert_eq!(holder(&house, 1, &[8; SECRET_BYTES]).await, None);
        assert_eq!(holder(&house, 3, &SECRET).await, None);
        assert!(at(&house, 1, &SECRET, END_US - 1).await.is_some());
        assert_eq!(at(&house, 1, &SECRET, END_US).await, None);

        let mut tx = house.write().await;
        for at in [NOW_US + 5, NOW_US + 3] {
            let used = api_keys::used(&mut tx, ada, id(1), at).await;
            used.expect("a write");
        }
        // Another person neither uses nor revokes it.
        let foreign = api_keys::used(&mut tx, bea, id(1), NOW_US + 9).await;
        foreign.expect("a write");
        let foreign = api_keys::revoke(&mut tx, bea, id(1)).await;
        assert!(!foreign.expect("a write"));
        tx.commit().await.expect("a commit");
        let key = house.key(ada).await;
        let mut tx = house.read().await;
        let listed = api_keys::list(&mut tx, &key, ada).await.expect("a read");
        let used: Vec<_> = listed.iter().map(|one| (one.id, one.used_us)).collect();
        assert_eq!(used, [(id(2), None), (id(1), Some(NOW_US + 5))]);
        assert!(listed.iter().all(|one| one.name == "canary-program"));
        drop(tx);

        let mut tx = house.write().await;
        assert!(
            api_keys::revoke(&mut tx, ada, id(1))
                .await
                .expect("a write")
        );
        let gone = people::set_access(&mut tx, &house.vault, bea, Access::Disabled).await;
        assert!(gone.expect("a write"));
        tx.commit().await.expect("a commit");
        assert_eq!(holder(&house, 1, &SECRET).await, None);
        assert_eq!(holder(&house, 4, &SECRET).await, None, "switched off");
        assert!(holder(&house, 2, &SECRET).await.is_some());
        let mut tx = house.write().await;
        let kept = api_keys::expire(&mut tx, END_US).await.expect("a write");
        assert_eq!(kept, 0);
        erase::health_data(&mut tx, &house.vault, ada)
            .await
            .expect("a write");
        let expired = api_keys::expire(&mut tx, END_US + 1).await;
        assert_eq!(expired.expect("a write"), 1, "that of the other");
        tx.commit().await.expect("a commit");
        assert_eq!(holder(&house, 2, &SECRET).await, None);
    });
}

/// What somebody who can write to the database, but has no master key, might do to a row.
#[test]
fn a_program_key_that_was_widened_moved_or_lengthened_opens_nothing() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        house.person(2).await;
        for forged in [
            "UPDATE api_keys SET scopes = 'everything'",
            "UPDATE api_keys SET expires_us = expires_us + 1",
            "UPDATE api_keys SET created_us = created_us + 1",
            "UPDATE api_keys SET person = 2",
        ] {
            assert!(add(&house, ada, 1).await);
            assert!(holder(&house, 1, &SECRET).await.is_some());
            let mut tx = house.write().await;
            execute(&mut tx, forged).await;
            tx.commit().await.expect("a commit");
            assert_eq!(holder(&house, 1, &SECRET).await, None, "{forged}");
            let mut tx = house.write().await;
            execute(&mut tx, "DELETE FROM api_keys").await;
            tx.commit().await.expect("a commit");
        }
    });
}
