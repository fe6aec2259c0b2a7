//! The OpenAPI document and two pages that show it, all served from this binary; and the style sheet of `methods.rs`.
//!
//! The pages run under a policy without inline script; nothing is loaded from elsewhere.

use std::io::Read;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::coding;
use crate::http::front::Front;
use crate::problem::Problem;

/// Scripts and workers only from here. Both pages set styles from script, which needs the exception
/// for styles; styles cannot read data.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
/// Assets change only with the binary.
const ASSET_CACHING: &str = "public, max-age=86400";

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: Content,
}

enum Content {
    Plain(&'static [u8]),
    Gzip(&'static [u8]),
}

static ASSETS: &[Asset] = &[
    Asset {
        name: "swagger-ui-bundle.js",
        media_type: JAVASCRIPT,
        content: Content::Gzip(include_bytes!("../../assets/swagger-ui-bundle.js.gz")),
    },
    Asset {
        name: "swagger-ui.css",
        media_type: CSS,
        content: Content::Gzip(include_bytes!("../../assets/swagger-ui.css.gz")),
    },
    Asset {
        name: "swagger-init.js",
        media_type: JAVASCRIPT,
        content: Content::Plain(include_bytes!("../../assets/swagger-init.js")),
    },
    Asset {
        name: "methods.css",
        media_type: CSS,
        content: Content::Plain(include_bytes!("../../assets/methods.css")),
    },
    Asset {
        name: "redoc.standalone.js",
        media_type: JAVASCRIPT,
        content: Content::Gzip(include_bytes!("../../assets/redoc.standalone.js.gz")),
    },
];

const SWAGGER: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clarity API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-init.js"></script>
</body>
</html>
"#;

const REDOC: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clarity API</title>
<link rel="icon" href="data:,">
</head>
<body>
<redoc spec-url="/api/v1/openapi.json"></redoc>
<script src="/docs/redoc.standalone.js"></script>
</body>
</html>
"#;

/// The pages and their files. They are for people and no part of the API, so no operations either.
pub const PAGES: [&str; 3] = ["/docs", "/redoc", "/docs/{file}"];

/// The pages.
pub fn router() -> OpenApiRouter<Arc<App>> {
    let [docs, redoc, file] = PAGES;
    OpenApiRouter::new()
        .route(docs, get(|| async { page(SWAGGER) }))
        .route(redoc, get(|| async { page(REDOC) }))
        .route(file, get(asset))
}

/// The document.
pub fn api_router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(openapi))
}

/// This document.
#[utoipa::path(
    get, operation_id = "get_openapi", path = "/openapi.json", tag = "documentation",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
)]
async fn openapi(Extension(front): Extension<Arc<Front>>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        front.document(),
    )
        .into_response()
}

/// A script or style sheet of the two pages.
async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == file);
    let asset = asset.ok_or_else(Problem::not_found)?;
    let (body, encoding) = match asset.content {
        Content::Plain(bytes) => (Bytes::from_static(bytes), None),
        Content::Gzip(bytes) if coding::accepts(&headers, "gzip") => {
            (Bytes::from_static(bytes), Some("gzip"))
        }
        Content::Gzip(bytes) => (unpacked(bytes)?, None),
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.media_type),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(ASSET_CACHING),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn unpacked(bytes: &[u8]) -> Result<Bytes, Problem> {
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut unpacked)
        .map_err(Problem::internal)?;
    Ok(Bytes::from(unpacked))
}

fn page(html: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, html).into_response()
}
