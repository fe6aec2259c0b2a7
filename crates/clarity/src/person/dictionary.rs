//! The table of a person's sources and of the types that the catalogue does not know. Stored samples
//! refer to both by number, so entries are only ever added or described better, never removed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use analysis::daily::rank::Copies;
use model::maker::Maker;
use model::metric::MetricNo;
use model::source::{Place, Source, SourceClass, SourceNo, normalised};
use serde::{Deserialize, Serialize};

/// Most sources one person can have: twenty times those of people with many devices and apps. The whole table is
/// read by whatever the person asks, so that names that somebody makes up cost everybody.
pub(crate) const SOURCES_MAX: usize = 4_096;
/// Most unknown types one person can have.
pub(crate) const UNKNOWN_TYPES_MAX: usize = 4_096;

/// A type that the catalogue does not know, with the unit its values are kept in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct UnknownType {
    /// The identifier as it came.
    pub(crate) name: String,
    /// The unit as it came; one identifier with two units is two entries.
    pub(crate) unit: String,
}

/// The table.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Dictionary {
    sources: Vec<Source>,
    unknown: Vec<UnknownType>,
    /// Where entries stand; made when it is first asked for.
    #[serde(skip)]
    index: OnceLock<Index>,
    /// Every source, best first, until one changes.
    #[serde(skip)]
    usual: OnceLock<Arc<[SourceNo]>>,
    /// Who repeats whom, until a source changes.
    #[serde(skip)]
    copies: OnceLock<Arc<[Copies]>>,
}

/// Where entries stand in the table, so that no question goes through all of it.
#[derive(Debug, Default, Clone)]
struct Index {
    /// By normalised name, in the order of their numbers.
    sources: HashMap<String, Vec<u16>>,
    types: HashMap<UnknownType, u16>,
}

impl Index {
    fn of(sources: &[Source], unknown: &[UnknownType]) -> Self {
        let mut index = Self::default();
        for (at, source) in (0..).zip(sources) {
            index.add(at, source);
        }
        index.types = unknown.iter().cloned().zip(0..).collect();
        index
    }

    fn add(&mut self, at: u16, source: &Source) {
        self.sources
            .entry(normalised(&source.name))
            .or_default()
            .push(at);
    }
}

/// A source that has another name now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Renamed {
    /// The number of its former name.
    pub(crate) former: SourceNo,
    /// The number of its name now.
    pub(crate) now: SourceNo,
}

/// The table is full: more sources or unknown types than any person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DictionaryFull;

impl Dictionary {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> u32 {
        let sources = self.sources.len().saturating_mul(384);
        let unknown = self.unknown.len().saturating_mul(256);
        u32::try_from(sources.saturating_add(unknown)).unwrap_or(u32::MAX)
    }

    fn index(&self) -> &Index {
        self.index
            .get_or_init(|| Index::of(&self.sources, &self.unknown))
    }

    /// The numbers of the sources of a name, however it is spelt: one for each device.
    pub(crate) fn sources_named(&self, name: &str) -> &[u16] {
        let found = self.index().sources.get(&normalised(name));
        found.map_or(&[], Vec::as_slice)
    }

    /// The number of a source, adding or describing it better; the flag tells whether the table
    /// changed.
    pub(crate) fn learn(&mut self, source: &Source) -> Result<(SourceNo, bool), DictionaryFull> {
        if let Some(at) = self.find(source) {
            let known = self.sources.get_mut(usize::from(at));
            let changed = known.is_some_and(|known| describe(known, source));
            if changed {
                self.forget();
            }
            return Ok((SourceNo(at), changed));
        }
        if self.sources.len() >= SOURCES_MAX {
            return Err(DictionaryFull);
        }
        let no = source_no(self.sources.len());
        self.index();
        if let Some(index) = self.index.get_mut() {
            index.add(no.0, source);
        }
        self.sources.push(source.clone());
        self.forget();
        Ok((no, true))
    }

    /// Forgets what follows from the sources.
    fn forget(&mut self) {
        self.usual = OnceLock::new();
        self.copies = OnceLock::new();
    }

    /// The known source that one is: that of its name and device, and of files of the same maker or of none. Who names
    /// no device means the one that was learnt last, and a source of which no device is known yet can be of any.
    fn find(&self, source: &Source) -> Option<u16> {
        let device = |at: &u16| self.sources.get(usize::from(*at));
        let is_alike = |at: &&u16| device(at).is_some_and(|known| known.file_of == source.file_of);
        let of_name: Vec<u16> = self
            .sources_named(&source.name)
            .iter()
            .filter(is_alike)
            .copied()
            .collect();
        let with = |wanted: Option<&str>| {
            let mut numbers = of_name.iter();
            numbers.find(|at| device(at).is_some_and(|known| known.device.as_deref() == wanted))
        };
        let found = match source.device.as_deref() {
            None => with(None).or(of_name.last()),
            Some(told) => with(Some(told))
                .or_else(|| {
                    of_name
                        .iter()
                        .rfind(|at| device(at).is_some_and(|known| known.is_of_device(told)))
                })
                .or_else(|| with(None)),
        };
        found.copied()
    }

    /// Remembers that an export of this date contains a source; the flag tells whether that is news.
    pub(crate) fn exported(&mut self, no: SourceNo, exported_us: i64) -> bool {
        let Some(source) = self.sources.get_mut(usize::from(no.0)) else {
            return false;
        };
        let is_later = source.exported_us.is_none_or(|known| known < exported_us);
        if is_later {
            source.exported_us = Some(exported_us);
        }
        is_later
    }

    /// Former names of watches and phones. An export prints all of a device's history under the name that
    /// it has then: of two names of one piece of hardware the one that later exports lack is former. What the
    /// latest export has under several names are several devices of one model.
    pub(crate) fn renamed(&self) -> Vec<Renamed> {
        let mut by_device: HashMap<(SourceClass, &str), Vec<(i64, SourceNo)>> = HashMap::new();
        for (at, source) in self.sources.iter().enumerate() {
            let is_device = matches!(source.class, SourceClass::Watch | SourceClass::Phone);
            let hardware = source.device.as_deref();
            let hardware = hardware.filter(|text| text.contains(|c: char| c.is_ascii_digit()));
            if let (true, Some(hardware), Some(exported_us)) =
                (is_device, hardware, source.exported_us)
            {
                let names = by_device.entry((source.class, hardware)).or_default();
                names.push((exported_us, source_no(at)));
            }
        }
        let mut renamed = Vec::new();
        for names in by_device.into_values() {
            let Some((latest_us, now)) = names.iter().max().copied() else {
                continue;
            };
            let is_now = |exported_us: i64| exported_us == latest_us;
            if names.iter().filter(|(at_us, _)| is_now(*at_us)).count() == 1 {
                let former = names.iter().filter(|(at_us, _)| !is_now(*at_us));
                renamed.extend(former.map(|(_, former)| Renamed {
                    former: *former,
                    now,
                }));
            }
        }
        renamed.sort_unstable();
        renamed
    }

    /// Remembers the first sample of a source; the flag tells whether it is earlier than before.
    pub(crate) fn first_seen(&mut self, no: SourceNo, start_us: i64) -> bool {
        let Some(source) = self.sources.get_mut(usize::from(no.0)) else {
            return false;
        };
        let earlier = source.first_us.is_none_or(|known| start_us < known);
        if earlier {
            source.first_us = Some(start_us);
            self.forget();
        }
        earlier
    }

    /// The number of an unknown type, adding it; the flag tells whether it was new.
    pub(crate) fn learn_type(
        &mut self,
        name: &str,
        unit: &str,
    ) -> Result<(MetricNo, bool), DictionaryFull> {
        let told = UnknownType {
            name: name.to_owned(),
            unit: unit.to_owned(),
        };
        let found = self.index().types.get(&told).copied();
        let no = match found {
            Some(no) => no,
            None if self.unknown.len() >= UNKNOWN_TYPES_MAX => {
                return Err(DictionaryFull);
            }
            None => {
                let no = u16::try_from(self.unknown.len());
                let no = no.expect("the table is bounded by UNKNOWN_TYPES_MAX");
                if let Some(index) = self.index.get_mut() {
                    index.types.insert(told.clone(), no);
                }
                self.unknown.push(told);
                no
            }
        };
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

    /// Every source, best first: what was entered by hand, watches, phones and apps, and among those of one kind the
    /// newest first. What an app repeats comes behind the file of its maker; apps of a phone that has an order of its
    /// own change places until they follow it.
    pub(crate) fn usual_order(&self) -> Arc<[SourceNo]> {
        let order = self
            .usual
            .get_or_init(|| self.order(&HashMap::new()).into());
        Arc::clone(order)
    }

    /// Every source, best first: those in `wanted` in that order, then the others as usual.
    pub(crate) fn best_first(&self, wanted: &[String]) -> Arc<[SourceNo]> {
        if wanted.is_empty() {
            return self.usual_order();
        }
        let mut places: HashMap<u16, usize> = HashMap::new();
        for (place, name) in wanted.iter().enumerate() {
            for at in self.sources_named(name) {
                places.entry(*at).or_insert(place);
            }
        }
        // Who chose a place for a device chose it for the name that the device has now.
        for Renamed { former, now } in self.renamed() {
            if let Some(place) = places.get(&former.0).copied() {
                places.entry(now.0).or_insert(place);
            }
        }
        self.order(&places).into()
    }

    fn order(&self, places: &HashMap<u16, usize>) -> Vec<SourceNo> {
        let mut order: Vec<(SourceNo, &Source)> = (0..).map(SourceNo).zip(&self.sources).collect();
        let copies = self.copies();
        order.sort_by_key(|(no, source)| {
            let place = places.get(&no.0).copied().unwrap_or(usize::MAX);
            let repeated = copies.iter().find(|copies| copies.copies.contains(no));
            let behind = repeated.and_then(|copies| self.class_of(&copies.of));
            let class = behind.map_or(source.class, |behind| source.class.max(behind));
            let is_copy = repeated.is_some();
            (place, class, is_copy, Reverse(source.first_us), *no)
        });
        let mut order: Vec<SourceNo> = order.into_iter().map(|(no, _)| no).collect();
        self.follow_phone(&mut order, places);
        order
    }

    /// The best class of some sources.
    fn class_of(&self, sources: &[SourceNo]) -> Option<SourceClass> {
        let known = sources.iter().filter_map(|no| self.source(*no));
        known.map(|source| source.class).min()
    }

    /// Lets the apps of a phone take each other's places until they follow its order; who the person placed stays.
    fn follow_phone(&self, order: &mut [SourceNo], places: &HashMap<u16, usize>) {
        let place = |no: SourceNo| self.source(no).and_then(|source| source.place);
        let is_of_phone = |no: SourceNo| place(no).is_some() && !places.contains_key(&no.0);
        let mut apps: Vec<SourceNo> = order
            .iter()
            .copied()
            .filter(|no| is_of_phone(*no))
            .collect();
        apps.sort_by_key(|no| place(*no));
        let free = order.iter_mut().filter(|no| is_of_phone(**no));
        for (free, app) in free.zip(apps) {
            *free = app;
        }
    }

    /// Apps in the store of a phone, beside the files of their makers.
    pub(crate) fn copies(&self) -> Arc<[Copies]> {
        let find = || {
            let mut by_maker: BTreeMap<Maker, Copies> = BTreeMap::new();
            for (no, source) in (0..).map(SourceNo).zip(&self.sources) {
                if let Some(maker) = source.file_of {
                    by_maker.entry(maker).or_default().of.push(no);
                }
            }
            if by_maker.is_empty() {
                return Arc::default();
            }
            for (no, source) in (0..).map(SourceNo).zip(&self.sources) {
                if source.file_of.is_none()
                    && let Some(copies) =
                        Maker::of_app(source).and_then(|maker| by_maker.get_mut(&maker))
                {
                    copies.copies.push(no);
                }
            }
            let known = by_maker.into_values();
            known.filter(|copies| !copies.copies.is_empty()).collect()
        };
        Arc::clone(self.copies.get_or_init(find))
    }

    /// Sources of which the phone counts nothing, unless the person gave them a place.
    pub(crate) fn left_out(&self, wanted: &[String]) -> Vec<SourceNo> {
        let is_wanted = |source: &Source| {
            let name = normalised(&source.name);
            wanted.iter().any(|wanted| normalised(wanted) == name)
        };
        let numbered = (0..).map(SourceNo).zip(&self.sources);
        let left_out = numbered
            .filter(|(_, source)| source.place == Some(Place::LeftOut) && !is_wanted(source));
        left_out.map(|(no, _)| no).collect()
    }
}

fn source_no(at: usize) -> SourceNo {
    SourceNo(u16::try_from(at).expect("the table is bounded by SOURCES_MAX"))
}

/// Takes over what the newer description knows better; true when anything changed.
fn describe(known: &mut Source, seen: &Source) -> bool {
    let mut changed = false;
    if known.device.is_none() && seen.device.is_some() {
        known.device.clone_from(&seen.device);
        changed = true;
    }
    if known.app_id.is_none() && seen.app_id.is_some() {
        known.app_id.clone_from(&seen.app_id);
        changed = true;
    }
    // The order of the phone is what its latest backup says.
    if seen.place.is_some() && seen.place != known.place {
        known.place = seen.place;
        changed = true;
    }
    // A name alone reads as an app at worst; evidence of a device ranks it better.
    if seen.class < known.class {
        known.class = seen.class;
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
            assert_eq!(*table.best_first(wanted), expect.map(SourceNo));
        };
        check(&[], [3, 2, 1, 0]);
        check(&["App".to_owned()], [0, 3, 2, 1]);
    }

    fn made(name: &str, device: &str) -> Source {
        Source {
            device: (!device.is_empty()).then(|| device.to_owned()),
            ..Source::named(name)
        }
    }

    #[test]
    fn a_source_is_a_name_and_a_device() {
        let mut table = Dictionary::default();
        let mut check = |name, device, expect: u16| {
            let (no, _) = table.learn(&made(name, device)).expect("room");
            assert_eq!(no, SourceNo(expect), "{name} {device}");
        };
        check("Apple Watch", "", 0);
        check("Apple Watch", "Watch Watch6,1", 0);
        check("Apple Watch", "Watch Watch7,5", 1);
        check("APPLE\u{a0}WATCH", "Watch Watch6,1", 0);
        check("Apple Watch", "", 1);
        check("Apple Watch", "Watch7,5", 1);
        check("iPhone", "iPhone iPhone14,5", 2);
        check("iPhone", "", 2);
    }

    #[test]
    fn a_name_that_later_exports_lack_is_a_former_one() {
        let mut table = Dictionary::default();
        let phone = "iPhone iPhone14,5";
        for (name, device) in [
            ("Anna\u{2019}s iPhone", phone),
            ("iPhone von Anna", phone),
            ("App", phone),
            ("Max\u{2019} iPhone", "iPhone iPhone17,1"),
            ("iPhone", "iPhone iPhone17,1"),
        ] {
            table.learn(&made(name, device)).expect("room");
        }
        assert!(table.renamed().is_empty(), "no export was read");
        for (no, exported_us) in [(0, 5), (1, 9), (2, 9), (3, 9), (4, 9), (0, 4)] {
            table.exported(SourceNo(no), exported_us);
        }
        let expected = Renamed {
            former: SourceNo(0),
            now: SourceNo(1),
        };
        assert_eq!(table.renamed(), [expected]);
        let wanted = ["iPhone".to_owned(), "anna's iphone".to_owned()];
        assert_eq!(*table.best_first(&wanted), [4, 0, 1, 3, 2].map(SourceNo));
        table.exported(SourceNo(0), 9);
        assert!(table.renamed().is_empty(), "both are in the latest export");
    }

    #[test]
    fn a_file_is_another_source_than_the_app_of_its_maker_and_comes_before_it() {
        let mut table = Dictionary::default();
        let app = Source {
            class: SourceClass::Watch,
            ..named("Oura", 9)
        };
        let file = Source {
            file_of: Some(Maker::Oura),
            ..named("Oura", 1)
        };
        let other = named("Step app", 5);
        for (source, expect) in [(&app, 0), (&file, 1), (&other, 2), (&app, 0), (&file, 1)] {
            assert_eq!(table.learn(source).expect("room").0, SourceNo(expect));
        }
        // The app would be a watch; its maker's file is the account, which is none.
        assert_eq!(*table.usual_order(), [2, 1, 0].map(SourceNo));
        let copies = Copies {
            copies: vec![SourceNo(0)],
            of: vec![SourceNo(1)],
        };
        assert_eq!(*table.copies(), [copies]);
        assert_eq!(table.best_first(&["Step app".to_owned()])[0], SourceNo(2));
    }

    #[test]
    fn apps_of_a_phone_follow_its_order_until_the_person_says_otherwise() {
        let mut table = Dictionary::default();
        let placed = |name: &str, class, place| Source {
            class,
            place: Some(place),
            ..named(name, 0)
        };
        for source in [
            placed("Second", SourceClass::Watch, Place::At(1)),
            placed("None", SourceClass::Phone, Place::LeftOut),
            named("Apple Watch", 0),
            placed("First", SourceClass::App, Place::At(0)),
        ] {
            table.learn(&source).expect("room");
        }
        // The places of the apps among the others stay.
        assert_eq!(*table.usual_order(), [3, 2, 0, 1].map(SourceNo));
        assert_eq!(table.left_out(&[]), [SourceNo(1)]);
        let wanted = ["none".to_owned()];
        assert_eq!(*table.best_first(&wanted), [1, 3, 2, 0].map(SourceNo));
        assert!(table.left_out(&wanted).is_empty());
        // A later backup has another order.
        let later = placed("Second", SourceClass::Watch, Place::LeftOut);
        assert!(table.learn(&later).expect("room").1);
        assert_eq!(table.left_out(&[]), [0, 1].map(SourceNo));
    }

    #[test]
    fn a_full_table_is_asked_by_name() {
        let mut table = Dictionary::default();
        for n in 0..SOURCES_MAX {
            table.learn(&named(&format!("App {n}"), 0)).expect("room");
        }
        assert!(table.learn(&Source::named("one more")).is_err());
        for n in 0..SOURCES_MAX {
            let name = format!("APP {n}");
            let found = table.learn(&Source::named(&name)).expect("known");
            assert_eq!(usize::from(found.0.0), n);
            // What is looked at is what has the name, not the table.
            assert_eq!(table.sources_named(&name).len(), 1);
        }
        let order = table.usual_order();
        assert!(Arc::ptr_eq(&order, &table.usual_order()), "made once");
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
