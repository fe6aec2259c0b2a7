//! Counts without times under one line that says when they began: the layout in which the Depresjon
//! study is kept.
//!
//! *Structure* (seen): `# start=2003-03-18T15:00:00 epoch_seconds=60 n=51611 gaps=16500:3660`, then a
//! count per line. A gap `index:seconds` says that the count of that index (from 0) came so many seconds
//! after the one before it instead of one epoch (seen: 3660 at the change to summer time); the epochs
//! between are handed over as missing. `gaps=none` where there is none.
//!
//! *Units*: counts of the Actiwatch AW4, by the study's description.

use std::io::Read;

use super::error::{Error, VALUES_MAX};
use super::lines::{Line, Lines, Spot};
use super::numbers::Marks;
use super::options::Options;
use super::stamp::Calendar;
use super::table::{self, Cell};
use super::{Channel, Damages, Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "counts_with_start";

/// Gaps that are kept; a recording has one or two.
const GAPS_MAX: usize = 1_000;

/// Whether the first line is the heading.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    head.starts_with(b"# start=") || head.starts_with(b"#start=")
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let mut damages = Damages::default();
    let Some(Line { spot, text }) = lines.next_line()? else {
        return Err(Error::Empty { format: NAME });
    };
    let Some(head) = Head::parse(&text, spot, options, &mut damages) else {
        let message = "expected # start=2003-03-18T15:00:00 epoch_seconds=60 in the first line";
        return Err(table::malformed(NAME, spot, message));
    };
    let mut marks = Marks::default();
    let (mut values, mut index, mut lost) = (Vec::new(), 0_usize, 0);
    while let Some(Line { spot, text }) = lines.next_line()? {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let missing = head.missing_before(index);
        Error::check_values(values.len() + missing + 1)?;
        values.resize(values.len() + missing, f64::NAN);
        values.push(match marks.read(text, values.len()) {
            Cell::Value(value) => value,
            Cell::Missing => f64::NAN,
            Cell::Bad => {
                damages.push(spot.damage("malformed_line", "expected a count and nothing else"));
                lost += 1;
                f64::NAN
            }
        });
        index += 1;
    }
    if values.is_empty() {
        return Err(Error::Empty { format: NAME });
    }
    table::refuse_when_much_is_lost(NAME, (lost, index), damages.first.first())?;
    marks.settle(&mut values);
    if head.count.is_some_and(|count| count != index) {
        let message = "the file holds another number of counts than its first line says";
        damages.push(lines.spot().damage("truncated", message));
    }
    Ok(Recording {
        header: Header {
            format: NAME,
            ..Header::default()
        },
        channels: vec![Channel {
            name: "activity".to_owned(),
            quantity: Quantity::Activity,
            unit: "{count}",
            start_s: head.start_s,
            epoch_s: head.epoch_s,
            values,
        }],
        damages: lines.finish(damages),
    })
}

/// What the first line says.
struct Head {
    start_s: i64,
    epoch_s: u32,
    count: Option<usize>,
    /// Index of a count and the epochs that are missing before it.
    gaps: Vec<(usize, usize)>,
}

impl Head {
    fn parse(text: &str, spot: Spot, options: &Options<'_>, damages: &mut Damages) -> Option<Self> {
        let property = |name: &str| {
            text.trim_start_matches('#')
                .split_whitespace()
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let start_s = Calendar::default().second(property("start")?)?;
        let stated = property("epoch_seconds").and_then(|seconds| seconds.parse().ok());
        let epoch_s = table::epoch_s(options, stated)?;
        let mut gaps = Vec::new();
        let told = property("gaps")
            .filter(|gaps| *gaps != "none")
            .unwrap_or_default();
        for gap in told
            .split([',', ';'])
            .filter(|gap| !gap.is_empty())
            .take(GAPS_MAX)
        {
            match missing_epochs(gap, epoch_s) {
                Some(gap) => gaps.push(gap),
                None => damages.push(spot.damage("malformed_gap", "expected index:seconds")),
            }
        }
        gaps.sort_unstable();
        Some(Self {
            start_s,
            epoch_s,
            count: property("n").and_then(|count| count.parse().ok()),
            gaps,
        })
    }

    fn missing_before(&self, index: usize) -> usize {
        let first = self.gaps.partition_point(|(at, _)| *at < index);
        self.gaps
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(|(at, _)| *at == index)
            .fold(0, |sum: usize, (_, missing)| sum.saturating_add(*missing))
            .min(VALUES_MAX)
    }
}

/// Index and missing epochs of `16500:3660`.
fn missing_epochs(gap: &str, epoch_s: u32) -> Option<(usize, usize)> {
    let (index, seconds) = gap.split_once(':')?;
    let steps = seconds.parse::<u32>().ok()? / epoch_s;
    let missing = usize::try_from(steps.checked_sub(1)?).ok()?;
    Some((index.parse().ok()?, missing))
}
