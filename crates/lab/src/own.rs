//! What a recording says besides activity and light: presses of the button, the rest intervals and exclusions of
//! its program, the off-wrist sensor.
//!
//! It is read off whole before epochs are made longer, so that a press or the edge of an interval keeps its
//! time. It must never decide what is used; whoever asks for a report does.

use analysis::report::Span;
use analysis::series::Series;
use import::recording::{Channel, Quantity};

use crate::load::{How, LoadError, on_clock};

/// Presses that are kept; a press an epoch for a year is a stuck button.
const MARKERS_MAX: usize = 10_000;
/// The channel in which programs state their intervals: 0 active, 1 rest, 2 sleep, 3 excluded.
const INTERVALS: &str = "interval_status";

/// What a recording says about itself.
#[derive(Debug, Default)]
pub struct Own {
    /// Local seconds at which the button was pressed.
    pub markers: Vec<i64>,
    /// Rest intervals; None where the file has no column of them.
    pub rests: Option<Vec<Span>>,
    /// Stretches that the program or its user excluded.
    pub excluded: Vec<Span>,
    /// 1 where the device's sensor says that it was not worn, 0 where it was.
    pub off: Option<Series>,
}

impl Own {
    /// Reads the channels, on the clock that was asked for.
    pub(crate) fn of(
        channels: &[Channel],
        offset_s: Option<i32>,
        how: &How,
    ) -> Result<Self, LoadError> {
        let placed = |channel: &Channel| {
            let (step_s, values) = (channel.epoch_s.max(1), channel.values.clone());
            on_clock(Series::new(channel.start_s, step_s, values), offset_s, how)
        };
        let first =
            |is: &dyn Fn(&Channel) -> bool| -> Result<Option<(&Channel, Series)>, LoadError> {
                let Some(channel) = channels.iter().find(|channel| is(channel)) else {
                    return Ok(None);
                };
                Ok(Some((channel, placed(channel)?)))
            };
        let mut own = Self::default();
        if let Some((_, events)) = first(&|channel| channel.quantity == Quantity::Event)? {
            let pressed = events.values().iter().enumerate();
            let pressed = pressed.filter(|(_, value)| **value > 0.0);
            own.markers = pressed
                .map(|(index, _)| events.time_s(index))
                .take(MARKERS_MAX)
                .collect();
        }
        if let Some((_, intervals)) = first(&|channel| channel.name == INTERVALS)? {
            // Where clocks go back, two epochs are one: whatever lies between rest and sleep is rest.
            own.rests = Some(spans(&intervals, |status| (0.75..=2.25).contains(&status)));
            own.excluded = spans(&intervals, |status| status > 2.75);
        }
        if let Some((sensor, series)) = first(&|channel| channel.quantity == Quantity::WearSensor)?
        {
            let is_off = sensor.name.starts_with("off");
            own.off = Some(if is_off {
                series
            } else {
                series.map(|worn| 1.0 - worn)
            });
        }
        Ok(own)
    }

    /// Whether the file says anything of when the device was not worn or what is not to be used.
    pub(crate) const fn knows_wear(&self) -> bool {
        self.off.is_some() || self.rests.is_some()
    }

    /// The epochs of a series that the sensor finds unworn or that are excluded; None where the file says nothing
    /// of either.
    pub(crate) fn unworn(&self, series: &Series) -> Option<Vec<bool>> {
        if !self.knows_wear() {
            return None;
        }
        let mut mask: Vec<bool> = (0..series.len())
            .map(|index| self.is_off(series.time_s(index), series.time_s(index + 1)))
            .collect();
        for span in &self.excluded {
            let (from, until) = (series.index_at(span.from_s), series.index_at(span.until_s));
            if let Some(places) = mask.get_mut(from..until) {
                places.fill(true);
            }
        }
        Some(mask)
    }

    /// Whether the sensor finds the device unworn for at least half of an epoch.
    fn is_off(&self, from_s: i64, until_s: i64) -> bool {
        let Some(sensor) = &self.off else {
            return false;
        };
        let step_s = i64::from(sensor.step_s());
        let place =
            |time_s: i64| usize::try_from((time_s - sensor.start_s()).div_euclid(step_s)).ok();
        let Some((first, last)) = place(from_s).zip(place(until_s - 1)) else {
            return false;
        };
        let inside = sensor.values().get(first..(last + 1).min(sensor.len()));
        let inside = inside.unwrap_or_default();
        let off = inside.iter().filter(|value| **value > 0.5).count();
        off > 0 && 2 * off >= inside.len()
    }
}

/// The stretches whose values are of a kind; what is missing ends one.
fn spans(series: &Series, is: impl Fn(f64) -> bool) -> Vec<Span> {
    let mut found = Vec::new();
    let mut open = None;
    let beyond = std::iter::once(f64::NAN);
    for (index, value) in series.values().iter().copied().chain(beyond).enumerate() {
        match (is(value), open) {
            (true, None) => open = Some(index),
            (false, Some(from)) => {
                found.push(Span {
                    from_s: series.time_s(from),
                    until_s: series.time_s(index),
                });
                open = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str, quantity: Quantity, values: &[f64]) -> Channel {
        Channel {
            name: name.to_owned(),
            quantity,
            unit: "1",
            start_s: 600,
            epoch_s: 30,
            values: values.to_vec(),
        }
    }

    fn own(channels: &[Channel]) -> Own {
        Own::of(channels, None, &How::default()).expect("times of the calendar")
    }

    #[test]
    fn intervals_presses_and_the_sensor_are_told_apart() {
        let own = own(&[
            channel("event", Quantity::Event, &[0.0, 1.0, f64::NAN, 0.0]),
            channel("interval_status", Quantity::Other, &[0.0, 1.0, 2.0, 3.0]),
            channel("off_wrist", Quantity::WearSensor, &[1.0, 0.0, 0.0, 0.0]),
        ]);
        assert_eq!(own.markers, [630]);
        let span = |from_s, until_s| Span { from_s, until_s };
        assert_eq!(own.rests, Some(vec![span(630, 690)]));
        assert_eq!(own.excluded, [span(690, 720)]);
        let minutes = Series::new(600, 60, vec![1.0, 1.0]);
        assert_eq!(own.unworn(&minutes), Some(vec![true, false]), "half counts");
        let epochs = Series::new(600, 30, vec![1.0; 4]);
        assert_eq!(own.unworn(&epochs), Some(vec![true, false, false, true]));
    }

    #[test]
    fn a_sensor_of_wear_is_turned_round_and_silence_is_no_answer() {
        let worn = own(&[channel("worn", Quantity::WearSensor, &[1.0, 0.0, f64::NAN])]);
        let epochs = Series::new(600, 30, vec![1.0; 3]);
        assert_eq!(worn.unworn(&epochs), Some(vec![false, true, false]));
        assert_eq!(worn.rests, None);
        assert_eq!(own(&[]).unworn(&epochs), None);
    }
}
