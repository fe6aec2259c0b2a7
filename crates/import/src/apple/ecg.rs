//! ECG files: some header lines, then one voltage a line. Labels and numbers are localised, so lines
//! are known by their order and by the form of their values.
//!
//! The header begins with the person's name and birth date. Only lines that are known are kept; those
//! two, and any other line before the date of the recording, never are.

use std::io::{BufRead, BufReader, Read};

use model::record::{Body, Ecg, Metadata, Record};
use model::sample::SECOND_US;
use model::source::{Source, SourceClass};

use crate::apple::ReadError;
use crate::apple::reading::{Reading, identity, refusal};
use crate::apple::text::decode;
use crate::batch::{Position, RejectCode, Rejection};

/// Voltages of one recording: half an hour at 512 a second.
const VOLTAGES_MAX: usize = 921_600;

/// Bytes of one line; longer ones belong to no ECG.
const LINE_BYTES_MAX: u64 = 4_096;

/// Header lines; real files have thirteen.
const HEADER_LINES_MAX: usize = 64;

/// Whether this is the beginning of such a file: a line with a sampling rate comes before the first
/// lone number.
pub(crate) fn is_ecg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut header = Header::default();
    for line in text.lines().take(HEADER_LINES_MAX) {
        if header.sampling_hz.is_some() && header.recorded_us.is_some() {
            return true;
        }
        header.line(line);
    }
    false
}

#[derive(Default)]
struct Header {
    recorded_us: Option<i64>,
    classification: Option<String>,
    symptoms: Option<String>,
    after_recorded: usize,
    after_rate: usize,
    sampling_hz: Option<f64>,
    heart_rate_bpm: Option<f64>,
    lead: Option<String>,
    scale_uv: Option<f64>,
    device: Option<String>,
    metadata: Metadata,
}

impl Header {
    /// Takes in one line.
    fn line(&mut self, line: &str) {
        let Some((_label, value)) = line.split_once([',', ';']) else {
            return;
        };
        let value = value.trim().trim_matches('"').trim();
        let kept = || (!value.is_empty()).then(|| value.to_owned());
        if self.recorded_us.is_none() {
            if let Some(at_us) = recorded(value) {
                self.recorded_us = Some(at_us);
            }
        } else if self.sampling_hz.is_none() {
            self.after_recorded += 1;
            if let Some(rate) = rate(value) {
                self.sampling_hz = Some(rate);
            } else if let Some(rate) = heart_rate(value) {
                self.heart_rate_bpm = Some(rate);
            } else if is_version(value) {
                self.metadata
                    .push(("software_version".to_owned(), value.to_owned()));
            } else if value.starts_with("Watch") {
                self.device = kept();
                self.metadata.push(("device".to_owned(), value.to_owned()));
            } else if self.after_recorded == 1 {
                self.classification = kept();
            } else if self.after_recorded == 2 {
                self.symptoms = kept();
            }
        } else {
            self.after_rate += 1;
            if let Some(scale) = scale_uv(value) {
                self.scale_uv = Some(scale);
            } else if self.after_rate == 1 {
                self.lead = kept();
            }
        }
    }
}

/// `2026-03-01 08:00:00 -0500`.
fn recorded(value: &str) -> Option<i64> {
    let mut dates = crate::apple::dates::Dates::default();
    dates.read(value.as_bytes()).map(|printed| printed.at_us)
}

/// `512 hertz`, `512.5 Hz`, `512 赫兹`.
fn rate(value: &str) -> Option<f64> {
    let (number, unit) = split_unit(value)?;
    let lower = unit.to_lowercase();
    let known = ["hertz", "hz", "赫", "ヘルツ", "헤르츠", "герц", "هرتز"];
    (known.iter().any(|name| lower.starts_with(name)) && (1.0..=100_000.0).contains(&number))
        .then_some(number)
}

/// `72 BPM`, `72 count/min`.
fn heart_rate(value: &str) -> Option<f64> {
    let (number, unit) = split_unit(value)?;
    let lower = unit.to_lowercase();
    (["bpm", "count/min", "/min"]
        .iter()
        .any(|name| lower.starts_with(name))
        && (10.0..=400.0).contains(&number))
    .then_some(number)
}

fn split_unit(value: &str) -> Option<(f64, &str)> {
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
    let (digits, unit) = value.split_at_checked(end)?;
    Some((number(digits)?, unit.trim()))
}

fn is_version(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit())
        && value.len() <= 16
        && value.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn scale_uv(value: &str) -> Option<f64> {
    match value {
        "µV" | "μV" | "uV" => Some(1.0),
        "mV" => Some(1_000.0),
        "V" => Some(1_000_000.0),
        _ => None,
    }
}

/// A number with a decimal point or comma; of two different marks the last is the decimal one.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches([',', ';']);
    let value: f64 = if let Some(decimal) = text.rfind(',') {
        let whole: String = text.chars().take(decimal).filter(|c| *c != '.').collect();
        let fraction = text.get(decimal + 1..)?;
        fast_float2::parse(format!("{whole}.{fraction}")).ok()?
    } else {
        fast_float2::parse(text).ok()?
    };
    value.is_finite().then_some(value)
}

/// Reads one file and sends its recording.
pub(crate) fn read(input: &mut dyn Read, reading: &mut Reading<'_, '_>) -> Result<(), ReadError> {
    let mut input = BufReader::with_capacity(32 << 10, input);
    let mut header = Header::default();
    let mut voltages: Vec<f64> = Vec::new();
    let mut unread = 0_u64;
    let mut line = Vec::new();
    let mut line_number = 0_u64;
    loop {
        line.clear();
        if (&mut input)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)?
            == 0
        {
            break;
        }
        line_number += 1;
        let text = decode(&line);
        let text = text.trim().trim_start_matches('\u{feff}');
        if text.is_empty() {
            continue;
        }
        match (header.scale_uv, number(text)) {
            (Some(scale_uv), Some(value)) if voltages.len() < VOLTAGES_MAX => {
                voltages.push(value * scale_uv);
            }
            (Some(_), _) if voltages.is_empty() => header.line(text),
            (Some(_), _) => unread += 1,
            (None, _) if line_number <= HEADER_LINES_MAX as u64 => header.line(text),
            (None, _) => break,
        }
    }
    if unread > 0 {
        reading.damage(
            0,
            "some lines of an ECG hold no voltage or are too many; they were left out",
        );
    }
    send(header, voltages, line_number, reading);
    reading.flush_when_full()
}

fn send(header: Header, voltage_uv: Vec<f64>, line: u64, reading: &mut Reading<'_, '_>) {
    let (Some(start_us), Some(sampling_hz), false) = (
        header.recorded_us,
        header.sampling_hz,
        voltage_uv.is_empty(),
    ) else {
        let refused = refusal(
            RejectCode::Malformed,
            "the ECG lacks the date, the sampling rate, the unit or the voltages",
        );
        reading.outbox.reject(Rejection {
            type_index: None,
            code: refused.code,
            field: String::new(),
            position: Position::Line(line),
            message: refused.message.to_owned(),
        });
        return;
    };
    let source = Source {
        class: SourceClass::Watch,
        device: header.device.clone(),
        ..Source::named("ECG")
    };
    let device = source.device.clone().unwrap_or_default();
    let spelling = (b"\0ecg".as_slice(), device.as_bytes());
    let Some(source) = reading.sources.add(spelling, source, &mut reading.outbox) else {
        return;
    };
    let seconds = voltage_uv.len() as f64 / sampling_hz;
    #[expect(clippy::cast_possible_truncation, reason = "at most 921,600 seconds")]
    let length_us = (seconds * SECOND_US as f64) as i64;
    let record = Record {
        start_us,
        end_us: start_us + length_us,
        zone: None,
        source,
        uid: None,
        identity: identity(&[
            &start_us.to_string(),
            header.device.as_deref().unwrap_or_default(),
        ]),
        body: Body::Ecg(Ecg {
            classification: header.classification,
            symptoms: header.symptoms,
            sampling_hz,
            lead: header.lead,
            heart_rate_bpm: header.heart_rate_bpm,
            voltage_uv,
            metadata: header.metadata,
        }),
    };
    reading.record(0, record);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_locales() {
        let check = |text, expect| assert_eq!(number(text), expect, "{text}");
        check("-12.345", Some(-12.345));
        check("-12,345", Some(-12.345));
        check("1.234,5", Some(1_234.5));
        check("12,5;", Some(12.5));
        check("Lead I", None);
        check("nan", None);
    }

    #[test]
    fn an_ecg_is_known_by_its_values() {
        let head = "Name,Max\nGeburtsdatum,\"29.02.1984\"\nAufgezeichnet,2026-03-01 08:00:00 +0100\n\
                    Klassifizierung,Sinusrhythmus\nSymptome,\nSoftwareversion,2.0\n\
                    Gerät,\"Watch6,18\"\nAbtastrate,512 Hertz\n\n\nAbleitung,Ableitung I\nEinheit,µV\n\n1,0\n";
        assert!(is_ecg(head.as_bytes()));
        assert!(!is_ecg(b"date,steps\n2026-03-01,7\n"));
    }
}
