//! Words that say on which side something lies.

use std::cmp::Ordering;

use crate::insights::language::Language;

/// Phrases of a language, apart by `|`: more than something, and less.
const fn phrases(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::En => (
            "more than|higher than|later than|upwards",
            "less than|fewer than|lower than|earlier than|downwards",
        ),
        Language::De => (
            "mehr als|höher als|später als|aufwärts",
            "weniger als|niedriger als|früher als|abwärts",
        ),
        Language::Es => (
            "más de lo|más que|por encima de|más tarde|al alza",
            "menos de lo|menos que|por debajo de|más temprano|a la baja",
        ),
        Language::Fr => (
            "plus que|de plus que|au-dessus|plus haut que|plus tard|à la hausse",
            "moins que|de moins que|au-dessous|plus bas que|plus tôt|à la baisse",
        ),
        Language::Pt => (
            "mais do que|acima do|mais alto do que|mais tarde|de alta",
            "menos do que|abaixo do|mais baixo do que|mais cedo|de queda",
        ),
        Language::Zh => ("上升|越来越晚", "下降|越来越早"),
    }
}

/// The sides that a text names, in its order.
pub(super) fn said(language: Language, text: &str) -> Vec<Ordering> {
    let text = text.to_lowercase();
    let (more, less) = phrases(language);
    let of = |phrases: &'static str, side| phrases.split('|').map(move |phrase| (phrase, side));
    let sides = of(more, Ordering::Greater).chain(of(less, Ordering::Less));
    let mut found: Vec<(usize, Ordering)> = Vec::new();
    for (phrase, side) in sides {
        let places = text
            .match_indices(phrase)
            .filter(|(at, _)| is_whole(&text, *at, phrase));
        found.extend(places.map(|(at, _)| (at, side)));
    }
    if language == Language::Zh {
        found.extend(compared_in_chinese(&text));
    }
    found.sort_by_key(|(at, _)| *at);
    found.dedup_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, side)| side).collect()
}

/// Whether a phrase is no part of longer words or of a longer phrase: "plus que" in "de plus que".
fn is_whole(text: &str, at: usize, phrase: &str) -> bool {
    if !phrase.is_ascii() && phrase.chars().all(|c| !c.is_ascii()) {
        return true;
    }
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at + phrase.len()..).unwrap_or_default();
    let is_letter = |c: char| c.is_alphabetic();
    let is_of_longer = matches!(phrase, "plus que" | "moins que") && before.ends_with("de ");
    !(before.ends_with(is_letter) || after.starts_with(is_letter) || is_of_longer)
}

/// "比" something, and then the side: 比平时略多.
fn compared_in_chinese(text: &str) -> impl Iterator<Item = (usize, Ordering)> {
    let ends = ['，', '。', '；', '：', '（', '、'];
    text.match_indices('比').filter_map(move |(at, word)| {
        let rest = text.get(at + word.len()..)?;
        let clause = rest.split(ends).next()?;
        let mut sides = clause.char_indices().filter_map(|(place, c)| {
            let side = match c {
                '多' | '高' | '晚' => Ordering::Greater,
                '少' | '低' | '早' => Ordering::Less,
                _ => return None,
            };
            Some((at + word.len() + place, side))
        });
        sides.next()
    })
}
