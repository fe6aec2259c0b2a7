//! Times as phones and spreadsheets of other countries print them, brought into the one shape that is
//! read: digits of any script, words for the halves of the day, days before months.
//!
//! Day and month are never guessed: `03/04/2026` is read only when something says which is which.

use crate::number;

/// In which order a table prints day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    /// Each date must say by itself.
    #[default]
    Unknown,
    /// The day first.
    DayFirst,
    /// The month first.
    MonthFirst,
}

/// Words for the halves of the day, in lower case: those of the locales whose phones have a
/// twelve-hour clock (Unicode CLDR, day periods). Longer ones stand before what they contain.
const BEFORE_NOON: [&str; 24] = [
    "vormittags",
    "vorm.",
    "a. m.",
    "a.m.",
    "am",
    "dop.",
    "de.",
    "fm",
    "ip.",
    "öö",
    "sa",
    "π.μ.",
    "上午",
    "午前",
    "오전",
    "ص",
    "ق.ظ.",
    "पूर्वाह्न",
    "पूर्व",
    "לפנה״צ",
    "לפנה\"צ",
    "ก่อนเที่ยง",
    "pg",
    "पू.",
];
const AFTER_NOON: [&str; 24] = [
    "nachmittags",
    "nachm.",
    "p. m.",
    "p.m.",
    "pm",
    "odp.",
    "du.",
    "em",
    "ap.",
    "ös",
    "ch",
    "μ.μ.",
    "下午",
    "午後",
    "오후",
    "م",
    "ب.ظ.",
    "अपराह्न",
    "अपर",
    "אחה״צ",
    "אחה\"צ",
    "หลังเที่ยง",
    "ptg",
    "अ.",
];

/// A time in the shape `2026-05-01 8:00:05 PM +0200`, or `None` where it is none or may be two.
pub(super) fn western(text: &str, order: Order) -> Option<String> {
    let narrow = number::western(text).to_lowercase();
    // Any space, and the words for year, month and day of East Asia.
    let mut plain = String::with_capacity(narrow.len());
    for letter in narrow.chars() {
        match letter {
            '年' | '月' | '년' | '월' => plain.push('-'),
            '日' | '일' | '،' => plain.push(' '),
            _ if letter.is_whitespace() => plain.push(' '),
            _ => plain.push(letter),
        }
    }
    let plain = plain.replace("- ", "-");
    let (plain, half) = without_half(&plain);
    let plain = spaced(&plain);
    let mut parts = plain.split([' ', ',']).filter(|part| !part.is_empty());
    let date = date(parts.next()?, order)?;
    let Some(clock) = parts.next() else {
        return half.is_none().then_some(date);
    };
    let clock = if clock.contains(':') {
        clock.to_owned()
    } else {
        // "8.30" and "8.30.05" are clocks in the north and in Indonesia.
        clock.replace('.', ":")
    };
    let half = half.map(|half| format!(" {half}")).unwrap_or_default();
    let (clock, zulu) = match clock.strip_suffix('z') {
        Some(clock) => (clock, "Z"),
        None => (clock.as_str(), ""),
    };
    let offset = parts
        .next()
        .map(|offset| format!(" {}", offset.to_ascii_uppercase()));
    if parts.next().is_some() {
        return None;
    }
    Some(format!(
        "{date} {clock}{half}{zulu}{}",
        offset.unwrap_or_default()
    ))
}

/// The text with a space for the `t` between date and clock.
fn spaced(text: &str) -> String {
    let mut last = ' ';
    let mut letters = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let is_between = last.is_ascii_digit() && letters.peek().is_some_and(char::is_ascii_digit);
        out.push(if letter == 't' && is_between {
            ' '
        } else {
            letter
        });
        last = letter;
    }
    out
}

/// The text without its word for the half of the day, and the half.
fn without_half(text: &str) -> (String, Option<&'static str>) {
    let words = |words: &'static [&'static str], half| words.iter().map(move |word| (*word, half));
    for (word, half) in words(&BEFORE_NOON, "AM").chain(words(&AFTER_NOON, "PM")) {
        for (at, _) in text.match_indices(word) {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + word.len()..).unwrap_or_default();
            let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
            if !is_part(before.chars().next_back()) && !is_part(after.chars().next()) {
                return (format!("{before} {after}"), Some(half));
            }
        }
    }
    (text.to_owned(), None)
}

/// A date as `2026-05-01`.
fn date(text: &str, order: Order) -> Option<String> {
    let text = text.trim_matches(['.', '-']);
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_compact {
        return printed(text.get(..4)?, text.get(4..6)?, text.get(6..)?);
    }
    let mark = text.chars().find(|letter| !letter.is_ascii_digit())?;
    let mut parts = text.split(mark);
    let fields = [parts.next()?, parts.next()?, parts.next()?];
    if !matches!(mark, '.' | '/' | '-') || parts.next().is_some() {
        return None;
    }
    let [first, second, third] = fields;
    if first.len() == 4 {
        return printed(first, second, third);
    }
    if third.len() != 4 {
        return None;
    }
    // Nobody prints the month first before a point.
    let order = if mark == '.' { Order::DayFirst } else { order };
    let is_day = |text: &str| text.parse::<u8>().is_ok_and(|number| number > 12);
    match (is_day(first), is_day(second), order) {
        (true, false, _) | (false, false, Order::DayFirst) => printed(third, second, first),
        (false, true, Order::Unknown | Order::MonthFirst) | (false, false, Order::MonthFirst) => {
            printed(third, first, second)
        }
        (true, true, _) | (false, true, Order::DayFirst) | (false, false, Order::Unknown) => None,
    }
}

fn printed(year: &str, month: &str, day: &str) -> Option<String> {
    let number = |text: &str| text.parse::<u16>().ok();
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The order of day and month that a date with its numbers says, for the others of its table.
pub(crate) fn evidence(text: &str) -> Option<Order> {
    let narrow = number::western(text);
    let mut numbers = narrow.split(|letter: char| !letter.is_ascii_digit());
    let (first, second, third) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if first.len() > 2 || third.len() != 4 {
        return None;
    }
    let is_day = |text: &str| {
        text.parse::<u8>()
            .is_ok_and(|number| (13..=31).contains(&number))
    };
    match (is_day(first), is_day(second)) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        (true, true) | (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(
            western(text, Order::Unknown).as_deref(),
            Some(expect),
            "{text}"
        );
    }

    #[test]
    fn clocks_of_other_languages_are_read() {
        check(
            "2026-03-08 8:00:05 a. m. -0400",
            "2026-03-08 8:00:05 AM -0400",
        );
        check(
            "2026-03-08 8:00:05\u{a0}p.\u{a0}m. +0200",
            "2026-03-08 8:00:05 PM +0200",
        );
        check(
            "2026-03-08 午後8:00:05 +0900",
            "2026-03-08 8:00:05 PM +0900",
        );
        check("2026年3月8日 上午8:00", "2026-03-08 8:00 AM");
        check(
            "2026-03-08 오전 8:00:05 +0900",
            "2026-03-08 8:00:05 AM +0900",
        );
        check("٢٠٢٦-٠٣-٠٨ ٨:٠٠:٠٥ م +٠٣٠٠", "2026-03-08 8:00:05 PM +0300");
        check(
            "2026-03-08 8:00:05 μ.μ. +0200",
            "2026-03-08 8:00:05 PM +0200",
        );
        check(
            "2026-03-08 8:00:05 nachm. +0100",
            "2026-03-08 8:00:05 PM +0100",
        );
        check("۲۰۲۶-۰۳-۰۸T۰۸:۰۰:۰۵Z", "2026-03-08 08:00:05Z");
    }

    #[test]
    fn dates_of_other_countries_are_read() {
        check("01.05.2026", "2026-05-01");
        check("1.5.2026 8.30", "2026-05-01 8:30");
        check("2026/05/01 08:30", "2026-05-01 08:30");
        check("20260501", "2026-05-01");
        check("31/05/2026", "2026-05-31");
        check("05/31/2026, 8:30 PM", "2026-05-31 8:30 PM");
    }

    #[test]
    fn day_and_month_are_not_guessed() {
        let read = |text, order| western(text, order);
        assert_eq!(read("03/04/2026", Order::Unknown), None);
        assert_eq!(
            read("03/04/2026", Order::DayFirst).as_deref(),
            Some("2026-04-03")
        );
        assert_eq!(
            read("03/04/2026", Order::MonthFirst).as_deref(),
            Some("2026-03-04")
        );
        assert_eq!(read("05/31/2026", Order::DayFirst), None);
        assert_eq!(read("31/31/2026", Order::Unknown), None);
        assert_eq!(evidence("05/31/2026 8:30 PM"), Some(Order::MonthFirst));
        assert_eq!(evidence("31.05.2026"), Some(Order::DayFirst));
        assert_eq!(evidence("03/04/2026"), None);
        assert_eq!(evidence("2026-05-31"), None);
    }
}
