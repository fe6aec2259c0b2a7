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
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, Semaphore};
use tower::ServiceExt;

use crate::app::App;
use crate::housekeeping;
use crate::http::router;
use crate::supervise::{Place, Task};

/// How long a shutdown may take.
pub const DRAIN: Duration = Duration::from_secs(30);
/// A client that does not send its headers within this time is cut off.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(15);
/// HTTP/2 connections are probed this often.
const PROBE: Duration = Duration::from_secs(30);
/// Connections at once; further ones wait in the backlog. Below the usual limit of open files.
const CONNECTIONS_MAX: usize = 4_096;
/// HTTP/2 requests at once on one connection.
const STREAMS_MAX: u32 = 128;
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
    app.supervisor.faults.check(Place::Task(Task::Signals));
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
        .header_read_timeout(HEADERS_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(PROBE)
        .keep_alive_timeout(PROBE);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    housekeeping::start(app, move || front.rates.tidy());
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = app.shutdown.cancelled() => break,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let service = hyper::service::service_fn(service(router.clone(), peer));
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        app.tasks.spawn(async move {
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
type Seat = tokio::sync::OwnedSemaphorePermit;

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, Seat)> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small; waiting to fill packets would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

fn service(router: Router, peer: SocketAddr) -> impl Fn(hyper::Request<Incoming>) -> Answering {
    move |mut request| {
        request.extensions_mut().insert(ConnectInfo(peer));
        Box::pin(router.clone().oneshot(request.map(Body::new)))
    }
}

async fn drain(app: &Arc<App>, graceful: GracefulShutdown) {
    tracing::info!("draining");
    app.tasks.close();
    let finished = tokio::time::timeout(DRAIN, async {
        graceful.shutdown().await;
        app.tasks.wait().await;
    })
    .await;
    if finished.is_err() {
        tracing::warn!("some work did not finish in time and was cut off");
    }
    app.store.close().await;
    tracing::info!("stopped");
}
