//! The flat table of days: what is derived of each local day, from the first that is known to the last.
//!
//! Columns are found in a first pass, rows written in a second; a day that waits to be computed again is as it was
//! computed last. Never holds more days than are read at once.

use std::collections::BTreeMap;

use ::export::daily::{self, Day, DayColumn, Sleep};
use analysis::daily::document::DayView;
use jiff::ToSpan;
use jiff::civil::Date;
use model::zone::Zone;
use serde::Deserialize;

use crate::export::{Export, ExportError};
use crate::jobs::beside;
use crate::jobs::block::{Block, place};
use crate::jobs::packed::unpack;

/// Days read at once while columns are looked for: twenty blocks.
const GLANCE_DAYS: i32 = 1_280;
/// Days written at once: two blocks and their documents.
pub(super) const ROW_DAYS: i32 = 128;

/// What is read of a day's night.
#[derive(Deserialize)]
struct Night {
    main: Option<Main>,
}

#[derive(Deserialize)]
struct Main {
    onset_us: i64,
    offset_us: i64,
    asleep_min: f64,
    in_bed_min: Option<f64>,
    waso_min: f64,
    stages_min: Stages,
}

#[derive(Deserialize)]
struct Stages {
    core: f64,
    deep: f64,
    rem: f64,
    unspecified: f64,
}

/// Columns by metric: what a day's value is, and its unit.
type Columns = BTreeMap<String, DayColumn>;

impl Export<'_> {
    /// Writes the table; returns the number of its rows.
    pub(super) async fn days(&mut self) -> Result<u64, ExportError> {
        let mut tx = self.app.store.read().await?;
        self.known(&mut tx).await?;
        let bounds = store::days::bounds(&mut tx, self.user).await?;
        drop(tx);
        let Some((first, last)) = bounds else {
            let mut text = Vec::new();
            daily::heading(&mut text, &[]);
            self.send(&mut text).await?;
            return Ok(0);
        };
        let mut columns = Columns::new();
        for span in stretches(first, last, GLANCE_DAYS) {
            let blocks = self.blocks(span).await?;
            for block in &blocks {
                find(block, &mut columns);
            }
        }
        let columns: Vec<DayColumn> = columns.into_values().collect();
        let mut text = Vec::new();
        daily::heading(&mut text, &columns);
        let mut count = 0;
        for span in stretches(first, last, ROW_DAYS) {
            count += self.rows(span, &columns, &mut text).await?;
            self.send(&mut text).await?;
        }
        Ok(count)
    }

    async fn blocks(&mut self, span: (Date, Date)) -> Result<Vec<Block>, ExportError> {
        let mut tx = self.app.store.read().await?;
        let dossier = self.known(&mut tx).await?;
        let whose = (&dossier.key, self.user);
        Ok(beside::blocks(self.app, &mut tx, whose, span).await?)
    }

    async fn rows(
        &mut self,
        (from, until): (Date, Date),
        columns: &[DayColumn],
        text: &mut Vec<u8>,
    ) -> Result<u64, ExportError> {
        let blocks = self.blocks((from, until)).await?;
        let mut tx = self.app.store.read().await?;
        let dossier = self.known(&mut tx).await?;
        let stored = store::days::get(&mut tx, &dossier.key, self.user, from, until).await?;
        drop(tx);
        let columns = columns.to_vec();
        let (mut rows, count) = self
            .app
            .compute(move || {
                let documents: BTreeMap<Date, Vec<u8>> = stored.into_iter().collect();
                let (mut rows, mut count) = (Vec::new(), 0);
                for date in from.series(1.day()).take_while(|date| *date < until) {
                    let mut day = blank(date);
                    if let Some(json) = documents.get(&date).and_then(|stored| unpack(stored)) {
                        know(&mut day, &json);
                    }
                    day.values = columns
                        .iter()
                        .map(|column| value(&blocks, &column.id, date))
                        .collect();
                    daily::row(&mut rows, &day);
                    count += 1;
                }
                (rows, count)
            })
            .await?;
        text.append(&mut rows);
        Ok(count)
    }
}

/// Stretches of days from the first to the last one, each end exclusive.
pub(super) fn stretches(first: Date, last: Date, days: i32) -> impl Iterator<Item = (Date, Date)> {
    let end = last.saturating_add(1.day());
    first
        .series(days.days())
        .take_while(move |from| *from < end)
        .map(move |from| (from, from.saturating_add(days.days()).min(end)))
}

/// Adds the columns of a block. Stages of sleep have columns of their own.
fn find(block: &Block, columns: &mut Columns) {
    for (id, strip) in block.metrics() {
        if id == "sleep_analysis" || columns.contains_key(id) {
            continue;
        }
        let what = match strip.kind.as_str() {
            "cumulative" => "total",
            "category" => "samples",
            _ => "mean",
        };
        let unit = strip.unit.clone().unwrap_or_else(|| "1".to_owned());
        let column = DayColumn {
            id: id.clone(),
            what,
            unit,
        };
        columns.insert(id.clone(), column);
    }
}

fn value(blocks: &[Block], id: &str, date: Date) -> Option<f64> {
    let first = store::blocks::start_of(date);
    let block = blocks.iter().find(|block| block.first() == first)?;
    let strip = block.metrics().get(id)?;
    *strip.value.get(place(first, date)?)?
}

fn blank(date: Date) -> Day {
    Day {
        date,
        zone: String::new(),
        offsets_min: [0, 0],
        sleep: None,
        values: Vec::new(),
    }
}

/// Takes zone and sleep from a document. One that cannot be read is damaged, and was counted where its block was made.
fn know(day: &mut Day, json: &[u8]) {
    let Ok(view) = DayView::from_bytes(json) else {
        return;
    };
    view.zone.clone_into(&mut day.zone);
    let Ok(Night { main: Some(main) }) = serde_json::from_str(view.night.get()) else {
        return;
    };
    if let Ok(zone) = Zone::parse(view.zone) {
        let offset = |at_us| i16::try_from(zone.offset_min(at_us)).unwrap_or(0);
        day.offsets_min = [offset(main.onset_us), offset(main.offset_us)];
    }
    let stages = main.stages_min;
    day.sleep = Some(Sleep {
        onset_us: main.onset_us,
        offset_us: main.offset_us,
        asleep_min: main.asleep_min,
        in_bed_min: main.in_bed_min,
        waso_min: main.waso_min,
        stages_min: [stages.core, stages.deep, stages.rem, stages.unspecified],
    });
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn stretches_hold_every_day_once() {
        let (first, last) = (date(2020, 2, 27), date(2026, 3, 1));
        let found: Vec<(Date, Date)> = stretches(first, last, ROW_DAYS).collect();
        assert_eq!(found.first().map(|(from, _)| *from), Some(first));
        assert_eq!(
            found.last().map(|(_, until)| *until),
            Some(date(2026, 3, 2))
        );
        assert!(found.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(stretches(first, first, ROW_DAYS).count(), 1);
    }
}
