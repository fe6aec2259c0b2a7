//! The first table of a spreadsheet (`.xlsx`, `.xlsb`, `.xls`, `.ods`) as the text of a table.
//!
//! Its files lie packed in an order that only its end tells, so it is held whole, within bounds. It must never know
//! what the table says.

use std::io::{Cursor, Read};

use calamine::{Data, ExcelDateTime, Reader};

use crate::archive::{Archive, ArchiveError, Limits, Next};
use crate::budget::{Full, Holding};

/// Bytes that a spreadsheet may have: a month of minutes in twenty columns has 3 MB.
pub const BYTES_MAX: usize = 16 << 20;

/// Bytes that it may unfold into, all of which are held.
const UNPACKED_MAX: u64 = 160 << 20;

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// How the older binary files begin.
const BINARY: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// What the first file of a packed spreadsheet is called, as programs write them.
const FIRST: [&str; 4] = [
    "[Content_Types].xml",
    "_rels/.rels",
    "docProps/app.xml",
    "xl/",
];

/// The first file of an open document, which is not packed.
const OPEN: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";

/// Memory for each byte that it unfolds into: the cells, and the text that they become.
const UNFOLDED_COST: usize = 2;

/// Why a spreadsheet is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A bound was passed.
    #[error("the spreadsheet has more than {limit} {what}; save its table as CSV")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// It holds more memory than it may.
    #[error(transparent)]
    Memory(#[from] Full),
    /// It is damaged, encrypted, or something else.
    #[error("the spreadsheet cannot be read; save its table as CSV")]
    Unreadable(#[source] Option<calamine::Error>),
}

/// Whether bytes begin like a spreadsheet.
pub fn is_one(head: &[u8]) -> bool {
    if !head.starts_with(b"PK\x03\x04") {
        return head.starts_with(BINARY);
    }
    let name = head.get(30..).unwrap_or_default();
    name.starts_with(OPEN) || FIRST.iter().any(|first| name.starts_with(first.as_bytes()))
}

/// The first table that has cells, cut by tabs.
pub fn text(bytes: Vec<u8>) -> Result<String, Refused> {
    let mut holding = Holding::new();
    let unfolded = usize::try_from(unfolded(&bytes)?).unwrap_or(usize::MAX);
    holding.grow(
        unfolded
            .saturating_mul(UNFOLDED_COST)
            .saturating_add(bytes.len()),
    )?;
    let unreadable = |error| Refused::Unreadable(Some(error));
    let mut book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    for name in book.sheet_names() {
        let cells = book.worksheet_range(&name).map_err(unreadable)?;
        if cells.is_empty() {
            continue;
        }
        let mut table = csv::WriterBuilder::new()
            .delimiter(b'\t')
            .flexible(true)
            .from_writer(Vec::new());
        for row in cells.rows() {
            let written = table.write_record(row.iter().map(cell));
            written.map_err(|_| Refused::Unreadable(None))?;
        }
        let bytes = table.into_inner().unwrap_or_default();
        return Ok(String::from_utf8(bytes).unwrap_or_default());
    }
    Ok(String::new())
}

/// How many bytes it unfolds into; refuses what are too many, before they are held.
fn unfolded(bytes: &[u8]) -> Result<u64, Refused> {
    if bytes.len() > BYTES_MAX {
        return Err(Refused::TooLarge {
            what: "bytes",
            limit: u64::try_from(BYTES_MAX).expect("a constant"),
        });
    }
    if bytes.starts_with(BINARY) {
        return Ok(bytes.len() as u64);
    }
    let mut input = bytes;
    let mut archive = Archive::new(
        &mut input,
        Limits {
            unpacked_bytes: UNPACKED_MAX,
            ..Limits::STANDARD
        },
    );
    let refused = |error| match error {
        ArchiveError::Limit { what, limit } => Refused::TooLarge { what, limit },
        ArchiveError::Io(_) | ArchiveError::Encrypted => Refused::Unreadable(None),
    };
    let mut all = 0_u64;
    loop {
        match archive.next_entry().map_err(refused)? {
            Next::File(_) => {
                all += std::io::copy(&mut archive.by_ref(), &mut std::io::sink())
                    .map_err(|_| Refused::Unreadable(None))?;
                archive.end_entry().map_err(refused)?;
            }
            Next::Refused { .. } | Next::Folder => {}
            Next::End | Next::Damaged(_) => return Ok(all),
        }
    }
}

/// A cell as people would write it into a table of text.
fn cell(cell: &Data) -> String {
    match cell {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::String(text) | Data::DateTimeIso(text) => text.clone(),
        Data::Bool(is_true) => is_true.to_string(),
        Data::DateTime(moment) => moment_of(moment),
        Data::DurationIso(text) => time_of(text),
        Data::Error(_) | Data::Empty => String::new(),
    }
}

/// A date and time, or a time of day where the cell has no date, to the second.
fn moment_of(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    if moment.is_duration() || moment.as_f64() < 1.0 {
        let seconds = moment.as_f64() * 86_400.0;
        #[expect(clippy::cast_possible_truncation, reason = "a share of a day")]
        return clock(seconds.round() as i64);
    }
    let small = |number: u8| i8::try_from(number).unwrap_or(0);
    let year = i16::try_from(year).unwrap_or(0);
    let nanosecond = i32::from(milli) * 1_000_000;
    jiff::civil::DateTime::new(
        year,
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
        nanosecond,
    )
    .and_then(|moment| moment.round(jiff::Unit::Second))
    .map(|moment| moment.to_string())
    .unwrap_or_default()
}

/// `PT22H30M00S` as a time of day.
fn time_of(text: &str) -> String {
    let Ok(length) = text.parse::<jiff::SignedDuration>() else {
        return text.to_owned();
    };
    clock(length.as_secs())
}

fn clock(seconds: i64) -> String {
    let seconds = seconds.rem_euclid(DAY_S);
    let (hour, rest) = (seconds / 3600, seconds % 3600);
    format!("{hour:02}:{:02}:{:02}", rest / 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> String {
        text(bytes).expect("a spreadsheet")
    }

    const EXPECT: &str =
        "id\tdate\tbed\tup\na\t2026-03-01T00:00:00\t22:30:00\t2026-03-02T07:05:00\n";

    /// A workbook with a sheet that is empty before the one with the diary.
    #[test]
    fn a_workbook_is_the_text_of_its_first_table() {
        // 2026-03-01 is day 46082; 22:30 is 0.9375 of a day; 07:05 of the next day.
        let sheet = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
            <row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>date</t></is></c>
            <c r="C1" t="inlineStr"><is><t>bed</t></is></c><c r="D1" t="inlineStr"><is><t>up</t></is></c></row>
            <row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="B2" s="1"><v>46082</v></c>
            <c r="C2" s="2"><v>0.9375</v></c><c r="D2" s="3"><v>46083.295138888888</v></c></row>
            </sheetData></worksheet>"#;
        let empty = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>"#;
        let types =
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
        let book = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
            xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
            <sheet name="Notes" sheetId="1" r:id="rId1"/><sheet name="Diary" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
        let relations = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
            <Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
            <Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/>
            </Relationships>"#;
        let styles = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
            <cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="22"/></cellXfs></styleSheet>"#;
        let root = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
            <Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>
            </Relationships>"#;
        let files: [(&str, &[u8]); 7] = [
            ("[Content_Types].xml", types.as_bytes()),
            ("_rels/.rels", root.as_bytes()),
            ("xl/workbook.xml", book.as_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
            ("xl/styles.xml", styles.as_bytes()),
            ("xl/worksheets/sheet1.xml", empty.as_bytes()),
            ("xl/worksheets/sheet2.xml", sheet.as_bytes()),
        ];
        let bytes = oracle::zip::archive(&files);
        assert!(is_one(&bytes));
        assert_eq!(read(bytes), EXPECT);
    }

    #[test]
    fn an_open_document_is_the_text_of_its_first_table() {
        let content = r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
            <office:body><office:spreadsheet><table:table table:name="Diary">
            <table:table-row><table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell>
            <table:table-cell office:value-type="string"><text:p>date</text:p></table:table-cell>
            <table:table-cell office:value-type="string"><text:p>bed</text:p></table:table-cell>
            <table:table-cell office:value-type="string"><text:p>up</text:p></table:table-cell></table:table-row>
            <table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>
            <table:table-cell office:value-type="date" office:date-value="2026-03-01T00:00:00"><text:p>x</text:p></table:table-cell>
            <table:table-cell office:value-type="time" office:time-value="PT22H30M00S"><text:p>x</text:p></table:table-cell>
            <table:table-cell office:value-type="date" office:date-value="2026-03-02T07:05:00"><text:p>x</text:p></table:table-cell>
            </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"#;
        let kind = b"application/vnd.oasis.opendocument.spreadsheet";
        let manifest = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
        let bytes = oracle::zip::archive(&[
            ("mimetype", kind),
            ("META-INF/manifest.xml", manifest.as_bytes()),
            // Programs write no space between cells.
            (
                "content.xml",
                content.replace("\n            ", "").as_bytes(),
            ),
        ]);
        assert_eq!(read(bytes), EXPECT);
    }

    #[test]
    fn what_is_no_spreadsheet_is_refused_with_what_to_do() {
        for bytes in [
            oracle::zip::archive(&[("notes.txt", b"nothing")]),
            b"PK\x03\x04 and no more".to_vec(),
            BINARY.to_vec(),
            vec![b'P'; BYTES_MAX + 1],
        ] {
            let refused = text(bytes).expect_err("refused");
            assert!(
                refused.to_string().contains("save its table as CSV"),
                "{refused}"
            );
        }
    }
}
