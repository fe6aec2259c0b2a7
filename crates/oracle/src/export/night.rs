//! Nights as a watch stages them and a telephone sees them from the bedside, and their minutes by the local
//! day of waking.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Form, House, PHONE, Record, WATCH};

const KIND: &str = "HKCategoryTypeIdentifierSleepAnalysis";

/// Minutes by source and stage.
type Minutes = BTreeMap<&'static str, BTreeMap<&'static str, f64>>;

/// Prints the nights and returns them by the day of waking.
pub(super) fn print(house: &mut House<'_>) -> BTreeMap<String, Value> {
    let mut nights = BTreeMap::new();
    for day in 1..house.person.days {
        let date = house.person.start + i64::from(day).days();
        let fate = house.chance.below(12);
        if fate == 0 {
            continue; // neither device was worn
        }
        let mut minutes = Minutes::new();
        let (bed_s, up_s) = stay(house, date);
        let mut asleep_min = 0.0;
        if fate > 1 {
            asleep_min += staged(house, &mut minutes, bed_s + 600, up_s - 300);
        }
        if fate < 5 {
            segment(house, &mut minutes, PHONE, "InBed", (bed_s, up_s));
        }
        if fate == 7 {
            let start_s = house.at(date.at(14, 0, 0, 0)) + i64::from(house.chance.below(20)) * 60;
            asleep_min += 30.0;
            let stage = if house.person.form == Form::Old {
                "AsleepUnspecified"
            } else {
                "AsleepCore"
            };
            segment(house, &mut minutes, WATCH, stage, (start_s, start_s + 1800));
        }
        nights.insert(
            date.to_string(),
            json!({"minutes_by_source": minutes, "asleep_union_minutes": asleep_min}),
        );
    }
    nights
}

/// When the person goes to bed before the date and gets up on it.
fn stay(house: &mut House<'_>, date: Date) -> (i64, i64) {
    let bed = date.yesterday().expect("a day before").at(22, 20, 0, 0);
    let bed_s = house.at(bed) + i64::from(house.chance.below(150)) * 60;
    let length_min = 380 + i64::from(house.chance.below(120));
    (bed_s, bed_s + length_min * 60)
}

/// Stages from falling asleep to waking, without a gap; returns the minutes asleep.
fn staged(house: &mut House<'_>, minutes: &mut Minutes, from_s: i64, until_s: i64) -> f64 {
    const CYCLE: [&str; 6] = [
        "AsleepCore",
        "AsleepDeep",
        "AsleepCore",
        "AsleepREM",
        "Awake",
        "AsleepCore",
    ];
    if house.person.form == Form::Old {
        segment(
            house,
            minutes,
            WATCH,
            "AsleepUnspecified",
            (from_s, until_s),
        );
        return (until_s - from_s) as f64 / 60.0;
    }
    let (mut at_s, mut asleep_min) = (from_s, 0.0);
    for stage in CYCLE.iter().cycle() {
        let most_min = if *stage == "Awake" { 9 } else { 55 };
        let length_s = 120 + i64::from(house.chance.below(most_min * 2)) * 30;
        // The night ends asleep: the last stretch takes what is left.
        let is_last = until_s - at_s < length_s + 1800;
        let stage = if is_last { "AsleepCore" } else { *stage };
        let end_s = if is_last { until_s } else { at_s + length_s };
        segment(house, minutes, WATCH, stage, (at_s, end_s));
        if stage != "Awake" {
            asleep_min += (end_s - at_s) as f64 / 60.0;
        }
        at_s = end_s;
        if is_last {
            break;
        }
    }
    asleep_min
}

fn segment(
    house: &mut House<'_>,
    minutes: &mut Minutes,
    source: &'static str,
    stage: &'static str,
    (start_s, end_s): (i64, i64),
) {
    // Before there were stages, sleep had another name.
    let printed = if house.person.form == Form::Old && stage == "AsleepUnspecified" {
        "Asleep"
    } else {
        stage
    };
    let record = Record {
        kind: KIND,
        source,
        unit: None,
        value: &format!("HKCategoryValueSleepAnalysis{printed}"),
        start_s,
        end_s,
    };
    let home = house.person.home;
    house.record(&record, &[("HKTimeZone", home)]);
    let stages = minutes.entry(source).or_default();
    *stages.entry(stage).or_default() += (end_s - start_s) as f64 / 60.0;
}
