//! The account of an import or upload: every record of the input is accepted, recognised as a
//! duplicate or rejected with a code, and the numbers add up to what the input holds.

use std::collections::{BTreeMap, BTreeSet};

use import::batch::{
    ClockTold, Fact, Meaning, Position, REJECTIONS_KEPT, Recorder, Rejection, TypeName,
};
use serde::{Deserialize, Serialize};

use crate::ingest::nearest;

/// What became of the records of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct TypeTally {
    /// New samples.
    pub(crate) accepted: u64,
    /// Samples that were there already, or that a newer export has replaced.
    pub(crate) duplicates: u64,
    /// Refused records.
    pub(crate) rejected: u64,
}

/// One refused record, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RejectedRecord {
    /// Index of the record in the array it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u64>,
    /// Byte offset in the decompressed document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) byte: Option<u64>,
    /// Line of a text file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// Why, for programs.
    pub(crate) code: String,
    /// Which field; empty for the record as a whole.
    pub(crate) field: String,
    /// Why and what to do, for people.
    pub(crate) message: String,
}

/// What a newer export of the same person changed about older ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SnapshotTally {
    /// Samples of older exports that this one replaces: it covers their time.
    pub(crate) superseded: u64,
    /// Samples of older exports that this one does not hold and does not cover; they stay.
    pub(crate) absent: u64,
    /// Absent samples that were removed because a mirror was asked for.
    pub(crate) removed: u64,
}

/// A watch or phone that has another name now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RenamedTally {
    /// The name in earlier exports.
    pub(crate) former: String,
    /// The name since.
    pub(crate) now: String,
}

/// A place where the input was damaged, or a part that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Remark {
    /// Byte offset, line or name inside the input.
    pub(crate) place: String,
    /// What was found there.
    pub(crate) message: String,
}

/// The account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Tally {
    /// Name of the file, where its sender said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The format that a file was read as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    /// New samples.
    pub(crate) accepted: u64,
    /// Samples that were there already.
    pub(crate) duplicates: u64,
    /// Refused records.
    pub(crate) rejected: u64,
    /// Refused records by code.
    pub(crate) rejected_by_code: BTreeMap<String, u64>,
    /// The same three numbers by type, under the name that the input uses.
    pub(crate) by_type: BTreeMap<String, TypeTally>,
    /// Names outside the catalogue; what has them is kept as it came.
    pub(crate) unknown_types: BTreeSet<String>,
    /// Of those, names that are nearly one of the catalogue, with the metric that may be meant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) nearest_types: BTreeMap<String, String>,
    /// Records that are more than a sample, by kind: how many the input holds.
    pub(crate) records: BTreeMap<String, u64>,
    /// Of those, how many were new or changed.
    pub(crate) records_new: BTreeMap<String, u64>,
    /// Children of correlations that were printed on their own too.
    pub(crate) linked: u64,
    /// Samples and records removed because the provider deleted them.
    pub(crate) deleted: u64,
    /// What changed about older exports.
    pub(crate) snapshot: SnapshotTally,
    /// Sources that are known under another name since this export: the same device, renamed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) renamed: Vec<RenamedTally>,
    /// Where the input is damaged; everything before was read.
    pub(crate) damage: Vec<Remark>,
    /// What was found out while reading: how many files of a kind there were, how a clock was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<Remark>,
    /// Parts that were left out on purpose.
    pub(crate) skipped: Vec<Remark>,
    /// The first refused records in full; all of them are counted.
    pub(crate) errors: Vec<RejectedRecord>,
    /// The worn device whose recording this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recording: Option<RecordingTally>,
}

/// A worn device, and how its clock was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct RecordingTally {
    /// Name of the format.
    pub(crate) format: String,
    /// Model.
    pub(crate) device: Option<String>,
    /// Serial number.
    pub(crate) serial: Option<String>,
    /// Firmware, or the program that wrote the file.
    pub(crate) firmware: Option<String>,
    /// Where it was worn.
    pub(crate) worn_at: Option<String>,
    /// Seconds east of UTC that the device's clock was taken to show, from the first epoch to the last.
    pub(crate) clock_offset_s: i64,
    /// Who said so: `file`, or `person` for the zone in which the recording began.
    pub(crate) clock_told_by: String,
}

impl From<&Recorder> for RecordingTally {
    fn from(recorder: &Recorder) -> Self {
        Self {
            format: recorder.format.to_owned(),
            device: recorder.device.clone(),
            serial: recorder.serial.clone(),
            firmware: recorder.firmware.clone(),
            worn_at: recorder.worn_at.clone(),
            clock_offset_s: recorder.clock_offset_s,
            clock_told_by: match recorder.clock_told_by {
                ClockTold::File => "file",
                ClockTold::Person => "person",
            }
            .to_owned(),
        }
    }
}

/// Most remarks of one sort that are kept.
const REMARKS_MAX: usize = 200;
/// Unknown names of one input that are compared with the catalogue.
const COMPARED_MAX: usize = 50;

impl Tally {
    /// Counts samples of one type that went into the store.
    pub(crate) fn count(&mut self, type_name: &str, accepted: u64, duplicates: u64) {
        self.accepted += accepted;
        self.duplicates += duplicates;
        let entry = self.by_type.entry(type_name.to_owned()).or_default();
        entry.accepted += accepted;
        entry.duplicates += duplicates;
    }

    /// Takes back samples that turned out to be replaced by a newer export already.
    pub(crate) fn recount_superseded(&mut self, type_name: &str, count: u64) {
        self.accepted = self.accepted.saturating_sub(count);
        self.duplicates += count;
        let entry = self.by_type.entry(type_name.to_owned()).or_default();
        entry.accepted = entry.accepted.saturating_sub(count);
        entry.duplicates += count;
    }

    /// Counts a refused record and keeps its text while there is room.
    pub(crate) fn reject(&mut self, rejection: &Rejection, type_name: Option<&str>) {
        self.rejected += 1;
        *self
            .rejected_by_code
            .entry(rejection.code.as_str().to_owned())
            .or_default() += 1;
        if let Some(name) = type_name {
            self.by_type.entry(name.to_owned()).or_default().rejected += 1;
        }
        if self.errors.len() < REJECTIONS_KEPT {
            let (mut index, mut byte, mut line) = (None, None, None);
            match rejection.position {
                Position::Index(at) => index = Some(at),
                Position::Byte(at) => byte = Some(at),
                Position::Line(at) => line = Some(at),
            }
            self.errors.push(RejectedRecord {
                index,
                byte,
                line,
                code: rejection.code.as_str().to_owned(),
                field: rejection.field.clone(),
                message: rejection.message.clone(),
            });
        }
    }

    /// Counts records with a number that is not finite, which nothing can store.
    pub(crate) fn reject_unstorable(&mut self, count: u64) {
        if count > 0 {
            self.rejected += count;
            let code = import::batch::RejectCode::ValueInvalid.as_str().to_owned();
            *self.rejected_by_code.entry(code).or_default() += count;
        }
    }

    /// Counts a record whose source or type is one too many for the person's tables.
    pub(crate) fn reject_without_room(&mut self, type_name: Option<&str>) {
        self.rejected += 1;
        let code = "too_many_names".to_owned();
        *self.rejected_by_code.entry(code).or_default() += 1;
        if let Some(entry) = type_name.and_then(|name| self.by_type.get_mut(name)) {
            entry.rejected += 1;
        }
    }

    /// Counts samples of a type that has as many of them in one period as can be kept.
    pub(crate) fn reject_surplus(&mut self, type_name: &str, count: u64) {
        if count > 0 {
            self.rejected += count;
            let code = "period_full".to_owned();
            *self.rejected_by_code.entry(code).or_default() += count;
            self.by_type
                .entry(type_name.to_owned())
                .or_default()
                .rejected += count;
        }
    }

    /// Adds the account to the counters of the process.
    pub(crate) fn publish(&self, class: &'static str) {
        for (result, count) in [
            ("accepted", self.accepted),
            ("duplicate", self.duplicates),
            ("rejected", self.rejected),
        ] {
            let labels = [("metric_class", class), ("result", result)];
            metrics::counter!("clarity_samples_ingested_total", &labels).increment(count);
        }
    }

    /// Remembers a type outside the catalogue.
    pub(crate) fn see_type(&mut self, name: &TypeName) {
        if matches!(name.meaning, Meaning::Unknown { .. }) {
            self.see_unknown(&name.name);
        }
    }

    fn see_unknown(&mut self, name: &str) {
        let is_new = self.unknown_types.insert(name.to_owned());
        // Each is compared with the whole catalogue; who sends many has names of their own.
        if is_new
            && self.unknown_types.len() <= COMPARED_MAX
            && let Some(nearest) = nearest::metric(name)
        {
            self.nearest_types
                .insert(name.to_owned(), nearest.to_owned());
        }
    }

    /// Counts a record that is more than a sample.
    pub(crate) fn see_record(&mut self, kind: &str) {
        *self.records.entry(plural(kind).to_owned()).or_default() += 1;
    }

    /// Counts records that were new or changed.
    pub(crate) fn count_new_records(&mut self, kind: &str, count: u64) {
        if count > 0 {
            *self.records_new.entry(plural(kind).to_owned()).or_default() += count;
        }
    }

    /// Keeps what the input says about damage and parts left out.
    pub(crate) fn remark(&mut self, fact: &Fact) {
        match fact {
            Fact::Damage { position, message } => {
                let place = match position {
                    Position::Byte(at) => format!("byte {at}"),
                    Position::Index(at) => format!("record {at}"),
                    Position::Line(at) => format!("line {at}"),
                };
                push_bounded(
                    &mut self.damage,
                    Remark {
                        place,
                        message: message.clone(),
                    },
                );
            }
            Fact::Skipped { name, reason } => {
                let remark = Remark {
                    place: name.clone(),
                    message: (*reason).to_owned(),
                };
                push_bounded(&mut self.skipped, remark);
            }
            Fact::Noted { place, message } => {
                let (place, message) = (place.clone(), message.clone());
                push_bounded(&mut self.notes, Remark { place, message });
            }
            Fact::MoreRejected { count } => {
                self.rejected += count;
                let code = import::batch::RejectCode::Malformed.as_str().to_owned();
                *self.rejected_by_code.entry(code).or_default() += count;
            }
            Fact::Recorded(recorder) => self.recording = Some(recorder.into()),
            Fact::Unnamed { name } => {
                if self.unknown_types.len() < REMARKS_MAX {
                    self.see_unknown(name);
                }
            }
            Fact::Snapshot { .. } | Fact::Told { .. } => {}
        }
    }
}

fn push_bounded(list: &mut Vec<Remark>, remark: Remark) {
    if list.len() < REMARKS_MAX {
        list.push(remark);
    }
}

/// The name under which records of a kind are counted.
fn plural(kind: &str) -> &str {
    match kind {
        "workout" => "workouts",
        "route" => "routes",
        "ecg" => "ecgs",
        "correlation" => "correlations",
        "activity_summary" => "activity_summaries",
        "audiogram" => "audiograms",
        "vision_prescription" => "vision_prescriptions",
        "clinical_record" => "clinical_records",
        "state_of_mind" => "states_of_mind",
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use import::batch::RejectCode;

    use super::*;

    #[test]
    fn the_numbers_add_up() {
        let mut tally = Tally::default();
        tally.count("A", 3, 1);
        tally.recount_superseded("A", 1);
        let rejection = Rejection {
            type_index: Some(0),
            code: RejectCode::ValueMissing,
            field: "value".to_owned(),
            position: Position::Byte(7),
            message: "the value is missing".to_owned(),
        };
        tally.reject(&rejection, Some("A"));
        assert_eq!(
            (tally.accepted, tally.duplicates, tally.rejected),
            (2, 2, 1)
        );
        assert_eq!(
            tally.by_type.get("A"),
            Some(&TypeTally {
                accepted: 2,
                duplicates: 2,
                rejected: 1
            })
        );
        assert_eq!(tally.rejected_by_code.get("value_missing"), Some(&1));
    }
}
