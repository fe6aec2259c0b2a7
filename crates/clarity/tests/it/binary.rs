//! The real binary on a folder of its own, as a process that can be killed, and a plain HTTP/1.1 client
//! for it.
//!
//! It must never share a folder or a database with another test.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use oracle::absence::{Absent, skip};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::postgres::Database;

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A client that hears nothing for this long gives up: a machine under load is slow, not dead.
const PATIENCE: Duration = Duration::from_mins(2);

/// A data folder, a temporary folder and a log beside each other, and perhaps a database.
pub(crate) struct Place {
    folder: TempDir,
    database: Option<Database>,
    log_level: &'static str,
}

/// What a command printed and how it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl Place {
    /// On SQLite.
    pub(crate) fn sqlite() -> Self {
        Self::with(None)
    }

    /// On a PostgreSQL database of its own; says so and gives nothing where there is no server.
    pub(crate) fn postgres() -> Option<Self> {
        let database = Database::create();
        if database.is_none() {
            skip(Absent::Service("PostgreSQL"));
        }
        database.map(|database| Self::with(Some(database)))
    }

    fn with(database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("tmp")).expect("a folder in my own");
        Self {
            folder,
            database,
            log_level: "warn",
        }
    }

    /// Logs everything there is to log.
    pub(crate) fn talkative(mut self) -> Self {
        self.log_level = "trace";
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Everything that the program was ever told to write to.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// What names the database on the command line.
    pub(crate) fn target(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => self.data().display().to_string(),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log());
        let mut command = Command::new(env!("CARGO_BIN_EXE_clarity"));
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.data())
            .env_clear()
            .env("TMPDIR", self.tmp())
            .env("SQLITE_TMPDIR", self.tmp())
            .env("CLARITY_LOG_LEVEL", self.log_level)
            .env("CLARITY_PASSWORDS_MEMORY_KIB", "64")
            .env("CLARITY_PASSWORDS_ITERATIONS", "1")
            .env("CLARITY_RATES_ENABLED", "off")
            .env("CLARITY_TOKENS_ACCESS_S", "86400")
            .env("CLARITY_TOKENS_RECENT_S", "86400")
            .env("CLARITY_WORKERS", "2")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("my own file"));
        if let Some(database) = &self.database {
            command.env("CLARITY_DATABASE_URL", database.url());
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = self
            .command(arguments)
            .output()
            .expect("the binary was built");
        let out = String::from_utf8(output.stdout).expect("UTF-8");
        Ended {
            code: output.status.code(),
            out,
        }
    }

    /// Runs a command that must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(
            ended.code,
            Some(0),
            "{arguments:?}: {}{}",
            ended.out,
            self.logged()
        );
        ended
    }

    /// What was logged, for messages of failed tests.
    pub(crate) fn logged(&self) -> String {
        std::fs::read(self.log()).map_or_else(
            |error| error.to_string(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Starts a server on a free port without waiting for it.
    pub(crate) fn spawn(&self) -> Server {
        Self::start(self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]))
    }

    /// The same with at most so many open files.
    pub(crate) fn serve_with_files(&self, most: u32) -> Server {
        let command = self.in_shell(&format!("ulimit -n {most} && exec \"$0\" \"$@\""));
        let mut server = Self::start(command);
        assert!(server.wait_ready(), "the server did not start");
        server
    }

    /// The same with another setting.
    pub(crate) fn serve_with(&self, name: &str, value: &str) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        command.env(name, value);
        let mut server = Self::start(command);
        assert!(
            server.wait_ready(),
            "the server did not start: {}",
            self.logged()
        );
        server
    }

    /// Starts a server, without waiting for it, none of whose files can grow by more than so many bytes: writing
    /// fails as on a full disk.
    pub(crate) fn spawn_with_room(&self, room: u64) -> Server {
        let size = |name: &str| {
            let path = self.data().join(name);
            std::fs::metadata(path).map_or(0, |known| known.len())
        };
        let blocks = (size("clarity.db").max(size("clarity.db-wal")) + room) / 512;
        let limited = format!("trap '' XFSZ; ulimit -f {blocks} && exec \"$0\" \"$@\"");
        Self::start(self.in_shell(&limited))
    }

    /// The server behind a line of the shell.
    fn in_shell(&self, line: &str) -> Command {
        let plain = self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log());
        let mut command = Command::new("/bin/sh");
        let set = plain.get_envs();
        command
            .arg("-c")
            .arg(line)
            .arg(plain.get_program())
            .args(plain.get_args())
            .env_clear()
            .envs(set.filter_map(|(name, value)| Some((name, value?))))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("my own file"));
        command
    }

    /// Whether the database is on PostgreSQL.
    pub(crate) const fn has_postgres(&self) -> bool {
        self.database.is_some()
    }

    /// Ends every connection to the database, as a restart of its server does.
    pub(crate) fn end_connections(&self) {
        if let Some(database) = &self.database {
            database.end_connections();
        }
    }

    fn start(mut command: Command) -> Server {
        let mut child = command.spawn().expect("the binary was built");
        let out = child.stdout.take().expect("a pipe");
        Server {
            child,
            out: BufReader::new(out),
            address: None,
        }
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        let mut server = self.spawn();
        assert!(
            server.wait_ready(),
            "the server did not start: {}",
            self.logged()
        );
        server
    }
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    address: Option<SocketAddr>,
}

impl Server {
    /// Waits for the line that tells the address; false when the process ended before it.
    pub(crate) fn wait_ready(&mut self) -> bool {
        let mut line = String::new();
        let read = self.out.read_line(&mut line).unwrap_or(0);
        if read == 0 {
            return false;
        }
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let address = told["address"]
            .as_str()
            .and_then(|address| address.strip_prefix("http://"));
        self.address = Some(
            address
                .expect("an address")
                .parse()
                .expect("a socket address"),
        );
        true
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address.expect("the server was waited for")
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address()).expect("the server listens")
    }

    /// Registers a person and gives their token.
    pub(crate) fn register(&self, email: &str, profile: &Value) -> String {
        let body = json!({"email": email, "password": PASSWORD, "profile": profile});
        let reply = self.client().post("/api/v1/auth/register", None, &body);
        let reply = reply.expect("an answer");
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing of the process gets to run any more.
    pub(crate) fn kill(mut self) {
        kill(&mut self.child);
    }

    /// SIGTERM, and waits for the orderly end.
    pub(crate) fn stop(mut self) {
        self.ask_to_stop();
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "the server ended with {status}");
    }

    /// SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(asked.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        kill(&mut self.child);
    }
}

/// Kills a process that may have ended already, and waits until it is gone.
pub(crate) fn kill(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

/// One connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    pub(crate) fn get(&mut self, path: &str, token: Option<&str>) -> io::Result<Reply> {
        self.send("GET", path, token, &[], b"")
    }

    pub(crate) fn post(
        &mut self,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> io::Result<Reply> {
        let json = ("content-type", "application/json");
        self.send("POST", path, token, &[json], body.to_string().as_bytes())
    }

    /// Sends a request and reads the answer. Any failure is an error: nothing is known then.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
        let bearer = token.map(|token| format!("Bearer {token}"));
        let bearer = bearer.as_deref().map(|bearer| ("authorization", bearer));
        for (name, value) in headers.iter().copied().chain(bearer) {
            write!(head, "{name}: {value}\r\n").expect("a String takes every text");
        }
        write!(head, "content-length: {}\r\n\r\n", body.len()).expect("a String takes every text");
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        self.read()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn read(&mut self) -> io::Result<Reply> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_lowercase();
            match line.split_once(": ") {
                None => break,
                Some(("content-length", text)) => {
                    length = text.parse().map_err(io::Error::other)?;
                }
                Some(("transfer-encoding", _)) => chunked = true,
                Some(_) => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            while self.chunk(&mut body)? {}
        } else {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Reply { status, body })
    }

    /// Reads a chunk; false after the last one.
    fn chunk(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let size = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
        let before = body.len();
        body.resize(before + size, 0);
        self.stream.read_exact(&mut body[before..])?;
        self.line()?;
        Ok(size > 0)
    }
}

/// A switch of the tests in the environment.
pub(crate) fn setting(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the switches of these tests")]
    std::env::var(name).ok()
}

/// Writes a file for the program to read, apart from what it writes itself.
pub(crate) fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let mut file = File::create(&path).expect("my own file");
    file.write_all(bytes).expect("my own file");
    path
}

/// An Apple Health export that holds `records`, with an export date.
pub(crate) fn apple_export(exported: &str, records: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">\n \
         <ExportDate value=\"{exported}\"/>\n{records}</HealthData>\n"
    )
}
