//! The journal beside the output: what was finished survives whatever ends the program.
//!
//! One line of JSON per file that was analysed, appended when it is done. The output is written from it
//! at the end, and a later run with `--resume` takes from it what has the same content and options. It
//! must never hold more than an index of itself in memory.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// First line of a journal.
const TITLE: &str = "{\"clarity_journal\":1}";

/// What a journal holds on one file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Digest of the content and of all that was asked for.
    pub key: String,
    /// Digest of the content.
    pub sha256: String,
    /// One document for each recording in the file.
    pub recordings: Vec<Box<RawValue>>,
    /// The document of its beat intervals, where it holds those instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beats: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

/// An open journal.
pub struct Journal {
    file: File,
    places: HashMap<String, (u64, usize)>,
    end: u64,
}

/// The journal of an output.
pub fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".journal");
    PathBuf::from(name)
}

impl Journal {
    /// Begins an empty journal; what was there is forgotten.
    pub fn begin(path: &Path) -> anyhow::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .with_context(|| format!("creating {}", path.display()))?;
        file.write_all(format!("{TITLE}\n").as_bytes())?;
        Ok(Self {
            end: file.stream_position()?,
            file,
            places: HashMap::new(),
        })
    }

    /// Opens a journal to go on where it ends; a line that was cut short is dropped. Without a journal
    /// an empty one begins.
    pub fn resume(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            return Self::begin(path);
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("opening {}", path.display()))?;
        let mut lines = BufReader::new(&file);
        let mut line = String::new();
        let mut end = u64::try_from(read_line(&mut lines, &mut line)?)?;
        if line.trim_end() != TITLE {
            bail!("{} is not a journal of this program", path.display());
        }
        let mut places = HashMap::new();
        loop {
            let length = read_line(&mut lines, &mut line)?;
            if length == 0 || !line.ends_with('\n') {
                break;
            }
            let Ok(entry) = serde_json::from_str::<Key>(&line) else {
                break;
            };
            places.insert(entry.key, (end, length));
            end += u64::try_from(length)?;
        }
        drop(lines);
        file.set_len(end)?;
        Ok(Self { file, places, end })
    }

    /// The keys of the files that were finished.
    pub fn keys(&self) -> HashSet<String> {
        self.places.keys().cloned().collect()
    }

    /// Appends an entry in one write, so that nothing but the end of the journal can be cut.
    pub fn append(&mut self, entry: &Entry) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(entry)?;
        line.push('\n');
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file
            .write_all(line.as_bytes())
            .context("writing the journal")?;
        self.places
            .insert(entry.key.clone(), (self.end, line.len()));
        self.end += u64::try_from(line.len())?;
        Ok(())
    }

    /// Reads an entry back.
    pub fn entry(&mut self, key: &str) -> anyhow::Result<Entry> {
        let (at, length) = *self.places.get(key).context("an entry of the journal")?;
        self.file.seek(SeekFrom::Start(at))?;
        let mut line = vec![0; length];
        self.file
            .read_exact(&mut line)
            .context("reading the journal")?;
        Ok(serde_json::from_slice(&line)?)
    }
}

/// Reads a line; bytes that are no text end the journal like a cut line.
fn read_line(lines: &mut impl BufRead, line: &mut String) -> anyhow::Result<usize> {
    let mut bytes = Vec::new();
    let length = lines.read_until(b'\n', &mut bytes)?;
    *line = String::from_utf8(bytes).unwrap_or_default();
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str) -> Entry {
        let document = RawValue::from_string(format!("{{\"of\":\"{key}\"}}")).expect("JSON");
        Entry {
            key: key.to_owned(),
            sha256: "00".to_owned(),
            recordings: vec![document],
            beats: Vec::new(),
        }
    }

    #[test]
    fn a_journal_that_was_cut_anywhere_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.csv.journal");
        let mut journal = Journal::begin(&path).expect("a journal");
        journal.append(&entry("a")).expect("written");
        let first = journal.end;
        journal.append(&entry("b")).expect("written");
        let whole = std::fs::read(&path).expect("a file");
        for cut in usize::try_from(first).expect("small")..=whole.len() {
            std::fs::write(&path, whole.get(..cut).expect("within")).expect("a file");
            let mut journal = Journal::resume(&path).expect("a journal");
            assert!(journal.keys().contains("a"));
            assert_eq!(journal.keys().contains("b"), cut == whole.len());
            journal.append(&entry("c")).expect("written");
            let again = Journal::resume(&path)
                .expect("a journal")
                .entry("c")
                .expect("an entry");
            assert_eq!(again.recordings[0].get(), "{\"of\":\"c\"}");
            assert_eq!(journal.entry("a").expect("an entry").key, "a");
        }
    }

    #[test]
    fn another_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("letter.journal");
        std::fs::write(&path, "Dear diary\n").expect("a file");
        assert!(Journal::resume(&path).is_err());
        assert_eq!(
            std::fs::read_to_string(&path).expect("a file"),
            "Dear diary\n"
        );
    }
}
