//! Which family a member is of: by its content where that says it, else by the beginning of its name.

use crate::vendors::Member;

/// Folders that only Fitbit's exports have.
const FOLDERS: [&str; 6] = [
    "Global Export Data",
    "Physical Activity_GoogleData",
    "Health Fitness Data_GoogleData",
    "MyFitbitData",
    "user-site-export",
    "Fitbit",
];

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Beats,
    /// Values of minutes: id of the metric, unit, and which clock.
    Minutes(&'static str, &'static str, Clock),
    RestingRate,
    Vo2Max,
    Sleep,
    Exercise,
    Weight,
    /// Rows of minutes with a device each.
    Witnesses(&'static str, &'static str, &'static str),
    BeatRows,
    RestingRows,
    WeightRows,
    HeightRows,
    BreathRows,
    Oxygen,
    OxygenRows,
    Variability,
    VariabilityRows,
    Temperature,
    Sessions,
    Stages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Utc,
    Local,
}

pub(super) fn is_meant(member: &Member<'_>) -> bool {
    FOLDERS.iter().any(|folder| member.is_within(folder)) || kind_of(member).is_some()
}

pub(super) fn kind_of(member: &Member<'_>) -> Option<Kind> {
    if member.begins("[") {
        return kind_of_json(member);
    }
    let line = String::from_utf8_lossy(member.first_line()).to_lowercase();
    kind_of_heading(&line, &member.file().to_lowercase())
}

fn kind_of_json(member: &Member<'_>) -> Option<Kind> {
    let holds = |names: &[&str]| names.iter().all(|name| member.holds(name));
    if holds(&["\"dateOfSleep\"", "\"logId\""]) {
        return Some(Kind::Sleep);
    }
    if holds(&["\"activityName\"", "\"logId\""]) {
        return Some(Kind::Exercise);
    }
    if holds(&["\"weight\"", "\"bmi\"", "\"logId\""]) {
        return Some(Kind::Weight);
    }
    if !holds(&["\"dateTime\"", "\"value\""]) {
        return None;
    }
    if holds(&["\"bpm\""]) {
        return Some(Kind::Beats);
    }
    if holds(&["emographicVO2Max\""]) {
        return Some(Kind::Vo2Max);
    }
    let file = member.file();
    let family = file.split('-').next().unwrap_or_default();
    Some(match family {
        "steps" => Kind::Minutes("step_count", "1", Clock::Utc),
        "distance" => Kind::Minutes("distance_walking_running", "cm", Clock::Utc),
        "calories" => Kind::Minutes("total_energy_burned", "kcal", Clock::Local),
        "resting_heart_rate" => Kind::RestingRate,
        _ => return None,
    })
}

fn kind_of_heading(line: &str, file: &str) -> Option<Kind> {
    let begins = |names: &[&str]| names.iter().any(|name| line.starts_with(name));
    if begins(&["sleep_id,sleep_type"]) {
        return Some(Kind::Sessions);
    }
    if begins(&["sleep_id,sleep_stage_id"]) {
        return Some(Kind::Stages);
    }
    if begins(&["type,sleep_start,sleep_end,"]) && line.contains("nightly_temperature") {
        return Some(Kind::Temperature);
    }
    if begins(&["timestamp,rmssd,coverage"]) {
        return Some(Kind::Variability);
    }
    if line == "timestamp,value" && file.contains("spo2") {
        return Some(Kind::Oxygen);
    }
    if !line.starts_with("timestamp,") || !line.ends_with("data source") {
        return None;
    }
    let column = line.split(',').nth(1).unwrap_or_default();
    Some(match column {
        "steps" => Kind::Witnesses("step_count", "1", "steps"),
        "distance" => Kind::Witnesses("distance_walking_running", "m", "distance"),
        "calories" => Kind::Witnesses("total_energy_burned", "kcal", "calories"),
        "floors" => Kind::Witnesses("flights_climbed", "1", "floors"),
        "beats per minute" if file.contains("resting") => Kind::RestingRows,
        "beats per minute" => Kind::BeatRows,
        "weight grams" => Kind::WeightRows,
        "height millimeters" => Kind::HeightRows,
        "oxygen saturation percentage" => Kind::OxygenRows,
        _ if line.contains("full sleep stats") => Kind::BreathRows,
        _ if column.starts_with("root mean square") => Kind::VariabilityRows,
        _ => return None,
    })
}

impl Kind {
    /// The family of files, in the vendor's words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Beats => "heart_rate json",
            Self::Minutes(metric, ..) => match metric.as_bytes() {
                b"step_count" => "steps json",
                b"distance_walking_running" => "distance json",
                _ => "calories json",
            },
            Self::RestingRate => "resting_heart_rate json",
            Self::Vo2Max => "demographic_vo2_max json",
            Self::Sleep => "sleep json",
            Self::Exercise => "exercise json",
            Self::Weight => "weight json",
            Self::Witnesses(.., column) => column,
            Self::BeatRows => "heart_rate csv",
            Self::RestingRows => "daily_resting_heart_rate csv",
            Self::WeightRows => "weight csv",
            Self::HeightRows => "height csv",
            Self::BreathRows => "respiratory_rate_sleep_summary csv",
            Self::Oxygen => "Minute SpO2 csv",
            Self::OxygenRows => "oxygen_saturation csv",
            Self::Variability => "Heart Rate Variability Details csv",
            Self::VariabilityRows => "heart_rate_variability csv",
            Self::Temperature => "Computed Temperature csv",
            Self::Sessions => "UserSleeps csv",
            Self::Stages => "UserSleepStages csv",
        }
    }
}
