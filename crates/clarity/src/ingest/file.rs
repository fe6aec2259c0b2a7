//! Imports a file of any size while it arrives: a reader thread turns bytes into batches, and this
//! side writes them, a bounded number at a time, each part durable before the next.
//!
//! An import that is cut off keeps what was committed; running it again finishes it, because what is
//! there is recognised.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::FutureExt;
use import::batch::Batch;
use import::format::{self, FileError, Format};
use import::live::Context;
use import::recording::columns::Columns;
use import::recording::front;
use model::ids::{UploadId, UserId};
use model::metric::MetricNo;
use model::sample::SECOND_US;
use model::source::SourceNo;
use model::zone::{Zone, ZoneHistory};
use store::samples::{Mirror, PART_ROWS, Reconcile, Reconciling};
use store::uploads::{NewUpload, UploadNo, UploadState, UploadStatus};
use tokio::sync::mpsc;

use crate::app::App;
use crate::audit::entry::Author;
use crate::audit::writer;
use crate::ingest::intake::{Counting, Intake, Part, Upload};
use crate::ingest::recording::{self, Surroundings};
use crate::ingest::tally::{RenamedTally, Tally};
use crate::ingest::{IngestError, abandoned, dirty, mark_days};
use crate::person::dossier::Dossier;
use crate::supervise::Place;

/// Batches between reader and writer: as many samples as one write takes, some 10 MB, so that the
/// reader goes on while a part is written.
const BATCHES_AHEAD: usize = 10;
/// Bytes read at once from a file or a request.
const READ_BYTES: usize = 64 << 10;
/// While an import runs, its changed days wait this long, so that they are computed once at its end;
/// should the process die, they are computed after it.
const SETTLE_US: i64 = 60 * SECOND_US;

/// What to import.
pub(crate) struct Import {
    /// Whose data it is.
    pub(crate) user: UserId,
    /// Who imports.
    pub(crate) author: Author,
    /// The id of the import.
    pub(crate) id: UploadId,
    /// `auto`, or the name of a format.
    pub(crate) format: String,
    /// What the sender says about the file beside its bytes.
    pub(crate) told: Told,
    /// What to do with samples that are merely absent from a newer export.
    pub(crate) mirror: Mirror,
    /// Size of the input, when known, to tell how far the import is.
    pub(crate) bytes_total: Option<u64>,
}

/// What somebody says about a file beside its bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// The zone of local times without offset; the person's where none is given.
    pub(crate) zone: Option<Zone>,
    /// What the columns of a table of epochs mean; a file with declared columns is one.
    pub(crate) columns: Option<Columns>,
    /// Length of an epoch in seconds, where a recording does not state it.
    pub(crate) epoch_s: Option<u32>,
    /// Over what an app has aggregated its values, in the words of its header.
    pub(crate) aggregation: Option<String>,
    /// The name of the file.
    pub(crate) name: Option<String>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Progress {
    /// Bytes of input read.
    pub(crate) bytes_read: u64,
    /// Records taken in.
    pub(crate) records: u64,
}

/// The account of a finished import.
#[derive(Debug, Clone)]
pub(crate) struct Imported {
    /// Its account.
    pub(crate) tally: Tally,
    /// Bytes of input read.
    pub(crate) bytes: u64,
    /// Where it stands.
    pub(crate) status: UploadStatus,
}

/// Reads `input` to its end and stores what it holds. `watch` hears how far it is after every part.
pub(crate) async fn import(
    app: &Arc<App>,
    what: Import,
    input: Box<dyn Read + Send>,
    mut watch: impl FnMut(Progress) + Send,
) -> Result<Imported, IngestError> {
    let (sender, mut batches) = mpsc::channel::<Batch>(BATCHES_AHEAD);
    let now_us = app.clock.now_us();
    let format = what.format.clone();
    let zones = zones(app, &what).await?;
    let told = what.told.clone();
    let budget = app.file_budget.clone();
    let recognised = Recognised::default();
    let as_found = Arc::clone(&recognised);
    let reader = app.tasks.spawn_blocking(move || {
        budget.scope(|| {
            read(
                (&format, &as_found),
                input,
                (now_us, &zones, &told),
                &sender,
            )
        })
    });
    let mut writing = Writing::begin(app, &what, recognised).await?;
    let mut outcome = Ok(());
    let mut signs = tokio::time::interval(abandoned::SIGN_EVERY);
    loop {
        let batch = tokio::select! {
            batch = batches.recv() => batch,
            _ = signs.tick() => {
                sign(app, &what).await;
                continue;
            }
        };
        let Some(batch) = batch else { break };
        app.supervisor.faults.check(Place::Import);
        writing.intake.take(batch);
        if writing.intake.is_full() {
            outcome = writing.flush(app, &what, Part::More).await;
            watch(writing.progress());
        }
        if outcome.is_err() {
            // Dropping the receiver stops the reader.
            break;
        }
    }
    drop(batches);
    let read = reader.await.unwrap_or_else(|error| {
        Err(IngestError::Interrupted {
            message: format!("the reader stopped: {error}"),
        })
    });
    let finished = match (outcome, read) {
        (Err(error), _) | (Ok(()), Err(error)) => Err(error),
        (Ok(()), Ok(())) => writing.finish(app, &what).await,
    };
    watch(writing.progress());
    match finished {
        Ok(status) => {
            let bytes = writing.intake.bytes_read;
            writing.intake.tally.publish("import");
            metrics::counter!("clarity_import_bytes_total").increment(bytes);
            Ok(Imported {
                tally: writing.intake.tally,
                bytes,
                status,
            })
        }
        Err(error) => {
            writing.fail(app, &what, &error).await;
            Err(error)
        }
    }
}

/// Says that the import is alive. Should that fail, the next part or the next sign says it.
async fn sign(app: &App, what: &Import) {
    let now_us = app.clock.now_us();
    let signed = app
        .store
        .transact("sign of an import", what, |tx, what| {
            store::uploads::touch(tx, what.user, what.id, now_us).boxed()
        })
        .await;
    if let Err(error) = signed {
        tracing::warn!(import = %what.id, error = ?error, "giving a sign of life failed");
    }
}

/// The zones of local times that come without offset.
async fn zones(app: &App, what: &Import) -> Result<ZoneHistory, IngestError> {
    if let Some(zone) = &what.told.zone {
        return Ok(ZoneHistory::fixed(zone.clone()));
    }
    let mut tx = app.store.read().await?;
    Ok(app
        .people
        .load(&mut tx, &app.vault, what.user)
        .await?
        .history())
}

/// Runs on a thread of its own.
fn read(
    (format, recognised): (&str, &OnceLock<&'static str>),
    input: Box<dyn Read + Send>,
    (now_us, zones, told): (i64, &ZoneHistory, &Told),
    sender: &mpsc::Sender<Batch>,
) -> Result<(), IngestError> {
    let mut sink = |batch: Batch| match sender.blocking_send(batch) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    let unreadable = |message: String| IngestError::Unreadable { message };
    let mut input = BufReader::with_capacity(READ_BYTES, input);
    let around = Surroundings {
        zones,
        now_us,
        columns: told.columns.as_ref(),
        epoch_s: told.epoch_s,
    };
    let refused = |error: FileError| {
        if let FileError::Memory(full) = error {
            return IngestError::full(full);
        }
        unreadable(error.to_string())
    };
    // A file with declared columns is a table, whatever its bytes say.
    let format = match (format, &told.columns) {
        (format::AUTO, Some(_)) => front::DECLARED,
        (named, _) => named,
    };
    let mut opened = format::open(format, &mut input).map_err(refused)?;
    recognised.get_or_init(|| opened.format.name());
    if let Format::Recording(of) = opened.format {
        return recording::read(of.name, &mut opened.input, around, &mut sink);
    }
    let context = Context {
        now_us,
        zones,
        aggregation: told.aggregation.as_deref(),
        source: "",
    };
    opened.read(&context, &mut sink).map_err(refused)
}

/// The name of the format, once the reader knows it.
type Recognised = Arc<OnceLock<&'static str>>;

/// An import being written.
struct Writing {
    intake: Intake,
    recognised: Recognised,
    no: UploadNo,
    records: u64,
}

impl Writing {
    async fn begin(app: &App, what: &Import, recognised: Recognised) -> Result<Self, IngestError> {
        let now_us = app.clock.now_us();
        let mut tx = app.store.begin("begin an import").await?;
        let key = app.vault.person_key(&mut tx, what.user).await?;
        let new = NewUpload {
            id: what.id,
            kind: "import",
            now_us,
        };
        let no = store::uploads::begin(&mut tx, &key, what.user, &new).await?;
        writer::within(app, &mut tx, &what.author.does("create_import", what.user)).await?;
        tx.commit().await?;
        let mut intake = Intake::new(Counting::Export);
        intake.tally.name.clone_from(&what.told.name);
        Ok(Self {
            intake,
            recognised,
            no,
            records: 0,
        })
    }

    fn progress(&self) -> Progress {
        Progress {
            bytes_read: self.intake.bytes_read,
            records: self.records,
        }
    }

    fn state<'a>(
        &self,
        what: &Import,
        status: UploadStatus,
        stage: &'static str,
        detail: &'a [u8],
        now_us: i64,
    ) -> UploadState<'a> {
        let read = self.intake.bytes_read as f64;
        // Reading is the larger part of the work; computing the days is the rest.
        let reading = what
            .bytes_total
            .map_or(0.4, |total| 0.8 * read / (total.max(1) as f64));
        UploadState {
            status,
            stage,
            progress: match status {
                UploadStatus::Completed => 1.0,
                UploadStatus::Processing => 0.8,
                UploadStatus::Received | UploadStatus::Failed | UploadStatus::RequiresReview => {
                    reading.min(0.8)
                }
            },
            accepted: self.intake.tally.accepted,
            duplicates: self.intake.tally.duplicates,
            rejected: self.intake.tally.rejected,
            detail,
            dirty_seq: self.intake.dirty_seq,
            now_us,
        }
    }

    async fn flush(&mut self, app: &App, what: &Import, part: Part) -> Result<(), IngestError> {
        let now_us = app.clock.now_us();
        let held = self.intake.held();
        let mut tx = app.store.begin("store samples").await?;
        let begun = Instant::now();
        let key = app.vault.person_key(&mut tx, what.user).await?;
        store::people::hold(&mut tx, &key, what.user).await?;
        let mut person = Dossier::load(&mut tx, &app.vault, what.user).await?;
        if let Some(exported_us) = self.intake.snapshot_us {
            store::uploads::set_snapshot(&mut tx, what.user, self.no, exported_us).await?;
        }
        let place = Upload {
            user: what.user,
            no: self.no,
            now_us,
            device: None,
            run_at_us: now_us + SETTLE_US,
        };
        let job = app.ids.job(now_us);
        self.intake
            .flush(&mut tx, &mut person, place, job, part)
            .await?;
        self.intake.tally.format = self.recognised.get().map(|name| (*name).to_owned());
        let tally = &self.intake.tally;
        self.records = tally.accepted + tally.duplicates + tally.rejected;
        let detail = detail(tally)?;
        let state = self.state(what, UploadStatus::Received, "reading", &detail, now_us);
        store::uploads::save(&mut tx, &person.key, what.user, what.id, &state).await?;
        tx.commit().await?;
        self.intake.pace(held, begun.elapsed());
        Ok(())
    }

    /// Writes the rest, compares with other exports and lets the days be computed now.
    async fn finish(&mut self, app: &App, what: &Import) -> Result<UploadStatus, IngestError> {
        self.flush(app, what, Part::Last).await?;
        let mut reconciling = self.named(app, what).await?;
        while let Some(left) = reconciling.take_if(|left| !left.is_done()) {
            reconciling = Some(self.reconcile(app, what, left).await?);
        }
        let now_us = app.clock.now_us();
        let mut tx = app.store.begin("finish an import").await?;
        let key = app.vault.person_key(&mut tx, what.user).await?;
        store::people::hold(&mut tx, &key, what.user).await?;
        let changed = self.intake.dirty_seq > 0;
        if changed {
            // Brings the job that waits for the end of the import forward.
            let none = std::collections::BTreeSet::new();
            mark_days(
                &mut tx,
                what.user,
                &none,
                app.ids.job(now_us),
                now_us,
                now_us,
            )
            .await?;
        }
        let (status, stage) = if changed {
            (UploadStatus::Processing, "analysing")
        } else {
            (UploadStatus::Completed, "done")
        };
        let detail = detail(&self.intake.tally)?;
        let state = self.state(what, status, stage, &detail, now_us);
        store::uploads::save(&mut tx, &key, what.user, what.id, &state).await?;
        tx.commit().await?;
        Ok(status)
    }

    /// Notes the names of an export's sources; what is to be compared with other exports, if there are any.
    async fn named(
        &mut self,
        app: &App,
        what: &Import,
    ) -> Result<Option<Reconciling>, IngestError> {
        let Some(exported_us) = self.intake.snapshot_us else {
            return Ok(None);
        };
        let mut tx = app.store.begin("name the sources of an import").await?;
        let key = app.vault.person_key(&mut tx, what.user).await?;
        store::people::hold(&mut tx, &key, what.user).await?;
        let mut person = Dossier::load(&mut tx, &app.vault, what.user).await?;
        self.note_names(&mut person, exported_us);
        person.save(&mut tx).await?;
        let snapshots = store::uploads::snapshots(&mut tx, what.user).await?;
        tx.commit().await?;
        let is_alone = snapshots.iter().all(|(_, other)| *other == exported_us);
        let present: Vec<_> = self.intake.present.iter().copied().collect();
        Ok((!is_alone).then(|| Reconciling::new(&present)))
    }

    /// A part of the comparison with other exports, in a transaction of its own: others write between two of them.
    async fn reconcile(
        &mut self,
        app: &App,
        what: &Import,
        mut left: Reconciling,
    ) -> Result<Reconciling, IngestError> {
        let Some(exported_us) = self.intake.snapshot_us else {
            return Ok(left);
        };
        let now_us = app.clock.now_us();
        let mut tx = app.store.begin("compare exports").await?;
        let key = app.vault.person_key(&mut tx, what.user).await?;
        store::people::hold(&mut tx, &key, what.user).await?;
        let person = Dossier::load(&mut tx, &app.vault, what.user).await?;
        let snapshots = store::uploads::snapshots(&mut tx, what.user).await?;
        let renamed = person.dictionary().renamed();
        let renamed: Vec<_> = renamed.iter().map(|one| (one.former, one.now)).collect();
        let reconcile = Reconcile {
            upload: self.no,
            exported_us,
            mirror: what.mirror,
            renamed: &renamed,
            snapshots: &snapshots,
        };
        let part = (&mut left, PART_ROWS);
        let done =
            store::samples::reconcile_part(&mut tx, &key, what.user, &reconcile, part).await?;
        for (metric, count) in &done.by_metric {
            if count.superseded_incoming > 0 {
                let name = name_of(&person, *metric);
                self.intake
                    .tally
                    .recount_superseded(&name, count.superseded_incoming);
            }
            self.intake.tally.snapshot.superseded += count.superseded_stored;
            self.intake.tally.snapshot.absent += count.absent;
            self.intake.tally.snapshot.removed += count.removed;
        }
        let history = person.history();
        let mut days = BTreeSet::new();
        for (metric, hours) in done.changed.iter() {
            days.extend(dirty::dates(&history, metric, hours.iter().copied()));
        }
        if !days.is_empty() {
            let job = app.ids.job(now_us);
            let seq = mark_days(&mut tx, what.user, &days, job, now_us, now_us).await?;
            self.intake.dirty_seq = self.intake.dirty_seq.max(seq);
        }
        store::uploads::touch(&mut tx, what.user, what.id, now_us).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// Notes which sources an export has, and reports those that have another name since.
    fn note_names(&mut self, person: &mut Dossier, exported_us: i64) {
        let before = person.dictionary().renamed();
        let sources: BTreeSet<SourceNo> = self.intake.present.iter().map(|(_, no)| *no).collect();
        for no in sources {
            person.dictionary_mut(|table| ((), table.exported(no, exported_us)));
        }
        let after = person.dictionary().renamed();
        for one in after.iter().filter(|one| !before.contains(one)) {
            self.intake.tally.renamed.push(RenamedTally {
                former: person.source_name(one.former).to_owned(),
                now: person.source_name(one.now).to_owned(),
            });
        }
    }

    /// Remembers that the import failed. If even that fails, the log has both errors.
    async fn fail(&self, app: &App, what: &Import, error: &IngestError) {
        let write = async {
            let now_us = app.clock.now_us();
            let mut tx = app.store.begin("fail an import").await?;
            let key = app.vault.person_key(&mut tx, what.user).await?;
            let detail = detail(&self.intake.tally)?;
            let state = self.state(what, UploadStatus::Failed, "reading", &detail, now_us);
            store::uploads::save(&mut tx, &key, what.user, what.id, &state).await?;
            tx.commit().await?;
            Ok::<(), IngestError>(())
        };
        if let Err(second) = write.await {
            let (code, second) = (error.code(), second.code());
            tracing::error!(import = %what.id, code, second, "import failed, and so did noting it");
        }
    }
}

/// The name under which exports print a metric.
fn name_of(person: &Dossier, metric: MetricNo) -> String {
    let row = model::metric::by_no(metric);
    match row.and_then(|row| row.healthkit) {
        Some(identifier) => identifier.to_owned(),
        None => person
            .describe(metric)
            .map(|described| described.id)
            .unwrap_or_default(),
    }
}

fn detail(tally: &Tally) -> Result<Vec<u8>, IngestError> {
    serde_json::to_vec(tally).map_err(|error| IngestError::Unreadable {
        message: format!("the account could not be written: {error}"),
    })
}

/// How often a watcher of a running import hears about it at least.
pub(crate) const WATCH_EVERY: Duration = Duration::from_millis(500);
