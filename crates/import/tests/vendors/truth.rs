//! Generated exports of the formats that most people have, against what is true of them: years with changes of the
//! clock and journeys, over seeds, in every wrapping.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use model::zone::{Zone, ZoneHistory};
use oracle::vendors::{
    Life, Made, Plan, Stage, Truth, fit, fitbit, garmin, health_connect, strava,
};

use crate::support::{Got, read_in};

const SECOND_US: i64 = 1_000_000;

/// People: a seed, where they live and travel, when it begins.
type Someone<'a> = (u64, &'a [(Date, &'a str)], Date);

const PEOPLE: [Someone<'static>; 3] = [
    // Over two changes of the clock each year, and in America in between.
    (
        1,
        &[
            (date(2023, 1, 1), "Europe/Berlin"),
            (date(2024, 3, 9), "America/New_York"),
            (date(2024, 11, 20), "Europe/Berlin"),
        ],
        date(2023, 9, 1),
    ),
    // Half hours, and changes of the clock in the other half of the year.
    (
        2,
        &[
            (date(2022, 1, 1), "Australia/Adelaide"),
            (date(2023, 5, 14), "Asia/Kathmandu"),
            (date(2023, 9, 2), "Pacific/Auckland"),
        ],
        date(2022, 8, 1),
    ),
    // Far west, and at home in a zone without any change.
    (
        3,
        &[
            (date(2021, 1, 1), "Asia/Tokyo"),
            (date(2021, 10, 30), "Pacific/Honolulu"),
            (date(2022, 2, 3), "America/St_Johns"),
        ],
        date(2021, 6, 1),
    ),
];

/// Two years and a bit.
const DAYS: u16 = 760;

fn life(someone: &Someone<'_>) -> Life {
    let (seed, places, start) = *someone;
    Life::of(&Plan {
        seed,
        places,
        start,
        days: DAYS,
    })
}

fn zones(life: &Life) -> ZoneHistory {
    let observed = life.whereabouts();
    let zone = |name: &str| Zone::parse(name).expect("a zone");
    let home = observed.first().expect("a place").1;
    let observed = observed
        .iter()
        .map(|(at_s, name)| (at_s * SECOND_US, zone(name)));
    ZoneHistory::from_observations(zone(home), observed.collect())
}

fn code(stage: Stage) -> f64 {
    match stage {
        Stage::Awake => 2.0,
        Stage::Light => 3.0,
        Stage::Deep => 4.0,
        Stage::Rem => 5.0,
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

/// The name of a source without the mark of a serial number.
fn plain(source: &str) -> String {
    let kept = if source.starts_with("Garmin Garmin") {
        3
    } else {
        usize::MAX
    };
    let words: Vec<&str> = source.split_whitespace().take(kept).collect();
    words.join(" ")
}

/// Minutes of stages by the day on which their night ends: stages that follow each other are of one night.
fn nights(got: &Got, zones: &ZoneHistory) -> BTreeMap<Date, BTreeMap<u64, f64>> {
    let staged: Vec<_> = got
        .of("sleep_analysis")
        .into_iter()
        .filter(|one| one.value > 1.0)
        .collect();
    let mut days: BTreeMap<Date, BTreeMap<u64, f64>> = BTreeMap::new();
    for night in staged.chunk_by(|a, b| a.end_us == b.start_us) {
        let Some(last) = night.last() else { continue };
        let stages = days.entry(zones.date_at(last.end_us)).or_default();
        for one in night {
            let minutes = (one.end_us - one.start_us) as f64 / 60e6;
            *stages.entry(one.value.to_bits()).or_default() += minutes;
        }
    }
    days
}

/// Whether the steps of a day are settled by the reader, or by the order of sources where all overlaps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Steps {
    ByReader,
    BySources,
}

fn check(what: &str, got: &Got, truth: &Truth, (zones, steps): (&ZoneHistory, Steps)) {
    assert!(got.rejected.is_empty(), "{what}: {:?}", got.rejected);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_source: BTreeMap<String, f64> = BTreeMap::new();
    let mut by_day: BTreeMap<Date, f64> = BTreeMap::new();
    for one in &got.samples {
        *counts.entry(&one.metric).or_default() += 1;
        if one.metric == "step_count" {
            *by_source.entry(plain(&one.source)).or_default() += one.value;
            *by_day.entry(zones.date_at(one.start_us)).or_default() += one.value;
        }
    }
    for (metric, count) in &truth.counts {
        let seen = counts.get(metric).copied().unwrap_or(0);
        assert_eq!(seen, *count, "{what}: {metric}");
    }
    for (source, sum) in &truth.by_source {
        let seen = by_source.get(source).copied().unwrap_or(0.0);
        assert!(near(seen, *sum), "{what}: {source}: {seen} for {sum}");
    }
    let sources: BTreeSet<&String> = by_source.keys().collect();
    assert_eq!(sources, truth.by_source.keys().collect(), "{what}");
    if steps == Steps::ByReader {
        assert_eq!(by_day.len(), truth.steps.len(), "{what}");
        for (day, sum) in &truth.steps {
            let seen = by_day.get(day).copied().unwrap_or(0.0);
            assert!(near(seen, *sum), "{what}: {day}: {seen} steps for {sum}");
        }
    }
    let nights = nights(got, zones);
    let of_truth = truth.nights.iter().map(|(day, stages)| {
        let stages = stages
            .iter()
            .map(|(stage, minutes)| (code(*stage).to_bits(), *minutes));
        (*day, stages.collect())
    });
    let of_truth: BTreeMap<Date, BTreeMap<u64, f64>> = of_truth.collect();
    assert_eq!(nights, of_truth, "{what}");
    let seen: BTreeSet<(i64, i64)> = got
        .workouts
        .iter()
        .map(|(start_us, end_us, _)| (start_us / SECOND_US, end_us / SECOND_US))
        .collect();
    assert_eq!(got.workouts.len(), truth.workouts.len(), "{what}");
    assert_eq!(seen, truth.workouts.iter().copied().collect(), "{what}");
}

/// Every wrapping of an export brings what is true of it; a second one brings the same.
fn check_wrapped(what: &str, life: &Life, made: &Made, steps: Steps) {
    let zones = zones(life);
    let read = |bytes: &[u8]| read_in(bytes, &zones).expect("an export");
    let got = read(&made.zip(""));
    check(what, &got, &made.truth, (&zones, steps));
    // One person's is enough to see that wrappings change nothing.
    if life.seed != 1 {
        return;
    }
    let again = read(&made.zip("Mein Export/2026"));
    check(what, &again, &made.truth, (&zones, steps));
    let inner = made.zip("");
    let packed = oracle::zip::archive(&[("__MACOSX/._x", b"\0\x05\x16\x07"), ("x/data", &inner)]);
    assert_eq!(read(&packed).samples, got.samples, "{what}");
    if let [(_, alone)] = made.files.as_slice() {
        assert_eq!(read(alone).samples, got.samples, "{what}");
    }
}

#[test]
fn years_of_fitbit_are_what_is_true() {
    for someone in &PEOPLE {
        let life = life(someone);
        for form in [fitbit::Account::Takeout, fitbit::Account::Archive] {
            let made = fitbit::print(&life, form);
            check_wrapped(
                &format!("{form:?} {}", life.seed),
                &life,
                &made,
                Steps::ByReader,
            );
        }
    }
}

#[test]
fn years_of_health_connect_are_what_is_true() {
    for someone in &PEOPLE {
        let life = life(someone);
        let made = health_connect::print(&life);
        check_wrapped(&format!("{}", life.seed), &life, &made, Steps::BySources);
    }
}

#[test]
fn years_of_fit_files_are_what_is_true() {
    for someone in &PEOPLE {
        let life = life(someone);
        let made = fit::print(&life);
        check_wrapped(&format!("{}", life.seed), &life, &made, Steps::ByReader);
    }
}

#[test]
fn years_of_garmin_are_what_is_true() {
    for someone in &PEOPLE {
        let life = life(someone);
        let made = garmin::print(&life);
        check_wrapped(&format!("{}", life.seed), &life, &made, Steps::ByReader);
    }
}

#[test]
fn years_of_strava_are_what_is_true() {
    for someone in &PEOPLE {
        let life = life(someone);
        for clock in [strava::Clock::Utc, strava::Clock::Local] {
            let made = strava::print(&life, clock);
            check_wrapped(
                &format!("{clock:?} {}", life.seed),
                &life,
                &made,
                Steps::ByReader,
            );
        }
    }
}
