//! One person who does the worst that the default limits allow, each way of it and all together, on the real
//! server; and what somebody else notices meanwhile. Loopback only, and bounded.
//!
//! Every attack has a server of its own on the same data, so that no budget is spent before it begins.

mod attacks;
mod bodies;
mod wire;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::task::JoinSet;

use crate::abuse::attacks::{ATTACKS, Attack, Prey};
use crate::abuse::bodies::Bodies;
use crate::abuse::wire::{Address, Line};
use crate::server::{Client, Server};
use crate::{Outcome, command, percentile, sync};

/// How long each attack lasts, and all of them together.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_OF_ALL: Duration = Duration::from_secs(30);
/// The attack is under way before the other person is looked at.
const LEAD: Duration = Duration::from_secs(1);
/// Between two rounds of the other person: within the default rates.
const PAUSE: Duration = Duration::from_millis(120);
/// An answer that takes longer counts as none.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the memory of the server is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What the other person may notice, in milliseconds, and the most that the server may hold, in megabytes.
const P95_MAX_MS: f64 = 500.0;
const P99_MAX_MS: f64 = 2_000.0;
const RSS_MAX_MB: f64 = 600.0;

const ABUSER: &str = "abuser@clarity.invalid";
const OTHER: &str = "other@clarity.invalid";
/// Where the other person comes from; the abuser has addresses of their own.
const HOME: Address = Address::new(127, 0, 0, 2);

/// What the other person saw, and the server needed.
#[derive(Debug, Default)]
struct Seen {
    times_ms: Vec<f64>,
    failed: usize,
    peak_mb: f64,
    /// What the abuser got: done, over the rate, busy, refused.
    got: [usize; 4],
}

impl Seen {
    fn is_within(&mut self) -> bool {
        percentile(&mut self.times_ms, 0.95) <= P95_MAX_MS
            && percentile(&mut self.times_ms, 0.99) <= P99_MAX_MS
            && self.failed == 0
            && self.peak_mb <= RSS_MAX_MB
            && !self.times_ms.is_empty()
    }

    fn line(&mut self, name: &str) -> String {
        let p50 = percentile(&mut self.times_ms, 0.5);
        let p95 = percentile(&mut self.times_ms, 0.95);
        let p99 = percentile(&mut self.times_ms, 0.99);
        let verdict = if self.is_within() { "holds" } else { "BROKEN" };
        format!(
            "{name:<44} {:>6} {p50:>8.1} {p95:>8.1} {p99:>8.1} {:>5} {:>8.0}  {verdict:<7} {:?}",
            self.times_ms.len(),
            self.failed,
            self.peak_mb,
            self.got
        )
    }
}

/// Runs every attack, or those whose names contain one of `wanted`, and prints what the other person saw.
/// Fails when a limit is broken.
pub(crate) fn run(folder: &Path, wanted: &[String]) -> Outcome<()> {
    // An abuser has more connections than a process may usually have files.
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files)?;
    let data = folder.join("abuse");
    add(&data, ABUSER)?;
    add(&data, OTHER)?;
    let year = bodies::year();
    import(&data, ABUSER, &year)?;
    import(&data, OTHER, &bodies::month())?;
    let bodies = Arc::new(Bodies::make());
    println!("one abuser at default limits; what another person notices");
    println!(
        "{:<44} {:>6} {:>8} {:>8} {:>8} {:>5} {:>8}          the abuser's 2xx, 429, 503, others",
        "attack", "asked", "p50 ms", "p95 ms", "p99 ms", "5xx", "RSS MB"
    );
    println!(
        "{:<44} {:>6} {:>8} {P95_MAX_MS:>8.0} {P99_MAX_MS:>8.0} {:>5} {RSS_MAX_MB:>8.0}",
        "limit", "", "", 0
    );
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let mut broken = Vec::new();
    let nobody: &[Attack] = &[];
    let mut rounds = vec![("nobody", nobody, WINDOW)];
    rounds.extend(
        ATTACKS
            .iter()
            .map(|one| (one.name, std::slice::from_ref(one), WINDOW)),
    );
    rounds.push(("all together", ATTACKS, WINDOW_OF_ALL));
    for (name, attacks, window) in rounds {
        if !is_wanted(name) {
            continue;
        }
        let mut seen = round(&data, &bodies, attacks, window)?;
        println!("{}", seen.line(name));
        std::io::stdout().flush()?;
        if !seen.is_within() {
            broken.push(name);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!("limits are broken by: {}", broken.join(", ")).into())
}

fn add(data: &Path, email: &str) -> Outcome<()> {
    let user = ["user", "add", email, "--time-zone", "Europe/London"];
    let mut add = command(data, &user)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(stdin) = &mut add.stdin {
        writeln!(stdin, "{}", sync::PASSWORD)?;
    }
    if add.wait()?.success() {
        return Ok(());
    }
    Err("`user add` failed".into())
}

fn import(data: &Path, email: &str, xml: &[u8]) -> Outcome<()> {
    let path = data.join("export.xml");
    std::fs::write(&path, xml)?;
    let imported = command(data, &["import", "--user", email, "--json"])
        .arg(&path)
        .stdout(Stdio::null())
        .status()?;
    if imported.success() {
        return Ok(());
    }
    Err("`import` failed".into())
}

/// One attack on a fresh server.
fn round(data: &Path, bodies: &Arc<Bodies>, attacks: &[Attack], window: Duration) -> Outcome<Seen> {
    let server = Server::start_limited(data)?;
    let mut client = Client::connect(server.address)?;
    caught_up(&mut client)?;
    let prey = Prey {
        to: server.address,
        token: sync::login(&mut client, ABUSER, sync::PASSWORD)?,
        bodies: Arc::clone(bodies),
        got: Arc::default(),
    };
    let token = sync::login(&mut client, OTHER, sync::PASSWORD)?;
    let over = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut seen = std::thread::scope(|scope| {
        let watch = scope.spawn(|| peak(&server, &over));
        let seen = runtime.block_on(async {
            let mut abuse = JoinSet::new();
            for attack in attacks {
                (attack.begin)(&prey, &mut abuse);
            }
            tokio::time::sleep(LEAD).await;
            other(prey.to, &token, window).await
        });
        over.store(true, Ordering::Relaxed);
        let peak_mb = watch.join().unwrap_or(f64::INFINITY);
        let got = prey.got.counts();
        Seen {
            peak_mb,
            got,
            ..seen
        }
    });
    runtime.shutdown_background();
    seen.times_ms.shrink_to_fit();
    Ok(seen)
}

/// Waits for the days of both people, of which the first start computes all.
fn caught_up(client: &mut Client) -> Outcome<()> {
    for _ in 0..600 {
        let answer = client.send("GET", "/metrics", &[], b"")?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let left = text.lines().filter(|line| {
            line.starts_with("clarity_jobs{") && !line.contains("dead") && !line.ends_with(" 0")
        });
        if text.contains("clarity_jobs{") && left.count() == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    Err("the days were not computed in time".into())
}

/// The most memory that the server had.
fn peak(server: &Server, over: &AtomicBool) -> f64 {
    let mut peak = 0;
    while !over.load(Ordering::Relaxed) {
        peak = server.resident_bytes().unwrap_or(0).max(peak);
        std::thread::sleep(LOOK);
    }
    peak as f64 / 1e6
}

/// Somebody else: who they are, a month of summaries, a small upload; again and again.
async fn other(to: std::net::SocketAddr, token: &str, window: Duration) -> Seen {
    let mut seen = Seen::default();
    let begun = Instant::now();
    let mut line = None;
    let mut number = 0;
    while begun.elapsed() < window {
        let upload = bodies::steps(number);
        for (method, path, body) in [
            ("GET", "/api/v1/auth/me", ""),
            ("GET", bodies::MONTH_OF_SUMMARIES, ""),
            ("POST", "/api/v1/health-data", upload.as_str()),
        ] {
            let sent = Instant::now();
            let asked = async {
                let open = match line.take() {
                    Some(open) => open,
                    None => Line::open(HOME, to).await?,
                };
                open.ask(
                    &wire::head(method, path, token, body.len()),
                    body.as_bytes(),
                )
                .await
            };
            let answered = tokio::time::timeout(PATIENCE, asked).await;
            seen.times_ms.push(sent.elapsed().as_secs_f64() * 1e3);
            match answered {
                Ok(Ok((open, status))) => {
                    line = Some(open);
                    // Anything but success counts: the other person stays within every rate.
                    seen.failed += usize::from(status >= 300);
                }
                Ok(Err(_)) | Err(_) => seen.failed += 1,
            }
        }
        number += 1;
        tokio::time::sleep(PAUSE).await;
    }
    seen
}
