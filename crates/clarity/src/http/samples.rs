//! `GET /health-data`: raw samples, newest first, page by page.
//!
//! Rows have one total order (start, then everything else that tells two samples apart), and a
//! cursor names the last row that was shown. So a walk sees each row once while others are added.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::ids::UserId;
use model::metric::MetricNo;
use model::sample::{DAY_US, Sample};
use model::source::SourceNo;
use model::zone::{Span, Zone, ZoneHistory};
use serde::{Deserialize, Serialize};
use store::samples::{DamagedChunk, Held};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::cursor;
use crate::http::page::{PageQuery, Params};
use crate::http::range::RangeQuery;
use crate::instant::Instants;
use crate::person::dossier::Dossier;
use crate::person::measured::{DamagedPart, Measured};
use crate::problem::Problem;

/// The walk looks at one day first and doubles its step over empty time, up to this many days: wide
/// enough to cross years quickly, narrow enough to hold the samples of every day in it.
const STEP_DAYS_MAX: i64 = 32;

/// Which samples.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SamplesQuery {
    /// Metric id, alias or HealthKit identifier; every metric when left out.
    #[param(example = "heart_rate")]
    metric: Option<String>,
    /// The former name of `metric`.
    data_type: Option<String>,
    /// Name of a source, as responses print it.
    #[param(example = "Apple Watch")]
    source: Option<String>,
}

impl SamplesQuery {
    /// The name of the parameter that selects the metric, and its value.
    fn metric(&self) -> Result<Option<(&'static str, &String)>, Problem> {
        match (&self.metric, &self.data_type) {
            (Some(_), Some(_)) => Err(Problem::parameter(
                "data_type",
                "is the former name of metric; give only one of them",
            )),
            (Some(name), None) => Ok(Some(("metric", name))),
            (None, Some(name)) => Ok(Some(("data_type", name))),
            (None, None) => Ok(None),
        }
    }
}

/// A sample as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SampleRow {
    /// Metric id.
    metric: String,
    /// The former name of `metric`.
    #[schema(deprecated)]
    data_type: String,
    /// Value in `unit`, or the code of a category.
    value: f64,
    /// UCUM unit.
    unit: String,
    /// First instant.
    start: String,
    /// End; the same as the start for an instantaneous measurement.
    end: String,
    /// Name of the source that measured it.
    source: String,
    /// Context: `manual`, `aggregated`, `minimum`, `maximum`, `sedentary`, `active`, `review`,
    /// `before_meal`, `after_meal`.
    flags: Vec<&'static str>,
}

/// A page of samples.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SamplesPage {
    /// The rows.
    data: Vec<SampleRow>,
    /// Continues the list; null at its end.
    next_cursor: Option<String>,
    /// Parts of the time of this page whose stored samples cannot be opened any more. They are left out;
    /// send or import them again.
    damaged: Vec<DamagedPart>,
}

/// The place of a row in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(i64, MetricNo, i64, SourceNo, u64, u16, u64);

impl Place {
    fn of(metric: MetricNo, sample: &Sample) -> Self {
        Self(
            sample.start_us,
            metric,
            sample.end_us,
            sample.source,
            sample.value.to_bits(),
            sample.flags.bits(),
            sample.uid.map_or(0, std::num::NonZeroU64::get),
        )
    }
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Lists raw samples, newest first.
///
/// A sample belongs to a range when it starts in it. Walk through the list with `cursor`: each row
/// comes once, also while samples are being added.
#[utoipa::path(
    get,
    operation_id = "list_samples",
    path = "/health-data",
    tag = "reading",
    params(RangeQuery, SamplesQuery, PageQuery),
    responses((status = 200, description = "A page of samples", body = SamplesPage)),
    security(("bearer" = [])),
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(range_query): Params<RangeQuery>,
    Params(query): Params<SamplesQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<SamplesPage>, Problem> {
    let limit = page.limit(&app)?;
    let metric = query.metric()?;
    let filter = filter(&range_query, metric.map(|(_, name)| name), &query);
    let bound = cursor::Query {
        user: caller.user,
        list: "/health-data",
        filter: &filter,
    };
    let after = match &page.cursor {
        Some(cursor) => Some(cursor::open::<Place>(&app, bound, cursor)?),
        None => None,
    };
    let range = range_query.parse()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let history = dossier.history();
    let span = range.unbounded(&history)?;
    let held = store::samples::held(&mut tx, caller.user).await?;
    let walk = Walk {
        user: caller.user,
        held: wanted(&dossier, metric, held)?,
        source: Chosen::named(&dossier, query.source.as_deref()),
        dossier: &dossier,
        span,
        after,
        limit,
    };
    let (mut found, damaged) = walk.run(&mut tx).await?;
    drop(tx);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(place, _)| cursor::seal(&app, bound, place));
    let damaged: BTreeSet<DamagedPart> = damaged
        .iter()
        .map(|chunk| DamagedPart::of(&dossier, chunk))
        .collect();
    Ok(Json(SamplesPage {
        data: rows(&dossier, &history, &found),
        next_cursor: next,
        damaged: damaged.into_iter().collect(),
    }))
}

/// The parameters that select rows, each with its length so that no two queries look alike.
fn filter(range: &RangeQuery, metric: Option<&String>, query: &SamplesQuery) -> String {
    let (start, end) = (range.start.as_ref(), range.end.as_ref());
    let parts = [start, end, metric, query.source.as_ref()];
    let text = parts.map(|part| part.map_or("", String::as_str));
    text.map(|part| format!("{}:{part}", part.len())).join(";")
}

/// The metrics that are held and asked for.
fn wanted(
    dossier: &Dossier,
    metric: Option<(&'static str, &String)>,
    held: Vec<Held>,
) -> Result<Vec<Held>, Problem> {
    let Some((parameter, name)) = metric else {
        return Ok(held);
    };
    let named = Measured::named(dossier, name);
    if named.is_empty() {
        return Err(Problem::parameter(
            parameter,
            "there is no such metric; see GET /metric-types",
        ));
    }
    let is_named = |one: &Held| named.iter().any(|metric| metric.no == one.metric);
    Ok(held.into_iter().filter(is_named).collect())
}

/// Whose samples.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chosen {
    /// Everybody's.
    Every,
    /// Those of the sources of one name; none where this person has no such source.
    Named(Vec<SourceNo>),
}

impl Chosen {
    fn named(dossier: &Dossier, name: Option<&str>) -> Self {
        let Some(name) = name else {
            return Self::Every;
        };
        let numbers = dossier.dictionary().sources_named(name);
        Self::Named(numbers.iter().copied().map(SourceNo).collect())
    }

    fn takes(&self, no: SourceNo) -> bool {
        match self {
            Self::Every => true,
            Self::Named(numbers) => numbers.contains(&no),
        }
    }
}

/// Rows of a walk, and what had to be left out of it.
type Rows = (Vec<(Place, Sample)>, Vec<DamagedChunk>);

/// A walk back through time.
struct Walk<'a> {
    user: UserId,
    held: Vec<Held>,
    source: Chosen,
    dossier: &'a Dossier,
    span: Span,
    after: Option<Place>,
    limit: usize,
}

impl Walk<'_> {
    /// The rows after the cursor, newest first: one more than the page holds when there are more.
    async fn run(&self, tx: &mut store::Tx) -> Result<Rows, Problem> {
        let (mut found, mut damaged) = Rows::default();
        let Some((oldest_us, newest_us)) = self.bounds() else {
            return Ok((found, damaged));
        };
        let mut until_us = newest_us;
        if let Some(after) = self.after {
            until_us = until_us.min(after.0.saturating_add(1));
        }
        let mut step_days = 1;
        while until_us > oldest_us && found.len() <= self.limit {
            let from_us = (until_us - step_days * DAY_US).max(oldest_us);
            let span = Span {
                start_us: from_us,
                end_us: until_us,
            };
            let (mut here, mut closed) = self.read(tx, span).await?;
            damaged.append(&mut closed);
            here.sort_unstable_by_key(|(place, _)| Reverse(*place));
            step_days = if here.is_empty() {
                (step_days * 2).min(STEP_DAYS_MAX)
            } else {
                1
            };
            found.append(&mut here);
            until_us = from_us;
        }
        found.truncate(self.limit.saturating_add(1));
        Ok((found, damaged))
    }

    /// The time in which wanted samples can start.
    fn bounds(&self) -> Option<(i64, i64)> {
        let first = self.held.iter().map(|one| one.first_day).min()?;
        let last = self.held.iter().map(|one| one.last_day).max()?;
        let utc = Zone::utc();
        let oldest_us = utc.start_of(first).max(self.span.start_us);
        let newest_us = (utc.start_of(last) + DAY_US).min(self.span.end_us);
        Some((oldest_us, newest_us))
    }

    async fn read(&self, tx: &mut store::Tx, span: Span) -> Result<Rows, Problem> {
        let utc = Zone::utc();
        let (mut found, mut damaged) = Rows::default();
        for one in &self.held {
            let begins_us = utc.start_of(one.first_day);
            let ends_us = utc.start_of(one.last_day) + DAY_US;
            if ends_us <= span.start_us || begins_us >= span.end_us {
                continue;
            }
            let key = &self.dossier.key;
            let mut read =
                store::samples::readable_in(tx, key, self.user, one.metric, span).await?;
            damaged.append(&mut read.damaged);
            let places = read
                .samples
                .into_iter()
                .map(|sample| (Place::of(one.metric, &sample), sample));
            found.extend(places.filter(|(place, sample)| {
                self.after.is_none_or(|after| *place < after) && self.source.takes(sample.source)
            }));
        }
        Ok((found, damaged))
    }
}

fn rows(dossier: &Dossier, history: &ZoneHistory, found: &[(Place, Sample)]) -> Vec<SampleRow> {
    let mut instants = Instants::of(history);
    let mut text = |at_us: i64, told_min: Option<i16>| {
        let mut out = Vec::with_capacity(32);
        instants.write(&mut out, at_us, told_min);
        String::from_utf8(out).expect("digits and signs are text")
    };
    let row = |(place, sample): &(Place, Sample)| {
        let metric = Measured::of(dossier, place.1)?;
        Some(SampleRow {
            metric: metric.id.clone(),
            data_type: metric.id,
            value: sample.value,
            unit: metric.unit,
            start: text(sample.start_us, sample.zone_offset_min),
            end: text(sample.end_us, sample.zone_offset_min),
            source: dossier.source_name(sample.source).to_owned(),
            flags: sample.flags.names().collect(),
        })
    };
    found.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_queries_have_different_filters() {
        let text = |text: &str| Some(text.to_owned());
        let range = |start, end| RangeQuery { start, end };
        let query = |metric, source| SamplesQuery {
            metric,
            data_type: None,
            source,
        };
        let filter = |range: RangeQuery, query: SamplesQuery| {
            super::filter(&range, query.metric.as_ref(), &query)
        };
        let a = filter(range(text("a"), None), query(text("b"), None));
        let b = filter(range(text("a"), text("b")), query(None, None));
        let c = filter(range(text("a"), None), query(text("b"), text(";")));
        assert!(a != b && a != c && b != c);
    }
}
