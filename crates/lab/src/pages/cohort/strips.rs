//! How the measures of a cohort spread: a strip for each, with a lane for each kind of recording.

use analysis::report::column::{Column, Kind};

use super::Gathered;
use crate::report::{Axis, Lane, Strip, words};

/// Kinds of recordings that get a lane of their own; a cohort has few.
const LANES_MAX: usize = 12;
/// The lane of the kinds beyond.
const OTHERS: &str = "other devices";

impl Gathered {
    /// The strips of the measures: one with a lane for each kind of recording, or one for each unit where the
    /// measure has that of the activity.
    pub(super) fn strips(&self, shown: &[&'static Column]) -> Vec<Strip> {
        let mut strips = Vec::new();
        for column in shown {
            let Some(values) = self.values.get(column.id) else {
                continue;
            };
            let is_of_input = column.unit.contains("input");
            let axis = match column.kind {
                Kind::Clock => Axis::Clock,
                Kind::Number | Kind::Whole | Kind::Instant | Kind::Day | Kind::Text => {
                    Axis::Numbers
                }
            };
            let scale = if words::is_percent(column.id) {
                100.0
            } else {
                1.0
            };
            let lanes: Vec<(String, Lane)> = self.lanes(values, scale);
            let strip = |unit: &str, lanes| Strip {
                id: column.id,
                name: words::name("", column.id),
                unit: words::unit(column.id, column.unit, unit),
                axis,
                lanes,
            };
            // A single recording of its kind has no spread; it stands in the table.
            let lanes: Vec<(String, Lane)> = lanes
                .into_iter()
                .filter(|(_, lane)| lane.values.len() > 1)
                .collect();
            if lanes.is_empty() {
                continue;
            }
            if is_of_input {
                let own = lanes
                    .into_iter()
                    .map(|(unit, lane)| strip(&unit, vec![lane]));
                strips.extend(own);
            } else {
                strips.push(strip("", lanes.into_iter().map(|(_, lane)| lane).collect()));
            }
        }
        strips
    }

    /// The values of each kind of recording with the unit of its activity.
    fn lanes(&self, values: &[(String, String, f64)], scale: f64) -> Vec<(String, Lane)> {
        let mut lanes: Vec<(String, Lane)> = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate() {
            let of_kind = values.iter().filter(|value| value.0 == *kind);
            let found: Vec<f64> = of_kind.clone().map(|value| value.2 * scale).collect();
            let Some((_, unit, _)) = of_kind.clone().next() else {
                continue;
            };
            let label = if place < LANES_MAX {
                kind.as_str()
            } else {
                OTHERS
            };
            match lanes
                .iter_mut()
                .find(|(own, lane)| lane.label == label && own == unit)
            {
                Some((_, lane)) => lane.values.extend(found),
                None => lanes.push((
                    unit.clone(),
                    Lane {
                        label: label.to_owned(),
                        values: found,
                    },
                )),
            }
        }
        lanes
    }
}
