//! Every method has a door: the command, endpoint or column through which people reach it.
//!
//! The table (`oracle::doors`) is written by hand and held to three things: it has a line for each page of
//! `docs/methods`, each door exists, and a method has doors exactly where the code of the commands and
//! endpoints leads to its file. It reads source files only, and writes `docs/methods/reach.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use analysis::report::groups;
use analysis::report::scorer::SCORERS;
use oracle::doors::Door::{self, Column, Command, Endpoint};
use oracle::doors::doors;

use crate::tidy::{names_in, none, read, root};
use crate::tidy_cycles::{Graph, Module, reached_from, sources};

/// Set by `make docs`: the page is written instead of compared.
const WRITE: &str = "CLARITY_WRITE_DOCS";

/// The crates from which people reach a method.
const OUTSIDE: [&str; 3] = ["clarity", "lab", "pat"];

#[test]
fn every_page_of_a_method_has_a_line() {
    let mut pages = Vec::new();
    for room in names_in(&root().join("docs/methods")) {
        let folder = root().join("docs/methods").join(&room);
        if folder.is_dir() {
            let names = names_in(&folder).into_iter();
            pages.extend(
                names.filter_map(|name| Some(format!("{room}/{}", name.strip_suffix(".md")?))),
            );
        }
    }
    let doors = doors();
    let listed: Vec<&str> = doors.iter().map(|(page, _)| *page).collect();
    assert_eq!(listed, pages, "pages of methods and lines of the table");
}

#[test]
fn every_door_exists() {
    let arguments = read(&root().join("crates/clarity/src/cli/args.rs"));
    let api = read(&root().join("docs/generated/openapi.json"));
    let api: serde_json::Value = serde_json::from_str(&api).expect("the document is JSON");
    let columns = read(&root().join("docs/methods/columns.md"));
    let exists = |door: &Door| match door {
        Command(name) => {
            let (first, rest) = name.split_at(1);
            let variant = format!("    {}{rest}(", first.to_uppercase());
            arguments.lines().any(|line| line.starts_with(&variant))
        }
        Endpoint(name) => {
            let (method, path) = name.split_once(' ').expect("a method and a path");
            api["paths"][format!("/api/v1{path}")]
                .get(method.to_lowercase())
                .is_some()
        }
        Column(name) => columns.contains(&format!("\n| `{name}` |")),
    };
    let doors = doors();
    let missing = doors.iter().flat_map(|(page, doors)| {
        let missing = doors.iter().filter(|door| !exists(door));
        missing.map(move |door| format!("{page}: {door:?}"))
    });
    none(missing, "doors that do not exist");
}

#[test]
fn methods_have_doors_exactly_where_the_code_leads_to_them() {
    let reached: BTreeSet<Module> = reached_from(&OUTSIDE, "analysis", &["catalogue"]);
    let mut found = Vec::new();
    for (page, doors) in &doors() {
        let module: Module = page.split('/').map(str::to_owned).collect();
        match (doors.is_empty(), reached.contains(&module)) {
            (false, false) => found.push(format!("{page}: has a door, but no code leads to it")),
            (true, _) => found.push(format!("{page}: nobody can reach it; offer or remove it")),
            (false, true) => {}
        }
    }
    none(found, "methods whose doors are not what the code says");
}

/// Modules through which everything is held together: what the code of a door reaches through them is not its own.
const SHARED: [&str; 2] = ["app", "http"];

/// The file of the program behind a door, as the path of its module in `clarity`.
fn file_of(door: &Door, endpoints: &BTreeMap<Module, String>) -> Option<Module> {
    match door {
        Command(name) => Some(vec!["cli".to_owned(), (*name).to_owned()]),
        Endpoint(name) => {
            let (method, path) = name.split_once(' ')?;
            let (path, method) = (format!("path = \"{path}\""), method.to_lowercase());
            let is_of = |text: &str| {
                let mut operations = text.split("#[utoipa::path(").skip(1);
                operations.any(|one| {
                    let about = one.split("async fn").next().unwrap_or_default();
                    about.trim_start().starts_with(&method) && about.contains(&path)
                })
            };
            let mut files = endpoints.iter();
            files
                .find(|(_, text)| is_of(text))
                .map(|(module, _)| module.clone())
        }
        Column(_) => None,
    }
}

/// From the file of each command and endpoint of the table its code leads to the method.
#[test]
fn each_door_leads_to_its_methods() {
    let graph = Graph::of(&["clarity", "lab", "pat", "analysis"], &SHARED);
    let endpoints = sources("clarity");
    let mut reached: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    let mut found = Vec::new();
    let mut followed = 0;
    for (page, doors) in doors() {
        let method: Module = page.split('/').map(str::to_owned).collect();
        for door in doors.iter().filter(|door| !matches!(door, Column(_))) {
            let Some(file) = file_of(door, &endpoints) else {
                found.push(format!("{page}: no file of {door:?}"));
                continue;
            };
            let there = reached
                .entry(file.clone())
                .or_insert_with(|| graph.reached("clarity", &file, "analysis"));
            followed += 1;
            if !there.contains(&method) {
                found.push(format!(
                    "{page}: {door:?}, {} does not lead there",
                    file.join("::")
                ));
            }
        }
    }
    assert!(followed > 120, "{followed} doors");
    none(found, "doors that do not lead to their methods");
}

/// Columns that stand for a method which decides on them under another's name.
const STANDING_IN: [(&str, &str); 5] = [
    ("accel/nonwear", "wear_share"),
    ("score/diary", "diary_sensitivity"),
    ("wear/choi", "wear_share"),
    ("wear/inactivity", "wear_share"),
    ("wear/troiano", "wear_share"),
];

/// The page of each identifier, as the list of methods has it.
fn pages_of_methods() -> BTreeMap<String, String> {
    let list = read(&root().join("docs/methods/README.md"));
    let mut pages = BTreeMap::new();
    for line in list.lines().filter(|line| line.starts_with("| [")) {
        let Some((_, rest)) = line.split_once("](") else {
            continue;
        };
        let Some((page, rest)) = rest.split_once(".md)") else {
            continue;
        };
        let ids = rest.split('`').skip(1).step_by(2);
        pages.extend(ids.map(|id| (id.to_owned(), page.to_owned())));
    }
    assert!(pages.len() > 80, "{} identifiers", pages.len());
    pages
}

/// A method with columns names one of them, and a column named is one of that method.
#[test]
fn columns_are_those_of_their_methods() {
    let pages = pages_of_methods();
    let columns = groups::all().map(|column| (column.id, column.method.id));
    let scorers = SCORERS.iter().map(|scorer| (scorer.id, scorer.method.id));
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (column, method) in columns.chain(scorers) {
        let page = pages.get(method);
        owners.insert(
            column,
            page.unwrap_or_else(|| panic!("{method} has no page")),
        );
    }
    let with_columns: BTreeSet<&str> = owners.values().copied().collect();
    let mut found = Vec::new();
    for (page, doors) in &doors() {
        let named: Vec<&str> = doors
            .iter()
            .filter_map(|door| match door {
                Column(name) => Some(*name),
                Command(_) | Endpoint(_) => None,
            })
            .collect();
        if named.is_empty() && with_columns.contains(page) {
            found.push(format!("{page}: has columns and names none"));
        }
        for column in named {
            let is_own = owners.get(column) == Some(page);
            if !is_own && !STANDING_IN.contains(&(*page, column)) {
                found.push(format!("{page}: {column} is of {:?}", owners.get(column)));
            }
        }
    }
    none(found, "columns that are not those of their methods");
}

#[test]
fn the_page_of_doors_is_fresh() {
    let sources = sources("analysis");
    let mut rows: BTreeMap<&str, String> = BTreeMap::new();
    for (page, doors) in &doors() {
        let module: Module = page.split('/').map(str::to_owned).collect();
        let text = sources.get(&module).expect("a page comes from a file");
        let title = text.lines().next().unwrap_or_default();
        let title = title.trim_start_matches("//! # ");
        let of = |pick: fn(&Door) -> Option<String>| -> String {
            doors.iter().filter_map(pick).collect::<Vec<_>>().join(", ")
        };
        let command = of(|door| match door {
            Command(name) => Some(format!("`clarity {name}`")),
            Endpoint(_) | Column(_) => None,
        });
        let endpoint = of(|door| match door {
            Endpoint(name) => Some(format!("`{name}`")),
            Command(_) | Column(_) => None,
        });
        let column = of(|door| match door {
            Column(name) => Some(format!("`{name}`")),
            Command(_) | Endpoint(_) => None,
        });
        rows.insert(
            *page,
            format!("| [{title}]({page}.md) | {command} | {endpoint} | {column} |\n"),
        );
    }
    let mut text = String::from(
        "<!-- Written by the tests of crates/clarity; `make docs` renews it. -->\n\n\
         # Where each method is reached\n\n\
         Every method has a command, an endpoint or a column of results. A column stands for the others of \
         its method.\n\n\
         | method | command | endpoint | column |\n|---|---|---|---|\n",
    );
    for row in rows.values() {
        write!(text, "{row}").expect("a string takes all");
    }
    let path = root().join("docs/methods/reach.md");
    if std::env::vars().any(|(name, _)| name == WRITE) {
        std::fs::write(&path, text).expect("the page can be written");
        return;
    }
    assert!(
        read(&path) == text,
        "docs/methods/reach.md is stale: run make docs"
    );
}
