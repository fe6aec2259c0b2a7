//! `GET /rhythm/periodogram`: how strongly activity repeats at each period around a day.

use std::sync::Arc;

use analysis::daily::range;
use analysis::method::Analysis;
use analysis::outcome::Outcome;
use analysis::report::Report;
use analysis::rhythm::periodogram::{CHI_SQUARE, LOMB_SCARGLE, Periodogram};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answers::Asked;
use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::range::RangeQuery;
use crate::http::rhythm::{self, ActivityAnswer};
use crate::http::{days, verbatim};
use crate::problem::Problem;

/// Power by period, over a range of days.
#[derive(Debug, Serialize, ToSchema)]
struct PeriodogramAnswer {
    /// First local day.
    #[schema(format = Date)]
    start: String,
    /// The day after the last one.
    #[schema(format = Date)]
    end: String,
    /// The activity that was measured; null without any.
    activity: Option<ActivityAnswer>,
    /// Lomb-Scargle, normalised by the variance.
    lomb_scargle: Spectrum,
    /// Chi-square of Sokolove and Bushell, with the line of significance at 1 % over all periods.
    chi_square: Spectrum,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
}

/// Power by period.
#[derive(Debug, Serialize, ToSchema)]
struct Spectrum {
    /// Periods in hours, rising; empty with a reason.
    period_h: Vec<f64>,
    /// Power at each.
    power: Vec<f64>,
    /// Power that must be exceeded at each; null where the method has no such line.
    significant: Option<Vec<f64>>,
    /// The strongest period in hours, relative to the line where there is one.
    peak_h: Option<f64>,
    /// Share of the epochs that took part.
    coverage: Option<f64>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Spectrum {
    fn of(method: &'static Analysis, found: Option<Outcome<Periodogram>>) -> Self {
        let mut spectrum = Self {
            period_h: Vec::new(),
            power: Vec::new(),
            significant: None,
            peak_h: None,
            coverage: None,
            method: method.id,
            version: method.version,
            reason: None,
        };
        match found {
            Some(Ok(found)) => {
                spectrum.coverage = Some(found.coverage);
                spectrum.peak_h = Some(found.value.peak_h);
                spectrum.period_h = found.value.period_h;
                spectrum.power = found.value.power;
                spectrum.significant = found.value.significant;
            }
            Some(Err(lacking)) => spectrum.reason = Some(lacking.to_string()),
            None => spectrum.reason = Some(rhythm::no_activity().to_string()),
        }
        spectrum
    }
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads how strongly activity repeats at each period around a day.
///
/// The activity is that of `GET /rhythm`. At most 400 days; without `start` the last 30.
#[utoipa::path(
    get,
    operation_id = "get_periodogram",
    path = "/rhythm/periodogram",
    tag = "reading",
    params(RangeQuery),
    responses(
        (status = 200, description = "The power at each period, or a reason", body = PeriodogramAnswer),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parsed = asked.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, parsed).await?;
    let after = until.checked_add(1.day()).unwrap_or(Date::MAX);
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let question = format!("periodogram {from} {until}");
    let asked = Asked::of(&mut tx, &key, caller.user, question).await?;
    drop(tx);
    let make = async {
        let (stored, stale) = rhythm::stored_minutes(&app, caller.user, (from, after)).await?;
        app.compute_while_wanted(move |still| {
            let minutes = rhythm::minutes_of(&stored, || still.is())?;
            let found = range::join(&minutes, from, until);
            let activity = found.activity.as_ref();
            let report = activity.map(|activity| Report::new(activity.input()));
            let answer = PeriodogramAnswer {
                start: from.to_string(),
                end: until.to_string(),
                activity: activity.map(rhythm::activity),
                lomb_scargle: Spectrum::of(
                    &LOMB_SCARGLE,
                    report.as_ref().map(Report::lomb_scargle),
                ),
                chi_square: Spectrum::of(&CHI_SQUARE, report.as_ref().map(Report::chi_square)),
                stale: stale.iter().map(Date::to_string).collect(),
            };
            serde_json::to_vec(&answer).map_err(Problem::internal)
        })
        .await?
    };
    let body = app.answers.get(asked, Box::pin(make)).await?;
    Ok(verbatim::json(&headers, body))
}
