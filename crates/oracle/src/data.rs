//! Finds and reads the recordings and what tools computed on them. The project's own set comes first; what
//! `../shared/reference` has under the same name is left aside, what it has beyond is added.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::absence::{Absent, skip};

/// The set that is part of the project.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
/// The set beside it.
const BESIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference");

/// Whether the second set lies beside the project.
pub fn has_both() -> bool {
    Path::new(BESIDE).is_dir()
}

/// The folder of each entry of a kind (`actigraphy`, `hrv`, …) by its name, from both sets.
pub fn entries(kind: &str) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    if !has_both() {
        skip(Absent::Beside(&format!("reference/{kind}")));
    }
    // The own set is read last and replaces what has its name.
    for set in [BESIDE, OWN] {
        let Ok(listed) = fs::read_dir(Path::new(set).join(kind)) else {
            continue;
        };
        for entry in listed {
            let entry = entry.expect("a folder that can be listed");
            if entry.path().is_dir() {
                let name = entry.file_name().to_string_lossy().into_owned();
                found.insert(name, entry.path());
            }
        }
    }
    found
}

/// Whether an entry belongs to the project's own set.
pub fn is_own(path: &Path) -> bool {
    path.starts_with(OWN)
}

/// A file or folder of the second set, or `None` after saying that it is absent.
pub fn beside(path: &str) -> Option<PathBuf> {
    let found = Path::new(BESIDE).join(path);
    if found.exists() {
        return Some(found);
    }
    skip(Absent::Beside(&format!("reference/{path}")));
    None
}

/// Another file beside the project (`tools/…`), or `None` after saying that it is absent.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(BESIDE).parent()?.join(path);
    if found.exists() {
        return Some(found);
    }
    skip(Absent::Beside(path));
    None
}

/// The bytes of a file, which may be kept as `NAME.gz`; `None` where there is neither.
pub fn bytes(path: &Path) -> Option<Vec<u8>> {
    if let Ok(bytes) = fs::read(path) {
        return Some(bytes);
    }
    let mut packed = path.as_os_str().to_owned();
    packed.push(".gz");
    let file = File::open(&packed).ok()?;
    let mut bytes = Vec::new();
    GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap_or_else(|error| panic!("unpacking {}: {error}", packed.display()));
    Some(bytes)
}

/// The text of a file that is there.
///
/// # Panics
///
/// When the file is absent or not UTF-8.
pub fn text(path: &Path) -> String {
    let bytes = bytes(path).unwrap_or_else(|| panic!("{} is absent", path.display()));
    String::from_utf8(bytes).expect("UTF-8")
}

/// A JSON file; `None` where it is absent, since not every tool was run on every recording.
///
/// # Panics
///
/// When the file is not JSON.
pub fn json(path: &Path) -> Option<Value> {
    let bytes = bytes(path)?;
    let parsed = serde_json::from_slice(&bytes);
    Some(parsed.unwrap_or_else(|error| panic!("reading {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_has_references_of_its_own() {
        for (kind, at_least) in [("actigraphy", 3), ("hrv", 2), ("raw_accel", 1)] {
            let own = fs::read_dir(Path::new(OWN).join(kind)).expect(kind);
            assert!(own.count() >= at_least, "{kind}");
            for (name, path) in entries(kind) {
                let file = json(&path.join("reference.json"));
                assert!(file.is_some(), "{kind}/{name} has no reference.json");
            }
        }
    }
}
