//! Input that is cut, mutated, or made to do harm.

use std::fmt::Write;

use import::apple::ReadError;
use import::batch::{Position, RejectCode};
use proptest::prelude::*;

use crate::harness::{OPTIONS, document, read_bytes, try_read};
use crate::zips::{PLAIN, Zip, steps};

#[test]
fn declared_entities_are_never_expanded() {
    let mut declared = String::from("<!ENTITY a \"lol]>\">\n");
    for n in 0..30 {
        let _ = writeln!(
            declared,
            "<!ENTITY b{n} \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
        );
    }
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE HealthData [\n<!-- it's ]> a comment -->\n{declared}\
         <!ENTITY file SYSTEM \"file:///etc/passwd\">\n]>\n<HealthData>\n\
         <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"&b29;&file;\" unit=\"count\" \
         startDate=\"2026-03-08 09:00:00 -0400\" endDate=\"2026-03-08 09:00:00 -0400\" value=\"1\"/>\n\
         </HealthData>"
    );
    let got = read_bytes(xml.as_bytes());
    assert_eq!(got.samples.len(), 1);
    assert_eq!(got.sources[0].name, "&b29;&file;");
    assert!(got.damages().is_empty());
}

#[test]
fn a_document_cut_anywhere_keeps_all_whole_records() {
    let xml = steps(40);
    let ends: Vec<usize> = xml.match_indices("/>\n").map(|(at, _)| at + 2).collect();
    for cut in 0..xml.len() {
        let (got, summary) = try_read(&mut &xml.as_bytes()[..cut], &OPTIONS);
        let whole = ends
            .iter()
            .filter(|end| **end <= cut)
            .count()
            .saturating_sub(1);
        if let Err(error) = summary {
            assert!(
                matches!(error, ReadError::NotAnExport) && whole == 0,
                "cut at {cut}: {error}"
            );
            continue;
        }
        assert_eq!(got.samples.len(), whole, "cut at {cut}");
        assert_eq!(
            got.damages().len(),
            usize::from(cut + 1 < xml.len()),
            "cut at {cut}"
        );
    }
}

/// A document with every element that is known, and some that are not.
const EVERYTHING: &str = r#" <Me HKCharacteristicTypeIdentifierBloodType="HKBloodTypeAPositive"/>
 <Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" sourceName="Watch" unit="ms" startDate="2026-03-08 09:00:00 -0400" endDate="2026-03-08 09:01:00 -0400" value="40">
  <HeartRateVariabilityMetadataList><InstantaneousBeatsPerMinute bpm="60" time="9:00:01.10 AM"/></HeartRateVariabilityMetadataList>
 </Record>
 <Correlation type="HKCorrelationTypeIdentifierBloodPressure" sourceName="Cuff" startDate="2026-03-08 09:00:00 -0400" endDate="2026-03-08 09:00:00 -0400">
  <MetadataEntry key="k" value="v"/>
  <Record type="HKQuantityTypeIdentifierBloodPressureSystolic" sourceName="Cuff" unit="mmHg" startDate="2026-03-08 09:00:00 -0400" endDate="2026-03-08 09:00:00 -0400" value="120"/>
 </Correlation>
 <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="10" durationUnit="min" sourceName="Watch" startDate="2026-03-08 09:00:00 -0400" endDate="2026-03-08 09:10:00 -0400">
  <WorkoutEvent type="HKWorkoutEventTypePause" date="2026-03-08 09:05:00 -0400"/>
  <WorkoutActivity uuid="u" startDate="2026-03-08 09:00:00 -0400"><WorkoutStatistics type="HKQuantityTypeIdentifierActiveEnergyBurned" sum="5" unit="kcal"/></WorkoutActivity>
  <WorkoutRoute><Location date="2026-03-08 09:00:00 -0400" latitude="1" longitude="2"/><FileReference path="/workout-routes/r.gpx"/></WorkoutRoute>
  <Novelty a="b"><![CDATA[text & <more>]]></Novelty>
 </Workout>
 <ActivitySummary dateComponents="2026-03-08" activeEnergyBurned="1" activeEnergyBurnedUnit="kcal"/>
 <ClinicalRecord type="Observation" identifier="i" sourceName="Clinic" sourceURL="u" fhirVersion="4" receivedDate="2026-03-08 09:00:00 -0400" resourceFilePath="/clinical-records/o.json"/>
 <Audiogram type="A" sourceName="Health" startDate="2026-03-08 09:00:00 -0400" endDate="2026-03-08 09:00:00 -0400"><SensitivityPoint frequencyValue="500" frequencyUnit="Hz" leftEarValue="5" leftEarUnit="dBHL"/></Audiogram>
 <VisionPrescription type="Glasses" dateIssued="2026-03-01"><RightEye sphere="-1" sphereUnit="D"/></VisionPrescription>
 <StateOfMind kind="DailyMood" valence="0.5" labels="Happy,Calm" startDate="2026-03-08 09:00:00 -0400" endDate="2026-03-08 09:00:00 -0400" sourceName="Health"/>
 <Future x="1"><Deep><Deeper y="2"/></Deep></Future>"#;

#[test]
fn every_element_survives_any_cut() {
    let xml = document(EVERYTHING);
    let whole = read_bytes(xml.as_bytes());
    assert!(
        whole.damages().is_empty() && whole.rejections.is_empty(),
        "{:?}",
        whole.rejections
    );
    assert_eq!(whole.records.len(), 12, "{:?}", whole.records);
    for cut in 0..xml.len() {
        let (got, _) = try_read(&mut &xml.as_bytes()[..cut], &OPTIONS);
        assert!(got.records.len() <= whole.records.len());
        for (got, whole) in got.records.iter().zip(&whole.records) {
            assert_eq!(got, whole, "cut at {cut}");
        }
    }
}

#[test]
fn unfinished_elements_do_not_swallow_the_next() {
    let xml = document(
        &EVERYTHING
            .replace(" </Workout>\n", "")
            .replace(" </Record>\n", ""),
    );
    let got = read_bytes(xml.as_bytes());
    assert_eq!(got.records.len(), 12);
    assert_eq!(got.damages().len(), 2, "{:?}", got.damages());
    let broken = steps(3).replacen("value=\"1\"/>", "value=\"1\"", 1);
    let got = read_bytes(broken.as_bytes());
    assert_eq!(got.samples.len(), 2);
    assert_eq!(got.codes(), [RejectCode::Malformed]);
    assert!(matches!(got.rejections[0].position, Position::Byte(at)
        if broken[usize::try_from(at).expect("small")..].starts_with("<Record")));
}

#[test]
fn an_unknown_element_without_end_swallows_no_record() {
    let got = read_bytes(
        steps(30)
            .replacen(" <Record", "<Novelty a=\"b\">text\n <Record", 1)
            .as_bytes(),
    );
    assert_eq!(got.samples.len(), 30);
    assert_eq!(got.kind("other").len(), 1);
}

#[test]
fn a_tag_beyond_the_limit_is_rejected_with_its_position() {
    let long = format!(
        "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"{}\" unit=\"count\" value=\"1\"/>",
        "x".repeat(3 << 20)
    );
    let xml = steps(2).replacen(" <Record", &format!("{long}\n <Record"), 1);
    let at = xml.find(&long).expect("it is there") as u64;
    let got = read_bytes(xml.as_bytes());
    assert_eq!(got.samples.len(), 2);
    assert_eq!(got.codes(), [RejectCode::TextTooLong]);
    assert_eq!(got.rejections[0].position, Position::Byte(at));
}

#[test]
fn names_and_tables_are_bounded() {
    let mut records = String::new();
    for n in 0..12_000 {
        let _ = writeln!(
            records,
            " <Record type=\"T{n}\" sourceName=\"S{n}\" unit=\"u\" startDate=\"2026-03-08 09:00:00 -0400\" \
             endDate=\"2026-03-08 09:00:00 -0400\" value=\"1\"/>"
        );
    }
    let got = read_bytes(document(&records).as_bytes());
    assert_eq!(got.types.len(), import::tables::TYPES_MAX);
    assert_eq!(got.sources.len(), import::tables::SOURCES_MAX);
    assert_eq!(got.samples.len() + got.rejections.len(), 12_000);
}

#[test]
fn unknown_elements_are_bounded_in_size_and_depth() {
    let deep = format!("{}{}", "<Deep>".repeat(50_000), "</Deep>".repeat(50_000));
    let wide = format!("<Wide>{}</Wide>", "<x a=\"b\"/>".repeat(50_000));
    let xml = document(&format!("{deep}\n{wide}\n<Fine a=\"b\">text</Fine>"));
    let got = read_bytes(xml.as_bytes());
    assert_eq!(
        got.codes(),
        [RejectCode::TextTooLong, RejectCode::TextTooLong]
    );
    assert_eq!(got.records.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mutated_documents_never_panic(edits in edits()) {
        let (got, _) = try_read(&mut &*mutated(document(EVERYTHING).as_bytes(), &edits), &OPTIONS);
        prop_assert!(got.records.len() < 100);
    }

    #[test]
    fn mutated_archives_never_panic(edits in edits()) {
        let zip = Zip::default()
            .entry("export.xml", document(EVERYTHING).as_bytes(), PLAIN)
            .entry("workout-routes/r.gpx", b"<gpx><trk><trkpt lat=\"1\" lon=\"2\"><time>2026-03-08T09:00:00Z</time><ele>1</ele></trkpt></trk></gpx>", PLAIN)
            .entry("electrocardiograms/e.csv", b"Name,x\nDate of Birth,x\nRecorded Date,2026-03-08 09:00:00 -0400\nClassification,a\nSymptoms,\nSoftware Version,2.0\nDevice,\"Watch6,1\"\nSample Rate,512 hertz\n\nLead,Lead I\nUnit,mV\n\n0.1\n0.2\n", PLAIN)
            .entry("clinical-records/o.json", b"{\"resourceType\":\"Observation\"}", PLAIN)
            .finish();
        let (got, _) = try_read(&mut &*mutated(&zip, &edits), &OPTIONS);
        prop_assert!(got.records.len() < 100);
    }
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..40)
}

/// Replaces, inserts or removes bytes; half of the inserted ones mean something to the reader.
fn mutated(bytes: &[u8], edits: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    const TELLING: &[u8] = b"<>/\"'=!?&;-[] \n\0PK\x01\x02\x07\x08";
    let mut bytes = bytes.to_vec();
    for (index, action, byte) in edits {
        if bytes.is_empty() {
            break;
        }
        let at = index.index(bytes.len());
        let byte = TELLING.get(usize::from(*byte)).copied().unwrap_or(*byte);
        match action % 4 {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => {
                bytes.remove(at);
            }
            _ => {
                let end = (at + usize::from(byte)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
        }
    }
    bytes
}
