//! Memory does not grow with the input: an export of a gigabyte and a line of a hundred megabytes,
//! made up while they are read. One test in a process of its own, so that nothing else is measured.

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;

use import::apple::{Options, read};
use import::archive::Limits;
use import::batch::RejectCode;
use oracle::absence::{Absent, skip};

/// Bytes of the whole stream.
const STREAM_BYTES: usize = 1_000 << 20;

/// Bytes of the long line.
const LINE_BYTES: usize = 100 << 20;

/// What the reader may hold: window, one tag, one batch.
const HELD_MAX_KB: u64 = 16 << 10;

/// Gives parts one after the other, each repeated as often as it says.
struct Parts {
    queue: Vec<(Vec<u8>, usize)>,
    at: usize,
    offset: usize,
}

impl Read for Parts {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut given = 0;
        while let Some((bytes, left)) = self.queue.get_mut(self.at) {
            if *left == 0 {
                self.at += 1;
                continue;
            }
            let from = bytes.get(self.offset..).expect("inside the part");
            let to = out.get_mut(given..).expect("inside the buffer");
            let count = from.len().min(to.len());
            if count == 0 {
                break;
            }
            let (to, from) = (to.get_mut(..count), from.get(..count));
            to.expect("it fits")
                .copy_from_slice(from.expect("it is there"));
            given += count;
            self.offset += count;
            if self.offset == bytes.len() {
                self.offset = 0;
                *left -= 1;
            }
        }
        Ok(given)
    }
}

/// Records of half an hour with sources and values that change.
fn records() -> Vec<u8> {
    let record = |n: usize| {
        format!(
            " <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Max’s Apple\u{a0}Watch\" \
             sourceVersion=\"11.3\" device=\"&lt;&lt;HKDevice: 0x28{n:07x}&gt;, name:Apple Watch, \
             manufacturer:Apple Inc., model:Watch, hardware:Watch6,18, software:11.3&gt;\" \
             unit=\"count/min\" creationDate=\"2026-03-08 09:{0:02}:{1:02} -0400\" \
             startDate=\"2026-03-08 09:{0:02}:{1:02} -0400\" endDate=\"2026-03-08 09:{0:02}:{1:02} -0400\" \
             value=\"{2}\">\n  <MetadataEntry key=\"HKMetadataKeyHeartRateMotionContext\" value=\"1\"/>\n \
             </Record>\n",
            n / 60,
            n % 60,
            60 + n % 60
        )
    };
    (0..1_800).map(record).collect::<String>().into_bytes()
}

fn peak_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn memory_stays_flat() {
    let records = records();
    let repeats = (STREAM_BYTES - LINE_BYTES) / records.len();
    let mut stream = Parts {
        queue: vec![
            (
                b"<HealthData>\n <ExportDate value=\"2026-06-30 09:00:00 -0400\"/>\n".to_vec(),
                1,
            ),
            (records.clone(), repeats / 2),
            (
                b"<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"".to_vec(),
                1,
            ),
            (vec![b'x'; 1 << 20], LINE_BYTES >> 20),
            (b"\" value=\"1\"/>\n".to_vec(), 1),
            (records, repeats / 2),
            (b"</HealthData>\n".to_vec(), 1),
        ],
        at: 0,
        offset: 0,
    };
    let before_kb = peak_kb();
    let (mut samples, mut codes) = (0, Vec::new());
    let options = Options {
        now_us: 1_798_675_200_000_000,
        limits: Limits::STANDARD,
    };
    let summary = read(&mut stream, &options, &mut |batch| {
        samples += batch.samples.len();
        codes.extend(batch.rejections.iter().map(|rejection| rejection.code));
        ControlFlow::Continue(())
    });
    let summary = summary.expect("an export");
    assert_eq!(samples, repeats / 2 * 2 * 1_800);
    assert_eq!(codes, [RejectCode::TextTooLong]);
    assert_eq!(summary.damages, 0);
    assert!(summary.bytes_read > 900 << 20);
    let (Some(before), Some(after)) = (before_kb, peak_kb()) else {
        skip(Absent::Platform(
            "/proc/self/status with the peak of memory",
        ));
        return;
    };
    assert!(after - before < HELD_MAX_KB, "held {} kB", after - before);
}
