//! Every device file whose contents the references hold, epoch for epoch.

use import::recording::{Member, Quantity, Recording};

use crate::support::{Table, assert_same, channel, epochs, logarithms, second, several, shared};

/// Light in the references was printed with nine digits.
const LIGHT: f64 = 1e-8;

fn check_awd(file: &str, reference: &str, epoch_s: u32, light: Option<&str>) {
    let (Some(bytes), Some(table)) = (shared(&format!("devices/{file}")), Table::of(reference))
    else {
        return;
    };
    let recording = epochs(&bytes);
    let activity = channel(&recording, "activity");
    assert_eq!(recording.header.format, "awd", "{file}");
    assert_eq!(recording.damages.count, 0, "{file}");
    assert_eq!(activity.epoch_s, epoch_s, "{file}");
    table.assert_times(activity);
    assert_same(&activity.values, &table.column("activity"), 0.0);
    assert_eq!(activity.values.len(), table.seconds.len(), "{file}");
    if let Some(light) = light {
        let ours = logarithms(&channel(&recording, light).values);
        assert_same(&ours, &table.column("light_whitelight"), LIGHT);
    }
}

#[test]
fn actiwatch_files_equal_their_references() {
    check_awd("example_01.AWD", "awd_example_01", 60, None);
    check_awd("example_03.AWD", "awd_example_03", 60, None);
    check_awd("example_05.AWD", "awd_example_05", 60, None);
    check_awd("test_sample.AWD", "awd_test_sample", 60, None);
    check_awd("test_sample_awi.AWD", "awd_awi", 60, None);
    check_awd("test_sample_awt.AWD", "awd_awt", 60, None);
    check_awd("test_sample_awl.AWD", "awd_awl", 60, Some("light_code"));
    check_awd("test_sample_aw7.AWD", "awd_aw7_15s", 15, Some("light"));
}

#[test]
fn actiwatch_second_sensors_and_markers_are_kept() {
    let Some(bytes) = shared("devices/test_sample_awt.AWD") else {
        return;
    };
    let recording = epochs(&bytes);
    let temperature = recording.first(Quantity::Temperature).expect("a sensor");
    assert_eq!(temperature.values[1], 32.71);
    let bytes = shared("devices/example_05.AWD").expect("beside the other");
    let recording = epochs(&bytes);
    let events = recording.first(Quantity::Event).expect("markers");
    assert_eq!(events.values.iter().sum::<f64>(), 27.0);
    assert_eq!(recording.header.serial.as_deref(), Some("V653323"));
}

/// A file and the reference that it must equal in times and counts.
fn read_and_check(file: &str, reference: &str, activity: &str) -> Option<(Recording, Table)> {
    let (bytes, table) = (shared(&format!("devices/{file}"))?, Table::of(reference)?);
    let recording = epochs(&bytes);
    assert_eq!(recording.damages.count, 0, "{:?}", recording.damages.first);
    assert_eq!(recording.channels[0].quantity, Quantity::Activity);
    let ours = channel(&recording, activity);
    assert_eq!(recording.channels[0].name, activity, "it is the first");
    table.assert_times(ours);
    assert_same(&ours.values, &table.column("activity"), 1e-12);
    Some((recording, table))
}

fn check_light(recording: &Recording, table: &Table, ours: &str, heading: &str) {
    let ours = logarithms(&channel(recording, ours).values);
    assert_same(&ours, &table.column(heading), LIGHT);
}

/// The number that stands for an interval status in any language.
fn status(word: &str) -> f64 {
    match word {
        "ACTIVE" | "ACTIVITÉ" | "AKTIV" => 0.0,
        "REST" | "REPOS" | "RUHE" => 1.0,
        "REST-S" | "S-REPOS" | "RUHE-S" => 2.0,
        "AUSGESCHLOSSEN" => 3.0,
        other => panic!("an unknown status {other}"),
    }
}

#[test]
fn respironics_in_english_equals_its_reference() {
    let Some((recording, table)) =
        read_and_check("test_sample_rpx_eng.csv", "rpx_eng_30s", "activity")
    else {
        return;
    };
    check_light(&recording, &table, "light", "light_White_Light");
    let wake = &channel(&recording, "wake").values;
    assert_same(wake, &table.column("device_sleep_wake"), 0.0);
    let words = table.words("device_interval_status");
    let expected: Vec<f64> = words.iter().map(|word| status(word)).collect();
    assert_same(
        &channel(&recording, "interval_status").values,
        &expected,
        0.0,
    );
    let header = &recording.header;
    assert_eq!(header.format, "respironics_csv");
    assert_eq!(header.device.as_deref(), Some("Actiwatch 2"));
    assert_eq!(header.serial.as_deref(), Some("AXXXUK"));
    assert_eq!(header.firmware.as_deref(), Some("01.01.0010"));
    assert_eq!(header.utc_offset_s, Some(3600));
}

#[test]
fn respironics_in_french_equals_its_reference() {
    let Some((recording, table)) =
        read_and_check("test_sample_rpx_fr.csv", "rpx_fr_60s", "activity")
    else {
        return;
    };
    check_light(&recording, &table, "light", "light_Lumière_blanche");
    for (ours, heading) in [
        ("wake", "device_sleep_wake"),
        ("mobility", "device_mobility"),
    ] {
        assert_same(
            &channel(&recording, ours).values,
            &table.column(heading),
            0.0,
        );
    }
    // The file goes on for 26 epochs without a value, which the reference leaves out.
    let activity = channel(&recording, "activity");
    assert_eq!(activity.values.len(), 11_581);
    assert!(activity.values[11_555..].iter().all(|value| value.is_nan()));
    assert_eq!(recording.header.serial.as_deref(), Some("AXXXFR"));
}

/// Cells of a row with commas, quotes taken off, decimal commas made points.
fn cells(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    line.split(|letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    })
    .map(|cell| cell.trim_matches('"').replace(',', "."))
    .collect()
}

#[test]
fn respironics_in_german_equals_the_rows_of_the_file() {
    let Some(bytes) = shared("devices/test_sample_rpx_ger_with_light.csv") else {
        return;
    };
    let recording = epochs(&bytes);
    let text = String::from_utf8(bytes).expect("text");
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip_while(|line| !line.starts_with("\"Zeile\",\"Datum\",\"Zeit\",\"Status"))
        .skip(2)
        .filter(|line| !line.is_empty())
        .map(cells)
        .collect();
    assert_eq!(rows.len(), 20_160);
    let names = [
        (3, "off_wrist"),
        (4, "activity"),
        (5, "event"),
        (6, "light"),
        (7, "light_red"),
        (8, "light_green"),
        (9, "light_blue"),
        (10, "wake"),
    ];
    for (index, name) in names {
        let column: Vec<f64> = rows
            .iter()
            .map(|row| row[index].parse().unwrap_or(f64::NAN))
            .collect();
        let ours = channel(&recording, name);
        assert_same(&ours.values, &column, 0.0);
        assert_eq!(ours.start_s, second("2019-09-19T14:00:00"), "{name}");
        assert_eq!((ours.epoch_s, ours.values.len()), (30, 20_160), "{name}");
    }
    let statuses: Vec<f64> = rows.iter().map(|row| status(&row[11])).collect();
    assert_same(
        &channel(&recording, "interval_status").values,
        &statuses,
        0.0,
    );
    assert_eq!(recording.damages.count, 0);
    assert_eq!(recording.channels.len(), 9);
}

#[test]
fn condor_equals_its_reference() {
    let Some((recording, table)) = read_and_check("test_sample_atr.txt", "atr_60s", "pim") else {
        return;
    };
    for (ours, heading) in [
        ("light", "light_LIGHT"),
        ("light_amb", "light_AMB_LIGHT"),
        ("light_red", "light_RED_LIGHT"),
        ("light_green", "light_GREEN_LIGHT"),
        ("light_blue", "light_BLUE_LIGHT"),
        ("light_ir", "light_IR_LIGHT"),
        ("light_uva", "light_UVA_LIGHT"),
        ("light_uvb", "light_UVB_LIGHT"),
    ] {
        check_light(&recording, &table, ours, heading);
    }
    for (ours, heading) in [
        ("zcmn", "ZCMn"),
        ("tat", "TAT"),
        ("temperature", "temperature"),
    ] {
        assert_same(
            &channel(&recording, ours).values,
            &table.column(heading),
            1e-12,
        );
    }
    assert_eq!(recording.channels.len(), 20);
    assert_eq!(recording.header.device.as_deref(), Some("ActTrust1"));
    let printed = format!("{:?}", recording.header);
    assert!(!printed.contains("TEST_SAMPLE") && !printed.contains("1918"));
}

#[test]
fn daqtometer_equals_its_reference() {
    let Some((recording, _)) = read_and_check("test_sample_dqt.csv", "dqt_1s", "activity") else {
        return;
    };
    let light = channel(&recording, "light");
    assert_eq!((light.values[0], light.values.len()), (53.0, 43_200));
    assert_eq!(recording.header.utc_offset_s, Some(0));
}

#[test]
fn biobank_series_equal_their_reference_packed_and_unpacked() {
    let Some((recording, table)) =
        read_and_check("sample-timeSeries.csv.gz", "bba_30s_mg", "acceleration")
    else {
        return;
    };
    let missing = recording.channels[0]
        .values
        .iter()
        .filter(|value| value.is_nan());
    assert_eq!(missing.count(), 125);
    assert_eq!(recording.channels[0].values.len(), table.seconds.len());
    assert_eq!(recording.header.utc_offset_s, Some(3600));
    let names: Vec<&str> = recording
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "acceleration",
            "light_activity",
            "moderate_vigorous",
            "sedentary",
            "sleep",
            "met"
        ]
    );
}

#[test]
fn tempatilumi_equals_the_rows_of_the_file() {
    let Some(bytes) = shared("devices/test_sample_tal.txt") else {
        return;
    };
    let recording = epochs(&bytes);
    let text = String::from_utf8(bytes).expect("text");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("20"))
        .map(|line| {
            line.split("; ")
                .map(|cell| cell.trim_end_matches(';'))
                .collect()
        })
        .collect();
    for (index, name) in [(2, "event"), (3, "light"), (4, "activity")] {
        let column: Vec<f64> = rows
            .iter()
            .map(|row| row[index].parse().expect("a number"))
            .collect();
        let ours = channel(&recording, name);
        assert_same(&ours.values, &column, 0.0);
        assert_eq!((ours.values.len(), ours.epoch_s), (10_080, 60));
        assert_eq!(ours.start_s, second("2000-01-01T00:00:00"));
    }
    assert_eq!(recording.header.serial.as_deref(), Some("00000"));
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn motionwatch_equals_the_numbers_of_the_file() {
    let Some(bytes) = shared("devices/test_sample.mtn") else {
        return;
    };
    let recording = epochs(&bytes);
    let text = String::from_utf8(bytes).expect("text");
    let series: Vec<Vec<f64>> = text
        .split("<data encoding=\"text\">")
        .skip(1)
        .map(|part| part.split("</data>").next().expect("an end"))
        .map(|numbers| {
            numbers
                .split(',')
                .filter_map(|number| number.trim().parse().ok())
                .collect()
        })
        .collect();
    assert_eq!(series.len(), recording.channels.len());
    for (ours, numbers) in recording.channels.iter().zip(&series) {
        assert_same(&ours.values, numbers, 0.0);
        assert_eq!(ours.values.len(), numbers.len());
        assert_eq!(ours.epoch_s, 5);
        assert_eq!(ours.start_s, second("2018-05-23T17:30:00"));
    }
    assert_eq!(recording.channels[0].quantity, Quantity::Activity);
    assert_eq!(recording.channels[1].quantity, Quantity::Light);
    assert_eq!(recording.header.serial.as_deref(), Some("007565"));
    assert_eq!(recording.header.worn_at.as_deref(), Some("Wrist (Right)"));
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn survey_weeks_equal_their_references() {
    let path = "labelled/nhanes_2003_2006_sample/accelerometry3_counts.csv.gz";
    let Some(bytes) = shared(path) else {
        return;
    };
    let members = several(&bytes);
    assert_eq!(members.len(), 3);
    for member in members {
        let table = Table::of(&format!("nhanes_{}", member.number)).expect("beside the others");
        let activity = &member.recording.channels[0];
        table.assert_times(activity);
        assert_same(&activity.values, &table.column("activity"), 0.0);
        assert!(member.recording.header.has_invented_dates);
    }
}

#[test]
fn survey_days_are_joined_by_person() {
    let path = "labelled/nhanes_2003_2006_sample/actfrag50_counts.csv.gz";
    let Some(bytes) = shared(path) else {
        return;
    };
    let members = several(&bytes);
    assert_eq!(members.len(), 50);
    let present = |member: &Member| {
        let activity = &member.recording.channels[0].values;
        activity.iter().filter(|count| !count.is_nan()).count()
    };
    let whole_weeks = members.iter().filter(|member| present(member) == 7 * 1_440);
    assert_eq!(whole_weeks.count(), 23);
    let counts: usize = members.iter().map(present).sum();
    assert_eq!(counts, 275 * 1_440);
    assert_eq!(members[1].number, "21257");
    let worn = members[1]
        .recording
        .first(Quantity::WearSensor)
        .expect("flags");
    assert_eq!((worn.values[1_190], worn.values[1_191]), (1.0, 0.0));
    assert!(
        members
            .iter()
            .all(|member| member.recording.damages.count == 0)
    );
}

#[test]
fn study_counts_keep_the_hour_that_was_skipped() {
    let Some(bytes) = shared("labelled/depresjon/activity/control_01.txt.gz") else {
        return;
    };
    let recording = epochs(&bytes);
    let activity = &recording.channels[0];
    assert_eq!(activity.start_s, second("2003-03-18T15:00:00"));
    assert_eq!(activity.values.len(), 51_611 + 60);
    assert_eq!(activity.values[0], 60.0);
    assert!(
        activity.values[16_500..16_560]
            .iter()
            .all(|value| value.is_nan())
    );
    assert!(!activity.values[16_499].is_nan() && !activity.values[16_560].is_nan());
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn every_file_of_the_study_is_whole() {
    let groups = [("control", 32), ("condition", 23)];
    for (group, count) in groups {
        for number in 1..=count {
            let path = format!("labelled/depresjon/activity/{group}_{number:02}.txt.gz");
            let Some(bytes) = shared(&path) else {
                return;
            };
            let recording = epochs(&bytes);
            let values = &recording.channels[0].values;
            let missing = values.iter().filter(|value| value.is_nan()).count();
            assert!(missing == 0 || missing == 60, "{path}: {missing} missing");
            assert_eq!(recording.damages.count, 0, "{path}");
        }
    }
}

#[test]
fn the_tables_of_the_references_read_back_by_their_headings() {
    for reference in [
        "awd_example_01",
        "atr_60s",
        "rpx_fr_60s",
        "bba_30s_mg",
        "dqt_1s",
    ] {
        let (Some(bytes), Some(table)) = (
            shared(&format!("actigraphy/{reference}/input.csv")),
            Table::of(reference),
        ) else {
            return;
        };
        let recording = epochs(&bytes);
        let activity = channel(&recording, "activity");
        assert_eq!(recording.header.format, "table", "{reference}");
        table.assert_times(activity);
        assert_same(&activity.values, &table.column("activity"), 0.0);
        assert_eq!(recording.damages.count, 0, "{reference}");
    }
}
