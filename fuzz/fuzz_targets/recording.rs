//! Recordings of worn devices: the first byte chooses the format, or the content does.
#![no_main]

use std::ops::ControlFlow;

use import::recording::front::{ALL, Options, VALUES_MAX, read};
use import::recording::{Content, Recording};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, file)) = bytes.split_first() else {
        return;
    };
    let format = ALL.get(usize::from(*first)).map(|format| format.name);
    let options = Options {
        format,
        ..Options::default()
    };
    let mut samples = 0;
    let content = read(&mut &*file, &options, &mut |block| {
        samples += block.samples_g.len() as u64;
        ControlFlow::Continue(())
    });
    match content {
        Ok(Content::Epochs(recording)) => check(&recording),
        Ok(Content::Several(members)) => members.iter().for_each(|member| check(&member.recording)),
        Ok(Content::Raw(raw)) => assert_eq!(raw.samples, samples),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn check(recording: &Recording) {
    assert!(!recording.channels.is_empty());
    for channel in &recording.channels {
        assert!((1..=86_400).contains(&channel.epoch_s));
        assert!(channel.values.len() <= VALUES_MAX);
        assert!(channel.values.iter().all(|value| !value.is_infinite()));
    }
    assert!(recording.damages.count >= recording.damages.first.len() as u64);
}
