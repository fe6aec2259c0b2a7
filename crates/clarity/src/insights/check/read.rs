//! The numbers, lengths of time and times of a text, as each language writes them.
//!
//! It must never use what writes texts: an error there would be read as it was written.

use crate::insights::language::Language;

/// Something that a text says in digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Found {
    /// A number.
    Number {
        /// Its value.
        value: f64,
        /// Decimals that it is written with.
        decimals: i32,
    },
    /// A length of time in minutes.
    Duration(f64),
    /// A time on the clock, in minutes after midnight.
    Clock(f64),
}

/// Words for hours and minutes behind a number, and what may stand between.
struct TimeWords {
    hour: &'static str,
    minute: &'static str,
    gap: &'static str,
}

const fn time_words(language: Language) -> TimeWords {
    match language {
        Language::Zh => TimeWords {
            hour: "小时",
            minute: "分钟",
            gap: "",
        },
        Language::En | Language::De | Language::Es | Language::Fr | Language::Pt => TimeWords {
            hour: "h",
            minute: "min",
            gap: " ",
        },
    }
}

/// Thousands apart and decimals.
const fn separators(language: Language) -> (char, char) {
    match language {
        Language::En | Language::Zh => (',', '.'),
        Language::De | Language::Es | Language::Pt => ('.', ','),
        Language::Fr => ('\u{202f}', ','),
    }
}

/// Everything that the text says in digits, in order.
pub(super) fn numbers(language: Language, text: &str) -> impl Iterator<Item = Found> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        at += rest.find(|c: char| c.is_numeric())?;
        let from = text.get(at..)?;
        let (found, length) = one(language, from);
        at += length;
        Some(found)
    })
}

/// What begins with the digit that `text` begins with, and how many bytes it takes.
fn one(language: Language, text: &str) -> (Found, usize) {
    let number = number(language, text);
    let after = text.get(number.length..).unwrap_or_default();
    let spent = |rest: &str| text.len() - rest.len();
    if let Some((found, rest)) = clock(language, text) {
        return (found, spent(rest));
    }
    if number.decimals == 0
        && let Some((found, rest)) = duration(language, number.value, after)
    {
        return (found, spent(rest));
    }
    let Number {
        value, decimals, ..
    } = number;
    (Found::Number { value, decimals }, number.length)
}

struct Number {
    value: f64,
    decimals: i32,
    length: usize,
}

/// Digits at the beginning.
fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn number(language: Language, text: &str) -> Number {
    let (group, decimal) = separators(language);
    let first = digits(text);
    // A sign that is a number and no digit of ours stands for nothing that a fact could say.
    if first.is_empty() {
        let length = text.chars().next().map_or(1, char::len_utf8);
        return Number {
            value: f64::NAN,
            decimals: 0,
            length,
        };
    }
    let mut plain = first.to_owned();
    let mut rest = text.get(first.len()..).unwrap_or_default();
    while let Some(next) = rest.strip_prefix(group) {
        let more = digits(next);
        if more.len() != 3 {
            break;
        }
        plain.push_str(more);
        rest = next.get(3..).unwrap_or_default();
    }
    let mut decimals = 0;
    if let Some(next) = rest.strip_prefix(decimal) {
        let more = digits(next);
        if !more.is_empty() {
            plain.push('.');
            plain.push_str(more);
            decimals = i32::try_from(more.len()).unwrap_or(i32::MAX);
            rest = next.get(more.len()..).unwrap_or_default();
        }
    }
    Number {
        value: plain.parse().unwrap_or(f64::NAN),
        decimals,
        length: text.len() - rest.len(),
    }
}

/// Two digits at the beginning that no third follows.
fn two(text: &str) -> Option<(f64, &str)> {
    let found = digits(text);
    let value = (found.len() == 2).then(|| found.parse().ok())??;
    Some((value, text.get(2..)?))
}

fn clock(language: Language, text: &str) -> Option<(Found, &str)> {
    let between = match language {
        Language::Fr => " h ",
        Language::Pt => "h",
        Language::En | Language::De | Language::Es | Language::Zh => ":",
    };
    let (hours, rest) = two(text)?;
    let (minutes, rest) = two(rest.strip_prefix(between)?)?;
    let is_duration = rest.starts_with(" min");
    let is_time = hours < 24.0 && minutes < 60.0 && !is_duration;
    is_time.then_some((Found::Clock(60.0 * hours + minutes), rest))
}

/// The word at the beginning, and no longer one.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    (!goes_on || !word.is_ascii()).then_some(rest)
}

fn duration(language: Language, value: f64, after: &str) -> Option<(Found, &str)> {
    let TimeWords { hour, minute, gap } = time_words(language);
    let after = after.strip_prefix(gap)?;
    if let Some(rest) = word(after, minute) {
        return Some((Found::Duration(value), rest));
    }
    let rest = word(after, hour)?;
    let hours = 60.0 * value;
    let minutes = rest.strip_prefix(gap).and_then(|next| {
        let found = digits(next);
        let minutes: f64 = found.parse().ok().filter(|minutes| *minutes < 60.0)?;
        let next = next.get(found.len()..)?.strip_prefix(gap)?;
        Some((minutes, word(next, minute)?))
    });
    Some(match minutes {
        Some((minutes, rest)) => (Found::Duration(hours + minutes), rest),
        None => (Found::Duration(hours), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_digits_is_read_as_the_language_writes_it() {
        let check = |language, text: &str, expect: &[Found]| {
            assert_eq!(
                numbers(language, text).collect::<Vec<_>>(),
                expect,
                "{text}"
            );
        };
        let number = |value, decimals| Found::Number { value, decimals };
        check(
            Language::En,
            "1,234.5 and 12",
            &[number(1_234.5, 1), number(12.0, 0)],
        );
        check(
            Language::De,
            "1.234,5; 3.",
            &[number(1_234.5, 1), number(3.0, 0)],
        );
        check(
            Language::En,
            "6 h 51 min to 9 h, 5 min at 01:35",
            &[
                Found::Duration(411.0),
                Found::Duration(540.0),
                Found::Duration(5.0),
                Found::Clock(95.0),
            ],
        );
        check(
            Language::Fr,
            "à 01 h 35, de 6 h 51 min à 12 h 10 min",
            &[
                Found::Clock(95.0),
                Found::Duration(411.0),
                Found::Duration(730.0),
            ],
        );
        check(Language::Pt, "às 23h40", &[Found::Clock(1420.0)]);
        check(
            Language::Zh,
            "睡了6小时51分钟，30天",
            &[Found::Duration(411.0), number(30.0, 0)],
        );
        assert!(matches!(
            numbers(Language::Zh, "½").next(),
            Some(Found::Number { value, .. }) if value.is_nan()
        ));
    }
}
