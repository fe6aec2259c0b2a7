//! Reads a zip archive forward only, entry by entry, as its bytes arrive.
//!
//! An export comes from a phone over HTTP or standard input: its directory is at the end, its sizes
//! often stand behind the data (data descriptors), and nothing may be unpacked to disk. No library
//! reads such entries forward only with limits for hostile input, so this small reader of local
//! headers does, over flate2. Names are never used as paths; memory does not grow with the archive.

use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use memchr::memmem;

use self::header::{Declared, Header, u32_at, u64_at};
use self::window::Window;

mod header;
mod window;

/// Bounds of an archive, each with the reason for its standard value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Unpacked bytes of all entries together. Ten years of a heavy user are some 3 GB.
    pub unpacked_bytes: u64,
    /// Unpacked bytes per packed byte. Exports pack to 1:31, files that repeat one line to 1:500;
    /// deflate reaches 1:1030, and a bomb wants all of it.
    pub ratio: u64,
    /// Unpacked bytes of an entry before the ratio counts: so much costs nothing.
    pub ratio_free_bytes: u64,
    /// Entries. Ten years of daily routes and ECGs are some 8,000.
    pub entries: u32,
}

impl Limits {
    /// The standard values.
    pub const STANDARD: Self = Self {
        unpacked_bytes: 64 << 30,
        ratio: 600,
        ratio_free_bytes: 64 << 20,
        entries: 100_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Bytes of a name; longer ones belong to no export and are skipped.
pub const NAME_BYTES_MAX: usize = 1_024;

/// Longest descriptor (signature, checksum, two sizes of eight bytes) and the signature after it.
const DESCRIPTOR_BYTES: usize = 4 + 4 + 16 + 4;

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Why an archive is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The input failed.
    #[error("cannot read the archive")]
    Io(#[source] io::Error),
    /// A bound was passed.
    #[error("the archive has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// An entry is encrypted.
    #[error("the archive is encrypted; export it without a password")]
    Encrypted,
}

/// The next thing in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A file, whose bytes [`Archive`] now reads.
    File(String),
    /// An entry that is not read.
    Refused {
        /// Its name, cut to [`NAME_BYTES_MAX`].
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A folder.
    Folder,
    /// No more entries.
    End,
    /// The archive cannot be read further.
    Damaged(&'static str),
}

/// An archive whose current entry can be read.
pub struct Archive<'a> {
    window: Window<'a>,
    limits: Limits,
    inflate: Decompress,
    entry: Entry,
    entries: u32,
    unpacked: u64,
    lost: Option<&'static str>,
}

#[derive(Debug)]
struct Entry {
    form: Form,
    crc: Crc,
    packed: u64,
    unpacked: u64,
    declared: Option<Declared>,
    wide: bool,
    damage: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Done,
    Stored { left: u64 },
    StoredUntilDescriptor,
    Deflated,
}

impl<'a> Archive<'a> {
    /// An archive at its first byte.
    pub fn new(input: &'a mut dyn Read, limits: Limits) -> Self {
        Self {
            window: Window::new(input),
            limits,
            inflate: Decompress::new(false),
            entry: Entry::none(),
            entries: 0,
            unpacked: 0,
            lost: None,
        }
    }

    /// Passes over what is left of the current entry, and tells what was found wrong with it and at
    /// which of its unpacked bytes.
    pub fn end_entry(&mut self) -> Result<Option<(u64, &'static str)>, ArchiveError> {
        self.pass_over()?;
        let unpacked = self.entry.unpacked;
        Ok(self.entry.damage.take().map(|message| (unpacked, message)))
    }

    /// Moves to the next entry, passing over what is left of the current one.
    pub fn next_entry(&mut self) -> Result<Next, ArchiveError> {
        self.pass_over()?;
        if let Some(message) = self.lost {
            return Ok(Next::Damaged(message));
        }
        match self.window.peek(4)? {
            Some(bytes) if bytes == LOCAL_HEADER => {}
            Some(bytes) if is_directory(bytes) => return Ok(Next::End),
            Some(_) => return Ok(Next::Damaged("no entry begins where one should")),
            None => return Ok(Next::Damaged("the archive is cut off")),
        }
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ArchiveError::Limit {
                what: "entries",
                limit: u64::from(self.limits.entries),
            });
        }
        let Some(header) = Header::read(&mut self.window)? else {
            return Ok(Next::Damaged("the archive is cut off"));
        };
        self.open(header)
    }

    fn open(&mut self, header: Header) -> Result<Next, ArchiveError> {
        if header.flags & 1 != 0 {
            return Err(ArchiveError::Encrypted);
        }
        let sizes_follow = header.flags & (1 << 3) != 0;
        let form = match (header.method, sizes_follow) {
            (8, _) => Form::Deflated,
            (0, true) if header.declared.packed == 0 => Form::StoredUntilDescriptor,
            // Any other method cannot be read, but it can be passed over when its size is known.
            (_, false) | (0, true) => Form::Stored {
                left: header.declared.packed,
            },
            (_, true) => {
                self.lost = Some("an entry is packed in a way that cannot be read");
                Form::Done
            }
        };
        self.inflate.reset(false);
        self.entry = Entry {
            form,
            crc: Crc::new(),
            packed: 0,
            unpacked: 0,
            declared: (!sizes_follow).then_some(header.declared),
            wide: header.wide,
            damage: None,
        };
        let refused = |reason| Next::Refused {
            name: header.name.clone(),
            reason,
        };
        if header.name.ends_with('/') && self.entry.form == Form::StoredUntilDescriptor {
            self.open_folder()?;
        }
        Ok(if header.name_cut {
            refused("its name is too long")
        } else if is_trick(&header.name) {
            refused("its name leads out of the archive")
        } else if header.name.ends_with('/') {
            Next::Folder
        } else if header.method != 0 && header.method != 8 {
            refused("it is packed in a way that cannot be read")
        } else {
            Next::File(header.name)
        })
    }

    /// Some writers announce a descriptor for a folder and then leave it out.
    fn open_folder(&mut self) -> Result<(), ArchiveError> {
        self.window.fill(DESCRIPTOR_BYTES)?;
        if self.descriptor_len().is_none() {
            self.entry = Entry::none();
        }
        Ok(())
    }

    fn pass_over(&mut self) -> Result<(), ArchiveError> {
        let mut rest = [0_u8; 16 << 10];
        while self.entry.form != Form::Done {
            if self.read_entry(&mut rest)? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn read_entry(&mut self, out: &mut [u8]) -> Result<usize, ArchiveError> {
        if out.is_empty() {
            return Ok(0);
        }
        let produced = match self.entry.form {
            Form::Done => return Ok(0),
            Form::Stored { left } => self.read_stored(out, left)?,
            Form::StoredUntilDescriptor => self.read_until_descriptor(out)?,
            Form::Deflated => self.read_deflated(out)?,
        };
        self.entry
            .crc
            .update(out.get(..produced).unwrap_or_default());
        self.entry.unpacked += produced as u64;
        self.unpacked += produced as u64;
        self.check_limits()?;
        if self.entry.form == Form::Done && self.entry.damage.is_none() {
            self.check_sizes()?;
        }
        Ok(produced)
    }

    fn check_limits(&self) -> Result<(), ArchiveError> {
        if self.unpacked > self.limits.unpacked_bytes {
            return Err(ArchiveError::Limit {
                what: "unpacked bytes",
                limit: self.limits.unpacked_bytes,
            });
        }
        let Entry {
            packed, unpacked, ..
        } = self.entry;
        if unpacked > self.limits.ratio_free_bytes && unpacked / self.limits.ratio.max(1) > packed {
            return Err(ArchiveError::Limit {
                what: "unpacked bytes for each packed byte",
                limit: self.limits.ratio,
            });
        }
        Ok(())
    }

    fn read_stored(&mut self, out: &mut [u8], left: u64) -> Result<usize, ArchiveError> {
        if left == 0 {
            self.entry.form = Form::Done;
            return Ok(0);
        }
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let copied = self.window.copy(out.get_mut(..want).unwrap_or_default())?;
        if copied == 0 {
            self.cut_off();
            return Ok(0);
        }
        self.entry.packed += copied as u64;
        self.entry.form = Form::Stored {
            left: left - copied as u64,
        };
        Ok(copied)
    }

    /// A stored entry of unknown size ends at a descriptor that agrees with what was read.
    fn read_until_descriptor(&mut self, out: &mut [u8]) -> Result<usize, ArchiveError> {
        self.window.fill(DESCRIPTOR_BYTES)?;
        let ended = self.window.ended;
        let available = self.window.available();
        let found = memmem::find(available, &DESCRIPTOR);
        let handed = match found {
            Some(0) if self.descriptor_len().is_some() => {
                self.entry.form = Form::Done;
                return Ok(0);
            }
            Some(0) => memmem::find(available.get(1..).unwrap_or_default(), &DESCRIPTOR)
                .map_or_else(|| unsplit(available.len(), ended), |at| at + 1)
                .max(1),
            Some(at) => at,
            None => unsplit(available.len(), ended),
        };
        if available.is_empty() || handed == 0 {
            self.cut_off();
            return Ok(0);
        }
        let want = handed.min(out.len());
        let copied = self.window.copy(out.get_mut(..want).unwrap_or_default())?;
        self.entry.packed += copied as u64;
        Ok(copied)
    }

    fn read_deflated(&mut self, out: &mut [u8]) -> Result<usize, ArchiveError> {
        loop {
            self.window.fill(1)?;
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let status =
                self.inflate
                    .decompress(self.window.available(), out, FlushDecompress::None);
            let taken = usize::try_from(self.inflate.total_in() - in_before).unwrap_or(usize::MAX);
            let produced =
                usize::try_from(self.inflate.total_out() - out_before).unwrap_or(usize::MAX);
            self.window.consume(taken);
            self.entry.packed += taken as u64;
            match status {
                Ok(Status::StreamEnd) => {
                    self.entry.form = Form::Done;
                    return Ok(produced);
                }
                Ok(Status::Ok | Status::BufError) if produced > 0 => return Ok(produced),
                Ok(Status::Ok | Status::BufError) if taken > 0 => {}
                Ok(Status::Ok | Status::BufError) => {
                    self.cut_off();
                    return Ok(0);
                }
                Err(_) => {
                    self.spoiled()?;
                    return Ok(produced);
                }
            }
        }
    }

    fn cut_off(&mut self) {
        self.entry.form = Form::Done;
        self.entry.damage = Some("the archive is cut off");
        self.lost = Some("the archive is cut off");
    }

    /// The packed bytes make no sense. The next entry is found when this one told its size.
    fn spoiled(&mut self) -> Result<(), ArchiveError> {
        self.entry.form = Form::Done;
        self.entry.damage = Some("the packed bytes are damaged");
        match self.entry.declared {
            Some(declared) if declared.packed >= self.entry.packed => {
                self.window.skip(declared.packed - self.entry.packed)
            }
            Some(_) | None => {
                self.lost = Some("what follows the damaged entry cannot be found");
                Ok(())
            }
        }
    }

    /// Compares what was read with what the archive says was written.
    fn check_sizes(&mut self) -> Result<(), ArchiveError> {
        let Some(declared) = self.entry.declared else {
            self.window.fill(DESCRIPTOR_BYTES)?;
            if let Some(len) = self.descriptor_len() {
                self.window.consume(len);
            } else {
                self.entry.damage = Some("the checksum does not match");
                self.lost = Some("what follows the damaged entry cannot be found");
            }
            return Ok(());
        };
        if declared.packed > self.entry.packed {
            self.window.skip(declared.packed - self.entry.packed)?;
        }
        if declared.unpacked != self.entry.unpacked || declared.crc != self.entry.crc.sum() {
            self.entry.damage = Some("the checksum does not match");
        }
        Ok(())
    }

    /// The length of the descriptor at the window's start, if one is there that agrees with what was
    /// read. Writers disagree on its signature and on the width of its sizes.
    fn descriptor_len(&self) -> Option<usize> {
        let bytes = self.window.available();
        let wide_first = [self.entry.wide, !self.entry.wide];
        [true, false].into_iter().find_map(|signed| {
            wide_first
                .into_iter()
                .find_map(|wide| self.descriptor_as(bytes, signed, wide))
        })
    }

    fn descriptor_as(&self, bytes: &[u8], signed: bool, wide: bool) -> Option<usize> {
        let at = if signed {
            bytes.starts_with(&DESCRIPTOR).then_some(4)?
        } else {
            0
        };
        let crc = u32_at(bytes, at)?;
        let agrees = if wide {
            u64_at(bytes, at + 4)? == self.entry.packed
                && u64_at(bytes, at + 12)? == self.entry.unpacked
        } else {
            u64::from(u32_at(bytes, at + 4)?) == self.entry.packed & u64::from(u32::MAX)
                && u64::from(u32_at(bytes, at + 8)?) == self.entry.unpacked & u64::from(u32::MAX)
        };
        let len = at + if wide { 20 } else { 12 };
        let after = bytes.get(len..)?;
        let followed = after.is_empty() || after.starts_with(b"PK");
        (crc == self.entry.crc.sum() && agrees && followed).then_some(len)
    }
}

impl Read for Archive<'_> {
    /// Reads the current entry; damage ends it early and is told by [`Archive::end_entry`].
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.read_entry(out).map_err(|error| match error {
            ArchiveError::Io(error) => error,
            limit @ (ArchiveError::Limit { .. } | ArchiveError::Encrypted) => {
                io::Error::other(limit)
            }
        })
    }
}

impl Entry {
    fn none() -> Self {
        Self {
            form: Form::Done,
            crc: Crc::new(),
            packed: 0,
            unpacked: 0,
            declared: None,
            wide: false,
            damage: None,
        }
    }
}

/// Whether the central directory, or what may stand in its place, begins here.
fn is_directory(signature: &[u8]) -> bool {
    [
        *b"PK\x01\x02",
        *b"PK\x05\x06",
        *b"PK\x06\x06",
        *b"PK\x06\x08",
    ]
    .iter()
    .any(|known| signature == known)
}

/// Names are never used as paths here, but one that tries to lead out shows ill will.
fn is_trick(name: &str) -> bool {
    name.starts_with('/')
        || name.contains(['\\', '\0'])
        || name.as_bytes().get(1) == Some(&b':')
        || name.split('/').any(|part| part == "..")
}

/// How many of the bytes cannot be the beginning of a signature that is not fully there.
const fn unsplit(len: usize, ended: bool) -> usize {
    if ended { len } else { len.saturating_sub(3) }
}
