//! Scorers and wear detection against the software of devices: `ActiLife`, `skdh`, GGIR.

use std::path::Path;

use analysis::maths::describe::quantile;
use analysis::score::angle::{rolling_stillness, sleep_period, sustained_inactivity};
use analysis::score::periods::{Period, Rule, periods};
use analysis::score::scored::Scored;
use analysis::score::{cole_kripke, sadeh, webster};
use analysis::series::Series;
use analysis::wear::{choi, troiano};

use crate::agreement::{Difference, OK, Table};
use crate::reference::{civil, column, folder, json, numbers};

/// The counts of one day in minutes: axis 1 and vector magnitude.
fn day(path: &Path) -> (Series, Series) {
    let file = path.join("GT3XPlus-RawData-Day01-sleep-awake.csv");
    let axis = |name: &str| -> Vec<f64> {
        column(&file, name)
            .iter()
            .map(|field| field.parse().unwrap())
            .collect()
    };
    let (x, y, z) = (axis("axis1"), axis("axis2"), axis("axis3"));
    let magnitude = (0..x.len())
        .map(|i| (x[i] * x[i] + y[i] * y[i] + z[i] * z[i]).sqrt())
        .collect();
    let start = civil(&column(&file, "timestamp")[0]);
    (Series::new(start, 60, x), Series::new(start, 60, magnitude))
}

#[test]
fn actilife_agrees() {
    let mut table = Table::new("ActiLife 6", &[]);
    if let Some(path) = folder("actilife") {
        let (counts, _) = day(&path);
        let file = path.join("GT3XPlus-RawData-Day01-sleep-awake.csv");
        let expect = |name: &str| -> String {
            column(&file, name)
                .iter()
                .map(|s| if s == "S" { '1' } else { '0' })
                .collect()
        };
        let scored = sadeh::score(&counts, &sadeh::ACTILIFE).unwrap().value;
        table.epochs("Sadeh", "day 1", &scored.text(), &expect("sadeh"));
        let kripke = cole_kripke::score(&counts, &cole_kripke::ACTILIFE)
            .unwrap()
            .value;
        table.epochs(
            "Cole-Kripke",
            "day 1",
            &kripke.text(),
            &expect("cole-kripke"),
        );
        sleep_periods(&mut table, &path, &counts, &scored);
        wear(&mut table, &path);
    }
    table.finish();
}

fn sleep_periods(table: &mut Table, path: &Path, counts: &Series, scored: &Scored) {
    let file = path.join("GT3XPlus-RawData-Day01-sleep-periods.csv");
    let field = |name: &str| column(&file, name);
    let whole = |name: &str| -> Vec<usize> {
        field(name)
            .iter()
            .map(|value| value.parse().unwrap())
            .collect()
    };
    let rules = field("period_algorithm");
    for name in [
        "Tudor-Locke Default",
        "Tudor-Locke Custom1",
        "Tudor-Locke Custom2",
    ] {
        let rows: Vec<usize> = (0..rules.len()).filter(|&row| rules[row] == name).collect();
        let first = rows[0];
        let rule = Rule {
            asleep_to_start: whole("n_bedtime_start")[first],
            awake_to_end: whole("n_wake_time_end")[first],
            shortest: whole("min_sleep_period")[first],
            longest: whole("max_sleep_period")[first],
            moving: whole("min_nonzero_epochs")[first],
        };
        let found = periods(scored, counts, &rule).unwrap().value;
        let ours: Vec<_> = found
            .iter()
            .map(|p| {
                (
                    counts.time_s(p.from),
                    counts.time_s(p.until),
                    p.asleep_min,
                    p.awakenings,
                )
            })
            .collect();
        let expect: Vec<_> = rows
            .iter()
            .map(|&row| {
                let time = |name: &str| civil(&field(name)[row]);
                let count = |name: &str| whole(name)[row];
                let times = (time("in_bed_time"), time("out_bed_time"));
                (
                    times.0,
                    times.1,
                    count("total_sleep_time"),
                    count("nb_awakenings"),
                )
            })
            .collect();
        table.equal("Tudor-Locke periods", name, &ours, &expect);
        for (period, &row) in found.iter().zip(&rows) {
            indices(table, name, period, |field_name| {
                field(field_name)[row].clone()
            });
        }
    }
}

/// The table rounds what it prints.
fn indices(table: &mut Table, name: &str, period: &Period, field: impl Fn(&str) -> String) {
    let rounded = |value: f64, digits: i32| {
        let scale = 10_f64.powi(digits);
        format!("{}", (value * scale).round() / scale)
    };
    let number = |name: &str| format!("{}", field(name).parse::<f64>().unwrap());
    let ours = [
        rounded(period.efficiency_percent, 2),
        rounded(period.counts, 0),
        rounded(period.movement_index, 3),
        rounded(period.fragmentation_index, 3),
    ];
    let expect = [
        "efficiency",
        "total_counts",
        "movement_index",
        "fragmentation_index",
    ];
    table.equal("Tudor-Locke indices", name, &ours, &expect.map(number));
}

fn wear(table: &mut Table, path: &Path) {
    let (axis, magnitude) = day(path);
    for algorithm in ["Choi", "Troiano"] {
        let file = path.join(format!("GT3XPlus-RawData-Day01-{algorithm}-periods.csv"));
        let field = |name: &str| column(&file, name);
        let (starts, lengths, worn) = (field("period_start"), field("length"), field("wear"));
        let names = field("nonwear_algorithm");
        let consecutive = if algorithm == "Troiano" {
            field("endat_nnz_seq")
        } else {
            vec![String::new(); names.len()]
        };
        let mut from = 0;
        while from < names.len() {
            let same = |&row: &usize| {
                (&names[row], &consecutive[row]) == (&names[from], &consecutive[from])
            };
            let rows: Vec<usize> = (from..names.len()).take_while(same).collect();
            let number = |name: &str| -> f64 { field(name)[from].parse().unwrap() };
            let counts = if field("use_magnitude")[from] == "TRUE" {
                &magnitude
            } else {
                &axis
            };
            let whole =
                |name: &str| usize::try_from(crate::reference::whole(number(name))).unwrap();
            let (shortest, spike) = (whole("min_period_len"), whole("spike_tolerance"));
            let mask = if algorithm == "Choi" {
                let rule = choi::Rule {
                    shortest,
                    around: whole("min_window_len"),
                    spike,
                };
                choi::nonwear(counts, &rule)
            } else {
                let spikes = if consecutive[from] == "TRUE" {
                    troiano::Spikes::Consecutive
                } else {
                    troiano::Spikes::Cumulative
                };
                let rule = troiano::Rule {
                    shortest,
                    spike,
                    stop: number("spike_stoplevel"),
                    spikes,
                };
                troiano::nonwear(counts, &rule)
            };
            let ours: String = mask
                .unwrap()
                .value
                .iter()
                .map(|&gone| if gone { '1' } else { '0' })
                .collect();
            let mut expect = String::new();
            for row in &rows {
                let offset = usize::try_from((civil(&starts[*row]) - axis.start_s()) / 60).unwrap();
                assert_eq!(offset, expect.len());
                let mark = if worn[*row] == "TRUE" { "0" } else { "1" };
                expect.push_str(&mark.repeat(lengths[*row].parse().unwrap()));
            }
            let id = format!("{} {}", names[from], consecutive[from]);
            table.epochs(algorithm, &id, &ours, &expect);
            from += rows.len();
        }
    }
}

const RESCORED: &[Difference] = &[Difference {
    method: "Webster on the activity index",
    recordings: &[],
    reason: "skdh applies rules a to c one after the other and only looks before a stretch in rule d",
}];

#[test]
fn activity_index_agrees_with_skdh() {
    let mut table = Table::new(
        "Cole-Kripke on the activity index, scikit-digital-health 0.17.18",
        RESCORED,
    );
    if let Some(path) = folder("skdh_sleep") {
        let index = column(&path.join("activity_index_1min.csv"), "activity_index");
        let minutes = Series::new(
            0,
            60,
            index.iter().map(|value| value.parse().unwrap()).collect(),
        );
        let expect = json(&path.join("cole_kripke_activity_index.json"));
        let scored = cole_kripke::score_activity_index(&minutes).unwrap().value;
        let raw = expect["no_rescore"].as_str().unwrap();
        table.epochs(
            "Cole-Kripke on the activity index",
            "skdh",
            &scored.text(),
            raw,
        );
        let webster = webster::rescored(&scored).unwrap();
        let rescored = expect["rescored"].as_str().unwrap();
        table.epochs(
            "Webster on the activity index",
            "skdh",
            &webster.text(),
            rescored,
        );
    }
    table.finish();
}

/// What the test compares, what describes, and what the angle was simulated from.
const ANGLE_ENTRIES: &[&str] = &[
    "SPTE_start",
    "SPTE_end",
    "threshold",
    "rolling_median_first_nonzero",
    "quantile10_times15",
    "sib_T5A5",
    "n_sib",
    "note",
    "params",
    "true_bed_h_after_noon",
    "true_wake_h_after_noon",
];

#[test]
fn arm_angle_agrees_with_ggir() {
    let mut table = Table::new("sustained inactivity and sleep period, GGIR 3.3-7", &[]);
    if let Some(path) = folder("ggir_angle") {
        let angle = column(&path.join("anglez_5s_noon_to_noon.csv"), "anglez_deg");
        let angle: Vec<f64> = angle.iter().map(|value| value.parse().unwrap()).collect();
        let angle = Series::new(12 * 3600, 5, angle);
        let expect = json(&path.join("reference.json"));
        for name in expect.as_object().unwrap().keys() {
            assert!(
                ANGLE_ENTRIES.contains(&name.as_str()),
                "{name} is not compared"
            );
        }
        let inactive = sustained_inactivity(&angle).unwrap().value;
        table.epochs(
            "sustained inactivity",
            "angle",
            &inactive.text(),
            expect["sib_T5A5"].as_str().unwrap(),
        );
        let period = sleep_period(&angle).unwrap().value;
        // The reference counts epochs from 1; its end is the first epoch outside.
        let one = |index: usize| index as f64 + 1.0;
        table.number(
            "sleep period",
            "angle",
            OK(one(period.from)),
            expect.get("SPTE_start"),
            0.0,
        );
        table.number(
            "sleep period",
            "angle",
            OK(one(period.until)),
            expect.get("SPTE_end"),
            0.0,
        );
        table.number(
            "sleep period",
            "angle",
            OK(period.threshold_deg),
            expect.get("threshold"),
            0.0,
        );
        let stillness = rolling_stillness(&angle).unwrap();
        table.number(
            "sleep period",
            "angle",
            OK(quantile(&stillness, 0.10) * 15.0),
            expect.get("quantile10_times15"),
            1e-9,
        );
        let asleep = inactive.text().matches('1').count();
        table.number(
            "sustained inactivity",
            "angle",
            OK(asleep as f64),
            expect.get("n_sib"),
            0.0,
        );
        if let Some(first) = expect.get("rolling_median_first_nonzero") {
            let count = numbers(first).len();
            let head: Vec<f64> = stillness
                .iter()
                .copied()
                .filter(|value| *value != 0.0)
                .take(count)
                .collect();
            table.numbers("rolling stillness", "angle", &head, Some(first), 1e-9);
        }
    }
    table.finish();
}
