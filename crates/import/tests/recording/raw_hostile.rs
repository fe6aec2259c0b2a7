//! Raw recordings that are cut, flipped, torn or lie about themselves.

use import::recording::error::Error;

use crate::raw::{Piece, pieces, try_pieces};
use crate::writers::{self, Layout, Pack, START_S};

/// A small file of each format.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let stored = writers::steps(600, 12);
    let info = writers::info("MOS2E1", 30, "");
    let log = [
        writers::record(21, START_S, &writers::parameters(30)),
        writers::log(0, 30, &stored[..120]),
    ]
    .concat();
    let early = writers::activity(0, &stored[..120]);
    vec![
        ("packed", writers::cwa(Layout::Packed, &in_packed(&stored))),
        ("wide", writers::cwa(Layout::Wide, &stored[..240])),
        ("six", writers::cwa(Layout::Six, &stored[..120])),
        (
            "log",
            writers::zip(
                Pack::Stored,
                &[("log.bin", &log), ("info.txt", info.as_bytes())],
            ),
        ),
        (
            "deflated",
            writers::zip(
                Pack::Deflated,
                &[("info.txt", info.as_bytes()), ("log.bin", &log)],
            ),
        ),
        (
            "early",
            writers::zip(
                Pack::Stored,
                &[("info.txt", info.as_bytes()), ("activity.bin", &early)],
            ),
        ),
        ("geneactiv", writers::geneactiv(&stored).into_bytes()),
    ]
}

fn in_packed(stored: &[[i16; 3]]) -> Vec<[i16; 3]> {
    stored
        .iter()
        .map(|one| one.map(|axis| axis >> 2 << 2))
        .collect()
}

#[test]
fn hostile_cuts_at_every_byte_give_what_came_before() {
    for (name, file) in files() {
        let (_, whole) = pieces(&file);
        let mut least = 0;
        for len in 0..file.len() {
            let Ok((raw, found)) = try_pieces(&file[..len]) else {
                continue;
            };
            assert!(
                raw.samples >= least,
                "{name} cut at {len}: {} samples",
                raw.samples
            );
            least = raw.samples;
            for (ours, whole) in found.iter().zip(&whole) {
                assert_eq!(ours.start_us, whole.start_us, "{name} cut at {len}");
                assert!(
                    whole.samples_g.starts_with(&ours.samples_g),
                    "{name} cut at {len}"
                );
            }
        }
    }
}

#[test]
fn hostile_bytes_anywhere_never_stop_a_reader() {
    for (name, file) in files() {
        let (whole, _) = pieces(&file);
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = file.clone();
                bytes[at] ^= flip;
                let Ok((raw, found)) = try_pieces(&bytes) else {
                    continue;
                };
                assert!(raw.samples <= whole.samples + 300, "{name} flipped at {at}");
                let rates = found.iter().map(|piece| piece.rate_hz);
                assert!(rates.into_iter().all(|rate| rate > 0.0 && rate.is_finite()));
            }
        }
    }
}

#[test]
fn hostile_bytes_in_a_sector_cost_that_sector() {
    let stored = writers::steps(800, 12);
    let file = writers::cwa(Layout::Wide, &stored);
    let (_, whole) = pieces(&file);
    for at in [
        1_024 + 512 * 3,
        1_024 + 512 * 3 + 100,
        1_024 + 512 * 3 + 511,
    ] {
        let mut bytes = file.clone();
        bytes[at] ^= 0x10;
        let (raw, found) = pieces(&bytes);
        assert_eq!(raw.damages.count, 1);
        assert_eq!(raw.damages.first[0].byte, 1_024 + 512 * 3);
        assert_eq!(found, [&whole[..3], &whole[4..]].concat());
    }
}

#[test]
fn hostile_tears_are_found_and_passed_over() {
    let stored = writers::steps(800, 12);
    let file = writers::cwa(Layout::Wide, &stored);
    let (_, whole) = pieces(&file);
    let from = 1_024 + 512 * 3;
    let mut shorter = file.clone();
    shorter.drain(from + 100..from + 137);
    let mut longer = file.clone();
    longer.splice(from..from, [0xff; 1_000]);
    for (bytes, expect, code) in [
        (shorter, [&whole[..3], &whole[4..]].concat(), "checksum"),
        (longer, whole.clone(), "no_sector"),
    ] {
        let (raw, found) = pieces(&bytes);
        assert_eq!(raw.damages.count, 1, "{:?}", raw.damages);
        assert_eq!(
            (raw.damages.first[0].code, raw.damages.first[0].byte),
            (code, from as u64)
        );
        assert_eq!(found, expect);
    }
}

/// A log of ten seconds with its third record changed.
fn log_with(change: impl Fn(&mut Vec<u8>)) -> (u64, Vec<Piece>, Vec<Piece>, Vec<&'static str>) {
    let stored = writers::steps(300, 12);
    let info = writers::info("MOS", 30, "");
    let seconds: Vec<Vec<u8>> = (START_S..)
        .zip(stored.chunks(30))
        .map(|(second, samples)| writers::record(0, second, &writers::activity(0, samples)))
        .collect();
    let zip = |log: &[u8]| {
        writers::zip(
            Pack::Stored,
            &[("info.txt", info.as_bytes()), ("log.bin", log)],
        )
    };
    let (_, whole) = pieces(&zip(&seconds.concat()));
    let mut changed = seconds.clone();
    change(&mut changed[2]);
    let (raw, found) = pieces(&zip(&changed.concat()));
    let codes = raw.damages.first.iter().map(|damage| damage.code).collect();
    let at = (seconds[0].len() * 2) as u64;
    let byte = raw.damages.first.first().map_or(at, |damage| damage.byte);
    (byte - at, whole, found, codes)
}

#[test]
fn hostile_records_cost_themselves_only() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(Change, &str); 6] = [
        (|record| record[20] ^= 1, "checksum"),
        (|record| record[3] ^= 1, "checksum"),
        (|record| record[0] = 0x77, "no_record"),
        (|record| record[7] = 0xff, "truncated"),
        (|record| record[6] ^= 4, "checksum"),
        (|record| record.truncate(50), "checksum"),
    ];
    for (index, (change, code)) in changes.into_iter().enumerate() {
        let (after, whole, found, codes) = log_with(change);
        assert_eq!(codes, [code], "change {index}");
        assert_eq!(after, 0, "change {index}");
        assert_eq!(found, [&whole[..2], &whole[3..]].concat(), "change {index}");
    }
    let (_, whole, found, codes) = log_with(Vec::clear);
    assert!(codes.is_empty(), "a second that is missing is no damage");
    assert_eq!(found.len(), whole.len(), "it was still");
    let last = whole[1].samples_g[29];
    assert_eq!(found[2].samples_g, [last; 30]);
    assert_eq!(found[2].start_us, whole[2].start_us);
}

#[test]
fn hostile_headers_are_not_believed() {
    let stored = writers::steps(120, 12);
    let mut cwa = writers::cwa(Layout::Wide, &stored);
    cwa[36] = 0;
    let (raw, _) = pieces(&cwa);
    assert_eq!(raw.rate_hz, 100.0, "the sectors tell as well");

    // A sector with a rate of 0 and more samples than it can hold, with valid checksums.
    for (at, value, code) in [
        (24, 0x40, "rate"),
        (29, 0xff, "layout"),
        (25, 0xf2, "layout"),
        (17, 0xff, "time"),
    ] {
        let mut cwa = writers::cwa(Layout::Wide, &stored);
        cwa[1_024 + at] = value;
        writers::seal(&mut cwa[1_024..1_536]);
        let (raw, found) = pieces(&cwa);
        assert_eq!(found.len(), 1, "byte {at}");
        assert_eq!(raw.damages.first[0].code, code, "byte {at}");
    }

    let log = writers::log(0, 30, &stored);
    for rate in [0, 1_000_000_000] {
        let info = writers::info("MOS", rate, "Acceleration Scale: 0\r\n");
        let (raw, found) = pieces(&writers::zip(
            Pack::Stored,
            &[("info.txt", info.as_bytes()), ("log.bin", &log)],
        ));
        assert_eq!(
            (raw.rate_hz, found[0].rate_hz),
            (30.0, 30.0),
            "the records tell as well"
        );
        let zip = writers::zip(
            Pack::Stored,
            &[("info.txt", info.as_bytes()), ("activity.bin", &log)],
        );
        let refused = try_pieces(&zip).expect_err("it is refused").to_string();
        assert!(refused.contains("at which rate"), "{refused}");
    }

    let page = writers::geneactiv(&stored);
    for (from, to) in [
        ("Measurement Frequency:100.0", "Measurement Frequency:0"),
        ("Measurement Frequency:100.0", "Measurement Frequency:1e300"),
        ("Page Time:2024-02-28", "Page Time:2024-02-30"),
    ] {
        let refused = try_pieces(page.replace(from, to).as_bytes())
            .expect_err("it is refused")
            .to_string();
        assert!(refused.contains("no readable time or rate"), "{refused}");
    }
    let refused =
        try_pieces(page.replace("y gain:25600", "y gain:0").as_bytes()).expect_err("it is refused");
    assert!(refused.to_string().contains("gain and offset"), "{refused}");
}

#[test]
fn hostile_archives_without_meaning_say_what_is_missing() {
    let log = writers::log(0, 30, &writers::steps(60, 12));
    let refused =
        try_pieces(&writers::zip(Pack::Stored, &[("log.bin", &log)])).expect_err("it is refused");
    assert!(
        refused.to_string().contains("does not tell the scale"),
        "{refused}"
    );
    let info = writers::info("MOS", 30, "");
    let refused = try_pieces(&writers::zip(
        Pack::Stored,
        &[("info.txt", info.as_bytes())],
    ));
    assert!(
        matches!(refused, Err(Error::Empty { format: "gt3x" })),
        "{refused:?}"
    );
}

#[test]
fn hostile_bombs_are_refused() {
    let info = writers::info("XYZ", 30, "");
    for name in ["log.bin", "activity.bin", "lux.bin", "other"] {
        let zip = writers::zip(
            Pack::Deflated,
            &[
                ("log.txt", b""),
                (name, &vec![0; 80 << 20]),
                ("info.txt", info.as_bytes()),
            ],
        );
        let refused = try_pieces(&zip);
        assert!(
            matches!(refused, Err(Error::TooLarge { .. })),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn hostile_pages_are_told_by_their_bytes() {
    let stored = writers::steps(900, 12);
    let file = writers::geneactiv(&stored);
    let (_, whole) = pieces(file.as_bytes());
    let second = file
        .match_indices("Recorded Data")
        .nth(1)
        .expect("it is there")
        .0;
    let samples = second + file[second..].find("100.0\r\n").expect("it is there") + 7;

    let mut bytes = file.clone().into_bytes();
    bytes[samples + 1_205] = b'?';
    let (raw, found) = pieces(&bytes);
    assert_eq!(raw.damages.first[0].code, "digits");
    assert_eq!(raw.damages.first[0].byte, (samples + 1_205) as u64);
    assert_eq!(found[1].samples_g, whole[1].samples_g[..100]);
    assert_eq!(found[2], whole[2]);

    let third = file
        .match_indices("Recorded Data")
        .nth(2)
        .expect("it is there")
        .0;
    let without = [&file[..second], &file[third..]].concat();
    let (raw, found) = pieces(without.as_bytes());
    assert_eq!(found, [whole[0].clone(), whole[2].clone()]);
    assert_eq!(
        raw.damages.first[0].code, "truncated",
        "a page fewer than stated"
    );
}
