//! What a vendor's app writes into Apple Health: the same walks in coarser slices, the same nights, and the same
//! workouts with beginnings and ends a little apart, under the name of the app.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::fit::utc;

/// What an app wrote.
#[derive(Debug, Default, Clone)]
pub struct Mirror {
    /// The app as Apple Health names it.
    pub app: String,
    /// Steps from when until when, in seconds.
    pub steps: Vec<(i64, i64, f64)>,
    /// Codes of sleep from when until when, in seconds: 1 asleep, 2 awake, 3 light, 4 deep, 5 rapid eye movements.
    pub sleep: Vec<(i64, i64, i64)>,
    /// Activities, as Apple Health names them, from when until when, in seconds.
    pub workouts: Vec<(String, i64, i64)>,
}

impl Mirror {
    /// The same steps in slices of a length that begin on its multiples: what is counted over a border is shared.
    #[must_use]
    pub fn sliced(&self, length_s: i64) -> Self {
        let mut slices: BTreeMap<i64, f64> = BTreeMap::new();
        for (from_s, until_s, steps) in &self.steps {
            let mut at_s = *from_s;
            while at_s < *until_s {
                let slice = at_s.div_euclid(length_s);
                let next_s = ((slice + 1) * length_s).min(*until_s);
                let share = (next_s - at_s) as f64 / (until_s - from_s) as f64;
                *slices.entry(slice).or_default() += steps * share;
                at_s = next_s;
            }
        }
        let steps = slices.into_iter();
        Self {
            steps: steps
                .map(|(slice, steps)| (slice * length_s, (slice + 1) * length_s, steps))
                .collect(),
            ..self.clone()
        }
    }

    /// The export in an archive.
    pub fn zip(&self) -> Vec<u8> {
        let mut text =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
                        <ExportDate value=\"2026-11-20 12:00:00 +0000\"/>\n"
                .to_owned();
        let times = |from_s: i64, until_s: i64| {
            let print = |at_s| utc(at_s).replace('T', " ");
            let (from, until) = (print(from_s), print(until_s));
            format!(
                "creationDate=\"{until} +0000\" startDate=\"{from} +0000\" endDate=\"{until} +0000\""
            )
        };
        let app = &self.app;
        for (from_s, until_s, steps) in &self.steps {
            let _ = writeln!(
                text,
                " <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"{app}\" sourceVersion=\"1\" \
                 unit=\"count\" {} value=\"{steps}\"/>",
                times(*from_s, *until_s)
            );
        }
        for (from_s, until_s, code) in &self.sleep {
            let stage = match code {
                2 => "Awake",
                3 => "AsleepCore",
                4 => "AsleepDeep",
                5 => "AsleepREM",
                _ => "AsleepUnspecified",
            };
            let _ = writeln!(
                text,
                " <Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"{app}\" sourceVersion=\"1\" {} \
                 value=\"HKCategoryValueSleepAnalysis{stage}\"/>",
                times(*from_s, *until_s)
            );
        }
        for (activity, from_s, until_s) in &self.workouts {
            // A minute and a half later, and ending a minute sooner.
            let (from_s, until_s) = (from_s + 90, until_s - 60);
            let _ = writeln!(
                text,
                " <Workout workoutActivityType=\"HKWorkoutActivityType{activity}\" duration=\"{}\" durationUnit=\"min\" \
                 sourceName=\"{app}\" sourceVersion=\"1\" {}/>",
                (until_s - from_s) as f64 / 60.0,
                times(from_s, until_s)
            );
        }
        text.push_str("</HealthData>\n");
        crate::zip::archive(&[("apple_health_export/export.xml", text.as_bytes())])
    }
}
