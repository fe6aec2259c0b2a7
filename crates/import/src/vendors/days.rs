//! Which local days a vendor's intervals cover, and totals of days for the others.
//!
//! A total of a day beside its intervals would count the day twice; of two totals of one day the larger is that of
//! more devices.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::metric::{Kind, Metric, MetricNo};
use model::sample::Flags;
use model::zone::ZoneHistory;
use rustc_hash::FxHashSet;

use crate::live::Interval;
use crate::vendors::desk::One;

/// Days and their totals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Days {
    covered: FxHashSet<(MetricNo, i32)>,
    totals: BTreeMap<(MetricNo, i32), One>,
    last: Option<(i64, i64, i32)>,
}

/// Days from 1970-01-01 to a date.
pub(crate) fn number_of(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).map_or(0, |span| span.get_days())
}

fn date_of(day: i32) -> Option<Date> {
    let epoch = Date::constant(1970, 1, 1);
    epoch
        .checked_add(jiff::Span::new().try_days(day).ok()?)
        .ok()
}

impl Days {
    /// Notes that the local day of an instant has intervals.
    pub(crate) fn cover(&mut self, metric: MetricNo, at_us: i64, zones: &ZoneHistory) {
        let day = self.day_of(at_us, zones);
        self.covered.insert((metric, day));
    }

    /// Whether the local day of an instant has intervals.
    pub(crate) fn is_covered(&mut self, metric: MetricNo, at_us: i64, zones: &ZoneHistory) -> bool {
        if self.covered.is_empty() {
            return false;
        }
        let day = self.day_of(at_us, zones);
        self.covered.contains(&(metric, day))
    }

    /// [`Days::is_covered`] without remembering the day.
    pub(crate) fn is_covered_at(&self, metric: MetricNo, at_us: i64, zones: &ZoneHistory) -> bool {
        let day = number_of(zones.date_at(at_us));
        self.covered.contains(&(metric, day))
    }

    fn day_of(&mut self, at_us: i64, zones: &ZoneHistory) -> i32 {
        if let Some((start_us, end_us, day)) = self.last
            && (start_us..end_us).contains(&at_us)
        {
            return day;
        }
        let day = number_of(zones.date_at(at_us));
        self.last = Self::span(day, zones).map(|(start_us, end_us)| (start_us, end_us, day));
        day
    }

    /// The interval of a local day.
    pub(crate) fn span(day: i32, zones: &ZoneHistory) -> Option<(i64, i64)> {
        let date = date_of(day)?;
        let zone = zones.zone_at(zones.home().start_of(date));
        Some((zone.start_of(date), zone.start_of(date.tomorrow().ok()?)))
    }

    /// Keeps a total where it is the largest of its day; of what does not add up, the first.
    pub(crate) fn total(&mut self, metric: &Metric, day: i32, one: One) {
        let kept = self.totals.entry((metric.no, day)).or_insert(one);
        if metric.kind == Kind::Cumulative && one.value > kept.value {
            *kept = one;
        }
    }

    /// The totals of days that no interval covers.
    pub(crate) fn totals(&mut self, zones: &ZoneHistory) -> Vec<One> {
        let totals = std::mem::take(&mut self.totals);
        let uncovered = totals
            .into_iter()
            .filter(|(key, _)| !self.covered.contains(key));
        let of_day = uncovered.filter_map(|((_, day), one)| {
            let (start_us, end_us) = Self::span(day, zones)?;
            let at = Interval { start_us, end_us };
            Some(One { at, ..one }.flags(Flags::AGGREGATED))
        });
        of_day.collect()
    }
}
