//! `POST /lab/recordings`: the laboratory's document of a recording that is not the caller's own.
//!
//! A cohort belongs to no vault. The recording is held in memory while it is analysed, and neither it nor its
//! document is stored anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::report::column::{Field, Kind};
use analysis::report::{Least, day, groups, night};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use import::recording::columns::Columns;
use jiff::tz::TimeZone;
use lab::examine::{self, LeaveOut, Listed, Prepared, Wanted, Written};
use lab::load::{self, How, LoadError};
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

/// People in one file: their documents are all in one response.
const PEOPLE_MAX: usize = 64;

/// The routes.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(analyze))
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
    _caller: Caller,
    Params(query): Params<LabQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Examined>, Problem> {
    let how = how(&query)?;
    let limits = &app.config.limits;
    let sizes = (limits.json_body_bytes, limits.upload_body_bytes);
    let held = body::read_in_turn(&headers, body, sizes, &app.large_bodies).await?;
    let bytes = held.bytes.clone();
    let (done, outcome) = oneshot::channel();
    let task = Arc::clone(&app);
    // A task of its own: the turn lasts as long as the work, also when the client is gone.
    app.spawn("laboratory", async move {
        let _turn = task.imports.acquire().await;
        let examined = task.compute(move || examined(&bytes, &how)).await;
        drop(done.send(examined));
    });
    let gone = |_| Problem::internal("the task of the laboratory panicked");
    outcome.await.map_err(gone)??.map(Json)
}

fn how(query: &LabQuery) -> Result<How, Problem> {
    let zone = query.zone.as_deref().map(TimeZone::get).transpose();
    let columns = query.columns.as_deref().map(Columns::parse).transpose();
    Ok(How {
        zone: zone.map_err(|_| Problem::parameter("zone", "is not the name of a time zone"))?,
        columns: columns.map_err(|wrong| Problem::parameter("columns", wrong.to_string()))?,
        ..How::default()
    })
}

fn examined(bytes: &Bytes, how: &How) -> Result<Examined, Problem> {
    let file = load::load_bytes(bytes, how).map_err(|error| unreadable(&error))?;
    if file.recordings.len() > PEOPLE_MAX {
        let message = format!(
            "the file holds {} people, more than {PEOPLE_MAX}; use `clarity analyze`",
            file.recordings.len()
        );
        return Err(Problem::new(Code::TooManyItems, message));
    }
    let wanted = Wanted {
        columns: groups::all().collect(),
        nights: Listed::Yes,
        days: Listed::Yes,
        scores: Listed::No,
        scorer: None,
        nonwear: LeaveOut::Choi,
        least: Least::CUSTOMARY,
        cut_points: None,
    };
    let documents = file.recordings.iter().map(|loaded| {
        let prepared = Prepared::new(loaded, &Written::default());
        let report = prepared.report(loaded.header.format, &wanted);
        examine::document(loaded, &report, &wanted).map_err(Problem::internal)
    });
    let recordings = documents.collect::<Result<_, _>>()?;
    Ok(Examined {
        sha256: file.sha256,
        recordings,
    })
}

/// A file that cannot be analysed, with what is wrong and where.
fn unreadable(error: &LoadError) -> Problem {
    Problem::new(Code::MalformedBody, edge::chain(error))
}
