//! What a worn device recorded: epochs of counts and light, or raw acceleration in blocks.
//!
//! One file per format beneath this one. Times are *local civil seconds*: seconds since
//! 1970-01-01T00:00 of the clock that the device carried, as if every day had 86,400 of them; the
//! devices know no zone. Readers of epochs hand a [`Recording`] over; readers of raw acceleration hand
//! [`Block`]s over while they read. A reader must never keep raw acceleration, guess a value that the
//! file does not hold, or hand over the name, sex or birth date of the wearer.

mod actical;
mod actigraph_csv;
mod agd;
mod awd;
mod bba;
pub mod columns;
mod condor;
mod cwa;
mod daqtometer;
mod declared;
mod depresjon;
pub mod error;
pub mod front;
mod geneactiv;
mod grid;
mod gt3x;
mod health_band;
mod lines;
mod magnitude;
mod motionware;
mod motionwatch;
mod nhanes;
mod nsrr;
mod numbers;
mod onward;
pub mod options;
mod packed;
mod people;
mod plausible;
mod raw_csv;
mod rpx;
mod sheet;
mod source;
mod stamp;
pub mod stamps;
mod table;
mod tempatilumi;

use std::ops::ControlFlow;

/// What the device says about itself; never about its wearer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// Name of the format, as in the list of formats.
    pub format: &'static str,
    /// Model of the device.
    pub device: Option<String>,
    /// Serial number of the device.
    pub serial: Option<String>,
    /// Version of the device's firmware or of the program that wrote the file.
    pub firmware: Option<String>,
    /// Where the device was worn, in the file's words.
    pub worn_at: Option<String>,
    /// The fixed offset from UTC that the file states, in seconds.
    pub utc_offset_s: Option<i32>,
    /// True where the file gives days without dates: the first stands at a date of its weekday
    /// (a Sunday where not even that is known) in January 2000.
    pub has_invented_dates: bool,
}

/// What a channel measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Activity in the device's own counts (or its named alternative, as PIM, TAT, ZCM).
    Activity,
    /// White or total light in lux.
    Light,
    /// A band of light, in the device's unit.
    LightBand,
    /// Temperature in degrees Celsius.
    Temperature,
    /// Steps per epoch.
    Steps,
    /// Beats per minute.
    HeartRate,
    /// Sleep and wake as the device or its program scored them; the channel's name says which is 1.
    DeviceScore,
    /// Presses of the event button.
    Event,
    /// Off-wrist detection or wear sensor of the device.
    WearSensor,
    /// Anything else that the file has a column for.
    Other,
}

/// One column of a recording: a regular series.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// The device's name for it, in lower snake case (`"activity"`, `"pim"`, `"light_red"`).
    pub name: String,
    /// What it measures.
    pub quantity: Quantity,
    /// Its unit in UCUM, `"{count}"` for counts.
    pub unit: &'static str,
    /// Local civil second at which the first epoch begins.
    pub start_s: i64,
    /// Length of an epoch in seconds.
    pub epoch_s: u32,
    /// One value for each epoch; NaN where the file has none.
    pub values: Vec<f64>,
}

/// A place in the file that could not be read; what surrounds it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Stable name of the kind of damage (`"checksum"`, `"truncated"`, `"malformed_line"`).
    pub code: &'static str,
    /// Byte (binary formats) at which it begins.
    pub byte: u64,
    /// Line (text formats), counted from 1.
    pub line: Option<u64>,
    /// What was wrong, without the values of the file.
    pub message: String,
}

/// Damages kept with their positions; more than these are only counted.
pub const DAMAGES_MAX: usize = 100;

/// The damages of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damages {
    /// The first [`DAMAGES_MAX`] of them.
    pub first: Vec<Damage>,
    /// How many there are in all.
    pub count: u64,
    /// How many of them lost something of the file; the others say what was done to keep it.
    pub lost: u64,
}

/// Damages that lose nothing: rows that were sorted, values that stand for missing ones, dates of open order.
const NOTES: [&str; 4] = [
    "ambiguous_date",
    "negative_value",
    "not_a_value",
    "out_of_order",
];

impl Damage {
    /// Whether something of the file is lost with it.
    pub fn is_loss(&self) -> bool {
        !NOTES.contains(&self.code)
    }
}

impl Damages {
    /// Counts one damage and keeps it when there is room.
    pub fn push(&mut self, damage: Damage) {
        self.count += 1;
        self.lost += u64::from(damage.is_loss());
        if self.first.len() < DAMAGES_MAX {
            self.first.push(damage);
        }
    }

    /// These damages and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        let room = DAMAGES_MAX.saturating_sub(self.first.len());
        self.first.extend(others.first.into_iter().take(room));
        self.count += others.count;
        self.lost += others.lost;
        self
    }
}

/// A recording of epochs, whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// What the device says about itself.
    pub header: Header,
    /// The columns, the main activity first.
    pub channels: Vec<Channel>,
    /// What could not be read.
    pub damages: Damages,
}

impl Recording {
    /// The first channel of a quantity.
    pub fn first(&self, quantity: Quantity) -> Option<&Channel> {
        self.channels
            .iter()
            .find(|channel| channel.quantity == quantity)
    }
}

/// Consecutive samples of raw acceleration at a constant rate.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Local civil microsecond of the first sample.
    pub start_us: i64,
    /// Samples per second within the block.
    pub rate_hz: f64,
    /// Acceleration along the three axes in g.
    pub samples_g: &'a [[f32; 3]],
    /// Temperature in degrees Celsius, where the device measures it.
    pub temperature_cel: Option<f32>,
    /// Light in the device's unit, where it measures it.
    pub light: Option<f32>,
}

/// Who takes the blocks of a raw recording; `Break` ends the reading.
pub type Blocks<'a> = dyn FnMut(&Block<'_>) -> ControlFlow<()> + 'a;

/// What is known of a raw recording once it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Raw {
    /// What the device says about itself.
    pub header: Header,
    /// Samples per second that the device was set to.
    pub rate_hz: f64,
    /// Samples handed over.
    pub samples: u64,
    /// What could not be read.
    pub damages: Damages,
}

/// What a file turned out to hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Epochs, handed over whole.
    Epochs(Recording),
    /// Raw acceleration, handed over in blocks while it was read.
    Raw(Raw),
    /// Epochs of several people in one file.
    Several {
        /// The column that tells them apart.
        column: String,
        /// The people, in the order in which they came.
        members: Vec<Member>,
    },
}

/// One of the people of a file that holds several.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The file's own pseudonym for them, as the sequence number of a survey.
    pub number: String,
    /// What their device recorded.
    pub recording: Recording,
}
