//! The name of a file that is sent, as `Content-Disposition` says it (RFC 6266), and what is kept of it.
//!
//! A name is what a person called a file: it is kept sealed with the account of the import, and never logged.

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 120;
/// A name in UTF-8 with percent signs (RFC 8187).
const EXTENDED: &str = "utf-8''";

/// What the account of an import says about its file; the rest is passed over.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Filed {
    /// The file's name.
    pub(crate) name: Option<String>,
    /// Its format.
    pub(crate) format: Option<String>,
}

impl Filed {
    /// As the stored account says; nothing where it says nothing, or cannot be read.
    pub(crate) fn of(detail: &[u8]) -> Self {
        serde_json::from_slice(detail).unwrap_or_default()
    }
}

/// The name of the file in the body; none where the request does not say one. Of a path, the last part.
pub(crate) fn name(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(header::CONTENT_DISPOSITION)?;
    let said = std::str::from_utf8(said.as_bytes()).ok()?;
    let (mut plain, mut extended) = (None, None);
    for (name, value) in parameters(said) {
        match name.to_ascii_lowercase().as_str() {
            "filename" => plain = Some(value),
            "filename*" => extended = decoded(&value),
            _ => {}
        }
    }
    let whole = extended.or(plain)?;
    let last = whole.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|char| !char.is_control())
        .take(NAME_CHARS_MAX)
        .collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The parameters behind the type, quoted texts without their quotes.
fn parameters(said: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = said.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, left) = if let Some(quoted) = after.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let (value, left) = after.split_once(';').unwrap_or((after, ""));
            (value.trim().to_owned(), left)
        };
        found.push((name.trim_matches([' ', ';']).to_owned(), value));
        rest = left;
    }
    found
}

/// A quoted text up to its closing quote, and what follows it.
fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, char)| char)),
            char => value.push(char),
        }
    }
    (value, "")
}

fn decoded(value: &str) -> Option<String> {
    let (charset, text) = value.split_at_checked(EXTENDED.len())?;
    let is_utf8 = charset.eq_ignore_ascii_case(EXTENDED);
    let text = percent_decode_str(text).decode_utf8().ok()?;
    is_utf8.then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, expect: Option<&str>) {
        let value = said.parse().expect("a header");
        let headers = HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]);
        assert_eq!(name(&headers).as_deref(), expect, "{said}");
    }

    #[test]
    fn a_name_is_found_however_it_is_said() {
        check("attachment; filename=export.zip", Some("export.zip"));
        check(
            "attachment; filename=\"my export.zip\"",
            Some("my export.zip"),
        );
        check(
            r#"attachment; filename="a\"b;c=d.zip"; x=y"#,
            Some("a\"b;c=d.zip"),
        );
        check(
            "attachment; filename*=UTF-8''%C3%A4%20b.zip",
            Some("ä b.zip"),
        );
        check(
            "attachment; filename=a.zip; filename*=utf-8''b.zip",
            Some("b.zip"),
        );
        check(
            "attachment; filename*=latin1''b.zip; filename=a.zip",
            Some("a.zip"),
        );
        check("attachment; filename=\"exports/ada/a.zip\"", Some("a.zip"));
        check(
            "attachment; filename=\"C:\\\\Users\\\\a.zip\"",
            Some("a.zip"),
        );
        check("attachment", None);
        check("attachment; filename=\"\"", None);
        check("attachment; filename*=UTF-8''%FF", None);
        let long = "x".repeat(500);
        let name = format!("attachment; filename={long}");
        check(&name, Some(&long[..NAME_CHARS_MAX]));
        assert_eq!(super::name(&HeaderMap::new()), None);
    }

    #[test]
    fn an_account_without_a_name_has_none() {
        assert_eq!(Filed::of(b"{\"accepted\":1}").name, None);
        assert_eq!(Filed::of(b"").format, None);
        let filed = Filed::of(b"{\"name\":\"a.zip\",\"format\":\"apple_health\"}");
        assert_eq!(filed.name.as_deref(), Some("a.zip"));
        assert_eq!(filed.format.as_deref(), Some("apple_health"));
    }
}
