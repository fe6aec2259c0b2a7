//! One metric of a body: `{name, units, data: […]}`.

use model::category;
use model::metric::{self, Kind, Metric};
use model::sample::Flags;

use crate::check::Refusal;
use crate::entry::{self, Frame};
use crate::forms::health_auto_export::night;
use crate::forms::health_auto_export::period::{self, Period, Periods};
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{
    ELEMENTS_MAX, Intake, Interval, MALFORMED, Measurement, NAMES_FULL, NOT_A_VALUE, Place,
    TIME_INVALID, TYPE_MISSING, Use, VALUE_MISSING,
};
use crate::session::known;

/// The extremes of a summarised value, and what marks them.
pub(super) const EXTREMES: [(&str, Flags); 3] = [
    ("Avg", Flags::NONE),
    ("Min", Flags::MINIMUM),
    ("Max", Flags::MAXIMUM),
];

/// Takes a metric in. The error is about the body as a whole.
pub(super) fn take(
    metric: &Fields<'_>,
    periods: &Periods,
    place: Place<'_>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), ReadError> {
    let name = metric.json(&["name"]).unwrap_or_default();
    let Some(name) = name.text() else {
        intake.reject(place, "name", None, TYPE_MISSING);
        return Ok(());
    };
    let Some(points) = metric.get("data").filter(|data| data.starts_with('[')) else {
        intake.reject(place, "data", None, MALFORMED);
        return Ok(());
    };
    let unit = metric.json(&["units", "unit"]).unwrap_or_default();
    let unit = unit.text().unwrap_or_default();
    let array = format!("{}/{}/data", place.array, place.index);
    let found = metric_of(name);
    let is_total = found.is_some_and(|metric| metric.kind == Kind::Cumulative);
    let series = Series {
        name,
        unit,
        metric: found,
        period: periods.of_index(place.index, is_total),
        merged_period: periods.of_index(place.index, true),
    };
    json::each(points, &array, ELEMENTS_MAX, &mut |index,
                                                   point: Option<
        Json<'_>,
    >| {
        let place = Place {
            array: &array,
            index,
        };
        let Some(point) = point.filter(|point| !point.members().is_empty()) else {
            return intake.reject(place, "", None, MALFORMED);
        };
        if let Err((field, type_index, why)) = series.take(&point, place, intake) {
            intake.reject(place, field, type_index, why);
        }
    })?;
    Ok(())
}

/// The app's `apple_stand_hour` counts hours; HealthKit's says of one hour whether one stood.
fn metric_of(name: &str) -> Option<&'static Metric> {
    if name == "apple_stand_hour" {
        return Some(known("stand_hours"));
    }
    metric::by_name(name)
}

/// A metric while its points are read.
struct Series<'s> {
    name: &'s str,
    unit: &'s str,
    metric: Option<&'static Metric>,
    /// Over what its values are merged, when that is known.
    period: Option<Period>,
    /// The same for points with a minimum and a maximum, which are merged in any case.
    merged_period: Option<Period>,
}

impl Series<'_> {
    fn take(
        &self,
        point: &Json<'_>,
        place: Place<'_>,
        intake: &mut Intake<'_, '_, '_>,
    ) -> Result<(), entry::Refused> {
        if self
            .metric
            .is_some_and(|metric| metric.id == "sleep_analysis")
        {
            return night::take(point, self.unit, place, intake);
        }
        let has_extremes = point.named(&["Avg", "Min", "Max"]).is_some();
        let period = if has_extremes {
            self.merged_period
        } else {
            self.period
        };
        let frame = frame(point, period, intake).map_err(|(field, why)| (field, None, why))?;
        if self.name == "blood_pressure" {
            let of = |part| point.get(part).number();
            let both = of("systolic").zip(of("diastolic"));
            let (systolic, diastolic) = both.ok_or(("systolic", None, VALUE_MISSING))?;
            return entry::pressure([systolic, diastolic], self.unit, frame, None, intake);
        }
        let to = match self.metric {
            Some(metric) => intake.meaning_of(metric, self.unit),
            None => intake.meaning(self.name, self.unit),
        };
        let to = to.ok_or(("name", None, NAMES_FULL))?;
        if has_extremes {
            return extremes(point, to, frame, intake);
        }
        let (field, value) = self
            .value(point)
            .map_err(|why| ("qty", Some(to.type_index), why))?;
        add(to, value, frame, Flags::NONE, intake).map_err(|why| (field, Some(to.type_index), why))
    }

    fn value(&self, point: &Json<'_>) -> Result<(&'static str, f64), Refusal> {
        let category = self.metric.filter(|metric| metric.kind == Kind::Category);
        let Some(category) = category else {
            let (field, value) = point.named(&["qty", "Qty", "value"]).ok_or(VALUE_MISSING)?;
            return value
                .number()
                .map(|value| (field, value))
                .ok_or(NOT_A_VALUE);
        };
        if let Some(text) = point.get("value").text() {
            let code = category::category_code(category, text).ok_or(NOT_A_VALUE)?;
            return Ok(("value", code));
        }
        // `sexual_activity` counts by kind; nothing happened where every count is zero.
        let counts = point.members().iter().filter(|(name, _)| name != "date");
        let happened = counts
            .filter_map(|(_, value)| value.number())
            .any(|count| count > 0.0);
        let code = category::category_code_when_absent(category).filter(|_| happened);
        code.map(|code| ("value", code)).ok_or(VALUE_MISSING)
    }
}

/// Where a point stands in time, who made it, and whether the app merged it.
pub(super) fn frame(
    point: &Json<'_>,
    period: Option<Period>,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Frame, (&'static str, Refusal)> {
    let (field, start) = point
        .named(&["startDate", "start", "date"])
        .ok_or(("date", TIME_INVALID))?;
    let start = intake.moment(start).ok_or((field, TIME_INVALID))?;
    let end = match point.named(&["endDate", "end"]) {
        None => None,
        Some((field, end)) => Some(intake.moment(end).ok_or((field, TIME_INVALID))?.at_us),
    };
    let merged_end = match (end, period) {
        (None, Some(period)) => period::end_of(start, period, intake.context()),
        _ => None,
    };
    let told = point.get("source").text().unwrap_or_default();
    let name = sources(told);
    let mut flags = meal(point.get("mealTime").text());
    if merged_end.is_some() || told.contains('|') {
        flags = flags.with(Flags::AGGREGATED);
    }
    Ok(Frame {
        at: Interval {
            start_us: start.at_us,
            end_us: end.or(merged_end).unwrap_or(start.at_us),
        },
        offset_min: start.offset_min,
        source: intake.source_named(&name).ok_or(("source", NAMES_FULL))?,
        flags,
        is_date: false,
    })
}

/// The app joins the sources it merged with `|`, in any order.
pub(super) fn sources(told: &str) -> String {
    let mut names: Vec<&str> = told.split('|').map(str::trim).collect();
    names.sort_unstable();
    names.join("|")
}

fn meal(text: Option<&str>) -> Flags {
    match text {
        Some("Before Meal") => Flags::BEFORE_MEAL,
        Some("After Meal") => Flags::AFTER_MEAL,
        Some(_) | None => Flags::NONE,
    }
}

/// Mean, minimum and maximum of an interval: three samples that know what they are.
pub(super) fn extremes(
    point: &Json<'_>,
    to: Use,
    frame: Frame,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), entry::Refused> {
    let type_index = Some(to.type_index);
    for (name, flag) in EXTREMES {
        let value = point.get(name);
        if value.is_null() {
            continue;
        }
        let value = value.number().ok_or((name, type_index, NOT_A_VALUE))?;
        add(to, value, frame, Flags::AGGREGATED.with(flag), intake)
            .map_err(|why| (name, type_index, why))?;
    }
    Ok(())
}

pub(super) fn add(
    to: Use,
    value: f64,
    frame: Frame,
    flags: Flags,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Refusal> {
    let what = Measurement {
        start_us: frame.at.start_us,
        end_us: frame.at.end_us,
        value,
        zone_offset_min: frame.offset_min,
        source: frame.source,
        uid: None,
        flags: frame.flags.with(flags),
    };
    intake.add(to, what)
}
