//! A method that gives other values has another version: the columns of the report on recordings of the
//! project's own set, by method.

use std::collections::BTreeMap;
use std::path::Path;

use analysis::report::{Input, Report, day, groups, night};
use oracle::versions::{Digest, hold};

use crate::pages::writing;
use crate::reference::recordings;

#[test]
fn another_value_of_a_column_is_another_version() {
    let mut found: BTreeMap<String, (u32, Digest)> = BTreeMap::new();
    for recording in recordings().iter().filter(|recording| recording.is_own) {
        let mut input = Input::new(&recording.series);
        input.light = recording.light.first().map(|(_, light)| light);
        let report = Report::new(input);
        for measured in groups::measures(&report) {
            let method = measured.column.method;
            let entry = found
                .entry(format!("{} {}", method.id, measured.column.id))
                .or_insert((method.version, Digest::default()));
            entry
                .1
                .number(measured.outcome.ok().map(|found| found.value));
        }
        let nights = report.nights().iter();
        let cells = nights.flat_map(|row| night::FIELDS.iter().map(|field| (field.of)(row)));
        let entry = found
            .entry("nights, as a table".to_owned())
            .or_insert((night::NIGHTS.version, Digest::default()));
        cells.for_each(|cell| entry.1.text(&cell.text()));
        let days = report.days().iter();
        let cells = days.flat_map(|row| day::FIELDS.iter().map(|field| (field.of)(row)));
        let entry = found
            .entry("days, as a table".to_owned())
            .or_insert((day::DAYS.version, Digest::default()));
        cells.for_each(|cell| entry.1.text(&cell.text()));
    }
    assert!(found.len() > 30, "{} columns", found.len());
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/versions.tsv");
    hold(&table, &found, writing());
}
