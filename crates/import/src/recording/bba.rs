//! Time series of biobankAccelerometerAnalysis (`…-timeSeries.csv`, usually in gzip).
//!
//! *Structure*: either a heading `time,acc,…` and rows whose time carries fractions, offset and zone,
//! as `2014-05-07 13:29:50.439000+0100 [Europe/London]` (seen), or the older layout of UK Biobank, whose
//! heading is `acceleration (mg) - start - end - sampleRate = 5 seconds,imputed` over a row per epoch
//! without time (reported).
//!
//! *Units*: acceleration above gravity in milli-g per epoch; `imputed` 1 where the value was filled in;
//! the activity classes as shares of the epoch (0 or 1), `sleep` 1 is asleep; MET in metabolic
//! equivalents. Empty is missing (non-wear).
//!
//! *Time*: fractions of a second are cut off. All rows are told in the offset of the first one, so that a
//! change to summer time leaves the grid regular. The `…-summary.json` beside the series is another
//! file; a reader of one stream does not see it.

use std::io::Read;

use super::error::Error;
use super::lines::{Line, Lines};
use super::options::Options;
use super::stamp::Calendar;
use super::table::{self, Cell, Field, Layout, When};
use super::{Channel, Damages, Header, Quantity, Recording};

/// Name of the format.
pub(crate) const NAME: &str = "biobank_timeseries";

/// How the older heading begins.
const OLD: &str = "acceleration (mg)";

/// Unit of the acceleration: thousandths of standard gravity.
const MILLI_G: &str = "m[g]";

/// Whether the first line is one of the two headings.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    let cells = table::split(&line, ',');
    (cells.first() == Some(&"time") && cells.contains(&"acc")) || line.starts_with(OLD)
}

/// Reads a file.
pub(crate) fn read(input: &mut dyn Read, options: &Options<'_>) -> Result<Recording, Error> {
    let mut lines = Lines::new(input);
    let Some(Line { text, .. }) = lines.next_line()? else {
        return Err(Error::Empty { format: NAME });
    };
    let heading = text.to_ascii_lowercase();
    let cells = table::split(&heading, ',');
    let mut damages = Damages::default();
    let (channels, utc_offset_s) = if heading.starts_with(OLD) {
        (read_old(&cells, options, &mut lines, &mut damages)?, None)
    } else {
        let layout = layout(&cells, options).ok_or_else(|| {
            table::malformed(NAME, lines.spot(), "expected the columns time and acc")
        })?;
        let rows = table::read(NAME, layout, None, &mut lines)?;
        damages = rows.damages;
        (rows.channels, rows.utc_offset_s)
    };
    Ok(Recording {
        header: Header {
            format: NAME,
            utc_offset_s,
            ..Header::default()
        },
        channels,
        damages: lines.finish(damages),
    })
}

fn layout(cells: &[&str], options: &Options<'_>) -> Option<Layout> {
    let when = cells.iter().position(|cell| *cell == "time")?;
    let mut fields = Vec::new();
    for (index, heading) in cells.iter().enumerate() {
        let field = match *heading {
            "time" | "" => continue,
            "acc" => Field::new(index, "acceleration", Quantity::Activity, MILLI_G),
            "sleep" => Field::new(index, "sleep", Quantity::DeviceScore, "1"),
            // The class, not the light of a sensor.
            "light" => Field::new(index, "light_activity", Quantity::Other, "1"),
            "met" => Field::new(index, "met", Quantity::Other, "{MET}"),
            "temp" => Field::new(index, "temperature", Quantity::Temperature, "Cel"),
            other => Field::new(index, table::snake(other), Quantity::Other, "1"),
        };
        fields.push(field);
    }
    table::activity_first(&mut fields);
    let has_activity = fields.first()?.quantity == Quantity::Activity;
    has_activity.then(|| Layout {
        separator: ',',
        when: When::Stamp(when),
        subject: None,
        fields,
        epoch_s: table::epoch_s(options, None),
        calendar: Calendar::default(),
    })
}

/// Reads the older layout: the heading has the start and the length, the rows only values.
fn read_old(
    cells: &[&str],
    options: &Options<'_>,
    lines: &mut Lines<'_>,
    damages: &mut Damages,
) -> Result<Vec<Channel>, Error> {
    let heading = cells.first().copied().unwrap_or_default();
    let start = heading
        .split(" - ")
        .nth(1)
        .and_then(|start| Calendar::default().second(start));
    let stated = heading
        .rsplit_once('=')
        .and_then(|(_, rate)| rate.trim().split(' ').next()?.parse().ok());
    let (Some(start_s), Some(epoch_s)) = (start, table::epoch_s(options, stated)) else {
        let message = "expected the start and the seconds of an epoch in the heading";
        return Err(table::malformed(NAME, lines.spot(), message));
    };
    let mut kinds = vec![("acceleration", Quantity::Activity, MILLI_G)];
    if cells.get(1).is_some_and(|cell| *cell == "imputed") {
        kinds.push(("imputed", Quantity::Other, "1"));
    }
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); kinds.len()];
    let (mut rows, mut lost) = (0, 0);
    while let Some(Line { spot, text }) = lines.next_line()? {
        if text.trim().is_empty() {
            continue;
        }
        rows += 1;
        Error::check_values(rows * columns.len())?;
        let cells = table::split(&text, ',');
        for (index, column) in columns.iter_mut().enumerate() {
            column.push(match cells.get(index).map(|cell| Cell::number(cell)) {
                Some(Cell::Value(value)) => value,
                Some(Cell::Missing) => f64::NAN,
                Some(Cell::Bad) | None => {
                    damages.push(spot.damage("malformed_value", "expected a number"));
                    lost += usize::from(index == 0);
                    f64::NAN
                }
            });
        }
    }
    if rows == 0 {
        return Err(Error::Empty { format: NAME });
    }
    table::refuse_when_much_is_lost(NAME, (lost, rows), damages.first.first())?;
    Ok(kinds
        .into_iter()
        .zip(columns)
        .map(|((name, quantity, unit), values)| Channel {
            name: name.to_owned(),
            quantity,
            unit,
            start_s,
            epoch_s,
            values,
        })
        .collect())
}
