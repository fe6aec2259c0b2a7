//! From samples to one row per bucket of time, by the methods of `analysis`.
//!
//! Each bucket only looks at the samples that can touch it, so that a hundred thousand samples in
//! ten thousand buckets stay cheap. It must never compute a measure itself.

use std::collections::BTreeMap;

use analysis::daily::category::totals;
use analysis::daily::discrete::{Weighting, distribution};
use analysis::daily::merge::by_priority;
use analysis::daily::rank::Ranks;
use jiff::civil::Date;
use model::metric::Kind;
use model::sample::Sample;
use model::source::SourceNo;
use model::zone::{Span, ZoneHistory};

use crate::http::series::Merged;
use crate::http::table::{Dates, SeriesColumns, Times};

/// A stretch of time that becomes one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bucket {
    date: Date,
    spans: Vec<Span>,
    whole: Span,
}

impl Bucket {
    /// A bucket of these spans, oldest first; none without a span (a day that a traveller skipped).
    pub(crate) fn new(date: Date, spans: Vec<Span>) -> Option<Self> {
        let whole = Span {
            start_us: spans.first()?.start_us,
            end_us: spans.last()?.end_us,
        };
        Some(Self { date, spans, whole })
    }

    /// From its first instant to its end.
    pub(crate) const fn span(&self) -> Span {
        self.whole
    }
}

/// One row; the shape says which of its cells mean something.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    source: SourceNo,
    value: f64,
    counted: f64,
    mean: Option<f64>,
    weighted: Option<f64>,
    min: f64,
    max: f64,
    n: u32,
    code: i32,
    coverage: f64,
}

/// Which columns the rows fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Totals,
    Distribution(Weighting),
    Codes,
}

/// Whether rows are of one source each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sources {
    Together,
    Apart,
}

/// The rows so far.
#[derive(Debug)]
pub(crate) struct Rows {
    shape: Shape,
    sources: Sources,
    held: Vec<(Date, Span, Row)>,
}

impl Rows {
    /// No rows yet.
    pub(crate) const fn new(kind: Kind, merge: Merged) -> Self {
        let shape = match kind {
            Kind::Cumulative => Shape::Totals,
            Kind::Category => Shape::Codes,
            Kind::TimeWeighted => Shape::Distribution(Weighting::Time),
            Kind::EquivalentLevel => Shape::Distribution(Weighting::Energy),
            Kind::Discrete => Shape::Distribution(Weighting::Arithmetic),
        };
        let sources = match merge {
            Merged::None => Sources::Apart,
            Merged::Priority | Merged::All => Sources::Together,
        };
        Self {
            shape,
            sources,
            held: Vec::new(),
        }
    }

    /// Adds the rows of buckets, given every sample that touches them, sorted by start.
    pub(crate) fn add(&mut self, samples: &[Sample], buckets: &[Bucket], ranks: &Ranks) {
        match self.shape {
            Shape::Totals => self.add_totals(samples, buckets, ranks),
            Shape::Distribution(weighting) => {
                self.add_near(samples, buckets, |rows, source, bucket, near| {
                    rows.add_distribution(source, bucket, near, weighting);
                });
            }
            Shape::Codes => self.add_near(samples, buckets, Self::add_codes),
        }
    }

    /// Hands each bucket the samples that can touch it: all of them, or those of one source after the other.
    fn add_near(
        &mut self,
        samples: &[Sample],
        buckets: &[Bucket],
        add: impl Fn(&mut Self, SourceNo, &Bucket, &[Sample]),
    ) {
        for (bucket, near) in with_samples(samples, buckets) {
            if self.sources == Sources::Together {
                add(self, SourceNo::default(), bucket, near);
                continue;
            }
            let mut apart: BTreeMap<SourceNo, Vec<Sample>> = BTreeMap::new();
            for sample in near {
                apart.entry(sample.source).or_default().push(*sample);
            }
            for (source, near) in apart {
                add(self, source, bucket, &near);
            }
        }
    }

    fn add_distribution(
        &mut self,
        source: SourceNo,
        bucket: &Bucket,
        near: &[Sample],
        weighting: Weighting,
    ) {
        let Some(found) = distribution(near, &bucket.spans, weighting) else {
            return;
        };
        let row = Row {
            source,
            mean: found.mean,
            weighted: found.weighted,
            min: found.min,
            max: found.max,
            n: found.n,
            coverage: found.coverage,
            ..Row::default()
        };
        self.push(bucket, row);
    }

    fn add_codes(&mut self, source: SourceNo, bucket: &Bucket, near: &[Sample]) {
        let Some(found) = totals(near, &bucket.spans) else {
            return;
        };
        for code in found.codes {
            let row = Row {
                source,
                code: code.code,
                n: code.n,
                value: code.minutes,
                coverage: found.coverage,
                ..Row::default()
            };
            self.push(bucket, row);
        }
    }

    fn add_totals(&mut self, samples: &[Sample], buckets: &[Bucket], ranks: &Ranks) {
        let spans: Vec<Vec<Span>> = buckets.iter().map(|bucket| bucket.spans.clone()).collect();
        for (bucket, total) in buckets.iter().zip(by_priority(samples, ranks, &spans)) {
            if total.samples == 0 {
                continue;
            }
            if self.sources == Sources::Together {
                self.push(
                    bucket,
                    Row {
                        value: total.total,
                        n: total.samples,
                        coverage: total.coverage,
                        ..Row::default()
                    },
                );
                continue;
            }
            for part in total.by_source {
                self.push(
                    bucket,
                    Row {
                        source: part.source,
                        value: part.plain,
                        counted: part.merged,
                        n: part.samples,
                        coverage: total.coverage,
                        ..Row::default()
                    },
                );
            }
        }
    }

    fn push(&mut self, bucket: &Bucket, row: Row) {
        self.held.push((bucket.date, bucket.whole, row));
    }

    /// The columns; `index` numbers the sources of the response.
    pub(crate) fn columns<'a>(
        &self,
        history: &'a ZoneHistory,
        mut index: impl FnMut(SourceNo) -> u32,
    ) -> SeriesColumns<'a> {
        #[expect(
            clippy::unnecessary_wraps,
            reason = "each column is one that some series lack"
        )]
        fn column<T>(rows: &[(Date, Span, Row)], of: impl FnMut(&Row) -> T) -> Option<Vec<T>> {
            Some(rows.iter().map(|(_, _, row)| row).map(of).collect())
        }
        let rows = &self.held;
        let times = |of: fn(&Span) -> i64| {
            let at = rows.iter().map(|(_, span, _)| (of(span), None));
            Times::new(at.collect(), history)
        };
        let is_apart = self.sources == Sources::Apart;
        let all = SeriesColumns {
            coverage: column(rows, |row| row.coverage),
            source: if is_apart {
                column(rows, |row| index(row.source))
            } else {
                None
            },
            ..SeriesColumns::of(times(|span| span.start_us), times(|span| span.end_us))
        };
        match self.shape {
            Shape::Totals => SeriesColumns {
                value: column(rows, |row| row.value),
                samples: column(rows, |row| row.n),
                counted: if is_apart {
                    column(rows, |row| row.counted)
                } else {
                    None
                },
                ..all
            },
            Shape::Distribution(weighting) => SeriesColumns {
                mean: column(rows, |row| row.mean),
                min: column(rows, |row| row.min),
                max: column(rows, |row| row.max),
                n: column(rows, |row| row.n),
                weighted: match weighting {
                    Weighting::Arithmetic => None,
                    Weighting::Time | Weighting::Energy => column(rows, |row| row.weighted),
                },
                ..all
            },
            Shape::Codes => SeriesColumns {
                code: column(rows, |row| row.code),
                n: column(rows, |row| row.n),
                minutes: column(rows, |row| row.value),
                ..all
            },
        }
    }

    /// The local dates on which the buckets begin.
    pub(crate) fn dates(&self) -> Dates {
        Dates(self.held.iter().map(|(date, _, _)| *date).collect())
    }
}

/// Each bucket with the slice of samples that can touch it; the samples are sorted by start.
fn with_samples<'a>(
    samples: &'a [Sample],
    buckets: &'a [Bucket],
) -> impl Iterator<Item = (&'a Bucket, &'a [Sample])> {
    let longest_us = samples
        .iter()
        .map(|sample| sample.end_us - sample.start_us)
        .max();
    let longest_us = longest_us.unwrap_or(0).max(0);
    buckets.iter().filter_map(move |bucket| {
        let Span { start_us, end_us } = bucket.whole;
        let from = samples.partition_point(|sample| sample.start_us < start_us - longest_us);
        let until = samples.partition_point(|sample| sample.start_us < end_us);
        let near = samples.get(from..until).filter(|near| !near.is_empty())?;
        Some((bucket, near))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::sample::{Flags, MINUTE_US};
    use model::zone::Zone;

    use super::*;
    use crate::http::table;

    fn sample(start_min: i64, end_min: i64, value: f64, source: u16) -> Sample {
        Sample {
            start_us: start_min * MINUTE_US,
            end_us: end_min * MINUTE_US,
            value,
            zone_offset_min: None,
            source: SourceNo(source),
            uid: None,
            flags: Flags::NONE,
        }
    }

    fn buckets() -> Vec<Bucket> {
        let minutes = [(0, 10), (10, 20), (20, 30)];
        let span = |(from, until)| Span {
            start_us: from * MINUTE_US,
            end_us: until * MINUTE_US,
        };
        let day = date(1970, 1, 1);
        minutes
            .into_iter()
            .filter_map(|ends| Bucket::new(day, vec![span(ends)]))
            .collect()
    }

    fn check(kind: Kind, merge: Merged, samples: &[Sample], expect: &str) {
        let ranks = Ranks::in_order(&[SourceNo(1), SourceNo(0)]);
        let mut rows = Rows::new(kind, merge);
        rows.add(samples, &buckets(), &ranks);
        let history = ZoneHistory::fixed(Zone::utc());
        let columns = rows.columns(&history, |no| u32::from(no.0));
        let text = serde_json::to_string(&table::Rows(columns)).expect("JSON");
        let text = text
            .replace("\"start\":\"1970-01-01T00:", "")
            .replace(",\"coverage\":1.0", "");
        let text = text.replace("\"end\":\"1970-01-01T00:", "");
        assert_eq!(text, expect);
    }

    #[test]
    fn totals_are_merged_cut_and_absent_where_nothing_is() {
        let steps = [sample(0, 20, 40.0, 0), sample(5, 10, 30.0, 1)];
        check(
            Kind::Cumulative,
            Merged::Priority,
            &steps,
            "[{00:00Z\",10:00Z\",\"value\":40.0,\"samples\":2},{10:00Z\",20:00Z\",\"value\":20.0,\"samples\":1}]",
        );
        check(
            Kind::Cumulative,
            Merged::None,
            &steps,
            "[{00:00Z\",10:00Z\",\"value\":30.0,\"samples\":1,\"source\":1,\"counted\":30.0},{00:00Z\",10:00Z\",\"value\":20.0,\"samples\":1,\"source\":0,\"counted\":10.0},\
             {10:00Z\",20:00Z\",\"value\":20.0,\"samples\":1,\"source\":0,\"counted\":20.0}]",
        );
    }

    #[test]
    fn each_measurement_is_in_one_bucket() {
        let rates = [
            sample(1, 1, 60.0, 0),
            sample(9, 9, 80.0, 0),
            sample(10, 10, 90.0, 0),
        ];
        check(
            Kind::Discrete,
            Merged::All,
            &rates,
            "[{00:00Z\",10:00Z\",\"mean\":70.0,\"min\":60.0,\"max\":80.0,\"n\":2},{10:00Z\",20:00Z\",\"mean\":90.0,\"min\":90.0,\"max\":90.0,\"n\":1}]",
        );
    }

    #[test]
    fn levels_and_categories_of_each_source_are_rows_of_their_own() {
        let rates = [
            sample(1, 1, 60.0, 0),
            sample(9, 9, 80.0, 1),
            sample(9, 9, 90.0, 0),
        ];
        check(
            Kind::Discrete,
            Merged::None,
            &rates,
            "[{00:00Z\",10:00Z\",\"source\":0,\"mean\":75.0,\"min\":60.0,\"max\":90.0,\"n\":2},{00:00Z\",10:00Z\",\"source\":1,\"mean\":80.0,\"min\":80.0,\"max\":80.0,\"n\":1}]",
        );
        let stages = [sample(0, 10, 3.0, 1), sample(0, 5, 3.0, 0)];
        check(
            Kind::Category,
            Merged::None,
            &stages,
            "[{00:00Z\",10:00Z\",\"source\":0,\"code\":3,\"n\":1,\"minutes\":5.0},{00:00Z\",10:00Z\",\"source\":1,\"code\":3,\"n\":1,\"minutes\":10.0}]",
        );
    }
}
