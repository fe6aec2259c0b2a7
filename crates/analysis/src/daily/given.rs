//! What samples gave inside an interval: a cumulative sum over time that is asked many times.
//!
//! It must never lose small amounts beside large ones: an instant's slope may be twelve orders of
//! magnitude above that of a day.

use model::zone::Span;

/// An amount spread evenly over a span, or given at its instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contribution {
    span: Span,
    amount: f64,
}

impl Contribution {
    pub(super) const fn new(span: Span, amount: f64) -> Self {
        Self { span, amount }
    }
}

/// The sum of contributions up to any time.
#[derive(Debug)]
pub(super) struct Given {
    steps: Vec<Step>,
}

/// From `at_us` on: what was given until then, that instant included, and how fast it goes on.
#[derive(Debug, Clone, Copy)]
struct Step {
    at_us: i64,
    total: f64,
    per_us: Exact,
}

impl Given {
    pub(super) fn of(contributions: &[Contribution]) -> Self {
        let mut changes: Vec<(i64, f64, f64)> = Vec::with_capacity(2 * contributions.len());
        for Contribution { span, amount } in contributions {
            if span.start_us == span.end_us {
                changes.push((span.start_us, *amount, 0.0));
            } else {
                let per_us = amount / (span.end_us - span.start_us) as f64;
                changes.push((span.start_us, 0.0, per_us));
                changes.push((span.end_us, 0.0, -per_us));
            }
        }
        changes.sort_unstable_by_key(|change| change.0);
        let mut steps: Vec<Step> = Vec::with_capacity(changes.len());
        for (at_us, at_once, faster) in changes {
            let last = steps.last().copied().unwrap_or(Step {
                at_us,
                total: 0.0,
                per_us: Exact::default(),
            });
            let total = last.total + last.per_us.value() * (at_us - last.at_us) as f64;
            steps.push(Step {
                at_us,
                total: total + at_once,
                per_us: last.per_us.plus(faster),
            });
        }
        Self { steps }
    }

    /// What was given in `[start, end)`.
    pub(super) fn inside(&self, span: Span) -> f64 {
        self.before(span.end_us) - self.before(span.start_us)
    }

    fn before(&self, at_us: i64) -> f64 {
        let after = self.steps.partition_point(|step| step.at_us < at_us);
        after
            .checked_sub(1)
            .and_then(|index| self.steps.get(index))
            .map_or(0.0, |step| {
                step.total + step.per_us.value() * (at_us - step.at_us) as f64
            })
    }
}

/// A sum that keeps what rounding takes away (Knuth's two-sum).
#[derive(Debug, Clone, Copy, Default)]
struct Exact {
    high: f64,
    low: f64,
}

impl Exact {
    fn plus(self, term: f64) -> Self {
        let high = self.high + term;
        let of_term = high - self.high;
        let lost = (self.high - (high - of_term)) + (term - of_term);
        Self {
            high,
            low: self.low + lost,
        }
    }

    fn value(self) -> f64 {
        self.high + self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_interval_add_up() {
        let span = |start_us, end_us| Span { start_us, end_us };
        let given = Given::of(&[
            Contribution::new(span(0, 100), 50.0),
            Contribution::new(span(50, 51), 2_000.0),
            Contribution::new(span(70, 70), 3.0),
        ]);
        let check = |from, until, expect: f64| {
            let found = given.inside(span(from, until));
            assert!((found - expect).abs() < 1e-9, "{found} is not {expect}");
        };
        check(0, 100, 2_053.0);
        check(0, 50, 25.0);
        check(60, 70, 5.0);
        check(70, 80, 8.0);
        check(-10, 0, 0.0);
        check(100, 86_400_000_000, 0.0);
    }
}
