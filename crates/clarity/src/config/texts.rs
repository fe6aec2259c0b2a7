//! Texts of settings: lists as people write them, and addresses that can be what they should be.

use toml::{Table, Value};

use super::one_line;

/// Passwords of databases that everyone knows.
const DEFAULT_SECRETS: &[&str] = &[
    "postgres", "password", "clarity", "changeme", "secret", "admin",
];

/// A list as the settings file has it (`["a", "b"]`), or its items with commas between them.
pub(super) fn list(text: &str) -> Result<Vec<Value>, String> {
    if text.trim_start().starts_with('[') {
        let table: Table = format!("list = {text}")
            .parse()
            .map_err(|error| one_line(&error))?;
        return match table.get("list") {
            Some(Value::Array(items)) => Ok(items.clone()),
            Some(_) | None => Err("it is something else".to_owned()),
        };
    }
    let items = text.split(',').map(str::trim);
    let items = items.filter(|item| !item.is_empty());
    Ok(items.map(|item| Value::String(item.to_owned())).collect())
}

/// Whether a text is `*`, or what a browser sends as `Origin`: scheme, host in small letters and perhaps a port.
pub(super) fn is_origin(text: &str) -> bool {
    let Some(rest) = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
    else {
        return text == "*";
    };
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]*".contains(&byte);
    !rest.is_empty() && rest.bytes().all(is_plain)
}

/// Whether a text is empty or an address without user, query and fragment.
pub(super) fn is_public_url(text: &str) -> bool {
    let Some(rest) = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
    else {
        return text.is_empty();
    };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@?#,\"<>".contains(&byte);
    !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(is_plain)
}

/// Whether an address has a password that everyone knows.
pub(super) fn has_default_secret(url: &str) -> bool {
    let credentials = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'));
    let password = credentials.and_then(|(credentials, _)| credentials.split_once(':'));
    password.is_some_and(|(_, password)| DEFAULT_SECRETS.contains(&password))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_list_is_read_as_in_the_file_or_with_commas() {
        let origins = |text: &str| {
            let environment = [("CORS_ORIGINS".to_owned(), text.to_owned())];
            let config = Config::load(None, &environment, &[]);
            config
                .map(|config| config.cors.origins)
                .map_err(|refused| refused.code)
        };
        let two = Ok(vec![
            "https://a.example".to_owned(),
            "http://b.example:8080".to_owned(),
        ]);
        assert_eq!(
            origins(r#"["https://a.example", "http://b.example:8080"]"#),
            two
        );
        assert_eq!(origins("https://a.example,http://b.example:8080"), two);
        assert_eq!(origins(""), Ok(Vec::new()));
        assert_eq!(origins("[]"), Ok(Vec::new()));
        for text in [r#"["https://a.example""#, "[https://a.example]", "[1, 2]"] {
            assert_eq!(origins(text), Err("CONFIG_INVALID"), "{text}");
        }
        for text in [
            "\"https://a.example\"",
            "https://a.example/",
            "https://A.example",
            "a.example",
            "https://",
            "https://a.example/app",
            "https://a.example;https://b.example",
        ] {
            assert_eq!(origins(text), Err("CONFIG_CORS_ORIGIN"), "{text}");
        }
    }
}
