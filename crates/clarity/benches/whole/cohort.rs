//! A cohort through `analyze`: a thousand recordings of fourteen days, time and memory from outside.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::memory;
use crate::{Outcome, Table};

/// Recordings of the cohort.
const RECORDINGS: usize = 1_000;
/// Minutes of a recording: fourteen days.
const MINUTES: usize = 14 * 1_440;

/// Adds the figures of a whole cohort, and of a tenth of it for the memory.
pub(crate) fn analyze(table: &mut Table, folder: &Path) -> Outcome<()> {
    let data = folder.join("cohort");
    std::fs::create_dir_all(data.join("all"))?;
    std::fs::create_dir_all(data.join("tenth"))?;
    let mut bytes = 0;
    for number in 0..RECORDINGS {
        let text = recording(number);
        bytes += text.len();
        let name = format!("{number:04}.AWD");
        std::fs::write(data.join("all").join(&name), &text)?;
        if number < RECORDINGS / 10 {
            std::fs::write(data.join("tenth").join(&name), &text)?;
        }
    }
    let (_, of_a_tenth) = run(&data.join("tenth"), &data.join("tenth.csv"))?;
    let (elapsed, peak) = run(&data.join("all"), &data.join("all.csv"))?;
    let per_minute = RECORDINGS as f64 / elapsed.as_secs_f64() * 60.0;
    let limit = format!(
        "{:.1} MB/s of text",
        bytes as f64 / 1e6 / elapsed.as_secs_f64()
    );
    table.add(
        "analyze, recordings of 14 days",
        per_minute,
        "per minute",
        "≥ 1,000",
        &limit,
    );
    let limit = format!("{:.1} MB for a tenth of them", of_a_tenth as f64 / 1e6);
    table.add(
        "analyze, peak resident memory",
        peak as f64 / 1e6,
        "MB",
        "flat",
        &limit,
    );
    Ok(())
}

/// Runs `analyze` on a path; how long it took and the most memory it had.
pub(crate) fn run(data: &Path, out: &Path) -> Outcome<(Duration, u64)> {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_clarity"))
        .arg("analyze")
        .arg(data)
        .arg("--out")
        .arg(out)
        .arg("--strict")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = memory(child.id(), "VmHWM:").unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    let elapsed = begun.elapsed();
    if !child.wait()?.success() {
        return Err("`analyze` failed".into());
    }
    Ok((elapsed, peak))
}

/// An Actiwatch file of one person: days of movement, nights of stillness, never the same twice.
fn recording(number: usize) -> String {
    let mut text = format!("bench-{number}\n01-Jan-2026\n12:00\n4\n30\nV{number:06}\nM\n");
    let mut state = u64::try_from(number).unwrap_or(0) + 1;
    for minute in 0..MINUTES {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let chance = state >> 40;
        let count = match (minute / 60 + 12) % 24 {
            23 | 0..=6 if chance % 23 == 0 => chance % 150,
            23 | 0..=6 => 0,
            _ if chance % 5 == 0 => 0,
            _ => chance % 600,
        };
        writeln!(text, "{count}").expect("a String takes every text");
    }
    text
}
