//! Exports of vendors by the command line: a Takeout of 3 GB in some thirty thousand files, of which most bytes are
//! heart rates as JSON, and an account export with one array of 150 MB. The files are written while the measurement
//! runs and removed after it.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value by name gives null where there is none"
)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use oracle::zip::Writer;

use crate::{Outcome, Table, imports};

/// 2019-01-01T00:00:00Z.
const START_S: i64 = 1_546_300_800;
/// Days of the large export, and of a quick run.
const DAYS: i64 = 2_200;
const QUICK_DAYS: i64 = 60;
/// Seconds between two heart rates.
const BEAT_S: i64 = 7;
/// Files of a day that no reader knows.
const UNKNOWN: i64 = 10;
/// Workouts of the array.
const WORKOUTS: i64 = 37_500;
/// Bytes of a workout that nobody reads.
const FILLER: usize = 3_800;

/// What was written.
struct Written {
    /// Bytes of JSON before packing.
    json: u64,
    /// Bytes of all files before packing.
    unpacked: u64,
    files: u64,
    /// Samples or records that come out.
    accepted: u64,
}

/// Adds the figures.
pub(crate) fn measure(table: &mut Table, folder: &Path, is_quick: bool) -> Outcome<()> {
    let zip = folder.join("takeout.zip");
    let days = if is_quick { QUICK_DAYS } else { DAYS };
    let written = takeout(&zip, days)?;
    let data = folder.join("takeout");
    import(table, (&zip, &data), &written, ("Takeout", "accepted"))?;
    std::fs::remove_file(&zip)?;
    std::fs::remove_dir_all(&data)?;
    let zip = folder.join("garmin.zip");
    let written = array(&zip, if is_quick { WORKOUTS / 20 } else { WORKOUTS })?;
    let data = folder.join("garmin");
    import(table, (&zip, &data), &written, ("one array", "workouts"))?;
    std::fs::remove_file(&zip)?;
    std::fs::remove_dir_all(&data)?;
    Ok(())
}

fn local(at_s: i64) -> Outcome<DateTime> {
    Ok(TimeZone::UTC.to_datetime(Timestamp::from_second(at_s)?))
}

/// `03/28/26 07:00:00`.
fn short(at: DateTime) -> String {
    let (year, month, day) = (at.year() % 100, at.month(), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{month:02}/{day:02}/{year:02} {hour:02}:{minute:02}:{second:02}")
}

/// A day of heart rates as the Takeout prints them.
fn beats(day_s: i64) -> Outcome<(String, u64)> {
    let (mut text, mut count) = ("[".to_owned(), 0);
    let mut at_s = day_s;
    while at_s < day_s + 86_400 {
        let comma = if count == 0 { "" } else { "," };
        let rate = 55 + (at_s / 60) % 37 + (at_s % 5);
        write!(
            text,
            "{comma}{{\n    \"dateTime\" : \"{}\",\n    \"value\" : {{\n      \"bpm\" : {rate},\n      \"confidence\" : 2\n    }}\n}}",
            short(local(at_s)?)
        )?;
        count += 1;
        at_s += BEAT_S;
    }
    text.push(']');
    Ok((text, count))
}

/// Steps of a month, a value a minute of twelve hours.
fn steps(day_s: i64, days: i64) -> Outcome<(String, u64)> {
    let (mut text, mut count) = ("[".to_owned(), 0);
    for minute in (0..days * 1_440).filter(|minute| (420..1_140).contains(&(minute % 1_440))) {
        let comma = if count == 0 { "" } else { "," };
        let at = short(local(day_s + minute * 60)?);
        write!(
            text,
            "{comma}{{\n    \"dateTime\" : \"{at}\",\n    \"value\" : \"{}\"\n}}",
            1 + minute % 97
        )?;
        count += 1;
    }
    text.push(']');
    Ok((text, count))
}

fn takeout(path: &Path, days: i64) -> Outcome<Written> {
    let mut zip = Writer::new(BufWriter::with_capacity(1 << 20, File::create(path)?));
    let mut written = Written {
        json: 0,
        unpacked: 0,
        files: 0,
        accepted: 0,
    };
    let mut add = |name: &str, text: &str, accepted: u64| -> std::io::Result<()> {
        if name.contains("Global Export Data") {
            written.json += text.len() as u64;
        }
        written.unpacked += text.len() as u64;
        written.files += 1;
        written.accepted += accepted;
        zip.file(&format!("Takeout/Fitbit/{name}"), text.as_bytes())
    };
    for day in 0..days {
        let day_s = START_S + day * 86_400;
        let date = local(day_s)?.date();
        let (text, count) = beats(day_s)?;
        add(
            &format!("Global Export Data/heart_rate-{date}.json"),
            &text,
            count,
        )?;
        if day % 30 == 0 {
            let (text, count) = steps(day_s, 30.min(days - day))?;
            add(
                &format!("Global Export Data/steps-{date}.json"),
                &text,
                count,
            )?;
        }
        let mut rows = "timestamp,value\n".to_owned();
        for minute in 0..400 {
            writeln!(
                rows,
                "{}Z,{}",
                local(day_s + minute * 60)?,
                93.5 + (minute % 5) as f64
            )?;
        }
        let name = format!("Oxygen Saturation (SpO2)/Minute SpO2 - {date}.csv");
        add(&name, &rows, 400)?;
        for number in 0..UNKNOWN {
            let text = format!("[{{\"note\":\"{}\"}}]", "x".repeat(2_000));
            add(&format!("Stress/{number}-{date}.json"), &text, 0)?;
        }
    }
    zip.finish()?;
    Ok(written)
}

fn array(path: &Path, workouts: i64) -> Outcome<Written> {
    let mut text = "[{\"summarizedActivitiesExport\":[".to_owned();
    let filler = "\"summarizedDiveInfo\":null,".repeat(FILLER / 26);
    for number in 0..workouts {
        let comma = if number == 0 { "" } else { "," };
        // An hour apart, so that they end before today.
        let start_ms = (START_S + number * 3_600) * 1_000;
        write!(
            text,
            "{comma}{{\"activityId\":{number},\"activityType\":\"running\",{filler}\"startTimeGmt\":{start_ms},\
             \"startTimeLocal\":{start_ms},\"duration\":1800000.0,\"distance\":500000.0,\"calories\":1500.0}}"
        )?;
    }
    text.push_str("]}]");
    let mut zip = Writer::new(BufWriter::new(File::create(path)?));
    let name = "DI_CONNECT/DI-Connect-Fitness/0_summarizedActivities.json";
    zip.file(name, text.as_bytes())?;
    zip.finish()?;
    Ok(Written {
        json: text.len() as u64,
        unpacked: text.len() as u64,
        files: 1,
        accepted: u64::try_from(workouts)?,
    })
}

fn import(
    table: &mut Table,
    (zip, data): (&Path, &Path),
    written: &Written,
    (what, counted): (&str, &str),
) -> Outcome<()> {
    let (report, peak) = imports::read(zip, data)?;
    let seconds = report["seconds"]
        .as_f64()
        .ok_or("the report has no seconds")?;
    let accepted = match counted {
        "accepted" => report["accepted"].as_u64(),
        kind => report["records"][kind].as_u64(),
    };
    if accepted != Some(written.accepted) {
        let codes = &report["rejected_by_code"];
        return Err(format!("{what}: {accepted:?} of {}: {codes}", written.accepted).into());
    }
    let size = format!(
        "{:.0} MB in {} files, {:.0} MB of it JSON",
        written.unpacked as f64 / 1e6,
        written.files,
        written.json as f64 / 1e6
    );
    let rate = written.json as f64 / 1e6 / seconds;
    table.add(
        &format!("vendors: {what}, JSON"),
        rate,
        "MB/s",
        "≥ 100",
        &size,
    );
    let peak = peak as f64 / 1e6;
    table.add(
        &format!("vendors: {what}, peak resident memory"),
        peak,
        "MB",
        "≤ 200",
        "",
    );
    Ok(())
}
