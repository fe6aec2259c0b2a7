//! The words of every language: messages of Project Fluent, one file a language in `words/`.
//!
//! A message places what it is given and must never compute a number. What a language's plural rules need is given as
//! a number beside its written form.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::{FluentNumber, FluentNumberOptions};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::insights::language::Language;

/// The files, in the order of [`Language::ALL`].
const SOURCES: [&str; 6] = [
    include_str!("words/en.ftl"),
    include_str!("words/de.ftl"),
    include_str!("words/es.ftl"),
    include_str!("words/fr.ftl"),
    include_str!("words/pt.ftl"),
    include_str!("words/zh.ftl"),
];

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<Vec<Bundle>> = LazyLock::new(|| {
    let all = Language::ALL.into_iter().zip(SOURCES);
    all.map(|(language, source)| bundle(language, source))
        .collect()
});

fn bundle(language: Language, source: &str) -> Bundle {
    let locale: LanguageIdentifier = language
        .tag()
        .parse()
        .expect("a tag of our own is well formed");
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // The marks would stand in what people read and copy.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned());
    let resource = resource.expect("a test reads every file of words");
    let added = bundle.add_resource(resource);
    added.expect("a test holds that no message stands twice");
    bundle
}

/// What stands in the place of a variable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    /// Text, as it is.
    Text(&'a str),
    /// A number with so many decimals, for plural rules.
    Number(f64, usize),
}

impl Given<'_> {
    fn value(&self) -> FluentValue<'_> {
        match *self {
            Self::Text(text) => FluentValue::from(text),
            Self::Number(value, decimals) => FluentValue::Number(FluentNumber::new(
                value,
                FluentNumberOptions {
                    minimum_fraction_digits: Some(decimals),
                    ..FluentNumberOptions::default()
                },
            )),
        }
    }
}

/// A message of a language; nothing where it is missing or one of its variables is not given.
pub(crate) fn say(language: Language, id: &str, given: &[(&str, Given<'_>)]) -> Option<String> {
    let place = Language::ALL.iter().position(|known| *known == language)?;
    let bundle = BUNDLES.get(place)?;
    let pattern = bundle.get_message(id)?.value()?;
    let args: FluentArgs<'_> = given
        .iter()
        .map(|(name, given)| (*name, given.value()))
        .collect();
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&args), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The variables of each message of a file.
    fn variables(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = None;
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|first: char| first.is_ascii_alphabetic()) {
                let (id, _) = line.split_once(" = ").expect("a message and its text");
                let is_new = found.insert(id.to_owned(), BTreeSet::new()).is_none();
                assert!(is_new, "{id} stands twice");
                current = Some(id.to_owned());
            }
            let Some(names) = current.as_ref().and_then(|id| found.get_mut(id)) else {
                continue;
            };
            for part in line.split('$').skip(1) {
                let name = part.chars().take_while(char::is_ascii_alphabetic);
                names.insert(name.collect());
            }
        }
        found
    }

    #[test]
    fn every_language_has_every_message_with_the_same_variables() {
        let [english, others @ ..] = SOURCES.map(variables);
        assert!(english.len() > 60, "the messages were not found");
        // What only grammar asks for: Spanish and Portuguese say *at* differently for one o'clock.
        let of_grammar = ["count"];
        let plain =
            |all: &BTreeMap<String, BTreeSet<String>>| -> BTreeMap<String, BTreeSet<String>> {
                let kept = |names: &BTreeSet<String>| {
                    let names = names.iter().cloned();
                    names
                        .filter(|name| !of_grammar.contains(&name.as_str()))
                        .collect()
                };
                all.iter()
                    .map(|(id, names)| (id.clone(), kept(names)))
                    .collect()
            };
        for (language, other) in Language::ALL.iter().skip(1).zip(&others) {
            assert_eq!(plain(other), plain(&english), "{language:?}");
        }
    }

    #[test]
    fn a_variable_that_is_not_given_is_no_text() {
        for language in Language::ALL {
            assert_eq!(say(language, "unit-kg", &[]), None, "{language:?}");
            assert_eq!(say(language, "no-such-message", &[]), None);
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let check = |language, value: f64, decimals, expect| {
            let written = language_number(language, value, decimals);
            let given = [
                ("value", Given::Text(&written)),
                ("count", Given::Number(value, decimals)),
            ];
            assert_eq!(say(language, "unit-rate", &given).as_deref(), Some(expect));
        };
        check(Language::En, 1.0, 0, "1 beat per minute");
        check(Language::En, 1.0, 1, "1.0 beats per minute");
        check(Language::De, 1.0, 0, "1 Schlag pro Minute");
        check(Language::De, 2.5, 1, "2,5 Schläge pro Minute");
        check(Language::Es, 1.0, 0, "1 latido por minuto");
        check(Language::Fr, 1.5, 1, "1,5 battement par minute");
        check(Language::Fr, 0.0, 0, "0 battement par minute");
        check(Language::Pt, 1.5, 1, "1,5 batimento por minuto");
        check(Language::Zh, 61.0, 0, "每分钟61次");
    }

    fn language_number(language: Language, value: f64, decimals: usize) -> String {
        language.number(value, decimals)
    }
}
