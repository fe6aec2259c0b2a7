//! What exports of this program print in the same way in every format of others: records, ids, kinds of sources.

use model::record::{Body, Record};
use model::sample::Uid;
use model::source::{SourceClass, SourceNo};
use serde::Deserialize;

/// A record as an export prints it.
#[derive(Deserialize)]
pub(crate) struct Document {
    start_us: i64,
    end_us: i64,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    uid: Option<String>,
    identity: String,
    record: Body,
}

impl Document {
    pub(crate) fn record(self, source: SourceNo) -> Record {
        Record {
            start_us: self.start_us,
            end_us: self.end_us,
            zone: self.zone,
            source,
            uid: self.uid.as_deref().and_then(uid),
            identity: self.identity,
            body: self.record,
        }
    }
}

pub(crate) fn class_named(name: &str) -> Option<SourceClass> {
    let json = serde_json::Value::String(name.to_owned());
    serde_json::from_value(json).ok()
}

/// An id in hexadecimal digits.
pub(crate) fn uid(text: &str) -> Option<Uid> {
    u64::from_str_radix(text, 16).ok().and_then(Uid::new)
}

/// A whole number that a 32-bit integer holds.
pub(crate) fn whole(number: f64) -> Option<i32> {
    let is_whole = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "whole and within bounds")]
    is_whole.then_some(number as i32)
}
