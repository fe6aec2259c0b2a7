//! CSV of ActiGraph: with times, without, with headings, without, for one person and several.

use std::fmt::Write as _;

use import::recording::options::Options;
use import::recording::{Quantity, Recording};

use crate::fixtures;
use crate::support::{assert_same, channel, epochs, second, several, try_read};

/// The header of a device with this mode and epoch.
fn head(mode: u32, epoch: &str, format: &str, date: &str, download: &str) -> String {
    format!(
        "------------ Data File Created By ActiGraph wGT3XPlus ActiLife v6.10.2 Firmware v2.2.1 date format {format} \
         Filter Normal -----------,,,\nSerial Number: CLE99,,,\nStart Time 09:00:00,,,\nStart Date {date},,,\n\
         Epoch Period (hh:mm:ss) {epoch},,,\nDownload Time 12:54:04,,,\nDownload Date {download},,,\n\
         Current Memory Address: 0,,,\nCurrent Battery Voltage: 4.03     Mode = {mode},,,\n\
         --------------------------------------------------,,,\n"
    )
}

/// The axes and the steps of an epoch.
fn counts(epoch: u32) -> [u32; 4] {
    [
        epoch * 7 % 331,
        epoch * 3 % 101,
        epoch * epoch % 257,
        epoch % 3,
    ]
}

/// The sum of the axes and their magnitude, and of the steps, made without the reader.
fn sums(epochs: u32) -> (f64, f64) {
    let all = (0..epochs).map(|epoch| counts(epoch).map(f64::from));
    all.fold((0.0, 0.0), |(sum, steps), [x, y, z, more]| {
        (
            sum + x + y + z + (x * x + y * y + z * z).sqrt(),
            steps + more,
        )
    })
}

fn check(recording: &Recording, epochs: u32, start: &str, epoch_s: u32) {
    let sum = |name: &str| channel(recording, name).values.iter().sum::<f64>();
    let first = &recording.channels[0];
    assert_eq!(
        (first.name.as_str(), first.quantity),
        ("vector_magnitude", Quantity::Activity)
    );
    for channel in &recording.channels {
        assert_eq!((channel.start_s, channel.epoch_s), (second(start), epoch_s));
        assert_eq!(channel.values.len(), epochs as usize);
    }
    let (expect, steps) = sums(epochs);
    let axes = ["vector_magnitude", "axis1", "axis2", "axis3"].map(sum);
    assert!((axes.iter().sum::<f64>() - expect).abs() < 1e-6);
    assert!((sum("steps") - steps).abs() < 1e-9);
    assert_eq!(recording.damages.count, 0, "{:?}", recording.damages);
}

#[test]
fn rows_without_times_follow_the_start_in_the_header() {
    let mut file = head(13, "00:00:15", "M/d/yyyy", "8/26/2013", "9/3/2013");
    for epoch in 0..990 {
        let [x, y, z, steps] = counts(epoch);
        writeln!(file, "{x},{y},{z},{steps}").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    check(&recording, 990, "2013-08-26T09:00:00", 15);
    let header = &recording.header;
    assert_eq!(header.serial.as_deref(), Some("CLE99"));
    assert_eq!(header.device.as_deref(), Some("wGT3XPlus"));
    assert_eq!(header.firmware.as_deref(), Some("v2.2.1"));
    let quoted = file
        .replace("8/26/2013", "26/08/2013")
        .replace("9/3/2013", "03/09/2013");
    let recording = epochs(quoted.replace("M/d/yyyy", "dd/MM/yyyy").as_bytes());
    check(&recording, 990, "2013-08-26T09:00:00", 15);
}

#[test]
fn the_mode_says_which_columns_there_are() {
    let recording = epochs(fixtures::ACTIGRAPH.as_bytes());
    let names: Vec<&str> = recording
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "vector_magnitude",
            "axis1",
            "axis2",
            "axis3",
            "steps",
            "lux",
            "incline_off",
            "incline_standing",
            "incline_sitting",
            "incline_lying"
        ]
    );
    assert_eq!(recording.channels[0].start_s, second("2016-08-05T21:35:00"));
    assert_same(
        &channel(&recording, "vector_magnitude").values[..2],
        &[13.0, 0.0],
        1e-12,
    );
    assert_same(&channel(&recording, "lux").values, &[7.0, 0.0, 0.0], 0.0);
    assert_same(
        &channel(&recording, "incline_standing").values,
        &[5.0, 0.0, 5.0],
        0.0,
    );
    assert_eq!(recording.header.worn_at.as_deref(), Some("Waist"));
    let one = fixtures::ACTIGRAPH.replace("Mode = 61", "Mode = 0");
    let recording = epochs(one.as_bytes());
    assert_same(
        &channel(&recording, "axis1").values,
        &[3.0, 0.0, 181.0],
        0.0,
    );
    assert_eq!(channel(&recording, "column_2").quantity, Quantity::Other);
}

#[test]
fn rows_with_times_say_the_day_when_the_header_says_it_wrongly() {
    let head = head(13, "00:00:01", "dd/MM/yyyy", "09-12-2017", "09-19-2017");
    let mut stamped = format!("{head}TimeStamp,axis1,axis2,axis3,steps,vm\n");
    let mut split = format!("{head} Date, Time, Axis1,Axis2,Axis3,Steps,Vector Magnitude\n");
    let mut bare = head;
    for epoch in 0..1_000 {
        let [x, y, z, steps] = counts(epoch);
        let (minute, second) = (epoch / 60, epoch % 60);
        writeln!(
            stamped,
            "2017-09-12T09:{minute:02}:{second:02}Z,{x},{y},{z},{steps},0"
        )
        .expect("memory");
        writeln!(
            split,
            "9/12/2017,09:{minute:02}:{second:02},{x},{y},{z},{steps},0"
        )
        .expect("memory");
        writeln!(bare, "{x},{y},{z},{steps}").expect("memory");
    }
    split = split.replace("dd/MM/yyyy", "M/d/yyyy");
    for file in [stamped, split, bare] {
        let recording = epochs(file.as_bytes());
        check(&recording, 1_000, "2017-09-12T09:00:00", 1);
        assert_eq!(recording.header.utc_offset_s, None);
    }
}

#[test]
fn a_table_of_centrepoint_has_its_people_apart() {
    let mut file =
        "Study Id,Subject Id,Device Serial,Timestamp,X,Y,Z,HeartRate,Capsense,Lux,Steps\n"
            .to_owned();
    for epoch in 0..50_u32 {
        for (who, more) in [("S1", 0), ("S2", 100)] {
            let at = 1_700_000_000 + 60 * epoch;
            writeln!(file, "7,{who},TAS{who},{at},{},0,0,,,0,1", epoch + more).expect("memory");
        }
    }
    let members = several(file.as_bytes());
    let names: Vec<&str> = members
        .iter()
        .map(|member| member.number.as_str())
        .collect();
    assert_eq!(names, ["S1", "S2"]);
    for (member, more) in members.iter().zip([0, 100]) {
        let axis = channel(&member.recording, "axis1");
        assert_eq!(
            (axis.start_s, axis.epoch_s, axis.values.len()),
            (1_700_000_000, 60, 50)
        );
        assert_same(
            &axis.values[..2],
            &[f64::from(more), f64::from(more + 1)],
            0.0,
        );
    }
}

#[test]
fn what_cannot_be_used_says_why() {
    let refused = |file: &str, expect: &str| {
        let error = try_read(file.as_bytes(), &Options::default()).expect_err("refused");
        assert!(error.to_string().contains(expect), "{error}");
    };
    let good = fixtures::ACTIGRAPH;
    refused(
        &good.replace("Start Date 8/5/2016", "Start Date ?"),
        "Start Date",
    );
    let noise = "what,is,this\n".repeat(20);
    refused(&format!("{good}{noise}"), "20 of 23 rows are lost");
}
