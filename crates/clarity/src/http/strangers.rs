//! Members of a body that nothing takes: refused with the name that may be meant, like query parameters that an
//! operation does not know, so that a slip never looks as if it had been stored.
//!
//! Bodies of other people's programs are read with [`Strangers::Ignored`]; they have more members than are known here.

use serde::de::DeserializeOwned;
use serde_ignored::Path;
use serde_json::Value;

use crate::http::body;
use crate::http::faults::{self, Node};
use crate::http::known::nearest;
use crate::problem::{FieldError, Problem};

/// Members that are named in one response; a body with more has something else wrong.
const NAMED_MAX: usize = 50;
/// Characters of an unknown name that are repeated to the client.
const NAME_MAX: usize = 50;
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

/// What becomes of members that nothing takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strangers {
    /// They are left alone.
    Ignored,
    /// They are refused.
    Refused {
        /// Members of the body itself that are let pass: what responses have beside the document.
        but: &'static [&'static str],
    },
}

/// Every member that nothing takes is refused.
pub(crate) const REFUSED: Strangers = Strangers::Refused { but: &[] };
/// What responses have beside a document comes back with it.
pub(crate) const EDITED: Strangers = Strangers::Refused {
    but: &[
        "notes",
        "goal_id",
        "standing",
        "created_at",
        "entry_id",
        "samples",
        "meal_id",
        "origin",
        "brought_by",
        "written_id",
    ],
};

impl Strangers {
    /// Takes out of a body what is let pass.
    pub(super) fn let_pass(self, value: &mut Value) {
        if let (Self::Refused { but }, Value::Object(members)) = (self, value) {
            members.retain(|name, _| !but.contains(&name.as_str()));
        }
    }
}

/// The members that nothing took while a body was read.
#[derive(Debug)]
pub(super) struct Found {
    strangers: Strangers,
    at: Vec<String>,
}

impl Found {
    /// None yet.
    pub(super) const fn of(strangers: Strangers) -> Self {
        Self {
            strangers,
            at: Vec::new(),
        }
    }

    /// Another one.
    pub(super) fn push(&mut self, path: &Path<'_>) {
        let Strangers::Refused { but } = self.strangers else {
            return;
        };
        let is_let_pass = matches!(
            path,
            Path::Map { parent: Path::Root, key } if but.contains(&key.as_str())
        );
        if !is_let_pass && self.at.len() < NAMED_MAX {
            self.at.push(pointer(path));
        }
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The problem that names each, with what may be meant by it.
    pub(super) fn refusal<T: DeserializeOwned>(self, bytes: &[u8]) -> Problem {
        let mut value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        self.strangers.let_pass(&mut value);
        let mut errors: Vec<FieldError> = Vec::new();
        // Each look finds the first; without it, the next look finds the second.
        while errors.len() < self.at.len() {
            let read = serde_path_to_error::deserialize::<_, T>(Node::of(&value, self.strangers));
            let Some(error) = read.err().map(body::fault_at) else {
                break;
            };
            if error.code != faults::UNKNOWN || !removed(&mut value, &error.pointer) {
                break;
            }
            errors.push(error);
        }
        for at in self.at {
            if !errors.iter().any(|error| error.pointer == at) {
                errors.push(FieldError::new(at, faults::UNKNOWN, "is not a field here"));
            }
        }
        for error in &mut errors {
            error.pointer = error.pointer.chars().take(4 * NAME_MAX).collect();
        }
        Problem::invalid(errors)
    }
}

/// Whether what stands at a JSON pointer was there and is no longer.
fn removed(value: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => members.remove(&name).is_some(),
        _ => false,
    }
}

/// What to say about a member that is not among the known ones.
pub(super) fn meant(name: &str, known: &[&str]) -> String {
    if known.contains(&"profile") && OF_PROFILE.contains(&name) {
        return format!("is not a field here; it belongs below profile, as /profile/{name}");
    }
    match nearest(name, known) {
        Some(other) => format!("is not a field here; did you mean `{other}`?"),
        None if known.is_empty() => "is not a field here; there are none".to_owned(),
        None => format!(
            "is not a field here; the fields are {}",
            faults::listed(known)
        ),
    }
}

fn pointer(path: &Path<'_>) -> String {
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
    use crate::person::profile::Profile;

    use super::*;

    fn refused(text: &str, strangers: Strangers) -> Vec<(String, String)> {
        let read = body::parse::<Profile>(text.as_bytes(), 9, strangers);
        let problem = read.expect_err("a problem");
        let errors = problem.errors().iter();
        errors
            .map(|error| (error.pointer.clone(), error.message.clone()))
            .collect()
    }

    #[test]
    fn every_member_that_nothing_takes_is_named_with_what_it_may_mean() {
        let text = "{\"birth_date\":\"1990-01-01\",\"heightcm\":170,\"a/b\":43,\"notes\":[]}";
        let said = refused(text, EDITED);
        let at: Vec<&str> = said.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(at, ["/a~1b", "/heightcm"]);
        assert_eq!(said[1].1, "is not a field here; did you mean `height_cm`?");
        assert!(said[0].1.contains("the fields are username, birth_date"));
        assert_eq!(refused(text, REFUSED).len(), 3);
        assert!(body::parse::<Profile>(text.as_bytes(), 9, Strangers::Ignored).is_ok());
    }

    #[test]
    fn what_belongs_elsewhere_says_where() {
        let told = meant("time_zone", &["email", "password", "profile", "username"]);
        assert!(told.ends_with("as /profile/time_zone"), "{told}");
    }
}
