//! Files that mean harm or that harm befell: nothing panics, nothing is invented, damage is told.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use import::recording::columns::Columns;
use import::recording::error::{Error, VALUES_MAX};
use import::recording::front;
use import::recording::options::Options;
use import::recording::{Content, Recording};
use proptest::prelude::*;

use crate::fixtures;
use crate::support::{assert_same, channel, epochs, try_read};
use crate::writers::{Pack, zip};

/// Holds what comes out of any bytes to what every recording promises.
fn assert_sound(content: &Content) {
    let check = |recording: &Recording| {
        assert!(!recording.channels.is_empty());
        assert!(
            recording
                .channels
                .iter()
                .any(|channel| !channel.values.is_empty())
        );
        for channel in &recording.channels {
            assert!((1..=86_400).contains(&channel.epoch_s));
            assert!(!channel.name.is_empty() && channel.values.len() <= VALUES_MAX);
            assert!(channel.values.iter().all(|value| !value.is_infinite()));
        }
        assert!(recording.damages.count >= recording.damages.first.len() as u64);
    };
    match content {
        Content::Epochs(recording) => check(recording),
        Content::Several { members, .. } => {
            for member in members {
                check(&member.recording);
            }
        }
        Content::Raw(_) => {}
    }
}

fn read_any(bytes: &[u8], format: Option<&str>) -> Option<Content> {
    let options = Options {
        format,
        ..Options::default()
    };
    let content = try_read(bytes, &options).ok()?;
    assert_sound(&content);
    Some(content)
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

/// The same text in UTF-16.
fn widen(text: &str, is_big: bool) -> Vec<u8> {
    let text = text.trim_start_matches('\u{feff}');
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if is_big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn a_file_cut_anywhere_gives_what_came_before_or_a_reason() {
    for (name, file) in fixtures::ALL {
        let whole = read_any(file.as_bytes(), None).expect("a recording");
        let longest = |content: &Content| match content {
            Content::Epochs(recording) => recording.channels.iter().map(|c| c.values.len()).max(),
            Content::Raw(_) | Content::Several { .. } => None,
        };
        for until in 0..file.len() {
            if let Some(content) = read_any(&file.as_bytes()[..until], Some(name)) {
                assert!(
                    longest(&content) <= longest(&whole),
                    "{name} cut at {until}"
                );
            }
        }
    }
}

#[test]
fn a_file_with_any_byte_changed_never_panics() {
    for (name, file) in fixtures::ALL {
        let mut bytes = file.as_bytes().to_vec();
        for index in 0..bytes.len() {
            let kept = bytes[index];
            for changed in [0, 0xff, b',', b'\n', b'"', b'9', b'-', b'<'] {
                bytes[index] = changed;
                read_any(&bytes, Some(name));
            }
            bytes[index] = kept;
        }
    }
}

#[test]
fn every_reader_bears_the_files_of_the_others() {
    for (_, file) in fixtures::ALL {
        for format in front::ALL {
            for until in (0..=file.len()).step_by(23) {
                read_any(&file.as_bytes()[..until], Some(format.name));
            }
        }
    }
}

#[test]
fn packed_and_wide_files_read_as_plain_ones() {
    for (name, file) in fixtures::ALL {
        let plain = format!(
            "{:?}",
            read_any(file.as_bytes(), None).expect("a recording")
        );
        let ways = [
            pack(file.as_bytes()),
            widen(file, false),
            widen(file, true),
            pack(&widen(file, false)),
        ];
        for (way, bytes) in ways.iter().enumerate() {
            let content = read_any(bytes, None).unwrap_or_else(|| panic!("{name}, way {way}"));
            // Damages say bytes, which differ; these files have none.
            assert_eq!(format!("{content:?}"), plain, "{name}, way {way}");
        }
    }
}

#[test]
fn an_archive_with_one_recording_reads_as_the_recording() {
    for (name, file) in fixtures::ALL {
        let plain = read_any(file.as_bytes(), None).expect("a recording");
        for pack in [Pack::Stored, Pack::Deflated] {
            let beside: (&str, &[u8]) = ("__MACOSX/._a.csv", b"\0\x05");
            let archive = zip(pack, &[("night/a.csv", file.as_bytes()), beside]);
            for format in [None, Some(name)] {
                let content = read_any(&archive, format).unwrap_or_else(|| panic!("{name}"));
                assert_eq!(format!("{content:?}"), format!("{plain:?}"), "{name}");
            }
        }
        let two = zip(
            Pack::Stored,
            &[("a.csv", file.as_bytes()), ("b.csv", file.as_bytes())],
        );
        let error = try_read(&two, &Options::default()).expect_err("which of them");
        assert!(error.to_string().contains("several files"), "{error}");
    }
}

#[test]
fn wide_text_needs_no_mark_and_may_begin_with_accents() {
    let file = "é;timestamp;activity\n1;2024-03-01 12:00;5\n1;2024-03-01 12:01;6\n";
    let units: Vec<u16> = file.encode_utf16().collect();
    for bytes in [
        units
            .iter()
            .flat_map(|unit| unit.to_le_bytes())
            .collect::<Vec<u8>>(),
        units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
    ] {
        assert_same(&epochs(&bytes).channels[0].values, &[5.0, 6.0], 0.0);
    }
}

#[test]
fn a_packed_file_that_breaks_off_keeps_its_lines() {
    let mut file = fixtures::COUNTS.to_owned();
    let mut state = 7_u32;
    for _ in 0..50_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        writeln!(file, "{}", state >> 16).expect("memory");
    }
    let packed = pack(file.as_bytes());
    let recording = epochs(&packed[..packed.len() / 2]);
    let count = recording.channels[0].values.len();
    assert!((20_000..30_000).contains(&count), "{count}");
    let codes: Vec<&str> = recording
        .damages
        .first
        .iter()
        .map(|damage| damage.code)
        .collect();
    assert!(codes.contains(&"truncated"), "{codes:?}");
}

#[test]
fn line_ends_of_all_kinds_in_one_file() {
    let file = "Jane\n23-Jan-2018\r13:58\r\n4\n0\rX1\n\rF\r\n1\n2\r3\r\n4";
    // A return and a feed in the other order are two ends; the empty line between is in the header.
    let file = file.replace("X1\n\rF", "X1\r\nF");
    let recording = epochs(file.as_bytes());
    assert_same(&recording.channels[0].values, &[1.0, 2.0, 3.0, 4.0], 0.0);
    assert_eq!(recording.damages.count, 0);
}

#[test]
fn bad_lines_are_missing_epochs_with_their_number() {
    let file = fixtures::AWD
        .replace("7 , 1.50 M", "7 , \u{0} M")
        .replace("0 , 0.00", "NaN")
        + "1e999\r\n3\r\n"
        + &"4\r\n".repeat(40);
    let recording = epochs(file.as_bytes());
    let activity = channel(&recording, "activity");
    assert_same(
        &activity.values[..5],
        &[5.0, f64::NAN, f64::NAN, f64::NAN, 3.0],
        0.0,
    );
    let lines: Vec<Option<u64>> = recording
        .damages
        .first
        .iter()
        .map(|damage| damage.line)
        .collect();
    assert_eq!(lines, [Some(9), Some(10), Some(11)]);
    assert!(
        recording
            .damages
            .first
            .iter()
            .all(|damage| damage.code == "malformed_line")
    );
}

#[test]
fn damages_are_counted_beyond_those_kept() {
    let (good, bad) = ("7 , 1.0\n".repeat(10_000), "x\n".repeat(1_000));
    let file = format!("{}{good}{bad}", fixtures::AWD);
    let recording = epochs(file.as_bytes());
    assert_eq!(
        (recording.damages.count, recording.damages.first.len()),
        (1_000, 100)
    );
}

#[test]
fn a_line_without_end_is_cut_and_said() {
    let file = format!("{}{}\n5 , 1.0\n", fixtures::AWD, "7".repeat(1 << 20));
    let recording = epochs(file.as_bytes());
    let codes: Vec<&str> = recording
        .damages
        .first
        .iter()
        .map(|damage| damage.code)
        .collect();
    assert!(codes.contains(&"line_too_long"), "{codes:?}");
    assert_eq!(channel(&recording, "activity").values.last(), Some(&5.0));
}

#[test]
fn missing_epochs_cannot_be_made_to_fill_the_memory() {
    let mut file = "time,activity\n".to_owned();
    for second in 0..600 {
        writeln!(
            file,
            "2020-01-01 00:{:02}:{:02},1",
            second / 60,
            second % 60
        )
        .expect("memory");
    }
    for year in 2021..2070 {
        writeln!(file, "{year}-01-01 00:00:00,1").expect("memory");
    }
    let recording = epochs(file.as_bytes());
    assert!(recording.channels[0].values.len() <= VALUES_MAX);
    assert_eq!(recording.damages.first[0].code, "time_jump");
}

#[test]
fn an_unknown_file_or_format_names_what_there_is() {
    let error = try_read(b"hello\nworld\n", &Options::default()).expect_err("no format");
    assert!(matches!(error, Error::Unrecognised { .. }));
    let options = Options {
        format: Some("no such"),
        ..Options::default()
    };
    let error = try_read(b"", &options).expect_err("no such format");
    assert!(error.to_string().contains("respironics_csv"), "{error}");
    for format in front::ALL {
        let options = Options {
            format: Some(format.name),
            ..Options::default()
        };
        let error = try_read(b"", &options).expect_err("an empty file");
        assert!(!error.to_string().is_empty());
    }
}

/// Lines that look like parts of the formats, in any order.
fn any_lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("timestamp,activity,light".to_owned()),
        Just("\"Line\",\"Date\",\"Time\",\"Activity\"".to_owned()),
        Just("DATE/TIME;PIM".to_owned()),
        Just("2020-01-01 00:00:00,5,1".to_owned()),
        Just("01/02/2020 00:00:00;7".to_owned()),
        (0_i64..4_000_000_000, -5_i32..5).prop_map(|(at, count)| format!("{at},{count}")),
        (0_u32..40, 0_u32..15, 0_u32..3000)
            .prop_map(|(day, month, year)| format!("{day}/{month}/{year} 10:00,1")),
        "[ -~]{0,40}",
    ];
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_borne(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for format in front::ALL {
            read_any(&bytes, Some(format.name));
        }
        read_any(&bytes, None);
    }

    #[test]
    fn any_table_bears_any_declaration(text in any_lines(), time in 1_usize..4, declared in "[ -~]{0,30}") {
        let file = text.as_bytes();
        for declaration in [format!("time={time},count=2,other=1"), declared] {
            let Ok(columns) = Columns::parse(&declaration) else {
                continue;
            };
            let options = Options {
                columns: Some(&columns),
                ..Options::default()
            };
            if let Ok(content) = try_read(file, &options) {
                assert_sound(&content);
            }
        }
    }

    #[test]
    fn any_lines_are_borne(text in any_lines()) {
        for format in front::ALL {
            read_any(text.as_bytes(), Some(format.name));
        }
    }
}
