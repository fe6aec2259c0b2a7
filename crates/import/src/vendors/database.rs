//! Opens a SQLite database that a vendor hands out, packed in memory as it arrives.
//!
//! It must never write it to a disk: what is in it is health data in the clear.

use std::io::{self, Read};

use crate::batch::Position;
use crate::sqlite::Database;
use crate::sqlite::pages::Pages;
use crate::vendors::{Desk, VendorError};

/// Bytes of a database before it is packed.
const FILE_BYTES_MAX: u64 = 2 << 30;

/// The database, or nothing after its damage was noted.
pub(crate) fn open<'d>(
    input: &mut dyn Read,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<Option<Database<'d>>, VendorError> {
    let pages = match Pages::packed(input, FILE_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let message = format!("the database has more than {FILE_BYTES_MAX} bytes");
            desk.intake.damage(Position::Byte(FILE_BYTES_MAX), &message);
            return Ok(None);
        }
        other => other?,
    };
    let database = Database::open(pages);
    if database.is_none() {
        let message = "the SQLite header is damaged";
        desk.intake.damage(Position::Byte(0), message);
    }
    Ok(database)
}
