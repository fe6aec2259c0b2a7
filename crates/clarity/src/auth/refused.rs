//! Passwords that no account may have, from a list that whoever runs the server brings: what leaked elsewhere is tried
//! first. Known by the first eight bytes of a digest, so that a million of them are eight megabytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read};
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};

/// Passwords of a list; 40 MB in memory.
const MOST: usize = 5_000_000;
/// Bytes of a line: longer passwords are refused anyway.
const LINE_MAX: u64 = 4_096;

/// The passwords of a list.
#[derive(Default)]
pub struct PasswordList(Vec<u64>);

impl std::fmt::Debug for PasswordList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PasswordList({})", self.0.len())
    }
}

impl PasswordList {
    /// Reads a list with one password a line; none where no file is named. Lines that are no text are skipped.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if path.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        Self::of(BufReader::new(File::open(path)?))
    }

    fn of(mut lines: impl BufRead) -> Result<Self, Error> {
        let mut found = Vec::new();
        let mut line = Vec::new();
        while (&mut lines).take(LINE_MAX).read_until(b'\n', &mut line)? > 0 {
            if let Ok(text) = std::str::from_utf8(&line)
                && !text.trim_end_matches(['\r', '\n']).is_empty()
            {
                found.push(mark(text.trim_end_matches(['\r', '\n'])));
            }
            if found.len() > MOST {
                let message = format!("it has more than {MOST} lines");
                return Err(Error::new(ErrorKind::FileTooLarge, message));
            }
            line.clear();
        }
        found.sort_unstable();
        found.dedup();
        Ok(Self(found))
    }

    /// Whether a password is on the list, in capital or small letters.
    pub(super) fn has(&self, password: &str) -> bool {
        self.0.binary_search(&mark(password)).is_ok()
    }
}

/// What stands for a password. One in four billion of those that are not on a list of five million is taken for one.
fn mark(password: &str) -> u64 {
    let digest = digest(&SHA256, password.to_lowercase().as_bytes());
    let first = digest.as_ref().first_chunk::<8>();
    u64::from_le_bytes(*first.expect("a digest has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_line_by_line() {
        let list = b"pe#5gz29ptzmse\r\n\n\xff\xfe\nYagjecc826\nyagjecc826" as &[u8];
        let refused = PasswordList::of(list).expect("read");
        assert_eq!(refused.0.len(), 2);
        for on_it in ["pe#5gz29ptzmse", "PE#5GZ29PTZMSE", "yagjecc826"] {
            assert!(refused.has(on_it), "{on_it}");
        }
        for not in ["", "pe#5gz29ptzmse ", "correct horse battery"] {
            assert!(!refused.has(not), "{not}");
        }
        assert_eq!(format!("{refused:?}"), "PasswordList(2)");
        assert!(!PasswordList::read(Path::new("")).expect("none").has(""));
        assert!(PasswordList::read(Path::new("/nowhere/at/all")).is_err());
    }
}
