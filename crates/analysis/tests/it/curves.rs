//! Fluctuation analysis, fitted curves, components, light and masks against `pyActigraphy`.

use analysis::maths::describe;
use analysis::outcome::Insufficient;
use analysis::rhythm::adat::{Partial, Which, average_daily_total};
use analysis::rhythm::extremes::{Extreme, of_average_day};
use analysis::rhythm::fluctuation::{Missing, between, multifractal, of_series};
use analysis::rhythm::stability::{Definition, PY_ACTIGRAPHY, interdaily, intradaily};
use analysis::rhythm::{flm, lids, light, ssa};
use analysis::series::{Combine, Ends, HOUR_S, MINUTE_S, Origin, Series};
use analysis::wear::inactivity;
use serde_json::Value;

use crate::agreement::{Difference, OK, Table};
use crate::reference::{Recording, civil, numbers, recordings, whole};
use crate::rhythm::{CLOSED, ITERATIVE, summed_profile, value};

#[test]
fn fluctuation_analysis_agrees() {
    let mut table = Table::new("fluctuation analysis, pyActigraphy 1.2.2", &[]);
    for recording in recordings() {
        let Some(dfa) = recording.at("/fractal/dfa") else {
            continue;
        };
        let per_minute = f64::from(MINUTE_S) / f64::from(recording.series.step_s());
        let scales = |value: &Value| -> Vec<usize> {
            let minutes = numbers(value);
            minutes
                .iter()
                .map(|n| usize::try_from(whole(n * per_minute)).unwrap())
                .collect()
        };
        let epochs = scales(&dfa["n_minutes"]);
        let found = of_series(&recording.series, &epochs, Missing::Zero)
            .unwrap()
            .value;
        table.numbers("DFA", &recording.id, &found.fluctuation, dfa.get("F"), 1e-8);
        table.number(
            "DFA",
            &recording.id,
            OK(found.fit.slope),
            dfa.get("alpha"),
            1e-8,
        );
        table.number(
            "DFA",
            &recording.id,
            OK(found.fit.slope_error),
            dfa.get("alpha_stderr"),
            1e-6,
        );
        for (name, from, until) in [
            ("alpha_4_90min", 4.0, 90.0),
            ("alpha_120_600min", 120.0, 600.0),
        ] {
            let epochs = |minutes: f64| describe::floor_index(minutes * per_minute);
            let part = between(&found, epochs(from), epochs(until));
            table.number(
                "DFA",
                &recording.id,
                OK(part.fit.slope),
                dfa.get(name),
                1e-8,
            );
        }
        let Some(mfdfa) = recording.at("/fractal/mfdfa") else {
            continue;
        };
        let moments = numbers(&mfdfa["q"]);
        let found = multifractal(
            &recording.series,
            &scales(&mfdfa["n_minutes"]),
            &moments,
            Missing::Zero,
        );
        let found = found.unwrap().value;
        let slopes: Vec<f64> = found.iter().map(|moment| moment.fit.slope).collect();
        table.numbers("MFDFA", &recording.id, &slopes, mfdfa.get("h"), 1e-8);
        for (row, expect) in mfdfa["F"].as_array().unwrap().iter().enumerate() {
            let ours: Vec<f64> = found.iter().map(|moment| moment.fluctuation[row]).collect();
            table.numbers("MFDFA", &recording.id, &ours, Some(expect), 1e-8);
        }
    }
    table.finish();
}

const SMOOTH: &[Difference] = &[Difference {
    method: "LIDS rhythm",
    recordings: &[],
    reason: "the package's bounded iterative fits stop short of the least squares (tolerance 1e-4) \
             and pick another period; ours is closed form and never less rhythmic",
}];

#[test]
fn curves_and_components_agree() {
    let mut table = Table::new("LIDS, FLM and SSA, pyActigraphy 1.2.2", SMOOTH);
    for recording in recordings() {
        inactivity_in_sleep(&mut table, recording);
        if let Some(expect) = recording.at("/FLM") {
            let profile = summed_profile(&recording.series, 10 * MINUTE_S).unwrap();
            let found = flm::fit(&profile, 9).unwrap();
            table.numbers(
                "FLM",
                &recording.id,
                &found.coefficients,
                expect.get("beta"),
                CLOSED,
            );
            table.numbers(
                "FLM",
                &recording.id,
                &found.curve,
                expect.get("y_est"),
                CLOSED,
            );
        }
        if let Some(expect) = recording.at("/SSA") {
            let sums = recording
                .series
                .resampled(
                    10 * MINUTE_S,
                    Origin::FirstEpoch,
                    Ends::Partial,
                    Combine::SumMissingAsZero,
                )
                .unwrap();
            let found = ssa::of_values(sums.values(), 144).unwrap();
            table.numbers(
                "SSA",
                &recording.id,
                &found.shares[..20],
                expect.get("lambda_s_first20"),
                1e-6,
            );
            let parts: Vec<Vec<f64>> = (0..6).map(|index| found.component(index)).collect();
            for (row, expect) in expect["w_correlation_6x6"]
                .as_array()
                .unwrap()
                .iter()
                .enumerate()
            {
                let ours: Vec<f64> = parts
                    .iter()
                    .map(|part| found.correlation(&parts[row], part))
                    .collect();
                table.numbers("SSA correlations", &recording.id, &ours, Some(expect), 1e-4);
            }
            let rebuilt: Vec<f64> = (0..sums.len())
                .map(|i| parts[0][i] + parts[1][i] + parts[2][i])
                .collect();
            let expect = expect.get("reconstructed_0_1_2");
            table.numbers("SSA reconstruction", &recording.id, &rebuilt, expect, 1e-4); // single precision
        }
    }
    table.finish();
}

fn inactivity_in_sleep(table: &mut Table, recording: &Recording) {
    let Some(bouts) = recording.at("/LIDS/bouts").and_then(Value::as_array) else {
        return;
    };
    for bout in bouts {
        let from = recording
            .series
            .index_at(civil(bout["start"].as_str().unwrap()));
        let until = recording
            .series
            .index_at(civil(bout["end"].as_str().unwrap()));
        let part = recording.series.part(from, until + 1);
        let found = lids::inactivity(&part).unwrap().value;
        table.numbers("LIDS", &recording.id, &found, bout.get("lids"), CLOSED);
        let Ok(rhythm) = lids::rhythm(&found, 30, 180, 5) else {
            continue;
        };
        let method = "LIDS rhythm";
        table.number(
            method,
            &recording.id,
            OK(rhythm.period_min),
            bout.get("period_min"),
            ITERATIVE,
        );
        table.number(
            method,
            &recording.id,
            OK(rhythm.rhythmicity),
            bout.get("mri"),
            ITERATIVE,
        );
        table.number(
            method,
            &recording.id,
            OK(rhythm.correlation),
            bout.get("pearson_r"),
            ITERATIVE,
        );
        if let Some(expect) = bout.get("mri").and_then(Value::as_f64) {
            let below = (expect - rhythm.rhythmicity).max(0.0) / expect;
            table.equal(
                "LIDS rhythmicity not below",
                &recording.id,
                &(below < 1e-3),
                &true,
            );
        }
    }
}

const LIGHT: &[Difference] = &[Difference {
    method: "L5, masked",
    recordings: &["nhanes_21005", "nhanes_21009"],
    reason: "a clock time that was never worn counts as 0 in the package; here it takes no part",
}];

#[test]
fn light_and_masks_agree() {
    let mut table = Table::new(
        "light exposure and inactivity masks, pyActigraphy 1.2.2",
        LIGHT,
    );
    for recording in recordings() {
        for (channel, series) in &recording.light {
            exposure(&mut table, recording, channel, series);
        }
        let Some(expect) = recording.at("/inactivity_mask_2h") else {
            continue;
        };
        let mask = inactivity::mask(&recording.series, 120, 1.0);
        let masked = mask.iter().filter(|&&epoch| epoch).count();
        table.number(
            "inactivity mask",
            &recording.id,
            OK(masked as f64),
            expect.get("n_masked"),
            0.0,
        );
        let worn = recording.series.without(&mask);
        for (is, iv, series) in [
            ("IS_counts", "IV_counts", worn.clone()),
            ("IS", "IV", worn.active_above(4.0)),
        ] {
            let hours = complete_hours(&series);
            let stability = value(interdaily(&hours, &PY_ACTIGRAPHY_HOURS));
            let variability = value(intradaily(&hours, &PY_ACTIGRAPHY_HOURS));
            table.number(
                "IS, masked",
                &recording.id,
                stability,
                expect.get(is),
                CLOSED,
            );
            table.number(
                "IV, masked",
                &recording.id,
                variability,
                expect.get(iv),
                CLOSED,
            );
        }
        let l5 = value(of_average_day(&worn, Extreme::Least, 5)).map(|found| found.level);
        let m10 = value(of_average_day(&worn, Extreme::Most, 10)).map(|found| found.level);
        table.number(
            "L5, masked",
            &recording.id,
            l5,
            expect.get("L5_counts"),
            CLOSED,
        );
        table.number(
            "M10, masked",
            &recording.id,
            m10,
            expect.get("M10_counts"),
            CLOSED,
        );
        let total = value(average_daily_total(&worn, Partial::Scaled, Which::All));
        table.number(
            "ADAT, masked",
            &recording.id,
            total,
            expect.get("ADAT"),
            CLOSED,
        );
    }
    table.finish();
}

const PY_ACTIGRAPHY_HOURS: Definition = Definition {
    combine: Combine::SumWhere(1.0),
    ..PY_ACTIGRAPHY
};

/// Hourly sums, missing where any epoch of the hour is; the cut hour at the end counts if whole.
fn complete_hours(series: &Series) -> Series {
    let per_hour = series.epochs_in(HOUR_S).unwrap();
    let sum = |hour: &[f64]| hour.iter().sum();
    let values = series.values().chunks(per_hour).map(sum).collect();
    Series::new(series.start_s(), HOUR_S, values)
}

fn exposure(table: &mut Table, recording: &Recording, channel: &str, series: &Series) {
    let Some(threshold) = recording.at("/light/threshold").and_then(Value::as_f64) else {
        return;
    };
    let name = channel.replace('_', " ");
    let at = |key: &str| recording.at(&format!("/light/{key}/{name}"));
    let found = light::exposure(series, threshold).unwrap().value;
    let above = found.mean_above.ok_or(Insufficient::constant());
    let timing = found.timing_min.ok_or(Insufficient::constant());
    // The columns of the input are rounded to nine digits; the values were computed before.
    let rounded = 1e-7;
    for (key, ours) in [
        ("light_exposure_level_mean", Ok(found.mean)),
        ("light_exposure_level_median", Ok(found.median)),
        ("light_exposure_level_std", Ok(found.deviation)),
        ("light_exposure_level_mean_above_threshold", above),
        ("TAT_minutes", Ok(found.time_above_min)),
        ("MLiT_minutes_since_midnight", timing),
    ] {
        table.number(key, &recording.id, ours, at(key), rounded);
    }
}
