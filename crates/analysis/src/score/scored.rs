//! A series of sleep/wake states, with the epochs no scorer could judge left open.
//!
//! Never collapses "not scored" into "awake": counts of sleep and of wake come with coverage.

use crate::maths::run::{Run, runs};
use crate::outcome::Insufficient;
use crate::series::{DAY_S, Series, clock};

const COUNTED: &str = "epochs with a count per 15 seconds, half of those with movement";
const QUARTER_MINUTE_S: f64 = 15.0; // the epoch in which a device counts once or not at all

/// What a person does in an epoch, as far as movement tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Awake, or active for scorers of rest and activity.
    Wake,
    /// Asleep, or at rest for scorers of rest and activity.
    Sleep,
}

/// Scored epochs in local civil time; `None` is an epoch that could not be scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    start_s: i64,
    step_s: u32,
    states: Vec<Option<State>>,
}

impl Scored {
    /// Puts states on the clock.
    ///
    /// # Panics
    /// Panics when `step_s` is zero.
    pub fn new(start_s: i64, step_s: u32, states: Vec<Option<State>>) -> Self {
        assert!(step_s > 0, "an epoch lasts at least a second");
        Self {
            start_s,
            step_s,
            states,
        }
    }

    /// States on the epochs of a series.
    pub fn like(series: &Series, states: Vec<Option<State>>) -> Self {
        Self::new(series.start_s(), series.step_s(), states)
    }

    /// Local civil second at which the first epoch begins.
    pub const fn start_s(&self) -> i64 {
        self.start_s
    }

    /// Length of an epoch in seconds.
    pub const fn step_s(&self) -> u32 {
        self.step_s
    }

    /// The states in order.
    pub fn states(&self) -> &[Option<State>] {
        &self.states
    }

    /// Number of epochs.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there are no epochs.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Share of the epochs that are scored; 0 for an empty series.
    pub fn coverage(&self) -> f64 {
        let held = self.states.iter().flatten().count();
        if self.is_empty() {
            0.0
        } else {
            held as f64 / self.len() as f64
        }
    }

    /// Seconds after midnight at which epoch `index` begins.
    pub fn clock_s(&self, index: usize) -> u32 {
        clock(self.time_s(index))
    }

    /// Local civil second at which epoch `index` begins.
    pub fn time_s(&self, index: usize) -> i64 {
        self.start_s + crate::maths::describe::signed(index) * i64::from(self.step_s)
    }

    /// Epochs in a day, or why the epoch does not divide it.
    pub fn epochs_per_day(&self) -> Result<usize, Insufficient> {
        if DAY_S.is_multiple_of(self.step_s) {
            Ok(crate::series::epochs(DAY_S, self.step_s))
        } else {
            let of = "seconds per epoch that divide a day";
            Err(Insufficient::new(
                of,
                f64::from(DAY_S),
                f64::from(self.step_s),
            ))
        }
    }

    /// Sleep as 1, wake as 0, missing where not scored.
    pub fn as_series(&self) -> Series {
        let value = |state: &Option<State>| match state {
            Some(State::Sleep) => 1.0,
            Some(State::Wake) => 0.0,
            None => f64::NAN,
        };
        Series::new(
            self.start_s,
            self.step_s,
            self.states.iter().map(value).collect(),
        )
    }

    /// One character per epoch: `1` sleep, `0` wake, `n` not scored.
    pub fn text(&self) -> String {
        let letter = |state: &Option<State>| match state {
            Some(State::Sleep) => '1',
            Some(State::Wake) => '0',
            None => 'n',
        };
        self.states.iter().map(letter).collect()
    }

    /// Reads what [`Scored::text`] writes; any other character is not scored.
    pub fn read(start_s: i64, step_s: u32, text: &str) -> Self {
        let state = |letter: char| match letter {
            '1' => Some(State::Sleep),
            '0' => Some(State::Wake),
            _ => None,
        };
        Self::new(start_s, step_s, text.chars().map(state).collect())
    }

    /// Epochs at which `state` begins right after the other state, ascending.
    pub fn onsets(&self, state: State) -> Vec<usize> {
        let begins = |pair: &[Option<State>]| {
            pair[1] == Some(state) && pair[0].is_some_and(|before| before != state)
        };
        let pairs = self.states.windows(2).enumerate();
        pairs
            .filter(|(_, pair)| begins(pair))
            .map(|(index, _)| index + 1)
            .collect()
    }

    /// Maximal stretches of sleep.
    pub fn bouts(&self) -> Vec<Run<Option<State>>> {
        runs(&self.states)
            .into_iter()
            .filter(|run| run.value == Some(State::Sleep))
            .collect()
    }
}

/// What a scorer does where its window reaches over an end of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Epochs outside count as still, as in `ActiLife`.
    Still,
    /// An epoch without its whole window is not scored.
    Unscored,
}

/// A weighted window around each epoch.
pub struct Window<'a> {
    /// Weights from the earliest to the latest epoch of the window.
    pub weights: &'a [f64],
    /// How many of them lie before the scored epoch.
    pub before: usize,
    /// What happens at the ends.
    pub edge: Edge,
}

impl Window<'_> {
    /// The weighted sum at each epoch; NaN where a window misses an epoch it needs.
    pub fn sums(&self, values: &[f64]) -> Vec<f64> {
        let after = self.weights.len() - 1 - self.before;
        let mut padded = vec![0.0; self.before];
        padded.extend_from_slice(values);
        padded.resize(padded.len() + after, 0.0);
        let mut sums = vec![0.0; values.len()];
        for (lag, &weight) in self.weights.iter().enumerate() {
            let shifted = &padded[lag..lag + values.len()];
            for (sum, value) in sums.iter_mut().zip(shifted) {
                *sum += weight * value;
            }
        }
        if self.edge == Edge::Unscored {
            let count = sums.len();
            sums[..self.before.min(count)].fill(f64::NAN);
            sums[count.saturating_sub(after)..].fill(f64::NAN);
        }
        sums
    }
}

/// Sleep where the score is below `threshold`, open where it is NaN.
pub fn below(scores: &[f64], threshold: f64) -> Vec<Option<State>> {
    judged(scores, |score| score < threshold)
}

/// Sleep where `asleep` says so, open where the score is NaN.
pub fn judged(scores: &[f64], asleep: impl Fn(f64) -> bool) -> Vec<Option<State>> {
    let state = |&score: &f64| match score {
        open if open.is_nan() => None,
        score if asleep(score) => Some(State::Sleep),
        _ => Some(State::Wake),
    };
    scores.iter().map(state).collect()
}
/// Epochs with at least one count per 15 seconds; an error where those are less than half of the epochs with
/// movement: then the activity is in another unit than a device's counts.
pub fn counted(series: &Series) -> Result<usize, Insufficient> {
    let least = f64::from(series.step_s()) / QUARTER_MINUTE_S;
    let values = series.values().iter();
    let moving = values.clone().filter(|&&count| count > 0.0).count();
    let counted = values.filter(|&&count| count >= least).count();
    Insufficient::unless(COUNTED, moving / 2, counted)?;
    Ok(counted)
}
