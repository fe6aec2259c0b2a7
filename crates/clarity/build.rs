//! Lists what the program contains beside its code: the files of the window, where they were built, and the pages of
//! `docs/methods`.
//!
//! Cargo never needs Node: `make window` fills `web/dist` with the files and their compressed twins, and an
//! empty folder makes a program without a window.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Folder of files whose names change with their content.
const NAMED_BY_CONTENT: &str = "assets/";

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let is_wanted = std::env::var_os("CARGO_FEATURE_WINDOW").is_some();
    let mut files = BTreeMap::new();
    if is_wanted && dist.join("index.html").is_file() {
        collect(&dist.canonicalize()?, "", &mut files)?;
    }
    let out = std::env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("window.rs"), table(&files)?)?;
    let methods = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/methods");
    println!("cargo::rerun-if-changed={}", methods.display());
    let mut pages = BTreeMap::new();
    collect(&methods.canonicalize()?, "", &mut pages)?;
    fs::write(Path::new(&out).join("methods.rs"), list(&pages)?)
}

/// The pages as Rust: each path without its ending, and the text.
fn list(pages: &BTreeMap<String, PathBuf>) -> io::Result<String> {
    let mut out = String::from("[\n");
    for (name, file) in pages {
        let Some(name) = name.strip_suffix(".md") else {
            continue;
        };
        let file = file.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
        writeln!(out, "    ({name:?}, include_str!({file:?})),").map_err(io::Error::other)?;
    }
    out.push_str("]\n");
    Ok(out)
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if !name.starts_with('.') {
            files.insert(format!("{prefix}{name}"), entry.path());
        }
    }
    Ok(())
}

/// The table as Rust: one line for each file that is not the compressed twin of another.
fn table(files: &BTreeMap<String, PathBuf>) -> io::Result<String> {
    let mut out = String::from("[\n");
    for (name, path) in files {
        let is_twin = [".br", ".gz"].iter().any(|ending| {
            name.strip_suffix(ending)
                .is_some_and(|plain| files.contains_key(plain))
        });
        if is_twin {
            continue;
        }
        let twin = |ending: &str| match files.get(&format!("{name}{ending}")) {
            Some(path) => Ok(format!("Some({})", included(path)?)),
            None => Ok::<_, io::Error>("None".to_owned()),
        };
        let mut tag = DefaultHasher::new();
        fs::read(path)?.hash(&mut tag);
        let tag = format!("\"{:016x}\"", tag.finish());
        let kept = name.starts_with(NAMED_BY_CONTENT);
        writeln!(
            out,
            "    File {{ name: {name:?}, tag: {tag:?}, is_named_by_content: {kept}, \
             plain: {}, brotli: {}, gzip: {} }},",
            included(path)?,
            twin(".br")?,
            twin(".gz")?,
        )
        .map_err(io::Error::other)?;
    }
    out.push_str("]\n");
    Ok(out)
}

/// The expression that puts a file into the program.
fn included(path: &Path) -> io::Result<String> {
    let path = path.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
    Ok(format!("include_bytes!({path:?})"))
}
