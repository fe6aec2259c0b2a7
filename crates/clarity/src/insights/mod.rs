//! Insights: short texts about a person's day in which every number is a fact that a typed query
//! returned.
//!
//! Texts come from templates here; each says so (`source: "template"`). A sentence whose numbers are
//! not all supported by the facts it cites is not shown and is counted. No text diagnoses, blames or
//! advises on treatment.

pub(crate) mod check;
pub(crate) mod cite;
pub(crate) mod text;

use analysis::daily::facts::Fact;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::insights::cite::CitedFact;

/// Version of the daily templates; a changed wording is a new version.
pub(crate) const TEMPLATE_VERSION: u16 = 3;

/// What every text ends with.
pub(crate) const DISCLAIMER: &str = "This describes your own measurements. It is not medical advice and not a diagnosis; ask a doctor about anything that worries you.";

/// One sentence and the facts it cites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Sentence {
    /// The sentence.
    pub(crate) text: String,
    /// Ids of the facts that hold its numbers.
    pub(crate) facts: Vec<String>,
}

/// A text about a day: stored, and passed on as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Insight {
    /// Its id.
    #[schema(format = Uuid)]
    pub(crate) id: String,
    /// `daily`.
    pub(crate) kind: String,
    /// The local day it is about.
    #[schema(value_type = String, format = Date)]
    pub(crate) date: Date,
    /// `template`, `llm` or `cache`.
    pub(crate) source: String,
    /// The model that wrote it; null for a template.
    pub(crate) model: Option<String>,
    /// Version of the prompt; null for a template.
    pub(crate) prompt_version: Option<u16>,
    /// Version of the template; null for a model.
    pub(crate) template_version: Option<u16>,
    /// BCP 47 tag of the language it is written in.
    pub(crate) language: String,
    /// A headline.
    pub(crate) title: String,
    /// The sentences.
    pub(crate) sentences: Vec<Sentence>,
    /// The facts that the sentences cite, with the requests that reproduce them.
    pub(crate) facts: Vec<CitedFact>,
    /// What every text ends with.
    pub(crate) disclaimer: String,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    pub(crate) created_at: String,
}

/// Writes the daily insight from the day's facts; `None` when no fact has a value.
pub(crate) fn daily(id: &str, date: Date, facts: &[Fact], created_at: &str) -> Option<Insight> {
    let chosen = text::choose(facts);
    if chosen.is_empty() {
        return None;
    }
    let mut sentences = Vec::new();
    for fact in &chosen {
        let Some(text) = text::sentence(fact) else {
            continue;
        };
        if check::is_supported(&text, fact) {
            sentences.push(Sentence {
                text,
                facts: vec![fact.id.to_string()],
            });
        } else {
            metrics::counter!("clarity_insight_checks_failed_total", "check" => "numbers")
                .increment(1);
        }
    }
    if sentences.is_empty() {
        return None;
    }
    Some(Insight {
        id: id.to_owned(),
        kind: "daily".to_owned(),
        date,
        source: "template".to_owned(),
        model: None,
        prompt_version: None,
        template_version: Some(TEMPLATE_VERSION),
        language: "en".to_owned(),
        title: text::title(&chosen),
        sentences,
        facts: chosen.into_iter().map(CitedFact::from).collect(),
        disclaimer: DISCLAIMER.to_owned(),
        created_at: created_at.to_owned(),
    })
}
