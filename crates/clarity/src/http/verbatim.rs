//! Answers whose JSON is written as text already: large lists that would cost too much to build as
//! values, and stored documents that are passed on. Each carries an `ETag` of its content.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lab::models::digest::Sha256;

/// Hexadecimal digits of the digest that make the tag; enough that two contents never share one.
const TAG_DIGITS: usize = 32;

/// A JSON document, or 304 when the client has the same already.
pub fn json(headers: &HeaderMap, body: Vec<u8>) -> Response {
    of_type(headers, body, "application/json")
}

/// A document of a media type, or 304 when the client has the same already.
pub fn of_type(headers: &HeaderMap, body: Vec<u8>, media_type: &'static str) -> Response {
    let etag = etag(&body);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|list| {
            list.split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
        });
    let tag = [(header::ETAG, etag)];
    if known {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))];
    (tag, kind, Body::from(body)).into_response()
}

fn etag(body: &[u8]) -> HeaderValue {
    let text = format!("\"{}\"", Sha256::of(body).first(TAG_DIGITS));
    HeaderValue::try_from(text).expect("hexadecimal digits are printable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_answer_is_not_sent_again() {
        let first = json(&HeaderMap::new(), b"{}".to_vec());
        let tag = first.headers().get(header::ETAG).expect("a tag").clone();
        let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]);
        assert_eq!(
            json(&headers, b"{}".to_vec()).status(),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(json(&headers, b"[]".to_vec()).status(), StatusCode::OK);
    }
}
