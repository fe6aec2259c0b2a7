//! The smaller arrays: states of mind, medications, symptoms, cycle tracking, ECGs and heart rate
//! notifications. What has no form here yet is kept as it came.

use model::category;
use model::metric::{self, Kind};
use model::record::{Body, Ecg, Record, StateOfMind};
use model::sample::{Flags, uid_of};

use crate::batch::RejectCode;
use crate::check::Refusal;
use crate::entry::Frame;
use crate::forms::health_auto_export::series::{self, add};
use crate::json::Json;
use crate::live::{Intake, NAMES_FULL, NOT_A_VALUE, Place, UNIT_UNKNOWN, VALUE_MISSING, refusal};

/// Volts of an ECG that are kept: half a minute at 512 a second is 15,360.
const VOLTAGES_MAX: usize = 200_000;

fn record(element: &Json<'_>, frame: Frame, identity: String, body: Body) -> Record {
    Record {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        zone: None,
        source: frame.source,
        uid: element.get("id").text().map(uid_of),
        identity,
        body,
    }
}

fn finish(
    result: Result<(), (&'static str, Refusal)>,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) {
    if let Err((field, why)) = result {
        intake.reject(place, field, None, why);
    }
}

fn words(json: &Json<'_>) -> Vec<String> {
    let words = json.elements().iter().filter_map(Json::text);
    words.map(str::to_owned).collect()
}

/// A logged emotion or mood.
pub(super) fn state_of_mind(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let mut take = || {
        let frame = series::frame(element, None, intake)?;
        let valence = element
            .get("valence")
            .number()
            .ok_or(("valence", VALUE_MISSING))?;
        if !(-1.0..=1.0).contains(&valence) {
            let why = refusal(RejectCode::ValueOutOfRange, "a valence is between -1 and 1");
            return Err(("valence", why));
        }
        let kind = element.get("kind").text().unwrap_or_default();
        let state = match kind.replace([' ', '_'], "").to_lowercase().as_str() {
            "momentaryemotion" => "momentary_emotion",
            "dailymood" => "daily_mood",
            _ => kind,
        };
        let body = Body::StateOfMind(StateOfMind {
            state: state.to_owned(),
            valence,
            labels: words(element.get("labels")),
            associations: words(element.get("associations")),
        });
        let identity = format!("{state}|{}", frame.at.start_us);
        let record = record(element, frame, identity, body);
        intake.add_record(record).map_err(|why| ("start", why))
    };
    let result = take();
    finish(result, place, intake);
}

/// A dose of a medication.
pub(super) fn medication(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let result = keep("medication", element, intake);
    finish(result, place, intake);
}

/// A notification about the heart rate; it does not say whether the rate was high or low.
pub(super) fn notification(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let result = keep("heart_rate_notification", element, intake);
    finish(result, place, intake);
}

fn keep(
    name: &'static str,
    element: &Json<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), (&'static str, Refusal)> {
    let frame = match series::frame(element, None, intake) {
        Ok(frame) => frame,
        Err(refused) => {
            // A dose that was not taken has only the time it was planned for.
            let planned = element.get("scheduledDate").clone();
            if planned.is_null() {
                return Err(refused);
            }
            let planned = Json::Object(vec![("date".into(), planned)]);
            series::frame(&planned, None, intake)?
        }
    };
    let mut record = intake.other(name, element.to_string(), frame.at, frame.source);
    record.uid = element.get("id").text().map(uid_of);
    intake.add_record(record).map_err(|why| ("start", why))
}

/// A symptom or an event of the cycle: `{name, start, end, severity | value, userEntered}`.
pub(super) fn logged(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let name = element.get("name").text().unwrap_or_default();
    let metric = metric::by_name(name).filter(|metric| metric.kind == Kind::Category);
    let Some(metric) = metric else {
        // The app translates the names; the report says which were not understood.
        intake.unnamed(name);
        let result = keep("logged_event", element, intake);
        return finish(result, place, intake);
    };
    let mut take = || {
        let to = intake.meaning_of(metric, "").ok_or(("name", NAMES_FULL))?;
        let mut frame = series::frame(element, None, intake)?;
        if element.get("userEntered").truth() == Some(true) {
            frame.flags = frame.flags.with(Flags::MANUAL);
        }
        let (field, told) = match element.named(&["severity", "value"]) {
            Some((field, told)) => (field, told.text()),
            None => ("severity", None),
        };
        let code = match told {
            Some(text) => category::category_code(metric, text).ok_or((field, NOT_A_VALUE)),
            None => category::category_code_when_absent(metric).ok_or((field, VALUE_MISSING)),
        };
        // Events that are only ever an interval come with some word all the same.
        let code = code.or_else(|why| category::category_code_when_absent(metric).ok_or(why))?;
        add(to, code, frame, Flags::NONE, intake).map_err(|why| (field, why))
    };
    let result = take();
    finish(result, place, intake);
}

/// An electrocardiogram.
pub(super) fn ecg(element: &Json<'_>, place: Place<'_>, intake: &mut Intake<'_, '_, '_>) {
    let mut take = || {
        let frame = series::frame(element, None, intake)?;
        let points = element.get("voltageMeasurements").elements();
        let mut voltage_uv = Vec::with_capacity(points.len().min(VOLTAGES_MAX));
        for point in points.iter().take(VOLTAGES_MAX) {
            let scale = match point.get("units").text().unwrap_or("mcV") {
                "V" => 1e6,
                "mV" => 1e3,
                "mcV" | "uV" | "µV" | "μV" => 1.0,
                _ => return Err(("voltageMeasurements", UNIT_UNKNOWN)),
            };
            let voltage = point.first_of(&["voltage", "qty"]).number();
            let voltage = voltage.filter(|voltage| voltage.is_finite());
            voltage_uv.push(voltage.ok_or(("voltageMeasurements", NOT_A_VALUE))? * scale);
        }
        let sampling = element.get("samplingFrequency").number();
        let sampling_hz = sampling.filter(|hz| hz.is_finite() && *hz > 0.0);
        if sampling_hz.is_none() && !voltage_uv.is_empty() {
            return Err(("samplingFrequency", VALUE_MISSING));
        }
        let body = Body::Ecg(Ecg {
            classification: element.get("classification").text().map(str::to_owned),
            symptoms: element.get("severity").text().map(str::to_owned),
            sampling_hz: sampling_hz.unwrap_or_default(),
            lead: None,
            heart_rate_bpm: element.get("averageHeartRate").number(),
            voltage_uv,
            metadata: Vec::new(),
        });
        let identity = format!("{}|{}", frame.at.start_us, intake.source_key(frame.source));
        let record = record(element, frame, identity, body);
        intake.add_record(record).map_err(|why| ("start", why))
    };
    let result = take();
    finish(result, place, intake);
}
