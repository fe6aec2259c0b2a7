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
        1,
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
        1,
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

/// Facts of which the second says nearly what the first does: it is said only where the first has no value.
const SAME: [(&str, &str); 1] = [("hrv_sdnn_asleep", "hrv_sdnn")];

/// The facts to tell: those that stand out first, then the usual order.
pub(crate) fn choose(facts: &[Fact]) -> Vec<&Fact> {
    let place = |fact: &Fact| WORDINGS.iter().position(|wording| wording.id == fact.id);
    let is_known = |id: &str| {
        facts
            .iter()
            .any(|fact| fact.id == id && fact.value.is_some())
    };
    let is_said = |fact: &Fact| {
        SAME.iter()
            .any(|(first, id)| fact.id == *id && is_known(first))
    };
    let mut chosen: Vec<(usize, &Fact)> = facts
        .iter()
        .filter(|fact| fact.value.is_some() && !is_said(fact))
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
        None if chosen.iter().any(|fact| fact.baseline.is_some()) => "Nothing stood out".to_owned(),
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
        (Statement::Level, true) => "higher than",
        (Statement::Level, false) => "lower than",
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
    use analysis::daily::facts::{Baseline, Part, Query};
    use jiff::civil::date;

    use super::*;

    fn fact(id: &'static str, statement: Statement, value: f64, median: f64, z: f64) -> Fact {
        let day = date(2026, 5, 4);
        let query = Query {
            part: Part::Cardio,
            members: &["value"],
            from: day,
            until: date(2026, 5, 5),
        };
        Fact {
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
        }
    }

    #[test]
    fn a_headline_never_says_more_than_its_sentences() {
        let less = fact("sleep_duration", Statement::Duration, 411.0, 457.0, -1.4);
        let rate = fact("resting_heart_rate", Statement::Level, 61.5, 52.4, 1.9);
        assert_eq!(title(&[&less, &rate]), "Nothing stood out");
        assert_eq!(
            sentence(&less).as_deref(),
            Some("You slept 6 h 51 min, less than your usual 7 h 37 min.")
        );
        assert_eq!(
            sentence(&rate).as_deref(),
            Some("Your resting heart rate was 61.5 beats per minute, higher than your usual 52.4.")
        );
        let far = fact("resting_heart_rate", Statement::Level, 61.5, 52.4, 4.0);
        assert_eq!(
            title(&[&far]),
            "Resting heart rate: different from your usual"
        );
    }

    #[test]
    fn two_facts_that_say_the_same_are_told_once() {
        let asleep = fact("hrv_sdnn_asleep", Statement::Level, 43.0, 45.0, -0.6);
        let day = fact("hrv_sdnn", Statement::Level, 34.0, 36.0, -0.6);
        let ids = |facts: &[Fact]| -> Vec<String> {
            choose(facts)
                .iter()
                .map(|fact| fact.id.to_string())
                .collect()
        };
        assert_eq!(ids(&[day.clone(), asleep.clone()]), ["hrv_sdnn_asleep"]);
        let unknown = Fact {
            value: None,
            ..asleep
        };
        assert_eq!(ids(&[day, unknown]), ["hrv_sdnn"]);
    }

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
