//! Fourier transforms of real signals, by the planner of `realfft`.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// A transform of one length, planned once and used for many signals.
pub(super) struct Transform {
    plan: Arc<dyn RealToComplex<f64>>,
    signal: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    /// Of signals of `length` values.
    pub(super) fn new(length: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(length);
        Self {
            signal: plan.make_input_vec(),
            spectrum: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// The values of frequencies 0 to half the length, Σ xₖ exp(−2πi fk/n). `fill` writes the signal over
    /// zeros.
    pub(super) fn of(&mut self, fill: impl FnOnce(&mut [f64])) -> &[Complex<f64>] {
        self.signal.fill(0.0);
        fill(&mut self.signal);
        self.plan
            .process_with_scratch(&mut self.signal, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers are those of the plan");
        &self.spectrum
    }
}
