//! Means, variances, quantiles and safe conversions between counts and reals.

/// MAD of a normal distribution times this is its standard deviation.
pub const MAD_TO_DEVIATION: f64 = 1.482_602_218_505_602; // 1 / Φ⁻¹(3/4)

/// Sum of all values.
pub fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// Mean, or NaN of an empty slice.
pub fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// Sum of squared differences from the mean.
pub fn squared_deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|value| (value - centre).powi(2)).sum()
}

/// Variance with `ddof` degrees of freedom removed (0 population, 1 sample).
pub fn variance(values: &[f64], ddof: usize) -> f64 {
    squared_deviation(values) / (values.len() as f64 - ddof as f64)
}

/// Standard deviation with `ddof` degrees of freedom removed.
pub fn standard_deviation(values: &[f64], ddof: usize) -> f64 {
    variance(values, ddof).sqrt()
}

/// Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996).
///
/// Returns NaN of an empty slice; `values` must hold no NaN.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut scratch = values.to_vec();
    quantile_in_place(&mut scratch, share)
}

/// [`quantile`] that reorders its input instead of copying it.
pub fn quantile_in_place(values: &mut [f64], share: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let position = share * (values.len() - 1) as f64;
    let below = floor_index(position);
    let (_, lower, upper) = values.select_nth_unstable_by(below, f64::total_cmp);
    let lower = *lower;
    let fraction = position - below as f64;
    if fraction == 0.0 {
        return lower;
    }
    let next = upper.iter().copied().fold(f64::INFINITY, f64::min);
    lower + fraction * (next - lower)
}

/// [`quantile`] of values that are in order already.
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = share * last as f64;
    let below = floor_index(position);
    let fraction = position - below as f64;
    let lower = sorted[below];
    if fraction == 0.0 {
        return lower;
    }
    lower + fraction * (sorted[below + 1] - lower)
}

/// Median, or NaN of an empty slice.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Values that are not NaN.
pub fn present(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect()
}

/// Largest whole number not above a finite, non-negative real, as an index.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "guarded: negative and NaN become 0, and no index exceeds 2^52"
)]
pub fn floor_index(value: f64) -> usize {
    value.max(0.0).floor() as usize
}

/// Nearest whole number of seconds (or any unit) of a finite real.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and callers pass clock times"
)]
pub fn round_to_whole(value: f64) -> i64 {
    value.round() as i64
}

/// A signed offset of an index, as used when windows reach over an edge.
pub fn signed(index: usize) -> i64 {
    i64::try_from(index).expect("a series is shorter than 2^63 epochs")
}

/// Ordinary least-squares line through points: slope, intercept and standard error of the slope.
pub fn line(x: &[f64], y: &[f64]) -> Line {
    let count = x.len() as f64;
    let (centre_x, centre_y) = (mean(x), mean(y));
    let mut xx = 0.0;
    let mut xy = 0.0;
    let mut yy = 0.0;
    for (a, b) in x.iter().zip(y) {
        xx += (a - centre_x).powi(2);
        xy += (a - centre_x) * (b - centre_y);
        yy += (b - centre_y).powi(2);
    }
    let slope = xy / xx;
    let residual = (yy - slope * xy).max(0.0);
    Line {
        slope,
        intercept: centre_y - slope * centre_x,
        slope_error: (residual / (count - 2.0) / xx).sqrt(),
        correlation: xy / (xx * yy).sqrt(),
    }
}

/// A fitted line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Change of y per unit of x.
    pub slope: f64,
    /// Value at x = 0.
    pub intercept: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Pearson correlation of x and y.
    pub correlation: f64,
}
