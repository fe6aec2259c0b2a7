//! Merging, reading and counting samples.

use model::metric::MetricNo;
use model::sample::{DAY_US, HOUR_US, MINUTE_US};
use model::zone::Span;
use store::samples;

use crate::fixture::{NOW_US, on_both, sample};

const METRIC: MetricNo = MetricNo(20_001);

#[test]
fn the_same_samples_twice_change_nothing() {
    on_both(|house| async move {
        let user = house.person(1).await;
        let upload = house.upload(user, None).await;
        let day = NOW_US.div_euclid(DAY_US) * DAY_US;
        let samples: Vec<_> = (0..3_000)
            .map(|at| sample(day + at * HOUR_US, day + at * HOUR_US + MINUTE_US, 1.5))
            .collect();
        let merged = house.merge(user, upload, METRIC, &samples).await;
        assert_eq!(merged.total().added, 3_000);
        assert_eq!(merged.changed.hours().len(), 3_000);
        let again = house.merge(user, upload, METRIC, &samples).await;
        assert_eq!(again.total().duplicates, 3_000);
        assert!(again.changed.is_empty());
        assert_eq!(house.all(user, METRIC).await, samples);
        let key = house.key(user).await;
        let mut tx = house.read().await;
        let span = Span {
            start_us: day + HOUR_US,
            end_us: day + 3 * HOUR_US,
        };
        let some = samples::starting_in(&mut tx, &key, user, METRIC, span)
            .await
            .expect("a read");
        assert_eq!(some, samples[1..3]);
        let held = samples::held(&mut tx, user).await.expect("a read");
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].samples, 3_000);
    });
}
