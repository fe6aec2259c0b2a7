//! Whoever can only write to the database gets nothing by it: any column of one person's rows may be swapped
//! with another's, and nothing of the other opens.

use model::ids::{
    ApiKeyId, DeviceId, EntryId, ErasureId, GoalId, GrantId, InsightId, SessionId, UserId,
};
use model::metric::MetricNo;
use model::sample::HOUR_US;
use model::zone::Zone;
use sqlx::AssertSqlSafe;
use store::api_keys::{self, NewApiKey};
use store::days::DayRow;
use store::devices::{self, NewDevice, SECRET_BYTES, Scope};
use store::docs::{self, DocName, Expected};
use store::entries::{Filed, Wanted};
use store::erasures::Erasure;
use store::grants::{self, NewGrant};
use store::insights::StoredInsight;
use store::people::{Access, NewPerson};
use store::sessions::{NewSession, Rotation};
use store::uploads::{UploadState, UploadStatus};
use store::{
    PersonKey, Target, Tx, Vault, audit, blocks, copy, days, entries, erasures, goals, idempotency,
    insights, invitations, people, samples, sessions, uploads,
};

use crate::fixture::{EVER, House, NOW_US, execute, folded, on_both, sample, uuid};

const METRIC: MetricNo = MetricNo(20_001);
const ADA: u8 = 1;
const BEA: u8 = 2;

fn user(number: u8) -> UserId {
    UserId::from_uuid(uuid(u128::from(number)))
}

fn email(number: u8) -> String {
    format!("person{number}@example.org")
}

fn mark(number: u8) -> String {
    format!("canary of person {number}")
}

/// A value that only this person measured.
fn value(number: u8) -> f64 {
    60.0 + f64::from(number)
}

fn role(number: u8) -> &'static str {
    if number == ADA { "patient" } else { "admin" }
}

async fn fill(house: &House, number: u8) {
    let mut tx = house.write().await;
    let person = NewPerson {
        id: user(number),
        email: &email(number),
        password_hash: &mark(number),
        role: role(number),
        now_us: NOW_US + i64::from(number),
    };
    people::create(&mut tx, &house.vault, &person)
        .await
        .expect("a person");
    tx.commit().await.expect("a commit");
    let upload = house.upload(user(number), None).await;
    let all: Vec<_> = (0..20)
        .map(|at| {
            let at_us = NOW_US + (at + i64::from(number)) * HOUR_US;
            sample(at_us, at_us, value(number))
        })
        .collect();
    house.merge(user(number), upload, METRIC, &all).await;
    let key = house.key(user(number)).await;
    let mut tx = house.write().await;
    fill_account(&mut tx, house, &key, number).await;
    if number == BEA {
        allow(&mut tx, house).await;
    }
    fill_health(&mut tx, &house.vault, &key, number).await;
    tx.commit().await.expect("a commit");
}

async fn fill_account(tx: &mut Tx, house: &House, key: &PersonKey, number: u8) {
    let session = NewSession {
        session: SessionId::from_uuid(uuid(100 + u128::from(number))),
        refresh_hash: [number; 32],
        now_us: NOW_US + i64::from(number),
        expires_us: NOW_US + HOUR_US * i64::from(number),
        label: &mark(number),
    };
    sessions::create(tx, &house.vault, key, user(number), &session)
        .await
        .expect("a session");
    let device = NewDevice {
        id: DeviceId::from_uuid(uuid(200 + u128::from(number))),
        scope: Scope::Write,
        secret: &[number; SECRET_BYTES],
        name: &mark(number),
        now_us: NOW_US,
    };
    let made = devices::create(tx, &house.vault, key, user(number), &device, 9).await;
    assert!(made.expect("a device"));
    let program = NewApiKey {
        id: ApiKeyId::from_uuid(uuid(280 + u128::from(number))),
        scopes: program(number).0,
        secret: &[number; api_keys::SECRET_BYTES],
        name: &mark(number),
        now_us: NOW_US + i64::from(number),
        expires_us: program(number).1,
    };
    let made = api_keys::create(tx, &house.vault, key, user(number), &program, 9).await;
    assert!(made.expect("a key"));
    // Of the second person the code has expired.
    let expires_us = NOW_US + HOUR_US * (3 - 2 * i64::from(number));
    let code = (mark(number), expires_us);
    let invitation = (code.0.as_str(), code.1);
    let invited = invitations::put(tx, &house.vault, user(number), device.id, invitation).await;
    assert!(invited.expect("a write"));
    let erasure = Erasure {
        id: ErasureId::from_uuid(uuid(300 + u128::from(number))),
        user: user(number),
        what: "health_data".to_owned(),
        erased_us: NOW_US + i64::from(number),
        done_us: None,
        account: mark(number).into_bytes(),
    };
    erasures::note(tx, &house.vault, &erasure)
        .await
        .expect("a note");
}

/// What the key of a person's program may do, and until when.
fn program(number: u8) -> (&'static str, i64) {
    if number == ADA {
        ("everything", NOW_US + 9 * HOUR_US)
    } else {
        ("sleep", NOW_US + HOUR_US)
    }
}

/// Each lets the other read something, until another time.
async fn allow(tx: &mut Tx, house: &House) {
    for (owner, reader) in [(ADA, BEA), (BEA, ADA)] {
        let key = house.vault.person_key(tx, user(owner)).await;
        let (key, words) = (key.expect("a key"), mark(owner));
        let grant = NewGrant {
            id: GrantId::from_uuid(uuid(250 + u128::from(owner))),
            reader: user(reader),
            scopes: granted(owner).0,
            now_us: NOW_US + i64::from(owner),
            expires_us: granted(owner).1,
            words: words.as_bytes(),
        };
        let made = grants::create(tx, &house.vault, &key, user(owner), &grant, 9).await;
        assert!(made.expect("a grant"));
    }
}

/// What a person allows the other, and until when.
fn granted(owner: u8) -> (&'static str, i64) {
    if owner == ADA {
        ("sleep", NOW_US + HOUR_US)
    } else {
        ("everything", NOW_US + 9 * HOUR_US)
    }
}

/// Where an entry is filed.
fn entered() -> Filed<'static> {
    Filed {
        kind: "meal",
        metric: None,
        at_us: NOW_US,
    }
}

async fn fill_health(tx: &mut Tx, vault: &Vault, key: &PersonKey, number: u8) {
    let (who, bytes) = (user(number), mark(number).into_bytes());
    for name in DocName::ALL {
        docs::put(tx, key, who, name, &bytes, Expected::Any)
            .await
            .expect("a document");
    }
    let request = idempotency::Request {
        key_hash: [number; 32],
        content_hash: [number; 32],
    };
    idempotency::keep(tx, key, who, &request, &bytes, NOW_US)
        .await
        .expect("an answer");
    audit::append(tx, vault, who, &[&bytes])
        .await
        .expect("an entry");
    let today = Zone::utc().date_at(NOW_US);
    let row = DayRow {
        day: today,
        document: &bytes,
        minutes: Some(&bytes),
        methods: 1,
    };
    days::put_rows(tx, key, who, &[row]).await.expect("a day");
    let block = blocks::put(tx, key, who, (today, bytes.as_slice())).await;
    block.expect("a block");
    let insight = StoredInsight {
        id: InsightId::from_uuid(uuid(400 + u128::from(number))),
        kind: "daily".to_owned(),
        day: today,
        source: "rules".to_owned(),
        bytes: bytes.clone(),
        now_us: NOW_US,
        methods: 1,
    };
    insights::put(tx, key, who, &insight)
        .await
        .expect("an insight");
    let goal = (GoalId::from_uuid(uuid(500 + u128::from(number))), NOW_US);
    let made = goals::create(tx, key, who, goal, &bytes, 9).await;
    assert!(made.expect("a goal"));
    let entry = EntryId::from_uuid(uuid(550 + u128::from(number)));
    entries::create(tx, key, who, (entry, entered()), &bytes, 9)
        .await
        .expect("an entry");
    let listed = uploads::list(tx, key, who, None, 9).await.expect("a list");
    let state = UploadState {
        status: UploadStatus::Completed,
        stage: "",
        progress: 1.0,
        accepted: u64::from(number),
        duplicates: 0,
        rejected: 0,
        detail: &bytes,
        dirty_seq: 0,
        now_us: NOW_US,
    };
    let upload = listed.first().expect("the upload");
    uploads::save(tx, key, who, upload.id, &state)
        .await
        .expect("a state");
    folded(tx, key, u128::from(number), &bytes).await;
}

/// Everything that opens for somebody who has only what is theirs: address, password, token, device.
async fn doors(tx: &mut Tx, vault: &Vault, number: u8) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |is: bool, what: &str| {
        if !is {
            wrong.push(what.to_owned());
        }
    };
    let who = user(number);
    for address in [email(ADA), email(BEA)] {
        if let Ok(Some(found)) = people::by_email(tx, vault, &address).await
            && found.password_hash == mark(number)
        {
            check(found.id == who, "my password signs in as somebody else");
            check(found.role == role(number), "my role is another");
        }
    }
    if let Ok(Some(found)) = people::by_id(tx, vault, who).await {
        check(found.role == role(number), "my role is another");
        check(
            found.password_hash == mark(number),
            "another password is mine",
        );
        let access = if number == BEA {
            Access::Disabled
        } else {
            Access::Enabled
        };
        check(found.access == access, "I am let in again");
    }
    // Whoever's row does not open is asked for before anything else.
    let known = people::by_id(tx, vault, who).await;
    let known = known.is_ok_and(|found| found.is_some());
    let session = |of: u8| SessionId::from_uuid(uuid(100 + u128::from(of)));
    for other in [ADA, BEA] {
        let live = sessions::is_live(tx, vault, who, session(other)).await;
        let may = other == number && number != BEA;
        check(
            may || !known || !live.unwrap_or(false),
            "a session is live for somebody else",
        );
    }
    let device = |of: u8| DeviceId::from_uuid(uuid(200 + u128::from(of)));
    for other in [ADA, BEA] {
        let secret = [number; SECRET_BYTES];
        if let Ok(Some(holder)) = devices::holder(tx, vault, device(other), &secret).await {
            check(holder.user == who, "my device sends for somebody else");
        }
    }
    let code = mark(number);
    if let Ok(Some(invited)) = invitations::take(tx, vault, &code, NOW_US).await {
        check(
            invited == device(number),
            "my code gives me the key of somebody else's device",
        );
        check(number != BEA, "my code works again");
    }
    let next = [90 + number; 32];
    let until = NOW_US + 9 * HOUR_US;
    if let Ok(Rotation::Rotated { user, .. }) =
        sessions::rotate(tx, vault, [number; 32], next, NOW_US, until).await
    {
        check(
            !known || (user == who && number != BEA),
            "my token is somebody else's",
        );
    }
    wrong
}

/// What the key of somebody's program opens, and what they let others read, beside what they made.
async fn shared_doors(tx: &mut Tx, vault: &Vault, number: u8) -> Vec<String> {
    let who = user(number);
    let mut wrong = Vec::new();
    let mut check = |is: bool, what: &str| {
        if !is {
            wrong.push(what.to_owned());
        }
    };
    let key = |of: u8| ApiKeyId::from_uuid(uuid(280 + u128::from(of)));
    for other in [ADA, BEA] {
        let secret = [number; api_keys::SECRET_BYTES];
        let found = api_keys::holder(tx, vault, key(other), &secret, NOW_US).await;
        if let Ok(Some(holder)) = found {
            check(holder.user == who, "my key acts for somebody else");
            let is_as_made = (holder.scopes.as_str(), holder.expires_us) == program(number);
            check(is_as_made, "my key was widened or lengthened");
        }
    }
    let other = if number == ADA { BEA } else { ADA };
    for (owner, found) in [
        (number, grants::given(tx, vault, who).await),
        (other, grants::received(tx, vault, who).await),
    ] {
        let reader = if owner == number { other } else { number };
        for grant in found.unwrap_or_default() {
            let ends = (grant.owner, grant.reader) == (user(owner), user(reader));
            check(ends, "a grant is somebody else's");
            let is_as_made = (grant.scopes.as_str(), grant.expires_us) == granted(owner);
            check(is_as_made, "a grant was widened or lengthened");
        }
    }
    wrong
}

async fn all_entered(tx: &mut Tx, key: &PersonKey, who: UserId) -> Vec<Vec<u8>> {
    let kept = Wanted {
        kind: entered().kind,
        metric: None,
        from_us: i64::MIN,
        until_us: i64::MAX,
    };
    let listed = entries::latest(tx, key, who, kept, 9).await;
    let listed = listed.unwrap_or_default().into_iter();
    listed.map(|one| one.bytes).collect()
}

/// Everything that opens with somebody's key, as text.
async fn opened(tx: &mut Tx, vault: &Vault, number: u8) -> String {
    let who = user(number);
    let mut all = Vec::new();
    for other in [ADA, BEA] {
        let id = ErasureId::from_uuid(uuid(300 + u128::from(other)));
        if let Ok(Some(found)) = erasures::get(tx, vault, who, id).await {
            all.push(found.account);
        }
    }
    let Ok(key) = vault.person_key(tx, who).await else {
        return texts(&all);
    };
    for name in DocName::ALL {
        let found = docs::get(tx, &key, who, name).await;
        all.extend(found.ok().flatten().map(|doc| doc.bytes));
    }
    let listed = sessions::list(tx, &key, who).await.unwrap_or_default();
    all.extend(listed.into_iter().map(|one| one.label.into_bytes()));
    let listed = devices::list(tx, &key, who).await.unwrap_or_default();
    all.extend(listed.into_iter().map(|one| one.name.into_bytes()));
    let listed = api_keys::list(tx, &key, who).await.unwrap_or_default();
    all.extend(listed.into_iter().map(|one| one.name.into_bytes()));
    let given = grants::given(tx, vault, who).await.unwrap_or_default();
    let words = given.iter().filter_map(|one| one.words(&key).ok());
    all.extend(words);
    let listed = uploads::list(tx, &key, who, None, 9).await;
    all.extend(listed.unwrap_or_default().into_iter().map(|one| one.detail));
    for other in [ADA, BEA] {
        let request = idempotency::Request {
            key_hash: [other; 32],
            content_hash: [other; 32],
        };
        if let Ok(idempotency::Known::Answered(bytes)) =
            idempotency::find(tx, &key, who, &request).await
        {
            all.push(bytes);
        }
        let id = InsightId::from_uuid(uuid(400 + u128::from(other)));
        let found = insights::by_id(tx, &key, who, id).await;
        all.extend(found.ok().flatten().map(|one| one.bytes));
    }
    all.extend(all_entered(tx, &key, who).await);
    let listed = goals::list(tx, &key, who).await.unwrap_or_default();
    all.extend(listed.into_iter().map(|one| one.bytes));
    let listed = audit::page(tx, &key, who, None, 9).await;
    all.extend(listed.unwrap_or_default().into_iter().map(|one| one.bytes));
    let today = Zone::utc().date_at(NOW_US);
    let tomorrow = today.tomorrow().expect("a date");
    for found in [
        days::get(tx, &key, who, today, tomorrow).await,
        days::minutes(tx, &key, who, today, tomorrow).await,
        blocks::get(tx, &key, who, today, tomorrow).await,
    ] {
        all.extend(
            found
                .unwrap_or_default()
                .into_iter()
                .map(|(_, bytes)| bytes),
        );
    }
    let measured = samples::readable_in(tx, &key, who, METRIC, EVER).await;
    let measured = measured.map(|read| read.samples).unwrap_or_default();
    all.extend(
        measured
            .iter()
            .map(|one| format!("value {}", one.value).into_bytes()),
    );
    texts(&all)
}

fn texts(all: &[Vec<u8>]) -> String {
    let all = all
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    all.collect::<Vec<_>>().join("\n")
}

/// The rows of a person in a table.
fn owned(table: &str, number: u8) -> String {
    match table {
        "persons" => format!("no = {number}"),
        "session_tokens" => {
            format!("session IN (SELECT id FROM sessions WHERE person = {number})")
        }
        "invitations" => format!("device IN (SELECT id FROM devices WHERE person = {number})"),
        "jobs" | "erasures" => format!("user_id = (SELECT id FROM persons WHERE no = {number})"),
        _ => format!("person = {number}"),
    }
}

/// Swaps a column between a row of each, without a moment in which both are the same. False where the database
/// itself refuses.
async fn swap(tx: &mut Tx, table: &str, column: &str) -> bool {
    let Tx::Sqlite(transaction) = tx else {
        unreachable!("a file");
    };
    let row = |number| {
        format!(
            "SELECT MIN(rowid) FROM {table} WHERE {}",
            owned(table, number)
        )
    };
    let statements = [
        "DROP TABLE IF EXISTS temp.swapped".to_owned(),
        format!(
            "CREATE TEMP TABLE swapped AS
             SELECT a.rowid AS a, b.rowid AS b, a.{column} AS of_a, b.{column} AS of_b
             FROM {table} a, {table} b WHERE a.rowid = ({}) AND b.rowid = ({})",
            row(ADA),
            row(BEA)
        ),
        format!(
            "UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'integer' THEN -987654
             WHEN 'text' THEN 'elsewhere' ELSE randomblob(16) END
             WHERE rowid = (SELECT a FROM temp.swapped)"
        ),
        format!(
            "UPDATE {table} SET {column} = (SELECT of_a FROM temp.swapped)
             WHERE rowid = (SELECT b FROM temp.swapped)"
        ),
        format!(
            "UPDATE {table} SET {column} = (SELECT of_b FROM temp.swapped)
             WHERE rowid = (SELECT a FROM temp.swapped)"
        ),
    ];
    for statement in statements {
        let text = AssertSqlSafe(statement);
        if sqlx::query(text).execute(&mut **transaction).await.is_err() {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn no_swapped_column_opens_what_is_somebody_elses() {
    let house = House::open(&Target::SqliteTemporary).await;
    fill(&house, ADA).await;
    fill(&house, BEA).await;
    let mut tx = house.write().await;
    let disabled = people::set_access(&mut tx, &house.vault, user(BEA), Access::Disabled).await;
    assert!(disabled.expect("a write"));
    tx.commit().await.expect("a commit");
    let mut tx = house.write().await;
    for number in [ADA, BEA] {
        let mut found = doors(&mut tx, &house.vault, number).await;
        found.extend(shared_doors(&mut tx, &house.vault, number).await);
        assert!(found.is_empty(), "before anything is swapped: {found:?}");
        let text = opened(&mut tx, &house.vault, number).await;
        assert!(text.matches(&mark(number)).count() > 9, "{text}");
    }
    tx.rollback().await.expect("undone");
    let (mut wrong, mut swapped) = (Vec::new(), 0);
    for (table, columns) in copy::tables() {
        if matches!(table, "meta" | "counters") {
            continue;
        }
        for column in columns {
            let mut tx = house.write().await;
            execute(&mut tx, "PRAGMA defer_foreign_keys = ON").await;
            if swap(&mut tx, table, column).await {
                swapped += 1;
                for (number, other) in [(ADA, BEA), (BEA, ADA)] {
                    let text = opened(&mut tx, &house.vault, number).await;
                    if text.contains(&mark(other))
                        || text.contains(&format!("value {}", value(other)))
                    {
                        wrong.push(format!(
                            "{table}.{column}: {number} reads what is {other}'s"
                        ));
                    }
                    let mut found = shared_doors(&mut tx, &house.vault, number).await;
                    found.extend(doors(&mut tx, &house.vault, number).await);
                    for what in found {
                        wrong.push(format!("{table}.{column}: {number}: {what}"));
                    }
                }
            }
            tx.rollback().await.expect("undone");
        }
    }
    assert!(swapped > 80, "only {swapped} columns could be swapped");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rows_that_somebody_else_made_are_refused() {
    on_both(|house| async move {
        fill(&house, ADA).await;
        let forged = "UPDATE persons SET role = 'admin'";
        let copied = "UPDATE persons SET password_hash = 'x'";
        let revived = "UPDATE sessions SET expires_us = expires_us + 1000000";
        for statement in [forged, copied] {
            let mut tx = house.write().await;
            execute(&mut tx, statement).await;
            let found = people::by_email(&mut tx, &house.vault, &email(ADA)).await;
            assert!(found.is_err(), "{statement}");
            tx.rollback().await.expect("undone");
        }
        let mut tx = house.write().await;
        execute(&mut tx, revived).await;
        let session = SessionId::from_uuid(uuid(101));
        let live = sessions::is_live(&mut tx, &house.vault, user(ADA), session).await;
        assert!(!live.expect("a read"));
        tx.rollback().await.expect("undone");
        let mut tx = house.write().await;
        let given = people::set_role(&mut tx, &house.vault, user(ADA), "admin").await;
        assert!(given.expect("a write"));
        let found = people::by_id(&mut tx, &house.vault, user(ADA)).await;
        assert_eq!(found.expect("a read").expect("a person").role, "admin");
    });
}

#[test]
fn what_is_not_bound_is_not_bound_at_the_next_start() {
    on_both(|house| async move {
        fill(&house, ADA).await;
        let unbind = [
            "UPDATE persons SET bound = NULL",
            "UPDATE sessions SET bound = NULL",
            "UPDATE session_tokens SET bound = NULL",
        ];
        let mut tx = house.write().await;
        for statement in unbind {
            execute(&mut tx, statement).await;
        }
        tx.commit().await.expect("a commit");
        // A database of this version: what is not bound now was made by somebody else.
        let vault = Vault::open(&house.store, &house.key_file())
            .await
            .expect("the key is right");
        let mut tx = house.read().await;
        assert!(
            people::by_email(&mut tx, &vault, &email(ADA))
                .await
                .is_err()
        );
    });
}
