//! What an answer says of members of a body that it takes without effect.
//!
//! A field that does nothing yet must never look as if it did: whoever sets it is told, in the answer that stores it
//! and whenever it is read.

use serde::Serialize;
use utoipa::ToSchema;

use crate::person::profile::{Preferences, Profile, Units};

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

/// What a stored language and units do not do, below a place of the body.
pub(crate) fn without_effect(
    at: &str,
    language: Option<&str>,
    units: Option<Units>,
) -> Vec<FieldNote> {
    let mut notes = Vec::new();
    let is_english = |tag: &str| {
        tag.split('-')
            .next()
            .unwrap_or(tag)
            .eq_ignore_ascii_case("en")
    };
    if let Some(tag) = language.filter(|tag| !is_english(tag)) {
        notes.push(FieldNote {
            pointer: format!("{at}/language"),
            code: "no_effect",
            message: format!(
                "insights and the words of the window are in English so far; {tag} decides only how the window writes \\
                 numbers and dates"
            ),
        });
    }
    if units == Some(Units::Imperial) {
        notes.push(FieldNote {
            pointer: format!("{at}/units"),
            code: "no_effect",
            message: "insights are written in metric units so far; the window shows yours"
                .to_owned(),
        });
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_and_metric_need_no_note() {
        assert_eq!(without_effect("", Some("en-GB"), Some(Units::Metric)), []);
        let notes = without_effect("/profile", Some("de"), Some(Units::Imperial));
        let at: Vec<&str> = notes.iter().map(|note| note.pointer.as_str()).collect();
        assert_eq!(at, ["/profile/language", "/profile/units"]);
    }
}
