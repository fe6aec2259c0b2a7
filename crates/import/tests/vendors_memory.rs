//! Memory does not grow with hostile or large files of vendors, made up while they are read. One test in a process of
//! its own, so that nothing else is measured.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot find its way is a failed test"
)]

use std::fs;
use std::io::{self, Read};
use std::ops::ControlFlow;

use flate2::Compression;
use flate2::write::GzEncoder;
use import::batch::{Batch, Fact};
use import::format::{self, FileError};
use import::live::Context;
use model::zone::{Zone, ZoneHistory};
use oracle::absence::{Absent, skip};

/// Bytes of each large stream.
const STREAM_BYTES: usize = 150 << 20;

/// What any of them may hold: the longest element or row, a batch, and forty thousand workouts that wait for their
/// files.
const HELD_MAX_KB: u64 = 80 << 10;

/// A beginning, a part that is repeated, and an end.
struct Repeated {
    parts: [Vec<u8>; 3],
    left: [usize; 3],
    at: usize,
    offset: usize,
}

impl Repeated {
    fn new(begin: &[u8], part: &[u8], times: usize, end: &[u8]) -> Self {
        Self {
            parts: [begin.to_vec(), part.to_vec(), end.to_vec()],
            left: [1, times, 1],
            at: 0,
            offset: 0,
        }
    }
}

impl Read for Repeated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let (Some(part), Some(left)) = (self.parts.get(self.at), self.left.get_mut(self.at)) {
            let rest = part.get(self.offset..).unwrap_or_default();
            if *left == 0 || part.is_empty() {
                (self.at, self.offset) = (self.at + 1, 0);
                continue;
            }
            let count = rest.len().min(out.len());
            let (to, from) = (out.get_mut(..count), rest.get(..count));
            to.expect("it fits")
                .copy_from_slice(from.expect("it is there"));
            self.offset += count;
            if self.offset == part.len() {
                self.offset = 0;
                *left -= 1;
            }
            return Ok(count);
        }
        Ok(0)
    }
}

fn peak_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What came out of a file.
#[derive(Debug, Default)]
struct Got {
    samples: usize,
    workouts: usize,
    rejected: usize,
    damages: Vec<String>,
}

fn read(input: &mut dyn Read) -> Result<Got, FileError> {
    let zones = ZoneHistory::fixed(Zone::utc());
    let context = Context {
        now_us: 1_800_000_000_000_000,
        zones: &zones,
        aggregation: None,
        source: "",
    };
    let mut got = Got::default();
    let opened = format::open(format::AUTO, input)?;
    opened.read(&context, &mut |batch: Batch| {
        got.samples += batch.samples.len();
        got.workouts += batch.records.len();
        got.rejected += batch.rejections.len();
        got.damages
            .extend(batch.facts.into_iter().filter_map(|fact| {
                if let Fact::Damage { message, .. } = fact {
                    Some(message)
                } else {
                    None
                }
            }));
        ControlFlow::Continue(())
    })?;
    Ok(got)
}

fn gzipped(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let part = vec![b'0'; 1 << 20];
    for _ in 0..bytes >> 20 {
        io::Write::write_all(&mut encoder, &part).expect("a vector");
    }
    encoder.finish().expect("a vector")
}

fn has_damage(got: &Got, part: &str) {
    let is_it = |message: &String| message.contains(part);
    assert!(got.damages.iter().any(is_it), "{part}: {:?}", got.damages);
}

/// Workouts of one array, as an account export prints them, 150 MB of them.
fn a_long_array() {
    let filler = "x".repeat(4_000);
    let element = format!(
        "{{\"activityId\":0,\"activityType\":\"running\",\"startTimeGmt\":1400000000000,\
         \"startTimeLocal\":1400000000000,\"duration\":600000.0,\"note\":\"{filler}\"}},"
    );
    let times = STREAM_BYTES / element.len();
    let begin = b"[{\"summarizedActivitiesExport\":[";
    let end = b"{\"activityId\":1,\"startTimeGmt\":1500000000000,\"duration\":600000.0}]}]";
    let got = read(&mut Repeated::new(begin, element.as_bytes(), times, end)).expect("an export");
    assert!(got.workouts >= 2, "{got:?}");
}

fn a_long_row() {
    let begin = b"Activity ID,Activity Date,Activity Name\n1,\"";
    let got = read(&mut Repeated::new(
        begin,
        &vec![b'x'; 1 << 16],
        STREAM_BYTES >> 16,
        b"\"\n",
    ));
    has_damage(&got.expect("a table"), "longer than");
}

fn a_long_text() {
    let begin = b"[{\"summarizedActivitiesExport\":[{\"activityId\":\"";
    let got = read(&mut Repeated::new(
        begin,
        &vec![b'x'; 1 << 16],
        STREAM_BYTES >> 16,
        b"\"}]}]",
    ));
    assert_eq!(got.expect("an export").rejected, 1);
}

fn a_deep_document() {
    let begin = b"[{\"summarizedActivitiesExport\":[{\"a\":";
    let got = read(&mut Repeated::new(
        begin,
        &vec![b'['; 1 << 16],
        STREAM_BYTES >> 16,
        b"",
    ));
    has_damage(&got.expect("an export"), "");
}

fn a_long_xml_text() {
    let begin = b"<?xml version=\"1.0\"?><gpx><trk><name>";
    let got = read(&mut Repeated::new(
        begin,
        &vec![b'x'; 1 << 16],
        STREAM_BYTES >> 16,
        b"</name></trk></gpx>",
    ));
    assert_eq!(got.expect("a file").samples, 0);
}

/// A definition of two hundred fields of 250 bytes, and messages of it without end.
fn wide_messages() {
    let mut begin = vec![12, 0x20, 0, 0, 0xff, 0xff, 0xff, 0xff];
    begin.extend(b".FIT");
    begin.extend([0x40, 0, 0, 20, 0, 200]);
    (0..200_u8).for_each(|number| begin.extend([number, 250, 0x02]));
    let mut message = vec![0_u8];
    message.resize(1 + 200 * 250, 1);
    let got = read(&mut Repeated::new(
        &begin,
        &message,
        STREAM_BYTES / message.len(),
        b"",
    ));
    has_damage(&got.expect("a file"), "");
}

/// Heads of files that follow each other.
fn many_small_files() {
    let mut part = vec![12, 0x20, 0, 0, 0, 0, 0, 0];
    part.extend(b".FIT");
    part.extend([0, 0]);
    let got = read(&mut Repeated::new(
        &part,
        &part,
        (8 << 20) / part.len(),
        b"",
    ));
    assert_eq!(got.expect("files").samples, 0);
}

/// A database whose pages are all the same page, which names itself and its neighbours as children.
fn pages_in_circles() {
    let mut first = vec![0_u8; 4_096];
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..24].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32]);
    first[59] = 1;
    let names = b"CREATE TABLE application_info_table(a) CREATE TABLE steps_record_table(a)";
    first[1_000..1_000 + names.len()].copy_from_slice(names);
    first[100..112].copy_from_slice(&[5, 0, 0, 0, 50, 4, 0, 0, 0, 0, 0, 1]);
    let mut inner = vec![0_u8; 4_096];
    inner[..12].copy_from_slice(&[5, 0, 0, 0, 50, 4, 0, 0, 0, 0, 0, 1]);
    for cell in 0..50 {
        let at = 1_024 + cell * 8;
        let at_bytes = u16::try_from(at).expect("small").to_be_bytes();
        first[112 + cell * 2..114 + cell * 2].copy_from_slice(&at_bytes);
        inner[12 + cell * 2..14 + cell * 2].copy_from_slice(&at_bytes);
        let child = u32::try_from(cell * 100 + 2).expect("small").to_be_bytes();
        first[at + 100..at + 104].copy_from_slice(&child);
        inner[at..at + 4].copy_from_slice(&child);
    }
    let got = read(&mut Repeated::new(&first, &inner, (48 << 20) / 4_096, b""));
    assert_eq!(got.expect("a database").samples, 0);
}

/// A gigabyte of zeros in a megabyte of gzip, in an archive.
fn a_bomb() {
    let packed = gzipped(1 << 30);
    let upload = oracle::zip::archive(&[("activities/1.gpx.gz", &packed)]);
    let refused = read(&mut upload.as_slice()).expect_err("nothing to read");
    assert!(
        refused.to_string().contains("no file of a known format"),
        "{refused}"
    );
    let upload = oracle::zip::archive(&[("activities/1.gpx", &vec![b'0'; 160 << 20])]);
    let refused = read(&mut upload.as_slice()).expect_err("a bomb");
    assert!(refused.to_string().contains("archive"), "{refused}");
}

fn ten_archives_in_each_other() {
    let mut inner = gzipped(16 << 20);
    for _ in 0..10 {
        inner = oracle::zip::archive(&[("a.zip", &inner)]);
    }
    let refused = read(&mut inner.as_slice()).expect_err("too deep");
    assert!(
        refused.to_string().contains("archives in archives"),
        "{refused}"
    );
}

#[test]
fn memory_stays_flat() {
    let cases: [(&str, fn()); 10] = [
        ("an array of 150 MB", a_long_array),
        ("a row of 150 MB", a_long_row),
        ("a text of 150 MB", a_long_text),
        ("a document of 150 million levels", a_deep_document),
        ("a text of XML of 150 MB", a_long_xml_text),
        ("messages of 50 kB", wide_messages),
        ("files of 14 bytes", many_small_files),
        ("pages in circles", pages_in_circles),
        ("ten archives in each other", ten_archives_in_each_other),
        ("a bomb", a_bomb),
    ];
    for (name, case) in cases {
        let before = peak_kb();
        case();
        let (Some(before), Some(after)) = (before, peak_kb()) else {
            skip(Absent::Platform(
                "/proc/self/status with the peak of memory",
            ));
            continue;
        };
        let held = after - before;
        println!("{name}: {held} kB more");
        // The last one makes its own archive in memory.
        assert!(
            held < HELD_MAX_KB || name == "a bomb",
            "{name}: held {held} kB"
        );
    }
}
