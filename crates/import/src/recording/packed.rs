//! A zip archive with a single recording in it, as programs and mail clients pack them.
//!
//! It must never choose among several recordings, and unpacks within the bounds of every archive.

use std::io::Read;

use super::error::{Error, Place};
use super::front;
use super::gt3x;
use super::options::Options;
use super::{Blocks, Content, Damage};
use crate::archive::{Archive, ArchiveError, Limits, Next};

/// Name of the format.
pub(crate) const NAME: &str = "zip";

/// Extensions of recordings, in lower case.
const EXTENSIONS: [&str; 14] = [
    "csv", "txt", "tsv", "awd", "awi", "awl", "awt", "aw5", "aw7", "mtn", "cwa", "bin", "agd",
    "dat",
];

/// Whether the archive's first file is called like a recording. Exports of phones have theirs in folders of folders.
pub(crate) fn is_meant(head: &[u8]) -> bool {
    let length = head
        .get(26..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |two| usize::from(u16::from_le_bytes(*two)));
    let name = head.get(30..).and_then(|rest| rest.get(..length));
    let name = String::from_utf8_lossy(name.unwrap_or_default()).to_lowercase();
    let is_near = name.matches('/').count() <= 1 && !name.contains("health");
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_recording = extension.is_some_and(|extension| EXTENSIONS.contains(&extension));
    head.starts_with(b"PK\x03\x04") && is_near && is_recording && !gt3x::is_meant(head)
}

/// Reads the only recording of an archive.
pub(crate) fn read(
    input: &mut dyn Read,
    options: &Options<'_>,
    blocks: &mut Blocks<'_>,
) -> Result<Content, Error> {
    let inner = Options {
        format: options.format.filter(|format| *format != NAME),
        ..options.clone()
    };
    let mut archive = Archive::new(input, Limits::STANDARD);
    let mut found: Option<Content> = None;
    loop {
        match archive.next_entry().map_err(refused)? {
            Next::File(name) if is_beside(&name) => {}
            Next::File(_) if found.is_some() => {
                return Err(malformed(
                    "it has several files; unpack it and give the files",
                ));
            }
            Next::File(_) => {
                let mut content = front::read(&mut archive, &inner, blocks)?;
                if let Some((byte, why)) = archive.end_entry().map_err(refused)? {
                    tell(&mut content, byte, why);
                }
                found = Some(content);
            }
            Next::Refused { .. } | Next::Folder => {}
            Next::End => break,
            Next::Damaged(why) => {
                if let Some(content) = &mut found {
                    tell(content, 0, why);
                }
                break;
            }
        }
    }
    found.ok_or_else(|| malformed("it has no file"))
}

/// What systems put beside the files that people pack.
fn is_beside(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    name.starts_with("__MACOSX/")
        || file.starts_with('.')
        || file == "Thumbs.db"
        || file == "desktop.ini"
}

fn tell(content: &mut Content, byte: u64, why: &str) {
    let damages = match content {
        Content::Epochs(recording) => &mut recording.damages,
        Content::Raw(raw) => &mut raw.damages,
        Content::Several { members, .. } => match members.first_mut() {
            Some(first) => &mut first.recording.damages,
            None => return,
        },
    };
    damages.push(Damage {
        code: "archive",
        byte,
        line: None,
        message: format!("the archive is damaged: {why}"),
    });
}

fn malformed(message: &str) -> Error {
    Error::Malformed {
        format: NAME,
        place: Place::Byte(0),
        message: message.to_owned(),
    }
}

fn refused(error: ArchiveError) -> Error {
    match error {
        ArchiveError::Io(error) => Error::from(error),
        ArchiveError::Limit { what, limit } => Error::TooLarge { what, limit },
        ArchiveError::Encrypted => malformed("it is encrypted; pack it without a password"),
    }
}
