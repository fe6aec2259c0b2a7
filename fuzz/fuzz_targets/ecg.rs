//! An ECG file, behind the lines by which it is known.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file =
        b"Name,x\nRecorded Date,2026-03-08 09:00:00 -0400\nSample Rate,512 hertz\n".to_vec();
    file.extend(bytes);
    let archive = fuzz::beside_export("electrocardiograms/ecg.csv", &file);
    assert!(
        fuzz::read_export(&archive).is_some(),
        "a bad ECG is no bad export"
    );
});
