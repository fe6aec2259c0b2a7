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
    fn open_mhealth_reads_back_what_it_has_a_schema_for(person in person()) {
        reads_back_in_part(&person, Format::OpenMhealth)?;
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
