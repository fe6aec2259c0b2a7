//! Reading a recording and the references it must equal.

use std::ops::ControlFlow;

use import::recording::error::Error;
use import::recording::front::read;
use import::recording::options::Options;
use import::recording::{Channel, Content, Member, Recording};

/// A file of the shared references, or `None` with a line that says so.
pub(crate) fn shared(path: &str) -> Option<Vec<u8>> {
    oracle::data::bytes(&oracle::data::beside(path)?)
}

pub(crate) fn try_read(bytes: &[u8], options: &Options<'_>) -> Result<Content, Error> {
    read(&mut &*bytes, options, &mut |_| ControlFlow::Continue(()))
}

/// Reads a file of epochs of one person.
pub(crate) fn epochs(bytes: &[u8]) -> Recording {
    epochs_with(bytes, &Options::default())
}

pub(crate) fn epochs_with(bytes: &[u8], options: &Options<'_>) -> Recording {
    match try_read(bytes, options) {
        Ok(Content::Epochs(recording)) => recording,
        Ok(_) => panic!("expected the epochs of one person"),
        Err(error) => panic!("{error}"),
    }
}

/// Reads a file of epochs of several people.
pub(crate) fn several(bytes: &[u8]) -> Vec<Member> {
    match try_read(bytes, &Options::default()) {
        Ok(Content::Several { members, .. }) => members,
        Ok(_) => panic!("expected several people"),
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn channel<'a>(recording: &'a Recording, name: &str) -> &'a Channel {
    recording
        .channels
        .iter()
        .find(|channel| channel.name == name)
        .unwrap_or_else(|| panic!("a channel {name}"))
}

/// Seconds of `2018-01-01T08:30:00`.
pub(crate) fn second(text: &str) -> i64 {
    let stamp: jiff::civil::DateTime = text.parse().expect("a stamp");
    let zoned = stamp.to_zoned(jiff::tz::TimeZone::UTC).expect("in range");
    zoned.timestamp().as_second()
}

/// A reference table: its headings, the seconds of its rows, and its cells by column.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<String>,
    pub(crate) seconds: Vec<i64>,
    cells: Vec<Vec<String>>,
}

impl Table {
    /// The input of one reference recording.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let bytes = shared(&format!("actigraphy/{name}/input.csv"))?;
        let text = String::from_utf8(bytes).expect("text");
        let mut lines = text.lines();
        let split = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
        let headings = split(lines.next().expect("a heading"));
        let (mut seconds, mut cells) = (Vec::new(), vec![Vec::new(); headings.len()]);
        for line in lines {
            for (column, cell) in cells.iter_mut().zip(split(line)) {
                column.push(cell);
            }
            seconds.push(second(cells[0].last().expect("a cell")));
        }
        Some(Self {
            headings,
            seconds,
            cells,
        })
    }

    /// A column as numbers; an empty cell is NaN.
    pub(crate) fn column(&self, heading: &str) -> Vec<f64> {
        let index = self
            .headings
            .iter()
            .position(|known| known == heading)
            .unwrap_or_else(|| panic!("a column {heading}"));
        self.cells[index]
            .iter()
            .map(|cell| cell.parse().unwrap_or(f64::NAN))
            .collect()
    }

    /// A column as it is printed.
    pub(crate) fn words(&self, heading: &str) -> &[String] {
        let index = self.headings.iter().position(|known| known == heading);
        &self.cells[index.unwrap_or_else(|| panic!("a column {heading}"))]
    }

    /// Holds the times of a channel against the table: same seconds, epoch for epoch.
    pub(crate) fn assert_times(&self, channel: &Channel) {
        for (index, second) in self.seconds.iter().enumerate() {
            let index = i64::try_from(index).expect("small");
            let ours = channel.start_s + index * i64::from(channel.epoch_s);
            assert_eq!(ours, *second, "time of epoch {index}");
        }
    }
}

/// Compares value for value; NaN equals NaN. What the longer one has more must be missing.
pub(crate) fn assert_same(ours: &[f64], reference: &[f64], tolerance: f64) {
    assert!(ours.len() >= reference.len(), "{} epochs", ours.len());
    let padded = reference.iter().chain(std::iter::repeat(&f64::NAN));
    for (index, (ours, reference)) in ours.iter().zip(padded).enumerate() {
        let is_same = (ours.is_nan() && reference.is_nan())
            || ours == reference
            || (ours - reference).abs() <= tolerance * reference.abs().max(1.0);
        assert!(is_same, "epoch {index}: {ours} is not {reference}");
    }
}

/// The light of pyActigraphy: the logarithm of lux plus one.
pub(crate) fn logarithms(light: &[f64]) -> Vec<f64> {
    light.iter().map(|lux| (lux + 1.0).log10()).collect()
}
