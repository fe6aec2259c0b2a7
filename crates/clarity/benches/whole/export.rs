//! Writes a large Apple Health export with nothing but arithmetic: heart rate, steps, distance,
//! energy and sleep of one person, as a phone prints them, straight into a zip with data
//! descriptors. Deterministic, so that runs can be compared.

use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// What was written.
pub(crate) struct Written {
    /// Size of the XML document.
    pub(crate) xml_bytes: u64,
    /// Records in it.
    pub(crate) records: u64,
}

/// 2021-01-01T00:00:00Z, where the generated data begins.
const START_S: i64 = 1_609_459_200;
const WATCH: &str = "sourceName=\"Bench’s Apple\u{a0}Watch\" sourceVersion=\"11.3\" device=\"&lt;&lt;HKDevice: 0x3014c8e10&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch6,18, software:11.3&gt;\"";
const PHONE: &str = "sourceName=\"Bench’s iPhone\" sourceVersion=\"18.3.1\" device=\"&lt;&lt;HKDevice: 0x301480aa0&gt;, name:iPhone, manufacturer:Apple Inc., model:iPhone, hardware:iPhone17,1, software:18.3.1&gt;\"";

const HEAD: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE HealthData [\n<!-- HealthKit Export Version: 14 -->\n<!ELEMENT HealthData ANY>\n]>\n<HealthData locale=\"en_US\">\n <ExportDate value=\"2026-11-01 09:00:00 +0000\"/>\n";
/// Kind, unit, tenths of the least value, samples a week and seconds of each, of somebody with a phone who enters meals and weighs.
const SPARSE: [(&str, &str, u64, i64, i64); 22] = [
    ("StepCount", "count", 2000, 98, 300),
    ("DistanceWalkingRunning", "km", 2, 98, 300),
    ("FlightsClimbed", "count", 20, 21, 60),
    ("WalkingSpeed", "km/hr", 30, 35, 30),
    ("WalkingStepLength", "cm", 600, 35, 30),
    ("WalkingDoubleSupportPercentage", "%", 2, 35, 30),
    ("WalkingAsymmetryPercentage", "%", 1, 21, 30),
    ("HeadphoneAudioExposure", "dBASPL", 600, 14, 600),
    ("HeartRate", "count/min", 600, 42, 0),
    ("RestingHeartRate", "count/min", 500, 7, 0),
    ("RespiratoryRate", "count/min", 130, 7, 0),
    ("BodyMass", "kg", 700, 2, 0),
    ("BodyFatPercentage", "%", 2, 2, 0),
    ("BloodPressureSystolic", "mmHg", 1100, 4, 0),
    ("BloodPressureDiastolic", "mmHg", 700, 4, 0),
    ("BloodGlucose", "mg/dL", 900, 7, 0),
    ("DietaryWater", "mL", 2000, 21, 0),
    ("DietaryEnergyConsumed", "kcal", 3000, 21, 0),
    ("DietaryProtein", "g", 200, 21, 0),
    ("DietaryCarbohydrates", "g", 400, 21, 0),
    ("DietaryFatTotal", "g", 200, 21, 0),
    ("DietarySugar", "g", 200, 21, 0),
];

struct Counted<W: Write> {
    inner: W,
    crc: Crc,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(buf)?;
        if let Some(part) = buf.get(..written) {
            self.crc.update(part);
        }
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Writes an export of a dense person, of at least `xml_bytes`, to `path`.
pub(crate) fn write(path: &Path, xml_bytes: u64) -> std::io::Result<Written> {
    zip(path, |out| document(out, HEAD, xml_bytes))
}

/// Writes the export of a day later, with the same samples.
pub(crate) fn write_later(path: &Path, xml_bytes: u64) -> std::io::Result<Written> {
    let head = String::from_utf8_lossy(HEAD).replace("2026-11-01 09:00", "2026-11-02 09:00");
    zip(path, |out| document(out, head.as_bytes(), xml_bytes))
}

/// Writes ten years of a sparse person: many kinds of sample, each a few times a day.
pub(crate) fn sparse(path: &Path) -> std::io::Result<Written> {
    zip(path, |out| sparse_document(out))
}

fn zip(
    path: &Path,
    document: impl FnOnce(&mut dyn Write) -> std::io::Result<u64>,
) -> std::io::Result<Written> {
    let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let name = b"apple_health_export/export.xml";
    local_header(&mut file, name)?;
    let deflate = DeflateEncoder::new(file, Compression::fast());
    let mut out = Counted {
        inner: deflate,
        crc: Crc::new(),
        bytes: 0,
    };
    let mut buffered = BufWriter::with_capacity(1 << 20, &mut out);
    let records = document(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    let Counted {
        inner: mut deflate,
        crc,
        bytes: size,
    } = out;
    deflate.try_finish()?;
    let packed = deflate.total_out();
    let mut file = deflate.finish()?;
    trailer(&mut file, name, crc.sum(), packed, size)?;
    file.flush()?;
    Ok(Written {
        xml_bytes: size,
        records,
    })
}

fn local_header(out: &mut impl Write, name: &[u8]) -> std::io::Result<()> {
    out.write_all(b"PK\x03\x04\x14\0\x08\0\x08\0\0\0\x21\x58")?;
    out.write_all(&[0; 12])?;
    out.write_all(&u16::try_from(name.len()).unwrap_or(0).to_le_bytes())?;
    out.write_all(&[0; 2])?;
    out.write_all(name)
}

/// Data descriptor, central directory and its end. Sizes beyond four gigabytes are cut, as old
/// tools do; a forward-only reader does not look at them.
fn trailer(
    out: &mut impl Write,
    name: &[u8],
    crc: u32,
    packed: u64,
    size: u64,
) -> std::io::Result<()> {
    let short = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    out.write_all(b"PK\x07\x08")?;
    out.write_all(&crc.to_le_bytes())?;
    out.write_all(&short(packed))?;
    out.write_all(&short(size))?;
    let directory = 30 + name.len() as u64 + packed + 16;
    out.write_all(b"PK\x01\x02\x14\0\x14\0\x08\0\x08\0\0\0\x21\x58")?;
    out.write_all(&crc.to_le_bytes())?;
    out.write_all(&short(packed))?;
    out.write_all(&short(size))?;
    out.write_all(&u16::try_from(name.len()).unwrap_or(0).to_le_bytes())?;
    out.write_all(&[0; 16])?;
    out.write_all(name)?;
    out.write_all(b"PK\x05\x06\0\0\0\0\x01\0\x01\0")?;
    out.write_all(&short(46 + name.len() as u64))?;
    out.write_all(&short(directory))?;
    out.write_all(&[0; 2])
}

/// Writes the document, type by type as a phone does, and returns the number of records.
fn document(out: &mut dyn Write, head: &[u8], xml_bytes: u64) -> std::io::Result<u64> {
    out.write_all(head)?;
    // A day of the mix below is about 1.2 MB of XML.
    let days = i64::try_from(xml_bytes / 1_020_000 + 1).unwrap_or(1);
    let mut records = 0;
    let mut roll = dice();
    for day in 0..days {
        let from = START_S + day * 86_400;
        let mut at = from + roll(120);
        while at < from + 86_400 {
            let rate = 52 + roll(40);
            record(
                out,
                ("HeartRate", WATCH, "count/min"),
                (at, at),
                format_args!("{rate}"),
            )?;
            records += 1;
            at += 40 + roll(60);
        }
    }
    for (name, source, unit, step, span) in [
        ("StepCount", PHONE, "count", 420, 300),
        ("StepCount", WATCH, "count", 400, 280),
        ("DistanceWalkingRunning", WATCH, "km", 300, 260),
        ("BasalEnergyBurned", WATCH, "kcal", 100, 60),
        ("ActiveEnergyBurned", WATCH, "kcal", 90, 55),
    ] {
        for day in 0..days {
            let from = START_S + day * 86_400;
            let mut at = from + 3_600 + roll(200);
            while at < from + 82_800 {
                let value = roll(900) + 1;
                let times = (at, at + span);
                if unit == "count" {
                    record(out, (name, source, unit), times, format_args!("{value}"))?;
                } else {
                    let (whole, part) = (value / 1000, value % 1000);
                    let text = format_args!("{whole}.{part:03}");
                    record(out, (name, source, unit), times, text)?;
                }
                records += 1;
                at += step + roll(50);
            }
        }
    }
    for day in 0..days {
        let mut at = START_S + day * 86_400 + 1_800;
        for stage in ["Core", "Deep", "Core", "REM"].iter().cycle().take(20) {
            let until = at + 900 + roll(20) * 30;
            sleep(out, (at, until), stage)?;
            records += 1;
            at = until;
        }
    }
    out.write_all(b"</HealthData>\n")?;
    Ok(records)
}

/// Each kind of sample of a sparse person on its own days and at its own times.
fn sparse_document(out: &mut dyn Write) -> std::io::Result<u64> {
    out.write_all(HEAD)?;
    let mut records = 0;
    let mut roll = dice();
    for (name, unit, least, a_week, span) in SPARSE {
        let mean = 7 * 86_400 / a_week;
        let mut at = START_S - 5 * 365 * 86_400;
        while at < START_S + 5 * 365 * 86_400 {
            let value = i64::try_from(least).unwrap_or(0) + roll(least / 2 + 1);
            let text = format_args!("{}.{}", value / 10, value % 10);
            record(out, (name, PHONE, unit), (at, at + span), text)?;
            records += 1;
            at += 1 + span + roll(2 * mean.unsigned_abs());
        }
    }
    out.write_all(b"</HealthData>\n")?;
    Ok(records)
}

/// A generator of chance that is the same in every run.
fn dice() -> impl FnMut(u64) -> i64 {
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    move |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        i64::try_from(dice % sides).unwrap_or(0)
    }
}

fn record(
    out: &mut dyn Write,
    (name, source, unit): (&str, &str, &str),
    (start_s, end_s): (i64, i64),
    value: std::fmt::Arguments<'_>,
) -> std::io::Result<()> {
    let (start, end) = (Printed(start_s), Printed(end_s));
    writeln!(
        out,
        " <Record type=\"HKQuantityTypeIdentifier{name}\" {source} unit=\"{unit}\" creationDate=\"{end}\" startDate=\"{start}\" endDate=\"{end}\" value=\"{value}\"/>"
    )
}

fn sleep(out: &mut dyn Write, (start_s, end_s): (i64, i64), stage: &str) -> std::io::Result<()> {
    let (start, end) = (Printed(start_s), Printed(end_s));
    writeln!(
        out,
        " <Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" {WATCH} creationDate=\"{end}\" startDate=\"{start}\" endDate=\"{end}\" value=\"HKCategoryValueSleepAnalysisAsleep{stage}\">\n  <MetadataEntry key=\"HKTimeZone\" value=\"Europe/London\"/>\n </Record>"
    )
}

/// Seconds since 1970, printed as an export does.
pub(crate) struct Printed(pub(crate) i64);

impl Printed {
    /// The same instant as clients send it.
    pub(crate) fn rfc3339(&self) -> String {
        let text = self.to_string();
        text.replacen(' ', "T", 1).replace(" +0000", "Z")
    }
}

impl std::fmt::Display for Printed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Civil date from days since 1970 (the era-based algorithm of proleptic Gregorian calendars).
        let days = self.0.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let second = self.0.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} +0000",
            second / 3_600,
            second / 60 % 60,
            second % 60
        )
    }
}
