//! How fast an export becomes batches, beside what reading it costs at least.
//!
//! Items are records. `cargo bench -p import --bench apple`

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::ControlFlow;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use import::apple::{Options, read};
use import::archive::Limits;

fn main() {
    divan::main();
}

/// Bytes of the document: large enough that starting up costs nothing.
const DOCUMENT_BYTES: usize = 20 << 20;

/// Types in the proportions of a real export, with the unit of each and whether it has metadata.
const TYPES: [(&str, &str, bool); 6] = [
    ("HeartRate", "count/min", true),
    ("BasalEnergyBurned", "Cal", false),
    ("ActiveEnergyBurned", "Cal", false),
    ("DistanceWalkingRunning", "mi", false),
    ("StepCount", "count", false),
    ("PhysicalEffort", "kcal/hr·kg", false),
];

struct Document {
    xml: Vec<u8>,
    records: usize,
}

fn document() -> Document {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"2026-06-30 09:00:00 -0400\"/>\n",
    );
    let mut records = 0;
    for (type_name, unit, metadata) in TYPES {
        let until = xml.len() + DOCUMENT_BYTES / TYPES.len();
        while xml.len() < until {
            push_record(&mut xml, type_name, unit, metadata, records);
            records += 1;
        }
    }
    xml.push_str("</HealthData>\n");
    Document {
        xml: xml.into_bytes(),
        records,
    }
}

fn push_record(xml: &mut String, type_name: &str, unit: &str, metadata: bool, n: usize) {
    let (day, hour, minute) = (n / 400 % 28 + 1, n / 20 % 20, n % 20 * 3);
    let _ = write!(
        xml,
        " <Record type=\"HKQuantityTypeIdentifier{type_name}\" sourceName=\"Max’s Apple\u{a0}Watch\" \
         sourceVersion=\"11.3\" device=\"&lt;&lt;HKDevice: 0x28{n:07x}&gt;, name:Apple Watch, \
         manufacturer:Apple Inc., model:Watch, hardware:Watch6,18, software:11.3&gt;\" unit=\"{unit}\" \
         creationDate=\"2026-03-{day:02} {hour:02}:{minute:02}:41 -0400\" \
         startDate=\"2026-03-{day:02} {hour:02}:{minute:02}:05 -0400\" \
         endDate=\"2026-03-{day:02} {hour:02}:{minute:02}:35 -0400\" value=\"{}.{}\"",
        n % 40 + 60,
        n % 1_000,
    );
    xml.push_str(if metadata {
        ">\n  <MetadataEntry key=\"HKMetadataKeyHeartRateMotionContext\" value=\"1\"/>\n </Record>\n"
    } else {
        "/>\n"
    });
}

/// Packs the document as a phone does: deflated, sizes behind the data.
fn packed(xml: &[u8]) -> Vec<u8> {
    let name = b"apple_health_export/export.xml";
    let mut zip = b"PK\x03\x04\x2d\x00\x08\x00\x08\x00".to_vec();
    zip.extend([0; 16]);
    zip.extend([u8::try_from(name.len()).expect("a short name"), 0, 0, 0]);
    zip.extend(name);
    let body = zip.len();
    let mut encoder = flate2::write::DeflateEncoder::new(zip, flate2::Compression::default());
    encoder.write_all(xml).expect("memory takes all");
    let mut zip = encoder.finish().expect("memory takes all");
    let size = |len: usize| u32::try_from(len).expect("a small document").to_le_bytes();
    let packed = size(zip.len() - body);
    let mut crc = flate2::Crc::new();
    crc.update(xml);
    zip.extend(b"PK\x07\x08");
    zip.extend(crc.sum().to_le_bytes());
    zip.extend(packed);
    zip.extend(size(xml.len()));
    zip.extend(b"PK\x01\x02");
    zip
}

fn batches(input: &[u8]) -> u64 {
    let options = Options {
        now_us: 1_798_675_200_000_000,
        limits: Limits::STANDARD,
    };
    let summary = read(&mut &*input, &options, &mut |batch| {
        divan::black_box(batch);
        ControlFlow::Continue(())
    });
    let summary = summary.expect("an export");
    assert_eq!(summary.sent.rejections, 0, "every record is whole");
    summary.sent.samples
}

#[divan::bench]
fn xml_to_batches(bencher: Bencher<'_, '_>) {
    let document = document();
    bencher
        .counter(ItemsCount::new(document.records))
        .counter(BytesCount::new(document.xml.len()))
        .bench(|| assert_eq!(batches(&document.xml), document.records as u64));
}

#[divan::bench]
fn zip_to_batches(bencher: Bencher<'_, '_>) {
    let document = document();
    let zip = packed(&document.xml);
    bencher
        .counter(ItemsCount::new(document.records))
        .counter(BytesCount::new(document.xml.len()))
        .bench(|| assert_eq!(batches(&zip), document.records as u64));
}

/// What a strict reader needs for its events alone, attributes unread.
#[divan::bench]
fn quick_xml_events(bencher: Bencher<'_, '_>) {
    let document = document();
    bencher
        .counter(ItemsCount::new(document.records))
        .counter(BytesCount::new(document.xml.len()))
        .bench(|| {
            let mut reader = quick_xml::Reader::from_reader(document.xml.as_slice());
            let mut buffer = Vec::new();
            let mut events = 0_u64;
            loop {
                buffer.clear();
                match reader.read_event_into(&mut buffer) {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(event) => {
                        divan::black_box(&event);
                        events += 1;
                    }
                    Err(error) => panic!("the document is well-formed: {error}"),
                }
            }
            events
        });
}

/// What looking at every byte costs.
#[divan::bench]
fn memchr_only(bencher: Bencher<'_, '_>) {
    let document = document();
    bencher
        .counter(ItemsCount::new(document.records))
        .counter(BytesCount::new(document.xml.len()))
        .bench(|| memchr::memchr_iter(b'<', &document.xml).count());
}
