//! One `Record` element: a sample, the context in its metadata, and the beats behind it.

use model::category::{category_code, category_code_when_absent};
use model::metric::Metric;
use model::record::{Body, CorrelationMember, Other, Record};
use model::sample::{Flags, Sample};
use model::source::SourceNo;

use crate::apple::beats::{BEATS_MAX, Beat, place};
use crate::apple::reading::{Reading, SourceTag, identity, refusal};
use crate::apple::scan::Tag;
use crate::apple::text::decode;
use crate::apple::types::{NameRefused, ValueReading};
use crate::batch::{Incoming, Printed, RejectCode};
use crate::check::{self, Refusal};

/// Bytes of a text that is kept as the value of an unknown type.
const VALUE_TEXT_BYTES_MAX: usize = 64 << 10;

const VALUE_MISSING: Refusal = refusal(RejectCode::ValueMissing, "the record has no value");

/// The attributes of a `Record`, as printed.
#[derive(Default)]
struct Printout<'t> {
    type_name: &'t [u8],
    unit: &'t [u8],
    value: Option<&'t [u8]>,
    start: Option<&'t [u8]>,
    second_start: Option<&'t [u8]>,
    end: Option<&'t [u8]>,
    source: SourceTag<'t>,
}

impl<'t> Printout<'t> {
    #[inline]
    fn read(tag: &Tag<'t>) -> Self {
        let mut print = Self::default();
        for (name, value) in tag.attributes() {
            match name {
                b"type" => print.type_name = value,
                b"unit" => print.unit = value,
                b"value" => print.value = Some(value),
                b"startDate" if print.start.is_none() => print.start = Some(value),
                b"startDate" => print.second_start = Some(value),
                b"endDate" => print.end = Some(value),
                b"sourceName" => print.source.name = value,
                b"sourceVersion" => print.source.version = value,
                b"device" => print.source.device = value,
                _ => {}
            }
        }
        print
    }
}

/// A `Record` whose tag was read and whose end is to come.
#[derive(Debug)]
pub(crate) struct OpenSample {
    position: u64,
    printed: Printed,
    content: Result<Content, Refused>,
    zone_offset_min: Option<i16>,
    flags: Flags,
    beats: Vec<Beat>,
    /// Type and unit as printed, which only members of a correlation need.
    names: Option<Box<(String, String)>>,
}

#[derive(Debug)]
struct Content {
    type_index: u32,
    metric: Option<&'static Metric>,
    start_us: i64,
    end_us: i64,
    source: SourceNo,
    value: SampleValue,
}

#[derive(Debug)]
enum SampleValue {
    Number(f64),
    Text(Box<Other>),
}

#[derive(Debug, Clone, Copy)]
struct Refused {
    type_index: Option<u32>,
    field: &'static str,
    refusal: Refusal,
}

impl OpenSample {
    /// Reads the tag.
    #[inline]
    pub(crate) fn begin(tag: &Tag<'_>, printed: Printed, reading: &mut Reading<'_, '_>) -> Self {
        let print = Printout::read(tag);
        let names = (printed == Printed::InCorrelation).then(|| {
            Box::new((
                decode(print.type_name).into_owned(),
                decode(print.unit).into_owned(),
            ))
        });
        Self {
            position: tag.position,
            printed,
            content: read(&print, reading),
            names,
            zone_offset_min: None,
            flags: Flags::NONE,
            beats: Vec::new(),
        }
    }

    /// Takes in one entry of metadata: only what changes how a sample is merged or read is kept.
    pub(crate) fn metadata(&mut self, key: &[u8], value: &[u8], reading: &mut Reading<'_, '_>) {
        let flag = match (key, value) {
            (b"HKWasUserEntered", b"1") => Flags::MANUAL,
            (b"HKMetadataKeyHeartRateMotionContext", b"1") => Flags::SEDENTARY,
            (b"HKMetadataKeyHeartRateMotionContext", b"2") => Flags::ACTIVE,
            (b"HKBloodGlucoseMealTime", b"1") => Flags::BEFORE_MEAL,
            (b"HKBloodGlucoseMealTime", b"2") => Flags::AFTER_MEAL,
            (b"HKFoodType", name) => Flags::variant_named(&decode(name)),
            (b"HKTimeZone", zone) => {
                if let Ok(content) = &self.content {
                    let at_us = content.start_us;
                    self.zone_offset_min = reading
                        .zone(zone, at_us)
                        .and_then(|zone| i16::try_from(zone.offset_min(at_us)).ok());
                }
                return;
            }
            _ => return,
        };
        self.flags = self.flags.with(flag);
    }

    /// Takes in one beat.
    pub(crate) fn beat(&mut self, tag: &Tag<'_>) {
        let (Some(rate), Some(time)) = (tag.get(b"bpm"), tag.get(b"time")) else {
            return;
        };
        if self.beats.len() < BEATS_MAX
            && let Some(beat) = Beat::read(rate, &decode(time))
        {
            self.beats.push(beat);
        }
    }

    /// Sends the sample; returns it as a member of a correlation when it is printed in one.
    #[inline]
    pub(crate) fn finish(self, reading: &mut Reading<'_, '_>) -> Option<CorrelationMember> {
        let content = match self.content {
            Ok(content) => content,
            Err(refused) => {
                reading.reject(
                    refused.type_index,
                    self.position,
                    refused.field,
                    refused.refusal,
                );
                return None;
            }
        };
        let value = match content.value {
            SampleValue::Number(value) => value,
            SampleValue::Text(other) => {
                reading.outbox.record(Record {
                    start_us: content.start_us,
                    end_us: content.end_us,
                    zone: None,
                    source: content.source,
                    uid: None,
                    identity: identity(&[
                        &other.name,
                        &content.start_us.to_string(),
                        reading.sources.key(content.source),
                        &other.json,
                    ]),
                    body: Body::Other(*other),
                });
                return None;
            }
        };
        reading.outbox.sample(Incoming {
            type_index: content.type_index,
            printed: self.printed,
            sample: Sample {
                start_us: content.start_us,
                end_us: content.end_us,
                value,
                zone_offset_min: self.zone_offset_min,
                source: content.source,
                uid: None,
                flags: self.flags,
            },
        });
        if !self.beats.is_empty() {
            send_beats(&self.beats, &content, reading);
        }
        let (type_name, unit) = *self.names?;
        Some(CorrelationMember {
            metric: content
                .metric
                .map_or(type_name, |metric| metric.id.to_owned()),
            value,
            unit: content
                .metric
                .map_or(unit, |metric| metric.unit.ucum().to_owned()),
            start_us: content.start_us,
            end_us: content.end_us,
        })
    }
}

fn send_beats(beats: &[Beat], content: &Content, reading: &mut Reading<'_, '_>) {
    let series = place(beats, content.start_us, content.end_us);
    if series.at_us.is_empty() {
        return;
    }
    reading.outbox.record(Record {
        start_us: content.start_us,
        end_us: content.end_us,
        zone: None,
        source: content.source,
        uid: None,
        identity: identity(&[
            &content.start_us.to_string(),
            &content.end_us.to_string(),
            reading.sources.key(content.source),
        ]),
        body: Body::HeartbeatSeries(series),
    });
}

#[inline]
fn read(print: &Printout<'_>, reading: &mut Reading<'_, '_>) -> Result<Content, Refused> {
    let refuse = |type_index, field, code, message| Refused {
        type_index,
        field,
        refusal: refusal(code, message),
    };
    if print.type_name.is_empty() {
        let message = "the record has no type";
        return Err(refuse(None, "type", RejectCode::TypeMissing, message));
    }
    let used = match reading
        .types
        .find(print.type_name, print.unit, &mut reading.outbox)
    {
        Ok(used) => used,
        Err(NameRefused::TooLong) => {
            let message = "the type or unit is longer than allowed";
            return Err(refuse(None, "type", RejectCode::TextTooLong, message));
        }
        Err(NameRefused::TooMany) => {
            let message = "the input has more types than allowed";
            return Err(refuse(None, "type", RejectCode::Malformed, message));
        }
    };
    let type_index = Some(used.type_index);
    let time = |field| {
        refuse(
            type_index,
            field,
            RejectCode::TimeInvalid,
            "the time cannot be read",
        )
    };
    let start = print.start.and_then(|text| reading.dates.read(text));
    let start_us = start.ok_or_else(|| time("startDate"))?.at_us;
    // iOS 16.0 prints some ends as a second start.
    let end = print.end.or(print.second_start);
    let end = end.and_then(|text| reading.dates.read(text));
    let end_us = end.ok_or_else(|| time("endDate"))?.at_us;
    let refused = |field| {
        move |refusal| Refused {
            type_index,
            field,
            refusal,
        }
    };
    check::interval(start_us, end_us, reading.now_us).map_err(refused("startDate"))?;
    let (metric, value) = value(print, used.reading).map_err(refused("value"))?;
    let source = reading.source(&print.source).ok_or_else(|| {
        let message = "the source's name is too long, or there are too many sources";
        refuse(type_index, "sourceName", RejectCode::TextTooLong, message)
    })?;
    Ok(Content {
        type_index: used.type_index,
        metric,
        start_us,
        end_us,
        source,
        value,
    })
}

type Valued = (Option<&'static Metric>, SampleValue);

#[inline]
fn value(print: &Printout<'_>, reading: ValueReading) -> Result<Valued, Refusal> {
    match reading {
        ValueReading::Quantity(metric, conversion) => {
            let value = conversion.apply(number(print)?);
            check::value(metric, value)?;
            Ok((Some(metric), SampleValue::Number(value)))
        }
        ValueReading::Category(metric) => {
            let code = match print.value {
                None | Some(b"") => category_code_when_absent(metric).ok_or(VALUE_MISSING),
                Some(text) => category_code(metric, &decode(text)).ok_or(refusal(
                    RejectCode::ValueInvalid,
                    "the value is not a known category of this type",
                )),
            }?;
            Ok((Some(metric), SampleValue::Number(code)))
        }
        ValueReading::UnitUnknown => Err(refusal(
            RejectCode::UnitUnknown,
            "the unit does not measure this type",
        )),
        ValueReading::UnknownCategory => match print.value {
            None | Some(b"" | b"HKCategoryValueNotApplicable") => {
                Ok((None, SampleValue::Number(0.0)))
            }
            Some(text) => number_or_text(print, text),
        },
        ValueReading::UnknownQuantity => match print.value {
            None | Some(b"") => number(print).map(|value| (None, SampleValue::Number(value))),
            Some(text) => number_or_text(print, text),
        },
    }
}

#[inline]
fn number(print: &Printout<'_>) -> Result<f64, Refusal> {
    let text = print
        .value
        .filter(|text| !text.is_empty())
        .ok_or(VALUE_MISSING)?;
    let number: Option<f64> = fast_float2::parse(text)
        .or_else(|_| fast_float2::parse(text.trim_ascii()))
        .ok()
        .filter(|number: &f64| number.is_finite());
    number.ok_or(refusal(
        RejectCode::ValueInvalid,
        "the value is not a finite number",
    ))
}

/// A value of an unknown type is kept as a number if it is one, and as it came if not.
fn number_or_text(print: &Printout<'_>, text: &[u8]) -> Result<Valued, Refusal> {
    if let Ok(number) = number(print) {
        return Ok((None, SampleValue::Number(number)));
    }
    if text.len() > VALUE_TEXT_BYTES_MAX {
        return Err(refusal(
            RejectCode::TextTooLong,
            "the value is longer than allowed",
        ));
    }
    let name = decode(print.type_name).into_owned();
    let json = serde_json::json!({ "value": decode(text), "unit": decode(print.unit) });
    Ok((
        None,
        SampleValue::Text(Box::new(Other {
            name,
            json: json.to_string(),
        })),
    ))
}
