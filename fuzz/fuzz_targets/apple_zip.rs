//! An archive: headers, sizes, descriptors, packed bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend(bytes);
    fuzz::read_export(&archive);
    fuzz::read_export(bytes);
});
