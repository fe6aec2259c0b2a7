//! What most responses need of each day, for 64 days side by side: of every metric its value, smallest, largest and
//! coverage.
//!
//! Made of the documents of the same days, so that it can always be made again. It must never hold anything that a
//! document does not.

use std::collections::{BTreeMap, BTreeSet};

use analysis::daily::document::DayView;
use jiff::civil::Date;
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use store::blocks::DAYS;
use store::{PersonKey, Tx};

use crate::jobs::packed::unpack;

/// Of the stored form; another one is passed over and made anew.
const VERSION: u8 = 2;
/// Compression: more costs time on every change and saves little.
const PACK_LEVEL: i32 = 3;
/// Forty metrics of 64 days are 80 KB; a block that claims more than this is damaged.
const UNPACKED_MAX: usize = 32 << 20;
/// Coverage is kept with this many steps to 1, finer than the hours of a day.
const COVERAGE_STEPS: f64 = 1_000.0;
/// Significant digits of a value: a relative error below 5·10⁻¹⁰, finer than any device.
const DIGITS: i32 = 10;
/// What stands for a day without a value, which no value is.
const ABSENT: f64 = f64::NAN;

/// A day and its stored document, where it has one.
pub(crate) type Change<'a> = (Date, Option<&'a [u8]>);

/// A list with one place for each day of a block.
pub(crate) type Places = Vec<Option<f64>>;

/// One metric over the days of a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Strip {
    /// How the samples of a day combine: `cumulative`, `discrete` or `category`.
    pub(crate) kind: String,
    /// UCUM unit; none for categories.
    pub(crate) unit: Option<String>,
    /// Totals of cumulative metrics, means of discrete ones (by time, where they have one), numbers of samples of categories.
    pub(crate) value: Places,
    /// Shares of the day's hours with a sample.
    pub(crate) coverage: Places,
    /// Smallest values of discrete metrics; empty where there are none.
    pub(crate) min: Places,
    /// Largest values of discrete metrics; empty where there are none.
    pub(crate) max: Places,
}

/// Days side by side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    first: Date,
    metrics: BTreeMap<String, Strip>,
}

/// What is said of a metric before its numbers.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    id: String,
    kind: String,
    unit: Option<String>,
    extremes: bool,
}

/// What is read of one metric of one day; everything else is passed over.
#[derive(Debug, Deserialize)]
struct Glance<'a> {
    kind: &'a str,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(default)]
    mean: Option<f64>,
    #[serde(default)]
    time_weighted_mean: Option<f64>,
    #[serde(default)]
    equivalent_level: Option<f64>,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    #[serde(default)]
    n: Option<f64>,
    coverage: f64,
}

impl Glance<'_> {
    /// The mean of the day: by the time that each value stands for where the metric has one, since a workout is measured
    /// more often than the hours around it.
    fn level(&self) -> Option<f64> {
        self.time_weighted_mean
            .or(self.equivalent_level)
            .or(self.mean)
    }
}

/// Brings the blocks of changed days up to date: from what was taken of them, or from all documents of their days where
/// there was nothing.
pub(crate) async fn update(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    taken: Vec<store::blocks::Block>,
    changes: &[Change<'_>],
) -> Result<(), store::Error> {
    let mut blocks: BTreeMap<Date, Block> = taken
        .into_iter()
        .filter_map(|(first, bytes)| Some((first, Block::from_bytes(first, &bytes)?)))
        .collect();
    let firsts: BTreeSet<Date> = changes
        .iter()
        .map(|(day, _)| store::blocks::start_of(*day))
        .collect();
    for first in firsts {
        let mut block = match blocks.remove(&first) {
            Some(block) => block,
            None => of_documents(tx, key, user, first).await?,
        };
        for (day, document) in changes {
            block.replace(*day, *document);
        }
        store::blocks::put(tx, key, user, (first, &block.to_bytes())).await?;
    }
    Ok(())
}

async fn of_documents(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    first: Date,
) -> Result<Block, store::Error> {
    let mut block = Block::around(first);
    let end = store::blocks::end_of(first);
    for (day, document) in store::days::get(tx, key, user, first, end).await? {
        block.replace(day, Some(&document));
    }
    Ok(block)
}

impl Block {
    /// The block that a day belongs to, without any days yet.
    pub(crate) fn around(day: Date) -> Self {
        Self {
            first: store::blocks::start_of(day),
            metrics: BTreeMap::new(),
        }
    }

    /// The first day.
    pub(crate) const fn first(&self) -> Date {
        self.first
    }

    /// Each metric that a day of the block has, by its id.
    pub(crate) const fn metrics(&self) -> &BTreeMap<String, Strip> {
        &self.metrics
    }

    /// Takes the day of a document over, in the place of what was there of it.
    fn put(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let view: DayView<'_> = serde_json::from_slice(json)?;
        let glances: BTreeMap<&str, Glance<'_>> = serde_json::from_str(view.metrics.get())?;
        self.remove(view.date);
        let Some(at) = self.place(view.date) else {
            return Ok(());
        };
        for (id, glance) in glances {
            if !self.metrics.contains_key(id) {
                self.metrics.insert(id.to_owned(), Strip::empty(&glance));
            }
            if let Some(strip) = self.metrics.get_mut(id) {
                strip.put(at, &glance);
            }
        }
        Ok(())
    }

    /// Takes over what a stored document says of a day, in the place of what was there. A document that cannot be read
    /// is counted and leaves nothing; a day of another block changes nothing.
    pub(crate) fn replace(&mut self, day: Date, document: Option<&[u8]>) {
        if self.place(day).is_none() {
            return;
        }
        self.remove(day);
        let Some(document) = document else {
            return;
        };
        if unpack(document).is_none_or(|json| self.put(&json).is_err()) {
            metrics::counter!("clarity_damaged_rows_total", "what" => "document").increment(1);
            tracing::warn!("a stored document of a day cannot be read and is left out");
        }
    }

    /// Removes a day.
    fn remove(&mut self, day: Date) {
        let Some(at) = self.place(day) else {
            return;
        };
        self.metrics.retain(|_, strip| {
            for list in [
                &mut strip.value,
                &mut strip.coverage,
                &mut strip.min,
                &mut strip.max,
            ] {
                set(list, at, None);
            }
            if strip.min.iter().chain(&strip.max).all(Option::is_none) {
                strip.min.clear();
                strip.max.clear();
            }
            strip.coverage.iter().any(Option::is_some)
        });
    }

    fn place(&self, day: Date) -> Option<usize> {
        place(self.first, day).filter(|at| *at < DAYS)
    }

    /// The stored form.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let heads: Vec<Head> = self
            .metrics
            .iter()
            .map(|(id, strip)| Head {
                id: id.clone(),
                kind: strip.kind.clone(),
                unit: strip.unit.clone(),
                extremes: !strip.min.is_empty(),
            })
            .collect();
        let heads = serde_json::to_vec(&heads).expect("texts are JSON");
        let size = u32::try_from(heads.len()).expect("the heads of a block are small");
        let mut bytes = vec![VERSION];
        bytes.extend(size.to_le_bytes());
        bytes.extend(heads);
        for strip in self.metrics.values() {
            for value in strip.lists().into_iter().flatten() {
                bytes.extend(value.unwrap_or(ABSENT).to_le_bytes());
            }
        }
        zstd::bulk::compress(&bytes, PACK_LEVEL)
            .expect("compressing to memory has nothing that can fail")
    }

    /// Reads the stored form; `None` when it is damaged or of another version.
    pub(crate) fn from_bytes(first: Date, stored: &[u8]) -> Option<Self> {
        let bytes = zstd::bulk::decompress(stored, UNPACKED_MAX).ok()?;
        let (version, bytes) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (size, bytes) = bytes.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
        let (heads, mut numbers) = bytes.split_at_checked(size)?;
        let heads: Vec<Head> = serde_json::from_slice(heads).ok()?;
        let mut metrics = BTreeMap::new();
        for head in heads {
            let mut strip = Strip {
                kind: head.kind,
                unit: head.unit,
                value: places(&mut numbers)?,
                coverage: places(&mut numbers)?,
                ..Strip::default()
            };
            if head.extremes {
                strip.min = places(&mut numbers)?;
                strip.max = places(&mut numbers)?;
            }
            metrics.insert(head.id, strip);
        }
        Some(Self { first, metrics })
    }
}

impl Strip {
    fn empty(glance: &Glance<'_>) -> Self {
        Self {
            kind: glance.kind.to_owned(),
            unit: glance.unit.clone(),
            value: vec![None; DAYS],
            coverage: vec![None; DAYS],
            ..Self::default()
        }
    }

    const fn lists(&self) -> [&Places; 4] {
        [&self.value, &self.coverage, &self.min, &self.max]
    }

    fn put(&mut self, at: usize, glance: &Glance<'_>) {
        let value = glance.value.or(glance.level()).or(match glance.kind {
            "category" => glance.n,
            _ => None,
        });
        set(&mut self.value, at, value.map(significant));
        set(&mut self.coverage, at, Some(rounded(glance.coverage)));
        if glance.min.is_some() || glance.max.is_some() {
            self.min.resize(DAYS, None);
            self.max.resize(DAYS, None);
            set(&mut self.min, at, glance.min.map(significant));
            set(&mut self.max, at, glance.max.map(significant));
        }
    }
}

/// Reads a list; `None` at the end of the numbers.
fn places(numbers: &mut &[u8]) -> Option<Places> {
    let (list, rest) = numbers.split_at_checked(DAYS * size_of::<f64>())?;
    *numbers = rest;
    let read = list.chunks_exact(size_of::<f64>()).map(|bytes| {
        let value = bytes.try_into().map_or(ABSENT, f64::from_le_bytes);
        (!value.is_nan()).then_some(value)
    });
    Some(read.collect())
}

fn set(list: &mut Places, at: usize, value: Option<f64>) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

/// Days from the first one to a later one.
pub(crate) fn place(start: Date, date: Date) -> Option<usize> {
    let days = start.until((jiff::Unit::Day, date)).ok()?.get_days();
    usize::try_from(days).ok()
}

fn rounded(share: f64) -> f64 {
    (share * COVERAGE_STEPS).round() / COVERAGE_STEPS
}

/// Sums carry noise in their last digits (551.2800000000001), which says nothing and cannot be compressed: ten
/// digits are kept.
fn significant(value: f64) -> f64 {
    let size = value.abs();
    if !(1e-6..1e10).contains(&size) {
        return value;
    }
    let scale = 10_f64.powi(DIGITS - 1 - digits_before(size));
    (value * scale).round() / scale
}

/// The power of ten of its first digit.
fn digits_before(size: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "between -6 and 10")]
    let power = size.log10().floor() as i32;
    power
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_count_local_days() {
        assert_eq!(place(date(2026, 3, 28), date(2026, 3, 28)), Some(0));
        assert_eq!(place(date(2026, 3, 28), date(2026, 3, 30)), Some(2));
        assert_eq!(place(date(2026, 3, 28), date(2026, 3, 27)), None);
        assert_eq!(place(date(2024, 1, 1), date(2025, 1, 1)), Some(366));
        let last = date(2024, 1, 1).checked_add(2_010.days()).expect("a date");
        assert_eq!(place(date(2024, 1, 1), last), Some(2_010));
    }

    #[test]
    fn the_noise_of_sums_is_not_kept() {
        for (value, printed) in [
            (551.280_000_000_000_1, "551.28"),
            (0.1 + 0.2, "0.3"),
            (-12.300_000_000_000_002, "-12.3"),
            (0.0, "0.0"),
            (123_456.789_012_34, "123456.789"),
            (1e12 + 0.5, "1000000000000.5"),
            (1.5e-9, "1.5e-9"),
        ] {
            let text = serde_json::to_string(&significant(value)).expect("a number");
            assert_eq!(text, printed);
        }
        for power in -6..10 {
            for digits in 1..100 {
                let value = f64::from(digits).sqrt() * 10_f64.powi(power);
                let error = (significant(value) - value).abs() / value;
                assert!(error <= 5e-10, "{value}: {error}");
            }
        }
    }

    fn document(day: Date, metrics: &str) -> Vec<u8> {
        let rest = r#""night":{},"cardio":{},"activity":{}"#;
        format!(r#"{{"version":1,"date":"{day}","zone":"Etc/UTC","metrics":{{{metrics}}},{rest}}}"#)
            .into_bytes()
    }

    fn day_of(at: usize, kinds: [bool; 3]) -> Vec<u8> {
        let first = store::blocks::start_of(date(2026, 3, 1));
        let day = first.saturating_add(i64::try_from(at).expect("small").days());
        let all = [
            format!(r#""steps":{{"kind":"cumulative","value":{at}.5,"unit":"1","coverage":0.5}}"#),
            format!(
                r#""rate":{{"kind":"discrete","mean":null,"min":{at},"max":99,"n":2,"unit":"/min","coverage":1}}"#
            ),
            r#""sleep":{"kind":"category","n":3,"coverage":0.25}"#.to_owned(),
        ];
        let present = all.iter().zip(kinds).filter(|(_, is_there)| *is_there);
        let present: Vec<&str> = present.map(|(text, _)| text.as_str()).collect();
        document(day, &present.join(","))
    }

    #[test]
    fn a_block_says_what_the_documents_said() {
        let mut block = Block::around(date(2026, 3, 1));
        block.put(&day_of(3, [true; 3])).expect("a document");
        let read = Block::from_bytes(block.first(), &block.to_bytes()).expect("a block");
        assert_eq!(read, block);
        let value = |id: &str| read.metrics()[id].value[3];
        assert_eq!(value("steps"), Some(3.5));
        assert_eq!(value("rate"), None, "extremes came without a mean");
        assert_eq!(value("sleep"), Some(3.0), "samples of a category");
        let rate = &read.metrics()["rate"];
        assert_eq!((rate.min[3], rate.max[3]), (Some(3.0), Some(99.0)));
        assert_eq!((rate.value[2], rate.coverage[2]), (None, None));
        assert!(read.metrics()["steps"].min.is_empty());
        block.remove(date(2026, 9, 1));
        assert_eq!(read, block, "a day of another block");
    }

    #[test]
    fn a_mean_by_time_is_the_mean_of_the_day() {
        let mut block = Block::around(date(2026, 3, 1));
        let day = block.first();
        let rate = r#""kind":"discrete","mean":103.8,"min":50,"max":170,"n":900,"coverage":1"#;
        let metrics = format!(
            r#""rate":{{{rate},"time_weighted_mean":74.2}},"loud":{{{rate},"equivalent_level":81.0}},"mass":{{{rate}}}"#
        );
        block.put(&document(day, &metrics)).expect("a document");
        let value = |id: &str| block.metrics()[id].value[0];
        assert_eq!(value("rate"), Some(74.2));
        assert_eq!(value("loud"), Some(81.0));
        assert_eq!(value("mass"), Some(103.8));
    }

    #[test]
    fn damaged_blocks_are_none() {
        let mut block = Block::around(date(2026, 3, 1));
        block.put(&day_of(3, [true; 3])).expect("a document");
        let plain = zstd::bulk::decompress(&block.to_bytes(), UNPACKED_MAX).expect("bytes");
        let read = |bytes: &[u8]| {
            let packed = zstd::bulk::compress(bytes, 1).expect("bytes");
            Block::from_bytes(block.first(), &packed)
        };
        assert_eq!(read(&plain).as_ref(), Some(&block));
        for end in 0..plain.len() {
            assert_eq!(read(&plain[..end]), None, "{end}");
        }
        assert_eq!(Block::from_bytes(block.first(), &plain), None);
    }

    proptest! {
        /// Days put and removed in any order leave what the last of each left.
        #[test]
        fn the_order_of_changes_does_not_matter(
            changes in prop::collection::vec((0_usize..DAYS, any::<Option<[bool; 3]>>()), 0..80),
        ) {
            let first = store::blocks::start_of(date(2026, 3, 1));
            let mut block = Block::around(first);
            let mut last = BTreeMap::new();
            for (at, kinds) in changes {
                last.insert(at, kinds);
                if let Some(kinds) = kinds {
                    block.put(&day_of(at, kinds)).expect("a document");
                } else {
                    let days = i64::try_from(at).expect("small").days();
                    block.remove(first.saturating_add(days));
                }
            }
            let mut anew = Block::around(first);
            for (at, kinds) in last {
                if let Some(kinds) = kinds {
                    anew.put(&day_of(at, kinds)).expect("a document");
                }
            }
            prop_assert_eq!(&block, &anew);
            prop_assert_eq!(Block::from_bytes(first, &block.to_bytes()), Some(anew));
        }
    }
}
