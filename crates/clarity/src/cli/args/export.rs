//! What `clarity export` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Whose data.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: String,
    /// How to write it.
    #[arg(long, default_value = "ndjson")]
    pub(crate) format: Format,
    /// Where to write it; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Forms of an export.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
#[value(rename_all = "snake_case")]
pub(crate) enum Format {
    /// One JSON object per line.
    Ndjson,
    /// One JSON document.
    Json,
    /// One table of samples.
    Csv,
    /// A table of local days, one column for each metric.
    Daily,
    /// FHIR R4, one Bundle.
    Fhir,
    /// FHIR R4, one resource per line.
    FhirNdjson,
    /// Data points of Open mHealth and IEEE 1752.1, one per line.
    OpenMhealth,
    /// One table, as a stream of Apache Arrow.
    Arrow,
    /// One table, as a file of Apache Parquet.
    Parquet,
    /// Everything that is kept about the person, as one zip archive.
    Bundle,
}
