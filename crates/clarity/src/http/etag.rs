//! Versions of mutable resources as `ETag`, so that a lost update is a 412 and not an overwrite.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::docs::Expected;

use crate::problem::{Code, Problem};

/// The version of a resource; 0 before it was first written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub i64);

impl Version {
    /// The header value.
    pub fn etag(self) -> HeaderValue {
        HeaderValue::try_from(format!("\"{}\"", self.0)).expect("digits and quotes are printable")
    }
}

/// What the request expects of the stored version: `If-Match` and `If-None-Match: *`.
pub fn expected(headers: &HeaderMap) -> Result<Expected, Problem> {
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == b"*")
    {
        return Ok(Expected::Absent);
    }
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(Expected::Any);
    };
    if value.as_bytes() == b"*" {
        return Ok(Expected::Any);
    }
    match parse(value) {
        Some(Version(0)) => Ok(Expected::Absent),
        Some(Version(version)) => Ok(Expected::Version(version)),
        None => Err(Problem::new(
            Code::PreconditionFailed,
            "If-Match is not an ETag of this resource",
        )),
    }
}

/// The resource with its `ETag`, or 304 when the client already has this version.
pub fn answer<T: Serialize>(headers: &HeaderMap, version: Version, body: &T) -> Response {
    let etag = [(header::ETAG, version.etag())];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|list| {
            list.split(',')
                .filter_map(|tag| HeaderValue::from_str(tag.trim()).ok())
                .any(|tag| parse(&tag) == Some(version))
        });
    if known {
        return (StatusCode::NOT_MODIFIED, etag).into_response();
    }
    (etag, axum::Json(body)).into_response()
}

/// Reads `"7"`, and `W/"7"` which compressing proxies make of it.
fn parse(value: &HeaderValue) -> Option<Version> {
    let text = value.to_str().ok()?;
    let text = text.strip_prefix("W/").unwrap_or(text);
    let number = text.strip_prefix('"')?.strip_suffix('"')?;
    number.parse().ok().map(Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn preconditions_are_read() {
        let check = |value, expect: Expected| {
            let read = expected(&headers(header::IF_MATCH, value)).expect("a precondition");
            assert_eq!(format!("{read:?}"), format!("{expect:?}"), "{value}");
        };
        check("\"7\"", Expected::Version(7));
        check("W/\"7\"", Expected::Version(7));
        check("\"0\"", Expected::Absent);
        check("*", Expected::Any);
        assert!(expected(&headers(header::IF_MATCH, "rubbish")).is_err());
    }

    #[test]
    fn an_unchanged_resource_is_not_sent_again() {
        let check = |value, expect: StatusCode| {
            let response = answer(&headers(header::IF_NONE_MATCH, value), Version(3), &1);
            assert_eq!(response.status(), expect, "{value}");
        };
        check("\"3\"", StatusCode::NOT_MODIFIED);
        check("\"1\", W/\"3\"", StatusCode::NOT_MODIFIED);
        check("\"2\"", StatusCode::OK);
    }
}
