//! What people enter by hand: a document, and the samples that it stands for, written, changed and taken out in one
//! transaction with the marks of the days.
//!
//! The samples are those of a source of their own and came with no upload. Each has an object id that is made once:
//! an edit takes out what is not the same any more and brings the new, as a provider that deletes and writes anew.

use model::ids::{EntryId, UserId};
use model::metric::{self, MetricNo};
use model::sample::{Flags, Sample, Uid, uid_of};
use model::source::{Source, SourceClass, SourceNo};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::docs::Expected;
use store::entries::{self, Created, Filed, StoredEntry};
use store::uploads::UploadNo;
use store::{PersonKey, Tx};

use import::batch::{Batch, Deletion, Incoming, Meaning, Printed, TypeName};

use crate::app::App;
use crate::audit::entry::Note;
use crate::audit::writer;
use crate::ingest::IngestError;
use crate::ingest::intake::{Counting, Intake, Part, Upload};
use crate::person::dossier::Dossier;
use crate::person::entries::Measure;

/// The name under which entered samples are measured.
pub(crate) const SOURCE: &str = "Entered by hand";
/// What was entered came with no upload.
const NO_UPLOAD: UploadNo = UploadNo(0);
/// Entries of one kind that are about one day: a hundred times those of somebody who enters every bite.
pub(crate) const PER_DAY_MAX: i64 = 500;

/// A sample that an entry stands for, as its document remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// The id of the metric.
    pub(crate) metric: String,
    /// In its canonical unit, or the code.
    pub(crate) value: f64,
    start_us: i64,
    end_us: i64,
    flags: Flags,
    uid: Uid,
}

impl Measured {
    fn is(&self, wanted: &Measure) -> bool {
        self.metric == wanted.metric.id
            && self.value.to_bits() == wanted.value.to_bits()
            && (self.start_us, self.end_us, self.flags)
                == (wanted.start_us, wanted.end_us, wanted.flags)
    }

    fn no(&self) -> Option<MetricNo> {
        metric::by_id(&self.metric).map(|metric| metric.no)
    }
}

/// The stored document of an entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Document<T> {
    /// As the person wrote it.
    pub(crate) written: T,
    /// When it was entered first.
    pub(crate) created_us: i64,
    /// The samples that it stands for.
    pub(crate) measured: Vec<Measured>,
}

/// An entry with its document.
#[derive(Debug, Clone)]
pub(crate) struct Entered<T> {
    /// The id.
    pub(crate) id: EntryId,
    /// Counts the writes, from 1.
    pub(crate) version: i64,
    /// The document.
    pub(crate) document: Document<T>,
}

impl<T: DeserializeOwned> Entered<T> {
    /// Reads what is stored.
    pub(crate) fn read(stored: &StoredEntry) -> Result<Self, store::Error> {
        let document = serde_json::from_slice(&stored.bytes);
        Ok(Self {
            id: stored.id,
            version: stored.version,
            document: document.map_err(|_| store::Error::Damaged { what: "entry" })?,
        })
    }
}

/// What somebody enters.
#[derive(Debug)]
pub(crate) struct Writing<'a, T> {
    /// Where it is filed.
    pub(crate) filed: Filed<'a>,
    /// What the person wrote.
    pub(crate) written: T,
    /// What it measures.
    pub(crate) measures: Vec<Measure>,
}

/// What became of something that was entered.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// It is stored.
    Stored(Entered<T>),
    /// The same had been entered before; this is what it is now.
    Known(Entered<T>),
    /// There is none of this id.
    Missing,
    /// The day has as many entries as one may.
    Full,
    /// The person's samples have no room for more of this metric or for another source.
    NoRoom,
}

/// Stores a new entry; the same thing entered twice is one.
pub(crate) async fn create<T: Serialize + DeserializeOwned>(
    app: &App,
    note: &Note,
    writing: Writing<'_, T>,
) -> Result<Outcome<T>, IngestError> {
    let (user, now_us) = (note.user, app.clock.now_us());
    let content = json(&writing.written)?;
    let mut tx = app.store.begin("enter something").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    store::people::hold(&mut tx, &key, user).await?;
    let id = entries::id_of(&key, writing.filed.kind, &content);
    let known = entries::by_id(&mut tx, &key, user, writing.filed.kind, id).await?;
    if let Some(known) = known {
        return Ok(Outcome::Known(Entered::read(&known)?));
    }
    let document = Document {
        written: writing.written,
        created_us: now_us,
        measured: new(app, &[], writing.measures, now_us),
    };
    let bytes = json(&document)?;
    let new = (id, writing.filed);
    let created = entries::create(&mut tx, &key, user, new, &bytes, PER_DAY_MAX).await?;
    if created == Created::Full {
        return Ok(Outcome::Full);
    }
    if !write_samples(app, &mut tx, user, (&document.measured, &[]), now_us).await? {
        return Ok(Outcome::NoRoom);
    }
    writer::within(app, &mut tx, note).await?;
    tx.commit().await?;
    app.work_ready.notify_one();
    Ok(Outcome::Stored(Entered {
        id,
        version: 1,
        document,
    }))
}

/// Writes an entry anew.
pub(crate) async fn replace<T: Serialize + DeserializeOwned>(
    app: &App,
    note: &Note,
    (id, expected): (EntryId, Expected),
    writing: Writing<'_, T>,
) -> Result<Outcome<T>, IngestError> {
    let (user, now_us) = (note.user, app.clock.now_us());
    let mut tx = app.store.begin("change something entered").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    store::people::hold(&mut tx, &key, user).await?;
    let Some(before) = find::<T>(&mut tx, &key, user, writing.filed.kind, id).await? else {
        return Ok(Outcome::Missing);
    };
    let before = before.document;
    let document = Document {
        written: writing.written,
        created_us: before.created_us,
        measured: new(app, &before.measured, writing.measures, now_us),
    };
    let bytes = json(&document)?;
    let at = (id, writing.filed);
    let version = entries::replace(&mut tx, &key, user, at, &bytes, expected).await?;
    let Some(version) = version else {
        return Ok(Outcome::Missing);
    };
    let lacks = |all: &[Measured], one: &Measured| !all.iter().any(|other| other.uid == one.uid);
    let (mut added, mut gone) = (document.measured.clone(), before.measured.clone());
    added.retain(|one| lacks(&before.measured, one));
    gone.retain(|one| lacks(&document.measured, one));
    if !write_samples(app, &mut tx, user, (&added, &gone), now_us).await? {
        return Ok(Outcome::NoRoom);
    }
    writer::within(app, &mut tx, note).await?;
    tx.commit().await?;
    app.work_ready.notify_one();
    Ok(Outcome::Stored(Entered {
        id,
        version,
        document,
    }))
}

/// Takes an entry out with its samples; returns whether there was one.
pub(crate) async fn remove<T: DeserializeOwned>(
    app: &App,
    note: &Note,
    (kind, id): (&str, EntryId),
) -> Result<bool, IngestError> {
    let (user, now_us) = (note.user, app.clock.now_us());
    let mut tx = app.store.begin("take out something entered").await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    store::people::hold(&mut tx, &key, user).await?;
    let Some(before) = find::<T>(&mut tx, &key, user, kind, id).await? else {
        return Ok(false);
    };
    entries::remove(&mut tx, &key, user, kind, id).await?;
    let gone = before.document.measured;
    write_samples(app, &mut tx, user, (&[], &gone), now_us).await?;
    writer::within(app, &mut tx, note).await?;
    tx.commit().await?;
    app.work_ready.notify_one();
    Ok(true)
}

/// An entry of a person.
pub(crate) async fn find<T: DeserializeOwned>(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: &str,
    id: EntryId,
) -> Result<Option<Entered<T>>, store::Error> {
    let found = entries::by_id(tx, key, user, kind, id).await?;
    found.as_ref().map(Entered::read).transpose()
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, IngestError> {
    serde_json::to_vec(value).map_err(|error| IngestError::Unreadable {
        message: format!("the entry could not be written: {error}"),
    })
}

/// The samples of an entry: those that it had before and has still, and new ones with an id of their own.
fn new(app: &App, before: &[Measured], measures: Vec<Measure>, now_us: i64) -> Vec<Measured> {
    let of = |wanted: Measure| {
        let known = before.iter().find(|one| one.is(&wanted));
        known.cloned().unwrap_or_else(|| Measured {
            metric: wanted.metric.id.to_owned(),
            value: wanted.value,
            start_us: wanted.start_us,
            end_us: wanted.end_us,
            flags: wanted.flags,
            uid: uid_of(&app.ids.uuid(now_us).to_string()),
        })
    };
    measures.into_iter().map(of).collect()
}

/// Brings samples and takes samples out; returns whether there was room for all.
async fn write_samples(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    (added, gone): (&[Measured], &[Measured]),
    now_us: i64,
) -> Result<bool, IngestError> {
    if added.is_empty() && gone.is_empty() {
        return Ok(true);
    }
    let mut person = Dossier::load(tx, &app.vault, user).await?;
    let mut intake = Intake::new(Counting::Live);
    intake.take(batch(added, gone));
    let upload = Upload {
        user,
        no: NO_UPLOAD,
        device: None,
        now_us,
        // One person types: there is no burst to wait for.
        run_at_us: now_us,
    };
    let job = app.ids.job(now_us);
    intake
        .flush(tx, &mut person, upload, job, Part::Last)
        .await?;
    intake.tally.publish("live");
    Ok(intake.tally.rejected == 0)
}

fn batch(added: &[Measured], gone: &[Measured]) -> Batch {
    let mut batch = Batch::default();
    if !added.is_empty() {
        batch.new_sources.push(Source {
            class: SourceClass::Manual,
            ..Source::named(SOURCE)
        });
    }
    for one in added {
        let Some(no) = one.no() else { continue };
        let type_index = u32::try_from(batch.new_types.len()).unwrap_or(u32::MAX);
        batch.new_types.push(TypeName {
            name: one.metric.clone(),
            meaning: Meaning::Known(no),
        });
        batch.samples.push(Incoming {
            type_index,
            printed: Printed::TopLevel,
            sample: Sample {
                start_us: one.start_us,
                end_us: one.end_us,
                value: one.value,
                zone_offset_min: None,
                source: SourceNo(0),
                uid: Some(one.uid),
                flags: one.flags,
            },
        });
    }
    batch.deletions.extend(gone.iter().map(|one| Deletion {
        uid: one.uid,
        metric: one.no(),
    }));
    batch
}
