//! A flat table of days: one row for each local day, one column for each metric, the unit in its heading.
//!
//! Values are derived, so nothing of it reads back as samples. A day without a value has an empty cell, never a zero.

use jiff::civil::Date;
use model::cell::as_text;

use crate::text::{cells, instant};

/// A metric of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayColumn {
    /// Id of the metric.
    pub id: String,
    /// What a day's value is: `total`, `mean` or `samples`.
    pub what: &'static str,
    /// UCUM unit.
    pub unit: String,
}

/// The main sleep that ended on a day.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sleep {
    /// First instant asleep.
    pub onset_us: i64,
    /// Last instant asleep.
    pub offset_us: i64,
    /// Minutes asleep.
    pub asleep_min: f64,
    /// Minutes in bed, when known.
    pub in_bed_min: Option<f64>,
    /// Minutes awake between onset and offset.
    pub waso_min: f64,
    /// Minutes of light sleep, deep sleep, sleep with rapid eye movements, and of no known stage.
    pub stages_min: [f64; 4],
}

/// Columns that every table has.
const FIXED: [&str; 11] = [
    "date",
    "zone",
    "sleep onset",
    "sleep offset",
    "sleep asleep [min]",
    "sleep in bed [min]",
    "sleep awake after onset [min]",
    "sleep core [min]",
    "sleep deep [min]",
    "sleep rem [min]",
    "sleep without stage [min]",
];

/// One local day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// The date.
    pub date: Date,
    /// The zone the person was in when it ended; empty for a day of which nothing is known.
    pub zone: String,
    /// Minutes east of UTC at the onset and the offset of the sleep.
    pub offsets_min: [i16; 2],
    /// The main sleep that ended on it.
    pub sleep: Option<Sleep>,
    /// One value for each column.
    pub values: Vec<Option<f64>>,
}

/// Writes the heading.
pub fn heading(out: &mut Vec<u8>, columns: &[DayColumn]) {
    let metrics = columns.iter().map(|column| {
        let DayColumn { id, what, unit } = column;
        as_text(&format!("{id} {what} [{unit}]")).into_owned()
    });
    let fixed = FIXED.into_iter().map(str::to_owned);
    cells(out, fixed.chain(metrics));
}

/// Writes a day.
pub fn row(out: &mut Vec<u8>, day: &Day) {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let sleep = day.sleep;
    let [onset_min, offset_min] = day.offsets_min;
    let time = |at: Option<i64>, minutes| {
        at.map(|at_us| instant(at_us, Some(minutes)))
            .unwrap_or_default()
    };
    let stage = |at: usize| number(sleep.and_then(|sleep| sleep.stages_min.get(at).copied()));
    let fixed = [
        day.date.to_string(),
        as_text(&day.zone).into_owned(),
        time(sleep.map(|sleep| sleep.onset_us), onset_min),
        time(sleep.map(|sleep| sleep.offset_us), offset_min),
        number(sleep.map(|sleep| sleep.asleep_min)),
        number(sleep.and_then(|sleep| sleep.in_bed_min)),
        number(sleep.map(|sleep| sleep.waso_min)),
        stage(0),
        stage(1),
        stage(2),
        stage(3),
    ];
    let values = day.values.iter().map(|value| number(*value));
    cells(out, fixed.into_iter().chain(values));
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_a_row_and_missing_is_empty() {
        let columns = [
            DayColumn {
                id: "step_count".to_owned(),
                what: "total",
                unit: "1".to_owned(),
            },
            DayColumn {
                id: "=cmd".to_owned(),
                what: "mean",
                unit: "x,y".to_owned(),
            },
        ];
        let mut out = Vec::new();
        heading(&mut out, &columns);
        row(
            &mut out,
            &Day {
                date: date(2026, 3, 29),
                zone: "+02:00".to_owned(),
                offsets_min: [60, 120],
                sleep: Some(Sleep {
                    onset_us: 1_774_735_200_000_000,
                    offset_us: 1_774_760_400_000_000,
                    asleep_min: 400.5,
                    in_bed_min: None,
                    waso_min: 19.5,
                    stages_min: [200.0, 100.5, 100.0, 0.0],
                }),
                values: vec![Some(12_345.0), None],
            },
        );
        let text = String::from_utf8(out).expect("text");
        let mut lines = text.lines();
        let heading = lines.next().expect("a heading");
        assert!(
            heading.ends_with(",step_count total [1],\"'=cmd mean [x,y]\""),
            "{heading}"
        );
        let row = lines.next().expect("a row");
        assert_eq!(
            row,
            "2026-03-29,'+02:00,2026-03-28T23:00:00+01:00,2026-03-29T07:00:00+02:00,400.5,,19.5,\
             200,100.5,100,0,12345,"
        );
    }
}
