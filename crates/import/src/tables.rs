//! The tables a reader keeps while it reads (types, sources) and the batch it is filling.
//!
//! Everything here is bounded by a named limit, so that a hostile input cannot make a reader grow.
//! It must never look inside a format: readers bring names and get indexes.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use model::record::{Body, Record};
use model::source::{Source, SourceNo, normalised};
use rustc_hash::FxHashMap;

use crate::batch::{
    BATCH_SAMPLES, Batch, Deletion, Fact, Incoming, Printed, Rejection, Series, Sink, TypeName,
    Window, ZoneSeen,
};

/// Distinct sources per import. Real exports have some dozens; a source's index has 16 bits.
pub const SOURCES_MAX: usize = 4_096;

/// Distinct types per import, counting one unknown type once per unit. HealthKit has some 300.
pub const TYPES_MAX: usize = 10_000;

/// Bytes of a name (source, type). Longer ones are refused, so that tables of names stay small.
pub const NAME_BYTES_MAX: usize = 512;

/// Spellings of sources that are remembered. One source has a few (device pointers are cut off).
const SPELLINGS_MAX: usize = 16_384;

/// Bytes of a spelling that is remembered. Longer ones are read anew each time.
const SPELLING_BYTES_MAX: usize = 2 * NAME_BYTES_MAX;

/// Approximate bytes of records, rejections and zones after which a batch is handed over.
const BATCH_WEIGHT_MAX: usize = 4 << 20;

/// The receiver asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the receiver stopped the reading")]
pub struct Stopped;

/// What went through an [`Outbox`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Samples printed on their own.
    pub samples: u64,
    /// Samples printed inside a correlation.
    pub nested_samples: u64,
    /// Records.
    pub records: u64,
    /// Refused records of the input.
    pub rejections: u64,
    /// Deletions.
    pub deletions: u64,
}

/// Collects output and hands it over in batches.
pub struct Outbox<'s, 'f> {
    sink: &'s mut Sink<'f>,
    batch: Batch,
    weight: usize,
    sent: Sent,
    types: u32,
    /// Samples for which each batch has room from the start.
    room: usize,
}

impl<'s, 'f> Outbox<'s, 'f> {
    /// An empty outbox before its receiver.
    pub fn new(sink: &'s mut Sink<'f>) -> Self {
        Self {
            sink,
            batch: batch_with_room(BATCH_SAMPLES),
            weight: 0,
            sent: Sent::default(),
            types: 0,
            room: BATCH_SAMPLES,
        }
    }

    /// An outbox for inputs of which most are small: room is made as it is needed.
    pub fn for_small(sink: &'s mut Sink<'f>) -> Self {
        Self {
            sink,
            batch: Batch::default(),
            weight: 0,
            sent: Sent::default(),
            types: 0,
            room: 0,
        }
    }

    /// Makes room for samples that are about to come.
    pub(crate) fn reserve(&mut self, samples: usize) {
        self.batch.samples.reserve(samples);
    }

    /// Names a type and returns its index, or `None` when there are [`TYPES_MAX`] already. The
    /// caller remembers the index: nothing is compared here.
    pub fn new_type(&mut self, name: TypeName) -> Option<u32> {
        if usize::try_from(self.types).is_ok_and(|types| types >= TYPES_MAX) {
            return None;
        }
        let index = self.types;
        self.types += 1;
        self.batch.new_types.push(name);
        Some(index)
    }

    /// Announces a source; [`Sources`] gives the index.
    fn new_source(&mut self, source: Source) {
        self.batch.new_sources.push(source);
    }

    /// Adds a sample.
    #[inline]
    pub fn sample(&mut self, incoming: Incoming) {
        match incoming.printed {
            Printed::TopLevel | Printed::Bucket { .. } => self.sent.samples += 1,
            Printed::InCorrelation => self.sent.nested_samples += 1,
        }
        self.batch.samples.push(incoming);
    }

    /// Adds a record.
    pub fn record(&mut self, record: Record) {
        self.sent.records += 1;
        self.weight += weight(&record);
        self.batch.records.push(record);
    }

    /// Adds a refused record.
    pub fn reject(&mut self, rejection: Rejection) {
        self.sent.rejections += 1;
        self.weight += 256;
        self.batch.rejections.push(rejection);
    }

    /// Adds a zone.
    pub fn zone(&mut self, zone: ZoneSeen) {
        self.weight += 128;
        self.batch.zones.push(zone);
    }

    /// Adds a deletion.
    pub fn deletion(&mut self, deletion: Deletion) {
        self.sent.deletions += 1;
        self.weight += 32;
        self.batch.deletions.push(deletion);
    }

    /// Adds a series that was deleted.
    pub fn series(&mut self, series: Series) {
        self.sent.deletions += 1;
        self.weight += 128;
        self.batch.series.push(series);
    }

    /// Adds a window.
    pub fn window(&mut self, window: Window) {
        self.weight += 256;
        self.batch.windows.push(window);
    }

    /// Adds a fact.
    pub fn fact(&mut self, fact: Fact) {
        self.weight += 256;
        self.batch.facts.push(fact);
    }

    /// What went through so far.
    pub const fn sent(&self) -> Sent {
        self.sent
    }

    /// Whether it is time to [`Outbox::flush`].
    #[inline]
    pub const fn is_full(&self) -> bool {
        self.batch.samples.len() >= BATCH_SAMPLES || self.weight >= BATCH_WEIGHT_MAX
    }

    /// Hands the batch over.
    pub fn flush(&mut self, bytes_read: u64) -> Result<(), Stopped> {
        let mut batch = std::mem::replace(&mut self.batch, batch_with_room(self.room));
        batch.bytes_read = bytes_read;
        self.weight = 0;
        match (self.sink)(batch) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stopped),
        }
    }
}

fn batch_with_room(samples: usize) -> Batch {
    Batch {
        samples: Vec::with_capacity(samples),
        ..Batch::default()
    }
}

/// Roughly the bytes a record holds, to keep batches of large documents small in number.
fn weight(record: &Record) -> usize {
    let pairs = |pairs: &[(String, String)]| -> usize {
        pairs.iter().map(|(k, v)| k.len() + v.len() + 48).sum()
    };
    256 + match &record.body {
        Body::Workout(workout) => {
            pairs(&workout.metadata)
                + workout.events.len() * 64
                + workout.activities.len() * 512
                + workout.routes.len() * 96
        }
        Body::Route(route) => route.at_us.len() * 104,
        Body::Ecg(ecg) => ecg.voltage_uv.len() * 8,
        Body::HeartbeatSeries(series) => series.at_us.len() * 16,
        Body::Correlation(correlation) => {
            correlation.members.len() * 128 + pairs(&correlation.metadata)
        }
        Body::ClinicalRecord(clinical) => 512 + clinical.json.as_ref().map_or(0, String::len),
        Body::Other(other) => other.json.len(),
        Body::Audiogram(audiogram) => audiogram.points.len() * 128,
        Body::VisionPrescription(vision) => pairs(&vision.metadata) + 2_048,
        Body::ActivitySummary(_) | Body::Characteristics(_) | Body::StateOfMind(_) => 512,
    }
}

/// Sources by the spelling that the input prints: a name and whatever it says about the device.
#[derive(Debug, Default)]
pub struct Sources {
    by_spelling: FxHashMap<Box<[u8]>, SourceNo>,
    by_key: FxHashMap<String, SourceNo>,
    keys: Vec<String>,
    spelling: Vec<u8>,
    last: Option<(Spelled, SourceNo)>,
}

/// The spelling found last, of which a run of one source asks again and again.
#[derive(Debug, Default)]
struct Spelled {
    name: Vec<u8>,
    device: Vec<u8>,
}

impl Sources {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The index of a spelling seen before, without allocating.
    #[inline]
    pub fn find(&mut self, name: &[u8], device: &[u8]) -> Option<SourceNo> {
        if let Some((spelled, no)) = &self.last
            && spelled.name == name
            && spelled.device == device
        {
            return Some(*no);
        }
        spell(&mut self.spelling, name, device);
        let found = *self.by_spelling.get(self.spelling.as_slice())?;
        let (spelled, no) = self.last.get_or_insert_default();
        spelled.name.clear();
        spelled.name.extend_from_slice(name);
        spelled.device.clear();
        spelled.device.extend_from_slice(device);
        *no = found;
        Some(found)
    }

    /// The normalised name of a source, for identities.
    pub fn key(&self, no: SourceNo) -> &str {
        self.keys.get(usize::from(no.0)).map_or("", String::as_str)
    }

    /// The index of a source under a new spelling; announces the source when it is new. `None` when
    /// there are [`SOURCES_MAX`] already.
    pub fn add(
        &mut self,
        (name, device): (&[u8], &[u8]),
        source: Source,
        outbox: &mut Outbox<'_, '_>,
    ) -> Option<SourceNo> {
        let mut key = normalised(&source.name);
        if let Some(device) = &source.device {
            key.push('\0');
            key.push_str(device);
        }
        // The file of a maker is another source than that maker's app.
        if let Some(maker) = source.file_of {
            let _ = write!(key, "\0\0{maker:?}");
        }
        let no = if let Some(no) = self.by_key.get(&key) {
            *no
        } else {
            if self.by_key.len() >= SOURCES_MAX {
                return None;
            }
            let no = SourceNo(u16::try_from(self.by_key.len()).ok()?);
            self.keys.push(source.key());
            self.by_key.insert(key, no);
            outbox.new_source(source);
            no
        };
        spell(&mut self.spelling, name, device);
        if self.by_spelling.len() < SPELLINGS_MAX && self.spelling.len() <= SPELLING_BYTES_MAX {
            self.by_spelling.insert(self.spelling.as_slice().into(), no);
        }
        Some(no)
    }
}

/// Writes a name and a device as one text; no name contains the byte between them.
fn spell(spelling: &mut Vec<u8>, name: &[u8], device: &[u8]) {
    spelling.clear();
    spelling.extend_from_slice(name);
    spelling.push(0);
    spelling.extend_from_slice(device);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_source_share_an_index() {
        let mut batches = Vec::new();
        let mut sink = |batch: Batch| {
            batches.push(batch);
            ControlFlow::Continue(())
        };
        let mut outbox = Outbox::new(&mut sink);
        let mut sources = Sources::new();
        assert_eq!(sources.find(b"", b""), None);
        let mut add = |sources: &mut Sources, name: &str, device: &str| {
            let source = Source {
                device: (!device.is_empty()).then(|| device.to_owned()),
                ..Source::named(name)
            };
            sources.add((name.as_bytes(), device.as_bytes()), source, &mut outbox)
        };
        let plain = add(&mut sources, "Apple Watch", "");
        assert_eq!(add(&mut sources, "apple\u{a0}Watch", ""), plain);
        assert_eq!(sources.find(b"Apple Watch", b""), plain);
        let scale = add(&mut sources, "Scale", "");
        assert_ne!(plain, scale);
        // Two watches of one name are two.
        let other = add(&mut sources, "Apple Watch", "Watch7,5");
        assert!(other != plain && other != scale);
        for _ in 0..2 {
            assert_eq!(sources.find(b"Apple Watch", b"Watch7,5"), other);
            assert_eq!(sources.find(b"Apple Watch", b""), plain);
            assert_eq!(sources.find(b"Apple Watch", b"Watch6,1"), None);
        }
        assert_eq!(other.map(|no| sources.key(no)), Some("Apple Watch"));
        outbox.flush(7).expect("the receiver goes on");
        assert_eq!(batches.len(), 1);
        assert_eq!(batches[0].new_sources.len(), 3);
        assert_eq!(batches[0].bytes_read, 7);
    }

    #[test]
    fn sources_are_bounded() {
        let mut sink = |_: Batch| ControlFlow::Continue(());
        let mut outbox = Outbox::new(&mut sink);
        let mut sources = Sources::new();
        for n in 0..SOURCES_MAX {
            let name = format!("s{n}");
            let spelling = (name.as_bytes(), b"".as_slice());
            let found = sources.add(spelling, Source::named(&name), &mut outbox);
            assert!(found.is_some());
        }
        let spelling = (b"more".as_slice(), b"".as_slice());
        assert_eq!(
            sources.add(spelling, Source::named("more"), &mut outbox),
            None
        );
    }

    #[test]
    fn a_receiver_can_stop_the_reading() {
        let mut sink = |_: Batch| ControlFlow::Break(());
        assert_eq!(Outbox::new(&mut sink).flush(0), Err(Stopped));
    }
}
