//! Raw acceleration: what independent readers find in the sample files, and what the writers of the tests
//! wrote.

use std::ops::ControlFlow;

use import::recording::error::Error;
use import::recording::front::read;
use import::recording::options::Options;
use import::recording::{Content, Raw};

use crate::support::shared;
use crate::writers::{self, Layout, Pack, START_S};

/// What a block held.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) start_us: i64,
    pub(crate) rate_hz: f64,
    pub(crate) samples_g: Vec<[f32; 3]>,
    pub(crate) temperature_cel: Option<f32>,
    pub(crate) light: Option<f32>,
}

/// Reads a raw recording with everything that it hands over.
pub(crate) fn try_pieces(bytes: &[u8]) -> Result<(Raw, Vec<Piece>), Error> {
    let mut pieces = Vec::new();
    let content = read(&mut &*bytes, &Options::default(), &mut |block| {
        pieces.push(Piece {
            start_us: block.start_us,
            rate_hz: block.rate_hz,
            samples_g: block.samples_g.to_vec(),
            temperature_cel: block.temperature_cel,
            light: block.light,
        });
        ControlFlow::Continue(())
    })?;
    match content {
        Content::Raw(raw) => {
            let held: usize = pieces.iter().map(|piece| piece.samples_g.len()).sum();
            assert_eq!(raw.samples, held as u64);
            Ok((raw, pieces))
        }
        content @ (Content::Epochs(_) | Content::Several { .. }) => {
            panic!("expected raw acceleration, got {content:?}")
        }
    }
}

pub(crate) fn pieces(bytes: &[u8]) -> (Raw, Vec<Piece>) {
    try_pieces(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn near(ours: f64, expect: f64, tolerance: f64, what: &str) {
    assert!(
        (ours - expect).abs() <= tolerance * expect.abs().max(1.0),
        "{what}: {ours} is not {expect}"
    );
}

/// What another program found in a file.
struct Found {
    file: &'static str,
    samples: usize,
    rate_hz: f64,
    /// Nanoseconds of the first and the last sample.
    first_ns: i64,
    last_ns: i64,
    /// Milliseconds of both where another tool spreads the samples evenly between sectors.
    spread_ms: Option<[i64; 2]>,
    /// Sum of the squares for each axis.
    squares: [f64; 3],
    /// Sum of each value times its number, counted from 1: finds samples in the wrong order.
    weighted: [f64; 3],
    /// The first, the one after a third of them, and the last.
    some: [[f64; 3]; 3],
}

/// actfast 1.3.0. For the GT3X file pygt3x 0.7.1 gives the same samples and times; for the others
/// actipy 3.8.3 gives the same number of samples, means and first and last sample, and `spread_ms`.
const FOUND: [Found; 4] = [
    Found {
        file: "actigraph.gt3x",
        samples: 4_860,
        rate_hz: 60.0,
        first_ns: 1_714_488_780_000_000_000,
        last_ns: 1_714_488_860_983_333_294,
        spread_ms: None,
        squares: [
            2_456.406_356_811_523_4,
            2_484.940_200_805_664,
            1_478.355_957_031_25,
        ],
        weighted: [-3_975_998.921_875, -1_923_964.203_125, 2_890_063.078_125],
        some: [
            [-0.519_531_25, -0.519_531_25, -0.636_718_75],
            [-0.183_593_75, 0.203_125, -1.074_218_75],
            [0.117_187_5, 0.003_906_25, 0.945_312_5],
        ],
    },
    Found {
        file: "axivity_ax3.cwa",
        samples: 3_600,
        rate_hz: 100.0,
        first_ns: 1_551_178_506_000_488_281,
        last_ns: 1_551_178_542_393_717_041,
        spread_ms: Some([1_551_178_506_000, 1_551_178_542_389]),
        squares: [3_117.629_394_531_25, 169.089_843_75, 543.700_927_734_375],
        weighted: [6_147_942.5, 731_244.75, 401_719.0],
        some: [
            [0.328_125, 0.984_375, 0.203_125],
            [1.0, 0.171_875, 0.015_625],
            [0.953_125, 0.156_25, 0.171_875],
        ],
    },
    Found {
        file: "axivity_ax6.cwa",
        samples: 1_200,
        rate_hz: 100.0,
        first_ns: 1_577_135_046_699_792_480,
        last_ns: 1_577_135_058_793_415_527,
        spread_ms: Some([1_577_135_046_690, 1_577_135_058_789]),
        squares: [
            7_312.492_480_516_434,
            19_451.138_295_412_064,
            11_412.273_182_392_12,
        ],
        weighted: [
            -512_064.369_628_906_25,
            1_770_295.320_800_781_2,
            314_748.629_882_812_5,
        ],
        some: [
            [0.007_324_218_75, 0.071_289_062_5, 0.008_789_062_5],
            [0.001_953_125, 0.069_335_937_5, 0.002_441_406_25],
            [-0.104_980_468_75, 0.008_789_062_5, -0.998_046_875],
        ],
    },
    Found {
        file: "geneactiv.bin",
        samples: 6_000,
        rate_hz: 60.0,
        first_ns: 1_714_490_010_000_000_000,
        last_ns: 1_714_490_109_983_333_433,
        spread_ms: Some([1_714_490_010_000, 1_714_490_109_983]),
        squares: [
            3_679.979_942_240_232,
            3_899.531_513_479_038_5,
            2_205.581_459_223_658_4,
        ],
        weighted: [
            -7_001_547.970_635_403,
            -9_296_286.564_866_032,
            6_771_836.219_069_371,
        ],
        some: [
            [0.943_648_6, 0.038_804_78, 0.093_962_71],
            [-0.785_674_7, -1.048_844_6, 0.150_348_38],
            [0.084_922_835, -0.837_689_2, 0.061_742_317],
        ],
    },
];

#[test]
fn the_sample_files_are_read_as_independent_tools_do() {
    for found in &FOUND {
        let Some(bytes) = shared(&format!("samples/actfast/test_data/cmi/{}", found.file)) else {
            return;
        };
        let (raw, pieces) = pieces(&bytes);
        assert_eq!(raw.damages.count, 0, "{}: {:?}", found.file, raw.damages);
        assert_eq!(raw.samples, found.samples as u64, "{}", found.file);
        assert_eq!(raw.rate_hz, found.rate_hz, "{}", found.file);
        assert!(pieces.iter().all(|piece| piece.rate_hz == found.rate_hz));
        let last = pieces.last().expect("it is there");
        let after_us = (last.samples_g.len() - 1) as f64 * 1e6 / last.rate_hz;
        near(
            pieces[0].start_us as f64,
            found.first_ns as f64 / 1e3,
            1e-15,
            found.file,
        );
        near(
            last.start_us as f64 + after_us,
            found.last_ns as f64 / 1e3,
            1e-15,
            found.file,
        );
        if let Some([first_ms, last_ms]) = found.spread_ms {
            let first_us = pieces[0].start_us as f64;
            assert!(
                (first_us / 1e3 - first_ms as f64).abs() < 12.0,
                "{}",
                found.file
            );
            let last_us = last.start_us as f64 + after_us;
            assert!(
                (last_us / 1e3 - last_ms as f64).abs() < 12.0,
                "{}",
                found.file
            );
        }
        let samples: Vec<[f32; 3]> = pieces
            .into_iter()
            .flat_map(|piece| piece.samples_g)
            .collect();
        for axis in 0..3 {
            let values = || samples.iter().map(|sample| f64::from(sample[axis]));
            near(
                values().map(|value| value * value).sum(),
                found.squares[axis],
                1e-6,
                found.file,
            );
            let weighted = values()
                .zip(1..)
                .map(|(value, number)| value * f64::from(number));
            near(weighted.sum(), found.weighted[axis], 1e-6, found.file);
            let some = [0, found.samples / 3, found.samples - 1];
            for (index, expect) in some.into_iter().zip(found.some) {
                near(samples[index][axis].into(), expect[axis], 1e-6, found.file);
            }
        }
    }
}

/// What actfast 1.3.0 says beside the acceleration.
#[test]
fn what_the_sample_files_say_of_their_devices_is_kept() {
    let file = |name: &str| shared(&format!("samples/actfast/test_data/cmi/{name}"));
    let (Some(gt3x), Some(ax3), Some(ax6), Some(geneactiv)) = (
        file("actigraph.gt3x"),
        file("axivity_ax3.cwa"),
        file("axivity_ax6.cwa"),
        file("geneactiv.bin"),
    ) else {
        return;
    };
    let (raw, found) = pieces(&gt3x);
    assert_eq!(raw.header.device.as_deref(), Some("wGT3XBT"));
    assert_eq!(raw.header.serial.as_deref(), Some("MOS2E17210537"));
    assert_eq!(raw.header.firmware.as_deref(), Some("1.9.2"));
    assert_eq!(raw.header.utc_offset_s, Some(-18_000));
    let lights: Vec<(i64, f32)> = found
        .iter()
        .filter_map(|piece| Some((piece.start_us / 1_000_000, piece.light?)))
        .collect();
    assert_eq!(lights, [(1_714_488_853, 1.0), (1_714_488_854, 0.0)]);

    let (raw, found) = pieces(&ax3);
    assert_eq!(raw.header.device.as_deref(), Some("AX3"));
    assert_eq!(raw.header.serial.as_deref(), Some("39434"));
    assert_eq!(raw.header.firmware.as_deref(), Some("44"));
    assert_eq!(raw.header.worn_at.as_deref(), Some("right wrist"));
    assert_eq!(found[0].temperature_cel, Some(25.585_938));
    assert_eq!((found[0].light, found[1].light), (Some(283.0), Some(347.0)));
    // The second sector begins where the tool has it, not where the nominal rate would put it.
    assert_eq!(found[1].start_us, 1_551_178_507_215_137);

    let (raw, found) = pieces(&ax6);
    assert_eq!(raw.header.device.as_deref(), Some("AX6"));
    assert_eq!(raw.header.serial.as_deref(), Some("6011834"));
    assert_eq!(found[29].temperature_cel, Some(27.050_781));

    let (raw, found) = pieces(&geneactiv);
    assert_eq!(raw.header.serial.as_deref(), Some("101806"));
    assert_eq!(raw.header.utc_offset_s, Some(-18_000));
    assert_eq!(raw.header.worn_at, None);
    assert_eq!(found.len(), 20);
    assert_eq!(found[19].temperature_cel, Some(31.2));
    let lights = found.iter().filter_map(|piece| piece.light).map(f64::from);
    near(
        lights.sum::<f64>() / 20.0,
        46.311_265_552_520_75,
        1e-6,
        "mean light",
    );
}

/// The samples of a file in one piece, which must have no gaps.
fn joined(pieces: &[Piece]) -> Vec<[f32; 3]> {
    for pair in pieces.windows(2) {
        let after_us = pair[0].samples_g.len() as f64 * 1e6 / pair[0].rate_hz;
        let gap_us = pair[1].start_us as f64 - pair[0].start_us as f64 - after_us;
        // A fraction of fifteen bits is as fine as 30 microseconds.
        assert!(gap_us.abs() < 35.0, "a gap of {gap_us} us");
    }
    pieces
        .iter()
        .flat_map(|piece| piece.samples_g.clone())
        .collect()
}

fn in_g(stored: &[[i16; 3]], scale: f32) -> Vec<[f32; 3]> {
    stored
        .iter()
        .map(|one| one.map(|axis| f32::from(axis) * (1.0 / scale)))
        .collect()
}

#[test]
fn cwa_of_every_layout_comes_back() {
    for (layout, bits, scale) in [
        (Layout::Packed, 13, 256.0),
        (Layout::Wide, 16, 256.0),
        (Layout::Six, 16, 2_048.0),
    ] {
        let mut stored = writers::steps(6_010, bits);
        if layout == Layout::Packed {
            stored = stored
                .iter()
                .map(|one| one.map(|axis| axis >> 3 << 3))
                .collect();
        }
        let (raw, found) = pieces(&writers::cwa(layout, &stored));
        assert_eq!(raw.damages.count, 0, "{:?}", raw.damages);
        assert_eq!(joined(&found), in_g(&stored, scale), "{layout:?}");
        assert!((found[0].start_us - START_S * 1_000_000).abs() < 35);
        assert_eq!(raw.rate_hz, 100.0);
        assert_eq!(raw.header.worn_at.as_deref(), Some("left wrist"));
        assert_eq!(raw.header.serial.as_deref(), Some("4660"));
        assert_eq!(found[0].light, Some(300.0));
        assert_eq!(found[0].temperature_cel, Some(25.0));
    }
}

#[test]
fn gt3x_of_every_kind_of_record_comes_back() {
    for (kind, bits, pack) in [
        (0, 12, Pack::Stored),
        (26, 16, Pack::Deflated),
        (27, 12, Pack::Deflated),
    ] {
        let stored = writers::steps(30 * 90, bits);
        let log = writers::log(kind, 30, &stored);
        let with_parameters = [
            writers::record(21, START_S, &writers::parameters(30)),
            log.clone(),
        ]
        .concat();
        let scaled = writers::info("XYZ1", 30, "Acceleration Scale: 256,0\r\n");
        let scaled = scaled.as_bytes();
        let bare = writers::info("XYZ1", 30, "");
        let family = writers::info("MOS2E1", 30, "");
        for files in [
            [("info.txt", scaled), ("log.bin", &log)],
            [("log.bin", &log), ("info.txt", scaled)],
            [("log.bin", &with_parameters), ("info.txt", bare.as_bytes())],
            [("log.bin", &log), ("info.txt", family.as_bytes())],
        ] {
            let (raw, found) = pieces(&writers::zip(pack, &files));
            assert_eq!(raw.damages.count, 0, "{:?}", raw.damages);
            assert_eq!(joined(&found), in_g(&stored, 256.0));
            assert_eq!(found[0].start_us, START_S * 1_000_000);
            assert_eq!(raw.rate_hz, 30.0);
            assert_eq!(raw.header.worn_at.as_deref(), Some("Left Wrist"));
            assert_eq!(raw.header.utc_offset_s, Some(-18_000));
        }
    }
}

/// A device that leaves out the seconds in which it is still gives the samples of one that writes the last
/// one again, in every kind of record and wherever `info.txt` stands; a silence longer than a battery
/// lasts, and one about a device on its cable, stay gaps.
#[test]
fn seconds_that_an_idle_gt3x_leaves_out_are_known_stillness() {
    let idle = |second: usize| matches!(second, 3..7 | 11 | 20..80);
    for (kind, bits) in [(0, 12), (26, 16), (27, 12)] {
        let mut stored = writers::steps(30 * 90, bits);
        for second in (0..90).filter(|&second| idle(second)) {
            let last = stored[second * 30 - 1];
            stored[second * 30..(second + 1) * 30].fill(last);
        }
        let written = (START_S..).zip(stored.chunks(30)).enumerate();
        let log: Vec<u8> = written
            .filter(|&(second, _)| !idle(second))
            .flat_map(|(_, (at, samples))| {
                writers::record(kind, at, &writers::activity(kind, samples))
            })
            .collect();
        let info = writers::info("XYZ1", 30, "Acceleration Scale: 256,0\r\n");
        for files in [
            [("info.txt", info.as_bytes()), ("log.bin", &*log)],
            [("log.bin", &*log), ("info.txt", info.as_bytes())],
        ] {
            let (raw, found) = pieces(&writers::zip(Pack::Stored, &files));
            assert_eq!(raw.damages.count, 0, "{:?}", raw.damages);
            assert_eq!(joined(&found), in_g(&stored, 256.0));
        }
    }
    // Idle until the end, which an event tells.
    let first = writers::steps(30, 12);
    let activity = writers::record(26, START_S, &writers::activity(26, &first));
    let end = writers::record(3, START_S + 60, &[9]);
    let log = [activity, end].concat();
    let info = writers::info("XYZ1", 30, "Acceleration Scale: 256,0\r\n");
    for files in [
        [("info.txt", info.as_bytes()), ("log.bin", &*log)],
        [("log.bin", &*log), ("info.txt", info.as_bytes())],
    ] {
        let (raw, _) = pieces(&writers::zip(Pack::Stored, &files));
        assert_eq!(raw.samples, 60 * 30);
    }
    let second = |at| writers::record(26, at, &writers::activity(26, &writers::steps(30, 12)));
    let cable = writers::record(0, START_S + 1, &[0]);
    for log in [
        [second(START_S), second(START_S + 46 * 86_400)].concat(),
        [second(START_S), cable, second(START_S + 9)].concat(),
    ] {
        let info = writers::info("XYZ1", 30, "Acceleration Scale: 256,0\r\n");
        let files = [("info.txt", info.as_bytes()), ("log.bin", &*log)];
        let (_, found) = pieces(&writers::zip(Pack::Stored, &files));
        assert_eq!(found.len(), 2);
    }
}

#[test]
fn the_first_gt3x_files_come_back_in_any_order() {
    let stored = writers::steps(31 * 20, 12);
    let packed = writers::activity(0, &stored);
    let lights: Vec<u8> = [0_u16, 19, 65_535, 2_200, 1_100]
        .iter()
        .flat_map(|level| level.to_le_bytes())
        .collect();
    let info = writers::info("NEO1C16110020", 31, "");
    let info = info.as_bytes();
    for (files, has_light) in [
        (
            [
                ("activity.bin", &*packed),
                ("info.txt", info),
                ("lux.bin", &lights),
            ],
            true,
        ),
        (
            [
                ("info.txt", info),
                ("lux.bin", &lights),
                ("activity.bin", &packed),
            ],
            true,
        ),
        (
            [
                ("info.txt", info),
                ("activity.bin", &packed),
                ("lux.bin", &lights),
            ],
            false,
        ),
    ] {
        let (raw, found) = pieces(&writers::zip(Pack::Deflated, &files));
        assert_eq!(joined(&found), in_g(&stored, 341.0));
        assert_eq!(found[0].start_us, START_S * 1_000_000);
        assert_eq!(raw.rate_hz, 31.0);
        // Blocks of an odd rate have two seconds.
        let seen: Vec<Option<f32>> = found.iter().take(3).map(|piece| piece.light).collect();
        let expect = if has_light {
            [Some(0.0), None, Some(1_375.0)]
        } else {
            [None; 3]
        };
        assert_eq!(seen, expect);
    }
}

#[test]
fn geneactiv_comes_back() {
    let stored = writers::steps(3_000, 12);
    let (raw, found) = pieces(writers::geneactiv(&stored).as_bytes());
    assert_eq!(raw.damages.count, 0, "{:?}", raw.damages);
    let samples = joined(&found);
    assert_eq!(samples.len(), stored.len());
    for (ours, [x, y, z]) in samples.iter().zip(stored) {
        let expect = [
            (f64::from(x) * 100.0 + 100.0) / 25_600.0,
            f64::from(y) * 100.0 / 25_600.0,
            (f64::from(z) * 100.0 - 256.0) / 12_800.0,
        ];
        for (ours, expect) in ours.iter().zip(expect) {
            near(f64::from(*ours), expect, 1e-6, "acceleration");
        }
    }
    // 2024-02-28T00:00:00.5
    assert_eq!(found[0].start_us, 1_709_078_400_500_000);
    assert_eq!(found[0].light, Some(100.0));
    assert_eq!(raw.header.utc_offset_s, Some(19_800));
    assert_eq!(raw.header.worn_at.as_deref(), Some("left wrist"));
}

#[test]
fn an_idle_device_is_still_and_one_on_its_cable_is_absent() {
    let stored = writers::steps(90, 12);
    let log = [
        writers::record(0, START_S, &writers::activity(0, &stored[..30])),
        writers::record(3, START_S + 1, &[8]),
        writers::record(3, START_S + 600, &[9]),
        writers::record(0, START_S + 600, &writers::activity(0, &stored[30..60])),
        vec![0; 3],
        writers::record(0, START_S + 601, &[0x5a]),
        writers::record(0, START_S + 602, &writers::activity(0, &stored[60..])),
    ]
    .concat();
    let info = writers::info("MOS", 30, "");
    let (raw, found) = pieces(&writers::zip(
        Pack::Stored,
        &[("log.bin", &log), ("info.txt", info.as_bytes())],
    ));
    assert_eq!(raw.damages.count, 0, "{:?}", raw.damages);
    let starts: Vec<i64> = found
        .iter()
        .map(|piece| piece.start_us / 1_000_000 - START_S)
        .collect();
    let expect: Vec<i64> = (0..=600).chain([602]).collect();
    assert_eq!(starts, expect);
    assert_eq!(raw.samples, 90 + 599 * 30);
}

#[test]
fn a_gt3x_may_begin_with_any_file_of_the_maker() {
    let stored = writers::steps(90, 12);
    let (log, info) = (writers::log(0, 30, &stored), writers::info("MOS", 30, ""));
    let parts: [(&str, &[u8]); 2] = [("info.txt", info.as_bytes()), ("log.bin", &log)];
    let (plain, expect) = pieces(&writers::zip(Pack::Stored, &parts));
    for name in [
        "epoch.bin",
        "autorun.inf",
        "metadata.bin",
        "usb.txt",
        "gt3xplus.ico",
    ] {
        let other: [(&str, &[u8]); 3] = [(name, b"else"), parts[0], parts[1]];
        let (raw, found) = pieces(&writers::zip(Pack::Stored, &other));
        assert_eq!(
            (raw.samples, found.len()),
            (plain.samples, expect.len()),
            "{name}"
        );
    }
}

#[test]
fn who_takes_blocks_may_end_the_reading() {
    let stored = writers::steps(3_000, 12);
    let info = writers::info("MOS", 30, "");
    let log = writers::log(0, 30, &stored);
    for file in [
        writers::cwa(Layout::Wide, &stored),
        writers::geneactiv(&stored).into_bytes(),
        writers::zip(
            Pack::Stored,
            &[("info.txt", info.as_bytes()), ("log.bin", &log)],
        ),
        writers::zip(
            Pack::Stored,
            &[("log.bin", &log), ("info.txt", info.as_bytes())],
        ),
    ] {
        let mut taken = 0;
        let content = read(&mut file.as_slice(), &Options::default(), &mut |_| {
            taken += 1;
            ControlFlow::Break(())
        });
        let Ok(Content::Raw(raw)) = content else {
            panic!("{content:?}");
        };
        assert_eq!((taken, raw.damages.count), (1, 0));
    }
}
