//! Raw acceleration through `analyze`: one recording of fourteen days at 100 Hz, read, calibrated and
//! reduced to epochs by the real binary.
//!
//! The file is read twice: calibration needs a pass of its own. Figures are bytes of the file per second
//! of the whole command, start and report included.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::cohort::run;
use crate::writers::{Layout, START_S, cwa_header, cwa_sector};
use crate::{Outcome, Table};

/// Fourteen days at 100 Hz.
const SAMPLES: usize = 14 * 86_400 * 100;
/// Orientations that a wrist rests in, in parts of 1/256 g; still hours in each of them calibrate.
const FACES: [[i16; 3]; 6] = [
    [256, 0, 0],
    [-256, 0, 0],
    [0, 256, 0],
    [0, -256, 0],
    [0, 0, 256],
    [0, 0, -256],
];

/// Adds the figures of packed and of wide samples.
pub(crate) fn analyze(table: &mut Table, folder: &Path) -> Outcome<()> {
    for (name, layout, each) in [("packed", Layout::Packed, 120), ("wide", Layout::Wide, 80)] {
        let path = folder.join(format!("{name}.cwa"));
        let bytes = write(&path, layout, each)?;
        let (elapsed, peak) = run(&path, &folder.join(format!("{name}.csv")))?;
        std::fs::remove_file(&path)?;
        let seconds = elapsed.as_secs_f64();
        let limit = format!(
            "{:.0} million samples/s, peak {:.0} MB",
            SAMPLES as f64 / 1e6 / seconds,
            peak as f64 / 1e6
        );
        table.add(
            &format!("analyze, raw acceleration, {name} CWA"),
            bytes as f64 / 1e6 / seconds,
            "MB/s",
            "≥ 200",
            &limit,
        );
    }
    Ok(())
}

/// Writes the recording: by day a moving wrist, by night a still one that turns over each hour.
fn write(path: &Path, layout: Layout, each: usize) -> Outcome<u64> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(&cwa_header(layout))?;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut sector = Vec::with_capacity(each);
    for index in 0..SAMPLES / each {
        let second = index * each / 100;
        let hour = second / 3_600;
        let by_day = (8..23).contains(&(hour % 24));
        let [x, y, z] = FACES[hour % FACES.len()];
        sector.clear();
        for _ in 0..each {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let size = if by_day { 200 } else { 2 };
            let noise = |shift: u32| {
                let wide = i16::try_from((state >> shift) & 0x3ff).unwrap_or(0) - 512;
                i16::try_from(i32::from(wide) * size / 512).unwrap_or(0)
            };
            sector.push([x + noise(10), y + noise(30), z + noise(50)]);
        }
        let start_us = START_S * 1_000_000 + i64::try_from(index * each)? * 10_000;
        file.write_all(&cwa_sector(layout, start_us, &sector, 0))?;
    }
    file.flush()?;
    Ok(std::fs::metadata(path)?.len())
}
