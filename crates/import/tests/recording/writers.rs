//! Writers of the raw formats, made from their descriptions alone; the readers must give back what they
//! are given. Also used by the benchmark.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Local second of 2024-02-28T23:59:30: the recordings cross a leap day.
pub(crate) const START_S: i64 = 1_709_164_770;

/// Stored numbers that look like a moving wrist and use all of the given bits now and then.
pub(crate) fn steps(count: usize, bits: u32) -> Vec<[i16; 3]> {
    let (mut state, half) = (0x2545_f491_4f6c_dd1d_u64, 1_i64 << (bits - 1));
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let wide = state % 50 == 0;
        let noise =
            i64::try_from(state >> 40).expect("in range") % if wide { 2 * half } else { 128 };
        i16::try_from((noise - if wide { half } else { 64 }).clamp(-half, half - 1))
            .expect("in range")
    };
    (0..count).map(|_| [next(), next(), next()]).collect()
}

/// How a sector stores its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Ten bits each and an exponent: the numbers must be multiples of 8 below 4,096.
    Packed,
    /// Three times sixteen bits.
    Wide,
    /// Gyroscope, then accelerometer.
    Six,
}

/// A header of an AX3 (or AX6) at 100 Hz, worn at the right wrist.
pub(crate) fn cwa_header(layout: Layout) -> Vec<u8> {
    let mut bytes = vec![0xff; 1_024];
    bytes[..4].copy_from_slice(&[b'M', b'D', 0xfc, 0x03]);
    bytes[4] = if layout == Layout::Six { 0x64 } else { 0x17 };
    bytes[5..7].copy_from_slice(&4_660_u16.to_le_bytes());
    bytes[36] = 0x4a;
    bytes[41] = 44;
    let annotation = b"_sc=subject+name&_p=left%20wrist&_n=notes";
    bytes[64..512].fill(0x20);
    bytes[64..64 + annotation.len()].copy_from_slice(annotation);
    bytes
}

/// The clock that shows a second since 1970.
pub(crate) fn clock(second: i64) -> jiff::civil::DateTime {
    let at = jiff::Timestamp::from_second(second).expect("in range");
    at.to_zoned(jiff::tz::TimeZone::UTC).datetime()
}

/// Seconds since 1970 as a packed time.
fn packed_time(second: i64) -> u32 {
    let at = clock(second);
    let date = [
        (at.year() - 2_000, 26),
        (at.month().into(), 22),
        (at.day().into(), 17),
    ];
    let time = [(at.hour(), 12), (at.minute(), 6), (at.second(), 0)];
    let time = time.map(|(value, shift)| (i16::from(value), shift));
    let put = |(value, shift): &(i16, u32)| u32::try_from(*value).expect("in range") << shift;
    date.iter().chain(&time).map(put).sum()
}

/// A sector whose first sample is at `start_us`: the time is told at sample `at`.
pub(crate) fn cwa_sector(layout: Layout, start_us: i64, samples: &[[i16; 3]], at: i16) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    let told_us = start_us + i64::from(at) * 10_000;
    let (second, us) = (told_us.div_euclid(1_000_000), told_us.rem_euclid(1_000_000));
    // Fifteen bits; the offset loses the whole samples within the fraction, as in the firmware.
    let fraction = (us * 65_536 / 1_000_000) & !1;
    let offset = i64::from(at) - ((fraction * 100) >> 16);
    bytes[..4].copy_from_slice(b"AX\xfc\x01");
    let fraction = 0x8000 | u16::try_from(fraction >> 1).expect("in range");
    bytes[4..6].copy_from_slice(&fraction.to_le_bytes());
    bytes[14..18].copy_from_slice(&packed_time(second).to_le_bytes());
    let unit: u16 = if layout == Layout::Six { 3 << 13 } else { 0 };
    bytes[18..20].copy_from_slice(&(unit + 300).to_le_bytes());
    bytes[20..22].copy_from_slice(&256_u16.to_le_bytes());
    bytes[24] = 0x4a;
    bytes[25] = match layout {
        Layout::Packed => 0x30,
        Layout::Wide => 0x32,
        Layout::Six => 0x62,
    };
    bytes[26..28].copy_from_slice(&i16::try_from(offset).expect("in range").to_le_bytes());
    bytes[28..30].copy_from_slice(
        &u16::try_from(samples.len())
            .expect("in range")
            .to_le_bytes(),
    );
    let stored: Vec<u8> = samples
        .iter()
        .flat_map(|one| cwa_sample(layout, *one))
        .collect();
    bytes[30..30 + stored.len()].copy_from_slice(&stored);
    seal(&mut bytes);
    bytes
}

/// Makes the sum of all words 0.
pub(crate) fn seal(sector: &mut [u8]) {
    let words = sector[..510].chunks(2);
    let sum = words.fold(0_u16, |sum, two| {
        sum.wrapping_add(u16::from_le_bytes([two[0], two[1]]))
    });
    sector[510..512].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
}

fn cwa_sample(layout: Layout, sample: [i16; 3]) -> Vec<u8> {
    match layout {
        Layout::Packed => {
            let fits = |exponent: &u32| {
                let mut axes = sample.iter().map(|axis| axis >> exponent);
                axes.all(|axis| (-512..512).contains(&axis))
            };
            let exponent = (0..4).find(fits).expect("thirteen bits");
            let word = (0..3).fold(exponent << 30, |word, axis| {
                let ten = (i32::from(sample[axis]) >> exponent) & 0x3ff;
                word | u32::try_from(ten).expect("in range") << (10 * axis)
            });
            word.to_le_bytes().to_vec()
        }
        Layout::Wide => sample.iter().flat_map(|axis| axis.to_le_bytes()).collect(),
        Layout::Six => [[-7, 8, 9], sample]
            .iter()
            .flatten()
            .flat_map(|axis: &i16| axis.to_le_bytes())
            .collect(),
    }
}

/// A whole file without gaps.
pub(crate) fn cwa(layout: Layout, samples: &[[i16; 3]]) -> Vec<u8> {
    let each = match layout {
        Layout::Packed => 120,
        Layout::Wide => 80,
        Layout::Six => 40,
    };
    let mut file = cwa_header(layout);
    for (index, samples) in samples.chunks(each).enumerate() {
        let start_us =
            START_S * 1_000_000 + i64::try_from(index * each).expect("in range") * 10_000;
        let at = i16::try_from(index * 7 % 30).expect("in range") - 5;
        file.extend(cwa_sector(layout, start_us, samples, at));
    }
    file
}

/// A record of a GT3X log.
pub(crate) fn record(kind: u8, second: i64, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1e, kind];
    bytes.extend(u32::try_from(second).expect("in range").to_le_bytes());
    bytes.extend(
        u16::try_from(content.len())
            .expect("in range")
            .to_le_bytes(),
    );
    bytes.extend(content);
    let all = bytes.iter().fold(0, |all, byte| all ^ byte);
    bytes.push(!all);
    bytes
}

/// Numbers of twelve bits, the highest bits first.
pub(crate) fn twelve_bits(numbers: impl Iterator<Item = i16>) -> Vec<u8> {
    let digits: Vec<u8> = numbers
        .flat_map(|number| {
            [8, 4, 0].map(|shift| u8::try_from(number >> shift & 15).expect("in range"))
        })
        .collect();
    let pair = |two: &[u8]| two[0] << 4 | two.get(1).copied().unwrap_or(0);
    digits.chunks(2).map(pair).collect()
}

/// The content of a record of activity of type 0, 26 or 27.
pub(crate) fn activity(kind: u8, samples: &[[i16; 3]]) -> Vec<u8> {
    match kind {
        0 => twelve_bits(samples.iter().flat_map(|[x, y, z]| [*y, *x, *z])),
        27 => twelve_bits(samples.iter().flatten().copied()),
        _ => samples
            .iter()
            .flatten()
            .flat_map(|axis| axis.to_le_bytes())
            .collect(),
    }
}

/// The parameters of a scale of 256 and a rate.
pub(crate) fn parameters(rate: u32) -> Vec<u8> {
    let mut bytes = vec![0, 0, 55, 0, 0, 0, 0x40, 9, 1, 0, 10, 0];
    bytes.extend(rate.to_le_bytes());
    bytes
}

/// A log with a second in each record.
pub(crate) fn log(kind: u8, rate: usize, samples: &[[i16; 3]]) -> Vec<u8> {
    let mut log = Vec::new();
    for (second, samples) in (START_S..).zip(samples.chunks(rate)) {
        log.extend(record(kind, second, &activity(kind, samples)));
    }
    log
}

/// `info.txt` of a device at some rate.
pub(crate) fn info(serial: &str, rate: usize, scale: &str) -> String {
    format!(
        "\u{feff}Serial Number: {serial}\r\nDevice Type: wGT3XBT\r\nFirmware: 1.9.2\r\nSample Rate: {rate}\r\n\
         Start Date: {}\r\nTimeZone: -05:00:00\r\n{scale}Subject Name: a name\r\nSide: Left\r\nLimb: Wrist\r\n",
        (START_S + 62_135_596_800) * 10_000_000
    )
}

/// How a file of an archive is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pack {
    Stored,
    Deflated,
}

/// A zip archive.
pub(crate) fn zip(pack: Pack, files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut local, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut crc = Crc::new();
        crc.update(content);
        let packed = match pack {
            Pack::Stored => content.to_vec(),
            Pack::Deflated => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
                encoder.write_all(content).expect("it is there");
                encoder.finish().expect("it is there")
            }
        };
        let mut fields = vec![
            20,
            0,
            0,
            0,
            if pack == Pack::Stored { 0 } else { 8 },
            0,
            0,
            0,
            0,
            0,
        ];
        for number in [
            crc.sum(),
            u32::try_from(packed.len()).expect("in range"),
            u32::try_from(content.len()).expect("in range"),
        ] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend(u16::try_from(name.len()).expect("in range").to_le_bytes());
        fields.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(u32::try_from(local.len()).expect("in range").to_le_bytes());
        directory.extend(name.as_bytes());
        local.extend(b"PK\x03\x04");
        local.extend(&fields);
        local.extend(name.as_bytes());
        local.extend(&packed);
    }
    let (at, len) = (local.len(), directory.len());
    local.extend(directory);
    local.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(files.len()).expect("in range").to_le_bytes();
    local.extend([count, count].concat());
    local.extend(u32::try_from(len).expect("in range").to_le_bytes());
    local.extend(u32::try_from(at).expect("in range").to_le_bytes());
    local.extend([0, 0]);
    local
}

/// The header of a GENEActiv file with so many pages.
pub(crate) fn geneactiv_header(pages: usize) -> String {
    format!(
        "Device Identity\r\nDevice Unique Serial Code:101806\r\nDevice Type:GENEActiv           \r\n\
         Device Firmware Version:Ver06.17\r\n\r\nConfiguration Info\r\nMeasurement Frequency:100 Hz\r\n\
         Time Zone:GMT +05:30\r\n\r\nSubject Info\r\nDevice Location Code:left wrist\r\n\
         Subject Code:a name\r\nDate of Birth:1900-01-01\r\n\r\nCalibration Data\r\n\
         x gain:25600\r\nx offset:-100\r\ny gain:25600\r\ny offset:0\r\nz gain:12800\r\nz offset:256\r\n\
         Volts:50\r\nLux:1000\r\n\r\nMemory Status\r\nNumber of Pages:{pages}\r\n\r\n"
    )
}

/// A page at 100 Hz, three seconds for each; all samples have a light of 5.
pub(crate) fn geneactiv_page(index: usize, samples: &[[i16; 3]]) -> String {
    let second = index * 3;
    let mut page = format!(
        "Recorded Data\r\nDevice Unique Serial Code:101806\r\nSequence Number:{index}\r\n\
         Page Time:2024-02-28 {:02}:{:02}:{:02}:500\r\nUnassigned:\r\nTemperature:35.8\r\n\
         Battery voltage:4.0000\r\nDevice Status:Recording\r\nMeasurement Frequency:100.0\r\n",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    for sample in samples {
        for axis in sample {
            write!(page, "{:03X}", axis & 0xfff).expect("a string takes all");
        }
        page.push_str("014");
    }
    page + "\r\n"
}

/// A whole file.
pub(crate) fn geneactiv(samples: &[[i16; 3]]) -> String {
    let pages = samples.chunks(300).enumerate();
    let header = geneactiv_header(samples.len().div_ceil(300));
    pages.fold(header, |file, (index, samples)| {
        file + &geneactiv_page(index, samples)
    })
}
