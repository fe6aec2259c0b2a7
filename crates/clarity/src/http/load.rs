//! `GET /load`: training load over local days, from the heart rates of their workouts.
//!
//! The formulas are `analysis`'s; this file adds up workouts by day. A day with data and without a workout
//! is a day of rest; a day without data is unknown.

use std::sync::Arc;

use analysis::daily::session::Session;
use analysis::effort::guideline::{self, Effort, Standing, WEEKLY_TARGET};
use analysis::effort::load::{self, ACUTE_CHRONIC, Average, Balance, TRIMP};
use analysis::outcome::Outcome;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use model::zone::{Span, ZoneHistory};
use serde::Serialize;
use store::records::{Order, Page as Part};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::effort::{BEFORE_DAYS, BoundAnswer, Bounds, DayKnown, EffortQuery};
use crate::http::effort::{bounds, days_of, measured};
use crate::http::page::Params;
use crate::http::range::{Lengths, RangeQuery};
use crate::http::verbatim;
use crate::problem::{Code, Problem};

/// The stored kind.
const WORKOUT: &str = "workout";
/// Days in one response; each workout in them costs the samples of its hours.
const LENGTHS: Lengths = Lengths {
    default_days: 28,
    max_days: 92,
};
/// Workouts in one response: more than eight a day.
const WORKOUTS_MAX: usize = 1_000;
/// Days of a week of the target.
const WEEK: usize = 7;

/// The load of a local day.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LoadDay {
    /// The local day.
    #[schema(format = Date)]
    date: String,
    /// Workouts that started on it.
    workouts: u32,
    /// Workouts of them whose impulse could not be computed; their load is missing in the day's.
    workouts_without: u32,
    /// Sum of the training impulses; 0 on a day with data and without a workout, null without data.
    trimp: Option<f64>,
    /// Minutes of workouts at 40 to 60 % of the heart-rate reserve.
    moderate_min: Option<f64>,
    /// Minutes of workouts above.
    vigorous_min: Option<f64>,
    /// Load of the 7 days up to this one over that of 28; null where too few days are known.
    acute_chronic_ratio: Option<f64>,
}

/// Acute and chronic load at the end.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct BalanceAnswer {
    /// How the days are averaged: `rolling` or `exponential`.
    average: &'static str,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Mean daily load of the last 7 days; null with a reason.
    acute: Option<f64>,
    /// Mean daily load of the last 28 days.
    chronic: Option<f64>,
    /// Acute over chronic; null where there was no load.
    ratio: Option<f64>,
    /// Share of the 28 days that are known.
    coverage: Option<f64>,
    /// Why they are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Where a week stands beside the target of the World Health Organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StandingAnswer {
    /// Fewer than 150 equivalent minutes.
    Below,
    /// Fewer than 150 so far, but days are missing.
    Unknown,
    /// From 150 to 300.
    Reached,
    /// 300 and more.
    Exceeded,
}

/// The last seven days beside the target.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct TargetAnswer {
    /// Moderate plus twice the vigorous minutes of workouts; null with a reason.
    equivalent_min: Option<f64>,
    /// Where that stands. Activity outside workouts is not seen, so `below` says little.
    standing: Option<StandingAnswer>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Training load over days.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LoadAnswer {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The resting heart rate that was used.
    resting_heart_rate: BoundAnswer,
    /// The maximal heart rate that was used.
    maximal_heart_rate: BoundAnswer,
    /// Method of the impulses.
    method: &'static str,
    /// Its version.
    version: u32,
    /// Days, oldest first.
    data: Vec<LoadDay>,
    /// Load of the last week beside that of four, in both customary ways.
    balance: Vec<BalanceAnswer>,
    /// The last seven days beside the WHO target.
    week: TargetAnswer,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(training_load))
}

/// Reads the training load of local days, from the heart rates of their workouts.
///
/// At most 92 days; without `start` the last 28. A day with data and without a workout is a day of rest.
#[utoipa::path(
    get,
    operation_id = "get_training_load",
    path = "/load",
    tag = "reading",
    params(RangeQuery, EffortQuery),
    responses(
        (status = 200, description = "The load by day, and what it adds up to", body = LoadAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn training_load(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range): Params<RangeQuery>,
    Params(query): Params<EffortQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    query.check()?;
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let history = dossier.history();
    let (from, until) = range.days(&history, app.clock.now_us(), LENGTHS)?;
    let first = from.checked_sub(BEFORE_DAYS.days()).unwrap_or(Date::MIN);
    let known = days_of(&app, &mut tx, caller.user, (first, until)).await?;
    let bounds = bounds(&mut tx, &dossier, caller.user, &query, (until, &known)).await?;
    let part = Part {
        order: Order::OldestFirst,
        after: None,
        limit: u32::try_from(WORKOUTS_MAX + 1).unwrap_or(u32::MAX),
    };
    let span = span_of(&history, first, until);
    let key = &dossier.key;
    let workouts = store::records::in_span(&mut tx, key, caller.user, WORKOUT, span, part).await?;
    if workouts.len() > WORKOUTS_MAX {
        return Err(Problem::new(
            Code::TooManyItems,
            format!("the range has more than {WORKOUTS_MAX} workouts; ask for a shorter one"),
        ));
    }
    let mut days = Days::new(first, until, &known);
    for stored in &workouts {
        let found = measured(&app, &mut tx, &dossier, caller.user, stored, &bounds).await?;
        days.add(history.date_at(stored.record.start_us), &found);
    }
    drop(tx);
    let answer = days.answer(from, until, &bounds);
    let body = serde_json::to_vec(&answer).map_err(Problem::internal)?;
    Ok(verbatim::json(&headers, body))
}

fn span_of(history: &ZoneHistory, from: Date, until: Date) -> Span {
    Span {
        start_us: start_of(history, from),
        end_us: start_of(history, until),
    }
}

/// The first instant of a local day; one that a journey skips begins with the next.
fn start_of(history: &ZoneHistory, date: Date) -> i64 {
    let mut dates = date.series(1.day()).take(3);
    let first = dates.find_map(|date| history.day(date).first().map(|span| span.start_us));
    first.unwrap_or_else(|| history.home().start_of(date))
}

/// What is known of each day from the first that any mean needs.
struct Days {
    first: Date,
    days: Vec<Known>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    has_data: bool,
    workouts: u32,
    without: u32,
    trimp: f64,
    effort: (f64, f64),
}

impl Known {
    /// The load of the day: rest is 0, an impulse that is missing makes the day unknown.
    fn load(&self) -> Option<f64> {
        let is_known = (self.has_data || self.workouts > 0) && self.without == 0;
        is_known.then_some(self.trimp)
    }

    fn effort(&self) -> Option<Effort> {
        self.load().map(|_| Effort {
            moderate_min: self.effort.0,
            vigorous_min: self.effort.1,
        })
    }
}

impl Days {
    fn new(first: Date, until: Date, known: &[DayKnown]) -> Self {
        let count = first.until(until).map_or(0, |span| span.get_days());
        let mut days = Self {
            first,
            days: vec![Known::default(); usize::try_from(count).unwrap_or(0)],
        };
        for (date, _) in known {
            if let Some(day) = days.at(*date) {
                day.has_data = true;
            }
        }
        days
    }

    fn at(&mut self, date: Date) -> Option<&mut Known> {
        let place = self.first.until(date).ok()?.get_days();
        self.days.get_mut(usize::try_from(place).ok()?)
    }

    fn add(&mut self, date: Date, found: &Session) {
        let Some(day) = self.at(date) else { return };
        day.workouts += 1;
        match found.trimp {
            Ok(trimp) => day.trimp += trimp.value,
            Err(_) => day.without += 1,
        }
        if let Ok(zones) = &found.zones {
            let [_, _, moderate, vigorous, maximal] = zones.value;
            day.effort.0 += moderate;
            day.effort.1 += vigorous + maximal;
        }
    }

    fn answer(&self, from: Date, until: Date, bounds: &Bounds) -> LoadAnswer {
        let loads: Vec<f64> = self
            .days
            .iter()
            .map(|day| day.load().unwrap_or(f64::NAN))
            .collect();
        let skipped = self.first.until(from).map_or(0, |span| span.get_days());
        let skipped = usize::try_from(skipped).unwrap_or(0);
        let dates = self
            .first
            .series(1.day())
            .zip(&self.days)
            .enumerate()
            .skip(skipped);
        let data = dates.map(|(index, (date, day))| {
            let known = loads.get(..=index).unwrap_or_default();
            let balance = load::balance(known, Average::Rolling).ok();
            LoadDay {
                date: date.to_string(),
                workouts: day.workouts,
                workouts_without: day.without,
                trimp: day.load(),
                moderate_min: day.effort().map(|effort| effort.moderate_min),
                vigorous_min: day.effort().map(|effort| effort.vigorous_min),
                acute_chronic_ratio: balance.and_then(|found| found.value.ratio),
            }
        });
        LoadAnswer {
            start: from.to_string(),
            end: until.to_string(),
            resting_heart_rate: bounds.resting,
            maximal_heart_rate: bounds.maximal,
            method: TRIMP.id,
            version: TRIMP.version,
            data: data.collect(),
            balance: vec![
                balance_answer("rolling", &load::balance(&loads, Average::Rolling)),
                balance_answer("exponential", &load::balance(&loads, Average::Exponential)),
            ],
            week: self.week(),
        }
    }

    fn week(&self) -> TargetAnswer {
        let mut week = [None; WEEK];
        for (place, day) in week.iter_mut().rev().zip(self.days.iter().rev()) {
            *place = day.effort();
        }
        let found = guideline::week(&week);
        let value = found.ok().map(|found| found.value);
        TargetAnswer {
            equivalent_min: value.map(|week| week.equivalent_min),
            standing: value.map(|week| match week.standing {
                Standing::Below => StandingAnswer::Below,
                Standing::Unknown => StandingAnswer::Unknown,
                Standing::Reached => StandingAnswer::Reached,
                Standing::Exceeded => StandingAnswer::Exceeded,
            }),
            method: WEEKLY_TARGET.id,
            version: WEEKLY_TARGET.version,
            reason: found.err().map(|lacking| lacking.to_string()),
        }
    }
}

fn balance_answer(average: &'static str, found: &Outcome<Balance>) -> BalanceAnswer {
    let value = found.as_ref().ok();
    BalanceAnswer {
        average,
        method: ACUTE_CHRONIC.id,
        version: ACUTE_CHRONIC.version,
        acute: value.map(|found| found.value.acute),
        chronic: value.map(|found| found.value.chronic),
        ratio: value.and_then(|found| found.value.ratio),
        coverage: value.map(|found| found.coverage),
        reason: found.as_ref().err().map(ToString::to_string),
    }
}
