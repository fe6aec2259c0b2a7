//! Holds a text against the facts it cites: every number must be one of theirs within rounding, words of
//! direction must agree with the sign, and no placeholder may be left.
//!
//! Numbers are read from the text as the language writes them, by rules of this file's own, and never by the code that
//! wrote them. This module decides what is shown; it must never change a text.

mod direction;
mod read;

use std::cmp::Ordering;

use crate::insights::language::Language;
use crate::insights::written::Quantity;
use crate::person::profile::Units;

use read::Found;

/// Room for arithmetic in binary, beside that for rounding.
const ROOM: f64 = 1e-6;
/// Minutes of a clock.
const CLOCK_MIN: f64 = 1440.0;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A number or date is of no fact.
    Number,
    /// A word of direction does not agree with the sign, or is missing, or is there without one.
    Direction,
    /// The place of a variable was never filled.
    Placeholder,
}

impl Fault {
    /// Its name in counts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Direction => "directions",
            Self::Placeholder => "placeholders",
        }
    }
}

/// What a text may say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Support {
    numbers: Vec<f64>,
    durations: Vec<f64>,
    clocks: Vec<f64>,
    /// On which side what is compared lies, where something is.
    pub(crate) sides: Vec<Ordering>,
}

impl Support {
    /// Lets a number be said.
    pub(crate) fn add(&mut self, quantity: Quantity, units: Units, value: f64) {
        let list = match quantity {
            Quantity::Duration => &mut self.durations,
            Quantity::Clock => &mut self.clocks,
            Quantity::Steps
            | Quantity::Rate
            | Quantity::Breaths
            | Quantity::Energy
            | Quantity::Milliseconds
            | Quantity::Percent
            | Quantity::Mass => &mut self.numbers,
        };
        list.push(quantity.shown(units, value));
    }

    fn has(&self, found: Found) -> bool {
        match found {
            Found::Number { value, decimals } => {
                let room = 0.5 * 10_f64.powi(-decimals) + ROOM;
                self.numbers
                    .iter()
                    .any(|known| (known - value).abs() <= room)
            }
            Found::Duration(minutes) => {
                let mut known = self.durations.iter();
                known.any(|known| (known - minutes).abs() <= 0.5 + ROOM)
            }
            Found::Clock(minutes) => self.clocks.iter().any(|known| {
                let apart = (known - minutes).rem_euclid(CLOCK_MIN);
                apart.min(CLOCK_MIN - apart) <= 0.5 + ROOM
            }),
        }
    }
}

/// What is wrong with a text, if anything; the first thing that is found.
pub(crate) fn fault(language: Language, text: &str, support: &Support) -> Option<Fault> {
    if text.contains(['{', '}', '$']) {
        return Some(Fault::Placeholder);
    }
    if read::numbers(language, text).any(|found| !support.has(found)) {
        return Some(Fault::Number);
    }
    let said = direction::said(language, text);
    let is_signed = |side: &&Ordering| side.is_ne();
    let meant: Vec<Ordering> = support.sides.iter().filter(is_signed).copied().collect();
    (said != meant).then_some(Fault::Direction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(value: f64) -> Support {
        let mut support = Support::default();
        support.add(Quantity::Steps, Units::Metric, value);
        support
    }

    #[test]
    fn a_number_that_is_not_in_the_fact_is_found() {
        let check = |language, sentence, expect| {
            assert_eq!(
                fault(language, sentence, &steps(8_412.0)),
                expect,
                "{sentence}"
            );
        };
        let wrong = Some(Fault::Number);
        check(Language::En, "You took 8,412 steps.", None);
        check(Language::En, "You took 8,413 steps.", wrong);
        check(Language::En, "You took 18,412 steps.", wrong);
        check(Language::En, "You took 8,412 steps, 20 more.", wrong);
        check(Language::En, "You took 8,412.6 steps.", wrong);
        check(Language::En, "You walked.", None);
        check(Language::De, "Sie sind 8.412 Schritte gegangen.", None);
        check(Language::De, "Sie sind 8,412 Schritte gegangen.", wrong);
        check(Language::Es, "Diste 8412 pasos.", None);
        check(Language::Fr, "Vous avez fait 8\u{202f}412 pas.", None);
        check(Language::Fr, "Vous avez fait 8 412 pas.", wrong);
        check(Language::Pt, "Você deu 8.412 passos.", None);
        check(Language::Zh, "你走了8,412步。", None);
        check(Language::Zh, "你走了8,422步。", wrong);
    }

    #[test]
    fn what_is_left_of_a_template_is_found() {
        for text in [
            "You took { $value }.",
            "Sie sind {value} gegangen.",
            "$count",
        ] {
            assert_eq!(
                fault(Language::En, text, &Support::default()),
                Some(Fault::Placeholder)
            );
        }
    }

    #[test]
    fn a_direction_agrees_with_the_sign() {
        let with = |side| Support {
            sides: vec![side],
            ..Support::default()
        };
        let check = |language, text: &str, side, expect| {
            assert_eq!(fault(language, text, &with(side)), expect, "{text}");
        };
        let wrong = Some(Fault::Direction);
        let (less, equal, more) = (Ordering::Less, Ordering::Equal, Ordering::Greater);
        check(Language::En, "more than your usual", more, None);
        check(Language::En, "more than your usual", less, wrong);
        check(Language::En, "more than your usual", equal, wrong);
        check(Language::En, "within your usual", equal, None);
        check(Language::En, "within your usual", more, wrong);
        check(Language::Es, "más tarde de lo habitual", more, None);
        check(Language::Es, "más temprano de lo habitual", more, wrong);
        check(Language::Zh, "你平均每晚睡，比平时略少", less, None);
        check(Language::Zh, "比平时略多", less, wrong);
    }
}
