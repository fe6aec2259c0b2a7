//! Holds the house to its own rules: sizes, words that must not stay, who may depend on whom, where
//! SQL and the clock may be, and that the documents name what is there.
//!
//! It reads source files only; it must never depend on what the program does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines a source file may have.
const FILE_LINES_MAX: usize = 600;
/// Lines of code a function may have; clippy holds the exact line, this holds generated code too.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines the map may have, so that it is read.
const MAP_LINES_MAX: usize = 200;

/// Folders that are built or filled on a machine, never part of the project.
const NOT_OURS: [&str; 7] = [
    "target",
    ".git",
    ".clarity",
    "corpus",
    "artifacts",
    "node_modules",
    "dist",
];

/// The whole dependency graph between the rooms.
const GRAPH: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("analysis", &["model"]),
    ("export", &["model"]),
    ("import", &["model"]),
    ("store", &["model"]),
    ("pat", &["analysis", "model"]),
    ("lab", &["analysis", "import", "model", "pat"]),
    (
        "clarity",
        &[
            "analysis", "export", "import", "lab", "model", "pat", "store",
        ],
    ),
    // What tests compare with; no room may depend on it but for its tests.
    ("oracle", &[]),
];

/// Foreign crates that only some rooms may have.
const RESERVED: [(&str, &[&str]); 7] = [
    ("sqlx", &["store"]),
    ("axum", &["clarity"]),
    ("reqwest", &["clarity"]),
    ("clap", &["clarity"]),
    ("tokio", &["clarity", "store"]),
    ("rand", &["clarity", "store"]),
    (
        "serde_json",
        &[
            "analysis", "clarity", "export", "import", "lab", "oracle", "store",
        ],
    ),
];

/// The pages from which every other one must be reached.
const INDEXES: [&str; 3] = [
    "README.md",
    "docs/ARCHITECTURE.md",
    "docs/methods/README.md",
];

/// The files that may silence the ban on ambient clock, randomness, environment and tasks.
const EDGES: [&str; 5] = [
    "crates/clarity/src/clock.rs",
    "crates/clarity/src/config.rs",
    "crates/clarity/src/main.rs",
    // Switches of tests, in a crate that only tests depend on.
    "crates/oracle/src/absence.rs",
    "crates/oracle/src/tally.rs",
];

#[test]
fn files_are_short_enough_to_read() {
    let too_long = rust_files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX);
    none(
        too_long.map(|(path, lines)| format!("{path}: {lines} lines")),
        "files over the limit",
    );
}

#[test]
fn functions_are_short_enough_to_read() {
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        for (name, lines) in functions(&text) {
            if lines > FUNCTION_LINES_MAX {
                found.push(format!("{path}: {name}: {lines} lines of code"));
            }
        }
    }
    none(found, "functions over the limit");
}

/// A setting that nothing reads is a promise that nothing keeps.
#[test]
fn every_setting_is_read() {
    let files = rust_files();
    let config = "crates/clarity/src/config.rs";
    let (_, text) = files
        .iter()
        .find(|(path, _)| path.as_str() == config)
        .expect("the settings");
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("        "))
        .filter(|line| line.ends_with(';') && line.contains(" = "))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    assert!(names.len() > 20, "the settings were not found: {names:?}");
    let mut unread = Vec::new();
    for name in names {
        let read = format!(".{name}");
        let is_read = files.iter().any(|(path, text)| {
            let own = path.as_str() == config;
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let reads = text.match_indices(&read).any(|(at, _)| {
                let next = text[at + read.len()..].chars().next();
                next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_' && c != '(')
            });
            reads
                && (!own
                    || text.contains(&format!("self{read}"))
                    || text.contains(&format!("config{read}")))
                && path.contains("/src/")
        });
        if !is_read {
            unread.push(format!("{config}: {name}"));
        }
    }
    none(unread, "settings that nothing reads");
}

#[test]
fn functions_are_counted() {
    let text = "fn one() {\n    a();\n\n    // why\n    b();\n}\nimpl X {\n    fn two(&self) -> u8;\n    \
                pub(crate) async fn three(\n        x: u8,\n    ) -> u8 {\n        x\n    }\n}\n";
    assert_eq!(
        functions(text),
        [("one".to_owned(), 2), ("three".to_owned(), 1)]
    );
}

#[test]
fn nothing_unfinished_stays() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("db", "g!("),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
    ];
    none(
        lines_with(&rust_files(), &words),
        "lines that say something is unfinished or silenced",
    );
}

#[test]
fn no_path_of_a_machine() {
    let words = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
    ];
    none(
        lines_with(&text_files(), &words),
        "lines with a path of somebody's machine",
    );
}

#[test]
fn clock_and_chance_enter_at_the_edge() {
    let ambient = [
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
        "Uuid::now_v7",
        "Uuid::new_v4",
        "rand::rng()",
        "env::var(",
        "clippy::disallowed_methods",
    ];
    let inside: BTreeMap<String, String> = rust_files()
        .into_iter()
        .filter(|(path, _)| !EDGES.contains(&path.as_str()) && !is_test(path))
        .collect();
    none(
        lines_with(&inside, &ambient),
        "ambient clock, chance or environment away from the edge",
    );
}

#[test]
fn only_http_and_the_command_line_say_http() {
    let below: BTreeMap<String, String> = rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("crates/clarity/src/"))
        .filter(|(path, _)| !path.contains("/src/http/") && !path.contains("/src/cli/"))
        .collect();
    assert!(below.len() > 30, "the files below HTTP were not found");
    none(
        lines_with(&below, &["crate::http"]),
        "lines below HTTP that name it",
    );
}

#[test]
fn sql_is_in_the_cellar() {
    let sql = [
        "SELECT ",
        "INSERT INTO ",
        "DELETE FROM ",
        "CREATE TABLE",
        "UPDATE ",
        "sqlx::",
    ];
    let elsewhere: BTreeMap<String, String> = rust_files()
        .into_iter()
        .filter(|(path, _)| !path.starts_with("crates/store/") && !is_test(path))
        // Reads the definitions of tables in files of other programs; nothing there runs a statement.
        .filter(|(path, _)| !path.starts_with("crates/import/src/sqlite"))
        .collect();
    none(lines_with(&elsewhere, &sql), "SQL outside crates/store");
}

#[test]
fn writes_have_names() {
    let household: BTreeMap<String, String> = rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("crates/clarity/src/"))
        .collect();
    none(
        lines_with(&household, &["store.write()"]),
        "writes without a name, which are neither begun again nor measured: use begin or transact",
    );
}

#[test]
fn sql_names_its_columns() {
    let store: BTreeMap<String, String> = text_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("crates/store/"))
        .collect();
    none(
        lines_with(&store, &["SELECT *"]),
        "SQL that does not name its columns",
    );
}

#[test]
fn rooms_depend_on_each_other_as_drawn() {
    let rooms: Vec<&str> = GRAPH.iter().map(|(name, _)| *name).collect();
    let found: Vec<String> = names_in(&root().join("crates"));
    let mut drawn: Vec<String> = rooms.iter().map(|name| (*name).to_owned()).collect();
    drawn.sort();
    assert_eq!(found, drawn, "crates on disk and crates in the drawing");
    for (room, expected) in GRAPH {
        let dependencies = dependencies(room);
        let ours: Vec<&str> = dependencies
            .iter()
            .map(String::as_str)
            .filter(|name| rooms.contains(name))
            .collect();
        assert_eq!(ours, expected, "rooms that {room} depends on");
        for (foreign, allowed) in RESERVED {
            assert!(
                !dependencies.iter().any(|name| name == foreign) || allowed.contains(&room),
                "{room} must not depend on {foreign}"
            );
        }
    }
}

#[test]
fn only_the_kernel_and_the_start_may_be_unsafe() {
    for (room, _) in GRAPH {
        let entrance = read(&root().join(format!("crates/{room}/src/lib.rs")));
        let forbids = entrance.contains("#![forbid(unsafe_code)]");
        assert_eq!(forbids, room != "pat", "{room} forbids unsafe code");
    }
    let outside: BTreeMap<String, String> = rust_files()
        .into_iter()
        .filter(|(path, _)| !path.starts_with("crates/pat/src/kernel/"))
        .collect();
    let mut found = lines_with(&outside, &["unsafe {", "unsafe fn ", "unsafe impl "]);
    // One call that sets the allocator, before there is a second thread (decision 61).
    let start = found
        .iter()
        .position(|line| line.contains("crates/clarity/src/main.rs"));
    assert!(start.is_some_and(|at| found.remove(at).contains("mi_option_set_default")));
    none(found, "unsafe code outside the kernel");
}

#[test]
fn dependencies_are_declared_once() {
    let mut found = Vec::new();
    for (room, _) in GRAPH {
        let manifest = manifest(room);
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(entries) = manifest.get(table).and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, value) in entries {
                if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    found.push(format!("{room}: {name}"));
                }
            }
        }
    }
    none(
        found,
        "dependencies that do not come from the root manifest",
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = rust_files().into_iter().filter(|(_, text)| {
        !text
            .lines()
            .take_while(|line| !line.starts_with("use "))
            .any(|line| line.starts_with("//!"))
    });
    none(
        silent.map(|(path, _)| path),
        "files without a module documentation",
    );
}

#[test]
fn the_map_is_short_and_complete() {
    let map = read(&root().join("docs/ARCHITECTURE.md"));
    assert!(
        map.lines().count() <= MAP_LINES_MAX,
        "the map has {} lines",
        map.lines().count()
    );
    let mut missing = Vec::new();
    for crate_name in names_in(&root().join("crates")) {
        let folder = format!("crates/{crate_name}");
        if !map.contains(&folder) {
            missing.push(folder);
        }
    }
    for folder in names_in(&root()) {
        let ours = root().join(&folder).is_dir() && !NOT_OURS.contains(&folder.as_str());
        if ours && folder != "crates" && !map.contains(&format!("`{folder}`")) {
            missing.push(folder);
        }
    }
    none(missing, "folders that docs/ARCHITECTURE.md does not name");
}

#[test]
fn every_page_is_linked_and_every_link_leads_somewhere() {
    let pages: BTreeMap<String, String> = text_files()
        .into_iter()
        .filter(|(path, _)| has_extension(path, "md"))
        .collect();
    let mut linked = Vec::new();
    let mut broken = Vec::new();
    for (path, text) in &pages {
        let folder = root()
            .join(path)
            .parent()
            .expect("a file is in a folder")
            .to_path_buf();
        for link in links(text) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let Ok(found) = folder.join(target).canonicalize() else {
                broken.push(format!("{path}: {target}"));
                continue;
            };
            if INDEXES.contains(&path.as_str()) {
                linked.push(found);
            }
        }
    }
    none(broken, "links that lead nowhere");
    let lost = pages
        .keys()
        .filter(|path| path.starts_with("docs/") && !path.contains("/generated/"));
    let lost = lost.filter(|path| {
        let full = root()
            .join(path)
            .canonicalize()
            .expect("the file was just read");
        !linked.contains(&full)
    });
    none(
        lost.cloned(),
        "pages that neither README nor ARCHITECTURE nor the index of methods links",
    );
}

#[test]
fn the_readme_starts_with_run_and_test() {
    let readme = read(&root().join("README.md"));
    let makefile = read(&root().join("Makefile"));
    let commands: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("make "))
        .filter_map(first_word)
        .collect();
    assert_eq!(
        commands.get(..2),
        Some(["run", "test"].as_slice()),
        "the first two commands"
    );
    for command in commands {
        assert!(
            makefile.contains(&format!("\n{command}:")),
            "make {command} does not exist"
        );
    }
}

fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}

/// Panics with the list when there is anything in it.
pub(crate) fn none(found: impl IntoIterator<Item = String>, what: &str) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    here.canonicalize()
        .expect("the workspace is above the crate")
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
}

/// Names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder exists");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("the folder can be listed")
                .file_name()
                .to_string_lossy()
                .into()
        })
        .collect();
    names.sort();
    names
}

/// Every text file of the project by its path from the root.
fn text_files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    collect(&root(), "", &mut files);
    assert!(files.len() > 20, "the project was not found");
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for name in names_in(folder) {
        let (path, shown) = (folder.join(&name), format!("{prefix}{name}"));
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                collect(&path, &format!("{shown}/"), files);
            }
        } else if name != "Cargo.lock"
            && let Ok(text) = fs::read_to_string(&path)
        {
            files.insert(shown, text);
        }
    }
}

pub(crate) fn rust_files() -> BTreeMap<String, String> {
    text_files()
        .into_iter()
        .filter(|(path, _)| has_extension(path, "rs"))
        .collect()
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.contains("/benches/") || path.starts_with("fuzz/")
}

fn lines_with(files: &BTreeMap<String, String>, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (index, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) && !path.ends_with("it/tidy.rs") {
                found.push(format!("{path}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    found
}

/// Names of the functions of a formatted file with their lines of code: what is between the braces,
/// without blank lines and comments.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let rest = lines.get(at..).unwrap_or_default();
        let opening = rest
            .iter()
            .position(|line| line.ends_with('{') || line.ends_with(';'));
        let closing = rest.iter().position(|line| {
            line.trim_start() == "}" && line.len() - line.trim_start().len() == indent
        });
        if let (Some(opening), Some(closing)) = (opening, closing)
            && let Some(body) = rest.get(opening + 1..closing)
            && !rest.get(opening).is_some_and(|line| line.ends_with(';'))
        {
            let code = body.iter().filter(|line| {
                let line = line.trim_start();
                !line.is_empty() && !line.starts_with("//")
            });
            found.push((name, code.count()));
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.trim_start();
    if let Some(rest) = words.strip_prefix("pub(") {
        words = rest.split_once(") ")?.1;
    }
    for word in ["pub ", "const ", "async ", "unsafe "] {
        words = words.strip_prefix(word).unwrap_or(words);
    }
    let name = words.strip_prefix("fn ")?;
    name.split(['(', '<']).next().map(ToOwned::to_owned)
}

fn manifest(room: &str) -> toml::Table {
    let path = root().join("crates").join(room).join("Cargo.toml");
    read(&path)
        .parse()
        .unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
}

/// Names a room depends on when it is built, sorted.
fn dependencies(room: &str) -> Vec<String> {
    let manifest = manifest(room);
    let mut names: Vec<String> = ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|table| manifest.get(*table).and_then(toml::Value::as_table))
        .flat_map(|table| table.keys().cloned())
        .collect();
    names.sort();
    names
}

/// Targets of the links of a page.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}
