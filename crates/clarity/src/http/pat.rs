//! `/pat`: weeks of activity through the Pretrained Actigraphy Transformer.
//!
//! Without verified weights there are the classical measures and the command that installs a model,
//! never an embedding. It must never pass a proxy off as counts.

use std::sync::Arc;

use analysis::series::Series;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::DateTime;
use lab::models::published::{self, Published};
use lab::models::{LoadedModel, Phase, Status};
use model::ids::AnalysisId;
use pat::week::{Quantity, WEEK_MIN};
use serde::{Deserialize, Serialize};
use store::embeddings::{Kind, StoredEmbedding};
use store::revisions::Derived;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::body::JsonBody;
use crate::http::days;
use crate::http::page::{Params, PathId};
use crate::http::problem::ProblemBody;
use crate::http::range::RangeQuery;
use crate::pat::analyse::{self, AnalyseError, Analysed, Owner, Question};
use crate::pat::document::{Rhythm, WeekDocument};
use crate::pat::lanes::{Lane, LaneError};
use crate::problem::{Code, FieldError, Problem};
use crate::revision;

/// The model that answers when none is named.
const MODEL_DEFAULT: &str = "latest";
/// Counts of a minute that no device can produce.
const COUNTS_MAX: f64 = 1e7;

/// Where an analysis waits.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Priority {
    /// Before everything that can wait.
    #[default]
    Urgent,
    /// After what is urgent.
    Normal,
}

/// Where the device was worn.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WornAt {
    /// The wrist, as the model was trained on.
    Wrist,
    /// Another place, or not known.
    Other,
}

/// Steps of up to a week.
#[derive(Debug, Deserialize, ToSchema)]
struct StepAnalysis {
    /// Local time of the first minute, without offset; the week begins at its midnight.
    #[schema(example = "2026-05-04T00:00")]
    start: String,
    /// Steps of each minute; null where nothing was recorded. At most 10,080.
    steps: Vec<Option<f64>>,
    /// Name or alias of the model; `latest` when left out.
    model: Option<String>,
    /// Where it waits.
    #[serde(default)]
    priority: Priority,
}

/// Activity counts of up to a week.
#[derive(Debug, Deserialize, ToSchema)]
struct CountAnalysis {
    /// Local time of the first minute, without offset; the week begins at its midnight.
    #[schema(example = "2026-05-04T00:00")]
    start: String,
    /// Counts of each minute; null where nothing was recorded. At most 10,080.
    counts: Vec<Option<f64>>,
    /// Where the device was worn; other when left out.
    worn_at: Option<WornAt>,
    /// Name or alias of the model; `latest` when left out.
    model: Option<String>,
    /// Where it waits.
    #[serde(default)]
    priority: Priority,
}

/// An analysis of a week.
#[derive(Debug, Serialize, ToSchema)]
struct AnalysisAnswer {
    /// Whether it was there before it was asked for.
    cached: bool,
    /// Whether methods of an earlier version made it; ask again for one of this version.
    stale: bool,
    /// The week.
    #[serde(flatten)]
    week: WeekDocument,
}

/// A week that the pipeline embedded.
#[derive(Debug, Serialize, ToSchema)]
struct StoredWeek {
    /// Whether methods of an earlier version made it; it is made again in the background.
    stale: bool,
    /// The week.
    #[serde(flatten)]
    week: WeekDocument,
}

/// A list of weeks that is given whole.
#[derive(Debug, Serialize, ToSchema)]
struct WeekList {
    /// The weeks.
    data: Vec<StoredWeek>,
}

/// Whether methods of an earlier version made a stored week.
fn is_stale(stored: &StoredEmbedding) -> bool {
    stored.methods < revision::current(Derived::Embeddings)
}

/// A model as it stands.
#[derive(Debug, Serialize, ToSchema)]
struct ModelAnswer {
    /// Its name.
    name: &'static str,
    /// What else it is called.
    alias: &'static str,
    /// Numbers in it.
    parameters: u32,
    /// `absent`, `installed`, `verifying`, `loading`, `ready` or `refused`.
    phase: &'static str,
    /// Digest of the file that serves.
    sha256: Option<String>,
    /// Why the newest file does not serve.
    refused: Option<String>,
    /// The command that installs it, when it is not ready.
    command: Option<String>,
    /// Licence of the weights that serve, or of the published ones while none do.
    licence: String,
    /// What is shown wherever a result of them is.
    attribution: String,
}

/// The models and where they come from.
#[derive(Debug, Serialize, ToSchema)]
struct ModelsAnswer {
    /// The published encoders.
    models: Vec<ModelAnswer>,
    /// The authors' page.
    page: &'static str,
    /// The paper.
    reference: &'static str,
    /// What results are not.
    disclaimer: &'static str,
}

/// Whether weeks can be embedded.
#[derive(Debug, Serialize, ToSchema)]
struct PatHealth {
    /// `ready` when a model can answer, `model_unavailable` otherwise.
    status: &'static str,
    /// What to do about it.
    detail: Option<String>,
    /// The models.
    models: Vec<ModelAnswer>,
    /// Weeks that wait in the urgent lane.
    waiting_urgent: usize,
    /// Weeks that wait in the ordinary lane.
    waiting_ordinary: usize,
    /// Weeks in one pass at most.
    batch_max: usize,
    /// Passes since the start.
    passes: u64,
    /// Weeks embedded since the start.
    weeks: u64,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(steps))
        .routes(routes!(counts))
        .routes(routes!(read))
        .routes(routes!(weeks))
        .routes(routes!(info))
        .routes(routes!(health))
}

/// Analyses steps, a proxy of activity counts.
///
/// Also under `/pat/analyze-step-data`. The response is labelled `proxy`. A repeated request
/// returns the same document.
#[utoipa::path(
    post,
    operation_id = "analyze_steps",
    path = "/pat/step-analysis",
    tag = "pat",
    request_body = StepAnalysis,
    responses(
        (status = 200, description = "The same request was made before; this is its document", body = AnalysisAnswer, headers(("Location" = String, description = "The path under which it can be read."))),
        (status = 201, description = "Analysed and kept", body = AnalysisAnswer, headers(("Location" = String, description = "The path under which it can be read."))),
        (status = 422, description = "Too little was worn or recorded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No verified model; `rhythm` holds the classical measures", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
async fn steps(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value, .. }: JsonBody<StepAnalysis>,
) -> Result<Response, Problem> {
    let minutes = minutes(&value.start, &value.steps, "steps")?;
    let question = Question {
        week: analyse::first_day(&minutes),
        minutes,
        quantity: Quantity::Steps,
        lane: lane(value.priority),
    };
    analyse(&app, caller, question, value.model.as_deref()).await
}

/// Analyses activity counts of a device.
///
/// Also under `/pat/analyze`. A repeated request returns the same document.
#[utoipa::path(
    post,
    operation_id = "analyze_counts",
    path = "/pat/analysis",
    tag = "pat",
    request_body = CountAnalysis,
    responses(
        (status = 200, description = "The same request was made before; this is its document", body = AnalysisAnswer, headers(("Location" = String, description = "The path under which it can be read."))),
        (status = 201, description = "Analysed and kept", body = AnalysisAnswer, headers(("Location" = String, description = "The path under which it can be read."))),
        (status = 422, description = "Too little was worn or recorded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No verified model; `rhythm` holds the classical measures", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
async fn counts(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody { value, .. }: JsonBody<CountAnalysis>,
) -> Result<Response, Problem> {
    let minutes = minutes(&value.start, &value.counts, "counts")?;
    let question = Question {
        week: analyse::first_day(&minutes),
        minutes,
        quantity: match value.worn_at {
            Some(WornAt::Wrist) => Quantity::WristCounts,
            Some(WornAt::Other) | None => Quantity::Counts,
        },
        lane: lane(value.priority),
    };
    analyse(&app, caller, question, value.model.as_deref()).await
}

/// Reads an analysis.
#[utoipa::path(
    get,
    operation_id = "get_analysis",
    path = "/pat/analysis/{analysis_id}",
    tag = "pat",
    params(("analysis_id" = String, Path, format = Uuid, description = "Id of the analysis")),
    responses((status = 200, description = "The analysis", body = AnalysisAnswer, headers(("Location" = String, description = "The path under which it can be read.")))),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(id): PathId<AnalysisId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let found = store::embeddings::by_id(&mut tx, &key, caller.user, id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let document = serde_json::from_slice(&found.bytes).map_err(Problem::internal)?;
    let analysed = Analysed {
        document,
        known: true,
    };
    Ok(answer(analysed, is_stale(&found)))
}

/// Reads the weeks that the pipeline embedded.
///
/// Each complete week, Monday to Sunday, is embedded once a model is installed, and again when one of its
/// days changes. A week that is too thin has a reason and no embedding.
#[utoipa::path(
    get,
    operation_id = "list_pat_weeks",
    path = "/pat/weeks",
    tag = "pat",
    params(RangeQuery),
    responses((status = 200, description = "The weeks that begin in the range, in order", body = WeekList)),
    security(("bearer" = [])),
)]
async fn weeks(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<RangeQuery>,
) -> Result<Json<WeekList>, Problem> {
    let asked = asked.parse()?;
    let mut tx = app.store.read().await?;
    let (from, until) = days::dates(&app, &mut tx, caller.user, asked).await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let kind = Kind::Weekly;
    let user = caller.user;
    let found = store::embeddings::latest_of_weeks(&mut tx, &key, user, kind, from, until).await?;
    let data = found.iter().map(|stored| {
        let week = serde_json::from_slice(&stored.bytes)?;
        Ok(StoredWeek {
            stale: is_stale(stored),
            week,
        })
    });
    let data = data.collect::<Result<Vec<StoredWeek>, serde_json::Error>>();
    Ok(Json(WeekList {
        data: data.map_err(Problem::internal)?,
    }))
}

/// Lists the models, and where their weights come from.
#[utoipa::path(
    get,
    operation_id = "list_pat_models",
    path = "/pat/models/info",
    tag = "pat",
    responses((status = 200, description = "The models", body = ModelsAnswer)),
    security(("bearer" = [])),
)]
async fn info(State(app): State<Arc<App>>, _caller: Caller) -> Result<Json<ModelsAnswer>, Problem> {
    Ok(Json(ModelsAnswer {
        models: models(&app).await?,
        page: published::PAGE,
        reference: "Ruan FY et al. 2024, arXiv:2411.15240",
        disclaimer: analyse::DISCLAIMER,
    }))
}

/// Returns whether weeks can be embedded, and what is missing.
#[utoipa::path(
    get,
    operation_id = "get_pat_health",
    path = "/pat/health",
    tag = "pat",
    responses((status = 200, description = "Where the transformer stands", body = PatHealth)),
    security(("bearer" = [])),
)]
async fn health(State(app): State<Arc<App>>, _caller: Caller) -> Result<Json<PatHealth>, Problem> {
    let models = models(&app).await?;
    let can_answer = models
        .iter()
        .any(|model| model.phase == Phase::Ready.name() || model.phase == Phase::Installed.name());
    let lanes = app.lanes.counts();
    Ok(Json(PatHealth {
        status: if can_answer {
            "ready"
        } else {
            Code::ModelUnavailable.name()
        },
        detail: (!can_answer).then(|| {
            format!(
                "no model is installed; get a file of weights from {} and run `clarity models add FILE`",
                published::PAGE
            )
        }),
        models,
        waiting_urgent: lanes.urgent,
        waiting_ordinary: lanes.ordinary,
        batch_max: crate::pat::lanes::BATCH_MAX,
        passes: lanes.passes,
        weeks: lanes.weeks,
    }))
}

async fn models(app: &Arc<App>) -> Result<Vec<ModelAnswer>, Problem> {
    let registry = Arc::clone(&app.models);
    // The status of a model that nobody asked for yet is read from disk.
    app.compute(move || {
        published::TABLE
            .iter()
            .map(|known| {
                let serving = registry.loaded(known.name);
                describe(known, &registry.status(known.name), serving.as_deref())
            })
            .collect()
    })
    .await
}

fn describe(
    known: &'static Published,
    status: &Status,
    serving: Option<&LoadedModel>,
) -> ModelAnswer {
    let ready = matches!(status.phase, Phase::Ready | Phase::Installed);
    ModelAnswer {
        name: known.name,
        alias: known.alias,
        parameters: known.parameters,
        phase: status.phase.name(),
        sha256: status.serving.map(|digest| digest.to_string()),
        refused: status
            .refused
            .as_ref()
            .map(|refusal| refusal.reason.label().to_owned()),
        command: (!ready).then(|| format!("clarity models add {}", known.file)),
        licence: serving
            .map_or(published::LICENCE, |model| &model.licence)
            .to_owned(),
        attribution: serving
            .map_or(published::ATTRIBUTION, |model| &model.attribution)
            .to_owned(),
    }
}

const fn lane(priority: Priority) -> Lane {
    match priority {
        Priority::Urgent => Lane::Urgent,
        Priority::Normal => Lane::Ordinary,
    }
}

/// Checks what came and puts it on the clock.
fn minutes(start: &str, values: &[Option<f64>], field: &str) -> Result<Series, Problem> {
    let mut errors = Vec::new();
    let begin = start.parse::<DateTime>().ok().filter(|begin| {
        // A civil time parses from one with an offset, which would be ignored in silence.
        begin.second() == 0 && begin.subsec_nanosecond() == 0 && !start.ends_with('Z')
    });
    if begin.is_none() || start.len() > "2026-05-04T00:00:00".len() {
        let message = "must be a local time at a whole minute, such as 2026-05-04T00:00";
        errors.push(FieldError::new("/start", "invalid", message));
    }
    if values.is_empty() || values.len() > WEEK_MIN {
        let message = format!("must hold 1 to {WEEK_MIN} minutes, holds {}", values.len());
        errors.push(FieldError::new(format!("/{field}"), "length", message));
    }
    for (index, value) in values.iter().enumerate() {
        if value.is_some_and(|value| !(0.0..=COUNTS_MAX).contains(&value)) {
            let message = format!("must be null or a number from 0 to {COUNTS_MAX}");
            let pointer = format!("/{field}/{index}");
            errors.push(FieldError::new(pointer, "out_of_range", message));
        }
    }
    let (Some(begin), true) = (begin, errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let since = begin.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    let values = values.iter().map(|value| value.unwrap_or(f64::NAN));
    Ok(Series::new(since.as_secs(), 60, values.collect()))
}

async fn analyse(
    app: &Arc<App>,
    caller: Caller,
    question: Question,
    model: Option<&str>,
) -> Result<Response, Problem> {
    let question = Arc::new(question);
    let model = match serving(app, model.unwrap_or(MODEL_DEFAULT)).await? {
        Ok(model) => model,
        Err(problem) => return Err(problem.with_rhythm(rhythm(app, &question).await?)),
    };
    let scaler = &app.scaler;
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    let input = analyse::input_of(&key, &question, &model, scaler);
    let before = analyse::known(&mut tx, &key, caller.user, Kind::Asked, input).await?;
    drop(tx);
    if let Some(document) = before {
        let analysed = Analysed {
            document,
            known: true,
        };
        return Ok(answer(analysed, false));
    }
    let made = match analyse::embed(app, &question, model, scaler).await {
        Ok(made) => made,
        Err(AnalyseError::Insufficient(lacking)) => {
            let problem = Problem::new(Code::Insufficient, lacking.to_string());
            return Err(problem.with_rhythm(rhythm(app, &question).await?));
        }
        Err(error) => return Err(refused(error)),
    };
    let mut tx = app.store.begin("request an embedding").await?;
    let key = app.vault.person_key(&mut tx, caller.user).await?;
    // Whoever asked the same at the same time may have been first.
    let before = analyse::known(&mut tx, &key, caller.user, Kind::Asked, input).await?;
    if let Some(document) = before {
        let analysed = Analysed {
            document,
            known: true,
        };
        return Ok(answer(analysed, false));
    }
    let owner = Owner {
        user: caller.user,
        id: app.ids.analysis(app.clock.now_us()),
        kind: Kind::Asked,
    };
    let document = analyse::keep(app, &mut tx, &key, owner, &question, &made).await?;
    tx.commit().await?;
    let analysed = Analysed {
        document,
        known: false,
    };
    Ok(answer(analysed, false))
}

async fn rhythm(app: &Arc<App>, question: &Arc<Question>) -> Result<Rhythm, Problem> {
    let question = Arc::clone(question);
    app.compute(move || analyse::rhythm(&question)).await
}

/// The model that answers, or the problem that says why there is none.
async fn serving(app: &Arc<App>, name: &str) -> Result<Result<Arc<LoadedModel>, Problem>, Problem> {
    if let Some(model) = app.models.loaded(name) {
        return Ok(Ok(model));
    }
    let registry = Arc::clone(&app.models);
    let asked = name.to_owned();
    let loaded = app.compute(move || {
        match registry.status(&asked).phase {
            // Somebody else is loading it: waiting would hold a thread for nothing.
            Phase::Verifying | Phase::Loading => None,
            Phase::Absent | Phase::Installed | Phase::Ready | Phase::Refused => {
                Some(registry.load(&asked))
            }
        }
    });
    Ok(match loaded.await? {
        None => Err(Problem::new(Code::Unavailable, "the model is being loaded").retry_after(1)),
        Some(found) => found.map_err(Problem::from),
    })
}

fn refused(error: AnalyseError) -> Problem {
    match error {
        AnalyseError::Insufficient(lacking) => {
            Problem::new(Code::Insufficient, lacking.to_string())
        }
        AnalyseError::Lane(LaneError::Week(error)) => {
            Problem::new(Code::ValidationFailed, error.to_string())
        }
        AnalyseError::Lane(error @ (LaneError::Full | LaneError::Unfinished)) => {
            Problem::new(Code::Unavailable, error.to_string()).retry_after(5)
        }
        AnalyseError::Store(error) => error.into(),
    }
}

/// 201 for what was made now, 200 for what was there.
fn answer(analysed: Analysed, stale: bool) -> Response {
    let Analysed { document, known } = analysed;
    let status = if known {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let id = match &document {
        WeekDocument::Completed(week) => &week.id,
        WeekDocument::Insufficient(week) => &week.id,
    };
    let location = HeaderValue::from_str(&format!("/api/v1/pat/analysis/{id}"));
    let answer = AnalysisAnswer {
        cached: known,
        stale,
        week: document,
    };
    let mut response = (status, Json(answer)).into_response();
    if let (Ok(location), false) = (location, known) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
