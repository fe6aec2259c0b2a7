//! Reads one file into series: the activity that the measures see, and light where there is any.
//!
//! The digest of the content is taken while it is read. Whatever is wrong with a file is an error of that
//! file. Nothing of the file but its device's header and its series is kept.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use analysis::accel::calibration::Found;
use analysis::outcome::Insufficient;
use analysis::report::scorer::ActivityScale;
use analysis::series::{Combine, Ends, Origin, Series};
use aws_lc_rs::digest;
use import::recording::columns::Columns;
use import::recording::error;
use import::recording::{Channel, Content, Damages, Header, Quantity, Recording};
use jiff::tz::TimeZone;

use crate::models::digest::Sha256;
use crate::own::Own;
use crate::raw::FirstPass;
use crate::{civil, raw};

/// Read at once when only the digest is wanted.
const CHUNK_BYTES: usize = 1 << 16;
/// Share of a longer epoch that must be present when a recording is resampled.
const LEAST_BIN: f64 = 0.5;

/// How files are read.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Name of the format; recognised by content without one.
    pub format: Option<String>,
    /// What the columns of tables mean.
    pub columns: Option<Columns>,
    /// Name of the channel that is the activity; the device's main one without.
    pub channel: Option<String>,
    /// Zone on whose clock the recording is put.
    pub zone: Option<TimeZone>,
    /// Length of an epoch to resample to, seconds.
    pub epoch_s: Option<u32>,
    /// Samples per second of raw acceleration in text, where its times do not tell.
    pub rate_hz: Option<f64>,
    /// What may be lost of a file that is used.
    pub losses: Losses,
    /// Whether a file is decoded on a thread of its own while its samples are reduced.
    pub decode: Decode,
}

/// Where raw acceleration is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decode {
    /// On the thread that reduces it: best when there are more files than cores.
    #[default]
    Here,
    /// On a second thread.
    Beside,
}

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It could not be opened or read.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// No reader understood it.
    #[error(transparent)]
    Import(#[from] error::Error),
    /// It has no channel of activity.
    #[error("the file has no channel of activity; its channels are {0}")]
    NoActivity(String),
    /// The channel that was asked for is not there.
    #[error("the file has no channel {wanted:?}; its channels are {known}")]
    NoChannel {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The epochs cannot be resampled.
    #[error("epochs of {from_s} s cannot become epochs of {to_s} s: {reason}")]
    Epoch {
        /// Length in the file.
        from_s: u32,
        /// Length that was asked for.
        to_s: u32,
        /// Why not.
        reason: Insufficient,
    },
    /// Raw acceleration cannot be reduced to this.
    #[error("the raw acceleration cannot be reduced to {wanted}: {reason}")]
    Reduce {
        /// Which measure.
        wanted: String,
        /// Why not.
        reason: Insufficient,
    },
    /// There is no such measure of raw acceleration.
    #[error("raw acceleration has no channel {wanted:?}; its channels are {known}")]
    NoMeasure {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The file names samples but holds none.
    #[error("the file holds no samples of acceleration")]
    NoSamples,
    /// A part of the file is lost, where none may be.
    #[error(
        "{count} places of the file could not be read, which --strict refuses; the first: {first}"
    )]
    Lossy {
        /// How many.
        count: u64,
        /// The first of them.
        first: String,
    },
    /// The rest intervals of the device are wanted and not there.
    #[error("the file has no rest intervals of the device, which --windows device needs")]
    NoRests,
    /// What the device says about wear is wanted and not there.
    #[error(
        "the file has neither an off-wrist sensor nor intervals of the device, which --nonwear device needs"
    )]
    NoSensor,
    /// The times lie beyond the calendar.
    #[error("the times of the recording lie beyond the calendar")]
    Calendar,
}

/// A recording as the measures see it.
#[derive(Debug)]
pub struct Loaded {
    /// Number of the person in a file that holds several.
    pub member: Option<String>,
    /// What the device says about itself.
    pub header: Header,
    /// Name of the channel that is the activity.
    pub channel: String,
    /// Its unit.
    pub unit: &'static str,
    /// The activity.
    pub activity: Series,
    /// Light in lux.
    pub light: Option<Series>,
    /// Angle of the forearm in degrees, from raw acceleration.
    pub(crate) angle: Option<Series>,
    /// 1 where the raw acceleration says that the device was not worn, 0 where it was.
    pub nonwear: Option<Series>,
    /// What the moments at rest say about the axes of raw acceleration; none for counts.
    pub calibration: Option<Result<Found, Insufficient>>,
    /// What it says besides.
    pub own: Own,
    /// What could not be read.
    pub damages: Damages,
}

/// What may be lost of a file that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Losses {
    /// What the bound of its reader allows, and counted.
    #[default]
    Counted,
    /// Nothing.
    Refused,
}

/// What the zeros of an activity say about wear: where the device was worn, if it counts at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Counts of a device at the hip.
    Hip,
    /// Counts of a device at the wrist, somewhere else, or nobody says where.
    Elsewhere,
    /// No counts: acceleration is never 0, steps are 0 most of the day.
    NoCounts,
}

impl Place {
    pub(crate) fn of(loaded: &Loaded) -> Self {
        let place = loaded.header.worn_at.as_deref().unwrap_or_default();
        Self::fitting(loaded.header.format, &loaded.channel, loaded.unit, place)
    }

    /// What the activity counts.
    pub(crate) const fn scale(self) -> ActivityScale {
        match self {
            Self::Hip | Self::Elsewhere => ActivityScale::Counts,
            Self::NoCounts => ActivityScale::Other,
        }
    }

    fn fitting(format: &str, channel: &str, unit: &str, place: &str) -> Self {
        let place = place.to_lowercase();
        let is_said_hip = ["hip", "waist"].iter().any(|name| place.contains(name));
        // ActiGraph counts are worn at the hip unless the file says otherwise; those of NHANES are, its MIMS not.
        let is_hip_by_custom = place.is_empty()
            && match format {
                "agd" | "actigraph_csv" => true,
                "nhanes_minutes" => channel == "activity",
                _ => false,
            };
        if !unit.starts_with('{') || channel.contains("step") {
            Self::NoCounts
        } else if is_said_hip || is_hip_by_custom {
            Self::Hip
        } else {
            Self::Elsewhere
        }
    }
}

/// A file as the measures see it.
#[derive(Debug)]
pub struct LoadedFile {
    /// Digest of its content, hexadecimal.
    pub sha256: String,
    /// The recordings in it.
    pub recordings: Vec<Loaded>,
}

/// Digest of a file's content, hexadecimal.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut input = Digested::open(path)?;
    input.drain()?;
    Ok(input.hex())
}

/// Reads a file: once, or twice where raw acceleration is calibrated first.
pub fn load(path: &Path, how: &How) -> Result<LoadedFile, LoadError> {
    loaded(Digested::open(path)?, || File::open(path), how)
}

/// Reads what is in memory as if it were a file.
pub fn load_bytes(content: &[u8], how: &How) -> Result<LoadedFile, LoadError> {
    loaded(Digested::of(content), || Ok(content), how)
}

fn loaded<R: Read + Send>(
    mut input: Digested<R>,
    again: impl FnOnce() -> io::Result<R>,
    how: &How,
) -> Result<LoadedFile, LoadError> {
    let mut first = FirstPass::default();
    let content = raw::read(&mut input, how, &mut |block| first.take(block))?;
    // A reader may stop at the end of what it needs.
    input.drain()?;
    let recordings = match content {
        Content::Epochs(recording) => vec![of_epochs(None, recording, how)?],
        Content::Several { members, .. } => members
            .into_iter()
            .map(|member| of_epochs(Some(member.number), member.recording, how))
            .collect::<Result<_, _>>()?,
        Content::Raw(found) => vec![raw::reduced(&mut again()?, found, first, how)?],
    };
    if how.losses == Losses::Refused {
        recordings.iter().try_for_each(Loaded::refuse_losses)?;
    }
    Ok(LoadedFile {
        sha256: input.hex(),
        recordings,
    })
}

impl Loaded {
    fn refuse_losses(&self) -> Result<(), LoadError> {
        let damages = &self.damages;
        let Some(first) = damages.first.iter().find(|damage| damage.is_loss()) else {
            return Ok(());
        };
        let place = match first.line {
            Some(line) => format!("line {line}"),
            None => format!("byte {}", first.byte),
        };
        Err(LoadError::Lossy {
            count: damages.lost,
            first: format!("{place}: {}", first.message),
        })
    }
}

fn of_epochs(
    member: Option<String>,
    mut recording: Recording,
    how: &How,
) -> Result<Loaded, LoadError> {
    let known = || {
        let names: Vec<&str> = recording
            .channels
            .iter()
            .map(|channel| channel.name.as_str())
            .collect();
        names.join(", ")
    };
    let is_activity = |channel: &Channel| match &how.channel {
        Some(wanted) => channel.name == *wanted,
        None => channel.quantity == Quantity::Activity,
    };
    let Some(at) = recording.channels.iter().position(is_activity) else {
        return Err(match &how.channel {
            Some(wanted) => LoadError::NoChannel {
                wanted: wanted.clone(),
                known: known(),
            },
            None => LoadError::NoActivity(known()),
        });
    };
    let offset_s = recording.header.utc_offset_s;
    let own = Own::of(&recording.channels, offset_s, how)?;
    let activity = recording.channels.swap_remove(at);
    let light = recording
        .channels
        .into_iter()
        .find(|channel| channel.quantity == Quantity::Light);
    let (channel, unit) = (activity.name.clone(), activity.unit);
    let sum = Combine::SumWhere(LEAST_BIN);
    let mean = Combine::MeanWhere(LEAST_BIN);
    let is_count = unit.starts_with('{');
    let combine = if is_count { sum } else { mean };
    Ok(Loaded {
        member,
        header: recording.header,
        channel,
        unit,
        activity: prepared(activity, offset_s, how, combine)?,
        light: light
            .map(|light| prepared(light, offset_s, how, mean))
            .transpose()?,
        angle: None,
        nonwear: None,
        calibration: None,
        own,
        damages: recording.damages,
    })
}

/// A series on the clock that was asked for.
pub(super) fn on_clock(
    series: Series,
    offset_s: Option<i32>,
    how: &How,
) -> Result<Series, LoadError> {
    match &how.zone {
        Some(zone) => civil::on_local_clock(&series, offset_s, zone).ok_or(LoadError::Calendar),
        None => Ok(series),
    }
}

/// The channel on the clock and the epoch that were asked for.
fn prepared(
    channel: Channel,
    offset_s: Option<i32>,
    how: &How,
    combine: Combine,
) -> Result<Series, LoadError> {
    let series = Series::new(channel.start_s, channel.epoch_s.max(1), channel.values);
    let series = on_clock(series, offset_s, how)?;
    let Some(to_s) = how.epoch_s.filter(|&to_s| to_s != series.step_s()) else {
        return Ok(series);
    };
    let refused = |reason| LoadError::Epoch {
        from_s: series.step_s(),
        to_s,
        reason,
    };
    if to_s < series.step_s() {
        let of = "seconds per epoch (shorter ones cannot be made)";
        let lack = Insufficient::new(of, f64::from(series.step_s()), f64::from(to_s));
        return Err(refused(lack));
    }
    series
        .resampled(to_s, Origin::FirstEpoch, Ends::Complete, combine)
        .map_err(refused)
}

/// A content whose digest is taken while it is read.
struct Digested<R> {
    content: R,
    context: digest::Context,
}

impl Digested<File> {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self::of(file))
    }
}

impl<R: Read> Digested<R> {
    fn of(content: R) -> Self {
        Self {
            content,
            context: digest::Context::new(&digest::SHA256),
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK_BYTES];
        while self.read(&mut chunk)? > 0 {}
        Ok(())
    }

    fn hex(self) -> String {
        Sha256::finished(&self.context.finish()).to_string()
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        self.context.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Name of a recording as people know it: its file without folders and extensions, and its number.
pub fn name(path: &Path, member: Option<&str>) -> String {
    let names = crate::diary::names(path);
    let stem = names.last().cloned().unwrap_or_default();
    match member {
        Some(member) => format!("{stem} {member}"),
        None => stem,
    }
}

/// The path that results show: as it was given.
pub fn shown(path: &Path) -> String {
    PathBuf::from(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_tell_wear_where_counts_are_and_sooner_at_the_hip() {
        let check = |format: &str, channel: &str, unit: &str, place: &str, expect: Place| {
            let found = Place::fitting(format, channel, unit, place);
            assert_eq!(found, expect, "{format} {channel} {unit} {place}");
        };
        check("agd", "axis1", "{count}", "", Place::Hip);
        check("agd", "axis1", "{count}", "Left Wrist", Place::Elsewhere);
        check("agd", "steps", "{count}", "", Place::NoCounts);
        check("awd", "activity", "{count}", "", Place::Elsewhere);
        check("table", "activity", "{count}", "Waist", Place::Hip);
        check("biobank_timeseries", "enmo", "mg", "", Place::NoCounts);
        check("nhanes_minutes", "activity", "{count}", "", Place::Hip);
        check("nhanes_minutes", "mims", "{MIMS}", "", Place::Elsewhere);
    }
}
