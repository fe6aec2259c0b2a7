//! What every reader hands over: batches of samples and records, with the names they use.
//!
//! A reader interns types and sources once and refers to them by index; a batch brings the names
//! that are new since the batch before it, so that the receiver can keep the same tables.

use model::metric::MetricNo;
use model::record::Record;
use model::sample::{Sample, Uid, uid_of};
use model::source::Source;

/// Samples per batch: large enough that handing over costs nothing, small enough (a megabyte) that a
/// bounded channel of batches stays small.
pub const BATCH_SAMPLES: usize = 16_384;

/// Rejections that are kept with their text per import; all of them are counted.
pub const REJECTIONS_KEPT: usize = 1_000;

/// A step of a reader's output.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Types first seen in this batch, in the order of their index.
    pub new_types: Vec<TypeName>,
    /// Sources first seen in this batch, in the order of their index ([`Sample::source`]).
    pub new_sources: Vec<Source>,
    /// Samples, with the index of their type.
    pub samples: Vec<Incoming>,
    /// Records.
    pub records: Vec<Record>,
    /// Objects that the provider deleted.
    pub deletions: Vec<Deletion>,
    /// Series that the provider deleted.
    pub series: Vec<Series>,
    /// Stretches of time of which the sender says what it has.
    pub windows: Vec<Window>,
    /// Zones in which the person was seen.
    pub zones: Vec<ZoneSeen>,
    /// Records of the input that were refused.
    pub rejections: Vec<Rejection>,
    /// What the input says about itself.
    pub facts: Vec<Fact>,
    /// Bytes of input consumed so far (compressed bytes for an archive).
    pub bytes_read: u64,
}

/// A type name as the input prints it, and what it was found to be.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeName {
    /// The identifier in the input.
    pub name: String,
    /// The catalogue's metric, or the unit in which samples of an unknown type come.
    pub meaning: Meaning,
}

/// What a type name means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A metric of the catalogue; values are already converted into its unit.
    Known(MetricNo),
    /// Not in the catalogue: values are kept in the unit they came in.
    Unknown {
        /// The unit as printed; empty when none was.
        unit: String,
    },
}

/// A sample on its way in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incoming {
    /// Index of its type in the reader's table.
    pub type_index: u32,
    /// Whether the input printed it on its own or as the child of a correlation. A child is printed
    /// again on its own in nearly every export; it only counts when it was not.
    pub printed: Printed,
    /// The sample; its `source` is an index into the reader's table.
    pub sample: Sample,
}

/// Where the input printed a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// On its own.
    TopLevel,
    /// Inside a correlation.
    InCorrelation,
    /// As what some measurements of an interval came to.
    Bucket {
        /// How many measurements.
        count: u32,
        /// Whether they are all that the sender knows of, or those that it learnt of since it sent the interval last.
        is_whole: bool,
    },
}

/// An object that the provider deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// The object's id.
    pub uid: Uid,
    /// Its type, when told.
    pub metric: Option<MetricNo>,
}

/// A series that the provider deleted, whose measurements have ids of their own: each is the text before, the
/// millisecond since 1970 at which the measurement was made, and the text after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The metric of the measurements.
    pub metric: MetricNo,
    /// What is before the time.
    pub before: String,
    /// What is after it.
    pub after: &'static str,
}

impl Series {
    /// Whether a measurement is one of this series.
    pub fn has(&self, sample: &Sample) -> bool {
        let ms = sample.start_us.div_euclid(1_000);
        sample.uid == Some(uid_of(&format!("{}{ms}{}", self.before, self.after)))
    }
}

/// A stretch of time of which the sender brings every object of some metrics, in one input or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub start_us: i64,
    /// The first instant after it.
    pub end_us: i64,
    /// Which metrics; of others it says nothing.
    pub metrics: Vec<MetricNo>,
    /// Whether this input is the last of it: what came in none of them is gone.
    pub is_complete: bool,
}

/// The person was in this zone at this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneSeen {
    /// When.
    pub at_us: i64,
    /// IANA name or offset, already known to parse.
    pub zone: String,
    /// How it is known.
    pub evidence: ZoneEvidence,
}

/// How a zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneEvidence {
    /// The sample named its zone (`HKTimeZone`).
    Named,
    /// The sample's own offset from UTC; not the offset of a whole export, which says nothing.
    Offset,
}

/// What the input says about itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The input is a snapshot of everything the provider has, made at this time.
    Snapshot {
        /// When it was made.
        exported_us: i64,
        /// The one offset that all its dates are printed with.
        offset_min: Option<i16>,
    },
    /// The sender made the input at this time, and writes an object that it deleted before again under its id.
    Told {
        /// When.
        at_us: i64,
        /// The sender's own number of the input, where it counts them.
        sequence: Option<u64>,
    },
    /// The input is damaged here; what came before was read.
    Damage {
        /// Where.
        position: Position,
        /// What, without any value of the input.
        message: String,
    },
    /// More places could not be read than are told one by one.
    MoreRejected {
        /// How many.
        count: u64,
    },
    /// The input is the recording of a worn device.
    Recorded(Recorder),
    /// Records of a name that no metric has; they are kept as they came.
    Unnamed {
        /// The name, as the input prints it.
        name: String,
    },
    /// What was found out while reading: how a clock was taken, how many files of a kind there were.
    Noted {
        /// What it is about; never a path of the input.
        place: String,
        /// What was found, without any value of the input.
        message: String,
    },
    /// A part was left out on purpose (a duplicate document, an unrelated file).
    Skipped {
        /// Its name inside the input.
        name: String,
        /// Why.
        reason: &'static str,
    },
}

/// A worn device, and how its clock was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorder {
    /// Name of the format.
    pub format: &'static str,
    /// Model.
    pub device: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware, or the program that wrote the file.
    pub firmware: Option<String>,
    /// Where it was worn.
    pub worn_at: Option<String>,
    /// Seconds east of UTC that the device's clock was taken to show.
    pub clock_offset_s: i64,
    /// Who said so.
    pub clock_told_by: ClockTold,
}

/// Who said what a device's clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockTold {
    /// The file states its offset from UTC.
    File,
    /// The zone in which the person was when the recording began.
    #[default]
    Person,
}

/// A place in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Byte offset in the (decompressed) document.
    Byte(u64),
    /// Index of the record in the array it came in.
    Index(u64),
    /// Line of a text file, from 1.
    Line(u64),
}

/// A refused record.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Index of its type in the reader's table, when it got that far.
    pub type_index: Option<u32>,
    /// Why, for programs.
    pub code: RejectCode,
    /// Which field, as a JSON pointer or attribute name; empty for the record as a whole.
    pub field: String,
    /// Where.
    pub position: Position,
    /// Why and what to do, for people; never a value of the input.
    pub message: String,
}

/// Why a record was refused. The text form is part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectCode {
    /// The end is before the start.
    IntervalNegative,
    /// The start is before 1990.
    TimeTooEarly,
    /// The end is more than a day ahead of now.
    TimeInFuture,
    /// A time is missing or cannot be read.
    TimeInvalid,
    /// The value is missing or empty.
    ValueMissing,
    /// The value is not a finite number or not a known category.
    ValueInvalid,
    /// The value is outside what is physically possible.
    ValueOutOfRange,
    /// The unit does not measure this type.
    UnitUnknown,
    /// The type is missing.
    TypeMissing,
    /// The record is not of the expected form.
    Malformed,
    /// Two records of one request carry the same id.
    IdRepeated,
    /// The block does not fit the metric type it came with.
    BlockMismatch,
    /// A text is longer than allowed.
    TextTooLong,
}

impl RejectCode {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::IntervalNegative,
        Self::TimeTooEarly,
        Self::TimeInFuture,
        Self::TimeInvalid,
        Self::ValueMissing,
        Self::ValueInvalid,
        Self::ValueOutOfRange,
        Self::UnitUnknown,
        Self::TypeMissing,
        Self::Malformed,
        Self::IdRepeated,
        Self::BlockMismatch,
        Self::TextTooLong,
    ];

    /// The code as the API prints it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntervalNegative => "interval_negative",
            Self::TimeTooEarly => "time_too_early",
            Self::TimeInFuture => "time_in_future",
            Self::TimeInvalid => "time_invalid",
            Self::ValueMissing => "value_missing",
            Self::ValueInvalid => "value_invalid",
            Self::ValueOutOfRange => "value_out_of_range",
            Self::UnitUnknown => "unit_unknown",
            Self::TypeMissing => "type_missing",
            Self::Malformed => "malformed",
            Self::IdRepeated => "id_repeated",
            Self::BlockMismatch => "block_mismatch",
            Self::TextTooLong => "text_too_long",
        }
    }
}

/// The receiver of a reader's batches. Returning `Break` stops the reader.
pub type Sink<'a> = dyn FnMut(Batch) -> std::ops::ControlFlow<()> + 'a;
