//! Rest-activity rhythm against the R packages `nparACT`, GGIR and `ActCR`.

use analysis::outcome::{Insufficient, Outcome};
use analysis::rhythm::antilogistic;
use analysis::rhythm::cosinor::fit_points;
use analysis::rhythm::extremes::{contrast, within};
use analysis::rhythm::stability::{
    ACT_CR, Definition, GGIR, WITTING, WITTING_FULL_DAYS, calendar_days, interdaily, intradaily,
};
use analysis::series::{Combine, Ends, MINUTE_S, Origin, Series};
use serde_json::Value;

use crate::agreement::{Difference, OK, Table};
use crate::reference::{Recording, clock, recordings};

const CLOSED: f64 = 1e-9;
const ITERATIVE: f64 = 1e-5;

fn value<T>(outcome: Outcome<T>) -> Result<T, Insufficient> {
    outcome.map(|measured| measured.value)
}

const OVERWRITES: &str = "nparACT overwrites the last hour and the last minute of the average day with \
                          NA when the recording is a whole number of days";
const STOPS: &str = "nls.lm stops at a larger residual sum (its tolerance is 1.5e-8); where the edges \
                     are steep beta runs free";
const DIFFERENCES: &[Difference] = &[
    Difference {
        method: "IS, nparACT",
        recordings: &["rpx_fr_60s"],
        reason: OVERWRITES,
    },
    Difference {
        method: "extended cosinor of counts",
        recordings: &[],
        reason: STOPS,
    },
    Difference {
        method: "extended cosinor of log(1 + x)",
        recordings: &[],
        reason: STOPS,
    },
    Difference {
        method: "IS, nparACT, whole days",
        recordings: &[],
        reason: OVERWRITES,
    },
    Difference {
        method: "M10, nparACT, whole days",
        recordings: &[],
        reason: OVERWRITES,
    },
    Difference {
        method: "RA, nparACT, whole days",
        recordings: &[],
        reason: OVERWRITES,
    },
];

#[test]
fn r_packages_agree() {
    let mut table = Table::new(
        "rhythm, R packages nparACT 0.9.0, GGIR 3.3-7, ActCR 0.3.0",
        DIFFERENCES,
    );
    for recording in recordings() {
        npar_act(&mut table, recording);
        ggir(&mut table, recording);
        act_cr(&mut table, recording);
    }
    table.finish();
}

fn npar_act(table: &mut Table, recording: &Recording) {
    for (name, definition) in [
        ("nparACT_base_unrounded", WITTING_FULL_DAYS),
        ("nparACT_base_unrounded_fulldays_FALSE", WITTING),
    ] {
        let Some(expect) = recording.r.get(name) else {
            continue;
        };
        let id = &recording.id;
        let minutes = recording
            .series
            .resampled(
                MINUTE_S,
                Origin::FirstEpoch,
                Ends::Complete,
                Combine::MeanWhere(0.0),
            )
            .unwrap();
        let whole = minutes.len() / 1440 * 1440;
        let (used, suffix) = if definition == WITTING && whole < minutes.len() {
            (minutes, "")
        } else {
            (minutes.part(0, whole), ", whole days")
        };
        let is = format!("IS, nparACT{suffix}");
        table.number(
            &is,
            id,
            value(interdaily(&used, &definition)),
            expect.get("IS"),
            CLOSED,
        );
        table.number(
            "IV, nparACT",
            id,
            value(intradaily(&used, &definition)),
            expect.get("IV"),
            CLOSED,
        );
        let found = contrast(&used).unwrap().value;
        let levels = [
            ("L5, nparACT", "L5", Ok(found.l5.level)),
            ("M10, nparACT", "M10", Ok(found.m10.level)),
            (
                "RA, nparACT",
                "RA",
                found.relative_amplitude.ok_or(Insufficient::constant()),
            ),
        ];
        for (method, key, ours) in levels {
            table.number(
                &format!("{method}{suffix}"),
                id,
                ours,
                expect.get(key),
                CLOSED,
            );
        }
        for (key, onset) in [
            ("L5_starttime", found.l5.onset_s),
            ("M10_starttime", found.m10.onset_s),
        ] {
            if let Some(text) = expect.get(key).and_then(Value::as_str) {
                table.equal("L5 and M10 onset, nparACT", id, &onset, &clock(text));
            }
        }
    }
}

fn ggir(table: &mut Table, recording: &Recording) {
    let Some(expect) = recording.r.get("GGIR_g.IVIS_counts") else {
        return;
    };
    let stability = value(interdaily(&recording.series, &GGIR));
    let variability = value(intradaily(&recording.series, &GGIR));
    table.number(
        "IS, GGIR",
        &recording.id,
        stability,
        expect.get("InterdailyStability"),
        CLOSED,
    );
    table.number(
        "IV, GGIR",
        &recording.id,
        variability,
        expect.get("IntradailyVariability"),
        CLOSED,
    );
}

/// Minutes of complete calendar days, as `ActCR` wants them.
fn minutes_of_days(series: &Series) -> Option<Series> {
    let minutes = series
        .resampled(
            MINUTE_S,
            Origin::Midnight,
            Ends::Complete,
            Combine::SumMissingAsZero,
        )
        .ok()?;
    calendar_days(&minutes).ok().filter(|days| !days.is_empty())
}

fn act_cr(table: &mut Table, recording: &Recording) {
    let Some(expect) = recording.r.get("ActCR_calendar_days") else {
        return;
    };
    let Some(days) = minutes_of_days(&recording.series) else {
        return;
    };
    let id = &recording.id;
    let minute = Definition {
        bin_s: MINUTE_S,
        ..ACT_CR
    };
    for (key, ours) in [
        ("IS_minute", value(interdaily(&days, &minute))),
        ("IS_hour", value(interdaily(&days, &ACT_CR))),
        ("IV_minute", value(intradaily(&days, &minute))),
        ("IV_hour_concatenated", value(intradaily(&days, &ACT_CR))),
    ] {
        table.number(&format!("{key}, ActCR"), id, ours, expect.get(key), CLOSED);
    }
    extremes_of_days(table, id, &days, expect);
    for (name, log) in [("counts", false), ("log1p", true)] {
        if let Some(expect) = recording
            .r
            .get(format!("cosinor_and_extended_cosinor_{name}"))
        {
            curves(table, id, &days, log, expect);
        }
    }
}

fn extremes_of_days(table: &mut Table, id: &str, days: &Series, expect: &Value) {
    let mean = average(days);
    let found = within(&mean).unwrap().value;
    let at = |key: &str| expect.pointer(&format!("/L5_M10_RA_of_mean_day/{key}"));
    table.number(
        "L5, ActCR mean day",
        id,
        OK(found.l5.level),
        at("L5"),
        CLOSED,
    );
    table.number(
        "M10, ActCR mean day",
        id,
        OK(found.m10.level),
        at("M10"),
        CLOSED,
    );
    let Some(daily) = expect.get("L5_M10_RA_per_day").and_then(Value::as_array) else {
        return;
    };
    for (day, expect) in daily.iter().enumerate() {
        let found = within(&days.part(day * 1440, (day + 1) * 1440))
            .unwrap()
            .value;
        table.number(
            "L5, ActCR per day",
            id,
            OK(found.l5.level),
            expect.get("L5"),
            CLOSED,
        );
        table.number(
            "M10, ActCR per day",
            id,
            OK(found.m10.level),
            expect.get("M10"),
            CLOSED,
        );
    }
}

fn average(days: &Series) -> Series {
    let profile = analysis::rhythm::profile::average_day(days).unwrap().value;
    Series::new(days.start_s(), MINUTE_S, profile.values)
}

/// `ActCR` puts an epoch at its end: minute 1 of the day is 1/60 h.
fn curves(table: &mut Table, id: &str, days: &Series, log: bool, expect: &Value) {
    let times: Vec<f64> = (0..days.len())
        .map(|index| (index % 1440 + 1) as f64 / 60.0)
        .collect();
    let values: Vec<f64> = days
        .values()
        .iter()
        .map(|&x| if log { x.ln_1p() } else { x })
        .collect();
    let plain = fit_points(&times, &values, 24.0, 1).unwrap();
    for (key, ours) in [
        ("mesor", plain.mesor),
        ("amplitude", plain.harmonics[0].amplitude),
        ("acrotime_hours", plain.harmonics[0].peak_h),
        ("rss", plain.rss),
    ] {
        table.number("cosinor, ActCR", id, OK(ours), expect.get(key), ITERATIVE);
    }
    let Some(extended) = expect.get("extended") else {
        return;
    };
    let found = antilogistic::fit(&times, &values).unwrap();
    if let Some(expect) = extended.get("rss").and_then(Value::as_f64) {
        let above = (found.rss - expect).max(0.0) / expect;
        table.equal(
            "extended cosinor, residual not above",
            id,
            &(above < 1e-9),
            &true,
        );
    }
    let method = if log {
        "extended cosinor of log(1 + x)"
    } else {
        "extended cosinor of counts"
    };
    for (key, ours) in [
        ("minimum", found.minimum),
        ("amp", found.amplitude),
        ("alpha", found.alpha),
        ("beta", found.beta),
        ("acrotime", found.acrotime_h),
        ("F_pseudo", found.pseudo_f),
        ("UpMesor", found.up_h),
        ("DownMesor", found.down_h),
        ("MESOR", found.mesor),
        ("rss", found.rss),
    ] {
        table.number(method, id, OK(ours), extended.get(key), ITERATIVE);
    }
}
