//! The samples of the epoch that is open, one list per axis, calibrated.

use super::calibration::Calibration;
use super::timeline::sample_us;

/// Calibrated samples in g.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// Along the first axis.
    pub(super) x: Vec<f64>,
    /// Along the second.
    pub(super) y: Vec<f64>,
    /// Along the third.
    pub(super) z: Vec<f64>,
    /// Length of the vector, once [`Held::measure`] has run.
    pub(super) norm: Vec<f64>,
}

impl Held {
    pub(super) fn len(&self) -> usize {
        self.x.len()
    }

    pub(super) fn clear(&mut self) {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        self.norm.clear();
    }

    pub(super) fn extend(&mut self, samples: &[[f32; 3]], calibration: &Calibration) {
        let ([a, b, c], [ox, oy, oz]) = (calibration.scale, calibration.offset_g);
        let axis = |k: usize, scale: f64, offset: f64| {
            samples
                .iter()
                .map(move |sample| (f64::from(sample[k]) + offset) * scale)
        };
        self.x.extend(axis(0, a, ox));
        self.y.extend(axis(1, b, oy));
        self.z.extend(axis(2, c, oz));
    }

    /// Computes the lengths of the vectors.
    pub(super) fn measure(&mut self) {
        self.norm.clear();
        let axes = self.x.iter().zip(&self.y).zip(&self.z);
        self.norm
            .extend(axes.map(|((x, y), z)| (x * x + y * y + z * z).sqrt()));
    }
}

/// Sum of a function of each value, in eight lanes so that the compiler can use vectors.
pub(super) fn sum_of(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += of(value);
        }
    }
    let tail: f64 = rest.iter().map(|&value| of(value)).sum();
    lanes.iter().sum::<f64>() + tail
}

/// Hands over the parts of a block between samples that are no numbers; returns how many those are.
pub(super) fn finite_parts(
    start_us: i64,
    rate_hz: f64,
    samples: &[[f32; 3]],
    mut take: impl FnMut(i64, &[[f32; 3]]),
) -> usize {
    // Without a branch per sample: an infinity or NaN is rare.
    let odd = |odd, value: &f32| odd | u32::from(!value.is_finite());
    if samples.as_flattened().iter().fold(0, odd) == 0 {
        take(start_us, samples);
        return 0;
    }
    let finite = |sample: &[f32; 3]| sample.iter().all(|value| value.is_finite());
    let mut from = 0;
    let mut skipped = 0;
    for part in samples.split(|sample| !finite(sample)) {
        take(sample_us(start_us, rate_hz, from), part);
        from += part.len() + 1;
        skipped += 1;
    }
    skipped - 1
}
