//! Holds files apart that could be: those of a crate that lead to each other in a circle of paths can
//! only be read, moved and tested together, so no such circle may be large.
//!
//! A file leads to another when its code, tests aside, says a path through `crate::` or `super::` to
//! it. It reads source files only; it must never depend on what the program does.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::{none, rust_files};

/// Files of one crate that may lead to each other in a circle, crate by crate.
const CIRCLE_FILES_MAX: [(&str, usize); 7] = [
    ("analysis", 6),
    ("clarity", 6),
    ("import", 6),
    ("lab", 6),
    ("model", 6),
    ("pat", 6),
    ("store", 6),
];

/// The path of a module within its crate; the root is empty.
pub(crate) type Module = Vec<String>;

/// Where a path begins.
#[derive(Clone, Copy)]
enum Start {
    /// At the root of the crate.
    Root,
    /// At the module so many above.
    Above(usize),
}

#[test]
fn files_do_not_go_in_large_circles() {
    let mut found = Vec::new();
    for (name, most) in CIRCLE_FILES_MAX {
        let sources = sources(name);
        assert!(!sources.is_empty(), "the files of {name} were not found");
        let circle = largest_circle(&sources);
        eprintln!(
            "{name}: {} files, largest circle {}",
            sources.len(),
            circle.len()
        );
        if circle.len() > most {
            let files: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            found.push(format!(
                "{name}: {} files, at most {most}: {}",
                circle.len(),
                files.join(", ")
            ));
        }
    }
    none(found, "files that lead to each other in a circle");
}

#[test]
fn circles_are_found() {
    let sources = |files: &[(&str, &str)]| {
        let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
        files
            .iter()
            .map(|(path, text)| (module(path), (*text).to_owned()))
            .collect::<BTreeMap<Module, String>>()
    };
    let chain = [
        (
            "a",
            "use crate::b::{self, Two as Other};\nuse crate::{c::d::Deep, e};\n",
        ),
        ("b", "// crate::a is only spoken of\nuse std::fmt;\n"),
        (
            "c::d",
            "#[cfg(test)]\nmod tests {\n    use crate::a::One;\n}\n",
        ),
        ("e", "fn f() -> u8 {\n    0\n}\n"),
    ];
    assert_eq!(largest_circle(&sources(&chain)).len(), 1);
    let mut circle = chain;
    circle[2].1 = "fn g() {\n    super::super::e::f();\n}\n";
    circle[3].1 = "use crate::{\n    b::Two,\n    a::One,\n};\n";
    let found: Vec<String> = largest_circle(&sources(&circle))
        .iter()
        .map(|module| module.join("::"))
        .collect();
    assert_eq!(found, ["a", "c::d", "e"]);
}

/// The code of every file of a crate by its module, without tests.
pub(crate) fn sources(name: &str) -> BTreeMap<Module, String> {
    let folder = format!("crates/{name}/src/");
    let mut sources = BTreeMap::new();
    for (path, text) in rust_files() {
        let Some(rest) = path
            .strip_prefix(&folder)
            .and_then(|rest| rest.strip_suffix(".rs"))
        else {
            continue;
        };
        let mut module: Module = rest.split('/').map(str::to_owned).collect();
        if module.iter().any(|part| part == "tests") || rest == "main" {
            continue;
        }
        if module.last().is_some_and(|part| part == "mod") || rest == "lib" {
            module.pop();
        }
        sources.insert(module, text);
    }
    sources
}

/// The largest set of files of which each leads to each other; one file alone is the least.
pub(crate) fn largest_circle(sources: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let steps: BTreeMap<&Module, BTreeSet<Module>> = sources
        .iter()
        .map(|(module, text)| (module, leads_to(module, &code(text), sources)))
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = steps
        .keys()
        .map(|module| (*module, reach(module, &steps)))
        .collect();
    let circle = |module: &Module| -> BTreeSet<Module> {
        let there = reached.get(module).into_iter().flatten();
        let back = there.filter(|other| {
            reached
                .get(**other)
                .is_some_and(|from| from.contains(module))
        });
        back.map(|other| (*other).clone())
            .chain([module.clone()])
            .collect()
    };
    let circles = sources.keys().map(circle);
    circles.max_by_key(BTreeSet::len).unwrap_or_default()
}

/// Every file of a crate that the code of other crates leads to, not through the modules `without`,
/// which only list.
pub(crate) fn reached_from(outside: &[&str], name: &str, without: &[&str]) -> BTreeSet<Module> {
    let mut inside = sources(name);
    inside.retain(|module, _| !module.is_empty());
    let lists = |module: &Module| without.contains(&module.join("::").as_str());
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<Module> = Vec::new();
    for other in outside {
        for text in sources(other).values() {
            let own = code(text)
                .replace("crate::", "own::")
                .replace("super::", "own::");
            let named = own.replace(&format!("{name}::"), "crate::");
            waiting.extend(leads_to(&Module::new(), &named, &inside));
        }
    }
    while let Some(module) = waiting.pop() {
        if !lists(&module) && reached.insert(module.clone()) {
            let text = inside.get(&module).map(|text| code(text));
            waiting.extend(leads_to(&module, &text.unwrap_or_default(), &inside));
        }
    }
    reached
}

/// The files of some crates, and which leads to which, within a crate and from crate to crate.
pub(crate) struct Graph {
    steps: BTreeMap<(String, Module), BTreeSet<(String, Module)>>,
}

impl Graph {
    /// The graph of crates; nothing leads out of the modules `shared` of the first, nor out of any root.
    pub(crate) fn of(crates: &[&str], shared: &[&str]) -> Self {
        let files: BTreeMap<&str, BTreeMap<Module, String>> =
            crates.iter().map(|name| (*name, sources(name))).collect();
        let mut steps = BTreeMap::new();
        for (name, sources) in &files {
            for (module, text) in sources {
                let is_shared = shared.contains(&module.join("::").as_str());
                if module.is_empty() || (Some(name) == crates.first() && is_shared) {
                    continue;
                }
                let code = code(text);
                let own = leads_to(module, &code, sources).into_iter();
                let mut all: BTreeSet<(String, Module)> =
                    own.map(|to| ((*name).to_owned(), to)).collect();
                let foreign = code.replace("crate::", "own::").replace("super::", "own::");
                for (other, inside) in files.iter().filter(|(other, _)| *other != name) {
                    let named = foreign.replace(&format!("{other}::"), "crate::");
                    let found = leads_to(&Module::new(), &named, inside).into_iter();
                    all.extend(found.map(|to| ((*other).to_owned(), to)));
                }
                steps.insert(((*name).to_owned(), module.clone()), all);
            }
        }
        Self { steps }
    }

    /// The files of `wanted` that a file leads to.
    pub(crate) fn reached(&self, name: &str, from: &Module, wanted: &str) -> BTreeSet<Module> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![(name.to_owned(), from.clone())];
        while let Some(at) = waiting.pop() {
            if reached.insert(at.clone()) {
                waiting.extend(self.steps.get(&at).into_iter().flatten().cloned());
            }
        }
        let inside = reached.into_iter().filter(|(name, _)| name == wanted);
        inside.map(|(_, module)| module).collect()
    }
}

/// Every file that can be reached from one.
fn reach<'a>(
    from: &Module,
    steps: &'a BTreeMap<&Module, BTreeSet<Module>>,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&Module> = steps.get(from).into_iter().flatten().collect();
    while let Some(module) = waiting.pop() {
        if reached.insert(module) {
            waiting.extend(steps.get(module).into_iter().flatten());
        }
    }
    reached
}

/// The files that the code of one names.
fn leads_to(from: &Module, code: &str, sources: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    for (start, path) in paths(code) {
        let base = match start {
            Start::Root => &[],
            Start::Above(levels) => from
                .get(..from.len().saturating_sub(levels))
                .unwrap_or_default(),
        };
        let mut module: Module = base.to_vec();
        module.extend(path.iter().map(|part| (*part).to_owned()));
        // What follows the file in a path is an item of it.
        while !sources.contains_key(&module) && module.pop().is_some() {}
        if module != *from && sources.contains_key(&module) {
            found.insert(module);
        }
    }
    found
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect();
    let text = lines.join("\n") + "\n";
    let mut parts = text.split("#[cfg(test)]\nmod ");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let opening = part.find('{').unwrap_or(usize::MAX);
        let end = match part.find(';') {
            Some(end) if end < opening => Some(end + 1),
            _ => part.find("\n}\n").map(|end| end + 3),
        };
        kept.push_str(end.and_then(|end| part.get(end..)).unwrap_or_default());
    }
    kept
}

/// Every path of a text that begins with `crate::` or `super::`, with the braces of imports unfolded.
fn paths(code: &str) -> Vec<(Start, Vec<&str>)> {
    let mut found = Vec::new();
    let mut rest = code;
    loop {
        let next = ["crate::", "super::"]
            .iter()
            .filter_map(|word| rest.find(word).map(|at| (at, *word)))
            .min();
        let Some((at, word)) = next else {
            return found;
        };
        let before = rest.get(..at).unwrap_or_default();
        let mut after = rest.get(at + word.len()..).unwrap_or_default();
        rest = after;
        if before.ends_with(|c: char| is_name(c) || c == '$') {
            continue;
        }
        let mut start = Start::Root;
        if word == "super::" {
            let mut levels = 1;
            while let Some(further) = after.strip_prefix("super::") {
                (after, levels) = (further, levels + 1);
            }
            start = Start::Above(levels);
            rest = after;
        }
        let mut unfolded = Vec::new();
        unfold(after, &mut Vec::new(), &mut unfolded);
        found.extend(unfolded.into_iter().map(|path| (start, path)));
    }
}

/// Unfolds what follows a `::` and returns what follows that.
fn unfold<'a>(text: &'a str, prefix: &mut Vec<&'a str>, found: &mut Vec<Vec<&'a str>>) -> &'a str {
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            if rest.is_empty() {
                return rest;
            }
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            rest = unfold(rest, prefix, found);
        }
    }
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    if name.is_empty() {
        found.push(prefix.clone());
        let mut rest = text.chars();
        rest.next();
        return rest.as_str();
    }
    prefix.push(name);
    let rest = match after.strip_prefix("::") {
        Some(deeper) if !deeper.starts_with('<') => unfold(deeper, prefix, found),
        _ => {
            found.push(prefix.clone());
            after
                .strip_prefix(" as ")
                .map_or(after, |renamed| renamed.trim_start_matches(is_name))
        }
    };
    prefix.pop();
    rest
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
