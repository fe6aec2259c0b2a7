//! Arguments of `clarity pat`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use lab::embed::weeks::LeaveOut;
use pat::head::Kind;

/// Arguments of `pat`.
#[derive(Debug, Args)]
pub(crate) struct Pat {
    #[command(subcommand)]
    pub(crate) command: PatCommand,
}

/// What to do with the actigraphy transformer.
#[derive(Debug, Subcommand)]
pub(crate) enum PatCommand {
    /// Turns weeks into embeddings, with the share of attention of each patch.
    Embed(Embed),
    /// Trains a head on frozen embeddings and says how well it does on people it has not seen.
    Fit(Fit),
    /// Applies a head; what it prints is no diagnosis.
    Apply(Apply),
}

/// How files become embedded weeks.
#[derive(Debug, Args)]
pub(crate) struct Weeks {
    /// How minutes are scaled: none, week (each by its own mean and deviation), or a JSON file with
    /// name, mean and deviation of each of 10,080 minutes.
    #[arg(long, default_value = "week", value_name = "SCALER")]
    pub(crate) scaler: String,
    /// Minutes that count as not worn.
    #[arg(long, default_value = "choi")]
    pub(crate) nonwear: WeekNonwear,
    /// What the recordings are; without it, they are recognised by their content.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// The channel that is the activity; without it, the device's main one.
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
    /// Threads to compute with; without it, one for each core.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Arguments of `pat embed`.
#[derive(Debug, Args)]
pub(crate) struct Embed {
    /// Recordings, folders of them, or .npy arrays of shape (n, 10080).
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// An installed model (`clarity models list`), or random-small, random-medium, random-large: an
    /// encoder that has learned nothing, as a baseline.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: String,
    /// Where to write: .json with attention profiles, or .parquet without.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Seed of random weights.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) weeks: Weeks,
}

/// Arguments of `pat fit`.
#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// Recordings, folders, .npy arrays, or embeddings as .json; without any, the files that the labels
    /// name, beside the labels.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// CSV with the columns recording (or path), optionally person and week, and the target.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: PathBuf,
    /// The column to predict: 1 or 0, true or false, yes or no.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: String,
    /// As for embed; not needed when every PATH is a file of embeddings.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Which head.
    #[arg(long, default_value = "logistic")]
    pub(crate) head: HeadKind,
    /// Folder for head.json, card.json and card.md.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Folds of people that are predicted in turn.
    #[arg(long, default_value_t = 5, value_name = "COUNT", value_parser = folds())]
    pub(crate) folds: u64,
    /// Folds within the others that choose the penalty.
    #[arg(long, default_value_t = 3, value_name = "COUNT", value_parser = folds())]
    pub(crate) inner_folds: u64,
    /// Resamples of people for the intervals.
    #[arg(long, default_value_t = 2_000, value_name = "COUNT")]
    pub(crate) resamples: usize,
    /// Shuffles of the labels for the baseline.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    pub(crate) shuffles: usize,
    /// Seed of everything that is chance.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) weeks: Weeks,
}

/// Folds that leave people on both sides.
fn folds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(2..=10)
}

/// Heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeadKind {
    /// Logistic regression with an L2 penalty.
    Logistic,
    /// Dropout, 128 rectified units, one sigmoid unit.
    Network,
}

impl HeadKind {
    /// The head as the analysis knows it.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Logistic => Kind::Logistic,
            Self::Network => Kind::Network,
        }
    }
}

/// Rules for which minutes of a week count as not worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WeekNonwear {
    /// None.
    Kept,
    /// Those that Choi 2011 marks.
    Choi,
}

impl WeekNonwear {
    /// The rule as the laboratory knows it.
    pub(crate) const fn leave_out(self) -> LeaveOut {
        match self {
            Self::Kept => LeaveOut::Kept,
            Self::Choi => LeaveOut::Choi,
        }
    }
}

/// Arguments of `pat apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The folder that `pat fit` wrote, or the head.json in it.
    #[arg(value_name = "HEAD")]
    pub(crate) head: PathBuf,
    /// Recordings, folders, .npy arrays, or embeddings as .json.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) weeks: Weeks,
}
