//! Butterworth filters, run forwards and backwards over a stream in windows of bounded length.
//!
//! The backward pass of a window begins far enough ahead of it that the filter has forgotten where
//! it began, so that the result is that of the whole stretch. Beginning and end of a stretch are
//! continued by point reflection, as is customary (Gustafsson 1996 discusses the choices).

use std::f64::consts::PI;

use crate::maths::describe::floor_index;

const AHEAD_CUTS: f64 = 12.0; // periods of the lowest cut-off after which nothing of the start is left
const BLOCK_CUTS: f64 = 60.0; // periods that one backward pass settles

/// A sample of the three axes.
pub(super) type Sample = [f64; 3];

/// What a filter lets through, in Hz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pass {
    Low(f64),
    High(f64),
    Band(f64, f64),
}

/// A Butterworth filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Butterworth {
    pub(super) order: u32,
    pub(super) pass: Pass,
}

/// A second-order section: b₀ b₁ b₂ and a₁ a₂ (a₀ = 1), with its state for a constant input of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    settled: [f64; 2],
}

impl Butterworth {
    /// Lowest rate at which the filter exists.
    pub(super) fn above_hz(&self) -> f64 {
        2.0 * match self.pass {
            Pass::Low(cut) | Pass::High(cut) | Pass::Band(_, cut) => cut,
        }
    }

    fn lowest_hz(&self) -> f64 {
        match self.pass {
            Pass::Low(cut) | Pass::High(cut) | Pass::Band(cut, _) => cut,
        }
    }

    /// Sections by the bilinear transform with the cut-offs warped beforehand.
    fn sections(&self, rate_hz: f64) -> Vec<Section> {
        let warped = |cut: f64| (PI * cut / rate_hz).tan();
        let mut sections = match self.pass {
            Pass::Low(cut) => self.simple(warped(cut), [1.0, 2.0, 1.0]),
            Pass::High(cut) => self.simple(warped(cut), [1.0, -2.0, 1.0]),
            Pass::Band(low, high) => self.band(warped(low), warped(high)),
        };
        let mut level = 1.0; // of a constant input, section after section
        for section in &mut sections {
            let ([b0, b1, b2], [a1, a2]) = (section.b, section.a);
            let gain = (b0 + b1 + b2) / (1.0 + a1 + a2);
            let second = b2 - a2 * gain;
            section.settled = [(b1 - a1 * gain + second) * level, second * level];
            level *= gain;
        }
        sections
    }

    fn simple(&self, warped: f64, zeros: [f64; 3]) -> Vec<Section> {
        let low = zeros[1] > 0.0;
        let mut sections = Vec::new();
        if !self.order.is_multiple_of(2) {
            let gain = if low { warped } else { 1.0 } / (1.0 + warped);
            let b = [gain, gain * zeros[1] / 2.0, 0.0];
            sections.push(Section::new(b, [(warped - 1.0) / (warped + 1.0), 0.0]));
        }
        for pair in 0..self.order / 2 {
            let damping = 2.0 * self.angle(pair).sin();
            let square = warped * warped;
            let norm = 1.0 / (1.0 + damping * warped + square);
            let gain = if low { square * norm } else { norm };
            let a1 = 2.0 * (square - 1.0) * norm;
            let a2 = (1.0 - damping * warped + square) * norm;
            sections.push(Section::new(zeros.map(|zero| zero * gain), [a1, a2]));
        }
        sections
    }

    /// Each pole p of the low-pass becomes the two roots of s² − pBs + Ω² (even orders only).
    fn band(&self, low: f64, high: f64) -> Vec<Section> {
        let (width, centre) = (high - low, low * high);
        let mut sections = Vec::new();
        for pair in 0..self.order / 2 {
            let angle = self.angle(pair);
            let half = [-angle.sin() * width / 2.0, angle.cos() * width / 2.0];
            // √(half² − centre), principal value
            let inner = [
                half[0] * half[0] - half[1] * half[1] - centre,
                2.0 * half[0] * half[1],
            ];
            let size = inner[0].hypot(inner[1]);
            let root = [
                f64::midpoint(size, inner[0]).max(0.0).sqrt(),
                f64::midpoint(size, -inner[0])
                    .max(0.0)
                    .sqrt()
                    .copysign(inner[1]),
            ];
            for sign in [1.0, -1.0] {
                let pole = [half[0] + sign * root[0], half[1] + sign * root[1]];
                sections.push(Section::of_pole(pole));
            }
        }
        // Unit gain in the geometric middle of the band.
        let middle = 2.0 * centre.sqrt().atan();
        let gain: f64 = sections
            .iter()
            .map(|section| section.gain(middle))
            .product();
        if let Some(first) = sections.first_mut() {
            first.b = first.b.map(|b| b / gain);
        }
        sections
    }

    /// Angle of a pole pair from the imaginary axis.
    fn angle(&self, pair: u32) -> f64 {
        f64::from(2 * pair + 1) * PI / f64::from(2 * self.order)
    }
}

impl Section {
    const fn new(b: [f64; 3], a: [f64; 2]) -> Self {
        Self {
            b,
            a,
            settled: [0.0; 2],
        }
    }

    /// The section with zeros at 0 Hz and the highest frequency, and the pole s (with its conjugate)
    /// at z = (1 + s) / (1 − s).
    fn of_pole(s: [f64; 2]) -> Self {
        let bottom = (1.0 - s[0]) * (1.0 - s[0]) + s[1] * s[1];
        let real = (1.0 - s[0] * s[0] - s[1] * s[1]) / bottom;
        let imaginary = 2.0 * s[1] / bottom;
        let size = real * real + imaginary * imaginary;
        Self::new([1.0, 0.0, -1.0], [-2.0 * real, size])
    }

    /// Gain at an angular frequency per sample.
    fn gain(&self, angle: f64) -> f64 {
        let (c1, s1) = (angle.cos(), angle.sin());
        let (c2, s2) = ((2.0 * angle).cos(), (2.0 * angle).sin());
        let ([b0, b1, b2], [a1, a2]) = (self.b, self.a);
        let top = (b0 + b1 * c1 + b2 * c2).hypot(b1 * s1 + b2 * s2);
        top / (1.0 + a1 * c1 + a2 * c2).hypot(a1 * s1 + a2 * s2)
    }

    #[inline]
    fn step(&self, state: &mut [Sample; 2], input: Sample) -> Sample {
        let mut output = [0.0; 3];
        for k in 0..3 {
            let y = self.b[0] * input[k] + state[0][k];
            state[0][k] = self.b[1] * input[k] - self.a[0] * y + state[1][k];
            state[1][k] = self.b[2] * input[k] - self.a[1] * y;
            output[k] = y;
        }
        output
    }

    fn settled(&self, level: Sample) -> [Sample; 2] {
        self.settled.map(|state| level.map(|axis| axis * state))
    }
}

/// A filter that runs both ways over a stretch of samples.
#[derive(Debug, Clone)]
pub(super) struct ZeroPhase {
    sections: Vec<Section>,
    pad: usize,
    block: usize,
    ahead: usize,
    state: Vec<[Sample; 2]>,
    recent: Vec<Sample>, // the first samples until there are enough, then the last ones
    forward: Vec<Sample>, // filtered once, not yet backwards
    started: bool,
}

impl ZeroPhase {
    pub(super) fn new(filter: &Butterworth, rate_hz: f64) -> Self {
        let sections = filter.sections(rate_hz);
        let simple = sections
            .iter()
            .filter(|section| section.a[1] == 0.0)
            .count();
        let periods = |count: f64| floor_index(count * rate_hz / filter.lowest_hz()) + 1;
        Self {
            pad: 3 * (2 * sections.len() + 1 - simple),
            block: periods(BLOCK_CUTS),
            ahead: periods(AHEAD_CUTS),
            state: Vec::new(),
            recent: Vec::new(),
            forward: Vec::new(),
            started: false,
            sections,
        }
    }

    /// Takes one sample; settled ones are appended to `out`.
    pub(super) fn push(&mut self, sample: Sample, out: &mut Vec<Sample>) {
        self.recent.push(sample);
        if self.started {
            let filtered = self.step(sample);
            self.forward.push(filtered);
            if self.recent.len() > 4 * (self.pad + 1) {
                self.recent.drain(..self.recent.len() - self.pad - 1);
            }
            if self.forward.len() >= self.block + self.ahead {
                self.settle(self.block, out);
            }
        } else if self.recent.len() > self.pad {
            self.start();
        }
    }

    /// Ends the stretch: everything that is left is appended to `out`; the number of samples of a
    /// stretch too short to filter is returned instead.
    pub(super) fn finish(&mut self, out: &mut Vec<Sample>) -> usize {
        let short = if self.started {
            let last = self.recent.len() - 1;
            let kept = self.forward.len();
            for distance in 1..=self.pad {
                let reflected = reflect(self.recent[last], self.recent[last - distance]);
                let filtered = self.step(reflected);
                self.forward.push(filtered);
            }
            self.settle(kept, out);
            0
        } else {
            self.recent.len()
        };
        self.started = false;
        self.recent.clear();
        self.forward.clear();
        short
    }

    fn start(&mut self) {
        let head = self.recent.clone();
        let first = reflect(head[0], head[self.pad]);
        self.state = self
            .sections
            .iter()
            .map(|section| section.settled(first))
            .collect();
        for distance in (1..=self.pad).rev() {
            self.step(reflect(head[0], head[distance]));
        }
        for sample in head {
            let filtered = self.step(sample);
            self.forward.push(filtered);
        }
        self.started = true;
    }

    fn step(&mut self, sample: Sample) -> Sample {
        let mut value = sample;
        for (section, state) in self.sections.iter().zip(&mut self.state) {
            value = section.step(state, value);
        }
        value
    }

    /// Runs backwards over all that is held and hands the first `count` over.
    fn settle(&mut self, count: usize, out: &mut Vec<Sample>) {
        let mut backward = self.forward.clone();
        let last = backward.last().copied().unwrap_or_default();
        for section in &self.sections {
            let mut state = section.settled(last);
            for sample in backward.iter_mut().rev() {
                *sample = section.step(&mut state, *sample);
            }
        }
        out.extend_from_slice(&backward[..count]);
        self.forward.drain(..count);
    }
}

/// The point reflection of a sample at another.
fn reflect(centre: Sample, sample: Sample) -> Sample {
    [0, 1, 2].map(|k| 2.0 * centre[k] - sample[k])
}
