//! The order of a person's sources for one metric: who is believed where sources overlap, who repeats whom, and who
//! does not count at all.
//!
//! It only orders; what the order does is decided by the merge rules. It must never look at samples.

use model::source::SourceNo;

/// Sources outside the table come after all listed ones, in the order of their numbers.
const RANK_UNLISTED: u16 = u16::MAX;

/// The rank of every source for one metric; lower is better.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranks {
    by_source: Vec<u16>,
    copies: Vec<Copies>,
    left_out: Vec<SourceNo>,
}

/// Sources that repeat what others measured: what a maker's app wrote into the store of a phone, beside the maker's
/// own files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copies {
    /// Those that repeat.
    pub copies: Vec<SourceNo>,
    /// Those that measured.
    pub of: Vec<SourceNo>,
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
        Self {
            by_source,
            ..Self::default()
        }
    }

    /// With what is known about copies, and sources of which nothing counts.
    #[must_use]
    pub fn knowing(self, copies: Vec<Copies>, left_out: Vec<SourceNo>) -> Self {
        Self {
            copies,
            left_out,
            ..self
        }
    }

    /// Another order of the same sources.
    #[must_use]
    pub fn reordered(&self, best_first: &[SourceNo]) -> Self {
        Self::in_order(best_first).knowing(self.copies.clone(), self.left_out.clone())
    }

    /// Who repeats whom.
    pub const fn copies(&self) -> &[Copies] {
        self.copies.as_slice()
    }

    /// Whether nothing of a source counts.
    pub fn is_left_out(&self, source: SourceNo) -> bool {
        self.left_out.contains(&source)
    }

    /// Whether every sample counts by its rank alone.
    pub const fn is_plain(&self) -> bool {
        self.copies.is_empty() && self.left_out.is_empty()
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
