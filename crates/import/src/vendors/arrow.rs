//! The table that this program exports as a stream of Apache Arrow: a sample or a record on each row.
//!
//! Messages are read one at a time, each within a bound that is checked before it is allocated; a batch that does not
//! decode ends the reading with its byte. Tables of others have other columns and must never be guessed at.

mod frame;

use std::io::Read;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use model::metric;
use model::record::{Body, Record};
use model::sample::Flags;
use model::source::{Source, SourceClass, SourceNo};

use crate::batch::Position;
use crate::check::Refusal;
use crate::live::{self, MALFORMED, Measurement, NAMES_FULL, TYPE_MISSING, VALUE_MISSING};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::own::{class_named, uid};
use crate::vendors::{Desk, Member, Reader, Vendor, VendorError};
use frame::{Frames, Next};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "arrow",
    about: "The table that this program exports as a stream of Apache Arrow",
    title: "Arrow",
    is_meant: |member| {
        let names = ["source_class", "offset_min", "variant", "identity"];
        member.head.starts_with(&frame::CONTINUATION) && names.iter().all(|name| member.holds(name))
    },
    open: || Box::new(Table::default()),
};

const KIND: &str = "rows";

#[derive(Debug, Default)]
struct Table {
    row: u64,
}

impl Reader for Table {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member("table");
        let mut frames = Frames::new(input);
        loop {
            match frames.next()? {
                Next::Batch(batch) => {
                    let Some(columns) = Columns::of(&batch) else {
                        let message =
                            "rows: the columns are not those of an export of this program";
                        desk.intake.damage(Position::Byte(frames.byte()), message);
                        return Ok(());
                    };
                    for at in 0..batch.num_rows() {
                        let spot = Spot {
                            kind: KIND,
                            position: Position::Index(self.row),
                        };
                        self.row += 1;
                        if let Err((field, why)) = columns.row(at, desk) {
                            desk.refuse(spot, field, None, why);
                        }
                    }
                    desk.flush_when_full()?;
                }
                Next::End => return Ok(()),
                Next::Damaged => {
                    let message = "rows: the file is cut or damaged";
                    desk.intake.damage(Position::Byte(frames.byte()), message);
                    return Ok(());
                }
            }
        }
    }
}

type Refused = (&'static str, Refusal);

/// The columns of a batch.
struct Columns<'b>(&'b RecordBatch);

const TEXTS: [&str; 11] = [
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
    "document",
];

impl<'b> Columns<'b> {
    /// The batch, where its columns are of the kinds that are read.
    fn of(batch: &'b RecordBatch) -> Option<Self> {
        let column = |name: &str| batch.column_by_name(name);
        for name in TEXTS.into_iter().chain(["identity"]) {
            column(name)?.as_string_opt::<i32>()?;
        }
        for name in ["start", "end"] {
            column(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        }
        for name in ["offset_min", "variant"] {
            column(name)?.as_primitive_opt::<Int32Type>()?;
        }
        column("value")?.as_primitive_opt::<Float64Type>()?;
        Some(Self(batch))
    }

    fn text(&self, name: &str, at: usize) -> Option<&'b str> {
        let column = self.0.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(at).then(|| column.value(at))
    }

    fn whole(&self, name: &str, at: usize) -> Option<i32> {
        let column = self.0.column_by_name(name)?;
        let column = column.as_primitive_opt::<Int32Type>()?;
        column.is_valid(at).then(|| column.value(at))
    }

    fn instant(&self, name: &'static str, at: usize) -> Result<i64, Refused> {
        let column = self.0.column_by_name(name);
        let column =
            column.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let found = column.filter(|column| column.is_valid(at));
        found
            .map(|column| column.value(at))
            .ok_or((name, TIME_MISSING))
    }

    fn number(&self, name: &'static str, at: usize) -> Result<f64, Refused> {
        let column = self.0.column_by_name(name);
        let column = column.and_then(|column| column.as_primitive_opt::<Float64Type>());
        let found = column.filter(|column| column.is_valid(at));
        found
            .map(|column| column.value(at))
            .ok_or((name, VALUE_MISSING))
    }

    fn row(&self, at: usize, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
        match self.text("type", at) {
            None => Err(("type", TYPE_MISSING)),
            Some("sample") => self.sample(at, desk),
            Some("damaged") => {
                desk.leave(
                    "damaged samples",
                    "they could not be opened when they were exported",
                );
                Ok(())
            }
            Some(_) => self.record(at, desk),
        }
    }

    fn sample(&self, at: usize, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
        let name = self.text("metric", at).ok_or(("metric", TYPE_MISSING))?;
        let unit = self.text("unit", at).unwrap_or_default();
        let to = match metric::by_id(name) {
            Some(metric) => desk.intake.meaning_of(metric, unit),
            None => desk.intake.meaning(name, unit),
        };
        let variant = self.whole("variant", at).unwrap_or(0);
        let variant = u16::try_from(variant).ok().filter(|variant| *variant < 128);
        let variant = variant.ok_or(("variant", MALFORMED))?;
        let flags = Flags::named(self.text("flags", at).unwrap_or_default());
        let flags = flags.ok_or(("flags", MALFORMED))?;
        let what = Measurement {
            start_us: self.instant("start", at)?,
            end_us: self.instant("end", at)?,
            value: self.number("value", at)?,
            zone_offset_min: self
                .whole("offset_min", at)
                .and_then(|minutes| i16::try_from(minutes).ok()),
            source: self.source(at, desk)?,
            uid: self.text("uid", at).and_then(uid),
            flags: flags.with(Flags::from_bits(variant << 9)),
        };
        let to = to.ok_or(("metric", NAMES_FULL))?;
        desk.intake.add(to, what).map_err(|why| {
            let field = live::blamed(why, ["start", "end", "unit", "value"]);
            (field, why)
        })
    }

    fn record(&self, at: usize, desk: &mut Desk<'_, '_, '_>) -> Result<(), Refused> {
        let text = self.text("document", at).ok_or(("document", MALFORMED))?;
        let body: Body = serde_json::from_str(text).map_err(|_| ("document", MALFORMED))?;
        let record = Record {
            start_us: self.instant("start", at)?,
            end_us: self.instant("end", at)?,
            zone: self.text("zone", at).map(str::to_owned),
            source: self.source(at, desk)?,
            uid: self.text("uid", at).and_then(uid),
            identity: self.text("identity", at).unwrap_or_default().to_owned(),
            body,
        };
        desk.intake.add_record(record).map_err(|why| ("start", why))
    }

    fn source(&self, at: usize, desk: &mut Desk<'_, '_, '_>) -> Result<SourceNo, Refused> {
        let name = self.text("source", at).unwrap_or_default();
        let device = self.text("device", at);
        let spelling = device.unwrap_or_default();
        if let Some(no) = desk.intake.known_source(name, spelling) {
            return Ok(no);
        }
        let class = self.text("source_class", at).and_then(class_named);
        let source = Source {
            class: class.unwrap_or(SourceClass::App),
            device: device.map(str::to_owned),
            app_id: self.text("app_id", at).map(str::to_owned),
            ..Source::named(name)
        };
        let no = desk.intake.source(spelling, source);
        no.ok_or(("source", NAMES_FULL))
    }
}
