//! Which scaler a person or a researcher names: `week`, `none`, or a file.
//!
//! A file is JSON: `{"name": "…", "mean": [10,080 numbers], "deviation": [10,080 numbers]}`, mean and
//! deviation of each minute of the week over a reference population, from the first midnight on. It must never
//! be guessed or filled up: a file that is not whole is refused.

use std::path::Path;

use anyhow::{Context, bail};
use pat::scaler::{Columns, Scaler};
use serde::Deserialize;

/// Bytes of a scaler file; twenty thousand numbers in text are an eighth of it.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// The scaler of a name or a file.
pub fn named(name: &str) -> anyhow::Result<Scaler> {
    match name {
        "none" => Ok(Scaler::None),
        "week" => Ok(Scaler::Week),
        path => read(Path::new(path)),
    }
}

fn read(path: &Path) -> anyhow::Result<Scaler> {
    let shown = path.display();
    let length = std::fs::metadata(path)
        .with_context(|| format!("{shown} is neither week nor none nor a file that can be read"))?
        .len();
    if length > BYTES_MAX {
        bail!("{shown} has {length} bytes; a scaler file has at most {BYTES_MAX}");
    }
    let bytes = std::fs::read(path).with_context(|| format!("reading {shown}"))?;
    let file: File =
        serde_json::from_slice(&bytes).with_context(|| format!("{shown} is no scaler file"))?;
    let columns = Columns::new(file.name, file.mean, file.deviation)
        .with_context(|| format!("{shown} is no whole scaler"))?;
    Ok(Scaler::Columns(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_files_are_told_apart() {
        assert_eq!(named("week").expect("a name"), Scaler::Week);
        assert_eq!(named("none").expect("a name"), Scaler::None);
        let missing = named("no/such/file.json").expect_err("no file");
        assert!(missing.to_string().contains("no/such/file.json"));
    }

    #[test]
    fn a_file_must_be_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scaler.json");
        let write = |mean: usize| {
            let column = |count| vec![1.0; count];
            let json = serde_json::json!({
                "name": "people", "mean": column(mean), "deviation": column(10_080),
            });
            std::fs::write(&path, json.to_string()).expect("a file");
            named(path.to_str().expect("a plain path"))
        };
        assert_eq!(write(10_080).expect("whole").label(), "columns:people");
        assert!(write(10_079).is_err());
    }
}
