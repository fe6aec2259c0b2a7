//! ActiGraph AGD: the epochs that `ActiLife` computed, in an SQLite file with the tables `settings` and
//! `data`.
//!
//! Times are .NET ticks of the local clock. The first channel is the vector magnitude of the three axes
//! where there are three, because the actigraphy tools take it as the activity; the axes follow
//! unchanged, so scorers made for the vertical axis find it as `axis1`. Missing epochs and nulls are NaN.
//! The reader must never look at the settings that describe the wearer.

use std::io::{self, Read};

use super::error::{Error, Place};
use super::options::Options;
use super::source::Fault;
use super::stamp::ticks_second;
use super::{Channel, Damages, Header, Quantity, Recording, magnitude};
use crate::budget::Holding;
use crate::sqlite::pages::Pages;
use crate::sqlite::{self, Database, Table, Value};

/// Name of the format.
pub(crate) const NAME: &str = "agd";

/// Bytes of a file, which is held whole: an epoch takes some 55 with its index, so two weeks of seconds
/// fit, or two years of minutes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Length of an epoch that a file may state: `ActiLife` offers up to four minutes.
const EPOCHS_S: std::ops::RangeInclusive<u32> = 1..=3_600;

const ORDER: Fault = Fault {
    code: "time",
    why: "the epoch is not later than the one before it, or too much later",
};
const NO_TIME: Fault = Fault {
    code: "time",
    why: "the epoch has no time",
};

/// What is wrong with the file as a database.
fn of_file(fault: sqlite::Fault) -> Fault {
    match fault {
        sqlite::Fault::Page => Fault {
            code: "page",
            why: "the page is no page of a table",
        },
        sqlite::Fault::Row => Fault {
            code: "row",
            why: "the row cannot be read",
        },
    }
}

/// Whether a file begins like this format.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    head.starts_with(sqlite::MAGIC)
}

/// Reads a whole file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut bytes = Vec::new();
    match input.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error.into()),
        _ => {}
    }
    let mut holding = Holding::new();
    holding.grow(bytes.len())?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "bytes",
            limit: FILE_BYTES_MAX,
        });
    }
    let database = Database::open(Pages::plain(&bytes))
        .ok_or_else(|| malformed("the SQLite header is damaged"))?;
    let mut damages = Damages::default();
    let settings = settings(&database, &mut damages);
    let epoch_s = options.epoch_s.or(settings.epoch_s).ok_or_else(|| {
        malformed("the setting epochlength is missing; state the length of an epoch")
    })?;
    let table = table(&database, "data", &mut damages)
        .ok_or_else(|| malformed("the table data is missing; save the file again with ActiLife"))?;
    let mut series = Series::new(&table, epoch_s)
        .ok_or_else(|| malformed("the table data has no column dataTimestamp or no other"))?;
    let mut row_damages = Damages::default();
    database.rows(
        &table,
        &mut |fault, byte| damages.push(of_file(fault).at(byte)),
        &mut |byte, values| {
            if let Err(fault) = series.take(values) {
                row_damages.push(fault.at(byte));
            }
        },
    );
    add(&mut damages, row_damages);
    if let Some(full) = series.full {
        return Err(full);
    }
    let channels = series.channels();
    if channels.is_empty() {
        return Err(Error::Empty { format: NAME });
    }
    Ok(Recording {
        header: settings.header,
        channels,
        damages,
    })
}

fn malformed(message: &str) -> Error {
    Error::Malformed {
        format: NAME,
        place: Place::Byte(0),
        message: message.to_owned(),
    }
}

fn table(database: &Database<'_>, name: &str, damages: &mut Damages) -> Option<Table> {
    database.table(name, &mut |fault, byte| {
        damages.push(of_file(fault).at(byte));
    })
}

fn add(damages: &mut Damages, more: Damages) {
    let kept = more.first.len() as u64;
    for damage in more.first {
        damages.push(damage);
    }
    damages.count += more.count - kept;
}

/// What the settings say about the device.
#[derive(Debug, Default)]
struct Settings {
    header: Header,
    epoch_s: Option<u32>,
}

fn settings(database: &Database<'_>, damages: &mut Damages) -> Settings {
    let mut settings = Settings {
        header: Header {
            format: NAME,
            ..Header::default()
        },
        epoch_s: None,
    };
    let Some(table) = table(database, "settings", damages) else {
        return settings;
    };
    let column = |name: &str| {
        let mut columns = table.columns.iter();
        columns.position(|own| own.eq_ignore_ascii_case(name))
    };
    let (Some(name), Some(value)) = (column("settingName"), column("settingValue")) else {
        return settings;
    };
    let mut worn_at = [None, None];
    database.rows(
        &table,
        &mut |fault, byte| damages.push(of_file(fault).at(byte)),
        &mut |_, values| {
            let (Some(Value::Text(name)), Some(value)) = (values.get(name), values.get(value))
            else {
                return;
            };
            let text = || match value {
                Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                Value::Integer(number) => Some(number.to_string()),
                Value::Text(_) | Value::Real(_) | Value::Blob(_) | Value::Nothing => None,
            };
            match name.as_str() {
                "devicename" => settings.header.device = text(),
                "deviceserial" => settings.header.serial = text(),
                "deviceversion" => settings.header.firmware = text(),
                "side" => worn_at[0] = text(),
                "limb" => worn_at[1] = text(),
                "epochlength" => {
                    let seconds = text().and_then(|text| text.parse().ok());
                    settings.epoch_s = seconds.filter(|seconds| EPOCHS_S.contains(seconds));
                }
                _ => {}
            }
        },
    );
    let worn_at: Vec<String> = worn_at.into_iter().flatten().collect();
    settings.header.worn_at = (!worn_at.is_empty()).then(|| worn_at.join(" "));
    settings
}

/// The columns of the table while they are read.
struct Series {
    epoch_s: u32,
    time: usize,
    start_s: Option<i64>,
    /// Columns and the channels that they become.
    columns: Vec<(usize, Channel)>,
    rows: usize,
    epochs: usize,
    full: Option<Error>,
}

impl Series {
    fn new(table: &Table, epoch_s: u32) -> Option<Self> {
        let is_time = |name: &String| name.eq_ignore_ascii_case("dataTimestamp");
        let time = table.columns.iter().position(is_time)?;
        let columns: Vec<(usize, Channel)> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != time)
            .map(|(index, name)| (index, channel(name, epoch_s)))
            .collect();
        (!columns.is_empty()).then_some(Self {
            epoch_s,
            time,
            start_s: None,
            columns,
            rows: 0,
            epochs: 0,
            full: None,
        })
    }

    fn take(&mut self, values: &[Value]) -> Result<(), Fault> {
        let Some(Value::Integer(ticks)) = values.get(self.time) else {
            return Err(NO_TIME);
        };
        let second = ticks_second(*ticks).ok_or(NO_TIME)?;
        let start_s = *self.start_s.get_or_insert(second);
        let epoch =
            usize::try_from((second - start_s) / i64::from(self.epoch_s)).map_err(|_| ORDER)?;
        // A gap may be as long as all that was read, and a day in any case: a wrong time must not make
        // a small file a large one.
        let gap_max = self.rows + 86_400;
        if second < start_s || epoch < self.epochs || epoch - self.epochs > gap_max {
            return Err(ORDER);
        }
        let count = (epoch + 1).saturating_mul(self.columns.len() + 1);
        if let Err(full) = Error::check_values(count) {
            self.full = Some(full);
            return Ok(());
        }
        for (column, channel) in &mut self.columns {
            let number = values.get(*column).and_then(Value::number);
            let number = number.filter(|number| number.is_finite());
            channel.values.resize(epoch, f64::NAN);
            channel.values.push(number.unwrap_or(f64::NAN));
        }
        self.epochs = epoch + 1;
        self.rows += 1;
        Ok(())
    }

    fn channels(self) -> Vec<Channel> {
        let Some(start_s) = self.start_s.filter(|_| self.epochs > 0) else {
            return Vec::new();
        };
        let mut channels: Vec<Channel> = self
            .columns
            .into_iter()
            .map(|(_, channel)| Channel { start_s, ..channel })
            .collect();
        magnitude::add(&mut channels);
        channels
    }
}

/// The channel of a column.
fn channel(column: &str, epoch_s: u32) -> Channel {
    let name = snake(column);
    let (quantity, unit) = match name.as_str() {
        "axis1" | "axis2" | "axis3" => (Quantity::Activity, "{count}"),
        "steps" => (Quantity::Steps, "{count}"),
        "lux" => (Quantity::Light, "lx"),
        "hr" | "heart_rate" => (Quantity::HeartRate, "/min"),
        _ if name.starts_with("incline_") => (Quantity::Other, "s"),
        _ => (Quantity::Other, "1"),
    };
    Channel {
        name,
        quantity,
        unit,
        start_s: 0,
        epoch_s,
        values: Vec::new(),
    }
}

/// `inclineOff` as `incline_off`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '_'
        });
    }
    snake
}
