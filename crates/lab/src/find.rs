//! Finds the files of a batch: files as they are named, folders with all that is in them, patterns.
//!
//! It looks at names only, never into a file.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// Files that one batch may hold; a list of more is surely a wrong folder.
const FILES_MAX: usize = 1_000_000;
/// Folders inside folders that are followed.
const DEPTH_MAX: usize = 32;

/// Why the files of a batch could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// A folder could not be read.
    #[error("cannot list the folder {}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A pattern is not one.
    #[error("not a pattern of file names: {pattern}: {reason}")]
    Pattern {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A pattern fits no file.
    #[error("no file fits {0}")]
    Nothing(String),
    /// There are too many.
    #[error("more than {FILES_MAX} files; give the batch in parts")]
    TooMany,
}

/// The files that the paths stand for, each once, in the order of the paths and of their names.
pub fn recordings(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FindError> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, 0, &mut found)?;
        } else if path.exists() || !is_pattern(path) {
            // A file that is not there is told with its error among those that failed.
            found.push(path.clone());
        } else {
            pattern(path, &mut found)?;
        }
        if found.len() > FILES_MAX {
            return Err(FindError::TooMany);
        }
    }
    let mut known = HashSet::new();
    found.retain(|path| known.insert(path.clone()));
    Ok(found)
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

fn pattern(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), FindError> {
    let text = path.to_string_lossy().into_owned();
    let matches = glob::glob(&text).map_err(|error| FindError::Pattern {
        pattern: text.clone(),
        reason: error.msg,
    })?;
    let before = found.len();
    for path in matches.flatten() {
        if path.is_dir() {
            folder(&path, 0, found)?;
        } else {
            found.push(path);
        }
    }
    if found.len() == before {
        return Err(FindError::Nothing(text));
    }
    Ok(())
}

fn folder(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), FindError> {
    let refused = |source| FindError::Folder {
        path: path.to_owned(),
        source,
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden {
            entries.push((entry.path(), entry.file_type().map_err(refused)?));
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        // A linked folder may lead back to this one; a linked file is a file.
        if kind.is_dir() && depth < DEPTH_MAX {
            folder(&path, depth + 1, found)?;
        } else if kind.is_file() || (kind.is_symlink() && path.is_file()) {
            found.push(path);
        }
        if found.len() > FILES_MAX {
            return Err(FindError::TooMany);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_patterns_are_listed_once_and_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("b/deep")).expect("a folder");
        for name in ["b/2.AWD", "b/deep/1.AWD", "b/10.AWD", "a.csv", ".hidden"] {
            std::fs::write(at(name), "").expect("a file");
        }
        let check = |paths: &[PathBuf], expect: &[&str]| {
            let expect: Vec<PathBuf> = expect.iter().map(|name| at(name)).collect();
            assert_eq!(recordings(paths).expect("a list"), expect);
        };
        check(
            &[folder.path().to_owned()],
            &["a.csv", "b/10.AWD", "b/2.AWD", "b/deep/1.AWD"],
        );
        check(
            &[at("b/2.AWD"), at("b")],
            &["b/2.AWD", "b/10.AWD", "b/deep/1.AWD"],
        );
        check(&[at("*/*.AWD")], &["b/10.AWD", "b/2.AWD"]);
        check(&[at("missing.AWD")], &["missing.AWD"]);
        let none = recordings(&[at("*.gt3x")]).expect_err("nothing fits");
        assert!(none.to_string().starts_with("no file fits"), "{none}");
    }
}
