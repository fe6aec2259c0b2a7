//! `GET /series/{metric}`: one metric over time, raw or in buckets, as columns or rows.
//!
//! Buckets are whole and aligned: to the clock in UTC up to an hour, to the person's local days and
//! weeks above. A bucket without data is absent. The arithmetic is `analysis`'s; this file only
//! reads, cuts time into buckets and prints.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use analysis::daily::rank::Ranks;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use model::ids::UserId;
use model::metric::Kind;
use model::sample::{DAY_US, HOUR_US, MINUTE_US, Sample};
use model::source::SourceNo;
use model::zone::{Span, ZoneHistory};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Caller;
use crate::http::compact::CompactColumns;
use crate::http::page::{Params, PathId};
use crate::http::range::{Lengths, RangeQuery};
use crate::http::table::{Rows, SeriesColumns, SeriesRow, Times};
use crate::http::{arrow, buckets, verbatim};
use crate::instant::Instants;
use crate::json;
use crate::person::dossier::{Dossier, Tried};
use crate::person::measured::{Aggregation, Measured};
use crate::problem::{Code, FieldError, Problem};

/// Raw samples in one response: fifteen days of the densest metric, about 10 MB.
const RAW_SAMPLES_MAX: usize = 200_000;
/// Buckets are computed for this much time at once, so that memory stays flat however long the
/// range is.
const SLAB_US: i64 = 16 * DAY_US;

/// How finely time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub(crate) enum Resolution {
    /// Samples as they were measured.
    #[default]
    #[serde(rename = "raw")]
    Raw,
    /// Minutes.
    #[serde(rename = "1m")]
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// Hours.
    #[serde(rename = "1h")]
    Hour,
    /// Local days.
    #[serde(rename = "1d")]
    Day,
    /// Local weeks, from Monday.
    #[serde(rename = "1w")]
    Week,
}

impl Resolution {
    /// The longest range: about 10,000 buckets, or few enough samples to read in a second.
    const fn lengths(self) -> Lengths {
        match self {
            Self::Raw | Self::Minute => Lengths {
                default_days: 1,
                max_days: 8,
            },
            Self::FiveMinutes => Lengths {
                default_days: 1,
                max_days: 35,
            },
            Self::Hour => Lengths {
                default_days: 7,
                max_days: 400,
            },
            Self::Day => Lengths {
                default_days: 30,
                max_days: 1_200,
            },
            Self::Week => Lengths {
                default_days: 364,
                max_days: 1_200,
            },
        }
    }
}

/// What is asked for where sources overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Merge {
    /// Every instant counts once, for the best-ranked source.
    Priority,
    /// Every source for itself.
    None,
}

/// How the sources of a series were put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Merged {
    /// Every instant counts once, for the best-ranked source.
    Priority,
    /// Every source for itself.
    None,
    /// Every sample of all sources together, as levels and categories are described.
    All,
}

/// How the response is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layout {
    /// One array per column.
    #[default]
    Columns,
    /// One object per row.
    Rows,
    /// One array per column, with numeric times and without what is the same in every row: for charts.
    Compact,
}

/// How to read a series.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesQuery {
    /// How finely time is cut. Longest ranges: raw and 1m 8 days, 5m 35, 1h 400, 1d and 1w 1,200.
    #[serde(default)]
    #[param(inline)]
    resolution: Resolution,
    /// For buckets of cumulative metrics `priority` (default); for buckets of every metric `none`: one row per source,
    /// which says who is in a bucket. Levels and categories describe the samples of all sources without it.
    #[param(inline)]
    merge: Option<Merge>,
    /// `columns` (default), `rows` or `compact`.
    #[serde(default)]
    #[param(inline)]
    layout: Layout,
    /// Which unit, for a type outside the catalogue that came in several.
    unit: Option<String>,
    /// An order of sources to try, without saving it: their places in `GET /sources?metric=…`, best first, such as
    /// `2,1`. Sources that are left out keep their order behind these. For buckets of cumulative metrics.
    order: Option<String>,
}

/// A series.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeriesAnswer<'a> {
    /// Metric id.
    metric: &'a str,
    /// How its samples combine.
    kind: Aggregation,
    /// UCUM unit of the values.
    unit: &'a str,
    /// As asked for.
    resolution: Resolution,
    /// How the sources were put together.
    merge: Merged,
    /// Start of the range.
    #[schema(format = DateTime)]
    start: String,
    /// End of the range, exclusive.
    #[schema(format = DateTime)]
    end: String,
    /// Rows.
    count: usize,
    /// Names of the sources that `source` counts from 0.
    sources: Vec<&'a str>,
    /// With `layout=columns`. Raw samples have `start`, `end`, `value` and `source`. Buckets of a cumulative
    /// metric have `start`, `end`, `value`, `samples`, `coverage`, and with `merge=none` also `counted`;
    /// those of categories `start`, `end`, `code`, `n`, `minutes`, `coverage`; all others `start`, `end`,
    /// `mean`, `min`, `max`, `n`, `coverage`, and `weighted` where the metric is averaged so. With `merge=none` they
    /// also have `source`. Days and weeks also have `date`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SeriesColumns<'a>>)]
    columns: Option<SeriesColumns<'a>>,
    /// With `layout=rows`: the same, one object per row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<SeriesRow>>)]
    data: Option<Rows<'a>>,
    /// With `layout=compact`: the same, with times in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    compact: Option<CompactColumns>,
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Reads one metric over time.
///
/// Any name of the metric is taken (`steps` for `step_count`). Cumulative metrics are merged across
/// overlapping sources so that every instant counts once, levels and categories describe the samples of all sources;
/// `merge=none` returns each source for itself. Buckets without data are absent.
#[utoipa::path(
    get,
    operation_id = "get_series",
    path = "/series/{metric}",
    tag = "reading",
    params(
        ("metric" = String, Path, description = "Metric id, alias or HealthKit identifier", example = "heart_rate"),
        RangeQuery,
        SeriesQuery,
    ),
    responses(
        (status = 200, description = "The series; as Arrow the same columns, with instants as such, sources by name \
            and everything else in the metadata of the schema", content(
            (SeriesAnswer<'static> = "application/json"),
            (String = "application/vnd.apache.arrow.stream"),
        )),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
        (status = 406, description = "Neither JSON nor an Arrow stream is accepted"),
    ),
    security(("bearer" = [])),
)]
async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    PathId(name): PathId<String>,
    Params(range): Params<RangeQuery>,
    Params(query): Params<SeriesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let media = Media::accepted(&headers)?;
    let range = range.parse()?;
    let mut tx = app.store.read().await?;
    let dossier = app.people.load(&mut tx, &app.vault, caller.user).await?;
    let metric = one_metric(&dossier, &name, query.unit.as_deref())?;
    let history = dossier.history();
    let span = range.span(&history, app.clock.now_us(), query.resolution.lengths())?;
    let merge = merge_of(&metric, &query)?;
    let ranks = match &query.order {
        None => dossier.ranks(&metric.id),
        Some(order) => dossier.ranks_in(
            &metric.id,
            &tried(&metric, query.resolution, order, &dossier)?,
        ),
    };
    let reading = Reading {
        user: caller.user,
        dossier,
        metric,
        history,
        span,
        merge,
        ranks,
        query,
        media,
    };
    let found = match reading.query.resolution {
        Resolution::Raw => reading.raw(&mut tx).await?,
        Resolution::Minute
        | Resolution::FiveMinutes
        | Resolution::Hour
        | Resolution::Day
        | Resolution::Week => reading.bucketed(&app, &mut tx).await?,
    };
    drop(tx);
    let body = app.compute(move || reading.print(&found)).await?;
    Ok(verbatim::of_type(&headers, body, media.media_type()))
}

/// Media types of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    Json,
    Arrow,
}

impl Media {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Arrow => export::table::arrow::MEDIA_TYPE,
        }
    }

    /// The first type of the client's list that is on offer; without a list JSON.
    fn accepted(headers: &HeaderMap) -> Result<Self, Problem> {
        if !headers.contains_key(header::ACCEPT) {
            return Ok(Self::Json);
        }
        let lists = headers.get_all(header::ACCEPT).iter();
        let kinds = lists
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','));
        let mut known = kinds.filter_map(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            match kind {
                "application/json" | "application/*" | "*/*" => Some(Self::Json),
                _ if kind.eq_ignore_ascii_case(Self::Arrow.media_type()) => Some(Self::Arrow),
                _ => None,
            }
        });
        known.next().ok_or_else(|| {
            let message =
                "a series is application/json or application/vnd.apache.arrow.stream; accept one";
            Problem::new(Code::NotAcceptable, message)
        })
    }
}

fn one_metric(dossier: &Dossier, name: &str, unit: Option<&str>) -> Result<Measured, Problem> {
    let mut found = Measured::named(dossier, name);
    if let Some(unit) = unit {
        found.retain(|metric| metric.unit == unit);
    }
    if found.len() > 1 {
        let units: Vec<&str> = found.iter().map(|metric| metric.unit.as_str()).collect();
        let message = format!("this type came in several units; ask for one of {units:?}");
        return Err(Problem::invalid(vec![FieldError::new(
            "unit",
            "unit_ambiguous",
            message,
        )]));
    }
    found
        .pop()
        .ok_or_else(|| Problem::new(Code::NotFound, "there is no such metric"))
}

fn merge_of(metric: &Measured, query: &SeriesQuery) -> Result<Merged, Problem> {
    let usual = match metric.kind {
        _ if query.resolution == Resolution::Raw => Merged::None,
        Kind::Cumulative => Merged::Priority,
        Kind::Discrete | Kind::TimeWeighted | Kind::EquivalentLevel | Kind::Category => Merged::All,
    };
    match query.merge {
        None => Ok(usual),
        Some(Merge::None) => Ok(Merged::None),
        Some(Merge::Priority) if usual == Merged::Priority => Ok(usual),
        Some(Merge::Priority) => Err(Problem::invalid(vec![FieldError::new(
            "merge",
            "merge_not_possible",
            "only buckets of cumulative metrics can be merged by priority",
        )])),
    }
}

/// Every source in the order that is tried: those that are named by their places, then the others.
fn tried(
    metric: &Measured,
    resolution: Resolution,
    order: &str,
    dossier: &Dossier,
) -> Result<Tried, Problem> {
    let wrong = |message: &str| Problem::parameter("order", message);
    if metric.kind != Kind::Cumulative || resolution == Resolution::Raw {
        return Err(wrong(
            "only buckets of cumulative metrics depend on the order of sources",
        ));
    }
    let present = dossier.order(Some(&metric.id));
    let mut found = Vec::new();
    let mut places = BTreeSet::new();
    for place in order.split(',') {
        let place: usize = place.trim().parse().unwrap_or(0);
        let source = place.checked_sub(1).and_then(|index| present.get(index));
        let source = source.ok_or_else(|| {
            wrong("must be places of GET /sources, from 1 and with commas between them")
        })?;
        if !places.insert(place) {
            return Err(wrong("must name each place once"));
        }
        found.push(*source);
    }
    let others = (1..)
        .zip(&present)
        .filter(|(place, _)| !places.contains(place));
    let named = found.clone();
    found.extend(others.map(|(_, source)| *source));
    Ok(Tried {
        named,
        best_first: found,
    })
}

/// Everything that a series is read with.
struct Reading {
    user: UserId,
    dossier: Dossier,
    metric: Measured,
    history: ZoneHistory,
    span: Span,
    merge: Merged,
    ranks: Ranks,
    query: SeriesQuery,
    media: Media,
}

/// Sources in the order in which they were first met.
#[derive(Debug, Default)]
struct Sources {
    order: Vec<SourceNo>,
    places: HashMap<SourceNo, u32>,
}

impl Sources {
    fn index(&mut self, no: SourceNo) -> u32 {
        // A source is a 16-bit number.
        let next = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        *self.places.entry(no).or_insert_with(|| {
            self.order.push(no);
            next
        })
    }
}

/// What a series is printed from.
enum Found {
    /// Samples as they were measured.
    Samples(Vec<Sample>),
    /// Buckets.
    Rows(buckets::Rows),
}

impl Reading {
    async fn raw(&self, tx: &mut store::Tx) -> Result<Found, Problem> {
        let key = &self.dossier.key;
        let samples =
            store::samples::readable_in(tx, key, self.user, self.metric.no, self.span).await?;
        let samples = samples.samples;
        if samples.len() > RAW_SAMPLES_MAX {
            return Err(Problem::new(
                Code::TooManyItems,
                format!(
                    "the range holds {} samples, more than the {RAW_SAMPLES_MAX} of one answer; \
                     ask for a shorter range",
                    samples.len()
                ),
            ));
        }
        Ok(Found::Samples(samples))
    }

    async fn bucketed(&self, app: &App, tx: &mut store::Tx) -> Result<Found, Problem> {
        let all = self.buckets();
        let mut rows = buckets::Rows::new(self.metric.kind, self.merge);
        let mut rest = all.as_slice();
        while let Some(first) = rest.first() {
            let until_us = first.span().start_us + SLAB_US;
            let count = rest
                .iter()
                .take_while(|bucket| bucket.span().start_us < until_us)
                .count();
            let (slab, after) = rest.split_at_checked(count.max(1)).unwrap_or((rest, &[]));
            rest = after;
            let last = slab.last().unwrap_or(first);
            let whole = Span {
                start_us: first.span().start_us,
                end_us: last.span().end_us,
            };
            let key = &self.dossier.key;
            let samples =
                store::samples::readable_over(tx, key, self.user, self.metric.no, whole).await?;
            let samples = samples.samples;
            let (slab, ranks) = (slab.to_vec(), self.ranks.clone());
            rows = app
                .compute(move || {
                    rows.add(&samples, &slab, &ranks);
                    rows
                })
                .await?;
        }
        Ok(Found::Rows(rows))
    }

    /// The whole buckets that the range touches.
    fn buckets(&self) -> Vec<buckets::Bucket> {
        let Span { start_us, end_us } = self.span;
        let width_us = match self.query.resolution {
            Resolution::Raw => return Vec::new(),
            Resolution::Minute => MINUTE_US,
            Resolution::FiveMinutes => 5 * MINUTE_US,
            Resolution::Hour => HOUR_US,
            Resolution::Day => return self.days(1),
            Resolution::Week => return self.days(7),
        };
        let mut found = Vec::new();
        let mut from_us = start_us.div_euclid(width_us) * width_us;
        while from_us < end_us {
            let span = Span {
                start_us: from_us,
                end_us: from_us + width_us,
            };
            found.extend(buckets::Bucket::new(
                self.history.date_at(from_us),
                vec![span],
            ));
            from_us += width_us;
        }
        found
    }

    /// Buckets of `step` local days: days, or weeks from Monday.
    fn days(&self, step: i32) -> Vec<buckets::Bucket> {
        let first = self.history.date_at(self.span.start_us);
        let last = self.history.date_at(self.span.end_us - 1);
        let monday = first.weekday().since(Weekday::Monday);
        let back = if step == 7 { i32::from(monday) } else { 0 };
        let mut found = Vec::new();
        let mut day = plus(first, -back);
        while day <= last {
            let dates = (0..step).map(|offset| plus(day, offset));
            let spans = dates.flat_map(|date| self.history.day(date)).collect();
            found.extend(buckets::Bucket::new(day, spans));
            day = plus(day, step);
        }
        found
    }

    fn print(&self, found: &Found) -> Vec<u8> {
        let mut sources = Sources::default();
        let columns = match found {
            Found::Samples(samples) => self.columns(samples, &mut sources),
            Found::Rows(rows) => SeriesColumns {
                date: matches!(self.query.resolution, Resolution::Day | Resolution::Week)
                    .then(|| rows.dates()),
                ..rows.columns(&self.history, |no| sources.index(no))
            },
        };
        let mut instants = Instants::of(&self.history);
        let count = columns.len();
        if self.media == Media::Arrow {
            return self.arrow(&columns, &sources);
        }
        let (columns, data, compact) = match self.query.layout {
            Layout::Columns => (Some(columns), None, None),
            Layout::Rows => (None, Some(Rows(columns)), None),
            Layout::Compact => (None, None, Some(CompactColumns::of(columns))),
        };
        let name = |no: &SourceNo| self.dossier.source_name(*no);
        let answer = SeriesAnswer {
            metric: &self.metric.id,
            kind: self.metric.kind.into(),
            unit: &self.metric.unit,
            resolution: self.query.resolution,
            merge: self.merge,
            start: instants.text(self.span.start_us),
            end: instants.text(self.span.end_us),
            count,
            sources: sources.order.iter().map(name).collect(),
            columns,
            data,
            compact,
        };
        let mut out = Vec::with_capacity(256 + count * 80);
        json::write(&mut out, &answer);
        out
    }

    fn arrow(&self, columns: &SeriesColumns<'_>, sources: &Sources) -> Vec<u8> {
        let name = |no: &SourceNo| self.dossier.source_name(*no);
        let names: Vec<&str> = sources.order.iter().map(name).collect();
        let mut instants = Instants::of(&self.history);
        let metadata = [
            ("metric", self.metric.id.clone()),
            ("kind", json::word(&Aggregation::from(self.metric.kind))),
            ("unit", self.metric.unit.clone()),
            ("resolution", json::word(&self.query.resolution)),
            ("merge", json::word(&self.merge)),
            ("start", instants.text(self.span.start_us)),
            ("end", instants.text(self.span.end_us)),
        ];
        arrow::of(columns, &names, &metadata)
    }

    fn columns(&self, samples: &[Sample], sources: &mut Sources) -> SeriesColumns<'_> {
        let times = |of: fn(&Sample) -> i64| {
            let at = samples
                .iter()
                .map(|sample| (of(sample), sample.zone_offset_min));
            Times::new(at.collect(), &self.history)
        };
        let source = samples.iter().map(|sample| sources.index(sample.source));
        SeriesColumns {
            value: Some(samples.iter().map(|sample| sample.value).collect()),
            source: Some(source.collect()),
            ..SeriesColumns::of(
                times(|sample| sample.start_us),
                times(|sample| sample.end_us),
            )
        }
    }
}

fn plus(date: Date, days: i32) -> Date {
    date.checked_add(days.days()).unwrap_or(Date::MAX)
}
