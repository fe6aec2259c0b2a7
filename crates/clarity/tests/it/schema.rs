//! Holds answers strictly against the OpenAPI document: what is not documented must not be sent.
//!
//! JSON Schema lets unknown members pass, and `allOf` cannot close an object. Here a member that no part
//! of the schema names is a difference, formats are checked, of alternatives exactly one must fit, and a
//! schema that says nothing about a value is a difference itself. A keyword that this file does not know
//! is one too, so that it cannot be passed over in silence. That is stricter than what a validator of
//! JSON Schema does, and shorter than making one do it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use axum::http::Method;
use clarity::http::{self, router};
use serde_json::Value;

/// Keywords that describe and do not constrain.
const SAID_ONLY: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentMediaType",
    "contentEncoding",
];
/// Keywords that are checked where a value is at hand.
const CHECKED: &[&str] = &[
    "enum",
    "const",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "prefixItems",
    "propertyNames",
];
/// Answers of which the document does not say the whole shape, and why.
const OPEN: &[(&str, &str)] = &[
    (
        "/api/v1/openapi.json",
        "described by the OpenAPI Specification",
    ),
    (
        "/api/v1/health-data/export?format=fhir",
        "described by FHIR R4",
    ),
];

/// Alternatives of one schema; there are a handful.
const ALTERNATIVES_MAX: usize = 64;

/// The document of this program.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let (_, document) = http::documented();
        serde_json::to_value(&document).expect("the document is JSON")
    })
}

/// The path template of the document that a path of a request belongs to.
pub(crate) fn template(document: &Value, path: &str) -> Option<String> {
    let path = router::canonical_path(path);
    let paths = document["paths"].as_object().expect("paths");
    let fits = |template: &&String| {
        let (mut wanted, mut given) = (template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    // A name wins over a parameter in its place.
    let found = paths.keys().filter(fits);
    found
        .min_by_key(|template| template.matches('{').count())
        .cloned()
}

/// An answer as the document has to describe it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) media_type: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// What an answer differs in from its description; nothing for what is no operation of the document.
pub(crate) fn differences(document: &Value, sent: &Sent<'_>) -> Vec<String> {
    let Some(template) = template(document, sent.path) else {
        return Vec::new();
    };
    let method = sent.method.as_str().to_lowercase();
    let operation = &document["paths"][&template][&method];
    if !operation.is_object() {
        return Vec::new();
    }
    let response = resolve(document, &operation["responses"][sent.status.to_string()]);
    let mut out = Vec::new();
    if !response.is_object() {
        out.push("the status is not documented".to_owned());
    } else if let Some(content) = response["content"].as_object() {
        let media_type = sent.media_type.split(';').next().unwrap_or_default().trim();
        match content.get(media_type) {
            None => out.push(format!("the media type {media_type:?} is not documented")),
            Some(described) if is_json(media_type) => {
                let value = serde_json::from_slice(sent.bytes).expect("JSON");
                let checker = Checker { document };
                checker.check(&described["schema"], &value, "", &mut out);
            }
            Some(_) => {}
        }
    } else if !sent.bytes.is_empty() {
        out.push("a body is not documented".to_owned());
    }
    let name = |difference| format!("{} {template} {}: {difference}", sent.method, sent.status);
    out.into_iter().map(name).collect()
}

/// Whether the document leaves the shape of an answer open.
pub(crate) fn is_open(path: &str) -> bool {
    OPEN.iter().any(|(open, _)| *open == path)
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

fn resolve<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    while let Some(reference) = value["$ref"].as_str() {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference into the document");
        value = document.pointer(pointer).expect("what is referred to");
    }
    value
}

/// One alternative of a schema, with everything that its parts say.
#[derive(Debug, Clone, Default)]
struct Flat<'a> {
    types: Option<BTreeSet<&'a str>>,
    properties: BTreeMap<&'a str, Vec<&'a Value>>,
    required: BTreeSet<&'a str>,
    additional: Option<&'a Value>,
    checks: Vec<(&'a str, &'a Value)>,
}

impl Flat<'_> {
    fn and(mut self, other: Self) -> Self {
        self.types = match (self.types, other.types) {
            (Some(a), Some(b)) => Some(a.intersection(&b).copied().collect()),
            (a, b) => a.or(b),
        };
        for (name, schemas) in other.properties {
            self.properties.entry(name).or_default().extend(schemas);
        }
        self.required.extend(other.required);
        self.additional = self.additional.or(other.additional);
        self.checks.extend(other.checks);
        self
    }
}

struct Checker<'a> {
    document: &'a Value,
}

impl<'a> Checker<'a> {
    fn check(&self, schema: &'a Value, value: &Value, at: &str, out: &mut Vec<String>) {
        let mut unknown = Vec::new();
        let alternatives = self.alternatives(schema, &mut unknown);
        out.extend(
            unknown
                .into_iter()
                .map(|keyword| format!("{at}: unknown keyword {keyword}")),
        );
        let mut fits = 0;
        let mut nearest: Option<Vec<String>> = None;
        for flat in &alternatives {
            let mut found = Vec::new();
            self.check_flat(flat, value, at, &mut found);
            if found.is_empty() {
                fits += 1;
            } else if nearest
                .as_ref()
                .is_none_or(|nearest| found.len() < nearest.len())
            {
                nearest = Some(found);
            }
        }
        match fits {
            0 => out.extend(nearest.unwrap_or_else(|| vec![format!("{at}: no schema")])),
            1 => {}
            several => out.push(format!("{at}: fits {several} alternatives")),
        }
    }

    fn alternatives(&self, schema: &'a Value, unknown: &mut Vec<String>) -> Vec<Flat<'a>> {
        let Some(keywords) = schema.as_object() else {
            return vec![Flat::default()];
        };
        let mut own = Flat::default();
        let mut all = vec![Flat::default()];
        for (keyword, said) in keywords {
            let parts = match keyword.as_str() {
                "$ref" => self.alternatives(resolve(self.document, schema), unknown),
                "allOf" => {
                    let parts = said.as_array().expect("a list").iter();
                    let parts = parts.map(|part| self.alternatives(part, unknown));
                    parts.fold(vec![Flat::default()], |all, part| product(&all, &part))
                }
                "oneOf" | "anyOf" => {
                    let parts = said.as_array().expect("a list").iter();
                    parts
                        .flat_map(|part| self.alternatives(part, unknown))
                        .collect()
                }
                "type" => {
                    let names = said
                        .as_array()
                        .map_or_else(|| vec![said], |list| list.iter().collect());
                    own.types = Some(names.into_iter().filter_map(Value::as_str).collect());
                    continue;
                }
                "properties" => {
                    for (name, schema) in said.as_object().expect("an object") {
                        own.properties.entry(name).or_default().push(schema);
                    }
                    continue;
                }
                "required" => {
                    let names = said.as_array().expect("a list").iter();
                    own.required.extend(names.filter_map(Value::as_str));
                    continue;
                }
                "additionalProperties" => {
                    own.additional = Some(said);
                    continue;
                }
                name if CHECKED.contains(&name) => {
                    own.checks.push((name, said));
                    continue;
                }
                name if SAID_ONLY.contains(&name) => continue,
                name => {
                    unknown.push(name.to_owned());
                    continue;
                }
            };
            all = product(&all, &parts);
            assert!(all.len() <= ALTERNATIVES_MAX, "too many alternatives");
        }
        product(&all, &[own])
    }

    fn check_flat(&self, flat: &Flat<'a>, value: &Value, at: &str, out: &mut Vec<String>) {
        let has_members = !flat.properties.is_empty() || flat.additional.is_some();
        if flat.types.is_none() && !has_members && flat.checks.iter().all(|check| check.0 != "enum")
        {
            out.push(format!("{at}: nothing is said about it"));
            return;
        }
        if let Some(types) = &flat.types
            && !types.iter().any(|name| is_a(value, name))
        {
            out.push(format!("{at}: {} is not one of {types:?}", short(value)));
            return;
        }
        if value.is_null() {
            return;
        }
        for (keyword, said) in &flat.checks {
            self.check_keyword(keyword, said, value, at, out);
        }
        match value {
            Value::Object(members) => {
                if !has_members {
                    out.push(format!("{at}: nothing is said about its members"));
                }
                for (name, member) in members {
                    self.check_member(flat, name, member, &format!("{at}/{name}"), out);
                }
                for name in &flat.required {
                    if !members.contains_key(*name) {
                        out.push(format!("{at}/{name}: is required and absent"));
                    }
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let said = |name: &str| flat.checks.iter().any(|check| check.0 == name);
                if !said("items") && !said("prefixItems") {
                    out.push(format!("{at}: nothing is said about its items"));
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {}
        }
    }

    fn check_member(
        &self,
        flat: &Flat<'a>,
        name: &str,
        member: &Value,
        at: &str,
        out: &mut Vec<String>,
    ) {
        match (flat.properties.get(name), flat.additional) {
            (Some(schemas), _) => {
                for schema in schemas {
                    self.check(schema, member, at, out);
                }
            }
            (None, Some(schema)) if schema.is_object() => self.check(schema, member, at, out),
            (None, _) => out.push(format!("{at}: is not documented")),
        }
    }

    fn check_keyword(
        &self,
        keyword: &str,
        said: &'a Value,
        value: &Value,
        at: &str,
        out: &mut Vec<String>,
    ) {
        let number = value.as_f64();
        let limit = said.as_f64().unwrap_or(f64::NAN);
        let characters = value.as_str().map(|text| text.chars().count() as f64);
        let items = value.as_array();
        let length = items.map(|items| items.len() as f64);
        let is_right = match keyword {
            "enum" => said.as_array().expect("a list").contains(value),
            "const" => said == value,
            "format" => has_format(value, said.as_str().unwrap_or_default()),
            "minimum" => number.is_none_or(|number| number >= limit),
            "maximum" => number.is_none_or(|number| number <= limit),
            "exclusiveMinimum" => number.is_none_or(|number| number > limit),
            "minLength" => characters.is_none_or(|count| count >= limit),
            "maxLength" => characters.is_none_or(|count| count <= limit),
            "minItems" => length.is_none_or(|count| count >= limit),
            "maxItems" => length.is_none_or(|count| count <= limit),
            "uniqueItems" => items.is_none_or(|items| {
                let texts: BTreeSet<String> = items.iter().map(Value::to_string).collect();
                texts.len() == items.len()
            }),
            "items" => {
                for (index, item) in items.into_iter().flatten().enumerate() {
                    if said.is_object() {
                        self.check(said, item, &format!("{at}/{index}"), out);
                    }
                }
                true
            }
            "prefixItems" => {
                let schemas = said.as_array().expect("a list").iter();
                for (index, (schema, item)) in schemas.zip(items.into_iter().flatten()).enumerate()
                {
                    self.check(schema, item, &format!("{at}/{index}"), out);
                }
                true
            }
            "propertyNames" => {
                for name in value
                    .as_object()
                    .into_iter()
                    .flat_map(|members| members.keys())
                {
                    self.check(said, &Value::String(name.clone()), at, out);
                }
                true
            }
            other => unreachable!("{other} is listed and not checked"),
        };
        if !is_right {
            out.push(format!(
                "{at}: {} against {keyword} {}",
                short(value),
                short(said)
            ));
        }
    }
}

/// Every way in which one of each holds.
fn product<'a>(all: &[Flat<'a>], parts: &[Flat<'a>]) -> Vec<Flat<'a>> {
    let each = all
        .iter()
        .flat_map(|a| parts.iter().map(|b| a.clone().and(b.clone())));
    each.collect()
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// Whether a value has a format; a format that is not known here is had by nothing.
fn has_format(value: &Value, format: &str) -> bool {
    let text = value.as_str().unwrap_or_default();
    let whole = value
        .as_i64()
        .map(i128::from)
        .or(value.as_u64().map(i128::from));
    match format {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "uuid" => text.len() == 36 && text.parse::<uuid::Uuid>().is_ok(),
        "email" => text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        "uri" | "uri-reference" => !text.is_empty() && !text.contains(char::is_whitespace),
        "int32" => whole.is_some_and(|whole| i32::try_from(whole).is_ok()),
        "int64" => whole.is_some_and(|whole| whole <= i128::from(u64::MAX)),
        "float" | "double" => value.is_number(),
        _ => false,
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: &Value, value: &Value) -> Vec<String> {
        let document = json!({"components": {"schemas": {
            "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        }}});
        let mut out = Vec::new();
        Checker {
            document: &document,
        }
        .check(schema, value, "", &mut out);
        out
    }

    fn check(schema: &Value, right: &[Value], wrong: &[(Value, &str)]) {
        for value in right {
            assert_eq!(found(schema, value), [] as [String; 0], "{value}");
        }
        for (value, expect) in wrong {
            let found = found(schema, value).join("; ");
            assert!(found.contains(expect), "{value}: {found}");
        }
    }

    #[test]
    fn what_is_documented_passes_and_everything_else_is_found() {
        let named = json!({"$ref": "#/components/schemas/Named"});
        check(
            &named,
            &[json!({"name": "a"})],
            &[
                (json!({"name": "a", "age": 1}), "/age: is not documented"),
                (json!({}), "/name: is required"),
                (json!({"name": null}), "/name: null is not one of"),
            ],
        );
        // The parts of an object may be told apart, and close it together.
        let aged = json!({"type": "object", "properties": {"age": {"type": ["integer", "null"]}}});
        check(
            &json!({"allOf": [named, aged]}),
            &[
                json!({"name": "a", "age": null}),
                json!({"name": "a", "age": 3}),
            ],
            &[
                (json!({"name": "a", "size": 1}), "/size: is not documented"),
                (json!({"name": "a", "age": 1.5}), "/age: 1.5 is not one of"),
            ],
        );
        check(
            &json!({"oneOf": [{"type": "null"}, named]}),
            &[json!(null), json!({"name": "a"})],
            &[(json!(1), "is not one of")],
        );
        check(
            &json!({"oneOf": [{"type": "number"}, {"type": "integer"}]}),
            &[json!(1.5)],
            &[(json!(1), "fits 2 alternatives")],
        );
    }

    #[test]
    fn items_formats_and_silence_are_found() {
        check(
            &json!({"type": "object", "additionalProperties": {"type": "string", "format": "date"}}),
            &[json!({"a": "2026-05-04"})],
            &[
                (json!({"a": "2026-05-04T00:00:00Z"}), "/a: "),
                (json!({"a": 1}), "/a: "),
            ],
        );
        check(
            &json!({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
            &[json!(["a"]), json!([])],
            &[(json!(["a", "c"]), "/1: \"c\" against enum")],
        );
        check(&json!({}), &[], &[(json!(1), "nothing is said about it")]);
        check(
            &json!({"type": "object"}),
            &[],
            &[(json!({"a": 1}), "nothing is said about its members")],
        );
        check(
            &json!({"type": "string", "pattern": "^a"}),
            &[],
            &[(json!("a"), "unknown keyword pattern")],
        );
        let time = json!({"type": "string", "format": "date-time"});
        check(
            &time,
            &[json!("2026-05-04T00:00:00+02:00")],
            &[
                (json!("2026-05-04T00:00"), "format"),
                (json!("2026-05-04"), "format"),
            ],
        );
    }

    /// A member that is written and not documented must not pass: each object of a true answer gets one.
    #[test]
    fn a_member_added_to_any_object_of_an_answer_is_found() {
        let document = document();
        let answer = json!({
            "data": [{
                "date": "2026-05-04", "zone": "Europe/Berlin",
                "metrics": {"step_count": {
                    "kind": "cumulative", "value": 130.0, "unit": "1", "samples": 2, "coverage": 0.5,
                    "by_source": [{"source": "Watch", "value": 70.0, "unmerged": 70.0, "samples": 1}],
                }},
            }],
            "stale": [], "pending": [],
        });
        let found = |answer: &Value| {
            let bytes = answer.to_string();
            differences(
                document,
                &Sent {
                    method: &Method::GET,
                    path: "/api/v1/summaries/daily",
                    status: 200,
                    media_type: "application/json",
                    bytes: bytes.as_bytes(),
                },
            )
        };
        assert_eq!(found(&answer), [] as [String; 0]);
        let places = [
            "",
            "/data/0",
            "/data/0/metrics/step_count",
            "/data/0/metrics/step_count/by_source/0",
        ];
        for place in places {
            let mut changed = answer.clone();
            let object = changed.pointer_mut(place).and_then(Value::as_object_mut);
            object
                .expect("an object")
                .insert("more".to_owned(), json!(1));
            let found = found(&changed).join("; ");
            assert!(
                found.contains(&format!("{place}/more: is not documented")),
                "{found}"
            );
        }
    }
}
