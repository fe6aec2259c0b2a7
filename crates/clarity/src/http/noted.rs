//! What an answer says of members of a body that it takes without effect, or does not take at all.
//!
//! A field that does nothing yet must never look as if it did: whoever sets it is told, in the answer that stores it
//! and whenever it is read.

use axum::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::http::body;
use crate::http::known::nearest;
use crate::person::profile::{Preferences, Profile, Units};

/// Members that nothing takes and that are named; a body with more has something else wrong.
const IGNORED_MAX: usize = 50;
/// What a profile takes, for those who send it beside the account.
const OF_PROFILE: [&str; 9] = [
    "birth_date",
    "height_cm",
    "language",
    "medical_history",
    "occupation",
    "sex",
    "time_zone",
    "units",
    "username",
];

/// Something that whoever sent a body should know about one of its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldNote {
    /// JSON pointer (RFC 6901) into the body.
    pub(crate) pointer: String,
    /// `not_stored` for a member that nothing takes, `no_effect` for one that is kept and does not work everywhere yet.
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
    /// What was not stored, or has no effect yet.
    pub(crate) notes: Vec<FieldNote>,
}

/// Preferences, and which of them have no effect yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferencesAnswer<'a> {
    /// The preferences.
    #[serde(flatten)]
    #[schema(value_type = Preferences)]
    pub(crate) preferences: &'a Preferences,
    /// What was not stored, or has no effect yet.
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

/// What a body of `T` has that nothing takes.
pub(crate) fn not_stored<T: DeserializeOwned>(bytes: &Bytes, known: &[&str]) -> Vec<FieldNote> {
    let mut found: Vec<String> = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // It was read before; what is wrong with it has been said.
    let _: Result<T, _> = serde_ignored::deserialize(&mut reader, |path| {
        if found.len() < IGNORED_MAX {
            found.push(pointer(&path));
        }
    });
    // What an answer of this server has beside the document comes back with it.
    found.retain(|at| at != "/notes");
    let note = |at: String| FieldNote {
        message: meant(&at, known),
        pointer: at,
        code: "not_stored",
    };
    found.into_iter().map(note).collect()
}

/// The members of a profile, as a suggestion for what is misspelt.
pub(crate) const fn of_profile() -> &'static [&'static str] {
    &OF_PROFILE
}

/// What a member that nothing takes may have been meant as.
fn meant(at: &str, known: &[&str]) -> String {
    let name = at.rsplit('/').next().unwrap_or_default();
    let known = if at.starts_with("/profile/") {
        &OF_PROFILE
    } else {
        known
    };
    if known.contains(&"profile") && OF_PROFILE.contains(&name) {
        return format!("is not stored; it belongs below profile, as /profile/{name}");
    }
    match nearest(name, known) {
        Some(other) => format!("is not stored; did you mean {other}?"),
        None => "is not stored: nothing takes it".to_owned(),
    }
}

fn pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", pointer(parent)),
        Path::Map { parent, key } => {
            let mut at = pointer(parent);
            body::push(&mut at, key);
            at
        }
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => pointer(parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_takes_is_named_with_what_it_may_mean() {
        let body = Bytes::from_static(
            b"{\"birth_date\":\"1990-01-01\",\"heightcm\":170,\"shoe\":43,\"notes\":[]}",
        );
        let notes = not_stored::<Profile>(&body, of_profile());
        let said: Vec<(&str, &str)> = notes
            .iter()
            .map(|note| (note.pointer.as_str(), note.message.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                ("/heightcm", "is not stored; did you mean height_cm?"),
                ("/shoe", "is not stored: nothing takes it"),
            ]
        );
    }

    #[test]
    fn english_and_metric_need_no_note() {
        assert_eq!(without_effect("", Some("en-GB"), Some(Units::Metric)), []);
        let notes = without_effect("/profile", Some("de"), Some(Units::Imperial));
        let at: Vec<&str> = notes.iter().map(|note| note.pointer.as_str()).collect();
        assert_eq!(at, ["/profile/language", "/profile/units"]);
    }
}
