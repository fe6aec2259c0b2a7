//! Recordings that were once read wrongly, as they lie beside the project, and the numbers that their origin states.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use analysis::score::oakley;
use analysis::score::scored::State;
use import::recording::options::Options;
use import::recording::{Content, front};
use lab::load::{How, Loaded, load};
use oracle::{data, tally};
use serde_json::Value;

/// A file of a case with what is expected of it.
fn case(name: &str, file: &str) -> Option<(PathBuf, Value)> {
    let folder = data::shared(&format!("cases/recordings/{name}"))?;
    let expected = data::json(&folder.join("expected.json"))?;
    Some((folder.join(file), expected))
}

fn read(path: &Path, how: &How) -> Loaded {
    let mut file = load(path, how).expect("it is readable");
    assert_eq!(file.recordings.len(), 1);
    file.recordings.remove(0)
}

fn start(loaded: &Loaded) -> String {
    analysis::report::column::civil(loaded.activity.start_s()).to_string()
}

fn mean(loaded: &Loaded) -> f64 {
    let values = loaded.activity.values();
    let present = values.iter().filter(|value| !value.is_nan());
    present.clone().sum::<f64>() / present.count() as f64
}

/// Case 1: a zip that begins with another entry. Counts of 5 seconds, as agcounts and the maker's program give them.
#[test]
fn a_gt3x_whose_epochs_come_first() {
    let Some((path, expected)) = case("1-gt3x-epoch-bin-first", "agcounts_example.gt3x") else {
        return;
    };
    let expected = &expected["files"]["agcounts_example.gt3x"];
    for axis in ["counts_x", "counts_y", "counts_z"] {
        let how = How {
            channel: Some(axis.to_owned()),
            epoch_s: Some(5),
            ..How::default()
        };
        let loaded = read(&path, &how);
        assert_eq!(loaded.damages.count, 0);
        assert_eq!(loaded.header.format, expected["format"]);
        assert_eq!(start(&loaded), expected["start"]);
        assert_eq!(loaded.activity.len() as u64, expected["epochs_5s"]);
        let sum: f64 = loaded.activity.values().iter().sum();
        assert_eq!(Some(sum), expected[axis].as_f64(), "{axis}");
        tally::compared("recordings read wrongly before", 1);
    }
}

/// Case 2: the banner of the format is in the second line. Of the whole file there is its beginning.
#[test]
fn an_actlumus_with_a_line_before_its_banner() {
    let Some((path, expected)) = case("2-actlumus-first-line", "lightlogr_head.txt") else {
        return;
    };
    let loaded = read(&path, &How::default());
    assert_eq!(loaded.header.format, expected["format"]);
    assert_eq!(start(&loaded), expected["start"]);
    assert_eq!(u64::from(loaded.activity.step_s()), expected["epoch_s"]);
    // The beginning ends within a row: every value that is not there is of that row.
    let rows: Vec<_> = loaded.damages.first.iter().map(|one| one.line).collect();
    assert_eq!(rows, [Some(1_167); 6]);
    tally::compared("recordings read wrongly before", 3);
}

/// Case 8: idle seconds of a public recording. What another package reads is not calibrated, and is the mean of the
/// samples as they are stored (15.14 mg); the moments at rest say that the axes are 28 mg off, and calibrated on them the
/// recording is quieter (8.77 mg). Nothing else lies between the two.
#[test]
fn an_idle_gt3x_says_how_it_was_calibrated() {
    let Some((path, expected)) = case("8-gt3x-idle-sleep", "ggir_actigraph_testfile.gt3x") else {
        return;
    };
    let expected = &expected["public"]["ggir_actigraph_testfile.gt3x"]["enmo_pygt3x"];
    let uncalibrated = expected.as_f64().expect("a number");
    let (mut sum_g, mut count) = (0.0, 0_u32);
    let bytes = data::bytes(&path).expect("a file");
    front::read(&mut bytes.as_slice(), &Options::default(), &mut |block| {
        for sample in block.samples_g {
            let square: f64 = sample.iter().map(|axis| f64::from(*axis).powi(2)).sum();
            sum_g += (square.sqrt() - 1.0).max(0.0);
            count += 1;
        }
        ControlFlow::Continue(())
    })
    .expect("it is readable");
    let stored = 1e3 * sum_g / f64::from(count);
    assert!((stored / uncalibrated - 1.0).abs() < 0.01, "{stored}");
    let loaded = read(&path, &How::default());
    let found = loaded.calibration.as_ref().expect("raw acceleration");
    let found = found.as_ref().expect("enough rest on every side");
    assert_eq!(loaded.damages.count, 0);
    assert!(found.is_accepted());
    assert!((found.error_before_g - 0.027_9).abs() < 1e-4, "{found:?}");
    assert!((found.error_after_g - 0.006_0).abs() < 1e-4, "{found:?}");
    let calibrated = mean(&loaded);
    assert!((calibrated - 8.77).abs() < 0.01, "{calibrated}");
    tally::compared("recordings read wrongly before", 4);
}

/// Case 6: what the device scored at 15 seconds, with its medium threshold of 40, is what Oakley's rule makes of its counts.
#[test]
fn epochs_of_15_seconds_are_scored_as_the_device_did() {
    let file = "inst~testfiles~Actiwatch.csv";
    let Some((path, _)) = case("6-actiware-dutch", file) else {
        return;
    };
    let bytes = data::bytes(&path).expect("a file");
    let content = front::read(&mut bytes.as_slice(), &Options::default(), &mut |_| {
        ControlFlow::Continue(())
    });
    let Ok(Content::Epochs(recording)) = content else {
        panic!("epochs");
    };
    let of = |name: &str| {
        let found = recording.channels.iter().find(|one| one.name == name);
        found.expect("a channel").values.clone()
    };
    let loaded = read(&path, &How::default());
    let scored = oakley::score(
        &loaded.activity,
        oakley::Threshold::Fixed(40.0),
        oakley::Tie::Sleep,
    );
    let scored = scored.expect("it is long enough").value;
    let mut same = 0;
    for (state, wake) in scored.states().iter().zip(of("wake")) {
        let device = if wake == 0.0 {
            State::Sleep
        } else {
            State::Wake
        };
        if let (Some(state), false) = (state, wake.is_nan()) {
            assert_eq!(*state, device);
            same += 1;
        }
    }
    assert_eq!(same, 47);
    tally::compared("the device's own scoring", same);
}
