//! Who measured a sample: a watch, a phone, an app, or the person typing.
//!
//! A source is known by its name, normalised (spaces, apostrophes, invisible marks and Unicode forms differ
//! between exports of one phone), and by its device: two watches of one name are two sources. So are the
//! file of a maker and that maker's app in the store of a phone. Device pointers and software versions are never part
//! of it.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::maker::Maker;

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
    /// Date of the latest export that contains it: of two names of one device, the one in later exports is
    /// its name now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported_us: Option<i64>,
    /// Whose own file it was read from; an app of that maker that wrote into the store of a phone is another source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_of: Option<Maker>,
    /// Where the phone that kept its records has it in the order by which it counts activity itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A place in the order of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Its place, the smallest first.
    At(u16),
    /// The phone counts nothing of it.
    LeftOut,
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
            exported_us: None,
            file_of: None,
            place: None,
        }
    }

    /// The name as identities of records contain it. Ids are made of it, so it must never change.
    pub fn key(&self) -> String {
        tidied(&self.name)
    }

    /// Whether a device is the one of this source: the same, or one that is described in fewer words.
    pub fn is_of_device(&self, device: &str) -> bool {
        let known = self.device.as_deref();
        known.is_some_and(|known| format!(" {known} ").contains(&format!(" {device} ")))
    }
}

/// Reads the class from a display name: `Max’s Apple Watch` is a watch, `iPhone` a phone, `Health`
/// the person, and anything else an app.
pub fn class_of_name(name: &str) -> SourceClass {
    let name = tidied(name);
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

/// The name by which a source is found again, whatever an export or an app prints: in Unicode's composed
/// form (NFC) and lower case, with plain spaces and apostrophes and without marks that nobody sees.
pub fn normalised(name: &str) -> String {
    if name.is_ascii() {
        return tidied(name).to_ascii_lowercase().replace('`', "'");
    }
    let visible = name.chars().filter(|c| !is_invisible(*c));
    let plain: String = visible
        .map(|c| if is_apostrophe(c) { '\'' } else { c })
        .collect();
    tidied(&plain).to_lowercase().nfc().collect()
}

const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '`' | '\u{b4}' | '\u{2b9}' | '\u{2bb}'..='\u{2bd}' | '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{ff07}'
    )
}

/// Soft hyphens, joiners, directions of writing and variants of glyphs. A space of no width stays: it
/// separates words.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Replaces every kind of space by a plain one, collapses runs and trims.
pub fn tidied(name: &str) -> String {
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
    fn spellings_of_one_name_are_one() {
        let name = normalised("Zo\u{eb}\u{2019}s Apple Watch");
        for spelling in [
            "Zoe\u{308}'s Apple Watch",
            "ZOE\u{308}\u{2bc}S APPLE WATCH",
            "\u{200e}Zo\u{eb}\u{2018}s\u{a0}Apple\u{200b}Watch\u{200f}",
            "\u{feff}zo\u{eb}\u{b4}s\u{2060} Apple\u{202f}Wa\u{ad}tch ",
        ] {
            assert_eq!(normalised(spelling), name, "{spelling:?}");
        }
        assert_eq!(normalised("Max`s  iPhone"), normalised("max's iPhone"));
        assert_ne!(normalised("Zoe's Apple Watch"), name);
        // What ids of records are made of stays as it was.
        assert_eq!(
            tidied("Zo\u{eb}\u{2019}s\u{a0} Watch"),
            "Zo\u{eb}\u{2019}s Watch"
        );
    }

    #[test]
    fn a_device_is_known_by_fewer_words() {
        let watch = Source {
            device: Some("Apple Inc. Watch Watch6,1".to_owned()),
            ..Source::named("Watch")
        };
        assert!(watch.is_of_device("Apple Inc. Watch Watch6,1") && watch.is_of_device("Watch"));
        assert!(!watch.is_of_device("Watch6,18") && !watch.is_of_device("Appl"));
        assert!(!Source::named("Watch").is_of_device("Watch"));
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
