//! The catalogue of metrics: one row per thing that can be measured.
//!
//! Validation, importer mapping, the OpenAPI enumeration and the documentation derive from it. A new
//! metric is one row. The number of a row is stored; it must never change or be used again.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::catalogue;
use crate::unit::{self, Conversion, Percent, Unit, UnknownUnit};

/// The stored number of a metric. Numbers from [`MetricNo::FIRST_UNKNOWN`] up are a person's own:
/// types that the catalogue does not know, kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricNo(pub u16);

impl MetricNo {
    /// The first number given to types that the catalogue does not know.
    pub const FIRST_UNKNOWN: Self = Self(20_000);

    /// Whether this is a person's own number for a type outside the catalogue.
    pub const fn is_unknown(self) -> bool {
        self.0 >= Self::FIRST_UNKNOWN.0
    }
}

/// How samples of a metric combine over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Values add up (steps, energy).
    Cumulative,
    /// Values are averaged one by one (heart rate, weight).
    Discrete,
    /// Values are averaged by the time they cover.
    TimeWeighted,
    /// Sound levels: averaged in the energy domain (equivalent continuous level).
    EquivalentLevel,
    /// Values are codes (sleep stages, symptoms, events).
    Category,
}

/// What a metric is about: the classes of data that a person lets others read one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Movement, energy, work, and what wrist-worn recorders count.
    Activity,
    /// Heart, blood, breathing, oxygen.
    Heart,
    /// Body measures, temperature, surroundings.
    Body,
    /// Food and drink.
    Nutrition,
    /// Sleep, as stages or as a summary.
    Sleep,
    /// Mood, stress, scores of questionnaires.
    Mind,
    /// Symptoms, cycles, notices of devices.
    Symptoms,
}

/// Metrics of sleep whose id does not begin with `sleep_`.
const OF_SLEEP: [&str; 2] = ["time_in_bed", "wake_count"];

/// How many samples a day are usual; decides the width of a stored bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Density {
    /// A hundred or more a day: one bucket per UTC day.
    Dense,
    /// Fewer: one bucket per thirty UTC days.
    Sparse,
}

impl Density {
    /// Width of a bucket in UTC days.
    pub const fn bucket_days(self) -> i32 {
        match self {
            Self::Dense => 1,
            Self::Sparse => 30,
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The stored number.
    pub no: MetricNo,
    /// The id in responses: the HealthKit identifier without its prefix, in snake case.
    pub id: &'static str,
    /// How samples combine.
    pub kind: Kind,
    /// The canonical unit.
    pub unit: Unit,
    /// Values that are physically possible, inclusive; others are rejected.
    pub range: Option<(f64, f64)>,
    /// How dense samples usually are.
    pub density: Density,
    /// The full HealthKit identifier.
    pub healthkit: Option<&'static str>,
    /// The Health Connect record type and field.
    pub health_connect: Option<&'static str>,
    /// LOINC code.
    pub loinc: Option<&'static str>,
    /// Every other name that apps and SDKs use.
    pub aliases: &'static [&'static str],
    /// One sentence for people.
    pub sentence: &'static str,
}

/// How the rows of the catalogue are written.
impl Metric {
    const fn new(
        no: u16,
        id: &'static str,
        kind: Kind,
        unit: Unit,
        sentence: &'static str,
    ) -> Self {
        Self {
            no: MetricNo(no),
            id,
            kind,
            unit,
            range: None,
            density: Density::Sparse,
            healthkit: None,
            health_connect: None,
            loinc: None,
            aliases: &[],
            sentence,
        }
    }

    pub(crate) const fn cumulative(
        no: u16,
        id: &'static str,
        unit: Unit,
        sentence: &'static str,
    ) -> Self {
        Self::new(no, id, Kind::Cumulative, unit, sentence)
    }

    pub(crate) const fn discrete(
        no: u16,
        id: &'static str,
        unit: Unit,
        sentence: &'static str,
    ) -> Self {
        Self::new(no, id, Kind::Discrete, unit, sentence)
    }

    pub(crate) const fn time_weighted(
        no: u16,
        id: &'static str,
        unit: Unit,
        sentence: &'static str,
    ) -> Self {
        Self::new(no, id, Kind::TimeWeighted, unit, sentence)
    }

    pub(crate) const fn equivalent_level(
        no: u16,
        id: &'static str,
        unit: Unit,
        sentence: &'static str,
    ) -> Self {
        Self::new(no, id, Kind::EquivalentLevel, unit, sentence)
    }

    pub(crate) const fn category(no: u16, id: &'static str, sentence: &'static str) -> Self {
        Self::new(no, id, Kind::Category, Unit::Code, sentence)
    }

    pub(crate) const fn healthkit(mut self, identifier: &'static str) -> Self {
        self.healthkit = Some(identifier);
        self
    }

    pub(crate) const fn health_connect(mut self, record_and_field: &'static str) -> Self {
        self.health_connect = Some(record_and_field);
        self
    }

    pub(crate) const fn loinc(mut self, code: &'static str) -> Self {
        self.loinc = Some(code);
        self
    }

    pub(crate) const fn range(mut self, least: f64, most: f64) -> Self {
        self.range = Some((least, most));
        self
    }

    pub(crate) const fn dense(mut self) -> Self {
        self.density = Density::Dense;
        self
    }

    pub(crate) const fn aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }
}

impl Metric {
    /// The conversion from a printed unit, or why there is none. Percent metrics take fractions
    /// when the unit is HealthKit's `%` (which prints 0.97 for 97 %).
    pub fn conversion(&self, unit: &str) -> Result<Conversion, UnknownUnit> {
        self.conversion_with(unit, Percent::Fraction)
    }

    /// The conversion from a printed unit for clients that say what they mean by `%`.
    pub fn conversion_with(&self, unit: &str, percent: Percent) -> Result<Conversion, UnknownUnit> {
        unit::conversion(self.unit, unit, percent).ok_or_else(|| UnknownUnit {
            text: unit.chars().take(unit::TEXT_MAX).collect(),
            metric: self.id,
        })
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        let subject = catalogue::subject(self);
        let of_sleep = self.id.starts_with("sleep_") || OF_SLEEP.contains(&self.id);
        if subject == Subject::Mind && of_sleep {
            Subject::Sleep
        } else {
            subject
        }
    }

    /// Whether a canonical value is physically possible.
    pub fn is_plausible(&self, value: f64) -> bool {
        self.range
            .is_none_or(|(least, most)| (least..=most).contains(&value))
    }
}

/// The catalogue, ordered by number.
pub static CATALOGUE: &[Metric] = &catalogue::ROWS;

/// The row with this number.
pub fn by_no(no: MetricNo) -> Option<&'static Metric> {
    CATALOGUE
        .binary_search_by_key(&no, |metric| metric.no)
        .ok()
        .and_then(|at| CATALOGUE.get(at))
}

/// The row with this id, and no other name of it.
pub fn by_id(id: &str) -> Option<&'static Metric> {
    by_name(id).filter(|metric| metric.id == id)
}

/// The row that any of its names means: its id, its HealthKit identifier or an alias. Letter case,
/// spaces, `_` and `-` do not matter, so that `HEART_RATE`, `heartRate` and `Heart Rate` are one name.
pub fn by_name(name: &str) -> Option<&'static Metric> {
    let mut buffer = [0; NAME_MAX];
    NAMES.get(squashed(name, &mut buffer)?).copied()
}

/// How many names the catalogue knows. Names are only ever added, so that this tells one catalogue from
/// the next.
pub fn names() -> usize {
    NAMES.len()
}

/// The unit that a name implies where its client sends none; `None` means the canonical one.
pub fn implied_unit(name: &str) -> Option<&'static str> {
    let mut buffer = [0; NAME_MAX];
    let name = squashed(name, &mut buffer)?;
    IMPLIED_UNITS
        .iter()
        .find(|(alias, _)| alias.as_bytes() == name)
        .map(|(_, unit)| *unit)
}

/// Names (squashed) whose values do not come in the canonical unit when no unit is named.
const IMPLIED_UNITS: &[(&str, &str)] = &[
    ("distance", "km"),
    ("heightcm", "cm"),
    ("sleephours", "h"),
    ("hydration", "L"),
];

/// No known name is longer, squashed.
const NAME_MAX: usize = 96;

static NAMES: LazyLock<HashMap<Vec<u8>, &'static Metric>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    let mut buffer = [0; NAME_MAX];
    for metric in CATALOGUE {
        let of_metric = [Some(metric.id), metric.healthkit].into_iter().flatten();
        for name in of_metric.chain(metric.aliases.iter().copied()) {
            let name = squashed(name, &mut buffer).expect("catalogue names are short");
            names.insert(name.to_vec(), metric);
        }
    }
    names
});

/// Lower case without separators; `None` for a name that is longer than any known one.
pub(crate) fn squashed<'a, const N: usize>(
    name: &str,
    buffer: &'a mut [u8; N],
) -> Option<&'a [u8]> {
    let mut len = 0;
    for byte in name.bytes() {
        if matches!(byte, b'_' | b'-' | b' ') {
            continue;
        }
        *buffer.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    buffer.get(..len)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn numbers_are_sorted_and_ids_are_unique() {
        assert!(CATALOGUE.is_sorted_by(|a, b| a.no < b.no));
        for metric in CATALOGUE {
            assert!(!metric.no.is_unknown());
            assert_eq!(by_no(metric.no), Some(metric));
            assert_eq!(by_id(metric.id), Some(metric), "{}", metric.id);
            assert!(
                metric
                    .id
                    .bytes()
                    .all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit())
            );
            assert!(metric.sentence.ends_with('.'), "{}", metric.id);
        }
    }

    #[test]
    fn every_metric_is_about_something() {
        let check = |id: &str, expect: Subject| {
            let metric = by_id(id).expect("a metric");
            assert_eq!(metric.subject(), expect, "{id}");
        };
        check("step_count", Subject::Activity);
        check("activity_count", Subject::Activity);
        check("heart_rate", Subject::Heart);
        check("body_mass", Subject::Body);
        check("dietary_caffeine", Subject::Nutrition);
        check("sleep_analysis", Subject::Sleep);
        check("time_in_bed", Subject::Sleep);
        check("wake_count", Subject::Sleep);
        check("mindful_session", Subject::Mind);
        check("phq9_score", Subject::Mind);
        check("headache", Subject::Symptoms);
        check("pregnancy_test_result", Subject::Symptoms);
        for metric in CATALOGUE.iter().filter(|row| row.id.contains("sleep_")) {
            let apart = ["sleep_apnea_event", "sleep_changes"].contains(&metric.id);
            assert_eq!(metric.subject() == Subject::Sleep, !apart, "{}", metric.id);
        }
    }

    #[test]
    fn no_name_means_two_metrics() {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for metric in CATALOGUE {
            let own = [Some(metric.id), metric.healthkit].into_iter().flatten();
            for name in own.chain(metric.aliases.iter().copied()) {
                let name = name.replace(['_', '-', ' '], "").to_lowercase();
                if let Some(other) = seen.insert(name.clone(), metric.id) {
                    panic!("{name} means {other} and {}", metric.id);
                }
            }
        }
    }

    #[test]
    fn canonical_units_convert_to_themselves() {
        for metric in CATALOGUE {
            let conversion = metric
                .conversion_with(metric.unit.ucum(), Percent::Points)
                .expect("its own unit");
            assert_eq!(conversion, Conversion::IDENTITY, "{}", metric.id);
            if let Some((least, most)) = metric.range {
                assert!(least < most, "{}", metric.id);
            }
        }
    }

    #[test]
    fn names_of_apps_and_sdks_are_known() {
        let check = |name: &str, expect: &str| {
            assert_eq!(
                by_name(name).map(|metric| metric.id),
                Some(expect),
                "{name}"
            );
        };
        check("steps", "step_count");
        check("blood_oxygen", "oxygen_saturation");
        check("BLOOD_PRESSURE_SYSTOLIC", "blood_pressure_systolic");
        check("HKQuantityTypeIdentifierVO2Max", "vo2_max");
        check("hkCategoryTypeIdentifierSleepAnalysis", "sleep_analysis");
        check("weight_body_mass", "body_mass");
        check("monosaturated_fat", "dietary_fat_monounsaturated");
        check("number_of_time_fallen", "number_of_times_fallen");
        check("water_intake_ml", "dietary_water");
        check("sleep_hours", "sleep_duration");
        check("heartRate", "heart_rate");
        check("hrv", "heart_rate_variability_sdnn");
        check("hrv_rmssd", "heart_rate_variability_rmssd");
        check("HKDataTypeSleepDurationGoal", "sleep_duration_goal");
        assert_eq!(by_name("warp_factor"), None);
        assert_eq!(by_name(&"x".repeat(10_000)), None);
        assert_eq!(by_id("steps"), None);
        assert_eq!(implied_unit("sleep_hours"), Some("h"));
        assert_eq!(implied_unit("weight"), None);
    }

    #[test]
    fn every_implied_unit_fits_its_metric() {
        for (name, unit) in IMPLIED_UNITS {
            let metric = by_name(name).expect("a known name");
            metric.conversion(unit).expect("a unit of it");
        }
    }

    #[test]
    fn every_healthkit_type_is_a_row() {
        let Some(path) = oracle::data::beside("healthkit_types.csv") else {
            return;
        };
        let table = oracle::data::text(&path);
        let mut counts = BTreeMap::new();
        for line in table.lines().skip(1) {
            let mut fields = line.split(',');
            let mut field = || fields.next().unwrap_or_default();
            let (identifier, kind, unit, aggregation) = (field(), field(), field(), field());
            if kind != "quantity" && kind != "category" {
                continue;
            }
            *counts.entry(kind).or_insert(0) += 1;
            let metric = by_name(identifier).unwrap_or_else(|| panic!("{identifier} has no row"));
            assert_eq!(metric.healthkit, Some(identifier));
            let bare = identifier
                .trim_start_matches("HKQuantityTypeIdentifier")
                .trim_start_matches("HKCategoryTypeIdentifier");
            assert_eq!(metric.id.replace('_', ""), bare.to_lowercase());
            let expected = match aggregation {
                "cumulative" => Kind::Cumulative,
                "discrete (arithmetic)" => Kind::Discrete,
                "discrete (temporally weighted)" => Kind::TimeWeighted,
                "discrete (equivalent continuous level)" => Kind::EquivalentLevel,
                _ => Kind::Category,
            };
            assert_eq!(metric.kind, expected, "{identifier}");
            if kind == "quantity" {
                assert!(metric.conversion(unit).is_ok(), "{identifier} in {unit}");
            }
        }
        assert_eq!(
            counts,
            BTreeMap::from([("category", 70), ("quantity", 120)])
        );
    }
}
