//! Seeing inside: log lines and metrics. Both carry ids and counts, never values, names, addresses,
//! tokens or prompts.
//!
//! The recorder of metrics and the subscriber of logs belong to the process, as the libraries that
//! write to them know no other way; everything else is handed around.

use std::sync::OnceLock;

use lab::models::digest::Sha256;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use model::ids::UserId;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// From 1 ms to 30 s: the time limit of a request.
const SECONDS: &[f64] = &[
    0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0, 30.0,
];
/// Clock ticks per second that Linux reports process times in.
const TICKS_PER_S: f64 = 100.0;

/// Hexadecimal digits by which a person is known in the log.
const USER_DIGITS: usize = 16;

/// A person in the log: enough to find their requests, not to find them.
pub fn user_hash(user: UserId) -> String {
    Sha256::of(user.uuid().as_bytes()).first(USER_DIGITS)
}

/// Starts collecting metrics; a second call changes nothing.
pub fn collect_metrics() -> Result<(), BuildError> {
    if METRICS.get().is_some() {
        return Ok(());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_ok() {
        METRICS.get_or_init(|| handle);
        describe();
    }
    Ok(())
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "clarity_http_requests_total",
        "Requests by method, route and status."
    );
    describe_histogram!(
        "clarity_http_request_duration_seconds",
        "Time until the answer began, by method and route."
    );
    describe_counter!(
        "clarity_auth_failures_total",
        "Refused sign-ins and tokens by reason."
    );
    describe_counter!(
        "clarity_rate_limited_total",
        "Requests over a rate limit by class."
    );
    describe_counter!(
        "clarity_samples_ingested_total",
        "Records taken in by class (live, import) and result."
    );
    describe_counter!(
        "clarity_import_bytes_total",
        "Bytes of imported files that were read."
    );
    describe_gauge!("clarity_jobs", "Background jobs by kind and state.");
    describe_gauge!(
        "clarity_pipeline_lag_seconds",
        "How long the job that is due longest has waited."
    );
    describe_histogram!(
        "clarity_job_duration_seconds",
        "Time of a job from claim to end, by kind."
    );
    describe_counter!("clarity_job_retries_total", "Failed tries of jobs by kind.");
    describe_counter!("clarity_days_computed_total", "Local days computed.");
    describe_counter!(
        "clarity_insights_total",
        "Insights written by source, kind and language."
    );
    describe_counter!(
        "clarity_insight_checks_failed_total",
        "Sentences that were not shown because a check failed."
    );
    describe_audit();
    describe_upgrades();
    describe_models();
    describe_supervision();
    describe_gauge!("process_resident_memory_bytes", "Resident memory.");
    describe_counter!("process_cpu_seconds_total", "Processor time used.");
}

/// What the audit log does.
fn describe_audit() {
    use metrics::{describe_counter, describe_histogram};
    describe_counter!(
        "clarity_audit_entries_total",
        "Entries added to the audit log."
    );
    describe_counter!(
        "clarity_audit_failures_total",
        "Accesses that were refused, and counts that were lost, because the audit log could not be written."
    );
    describe_counter!(
        "clarity_audit_broken_total",
        "Times that a checkpoint was not signed because the audit log is not what was written."
    );
    describe_histogram!(
        "clarity_checks_seconds",
        "Time that a request spent on limits and on the audit log, by check."
    );
}

/// What says how far an upgrade is.
fn describe_upgrades() {
    use metrics::{describe_counter, describe_gauge};
    describe_gauge!(
        "clarity_stale",
        "Rows that older methods made and that wait to be made again, by what they are."
    );
    describe_counter!(
        "clarity_samples_promoted_total",
        "Samples of a person's own types that moved to the catalogue's row."
    );
    describe_counter!(
        "clarity_promotions_failed_total",
        "Persons whose own types could not be promoted."
    );
    describe_counter!(
        "clarity_samples_joined_total",
        "Stored samples and records that an upgrade found to be others through another door."
    );
    describe_counter!(
        "clarity_settlings_failed_total",
        "Persons whose stored samples could not be joined."
    );
}

/// What models do.
fn describe_models() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "clarity_models_refused_total",
        "Files of weights that were not served, by reason."
    );
    describe_counter!("clarity_pat_passes_total", "Passes through a model.");
    describe_counter!("clarity_pat_weeks_total", "Weeks embedded.");
    describe_counter!(
        "clarity_pat_remembered_total",
        "Weeks answered from memory, without a pass."
    );
    describe_histogram!(
        "clarity_pat_pass_seconds",
        "Time of a pass through a model."
    );
    describe_gauge!(
        "clarity_pat_waiting",
        "Weeks that wait for a model by lane."
    );
    describe_gauge!(
        "clarity_pat_drift_psi",
        "Population stability index of embedded weeks against the first ones, by quantity."
    );
    describe_gauge!(
        "clarity_pat_drift_bound",
        "What the stability index exceeds once in a thousand comparisons when nothing changed: alarm above it."
    );
}

/// What says that something fell over or was in the way.
fn describe_supervision() {
    use metrics::{describe_counter, describe_histogram};
    describe_counter!(
        "clarity_task_panics_total",
        "Panics of background work, by task."
    );
    describe_counter!(
        "clarity_task_restarts_total",
        "Background tasks made anew after a panic, by task."
    );
    describe_histogram!(
        "clarity_db_transaction_seconds",
        "Time of a named write, tries included, by transaction and result."
    );
    describe_histogram!(
        "clarity_db_wait_seconds",
        "Time until a named write that cannot be run twice had its turn, by transaction."
    );
    describe_counter!(
        "clarity_db_retries_total",
        "Named writes that were begun again because another writer was in the way."
    );
    describe_counter!(
        "clarity_db_connections_replaced_total",
        "SQLite connections closed because their transaction could not be ended."
    );
}

/// The metrics as Prometheus reads them; empty when nothing collects.
pub fn render() -> String {
    let Some(handle) = METRICS.get() else {
        return String::new();
    };
    if let Some(bytes) = resident_bytes() {
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^53 bytes")]
        metrics::gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    if let Some(seconds) = cpu_seconds() {
        metrics::gauge!("process_cpu_seconds_total").set(seconds);
    }
    handle.render()
}

/// Folds samples of histograms together; called now and then so that they do not pile up unread.
pub fn tidy_metrics() {
    if let Some(handle) = METRICS.get() {
        handle.run_upkeep();
    }
}

/// Resident memory of this process, where the operating system reports it.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; the numbers follow the last one.
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut ticks = numbers.split_whitespace().skip(11);
    let user: f64 = ticks.next()?.parse().ok()?;
    let system: f64 = ticks.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_S)
}

/// Starts logging to standard error; a second call changes nothing.
pub fn log(settings: &Log) {
    let filter = EnvFilter::new(format!("{},sqlx=warn,hyper=warn,h2=warn", settings.level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.compact().try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            // The message may quote values; the place is enough to find it.
            tracing::error!(place, "panicked");
        }));
    }
}
