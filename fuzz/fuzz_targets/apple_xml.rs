//! The main file of an export.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut document = b"<HealthData>\n".to_vec();
    document.extend(bytes);
    fuzz::read_export(&document);
});
