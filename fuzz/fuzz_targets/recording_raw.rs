//! Raw recordings and AGD. The first byte picks the format, and whether checksums are made right, so that
//! what stands behind them is reached as well.
#![no_main]

use std::ops::ControlFlow;

use import::recording::Content;
use import::recording::front::read;
use import::recording::options::Options;

const INFO: &[u8] = b"Serial Number: MOS2E1\nSample Rate: 30\nStart Date: 638447615700000000\n";

/// The samples that a reader of GT3X fills in at most: 45 days at 100 Hz.
const STILL: u64 = 45 * 86_400 * 100;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let (format, file) = match first % 8 {
        0 => ("cwa", bytes.to_vec()),
        1 => ("cwa", sealed_sectors(bytes)),
        2 => ("geneactiv", bytes.to_vec()),
        3 => ("agd", bytes.to_vec()),
        4 => ("gt3x", bytes.to_vec()),
        5 => ("gt3x", fuzz::zip(&[("log.bin", bytes), ("info.txt", INFO)])),
        6 => (
            "gt3x",
            fuzz::zip(&[("info.txt", INFO), ("log.bin", &sealed_records(bytes))]),
        ),
        _ => (
            "gt3x",
            fuzz::zip(&[
                ("activity.bin", bytes),
                ("lux.bin", bytes),
                ("info.txt", INFO),
            ]),
        ),
    };
    let options = Options {
        format: Some(format),
        ..Options::default()
    };
    let mut samples = 0;
    let content = read(&mut &*file, &options, &mut |block| {
        assert!(!block.samples_g.is_empty());
        assert!(block.rate_hz.is_finite() && block.rate_hz > 0.0);
        samples += block.samples_g.len() as u64;
        ControlFlow::Continue(())
    });
    match content {
        Ok(Content::Raw(raw)) => {
            assert_eq!(raw.samples, samples);
            assert!(raw.damages.count >= raw.damages.first.len() as u64);
            // No format packs a sample into less than four bytes; a device that lay still says so in none.
            assert!(samples <= file.len() as u64 / 4 * 1031 + STILL);
        }
        Ok(Content::Epochs(recording)) => {
            let len = recording
                .channels
                .first()
                .map(|channel| channel.values.len());
            assert!(len.is_some_and(|len| len > 0));
            assert!(
                recording
                    .channels
                    .iter()
                    .all(|channel| Some(channel.values.len()) == len)
            );
        }
        Ok(Content::Several { .. }) => panic!("these formats hold one person"),
        Err(_) => {}
    }
});

/// A header and sectors whose words sum up to 0.
fn sealed_sectors(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![b'M', b'D'];
    file.resize(1_024, 0);
    for sector in bytes.chunks(506) {
        let begin = file.len();
        file.extend(b"AX\xfc\x01");
        file.extend(sector);
        file.resize(begin + 510, 0);
        let words = file[begin..].chunks(2);
        let sum = words.fold(0_u16, |sum, two| {
            sum.wrapping_add(u16::from_le_bytes([two[0], two[1]]))
        });
        file.extend(sum.wrapping_neg().to_le_bytes());
    }
    file
}

/// Records with their mark and checksum; a byte before each tells its length.
fn sealed_records(mut bytes: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    while let Some((&len, rest)) = bytes.split_first() {
        let (record, after) = rest.split_at(rest.len().min(usize::from(len) + 5));
        bytes = after;
        let begin = log.len();
        let (head, content) = record.split_at(record.len().min(5));
        log.push(0x1e);
        log.extend(head);
        log.resize(begin + 6, 0);
        log.extend(
            u16::try_from(content.len())
                .unwrap_or_default()
                .to_le_bytes(),
        );
        log.extend(content);
        let all = log[begin..].iter().fold(0, |all, byte| all ^ byte);
        log.push(!all);
    }
    log
}
