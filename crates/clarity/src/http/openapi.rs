//! The OpenAPI 3.1 document: its head, and what all operations have in common.
//!
//! Handlers document their own parameters, bodies and successes; the problems and headers that follow
//! from the rules for every endpoint are added here, so that no handler repeats or forgets them.

mod examples;
mod shared;
mod variants;

use utoipa::OpenApi;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Deprecated, RefOr};

use crate::http::problem::ProblemBody;
use crate::http::rate::Class;
use crate::problem::{Code, FieldError};
use shared::{Failure, Sent};

/// The name of the security scheme; handlers that take a caller say `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";
/// The session of a browser; whatever takes a bearer token takes it too.
const COOKIE: &str = "cookie";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clarity",
        description = "Self-hosted, encrypted health data: imports and uploads in, daily summaries, \
                       nights and insights out. Errors are RFC 9457 problems with a stable `code`. \
                       Every path also works below `/v1` and with a trailing slash. A query \
                       parameter that an operation does not list is refused.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "accounts", description = "Opening an account, signing in and out, the signed-in devices, and the server's public keys."),
        (name = "person", description = "What a person says about themselves, and how they want their data read."),
        (name = "uploads", description = "Health data as JSON, as phones and apps send it; what became of an upload; taking it back."),
        (name = "imports", description = "Whole files of any size: exports of phones, recordings of worn devices."),
        (name = "devices", description = "Keys for phones and scripts that send health data, and the address of each."),
        (name = "sharing", description = "What a person allows other accounts to read, for what and until when; what others allow them."),
        (name = "reading", description = "Samples, series, days, nights, workouts, rhythms, trends and unusual days of the caller."),
        (name = "export", description = "All data of the caller in open formats, and its erasure with a signed receipt."),
        (name = "insights", description = "What the days of the caller show, each statement with the figures it rests on."),
        (name = "pat", description = "Weeks of activity through the Pretrained Actigraphy Transformer, with the classical measures beside it."),
        (name = "laboratory", description = "Recordings of worn devices of anybody, analysed and not stored."),
        (name = "live", description = "Events as they happen, as server-sent events."),
        (name = "operations", description = "Probes, metrics, accounts and background work, for those who run the server."),
        (name = "documentation", description = "This document."),
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
        components.add_security_scheme(
            COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "__Host-clarity",
                "The session of a browser, from `/auth/browser`; `clarity` without encryption on the \
                 machine itself. It changes things only for pages of this server.",
            ))),
        );
        add_device_schemes(components);
        shared::add(components);
    }
    document
}

/// How a device shows its key, besides as bearer token.
fn add_device_schemes(components: &mut Components) {
    let header = |name: &str, text: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)))
    };
    let password = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some(
            "The key of a device as the password; the name is ignored.",
        ))
        .build();
    let schemes = [
        (
            "device_key",
            header(
                "X-API-Key",
                "The key of a device, which also works as bearer token.",
            ),
        ),
        ("device_password", SecurityScheme::Http(password)),
        (
            "device_signature",
            header(
                "X-Signature",
                "`sha256=` and HMAC-SHA256 of the body under the text of the device's key, in hex digits.",
            ),
        ),
    ];
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
}

/// Adds to every operation the problems and headers of the common rules, and its examples.
pub fn complete(document: &mut utoipa::openapi::OpenApi) {
    if let Some(components) = document.components.as_mut() {
        variants::name(components);
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            share_parameters(operation);
            add_preconditions(operation);
            add_cookie(operation);
            add_failures(operation, path, &method);
            add_headers(operation, path, &method);
            examples::add(operation);
        }
    }
}

/// Whoever may sign in with a token may sign in with the cookie of a browser.
fn add_cookie(operation: &mut Operation) {
    if let Some(ways) = operation.security.as_mut() {
        ways.push(SecurityRequirement::new(COOKIE, Vec::<String>::new()));
    }
}

/// The operations of a path.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, item.get.as_mut()),
        (HttpMethod::Put, item.put.as_mut()),
        (HttpMethod::Post, item.post.as_mut()),
        (HttpMethod::Patch, item.patch.as_mut()),
        (HttpMethod::Delete, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

/// The names of the parameters that come in this part of the request.
pub fn parameter_names<'a>(operation: &'a Operation, place: &ParameterIn) -> Vec<&'a str> {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|one| match one {
            RefOr::T(parameter) if parameter.parameter_in == *place => {
                Some(parameter.name.as_str())
            }
            RefOr::T(_) => None,
            RefOr::Ref(shared) => {
                shared::header_of(&shared.ref_location).filter(|_| *place == ParameterIn::Header)
            }
        })
        .collect()
}

/// Whether a resource with this documentation has an `ETag`.
fn has_etag(operation: &Operation) -> bool {
    let responses = &operation.responses.responses;
    responses.contains_key("304") || responses.contains_key("412")
}

/// Former names of query parameters, which are still read.
const FORMER: [&str; 1] = ["data_type"];

/// Marks the former names, and puts the shared description in the place of each header parameter that has one.
fn share_parameters(operation: &mut Operation) {
    for one in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = one
            && parameter.parameter_in == ParameterIn::Query
            && FORMER.contains(&parameter.name.as_str())
        {
            parameter.deprecated = Some(Deprecated::True);
        } else if let RefOr::T(parameter) = one
            && let Some(component) = shared::component_of(&parameter.name)
        {
            *one = shared::parameter(component);
        }
    }
}

/// A resource that may answer 304 reads `If-None-Match`, one that may answer 412 `If-Match`.
fn add_preconditions(operation: &mut Operation) {
    for (status, parameter) in [("304", shared::IF_NONE_MATCH), ("412", shared::IF_MATCH)] {
        if operation.responses.responses.contains_key(status) {
            let list = operation.parameters.get_or_insert_default();
            list.push(shared::parameter(parameter));
        }
    }
}

fn add_failures(operation: &mut Operation, path: &str, method: &HttpMethod) {
    let query = parameter_names(operation, &ParameterIn::Query);
    // Both ends can be read and still make no range.
    let has_range = query.contains(&"start") && query.contains(&"end");
    let has_body = operation.request_body.is_some();
    let is_created_once =
        parameter_names(operation, &ParameterIn::Header).contains(&shared::IDEMPOTENCY_KEY_NAME);
    let reads_json = operation.request_body.as_ref().is_some_and(shared::is_json);
    let applies = |failure: Failure| match failure {
        // Unknown query parameters are refused everywhere.
        Failure::BadRequest | Failure::Internal | Failure::Unavailable => true,
        Failure::Unauthorized => operation.security.is_some(),
        // A browser may send its cookie with any change, also where nobody has to sign in; the key of a device
        // is right, but not for everything.
        Failure::Forbidden => !matches!(method, HttpMethod::Get) || operation.security.is_some(),
        // Of somebody who allowed nothing, there is nothing.
        Failure::NotFound => path.contains('{') || query.contains(&"user_id"),
        Failure::Conflict => is_created_once,
        Failure::PreconditionFailed => operation.responses.responses.contains_key("412"),
        Failure::TooLarge => reads_json,
        Failure::MediaType => has_body,
        Failure::Invalid => has_body || has_range,
        Failure::RateLimited => is_limited(path, method),
    };
    let applying: Vec<Failure> = Failure::ALL
        .iter()
        .copied()
        .filter(|one| applies(*one))
        .collect();
    let responses = &mut operation.responses.responses;
    for failure in applying {
        responses
            .entry(failure.status().to_owned())
            .or_insert_with(|| failure.reference());
    }
    // What a handler says in its own words is a problem as well.
    for (status, documented) in responses {
        if let RefOr::T(response) = documented
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            shared::make_problem(response);
        }
    }
}

fn add_headers(operation: &mut Operation, path: &str, method: &HttpMethod) {
    let has_etag = has_etag(operation);
    let header_names = parameter_names(operation, &ParameterIn::Header);
    let is_created_once = header_names.contains(&shared::IDEMPOTENCY_KEY_NAME);
    let is_limited = is_limited(path, method);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let mut add = |header: Sent| header.add_to(response);
        add(Sent::RequestId);
        let is_success = status.starts_with('2') || status == "304";
        if is_limited {
            Sent::RATE.iter().copied().for_each(&mut add);
        }
        if is_success && has_etag {
            add(Sent::ETag);
        }
        if is_success && is_created_once {
            add(Sent::IdempotencyReplayed);
        }
        if status == "202" {
            add(Sent::Location);
        }
        if matches!(status.as_str(), "409" | "429" | "503") {
            add(Sent::RetryAfter);
        }
        if status == "401" {
            add(Sent::Authenticate);
        }
    }
}

fn is_limited(path: &str, method: &HttpMethod) -> bool {
    let method = match method {
        HttpMethod::Get => axum::http::Method::GET,
        HttpMethod::Put => axum::http::Method::PUT,
        HttpMethod::Patch => axum::http::Method::PATCH,
        HttpMethod::Delete => axum::http::Method::DELETE,
        HttpMethod::Post | HttpMethod::Options | HttpMethod::Head | HttpMethod::Trace => {
            axum::http::Method::POST
        }
    };
    Class::of(&method, path) != Class::Exempt
}
