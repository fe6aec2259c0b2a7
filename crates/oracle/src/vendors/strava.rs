//! The bulk export of Strava: a table of runs, and their files as GPX, TCX in gzip and FIT in gzip. Some runs were
//! typed in and have no file. The table is printed in UTC or in the person's clock.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Made;
use super::fit::{self, utc};
use super::life::{Life, Run, stamp};
use crate::export::Chance;

/// The clock of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// UTC.
    Utc,
    /// The person's.
    Local,
}

const HEADING: &str = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,\
                       Max Heart Rate,Relative Effort,Commute,Activity Private Note,Activity Gear,Filename,Athlete Weight,\
                       Bike Weight,Elapsed Time,Moving Time,Distance,Calories";

/// Prints a person.
///
/// # Panics
/// Never on what [`Life::of`] invents.
pub fn print(life: &Life, clock: Clock) -> Made {
    let mut made = Made::default();
    let mut chance = Chance(life.seed ^ 0x57AA);
    let mut table = format!("{HEADING}\n");
    for (run, id) in life.runs.iter().zip(9_001_u32..) {
        let (name, content) = match chance.below(5) {
            0 => (format!("activities/{id}.gpx"), gpx(run)),
            1 => (format!("activities/{id}.tcx.gz"), packed(&tcx(run))),
            2 | 3 => (
                format!("activities/{id}.fit.gz"),
                packed(&fit::activity(life, run)),
            ),
            _ => (String::new(), Vec::new()),
        };
        let shown = match clock {
            Clock::Utc => TimeZone::UTC.to_datetime(stamp(run.start_s)),
            Clock::Local => life.local(run.start_s),
        };
        let date = printed(shown, if id % 2 == 0 { ' ' } else { '\u{202f}' });
        let (length_s, metres) = (run.length_s, run.distance_m);
        let kilometres = f64::from(metres) / 1_000.0;
        let _ = writeln!(
            table,
            "{id},\"{date}\",\"A \"\"run\"\", home\",Run,,{length_s},{kilometres:.2},,,false,,,{name},,,{length_s}.0,\
             {length_s}.0,{metres}.0,{}",
            run.energy_kcal
        );
        made.truth
            .workouts
            .push((run.start_s, run.start_s + length_s));
        if !name.is_empty() {
            made.truth.count("heart_rate", fit::points(run).count());
            made.file(name, content);
        }
    }
    made.file("activities.csv", table);
    made.file(
        "profile.csv",
        "Athlete ID,Email Address\n1,somebody@example.org\n",
    );
    made
}

/// `Mar 28, 2026, 5:06:12 PM`, with the blank that stands before the half of the day.
fn printed(at: DateTime, blank: char) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = usize::try_from(at.month() - 1).expect("a month");
    let month = MONTHS.get(month).expect("a month");
    let half = if at.hour() < 12 { "AM" } else { "PM" };
    let hour = (at.hour() + 11) % 12 + 1;
    let (day, year, minute, second) = (at.day(), at.year(), at.minute(), at.second());
    format!("{month} {day}, {year}, {hour}:{minute:02}:{second:02}{blank}{half}")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector");
    encoder.finish().expect("a vector")
}

fn gpx(run: &Run) -> Vec<u8> {
    let mut text = "<?xml version=\"1.0\"?><gpx creator=\"x\"><trk><name>Home</name><type>running</type><trkseg>".to_owned();
    for ((at_s, rate), number) in fit::points(run).zip(0_u32..) {
        let north = 48.0 + f64::from(number) / 1_000.0;
        let at = utc(at_s);
        let _ = write!(
            text,
            "<trkpt lat=\"{north}\" lon=\"11.0\"><time>{at}Z</time><extensions><g:TrackPointExtension><g:hr>{rate}</g:hr>\
             </g:TrackPointExtension></extensions></trkpt>"
        );
    }
    text.push_str("</trkseg></trk></gpx>");
    text.into_bytes()
}

/// Begins with blanks, as such files do.
fn tcx(run: &Run) -> Vec<u8> {
    let start = utc(run.start_s);
    let mut text = format!(
        "          <?xml version=\"1.0\"?><TrainingCenterDatabase><Activities><Activity Sport=\"Running\"><Id>{start}Z</Id>\
         <Lap StartTime=\"{start}Z\"><TotalTimeSeconds>{}</TotalTimeSeconds><DistanceMeters>{}</DistanceMeters><Track>",
        run.length_s, run.distance_m
    );
    for (at_s, rate) in fit::points(run) {
        let at = utc(at_s);
        let _ = write!(
            text,
            "<Trackpoint><Time>{at}Z</Time><HeartRateBpm><Value>{rate}</Value></HeartRateBpm></Trackpoint>"
        );
    }
    text.push_str("</Track></Lap></Activity></Activities></TrainingCenterDatabase>");
    text.into_bytes()
}
