//! The OpenAPI 3.1 document: its head, and what all operations have in common.
//!
//! Handlers document their own parameters, bodies and successes; the problems that follow from the
//! rules for every endpoint are added here, so that no handler repeats or forgets them.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::http::problem::ProblemBody;
use crate::problem::{Code, FieldError};

/// The name of the security scheme; handlers that take a caller say `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clarity",
        description = "Self-hosted, encrypted health data: imports and uploads in, daily summaries, \
                       nights and insights out. Errors are RFC 9457 problems with a stable `code`. \
                       Every path also answers below `/v1` and with a trailing slash.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemBody, FieldError, Code))
)]
struct Head;

/// The document without paths.
pub fn base() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    if let Some(components) = document.components.as_mut() {
        components.add_security_scheme(
            BEARER,
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("JWT")
                    .build(),
            ),
        );
    }
    document
}

/// Adds to every operation the problems that the common rules may answer with.
pub fn complete(document: &mut utoipa::openapi::OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            complete_operation(operation);
        }
    }
}

/// The operations of a path.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        item.get.as_mut(),
        item.put.as_mut(),
        item.post.as_mut(),
        item.patch.as_mut(),
        item.delete.as_mut(),
    ]
    .into_iter()
    .flatten()
}

fn complete_operation(operation: &mut Operation) {
    let has_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|list| !list.is_empty());
    // Both ends can be read and still make no range.
    let mut parameters = operation.parameters.iter().flatten();
    let has_range =
        parameters.any(|one| matches!(one, RefOr::T(parameter) if parameter.name == "end"));
    let has_body = operation.request_body.is_some();
    let has_person = operation.security.is_some();
    let mut add = |status: &str, description: &str| {
        let responses = &mut operation.responses.responses;
        if !responses.contains_key(status) {
            responses.insert(status.to_owned(), RefOr::T(problem(description)));
        }
    };
    if has_parameters || has_body {
        add("400", "A parameter, cursor or body could not be read.");
    }
    if has_person {
        add("401", "No token, or one that is not valid.");
    }
    if has_parameters {
        add("404", "Nothing here that the caller may see.");
    }
    if has_body {
        add("413", "The body exceeds the limit in the detail.");
    }
    if has_body || has_range {
        add("422", "The content breaks rules; `errors` points at each.");
    }
    add("415", "The content type or encoding is not read here.");
    add("429", "A rate limit is used up; see Retry-After.");
    add(
        "500",
        "Something failed; the request id finds it in the log.",
    );
    add("503", "Temporarily unavailable; see Retry-After.");
}

fn problem(description: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description(description)
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build()
}
