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

use crate::form::{self, Document, Form};
use crate::forms::health_auto_export::period::Periods;
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{ELEMENTS_MAX, Intake, MALFORMED, Place};

const EXPECTED: &str = "an object with data, which has metrics, workouts or other arrays";

/// Arrays of `data` beside metrics, and what takes their elements.
type Take = fn(&Json<'_>, Place<'_>, &mut Intake<'_, '_, '_>);
const ARRAYS: [(&str, Take); 7] = [
    ("workouts", workouts::take),
    ("stateOfMind", others::state_of_mind),
    ("medications", others::medication),
    ("symptoms", others::logged),
    ("cycleTracking", others::logged),
    ("ecg", others::ecg),
    ("heartRateNotifications", others::notification),
];

/// The form.
pub const FORM: Form = Form {
    name: "health_auto_export",
    about: "What the app Health Auto Export posts or saves",
    source: "Health Auto Export",
    expected: EXPECTED,
    percent: Percent::Points,
    is_meant,
    read,
};

/// Whether a body has the members of this form.
fn is_meant(document: &Document<'_>) -> bool {
    let data = document.fields().and_then(|fields| fields.get("data"));
    data.is_some_and(|data| data.starts_with('{')) && !document.has("provider")
}

fn read(document: &Document<'_>, intake: &mut Intake<'_, '_, '_>) -> Result<(), ReadError> {
    let data = document.fields().and_then(|fields| fields.get("data"));
    let data = Fields::of(data.ok_or(FORM.refusal())?, EXPECTED)?;
    if let Some(metrics) = data.get("metrics") {
        let periods = Periods::of(metrics, intake.context())?;
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
                let result = series::take(&metric, &periods, place, intake);
                failed = failed.take().or(result.err());
            },
        )?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    for (name, take) in ARRAYS {
        if let Some(array) = data.get(name) {
            let pointer = format!("/data/{name}");
            form::objects(array, &pointer, ELEMENTS_MAX, intake, &mut { take })?;
        }
    }
    for name in data.names() {
        if name != "metrics" && !ARRAYS.iter().any(|(array, _)| *array == name) {
            intake.skip(name, "this kind of data is not known");
        }
    }
    Ok(())
}
