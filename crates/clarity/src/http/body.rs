//! Reading request bodies: decompression, limits and JSON, with a clear problem for each way that a
//! body can be wrong. Never holds more of a body than its limit.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use http_body_util::BodyExt;
use model::ids::UserId;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::sync::{OwnedSemaphorePermit, SemaphorePermit};
use tokio_util::io::{ReaderStream, StreamReader};

use crate::app::App;
use crate::auth::{Credential, Presented};
use crate::http::faults::{Fault, Node};
use crate::http::known::Known;
use crate::http::strangers::{self, Strangers};
use crate::problem::{Code, FieldError, Problem};
use crate::shares::{Room, Shares};

/// A zstd frame may ask for a window of up to 8 MB (RFC 9659 allows no more on the web).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Bytes that are reserved for a body that is only announced.
const RESERVED_BYTES: usize = 64 * 1024;
/// Kilobytes of room that a longer body asks for at a time.
const ROOM_KB: u32 = 256;
/// A body that grows gets this part of what it has, and at least so many bytes: it is copied a few times, and
/// little of what is reserved is not used.
const GROWTH: usize = 4;
const GROWTH_MIN: usize = 256 * 1024;
/// Bytes of a body of somebody who is not signed in: an address, a password and a profile.
const STRANGERS_BYTES: usize = 64 * 1024;
/// Seconds after which it is worth sending again.
const RETRY_S: u64 = 1;
/// Bytes that a decompressor hands on at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// Replaces a compressed body by its content, read as it is asked for. Where no body is expected,
/// nothing is looked at.
pub async fn decompress(
    State(known): State<Arc<Known>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !known.reads_body(&request) {
        return next.run(request).await;
    }
    let encodings: Vec<String> = request
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(|value| {
            String::from_utf8_lossy(value.as_bytes())
                .trim()
                .to_lowercase()
        })
        .collect();
    let body = std::mem::take(request.body_mut());
    let decoded = match encodings.as_slice() {
        [] => body,
        [only] => match only.as_str() {
            "" | "identity" => body,
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(reader(body));
                decoder.multiple_members(true);
                stream(decoder)
            }
            "br" => stream(BrotliDecoder::new(reader(body))),
            "zstd" => stream(ZstdDecoder::with_params(
                reader(body),
                &[DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX)],
            )),
            _ => return unknown_encoding(),
        },
        _ => return unknown_encoding(),
    };
    *request.body_mut() = decoded;
    if !encodings.is_empty() {
        request.headers_mut().remove(header::CONTENT_ENCODING);
        request.headers_mut().remove(header::CONTENT_LENGTH);
    }
    next.run(request).await
}

fn reader(body: Body) -> impl tokio::io::AsyncBufRead + Send + 'static {
    StreamReader::new(TryStreamExt::map_err(
        body.into_data_stream(),
        io::Error::other,
    ))
}

fn stream(decoder: impl AsyncRead + Send + 'static) -> Body {
    Body::from_stream(ReaderStream::with_capacity(decoder, CHUNK_BYTES))
}

fn unknown_encoding() -> Response {
    Problem::new(
        Code::UnsupportedMediaType,
        "Content-Encoding must be one of gzip, br, zstd",
    )
    .with_header(
        header::ACCEPT_ENCODING,
        header::HeaderValue::from_static("gzip, br, zstd"),
    )
    .into_response()
}

/// The room that a body takes while it is read and worked on.
#[derive(Debug)]
struct Rooms<'a> {
    shares: &'a Shares,
    user: Option<UserId>,
    held: Vec<Room>,
    kilobytes: usize,
}

impl<'a> Rooms<'a> {
    fn new(app: &'a App, user: Option<UserId>) -> Self {
        Self {
            shares: &app.shares,
            user,
            held: Vec::new(),
            kilobytes: RESERVED_BYTES >> 10,
        }
    }

    /// Adds what came to what is held. There is room for all that the vector takes, not only for what is in it.
    fn add(&mut self, bytes: &mut Vec<u8>, chunk: &[u8], limit: usize) -> Result<(), Problem> {
        let length = bytes.len() + chunk.len();
        if length > limit {
            return Err(too_large(limit));
        }
        if length > bytes.capacity() {
            let more = (bytes.capacity() / GROWTH).max(GROWTH_MIN);
            let capacity = (bytes.capacity() + more).min(limit).max(length);
            self.fit(capacity)?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// Makes sure that there is room for so many bytes in all. What is reserved anyway needs none.
    fn fit(&mut self, bytes: usize) -> Result<(), Problem> {
        while self.kilobytes << 10 < bytes {
            let Some(room) = self.shares.body(self.user, ROOM_KB) else {
                metrics::counter!("clarity_requests_refused_total").increment(1);
                let detail =
                    "more is being sent at once than there is memory for; try again in a second";
                return Err(Problem::new(Code::Unavailable, detail).retry_after(RETRY_S));
            };
            self.held.push(room);
            self.kilobytes += ROOM_KB as usize;
        }
        Ok(())
    }
}

/// Reads a whole body of at most `limit` bytes. The rest of a longer one is not read.
async fn read(
    app: &App,
    user: Option<UserId>,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<(Bytes, Vec<Room>), Problem> {
    check_announced(headers, limit)?;
    let mut body = body;
    let mut rooms = Rooms::new(app, user);
    let mut bytes = Vec::with_capacity(announced(headers).unwrap_or(0).min(RESERVED_BYTES));
    while let Some(chunk) = next_chunk(&mut body).await? {
        rooms.add(&mut bytes, &chunk, limit)?;
    }
    Ok((Bytes::from(bytes), rooms.held))
}

/// A body that was read whole, the room that it takes, and its turn if it is larger than most: they end with it.
#[derive(Debug)]
pub struct Held<'t> {
    /// The body.
    pub bytes: Bytes,
    _rooms: Vec<Room>,
    _turn: Option<(OwnedSemaphorePermit, SemaphorePermit<'t>)>,
}

/// Reads a whole body of health data; one larger than most bodies waits for a turn before more of it
/// is held, so that memory stays bounded however many come at once.
pub async fn read_in_turn<'t>(
    app: &'t App,
    user: Option<UserId>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Held<'t>, Problem> {
    let limits = &app.config.limits;
    let (usual, limit) = (limits.json_body_bytes, limits.upload_body_bytes);
    check_announced(headers, limit)?;
    let mut body = body;
    let mut rooms = Rooms::new(app, user);
    let mut bytes = Vec::with_capacity(announced(headers).unwrap_or(0).min(RESERVED_BYTES));
    let mut turn = None;
    while let Some(chunk) = next_chunk(&mut body).await? {
        rooms.add(&mut bytes, &chunk, limit)?;
        if bytes.len() > usual && turn.is_none() {
            // One's own first: whoever sends many waits for themselves.
            let own = Arc::clone(&app.shares.of_anybody(user).large_bodies);
            let own = own.acquire_owned().await.map_err(Problem::internal)?;
            let of_all = app.large_bodies.acquire().await;
            turn = Some((own, of_all.map_err(Problem::internal)?));
        }
    }
    Ok(Held {
        bytes: Bytes::from(bytes),
        _rooms: rooms.held,
        _turn: turn,
    })
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn check_announced(headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    if announced(headers).is_some_and(|announced| announced > limit) {
        return Err(too_large(limit));
    }
    Ok(())
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("the body must not exceed {limit} bytes after decompression"),
    )
}

/// What the body brings next; nothing at its end.
async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(
                Code::MalformedBody,
                "the body ended early or could not be decompressed",
            )
        })?;
        if let Ok(chunk) = frame.into_data() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

/// A JSON body of this API's own shape, together with the bytes it was read from (idempotency compares
/// those). A member that nothing takes is refused.
#[derive(Debug)]
pub struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// The bytes, decompressed.
    pub bytes: Bytes,
    /// What they take until the request is answered.
    _rooms: Vec<Room>,
}

/// A document that is read, changed and sent back: what responses have beside it (`notes`, `standing`) may come back
/// with it.
#[derive(Debug)]
pub struct EditedBody<T>(pub T);

/// A JSON body in the shape of somebody else's program, which may have more members than are read.
#[derive(Debug)]
pub struct ForeignBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (bytes, rooms) = json_bytes(request, app).await?;
        let value = parse(&bytes, import::json::DEPTH_MAX, strangers::REFUSED)?;
        Ok(Self {
            value,
            bytes,
            _rooms: rooms,
        })
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for EditedBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (bytes, _rooms) = json_bytes(request, app).await?;
        parse(&bytes, import::json::DEPTH_MAX, strangers::EDITED).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for ForeignBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (bytes, _rooms) = json_bytes(request, app).await?;
        parse(&bytes, import::json::DEPTH_MAX, Strangers::Ignored).map(Self)
    }
}

/// The bytes of a body that says it is JSON, and what they take.
async fn json_bytes(request: Request, app: &App) -> Result<(Bytes, Vec<Room>), Problem> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the body as Content-Type: application/json",
        ));
    }
    let presented = parts.extensions.get::<Presented>();
    let user = presented.and_then(|shown| shown.0.as_ref().ok().map(Credential::user));
    let limit = app.config.limits.json_body_bytes;
    let limit = match user {
        Some(_) => limit,
        None => limit.min(STRANGERS_BYTES),
    };
    read(app, user, &parts.headers, body, limit).await
}

/// `application/json`, or anything that is JSON by its suffix.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let text = String::from_utf8_lossy(value.as_bytes()).to_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads JSON of at most `depth_max` levels into `T`.
pub(crate) fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    depth_max: usize,
    strangers: Strangers,
) -> Result<T, Problem> {
    if depth(bytes) > depth_max {
        return Err(Problem::new(
            Code::NestingTooDeep,
            format!("the JSON must not be nested deeper than {depth_max} levels"),
        ));
    }
    let mut found = strangers::Found::of(strangers);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_ignored::deserialize(&mut reader, |path| found.push(&path));
    match read.and_then(|value| reader.end().map(|()| value)) {
        Ok(value) if found.is_empty() => Ok(value),
        Ok(_) => Err(found.refusal::<T>(bytes)),
        Err(error) => Err(explain::<T>(bytes, &error, strangers)),
    }
}

/// Says what is wrong. A second look finds the path to the value, which costs too much to track for
/// bodies that are right.
fn explain<T: DeserializeOwned>(
    bytes: &[u8],
    error: &serde_json::Error,
    strangers: Strangers,
) -> Problem {
    if !error.is_data() {
        let position = byte_position(bytes, error.line(), error.column());
        return Problem::new(
            Code::MalformedJson,
            format!("not JSON at byte {position} of {}", bytes.len()),
        );
    }
    let mut value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    strangers.let_pass(&mut value);
    let read = serde_path_to_error::deserialize::<_, T>(Node::of(&value, strangers));
    let error = if let Some(error) = read.err() {
        fault_at(error)
    } else {
        // A member that is there twice is there once in the value.
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let found = serde_path_to_error::deserialize::<_, T>(&mut reader);
        let at = found
            .err()
            .map_or_else(String::new, |error| pointer(error.path()));
        FieldError::new(at, "repeated", "a member is given more than once")
    };
    Problem::invalid(vec![error])
}

/// What is wrong, with its place in the body.
pub(crate) fn fault_at(error: serde_path_to_error::Error<Fault>) -> FieldError {
    let mut at = pointer(error.path());
    let fault = error.into_inner();
    if let Some(member) = &fault.member {
        push(&mut at, member);
    }
    FieldError::new(at, fault.code, fault.message)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        push(&mut pointer, &token);
    }
    pointer
}

/// Goes one member further with a JSON pointer.
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// The offset of a line and column, both counted from 1, columns in bytes.
fn byte_position(bytes: &[u8], line: usize, column: usize) -> usize {
    let before: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (before + column).min(bytes.len())
}

/// The deepest nesting of brackets outside strings. Counts also in broken JSON, so that the parser
/// never sees what is too deep.
pub fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut in_string = false;
    let mut escaped = false;
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Item {
        #[serde(rename = "value")]
        _value: f64,
    }

    #[derive(Debug, Deserialize)]
    struct List {
        #[serde(rename = "items")]
        _items: Vec<Item>,
    }

    #[test]
    fn wrong_json_is_explained() {
        let check = |text: &str, code: Code, expect: &str| {
            let problem =
                parse::<List>(text.as_bytes(), 4, strangers::REFUSED).expect_err("a problem");
            let body = problem.render("/x", "id");
            assert_eq!(body.status(), code.status(), "{text}");
            let told = format!("{problem:?}");
            assert!(told.contains(expect), "{told}");
        };
        check("{\"items\": [}", Code::MalformedJson, "at byte 12 of 12");
        check("{\n \"items\"\n", Code::MalformedJson, "of 11");
        check(
            "{\"items\":[{\"value\":1},{\"value\":\"x\"}]}",
            Code::ValidationFailed,
            "/items/1/value",
        );
        check("{}", Code::ValidationFailed, "/items");
        check("{\"items\":[[[[1]]]]}", Code::NestingTooDeep, "4 levels");
        assert!(parse::<List>(b"{\"items\":[{\"value\":1}]}", 4, strangers::REFUSED).is_ok());
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(br#"{"a":"[[[\"[[["}"#), 1);
        assert_eq!(depth(b"[[]"), 2);
    }
}
