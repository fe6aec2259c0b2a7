//! How fast sources are merged, beside a copy of the same memory, and how long a whole day takes.

use analysis::daily::beats::Beats;
use analysis::daily::document::{DayInput, day_document};
use analysis::daily::merge::by_priority;
use analysis::daily::rank::Ranks;
use analysis::daily::reconcile::KnownOfPhone;
use analysis::daily::scored::Scorer;
use analysis::daily::summary::MetricSamples;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use model::metric::Kind;
use model::sample::{DAY_US, Flags, MINUTE_US, Sample};
use model::source::{Source, SourceNo};
use model::zone::{Span, Zone, ZoneHistory};

const FROM: Date = date(2025, 7, 1);

fn main() {
    divan::main();
}

fn sample(start_us: i64, length_us: i64, value: f64, source: u16) -> Sample {
    Sample {
        start_us,
        end_us: start_us + length_us,
        value,
        zone_offset_min: None,
        source: SourceNo(source),
        uid: None,
        flags: Flags::NONE,
    }
}

fn zones() -> ZoneHistory {
    ZoneHistory::fixed(Zone::parse("Europe/Berlin").expect("a zone"))
}

fn dates() -> Vec<Date> {
    (0..365)
        .map(|day| FROM.checked_add(i64::from(day).days()).expect("a date"))
        .collect()
}

fn midnight_us(date: Date) -> i64 {
    zones().home().start_of(date)
}

/// A year of steps: a watch every 7 min and a phone every 10 min for 16 h of each day.
fn year() -> Vec<Sample> {
    let mut samples = Vec::new();
    for date in dates() {
        let wake_us = midnight_us(date) + 7 * 60 * MINUTE_US;
        for n in 0..137 {
            samples.push(sample(
                wake_us + n * 7 * MINUTE_US,
                5 * MINUTE_US + n,
                311.0,
                0,
            ));
        }
        for n in 0..96 {
            samples.push(sample(
                wake_us + n * 10 * MINUTE_US,
                9 * MINUTE_US - n,
                507.0,
                1,
            ));
        }
    }
    samples.sort_by_key(|sample| (sample.start_us, sample.end_us, sample.source));
    samples
}

#[divan::bench]
fn merge_a_year_of_steps(bencher: Bencher<'_, '_>) {
    let samples = year();
    let days: Vec<Vec<Span>> = dates().into_iter().map(|date| zones().day(date)).collect();
    let ranks = Ranks::in_order(&[SourceNo(0), SourceNo(1)]);
    bencher
        .counter(ItemsCount::new(samples.len()))
        .counter(BytesCount::of_slice(&samples))
        .bench(|| by_priority(black_box(&samples), &ranks, &days));
}

#[divan::bench]
fn copy_a_year_of_steps(bencher: Bencher<'_, '_>) {
    let samples = year();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .counter(BytesCount::of_slice(&samples))
        .bench(|| black_box(samples.as_slice()).to_vec());
}

/// Four days of 40 metrics with 2,500 samples a day, of which one is computed.
#[divan::bench]
fn one_dense_day(bencher: Bencher<'_, '_>) {
    let zones = zones();
    let from_us = midnight_us(FROM) - 36 * 60 * MINUTE_US;
    let series = |per_day: i64, length_us: i64, value: f64| -> Vec<Sample> {
        let step_us = DAY_US / per_day;
        (0..per_day * 4)
            .map(|n| sample(from_us + n * step_us, length_us, value, 0))
            .collect()
    };
    let rates = series(1400, 0, 61.0);
    let steps = series(500, MINUTE_US, 80.0);
    let energy = series(300, MINUTE_US, 1.5);
    let sleep = series(60, 20 * MINUTE_US, 3.0);
    let other = series(7, 0, 3.5);
    let ranks = Ranks::in_order(&[SourceNo(0), SourceNo(1)]);
    let names: Vec<String> = (0..36).map(|n| format!("metric_{n}")).collect();
    let metric = |id, kind, samples| MetricSamples {
        id,
        unit: "1",
        kind,
        samples,
        ranks: &ranks,
    };
    let mut metrics = vec![
        metric("heart_rate", Kind::TimeWeighted, rates.as_slice()),
        metric("step_count", Kind::Cumulative, steps.as_slice()),
        metric("active_energy_burned", Kind::Cumulative, energy.as_slice()),
        metric("sleep_analysis", Kind::Category, sleep.as_slice()),
    ];
    for name in &names {
        metrics.push(metric(name, Kind::Discrete, other.as_slice()));
    }
    let sources = [Source::named("Apple Watch"), Source::named("iPhone")];
    bencher.bench(|| {
        let document = day_document(&DayInput {
            beats: Beats::All(&[]),
            date: FROM,
            zones: &zones,
            sources: &sources,
            metrics: black_box(&metrics),
            scorer: Scorer::ColeKripke,
            phone: KnownOfPhone::default(),
        });
        document.to_bytes()
    });
}
