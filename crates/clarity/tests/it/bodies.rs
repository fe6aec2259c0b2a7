//! Bodies: limits, encodings, broken JSON. Each is a clear problem, and never more memory than the
//! limit.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp};

const LOGIN: &str = "/api/v1/auth/login";

fn raw(body: impl Into<Body>, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(Method::POST).uri(LOGIN);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("a request")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn broken_json_is_explained_by_position() {
    let test = TestApp::new().await;
    let check = async |body: &'static str, status, code, detail: &str| {
        let problem = test.send(raw(body, &[JSON])).await.problem(status, code);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|text| text.contains(detail)),
            "{problem}"
        );
        problem
    };
    check("{\"email\": }", 400, "malformed_json", "byte 11 of 11").await;
    check("", 400, "malformed_json", "byte 0 of 0").await;
    check("{\"email\": \"a\"", 400, "malformed_json", "byte 13 of 13").await;
    let problem = check(
        "{\"email\": 7, \"password\": \"x\"}",
        422,
        "validation_failed",
        "/email",
    )
    .await;
    assert_eq!(problem["errors"][0]["pointer"], "/email");
    check("{}", 422, "validation_failed", "email").await;
}

#[tokio::test]
async fn deep_json_is_refused_before_it_is_parsed() {
    let test = TestApp::new().await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    test.send(raw(deep, &[JSON]))
        .await
        .problem(422, "nesting_too_deep");
    let open = "[".repeat(21);
    let problem = test
        .send(raw(open, &[JSON]))
        .await
        .problem(422, "nesting_too_deep");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("20 levels"))
    );
}

#[tokio::test]
async fn other_media_types_are_refused() {
    let test = TestApp::new().await;
    let body = json!({"email": "a@b", "password": PASSWORD}).to_string();
    let check = async |headers: &[(&str, &str)]| {
        test.send(raw(body.clone(), headers))
            .await
            .problem(415, "unsupported_media_type");
    };
    check(&[]).await;
    check(&[("content-type", "text/plain")]).await;
    check(&[JSON, ("content-encoding", "compress")]).await;
    check(&[JSON, ("content-encoding", "gzip, gzip")]).await;
    let accepted = [("content-type", "application/json; charset=utf-8")];
    test.send(raw(body.clone(), &accepted))
        .await
        .problem(401, "credentials_invalid");
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let test = TestApp::new().await;
    test.register("ada@example.org").await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD}).to_string();
    let check = async |encoding, bytes: Vec<u8>| {
        let answer = test
            .send(raw(bytes, &[JSON, ("content-encoding", encoding)]))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{encoding}: {}",
            answer.text()
        );
    };
    check("gzip", gzip(body.as_bytes())).await;
    check("br", encoded(Encoding::Brotli, body.as_bytes()).await).await;
    check("zstd", encoded(Encoding::Zstd, body.as_bytes()).await).await;
    check("identity", body.clone().into_bytes()).await;
    let mut cut = gzip(body.as_bytes());
    cut.truncate(cut.len() / 2);
    let headers = [JSON, ("content-encoding", "gzip")];
    test.send(raw(cut, &headers))
        .await
        .problem(400, "malformed_body");
    test.send(raw("not gzip", &headers))
        .await
        .problem(400, "malformed_body");
}

#[derive(Clone, Copy)]
enum Encoding {
    Brotli,
    Zstd,
}

async fn encoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    use async_compression::tokio::bufread::{BrotliEncoder, ZstdEncoder};
    use tokio::io::AsyncReadExt;
    let mut out = Vec::new();
    match encoding {
        Encoding::Brotli => BrotliEncoder::new(bytes).read_to_end(&mut out).await,
        Encoding::Zstd => ZstdEncoder::new(bytes).read_to_end(&mut out).await,
    }
    .expect("memory");
    out
}

#[tokio::test]
async fn bombs_stop_at_the_limit() {
    let test = TestApp::new().await;
    let zeros = vec![b' '; 200 * 1024 * 1024];
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 2 * 1024 * 1024, "a bomb is small");
    drop(zeros);
    let headers = [JSON, ("content-encoding", "gzip")];
    let problem = test
        .send(raw(bomb, &headers))
        .await
        .problem(413, "body_too_large");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("65536")),
        "{problem}"
    );
}

/// Counts how much of an endless body is asked for.
fn endless(taken: &Arc<AtomicUsize>) -> Body {
    let taken = Arc::clone(taken);
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    Body::from_stream(stream::repeat_with(move || {
        taken.fetch_add(chunk.len(), Ordering::SeqCst);
        Ok::<_, std::io::Error>(chunk.clone())
    }))
}

#[tokio::test]
async fn a_chunked_body_is_read_up_to_the_limit_only() {
    let test = TestApp::with(|config| config.limits.json_body_bytes = 10_000).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let answer = test.send(raw(endless(&taken), &[JSON])).await;
    let problem = answer.problem(413, "body_too_large");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("10000"))
    );
    let taken = taken.load(Ordering::SeqCst);
    assert!((10_000..200_000).contains(&taken), "{taken}");
    let announced = [JSON, ("content-length", "10001")];
    test.send(raw("x", &announced))
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn answers_are_compressed_when_asked() {
    let test = TestApp::new().await;
    let check = async |accepts: &str| {
        let request = Request::builder()
            .uri("/api/v1/openapi.json")
            .header("accept-encoding", accepts)
            .body(Body::empty())
            .expect("a request");
        let answer = test.send(request).await;
        assert_eq!(answer.header("content-encoding"), accepts);
        answer.bytes
    };
    let packed = check("gzip").await;
    check("br").await;
    check("zstd").await;
    let mut unpacked = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(packed.as_slice()),
        &mut unpacked,
    )
    .expect("gzip");
    assert!(serde_json::from_str::<Value>(&unpacked).is_ok());
}
