//! The edges of a request: panics, failures, time limits, and a real socket with a real shutdown.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware;
use axum::routing::get;
use clarity::http::{edge, serve};
use clarity::problem::{Code, Problem};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::harness::TestApp;

/// Handlers that go wrong, behind the real guard.
fn broken(test: &TestApp) -> Router {
    let guard = middleware::from_fn_with_state(Arc::clone(&test.app), edge::guard);
    let panics = async || -> &'static str { panic!("a secret in a panic") };
    let fails = async || Problem::internal("a secret in a cause");
    let hangs = async || std::future::pending::<&'static str>().await;
    Router::new()
        .route("/panics", get(panics))
        .route("/fails", get(fails))
        .route("/hangs", get(hangs))
        .layer(guard)
}

async fn ask(router: Router, path: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .uri(path)
        .body(Body::empty())
        .expect("a request");
    let response = router.oneshot(request).await.expect("infallible");
    let status = response.status();
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn failures_tell_the_client_nothing() {
    let test = TestApp::new().await;
    for path in ["/panics", "/fails"] {
        let (status, problem) = ask(broken(&test), path).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem["code"], Code::Internal.name());
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}

#[tokio::test]
async fn requests_end_at_the_time_limit() {
    let test = TestApp::with(|config| config.limits.request_s = 0).await;
    let (status, problem) = ask(broken(&test), "/hangs").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &Value::from("timeout"))
    );
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("0 seconds"))
    );
}

#[tokio::test]
async fn a_shutdown_ends_streams_and_stops() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = Arc::clone(&test.app);
    let server = test
        .app
        .tasks
        .spawn(async move { serve::serve(&app, listener).await });
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        ada.access
    );
    stream.write_all(request.as_bytes()).await.expect("a write");
    let mut head = vec![0; 12];
    stream.read_exact(&mut head).await.expect("an answer");
    assert_eq!(head, b"HTTP/1.1 200");
    test.app.shutdown.cancel();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    ended.expect("the stream ends").expect("a clean end");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
    drop(server);
}
