//! ActiGraph CSV: what `ActiLife` and `CentrePoint` export, counts of epochs or raw acceleration.
//!
//! *Structure* (seen for `ActiLife`): a first line `------------ Data File Created By ActiGraph … date format
//! M/d/yyyy …`, lines of `Key value` and a line of hyphens; then a heading with times or without, or no heading at
//! all. Without times the rows follow each other from the start in the header, and without a heading the bits of
//! `Mode` say which columns there are: 1 steps, 2 heart rate, 4 and 8 the second and third axis, 16 light, 32 four
//! columns of inclination. `CentrePoint` writes one table with `Subject Id`, `Timestamp` (seconds since 1970), X, Y
//! and Z for many people (documented).
//!
//! *Dates* in the header are in the order that most of them allow, whatever the first line says (seen: a file that
//! says `dd/MM/yyyy` and means the month first). The `Z` behind the times of a table is no offset (seen: equal to the
//! local start in the header).
//!
//! *Units*: counts of each axis and epoch. As in AGD files, the vector magnitude of three axes is the first channel.

use std::io::Read;

use super::error::Error;
use super::lines::{Line, Lines, Spot};
use super::numbers::Marks;
use super::options::Options;
use super::people::Subject;
use super::stamp::{self, Calendar, Order};
use super::table::{self, Cell, Field, Layout, When};
use super::{
    Blocks, Channel, Content, Damages, Header, Member, Quantity, Raw, Recording, magnitude, raw_csv,
};

/// Name of the format.
pub(crate) const NAME: &str = "actigraph_csv";

/// Lines that a header may have; the longest known has eleven.
const HEADER_LINES_MAX: u64 = 40;

/// What a column is: its headings without spaces, its name, quantity and unit.
const COLUMNS: &[(&[&str], &str, Quantity, &str)] = &[
    (
        &["axis1", "x", "axis1(counts)", "activity"],
        "axis1",
        Quantity::Activity,
        "{count}",
    ),
    (
        &["axis2", "y", "axis2(counts)"],
        "axis2",
        Quantity::Activity,
        "{count}",
    ),
    (
        &["axis3", "z", "axis3(counts)"],
        "axis3",
        Quantity::Activity,
        "{count}",
    ),
    (&["steps"], "steps", Quantity::Steps, "{count}"),
    (
        &["hr", "heartrate"],
        "heart_rate",
        Quantity::HeartRate,
        "/min",
    ),
    (&["lux"], "lux", Quantity::Light, "lx"),
    (
        &["inclinometeroff", "inclineoff"],
        "incline_off",
        Quantity::Other,
        "s",
    ),
    (
        &["inclinometerstanding", "inclinestanding"],
        "incline_standing",
        Quantity::Other,
        "s",
    ),
    (
        &["inclinometersitting", "inclinesitting"],
        "incline_sitting",
        Quantity::Other,
        "s",
    ),
    (
        &["inclinometerlying", "inclinelying"],
        "incline_lying",
        Quantity::Other,
        "s",
    ),
];

/// Headings of the magnitude, which is computed anew: files have it in whole numbers.
const MAGNITUDE: [&str; 2] = ["vm", "vectormagnitude"];

/// Whether the file begins as those of `ActiLife` or `CentrePoint` do.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    is_banner(&line) || is_centrepoint(&table::split(&line, table::separator(&line)))
}

fn is_banner(line: &str) -> bool {
    let lower = line.to_lowercase();
    let lower = lower.trim_start_matches(['"', ' ']);
    lower.starts_with("----") && lower.contains("created by actigraph")
}

fn is_centrepoint(cells: &[&str]) -> bool {
    let plain: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
    let wanted = ["subjectid", "deviceserial", "timestamp", "x", "y", "z"];
    wanted
        .iter()
        .all(|name| plain.iter().any(|cell| cell == name))
}

fn plain(cell: &str) -> String {
    let letters = cell.chars().filter(|letter| !letter.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

/// Reads a file.
pub(crate) fn read(
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    let mut lines = Lines::new(input);
    let Some(Line { text, .. }) = lines.next_line()? else {
        return Err(Error::Empty { format: NAME });
    };
    let cells = table::split(&text, table::separator(&text));
    if is_centrepoint(&cells) {
        let layout = Columns::of(&cells).layout(&text, options, None, Calendar::default());
        return read_table(
            layout,
            lines,
            &Header {
                format: NAME,
                ..Header::default()
            },
        );
    }
    let mut head = Head::of(&text);
    let first = loop {
        let Some(Line { spot, text }) = lines.next_line()? else {
            let message = "the line of hyphens under the header was not found";
            return Err(table::malformed(NAME, lines.spot(), message));
        };
        if spot.line > HEADER_LINES_MAX {
            let message = "the line of hyphens under the header was not found";
            return Err(table::malformed(NAME, spot, message));
        }
        if text.trim_start_matches('"').starts_with("-----") {
            break next_filled(&mut lines)?;
        }
        head.take(&text);
    };
    let Some((spot, text)) = first else {
        return Err(Error::Empty { format: NAME });
    };
    if head.rate_hz.is_some() || text.to_lowercase().contains("accelerometer") {
        return read_raw(&head, (spot, text), lines, options, blocks).map(Content::Raw);
    }
    let cells = table::split(&text, table::separator(&text));
    let is_heading = cells
        .iter()
        .any(|cell| cell.contains(char::is_alphabetic) && !cell.contains(':'));
    let columns = if is_heading {
        Columns::of(&cells)
    } else {
        head.columns(cells.len())
    };
    if columns.when.is_some() {
        let calendar = head.order.map_or_else(Calendar::default, Calendar::hinted);
        let layout = columns.layout(&text, options, head.epoch_s, calendar);
        return read_table(
            layout,
            lines,
            &Header {
                utc_offset_s: None,
                ..head.header
            },
        );
    }
    let first = (!is_heading).then_some((spot, text));
    read_rows(&head, &columns, first, lines, options).map(Content::Epochs)
}

fn next_filled(lines: &mut Lines<'_>) -> Result<Option<(Spot, String)>, Error> {
    while let Some(Line { spot, text }) = lines.next_line()? {
        if !text.trim_matches([',', ';', ' ', '"']).is_empty() {
            return Ok(Some((spot, text.into_owned())));
        }
    }
    Ok(None)
}

/// What stands above the rows.
#[derive(Default)]
struct Head {
    header: Header,
    order: Option<Order>,
    start: [Option<String>; 2],
    download: Option<String>,
    epoch_s: Option<u32>,
    mode: Option<u32>,
    /// Samples per second, in files of raw acceleration.
    rate_hz: Option<f64>,
}

impl Head {
    /// What the first line says.
    fn of(text: &str) -> Self {
        let behind = |key: &str| {
            let lower = text.to_lowercase();
            let at = lower.find(key)? + key.len();
            text.get(at..)?.split_whitespace().next()
        };
        let order = behind("date format ").map(|format| match format.chars().next() {
            Some('M') => Order::Month,
            _ => Order::Day,
        });
        Self {
            header: Header {
                format: NAME,
                device: behind("created by actigraph ").and_then(table::word),
                firmware: behind("firmware ").and_then(table::word),
                worn_at: behind("limb: ").and_then(table::word),
                ..Header::default()
            },
            order,
            rate_hz: text
                .split_once(" Hz")
                .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok()),
            ..Self::default()
        }
    }

    /// Keeps what a line of the header says.
    fn take(&mut self, text: &str) {
        let text = text.trim_matches([',', ';', '"', ' ']);
        let value = |key: &str| {
            let rest = text
                .get(..key.len())?
                .eq_ignore_ascii_case(key)
                .then(|| text.get(key.len()..));
            rest.flatten()
                .map(|rest| rest.trim_matches([':', ' ', ',', ';']))
        };
        if let Some(serial) = value("Serial Number") {
            self.header.serial = table::word(serial);
        } else if let Some(time) = value("Start Time") {
            self.start[1] = Some(time.to_owned());
        } else if let Some(date) = value("Start Date") {
            self.start[0] = Some(date.to_owned());
        } else if let Some(date) = value("Download Date") {
            self.download = Some(date.to_owned());
        } else if let Some(epoch) = value("Epoch Period (hh:mm:ss)") {
            let seconds = stamp::time_of_day(epoch).and_then(|seconds| u32::try_from(seconds).ok());
            self.epoch_s = seconds.filter(|seconds| *seconds > 0);
        } else if let Some((_, mode)) = text.split_once("Mode =") {
            self.mode = mode.trim().parse().ok();
        }
    }

    /// The local civil second of the start; the day of the download helps to tell day from month.
    fn start_s(&self) -> Option<i64> {
        let mut calendar = self.order.map_or_else(Calendar::default, Calendar::hinted);
        let [date, time] = &self.start;
        let moment = calendar.moment_of(date.as_deref()?, time.as_deref()?)?;
        if let Some(download) = &self.download {
            // Where it cannot be read, the start has to do.
            let _ = calendar.moment_of(download, "00:00:00");
        }
        calendar.settle().second(moment)
    }

    /// The columns that the mode says.
    fn columns(&self, count: usize) -> Columns {
        let mode = self.mode.unwrap_or_default();
        let mut ranks = vec![0];
        for (bit, more) in [
            (4, 1..2),
            (8, 2..3),
            (1, 3..4),
            (2, 4..5),
            (16, 5..6),
            (32, 6..10),
        ] {
            if mode & bit != 0 {
                ranks.extend(more);
            }
        }
        if ranks.len() != count {
            // Another layout than the mode says: only the first axis is sure.
            ranks.truncate(1);
        }
        let named = ranks
            .iter()
            .enumerate()
            .filter_map(|(index, rank)| field(index, *rank));
        let rest = (ranks.len()..count).map(|index| Field {
            is_strict: false,
            ..Field::new(index, format!("column_{}", index + 1), Quantity::Other, "1")
        });
        Columns {
            when: None,
            subject: None,
            fields: named.chain(rest).collect(),
        }
    }
}

/// Reads raw acceleration: with a heading or without, with times or at the rate of the header.
fn read_raw(
    head: &Head,
    (spot, text): (Spot, String),
    lines: Lines<'_>,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Raw, Error> {
    let separator = table::separator(&text);
    let cells = table::split(&text, separator);
    let is_heading = text.to_lowercase().contains("accelerometer");
    let has_time = plain(cells.first().copied().unwrap_or_default()) == "timestamp"
        || (!is_heading && cells.len() > 3);
    let (time, axes) = if has_time {
        (Some(When::Stamp(0)), [1, 2, 3])
    } else {
        (None, [0, 1, 2])
    };
    let start_s = if has_time { None } else { head.start_s() };
    if !has_time && start_s.is_none() {
        let message = "expected Start Time and Start Date in the header";
        return Err(table::malformed(NAME, spot, message));
    }
    let known = raw_csv::Known {
        header: head.header.clone(),
        rate_hz: options.rate_hz.or(head.rate_hz),
        start_s,
        order: head.order,
    };
    let columns = raw_csv::Columns { time, axes };
    let first = (!is_heading).then_some((spot, text));
    raw_csv::read_rows(lines, separator, columns, known, first, blocks)
}

fn field(index: usize, rank: usize) -> Option<Field> {
    let (_, name, quantity, unit) = COLUMNS.get(rank)?;
    Some(Field::new(index, *name, *quantity, unit))
}

/// Which columns there are.
struct Columns {
    when: Option<When>,
    subject: Option<Subject>,
    fields: Vec<Field>,
}

impl Columns {
    fn of(cells: &[&str]) -> Self {
        let headings: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        let position = |name: &str| headings.iter().position(|heading| heading == name);
        let when = match (position("timestamp"), position("date"), position("time")) {
            (Some(stamp), ..) => Some(When::Stamp(stamp)),
            (None, Some(date), Some(time)) => Some(When::Split { date, time }),
            _ => None,
        };
        let mut fields = Vec::new();
        for (index, heading) in headings.iter().enumerate() {
            let is_known = |names: &[&str]| names.contains(&heading.as_str());
            let rank = COLUMNS.iter().position(|(names, ..)| is_known(names));
            fields.extend(rank.and_then(|rank| field(index, rank)));
        }
        let of_magnitude = headings
            .iter()
            .position(|heading| MAGNITUDE.contains(&heading.as_str()));
        if let Some(index) = of_magnitude.filter(|_| !magnitude::is_possible(&fields)) {
            fields.insert(
                0,
                Field::new(index, "vector_magnitude", Quantity::Activity, "{count}"),
            );
        }
        Self {
            when,
            subject: Subject::of(cells),
            fields,
        }
    }

    fn layout(
        self,
        heading: &str,
        options: &Options<'_>,
        stated: Option<u32>,
        calendar: Calendar,
    ) -> Layout {
        Layout {
            separator: table::separator(heading),
            when: self.when.unwrap_or(When::Stamp(0)),
            subject: self.subject,
            fields: self.fields,
            epoch_s: table::epoch_s(options, stated),
            calendar,
        }
    }
}

fn read_table(layout: Layout, lines: Lines<'_>, header: &Header) -> Result<Content, Error> {
    let subject = layout.subject.clone();
    let people = table::read_all(NAME, layout, None, lines)?;
    let members = people.into_iter().map(|(number, rows)| {
        let mut channels = rows.channels;
        magnitude::add(&mut channels);
        let recording = Recording {
            header: header.clone(),
            channels,
            damages: rows.damages,
        };
        Member { number, recording }
    });
    table::content(NAME, subject, members.collect())
}

/// Reads rows that follow each other from the start in the header.
fn read_rows(
    head: &Head,
    columns: &Columns,
    first: Option<(Spot, String)>,
    mut lines: Lines<'_>,
    options: &Options<'_>,
) -> Result<Recording, Error> {
    let (Some(start_s), Some(epoch_s)) = (head.start_s(), table::epoch_s(options, head.epoch_s))
    else {
        let message = "expected Start Time, Start Date and Epoch Period in the header";
        return Err(table::malformed(NAME, lines.spot(), message));
    };
    let mut rows = Rows::new(&columns.fields);
    if let Some((spot, text)) = first {
        rows.take(spot, &text)?;
    }
    while let Some(Line { spot, text }) = lines.next_line()? {
        rows.take(spot, &text)?;
    }
    let count = rows.values.first().map_or(0, Vec::len);
    if count == 0 {
        return Err(Error::Empty { format: NAME });
    }
    table::refuse_when_much_is_lost(NAME, (rows.lost, count), rows.damages.first.first())?;
    let mut channels = Vec::new();
    for ((field, mut values), marks) in columns.fields.iter().zip(rows.values).zip(&rows.marks) {
        marks.settle(&mut values);
        channels.push(Channel {
            name: field.name.clone(),
            quantity: field.quantity,
            unit: field.unit,
            start_s,
            epoch_s,
            values,
        });
    }
    magnitude::add(&mut channels);
    Ok(Recording {
        header: head.header.clone(),
        channels,
        damages: lines.finish(rows.damages),
    })
}

/// Rows without times while they come.
struct Rows<'a> {
    fields: &'a [Field],
    values: Vec<Vec<f64>>,
    marks: Vec<Marks>,
    damages: Damages,
    lost: usize,
}

impl<'a> Rows<'a> {
    fn new(fields: &'a [Field]) -> Self {
        Self {
            fields,
            values: vec![Vec::new(); fields.len()],
            marks: fields.iter().map(|_| Marks::default()).collect(),
            damages: Damages::default(),
            lost: 0,
        }
    }

    fn take(&mut self, spot: Spot, text: &str) -> Result<(), Error> {
        let cells = table::split(text, table::separator(text));
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(());
        }
        let mut is_lost = false;
        let columns = self
            .fields
            .iter()
            .zip(&mut self.values)
            .zip(&mut self.marks);
        for ((field, values), marks) in columns {
            let row = values.len();
            let said = cells
                .get(field.index)
                .map_or(Cell::Bad, |cell| marks.read(cell, row));
            is_lost |= said == Cell::Bad && field.is_strict;
            values.push(match said {
                Cell::Value(value) => value,
                Cell::Missing | Cell::Bad => f64::NAN,
            });
        }
        if is_lost {
            self.lost += 1;
            self.damages
                .push(spot.damage("malformed_line", "expected a number in every column"));
        }
        let rows = self.values.first().map_or(0, Vec::len);
        Error::check_values(rows.saturating_mul(self.values.len()))?;
        Ok(())
    }
}
