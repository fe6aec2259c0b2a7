//! What must hold for any stream of raw acceleration, and slow forms beside the fast ones.

use crate::accel::reduced;
use analysis::accel::measure::Measure;

#[test]
fn a_device_at_rest_measures_nothing() {
    let samples = vec![[0.0, 0.6, 0.8]; 3000];
    let epochs = reduced(
        50.0,
        5,
        &[Measure::Enmo, Measure::Mad, Measure::AngleZ],
        &samples,
    );
    assert_eq!(epochs.len(), 12);
    assert!(epochs.columns[&Measure::Mad].iter().all(|&mad| mad < 1e-12));
}
