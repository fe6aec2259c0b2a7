//! Sleep/wake scorers epoch by epoch against `pyActigraphy`, `ActiLife`'s published forms and
//! Actiware's own scoring.

use analysis::outcome::Outcome;
use analysis::score::scored::{Scored, State};
use analysis::score::{cole_kripke, crespo, oakley, roenneberg, sadeh, scripps, webster};

use crate::agreement::{Difference, Table};
use crate::reference::{Recording, numbers, recordings};

const NOT_EQUAL: &[Difference] = &[
    Difference {
        method: "Crespo, 98 % of epochs",
        recordings: &["synthetic_shift_60s"],
        reason: "an invented sleeper by day whose recording begins within long zeros, where the package \
                 filters otherwise than the paper (see Crespo): 97 % of its epochs agree",
    },
    Difference {
        method: "Crespo",
        recordings: &[
            "agd_night_10s",
            "awd_aw7_15s",
            "awd_example_01",
            "awd_example_03",
            "awd_example_05",
            "rpx_eng_30s",
            "rpx_fr_60s",
            "synthetic_late_30s",
            "synthetic_regular_60s",
            "synthetic_shift_60s",
        ],
        reason: "long runs of zeros are masked in these recordings, and the package, run as a black \
                 box, filters masked windows and the first hours otherwise than its documentation \
                 and the paper say; onsets lie minutes apart. Without long masks it agrees",
    },
    Difference {
        method: "Oakley 40",
        recordings: &["awd_aw7_15s"],
        reason: "one epoch totals exactly 40 and falls either way by the order of summation",
    },
];

#[test]
fn scorers_agree_with_py_actigraphy() {
    let mut table = Table::new("sleep/wake scorers, pyActigraphy 1.2.2", NOT_EQUAL);
    for recording in recordings() {
        cole_kripke_of(&mut table, recording);
        let series = &recording.series;
        let outcomes: [(&str, &str, Outcome<Scored>); 7] = [
            (
                "Sadeh",
                "Sadeh",
                sadeh::score(series, &sadeh::PY_ACTIGRAPHY),
            ),
            ("Scripps", "Scripps", scripps::score(series)),
            ("Oakley 20", "Oakley_20", oakley_at(recording, 20.0)),
            ("Oakley 40", "Oakley_40", oakley_at(recording, 40.0)),
            ("Oakley 80", "Oakley_80", oakley_at(recording, 80.0)),
            (
                "Crespo",
                "Crespo",
                crespo::score(series, crespo::Zeros::Epochs),
            ),
            ("Roenneberg", "Roenneberg", roenneberg::score(series)),
        ];
        for (method, name, outcome) in outcomes {
            let Some(expect) = recording.scored(name) else {
                continue;
            };
            let ours = outcome.unwrap().value;
            compare(&mut table, recording, method, name, &ours);
            if method == "Crespo" {
                let pairs = ours.states().iter().zip(expect.states());
                let differ = pairs.filter(|(a, b)| a != b).count() as f64;
                let near = differ <= 0.02 * ours.len() as f64;
                table.equal("Crespo, 98 % of epochs", &recording.id, &near, &true);
            }
        }
        if let Some(expect) = recording.scoring.get("Oakley_automatic_threshold_value") {
            let ours = oakley::automatic_threshold(series);
            table.number(
                "Oakley automatic threshold",
                &recording.id,
                ours,
                Some(expect),
                1e-9,
            );
            let scored = oakley::score(series, oakley::Threshold::Automatic, oakley::Tie::Wake);
            let ours = scored.unwrap().value;
            compare(
                &mut table,
                recording,
                "Oakley automatic",
                "Oakley_automatic",
                &ours,
            );
        }
    }
    table.finish();
}

fn cole_kripke_of(table: &mut Table, recording: &Recording) {
    for (name, definition) in [
        ("CK_mean", cole_kripke::PY_ACTIGRAPHY_MEAN),
        (
            "CK_30sec_max_non_overlap",
            cole_kripke::PY_ACTIGRAPHY_MAXIMUM_30S,
        ),
        (
            "CK_10sec_max_non_overlap",
            cole_kripke::PY_ACTIGRAPHY_MAXIMUM_10S,
        ),
    ] {
        if recording.scoring.get(name).is_some() {
            let raw = cole_kripke::score(&recording.series, &definition)
                .unwrap()
                .value;
            compare(
                table,
                recording,
                "Cole-Kripke",
                &format!("{name}_norescore"),
                &raw,
            );
            let webster = webster::rescored(&as_package(&raw)).unwrap();
            compare(table, recording, "Cole-Kripke, Webster", name, &webster);
        }
    }
}

fn oakley_at(recording: &Recording, level: f64) -> Outcome<Scored> {
    oakley::score(
        &recording.series,
        oakley::Threshold::Fixed(level),
        oakley::Tie::Wake,
    )
}

/// The package writes 0 for an epoch it cannot judge.
fn as_package(scored: &Scored) -> Scored {
    let states = scored
        .states()
        .iter()
        .map(|state| Some(state.unwrap_or(State::Wake)))
        .collect();
    Scored::new(scored.start_s(), scored.step_s(), states)
}

fn compare(table: &mut Table, recording: &Recording, method: &str, name: &str, ours: &Scored) {
    let Some(expect) = recording.scored(name) else {
        return;
    };
    let expect = as_package(&expect);
    table.epochs(
        method,
        &recording.id,
        &as_package(ours).text(),
        &expect.text(),
    );
}

#[test]
fn scorers_agree_with_the_published_forms() {
    let mut table = Table::new("sleep/wake scorers as published (ActiLife, verified)", &[]);
    for recording in recordings() {
        let text = |name: &str| {
            recording
                .textbook
                .get(name)
                .and_then(|value| value.as_str())
        };
        let no_clip = sadeh::Definition {
            ceiling: f64::INFINITY,
            ..sadeh::ACTILIFE
        };
        for (name, definition) in [
            ("Sadeh1994_clip300_threshold_minus4", sadeh::ACTILIFE),
            ("Sadeh1994_clip300_threshold_0", sadeh::PAPER),
            ("Sadeh1994_noclip_threshold_minus4", no_clip),
        ] {
            if let Some(expect) = text(name) {
                let ours = sadeh::score(&recording.series, &definition)
                    .unwrap()
                    .value
                    .text();
                table.epochs("Sadeh, published", &recording.id, &ours, expect);
            }
        }
        if let Some(expect) = recording.textbook.get("Sadeh_PS_first20") {
            let (_, scores) =
                sadeh::probability_scores(&recording.series, &sadeh::ACTILIFE).unwrap();
            let count = numbers(expect).len();
            table.numbers(
                "Sadeh, published",
                &recording.id,
                &scores[..count],
                Some(expect),
                1e-9,
            );
        }
        for (name, definition) in [
            (
                "CK1992_60s_actilife_counts_div100_clip300",
                cole_kripke::ACTILIFE,
            ),
            ("CK1992_60s_unscaled", cole_kripke::PAPER_MEAN),
            ("CK1992_max30s_weight121", cole_kripke::PAPER_MAXIMUM_30S),
            ("CK1992_max10s_weight309", cole_kripke::PAPER_MAXIMUM_10S),
        ] {
            if let Some(expect) = text(name) {
                let ours = cole_kripke::score(&recording.series, &definition)
                    .unwrap()
                    .value
                    .text();
                table.epochs("Cole-Kripke, published", &recording.id, &ours, expect);
            }
        }
    }
    table.finish();
}

#[test]
fn oakley_reproduces_actiware() {
    let mut table = Table::new(
        "Oakley at threshold 40, the scoring exported by Actiware",
        &[],
    );
    for recording in recordings() {
        let Some(device) = &recording.device else {
            continue;
        };
        let threshold = oakley::Threshold::Fixed(40.0);
        let ours = oakley::score(&recording.series, threshold, oakley::Tie::Sleep)
            .unwrap()
            .value;
        let mut pair = (String::new(), String::new());
        for (state, wake) in ours.states().iter().zip(device) {
            if let (Some(state), Some(wake)) = (state, wake) {
                pair.0.push(if *state == State::Sleep { '1' } else { '0' });
                pair.1.push(if *wake { '0' } else { '1' });
            }
        }
        table.epochs("Oakley, Actiware", &recording.id, &pair.0, &pair.1);
    }
    table.finish();
}
