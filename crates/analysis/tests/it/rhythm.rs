//! Rest-activity rhythm against `pyActigraphy` and plain numpy.

use analysis::outcome::{Insufficient, Outcome};
use analysis::rhythm::adat::{Partial, Which, average_daily_total};
use analysis::rhythm::cosinor;
use analysis::rhythm::extremes::{Extreme, Extremum, of_average_day, ratio};
use analysis::rhythm::profile::{Profile, average_day};
use analysis::rhythm::stability::{
    Definition, PY_ACTIGRAPHY, WITTING, WITTING_FULL_DAYS, interdaily, intradaily, multiscale,
};
use analysis::rhythm::transitions::{self, From, logit, sustained};
use analysis::rhythm::turn::{Shape, turns};
use analysis::series::{Combine, Ends, HOUR_S, MINUTE_S, Origin, Series};
use serde_json::Value;

use crate::agreement::{Difference, OK, Table};
use crate::reference::{Recording, clock, recordings};

pub(crate) const CLOSED: f64 = 1e-9;
pub(crate) const ITERATIVE: f64 = 1e-5;

pub(crate) fn value<T>(outcome: Outcome<T>) -> Result<T, Insufficient> {
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

#[test]
fn nonparametric_measures_agree() {
    let mut table = Table::new("non-parametric rhythm, pyActigraphy 1.2.2 and numpy", &[]);
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
    let (l5, m10) = (least(series), most(series));
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
        let pointer = |name: &str| format!("/nonparametric/{variant}/{name}_{days}D");
        let Some(expect) = recording.at(&pointer("ISp")).and_then(Value::as_array) else {
            continue;
        };
        let hourly = series
            .resampled(
                HOUR_S,
                Origin::FirstEpoch,
                Ends::Partial,
                Combine::SumMissingAsZero,
            )
            .unwrap();
        let hours = inclusive_periods(&hourly, days * 24, expect.len());
        let epochs = inclusive_periods(series, days * per_day, expect.len());
        let methods: [(&str, &[Series], &Measure); 6] = [
            ("ISp", &hours, &|part| {
                value(interdaily(part, &PY_ACTIGRAPHY))
            }),
            ("IVp", &hours, &|part| {
                value(intradaily(part, &PY_ACTIGRAPHY))
            }),
            ("L5p", &epochs, &|part| least(part).map(|found| found.level)),
            ("M10p", &epochs, &|part| most(part).map(|found| found.level)),
            ("RAp", &epochs, &|part| amplitude(least(part), most(part))),
            ("ADATp", &epochs, &|part| {
                value(average_daily_total(part, Partial::Scaled, Which::All))
            }),
        ];
        for (name, parts, of) in methods {
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
        }
    }
}

type Measure = dyn Fn(&Series) -> Result<f64, Insufficient>;

fn inclusive_periods(series: &Series, length: usize, count: usize) -> Vec<Series> {
    (0..count)
        .map(|k| series.part(k * length, (k + 1) * length + 1))
        .collect()
}

fn least(series: &Series) -> Result<Extremum, Insufficient> {
    value(of_average_day(series, Extreme::Least, 5))
}

fn most(series: &Series) -> Result<Extremum, Insufficient> {
    value(of_average_day(series, Extreme::Most, 10))
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
pub(crate) fn summed_profile(series: &Series, bin_s: u32) -> Result<Profile, Insufficient> {
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
                OK(found.rss),
                at("RSS"),
                CLOSED,
            );
        }
        lmfit(&mut table, recording);
    }
    table.finish();
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
            OK(ours),
            at(name),
            CLOSED,
        );
    }
    // A tail of 1e-300 amplifies the rounding of F a thousandfold.
    table.number("cosinor, p", &recording.id, OK(found.p), at("p"), 1e-6);
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
            table.number(&method, &recording.id, OK(ours), at(key), ITERATIVE);
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
                OK(first.peak_h),
                at("peak_clock_hours"),
                ITERATIVE,
            );
            table.number(
                &method,
                &recording.id,
                OK(found.mesor_error),
                at("stderr/Mesor"),
                1e-4,
            );
            table.number(
                &method,
                &recording.id,
                OK(first.amplitude_error),
                at("stderr/Amplitude"),
                1e-3,
            );
        }
    }
}
