//! The English templates of the daily insight, one per fact, and how numbers are written in them.
//!
//! A template only places numbers of its fact; it must never compute one.

use std::cmp::Ordering;

use analysis::daily::facts::{Fact, Statement};

/// Sentences of one insight: what a person reads in half a minute.
const SENTENCES_MAX: usize = 5;
/// Robust standard deviations from which a value stands out.
const STANDS_OUT_Z: f64 = 2.0;

/// What a fact is called and how its sentence begins.
struct Wording {
    id: &'static str,
    name: &'static str,
    begin: &'static str,
    unit: &'static str,
    decimals: usize,
    /// A smaller difference from the median is a trifle, however steady the days before were.
    least: f64,
}

const fn wording(
    id: &'static str,
    name: &'static str,
    begin: &'static str,
    unit: &'static str,
    decimals: usize,
    least: f64,
) -> Wording {
    Wording {
        id,
        name,
        begin,
        unit,
        decimals,
        least,
    }
}

/// The wordings, in the order in which they are preferred when nothing stands out.
#[rustfmt::skip]
const WORDINGS: &[Wording] = &[
    wording("sleep_duration", "Sleep", "You slept", "", 0, 15.0),
    wording("steps", "Steps", "You took", "steps", 0, 500.0),
    wording("resting_heart_rate", "Resting heart rate", "Your resting heart rate was", "beats per minute", 1, 1.0),
    wording("hrv_sdnn_asleep", "Heart rate variability", "Your heart rate variability asleep (SDNN) was", "ms", 0, 3.0),
    wording("active_energy", "Active energy", "You burned", "active kilocalories", 0, 50.0),
    wording("exercise", "Exercise", "You exercised for", "", 0, 5.0),
    wording("bedtime", "Bedtime", "You fell asleep at", "", 0, 15.0),
    wording("deep_sleep", "Deep sleep", "Your watch counted deep sleep of", "", 0, 10.0),
    wording("rem_sleep", "REM sleep", "Your watch counted REM sleep of", "", 0, 10.0),
    wording("respiratory_rate", "Breathing", "You breathed asleep at", "breaths per minute", 1, 0.5),
    wording("oxygen_saturation", "Blood oxygen", "Your mean blood oxygen was", "%", 1, 0.5),
    wording("hrv_sdnn", "Heart rate variability", "Your heart rate variability (SDNN) was", "ms", 0, 3.0),
    wording("hrv_rmssd", "Heart rate variability", "Your heart rate variability (RMSSD) was", "ms", 0, 3.0),
    wording("nocturnal_heart_rate", "Heart rate at night", "Your mean heart rate asleep was", "beats per minute", 1, 1.0),
    wording("body_mass", "Weight", "You weighed", "kg", 1, 0.5),
];

fn wording_of(fact: &Fact) -> Option<&'static Wording> {
    WORDINGS.iter().find(|wording| wording.id == fact.id)
}

/// On which side of the usual range a fact lies, as it reads: what reads like an end of the range is within it.
fn side(fact: &Fact) -> Option<Ordering> {
    let (value, baseline) = (fact.value?, fact.baseline.as_ref()?);
    let reads = write(fact, value)?;
    let is_end = [baseline.low, baseline.high]
        .into_iter()
        .any(|end| write(fact, end).as_deref() == Some(reads.as_str()));
    Some(if is_end {
        Ordering::Equal
    } else {
        baseline.side(fact.statement, value)
    })
}

/// How far out a fact stands, in robust standard deviations: nothing within the usual range, for a trifle, and without
/// a baseline. Where the days before are all the same there is no deviation to count in, and what differs stands out.
fn stands_out(fact: &Fact) -> Option<f64> {
    side(fact).filter(|side| side.is_ne())?;
    let far = fact.difference?.abs() >= wording_of(fact)?.least;
    let z = fact.robust_z.map_or(STANDS_OUT_Z, f64::abs);
    (far && z >= STANDS_OUT_Z).then_some(z)
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
    chosen.sort_by(|a, b| match (stands_out(a.1), stands_out(b.1)) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.0.cmp(&b.0),
    });
    chosen.truncate(SENTENCES_MAX);
    chosen.into_iter().map(|(_, fact)| fact).collect()
}

/// The headline of the chosen facts.
pub(crate) fn title(chosen: &[&Fact]) -> String {
    let first = chosen.first().filter(|fact| stands_out(fact).is_some());
    let headline = first.and_then(|fact| {
        let direction = direction(fact.statement, side(fact)?)?;
        Some(format!("{} {direction} your usual", wording_of(fact)?.name))
    });
    headline.unwrap_or_else(|| {
        let is_compared = chosen.iter().any(|fact| fact.baseline.is_some());
        let title = if is_compared {
            "Nothing stood out"
        } else {
            "Your day in numbers"
        };
        title.to_owned()
    })
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
    let (Some(baseline), Some(side)) = (&fact.baseline, side(fact)) else {
        return Some(format!("{begin}."));
    };
    let (low, high) = (write(fact, baseline.low)?, write(fact, baseline.high)?);
    let usual = if low == high {
        low.clone()
    } else {
        format!("{low} to {high}")
    };
    Some(match direction(fact.statement, side) {
        None if low == high => format!("{begin}, as usual."),
        None => format!("{begin}, within your usual {usual}."),
        Some(direction) if stands_out(fact).is_some() => {
            format!("{begin}, {direction} your usual {usual}.")
        }
        Some(direction) => format!("{begin}, a little {direction} your usual {usual}."),
    })
}

/// How a value on a side of the usual range is compared with it; nothing within the range.
fn direction(statement: Statement, side: Ordering) -> Option<&'static str> {
    Some(match (statement, side) {
        (_, Ordering::Equal) => return None,
        (Statement::ClockTime, Ordering::Greater) => "later than",
        (Statement::ClockTime, Ordering::Less) => "earlier than",
        (Statement::Level, Ordering::Greater) => "higher than",
        (Statement::Level, Ordering::Less) => "lower than",
        (_, Ordering::Greater) => "more than",
        (_, Ordering::Less) => "less than",
    })
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

    fn fact(id: &'static str, statement: Statement, value: f64, usual: [f64; 3], z: f64) -> Fact {
        let [low, median, high] = usual;
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
        }
    }

    const RATE: [f64; 3] = [51.9, 52.4, 53.0];

    #[test]
    fn a_headline_never_says_more_or_less_than_its_sentences() {
        let check = |fact: &Fact, headline: &str, text: &str| {
            assert_eq!(title(&[fact]), headline, "{text}");
            assert_eq!(sentence(fact).as_deref(), Some(text));
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
        assert_eq!(title(&[&none]), "Exercise more than your usual");
        assert_eq!(
            sentence(&none).as_deref(),
            Some("You exercised for 45 min, more than your usual 0 min.")
        );
        let as_ever = fact("exercise", Statement::Duration, 0.2, [0.0; 3], 0.0);
        assert_eq!(
            sentence(&as_ever).as_deref(),
            Some("You exercised for 0 min, as usual.")
        );
    }

    #[test]
    fn clock_times_lie_on_the_side_that_the_clock_goes() {
        let usual = [1380.0, 1420.0, 20.0];
        let mut late = fact("bedtime", Statement::ClockTime, 95.0, usual, 4.0);
        late.difference = Some(115.0);
        assert_eq!(
            sentence(&late).as_deref(),
            Some("You fell asleep at 01:35, later than your usual 23:00 to 00:20.")
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
