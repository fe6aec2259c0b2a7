//! Holds a text against the fact it cites: every digit must be part of a number of that fact, written
//! the way numbers are written. This module decides what is shown; it must never change a text.

use analysis::daily::facts::Fact;

use crate::insights::text;

/// Whether every number in the sentence is a number of the fact.
pub(crate) fn is_supported(sentence: &str, fact: &Fact) -> bool {
    let usual = fact.baseline.as_ref();
    let numbers = [
        fact.value,
        usual.map(|baseline| baseline.median),
        usual.map(|baseline| baseline.low),
        usual.map(|baseline| baseline.high),
        fact.difference.map(f64::abs),
    ];
    let mut allowed: Vec<String> = numbers
        .into_iter()
        .flatten()
        .filter_map(|number| text::write(fact, number))
        .collect();
    // Longest first, so that 1,234 is not taken apart into 1 and 234.
    allowed.sort_by_key(|number| std::cmp::Reverse(number.len()));
    let mut rest = sentence.to_owned();
    for number in &allowed {
        rest = remove_whole(&rest, number);
    }
    !rest.chars().any(|c| c.is_ascii_digit())
}

/// Removes occurrences of `number` that are not part of a longer number.
fn remove_whole(text: &str, number: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(number) {
        let (before, from) = rest.split_at(at);
        let after = from.get(number.len()..).unwrap_or_default();
        let continues = |c: char| c.is_ascii_digit();
        let joined_before = before
            .chars()
            .next_back()
            .is_some_and(|c| continues(c) || c == '.' || c == ',');
        let mut next = after.chars();
        let joined_after = match next.next() {
            Some('.' | ',') => next.next().is_some_and(continues),
            Some(c) => continues(c),
            None => false,
        };
        out.push_str(before);
        if joined_before || joined_after {
            out.push_str(number);
        } else {
            out.push(' ');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use analysis::daily::facts::{Part, Query, Statement};
    use jiff::civil::date;

    use super::*;

    fn steps(value: f64) -> Fact {
        Fact {
            id: "steps".into(),
            metric: "step_count".into(),
            statement: Statement::Total,
            date: date(2026, 5, 4),
            value: Some(value),
            unit: "1".into(),
            n: 12,
            coverage: Some(0.5),
            reason: None,
            baseline: None,
            baseline_reason: Some("too_few_valid_days".into()),
            difference: None,
            difference_percent: None,
            robust_z: None,
            method: "merge".into(),
            source: None,
            version: 1,
            query: Query {
                part: Part::Metrics,
                members: &["step_count", "value"],
                from: date(2026, 5, 4),
                until: date(2026, 5, 5),
            },
        }
    }

    #[test]
    fn a_number_that_is_not_in_the_fact_is_found() {
        let fact = steps(8_412.0);
        let check =
            |sentence, expect| assert_eq!(is_supported(sentence, &fact), expect, "{sentence}");
        check("You took 8,412 steps.", true);
        check("You took 8,413 steps.", false);
        check("You took 18,412 steps.", false);
        check("You took 8,412 steps, 20 more.", false);
        check("You took 8,412.5 steps.", false);
        check("You walked.", true);
    }

    #[test]
    fn templates_pass_their_own_check() {
        let fact = steps(8_412.0);
        let sentence = text::sentence(&fact).expect("a template");
        assert_eq!(sentence, "You took 8,412 steps.");
        assert!(is_supported(&sentence, &fact));
    }
}
