//! A chunk of samples as the store unseals it: any bytes are a chunk or are not.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(store::is_chunk(bytes));
});
