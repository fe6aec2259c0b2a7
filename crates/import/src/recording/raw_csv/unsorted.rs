//! Rows of acceleration that do not stand in the order of their times: kept whole and put in it.

use super::stream::rate_of;

/// Rows that are kept: a day and a half at 100 Hz, 300 MB.
const ROWS_MAX: usize = 12_000_000;

/// One of so many changes of the time may go back before the rows are taken for unsorted.
const BACK_ONE_IN: usize = 10;

/// Samples in g with their microseconds, as the file has them.
#[derive(Default)]
pub(super) struct Unsorted {
    rows: Vec<(i64, [f32; 3])>,
}

impl Unsorted {
    /// Whether so many times are before the one above them that the rows are in no order, or in the other one.
    pub(super) fn are(times: &[i64]) -> bool {
        let pairs = || times.iter().zip(times.iter().skip(1));
        let changes = pairs().filter(|(before, after)| after != before).count();
        BACK_ONE_IN * pairs().filter(|(before, after)| after < before).count() > changes
    }

    /// Keeps a row, or returns that there are too many.
    pub(super) fn push(&mut self, us: i64, axes_g: [f32; 3]) -> Result<(), usize> {
        if self.rows.len() >= ROWS_MAX {
            return Err(ROWS_MAX);
        }
        self.rows.push((us, axes_g));
        Ok(())
    }

    /// The rows in the order of their times. Rows of one time keep their order, or that of a file read from its
    /// end where most rows go back in time.
    pub(super) fn sorted(mut self) -> Vec<(i64, [f32; 3])> {
        let pairs = || self.rows.iter().zip(self.rows.iter().skip(1));
        let back = pairs().filter(|(before, after)| after.0 < before.0).count();
        let on = pairs().filter(|(before, after)| after.0 > before.0).count();
        if back > on {
            self.rows.reverse();
        }
        self.rows.sort_by_key(|row| row.0);
        self.rows
    }
}

/// Samples per second of sorted rows.
pub(super) fn rate(rows: &[(i64, [f32; 3])], first: usize) -> (Option<f64>, Vec<i64>) {
    let times: Vec<i64> = rows.iter().take(first).map(|row| row.0).collect();
    (rate_of(&times), times)
}
