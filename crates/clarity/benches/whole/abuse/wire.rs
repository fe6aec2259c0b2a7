//! HTTP/1.1 as somebody who means no good speaks it: from any of the machine's own addresses, and one step at a
//! time.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// Where somebody comes from.
pub(super) type Address = Ipv4Addr;

/// What the abuser's line takes: a gigabit a second. Without a bound, what copies bytes on this machine would be
/// measured, and not the server.
const BYTES_PER_S: f64 = 125e6;
/// Bytes that are sent at once.
const PIECE: usize = 1 << 16;
/// Smaller ones are not waited for.
const SMALL: usize = 1 << 10;
/// When the line is free again.
static FREE_AT: Mutex<Option<Instant>> = Mutex::new(None);

/// How long to wait until the line has taken so many bytes more.
fn wait_for(bytes: usize) -> Duration {
    let mut free_at = FREE_AT.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let begin = free_at.unwrap_or(now).max(now);
    *free_at = Some(begin + Duration::from_secs_f64(bytes as f64 / BYTES_PER_S));
    begin - now
}

/// A connection.
pub(super) struct Line {
    /// What goes over it.
    pub(super) stream: BufReader<TcpStream>,
}

/// The head of a request with a body of so many bytes.
pub(super) fn head(method: &str, path: &str, token: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

impl Line {
    /// Connects from an address.
    pub(super) async fn open(from: Address, to: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 14, stream),
        })
    }

    /// Sends bytes, and reads nothing.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            if piece.len() > SMALL {
                tokio::time::sleep(wait_for(piece.len())).await;
            }
            self.stream.get_mut().write_all(piece).await?;
        }
        Ok(())
    }

    /// Sends a request and reads its answer to the end; the connection is left for the next one.
    pub(super) async fn ask(mut self, head: &str, body: &[u8]) -> io::Result<(Self, u16)> {
        self.send(head.as_bytes()).await?;
        self.send(body).await?;
        let status = self.read().await?;
        Ok((self, status))
    }

    /// Reads an answer and forgets it.
    pub(super) async fn read(&mut self) -> io::Result<u16> {
        let first = self.text().await?;
        let status = first.split_whitespace().nth(1);
        let status = status.and_then(|text| text.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("no status line"))?;
        let (mut length, mut is_chunked) = (0_usize, false);
        loop {
            let line = self.text().await?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            is_chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        }
        if !is_chunked {
            self.skip(length).await?;
            return Ok(status);
        }
        loop {
            let line = self.text().await?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            self.skip(size + 2).await?;
            if size == 0 {
                return Ok(status);
            }
        }
    }

    async fn text(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    async fn skip(&mut self, bytes: usize) -> io::Result<()> {
        let mut rest = (&mut self.stream).take(bytes as u64);
        let skipped = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
        if skipped < bytes as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
