//! What exports of this program add to the header of a data point: which source, marks, ids of providers, and whole
//! records.

use model::sample::{Flags, Uid};
use model::source::{Source, SourceClass, SourceNo};

use crate::check::Refusal;
use crate::json::Json;
use crate::live::{MALFORMED, Measurement};
use crate::vendors::Desk;
use crate::vendors::elements;
use crate::vendors::own::{Document, class_named, uid, whole};

/// The member of a header that the standard leaves open.
pub(super) const MEMBER: &str = "x_clarity";

/// Marks of one value.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    uid: Option<Uid>,
    flags: Flags,
    /// Where the text of a time does not say it.
    offset_min: Option<i16>,
}

impl Marks {
    /// The measurement with these marks, and no others.
    pub(super) fn put_on(self, what: Measurement) -> Measurement {
        Measurement {
            uid: self.uid,
            flags: self.flags,
            zone_offset_min: self.offset_min.or(what.zone_offset_min),
            ..what
        }
    }
}

/// The marks that an export of this program prints; `None` for everything else.
pub(super) fn marks(json: &Json<'_>) -> Option<Marks> {
    let Json::Object(_) = json else {
        return None;
    };
    let number = |name: &str| elements::plain(json.get(name)).and_then(whole);
    let flags = number("flags").and_then(|bits| u16::try_from(bits).ok());
    let offset = number("offset_min").and_then(|minutes| i16::try_from(minutes).ok());
    Some(Marks {
        uid: json.get("uid").text().and_then(uid),
        flags: flags.map_or(Flags::NONE, Flags::from_bits),
        offset_min: offset,
    })
}

/// The source, and a text that only it has.
pub(super) fn source(json: &Json<'_>) -> Option<(String, Source)> {
    let json = json.get("source");
    let text = |name: &str| json.get(name).text().map(str::to_owned);
    let named = Source::named(json.get("name").text()?);
    let source = Source {
        class: json
            .get("class")
            .text()
            .and_then(class_named)
            .unwrap_or(SourceClass::App),
        device: text("device"),
        app_id: text("app_id"),
        ..named
    };
    let spelling = format!("{:?}|{:?}", source.device, source.app_id);
    Some((spelling, source))
}

/// Reads a whole record back; `None` where there is none.
pub(super) fn record(
    json: &Json<'_>,
    source: SourceNo,
    desk: &mut Desk<'_, '_, '_>,
) -> Option<Result<(), Refusal>> {
    let record = json.get("record");
    if record.is_null() {
        return None;
    }
    let document: Result<Document, _> = serde_json::from_str(&record.to_string());
    let read = document.map_err(|_| MALFORMED);
    Some(read.and_then(|document| desk.intake.add_record(document.record(source))))
}
