//! Starts the real binary and talks to it as a client would, over loopback.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take before the benchmark gives up.
const START_MAX: Duration = Duration::from_secs(30);

/// A running server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From starting the process to its first ready answer.
    pub(crate) cold_start: Duration,
}

impl Server {
    /// Starts the server on a data folder and waits until it is ready; it limits no rates.
    pub(crate) fn start(data: &Path) -> std::io::Result<Self> {
        Self::start_with(data, &[("CLARITY_RATES_ENABLED", "off")])
    }

    /// The same with the limits that it has by default.
    pub(crate) fn start_limited(data: &Path) -> std::io::Result<Self> {
        Self::start_with(data, &[])
    }

    /// The same with settings of its own.
    pub(crate) fn start_with(data: &Path, settings: &[(&str, &str)]) -> std::io::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_clarity"))
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(data)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            address,
            cold_start: Duration::ZERO,
        };
        while begun.elapsed() < START_MAX {
            let ready = Client::connect(address)
                .and_then(|mut client| client.send("GET", "/health/ready", &[], b""));
            if ready.is_ok_and(|answer| answer.status == 200) {
                server.cold_start = begun.elapsed();
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(std::io::Error::other("the server did not become ready"))
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory of the server, in bytes.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        memory(self.child.id(), "VmRSS:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended by itself; there is nothing left to do then.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A figure of a process from the kernel's status file, in bytes; `None` where there is no such file.
pub(crate) fn memory(pid: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// An answer.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Body, as it came.
    pub(crate) body: Vec<u8>,
}

/// One kept-alive connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 16, stream),
        })
    }

    /// Connects for a request that may take minutes.
    pub(crate) fn connect_patiently(address: SocketAddr) -> std::io::Result<Self> {
        let client = Self::connect(address)?;
        let patience = Some(Duration::from_mins(20));
        client.stream.get_ref().set_read_timeout(patience)?;
        Ok(client)
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").map_err(std::io::Error::other)?;
        }
        write!(head, "content-length: {}\r\n\r\n", body.len()).map_err(std::io::Error::other)?;
        let out = self.stream.get_mut();
        out.write_all(head.as_bytes())?;
        out.write_all(body)?;
        out.flush()?;
        self.read()
    }

    fn read(&mut self) -> std::io::Result<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split_whitespace()
            .nth(1)
            .and_then(|text| text.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other("no status line"))?;
        let (mut length, mut chunked) = (0_usize, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
                let from = body.len();
                body.resize(from + size + 2, 0);
                self.stream
                    .read_exact(body.get_mut(from..).unwrap_or_default())?;
                body.truncate(from + size);
                if size == 0 {
                    break;
                }
            }
        } else {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Answer { status, body })
    }
}
