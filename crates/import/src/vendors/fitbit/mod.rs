//! Fitbit: Google Takeout in the layouts of 2023 to 2026, and the older archive of fitbit.com.
//!
//! Minutes of `Global Export Data` are the reconciled stream: steps and distance in UTC, calories in the person's
//! clock. The tables beside it repeat the same minutes once for each device and for mirrors in other apps; of these
//! one witness is kept, and only on days that the stream lacks. Nights are printed without zone and are placed by the
//! offset that `UserSleeps` states, where it does.

use std::borrow::Cow;
use std::io::Read;

use model::sample::{DAY_US, MINUTE_US};
use model::source::{SourceClass, SourceNo};
use rustc_hash::FxHashSet;
use serde::Deserialize;

use crate::json::Json;
use crate::live::{MALFORMED, NOT_A_VALUE};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::elements::{self, Which, plain};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, One, Reader, Vendor, VendorError, clock, door};

use self::exercise::exercise;
use self::kinds::{Clock, Kind, is_meant, kind_of};
use self::nights::Nights;
use self::weights::Weights;

mod exercise;
mod kinds;
mod nights;
mod weights;

/// The format.
pub(crate) const VENDOR: Vendor = Vendor {
    name: "fitbit",
    about: "Fitbit: Google Takeout, or the older archive of fitbit.com",
    title: "Fitbit",
    is_meant,
    open: || Box::new(Fitbit::default()),
};

const NOT_WORN: &str = "readings without contact to the skin";
const FLOOR: &str = "the floor of an invalid reading";
const MIRROR: &str = "rows that another app's copy repeats";
const PADDING: &str = "placeholders for days without a reading";
const REPEATED: &str = "the same readings as another file of the export";
const NOT_READ: &str = "not a part of the export that is read";
const EMPTY: &str = "empty, or a heading without rows";

/// Confidence of a heart rate without contact: the value is a filler.
const NO_CONTACT: f64 = 0.0;

/// An oxygen saturation that means "invalid".
const OXYGEN_FLOOR: f64 = 50.0;

/// A breath rate above this is printed in thousandths.
const BREATHS_MAX: f64 = 100.0;

/// The reader.
#[derive(Debug, Default)]
struct Fitbit {
    nights: Nights,
    weights: Weights,
    /// Days since 1970 in UTC of which heart rates were read from JSON.
    beat_days: FxHashSet<i64>,
}

impl Reader for Fitbit {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let Some(kind) = kind_of(member) else {
            let is_empty = member.text().is_empty()
                || member.text() == b"no data"
                || member.text() == b"no data\n";
            let reason = if is_empty { EMPTY } else { NOT_READ };
            desk.leave(&door::extension(member.path), reason);
            return Ok(());
        };
        desk.count_member(kind.name());
        let shape = Shape::plain(kind.name());
        match kind {
            Kind::Beats => self.beats(input, desk),
            Kind::Minutes(metric, unit, clock) => minutes(input, (kind, metric, unit, clock), desk),
            Kind::RestingRate => resting_rate(input, desk),
            Kind::Vo2Max => vo2_max(input, desk),
            Kind::Sleep => self.nights.read_json(input, kind.name(), desk),
            Kind::Exercise => elements::trees(
                input,
                (kind.name(), Which::First),
                desk,
                &mut |spot, element, desk| {
                    exercise(spot, element, desk);
                    Ok(())
                },
            ),
            Kind::Weight => self.weights.read_json(input, kind.name(), desk),
            Kind::Witnesses(metric, unit, column) => {
                table::rows(input, shape, desk, &mut |row, desk| {
                    witness(row, (metric, unit, column), desk)
                })
            }
            Kind::BeatRows => table::each(input, shape, desk, &mut |row, desk| {
                self.beat_row(row, desk);
            }),
            Kind::WeightRows => table::each(input, shape, desk, &mut |row, desk| {
                self.weights.row(row, desk);
            }),
            Kind::HeightRows => table::each(input, shape, desk, &mut |row, desk| {
                self.weights.height(row, desk);
            }),
            Kind::Sessions => table::rows(input, shape, desk, &mut |row, desk| {
                self.nights.session(row, desk)
            }),
            Kind::Stages => table::rows(input, shape, desk, &mut |row, desk| {
                self.nights.stage(row, desk)
            }),
            Kind::RestingRows => table::each(input, shape, desk, &mut resting_row),
            Kind::BreathRows => table::each(input, shape, desk, &mut breath_row),
            Kind::Oxygen => table::rows(input, shape, desk, &mut |row, desk| {
                oxygen_row(row, ("value", 0), desk)
            }),
            Kind::OxygenRows => table::rows(input, shape, desk, &mut |row, desk| {
                oxygen_row(row, ("oxygen saturation percentage", 1), desk)
            }),
            Kind::Variability => {
                let mut last = None;
                table::rows(input, shape, desk, &mut |row, desk| {
                    variability(row, &mut last, desk)
                })
            }
            Kind::VariabilityRows => table::rows(input, shape, desk, &mut variability_row),
            Kind::Temperature => table::each(input, shape, desk, &mut temperature),
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        std::mem::take(&mut self.weights).finish(desk);
        std::mem::take(&mut self.nights).finish(desk)
    }
}

/// `{dateTime, value}`.
#[derive(Deserialize)]
struct Stated<'a> {
    #[serde(borrow, rename = "dateTime")]
    at: Cow<'a, str>,
    #[serde(borrow)]
    value: Json<'a>,
}

/// `{dateTime, value: {bpm, confidence}}`.
#[derive(Deserialize)]
struct Beat<'a> {
    #[serde(borrow, rename = "dateTime")]
    at: Cow<'a, str>,
    value: Rate,
}

#[derive(Deserialize)]
struct Rate {
    bpm: f64,
    confidence: Option<f64>,
}

impl Fitbit {
    fn beats(
        &mut self,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let source = desk.account();
        let what = (Kind::Beats.name(), Which::First);
        elements::texts(input, what, desk, &mut |spot, text, desk| {
            let Ok(beat) = serde_json::from_slice::<Beat<'_>>(text) else {
                desk.refuse(spot, "", None, MALFORMED);
                return Ok(());
            };
            let Some(at_us) = clock::short_american(&beat.at) else {
                desk.refuse(spot, "dateTime", None, TIME_MISSING);
                return Ok(());
            };
            self.beat_days.insert(at_us.div_euclid(DAY_US));
            if beat
                .value
                .confidence
                .is_some_and(|confidence| confidence <= NO_CONTACT)
            {
                desk.leave("heart rates", NOT_WORN);
                return Ok(());
            }
            desk.put(
                spot,
                One::at("heart_rate", "/min", beat.value.bpm, at_us, source),
            );
            Ok(())
        })
    }

    fn beat_row(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
        let Some(at_us) = stamp(row, desk) else {
            return;
        };
        if is_mirror(row.get("data source")) {
            desk.leave("heart rates", MIRROR);
        } else if self.beat_days.contains(&at_us.div_euclid(DAY_US)) {
            desk.leave("heart rates", REPEATED);
        } else if let Some(bpm) = row.number("beats per minute") {
            let source = desk.account();
            desk.put(
                row.spot(),
                One::at("heart_rate", "/min", bpm, at_us, source),
            );
        } else {
            desk.refuse(row.spot(), "beats per minute", None, NOT_A_VALUE);
        }
    }
}

/// The instant of a row's `timestamp`, or a refusal.
fn stamp(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Option<i64> {
    let at = desk.moment(row.get("timestamp"));
    if at.is_none() {
        desk.refuse(row.spot(), "timestamp", None, TIME_MISSING);
    }
    at.map(|(at_us, _)| at_us)
}

/// Rows that apps wrote which read them from somewhere else.
fn is_mirror(device: &str) -> bool {
    let device = device.to_lowercase();
    device.contains("health connect") || device.contains("live pace")
}

/// A band sees more of a day than a phone.
fn is_phone(device: &str) -> bool {
    let device = device.to_lowercase();
    device.contains("mobiletrack") || device.contains("app")
}

fn device_of(device: &str, desk: &mut Desk<'_, '_, '_>) -> SourceNo {
    let class = if is_phone(device) {
        SourceClass::Phone
    } else {
        SourceClass::Watch
    };
    desk.source(device, class).unwrap_or_default()
}

fn minutes(
    input: &mut dyn Read,
    (kind, metric, unit, clock): (Kind, &'static str, &'static str, Clock),
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let source = desk.account();
    let mut last = None;
    elements::texts(
        input,
        (kind.name(), Which::First),
        desk,
        &mut |spot, text, desk| {
            let Ok(stated) = serde_json::from_slice::<Stated<'_>>(text) else {
                desk.refuse(spot, "", None, MALFORMED);
                return Ok(());
            };
            let wall_us = clock::short_american(&stated.at);
            let at_us = match clock {
                Clock::Utc => wall_us,
                Clock::Local => wall_us.and_then(|wall_us| desk.local_in_order(wall_us, &mut last)),
            };
            let Some(at_us) = at_us else {
                desk.refuse(spot, "dateTime", None, TIME_MISSING);
                return Ok(());
            };
            match plain(&stated.value) {
                None => desk.refuse(spot, "value", None, NOT_A_VALUE),
                Some(0.0) => desk.cover(metric, at_us),
                Some(value) => {
                    let at = (at_us, at_us + MINUTE_US);
                    desk.put(spot, One::over(metric, unit, value, at, source));
                }
            }
            Ok(())
        },
    )
}

fn witness(
    row: &Row<'_>,
    (metric, unit, column): (&'static str, &'static str, &str),
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let Some(at_us) = stamp(row, desk) else {
        return Ok(());
    };
    let device = row.get("data source");
    if is_mirror(device) {
        desk.leave(column, MIRROR);
        return Ok(());
    }
    let Some(value) = row.number(column) else {
        desk.refuse(row.spot(), column, None, NOT_A_VALUE);
        return Ok(());
    };
    if value == 0.0 {
        return Ok(());
    }
    let source = device_of(device, desk);
    let one = One::over(metric, unit, value, (at_us, at_us + MINUTE_US), source);
    desk.witness(u8::from(is_phone(device)), one)
}

fn resting_rate(input: &mut dyn Read, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    let what = (Kind::RestingRate.name(), Which::First);
    elements::trees(input, what, desk, &mut |spot, element, desk| {
        let value = element.get("value");
        daily(
            element,
            value.get("value"),
            ("resting_heart_rate", "/min"),
            spot,
            desk,
        );
        Ok(())
    })
}

fn vo2_max(input: &mut dyn Read, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    let what = (Kind::Vo2Max.name(), Which::First);
    elements::trees(input, what, desk, &mut |spot, element, desk| {
        let value = element.get("value");
        let value = value.first_of(&["filteredDemographicVO2Max", "demographicVO2Max"]);
        daily(element, value, ("vo2_max", "mL/min/kg"), spot, desk);
        Ok(())
    })
}

/// A value of a local day; zero is a placeholder.
fn daily(
    element: &Json<'_>,
    value: &Json<'_>,
    (metric, unit): (&'static str, &'static str),
    spot: Spot<'_>,
    desk: &mut Desk<'_, '_, '_>,
) {
    let wall_us = element
        .get("dateTime")
        .text()
        .and_then(clock::short_american);
    let Some(day) = wall_us.and_then(clock::day_of_wall) else {
        return desk.refuse(spot, "dateTime", None, TIME_MISSING);
    };
    match plain(value) {
        Some(value) if value > 0.0 => {
            let source = desk.account();
            desk.total(day, One::at(metric, unit, value, 0, source));
        }
        Some(_) => desk.leave(metric, PADDING),
        None => desk.refuse(spot, "value", None, NOT_A_VALUE),
    }
}

fn resting_row(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    match (
        clock::day(row.get("timestamp")),
        row.number("beats per minute"),
    ) {
        (Some(day), Some(value)) if value > 0.0 => {
            let source = desk.account();
            desk.total(day, One::at("resting_heart_rate", "/min", value, 0, source));
        }
        (Some(_), Some(_)) => desk.leave("resting_heart_rate", PADDING),
        (None, _) => desk.refuse(row.spot(), "timestamp", None, TIME_MISSING),
        (_, None) => desk.refuse(row.spot(), "beats per minute", None, NOT_A_VALUE),
    }
}

fn breath_row(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let Some(at_us) = stamp(row, desk) else {
        return;
    };
    let mut names = row.heading().names();
    let column = names.position(|name| name.starts_with("full sleep stats"));
    match column.and_then(|column| table::number(row.cell(column))) {
        Some(rate) if rate > 0.0 => {
            let rate = if rate > BREATHS_MAX {
                rate / 1_000.0
            } else {
                rate
            };
            let source = device_of(row.get("data source"), desk);
            desk.put(
                row.spot(),
                One::at("respiratory_rate", "/min", rate, at_us, source),
            );
        }
        Some(_) => desk.leave("respiratory_rate", PADDING),
        None => desk.refuse(row.spot(), "full sleep stats", None, NOT_A_VALUE),
    }
}

fn oxygen_row(
    row: &Row<'_>,
    (column, rank): (&'static str, u8),
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let Some(at_us) = stamp(row, desk) else {
        return Ok(());
    };
    let Some(percent) = row.number(column) else {
        desk.refuse(row.spot(), column, None, NOT_A_VALUE);
        return Ok(());
    };
    if percent <= OXYGEN_FLOOR {
        desk.leave("oxygen_saturation", FLOOR);
        return Ok(());
    }
    let source = desk.account();
    desk.witness(
        rank,
        One::at("oxygen_saturation", "%", percent, at_us, source),
    )
}

/// Length of the intervals of heart rate variability.
const VARIABILITY_US: i64 = 5 * MINUTE_US;

fn variability(
    row: &Row<'_>,
    last: &mut Option<i64>,
    desk: &mut Desk<'_, '_, '_>,
) -> Result<(), VendorError> {
    let wall_us = clock::wall(row.get("timestamp"));
    let at_us = wall_us.and_then(|wall_us| desk.local_in_order(wall_us, last));
    let Some(at_us) = at_us else {
        desk.refuse(row.spot(), "timestamp", None, TIME_MISSING);
        return Ok(());
    };
    let Some(rmssd) = row.number("rmssd") else {
        desk.refuse(row.spot(), "rmssd", None, NOT_A_VALUE);
        return Ok(());
    };
    let source = desk.account();
    let at = (at_us, at_us + VARIABILITY_US);
    desk.witness(
        0,
        One::over("heart_rate_variability_rmssd", "ms", rmssd, at, source),
    )
}

fn variability_row(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
    let Some(at_us) = stamp(row, desk) else {
        return Ok(());
    };
    let Some(rmssd) = table::number(row.cell(1)).filter(|rmssd| *rmssd > 0.0) else {
        desk.refuse(row.spot(), "root mean square", None, NOT_A_VALUE);
        return Ok(());
    };
    let source = desk.account();
    desk.witness(
        1,
        One::at("heart_rate_variability_rmssd", "ms", rmssd, at_us, source),
    )
}

fn temperature(row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) {
    let start = desk.moment(row.get("sleep_start"));
    let end = desk.moment(row.get("sleep_end"));
    let (Some((start_us, _)), Some((end_us, _))) = (start, end) else {
        desk.refuse(row.spot(), "sleep_start", None, TIME_MISSING);
        return;
    };
    let Some(celsius) = row.number("nightly_temperature") else {
        desk.refuse(row.spot(), "nightly_temperature", None, NOT_A_VALUE);
        return;
    };
    let source = desk.account();
    let one = One::over(
        "skin_temperature",
        "Cel",
        celsius,
        (start_us, end_us),
        source,
    );
    desk.put(row.spot(), one);
}
