//! Intervals between heart beats: one per line, a column of a table, or the messages of a FIT file.
//!
//! Chest straps and the programs around them write the same thing in a few ways: a bare column (Elite
//! HRV, Kubios), a table with a heading (Polar Sensor Logger: `Phone timestamp;RR-interval [ms]`), a
//! Polar HRM file whose `[HRData]` holds intervals, or a FIT file (`fit`). A line without a usable interval is counted with its
//! number and ends the stretch before it: an interval across a gap is none. This reader must never
//! correct a beat.

mod fit;

use std::io::{self, Read};

use crate::recording::{Damage, Damages};

/// Bytes of a file; a fortnight of intervals with time stamps has 60 MB.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// Intervals of a file: two weeks at 100 beats per minute.
pub const INTERVALS_MAX: usize = 2_000_000;
/// Medians above this many are milliseconds, unless the heading says what they are.
const MILLISECONDS_FROM: f64 = 100.0;
/// Medians below this many are seconds.
const SECONDS_UNTIL: f64 = 5.0;
/// The setting of an HRM file whose data are intervals rather than rates.
const HRM_INTERVALS: &str = "238";

/// A file of which more than one line in so many is lost is refused, as recordings are.
const LOST_ONE_IN: u64 = 10;
/// So many may be lost of the shortest file.
const LOST_ALWAYS: u64 = 2;

/// What the intervals of a file are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalUnit {
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

/// Who says that the numbers are beat intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// The file does: by a heading or its format.
    ByFile,
    /// Whoever reads it as such.
    ByReader,
}

/// The intervals of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// Which of the ways of writing it is: `polar_hrm`, `table`, `column` or `fit`.
    pub format: &'static str,
    /// Who says that they are intervals.
    pub named: Named,
    /// What the file is written in.
    pub unit: IntervalUnit,
    /// Stretches of consecutive intervals in milliseconds.
    pub stretches_ms: Vec<Vec<f64>>,
    /// Lines without a usable interval.
    pub damages: Damages,
}

/// Why no intervals were read.
#[derive(Debug, thiserror::Error)]
pub enum IntervalsError {
    /// The file could not be read.
    #[error("cannot read the file")]
    Io(#[source] io::Error),
    /// More than a reader takes.
    #[error("the file holds more than {limit} {what}; split it")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// Not text.
    #[error("the file is not text (byte {byte}); beat intervals are read from text")]
    NotText {
        /// The first byte that is not.
        byte: usize,
    },
    /// Nothing in it is an interval.
    #[error(
        "the file contains no beat interval; one interval per line is expected, in ms or s, or a FIT file \
         recorded with beat intervals"
    )]
    Empty,
    /// An HRM file with rates.
    #[error(
        "line {line}: this HRM file holds heart rates (Interval={found}), not beat intervals \
         (Interval={HRM_INTERVALS}); export it with R-R recording"
    )]
    Rates {
        /// The line of the setting.
        line: usize,
        /// What it is set to.
        found: String,
    },
    /// Nobody can know which column holds them.
    #[error(
        "line {line} has {columns} columns and none is named RR, IBI or NN; keep the column of \
         intervals only, or name it"
    )]
    Columns {
        /// The line.
        line: usize,
        /// How many it has.
        columns: usize,
    },
    /// So much is lost that the file is not what it was taken for.
    #[error(
        "{lost} of {all} lines or places have no beat interval, which is too many to use the rest; keep the intervals only"
    )]
    Lost {
        /// How many.
        lost: u64,
        /// Of how many.
        all: u64,
    },
    /// Neither ms nor s.
    #[error(
        "half of the intervals are below {median}, which is neither milliseconds nor seconds between beats"
    )]
    Unit {
        /// The median of what was read.
        median: f64,
    },
}

/// Reads intervals, telling the way they are written by their content.
pub fn read(input: &mut dyn Read) -> Result<Intervals, IntervalsError> {
    let bytes = bytes_of(input)?;
    if fit::is_fit(&bytes) {
        return fit::read(&bytes);
    }
    let text = text_of(bytes)?;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    if lines
        .iter()
        .any(|line| line.eq_ignore_ascii_case("[HRData]"))
    {
        return hrm(&lines);
    }
    table(&lines)
}

fn bytes_of(input: &mut dyn Read) -> Result<Vec<u8>, IntervalsError> {
    let mut bytes = Vec::new();
    let mut bounded = input.take(FILE_BYTES_MAX + 1);
    bounded
        .read_to_end(&mut bytes)
        .map_err(IntervalsError::Io)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(IntervalsError::TooLarge {
            what: "bytes",
            limit: FILE_BYTES_MAX,
        });
    }
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>) -> Result<String, IntervalsError> {
    let text = String::from_utf8(bytes).map_err(|error| IntervalsError::NotText {
        byte: error.utf8_error().valid_up_to(),
    })?;
    if let Some(byte) = text.find('\0') {
        return Err(IntervalsError::NotText { byte });
    }
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// A Polar HRM file: settings as `Name=value`, then data after `[HRData]`.
fn hrm(lines: &[&str]) -> Result<Intervals, IntervalsError> {
    let mut numbered = lines.iter().copied().zip(1_usize..);
    for (line, number) in numbered.by_ref() {
        if line.eq_ignore_ascii_case("[HRData]") {
            break;
        }
        if let Some(found) = line.strip_prefix("Interval=")
            && found.trim() != HRM_INTERVALS
        {
            return Err(IntervalsError::Rates {
                line: number,
                found: found.trim().to_owned(),
            });
        }
    }
    let mut gathered = Gathered::default();
    for (line, number) in numbered.take_while(|(line, _)| !line.starts_with('[')) {
        if !line.is_empty() {
            gathered.push(number_of(line), number)?;
        }
    }
    let unit = Some(IntervalUnit::Milliseconds);
    gathered.finish("polar_hrm", Named::ByFile, unit)
}

/// A column, or a table with a heading.
fn table(lines: &[&str]) -> Result<Intervals, IntervalsError> {
    let shown = || {
        let all = lines.iter().copied().zip(1_usize..);
        all.filter(|(line, _)| !line.is_empty() && !line.starts_with(['#', '%']))
    };
    let first = shown()
        .find(|(line, _)| number_of(fields(line).last().copied().unwrap_or_default()).is_some());
    let (first_line, first_number) = first.ok_or(IntervalsError::Empty)?;
    let columns = fields(first_line).len();
    let heading = shown()
        .take_while(|(_, number)| *number < first_number)
        .last()
        .map(|(line, _)| fields(line))
        .filter(|heading| heading.len() == columns)
        .unwrap_or_default();
    let named = heading.iter().position(|name| is_interval_name(name));
    let column = match (named, columns) {
        (Some(column), _) => column,
        // A time stamp or a running time stands before the interval.
        (None, 1 | 2) => columns - 1,
        (None, _) => {
            return Err(IntervalsError::Columns {
                line: first_number,
                columns,
            });
        }
    };
    let unit = heading.get(column).and_then(|name| unit_in(name));
    let mut gathered = Gathered::default();
    for (line, number) in shown().skip_while(|(_, number)| *number < first_number) {
        let fields = fields(line);
        gathered.push(
            fields.get(column).and_then(|field| number_of(field)),
            number,
        )?;
    }
    let format = if columns == 1 { "column" } else { "table" };
    let is_said = named.is_some()
        || lines
            .iter()
            .take_while(|line| line.is_empty() || line.starts_with(['#', '%']))
            .any(|line| line.to_ascii_lowercase().contains("interval"));
    let named = if is_said {
        Named::ByFile
    } else {
        Named::ByReader
    };
    gathered.finish(format, named, unit)
}

/// The fields of a line. Where semicolons or tabs separate, a comma is a decimal mark.
fn fields(line: &str) -> Vec<&str> {
    let by = |mark: char| line.split(mark).map(str::trim).collect();
    if line.contains(';') {
        by(';')
    } else if line.contains('\t') {
        by('\t')
    } else if line.contains(',') {
        let parts: Vec<&str> = by(',');
        // `0,812` is a number; `0.4,812` and `12:00:01,812` are two fields.
        let is_decimal = parts.len() == 2
            && parts
                .iter()
                .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            && parts.first() == Some(&"0");
        if is_decimal { vec![line] } else { parts }
    } else if line
        .split_whitespace()
        .all(|part| number_of(part).is_some())
    {
        line.split_whitespace().collect()
    } else {
        vec![line]
    }
}

fn number_of(field: &str) -> Option<f64> {
    let number: f64 = field.trim().replacen(',', ".", 1).parse().ok()?;
    number.is_finite().then_some(number)
}

fn is_interval_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| matches!(word, "rr" | "ibi" | "nn" | "rri" | "r")) || name.contains("interval")
}

fn unit_in(name: &str) -> Option<IntervalUnit> {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| match word {
        "ms" | "msec" | "milliseconds" => Some(IntervalUnit::Milliseconds),
        "s" | "sec" | "seconds" => Some(IntervalUnit::Seconds),
        _ => None,
    })
}

/// Intervals while lines come.
#[derive(Default)]
struct Gathered {
    stretches: Vec<Vec<f64>>,
    open: Vec<f64>,
    count: usize,
    damages: Damages,
}

impl Gathered {
    fn push(&mut self, value: Option<f64>, line: usize) -> Result<(), IntervalsError> {
        let Some(value) = value.filter(|value| *value > 0.0) else {
            self.lost(Damage {
                code: "malformed_line",
                byte: 0,
                line: Some(u64::try_from(line).unwrap_or(u64::MAX)),
                message: "not a beat interval above 0".to_owned(),
            });
            return Ok(());
        };
        self.keep(value)
    }

    /// An interval that cannot be used ends the stretch before it.
    fn lost(&mut self, damage: Damage) {
        self.close();
        self.damages.push(damage);
    }

    fn keep(&mut self, value: f64) -> Result<(), IntervalsError> {
        self.count += 1;
        if self.count > INTERVALS_MAX {
            return Err(IntervalsError::TooLarge {
                what: "intervals",
                limit: u64::try_from(INTERVALS_MAX).unwrap_or(u64::MAX),
            });
        }
        self.open.push(value);
        Ok(())
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.stretches.push(std::mem::take(&mut self.open));
        }
    }

    fn finish(
        mut self,
        format: &'static str,
        named: Named,
        stated: Option<IntervalUnit>,
    ) -> Result<Intervals, IntervalsError> {
        self.close();
        let lost = self.damages.count;
        let all = lost + u64::try_from(self.count).unwrap_or(u64::MAX);
        if lost > LOST_ALWAYS && LOST_ONE_IN * lost > all {
            return Err(if self.count == 0 {
                IntervalsError::Empty
            } else {
                IntervalsError::Lost { lost, all }
            });
        }
        let mut values: Vec<f64> = self.stretches.concat();
        let middle = values.len() / 2;
        if values.is_empty() {
            return Err(IntervalsError::Empty);
        }
        let (_, &mut median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
        let unit = match stated {
            Some(unit) => unit,
            None if median >= MILLISECONDS_FROM => IntervalUnit::Milliseconds,
            None if median <= SECONDS_UNTIL => IntervalUnit::Seconds,
            None => return Err(IntervalsError::Unit { median }),
        };
        if unit == IntervalUnit::Seconds {
            for value in self.stretches.iter_mut().flatten() {
                *value *= 1000.0;
            }
        }
        Ok(Intervals {
            format,
            named,
            unit,
            stretches_ms: self.stretches,
            damages: self.damages,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, format: &str, unit: IntervalUnit, expect: &[&[f64]], damages: u64) {
        let found = read(&mut text.as_bytes()).expect(text);
        assert_eq!((found.format, found.unit), (format, unit), "{text}");
        assert_eq!(found.stretches_ms.len(), expect.len(), "{text}");
        for (found, expect) in found.stretches_ms.iter().zip(expect) {
            assert_eq!(found.len(), expect.len(), "{text}");
            for (found, expect) in found.iter().zip(*expect) {
                assert!((found - expect).abs() < 1e-9, "{text}");
            }
        }
        assert_eq!(found.damages.count, damages, "{text}");
    }

    #[test]
    fn every_way_of_writing_is_read() {
        use IntervalUnit::{Milliseconds, Seconds};
        let expect: &[&[f64]] = &[&[812.0, 798.5, 805.0]];
        check("812\n798.5\n805\n", "column", Milliseconds, expect, 0);
        check("0.812\r\n0.7985\r\n0.805\r\n", "column", Seconds, expect, 0);
        check("0,812\n0,7985\n0,805\n", "column", Seconds, expect, 0);
        check(
            "RR [ms]\n812\n798.5\n805\n",
            "column",
            Milliseconds,
            expect,
            0,
        );
        let logger = "Phone timestamp;RR-interval [ms]\n2021-03-01T12:00:00.0;812\n\
                      2021-03-01T12:00:00.8;798,5\n2021-03-01T12:00:01.6;805\n";
        check(logger, "table", Milliseconds, expect, 0);
        let kubios = "% exported\n0.812 0.812\n1.6105 0.7985\n2.4155 0.805\n";
        check(kubios, "table", Seconds, expect, 0);
        let csv = "time,hr,rr,quality\n0,74,812,1\n1,75,798.5,1\n2,74,805,1\n";
        check(csv, "table", Milliseconds, expect, 0);
        let hrm = "[Params]\nVersion=106\nInterval=238\n[HRData]\n812\n798.5\n805\n\n[Other]\n1\n";
        check(hrm, "polar_hrm", Milliseconds, expect, 0);
    }

    #[test]
    fn a_line_without_an_interval_ends_the_stretch() {
        check(
            "812\n798\nlost\n805\n0\n801\n",
            "column",
            IntervalUnit::Milliseconds,
            &[&[812.0, 798.0], &[805.0], &[801.0]],
            2,
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        let refused = |text: &[u8]| read(&mut &text[..]).expect_err("no intervals").to_string();
        assert!(refused(b"").contains("no beat interval"));
        assert!(refused(b"hello\nworld\n").contains("no beat interval"));
        assert!(refused(b"812\n\xff\n").contains("byte 4"));
        assert!(refused(b"12\n14\n13\n").contains("neither"));
        assert!(refused(b"1,2,3\n4,5,6\n").contains("line 1 has 3 columns"));
        let lost = "812\nlost\n".repeat(3);
        assert!(refused(lost.as_bytes()).contains("3 of 6 lines"));
        let rates = b"[Params]\nInterval=5\n[HRData]\n74\n75\n";
        assert!(refused(rates).contains("line 2"));
    }
}
