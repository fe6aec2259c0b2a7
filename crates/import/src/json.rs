//! Reads JSON bodies of clients that nobody controls: bounded in depth and count, tolerant of types,
//! exact about where a body is broken.
//!
//! A document that is not JSON is refused as a whole with the byte; one bad element of an array is
//! told to the caller and never costs its neighbours. Messages must never hold a value of the input.

mod value;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use value::Json;

/// Nesting beyond this is refused: no known client nests deeper than eight.
pub const DEPTH_MAX: usize = 20;

/// Members of one object of a body: ten years of one for each day are 3,650.
const MEMBERS_MAX: usize = 100_000;
/// What an object of too many members is refused with.
const TOO_MANY_MEMBERS: &str = "an object of at most 100,000 members";

/// Why a body as a whole cannot be read. Nothing of it was taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The body is not UTF-8.
    #[error("the body is not valid UTF-8 at byte {byte}")]
    NotText {
        /// First bad byte.
        byte: u64,
    },
    /// The body is not JSON.
    #[error("the body is not valid JSON at byte {byte}: {message}")]
    NotJson {
        /// Where reading stopped.
        byte: u64,
        /// What was expected there.
        message: String,
    },
    /// Arrays and objects are nested too deeply.
    #[error("the body is nested deeper than {max_allowed} levels at byte {byte}")]
    TooDeep {
        /// Where the limit was passed.
        byte: u64,
        /// The limit.
        max_allowed: u64,
    },
    /// The body is JSON, but not of this format.
    #[error("the body is not of the expected form: {expected}")]
    WrongShape {
        /// What a body of this format has.
        expected: &'static str,
    },
    /// One array has too many elements.
    #[error("{pointer} has more than {max_allowed} elements")]
    TooMany {
        /// JSON pointer of the array.
        pointer: String,
        /// The limit.
        max_allowed: u64,
    },
}

/// Checks encoding and depth, and gives the text of a body.
pub(crate) fn text(body: &[u8]) -> Result<&str, ReadError> {
    let text = std::str::from_utf8(body).map_err(|error| ReadError::NotText {
        byte: error.valid_up_to() as u64,
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_depth(text.as_bytes())?;
    Ok(text)
}

/// Bytes that are checked together: as many brackets as a chunk has could be nested.
const DEPTH_CHUNK: usize = 64;

/// Most bodies are shown to be flat by counting brackets; only the others are walked.
fn check_depth(body: &[u8]) -> Result<(), ReadError> {
    let mut depth = 0_usize;
    for chunk in body.chunks(DEPTH_CHUNK) {
        // `[` and `{`, and `]` and `}`, differ in one bit.
        let count = |bracket: u8| chunk.iter().filter(|byte| **byte | 0x20 == bracket).count();
        let (opened, closed) = (count(b'{'), count(b'}'));
        if depth + opened > DEPTH_MAX {
            return walk_depth(body);
        }
        depth = (depth + opened).saturating_sub(closed);
    }
    Ok(())
}

fn walk_depth(body: &[u8]) -> Result<(), ReadError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in body.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(ReadError::TooDeep {
                byte: at as u64,
                max_allowed: DEPTH_MAX as u64,
            });
        }
    }
    Ok(())
}

/// The members of an object, in order, each still as text.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads a whole document that must be an object; all of its syntax is checked here.
    pub(crate) fn of_document(text: &'a str, expected: &'static str) -> Result<Self, ReadError> {
        serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                let expected = if error.to_string().starts_with(TOO_MANY_MEMBERS) {
                    TOO_MANY_MEMBERS
                } else {
                    expected
                };
                return ReadError::WrongShape { expected };
            }
            not_json(text, &error)
        })
    }

    /// Reads a part of a checked document that must be an object.
    pub(crate) fn of(text: &'a str, expected: &'static str) -> Result<Self, ReadError> {
        serde_json::from_str(text).map_err(|_| ReadError::WrongShape { expected })
    }

    /// The text of a member; the last one where a name is repeated, and none where it is null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, raw)| raw.get()).filter(|raw| *raw != "null")
    }

    /// The first of several names that is there.
    pub(crate) fn first_of(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// A member as a value.
    pub(crate) fn json(&self, names: &[&str]) -> Option<Json<'a>> {
        self.first_of(names)
            .and_then(|raw| serde_json::from_str(raw).ok())
    }

    /// Names and texts, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, raw)| (key.as_ref(), raw.get()))
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_ref())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    if fields.len() >= MEMBERS_MAX {
                        return Err(A::Error::custom(TOO_MANY_MEMBERS));
                    }
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Checks that a text is one JSON value from its first byte to its last.
pub(crate) fn whole(text: &str) -> Result<(), ReadError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(|_| ())
        .map_err(|error| not_json(text, &error))
}

fn not_json(text: &str, error: &serde_json::Error) -> ReadError {
    let lines_before = error.line().saturating_sub(1);
    let line_start: usize = text
        .split_inclusive('\n')
        .take(lines_before)
        .map(str::len)
        .sum();
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    ReadError::NotJson {
        byte: (line_start + error.column().saturating_sub(1)) as u64,
        message: message.to_owned(),
    }
}

/// Hands over every element of an array with its index; `None` stands for an element that cannot be
/// read (a number beyond all measure, a broken escape). Returns how many there were.
pub(crate) fn each<'a, T: Deserialize<'a>>(
    array: &'a str,
    pointer: &str,
    max_allowed: u64,
    take: &mut dyn FnMut(u64, Option<T>),
) -> Result<u64, ReadError> {
    if !array.trim_start().starts_with('[') {
        return Err(ReadError::WrongShape {
            expected: "an array where one belongs",
        });
    }
    let mut taken = 0;
    let mut too_many = false;
    let mut stream = |index: u64, element: T| -> bool {
        too_many = index >= max_allowed;
        if !too_many {
            take(index, Some(element));
            taken = index + 1;
        }
        !too_many
    };
    let done = stream_array(array, &mut stream);
    if done.is_err() && !too_many {
        // Element by element, from the one that could not be read.
        let mut one_by_one = |index: u64, element: &'a RawValue| -> bool {
            too_many = index >= max_allowed;
            if !too_many && index >= taken {
                take(index, serde_json::from_str(element.get()).ok());
            }
            !too_many
        };
        let count = stream_array(array, &mut one_by_one);
        if let (Ok(count), false) = (count, too_many) {
            return Ok(count);
        }
    }
    if too_many {
        return Err(ReadError::TooMany {
            pointer: pointer.to_owned(),
            max_allowed,
        });
    }
    Ok(taken)
}

fn stream_array<'a, T: Deserialize<'a>>(
    array: &'a str,
    take: &mut dyn FnMut(u64, T) -> bool,
) -> Result<u64, serde_json::Error> {
    struct Stream<'f, T>(&'f mut dyn FnMut(u64, T) -> bool, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Stream<'_, T> {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<u64, A::Error> {
            let mut index = 0;
            while let Some(element) = elements.next_element()? {
                if !(self.0)(index, element) {
                    return Err(A::Error::custom("stopped"));
                }
                index += 1;
            }
            Ok(index)
        }
    }
    serde_json::Deserializer::from_str(array).deserialize_seq(Stream(take, PhantomData))
}

/// The name of a member, borrowed where it has no escape.
pub(crate) struct Name<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if let Json::Text(text) = Json::deserialize(deserializer)? {
            return Ok(Self(text));
        }
        Err(D::Error::custom("a name is a string"))
    }
}

#[cfg(test)]
mod tests {
    use super::value::NODES_MAX;
    use super::*;

    fn refused(body: &[u8]) -> ReadError {
        text(body)
            .and_then(|text| Fields::of_document(text, "an object"))
            .expect_err("not readable")
    }

    #[test]
    fn broken_documents_are_refused_with_the_byte() {
        assert_eq!(refused(b"{\"a\": \xff}"), ReadError::NotText { byte: 6 });
        let cut = refused(b"{\"a\": [1, 2");
        assert!(matches!(cut, ReadError::NotJson { byte: 10, .. }), "{cut}");
        let second_line = refused(b"{\n\"a\": NaN}");
        assert!(
            matches!(second_line, ReadError::NotJson { byte: 7, .. }),
            "{second_line}"
        );
        assert!(matches!(refused(b"[]"), ReadError::WrongShape { .. }));
        assert!(matches!(refused(b""), ReadError::NotJson { .. }));
        assert!(matches!(refused(b"{} x"), ReadError::NotJson { .. }));
    }

    #[test]
    fn depth_is_bounded_outside_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(text(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(
            text(nested(DEPTH_MAX + 1).as_bytes()),
            Err(ReadError::TooDeep {
                byte: 20,
                max_allowed: 20
            })
        );
        let quoted = format!("{{\"a\": \"{}\\\"[\"}}", "[{".repeat(500));
        assert!(text(quoted.as_bytes()).is_ok());
        let wide = format!("[{}]", vec!["{\"a\":[1]}"; 1_000].join(","));
        assert!(text(wide.as_bytes()).is_ok());
    }

    #[test]
    fn one_bad_element_costs_only_itself() {
        let mut seen = Vec::new();
        let count = each(
            r#"[1, 1e999, "\ud800", {"a": 2}]"#,
            "/x",
            10,
            &mut |index, element: Option<Json<'_>>| seen.push((index, element.is_some())),
        );
        assert_eq!(count, Ok(4));
        assert_eq!(seen, [(0, true), (1, false), (2, false), (3, true)]);
    }

    #[test]
    fn trees_and_objects_are_bounded() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        let halves = format!("{{\"a\":{0},\"b\":{0}}}", list(NODES_MAX / 2));
        assert!(serde_json::from_str::<Json<'_>>(&list(NODES_MAX)).is_ok());
        assert!(serde_json::from_str::<Json<'_>>(&list(NODES_MAX + 1)).is_err());
        assert!(serde_json::from_str::<Json<'_>>(&halves).is_err());
        // One refusal leaves nothing behind, and each element has all of it.
        let both = format!("[{0},{halves},{0}]", list(NODES_MAX));
        let mut seen = Vec::new();
        let mut take = |_, element: Option<Json<'_>>| seen.push(element.is_some());
        assert_eq!(each(&both, "/x", 10, &mut take), Ok(3));
        assert_eq!(seen, [true, false, true]);
        let members = |count: usize| {
            let text: Vec<String> = (0..count).map(|n| format!("\"k{n}\":0")).collect();
            format!("{{{}}}", text.join(","))
        };
        assert!(Fields::of_document(&members(MEMBERS_MAX), "x").is_ok());
        let refused = Fields::of_document(&members(MEMBERS_MAX + 1), "x").expect_err("too many");
        assert_eq!(
            refused.to_string(),
            "the body is not of the expected form: an object of at most 100,000 members"
        );
    }

    #[test]
    fn arrays_are_bounded() {
        let mut count = 0;
        let mut take = |_, _: Option<Json<'_>>| count += 1;
        let refused = each("[1,2,3]", "/x", 2, &mut take).expect_err("too many");
        assert_eq!(
            refused,
            ReadError::TooMany {
                pointer: "/x".to_owned(),
                max_allowed: 2
            }
        );
        assert!(each("[1e999,2,3]", "/x", 2, &mut take).is_err());
        assert_eq!(each("[1,2]", "/x", 2, &mut take), Ok(2));
        assert!(each("5", "/x", 2, &mut take).is_err());
    }

    #[test]
    fn values_print_as_json() {
        let source = r#"{"a":[1,2.5,"x\"y"],"b":{},"c":null,"d":true,"e":[]}"#;
        let json: Json<'_> = serde_json::from_str(source).expect("json");
        assert_eq!(json.to_string(), source);
    }
}
