//! Analyses a batch of recordings. It must never stop because of one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use analysis::effort::intensity;
use analysis::report::column::Column;
use analysis::report::groups;
use analysis::report::scorer;
use analysis::report::{Least, day, night};
use anyhow::Context;
use import::recording::columns::Columns;
use import::recording::front;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use lab::diary::{self, Kind, Log, Whose};
use lab::examine::{self, Listed, Prepared, Wanted, Written};
use lab::journal::{self, Entry, Journal};
use lab::load::{self, Decode, How, LoadError, Loaded, Losses};
use lab::models::digest::Sha256;
use lab::results::{self, Line, Output};
use lab::{batch, beats, find, pages};
use serde_json::json;
use serde_json::value::RawValue;

use crate::cli::args::{Analyze, Global};
use crate::cli::failure::Failure;
use crate::cli::output;

/// How often a line reports how far it is when nobody watches a bar.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Failures that are listed; results hold all of them.
const LISTED_MAX: usize = 100;
/// Names of the lists that `--methods` may hold beside measures.
const NIGHTS: &str = "nights";
const DAYS: &str = "days";

/// A batch as it was asked for.
struct Batch {
    how: How,
    wanted: Wanted,
    diary: Log,
    periods: Log,
    calendar: Log,
    pages: Option<PathBuf>,
    /// All that decides on a document besides the file and what people wrote about it.
    options: String,
    /// What the logs say under names of no file: people of one may have them.
    beyond: String,
    /// Whether the logs said anything about any recording.
    is_matched: AtomicBool,
}

/// What came of one file.
enum Done {
    /// It was analysed.
    New(Entry),
    /// The journal holds it.
    Known(String),
}

/// Analyses recordings.
pub(super) fn analyze(global: &Global, wanted: &Analyze) -> Result<(), Failure> {
    let begun = Instant::now();
    let target = Output::of(&wanted.out)
        .ok_or_else(|| Failure::usage("--out must end in .csv, .parquet or .json"))?;
    let mut batch = batch_of(wanted)?;
    let files = find::recordings(&wanted.paths)
        .map_err(|error| Failure::usage(output::causes(&error.into())))?;
    if batch.is_anybodys() && files.len() > 1 {
        return Err(Failure::usage(
            "a diary, list of periods or calendar for several recordings needs a column recording",
        ));
    }
    let mut beyond = String::new();
    for log in batch.logs() {
        tell_without(log);
        beyond += &log.said(log.beyond(&files).into_iter());
    }
    batch.beyond = beyond;
    if files.len() < threads(wanted) {
        batch.how.decode = Decode::Beside;
    }
    if let Some(folder) = &batch.pages {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    let place = journal::beside(&wanted.out);
    let mut journal = if wanted.resume {
        Journal::resume(&place)?
    } else {
        Journal::begin(&place)?
    };
    let lines = work(&batch, &files, threads(wanted), &mut journal)?;
    if batch.is_stray() && lines.iter().any(|line| line.outcome.is_ok()) {
        return Err(Failure::usage(
            "the diary, list of periods or calendar names none of the recordings; its column recording has the names of \
             the files, with or without their extensions, or of the people in them (what was analysed is kept: \
             mend the names and go on with --resume)",
        ));
    }
    results::write(&target, &lines, &mut journal, &batch.wanted)?;
    if let Some(folder) = &batch.pages {
        pages::write_cohort(folder, &lines, &mut journal, &batch.wanted.columns)?;
    }
    tell(global, wanted, &lines, begun.elapsed())
}

/// Reports the lines of a log that were left out.
fn tell_without(log: &Log) {
    if let Some(first) = log.without().first() {
        output::note(&format!(
            "{} lines of the diary, list of periods or calendar lack a date or time and were left out; the first is line {first}",
            log.without().len()
        ));
    }
}

fn threads(wanted: &Analyze) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    wanted.threads.unwrap_or_else(cores).max(1)
}

/// Reads the options; everything wrong with them is reported before a file is touched.
fn batch_of(wanted: &Analyze) -> Result<Batch, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let chosen = chosen(&wanted.methods)?;
    let columns = wanted.columns.as_deref().map(Columns::parse).transpose();
    let columns = columns.map_err(|error| usage(&error))?;
    let zone = wanted.tz.as_deref().map(TimeZone::get).transpose();
    let zone = zone.map_err(|error| usage(&error))?;
    let formats = front::ALL.iter().map(|format| format.name);
    let known: Vec<&str> = formats.chain([beats::FORMAT]).collect();
    if let Some(name) = &wanted.format
        && !known.contains(&name.as_str())
    {
        return Err(Failure::usage(format!(
            "the formats are {}",
            known.join(", ")
        )));
    }
    let scorer = match wanted.scorer.as_deref() {
        None => None,
        Some(name) => Some(scorer::named(name).ok_or_else(|| {
            let known: Vec<&str> = scorer::SCORERS.iter().map(|scorer| scorer.id).collect();
            Failure::usage(format!("the scorers are {}", known.join(", ")))
        })?),
    };
    let cut_points = match wanted.cut_points.as_deref() {
        None => None,
        Some(name) => Some(intensity::named(name).ok_or_else(|| {
            let known: Vec<&str> = intensity::ALL.iter().map(|points| points.id).collect();
            Failure::usage(format!("the cut points are {}", known.join(", ")))
        })?),
    };
    let log = |path: &Option<PathBuf>, read: fn(&Path) -> Result<Log, diary::LogError>| {
        let log = path.as_deref().map(read).transpose();
        let told = |error: diary::LogError| Failure::usage(output::causes(&error.into()));
        log.map(Option::unwrap_or_default).map_err(told)
    };
    let listed = |is_wanted| if is_wanted { Listed::Yes } else { Listed::No };
    let wanted_parts = Wanted {
        columns: chosen.columns,
        nights: chosen.nights,
        days: chosen.days,
        scores: listed(wanted.scores),
        epochs: listed(wanted.epochs),
        scorer,
        nonwear: wanted.nonwear.leave_out(),
        windows: wanted.windows.windows(),
        least: least(wanted),
        cut_points,
    };
    Ok(Batch {
        options: options(wanted, &wanted_parts),
        how: How {
            format: wanted.format.clone(),
            columns,
            channel: wanted.channel.clone(),
            zone,
            epoch_s: wanted.epoch,
            rate_hz: wanted.rate,
            losses: losses(wanted),
            decode: Decode::Here,
        },
        wanted: wanted_parts,
        diary: log(&wanted.diary, diary::read_diary)?,
        periods: log(&wanted.periods, diary::read_periods)?,
        calendar: log(&wanted.calendar, diary::read_calendar)?,
        pages: wanted.report.clone(),
        beyond: String::new(),
        is_matched: AtomicBool::new(false),
    })
}

fn losses(wanted: &Analyze) -> Losses {
    if wanted.strict {
        Losses::Refused
    } else {
        Losses::Counted
    }
}

const fn least(wanted: &Analyze) -> Least {
    Least {
        nights: wanted.min_nights,
        days: wanted.min_days,
    }
}

struct Chosen {
    columns: Vec<&'static Column>,
    nights: Listed,
    days: Listed,
}

/// What the names stand for; all there is without names.
fn chosen(names: &[String]) -> Result<Chosen, Failure> {
    if names.is_empty() {
        return Ok(Chosen {
            columns: groups::all().collect(),
            nights: Listed::Yes,
            days: Listed::Yes,
        });
    }
    let listed = |wanted: &str| {
        if names.iter().any(|name| name == wanted) {
            Listed::Yes
        } else {
            Listed::No
        }
    };
    let measures = names.iter().filter(|name| *name != NIGHTS && *name != DAYS);
    let mut ids = Vec::new();
    for name in measures {
        let found = named(name)?;
        ids.extend(found.iter().map(|column| column.id));
    }
    Ok(Chosen {
        columns: groups::all()
            .filter(|column| ids.contains(&column.id))
            .collect(),
        nights: listed(NIGHTS),
        days: listed(DAYS),
    })
}

/// The measures of a name, or which names there are.
pub(super) fn named(name: &str) -> Result<Vec<&'static Column>, Failure> {
    let found = groups::named(name);
    if found.is_empty() {
        let groups: Vec<&str> = groups::GROUPS.iter().map(|(group, _)| *group).collect();
        let known: Vec<&str> = groups::all().map(|column| column.id).collect();
        return Err(Failure::usage(format!(
            "no measure is called {name}; there are the groups {}, {NIGHTS}, {DAYS} and {}",
            groups.join(", "),
            known.join(", ")
        )));
    }
    Ok(found)
}

fn options(wanted: &Analyze, parts: &Wanted) -> String {
    let columns: Vec<String> = parts
        .columns
        .iter()
        .map(|column| {
            format!(
                "{}={}@{}",
                column.id, column.method.id, column.method.version
            )
        })
        .collect();
    json!({
        "columns": columns, "nights": parts.nights, "days": parts.days, "scores": parts.scores,
        "epochs": parts.epochs,
        "scorer": parts.scorer.map(|scorer| scorer.id), "nonwear": parts.nonwear, "windows": parts.windows,
        "tz": wanted.tz, "epoch_s": wanted.epoch, "table": wanted.columns, "format": wanted.format,
        "channel": wanted.channel, "strict": wanted.strict, "rate_hz": wanted.rate,
        "least": [parts.least.nights, parts.least.days],
        "tables": [night::NIGHTS.version, day::DAYS.version], "cut_points": parts.cut_points.map(|points| points.id),
    })
    .to_string()
}

impl Batch {
    /// What people wrote beside the recordings.
    const fn logs(&self) -> [&Log; 3] {
        [&self.diary, &self.periods, &self.calendar]
    }

    /// Whether some of it names nobody, and so speaks of a single recording.
    fn is_anybodys(&self) -> bool {
        self.logs().into_iter().any(|log| !log.has_names())
    }

    fn written(&self, path: &Path, loaded: &Loaded) -> Written {
        let whose = Whose {
            path,
            member: loaded.member.as_deref(),
            start_s: loaded.activity.start_s(),
        };
        for log in self.logs() {
            if log.knows(path, whose.member) {
                self.is_matched.store(true, Ordering::Relaxed);
            }
        }
        Written {
            bed: self.diary.of(whose, Kind::Bed),
            not_worn: self.diary.of(whose, Kind::NotWorn),
            used: self.periods.of(whose, Kind::Used).first().copied(),
            calendar: self.calendar.days(whose),
        }
    }

    /// Digest of a content, the options and what people wrote: equal keys have equal documents.
    fn key(&self, sha256: &str, path: &Path) -> String {
        let said = json!([
            sha256,
            self.options,
            self.diary.said_of(path),
            self.periods.said_of(path),
            self.calendar.said_of(path),
            self.beyond,
        ]);
        Sha256::of(said.to_string().as_bytes()).to_string()
    }

    /// Whether a log names only recordings that are not there.
    fn is_stray(&self) -> bool {
        let has_any = !self.logs().into_iter().all(Log::is_empty);
        has_any && !self.is_matched.load(Ordering::Relaxed)
    }

    fn one(&self, path: &Path, known: Option<&dyn Fn(&str) -> bool>) -> anyhow::Result<Done> {
        if let Some(known) = known {
            let sha256 = load::sha256(path).context("cannot read the file")?;
            let key = self.key(&sha256, path);
            if known(&key) && self.has_page(path, &sha256) {
                // What is known was matched when it was analysed.
                self.is_matched.store(true, Ordering::Relaxed);
                return Ok(Done::Known(key));
            }
        }
        if self.how.format.as_deref() == Some(beats::FORMAT) {
            return Ok(self.of_beats(path, beats::declared(path, self.how.losses)?));
        }
        let file = match load::load(path, &self.how) {
            Ok(file) => file,
            Err(error) if self.how.format.is_none() && !matches!(error, LoadError::Io(_)) => {
                let found = beats::stated(path, self.how.losses, error)?;
                return Ok(self.of_beats(path, found));
            }
            Err(error) => return Err(error.into()),
        };
        anyhow::ensure!(
            file.recordings.len() == 1 || !self.is_anybodys(),
            "a diary, list of periods or calendar for several people needs a column recording with their names"
        );
        let mut recordings = Vec::with_capacity(file.recordings.len());
        for loaded in &file.recordings {
            self.wanted.check(loaded)?;
            let prepared = Prepared::new(loaded, &self.written(path, loaded));
            let report = prepared.report(loaded.header.format, &self.wanted);
            recordings.push(examine::document(loaded, &report, &self.wanted)?);
            if let Some(folder) = &self.pages {
                let source = pages::Source {
                    path,
                    sha256: &file.sha256,
                    loaded,
                    prepared: &prepared,
                    report: &report,
                    wanted: &self.wanted,
                };
                pages::write(folder, &source)?;
            }
        }
        Ok(Done::New(Entry {
            key: self.key(&file.sha256, path),
            sha256: file.sha256,
            recordings,
            beats: Vec::new(),
        }))
    }

    /// What came of a file of beat intervals: its digest and its document.
    fn of_beats(&self, path: &Path, (sha256, document): (String, Box<RawValue>)) -> Done {
        Done::New(Entry {
            key: self.key(&sha256, path),
            sha256,
            recordings: Vec::new(),
            beats: vec![document],
        })
    }

    /// Whether no page is missing. The pages of files with several people are made anew.
    fn has_page(&self, path: &Path, sha256: &str) -> bool {
        let page = |folder: &PathBuf| folder.join(pages::file_name(path, None, sha256)).exists();
        self.pages.as_ref().is_none_or(page)
    }
}

/// Works through the files; the lines stand in their order.
fn work(
    batch: &Batch,
    files: &[PathBuf],
    threads: usize,
    journal: &mut Journal,
) -> anyhow::Result<Vec<Line>> {
    let known = journal.keys();
    let holds = |key: &str| known.contains(key);
    let known: Option<&(dyn Fn(&str) -> bool + Sync)> = (!known.is_empty()).then_some(&holds);
    let work = |path: &Path| {
        let known = known.map(|known| known as &dyn Fn(&str) -> bool);
        batch
            .one(path, known)
            .map_err(|error| output::causes(&error))
    };
    let mut outcomes: BTreeMap<usize, Result<String, String>> = BTreeMap::new();
    let mut progress = Progress::begin(files.len());
    let told = batch::run(files, threads, &work, &mut |index, done| {
        let outcome = match done {
            Ok(Done::New(entry)) => {
                journal.append(&entry)?;
                Ok(entry.key)
            }
            Ok(Done::Known(key)) => Ok(key),
            Err(error) => Err(error),
        };
        outcomes.insert(index, outcome);
        progress.at(outcomes.len());
        anyhow::Ok(())
    });
    progress.end();
    told?;
    let lines = files.iter().zip(outcomes.into_values());
    Ok(lines
        .map(|(path, outcome)| Line {
            path: load::shown(path),
            outcome,
        })
        .collect())
}

fn tell(
    global: &Global,
    wanted: &Analyze,
    lines: &[Line],
    elapsed: Duration,
) -> Result<(), Failure> {
    let failed: Vec<(&str, &str)> = lines
        .iter()
        .filter_map(|line| Some((line.path.as_str(), line.outcome.as_ref().err()?.as_str())))
        .collect();
    let done = lines.len() - failed.len();
    let seconds = elapsed.as_secs_f64();
    let per_second = done as f64 / seconds.max(1e-9);
    if global.json {
        let failed: Vec<_> = failed
            .iter()
            .map(|(path, error)| json!({ "path": path, "error": error }))
            .collect();
        output::json(&json!({
            "out": load::shown(&wanted.out), "files": lines.len(), "analysed": done,
            "failed": failed, "seconds": seconds, "recordings_per_s": per_second,
        }))?;
    } else {
        output::line(&format!(
            "{}: {done} of {} files in {seconds:.1} s ({per_second:.1} recordings/s)",
            wanted.out.display(),
            lines.len()
        ))?;
        for (path, error) in failed.iter().take(LISTED_MAX) {
            output::note(&format!("failed: {path}: {error}"));
        }
        if failed.len() > LISTED_MAX {
            let more = failed.len() - LISTED_MAX;
            output::note(&format!("failed: {more} more"));
        }
    }
    if done == 0 && !lines.is_empty() {
        let count = lines.len();
        return Err(Failure::Failed(anyhow::anyhow!(
            "none of the {count} files could be analysed"
        )));
    }
    if wanted.strict && !failed.is_empty() {
        return Err(Failure::Partly(format!("{} files failed", failed.len())));
    }
    Ok(())
}

/// A bar on a terminal, a line now and then elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    count: usize,
    begun: Instant,
    told: Instant,
}

impl Progress {
    fn begin(count: usize) -> Self {
        let now = Instant::now();
        let bar = output::is_watched().then(|| {
            let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
            bar.set_draw_target(ProgressDrawTarget::stderr());
            let template = "{wide_bar} {pos}/{len} {msg} {eta} left";
            let style = ProgressStyle::with_template(template).expect("the template is fixed");
            bar.set_style(style);
            bar
        });
        Self {
            bar,
            count,
            begun: now,
            told: now,
        }
    }

    fn at(&mut self, done: usize) {
        let per_second = done as f64 / self.begun.elapsed().as_secs_f64().max(1e-9);
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            bar.set_message(format!("{per_second:.1} recordings/s"));
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            let count = self.count;
            output::note(&format!("{done} of {count}, {per_second:.1} recordings/s"));
        }
    }

    fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
