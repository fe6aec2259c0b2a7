//! # Day-of-week effects
//!
//! **What it measures.** Whether the days of the week differ, by how much, and how weekends differ
//! from working days.
//!
//! **Inputs and units.** One value per day, with the weekday of the first. Effects in the unit of the
//! input.
//!
//! **Method.** Effect of a weekday = its median − the median of all days. Kruskal-Wallis over the
//! weekdays: H = 12 / (N(N + 1)) · Σ Rᵢ² / nᵢ − 3(N + 1), divided by 1 − Σ(t³ − t) / (N³ − N) for
//! ties and by max(1, 1 − (r + r² + r³) / 3) with r the lag-one autocorrelation where it is negative
//! (days that alternate pull weekdays apart: the mean of the correlations of a weekday with the six
//! others is that sum); size ε² = H / (N − 1). p: F = (H / (k − 1)) / ((N − 1 − H) / (N − k)) of k weekdays, with
//! k − 1 and N − k degrees of freedom, the analysis of variance of the ranks (Conover and Iman 1981), which keeps its
//! level with a few days per weekday where chi-square does not. Weekend effect = median of Saturday and Sunday − median of Monday to Friday.
//!
//! **Missing epochs.** A missing day is in no group.
//!
//! **Validity.** Four weeks: at least 3 values on each weekday. Days that resemble the day before make
//! weekdays alike and the test cautious ([levels](../levels.md)); a trend over the weeks spreads all groups and hides effects.
//!
//! **Versions.** 3. Version 2 judged H by chi-square, and found something in 2 % of four weeks of independent days.
//! Version 1 made no allowance for days that alternate.
//!
//! **References.** Kruskal WH, Wallis WA 1952, doi:10.1080/01621459.1952.10483441. Tomczak M,
//! Tomczak E 2014, Trends Sport Sci 21:19 (ε²). Conover WJ, Iman RL 1981, doi:10.1080/00031305.1981.10479327.

use super::kendall::{ranks, ties};
use super::persistence::lag_one;
use crate::maths::describe::{median, present};
use crate::maths::distribution::f_tail;
use crate::method::Analysis;
use crate::outcome::{Insufficient, Measured, Outcome};

/// Day-of-week effects.
pub const DAY_OF_WEEK: Analysis = Analysis {
    id: "day_of_week",
    version: 3,
    unit: "input",
    title: "Day-of-week effects",
};

const LEAST_PER_WEEKDAY: usize = 3;
const DAYS: usize = 7;
const SATURDAY: usize = 5; // Monday is 0

/// How the days of the week differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Median of each weekday less the median of all days, Monday first.
    pub effects: [f64; DAYS],
    /// Median of the weekend less that of the working days.
    pub weekend: f64,
    /// Kruskal-Wallis statistic.
    pub h: f64,
    /// Its probability when the weekdays are alike.
    pub p: f64,
    /// Share of the variation of ranks that the weekday explains, 0 to 1.
    pub epsilon_squared: f64,
}

/// Compares weekdays; the first value belongs to weekday `first` (0 is Monday).
pub fn day_of_week(days: &[f64], first: usize) -> Outcome<Week> {
    let mut groups: [Vec<f64>; DAYS] = Default::default();
    let mut weekdays = Vec::new();
    for (index, &day) in days.iter().enumerate().filter(|(_, day)| !day.is_nan()) {
        groups[(first + index) % DAYS].push(day);
        weekdays.push((first + index) % DAYS);
    }
    let fewest = groups.iter().map(Vec::len).min().unwrap_or(0);
    Insufficient::unless("values on each weekday", LEAST_PER_WEEKDAY, fewest)?;
    let held = present(days);
    let h = kruskal_wallis(&held, &weekdays, DAYS)? / alternation(lag_one(days));
    let (between, within) = (DAYS as f64 - 1.0, (held.len() - DAYS) as f64);
    let rest = (held.len() as f64 - 1.0 - h).max(0.0); // all that weekdays leave unexplained
    let p = f_tail((h / between) / (rest / within), between, within);
    let centre = median(&held);
    let (working, weekend) = groups.split_at(SATURDAY);
    let week = Week {
        effects: std::array::from_fn(|day| median(&groups[day]) - centre),
        weekend: median(&weekend.concat()) - median(&working.concat()),
        h,
        p,
        epsilon_squared: h / (held.len() as f64 - 1.0),
    };
    Ok(Measured::new(week, held.len() as f64 / days.len() as f64))
}

/// How much more the means of weekdays differ when days alternate; 1 or more.
fn alternation(r: f64) -> f64 {
    let r = r.min(0.0);
    1.0 - (r + r * r + r * r * r) / 3.0
}

/// Statistic of Kruskal-Wallis; `group` names the group of each value, below `groups`.
fn kruskal_wallis(values: &[f64], group: &[usize], groups: usize) -> Result<f64, Insufficient> {
    let count = values.len() as f64;
    let ranked = ranks(values);
    let (mut sums, mut sizes) = (vec![0.0; groups], vec![0.0; groups]);
    for (rank, &group) in ranked.iter().zip(group) {
        sums[group] += rank;
        sizes[group] += 1.0;
    }
    let squares: f64 = sums
        .iter()
        .zip(&sizes)
        .map(|(sum, size)| sum * sum / size)
        .sum();
    let plain = 12.0 / (count * (count + 1.0)) * squares - 3.0 * (count + 1.0);
    let tied: f64 = ties(values).iter().map(|tie| tie.powi(3) - tie).sum();
    let correction = 1.0 - tied / (count.powi(3) - count);
    if correction <= 0.0 {
        return Err(Insufficient::constant());
    }
    Ok(plain / correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: H by `scipy.stats.kruskal` (1.17.1) on the same seven groups, p by
    /// `scipy.stats.f_oneway` on their ranks.
    #[test]
    fn agrees_with_scipy() {
        let groups: [&[f64]; 7] = [
            &[410.0, 395.0, 430.0, 402.0],
            &[405.0, 398.0, 440.0],
            &[388.0, 402.0, 415.0],
            &[392.0, 400.0, 420.0],
            &[385.0, 410.0, 399.0],
            &[450.0, 470.0, 465.0, 480.0],
            &[470.0, 455.0, 490.0],
        ];
        let mut days = vec![f64::NAN; 28];
        for (day, group) in groups.iter().enumerate() {
            for (week, value) in group.iter().enumerate() {
                days[(week * 7 + day + 5) % 28] = *value;
            }
        }
        // The first value belongs to a Wednesday, so Monday (group 0) is five days later.
        let found = day_of_week(&days, 2).unwrap();
        assert!((found.value.h - 14.805_912_914_398_81).abs() < 1e-9);
        assert!((found.value.p - 0.002_966_495_236_870_244_8).abs() < 1e-9);
        assert!((found.value.epsilon_squared - 14.805_912_914_398_81 / 22.0).abs() < 1e-9);
        // By hand: median of all 23 is 410, of Saturday 467.5, of the weekend 470, of the rest 402.
        assert!((found.value.effects[5] - 57.5).abs() < 1e-9);
        assert!((found.value.weekend - 68.0).abs() < 1e-9);
        assert!((found.coverage - 23.0 / 28.0).abs() < 1e-12);
    }

    #[test]
    fn few_weeks_and_constant_days_are_refused() {
        assert!(day_of_week(&[1.0; 20], 0).is_err());
        assert!(day_of_week(&[1.0; 28], 0).is_err());
    }
}
