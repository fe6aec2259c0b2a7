//! The audit log: whatever somebody does to it who can only write to the database is found, at the right entry.

use model::ids::{ErasureId, UserId};
use store::audit::{self, Broken, Checkpointed, Seals, Verified, Why};
use store::erasures::{self, Erasure};
use store::{Error, erase};

use crate::fixture::{House, NOW_US, execute, on_both, uuid};

const ERASED: &str = "account";

/// A signer whose signatures say what they sign.
struct Signer(&'static str);

impl Seals for Signer {
    fn key_id(&self) -> &str {
        self.0
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        [self.0.as_bytes(), message].concat()
    }

    fn is_signed(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        key_id == self.0 && signature == self.sign(message)
    }
}

const SERVER: Signer = Signer("server");

async fn add(house: &House, user: UserId, texts: &[&str]) -> Result<(), Error> {
    let mut tx = house.write().await;
    let entries: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    audit::append(&mut tx, &house.vault, user, &entries).await?;
    tx.commit().await
}

async fn verified(house: &House) -> Verified {
    let mut tx = house.read().await;
    audit::verify(&mut tx, &house.vault, ERASED, &SERVER)
        .await
        .expect("a read")
}

async fn checkpoint(house: &House, now_us: i64) -> Checkpointed {
    let mut tx = house.write().await;
    let made = audit::checkpoint(&mut tx, &house.vault, ERASED, now_us, &SERVER).await;
    tx.commit().await.expect("a commit");
    made.expect("a write")
}

async fn texts(house: &House, user: UserId) -> Vec<(i64, String)> {
    let key = house.key(user).await;
    let mut tx = house.read().await;
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let page = audit::page(&mut tx, &key, user, before, 2)
            .await
            .expect("a read");
        let Some(last) = page.last() else { return all };
        before = Some(last.seq);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
        all.extend(page.into_iter().map(|entry| (entry.seq, text(entry.bytes))));
    }
}

/// Two persons with a chain each, the first with a checkpoint after its fourth entry.
async fn filled(house: &House) -> (UserId, UserId) {
    let (ada, bea) = (house.person(1).await, house.person(2).await);
    add(house, ada, &["one", "two", "three", "four"])
        .await
        .expect("a write");
    add(house, bea, &["uno", "due"]).await.expect("a write");
    assert!(matches!(
        checkpoint(house, NOW_US).await,
        Checkpointed::Made(1, _)
    ));
    add(house, ada, &["five", "six"]).await.expect("a write");
    (ada, bea)
}

#[test]
fn entries_come_back_newest_first_and_hold() {
    on_both(|house| async move {
        let (ada, bea) = filled(&house).await;
        let ours = texts(&house, ada).await;
        let wanted = [
            (6, "six"),
            (5, "five"),
            (4, "four"),
            (3, "three"),
            (2, "two"),
            (1, "one"),
        ];
        assert_eq!(ours, wanted.map(|(seq, text)| (seq, text.to_owned())));
        assert_eq!(texts(&house, bea).await.len(), 2);
        let found = verified(&house).await;
        assert_eq!((found.chains, found.entries, found.checkpoints), (2, 8, 1));
        assert!(found.broken.is_empty(), "{:?}", found.broken);
        assert!(matches!(
            checkpoint(&house, NOW_US + 1).await,
            Checkpointed::Made(2, _)
        ));
        assert_eq!(
            checkpoint(&house, NOW_US + 2).await,
            Checkpointed::Unchanged
        );
        assert!(verified(&house).await.broken.is_empty());
    });
}

/// What somebody does to the first person's chain, and where that is found.
const TAMPERED: &[(&str, i64, Why)] = &[
    (
        "UPDATE audit SET sealed = (SELECT b.sealed FROM audit b WHERE b.person = 1 AND b.seq = 1)
         WHERE person = 1 AND seq = 3",
        3,
        Why::Changed,
    ),
    (
        "UPDATE audit SET hash = sealed WHERE person = 1 AND seq = 2",
        2,
        Why::Changed,
    ),
    (
        "DELETE FROM audit WHERE person = 1 AND seq = 4",
        4,
        Why::Missing,
    ),
    (
        "DELETE FROM audit WHERE person = 1 AND seq = 1",
        1,
        Why::Missing,
    ),
    (
        "DELETE FROM audit WHERE person = 1 AND seq > 4",
        5,
        Why::Missing,
    ),
    ("DELETE FROM audit WHERE person = 1", 1, Why::Missing),
    // Two change places.
    (
        "UPDATE audit SET seq = 14 - seq WHERE person = 1 AND seq IN (3, 4);
         UPDATE audit SET seq = seq - 7 WHERE person = 1 AND seq > 6",
        3,
        Why::Changed,
    ),
    // One is cut out and the later ones close up.
    (
        "DELETE FROM audit WHERE person = 1 AND seq = 2;
         UPDATE audit SET seq = seq + 100 WHERE person = 1 AND seq > 2;
         UPDATE audit SET seq = seq - 101 WHERE person = 1 AND seq > 100",
        2,
        Why::Changed,
    ),
    // An entry of somebody else.
    (
        "INSERT INTO audit (person, seq, sealed, hash)
         SELECT 1, 7, sealed, hash FROM audit WHERE person = 2 AND seq = 2",
        7,
        Why::Changed,
    ),
    (
        "UPDATE audit_heads SET seq = 4, hash =
         (SELECT a.hash FROM audit a WHERE a.person = 1 AND a.seq = 4) WHERE person = 1;
         DELETE FROM audit WHERE person = 1 AND seq > 4",
        4,
        Why::Head,
    ),
    (
        "UPDATE audit_heads SET first = 4, base =
         (SELECT a.hash FROM audit a WHERE a.person = 1 AND a.seq = 3) WHERE person = 1;
         DELETE FROM audit WHERE person = 1 AND seq < 4",
        6,
        Why::Head,
    ),
    ("DELETE FROM audit_heads WHERE person = 1", 0, Why::Head),
    // Nothing of the chain is left.
    (
        "DELETE FROM audit WHERE person = 1; DELETE FROM audit_heads WHERE person = 1",
        4,
        Why::Behind,
    ),
    // Neither is of the person, who was not erased.
    ("DELETE FROM persons WHERE no = 1", 4, Why::Behind),
];

#[test]
fn whatever_is_changed_is_found_at_the_right_entry() {
    on_both(|house| async move {
        let (ada, _) = filled(&house).await;
        for (statements, seq, why) in TAMPERED {
            let mut tx = house.write().await;
            for statement in statements.split(';') {
                execute(&mut tx, statement).await;
            }
            let found = audit::verify(&mut tx, &house.vault, ERASED, &SERVER).await;
            let broken = found.expect("a read").broken;
            tx.rollback().await.expect("undone");
            let expected = Broken {
                user: Some(ada),
                seq: *seq,
                why: *why,
            };
            assert_eq!(broken.first(), Some(&expected), "{statements}: {broken:?}");
        }
        assert!(verified(&house).await.broken.is_empty());
    });
}

#[test]
fn checkpoints_hold_each_other() {
    on_both(|house| async move {
        let (ada, _) = filled(&house).await;
        for at in 2..5 {
            add(&house, ada, &["more"]).await.expect("a write");
            assert!(
                matches!(checkpoint(&house, NOW_US + at).await, Checkpointed::Made(no, _) if no == at)
            );
        }
        assert!(verified(&house).await.broken.is_empty());
        for (statement, seq, why) in [
            (
                "DELETE FROM audit_checkpoints WHERE no = 2",
                2,
                Why::Missing,
            ),
            // The one before the latest has no heads any more.
            (
                "DELETE FROM audit_checkpoints WHERE no = 4",
                3,
                Why::Missing,
            ),
            (
                "UPDATE audit_checkpoints SET at_us = at_us + 1 WHERE no = 3",
                3,
                Why::Changed,
            ),
            (
                "UPDATE audit_checkpoints SET signature = hash WHERE no = 1",
                1,
                Why::Unsigned,
            ),
            (
                "UPDATE audit_checkpoints SET heads = hash WHERE no = 4",
                4,
                Why::Changed,
            ),
        ] {
            let mut tx = house.write().await;
            execute(&mut tx, statement).await;
            let found = audit::verify(&mut tx, &house.vault, ERASED, &SERVER).await;
            let broken = found.expect("a read").broken;
            tx.rollback().await.expect("undone");
            let expected = Broken {
                user: None,
                seq,
                why,
            };
            assert_eq!(broken, [expected], "{statement}");
        }
    });
}

/// A chain that was put back to an earlier state, with the head that it had then.
#[test]
fn a_chain_that_was_put_back_is_behind_its_checkpoint() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        add(&house, ada, &["one"]).await.expect("a write");
        let mut tx = house.write().await;
        execute(
            &mut tx,
            "CREATE TABLE kept AS SELECT person, first, base, seq, hash, bound FROM audit_heads",
        )
        .await;
        tx.commit().await.expect("a commit");
        add(&house, ada, &["two"]).await.expect("a write");
        assert!(matches!(
            checkpoint(&house, NOW_US).await,
            Checkpointed::Made(1, _)
        ));
        let mut tx = house.write().await;
        for statement in [
            "DELETE FROM audit WHERE seq = 2",
            "DELETE FROM audit_heads",
            "INSERT INTO audit_heads (person, first, base, seq, hash, bound)
             SELECT person, first, base, seq, hash, bound FROM kept",
            "DROP TABLE kept",
        ] {
            execute(&mut tx, statement).await;
        }
        tx.commit().await.expect("a commit");
        let behind = Broken {
            user: Some(ada),
            seq: 2,
            why: Why::Behind,
        };
        assert_eq!(verified(&house).await.broken, std::slice::from_ref(&behind));
        // Nobody signs what is broken: also after more was written.
        add(&house, ada, &["another two"]).await.expect("a write");
        assert_eq!(
            checkpoint(&house, NOW_US + 1).await,
            Checkpointed::Broken(behind.clone())
        );
        assert_eq!(verified(&house).await.broken, [behind]);
    });
}

#[test]
fn nothing_is_added_to_a_chain_whose_head_was_changed() {
    on_both(|house| async move {
        let (ada, bea) = filled(&house).await;
        let mut tx = house.write().await;
        execute(&mut tx, "UPDATE audit_heads SET seq = 9 WHERE person = 1").await;
        tx.commit().await.expect("a commit");
        let refused = add(&house, ada, &["seven"]).await;
        assert!(
            matches!(
                refused,
                Err(Error::Damaged {
                    what: "audit chain"
                })
            ),
            "{refused:?}"
        );
        add(&house, bea, &["three"])
            .await
            .expect("nobody else is concerned");
    });
}

#[test]
fn an_erasure_takes_the_entries_and_the_chain_goes_on() {
    on_both(|house| async move {
        let (ada, bea) = filled(&house).await;
        let mut tx = house.write().await;
        let erased = erase::health_data(&mut tx, &house.vault, ada)
            .await
            .expect("a write");
        assert!(erased.counts.contains(&("audit", 6)), "{:?}", erased.counts);
        audit::append(&mut tx, &house.vault, ada, &[b"erased"])
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        assert_eq!(texts(&house, ada).await, [(7, "erased".to_owned())]);
        assert!(verified(&house).await.broken.is_empty());
        add(&house, ada, &["eight"]).await.expect("a write");
        assert!(matches!(
            checkpoint(&house, NOW_US + 1).await,
            Checkpointed::Made(2, _)
        ));
        let mut tx = house.write().await;
        erase::person(&mut tx, bea).await.expect("a write");
        let receipt = Erasure {
            id: ErasureId::from_uuid(uuid(300)),
            user: bea,
            what: ERASED.to_owned(),
            erased_us: NOW_US,
            done_us: None,
            account: Vec::new(),
        };
        erasures::note(&mut tx, &house.vault, &receipt)
            .await
            .expect("a write");
        tx.commit().await.expect("a commit");
        let found = verified(&house).await;
        assert!(found.broken.is_empty(), "{:?}", found.broken);
        assert_eq!(found.chains, 1);
    });
}
