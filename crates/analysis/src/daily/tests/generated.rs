//! Days of generated exports against the truth printed beside them: exports of the project's own
//! generator, and of a second one beside the project, whose absence is printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::Date;
use jiff::fmt::strtime;
use model::category::SleepStage;
use model::sample::Sample;
use model::source::{Source, SourceNo, normalised};
use model::zone::{Zone, ZoneHistory};
use oracle::absence::{Absent, skip};
use oracle::export::{Form, Person, generate};
use serde_json::Value;

use super::sample;
use crate::daily::merge::by_priority;
use crate::daily::rank::Ranks;
use crate::daily::sleep::{Episode, Night, SleepInput, StageMinutes, Totals, night};

/// What a test needs of an export.
struct Export {
    sources: Vec<Source>,
    steps: Vec<Sample>,
    sleep: Vec<Sample>,
    /// Zones that sleep records tell.
    zones: Vec<(i64, Zone)>,
}

fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn instant(line: &str, name: &str) -> i64 {
    let text = attribute(line, name).expect("a time");
    strtime::parse("%Y-%m-%d %H:%M:%S %z", text)
        .and_then(|parsed| parsed.to_timestamp())
        .expect("a readable time")
        .as_microsecond()
}

fn stage_code(value: &str) -> f64 {
    let stage = match value.trim_start_matches("HKCategoryValueSleepAnalysis") {
        "InBed" => SleepStage::InBed,
        "Asleep" | "AsleepUnspecified" => SleepStage::Unspecified,
        "Awake" => SleepStage::Awake,
        "AsleepCore" => SleepStage::Core,
        "AsleepDeep" => SleepStage::Deep,
        "AsleepREM" => SleepStage::Rem,
        other => panic!("unknown stage {other}"),
    };
    f64::from(stage.code())
}

/// Reads the two record types that the truth is about; knows just what the generator prints.
fn scan(xml: &str) -> Export {
    let mut export = Export {
        sources: Vec::new(),
        steps: Vec::new(),
        sleep: Vec::new(),
        zones: Vec::new(),
    };
    let mut sleep_start_us = None;
    for line in xml.lines() {
        // The truth leaves out the one damaged record of a broken export, which alone has no
        // creation date.
        let is_record =
            line.trim_start().starts_with("<Record ") && line.contains(" creationDate=");
        let is_steps = is_record && line.contains("HKQuantityTypeIdentifierStepCount\"");
        let is_sleep = is_record && line.contains("HKCategoryTypeIdentifierSleepAnalysis\"");
        if is_record {
            sleep_start_us = is_sleep.then(|| instant(line, "startDate"));
        }
        if let (Some(at_us), Some("HKTimeZone")) = (sleep_start_us, attribute(line, "key")) {
            let zone = attribute(line, "value").expect("a zone");
            export
                .zones
                .push((at_us, Zone::parse(zone).expect("a known zone")));
        }
        if !is_steps && !is_sleep {
            continue;
        }
        let name = attribute(line, "sourceName")
            .expect("a source")
            .replace("&amp;", "&");
        let source = export.number(&normalised(&name));
        let value = attribute(line, "value").expect("a value");
        let (start_us, end_us) = (instant(line, "startDate"), instant(line, "endDate"));
        if is_steps {
            let steps = value.parse().expect("a number");
            export.steps.push(sample(start_us, end_us, steps, source));
        } else {
            export
                .sleep
                .push(sample(start_us, end_us, stage_code(value), source));
        }
    }
    export
}

impl Export {
    fn number(&mut self, name: &str) -> u16 {
        let at = self
            .sources
            .iter()
            .position(|source| source.name == name)
            .unwrap_or_else(|| {
                self.sources.push(Source::named(name));
                self.sources.len() - 1
            });
        u16::try_from(at).expect("few sources")
    }
}

fn fraction(text: &str) -> f64 {
    let (over, under) = text.split_once('/').expect("a fraction");
    over.parse::<f64>().expect("a number") / under.parse::<f64>().expect("a number")
}

fn check_steps(export: &Export, truth: &Value, name: &str) -> usize {
    let order: Vec<SourceNo> = truth["steps_merged"]["source_priority"]
        .as_array()
        .expect("an order")
        .iter()
        .filter_map(|source| {
            let source = normalised(source.as_str().expect("a name"));
            let at = export
                .sources
                .iter()
                .position(|known| known.name == source)?;
            Some(SourceNo(u16::try_from(at).expect("few sources")))
        })
        .collect();
    let zone = truth["xml"]["home_tz"].as_str().expect("a zone");
    let zones = ZoneHistory::fixed(Zone::parse(zone).expect("a known zone"));
    let expected = truth["steps_merged"]["days"].as_object().expect("days");
    let days: Vec<_> = expected
        .keys()
        .map(|date| zones.day(date.parse().expect("a date")))
        .collect();
    let totals = by_priority(&export.steps, &Ranks::in_order(&order), &days);
    for ((date, day), total) in expected.iter().zip(totals) {
        let exact = fraction(
            day["interval_priority"]["exact"]
                .as_str()
                .expect("a fraction"),
        );
        assert!(
            (total.total - exact).abs() < 1e-6,
            "{name} {date}: {} not {exact}",
            total.total
        );
    }
    expected.len()
}

fn find_night(export: &Export, zones: &ZoneHistory, date: Date) -> Night {
    let mut by_class: Vec<(u16, &Source)> = (0..).zip(&export.sources).collect();
    by_class.sort_by_key(|(_, source)| source.class);
    let order: Vec<SourceNo> = by_class.iter().map(|(no, _)| SourceNo(*no)).collect();
    night(&SleepInput {
        date,
        zones,
        samples: &export.sleep,
        totals: Totals::default(),
        ranks: &Ranks::in_order(&order),
        sources: &export.sources,
    })
    .night
}

fn sum(found: &Night, read: impl Fn(&Episode) -> f64) -> f64 {
    found.main.iter().chain(&found.naps).map(read).sum()
}

fn check_nights(export: &Export, truth: &Value, name: &str) -> usize {
    let zone = truth["xml"]["home_tz"].as_str().expect("a zone");
    let home = Zone::parse(zone).expect("a known zone");
    let zones = ZoneHistory::from_observations(home, export.zones.clone());
    let nights = truth["sleep_nights"]["nights"].as_object().expect("nights");
    for (date, expected) in nights {
        let found = find_night(export, &zones, date.parse().expect("a date"));
        let mut stages: BTreeMap<&str, f64> = BTreeMap::new();
        let mut in_bed = 0.0;
        let by_source = expected["minutes_by_source"].as_object().expect("sources");
        for minutes in by_source.values().filter_map(Value::as_object) {
            for (stage, value) in minutes {
                let value = value.as_f64().expect("minutes");
                if stage == "InBed" {
                    in_bed += value;
                } else {
                    assert!(stages.insert(stage, value).is_none(), "two staged sources");
                }
            }
        }
        let check = |stage: &str, read: fn(&StageMinutes) -> f64| {
            let expect = stages.get(stage).copied().unwrap_or(0.0);
            let value = sum(&found, |episode| read(&episode.stages_min));
            assert!(
                (value - expect).abs() < 1e-9,
                "{name} {date} {stage}: {value} not {expect}"
            );
        };
        check("AsleepCore", |stages| stages.core);
        check("AsleepDeep", |stages| stages.deep);
        check("AsleepREM", |stages| stages.rem);
        check("AsleepUnspecified", |stages| stages.unspecified);
        check("Awake", |stages| stages.awake);
        let recorded = sum(&found, |episode| episode.in_bed_recorded_min.unwrap_or(0.0))
            + found
                .in_bed_only
                .iter()
                .map(|stay| stay.in_bed_min)
                .sum::<f64>();
        assert!(
            (recorded - in_bed).abs() < 1e-9,
            "{name} {date}: {recorded} not {in_bed}"
        );
        let asleep = expected["asleep_union_minutes"].as_f64().expect("minutes");
        assert!((sum(&found, |episode| episode.asleep_min) - asleep).abs() < 1e-9);
        assert_eq!(found.main.is_some(), asleep > 0.0, "{name} {date}");
    }
    nights.len()
}

fn check_export(xml: &Path, truth: &Path) {
    let name = xml
        .file_name()
        .expect("a file")
        .to_string_lossy()
        .into_owned();
    let xml = String::from_utf8_lossy(&std::fs::read(xml).expect("an export")).into_owned();
    let truth = std::fs::read(truth).expect("a truth file");
    let truth: Value = serde_json::from_slice(&truth).expect("JSON");
    check_document(&name, &xml, &truth);
}

fn check_document(name: &str, xml: &str, truth: &Value) {
    let export = scan(xml);
    let days = check_steps(&export, truth, name);
    let nights = check_nights(&export, truth, name);
    oracle::tally::compared("days and nights of generated exports", days + nights * 7);
    assert!(
        days > 0 && nights > 0,
        "{name} holds neither days nor nights"
    );
    println!("{name}: {days} days of steps, {nights} nights");
}

#[test]
fn steps_and_nights_of_people_who_do_not_exist() {
    let people = [
        (1, "America/New_York", "2026-02-20", Form::Staged),
        (2, "Europe/Berlin", "2025-09-28", Form::Staged),
        (3, "Asia/Kolkata", "2021-09-01", Form::Old),
        (4, "Australia/Lord_Howe", "2024-03-10", Form::Staged),
        (5, "Pacific/Kiritimati", "2022-12-01", Form::Old),
    ];
    for (seed, home, start, form) in people {
        let person = Person {
            seed,
            home,
            start: start.parse().expect("a date"),
            days: 60,
            form,
        };
        let export = generate(&person);
        check_document(home, &export.xml, &export.truth);
    }
}

#[test]
fn steps_and_nights_of_the_reference_exports() {
    let Some(folder) = oracle::data::beside("samples/generated") else {
        return;
    };
    let entries = std::fs::read_dir(&folder).expect("a folder that can be listed");
    let mut exports: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    exports.sort();
    for xml in exports {
        check_export(&xml, &xml.with_extension("xml.truth.json"));
    }
}

#[test]
fn steps_and_nights_of_freshly_generated_exports() {
    let Some(generator) = oracle::data::shared("tools/gen_export.py") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runs = [
        ("21", "2026-02-20", "2026-04-30", "America/New_York", "18"),
        ("22", "2025-10-01", "2025-11-30", "Europe/Berlin", "26"),
        ("23", "2021-09-01", "2021-11-30", "Asia/Tokyo", "15"),
        ("24", "2024-01-01", "2024-12-31", "Australia/Sydney", "17"),
    ];
    for (seed, start, until, zone, ios) in runs {
        let xml = folder.path().join(format!("seed-{seed}.xml"));
        let truth = folder.path().join(format!("seed-{seed}.json"));
        let made = Command::new("python3")
            .arg(&generator)
            .args([
                "--seed",
                seed,
                "--start",
                start,
                "--until",
                until,
                "--home-tz",
                zone,
            ])
            .args(["--ios", ios, "--density", "0.01", "--out"])
            .arg(&xml)
            .arg("--truth")
            .arg(&truth)
            .output();
        match made {
            Ok(output) if output.status.success() => check_export(&xml, &truth),
            Ok(_) | Err(_) => return skip(Absent::Program("python3")),
        }
    }
}
