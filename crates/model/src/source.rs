//! Who measured a sample: a watch, a phone, an app, or the person typing.
//!
//! A source is known by its display name, normalised (non-breaking spaces and Unicode forms differ
//! between exports of one phone). Device pointers and software versions are never part of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An index into a table of sources: the person's own, or, before mapping, the reader's.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SourceNo(pub u16);

/// What kind of thing a source is, best-ranked first: the default order when sources overlap is the
/// one that Apple documents (entries made by hand come before all of them).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SourceClass {
    /// The Health app itself: what the person typed in.
    Manual,
    /// A watch or other wrist-worn tracker of the platform.
    Watch,
    /// A phone or tablet.
    Phone,
    /// Another app, a Bluetooth device, a web service.
    App,
}

/// One source of a person's samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Display name as first seen, for people.
    pub name: String,
    /// What it is.
    pub class: SourceClass,
    /// Manufacturer, model and hardware of the device, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Bundle or package id of the app, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// Start of its first sample: among sources of one class the newest comes first.
    #[serde(default)]
    pub first_us: Option<i64>,
}

impl Source {
    /// A source of which only the name is known; its class is read from the name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            class: class_of_name(name),
            device: None,
            app_id: None,
            first_us: None,
        }
    }

    /// The key under which the source is found again: see [`normalised`].
    pub fn key(&self) -> String {
        normalised(&self.name)
    }
}

/// Reads the class from a display name: `Max’s Apple Watch` is a watch, `iPhone` a phone, `Health`
/// the person, and anything else an app.
pub fn class_of_name(name: &str) -> SourceClass {
    let name = normalised(name);
    let lower = name.to_lowercase();
    if name == "Health" {
        SourceClass::Manual
    } else if lower.contains("apple watch") || lower.ends_with("watch") {
        SourceClass::Watch
    } else if lower.contains("iphone") || lower.contains("ipad") || lower.contains("ipod") {
        SourceClass::Phone
    } else {
        SourceClass::App
    }
}

/// Replaces every kind of space by a plain one, collapses runs and trims, so that one source stays
/// one source whatever an export prints. Apostrophes stay as they are.
pub fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split(|c: char| c.is_whitespace() || c == '\u{200b}' || c == '\u{feff}') {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_breaking_spaces_do_not_make_another_source() {
        assert_eq!(
            normalised("Max\u{2019}s Apple\u{a0}Watch"),
            normalised("Max\u{2019}s  Apple Watch ")
        );
    }

    #[test]
    fn classes_are_read_from_names() {
        let check = |name, expect| assert_eq!(class_of_name(name), expect, "{name}");
        check("Max\u{2019}s Apple\u{a0}Watch", SourceClass::Watch);
        check("iPhone von Max", SourceClass::Phone);
        check("Health", SourceClass::Manual);
        check("Pace & Co. 🏃", SourceClass::App);
    }
}
