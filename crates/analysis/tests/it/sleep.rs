//! What follows from scored epochs: regularity, endpoints, midpoints, onsets.

use analysis::outcome::{Insufficient, Outcome};
use analysis::rhythm::profile::average_day;
use analysis::rhythm::regularity::{by_clock_time, over_pairs};
use analysis::score::endpoints::{Endpoints, fragmentation, midpoint_min, night, share_between};
use analysis::score::scored::{Scored, State};
use analysis::series::{Combine, Ends, HOUR_S, MINUTE_S, Origin};
use serde_json::Value;

use crate::agreement::{Difference, Table};
use crate::reference::{Recording, civil, folder, json, recordings};

const CLOSED: f64 = 1e-9;

fn value<T>(outcome: Outcome<T>) -> Result<T, Insufficient> {
    outcome.map(|measured| measured.value)
}

const DIFFERENCES: &[Difference] = &[];

#[test]
fn measures_of_scored_sleep_agree() {
    let mut table = Table::new("sleep measures on the reference's scoring", DIFFERENCES);
    for recording in recordings() {
        for name in ["Roenneberg", "Crespo", "Sadeh", "Scripps", "Oakley"] {
            let source = if name == "Oakley" { "Oakley_40" } else { name };
            if let Some(scored) = recording.scored(source) {
                measures(&mut table, recording, name, &scored);
            }
        }
        for name in ["Crespo", "Roenneberg"] {
            if let Some(scored) = recording.scored(name) {
                onsets(&mut table, recording, name, &scored);
            }
        }
        for name in ["Sadeh", "Oakley_40", "Scripps"] {
            if let Some(scored) = recording.scored(name) {
                let pointer = format!("/sleep/rest_intervals_Crespo_scored_{name}");
                intervals(&mut table, recording, &scored, recording.at(&pointer));
            }
        }
        for name in ["Roenneberg", "Sadeh", "Scripps", "Oakley"] {
            let source = if name == "Oakley" { "Oakley_40" } else { name };
            if let Some(scored) = recording.scored(source) {
                let pointer = format!("/sleep_diary_report/plain_definitions_{name}");
                intervals(&mut table, recording, &scored, recording.at(&pointer));
            }
        }
    }
    table.finish();
}

fn measures(table: &mut Table, recording: &Recording, name: &str, scored: &Scored) {
    let at = |key: &str| recording.at(&format!("/sleep/{key}"));
    let id = &recording.id;
    let pairs = value(over_pairs(scored));
    table.number(
        "SRI over pairs",
        id,
        pairs,
        at(&format!("SRI_pairs_{name}/sri")),
        CLOSED,
    );
    let clocks = value(by_clock_time(scored));
    table.number(
        "SRI by clock time",
        id,
        clocks,
        at(&format!("SRI_pyActigraphy_{name}")),
        CLOSED,
    );
    let middle = value(midpoint_min(scored));
    table.number(
        "sleep midpoint",
        id,
        middle,
        at(&format!("SleepMidPoint_minutes_{name}")),
        CLOSED,
    );
    let share = value(share_between(scored, 12 * HOUR_S, 17 * HOUR_S));
    table.number(
        "share asleep 12-17 h",
        id,
        share,
        at(&format!("fSoD_12h_5h_{name}")),
        CLOSED,
    );
    if let Some(expect) = at(&format!("SleepProfile_15min_{name}")) {
        let day = average_day(&scored.as_series()).unwrap().value;
        let series = analysis::series::Series::new(0, day.step_s, day.values);
        let bins = series
            .resampled(
                15 * MINUTE_S,
                Origin::FirstEpoch,
                Ends::Partial,
                Combine::MeanWhere(0.0),
            )
            .unwrap();
        table.numbers("sleep profile", id, bins.values(), Some(expect), CLOSED);
    }
}

fn onsets(table: &mut Table, recording: &Recording, name: &str, scored: &Scored) {
    for (key, state) in [
        ("onset_of_activity", State::Wake),
        ("onset_of_rest", State::Sleep),
    ] {
        let Some(expect) = recording.at(&format!("/sleep/{name}_AoT/{key}")) else {
            continue;
        };
        let expect: Vec<i64> = expect
            .as_array()
            .unwrap()
            .iter()
            .map(|time| civil(time.as_str().unwrap()))
            .collect();
        let ours: Vec<i64> = scored
            .onsets(state)
            .into_iter()
            .map(|index| scored.time_s(index))
            .collect();
        table.equal(&format!("{name} onsets"), &recording.id, &ours, &expect);
    }
}

fn intervals(table: &mut Table, recording: &Recording, scored: &Scored, expect: Option<&Value>) {
    let Some(rows) = expect.and_then(Value::as_array) else {
        return;
    };
    for row in rows.iter().filter(|row| row.is_object()) {
        let index = |key: &str| recording.series.index_at(civil(row[key].as_str().unwrap()));
        let found = value(night(scored, index("start"), index("end")));
        for (key, ours) in [
            ("TIB_min", found.map(|n| n.in_bed_min)),
            ("SOL_min", found.map(|n| n.latency_min)),
            ("SPT_min", found.map(|n| n.period_min)),
            ("TST_min", found.map(|n| n.asleep_min)),
            ("WASO_min", found.map(|n| n.awake_min)),
            ("terminal_wake_min", found.map(|n| n.terminal_wake_min)),
            ("n_awakenings", found.map(|n| n.awakenings as f64)),
            ("SE_TST_over_TIB", found.map(|n| n.efficiency)),
            ("SE_TST_over_SPT", found.map(|n| n.maintenance)),
        ] {
            table.number("rest intervals", &recording.id, ours, row.get(key), CLOSED);
        }
    }
}

const SKDH: &[Difference] = &[Difference {
    method: "fragmentation of wake without a wake bout",
    recordings: &[],
    reason: "a night without wake has no mean, Gini coefficient or exponent of its wake bouts; skdh \
                 gives 0, 0 and 1",
}];
/// What describes and measures nothing.
const SKDH_DESCRIPTIONS: &[&str] = &[
    "recording",
    "start",
    "end_exclusive",
    "predictions",
    "skdh_endpoints",
];

#[test]
fn endpoints_agree_with_skdh() {
    let mut table = Table::new("sleep endpoints, scikit-digital-health 0.17.18", SKDH);
    if let Some(path) = folder("skdh_sleep") {
        let nights = json(&path.join("endpoints_real_nights.json"));
        for night in nights["nights"].as_array().unwrap() {
            for name in night.as_object().unwrap().keys() {
                assert!(SKDH_DESCRIPTIONS.contains(&name.as_str()), "{name}");
            }
            let scored = Scored::read(0, 60, night["predictions"].as_str().unwrap());
            let id = night["recording"].as_str().unwrap();
            skdh(
                &mut table,
                id,
                &scored,
                0,
                scored.len(),
                &night["skdh_endpoints"],
            );
        }
        let index = json(&path.join("cole_kripke_activity_index.json"));
        let scored = Scored::read(0, 60, index["rescored"].as_str().unwrap());
        skdh(
            &mut table,
            "activity index",
            &scored,
            570,
            1110,
            &index["endpoints_window_570_1110"],
        );
    }
    table.finish();
}

/// Of the wake bouts after sleep onset, one at the end included, skdh leaves one out whether or not
/// there is one at the end; a night's awakenings are all but one at the end.
fn wake_bouts(night: Endpoints) -> f64 {
    let at_end = usize::from(night.terminal_wake_min > 0.0);
    (night.awakenings + at_end).saturating_sub(1) as f64
}

fn skdh(table: &mut Table, id: &str, scored: &Scored, from: usize, until: usize, expect: &Value) {
    let found = value(night(scored, from, until));
    let of = |state| value(fragmentation(scored, from, until, state));
    let (sleep, wake) = (of(State::Sleep), of(State::Wake));
    let thousandths = |percent: f64| (percent * 1000.0).round() / 1000.0; // as skdh rounds it
    let of_sleep = [
        ("TotalSleepTime", found.map(|n| n.asleep_min)),
        (
            "PercentTimeAsleep",
            found.map(|n| thousandths(100.0 * n.efficiency)),
        ),
        ("NumberWakeBouts", found.map(wake_bouts)),
        ("SleepOnsetLatency", found.map(|n| n.latency_min)),
        ("WakeAfterSleepOnset", found.map(|n| n.awake_min)),
        ("AverageSleepDuration", sleep.map(|f| f.mean_bout)),
        (
            "SleepWakeTransitionProbability",
            sleep.map(|f| f.transition_probability),
        ),
        ("SleepGiniIndex", sleep.map(|f| f.gini)),
        ("SleepAverageHazard", sleep.map(|f| f.hazard)),
        ("SleepPowerLawDistribution", sleep.map(|f| f.power_law)),
    ];
    let of_wake = [
        ("AverageWakeDuration", wake.map(|f| f.mean_bout)),
        (
            "WakeSleepTransitionProbability",
            wake.map(|f| f.transition_probability),
        ),
        ("WakeGiniIndex", wake.map(|f| f.gini)),
        ("WakeAverageHazard", wake.map(|f| f.hazard)),
        ("WakePowerLawDistribution", wake.map(|f| f.power_law)),
    ];
    for name in expect.as_object().unwrap().keys() {
        let mut known = of_sleep.iter().chain(&of_wake).map(|(key, _)| *key);
        assert!(known.any(|key| key == name), "{name} is not compared");
    }
    for (key, ours) in of_sleep {
        table.number(key, id, ours, expect.get(key), CLOSED);
    }
    for (key, ours) in of_wake {
        let method = if wake.is_ok() {
            key
        } else {
            "fragmentation of wake without a wake bout"
        };
        table.number(method, id, ours, expect.get(key), CLOSED);
    }
}
