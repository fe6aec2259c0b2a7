//! Samples are stored under the number of a row, in its unit and in buckets of its width, and persons' own
//! types are promoted when the count of names grows: so rows and names are added, never changed.

use std::path::Path;

use model::metric::{CATALOGUE, Metric};

/// What is stored of a row, and its names: `number, id, kind, unit, days of a bucket, names`.
fn row(metric: &Metric) -> String {
    let names = [Some(metric.id), metric.healthkit].into_iter().flatten();
    let names: Vec<&str> = names.chain(metric.aliases.iter().copied()).collect();
    format!(
        "{}\t{}\t{:?}\t{}\t{}\t{}",
        metric.no.0,
        metric.id,
        metric.kind,
        metric.unit.ucum(),
        metric.density.bucket_days(),
        names.join(" ")
    )
}

#[test]
fn the_catalogue_only_grows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue.tsv");
    let committed = std::fs::read_to_string(&path).expect("a file of this repository");
    let rows: Vec<String> = CATALOGUE.iter().map(row).collect();
    for line in committed.lines() {
        let (fixed, names) = line.rsplit_once('\t').expect("columns");
        let now = rows.iter().find_map(|row| {
            let (own, names) = row.rsplit_once('\t')?;
            (own == fixed).then_some(names)
        });
        let now = now.unwrap_or_else(|| panic!("a stored row was changed or removed: {fixed}"));
        for name in names.split(' ') {
            let is_there = now.split(' ').any(|known| known == name);
            assert!(is_there, "{fixed} lost its name {name}");
        }
    }
    let text: String = rows.iter().flat_map(|row| [row.as_str(), "\n"]).collect();
    if std::env::var_os("CLARITY_WRITE_DOCS").is_some() {
        std::fs::write(&path, text).expect("a folder that can be written to");
        return;
    }
    let is_new = |row: &&String| !committed.lines().any(|line| line == *row);
    let new: Vec<&String> = rows.iter().filter(is_new).collect();
    assert!(
        text == committed,
        "{} is stale: run make docs and commit the result; new are {new:#?}",
        path.display()
    );
}
