//! What is sent: lives to import, and bodies that are made to cost the server more than the sender.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::export::Printed;
use crate::writers;

/// 2015-01-01T00:00:00Z.
const START_S: i64 = 1_420_070_400;
const DAY_S: i64 = 86_400;
/// What the other person looks at.
pub(super) const MONTH_OF_SUMMARIES: &str =
    "/api/v1/summaries/daily?start=2015-01-01&end=2015-02-01";
/// Samples of one body, the most that a body may have.
const BODY_SAMPLES: usize = 10_000;
/// Names of sources that somebody makes up.
const NAMES: usize = 60_000;
/// Seconds of the recording whose head comes last: half a day at 100 Hz, 26 MB.
const RECORDING_S: usize = 43_200;
const RATE: usize = 100;
/// Members of the document of many keys.
const KEYS: usize = 3_000_000;
/// The same of a document that may have 10 MB.
const KEYS_INSIDE: usize = 800_000;
/// Bytes of one repeated row, packed, and how often that is repeated: 4 GB unpacked.
const ROWS_BYTES: usize = 64 << 20;
const ROWS_REPEATED: usize = 64;
/// Rows of acceleration in no order: as many as a day and a half at 100 Hz has.
const ROWS: usize = 3_000_000;

/// Bodies that are made once.
pub(super) struct Bodies {
    /// Uploads with as many samples as one may have.
    pub(super) full: Vec<String>,
    /// Uploads of samples, each of a source of its own.
    pub(super) names: Vec<String>,
    /// The same as one export.
    pub(super) names_export: Arc<Vec<u8>>,
    /// A GT3X archive whose log comes before what explains it.
    pub(super) recording: Arc<Vec<u8>>,
    /// A JSON document of very many keys.
    pub(super) keys: Arc<Vec<u8>>,
    /// The same inside a workout.
    pub(super) keys_inside: Arc<Vec<u8>>,
    /// One row again and again, packed.
    pub(super) rows: Arc<Vec<u8>>,
    /// Raw acceleration in no order.
    pub(super) unsorted: Arc<Vec<u8>>,
}

impl Bodies {
    /// Makes them; some 200 MB.
    pub(super) fn make() -> Self {
        Self {
            full: (100..108)
                .map(|body| samples(body, |_| "Watch".to_owned()))
                .collect(),
            names: (0..NAMES / BODY_SAMPLES)
                .map(|body| samples(body, |number| format!("made up {number}")))
                .collect(),
            names_export: Arc::new(names_export()),
            recording: Arc::new(recording()),
            keys: Arc::new(keys("{\"data\":{\"metrics\":[],\"x\":{", KEYS, "}}}")),
            keys_inside: Arc::new(keys("{\"workouts\":[{\"x\":{", KEYS_INSIDE, "}}]}")),
            rows: Arc::new(rows()),
            unsorted: Arc::new(unsorted()),
        }
    }
}

/// A small upload.
pub(super) fn steps(number: i64) -> String {
    let at = Printed(START_S + 40 * DAY_S + number * 60).rfc3339();
    format!(
        "{{\"data_type\":\"step_count\",\"value\":{},\"unit\":\"count\",\"recorded_at\":\"{at}\"}}",
        7 + number % 90
    )
}

/// A year of a dense life: a heart rate every minute, steps every ten, nights.
pub(super) fn year() -> Vec<u8> {
    life(365, 60)
}

/// A month of a usual one.
pub(super) fn month() -> Vec<u8> {
    life(31, 300)
}

fn life(days: i64, step_s: i64) -> Vec<u8> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_GB\">\n <ExportDate value=\"2026-11-01 09:00:00 +0000\"/>\n",
    );
    let mut quantity = |name: &str, unit: &str, step_s: i64, span_s: i64| {
        for number in 0..days * DAY_S / step_s {
            let start_s = START_S + number * step_s;
            let (start, end) = (Printed(start_s), Printed(start_s + span_s));
            let value = 60 + (number * 7_919) % 61;
            writeln!(
                xml,
                " <Record type=\"HKQuantityTypeIdentifier{name}\" sourceName=\"Watch\" unit=\"{unit}\" startDate=\"{start}\" endDate=\"{end}\" value=\"{value}\"/>"
            )
            .expect("a String takes every text");
        }
    };
    quantity("HeartRate", "count/min", step_s, 0);
    quantity("StepCount", "count", 600, 600);
    for day in 0..days {
        for (stage, number) in ["Core", "Deep", "REM", "Core", "Deep", "REM"]
            .iter()
            .zip(0..)
        {
            let start_s = START_S + day * DAY_S + 1_800 + number * 3_600;
            let (start, end) = (Printed(start_s), Printed(start_s + 3_600));
            writeln!(
                xml,
                " <Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" startDate=\"{start}\" endDate=\"{end}\" value=\"HKCategoryValueSleepAnalysisAsleep{stage}\"/>"
            )
            .expect("a String takes every text");
        }
    }
    xml.push_str("</HealthData>\n");
    xml.into_bytes()
}

fn samples(body: usize, source: impl Fn(usize) -> String) -> String {
    let mut text = String::from("{\"quantity_samples\":[");
    for number in body * BODY_SAMPLES..(body + 1) * BODY_SAMPLES {
        if number % BODY_SAMPLES > 0 {
            text.push(',');
        }
        let at = Printed(START_S + i64::try_from(number).unwrap_or(0)).rfc3339();
        write!(
            text,
            "{{\"identifier\":\"HKQuantityTypeIdentifierHeartRate\",\"value\":{},\"unit\":\"count/min\",\"start_date\":\"{at}\",\"end_date\":\"{at}\",\"source_name\":\"{}\"}}",
            55 + number % 60,
            source(number)
        )
        .expect("a String takes every text");
    }
    text.push_str("]}");
    text
}

/// As many samples as an upload may have, all of one day and none sent before.
pub(super) fn same_day(number: usize) -> String {
    let mut text = String::from("{\"quantity_samples\":[");
    for each in 0..BODY_SAMPLES {
        if each > 0 {
            text.push(',');
        }
        let at = i64::try_from((each * 9_973 + number) % 86_400).unwrap_or(0);
        let at = Printed(START_S + 200 * DAY_S + at).rfc3339();
        let at = format!(
            "{}.{:03}Z",
            at.trim_end_matches('Z'),
            (each * 31 + number * 7) % 1_000
        );
        write!(
            text,
            "{{\"identifier\":\"HKQuantityTypeIdentifierHeartRate\",\"value\":{}.{number},\"unit\":\"count/min\",\"start_date\":\"{at}\",\"end_date\":\"{at}\",\"source_name\":\"Watch\"}}",
            55 + each % 60
        )
        .expect("a String takes every text");
    }
    text.push_str("]}");
    text
}

fn names_export() -> Vec<u8> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_GB\">\n <ExportDate value=\"2026-11-02 09:00:00 +0000\"/>\n",
    );
    for number in 0..NAMES {
        let at = Printed(START_S + i64::try_from(number).unwrap_or(0));
        writeln!(
            xml,
            " <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"invented {number}\" unit=\"count/min\" startDate=\"{at}\" endDate=\"{at}\" value=\"70\"/>"
        )
        .expect("a String takes every text");
    }
    xml.push_str("</HealthData>\n");
    xml.into_bytes()
}

/// Chance that is the same in every run.
fn chance(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn recording() -> Vec<u8> {
    let mut state = 7;
    let mut axis = || i16::try_from(chance(&mut state) % 1_000).unwrap_or(0) - 500;
    let samples: Vec<[i16; 3]> = (0..RECORDING_S * RATE)
        .map(|_| [axis(), axis(), axis()])
        .collect();
    let log = writers::log(26, RATE, &samples);
    let info = writers::info("MOS2A0000000", RATE, "Acceleration Scale: 256.0\r\n");
    let files: [(&str, &[u8]); 2] = [("log.bin", &log), ("info.txt", info.as_bytes())];
    writers::zip(writers::Pack::Deflated, &files)
}

fn keys(begin: &str, count: usize, end: &str) -> Vec<u8> {
    let mut text = String::from(begin);
    for number in 0..count {
        if number > 0 {
            text.push(',');
        }
        write!(text, "\"k{number:06}\":0").expect("a String takes every text");
    }
    text.push_str(end);
    text.into_bytes()
}

fn rows() -> Vec<u8> {
    let row = "HeartRate,Watch,count/min,2015-01-01 00:00:00 +0000,2015-01-01 00:00:00 +0000,70\n";
    let head = "type,sourceName,unit,startDate,endDate,value\n";
    let pack = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("a Vec takes every byte");
        encoder.finish().expect("a Vec takes every byte")
    };
    let mut packed = pack(head.as_bytes());
    let member = pack(row.repeat(ROWS_BYTES / row.len()).as_bytes());
    for _ in 0..ROWS_REPEATED {
        packed.extend_from_slice(&member);
    }
    packed
}

fn unsorted() -> Vec<u8> {
    let mut text = String::with_capacity(ROWS * 48);
    text.push_str("time,x,y,z\n");
    let count = i64::try_from(ROWS).unwrap_or(0);
    for number in 0..count {
        // Every place once, far from its neighbours.
        let at = (number * 1_000_003) % count;
        let second = Printed(START_S + at / 100).rfc3339();
        writeln!(
            text,
            "{}.{:02}0Z,0.{},0.5,0.7",
            second.trim_end_matches('Z'),
            at % 100,
            at % 10
        )
        .expect("a String takes every text");
    }
    text.into_bytes()
}
