//! The front door of what vendors hand out: one table of readers, and one walk through a file or an archive that
//! gives each member to the reader that knows it.
//!
//! A reader is one file and one row of `ALL`. A member is known by its content and by the right end of its path;
//! names are localised, cut and changed by people. Nothing is unpacked to disk. A path may hold a name or an
//! address, so it must never be reported.

use std::io::{self, Read};

use crate::apple;
use crate::archive::ArchiveError;
use crate::budget::Full;
use crate::tables::Stopped;

mod arrow;
pub(crate) mod clock;
mod cronometer;
mod database;
mod days;
pub(crate) mod desk;
mod dexcom;
pub(crate) mod door;
pub(crate) mod elements;
mod exported;
mod fhir;
pub(crate) mod fit;
mod fitbit;
mod gadgetbridge;
mod garmin;
mod google_fit;
mod gpx;
mod health_connect;
mod huawei;
mod libreview;
mod lines;
mod mi_fitness;
mod myfitnesspal;
mod nightscout;
mod nutrition;
mod omron;
mod open_mhealth;
mod open_wearables;
mod oura;
mod own;
mod parquet;
mod polar;
mod samsung;
mod sleep_as_android;
mod strava;
pub(crate) mod table;
mod tcx;
mod whoop;
mod withings;
mod witnesses;
mod workouts;
mod xml;
mod zepp;

pub(crate) use desk::{Desk, One};

/// Every vendor's format, in the order in which they are asked about a member.
pub(crate) const ALL: &[Vendor] = &[
    health_connect::VENDOR,
    samsung::VENDOR,
    oura::VENDOR,
    whoop::VENDOR,
    google_fit::VENDOR,
    fitbit::VENDOR,
    withings::VENDOR,
    mi_fitness::VENDOR,
    zepp::VENDOR,
    polar::VENDOR,
    huawei::VENDOR,
    sleep_as_android::VENDOR,
    gadgetbridge::VENDOR,
    garmin::VENDOR,
    strava::VENDOR,
    dexcom::VENDOR,
    libreview::VENDOR,
    cronometer::VENDOR,
    myfitnesspal::VENDOR,
    myfitnesspal::KILOGRAMS,
    myfitnesspal::POUNDS,
    omron::VENDOR,
    nightscout::VENDOR,
    fhir::VENDOR,
    open_mhealth::VENDOR,
    open_wearables::VENDOR,
    fit::VENDOR,
    arrow::VENDOR,
    parquet::VENDOR,
    gpx::VENDOR,
    tcx::VENDOR,
];

/// First bytes of a member by which it is known.
pub(crate) const HEAD_BYTES: usize = 16 << 10;

/// A format of a vendor's files.
pub struct Vendor {
    /// The name that commands and requests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The name of its sources.
    pub(crate) title: &'static str,
    /// Whether a member is of this format.
    pub(crate) is_meant: fn(&Member<'_>) -> bool,
    /// A reader at the beginning of an upload.
    pub(crate) open: fn() -> Box<dyn Reader>,
}

impl std::fmt::Debug for Vendor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Vendor").field(&self.name).finish()
    }
}

/// One file of an upload: a member of its archive, or the upload itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'m> {
    /// Path inside the archive, with `/`; empty for a bare file.
    pub(crate) path: &'m str,
    /// Its first bytes, [`HEAD_BYTES`] of most and more of a database, without gzip, UTF-16 and byte order mark.
    pub(crate) head: &'m [u8],
}

impl Member<'_> {
    /// The last part of the path.
    pub(crate) fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether a folder of the path has this name.
    pub(crate) fn is_within(&self, folder: &str) -> bool {
        let mut parts = self.path.rsplit('/').skip(1);
        parts.any(|part| part.eq_ignore_ascii_case(folder))
    }

    /// The head without what stands before its first letter.
    pub(crate) fn text(&self) -> &[u8] {
        self.head.trim_ascii_start()
    }

    /// Whether the text begins with this.
    pub(crate) fn begins(&self, with: &str) -> bool {
        self.text().starts_with(with.as_bytes())
    }

    /// Whether the head contains this.
    pub(crate) fn holds(&self, what: &str) -> bool {
        memchr::memmem::find(self.head, what.as_bytes()).is_some()
    }

    /// Whether the head of a JSON document has a member of this name.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        let quoted = format!("\"{name}\"");
        let mut found = memchr::memmem::find_iter(self.head, quoted.as_bytes());
        found.any(|at| {
            let after = self.head.get(at + quoted.len()..).unwrap_or_default();
            after.trim_ascii_start().starts_with(b":")
        })
    }

    /// The first line, as far as it is in the head.
    pub(crate) fn first_line(&self) -> &[u8] {
        let text = self.text();
        let end = memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len());
        text.get(..end).unwrap_or_default()
    }
}

/// What reads the members of one upload that are of one format. It lives over all of them.
pub(crate) trait Reader {
    /// Reads a member. What of it cannot be read is reported to the desk; an error ends the whole import.
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError>;

    /// Says what could only be said after the last member.
    fn finish(&mut self, _desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        Ok(())
    }
}

/// Why an upload is refused as a whole. What was sent before stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
    /// The input failed.
    #[error("cannot read the file")]
    Io(#[source] io::Error),
    /// An archive was refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It holds more memory than it may.
    #[error(transparent)]
    Memory(#[from] Full),
    /// Nothing inside is of a known format.
    #[error(
        "the archive holds no file of a known format; send the export as the vendor handed it out"
    )]
    Nothing,
    /// The archive holds another one of archives.
    #[error(
        "the archive holds archives in archives in archives; unpack them and send what is inside"
    )]
    Nested,
    /// The archive turned out to be an Apple Health export, and could not be read as one.
    #[error(transparent)]
    Apple(#[from] apple::ReadError),
    /// The receiver asked to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<io::Error> for VendorError {
    fn from(error: io::Error) -> Self {
        if let Some(full) = Full::of(&error) {
            return Self::Memory(full);
        }
        match error.downcast::<ArchiveError>() {
            Ok(refused) => Self::Archive(refused),
            Err(error) => Self::Io(error),
        }
    }
}
