//! FIT files: the container, and what its messages mean.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A header that fits, so that most inputs get further than it.
    let mut file = vec![12, 0x20, 0, 0];
    file.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend(b".FIT");
    file.extend(bytes);
    fuzz::read_named("fit", &file);
    fuzz::read_named("fit", bytes);
});
