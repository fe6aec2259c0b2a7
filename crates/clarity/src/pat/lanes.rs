//! Two lanes of weeks that wait for a model: urgent ones overtake.
//!
//! One task takes what waits and passes up to [`BATCH_MAX`] weeks of one model through it at once, so
//! that n waiting weeks take at most ⌈n / batch⌉ passes. A week that was embedded a moment ago is
//! answered from memory. It must never hold more weeks than [`WAITING_MAX`], and never remember one
//! longer than ten minutes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use moka::sync::Cache;
use pat::encoder::{Embedding, WeekError, Workspace};
use tokio::sync::{Notify, oneshot};

use lab::models::LoadedModel;

/// Weeks in one pass: the large model answers the first of them after a second and a half on two
/// cores, and larger batches are no faster.
pub const BATCH_MAX: usize = 16;
/// Weeks that may wait; 40 KB each, half a minute of the large model.
pub const WAITING_MAX: usize = 256;
/// Answers that are remembered; 20 KB each at most.
const REMEMBERED_MAX: u64 = 512;
/// How long they are.
const REMEMBERED: Duration = Duration::from_mins(10);

/// Where a week waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    Urgent,
    /// Work of the pipeline, or a request that said it can wait.
    Ordinary,
}

/// Why a week was not embedded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LaneError {
    /// Too many weeks wait already.
    #[error("{WAITING_MAX} weeks wait already")]
    Full,
    /// The week is not one that can be embedded.
    #[error(transparent)]
    Week(#[from] WeekError),
    /// The process is stopping, or the pass through the model did not finish.
    #[error("the pass through the model did not finish; try again")]
    Unfinished,
}

/// What the lanes did, for the status and for tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Weeks that wait in the urgent lane.
    pub urgent: usize,
    /// Weeks that wait in the ordinary lane.
    pub ordinary: usize,
    /// Passes through a model since the start.
    pub passes: u64,
    /// Weeks in those passes.
    pub weeks: u64,
}

type Answer = Result<Arc<Embedding>, LaneError>;

/// A week and who waits for it.
pub(super) struct Waiting {
    model: Arc<LoadedModel>,
    week: Vec<f32>,
    digest: [u8; 32],
    answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct Queues {
    urgent: VecDeque<Waiting>,
    ordinary: VecDeque<Waiting>,
    passes: u64,
    weeks: u64,
}

/// The lanes of a process.
pub struct Lanes {
    queues: Mutex<Queues>,
    pub(super) ready: Notify,
    remembered: Cache<[u8; 32], Arc<Embedding>>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            queues: Mutex::default(),
            ready: Notify::new(),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED_MAX)
                .time_to_live(REMEMBERED)
                .build(),
        }
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Lanes {:?}", self.counts())
    }
}

impl Lanes {
    /// Embeds one scaled week of 10,080 minutes.
    pub async fn embed(&self, model: Arc<LoadedModel>, week: Vec<f32>, lane: Lane) -> Answer {
        let digest = input_digest(&model, &week);
        if let Some(known) = self.remembered.get(&digest) {
            metrics::counter!("clarity_pat_remembered_total").increment(1);
            return Ok(known);
        }
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            model,
            week,
            digest,
            answer,
        };
        {
            let mut queues = self.lock();
            if queues.urgent.len() + queues.ordinary.len() >= WAITING_MAX {
                return Err(LaneError::Full);
            }
            match lane {
                Lane::Urgent => queues.urgent.push_back(waiting),
                Lane::Ordinary => queues.ordinary.push_back(waiting),
            }
            gauges(&queues);
        }
        self.ready.notify_one();
        // The sender is dropped unanswered only when the task or its pass ends early.
        answered.await.unwrap_or(Err(LaneError::Unfinished))
    }

    /// What waits and what was done.
    pub fn counts(&self) -> Counts {
        let queues = self.lock();
        Counts {
            urgent: queues.urgent.len(),
            ordinary: queues.ordinary.len(),
            passes: queues.passes,
            weeks: queues.weeks,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers what still waits: the process is stopping.
    pub(super) fn close(&self) {
        // Dropping what waits answers it.
        let mut queues = self.lock();
        queues.urgent.clear();
        queues.ordinary.clear();
    }

    /// The next weeks of one model: urgent ones first, each lane in the order of arrival.
    pub(super) fn batch(&self) -> Vec<Waiting> {
        let mut queues = self.lock();
        let first = queues.urgent.front().or(queues.ordinary.front());
        let Some(model) = first.map(|waiting| Arc::clone(&waiting.model)) else {
            return Vec::new();
        };
        let mut batch = Vec::new();
        let Queues {
            urgent, ordinary, ..
        } = &mut *queues;
        take(urgent, &model, &mut batch);
        take(ordinary, &model, &mut batch);
        queues.passes += 1;
        queues.weeks += u64::try_from(batch.len()).unwrap_or(0);
        gauges(&queues);
        batch
    }

    /// Passes a batch through its model and answers everyone in it.
    pub(super) fn pass(&self, batch: Vec<Waiting>, workspace: &mut Workspace) {
        let Some(model) = batch.first().map(|waiting| Arc::clone(&waiting.model)) else {
            return;
        };
        let started = Instant::now();
        let weeks: Vec<f32> = batch.iter().flat_map(|w| w.week.iter().copied()).collect();
        let embedded = model.encoder.embed(&weeks, workspace);
        metrics::counter!("clarity_pat_passes_total").increment(1);
        metrics::counter!("clarity_pat_weeks_total").increment(batch.len() as u64);
        metrics::histogram!("clarity_pat_pass_seconds").record(started.elapsed().as_secs_f64());
        let Ok(embedded) = embedded else {
            // One bad week must not sink its neighbours: each passes alone and gets its own answer.
            for waiting in batch {
                let alone = model.encoder.embed(&waiting.week, workspace);
                let answer = alone
                    .map_err(LaneError::from)
                    .and_then(|mut one| one.pop().map(Arc::new).ok_or(LaneError::Unfinished));
                // Whoever asked may have gone.
                let _ = waiting.answer.send(answer);
            }
            return;
        };
        for (waiting, embedding) in batch.into_iter().zip(embedded) {
            let embedding = Arc::new(embedding);
            self.remembered
                .insert(waiting.digest, Arc::clone(&embedding));
            let _ = waiting.answer.send(Ok(embedding));
        }
    }
}

/// Moves weeks of a model from a lane into a batch until it is full; others keep their places.
fn take(lane: &mut VecDeque<Waiting>, model: &Arc<LoadedModel>, batch: &mut Vec<Waiting>) {
    let mut index = 0;
    while batch.len() < BATCH_MAX && index < lane.len() {
        let same = lane
            .get(index)
            .is_some_and(|waiting| Arc::ptr_eq(&waiting.model, model));
        if same {
            batch.extend(lane.remove(index));
        } else {
            index += 1;
        }
    }
}

fn gauges(queues: &Queues) {
    for (lane, length) in [
        ("urgent", queues.urgent.len()),
        ("ordinary", queues.ordinary.len()),
    ] {
        metrics::gauge!("clarity_pat_waiting", "lane" => lane).set(length as f64);
    }
}

/// Tells one question from another: the model and every bit of the week.
fn input_digest(model: &LoadedModel, week: &[f32]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(model.sha256.to_string().as_bytes());
    for value in week {
        context.update(&value.to_le_bytes());
    }
    let found = context.finish();
    let mut bytes = [0; 32];
    bytes.copy_from_slice(found.as_ref());
    bytes
}
