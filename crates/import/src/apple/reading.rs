//! What is kept through all files of one import: the outbox, the tables, and what the export said
//! about itself.

use std::cell::Cell;
use std::collections::hash_map::Entry;

use memchr::memchr;
use model::record::{Body, Record};
use model::sample::HOUR_US;
use model::source::{Source, SourceClass, SourceNo};
use model::zone::Zone;
use rustc_hash::FxHashMap;

use crate::apple::ReadError;
use crate::apple::dates::Dates;
use crate::apple::scan::Tag;
use crate::apple::text::decode;
use crate::apple::types::Types;
use crate::batch::{Fact, Position, RejectCode, Rejection, ZoneEvidence, ZoneSeen};
use crate::check::{self, Refusal};
use crate::tables::{NAME_BYTES_MAX, Outbox, Sources};

/// Damages told one by one; a file of rubbish has millions and they all say the same.
const DAMAGES_MAX: u32 = 100;

/// Zone names remembered. There are some 600.
const ZONES_MAX: usize = 1_024;

/// A zone that stays the same is told again after this time, so that a journey between two tellings
/// of one zone is not overlooked for longer.
const ZONE_REPEAT_US: i64 = 3 * HOUR_US;

/// The name under which files without a source are kept: the app that exports.
const EXPORTER: &str = "Health";

/// The state of one import.
pub(crate) struct Reading<'s, 'f> {
    pub(crate) outbox: Outbox<'s, 'f>,
    pub(crate) sources: Sources,
    pub(crate) types: Types,
    pub(crate) dates: Dates,
    pub(crate) now_us: i64,
    pub(crate) exported_us: Option<i64>,
    pub(crate) damages: u32,
    pub(crate) has_nested_archive: bool,
    has_padding: bool,
    zones: FxHashMap<Box<[u8]>, Option<Zone>>,
    last_zone: Option<(String, i64)>,
    consumed: &'s Cell<u64>,
}

impl<'s, 'f> Reading<'s, 'f> {
    pub(crate) fn new(outbox: Outbox<'s, 'f>, now_us: i64, consumed: &'s Cell<u64>) -> Self {
        Self {
            outbox,
            sources: Sources::new(),
            types: Types::new(),
            dates: Dates::default(),
            now_us,
            exported_us: None,
            damages: 0,
            has_nested_archive: false,
            has_padding: false,
            zones: FxHashMap::default(),
            last_zone: None,
            consumed,
        }
    }

    /// Leaves out an element that says nothing and stands before any day; it is named once.
    pub(crate) fn skip_padding(&mut self, name: &str) {
        if !std::mem::replace(&mut self.has_padding, true) {
            self.outbox.fact(Fact::Skipped {
                name: name.to_owned(),
                reason: "an empty element from before the first day",
            });
        }
    }

    /// Hands the batch over when it is full.
    #[inline]
    pub(crate) fn flush_when_full(&mut self) -> Result<(), ReadError> {
        if self.outbox.is_full() {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Hands the batch over.
    pub(crate) fn flush(&mut self) -> Result<(), ReadError> {
        Ok(self.outbox.flush(self.consumed.get())?)
    }

    /// Bytes of input consumed.
    pub(crate) const fn consumed(&self) -> u64 {
        self.consumed.get()
    }

    /// Tells a damage; of very many only the first.
    pub(crate) fn damage(&mut self, position: u64, message: &str) {
        self.damages = self.damages.saturating_add(1);
        if self.damages <= DAMAGES_MAX {
            self.outbox.fact(Fact::Damage {
                position: Position::Byte(position),
                message: message.to_owned(),
            });
        }
    }

    /// Refuses a record of the input.
    pub(crate) fn reject(
        &mut self,
        type_index: Option<u32>,
        position: u64,
        field: &str,
        refusal: Refusal,
    ) {
        self.outbox.reject(Rejection {
            type_index,
            code: refusal.code,
            field: field.to_owned(),
            position: Position::Byte(position),
            message: refusal.message.to_owned(),
        });
    }

    /// Sends a record whose interval is possible, and refuses another.
    pub(crate) fn record(&mut self, position: u64, record: Record) {
        match check::interval(record.start_us, record.end_us, self.now_us) {
            Ok(()) => self.outbox.record(record),
            Err(refusal) => self.reject(None, position, "startDate", refusal),
        }
    }

    /// The source that a tag names. `None` when its name is longer than allowed, or there are too
    /// many.
    #[inline]
    pub(crate) fn source(&mut self, tag: &SourceTag<'_>) -> Option<SourceNo> {
        let device = tag.lasting_device();
        if let Some(found) = self.sources.find(tag.name, device) {
            return Some(found);
        }
        if tag.name.len() > NAME_BYTES_MAX {
            return None;
        }
        let source = tag.source();
        self.sources
            .add((tag.name, device), source, &mut self.outbox)
    }

    /// The source of files that name none.
    pub(crate) fn exporter(&mut self) -> Option<SourceNo> {
        self.source(&SourceTag {
            name: EXPORTER.as_bytes(),
            version: b"",
            device: b"",
        })
    }

    /// Reads a zone's name that was printed with a sample, tells it when it is news, and returns the
    /// zone. Unknown names are forgotten.
    pub(crate) fn zone(&mut self, printed: &[u8], at_us: i64) -> Option<&Zone> {
        if printed.len() > 64 {
            return None;
        }
        if self.zones.len() >= ZONES_MAX && !self.zones.contains_key(printed) {
            return None;
        }
        let zone = match self.zones.entry(printed.into()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(Zone::parse(decode(printed).trim()).ok()),
        };
        let zone = zone.as_ref()?;
        let news = match &self.last_zone {
            Some((name, told_us)) => {
                name != zone.name() || (at_us - told_us).abs() >= ZONE_REPEAT_US
            }
            None => true,
        };
        if news {
            self.last_zone = Some((zone.name().to_owned(), at_us));
            self.outbox.zone(ZoneSeen {
                at_us,
                zone: zone.name().to_owned(),
                evidence: ZoneEvidence::Named,
            });
        }
        Some(zone)
    }
}

/// The attributes of a tag that tell its source.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SourceTag<'t> {
    pub(crate) name: &'t [u8],
    pub(crate) version: &'t [u8],
    pub(crate) device: &'t [u8],
}

impl<'t> SourceTag<'t> {
    /// The device without its address, which differs between records of one export.
    #[inline]
    fn lasting_device(&self) -> &'t [u8] {
        memchr(b',', self.device)
            .and_then(|at| self.device.get(at..))
            .unwrap_or(self.device)
    }

    fn source(&self) -> Source {
        let name = decode(self.name);
        let mut source = Source::named(if name.trim().is_empty() {
            "Unknown source"
        } else {
            &name
        });
        let device = decode(self.device);
        let parts = DeviceParts::read(&device);
        if source.class == SourceClass::App {
            source.class = parts.class(&decode(self.version));
        }
        source.device = parts.described();
        source
    }
}

/// The parts of `<<HKDevice: 0x…>, name:…, manufacturer:…, model:…, hardware:…, software:…>`. Its
/// address differs between records of one export, its software with every update.
struct DeviceParts<'d> {
    manufacturer: Option<&'d str>,
    model: Option<&'d str>,
    hardware: Option<&'d str>,
    software: Option<&'d str>,
}

impl<'d> DeviceParts<'d> {
    fn read(device: &'d str) -> Self {
        let part = |label: &str| -> Option<&'d str> {
            let value = device.split_once(label)?.1;
            // A value may hold commas; it ends where another label begins.
            let end = LABELS.iter().filter_map(|next| value.find(next)).min();
            let value = value
                .get(..end.unwrap_or(value.len()))?
                .trim_end_matches('>')
                .trim();
            (!value.is_empty() && value.len() <= NAME_BYTES_MAX).then_some(value)
        };
        Self {
            manufacturer: part(", manufacturer:"),
            model: part(", model:"),
            hardware: part(", hardware:"),
            software: part(", software:"),
        }
    }

    /// A watch or phone that was renamed is still known by its device; an app that writes from it
    /// has a version of its own.
    fn class(&self, version: &str) -> SourceClass {
        let by_apple = self
            .manufacturer
            .is_some_and(|name| name.starts_with("Apple"));
        let itself = self.software.is_some_and(|software| software == version);
        match self.model {
            Some("Watch") if by_apple && itself => SourceClass::Watch,
            Some("iPhone" | "iPad" | "iPod") if by_apple && itself => SourceClass::Phone,
            Some(_) | None => SourceClass::App,
        }
    }

    fn described(&self) -> Option<String> {
        let parts: Vec<&str> = [self.manufacturer, self.model, self.hardware]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

const LABELS: [&str; 9] = [
    ", name:",
    ", manufacturer:",
    ", model:",
    ", hardware:",
    ", firmware:",
    ", software:",
    ", localIdentifier:",
    ", UDIDeviceIdentifier:",
    ", creation date:",
];

/// What makes a record the same when it comes again, from its parts.
pub(crate) fn identity(parts: &[&str]) -> String {
    parts.join("|")
}

/// A refusal that only this format knows.
pub(crate) const fn refusal(code: RejectCode, message: &'static str) -> Refusal {
    Refusal { code, message }
}

/// What every element with a source and an interval prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading {
    pub(crate) position: u64,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) source: SourceNo,
}

impl Heading {
    /// Reads it from a tag; an element without it is refused.
    pub(crate) fn read(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Option<Self> {
        let position = tag.position;
        let mut starts = tag.attributes().filter(|(name, _)| *name == b"startDate");
        let start = starts.next().and_then(|(_, text)| reading.dates.read(text));
        let end = tag
            .get(b"endDate")
            .or_else(|| starts.next().map(|(_, text)| text));
        let end = end.and_then(|text| reading.dates.read(text));
        let (Some(start), Some(end)) = (start, end) else {
            let field = if start.is_none() {
                "startDate"
            } else {
                "endDate"
            };
            let refused = refusal(RejectCode::TimeInvalid, "the time cannot be read");
            reading.reject(None, position, field, refused);
            return None;
        };
        let print = SourceTag {
            name: tag.get(b"sourceName").unwrap_or_default(),
            version: tag.get(b"sourceVersion").unwrap_or_default(),
            device: tag.get(b"device").unwrap_or_default(),
        };
        let Some(source) = reading.source(&print) else {
            let message = "the source's name is too long, or there are too many sources";
            let refused = refusal(RejectCode::TextTooLong, message);
            reading.reject(None, position, "sourceName", refused);
            return None;
        };
        Some(Self {
            position,
            start_us: start.at_us,
            end_us: end.at_us,
            source,
        })
    }

    /// The record with this heading.
    pub(crate) fn record(self, identity: String, body: Body) -> Record {
        Record {
            start_us: self.start_us,
            end_us: self.end_us,
            zone: None,
            source: self.source,
            uid: None,
            identity,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, version: &str, device: &str) -> Source {
        SourceTag {
            name: name.as_bytes(),
            version: version.as_bytes(),
            device: device.as_bytes(),
        }
        .source()
    }

    #[test]
    fn devices_lose_pointer_and_software() {
        let watch = source(
            "Max\u{2019}s Apple\u{a0}Watch",
            "9.4",
            "&lt;&lt;HKDevice: 0x282a45810&gt;, name:Apple Watch, manufacturer:Apple Inc., \
             model:Watch, hardware:Watch6,18, software:9.4&gt;",
        );
        assert_eq!(watch.device.as_deref(), Some("Apple Inc. Watch Watch6,18"));
        assert_eq!(watch.class, SourceClass::Watch);
    }

    #[test]
    fn a_renamed_watch_is_a_watch_and_an_app_on_it_is_not() {
        let device = "<<HKDevice: 0x1>, name:Apple Watch, manufacturer:Apple, model:Watch, \
                      hardware:Watch2,4, software:4.3.1>";
        assert_eq!(source("Bob", "4.3.1", device).class, SourceClass::Watch);
        assert_eq!(source("Strava", "12.0", device).class, SourceClass::App);
    }

    #[test]
    fn a_source_without_name_has_a_name() {
        assert_eq!(source("", "", "").name, "Unknown source");
        assert_eq!(source("x", "", "").device, None);
    }
}
