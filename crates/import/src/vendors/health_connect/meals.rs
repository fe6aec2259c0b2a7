//! Meals: a row with a column for each nutrient.

use crate::vendors::{Desk, VendorError};

use super::Book;
use super::tables::NUTRIENTS;

/// Sends the nutrients of every meal.
pub(super) fn read(book: &Book<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    book.rows("nutrition_record_table", desk, &mut |row, desk| {
        let Some(at) = row.interval(desk) else {
            return Ok(());
        };
        for column in NUTRIENTS {
            row.put(column, at, desk);
        }
        Ok(())
    })
}
