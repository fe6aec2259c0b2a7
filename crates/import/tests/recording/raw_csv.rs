//! Raw acceleration as text: the samples, times and rate of every layout, and what a wrong file is told.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use import::recording::columns::Columns;
use import::recording::error::Error;
use import::recording::front::read;
use import::recording::options::Options;
use import::recording::{Content, Raw};

use crate::support::second;

/// What is said of a file, and its samples with their microseconds.
type Found = (Raw, Vec<(i64, [f32; 3])>);

/// Reads a file of raw acceleration.
fn samples(file: &str, options: &Options<'_>) -> Result<Found, Error> {
    let mut all = Vec::new();
    let content = read(&mut file.as_bytes(), options, &mut |block| {
        for (index, sample) in (0_u32..).zip(block.samples_g) {
            let behind = f64::from(index) * 1e6 / block.rate_hz;
            #[expect(clippy::cast_possible_truncation, reason = "a small number")]
            all.push((block.start_us + behind.round() as i64, *sample));
        }
        ControlFlow::Continue(())
    })?;
    match content {
        Content::Raw(raw) => Ok((raw, all)),
        other @ (Content::Epochs(_) | Content::Several { .. }) => {
            panic!("expected raw acceleration, not {other:?}")
        }
    }
}

/// A sample of a still device that turns slowly, in g.
fn sample(index: u32) -> [f64; 3] {
    let angle = f64::from(index) / 500.0;
    [angle.sin(), 0.0, angle.cos()]
}

/// Rows at 50 Hz from 2014-05-07T13:29:50.
fn rows(count: u32, row: impl Fn(u32, u32, [f64; 3]) -> String) -> String {
    (0..count).fold(String::new(), |file, index| {
        let ms = index * 20;
        file + &row(ms / 1_000, ms % 1_000, sample(index)) + "\n"
    })
}

fn clock(second: u32) -> String {
    let second = 13 * 3_600 + 29 * 60 + 50 + second;
    format!(
        "{:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

fn check(file: &str, options: &Options<'_>, count: u32, tolerance_us: i64) -> Raw {
    let (raw, all) = samples(file, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((raw.rate_hz, raw.samples), (50.0, u64::from(count)));
    assert_eq!(all.len(), count as usize);
    let start_us = second("2014-05-07T13:29:50") * 1_000_000;
    for (index, (us, found)) in (0_u32..).zip(&all) {
        let due_us = start_us + 20_000 * i64::from(index);
        assert!(
            (us - due_us).abs() <= tolerance_us,
            "sample {index}: {us} is not {due_us}"
        );
        for (found, expect) in found.iter().zip(sample(index)) {
            assert!((f64::from(*found) - expect).abs() < 1e-3, "sample {index}");
        }
    }
    raw
}

#[test]
fn every_layout_gives_its_samples_at_their_times() {
    let none = Options::default();
    let count = 6_000;
    let axivity = rows(count, |s, ms, [x, y, z]| {
        format!("2014-05-07 {}.{ms:03},{x:.5},{y:.5},{z:.5}", clock(s))
    });
    check(&axivity, &none, count, 1);
    let mhealth = "HEADER_TIME_STAMP,X_ACCELERATION_METERS_PER_SECOND_SQUARED,\
                   Y_ACCELERATION_METERS_PER_SECOND_SQUARED,Z_ACCELERATION_METERS_PER_SECOND_SQUARED\n";
    let metric = rows(count, |s, ms, axes| {
        let [x, y, z] = axes.map(|axis| axis * 9.806_65);
        format!("2014-05-07 {}.{ms:03},{x:.5},{y:.5},{z:.5}", clock(s))
    });
    check(&format!("{mhealth}{metric}"), &none, count, 1);
    let geneactiv = rows(count, |s, ms, [x, y, z]| {
        format!(
            "2014-05-07 {}:{ms:03},{x:.5},{y:.5},{z:.5},23,0,25.8",
            clock(s)
        )
    });
    let header = "Device Type,GENEActiv\nDevice Unique Serial Code,101806\n\nMeasurement Frequency,50.0 Hz\n\n";
    let raw = check(&format!("{header}{geneactiv}"), &none, count, 1);
    assert_eq!(raw.header.serial.as_deref(), Some("101806"));
    let coarse = rows(count, |s, _, [x, y, z]| {
        format!("2014-05-07 {};{x:.5};{y:.5};{z:.5}", clock(s))
    });
    check(
        &format!("Time;X;Y;Z\n{}", coarse.replace('.', ",")),
        &none,
        count,
        1_000_000,
    );
    let unix = rows(count, |s, ms, axes| {
        let [x, y, z] = axes.map(|axis| axis * 1_000.0);
        format!(
            "{}{ms:03}\t{z:.2}\t{y:.2}\t{x:.2}",
            second("2014-05-07T13:29:50") + i64::from(s)
        )
    });
    let columns = Columns::parse("time=1,x=4,y=3,z=2").expect("a declaration");
    let declared = Options {
        columns: Some(&columns),
        ..Options::default()
    };
    check(&unix, &declared, count, 1);
}

#[test]
fn the_header_of_actilife_says_start_and_rate() {
    let head = "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.4 Firmware v2.5.0 date format M/d/yyyy \
                at 50 Hz  Filter Normal -----------\nSerial Number: NEO1\nStart Time 13:29:50\nStart Date 5/7/2014\n\
                Epoch Period (hh:mm:ss) 00:00:00\nDownload Time 16:48:59\nDownload Date 5/17/2014\n\
                Current Memory Address: 0\nCurrent Battery Voltage: 4.07     Mode = 12\n\
                --------------------------------------------------\n";
    let bare = rows(3_000, |_, _, [x, y, z]| format!("{x:.3},{y:.3},{z:.3}"));
    let named = format!("{head}Accelerometer X,Accelerometer Y,Accelerometer Z\n{bare}");
    let stamped = rows(3_000, |s, ms, [x, y, z]| {
        format!("5/7/2014 {}.{ms:03},{x:.3},{y:.3},{z:.3}", clock(s))
    });
    let stamped =
        format!("{head}Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z\n{stamped}");
    for file in [format!("{head}{bare}"), named, stamped] {
        let raw = check(&file, &Options::default(), 3_000, 1);
        assert_eq!(raw.header.format, "actigraph_csv");
        assert_eq!(raw.header.serial.as_deref(), Some("NEO1"));
    }
}

/// From the newest row to the oldest, and in no order: the samples of the clean file, however fine their times are.
#[test]
fn rows_in_any_order_give_the_samples_of_rows_in_order() {
    let count = 6_000;
    let fine = rows(count, |s, ms, [x, y, z]| {
        format!("2014-05-07 {}.{ms:03},{x:.5},{y:.5},{z:.5}", clock(s))
    });
    let lines: Vec<&str> = fine.lines().collect();
    let turned: Vec<&str> = lines.iter().rev().copied().collect();
    let mixed: Vec<&str> = (0..lines.len())
        .map(|index| lines[index * 7_919 % lines.len()])
        .collect();
    for order in [turned, mixed] {
        let raw = check(&order.join("\n"), &Options::default(), count, 1);
        let codes: Vec<&str> = raw.damages.first.iter().map(|one| one.code).collect();
        assert_eq!((codes, raw.damages.lost), (vec!["out_of_order"], 0));
    }
    let coarse = rows(count, |s, _, [x, y, z]| {
        format!("2014-05-07 {},{x:.5},{y:.5},{z:.5}", clock(s))
    });
    let turned: Vec<&str> = coarse.lines().rev().collect();
    let file = format!("Time,X,Y,Z\n{}", turned.join("\n"));
    check(&file, &Options::default(), count, 1_000_000);
}

#[test]
fn gaps_stay_gaps_and_what_is_lost_is_counted_or_refused() {
    let line = |s: u32, ms: u32, [x, y, z]: [f64; 3]| {
        format!("2014-05-07 {}.{ms:03},{x:.5},{y:.5},{z:.5}", clock(s))
    };
    let whole = rows(6_000, line);
    let lines: Vec<&str> = whole.lines().collect();
    let gapped = [&lines[..2_000], &lines[3_000..]].concat().join("\n");
    let (raw, all) = samples(&gapped, &Options::default()).expect("samples");
    assert_eq!((raw.samples, raw.damages.count), (5_000, 0));
    let far = second("2014-05-07T13:29:50") * 1_000_000 + 3_000 * 20_000;
    assert!((all[2_000].0 - far).abs() <= 1, "the gap is kept");
    let noisy = whole.replacen("2014-05-07 13:30:01", "later", 50);
    let (raw, _) = samples(&noisy, &Options::default()).expect("samples");
    assert_eq!((raw.samples, raw.damages.lost), (5_950, 50));
    let refused = |file: &str, options: &Options<'_>, expect: &str| {
        let error = samples(file, options).expect_err("refused");
        assert!(error.to_string().contains(expect), "{error}");
    };
    let swapped = [&lines[3_000..], &lines[..3_000]].concat().join("\n");
    refused(&swapped, &Options::default(), "sort the rows");
    let mut counts = String::from("time,x,y,z\n");
    for index in 0..500 {
        writeln!(
            counts,
            "2014-05-07 13:29:{:02}.{:03},250,90,40",
            50 + index / 50,
            index % 50 * 20
        )
        .expect("memory");
    }
    refused(&counts, &Options::default(), "gravity");
    let slow = "time,x,y,z\n2014-05-07 13:29:50,0,0,1\n2014-05-07 13:30:50,0,0,1\n2014-05-07 13:31:50,0,0,1\n";
    refused(slow, &Options::default(), "--rate");
}
