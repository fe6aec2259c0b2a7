//! What a person writes about their health: an insight of their own, with its rank, reasons and links.
//!
//! It must never be mixed up with what the server found: those are in `insights`, and each of their numbers is checked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::person::entries::{Nearest, metrics_of, too_long};
use crate::problem::FieldError;

/// Characters of a title.
const TITLE_MAX: usize = 255;
/// Characters of a description or a reasoning.
const TEXT_MAX: usize = 2_000;
/// Metrics that one insight is about, and links that it has.
const LISTED_MAX: usize = 20;
/// Characters of a link.
const LINK_MAX: usize = 2_000;
/// The ranks, the most important first.
const RANKS: std::ops::RangeInclusive<i64> = 1..=5;

/// What kind of insight it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WrittenInsightType {
    /// Something to beware of.
    Warning,
    /// Something to try.
    Suggestion,
    /// Something that was reached.
    Achievement,
    /// Something that goes one way.
    Trend,
    /// Something unusual.
    Anomaly,
    /// Something to do.
    Recommendation,
}

/// How serious its person takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WrittenSeverity {
    /// Good to know.
    Low,
    /// Worth looking at.
    Medium,
    /// Not to be put off.
    High,
}

/// An insight as its person writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WrittenInsight {
    /// What it says.
    #[schema(
        min_length = 1,
        max_length = 255,
        example = "Less coffee, better nights"
    )]
    pub(crate) title: String,
    /// The same in more words.
    #[schema(max_length = 2000)]
    pub(crate) description: String,
    /// Why the person thinks so.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) reasoning: Option<String>,
    /// What kind of insight it is.
    pub(crate) insight_type: WrittenInsightType,
    /// How serious the person takes it.
    #[serde(default)]
    pub(crate) severity: Option<WrittenSeverity>,
    /// How important it is, 1 the most and 5 the least.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub(crate) rank: Option<i64>,
    /// Metrics that it is about, by any of their names.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) related_metric_types: Vec<String>,
    /// Addresses of pages about it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) links: Vec<String>,
    /// Whether it was read.
    #[serde(default)]
    pub(crate) is_read: bool,
}

impl WrittenInsight {
    /// Everything that is wrong with it.
    pub(crate) fn check(&self, nearest: Nearest) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let texts = [
            ("/title", Some(self.title.as_str()), TITLE_MAX),
            ("/description", Some(self.description.as_str()), TEXT_MAX),
            ("/reasoning", self.reasoning.as_deref(), TEXT_MAX),
        ];
        for (pointer, text, most) in texts {
            errors.extend(too_long(pointer, text, most));
        }
        if self.title.trim().is_empty() {
            errors.push(FieldError::new("/title", "required", "must say something"));
        }
        if self.rank.is_some_and(|rank| !RANKS.contains(&rank)) {
            let message = format!("must be between {} and {}", RANKS.start(), RANKS.end());
            errors.push(FieldError::new("/rank", "out_of_range", message));
        }
        for (name, count) in [
            ("/related_metric_types", self.related_metric_types.len()),
            ("/links", self.links.len()),
        ] {
            if count > LISTED_MAX {
                let message = format!("must not have more than {LISTED_MAX}");
                errors.push(FieldError::new(name, "too_many", message));
            }
        }
        let named = self
            .related_metric_types
            .iter()
            .take(LISTED_MAX)
            .enumerate();
        errors.extend(named.filter_map(|(at, name)| {
            let error = metrics_of(name, nearest).err()?;
            let pointer = format!("/related_metric_types/{at}");
            Some(FieldError::new(pointer, &error.code, error.message))
        }));
        let links = self.links.iter().take(LISTED_MAX).enumerate();
        errors.extend(links.filter(|(_, link)| !is_link(link)).map(|(at, _)| {
            let message = format!(
                "must be an address with https:// or http://, of {LINK_MAX} characters at most"
            );
            FieldError::new(format!("/links/{at}"), "invalid", message)
        }));
        errors
    }
}

/// Whether a text is the address of a page, and nothing that a browser would run.
fn is_link(text: &str) -> bool {
    let after = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let is_plain = |rest: &str| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace());
    text.chars().count() <= LINK_MAX && after.is_some_and(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(name: &str) -> Option<&'static str> {
        name.contains('h').then_some("heart_rate")
    }

    #[test]
    fn each_field_has_its_bounds() {
        let check = |more: &str, expect: &[(&str, &str)]| {
            let json =
                format!(r#"{{"title": "t", "description": "d", "insight_type": "trend"{more}}}"#);
            let insight: WrittenInsight = serde_json::from_str(&json).expect("an insight");
            let errors = insight.check(nearest);
            let found: Vec<(&str, &str)> = errors
                .iter()
                .map(|one| (one.pointer.as_str(), one.code.as_str()))
                .collect();
            assert_eq!(found, expect, "{more}");
        };
        for rank in 1..=5 {
            check(&format!(r#", "rank": {rank}"#), &[]);
        }
        check(r#", "rank": 0"#, &[("/rank", "out_of_range")]);
        check(r#", "rank": 6"#, &[("/rank", "out_of_range")]);
        check(
            r#", "related_metric_types": ["steps", "hart_rate"]"#,
            &[("/related_metric_types/1", "unknown_metric")],
        );
        check(
            r#", "links": ["https://example.org/a", "http://example.org"]"#,
            &[],
        );
        for link in [
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "example.org",
        ] {
            check(
                &format!(r#", "links": ["{link}"]"#),
                &[("/links/0", "invalid")],
            );
        }
        let long = "x".repeat(TEXT_MAX + 1);
        check(
            &format!(r#", "reasoning": "{long}""#),
            &[("/reasoning", "too_long")],
        );
        let many = vec!["\"steps\""; LISTED_MAX + 1].join(",");
        check(
            &format!(r#", "related_metric_types": [{many}]"#),
            &[("/related_metric_types", "too_many")],
        );
    }
}
