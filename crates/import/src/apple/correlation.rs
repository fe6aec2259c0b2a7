//! `Correlation` elements: samples that belong together. The samples inside are printed again on
//! their own in nearly every export; they are handed over as members and marked as such.

use model::record::{Body, Correlation};

use crate::apple::reading::{Heading, Reading, identity};
use crate::apple::sample::OpenSample;
use crate::apple::scan::Tag;
use crate::apple::text::{decode, snake_case};
use crate::apple::workout::pairs;

/// Members of one correlation. A meal has some forty nutrients.
const MEMBERS_MAX: usize = 10_000;

/// A correlation whose end is to come.
#[derive(Debug)]
pub(crate) struct OpenCorrelation {
    heading: Option<Heading>,
    correlation: Correlation,
}

impl OpenCorrelation {
    pub(crate) fn begin(tag: &Tag<'_>, reading: &mut Reading<'_, '_>) -> Self {
        let name = decode(tag.get(b"type").unwrap_or_default());
        let name = name
            .strip_prefix("HKCorrelationTypeIdentifier")
            .unwrap_or(&name);
        Self {
            heading: Heading::read(tag, reading),
            correlation: Correlation {
                correlation: snake_case(name),
                ..Correlation::default()
            },
        }
    }

    pub(crate) const fn heading(&self) -> Option<Heading> {
        self.heading
    }

    pub(crate) fn child(&mut self, tag: &Tag<'_>) -> bool {
        if tag.name != b"MetadataEntry" {
            return false;
        }
        let (key, value) = (
            tag.get(b"key").unwrap_or_default(),
            tag.get(b"value").unwrap_or_default(),
        );
        self.correlation
            .metadata
            .extend(pairs([(key, value)].into_iter()));
        true
    }

    /// Takes in a sample that was printed inside.
    pub(crate) fn sample(&mut self, sample: OpenSample, reading: &mut Reading<'_, '_>) {
        if let Some(member) = sample.finish(reading)
            && self.correlation.members.len() < MEMBERS_MAX
        {
            self.correlation.members.push(member);
        }
    }

    /// Sends the correlation. Several meals can stand at one minute, and a sample never changes once
    /// it is stored, so the members and what names the meal are part of the identity.
    pub(crate) fn finish(self, reading: &mut Reading<'_, '_>) {
        let Some(heading) = self.heading else {
            return;
        };
        let correlation = self.correlation;
        let mut parts = vec![
            correlation.correlation.clone(),
            heading.start_us.to_string(),
            heading.end_us.to_string(),
            reading.sources.key(heading.source).to_owned(),
        ];
        let names = |key: &str| {
            matches!(
                key,
                "HKExternalUUID" | "HKFoodType" | "HKMetadataKeySyncIdentifier"
            )
        };
        let naming = correlation.metadata.iter().filter(|(key, _)| names(key));
        let mut told: Vec<String> = naming
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let members = correlation.members.iter();
        told.extend(members.map(|member| format!("{}={}", member.metric, member.value)));
        told.sort_unstable();
        parts.append(&mut told);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let record = heading.record(identity(&parts), Body::Correlation(correlation));
        reading.record(heading.position, record);
    }
}
