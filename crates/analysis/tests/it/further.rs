//! What the other comparisons leave: light by day and on the average day, measures anchored at the
//! activity onset, daily variability of `ActCR`, and `pyhrv`.

use analysis::heart::frequency::{by_lomb_scargle, by_welch};
use analysis::heart::poincare::rotated;
use analysis::heart::time::{differences, time_domain};
use analysis::heart::{entropy, fluctuation};
use analysis::maths::describe::{standard_deviation, sum};
use analysis::outcome::Insufficient;
use analysis::rhythm::extremes::{Extreme, of_average_day};
use analysis::rhythm::fluctuation::scale_invariance;
use analysis::rhythm::profile::average_day;
use analysis::rhythm::stability::{
    ACT_CR, Definition, PY_ACTIGRAPHY, calendar_days, interdaily, intradaily, intradaily_each_day,
};
use analysis::rhythm::transitions::{self, From, sustained};
use analysis::rhythm::{light, turn};
use analysis::score::endpoints::share_between;
use analysis::series::{Combine, DAY_S, Ends, HOUR_S, MINUTE_S, Origin, Series};
use serde_json::Value;

use crate::agreement::{Difference, OK, Table};
use crate::reference::{Recording, civil, clock, column, json, recordings};
use crate::rhythm::{summed_profile, value};

const CLOSED: f64 = 1e-9;
const ROUNDED: f64 = 1e-7; // the light columns of the input are rounded to nine digits

#[test]
fn light_by_day_agrees() {
    let mut table = Table::new(
        "light by day and on the average day, pyActigraphy 1.2.2",
        &[],
    );
    for recording in recordings() {
        for (channel, series) in &recording.light {
            let name = channel.replace('_', " ");
            by_day(&mut table, recording, &name, series);
            on_average_day(&mut table, recording, &name, series);
        }
    }
    table.finish();
}

fn by_day(table: &mut Table, recording: &Recording, channel: &str, series: &Series) {
    let Some(threshold) = recording.at("/light/threshold").and_then(Value::as_f64) else {
        return;
    };
    for (key, minutes) in [("TATp_minutes", true), ("MLiTp", false)] {
        let days = recording.at(&format!("/light/{key}"));
        for (date, expect) in days.and_then(Value::as_object).into_iter().flatten() {
            let from = series.index_at(civil(&format!("{date}T00:00:00")));
            let until = series.index_at(civil(&format!("{date}T00:00:00")) + i64::from(DAY_S));
            let found = light::exposure(&series.part(from, until), threshold);
            let ours = value(found).and_then(|found| {
                if minutes {
                    Ok(found.time_above_min)
                } else {
                    found.timing_min.ok_or(Insufficient::constant())
                }
            });
            table.number(key, &recording.id, ours, expect.get(channel), ROUNDED);
        }
    }
}

fn on_average_day(table: &mut Table, recording: &Recording, channel: &str, series: &Series) {
    let per_hour = f64::from(HOUR_S) / f64::from(series.step_s());
    for (key, extreme, hours) in [
        ("LMX_L5", Extreme::Least, 5),
        ("LMX_M10", Extreme::Most, 10),
    ] {
        let rows = recording
            .at(&format!("/light/{key}"))
            .and_then(Value::as_array);
        let of_channel = |row: &&Value| row.get("channel").and_then(Value::as_str) == Some(channel);
        let Some(expect) = rows.and_then(|rows| rows.iter().find(of_channel)) else {
            continue;
        };
        let found = value(of_average_day(series, extreme, hours));
        let level = found.map(|found| found.level * per_hour);
        let method = format!("light {key}");
        table.number(
            &method,
            &recording.id,
            level,
            expect.get("value_per_hour"),
            ROUNDED,
        );
        if let (Ok(found), Some(onset)) = (found, expect.get("onset").and_then(Value::as_str)) {
            table.equal(
                &format!("{method} onset"),
                &recording.id,
                &found.onset_s,
                &clock(onset),
            );
        }
    }
    let native = Definition {
        bin_s: series.step_s(),
        ..PY_ACTIGRAPHY
    };
    let at = |key: &str| recording.at(&format!("/light/{key}/{channel}"));
    let is = value(interdaily(series, &native));
    table.number(
        "light IS, native epoch",
        &recording.id,
        is,
        at("IS_native_epoch"),
        ROUNDED,
    );
    let iv = value(intradaily(series, &native));
    table.number(
        "light IV, native epoch",
        &recording.id,
        iv,
        at("IV_native_epoch"),
        ROUNDED,
    );
    let area = value(average_day(series)).map(|profile| sum(&profile.values));
    table.number(
        "light AUC",
        &recording.id,
        area,
        at("AUC_daily_profile"),
        ROUNDED,
    );
}

const ANCHORED: &[Difference] = &[
    Difference {
        method: "kAR_AonT",
        recordings: &["atr_60s", "awd_example_03"],
        reason: "fewer than ten different run lengths, through which the package still draws its curve; \
                 here that is not enough",
    },
    Difference {
        method: "kRA_AoffT",
        recordings: &["bba_30s_mg"],
        reason: "the package counts runs of length 0 at missing epochs; a run has at least one epoch",
    },
];

#[test]
fn measures_at_the_activity_onset_agree() {
    let mut table = Table::new(
        "measures from activity onset and offset, pyActigraphy 1.2.2",
        ANCHORED,
    );
    for recording in recordings() {
        let zeroed = recording.series.map(|x| if x.is_nan() { 0.0 } else { x });
        // The package finds onset and offset on activity coded 0 and 1 unless told otherwise.
        let binary = zeroed.active_above(transitions::THRESHOLD);
        let Ok(profile) = summed_profile(&binary, 5 * MINUTE_S) else {
            continue;
        };
        let Ok(turns) = turn::turns(&profile, 12, turn::Shape::Line) else {
            continue;
        };
        let label = |slot: usize| u32::try_from(slot).unwrap() * 5 * MINUTE_S;
        let onset_s = label(turns.onset);
        anchored(&mut table, recording, &zeroed, &binary);
        for name in ["Roenneberg", "Sadeh", "Scripps", "Oakley"] {
            let expect = recording.at(&format!("/sleep/fSoD_AonT_5h_{name}"));
            let scoring = if name == "Oakley" { "Oakley_40" } else { name };
            if let (Some(_), Some(scored)) = (expect, recording.scored(scoring)) {
                let share = value(share_between(&scored, onset_s, onset_s + 5 * HOUR_S));
                table.number("fSoD_AonT_5h", &recording.id, share, expect, CLOSED);
            }
        }
    }
    table.finish();
}

/// The package looks for onset and offset in windows of 12 epochs of the native average day, and
/// takes the time from 15 minutes after the one to 15 minutes before the other.
fn anchored(table: &mut Table, recording: &Recording, zeroed: &Series, binary: &Series) {
    let Ok(native) = value(average_day(binary)) else {
        return;
    };
    let Ok(turns) = turn::turns(&native, 12, turn::Shape::Line) else {
        return;
    };
    let label = |slot: usize| u32::try_from(slot).unwrap() * native.step_s;
    let (onset_s, offset_s) = (label(turns.onset), label(turns.offset));
    for (key, from, from_s, until_s) in [
        ("kRA_AoffT", From::Rest, offset_s, onset_s),
        ("kAR_AonT", From::Activity, onset_s, offset_s),
    ] {
        let (from_s, until_s) = ((from_s + 900) % DAY_S, (until_s + DAY_S - 900) % DAY_S);
        let threshold = transitions::THRESHOLD;
        let curve = transitions::within_clock(zeroed, threshold, from, from_s, until_s);
        let found = value(curve).and_then(|curve| sustained(&curve));
        let expect = recording.at(&format!("/transition_probabilities/{key}"));
        table.number(key, &recording.id, found, expect, CLOSED);
    }
}

#[test]
fn daily_variability_agrees_with_act_cr() {
    let mut table = Table::new("IV of each day, ActCR 0.3.0, and ABI, GGIR 3.3-7", &[]);
    for recording in recordings() {
        let scaled = recording.r.get("GGIR_SSP_60s");
        if let Some(alpha) = scaled
            .and_then(|x| x.get("alpha_overall"))
            .and_then(Value::as_f64)
        {
            let expect = scaled.and_then(|x| x.get("ABI_overall"));
            let ours = OK(scale_invariance(alpha));
            table.number(
                "ABI of GGIR's exponent",
                &recording.id,
                ours,
                expect,
                CLOSED,
            );
        }
        let daily = recording.r.pointer("/ActCR_calendar_days/IV_hour_per_day");
        let Some(daily) = daily.and_then(Value::as_array) else {
            continue;
        };
        let zeros = Combine::SumMissingAsZero;
        let minutes = recording
            .series
            .resampled(MINUTE_S, Origin::Midnight, Ends::Complete, zeros)
            .unwrap();
        let days = calendar_days(&minutes).unwrap();
        let ours = intradaily_each_day(&days, &ACT_CR).unwrap();
        for (ours, expect) in ours.into_iter().zip(daily) {
            let ours = value(ours);
            table.number(
                "IV of each day, ActCR",
                &recording.id,
                ours,
                Some(expect),
                CLOSED,
            );
        }
    }
    table.finish();
}

const SPECTRA: &[Difference] = &[
    Difference {
        method: "LF/HF by Welch, pyhrv",
        recordings: &[],
        reason: "pyhrv resamples by splines at 4 Hz and has segments and bands of its own",
    },
    Difference {
        method: "LF/HF by Welch, NeuroKit2",
        recordings: &[],
        reason: "NeuroKit2 interpolates quadratically at 100 Hz and has segments of its own",
    },
    Difference {
        method: "LF/HF by Lomb-Scargle, pyhrv",
        recordings: &[],
        reason: "pyhrv evaluates 256 frequencies of its own; its powers are not in ms²",
    },
    Difference {
        method: "LF/HF by Lomb-Scargle, NeuroKit2",
        recordings: &[],
        reason: "NeuroKit2 has a grid of its own; its powers are not in ms²",
    },
    Difference {
        method: "DFA alpha 1, pyhrv",
        recordings: &[],
        reason: "pyhrv chooses the lengths of the windows and how they divide the beats itself",
    },
];

#[test]
fn py_hrv_agrees() {
    let mut table = Table::new(
        "heart-rate variability, pyhrv 0.5.0, and other spectra",
        SPECTRA,
    );
    for (id, path) in oracle::data::entries("hrv") {
        let text = column(&path.join("rr_ms.csv"), "rr_ms");
        let beats: Vec<f64> = text.iter().map(|value| value.parse().unwrap()).collect();
        py_hrv(&mut table, &id, &beats, &json(&path.join("reference.json")));
    }
    table.finish();
}

fn py_hrv(table: &mut Table, id: &str, beats: &[f64], expect: &Value) {
    let found = time_domain(beats).unwrap();
    let sizes: Vec<f64> = differences(beats).iter().map(|step| step.abs()).collect();
    let turned = rotated(beats).unwrap();
    let count = beats.len() as f64;
    // pyhrv takes the population's standard deviation for the ellipse.
    let shrink = ((count - 2.0) / (count - 1.0)).sqrt();
    for (key, ours) in [
        ("time/nni_mean", found.mean_ms),
        ("time/hr_mean", found.rate_mean_bpm),
        ("time/sdnn", found.sdnn_ms),
        ("time/rmssd", found.rmssd_ms),
        ("time/sdsd", standard_deviation(&sizes, 1)),
        ("time/nn50", found.nn50 as f64),
        ("time/pnn50", found.pnn50_percent),
        ("time/nn20", found.nn20 as f64),
        ("time/pnn20", found.pnn20_percent),
        ("time/nni_diff_mean", sum(&sizes) / sizes.len() as f64),
        ("poincare/sd1", turned.sd1_ms * shrink),
        ("poincare/sd2", turned.sd2_ms * shrink),
    ] {
        table.number(
            &format!("pyhrv {key}"),
            id,
            OK(ours),
            expect.pointer(&format!("/pyhrv/{key}")),
            CLOSED,
        );
    }
    let entropy = entropy::sample_entropy(beats, 2, entropy::customary_tolerance(beats));
    let at = expect.pointer("/pyhrv/sample_entropy_dim2_tol0.2/sampen");
    table.number("pyhrv sample entropy", id, entropy, at, CLOSED);
    let ratio = by_welch(beats).map(|bands| bands.ratio());
    let lomb = by_lomb_scargle(beats).map(|bands| bands.ratio());
    for (method, ours, at) in [
        (
            "LF/HF by Welch, pyhrv",
            ratio,
            "/pyhrv/welch_psd_defaults/fft_ratio",
        ),
        (
            "LF/HF by Welch, NeuroKit2",
            ratio,
            "/neurokit2/frequency_welch_absolute/HRV_LFHF",
        ),
        (
            "LF/HF by Lomb-Scargle, pyhrv",
            lomb,
            "/pyhrv/lomb_psd_defaults/lomb_ratio",
        ),
        (
            "LF/HF by Lomb-Scargle, NeuroKit2",
            lomb,
            "/neurokit2/frequency_lomb_absolute/HRV_LFHF",
        ),
    ] {
        table.number(method, id, ours, expect.pointer(at), CLOSED);
    }
    let scales: Vec<usize> = (4..=16).collect();
    let alpha = fluctuation::overlapping(beats, &scales).map(|found| found.fit.slope);
    table.number(
        "DFA alpha 1, pyhrv",
        id,
        alpha,
        expect.pointer("/pyhrv/dfa/dfa_alpha1"),
        CLOSED,
    );
}
