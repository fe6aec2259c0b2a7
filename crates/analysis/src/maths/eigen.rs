//! Eigenvalues and eigenvectors of a real symmetric matrix.
//!
//! Householder reduction to tridiagonal form, then implicit QL (Martin, Reinsch and Wilkinson
//! 1968; Bowdler, Martin, Reinsch and Wilkinson 1968).

const MOST_SWEEPS: usize = 60; // QL needs two or three sweeps per eigenvalue

/// Eigenvalues in descending order with their unit eigenvectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// Eigenvalues, largest first.
    pub values: Vec<f64>,
    /// `vectors[k]` belongs to `values[k]`.
    pub vectors: Vec<Vec<f64>>,
}

/// Decomposes a symmetric matrix given in row-major order.
pub fn symmetric(matrix: &[f64], size: usize) -> Eigen {
    let mut basis = matrix.to_vec();
    let mut diagonal = vec![0.0; size];
    let mut off = vec![0.0; size];
    reduce(&mut basis, &mut diagonal, &mut off, size);
    accumulate(&mut basis, &mut diagonal, size);
    // A vector to a row, so that turning two of them walks through memory in order.
    let mut vectors = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..size {
            vectors[column * size + row] = basis[row * size + column];
        }
    }
    iterate(&mut vectors, &mut diagonal, &mut off, size);
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| diagonal[b].total_cmp(&diagonal[a]));
    Eigen {
        values: order.iter().map(|&k| diagonal[k]).collect(),
        vectors: order
            .iter()
            .map(|&k| vectors[k * size..(k + 1) * size].to_vec())
            .collect(),
    }
}

/// The eigenvalues alone, largest first: the same numbers for a fraction of the work.
pub fn values(matrix: &[f64], size: usize) -> Vec<f64> {
    let mut reduced = matrix.to_vec();
    let mut diagonal = vec![0.0; size];
    let mut off = vec![0.0; size];
    reduce(&mut reduced, &mut diagonal, &mut off, size);
    for (k, value) in diagonal.iter_mut().enumerate() {
        *value = reduced[k * size + k];
    }
    iterate(&mut [], &mut diagonal, &mut off, size);
    diagonal.sort_by(|a, b| b.total_cmp(a));
    diagonal
}

/// Brings the matrix to tridiagonal form; its rows keep the reflections, `diagonal` their lengths.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the published recurrence"
)]
fn reduce(a: &mut [f64], diagonal: &mut [f64], off: &mut [f64], n: usize) {
    for i in (1..n).rev() {
        let l = i;
        let mut h = 0.0;
        if l > 1 {
            let scale: f64 = (0..l).map(|k| a[i * n + k].abs()).sum();
            if scale == 0.0 {
                off[i] = a[i * n + l - 1];
            } else {
                for k in 0..l {
                    a[i * n + k] /= scale;
                    h += a[i * n + k].powi(2);
                }
                let f = a[i * n + l - 1];
                let g = -h.sqrt().copysign(f);
                off[i] = scale * g;
                h -= f * g;
                a[i * n + l - 1] = f - g;
                reflect(a, off, n, i, h);
            }
        } else {
            off[i] = a[i * n + l - 1];
        }
        diagonal[i] = h;
    }
    diagonal[0] = 0.0;
    off[0] = 0.0;
}

/// Multiplies the reflections that a reduced matrix keeps, and puts its diagonal in place.
fn accumulate(a: &mut [f64], diagonal: &mut [f64], n: usize) {
    let mut turned = vec![0.0; n];
    for i in 0..n {
        if diagonal[i] != 0.0 {
            let (above, rest) = a.split_at_mut(i * n);
            let row = &rest[..i];
            let turned = &mut turned[..i];
            turned.fill(0.0);
            for (k, factor) in row.iter().enumerate() {
                add(turned, *factor, &above[k * n..k * n + i]);
            }
            for line in above.chunks_exact_mut(n) {
                let factor = -line[i];
                add(&mut line[..i], factor, turned);
            }
        }
        diagonal[i] = a[i * n + i];
        a[i * n + i] = 1.0;
        for j in 0..i {
            a[j * n + i] = 0.0;
            a[i * n + j] = 0.0;
        }
    }
}

/// Adds a multiple of one row to another.
fn add(to: &mut [f64], factor: f64, row: &[f64]) {
    for (to, value) in to.iter_mut().zip(row) {
        *to += factor * value;
    }
}

/// Applies one Householder reflection of row `i` to the leading block.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the published recurrence"
)]
fn reflect(a: &mut [f64], off: &mut [f64], n: usize, i: usize, h: f64) {
    // Only the lower triangle is kept: row j gives its own sum, and its share of those before it.
    off[..i].fill(0.0);
    for j in 0..i {
        a[j * n + i] = a[i * n + j] / h;
        let (before, of_i) = a.split_at(i * n);
        let row = &before[j * n..=j * n + j];
        off[j] = row.iter().zip(of_i).map(|(a, b)| a * b).sum();
        add(&mut off[..j], of_i[j], row);
    }
    let mut total = 0.0;
    for j in 0..i {
        off[j] /= h;
        total += off[j] * a[i * n + j];
    }
    let half = total / (h + h);
    for j in 0..i {
        let f = a[i * n + j];
        let g = off[j] - half * f;
        off[j] = g;
        for k in 0..=j {
            a[j * n + k] -= f * off[k] + g * a[i * n + k];
        }
    }
}

/// Diagonalises the tridiagonal form by implicit shifts; the rows of `z`, if it has any, turn along.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the published recurrence"
)]
fn iterate(z: &mut [f64], d: &mut [f64], e: &mut [f64], n: usize) {
    e.rotate_left(1);
    if let Some(last) = e.last_mut() {
        *last = 0.0;
    }
    for l in 0..n {
        for _ in 0..MOST_SWEEPS {
            let m = (l..n - 1)
                .find(|&m| e[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs()))
                .unwrap_or(n - 1);
            if m == l {
                break;
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = g.hypot(1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            sweep(z, d, e, n, (l, m), g);
        }
    }
}

/// One implicit QL sweep over the unreduced block `[l, m]`.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the published recurrence"
)]
fn sweep(z: &mut [f64], d: &mut [f64], e: &mut [f64], n: usize, block: (usize, usize), shift: f64) {
    let (l, m) = block;
    let (mut s, mut c, mut p, mut g) = (1.0, 1.0, 0.0, shift);
    for i in (l..m).rev() {
        let f = s * e[i];
        let b = c * e[i];
        let r = f.hypot(g);
        e[i + 1] = r;
        if r == 0.0 {
            d[i + 1] -= p;
            e[m] = 0.0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        let t = (d[i] - g) * s + 2.0 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        if !z.is_empty() {
            let (lower, upper) = z[i * n..(i + 2) * n].split_at_mut(n);
            for (low, up) in lower.iter_mut().zip(upper) {
                let f = *up;
                *up = s * *low + c * f;
                *low = c * *low - s * f;
            }
        }
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rebuilds_the_matrix() {
        let size = 6;
        let mut matrix = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                matrix[i * size + j] = 1.0 / ((i + j + 1) as f64) + if i == j { 0.3 } else { 0.0 };
            }
        }
        let eigen = symmetric(&matrix, size);
        for i in 0..size {
            for j in 0..size {
                let value: f64 = (0..size)
                    .map(|k| eigen.values[k] * eigen.vectors[k][i] * eigen.vectors[k][j])
                    .sum();
                assert!((value - matrix[i * size + j]).abs() < 1e-12);
            }
        }
        assert!(eigen.values.windows(2).all(|pair| pair[0] >= pair[1]));
        assert_eq!(values(&matrix, size), eigen.values);
    }
}
