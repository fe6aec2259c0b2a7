//! What several fuzz targets share.

use std::ops::ControlFlow;

use import::apple::{Options, Summary, read};
use import::archive::Limits;
use import::format;
use import::live::Context;
use model::zone::{Zone, ZoneHistory};

/// Reads bytes as an export; whatever they are, this must come back, and what came out must agree
/// with the summary.
pub fn read_export(bytes: &[u8]) -> Option<Summary> {
    let options = Options {
        now_us: 1_798_675_200_000_000,
        limits: Limits::STANDARD,
    };
    let (mut samples, mut records) = (0, 0);
    let (mut types, mut sources) = (0, 0);
    let summary = read(&mut &*bytes, &options, &mut |batch| {
        types += batch.new_types.len();
        sources += batch.new_sources.len();
        for incoming in &batch.samples {
            assert!(usize::try_from(incoming.type_index).is_ok_and(|index| index < types));
            assert!(usize::from(incoming.sample.source.0) < sources);
            assert!(incoming.sample.value.is_finite());
            assert!(incoming.sample.start_us <= incoming.sample.end_us);
        }
        samples += batch.samples.len() as u64;
        records += batch.records.len() as u64;
        ControlFlow::Continue(())
    });
    let summary = summary.ok()?;
    assert_eq!(summary.sent.samples + summary.sent.nested_samples, samples);
    assert_eq!(summary.sent.records, records);
    Some(summary)
}

/// Puts bytes into an archive as one stored file, beside an empty export.
pub fn beside_export(name: &str, bytes: &[u8]) -> Vec<u8> {
    zip(&[("export.xml", b"<HealthData></HealthData>"), (name, bytes)])
}

/// Puts files into an archive, stored, with checksums that are not theirs.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = Vec::new();
    for (name, content) in files {
        let len = u32::try_from(content.len())
            .expect("inputs are small")
            .to_le_bytes();
        let name_len = u16::try_from(name.len())
            .expect("names are short")
            .to_le_bytes();
        zip.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        zip.extend(len);
        zip.extend(len);
        zip.extend(name_len);
        zip.extend([0, 0]);
        zip.extend(name.as_bytes());
        zip.extend(*content);
    }
    zip.extend(b"PK\x01\x02");
    zip
}

/// Reads bytes as a file of a named format; whatever they are, this must come back, and every sample must have a type
/// and a source that were announced.
pub fn read_named(name: &str, bytes: &[u8]) {
    let zones = ZoneHistory::fixed(Zone::parse("Europe/Berlin").expect("a zone"));
    let context = Context {
        now_us: 1_798_675_200_000_000,
        zones: &zones,
        aggregation: None,
        source: "",
    };
    let mut input = bytes;
    let Ok(opened) = format::open(name, &mut input) else {
        return;
    };
    let (mut types, mut sources) = (0, 0);
    let _ = opened.read(&context, &mut |batch| {
        types += batch.new_types.len();
        sources += batch.new_sources.len();
        for incoming in &batch.samples {
            assert!(usize::try_from(incoming.type_index).is_ok_and(|index| index < types));
            assert!(usize::from(incoming.sample.source.0) < sources);
            assert!(incoming.sample.value.is_finite());
            assert!(incoming.sample.start_us <= incoming.sample.end_us);
        }
        ControlFlow::Continue(())
    });
}
