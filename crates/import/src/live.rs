//! What every reader of a live body shares: its context, the tables of types and sources, the checks,
//! and the batch it fills.
//!
//! Live bodies are whole requests of bounded size, so one batch holds all of a body. Nothing here
//! knows a format.

use model::metric::{self, Metric, MetricNo};
use model::record::{Body, Metadata, Record};
use model::sample::{Flags, Sample, Uid};
use model::source::{Source, SourceNo};
use model::unit::{Conversion, Percent, Unit};
use model::zone::{Zone, ZoneHistory};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::batch::{
    Deletion, Fact, Incoming, Meaning, Position, Printed, RejectCode, Series, TypeName, Window,
    ZoneEvidence, ZoneSeen,
};
use crate::check::{self, Refusal};
use crate::clock::{self, Moment};
use crate::json::Json;
use crate::tables::{NAME_BYTES_MAX, Outbox, Sources};

mod noted;
mod refused;

pub(crate) use refused::{
    MALFORMED, NAMES_FULL, NOT_A_VALUE, NOT_FINITE, TIME_INVALID, TYPE_MISSING, UNIT_UNKNOWN,
    VALUE_MISSING, refusal,
};

/// Elements of one array in formats that state no smaller limit: a sample a second for ten days.
pub const ELEMENTS_MAX: u64 = 1_000_000;

/// Units that are remembered for one name of a type; clients use one or two.
const UNITS_MAX: usize = 32;

/// Zone names that are remembered; a body of one person names a handful.
const ZONES_MAX: usize = 256;

/// Refusals that a batch holds. A body of two bytes for each refusal must not become a hundred times
/// as large in memory; all of them are counted.
pub const REJECTIONS_MAX: u64 = 100_000;

/// Parts that were left out on purpose and are told by name.
const FACTS_MAX: usize = 100;

/// Entries of free metadata that are kept with a record, and bytes of each.
const METADATA_MAX: usize = 200;
const METADATA_BYTES_MAX: usize = 4_096;

/// What a reader has to know beside the body.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time of the request.
    pub now_us: i64,
    /// Where the person was, for local times that come without offset.
    pub zones: &'a ZoneHistory,
    /// The header `automation-aggregation` of Health Auto Export.
    pub aggregation: Option<&'a str>,
    /// The name of the source where the body names none.
    pub source: &'a str,
}

impl Context<'_> {
    /// Reads a time of the body.
    pub(crate) fn moment(&self, json: &Json<'_>) -> Option<Moment> {
        self.placed(|zone| clock::read_json(json, zone, self.now_us))
    }

    /// Reads a time whose text may name no place: it is of the zone in which the person was then.
    pub(crate) fn placed(&self, read: impl Fn(&Zone) -> Option<Moment>) -> Option<Moment> {
        let home = self.zones.home();
        let at = read(home)?;
        let there = self.zones.zone_at(at.at_us);
        if std::ptr::eq(there, home) {
            return Some(at);
        }
        read(there)
    }
}

/// What a body brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Samples taken in.
    pub samples: u64,
    /// Records taken in.
    pub records: u64,
    /// Objects that the provider deleted.
    pub deletions: u64,
    /// Elements and fields refused: all of them, also beyond those that the batch holds.
    pub rejected: u64,
    /// Whether something was taken in that a person should look at.
    pub requires_review: bool,
}

/// How a type and unit of the body are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use {
    /// Index of the type.
    pub(crate) type_index: u32,
    /// Its metric; `None` for types that the catalogue does not know.
    pub(crate) metric: Option<&'static Metric>,
    /// The conversion; `None` when the unit does not measure the metric.
    conversion: Option<Conversion>,
}

/// The array of [`Place`] when the body itself is the array.
pub(crate) const ROOT: &str = "/";

/// The array of [`Place`] when the body is lines of text.
pub(crate) const LINES: &str = "lines";

/// Where an element stands in the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'p> {
    /// JSON pointer of the array, [`ROOT`], [`LINES`], or empty when the body is the element.
    pub(crate) array: &'p str,
    /// Index in it; a line is counted from 1.
    pub(crate) index: u64,
}

impl Place<'_> {
    fn position(self) -> Position {
        if self.array == LINES {
            return Position::Line(self.index);
        }
        Position::Index(self.index)
    }

    fn pointer(self, field: &str) -> String {
        let slash = if field.is_empty() { "" } else { "/" };
        if self.array.is_empty() || self.array == LINES {
            return format!("{slash}{field}");
        }
        if self.array == ROOT {
            return format!("/{}{slash}{field}", self.index);
        }
        format!("{}/{}{slash}{field}", self.array, self.index)
    }
}

/// A measurement as a body tells it; the value is still in the unit of its [`Use`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) value: f64,
    pub(crate) zone_offset_min: Option<i16>,
    pub(crate) source: SourceNo,
    pub(crate) uid: Option<Uid>,
    pub(crate) flags: Flags,
}

/// Fills the outbox with what one body holds; nothing is handed over before its end.
pub(crate) struct Intake<'c, 's, 'f> {
    context: &'c Context<'c>,
    outbox: Outbox<'s, 'f>,
    percent: Percent,
    rejected: u64,
    skipped: usize,
    unnamed: FxHashSet<String>,
    requires_review: bool,
    uses: FxHashMap<String, Vec<(String, Use)>>,
    known: FxHashMap<MetricNo, u32>,
    sources: Sources,
    zones: FxHashMap<String, Option<Zone>>,
    last_zone: Option<Zone>,
}

impl<'c, 's, 'f> Intake<'c, 's, 'f> {
    /// Starts a body; `percent` says what the clients of this form mean by `%`.
    pub(crate) fn new(context: &'c Context<'c>, outbox: Outbox<'s, 'f>, percent: Percent) -> Self {
        Self {
            context,
            outbox,
            percent,
            rejected: 0,
            skipped: 0,
            unnamed: FxHashSet::default(),
            requires_review: false,
            uses: FxHashMap::default(),
            known: FxHashMap::default(),
            sources: Sources::new(),
            zones: FxHashMap::default(),
            last_zone: None,
        }
    }

    pub(crate) fn context(&self) -> &'c Context<'c> {
        self.context
    }

    /// What the body means by `%`, where the body itself says so.
    pub(crate) fn percent_is(&mut self, percent: Percent) {
        self.percent = percent;
    }

    /// Finishes the body and hands it over.
    pub(crate) fn finish(mut self, bytes_read: usize) -> Summary {
        let sent = self.outbox.sent();
        let untold = self.rejected.saturating_sub(sent.rejections);
        if untold > 0 {
            self.outbox.fact(Fact::MoreRejected { count: untold });
        }
        // The receiver knows best whether it wants more; there is none.
        let _ = self.outbox.flush(bytes_read as u64);
        Summary {
            samples: sent.samples + sent.nested_samples,
            records: sent.records,
            deletions: sent.deletions,
            rejected: self.rejected,
            requires_review: self.requires_review,
        }
    }

    /// Makes room for samples that are about to come.
    pub(crate) fn reserve(&mut self, samples: usize) {
        self.outbox.reserve(samples);
    }

    /// How a type is read in a unit. A unit that is not named is the one that the name implies, or
    /// the metric's own. `None` when the name is too long or there are too many.
    #[inline]
    pub(crate) fn meaning(&mut self, name: &str, unit: &str) -> Option<Use> {
        let of_name = self.uses.get(name).map(Vec::as_slice).unwrap_or_default();
        if let Some((_, found)) = of_name.iter().find(|(known, _)| known == unit) {
            return Some(*found);
        }
        self.new_meaning(name, unit)
    }

    #[cold]
    fn new_meaning(&mut self, name: &str, unit: &str) -> Option<Use> {
        let found = self.new_use(name, unit)?;
        let of_name = self.uses.entry(name.to_owned()).or_default();
        if of_name.len() < UNITS_MAX {
            of_name.push((unit.to_owned(), found));
        }
        Some(found)
    }

    /// How a metric of the catalogue is read in a unit.
    pub(crate) fn meaning_of(&mut self, metric: &'static Metric, unit: &str) -> Option<Use> {
        self.known_use(metric, metric.id, unit)
    }

    fn new_use(&mut self, name: &str, unit: &str) -> Option<Use> {
        if name.len() > NAME_BYTES_MAX || unit.len() > NAME_BYTES_MAX {
            return None;
        }
        if let Some(metric) = metric::by_name(name) {
            let unit = if unit.is_empty() {
                metric::implied_unit(name).unwrap_or_default()
            } else {
                unit
            };
            return self.known_use(metric, name, unit);
        }
        let unit = unit.to_owned();
        let type_index = self.new_type(name, Meaning::Unknown { unit })?;
        Some(Use {
            type_index,
            metric: None,
            conversion: Some(Conversion::IDENTITY),
        })
    }

    fn known_use(&mut self, metric: &'static Metric, name: &str, unit: &str) -> Option<Use> {
        let type_index = match self.known.get(&metric.no) {
            Some(index) => *index,
            None => self.new_type(name, Meaning::Known(metric.no))?,
        };
        self.known.insert(metric.no, type_index);
        let conversion = if unit.is_empty() {
            Some(Conversion::IDENTITY)
        } else {
            metric.conversion_with(unit, Percent::Points).ok()
        };
        Some(Use {
            type_index,
            metric: Some(metric),
            conversion,
        })
    }

    fn new_type(&mut self, name: &str, meaning: Meaning) -> Option<u32> {
        let name = name.to_owned();
        self.outbox.new_type(TypeName { name, meaning })
    }

    /// A source of which only the name is known; an empty name is the context's.
    #[inline]
    pub(crate) fn source_named(&mut self, name: &str) -> Option<SourceNo> {
        let name = if name.is_empty() {
            self.context.source
        } else {
            name
        };
        if let Some(no) = self.sources.find(name.as_bytes(), b"") {
            return Some(no);
        }
        self.source("", Source::named(name))
    }

    /// A source that was described before: its name and what the body says about the device.
    #[inline]
    pub(crate) fn known_source(&mut self, name: &str, device: &str) -> Option<SourceNo> {
        self.sources.find(name.as_bytes(), device.as_bytes())
    }

    /// A source; the first description of a name with `device`, as the body says it, counts.
    pub(crate) fn source(&mut self, device: &str, source: Source) -> Option<SourceNo> {
        if source.name.len() > NAME_BYTES_MAX || device.len() > NAME_BYTES_MAX {
            return None;
        }
        let spelling = source.name.clone();
        let spelling = (spelling.as_bytes(), device.as_bytes());
        self.sources.add(spelling, source, &mut self.outbox)
    }

    /// The key of a source, as identities of records hold it.
    pub(crate) fn source_key(&self, no: SourceNo) -> String {
        self.sources.key(no).to_owned()
    }

    /// Converts and checks a measurement and adds it.
    #[inline]
    pub(crate) fn add(&mut self, to: Use, what: Measurement) -> Result<(), Refusal> {
        self.add_printed(to, what, Printed::TopLevel)
    }

    /// [`Intake::add`] for samples that a correlation prints.
    pub(crate) fn add_printed(
        &mut self,
        to: Use,
        what: Measurement,
        printed: Printed,
    ) -> Result<(), Refusal> {
        check::interval(what.start_us, what.end_us, self.context.now_us)?;
        let value = self.canonical(to, what.value)?;
        if what.flags.contains(Flags::REVIEW) {
            self.requires_review = true;
        }
        self.seen_offset(what.start_us, what.zone_offset_min);
        self.outbox.sample(Incoming {
            type_index: to.type_index,
            printed,
            sample: Sample {
                start_us: what.start_us,
                end_us: what.end_us,
                value,
                zone_offset_min: what.zone_offset_min,
                source: what.source,
                uid: what.uid,
                flags: what.flags,
            },
        });
        Ok(())
    }

    /// The value in the canonical unit, checked.
    pub(crate) fn canonical(&self, to: Use, value: f64) -> Result<f64, Refusal> {
        let Some(conversion) = to.conversion else {
            return Err(UNIT_UNKNOWN);
        };
        let Some(metric) = to.metric else {
            return if value.is_finite() {
                Ok(value)
            } else {
                Err(NOT_FINITE)
            };
        };
        let mut value = conversion.apply(value);
        if metric.unit == Unit::Percent && conversion == Conversion::IDENTITY && value <= 1.0 {
            // HealthKit prints 0.97 for 97 %, and some of its clients send 97 all the same. Nobody
            // lives with an oxygen saturation of 1 %, so that one is a fraction from everybody.
            let is_fraction = match self.percent {
                Percent::Fraction => true,
                Percent::Points => metric.id == "oxygen_saturation",
            };
            if is_fraction {
                value *= 100.0;
            }
        }
        check::value(metric, value)?;
        Ok(value)
    }

    /// Checks a record's interval and adds it.
    pub(crate) fn add_record(&mut self, record: Record) -> Result<(), Refusal> {
        check::interval(record.start_us, record.end_us, self.context.now_us)?;
        self.outbox.record(record);
        Ok(())
    }

    /// The record of something that cannot be read further; the JSON makes it the same again.
    pub(crate) fn other(&self, name: &str, json: String, at: Interval, source: SourceNo) -> Record {
        let identity = format!("{name}|{}|{}|{json}", at.start_us, self.source_key(source));
        Record {
            start_us: at.start_us,
            end_us: at.end_us,
            zone: None,
            source,
            uid: None,
            identity,
            body: Body::Other(model::record::Other {
                name: name.to_owned(),
                json,
            }),
        }
    }

    /// Notes when the sender made the body, and as which of all that it made.
    pub(crate) fn told(&mut self, at_us: i64, sequence: Option<u64>) {
        self.outbox.fact(Fact::Told { at_us, sequence });
    }

    /// Notes of which time the body holds everything.
    pub(crate) fn window(&mut self, window: Window) {
        self.outbox.window(window);
    }

    /// Adds the deletion of a series.
    pub(crate) fn delete_series(&mut self, series: Series) {
        self.outbox.series(series);
    }

    /// Adds a deletion.
    pub(crate) fn delete(&mut self, uid: Uid, metric: Option<MetricNo>) {
        self.outbox.deletion(Deletion { uid, metric });
    }

    /// Notes that an element or one of its fields was refused.
    #[cold]
    pub(crate) fn reject(
        &mut self,
        place: Place<'_>,
        field: &str,
        type_index: Option<u32>,
        refusal: Refusal,
    ) {
        // Its pointer is made for those only that are listed.
        let field = match self.outbox.sent().rejections {
            listed if listed < REJECTIONS_MAX => place.pointer(field),
            _ => String::new(),
        };
        self.reject_at(field, place.position(), type_index, refusal);
    }

    /// Notes that a part of the body was left out on purpose.
    pub(crate) fn skip(&mut self, name: &str, reason: &'static str) {
        if self.skipped >= FACTS_MAX {
            return;
        }
        self.skipped += 1;
        let name = cut(name);
        self.outbox.fact(Fact::Skipped { name, reason });
    }

    /// Notes that a record has a name that no metric has.
    pub(crate) fn unnamed(&mut self, name: &str) {
        if name.is_empty() || self.unnamed.len() >= FACTS_MAX || self.unnamed.contains(name) {
            return;
        }
        let name = cut(name);
        self.unnamed.insert(name.clone());
        self.outbox.fact(Fact::Unnamed { name });
    }

    /// Samples, records and refusals so far.
    pub(crate) fn taken(&self) -> u64 {
        let sent = self.outbox.sent();
        sent.samples + sent.nested_samples + sent.records + self.rejected
    }

    /// Notes that what was taken in should be looked at.
    pub(crate) fn ask_for_review(&mut self) {
        self.requires_review = true;
    }

    /// Reads a time of the body.
    pub(crate) fn moment(&self, json: &Json<'_>) -> Option<Moment> {
        self.context.moment(json)
    }

    /// Notes the offset of a sample's own time; offset zero says nothing, nor does one that the zone
    /// seen last has anyway.
    #[inline]
    fn seen_offset(&mut self, at_us: i64, offset_min: Option<i16>) {
        let Some(minutes) = offset_min.filter(|minutes| *minutes != 0) else {
            return;
        };
        let minutes = i32::from(minutes);
        let last = self.last_zone.as_ref();
        if last.is_some_and(|zone| zone.offset_min(at_us) == minutes) {
            return;
        }
        if let Some(zone) = Zone::fixed(minutes) {
            self.seen(at_us, zone, ZoneEvidence::Offset);
        }
    }

    /// Notes the zone that a sample names, and gives its offset then. `None` for unknown names.
    pub(crate) fn seen_zone(&mut self, at_us: i64, name: &str) -> Option<i16> {
        if !self.zones.contains_key(name) {
            if self.zones.len() >= ZONES_MAX || name.len() > NAME_BYTES_MAX {
                return None;
            }
            self.zones.insert(name.to_owned(), Zone::parse(name).ok());
        }
        let zone = self.zones.get(name)?.as_ref()?;
        let offset_min = i16::try_from(zone.offset_min(at_us)).ok();
        if self.last_zone.as_ref().map(Zone::name) != Some(zone.name()) {
            self.seen(at_us, zone.clone(), ZoneEvidence::Named);
        }
        offset_min
    }

    fn seen(&mut self, at_us: i64, zone: Zone, evidence: ZoneEvidence) {
        // Times that no sample may have are no evidence either.
        if check::interval(at_us, at_us, self.context.now_us).is_err() {
            return;
        }
        self.outbox.zone(ZoneSeen {
            at_us,
            zone: zone.name().to_owned(),
            evidence,
        });
        self.last_zone = Some(zone);
    }
}

/// The zone of a record whose times were printed with an offset.
pub(crate) fn zone_of(offset_min: Option<i16>) -> Option<String> {
    let zone = Zone::fixed(i32::from(offset_min?))?;
    Some(zone.name().to_owned())
}

/// An interval of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
}

/// Free metadata of an object as pairs, bounded.
pub(crate) fn metadata(json: &Json<'_>) -> Metadata {
    let members = json.members().iter().take(METADATA_MAX);
    members
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let text = value
                .text()
                .map_or_else(|| value.to_string(), str::to_owned);
            (cut(name), cut(&text))
        })
        .collect()
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(METADATA_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Which member of an element must be corrected: its start, its end, its unit or its value.
pub(crate) fn blamed(why: Refusal, [start, end, unit, value]: [&'static str; 4]) -> &'static str {
    if why.code == RejectCode::TimeTooEarly {
        start
    } else if matches!(
        why.code,
        RejectCode::TimeInFuture | RejectCode::IntervalNegative
    ) {
        end
    } else if why.code == RejectCode::UnitUnknown {
        unit
    } else {
        value
    }
}
