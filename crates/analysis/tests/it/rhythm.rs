//! Rest-activity rhythm against `pyActigraphy` and plain numpy.

use analysis::maths::describe;
use analysis::outcome::{Insufficient, Outcome};
use analysis::rhythm::adat::{Partial, Which, average_daily_total};
use analysis::rhythm::extremes::{Extreme, Extremum, of_average_day, ratio};
use analysis::rhythm::fluctuation::{Missing, between, multifractal, of_series};
use analysis::rhythm::profile::{Profile, average_day};
use analysis::rhythm::stability::{
    Definition, PY_ACTIGRAPHY, WITTING, WITTING_FULL_DAYS, interdaily, intradaily, multiscale,
};
use analysis::rhythm::transitions::{self, From, logit, sustained};
use analysis::rhythm::turn::{Shape, turns};
use analysis::rhythm::{cosinor, flm, lids, light, ssa};
use analysis::series::{Combine, Ends, HOUR_S, MINUTE_S, Origin, Series};
use analysis::wear::inactivity;
use serde_json::Value;

use crate::agreement::{Difference, Table};
use crate::reference::{Recording, civil, clock, numbers, recordings, whole};

const CLOSED: f64 = 1e-9;
const ITERATIVE: f64 = 1e-5;

fn value<T>(outcome: Outcome<T>) -> Result<T, Insufficient> {
    outcome.map(|measured| measured.value)
}

/// Both variants of the reference: counts as they are, and activity as 0 or 1.
fn variants(recording: &Recording) -> [(&'static str, Series); 2] {
    [
        ("counts", recording.series.clone()),
        ("binarized_gt4", recording.series.active_above(4.0)),
    ]
}

fn zeroed(recording: &Recording) -> Series {
    let series = &recording.series;
    Series::new(series.start_s(), series.step_s(), series.missing_as_zero())
}

const NONPARAMETRIC: &[Difference] = &[];

#[test]
fn nonparametric_measures_agree() {
    let mut table = Table::new(
        "non-parametric rhythm, pyActigraphy 1.2.2 and numpy",
        NONPARAMETRIC,
    );
    for recording in recordings() {
        for (variant, series) in variants(recording) {
            stability(&mut table, recording, variant, &series);
            extremes(&mut table, recording, variant, &series);
            by_period(&mut table, recording, variant, &series);
            daily_totals(&mut table, recording, variant, &series);
            onset_and_offset(&mut table, recording, variant, &series);
        }
        textbook(&mut table, recording);
    }
    table.finish();
}

fn stability(table: &mut Table, recording: &Recording, variant: &str, series: &Series) {
    let at = |name: &str| recording.at(&format!("/nonparametric/{variant}/{name}"));
    for (suffix, bin_s) in [
        ("", HOUR_S),
        ("_30min", 30 * MINUTE_S),
        ("_5min", 5 * MINUTE_S),
    ] {
        let definition = Definition {
            bin_s,
            ..PY_ACTIGRAPHY
        };
        let stability = value(interdaily(series, &definition));
        let variability = value(intradaily(series, &definition));
        table.number(
            "IS",
            &recording.id,
            stability,
            at(&format!("IS{suffix}")),
            CLOSED,
        );
        table.number(
            "IV",
            &recording.id,
            variability,
            at(&format!("IV{suffix}")),
            CLOSED,
        );
    }
    let scales = value(multiscale(series, &PY_ACTIGRAPHY));
    table.number(
        "ISm",
        &recording.id,
        scales.map(|pair| pair.0),
        at("ISm"),
        CLOSED,
    );
    table.number(
        "IVm",
        &recording.id,
        scales.map(|pair| pair.1),
        at("IVm"),
        CLOSED,
    );
}

fn extremes(table: &mut Table, recording: &Recording, variant: &str, series: &Series) {
    let at = |name: &str| recording.at(&format!("/nonparametric/{variant}/{name}"));
    let l5 = value(of_average_day(series, Extreme::Least, 5));
    let m10 = value(of_average_day(series, Extreme::Most, 10));
    for (name, found) in [("L5", l5), ("M10", m10)] {
        table.number(
            name,
            &recording.id,
            found.map(|f| f.level),
            at(&format!("{name}/value")),
            CLOSED,
        );
        if let (Ok(found), Some(onset)) = (found, at(&format!("{name}/onset"))) {
            // The reference labels the first slot 00:00 even where epochs lie off the minute.
            let ours = u32::try_from(found.slot).unwrap() * series.step_s();
            let expect = clock(onset.as_str().unwrap());
            table.equal(&format!("{name} onset"), &recording.id, &ours, &expect);
        }
    }
    table.number("RA", &recording.id, amplitude(l5, m10), at("RA"), CLOSED);
}

fn amplitude(
    l5: Result<Extremum, Insufficient>,
    m10: Result<Extremum, Insufficient>,
) -> Result<f64, Insufficient> {
    ratio(l5?.level, m10?.level).ok_or(Insufficient::constant())
}

/// The reference's periods include both end points: one epoch more than the period.
fn by_period(table: &mut Table, recording: &Recording, variant: &str, series: &Series) {
    let Ok(per_day) = series.epochs_per_day() else {
        return;
    };
    for days in [3_usize, 5, 7] {
        let length = days * per_day;
        let pointer = |name: &str| format!("/nonparametric/{variant}/{name}_{days}D");
        let Some(count) = recording
            .at(&pointer("ISp"))
            .and_then(Value::as_array)
            .map(Vec::len)
        else {
            continue;
        };
        let parts: Vec<Series> = (0..count)
            .map(|k| series.part(k * length, (k + 1) * length + 1))
            .collect();
        let hourly = series
            .resampled(
                HOUR_S,
                Origin::FirstEpoch,
                Ends::Partial,
                Combine::SumMissingAsZero,
            )
            .unwrap();
        let hours = days * 24;
        let of_hours = |of: &dyn Fn(&Series, &Definition) -> Outcome<f64>| -> Vec<f64> {
            let part = |k: usize| hourly.part(k * hours, (k + 1) * hours + 1);
            (0..count)
                .map(|k| value(of(&part(k), &PY_ACTIGRAPHY)).unwrap_or(f64::NAN))
                .collect()
        };
        let (is, iv) = (of_hours(&interdaily), of_hours(&intradaily));
        table.numbers(
            "ISp",
            &recording.id,
            &is,
            recording.at(&pointer("ISp")),
            CLOSED,
        );
        table.numbers(
            "IVp",
            &recording.id,
            &iv,
            recording.at(&pointer("IVp")),
            CLOSED,
        );
        let mut compare = |name: &str, of: &dyn Fn(&Series) -> Result<f64, Insufficient>| {
            let ours: Vec<f64> = parts
                .iter()
                .map(|part| of(part).unwrap_or(f64::NAN))
                .collect();
            table.numbers(
                name,
                &recording.id,
                &ours,
                recording.at(&pointer(name)),
                CLOSED,
            );
        };
        compare("L5p", &|part| {
            value(of_average_day(part, Extreme::Least, 5)).map(|f| f.level)
        });
        compare("M10p", &|part| {
            value(of_average_day(part, Extreme::Most, 10)).map(|f| f.level)
        });
        compare("RAp", &|part| {
            amplitude(
                value(of_average_day(part, Extreme::Least, 5)),
                value(of_average_day(part, Extreme::Most, 10)),
            )
        });
        compare("ADATp", &|part| {
            value(average_daily_total(part, Partial::Scaled, Which::All))
        });
    }
}

fn daily_totals(table: &mut Table, recording: &Recording, variant: &str, series: &Series) {
    let at = |name: &str| recording.at(&format!("/nonparametric/{variant}/{name}"));
    for (name, partial, which) in [
        ("ADAT", Partial::Scaled, Which::All),
        ("ADAT_norescale", Partial::AsIs, Which::All),
        ("ADAT_exclude_ends", Partial::Scaled, Which::Inner),
    ] {
        table.number(
            name,
            &recording.id,
            value(average_daily_total(series, partial, which)),
            at(name),
            CLOSED,
        );
    }
}

/// The reference's daily profile of `bin_s` sums, labelled from 00:00.
fn summed_profile(series: &Series, bin_s: u32) -> Result<Profile, Insufficient> {
    let binned = series.resampled(
        bin_s,
        Origin::FirstEpoch,
        Ends::Partial,
        Combine::SumMissingAsZero,
    )?;
    value(average_day(&binned))
}

fn onset_and_offset(table: &mut Table, recording: &Recording, variant: &str, series: &Series) {
    let at = |name: &str| recording.at(&format!("/nonparametric/{variant}/{name}"));
    let (Some(onset), Some(offset)) = (at("AonT"), at("AoffT")) else {
        return;
    };
    let Ok(profile) = summed_profile(series, 5 * MINUTE_S) else {
        return;
    };
    let found = turns(&profile, 12, Shape::Line).unwrap();
    let label = |slot: usize| u32::try_from(slot).unwrap() * 5 * MINUTE_S;
    table.equal(
        "AonT",
        &recording.id,
        &label(found.onset),
        &clock(onset.as_str().unwrap()),
    );
    table.equal(
        "AoffT",
        &recording.id,
        &label(found.offset),
        &clock(offset.as_str().unwrap()),
    );
    for (name, bin_s) in [("5min", 5 * MINUTE_S), ("1H", HOUR_S)] {
        let profile = summed_profile(series, bin_s).unwrap();
        let pointer = format!("/average_daily_profile/{variant}_sum_{name}");
        table.numbers(
            "average day",
            &recording.id,
            &profile.values,
            recording.at(&pointer),
            CLOSED,
        );
        if let Some(first) = recording.at(&format!(
            "/average_daily_profile/first_bin_true_clock_{name}"
        )) {
            let expect = clock(first.as_str().unwrap());
            table.equal(
                "average day, first bin",
                &recording.id,
                &profile.clock_s(0),
                &expect,
            );
        }
    }
}

fn textbook(table: &mut Table, recording: &Recording) {
    for (name, definition) in [
        ("textbook_hourly_mean_population_variance", WITTING),
        ("textbook_hourly_mean_full_days_only", WITTING_FULL_DAYS),
    ] {
        let at = |key: &str| recording.at(&format!("/nonparametric/{name}/{key}"));
        // The plain numpy reference takes an hour with any epoch present.
        let definition = Definition {
            combine: Combine::MeanWhere(0.0),
            ..definition
        };
        let stability = value(interdaily(&recording.series, &definition));
        let variability = value(intradaily(&recording.series, &definition));
        table.number(
            "IS Witting 1990",
            &recording.id,
            stability,
            at("IS"),
            CLOSED,
        );
        table.number(
            "IV Witting 1990",
            &recording.id,
            variability,
            at("IV"),
            CLOSED,
        );
    }
}

const ZERO_RUN: &str =
    "the package counts runs of length 0 at missing epochs; a run has at least one epoch";
const TRANSITIONS: &[Difference] = &[
    Difference {
        method: "pRA",
        recordings: &["bba_30s_mg"],
        reason: ZERO_RUN,
    },
    Difference {
        method: "kRA",
        recordings: &["bba_30s_mg"],
        reason: ZERO_RUN,
    },
    Difference {
        method: "kRA_00h_8h",
        recordings: &["bba_30s_mg"],
        reason: ZERO_RUN,
    },
];

#[test]
fn transition_probabilities_agree() {
    let mut table = Table::new("transition probabilities, pyActigraphy 1.2.2", TRANSITIONS);
    for recording in recordings() {
        let at = |name: &str| recording.at(&format!("/transition_probabilities/{name}"));
        let zeroed = zeroed(recording);
        for (curve_name, k, from) in [("pRA", "kRA", From::Rest), ("pAR", "kAR", From::Activity)] {
            let Some(expect) = at(&format!("{curve_name}_all")) else {
                continue;
            };
            let curve = transitions::of_series(&zeroed, transitions::THRESHOLD, from)
                .unwrap()
                .value;
            table.numbers(
                curve_name,
                &recording.id,
                &curve.lengths,
                expect.get("lengths"),
                CLOSED,
            );
            table.numbers(
                curve_name,
                &recording.id,
                &curve.probability,
                expect.get("prob"),
                CLOSED,
            );
            table.numbers(
                curve_name,
                &recording.id,
                &curve.weight,
                expect.get("weight"),
                CLOSED,
            );
            let found = sustained(&curve);
            table.number(k, &recording.id, found, at(&format!("{k}_all")), CLOSED);
            table.number(
                k,
                &recording.id,
                found.map(logit),
                at(&format!("{k}_logit_all")),
                CLOSED,
            );
        }
        for (name, from, from_h, until_h) in [
            ("kRA_00h_8h", From::Rest, 0, 8),
            ("kAR_08h_12h", From::Activity, 8, 20),
        ] {
            let (from_s, until_s) = (from_h * HOUR_S, until_h * HOUR_S);
            let curve =
                transitions::within_clock(&zeroed, transitions::THRESHOLD, from, from_s, until_s);
            table.number(
                name,
                &recording.id,
                sustained(&curve.unwrap().value),
                at(name),
                CLOSED,
            );
        }
    }
    table.finish();
}

const COSINOR: &[Difference] = &[Difference {
    method: "cosinor, pyActigraphy_free_period",
    recordings: &["atr_60s", "nhanes_21005", "rpx_fr_60s"],
    reason: "the package's fit stops at a larger residual sum, up to 2.5e-5 from the minimum",
}];

#[test]
fn cosinor_agrees() {
    let mut table = Table::new(
        "cosinor, closed form, CosinorPy 2.1 and pyActigraphy 1.2.2",
        COSINOR,
    );
    for recording in recordings() {
        if recording
            .at("/cosinor/closed_form_least_squares_24h")
            .is_none()
        {
            continue;
        }
        closed_form(&mut table, recording);
        for harmonics in 1..=3 {
            let pointer = format!("/cosinor/CosinorPy_2_1/n_components_{harmonics}");
            let found = cosinor::fit(&recording.series, 24.0, harmonics)
                .unwrap()
                .value;
            let mut params = vec![found.mesor];
            for harmonic in &found.harmonics {
                params.extend([harmonic.beta_sin, harmonic.beta_cos]);
            }
            let at = |name: &str| recording.at(&format!("{pointer}/{name}"));
            table.numbers(
                "cosinor, CosinorPy",
                &recording.id,
                &params,
                at("params"),
                CLOSED,
            );
            table.number(
                "cosinor, CosinorPy",
                &recording.id,
                ok(found.rss),
                at("RSS"),
                CLOSED,
            );
        }
        lmfit(&mut table, recording);
    }
    table.finish();
}

fn ok(value: f64) -> Result<f64, Insufficient> {
    Ok(value)
}

fn closed_form(table: &mut Table, recording: &Recording) {
    let at = |name: &str| recording.at(&format!("/cosinor/closed_form_least_squares_24h/{name}"));
    let found = cosinor::fit(&recording.series, 24.0, 1).unwrap().value;
    let first = found.harmonics[0];
    for (name, ours) in [
        ("mesor", found.mesor),
        ("beta_cos", first.beta_cos),
        ("beta_sin", first.beta_sin),
        ("amplitude", first.amplitude),
        ("acrophase_rad", first.acrophase_rad),
        ("peak_clock_hours", first.peak_h),
        ("rss", found.rss),
        ("R2", found.r_squared),
        ("F", found.f),
    ] {
        table.number(
            "cosinor, closed form",
            &recording.id,
            ok(ours),
            at(name),
            CLOSED,
        );
    }
    // A tail of 1e-300 amplifies the rounding of F a thousandfold.
    table.number("cosinor, p", &recording.id, ok(found.p), at("p"), 1e-6);
}

fn lmfit(table: &mut Table, recording: &Recording) {
    let fixed = cosinor::fit(&recording.series, 24.0, 1).unwrap().value;
    let free = cosinor::free_period(&recording.series, 24.0).unwrap().value;
    for (name, found) in [
        ("pyActigraphy_fixed24h", fixed),
        ("pyActigraphy_free_period", free),
    ] {
        let at = |key: &str| recording.at(&format!("/cosinor/{name}/{key}"));
        let method = format!("cosinor, {name}");
        let first = found.harmonics[0];
        for (key, ours) in [
            ("mesor", found.mesor),
            ("amplitude", first.amplitude),
            ("period_hours", found.period_h),
            ("chisqr", found.rss),
        ] {
            table.number(&method, &recording.id, ok(ours), at(key), ITERATIVE);
        }
        if let Some(expect) = at("chisqr").and_then(Value::as_f64) {
            let above = (found.rss - expect).max(0.0) / expect;
            table.equal(
                "cosinor, residual not above",
                &recording.id,
                &(above < 1e-9),
                &true,
            );
        }
        if name == "pyActigraphy_fixed24h" {
            table.number(
                &method,
                &recording.id,
                ok(first.peak_h),
                at("peak_clock_hours"),
                ITERATIVE,
            );
            table.number(
                &method,
                &recording.id,
                ok(found.mesor_error),
                at("stderr/Mesor"),
                1e-4,
            );
            table.number(
                &method,
                &recording.id,
                ok(first.amplitude_error),
                at("stderr/Amplitude"),
                1e-3,
            );
        }
    }
}

const FRACTAL: &[Difference] = &[];

#[test]
fn fluctuation_analysis_agrees() {
    let mut table = Table::new("fluctuation analysis, pyActigraphy 1.2.2", FRACTAL);
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
            ok(found.fit.slope),
            dfa.get("alpha"),
            1e-8,
        );
        table.number(
            "DFA",
            &recording.id,
            ok(found.fit.slope_error),
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
                ok(part.fit.slope),
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
            ok(rhythm.period_min),
            bout.get("period_min"),
            ITERATIVE,
        );
        table.number(
            method,
            &recording.id,
            ok(rhythm.rhythmicity),
            bout.get("mri"),
            ITERATIVE,
        );
        table.number(
            method,
            &recording.id,
            ok(rhythm.correlation),
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
            ok(masked as f64),
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
