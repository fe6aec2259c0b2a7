//! Reads the stored documents of local days, for every answer that is made of them.
//!
//! A day that is being computed again is served as it was computed last; a day without data is
//! absent. Documents are passed on as text wherever an answer prints them as they are.

use analysis::daily::document::{DayDocument, DayView};
use jiff::civil::Date;
use model::ids::UserId;
use serde::Serialize;

use crate::app::App;
use crate::http::page::List;
use crate::http::range::{Lengths, Range, RangeQuery, checked_days};
use crate::jobs::packed::unpack;
use crate::json;
use crate::problem::Problem;

/// Days in one answer: a year and a month; a document is about 10 KB.
pub(crate) const LENGTHS: Lengths = Lengths {
    default_days: 30,
    max_days: 400,
};

/// A stored document is not of the form that this version writes.
#[derive(Debug, thiserror::Error)]
#[error("the stored document of a day cannot be read")]
struct DamagedDay;

/// The stored documents of a range of days, oldest first.
pub(crate) async fn load(
    app: &App,
    user: UserId,
    query: &RangeQuery,
) -> Result<Vec<Vec<u8>>, Problem> {
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
) -> Result<Vec<Vec<u8>>, Problem> {
    let key = app.vault.person_key(tx, user).await?;
    let stored = store::days::get(tx, &key, user, from, until).await?;
    Ok(stored.into_iter().map(|(_, bytes)| bytes).collect())
}

/// Reads stored documents whole. Keeps a processor busy.
pub(crate) fn documents(stored: &[Vec<u8>]) -> Result<Vec<DayDocument>, Problem> {
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
pub(crate) fn unpacked(stored: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Problem> {
    let unpacked = stored.iter().map(|bytes| unpack(bytes));
    unpacked
        .map(|json| json.ok_or_else(|| Problem::internal(DamagedDay)))
        .collect()
}

/// Writes a list with what `one` makes of each document. Keeps a processor busy.
pub(crate) fn print<'a, T: Serialize>(
    json: &'a [Vec<u8>],
    one: impl Fn(DayView<'a>) -> Result<T, Problem>,
) -> Result<Vec<u8>, Problem> {
    let rows = json.iter().map(|json| {
        let view = DayView::from_bytes(json).map_err(Problem::internal)?;
        one(view)
    });
    let data = rows.collect::<Result<Vec<T>, Problem>>()?;
    // An answer passes on a part of the documents.
    let mut out = Vec::with_capacity(64 + json.iter().map(Vec::len).sum::<usize>());
    json::write(&mut out, &List { data });
    Ok(out)
}
