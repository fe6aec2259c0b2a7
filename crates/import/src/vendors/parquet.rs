//! The table that this program exports as a file of Apache Parquet: a sample or a record on each row.
//!
//! Such a file says at its end where everything is, so it is held whole. What it states of itself (lengths of lists,
//! places of columns, sizes of pages) is held against its bytes before the library that decodes it allocates by it.
//! Tables of others have other columns and must never be guessed at.

mod columns;
mod sound;
mod thrift;

use std::io::Read;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::batch::Position;
use crate::budget::{self, Holding};
use crate::vendors::exported::{CUT, FOREIGN};
use crate::vendors::{Desk, Member, Reader, Vendor, VendorError};
use columns::{Columns, Places};

/// What a file begins and ends with.
pub(crate) const MAGIC: &[u8] = b"PAR1";

/// Bytes of a file. Ten dense years take about a hundred megabytes.
const FILE_BYTES_MAX: u64 = 1 << 30;

pub(crate) const VENDOR: Vendor = Vendor {
    name: "parquet",
    about: "The table that this program exports as a file of Apache Parquet",
    title: "Parquet",
    is_meant: |member| member.head.starts_with(MAGIC),
    open: || Box::new(Table::default()),
};

#[derive(Debug, Default)]
struct Table {
    row: u64,
}

/// Why the reading ends before the end.
enum End {
    /// The file is not what it says.
    Damaged,
    /// Something else than the file.
    Failed(VendorError),
}

impl From<ParquetError> for End {
    fn from(_: ParquetError) -> Self {
        Self::Damaged
    }
}

impl From<VendorError> for End {
    fn from(error: VendorError) -> Self {
        Self::Failed(error)
    }
}

impl Reader for Table {
    fn read(
        &mut self,
        _member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        desk.count_member("table");
        let (bytes, _holding) = budget::read_to_end(input, FILE_BYTES_MAX + 1, 1)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            let message = "rows: the file is longer than a gigabyte; export it as `arrow`";
            desk.intake.damage(Position::Byte(FILE_BYTES_MAX), message);
            return Ok(());
        }
        let began = self.row;
        match self.rows(&bytes.into(), desk) {
            Ok(()) => Ok(()),
            Err(End::Damaged) => {
                desk.intake.damage(Position::Index(self.row - began), CUT);
                Ok(())
            }
            Err(End::Failed(error)) => Err(error),
        }
    }
}

impl Table {
    fn rows(&mut self, bytes: &Bytes, desk: &mut Desk<'_, '_, '_>) -> Result<(), End> {
        if !sound::has_sound_end(bytes) {
            return Err(End::Damaged);
        }
        let file = SerializedFileReader::new(bytes.clone())?;
        let metadata = file.metadata();
        let Some(places) = Places::of(metadata.file_metadata().schema_descr()) else {
            desk.intake.damage(Position::Byte(0), FOREIGN);
            return Ok(());
        };
        for (at, group) in metadata.row_groups().iter().enumerate() {
            let mut holding = Holding::new();
            let held = sound::bytes_of_pages(bytes, group).ok_or(End::Damaged)?;
            holding
                .grow(held)
                .map_err(|full| End::Failed(std::io::Error::from(full).into()))?;
            let group = file.get_row_group(at)?;
            let mut columns = Columns::open(group.as_ref(), &places)?;
            while let Some(part) = columns.next()? {
                for row in part.rows() {
                    row?.hand_over(self.row, desk);
                    self.row += 1;
                }
                desk.flush_when_full()?;
            }
        }
        Ok(())
    }
}
