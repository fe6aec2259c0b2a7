//! Reads the stored documents of local days, for every answer that is made of them.
//!
//! A day that is being computed again is served as it was computed last; a day without data is
//! absent. Documents are passed on as text wherever an answer prints them as they are.

use analysis::daily::document::{DayDocument, DayView};
use jiff::civil::Date;
use model::ids::UserId;

use crate::app::App;
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
    let read = |bytes: &Vec<u8>| {
        let json = unpack(bytes).ok_or_else(|| Problem::internal(DamagedDay))?;
        DayDocument::from_bytes(&json).map_err(Problem::internal)
    };
    stored.iter().map(read).collect()
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

/// Writes a day into an answer.
type PrintDay<'a> = dyn FnMut(&mut Vec<u8>, &DayView<'_>) -> Result<(), Problem> + 'a;

/// Writes `{"data": […]}` with what `one` makes of each document. Keeps a processor busy.
pub(crate) fn print(
    stored: &[Vec<u8>],
    mut one: impl FnMut(&mut Vec<u8>, &DayView<'_>) -> Result<(), Problem>,
) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::with_capacity(64 + stored.len() * 4096);
    out.extend_from_slice(b"{\"data\":");
    let mut outcome = Ok(());
    json::list(&mut out, stored, |out, bytes| {
        if outcome.is_ok() {
            outcome = print_one(out, bytes, &mut one);
        }
    });
    outcome?;
    out.push(b'}');
    Ok(out)
}

fn print_one(out: &mut Vec<u8>, stored: &[u8], one: &mut PrintDay<'_>) -> Result<(), Problem> {
    let json = unpack(stored).ok_or_else(|| Problem::internal(DamagedDay))?;
    let view = DayView::from_bytes(&json).map_err(Problem::internal)?;
    one(out, &view)
}
