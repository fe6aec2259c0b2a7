//! Computes a person's marked days again, newest first, and nothing else.
//!
//! Each step takes a window of marked days, reads the samples around it once, computes the days'
//! documents apart from the request threads, and stores them together with the clearing of their
//! marks. A day that was marked again meanwhile keeps its mark.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use analysis::daily::beats::{BeatSeries, Beats};
use analysis::daily::document::{DayInput, day};
use analysis::daily::rank::Ranks;
use analysis::daily::reconcile::{self, Evidence, KnownOfPhone, Rings};
use analysis::daily::scored::Scorer;
use analysis::daily::summary::MetricSamples;
use jiff::ToSpan;
use jiff::civil::Date;
use model::ids::UserId;
use model::metric::{Kind as MetricKind, MetricNo};
use model::record::{ActivitySummary, Body};
use model::sample::{HOUR_US, Sample};
use model::source::{Source, SourceNo};
use model::zone::{Span, Zone, ZoneHistory};
use store::days::DayRow;
use store::embeddings::{self, Kind};
use store::records::{After, Order, Page};
use store::revisions::Derived;
use store::samples::DamagedChunk;
use store::{PersonKey, Tx};

use crate::app::App;
use crate::bus::EventKind;
use crate::ingest::unfinished;
use crate::jobs::Job;
use crate::jobs::block;
use crate::jobs::error::JobError;
use crate::jobs::packed::{pack, packed};
use crate::jobs::week;
use crate::person::dossier::Dossier;
use crate::person::measured::DamagedPart;
use crate::revision;

/// Accounts of uploads are folded after a day: until then clients may send the same again, and people look.
const FOLDED_AFTER_US: i64 = 24 * HOUR_US;
/// Rows of folded accounts that one job makes at most.
const FOLDS_MAX: usize = 8;
/// Days of one step: a month of dense samples is some ten megabytes.
const WINDOW_DAYS: usize = 31;
/// How far around a day samples can matter: the night before and the evening after.
const AROUND_US: i64 = 36 * HOUR_US;
/// Deleted samples of a metric that a difference may be explained with: the latest.
const DELETED_MAX: u32 = 256;
/// Rings of a step: one for each day of its stretch, and as many again from another phone.
const RINGS_MAX: u32 = 64;

/// Series of beats that are opened at once: watches record a minute at a time.
const BEAT_SERIES_AT_ONCE: u32 = 1_024;
/// Beats of a step: a chest strap by day and night records four million in a month, 30 MB.
const BEATS_MAX: usize = 8_000_000;

/// A step's work, read in one transaction.
struct Window {
    days: Vec<(Date, i64)>,
    zones: ZoneHistory,
    sources: Vec<Source>,
    metrics: Vec<Loaded>,
    /// What lies near the days and cannot be opened.
    damaged: Vec<DamagedPart>,
    rings: BTreeMap<Date, PrintedRings>,
    /// Series of beats by their first; none where there are more than a step takes.
    beats: Option<Vec<BeatSeries>>,
    scorer: Scorer,
}

/// The rings of a day, as an export printed them.
struct PrintedRings {
    summary: ActivitySummary,
    source: SourceNo,
    upload: u32,
}

/// A day as it is stored.
struct Packed {
    document: Vec<u8>,
    minutes: Option<Vec<u8>>,
}

/// One metric's samples around the window.
struct Loaded {
    id: String,
    unit: String,
    kind: MetricKind,
    ranks: Ranks,
    samples: Vec<Sample>,
    /// The upload that brought each; empty where nothing is compared with the phone.
    uploads: Vec<u32>,
    /// What was deleted, the latest deletion first.
    deleted: Vec<Sample>,
    longest_us: i64,
}

impl Loaded {
    /// Where the samples are that can matter around a day.
    fn range(&self, around: Span) -> Range<usize> {
        let from_us = around.start_us - self.longest_us;
        let begins = |at_us| {
            self.samples
                .partition_point(|sample| sample.start_us < at_us)
        };
        begins(from_us)..begins(around.end_us)
    }
}

/// Computes every marked day of the person.
pub(crate) async fn run(app: &Arc<App>, user: UserId) -> Result<(), JobError> {
    let mut computed: BTreeSet<Date> = BTreeSet::new();
    let mut damaged: BTreeSet<DamagedPart> = BTreeSet::new();
    while let Some((window, key)) = load(app, user).await? {
        let days = window.days.clone();
        damaged.extend(window.damaged.iter().cloned());
        let work = app.tasks.spawn_blocking(move || compute(&window));
        let documents = work.await.map_err(JobError::Compute)?;
        match store_days(app, &key, user, &days, &documents).await {
            // Everything of the person was purged meanwhile: these days are of what is gone.
            Err(JobError::Store(store::Error::KeyStale)) => continue,
            stored => stored?,
        }
        metrics::counter!("clarity_days_computed_total").increment(days.len() as u64);
        computed.extend(days.iter().map(|(day, _)| *day));
        if app.shutdown.is_cancelled() {
            // The marks that are left keep the job alive: it is claimed again after the restart.
            return Err(JobError::Stopping);
        }
    }
    let now_us = app.clock.now_us();
    let mut tx = app.store.begin("settle days").await?;
    let done_up_to = store::days::analysed_up_to(&mut tx, user).await?;
    let completed = store::uploads::complete_up_to(&mut tx, user, done_up_to, now_us).await?;
    // Also when no day was left: a process that died after its last window did not get to this.
    Job::Insight
        .enqueue(&mut tx, user, app.ids.job(now_us), now_us, now_us)
        .await?;
    if week::has_model(app) {
        Job::Embed
            .enqueue(&mut tx, user, app.ids.job(now_us), now_us, now_us)
            .await?;
    }
    let status = if damaged.is_empty() {
        "completed"
    } else {
        unfinished::fail(app, &mut tx, user, &completed, &damaged, now_us).await?;
        "failed"
    };
    tx.commit().await?;
    for id in completed {
        let payload = format!("{{\"processing_id\":\"{id}\",\"status\":\"{status}\"}}");
        app.bus
            .publish(user, EventKind::Processing, id.to_string(), payload);
    }
    if let (Some(first), Some(last)) = (computed.first(), computed.last()) {
        let count = computed.len();
        let payload = format!("{{\"first\":\"{first}\",\"last\":\"{last}\",\"days\":{count}}}");
        app.bus
            .publish(user, EventKind::Summary, last.to_string(), payload);
    }
    app.work_ready.notify_one();
    // The days are done: that old accounts take more room than they could is tried again with the next ones.
    if let Err(error) = fold(app, user).await {
        tracing::warn!(error = ?error, "folding old accounts failed");
    }
    Ok(())
}

/// Makes old accounts of uploads small. A few at a time, each in a transaction of its own: whoever has very many
/// from before gets there after some jobs.
async fn fold(app: &App, user: UserId) -> Result<(), JobError> {
    let before_us = app.clock.now_us() - FOLDED_AFTER_US;
    for _ in 0..FOLDS_MAX {
        let mut tx = app.store.begin("fold uploads").await?;
        let key = app.vault.person_key(&mut tx, user).await?;
        let folded = store::uploads::fold(&mut tx, &key, user, before_us).await?;
        if folded == 0 {
            break;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Reads the newest marked days and the samples around them; `None` when no day is marked.
async fn load(app: &App, user: UserId) -> Result<Option<(Window, PersonKey)>, JobError> {
    let mut tx = app.store.read().await?;
    let limit = u32::try_from(WINDOW_DAYS).unwrap_or(u32::MAX);
    let mut days = store::days::dirty(&mut tx, user, limit).await?;
    let Some((newest, _)) = days.first().copied() else {
        return Ok(None);
    };
    // Scattered days are taken in several steps, so that a step reads a bounded stretch of time.
    let reach = i32::try_from(WINDOW_DAYS).unwrap_or(i32::MAX);
    days.retain(|(day, _)| newest.duration_since(*day).as_hours() / 24 < i64::from(reach));
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let zones = dossier.history();
    let around = stretch(&zones, &days);
    let (mut metrics, mut damaged) = (Vec::new(), Vec::new());
    for held in store::samples::held(&mut tx, user).await? {
        let utc = Zone::utc();
        let ends_us = utc.start_of(held.last_day) + 24 * HOUR_US;
        if utc.start_of(held.first_day) >= around.end_us || ends_us < around.start_us {
            continue;
        }
        let (read, unread) = loaded(&mut tx, &dossier, user, (held.metric, around)).await?;
        metrics.extend(read);
        let near = unread.iter().filter(|chunk| is_near(chunk, &days));
        damaged.extend(near.map(|chunk| DamagedPart::of(&dossier, chunk)));
    }
    let rings = rings(&mut tx, &dossier.key, user, &days).await?;
    let beats = beats(&mut tx, &dossier.key, user, around).await?;
    let sources = dossier.dictionary().sources().to_vec();
    let window = Window {
        days,
        zones,
        sources,
        metrics,
        damaged,
        rings,
        beats,
        scorer: dossier.scorer(),
    };
    Ok(Some((window, dossier.key)))
}

/// The samples of a metric around the window, nothing when there are none, and the chunks that do not open.
async fn loaded(
    tx: &mut Tx,
    dossier: &Dossier,
    user: UserId,
    (metric, around): (MetricNo, Span),
) -> Result<(Option<Loaded>, Vec<DamagedChunk>), JobError> {
    let key = &dossier.key;
    let read = store::samples::brought_over(tx, key, user, metric, around).await?;
    let (brought, damaged) = (read.samples, read.damaged);
    let Some(described) = dossier.describe(metric).filter(|_| !brought.is_empty()) else {
        return Ok((None, damaged));
    };
    let is_compared = reconcile::is_compared(&described.id, described.kind);
    let (mut uploads, mut deleted) = (Vec::new(), Vec::new());
    if is_compared {
        uploads = brought.iter().map(|one| one.upload.0).collect();
        deleted = store::samples::deleted(tx, key, user, metric, DELETED_MAX).await?;
    }
    let samples: Vec<Sample> = brought.into_iter().map(|one| one.sample).collect();
    let lengths = samples.iter().map(|sample| sample.end_us - sample.start_us);
    let loaded = Loaded {
        longest_us: lengths.max().unwrap_or(0),
        ranks: dossier.ranks(&described.id),
        id: described.id,
        unit: described.unit,
        kind: described.kind,
        samples,
        uploads,
        deleted,
    };
    Ok((Some(loaded), damaged))
}

/// Whether one of the days may lack what is in a chunk.
fn is_near(chunk: &DamagedChunk, days: &[(Date, i64)]) -> bool {
    let from = chunk.first_day.saturating_sub(2.days());
    let to = chunk.last_day.saturating_add(2.days());
    days.iter().any(|(day, _)| (from..=to).contains(day))
}

/// The rings of the days, by the date under which they are filed.
async fn rings(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    days: &[(Date, i64)],
) -> Result<BTreeMap<Date, PrintedRings>, JobError> {
    let (Some((last, _)), Some((first, _))) = (days.first(), days.last()) else {
        return Ok(BTreeMap::new());
    };
    let utc = Zone::utc();
    let span = Span {
        start_us: utc.start_of(*first),
        end_us: utc.start_of(*last) + 24 * HOUR_US,
    };
    let page = Page {
        order: Order::OldestFirst,
        after: None,
        limit: RINGS_MAX,
    };
    let stored = store::records::in_span(tx, key, user, "activity_summary", span, page).await?;
    let rings = stored.into_iter().filter_map(|stored| {
        let Body::ActivitySummary(summary) = stored.record.body else {
            return None;
        };
        let printed = PrintedRings {
            summary,
            source: stored.record.source,
            upload: stored.upload.0,
        };
        Some((utc.date_at(stored.record.start_us), printed))
    });
    Ok(rings.collect())
}

/// The series of beats around the days, by their first; none where there are too many.
async fn beats(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    around: Span,
) -> Result<Option<Vec<BeatSeries>>, JobError> {
    let (mut found, mut count, mut after) = (Vec::new(), 0, None);
    loop {
        let page = Page {
            order: Order::OldestFirst,
            after,
            limit: BEAT_SERIES_AT_ONCE,
        };
        let stored =
            store::records::in_span(tx, key, user, "heartbeat_series", around, page).await?;
        let at_once = usize::try_from(BEAT_SERIES_AT_ONCE).unwrap_or(usize::MAX);
        let is_last = stored.len() < at_once;
        after = stored.last().map(|stored| After {
            start_us: stored.record.start_us,
            id: stored.id,
        });
        for stored in stored {
            let Body::HeartbeatSeries(mut series) = stored.record.body else {
                continue;
            };
            count += series.at_us.len();
            series.at_us.sort_unstable();
            found.push(BeatSeries {
                source: stored.record.source,
                at_us: series.at_us,
            });
        }
        if count > BEATS_MAX {
            return Ok(None);
        }
        if is_last {
            found.sort_by_key(|series: &BeatSeries| series.at_us.first().copied());
            return Ok(Some(found));
        }
    }
}

/// The time that the days and their surroundings take.
fn stretch(zones: &ZoneHistory, days: &[(Date, i64)]) -> Span {
    let spans = || days.iter().map(|(day, _)| around(zones, *day));
    Span {
        start_us: spans().map(|span| span.start_us).min().unwrap_or(0),
        end_us: spans().map(|span| span.end_us).max().unwrap_or(0),
    }
}

/// A day and its surroundings. A date that a traveller skipped still has some: the UTC day.
fn around(zones: &ZoneHistory, day: Date) -> Span {
    let spans = zones.day(day);
    let utc_us = Zone::utc().start_of(day);
    let start_us = spans.first().map_or(utc_us, |span| span.start_us);
    let end_us = spans
        .last()
        .map_or(utc_us + 24 * HOUR_US, |span| span.end_us);
    Span {
        start_us: start_us - AROUND_US,
        end_us: end_us + AROUND_US,
    }
}

/// The series of beats that start around a day, of series by their first beat.
fn near(beats: &[BeatSeries], around: Span) -> &[BeatSeries] {
    let begins = |at_us: i64| {
        beats.partition_point(|series| series.at_us.first().is_none_or(|first| *first < at_us))
    };
    beats
        .get(begins(around.start_us)..begins(around.end_us))
        .unwrap_or_default()
}

/// The documents of the window's days; `None` for a day that holds nothing.
fn compute(window: &Window) -> Vec<Option<Packed>> {
    window
        .days
        .iter()
        .map(|(day, _)| compute_day(window, *day))
        .collect()
}

fn compute_day(window: &Window, date: Date) -> Option<Packed> {
    let around = around(&window.zones, date);
    let (mut metrics, mut evidence) = (Vec::new(), Vec::new());
    for metric in &window.metrics {
        let range = metric.range(around);
        let samples = metric.samples.get(range.clone()).unwrap_or_default();
        if samples.is_empty() {
            continue;
        }
        metrics.push(MetricSamples {
            id: &metric.id,
            unit: &metric.unit,
            kind: metric.kind,
            samples,
            ranks: &metric.ranks,
        });
        if let Some(uploads) = metric.uploads.get(range) {
            evidence.push(Evidence {
                id: &metric.id,
                unit: &metric.unit,
                samples,
                uploads,
                deleted: &metric.deleted,
                ranks: &metric.ranks,
            });
        }
    }
    let input = DayInput {
        date,
        zones: &window.zones,
        sources: &window.sources,
        metrics: &metrics,
        beats: window
            .beats
            .as_deref()
            .map_or(Beats::TooMany, |beats| Beats::All(near(beats, around))),
        scorer: window.scorer,
        phone: KnownOfPhone {
            evidence: &evidence,
            rings: window.rings.get(&date).map(|printed| Rings {
                summary: &printed.summary,
                source: printed.source,
                upload: printed.upload,
            }),
        },
    };
    let found = day(&input);
    let document = &found.document;
    let empty = document.metrics.is_empty()
        && document.night.main.is_none()
        && document.night.naps.is_empty();
    (!empty).then(|| Packed {
        document: pack(document),
        minutes: found.minutes.map(|minutes| packed(&minutes.to_bytes())),
    })
}

/// Stores what was computed of what `key` opened, unless that is gone.
async fn store_days(
    app: &App,
    key: &PersonKey,
    user: UserId,
    days: &[(Date, i64)],
    documents: &[Option<Packed>],
) -> Result<(), JobError> {
    let mut tx = app.store.begin("store days").await?;
    let mut full = Vec::new();
    let mut empty = Vec::new();
    for ((day, _), document) in days.iter().zip(documents) {
        match document {
            Some(packed) => full.push(DayRow {
                day: *day,
                document: &packed.document,
                minutes: packed.minutes.as_deref(),
                methods: revision::current(Derived::Days),
            }),
            None => empty.push(*day),
        }
    }
    let dates: Vec<Date> = days.iter().map(|(day, _)| *day).collect();
    let taken = store::blocks::take(&mut tx, key, user, &dates).await?;
    store::days::put_rows(&mut tx, key, user, &full).await?;
    store::days::remove(&mut tx, user, &empty).await?;
    let documents = documents.iter().map(Option::as_ref);
    let documents = documents.map(|packed| packed.map(|packed| packed.document.as_slice()));
    let changes: Vec<block::Change<'_>> = dates.into_iter().zip(documents).collect();
    block::update(&mut tx, key, user, taken, &changes).await?;
    store::days::clear(&mut tx, user, days).await?;
    // What was said about a week was said about other days than it has now.
    let weeks: BTreeSet<Date> = days.iter().map(|(day, _)| week::monday(*day)).collect();
    for week in weeks {
        let after = week.saturating_add(1.day());
        embeddings::remove(&mut tx, key, user, Kind::Weekly, week, after).await?;
    }
    tx.commit().await?;
    Ok(())
}
