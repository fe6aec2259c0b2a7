//! What one person does to everybody else. Each attack is begun and never ends by itself; who begins it drops it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::abuse::bodies::{self, Bodies};
use crate::abuse::wire::{self, Address, Line};

/// Where the abuser comes from.
const FROM: Address = Address::new(127, 0, 0, 3);
const SILENT_FROM: Address = Address::new(127, 0, 0, 4);
/// Between two pieces of what trickles.
const TRICKLE: Duration = Duration::from_millis(500);
/// Before somebody who was cut off or refused comes again.
const AGAIN: Duration = Duration::from_millis(20);

/// Who is attacked, and with what.
#[derive(Clone)]
pub(super) struct Prey {
    /// Where the server is.
    pub(super) to: SocketAddr,
    /// The abuser's own token.
    pub(super) token: String,
    /// What is sent.
    pub(super) bodies: Arc<Bodies>,
    /// What became of it.
    pub(super) got: Arc<Got>,
}

/// How the server responded to the abuser: an attack to which it only says no shows nothing.
#[derive(Debug, Default)]
pub(super) struct Got {
    done: AtomicUsize,
    limited: AtomicUsize,
    busy: AtomicUsize,
    refused: AtomicUsize,
}

impl Got {
    fn note(&self, status: u16) {
        let count = match status {
            200..300 => &self.done,
            429 => &self.limited,
            503 => &self.busy,
            _ => &self.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Done, over the rate, busy, refused for another reason.
    pub(super) fn counts(&self) -> [usize; 4] {
        [&self.done, &self.limited, &self.busy, &self.refused]
            .map(|count| count.load(Ordering::Relaxed))
    }
}

impl Prey {
    async fn ask(&self, line: Line, head: &str, body: &[u8]) -> std::io::Result<(Line, u16)> {
        let asked = line.ask(head, body).await;
        if let Ok((_, status)) = &asked {
            self.got.note(*status);
        }
        asked
    }
}

/// A way to hurt others.
pub(super) struct Attack {
    /// What it does.
    pub(super) name: &'static str,
    /// Begins it.
    pub(super) begin: fn(&Prey, &mut JoinSet<()>),
}

/// All of them.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "300 full uploads at once, and again",
        begin: uploads,
    },
    Attack {
        name: "400 bodies of 9 MB that do not end",
        begin: stalled,
    },
    Attack {
        name: "256 × a year of /rhythm",
        begin: rhythm,
    },
    Attack {
        name: "60,000 names of sources, then series",
        begin: names,
    },
    Attack {
        name: "an export of 60,000 names, again and again",
        begin: names_export,
    },
    Attack {
        name: "20 imports that trickle",
        begin: trickle,
    },
    Attack {
        name: "120 series that nobody reads",
        begin: unread_series,
    },
    Attack {
        name: "500 announced bodies",
        begin: announced,
    },
    Attack {
        name: "100 exports that nobody reads",
        begin: unread_exports,
    },
    Attack {
        name: "recordings whose head comes last",
        begin: |prey, abuse| files(prey, abuse, &prey.bodies.recording, "/api/v1/imports"),
    },
    Attack {
        name: "3,000,000 keys in one document",
        begin: keys,
    },
    Attack {
        name: "one row packed a million times",
        begin: |prey, abuse| files(prey, abuse, &prey.bodies.rows, "/api/v1/imports"),
    },
    Attack {
        name: "acceleration in no order",
        begin: |prey, abuse| {
            let path = "/api/v1/imports?columns=time%3Dtime,x%3Dx,y%3Dy,z%3Dz";
            files(prey, abuse, &prey.bodies.unsorted, path);
        },
    },
    Attack {
        name: "one day of as many samples as it takes",
        begin: hot,
    },
    Attack {
        name: "3,000 silent connections",
        begin: silent,
    },
];

/// Asks again and again on one connection after the other.
async fn again(prey: Prey, path: impl Fn(usize) -> String) {
    let mut number = 0;
    loop {
        let Ok(mut line) = Line::open(FROM, prey.to).await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        loop {
            let head = wire::head("GET", &path(number), &prey.token, 0);
            number += 1;
            match prey.ask(line, &head, b"").await {
                Ok((kept, 200)) => line = kept,
                Ok((kept, _)) => {
                    line = kept;
                    tokio::time::sleep(AGAIN).await;
                }
                Err(_) => break,
            }
        }
    }
}

fn rhythm(prey: &Prey, abuse: &mut JoinSet<()>) {
    for begin in 0..256 {
        let year = move |number: usize| {
            let (first, last) = ((begin + number) % 28 + 1, (begin / 28 + number) % 28 + 1);
            format!("/api/v1/rhythm?start=2015-01-{first:02}&end=2015-12-{last:02}")
        };
        abuse.spawn(again(prey.clone(), year));
    }
}

fn names(prey: &Prey, abuse: &mut JoinSet<()>) {
    for number in 0..prey.bodies.names.len() {
        let prey = prey.clone();
        abuse.spawn(async move {
            let Some(body) = prey.bodies.names.get(number) else {
                return;
            };
            loop {
                let head = wire::head("POST", "/api/v1/healthkit", &prey.token, body.len());
                if let Ok(line) = Line::open(FROM, prey.to).await {
                    drop(prey.ask(line, &head, body.as_bytes()).await);
                }
            }
        });
    }
    for _ in 0..24 {
        let day = |number: usize| {
            let day = number % 28 + 1;
            format!(
                "/api/v1/series/heart_rate?start=2015-01-{day:02}T00:00:00Z&end=2015-01-{day:02}T23:59:59Z&resolution=raw"
            )
        };
        abuse.spawn(again(prey.clone(), day));
    }
}

fn names_export(prey: &Prey, abuse: &mut JoinSet<()>) {
    files(prey, abuse, &prey.bodies.names_export, "/api/v1/imports");
}

fn trickle(prey: &Prey, abuse: &mut JoinSet<()>) {
    for _ in 0..20 {
        let prey = prey.clone();
        abuse.spawn(async move {
            loop {
                let head = wire::head("POST", "/api/v1/imports", &prey.token, 1 << 30);
                if let Ok(mut line) = Line::open(FROM, prey.to).await {
                    let begun = line.send(head.as_bytes()).await.is_ok()
                        && line
                            .send(b"<?xml version=\"1.0\"?><HealthData>")
                            .await
                            .is_ok();
                    while begun && line.send(b" ").await.is_ok() {
                        tokio::time::sleep(TRICKLE).await;
                    }
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

/// Sends a request on each of many connections and reads nothing of the answers.
fn unread(prey: &Prey, abuse: &mut JoinSet<()>, count: usize, path: fn(usize) -> String) {
    for number in 0..count {
        let prey = prey.clone();
        abuse.spawn(async move {
            loop {
                let head = wire::head("GET", &path(number), &prey.token, 0);
                if let Ok(mut line) = Line::open(FROM, prey.to).await {
                    drop(line.send(head.as_bytes()).await);
                    tokio::time::sleep(Duration::from_secs(3)).await;
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

fn unread_series(prey: &Prey, abuse: &mut JoinSet<()>) {
    unread(prey, abuse, 120, |number| {
        format!(
            "/api/v1/series/heart_rate?start=2015-01-01T00:00:{:02}Z&end=2015-01-09T00:00:00Z&resolution=raw",
            number % 60
        )
    });
}

/// One day gets fuller and fuller, and each upload into it costs more.
fn hot(prey: &Prey, abuse: &mut JoinSet<()>) {
    let number = Arc::new(AtomicUsize::new(0));
    for _ in 0..8 {
        let (prey, number) = (prey.clone(), Arc::clone(&number));
        abuse.spawn(async move {
            loop {
                let body = bodies::same_day(number.fetch_add(1, Ordering::Relaxed));
                let head = wire::head("POST", "/api/v1/healthkit", &prey.token, body.len());
                if let Ok(line) = Line::open(FROM, prey.to).await {
                    drop(prey.ask(line, &head, body.as_bytes()).await);
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

fn unread_exports(prey: &Prey, abuse: &mut JoinSet<()>) {
    unread(prey, abuse, 100, |_| {
        "/api/v1/health-data/export".to_owned()
    });
}

fn uploads(prey: &Prey, abuse: &mut JoinSet<()>) {
    for number in 0..300 {
        let prey = prey.clone();
        abuse.spawn(async move {
            let bodies = &prey.bodies.full;
            let Some(body) = bodies.get(number % bodies.len().max(1)) else {
                return;
            };
            loop {
                let head = wire::head("POST", "/api/v1/healthkit", &prey.token, body.len());
                if let Ok(line) = Line::open(FROM, prey.to).await {
                    drop(prey.ask(line, &head, body.as_bytes()).await);
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

fn stalled(prey: &Prey, abuse: &mut JoinSet<()>) {
    for _ in 0..400 {
        let prey = prey.clone();
        abuse.spawn(async move {
            let piece = vec![b' '; 9 << 20];
            loop {
                let head = wire::head("POST", "/api/v1/healthkit", &prey.token, 10 << 20);
                if let Ok(mut line) = Line::open(FROM, prey.to).await {
                    let sent =
                        line.send(head.as_bytes()).await.is_ok() && line.send(&piece).await.is_ok();
                    if sent {
                        drop(line.read().await);
                    }
                }
                // Who is refused comes again when told; a flood of bytes would measure the line.
                tokio::time::sleep(TRICKLE * 2).await;
            }
        });
    }
}

fn announced(prey: &Prey, abuse: &mut JoinSet<()>) {
    for number in 0..500 {
        let prey = prey.clone();
        abuse.spawn(async move {
            let path = [
                "/api/v1/health-data",
                "/api/v1/healthkit",
                "/api/v1/imports",
            ];
            let path = path
                .get(number % 3)
                .copied()
                .unwrap_or("/api/v1/health-data");
            loop {
                let head = wire::head("POST", path, &prey.token, 10 << 20);
                if let Ok(mut line) = Line::open(FROM, prey.to).await {
                    drop(line.send(head.as_bytes()).await);
                    drop(line.send(b"{").await);
                    drop(line.read().await);
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

/// Sends one file again and again, several at a time.
fn files(prey: &Prey, abuse: &mut JoinSet<()>, body: &Arc<Vec<u8>>, path: &'static str) {
    for _ in 0..6 {
        let (prey, body) = (prey.clone(), Arc::clone(body));
        abuse.spawn(async move {
            loop {
                let head = wire::head("POST", path, &prey.token, body.len());
                if let Ok(line) = Line::open(FROM, prey.to).await {
                    drop(prey.ask(line, &head, &body).await);
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

fn keys(prey: &Prey, abuse: &mut JoinSet<()>) {
    files(prey, abuse, &prey.bodies.keys, "/api/v1/health-data");
    files(prey, abuse, &prey.bodies.keys, "/api/v1/imports");
    files(prey, abuse, &prey.bodies.keys_inside, "/api/v1/healthkit");
}

/// From an address of their own: they take no place of what else the abuser does.
fn silent(prey: &Prey, abuse: &mut JoinSet<()>) {
    for _ in 0..3_000 {
        let prey = prey.clone();
        abuse.spawn(async move {
            loop {
                if let Ok(mut line) = Line::open(SILENT_FROM, prey.to).await {
                    drop(line.read().await);
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}
