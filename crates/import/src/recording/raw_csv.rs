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
//! samples before it is lost. It must never keep more than the first rows.

use std::ops::ControlFlow;

use super::error::Error;
use super::lines::{Line, Lines, Spot};
use super::stamp::{self, Calendar, Moment, Order};
use super::table::{self, Cell, When};
use super::{Block, Blocks, Damages, Header, Raw};

/// Name of the format.
pub(crate) const NAME: &str = "raw_csv";

/// Rows that are held to find the rate, the unit and the order of day and month: forty seconds at 100 Hz.
const ROWS_HELD_MAX: usize = 4_096;

/// Samples of one block.
const BLOCK_SAMPLES: usize = 512;

/// Rates that devices are set to, in Hz, near which a measured one is taken for the set one.
const RATES_HZ: [f64; 16] = [
    10.0, 12.5, 20.0, 25.0, 30.0, 31.25, 32.0, 40.0, 50.0, 60.0, 64.0, 75.0, 80.0, 85.7, 90.0,
    100.0,
];

/// How far a measured rate may be from a set one, as a share.
const RATE_NEAR: f64 = 0.02;

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

/// Rows while they come.
struct Rows {
    separator: char,
    columns: Columns,
    known: Known,
    calendar: Calendar,
    held: Vec<Row>,
    stream: Option<Stream>,
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
            stream: None,
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
        if self.stream.is_some() {
            return Ok(self.place(row, blocks));
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
            Some(When::Split { date, time }) => {
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
        let rate_hz = self.known.rate_hz.or_else(|| rate_of(&times));
        let Some(rate_hz) = rate_hz.filter(|rate| RATE_HZ.contains(rate)) else {
            return Err(refused(
                "the times do not tell the samples per second; state them (--rate)",
            ));
        };
        let Some(scale) = scale_of(&held) else {
            return Err(refused(
                "the axes are neither in g, in m/s² nor in thousandths of g: gravity is not found in the first rows",
            ));
        };
        let is_coarse = times.iter().all(|us| us % 1_000_000 == 0);
        let start_us = self.known.start_s.map(|second| second * 1_000_000);
        self.stream = Some(Stream {
            order,
            rate_hz,
            scale,
            tolerance_us: if is_coarse {
                1_500_000.0
            } else {
                3e6 / rate_hz + 100_000.0
            },
            is_coarse,
            block_us: start_us.unwrap_or_default() as f64,
            is_begun: start_us.is_some(),
            samples: Vec::with_capacity(BLOCK_SAMPLES),
            count: 0,
        });
        for row in held {
            if self.place(row, blocks).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn place(&mut self, (spot, time, axes): Row, blocks: &mut Blocks<'_>) -> ControlFlow<()> {
        let Some(stream) = &mut self.stream else {
            return ControlFlow::Continue(());
        };
        let at = time.map(|time| microsecond(&self.calendar, stream.order, time));
        match at {
            Some(None) => {
                let message = "the date is none in the order of day and month of the other dates";
                self.damages.push(spot.damage("malformed_line", message));
                self.lost += 1;
                ControlFlow::Continue(())
            }
            Some(Some(us))
                if stream.is_begun && (us as f64) < stream.next_us() - stream.tolerance_us =>
            {
                self.damages
                    .push(spot.damage("time", "the time is before that of the samples before it"));
                self.lost += 1;
                ControlFlow::Continue(())
            }
            at => stream.take(at.flatten(), axes, blocks),
        }
    }

    fn end(&mut self, blocks: &mut Blocks<'_>) -> Result<ControlFlow<()>, Error> {
        if self.stream.is_none() && !self.held.is_empty() && self.settle(blocks)?.is_break() {
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

/// Samples on their way to blocks.
struct Stream {
    order: Order,
    rate_hz: f64,
    scale: f64,
    tolerance_us: f64,
    /// Whether times are whole seconds, so that samples are counted within them.
    is_coarse: bool,
    block_us: f64,
    is_begun: bool,
    samples: Vec<[f32; 3]>,
    count: u64,
}

impl Stream {
    /// When the next sample is due.
    fn next_us(&self) -> f64 {
        self.block_us + self.samples.len() as f64 * 1e6 / self.rate_hz
    }

    fn take(
        &mut self,
        us: Option<i64>,
        axes: [f64; 3],
        blocks: &mut Blocks<'_>,
    ) -> ControlFlow<()> {
        let due_us = self.next_us();
        let at_us = us.map_or(due_us, |us| us as f64);
        let is_late = !self.is_begun || (at_us - due_us).abs() > self.tolerance_us;
        if is_late || self.samples.len() >= BLOCK_SAMPLES {
            self.flush(blocks)?;
            self.block_us = if is_late || !self.is_coarse {
                at_us
            } else {
                due_us
            };
            self.is_begun = true;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "accelerations need no double precision"
        )]
        self.samples
            .push(axes.map(|axis| (axis * self.scale) as f32));
        ControlFlow::Continue(())
    }

    fn flush(&mut self, blocks: &mut Blocks<'_>) -> ControlFlow<()> {
        if self.samples.is_empty() {
            return ControlFlow::Continue(());
        }
        self.count += self.samples.len() as u64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time of the calendar in microseconds"
        )]
        let start_us = self.block_us.round() as i64;
        let told = blocks(&Block {
            start_us,
            rate_hz: self.rate_hz,
            samples_g: &self.samples,
            temperature_cel: None,
            light: None,
        });
        self.block_us = self.next_us();
        self.samples.clear();
        told
    }
}

fn microsecond(calendar: &Calendar, order: Order, (moment, us): (Moment, i64)) -> Option<i64> {
    Some(calendar.second_in(moment, order)? * 1_000_000 + us)
}

/// Samples per second: those between changes of the time, without the gaps, which are longer than most.
fn rate_of(times: &[i64]) -> Option<f64> {
    let pairs = times.iter().zip(times.iter().skip(1)).enumerate();
    let changes: Vec<(usize, i64)> = pairs
        .filter(|(_, (before, after))| before != after)
        .map(|(index, (_, after))| (index, *after))
        .collect();
    let spans: Vec<(usize, i64)> = changes
        .iter()
        .zip(changes.iter().skip(1))
        .map(|((from, begin), (until, end))| (until - from, (end - begin).abs()))
        .collect();
    let mut lengths: Vec<i64> = spans.iter().map(|(_, us)| *us).collect();
    lengths.sort_unstable();
    let median_us = lengths.get(lengths.len() / 2)?;
    let near = spans
        .iter()
        .filter(|(_, us)| *us <= median_us + median_us / 2);
    let (rows, us) = near.fold((0, 0), |(rows, sum), (more, us)| (rows + more, sum + us));
    let rate = rows as f64 * 1e6 / us as f64;
    let set = RATES_HZ
        .iter()
        .find(|set| (rate / **set - 1.0).abs() < RATE_NEAR);
    (us > 0).then(|| set.copied().unwrap_or(rate))
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
