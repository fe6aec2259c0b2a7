//! An array of numbers behind the magic of its format.
#![no_main]

use import::npy::{self, Values};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file = b"\x93NUMPY".to_vec();
    file.extend(bytes);
    let Ok(array) = npy::read(&file) else { return };
    let count = match &array.values {
        Values::F32(values) => values.len(),
        Values::F64(values) => values.len(),
    };
    assert_eq!(count, array.shape.iter().product::<usize>());
    assert!(count * 4 <= file.len(), "no more numbers than the file has");
});
