//! The pages of a batch: one for each recording while it is analysed, one for the cohort at the end.
//!
//! Numbers become words here, once for all pages. It must never compute what the results do not hold.

mod cohort;
mod glossary;
mod key;
mod recording;
mod tables;

use std::path::{Path, PathBuf};

use analysis::report::Report;
use analysis::report::column::Column;
use anyhow::Context;

use crate::examine::{Prepared, Wanted};
use crate::journal::Journal;
use crate::load::{self, Loaded};
use crate::report::page;
use crate::results::Line;

/// A recording whose page is wanted.
pub struct Source<'a> {
    /// The file.
    pub path: &'a Path,
    /// Digest of its content.
    pub sha256: &'a str,
    /// What was read.
    pub loaded: &'a Loaded,
    /// What of it is used.
    pub prepared: &'a Prepared,
    /// What was computed.
    pub report: &'a Report<'a>,
    /// What was wanted.
    pub wanted: &'a Wanted,
}

/// Name of a recording's page; the digest keeps files of one name apart.
pub fn file_name(path: &Path, member: Option<&str>, sha256: &str) -> String {
    let name: String = load::name(path, member)
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let digest: String = sha256.chars().take(8).collect();
    format!("{name}-{digest}.html")
}

/// The page of a recording.
pub fn html(source: &Source<'_>) -> anyhow::Result<String> {
    Ok(page(&recording::Content::of(source).page(source))?)
}

/// Writes the page of a recording.
pub fn write(folder: &Path, source: &Source<'_>) -> anyhow::Result<()> {
    let member = source.loaded.member.as_deref();
    let target = folder.join(file_name(source.path, member, source.sha256));
    std::fs::write(&target, html(source)?).with_context(|| format!("writing {}", target.display()))
}

/// Writes the page of the cohort, `index.html`.
pub fn write_cohort(
    folder: &Path,
    lines: &[Line],
    journal: &mut Journal,
    columns: &[&'static Column],
) -> anyhow::Result<PathBuf> {
    let html = cohort::html(lines, journal, columns)?;
    let target = folder.join("index.html");
    std::fs::write(&target, html).with_context(|| format!("writing {}", target.display()))?;
    Ok(target)
}

/// The program and its version.
fn program() -> String {
    format!("Clarity {}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_name_are_kept_apart() {
        let page = |sha256| file_name(Path::new("a b/übung 1.csv.gz"), None, sha256);
        assert_eq!(page("0123456789"), "übung_1-01234567.html");
        assert_ne!(page("0123456789"), page("1123456789"));
    }
}
