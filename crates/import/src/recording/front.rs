//! The formats of recordings: tells them by the first bytes of an unpacked file and calls the reader.
//!
//! A new format is one line in [`ALL`]. This module chooses and measures; it must never look at a value
//! of a recording.

use std::io::Read;

use super::error::{EPOCH_S_MAX, Error};
use super::onward::Onward;
use super::options::Options;
use super::{
    Blocks, Content, actical, actigraph_csv, agd, awd, bba, condor, cwa, daqtometer, declared,
    depresjon, geneactiv, gt3x, health_band, lines, motionware, motionwatch, nhanes, nsrr, packed,
    plausible, raw_csv, rpx, sheet, tempatilumi,
};
use crate::unpack;

/// First bytes that every format may look at to tell whether a file is meant for it.
pub const HEAD_BYTES: usize = 4096;

/// A format of recordings.
#[derive(Debug)]
pub struct Format {
    /// The name that commands and requests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether the first [`HEAD_BYTES`] bytes (fewer in a short file, and without a byte order mark)
    /// look like it.
    pub(crate) is_meant: fn(&[u8]) -> bool,
    /// Reads a file from its first byte.
    pub(crate) read: Reader,
}

/// Reads a whole file; raw acceleration goes to the blocks, epochs come back.
pub(crate) type Reader = fn(&mut dyn Read, &Options<'_>, &mut Blocks<'_>) -> Result<Content, Error>;

/// The format of tables whose columns somebody declares.
pub const DECLARED: &str = declared::NAME;

/// Every format, in the order in which they are tried: those with a signature first.
pub const ALL: &[Format] = &[
    Format {
        name: gt3x::NAME,
        about: "ActiGraph GT3X: a zip archive of info.txt and log.bin, or of activity.bin as first models wrote",
        is_meant: gt3x::is_meant,
        read: |input, _, blocks| gt3x::read(input, blocks).map(Content::Raw),
    },
    Format {
        name: sheet::NAME,
        about: "A spreadsheet (.xlsx, .xls, .ods) with a recording of another format in its first table",
        is_meant: sheet::is_meant,
        read: sheet::read,
    },
    Format {
        name: packed::NAME,
        about: "A zip archive with a single recording of another format in it",
        is_meant: packed::is_meant,
        read: packed::read,
    },
    Format {
        name: cwa::NAME,
        about: "Axivity CWA of AX3 and AX6: sectors of packed or plain samples",
        is_meant: cwa::is_meant,
        read: |input, _, blocks| cwa::read(input, blocks).map(Content::Raw),
    },
    Format {
        name: geneactiv::NAME,
        about: "GENEActiv .bin: pages of 300 samples in hexadecimal",
        is_meant: geneactiv::is_meant,
        read: |input, _, blocks| geneactiv::read(input, blocks).map(Content::Raw),
    },
    Format {
        name: agd::NAME,
        about: "ActiGraph AGD: epochs of ActiLife in an SQLite file",
        is_meant: agd::is_meant,
        read: |input, options, _| agd::read(input, options).map(Content::Epochs),
    },
    Format {
        name: actigraph_csv::NAME,
        about: "ActiGraph CSV of counts or raw acceleration, as ActiLife and CentrePoint export it, with times or without",
        is_meant: actigraph_csv::is_meant,
        read: actigraph_csv::read,
    },
    Format {
        name: rpx::NAME,
        about: "Respironics Actiware export: CSV with sections, in English, French, German, Dutch, Spanish, Italian, Portuguese or Japanese",
        is_meant: rpx::is_meant,
        read: |input, options, _| rpx::read(input, options).map(Content::Epochs),
    },
    Format {
        name: condor::NAME,
        about: "Condor ActTrust and ActLumus report: lines of KEY : value, then a table with semicolons",
        is_meant: condor::is_meant,
        read: |input, options, _| condor::read(input, options).map(Content::Epochs),
    },
    Format {
        name: actical::NAME,
        about: "Actical list of epochs: CSV with sections",
        is_meant: actical::is_meant,
        read: |input, options, _| actical::read(input, options).map(Content::Epochs),
    },
    Format {
        name: health_band::NAME,
        about: "Philips Health Band, the list of data of its web application, as spreadsheet or text",
        is_meant: health_band::is_meant,
        read: |input, options, _| health_band::read(input, options).map(Content::Epochs),
    },
    Format {
        name: motionwatch::NAME,
        about: "MotionWatch 8 .mtn: XML with a series for each channel",
        is_meant: motionwatch::is_meant,
        read: |input, options, _| motionwatch::read(input, options).map(Content::Epochs),
    },
    Format {
        name: daqtometer::NAME,
        about: "Daqtometer CSV: Start, End and channels, then rows with times",
        is_meant: daqtometer::is_meant,
        read: |input, options, _| daqtometer::read(input, options).map(Content::Epochs),
    },
    Format {
        name: tempatilumi::NAME,
        about: "Tempatilumi text: a table under Data; Hora; …; Atividade",
        is_meant: tempatilumi::is_meant,
        read: |input, options, _| tempatilumi::read(input, options).map(Content::Epochs),
    },
    Format {
        name: raw_csv::NAME,
        about: "Raw acceleration as CSV: Axivity, GENEActiv, mHealth, or a heading with a time and x, y and z",
        is_meant: raw_csv::is_meant,
        read: |input, options, blocks| {
            raw_csv::read(lines::Lines::new(input), options.rate_hz, blocks).map(Content::Raw)
        },
    },
    Format {
        name: nsrr::NAME,
        about: "Epochs of the National Sleep Research Resource (MESA, HCHS/SOL), without dates",
        is_meant: nsrr::is_meant,
        read: |input, options, _| nsrr::read(input, options),
    },
    Format {
        name: bba::NAME,
        about: "biobankAccelerometerAnalysis timeSeries.csv, in its newer or older layout",
        is_meant: bba::is_meant,
        read: |input, options, _| bba::read(input, options).map(Content::Epochs),
    },
    Format {
        name: depresjon::NAME,
        about: "A line # start=… epoch_seconds=…, then a count per line",
        is_meant: depresjon::is_meant,
        read: |input, options, _| depresjon::read(input, options).map(Content::Epochs),
    },
    Format {
        name: nhanes::NAME,
        about: "NHANES minutes of many people: seqn, a day or weekday, and all counts in one column",
        is_meant: nhanes::is_meant,
        read: |input, options, _| nhanes::read(input, options),
    },
    Format {
        name: awd::NAME,
        about: "Actiwatch AWD: seven lines of header, then a count per line (also AWI, AWL, AWT, AW7)",
        is_meant: awd::is_meant,
        read: |input, options, _| awd::read(input, options).map(Content::Epochs),
    },
    Format {
        name: motionware::NAME,
        about: "MotionWare text of a MotionWatch: Date, Time, Activity and Light below other lines",
        is_meant: motionware::is_meant,
        read: |input, options, _| motionware::read(input, options).map(Content::Epochs),
    },
    Format {
        name: declared::NAME,
        about: "A table with a column of times and one of activity, by plain headings or declared",
        is_meant: declared::is_meant,
        read: declared::read,
    },
];

/// Reads a recording: epochs come back, raw acceleration is handed over in blocks.
///
/// Gzip is unpacked transparently. What cannot be read inside a file is told by its
/// [`super::Damages`]; an error means that nothing of it could be used.
pub fn read(
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    if let Some(epoch_s) = options.epoch_s
        && !(1..=EPOCH_S_MAX).contains(&i64::from(epoch_s))
    {
        return Err(Error::EpochLength { epoch_s });
    }
    let (head, mut input) = unpack::open(input, HEAD_BYTES)?;
    let format = choose(&head, options)?;
    let mut onward = Onward::default();
    let mut content = (format.read)(&mut input, options, &mut |block| onward.take(block, blocks))?;
    match &mut content {
        Content::Epochs(recording) => plausible::clear(recording),
        Content::Several { members, .. } => members
            .iter_mut()
            .for_each(|member| plausible::clear(&mut member.recording)),
        Content::Raw(raw) => onward.settle(raw)?,
    }
    Ok(content)
}

fn choose(head: &[u8], options: &Options<'_>) -> Result<&'static Format, Error> {
    let known = || {
        let names: Vec<&str> = ALL.iter().map(|format| format.name).collect();
        names.join(", ")
    };
    let head = head.strip_prefix(lines::MARK).unwrap_or(head);
    let declared = options.columns.map(|_| declared::NAME);
    let packed = packed::is_meant(head).then_some(packed::NAME);
    let packed = packed.or(sheet::is_meant(head).then_some(sheet::NAME));
    match packed.or(options.format).or(declared) {
        Some(name) => ALL
            .iter()
            .find(|format| format.name == name)
            .ok_or_else(|| Error::UnknownFormat {
                name: name.to_owned(),
                known: known(),
            }),
        None => ALL
            .iter()
            .find(|format| (format.is_meant)(head))
            .ok_or_else(|| Error::Unrecognised { known: known() }),
    }
}
