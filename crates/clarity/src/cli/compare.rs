//! Compares two groups of analysed recordings.

use analysis::report::column::Column;
use analysis::report::groups;
use lab::compare::{self, Compared, shown};
use serde_json::json;

use crate::cli::args::{Compare, Global};
use crate::cli::failure::Failure;
use crate::cli::{analyze, output};

/// Prints the comparison: medians, probabilities and effect sizes, one measure per line.
pub(super) fn compare(global: &Global, wanted: &Compare) -> Result<(), Failure> {
    let between = match wanted.between.as_slice() {
        [] => None,
        [first, second] => Some((first.as_str(), second.as_str())),
        _ => {
            return Err(Failure::usage(
                "--between takes two groups, such as patient,control",
            ));
        }
    };
    let columns = columns(&wanted.methods)?;
    let found = compare::compare(
        &wanted.results,
        &wanted.groups,
        &wanted.by,
        between,
        &columns,
    )
    .map_err(|error| Failure::usage(error.to_string()))?;
    let (first, second) = &found.labels;
    if global.json {
        let measures: Vec<_> = found.lines.iter().map(document).collect();
        return output::json(&json!({
            "first": first, "second": second, "n": [found.counts.0, found.counts.1],
            "unlabelled": found.unlabelled, "measures": measures,
        }));
    }
    let of_first = format!("median {first}");
    let of_second = format!("median {second}");
    let headings = [
        "measure", "n", &of_first, &of_second, "U", "p", "q", "AUC", "95 %", "delta",
    ];
    let rows: Vec<Vec<String>> = found.lines.iter().map(row).collect();
    output::table(&headings, &rows)?;
    if !found.unlabelled.is_empty() {
        let count = found.unlabelled.len();
        output::note(&format!(
            "{count} recordings have no label and were left out"
        ));
    }
    Ok(())
}

fn columns(names: &[String]) -> Result<Vec<&'static Column>, Failure> {
    if names.is_empty() {
        return Ok(groups::all().collect());
    }
    let mut found: Vec<&'static Column> = Vec::new();
    for name in names {
        for column in analyze::named(name)? {
            if found.iter().all(|known| known.id != column.id) {
                found.push(column);
            }
        }
    }
    Ok(found)
}

fn row(line: &Compared) -> Vec<String> {
    let mut row = vec![line.column.id.to_owned()];
    match &line.outcome {
        Ok(found) => row.extend([
            format!("{}+{}", found.counts.0, found.counts.1),
            shown(line.column, found.medians.0),
            shown(line.column, found.medians.1),
            format!("{}", found.u),
            probability(found.p),
            probability(line.q),
            format!("{:.3}", found.auc),
            format!("{:.3} – {:.3}", found.auc_interval.0, found.auc_interval.1),
            format!("{:+.3}", found.delta),
        ]),
        Err(reason) => row.push(reason.clone()),
    }
    row
}

fn probability(p: f64) -> String {
    if p < 0.001 {
        format!("{p:.1e}")
    } else {
        format!("{p:.4}")
    }
}

fn document(line: &Compared) -> serde_json::Value {
    match &line.outcome {
        Ok(found) => json!({
            "measure": line.column.id, "unit": line.column.unit,
            "n": [found.counts.0, found.counts.1], "medians": [found.medians.0, found.medians.1],
            "u": found.u, "p": found.p, "q": line.q, "auc": found.auc,
            "auc_interval": [found.auc_interval.0, found.auc_interval.1], "delta": found.delta,
        }),
        Err(reason) => json!({ "measure": line.column.id, "reason": reason }),
    }
}
