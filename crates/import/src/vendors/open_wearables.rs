//! Pages of the read interface of Open Wearables, saved as they came: series, days and nights.
//!
//! A series is in units by name. Values that are totals of a day count for days without others. Nights have lengths of
//! stages and no timeline.

use std::io::Read;

use model::metric::{self, Metric};
use model::sample::{Flags, MINUTE_US};
use model::source::{Source, SourceClass, SourceNo};
use model::unit::Percent;

use crate::json::Json;
use crate::live::{NAMES_FULL, NOT_A_VALUE, TYPE_MISSING, UNIT_UNKNOWN};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "open_wearables_pages",
    about: "Open Wearables: saved pages of its read interface (series, days, nights)",
    title: "Open Wearables",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Pages),
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Series,
    Days,
    Nights,
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let is_page = member.begins("{") && member.holds("\"data\"") || member.begins("[");
    let has = |names: &[&str]| {
        let quoted = names.iter().map(|name| format!("\"{name}\""));
        is_page && quoted.into_iter().all(|name| member.holds(&name))
    };
    if has(&["timestamp", "zone_offset", "provider", "value"]) {
        Some(Kind::Series)
    } else if has(&["active_calories_kcal", "sedentary_minutes", "provider"]) {
        Some(Kind::Days)
    } else if has(&["time_in_bed_minutes", "interruptions_count", "provider"]) {
        Some(Kind::Nights)
    } else {
        None
    }
}

#[derive(Debug)]
struct Pages;

impl Reader for Pages {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(kind) = kind_of(member) else {
            return Ok(());
        };
        let which = if member.begins("[") {
            Which::First
        } else {
            Which::Named("data")
        };
        let (name, take): (&str, fn(Spot<'_>, &Json<'_>, &mut Desk<'_, '_, '_>)) = match kind {
            Kind::Series => ("series", point),
            Kind::Days => ("days", day),
            Kind::Nights => ("nights", night),
        };
        desk.count_member(name);
        elements::trees(input, (name, which), desk, &mut |spot, one, desk| {
            take(spot, one, desk);
            Ok(())
        })
    }
}

/// Types that have other names here.
const TYPES: &[(&str, &str)] = &[
    ("energy", "active_energy_burned"),
    ("weight", "body_mass"),
    ("garmin_stress_level", "stress_score"),
    ("garmin_body_battery", "body_battery"),
    ("hydration", "dietary_water"),
    ("height", "height"),
];

/// Units by name.
const UNITS: &[(&str, &str)] = &[
    ("count", "1"),
    ("percent", "%"),
    ("mg_dl", "mg/dL"),
    ("kg_m2", "kg/m2"),
    ("celsius", "Cel"),
    ("ml_kg_min", "mL/kg/min"),
    ("minutes", "min"),
    ("meters", "m"),
    ("m_per_s", "m/s"),
    ("watts", "W"),
    ("score", ""),
];

fn metric_of(name: &str) -> Option<&'static Metric> {
    let listed = TYPES.iter().find(|(known, _)| *known == name);
    listed
        .and_then(|(_, id)| metric::by_id(id))
        .or_else(|| metric::by_name(name))
}

/// The device, or the service that it came through.
fn source_of(json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<SourceNo> {
    let part = |name: &'static str| json.get(name).text();
    let device = part("device").unwrap_or_default().to_owned();
    let named = part("device_name").or(part("source")).or(part("provider"));
    let named = named.unwrap_or("Open Wearables").to_owned();
    if let Some(no) = desk.intake.known_source(&named, &device) {
        return Some(no);
    }
    let class = match part("device_type") {
        Some("watch" | "band" | "ring" | "fitness_band") => SourceClass::Watch,
        Some("phone" | "tablet") => SourceClass::Phone,
        Some(_) | None => SourceClass::App,
    };
    let source = Source {
        class,
        device: (!device.is_empty()).then(|| device.clone()),
        ..Source::named(&named)
    };
    desk.intake.source(&device, source)
}

fn point(spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(name) = json.get("type").text() else {
        return desk.refuse(spot, "type", None, TYPE_MISSING);
    };
    let Some(metric) = metric_of(name) else {
        return desk.leave("series", "no metric has the name of this type");
    };
    let told = json.get("zone_offset").text().and_then(clock::offset);
    let moment = json
        .get("timestamp")
        .text()
        .and_then(|text| desk.moment(text));
    let Some((at_us, printed)) = moment else {
        return desk.refuse(spot, "timestamp", None, TIME_MISSING);
    };
    let Some(value) = plain(json.get("value")) else {
        return desk.refuse(spot, "value", None, NOT_A_VALUE);
    };
    let unit = json.get("unit").text().unwrap_or_default();
    let unit = UNITS
        .iter()
        .find(|(known, _)| *known == unit)
        .map_or(unit, |(_, unit)| *unit);
    let conversion = if unit.is_empty() {
        Some(value)
    } else {
        let found = metric.conversion_with(unit, Percent::Points).ok();
        found.map(|conversion| conversion.apply(value))
    };
    let Some(value) = conversion else {
        return desk.refuse(spot, "unit", None, UNIT_UNKNOWN);
    };
    let Some(source) = source_of(json.get("source"), desk) else {
        return desk.refuse(spot, "source", None, NAMES_FULL);
    };
    let offset_min = told.or(printed);
    let one = One::at(metric.id, "", value, at_us, source).offset(offset_min);
    if json.get("is_daily_total").truth() == Some(true) {
        let ahead_us = i64::from(offset_min.unwrap_or(0)) * MINUTE_US;
        match clock::day_of_wall(at_us + ahead_us) {
            Some(day) => desk.total(day, one),
            None => desk.refuse(spot, "timestamp", None, TIME_MISSING),
        }
    } else {
        desk.put(spot, one);
    }
}

/// Totals of a day.
fn day(spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(day) = json.get("date").text().and_then(clock::day) else {
        return desk.refuse(spot, "date", None, TIME_MISSING);
    };
    let (Some(at), Some(source)) = (desk.day(day), source_of(json.get("source"), desk)) else {
        return;
    };
    let figures = [
        ("steps", "step_count"),
        ("distance_meters", "distance_walking_running"),
        ("floors_climbed", "flights_climbed"),
        ("elevation_meters", "elevation_gained"),
        ("active_calories_kcal", "active_energy_burned"),
        ("total_calories_kcal", "total_energy_burned"),
        ("active_minutes", "active_minutes"),
    ];
    for (member, metric) in figures {
        if let Some(value) = plain(json.get(member)).filter(|value| *value >= 0.0) {
            desk.total(day, One::over(metric, "", value, at, source));
        }
    }
}

/// Lengths and means of a night.
fn night(spot: Spot<'_>, json: &Json<'_>, desk: &mut Desk<'_, '_, '_>) {
    let at = |name: &'static str| json.get(name).text().and_then(|text| desk.moment(text));
    let (Some((start_us, _)), Some((end_us, _))) = (at("start_time"), at("end_time")) else {
        return desk.refuse(spot, "start_time", None, TIME_MISSING);
    };
    let offset_min = json.get("zone_offset").text().and_then(clock::offset);
    let Some(source) = source_of(json.get("source"), desk) else {
        return;
    };
    let stages = json.get("stages");
    let figures = [
        ("sleep_duration", json.get("duration_minutes")),
        ("time_in_bed", json.get("time_in_bed_minutes")),
        ("sleep_efficiency", json.get("efficiency_percent")),
        ("sleep_awake_duration", stages.get("awake_minutes")),
        ("sleep_light_duration", stages.get("light_minutes")),
        ("sleep_deep_duration", stages.get("deep_minutes")),
        ("sleep_rem_duration", stages.get("rem_minutes")),
        ("wake_count", json.get("interruptions_count")),
        ("heart_rate_variability_sdnn", json.get("avg_hrv_sdnn_ms")),
        ("heart_rate_variability_rmssd", json.get("avg_hrv_rmssd_ms")),
        ("respiratory_rate", json.get("avg_respiratory_rate")),
        ("oxygen_saturation", json.get("avg_spo2_percent")),
    ];
    for (metric, value) in figures {
        if let Some(value) = plain(value) {
            let one = One::over(metric, "", value, (start_us, end_us), source);
            desk.put(spot, one.offset(offset_min).flags(Flags::AGGREGATED));
        }
    }
}
