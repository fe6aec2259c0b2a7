//! What the tests of samples show, as the table of `docs/FORMATS.md`, which must say the same.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use import::format::{self, Format};
use oracle::data;
use serde_json::Value;

use crate::expected::differences;
use crate::samples::{name_of_format, uploads};
use crate::support::read_as;

/// Formats and their samples; generated ones beside them, where there are any.
const FORMATS: &[(&str, &[&str], &str)] = &[
    ("health_connect", &["health-connect"], "years, 3 people"),
    (
        "fitbit",
        &["fitbit-takeout", "fitbit-archive"],
        "years, 3 people",
    ),
    ("fit", &["garmin-fit"], "years, 3 people"),
    ("garmin", &["garmin-export"], "years, 3 people"),
    ("strava", &["strava"], "years, 3 people"),
    ("samsung_health", &["samsung-health"], ""),
    ("oura", &["oura-export", "oura-api-v2"], ""),
    ("whoop", &["whoop"], ""),
    ("withings", &["withings"], ""),
    ("google_fit", &["google-fit"], ""),
    ("dexcom", &["dexcom-clarity"], ""),
    ("libreview", &["libreview"], ""),
    ("mi_fitness", &["mi-fitness"], ""),
    ("zepp", &["zepp"], ""),
    ("polar", &["polar"], ""),
    ("cronometer", &["cronometer"], ""),
    ("myfitnesspal", &["myfitnesspal"], ""),
    ("omron", &["omron-bp"], ""),
    ("gadgetbridge", &["gadgetbridge"], ""),
    ("huawei_health", &["huawei-health"], ""),
    ("nightscout", &["nightscout"], ""),
    ("sleep_as_android", &["sleep-as-android"], ""),
    ("fhir", &["fhir-r4"], ""),
    ("open_mhealth", &["open-mhealth"], ""),
    ("gpx", &[], ""),
    ("tcx", &[], ""),
    ("open_wearables_pages", &[], ""),
    ("arrow", &[], "round trips"),
    ("parquet", &[], "round trips"),
];

const HEADING: &str = "| Format | Recognised | Samples | Nights | Days | Duplicates | Clock change | Generated | Fuzz |\n\
                       |---|---|---|---|---|---|---|---|---|\n";

const BEGIN: &str = "<!-- measured by `vendors::table` -->\n";
const END: &str = "<!-- end -->";

/// What the samples of a format showed.
#[derive(Debug, Default)]
struct Shown {
    wrappings: BTreeSet<&'static str>,
    samples: usize,
    nights: usize,
    days: usize,
    offsets: BTreeSet<String>,
    differences: usize,
    again: usize,
}

impl Shown {
    /// Reads a sample in every wrapping; nothing where the samples are absent.
    fn add(&mut self, sample: &str) -> Option<()> {
        let folder = data::beside(&format!("vendors/{sample}"))?;
        let text = fs::read_to_string(folder.join("expected.json")).expect("what is expected");
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let zone = expected["person_zone"].as_str().expect("a zone");
        let count = |name: &str| expected[name].as_array().map_or(0, Vec::len);
        self.samples += count("samples");
        self.nights += count("nights");
        self.days += expected["days"].as_object().map_or(0, serde_json::Map::len);
        for one in expected["samples"].as_array().expect("samples") {
            self.offsets
                .extend(one["offset"].as_str().map(str::to_owned));
        }
        for (how, bytes) in uploads(&folder, &expected) {
            let name = name_of_format(sample);
            let got = read_as(name, &bytes, zone).expect("it is recognised");
            self.wrappings.insert(how);
            self.differences += differences(&got, &expected).len();
            let again = read_as(name, &bytes, zone).expect("it was read before");
            self.again += usize::from(again.samples != got.samples);
        }
        Some(())
    }

    fn row(&self, format: &str, generated: &str) -> String {
        let number = |count: usize| match count {
            0 => "–".to_owned(),
            count => format!("{count} equal"),
        };
        let clock = match self.offsets.len() {
            0 => "–".to_owned(),
            1 => "one offset".to_owned(),
            count => format!("{count} offsets"),
        };
        let generated = if generated.is_empty() {
            "–"
        } else {
            generated
        };
        let ways = match self.wrappings.len() {
            1 => "1 way".to_owned(),
            count => format!("{count} ways"),
        };
        format!(
            "| `{format}` | {ways} | {} | {} | {} | the same twice | {clock} | {generated} | `vendors` |\n",
            number(self.samples),
            number(self.nights),
            number(self.days),
        )
    }
}

/// The table that the samples give, or nothing where they are absent.
fn measured() -> Option<String> {
    let mut table = HEADING.to_owned();
    for (format, samples, generated) in FORMATS {
        let mut shown = Shown::default();
        for sample in *samples {
            shown.add(sample)?;
        }
        assert_eq!((shown.differences, shown.again), (0, 0), "{format}");
        if samples.is_empty() {
            let (samples, generated) = match *generated {
                "" => ("in others", "–"),
                generated => ("–", generated),
            };
            let _ = writeln!(
                table,
                "| `{format}` | by content | {samples} | – | – | – | – | {generated} | `vendors` |"
            );
        } else {
            table.push_str(&shown.row(format, generated));
        }
    }
    Some(table)
}

/// The documents say what the samples show.
#[test]
fn the_table_of_formats_is_what_samples_show() {
    let Some(table) = measured() else { return };
    println!("{table}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FORMATS.md");
    let text = fs::read_to_string(path).expect("the table");
    let (_, rest) = text.split_once(BEGIN).expect("a beginning");
    let (printed, _) = rest.split_once(END).expect("an end");
    assert_eq!(
        printed, table,
        "docs/FORMATS.md must say what is printed above"
    );
}

/// Every reader has its row, and the target that picks readers by their number reaches it.
#[test]
fn every_reader_has_a_row_and_a_fuzz_target() {
    let rows: BTreeSet<&str> = FORMATS.iter().map(|(format, ..)| *format).collect();
    for format in format::all().filter(|format| matches!(format, Format::Vendor(_))) {
        // Names with a unit are the same reader.
        let name = format.name();
        let name = name
            .strip_suffix("_kg")
            .or(name.strip_suffix("_lb"))
            .unwrap_or(name);
        assert!(rows.contains(name), "{name} has no row");
    }
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/fuzz_targets/vendors.rs"
    );
    let target = fs::read_to_string(path).expect("the target");
    assert!(
        target.contains("format::all()"),
        "the target reads every format"
    );
}
