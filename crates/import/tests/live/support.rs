//! Reading a body and looking at what came out of it.

use import::batch::{Batch, Meaning, RejectCode};
use import::form::{Document, Form};
use import::forms;
use import::json::ReadError;
use import::live::{Context, Summary};
use jiff::Timestamp;
use model::metric;
use model::sample::Sample;
use model::zone::{Zone, ZoneHistory};

/// The time of every request here.
pub(crate) const NOW: &str = "2026-03-09T12:00:00Z";

pub(crate) fn us(text: &str) -> i64 {
    let at: Timestamp = text
        .parse()
        .unwrap_or_else(|_| panic!("{text} is a timestamp"));
    at.as_microsecond()
}

/// What a body brought.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) batch: Batch,
    pub(crate) summary: Summary,
}

/// The form that a body is found to have.
pub(crate) fn form_of(body: &str) -> Result<&'static Form, ReadError> {
    forms::of(&Document::of(body.as_bytes())?)
}

pub(crate) fn try_read(form: &Form, body: &[u8]) -> Result<Read, ReadError> {
    read_with(form, body, None)
}

pub(crate) fn read_with(
    form: &Form,
    body: &[u8],
    aggregation: Option<&str>,
) -> Result<Read, ReadError> {
    let home = Zone::parse("America/New_York").expect("a zone");
    read_of(form, body, &ZoneHistory::fixed(home), aggregation)
}

/// A body of somebody who was in these zones.
pub(crate) fn read_of(
    form: &Form,
    body: &[u8],
    zones: &ZoneHistory,
    aggregation: Option<&str>,
) -> Result<Read, ReadError> {
    let context = Context {
        now_us: us(NOW),
        zones,
        aggregation,
        source: "",
    };
    let (batch, summary) = form.read_body(body, &context)?;
    Ok(Read { batch, summary })
}

pub(crate) fn read(form: &Form, body: &str) -> Read {
    try_read(form, body.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

impl Read {
    /// The samples of a metric, in the order of the body.
    pub(crate) fn samples(&self, id: &str) -> Vec<Sample> {
        let no = metric::by_id(id)
            .unwrap_or_else(|| panic!("{id} is a metric"))
            .no;
        let is_it = |index: u32| {
            let name = &self.batch.new_types[usize::try_from(index).expect("small")];
            name.meaning == Meaning::Known(no)
        };
        let samples = self
            .batch
            .samples
            .iter()
            .filter(|incoming| is_it(incoming.type_index));
        samples.map(|incoming| incoming.sample).collect()
    }

    /// The values of a metric.
    pub(crate) fn values(&self, id: &str) -> Vec<f64> {
        self.samples(id).iter().map(|sample| sample.value).collect()
    }

    /// The one sample of a metric.
    pub(crate) fn one(&self, id: &str) -> Sample {
        let samples = self.samples(id);
        assert_eq!(samples.len(), 1, "{id}: {samples:?} {:?}", self.refusals());
        samples[0]
    }

    /// Pointers and codes of what was refused.
    pub(crate) fn refusals(&self) -> Vec<(&str, RejectCode)> {
        let rejections = self.batch.rejections.iter();
        rejections
            .map(|refused| (refused.field.as_str(), refused.code))
            .collect()
    }

    /// The name of a sample's source.
    pub(crate) fn source(&self, sample: Sample) -> &str {
        &self.batch.new_sources[usize::from(sample.source.0)].name
    }
}

pub(crate) fn near(value: f64, expect: f64) {
    assert!(
        (value - expect).abs() <= 1e-9 * expect.abs().max(1.0),
        "{value} is not {expect}"
    );
}

/// A reference payload, or `None` with a note where the references are not there.
pub(crate) fn reference(path: &str) -> Option<String> {
    let path = oracle::data::beside(&format!("samples/{path}"))?;
    Some(oracle::data::text(&path))
}
