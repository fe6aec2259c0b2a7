//! Listening: connections in, answers out, and a shutdown that loses nothing.
//!
//! A shutdown stops accepting, lets requests in progress finish, ends event streams and waits for
//! background tasks, all within [`DRAIN`].

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Version, header};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Mutex;
use tower::ServiceExt;

use crate::app::App;
use crate::housekeeping;
use crate::http::router;
use crate::http::socket::{Place, Places, Socket};
use crate::problem::Problem;
use crate::supervise::{Place as Fault, Task};

/// How long a shutdown may take.
pub const DRAIN: Duration = Duration::from_secs(30);
/// A client that does not send its headers within this time is cut off.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(15);
/// HTTP/2 connections are probed this often.
const PROBE: Duration = Duration::from_secs(30);
/// HTTP/2 requests at once on one connection.
const STREAMS_MAX: u32 = 128;
/// Bytes of one connection, or of one stream of it, that wait to be sent or looked at: a thousand that nobody reads
/// or works on take 128 MB.
const BUFFER_BYTES: usize = 128 << 10;
/// Bytes of bodies that a client may send over HTTP/2 before they are looked at.
const WINDOW_BYTES: u32 = 256 << 10;
/// Pause when the system refuses connections, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Cancels the application on SIGTERM or SIGINT.
pub fn stop_on_signals(app: &Arc<App>) -> io::Result<()> {
    let signals = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let signals = Arc::new(Mutex::new(signals));
    app.supervise(Task::Signals, move |app| {
        wait_for_signal(app, Arc::clone(&signals))
    });
    Ok(())
}

async fn wait_for_signal(app: Arc<App>, signals: Arc<Mutex<(Signal, Signal)>>) {
    let mut signals = signals.lock().await;
    let (terminate, interrupt) = &mut *signals;
    app.supervisor.faults.check(Fault::Task(Task::Signals));
    tokio::select! {
        _ = terminate.recv() => tracing::info!("asked to stop by SIGTERM"),
        _ = interrupt.recv() => tracing::info!("asked to stop by SIGINT"),
        () = app.shutdown.cancelled() => {}
    }
    app.shutdown.cancel();
}

/// Answers requests until the application is cancelled, then finishes what is under way.
pub async fn serve(app: &Arc<App>, listener: TcpListener) {
    let (router, front) = router::service(app);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .max_buf_size(BUFFER_BYTES)
        .header_read_timeout(HEADERS_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES)
        .max_send_buf_size(BUFFER_BYTES)
        .keep_alive_interval(PROBE)
        .keep_alive_timeout(PROBE);
    let graceful = GracefulShutdown::new();
    let places = Places::new(&app.config.proxy.trusted);
    housekeeping::start(app, move || front.rates.tidy());
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = app.shutdown.cancelled() => break,
        };
        let (stream, peer, place) = match accepted {
            Ok(Some(accepted)) => accepted,
            // Its network has all that it may have.
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let service = hyper::service::service_fn(service(router.clone(), peer));
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(Socket::new(stream)), service)
            .into_owned();
        let connection = graceful.watch(connection);
        app.connections.spawn(async move {
            // An error here is a client that went away or does not speak HTTP.
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    drain(app, graceful).await;
}

type Answering = BoxFuture<'static, Result<hyper::Response<Body>, Infallible>>;

async fn accept(
    listener: &TcpListener,
    places: &Places,
) -> io::Result<Option<(TcpStream, SocketAddr, Place)>> {
    let seat = places.seat().await?;
    let (stream, peer) = listener.accept().await?;
    let Some(place) = places.take(seat, peer) else {
        return Ok(None);
    };
    // Answers are small; waiting to fill packets would only delay them.
    stream.set_nodelay(true)?;
    Ok(Some((stream, peer, place)))
}

fn service(router: Router, peer: SocketAddr) -> impl Fn(hyper::Request<Incoming>) -> Answering {
    move |mut request| {
        // Which of two names is meant would be decided differently by a proxy and by us (RFC 9112, 3.2).
        let hosts = request.headers().get_all(header::HOST).iter().count();
        if request.version() == Version::HTTP_11 && hosts != 1 {
            let problem = Problem::parameter("Host", "must be given exactly once");
            let refused = problem.render(request.uri().path(), "");
            return Box::pin(std::future::ready(Ok(refused)));
        }
        request.extensions_mut().insert(ConnectInfo(peer));
        Box::pin(router.clone().oneshot(request.map(Body::new)))
    }
}

async fn drain(app: &Arc<App>, graceful: GracefulShutdown) {
    tracing::info!("draining");
    app.tasks.close();
    let finished = tokio::time::timeout(DRAIN, async {
        graceful.shutdown().await;
        app.connections.wait().await;
        app.tasks.wait().await;
    })
    .await;
    if finished.is_err() {
        tracing::warn!("some work did not finish in time and was cut off");
    }
    app.store.close().await;
    tracing::info!("stopped");
}
