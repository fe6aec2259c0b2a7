//! The route of a workout.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let archive = fuzz::beside_export("workout-routes/route.gpx", bytes);
    assert!(
        fuzz::read_export(&archive).is_some(),
        "a bad route is no bad export"
    );
});
