//! Names, units and values as pages print them: one place, so that every page says the same.
//!
//! What has no name of its own is its identifier in words, so that a new column is readable at once. It must never
//! round what a result file holds; pages round, and say so.

use analysis::report::column::{Cell, clock_text};
use analysis::series::HOUR_S;
use jiff::civil::Date;

/// Significant digits of a number on a page; results hold all of them.
const DIGITS: i32 = 4;

/// Names of measures and of columns of the tables. Those with a dot are columns of a table of the name before it.
const NAMES: &[(&str, &str)] = &[
    ("interdaily_stability", "Interdaily stability (IS)"),
    ("intradaily_variability", "Intradaily variability (IV)"),
    (
        "interdaily_stability_mean",
        "Interdaily stability, mean over bins (ISm)",
    ),
    (
        "intradaily_variability_mean",
        "Intradaily variability, mean over bins (IVm)",
    ),
    ("relative_amplitude", "Relative amplitude (RA)"),
    ("l5", "L5, activity of the least active 5 hours"),
    ("m10", "M10, activity of the most active 10 hours"),
    ("l5_onset", "L5 begins"),
    ("m10_onset", "M10 begins"),
    ("cosinor_mesor", "Cosinor: mesor"),
    ("cosinor_amplitude", "Cosinor: amplitude"),
    ("cosinor_acrophase_h", "Cosinor: acrophase"),
    ("cosinor_r2", "Cosinor: variance explained (R²)"),
    ("activity_mean", "Mean activity"),
    ("activity_sd", "Standard deviation of activity"),
    ("activity_still_share", "Time without movement"),
    ("adat", "Average daily total activity (ADAT)"),
    ("activity_onset", "Activity rises"),
    ("activity_offset", "Activity falls"),
    ("kra", "From rest to activity (kRA)"),
    ("kar", "From activity to rest (kAR)"),
    ("dfa_alpha", "Fluctuation exponent (DFA α)"),
    ("activity_balance_index", "Activity balance index (ABI)"),
    ("period_h", "Period (Lomb-Scargle)"),
    ("chi_square_period_h", "Period (chi-square)"),
    ("extended_cosinor_minimum", "Extended cosinor: minimum"),
    ("extended_cosinor_amplitude", "Extended cosinor: amplitude"),
    ("extended_cosinor_alpha", "Extended cosinor: width (α)"),
    ("extended_cosinor_beta", "Extended cosinor: steepness (β)"),
    (
        "extended_cosinor_acrophase_h",
        "Extended cosinor: acrophase",
    ),
    ("functional_r2", "Functional model: variance explained (R²)"),
    ("functional_peak", "Functional model: peak"),
    ("functional_trough", "Functional model: trough"),
    (
        "singular_trend_share",
        "Singular spectrum: share of the trend",
    ),
    (
        "singular_daily_share",
        "Singular spectrum: share of the daily rhythm",
    ),
    ("light_mean", "Mean light"),
    ("light_median", "Median light"),
    (
        "light_time_above_min",
        "Time in 500 lux or more, whole recording",
    ),
    ("light_timing", "Mean timing of light (MLiT)"),
    ("sleep_regularity_index", "Sleep regularity index (SRI)"),
    ("nights", "Nights described"),
    ("nights_left_out", "Nights left out"),
    ("time_in_bed_min", "Time in bed (TIB)"),
    ("total_sleep_min", "Total sleep time (TST)"),
    ("total_sleep_sd_min", "Total sleep time, standard deviation"),
    ("sleep_period_min", "Sleep period (SPT)"),
    ("sleep_efficiency", "Sleep efficiency (SE)"),
    ("sleep_maintenance", "Sleep maintenance"),
    ("sleep_latency_min", "Sleep onset latency (SOL)"),
    ("wake_after_onset_min", "Wake after sleep onset (WASO)"),
    (
        "wake_after_onset_aasm_min",
        "Wake after sleep onset, to the end of the window (AASM)",
    ),
    ("terminal_wake_min", "Terminal wake"),
    ("sleep_onset", "Sleep onset"),
    ("sleep_offset", "Final wake"),
    ("sleep_midpoint", "Midpoint of sleep"),
    ("sleep_onset_sd_h", "Sleep onset, standard deviation"),
    (
        "sleep_midpoint_sd_h",
        "Midpoint of sleep, standard deviation",
    ),
    ("social_jetlag_h", "Social jetlag"),
    ("msfsc", "Chronotype (MSFsc)"),
    (
        "composite_phase_deviation_h",
        "Composite phase deviation (CPD)",
    ),
    ("valid_days", "Valid days"),
    ("wear_share", "Time worn"),
    ("naps_per_day", "Nap candidates"),
    ("nap_min_per_day", "Sleep in nap candidates"),
    ("lids_period_min", "Inactivity in sleep (LIDS): period"),
    (
        "lids_rhythmicity",
        "Inactivity in sleep (LIDS): rhythmicity",
    ),
    ("diary_sensitivity", "Scorer and diary: sensitivity"),
    ("diary_specificity", "Scorer and diary: specificity"),
    ("diary_kappa", "Scorer and diary: kappa"),
    ("sedentary_min", "Sedentary time"),
    ("light_min", "Light movement"),
    ("moderate_min", "Moderate movement"),
    ("vigorous_min", "Vigorous movement"),
    ("mvpa_min", "Moderate to vigorous movement (MVPA)"),
    ("mvpa_bout_min", "MVPA in bouts of 10 minutes"),
    ("sedentary_bout_min", "Sedentary bouts of 30 minutes"),
    (
        "who_equivalent_min",
        "Weekly movement beside the WHO target",
    ),
    ("axis1", "Axis 1"),
    ("enmo", "ENMO"),
    ("mad", "MAD"),
    ("pim", "PIM"),
    ("tat", "TAT"),
    ("zcm", "ZCM"),
    ("night.date", "Woke on"),
    ("night.window_source", "Window from"),
    ("night.onset", "Sleep onset"),
    ("night.offset", "Final wake"),
    ("night.midpoint", "Midpoint"),
    ("night.time_in_bed_min", "TIB"),
    ("night.sleep_period_min", "SPT"),
    ("night.total_sleep_min", "TST"),
    ("night.sleep_efficiency", "SE"),
    ("night.sleep_latency_min", "SOL"),
    ("night.wake_after_onset_min", "WASO"),
    ("night.wake_after_onset_aasm_min", "WASO AASM"),
    ("night.coverage", "Scored"),
    ("day.date", "Day"),
    ("day.coverage", "Used"),
    ("day.wear_min", "Worn"),
    ("day.nonwear_min", "Not worn"),
    ("day.total", "Total activity"),
    ("day.mean", "Mean activity"),
    ("day.l5", "L5"),
    ("day.m10", "M10"),
    ("day.relative_amplitude", "RA"),
    ("day.sedentary_min", "Sedentary"),
    ("day.light_min", "Light movement"),
    ("day.moderate_min", "Moderate"),
    ("day.vigorous_min", "Vigorous"),
    ("day.mvpa_min", "MVPA"),
    ("day.light_time_above_min", "500 lux or more"),
    ("cohort.interdaily_stability", "IS"),
    ("cohort.intradaily_variability", "IV"),
    ("cohort.relative_amplitude", "RA"),
    ("cohort.l5", "L5"),
    ("cohort.m10", "M10"),
    ("cohort.sleep_regularity_index", "SRI"),
    ("cohort.time_in_bed_min", "TIB"),
    ("cohort.total_sleep_min", "TST"),
    ("cohort.sleep_efficiency", "SE"),
    ("cohort.wake_after_onset_min", "WASO"),
    ("cohort.sleep_midpoint", "Midpoint"),
    ("cohort.mvpa_min", "MVPA"),
    ("group.rhythm", "Rest-activity rhythm"),
    ("group.shape", "Shape of the day"),
    ("group.structure", "Structure of the series"),
    ("group.rest", "Naps, rhythm within sleep, diary"),
    ("group.intensity", "Intensity of movement"),
    ("source.diary", "diary"),
    ("source.device", "device"),
    ("source.hdcza", "arm angle"),
    ("source.crespo", "activity"),
];

/// Shares that people read in percent; indices between 0 and 1 stay as they are published.
const PERCENT: &[&str] = &[
    "activity_still_share",
    "coverage",
    "diary_sensitivity",
    "diary_specificity",
    "singular_daily_share",
    "singular_trend_share",
    "sleep_efficiency",
    "sleep_maintenance",
    "wear_share",
];

/// Numbers that count something whole.
const COUNTS: &[&str] = &["nights", "nights_left_out", "valid_days"];

/// Formats by the name that results give them.
const FORMATS: &[(&str, &str)] = &[
    ("actigraph_csv", "ActiGraph CSV"),
    ("agd", "ActiGraph AGD"),
    ("awd", "Actiwatch AWD"),
    ("biobank_timeseries", "UK Biobank time series"),
    ("condor", "Condor log"),
    ("counts_with_start", "table of counts with their start"),
    ("cwa", "Axivity CWA"),
    ("daqtometer", "Daqtometer"),
    ("geneactiv", "GENEActiv BIN"),
    ("gt3x", "ActiGraph GT3X"),
    ("motionwatch", "MotionWatch"),
    ("nhanes_minutes", "NHANES minutes"),
    ("nsrr", "NSRR epochs (MESA, HCHS/SOL)"),
    ("raw_csv", "raw acceleration as text"),
    ("respironics_csv", "Actiware export"),
    ("table", "table of epochs"),
    ("tempatilumi", "Tempatilumi"),
];

/// What was left out and how it was known, by the name of the rule in results.
const RULES: &[(&str, &str)] = &[
    ("kept", "nothing was left out"),
    ("choi_90", "Choi 2011, 90 minutes of zeros"),
    ("choi_180", "Choi 2011, 180 minutes of zeros"),
    ("troiano", "Troiano 2008, 60 minutes of zeros"),
    ("stillness", "two hours or more without movement"),
    (
        "van_hees_2013",
        "van Hees 2013, stillness of the raw acceleration",
    ),
    (
        "device",
        "the device's off-wrist sensor and what its program excluded",
    ),
    ("unknown", "no rule fits what the activity measures"),
];

/// Whether a share is shown in percent.
pub(crate) fn is_percent(id: &str) -> bool {
    PERCENT.contains(&id)
}

/// Whether a number counts something whole.
pub(crate) fn is_count(id: &str) -> bool {
    COUNTS.contains(&id)
}

/// The name of a measure, or of a column of the table `table`.
pub(crate) fn name(table: &str, id: &str) -> String {
    let find = |wanted: &str| {
        let found = NAMES.iter().find(|row| row.0 == wanted);
        found.map(|row| row.1.to_owned())
    };
    find(&format!("{table}.{id}"))
        .or_else(|| find(id))
        .unwrap_or_else(|| in_words(id))
}

/// An identifier as words: its unit at the end goes, its first letter is large.
fn in_words(id: &str) -> String {
    let bare = ["_min", "_h", "_s", "_sd"]
        .iter()
        .find_map(|unit| id.strip_suffix(unit))
        .unwrap_or(id);
    let words = bare.replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// A format in words.
pub(crate) fn format(id: &str) -> String {
    let found = FORMATS.iter().find(|row| row.0 == id);
    found.map_or_else(|| in_words(id), |row| row.1.to_owned())
}

/// A number of a table, whose rows are compared: decimals by its size.
pub(crate) fn tidy(value: f64) -> String {
    typeset(&match value.abs() {
        size if size >= 1_000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    })
}

/// The digits of a number as they are printed: with a sign that is a minus, and thousands apart.
fn typeset(number: &str) -> String {
    let (sign, size) = match number.strip_prefix('-') {
        Some(size) => ("−", size),
        None => ("", number),
    };
    let whole = size.find(|letter: char| !letter.is_ascii_digit());
    let (whole, rest) = size.split_at(whole.unwrap_or(size.len()));
    let mut out = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// A rule of non-wear in words.
pub(crate) fn rule(id: &str) -> String {
    let found = RULES.iter().find(|row| row.0 == id);
    found.map_or_else(|| in_words(id), |row| row.1.to_owned())
}

/// The unit of the activity in words, for epochs of a length.
pub(crate) fn activity(unit: &str, epoch_s: u32) -> String {
    let epoch = match epoch_s {
        60 => "minute".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds}\u{a0}s"),
    };
    match unit {
        "{count}" => format!("counts per {epoch}"),
        "{count}/s" => "counts per second".to_owned(),
        "{step}" | "{steps}" => format!("steps per {epoch}"),
        "deg" => "degrees".to_owned(),
        unit => unit.trim_matches(['{', '}']).to_owned(),
    }
}

/// The unit of a measure in words; `input` is the unit of the activity.
pub(crate) fn unit(id: &str, unit: &str, input: &str) -> String {
    if PERCENT.contains(&id) {
        return "%".to_owned();
    }
    if is_clock_in_hours(id) {
        return "clock time".to_owned();
    }
    match unit {
        "1" | "" => String::new(),
        "input" => input.to_owned(),
        "input per day" => {
            let (amount, _) = input.split_once(" per ").unwrap_or((input, ""));
            format!("{amount} per day")
        }
        "min" | "h" => unit.to_owned(),
        "lx" => "lux".to_owned(),
        "HH:MM:SS" => "clock time".to_owned(),
        "1/d" => "per day".to_owned(),
        "min/d" => "min per day".to_owned(),
        "min/wk" => "min per week".to_owned(),
        "1/epoch" => "per epoch".to_owned(),
        unit => unit.to_owned(),
    }
}

/// Hours after midnight that are a time of day.
pub(crate) fn is_clock_in_hours(id: &str) -> bool {
    id.ends_with("acrophase_h")
}

/// A cell of a measure or column as a page shows it, without its unit.
pub(crate) fn value(id: &str, cell: &Cell) -> String {
    match cell {
        Cell::Number(share) if PERCENT.contains(&id) => format!("{:.1}", 100.0 * share),
        Cell::Number(hours) if is_clock_in_hours(id) => clock(hours * f64::from(HOUR_S)),
        Cell::Number(count) if COUNTS.contains(&id) => format!("{count:.0}"),
        Cell::Number(hours) if id.ends_with("_h") => format!("{hours:.2}"),
        Cell::Number(mean) if id == "awakenings" => format!("{mean:.1}"),
        Cell::Number(minutes) if id.ends_with("_min") && minutes.abs() >= 100.0 => {
            format!("{minutes:.0}")
        }
        Cell::Number(minutes) if id.ends_with("_min") => format!("{minutes:.1}"),
        Cell::Number(value) => digits(*value),
        Cell::Missing => "–".to_owned(),
        Cell::Clock(seconds) => clock(*seconds),
        Cell::Instant(_) => {
            let text = cell.text().replace('T', " ");
            text.get(..16).unwrap_or(&text).to_owned()
        }
        Cell::Day(date) => dated(*date),
        Cell::Whole(_) | Cell::Text(_) => cell.text(),
    }
}

/// The value of a measure with its unit behind it, where it has one to say.
pub(crate) fn with_unit(id: &str, cell: &Cell, unit: &str) -> String {
    let shown = value(id, cell);
    match (cell, unit) {
        (Cell::Missing, _) | (_, "" | "clock time") => shown,
        (_, unit) => format!("{shown}\u{a0}{unit}"),
    }
}

/// A time of day as `02:54`, to the nearest minute.
pub(crate) fn clock(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() * 60.0;
    let text = clock_text(minutes);
    text.get(..5).unwrap_or(&text).to_owned()
}

/// The time of day of a local second.
pub(crate) fn clock_of(time_s: i64) -> String {
    clock(f64::from(analysis::series::clock(time_s)))
}

/// A date with its weekday.
pub(crate) fn dated(date: Date) -> String {
    date.strftime("%a %F").to_string()
}

/// The date of a day counted from 1970-01-01; days beyond the calendar are their number.
pub(crate) fn date_of_day(days: i64) -> String {
    let epoch = Date::constant(1970, 1, 1);
    jiff::Span::new()
        .try_days(days)
        .and_then(|span| epoch.checked_add(span))
        .map_or_else(|_| format!("day {days}"), dated)
}

/// A share in percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

/// A length of time in days and hours, or hours and minutes.
pub(crate) fn length(minutes: f64) -> String {
    let whole = whole_minutes(minutes);
    let (days, hours, rest) = (whole / 1440, whole / 60 % 24, whole % 60);
    match (days, hours) {
        (0, 0) => format!("{rest}\u{a0}min"),
        (0, hours) => format!("{hours}\u{a0}h {rest:02}\u{a0}min"),
        (days, hours) => format!("{days}\u{a0}d {hours}\u{a0}h"),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "minutes of a recording are few and not negative"
)]
fn whole_minutes(minutes: f64) -> u64 {
    minutes.max(0.0).round() as u64
}

/// The reason of a missing value, as results say it (`needs 3 nights, has 1`), as a sentence says it.
pub(crate) fn reason(text: &str) -> String {
    let parts = text
        .strip_prefix("needs ")
        .and_then(|rest| rest.rsplit_once(", has "));
    let Some((needed, has)) = parts else {
        return text.to_owned();
    };
    match (needed.split_once(' '), has) {
        (Some(("1", of)), "0") => format!("no {of}"),
        (Some(("2", "distinct values")), _) => "all values are the same".to_owned(),
        _ => {
            let has = has
                .parse()
                .map_or_else(|_| has.to_owned(), |has: f64| digits_few(has));
            let verb = if has == "1" { "is" } else { "are" };
            format!("needs {needed}; there {verb} {has}")
        }
    }
}

fn digits_few(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with four significant digits, without an exponent between a millionth and ten million.
pub(crate) fn digits(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e7).contains(&size) {
        return typeset(&format!("{value:.3e}"));
    }
    let mut decimals = 0;
    let mut scale = size;
    while decimals < 9 && scale < 10_f64.powi(DIGITS - 1) {
        scale *= 10.0;
        decimals += 1;
    }
    typeset(&format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use analysis::report::{day, groups, night};

    use super::*;

    /// The page of the window shows the same shares in percent as the page to file.
    #[test]
    fn the_window_reads_the_same_shares_in_percent() {
        let window = include_str!("../../../../web/src/pages/lab/cohort.ts");
        let (_, set) = window
            .split_once("const PERCENT = new Set([")
            .expect("the set");
        let (set, _) = set.split_once(']').expect("its end");
        let shares: Vec<&str> = set.split('"').skip(1).step_by(2).collect();
        assert_eq!(shares, PERCENT);
    }

    #[test]
    fn numbers_are_shown_with_four_digits() {
        let check = |value, expect: &str| assert_eq!(digits(value), expect);
        check(0.0, "0");
        check(0.123_456, "0.1235");
        check(-12.345_6, "−12.35");
        check(123_456.7, "123,457");
        check(-1_234_567.0, "−1,234,567");
        assert_eq!(tidy(103_601.0), "103,601");
        assert_eq!(tidy(-0.224), "−0.22");
        check(0.000_000_012_3, "1.230e-8");
    }

    #[test]
    fn clock_times_shares_and_minutes_read_as_people_write_them() {
        let check = |id, cell: Cell, expect: &str| assert_eq!(value(id, &cell), expect, "{id}");
        check("sleep_midpoint", Cell::Clock(2.9058 * 3_600.0), "02:54");
        check("l5_onset", Cell::Clock(86_399.0), "00:00");
        check("cosinor_acrophase_h", Cell::Number(15.2), "15:12");
        check("sleep_efficiency", Cell::Number(0.8731), "87.3");
        check("interdaily_stability", Cell::Number(0.8731), "0.8731");
        check("total_sleep_min", Cell::Number(451.6), "452");
        check("sleep_latency_min", Cell::Number(12.25), "12.2");
        check("in_bed", Cell::Instant(60), "1970-01-01 00:01");
        check("kra", Cell::Missing, "–");
    }

    #[test]
    fn every_column_has_a_name_and_a_unit_in_words() {
        let columns = groups::all().map(|column| ("", column.id, column.unit));
        let nights = night::FIELDS
            .iter()
            .map(|field| ("night", field.id, field.unit));
        let days = day::FIELDS
            .iter()
            .map(|field| ("day", field.id, field.unit));
        for (table, id, of) in columns.chain(nights).chain(days) {
            let name = name(table, id);
            assert!(!name.contains('_') && !name.is_empty(), "{id}: {name}");
            let unit = unit(id, of, "counts per minute");
            assert!(
                !unit.contains("input") && !unit.contains('{'),
                "{id}: {unit}"
            );
        }
        assert_eq!(name("", "somethingnew_else_min"), "Somethingnew else");
        assert_eq!(activity("{count}", 30), "counts per 30\u{a0}s");
        assert_eq!(
            unit("adat", "input per day", "counts per 30 s"),
            "counts per day"
        );
    }

    #[test]
    fn every_name_of_a_format_is_that_of_one() {
        let known = import::recording::front::ALL
            .iter()
            .map(|format| format.name);
        let known: Vec<&str> = known.collect();
        for (name, _) in FORMATS {
            assert!(known.contains(name), "{name}");
        }
        assert_eq!(format("a_new_one"), "A new one");
    }

    #[test]
    fn reasons_are_sentences() {
        let check = |text, expect: &str| assert_eq!(reason(text), expect);
        check("needs 1 channels of light, has 0", "no channels of light");
        check("needs 2 distinct values, has 1", "all values are the same");
        check("needs 3 nights, has 1", "needs 3 nights; there is 1");
        check("needs 5 days, has 0.9993055", "needs 5 days; there is 1");
        check("something else", "something else");
    }
}
