//! Every method has a door: the command, endpoint or column through which people reach it.
//!
//! The table is written by hand and held to three things: it has a line for each page of
//! `docs/methods`, each door exists, and a method has doors exactly where the code of the commands and
//! endpoints leads to its file. It reads source files only, and writes `docs/methods/reach.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use analysis::report::groups;
use analysis::report::scorer::SCORERS;

use crate::tidy::{names_in, none, read, root};
use crate::tidy_cycles::{Module, reached_from, sources};

/// Set by `make docs`: the page is written instead of compared.
const WRITE: &str = "CLARITY_WRITE_DOCS";

/// The crates from which people reach a method.
const OUTSIDE: [&str; 3] = ["clarity", "lab", "pat"];

/// Where a method is reached.
#[derive(Debug, Clone, Copy)]
enum Door {
    /// A command of the binary.
    Command(&'static str),
    /// A method and a path of the API, below its prefix.
    Endpoint(&'static str),
    /// A column of the results of `analyze`; one stands for its group.
    Column(&'static str),
}

use Door::{Column, Command, Endpoint};

/// The doors of each page, by its path in `docs/methods`.
const DOORS: &[(&str, &[Door])] = &[
    ("accel/activity_index", &[Command("analyze")]),
    ("accel/angle", &[Command("analyze")]),
    ("accel/bfen", &[Command("analyze")]),
    ("accel/calibration", &[Command("analyze")]),
    ("accel/counts", &[Command("analyze")]),
    (
        "accel/enmo",
        &[Command("analyze"), Endpoint("POST /imports")],
    ),
    ("accel/hfen", &[Command("analyze")]),
    ("accel/mad", &[Command("analyze")]),
    ("accel/nonwear", &[Command("analyze"), Column("wear_share")]),
    ("daily/activity", &[Endpoint("GET /summaries/daily")]),
    ("daily/anomaly", &[Endpoint("GET /anomalies")]),
    (
        "daily/beats",
        &[Endpoint("GET /sleep"), Endpoint("GET /cardio")],
    ),
    ("daily/cardio", &[Endpoint("GET /cardio")]),
    ("daily/category", &[Endpoint("GET /summaries/daily")]),
    ("daily/discrete", &[Endpoint("GET /summaries/daily")]),
    (
        "daily/facts",
        &[Endpoint("GET /trends"), Endpoint("GET /insights/daily")],
    ),
    (
        "daily/merge",
        &[
            Endpoint("GET /summaries/daily"),
            Endpoint("GET /series/{metric}"),
        ],
    ),
    ("daily/minutes", &[Endpoint("GET /rhythm")]),
    ("daily/range", &[Endpoint("GET /rhythm")]),
    (
        "daily/reconcile",
        &[
            Command("reconcile"),
            Endpoint("GET /reconciliation"),
            Endpoint("GET /summaries/daily"),
        ],
    ),
    ("daily/scored", &[Endpoint("GET /sleep")]),
    (
        "daily/session",
        &[
            Endpoint("GET /workouts/{workout_id}/effort"),
            Endpoint("GET /load"),
        ],
    ),
    ("daily/sleep", &[Endpoint("GET /sleep")]),
    ("daily/trend", &[Endpoint("GET /trends")]),
    (
        "effort/cadence",
        &[Endpoint("GET /workouts/{workout_id}/effort")],
    ),
    ("effort/fitness", &[Endpoint("GET /cardio/fitness")]),
    (
        "effort/guideline",
        &[
            Command("analyze"),
            Column("who_equivalent_min"),
            Endpoint("GET /load"),
        ],
    ),
    (
        "effort/intensity",
        &[Command("analyze"), Column("mvpa_min")],
    ),
    (
        "effort/load",
        &[
            Endpoint("GET /load"),
            Endpoint("GET /workouts/{workout_id}/effort"),
        ],
    ),
    (
        "effort/recovery",
        &[Endpoint("GET /workouts/{workout_id}/effort")],
    ),
    (
        "effort/zones",
        &[
            Endpoint("GET /workouts/{workout_id}/effort"),
            Endpoint("GET /load"),
        ],
    ),
    ("heart/artefact", &[Command("hrv")]),
    (
        "heart/correction",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    (
        "heart/entropy",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    (
        "heart/fluctuation",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    (
        "heart/frequency",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    (
        "heart/geometry",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    (
        "heart/poincare",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    ("heart/saturation", &[Endpoint("GET /cardio")]),
    (
        "heart/time",
        &[Command("hrv"), Endpoint("GET /cardio/beats")],
    ),
    ("report/day", &[Command("analyze"), Column("valid_days")]),
    ("report/night", &[Command("analyze"), Column("nights")]),
    (
        "rhythm/adat",
        &[Command("analyze"), Column("adat"), Endpoint("GET /rhythm")],
    ),
    (
        "rhythm/antilogistic",
        &[
            Command("analyze"),
            Column("extended_cosinor_alpha"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/cosinor",
        &[
            Command("analyze"),
            Column("cosinor_mesor"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/extremes",
        &[
            Command("analyze"),
            Column("relative_amplitude"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/flm",
        &[
            Command("analyze"),
            Column("functional_r2"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/fluctuation",
        &[
            Command("analyze"),
            Column("dfa_alpha"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/level",
        &[
            Command("analyze"),
            Column("activity_mean"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/lids",
        &[Command("analyze"), Column("lids_period_min")],
    ),
    (
        "rhythm/light",
        &[Command("analyze"), Column("light_timing")],
    ),
    (
        "rhythm/periodogram",
        &[
            Command("analyze"),
            Column("period_h"),
            Endpoint("GET /rhythm"),
        ],
    ),
    ("rhythm/profile", &[Command("analyze")]),
    (
        "rhythm/regularity",
        &[
            Command("analyze"),
            Column("sleep_regularity_index"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/ssa",
        &[
            Command("analyze"),
            Column("singular_daily_share"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/stability",
        &[
            Command("analyze"),
            Column("interdaily_stability"),
            Endpoint("GET /rhythm"),
        ],
    ),
    (
        "rhythm/timing",
        &[Command("analyze"), Column("social_jetlag_h")],
    ),
    (
        "rhythm/transitions",
        &[Command("analyze"), Column("kra"), Endpoint("GET /rhythm")],
    ),
    (
        "rhythm/turn",
        &[
            Command("analyze"),
            Column("activity_onset"),
            Endpoint("GET /rhythm"),
        ],
    ),
    ("score/angle", &[Command("analyze")]),
    (
        "score/cole_kripke",
        &[
            Command("analyze"),
            Column("cole_kripke"),
            Endpoint("GET /sleep"),
        ],
    ),
    (
        "score/comparison",
        &[Command("analyze"), Column("diary_kappa")],
    ),
    ("score/crespo", &[Command("analyze"), Column("crespo")]),
    (
        "score/diary",
        &[Command("analyze"), Column("diary_sensitivity")],
    ),
    (
        "score/endpoints",
        &[Command("analyze"), Column("total_sleep_min")],
    ),
    ("score/naps", &[Command("analyze"), Column("naps_per_day")]),
    ("score/need", &[Endpoint("GET /sleep/debt")]),
    ("score/oakley", &[Command("analyze"), Column("oakley")]),
    ("score/periods", &[Endpoint("GET /sleep")]),
    (
        "score/roenneberg",
        &[Command("analyze"), Column("roenneberg")],
    ),
    ("score/sadeh", &[Command("analyze"), Column("sadeh")]),
    ("score/scripps", &[Command("analyze"), Column("scripps")]),
    (
        "score/webster",
        &[
            Command("analyze"),
            Endpoint("GET /sleep"),
            Column("cole_kripke_webster"),
        ],
    ),
    ("stats/anomaly", &[Endpoint("GET /anomalies")]),
    ("stats/baseline", &[Endpoint("GET /trends")]),
    ("stats/changepoint", &[Endpoint("GET /trends")]),
    (
        "stats/circular",
        &[
            Command("compare"),
            Command("analyze"),
            Column("sleep_onset_sd_h"),
        ],
    ),
    ("stats/hampel", &[Endpoint("GET /trends")]),
    ("stats/kendall", &[Endpoint("GET /trends")]),
    ("stats/multiplicity", &[Command("compare")]),
    ("stats/permutation", &[Endpoint("GET /trials")]),
    ("stats/slope", &[Endpoint("GET /trends")]),
    ("stats/trial", &[Endpoint("GET /trials")]),
    ("stats/two_groups", &[Command("compare")]),
    ("stats/weekday", &[Endpoint("GET /trends")]),
    ("wear/choi", &[Command("analyze"), Column("wear_share")]),
    (
        "wear/inactivity",
        &[Command("analyze"), Column("wear_share")],
    ),
    ("wear/troiano", &[Command("analyze"), Column("wear_share")]),
];

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
    let listed: Vec<&str> = DOORS.iter().map(|(page, _)| *page).collect();
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
    let missing = DOORS.iter().flat_map(|(page, doors)| {
        let missing = doors.iter().filter(|door| !exists(door));
        missing.map(move |door| format!("{page}: {door:?}"))
    });
    none(missing, "doors that do not exist");
}

#[test]
fn methods_have_doors_exactly_where_the_code_leads_to_them() {
    let reached: BTreeSet<Module> = reached_from(&OUTSIDE, "analysis", &["catalogue"]);
    let mut found = Vec::new();
    for (page, doors) in DOORS {
        let module: Module = page.split('/').map(str::to_owned).collect();
        match (doors.is_empty(), reached.contains(&module)) {
            (false, false) => found.push(format!("{page}: has a door, but no code leads to it")),
            (true, _) => found.push(format!("{page}: nobody can reach it; offer or remove it")),
            (false, true) => {}
        }
    }
    none(found, "methods whose doors are not what the code says");
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
    for (page, doors) in DOORS {
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
    for (page, doors) in DOORS {
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
            page,
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
