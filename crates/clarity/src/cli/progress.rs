//! How far a long command is: a bar on a terminal, lines when standard error goes elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output;

/// How often a line is written when nobody watches a bar.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Progress through an input of known or unknown length.
pub(super) struct Progress {
    what: String,
    bar: Option<ProgressBar>,
    total_bytes: Option<u64>,
    begun: Instant,
    told: Instant,
}

impl Progress {
    /// Begins to tell about `what`.
    pub(super) fn begin(what: String, total_bytes: Option<u64>) -> Self {
        let now = Instant::now();
        let bar = output::is_watched().then(|| bar(&what, total_bytes));
        Self {
            what,
            bar,
            total_bytes,
            begun: now,
            told: now,
        }
    }

    /// Tells how far it is.
    pub(super) fn at(&mut self, bytes: u64, records: u64) {
        let seconds = self.begun.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(format!("{} records/s", rate(records, seconds)));
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            let left = self.seconds_left(bytes, seconds);
            output::note(&line(&self.what, bytes, records, seconds, left));
        }
    }

    /// Tells how far a file has come whose length may become known on the way.
    pub(super) fn of_file(&mut self, bytes: u64, total_bytes: Option<u64>) {
        if let Some(bar) = &self.bar {
            if self.total_bytes.is_none() && total_bytes.is_some() {
                bar.set_style(style(total_bytes));
                self.total_bytes = total_bytes;
            }
            if let Some(total) = total_bytes {
                bar.set_length(total);
            }
            bar.set_position(bytes);
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
            let of = total_bytes.map(|total| format!(" of {}", megabytes(total)));
            output::note(&format!(
                "{}: {}{}",
                self.what,
                megabytes(bytes),
                of.unwrap_or_default()
            ));
        }
    }

    /// Ends the bar; the answer follows.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn seconds_left(&self, bytes: u64, seconds: f64) -> Option<f64> {
        let total = self.total_bytes?;
        (bytes > 0).then(|| seconds * total.saturating_sub(bytes) as f64 / bytes as f64)
    }
}

fn bar(what: &str, total_bytes: Option<u64>) -> ProgressBar {
    let bar = match total_bytes {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::no_length(),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(style(total_bytes));
    bar.set_prefix(what.to_owned());
    bar
}

fn style(total_bytes: Option<u64>) -> ProgressStyle {
    let template = match total_bytes {
        Some(_) => "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {msg} {eta} left",
        None => "{prefix} {spinner} {bytes} {bytes_per_sec} {msg}",
    };
    ProgressStyle::with_template(template).expect("the template is fixed")
}

fn line(what: &str, bytes: u64, records: u64, seconds: f64, left: Option<f64>) -> String {
    let megabytes = bytes as f64 / 1e6;
    let per_second = if seconds > 0.0 {
        megabytes / seconds
    } else {
        0.0
    };
    let left = left
        .map(|left| format!(", about {left:.0} s left"))
        .unwrap_or_default();
    format!(
        "{what}: {megabytes:.1} MB, {per_second:.1} MB/s, {} records, {} records/s{left}",
        output::grouped(records),
        rate(records, seconds)
    )
}

/// Records per second.
fn rate(records: u64, seconds: f64) -> String {
    if seconds <= 0.0 {
        return "0".to_owned();
    }
    format!("{:.0}", records as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_speed_and_time_left() {
        assert_eq!(
            line("export.zip", 20_000_000, 1_500_000, 2.0, Some(6.0)),
            "export.zip: 20.0 MB, 10.0 MB/s, 1,500,000 records, 750000 records/s, about 6 s left"
        );
        assert_eq!(
            line("-", 0, 0, 0.0, None),
            "-: 0.0 MB, 0.0 MB/s, 0 records, 0 records/s"
        );
    }
}
