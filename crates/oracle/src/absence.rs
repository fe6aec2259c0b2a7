//! The one way for a test to skip: it names what is absent, and under `CI=true` the absence of something
//! that CI installs is a failure. A test must never return early without passing through here.

use std::io::Write as _;

use crate::tally;

/// What a test needed and did not find.
#[derive(Clone, Copy, Debug)]
pub enum Absent<'a> {
    /// A file of the second, optional set of references in `../shared`.
    Beside(&'a str),
    /// A program that CI installs.
    Program(&'a str),
    /// A server that `tools/with-services` starts.
    Service(&'a str),
    /// A feature of another operating system or processor.
    Platform(&'a str),
}

impl Absent<'_> {
    /// Whether CI has this, so that its absence there is a fault of the setup.
    const fn required_in_ci(self) -> bool {
        matches!(self, Self::Program(_) | Self::Service(_))
    }

    fn line(self) -> String {
        match self {
            Self::Beside(path) => format!("../shared/{path} is not beside the project"),
            Self::Program(name) => format!("the program {name} is not installed"),
            Self::Service(name) => format!("no server of {name} is at hand"),
            Self::Platform(what) => format!("this platform has no {what}"),
        }
    }
}

/// Prints what is absent and enters it in the tally of `make test`.
///
/// # Panics
///
/// Under `CI=true` when CI should have had it.
pub fn skip(absent: Absent<'_>) {
    let line = absent.line();
    assert!(
        !(absent.required_in_ci() && under_ci()),
        "{line}, and under CI=true every test must run"
    );
    // Past the capture of test output, so that a passing test is heard too.
    writeln!(std::io::stderr(), "skipped: {line}").expect("an open error stream");
    tally::skipped(&line);
}

fn under_ci() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the switch of these tests")]
    let value = std::env::var("CI");
    value.is_ok_and(|value| value == "true" || value == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ci_installs_may_not_be_absent_there() {
        assert!(Absent::Program("python3").required_in_ci());
        assert!(Absent::Service("PostgreSQL").required_in_ci());
        assert!(!Absent::Beside("reference/hrv").required_in_ci());
        assert!(!Absent::Platform("/proc").required_in_ci());
    }
}
