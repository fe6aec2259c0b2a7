//! The memory that an encoder works in, kept from one request to the next.
//!
//! It must never hold anything that outlives a request in meaning: every number is written before
//! it is read.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::kernel::{PANEL, Row};
use crate::{HIDDEN, Size, WIDTH};

/// Working memory for up to a number of threads; grows to the largest encoder it has served.
///
/// Some 1.2 MB per thread for the large encoder, whatever the number of weeks.
pub struct Workspace {
    pub(super) states: Vec<State>,
    pub(super) scratches: Vec<Scratch>,
}

impl Workspace {
    /// Prepares for as many threads; memory is taken with the first request.
    pub fn new(threads: NonZeroUsize) -> Self {
        Self {
            states: (0..threads.get()).map(|_| State::default()).collect(),
            scratches: (0..threads.get()).map(|_| Scratch::default()).collect(),
        }
    }

    /// How many threads work at once.
    pub fn threads(&self) -> usize {
        self.states.len()
    }

    pub(super) fn fit(&mut self, size: Size) {
        for state in &mut self.states {
            state.fit(size);
        }
        for scratch in &mut self.scratches {
            scratch.fit(size);
        }
    }
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Workspace for {} threads", self.threads())
    }
}

/// The tokens of one week on their way through the blocks.
#[derive(Default)]
pub(super) struct State {
    /// What a block reads: a row of 96 for each patch.
    pub(super) tokens: Vec<f32>,
    /// What it writes.
    pub(super) next: Vec<f32>,
    /// Attention that each patch received from the queries of a panel: a row for each panel.
    pub(super) received: Vec<f32>,
}

impl State {
    fn fit(&mut self, size: Size) {
        let patches = size.patches();
        self.tokens.resize(patches * WIDTH, 0.0);
        self.next.resize(patches * WIDTH, 0.0);
        self.received.resize(patches.div_ceil(PANEL) * patches, 0.0);
    }
}

/// What one thread needs for one panel.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) inputs: Vec<Row>,
    pub(super) query: Vec<Row>,
    pub(super) scores: Vec<Row>,
    pub(super) context: Vec<Row>,
    pub(super) sums: Vec<Row>,
    pub(super) hidden: Vec<Row>,
}

impl Scratch {
    fn fit(&mut self, size: Size) {
        for rows in [
            &mut self.inputs,
            &mut self.query,
            &mut self.context,
            &mut self.sums,
        ] {
            rows.resize(WIDTH, Row::of(0.0));
        }
        self.scores.resize(size.patches(), Row::of(0.0));
        self.hidden.resize(HIDDEN, Row::of(0.0));
    }
}

/// Hands jobs to workers until none is left; the first worker is the calling thread.
///
/// Which worker gets which job is left to chance, so `run` must not let it matter.
pub(super) fn share<Job: Send, Worker: Send>(
    jobs: impl Iterator<Item = Job> + Send,
    mut workers: impl Iterator<Item = Worker>,
    run: impl Fn(Job, &mut Worker) + Sync,
) {
    let Some(mut first) = workers.next() else {
        return;
    };
    let Some(second) = workers.next() else {
        jobs.for_each(|job| run(job, &mut first));
        return;
    };
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |mut worker: Worker| {
        while let Some(job) = next() {
            run(job, &mut worker);
        }
    };
    std::thread::scope(|scope| {
        for worker in std::iter::once(second).chain(workers) {
            let work = &work;
            scope.spawn(move || work(worker));
        }
        work(first);
    });
}
