//! The table that this program exports as a stream of Apache Arrow: a sample or a record on each row.
//!
//! Messages are read one at a time, each within a bound that is checked before it is allocated; a batch that does not
//! decode ends the reading with its byte. Tables of others have other columns and must never be guessed at.

mod frame;

use std::io::Read;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, PrimitiveArray, RecordBatch, StringArray};

use crate::batch::Position;
use crate::vendors::exported::{CUT, FOREIGN, INSTANTS, NUMBER, Row, TEXTS, WHOLES};
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
            let damage = match frames.next()? {
                Next::Batch(batch) => match Columns::of(&batch) {
                    Some(columns) => {
                        for at in 0..batch.num_rows() {
                            columns.row(at).hand_over(self.row, desk);
                            self.row += 1;
                        }
                        desk.flush_when_full()?;
                        continue;
                    }
                    None => FOREIGN,
                },
                Next::Foreign => FOREIGN,
                Next::Damaged => CUT,
                Next::End => return Ok(()),
            };
            desk.intake.damage(Position::Byte(frames.byte()), damage);
            return Ok(());
        }
    }
}

/// The columns of a batch.
struct Columns<'b> {
    texts: [&'b StringArray; TEXTS.len()],
    instants: [&'b PrimitiveArray<TimestampMicrosecondType>; INSTANTS.len()],
    wholes: [&'b PrimitiveArray<Int32Type>; WHOLES.len()],
    number: &'b PrimitiveArray<Float64Type>,
}

impl<'b> Columns<'b> {
    /// The batch, where its columns are of the kinds that are read.
    fn of(batch: &'b RecordBatch) -> Option<Self> {
        let texts = TEXTS.map(|name| batch.column_by_name(name)?.as_string_opt::<i32>());
        let instants = INSTANTS.map(|name| batch.column_by_name(name)?.as_primitive_opt());
        let wholes = WHOLES.map(|name| batch.column_by_name(name)?.as_primitive_opt());
        Some(Self {
            texts: all(texts)?,
            instants: all(instants)?,
            wholes: all(wholes)?,
            number: batch.column_by_name(NUMBER)?.as_primitive_opt()?,
        })
    }

    fn row(&self, at: usize) -> Row<'b> {
        Row {
            texts: self
                .texts
                .map(|column| column.is_valid(at).then(|| column.value(at))),
            instants: self.instants.map(|column| value(column, at)),
            wholes: self.wholes.map(|column| value(column, at)),
            number: value(self.number, at),
        }
    }
}

/// All of them, where none is missing.
fn all<T: Copy, const N: usize>(found: [Option<T>; N]) -> Option<[T; N]> {
    let first = found.first().copied().flatten()?;
    let mut every = [first; N];
    for (to, from) in every.iter_mut().zip(found) {
        *to = from?;
    }
    Some(every)
}

fn value<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, at: usize) -> Option<T::Native> {
    column.is_valid(at).then(|| column.value(at))
}
