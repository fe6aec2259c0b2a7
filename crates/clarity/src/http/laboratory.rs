//! `/lab`: the laboratory's document and page of a recording that is not the caller's own.
//!
//! A cohort belongs to no vault. The recording is held in memory while it is analysed, and neither it nor its
//! document is stored anywhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use analysis::report::column::{Field, Kind};
use analysis::report::{Least, day, groups, night};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use import::budget::Full;
use import::recording::columns::Columns;
use jiff::tz::TimeZone;
use lab::examine::{self, LeaveOut, Listed, Prepared, Wanted, Windows, Written};
use lab::load::{self, How, LoadError, Loaded};
use lab::pages;
use model::ids::UserId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::page::Params;
use crate::http::{body, edge};
use crate::problem::{Code, Problem};
use crate::wanted::StillWanted;

/// People in one file: their documents are all in one response.
const PEOPLE_MAX: usize = 64;
/// Seconds after which others have probably done with their files.
const RETRY_S: u64 = 30;
/// Characters of the name of a recording.
const NAME_MAX: usize = 200;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(analyze))
        .routes(routes!(page))
}

/// What is left out as not worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LabNonwear {
    /// Nothing.
    Kept,
    /// Non-wear by Choi 2011, of 90 minutes at the hip and of 180 elsewhere.
    #[default]
    Choi,
    /// Non-wear by Choi 2011, of 90 minutes wherever the device was worn.
    #[serde(rename = "choi_90")]
    Choi90,
    /// Non-wear by Troiano 2008.
    Troiano,
    /// Two hours or more without any movement.
    Stillness,
    /// What the device's off-wrist sensor finds, and what its program excluded.
    Device,
}

impl From<LabNonwear> for LeaveOut {
    fn from(wanted: LabNonwear) -> Self {
        match wanted {
            LabNonwear::Kept => Self::Kept,
            LabNonwear::Choi => Self::Choi,
            LabNonwear::Choi90 => Self::ChoiPublished,
            LabNonwear::Troiano => Self::Troiano,
            LabNonwear::Stillness => Self::Stillness,
            LabNonwear::Device => Self::Device,
        }
    }
}

/// Where windows of rest come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LabWindows {
    /// They are found in the recording.
    #[default]
    Found,
    /// The rest intervals that the device's program states.
    Device,
}

impl From<LabWindows> for Windows {
    fn from(wanted: LabWindows) -> Self {
        match wanted {
            LabWindows::Found => Self::Found,
            LabWindows::Device => Self::Device,
        }
    }
}

/// How to read a recording.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LabQuery {
    /// Zone on whose clock the recording is put; the clock of the device when left out.
    #[param(example = "Europe/Berlin")]
    zone: Option<String>,
    /// What the columns of a table of epochs mean, for a recording of no known format.
    #[param(example = "time=Date/Time,count=PIM,light=5")]
    columns: Option<String>,
    /// What to leave out as not worn; of raw acceleration, what van Hees 2013 finds.
    #[serde(default)]
    #[param(inline)]
    nonwear: LabNonwear,
    /// Where windows of rest come from.
    #[serde(default)]
    #[param(inline)]
    windows: LabWindows,
}

/// Which page of a recording is wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LabPageQuery {
    /// Name of the recording, as the page prints it.
    #[param(example = "night-shift-07.awd", max_length = 200)]
    name: Option<String>,
    /// Number of the person, in a file that holds several.
    member: Option<String>,
}

/// What a file holds.
#[derive(Debug, Serialize, ToSchema)]
struct Examined {
    /// SHA-256 of its content, in hex digits.
    sha256: String,
    /// Its recordings: one, or one for each person in it.
    #[schema(value_type = Vec<LabRecording>)]
    recordings: Vec<Box<RawValue>>,
}

/// The document of a recording, as `clarity analyze` writes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the laboratory prints")]
struct LabRecording {
    /// Number of the person, in a file that holds several.
    #[schema(required = false)]
    member: Option<String>,
    /// Its format.
    format: String,
    /// The device, when the file names it.
    device: Option<String>,
    /// The serial number of the device, when the file names it.
    serial: Option<String>,
    /// The channel that is the activity.
    channel: String,
    /// Its unit.
    unit: String,
    /// When it begins, on its own clock.
    start: String,
    /// Seconds of an epoch.
    epoch_s: u32,
    /// How many epochs there are.
    epochs: u64,
    /// Share of the epochs that has a value.
    coverage: f64,
    /// Whether raw acceleration was calibrated by its moments at rest: `applied`, or `none` with the reason. Null for
    /// counts.
    calibration: Option<String>,
    /// Mean distance from 1 g at rest in mg, as recorded.
    calibration_before_mg: Option<f64>,
    /// The same calibrated.
    calibration_after_mg: Option<f64>,
    /// What was left out as not worn: `kept` for nothing, else the rule.
    nonwear: String,
    /// Why no rule of non-wear could be applied.
    #[schema(required = false)]
    nonwear_reason: Option<String>,
    /// How many nights a mean over nights needs.
    least_nights: u64,
    /// How many worn days a mean over days needs.
    least_days: u64,
    /// The scorer of sleep.
    scorer: String,
    /// The cut points of intensity, where some fit the recording.
    cut_points: Option<String>,
    /// What could not be read.
    damages: LabDamages,
    /// The measures by id.
    measures: BTreeMap<String, LabMeasure>,
    /// The nights, and other rest.
    nights: Vec<LabNight>,
    /// The calendar days.
    days: Vec<LabDay>,
}

/// What could not be read of a recording.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the laboratory prints")]
struct LabDamages {
    /// How many places.
    count: u64,
    /// Those with which something of the file is lost.
    lost: u64,
    /// The first of them.
    first: Vec<LabDamage>,
}

/// A place that could not be read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the laboratory prints")]
struct LabDamage {
    /// Stable code.
    code: String,
    /// Byte of the file, when known.
    byte: Option<u64>,
    /// Line of the file, from 1, when known.
    line: Option<u64>,
    /// What is wrong.
    message: String,
}

/// A measure of a recording.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the laboratory prints")]
struct LabMeasure {
    /// A number, or a text such as a clock time; null with a reason.
    value: Option<LabValue>,
    /// Share of what it is made from that was measured.
    #[schema(required = false)]
    coverage: Option<f64>,
    /// The method.
    #[schema(required = false)]
    method: Option<String>,
    /// The method's version.
    #[schema(required = false)]
    version: Option<u32>,
    /// Why there is no value.
    #[schema(required = false)]
    reason: Option<String>,
}

/// A number, or a text such as a clock time.
struct LabValue;

impl ToSchema for LabValue {}

impl PartialSchema for LabValue {
    fn schema() -> RefOr<Schema> {
        let either = SchemaType::from_iter([Type::Number, Type::String]);
        Schema::Object(ObjectBuilder::new().schema_type(either).build()).into()
    }
}

/// A night of a recording, or another rest.
struct LabNight;

impl ToSchema for LabNight {}

impl PartialSchema for LabNight {
    fn schema() -> RefOr<Schema> {
        row(night::FIELDS)
    }
}

/// A calendar day of a recording.
struct LabDay;

impl ToSchema for LabDay {}

impl PartialSchema for LabDay {
    fn schema() -> RefOr<Schema> {
        row(day::FIELDS)
    }
}

/// What a row of a table is, by its columns.
fn row<R>(fields: &[Field<R>]) -> RefOr<Schema> {
    let property = |field: &Field<R>| {
        let kind = match field.kind {
            Kind::Number => Type::Number,
            Kind::Whole => Type::Integer,
            Kind::Clock | Kind::Instant | Kind::Day | Kind::Text => Type::String,
        };
        let unit = match field.unit {
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([kind, Type::Null]))
            .description(Some(format!("{}{unit}", field.about)))
    };
    let row = fields.iter().fold(ObjectBuilder::new(), |row, field| {
        row.property(field.id, property(field)).required(field.id)
    });
    Schema::Object(row.build()).into()
}

/// The bytes of a recording.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes the body")]
struct RecordingBody(Vec<u8>);

/// Analyses a recording of a worn device, as `clarity analyze` does, and stores nothing.
///
/// The body is the file, whose format is found by its content; at most 64 MiB. Longer raw recordings are for the
/// command line.
#[utoipa::path(
    post, operation_id = "analyze_recording", path = "/lab/recordings", tag = "laboratory",
    security(("bearer" = [])),
    params(LabQuery),
    request_body(content = inline(RecordingBody), content_type = "application/octet-stream", description = "The file"),
    responses(
        (status = 200, description = "What it holds.", body = Examined),
        (status = 413, description = "It is too large; use `clarity analyze`.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn analyze(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<LabQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Examined>, Problem> {
    let how = how(query.zone.as_deref(), query.columns.as_deref())?;
    let wanted = wanted(query.nonwear, query.windows);
    let work = move |bytes: &Bytes, still: &StillWanted| examined(bytes, &how, &wanted, still);
    in_turn(&app, caller.user, &headers, body, work)
        .await
        .map(Json)
}

/// Writes the page of a recording to file or print, as `clarity analyze --report` does, and stores nothing.
///
/// One document of HTML with its figures, without a script and without anything from elsewhere. The body is the
/// file; at most 64 MiB.
#[utoipa::path(
    post, operation_id = "write_recording_page", path = "/lab/page", tag = "laboratory",
    security(("bearer" = [])),
    params(LabPageQuery, LabQuery),
    request_body(content = inline(RecordingBody), content_type = "application/octet-stream", description = "The file"),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "The file holds no such person.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "It is too large; use `clarity analyze`.",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn page(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(page): Params<LabPageQuery>,
    Params(query): Params<LabQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let how = how(query.zone.as_deref(), query.columns.as_deref())?;
    let wanted = wanted(query.nonwear, query.windows);
    let name = page.name.unwrap_or_else(|| "recording".to_owned());
    if name.chars().count() > NAME_MAX {
        let message = format!("is longer than {NAME_MAX} characters");
        return Err(Problem::parameter("name", message));
    }
    let member = page.member;
    let work = move |bytes: &Bytes, _: &StillWanted| {
        written(bytes, &how, &wanted, &name, member.as_deref())
    };
    let html = in_turn(&app, caller.user, &headers, body, work).await?;
    // A file to keep: what the browser shows of this server itself has no styles of its own.
    let disposition = (
        header::CONTENT_DISPOSITION,
        "attachment; filename=\"recording.html\"",
    );
    Ok(([disposition], Html(html)).into_response())
}

/// Works on a body when it is its turn.
async fn in_turn<T: Send + 'static>(
    app: &Arc<App>,
    user: UserId,
    headers: &HeaderMap,
    body: Body,
    work: impl FnOnce(&Bytes, &StillWanted) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let held = body::read_in_turn(app, Some(user), headers, body).await?;
    let bytes = held.bytes.clone();
    let (done, outcome) = oneshot::channel();
    let task = Arc::clone(app);
    // A task of its own: the turn lasts as long as the work, also when the client is gone.
    app.spawn("laboratory", async move {
        let share = task.shares.of(user);
        let mut done = done;
        let turns = async {
            let own = Arc::clone(&share.imports).acquire_owned().await.ok()?;
            let of_all = Arc::clone(&task.imports).acquire_owned().await.ok()?;
            Some((own, of_all))
        };
        // Whoever left before their turn takes none.
        let turns = tokio::select! {
            turns = turns => turns,
            () = done.closed() => return,
        };
        let budget = task.file_budget.clone();
        let made = task.compute_while_wanted(move |wanted| {
            let made = budget.scope(|| work(&bytes, wanted));
            drop(turns);
            made
        });
        // Nobody waits: the work is not wanted any more and ends at its next part.
        let made = tokio::select! {
            made = made => made,
            () = done.closed() => return,
        };
        drop(done.send(made));
    });
    let gone = |_| Problem::internal("the task of the laboratory panicked");
    outcome.await.map_err(gone)??
}

fn how(zone: Option<&str>, columns: Option<&str>) -> Result<How, Problem> {
    let zone = zone.map(TimeZone::get).transpose();
    let columns = columns.map(Columns::parse).transpose();
    Ok(How {
        zone: zone.map_err(|_| Problem::parameter("zone", "is not the name of a time zone"))?,
        columns: columns.map_err(|wrong| Problem::parameter("columns", wrong.to_string()))?,
        ..How::default()
    })
}

/// Every measure, with the nights and days.
fn wanted(nonwear: LabNonwear, windows: LabWindows) -> Wanted {
    Wanted {
        columns: groups::all().collect(),
        nights: Listed::Yes,
        days: Listed::Yes,
        scores: Listed::No,
        epochs: Listed::No,
        scorer: None,
        nonwear: nonwear.into(),
        windows: windows.into(),
        least: Least::CUSTOMARY,
        cut_points: None,
    }
}

fn examined(
    bytes: &Bytes,
    how: &How,
    wanted: &Wanted,
    still: &StillWanted,
) -> Result<Examined, Problem> {
    let file = load::load_bytes(bytes, how).map_err(|error| unreadable(&error))?;
    if file.recordings.len() > PEOPLE_MAX {
        let message = format!(
            "the file holds {} people, more than {PEOPLE_MAX}; use `clarity analyze`",
            file.recordings.len()
        );
        return Err(Problem::new(Code::TooManyItems, message));
    }
    let documents = file.recordings.iter().map(|loaded| {
        if !still.is() {
            return Err(Problem::new(
                Code::Unavailable,
                "nobody waits for it any more",
            ));
        }
        wanted.check(loaded).map_err(|error| unreadable(&error))?;
        let prepared = Prepared::new(loaded, &Written::default());
        let report = prepared.report(loaded.header.format, wanted);
        examine::document(loaded, &report, wanted).map_err(Problem::internal)
    });
    let recordings = documents.collect::<Result<_, _>>()?;
    Ok(Examined {
        sha256: file.sha256,
        recordings,
    })
}

/// The page of the first person of a file, or of the one that is wanted.
fn written(
    bytes: &Bytes,
    how: &How,
    wanted: &Wanted,
    name: &str,
    member: Option<&str>,
) -> Result<String, Problem> {
    let file = load::load_bytes(bytes, how).map_err(|error| unreadable(&error))?;
    let is_wanted = |loaded: &&Loaded| member.is_none() || loaded.member.as_deref() == member;
    let Some(loaded) = file.recordings.iter().find(is_wanted) else {
        let message = "the file holds no such person; POST /lab/recordings lists them";
        return Err(Problem::new(Code::NotFound, message));
    };
    wanted.check(loaded).map_err(|error| unreadable(&error))?;
    let prepared = Prepared::new(loaded, &Written::default());
    let report = prepared.report(loaded.header.format, wanted);
    let source = pages::Source {
        path: Path::new(name),
        sha256: &file.sha256,
        loaded,
        prepared: &prepared,
        report: &report,
        wanted,
    };
    pages::html(&source).map_err(Problem::internal)
}

/// A file that cannot be analysed, with what is wrong and where.
fn unreadable(error: &LoadError) -> Problem {
    if let LoadError::Import(import::recording::error::Error::Memory(Full::Others)) = error {
        return Problem::new(Code::Unavailable, Full::Others.to_string()).retry_after(RETRY_S);
    }
    Problem::new(Code::MalformedBody, edge::chain(error))
}
