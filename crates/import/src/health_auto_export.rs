//! What the app Health Auto Export posts from its REST automation, both versions: `{"data": {metrics,
//! workouts, stateOfMind, medications, symptoms, cycleTracking, ecg, heartRateNotifications}}`.
//!
//! The phone merges and averages before it sends, so most values are marked as merged: they are never
//! added to raw samples, and the same hour sent again with a larger number replaces the smaller one.
//! How long a value's interval is comes from the request's header, or from the spacing of its series,
//! or stays unknown (an instant); it is never made up.

mod night;
mod others;
mod period;
mod series;
mod workouts;

use model::unit::Percent;

use crate::batch::Batch;
use crate::health_auto_export::period::Periods;
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{Context, ELEMENTS_MAX, Intake, MALFORMED, Place, Summary};

const EXPECTED: &str = "an object with data, which has metrics, workouts or other arrays";

/// The name of the source where a value names none.
const SOURCE: &str = "Health Auto Export";

/// Arrays of `data` beside metrics, and what takes their elements.
type Take = fn(&Json<'_>, Place<'_>, &mut Intake<'_, '_>);
const ARRAYS: [(&str, Take); 7] = [
    ("workouts", workouts::take),
    ("stateOfMind", others::state_of_mind),
    ("medications", others::medication),
    ("symptoms", others::logged),
    ("cycleTracking", others::logged),
    ("ecg", others::ecg),
    ("heartRateNotifications", others::notification),
];

/// Reads a body; on error nothing of it is in `out`.
pub fn read(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let result = read_into(body, context, out);
    if result.is_err() {
        *out = Batch::default();
    }
    result
}

/// Whether an object has the members of this format.
pub(crate) fn is_meant(fields: &Fields<'_>) -> bool {
    let data = fields.get("data").filter(|data| data.starts_with('{'));
    data.is_some() && fields.get("provider").is_none()
}

fn read_into(body: &[u8], context: &Context<'_>, out: &mut Batch) -> Result<Summary, ReadError> {
    let text = json::text(body)?;
    let fields = Fields::of_document(text, EXPECTED)?;
    let data = fields
        .get("data")
        .ok_or(ReadError::WrongShape { expected: EXPECTED })?;
    let data = Fields::of(data, EXPECTED)?;
    let named = Context {
        source: if context.source.is_empty() {
            SOURCE
        } else {
            context.source
        },
        ..*context
    };
    let mut intake = Intake::new(&named, out, Percent::Points);
    if let Some(metrics) = data.get("metrics") {
        let periods = Periods::of(metrics, &named)?;
        let mut failed = None;
        json::each(
            metrics,
            "/data/metrics",
            ELEMENTS_MAX,
            &mut |index, metric| {
                let place = Place {
                    array: "/data/metrics",
                    index,
                };
                let Some(metric) = metric else {
                    return intake.reject(place, "", None, MALFORMED);
                };
                let result = series::take(&metric, &periods, place, &mut intake);
                failed = failed.take().or(result.err());
            },
        )?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    for (name, take) in ARRAYS {
        let Some(array) = data.get(name) else {
            continue;
        };
        let pointer = format!("/data/{name}");
        json::each(array, &pointer, ELEMENTS_MAX, &mut |index,
                                                        element: Option<
            Json<'_>,
        >| {
            let place = Place {
                array: &pointer,
                index,
            };
            match element.filter(|element| !element.members().is_empty()) {
                Some(element) => take(&element, place, &mut intake),
                None => intake.reject(place, "", None, MALFORMED),
            }
        })?;
    }
    for name in data.names() {
        if name != "metrics" && !ARRAYS.iter().any(|(array, _)| *array == name) {
            intake.skip(name, "this kind of data is not known");
        }
    }
    Ok(intake.finish(body.len()))
}
