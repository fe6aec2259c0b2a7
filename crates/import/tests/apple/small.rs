//! What single elements become.

use import::batch::{Fact, Meaning, Printed, RejectCode, ZoneEvidence};
use model::metric::by_name;
use model::record::Body;
use model::sample::Flags;
use model::source::SourceClass;

use crate::harness::{Got, OPTIONS, document, read_bytes, try_read, us};
use crate::zips::{PLAIN, Zip};

fn read(elements: &str) -> Got {
    read_bytes(document(elements).as_bytes())
}

/// A record at 2026-03-08T13:00:00Z with more attributes.
fn record(attributes: &str) -> String {
    format!(
        "<Record sourceName=\"Watch\" startDate=\"2026-03-08 09:00:00 -0400\" \
         endDate=\"2026-03-08 09:00:00 -0400\" {attributes}/>"
    )
}

fn values(got: &Got) -> Vec<f64> {
    got.samples
        .iter()
        .map(|sample| sample.sample.value)
        .collect()
}

#[test]
fn the_snapshot_comes_before_any_sample() {
    let xml = document(&record(
        "type=\"HKQuantityTypeIdentifierStepCount\" unit=\"count\" value=\"1\"",
    ));
    let mut first = None;
    import::apple::read(&mut xml.as_bytes(), &OPTIONS, &mut |batch| {
        first.get_or_insert(batch);
        std::ops::ControlFlow::Continue(())
    })
    .expect("an export");
    let first = first.expect("a batch");
    let exported_us = us("2026-06-30T13:00:00Z");
    assert_eq!(
        first.facts,
        [Fact::Snapshot {
            exported_us,
            offset_min: Some(-240)
        }]
    );
    assert!(first.samples.is_empty());
}

#[test]
fn a_receiver_can_stop() {
    let xml = document("");
    let stopped = import::apple::read(&mut xml.as_bytes(), &OPTIONS, &mut |_| {
        std::ops::ControlFlow::Break(())
    });
    assert!(matches!(stopped, Err(import::apple::ReadError::Stopped(_))));
}

#[test]
fn units_are_converted_to_canonical_ones() {
    let check = |type_name: &str, unit: &str, value: &str, expect: f64| {
        let got = read(&record(&format!(
            "type=\"{type_name}\" unit=\"{unit}\" value=\"{value}\""
        )));
        assert_eq!(got.rejections, [], "{type_name} {unit}");
        let found = values(&got)[0];
        assert!((found - expect).abs() < 1e-6, "{type_name} {unit}: {found}");
    };
    check(
        "HKQuantityTypeIdentifierOxygenSaturation",
        "%",
        "0.97",
        97.0,
    );
    check(
        "HKQuantityTypeIdentifierBodyMass",
        "lb",
        "150",
        68.038_855_5,
    );
    check(
        "HKQuantityTypeIdentifierDistanceWalkingRunning",
        "mi",
        "1",
        1_609.344,
    );
    check(
        "HKQuantityTypeIdentifierActiveEnergyBurned",
        "kJ",
        "418.4",
        100.0,
    );
    check(
        "HKQuantityTypeIdentifierBodyTemperature",
        "degF",
        "98.6",
        37.0,
    );
    check(
        "HKQuantityTypeIdentifierHeight",
        "ft",
        "6",
        by_name("height")
            .expect("known")
            .conversion("cm")
            .expect("cm")
            .apply(182.88),
    );
    check(
        "HKQuantityTypeIdentifierVO2Max",
        "mL/min&#183;kg",
        "42",
        42.0,
    );
    check(
        "HKQuantityTypeIdentifierBloodGlucose",
        "mmol&lt;180.1558800000541&gt;/L",
        "5",
        by_name("blood_glucose")
            .expect("known")
            .conversion("mg/dL")
            .expect("mg/dL")
            .apply(90.077_94),
    );
}

#[test]
fn sleep_stages_of_old_and_new_phones_have_one_code() {
    let names = [
        "InBed",
        "Asleep",
        "AsleepUnspecified",
        "Awake",
        "AsleepCore",
        "AsleepDeep",
        "AsleepREM",
    ];
    let records: Vec<String> = names
        .iter()
        .map(|name| {
            record(&format!(
                "type=\"HKCategoryTypeIdentifierSleepAnalysis\" value=\"HKCategoryValueSleepAnalysis{name}\""
            ))
        })
        .collect();
    assert_eq!(
        values(&read(&records.join("\n"))),
        [0.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    );
}

#[test]
fn categories_without_value_are_kept() {
    let got = read(&[
        record("type=\"HKCategoryTypeIdentifierMindfulSession\""),
        record("type=\"HKCategoryTypeIdentifierMindfulSession\" value=\"HKCategoryValueNotApplicable\""),
        record("type=\"HKCategoryTypeIdentifierNotKnownYet\""),
        record("type=\"HKCategoryTypeIdentifierNotKnownYet\" value=\"HKCategoryValueNotApplicable\""),
        record("type=\"HKCategoryTypeIdentifierSleepAnalysis\" value=\"HKCategoryValueNever\""),
    ].join("\n"));
    assert_eq!(values(&got), [0.0; 4]);
    assert_eq!(got.codes(), [RejectCode::ValueInvalid]);
}

#[test]
fn unknown_types_keep_value_and_unit() {
    let got = read(
        &[
            record("type=\"HKQuantityTypeIdentifierNew\" unit=\"widget/hr\" value=\"4.5\""),
            record("type=\"HKQuantityTypeIdentifierNew\" unit=\"widget/min\" value=\"2\""),
            record("type=\"HKCategoryTypeIdentifierNew\" value=\"HKCategoryValueNewGreat\""),
            record("type=\"HKQuantityTypeIdentifierNew\" unit=\"widget/hr\""),
        ]
        .join("\n"),
    );
    assert_eq!(values(&got), [4.5, 2.0]);
    let units: Vec<&Meaning> = got.types.iter().map(|known| &known.meaning).collect();
    assert_eq!(
        *units[0],
        Meaning::Unknown {
            unit: "widget/hr".to_owned()
        }
    );
    assert_eq!(
        *units[1],
        Meaning::Unknown {
            unit: "widget/min".to_owned()
        }
    );
    let Body::Other(other) = got.body("other") else {
        unreachable!("of this kind");
    };
    assert_eq!(other.name, "HKCategoryTypeIdentifierNew");
    assert_eq!(
        other.json,
        "{\"unit\":\"\",\"value\":\"HKCategoryValueNewGreat\"}"
    );
    assert_eq!(got.codes(), [RejectCode::ValueMissing]);
}

#[test]
fn refused_records_say_why() {
    let check = |element: &str, code, field: &str| {
        let got = read(element);
        assert_eq!(got.codes(), [code], "{element}");
        assert_eq!(got.rejections[0].field, field, "{element}");
        assert!(got.samples.is_empty(), "{element}");
    };
    let heart = "type=\"HKQuantityTypeIdentifierHeartRate\"";
    check(&record("value=\"1\""), RejectCode::TypeMissing, "type");
    check(
        &record(&format!("{heart} unit=\"count/min\" value=\"\"")),
        RejectCode::ValueMissing,
        "value",
    );
    check(
        &record(&format!("{heart} unit=\"count/min\" value=\"fast\"")),
        RejectCode::ValueInvalid,
        "value",
    );
    check(
        &record(&format!("{heart} unit=\"count/min\" value=\"inf\"")),
        RejectCode::ValueInvalid,
        "value",
    );
    check(
        &record(&format!("{heart} unit=\"count/min\" value=\"9999\"")),
        RejectCode::ValueOutOfRange,
        "value",
    );
    check(
        &record(&format!("{heart} unit=\"kg\" value=\"60\"")),
        RejectCode::UnitUnknown,
        "value",
    );
    let dated = |start: &str, end: &str| {
        format!(
            "<Record {heart} unit=\"count/min\" value=\"60\" startDate=\"{start}\" endDate=\"{end}\"/>"
        )
    };
    check(
        &dated("yesterday", "2026-03-08 09:00:00 -0400"),
        RejectCode::TimeInvalid,
        "startDate",
    );
    check(
        &dated("2026-03-08 09:00:00 -0400", ""),
        RejectCode::TimeInvalid,
        "endDate",
    );
    check(
        &dated("2026-03-08 09:00:00 -0400", "2026-03-08 08:00:00 -0400"),
        RejectCode::IntervalNegative,
        "startDate",
    );
    check(
        &dated("1970-01-01 00:00:00 +0000", "1970-01-01 00:00:00 +0000"),
        RejectCode::TimeTooEarly,
        "startDate",
    );
}

#[test]
fn metadata_becomes_flags_and_zones() {
    let got = read(
        "<Record type=\"HKQuantityTypeIdentifierBloodGlucose\" sourceName=\"Health\" unit=\"mg/dL\" \
         startDate=\"2026-03-08 09:00:00 -0400\" endDate=\"2026-03-08 09:00:00 -0400\" value=\"90\">\n\
         <MetadataEntry key=\"HKWasUserEntered\" value=\"1\"/>\
         <MetadataEntry key=\"HKBloodGlucoseMealTime\" value=\"2\"/>\
         <MetadataEntry key=\"HKTimeZone\" value=\"Asia/Kolkata\"/></Record>",
    );
    let sample = got.samples[0].sample;
    assert_eq!(sample.flags, Flags::MANUAL.with(Flags::AFTER_MEAL));
    assert_eq!(sample.zone_offset_min, Some(330));
    assert_eq!(got.sources[0].class, SourceClass::Manual);
    assert_eq!(got.zones.len(), 1);
    assert_eq!(got.zones[0].zone, "Asia/Kolkata");
    assert_eq!(got.zones[0].at_us, us("2026-03-08T13:00:00Z"));
    assert_eq!(got.zones[0].evidence, ZoneEvidence::Named);
}

#[test]
fn a_zone_is_told_when_it_is_news() {
    let sleep = |hour: u32, zone: &str| {
        format!(
            "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
             startDate=\"2026-03-08 {hour:02}:00:00 +0000\" endDate=\"2026-03-08 {hour:02}:30:00 +0000\" \
             value=\"HKCategoryValueSleepAnalysisAwake\"><MetadataEntry key=\"HKTimeZone\" value=\"{zone}\"/></Record>"
        )
    };
    let elements = [
        sleep(1, "Europe/Berlin"),
        sleep(2, "Europe/Berlin"),
        sleep(3, "Europe/London"),
        sleep(4, "Europe/London"),
        sleep(6, "Europe/London"),
        sleep(7, "Europe/Atlantis"),
    ];
    let got = read(&elements.join("\n"));
    let zones: Vec<&str> = got.zones.iter().map(|zone| zone.zone.as_str()).collect();
    assert_eq!(zones, ["Europe/Berlin", "Europe/London", "Europe/London"]);
    assert_eq!(got.samples[5].sample.zone_offset_min, None);
}

#[test]
fn statistics_of_a_part_are_not_added_to_the_workout() {
    let got = read(
        "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"Watch\" \
         startDate=\"2026-03-08 09:00:00 -0400\" endDate=\"2026-03-08 09:30:00 -0400\">\
         <WorkoutActivity uuid=\"u\" startDate=\"2026-03-08 09:00:00 -0400\" duration=\"30\" durationUnit=\"min\">\
         <WorkoutEvent type=\"HKWorkoutEventTypeLap\" date=\"2026-03-08 09:10:00 -0400\">\
         <MetadataEntry key=\"of the event\" value=\"1\"/></WorkoutEvent>\
         <WorkoutStatistics type=\"HKQuantityTypeIdentifierActiveEnergyBurned\" sum=\"100\" unit=\"kcal\"/>\
         <MetadataEntry key=\"of the part\" value=\"1\"/></WorkoutActivity>\
         <WorkoutStatistics type=\"HKQuantityTypeIdentifierActiveEnergyBurned\" sum=\"100\" unit=\"kcal\"/>\
         <MetadataEntry key=\"HKIndoorWorkout\" value=\"1\"/>\
         <MetadataEntry key=\"of the workout\" value=\"1\"/></Workout>",
    );
    let Body::Workout(workout) = got.body("workout") else {
        unreachable!("of this kind");
    };
    assert_eq!(workout.active_energy_kcal, Some(100.0));
    assert_eq!(workout.indoor, Some(true));
    assert_eq!(
        workout.metadata,
        [("of the workout".to_owned(), "1".to_owned())]
    );
    assert_eq!(workout.activities[0].statistics.len(), 1);
    assert_eq!(workout.activities[0].events.len(), 1);
    assert_eq!(
        workout.activities[0].metadata,
        [("of the part".to_owned(), "1".to_owned())]
    );
    assert!(workout.events.is_empty());
}

#[test]
fn children_of_a_correlation_are_members_and_marked() {
    let child = record(
        "type=\"HKQuantityTypeIdentifierBloodPressureSystolic\" unit=\"mmHg\" value=\"120\"",
    );
    let got = read(&format!(
        "<Correlation type=\"HKCorrelationTypeIdentifierBloodPressure\" sourceName=\"Cuff\" \
         startDate=\"2026-03-08 09:00:00 -0400\" endDate=\"2026-03-08 09:00:00 -0400\">{child}</Correlation>{child}"
    ));
    let printed: Vec<Printed> = got.samples.iter().map(|sample| sample.printed).collect();
    assert_eq!(printed, [Printed::InCorrelation, Printed::TopLevel]);
    let Body::Correlation(correlation) = got.body("correlation") else {
        unreachable!("of this kind");
    };
    assert_eq!(correlation.correlation, "blood_pressure");
    assert_eq!(correlation.members[0].metric, "blood_pressure_systolic");
}

#[test]
fn a_record_comes_again_with_the_same_identity() {
    let workout = |offset: &str, hour: u32, pointer: &str| {
        document(&format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeYoga\" sourceName=\"Apple\u{a0}Watch\" \
             device=\"&lt;&lt;HKDevice: {pointer}&gt;, name:Apple Watch&gt;\" \
             startDate=\"2026-03-08 {hour:02}:00:00 {offset}\" endDate=\"2026-03-08 {hour:02}:30:00 {offset}\"/>"
        ))
    };
    let winter = read_bytes(workout("-0500", 9, "0x1").as_bytes());
    let summer = read_bytes(
        workout("-0400", 10, "0x2")
            .replace('\u{a0}', " ")
            .as_bytes(),
    );
    assert_eq!(winter.records[0].identity, summer.records[0].identity);
    assert_eq!(winter.records[0].start_us, summer.records[0].start_us);
}

#[test]
fn unknown_elements_are_kept_as_json() {
    let got = read(
        "<Medication name=\"A &amp; B\" startDate=\"2026-03-08 09:00:00 -0400\"><Dose unit=\"mg\">5</Dose></Medication>",
    );
    let Body::Other(other) = got.body("other") else {
        unreachable!("of this kind");
    };
    assert_eq!(other.name, "Medication");
    assert_eq!(
        other.json,
        "{\"attributes\":{\"name\":\"A & B\",\"startDate\":\"2026-03-08 09:00:00 -0400\"},\
         \"children\":[{\"name\":\"Dose\",\"attributes\":{\"unit\":\"mg\"},\"text\":\"5\"}]}"
    );
    assert_eq!(got.kind("other")[0].start_us, us("2026-03-08T13:00:00Z"));
}

#[test]
fn the_form_of_ios_8_is_refused() {
    let old = document(
        "<Record type=\"HKQuantityTypeIdentifierStepCount\" source=\"iPhone\" unit=\"count\" value=\"1\" \
         startDate=\"20150616071916-0700\" endDate=\"20150616071916-0700\"/>",
    );
    let (_, refused) = try_read(&mut old.as_bytes(), &OPTIONS);
    assert!(matches!(refused, Err(import::apple::ReadError::TooOld)));
}

#[test]
fn routes_of_other_programs_are_read() {
    let gpx = "<?xml version=\"1.0\"?>\n<g:gpx xmlns:g=\"http://www.topografix.com/GPX/1/1\" creator='Garmin Connect'><g:trk><g:trkseg>\n\
        <g:trkpt lon='2.5' lat='48.5'>\n <g:time>2026-03-08T09:00:00.250+01:00</g:time>\n <g:extensions><ns3:speed>1.5</ns3:speed></g:extensions></g:trkpt>\n\
        <g:trkpt lon='2.5' lat='99'><g:time>2026-03-08T09:00:01Z</g:time></g:trkpt>\n\
        <g:trkpt lon='2.5' lat='48.5'></g:trkpt>\n<g:trkpt lon='2.5' lat='48.5'/>\n</g:trkseg></g:trk></g:gpx>";
    let zip = Zip::default()
        .entry("workout-routes/a.gpx", gpx.as_bytes(), PLAIN)
        .entry("export.xml", document("").as_bytes(), PLAIN);
    let got = read_bytes(&zip.finish());
    let Body::Route(route) = got.body("route") else {
        unreachable!("of this kind");
    };
    assert_eq!(route.at_us, [us("2026-03-08T08:00:00.25Z")]);
    assert_eq!(route.speed_m_s, [Some(1.5)]);
    assert_eq!(route.elevation_m, [None]);
    assert_eq!(got.damages().len(), 1, "three points were left out");
}

#[test]
fn ecgs_of_all_languages_are_read_without_the_person() {
    let german = "Name;Erika Mustermann\nGeburtsdatum;\"08.01.2002\"\nAufzeichnungsdatum;2026-03-01 08:00:00 +0100\n\
        Klassifizierung;Sinusrhythmus\nSymptome;\nSoftware-Version;2.0\nGerät;\"Watch6,18\"\nMessrate;512 Hertz\n\n\n\
        Ableitung;Ableitung I\nEinheit;mV\n\n-0,012\n1.000,5\n\n0,25\n";
    let zip = Zip::default()
        .entry("export.xml", document("").as_bytes(), PLAIN)
        .entry(
            "electrocardiograms/ecg_2026-03-01.csv",
            german.as_bytes(),
            PLAIN,
        );
    let got = read_bytes(&zip.finish());
    let Body::Ecg(ecg) = got.body("ecg") else {
        unreachable!("of this kind");
    };
    assert_eq!(ecg.voltage_uv, [-12.0, 1_000_500.0, 250.0]);
    assert_eq!(ecg.classification.as_deref(), Some("Sinusrhythmus"));
    assert_eq!(ecg.symptoms, None);
    assert_eq!(ecg.lead.as_deref(), Some("Ableitung I"));
    assert_eq!(got.kind("ecg")[0].start_us, us("2026-03-01T07:00:00Z"));
    let kept = format!("{:?}", got.records);
    assert!(!kept.contains("Erika") && !kept.contains("2002"));
}
