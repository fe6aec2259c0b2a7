//! Measures heart-rate variability from files of beat intervals.

use analysis::heart::variability::Treatment;
use lab::find;
use lab::hrv::{self, Document, Wanted};
use serde_json::json;

use crate::cli::args::{Global, Hrv, HrvArtefacts};
use crate::cli::failure::Failure;
use crate::cli::output;

/// Prints one table per file, or with `--json` one list of documents.
pub(super) fn hrv(global: &Global, asked: &Hrv) -> Result<(), Failure> {
    let files =
        find::recordings(&asked.files).map_err(|error| Failure::usage(error.to_string()))?;
    let wanted = Wanted {
        treatment: match asked.artefacts {
            HrvArtefacts::Kept => Treatment::Kept,
            HrvArtefacts::Beats => Treatment::Beats,
            HrvArtefacts::Threshold => Treatment::Threshold(f64::from(asked.threshold_ms)),
        },
        window_s: asked.window,
    };
    let mut documents = Vec::new();
    let mut failed = 0;
    for path in &files {
        match hrv::of_file(path, &wanted) {
            Ok(document) if global.json => {
                documents.push(json!({ "file": path.display().to_string(), "result": document }));
            }
            Ok(document) => print(&path.display().to_string(), &document)?,
            Err(error) => {
                failed += 1;
                let reason = output::causes(&anyhow::Error::new(error));
                output::note(&format!("{}: {reason}", path.display()));
                if global.json {
                    documents.push(json!({ "file": path.display().to_string(), "error": reason }));
                }
            }
        }
    }
    if global.json {
        output::json(&documents)?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Partly(format!(
            "{failed} of {} files could not be read",
            files.len()
        ))),
    }
}

fn print(name: &str, document: &Document) -> Result<(), Failure> {
    let stretch = &document.stretch;
    let artefacts = &document.artefacts;
    output::line(&format!(
        "{name}: {} intervals ({}, {}); the longest stretch without a pause has {} in {:.0} s",
        document.input.intervals,
        document.input.format,
        document.input.unit,
        stretch.intervals,
        stretch.duration_s,
    ))?;
    output::line(&match (artefacts.method, artefacts.share) {
        (Some(method), Some(share)) => format!(
            "{method}: {} ectopic, {} missed, {} extra, {} long or short; {:.1} % of beats{}",
            artefacts.ectopic,
            artefacts.missed,
            artefacts.extra,
            artefacts.long_short,
            100.0 * share,
            if artefacts.too_many {
                ", too many to use the values"
            } else {
                ""
            }
        ),
        (Some(method), None) => format!(
            "{method}: nothing was judged; {}",
            artefacts.reason.as_deref().unwrap_or("no beats")
        ),
        (None, _) => "beats were kept as they are".to_owned(),
    })?;
    let rows: Vec<Vec<String>> = document
        .measures
        .iter()
        .map(|line| {
            let title = line.measure.title;
            let (value, meaning) = match &line.value {
                Ok(value) => (format!("{value:.3}"), title.to_owned()),
                Err(reason) => ("–".to_owned(), format!("{title}: {reason}")),
            };
            vec![
                line.measure.id.to_owned(),
                value,
                line.measure.unit.to_owned(),
                meaning,
            ]
        })
        .collect();
    output::table(&["measure", "value", "unit", "meaning"], &rows)?;
    if document.windows.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = document
        .windows
        .iter()
        .map(|window| {
            let exponent = match (window.dfa_alpha1, &window.reason) {
                (Some(exponent), _) => format!("{exponent:.3}"),
                (None, reason) => format!("– ({})", reason.as_deref().unwrap_or_default()),
            };
            vec![
                format!("{:.0}", window.start_s),
                window.intervals.to_string(),
                exponent,
            ]
        })
        .collect();
    output::table(&["from second", "intervals", "DFA alpha 1"], &rows)
}
