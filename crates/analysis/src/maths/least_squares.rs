//! Linear least squares on small designs, with the covariance of the coefficients.

/// A fitted linear model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// One coefficient per column.
    pub coefficients: Vec<f64>,
    /// Residual sum of squares.
    pub rss: f64,
    /// Inverse of the normal matrix, row-major: times the residual variance it is the covariance.
    pub inverse: Vec<f64>,
}

/// Solves min ‖y − Xb‖ through the normal equations of a well-conditioned, small design.
///
/// `row(i, out)` writes the `columns` regressors of observation `i`. Returns None when the columns
/// are linearly dependent on the observations given. The residual sum is computed from the
/// residuals, not by subtraction.
pub fn fit(observations: &[f64], columns: usize, row: impl Fn(usize, &mut [f64])) -> Option<Fit> {
    let mut normal = vec![0.0; columns * columns];
    let mut right = vec![0.0; columns];
    let mut regressors = vec![0.0; columns];
    for (index, &value) in observations.iter().enumerate() {
        row(index, &mut regressors);
        for i in 0..columns {
            right[i] += regressors[i] * value;
            for j in 0..=i {
                normal[i * columns + j] += regressors[i] * regressors[j];
            }
        }
    }
    let factor = cholesky(&normal, columns)?;
    let mut coefficients = solve(&factor, &right, columns);
    // One step of refinement recovers the digits the normal equations lose.
    let mut correction = vec![0.0; columns];
    for (index, &value) in observations.iter().enumerate() {
        row(index, &mut regressors);
        let residual = value - dot(&regressors, &coefficients);
        for i in 0..columns {
            correction[i] += regressors[i] * residual;
        }
    }
    let step = solve(&factor, &correction, columns);
    for (coefficient, change) in coefficients.iter_mut().zip(step) {
        *coefficient += change;
    }
    let mut rss = 0.0;
    for (index, &value) in observations.iter().enumerate() {
        row(index, &mut regressors);
        rss += (value - dot(&regressors, &coefficients)).powi(2);
    }
    Some(Fit {
        coefficients,
        rss,
        inverse: invert(&factor, columns),
    })
}

/// Inner product.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Lower Cholesky factor of the lower triangle of a symmetric matrix, or None if not positive.
pub fn cholesky(matrix: &[f64], size: usize) -> Option<Vec<f64>> {
    let mut factor = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let mut value = matrix[i * size + j];
            for k in 0..j {
                value -= factor[i * size + k] * factor[j * size + k];
            }
            if i == j {
                // Relative to the diagonal it came from, what is left must exceed rounding.
                if value.is_nan() || value <= 1e-13 * matrix[i * size + i].abs() {
                    return None;
                }
                factor[i * size + i] = value.sqrt();
            } else {
                factor[i * size + j] = value / factor[j * size + j];
            }
        }
    }
    Some(factor)
}

/// Solves a system given its lower Cholesky factor.
pub fn solve(factor: &[f64], right: &[f64], size: usize) -> Vec<f64> {
    let mut x = right.to_vec();
    for i in 0..size {
        for k in 0..i {
            x[i] -= factor[i * size + k] * x[k];
        }
        x[i] /= factor[i * size + i];
    }
    for i in (0..size).rev() {
        for k in i + 1..size {
            x[i] -= factor[k * size + i] * x[k];
        }
        x[i] /= factor[i * size + i];
    }
    x
}

fn invert(factor: &[f64], size: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; size * size];
    for column in 0..size {
        let mut unit = vec![0.0; size];
        unit[column] = 1.0;
        for (rows, value) in solve(factor, &unit, size).into_iter().enumerate() {
            inverse[rows * size + column] = value;
        }
    }
    inverse
}
