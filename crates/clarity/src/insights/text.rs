//! The English templates of the daily insight, one per fact, and how numbers are written in them.
//!
//! A template only places numbers of its fact; it must never compute one.

use analysis::daily::facts::{Fact, Statement};

/// Sentences of one insight: what a person reads in half a minute.
const SENTENCES_MAX: usize = 5;
/// Robust standard deviations from which a value stands out.
const STANDS_OUT_Z: f64 = 2.0;
/// Robust standard deviations below which a value is close to the usual one.
const CLOSE_Z: f64 = 0.5;

/// What a fact is called and how its sentence begins.
struct Wording {
    id: &'static str,
    name: &'static str,
    begin: &'static str,
    unit: &'static str,
    decimals: usize,
}

const fn wording(
    id: &'static str,
    name: &'static str,
    begin: &'static str,
    unit: &'static str,
    decimals: usize,
) -> Wording {
    Wording {
        id,
        name,
        begin,
        unit,
        decimals,
    }
}

/// The wordings, in the order in which they are preferred when nothing stands out.
const WORDINGS: &[Wording] = &[
    wording("sleep_duration", "Sleep", "You slept", "", 0),
    wording("steps", "Steps", "You took", "steps", 0),
    wording(
        "resting_heart_rate",
        "Resting heart rate",
        "Your resting heart rate was",
        "beats per minute",
        0,
    ),
    wording(
        "hrv_sdnn_asleep",
        "Heart rate variability",
        "Your heart rate variability asleep (SDNN) was",
        "ms",
        0,
    ),
    wording(
        "active_energy",
        "Active energy",
        "You burned",
        "active kilocalories",
        0,
    ),
    wording("exercise", "Exercise", "You exercised for", "", 0),
    wording("bedtime", "Bedtime", "You fell asleep at", "", 0),
    wording(
        "deep_sleep",
        "Deep sleep",
        "Your watch counted deep sleep of",
        "",
        0,
    ),
    wording(
        "rem_sleep",
        "REM sleep",
        "Your watch counted REM sleep of",
        "",
        0,
    ),
    wording(
        "respiratory_rate",
        "Breathing",
        "You breathed asleep at",
        "breaths per minute",
        1,
    ),
    wording(
        "oxygen_saturation",
        "Blood oxygen",
        "Your mean blood oxygen was",
        "%",
        1,
    ),
    wording(
        "hrv_sdnn",
        "Heart rate variability",
        "Your heart rate variability (SDNN) was",
        "ms",
        0,
    ),
    wording(
        "hrv_rmssd",
        "Heart rate variability",
        "Your heart rate variability (RMSSD) was",
        "ms",
        0,
    ),
    wording(
        "nocturnal_heart_rate",
        "Heart rate at night",
        "Your mean heart rate asleep was",
        "beats per minute",
        0,
    ),
    wording("body_mass", "Weight", "You weighed", "kg", 1),
];

fn wording_of(fact: &Fact) -> Option<&'static Wording> {
    WORDINGS.iter().find(|wording| wording.id == fact.id)
}

/// How unusual a fact is; nothing for one without value or baseline.
fn unusual(fact: &Fact) -> f64 {
    fact.value.and(fact.robust_z).map_or(0.0, f64::abs)
}

/// The facts to tell: those that stand out first, then the usual order.
pub(crate) fn choose(facts: &[Fact]) -> Vec<&Fact> {
    let place = |fact: &Fact| WORDINGS.iter().position(|wording| wording.id == fact.id);
    let mut chosen: Vec<(usize, &Fact)> = facts
        .iter()
        .filter(|fact| fact.value.is_some())
        .filter_map(|fact| Some((place(fact)?, fact)))
        .collect();
    chosen.sort_by(|a, b| {
        let stands_out = |fact: &Fact| unusual(fact) >= STANDS_OUT_Z;
        let by_unusual = unusual(b.1).total_cmp(&unusual(a.1));
        match (stands_out(a.1), stands_out(b.1)) {
            (true, true) => by_unusual,
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
            (false, false) => a.0.cmp(&b.0),
        }
    });
    chosen.truncate(SENTENCES_MAX);
    chosen.into_iter().map(|(_, fact)| fact).collect()
}

/// The headline of the chosen facts.
pub(crate) fn title(chosen: &[&Fact]) -> String {
    let first = chosen.first().filter(|fact| unusual(fact) >= STANDS_OUT_Z);
    match first.and_then(|fact| wording_of(fact)) {
        Some(wording) => format!("{}: different from your usual", wording.name),
        None if chosen.iter().any(|fact| fact.baseline.is_some()) => {
            "A day like your others".to_owned()
        }
        None => "Your day in numbers".to_owned(),
    }
}

/// The sentence of a fact; `None` without a value or a template.
pub(crate) fn sentence(fact: &Fact) -> Option<String> {
    let wording = wording_of(fact)?;
    let value = write(fact, fact.value?)?;
    let unit = if wording.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", wording.unit)
    };
    let begin = format!("{} {value}{unit}", wording.begin);
    let (Some(baseline), Some(difference)) = (&fact.baseline, fact.difference) else {
        return Some(format!("{begin}."));
    };
    let usual = write(fact, baseline.median)?;
    if usual == value {
        return Some(format!("{begin}, as usual."));
    }
    if fact.robust_z.is_some_and(|z| z.abs() < CLOSE_Z) {
        return Some(format!("{begin}, close to your usual {usual}."));
    }
    let direction = match (fact.statement, difference > 0.0) {
        (Statement::ClockTime, true) => "later than",
        (Statement::ClockTime, false) => "earlier than",
        (_, true) => "more than",
        (_, false) => "less than",
    };
    Some(format!("{begin}, {direction} your usual {usual}."))
}

/// A number of a fact as text; `None` for one that is not finite.
pub(crate) fn write(fact: &Fact, value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let decimals = wording_of(fact).map_or(1, |wording| wording.decimals);
    Some(match fact.statement {
        Statement::Duration | Statement::Regularity => duration(value),
        Statement::ClockTime => clock(value),
        Statement::Total | Statement::Level => grouped(value, decimals),
    })
}

fn whole(value: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded, and far below the range"
    )]
    let whole = value.round() as i64;
    whole
}

fn duration(minutes: f64) -> String {
    let minutes = whole(minutes);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn clock(minutes: f64) -> String {
    let minutes = whole(minutes).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A number with thousands apart.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (number, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = number
        .strip_prefix('-')
        .map_or(("", number), |digits| ("-", digits));
    let mut out = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(grouped(1_234_567.0, 0), "1,234,567");
        assert_eq!(grouped(-999.95, 1), "-1,000.0");
        assert_eq!(grouped(12.0, 0), "12");
        assert_eq!(duration(432.4), "7 h 12 min");
        assert_eq!(duration(59.6), "1 h");
        assert_eq!(clock(-30.0), "23:30");
        assert_eq!(clock(1439.7), "00:00");
    }
}
