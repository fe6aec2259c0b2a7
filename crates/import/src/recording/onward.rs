//! The clock of raw acceleration runs onward. Blocks that lie before what was handed over, years after it, or at another
//! rate have no place in the recording: they are left out and counted, and a file with much of them is refused, because
//! nobody can say which of its clocks was right. It must never move a block.

use std::ops::ControlFlow;

use super::error::{Error, Place};
use super::{Block, Blocks, Damage, Raw};

/// Of a file of which more than one sample in so many has no place nothing is used, as with the rows of tables.
const LOST_ONE_IN: u64 = 10;
/// How far a block may begin before the end of the one before: the jitter and the corrections of a device's clock.
const SLACK_US: f64 = 250_000.0;
/// Silence that no device has within a recording: its clock was set in between.
const SILENCE_US: f64 = 400.0 * 86_400.0 * 1e6;
/// Share by which the rate of a block may differ from the first one's.
const RATE_SLACK: f64 = 0.05;

/// Where the recording has come to, and what had no place in it.
#[derive(Debug, Default)]
pub(super) struct Onward {
    rate_hz: Option<f64>,
    next_us: f64,
    all: u64,
    left_out: u64,
}

impl Onward {
    /// Hands a block over, where it has a place.
    pub(super) fn take(&mut self, block: &Block<'_>, blocks: &mut Blocks<'_>) -> ControlFlow<()> {
        let count = u64::try_from(block.samples_g.len()).unwrap_or(u64::MAX);
        self.all += count;
        let start_us = block.start_us as f64;
        let has_place = self.rate_hz.is_none_or(|rate_hz| {
            (block.rate_hz / rate_hz - 1.0).abs() <= RATE_SLACK
                && (self.next_us - SLACK_US..self.next_us + SILENCE_US).contains(&start_us)
        });
        if !has_place {
            self.left_out += count;
            return ControlFlow::Continue(());
        }
        let end_us = start_us + block.samples_g.len() as f64 * 1e6 / block.rate_hz;
        // The first block may lie before 1970.
        self.next_us = match self.rate_hz {
            Some(_) => self.next_us.max(end_us),
            None => end_us,
        };
        self.rate_hz.get_or_insert(block.rate_hz);
        blocks(block)
    }

    /// Says of a file that was read what was left out of it.
    ///
    /// # Errors
    ///
    /// When that is too much to use the rest.
    pub(super) fn settle(self, raw: &mut Raw) -> Result<(), Error> {
        if self.left_out == 0 {
            return Ok(());
        }
        let (lost, all) = (self.left_out, self.all);
        let message = format!(
            "{lost} of {all} samples lie before others, years after them, or have another rate"
        );
        if lost * LOST_ONE_IN > all {
            return Err(Error::Malformed {
                format: raw.header.format,
                place: Place::Byte(0),
                message: format!(
                    "{message}, which is too many to use the rest: the clock of the device was set in between; \
                     export the days on either side of it with the maker's program"
                ),
            });
        }
        raw.samples = raw.samples.saturating_sub(lost);
        raw.damages.push(Damage {
            code: "time_jump",
            byte: 0,
            line: None,
            message,
        });
        Ok(())
    }
}
