//! Recordings of worn devices as samples: epochs become samples of catalogue metrics on the clock of
//! UTC, what could not be read becomes rejections.
//!
//! A worn device's clock is set once and then runs: nobody turns it when clocks change or on a journey. So one
//! offset from UTC holds for the whole recording: the one that the file states, else the one of the zone
//! in which the person was when it began. An epoch that is missing brings no sample. Raw acceleration is
//! reduced while it streams by.
//!
//! It must never keep raw acceleration, guess a value, or take a file of several people for one person's.

use std::io::{self, Read};
use std::ops::ControlFlow;

use analysis::accel::measure::Measure;
use analysis::accel::reducer::{Reducer, Settings};
use analysis::outcome::Insufficient;
use import::batch::{
    ClockTold, Fact, Incoming, Meaning, Position, Printed, Recorder, RejectCode, Rejection, Sink,
    TypeName,
};
use import::check;
use import::recording::columns::Columns;
use import::recording::error::Error;
use import::recording::front;
use import::recording::options::Options;
use import::recording::{Block, Channel, Content, Damages, Header, Quantity, Raw, Recording};
use import::tables::{Outbox, Sources, Stopped};
use model::metric::Metric;
use model::sample::{Flags, SECOND_US, Sample};
use model::source::{Source, SourceNo};
use model::zone::ZoneHistory;

use crate::ingest::IngestError;

/// What reading a recording depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// Where the person was, to read a clock that states no offset.
    pub(crate) zones: &'a ZoneHistory,
    /// The time now; samples far ahead of it are refused.
    pub(crate) now_us: i64,
    /// What the columns of a table mean.
    pub(crate) columns: Option<&'a Columns>,
    /// Length of an epoch in seconds, where the file does not state it.
    pub(crate) epoch_s: Option<u32>,
}

/// Reads a recording of the named format.
pub(crate) fn read(
    format: &str,
    input: &mut dyn Read,
    around: Surroundings<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), IngestError> {
    let mut input = Counted {
        inner: input,
        count: 0,
    };
    let options = Options {
        format: Some(format),
        columns: around.columns,
        rate_hz: None,
        epoch_s: around.epoch_s,
    };
    let mut reduction = Reduction::default();
    let mut blocks = |block: &Block<'_>| reduction.take(block);
    let unreadable = |message: String| IngestError::Unreadable { message };
    let content = front::read(&mut input, &options, &mut blocks).map_err(|error| {
        if let Error::Memory(full) = error {
            return IngestError::full(full);
        }
        unreadable(error.to_string())
    })?;
    match content {
        Content::Epochs(recording) => {
            let writer = Writer::new(&recording.header, around, input.count, sink);
            // A receiver that wants no more says why itself.
            let _ = writer.write(&recording);
            Ok(())
        }
        Content::Several { column, members } => Err(unreadable(format!(
            "the file holds recordings of {} people, told apart by its column {column:?}; split it by that \
             column and import each part for its own person",
            members.len()
        ))),
        Content::Raw(raw) => {
            let recording = reduction.finish(raw).map_err(unreadable)?;
            let writer = Writer::new(&recording.header, around, input.count, sink);
            let _ = writer.write(&recording);
            Ok(())
        }
    }
}

/// Counts what passes through.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    count: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }
}

/// The offset from UTC that a clock showed which was set where the person was at `local_s`.
fn offset_s(zones: &ZoneHistory, local_s: i64) -> i64 {
    let local = analysis::report::column::civil(local_s);
    let mut zone = zones.home();
    let mut at_us = 0;
    // The zone tells the instant and the instant the zone; around a journey they may not settle.
    for _ in 0..3 {
        let instant = zone.rules().to_timestamp(local);
        at_us = instant.map_or(
            local_s.saturating_mul(SECOND_US),
            jiff::Timestamp::as_microsecond,
        );
        let there = zones.zone_at(at_us);
        if there.name() == zone.name() {
            break;
        }
        zone = there;
    }
    local_s - at_us.div_euclid(SECOND_US)
}

/// What a channel is to the catalogue.
enum Kept {
    Known(&'static Metric),
    Unknown(String),
}

fn metric_of(format: &str, channel: &Channel, is_first: bool) -> Kept {
    let by_name = match channel.name.as_str() {
        "axis1" if is_actigraph(format) => Some("actigraph_count"),
        "vector_magnitude" if is_actigraph(format) => Some("actigraph_vector_magnitude"),
        name => REDUCED
            .iter()
            .find(|(_, reduced, _)| *reduced == name)
            .map(|(_, _, id)| *id),
    };
    let by_quantity = || match channel.quantity {
        Quantity::Activity if channel.unit == MILLI_G => Some("euclidean_norm_minus_one"),
        Quantity::Activity if !is_actigraph(format) => Some("activity_count"),
        Quantity::Light if channel.unit == "lx" => Some("ambient_light"),
        Quantity::Temperature => Some("device_temperature"),
        Quantity::Steps => Some("step_count"),
        Quantity::HeartRate => Some("heart_rate"),
        Quantity::Activity
        | Quantity::Light
        | Quantity::LightBand
        | Quantity::DeviceScore
        | Quantity::Event
        | Quantity::WearSensor
        | Quantity::Other => None,
    };
    let id = by_name.or_else(|| by_quantity().filter(|_| is_first));
    id.and_then(model::metric::by_id).map_or_else(
        || Kept::Unknown(format!("{format}.{}", channel.name)),
        Kept::Known,
    )
}

/// The unit of activity that is an acceleration.
const MILLI_G: &str = "m[g]";

/// Whether the counts of a format are ActiGraph's own.
fn is_actigraph(format: &str) -> bool {
    matches!(format, "agd" | "actigraph_csv")
}

/// What raw acceleration is reduced to: the measure, the name of its channel, its metric.
const REDUCED: [(Measure, &str, &str); 5] = [
    (Measure::CountsY, "reduced_counts_y", "actigraph_count"),
    (
        Measure::CountsMagnitude,
        "reduced_counts",
        "actigraph_vector_magnitude",
    ),
    (Measure::Enmo, "reduced_enmo", "euclidean_norm_minus_one"),
    (Measure::Mad, "reduced_mad", "mean_amplitude_deviation"),
    (Measure::AngleZ, "reduced_angle_z", "z_angle"),
];

/// Raw acceleration on its way to epochs: counts by the minute, the other measures every five seconds.
/// A stream is read once, so that it cannot be calibrated on itself before.
#[derive(Default)]
struct Reduction {
    reducers: Vec<Reducer>,
    failed: Option<String>,
}

impl Reduction {
    fn take(&mut self, block: &Block<'_>) -> ControlFlow<()> {
        if self.reducers.is_empty() {
            match started(block.rate_hz) {
                Ok(reducers) => self.reducers = reducers,
                Err(lacking) => {
                    self.failed = Some(format!("acceleration cannot be reduced: {lacking}"));
                    return ControlFlow::Break(());
                }
            }
        }
        for reducer in &mut self.reducers {
            reducer.push(block.start_us, block.rate_hz, block.samples_g);
        }
        ControlFlow::Continue(())
    }

    fn finish(self, raw: Raw) -> Result<Recording, String> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let mut recording = Recording {
            header: raw.header,
            channels: Vec::new(),
            damages: raw.damages,
        };
        for epochs in self.reducers.into_iter().filter_map(Reducer::finish) {
            for (measure, name, _) in REDUCED {
                let Some(series) = epochs.series(measure) else {
                    continue;
                };
                let scale = if matches!(measure, Measure::Enmo | Measure::Mad) {
                    MILLI
                } else {
                    1.0
                };
                recording.channels.push(Channel {
                    name: name.to_owned(),
                    quantity: Quantity::Activity,
                    unit: "",
                    start_s: series.start_s(),
                    epoch_s: series.step_s(),
                    values: series.values().iter().map(|value| value * scale).collect(),
                });
            }
        }
        if recording.channels.is_empty() {
            return Err("the file holds no acceleration that can be read".to_owned());
        }
        Ok(recording)
    }
}

/// Thousandths of g in one g.
const MILLI: f64 = 1000.0;

fn started(rate_hz: f64) -> Result<Vec<Reducer>, Insufficient> {
    let customary = Settings::customary(rate_hz);
    let counts = Settings {
        epoch_s: 60,
        measures: vec![Measure::CountsY, Measure::CountsMagnitude],
        ..customary.clone()
    };
    Ok(vec![Reducer::new(counts)?, Reducer::new(customary)?])
}

/// Hands a recording over in batches.
struct Writer<'a, 's> {
    header: &'a Header,
    around: Surroundings<'a>,
    bytes_read: u64,
    outbox: Outbox<'a, 's>,
    source: SourceNo,
}

impl<'a, 's> Writer<'a, 's> {
    fn new(
        header: &'a Header,
        around: Surroundings<'a>,
        bytes_read: u64,
        sink: &'a mut Sink<'s>,
    ) -> Self {
        Self {
            header,
            around,
            bytes_read,
            outbox: Outbox::new(sink),
            source: SourceNo::default(),
        }
    }

    fn write(mut self, recording: &Recording) -> Result<(), Stopped> {
        let starts = recording.channels.iter().map(|channel| channel.start_s);
        let offset_s = self.begin(starts.min().unwrap_or(0));
        for (index, channel) in recording.channels.iter().enumerate() {
            let earlier = recording.channels.iter().take(index);
            let is_first = !earlier
                .into_iter()
                .any(|other| other.quantity == channel.quantity);
            self.channel(channel, is_first, offset_s)?;
        }
        self.damages(&recording.damages);
        self.outbox.flush(self.bytes_read)
    }

    /// Announces the device and answers the offset of its clock.
    fn begin(&mut self, start_s: i64) -> i64 {
        let header = self.header;
        let (clock_offset_s, clock_told_by) = match header.utc_offset_s {
            Some(stated_s) => (i64::from(stated_s), ClockTold::File),
            None => (offset_s(self.around.zones, start_s), ClockTold::Person),
        };
        let name = header.device.as_deref().unwrap_or(header.format);
        let parts = [&header.device, &header.serial];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let source = Source {
            device: (!parts.is_empty()).then(|| parts.join(", ")),
            ..Source::named(name)
        };
        let no = Sources::new().add((name.as_bytes(), b""), source, &mut self.outbox);
        self.source = no.expect("a new table has room");
        self.outbox.fact(Fact::Recorded(Recorder {
            format: header.format,
            device: header.device.clone(),
            serial: header.serial.clone(),
            firmware: header.firmware.clone(),
            worn_at: header.worn_at.clone(),
            clock_offset_s,
            clock_told_by,
        }));
        clock_offset_s
    }

    fn channel(&mut self, channel: &Channel, is_first: bool, offset_s: i64) -> Result<(), Stopped> {
        let kept = metric_of(self.header.format, channel, is_first);
        let (name, meaning, metric) = match kept {
            Kept::Known(metric) => (
                metric.id.to_owned(),
                Meaning::Known(metric.no),
                Some(metric),
            ),
            Kept::Unknown(name) => {
                let unit = channel.unit.to_owned();
                (name, Meaning::Unknown { unit }, None)
            }
        };
        let Some(type_index) = self.outbox.new_type(TypeName { name, meaning }) else {
            // More columns than any person has types: what came before stays.
            return Ok(());
        };
        let length_us = i64::from(channel.epoch_s) * SECOND_US;
        let stated_min = self.header.utc_offset_s.map(|stated_s| stated_s / 60);
        let mut start_us = (channel.start_s - offset_s).saturating_mul(SECOND_US);
        for (index, &value) in (0_u64..).zip(&channel.values) {
            let end_us = start_us.saturating_add(length_us);
            if !value.is_nan() {
                let sample = Sample {
                    start_us,
                    end_us,
                    value,
                    zone_offset_min: stated_min.and_then(|minutes| i16::try_from(minutes).ok()),
                    source: self.source,
                    uid: None,
                    flags: Flags::NONE,
                };
                self.sample(type_index, metric, sample, index);
            }
            start_us = end_us;
            if self.outbox.is_full() {
                self.outbox.flush(self.bytes_read)?;
            }
        }
        Ok(())
    }

    fn sample(&mut self, type_index: u32, metric: Option<&Metric>, sample: Sample, index: u64) {
        let checked = check::interval(sample.start_us, sample.end_us, self.around.now_us)
            .and_then(|()| metric.map_or(Ok(()), |metric| check::value(metric, sample.value)));
        match checked {
            Ok(()) => self.outbox.sample(Incoming {
                type_index,
                printed: Printed::TopLevel,
                sample,
            }),
            Err(refusal) => self.outbox.reject(Rejection {
                type_index: Some(type_index),
                code: refusal.code,
                field: String::new(),
                position: Position::Index(index),
                message: refusal.message.to_owned(),
            }),
        }
    }

    fn damages(&mut self, damages: &Damages) {
        for damage in &damages.first {
            self.outbox.reject(Rejection {
                type_index: None,
                code: RejectCode::Malformed,
                field: damage.code.to_owned(),
                position: damage
                    .line
                    .map_or(Position::Byte(damage.byte), Position::Line),
                message: damage.message.clone(),
            });
        }
        let told = u64::try_from(damages.first.len()).unwrap_or(u64::MAX);
        let count = damages.count.saturating_sub(told);
        if count > 0 {
            self.outbox.fact(Fact::MoreRejected { count });
        }
    }
}

#[cfg(test)]
mod tests {
    use model::zone::Zone;

    use super::*;

    fn us(text: &str) -> i64 {
        let at: jiff::Timestamp = text.parse().expect("a timestamp");
        at.as_microsecond()
    }

    fn zone(name: &str) -> Zone {
        Zone::parse(name).expect("a zone")
    }

    #[test]
    fn a_clock_shows_the_time_of_the_place_where_it_was_set() {
        let check = |zones: &ZoneHistory, local: &str, expect_h: i64| {
            let local_s = us(local) / SECOND_US;
            assert_eq!(offset_s(zones, local_s), expect_h * 3600, "{local}");
        };
        let berlin = ZoneHistory::fixed(zone("Europe/Berlin"));
        check(&berlin, "2026-03-28T12:00:00Z", 1);
        check(&berlin, "2026-03-29T12:00:00Z", 2);
        // An hour that the clocks skip is read with the offset before, one that they repeat too.
        check(&berlin, "2026-03-29T02:30:00Z", 1);
        check(&berlin, "2026-10-25T02:30:00Z", 2);
        let journey = ZoneHistory::from_observations(
            zone("Europe/Berlin"),
            vec![(us("2026-05-04T18:00:00Z"), zone("America/New_York"))],
        );
        check(&journey, "2026-05-04T12:00:00Z", 2);
        check(&journey, "2026-05-04T15:00:00Z", 2);
        check(&journey, "2026-05-06T00:00:00Z", -4);
    }
}
