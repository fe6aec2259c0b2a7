//! `GET /sleep/debt`: how much less than needed a person slept over two weeks.

use std::sync::Arc;

use analysis::score::need::{self, SLEEP_DEBT};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::effort::years;
use crate::http::page::Params;
use crate::http::{days, verbatim};
use crate::person::profile;
use crate::problem::Problem;

/// Days of a debt.
const DAYS: i64 = 14;
/// Minutes that a need can have.
const NEED_MIN: std::ops::RangeInclusive<f64> = 240.0..=900.0;

/// Against which need, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DebtQuery {
    /// Minutes of sleep that the person needs; without it, the middle of what is recommended at their age.
    #[param(minimum = 240, maximum = 900, example = 480)]
    need_min: Option<f64>,
    /// The day after the last one; tomorrow by default, for the night that ended today counts.
    #[param(example = "2026-06-01", format = Date)]
    end: Option<String>,
}

/// Where the need comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NeedOrigin {
    /// Given with the request.
    Given,
    /// Recommended at the age of the profile (Hirshkowitz 2015).
    Age,
}

/// Sleep debt of two weeks.
#[derive(Debug, Serialize, ToSchema)]
struct DebtAnswer {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The need that was used, in minutes; null where neither it nor the age is known.
    need_min: Option<f64>,
    /// Where it comes from.
    need_origin: Option<NeedOrigin>,
    /// Sum of what was lacking, at least 0; null with a reason.
    debt_min: Option<f64>,
    /// Mean deficit of a day; negative when the person slept longer than needed.
    mean_deficit_min: Option<f64>,
    /// Days at least an hour below the need.
    short_days: Option<usize>,
    /// Days with sleep data.
    n: usize,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads the sleep debt of the last two weeks, naps included.
#[utoipa::path(
    get,
    operation_id = "get_sleep_debt",
    path = "/sleep/debt",
    tag = "reading",
    params(DebtQuery),
    responses(
        (status = 200, description = "The debt, or a reason", body = DebtAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<DebtQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if query.need_min.is_some_and(|need| !NEED_MIN.contains(&need)) {
        let (least, most) = (NEED_MIN.start(), NEED_MIN.end());
        let message = format!("must be between {least} and {most} minutes");
        return Err(Problem::parameter("need_min", message));
    }
    let mut tx = app.store.read().await?;
    let person = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let until = if let Some(text) = query.end.as_deref() {
        let wrong = || Problem::parameter("end", "must be a date such as 2026-06-01");
        text.parse().map_err(|_| wrong())?
    } else {
        let today = person.history().date_at(app.clock.now_us());
        today.checked_add(1.day()).unwrap_or(Date::MAX)
    };
    let from = until.checked_sub(DAYS.days()).unwrap_or(Date::MIN);
    let profile = profile::load(&mut tx, &person.key, caller.user)
        .await?
        .value;
    let age = profile.birth_date.and_then(|birth| years(birth, until));
    let need = match (query.need_min, age) {
        (Some(given), _) => Some((given, NeedOrigin::Given)),
        (None, age) => age.map(|age| (need::recommended(age), NeedOrigin::Age)),
    };
    let stored = days::stored(&app, &mut tx, caller.user, (from, until)).await?;
    drop(tx);
    let body = app
        .compute(move || {
            let answer = answer(&asleep(&stored, from)?, need, (from, until), stored.stale());
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await??;
    Ok(verbatim::json(&headers, body))
}

/// Minutes asleep by day, naps included; NaN without a main sleep.
fn asleep(stored: &days::Stored, from: Date) -> Result<Vec<f64>, Problem> {
    let mut minutes = vec![f64::NAN; usize::try_from(DAYS).unwrap_or(0)];
    for day in days::documents(stored)? {
        let place = from.until(day.date).map_or(-1, |span| span.get_days());
        let slot = usize::try_from(place)
            .ok()
            .and_then(|place| minutes.get_mut(place));
        if let (Some(slot), Some(main)) = (slot, &day.night.main) {
            let naps: f64 = day.night.naps.iter().map(|nap| nap.asleep_min).sum();
            *slot = main.asleep_min + naps;
        }
    }
    Ok(minutes)
}

fn answer(
    asleep: &[f64],
    need: Option<(f64, NeedOrigin)>,
    (from, until): (Date, Date),
    stale: Vec<String>,
) -> DebtAnswer {
    let none = analysis::outcome::Insufficient::new(
        "birth dates in the profile, or minutes of need in the request",
        1.0,
        0.0,
    );
    let found = need
        .ok_or(none)
        .and_then(|(need, _)| need::debt(asleep, need));
    let debt = found.ok().map(|found| found.value);
    DebtAnswer {
        start: from.to_string(),
        end: until.to_string(),
        need_min: need.map(|(need, _)| need),
        need_origin: need.map(|(_, origin)| origin),
        debt_min: debt.map(|debt| debt.debt_min),
        mean_deficit_min: debt.map(|debt| debt.mean_deficit_min),
        short_days: debt.map(|debt| debt.short_days),
        n: asleep.iter().filter(|minutes| !minutes.is_nan()).count(),
        method: SLEEP_DEBT.id,
        version: SLEEP_DEBT.version,
        reason: found.err().map(|lacking| lacking.to_string()),
        stale,
    }
}
