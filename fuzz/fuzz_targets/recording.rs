//! Recordings of worn devices: the first byte chooses the format, or the content does, or the first
//! line declares the columns of a table.
#![no_main]

use std::ops::ControlFlow;

use import::recording::columns::Columns;
use import::recording::error::VALUES_MAX;
use import::recording::front::{ALL, read};
use import::recording::options::Options;
use import::recording::{Content, Recording};

/// The first byte of a table with a declaration.
const DECLARED: u8 = 0xfe;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, file)) = bytes.split_first() else {
        return;
    };
    let format = ALL.get(usize::from(*first)).map(|format| format.name);
    let (columns, file) = if *first == DECLARED {
        let mut lines = file.splitn(2, |byte| *byte == b'\n');
        let line = lines.next().and_then(|line| std::str::from_utf8(line).ok());
        let columns = line.and_then(|line| Columns::parse(line).ok());
        (columns, lines.next().unwrap_or_default())
    } else {
        (None, file)
    };
    let options = Options {
        format,
        columns: columns.as_ref(),
        ..Options::default()
    };
    let mut samples = 0;
    let content = read(&mut &*file, &options, &mut |block| {
        samples += block.samples_g.len() as u64;
        ControlFlow::Continue(())
    });
    match content {
        Ok(Content::Epochs(recording)) => check(&recording),
        Ok(Content::Several { members, .. }) => {
            members.iter().for_each(|member| check(&member.recording));
        }
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
