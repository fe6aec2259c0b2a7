//! Kinds of files that everybody knows and no reader here takes: what they are, and what to send in
//! their place.

/// Bytes at a place of the head, what a file with them is, and what to do about it.
type Signature = (usize, &'static [u8], &'static str, &'static str);

const UNPACK: &str = "unpack it and send what is inside";
const TEXT: &str = "save the table as CSV and send that";
const PAGE: &str = "send the file that the page offers for download, not the page";
const PICTURE: &str = "send the data itself, not a picture of it";

const SIGNATURES: &[Signature] = &[
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (0, b"\xfd7zXZ\0", "packed with xz", UNPACK),
    (0, b"BZh", "packed with bzip2", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "packed with Zstandard", UNPACK),
    (0, b"\x04\x22\x4d\x18", "packed with LZ4", UNPACK),
    (0, b"\x1f\x8b", "packed twice with gzip", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (
        0,
        b"PK\x05\x06",
        "an empty archive",
        "export again and send that",
    ),
    (
        0,
        b"PK\x07\x08",
        "a part of a split archive",
        "make one archive in one piece",
    ),
    (
        30,
        b"[Content_Types].xml",
        "an Excel or Word document",
        TEXT,
    ),
    (
        30,
        b"mimetypeapplication/vnd.oasis",
        "an OpenDocument file",
        TEXT,
    ),
    (30, b"Index/", "a Numbers or Pages document", TEXT),
    (
        0,
        b"%PDF",
        "a PDF document",
        "export the data as a table or as JSON",
    ),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel or Word document",
        TEXT,
    ),
    (
        0,
        b"bplist00",
        "a binary property list",
        "export the data as a table or as JSON",
    ),
    (0, b"\x89PNG", "a picture", PICTURE),
    (0, b"\xff\xd8\xff", "a picture", PICTURE),
    (4, b"ftypheic", "a picture", PICTURE),
    (0, b"{\\rtf", "a formatted text", TEXT),
];

/// What a file is whose first bytes these are, and what to send in its place.
pub(crate) fn known(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let has = |(at, bytes, ..): &&Signature| {
        let there = head.get(*at..).unwrap_or_default();
        there.starts_with(bytes)
    };
    if let Some((_, _, what, advice)) = SIGNATURES.iter().find(has) {
        return Some((what, advice));
    }
    let text = head.trim_ascii_start();
    let begins = |tag: &str| {
        let start = text.get(..tag.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(tag.as_bytes())
    };
    (begins("<!doctype html") || begins("<html")).then_some(("a web page", PAGE))
}
