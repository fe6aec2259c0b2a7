//! The groups of measures: every column of a report by its name.

use crate::report::column::{Column, ColumnValue};
use crate::report::{Report, intensity, rest, rhythm, sleep, structure};

/// The groups of measures with their names, in the order of the columns.
pub const GROUPS: &[(&str, &[Column])] = &[
    ("rhythm", rhythm::COLUMNS),
    ("shape", rhythm::SHAPE),
    ("structure", structure::COLUMNS),
    ("light", rhythm::LIGHT),
    ("sleep", sleep::COLUMNS),
    ("rest", rest::COLUMNS),
    ("intensity", intensity::COLUMNS),
];

/// Every measure, in the order of the columns.
pub fn all() -> impl Iterator<Item = &'static Column> {
    GROUPS.iter().flat_map(|(_, columns)| columns.iter())
}

/// The measures that a name stands for: a measure, or else a group of them or all of a method.
pub fn named(name: &str) -> Vec<&'static Column> {
    if let Some(column) = all().find(|column| column.id == name) {
        return vec![column];
    }
    if let Some((_, columns)) = GROUPS.iter().find(|(group, _)| *group == name) {
        return columns.iter().collect();
    }
    all().filter(|column| column.method.id == name).collect()
}

/// Every measure of a report, in the order of the columns.
pub fn measures(report: &Report<'_>) -> Vec<ColumnValue> {
    all().map(|column| report.measure(column)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::report::column::Kind;

    #[test]
    fn every_measure_has_its_own_name_and_a_listed_method() {
        let mut names: Vec<&str> = all().map(|column| column.id).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for column in all() {
            assert!(
                catalogue::ALL.contains(column.method),
                "{} comes from a method that is not in the catalogue",
                column.id
            );
            assert!(column.about.ends_with('.'), "{}", column.id);
            assert!(
                matches!(column.kind, Kind::Number | Kind::Clock),
                "{}",
                column.id
            );
        }
    }

    #[test]
    fn names_stand_for_measures_groups_and_methods() {
        assert_eq!(named("l5").len(), 1);
        assert_eq!(named("cosinor").len(), 4);
        assert!(named("rhythm").len() > 10);
        assert!(named("nonsense").is_empty());
    }
}
