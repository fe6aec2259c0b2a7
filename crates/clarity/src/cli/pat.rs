//! The actigraphy transformer on a cohort: embeddings, heads on them, and what a head says.
//!
//! A file that cannot be read is reported and left out; the others go on. It must never mix embeddings of
//! different weights or scalers, and never let steps lead to a probability.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lab::embed::card::{Card, HEAD, Kept, Origin, Rhythm};
use lab::embed::encode::{BATCH, Model, threads};
use lab::embed::labels::Labels;
use lab::embed::scaler;
use lab::embed::weeks::{RHYTHM, Reading, Week};
use lab::embed::written::{Document, Output};
use lab::find;
use lab::load::How;
use pat::head::Row;
use pat::head::evaluate::{Evaluation, Plan, evaluate, train};
use serde_json::json;

use crate::cli::args::Global;
use crate::cli::args::pat::{Apply, Embed, Fit, PatCommand, Weeks};
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::{household, output};

/// Penalties that cross-validation chooses from.
const PENALTIES: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1_000.0];
/// Minutes: the epoch of the transformer.
const EPOCH_S: u32 = 60;

/// Does what is asked with the transformer.
pub(super) fn pat(global: &Global, command: PatCommand) -> Result<(), Failure> {
    match command {
        PatCommand::Embed(wanted) => embed(global, &wanted),
        PatCommand::Fit(wanted) => fit(global, &wanted),
        PatCommand::Apply(wanted) => apply(global, &wanted),
    }
}

/// What became of the files of a run.
#[derive(Debug, Default)]
struct Tally {
    files: usize,
    failed: usize,
    weeks: usize,
    insufficient: usize,
}

fn embed(global: &Global, wanted: &Embed) -> Result<(), Failure> {
    let config = household::settings_or_fail(global, &[])?;
    let reading = reading(&wanted.weeks)?;
    let scaler = reading.scaler.label();
    let threads = threads(wanted.weeks.threads);
    let mut model = Model::open(&config.data_dir, &wanted.model, wanted.seed, threads)?;
    let mut out = Output::create(&wanted.out, &model, &scaler)
        .map_err(|error| Failure::usage(format!("{error:#}")))?;
    let files =
        find::recordings(&wanted.paths).map_err(|error| Failure::usage(error.to_string()))?;
    let mut proxies = 0_usize;
    let tally = each_week(&files, &reading, &mut |weeks| {
        let embedded = model.embed(weeks)?;
        for (week, embedding) in weeks.iter().zip(embedded) {
            proxies += usize::from(week.is_proxy);
            out.week(week, embedding)?;
        }
        Ok(())
    })?;
    if proxies > 0 {
        output::note(&format!(
            "{proxies} weeks are made of steps: a proxy, to be compared with nothing else"
        ));
    }
    output::note(&model.attribution);
    out.finish()?;
    if global.json {
        output::json(&json!({
            "model": model.name, "sha256": model.sha256, "scaler": scaler, "files": tally.files,
            "failed": tally.failed, "weeks": tally.weeks, "insufficient_weeks": tally.insufficient,
        }))?;
    } else {
        output::line(&format!(
            "{}: {} weeks of {} files, {} weeks left out for too little wear",
            wanted.out.display(),
            tally.weeks,
            tally.files - tally.failed,
            tally.insufficient
        ))?;
    }
    match tally.failed {
        0 => Ok(()),
        failed => Err(Failure::Failed(anyhow::anyhow!(
            "{failed} of {} files could not be read",
            tally.files
        ))),
    }
}

fn reading(wanted: &Weeks) -> Result<Reading, Failure> {
    Ok(Reading {
        scaler: scaler::named(&wanted.scaler)
            .map_err(|error| Failure::usage(format!("{error:#}")))?,
        nonwear: wanted.nonwear.leave_out(),
        how: How {
            format: wanted.format.clone(),
            channel: wanted.channel.clone(),
            epoch_s: Some(EPOCH_S),
            ..How::default()
        },
    })
}

/// Reads files and hands their weeks over in batches; files that fail are reported and counted.
fn each_week(
    files: &[PathBuf],
    reading: &Reading,
    take: &mut dyn FnMut(&[Week]) -> anyhow::Result<()>,
) -> anyhow::Result<Tally> {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let total: u64 = files.iter().map(|path| bytes(path)).sum();
    let mut progress = Progress::begin("weeks".to_owned(), Some(total));
    let mut tally = Tally::default();
    let mut done = 0;
    let mut waiting: Vec<Week> = Vec::new();
    for path in files {
        tally.files += 1;
        match reading.file(path) {
            Ok(found) => {
                tally.weeks += found.weeks.len();
                tally.insufficient += found.insufficient;
                waiting.extend(found.weeks);
            }
            Err(error) => {
                tally.failed += 1;
                output::note(&format!("{}: {error:#}", path.display()));
            }
        }
        while waiting.len() >= BATCH {
            let rest = waiting.split_off(BATCH);
            take(&waiting)?;
            waiting = rest;
        }
        done += bytes(path);
        progress.at(done, u64::try_from(tally.weeks).unwrap_or(u64::MAX));
    }
    if !waiting.is_empty() {
        take(&waiting)?;
    }
    progress.end();
    Ok(tally)
}

/// A week as a head reads it.
struct Features {
    path: String,
    week: usize,
    embedding: Vec<f64>,
    rhythm: Option<Vec<f64>>,
}

/// Embedded weeks of a cohort, all made alike.
struct Embedded {
    origin: Origin,
    attribution: String,
    weeks: Vec<Features>,
    insufficient: usize,
}

/// Where embeddings of a run come from.
struct Wanted<'a> {
    files: Vec<PathBuf>,
    model: Option<&'a str>,
    seed: u64,
    weeks: &'a Weeks,
}

fn embedded(global: &Global, wanted: &Wanted<'_>) -> Result<Embedded, Failure> {
    let is_document = |path: &&PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    };
    let documents = wanted.files.iter().filter(is_document).count();
    if documents == wanted.files.len() && documents > 0 {
        return Ok(from_documents(&wanted.files)?);
    }
    if documents > 0 {
        return Err(Failure::usage("give embeddings or recordings, not both"));
    }
    let Some(name) = wanted.model else {
        return Err(Failure::usage(
            "--model says which encoder embeds the recordings",
        ));
    };
    let config = household::settings_or_fail(global, &[])?;
    let reading = reading(wanted.weeks)?;
    let mut model = Model::open(
        &config.data_dir,
        name,
        wanted.seed,
        threads(wanted.weeks.threads),
    )?;
    let mut found = Vec::new();
    let tally = each_week(&wanted.files, &reading, &mut |weeks| {
        let embeddings = model.embed(weeks)?;
        for (week, embedding) in weeks.iter().zip(embeddings) {
            if week.is_proxy {
                bail!(
                    "{} counts steps: a proxy never leads to a probability",
                    week.path
                );
            }
            found.push(Features {
                path: week.path.clone(),
                week: week.number,
                embedding: embedding
                    .mean
                    .iter()
                    .map(|&value| f64::from(value))
                    .collect(),
                rhythm: week.rhythm.clone(),
            });
        }
        Ok(())
    })?;
    Ok(Embedded {
        origin: Origin {
            model: model.name.clone(),
            sha256: model.sha256,
            scaler: reading.scaler.label(),
        },
        attribution: model.attribution.clone(),
        weeks: found,
        insufficient: tally.insufficient,
    })
}

fn from_documents(files: &[PathBuf]) -> anyhow::Result<Embedded> {
    let mut all: Option<Embedded> = None;
    for path in files {
        let document = Document::read(path).with_context(|| path.display().to_string())?;
        let origin = Origin {
            model: document.model,
            sha256: document.sha256,
            scaler: document.scaler,
        };
        let all = all.get_or_insert_with(|| Embedded {
            attribution: format!(
                "embeddings that were given, of weights with SHA-256 {}",
                origin.sha256
            ),
            origin: origin.clone(),
            weeks: Vec::new(),
            insufficient: 0,
        });
        if all.origin != origin {
            bail!(
                "{} was made with other weights or another scaler than the first",
                path.display()
            );
        }
        all.weeks
            .extend(document.embeddings.into_iter().map(|item| Features {
                path: item.path,
                week: item.week,
                embedding: item.embedding.into_iter().map(f64::from).collect(),
                rhythm: None,
            }));
    }
    all.context("no embeddings")
}

fn fit(global: &Global, wanted: &Fit) -> Result<(), Failure> {
    let labels = Labels::read(&wanted.labels, &wanted.target)
        .map_err(|error| Failure::usage(format!("{error:#}")))?;
    let files = labelled(wanted, &labels)?;
    let found = embedded(
        global,
        &Wanted {
            files,
            model: wanted.model.as_deref(),
            seed: wanted.seed,
            weeks: &wanted.weeks,
        },
    )?;
    let rows = |of: &dyn Fn(&Features) -> Option<Vec<f64>>| -> Vec<Row> {
        let labelled = found
            .weeks
            .iter()
            .filter_map(|week| labels.row(&week.path, week.week, of(week)?));
        labelled.collect()
    };
    let embeddings = rows(&|week| Some(week.embedding.clone()));
    let plan = plan(wanted);
    let kind = wanted.head.kind();
    let short = |lack: analysis::outcome::Insufficient| {
        anyhow::anyhow!("the labelled weeks do not suffice: {lack}")
    };
    let evaluation = evaluate(&embeddings, kind, &plan).map_err(short)?;
    let (head, penalty) = train(&embeddings, kind, &plan).map_err(short)?;
    let rhythm = rhythm(&rows(&|week| week.rhythm.clone()), kind, &plan);
    let card = Card {
        target: &wanted.target,
        head: kind,
        origin: &found.origin,
        attribution: &found.attribution,
        penalty,
        folds: [plan.outer, plan.inner],
        seed: wanted.seed,
        insufficient_weeks: found.insufficient,
        evaluation: &evaluation,
        rhythm: rhythm.as_ref().map(|evaluation| Rhythm {
            measures: RHYTHM,
            evaluation,
        }),
    };
    if let Some(folder) = &wanted.out {
        let kept = Kept::new(
            &wanted.target,
            found.origin.clone(),
            wanted.seed,
            &evaluation,
            head,
        );
        write(folder, &kept, &card)?;
    }
    output::note(&found.attribution);
    if global.json {
        output::json(&card)
    } else {
        output::line(&card.lines())
    }
}

/// The files of the run that have labels; embeddings name their recordings themselves.
fn labelled(wanted: &Fit, labels: &Labels) -> Result<Vec<PathBuf>, Failure> {
    let paths = if wanted.paths.is_empty() {
        labels.paths()
    } else {
        wanted.paths.clone()
    };
    let mut files = find::recordings(&paths).map_err(|error| Failure::usage(error.to_string()))?;
    files.retain(|path| {
        labels.knows(path)
            || path
                .extension()
                .is_some_and(|extension| extension == "json")
    });
    if files.is_empty() {
        return Err(Failure::usage(
            "no file is labelled; the column recording holds names of files",
        ));
    }
    Ok(files)
}

fn plan(wanted: &Fit) -> Plan {
    let folds = |count: u64| usize::try_from(count).unwrap_or(2);
    Plan {
        outer: folds(wanted.folds),
        inner: folds(wanted.inner_folds),
        penalties: PENALTIES.to_vec(),
        resamples: wanted.resamples,
        shuffles: wanted.shuffles,
        seed: wanted.seed,
    }
}

/// The same head on plain measures; a word where there are too few of them.
fn rhythm(rows: &[Row], kind: pat::head::Kind, plan: &Plan) -> Option<Evaluation> {
    match evaluate(rows, kind, plan) {
        Ok(evaluation) => Some(evaluation),
        Err(lack) => {
            output::note(&format!("no baseline of rhythm measures: {lack}"));
            None
        }
    }
}

fn write(folder: &Path, kept: &Kept, card: &Card<'_>) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    for (name, text) in [
        (HEAD, serde_json::to_string(kept)?),
        ("card.json", serde_json::to_string_pretty(card)?),
        ("card.md", card.markdown()),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn apply(global: &Global, wanted: &Apply) -> Result<(), Failure> {
    let kept = Kept::read(&wanted.head)?;
    let files =
        find::recordings(&wanted.paths).map_err(|error| Failure::usage(error.to_string()))?;
    let found = embedded(
        global,
        &Wanted {
            files,
            model: Some(&kept.origin.model),
            seed: kept.seed,
            weeks: &wanted.weeks,
        },
    )?;
    if found.origin != kept.origin {
        return Err(Failure::usage(format!(
            "the head reads embeddings of the weights {} with the scaler {}, these are of {} with {}",
            kept.origin.sha256, kept.origin.scaler, found.origin.sha256, found.origin.scaler
        )));
    }
    let mut by_file: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for week in &found.weeks {
        by_file
            .entry(&week.path)
            .or_default()
            .push(week.embedding.clone());
    }
    let rows: Vec<_> = by_file
        .into_iter()
        .map(|(path, weeks)| (path, weeks.len(), kept.probability(&weeks)))
        .collect();
    let [auc, low, high] = kept.auc;
    if global.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(path, weeks, probability)| json!({ "path": path, "weeks": weeks, "probability": probability }))
            .collect();
        return output::json(&json!({
            "target": kept.target, "auc": { "value": auc, "low": low, "high": high },
            "attribution": found.attribution, "diagnosis": false, "recordings": rows,
        }));
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(path, weeks, probability)| {
            let probability = probability.map(|probability| format!("{probability:.3}"));
            vec![
                path.to_owned(),
                weeks.to_string(),
                probability.unwrap_or_default(),
            ]
        })
        .collect();
    output::table(&["recording", "weeks", &kept.target], &rows)?;
    output::note(&format!(
        "\nNo diagnosis. On people it had not seen, this head reached an AUC of {auc:.2} [{low:.2}, {high:.2}].\n{}",
        found.attribution
    ));
    Ok(())
}
