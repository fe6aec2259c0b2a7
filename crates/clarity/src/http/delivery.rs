//! One body of health data on its way in, whatever route it took: checked, read, committed and
//! answered.
//!
//! A body is read on the compute threads, handed to the committer and answered only once it is
//! durable. A bad record is counted and explained, and the rest is kept; only a body that is no
//! upload at all is refused as a whole. The readers are `import`'s; nothing here reads a field.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use import::batch::Batch;
use import::form::Form;
use import::json::ReadError;
use import::live::{Context, Summary};
use model::ids::UserId;
use model::zone::ZoneHistory;
use store::idempotency::Request as Repeatable;

use crate::app::App;
use crate::auth::{Sender, device};
use crate::http::body::{self, Held};
use crate::http::idempotency::{self, Answer, IdempotencyKey};
use crate::http::processing::Accepted;
use crate::ingest::committer::{Committed, LiveUpload, Receipt, Repeat, Review};
use crate::problem::{Code, FieldError, Problem};
use crate::shares;

/// How Health Auto Export says over what span of time it has aggregated each value.
const AGGREGATION: HeaderName = HeaderName::from_static("automation-aggregation");

/// Over what the client has aggregated its values, in the words of its header.
pub(crate) fn aggregation(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AGGREGATION)?;
    value.to_str().ok().map(str::to_owned)
}

/// What a route expects its bodies to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    /// Any form: the content decides.
    Any,
    /// This form.
    Form(&'static Form),
}

impl Expected {
    /// The kind under which uploads of this route are kept.
    const fn kind(self) -> &'static str {
        match self {
            Self::Any => "health_data",
            Self::Form(form) => form.name,
        }
    }
}

/// A request that brings health data.
pub(crate) struct Delivery {
    app: Arc<App>,
    sender: Sender,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<Arc<App>> for Delivery {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let sender = Sender::from_request_parts(&mut parts, app).await?;
        let key = IdempotencyKey::from_request_parts(&mut parts, app).await?;
        Ok(Self {
            app: Arc::clone(app),
            sender,
            key,
            headers: parts.headers,
            body,
        })
    }
}

impl Delivery {
    /// Who sends.
    pub(crate) const fn sender(&self) -> Sender {
        self.sender
    }

    /// Reads, commits and answers.
    pub(crate) async fn take(self, expected: Expected) -> Result<Response, Problem> {
        let Self {
            app,
            sender,
            key,
            headers,
            body,
        } = self;
        check_type(&headers, expected)?;
        let held = body::read_in_turn(&app, Some(sender.user), &headers, body).await?;
        if let (Some(device), Some(signature)) = (sender.device, device::signature(&headers)) {
            device::check_signed(&app, device, &held.bytes, signature).await?;
        }
        keep(&app, sender, expected, (key, &headers), held).await
    }
}

/// Reads a body that is held, commits and answers.
pub(crate) async fn keep(
    app: &App,
    sender: Sender,
    expected: Expected,
    (key, headers): (IdempotencyKey, &HeaderMap),
    held: Held<'_>,
) -> Result<Response, Problem> {
    let user = sender.user;
    // Whoever sends much at once waits for themselves; others' uploads are read and committed between theirs.
    let share = app.shares.of(user);
    let turns = shares::upload_turns(held.bytes.len());
    let _turns = share
        .uploads
        .acquire_many(turns)
        .await
        .map_err(Problem::internal)?;
    let bytes = held.bytes.clone();
    let request = key.request(expected.kind(), &bytes);
    // The commit of a small one looks for its key soon enough; reading a large one twice is worth asking before.
    let asked = request.as_ref().filter(|_| bytes.len() > SMALL_BYTES);
    let zones = match arrive(app, user, asked).await? {
        Arrival::First(zones) => zones,
        Arrival::Repeated(answer) => return Ok(answer),
    };
    let upload = read(app, sender, expected, headers, (zones, bytes)).await?;
    if sender.device.is_some() {
        something_read(&upload.batch)?;
    }
    let upload = LiveUpload {
        repeat: request.map(|request| Repeat {
            request,
            answer: |receipt| answer(receipt).to_bytes(),
        }),
        ..upload
    };
    match app.committer.commit(upload).await? {
        Committed::Done(receipt) => {
            app.work_ready.notify_one();
            Ok(answer(&receipt).into_response())
        }
        Committed::Repeated(bytes) => idempotency::repeated(&bytes),
    }
}

/// Refuses a body of which nothing could be read. An app would take any success for stored, and never send it again.
fn something_read(batch: &Batch) -> Result<(), Problem> {
    let is_read = !batch.samples.is_empty()
        || !batch.records.is_empty()
        || !batch.deletions.is_empty()
        || !batch.series.is_empty()
        || !batch.windows.is_empty();
    if is_read || batch.rejections.is_empty() {
        return Ok(());
    }
    let errors = batch.rejections.iter().take(ERRORS_TOLD).map(|refused| {
        FieldError::new(
            refused.field.clone(),
            refused.code.as_str(),
            refused.message.clone(),
        )
    });
    Err(Problem::invalid(errors.collect()))
}

/// The response to an upload that is stored.
fn answer(receipt: &Receipt) -> Answer {
    let accepted = Accepted::of(receipt.id, receipt.status, &receipt.tally);
    Answer::json(StatusCode::ACCEPTED, &accepted).at(accepted.links.status.clone())
}

/// What is known about an upload before it is read.
enum Arrival {
    /// It is new as far as anyone knows yet; local times without an offset are of these zones.
    First(ZoneHistory),
    /// It came before.
    Repeated(Response),
}

async fn arrive(app: &App, user: UserId, request: Option<&Repeatable>) -> Result<Arrival, Problem> {
    let mut tx = app.store.read().await?;
    let person = app.people.load(&mut tx, &app.vault, user).await?;
    if let Some(request) = request {
        let known = store::idempotency::find(&mut tx, &person.key, user, request).await?;
        if let Some(answer) = idempotency::replay(known)? {
            return Ok(Arrival::Repeated(answer));
        }
    }
    Ok(Arrival::First(person.history()))
}

/// Refusals that a response tells one by one.
const ERRORS_TOLD: usize = 20;
/// A body that is read in less time than a query takes.
const SMALL_BYTES: usize = 64 << 10;

/// The media types of tables of lines.
const LINES: [&str; 3] = ["text/csv", "text/tab-separated-values", "text/plain"];

pub(crate) fn check_type(headers: &HeaderMap, expected: Expected) -> Result<(), Problem> {
    if body::is_json(headers) {
        return Ok(());
    }
    let Expected::Any = expected else {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the body as Content-Type: application/json",
        ));
    };
    let value = headers.get(header::CONTENT_TYPE);
    let text = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if LINES
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "send the body as Content-Type: application/json or text/csv; whole files of any other kind go to /imports",
    ))
}

/// Reads a body on the compute threads.
async fn read(
    app: &App,
    sender: Sender,
    expected: Expected,
    headers: &HeaderMap,
    (zones, body): (ZoneHistory, Bytes),
) -> Result<LiveUpload, Problem> {
    let now_us = app.clock.now_us();
    let aggregation = aggregation(headers);
    let (batch, summary) = app
        .compute(move || {
            let context = Context {
                now_us,
                zones: &zones,
                aggregation: aggregation.as_deref(),
                source: "",
            };
            parse(expected, &body, &context)
        })
        .await??;
    Ok(LiveUpload {
        user: sender.user,
        id: app.ids.upload(now_us),
        device: sender.device,
        author: sender.author,
        kind: expected.kind(),
        batch,
        review: if summary.requires_review {
            Review::Wanted
        } else {
            Review::NotNeeded
        },
        repeat: None,
    })
}

/// Reads a body. Bad records are in the batch with their reasons; only a body that is not of the
/// form at all is refused.
fn parse(
    expected: Expected,
    body: &[u8],
    context: &Context<'_>,
) -> Result<(Batch, Summary), Problem> {
    let read = match expected {
        Expected::Any => import::format::read_body(body, context),
        Expected::Form(form) => form.read_body(body, context),
    };
    read.map_err(|error| problem(&error))
}

/// A body that was refused as a whole, with the place and the limit that it broke.
fn problem(error: &ReadError) -> Problem {
    let sentence = error.to_string();
    match error {
        ReadError::NotText { .. } | ReadError::NotJson { .. } => {
            Problem::new(Code::MalformedJson, sentence)
        }
        ReadError::TooDeep { .. } => Problem::new(Code::NestingTooDeep, sentence),
        ReadError::TooMany {
            pointer,
            max_allowed,
        } => {
            let message = format!("max_allowed is {max_allowed}");
            let error = FieldError::new(pointer.clone(), Code::TooManyItems.name(), message);
            Problem::new(Code::TooManyItems, sentence).with_errors(vec![error])
        }
        ReadError::WrongShape { .. } => {
            Problem::invalid(vec![FieldError::new("", "wrong_form", sentence)])
        }
    }
}

#[cfg(test)]
mod tests {
    use import::forms::batch;
    use model::zone::Zone;

    use super::*;

    #[test]
    fn refusals_name_place_and_limit() {
        let zones = ZoneHistory::fixed(Zone::utc());
        let context = Context {
            now_us: 0,
            zones: &zones,
            aggregation: None,
            source: "",
        };
        let check = |expected: Expected, body: &str, code: Code, expect: &str| {
            let problem = parse(expected, body.as_bytes(), &context).expect_err("a problem");
            let told = format!("{problem:?}");
            assert_eq!(problem.code, code, "{told}");
            assert!(told.contains(expect), "{told}");
        };
        let batch = Expected::Form(&batch::FORM);
        check(Expected::Any, "{\"a\":", Code::MalformedJson, "at byte");
        check(Expected::Any, "{}", Code::ValidationFailed, "data_type");
        check(batch, "[]", Code::ValidationFailed, "records");
        let deep = format!("{}{}", "[".repeat(30), "]".repeat(30));
        check(Expected::Any, &deep, Code::NestingTooDeep, "20 levels");
        let many = format!("{{\"records\":[{}0]}}", "0,".repeat(10_000));
        check(batch, &many, Code::TooManyItems, "max_allowed is 10000");
    }
}
