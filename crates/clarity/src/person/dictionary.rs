//! The table of a person's sources and of the types that the catalogue does not know. Stored samples
//! refer to both by number, so entries are only ever added or described better, never removed.

use std::cmp::Reverse;

use model::metric::MetricNo;
use model::source::{Source, SourceNo, normalised};
use serde::{Deserialize, Serialize};

/// Most sources one person can have; a number must fit the stored column with room to spare.
pub(crate) const SOURCES_MAX: usize = 60_000;
/// Most unknown types one person can have.
pub(crate) const UNKNOWN_TYPES_MAX: usize = 10_000;

/// A type that the catalogue does not know, with the unit its values are kept in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnknownType {
    /// The identifier as it came.
    pub(crate) name: String,
    /// The unit as it came; one identifier with two units is two entries.
    pub(crate) unit: String,
}

/// The table.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dictionary {
    sources: Vec<Source>,
    unknown: Vec<UnknownType>,
}

/// The table is full: more sources or unknown types than any person has.
#[derive(Debug, thiserror::Error)]
#[error("a person can have at most {limit} {what}")]
pub struct DictionaryFull {
    what: &'static str,
    limit: usize,
}

impl Dictionary {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> u32 {
        let sources = self.sources.len().saturating_mul(256);
        let unknown = self.unknown.len().saturating_mul(128);
        u32::try_from(sources.saturating_add(unknown)).unwrap_or(u32::MAX)
    }

    /// The number of a source, adding or describing it better; the flag tells whether the table
    /// changed.
    pub(crate) fn learn(&mut self, source: &Source) -> Result<(SourceNo, bool), DictionaryFull> {
        let key = source.key();
        if let Some(at) = self.sources.iter().position(|known| known.key() == key) {
            let changed = self
                .sources
                .get_mut(at)
                .is_some_and(|known| describe(known, source));
            return Ok((source_no(at), changed));
        }
        if self.sources.len() >= SOURCES_MAX {
            return Err(DictionaryFull {
                what: "sources",
                limit: SOURCES_MAX,
            });
        }
        self.sources.push(source.clone());
        Ok((source_no(self.sources.len() - 1), true))
    }

    /// Remembers the first sample of a source; the flag tells whether it is earlier than before.
    pub(crate) fn first_seen(&mut self, no: SourceNo, start_us: i64) -> bool {
        let Some(source) = self.sources.get_mut(usize::from(no.0)) else {
            return false;
        };
        let earlier = source.first_us.is_none_or(|known| start_us < known);
        if earlier {
            source.first_us = Some(start_us);
        }
        earlier
    }

    /// The number of an unknown type, adding it; the flag tells whether it was new.
    pub(crate) fn learn_type(
        &mut self,
        name: &str,
        unit: &str,
    ) -> Result<(MetricNo, bool), DictionaryFull> {
        let found = self
            .unknown
            .iter()
            .position(|known| known.name == name && known.unit == unit);
        let at = found.unwrap_or(self.unknown.len());
        if found.is_none() {
            if self.unknown.len() >= UNKNOWN_TYPES_MAX {
                return Err(DictionaryFull {
                    what: "unknown types",
                    limit: UNKNOWN_TYPES_MAX,
                });
            }
            self.unknown.push(UnknownType {
                name: name.to_owned(),
                unit: unit.to_owned(),
            });
        }
        let no = u16::try_from(at).expect("the table is bounded by UNKNOWN_TYPES_MAX");
        Ok((MetricNo(MetricNo::FIRST_UNKNOWN.0 + no), found.is_none()))
    }

    /// A source by number.
    pub(crate) fn source(&self, no: SourceNo) -> Option<&Source> {
        self.sources.get(usize::from(no.0))
    }

    /// Every source, in the order of its number.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// An unknown type by number.
    pub(crate) fn unknown(&self, no: MetricNo) -> Option<&UnknownType> {
        self.unknown
            .get(usize::from(no.0.checked_sub(MetricNo::FIRST_UNKNOWN.0)?))
    }

    /// Every unknown type with its number.
    pub(crate) fn unknown_types(&self) -> impl Iterator<Item = (MetricNo, &UnknownType)> {
        (MetricNo::FIRST_UNKNOWN.0..)
            .map(MetricNo)
            .zip(&self.unknown)
    }

    /// The numbers under which an unknown type is kept, one per unit it came in.
    pub(crate) fn unknown_named(&self, name: &str) -> Vec<MetricNo> {
        let numbers = (MetricNo::FIRST_UNKNOWN.0..).zip(&self.unknown);
        numbers
            .filter(|(_, known)| known.name == name)
            .map(|(no, _)| MetricNo(no))
            .collect()
    }

    /// Every source, best first: those in `wanted` in that order; then watches, phones and apps, and
    /// among those of one kind the newest first.
    pub(crate) fn best_first(&self, wanted: &[String]) -> Vec<SourceNo> {
        let wanted: Vec<String> = wanted.iter().map(|name| normalised(name)).collect();
        let mut order: Vec<(usize, &Source)> = self.sources.iter().enumerate().collect();
        order.sort_by_key(|(at, source)| {
            let key = source.key();
            let chosen = wanted
                .iter()
                .position(|name| *name == key)
                .unwrap_or(usize::MAX);
            (chosen, source.class, Reverse(source.first_us), *at)
        });
        order.into_iter().map(|(at, _)| source_no(at)).collect()
    }
}

fn source_no(at: usize) -> SourceNo {
    SourceNo(u16::try_from(at).expect("the table is bounded by SOURCES_MAX"))
}

/// Takes over what the newer description knows better; true when anything changed.
fn describe(known: &mut Source, told: &Source) -> bool {
    let mut changed = false;
    if known.device.is_none() && told.device.is_some() {
        known.device.clone_from(&told.device);
        changed = true;
    }
    if known.app_id.is_none() && told.app_id.is_some() {
        known.app_id.clone_from(&told.app_id);
        changed = true;
    }
    // A name alone reads as an app at worst; evidence of a device ranks it better.
    if told.class < known.class {
        known.class = told.class;
        changed = true;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, first_us: i64) -> Source {
        Source {
            first_us: Some(first_us),
            ..Source::named(name)
        }
    }

    #[test]
    fn the_default_order_is_watch_phone_app_newest_first() {
        let mut table = Dictionary::default();
        for source in [
            named("App", 9),
            named("iPhone", 1),
            named("Old Apple Watch", 2),
            named("Apple Watch", 5),
        ] {
            table.learn(&source).expect("room");
        }
        let check = |wanted: &[String], expect: [u16; 4]| {
            assert_eq!(table.best_first(wanted), expect.map(SourceNo));
        };
        check(&[], [3, 2, 1, 0]);
        check(&["App".to_owned()], [0, 3, 2, 1]);
    }

    #[test]
    fn one_source_is_learnt_once() {
        let mut table = Dictionary::default();
        assert_eq!(
            table.learn(&Source::named("A\u{a0}B")).expect("room"),
            (SourceNo(0), true)
        );
        assert_eq!(
            table.learn(&Source::named("A B")).expect("room"),
            (SourceNo(0), false)
        );
        let (no, new) = table.learn_type("HKNew", "widget/hr").expect("room");
        assert!(no.is_unknown() && new);
        assert_eq!(
            table.learn_type("HKNew", "widget/hr").expect("room"),
            (no, false)
        );
        assert_ne!(table.learn_type("HKNew", "").expect("room").0, no);
        assert_eq!(table.unknown_named("HKNew").len(), 2);
    }
}
