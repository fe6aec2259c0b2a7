//! Entries: whose they are, which version is written over, and which days a list reads.

use model::ids::{EntryId, UserId};
use model::metric::MetricNo;
use model::sample::DAY_US;
use store::docs::Expected;
use store::entries::{self, Created, Filed, Wanted};
use store::error::Error;

use crate::fixture::{House, NOW_US, on_both};

const MOST: i64 = 2;
const KIND: &str = "metric";
const WEIGHT: MetricNo = MetricNo(200);

fn filed(days_ago: i64, metric: Option<MetricNo>) -> Filed<'static> {
    Filed {
        kind: KIND,
        metric,
        at_us: NOW_US - days_ago * DAY_US,
    }
}

fn wanted(metric: Option<MetricNo>) -> Wanted<'static> {
    Wanted {
        kind: KIND,
        metric,
        from_us: i64::MIN,
        until_us: i64::MAX,
    }
}

async fn make(house: &House, user: UserId, what: Filed<'_>, bytes: &[u8]) -> (EntryId, Created) {
    let key = house.key(user).await;
    let id = entries::id_of(&key, what.kind, bytes);
    let mut tx = house.write().await;
    let made = entries::create(&mut tx, &key, user, (id, what), bytes, MOST).await;
    tx.commit().await.expect("a commit");
    (id, made.expect("a write"))
}

async fn texts(house: &House, user: UserId, wanted: Wanted<'_>, limit: u32) -> Vec<String> {
    let key = house.key(user).await;
    let mut tx = house.read().await;
    let found = entries::latest(&mut tx, &key, user, wanted, limit).await;
    let found = found.expect("a read").into_iter();
    let mut texts: Vec<String> = found
        .map(|one| String::from_utf8(one.bytes).expect("a text"))
        .collect();
    texts.sort_unstable();
    texts
}

#[test]
fn entries_are_their_owners_and_few_a_day() {
    on_both(|house| async move {
        let (ada, bea) = (house.person(1).await, house.person(2).await);
        let (first, made) = make(&house, ada, filed(0, None), b"a").await;
        assert_eq!(made, Created::Stored);
        let (_, made) = make(&house, ada, filed(0, None), b"b").await;
        assert_eq!(made, Created::Stored);
        let (_, made) = make(&house, ada, filed(0, None), b"c").await;
        assert_eq!(made, Created::Full, "no more than {MOST} a day");
        let (_, made) = make(&house, ada, filed(1, None), b"c").await;
        assert_eq!(made, Created::Stored, "each day has its own");
        let (same, made) = make(&house, bea, filed(0, None), b"a").await;
        assert_eq!(made, Created::Stored, "each person has their own");
        assert_ne!(first, same, "ids of two people have nothing in common");
        let (key, other) = (house.key(ada).await, house.key(bea).await);
        let mut tx = house.write().await;
        let foreign = entries::by_id(&mut tx, &other, bea, KIND, first).await;
        assert_eq!(foreign.expect("a read"), None);
        let kind = entries::by_id(&mut tx, &key, ada, "meal", first).await;
        assert_eq!(kind.expect("a read"), None, "it is no meal");
        let removed = entries::remove(&mut tx, &other, bea, KIND, first).await;
        assert!(!removed.expect("a write"));
        let mut remove = async || entries::remove(&mut tx, &key, ada, KIND, first).await;
        assert!(remove().await.expect("a write"));
        assert!(!remove().await.expect("a write"));
    });
}

#[test]
fn a_list_reads_the_latest_days_and_no_others() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        for (days_ago, metric, bytes) in [
            (0, None, b"a"),
            (3, Some(WEIGHT), b"b"),
            (3, None, b"c"),
            (40, Some(WEIGHT), b"d"),
            (400, None, b"e"),
        ] {
            let (_, made) = make(&house, ada, filed(days_ago, metric), bytes).await;
            assert_eq!(made, Created::Stored);
        }
        let all = wanted(None);
        assert_eq!(texts(&house, ada, all, 1).await, ["a"]);
        assert_eq!(texts(&house, ada, all, 2).await, ["a", "b", "c"]);
        assert_eq!(texts(&house, ada, all, 9).await.len(), 5);
        let weights = wanted(Some(WEIGHT));
        assert_eq!(texts(&house, ada, weights, 1).await, ["b"]);
        assert_eq!(texts(&house, ada, weights, 2).await, ["b", "d"]);
        // What is on the last day comes beside what was asked for, since some of it may have been shown.
        let before = Wanted {
            until_us: NOW_US - 3 * DAY_US + 1,
            ..all
        };
        assert_eq!(texts(&house, ada, before, 1).await, ["b", "c", "d"]);
        let after = Wanted {
            from_us: NOW_US - 40 * DAY_US,
            ..all
        };
        assert_eq!(texts(&house, ada, after, 9).await, ["a", "b", "c", "d"]);
    });
}

#[test]
fn an_entry_moves_and_a_version_that_is_gone_is_not_written_over() {
    on_both(|house| async move {
        let ada = house.person(1).await;
        let (id, _) = make(&house, ada, filed(0, None), b"first").await;
        let key = house.key(ada).await;
        let mut tx = house.write().await;
        let mut put = async |what: Filed<'_>, bytes: &[u8], expected| {
            entries::replace(&mut tx, &key, ada, (id, what), bytes, expected).await
        };
        let moved = filed(30, Some(WEIGHT));
        let second = put(moved, b"second", Expected::Version(1)).await;
        assert_eq!(second.expect("a write"), Some(2));
        let late = put(moved, b"late", Expected::Version(1)).await;
        assert!(
            matches!(late, Err(Error::VersionConflict { current: Some(2) })),
            "{late:?}"
        );
        let meal = Filed {
            kind: "meal",
            ..moved
        };
        assert_eq!(put(meal, b"x", Expected::Any).await.expect("a read"), None);
        tx.commit().await.expect("a commit");
        assert_eq!(
            texts(&house, ada, wanted(Some(WEIGHT)), 9).await,
            ["second"]
        );
    });
}

#[test]
fn everything_of_a_person_comes_once_in_parts() {
    on_both(|house| async move {
        let (ada, bea) = (house.person(1).await, house.person(2).await);
        for text in [b"a", b"b", b"c"] {
            make(&house, ada, filed(i64::from(text[0]), Some(WEIGHT)), text).await;
        }
        make(&house, bea, filed(0, None), b"of another").await;
        let key = house.key(ada).await;
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let mut tx = house.read().await;
            let part = entries::after(&mut tx, &key, ada, after, 2).await;
            let part = part.expect("a read");
            assert!(part.len() <= 2);
            let Some((kind, last)) = part.last() else {
                break;
            };
            assert_eq!(kind, KIND);
            after = Some(last.id);
            found.extend(part.into_iter().map(|(_, entry)| entry.bytes));
        }
        found.sort_unstable();
        assert_eq!(found, [b"a", b"b", b"c"]);
    });
}
