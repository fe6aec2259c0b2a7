//! One answer per instant from overlapping claims: the best claim holds each instant it covers.
//!
//! It must never hold an instant that no claim covers.

use std::collections::BTreeSet;

use model::zone::Span;

/// An interval that somebody claims; a smaller priority is better.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<P> {
    /// When.
    pub(super) span: Span,
    /// How good the claim is.
    pub(super) priority: P,
}

/// An interval and the index of the claim that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// When.
    pub(super) span: Span,
    /// Index of the claim.
    pub(super) claim: usize,
}

/// Splits time so that each instant is held by the best of the claims that cover it. The answer is
/// in order of time and does not overlap. Takes n log n steps however the claims overlap.
pub(super) fn resolve<P: Ord + Copy>(claims: &[Claim<P>]) -> Vec<Held> {
    let mut events: Vec<(i64, bool, usize)> = Vec::with_capacity(claims.len() * 2);
    for (index, claim) in claims.iter().enumerate() {
        if claim.span.start_us < claim.span.end_us {
            events.push((claim.span.start_us, true, index));
            events.push((claim.span.end_us, false, index));
        }
    }
    events.sort_unstable();
    let mut active: BTreeSet<(P, usize)> = BTreeSet::new();
    let mut held: Vec<Held> = Vec::new();
    let mut reached_us = i64::MIN;
    for (at_us, begins, index) in events {
        if at_us > reached_us {
            if let Some((_, best)) = active.first() {
                push(&mut held, reached_us, at_us, *best);
            }
            reached_us = at_us;
        }
        let Some(claim) = claims.get(index) else {
            continue;
        };
        if begins {
            active.insert((claim.priority, index));
        } else {
            active.remove(&(claim.priority, index));
        }
    }
    held
}

fn push(held: &mut Vec<Held>, start_us: i64, end_us: i64, claim: usize) {
    match held.last_mut() {
        Some(last) if last.claim == claim && last.span.end_us == start_us => {
            last.span.end_us = end_us;
        }
        Some(_) | None => held.push(Held {
            span: Span { start_us, end_us },
            claim,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_claim_holds_each_instant() {
        let claim = |start_us, end_us, priority: u8| Claim {
            span: Span { start_us, end_us },
            priority,
        };
        let held = resolve(&[
            claim(0, 10, 1),
            claim(3, 5, 0),
            claim(9, 12, 2),
            claim(4, 4, 0),
        ]);
        let held: Vec<_> = held
            .iter()
            .map(|part| (part.span.start_us, part.span.end_us, part.claim))
            .collect();
        assert_eq!(held, [(0, 3, 0), (3, 5, 1), (5, 10, 0), (10, 12, 2)]);
    }
}
