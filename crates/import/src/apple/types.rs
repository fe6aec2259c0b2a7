//! From the type and unit that a record prints to the metric and the conversion into its unit,
//! looked up once for each pair.

use model::metric::{Kind, Metric, MetricNo};
use model::unit::Conversion;
use rustc_hash::FxHashMap;

use crate::apple::text::decode;
use crate::batch::{Meaning, TypeName};
use crate::tables::{NAME_BYTES_MAX, Outbox, TYPES_MAX};

/// Bytes of a unit; the longest in use is `mmol<180.1558800000541>/L`.
const UNIT_BYTES_MAX: usize = 128;

/// What a pair of type and unit means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use {
    /// Index of the type in the reader's table.
    pub(crate) type_index: u32,
    /// How its value is read.
    pub(crate) reading: ValueReading,
}

/// How a value is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ValueReading {
    /// A number, converted.
    Quantity(&'static Metric, Conversion),
    /// The name of a category.
    Category(&'static Metric),
    /// A quantity in a unit that does not measure it.
    UnitUnknown,
    /// A number of a type that the catalogue does not know.
    UnknownQuantity,
    /// A category that the catalogue does not know.
    UnknownCategory,
}

/// Why a type cannot be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameRefused {
    TooLong,
    TooMany,
}

/// The table of types.
#[derive(Debug)]
pub(crate) struct Types {
    by_print: FxHashMap<Box<[u8]>, Use>,
    known: FxHashMap<MetricNo, u32>,
    last_type: Vec<u8>,
    last_unit: Vec<u8>,
    last: Option<Use>,
    key: Vec<u8>,
}

impl Types {
    pub(crate) fn new() -> Self {
        Self {
            by_print: FxHashMap::default(),
            known: FxHashMap::default(),
            last_type: Vec::new(),
            last_unit: Vec::new(),
            last: None,
            key: Vec::new(),
        }
    }

    /// What a type and unit mean. Records of one type stand together, so nearly every call compares
    /// with the last one and returns.
    #[inline]
    pub(crate) fn find(
        &mut self,
        type_name: &[u8],
        unit: &[u8],
        outbox: &mut Outbox<'_, '_>,
    ) -> Result<Use, NameRefused> {
        if let Some(last) = self.last
            && self.last_type == type_name
            && self.last_unit == unit
        {
            return Ok(last);
        }
        self.find_other(type_name, unit, outbox)
    }

    fn find_other(
        &mut self,
        type_name: &[u8],
        unit: &[u8],
        outbox: &mut Outbox<'_, '_>,
    ) -> Result<Use, NameRefused> {
        if type_name.len() > NAME_BYTES_MAX || unit.len() > UNIT_BYTES_MAX {
            return Err(NameRefused::TooLong);
        }
        self.key.clear();
        self.key.extend_from_slice(type_name);
        self.key.push(0);
        self.key.extend_from_slice(unit);
        let found = match self.by_print.get(self.key.as_slice()) {
            Some(found) => *found,
            None => self.name(type_name, unit, outbox)?,
        };
        self.last_type.clear();
        self.last_type.extend_from_slice(type_name);
        self.last_unit.clear();
        self.last_unit.extend_from_slice(unit);
        self.last = Some(found);
        Ok(found)
    }

    fn name(
        &mut self,
        type_name: &[u8],
        unit: &[u8],
        outbox: &mut Outbox<'_, '_>,
    ) -> Result<Use, NameRefused> {
        let (name, unit) = (decode(type_name).into_owned(), decode(unit));
        let used = match metric(&name) {
            Some(metric) => Use {
                type_index: self.known_index(metric, name, outbox)?,
                reading: reading(metric, &unit),
            },
            None => Use {
                reading: if name.starts_with("HKCategoryType") {
                    ValueReading::UnknownCategory
                } else {
                    ValueReading::UnknownQuantity
                },
                type_index: outbox
                    .new_type(TypeName {
                        name,
                        meaning: Meaning::Unknown {
                            unit: unit.into_owned(),
                        },
                    })
                    .ok_or(NameRefused::TooMany)?,
            },
        };
        if self.by_print.len() < TYPES_MAX {
            self.by_print.insert(self.key.as_slice().into(), used);
        }
        Ok(used)
    }

    fn known_index(
        &mut self,
        metric: &Metric,
        name: String,
        outbox: &mut Outbox<'_, '_>,
    ) -> Result<u32, NameRefused> {
        if let Some(index) = self.known.get(&metric.no) {
            return Ok(*index);
        }
        let meaning = Meaning::Known(metric.no);
        let index = outbox
            .new_type(TypeName { name, meaning })
            .ok_or(NameRefused::TooMany)?;
        self.known.insert(metric.no, index);
        Ok(index)
    }
}

fn reading(metric: &'static Metric, unit: &str) -> ValueReading {
    if metric.kind == Kind::Category {
        return ValueReading::Category(metric);
    }
    match metric.conversion(unit) {
        Ok(conversion) => ValueReading::Quantity(metric, conversion),
        Err(_) => ValueReading::UnitUnknown,
    }
}

/// The metric of a full HealthKit identifier.
pub(crate) fn metric(identifier: &str) -> Option<&'static Metric> {
    model::metric::by_name(identifier)
}
