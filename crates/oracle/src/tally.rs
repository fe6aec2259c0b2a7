//! What the tests of one `make test` compared and skipped, for its closing line. Tests run in processes of
//! their own, so each appends its lines to the file that `CLARITY_TALLY` names; without it nothing is kept.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Enters comparisons with values of a named tool, or with the exact truth of a generated export.
pub fn compared(what: &str, count: usize) {
    append(&format!("compared\t{count}\t{what}\n"));
}

pub(crate) fn skipped(why: &str) {
    append(&format!("skipped\t1\t{why}\n"));
}

fn append(line: &str) {
    #[expect(clippy::disallowed_methods, reason = "the tally of these tests")]
    let Ok(path) = std::env::var("CLARITY_TALLY") else {
        return;
    };
    // One write of a short line to a file opened for appending is not torn by other processes.
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("the file of CLARITY_TALLY can be written");
}
