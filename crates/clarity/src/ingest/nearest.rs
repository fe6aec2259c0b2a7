//! Which metric a name outside the catalogue may have been meant as: a slip of the keys is told, never corrected.

use model::metric::CATALOGUE;

/// Letters of a name that has a slip for every so many of them.
const LETTERS_PER_EDIT: usize = 5;
/// Edits that make one name of another and still are a slip.
const EDITS_MAX: usize = 3;
/// Longer names are nobody's slip.
const LETTERS_MAX: usize = 100;

/// The id of the metric whose name is nearest, where it is near enough.
pub(crate) fn metric(name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    let letters = wanted.chars().count();
    let edits_max = (letters / LETTERS_PER_EDIT).clamp(1, EDITS_MAX);
    if !(4..=LETTERS_MAX).contains(&letters) {
        return None;
    }
    let names = CATALOGUE.iter().flat_map(|metric| {
        let names = std::iter::once(metric.id).chain(metric.healthkit);
        names
            .chain(metric.aliases.iter().copied())
            .map(|name| (metric.id, name))
    });
    let near = names.filter_map(|(id, name)| {
        let known = plain(name);
        let apart = known.chars().count().abs_diff(letters);
        let edits = (apart <= edits_max).then(|| strsim::damerau_levenshtein(&wanted, &known))?;
        (edits <= edits_max).then_some((edits, id))
    });
    near.min().map(|(_, id)| id)
}

/// Lower case without spaces, `_` and `-`, which do not tell names apart.
fn plain(name: &str) -> String {
    let letters = name
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_names_what_may_be_meant() {
        let check = |name, expect| assert_eq!(metric(name), expect, "{name}");
        check("hart_rate", Some("heart_rate"));
        check("HeartRtae", Some("heart_rate"));
        check("stepcuont", Some("step_count"));
        check("HKQuantityTypeIdentifierBodyMas", Some("body_mass"));
        check("grip_strength_left", None);
        check("abc", None);
        check("", None);
    }
}
