//! What can go wrong between a person and the server, as stable codes with a sentence for people.
//!
//! Every layer above the store returns a [`Problem`]; `http::problem` writes it as RFC 9457. A problem
//! of the server carries its cause for the log and says nothing of it to the client.

use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::pat::document::Rhythm;
use lab::models::ModelError;

/// Errors listed in one answer; more would help nobody.
pub const ERRORS_MAX: usize = 100;

/// Seconds after which a full disk or a database that restarts is worth another try.
const UNAVAILABLE_RETRY_S: u64 = 10;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// What went wrong, as a stable name that programs may compare.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status that comes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// One short sentence, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// When it is answered and what to do.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON; the detail names the position in bytes.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not valid JSON";
    /// The body could not be decompressed or ended early.
    MalformedBody = "malformed_body", BAD_REQUEST, "The body is damaged";
    /// A query parameter, path segment or header is missing or has no meaning.
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "A parameter is not valid";
    /// The cursor was changed, is another person's, or belongs to another query.
    InvalidCursor = "invalid_cursor", BAD_REQUEST, "The cursor is not valid";
    /// No bearer token came with the request.
    TokenMissing = "token_missing", UNAUTHORIZED, "Sign-in is required";
    /// The token is not one of ours, was changed, or its session has ended.
    TokenInvalid = "token_invalid", UNAUTHORIZED, "The token is not valid";
    /// The access token's time is over; refresh it.
    TokenExpired = "token_expired", UNAUTHORIZED, "The token has expired";
    /// The refresh token is unknown, used up, revoked or too old; sign in again.
    RefreshInvalid = "refresh_invalid", UNAUTHORIZED, "The refresh token is not valid";
    /// Address and password do not fit together.
    CredentialsInvalid = "credentials_invalid", UNAUTHORIZED, "The sign-in is not right";
    /// The signed-in person lacks the permission.
    Forbidden = "forbidden", FORBIDDEN, "Not permitted";
    /// What is sensitive wants a recent sign-in of the session; confirm it with POST /auth/confirm and ask again.
    RecentLoginRequired = "recent_login_required", FORBIDDEN, "A recent sign-in is required";
    /// A browser sent its session cookie for a page of another site.
    CrossSite = "cross_site", FORBIDDEN, "The request comes from another site";
    /// There is no such thing, or it belongs to someone else.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// The path exists, but not with this method; see the Allow header.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// None of the representations in the Accept header is on offer.
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "Not acceptable";
    /// The address already has an account.
    EmailTaken = "email_taken", CONFLICT, "The address is taken";
    /// The Idempotency-Key was used before with another body.
    IdempotencyConflict = "idempotency_conflict", CONFLICT, "The idempotency key was used differently";
    /// The thing is not in a state that allows this.
    Conflict = "conflict", CONFLICT, "The state does not allow this";
    /// The resource was changed since it was read; read it again and retry.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The resource has changed";
    /// The body is larger than the limit in the detail.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The Content-Type or Content-Encoding is not one that this path reads.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The media type is not supported";
    /// The body is JSON, but its content breaks rules; `errors` points at each.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "The content is not valid";
    /// The JSON is nested deeper than the limit in the detail.
    NestingTooDeep = "nesting_too_deep", UNPROCESSABLE_ENTITY, "The JSON is nested too deeply";
    /// An array holds more items than the limit in the detail.
    TooManyItems = "too_many_items", UNPROCESSABLE_ENTITY, "Too many items";
    /// What was sent is too little for an answer; the detail says what is lacking.
    Insufficient = "insufficient", UNPROCESSABLE_ENTITY, "Too little data";
    /// The password is too easy to guess.
    WeakPassword = "weak_password", UNPROCESSABLE_ENTITY, "The password is too weak";
    /// The rate limit of this kind of request is used up; see Retry-After.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// Too many failed sign-ins from this network; see Retry-After.
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many failed attempts";
    /// Something failed on the server; the request id finds it in the log.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error";
    /// A part of the server that this needs is not available; see Retry-After.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable";
    /// The model that this needs is not installed or was refused; the detail names the command that installs it.
    ModelUnavailable = "model_unavailable", SERVICE_UNAVAILABLE, "The model is not available";
    /// The request took longer than the limit in the detail.
    Timeout = "timeout", SERVICE_UNAVAILABLE, "The request took too long";
}

impl ToSchema for Code {}

// By hand, as the derived schema would list the names of the variants, which are not those on the wire.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let names: Vec<&str> = Self::ALL.iter().map(|code| code.name()).collect();
        let names = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some(
                "What went wrong, as a stable name that programs may compare.",
            ))
            .enum_values(Some(names));
        Schema::Object(names.build()).into()
    }
}

/// One thing that is wrong with a body or parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the name of the parameter.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
}

impl FieldError {
    /// Something wrong at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// An error on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Decides the status and the title.
    pub code: Code,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    rhythm: Option<Box<Rhythm>>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with a sentence about this occurrence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            rhythm: None,
            cause: None,
        }
    }

    /// A failure of the server: logged with its cause, told without.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(Code::Internal, "the server could not finish the request");
        problem.cause = Some(Arc::from(cause.into()));
        problem
    }

    /// There is nothing here that the caller may see.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is nothing at this address")
    }

    /// The key of a repeatable request came with another request.
    pub fn key_used() -> Self {
        Self::new(
            Code::IdempotencyConflict,
            "this Idempotency-Key was used with another body; use a new key",
        )
    }

    /// A parameter is wrong.
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(Code::InvalidParameter, format!("{name}: {message}"));
        problem
            .errors
            .push(FieldError::new(name, "invalid", message));
        problem
    }

    /// The body's content is wrong in these places.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.pointer, only.message),
            several => format!("{} fields are not valid", several.len()),
        };
        let mut problem = Self::new(Code::ValidationFailed, detail);
        problem.errors = errors;
        problem.errors.truncate(ERRORS_MAX);
        problem
    }

    /// Lists what exactly is wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self.errors.truncate(ERRORS_MAX);
        self
    }

    /// Gives the classical measures, which do not need what is missing.
    #[must_use]
    pub fn with_rhythm(mut self, measures: Rhythm) -> Self {
        self.rhythm = Some(Box::new(measures));
        self
    }

    /// Tells the client when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The sentence about this occurrence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What happened, for the log; nothing for problems that are the client's.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// What exactly is wrong, where that can be listed.
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The headers that go with it.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The classical measures, where only the model's answer is missing.
    pub(crate) fn rhythm(&self) -> Option<&Rhythm> {
        self.rhythm.as_deref()
    }
}

/// For the log of work that no client waits for.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Self {
        match &error {
            ModelError::Unavailable { remedy, name } => Self::new(
                Code::ModelUnavailable,
                format!("the model {name} is not installed; {remedy}"),
            ),
            ModelError::Refused(_) | ModelError::Ledger { .. } => {
                let mut problem = Self::new(
                    Code::ModelUnavailable,
                    "the model was refused; `clarity models verify` on the server says why",
                );
                problem.cause = Some(Arc::new(error));
                problem
            }
            ModelError::Unconfirmed { .. }
            | ModelError::OtherModel { .. }
            | ModelError::Name { .. }
            | ModelError::Io { .. } => Self::internal(error),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::VersionConflict { .. } => Self::new(
                Code::PreconditionFailed,
                "it was changed since it was read; read it again and retry",
            ),
            store::Error::Busy(_) | store::Error::KeyStale | store::Error::Overtaken => {
                let mut problem = Self::new(Code::Unavailable, "the database is busy; try again");
                problem.cause = Some(Arc::new(error));
                problem.retry_after(1)
            }
            store::Error::Unavailable(_) => {
                let mut problem = Self::new(
                    Code::Unavailable,
                    "the database cannot work at the moment; nothing was stored, try again",
                );
                problem.cause = Some(Arc::new(error));
                problem.retry_after(UNAVAILABLE_RETRY_S)
            }
            store::Error::PersonUnknown => {
                Self::new(Code::TokenInvalid, "there is no such account any more")
            }
            store::Error::EmailTaken => Self::new(
                Code::EmailTaken,
                "an account with this address exists; sign in instead",
            ),
            store::Error::UploadUnknown => Self::not_found(),
            store::Error::ChunkFull => Self::new(
                Code::TooManyItems,
                "a metric holds more samples in one period than can be kept",
            ),
            store::Error::KeyOfAnother
            | store::Error::MasterKeyMissing { .. }
            | store::Error::MasterKeyWrong { .. }
            | store::Error::MasterKeyInvalid { .. }
            | store::Error::MasterKeyFile { .. }
            | store::Error::Damaged { .. }
            | store::Error::TargetNotEmpty
            | store::Error::File(_)
            | store::Error::Migration(_)
            | store::Error::Aside(_)
            | store::Error::Later { .. }
            | store::Error::Database(_) => Self::internal(error),
        }
    }
}
