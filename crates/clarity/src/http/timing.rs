//! `GET /sleep/timing`: when a person sleeps on days of work and on free days.
//!
//! Which days are free is not known to the server: weekends stand for them, and the response says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::method::Analysis;
use analysis::outcome::Outcome;
use analysis::rhythm::timing::{
    self, CHRONOTYPE, COMPOSITE_PHASE_DEVIATION, Kind, MainSleep, SOCIAL_JETLAG,
};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::{Date, Weekday};
use model::sample::{HOUR_US, MINUTE_US};
use model::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::{days, verbatim};
use crate::problem::Problem;

/// When a person sleeps.
#[derive(Debug, Serialize, ToSchema)]
struct SleepTiming {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// What stands for free days: `weekend`, Saturday and Sunday.
    free_days: &'static str,
    /// Main sleeps that ended on free days.
    free_nights: usize,
    /// Main sleeps that ended on other days.
    work_nights: usize,
    /// `social_jetlag_h`, `msfsc_h` (hours after midnight) and `composite_phase_deviation_h`.
    measures: BTreeMap<&'static str, TimingMeasure>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// A measure of timing.
#[derive(Debug, Serialize, ToSchema)]
struct TimingMeasure {
    /// The value; null with a reason.
    value: Option<f64>,
    /// UCUM unit.
    unit: &'static str,
    /// Share of the days of the range with a main sleep.
    coverage: Option<f64>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why the value is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl TimingMeasure {
    fn of(method: &Analysis, outcome: Outcome<f64>) -> Self {
        let found = outcome.as_ref().ok();
        Self {
            value: found.map(|found| found.value),
            unit: method.unit,
            coverage: found.map(|found| found.coverage),
            method: method.id,
            version: method.version,
            reason: outcome.err().map(|lacking| lacking.to_string()),
        }
    }
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads when a person sleeps: social jetlag, chronotype and composite phase deviation.
///
/// At most 400 days; without `start` the last 30. Saturday and Sunday stand for free days.
#[utoipa::path(
    get,
    operation_id = "get_sleep_timing",
    path = "/sleep/timing",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "The measures, each with its method or a reason", body = SleepTiming),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let range = query.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, range).await?;
    let stored = days::stored(&app, &mut tx, caller.user, (from, until)).await?;
    drop(tx);
    let body = app
        .compute(move || {
            let nights = nights(&stored, (from, until))?;
            let answer = answer(&nights, (from, until), stored.stale());
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await??;
    Ok(verbatim::json(&headers, body))
}

/// The main sleep of each date of the range, on the clock of the place where the person woke.
fn nights(
    stored: &days::Stored,
    (from, until): (Date, Date),
) -> Result<Vec<Option<MainSleep>>, Problem> {
    let mut nights = vec![None; days_between(from, until)];
    for day in days::documents(stored)? {
        let (Some(main), Ok(zone)) = (&day.night.main, Zone::parse(&day.night.zone)) else {
            continue;
        };
        // On the clock, so that a night of a clock change is not moved by it.
        let midnight_us = Zone::utc().start_of(day.date);
        let hours = |at_us: i64| {
            let clock_us = at_us + i64::from(zone.offset_min(at_us)) * MINUTE_US;
            (clock_us - midnight_us) as f64 / HOUR_US as f64
        };
        if let Some(place) = nights.get_mut(days_between(from, day.date)) {
            *place = Some(MainSleep {
                onset_h: hours(main.onset_us),
                offset_h: hours(main.offset_us),
                kind: kind_of(day.date),
            });
        }
    }
    Ok(nights)
}

fn days_between(from: Date, date: Date) -> usize {
    let days = date.duration_since(from).as_hours() / 24;
    usize::try_from(days).unwrap_or(0)
}

fn kind_of(date: Date) -> Kind {
    match date.weekday() {
        Weekday::Saturday | Weekday::Sunday => Kind::Free,
        Weekday::Monday
        | Weekday::Tuesday
        | Weekday::Wednesday
        | Weekday::Thursday
        | Weekday::Friday => Kind::Work,
    }
}

fn answer(
    nights: &[Option<MainSleep>],
    (from, until): (Date, Date),
    stale: Vec<String>,
) -> SleepTiming {
    let count = |kind| {
        let held = nights.iter().flatten();
        held.filter(|night| night.kind == kind).count()
    };
    let chronotype = timing::chronotype(nights);
    let reference = chronotype.as_ref().map(|found| found.value);
    let deviation = reference
        .map_err(Clone::clone)
        .and_then(|reference_h| timing::composite_phase_deviation(nights, reference_h));
    SleepTiming {
        start: from.to_string(),
        end: until.to_string(),
        free_days: "weekend",
        free_nights: count(Kind::Free),
        work_nights: count(Kind::Work),
        measures: BTreeMap::from([
            (
                "social_jetlag_h",
                TimingMeasure::of(&SOCIAL_JETLAG, timing::social_jetlag(nights)),
            ),
            ("msfsc_h", TimingMeasure::of(&CHRONOTYPE, chronotype)),
            (
                "composite_phase_deviation_h",
                TimingMeasure::of(&COMPOSITE_PHASE_DEVIATION, deviation),
            ),
        ]),
        stale,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weekends_stand_for_free_days() {
        // 2026-06-01 is a Monday: five nights around 3:00, two around 5:00.
        let from = date(2026, 6, 1);
        let nights: Vec<Option<MainSleep>> = (0..7)
            .map(|day| {
                let date = from.checked_add(jiff::Span::new().days(day)).ok()?;
                let kind = kind_of(date);
                let later = if kind == Kind::Free { 2.0 } else { 0.0 };
                Some(MainSleep {
                    onset_h: -1.0 + later,
                    offset_h: 7.0 + later,
                    kind,
                })
            })
            .collect();
        let found = answer(&nights, (from, date(2026, 6, 8)), Vec::new());
        assert_eq!((found.free_nights, found.work_nights), (2, 5));
        let value = |id: &str| found.measures.get(id).and_then(|one| one.value);
        assert_eq!(value("social_jetlag_h"), Some(2.0));
        assert_eq!(value("msfsc_h"), Some(5.0));
        let none = answer(&[None, None], (from, date(2026, 6, 3)), Vec::new());
        for (id, measure) in &none.measures {
            assert!(measure.value.is_none() && measure.reason.is_some(), "{id}");
        }
    }
}
