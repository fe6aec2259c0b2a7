//! The order of a person's sources for one metric: who is believed where sources overlap.
//!
//! It only orders; what the order does is decided by the merge rules. It must never look at samples.

use std::cmp::Reverse;

use model::source::{Source, SourceNo};

/// Sources outside the table come after all listed ones, in the order of their numbers.
const RANK_UNLISTED: u16 = u16::MAX;

/// The rank of every source for one metric; lower is better.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranks {
    by_source: Vec<u16>,
}

impl Ranks {
    /// Ranks sources as listed, best first. A source listed twice keeps its better rank.
    pub fn in_order(best_first: &[SourceNo]) -> Self {
        let len = best_first
            .iter()
            .map(|source| usize::from(source.0) + 1)
            .max();
        let mut by_source = vec![RANK_UNLISTED; len.unwrap_or(0)];
        for (rank, source) in best_first.iter().enumerate() {
            if let Some(slot) = by_source.get_mut(usize::from(source.0)) {
                *slot = (*slot).min(u16::try_from(rank).unwrap_or(RANK_UNLISTED));
            }
        }
        Self { by_source }
    }

    /// The default order: what the person typed, watches, phones, apps; within a class the source
    /// that appeared last comes first. Source numbers are positions in the table.
    pub fn by_class(sources: &[Source]) -> Self {
        let mut numbered: Vec<(u16, &Source)> = (0..=u16::MAX).zip(sources).collect();
        numbered.sort_by_key(|(number, source)| (source.class, Reverse(source.first_us), *number));
        let order: Vec<SourceNo> = numbered
            .iter()
            .map(|(number, _)| SourceNo(*number))
            .collect();
        Self::in_order(&order)
    }

    /// The rank of a source.
    pub fn of(&self, source: SourceNo) -> u16 {
        self.by_source
            .get(usize::from(source.0))
            .copied()
            .unwrap_or(RANK_UNLISTED)
    }
}

#[cfg(test)]
mod tests {
    use model::source::SourceClass;

    use super::*;

    #[test]
    fn unlisted_sources_come_last() {
        let ranks = Ranks::in_order(&[SourceNo(3), SourceNo(1)]);
        assert_eq!((ranks.of(SourceNo(3)), ranks.of(SourceNo(1))), (0, 1));
        assert_eq!(ranks.of(SourceNo(0)), RANK_UNLISTED);
        assert_eq!(ranks.of(SourceNo(9)), RANK_UNLISTED);
    }

    #[test]
    fn the_newest_device_of_a_class_comes_first() {
        let source = |class, first_us| Source {
            class,
            first_us: Some(first_us),
            ..Source::named("x")
        };
        let ranks = Ranks::by_class(&[
            source(SourceClass::App, 9),
            source(SourceClass::Phone, 1),
            source(SourceClass::Watch, 1),
            source(SourceClass::Watch, 5),
            source(SourceClass::Manual, 0),
        ]);
        let order: Vec<u16> = (0..5).map(|number| ranks.of(SourceNo(number))).collect();
        assert_eq!(order, [4, 3, 2, 1, 0]);
    }
}
