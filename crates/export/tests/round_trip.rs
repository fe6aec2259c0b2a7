//! Everything that is exported reads back the same through the front door, as far as the format can hold it.

mod person;

use std::collections::BTreeMap;

use export::{Format, Writer};
use person::{Person, person};
use proptest::prelude::*;

fn written(person: &Person, format: Format) -> (Vec<u8>, export::Report) {
    let mut writer = Writer::new(format);
    person.write(&mut writer);
    (writer.take(), writer.report().clone())
}

fn reads_back(person: &Person, format: Format) -> Result<(), TestCaseError> {
    let (bytes, report) = written(person, format);
    prop_assert_eq!(&written(person, format).0, &bytes, "equal bytes");
    prop_assert!(report.left_out.is_empty(), "{:?}", report);
    let got = person::read(&bytes);
    prop_assert_eq!(&got.rejected, &Vec::<String>::new());
    prop_assert_eq!(got.samples, person.samples());
    prop_assert_eq!(got.records, person.records());
    prop_assert_eq!(usize::try_from(report.samples), Ok(person.samples().len()));
    prop_assert_eq!(usize::try_from(report.records), Ok(person.records().len()));
    Ok(())
}

/// What comes back is what was there without what the report counts.
fn reads_back_in_part(person: &Person, format: Format) -> Result<(), TestCaseError> {
    let (bytes, report) = written(person, format);
    let got = person::read(&bytes);
    prop_assert_eq!(&got.rejected, &Vec::<String>::new());
    let mut missing: BTreeMap<String, u64> = BTreeMap::new();
    for (what, count) in [
        (person.samples(), got.samples),
        (person.records(), got.records),
    ] {
        let mut back = count;
        for one in what {
            if let Some(at) = back.iter().position(|found| *found == one) {
                back.swap_remove(at);
            } else {
                let kind = one.split('|').next().unwrap_or_default().to_owned();
                *missing.entry(kind).or_default() += 1;
            }
        }
        prop_assert!(back.is_empty(), "not there before: {back:?}");
    }
    prop_assert_eq!(missing, report.left_out);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_fhir_bundle_reads_back(person in person()) {
        reads_back(&person, Format::FhirBundle)?;
    }

    #[test]
    fn fhir_on_lines_reads_back(person in person()) {
        reads_back(&person, Format::FhirLines)?;
    }

    #[test]
    fn a_table_of_arrow_reads_back(person in person()) {
        reads_back(&person, Format::Arrow)?;
    }

    #[test]
    fn a_table_of_parquet_reads_back(person in person()) {
        reads_back(&person, Format::Parquet)?;
    }

    #[test]
    fn open_mhealth_reads_back_what_it_has_a_schema_for(person in person()) {
        reads_back_in_part(&person, Format::OpenMhealth)?;
    }
}

/// Bytes of a file put elsewhere, changed, cut off, or said twice.
fn damaged(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (place, how, with) in changes {
        let at = place.index(bytes.len().max(1));
        // What states the places of everything is at the end: half of the changes are there.
        let at = if how % 2 == 0 {
            bytes.len().saturating_sub(1 + at % 600)
        } else {
            at
        };
        match (how / 2 % 4, bytes.get_mut(at)) {
            (0, Some(byte)) => *byte = *with,
            (1, Some(byte)) => *byte ^= 1 << (with % 8),
            (2, _) => bytes.truncate(bytes.len() - usize::from(*with).min(bytes.len())),
            _ => bytes.insert(at.min(bytes.len()), *with),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// What a file states of itself may be wrong in any way: it is read in part, or refused, and that is all.
    #[test]
    fn a_damaged_table_is_refused_or_read_in_part(
        person in person(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..6),
    ) {
        for format in [Format::Parquet, Format::Arrow] {
            let (bytes, _) = written(&person, format);
            let whole = person.samples().len() + person.records().len();
            let Ok(got) = person::try_read(&damaged(bytes, &changes)) else {
                continue;
            };
            let read = got.samples.len() + got.records.len();
            prop_assert!(read <= whole, "{read} of {whole}");
        }
    }
}

#[test]
fn series_at_equal_distances_are_sampled_data() {
    let person = Person::of_minutes(5_000);
    let (bytes, _) = written(&person, Format::FhirLines);
    let text = String::from_utf8(bytes).expect("text");
    assert_eq!(
        text.matches("valueSampledData").count(),
        1,
        "{}",
        text.len()
    );
    assert!(text.len() < 60_000, "{} bytes", text.len());
}
