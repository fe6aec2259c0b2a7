//! The bundle: everything that is kept about a person in one zip archive, with a page that says what is in it.
//!
//! Members are written one after the other as they are read, and none is held whole. The person's key is compared before
//! each, as in every export. It is for the person alone: what opens nobody else's account (hashes, secrets, keys) is in no
//! member.

mod account;
mod archive;
mod index;

use std::collections::HashMap;

use jiff::civil::Date;
use model::ids::UserId;
use serde::Serialize;
use serde_json::value::RawValue;
use store::PersonKey;
use store::entries::StoredEntry;
use store::insights::After;
use tokio::io::AsyncWrite;

use crate::access;
use crate::app::App;
use crate::audit::entry::{By, Entry};
use crate::audit::{words, writer};
use crate::export::bundle::archive::Archive;
use crate::export::bundle::index::Member;
use crate::export::days::{ROW_DAYS, stretches};
use crate::export::{ExportError, Exported, Format, KEY_TEXT, plain};
use crate::instant::rfc3339;
use crate::jobs::packed::unpack;

/// Bytes between what writes a member and the archive.
const AHEAD_BYTES: usize = 256 * 1024;
/// Rows of a list that are read at once.
const PAGE: u32 = 200;

/// Members that are exports of their own.
const EXPORTS: [(Format, &str); 3] = [
    (
        Format::Ndjson,
        "Every sample and record, one on each line as JSON, then the sources they name.",
    ),
    (
        Format::Arrow,
        "The same as one table, for programs. Clarity reads it back whole: send it the archive as it is.",
    ),
    (
        Format::Daily,
        "A table of your days for a spreadsheet: totals, means, main sleep.",
    ),
];

/// Writes the archive.
pub(super) async fn write(
    app: &App,
    user: UserId,
    out: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<Exported, ExportError> {
    // What waits to be written down was done before this.
    writer::settle(app, user).await?;
    let mut tx = app.store.read().await?;
    let key = app.vault.person_key(&mut tx, user).await?;
    drop(tx);
    let mut bundle = Bundle {
        app,
        user,
        key_mark: key.identity(KEY_TEXT),
        archive: Archive::new(app, out),
        members: Vec::new(),
    };
    let exported = bundle.exports().await?;
    bundle.documents().await?;
    bundle.insights().await?;
    bundle.goals().await?;
    bundle.entries().await?;
    bundle.uploads().await?;
    bundle.account().await?;
    bundle.log().await?;
    let page = index::page(&bundle.members, &rfc3339(app.clock.now_us()));
    bundle.archive.begin("index.html").await?;
    bundle.archive.add(page.into_bytes()).await?;
    bundle.archive.finish().await?;
    Ok(exported)
}

struct Bundle<'a> {
    app: &'a App,
    user: UserId,
    /// Which key the bundle began with.
    key_mark: [u8; 16],
    archive: Archive<'a>,
    members: Vec<Member>,
}

fn entered(kind: &str, entry: &StoredEntry) -> Vec<u8> {
    let id = entry.id.to_string();
    let content: Option<&RawValue> = serde_json::from_slice(&entry.bytes).ok();
    let line = Entered { kind, id, content };
    serde_json::to_vec(&line).expect("plain JSON")
}

#[derive(Serialize)]
struct Entered<'a> {
    kind: &'a str,
    id: String,
    content: Option<&'a RawValue>,
}

/// An entry of the log.
#[derive(Serialize)]
struct Logged<'a> {
    number: i64,
    text: Option<String>,
    entry: Option<&'a RawValue>,
    hash: String,
}

impl Bundle<'_> {
    async fn read(&mut self) -> Result<(store::Tx, PersonKey), ExportError> {
        let mut tx = self.app.store.read().await?;
        let key = self.app.vault.person_key(&mut tx, self.user).await?;
        if key.identity(KEY_TEXT) == self.key_mark {
            Ok((tx, key))
        } else {
            Err(ExportError::Overtaken)
        }
    }

    async fn begin(&mut self, name: &'static str) -> Result<(), ExportError> {
        self.archive.begin(name).await
    }

    fn ended(&mut self, name: &'static str, count: u64, about: &'static str) {
        self.members.push(Member { name, count, about });
    }

    async fn exports(&mut self) -> Result<Exported, ExportError> {
        let mut all = Exported::default();
        for (format, about) in EXPORTS {
            // It compares its key with its own beginning; this compares that with the bundle's.
            drop(self.read().await?);
            let name = format.file_name();
            self.begin(name).await?;
            let (mut write_end, read_end) = tokio::io::duplex(AHEAD_BYTES);
            let (app, user) = (self.app, self.user);
            let writing = Box::pin(async move { plain(app, user, format, &mut write_end).await });
            let (written, passed) = tokio::join!(writing, self.archive.pass(read_end));
            passed?;
            let written = written?;
            // Of a table of days only the days are counted, of the others only the rest.
            let count = written.days + written.samples + written.records;
            self.ended(name, count, about);
            if format == Format::Ndjson {
                all = written;
            }
        }
        Ok(all)
    }

    /// Days as they were computed, whole.
    async fn documents(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "days.ndjson";
        self.begin(NAME).await?;
        let (mut tx, _) = self.read().await?;
        let bounds = store::days::bounds(&mut tx, self.user).await?;
        drop(tx);
        let (mut count, mut damaged) = (0, 0);
        for (from, until) in bounds.into_iter().flat_map(all_days) {
            let (mut tx, key) = self.read().await?;
            let stored = store::days::get(&mut tx, &key, self.user, from, until).await?;
            drop(tx);
            let unpacked = self.app.compute(move || {
                let mut text = Vec::new();
                let mut good = 0;
                for (_, packed) in &stored {
                    let Some(mut document) = unpack(packed) else {
                        continue;
                    };
                    good += 1;
                    text.append(&mut document);
                    text.push(b'\n');
                }
                (text, good, stored.len() as u64 - good)
            });
            let (text, good, bad) = unpacked.await?;
            count += good;
            damaged += bad;
            self.archive.add(text).await?;
        }
        if damaged > 0 {
            let line = serde_json::json!({ "damaged": damaged });
            self.archive.add(format!("{line}\n").into_bytes()).await?;
        }
        let about = "Your days as they were computed, one on each line: totals by measure and source, night, heart, coverage.";
        self.ended(NAME, count, about);
        Ok(())
    }

    async fn insights(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "insights.ndjson";
        self.begin(NAME).await?;
        let (mut after, mut count) = (None, 0);
        loop {
            let (mut tx, key) = self.read().await?;
            let found = store::insights::list(&mut tx, &key, self.user, after, PAGE).await?;
            drop(tx);
            let Some(last) = found.last() else { break };
            after = Some(After {
                created_us: last.now_us,
                id: last.id,
            });
            let texts = found.into_iter().map(|insight| insight.bytes);
            count += self.lines(texts).await?;
        }
        self.ended(
            NAME,
            count,
            "What was written about your days, with the facts it rests on.",
        );
        Ok(())
    }

    async fn goals(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "goals.ndjson";
        self.begin(NAME).await?;
        let (mut tx, key) = self.read().await?;
        let found = store::goals::list(&mut tx, &key, self.user).await?;
        drop(tx);
        let count = self.lines(found.into_iter().map(|goal| goal.bytes)).await?;
        self.ended(NAME, count, "Your goals.");
        Ok(())
    }

    /// What was entered by hand, with the words that no sample has.
    async fn entries(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "entries.ndjson";
        self.begin(NAME).await?;
        let (mut after, mut count) = (None, 0);
        loop {
            let (mut tx, key) = self.read().await?;
            let found = store::entries::after(&mut tx, &key, self.user, after, PAGE).await?;
            drop(tx);
            let Some((_, last)) = found.last() else { break };
            after = Some(last.id);
            let texts = found.iter().map(|(kind, entry)| entered(kind, entry));
            count += self.lines(texts.collect::<Vec<Vec<u8>>>()).await?;
        }
        self.ended(
            NAME,
            count,
            "What you entered: measures, meals, favourites, words of your own.",
        );
        Ok(())
    }

    async fn uploads(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "uploads.ndjson";
        self.begin(NAME).await?;
        let (mut before, mut count) = (None, 0);
        loop {
            let (mut tx, key) = self.read().await?;
            let found = store::uploads::list(&mut tx, &key, self.user, before, PAGE).await?;
            drop(tx);
            let Some(last) = found.last() else { break };
            before = Some(last.no);
            let texts = found.iter().map(account::upload);
            count += self.lines(texts.collect::<Vec<Vec<u8>>>()).await?;
        }
        self.ended(
            NAME,
            count,
            "What was sent and imported, and what became of it.",
        );
        Ok(())
    }

    async fn account(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "account.json";
        self.begin(NAME).await?;
        let (mut tx, key) = self.read().await?;
        let text = account::whole(&mut tx, self.app, &key, self.user).await?;
        drop(tx);
        self.archive.add(text).await?;
        let about = "Account, profile, preferences, sources and their order, sessions, devices, keys of programs, who may read what.";
        self.ended(NAME, 1, about);
        Ok(())
    }

    async fn log(&mut self) -> Result<(), ExportError> {
        const NAME: &str = "audit.ndjson";
        self.begin(NAME).await?;
        let (mut tx, key) = self.read().await?;
        let devices = store::devices::list(&mut tx, &key, self.user).await?;
        let keys = store::api_keys::list(&mut tx, &key, self.user).await?;
        drop(tx);
        let devices = devices.into_iter();
        let devices = devices.map(|device| (By::Device(device.id), device.name));
        let keys = keys.into_iter().map(|key| (By::Key(key.id), key.name));
        let names: HashMap<By, String> = devices.chain(keys).collect();
        let (mut before, mut count) = (None, 0);
        loop {
            let (mut tx, key) = self.read().await?;
            let found = store::audit::page(&mut tx, &key, self.user, before, PAGE).await?;
            drop(tx);
            let Some(last) = found.last() else { break };
            before = Some(last.seq);
            let texts = found.iter().map(|stored| {
                // One that a later version wrote has no sentence here, and is there all the same.
                let entry = Entry::read(&stored.bytes);
                let name = |by| names.get(&by).cloned();
                let say = |entry: Entry| words::sentence(&entry, access::says(&entry.what), name);
                let line = Logged {
                    number: stored.seq,
                    text: entry.map(say),
                    entry: serde_json::from_slice(&stored.bytes).ok(),
                    hash: words::hex(&stored.hash),
                };
                serde_json::to_vec(&line).expect("plain JSON")
            });
            count += self.lines(texts.collect::<Vec<Vec<u8>>>()).await?;
        }
        self.ended(
            NAME,
            count,
            "Who read or changed your data, newest first, in words and as it is kept.",
        );
        Ok(())
    }

    /// Writes documents of JSON, one on each line; returns how many.
    async fn lines(
        &mut self,
        documents: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<u64, ExportError> {
        let (mut text, mut count) = (Vec::new(), 0);
        for document in documents {
            // One on each line, however it was kept.
            let one: &RawValue =
                serde_json::from_slice(&document).map_err(|_| ExportError::Compute)?;
            text.extend(one.get().bytes().filter(|byte| *byte != b'\n'));
            text.push(b'\n');
            count += 1;
        }
        self.archive.add(text).await?;
        Ok(count)
    }
}

fn all_days((first, last): (Date, Date)) -> impl Iterator<Item = (Date, Date)> {
    stretches(first, last, ROW_DAYS)
}
