//! # Sleep diary
//!
//! **What it measures.** Nothing: it turns what a person wrote down into intervals of a recording.
//!
//! **Inputs and units.** Per night the date of rising and the clock times of going to bed and of
//! rising; naps with both clock times on one date. Local civil time without zone.
//!
//! **Method.** A bed time later on the clock than the rising time belongs to the day before. Intervals
//! are half-open: the epoch in which the person rises is not in bed. An epoch is in bed when it
//! begins inside an interval.
//!
//! **Missing epochs.** A night that was not written down is not in bed and not out of bed: it has no
//! interval, and [`Diary::mask`] leaves its epochs undecided only in the sense that they are false.
//!
//! **Validity.** An interval of 16 hours or more, or two that overlap, is a slip of the pen and refused.
//!
//! **Versions.** 1.
//!
//! **References.** Carney CE et al. 2012, doi:10.5665/sleep.1642 (the consensus sleep diary).

use jiff::civil::{Date, Time};

use crate::method::Analysis;
use crate::outcome::Insufficient;
use crate::series::{DAY_S, Series};

/// Intervals in bed by diary.
pub const SLEEP_DIARY: Analysis = Analysis {
    id: "sleep_diary",
    version: 1,
    unit: "epochs",
    title: "Sleep diary",
};

const LONGEST_S: i64 = 16 * 3_600; // in bed; longer is a mistake

/// One stay in bed, local civil seconds, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stay {
    /// Going to bed.
    pub bed_s: i64,
    /// Rising.
    pub rise_s: i64,
}

impl Stay {
    /// A stay that ended at `rise` on `date`; a later clock time of going to bed is the day before.
    pub fn ending(date: Date, bed: Time, rise: Time) -> Result<Self, Insufficient> {
        let midnight = i64::from(
            date.since(Date::constant(1970, 1, 1))
                .map_or(0, |span| span.get_days()),
        ) * i64::from(DAY_S);
        let seconds = |time: Time| {
            i64::from(time.hour()) * 3_600
                + i64::from(time.minute()) * 60
                + i64::from(time.second())
        };
        let before = if bed >= rise { i64::from(DAY_S) } else { 0 };
        Self::new(midnight + seconds(bed) - before, midnight + seconds(rise))
    }

    /// A stay between two local civil seconds.
    pub fn new(bed_s: i64, rise_s: i64) -> Result<Self, Insufficient> {
        let length = rise_s - bed_s;
        if length <= 0 {
            return Err(Insufficient::new("seconds in bed", 1.0, length as f64));
        }
        if length >= LONGEST_S {
            let of = "seconds in bed, fewer";
            return Err(Insufficient::new(of, LONGEST_S as f64, length as f64));
        }
        Ok(Self { bed_s, rise_s })
    }

    /// Epochs `[from, until)` of a series that begin inside the stay.
    pub fn epochs(&self, series: &Series) -> (usize, usize) {
        (series.index_at(self.bed_s), series.index_at(self.rise_s))
    }
}

/// The stays in bed of a recording, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diary {
    stays: Vec<Stay>,
}

impl Diary {
    /// Sorts stays and refuses overlaps.
    pub fn new(mut stays: Vec<Stay>) -> Result<Self, Insufficient> {
        stays.sort_unstable();
        for pair in stays.windows(2) {
            let apart = pair[1].bed_s - pair[0].rise_s;
            if apart < 0 {
                let of = "seconds between two stays in bed";
                return Err(Insufficient::new(of, 0.0, apart as f64));
            }
        }
        Ok(Self { stays })
    }

    /// The stays in order.
    pub fn stays(&self) -> &[Stay] {
        &self.stays
    }

    /// Epochs `[from, until)` of each stay that touches the series.
    pub fn intervals(&self, series: &Series) -> Vec<(usize, usize)> {
        let intervals = self.stays.iter().map(|stay| stay.epochs(series));
        intervals.filter(|(from, until)| from < until).collect()
    }

    /// Whether each epoch of the series begins inside a stay.
    pub fn mask(&self, series: &Series) -> Vec<bool> {
        let mut mask = vec![false; series.len()];
        for (from, until) in self.intervals(series) {
            mask[from..until].fill(true);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn late_clock_times_are_of_the_day_before() {
        let stay = Stay::ending(date(1970, 1, 3), time(23, 10, 0, 0), time(7, 0, 0, 0)).unwrap();
        assert_eq!(stay.bed_s, 86_400 + 23 * 3600 + 600);
        assert_eq!(stay.rise_s, 2 * 86_400 + 7 * 3600);
        let nap = Stay::ending(date(1970, 1, 3), time(14, 0, 0, 0), time(14, 40, 0, 0)).unwrap();
        assert_eq!(nap.rise_s - nap.bed_s, 2400);
        let late = Stay::ending(date(1970, 1, 3), time(1, 0, 0, 0), time(9, 0, 0, 0)).unwrap();
        assert_eq!(late.bed_s, 2 * 86_400 + 3600);
        assert!(Stay::ending(date(1970, 1, 3), time(9, 0, 0, 0), time(7, 0, 0, 0)).is_err());
    }

    #[test]
    fn epochs_that_begin_inside_are_in_bed() {
        let series = Series::new(0, 60, vec![1.0; 10]);
        let diary = Diary::new(vec![
            Stay::new(400, 480).unwrap(),
            Stay::new(-100, 90).unwrap(),
            Stay::new(5000, 6000).unwrap(),
        ])
        .unwrap();
        assert_eq!(diary.intervals(&series), [(0, 2), (7, 8)]);
        let mask = diary.mask(&series);
        assert_eq!(mask.iter().filter(|inside| **inside).count(), 3);
        assert_eq!(diary.stays()[0].bed_s, -100);
    }

    #[test]
    fn overlaps_and_empty_stays_are_refused() {
        let (one, two) = (Stay::new(0, 100).unwrap(), Stay::new(90, 200).unwrap());
        assert!(Diary::new(vec![two, one]).is_err());
        assert!(Stay::new(100, 100).is_err());
    }
}
