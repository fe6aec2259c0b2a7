//! Exports of vendors with exact truth: a person who does not exist, made from a seed, with years of walks, nights and
//! runs over changes of the clock and travel, printed as vendors print them. What is printed and what is true are
//! written down side by side, without any code under test.

pub mod apple;
pub mod fit;
pub mod fitbit;
pub mod garmin;
pub mod health_connect;
mod life;
pub mod strava;

use std::collections::BTreeMap;

use jiff::civil::Date;

pub use life::{Life, Night, Piece, Plan, Run, Stage};

/// An export and what is true of it.
#[derive(Debug, Default)]
pub struct Made {
    /// Its files by their paths.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is true.
    pub truth: Truth,
}

/// What is true of an export.
#[derive(Debug, Default, PartialEq)]
pub struct Truth {
    /// Samples by the id of their metric.
    pub counts: BTreeMap<&'static str, usize>,
    /// Steps of each local day, every minute once.
    pub steps: BTreeMap<Date, f64>,
    /// Steps by source: its name, and the words of its device that do not depend on a serial number.
    pub by_source: BTreeMap<String, f64>,
    /// Minutes of each stage by the local day of waking.
    pub nights: BTreeMap<Date, BTreeMap<Stage, f64>>,
    /// Beginnings and ends of workouts, in seconds.
    pub workouts: Vec<(i64, i64)>,
}

impl Truth {
    fn count(&mut self, metric: &'static str, more: usize) {
        if more > 0 {
            *self.counts.entry(metric).or_default() += more;
        }
    }
}

impl Made {
    fn file(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.push((name.into(), content.into()));
    }

    /// The export in an archive, below a folder where one is named.
    ///
    /// # Panics
    /// Panics on archives of 4 GB.
    pub fn zip(&self, top: &str) -> Vec<u8> {
        let named: Vec<String> = self
            .files
            .iter()
            .map(|(name, _)| match top {
                "" => name.clone(),
                top => format!("{top}/{name}"),
            })
            .collect();
        let files: Vec<(&str, &[u8])> = named
            .iter()
            .map(String::as_str)
            .zip(self.files.iter().map(|(_, bytes)| bytes.as_slice()))
            .collect();
        crate::zip::archive(&files)
    }
}
