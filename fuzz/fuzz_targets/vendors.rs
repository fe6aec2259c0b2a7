//! Exports of vendors: the first byte picks the reader, the second the path under which the file lies in an archive;
//! without a reader the whole is an archive.
#![no_main]

use import::format::{self, Format};

/// Paths by which readers distinguish files whose content is alike.
const PATHS: [&str; 18] = [
    "Fitbit/Global Export Data/steps-1.json",
    "Fitbit/Global Export Data/calories-1.json",
    "Fitbit/Global Export Data/sleep-1.json",
    "Fitbit/Global Export Data/resting_heart_rate-1.json",
    "Fitbit/a/steps_1.csv",
    "Fitbit/a/daily_resting_heart_rate.csv",
    "raw_tracker_steps.csv",
    "raw_tracker_sleep-state.csv",
    "bp.csv",
    "sleep.csv",
    "jsons/com.samsung.shealth.stress/a/b.json",
    "Takeout/Fit/Activities/a.tcx",
    "Takeout/Fit/Daily activity metrics/2026-03-28.csv",
    "activities.csv",
    "activities/1.gpx",
    "DI_CONNECT/a.fit",
    "DI_CONNECT/UDSFile_1.json",
    "a.gz",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [reader, path, file @ ..] = bytes else {
        return;
    };
    let vendors: Vec<&str> = format::all()
        .filter(|format| matches!(format, Format::Vendor(_)))
        .map(Format::name)
        .collect();
    let name = vendors.get(usize::from(*reader)).copied();
    let packed;
    let file = match PATHS.get(usize::from(*path)) {
        Some(path) => {
            packed = fuzz::zip(&[(*path, file)]);
            packed.as_slice()
        }
        None => file,
    };
    fuzz::read_named(name.unwrap_or("export"), file);
});
