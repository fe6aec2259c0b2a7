//! Reads the stored documents of local days, for every response that is made of them.
//!
//! A day that is being computed again is served as it was computed last; a day without data is
//! absent. Documents are passed on as text wherever a response prints them as they are.

use analysis::daily::document::{DayDocument, DayView};
use jiff::civil::Date;
use model::ids::UserId;
use serde::Serialize;
use store::revisions::{self, Derived};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::pending::{self, PendingDays};
use crate::http::range::{Lengths, Range, RangeQuery, checked_days};
use crate::jobs::packed::unpack;
use crate::json;
use crate::problem::Problem;
use crate::revision;

/// Days in one response: a year and a month; a document is about 10 KB.
pub(crate) const LENGTHS: Lengths = Lengths {
    default_days: 30,
    max_days: 400,
};

/// A stored document is not of the form that this version writes.
#[derive(Debug, thiserror::Error)]
#[error("the stored document of a day cannot be read")]
struct DamagedDay;

/// The stored days of a range.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    documents: Vec<Vec<u8>>,
    stale: Vec<Date>,
    pending: Vec<PendingDays>,
}

/// A list of days that is given whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayList<T> {
    /// Days with data, oldest first; days without data are absent.
    data: Vec<T>,
    /// Dates of which the stored document was made by methods of an earlier version; they are computed
    /// again in the background.
    stale: Vec<String>,
    /// Days of the range that wait to be computed, for the first time or again; a `summary` event says when they are.
    pending: Vec<PendingDays>,
}

impl Stored {
    /// Each document, unpacked when its turn comes, oldest first.
    pub(crate) fn unpacked(&self) -> impl Iterator<Item = Result<Vec<u8>, Problem>> {
        let unpacked = self.documents.iter().map(|bytes| unpack(bytes));
        unpacked.map(|json| json.ok_or_else(|| Problem::internal(DamagedDay)))
    }

    /// The days of which older methods made what is stored, oldest first.
    pub(crate) fn stale(&self) -> Vec<String> {
        self.stale.iter().map(Date::to_string).collect()
    }

    /// The days that wait to be computed.
    pub(crate) fn pending(&self) -> Vec<PendingDays> {
        self.pending.clone()
    }
}

/// The days in `[from, until)` that were computed by older methods than this program's and wait to be computed
/// again, oldest first.
pub(crate) async fn stale(
    tx: &mut store::Tx,
    user: UserId,
    range: (Date, Date),
) -> Result<Vec<Date>, Problem> {
    let current = revision::current(Derived::Days);
    let mut days = revisions::older(tx, user, Derived::Days, current, range, STALE_MAX).await?;
    days.reverse();
    Ok(days)
}

/// Days in one response that are called stale at most: more than a response has.
const STALE_MAX: u32 = 2_000;

/// The stored documents of a range of days, oldest first.
pub(crate) async fn load(app: &App, user: UserId, query: &RangeQuery) -> Result<Stored, Problem> {
    let range = query.parse()?;
    let mut tx = app.store.read().await?;
    let days = dates(app, &mut tx, user, range).await?;
    stored(app, &mut tx, user, days).await
}

/// The stored documents of the days `[from, until)`, oldest first.
pub(crate) async fn stored(
    app: &App,
    tx: &mut store::Tx,
    user: UserId,
    (from, until): (Date, Date),
) -> Result<Stored, Problem> {
    let key = app.vault.person_key(tx, user).await?;
    let stored = store::days::get(tx, &key, user, from, until).await?;
    Ok(Stored {
        documents: stored.into_iter().map(|(_, bytes)| bytes).collect(),
        stale: stale(tx, user, (from, until)).await?,
        pending: pending::in_range(tx, user, (from, until)).await?,
    })
}

/// Reads stored documents whole. Keeps a processor busy.
pub(crate) fn documents(stored: &Stored) -> Result<Vec<DayDocument>, Problem> {
    let json = unpacked(stored)?;
    let read = json.iter().map(|json| DayDocument::from_bytes(json));
    read.map(|read| read.map_err(Problem::internal)).collect()
}

/// The dates of a range. Only instants and open ends need the person's zones.
pub(crate) async fn dates(
    app: &App,
    tx: &mut store::Tx,
    user: UserId,
    range: Range,
) -> Result<(Date, Date), Problem> {
    if let Some((from, until)) = range.as_dates() {
        return checked_days(from, until, LENGTHS.max_days);
    }
    let dossier = app.people.load(tx, &app.vault, user).await?;
    range.days(&dossier.history(), app.clock.now_us(), LENGTHS)
}

/// Unpacks stored documents. Keeps a processor busy.
pub(crate) fn unpacked(stored: &Stored) -> Result<Vec<Vec<u8>>, Problem> {
    stored.unpacked().collect()
}

/// Writes a list with what `one` makes of each document, unpacked before, and the days that are stale or wait.
/// Keeps a processor busy.
pub(crate) fn print<'a, T: Serialize>(
    stored: &Stored,
    json: &'a [Vec<u8>],
    one: impl Fn(DayView<'a>) -> Result<T, Problem>,
) -> Result<Vec<u8>, Problem> {
    let rows = json.iter().map(|json| {
        let view = DayView::from_bytes(json).map_err(Problem::internal)?;
        one(view)
    });
    let data = rows.collect::<Result<Vec<T>, Problem>>()?;
    // A response passes on a part of the documents.
    let mut out = Vec::with_capacity(64 + json.iter().map(Vec::len).sum::<usize>());
    let (stale, pending) = (stored.stale(), stored.pending());
    let list = DayList {
        data,
        stale,
        pending,
    };
    json::write(&mut out, &list);
    Ok(out)
}
