//! What the phone no longer has: objects that it deleted, series of which only the id of the whole is told, and
//! stretches of time of which the app sends everything again.

use std::collections::BTreeSet;

use model::metric::MetricNo;
use model::sample::uid_of;
use rustc_hash::FxHashSet;

use super::{Platform, fields_of};
use crate::batch::{Series, Window};
use crate::form;
use crate::forms::health_connect_webhook as webhook;
use crate::json::{Fields, Json, ReadError};
use crate::live::{ELEMENTS_MAX, Intake, VALUE_MISSING};
use crate::session::known;

/// Stages of one session that a deletion reaches; a night of ten hours with a stage each two minutes has fewer.
const STAGES_MAX: usize = 400;

/// Arrays of measurements that Android keeps as series: each has the id of the whole, its time, and its field.
const SERIES: [(&str, &str, &str); 2] = [
    ("heart_rate", "heart_rate", "/bpm"),
    (
        "skin_temperature",
        "skin_temperature_delta",
        "/delta_celsius",
    ),
];

/// Notes the stretch of time of which a backfill sends everything, in one body or several: the last one says so.
/// It speaks only of types that the app was allowed to read and read without error.
pub(super) fn window(fields: &Fields<'_>, platform: Platform, intake: &mut Intake<'_, '_, '_>) {
    let of = |name| fields.json(&[name]).unwrap_or_default();
    let span = intake
        .moment(&of("window_start"))
        .zip(intake.moment(&of("window_end")));
    let Some((start, end)) = span.filter(|(start, end)| start.at_us < end.at_us) else {
        return;
    };
    let mut metrics = BTreeSet::new();
    if let Json::Object(types) = of("_diagnostics") {
        for (name, told) in &types {
            let is_granted = matches!(told.get("permission_granted"), Json::Bool(true));
            if is_granted && told.get("error").is_null() {
                metrics.extend(metrics_of(name, platform));
            }
        }
    } else {
        let arrays = fields.iter().filter(|(_, raw)| raw.starts_with('['));
        metrics.extend(arrays.flat_map(|(name, _)| metrics_of(name, platform)));
    }
    intake.window(Window {
        start_us: start.at_us,
        end_us: end.at_us,
        metrics: metrics.into_iter().collect(),
        is_complete: matches!(of("window_complete"), Json::Bool(true)),
    });
}

/// The metrics of an array's records.
fn metrics_of(name: &str, platform: Platform) -> Vec<MetricNo> {
    match name {
        "sleep" => vec![known("sleep_analysis").no],
        "blood_pressure" => vec![
            known("blood_pressure_systolic").no,
            known("blood_pressure_diastolic").no,
        ],
        _ => {
            let coded = webhook::CATEGORIES
                .iter()
                .filter(|(array, ..)| *array == name);
            let coded = coded.map(|(_, _, metric, _)| known(metric).no);
            let measured = fields_of(name, platform).iter();
            measured
                .map(|(_, metric, _)| known(metric).no)
                .chain(coded)
                .collect()
        }
    }
}

/// What the phone deleted. A record that comes in the same body under the same id was rewritten, not deleted.
pub(super) fn deletions(
    fields: &Fields<'_>,
    alive: &FxHashSet<String>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    let Some(array) = fields
        .get("deleted_records")
        .filter(|raw| raw.starts_with('['))
    else {
        return Ok(());
    };
    form::objects(
        array,
        "/deleted_records",
        ELEMENTS_MAX,
        intake,
        &mut |record, place, intake| {
            let (Some(name), Some(id)) = (record.get("type").text(), record.get("uuid").text())
            else {
                return intake.reject(place, "uuid", None, VALUE_MISSING);
            };
            if !alive.contains(id) {
                delete(name, id, intake);
            }
        },
    )
}

fn delete(name: &str, id: &str, intake: &mut Intake<'_, '_, '_>) {
    let mut gone = |part: &str, metric: Option<MetricNo>| {
        let uid = if part.is_empty() {
            uid_of(id)
        } else {
            uid_of(&format!("{id}/{part}"))
        };
        intake.delete(uid, metric);
    };
    match name {
        "sleep" => {
            let metric = Some(known("sleep_analysis").no);
            // A stage of an iPhone goes by its own id, a session of an Android phone by all of its parts.
            gone("", metric);
            gone("session", metric);
            for index in 0..STAGES_MAX {
                gone(&index.to_string(), metric);
            }
        }
        "blood_pressure" => {
            gone("systolic", Some(known("blood_pressure_systolic").no));
            gone("diastolic", Some(known("blood_pressure_diastolic").no));
        }
        _ => {
            gone("", None);
            let both =
                [Platform::Android, Platform::Apple].map(|platform| fields_of(name, platform));
            let mut said: FxHashSet<&str> = FxHashSet::default();
            for (field, metric, _) in both.into_iter().flatten() {
                if said.insert(metric) {
                    gone(field, Some(known(metric).no));
                }
            }
        }
    }
    if let Some((_, metric, after)) = SERIES.iter().find(|(array, ..)| *array == name)
        && !id.contains('#')
    {
        intake.delete_series(Series {
            metric: known(metric).no,
            before: format!("{id}#"),
            after,
        });
    }
}
