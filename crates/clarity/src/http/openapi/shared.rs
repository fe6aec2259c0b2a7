//! What many operations share, written once under `components`: error responses, response headers and
//! header parameters.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{
    Components, ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
};

/// The header under which a POST is done once.
pub(super) const IDEMPOTENCY_KEY_NAME: &str = "Idempotency-Key";
/// The parameter components.
pub(super) const IF_NONE_MATCH: &str = "IfNoneMatch";
pub(super) const IF_MATCH: &str = "IfMatch";
/// Characters of an idempotency key.
const KEY_MAX: usize = 255;

/// (component, header, description).
const PARAMETERS: [(&str, &str, &str); 3] = [
    (
        "IdempotencyKey",
        IDEMPOTENCY_KEY_NAME,
        "Any text that is new for each request, such as a UUID. Sending the request again with the same \
         key and body returns the first answer; another body with the same key is refused with 409. \
         Keys are remembered for a day.",
    ),
    (
        IF_NONE_MATCH,
        "If-None-Match",
        "The ETag that the client already has; the response is 304 while it is current.",
    ),
    (
        IF_MATCH,
        "If-Match",
        "The ETag that the change is based on; the response is 412 when the resource has changed since.",
    ),
];

/// The header parameter behind a reference.
pub(super) fn header_of(reference: &str) -> Option<&'static str> {
    let name = reference.strip_prefix("#/components/parameters/")?;
    let found = PARAMETERS.iter().find(|(component, ..)| *component == name);
    found.map(|(_, header, _)| *header)
}

/// The component that describes a header parameter.
pub(super) fn component_of(header: &str) -> Option<&'static str> {
    let found = PARAMETERS.iter().find(|(_, name, _)| *name == header);
    found.map(|(component, ..)| *component)
}

/// A reference to a header parameter.
pub(super) fn parameter(component: &str) -> RefOr<Parameter> {
    RefOr::Ref(Ref::new(format!("#/components/parameters/{component}")))
}

/// Whether a body is JSON.
pub(super) fn is_json(body: &RefOr<RequestBody>) -> bool {
    matches!(body, RefOr::T(body) if body.content.contains_key("application/json"))
}

/// The error responses that follow from the rules for every endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    PreconditionFailed,
    TooLarge,
    MediaType,
    Invalid,
    RateLimited,
    Internal,
    Unavailable,
}

impl Failure {
    pub(super) const ALL: [Self; 12] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::MediaType,
        Self::Invalid,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Status, component and description.
    const fn text(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::BadRequest => (
                "400",
                "BadRequest",
                "A parameter is unknown or not valid, or the body could not be read.",
            ),
            Self::Unauthorized => ("401", "Unauthorized", "No token, or one that is not valid."),
            Self::Forbidden => (
                "403",
                "Forbidden",
                "A browser sent its session cookie for a page of another site, or the key of a device came where a \
                 signed-in person is needed.",
            ),
            Self::NotFound => ("404", "NotFound", "Nothing here that the caller may see."),
            Self::Conflict => (
                "409",
                "IdempotencyConflict",
                "The Idempotency-Key was used with another request, or that request is still being worked on.",
            ),
            Self::PreconditionFailed => (
                "412",
                "PreconditionFailed",
                "The resource was changed since the ETag in If-Match.",
            ),
            Self::TooLarge => (
                "413",
                "BodyTooLarge",
                "The body exceeds the limit in the detail.",
            ),
            Self::MediaType => (
                "415",
                "UnsupportedMediaType",
                "The Content-Type or Content-Encoding is not read here.",
            ),
            Self::Invalid => (
                "422",
                "Invalid",
                "The content breaks rules; `errors` points at each.",
            ),
            Self::RateLimited => (
                "429",
                "RateLimited",
                "A rate limit is used up; see Retry-After.",
            ),
            Self::Internal => (
                "500",
                "InternalError",
                "Something failed; the request id finds it in the log.",
            ),
            Self::Unavailable => (
                "503",
                "Unavailable",
                "Temporarily unavailable; see Retry-After.",
            ),
        }
    }

    pub(super) const fn status(self) -> &'static str {
        self.text().0
    }

    /// A reference to the shared response.
    pub(super) fn reference(self) -> RefOr<Response> {
        RefOr::Ref(Ref::from_response_name(self.text().1))
    }

    /// The shared response itself.
    pub(super) fn response(self) -> Response {
        let (status, _, description) = self.text();
        let mut response = ResponseBuilder::new().description(description).build();
        make_problem(&mut response);
        Sent::RequestId.add_to(&mut response);
        // Probes are exempt from limits; no header is promised, so this is right for them too.
        for header in Sent::RATE {
            header.add_to(&mut response);
        }
        if matches!(self, Self::Conflict | Self::RateLimited | Self::Unavailable) {
            Sent::RetryAfter.add_to(&mut response);
        }
        if status == "401" {
            Sent::Authenticate.add_to(&mut response);
        }
        response
    }
}

/// Gives a response the body of every error.
pub(super) fn make_problem(response: &mut Response) {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let kind = "application/problem+json".to_owned();
    response.content.insert(kind, RefOr::T(content));
}

/// A response header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    RequestId,
    ETag,
    Location,
    RetryAfter,
    IdempotencyReplayed,
    Authenticate,
    RateLimit,
    RateRemaining,
    RateReset,
}

impl Sent {
    /// The headers of a rate limit.
    pub(super) const RATE: [Self; 3] = [Self::RateLimit, Self::RateRemaining, Self::RateReset];
    const ALL: [Self; 9] = [
        Self::RequestId,
        Self::ETag,
        Self::Location,
        Self::RetryAfter,
        Self::IdempotencyReplayed,
        Self::Authenticate,
        Self::RateLimit,
        Self::RateRemaining,
        Self::RateReset,
    ];

    /// Name, type and description.
    const fn text(self) -> (&'static str, Type, &'static str) {
        match self {
            Self::RequestId => (
                "X-Request-Id",
                Type::String,
                "Names this request in the server's log; the client's own when it sent a harmless one.",
            ),
            Self::ETag => (
                "ETag",
                Type::String,
                "The version of what is returned, for If-None-Match and, where the resource can be changed, If-Match.",
            ),
            Self::Location => (
                "Location",
                Type::String,
                "The path under which the state can be read.",
            ),
            Self::RetryAfter => (
                "Retry-After",
                Type::Integer,
                "Seconds after which another try makes sense.",
            ),
            Self::IdempotencyReplayed => (
                "Idempotency-Replayed",
                Type::Boolean,
                "`true` when this is the response to an earlier request with the same Idempotency-Key.",
            ),
            Self::Authenticate => (
                "WWW-Authenticate",
                Type::String,
                "The scheme by which to sign in.",
            ),
            Self::RateLimit => (
                "RateLimit-Limit",
                Type::Integer,
                "Requests of this kind that may be made at once; absent while limits are off.",
            ),
            Self::RateRemaining => (
                "RateLimit-Remaining",
                Type::Integer,
                "Requests of this kind that are left now.",
            ),
            Self::RateReset => (
                "RateLimit-Reset",
                Type::Integer,
                "Seconds until the whole limit is available again.",
            ),
        }
    }

    /// Documents the header on a response.
    pub(super) fn add_to(self, response: &mut Response) {
        let (name, ..) = self.text();
        let reference = Ref::new(format!("#/components/headers/{name}"));
        response
            .headers
            .entry(name.to_owned())
            .or_insert(RefOr::Ref(reference));
    }

    fn header(self) -> Header {
        let (_, kind, description) = self.text();
        HeaderBuilder::new()
            .schema(Some(of_type(kind)))
            .description(Some(description))
            .build()
    }
}

fn of_type(kind: Type) -> Schema {
    Schema::Object(
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(kind))
            .build(),
    )
}

/// Adds everything shared to the components.
pub(super) fn add(components: &mut Components) {
    for failure in Failure::ALL {
        let (_, name, _) = failure.text();
        let response = RefOr::T(failure.response());
        components.responses.insert(name.to_owned(), response);
    }
    for header in Sent::ALL {
        let (name, ..) = header.text();
        let header = RefOr::T(header.header());
        components.headers.insert(name.to_owned(), header);
    }
    for (component, name, description) in PARAMETERS {
        let mut schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        if name == IDEMPOTENCY_KEY_NAME {
            schema = schema.min_length(Some(1)).max_length(Some(KEY_MAX));
        }
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(Schema::Object(schema.build())))
            .build();
        components
            .parameters
            .insert(component.to_owned(), RefOr::T(parameter));
    }
}
