//! The settings as they are, for those who run the server.
//!
//! The list is the table of settings itself, so that none is forgotten; what an address says of users, passwords and
//! parameters is masked in every one of them, whatever its name.

use toml::{Table, Value};

use super::{Config, Docs, SECTIONS};

/// What stands for something that is not shown.
const MASK: &str = "***";

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name, as the file and the flags have it: `limits.page_rows`.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Its value, without secrets; empty when it is not set.
    pub value: String,
    /// The value without any configuration.
    pub default: String,
}

impl Config {
    /// Every setting with its value, in the order of the documented file.
    pub fn shown(&self) -> Vec<Shown> {
        let plain = "settings are plain TOML";
        let values = Table::try_from(self).expect(plain);
        let defaults = Table::try_from(Self::default()).expect(plain);
        let mut found = Vec::new();
        add(&mut found, ("", Self::DOCS), Some(&values), Some(&defaults));
        for (section, docs) in SECTIONS {
            let of = |table: &'_ Table| table.get(*section).and_then(Value::as_table).cloned();
            let (values, defaults) = (of(&values), of(&defaults));
            add(
                &mut found,
                (section, docs),
                values.as_ref(),
                defaults.as_ref(),
            );
        }
        found
    }
}

fn add(
    found: &mut Vec<Shown>,
    (section, docs): (&str, Docs),
    values: Option<&Table>,
    defaults: Option<&Table>,
) {
    for (name, lines) in docs {
        let value = values.and_then(|table| table.get(*name));
        if value.is_some_and(Value::is_table) {
            continue;
        }
        let default = defaults.and_then(|table| table.get(*name));
        let about: String = lines.concat();
        found.push(Shown {
            name: if section.is_empty() {
                (*name).to_owned()
            } else {
                format!("{section}.{name}")
            },
            about: about.trim().to_owned(),
            value: value.map(text).unwrap_or_default(),
            default: default.map(text).unwrap_or_default(),
        });
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => masked(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            items.join(", ")
        }
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Table(_) => value.to_string(),
    }
}

/// A text with every address in it reduced to its scheme, host and path.
fn masked(text: &str) -> String {
    let Some((before, after)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (address, further) = match after.split_once([' ', ',']) {
        Some((address, further)) => (address, format!(" {}", masked(further))),
        None => (after, String::new()),
    };
    format!("{before}://{}{further}", plain(address))
}

/// Host and path of an address without its scheme.
fn plain(address: &str) -> String {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, rest) = address.split_at(end);
    // A password with signs that should have been written otherwise: nobody can say where it ends.
    if rest.contains('@') {
        return MASK.to_owned();
    }
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => authority.to_owned(),
    };
    match rest.split_once(['?', '#']) {
        Some((path, _)) => format!("{host}{path}?{MASK}"),
        None => format!("{host}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_file_is_shown() {
        let shown = Config::default().shown();
        let file = Config::commented();
        let mut section = String::new();
        let mut named = Vec::new();
        for line in file.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = format!("{}.", name.trim_end_matches(']'));
            }
            let setting = line
                .strip_prefix('#')
                .and_then(|line| line.split_once(" = "));
            if let Some((name, _)) = setting.filter(|(name, _)| !name.contains(' ')) {
                named.push(format!("{section}{name}"));
            }
        }
        let names: Vec<&str> = shown.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, named);
        assert!(
            shown
                .iter()
                .all(|one| !one.about.is_empty() && one.value == one.default)
        );
    }

    #[test]
    fn no_secret_of_any_setting_is_shown() {
        let secret = "ge@he/im";
        let address =
            format!("postgres://ada:{secret}@db.example/clarity?password={secret}#{secret}");
        let mut tried = 0;
        for one in Config::default().shown() {
            let flags = [(one.name.clone(), address.clone())];
            // Numbers, addresses to listen on and enumerations take no text.
            let Ok(config) = Config::load(None, &[], &flags) else {
                continue;
            };
            tried += 1;
            for shown in config.shown() {
                assert!(
                    !shown.value.contains("im"),
                    "{}: {}",
                    shown.name,
                    shown.value
                );
            }
        }
        assert!(tried >= 6, "{tried}");
        for (given, shown) in [
            (
                "postgres://ada:geheim@db/clarity",
                "postgres://***@db/clarity",
            ),
            ("postgres://ada:ge/he@im@db/clarity", "postgres://***"),
            ("https://host/w?key=geheim", "https://host/w?***"),
            ("https://host/w?key=ge@heim", "https://***"),
            (
                "a=https://u:p@h/1,b=https://h/2#x",
                "a=https://***@h/1 b=https://h/2?***",
            ),
            ("/var/lib/clarity", "/var/lib/clarity"),
        ] {
            assert_eq!(masked(given), shown);
        }
    }
}
