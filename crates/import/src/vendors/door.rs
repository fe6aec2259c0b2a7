//! Walks through a file or an archive and gives each member to the reader that knows it.
//!
//! An archive in an archive is opened once more, gzip and UTF-16 are taken off each member. What nobody knows is
//! counted by its extension. An archive that begins like an Apple Health export goes to the reader of those.

use std::cell::Cell;
use std::io::{self, Read};

use crate::apple;
use crate::archive::{Archive, Limits, Next};
use crate::batch::{Fact, Position, Sink};
use crate::live::Context;
use crate::sqlite;
use crate::tables::Outbox;
use crate::unpack::{self, Metered};
use crate::vendors::{ALL, Desk, HEAD_BYTES, Member, Reader, Vendor, VendorError};

/// The first bytes of a zip archive.
pub(crate) const ZIP: &[u8] = b"PK\x03\x04";

/// Archives in each other: a vendor packs the files of its devices, and people pack what they got.
const DEPTH_MAX: u32 = 3;

/// Letters of an extension by which members that nobody knows are counted.
const EXTENSION_MAX: usize = 8;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a database in which its list of tables lies: they are made first, one or two pages for each.
const SCHEMA_BYTES: usize = 2 << 20;

const LEFTOVER: &str = "a leftover of the program that packed the archive";
const UNKNOWN: &str = "not a part of an export that is read";
const EMPTY: &str = "empty, or a heading without rows";
const ANOTHER: &str = "a part of an Apple Health export; send that export alone";
const TOO_DEEP: &str = "archives in archives in archives; unpack them and send what is inside";

/// The vendor whose file begins like this.
pub(crate) fn of_file(head: &[u8]) -> Option<&'static Vendor> {
    of_member(&Member { path: "", head })
}

fn of_member(member: &Member<'_>) -> Option<&'static Vendor> {
    ALL.iter().find(|vendor| (vendor.is_meant)(member))
}

/// Whether the archive that begins like this has a vendor's file among the first.
pub(crate) fn is_of_vendor(head: &[u8]) -> bool {
    if !head.starts_with(ZIP) {
        return false;
    }
    let mut head = head;
    let mut archive = Archive::new(&mut head, Limits::STANDARD);
    while let Ok(next) = archive.next_entry() {
        let name = match next {
            Next::File(name) => name,
            Next::Refused { .. } | Next::Folder => continue,
            Next::End | Next::Damaged(_) => return false,
        };
        let opened = unpack::open(&mut archive, HEAD_BYTES);
        let Ok((head, _)) = opened.and_then(|(head, input)| with_schema(head, input)) else {
            return false;
        };
        let member = Member {
            path: name.strip_suffix(".gz").unwrap_or(&name),
            head: head.strip_prefix(MARK).unwrap_or(&head),
        };
        if !is_leftover(&name) && of_member(&member).is_some() {
            return true;
        }
    }
    false
}

/// Reads an archive of one vendor or of several.
pub(crate) fn read_archive(
    input: &mut dyn Read,
    only: Option<&'static Vendor>,
    context: &Context<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), VendorError> {
    let consumed = Cell::new(0);
    let mut input = Metered {
        input,
        consumed: &consumed,
    };
    let mut archive = Archive::new(&mut input, Limits::STANDARD);
    let apple = {
        let mut desk = Desk::new(context, Outbox::new(&mut *sink), &consumed);
        let mut walk = Walk::new(only);
        if let Some(begun) = walk.archive(&mut archive, "", 1, &mut desk)? {
            Some((begun, desk.left_out()))
        } else {
            walk.finish(desk)?;
            None
        }
    };
    let Some(((name, head), passed)) = apple else {
        return Ok(());
    };
    let options = apple::Options {
        now_us: context.now_us,
        limits: Limits::STANDARD,
    };
    let passed = passed
        .into_iter()
        .map(|(name, reason)| Fact::Skipped { name, reason });
    apple::resume(
        (&mut archive, &consumed),
        (name, head),
        passed.collect(),
        &options,
        sink,
    )?;
    Ok(())
}

/// Reads a file that is no archive.
pub(crate) fn read_file(
    input: &mut dyn Read,
    vendor: &'static Vendor,
    context: &Context<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), VendorError> {
    let consumed = Cell::new(0);
    let mut input = Metered {
        input,
        consumed: &consumed,
    };
    let mut desk = Desk::new(context, Outbox::new(sink), &consumed);
    let mut walk = Walk::new(Some(vendor));
    walk.file(&mut input, "", &mut desk)?;
    walk.finish(desk)
}

/// An Apple Health export that was met: the name and the first bytes of its first file.
type Begun = (String, Vec<u8>);

/// The readers of one upload.
struct Walk {
    only: Option<&'static Vendor>,
    readers: Vec<(&'static Vendor, Box<dyn Reader>)>,
    files: u64,
    is_too_deep: bool,
    has_apple_inside: bool,
}

impl Walk {
    fn new(only: Option<&'static Vendor>) -> Self {
        Self {
            only,
            readers: Vec::new(),
            files: 0,
            is_too_deep: false,
            has_apple_inside: false,
        }
    }

    /// Reads the members of an archive; stops before the first file of an Apple Health export.
    fn archive(
        &mut self,
        archive: &mut Archive<'_>,
        prefix: &str,
        depth: u32,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<Option<Begun>, VendorError> {
        let mut told = None;
        loop {
            match archive.next_entry()? {
                Next::File(name) => {
                    let path = if prefix.is_empty() {
                        name
                    } else {
                        format!("{prefix}/{name}")
                    };
                    if let Some(begun) = self.member(archive, path, depth, desk)? {
                        return Ok(Some(begun));
                    }
                }
                Next::Refused { name, reason } => desk.leave(&extension(&name), reason),
                Next::Folder => {}
                Next::End => return Ok(None),
                Next::Damaged(message) => {
                    if told != Some(message) {
                        let message = format!("after file {}: {message}", self.files);
                        desk.intake.damage(Position::Index(self.files), &message);
                    }
                    return Ok(None);
                }
            }
            if let Some((byte, message)) = archive.end_entry()? {
                let told_as = format!("file {}: {message}", self.files);
                desk.intake.damage(Position::Byte(byte), &told_as);
                told = Some(message);
            }
            desk.flush_when_full()?;
        }
    }

    fn member(
        &mut self,
        archive: &mut Archive<'_>,
        path: String,
        depth: u32,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<Option<Begun>, VendorError> {
        self.files += 1;
        if is_leftover(&path) {
            desk.leave(&extension(&path), LEFTOVER);
            return Ok(None);
        }
        let mut head = Vec::new();
        archive.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        if self.only.is_none() && apple::is_part(&path, &head) {
            if depth == 1 && self.readers.is_empty() && desk.intake.is_untouched() {
                return Ok(Some((path, head)));
            }
            self.has_apple_inside |= depth > 1;
            desk.leave(&extension(&path), ANOTHER);
            return Ok(None);
        }
        if head.starts_with(ZIP) && !is_document(&head) {
            if depth >= DEPTH_MAX {
                self.is_too_deep = true;
                desk.leave("zip", TOO_DEEP);
                return Ok(None);
            }
            let mut whole = io::Cursor::new(head).chain(archive);
            let mut inner = Archive::new(&mut whole, Limits::STANDARD);
            return self.archive(&mut inner, &path, depth + 1, desk);
        }
        let mut whole = io::Cursor::new(head).chain(archive);
        self.file(&mut whole, &path, desk)?;
        Ok(None)
    }

    /// Reads one file, packed or not.
    fn file(
        &mut self,
        input: &mut dyn Read,
        path: &str,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let path = path.strip_suffix(".gz").unwrap_or(path);
        let (head, input) = unpack::open(input, HEAD_BYTES)?;
        let (head, mut input) = with_schema(head, input)?;
        let mut input = Whole {
            input: &mut input,
            is_cut: false,
        };
        let text = head.strip_prefix(MARK).unwrap_or(&head);
        if text.len() < head.len() {
            let mut mark = [0; 3];
            input.read_exact(&mut mark)?;
        }
        let member = Member { path, head: text };
        let found = match self.only {
            Some(only) if path.is_empty() => Some(only),
            Some(only) => (only.is_meant)(&member).then_some(only),
            None => of_member(&member),
        };
        let Some(vendor) = found else {
            let reason = if text.trim_ascii().is_empty() {
                EMPTY
            } else {
                UNKNOWN
            };
            desk.leave(&extension(path), reason);
            return Ok(());
        };
        desk.turn_to(vendor.title);
        let reader = self.reader(vendor);
        reader.read(&member, &mut input, desk)?;
        if input.is_cut {
            let message = format!("file {}: it ends early", self.files);
            desk.intake.damage(Position::Index(self.files), &message);
        }
        Ok(())
    }

    fn reader(&mut self, vendor: &'static Vendor) -> &mut dyn Reader {
        let is_it = |(other, _): &(&Vendor, _)| other.name == vendor.name;
        let at = self.readers.iter().position(is_it).unwrap_or_else(|| {
            self.readers.push((vendor, (vendor.open)()));
            self.readers.len() - 1
        });
        let (_, reader) = self.readers.get_mut(at).expect("found or pushed above");
        reader.as_mut()
    }

    fn finish(&mut self, mut desk: Desk<'_, '_, '_>) -> Result<(), VendorError> {
        if self.readers.is_empty() {
            return Err(if self.has_apple_inside {
                VendorError::Apple(apple::ReadError::Nested)
            } else if self.is_too_deep {
                VendorError::Nested
            } else {
                VendorError::Nothing
            });
        }
        for (vendor, reader) in &mut self.readers {
            desk.turn_to(vendor.title);
            if self.only.is_none() {
                let message = "known by its content".to_owned();
                desk.intake.note(vendor.title, message);
            }
            reader.finish(&mut desk)?;
            desk.release()?;
        }
        desk.tell_counts();
        desk.close();
        Ok(())
    }
}

/// Of a database, as much of the head as its list of tables may take.
pub(crate) fn with_schema<'r>(
    head: Vec<u8>,
    input: Box<dyn Read + 'r>,
) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    if head.starts_with(sqlite::MAGIC) {
        return unpack::widen(input, SCHEMA_BYTES);
    }
    Ok((head, input))
}

/// What systems put beside the files that people pack.
fn is_leftover(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    let is_within = path.split('/').any(|part| part == "__MACOSX");
    is_within || file.starts_with("._") || file == ".DS_Store" || file == "Thumbs.db"
}

/// Archives that are documents of office programs.
fn is_document(head: &[u8]) -> bool {
    let name = head.get(30..).unwrap_or_default();
    name.starts_with(b"[Content_Types].xml") || name.starts_with(b"mimetype")
}

/// The extension of a path in lower case, without anything that could be a name.
pub(crate) fn extension(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_plain = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if extension.is_empty() || extension.len() > EXTENSION_MAX || !is_plain {
        return "file".to_owned();
    }
    extension.to_ascii_lowercase()
}

/// A packed file that ends early ends; what came before is kept.
struct Whole<'a> {
    input: &'a mut dyn Read,
    is_cut: bool,
}

impl Read for Whole<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.input.read(out) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.is_cut = true;
                Ok(0)
            }
            other => other,
        }
    }
}
