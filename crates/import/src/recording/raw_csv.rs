//! Raw acceleration as text: a row for each sample, with its time or at the rate that a header states.
//!
//! *Structure*: rows of time, x, y and z as Axivity's converter writes them without a heading (documented); under a
//! heading with a time and three axes, as mHealth (`HEADER_TIME_STAMP,X,Y,Z`, documented) and many tools have it;
//! GENEActiv CSV, whose rows stand under a hundred lines of header and have milliseconds behind a colon
//! (documented); `ActiLife` raw CSV, whose header states start and rate (documented); or as columns are declared
//! (`time=1,x=2,y=3,z=4`).
//!
//! *Units*: g, m/s² or thousandths of g, told by the size of gravity in the first rows. The rate is the stated one or
//! the samples per second of the first rows.
//!
//! *Time*: a sample that is later than the rate makes it begins a block of its own; one that is earlier than the
//! samples before it is lost. Where the first rows run backwards or in no order, all are kept and sorted; else no
//! more than the first rows ever are.

mod stream;
mod unsorted;

use std::ops::ControlFlow;

use super::error::Error;
use super::lines::{Line, Lines, Spot};
use super::stamp::{self, Calendar, Moment, Order};
use super::table::{self, Cell, When};
use super::{Blocks, Damages, Header, Raw};
use stream::{Stream, rate_of};
use unsorted::Unsorted;

/// Name of the format.
pub(crate) const NAME: &str = "raw_csv";

/// Rows that are held to find the rate, the unit and the order of day and month: forty seconds at 100 Hz.
const ROWS_HELD_MAX: usize = 4_096;

/// Rates that are taken: below, nothing can be reduced; above, no device.
const RATE_HZ: std::ops::RangeInclusive<f64> = 5.0..=1_000.0;

/// Standard gravity in m/s².
const GRAVITY: f64 = 9.806_65;

/// Lines that may stand above the rows; GENEActiv's header has a hundred.
const HEADER_LINES_MAX: u64 = 500;

const TIMES: [&str; 9] = [
    "time",
    "timestamp",
    "datetime",
    "header_time_stamp",
    "date_time",
    "date time",
    "time stamp",
    "date/time",
    "timestamp_utc",
];
const AXES: [&[&str]; 3] = [
    &[
        "x",
        "acc_x",
        "accel_x",
        "x axis",
        "x-axis",
        "accelerometer x",
        "accelerometer_x",
        "acceleration_x",
        "ax",
        "x_g",
    ],
    &[
        "y",
        "acc_y",
        "accel_y",
        "y axis",
        "y-axis",
        "accelerometer y",
        "accelerometer_y",
        "acceleration_y",
        "ay",
        "y_g",
    ],
    &[
        "z",
        "acc_z",
        "accel_z",
        "z axis",
        "z-axis",
        "accelerometer z",
        "accelerometer_z",
        "acceleration_z",
        "az",
        "z_g",
    ],
];
/// What is said where the samples per second are unknown.
const NO_RATE: &str = "the times do not tell the samples per second; state them (--rate)";

/// How mHealth begins and ends the names of axes.
const MHEALTH: [&str; 2] = [
    "_acceleration_meters_per_second_squared",
    "_accelation_meters_per_second_squared",
];

/// Where time and axes stand in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) time: Option<When>,
    pub(crate) axes: [usize; 3],
}

/// What is known before the first row.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) header: Header,
    pub(crate) rate_hz: Option<f64>,
    /// Local civil second of the first row, where rows have no time.
    pub(crate) start_s: Option<i64>,
    /// Order of day and month where the dates tell none.
    pub(crate) order: Option<Order>,
}

/// Whether the file begins like one of the layouts.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let cells = table::split(first, table::separator(first));
    let mut is_bare = || {
        let second = lines.next().unwrap_or_default();
        is_bare_row(&cells) && is_bare_row(&table::split(second, table::separator(second)))
    };
    is_geneactiv(&cells) || Columns::of(&cells).is_some() || is_bare()
}

fn is_geneactiv(cells: &[&str]) -> bool {
    cells.first() == Some(&"Device Type") && cells.iter().any(|cell| cell.starts_with("GENEActiv"))
}

/// A time with its fraction, then three small numbers.
fn is_bare_row(cells: &[&str]) -> bool {
    let [time, axes @ ..] = cells else {
        return false;
    };
    let time = with_point(time);
    let has_fraction = time.contains(':') && time.contains('.');
    let is_axis =
        |cell: &&str| matches!(Cell::number(cell), Cell::Value(value) if value.abs() <= 20.0);
    has_fraction
        && (3..=6).contains(&axes.len())
        && axes.iter().take(3).all(is_axis)
        && Calendar::default().moment(&time).is_some()
}

impl Columns {
    /// The columns under a heading, where all are there and nothing says that the numbers are counts.
    fn of(cells: &[&str]) -> Option<Self> {
        let lower: Vec<String> = cells.iter().map(|cell| cell.to_lowercase()).collect();
        let find = |names: &[&str]| lower.iter().position(|cell| names.contains(&cell.as_str()));
        let axis = |index: usize| {
            let names = AXES.get(index)?;
            let begin = ["x", "y", "z"].get(index)?;
            let is_mhealth = |cell: &String| {
                MHEALTH
                    .iter()
                    .any(|end| cell.strip_prefix(begin).is_some_and(|rest| rest == *end))
            };
            find(names).or_else(|| lower.iter().position(is_mhealth))
        };
        let are_counts = lower.iter().any(|cell| {
            ["activity", "counts", "count", "steps", "subject id"].contains(&cell.as_str())
        });
        let time = match (find(&["date"]), find(&["time"]), find(&TIMES)) {
            (Some(date), Some(time), _) => When::Split { date, time },
            (_, _, Some(time)) => When::Stamp(time),
            _ => return None,
        };
        (!are_counts).then_some(Self {
            time: Some(time),
            axes: [axis(0)?, axis(1)?, axis(2)?],
        })
    }
}

/// Reads a file of one of the layouts.
pub(crate) fn read(
    mut lines: Lines<'_>,
    rate_hz: Option<f64>,
    blocks: &mut Blocks<'_>,
) -> Result<Raw, Error> {
    let mut known = Known {
        header: Header {
            format: NAME,
            ..Header::default()
        },
        rate_hz,
        ..Known::default()
    };
    let bare = Columns {
        time: Some(When::Stamp(0)),
        axes: [1, 2, 3],
    };
    loop {
        let Some(Line { spot, text }) = lines.next_line()? else {
            return Err(Error::Empty { format: NAME });
        };
        if spot.line > HEADER_LINES_MAX {
            let message = "no row of time, x, y and z was found; declare the columns";
            return Err(table::malformed(NAME, spot, message));
        }
        let separator = table::separator(&text);
        let cells = table::split(&text, separator);
        if let Some(columns) = Columns::of(&cells) {
            return read_rows(lines, separator, columns, known, None, blocks);
        }
        if is_bare_row(&cells) {
            let first = Some((spot, text.into_owned()));
            return read_rows(lines, separator, bare, known, first, blocks);
        }
        match cells.as_slice() {
            ["Device Type", device, ..] => known.header.device = table::word(device),
            ["Device Unique Serial Code", serial, ..] => known.header.serial = table::word(serial),
            ["Device Firmware Version", version, ..] => {
                known.header.firmware = table::word(version);
            }
            ["Device Location Code", place, ..] => known.header.worn_at = table::word(place),
            ["Measurement Frequency", rate, ..] => {
                let stated = rate.trim_end_matches("Hz").trim().parse().ok();
                known.rate_hz = known.rate_hz.or(stated);
            }
            _ => {}
        }
    }
}

/// Reads the rows of a table whose columns are known.
pub(crate) fn read_rows(
    mut lines: Lines<'_>,
    separator: char,
    columns: Columns,
    known: Known,
    first: Option<(Spot, String)>,
    blocks: &mut Blocks<'_>,
) -> Result<Raw, Error> {
    let mut rows = Rows::new(separator, columns, known);
    let mut is_stopped = false;
    if let Some((spot, text)) = first {
        is_stopped = rows.take(spot, &text, blocks)?.is_break();
    }
    while !is_stopped {
        let Some(Line { spot, text }) = lines.next_line()? else {
            break;
        };
        is_stopped = rows.take(spot, &text, blocks)?.is_break();
    }
    if !is_stopped {
        is_stopped = rows.end(blocks)?.is_break();
    }
    let spot = lines.spot();
    let raw = rows.finish(is_stopped, spot)?;
    let damages = lines.finish(raw.damages);
    Ok(Raw { damages, ..raw })
}

/// A row: its microsecond, unless rows have no time, and its axes.
type Row = (Spot, Option<(Moment, i64)>, [f64; 3]);

/// What the first rows told.
#[derive(Clone, Copy)]
struct Settled {
    order: Order,
    /// What makes g of the numbers.
    scale: f64,
}

/// Rows while they come.
struct Rows {
    separator: char,
    columns: Columns,
    known: Known,
    calendar: Calendar,
    held: Vec<Row>,
    settled: Option<Settled>,
    stream: Option<Stream>,
    /// The rows so far, where they are in no order.
    unsorted: Option<Unsorted>,
    damages: Damages,
    count: usize,
    lost: usize,
}

impl Rows {
    fn new(separator: char, columns: Columns, known: Known) -> Self {
        Self {
            separator,
            columns,
            calendar: known.order.map_or_else(Calendar::default, Calendar::hinted),
            known,
            held: Vec::new(),
            settled: None,
            stream: None,
            unsorted: None,
            damages: Damages::default(),
            count: 0,
            lost: 0,
        }
    }

    fn take(
        &mut self,
        spot: Spot,
        text: &str,
        blocks: &mut Blocks<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let cells = table::split(text, self.separator);
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(ControlFlow::Continue(()));
        }
        self.count += 1;
        let Some(row) = self.parse(spot, &cells) else {
            self.damages
                .push(spot.damage("malformed_line", "expected a time and three numbers"));
            self.lost += 1;
            return Ok(ControlFlow::Continue(()));
        };
        if self.settled.is_some() {
            return self.place(row, blocks);
        }
        self.held.push(row);
        if self.held.len() < ROWS_HELD_MAX {
            return Ok(ControlFlow::Continue(()));
        }
        self.settle(blocks)
    }

    fn parse(&mut self, spot: Spot, cells: &[&str]) -> Option<Row> {
        let cell = |index: usize| cells.get(index).copied();
        let time = match self.columns.time {
            None => None,
            Some(When::Stamp(index)) => {
                let text = with_point(cell(index)?);
                Some((self.calendar.moment(&text)?, stamp::fraction_us(&text)))
            }
            Some(When::Split { date, time } | When::Elapsed { date, time, .. }) => {
                let text = with_point(cell(time)?);
                Some((
                    self.calendar.moment_of(cell(date)?, &text)?,
                    stamp::fraction_us(&text),
                ))
            }
        };
        let axis = |index: usize| match Cell::number(cell(index)?) {
            Cell::Value(value) => Some(value),
            Cell::Missing | Cell::Bad => None,
        };
        let [x, y, z] = self.columns.axes;
        Some((spot, time, [axis(x)?, axis(y)?, axis(z)?]))
    }

    /// Finds out rate, unit and dates from the rows that were held.
    fn settle(&mut self, blocks: &mut Blocks<'_>) -> Result<ControlFlow<()>, Error> {
        let held = std::mem::take(&mut self.held);
        let refused = |message: &str| {
            let spot = held.first().map_or(Spot { line: 1, byte: 0 }, |row| row.0);
            table::malformed(NAME, spot, message)
        };
        let (order, is_guessed) = self.calendar.order();
        if is_guessed {
            let spot = Spot { line: 1, byte: 0 };
            let message = "no date tells day from month; the day was taken to come first";
            self.damages.push(spot.damage("ambiguous_date", message));
        }
        let times: Vec<i64> = held
            .iter()
            .filter_map(|row| microsecond(&self.calendar, order, row.1?))
            .collect();
        let Some(scale) = scale_of(&held) else {
            return Err(refused(
                "the axes are neither in g, in m/s² nor in thousandths of g: gravity is not found in the first rows",
            ));
        };
        if Unsorted::are(&times) {
            self.unsorted = Some(Unsorted::default());
        } else {
            let rate_hz = self.known.rate_hz.or_else(|| rate_of(&times));
            let rate_hz = rate_hz.filter(|rate| RATE_HZ.contains(rate));
            let rate_hz = rate_hz.ok_or_else(|| refused(NO_RATE))?;
            self.stream = Some(Stream::new(rate_hz, self.known.start_s, &times));
        }
        self.settled = Some(Settled { order, scale });
        for row in held {
            if self.place(row, blocks)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn place(
        &mut self,
        (spot, time, axes): Row,
        blocks: &mut Blocks<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let Some(Settled { order, scale }) = self.settled else {
            return Ok(ControlFlow::Continue(()));
        };
        let at = time.map(|time| microsecond(&self.calendar, order, time));
        if at == Some(None) {
            let message = "the date is none in the order of day and month of the other dates";
            self.damages.push(spot.damage("malformed_line", message));
            self.lost += 1;
            return Ok(ControlFlow::Continue(()));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "accelerations need no double precision"
        )]
        let axes_g = axes.map(|axis| (axis * scale) as f32);
        match (at.flatten(), &mut self.unsorted) {
            (Some(us), Some(unsorted)) => {
                if unsorted.is_full() {
                    return Err(table::malformed(NAME, spot, too_many(unsorted::ROWS_MAX)));
                }
                unsorted.push(us, axes_g).map(ControlFlow::Continue)
            }
            (us, _) => Ok(self.stream(spot, us, axes_g, blocks)),
        }
    }

    fn stream(
        &mut self,
        spot: Spot,
        us: Option<i64>,
        axes_g: [f32; 3],
        blocks: &mut Blocks<'_>,
    ) -> ControlFlow<()> {
        let Some(stream) = &mut self.stream else {
            return ControlFlow::Continue(());
        };
        if us.is_some_and(|us| stream.is_past(us)) {
            let message = "the time is before that of the samples before it";
            self.damages.push(spot.damage("time", message));
            self.lost += 1;
            return ControlFlow::Continue(());
        }
        stream.take(us, axes_g, blocks)
    }

    /// Hands over the rows that were in no order.
    fn sort(
        &mut self,
        unsorted: Unsorted,
        blocks: &mut Blocks<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let spot = Spot { line: 1, byte: 0 };
        let mut rows = unsorted.sorted();
        let first: Vec<_> = rows.by_ref().take(ROWS_HELD_MAX).collect();
        let (measured, times) = unsorted::rate(&first);
        let rate_hz = self.known.rate_hz.or(measured);
        let rate_hz = rate_hz.filter(|rate| RATE_HZ.contains(rate));
        let rate_hz = rate_hz.ok_or_else(|| table::malformed(NAME, spot, NO_RATE))?;
        self.stream = Some(Stream::new(rate_hz, None, &times));
        self.damages.push(spot.damage(
            "out_of_order",
            "the rows are not in the order of their times; they were put in it",
        ));
        for (us, axes_g) in first.into_iter().chain(rows) {
            if self.stream(spot, Some(us), axes_g, blocks).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self, blocks: &mut Blocks<'_>) -> Result<ControlFlow<()>, Error> {
        if self.settled.is_none() && !self.held.is_empty() && self.settle(blocks)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if let Some(unsorted) = self.unsorted.take()
            && self.sort(unsorted, blocks)?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        let stream = self.stream.as_mut();
        Ok(stream.map_or(ControlFlow::Continue(()), |stream| stream.flush(blocks)))
    }

    fn finish(self, is_stopped: bool, spot: Spot) -> Result<Raw, Error> {
        if !is_stopped {
            table::refuse_when_much_is_lost(
                NAME,
                (self.lost, self.count),
                self.damages.first.first(),
            )?;
        }
        let Some(stream) = self.stream.filter(|stream| stream.count > 0 || is_stopped) else {
            return Err(table::malformed(
                NAME,
                spot,
                "no row of time, x, y and z was found",
            ));
        };
        Ok(Raw {
            header: Header {
                utc_offset_s: self.known.header.utc_offset_s.or(self.calendar.offset_s()),
                ..self.known.header
            },
            rate_hz: stream.rate_hz,
            samples: stream.count,
            damages: self.damages,
        })
    }
}

fn microsecond(calendar: &Calendar, order: Order, (moment, us): (Moment, i64)) -> Option<i64> {
    Some(calendar.second_in(moment, order)? * 1_000_000 + us)
}

/// What makes g of the numbers of the rows: the median length of their vectors is gravity.
fn scale_of(rows: &[Row]) -> Option<f64> {
    let mut lengths: Vec<f64> = rows
        .iter()
        .map(|(.., [x, y, z])| (x * x + y * y + z * z).sqrt())
        .collect();
    lengths.sort_unstable_by(f64::total_cmp);
    let median = lengths.get(lengths.len() / 2).copied()?;
    [1.0, 1.0 / GRAVITY, 0.001]
        .into_iter()
        .find(|scale| (0.6..1.6).contains(&(median * scale)))
}

/// A time whose milliseconds stand behind a colon, as GENEActiv writes them, with a point.
fn with_point(text: &str) -> std::borrow::Cow<'_, str> {
    if text.matches(':').count() != 3 {
        return text.into();
    }
    match text.rsplit_once(':') {
        Some((whole, ms)) => format!("{whole}.{ms}").into(),
        None => text.into(),
    }
}

fn too_many(most: usize) -> String {
    format!(
        "the rows are not in the order of their times, and are more than {most}: sort them by their times"
    )
}
