//! The export of Apple Health: `export.zip`, or the XML file inside it.
//!
//! The input is read once and forward only, from a body, a pipe or a file; nothing is unpacked to
//! disk and memory does not grow with its size. Everything is a value of the result except what
//! makes the input as a whole unreadable ([`ReadError`]). Files of the archive come in any order:
//! routes, ECGs and clinics' files that stand before the main file are sent before its facts.

use std::cell::Cell;
use std::io::{self, Read};

use crate::apple::reading::Reading;
use crate::archive::{Archive, ArchiveError, Limits, Next};
use crate::batch::{Fact, Sink};
use crate::tables::{Outbox, Sent, Stopped};
use crate::unpack::Metered;

mod beats;
mod clinic;
mod correlation;
mod dates;
mod document;
mod ecg;
mod gpx;
mod other;
mod person;
mod reading;
mod sample;
pub(crate) mod scan;
pub(crate) mod text;
mod types;
mod workout;

/// Bytes of a file by which its kind is told.
const HEAD_BYTES: usize = 16 << 10;

/// How to read.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The time now; samples far ahead of it are refused.
    pub now_us: i64,
    /// Bounds of the archive.
    pub limits: Limits,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Name of the main file inside the archive; `None` for a bare one.
    pub main_file: Option<String>,
    /// When the export was made, as it says.
    pub exported_us: Option<i64>,
    /// What was sent.
    pub sent: Sent,
    /// Damages found; each of the first hundred is also a fact.
    pub damages: u32,
    /// Bytes of input consumed.
    pub bytes_read: u64,
}

/// Why the input is refused as a whole. What was sent before stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input failed.
    #[error("cannot read the export")]
    Io(#[source] io::Error),
    /// No file of the input is an export.
    #[error("the input holds no Apple Health export")]
    NotAnExport,
    /// The archive holds another one, and no export beside it.
    #[error(
        "the archive holds another archive and no Apple Health export; unpack the outer one and send the inner one"
    )]
    Nested,
    /// The form of iOS 8, which is not XML.
    #[error("the export was made by iOS 8; export again with iOS 9 or later")]
    TooOld,
    /// The archive is encrypted.
    #[error("the archive is encrypted; export without a password")]
    Encrypted,
    /// A bound of the archive was passed.
    #[error("the archive has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// The receiver asked to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<ArchiveError>() {
            Ok(refused) => refused.into(),
            Err(error) => Self::Io(error),
        }
    }
}

impl From<ArchiveError> for ReadError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Io(error) => Self::Io(error),
            ArchiveError::Encrypted => Self::Encrypted,
            ArchiveError::Limit { what, limit } => Self::Limit { what, limit },
        }
    }
}

/// Reads an export and hands its samples and records to `sink`.
pub fn read(
    input: &mut dyn Read,
    options: &Options,
    sink: &mut Sink<'_>,
) -> Result<Summary, ReadError> {
    let consumed = Cell::new(0);
    let mut input = Metered {
        input,
        consumed: &consumed,
    };
    let mut reading = Reading::new(Outbox::new(sink), options.now_us, &consumed);
    let head = head_of(&mut input, HEAD_BYTES)?;
    let is_archive = head.starts_with(b"PK\x03\x04");
    let mut whole = head.as_slice().chain(&mut input);
    let main_file = if is_archive {
        let mut archive = Archive::new(&mut whole, options.limits);
        Some(read_archive(&mut archive, None, &mut reading)?)
    } else if kind_of("", &head) == Kind::Export {
        document::read(&mut whole, &mut reading)?;
        None
    } else {
        return Err(ReadError::NotAnExport);
    };
    reading.flush()?;
    Ok(Summary {
        main_file,
        exported_us: reading.exported_us,
        sent: reading.outbox.sent(),
        damages: reading.damages,
        bytes_read: consumed.get(),
    })
}

/// Whether a file of an archive can only be of an export: by its content, or by a folder that no other
/// program writes.
pub(crate) fn is_part(name: &str, head: &[u8]) -> bool {
    let folders = ["workout-routes", "electrocardiograms", "clinical-records"];
    let is_in_folder = name.rsplit('/').skip(1).any(|part| folders.contains(&part));
    match kind_of(name, head) {
        Kind::Export | Kind::Ecg | Kind::Cda => true,
        Kind::Gpx | Kind::Clinic => is_in_folder,
        Kind::Nested | Kind::Leftover | Kind::Unrelated => false,
    }
}

/// Reads an archive on from one of its files, of which the first bytes were read already. What was passed
/// over before is said.
pub(crate) fn resume(
    (archive, consumed): (&mut Archive<'_>, &Cell<u64>),
    (name, head): (String, Vec<u8>),
    passed: Vec<Fact>,
    options: &Options,
    sink: &mut Sink<'_>,
) -> Result<(), ReadError> {
    let mut reading = Reading::new(Outbox::new(sink), options.now_us, consumed);
    for fact in passed {
        reading.outbox.fact(fact);
    }
    read_archive(archive, Some((name, head)), &mut reading)?;
    reading.flush()
}

fn read_archive(
    archive: &mut Archive<'_>,
    mut begun: Option<(String, Vec<u8>)>,
    reading: &mut Reading<'_, '_>,
) -> Result<String, ReadError> {
    let mut main_file = None;
    let mut told = None;
    loop {
        let next = match begun.take() {
            Some((name, head)) => {
                read_file(archive, (name, &head), &mut main_file, reading)?;
                Next::Folder
            }
            None => archive.next_entry()?,
        };
        match next {
            Next::File(name) => {
                let head = head_of(archive, HEAD_BYTES)?;
                read_file(archive, (name, &head), &mut main_file, reading)?;
            }
            Next::Refused { name, reason } => {
                reading.outbox.fact(Fact::Skipped { name, reason });
            }
            Next::Folder => {}
            Next::End => break,
            Next::Damaged(message) => {
                if told != Some(message) {
                    reading.damage(reading.consumed(), message);
                }
                break;
            }
        }
        if let Some((position, message)) = archive.end_entry()? {
            reading.damage(position, message);
            told = Some(message);
        }
        reading.flush_when_full()?;
    }
    main_file.ok_or(if reading.has_nested_archive {
        ReadError::Nested
    } else {
        ReadError::NotAnExport
    })
}

fn read_file(
    archive: &mut Archive<'_>,
    (name, head): (String, &[u8]),
    main_file: &mut Option<String>,
    reading: &mut Reading<'_, '_>,
) -> Result<(), ReadError> {
    let kind = kind_of(&name, head);
    let path = workout::archive_path(&name);
    let mut file = head.chain(&mut *archive);
    let reason = match kind {
        Kind::Export if main_file.is_none() => {
            *main_file = Some(name);
            return document::read(&mut file, reading);
        }
        Kind::Gpx => return gpx::read(&mut file, &path, reading),
        Kind::Ecg => return ecg::read(&mut file, reading),
        Kind::Clinic => return clinic::read_file(&mut file, &path, reading),
        Kind::Export => "a second export; only the first is read",
        Kind::Leftover => "a leftover of the program that packed the archive",
        Kind::Cda => "it repeats a part of the export in another form",
        Kind::Nested => {
            reading.has_nested_archive = true;
            "an archive inside the archive; unpack the outer one first"
        }
        Kind::Unrelated => "not a part of an export that is read",
    };
    reading.outbox.fact(Fact::Skipped { name, reason });
    Ok(())
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Export,
    Gpx,
    Ecg,
    Clinic,
    Cda,
    Nested,
    Leftover,
    Unrelated,
}

/// Tells the kind of a file, by content: names are localised.
fn kind_of(name: &str, head: &[u8]) -> Kind {
    let holds = |needle: &[u8]| memchr::memmem::find(head, needle).is_some();
    let file = name.rsplit('/').next().unwrap_or(name);
    let ends_with = |suffix: &str| file.to_ascii_lowercase().ends_with(suffix);
    if name.starts_with("__MACOSX/") || file.starts_with("._") || file == ".DS_Store" {
        Kind::Leftover
    } else if head.starts_with(b"PK\x03\x04") {
        Kind::Nested
    } else if holds(b"<ClinicalDocument") {
        Kind::Cda
    } else if holds(b"<HealthData") || holds(b"<!DOCTYPE HealthData") {
        Kind::Export
    } else if holds(b"<gpx") || ends_with(".gpx") {
        Kind::Gpx
    } else if ends_with(".json") && head.trim_ascii_start().starts_with(b"{") {
        Kind::Clinic
    } else if ends_with(".csv") && ecg::is_ecg(head) {
        Kind::Ecg
    } else {
        Kind::Unrelated
    }
}

/// Reads up to `count` bytes.
fn head_of(input: &mut dyn Read, count: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(count);
    input.take(count as u64).read_to_end(&mut head)?;
    Ok(head)
}
