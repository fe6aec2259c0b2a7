//! Weeks out of files: recordings on the grid of the transformer, or arrays of weeks as they are.
//!
//! One file is in memory at a time. Weeks with too little wear are counted, not invented.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use analysis::report::groups;
use analysis::report::{Input, Report};
use analysis::series::{MINUTE_S, Series};
use analysis::wear::choi;
use anyhow::bail;
use pat::scaler::Scaler;
use pat::week::{self, Quantity, WEEK_MIN};

use crate::load::{self, How, Loaded};
use crate::table;

/// The largest array that is read: 100,000 weeks of `f32`.
const NPY_BYTES_MAX: u64 = 4_032_000_000 + 4_096;

/// Measures of rest and activity that stand beside embeddings as a baseline.
pub const RHYTHM: [&str; 11] = [
    "interdaily_stability",
    "intradaily_variability",
    "relative_amplitude",
    "l5",
    "m10",
    "cosinor_mesor",
    "cosinor_amplitude",
    "cosinor_r2",
    "activity_mean",
    "activity_sd",
    "activity_still_share",
];

/// Which minutes of a recording count as not worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveOut {
    /// None.
    Kept,
    /// Those that Choi 2011 marks.
    Choi,
}

/// How files become weeks.
#[derive(Debug)]
pub struct Reading {
    /// How minutes are scaled.
    pub scaler: Scaler,
    /// What is left out.
    pub nonwear: LeaveOut,
    /// How recordings are read.
    pub how: How,
}

/// A week that can be embedded.
#[derive(Debug)]
pub struct Week {
    /// The file, as it was named.
    pub path: String,
    /// Number of the week in the file, from 0; weeks that were left out count.
    pub number: usize,
    /// 10,080 scaled values.
    pub scaled: Vec<f32>,
    /// Measures of the week before scaling, in the order of [`RHYTHM`]; None where one is missing or
    /// the file holds scaled weeks only.
    pub rhythm: Option<Vec<f64>>,
    /// Whether the values are steps, which stand for activity.
    pub is_proxy: bool,
}

/// What came of a file.
#[derive(Debug, Default)]
pub struct Found {
    /// Weeks that can be embedded.
    pub weeks: Vec<Week>,
    /// Weeks with too little wear.
    pub insufficient: usize,
}

impl Reading {
    /// Reads a file.
    pub fn file(&self, path: &Path) -> anyhow::Result<Found> {
        let is_array = path.extension().is_some_and(|extension| extension == "npy");
        if is_array {
            self.array(path)
        } else {
            self.recordings(path)
        }
    }

    fn array(&self, path: &Path) -> anyhow::Result<Found> {
        let array = import::npy::read(&read_bounded(path, NPY_BYTES_MAX)?)?;
        if array.shape.last() != Some(&WEEK_MIN) || array.shape.len() > 2 {
            bail!(
                "an array of shape {:?} is no list of weeks; it must be (n, {WEEK_MIN})",
                array.shape
            );
        }
        let values = array.values.into_f32();
        let weeks = values
            .chunks_exact(WEEK_MIN)
            .enumerate()
            .map(|(number, week)| {
                let scaled = match &self.scaler {
                    Scaler::None => week.to_vec(),
                    scaler @ (Scaler::Week | Scaler::Columns(_)) => {
                        let week: Vec<f64> = week.iter().map(|&value| f64::from(value)).collect();
                        scaler.scaled(&week)
                    }
                };
                Week {
                    path: load::shown(path),
                    number,
                    scaled,
                    rhythm: None,
                    is_proxy: false,
                }
            });
        Ok(Found {
            weeks: weeks.collect(),
            insufficient: 0,
        })
    }

    fn recordings(&self, path: &Path) -> anyhow::Result<Found> {
        let file = load::load(path, &self.how)?;
        let mut found = Found::default();
        for loaded in &file.recordings {
            self.recording(path, loaded, &mut found)?;
        }
        Ok(found)
    }

    fn recording(&self, path: &Path, loaded: &Loaded, found: &mut Found) -> anyhow::Result<()> {
        let minutes = &loaded.activity;
        let nonwear = match self.nonwear {
            LeaveOut::Kept => Vec::new(),
            LeaveOut::Choi => {
                let marked = choi::nonwear(minutes, &choi::CHOI_2011);
                marked
                    .map_err(|lack| anyhow::anyhow!("finding non-wear: {lack}"))?
                    .value
            }
        };
        let is_proxy = loaded.unit.contains("step");
        let quantity = if is_proxy {
            Quantity::Steps
        } else {
            Quantity::Counts
        };
        let weeks = week::weeks(minutes, &nonwear, quantity, week::first_midnight(minutes))
            .map_err(|lack| anyhow::anyhow!("cutting weeks: {lack}"))?;
        for (number, week) in weeks.into_iter().enumerate() {
            let Ok(week) = week else {
                found.insufficient += 1;
                continue;
            };
            let week = week.value;
            found.weeks.push(Week {
                path: shown(path, loaded),
                number,
                scaled: self.scaler.scaled(&week.values),
                rhythm: rhythm(&Series::new(week.start_s, MINUTE_S, week.values)),
                is_proxy,
            });
        }
        Ok(())
    }
}

/// A file of several people names each of them behind a `#`.
fn shown(path: &Path, loaded: &Loaded) -> String {
    match &loaded.member {
        Some(member) => format!("{}#{member}", load::shown(path)),
        None => load::shown(path),
    }
}

fn rhythm(week: &Series) -> Option<Vec<f64>> {
    let report = Report::new(Input::new(week));
    RHYTHM
        .iter()
        .map(|id| {
            let column = groups::named(id).into_iter().next()?;
            table::number(&report.measure(column).cell())
        })
        .collect()
}

fn read_bounded(path: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > bytes_max) {
        bail!("it has more than {bytes_max} bytes; give it in parts");
    }
    Ok(bytes)
}
