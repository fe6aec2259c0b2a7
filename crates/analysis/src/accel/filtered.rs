//! The measures that filter the axes first: their means per epoch, some time behind the stream.

use std::collections::VecDeque;

use super::filter::{Butterworth, Sample, ZeroPhase};
use super::measure::Measure;
use super::{activity_index, bfen, hfen};
use crate::outcome::Insufficient;

/// One measure on its way through its filters.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) measure: Measure,
    filters: Vec<ZeroPhase>,
    ready: Vec<Vec<Sample>>,           // per filter
    pending: VecDeque<(usize, usize)>, // epoch and number of samples, in order
    sums: Vec<(f64, f64)>,             // per epoch: total and number of samples
}

impl Track {
    /// The track of a measure; None for one that filters nothing.
    pub(super) fn of(measure: Measure, rate_hz: f64) -> Result<Option<Self>, Insufficient> {
        let filters: &[Butterworth] = match measure {
            Measure::Bfen => &[bfen::FILTER],
            Measure::Hfen => &[hfen::FILTER],
            Measure::HfenPlus => &[hfen::FILTER, hfen::LOW],
            Measure::ActivityIndexFiltered => &[activity_index::FILTER],
            Measure::Enmo
            | Measure::EnmoAbsolute
            | Measure::VectorMagnitude
            | Measure::Mad
            | Measure::AngleZ
            | Measure::AngleZOfMedians
            | Measure::ActivityIndex
            | Measure::CountsX
            | Measure::CountsY
            | Measure::CountsZ
            | Measure::CountsMagnitude => return Ok(None),
        };
        for filter in filters {
            if rate_hz <= filter.above_hz() {
                let of = "samples per second (more than)";
                return Err(Insufficient::new(of, filter.above_hz(), rate_hz));
            }
        }
        Ok(Some(Self {
            measure,
            filters: filters
                .iter()
                .map(|filter| ZeroPhase::new(filter, rate_hz))
                .collect(),
            ready: vec![Vec::new(); filters.len()],
            pending: VecDeque::new(),
            sums: Vec::new(),
        }))
    }

    pub(super) fn push(&mut self, epoch: usize, samples: impl Iterator<Item = Sample>) {
        let mut count = 0;
        for sample in samples {
            for (filter, ready) in self.filters.iter_mut().zip(&mut self.ready) {
                filter.push(sample, ready);
            }
            count += 1;
        }
        match self.pending.back_mut() {
            Some((last, held)) if *last == epoch => *held += count,
            _ => self.pending.push_back((epoch, count)),
        }
        self.fold();
    }

    /// Ends the stretch of samples without a gap.
    pub(super) fn interrupt(&mut self) {
        for (filter, ready) in self.filters.iter_mut().zip(&mut self.ready) {
            filter.finish(ready);
        }
        self.fold();
        self.pending.clear(); // what a stretch too short to filter leaves behind
    }

    /// Means per epoch; NaN below `samples_min` samples.
    pub(super) fn values(&self, epochs: usize, samples_min: f64) -> Vec<f64> {
        let mean = |epoch: usize| match self.sums.get(epoch) {
            Some(&(total, count)) if count > 0.0 && count >= samples_min => {
                let mean = total / count;
                if self.measure == Measure::ActivityIndexFiltered {
                    mean.sqrt()
                } else {
                    mean
                }
            }
            _ => f64::NAN,
        };
        (0..epochs).map(mean).collect()
    }

    fn fold(&mut self) {
        let settled = self.ready.iter().map(Vec::len).min().unwrap_or(0);
        for index in 0..settled {
            let Some((epoch, left)) = self.pending.front_mut() else {
                break;
            };
            let value = match (self.measure, self.ready.as_slice()) {
                (Measure::ActivityIndexFiltered, [axes]) => across(axes[index]),
                (Measure::HfenPlus, [high, low]) => {
                    (norm(high[index]) + norm(low[index]) - 1.0).max(0.0)
                }
                (_, [axes, ..]) => norm(axes[index]),
                (_, []) => f64::NAN,
            };
            if self.sums.len() <= *epoch {
                self.sums.resize(*epoch + 1, (0.0, 0.0));
            }
            let (total, count) = &mut self.sums[*epoch];
            *total += value;
            *count += 1.0;
            *left -= 1;
            if *left == 0 {
                self.pending.pop_front();
            }
        }
        for ready in &mut self.ready {
            ready.drain(..settled);
        }
    }
}

fn norm([x, y, z]: Sample) -> f64 {
    (x * x + y * y + z * z).sqrt()
}

/// Variance (n) between the axes of a sample.
fn across([x, y, z]: Sample) -> f64 {
    let mean = (x + y + z) / 3.0;
    let squares = (x - mean).powi(2) + (y - mean).powi(2) + (z - mean).powi(2);
    squares / 3.0
}
