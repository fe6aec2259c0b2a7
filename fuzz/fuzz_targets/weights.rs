//! A file of weights: HDF5 or safetensors, as the first byte picks.
#![no_main]

use import::weights;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((&first, rest)) = bytes.split_first() else {
        return;
    };
    let mut file = Vec::new();
    if first % 2 == 0 {
        // The signature and the sizes of offsets, which chance would take long to find.
        file.extend(b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0");
    }
    file.extend(rest);
    let Ok(read) = weights::read(&file) else {
        return;
    };
    let numbers: usize = read
        .tensors
        .iter()
        .map(|tensor| tensor.values().len())
        .sum();
    assert!(
        numbers * 4 <= file.len(),
        "no more numbers than the file has"
    );
    let again = weights::to_safetensors(&read.tensors, &std::collections::BTreeMap::new());
    let again = weights::read(&again).expect("what was read can be written");
    assert_eq!(again.tensors, read.tensors);
});
