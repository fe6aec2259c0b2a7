//! What sign-in, limits and the audit log cost of a request: the server's own clock around them, as a share of the
//! time that the requests took, so that it means the same on every machine.

use crate::server::Client;
use crate::{Outcome, Table};

/// Seconds so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    checks: f64,
    requests: f64,
}

/// Reads the sums of the server. What reads them is itself not in them.
pub(crate) fn spent(client: &mut Client) -> Outcome<Spent> {
    let answer = client.send("GET", "/metrics", &[], b"")?;
    let text = String::from_utf8(answer.body)?;
    let sum = |name: &str| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        let lines = lines.filter(|line| !line.contains("route=\"/metrics\""));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    };
    Ok(Spent {
        checks: sum("clarity_checks_seconds_sum"),
        requests: sum("clarity_http_request_duration_seconds_sum"),
    })
}

/// Adds the share of the requests between two readings.
pub(crate) fn add(table: &mut Table, name: &str, before: &Spent, after: &Spent) {
    let checks = after.checks - before.checks;
    let requests = after.requests - before.requests;
    table.add(
        &format!("{name}, sign-in, limits and audit"),
        100.0 * checks / requests,
        "%",
        "≤ 15",
        &format!("{:.0} ms of {:.0} ms", checks * 1e3, requests * 1e3),
    );
}
