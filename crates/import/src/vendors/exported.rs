//! A row of the table that this program exports, whatever file holds it: a sample, a record, or samples that could not be
//! opened when they were exported. It must never guess at tables of others.

use model::metric;
use model::record::{Body, Record};
use model::sample::Flags;
use model::source::{Source, SourceClass, SourceNo};

use crate::batch::Position;
use crate::check::Refusal;
use crate::live::{self, MALFORMED, Measurement, NAMES_FULL, TYPE_MISSING, VALUE_MISSING};
use crate::vendors::Desk;
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::own::{class_named, uid};

const KIND: &str = "rows";

/// Said of a table that has other columns.
pub(super) const FOREIGN: &str = "rows: the columns are not those of an export of this program";

/// Said of a file that does not go on as it should.
pub(super) const CUT: &str = "rows: the file is cut or damaged";

/// The columns of texts.
pub(super) const TEXTS: [&str; 12] = [
    "type",
    "metric",
    "unit",
    "source",
    "source_class",
    "device",
    "app_id",
    "flags",
    "uid",
    "zone",
    "identity",
    "document",
];
/// The columns of instants, in microseconds since 1970.
pub(super) const INSTANTS: [&str; 2] = ["start", "end"];
/// The columns of whole numbers.
pub(super) const WHOLES: [&str; 2] = ["offset_min", "variant"];
/// The column of numbers.
pub(super) const NUMBER: &str = "value";

/// A row; the names are those of the columns, missing is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row<'r> {
    /// In the order of [`TEXTS`].
    pub(super) texts: [Option<&'r str>; TEXTS.len()],
    /// In the order of [`INSTANTS`].
    pub(super) instants: [Option<i64>; INSTANTS.len()],
    /// In the order of [`WHOLES`].
    pub(super) wholes: [Option<i32>; WHOLES.len()],
    /// The [`NUMBER`].
    pub(super) number: Option<f64>,
}

type Refused = (&'static str, Refusal);

impl Row<'_> {
    /// Hands the row over; one that cannot be taken is counted with its place.
    pub(super) fn hand_over(&self, index: u64, desk: &mut Desk<'_, '_, '_>) {
        let spot = Spot {
            kind: KIND,
            position: Position::Index(index),
        };
        if let Err((field, why)) = self.read(desk) {
            desk.refuse(spot, field, None, why);
        }
    }

    fn read(&self, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
        let [kind, ..] = self.texts;
        match kind {
            None => Err(("type", TYPE_MISSING)),
            Some("sample") => self.sample(desk),
            Some("damaged") => {
                desk.leave(
                    "damaged samples",
                    "they could not be opened when they were exported",
                );
                Ok(())
            }
            Some(_) => self.record(desk),
        }
    }

    fn interval(&self) -> Result<(i64, i64), Refused> {
        let [start, end] = self.instants;
        let start_us = start.ok_or(("start", TIME_MISSING))?;
        Ok((start_us, end.ok_or(("end", TIME_MISSING))?))
    }

    fn sample(&self, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
        let [_, metric, unit, _, _, _, _, flags, id, ..] = self.texts;
        let [offset_min, variant] = self.wholes;
        let name = metric.ok_or(("metric", TYPE_MISSING))?;
        let unit = unit.unwrap_or_default();
        let to = match metric::by_id(name) {
            Some(metric) => desk.intake.meaning_of(metric, unit),
            None => desk.intake.meaning(name, unit),
        };
        let variant = u16::try_from(variant.unwrap_or(0)).ok();
        let variant = variant.filter(|variant| *variant < 128);
        let variant = variant.ok_or(("variant", MALFORMED))?;
        let flags = Flags::named(flags.unwrap_or_default());
        let flags = flags.ok_or(("flags", MALFORMED))?;
        let (start_us, end_us) = self.interval()?;
        let what = Measurement {
            start_us,
            end_us,
            value: self.number.ok_or((NUMBER, VALUE_MISSING))?,
            zone_offset_min: offset_min.and_then(|minutes| i16::try_from(minutes).ok()),
            source: self.source(desk)?,
            uid: id.and_then(uid),
            flags: flags.with(Flags::from_bits(variant << 9)),
        };
        let to = to.ok_or(("metric", NAMES_FULL))?;
        desk.intake.add(to, what).map_err(|why| {
            let field = live::blamed(why, ["start", "end", "unit", "value"]);
            (field, why)
        })
    }

    fn record(&self, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
        let [.., id, zone, identity, document] = self.texts;
        let text = document.ok_or(("document", MALFORMED))?;
        let body: Body = serde_json::from_str(text).map_err(|_| ("document", MALFORMED))?;
        let (start_us, end_us) = self.interval()?;
        let record = Record {
            start_us,
            end_us,
            zone: zone.map(str::to_owned),
            source: self.source(desk)?,
            uid: id.and_then(uid),
            identity: identity.unwrap_or_default().to_owned(),
            body,
        };
        desk.intake.add_record(record).map_err(|why| ("start", why))
    }

    fn source(&self, desk: &mut Desk<'_, '_, '_>) -> Result<SourceNo, Refused> {
        let [_, _, _, name, class, device, app_id, ..] = self.texts;
        let name = name.unwrap_or_default();
        let spelling = device.unwrap_or_default();
        if let Some(no) = desk.intake.known_source(name, spelling) {
            return Ok(no);
        }
        let source = Source {
            class: class.and_then(class_named).unwrap_or(SourceClass::App),
            device: device.map(str::to_owned),
            app_id: app_id.map(str::to_owned),
            ..Source::named(name)
        };
        let no = desk.intake.source(spelling, source);
        no.ok_or(("source", NAMES_FULL))
    }
}
