//! Uploads of one commit that came under a key of the client: those that came before get the answer of then, and
//! the answers of the others are kept by the same commit.
//!
//! All are looked up by one statement and kept by one, since a statement costs as much as a row. It must never let
//! two uploads under one key of one person both be stored.

use std::collections::HashMap;

use model::ids::UserId;
use store::idempotency::{Asked, Known};
use store::{PersonKey, Tx};

use crate::ingest::IngestError;
use crate::ingest::committer::{Committed, LiveUpload, Receipt};

/// The uploads of a group that have a key, in order.
pub(super) struct Repeats<'a> {
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    /// Its place in the group.
    index: usize,
    upload: &'a LiveUpload,
    key: &'a PersonKey,
    known: Result<Known, store::Error>,
    /// What is to be kept, once the upload is written.
    answer: Option<Vec<u8>>,
}

impl Entry<'_> {
    fn asked(&self) -> Option<Asked<'_>> {
        let repeat = self.upload.repeat.as_ref()?;
        Some(Asked {
            user: self.upload.user,
            key: self.key,
            request: &repeat.request,
        })
    }
}

impl<'a> Repeats<'a> {
    /// Looks up what is known of the keys of a group. An upload of somebody whose own key cannot be had is left to
    /// the writing of it, which says why.
    pub(super) async fn of(
        tx: &mut Tx,
        uploads: &[&'a LiveUpload],
        keys: &'a HashMap<UserId, PersonKey>,
    ) -> Result<Self, store::Error> {
        let mut entries: Vec<Entry<'a>> = uploads
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, upload)| upload.repeat.is_some())
            .filter_map(|(index, upload)| {
                Some(Entry {
                    index,
                    upload,
                    key: keys.get(&upload.user)?,
                    known: Ok(Known::New),
                    answer: None,
                })
            })
            .collect();
        let asked: Vec<Asked<'_>> = entries.iter().filter_map(Entry::asked).collect();
        let known = store::idempotency::find_all(tx, &asked).await?;
        for (entry, known) in entries.iter_mut().zip(known) {
            entry.known = known;
        }
        Ok(Self { entries })
    }

    /// The result of an upload that is not to be written, since another under its key was: before this commit, or
    /// earlier in it.
    pub(super) fn known(&mut self, index: usize) -> Option<Result<Committed, IngestError>> {
        let place = self.entries.iter().position(|entry| entry.index == index)?;
        let (earlier, rest) = self.entries.split_at_mut(place);
        let entry = rest.first_mut()?;
        match std::mem::replace(&mut entry.known, Ok(Known::New)) {
            Ok(Known::Answered(answer)) => return Some(Ok(Committed::Repeated(answer))),
            Ok(Known::Conflict) => return Some(Err(IngestError::KeyUsed)),
            Err(error) => return Some(Err(IngestError::Store(error))),
            Ok(Known::New) => {}
        }
        let asked = entry.asked()?;
        let first = earlier.iter().find(|earlier| {
            earlier.answer.is_some()
                && earlier
                    .asked()
                    .is_some_and(|earlier| earlier.is_under_key_of(&asked))
        })?;
        let is_same = first
            .asked()
            .is_some_and(|first| first.request == asked.request);
        Some(match &first.answer {
            Some(answer) if is_same => Ok(Committed::Repeated(answer.clone())),
            _ => Err(IngestError::KeyUsed),
        })
    }

    /// Notes that an upload was written.
    pub(super) fn done(&mut self, index: usize, receipt: &Receipt) {
        let entry = self.entries.iter_mut().find(|entry| entry.index == index);
        if let Some(entry) = entry {
            entry.answer = entry
                .upload
                .repeat
                .as_ref()
                .map(|repeat| (repeat.answer)(receipt));
        }
    }

    /// Keeps the answers. Another process may have done one of the requests since they were looked up: the group is
    /// begun again then.
    pub(super) async fn keep(&self, tx: &mut Tx, now_us: i64) -> Result<(), store::Error> {
        let answers: Vec<(Asked<'_>, &[u8])> = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry.asked()?, entry.answer.as_deref()?)))
            .collect();
        if store::idempotency::keep_all(tx, &answers, now_us).await? {
            return Ok(());
        }
        Err(store::Error::Overtaken)
    }
}
