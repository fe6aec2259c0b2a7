//! Lists of records of one kind, newest first, page by page: what `/workouts`, `/cardio/beats` and `/cardio/ecgs` share.
//!
//! It finds and bounds; what a record looks like in a response is the resource's own.

use model::ids::{RecordId, UserId};
use model::record::Record;
use model::sample::DAY_US;
use model::zone::{Span, Zone, ZoneHistory};
use serde::{Deserialize, Serialize};
use store::records::{After, Order, Page as Part, StoredRecord};

use crate::app::App;
use crate::http::cursor;
use crate::http::page::PageQuery;
use crate::http::range::RangeQuery;
use crate::person::dossier::Dossier;
use crate::problem::Problem;

/// Longer than anybody lived, and far from where time overflows.
const ALL_TIME: Span = Span {
    start_us: -200 * 366 * DAY_US,
    end_us: 400 * 366 * DAY_US,
};

/// Which list is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The list, as cursors know it.
    pub(super) list: &'static str,
    /// The stored kind.
    pub(super) kind: &'static str,
    /// The range in which a record has to start.
    pub(super) range: &'a RangeQuery,
    /// Which page.
    pub(super) page: &'a PageQuery,
}

/// A page of records, and what it takes to print them.
pub(super) struct Found {
    /// The person they belong to.
    pub(super) dossier: Dossier,
    /// The zones in which the person was.
    pub(super) history: ZoneHistory,
    /// The records, newest first.
    pub(super) records: Vec<StoredRecord>,
    /// Where the next page begins; `None` after the last.
    pub(super) next_cursor: Option<String>,
}

/// The place of a record in the list.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place(i64, RecordId);

/// Reads a page of a person's records.
pub(super) async fn read(app: &App, user: UserId, wanted: Wanted<'_>) -> Result<Found, Problem> {
    let Wanted { range, page, .. } = wanted;
    let limit = page.limit(app)?;
    let (start, end) = (range.start.as_deref(), range.end.as_deref());
    let filter = format!("{start:?} {end:?}");
    let bound = cursor::Query {
        user,
        list: wanted.list,
        filter: &filter,
    };
    let after = match &page.cursor {
        Some(cursor) => Some(cursor::open::<Place>(app, bound, cursor)?),
        None => None,
    };
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, user).await?;
    let history = dossier.history();
    let span = range.unbounded(&history)?;
    let span = Span {
        start_us: span.start_us.max(ALL_TIME.start_us),
        end_us: span.end_us.min(ALL_TIME.end_us),
    };
    let part = Part {
        order: Order::NewestFirst,
        after: after.map(|Place(start_us, id)| After { start_us, id }),
        limit: u32::try_from(limit + 1).unwrap_or(u32::MAX),
    };
    let key = &dossier.key;
    let mut records = store::records::in_span(&mut tx, key, user, wanted.kind, span, part).await?;
    drop(tx);
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    let next_cursor =
        last.map(|stored| cursor::seal(app, bound, &Place(stored.record.start_us, stored.id)));
    Ok(Found {
        dossier,
        history,
        records,
        next_cursor,
    })
}

/// The clock that a record is printed with.
pub(super) fn zone_of(record: &Record, history: &ZoneHistory) -> ZoneHistory {
    let own = record
        .zone
        .as_deref()
        .and_then(|name| Zone::parse(name).ok());
    own.map_or_else(|| history.clone(), ZoneHistory::fixed)
}
