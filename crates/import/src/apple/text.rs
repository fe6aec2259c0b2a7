//! Attribute values and text as people wrote them: entities decoded, broken UTF-8 replaced.
//!
//! Only the five entities of XML itself and numeric references are known; an entity that a document
//! declares stays as printed and is never expanded.

use std::borrow::Cow;

use memchr::memchr;

/// Longest reference: `&#x10FFFF;`.
const REFERENCE_BYTES_MAX: usize = 10;

/// Decodes a value.
pub(crate) fn decode(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if memchr(b'&', raw).is_none() && memchr(0, raw).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(at) = rest.find(['&', '\0']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = from.strip_prefix('\0') {
            out.push(char::REPLACEMENT_CHARACTER);
            rest = after;
        } else if let Some((character, len)) = reference(from) {
            out.push(character);
            rest = from.get(len..).unwrap_or_default();
        } else {
            out.push('&');
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that a reference at the beginning of `text` stands for, and the reference's length.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text
        .bytes()
        .take(REFERENCE_BYTES_MAX)
        .position(|byte| byte == b';')?;
    let character = match text.get(1..end)? {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        other => {
            let digits = other.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
                .filter(|character| *character != '\0')
                .unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    };
    Some((character, end + 1))
}

/// `HeartRateVariability` → `heart_rate_variability`; runs of capitals stay together.
pub(crate) fn snake_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut previous = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_uppercase() {
            let follows_lower = previous.is_lowercase() || previous.is_ascii_digit();
            let begins_word = previous.is_uppercase()
                && characters.peek().is_some_and(|next| next.is_lowercase());
            if follows_lower || begins_word {
                out.push('_');
            }
            out.extend(character.to_lowercase());
        } else {
            out.push(character);
        }
        previous = character;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_and_never_expanded() {
        let check = |raw: &[u8], expect: &str| assert_eq!(decode(raw), expect);
        check(b"plain", "plain");
        check(b"a &amp;&lt;b&gt; &quot;c&quot; &apos;", "a &<b> \"c\" '");
        check(b"mL/min&#183;kg &#xB7;", "mL/min\u{b7}kg \u{b7}");
        check(b"Tom & Ann &bomb; &", "Tom & Ann &bomb; &");
        check(b"Caf\xe9", "Caf\u{fffd}");
        check(b"a\0b&#0;", "a\u{fffd}b\u{fffd}");
        check(b"&#x110000;&#99999999999;", "\u{fffd}&#99999999999;");
    }

    #[test]
    fn names_become_snake_case() {
        let check = |text, expect: &str| assert_eq!(snake_case(text), expect);
        check("Running", "running");
        check(
            "HighIntensityIntervalTraining",
            "high_intensity_interval_training",
        );
        check("DateOfBirth", "date_of_birth");
        check("VO2Max", "vo2_max");
        check("PauseOrResumeRequest", "pause_or_resume_request");
    }
}
