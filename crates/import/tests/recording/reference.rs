//! Every device file whose contents the references hold, epoch for epoch.

use import::recording::Quantity;

use crate::support::{Table, assert_same, channel, epochs, logarithms, shared};

/// Light in the references was printed with nine digits.
const LIGHT: f64 = 1e-8;

fn check_awd(file: &str, reference: &str, epoch_s: u32, light: Option<&str>) {
    let (Some(bytes), Some(table)) = (shared(&format!("devices/{file}")), Table::of(reference))
    else {
        return;
    };
    let recording = epochs(&bytes);
    let activity = channel(&recording, "activity");
    assert_eq!(recording.header.format, "awd", "{file}");
    assert_eq!(recording.damages.count, 0, "{file}");
    assert_eq!(activity.epoch_s, epoch_s, "{file}");
    table.assert_times(activity);
    assert_same(&activity.values, &table.column("activity"), 0.0);
    assert_eq!(activity.values.len(), table.seconds.len(), "{file}");
    if let Some(light) = light {
        let ours = logarithms(&channel(&recording, light).values);
        assert_same(&ours, &table.column("light_whitelight"), LIGHT);
    }
}

#[test]
fn actiwatch_files_equal_their_references() {
    check_awd("example_01.AWD", "awd_example_01", 60, None);
    check_awd("example_03.AWD", "awd_example_03", 60, None);
    check_awd("example_05.AWD", "awd_example_05", 60, None);
    check_awd("test_sample.AWD", "awd_test_sample", 60, None);
    check_awd("test_sample_awi.AWD", "awd_awi", 60, None);
    check_awd("test_sample_awt.AWD", "awd_awt", 60, None);
    check_awd("test_sample_awl.AWD", "awd_awl", 60, Some("light_code"));
    check_awd("test_sample_aw7.AWD", "awd_aw7_15s", 15, Some("light"));
}

#[test]
fn actiwatch_second_sensors_and_markers_are_kept() {
    let Some(bytes) = shared("devices/test_sample_awt.AWD") else {
        return;
    };
    let recording = epochs(&bytes);
    let temperature = recording.first(Quantity::Temperature).expect("a sensor");
    assert_eq!(temperature.values[1], 32.71);
    let bytes = shared("devices/example_05.AWD").expect("beside the other");
    let recording = epochs(&bytes);
    let events = recording.first(Quantity::Event).expect("markers");
    assert_eq!(events.values.iter().sum::<f64>(), 27.0);
    assert_eq!(recording.header.serial.as_deref(), Some("V653323"));
}
