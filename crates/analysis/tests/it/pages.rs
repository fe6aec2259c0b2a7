//! The pages of `docs/methods`: one per method, from the header of its file, and what the
//! agreement tests found. They are compared here; `make docs` writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use analysis::catalogue;
use oracle::doors::{Door, doors};

/// The rooms with methods, in reading order, with what they are about.
const ROOMS: &[(&str, &str)] = &[
    ("rhythm", "Rest-activity rhythm"),
    ("score", "Sleep/wake scoring and nights"),
    ("accel", "Raw acceleration"),
    ("wear", "Wear detection"),
    ("report", "The report on a recording"),
    ("heart", "Heart, breath and blood oxygen"),
    ("effort", "Effort and fitness"),
    ("stats", "Statistics of a person's own series"),
    ("daily", "The local day of the server"),
];

/// Set by `make docs`: pages are written instead of compared.
const WRITE: &str = "CLARITY_WRITE_DOCS";

/// What every written page begins with.
pub(crate) const NOTICE: &str =
    "<!-- Written by the tests of crates/analysis; `make docs` renews it. -->\n";

/// Written pages that belong to no method.
const WRITTEN_ELSEWHERE: &[&str] = &["validation.md", "sleep-accel.md", "levels.md"];

const VALIDATION: &str = "# Agreement with other tools\n\n\
Every row is one method on one recording: how many values were compared, ours and the reference's \
where they were furthest apart (of a list, its element), and that relative difference. Differences \
below 1e-9 are rounding. For scored epochs the difference is the share of epochs that differ. A row \
marked ¹ cannot agree; the reason from the two definitions follows its table, and the tests fail \
where a row without a mark leaves its tolerance or a mark is no longer needed. The recordings and \
what each tool computed on them are described in `crates/oracle/data/README.md`; recordings that are \
not listed there lie beside the project, where they are kept with their own description.\n";

#[test]
fn every_method_has_its_page() {
    let pages = pages();
    for (path, text) in &pages {
        expect(path, text);
    }
    for (path, _) in on_disk() {
        let text = fs::read_to_string(folder().join(&path)).unwrap();
        assert!(
            pages.contains_key(&path)
                || !text.contains(NOTICE)
                || WRITTEN_ELSEWHERE.contains(&path.as_str()),
            "docs/methods/{path} has no method any more: delete it"
        );
    }
}

#[test]
fn every_method_of_a_source_is_in_the_catalogue() {
    for (path, text) in sources() {
        for id in ids(&text) {
            assert!(
                catalogue::ALL.iter().any(|analysis| analysis.id == id),
                "{id} of {path} is not in the catalogue"
            );
        }
    }
}

/// Formulas and rules that were fitted on nobody: their pages have no population.
const OF_NOBODY: &[&str] = &[
    "accel/activity_index",
    "accel/angle",
    "accel/bfen",
    "accel/hfen",
    "accel/mad",
    "daily/activity",
    "daily/anomaly",
    "daily/category",
    "daily/discrete",
    "daily/facts",
    "daily/goal",
    "daily/merge",
    "daily/minutes",
    "daily/range",
    "daily/reconcile",
    "daily/session",
    "daily/sleep",
    "daily/trend",
    "heart/artefact",
    "heart/entropy",
    "heart/fluctuation",
    "heart/frequency",
    "heart/geometry",
    "heart/poincare",
    "heart/time",
    "report/day",
    "rhythm/adat",
    "rhythm/antilogistic",
    "rhythm/cosinor",
    "rhythm/flm",
    "rhythm/fluctuation",
    "rhythm/level",
    "rhythm/periodogram",
    "rhythm/profile",
    "rhythm/ssa",
    "rhythm/turn",
    "score/comparison",
    "score/diary",
    "score/endpoints",
    "stats/anomaly",
    "stats/baseline",
    "stats/changepoint",
    "stats/circular",
    "stats/hampel",
    "stats/kendall",
    "stats/multiplicity",
    "stats/permutation",
    "stats/slope",
    "stats/trial",
    "stats/two_groups",
    "stats/weekday",
    "wear/inactivity",
];

#[test]
fn whatever_was_fitted_on_people_says_on_whom() {
    let sources = sources();
    for (path, text) in &sources {
        let says = header(text)
            .any(|line| line.starts_with("**Population.**") || line.starts_with("*Population*:"));
        let page = path.trim_end_matches(".rs");
        let is_of_nobody = OF_NOBODY.contains(&page);
        assert!(
            says != is_of_nobody,
            "{path}: either a population, or listed as of nobody"
        );
    }
    for page in OF_NOBODY {
        assert!(
            sources.contains_key(&format!("{page}.rs")),
            "{page} is no method"
        );
    }
}

#[test]
fn every_page_says_what_is_missing_and_where_it_holds() {
    for (path, text) in sources() {
        let begins = |words: &[&str]| {
            header(&text).any(|line| {
                let line = line.trim_start_matches('*');
                words.iter().any(|word| line.starts_with(word))
            })
        };
        assert!(begins(&["Validity"]), "{path}: no validity");
        assert!(
            begins(&["Missing "]),
            "{path}: nothing about what is missing"
        );
    }
}

/// Compares one section of the validation page with what a test found.
pub(crate) fn validated(title: &str, body: &str) {
    fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("validation.lock"));
    let lock = lock.unwrap();
    lock.lock().unwrap();
    let path = folder().join("validation.md");
    let page = fs::read_to_string(&path).unwrap_or_default();
    let mut sections: BTreeMap<String, String> = page
        .split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once("\n\n"))
        .map(|(title, body)| (title.to_owned(), format!("{}\n", body.trim_end())))
        .collect();
    let body = format!("{}\n", body.trim_end());
    if !writing() {
        let kept = sections.get(title).map(String::as_str).unwrap_or_default();
        // Without the second set of references fewer recordings are compared, and so fewer rows found.
        let holds = if oracle::data::has_both() {
            kept == body
        } else {
            body.lines().all(|line| kept.lines().any(|row| row == line))
        };
        assert!(
            holds,
            "docs/methods/validation.md: \"{title}\" is stale: run make docs"
        );
        return;
    }
    sections.insert(title.to_owned(), body);
    let mut text = format!("{NOTICE}\n{VALIDATION}");
    for (title, body) in &sections {
        write!(text, "\n## {title}\n\n{body}").unwrap();
    }
    fs::create_dir_all(folder()).unwrap();
    fs::write(path, text).unwrap();
}

/// Whether `make docs` runs.
pub(crate) fn writing() -> bool {
    std::env::vars().any(|(name, _)| name == WRITE)
}

fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/methods")).to_path_buf()
}

/// Compares a page with the folder, or writes it.
pub(crate) fn expect(path: &str, text: &str) {
    let full = folder().join(path);
    if writing() {
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
        return;
    }
    let held = fs::read_to_string(full).unwrap_or_default();
    assert!(
        held == text,
        "docs/methods/{path} is stale: run make docs and commit the result"
    );
}

/// Every page by its path in the folder.
fn pages() -> BTreeMap<String, String> {
    let sources = sources();
    let mut pages: BTreeMap<String, String> = sources
        .iter()
        .map(|(source, text)| (page_of(source), page(source, text, &sources)))
        .collect();
    pages.insert("README.md".to_owned(), index(&sources));
    pages
}

/// The sources of methods by path (`rhythm/cosinor.rs`): their header opens with a heading.
pub(crate) fn sources() -> BTreeMap<String, String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut sources = BTreeMap::new();
    for (room, _) in ROOMS {
        let Ok(entries) = fs::read_dir(root.join(room)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if text.starts_with("//! # ") {
                sources.insert(format!("{room}/{name}"), text);
            }
        }
    }
    assert!(sources.len() > 40, "the methods were not found");
    sources
}

fn page_of(source: &str) -> String {
    source.replace(".rs", ".md")
}

/// The header of a file without its comment signs.
pub(crate) fn header(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| line.strip_prefix("//! ").unwrap_or(""))
}

fn title(text: &str) -> &str {
    header(text).next().unwrap().trim_start_matches("# ")
}

fn ids(text: &str) -> Vec<&str> {
    text.split(": Analysis = Analysis {")
        .skip(1)
        .filter_map(|rest| rest.split_once("id: \"")?.1.split('"').next())
        .collect()
}

/// What a method can lack, as its reasons name it, in the order of the file.
fn lacks(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for (at, _) in code.match_indices("Insufficient::") {
        let call = &code[at + "Insufficient::".len()..];
        let argument = ["new(", "unless("]
            .iter()
            .find_map(|begin| call.strip_prefix(begin));
        let lack = match argument.map(str::trim_start) {
            _ if call.starts_with("constant()") => Some("distinct values"),
            Some(argument) => match argument.strip_prefix('"') {
                Some(literal) => literal.split('"').next(),
                None => named(code, argument.split(',').next().unwrap_or_default()),
            },
            None => None,
        };
        let lack = lack.map(|lack| {
            lack.replace("\\\n", "")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        });
        if let Some(lack) = lack.filter(|lack| !found.contains(lack)) {
            found.push(lack);
        }
    }
    found
}

/// The text that a name of the code stands for.
fn named<'a>(code: &'a str, name: &str) -> Option<&'a str> {
    let begins = [format!("const {name}: &str ="), format!("let {name} =")];
    let after = begins
        .iter()
        .find_map(|begin| code.split_once(begin.as_str()))?
        .1;
    after.trim_start().strip_prefix('"')?.split('"').next()
}

#[test]
fn what_a_method_can_lack_is_read_from_its_file() {
    let code = "const DAYS: &str = \"whole days\";\nInsufficient::unless(DAYS, 3, 2)?;\n\
                let of = \"a rule\";\nInsufficient::new(of, 1.0, 0.0);\nInsufficient::constant();\n\
                Insufficient::unless(\n    \"epochs\", 1, 0)?;\n#[cfg(test)]\nInsufficient::new(\"tests\", 1.0, 0.0)";
    assert_eq!(
        lacks(code),
        ["whole days", "a rule", "distinct values", "epochs"]
    );
}

/// Identifier and unit of the measures of a day, which keep their own table.
fn measures(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter_map(|line| {
            line.split_once(": Method = method(\"")?
                .1
                .split_once("\", \"")
        })
        .filter_map(|(id, rest)| Some((id, rest.split('"').next()?)))
        .collect()
}

fn page(source: &str, text: &str, sources: &BTreeMap<String, String>) -> String {
    let body: Vec<&str> = header(text).collect();
    let room = source.split('/').next().unwrap();
    let mut page = format!("{NOTICE}\n{}\n", linked(&body.join("\n"), room, sources));
    let lacks = lacks(text);
    if !lacks.is_empty() {
        let list = lacks.join("; ");
        writeln!(
            page,
            "\n**No value.** The reason names what there is too little of: {list}."
        )
        .unwrap();
    }
    let of_room: Vec<_> = catalogue::ALL
        .iter()
        .filter(|analysis| ids(text).contains(&analysis.id))
        .collect();
    if !of_room.is_empty() {
        page.push_str("\n| identifier | version | unit | measure |\n|---|--:|---|---|\n");
    }
    for analysis in of_room {
        let (id, version) = (analysis.id, analysis.version);
        let (unit, title) = (analysis.unit, analysis.title);
        writeln!(page, "| `{id}` | {version} | {unit} | {title} |").unwrap();
    }
    let measures = measures(text);
    if !measures.is_empty() {
        page.push_str("\n| measure of a day | unit |\n|---|---|\n");
    }
    for (id, unit) in measures {
        writeln!(page, "| `{id}` | {unit} |").unwrap();
    }
    write!(page, "\n{}", reached(source)).unwrap();
    write!(page, "\nSource: `crates/analysis/src/{source}` · ").unwrap();
    page.push_str("[all methods](../README.md) · [agreement](../validation.md)\n");
    page
}

/// The commands, endpoints and columns through which people reach a method.
fn reached(source: &str) -> String {
    let doors = doors();
    let own = doors
        .iter()
        .find(|(page, _)| Some(*page) == source.strip_suffix(".rs"));
    let (_, own) = own.unwrap_or_else(|| panic!("{source} has no line in oracle::doors"));
    let of = |kind: fn(&Door) -> bool, one: &str, several: &str| {
        let shown: Vec<String> = own
            .iter()
            .filter(|door| kind(door))
            .map(Door::shown)
            .collect();
        let word = if shown.len() == 1 { one } else { several };
        (!shown.is_empty()).then(|| format!("{word} {}", shown.join(", ")))
    };
    let parts = [
        of(
            |door| matches!(door, Door::Command(_)),
            "command",
            "commands",
        ),
        of(
            |door| matches!(door, Door::Endpoint(_)),
            "endpoint",
            "endpoints",
        ),
        of(|door| matches!(door, Door::Column(_)), "column", "columns"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("**Reached by** {}.\n", parts.join("; "))
}

/// Links between items become links between pages or plain code; a DOI becomes a link.
fn linked(text: &str, room: &str, sources: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("`]") else {
            out.push_str("[`");
            rest = after;
            continue;
        };
        let (target, after) = match after
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
        {
            Some((target, after)) => (target, after),
            None => (name, after),
        };
        let is_path = name.starts_with("super::") || name.starts_with("crate::");
        let shown = name.rsplit("::").next().filter(|_| is_path).unwrap_or(name);
        let path = target.strip_prefix("crate::").map_or_else(
            || format!("{room}/{}", target.trim_start_matches("super::")),
            |path| path.replace("::", "/"),
        );
        if sources.contains_key(&format!("{path}.rs")) {
            write!(out, "[{shown}](../{path}.md)").unwrap();
        } else {
            write!(out, "`{shown}`").unwrap();
        }
        rest = after;
    }
    out.push_str(rest);
    let lines = out.lines().map(|line| {
        let words: Vec<String> = line.split(' ').map(reference).collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A word, with a DOI made a link.
fn reference(word: &str) -> String {
    let bare = word.strip_prefix("doi:").unwrap_or(word);
    let end = bare.trim_end_matches(['.', ',', ';']).len();
    let (doi, tail) = bare.split_at(end);
    let registrant = doi
        .strip_prefix("10.")
        .and_then(|rest| rest.split_once('/'));
    if registrant.is_none_or(|(number, _)| number.len() < 4 || number.parse::<u32>().is_err()) {
        return word.to_owned();
    }
    let target = doi
        .replace('(', "%28")
        .replace(')', "%29")
        .replace('<', "%3C")
        .replace('>', "%3E");
    format!("[doi:{doi}](https://doi.org/{target}){tail}")
}

fn index(sources: &BTreeMap<String, String>) -> String {
    let mut text = format!(
        "{NOTICE}\n# Methods\n\nOne page per method: what it measures, inputs and units, formula, what a \
         missing epoch does, validity, versions and references, as the source file states them.\n\n\
         Beside them:\n\n"
    );
    for (path, title) in on_disk() {
        if !path.contains('/') && path != "README.md" {
            writeln!(text, "- [{title}]({path})").unwrap();
        }
    }
    for (room, about) in ROOMS {
        let mut rows = sources
            .iter()
            .filter(|(source, _)| source.starts_with(&format!("{room}/")))
            .peekable();
        if rows.peek().is_none() {
            continue;
        }
        write!(
            text,
            "\n## {about}\n\n| method | identifiers |\n|---|---|\n"
        )
        .unwrap();
        for (source, source_text) in rows {
            let mut ids = ids(source_text);
            ids.extend(measures(source_text).iter().map(|(id, _)| *id));
            let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
            let (title, page) = (title(source_text), page_of(source));
            writeln!(text, "| [{title}]({page}) | {} |", ids.join(" ")).unwrap();
        }
    }
    text
}

/// Pages in the folder with their headings, by path.
fn on_disk() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let rooms = ROOMS.iter().map(|(room, _)| *room);
    for room in rooms.chain([""]) {
        let Ok(entries) = fs::read_dir(folder().join(room)) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).unwrap();
                let heading = text.lines().find_map(|line| line.strip_prefix("# "));
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let shown = heading.unwrap_or("(untitled)").to_owned();
                found.push((
                    format!("{room}/{name}").trim_start_matches('/').to_owned(),
                    shown,
                ));
            }
        }
    }
    found.sort();
    found
}
