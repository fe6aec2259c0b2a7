//! Every test of significance holds its level: how often it calls noise an effect, simulated with a
//! fixed seed, on independent and on autocorrelated days.

use std::fmt::Write as _;

use analysis::daily::trend;
use analysis::maths::chance::Chance;
use analysis::maths::distribution::normal_two_sided;
use analysis::stats::kendall::mann_kendall;
use analysis::stats::persistence::Correlation;
use analysis::stats::trial::{self, before_after, crossover, lagged};
use analysis::stats::weekday::day_of_week;
use analysis::stats::{anomaly, changepoint, permutation, slope, two_groups};

use crate::pages;

/// What is asked for, and what may come out (percent).
const LEVEL: f64 = 0.05;
const HIGHEST_PERCENT: f64 = 6.0;
const ROUNDS: u32 = 4_000;
const LENGTHS: [usize; 3] = [14, 28, 90];
const CORRELATIONS: [f64; 3] = [0.0, 0.3, -0.3];
/// Pairs of periods; each more doubles the work of the exact test.
const CROSSOVER_PAIRS: usize = 9;
/// Lags from 0 to two weeks, as many as the door for trials takes in one direction.
const LAGS: usize = 15;
/// Share of refused series from which on it is printed.
const MENTIONED_PERCENT: f64 = 1.0;
/// Days before the first that is used, so that the series has forgotten its start.
const FORGOTTEN: usize = 40;

/// Series of which each power is counted.
const POWER_ROUNDS: u32 = 2_000;
/// Changes over the whole series, in standard deviations of a day.
const DRIFTS: [f64; 2] = [1.0, 2.0];

const HEAD: &str = "# False positives of the tests of significance

Each number is the percentage of series without any effect in which a test at 5 % found one: normal
noise, independent or a first-order autoregression with ρ = 0.3 and −0.3, 4,000 series each, fixed
seed. Series that a test refuses are left out, and their share is given where it is more than 1 %. The
test run fails where a number is above 6. A dash: the test refuses more than half of the series, as having
too few days for it. Of change points, which have no level of their own, and of anomalous days the number is the
percentage of series in which at least one is found.

| test | ρ | 14 days | 28 days | 90 days |
|---|--:|--:|--:|--:|
";

const POWER: &str = "
## Why some are below 5, and what that costs

A test below 5 % is cautious. Three things make the tests of days so:

- The correction for autocorrelation only ever widens: its factor is never below 1. Days that alternate
  (ρ = −0.3) have a true factor of about 0.54, so their variance is taken for twice what it is. Why days
  alternate (weekdays, training every other day, entries of the day before) is seldom a first-order
  autoregression, and a factor below 1 would make such days more certain than independent ones.
- ρ has to be estimated, and of 14 days its estimate spreads by about 0.27 around the truth. Half of the
  estimates of independent days lie above 0 and widen. A test that keeps 6 % at ρ = 0.3 cannot know that
  it is at ρ = 0, and is below 5 % there.
- The probability is read from Student's distribution with as many degrees of freedom as the days are
  worth, which matters with few days.

The price is power: the percentage of series with a straight drift in which the trend is found. In
brackets what the same statistic finds when the true ρ is given to it, which no series of days can
know. A drift is the change over the whole series, in standard deviations of a day; 2,000 series each.

| drift | ρ | 14 days | 28 days | 90 days |
|--:|--:|--:|--:|--:|
";

type Probability = fn(&[f64], &[f64], u64) -> Option<f64>;

/// Each test with the probability that it gives for one series of days (and a second, independent
/// one), or none where it refuses.
const TESTS: &[(&str, Probability)] = &[
    ("trend (Mann-Kendall, corrected)", |days, _, _| {
        Some(
            mann_kendall(&times(days), days, Correlation::Corrected)
                .ok()?
                .p,
        )
    }),
    (
        "slope's interval leaves 0 out (Theil-Sen, corrected)",
        |days, _, _| {
            let found = slope::theil_sen(&times(days), days, LEVEL, Correlation::Corrected).ok()?;
            let outside = found.interval.0 > 0.0 || found.interval.1 < 0.0;
            Some(if outside { 0.0 } else { 1.0 })
        },
    ),
    (
        "before and after, halves (Welch, corrected)",
        |days, _, _| {
            let (before, after) = days.split_at(days.len() / 2);
            Some(
                before_after(before, after, Correlation::Corrected)
                    .ok()?
                    .value
                    .p,
            )
        },
    ),
    (
        "crossover, periods of 3 days in random order",
        |days, _, seed| {
            let periods: Vec<Vec<f64>> = days.chunks_exact(3).map(<[f64]>::to_vec).collect();
            let mut order = Chance::new(seed);
            let (without, with): (Vec<_>, Vec<_>) = periods
                .chunks_exact(2)
                .take(CROSSOVER_PAIRS)
                .map(|pair| match order.below(2) {
                    0 => (pair[0].clone(), pair[1].clone()),
                    _ => (pair[1].clone(), pair[0].clone()),
                })
                .unzip();
            // Below six pairs the smallest probability is above the level.
            (without.len() >= 6)
                .then(|| crossover(&without, &with).ok())
                .flatten()
                .map(|found| found.value.p)
        },
    ),
    (
        "association with another series (Spearman, corrected)",
        |days, other, _| Some(lagged(days, other, 0, Correlation::Corrected).ok()?.value.p),
    ),
    (
        "15 lags of an association, judged together (Benjamini-Hochberg)",
        |days, other, _| {
            let lags =
                (0..LAGS).filter_map(|lag| lagged(days, other, lag, Correlation::Corrected).ok());
            let effects: Vec<_> = lags.map(|found| found.value).collect();
            trial::judged(&effects).into_iter().reduce(f64::min)
        },
    ),
    ("day of the week (Kruskal-Wallis)", |days, _, _| {
        Some(day_of_week(days, 0).ok()?.value.p)
    }),
    ("change points of a trend (PELT)", |days, _, _| {
        let penalty = trend::PENALTY * changepoint::customary_penalty(days);
        let is_enough = days.len() >= trend::LEVELS_LEAST;
        let found = is_enough.then(|| changepoint::change_points(days, penalty, trend::LEVEL_DAYS));
        Some(if found?.ok()?.is_empty() { 1.0 } else { 0.0 })
    }),
    ("anomalous days, of two measures", |days, other, _| {
        let rows: Vec<Vec<f64>> = days.iter().zip(other).map(|(a, b)| vec![*a, *b]).collect();
        let found = anomaly::anomalies(&rows, 2).ok()?.value;
        let chances = found.into_iter().flatten().map(|day| day.adjusted_p);
        chances.reduce(f64::min)
    }),
];

/// Tests between people, whose values are independent.
const BETWEEN: &[(&str, Probability)] = &[
    ("two groups of people (Mann-Whitney)", |first, second, _| {
        Some(two_groups::compare(first, second).ok()?.p)
    }),
    (
        "two groups of people (permutation of means)",
        |first, second, seed| Some(permutation::two_means(first, second, 199, seed).ok()?.p),
    ),
];

#[test]
fn no_test_calls_noise_an_effect() {
    let mut page = format!("{}\n{HEAD}", pages::NOTICE);
    let mut above = Vec::new();
    for (name, test) in TESTS {
        for rho in CORRELATIONS {
            row(&mut page, &mut above, name, *test, rho);
        }
    }
    for (name, test) in BETWEEN {
        row(&mut page, &mut above, name, *test, 0.0);
    }
    page.push_str(POWER);
    for drift in DRIFTS {
        for rho in CORRELATIONS {
            power(&mut page, drift, rho);
        }
    }
    pages::expect("levels.md", &page);
    assert!(above.is_empty(), "above {HIGHEST_PERCENT} %: {above:?}");
}

fn row(page: &mut String, above: &mut Vec<String>, name: &str, test: Probability, rho: f64) {
    write!(page, "| {name} | {rho} |").unwrap();
    for length in LENGTHS {
        match false_positives(test, rho, length) {
            Some((percent, refused)) => {
                write!(page, " {percent:.1}").unwrap();
                if refused > MENTIONED_PERCENT {
                    write!(page, ", {refused:.0} % refused").unwrap();
                }
                page.push_str(" |");
                if percent > HIGHEST_PERCENT {
                    above.push(format!("{name}, ρ {rho}, {length} days: {percent:.2}"));
                }
            }
            None => page.push_str(" – |"),
        }
    }
    page.push('\n');
}

/// A line of how often a drift is found: by the test, and by one that knows the autocorrelation.
fn power(page: &mut String, drift: f64, rho: f64) {
    write!(page, "| {drift} | {rho} |").unwrap();
    for length in LENGTHS {
        let mut chance = Chance::new(length as u64 * 37 + 5);
        let (mut found, mut known) = (0_u32, 0_u32);
        for _ in 0..POWER_ROUNDS {
            let mut days = noise(&mut chance, rho, length);
            let spread = (1.0 - rho * rho).sqrt().recip();
            for (day, value) in days.iter_mut().enumerate() {
                *value += drift * spread * day as f64 / (length - 1) as f64;
            }
            let test = mann_kendall(&times(&days), &days, Correlation::Corrected);
            found += u32::from(test.is_ok_and(|test| test.p < LEVEL));
            let plain = mann_kendall(&times(&days), &days, Correlation::Ignored).unwrap();
            let z = plain.z / true_factor(rho, length as f64).sqrt();
            known += u32::from(normal_two_sided(z) < LEVEL);
        }
        let percent = |count: u32| 100.0 * f64::from(count) / f64::from(POWER_ROUNDS);
        write!(page, " {:.0} ({:.0}) |", percent(found), percent(known)).unwrap();
        // Whoever knows more finds more, but for the corrections that reach below the level of 5 %.
        assert!(
            percent(found) <= percent(known) + 3.0,
            "{drift} {rho} {length}"
        );
    }
    page.push('\n');
}

/// What autocorrelation multiplies the variance of Kendall's S by (Hamed and Rao 1998), of a known ρ.
fn true_factor(rho: f64, count: f64) -> f64 {
    let (mut total, mut lag, mut correlation) = (0.0, 1.0, rho);
    while lag < count - 2.0 {
        total += (count - lag) * (count - lag - 1.0) * (count - lag - 2.0) * correlation;
        (lag, correlation) = (lag + 1.0, correlation * rho);
    }
    1.0 + 2.0 * total / (count * (count - 1.0) * (count - 2.0))
}

/// Percentage of the series that a test judges in which it finds something, and percentage of all that it
/// refuses; none when it refuses most of them.
fn false_positives(test: Probability, rho: f64, length: usize) -> Option<(f64, f64)> {
    let mut chance = Chance::new(length as u64 * 31 + if rho > 0.0 { 1 } else { 2 });
    let (mut found, mut judged) = (0_u32, 0_u32);
    for round in 0..ROUNDS {
        let days = noise(&mut chance, rho, length);
        let other = noise(&mut chance, rho, length);
        if let Some(p) = test(&days, &other, u64::from(round)) {
            judged += 1;
            found += u32::from(p < LEVEL);
        }
    }
    let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole);
    (judged * 2 > ROUNDS).then(|| (percent(found, judged), percent(ROUNDS - judged, ROUNDS)))
}

fn noise(chance: &mut Chance, rho: f64, length: usize) -> Vec<f64> {
    let mut value = 0.0;
    let mut days = Vec::with_capacity(length);
    for day in 0..length + FORGOTTEN {
        value = rho * value + chance.normal();
        if day >= FORGOTTEN {
            days.push(value);
        }
    }
    days
}

fn times(days: &[f64]) -> Vec<f64> {
    (0..days.len()).map(|day| day as f64).collect()
}
