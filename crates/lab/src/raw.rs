//! Raw acceleration: the first pass calibrates, the second reduces to epochs.
//!
//! Samples stream by in blocks and are never kept. With few files the decoding runs on a thread of its
//! own, so that one recording keeps two cores busy.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::mpsc;

use analysis::accel::calibration::{Calibration, Calibrator, Found};
use analysis::accel::epochs::Epochs;
use analysis::accel::measure::{self, Measure};
use analysis::accel::nonwear::Detector;
use analysis::accel::reducer::{Reducer, Settings};
use analysis::series::{MINUTE_S, Series};
use import::recording::front;
use import::recording::options::Options;
use import::recording::{Block, Content, Raw};

use crate::load::{Decode, How, LoadError, Loaded, on_clock};
use crate::own::Own;

/// Length of the epochs that angles are taken over, seconds.
const ANGLE_EPOCH_S: u32 = 5; // van Hees 2015
/// Samples that cross from the decoding thread at once: large enough to make crossings rare.
const BATCH_SAMPLES: usize = 1 << 15;
/// Batches on their way; together a few megabytes.
const BATCHES_WAITING: usize = 4;
/// A thousandth of standard gravity, the unit that papers give.
const MILLIGRAVITIES: f64 = 1000.0;

/// What the first pass over a file found, if it held raw acceleration.
#[derive(Default)]
pub(super) struct FirstPass {
    calibrator: Option<Calibrator>,
    rate_hz: f64,
}

impl FirstPass {
    /// Takes a block.
    pub(super) fn take(&mut self, block: &Block<'_>) {
        if self.calibrator.is_none() {
            self.rate_hz = block.rate_hz;
        }
        self.calibrator
            .get_or_insert_with(|| Calibrator::new(block.rate_hz))
            .push(block.start_us, block.rate_hz, block.samples_g);
    }
}

/// Reads a file and hands its blocks over, decoding here or on a second thread.
pub(super) fn read(
    input: &mut (dyn Read + Send),
    how: &How,
    take: &mut dyn FnMut(&Block<'_>),
) -> Result<Content, LoadError> {
    let options = Options {
        format: how.format.as_deref(),
        columns: how.columns.as_ref(),
        rate_hz: how.rate_hz,
        epoch_s: None,
    };
    match how.decode {
        Decode::Here => Ok(front::read(input, &options, &mut |block| {
            take(block);
            ControlFlow::Continue(())
        })?),
        Decode::Beside => std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel::<Batch>(BATCHES_WAITING);
            let decoding = scope.spawn(move || {
                let mut batch = Batch::default();
                let content = front::read(input, &options, &mut |block| {
                    batch.push(block);
                    if batch.samples.len() < BATCH_SAMPLES {
                        return ControlFlow::Continue(());
                    }
                    match sender.send(std::mem::take(&mut batch)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                });
                // The other side listens until this thread ends.
                drop(sender.send(batch));
                content
            });
            for batch in receiver {
                batch.each(take);
            }
            match decoding.join() {
                Ok(content) => Ok(content?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }),
    }
}

/// Blocks that cross threads together.
#[derive(Default)]
struct Batch {
    samples: Vec<[f32; 3]>,
    blocks: Vec<Crossing>,
}

struct Crossing {
    start_us: i64,
    rate_hz: f64,
    samples: usize,
    temperature_cel: Option<f32>,
    light: Option<f32>,
}

impl Batch {
    fn push(&mut self, block: &Block<'_>) {
        self.samples.extend_from_slice(block.samples_g);
        self.blocks.push(Crossing {
            start_us: block.start_us,
            rate_hz: block.rate_hz,
            samples: block.samples_g.len(),
            temperature_cel: block.temperature_cel,
            light: block.light,
        });
    }

    fn each(&self, take: &mut dyn FnMut(&Block<'_>)) {
        let mut rest = self.samples.as_slice();
        for crossing in &self.blocks {
            let (samples_g, after) = rest.split_at(crossing.samples.min(rest.len()));
            rest = after;
            take(&Block {
                start_us: crossing.start_us,
                rate_hz: crossing.rate_hz,
                samples_g,
                temperature_cel: crossing.temperature_cel,
                light: crossing.light,
            });
        }
    }
}

/// Reads the content a second time and reduces it.
pub(super) fn reduced(
    input: &mut (dyn Read + Send),
    raw: Raw,
    first: FirstPass,
    how: &How,
) -> Result<Loaded, LoadError> {
    let measure = wanted(how)?;
    let calibrator = first.calibrator.ok_or(LoadError::NoSamples)?;
    let found = calibrator.finish().map(|found| found.value);
    let calibration = found.as_ref().map_or(Calibration::NONE, Found::accepted);
    let epoch_s = how.epoch_s.unwrap_or(customary_epoch_s(measure));
    let settings = Settings {
        epoch_s,
        calibration,
        measures: vec![measure],
        ..Settings::customary(first.rate_hz)
    };
    let of_angle = Settings {
        epoch_s: ANGLE_EPOCH_S,
        measures: vec![Measure::AngleZ],
        ..settings.clone()
    };
    let refused = |reason| LoadError::Reduce {
        wanted: measure.analysis().id.to_owned(),
        reason,
    };
    let mut reducer = Reducer::new(settings).map_err(refused)?;
    let mut angles = Reducer::new(of_angle).map_err(refused)?;
    let mut detector = Detector::new(first.rate_hz, calibration);
    read(input, how, &mut |block| {
        reducer.push(block.start_us, block.rate_hz, block.samples_g);
        angles.push(block.start_us, block.rate_hz, block.samples_g);
        detector.push(block.start_us, block.rate_hz, block.samples_g);
    })?;
    let series = |epochs: Option<Epochs>, measure| epochs.and_then(|epochs| epochs.series(measure));
    let activity = series(reducer.finish(), measure).ok_or(LoadError::NoSamples)?;
    let (activity, unit) = in_unit(&activity, measure);
    let offset_s = raw.header.utc_offset_s;
    let place = |series: Option<Series>| {
        let placed = series.map(|series| on_clock(series, offset_s, how));
        placed.transpose()
    };
    Ok(Loaded {
        member: None,
        channel: measure.analysis().id.to_owned(),
        unit,
        activity: on_clock(activity, offset_s, how)?,
        light: None,
        angle: place(series(angles.finish(), Measure::AngleZ))?,
        nonwear: place(detector.finish())?,
        calibration: Some(found),
        own: Own::default(),
        header: raw.header,
        damages: raw.damages,
    })
}

/// The measure that is the activity: ENMO, or the one that was asked for.
fn wanted(how: &How) -> Result<Measure, LoadError> {
    let Some(wanted) = &how.channel else {
        return Ok(Measure::Enmo);
    };
    let found = measure::ALL
        .iter()
        .find(|measure| measure.analysis().id == wanted);
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = measure::ALL
            .iter()
            .map(|measure| measure.analysis().id)
            .collect();
        LoadError::NoMeasure {
            wanted: wanted.clone(),
            known: known.join(", "),
        }
    })
}

fn is_counts(measure: Measure) -> bool {
    measure.analysis().unit.contains("count")
}

/// Counts are made for minutes, everything else for five seconds.
fn customary_epoch_s(measure: Measure) -> u32 {
    if is_counts(measure) {
        MINUTE_S
    } else {
        ANGLE_EPOCH_S
    }
}

/// The series in the unit of papers: thousandths of g, counts, degrees.
fn in_unit(series: &Series, measure: Measure) -> (Series, &'static str) {
    match measure.analysis().unit {
        "g" => (series.map(|value| value * MILLIGRAVITIES), "mg"),
        unit => (series.clone(), unit),
    }
}
