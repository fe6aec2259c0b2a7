//! A derived value with everything that is needed to trust it: method and version, the interval it
//! was computed on, the share of that interval with data, and a reason when there is no value.
//!
//! It must never carry a value and a reason at once, or neither.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use model::zone::Span;
use serde::{Deserialize, Serialize};

/// Short text that is known when the program is built, or was read back.
pub type Text = Cow<'static, str>;

/// How a value was computed and, where it is of one source alone, whose it is. Values that differ in it are different
/// quantities.
pub(super) type Quantity = (Text, Option<String>);

/// The quantity of most days; of the latest where two have as many.
pub(super) fn usual(days: impl Iterator<Item = (Date, Quantity)>) -> Option<Quantity> {
    let mut counts: BTreeMap<Quantity, (usize, Date)> = BTreeMap::new();
    for (date, quantity) in days {
        let held = counts.entry(quantity).or_insert((0, date));
        held.0 += 1;
        held.1 = held.1.max(date);
    }
    let most = counts.into_iter().max_by_key(|(_, held)| *held);
    most.map(|(quantity, _)| quantity)
}

/// How a value is computed; a changed formula is a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Stable name.
    pub id: &'static str,
    /// Counts up with every change of the result.
    pub version: u16,
    /// Unit of the value.
    pub unit: &'static str,
}

/// One derived value of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The value; null with a reason.
    pub value: Option<f64>,
    /// Unit (UCUM) of the value.
    pub unit: Text,
    /// How many samples the value rests on, or how many there were when they did not suffice.
    pub n: u32,
    /// Share of the interval with data, when the method defines one.
    pub coverage: Option<f64>,
    /// The method's stable name.
    pub method: Text,
    /// The method's version.
    pub version: u16,
    /// How many samples were left out because they are of another kind or source than those of the value.
    #[serde(default, skip_serializing_if = "is_none")]
    pub left_out: u32,
    /// The source that the value is of, where it is of one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The sources whose samples were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out_sources: Vec<String>,
    /// Start of the interval the value was computed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_us: Option<i64>,
    /// End of that interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_us: Option<i64>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

impl Measure {
    /// A value; one that is not finite is reported as missing.
    pub fn of(method: Method, value: f64, n: usize) -> Self {
        if !value.is_finite() {
            return Self::missing(method, "not_finite", n);
        }
        Self {
            value: Some(value),
            ..Self::missing_for(method, None, n)
        }
    }

    /// No value, and why.
    pub fn missing(method: Method, reason: &'static str, n: usize) -> Self {
        Self::missing_for(method, Some(reason), n)
    }

    fn missing_for(method: Method, reason: Option<&'static str>, n: usize) -> Self {
        Self {
            value: None,
            unit: Cow::Borrowed(method.unit),
            n: u32::try_from(n).unwrap_or(u32::MAX),
            coverage: None,
            method: Cow::Borrowed(method.id),
            version: method.version,
            left_out: 0,
            source: None,
            left_out_sources: Vec::new(),
            start_us: None,
            end_us: None,
            reason: reason.map(Cow::Borrowed),
        }
    }

    /// The same, with the interval it was computed on.
    #[must_use]
    pub fn on(mut self, span: Span) -> Self {
        self.start_us = Some(span.start_us);
        self.end_us = Some(span.end_us);
        self
    }

    /// The same, with how many samples of another kind were left out.
    #[must_use]
    pub fn leaving_out(mut self, count: usize) -> Self {
        self.left_out = u32::try_from(count).unwrap_or(u32::MAX);
        self
    }

    /// The same, with the share of its interval that had data.
    #[must_use]
    pub const fn covering(mut self, share: f64) -> Self {
        self.coverage = Some(share);
        self
    }
}
