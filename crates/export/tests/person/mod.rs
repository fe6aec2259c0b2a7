//! People with samples of any metric from any source, and what an import of them brings.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that looks past an end must fail"
)]

use std::ops::ControlFlow;

use export::{Row, Topic, Writer};
use import::batch::{Batch, Meaning};
use import::format;
use import::live::Context;
use model::category::is_category_code;
use model::metric::{self, Kind, Metric};
use model::record::{Body, Other, Record, StateOfMind, Workout};
use model::sample::{Flags, MINUTE_US, Sample, Uid};
use model::source::{Source, SourceClass, SourceNo};
use model::zone::{Zone, ZoneHistory};
use proptest::collection::vec;
use proptest::prelude::*;

/// A time after every sample.
const NOW_US: i64 = 1_800_000_000_000_000;
const START_US: i64 = 1_300_000_000_000_000;

/// Samples of one metric or type.
#[derive(Debug, Clone)]
struct Series {
    id: String,
    unit: String,
    metric: Option<&'static Metric>,
    samples: Vec<Sample>,
}

/// What somebody measured.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    sources: Vec<Source>,
    series: Vec<Series>,
    records: Vec<Record>,
}

impl Person {
    /// Somebody with a band that measures each minute.
    pub(crate) fn of_minutes(count: i64) -> Self {
        let metric = metric::by_id("heart_rate").expect("a metric");
        let samples = (0..count).map(|minute| Sample {
            start_us: START_US + minute * MINUTE_US,
            end_us: START_US + minute * MINUTE_US,
            value: 60.0 + (minute % 40) as f64,
            zone_offset_min: None,
            source: SourceNo(0),
            uid: None,
            flags: Flags::NONE,
        });
        Self {
            sources: vec![Source::named("Band")],
            series: vec![Series {
                id: metric.id.to_owned(),
                unit: metric.unit.ucum().to_owned(),
                metric: Some(metric),
                samples: samples.collect(),
            }],
            records: Vec::new(),
        }
    }

    /// Writes everything, as an export does.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let is = |series: &&Series, id: &str| series.metric.is_some_and(|metric| metric.id == id);
        let find = |id: &str| self.series.iter().find(|series| is(series, id));
        let pressures = ["blood_pressure_systolic", "blood_pressure_diastolic"];
        if let [Some(high), Some(low)] = pressures.map(find) {
            let (high_rows, low_rows) = (self.rows(high), self.rows(low));
            writer.pressures((&topic(high), &high_rows), (&topic(low), &low_rows));
        }
        let others = self.series.iter();
        for series in others.filter(|series| !pressures.iter().any(|id| is(series, id))) {
            writer.samples(&topic(series), &self.rows(series));
        }
        for record in &self.records {
            writer.record(record, &self.sources[usize::from(record.source.0)]);
        }
        writer.end(&[]);
    }

    fn rows<'a>(&'a self, series: &'a Series) -> Vec<Row<'a>> {
        let rows = series.samples.iter().map(|sample| Row {
            sample,
            source: &self.sources[usize::from(sample.source.0)],
        });
        rows.collect()
    }

    /// Every sample as text, in an order of its own.
    pub(crate) fn samples(&self) -> Vec<String> {
        let all = self.series.iter().flat_map(|series| {
            let rows = self.rows(series).into_iter();
            rows.map(|row| sample_text(&series.id, &unit(series), row.sample, row.source))
                .collect::<Vec<String>>()
        });
        sorted(all.collect())
    }

    /// Every record as text, in an order of its own.
    pub(crate) fn records(&self) -> Vec<String> {
        let source = |record: &Record| &self.sources[usize::from(record.source.0)];
        sorted(
            self.records
                .iter()
                .map(|record| record_text(record, source(record)))
                .collect(),
        )
    }
}

fn topic(series: &Series) -> Topic<'_> {
    Topic {
        id: &series.id,
        unit: &series.unit,
        metric: series.metric,
    }
}

/// The unit where it is a part of what is known, as it is for types that the catalogue does not know.
fn unit(series: &Series) -> String {
    if series.metric.is_some() {
        String::new()
    } else {
        series.unit.clone()
    }
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

fn sample_text(id: &str, unit: &str, sample: &Sample, source: &Source) -> String {
    let Sample {
        start_us,
        end_us,
        value,
        zone_offset_min,
        uid,
        flags,
        ..
    } = sample;
    format!(
        "{id}|{unit}|{start_us}|{end_us}|{value}|{zone_offset_min:?}|{uid:?}|{flags:?}|{}",
        source_text(source)
    )
}

fn record_text(record: &Record, source: &Source) -> String {
    let document = serde_json::to_string(&record.body).expect("JSON");
    format!(
        "{}|{}|{}|{:?}|{:?}|{}|{document}|{}",
        record.body.kind(),
        record.start_us,
        record.end_us,
        record.zone,
        record.uid,
        record.identity,
        source_text(source)
    )
}

fn source_text(source: &Source) -> String {
    let Source {
        name,
        class,
        device,
        app_id,
        ..
    } = source;
    format!("{name}|{class:?}|{device:?}|{app_id:?}")
}

/// What an upload brought, as text.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) samples: Vec<String>,
    pub(crate) records: Vec<String>,
    pub(crate) rejected: Vec<String>,
    types: Vec<(String, String)>,
    sources: Vec<Source>,
}

impl Got {
    fn take(&mut self, batch: Batch) {
        for name in batch.new_types {
            self.types.push(match name.meaning {
                Meaning::Known(no) => {
                    let metric = metric::by_no(no).expect("a metric");
                    (metric.id.to_owned(), String::new())
                }
                Meaning::Unknown { unit } => (name.name, unit),
            });
        }
        self.sources.extend(batch.new_sources);
        for incoming in &batch.samples {
            let (id, unit) = &self.types[incoming.type_index as usize];
            let source = &self.sources[usize::from(incoming.sample.source.0)];
            self.samples
                .push(sample_text(id, unit, &incoming.sample, source));
        }
        for record in &batch.records {
            let source = &self.sources[usize::from(record.source.0)];
            self.records.push(record_text(record, source));
        }
        let rejections = batch.rejections.iter();
        self.rejected
            .extend(rejections.map(|one| format!("{} {}", one.field, one.message)));
    }
}

/// Reads an upload through the front door.
pub(crate) fn read(bytes: &[u8]) -> Got {
    try_read(bytes).expect("it is read")
}

/// Reads them, or says why they are no export.
pub(crate) fn try_read(bytes: &[u8]) -> Result<Got, String> {
    let zones = ZoneHistory::fixed(Zone::parse("Europe/Berlin").expect("a zone"));
    let context = Context {
        now_us: NOW_US,
        zones: &zones,
        aggregation: None,
        source: "",
    };
    let mut got = Got::default();
    let mut input = bytes;
    let opened = format::open(format::AUTO, &mut input).map_err(|why| why.to_string())?;
    let read = opened.read(&context, &mut |batch| {
        got.take(batch);
        ControlFlow::Continue(())
    });
    read.map_err(|why| why.to_string())?;
    got.samples.sort();
    got.records.sort();
    Ok(got)
}

/// Anybody.
pub(crate) fn person() -> impl Strategy<Value = Person> {
    (1_u16..5).prop_flat_map(|sources| {
        let pressures = Just(vec![
            "blood_pressure_systolic",
            "blood_pressure_diastolic",
            "sleep_analysis",
            "heart_rate",
            "height",
            "body_mass",
        ]);
        let known =
            (vec(0..metric::CATALOGUE.len(), 1..6), pressures).prop_map(|(some, always)| {
                let some = some.into_iter().map(|at| metric::CATALOGUE[at].id);
                let mut ids: Vec<&str> = some.chain(always).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            });
        let series = known.prop_flat_map(move |ids| {
            let all: Vec<_> = ids
                .into_iter()
                .map(|id| known_series(metric::by_id(id).expect("a metric"), sources).boxed())
                .chain([own_series(sources).boxed()])
                .collect();
            all
        });
        (
            vec(source(), usize::from(sources)),
            series,
            vec(record(sources), 0..5),
        )
            .prop_map(|(sources, series, records)| Person {
                sources: sources
                    .into_iter()
                    .enumerate()
                    .map(|(at, source)| Source {
                        name: format!("{} {at}", source.name),
                        ..source
                    })
                    .collect(),
                series,
                records,
            })
    })
}

fn source() -> impl Strategy<Value = Source> {
    let name = prop_oneof!["Watch", "Max’s\u{a0}iPhone", "=1+1", "Zoë, \"old\"", "健康"];
    let class = prop_oneof![
        Just(SourceClass::Manual),
        Just(SourceClass::Watch),
        Just(SourceClass::Phone),
        Just(SourceClass::App),
    ];
    let text = proptest::option::of("[A-Za-z][A-Za-z0-9 ,.]{0,20}[a-z]");
    (name, class, text.clone(), text).prop_map(|(name, class, device, app_id)| Source {
        class,
        device,
        app_id,
        ..Source::named(&name)
    })
}

fn known_series(metric: &'static Metric, sources: u16) -> impl Strategy<Value = Series> {
    let samples = prop_oneof![
        vec(sample(value(metric), sources), 0..12),
        even(value(metric), sources),
    ];
    samples.prop_map(move |samples| Series {
        id: metric.id.to_owned(),
        unit: metric.unit.ucum().to_owned(),
        metric: Some(metric),
        samples: in_time(samples),
    })
}

fn own_series(sources: u16) -> impl Strategy<Value = Series> {
    let value = (-1e9..1e9_f64).boxed();
    (
        vec(sample(value, sources), 0..6),
        "[A-Z]own[a-z]{3,9} type",
        "[a-z]{0,5}",
    )
        .prop_map(|(samples, id, unit)| Series {
            id,
            unit,
            metric: None,
            samples: in_time(samples),
        })
}

fn in_time(mut samples: Vec<Sample>) -> Vec<Sample> {
    samples.sort_by_key(|sample| (sample.start_us, sample.end_us, sample.source));
    samples
}

/// Values that the front door takes.
fn value(metric: &'static Metric) -> BoxedStrategy<f64> {
    if metric.kind == Kind::Category {
        let codes: Vec<f64> = (0..64_u8)
            .map(f64::from)
            .filter(|code| is_category_code(metric, *code))
            .collect();
        return proptest::sample::select(codes).boxed();
    }
    let (least, most) = metric.range.unwrap_or((-1e6, 1e6));
    // Shares up to 1 % are taken for fractions.
    let least = if metric.id == "oxygen_saturation" {
        50.0
    } else {
        least
    };
    prop_oneof![
        (0.0..1.0_f64).prop_map(move |share| (least + share * (most - least)).clamp(least, most)),
        (0.0..1.0_f64).prop_map(move |share| {
            let value = least + share * (most - least);
            ((value * 100.0).round() / 100.0).clamp(least, most)
        }),
    ]
    .boxed()
}

fn sample(value: BoxedStrategy<f64>, sources: u16) -> impl Strategy<Value = Sample> {
    let start_us = prop_oneof![
        (0..400_000_000_i64).prop_map(|second| START_US + second * 1_000_000),
        START_US..NOW_US - 1_000_000_000_000,
        // Often at one time, as the two values of a blood pressure are.
        (0..3_i64).prop_map(|minute| START_US + minute * MINUTE_US),
    ];
    let length_us = prop_oneof![Just(0), Just(5 * MINUTE_US), 0..40_000_000_000_i64];
    let offset = proptest::option::of(prop_oneof![
        Just(0),
        Just(60),
        -840..840_i16,
        900..1_000_i16
    ]);
    let flags = prop_oneof![3 => Just(0_u16), 1 => any::<u16>()];
    let uid = proptest::option::of(any::<u64>().prop_filter_map("zero", Uid::new));
    (start_us, length_us, value, offset, 0..sources, uid, flags).prop_map(
        |(start_us, length_us, value, zone_offset_min, source, uid, flags)| Sample {
            start_us,
            end_us: start_us + length_us,
            value,
            zone_offset_min,
            source: SourceNo(source),
            uid,
            flags: Flags::from_bits(flags),
        },
    )
}

/// Samples at equal distances.
fn even(value: BoxedStrategy<f64>, sources: u16) -> impl Strategy<Value = Vec<Sample>> {
    let period_us = prop_oneof![Just(MINUTE_US), Just(1_000_001), Just(40_000)];
    let first = sample(value.clone(), sources);
    (first, period_us, vec(value, 10..80)).prop_map(|(first, period_us, values)| {
        let values = values.into_iter().zip(0_i64..);
        let one = |(value, at): (f64, i64)| Sample {
            start_us: first.start_us + at * period_us,
            end_us: first.end_us + at * period_us,
            value,
            uid: None,
            ..first
        };
        values.map(one).collect()
    })
}

fn record(sources: u16) -> impl Strategy<Value = Record> {
    let workout = (0.1..300.0_f64, proptest::option::of(0.0..50_000.0_f64)).prop_map(
        |(duration_min, distance_m)| {
            Body::Workout(Workout {
                activity: "running".to_owned(),
                duration_min: Some(duration_min),
                distance_m,
                routes: vec!["routes/1.gpx".to_owned()],
                metadata: vec![("a".to_owned(), "b".to_owned())],
                ..Workout::default()
            })
        },
    );
    let mood = (-1.0..1.0_f64).prop_map(|valence| {
        Body::StateOfMind(StateOfMind {
            state: "daily_mood".to_owned(),
            valence,
            labels: vec!["calm".to_owned()],
            associations: Vec::new(),
        })
    });
    let other = "[ -~]{0,40}".prop_map(|json| {
        Body::Other(Other {
            name: "Note".to_owned(),
            json,
        })
    });
    let body = prop_oneof![workout, mood, other];
    let uid = proptest::option::of(any::<u64>().prop_filter_map("zero", Uid::new));
    let zone = proptest::option::of(Just("Asia/Kolkata".to_owned()));
    (
        START_US..NOW_US - 1_000_000_000_000,
        0..10_000_000_000_i64,
        0..sources,
        uid,
        zone,
        "[a-z|]{1,12}",
        body,
    )
        .prop_map(
            |(start_us, length_us, source, uid, zone, identity, body)| Record {
                start_us,
                end_us: start_us + length_us,
                zone,
                source: SourceNo(source),
                uid,
                identity,
                body,
            },
        )
}
