//! The measures of rest-activity rhythm, of its shape and of light.

use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};
use crate::report::Report;
use crate::report::column::{Column, Kind};
use crate::report::scorer::ActivityScale;
use crate::rhythm::stability::{WITTING, interdaily, intradaily};
use crate::rhythm::transitions::{From, STILL, of_series, sustained};
use crate::rhythm::{
    adat, antilogistic, cosinor, extremes, fluctuation, level, light, periodogram, stability,
    transitions, turn,
};
use crate::series::{HOUR_S, MINUTE_S};

const SHARE: (Option<f64>, Option<f64>) = (Some(0.0), Some(1.0));
const POSITIVE: (Option<f64>, Option<f64>) = (Some(0.0), None);
const ANY: (Option<f64>, Option<f64>) = (None, None);
const DAY: (Option<f64>, Option<f64>) = (Some(0.0), Some(24.0));

const STABILITY_DAYS: f64 = 3.0; // with fewer, every hour is much like itself

type Range = (Option<f64>, Option<f64>);
type Of = fn(&Report<'_>) -> Outcome<f64>;

/// A column of numbers.
pub(super) const fn number(
    id: &'static str,
    unit: &'static str,
    range: Range,
    method: &'static Analysis,
    about: &'static str,
    of: Of,
) -> Column {
    Column {
        id,
        unit,
        kind: Kind::Number,
        range,
        method,
        about,
        of,
    }
}

/// A column of times of day, in seconds after midnight.
pub(super) const fn clock(
    id: &'static str,
    method: &'static Analysis,
    about: &'static str,
    of: Of,
) -> Column {
    Column {
        id,
        unit: "HH:MM:SS",
        kind: Kind::Clock,
        range: ANY,
        method,
        about,
        of,
    }
}

/// Rest-activity rhythm.
pub const COLUMNS: &[Column] = &[
    number(
        "interdaily_stability",
        "1",
        SHARE,
        &stability::INTERDAILY_STABILITY,
        "How alike the days are: hourly means from the first epoch, complete hours, population \
         variance (Witting 1990); three days.",
        |report| {
            report.spans(STABILITY_DAYS)?;
            interdaily(report.activity(), &WITTING)
        },
    ),
    number(
        "intradaily_variability",
        "1",
        POSITIVE,
        &stability::INTRADAILY_VARIABILITY,
        "How often rest and activity alternate: hourly means from the first epoch, complete hours, \
         population variance (Witting 1990).",
        |report| intradaily(report.activity(), &WITTING),
    ),
    number(
        "interdaily_stability_mean",
        "1",
        SHARE,
        &stability::INTERDAILY_STABILITY,
        "ISm: interdaily stability averaged over bins of 1 to 60 minutes that the epoch divides.",
        |report| {
            report.spans(STABILITY_DAYS)?;
            report.multiscale().map(|found| found.map(|pair| pair.0))
        },
    ),
    number(
        "intradaily_variability_mean",
        "1",
        POSITIVE,
        &stability::INTRADAILY_VARIABILITY,
        "IVm: intradaily variability averaged over bins of 1 to 60 minutes that the epoch divides.",
        |report| report.multiscale().map(|found| found.map(|pair| pair.1)),
    ),
    number(
        "relative_amplitude",
        "1",
        SHARE,
        &extremes::RELATIVE_AMPLITUDE,
        "Contrast of the most active ten and the least active five hours of the average day.",
        relative_amplitude,
    ),
    number(
        "l5",
        "input",
        ANY,
        &extremes::L5,
        "Mean per epoch of the least active five hours of the average day.",
        |report| report.contrast().map(|found| found.map(|day| day.l5.level)),
    ),
    number(
        "m10",
        "input",
        ANY,
        &extremes::M10,
        "Mean per epoch of the most active ten hours of the average day.",
        |report| {
            report
                .contrast()
                .map(|found| found.map(|day| day.m10.level))
        },
    ),
    clock(
        "l5_onset",
        &extremes::L5,
        "Time of day at which the least active five hours begin.",
        |report| {
            report.varies()?;
            report
                .contrast()
                .map(|found| found.map(|day| f64::from(day.l5.onset_s)))
        },
    ),
    clock(
        "m10_onset",
        &extremes::M10,
        "Time of day at which the most active ten hours begin.",
        |report| {
            report.varies()?;
            report
                .contrast()
                .map(|found| found.map(|day| f64::from(day.m10.onset_s)))
        },
    ),
    number(
        "cosinor_mesor",
        "input",
        ANY,
        &cosinor::COSINOR,
        "Level of the 24-hour cosine fitted to the epochs.",
        |report| {
            report
                .cosinor()
                .clone()
                .map(|found| found.map(|fit| fit.mesor))
        },
    ),
    number(
        "cosinor_amplitude",
        "input",
        POSITIVE,
        &cosinor::COSINOR,
        "Half the swing of the 24-hour cosine.",
        |report| harmonic(report, |first| first.amplitude),
    ),
    number(
        "cosinor_acrophase_h",
        "h",
        DAY,
        &cosinor::COSINOR,
        "Peak of the 24-hour cosine, hours after midnight.",
        |report| harmonic(report, |first| first.peak_h),
    ),
    number(
        "cosinor_r2",
        "1",
        SHARE,
        &cosinor::COSINOR,
        "Share of the variance that the 24-hour cosine explains.",
        |report| {
            report
                .cosinor()
                .clone()
                .map(|found| found.map(|fit| fit.r_squared))
        },
    ),
    number(
        "activity_mean",
        "input",
        ANY,
        &level::ACTIVITY_LEVEL,
        "Mean activity per epoch.",
        |report| report.level().map(|found| found.map(|level| level.mean)),
    ),
    number(
        "activity_sd",
        "input",
        POSITIVE,
        &level::ACTIVITY_LEVEL,
        "Sample standard deviation of the epochs.",
        |report| {
            report
                .level()
                .map(|found| found.map(|level| level.deviation))
        },
    ),
    number(
        "activity_still_share",
        "1",
        SHARE,
        &level::ACTIVITY_LEVEL,
        "Share of the epochs without movement.",
        |report| {
            report
                .level()
                .map(|found| found.map(|level| level.still_share))
        },
    ),
    number(
        "adat",
        "input per day",
        ANY,
        &adat::ADAT,
        "Average daily total activity of the days of which nine tenths are present, each scaled to a full one; \
         three such days are needed, or as many as are asked for.",
        |report| {
            let which = adat::Which::MostlyPresent(report.input().least.days);
            adat::average_daily_total(report.activity(), adat::Partial::Scaled, which)
        },
    ),
];

/// Shape of the rhythm: fragmentation, fluctuation, period and the extended cosinor.
pub const SHAPE: &[Column] = &[
    clock(
        "activity_onset",
        &turn::ACTIVITY_ONSET,
        "Steepest rise of activity on the average day of five-minute means, an hour each side.",
        |report| {
            report
                .turns()
                .map(|found| found.map(|pair| f64::from(pair.0)))
        },
    ),
    clock(
        "activity_offset",
        &turn::ACTIVITY_OFFSET,
        "Steepest fall of activity on the average day of five-minute means, an hour each side.",
        |report| {
            report
                .turns()
                .map(|found| found.map(|pair| f64::from(pair.1)))
        },
    ),
    number(
        "kra",
        "1/epoch",
        SHARE,
        &transitions::KRA,
        "Sustained probability of moving from rest to activity; rest is an epoch of no count.",
        |report| transition(report, From::Rest),
    ),
    number(
        "kar",
        "1/epoch",
        SHARE,
        &transitions::KAR,
        "Sustained probability of moving from activity to rest; rest is an epoch of no count.",
        |report| transition(report, From::Activity),
    ),
    number(
        "dfa_alpha",
        "1",
        POSITIVE,
        &fluctuation::FLUCTUATION,
        "Exponent of the fluctuations on 20 scales of 4 to 1440 minutes (a quarter of shorter \
         recordings); missing epochs take the mean.",
        |report| fluctuations(report, |found| found.fit.slope),
    ),
    number(
        "activity_balance_index",
        "1",
        SHARE,
        &fluctuation::FLUCTUATION,
        "ABI of that exponent: 1 for the balance of a healthy rhythm.",
        |report| {
            fluctuations(report, |found| {
                fluctuation::scale_invariance(found.fit.slope)
            })
        },
    ),
    number(
        "period_h",
        "h",
        (Some(20.0), Some(28.0)),
        &periodogram::LOMB_SCARGLE,
        "Period of the greatest Lomb-Scargle power of ten-minute sums between 20 and 28 hours.",
        |report| {
            report
                .lomb_scargle()
                .map(|found| found.map(|power| power.peak_h))
        },
    ),
    number(
        "chi_square_period_h",
        "h",
        (Some(20.0), Some(28.0)),
        &periodogram::CHI_SQUARE,
        "Period that exceeds the chi-square line of significance (1 %) most, ten-minute sums, \
         between 20 and 28 hours.",
        |report| {
            report
                .chi_square()
                .map(|found| found.map(|power| power.peak_h))
        },
    ),
    number(
        "extended_cosinor_minimum",
        "input",
        ANY,
        &antilogistic::EXTENDED_COSINOR,
        "Lower plateau of the antilogistic curve fitted to means of minutes.",
        |report| report.extended().map(|found| found.map(|fit| fit.minimum)),
    ),
    number(
        "extended_cosinor_amplitude",
        "input",
        POSITIVE,
        &antilogistic::EXTENDED_COSINOR,
        "Height of the antilogistic curve above its lower plateau.",
        |report| {
            report
                .extended()
                .map(|found| found.map(|fit| fit.amplitude))
        },
    ),
    number(
        "extended_cosinor_alpha",
        "1",
        (Some(-1.0), Some(1.0)),
        &antilogistic::EXTENDED_COSINOR,
        "Width of the active part of the day: -1 wide, 1 narrow.",
        |report| report.extended().map(|found| found.map(|fit| fit.alpha)),
    ),
    number(
        "extended_cosinor_beta",
        "1",
        POSITIVE,
        &antilogistic::EXTENDED_COSINOR,
        "Steepness of the edges of the active part; none where an edge is shorter than an epoch.",
        steepness,
    ),
    number(
        "extended_cosinor_acrophase_h",
        "h",
        ANY,
        &antilogistic::EXTENDED_COSINOR,
        "Middle of the active part, hours after midnight.",
        |report| {
            report
                .extended()
                .map(|found| found.map(|fit| fit.acrotime_h))
        },
    ),
];

/// The steepness of edges that epochs can show.
fn steepness(report: &Report<'_>) -> Outcome<f64> {
    let found = report.extended().as_ref().map_err(|none| *none)?;
    let epoch_min = f64::from(report.activity().step_s().max(MINUTE_S)) / f64::from(MINUTE_S);
    let edge_min = found.value.edge_h() * 60.0;
    if edge_min < epoch_min {
        let of = "minutes for an edge, else it is a square wave";
        return Err(Insufficient::new(of, epoch_min, edge_min));
    }
    Ok(found.map(|fit| fit.beta))
}

/// Light, where the device measures it in lux.
pub const LIGHT: &[Column] = &[
    number(
        "light_mean",
        "lx",
        POSITIVE,
        &light::TIME_ABOVE,
        "Mean light of the epochs.",
        |report| report.exposure().map(|found| found.map(|light| light.mean)),
    ),
    number(
        "light_median",
        "lx",
        POSITIVE,
        &light::TIME_ABOVE,
        "Median light of the epochs.",
        |report| {
            report
                .exposure()
                .map(|found| found.map(|light| light.median))
        },
    ),
    number(
        "light_time_above_min",
        "min",
        POSITIVE,
        &light::TIME_ABOVE,
        "Minutes with at least 500 lx in the whole recording.",
        |report| {
            report
                .exposure()
                .map(|found| found.map(|light| light.time_above_min))
        },
    ),
    clock(
        "light_timing",
        &light::LIGHT_TIMING,
        "Mean time of day of the epochs above 500 lx.",
        |report| {
            let found = (*report.exposure())?;
            let none = Insufficient::new("epochs above 500 lx", 1.0, 0.0);
            let minutes = found.value.timing_min.ok_or(none)?;
            Ok(Measured::new(minutes * 60.0, found.coverage))
        },
    ),
];

fn relative_amplitude(report: &Report<'_>) -> Outcome<f64> {
    let found = (*report.contrast())?;
    let still = Insufficient::new("activity above nothing", 1.0, 0.0);
    let value = found.value.relative_amplitude.ok_or(still)?;
    Ok(Measured::new(value, found.coverage))
}

fn harmonic(report: &Report<'_>, of: fn(&cosinor::Harmonic) -> f64) -> Outcome<f64> {
    let found = report.cosinor().as_ref().map_err(|none| *none)?;
    let first = found.value.harmonics.first();
    let value = first.map(of).ok_or(Insufficient::constant())?;
    Ok(Measured::new(value, found.coverage))
}

fn transition(report: &Report<'_>, from: From) -> Outcome<f64> {
    if report.input().scale != ActivityScale::Counts {
        let of = "activity in counts, which are 0 at rest";
        return Err(Insufficient::new(of, 1.0, 0.0));
    }
    let curve = of_series(report.activity(), STILL, from)?;
    Ok(Measured::new(sustained(&curve.value)?, curve.coverage))
}

fn fluctuations(report: &Report<'_>, of: fn(&fluctuation::Fluctuation) -> f64) -> Outcome<f64> {
    let found = report.fluctuation().as_ref().map_err(|none| *none)?;
    Ok(Measured::new(of(&found.value), found.coverage))
}

/// Seconds of hours.
pub(super) fn seconds(hours: f64) -> f64 {
    hours * f64::from(HOUR_S)
}
