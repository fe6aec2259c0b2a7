//! The languages that texts are written in, and how each writes numbers.
//!
//! The forms of numbers are those of the Common Locale Data Repository (CLDR 46) for `en`, `de`, `es`, `fr`, `pt` and
//! `zh` without region. This file must never contain a sentence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::person::profile::{Preferences, Profile, Units};

/// A language that texts are written in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = TextLanguage)]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Portuguese.
    Pt,
    /// Chinese, in simplified characters.
    Zh,
}

/// How a language writes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numerals {
    /// Stands between thousands.
    pub(crate) group: char,
    /// Stands before the decimals.
    pub(crate) decimal: char,
    /// Digits before the decimals from which thousands are set apart.
    pub(crate) grouped_from: usize,
}

impl Language {
    /// Every language, in the order of the bundles of words.
    pub(crate) const ALL: [Self; 6] = [Self::En, Self::De, Self::Es, Self::Fr, Self::Pt, Self::Zh];

    /// Its BCP 47 tag.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::Pt => "pt",
            Self::Zh => "zh",
        }
    }

    /// The language of a tag, whatever its region and script: `pt-BR` is Portuguese.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag).trim();
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// How it writes numbers.
    pub(crate) const fn numerals(self) -> Numerals {
        let (group, decimal, grouped_from) = match self {
            Self::En | Self::Zh => (',', '.', 4),
            Self::De | Self::Pt => ('.', ',', 4),
            Self::Es => ('.', ',', 5),
            Self::Fr => ('\u{202f}', ',', 4),
        };
        Numerals {
            group,
            decimal,
            grouped_from,
        }
    }

    /// A number with so many decimals.
    pub(crate) fn number(self, value: f64, decimals: usize) -> String {
        let Numerals {
            group,
            decimal,
            grouped_from,
        } = self.numerals();
        let text = format!("{value:.decimals$}");
        let (number, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (sign, digits) = number
            .strip_prefix('-')
            .map_or(("", number), |digits| ("-", digits));
        let is_zero = text.chars().all(|c| !c.is_ascii_digit() || c == '0');
        let mut out = if is_zero {
            String::new()
        } else {
            sign.to_owned()
        };
        for (place, digit) in digits.chars().enumerate() {
            let is_border = place > 0 && (digits.len() - place) % 3 == 0;
            if is_border && digits.len() >= grouped_from {
                out.push(group);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push(decimal);
            out.push_str(fraction);
        }
        out
    }
}

/// In which language and units a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Writing {
    /// The language.
    pub(crate) language: Language,
    /// The units.
    pub(crate) units: Units,
}

impl Writing {
    /// What a person wants; the request's language where the person prefers none. A preferred language that nothing is
    /// written in is English.
    pub(crate) fn wanted(
        profile: &Profile,
        preferences: &Preferences,
        requested: Option<Language>,
    ) -> Self {
        let preferred = preferences.language.as_deref();
        let language = match preferred.or(profile.language.as_deref()) {
            Some(tag) => Language::of_tag(tag),
            None => requested,
        };
        Self {
            language: language.unwrap_or_default(),
            units: preferences.units.or(profile.units).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_the_language() {
        let check = |language: Language, expect: [&str; 3]| {
            let written = [(1_234_567.0, 0), (8_412.0, 0), (-999.95, 1)]
                .map(|(value, decimals)| language.number(value, decimals));
            assert_eq!(written, expect, "{language:?}");
        };
        check(Language::En, ["1,234,567", "8,412", "-1,000.0"]);
        check(Language::De, ["1.234.567", "8.412", "-1.000,0"]);
        check(Language::Es, ["1.234.567", "8412", "-1000,0"]);
        check(
            Language::Fr,
            ["1\u{202f}234\u{202f}567", "8\u{202f}412", "-1\u{202f}000,0"],
        );
        check(Language::Pt, ["1.234.567", "8.412", "-1.000,0"]);
        check(Language::Zh, ["1,234,567", "8,412", "-1,000.0"]);
        assert_eq!(Language::En.number(-0.04, 1), "0.0");
    }

    #[test]
    fn a_tag_is_its_language_whatever_the_region() {
        let check = |tag, expect| assert_eq!(Language::of_tag(tag), expect, "{tag}");
        check("pt-BR", Some(Language::Pt));
        check("ZH-Hans-CN", Some(Language::Zh));
        check("de_AT", Some(Language::De));
        check("ja", None);
        check("end", None);
        check("", None);
    }

    #[test]
    fn what_is_preferred_is_before_what_is_requested() {
        let check = |preferred: Option<&str>, of_profile: Option<&str>, requested, expect| {
            let preferences = Preferences {
                language: preferred.map(str::to_owned),
                ..Preferences::default()
            };
            let profile = Profile {
                language: of_profile.map(str::to_owned),
                units: Some(Units::Imperial),
                ..Profile::default()
            };
            let wanted = Writing::wanted(&profile, &preferences, requested);
            assert_eq!(wanted.language, expect);
            assert_eq!(wanted.units, Units::Imperial);
        };
        check(None, None, None, Language::En);
        check(None, None, Some(Language::Fr), Language::Fr);
        check(None, Some("de-CH"), Some(Language::Fr), Language::De);
        check(Some("es"), Some("de"), Some(Language::Fr), Language::Es);
        check(Some("ja"), Some("de"), Some(Language::Fr), Language::En);
    }
}
