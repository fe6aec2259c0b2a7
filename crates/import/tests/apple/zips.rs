//! Archives in every form that phones and re-packing programs write, and in forms that only ill will
//! writes.

use std::io::{Read, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use import::apple::{Options, ReadError};
use import::archive::Limits;
use import::batch::Fact;

use crate::harness::{Got, NOW_US, OPTIONS, document, read_bytes, try_read};

/// How an entry is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    stored: bool,
    sizes: Sizes,
    flags: u16,
}

/// Where an entry's sizes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sizes {
    Header,
    HeaderWide,
    Descriptor { signed: bool, wide: bool },
}

pub(crate) const PLAIN: Style = Style {
    stored: false,
    sizes: Sizes::Header,
    flags: 0,
};

/// Writes an archive, entry by entry.
#[derive(Debug, Default)]
pub(crate) struct Zip {
    bytes: Vec<u8>,
}

impl Zip {
    pub(crate) fn entry(mut self, name: &str, content: &[u8], style: Style) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        let packed = if style.stored {
            content.to_vec()
        } else {
            deflate(content)
        };
        let (descriptor, wide) = match style.sizes {
            Sizes::Header => (false, false),
            Sizes::HeaderWide => (false, true),
            Sizes::Descriptor { wide, .. } => (true, wide),
        };
        let flags = style.flags | if descriptor { 1 << 3 } else { 0 };
        let small = |size: usize| u32::try_from(size).expect("a small entry");
        let told = |size: usize| match style.sizes {
            Sizes::Header => small(size),
            Sizes::HeaderWide => u32::MAX,
            Sizes::Descriptor { .. } => 0,
        };
        self.bytes.extend(b"PK\x03\x04\x2d\x00");
        self.bytes.extend(flags.to_le_bytes());
        self.bytes
            .extend(if style.stored { 0_u16 } else { 8 }.to_le_bytes());
        self.bytes.extend([0; 4]);
        self.bytes
            .extend(if descriptor { 0 } else { crc.sum() }.to_le_bytes());
        self.bytes.extend(told(packed.len()).to_le_bytes());
        self.bytes.extend(told(content.len()).to_le_bytes());
        self.bytes.extend(
            u16::try_from(name.len())
                .expect("a short name")
                .to_le_bytes(),
        );
        self.bytes
            .extend(if wide { 20_u16 } else { 0 }.to_le_bytes());
        self.bytes.extend(name.as_bytes());
        let sizes = [content.len() as u64, packed.len() as u64];
        if wide {
            self.bytes.extend(b"\x01\x00\x10\x00");
            for size in sizes {
                let size = if descriptor { 0 } else { size };
                self.bytes.extend(size.to_le_bytes());
            }
        }
        self.bytes.extend(&packed);
        if let Sizes::Descriptor { signed, wide } = style.sizes {
            if signed {
                self.bytes.extend(b"PK\x07\x08");
            }
            self.bytes.extend(crc.sum().to_le_bytes());
            for size in [packed.len(), content.len()] {
                if wide {
                    self.bytes.extend((size as u64).to_le_bytes());
                } else {
                    self.bytes.extend(small(size).to_le_bytes());
                }
            }
        }
        self
    }

    /// Ends the archive. Its directory is never read, so a shadow of one is enough.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend(b"PK\x01\x02");
        self.bytes.extend([0; 42]);
        self.bytes.extend(b"PK\x05\x06");
        self.bytes.extend([0; 18]);
        self.bytes
    }
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

pub(crate) fn steps(count: usize) -> String {
    let records: Vec<String> = (0..count)
        .map(|n| {
            format!(
                " <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"iPhone\" \
                 unit=\"count\" startDate=\"2026-03-08 09:{:02}:{:02} -0400\" \
                 endDate=\"2026-03-08 09:{:02}:{:02} -0400\" value=\"{}\"/>",
                n / 60 % 60,
                n % 60,
                n / 60 % 60,
                n % 60,
                n % 1_000
            )
        })
        .collect();
    document(&records.join("\n"))
}

fn styles() -> Vec<Style> {
    let sizes = [
        Sizes::Header,
        Sizes::HeaderWide,
        Sizes::Descriptor {
            signed: true,
            wide: false,
        },
        Sizes::Descriptor {
            signed: true,
            wide: true,
        },
        Sizes::Descriptor {
            signed: false,
            wide: false,
        },
        Sizes::Descriptor {
            signed: false,
            wide: true,
        },
    ];
    let with = |stored| {
        sizes.into_iter().map(move |sizes| Style {
            stored,
            sizes,
            flags: 1 << 11,
        })
    };
    with(false)
        .chain(with(true))
        // A stored entry whose size is not told anywhere cannot be found to end.
        .filter(|style| {
            !(style.stored && matches!(style.sizes, Sizes::Descriptor { signed: false, .. }))
        })
        .collect()
}

/// Gives its bytes in pieces, as a network does.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(out.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        out[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

#[test]
fn every_form_of_entry_is_read() {
    let xml = steps(200);
    for style in styles() {
        let bytes = Zip::default()
            .entry(
                "apple_health_export/",
                b"",
                Style {
                    stored: true,
                    ..PLAIN
                },
            )
            .entry(
                "apple_health_export/notes.txt",
                b"PK\x07\x08 is not the end PK\x07\x08",
                style,
            )
            .entry("apple_health_export/导出.xml", xml.as_bytes(), style)
            .entry("apple_health_export/empty.txt", b"", style)
            .entry("apple_health_export/last.txt", &vec![7; 100_000], style)
            .finish();
        for piece in [1, 7, 4_096, usize::MAX] {
            let (got, summary) = try_read(&mut Pieces(&bytes, piece), &OPTIONS);
            let summary = summary.expect("an export");
            assert_eq!(
                summary.main_file.as_deref(),
                Some("apple_health_export/导出.xml")
            );
            assert_eq!(got.samples.len(), 200, "{style:?}");
            assert!(got.damages().is_empty(), "{style:?} {:?}", got.damages());
            assert_eq!(got.skipped().len(), 3, "{style:?} {:?}", got.skipped());
        }
    }
}

#[test]
fn a_folder_may_lack_its_descriptor() {
    let folder = Style {
        stored: true,
        sizes: Sizes::Descriptor {
            signed: true,
            wide: false,
        },
        flags: 0,
    };
    let mut zip = Zip::default().entry("apple_health_export/", b"", folder);
    zip.bytes.truncate(zip.bytes.len() - 16);
    let got = read_bytes(&zip.entry("export.xml", steps(3).as_bytes(), PLAIN).finish());
    assert_eq!(got.samples.len(), 3);
}

#[test]
fn tricks_with_names_are_refused_and_nested_archives_skipped() {
    let nested = Zip::default()
        .entry("export.xml", steps(9).as_bytes(), PLAIN)
        .finish();
    let long = "n".repeat(5_000);
    let bytes = Zip::default()
        .entry("../../etc/export.xml", steps(9).as_bytes(), PLAIN)
        .entry("/export.xml", steps(9).as_bytes(), PLAIN)
        .entry("C:\\export.xml", steps(9).as_bytes(), PLAIN)
        .entry("a/../export.xml", steps(9).as_bytes(), PLAIN)
        .entry(&long, steps(9).as_bytes(), PLAIN)
        .entry(
            "inner.zip",
            &nested,
            Style {
                stored: true,
                ..PLAIN
            },
        )
        .entry("__MACOSX/._export.xml", steps(9).as_bytes(), PLAIN)
        .entry("export.xml", steps(4).as_bytes(), PLAIN)
        .entry(
            "export_cda.xml",
            b"<?xml?><ClinicalDocument/><ClinicalDocument/>",
            PLAIN,
        )
        .entry("again.xml", steps(9).as_bytes(), PLAIN)
        .finish();
    let got = read_bytes(&bytes);
    assert_eq!(got.samples.len(), 4);
    assert_eq!(got.skipped().len(), 9);
    let longest = got.skipped().iter().map(|name| name.len()).max();
    assert_eq!(longest, Some(import::archive::NAME_BYTES_MAX));
}

fn refused(bytes: &[u8], limits: Limits) -> ReadError {
    let options = Options {
        now_us: NOW_US,
        limits,
    };
    try_read(&mut &*bytes, &options)
        .1
        .expect_err("the archive is refused")
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 3 << 20];
    let bomb = Zip::default().entry("export.xml", &zeros, PLAIN).finish();
    assert!(bomb.len() < 20_000);
    let limits = Limits {
        ratio_free_bytes: 1 << 20,
        ..Limits::STANDARD
    };
    assert!(matches!(
        refused(&bomb, limits),
        ReadError::Limit { limit: 600, .. }
    ));
    let mut spaces = steps(1).into_bytes();
    spaces.resize(3 << 20, b' ');
    let bomb = Zip::default().entry("export.xml", &spaces, PLAIN).finish();
    assert!(matches!(
        refused(&bomb, limits),
        ReadError::Limit { limit: 600, .. }
    ));
    let limits = Limits {
        unpacked_bytes: 2 << 20,
        ..Limits::STANDARD
    };
    assert!(matches!(
        refused(&bomb, limits),
        ReadError::Limit {
            what: "unpacked bytes",
            ..
        }
    ));
    let mut many = Zip::default();
    for n in 0..50 {
        many = many.entry(&format!("{n}.txt"), b"", PLAIN);
    }
    let limits = Limits {
        entries: 40,
        ..Limits::STANDARD
    };
    assert!(matches!(
        refused(&many.finish(), limits),
        ReadError::Limit {
            what: "entries",
            ..
        }
    ));
}

#[test]
fn repetitive_exports_are_no_bombs() {
    let xml = document(&" <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"iPhone\" \
        unit=\"count\" startDate=\"2026-03-08 09:00:00 -0400\" endDate=\"2026-03-08 09:01:00 -0400\" \
        value=\"7\"/>\n".repeat(40_000));
    let bytes = Zip::default()
        .entry("export.xml", xml.as_bytes(), PLAIN)
        .finish();
    let limits = Limits {
        ratio_free_bytes: 0,
        ..Limits::STANDARD
    };
    let (got, summary) = try_read(
        &mut bytes.as_slice(),
        &Options {
            now_us: NOW_US,
            limits,
        },
    );
    assert!(
        summary.is_ok(),
        "{summary:?} at 1:{}",
        xml.len() / bytes.len()
    );
    assert_eq!(got.samples.len(), 40_000);
}

#[test]
fn encrypted_and_foreign_archives_are_refused() {
    let encrypted = Zip::default()
        .entry(
            "export.xml",
            steps(3).as_bytes(),
            Style { flags: 1, ..PLAIN },
        )
        .finish();
    assert!(matches!(
        refused(&encrypted, Limits::STANDARD),
        ReadError::Encrypted
    ));
    let foreign = Zip::default()
        .entry("photo.jpg", b"\xff\xd8", PLAIN)
        .finish();
    assert!(matches!(
        refused(&foreign, Limits::STANDARD),
        ReadError::NotAnExport
    ));
    for rubbish in [
        &b""[..],
        b"PK",
        b"PK\x03\x04",
        b"hello",
        b"<html></html>",
        b"\0\0\0\0",
    ] {
        assert!(matches!(
            refused(rubbish, Limits::STANDARD),
            ReadError::NotAnExport
        ));
    }
}

fn damaged(got: &Got, expect: &str) -> bool {
    got.facts
        .iter()
        .any(|fact| matches!(fact, Fact::Damage { message, .. } if message == expect))
}

#[test]
fn damage_inside_is_told_and_what_follows_is_read() {
    let mut bytes = Zip::default().entry("export.xml", steps(5).as_bytes(), PLAIN);
    let at = bytes.bytes.len();
    bytes = bytes.entry(
        "notes.txt",
        &vec![7; 50_000],
        Style {
            stored: true,
            ..PLAIN
        },
    );
    bytes = bytes.entry("more.txt", b"more", PLAIN);
    bytes.bytes[at + 1_000] ^= 1;
    let got = read_bytes(&bytes.finish());
    assert_eq!(got.samples.len(), 5);
    assert!(damaged(&got, "the checksum does not match"));
    assert_eq!(got.skipped(), ["notes.txt", "more.txt"]);
}

#[test]
fn an_archive_cut_anywhere_never_loses_whole_records_before_the_cut() {
    let xml = steps(60);
    for sizes in [
        Sizes::Header,
        Sizes::Descriptor {
            signed: true,
            wide: true,
        },
    ] {
        let style = Style { sizes, ..PLAIN };
        let route =
            b"<gpx><trkpt lat=\"1\" lon=\"2\"><time>2026-03-08T09:00:00Z</time></trkpt></gpx>";
        let bytes = Zip::default()
            .entry("export.xml", xml.as_bytes(), style)
            .entry("workout-routes/route.gpx", route, style)
            .finish();
        let mut most = 0;
        for cut in 0..bytes.len() {
            let (got, summary) = try_read(&mut &bytes[..cut], &OPTIONS);
            if summary.is_ok() {
                assert!(got.samples.len() >= most, "cut at {cut}");
                most = got.samples.len();
            }
        }
        assert_eq!(most, 60);
    }
}
