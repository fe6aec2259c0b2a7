//! Every setting, with its default, its documentation and its checks.
//!
//! Order: defaults, then the file, then the environment (`CLARITY_…`), then flags. A setting that is
//! wrong or unsafe refuses to start with a code and a remedy; nothing is guessed silently. This is
//! the only file that reads the environment.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub mod shown;
mod texts;
mod times;

use self::texts::{has_default_secret, is_origin, is_public_url, list};

/// OWASP's recommended Argon2id set: 19 MiB, two passes, one lane.
pub const PASSWORD_MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSWORD_ITERATIONS: u32 = 2;
/// Lanes.
const PASSWORD_PARALLELISM: u32 = 1;

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}; {remedy}")]
pub struct ConfigError {
    /// Stable code, `CONFIG_…`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// What the server is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// At a desk: conveniences allowed.
    Development,
    /// With real people's data: unsafe settings refuse to start.
    Production,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For reading on a terminal.
    Text,
}

/// Whether something is done at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Done.
    On,
    /// Not done.
    Off,
}

macro_rules! settings {
    ($(#[$struct_doc:meta])* $name:ident { $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr;)+ }) => {
        $(#[$struct_doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $name {
            /// Each setting's name and documentation, in order.
            const DOCS: &'static [(&'static str, &'static [&'static str])] =
                &[$((stringify!($field), &[$($doc),+])),+];
        }
    };
}

settings! {
    /// Where the database is.
    Database {
        /// `postgres://user:password@host/name`; empty for SQLite in the data folder.
        url: String = String::new();
    }
}

settings! {
    /// How long sign-ins last.
    Tokens {
        /// Seconds that an access token is valid.
        access_s: i64 = 15 * 60;
        /// Seconds after which an unused refresh token is worthless.
        refresh_s: i64 = 30 * 24 * 3600;
        /// Days after which a new key signs access tokens; 0 leaves that to `clarity keys rotate`.
        rotate_days: u32 = 90;
        /// Seconds after a sign-in in which exporting, erasing, sharing and making keys do not ask for the password again.
        recent_s: i64 = 10 * 60;
        /// The `iss` of access tokens.
        issuer: String = "clarity".to_owned();
    }
}

settings! {
    /// Cost of checking a password (Argon2id).
    Passwords {
        /// Memory in KiB.
        memory_kib: u32 = PASSWORD_MEMORY_KIB;
        /// Passes over the memory.
        iterations: u32 = PASSWORD_ITERATIONS;
        /// Lanes.
        parallelism: u32 = PASSWORD_PARALLELISM;
        /// File with passwords that no account may have, one a line, such as a list of leaked ones; empty for none.
        refused_file: PathBuf = PathBuf::new();
    }
}

settings! {
    /// What one request may be.
    Limits {
        /// Bytes of a JSON body, after decompression.
        json_body_bytes: usize = 10 * 1024 * 1024;
        /// Bytes of a JSON body that brings health data, after decompression: a week of workouts
        /// with a point a second has 15 MB.
        upload_body_bytes: usize = 64 * 1024 * 1024;
        /// Bodies above `json_body_bytes` held at the same time; further ones wait their turn.
        large_bodies_at_once: usize = 2;
        /// Rows on one page of a list.
        page_rows: usize = 1_000;
        /// Seconds that a request may take; streams and imports are exempt.
        request_s: u64 = 30;
        /// Seconds without a byte after which an import's upload is given up.
        import_idle_s: u64 = 60;
        /// Imports read at the same time; further ones wait their turn.
        imports_at_once: usize = 2;
        /// Live event streams of one person.
        streams_per_person: usize = 20;
    }
}

settings! {
    /// Requests per person, or per network before sign-in.
    Rates {
        /// `on` or `off`.
        enabled: Switch = Switch::On;
        /// Sign-ins and token refreshes per minute and network.
        login_per_min: u32 = 10;
        /// Registrations per hour and network; 0 closes registration.
        register_per_hour: u32 = 5;
        /// Uploads per minute.
        uploads_per_min: u32 = 600;
        /// Reads per minute.
        reads_per_min: u32 = 1_200;
        /// Insight and chat requests per hour.
        insights_per_hour: u32 = 50;
        /// Everything else per minute.
        other_per_min: u32 = 600;
        /// Everything else at once.
        other_burst: u32 = 10;
    }
}

settings! {
    /// Which web pages may call the API.
    Cors {
        /// Exact origins, such as `["https://app.example.org"]`.
        origins: Vec<String> = Vec::new();
    }
}

settings! {
    /// Which proxies are believed about the client's address.
    Proxy {
        /// Addresses whose `X-Forwarded-For` counts.
        trusted: Vec<IpAddr> = Vec::new();
    }
}

settings! {
    /// What is logged.
    Log {
        /// `json` or `text`.
        format: LogFormat = LogFormat::Json;
        /// `error`, `warn`, `info`, `debug` or `trace`; the last two not in production.
        level: String = "info".to_owned();
    }
}

settings! {
    /// Trained networks.
    Models {
        /// Links from which `clarity models pull` fetches, such as `["small=https://host/PAT-S_29k_weights.h5"]`. The authors' links are on their page and may change, so none is built in.
        sources: Vec<String> = Vec::new();
        /// How weeks are scaled before they are embedded: `week` (mean and deviation of the week itself) or the path of a scaler file: JSON with `name`, `mean` and `deviation`, 10,080 numbers each.
        scaler: String = "week".to_owned();
    }
}

impl Models {
    /// The link for a model.
    pub fn source(&self, name: &str) -> Option<&str> {
        let mut links = self
            .sources
            .iter()
            .filter_map(|source| source.split_once('='));
        links
            .find(|(of, _)| of.trim() == name)
            .map(|(_, link)| link.trim())
    }
}

settings! {
    /// All settings.
    Config {
        /// Folder of the SQLite database, the master key file and temporary files.
        data_dir: PathBuf = PathBuf::from("data");
        /// Address and port to listen on.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
        /// Address under which phones reach this server, such as `https://health.example.org`, for the text by which a device is paired; empty for the name by which the request came.
        public_url: String = String::new();
        /// `development` or `production`. Production refuses unsafe settings.
        environment: Environment = Environment::Development;
        /// File with the master key; empty for `master.key` in the data folder. Back it up apart from the database: without it the data cannot be read.
        master_key_file: PathBuf = PathBuf::new();
        /// Background workers in this process; 0 for one per processor core.
        workers: usize = 0;
        /// Where the database is.
        database: Database = Database::default();
        /// How long sign-ins last.
        tokens: Tokens = Tokens::default();
        /// Cost of checking a password (Argon2id).
        passwords: Passwords = Passwords::default();
        /// What one request may be.
        limits: Limits = Limits::default();
        /// Requests per person, or per network before sign-in.
        rates: Rates = Rates::default();
        /// Which web pages may call the API.
        cors: Cors = Cors::default();
        /// Which proxies are believed about the client's address.
        proxy: Proxy = Proxy::default();
        /// Trained networks.
        models: Models = Models::default();
        /// What is logged.
        log: Log = Log::default();
    }
}

type Docs = &'static [(&'static str, &'static [&'static str])];

/// The tables below the top level.
const SECTIONS: &[(&str, Docs)] = &[
    ("database", Database::DOCS),
    ("tokens", Tokens::DOCS),
    ("passwords", Passwords::DOCS),
    ("limits", Limits::DOCS),
    ("rates", Rates::DOCS),
    ("cors", Cors::DOCS),
    ("proxy", Proxy::DOCS),
    ("models", Models::DOCS),
    ("log", Log::DOCS),
];

/// The least Argon2id memory that production accepts (OWASP's smallest recommended set).
const PRODUCTION_MEMORY_KIB: u32 = 7 * 1024;

impl Config {
    /// Reads the file (if there is one), then `environment` (names without `CLARITY_`), then
    /// `flags` (dotted setting, value), and checks the whole.
    pub fn load(
        file: Option<&Path>,
        environment: &[(String, String)],
        flags: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            Some(path) => read_file(path)?,
            None => Table::new(),
        };
        for (setting, value) in environment.iter().filter_map(named_by_environment) {
            set(&mut table, &setting, value)?;
        }
        for (setting, value) in flags {
            set(&mut table, setting, value)?;
        }
        let config: Self = Value::Table(table)
            .try_into()
            .map_err(|error| ConfigError {
                code: "CONFIG_INVALID",
                message: one_line(&error),
                remedy: "compare with the output of `clarity config`",
            })?;
        config.check()?;
        Ok(config)
    }

    /// The variables of the process that are settings, without their `CLARITY_`.
    pub fn environment() -> Vec<(String, String)> {
        std::env::vars()
            .filter_map(|(name, value)| Some((name.strip_prefix("CLARITY_")?.to_owned(), value)))
            .collect()
    }

    /// Refuses what is unsafe.
    pub fn check(&self) -> Result<(), ConfigError> {
        let problem = |code, message: &str, remedy| {
            Err(ConfigError {
                code,
                message: message.to_owned(),
                remedy,
            })
        };
        if !matches!(
            self.log.level.as_str(),
            "error" | "warn" | "info" | "debug" | "trace"
        ) {
            return problem(
                "CONFIG_INVALID",
                "unknown log.level",
                "use error, warn, info, debug or trace",
            );
        }
        if !self.tokens.are_possible() {
            return problem(
                "CONFIG_TOKEN_LIFETIME",
                "tokens.refresh_s must be at least tokens.access_s, and all times of tokens positive",
                "remove these settings to use the defaults",
            );
        }
        if !is_public_url(&self.public_url) {
            return problem(
                "CONFIG_PUBLIC_URL",
                "public_url is not an address that a phone can call",
                "use https://name, without user, query or path below it that is not this server's",
            );
        }
        if !self.cors.origins.iter().all(|origin| is_origin(origin)) {
            return problem(
                "CONFIG_CORS_ORIGIN",
                "cors.origins holds something that no browser sends as an origin",
                "use https://host or https://host:port, in small letters, without path or slash at the end",
            );
        }
        if self.environment == Environment::Development {
            return Ok(());
        }
        if self.cors.origins.iter().any(|origin| origin.contains('*')) {
            return problem(
                "CONFIG_CORS_WILDCARD",
                "cors.origins holds a wildcard in production",
                "list the exact origins",
            );
        }
        if has_default_secret(&self.database.url) {
            return problem(
                "CONFIG_DEFAULT_SECRET",
                "database.url holds a well-known password in production",
                "set a generated password",
            );
        }
        if matches!(self.log.level.as_str(), "debug" | "trace") {
            return problem(
                "CONFIG_DEBUG",
                "debug output is on in production",
                "set log.level to info",
            );
        }
        if self.passwords.memory_kib < PRODUCTION_MEMORY_KIB {
            return problem(
                "CONFIG_PASSWORD_COST",
                "passwords.memory_kib is too cheap for production",
                "remove the setting to use the default",
            );
        }
        Ok(())
    }

    /// Whether the database is the SQLite file in the data folder.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        self.database
            .url
            .is_empty()
            .then(|| self.data_dir.join("clarity.db"))
    }

    /// Where the master key is.
    pub fn key_file(&self) -> PathBuf {
        if self.master_key_file.as_os_str().is_empty() {
            self.data_dir.join("master.key")
        } else {
            self.master_key_file.clone()
        }
    }

    /// The file with every setting at its default, commented.
    pub fn commented() -> String {
        let defaults = Table::try_from(Self::default()).expect("the defaults are plain TOML");
        let mut out = String::from(
            "# Settings of Clarity. Every line shows the default; remove the # to change it.\n\
             # CLARITY_LISTEN or CLARITY_LIMITS_JSON_BODY_BYTES in the environment win over this file.\n\n",
        );
        describe(&mut out, Self::DOCS, &defaults);
        for (section, docs) in SECTIONS {
            let sentence = Self::DOCS.iter().find(|(name, _)| name == section);
            for sentence in sentence.into_iter().flat_map(|(_, lines)| *lines) {
                line(&mut out, format_args!("#{sentence}"));
            }
            line(&mut out, format_args!("[{section}]"));
            if let Some(Value::Table(table)) = defaults.get(*section) {
                describe(&mut out, docs, table);
            }
        }
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes every text");
}

fn describe(out: &mut String, docs: Docs, values: &Table) {
    for (name, lines) in docs {
        let Some(value) = values.get(*name) else {
            continue;
        };
        if value.is_table() {
            continue;
        }
        for sentence in *lines {
            line(out, format_args!("#{sentence}"));
        }
        line(out, format_args!("#{name} = {value}"));
    }
    out.push('\n');
}

fn read_file(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
        code: "CONFIG_FILE",
        message: format!("could not read {}: {error}", path.display()),
        remedy: "check the path and its permissions",
    })?;
    text.parse().map_err(|error: toml::de::Error| ConfigError {
        code: "CONFIG_SYNTAX",
        message: format!("{}: {}", path.display(), one_line(&error)),
        remedy: "compare with the output of `clarity config`",
    })
}

fn one_line(error: &toml::de::Error) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// `LIMITS_JSON_BODY_BYTES` is `limits.json_body_bytes`; variables that are no setting are left alone.
fn named_by_environment((name, value): &(String, String)) -> Option<(String, &String)> {
    let wanted = name.to_lowercase();
    let top = Config::DOCS.iter().map(|(name, _)| (*name).to_owned());
    let nested = SECTIONS.iter().flat_map(|(section, docs)| {
        docs.iter()
            .map(move |(name, _)| format!("{section}.{name}"))
    });
    let setting = top
        .chain(nested)
        .find(|setting| setting.replace('.', "_") == wanted)?;
    Some((setting, value))
}

/// Puts a value given as text where its type is the default's.
fn set(table: &mut Table, setting: &str, text: &str) -> Result<(), ConfigError> {
    let invalid = |message: String| ConfigError {
        code: "CONFIG_INVALID",
        message,
        remedy: "compare with the output of `clarity config`",
    };
    let defaults = Table::try_from(Config::default()).expect("the defaults are plain TOML");
    let (section, name) = setting.split_once('.').unwrap_or(("", setting));
    let default = if section.is_empty() {
        defaults.get(name)
    } else {
        defaults.get(section).and_then(|table| table.get(name))
    };
    let default = default.ok_or_else(|| invalid(format!("unknown setting {setting}")))?;
    let value = match default {
        Value::Integer(_) => Value::Integer(
            text.trim()
                .parse()
                .map_err(|_| invalid(format!("{setting} must be a whole number")))?,
        ),
        Value::Array(_) => Value::Array(list(text).map_err(|why| {
            invalid(format!(
                "{setting} is neither a list as in TOML nor items with commas between them: {why}"
            ))
        })?),
        Value::String(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Table(_) => Value::String(text.to_owned()),
    };
    let table = if section.is_empty() {
        table
    } else {
        table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| invalid(format!("{section} must be a table")))?
    };
    table.insert(name.to_owned(), value);
    Ok(())
}

/// What a variable of the process says, for whoever names it instead of typing a password.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the environment"
    )]
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_commented_file_is_the_defaults() {
        let uncommented: String = Config::commented()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
                Some(_) | None => format!("{line}\n"),
            })
            .collect();
        let table: Table = uncommented.parse().expect("TOML");
        let config: Config = Value::Table(table).try_into().expect("a configuration");
        assert_eq!(config, Config::default());
    }

    #[test]
    fn flags_win_over_the_environment_and_the_environment_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clarity.toml");
        std::fs::write(&file, "workers = 1\n[limits]\npage_rows = 7\n").expect("a file");
        let environment = [
            pair("WORKERS", "2"),
            pair("CORS_ORIGINS", "https://a.example, https://b.example"),
            pair("SOMETHING_ELSE", "x"),
        ];
        let flags = [pair("workers", "3")];
        let config = Config::load(Some(&file), &environment, &flags).expect("a configuration");
        assert_eq!((config.workers, config.limits.page_rows), (3, 7));
        assert_eq!(
            config.cors.origins,
            ["https://a.example", "https://b.example"]
        );
    }

    #[test]
    fn production_refuses_what_is_unsafe() {
        let check = |setting: &str, value: &str, expect: &str| {
            let flags = [pair("environment", "production"), pair(setting, value)];
            let refused = Config::load(None, &[], &flags).expect_err("refused");
            assert_eq!(refused.code, expect, "{refused}");
        };
        check("cors.origins", "*", "CONFIG_CORS_WILDCARD");
        check("log.level", "debug", "CONFIG_DEBUG");
        check(
            "database.url",
            "postgres://clarity:changeme@db/clarity",
            "CONFIG_DEFAULT_SECRET",
        );
        check("passwords.memory_kib", "64", "CONFIG_PASSWORD_COST");
        check("limits.page_rows", "many", "CONFIG_INVALID");
        check("limits.no_such_thing", "1", "CONFIG_INVALID");
    }
}
