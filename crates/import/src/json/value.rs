//! A JSON value as a tree, for the parts of a body whose shape nobody knows before.
//!
//! A tree takes many times what its text takes, so each is bounded.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Name;
use crate::number::{self, Signs};

/// Values inside one element of a body, which are held as a tree: a route of a day at a point a second has 600,000.
pub(super) const NODES_MAX: usize = 1_000_000;
/// One JSON value, borrowed from the body where it can be.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Json<'a> {
    /// `null`, or not there.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object, in order; names may repeat.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

static NULL: Json<'static> = Json::Null;

impl<'a> Json<'a> {
    /// A member of an object; the last one where a name is repeated, `Null` where there is none.
    pub(crate) fn get(&self, name: &str) -> &Json<'a> {
        let Self::Object(members) = self else {
            return &NULL;
        };
        let found = members.iter().rev().find(|(key, _)| key == name);
        found.map_or(&NULL, |(_, value)| value)
    }

    /// The first of several names that is there and not null, with the name.
    pub(crate) fn named(&self, names: &[&'static str]) -> Option<(&'static str, &Json<'a>)> {
        names
            .iter()
            .map(|name| (*name, self.get(name)))
            .find(|(_, value)| !value.is_null())
    }

    /// The first of several names that is there and not null, or `Null`.
    pub(crate) fn first_of(&self, names: &[&'static str]) -> &Json<'a> {
        self.named(names).map_or(&NULL, |(_, value)| value)
    }

    /// The members of an object.
    pub(crate) fn members(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        if let Self::Object(members) = self {
            members
        } else {
            &[]
        }
    }

    /// The elements of an array.
    pub(crate) fn elements(&self) -> &[Json<'a>] {
        if let Self::List(elements) = self {
            elements
        } else {
            &[]
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a string that is not empty.
    pub(crate) fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else {
            return None;
        };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// The value itself, or the one inside an object that only wraps it.
    pub(crate) fn unwrapped(&self, names: &[&'static str]) -> &Json<'a> {
        if let Self::Object(_) = self {
            self.first_of(names)
        } else {
            self
        }
    }

    /// A number, also where it was sent as a string.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => {
                let number = number::read(text, Signs::Unknown).ok();
                number.filter(|of| of.unit.is_empty()).map(|of| of.value)
            }
            Self::Bool(_) | Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// A truth value, also where it was sent as a number or a string.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            Self::Number(number) => Some(*number != 0.0),
            Self::Text(text) => match text.trim() {
                "true" | "1" | "yes" => Some(true),
                "false" | "0" | "no" => Some(false),
                _ => None,
            },
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Number(number) if number.is_finite() => write!(f, "{number}"),
            Self::Null | Self::Number(_) => f.write_str("null"),
            Self::Text(text) => write_text(f, text),
            Self::List(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if at == 0 { '[' } else { ',' })?;
                }
                f.write_str(if elements.is_empty() { "[]" } else { "]" })
            }
            Self::Object(members) => {
                for (at, (name, value)) in members.iter().enumerate() {
                    f.write_str(if at == 0 { "{" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

thread_local! {
    /// How many containers of a tree are open on this thread, and how many values the tree has.
    static TREE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// A container that is being read. Its tree takes many times what its text takes, and is bounded as a whole, since a
/// visitor of a part knows nothing of the rest.
struct Tree;

impl Tree {
    fn open() -> Self {
        TREE.with(|tree| {
            let (open, nodes) = tree.get();
            tree.set((open + 1, if open == 0 { 0 } else { nodes }));
        });
        Self
    }

    #[expect(clippy::unused_self, reason = "a container that is open grows")]
    fn grow<E: Error>(&self) -> Result<(), E> {
        let nodes = TREE.with(|tree| {
            let (open, nodes) = tree.get();
            tree.set((open, nodes + 1));
            nodes
        });
        if nodes >= NODES_MAX {
            return Err(E::custom("more values than one element may have"));
        }
        Ok(())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        TREE.with(|tree| {
            let (open, nodes) = tree.get();
            tree.set((open.saturating_sub(1), nodes));
        });
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Json::Number(number))
    }

    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let tree = Tree::open();
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            tree.grow()?;
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let tree = Tree::open();
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            tree.grow()?;
            members.push((name, map.next_value()?));
        }
        Ok(Json::Object(members))
    }
}
