//! Facts for the tests of texts.

use analysis::daily::facts::{Baseline, Fact, Part, Query, Statement};
use jiff::civil::date;

use crate::insights::cite::CitedFact;

/// A fact of a day with a usual range (10th percentile, median, 90th percentile).
pub(crate) fn fact(
    id: &'static str,
    statement: Statement,
    value: f64,
    usual: [f64; 3],
    z: f64,
) -> CitedFact {
    let [low, median, high] = usual;
    let day = date(2026, 5, 4);
    let query = Query {
        part: Part::Cardio,
        members: &["value"],
        from: day,
        until: date(2026, 5, 5),
    };
    CitedFact::from(&Fact {
        id: id.into(),
        metric: id.into(),
        statement,
        date: day,
        value: Some(value),
        unit: "1".into(),
        n: 12,
        coverage: None,
        reason: None,
        baseline: Some(Baseline {
            median,
            low,
            high,
            mad: 1.0,
            n: 28,
            from: date(2026, 4, 6),
            until: day,
            query,
        }),
        baseline_reason: None,
        difference: Some(value - median),
        difference_percent: None,
        robust_z: Some(z),
        method: "m".into(),
        source: None,
        version: 1,
        query,
    })
}
