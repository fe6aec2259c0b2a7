//! Keys of devices: whose they are, and that nobody who can write to the database can change that.

use model::ids::{DeviceId, UserId};
use store::devices::{self, Holder, NewDevice, SECRET_BYTES, Scope};
use store::people::{self, Access};

use crate::fixture::{House, NOW_US, execute, on_both, uuid};

const SECRET: [u8; SECRET_BYTES] = [7; SECRET_BYTES];
const MOST: i64 = 2;

fn id(number: u128) -> DeviceId {
    DeviceId::from_uuid(uuid(500 + number))
}

async fn add(house: &House, user: UserId, number: u128) -> bool {
    let key = house.key(user).await;
    let mut tx = house.write().await;
    let device = NewDevice {
        id: id(number),
        scope: Scope::Write,
        secret: &SECRET,
        name: "canary-phone",
        now_us: NOW_US,
    };
    assert!(!format!("{device:?}").contains("canary"));
    let created = devices::create(&mut tx, &house.vault, &key, user, &device, MOST).await;
    tx.commit().await.expect("a commit");
    created.expect("a write")
}

async fn holder(house: &House, number: u128, secret: &[u8; SECRET_BYTES]) -> Option<Holder> {
    let mut tx = house.read().await;
    let found = devices::holder(&mut tx, &house.vault, id(number), secret).await;
    let holder = found.expect("a read");
    let signer = devices::signer(&mut tx, &house.vault, id(number)).await;
    let signer = signer.expect("a read");
    if holder.is_some() {
        let (signer, opened) = signer.expect("the same key signs");
        assert_eq!((Some(signer), *opened), (holder, SECRET));
    } else if *secret == SECRET {
        assert!(signer.is_none(), "what opens nothing signs nothing");
    }
    holder
}

#[test]
fn a_key_is_its_owners_until_it_is_revoked() {
    on_both(|house| async move {
        let (ada, bea) = (house.person(1).await, house.person(2).await);
        assert!(add(&house, ada, 1).await);
        assert!(add(&house, ada, 2).await);
        assert!(!add(&house, ada, 3).await, "no more than {MOST}");
        assert!(add(&house, bea, 4).await, "each person has their own");
        let found = holder(&house, 1, &SECRET).await.expect("the holder");
        assert_eq!((found.user, found.used_us), (ada, None));
        assert_eq!(holder(&house, 1, &[8; SECRET_BYTES]).await, None);
        assert_eq!(holder(&house, 3, &SECRET).await, None);

        let mut tx = house.write().await;
        for at in [NOW_US + 5, NOW_US + 3] {
            let used = devices::used(&mut tx, ada, id(1), at).await;
            used.expect("a write");
        }
        // Another person neither uses nor revokes it.
        let foreign = devices::used(&mut tx, bea, id(1), NOW_US + 9).await;
        foreign.expect("a write");
        let foreign = devices::revoke(&mut tx, bea, id(1)).await;
        assert!(!foreign.expect("a write"));
        tx.commit().await.expect("a commit");
        let key = house.key(ada).await;
        let mut tx = house.read().await;
        let listed = devices::list(&mut tx, &key, ada).await.expect("a read");
        let used: Vec<_> = listed.iter().map(|one| (one.id, one.used_us)).collect();
        assert_eq!(used, [(id(2), None), (id(1), Some(NOW_US + 5))]);
        let one = devices::by_id(&mut tx, &key, ada, id(1)).await;
        assert_eq!(one.expect("a read").expect("a device").name, "canary-phone");
        let foreign = devices::by_id(&mut tx, &key, ada, id(4)).await;
        assert_eq!(foreign.expect("a read"), None);
        drop(tx);

        let mut tx = house.write().await;
        assert!(devices::revoke(&mut tx, ada, id(1)).await.expect("a write"));
        let gone = people::set_access(&mut tx, &house.vault, bea, Access::Disabled).await;
        assert!(gone.expect("a write"));
        tx.commit().await.expect("a commit");
        assert_eq!(holder(&house, 1, &SECRET).await, None);
        assert_eq!(holder(&house, 4, &SECRET).await, None, "switched off");
        assert!(holder(&house, 2, &SECRET).await.is_some());
    });
}

/// What somebody who can write to the database, but has no master key, might do to a row.
#[test]
fn a_row_that_was_moved_copied_or_invented_opens_nothing() {
    on_both(|house| async move {
        let (ada, bea) = (house.person(1).await, house.person(2).await);
        add(&house, ada, 1).await;
        add(&house, bea, 2).await;
        let ids = [id(1), id(2)].map(|id| id.uuid().hyphenated().to_string());
        let [first, second] = ids;
        let owner = "(SELECT person FROM devices WHERE name_sealed IS NOT NULL AND id =";
        for forged in [
            // To another person, under the same id.
            format!("UPDATE devices SET person = {owner} {second}) WHERE id = {first}"),
            // The secret of one under the id of another.
            format!("UPDATE devices SET hash = (SELECT hash FROM devices WHERE id = {second}) WHERE id = {first}"),
            format!(
                "UPDATE devices SET secret_sealed = (SELECT secret_sealed FROM devices WHERE id = {second}),
                    hash = (SELECT hash FROM devices WHERE id = {second}) WHERE id = {first}"
            ),
            // A scope that nobody gave.
            format!("UPDATE devices SET scope = 'everything' WHERE id = {first}"),
        ] {
            let literal = |id: &str| match house.store {
                store::Store::Sqlite(_) => format!("x'{}'", id.replace('-', "")),
                store::Store::Postgres(_) => format!("'{id}'"),
            };
            let text = forged
                .replace(&first, &literal(&first))
                .replace(&second, &literal(&second));
            let mut tx = house.write().await;
            execute(&mut tx, &text).await;
            tx.commit().await.expect("a commit");
            assert_eq!(holder(&house, 1, &SECRET).await, None, "{text}");
            let mut tx = house.write().await;
            devices::revoke(&mut tx, ada, id(1)).await.expect("a write");
            devices::revoke(&mut tx, bea, id(1)).await.expect("a write");
            tx.commit().await.expect("a commit");
            add(&house, ada, 1).await;
            assert!(holder(&house, 1, &SECRET).await.is_some());
        }
    });
}
