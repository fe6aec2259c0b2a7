//! Tables of Cronometer: servings, days, measurements of the body, and exercises.
//!
//! Servings and days are the same food: a day counts only where it has no serving. Foods without a time are of their
//! day. Measurements that another app brought are named after it in brackets and left out. Notes are never read.

use std::io::Read;

use model::metric;
use model::record::Workout;
use model::sample::Flags;
use model::source::{SourceClass, SourceNo};
use model::workout;

use crate::live::{Interval, NOT_A_VALUE, UNIT_UNKNOWN};
use crate::session::Heading as Workouts;
use crate::track::after_seconds;
use crate::vendors::desk::TIME_MISSING;
use crate::vendors::nutrition::{self, Food, Nutrient};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "cronometer",
    about: "Cronometer export: servings, daily summary, biometrics, exercises",
    title: "Cronometer",
    is_meant: |member| kind_of(member).is_some(),
    open: || Box::new(Cronometer),
};

/// Microseconds from midnight to noon.
const NOON_US: i64 = 12 * 3_600_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Servings,
    Days,
    Biometrics,
    Exercises,
    Notes,
}

fn kind_of(member: &Member<'_>) -> Option<Kind> {
    let line = String::from_utf8_lossy(member.first_line()).replace('"', "");
    let begins = |with: &str| line.starts_with(with);
    if begins("Day,Time,Group,Food Name") || begins("Day,Group,Food Name") {
        Some(Kind::Servings)
    } else if begins("Day,Time,Group,Metric,Unit,Amount") || begins("Day,Group,Metric,Unit,Amount")
    {
        Some(Kind::Biometrics)
    } else if begins("Day,Time,Group,Exercise") || begins("Day,Group,Exercise,Minutes") {
        Some(Kind::Exercises)
    } else if begins("Day,Time,Group,Note") || begins("Day,Group,Note") {
        Some(Kind::Notes)
    } else if begins("Date,")
        && line.contains("Energy (k")
        && line.trim_end().ends_with("Completed")
    {
        Some(Kind::Days)
    } else {
        None
    }
}

/// What takes a row of a table.
type Take = fn(&Row<'_>, &[Nutrient], SourceNo, &mut Desk<'_, '_, '_>);

#[derive(Debug)]
struct Cronometer;

impl Reader for Cronometer {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(kind) = kind_of(member) else {
            return Ok(());
        };
        let (name, take): (&str, Take) = match kind {
            Kind::Servings => ("servings", serving),
            Kind::Days => ("daily summary", day),
            Kind::Biometrics => ("biometrics", biometric),
            Kind::Exercises => ("exercises", exercise),
            Kind::Notes => {
                desk.leave("notes", "free text");
                return Ok(());
            }
        };
        desk.count_member(name);
        let Some(source) = desk.source("", SourceClass::App) else {
            return Ok(());
        };
        let mut nutrients: Option<Vec<Nutrient>> = None;
        table::rows(input, Shape::plain(name), desk, &mut |row, desk| {
            let nutrients = nutrients.get_or_insert_with(|| {
                let named = row.heading().names().enumerate();
                named
                    .filter_map(|(column, heading)| Nutrient::of(column, heading))
                    .collect()
            });
            take(row, nutrients, source, desk);
            Ok(())
        })
    }
}

/// Days from 1970-01-01 to a date: `2026-03-28`, `2012-9-10` or `9/4/2026`, the month first.
fn date_of(text: &str) -> Option<i32> {
    let parts: Vec<&str> = text.trim().split(['-', '/']).collect();
    let &[first, second, third] = parts.as_slice() else {
        return None;
    };
    let (year, month, day) = if text.contains('/') {
        (third, first, second)
    } else {
        (first, second, third)
    };
    let number = |text: &str| text.parse::<u16>().ok();
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    clock::day(&format!("{year:04}-{month:02}-{day:02}"))
}

/// The clock of a row on its day, where it has one.
fn clock_of(day: i32, time: &str) -> Option<i64> {
    let time = time.trim();
    if time.is_empty() {
        return None;
    }
    let utc = model::zone::Zone::utc();
    let printed = format!(
        "1970-01-01 {}",
        if time.find(':') == Some(1) {
            format!("0{time}")
        } else {
            time.to_owned()
        }
    );
    let moment = crate::clock::read(&printed, &utc)?;
    Some(i64::from(day) * 86_400_000_000 + moment.at_us)
}

fn is_mirror(name: &str) -> bool {
    name.trim_end().ends_with(')')
}

fn serving(row: &Row<'_>, nutrients: &[Nutrient], source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let Some(day) = date_of(row.get("day")) else {
        desk.refuse(row.spot(), "Day", None, TIME_MISSING);
        return;
    };
    let at = match clock_of(day, row.get("time")) {
        Some(wall_us) => desk.local(wall_us).map(|at_us| (at_us, at_us)),
        None => desk.day(day),
    };
    let Some(at) = at else {
        desk.refuse(row.spot(), "Time", None, TIME_MISSING);
        return;
    };
    let food = Food {
        name: row.get("food name"),
        told: &[("meal", row.get("group")), ("amount", row.get("amount"))],
        at,
        source,
    };
    let value = |column| table::number(row.cell(column));
    if nutrition::add(food, nutrients, &value, row.spot(), desk) == 0 {
        desk.leave("servings", "without a nutrient");
    }
}

/// The totals of a day. A day of zeros is one on which nothing was logged.
fn day(row: &Row<'_>, nutrients: &[Nutrient], source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let Some(day) = date_of(row.get("date")) else {
        desk.refuse(row.spot(), "Date", None, TIME_MISSING);
        return;
    };
    let group = row.get("group");
    if !group.is_empty() && !group.eq_ignore_ascii_case("total") {
        return;
    }
    let Some(at) = desk.day(day) else {
        return;
    };
    let mut count = 0;
    for nutrient in nutrients {
        let value = table::number(row.cell(nutrient.column)).filter(|value| *value > 0.0);
        if let Some(value) = value {
            count += 1;
            desk.total(day, nutrient.one(value, at, source));
        }
    }
    if count == 0 {
        desk.leave("daily summary", "a day of zeros: nothing was logged");
    }
}

/// Measurements that have other names here.
const BIOMETRICS: &[(&str, &str)] = &[
    ("weight", "body_mass"),
    ("body fat", "body_fat_percentage"),
    ("heart rate", "heart_rate"),
    ("resting heart rate", "resting_heart_rate"),
    ("waist size", "waist_circumference"),
    ("body temperature", "body_temperature"),
    ("blood glucose", "blood_glucose"),
    ("oxygen saturation", "oxygen_saturation"),
];

fn biometric(row: &Row<'_>, _: &[Nutrient], source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let name = row.get("metric");
    if is_mirror(name) {
        desk.leave("biometrics", "mirrors of another app");
        return;
    }
    let Some(day) = date_of(row.get("day")) else {
        desk.refuse(row.spot(), "Day", None, TIME_MISSING);
        return;
    };
    let noon_us = i64::from(day) * 86_400_000_000 + NOON_US;
    let wall_us = clock_of(day, row.get("time")).unwrap_or(noon_us);
    let Some(at_us) = desk.local(wall_us) else {
        desk.refuse(row.spot(), "Time", None, TIME_MISSING);
        return;
    };
    let (amount, unit) = (row.get("amount"), row.get("unit"));
    let name = name.trim().to_lowercase();
    if name == "blood pressure" {
        let pair = amount.split_once('/');
        let pair = pair.and_then(|(a, b)| table::number(a).zip(table::number(b)));
        let Some((systolic, diastolic)) = pair.filter(|(a, b)| a > b) else {
            desk.refuse(row.spot(), "Amount", None, NOT_A_VALUE);
            return;
        };
        let both = [
            ("blood_pressure_systolic", systolic),
            ("blood_pressure_diastolic", diastolic),
        ];
        for (metric, value) in both {
            let one = One::at(metric, "", value, at_us, source);
            desk.put(row.spot(), one.flags(Flags::MANUAL));
        }
        return;
    }
    let listed = BIOMETRICS.iter().find(|(known, _)| *known == name);
    let metric = listed
        .and_then(|(_, id)| metric::by_id(id))
        .or_else(|| metric::by_id(&name.replace(' ', "_")));
    let Some(metric) = metric else {
        desk.leave("biometrics", "no metric has this name");
        return;
    };
    let Some(value) = table::number(amount) else {
        desk.refuse(row.spot(), "Amount", None, NOT_A_VALUE);
        return;
    };
    let unit = match unit {
        "lbs" => "lb",
        other => other,
    };
    match metric.conversion_with(unit, model::unit::Percent::Points) {
        Ok(conversion) => {
            let one = One::at(metric.id, "", conversion.apply(value), at_us, source);
            desk.put(row.spot(), one.flags(Flags::MANUAL));
        }
        Err(_) => desk.refuse(row.spot(), "Unit", None, UNIT_UNKNOWN),
    }
}

fn exercise(row: &Row<'_>, _: &[Nutrient], source: SourceNo, desk: &mut Desk<'_, '_, '_>) {
    let name = row.get("exercise");
    if is_mirror(name) {
        desk.leave("exercises", "mirrors of another app");
        return;
    }
    let day = date_of(row.get("day"));
    let start = day.and_then(|day| clock_of(day, row.get("time")));
    let Some(start_us) = start.and_then(|wall_us| desk.local(wall_us)) else {
        desk.leave("exercises", "without a time of day");
        return;
    };
    let Some(minutes) = row.number("minutes").filter(|minutes| *minutes > 0.0) else {
        desk.refuse(row.spot(), "Minutes", None, NOT_A_VALUE);
        return;
    };
    let energy = row.number("calories burned").map(f64::abs);
    let known = workout::by_name(name).map(|known| known.id.to_owned());
    let workout = Workout {
        activity: known.unwrap_or_else(|| name.to_lowercase()),
        duration_min: Some(minutes),
        active_energy_kcal: energy.filter(|kcal| *kcal > 0.0),
        indoor: workout::indoor_in_name(name),
        ..Workout::default()
    };
    let heading = Workouts {
        at: Interval {
            start_us,
            end_us: after_seconds(start_us, minutes * 60.0),
        },
        zone: None,
        source,
        uid: None,
    };
    desk.workout(row.spot(), heading, workout);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_clocks_are_read_as_the_app_prints_them() {
        let day = date_of("2026-03-28");
        assert_eq!(day, Some(20_540));
        assert_eq!(date_of("2026-3-28"), day);
        assert_eq!(date_of("3/28/2026"), day);
        assert_eq!(date_of("28 March"), None);
        let at = |time| clock_of(0, time).map(|us| us / 60_000_000);
        assert_eq!(at("06:00 "), Some(360));
        assert_eq!(at("7:00 AM"), Some(420));
        assert_eq!(at("7:00 PM"), Some(1_140));
        assert_eq!(at(" "), None);
    }
}
