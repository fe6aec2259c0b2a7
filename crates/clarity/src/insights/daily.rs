//! The daily insight: which facts it contains, and how each is compared with what is usual.
//!
//! A sentence only places numbers of its fact; it must never compute one.

use std::cmp::Ordering;

use analysis::daily::facts::{Statement, side};

use crate::insights::cite::CitedFact;
use crate::insights::language::Writing;
use crate::insights::words::{Given, say};
use crate::insights::written::Quantity;

/// Sentences of one insight: what a person reads in half a minute.
const SENTENCES_MAX: usize = 5;
/// Robust standard deviations from which a value stands out.
const STANDS_OUT_Z: f64 = 2.0;

/// What texts know of a fact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wording {
    /// The fact.
    pub(crate) id: &'static str,
    /// What its numbers are.
    pub(crate) quantity: Quantity,
    /// A smaller difference is a trifle, however steady the days before were.
    pub(crate) least: f64,
}

const fn wording(id: &'static str, quantity: Quantity, least: f64) -> Wording {
    Wording {
        id,
        quantity,
        least,
    }
}

/// The wordings, in the order in which they are preferred when nothing stands out.
pub(crate) const WORDINGS: &[Wording] = &[
    wording("sleep_duration", Quantity::Duration, 15.0),
    wording("steps", Quantity::Steps, 500.0),
    wording("resting_heart_rate", Quantity::Rate, 1.0),
    wording("hrv_sdnn_asleep", Quantity::Milliseconds, 3.0),
    wording("active_energy", Quantity::Energy, 50.0),
    wording("exercise", Quantity::Duration, 5.0),
    wording("bedtime", Quantity::Clock, 15.0),
    wording("deep_sleep", Quantity::Duration, 10.0),
    wording("rem_sleep", Quantity::Duration, 10.0),
    wording("respiratory_rate", Quantity::Breaths, 0.5),
    wording("oxygen_saturation", Quantity::Percent, 0.5),
    wording("hrv_sdnn", Quantity::Milliseconds, 3.0),
    wording("hrv_rmssd", Quantity::Milliseconds, 3.0),
    wording("nocturnal_heart_rate", Quantity::Rate, 1.0),
    wording("body_mass", Quantity::Mass, 0.5),
];

/// Facts of which the second says nearly what the first does: it is said only where the first has no value.
pub(crate) const SAME: [(&str, &str); 1] = [("hrv_sdnn_asleep", "hrv_sdnn")];

/// The wording of a fact.
pub(crate) fn wording_of(id: &str) -> Option<&'static Wording> {
    WORDINGS.iter().find(|wording| wording.id == id)
}

/// What is usual, where it is a range; it is a single value in texts of early versions.
fn usual(fact: &CitedFact) -> Option<[f64; 3]> {
    let usual = fact.baseline.as_ref()?;
    Some([usual.low?, usual.median, usual.high?])
}

/// On which side of the usual range a fact lies, as it reads: what reads like an end of the range is within it.
pub(crate) fn side_of(writing: Writing, fact: &CitedFact) -> Option<Ordering> {
    let (value, usual) = (fact.value?, usual(fact)?);
    let quantity = wording_of(&fact.id)?.quantity;
    let reads = quantity.bare(writing, value)?;
    let [low, _, high] = usual;
    let is_end = [low, high]
        .into_iter()
        .any(|end| quantity.bare(writing, end).as_deref() == Some(reads.as_str()));
    Some(if is_end {
        Ordering::Equal
    } else {
        side(fact.statement, value, usual)
    })
}

/// How far out a fact stands, in robust standard deviations: nothing within the usual range, for a trifle, and without
/// a baseline. Where the days before are all the same there is no deviation to count in, and what differs stands out.
fn stands_out(writing: Writing, fact: &CitedFact) -> Option<f64> {
    side_of(writing, fact).filter(|side| side.is_ne())?;
    let far = fact.difference?.abs() >= wording_of(&fact.id)?.least;
    let z = fact.robust_z.map_or(STANDS_OUT_Z, f64::abs);
    (far && z >= STANDS_OUT_Z).then_some(z)
}

/// The facts to tell: those that stand out first, then the usual order.
pub(crate) fn choose(writing: Writing, facts: &[CitedFact]) -> Vec<&CitedFact> {
    let place = |fact: &CitedFact| WORDINGS.iter().position(|wording| wording.id == fact.id);
    let is_known = |id: &str| {
        let mut facts = facts.iter();
        facts.any(|fact| fact.id == id && fact.value.is_some())
    };
    let is_said = |fact: &CitedFact| {
        let mut same = SAME.iter();
        same.any(|(first, id)| fact.id == *id && is_known(first))
    };
    let mut chosen: Vec<(usize, &CitedFact)> = facts
        .iter()
        .filter(|fact| fact.value.is_some() && !is_said(fact))
        .filter_map(|fact| Some((place(fact)?, fact)))
        .collect();
    let out = |fact| stands_out(writing, fact);
    chosen.sort_by(|a, b| match (out(a.1), out(b.1)) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.0.cmp(&b.0),
    });
    chosen.truncate(SENTENCES_MAX);
    chosen.into_iter().map(|(_, fact)| fact).collect()
}

/// The headline of the chosen facts.
pub(crate) fn title(writing: Writing, chosen: &[&CitedFact]) -> Option<String> {
    let first = chosen
        .first()
        .filter(|fact| stands_out(writing, fact).is_some());
    let direction = first.and_then(|fact| {
        let direction = direction(fact.statement, side_of(writing, fact)?)?;
        Some((fact, direction))
    });
    let language = writing.language;
    let Some((fact, direction)) = direction else {
        let is_compared = chosen.iter().any(|fact| fact.baseline.is_some());
        let id = if is_compared {
            "title-none"
        } else {
            "title-numbers"
        };
        return say(language, id, &[]);
    };
    let name = say(language, &format!("name-{}", fact.id), &[])?;
    let given = [("name", Given::Text(&name))];
    say(language, &format!("title-{direction}"), &given)
}

/// The sentence of a fact; `None` without a value or a template.
pub(crate) fn sentence(writing: Writing, fact: &CitedFact) -> Option<String> {
    let quantity = wording_of(&fact.id)?.quantity;
    let value = fact.value?;
    let (written, compared) = (quantity.full(writing, value)?, compared(writing, fact)?);
    let given = [
        ("value", Given::Text(&written)),
        ("count", quantity.count(writing.units, value)),
        ("compared", Given::Text(&compared)),
    ];
    say(writing.language, &format!("daily-{}", fact.id), &given)
}

/// How a sentence goes on after the value: beside what is usual, where that is known.
fn compared(writing: Writing, fact: &CitedFact) -> Option<String> {
    let (Some([low, _, high]), Some(side)) = (usual(fact), side_of(writing, fact)) else {
        return say(writing.language, "usual-none", &[]);
    };
    let quantity = wording_of(&fact.id)?.quantity;
    let is_one = quantity.bare(writing, low) == quantity.bare(writing, high);
    let id = match direction(fact.statement, side) {
        None if is_one => "usual-same".to_owned(),
        None => "usual-within".to_owned(),
        Some(direction) if stands_out(writing, fact).is_some() => format!("usual-{direction}"),
        Some(direction) => format!("usual-little-{direction}"),
    };
    let usual = quantity.range(writing, low, high)?;
    say(writing.language, &id, &[("usual", Given::Text(&usual))])
}

/// How a value on a side of what it is compared with is called; nothing where it is on neither.
pub(crate) fn direction(statement: Statement, side: Ordering) -> Option<&'static str> {
    Some(match (statement, side) {
        (_, Ordering::Equal) => return None,
        (Statement::ClockTime, Ordering::Greater) => "later",
        (Statement::ClockTime, Ordering::Less) => "earlier",
        (Statement::Level, Ordering::Greater) => "higher",
        (Statement::Level, Ordering::Less) => "lower",
        (_, Ordering::Greater) => "more",
        (_, Ordering::Less) => "less",
    })
}

#[cfg(test)]
mod tests {
    use crate::insights::examples::fact;
    use crate::insights::language::Language;

    use super::*;

    const ENGLISH: Writing = Writing {
        language: Language::En,
        units: crate::person::profile::Units::Metric,
    };
    const RATE: [f64; 3] = [51.9, 52.4, 53.0];

    #[test]
    fn a_headline_never_says_more_or_less_than_its_sentences() {
        let check = |fact: &CitedFact, headline: &str, text: &str| {
            assert_eq!(title(ENGLISH, &[fact]).as_deref(), Some(headline), "{text}");
            assert_eq!(sentence(ENGLISH, fact).as_deref(), Some(text));
        };
        let slept = |minutes, z| {
            let usual = [391.0, 457.0, 554.0];
            fact("sleep_duration", Statement::Duration, minutes, usual, z)
        };
        check(
            &slept(411.0, -1.4),
            "Nothing stood out",
            "You slept 6 h 51 min, within your usual 6 h 31 min to 9 h 14 min.",
        );
        check(
            &slept(380.0, -1.9),
            "Nothing stood out",
            "You slept 6 h 20 min, a little less than your usual 6 h 31 min to 9 h 14 min.",
        );
        check(
            &slept(290.0, -4.0),
            "Sleep less than your usual",
            "You slept 4 h 50 min, less than your usual 6 h 31 min to 9 h 14 min.",
        );
        let rate = |value, z| fact("resting_heart_rate", Statement::Level, value, RATE, z);
        check(
            &rate(61.5, 9.0),
            "Resting heart rate higher than your usual",
            "Your resting heart rate was 61.5 beats per minute, higher than your usual 51.9 to 53.0.",
        );
        // Steady days before make no news of a trifle.
        check(
            &rate(53.3, 3.0),
            "Nothing stood out",
            "Your resting heart rate was 53.3 beats per minute, a little higher than your usual 51.9 to 53.0.",
        );
        // What reads like an end of the range lies within it.
        check(
            &rate(53.04, 2.1),
            "Nothing stood out",
            "Your resting heart rate was 53.0 beats per minute, within your usual 51.9 to 53.0.",
        );
    }

    #[test]
    fn days_that_are_all_the_same_are_one_value() {
        let mut none = fact("exercise", Statement::Duration, 45.0, [0.0; 3], 0.0);
        none.robust_z = None;
        assert_eq!(
            title(ENGLISH, &[&none]).as_deref(),
            Some("Exercise more than your usual")
        );
        assert_eq!(
            sentence(ENGLISH, &none).as_deref(),
            Some("You exercised for 45 min, more than your usual 0 min.")
        );
        let as_ever = fact("exercise", Statement::Duration, 0.2, [0.0; 3], 0.0);
        assert_eq!(
            sentence(ENGLISH, &as_ever).as_deref(),
            Some("You exercised for 0 min, as usual.")
        );
    }

    #[test]
    fn clock_times_lie_on_the_side_that_the_clock_goes() {
        let usual = [1380.0, 1420.0, 20.0];
        let mut late = fact("bedtime", Statement::ClockTime, 95.0, usual, 4.0);
        late.difference = Some(115.0);
        let check = |language, expect: &str| {
            let writing = Writing {
                language,
                ..ENGLISH
            };
            assert_eq!(sentence(writing, &late).as_deref(), Some(expect));
        };
        check(
            Language::En,
            "You fell asleep at 01:35, later than your usual 23:00 to 00:20.",
        );
        check(
            Language::De,
            "Sie sind um 01:35 Uhr eingeschlafen, später als üblich (23:00 bis 00:20).",
        );
        check(
            Language::Es,
            "Te dormiste a la 01:35, más tarde de lo habitual (de 23:00 a 00:20).",
        );
        check(
            Language::Fr,
            "Votre sommeil a commencé à 01 h 35, plus tard que d'habitude (de 23 h 00 à 00 h 20).",
        );
        check(
            Language::Pt,
            "Você adormeceu à 01h35, mais tarde do que o habitual (de 23h00 a 00h20).",
        );
        check(
            Language::Zh,
            "你在01:35入睡，比平时晚（平时为23:00至00:20）。",
        );
    }

    #[test]
    fn two_facts_that_say_the_same_are_told_once() {
        let asleep = fact(
            "hrv_sdnn_asleep",
            Statement::Level,
            43.0,
            [40.0, 45.0, 50.0],
            -0.6,
        );
        let day = fact("hrv_sdnn", Statement::Level, 34.0, [30.0, 36.0, 40.0], -0.6);
        let ids = |facts: &[CitedFact]| -> Vec<String> {
            let chosen = choose(ENGLISH, facts);
            chosen.iter().map(|fact| fact.id.clone()).collect()
        };
        assert_eq!(ids(&[day.clone(), asleep.clone()]), ["hrv_sdnn_asleep"]);
        let unknown = CitedFact {
            value: None,
            ..asleep
        };
        assert_eq!(ids(&[day, unknown]), ["hrv_sdnn"]);
    }
}
