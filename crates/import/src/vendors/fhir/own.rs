//! What exports of this program add to FHIR: which source, marks, ids of providers, and records as attachments.
//!
//! Codes and extensions are of the system `urn:x-clarity`. Resources without them are read by what FHIR says alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::metric;
use model::sample::{Flags, Uid};
use model::source::{Source, SourceClass, SourceNo};
use rustc_hash::FxHashMap;

use super::What;
use crate::clock;
use crate::json::Json;
use crate::live::{MALFORMED, NAMES_FULL};
use crate::vendors::Desk;
use crate::vendors::desk::Spot;
use crate::vendors::elements;
use crate::vendors::own::{Document, class_named, uid, whole};

const SYSTEM: &str = "urn:x-clarity:";

/// Sources by the id of their resource.
#[derive(Debug, Default)]
pub(super) struct Sources(FxHashMap<String, SourceNo>);

impl Sources {
    /// Remembers a source of an export of this program; says whether the resource is one.
    pub(super) fn device(&mut self, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) -> bool {
        let Some(name) = identifier(json, "source") else {
            return false;
        };
        let class = extension(json, "class").get("valueCode").text();
        let text = |name: &str| {
            let text = extension(json, name).get("valueString").text();
            text.map(str::to_owned)
        };
        let device = text("device");
        let source = Source {
            class: class.and_then(class_named).unwrap_or(SourceClass::App),
            device: device.clone(),
            app_id: text("app"),
            ..Source::named(name)
        };
        let id = elements::id(json.get("id"));
        // The id is the spelling: two sources of one name and device may be of two apps.
        if let Some(no) = desk.intake.source(&id, source) {
            self.0.insert(id, no);
        }
        true
    }

    /// Who measured: a source that was described before, else the device's name.
    pub(super) fn of(&self, device: &Json<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<SourceNo> {
        let reference = device.get("reference").text().unwrap_or_default();
        let known = reference
            .strip_prefix("Device/")
            .and_then(|id| self.0.get(id));
        if let Some(no) = known {
            return Some(*no);
        }
        let name = device.get("display").text().unwrap_or_default();
        desk.source(name, SourceClass::App)
    }

    /// Reads a record back.
    pub(super) fn record(&mut self, spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
        let author = json.get("author").elements().first().unwrap_or(&Json::Null);
        let Some(source) = self.of(author, desk) else {
            return desk.refuse(spot, "author", None, NAMES_FULL);
        };
        let Some(document) = document(json) else {
            return desk.refuse(spot, "content/0/attachment/data", None, MALFORMED);
        };
        if let Err(why) = desk.intake.add_record(document.record(source)) {
            desk.refuse(spot, "context/period", None, why);
        }
    }
}

fn document(json: &Json<'_>) -> Option<Document> {
    let content = json.get("content").elements().first()?;
    let data = content.get("attachment").get("data").text()?;
    let bytes = STANDARD.decode(data).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether a document is a record of this program.
pub(super) fn is_record(json: &Json<'_>) -> bool {
    coded(json.get("type"), "record").is_some()
}

/// The metric or type that an export of this program names.
pub(super) fn what_of<'j>(code: &'j Json<'_>) -> Option<What<'j>> {
    if let Some(id) = coded(code, "metric") {
        return metric::by_id(id).map(What::Known);
    }
    coded(code, "type")?;
    code.get("text").text().map(What::Named)
}

/// The code of a category.
pub(super) fn category(concept: &Json<'_>) -> Option<f64> {
    coded(concept, "category")?.parse().ok()
}

/// Marks of an observation or of a component.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) uid: Option<Uid>,
    pub(super) flags: Flags,
    /// How long each value of a series lasts.
    pub(super) length_us: i64,
}

/// The marks that an export of this program prints; `None` for everything else.
pub(super) fn marks(part: &Json<'_>) -> Option<Marks> {
    what_of(part.get("code")).filter(|_| is_own(part.get("code")))?;
    let flags = elements::plain(extension(part, "flags").get("valueInteger"));
    let flags = flags
        .and_then(whole)
        .and_then(|bits| u16::try_from(bits).ok());
    let printed = extension(part, "uid").get("valueString").text();
    let length_ms = elements::plain(extension(part, "length-ms").get("valueDecimal"));
    Some(Marks {
        uid: printed.or_else(|| identifier(part, "uid")).and_then(uid),
        flags: flags.map_or(Flags::NONE, Flags::from_bits),
        length_us: length_ms
            .map_or(0, |ms| crate::track::after_seconds(0, ms / 1_000.0))
            .max(0),
    })
}

/// The offset that an export of this program prints, which is none beside `Z`; of other files what is said of them.
pub(super) fn offset(json: &Json<'_>, otherwise: Option<i16>) -> Option<i16> {
    let is_panel = json.get("component").elements().iter();
    let mut codes = is_panel
        .map(|part| part.get("code"))
        .chain([json.get("code")]);
    if !codes.any(is_own) {
        return otherwise;
    }
    let printed = elements::plain(extension(json, "offset-min").get("valueInteger"));
    if let Some(minutes) = printed.and_then(whole) {
        return i16::try_from(minutes).ok();
    }
    let period = json.get("effectivePeriod").get("start").text();
    let Some(text) = json.get("effectiveDateTime").text().or(period) else {
        return otherwise;
    };
    if text.ends_with('Z') {
        return None;
    }
    clock::parse(text.as_bytes()).map_or(otherwise, |moment| moment.offset)
}

fn is_own(code: &Json<'_>) -> bool {
    coded(code, "metric")
        .or_else(|| coded(code, "type"))
        .is_some()
}

/// The code of a concept in one of this program's systems.
fn coded<'j>(concept: &'j Json<'_>, name: &str) -> Option<&'j str> {
    let coding = concept.get("coding").elements().iter();
    let mut own = coding.filter(|coding| is_named(coding.get("system"), name));
    own.next()?.get("code").text()
}

fn identifier<'j>(json: &'j Json<'_>, name: &str) -> Option<&'j str> {
    let identifiers = json.get("identifier").elements().iter();
    let mut own = identifiers.filter(|one| is_named(one.get("system"), name));
    own.next()?.get("value").text()
}

fn extension<'j, 't>(json: &'j Json<'t>, name: &str) -> &'j Json<'t> {
    let extensions = json.get("extension").elements().iter();
    let mut own = extensions.filter(|one| is_named(one.get("url"), name));
    own.next().unwrap_or(&Json::Null)
}

fn is_named(system: &Json<'_>, name: &str) -> bool {
    let system = system.text().unwrap_or_default();
    system.strip_prefix(SYSTEM) == Some(name)
}
