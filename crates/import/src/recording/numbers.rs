//! What the commas and points in the numbers of a column are: decimal signs, or signs between thousands.
//!
//! A cell such as `1,234` does not say it; the other cells of its column do, and it may stand before them. So
//! such cells are read with decimals first, and put right when the whole column is known. Without a cell that
//! tells, commas group thousands where the other numbers are whole and below a thousand, as counts are. It must
//! never look at what the column measures.

use super::table::{Cell, is_missing};
use crate::number::{self, NotNumber, Number, Signs};

/// Characters of a number; longer ones are none.
const CHARS_MAX: usize = 64;

/// The whole numbers of a column without a comma or point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// All are below a thousand.
    Small,
    /// One is not.
    Large,
}

/// What the cells of one column said so far.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Rows whose cell has one comma before three digits.
    commas: Vec<u32>,
    /// Rows whose cell has one point before three digits.
    points: Vec<u32>,
    has_decimal_comma: bool,
    has_decimal_point: bool,
    whole: Option<Whole>,
}

impl Marks {
    /// Reads a cell of a row.
    pub(crate) fn read(&mut self, text: &str, row: usize) -> Cell {
        let text = text.trim();
        if let Some(value) = finite(text) {
            self.see_plain(text, value, row);
            return Cell::Value(value);
        }
        if is_missing(text) {
            return Cell::Missing;
        }
        if text.len() > CHARS_MAX {
            return Cell::Bad;
        }
        match number::read(text, Signs::Unknown) {
            Ok(Number { value, unit: "" }) if value.is_finite() => {
                match number::evidence(text) {
                    Some(Signs::Comma) => self.has_decimal_comma = true,
                    Some(Signs::Point) => self.has_decimal_point = true,
                    Some(Signs::Unknown | Signs::LikelyComma) | None => {}
                }
                Cell::Value(value)
            }
            Err(NotNumber::Ambiguous) => match number::read(text, Signs::Comma) {
                Ok(Number { value, unit: "" }) => {
                    if !self.has_decimal_comma {
                        self.commas.extend(u32::try_from(row));
                    }
                    Cell::Value(value)
                }
                _ => Cell::Bad,
            },
            _ => Cell::Bad,
        }
    }

    /// A number as programs print it.
    fn see_plain(&mut self, text: &str, value: f64, row: usize) {
        let Some((whole, behind)) = text.split_once('.') else {
            let is_small = value.abs() < 1_000.0;
            if !is_small {
                self.whole = Some(Whole::Large);
            } else if self.whole.is_none() {
                self.whole = Some(Whole::Small);
            }
            return;
        };
        if self.has_decimal_point {
            return;
        }
        let whole = whole.trim_start_matches(['-', '+']);
        let may_group = (1..=3).contains(&whole.len())
            && !whole.starts_with('0')
            && behind.len() == 3
            && behind.bytes().all(|byte| byte.is_ascii_digit());
        if may_group {
            self.points.extend(u32::try_from(row));
        } else {
            self.has_decimal_point = true;
            self.points = Vec::new();
        }
    }

    /// Puts the numbers of a column right, a value for each row.
    pub(crate) fn settle(&self, values: &mut [f64]) {
        let is_whole = self.whole == Some(Whole::Small);
        let commas_group = !self.has_decimal_comma && (self.has_decimal_point || is_whole);
        let points_group = !self.has_decimal_point && self.has_decimal_comma;
        let commas = self.commas.iter().filter(|_| commas_group);
        let points = self.points.iter().filter(|_| points_group);
        for row in commas.chain(points) {
            if let Some(value) = values.get_mut(*row as usize) {
                *value = (*value * 1_000.0).round();
            }
        }
    }
}

/// A finite number as programs print it.
pub(crate) fn finite(text: &str) -> Option<f64> {
    let value: f64 = fast_float2::parse(text).ok()?;
    value.is_finite().then_some(value)
}
