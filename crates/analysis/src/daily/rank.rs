//! The order of a person's sources for one metric: who is believed where sources overlap.
//!
//! It only orders; what the order does is decided by the merge rules. It must never look at samples.

use model::source::SourceNo;

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
    use super::*;

    #[test]
    fn unlisted_sources_come_last() {
        let ranks = Ranks::in_order(&[SourceNo(3), SourceNo(1)]);
        assert_eq!((ranks.of(SourceNo(3)), ranks.of(SourceNo(1))), (0, 1));
        assert_eq!(ranks.of(SourceNo(0)), RANK_UNLISTED);
        assert_eq!(ranks.of(SourceNo(9)), RANK_UNLISTED);
    }
}
