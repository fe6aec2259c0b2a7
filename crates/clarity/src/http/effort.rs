//! `GET /workouts/{workout_id}/effort`: heart-rate zones, training impulse, recovery and cadence of one
//! workout.
//!
//! The formulas are `analysis`'s; this file reads samples and says where rest, maximum and sex come from.

use std::sync::Arc;

use analysis::daily::session::{self, Session, SessionInput};
use analysis::effort::cadence::{CADENCE_BANDS, PEAK_CADENCE};
use analysis::effort::load::{Curve, TRIMP};
use analysis::effort::recovery::HEART_RATE_RECOVERY;
use analysis::effort::zones::{HEART_RATE_ZONES, Reserve, ZONE_SHARES, maximum_from_age};
use analysis::maths::describe;
use analysis::outcome::{Insufficient, Outcome};
use axum::Json;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::Date;
use model::ids::{RecordId, UserId};
use model::record::Body;
use model::zone::Span;
use serde::{Deserialize, Serialize};
use store::records::StoredRecord;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::days;
use crate::http::page::{Params, PathId};
use crate::person::dossier::Dossier;
use crate::person::profile::{self, Profile, Sex};
use crate::problem::Problem;

/// Days before one that its four weeks need.
pub(crate) const BEFORE_DAYS: i64 = 27;

/// What replaces values that the person's data does not give.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EffortQuery {
    /// Resting heart rate per minute; without it, the median of the last 28 days before.
    #[param(minimum = 25, maximum = 120)]
    resting_heart_rate: Option<f64>,
    /// Maximal heart rate per minute; without it, 208 − 0.7 · age (Tanaka 2001).
    #[param(minimum = 100, maximum = 230)]
    maximal_heart_rate: Option<f64>,
}

/// A value with what is needed to trust it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EffortValue {
    /// The value; null with a reason.
    pub(crate) value: Option<f64>,
    /// UCUM unit.
    pub(crate) unit: &'static str,
    /// Share of the input that was present.
    pub(crate) coverage: Option<f64>,
    /// The method's stable name.
    pub(crate) method: &'static str,
    /// The method's version.
    pub(crate) version: u32,
    /// Why the value is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl EffortValue {
    /// Of an outcome of a method.
    pub(crate) fn of(
        outcome: Outcome<f64>,
        unit: &'static str,
        method: &analysis::method::Analysis,
    ) -> Self {
        let found = outcome.ok();
        Self {
            value: found.map(|found| found.value),
            unit,
            coverage: found.map(|found| found.coverage),
            method: method.id,
            version: method.version,
            reason: outcome.err().map(|lacking| lacking.to_string()),
        }
    }
}

/// Where a heart rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RateOrigin {
    /// Given with the request.
    Given,
    /// Measured: the median of the days before.
    Measured,
    /// Expected at the age of the profile; its standard error is about 10 per minute.
    Age,
}

/// A heart rate that bounds the zones.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct BoundAnswer {
    /// Beats per minute; null where unknown.
    value: Option<f64>,
    /// Where it comes from; null where unknown.
    origin: Option<RateOrigin>,
}

/// Minutes in the five zones of the heart-rate reserve.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ZonesAnswer {
    /// Minutes very light (below 30 % of the reserve), light, moderate (from 40 %), vigorous (from 60 %) and
    /// near maximal (from 90 %); null with a reason.
    minutes: Option<Vec<f64>>,
    /// Heart rates at which light, moderate, vigorous and near-maximal effort begin.
    from_bpm: Option<Vec<f64>>,
    /// Share of the workout with a heart rate.
    coverage: Option<f64>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why the minutes are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Minutes by cadence.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct CadenceAnswer {
    /// Minutes with 0, 1–19, 20–39, 40–59, 60–79, 80–99, 100–119 and 120 or more steps; null with a reason.
    minutes: Option<Vec<u32>>,
    /// Minutes from 100 up to 130 steps.
    moderate_min: Option<u32>,
    /// Minutes of 130 steps and more.
    vigorous_min: Option<u32>,
    /// The method's stable name.
    method: &'static str,
    /// The method's version.
    version: u32,
    /// Why they are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The effort of a workout.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct EffortAnswer {
    /// Id of the workout.
    #[schema(format = Uuid)]
    workout_id: String,
    /// The resting heart rate that was used.
    resting_heart_rate: BoundAnswer,
    /// The maximal heart rate that was used.
    maximal_heart_rate: BoundAnswer,
    /// Minutes in heart-rate zones.
    zones: ZonesAnswer,
    /// Training impulse (Banister).
    trimp: EffortValue,
    /// Fall of the heart rate in the minute after the end.
    heart_rate_recovery: EffortValue,
    /// Minutes by cadence.
    cadence: CadenceAnswer,
    /// Mean cadence of the 30 minutes with most steps.
    cadence_peak_30: EffortValue,
}

/// What bounds a person's heart rates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) resting: BoundAnswer,
    pub(crate) maximal: BoundAnswer,
    reserve: Result<Reserve, Insufficient>,
    curve: Option<Curve>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(effort))
}

/// Reads the effort of a workout: heart-rate zones, training impulse, recovery and cadence.
#[utoipa::path(
    get,
    operation_id = "get_workout_effort",
    path = "/workouts/{workout_id}/effort",
    tag = "reading",
    params(
        ("workout_id" = String, Path, format = Uuid, description = "Id from the list"),
        EffortQuery,
    ),
    responses((status = 200, description = "The effort, each value with its method or a reason", body = EffortAnswer)),
    security(("bearer" = [])),
)]
async fn effort(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<RecordId>,
    Params(query): Params<EffortQuery>,
) -> Result<Json<EffortAnswer>, Problem> {
    query.check()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let stored = store::records::by_id(&mut tx, &dossier.key, caller.user, id).await?;
    let stored = stored.filter(|stored| matches!(stored.record.body, Body::Workout(_)));
    let stored = stored.ok_or_else(Problem::not_found)?;
    let day = dossier.history().date_at(stored.record.start_us);
    let days = month(&app, &mut tx, caller.user, day).await?;
    let bounds = bounds(&mut tx, &dossier, caller.user, &query, (day, &days)).await?;
    let found = measured(&app, &mut tx, &dossier, caller.user, &stored, &bounds).await?;
    Ok(Json(answer(id, &bounds, &found)))
}

impl EffortQuery {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let within = |name: &'static str, value: Option<f64>, least: f64, most: f64| match value {
            Some(value) if !(least..=most).contains(&value) => Err(Problem::parameter(
                name,
                format!("must be between {least} and {most} per minute"),
            )),
            _ => Ok(()),
        };
        within("resting_heart_rate", self.resting_heart_rate, 25.0, 120.0)?;
        within("maximal_heart_rate", self.maximal_heart_rate, 100.0, 230.0)
    }
}

/// A local day with data, and the resting heart rate on it.
pub(crate) type DayKnown = (Date, Option<f64>);

/// The days with data of a range.
pub(crate) async fn days_of(
    app: &App,
    tx: &mut store::Tx,
    user: UserId,
    range: (Date, Date),
) -> Result<Vec<DayKnown>, Problem> {
    let stored = days::stored(app, tx, user, range).await?;
    app.compute(move || {
        let documents = days::documents(&stored)?;
        let known = documents
            .iter()
            .map(|day| (day.date, day.cardio.resting_heart_rate.value));
        Ok(known.collect())
    })
    .await?
}

/// The days with data of the four weeks up to a day.
async fn month(
    app: &App,
    tx: &mut store::Tx,
    user: UserId,
    day: Date,
) -> Result<Vec<DayKnown>, Problem> {
    let from = day.checked_sub(BEFORE_DAYS.days()).unwrap_or(Date::MIN);
    let until = day.checked_add(1.day()).unwrap_or(Date::MAX);
    days_of(app, tx, user, (from, until)).await
}

/// Rest and maximum of a person up to a day, and whose curve is theirs.
pub(crate) async fn bounds(
    tx: &mut store::Tx,
    dossier: &Dossier,
    user: UserId,
    query: &EffortQuery,
    (day, days): (Date, &[DayKnown]),
) -> Result<Bounds, Problem> {
    let profile: Profile = profile::load(tx, &dossier.key, user).await?.value;
    let given = |rate: f64| (rate, RateOrigin::Given);
    let resting = query
        .resting_heart_rate
        .map(given)
        .or_else(|| resting(days));
    let age = profile.birth_date.and_then(|birth| years(birth, day));
    let by_age = |age| (maximum_from_age(f64::from(age)), RateOrigin::Age);
    let maximal = query
        .maximal_heart_rate
        .map(given)
        .or_else(|| age.map(by_age));
    let rate = |known: Option<(f64, RateOrigin)>| BoundAnswer {
        value: known.map(|(value, _)| value),
        origin: known.map(|(_, origin)| origin),
    };
    let reserve = match (resting, maximal) {
        (Some((resting, _)), Some((maximal, _))) => Reserve::new(resting, maximal),
        (None, _) => Err(Insufficient::new(
            "days with a resting heart rate",
            1.0,
            0.0,
        )),
        (_, None) => Err(Insufficient::new(
            "birth dates in the profile, or maximal heart rates in the request",
            1.0,
            0.0,
        )),
    };
    Ok(Bounds {
        resting: rate(resting),
        maximal: rate(maximal),
        reserve,
        curve: match profile.sex {
            Some(Sex::Male) => Some(Curve::Men),
            Some(Sex::Female) => Some(Curve::Women),
            Some(Sex::Other) | None => None,
        },
    })
}

/// Whole years of age on a day; none before birth.
pub(crate) fn years(birth: Date, day: Date) -> Option<u32> {
    let span = birth.until((jiff::Unit::Year, day)).ok()?;
    u32::try_from(span.get_years()).ok()
}

/// The median resting heart rate of days.
fn resting(days: &[DayKnown]) -> Option<(f64, RateOrigin)> {
    let values: Vec<f64> = days.iter().filter_map(|(_, rate)| *rate).collect();
    (!values.is_empty()).then(|| (describe::median(&values), RateOrigin::Measured))
}

/// Measures one workout from the samples around it.
pub(crate) async fn measured(
    app: &App,
    tx: &mut store::Tx,
    dossier: &Dossier,
    user: UserId,
    stored: &StoredRecord,
    bounds: &Bounds,
) -> Result<Session, Problem> {
    let span = Span {
        start_us: stored.record.start_us,
        end_us: stored
            .record
            .end_us
            .min(stored.record.start_us + session::LONGEST_US),
    };
    let longer = Span {
        start_us: span.start_us,
        end_us: span.end_us + session::AFTER_US,
    };
    let key = &dossier.key;
    let of = |name: &str| model::metric::by_name(name).map(|metric| metric.no);
    let (rate, step) = of("heart_rate")
        .zip(of("step_count"))
        .ok_or_else(Problem::not_found)?;
    let heart_rate = store::samples::readable_over(tx, key, user, rate, longer)
        .await?
        .samples;
    let steps = store::samples::readable_over(tx, key, user, step, span)
        .await?
        .samples;
    let (reserve, curve) = (bounds.reserve, bounds.curve);
    let found = app
        .compute(move || {
            session::session(&SessionInput {
                span,
                heart_rate: &heart_rate,
                steps: &steps,
                reserve,
                curve,
            })
        })
        .await?;
    Ok(found)
}

fn answer(id: RecordId, bounds: &Bounds, found: &Session) -> EffortAnswer {
    let zones = found.zones.as_ref().ok();
    let reserve = bounds.reserve.ok();
    let starts = |reserve: Reserve| ZONE_SHARES.map(|share| reserve.rate(share)).to_vec();
    let cadence = found.cadence.ok().map(|found| found.value);
    let reason = |lacking: Option<&Insufficient>| lacking.map(ToString::to_string);
    EffortAnswer {
        workout_id: id.to_string(),
        resting_heart_rate: bounds.resting,
        maximal_heart_rate: bounds.maximal,
        zones: ZonesAnswer {
            minutes: zones.map(|zones| zones.value.to_vec()),
            from_bpm: reserve.map(starts),
            coverage: zones.map(|zones| zones.coverage),
            method: HEART_RATE_ZONES.id,
            version: HEART_RATE_ZONES.version,
            reason: reason(found.zones.as_ref().err()),
        },
        trimp: EffortValue::of(found.trimp, "1", &TRIMP),
        heart_rate_recovery: EffortValue::of(
            found
                .recovery
                .map(|found| found.map(|recovery| recovery.fall_bpm)),
            "/min",
            &HEART_RATE_RECOVERY,
        ),
        cadence: CadenceAnswer {
            minutes: cadence.map(|bands| bands.minutes.to_vec()),
            moderate_min: cadence.map(|bands| bands.moderate),
            vigorous_min: cadence.map(|bands| bands.vigorous),
            method: CADENCE_BANDS.id,
            version: CADENCE_BANDS.version,
            reason: reason(found.cadence.as_ref().err()),
        },
        cadence_peak_30: EffortValue::of(found.cadence_peak_30, "/min", &PEAK_CADENCE),
    }
}
