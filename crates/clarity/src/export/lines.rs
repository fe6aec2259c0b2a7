//! The text of an export, line by line: the same content is always the same bytes.
//!
//! Times are in UTC to the microsecond, numbers are the shortest text that reads back the same.

use std::collections::BTreeSet;

use ::export::cells;
use model::cell::as_text;
use model::record::Record;
use model::sample::Sample;
use model::source::{Source, SourceClass, SourceNo};
use model::zone::{Zone, ZoneHistory};
use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::Instants;
use crate::json;
use crate::person::dossier::Dossier;
use crate::person::measured::DamagedPart;

/// Version of the lines; a changed field is a new version.
const VERSION: u16 = 1;
/// Columns of the table.
const CSV_HEAD: &[u8] =
    b"type,metric,start,end,value,unit,source,offset_min,flags,uid,zone,identity,document\r\n";

/// How the lines stand beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One JSON object per line.
    Ndjson,
    /// One JSON document.
    Json,
    /// One table with a header.
    Csv,
}

/// Writes the parts of an export in their order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    layout: Layout,
    /// Whether a comma has to come before the next item of a JSON array.
    comma: Comma,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comma {
    None,
    Needed,
}

/// One sample.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedSample)]
struct SampleLine<'a> {
    /// `sample`, in lines.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Metric id, or the type as it came.
    metric: &'a str,
    /// First instant, in UTC.
    #[schema(format = DateTime)]
    start: String,
    /// End of the half-open interval, in UTC.
    #[schema(format = DateTime)]
    end: String,
    /// The value in `unit`; a code for categories.
    value: f64,
    /// Unit (UCUM).
    unit: &'a str,
    /// Name of the source.
    source: &'a str,
    /// Minutes east of UTC where it was measured, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset_min: Option<i16>,
    /// Marks of the sample, such as `manual`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<&'static str>,
    /// The provider's id as 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
}

/// One record.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedRecord)]
struct RecordLine<'a> {
    /// `record`, in lines.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// First instant, in UTC.
    #[schema(format = DateTime)]
    start: String,
    /// End of the half-open interval, in UTC.
    #[schema(format = DateTime)]
    end: String,
    /// IANA zone or fixed offset in which it happened, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
    /// Name of the source.
    source: &'a str,
    /// The provider's id as 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    /// What makes it the same document when it comes again without an id.
    identity: &'a str,
    /// The document. Times in it are microseconds since 1970-01-01T00:00:00Z.
    record: &'a model::record::Body,
}

/// One source that samples or records name.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedSource)]
struct SourceLine<'a> {
    /// `source`, in lines.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The name.
    name: &'a str,
    /// What kind of thing it is.
    class: SourceClass,
    /// The device, as the provider describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    /// Identifier of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
}

/// Samples that were stored and cannot be opened any more.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedDamage)]
struct DamagedLine<'a> {
    /// `damaged`, in lines.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Which.
    #[serde(flatten)]
    part: &'a DamagedPart,
}

/// An export as one JSON document. It is streamed, part by part.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthDataExport)]
pub(crate) struct Whole<'a> {
    /// Version of this layout.
    version: u16,
    /// Samples by metric, time and source.
    samples: &'a [SampleLine<'a>],
    /// Records by time.
    records: &'a [RecordLine<'a>],
    /// The sources that they name, by name.
    sources: &'a [SourceLine<'a>],
    /// What is missing because it cannot be opened; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<&'a [DamagedLine<'a>]>,
}

impl Writer {
    /// Writes in this layout.
    pub(crate) const fn new(layout: Layout) -> Self {
        Self {
            layout,
            comma: Comma::None,
        }
    }

    /// The head, and the beginning of the samples.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        match self.layout {
            Layout::Ndjson => {
                let head = format!("{{\"type\":\"export\",\"version\":{VERSION}}}\n");
                out.extend_from_slice(head.as_bytes());
            }
            Layout::Json => {
                let head = format!("{{\"version\":{VERSION},\n\"samples\":[");
                out.extend_from_slice(head.as_bytes());
            }
            Layout::Csv => out.extend_from_slice(CSV_HEAD),
        }
    }

    /// The end of the samples and the beginning of the records.
    pub(crate) fn begin_records(&mut self, out: &mut Vec<u8>) {
        self.next_array(out, b"],\n\"records\":[");
    }

    fn next_array(&mut self, out: &mut Vec<u8>, between: &[u8]) {
        if self.layout == Layout::Json {
            out.extend_from_slice(between);
        }
        self.comma = Comma::None;
    }

    /// One sample with its metric's id and unit and its source's name.
    pub(crate) fn sample(
        &mut self,
        out: &mut Vec<u8>,
        (metric, unit): (&str, &str),
        sample: &Sample,
        source: &str,
    ) {
        let line = SampleLine {
            kind: self.named("sample"),
            metric,
            start: utc(sample.start_us),
            end: utc(sample.end_us),
            value: sample.value,
            unit,
            source,
            offset_min: sample.zone_offset_min,
            flags: sample.flags.names().collect(),
            uid: sample.uid.map(|uid| format!("{uid:016x}")),
        };
        if self.layout != Layout::Csv {
            return self.json(out, &line);
        }
        let value = serde_json::to_string(&line.value).expect("a number is JSON");
        let offset = line
            .offset_min
            .map(|minutes| minutes.to_string())
            .unwrap_or_default();
        let flags = line.flags.join(" ");
        let uid = line.uid.unwrap_or_default();
        row(
            out,
            [
                "sample",
                &as_text(metric),
                &line.start,
                &line.end,
                &value,
                unit,
                &as_text(source),
                &offset,
                &flags,
                &uid,
                "",
                "",
                "",
            ],
        );
    }

    /// One record with its source's name.
    pub(crate) fn record(&mut self, out: &mut Vec<u8>, kind: &str, record: &Record, source: &str) {
        let line = RecordLine {
            kind: self.named("record"),
            start: utc(record.start_us),
            end: utc(record.end_us),
            zone: record.zone.as_deref(),
            source,
            uid: record.uid.map(|uid| format!("{uid:016x}")),
            identity: &record.identity,
            record: &record.body,
        };
        if self.layout != Layout::Csv {
            return self.json(out, &line);
        }
        let document = serde_json::to_string(&line.record).expect("a stored record is plain JSON");
        let uid = line.uid.unwrap_or_default();
        let zone = line.zone.unwrap_or_default();
        row(
            out,
            [
                kind,
                "",
                &line.start,
                &line.end,
                "",
                "",
                &as_text(source),
                "",
                "",
                &uid,
                &as_text(zone),
                &as_text(line.identity),
                &document,
            ],
        );
    }

    /// The sources that were named, by name. A table has no place for them.
    pub(crate) fn sources(
        &mut self,
        out: &mut Vec<u8>,
        dossier: &Dossier,
        used: &BTreeSet<SourceNo>,
    ) {
        self.next_array(out, b"],\n\"sources\":[");
        if self.layout != Layout::Csv {
            let known = used
                .iter()
                .filter_map(|no| dossier.dictionary().source(*no));
            let mut sources: Vec<&Source> = known.collect();
            sources.sort_by(|a, b| a.name.cmp(&b.name));
            for source in sources {
                let line = SourceLine {
                    kind: self.named("source"),
                    name: &source.name,
                    class: source.class,
                    device: source.device.as_deref(),
                    app_id: source.app_id.as_deref(),
                };
                self.json(out, &line);
            }
        }
    }

    /// What is missing because it could not be opened, and the end. Nothing where nothing is missing.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>, damaged: &BTreeSet<DamagedPart>) {
        if !damaged.is_empty() {
            self.next_array(out, b"],\n\"damaged\":[");
        }
        for part in damaged {
            if self.layout == Layout::Csv {
                let samples = part.samples.to_string();
                let (first, last) = (part.first_day.as_str(), part.last_day.as_str());
                let metric = as_text(&part.metric);
                row(
                    out,
                    [
                        "damaged", &metric, first, last, &samples, "", "", "", "", "", "", "", "",
                    ],
                );
            } else {
                let line = DamagedLine {
                    kind: self.named("damaged"),
                    part,
                };
                self.json(out, &line);
            }
        }
        if self.layout == Layout::Json {
            out.extend_from_slice(b"]}\n");
        }
    }

    /// Lines say what they are; items of an array need not.
    fn named(self, kind: &'static str) -> Option<&'static str> {
        (self.layout == Layout::Ndjson).then_some(kind)
    }

    fn json<T: Serialize>(&mut self, out: &mut Vec<u8>, line: &T) {
        if self.layout == Layout::Json {
            if self.comma == Comma::Needed {
                out.push(b',');
            }
            out.push(b'\n');
            self.comma = Comma::Needed;
        }
        json::write(out, line);
        if self.layout == Layout::Ndjson {
            out.push(b'\n');
        }
    }
}

fn utc(at_us: i64) -> String {
    let history = ZoneHistory::fixed(Zone::utc());
    Instants::of(&history).text(at_us)
}

/// One line of the table.
fn row<const N: usize>(out: &mut Vec<u8>, fields: [&str; N]) {
    cells(out, fields);
}

#[cfg(test)]
mod tests {
    use model::sample::{Flags, Uid};

    use super::*;

    fn sample() -> Sample {
        Sample {
            start_us: 0,
            end_us: 1_500_000,
            value: 62.0,
            zone_offset_min: Some(120),
            source: SourceNo(3),
            uid: Uid::new(255),
            flags: Flags::MANUAL,
        }
    }

    fn text(layout: Layout) -> String {
        let mut writer = Writer::new(layout);
        let mut out = Vec::new();
        writer.begin(&mut out);
        for _ in 0..2 {
            writer.sample(
                &mut out,
                ("heart_rate", "/min"),
                &sample(),
                "Watch, \"old\"",
            );
        }
        writer.begin_records(&mut out);
        writer.next_array(&mut out, b"],\n\"sources\":[");
        writer.end(&mut out, &BTreeSet::new());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn no_cell_of_a_table_is_a_formula() {
        let mut writer = Writer::new(Layout::Csv);
        let mut out = Vec::new();
        for name in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "Watch"] {
            writer.sample(&mut out, (name, "/min"), &sample(), name);
        }
        let text = String::from_utf8(out).expect("text");
        for cell in text.lines().flat_map(|line| line.split(',')) {
            let cell = cell.trim_matches('"');
            let is_number = cell.parse::<f64>().is_ok();
            assert!(
                is_number || !cell.starts_with(['=', '+', '-', '@', '\t']),
                "{cell:?}"
            );
        }
        assert!(text.contains("'=1+1") && text.contains(",Watch,"), "{text}");
    }

    #[test]
    fn lines_stand_for_themselves() {
        let text = text(Layout::Ndjson);
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["type"], "sample");
        assert_eq!(lines[1]["end"], "1970-01-01T00:00:01.500Z");
        assert_eq!(lines[1]["uid"], "00000000000000ff");
    }

    #[test]
    fn a_document_is_one_json_value() {
        let document: serde_json::Value = serde_json::from_str(&text(Layout::Json)).expect("JSON");
        assert_eq!(document["samples"].as_array().map(Vec::len), Some(2));
        assert_eq!(document["records"].as_array().map(Vec::len), Some(0));
        assert_eq!(document["samples"][0]["source"], "Watch, \"old\"");
    }

    #[test]
    fn a_table_quotes_what_needs_it() {
        let text = text(Layout::Csv);
        let row = text.lines().nth(1).expect("a row");
        assert_eq!(
            row,
            "sample,heart_rate,1970-01-01T00:00:00Z,1970-01-01T00:00:01.500Z,62.0,/min,\
             \"Watch, \"\"old\"\"\",120,manual,00000000000000ff,,,"
        );
        assert_eq!(
            text.lines().next().expect("a head").matches(',').count(),
            12
        );
    }
}
