//! Reads numbers as people and programs of all countries print them: decimal points and commas,
//! grouped thousands, the digits of any script, and a unit after the number.
//!
//! What cannot be told apart is not read: `8,412` alone may be eight thousand or a little more than
//! eight. The rest of the table may say which ([`Signs`]); a guess is never made.

use std::borrow::Cow;

/// What commas and points between digits are in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Signs {
    /// Each number must say by itself. A point alone is a decimal point, as programs print it.
    #[default]
    Unknown,
    /// Points are decimal signs, commas group thousands.
    Point,
    /// Commas are decimal signs, points group thousands.
    Comma,
    /// A table with semicolons: its commas are decimal signs, of its points nothing is known.
    LikelyComma,
}

/// A number and the unit printed behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number<'t> {
    /// The value.
    pub(crate) value: f64,
    /// What follows the number; empty when nothing does.
    pub(crate) unit: &'t str,
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotNumber {
    /// It does not begin with a number.
    Text,
    /// A comma or point may be a decimal sign or group thousands.
    Ambiguous,
}

/// The zeros of the scripts whose digits are read, each followed by its one to nine.
const ZEROS: [char; 17] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{1040}', '\u{17e0}',
    '\u{ff10}',
];

/// The text with the digits and signs of any script in ASCII; what is ASCII already is not copied.
pub(crate) fn western(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let letter = |letter: char| -> char {
        match letter {
            '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
            '\u{66b}' => DECIMAL,
            '\u{66c}' => GROUP,
            _ => digit(letter).map_or(letter, |digit| char::from(b'0' + digit)),
        }
    };
    // Marks of the direction of writing stand between numbers of Arabic and Hebrew phones.
    let is_mark = |letter: &char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}');
    Cow::Owned(text.chars().filter(|of| !is_mark(of)).map(letter).collect())
}

/// The Arabic decimal sign, which is nothing else.
const DECIMAL: char = '\u{66b}';
/// The Arabic sign between thousands, which is nothing else.
const GROUP: char = '\u{66c}';

fn digit(letter: char) -> Option<u8> {
    let value = |zero: &char| u32::from(letter).checked_sub(u32::from(*zero));
    let found = ZEROS.iter().filter_map(value).find(|value| *value < 10);
    found.and_then(|value| u8::try_from(value).ok())
}

/// Whether a letter between digits groups thousands and does nothing else.
fn is_space(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}' | GROUP
    )
}

/// The parts of a printed number.
#[derive(Debug, Default)]
struct Printed<'t> {
    /// The digits with points and commas, without spaces.
    digits: String,
    /// The exponent, as `e-3`.
    exponent: &'t str,
    unit: &'t str,
    is_negative: bool,
    is_grouped: bool,
}

/// Cuts a text (in ASCII digits) into number and unit.
fn printed(text: &str) -> Option<Printed<'_>> {
    let text = text.trim();
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut of = Printed {
        is_negative,
        ..Printed::default()
    };
    let mut end = 0;
    for (at, letter) in rest.char_indices() {
        let next = rest.get(at + letter.len_utf8()..).unwrap_or_default();
        let is_before_digit = next.starts_with(|of: char| of.is_ascii_digit());
        let is_sign = matches!(letter, '.' | ',') && is_before_digit;
        if letter.is_ascii_digit() || is_sign || letter == DECIMAL {
            of.digits.push(letter);
        } else if is_space(letter) && is_group(next) && !of.digits.is_empty() {
            of.is_grouped = true;
        } else {
            break;
        }
        end = at + letter.len_utf8();
    }
    if !of.digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest = rest.get(end..).unwrap_or_default();
    let (exponent, rest) = rest.split_at(exponent(rest));
    of.exponent = exponent;
    // "72." and "72," end a sentence, not a number.
    of.unit = rest.trim_start_matches(['.', ',']).trim();
    Some(of)
}

/// Whether a text begins with three digits and no fourth.
fn is_group(text: &str) -> bool {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    count == 3
}

/// Bytes of an exponent at the beginning of a text.
fn exponent(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let sign = usize::from(rest.starts_with(['-', '+']));
    let digits = rest.get(sign..).unwrap_or_default();
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 { 0 } else { 1 + sign + count }
}

/// The decimal sign of printed digits: its letter, or `None` where there is no fraction.
fn decimal_sign(digits: &str, signs: Signs, is_grouped: bool) -> Result<Option<char>, NotNumber> {
    if digits.contains(DECIMAL) {
        return Ok(Some(DECIMAL));
    }
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let last = digits.rfind(['.', ',']);
    let Some(last) = last else { return Ok(None) };
    let sign = if digits.get(last..).is_some_and(|rest| rest.starts_with(',')) {
        ','
    } else {
        '.'
    };
    let behind = digits.len() - last - 1;
    let is_last_alone = (if sign == ',' { commas } else { points }) == 1;
    if points > 0 && commas > 0 {
        // The last of two kinds is the decimal sign.
        return if is_last_alone {
            Ok(Some(sign))
        } else {
            Err(NotNumber::Text)
        };
    }
    if !is_last_alone {
        return Ok(None);
    }
    if behind != 3 || is_grouped || digits.starts_with('0') || last > 3 {
        return Ok(Some(sign));
    }
    match (signs, sign) {
        (Signs::Comma | Signs::LikelyComma, ',') | (Signs::Point | Signs::Unknown, '.') => {
            Ok(Some(sign))
        }
        (Signs::Point | Signs::Comma, _) => Ok(None),
        (Signs::Unknown | Signs::LikelyComma, _) => Err(NotNumber::Ambiguous),
    }
}

/// Whether the digits before the decimal sign are grouped as thousands are: by threes, or not at all.
fn are_groups(whole: &str, group: char) -> bool {
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    if rest.peek().is_none() {
        return true;
    }
    (1..=3).contains(&first.len()) && rest.all(|part| part.len() == 3)
}

/// Reads a number with its unit.
pub(crate) fn read(text: &str, signs: Signs) -> Result<Number<'_>, NotNumber> {
    // What programs print, which is nearly everything.
    if matches!(signs, Signs::Unknown | Signs::Point)
        && let Ok(value) = fast_float2::parse::<f64, _>(text.trim())
    {
        return Ok(Number { value, unit: "" });
    }
    let narrow = western(text);
    let of = printed(&narrow).ok_or(NotNumber::Text)?;
    let sign = decimal_sign(&of.digits, signs, of.is_grouped)?;
    let (whole, fraction) = match sign.and_then(|sign| of.digits.rsplit_once(sign)) {
        Some(parts) => parts,
        None => (of.digits.as_str(), ""),
    };
    let group = if sign == Some(',') { '.' } else { ',' };
    let group = if sign.is_none() && whole.contains('.') {
        '.'
    } else {
        group
    };
    if !are_groups(whole, group) || whole.replace(group, "").contains(['.', ',']) {
        return Err(NotNumber::Text);
    }
    let minus = if of.is_negative { "-" } else { "" };
    let plain = format!(
        "{minus}{}.{fraction}0{}",
        whole.replace(group, ""),
        of.exponent
    );
    let value = fast_float2::parse(&plain).map_err(|_| NotNumber::Text)?;
    // The unit is a tail of the text as it came, digits of other scripts or not.
    let unit = text.trim_end().get(text.trim_end().len() - of.unit.len()..);
    Ok(Number {
        value,
        unit: unit.unwrap_or_default(),
    })
}

/// What a number says about commas and points, for the others of its table.
pub(crate) fn evidence(text: &str) -> Option<Signs> {
    let narrow = western(text);
    let of = printed(&narrow)?;
    let sign = decimal_sign(&of.digits, Signs::Unknown, of.is_grouped).ok()?;
    match sign {
        Some(',') => Some(Signs::Comma),
        // A lone point before three digits is what programs print, and grouped thousands elsewhere.
        Some('.') => {
            let behind = of.digits.len() - of.digits.rfind('.')? - 1;
            let is_plain = behind == 3 && !of.digits.contains(',');
            (!is_plain).then_some(Signs::Point)
        }
        None if of.digits.contains(',') => Some(Signs::Point),
        None if of.digits.contains('.') => Some(Signs::Comma),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, signs: Signs, value: f64, unit: &str) {
        assert_eq!(read(text, signs), Ok(Number { value, unit }), "{text}");
    }

    #[test]
    fn numbers_say_by_themselves_what_they_are() {
        let alone = Signs::Unknown;
        check("72.5", alone, 72.5, "");
        check("72,5", alone, 72.5, "");
        check(" -0,25 ", alone, -0.25, "");
        check("0,125", alone, 0.125, "");
        check("8 412", alone, 8_412.0, "");
        check("8\u{202f}412,5 kg", alone, 8_412.5, "kg");
        check("1'234.5", alone, 1_234.5, "");
        check("1,234,567", alone, 1_234_567.0, "");
        check("1.234.567,8", alone, 1_234_567.8, "");
        check("1,234.5", alone, 1_234.5, "");
        check("8.412", alone, 8.412, "");
        check("72 count/min", alone, 72.0, "count/min");
        check("97%", alone, 97.0, "%");
        check("1.5e-3", alone, 0.0015, "");
        check("1,5E3", alone, 1_500.0, "");
        check("٧٢٫٥", alone, 72.5, "");
        check("۱٬۲۳۴", alone, 1_234.0, "");
        check("७२.५", alone, 72.5, "");
        check("\u{2212}3", alone, -3.0, "");
        check("12345,678", alone, 12_345.678, "");
    }

    #[test]
    fn the_table_says_what_a_number_alone_does_not() {
        assert_eq!(read("8,412", Signs::Unknown), Err(NotNumber::Ambiguous));
        check("8,412", Signs::Point, 8_412.0, "");
        check("8,412", Signs::Comma, 8.412, "");
        check("8.412", Signs::Comma, 8_412.0, "");
        check("8.412", Signs::Point, 8.412, "");
        check("72,512", Signs::LikelyComma, 72.512, "");
        assert_eq!(read("8.412", Signs::LikelyComma), Err(NotNumber::Ambiguous));
    }

    #[test]
    fn text_is_no_number() {
        for text in ["", "kg", "-", ".", "1,23,4", "1.2,3.4"] {
            assert!(read(text, Signs::Unknown).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_bear_witness() {
        assert_eq!(evidence("72,5"), Some(Signs::Comma));
        assert_eq!(evidence("72.5"), Some(Signs::Point));
        assert_eq!(evidence("1.234.567"), Some(Signs::Comma));
        assert_eq!(evidence("1,234,567"), Some(Signs::Point));
        assert_eq!(evidence("8.412"), None);
        assert_eq!(evidence("8,412"), None);
        assert_eq!(evidence("8412"), None);
    }

    fn in_script(text: &str, zero: char) -> String {
        let letter = |letter: char| match letter.to_digit(10) {
            Some(digit) => char::from_u32(u32::from(zero) + digit).expect("a digit"),
            None => letter,
        };
        text.chars().map(letter).collect()
    }

    proptest! {
        #[test]
        fn every_way_to_print_a_number_is_read_alike(
            value in -9_999_999_i64..9_999_999, script in 0..=ZEROS.len(), group in prop::sample::select(vec!["", "\u{202f}", "\u{a0}", "'", "."]),
        ) {
            let (whole, cents) = (value / 100, value.abs() % 100);
            let sign = if value < 0 { "-" } else { "" };
            let digits = whole.abs().to_string();
            let mut grouped = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at).is_multiple_of(3) {
                    grouped.push_str(group);
                }
                grouped.push(digit);
            }
            let text = format!("{sign}{grouped},{cents:02}");
            let text = ZEROS.get(script).map_or(text.clone(), |zero| in_script(&text, *zero));
            let number = read(&text, Signs::Comma).expect("a number");
            prop_assert!((number.value - value as f64 / 100.0).abs() < 1e-9, "{text}: {number:?}");
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let _ = (read(&text, Signs::Unknown), read(&text, Signs::Comma), evidence(&text));
        }
    }
}
