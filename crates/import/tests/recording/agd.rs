//! ActiGraph AGD: the reference table, files of the tests' own writer, and damaged ones.

use import::recording::error::Error;
use import::recording::options::Options;
use import::recording::{Quantity, Recording};

use crate::support::{self, Table, assert_same, channel, epochs, shared, try_read};
use crate::writers::START_S;
use oracle::sqlite::{self, Cell};

/// pyActigraphy's reading of the file: the vector magnitude as activity, and light; the other columns are
/// those that Python's sqlite3 3.40.1 sums up.
#[test]
fn the_reference_file_is_read_as_its_table_says() {
    let (Some(bytes), Some(table)) = (
        shared("devices/test_sample.agd"),
        Table::of("agd_night_10s"),
    ) else {
        return;
    };
    let recording = epochs(&bytes);
    assert_eq!(recording.damages.count, 0, "{:?}", recording.damages);
    let activity = recording.first(Quantity::Activity).expect("it is there");
    assert_eq!(activity.values.len(), 5_394);
    table.assert_times(activity);
    assert_same(&activity.values, &table.column("activity"), 1e-12);
    let lux = recording.first(Quantity::Light).expect("it is there");
    let logarithms = support::logarithms(&lux.values);
    assert_same(&logarithms, &table.column("light_whitelight"), 1e-8);
    assert_eq!(recording.header.device.as_deref(), Some("wGT3XBT"));
    assert_eq!(recording.header.firmware.as_deref(), Some("1.9.2"));
    for (name, sum) in [
        ("axis1", 1_063_504.0),
        ("axis2", 1_138_179.0),
        ("axis3", 1_061_420.0),
        ("steps", 10_077.0),
        ("incline_off", 12_710.0),
        ("incline_standing", 22_455.0),
        ("incline_sitting", 7_669.0),
        ("incline_lying", 11_106.0),
    ] {
        let ours: f64 = channel(&recording, name).values.iter().sum();
        assert_eq!(ours, sum, "{name}");
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn ticks(epoch: i64) -> Cell {
    Cell::Integer((START_S + 10 * epoch + 62_135_596_800) * 10_000_000)
}

/// A file with rows of some epochs; `rows` give epoch and counts.
pub(crate) fn agd(epoch_length: &str, rows: Vec<Vec<Cell>>) -> Vec<u8> {
    let settings = [
        ("devicename", "GT9X"),
        // Longer than a page, so that it overflows.
        ("notes", &"long ".repeat(300)),
        ("epochlength", epoch_length),
        ("subjectname", "a name"),
        ("side", "Left"),
        ("limb", "Wrist"),
        ("deviceserial", "TAS1"),
    ];
    let settings = (1..)
        .zip(settings)
        .map(|(_, (name, value))| vec![Cell::Null, text(name), text(value)])
        .collect();
    sqlite::file(
        512,
        &[
            (
                "settings",
                "CREATE TABLE settings (settingID INTEGER PRIMARY KEY, settingName VARCHAR(64), settingValue VARCHAR(8192))",
                settings,
            ),
            (
                "data",
                "CREATE TABLE data (\"dataTimestamp\" INTEGER, axis1 REAL, counter INTEGER, lux REAL)",
                rows,
            ),
        ],
    )
}

pub(crate) fn row(epoch: i64, count: f64) -> Vec<Cell> {
    let counter = Cell::Integer(epoch * 5_000_000 - 7);
    vec![ticks(epoch), Cell::Real(count), counter, Cell::Null]
}

#[test]
fn tables_of_many_pages_come_back() {
    let rows: Vec<Vec<Cell>> = (0..5_000_u32)
        .map(|n| row(n.into(), f64::from(n) / 3.0))
        .collect();
    let recording = epochs(&agd("10", rows));
    assert_eq!(recording.damages.count, 0, "{:?}", recording.damages);
    let axis = channel(&recording, "axis1");
    assert_eq!(
        (axis.start_s, axis.epoch_s, axis.unit),
        (START_S, 10, "{count}")
    );
    let expect: Vec<f64> = (0..5_000_u32).map(|n| f64::from(n) / 3.0).collect();
    assert_eq!(axis.values, expect);
    let counter = &channel(&recording, "counter").values;
    assert_eq!((counter[0], counter[4_999]), (-7.0, 24_994_999_993.0));
    assert!(
        channel(&recording, "lux")
            .values
            .iter()
            .all(|lux| lux.is_nan())
    );
    assert!(
        recording
            .channels
            .iter()
            .all(|channel| channel.name != "vector_magnitude")
    );
    assert_eq!(recording.header.worn_at.as_deref(), Some("Left Wrist"));
    assert_eq!(recording.header.serial.as_deref(), Some("TAS1"));
}

#[test]
fn missing_epochs_are_missing() {
    let rows = vec![
        row(0, 1.0),
        row(1, 2.0),
        row(4, 5.0),
        row(3, 9.0),
        row(1 << 30, 9.0),
        row(5, 6.0),
    ];
    let recording = epochs(&agd("10", rows));
    let nan = f64::NAN;
    assert_same(
        &channel(&recording, "axis1").values,
        &[1.0, 2.0, nan, nan, 5.0, 6.0],
        0.0,
    );
    assert_eq!(recording.damages.count, 2);
    assert!(
        recording
            .damages
            .first
            .iter()
            .all(|damage| damage.code == "time")
    );
}

#[test]
fn the_length_of_an_epoch_must_be_known() {
    let stated = Options {
        epoch_s: Some(10),
        ..Options::default()
    };
    for length in ["", "0", "-10", "1e9", "ten"] {
        let file = agd(length, vec![row(0, 1.0), row(1, 2.0)]);
        let refused = support::try_read(&file, &Options::default())
            .expect_err("it is refused")
            .to_string();
        assert!(refused.contains("epochlength is missing"), "{refused}");
        let recording = support::epochs_with(&file, &stated);
        assert_eq!(channel(&recording, "axis1").values, [1.0, 2.0]);
    }
    let refused = try_read(&agd("10", Vec::new()), &Options::default());
    assert!(
        matches!(refused, Err(Error::Empty { format: "agd" })),
        "{refused:?}"
    );
}

/// Every value that a recording has.
fn values(recording: &Recording) -> usize {
    recording
        .channels
        .iter()
        .map(|channel| channel.values.len())
        .sum()
}

#[test]
fn hostile_databases_never_stop_the_reader() {
    let rows: Vec<Vec<Cell>> = (0..60_u32).map(|n| row(n.into(), f64::from(n))).collect();
    let file = agd("10", rows);
    let whole = values(&epochs(&file));
    for len in (0..file.len()).step_by(7) {
        if let Ok(content) = try_read(&file[..len], &Options::default()) {
            let import::recording::Content::Epochs(recording) = content else {
                panic!("{content:?}");
            };
            assert!(values(&recording) <= whole, "cut at {len}");
        }
    }
    for at in 0..file.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = file.clone();
            bytes[at] ^= flip;
            // Whatever comes, it comes.
            drop(try_read(&bytes, &Options::default()));
        }
    }
}

#[test]
fn hostile_pages_cost_their_rows() {
    let rows: Vec<Vec<Cell>> = (0..400_u32).map(|n| row(n.into(), f64::from(n))).collect();
    let file = agd("10", rows);
    // The first page of rows follows the settings and their overflow: find a leaf and spoil its kind.
    let leaf = (1..file.len() / 512)
        .map(|page| page * 512)
        .filter(|&at| file[at] == 13 && u16::from_be_bytes([file[at + 3], file[at + 4]]) > 10)
        .nth(3)
        .expect("it is there");
    let mut bytes = file.clone();
    bytes[leaf] = 0x77;
    let recording = epochs(&bytes);
    assert_eq!(recording.damages.count, 1);
    assert_eq!(
        (
            recording.damages.first[0].code,
            recording.damages.first[0].byte
        ),
        ("page", leaf as u64)
    );
    let axis = &channel(&recording, "axis1").values;
    assert_eq!(axis.len(), 400);
    let missing = axis.iter().filter(|count| count.is_nan()).count();
    assert!((10..40).contains(&missing), "{missing} epochs are missing");
    let kept = (0..).zip(axis).filter(|(_, count)| !count.is_nan());
    assert!(kept.into_iter().all(|(n, count)| f64::from(n) == *count));
}

/// A page that is its own child.
#[test]
fn hostile_loops_end() {
    let rows: Vec<Vec<Cell>> = (0..5_000_u32)
        .map(|n| row(n.into(), f64::from(n)))
        .collect();
    let mut file = agd("10", rows);
    let inner: Vec<usize> = (1..file.len() / 512)
        .filter(|page| file[page * 512] == 5)
        .collect();
    for page in inner {
        let own = u32::try_from(page + 1).expect("in range").to_be_bytes();
        file[page * 512 + 8..page * 512 + 12].copy_from_slice(&own);
    }
    let recording = epochs(&file);
    assert!(recording.damages.count > 0);
}
