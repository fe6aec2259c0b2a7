//! The account export of a watch: the FIT files in a zip within the zip, and beside them workouts and totals of days as
//! JSON. Of some days the files are missing; the totals of the others count a workout more, as accounts do.

use super::life::{Life, Run};
use super::{Made, fit, fitbit};
use crate::export::Chance;

/// Prints a person.
pub fn print(life: &Life) -> Made {
    let mut made = Made::default();
    let mut chance = Chance(life.seed ^ 0x6A12);
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut totals = Vec::new();
    for date in &life.days {
        let (from_s, until_s) = fitbit::span(life, *date);
        let steps: u32 = life
            .steps
            .range(from_s..until_s)
            .map(|(_, count)| count)
            .sum();
        if steps == 0 {
            continue;
        }
        let is_lost = chance.below(4) == 0;
        let stated = if is_lost { steps } else { steps + 17 };
        totals.push(format!(
            "{{\"calendarDate\":\"{date}\",\"totalSteps\":{stated}}}"
        ));
        if is_lost {
            made.truth.count("step_count", 1);
        } else {
            files.extend(fit::days(life, *date, &mut chance, &mut made));
        }
        let source = if is_lost {
            "Garmin"
        } else {
            "Garmin Garmin 3121"
        };
        let by_source = made.truth.by_source.entry(source.to_owned()).or_default();
        *by_source += f64::from(steps);
    }
    for night in &life.nights {
        made.truth.count("sleep_analysis", night.pieces.len());
        files.push((format!("sleep_{}.fit", night.start_s), fit::sleep(night)));
    }
    let mut listed = Vec::new();
    for run in &life.runs {
        if chance.below(2) == 0 {
            made.truth.count("heart_rate", fit::points(run).count());
            files.push((format!("run_{}.fit", run.start_s), fit::activity(life, run)));
        }
        listed.push(summary(life, run));
        made.truth
            .workouts
            .push((run.start_s, run.start_s + run.length_s));
    }
    let inner: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let folder = "DI_CONNECT/DI-Connect-Uploaded-Files";
    made.file(
        format!("{folder}/UploadedFiles_0-_Part1.zip"),
        crate::zip::archive(&inner),
    );
    let name = "DI_CONNECT/DI-Connect-Aggregator/UDSFile_2020-01-01_2030-01-01.json";
    made.file(name, format!("[{}]", totals.join(",")));
    let name = "DI_CONNECT/DI-Connect-Fitness/somebody@example.org_0_summarizedActivities.json";
    let listed = listed.join(",");
    made.file(
        name,
        format!("[{{\"summarizedActivitiesExport\":[{listed}]}}]"),
    );
    made.truth.steps = life.steps_by_day();
    made.truth.nights = life.nights_by_day();
    made
}

/// A workout as the account lists it.
fn summary(life: &Life, run: &Run) -> String {
    let start_ms = run.start_s * 1_000;
    let length_ms = run.length_s * 1_000;
    format!(
        "{{\"activityId\":{},\"activityType\":\"running\",\"startTimeGmt\":{start_ms},\"startTimeLocal\":{},\
         \"duration\":{length_ms},\"elapsedDuration\":{length_ms},\"distance\":{},\"calories\":{}}}",
        run.start_s,
        start_ms + i64::from(life.offset_min(run.start_s)) * 60_000,
        run.distance_m * 100,
        f64::from(run.energy_kcal) * 4.184
    )
}
