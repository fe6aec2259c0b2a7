//! What a connection may cost before and after its requests: how long it may be silent, how many of them one
//! network may hold, and how it ends.
//!
//! Requests have limits of their own; this is about clients that never make one, and about clients that
//! are still sending when they have been answered.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::auth::network::Network;

/// Connections at once where the system allows as many; further ones wait in the backlog.
const CONNECTIONS_MAX: usize = 4_096;
/// Open files that are kept for the database, logs and imports.
const FILES_KEPT: usize = 64;
/// Connections that are allowed even where the system allows hardly any files.
const CONNECTIONS_MIN: usize = 16;
/// A network may hold this part of the connections, so that no other is shut out.
const NETWORK_SHARE: usize = 4;
/// A client that has not said by then which protocol it speaks is cut off.
pub(super) const SILENCE: Duration = Duration::from_secs(15);
/// A client that takes nothing of its response for this long is cut off.
const STALL: Duration = Duration::from_secs(30);
/// How long what a client still sends is thrown away after its response, so that the response arrives.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes that are thrown away at most, of one client.
const LINGER_BYTES: usize = 64 << 20;
/// The same of all of them in a second: gigabits that nobody wants would keep a processor busy.
const LINGER_ALL_BYTES: usize = 256 << 20;
const SECOND: Duration = Duration::from_secs(1);
/// Where Linux prints the limits of a process.
const LIMITS: &str = "/proc/self/limits";
/// How HTTP/2 begins.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The places for connections.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    of_network: usize,
    taken: Arc<Mutex<HashMap<Network, usize>>>,
    /// Proxies: each of them brings many networks.
    trusted: Vec<IpAddr>,
}

/// The place of a connection; dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    _seat: OwnedSemaphorePermit,
    network: Option<Network>,
    taken: Arc<Mutex<HashMap<Network, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&network);
            }
        }
    }
}

impl Places {
    /// As many as the system has files for.
    pub(super) fn new(trusted: &[IpAddr]) -> Self {
        let limits = std::fs::read_to_string(LIMITS).unwrap_or_default();
        Self::of(connections(&limits), trusted)
    }

    fn of(count: usize, trusted: &[IpAddr]) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            of_network: (count / NETWORK_SHARE).max(1),
            taken: Arc::default(),
            trusted: trusted.to_vec(),
        }
    }

    /// Waits until there is a place for anybody.
    pub(super) async fn seat(&self) -> io::Result<OwnedSemaphorePermit> {
        let seat = Arc::clone(&self.free).acquire_owned().await;
        seat.map_err(io::Error::other)
    }

    /// The place of a client, unless its network holds its share already.
    pub(super) fn take(&self, seat: OwnedSemaphorePermit, peer: SocketAddr) -> Option<Place> {
        let address = peer.ip().to_canonical();
        let is_proxy = |proxy: &IpAddr| proxy.to_canonical() == address;
        let network = (!self.trusted.iter().any(is_proxy)).then(|| Network::of(address));
        if let Some(network) = network {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let count = taken.entry(network).or_insert(0);
            if *count >= self.of_network {
                metrics::counter!("clarity_connections_refused_total").increment(1);
                return None;
            }
            *count += 1;
        }
        Some(Place {
            _seat: seat,
            network,
            taken: Arc::clone(&self.taken),
        })
    }
}

/// How many connections fit below the soft limit of open files, as the system prints it.
fn connections(limits: &str) -> usize {
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line
        .and_then(|line| line.split_whitespace().nth(3))
        .and_then(|soft| soft.parse::<usize>().ok());
    let files = soft.unwrap_or(usize::MAX);
    files
        .saturating_sub(FILES_KEPT)
        .clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)
}

/// What may be thrown away in this second.
static LINGERED: Mutex<Option<(Instant, usize)>> = Mutex::new(None);

/// Whether so many bytes more may be thrown away.
fn may_linger(bytes: usize) -> bool {
    let mut lingered = LINGERED.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let (since, so_far) = lingered
        .filter(|(since, _)| now.duration_since(*since) < SECOND)
        .unwrap_or((now, 0));
    *lingered = Some((since, so_far + bytes));
    so_far + bytes <= LINGER_ALL_BYTES
}

/// What is known about the protocol of a connection.
#[derive(Debug)]
enum Begun {
    /// So many bytes of the beginning of HTTP/2 came, and may be something else.
    Preface(usize),
    /// The protocol is known, and has timers of its own.
    Known,
}

/// A client's socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    begun: Begun,
    until: Pin<Box<Sleep>>,
    /// Bytes thrown away since the end was said.
    lingered: Option<usize>,
    /// Since when the client has not taken what was written, and until when it may.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// A connection that has to say something soon.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            begun: Begun::Preface(0),
            until: Box::pin(tokio::time::sleep(SILENCE)),
            lingered: None,
            stalled: None,
        }
    }

    /// Passes on what writing came to, unless the client takes nothing for too long.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let until = || Box::pin(tokio::time::sleep(STALL));
        let stalled = self.stalled.get_or_insert_with(until);
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn saw(&mut self, bytes: &[u8]) {
        let Begun::Preface(seen) = self.begun else {
            return;
        };
        let expected = PREFACE.iter().skip(seen);
        let fits = bytes.iter().zip(expected).all(|(is, should)| is == should);
        let seen = seen + bytes.len();
        self.begun = if fits && seen < PREFACE.len() {
            Begun::Preface(seen)
        } else {
            Begun::Known
        };
    }

    /// Reads and forgets until the client is done or has had its time.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 16_384];
        loop {
            if self.until.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    let read = buffer.filled().len();
                    let lingered = self.lingered.get_or_insert(0);
                    *lingered += read;
                    if *lingered > LINGER_BYTES || !may_linger(read) {
                        return Poll::Ready(());
                    }
                }
                // The client is done, or gone.
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if matches!(self.begun, Begun::Known) {
            return read;
        }
        match read {
            Poll::Ready(Ok(())) => {
                let new = buffer.filled().get(before..).unwrap_or_default();
                self.saw(new);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                ready!(self.until.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Says that nothing follows, and then takes what the client still sends: an unread byte would make
    /// the system reset the connection, and the response would be lost with it.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingered.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.lingered = Some(0);
            self.until.as_mut().reset(Instant::now() + LINGER);
        }
        ready!(self.linger(context));
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[tokio::test]
    async fn a_network_has_its_share_and_a_proxy_has_none() {
        let places = Places::of(8, &["10.0.0.9".parse().expect("an address")]);
        let mut held = Vec::new();
        for expect in [true, true, false] {
            let seat = places.seat().await.expect("a seat");
            let place = places.take(seat, peer("1.2.3.4:1"));
            assert_eq!(place.is_some(), expect);
            held.extend(place);
        }
        for number in 0..5 {
            let seat = places.seat().await.expect("a seat");
            let place = places.take(seat, peer("10.0.0.9:1"));
            assert!(place.is_some(), "{number}");
            held.extend(place);
        }
        held.remove(0);
        let seat = places.seat().await.expect("a seat");
        assert!(places.take(seat, peer("1.2.3.4:2")).is_some());
    }

    #[test]
    fn the_limit_of_files_is_kept() {
        let check =
            |limits: &str, expect: usize| assert_eq!(connections(limits), expect, "{limits}");
        let line = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units\n\
                 Max open files            {soft}                 1048576              files\n"
            )
        };
        check(&line("256"), 192);
        check(&line("1024"), 960);
        check(&line("1048576"), 4_096);
        check(&line("unlimited"), 4_096);
        check(&line("10"), 16);
        check("", 4_096);
    }
}
