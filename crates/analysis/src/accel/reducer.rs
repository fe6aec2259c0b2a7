//! Takes blocks of raw acceleration and keeps epochs.

use std::collections::BTreeMap;

use super::calibration::Calibration;
use super::counts::Counts;
use super::epochs::Epochs;
use super::filtered::Track;
use super::held::{Held, finite_parts};
use super::measure::Measure;
use super::timeline::{Run, Timeline, samples_per_epoch};
use super::{activity_index, angle, enmo, mad};
use crate::outcome::Insufficient;
use crate::series::Origin;

const CROWDED: f64 = 4.0; // an epoch takes at most this many times its samples: bounds the memory

/// What to make of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Samples per second that the device was set to; blocks may differ by 5 %.
    pub rate_hz: f64,
    /// Length of an epoch in seconds.
    pub epoch_s: u32,
    /// Where epochs begin: at whole multiples of their length on the civil clock (`Midnight`, as
    /// every day is a whole number of epochs), or with the first sample.
    pub origin: Origin,
    /// Share of an epoch's samples below which it is missing.
    pub share_min: f64,
    /// Scale and offset of each axis.
    pub calibration: Calibration,
    /// Variance of the device at rest in g², summed over the axes, for the activity index.
    pub noise_g2: f64,
    /// The series wanted.
    pub measures: Vec<Measure>,
}

impl Settings {
    /// Epochs of 5 seconds on the civil clock, missing below nine tenths of the samples, without
    /// calibration: ENMO, MAD and the angle.
    pub fn customary(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            epoch_s: 5,
            origin: Origin::Midnight,
            share_min: 0.9,
            calibration: Calibration::NONE,
            noise_g2: 0.0,
            measures: vec![Measure::Enmo, Measure::Mad, Measure::AngleZ],
        }
    }
}

/// Reduces a stream of samples to epochs; see [`Settings`].
///
/// Several reducers with different measures may be fed the same blocks by different threads and
/// their [`Epochs`] joined.
#[derive(Debug, Clone)]
pub struct Reducer {
    settings: Settings,
    timeline: Timeline,
    runs: Vec<Run>,
    held: Held,
    open: usize,
    columns: Vec<(Measure, Vec<f64>)>, // measures of the epoch's own samples
    tracks: Vec<Track>,
    counts: Option<Counts>,
    coverage: Vec<f64>,
    samples: u64,
}

impl Reducer {
    /// Starts a reduction, or says which measure the rate does not allow.
    ///
    /// # Panics
    /// Panics when the epoch is 0 seconds long.
    pub fn new(settings: Settings) -> Result<Self, Insufficient> {
        let rate_hz = settings.rate_hz;
        if !(rate_hz.is_finite() && rate_hz >= 1.0) {
            return Err(Insufficient::new("samples per second", 1.0, rate_hz));
        }
        let mut tracks = Vec::new();
        let mut columns: Vec<(Measure, Vec<f64>)> = Vec::new();
        let mut counts = None;
        for &measure in &settings.measures {
            if measure.counted().is_some() {
                counts = Some(Counts::new(rate_hz)?);
            } else if let Some(track) = Track::of(measure, rate_hz)? {
                tracks.push(track);
            } else if columns.iter().all(|(known, _)| *known != measure) {
                columns.push((measure, Vec::new()));
            }
        }
        Ok(Self {
            timeline: Timeline::new(settings.epoch_s, rate_hz, settings.origin),
            runs: Vec::new(),
            held: Held::default(),
            open: 0,
            columns,
            tracks,
            counts,
            coverage: Vec::new(),
            samples: 0,
            settings,
        })
    }

    /// Takes consecutive samples in g: the civil microsecond of the first, and their rate.
    pub fn push(&mut self, start_us: i64, rate_hz: f64, samples: &[[f32; 3]]) {
        let skipped = finite_parts(start_us, rate_hz, samples, |start_us, part| {
            self.take(start_us, rate_hz, part);
        });
        self.timeline.skip(skipped);
    }

    /// The epochs so far; None where no sample was taken.
    pub fn finish(mut self) -> Option<Epochs> {
        let start_us = self.timeline.start_us()?;
        if self.samples == 0 {
            return None;
        }
        self.close();
        let epochs = self.coverage.len();
        let mut columns: BTreeMap<Measure, Vec<f64>> = self.columns.into_iter().collect();
        let (share_min, epoch_s) = (self.settings.share_min, self.settings.epoch_s);
        let samples_min = share_min * samples_per_epoch(self.settings.rate_hz, epoch_s);
        for track in &mut self.tracks {
            track.interrupt();
            columns.insert(track.measure, track.values(epochs, samples_min));
        }
        if let Some(counts) = &mut self.counts {
            for &measure in &self.settings.measures {
                if let Some(of) = measure.counted() {
                    columns.insert(measure, counts.values(of, epochs, epoch_s, share_min));
                }
            }
        }
        Some(Epochs {
            start_us,
            epoch_s,
            columns,
            coverage: self.coverage,
            samples: self.samples,
            skipped: self.timeline.skipped(),
        })
    }

    fn take(&mut self, start_us: i64, rate_hz: f64, samples: &[[f32; 3]]) {
        let mut runs = std::mem::take(&mut self.runs);
        self.timeline
            .place(start_us, rate_hz, samples.len(), &mut runs);
        for run in &runs {
            if run.fresh {
                self.interrupt();
            }
            if run.epoch != self.open {
                self.close();
                self.open = run.epoch;
            }
            self.add(run.epoch, &samples[run.from..run.until]);
        }
        self.runs = runs;
    }

    fn add(&mut self, epoch: usize, samples: &[[f32; 3]]) {
        let (rate_hz, epoch_s) = (self.settings.rate_hz, self.settings.epoch_s);
        let room = CROWDED * samples_per_epoch(rate_hz, epoch_s);
        if (self.held.len() + samples.len()) as f64 > room {
            self.timeline.skip(samples.len());
            return;
        }
        let from = self.held.len();
        self.held.extend(samples, &self.settings.calibration);
        self.samples += samples.len() as u64;
        let (x, y, z) = (
            &self.held.x[from..],
            &self.held.y[from..],
            &self.held.z[from..],
        );
        if let Some(counts) = &mut self.counts {
            counts.push(epoch, x, y, z);
        }
        for track in &mut self.tracks {
            let axes = x.iter().zip(y).zip(z);
            track.push(epoch, axes.map(|((&x, &y), &z)| [x, y, z]));
        }
    }

    /// A gap: the filters start anew after it.
    fn interrupt(&mut self) {
        for track in &mut self.tracks {
            track.interrupt();
        }
        if let Some(counts) = &mut self.counts {
            counts.interrupt();
        }
    }

    /// Closes the open epoch, with the missing ones before it.
    fn close(&mut self) {
        let Settings {
            rate_hz,
            epoch_s,
            share_min,
            noise_g2,
            ..
        } = self.settings;
        if self.held.len() == 0 {
            return;
        }
        let share = self.held.len() as f64 / samples_per_epoch(rate_hz, epoch_s);
        self.coverage.resize(self.open, 0.0);
        self.coverage.push(share.min(1.0));
        if self.columns.iter().any(|(measure, _)| measure.of_norm()) {
            self.held.measure();
        }
        let Held { x, y, z, norm } = &self.held;
        for (measure, values) in &mut self.columns {
            values.resize(self.open, f64::NAN);
            values.push(if share < share_min {
                f64::NAN
            } else {
                match measure {
                    Measure::Enmo => enmo::enmo_g(norm),
                    Measure::EnmoAbsolute => enmo::enmo_absolute_g(norm),
                    Measure::VectorMagnitude => enmo::vector_magnitude_g(norm),
                    Measure::Mad => mad::mad_g(norm),
                    Measure::AngleZ => angle::angle_deg(x, y, z),
                    Measure::AngleZOfMedians => angle::angle_of_medians_deg(x, y, z),
                    Measure::ActivityIndex => {
                        activity_index::activity_index_g([x, y, z], rate_hz, epoch_s, noise_g2)
                    }
                    Measure::ActivityIndexFiltered
                    | Measure::Bfen
                    | Measure::Hfen
                    | Measure::HfenPlus
                    | Measure::CountsX
                    | Measure::CountsY
                    | Measure::CountsZ
                    | Measure::CountsMagnitude => f64::NAN, // never a column of its own samples
                }
            });
        }
        self.held.clear();
    }
}
