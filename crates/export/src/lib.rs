//! The back door: samples and records in, the formats of others out. One file per format.
//!
//! It is the mirror of `import`: what it writes can be read back there, as far as the format can hold it, and what
//! a format cannot hold is counted. Equal content gives equal bytes. It must never know a person, a database or a
//! network, and never hold more than one slab of what is written.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use model::metric::Metric;
use model::record::Record;
use model::sample::Sample;
use model::source::Source;

pub mod daily;
mod fhir;
mod open_mhealth;
pub mod table;
mod text;

pub use text::{cells, instant};

/// A format that others define.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// FHIR R4, one Bundle.
    FhirBundle,
    /// FHIR R4, one resource on each line.
    FhirLines,
    /// Data points of Open mHealth and IEEE 1752.1, one on each line.
    OpenMhealth,
    /// One table, as a stream of Apache Arrow.
    Arrow,
    /// One table, as a file of Apache Parquet.
    Parquet,
}

/// What a series measures.
#[derive(Debug, Clone, Copy)]
pub struct Topic<'a> {
    /// Id of the metric, or the name of a type that the catalogue does not know.
    pub id: &'a str,
    /// UCUM unit, or the unit text of an unknown type.
    pub unit: &'a str,
    /// Its row of the catalogue.
    pub metric: Option<&'static Metric>,
}

/// A sample and who measured it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The sample.
    pub sample: &'a Sample,
    /// Its source.
    pub source: &'a Source,
}

/// Samples that are stored and cannot be opened.
#[derive(Debug, Clone, Copy)]
pub struct Damage<'a> {
    /// Metric id.
    pub metric: &'a str,
    /// The UTC day on which the first one starts.
    pub first_day: &'a str,
    /// The last UTC day on which one ends.
    pub last_day: &'a str,
    /// How many there were.
    pub samples: u64,
}

/// What was written, and what the format could not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Samples written.
    pub samples: u64,
    /// Records written.
    pub records: u64,
    /// Samples by metric and records by kind that the format has no place for.
    pub left_out: BTreeMap<String, u64>,
}

impl Report {
    fn leave_out(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.left_out.entry(what.to_owned()).or_default() += count;
        }
    }

    /// Everything that was left out.
    pub fn left_out_total(&self) -> u64 {
        self.left_out.values().sum()
    }
}

/// Writes one export, part by part.
#[derive(Debug)]
pub struct Writer {
    shape: Shape,
    report: Report,
    out: Vec<u8>,
}

#[derive(Debug)]
enum Shape {
    Fhir(fhir::Fhir),
    OpenMhealth(open_mhealth::OpenMhealth),
    Table(Box<table::Table>),
}

impl Writer {
    /// Begins an export.
    pub fn new(format: Format) -> Self {
        let mut out = Vec::new();
        let shape = match format {
            Format::FhirBundle => Shape::Fhir(fhir::Fhir::bundle(&mut out)),
            Format::FhirLines => Shape::Fhir(fhir::Fhir::lines(&mut out)),
            Format::OpenMhealth => Shape::OpenMhealth(open_mhealth::OpenMhealth::default()),
            Format::Arrow => Shape::Table(Box::new(table::Table::arrow())),
            Format::Parquet => Shape::Table(Box::new(table::Table::parquet())),
        };
        Self {
            shape,
            report: Report::default(),
            out,
        }
    }

    /// Writes samples of one metric, in the order of time.
    pub fn samples(&mut self, topic: &Topic<'_>, rows: &[Row<'_>]) {
        let (out, report) = (&mut self.out, &mut self.report);
        match &mut self.shape {
            Shape::Fhir(fhir) => {
                fhir.samples(out, topic, rows);
                report.samples += rows.len() as u64;
            }
            Shape::OpenMhealth(points) => points.samples(out, topic, rows, report),
            Shape::Table(table) => {
                table.samples(out, topic, rows);
                report.samples += rows.len() as u64;
            }
        }
    }

    /// Writes both values of blood pressures over one stretch of time, each in the order of time: those of one
    /// measurement belong together.
    pub fn pressures(
        &mut self,
        systolic: (&Topic<'_>, &[Row<'_>]),
        diastolic: (&Topic<'_>, &[Row<'_>]),
    ) {
        let (pairs, high, low) = paired(systolic.1, diastolic.1);
        let (out, report) = (&mut self.out, &mut self.report);
        match &mut self.shape {
            Shape::Fhir(fhir) => {
                fhir.pressures(out, &pairs);
                report.samples += 2 * pairs.len() as u64;
            }
            Shape::OpenMhealth(points) => points.pressures(out, &pairs, report),
            // A row holds one value.
            Shape::Table(_) => {
                self.samples(systolic.0, systolic.1);
                self.samples(diastolic.0, diastolic.1);
                return;
            }
        }
        self.samples(systolic.0, &high);
        self.samples(diastolic.0, &low);
    }

    /// Writes a record.
    pub fn record(&mut self, record: &Record, source: &Source) {
        let (out, report) = (&mut self.out, &mut self.report);
        match &mut self.shape {
            Shape::Fhir(fhir) => {
                fhir.record(out, record, source);
                report.records += 1;
            }
            Shape::OpenMhealth(points) => points.record(out, record, source, report),
            Shape::Table(table) => {
                table.record(out, record, source);
                report.records += 1;
            }
        }
    }

    /// Ends the export, with what is missing of it.
    pub fn end(&mut self, damaged: &[Damage<'_>]) {
        match &mut self.shape {
            Shape::Fhir(fhir) => fhir.end(&mut self.out, damaged),
            Shape::OpenMhealth(points) => points.end(&mut self.out, damaged, &self.report),
            Shape::Table(table) => table.end(&mut self.out, damaged),
        }
    }

    /// The bytes since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// What was written so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }
}

/// Two values of one measurement.
type Pair<'a> = (Row<'a>, Row<'a>);

/// Joins rows of the same interval, source and offset; what has no partner stays alone.
fn paired<'a>(
    first: &[Row<'a>],
    second: &[Row<'a>],
) -> (Vec<Pair<'a>>, Vec<Row<'a>>, Vec<Row<'a>>) {
    let place = |row: &Row<'a>| {
        let sample = row.sample;
        let at = (sample.start_us, sample.end_us);
        (at, sample.source, sample.zone_offset_min)
    };
    let mut partners: BTreeMap<_, Vec<Row<'a>>> = BTreeMap::new();
    for row in second.iter().rev() {
        partners.entry(place(row)).or_default().push(*row);
    }
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for row in first {
        match partners.get_mut(&place(row)).and_then(Vec::pop) {
            Some(partner) => pairs.push((*row, partner)),
            None => alone.push(*row),
        }
    }
    // The others in their order: of equal places, those that were not taken are the last ones.
    let mut left = Vec::new();
    for row in second {
        let waiting = partners.get_mut(&place(row));
        if let Some(next) = waiting.and_then(Vec::pop) {
            left.push(next);
        }
    }
    (pairs, alone, left)
}

#[cfg(test)]
mod tests {
    use model::sample::Flags;
    use model::source::SourceNo;

    use super::*;

    fn sample(start_us: i64, value: f64) -> Sample {
        Sample {
            start_us,
            end_us: start_us,
            value,
            zone_offset_min: None,
            source: SourceNo(0),
            uid: None,
            flags: Flags::NONE,
        }
    }

    #[test]
    fn values_of_one_measurement_are_joined_and_none_is_lost() {
        let source = Source::named("Cuff");
        let high: Vec<Sample> = [1, 2, 2].map(|at| sample(at, 120.0)).to_vec();
        let low: Vec<Sample> = [2, 3, 3].map(|at| sample(at, 80.0)).to_vec();
        let row = |sample| Row {
            sample,
            source: &source,
        };
        let high: Vec<Row<'_>> = high.iter().map(row).collect();
        let low: Vec<Row<'_>> = low.iter().map(row).collect();
        let (pairs, high_left, low_left) = paired(&high, &low);
        let starts =
            |rows: &[Row<'_>]| -> Vec<i64> { rows.iter().map(|row| row.sample.start_us).collect() };
        assert_eq!(pairs.len(), 1);
        assert_eq!(
            (starts(&high_left), starts(&low_left)),
            (vec![1, 2], vec![3, 3])
        );
    }
}
