//! What an answer says of members of a body that it takes without effect.
//!
//! A field that does nothing yet must never look as if it did: whoever sets it is told, in the answer that stores it
//! and whenever it is read.

use serde::Serialize;
use utoipa::ToSchema;

use crate::insights::language::Language;
use crate::person::profile::{Preferences, Profile};

/// Something that whoever sent a body should know about one of its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldNote {
    /// JSON pointer (RFC 6901) into the body.
    pub(crate) pointer: String,
    /// `no_effect` for a member that is kept and does not work everywhere yet.
    pub(crate) code: &'static str,
    /// What it means, for people.
    pub(crate) message: String,
}

/// A profile, and which of its members have no effect yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileAnswer<'a> {
    /// The profile.
    #[serde(flatten)]
    #[schema(value_type = Profile)]
    pub(crate) profile: &'a Profile,
    /// What has no effect yet.
    pub(crate) notes: Vec<FieldNote>,
}

/// Preferences, and which of them have no effect yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferencesAnswer<'a> {
    /// The preferences.
    #[serde(flatten)]
    #[schema(value_type = Preferences)]
    pub(crate) preferences: &'a Preferences,
    /// What has no effect yet.
    pub(crate) notes: Vec<FieldNote>,
}

/// What a stored language does not do, below a place of the body.
pub(crate) fn without_effect(at: &str, language: Option<&str>) -> Vec<FieldNote> {
    let unknown = language.filter(|tag| Language::of_tag(tag).is_none());
    let note = unknown.map(|tag| FieldNote {
        pointer: format!("{at}/language"),
        code: "no_effect",
        message: format!(
            "insights are written in {}; {tag} is none of these, so they are in English, and {tag} decides only how \
             the window writes numbers and dates",
            Language::ALL.map(Language::tag).join(", ")
        ),
    });
    note.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_language_that_nothing_is_written_in_needs_a_note() {
        assert_eq!(without_effect("", Some("en-GB")), []);
        assert_eq!(without_effect("", Some("pt-BR")), []);
        assert_eq!(without_effect("", None), []);
        let notes = without_effect("/profile", Some("ja"));
        let at: Vec<&str> = notes.iter().map(|note| note.pointer.as_str()).collect();
        assert_eq!(at, ["/profile/language"]);
    }
}
