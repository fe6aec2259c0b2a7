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
/// What must come out at least, where days do not alternate (percent).
const LOWEST_PERCENT: f64 = 4.0;
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
/// Series, of each autocorrelation, from which it is computed what any test could reach.
const BOUND_ROUNDS: usize = 20_000;
/// How far a percentage of so many series may be from the true one.
const CHANCE_PERCENT: f64 = 0.5;
/// Autocorrelations beyond those at which the level is held.
const STRONGER: [f64; 2] = [0.5, 0.7];
/// Changes over the whole series, in standard deviations of a day.
const DRIFTS: [f64; 2] = [1.0, 2.0];

const HEAD: &str = "# False positives of the tests of significance

Each number is the percentage of series without any effect in which a test at 5 % found one: normal
noise, independent or a first-order autoregression with ρ = 0.3 and −0.3, 4,000 series each, fixed
seed. Series that a test refuses are left out, and their share is given where it is more than 1 %. The
test run fails where a number is above 6, where one of independent days or of ρ = 0.3 is below 4 without a mark, and
where a mark is not needed; what the marks mean is said below. A dash: the test refuses more than half of the series,
as having too few days for it. Of change points and of anomalous days, which have no level of their own, the number is
the percentage of series in which at least one is found.

| test | ρ | 14 days | 28 days | 90 days |
|---|--:|--:|--:|--:|
";

const BOUND: &str = "
## Why some are below 5

A test below 5 % is cautious. The corrections for autocorrelation only ever widen: their factor is never below 1.
Why days alternate (weekdays, training every other day, entries of the day before) is seldom a first-order
autoregression, and a factor below 1 would make such days more certain than independent ones. So where days alternate
(ρ = −0.3) the tests of days stay cautious: their true factor is about 0.54, and their variance is taken for twice what
it is.

¹ ρ has to be estimated, and of 14 days its estimate spreads by about 0.27 around the truth. Half of the estimates of
independent days lie above 0 and widen. A test that finds something in at most 6 % of series with ρ = 0.3 cannot
know that it is at ρ = 0, and is below 5 % there. The table has what the trend test finds in independent days, and the
most that any test could find in them which never finds anything where the uncorrected test does not, and finds
something in at most 6 % of series with ρ = 0.3. That one is given ρ = 0.3, and drops of what the uncorrected test
finds the series that speak most for it (the likelihood ratio, whatever their level and spread; Neyman and Pearson
1933, doi:10.1098/rsta.1933.0009).

| | 14 days | 28 days | 90 days |
|---|--:|--:|--:|
";

const BEYOND: &str = "
² Days that resemble the day before make weekdays alike: their means differ less than those of independent days do. To
correct for that would be a factor below 1.

## Stronger autocorrelation

With ρ above 0.3 the estimate of ρ from few days is too uncertain to hold the level: percentage of series in which the
trend test finds something, which no limit is set on.

| ρ | 14 days | 28 days | 90 days |
|--:|--:|--:|--:|
";

const POWER: &str = "
## What the caution costs

The price is power: the percentage of series with a straight drift in which the trend is found. In
brackets what the same statistic finds when the true ρ is given to it, which no series of days can
know. A drift is the change over the whole series, in standard deviations of a day; 2,000 series each.

| drift | ρ | 14 days | 28 days | 90 days |
|--:|--:|--:|--:|--:|
";

/// Where a test is below [`LOWEST_PERCENT`] though days do not alternate: its name, ρ, days, and its mark.
const CAUTIOUS: &[(&str, f64, usize, &str)] = &[
    (TREND, 0.0, 14, "¹"),
    (TREND, 0.0, 28, "¹"),
    (SLOPE, 0.0, 14, "¹"),
    (SLOPE, 0.0, 28, "¹"),
    (HALVES, 0.0, 28, "¹"),
    (WEEKDAY, 0.3, 90, "²"),
];

const TREND: &str = "trend (Mann-Kendall, corrected)";
const SLOPE: &str = "slope's interval leaves 0 out (Theil-Sen, corrected)";
const HALVES: &str = "before and after, halves (Welch, corrected)";
const WEEKDAY: &str = "day of the week (Kruskal-Wallis)";
/// Those that find something rather than test something: they have no level.
const WITHOUT_LEVEL: [&str; 2] = [
    "change points of a trend (PELT)",
    "anomalous days, of two measures",
];

type Probability = fn(&[f64], &[f64], u64) -> Option<f64>;

/// Each test with the probability that it gives for one series of days (and a second, independent
/// one), or none where it refuses.
const TESTS: &[(&str, Probability)] = &[
    (TREND, |days, _, _| trend_of(days, Correlation::Corrected)),
    (SLOPE, |days, _, _| {
        let found = slope::theil_sen(&times(days), days, LEVEL, Correlation::Corrected).ok()?;
        let outside = found.interval.0 > 0.0 || found.interval.1 < 0.0;
        Some(if outside { 0.0 } else { 1.0 })
    }),
    (HALVES, |days, _, _| {
        let (before, after) = days.split_at(days.len() / 2);
        let found = before_after(before, after, Correlation::Corrected);
        Some(found.ok()?.value.p)
    }),
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
    (WEEKDAY, |days, _, _| {
        Some(day_of_week(days, 0).ok()?.value.p)
    }),
    (WITHOUT_LEVEL[0], |days, _, _| {
        let penalty = trend::PENALTY * changepoint::customary_penalty(days);
        let is_enough = days.len() >= trend::LEVELS_LEAST;
        let found = is_enough.then(|| changepoint::change_points(days, penalty, trend::LEVEL_DAYS));
        Some(if found?.ok()?.is_empty() { 1.0 } else { 0.0 })
    }),
    (WITHOUT_LEVEL[1], |days, other, _| {
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
    let mut wrong = Vec::new();
    for (name, test) in TESTS {
        for rho in CORRELATIONS {
            row(&mut page, &mut wrong, name, *test, rho);
        }
    }
    for (name, test) in BETWEEN {
        row(&mut page, &mut wrong, name, *test, 0.0);
    }
    page.push_str(BOUND);
    bound(&mut page);
    page.push_str(BEYOND);
    for rho in STRONGER {
        let found = LENGTHS.map(|length| {
            let found = false_positives(
                |days, _, _| trend_of(days, Correlation::Corrected),
                rho,
                length,
            );
            format!("{:.1}", found.expect("it judges every series").0)
        });
        writeln!(page, "| {rho} | {} |", found.join(" | ")).unwrap();
    }
    page.push_str(POWER);
    for drift in DRIFTS {
        for rho in CORRELATIONS {
            power(&mut page, drift, rho);
        }
    }
    pages::expect("levels.md", &page);
    assert!(wrong.is_empty(), "not 5 ± 1 %: {wrong:#?}");
}

/// The probability by the trend test.
fn trend_of(days: &[f64], correlation: Correlation) -> Option<f64> {
    Some(mann_kendall(&times(days), days, correlation).ok()?.p)
}

/// What the trend test finds in independent days, and the most that any test could find in them.
fn bound(page: &mut String) {
    let (mut ours, mut most) = (String::new(), String::new());
    for length in LENGTHS {
        let test: Probability = |days, _, _| trend_of(days, Correlation::Corrected);
        let (found, _) = false_positives(test, 0.0, length).expect("it judges every series");
        let reach = reachable(length);
        write!(ours, " {found:.1} |").unwrap();
        write!(most, " {reach:.1} |").unwrap();
        assert!(
            found < reach + CHANCE_PERCENT,
            "{length} days: {found} of {reach}"
        );
        // Why the trend test has marks: with a fortnight nothing gets there.
        assert!(length > LENGTHS[0] || reach < LOWEST_PERCENT, "{reach}");
    }
    writeln!(page, "| the trend test |{ours}\n| any test |{most}").unwrap();
}

/// The largest percentage of series of independent days in which a test can find something that finds something only
/// where the uncorrected trend test does, and in at most [`HIGHEST_PERCENT`] of series with ρ = 0.3.
fn reachable(length: usize) -> f64 {
    let found = |rho: f64| {
        let mut chance = Chance::new(length as u64 * 41 + 7);
        let series = (0..BOUND_ROUNDS).map(|_| noise(&mut chance, rho, length));
        let found =
            series.filter(|days| trend_of(days, Correlation::Ignored).is_some_and(|p| p < LEVEL));
        let evidence = found.map(|days| likelihood(&days, 0.3) - likelihood(&days, 0.0));
        let mut evidence: Vec<f64> = evidence.collect();
        evidence.sort_by(f64::total_cmp);
        evidence
    };
    let (independent, autocorrelated) = (found(0.0), found(0.3));
    let share = BOUND_ROUNDS as f64 / 100.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count"
    )]
    let allowed = (HIGHEST_PERCENT * share) as usize;
    let cut = autocorrelated
        .get(allowed)
        .copied()
        .unwrap_or(f64::INFINITY);
    independent.partition_point(|evidence| *evidence < cut) as f64 / share
}

/// Log-likelihood of a first-order autoregression, whatever its level and spread.
fn likelihood(days: &[f64], rho: f64) -> f64 {
    let stationary = (1.0 - rho * rho).sqrt();
    let steps = |first: f64, pairs: &mut dyn Iterator<Item = (f64, f64)>| -> Vec<f64> {
        let rest = pairs.map(|(before, after)| after - rho * before);
        std::iter::once(first * stationary).chain(rest).collect()
    };
    let values = steps(days[0], &mut days.windows(2).map(|pair| (pair[0], pair[1])));
    let ones = steps(1.0, &mut days.windows(2).map(|_| (1.0, 1.0)));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let level = product(&ones, &ones);
    let rest = product(&values, &values) - product(&ones, &values).powi(2) / level;
    stationary.ln() - 0.5 * level.ln() - 0.5 * (days.len() as f64 - 1.0) * rest.ln()
}

fn row(page: &mut String, wrong: &mut Vec<String>, name: &str, test: Probability, rho: f64) {
    write!(page, "| {name} | {rho} |").unwrap();
    for length in LENGTHS {
        match false_positives(test, rho, length) {
            Some((percent, refused)) => {
                let mark = CAUTIOUS
                    .iter()
                    .find(|one| (one.0, one.1, one.2) == (name, rho, length))
                    .map(|one| one.3);
                write!(page, " {percent:.1}{}", mark.unwrap_or_default()).unwrap();
                if refused > MENTIONED_PERCENT {
                    write!(page, ", {refused:.0} % refused").unwrap();
                }
                page.push_str(" |");
                let is_low = percent < LOWEST_PERCENT && rho >= 0.0;
                let is_judged = !WITHOUT_LEVEL.contains(&name);
                if percent > HIGHEST_PERCENT || is_judged && is_low != mark.is_some() {
                    wrong.push(format!("{name}, ρ {rho}, {length} days: {percent:.2}"));
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
