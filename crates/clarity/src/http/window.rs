//! The window: pages for people, made by `web` and kept in this binary with their compressed twins.
//!
//! A browser that opens any address outside the API gets the one page, whose script knows the addresses. API
//! clients, which do not ask for HTML, never meet it. The pages are a client like any other: nothing here reads
//! anything personal.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::http::coding;
use crate::problem::Problem;

/// Everything from here and nothing inline. Styles that a script sets one by one need no exception.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Files whose names change with their content.
const KEPT: &str = "public, max-age=31536000, immutable";
/// Files that must be asked for again; the tag makes that cheap.
const ASKED_AGAIN: &str = "no-cache";
/// The one page.
const PAGE: &str = "index.html";
/// Beginnings of addresses that are never pages: what is not found there is a problem for a program.
const NO_PAGES: [&str; 8] = [
    "/api/",
    "/v1/",
    "/docs/",
    "/redoc/",
    "/health/",
    "/metrics/",
    "/.well-known/",
    "/assets/",
];
/// What a browser sees where the window was not built.
const WITHOUT: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clarity</title>
<link rel="icon" href="data:,">
</head>
<body>
<h1>Clarity</h1>
<p>The server works, but this program was built without its pages.</p>
<p>Install Node 20.19 or later, run <code>make window</code>, then build and start Clarity again.</p>
<p>The API is complete: <a href="/docs">documentation</a>.</p>
</body>
</html>
"#;

/// One file of the window.
struct File {
    /// Its address without the first slash.
    name: &'static str,
    /// Changes with its content.
    tag: &'static str,
    is_named_by_content: bool,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/window.rs"));

/// Whether this program contains the pages.
pub fn is_built() -> bool {
    find(PAGE).is_some()
}

/// Whether a client asks for a page rather than for data.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','));
    accepted.any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    })
}

/// The page, or how to get it.
pub(crate) fn page(headers: &HeaderMap) -> Response {
    match find(PAGE) {
        Some(file) => answer(file, headers),
        None => with_policy(
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            WITHOUT,
        ),
    }
}

/// Whatever no route of the API has: a file of the window, its page, or nothing.
pub(crate) async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let reads = method == Method::GET || method == Method::HEAD;
    if !reads {
        return Problem::not_found().into_response();
    }
    let file = path.strip_prefix('/').and_then(find);
    if let Some(file) = file.filter(|file| file.name != PAGE) {
        return answer(file, &headers);
    }
    let may_be_page = !NO_PAGES.iter().any(|start| path.starts_with(start));
    match find(PAGE) {
        Some(page) if may_be_page && wants_page(&headers) => answer(page, &headers),
        _ => Problem::not_found().into_response(),
    }
}

fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

fn answer(file: &'static File, headers: &HeaderMap) -> Response {
    let caching = if file.is_named_by_content {
        KEPT
    } else {
        ASKED_AGAIN
    };
    let common = [
        (header::ETAG, file.tag),
        (header::CACHE_CONTROL, caching),
        (header::VARY, "accept, accept-encoding"),
    ];
    let known = headers.get(header::IF_NONE_MATCH);
    let is_known = known
        .and_then(|value| value.to_str().ok())
        .is_some_and(|list| list.split(',').any(|tag| tag.trim() == file.tag));
    if is_known {
        // With its policy: a browser takes over the headers of this answer for the page that it kept.
        return with_policy(common, StatusCode::NOT_MODIFIED);
    }
    let (encoding, bytes) = match (file.brotli, file.gzip) {
        (Some(bytes), _) if coding::accepts(headers, "br") => (Some("br"), bytes),
        (_, Some(bytes)) if coding::accepts(headers, "gzip") => (Some("gzip"), bytes),
        _ => (None, file.plain),
    };
    let mut response = with_policy(common, Body::from(Bytes::from_static(bytes)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(file.name)),
    );
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn with_policy<const N: usize>(
    headers: [(header::HeaderName, &'static str); N],
    body: impl IntoResponse,
) -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    (policy, headers, body).into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_browsers_that_ask_for_html_get_the_page() {
        let check = |accept: &'static str, expect: bool| {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wants_page(&headers), expect, "{accept}");
        };
        check("text/html,application/xhtml+xml,*/*;q=0.8", true);
        check("application/json, TEXT/HTML;q=0.1", true);
        check("*/*", false);
        check("application/json", false);
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn every_file_that_was_built_has_a_media_type() {
        for file in FILES {
            assert_ne!(
                media_type(file.name),
                "application/octet-stream",
                "{}",
                file.name
            );
            assert!(!file.plain.is_empty(), "{}", file.name);
        }
    }
}
