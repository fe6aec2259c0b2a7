//! People, keys, documents, sessions and uploads.

use model::ids::{SessionId, UploadId, UserId};
use store::docs::{self, DocName, Expected};
use store::people::{self, Access, NewPerson};
use store::sessions::{self, NewSession, Rotation};
use store::uploads::{self, NewUpload, UploadNo, UploadState, UploadStatus};
use store::{Error, Store, Target, Vault, meta};

use crate::fixture::{House, NOW_US, on_both, uuid};

#[test]
fn people_are_created_and_found() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let mut tx = house.write().await;
        let taken = NewPerson {
            id: UserId::from_uuid(uuid(2)),
            email: " Person1@Example.org ",
            password_hash: "x",
            role: "patient",
            now_us: NOW_US,
        };
        let error = people::create(&mut tx, &house.vault, &taken).await;
        assert!(matches!(error, Err(Error::EmailTaken)));
        let found = people::by_email(&mut tx, &house.vault, "PERSON1@example.org")
            .await
            .expect("a query")
            .expect("the person");
        assert_eq!(found.id, user);
        assert_eq!(found.email, "person1@example.org");
        assert!(!format!("{found:?}").contains("example.org"));
        assert!(
            people::set_access(&mut tx, &house.vault, user, Access::Disabled)
                .await
                .expect("a write")
        );
        assert!(
            people::set_password_hash(&mut tx, &house.vault, user, "new")
                .await
                .expect("a write")
        );
        tx.commit().await.expect("a commit");
        let mut tx = house.read().await;
        let found = people::by_id(&mut tx, &house.vault, user)
            .await
            .expect("a query")
            .expect("the person");
        assert_eq!(found.access, Access::Disabled);
        assert_eq!(found.password_hash, "new");
        let everybody = people::list(&mut tx, &house.vault).await.expect("a query");
        let everybody = everybody.into_iter().filter_map(people::Found::account);
        assert_eq!(everybody.collect::<Vec<_>>(), [found]);
        assert_eq!(people::count(&mut tx).await.expect("a query"), 1);
        let nobody = UserId::from_uuid(uuid(9));
        assert_eq!(
            people::by_id(&mut tx, &house.vault, nobody)
                .await
                .expect("a query"),
            None
        );
        assert!(matches!(
            house.vault.person_key(&mut tx, nobody).await,
            Err(Error::PersonUnknown)
        ));
    });
}

#[test]
fn everybody_is_listed_in_pages() {
    on_both(|house| async move {
        let all = [
            house.person(1).await,
            house.person(2).await,
            house.person(3).await,
        ];
        let mut tx = house.read().await;
        let first = people::page(&mut tx, &house.vault, None, 2).await;
        let first = first.expect("a query");
        let id = |found: &people::Found| match found {
            people::Found::Account(person) => person.id,
            people::Found::Damaged(id) => panic!("{id} is damaged"),
        };
        let ids: Vec<UserId> = first.iter().map(|(_, found)| id(found)).collect();
        assert_eq!(ids, all[..2]);
        let after = first.last().map(|(no, _)| *no);
        let rest = people::page(&mut tx, &house.vault, after, 2).await;
        let rest = rest.expect("a query");
        assert_eq!(
            rest.iter().map(|(_, one)| id(one)).collect::<Vec<_>>(),
            all[2..]
        );
        let after = rest.last().map(|(no, _)| *no);
        let none = people::page(&mut tx, &house.vault, after, 2).await;
        assert!(none.expect("a query").is_empty());
    });
}

#[test]
fn dropped_transactions_and_savepoints_undo() {
    on_both(|house| async move {
        let mut tx = house.write().await;
        meta::put(&mut tx, "a", b"1").await.expect("a write");
        drop(tx);
        let mut tx = house.write().await;
        assert_eq!(meta::get(&mut tx, "a").await.expect("a read"), None);
        meta::put(&mut tx, "a", b"2").await.expect("a write");
        tx.savepoint().await.expect("a savepoint");
        meta::put(&mut tx, "a", b"3").await.expect("a write");
        tx.rollback_to().await.expect("a return");
        tx.savepoint().await.expect("a savepoint");
        meta::put(&mut tx, "b", b"4").await.expect("a write");
        tx.release().await.expect("a release");
        tx.commit().await.expect("a commit");
        let mut tx = house.read().await;
        assert_eq!(
            meta::get(&mut tx, "a").await.expect("a read").as_deref(),
            Some(&b"2"[..])
        );
        assert_eq!(
            meta::get(&mut tx, "b").await.expect("a read").as_deref(),
            Some(&b"4"[..])
        );
        tx.rollback().await.expect("an end");
    });
}

#[test]
fn the_wrong_master_key_is_refused_and_nothing_changes() {
    on_both(|house| async move {
        house.person(1).await;
        let file = house.key_file();
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&file).expect("a key file").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
        Vault::open(&house.store, &file)
            .await
            .expect("the same key");

        let elsewhere = tempfile::tempdir().expect("a folder");
        let other = elsewhere.path().join("other.key");
        let missing = Vault::open(&house.store, &other).await;
        assert!(matches!(missing, Err(Error::MasterKeyMissing { .. })));
        assert!(!other.exists(), "a refused start creates no key");

        let line = format!("clarity-master-key-1 {}\n", "5a".repeat(32));
        std::fs::write(&other, line).expect("a file");
        let wrong = Vault::open(&house.store, &other).await;
        assert!(matches!(wrong, Err(Error::MasterKeyWrong { .. })));
        std::fs::write(&other, "something else").expect("a file");
        let invalid = Vault::open(&house.store, &other).await;
        assert!(matches!(invalid, Err(Error::MasterKeyInvalid { .. })));
        Vault::open(&house.store, &file)
            .await
            .expect("the right key still opens");
    });
}

#[test]
fn keys_seal_for_one_person_and_name() {
    on_both(|house| async move {
        let (one, two) = (house.person(1).await, house.person(2).await);
        let (key, other) = (house.key(one).await, house.key(two).await);
        let sealed = key.seal(b"row 1", b"secret");
        assert_eq!(key.open(b"row 1", &sealed).expect("it opens"), b"secret");
        assert!(matches!(
            key.open(b"row 2", &sealed),
            Err(Error::Damaged { .. })
        ));
        assert!(matches!(
            other.open(b"row 1", &sealed),
            Err(Error::Damaged { .. })
        ));
        assert_ne!(key.identity(b"x"), other.identity(b"x"));
        assert_eq!(key.identity(b"x"), house.key(one).await.identity(b"x"));
        assert!(format!("{key:?} {:?}", house.vault).contains("***"));
        let sealed = house.vault.seal_server("token key", b"bytes");
        assert_eq!(
            house
                .vault
                .open_server("token key", &sealed)
                .expect("it opens")
                .as_slice(),
            b"bytes"
        );
        assert!(house.vault.open_server("other", &sealed).is_err());
        let mut tx = house.write().await;
        let mixed = docs::put(&mut tx, &key, two, DocName::Profile, b"x", Expected::Any).await;
        assert!(matches!(mixed, Err(Error::KeyOfAnother)));
    });
}

#[test]
fn documents_have_versions() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        for name in DocName::ALL {
            assert_eq!(
                docs::get(&mut tx, &key, user, name).await.expect("a read"),
                None
            );
        }
        let put = async |tx: &mut _, bytes: &[u8], expected| {
            docs::put(tx, &key, user, DocName::Profile, bytes, expected).await
        };
        assert_eq!(
            put(&mut tx, b"a", Expected::Absent).await.expect("a write"),
            1
        );
        assert!(matches!(
            put(&mut tx, b"b", Expected::Absent).await,
            Err(Error::VersionConflict { current: Some(1) })
        ));
        assert_eq!(
            put(&mut tx, b"b", Expected::Version(1))
                .await
                .expect("a write"),
            2
        );
        assert!(matches!(
            put(&mut tx, b"c", Expected::Version(1)).await,
            Err(Error::VersionConflict { current: Some(2) })
        ));
        assert_eq!(put(&mut tx, b"c", Expected::Any).await.expect("a write"), 3);
        let doc = docs::get(&mut tx, &key, user, DocName::Profile)
            .await
            .expect("a read");
        assert_eq!(
            doc,
            Some(docs::Doc {
                version: 3,
                bytes: b"c".to_vec()
            })
        );
    });
}

#[test]
fn refresh_tokens_rotate_and_reuse_revokes_the_family() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let session = SessionId::from_uuid(uuid(50));
        let mut tx = house.write().await;
        let new = NewSession {
            session,
            refresh_hash: [1; 32],
            now_us: NOW_US,
            expires_us: NOW_US + 100,
            label: "phone",
        };
        sessions::create(&mut tx, &house.vault, &key, user, &new)
            .await
            .expect("a session");
        assert!(
            sessions::is_live(&mut tx, &house.vault, user, session)
                .await
                .expect("a read")
        );
        let rotate = async |tx: &mut _, old, new, now_us| {
            sessions::rotate(tx, &house.vault, [old; 32], [new; 32], now_us, now_us + 100)
                .await
                .expect("a rotation")
        };
        assert_eq!(rotate(&mut tx, 9, 10, NOW_US).await, Rotation::Unknown);
        assert_eq!(
            rotate(&mut tx, 1, 2, NOW_US + 50).await,
            Rotation::Rotated { user, session }
        );
        let listed = sessions::list(&mut tx, &key, user).await.expect("a read");
        let [listed] = listed.as_slice() else {
            panic!("one session")
        };
        assert_eq!(
            (listed.label.as_str(), listed.used_us),
            ("phone", NOW_US + 50)
        );
        assert_eq!(
            rotate(&mut tx, 1, 3, NOW_US + 60).await,
            Rotation::Reused { user, session }
        );
        assert!(
            !sessions::is_live(&mut tx, &house.vault, user, session)
                .await
                .expect("a read")
        );
        assert_eq!(rotate(&mut tx, 2, 4, NOW_US + 70).await, Rotation::Unknown);
    });
}

#[test]
fn sessions_expire_and_are_revoked() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let late = SessionId::from_uuid(uuid(51));
        let mut tx = house.write().await;
        let new = NewSession {
            session: late,
            refresh_hash: [5; 32],
            now_us: NOW_US,
            expires_us: NOW_US + 100,
            label: "phone",
        };
        sessions::create(&mut tx, &house.vault, &key, user, &new)
            .await
            .expect("a session");
        let expired = sessions::rotate(
            &mut tx,
            &house.vault,
            [5; 32],
            [6; 32],
            NOW_US + 100,
            NOW_US + 200,
        )
        .await
        .expect("a rotation");
        assert_eq!(expired, Rotation::Expired);
        assert!(
            sessions::revoke(&mut tx, user, late)
                .await
                .expect("a write")
        );
        assert!(
            !sessions::revoke(&mut tx, user, late)
                .await
                .expect("a write")
        );
        assert_eq!(
            sessions::revoke_all(&mut tx, user).await.expect("a write"),
            0
        );
        let stranger = UserId::from_uuid(uuid(77));
        assert!(
            !sessions::is_live(&mut tx, &house.vault, stranger, late)
                .await
                .expect("a read")
        );
        assert_eq!(
            sessions::expire(&mut tx, NOW_US + 1_000)
                .await
                .expect("a write"),
            1
        );
    });
}

fn state(status: UploadStatus, dirty_seq: i64) -> UploadState<'static> {
    UploadState {
        status,
        stage: "analysing",
        progress: 0.5,
        accepted: 3,
        duplicates: 2,
        rejected: 1,
        detail: b"{\"a\":1}",
        dirty_seq,
        now_us: NOW_US + 1,
    }
}

#[test]
fn uploads_are_numbered_and_completed() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let ids: Vec<UploadId> = (100..103).map(|n| UploadId::from_uuid(uuid(n))).collect();
        for (at, id) in ids.iter().enumerate() {
            let new = NewUpload {
                id: *id,
                kind: "archive",
                now_us: NOW_US,
            };
            let no = uploads::begin(&mut tx, &key, user, &new)
                .await
                .expect("an upload");
            assert_eq!(no.0 as usize, at + 1);
        }
        uploads::set_snapshot(&mut tx, user, UploadNo(2), 77)
            .await
            .expect("a write");
        assert!(matches!(
            uploads::set_snapshot(&mut tx, user, UploadNo(9), 77).await,
            Err(Error::UploadUnknown)
        ));
        assert_eq!(
            uploads::snapshots(&mut tx, user).await.expect("a read"),
            [(UploadNo(2), 77)]
        );
        for (id, seq) in ids.iter().zip([1, 2, 3]) {
            let state = state(UploadStatus::Processing, seq);
            uploads::save(&mut tx, &key, user, *id, &state)
                .await
                .expect("a write");
        }
        let done = uploads::complete_up_to(&mut tx, user, 2, NOW_US + 5)
            .await
            .expect("a write");
        assert_eq!(done.len(), 2);
        assert!(
            uploads::complete_up_to(&mut tx, user, 2, NOW_US)
                .await
                .expect("a write")
                .is_empty()
        );
        let upload = uploads::by_id(&mut tx, &key, user, ids[1])
            .await
            .expect("a read")
            .expect("the upload");
        assert_eq!(upload.status, UploadStatus::Completed);
        assert_eq!(
            (upload.accepted, upload.duplicates, upload.rejected),
            (3, 2, 1)
        );
        assert_eq!(upload.detail, b"{\"a\":1}");
        assert_eq!(upload.exported_us, Some(77));
        assert_eq!(upload.updated_us, NOW_US + 5);
    });
}

#[test]
fn uploads_are_listed_and_forgotten() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let key = house.key(user).await;
        let mut tx = house.write().await;
        let ids: Vec<UploadId> = (100..103).map(|n| UploadId::from_uuid(uuid(n))).collect();
        for id in &ids {
            let new = NewUpload {
                id: *id,
                kind: "archive",
                now_us: NOW_US,
            };
            uploads::begin(&mut tx, &key, user, &new)
                .await
                .expect("an upload");
        }
        let page = uploads::list(&mut tx, &key, user, Some(UploadNo(3)), 1)
            .await
            .expect("a read");
        assert_eq!(page.iter().map(|u| u.no).collect::<Vec<_>>(), [UploadNo(2)]);
        assert!(
            uploads::delete(&mut tx, &key, user, ids[2])
                .await
                .expect("a write")
        );
        assert!(
            !uploads::delete(&mut tx, &key, user, ids[2])
                .await
                .expect("a write")
        );
        let next = NewUpload {
            id: ids[2],
            kind: "archive",
            now_us: NOW_US,
        };
        let no = uploads::begin(&mut tx, &key, user, &next)
            .await
            .expect("an upload");
        assert_eq!(no, UploadNo(4), "numbers are not used again");
        let other = UploadId::from_uuid(uuid(500));
        let missing =
            uploads::save(&mut tx, &key, user, other, &state(UploadStatus::Failed, 0)).await;
        assert!(matches!(missing, Err(Error::UploadUnknown)));
    });
}

#[test]
fn a_file_is_shared_with_another_process_and_survives() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let target = Target::Sqlite {
            path: folder.path().join("clarity.db"),
        };
        let first = House::open(&target).await;
        let user = first.person(1).await;
        let second = Store::open(&target).await.expect("the same file");
        second.migrate().await.expect("nothing to do");
        let vault = Vault::open(&second, &first.key_file())
            .await
            .expect("the same key");
        let mut tx = second.write().await.expect("a transaction");
        meta::put(&mut tx, "a", b"1").await.expect("a write");
        let mut reading = first.read().await;
        assert_eq!(meta::get(&mut reading, "a").await.expect("a read"), None);
        tx.commit().await.expect("a commit");
        drop(reading);
        let mut reading = first.read().await;
        assert!(
            meta::get(&mut reading, "a")
                .await
                .expect("a read")
                .is_some()
        );
        assert!(vault.person_key(&mut reading, user).await.is_ok());
        drop(reading);
        first.store.scrub().await.expect("a checkpoint");
        first.store.close().await;
        second.close().await;
    });
}
