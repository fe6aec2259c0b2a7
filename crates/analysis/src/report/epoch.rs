//! Every epoch of a recording with what the report made of it: counts, wear, score and window.
//!
//! Nothing is judged here: wear is the rule of the report, sleep and wake are the scores of its nights, on their own
//! epochs where the scorer needs longer ones.

use crate::report::Report;
use crate::report::column::{Cell, Field, Kind};
use crate::report::night::{self, Role};
use crate::score::scored::State;

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Local civil second at which it begins.
    pub time_s: i64,
    /// The activity as it was recorded; nothing where it was not.
    pub activity: Option<f64>,
    /// Light in lux.
    pub light: Option<f64>,
    /// Whether the device was worn; nothing where nothing was recorded or no rule fits.
    pub is_worn: Option<bool>,
    /// Sleep or wake by the scorer of the nights.
    pub state: Option<State>,
    /// The window of rest that it lies in.
    pub window: Option<Role>,
}

/// The epochs of the activity, in order.
pub fn of(report: &Report<'_>) -> Vec<Epoch> {
    let activity = report.input().activity;
    let light = report.input().light;
    let off = report.nonwear().ok();
    let scored = night::judged(report);
    let nights = report.nights();
    let mut next = 0;
    let epochs = activity.values().iter().enumerate();
    epochs
        .map(|(index, value)| {
            let time_s = activity.time_s(index);
            let held = (!value.is_nan()).then_some(*value);
            while nights
                .get(next)
                .is_some_and(|night| night.until_s <= time_s)
            {
                next += 1;
            }
            let around = nights.get(next).filter(|night| night.from_s <= time_s);
            let at = |series: &crate::series::Series| {
                let value = series.values().get(series.index_at(time_s)).copied();
                value.filter(|value| !value.is_nan())
            };
            Epoch {
                time_s,
                activity: held,
                light: light.and_then(at),
                is_worn: off
                    .and_then(|off| off.get(index))
                    .map(|off| !off)
                    .filter(|_| held.is_some()),
                state: scored.as_ref().and_then(|scored| {
                    let step = i64::from(scored.step_s());
                    let epoch = (time_s - scored.start_s()).div_euclid(step);
                    let epoch = usize::try_from(epoch).ok()?;
                    scored.states().get(epoch).copied().flatten()
                }),
                window: around.map(|night| night.role),
            }
        })
        .collect()
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::number)
}

fn word(word: &str) -> Cell {
    Cell::Text(word.to_owned())
}

/// The columns of the table of epochs.
pub const FIELDS: &[Field<Epoch>] = &[
    Field::new(
        "time",
        "",
        Kind::Instant,
        "Beginning of the epoch, local time.",
        |epoch| Cell::Instant(epoch.time_s),
    ),
    Field::new(
        "activity",
        "input",
        Kind::Number,
        "The activity as it was recorded, worn or not.",
        |epoch| number(epoch.activity),
    ),
    Field::new("light", "lx", Kind::Number, "Light.", |epoch| {
        number(epoch.light)
    }),
    Field::new(
        "worn",
        "1",
        Kind::Whole,
        "1 where the device was worn by the rule of non-wear, 0 where not; empty where nothing was recorded or no \
         rule fits.",
        |epoch| {
            epoch
                .is_worn
                .map_or(Cell::Missing, |worn| Cell::Whole(i64::from(worn)))
        },
    ),
    Field::new(
        "score",
        "",
        Kind::Text,
        "`sleep` or `wake` by the scorer of the nights (sustained inactivity with raw acceleration), inside windows of \
         rest and outside; empty where nobody could score.",
        |epoch| match epoch.state {
            Some(State::Sleep) => word("sleep"),
            Some(State::Wake) => word("wake"),
            None => Cell::Missing,
        },
    ),
    Field::new(
        "window",
        "",
        Kind::Text,
        "`night` or `other` inside a window of rest, as the table of nights has it; empty outside.",
        |epoch| match epoch.window {
            Some(Role::Night) => word("night"),
            Some(Role::Other) => word("other"),
            None => Cell::Missing,
        },
    ),
];
