//! The bulk export of Strava: a table of activities, and the file of each as it was handed in.
//!
//! Two columns have one name: the second distance is in metres, the first rounded in units of the account. The time of
//! a row does not say its clock; it is compared with the starts in the files, and is UTC where there is none. Files of
//! activities may come before or after their table. Names, notes, photos and messages must never be read.

use std::collections::BTreeMap;
use std::io::Read;

use model::sample::MINUTE_US;
use model::source::SourceNo;
use model::workout;
use model::zone::Zone;

use crate::batch::Position;
use crate::budget::Holding;
use crate::clock::local::Order;
use crate::track::{Figures, Track, after_seconds};
use crate::vendors::clock::{Calibration, Found};
use crate::vendors::desk::{Spot, TIME_MISSING};
use crate::vendors::table::{self, Row, Shape};
use crate::vendors::{Desk, Member, Reader, Vendor, VendorError, fit, gpx, tcx, workouts};

pub(crate) const VENDOR: Vendor = Vendor {
    name: "strava",
    about: "Strava bulk export: activities with their GPX, TCX and FIT files, as the archive comes",
    title: "Strava",
    is_meant,
    open: || Box::new(Strava::default()),
};

const KIND: &str = "activities";

/// Rows and files that are held until the last member: one a day for a hundred years.
const WORKOUTS_MAX: usize = 40_000;

/// Clocks of devices and of the table differ by less.
const APART_MAX_US: i64 = 15 * MINUTE_US;

fn is_table(member: &Member<'_>) -> bool {
    let line = String::from_utf8_lossy(member.first_line());
    let is_named = member.file().eq_ignore_ascii_case("activities.csv");
    line.starts_with("Activity ID,Activity Date,Activity Name")
        || line.starts_with("id,date,name,type")
        // Headings follow the language of the account; the columns keep their order.
        || (is_named && line.split(',').count() > 20)
}

/// A file of an activity lies in the folder `activities` under a number.
fn is_file(member: &Member<'_>) -> bool {
    let stem = member.file().split('.').next().unwrap_or_default();
    let is_number = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit());
    let is_known = crate::fit::is_fit(member.head) || gpx::is_gpx(member) || tcx::is_tcx(member);
    is_number && is_known && member.is_within("activities")
}

fn is_meant(member: &Member<'_>) -> bool {
    is_table(member) || is_file(member)
}

/// A row of the table.
#[derive(Debug)]
struct Listed {
    wall_us: i64,
    elapsed_s: f64,
    track: Track,
    line: u64,
    /// The number of its file.
    file: Option<u64>,
}

/// The upload while it is read.
#[derive(Debug, Default)]
struct Strava {
    files: fit::Files,
    listed: Vec<Listed>,
    /// Workouts of files by their number.
    recorded: BTreeMap<u64, Vec<Track>>,
    holding: Holding,
}

impl Reader for Strava {
    fn read(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        if is_table(member) {
            desk.count_member(KIND);
            let shape = Shape::plain(KIND);
            return table::rows(input, shape, desk, &mut |row, desk| self.row(row, desk));
        }
        self.file(member, input, desk)
    }

    fn finish(&mut self, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let ahead = self.clock(desk);
        let source = desk.service();
        for listed in std::mem::take(&mut self.listed) {
            self.join(listed, ahead, source, desk)?;
        }
        // Files without a row are workouts too.
        let spot = Spot {
            kind: KIND,
            position: Position::Index(0),
        };
        for track in std::mem::take(&mut self.recorded).into_values().flatten() {
            workouts::send(&track, source, spot, desk)?;
        }
        self.files.release(desk)
    }
}

/// How far the times of rows are from UTC.
#[derive(Debug, Clone, Copy)]
enum Ahead {
    Minutes(i32),
    /// They are of the person's clock.
    Local,
}

impl Strava {
    fn file(
        &mut self,
        member: &Member<'_>,
        input: &mut dyn Read,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let stem = member.file().split('.').next().unwrap_or_default();
        let number: Option<u64> = stem.parse().ok();
        let source = desk.service();
        let tracks = if crate::fit::is_fit(member.head) {
            desk.count_member("fit");
            let found = self.files.take(input, Some(source), desk)?;
            found.into_iter().map(|(_, track)| track).collect()
        } else if gpx::is_gpx(member) {
            gpx::tracks(input, desk)?
        } else {
            tcx::tracks(input, desk)?
        };
        let spot = Spot {
            kind: "files of activities",
            position: Position::Index(0),
        };
        let mut kept = Vec::new();
        for mut track in tracks {
            // What a point means may depend on the activity, which the table says better than many files.
            let listed = self
                .listed
                .iter()
                .find(|row| row.file.is_some() && row.file == number);
            if let Some(listed) = listed {
                track.activity.clone_from(&listed.track.activity);
            }
            let is_known = listed.is_some() || track.activity != "other";
            if is_known {
                workouts::send_points(&track, source, spot, desk)?;
                workouts::send_route(&track, source, spot, desk);
                track.points = Vec::new();
            } else {
                self.holding
                    .grow(track.points.len() * size_of::<crate::track::Point>())?;
            }
            kept.push(track);
        }
        let has_room = self.recorded.len() < WORKOUTS_MAX;
        match number.filter(|number| has_room && !self.recorded.contains_key(number)) {
            Some(number) => {
                self.holding.grow(size_of::<Track>() * kept.len())?;
                self.recorded.insert(number, kept);
            }
            // A second file of one number, or one too many: a workout of its own.
            None => {
                for track in kept {
                    workouts::send(&track, source, spot, desk)?;
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, desk: &mut Desk<'_, '_, '_>) -> Result<(), VendorError> {
        let columns = Columns::of(row);
        let printed = columns.text(row, "activity date");
        let Some(wall_us) = wall(printed) else {
            desk.refuse(row.spot(), "Activity Date", None, TIME_MISSING);
            return Ok(());
        };
        if self.listed.len() >= WORKOUTS_MAX {
            desk.leave(KIND, "more than are kept");
            return Ok(());
        }
        let elapsed_s = columns.number(row, "elapsed time");
        let moving_s = columns.number(row, "moving time");
        let above = |name| columns.number(row, name).filter(|value| *value > 0.0);
        let (activity, indoor) = activity_of(columns.text(row, "activity type"));
        let figures = Figures {
            active_s: moving_s.filter(|seconds| *seconds > 0.0).or(elapsed_s),
            distance_m: columns.distance_m(row).filter(|metres| *metres > 0.0),
            energy_kcal: above("calories"),
            heart_rate_mean: above("average heart rate"),
            heart_rate_max: above("max heart rate"),
            ascent_m: columns.number(row, "elevation gain"),
            speed_mean_m_s: above("average speed"),
            speed_max_m_s: above("max speed"),
            power_mean_w: above("average watts"),
            power_max_w: above("max watts"),
            ..Figures::default()
        };
        let id = columns.text(row, "activity id");
        let name = columns.text(row, "filename");
        let stem = name
            .rsplit('/')
            .next()
            .and_then(|file| file.split('.').next());
        self.holding.grow(size_of::<Listed>() + activity.len())?;
        let Position::Line(line) = row.spot().position else {
            return Ok(());
        };
        self.listed.push(Listed {
            wall_us,
            elapsed_s: elapsed_s.unwrap_or_default(),
            track: Track {
                activity,
                indoor,
                figures,
                id: (!id.is_empty()).then(|| format!("strava activity {id}")),
                ..Track::default()
            },
            line,
            file: stem.and_then(|stem| stem.parse().ok()),
        });
        Ok(())
    }

    /// Which clock the rows show, by the starts that files state.
    fn clock(&self, desk: &mut Desk<'_, '_, '_>) -> Ahead {
        let mut calibration = Calibration::default();
        let mut of_person = (0_u32, 0_u32);
        for listed in &self.listed {
            let Some(start_us) = self.start_of(listed) else {
                continue;
            };
            calibration.compare(listed.wall_us, start_us);
            let local = desk.local(listed.wall_us);
            let is_local = local.is_some_and(|at| (at - start_us).abs() < APART_MAX_US);
            of_person.0 += u32::from(is_local);
            of_person.1 += 1;
        }
        let (ahead, message) = match calibration.found() {
            Found::Nothing => (
                Ahead::Minutes(0),
                "the times of rows are taken as UTC: no file tells its start".to_owned(),
            ),
            Found::Ahead(0) => (
                Ahead::Minutes(0),
                "the times of rows are UTC, by the starts in files".to_owned(),
            ),
            _ if of_person.0 * 10 >= of_person.1 * 9 => (
                Ahead::Local,
                "the times of rows are of the person's zone, by the starts in files".to_owned(),
            ),
            Found::Ahead(minutes) => (
                Ahead::Minutes(minutes),
                format!("the times of rows are {minutes} minutes ahead of UTC, by the starts in files"),
            ),
            Found::Mixed => (
                Ahead::Minutes(0),
                "the times of rows fit the starts in files in no one way; rows without a file are taken as UTC"
                    .to_owned(),
            ),
        };
        desk.intake.note(KIND, message);
        ahead
    }

    fn start_of(&self, listed: &Listed) -> Option<i64> {
        let tracks = self.recorded.get(&listed.file?)?;
        tracks.iter().map(|track| track.start_us).min()
    }

    /// Sends a row with what its file says.
    fn join(
        &mut self,
        listed: Listed,
        ahead: Ahead,
        source: SourceNo,
        desk: &mut Desk<'_, '_, '_>,
    ) -> Result<(), VendorError> {
        let told_us = match ahead {
            Ahead::Minutes(minutes) => Some(listed.wall_us - i64::from(minutes) * MINUTE_US),
            Ahead::Local => desk.local(listed.wall_us),
        };
        let spot = Spot {
            kind: KIND,
            position: Position::Line(listed.line),
        };
        let start_us = self.start_of(&listed).or(told_us);
        let Some(start_us) = start_us else {
            desk.refuse(spot, "Activity Date", None, TIME_MISSING);
            return Ok(());
        };
        let mut track = listed.track;
        track.start_us = start_us;
        track.end_us = after_seconds(start_us, listed.elapsed_s);
        let files = listed.file.and_then(|file| self.recorded.remove(&file));
        for mut file in files.unwrap_or_default() {
            if !file.points.is_empty() {
                file.activity.clone_from(&track.activity);
                workouts::send_points(&file, source, spot, desk)?;
                workouts::send_route(&file, source, spot, desk);
            }
            track.figures.complete(&file.figures);
            track.laps.append(&mut file.laps);
            track.events.append(&mut file.events);
            track.offset_min = track.offset_min.or(file.offset_min);
            track.end_us = if listed.elapsed_s > 0.0 {
                track.end_us
            } else {
                track.end_us.max(file.end_us)
            };
        }
        workouts::send_record(&track, source, spot, desk);
        desk.flush_when_full()
    }
}

/// Where the columns are: by name in English, else in the order in which the export prints them.
#[derive(Debug, Clone, Copy)]
struct Columns {
    is_english: bool,
    is_old: bool,
}

/// Columns by name: which of those of one name, and where it is in other languages.
const COLUMNS: &[(&str, usize, usize)] = &[
    ("activity id", 0, 0),
    ("activity date", 0, 1),
    ("activity type", 0, 3),
    ("filename", 0, 12),
    ("elapsed time", 1, 15),
    ("moving time", 0, 16),
    ("max speed", 0, 18),
    ("average speed", 0, 19),
    ("elevation gain", 0, 20),
    ("max heart rate", 1, 28),
    ("average heart rate", 0, 29),
    ("max watts", 0, 30),
    ("average watts", 0, 31),
    ("calories", 0, 32),
];

impl Columns {
    fn of(row: &Row<'_>) -> Self {
        let heading = row.heading();
        Self {
            is_english: heading.column("activity id").is_some() || heading.column("id").is_some(),
            is_old: heading.column("activity id").is_none() && heading.column("id").is_some(),
        }
    }

    /// The column of a name; of two of one name the wanted one, or else the first.
    fn text<'r>(self, row: &Row<'r>, name: &str) -> &'r str {
        let known = COLUMNS.iter().find(|(known, ..)| *known == name);
        let Some((_, which, place)) = known else {
            return "";
        };
        if !self.is_english {
            return row.cell(*place);
        }
        let wanted = if self.is_old {
            name.strip_prefix("activity ").unwrap_or(name)
        } else {
            name
        };
        let named = row.heading().names().enumerate();
        let columns: Vec<usize> = named
            .filter(|(_, other)| *other == wanted)
            .map(|(column, _)| column)
            .collect();
        let cells = columns.get(*which).or(columns.first());
        let cell = cells.map_or("", |column| row.cell(*column));
        let first = columns.first().map_or("", |column| row.cell(*column));
        if cell.is_empty() { first } else { cell }
    }

    fn number(self, row: &Row<'_>, name: &str) -> Option<f64> {
        table::number(&self.text(row, name).replace(',', "."))
    }

    /// The second distance is in metres; old exports have one, in metres too.
    fn distance_m(self, row: &Row<'_>) -> Option<f64> {
        if !self.is_english {
            return table::number(&row.cell(17).replace(',', "."));
        }
        let names = row.heading().names().enumerate();
        let columns: Vec<usize> = names
            .filter(|(_, name)| *name == "distance")
            .map(|(column, _)| column)
            .collect();
        let metres = if self.is_old {
            columns.first()
        } else {
            columns.get(1)
        };
        table::number(row.cell(*metres?))
    }
}

/// What a time of a row shows: `Mar 28, 2026, 5:06:12 PM`, or as other languages print it.
fn wall(text: &str) -> Option<i64> {
    if let Some(wall_us) = english(text) {
        return Some(wall_us);
    }
    let utc = Zone::utc();
    crate::clock::read_ordered(text, &utc, Order::DayFirst).map(|moment| moment.at_us)
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A date with the name of its month first, and a clock of twelve or twenty-four hours after it.
pub(crate) fn english(text: &str) -> Option<i64> {
    let plain: String = text
        .chars()
        .map(|letter| {
            if letter.is_whitespace() || letter == ',' {
                ' '
            } else {
                letter
            }
        })
        .collect();
    let mut parts = plain.split(' ').filter(|part| !part.is_empty());
    let month = parts.next()?.to_lowercase();
    let month = MONTHS.iter().position(|known| month.starts_with(known))? + 1;
    let day: u8 = parts.next()?.parse().ok()?;
    let year: u16 = parts.next()?.parse().ok()?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    let rest: Vec<&str> = parts.collect();
    let printed = match rest.as_slice() {
        [] => date,
        rest => format!("{date} {}", rest.join(" ")),
    };
    let utc = Zone::utc();
    crate::clock::read(&printed, &utc).map(|moment| moment.at_us)
}

/// Activities that have other names here.
const ACTIVITIES: &[(&str, &str)] = &[
    ("ride", "cycling"),
    ("radfahrt", "cycling"),
    ("velomobile", "cycling"),
    ("run", "running"),
    ("lauf", "running"),
    ("walk", "walking"),
    ("spaziergang", "walking"),
    ("hike", "hiking"),
    ("wanderung", "hiking"),
    ("swim", "swimming"),
    ("schwimmen", "swimming"),
    ("weight", "traditional_strength_training"),
    ("kraft", "traditional_strength_training"),
    ("nordic ski", "cross_country_skiing"),
    ("ski", "downhill_skiing"),
    ("snowboard", "snowboarding"),
    ("skate", "skating_sports"),
    ("kayak", "paddle_sports"),
    ("canoe", "paddle_sports"),
    ("paddl", "paddle_sports"),
    ("row", "rowing"),
    ("stair", "stair_climbing"),
    ("climb", "climbing"),
    ("crossfit", "cross_training"),
    ("snowshoe", "hiking"),
    ("wheelchair", "wheelchair_run_pace"),
    ("surf", "surfing_sports"),
];

fn activity_of(text: &str) -> (String, Option<bool>) {
    let name = text.trim().to_lowercase();
    let virtual_one = name.contains("virtual").then_some(true);
    let indoor = workout::indoor_in_name(&name).or(virtual_one);
    if let Some(known) = workout::by_name(&name) {
        return (known.id.to_owned(), indoor);
    }
    let found = ACTIVITIES.iter().find(|(word, _)| name.contains(word));
    let activity = found.map_or("other", |(_, activity)| *activity);
    (activity.to_owned(), indoor)
}

#[cfg(test)]
mod tests {
    use model::sample::SECOND_US;

    use super::*;

    #[test]
    fn times_of_rows_are_read_in_their_languages() {
        let expect = Some(1_774_717_572 * SECOND_US);
        assert_eq!(wall("Mar 28, 2026, 5:06:12 PM"), expect);
        assert_eq!(wall("Mar 28, 2026, 5:06:12\u{202f}PM"), expect);
        assert_eq!(wall("28.03.2026, 17:06:12"), expect);
        assert_eq!(wall("2026-03-28 17:06:12"), expect);
        assert_eq!(wall("yesterday"), None);
    }
}
