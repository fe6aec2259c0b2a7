//! The respiratory rates of a night, of one source: devices find them in different ways, so a mean over several
//! would be of none.

use model::sample::Sample;
use model::source::SourceNo;

use super::{CardioInput, Values, asleep_values, is_within, mid_us, raw};
use crate::daily::measure::Measure;
use crate::daily::series::in_order;

/// The respiratory rates asleep of the best-ranked source that has any.
pub(super) struct Breaths {
    /// The rates.
    pub(super) values: Values,
    source: Option<String>,
    left_out: usize,
    others: Vec<String>,
}

impl Breaths {
    /// The rates of the main sleep.
    pub(super) fn of(input: &CardioInput<'_>) -> Self {
        let samples = in_order(input.respiratory_rate);
        let asleep: Vec<Sample> = raw(&samples)
            .filter(|sample| is_within(input.asleep, mid_us(sample)))
            .copied()
            .collect();
        let mut sources: Vec<SourceNo> = asleep.iter().map(|sample| sample.source).collect();
        sources.sort_by_key(|source| (input.respiratory_ranks.of(*source), *source));
        sources.dedup();
        let name = |source: &SourceNo| {
            let source = input.sources.get(usize::from(source.0));
            source.map_or_else(String::new, |source| source.name.clone())
        };
        let best = sources.first().copied();
        let of_best: Vec<Sample> = asleep
            .iter()
            .filter(|sample| Some(sample.source) == best)
            .copied()
            .collect();
        Self {
            left_out: asleep.len() - of_best.len(),
            values: asleep_values(&of_best, input),
            source: best.as_ref().map(name),
            others: sources.iter().skip(1).map(name).collect(),
        }
    }

    /// The measure with whose samples it is of and whose were left out.
    pub(super) fn named(&self, measure: Measure) -> Measure {
        Measure {
            source: self.source.clone(),
            left_out_sources: self.others.clone(),
            ..measure.leaving_out(self.left_out)
        }
    }
}
