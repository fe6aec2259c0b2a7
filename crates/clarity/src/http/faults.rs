//! What is wrong with a value that does not fit, in sentences of this project: the texts of the
//! parsers, and the values that were sent, never reach a client.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::http::strangers::{self, Strangers};

/// Names that are listed in a sentence.
const LISTED_MAX: usize = 40;

/// Why a value does not fit.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Stable code.
    pub(crate) code: &'static str,
    /// What is wrong and what would be right.
    pub(crate) message: String,
    /// The member that is meant, below the value that was read.
    pub(crate) member: Option<String>,
}

impl Fault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            message,
            member: None,
        }
    }

    fn at(mut self, member: &str) -> Self {
        self.member = Some(member.to_owned());
        self
    }

    /// A visitor's own complaint says nothing that may be repeated; what it wants may.
    fn or_wanted(self, wanted: &str) -> Self {
        if self.code == UNREADABLE {
            return Self::new("invalid", format!("must be {}", words(wanted)));
        }
        self
    }
}

/// Code of a member that nothing takes.
pub(super) const UNKNOWN: &str = "unknown_field";
/// Marks a complaint whose text is not ours.
const UNREADABLE: &str = "unreadable";

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(UNREADABLE, "has none of the forms that are read here")
    }

    fn invalid_type(given: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let wanted = words(&wanted.to_string());
        Self::new(
            "wrong_type",
            format!("must be {wanted}, not {}", kind(&given)),
        )
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::new(
            "out_of_range",
            format!("must be {}", words(&wanted.to_string())),
        )
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Self {
        let wanted = words(&wanted.to_string());
        Self::new(
            "wrong_length",
            format!("must be {wanted}, but has {length} elements"),
        )
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new("unknown_value", format!("must be one of {}", listed(known)))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(UNKNOWN, strangers::meant(field, known)).at(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("missing", "is required").at(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("repeated", "is given more than once").at(field)
    }
}

/// The names in a sentence, the first of many.
pub(super) fn listed(names: &[&str]) -> String {
    match names.get(..LISTED_MAX) {
        Some(first) => format!("{} …", first.join(", ")),
        None => names.join(", "),
    }
}

/// What was wanted, in words; readers name types of the language.
fn words(wanted: &str) -> String {
    let words = match wanted {
        "f64" | "f32" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "string" => "a text",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        "option" => "a value or null",
        _ if wanted.starts_with("struct ") => "an object",
        _ if wanted.contains("enum ") || wanted == "variant identifier" => {
            "one of the listed words"
        }
        other => other,
    };
    words.to_owned()
}

fn kind(given: &Unexpected<'_>) -> &'static str {
    match given {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a text",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        Unexpected::NewtypeStruct
        | Unexpected::Enum
        | Unexpected::UnitVariant
        | Unexpected::NewtypeVariant
        | Unexpected::TupleVariant
        | Unexpected::StructVariant
        | Unexpected::Other(_) => "this",
    }
}

/// A JSON value that is read with [`Fault`]s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    strangers: Strangers,
}

impl<'a> Node<'a> {
    /// A value of which members that nothing takes are refused, or not.
    pub(crate) const fn of(value: &'a Value, strangers: Strangers) -> Self {
        Self { value, strangers }
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let wanted = (&visitor as &dyn Expected).to_string();
        let read = match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(whole), _) => visitor.visit_u64(whole),
                (None, Some(whole)) => visitor.visit_i64(whole),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut items =
                    SeqDeserializer::new(items.iter().map(|item| Self::of(item, self.strangers)));
                let read = visitor.visit_seq(&mut items)?;
                items.end().map(|()| read)
            }
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| (name.as_str(), Self::of(value, self.strangers)));
                visitor.visit_map(MapDeserializer::new(members))
            }
        };
        read.map_err(|fault: Fault| fault.or_wanted(&wanted))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let (Strangers::Refused { .. }, Value::Object(members)) = (self.strangers, self.value) {
            let mut names = members.keys();
            if let Some(stranger) = names.find(|name| !fields.contains(&name.as_str())) {
                return Err(de::Error::unknown_field(stranger, fields));
            }
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value.as_str() {
            Some(text) => visitor.visit_enum(StrDeserializer::new(text)),
            None => Err(de::Error::unknown_variant("", known)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The value of a query parameter, read with [`Fault`]s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl<'de> IntoDeserializer<'de, Fault> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Text<'_> {
    fn number<T: std::str::FromStr>(self, wanted: &str) -> Result<T, Fault> {
        let wrong = |_| Fault::new("invalid", format!("must be {wanted}"));
        self.0.parse().map_err(wrong)
    }
}

macro_rules! numbers {
    ($($read:ident => $visit:ident, $wanted:literal;)+) => {
        $(fn $read<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.number($wanted)?)
        })+
    };
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let wanted = (&visitor as &dyn Expected).to_string();
        let read = visitor.visit_borrowed_str(self.0);
        read.map_err(|fault: Fault| fault.or_wanted(&wanted))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(StrDeserializer::new(self.0))
    }

    numbers! {
        deserialize_bool => visit_bool, "true or false";
        deserialize_u8 => visit_u8, "a whole number that is not negative";
        deserialize_u16 => visit_u16, "a whole number that is not negative";
        deserialize_u32 => visit_u32, "a whole number that is not negative";
        deserialize_u64 => visit_u64, "a whole number that is not negative";
        deserialize_i32 => visit_i32, "a whole number";
        deserialize_i64 => visit_i64, "a whole number";
        deserialize_f64 => visit_f64, "a number";
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Blue,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Form {
        count: u32,
        #[serde(default)]
        day: Option<Date>,
        #[serde(default)]
        colour: Option<Colour>,
        #[serde(default)]
        names: Vec<String>,
    }

    #[test]
    fn every_kind_of_fault_is_said_in_words() {
        let check = |value: Value, code: &str, expect: &str| {
            let fault =
                Form::deserialize(Node::of(&value, strangers::REFUSED)).expect_err("a fault");
            assert_eq!(
                (fault.code, fault.message.as_str()),
                (code, expect),
                "{value}"
            );
        };
        check(json!({}), "missing", "is required");
        check(
            json!({"count": "secret"}),
            "wrong_type",
            "must be a whole number that is not negative, not a text",
        );
        check(
            json!({"count": -1}),
            "out_of_range",
            "must be a whole number that is not negative",
        );
        check(
            json!({"count": 1, "day": "secret"}),
            "invalid",
            "must be a date string",
        );
        check(
            json!({"count": 1, "colour": "secret"}),
            "unknown_value",
            "must be one of red, blue",
        );
        check(
            json!({"count": 1, "colour": 7}),
            "unknown_value",
            "must be one of red, blue",
        );
        check(
            json!({"count": 1, "names": {}}),
            "wrong_type",
            "must be an array, not an object",
        );
        check(
            json!({"count": 1, "days": 1}),
            "unknown_field",
            "is not a field here; did you mean `day`?",
        );
        check(
            json!({"count": 1, "secret": 1}),
            "unknown_field",
            "is not a field here; the fields are count, day, colour, names",
        );
        check(
            json!([]),
            "wrong_length",
            "must be an object, but has 0 elements",
        );
    }

    #[test]
    fn what_fits_is_read() {
        let value = json!({"count": 1, "day": "2026-05-04", "colour": "blue", "names": ["a"]});
        assert!(Form::deserialize(Node::of(&value, strangers::REFUSED)).is_ok());
    }
}
