//! Merging and reading 100,000 samples through a SQLite file, beside a plain copy of the same memory.
//!
//! The chunk codec itself is private; what a caller waits for is measured: decode, merge, encode, seal
//! and write (or read, open and decode).

use divan::Bencher;
use divan::counter::ItemsCount;
use model::ids::{UploadId, UserId};
use model::metric::{CATALOGUE, MetricNo};
use model::sample::{Flags, SECOND_US, Sample};
use model::source::SourceNo;
use model::zone::Span;
use store::samples::{self, Group, Origin};
use store::uploads::{self, NewUpload, UploadNo};
use store::{PersonKey, Store, Target, Vault, people};
use tokio::runtime::Runtime;
use uuid::Uuid;

const COUNT: usize = 100_000;
const START_US: i64 = 1_780_000_000 * SECOND_US;

fn main() {
    divan::main();
}

/// What a phone writes: heart rates every few seconds or steps in bursts.
#[derive(Debug, Clone, Copy)]
enum Shape {
    HeartRate,
    Steps,
}

const SHAPES: [Shape; 2] = [Shape::HeartRate, Shape::Steps];

impl Shape {
    fn metric(self) -> MetricNo {
        let id = match self {
            Self::HeartRate => "heart_rate",
            Self::Steps => "step_count",
        };
        CATALOGUE
            .iter()
            .find(|metric| metric.id == id)
            .map_or(MetricNo(20_000), |metric| metric.no)
    }

    fn samples(self) -> Vec<Sample> {
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move |below: i64| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            (noise >> 33).cast_signed() % below
        };
        let mut at_us = START_US;
        let mut level = 70_i64;
        (0..COUNT)
            .map(|_| {
                let (step, length, value) = match self {
                    Self::HeartRate => {
                        level = (level + next(7) - 3).clamp(45, 180);
                        (4 + next(3), 0, level)
                    }
                    Self::Steps => (60 + next(240), 10 + next(300), 5 + next(120)),
                };
                at_us += step * SECOND_US;
                Sample {
                    start_us: at_us,
                    end_us: at_us + length * SECOND_US,
                    value: value as f64,
                    zone_offset_min: None,
                    source: SourceNo(u16::from(next(10) == 0)),
                    uid: None,
                    flags: Flags::NONE,
                }
            })
            .collect()
    }
}

struct Bench {
    runtime: Runtime,
    store: Store,
    key: PersonKey,
    user: UserId,
    upload: UploadNo,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bench.db");
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let (store, key, upload) = runtime.block_on(async {
            let store = Store::open(&Target::Sqlite { path })
                .await
                .expect("a database");
            store.migrate().await.expect("tables");
            let vault = Vault::open(&store, &folder.path().join("key"))
                .await
                .expect("a vault");
            let mut tx = store.write().await.expect("a transaction");
            let person = people::NewPerson {
                id: user,
                email: "bench@example.org",
                password_hash: "",
                role: "patient",
                now_us: 0,
            };
            people::create(&mut tx, &vault, &person)
                .await
                .expect("a person");
            let key = vault.person_key(&mut tx, user).await.expect("a key");
            let upload = NewUpload {
                id: UploadId::from_uuid(Uuid::from_u128(2)),
                kind: "bench",
                now_us: 0,
            };
            let upload = uploads::begin(&mut tx, &key, user, &upload)
                .await
                .expect("an upload");
            tx.commit().await.expect("a commit");
            (store, key, upload)
        });
        Self {
            runtime,
            store,
            key,
            user,
            upload,
            folder,
        }
    }

    fn merge(&self, metric: MetricNo, samples: Vec<Sample>) {
        self.runtime.block_on(async {
            let mut tx = self.store.write().await.expect("a transaction");
            let origin = Origin {
                upload: self.upload,
                snapshot: None,
                snapshots: &[],
            };
            let groups = vec![Group { metric, samples }];
            samples::merge(&mut tx, &self.key, self.user, origin, groups)
                .await
                .expect("a merge");
            tx.commit().await.expect("a commit");
        });
    }

    fn read(&self, metric: MetricNo) -> Vec<Sample> {
        let span = Span {
            start_us: START_US,
            end_us: i64::MAX,
        };
        self.runtime.block_on(async {
            let mut tx = self.store.read().await.expect("a transaction");
            samples::starting_in(&mut tx, &self.key, self.user, metric, span)
                .await
                .expect("a read")
        })
    }

    fn file_bytes(&self) -> u64 {
        self.runtime
            .block_on(self.store.scrub())
            .expect("a checkpoint");
        std::fs::metadata(self.folder.path().join("bench.db"))
            .expect("a file")
            .len()
    }
}

#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn copy_of_memory(bencher: Bencher<'_, '_>, shape: Shape) {
    let samples = shape.samples();
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench(|| divan::black_box(&samples).clone());
}

#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn merge_new(bencher: Bencher<'_, '_>, shape: Shape) {
    let samples = shape.samples();
    bencher
        .counter(ItemsCount::new(COUNT))
        .with_inputs(|| (Bench::new(), samples.clone()))
        .bench_values(|(bench, samples)| {
            bench.merge(shape.metric(), samples);
            bench
        });
}

#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn merge_again(bencher: Bencher<'_, '_>, shape: Shape) {
    let samples = shape.samples();
    let bench = Bench::new();
    let before = bench.file_bytes();
    bench.merge(shape.metric(), samples.clone());
    let per_sample = (bench.file_bytes() - before) as f64 / COUNT as f64;
    report(shape, per_sample);
    bencher
        .counter(ItemsCount::new(COUNT))
        .with_inputs(|| samples.clone())
        .bench_values(|samples| bench.merge(shape.metric(), samples));
}

#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn read_all(bencher: Bencher<'_, '_>, shape: Shape) {
    let bench = Bench::new();
    bench.merge(shape.metric(), shape.samples());
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench(|| bench.read(shape.metric()));
}

#[expect(
    clippy::print_stdout,
    reason = "a figure that the table of times has no column for"
)]
fn report(shape: Shape, bytes_per_sample: f64) {
    println!("{shape:?}: {bytes_per_sample:.2} bytes per sample in the file");
}
