//! Time of the actigraphy transformer for a week, beside the speed of a plain matrix product.
//!
//! Weights and weeks are made up: the time does not depend on them. The product is the best of a few
//! squares by the same kernel on one core, so the share says what softmax, norms and the rest of the
//! encoder cost. Targets: at least 80 % of the product for the large encoder; loading within 50 ms.
//!
//! With `--peer` it answers requests on its standard input instead, one measurement for each line
//! `SIZE INSTRUCTIONS BATCH THREADS REPEATS`, so that others can be measured in turns with it.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::io::BufRead;
use std::num::NonZeroUsize;
use std::time::Instant;

use model::tensor::Tensor;
use pat::encoder::{Embedding, Encoder, Workspace};
use pat::kernel::{Instructions, Left, Onto, PANEL, Row};
use pat::week::WEEK_MIN;
use pat::weights::layout;
use pat::{Projection, Size};

/// Measurements of which the fastest counts, as far as there is time for them.
const ROUNDS: usize = 40;
/// Once this has passed, a point is measured no further.
const BUDGET_S: f64 = 2.0;

fn main() {
    if std::env::args().any(|argument| argument == "--peer") {
        answer();
    } else if !std::env::args().any(|argument| argument == "--test") {
        table();
    }
}

/// Between -1 and 1, from a counter: the number at `index` of the stream `seed`.
fn number(seed: u64, index: u64) -> f32 {
    let mut bits = (seed << 32)
        .wrapping_add(index)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    f32::from(u16::try_from(bits >> 48).expect("16 bits")) / 32_768.0 - 1.0
}

fn numbers(seed: u64, count: usize, scale: f32) -> Vec<f32> {
    (0..count as u64)
        .map(|index| number(seed, index) * scale)
        .collect()
}

/// Arrays as spread out as those that training starts from; the tools' script makes the same.
fn weights(size: Size) -> Vec<Tensor> {
    let arrays = layout(size, Projection::Linear).into_iter().zip(1..);
    arrays
        .map(|(array, seed)| {
            let kernel = array.name.ends_with("kernel:0");
            let mut values = numbers(seed, array.count(), if kernel { 0.125 } else { 0.25 });
            if array.name.ends_with("gamma:0") {
                for value in &mut values {
                    *value += 1.0;
                }
            }
            Tensor::new(array.name, array.shape, values).expect("a shape of its own layout")
        })
        .collect()
}

fn weeks(count: usize) -> Vec<f32> {
    numbers(0, count * WEEK_MIN, 2.0)
}

/// How time is taken.
#[derive(Clone, Copy)]
enum Clock {
    /// Time on the wall, with everything else that the machine does meanwhile.
    Wall,
    /// Time that the calling thread was running, which others can hardly disturb.
    Own,
}

impl Clock {
    fn seconds(self, start: Instant) -> f64 {
        let wall = start.elapsed().as_secs_f64();
        match self {
            Self::Wall => wall,
            Self::Own => own_seconds().unwrap_or(wall),
        }
    }
}

/// Nanoseconds on a processor are the first field, where the system keeps them; it brings them up to
/// date when a thread gives way.
fn own_seconds() -> Option<f64> {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// One thread is measured by its own time, several by the time on the wall.
fn clock(threads: usize) -> Clock {
    if threads == 1 {
        Clock::Own
    } else {
        Clock::Wall
    }
}

/// The fastest of several rounds.
fn fastest(clock: Clock, rounds: usize, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut best = f64::INFINITY;
    for _round in 0..rounds {
        let before = clock.seconds(start);
        work();
        best = best.min(clock.seconds(start) - before);
        if start.elapsed().as_secs_f64() > BUDGET_S {
            break;
        }
    }
    best
}

/// Operations per second of a square product with everything packed, on one core.
fn peak(instructions: Instructions) -> f64 {
    [480, 960, 1440]
        .map(|side| square(instructions, side))
        .into_iter()
        .fold(0.0, f64::max)
}

fn square(instructions: Instructions, side: usize) -> f64 {
    const DEPTH: usize = 96;
    let left = numbers(1, side * side, 1.0);
    let right = vec![Row::of(0.5); side];
    let mut out = vec![Row::of(0.0); side];
    let time = fastest(Clock::Own, ROUNDS, || {
        for _panel in 0..side / PANEL {
            let left = left.chunks_exact(DEPTH * side);
            for (left, right) in left.zip(right.chunks_exact(DEPTH)) {
                instructions.multiply(&mut out, Left::Columns(left, side), right, PANEL, Onto::Sum);
            }
        }
        std::hint::black_box(&mut out);
    });
    2.0 * (side as f64).powi(3) / time
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("at least one")
}

fn embed(encoder: &Encoder, weeks: &[f32], workspace: &mut Workspace) -> Vec<Embedding> {
    encoder.embed(weeks, workspace).expect("finite weeks")
}

fn table() {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for instructions in Instructions::supported() {
        let peak = peak(instructions);
        println!(
            "{}: square product {:.1} GFLOP/s on one core",
            instructions.name(),
            peak / 1e9
        );
        println!("  size    batch threads  ms/week  GFLOP/s  of peak");
        for size in Size::ALL {
            let tensors = weights(size);
            let mut encoder = None;
            let load = fastest(Clock::Own, 5, || {
                encoder = Encoder::from_tensors(&tensors).ok();
            });
            let encoder = encoder.expect("weights of its own layout");
            let encoder = encoder.with_instructions(instructions);
            for (batch, used) in [(1, 1), (1, 2), (32, 1), (32, 2)] {
                if used <= cores && (batch == 1 || instructions.name() != "portable") {
                    point(&encoder, batch, used, peak);
                }
            }
            println!("  {:<7} folded in {:.1} ms", size.name(), load * 1e3);
        }
    }
}

/// Measures and prints one line; one thread by its own time, several by that on the wall.
fn point(encoder: &Encoder, batch: usize, used: usize, peak: f64) {
    let size = encoder.size();
    let mut workspace = Workspace::new(threads(used));
    let weeks = weeks(batch);
    let time = fastest(clock(used), ROUNDS, || {
        drop(embed(encoder, &weeks, &mut workspace));
    });
    let speed = size.operations() as f64 * batch as f64 / time;
    println!(
        "  {:<7} {batch:>5} {used:>7} {:>8.2} {:>8.1} {:>7.1}%",
        size.name(),
        time / batch as f64 * 1e3,
        speed / 1e9,
        100.0 * speed / (peak * used as f64),
    );
}

/// Answers requests with milliseconds per week and the mean embedding of the first week.
fn answer() {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line of text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let [size, instructions, batch, used, repeats] = words[..] else {
            panic!("a request is SIZE INSTRUCTIONS BATCH THREADS REPEATS, not `{line}`");
        };
        let count = |word: &str| word.parse::<usize>().expect("a whole number");
        let size = Size::ALL
            .into_iter()
            .find(|one| one.name() == size)
            .expect("a size");
        let mut all = Instructions::supported().into_iter();
        let set = all.find(|set| instructions == "fastest" || set.name() == instructions);
        let encoder = Encoder::from_tensors(&weights(size)).expect("weights of its own layout");
        let encoder = encoder.with_instructions(set.expect("instructions that are there"));
        let mut workspace = Workspace::new(threads(count(used)));
        let weeks = weeks(count(batch));
        let mut mean = [0.0; 96];
        let time = fastest(clock(count(used)), count(repeats), || {
            if let Some(first) = embed(&encoder, &weeks, &mut workspace).first() {
                mean = first.mean;
            }
        });
        println!(
            "{{\"ms\": {}, \"mean\": {mean:?}}}",
            time / count(batch) as f64 * 1e3
        );
    }
}
