//! What the page of one recording says: the facts of the summary, and what its tables and figures are made from.

use analysis::report::night::{Role, SleepWindow, Source as WindowSource};
use analysis::report::{Report, Span, groups};
use analysis::score::scored::Scored;

use super::glossary::Glossary;
use super::{Source, key, program, tables};
use crate::examine::LeaveOut;
use crate::load::{self, Loaded};
use crate::report::{Block, Labelled, Page, Section, Seen, Table, Term, words};

/// Digits of a digest at the foot of a printed page.
const DIGEST_PRINTED: usize = 12;
/// Before it nobody recorded activity on a device whose files are read here.
const FIRST_YEAR: i16 = 1980;

/// A page before it is laid out.
pub(super) struct Content {
    title: String,
    unit: String,
    blocks: Vec<Block>,
    key: key::Key,
    asleep: Option<Scored>,
    scorer: Option<String>,
    windows: Vec<Span>,
    undescribed: Vec<Span>,
    excluded: Vec<Span>,
    nights: Table,
    rests: Table,
    night_notes: Vec<String>,
    days: Table,
    day_notes: Vec<String>,
    measures: Vec<Section>,
    remarks: Vec<String>,
    terms: Vec<Term>,
    origin: String,
    mark: String,
}

impl Content {
    /// Puts everything into words.
    pub(super) fn of(source: &Source<'_>) -> Self {
        let (loaded, report) = (source.loaded, source.report);
        let unit = words::activity(loaded.unit, report.activity().step_s());
        let mut glossary = Glossary::default();
        let is_stated = tables::is_stated(report);
        let key = key::figures(report, &unit, is_stated, &mut glossary);
        let nights = tables::nights(report, Role::Night, is_stated, &mut glossary);
        let rests = tables::nights(report, Role::Other, is_stated, &mut glossary);
        let days = tables::days(report, &unit, &mut glossary);
        let measures = tables::measures(report, source.wanted, &unit, &mut glossary);
        let title = load::name(source.path, loaded.member.as_deref());
        let (windows, undescribed) = windows(report);
        Self {
            blocks: blocks(source, &title, &unit),
            key,
            asleep: report.asleep(),
            scorer: report
                .nights()
                .first()
                .map(|night| words::name("", night.scorer)),
            windows,
            undescribed,
            excluded: excluded(source),
            nights,
            rests,
            night_notes: night_notes(is_stated),
            days,
            day_notes: tables::day_notes(report),
            measures,
            remarks: remarks(loaded),
            terms: glossary.into_terms(),
            origin: format!("{}. File SHA-256 {}.", program(), source.sha256),
            mark: format!(
                "{} - file {}",
                program(),
                source.sha256.get(..DIGEST_PRINTED).unwrap_or_default()
            ),
            title,
            unit,
        }
    }

    /// The page.
    pub(super) fn page<'a>(&'a self, source: &Source<'a>) -> Page<'a> {
        let report = source.report;
        Page {
            title: &self.title,
            blocks: &self.blocks,
            key: &self.key.sections,
            key_notes: &self.key.notes,
            seen: Seen {
                activity: report.input().activity,
                light: report.input().light,
                asleep: self.asleep.as_ref(),
                nonwear: report.nonwear().unwrap_or_default(),
                windows: &self.windows,
                undescribed: &self.undescribed,
                excluded: &self.excluded,
                markers: &source.loaded.own.markers,
            },
            activity: report.activity(),
            unit: &self.unit,
            period_h: measured(report, "period_h").ok(),
            scorer: self.scorer.as_deref(),
            nights: &self.nights,
            rests: &self.rests,
            night_notes: &self.night_notes,
            days: &self.days,
            day_notes: &self.day_notes,
            measures: &self.measures,
            remarks: &self.remarks,
            terms: &self.terms,
            origin: &self.origin,
            mark: &self.mark,
        }
    }
}

/// The windows that could be described, and the others.
fn windows(report: &Report<'_>) -> (Vec<Span>, Vec<Span>) {
    let span = |night: &SleepWindow| Span {
        from_s: night.from_s,
        until_s: night.until_s,
    };
    let (told, others): (Vec<&SleepWindow>, Vec<&SleepWindow>) = report
        .nights()
        .iter()
        .partition(|night| night.endpoints.is_ok());
    let spans = |nights: Vec<&SleepWindow>| nights.into_iter().map(span).collect();
    (spans(told), spans(others))
}

/// What a diary or the device's program leaves out, where it is left out.
fn excluded(source: &Source<'_>) -> Vec<Span> {
    let mut excluded = source.prepared.not_worn().to_vec();
    if source.wanted.nonwear == LeaveOut::Device {
        excluded.extend(&source.loaded.own.excluded);
    }
    excluded
}

fn fact(label: &str, text: String) -> Labelled {
    Labelled {
        label: label.to_owned(),
        text,
    }
}

fn blocks(source: &Source<'_>, title: &str, unit: &str) -> Vec<Block> {
    let block = |heading: &str, facts| Block {
        heading: heading.to_owned(),
        facts,
    };
    vec![
        block("Recording", recording(source, title, unit)),
        block("Device", device(source.loaded)),
        block("Settings", settings(source)),
        block("Wear and nights", wear(source)),
    ]
}

fn recording(source: &Source<'_>, title: &str, unit: &str) -> Vec<Labelled> {
    let (loaded, series) = (source.loaded, source.report.activity());
    let at = |time_s: i64| {
        let day = words::date_of_day(time_s.div_euclid(i64::from(analysis::series::DAY_S)));
        format!("{day} {}", words::clock_of(time_s))
    };
    let mut facts = vec![fact("Name", title.to_owned())];
    if let Some(member) = &loaded.member {
        facts.push(fact("Person in the file", member.clone()));
    }
    let doubt = match implausible(loaded) {
        Some(_) => ", which cannot be right: see The file",
        None => "",
    };
    facts.push(fact("From", at(series.start_s()) + doubt));
    facts.push(fact("Until", at(series.time_s(series.len()))));
    facts.push(fact("Length", words::length(series.days() * 1_440.0)));
    facts.push(fact(
        "Activity",
        format!("{}, {unit}", words::name("", &loaded.channel)),
    ));
    facts.push(fact("Epoch", format!("{}\u{a0}s", series.step_s())));
    let light = if loaded.light.is_some() {
        "recorded, lux"
    } else {
        "none in the file"
    };
    facts.push(fact("Light", light.to_owned()));
    facts.push(fact(
        "Event button",
        match loaded.own.markers.len() {
            0 => "not pressed, or none in the file".to_owned(),
            1 => "pressed once".to_owned(),
            count => format!("pressed {count} times"),
        },
    ));
    if loaded.header.has_invented_dates {
        facts.push(fact(
            "Dates",
            "stand-ins: the file gives days without dates".to_owned(),
        ));
    }
    facts
}

fn device(loaded: &Loaded) -> Vec<Labelled> {
    let header = &loaded.header;
    let said = |label: &str, text: &Option<String>| {
        let text = text
            .clone()
            .unwrap_or_else(|| "the file does not say".to_owned());
        fact(label, text)
    };
    vec![
        said("Model", &header.device),
        said("Serial number", &header.serial),
        said("Firmware or program", &header.firmware),
        said("Worn at", &header.worn_at),
        fact("Format", words::format(header.format)),
        fact("Damages", damages(loaded)),
    ]
}

/// The damages in a line; the page lists them at its end.
fn damages(loaded: &Loaded) -> String {
    let (count, lost) = (loaded.damages.count, loaded.damages.lost);
    let counted = |count: u64, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let (lost, noted) = (
        counted(lost, "place"),
        (count - lost, counted(count - lost, "remark")),
    );
    match (loaded.damages.lost, noted) {
        (0, (0, _)) => "none".to_owned(),
        (_, (0, _)) => format!("{lost} lost, see The file"),
        (0, (_, noted)) => format!("nothing lost, {noted}, see The file"),
        (_, (_, noted)) => format!("{lost} lost and {noted}, see The file"),
    }
}

/// What the moments at rest said about the axes.
fn calibrated(loaded: &Loaded) -> String {
    match &loaded.calibration {
        None => "none: counts have no gravity to be held against".to_owned(),
        Some(Err(none)) => format!("none: {none}"),
        Some(Ok(found)) => {
            let (before, after) = (1e3 * found.error_before_g, 1e3 * found.error_after_g);
            let done = if found.is_accepted() {
                "applied"
            } else {
                "not applied"
            };
            format!(
                "{done}: {before:.1} mg from 1 g at rest before, {after:.1} mg after (van Hees 2014)"
            )
        }
    }
}

fn settings(source: &Source<'_>) -> Vec<Labelled> {
    let (report, input) = (source.report, source.report.input());
    let windows = match report.nights().first().map(|night| night.source) {
        Some(WindowSource::Diary) => "sleep diary",
        Some(WindowSource::Device) => "rest intervals of the device's program",
        Some(WindowSource::Angle) => "sleep period of the arm angle (van Hees 2018)",
        Some(WindowSource::Crespo) => "rest found in the activity (Crespo 2012)",
        None => "none were found",
    };
    let scorer = match report.nights().first() {
        Some(night) if night.source == WindowSource::Angle => {
            "sustained inactivity of the arm (van Hees 2015)".to_owned()
        }
        _ => format!(
            "{}, version {}",
            input.scorer.about.trim_end_matches('.'),
            input.scorer.method.version
        ),
    };
    let points = input.cut_points.map_or_else(
        || "none published fit the device, channel and place".to_owned(),
        |points| points.about.trim_end_matches('.').to_owned(),
    );
    let least = input.least;
    let nights = analysis::report::night::NIGHTS;
    vec![
        fact("Windows of rest", windows.to_owned()),
        fact("Sleep and wake", scorer),
        fact(
            "Nights",
            format!("{}, version {}", nights.title, nights.version),
        ),
        fact("Calibration", calibrated(source.loaded)),
        fact("Not worn", words::rule(input.wear.name())),
        fact(
            "Left out",
            match report.left_out() {
                "kept" => "nothing: what was not worn is in the measures".to_owned(),
                _ => "what was not worn, from every measure".to_owned(),
            },
        ),
        fact("Intensity", points),
        fact(
            "Free days",
            match input.calendar {
                [] => "Saturday and Sunday, as no calendar was given".to_owned(),
                _ => "as the calendar says".to_owned(),
            },
        ),
        fact(
            "Means need",
            format!("{} nights, {} valid days", least.nights, least.days),
        ),
    ]
}

/// The value of a measure, where it has one.
fn measured(report: &Report<'_>, id: &str) -> Result<f64, String> {
    let column = groups::all().find(|column| column.id == id);
    let Some(column) = column else {
        return Err(format!("no measure is called {id}"));
    };
    let outcome = report.measure(column).outcome;
    outcome
        .map(|found| found.value)
        .map_err(|none| words::reason(&none.to_string()))
}

fn wear(source: &Source<'_>) -> Vec<Labelled> {
    let report = source.report;
    let all = report.input().activity;
    let step_min = f64::from(all.step_s()) / 60.0;
    let recorded_min = all.present() as f64 * step_min;
    let of = |minutes: f64, share: f64, what: &str| {
        format!(
            "{} ({} {what})",
            words::length(minutes),
            words::percent(share)
        )
    };
    let mut facts = vec![fact(
        "Recorded",
        of(recorded_min, all.coverage(), "of the time"),
    )];
    match measured(report, "wear_share") {
        Ok(share) => {
            facts.push(fact(
                "Worn",
                of(share * recorded_min, share, "of what was recorded"),
            ));
            let off = (1.0 - share) * recorded_min;
            facts.push(fact("Not worn", words::length(off)));
        }
        Err(reason) => facts.push(fact("Worn", format!("not known: {reason}"))),
    }
    let used_min = report.activity().present() as f64 * step_min;
    let used = of(used_min, report.activity().coverage(), "of the time");
    facts.push(fact("Used in the measures", used));
    let days = report.days().len();
    facts.push(fact(
        "Valid days",
        match measured(report, "valid_days") {
            Ok(valid) => format!("{valid:.0} of {days} calendar days (ten hours of wear)"),
            Err(reason) => format!("not known: {reason}"),
        },
    ));
    facts.extend(counted(report));
    facts
}

/// Nights by what became of them.
fn counted(report: &Report<'_>) -> Vec<Labelled> {
    let main = || {
        report
            .nights()
            .iter()
            .filter(|night| night.role == Role::Night)
    };
    let described = main().filter(|night| night.endpoints.is_ok()).count();
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for none in main().filter_map(|night| night.endpoints.err()) {
        match reasons.iter_mut().find(|(of, _)| *of == none.of) {
            Some((_, count)) => *count += 1,
            None => reasons.push((none.of, 1)),
        }
    }
    let left_out: Vec<String> = reasons
        .iter()
        .map(|(of, count)| format!("{count} lacking {of}"))
        .collect();
    let left_out = match left_out.as_slice() {
        [] => "none".to_owned(),
        list => list.join("; "),
    };
    let others = report.nights().len() - main().count();
    vec![
        fact("Nights described", described.to_string()),
        fact("Nights in no mean", left_out),
        fact("Other rest", others.to_string()),
    ]
}

fn night_notes(is_stated: bool) -> Vec<String> {
    let mut notes = vec![
        "Minutes are rounded; the tables of results have all digits. A night stands at the date of its waking."
            .to_owned(),
    ];
    if !is_stated {
        notes.push(
            "There is no latency (SOL): nobody said when lights were out, and a rest that was found in the recording \
             begins when movement ends. A diary, or the device's own rest intervals, give it."
                .to_owned(),
        );
    }
    notes
}

/// A recording that begins before there were devices to make it: its clock was not set, or two digits of a year were
/// read otherwise than they were meant.
fn implausible(loaded: &Loaded) -> Option<String> {
    let year = analysis::report::column::civil(loaded.activity.start_s()).year();
    (year < FIRST_YEAR && !loaded.header.has_invented_dates).then(|| {
        format!(
            "The recording begins in {year}, before there were such devices: the clock was not set, or the year is wrong."
        )
    })
}

fn remarks(loaded: &Loaded) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for damage in &loaded.damages.first {
        let place = match damage.line {
            Some(line) => format!("line {line}"),
            None => format!("byte {}", damage.byte),
        };
        let what = if damage.is_loss() { "Lost" } else { "Noted" };
        remarks.push(format!("{what} at {place}: {}.", damage.message));
    }
    let told = u64::try_from(remarks.len()).unwrap_or(u64::MAX);
    if loaded.damages.count > told {
        let more = loaded.damages.count - told;
        remarks.push(format!(
            "{more} more places could not be read or were set right."
        ));
    }
    remarks.extend(implausible(loaded));
    if loaded.header.has_invented_dates {
        remarks
            .push("The file gives days without dates; the dates shown are stand-ins.".to_owned());
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_ask_for_measures_that_exist() {
        for id in ["wear_share", "valid_days", "period_h"] {
            assert!(groups::all().any(|column| column.id == id), "{id}");
        }
    }
}
