//! Tables, documents and routes of vendors: the first byte says which format the rest is read as.
#![no_main]

const FORMATS: [&str; 14] = [
    "gpx",
    "tcx",
    "garmin",
    "strava",
    "dexcom",
    "libreview",
    "fhir",
    "open_mhealth",
    "cronometer",
    "myfitnesspal_kg",
    "omron",
    "nightscout",
    "gadgetbridge",
    "open_wearables_pages",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    if let Some(name) = FORMATS.get(usize::from(*first) % FORMATS.len()) {
        fuzz::read_named(name, rest);
    }
});
