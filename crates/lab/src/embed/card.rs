//! A head with what is known of it: the file that is applied, and the card that people read.
//!
//! A head never leaves without its card: on whom it was trained, how well it told apart people whom it
//! had not seen, how that compares with plain rhythm measures and with chance, and what it is not.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use pat::head::evaluate::{Evaluation, Interval};
use pat::head::{Head, Kind, sigmoid};
use serde::{Deserialize, Serialize};

use crate::embed::weeks::RHYTHM;
use crate::models::digest::Sha256;

/// Name of the file that is applied.
pub const HEAD: &str = "head.json";
/// What the file is, so that another is not taken for it.
const FORMAT: &str = "clarity-pat-head-1";
/// The largest file of a head: the network has some 12,700 numbers.
const HEAD_BYTES_MAX: u64 = 4 << 20;

/// What embeddings were made with; a head reads no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Name of the encoder.
    pub model: String,
    /// Digest of its weights.
    pub sha256: Sha256,
    /// How weeks were scaled.
    pub scaler: String,
}

/// A head as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    format: String,
    /// What it predicts.
    pub target: String,
    /// What it reads.
    pub origin: Origin,
    /// Seed of the run, which also makes the weights of a random encoder.
    pub seed: u64,
    /// AUC over people it had not seen, with its interval.
    pub auc: [f64; 3],
    head: Head,
}

impl Kept {
    /// A trained head with the figures of its evaluation.
    pub fn new(target: &str, origin: Origin, seed: u64, found: &Evaluation, head: Head) -> Self {
        Self {
            format: FORMAT.to_owned(),
            target: target.to_owned(),
            origin,
            seed,
            auc: [found.auc.value, found.auc.low, found.auc.high],
            head,
        }
    }

    /// Reads a head, or the head in a folder that `fit` wrote.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let path = if path.is_dir() {
            path.join(HEAD)
        } else {
            path.to_owned()
        };
        let bytes = crate::models::shelf::read_bounded(&path, HEAD_BYTES_MAX)
            .with_context(|| format!("reading {}", path.display()))?;
        let kept: Self = serde_json::from_slice(&bytes).with_context(|| {
            format!(
                "{} is no head as `clarity pat fit` writes it",
                path.display()
            )
        })?;
        if kept.format != FORMAT {
            bail!(
                "{} is no head as `clarity pat fit` writes it",
                path.display()
            );
        }
        Ok(kept)
    }

    /// The probability that the weeks of one person give; None without weeks.
    pub fn probability(&self, weeks: &[Vec<f64>]) -> Option<f64> {
        let odds: Vec<f64> = weeks
            .iter()
            .map(|features| self.head.log_odds(features))
            .collect::<Option<_>>()?;
        (!odds.is_empty()).then(|| sigmoid(odds.iter().sum::<f64>() / odds.len() as f64))
    }
}

/// What is known of a head, for people and programs.
#[derive(Debug, Serialize)]
pub struct Card<'a> {
    /// What it predicts.
    pub target: &'a str,
    /// Which head.
    pub head: Kind,
    /// What it reads.
    #[serde(flatten)]
    pub origin: &'a Origin,
    /// Whose weights.
    pub attribution: &'a str,
    /// L2 penalty of the head that is kept.
    pub penalty: f64,
    /// Folds that were predicted, and folds that chose the penalty.
    pub folds: [usize; 2],
    /// Seed of folds, resamples and shuffles.
    pub seed: u64,
    /// Weeks with too little wear.
    pub insufficient_weeks: usize,
    /// How well it does.
    pub evaluation: &'a Evaluation,
    /// How well the same head does on plain measures of rest and activity.
    pub rhythm: Option<Rhythm<'a>>,
}

/// The baseline of plain measures.
#[derive(Debug, Serialize)]
pub struct Rhythm<'a> {
    /// The measures.
    pub measures: [&'static str; RHYTHM.len()],
    /// How well they do.
    pub evaluation: &'a Evaluation,
}

impl Card<'_> {
    /// The figures in two lines.
    pub fn lines(&self) -> String {
        let mut text = line(
            &format!("embedding of {}", self.origin.model),
            self.evaluation,
        );
        if let Some(rhythm) = &self.rhythm {
            text.push('\n');
            text.push_str(&line("rhythm measures", rhythm.evaluation));
        }
        text
    }

    /// The card as Markdown.
    pub fn markdown(&self) -> String {
        let found = self.evaluation;
        let mut out = format!(
            "# Head: {target}\n\n\
             What it is: a {kind} on frozen embeddings of one week each. It shows how alike a person's weeks are to \
             those of {positive} people with and {negative} without the label `{target}`. It is no diagnosis and no \
             measure of health.\n\n\
             | | |\n|---|---|\n| encoder | {model} |\n| SHA-256 of its weights | `{sha256}` |\n| scaler | {scaler} |\n\
             | weights | {attribution} |\n| L2 penalty | {penalty} |\n| seed | {seed} |\n\
             | people | {people} ({positive} with the label) |\n| weeks | {weeks} ({insufficient} left out for too little wear) |\n\n\
             ## How well it does\n\n\
             Nested cross-validation by person, {outer} folds outside and {inner} inside; intervals are 95 % over \
             resampled people.\n\n\
             | features | AUC | balanced accuracy | Brier | shuffled labels |\n|---|---|---|---|---|\n",
            target = self.target,
            kind = kind(self.head),
            positive = found.positive,
            negative = found.people - found.positive,
            model = self.origin.model,
            sha256 = self.origin.sha256,
            scaler = self.origin.scaler,
            attribution = self.attribution,
            penalty = self.penalty,
            seed = self.seed,
            people = found.people,
            weeks = found.weeks,
            insufficient = self.insufficient_weeks,
            outer = self.folds[0],
            inner = self.folds[1],
        );
        row(&mut out, "embedding", found);
        if let Some(rhythm) = &self.rhythm {
            row(&mut out, "rhythm measures", rhythm.evaluation);
        }
        out.push_str("\n## Calibration\n\n| people | mean probability | share with the label |\n|---|---|---|\n");
        for bin in &found.calibration {
            writeln!(
                out,
                "| {} | {:.2} | {:.2} |",
                bin.people, bin.predicted, bin.observed
            )
            .expect("a String takes every text");
        }
        out.push_str(
            "\n## Limits\n\n\
             The figures hold for people like these, with the same device, place of wear and scaler. The intervals do \
             not hold the chance of the folds. Where the interval of the AUC reaches 0.5, or overlaps that of the rhythm \
             measures, the embedding has shown nothing that they do not.\n",
        );
        out
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Logistic => "logistic regression",
        Kind::Network => "network of 128 hidden units",
    }
}

fn interval(figure: &Interval) -> String {
    format!(
        "{:.3} [{:.3}, {:.3}]",
        figure.value, figure.low, figure.high
    )
}

fn shuffled(found: &Evaluation) -> String {
    match &found.baseline {
        Some(baseline) => format!(
            "AUC {:.3} over {} shuffles, p {:.3}",
            baseline.auc_mean, baseline.shuffles, baseline.p
        ),
        None => "not asked for".to_owned(),
    }
}

fn line(features: &str, found: &Evaluation) -> String {
    format!(
        "{features}: AUC {}, balanced accuracy {}, {} people ({} with the label), {} weeks; shuffled labels: {}",
        interval(&found.auc),
        interval(&found.balanced_accuracy),
        found.people,
        found.positive,
        found.weeks,
        shuffled(found)
    )
}

fn row(out: &mut String, features: &str, found: &Evaluation) {
    writeln!(
        out,
        "| {features} | {} | {} | {:.3} | {} |",
        interval(&found.auc),
        interval(&found.balanced_accuracy),
        found.brier,
        shuffled(found)
    )
    .expect("a String takes every text");
}
