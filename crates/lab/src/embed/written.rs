//! Embeddings as files: JSON with attention profiles, or a Parquet table of the embeddings alone.
//!
//! Weeks are written as they come; a file gets its name when it is whole.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use analysis::report::column::{Cell, Kind};
use anyhow::{Context, bail};
use pat::WIDTH;
use pat::encoder::Embedding;
use serde::{Deserialize, Serialize};

use crate::embed::encode::Model;
use crate::embed::weeks::Week;
use crate::models::digest::Sha256;
use crate::table::{Form, Heading, Writer};

/// A week that was embedded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The file.
    pub path: String,
    /// Number of the week in it, from 0.
    pub week: usize,
    /// The mean over patches.
    pub embedding: Vec<f32>,
    /// For each block, the share of attention that each patch receives.
    pub attention_profile: Vec<Vec<f32>>,
}

/// A whole file of embeddings.
#[derive(Debug, Deserialize)]
pub struct Document {
    /// Name of the encoder.
    pub model: String,
    /// Digest of its weights.
    pub sha256: Sha256,
    /// How weeks were scaled.
    pub scaler: String,
    /// The weeks.
    pub embeddings: Vec<Item>,
}

impl Document {
    /// Reads what [`Output`] wrote as JSON.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let document: Self = serde_json::from_reader(BufReader::new(File::open(path)?))
            .context("not a file of embeddings as `clarity pat embed` writes it")?;
        if document
            .embeddings
            .iter()
            .any(|item| item.embedding.len() != WIDTH)
        {
            bail!("an embedding has {WIDTH} numbers");
        }
        Ok(document)
    }
}

/// A file of embeddings that is being written.
pub enum Output {
    /// `.json`.
    Json {
        /// Where it will be.
        path: PathBuf,
        /// Where it is meanwhile.
        unfinished: PathBuf,
        /// The open file.
        file: BufWriter<File>,
        /// Weeks so far.
        weeks: usize,
    },
    /// `.parquet`.
    Parquet {
        /// The table.
        table: Writer,
        /// Model, digest and scaler of every row.
        every: [Cell; 3],
    },
}

impl Output {
    /// Begins a file; its extension says which.
    pub fn create(path: &Path, model: &Model, scaler: &str) -> anyhow::Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => json(path, model, scaler),
            Some("parquet") => {
                let table = Writer::create(path, Form::Parquet, headings())?;
                let text = |text: String| Cell::Text(text);
                let every = [
                    text(model.name.clone()),
                    text(model.sha256.to_string()),
                    text(scaler.to_owned()),
                ];
                Ok(Self::Parquet { table, every })
            }
            Some(_) | None => bail!("--out must end in .json or .parquet"),
        }
    }

    /// Writes a week.
    pub fn week(&mut self, week: &Week, embedding: Embedding) -> anyhow::Result<()> {
        match self {
            Self::Json { file, weeks, .. } => {
                if *weeks > 0 {
                    file.write_all(b",\n")?;
                }
                *weeks += 1;
                let item = Item {
                    path: week.path.clone(),
                    week: week.number,
                    embedding: embedding.mean.to_vec(),
                    attention_profile: embedding.attention,
                };
                Ok(serde_json::to_writer(file, &item)?)
            }
            Self::Parquet { table, every } => {
                let mut row = vec![Cell::Text(week.path.clone()), Cell::count(week.number)];
                row.extend(every.iter().cloned());
                row.extend(
                    embedding
                        .mean
                        .iter()
                        .map(|&value| Cell::number(f64::from(value))),
                );
                table.row(row)
            }
        }
    }

    /// Ends the file and gives it its name.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Parquet { table, .. } => table.finish(),
            Self::Json {
                path,
                unfinished,
                mut file,
                ..
            } => {
                file.write_all(b"\n]}\n")?;
                let file = file
                    .into_inner()
                    .map_err(std::io::IntoInnerError::into_error)?;
                file.sync_all()?;
                std::fs::rename(&unfinished, &path)
                    .with_context(|| format!("naming {}", path.display()))
            }
        }
    }
}

fn json(path: &Path, model: &Model, scaler: &str) -> anyhow::Result<Output> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let file =
        File::create(&unfinished).with_context(|| format!("creating {}", unfinished.display()))?;
    let mut file = BufWriter::new(file);
    let text = |text: &str| serde_json::Value::from(text).to_string();
    writeln!(
        file,
        "{{\"model\":{},\"sha256\":\"{}\",\"scaler\":{},\"embeddings\":[",
        text(&model.name),
        model.sha256,
        text(scaler)
    )?;
    Ok(Output::Json {
        path: path.to_owned(),
        unfinished,
        file,
        weeks: 0,
    })
}

fn headings() -> Vec<Heading> {
    let mut headings = vec![
        Heading::new("path", Kind::Text),
        Heading::new("week", Kind::Whole),
        Heading::new("model", Kind::Text),
        Heading::new("sha256", Kind::Text),
        Heading::new("scaler", Kind::Text),
    ];
    headings
        .extend((0..WIDTH).map(|index| Heading::new(format!("embedding_{index}"), Kind::Number)));
    headings
}
