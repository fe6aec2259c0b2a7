//! Answers on standard output, everything else on standard error.
//!
//! A closed pipe (`clarity metrics | head`) is the reader's wish, not an error.

use std::io::{ErrorKind, IsTerminal, Write};

use anyhow::Context;
use serde::Serialize;

use crate::cli::failure::Failure;

/// Prints text to standard output as it is.
pub(super) fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Failed(
            anyhow::Error::new(error).context("writing the answer"),
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a line to standard output.
pub(super) fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// Prints a document to standard output.
pub(super) fn json(document: &impl Serialize) -> Result<(), Failure> {
    let document = serde_json::to_string_pretty(document).context("writing the answer")?;
    line(&document)
}

/// Prints rows below their headings, each column as wide as its widest cell.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let mut widths: Vec<usize> = headings.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let headings: Vec<String> = headings.iter().map(|cell| (*cell).to_owned()).collect();
    let mut out = String::new();
    for row in std::iter::once(&headings).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    text(&out)
}

/// Tells people something on standard error. If nobody can hear it, that is no reason to fail.
pub(super) fn note(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Tells why a command failed, with every cause once.
pub(super) fn failure(failure: &Failure, json: bool) {
    let reason = match failure {
        Failure::Usage(reason) | Failure::Partly(reason) => reason.clone(),
        Failure::Failed(error) => causes(error),
    };
    if json {
        note(&serde_json::json!({ "error": reason }).to_string());
    } else {
        note(&format!("clarity: {reason}"));
    }
}

/// The error and its causes, outermost first; a cause that only repeats the one before is left out.
pub(super) fn causes(error: &anyhow::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for cause in error.chain() {
        let reason = cause.to_string();
        if reasons.last().is_none_or(|last| !last.contains(&reason)) {
            reasons.push(reason);
        }
    }
    reasons.join(": ")
}

/// Whether a person looks at standard error.
pub(super) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// A number with thin groups of three, for people.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let check = |number, expect| assert_eq!(grouped(number), expect);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("disk full")
            .context("writing a file")
            .context("exporting");
        assert_eq!(causes(&error), "exporting: writing a file: disk full");
        let repeated = anyhow::anyhow!("disk full").context("writing a file: disk full");
        assert_eq!(causes(&repeated), "writing a file: disk full");
    }
}
